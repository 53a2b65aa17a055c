"""Every question of the library: its header, the same rows in two engines, and the right rows."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from pyoxigraph import NamedNode, Quad, Store
from rdflib.term import Identifier

from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import quad_lines
from twingraph.rdf.vocabulary import HOME, PREFIXES, RDFS, SKOS, TG
from twingraph.source.rebase import rebase_quad
from twingraph.sparql.library import (
    LibraryQuery,
    bind,
    library_section,
    load_library,
    pick,
    read_query,
)
from twingraph.sparql.parameters import Term
from twingraph.sparql.query import SelectResult, run, standalone, write
from twingraph.sparql.remote import RemoteStore, open_endpoint

ROOT = Path(__file__).parent.parent
EXPECTED = ROOT / "tests" / "expected"
LIBRARY = load_library(ROOT / "queries" / "library")

# Further questions than the example of each query: what is not stated, implied, look-alike or none.
FURTHER: dict[str, dict[str, str]] = {
    "agreements-of--minsk": {"partnership": "bonn-minsk"},
    "agreements-of--tel-aviv-jaffa": {"partnership": "bonn-tel-aviv-jaffa"},
    "anniversaries-in--2028": {"year": "2028"},
    "contact-of--bonn": {"place": "bonn"},
    "event-in-detail--concert": {"event": "war-end-video-concert-2020"},
    "event-in-detail--leipzig": {"event": "german-ukrainian-conference-2023"},
    "events-in-year--2018": {"year": "2018"},
    "events-in-year--2020": {"year": "2020"},
    "find-by-name--koepenick": {"name": "KOEPENICK"},
    "find-by-name--minsk": {"name": "Мінськ"},
    "is-twinned-with--berlin-paris": {"one": "berlin", "other": "paris"},
    "next-anniversaries-of--bonn": {"place": "bonn", "year": "2027"},
    "numbers-about--asian-conference": {"thing": "event:german-asian-conference-2023"},
    "numbers-about--letter": {"thing": "statement:german-russian-letter"},
    "numbers-about--minsk": {"thing": "partnership:bonn-minsk"},
    "oldest-partnership-of--bonn": {"place": "bonn"},
    "partners-of--bonn": {"place": "bonn"},
    "partners-of--kyiv": {"place": "kyiv"},
    "partners-on-day--bonn": {"place": "bonn", "day": "1994-01-01"},
    "partnerships-before--1990": {"before": "1990-01-01"},
    "partnerships-of-parts--bonn": {"place": "bonn"},
    "partnerships-with-country--russia": {"country": "russia"},
    "programmes-about--water": {"word": "water"},
    "projects-of--la-paz": {"partnership": "bonn-la-paz"},
    "relation-between--berlin-boroughs": {"one": "treptow-koepenick", "other": "berlin"},
    "relation-between--bonn-la-paz": {"one": "bonn", "other": "la-paz"},
    "roles-in--harare": {"organisation": "unit:harare-traffic-and-transport-department"},
    "roles-in--healthcare-centre": {
        "organisation": "project:al-mohammara-opfenbach-healthcare-centre"
    },
    "share-begun-between--bonn": {
        "place": "bonn", "firstDay": "1983-01-01", "lastDay": "1999-12-31"
    },
    "statements-by--maas": {"speaker": "person:heiko-maas"},
    "statements-calling-on--belarus": {"addressee": "place:belarus"},
    "timeline-of--bonn": {"thing": "place:bonn"},
    "when-did-it-begin--chengdu": {"partnership": "bonn-chengdu"},
    "when-did-it-begin--kherson": {"partnership": "bonn-kherson"},
    "when-did-it-begin--kyiv": {"partnership": "kyiv-leipzig"},
    "who-is-involved--harare-munich": {"partnership": "harare-munich"},
    "working-on--climate": {"field": "climate"},
    "working-on--culture": {"field": "culture"},
}  # fmt: skip
CASES = {**{name: query.examples() for name, query in LIBRARY.items()}, **FURTHER}
ENGINES = ("oxigraph", "virtuoso")  # fixtures: servers that hold the build
NOT_COMPARABLE: dict[tuple[str, str], str] = {}  # (engine, case) -> why their rows can't be equal
# rdflib joins three million pairs of rows for the query of these, in eight seconds: it does so
# once, with the example; each case is compared with Virtuoso and the Oxigraph server too
SLOW_IN_RDFLIB = ("programmes-about--water",)
AGREED: set[str] = set()  # cases that both engines answer alike
SERVED: dict[str, set[str]] = {
    engine: set() for engine in ENGINES
}  # cases that a server answers alike
RIGHT: set[str] = set()  # cases whose answer is the one we know


@pytest.fixture(scope="session")
def store(quads: frozenset[Quad]) -> Store:
    filled = Store()
    filled.extend(quads)
    return filled


@pytest.fixture(scope="session")
def dataset(quads: frozenset[Quad]) -> rdflib.Dataset:
    """The same graph in rdflib, loaded once."""
    filled = rdflib.Dataset(default_union=False)
    with quiet():
        filled.parse(data=quad_lines(quads), format="nquads")
    return filled


@contextmanager
def quiet() -> Iterator[None]:
    """Hush rdflib 7.6, which warns of its own use of what it has deprecated."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Dataset.(contexts|default_)", DeprecationWarning)
        yield


