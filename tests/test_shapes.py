"""The rules of shapes/: well made, kept and broken by cases, the same in both engines."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pyshacl
import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Triple, serialize
from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from twingraph.check.documents import shapes_text
from twingraph.check.dump import DUMP_SHAPES, check_dump
from twingraph.check.engine import Finding, PyshaclEngine, TurboEngine, shape_messages
from twingraph.check.quotes import prove_quotes
from twingraph.check.run import (
    PUBLISHED_SHAPES,
    SOURCE_SHAPES,
    check_curated,
)
from twingraph.check.whole_graph import WholeEngine, read_rules
from twingraph.derive.published import published
from twingraph.problems import Problem
from twingraph.rdf.frozen import read_frozen
from twingraph.rdf.vocabulary import HOME, SHAPES, SKOS, TG
from twingraph.rdf.vocabulary import RDF as RDF_TERMS
from twingraph.settings import Settings, load_settings
from twingraph.source.curated import Curated, SourceFile
from twingraph.source.read import read_project
from twingraph.source.read_file import read_bytes

HERE = Path(__file__).parent
CASES = HERE / "cases"
TEXTS = HERE / "atlas" / "texts"
ATLAS = load_settings(HERE / "atlas")
ELSEWHERE = replace(ATLAS, base_iri="https://data.example.org/ties/")
RDF_TYPE = RDF_TERMS.type
# rules of ours that are no shapes
IN_PYTHON = frozenset({"D04", "D10", "E05", "E07", "E08", "E09", "N01", "X05", "X06", "X07"})
# rules about every thing or every claim take pySHACL long: there the case alone has to do
SLOW = frozenset({"D08", "R04", "X01", "X04"})
PROVEN = ("E05", "E07", "E08", "E09")  # by the texts of the sources
FILES = ("prefixes.ttl", "form.ttl", "curated.ttl", "published.ttl", "derivation.ttl")


# --- the cases -----------------------------------------------------------------------------------


def case_paths() -> list[Path]:
    return sorted(path for path in CASES.glob("[A-EG-Z]*/*") if path.is_file())


def case_name(path: Path) -> str:
    return path.relative_to(CASES).as_posix()


def every_case() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", case_paths(), ids=case_name)


def expected() -> dict[str, list[tuple[str, int]]]:
    """Case -> (code, line) of each problem that it must give."""
    rows = (CASES / "expected.tsv").read_text(encoding="utf-8").splitlines()[1:]
    found: dict[str, list[tuple[str, int]]] = {}
    for case, code, line in (row.split("\t") for row in rows):
        found.setdefault(case, []).append((code, int(line)))
    return found


def place_of(path: Path) -> str:
    """Where in a project a case lies: as a source, unless its name says entities or links."""
    folder = next((name for name in ("entities", "links") if f".{name}." in path.name), "sources")
    return f"data/{folder}/zz-case{'.sssom.tsv' if path.suffix == '.tsv' else '.ttl'}"


@lru_cache(maxsize=1)
def atlas_files() -> tuple[SourceFile, ...]:
    return read_project(ATLAS).files


@lru_cache(maxsize=1)
def moved_files() -> tuple[SourceFile, ...]:
    """The atlas under another base IRI, with as much of the vocabulary as any case needs."""
    return tuple(
        moved_file((ATLAS.folder / file.path).read_bytes(), file.path) if file.is_data else file
        for file in atlas_files()
    )


def moved_file(raw: bytes, name: str) -> SourceFile:
    text = raw.replace(f"{HOME}id/".encode(), f"{ELSEWHERE.base_iri}id/".encode())
    return read_bytes(text, name, ELSEWHERE)


def mentioned(files: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """The files with as much of the vocabulary as they mention: pySHACL is slow, cases are many."""
    files = tuple(files)
    lists = [quad for file in files for quad in file.quads if is_needed(file, quad)]
    terms = {term for quad in lists for term in (quad.predicate, quad.object)}
    return tuple(
        replace(file, quads=tuple(quad for quad in file.quads if is_needed(file, quad)
                                  and (file.is_data or quad.subject in terms)))
        for file in files
    )  # fmt: skip


def is_needed(file: SourceFile, quad: Quad) -> bool:
    """Is it data, or what rules read of the vocabulary?"""
    return file.is_data or quad.predicate in (
        RDF_TYPE, SKOS.broader, SKOS.inScheme, SKOS.prefLabel,
        NamedNode("http://www.w3.org/2004/02/skos/core#notation"),
        TG.countsAsPartnership, TG.countsAsTwinning,
    )  # fmt: skip


def case_project(path: Path, alone: bool = False) -> Curated:
    """The case and the atlas (or, alone, only the vocabulary), as one project."""
    case = read_bytes(path.read_bytes(), place_of(path), ATLAS)
    around = (item for item in atlas_files() if not (alone and item.is_data))
    return Curated(ATLAS, mentioned((*around, case)))


def problems_of(path: Path) -> list[Problem]:
    if path.suffix == ".nq":
        return check_dump(path, ATLAS)
    project = case_project(path)
    proof = prove_quotes(project, TEXTS).problems if path.parent.name in PROVEN else ()
    return [*check_curated(project), *proof]


def triples_of(quads: Iterable[Quad]) -> set[Triple]:
    return {quad.triple for quad in quads}


def default_graph(quads: Iterable[Quad]) -> set[Triple]:
    return {quad.triple for quad in quads if quad.graph_name == DefaultGraph()}


def written(curated: Curated) -> set[Triple]:
    return {triple for quads in curated.by_graph.values() for triple in triples_of(quads)}


def n_triples(triples: Iterable[Triple]) -> bytes:
    return serialize(triples, format=RdfFormat.N_TRIPLES) or b""


def judged(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """What the shapes of a case's code judge: (data, shapes) for each graph they look at."""
    code = path.parent.name
    if path.suffix == ".nq":
        yield n_triples(default_graph(read_frozen(path))), shapes_of(code, DUMP_SHAPES)
        return
    project = case_project(path, alone=code in SLOW)
    if f"tgs:{code}".encode() in shapes_of(code, SOURCE_SHAPES):
        yield n_triples(written(project)), shapes_of(code, SOURCE_SHAPES)
    if f"tgs:{code}".encode() in shapes_of(code, PUBLISHED_SHAPES):
        yield n_triples(default_graph(published(project))), shapes_of(code, PUBLISHED_SHAPES)