def query_of(case: str) -> LibraryQuery:
    return pick(LIBRARY, case.partition("--")[0])


# --- headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", LIBRARY.values(), ids=LIBRARY)
def test_a_header_says_everything_in_both_languages(query: LibraryQuery) -> None:
    texts = [
        query.title,
        query.question,
        *(parameter.description for parameter in query.parameters),
    ]

    assert query.audience == tuple(sorted(set(query.audience), key=query.audience.index))
    for text in texts:
        assert set(text) == {"en", "de"}
        assert text["en"] != text["de"]


@pytest.mark.parametrize("query", LIBRARY.values(), ids=LIBRARY)
def test_a_query_is_written_in_the_house_style(query: LibraryQuery) -> None:
    declared = re.findall(r"^PREFIX ([a-z-]+): <([^>]*)>$", query.text, re.MULTILINE)
    body = query.text.split("\n\n", 1)[1]

    assert declared == sorted(declared)
    for prefix, iri in declared:
        assert PREFIXES[prefix] == iri
        assert f"{prefix}:" in body, f"{prefix}: is declared and not used"
    assert "\t" not in query.text and query.text.endswith("\n")
    assert body.startswith(("SELECT ", "ASK ", "CONSTRUCT "))
    assert "SELECT" not in body or "ORDER BY" in body or "COUNT(" in body


@pytest.mark.parametrize("query", LIBRARY.values(), ids=LIBRARY)
def test_parameters_are_projected(query: LibraryQuery, store: Store) -> None:
    answer = run(store, query.text, bind(query, query.examples()))

    if isinstance(answer, SelectResult):
        assert {parameter.name for parameter in query.parameters} <= set(answer.variables)


@pytest.mark.parametrize("query", LIBRARY.values(), ids=LIBRARY)
def test_examples_are_in_the_graph(query: LibraryQuery, store: Store) -> None:
    for term in bind(query, query.examples()).values():
        if isinstance(term, NamedNode):
            named = (term, None), (None, term)
            assert any(any(store.quads_for_pattern(one, None, two)) for one, two in named), term


# --- answers -------------------------------------------------------------------------------------


def to_rdflib(term: Term) -> Identifier:
    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    return rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value))


def from_rdflib(term: object) -> NamedNode | ox.Literal | None:
    if term is None:
        return None
    if isinstance(term, rdflib.Literal):
        if term.language:
            return ox.Literal(str(term), language=term.language)
        return ox.Literal(str(term), datatype=NamedNode(str(term.datatype or rdflib.XSD.string)))
    assert isinstance(term, rdflib.URIRef)
    return NamedNode(str(term))


def in_rdflib(dataset: rdflib.Dataset, query: LibraryQuery, terms: dict[str, Term]) -> object:
    bindings = {name: to_rdflib(term) for name, term in terms.items()}
    with quiet():
        result = dataset.query(query.text, initBindings=bindings)
        if result.type == "ASK":
            return result.askAnswer
        rows: Iterable[Iterable[object]] = result  # type: ignore[assignment]  # rows or triples
        terms_of_rows = [tuple(from_rdflib(term) for term in row) for row in rows]
    if result.type == "CONSTRUCT":
        return set(terms_of_rows)
    return SelectResult(tuple(str(item) for item in result.vars or ()), tuple(terms_of_rows))


@pytest.mark.parametrize("case", [case for case in CASES if case not in SLOW_IN_RDFLIB])
def test_two_engines_give_the_same_rows(case: str, store: Store, dataset: rdflib.Dataset) -> None:
    query = query_of(case)
    terms = bind(query, CASES[case])

    ours = run(store, query.text, terms)
    theirs = in_rdflib(dataset, query, terms)

    if isinstance(ours, tuple):
        assert {tuple(our) for our in ours} == theirs
    else:
        assert ours == theirs
    AGREED.add(case)


@pytest.fixture(scope="session")
def served(request: pytest.FixtureRequest, built: Path) -> Callable[[str], RemoteStore]:
    """Open the server of that name, once."""

    @cache
    def opened(engine: str) -> RemoteStore:
        return open_endpoint(request.getfixturevalue(engine), HOME, built)

    return opened


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_servers_give_the_same_rows(
    engine: str, case: str, store: Store, served: Callable[[str], RemoteStore]
) -> None:
    if (engine, case) in NOT_COMPARABLE:
        pytest.skip(NOT_COMPARABLE[engine, case])
    query = query_of(case)
    terms = bind(query, CASES[case])

    assert run(served(engine), query.text, terms) == run(store, query.text, terms)
    SERVED[engine].add(case)


@pytest.mark.parametrize("case", CASES)
def test_the_answer_is_right(case: str, store: Store, request: pytest.FixtureRequest) -> None:
    query = query_of(case)
    construct = "\nCONSTRUCT " in query.text
    file = EXPECTED / f"{case}.{'ttl' if construct else 'csv'}"

    raw = write(store, query.text, None if construct else "csv", bind(query, CASES[case]))
    text = raw.decode().replace("\r\n", "\n")

    text = text if text.endswith("\n") else text + "\n"
    if request.config.getoption("--update-expected"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    assert file.read_text(encoding="utf-8") == text, (
        f"{file} differs; if the sources say so, run pytest {Path(__file__).name} --update-expected"
    )
    RIGHT.add(case)


def test_the_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    both = {query_of(case).name for case in AGREED & RIGHT}
    with capsys.disabled():
        sys.stdout.write(
            f"\nlibrary: {len(LIBRARY)} questions in {len(CASES)} cases; right on both engines: "
            f"{len(both)} questions, {len(AGREED & RIGHT)} cases; the same rows from servers: "
            + ", ".join(f"{name} {len(cases)} cases" for name, cases in SERVED.items())
            + "\n"
        )


@pytest.mark.parametrize("query", LIBRARY.values(), ids=LIBRARY)
def test_a_query_with_its_example_written_in_gives_the_same_rows(
    query: LibraryQuery, store: Store
) -> None:
    terms = bind(query, query.examples())

    assert run(store, standalone(query, terms)) == run(store, query.text, terms)


EVERY_LANGUAGE = ("everything-about", "names-of", "partnership-as-graph")  # show texts in all
TEXTS = (RDFS.label, RDFS.comment, SKOS.prefLabel, TG.aim)


@pytest.fixture(scope="session", params=["", "tr"], ids=["no language", "Turkish"])
def foreign(request: pytest.FixtureRequest, quads: frozenset[Quad]) -> Store:
    """The graph of somebody who writes in another language, or names none."""

    def translated(quad: Quad) -> Quad:
        text = quad.object
        if quad.predicate not in TEXTS or not isinstance(text, ox.Literal) or text.language != "en":
            return quad
        told = ox.Literal(text.value, language=request.param or None)
        return Quad(quad.subject, quad.predicate, told, quad.graph_name)

    filled = Store()
    filled.extend(
        translated(quad)
        for quad in quads
        if not (quad.predicate in TEXTS and getattr(quad.object, "language", None) == "de")
    )
    return filled


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith(EVERY_LANGUAGE)])
def test_a_text_that_is_not_in_english_is_shown(case: str, store: Store, foreign: Store) -> None:
    query = query_of(case)
    terms = bind(query, CASES[case])

    here, there = run(store, query.text, terms), run(foreign, query.text, terms)

    assert without_languages(there) == without_languages(here)