@lru_cache(maxsize=256)
def shapes_of(code: str, names: tuple[str, ...]) -> bytes:
    """The blocks of one code's shapes: pySHACL takes a minute for all of them, on each case."""
    text = shapes_text(ATLAS, names).decode()
    head = "\n".join(line for line in text.splitlines() if line.startswith("@prefix"))
    blocks = re.findall(rf"^tgs:(?:{code}\b|prefixes ).*?^$", text + "\n", re.M | re.S)
    return "\n".join([head, *blocks]).encode()


def shapes_graph() -> Graph:
    return Graph().parse(data=shapes_text(ATLAS, FILES), format="turtle")


# --- how the rules are made ----------------------------------------------------------------------


def test_the_shapes_are_shacl() -> None:
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=shapes_graph(), meta_shacl=True)

    assert conforms, text


def test_every_rule_has_a_code_a_name_and_a_reason_in_both_languages() -> None:
    graph = shapes_graph()
    wrong = [
        (rule, part)
        for rule in graph.subjects(RDF.type, SH.NodeShape)
        for part in (SH.name, SH.description)
        if languages(graph, rule, part) != ["de", "en"]
        or not re.fullmatch(rf"{SHAPES}[A-Z]\d\d(-[a-z0-9]+(-[a-z0-9]+)*)?", str(rule))
    ]

    assert wrong == []