def without_languages(answer: object) -> object:
    if not isinstance(answer, SelectResult):
        return answer
    return [[str(getattr(term, "value", "")) for term in row] for row in answer.rows]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (('"Köln"@de', '"Cologne"@en', '"Colonia"'), "Cologne"),
        (('"Köln"@de', '"Colonia"'), "Colonia"),
        (('"Keulen"@nl', '"Köln"@de'), "Köln"),
        ((), ""),
    ],
)
def test_a_partner_has_one_name_in_the_best_language(labels: tuple[str, ...], shown: str) -> None:
    bonn, cologne = f"<{HOME}id/place/bonn>", f"<{HOME}id/place/cologne>"
    pair = f"<urn:pair> a tg:Partnership ; tg:partner {bonn}, {cologne} ."
    named = "".join(f"{cologne} rdfs:label {label} . " for label in labels)
    prefixes = f"PREFIX rdfs: <{PREFIXES['rdfs']}> PREFIX tg: <{PREFIXES['tg']}>"
    filled = Store()
    filled.load(f"{prefixes} {named}{pair}".encode(), ox.RdfFormat.TURTLE)
    query = pick(LIBRARY, "partners-of")

    answer = run(filled, query.text, bind(query, {"place": "bonn"}))

    assert isinstance(answer, SelectResult)
    column = answer.variables.index("partnerName")
    assert [str(getattr(row[column], "value", "")) for row in answer.rows] == [shown]


def test_no_expected_result_is_left_over() -> None:
    assert {path.stem for path in EXPECTED.glob("*.*")} == set(CASES)


def test_another_base_iri_gives_the_same_answer(store: Store, quads: frozenset[Quad]) -> None:
    base = "http://127.0.0.1:8000/"
    moved = Store()
    moved.extend(rebase_quad(quad, "https://w3id.org/twingraph/", base) for quad in quads)
    query = pick(LIBRARY, "partners-of")

    here = write(store, query.text, "table", bind(query, {"place": "bonn"}))
    there = write(moved, query.text, "table", bind(query, {"place": "bonn"}, base), base)

    assert here == there
    assert here.count(b"\n") == 11
    whole = bind(query, {"place": f"{base}id/place/bonn"}, base)
    assert whole == bind(query, {"place": "place:bonn"}, base)


# --- parameters ----------------------------------------------------------------------------------

ATTACK = "x> } ; DROP ALL ; SELECT * { ?s ?p ?o"


@pytest.mark.parametrize("query", LIBRARY.values(), ids=LIBRARY)
def test_an_attack_is_an_error_or_a_text_but_no_query(query: LibraryQuery) -> None:
    for parameter in query.parameters:
        values = {**query.examples(), parameter.name: ATTACK}
        if parameter.type == "string":
            assert bind(query, values)[parameter.name] == ox.Literal(ATTACK)
        elif parameter.type == "name":
            assert bind(query, values)[parameter.name] == ox.Literal("x drop all select s p o")
        else:
            with pytest.raises(TwingraphError, match=f"{parameter.name} is 'x> }} ; DROP"):
                bind(query, values)


HEADER = """#+ title.en: A
#+ title.de: B
#+ question.en: C?
#+ question.de: D?
#+ for: citizen
#+ parameter: thing {} The thing | Die Sache
ASK {{ ?thing ?p ?o }}
"""


@pytest.mark.parametrize(
    ("kind", "text", "term"),
    [
        ("iri:place place:bonn", "minsk", "<https://w3id.org/twingraph/id/place/minsk>"),
        ("iri:place place:bonn", "place:minsk", "<https://w3id.org/twingraph/id/place/minsk>"),
        ("iri place:bonn", "wd:Q64", "<http://www.wikidata.org/entity/Q64>"),
        ("iri place:bonn", "<https://example.org/a>", "<https://example.org/a>"),
        ("iri:orgid orgid:iclei", "iclei", "<https://w3id.org/twingraph/id/org/iclei>"),
        (
            "date 2000-01-01",
            "1990-10-03",
            '"1990-10-03"^^<http://www.w3.org/2001/XMLSchema#date>',
        ),
        ("integer 1", "-7", '"-7"^^<http://www.w3.org/2001/XMLSchema#integer>'),
        ('string "two words"', "Köln", '"Köln"'),
        ("langtag de", "de-AT", '"de-at"'),
        ("name Windhuk", "Brüssel-Stadt", '"brussel stadt"'),
    ],
)
def test_a_value_becomes_one_term(kind: str, text: str, term: str) -> None:
    query = read_query(HEADER.format(kind), Path("a.rq"))

    assert str(bind(query, {"thing": text})["thing"]) == term


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("iri place:bonn", "bonn", "thing is 'bonn', no IRI; write place:bonn, or a whole IRI"),
        ("iri place:bonn", "plac:bonn", "thing: unknown prefix 'plac:'; did you mean place?"),
        ("iri:place place:bonn", "type:twinning", "another kind of thing; write one such as pl"),
        ("date 2000-01-01", "1990", "thing is '1990', no day; write 1990-10-03"),
        ("date 2000-01-01", "20000101", "thing is '20000101', no day"),
        ("date 2000-01-01", "2023-02-29", "thing is '2023-02-29', no day"),
        ("integer 1", "1e3", "thing is '1e3', no whole number; write 2027"),
        ("integer 1", "٣", "thing is '٣', no whole number"),
        ("string a", "a\nb", "letters on one line"),
        ("langtag de", "de en", "thing is 'de en', no language; write de or en"),
        ("name Windhuk", "–", "thing is '–', no name; write Windhuk"),
    ],
)
def test_a_wrong_value_says_what_to_write(kind: str, text: str, words: str) -> None:
    query = read_query(HEADER.format(kind), Path("a.rq"))

    with pytest.raises(TwingraphError, match=re.escape(words)):
        bind(query, {"thing": text})


def test_missing_and_unknown_parameters_and_names_are_explained() -> None:
    query = pick(LIBRARY, "partners-of")

    with pytest.raises(TwingraphError, match=r"partners-of needs place \(as place=place:berlin\)"):
        bind(query, {})
    with pytest.raises(TwingraphError, match="has no parameter 'plase'; did you mean place"):
        bind(query, {"plase": "bonn"})
    with pytest.raises(TwingraphError, match="no query is called 'partner-of'; did you mean part"):
        pick(LIBRARY, "partner-of")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("#+ title.fr: E\n", "a.rq:6: unknown key 'title.fr'"),
        ("#+ for: everybody\n", "a.rq:6: 'for' a second time"),
        ("#+title.en: E\n", "a.rq:6: '#+title.en: E' is no header line; write '#+ key: value'"),
        ("#+ parameter: thing iri\n", "a.rq:6: 'thing iri' is no parameter; write"),
        ("#+ parameter: thing iri place:bonn A thing\n", "a.rq:6: 'thing iri place:bonn A thing'"),
        ("#+ parameter: thing url place:bonn A | B\n", "a.rq:6: type 'url'; write one of iri"),
        ("#+ parameter: thing iri:plac place:bonn A | B\n", "a.rq:6: kind 'plac'"),
        ("#+ parameter: Thing iri place:bonn A | B\n", "a.rq:6: parameter name 'Thing'"),
        ("#+ parameter: thing date yesterday A | B\n", "a.rq:6: thing is 'yesterday', no day"),
        ("#+ parameter: other iri place:bonn A | B\n", "a.rq:1: parameter other is nowhere"),
    ],
)
def test_a_wrong_header_says_where_and_what_to_write(wrong: str, words: str) -> None:
    text = HEADER.replace("#+ parameter: thing {} The thing | Die Sache\n", wrong)

    with pytest.raises(TwingraphError, match=re.escape(words)):
        read_query(text, Path("a.rq"))


@pytest.mark.parametrize("key", ["title.en", "title.de", "question.en", "question.de", "for"])
def test_a_header_that_lacks_a_line_names_it(key: str) -> None:
    text = re.sub(rf"#\+ {re.escape(key)}: .*\n", "", HEADER.format("iri place:bonn"))

    with pytest.raises(TwingraphError, match=re.escape(f"no {key}; write '#+ {key}: …' above")):
        read_query(text, Path("a.rq"))


# --- documentation -------------------------------------------------------------------------------


def test_the_documentation_lists_every_query(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs" / "queries.md"
    text = page.read_text(encoding="utf-8")
    match = re.fullmatch(r"(.*<!-- library: [^\n]*-->\n)(.*)(<!-- /library -->\n)", text, re.DOTALL)
    assert match is not None

    section = f"\n{library_section(LIBRARY)}\n"

    if request.config.getoption("--update-expected"):
        page.write_text(match[1] + section + match[3], encoding="utf-8", newline="\n")
        return
    assert match[2] == section, f"run pytest {Path(__file__).name} --update-expected"