def languages(graph: Graph, subject: Node, predicate: URIRef) -> list[str]:
    texts = graph.objects(subject, predicate)
    return sorted(text.language or "" for text in texts if isinstance(text, Literal))


def test_every_shape_that_reports_says_what_to_do_and_how_bad_it_is() -> None:
    """A shape reports through its properties, its sh:sparql or its own constraints: one of them."""
    graph = shapes_graph()
    messages = shape_messages(shapes_text(ATLAS, FILES))
    properties = {value for value in graph.objects(None, SH.property) if isinstance(value, URIRef)}
    rules = set(graph.subjects(RDF.type, SH.NodeShape))
    reporting = properties | {rule for rule in rules if (rule, SH.property, None) not in graph}
    mute = [item for item in reporting if set(messages.get(str(item), ())) != {"de", "en"}]
    terse = [
        (shape, text)
        for shape, texts in messages.items()
        for text in texts.values()
        if ";" not in text
    ]
    grave = {URIRef(SH + name) for name in ("Violation", "Warning", "Info")}
    unweighed = [
        rule for rule in rules | properties if set(graph.objects(rule, SH.severity)) - grave
        or len(set(graph.objects(rule, SH.severity))) != 1
    ]  # fmt: skip

    assert (mute, terse, unweighed) == ([], [], [])


def test_a_property_shape_is_named_after_its_rule() -> None:
    graph = shapes_graph()
    wrong = []
    for rule in graph.subjects(RDF.type, SH.NodeShape):
        for part in graph.objects(rule, SH.property):
            code = str(rule).partition("-")[0]
            if isinstance(part, BNode) or str(part).partition("-")[0] != code or part == rule:
                wrong.append((rule, part))

    assert wrong == []


def test_placeholders_occur_only_where_a_query_fills_them() -> None:
    graph = shapes_graph()
    wrong = []
    for text in graph.objects(None, SH.message):
        [holder] = set(graph.subjects(SH.message, text))
        query = str(graph.value(holder, SH.select) or "")
        head = query.partition("WHERE")[0]
        wanted = set(re.findall(r"\{[?$](\w+)\}", str(text)))
        if not wanted <= {"this", "path", "value"} & set(re.findall(r"[?$](\w+)", head)):
            wrong.append(text)

    assert wrong == []


def test_every_code_has_a_case_that_keeps_it_and_one_that_breaks_it() -> None:
    text = shapes_text(ATLAS, FILES).decode()
    codes = set(re.findall(r"^tgs:([A-Z]\d\d)\b", text, re.M)) | IN_PYTHON
    kinds = {code: {path.name.partition("-")[0] for path in (CASES / code).glob("*")}
             for code in codes}  # fmt: skip

    assert {code for code, found in kinds.items() if found != {"ok", "bad"}} == set()


# --- what they find ------------------------------------------------------------------------------


def test_the_atlas_has_no_problem() -> None:
    atlas = read_project(ATLAS)

    assert [str(problem) for problem in check_curated(atlas)] == []
    assert prove_quotes(atlas, TEXTS).problems == ()


@every_case()
def test_a_case_gives_its_problem_and_no_other(path: Path) -> None:
    found = problems_of(path)

    assert [(item.code, item.line) for item in found] == expected().get(case_name(path), []), [
        str(item) for item in found
    ]


@every_case()
def test_a_case_gives_its_problem_under_any_base_in_its_file_and_line(
    path: Path, tmp_path: Path
) -> None:
    raw = path.read_bytes()
    if path.suffix == ".nq":
        dump = tmp_path / path.name
        dump.write_bytes(raw.replace(f"{HOME}id".encode(), f"{ELSEWHERE.base_iri}id".encode()))
        found, file = check_dump(dump, ELSEWHERE), dump.as_posix()
    else:
        file = place_of(path)
        case = moved_file(raw, file)
        project = Curated(ELSEWHERE, mentioned((*moved_files(), case)))
        proof = prove_quotes(project, TEXTS).problems if path.parent.name in PROVEN else ()
        found = [*check_curated(project), *proof]

    # the order of problems in two files may differ
    assert sorted((item.code, item.line) for item in found) == sorted(
        expected().get(case_name(path), [])
    ), [str(item) for item in found]
    assert all(item.file for item in found)


def test_good_cases_expect_nothing_and_bad_ones_their_own_code() -> None:
    told = {case: {code for code, _ in rows} for case, rows in expected().items()
            if not case.startswith("F")}  # fmt: skip
    bad = {case_name(path): {path.parent.name} for path in case_paths() if path.name[:4] == "bad-"}

    assert told == bad


@every_case()
def test_both_engines_give_a_case_the_same_result(path: Path) -> None:
    for data, shapes in judged(path):
        reference = told(PyshaclEngine().validate(data, shapes))

        assert told(TurboEngine().validate(data, shapes)) == reference
        assert told(WholeEngine().validate(data, shapes)) == reference


def told(findings: Iterable[Finding]) -> list[tuple[object, ...]]:
    """Findings with their words, which `==` leaves out."""
    return [(finding, sorted(finding.message.items())) for finding in findings]


def test_both_engines_give_the_published_graph_the_same_result(
    settings: Settings, quads: frozenset[Quad]
) -> None:
    data = n_triples(default_graph(quads))
    shapes = shapes_text(settings, PUBLISHED_SHAPES)

    reference = told(PyshaclEngine().validate(data, shapes))

    assert told(TurboEngine().validate(data, shapes)) == reference
    assert told(WholeEngine().validate(data, shapes)) == reference


def test_both_engines_give_a_curated_source_the_same_result(curated: Curated) -> None:
    """One document, and not by the rules about everything there is: pySHACL would take minutes."""
    [source] = [item for item in curated.files if item.path == "data/sources/bonn-minsk.ttl"]
    ontology = [item for item in curated.files if not item.is_data]
    part = Curated(curated.settings, mentioned((*ontology, source)))
    text = shapes_text(curated.settings, ("form.ttl", "curated.ttl")).decode()
    codes = set(re.findall(r"^tgs:([A-Z]\d\d)\b", text, re.M)) - {"L03", "X01", "X04"}
    shapes = b"\n".join(shapes_of(code, SOURCE_SHAPES) for code in sorted(codes))
    data = n_triples(written(part))

    reference = told(PyshaclEngine().validate(data, shapes))

    assert told(TurboEngine().validate(data, shapes)) == reference
    assert told(WholeEngine().validate(data, shapes)) == reference


def test_all_shapes_in_one_query_give_the_result_of_each_focus_node(
    curated: Curated, quads: frozenset[Quad]
) -> None:
    graphs = ((written(curated), SOURCE_SHAPES), (default_graph(quads), PUBLISHED_SHAPES))
    for triples, names in graphs:
        # half of the statements gone: a sample of what can be wrong, the same on every run
        kept = {triple for triple in triples if zlib.crc32(str(triple).encode()) % 2}
        shapes = shapes_text(curated.settings, names)
        for data in (n_triples(triples), n_triples(kept)):
            native = told(TurboEngine().validate(data, shapes))

            assert told(WholeEngine().validate(data, shapes)) == native
        assert native


def test_most_rules_that_are_queries_are_run_once(settings: Settings) -> None:
    rules = [
        read_rules(shapes_text(settings, names)) for names in (SOURCE_SHAPES, PUBLISHED_SHAPES)
    ]

    assert [look_up.shape.rpartition("#")[2] for each in rules for look_up in each.look_ups] == [
        "X02"
    ]
    assert sum(len(rule.questions) for rule in rules) >= 30


def test_our_own_derivation_keeps_its_rules(settings: Settings, quads: frozenset[Quad]) -> None:
    shapes = shapes_text(settings, ("prefixes.ttl", "derivation.ttl"))

    assert TurboEngine().validate(n_triples(default_graph(quads)), shapes) == []


# --- traps of engines ----------------------------------------------------------------------------

ENGINES = pytest.mark.parametrize("engine", [TurboEngine(), PyshaclEngine()], ids=["turbo", "py"])

HEAD = f"""
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix tgs: <{SHAPES}> .
"""


def codes_found(engine: TurboEngine | PyshaclEngine, data: str, shapes: str) -> list[str]:
    return [item.code for item in engine.validate(data.encode(), (HEAD + shapes).encode())]


@ENGINES
def test_a_plain_string_is_an_xsd_string(engine: TurboEngine | PyshaclEngine) -> None:
    """An engine that is handed a store told them apart, in core and in sh:sparql."""
    shapes = """
    tgs:Z01 a sh:NodeShape ; sh:targetSubjectsOf <urn:p> ; sh:property tgs:Z01-in .
    tgs:Z01-in sh:path <urn:p> ; sh:in ( "active" ) .
    tgs:Z02 a sh:NodeShape ; sh:targetSubjectsOf <urn:p> ;
      sh:sparql [ sh:select "SELECT $this WHERE { $this <urn:p> 'active' }" ] .
    """
    plain = '<urn:s> <urn:p> "active" .\n'
    typed = '<urn:s> <urn:p> "active"^^<http://www.w3.org/2001/XMLSchema#string> .\n'

    assert codes_found(engine, plain, shapes) == ["Z02"]
    assert codes_found(engine, typed, shapes) == ["Z02"]


@ENGINES
def test_days_are_compared_as_days(engine: TurboEngine | PyshaclEngine) -> None:
    """One engine silently found no xsd:date later than another: our rules live by it."""
    shapes = """
    tgs:Z01 a sh:NodeShape ; sh:targetSubjectsOf <urn:end> ; sh:sparql [ sh:select '''
      SELECT $this WHERE { $this <urn:end> ?end ; <urn:start> ?start . FILTER (?end < ?start) }
    ''' ] .
    tgs:Z02 a sh:NodeShape ; sh:targetSubjectsOf <urn:end> ; sh:sparql [ sh:select '''
      SELECT $this WHERE { $this <urn:end> ?end . FILTER (YEAR(?end) = 2003) }
    ''' ] .
    """
    data = "".join(
        f'<urn:s> <urn:{verb}> "{day}"^^<http://www.w3.org/2001/XMLSchema#date> .\n'
        for verb, day in (("start", "2004-01-01"), ("end", "2003-12-31"))
    )

    assert codes_found(engine, data, shapes) == ["Z01", "Z02"]


@ENGINES
def test_reports_show_literals_as_written(engine: TurboEngine | PyshaclEngine) -> None:
    shapes = """
    tgs:Z01 a sh:NodeShape ; sh:targetSubjectsOf <urn:p> ; sh:property tgs:Z01-small .
    tgs:Z01-small sh:path <urn:p> ; sh:maxInclusive 1 ; sh:message "mend it; write 1"@en .
    """
    data = b'<urn:s> <urn:p> "007"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'

    [found] = engine.validate(data, (HEAD + shapes).encode())
    assert found.value == '"007"^^<http://www.w3.org/2001/XMLSchema#integer>'


def test_a_number_of_a_line_that_is_too_long_is_no_line() -> None:
    path = CASES / "E05" / "ok-word-for-word.ttl"
    raw = path.read_bytes().replace(b"tg:line 6", b"tg:line " + b"6" * 5000)
    case = read_bytes(raw, place_of(path), ATLAS)

    proof = prove_quotes(Curated(ATLAS, mentioned((*atlas_files(), case))), TEXTS)

    assert [problem.code for problem in proof.problems] == ["E05"]
