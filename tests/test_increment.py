"""A build that goes on from the one before has the bytes and problems of a build from nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from twingraph.build import Built, build
from twingraph.build_cache import KEPT, RECORD
from twingraph.rdf.change import Change
from twingraph.rdf.dataset import Dataset, about
from twingraph.rdf.sorted_parts import Parts, Raw, edited_lines, taken
from twingraph.rdf.spool import Spool
from twingraph.rdf.turtle_stream import TurtleBody, trig_chunks, turtle_chunks
from twingraph.rdf.turtle_update import ChangedBlocks, trig_pieces, turtle_pieces
from twingraph.settings import load_settings
from twingraph.source.starter import make_project

ROOT: Final = Path(__file__).parent.parent
BASE: Final = "https://example.org/twins/"
WORLD: Final = ROOT / "data" / "imports" / "wikidata-2016"
LIST: Final = """title.en = "List"
title.de = "Liste"
language = "en"

[a]
wikidata = "a"

[b]
wikidata = "b"

[start]
column = "since"
"""
LINKS: Final = f"""#curie_map:
#  place: {BASE}id/place/
#  owl: http://www.w3.org/2002/07/owl#
#  semapv: https://w3id.org/semapv/vocab/
#  skos: http://www.w3.org/2004/02/skos/core#
#  sssom: https://w3id.org/sssom/
#  wd: http://www.wikidata.org/entity/
#license: http://creativecommons.org/publicdomain/zero/1.0/
#mapping_set_id: {BASE}links/wikidata.sssom.tsv
subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tmapping_justification\tauthor_label\tmapping_date\tconfidence\tcomment
place:germany\towl:sameAs\t\twd:Q183\tsemapv:ManualMappingCuration\tWe\t2026-11-21\t0.99\tThe country.
place:sampleford\tskos:exactMatch\t\tsssom:NoTermFound\tsemapv:ManualMappingCuration\tWe\t2026-11-21\t\tMade up.
"""  # noqa: E501  # lines of a table
OTHER: Final = f"""@prefix cite: <{BASE}id/cite/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix partnership: <{BASE}id/partnership/> .
@prefix place: <{BASE}id/place/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix source: <{BASE}id/source/> .
@prefix tg: <https://w3id.org/twingraph/ns#> .

cite:other a tg:Citation ;
  tg:inSource source:other ;
  tg:line 1 ;
  tg:quote "friends" .

partnership:musterstadt-sampleford tg:cites cite:other .

source:other a tg:SourceDocument ;
  dcterms:language "en" ;
  dcterms:publisher place:sampleford ;
  dcterms:title "Other"@en ;
  rdfs:label "Andere"@de , "Other"@en .
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def make(folder: Path) -> None:
    """Write a project of every kind of file: sources, entities, links, a list, its places."""
    make_project(folder, BASE, None, date(2026, 11, 21))
    rows = (WORLD / "rows.csv").read_text(encoding="utf-8").splitlines()[1:13]
    items = {item for row in rows for item in row.split(",")}
    places = (WORLD / "places.csv").read_text(encoding="utf-8").splitlines()
    kept = [place for place in places[1:] if place.split(",")[1] in items]
    listed = [f"{row},{1950 + number}" for number, row in enumerate(rows)]
    write(folder / "data/imports/listed/places.csv", "\n".join([places[0], *kept, ""]))
    write(folder / "data/imports/listed/rows.csv", "\n".join(["a,b,since", *listed, ""]))
    write(folder / "data/imports/listed/import.toml", LIST)
    write(folder / "data/imports/more/import.toml", f"large = true\n{LIST}")
    write(folder / "data/imports/more/rows.csv", "\n".join(["a,b,since", *listed[:3], ""]))
    write(folder / "data/links/wikidata.sssom.tsv", LINKS)


@pytest.fixture(scope="module", autouse=True)
def _like_a_large_one() -> Iterator[None]:
    """Small graphs are prepared like large ones, and nobody waits for the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twingraph.site.prepared.STATEMENTS", 5)
        patch.setattr("os.fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a build of it."""
    folder = tmp_path_factory.mktemp("increment") / "project"
    make(folder)
    done = build(load_settings(folder), folder / "build")
    assert done.folder is not None, [str(each) for each in done.problems]
    return folder


def copied(before: Path, folder: Path) -> Path:
    """Return a copy of the project and of its build."""
    project = folder / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(before, project, symlinks=True)
    return project


def files_of(done: Built) -> dict[str, bytes]:
    """Return the files of a build but what it keeps, which tells of its inputs alone."""
    assert done.folder is not None, [str(each) for each in done.problems]
    return {
        path.relative_to(done.folder).as_posix(): path.read_bytes()
        for path in done.folder.rglob("*")
        if path.is_file() and path.parent.name != KEPT
    }


def assert_same(project: Path, large: bool = False) -> Built:
    """Build on and from nothing, and hold the two against each other."""
    settings = load_settings(project)
    onward = build(settings, project / "build", large=large)
    anew = build(settings, project / "anew", large=large, anew=True)
    assert onward.problems == anew.problems
    assert (onward.folder is None) == (anew.folder is None)
    if onward.folder is not None:
        found, wanted = files_of(onward), files_of(anew)
        assert found.keys() == wanted.keys()
        assert [name for name in wanted if found[name] != wanted[name]] == []
        assert onward.quads == anew.quads
    return onward


FIRST: Final = "data/sources/first.ttl"
PLACES: Final = "data/entities/places.ttl"
ROWS: Final = "data/imports/listed/rows.csv"
TABLE: Final = "data/links/wikidata.sssom.tsv"
LABEL: Final = '"Sampleford"@de , "Sampleford"@en'

TOML: Final = "data/imports/listed/import.toml"


def drop_row(project: Path) -> None:
    """Take a row out of a list, of which is told which it is."""
    rows = (project / ROWS).read_text().splitlines(keepends=True)
    write(project / ROWS, "".join(rows[:-1]))
    digest = sha256((project / ROWS).read_bytes()).hexdigest()
    text = re.sub("(?m)^sha256 = .*\n", "", (project / TOML).read_text())
    write(project / TOML, re.sub("(?m)^language", f'sha256 = "{digest}"\nlanguage', text))


CHANGES: Final[dict[str, Callable[[Path], None]]] = {
    "nothing": lambda _: None,
    "title": lambda project: replace(project / FIRST, "and the world", "and all the world"),
    "label": lambda project: replace(project / PLACES, LABEL, '"Musterfurt"@de , "Sampleford"@en'),
    "no label": lambda project: replace(project / PLACES, LABEL, '"Sampleford"@en'),
    "violation": lambda project: replace(project / PLACES, "level:country", "level:kountry"),
    "no Turtle": lambda project: replace(project / PLACES, " .", " ?"),
    "start": lambda project: replace(project / FIRST, "1987-05-03", "1988-05"),
    "point": lambda project: replace(project / PLACES, "longitude -1.0", "longitude 1.0"),
    "no point": lambda project: replace(project / PLACES, "  schema:longitude -1.0 ;\n", ""),
    "row changed": lambda project: replace(project / ROWS, ",1955\n", ",1985\n"),
    "row added": lambda project: write(project / ROWS, (project / ROWS).read_text() + "Q1,Q2,\n"),
    "row removed": lambda project: write(
        project / ROWS, re.sub(r"\n[^\n]*,1955\n", "\n", (project / ROWS).read_text())
    ),
    "row removed and its sum": lambda project: drop_row(project),
    "list called otherwise": lambda project: replace(project / TOML, '"List"', '"Register"'),
    "list in another language": lambda project: replace(
        project / TOML, 'language = "en"', 'language = "de"'
    ),
    "list of places": lambda project: replace(
        project / TOML, 'language = "en"', 'language = "en"\nplaces = true'
    ),
    "file added": lambda project: write(project / "data/sources/other.ttl", OTHER),
    "file removed": lambda project: (project / TABLE).unlink(),
    "list removed": lambda project: shutil.rmtree(project / "data/imports/listed"),
    "link": lambda project: replace(project / TABLE, "wd:Q183\t", "wd:Q184\t"),
    "remark about a link": lambda project: replace(project / TABLE, "Made up.", "Invented."),
    "settings": lambda project: replace(project / "twingraph.toml", "title.en = ", "title.fr = "),
    "release": lambda project: replace(project / "twingraph.toml", "2026-11-21", "2026-11-22"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_build_goes_on_from_the_one_before(kind: str, before: Path, tmp_path: Path) -> None:
    project = copied(before, tmp_path)
    CHANGES[kind](project)
    assert_same(project)


def test_a_build_goes_on_with_and_without_large_lists(before: Path, tmp_path: Path) -> None:
    project = copied(before, tmp_path)
    assert_same(project, large=True)
    assert_same(project)


def test_after_other_shapes_everything_is_made_anew(before: Path, tmp_path: Path) -> None:
    project = copied(before, tmp_path)
    shutil.copytree(ROOT / "shapes", project / "shapes")
    replace(project / "shapes/published.ttl", "1900-01-01", "1990-01-01")
    assert_same(project)


def test_a_build_by_another_program_is_not_gone_on_from(
    before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = copied(before, tmp_path)
    told: list[str] = []
    CHANGES["title"](project)
    build(load_settings(project), project / "build", lambda text, _=0.0: told.append(text))
    assert "from the build before: 6 of 7 files unchanged" in told
    assert (project / "build" / "vocabulary.ttl").stat().st_nlink == 2  # taken over, not written

    monkeypatch.setattr("twingraph.inputs.__version__", "0.0.0")
    told.clear()
    build(load_settings(project), project / "build", lambda text, _=0.0: told.append(text))
    assert not any("build before" in text for text in told)


def test_a_statement_moved_to_another_file_has_its_place(before: Path, tmp_path: Path) -> None:
    project = copied(before, tmp_path)
    CHANGES["no label"](project)
    text = (project / PLACES).read_text(encoding="utf-8")
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("@prefix"))
    blocks = [part.rstrip() for part in text.split("\n\n") if part.startswith("place:")]
    block = next(part for part in blocks if '"Sampleford"@en' in part)
    other = next(part for part in blocks if part != block)
    replace(project / PLACES, other, "")
    write(project / "data/entities/z.ttl", f"{head}\n{other}\n")
    assert build(load_settings(project), project / "build").folder
    replace(project / PLACES, block, "")
    write(project / "data/entities/z.ttl", f"{head}\n{other}\n\n{block}\n")
    assert any(problem.file.endswith("z.ttl") for problem in assert_same(project).problems)


def test_a_graph_of_which_nothing_is_left_is_made_anew(tmp_path: Path) -> None:
    project = tmp_path / "project"
    make_project(project, BASE, None, date(2026, 11, 21))
    write(project / TABLE, LINKS)
    assert build(load_settings(project), project / "build").folder
    replace(project / TABLE, "owl:sameAs\t\t", "owl:sameAs\tNot\t")
    assert_same(project)


def test_a_name_that_is_not_utf_8_is_kept(before: Path, tmp_path: Path) -> None:
    project = copied(before, tmp_path)
    (project / "data/entities/places.ttl").rename(project / "data/entities/b\udcff.ttl")
    settings = load_settings(project)
    first = build(settings, project / "build")
    assert build(settings, project / "build").problems == first.problems


@pytest.mark.parametrize("back", [False, True])
def test_a_damaged_file_of_a_build_that_is_there_is_mended(
    back: bool, before: Path, tmp_path: Path
) -> None:
    project = copied(before, tmp_path)
    settings, name = load_settings(project), "vocabulary.ttl"
    first = (project / "build").resolve()
    title = (project / FIRST).read_text(encoding="utf-8")
    if back:  # the damage is that of two builds, which share the file
        CHANGES["title"](project)
        build(settings, project / "build")
    with (project / "build" / name).open("ab") as stream:
        stream.write(b"x")
    assert (first / name).read_bytes().endswith(b"x")
    write(project / FIRST, title)
    assert assert_same(project).folder == first


def test_what_was_read_during_a_change_is_not_gone_on_from(before: Path, tmp_path: Path) -> None:
    project = copied(before, tmp_path)
    settings = load_settings(project)
    CHANGES["title"](project)

    def save(doing: str, share: float = 0.0) -> None:
        if doing == "writing the catalogue":
            CHANGES["remark about a link"](project)

    build(settings, project / "build", save)
    assert not (project / "build" / RECORD).exists()
    assert_same(project)


DAMAGES: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "cut": lambda raw: raw[: len(raw) // 2],
    "flipped": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]) if raw else b"x",
    "removed": lambda _: None,
    "other": lambda _: b"",
}
PLACES_OF: Final = ("twingraph.nq", "twingraph.[njt]*", "tables/*", "prepared/*", f"{KEPT}/*")


@pytest.mark.parametrize(
    ("place", "way"),
    [*((place, "flipped") for place in PLACES_OF), *((RECORD, way) for way in DAMAGES),
     ("twingraph.nq", "removed")],
)  # fmt: skip
def test_what_is_damaged_is_not_taken_over(
    place: str, way: str, before: Path, tmp_path: Path
) -> None:
    project = copied(before, tmp_path)
    for path in (project / "build").resolve().glob(place):
        damaged = DAMAGES[way](path.read_bytes())
        path.unlink()
        if damaged is not None:
            path.write_bytes(damaged)
    CHANGES["title"](project)
    assert_same(project)


EDITS: Final = st.lists(
    st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=3), min_size=1, max_size=2
)


@trials(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_a_build_goes_on_after_any_changes(
    edits: list[list[str]], before: Path, tmp_path: Path
) -> None:
    project = copied(before, tmp_path)
    for several in edits:
        for kind in several:
            try:
                CHANGES[kind](project)
            except (AssertionError, OSError):
                continue  # it was made already
        assert_same(project)


# --- the parts -----------------------------------------------------------------------------------

KEYS: Final = st.sampled_from([b"a", b"aa", b"ab", b"b", b"c", b"ca", b"d"])
FORMS: Final = {"nodes": (b",\n", b",\n", b"%s %d"), "blocks": (b"\n\n", b"\n", b"%s x\n  %d .\n"),
                "lines": (b"\n", b"", b"%s %d\n")}  # fmt: skip


def first_word(raw: Raw, place: int) -> bytes:
    return raw[place : raw.find(b" ", place)]


@given(
    form=st.sampled_from(sorted(FORMS)),
    old=st.dictionaries(KEYS, st.integers(0, 99)),
    new=st.dictionaries(KEYS, st.none() | st.integers(0, 99)),
    around=st.sampled_from([(b"", b""), (b"head\n\n", b"}\n"), (b"[,\n", b"\n]")]),
)
def test_parts_are_replaced(
    form: str, old: dict[bytes, int], new: dict[bytes, int | None], around: tuple[bytes, bytes]
) -> None:
    end, between, shape = FORMS[form]

    def document(values: dict[bytes, int]) -> bytes:
        return between.join(shape % item for item in sorted(values.items()))

    head, tail = around
    raw = head + document(old) + tail
    parts = Parts(raw, len(head), len(raw) - len(tail), end, between, first_word)
    changed = sorted(
        (key, b"" if value is None else shape % (key, value)) for key, value in new.items()
    )
    wanted = {key: value for key, value in (old | new).items() if value is not None}
    assert b"".join(taken(raw, parts.replaced(changed))) == document(wanted)


TERMS: Final = ("<http://e/a>", "<http://e/a-b>", "<http://f/b>", "<http://g/c>", "<http://g/c d>")
VALUES: Final = (*TERMS, '"f:b \\" g:c <x>"', '"1"^^<http://f/n>', '"a"@en', '"g:c"')
LINE: Final = st.builds(
    "{} {} {} .".format, st.sampled_from(TERMS[:4]), st.sampled_from(TERMS[:3]),
    st.sampled_from(VALUES),
)  # fmt: skip
GRAPH: Final = st.sets(LINE, max_size=8).map(sorted)
NAMES: Final = ("http://f/one", "http://h/two")


@given(old=st.tuples(GRAPH, GRAPH, GRAPH), new=st.tuples(GRAPH, GRAPH, GRAPH))
def test_documents_are_written_anew_in_part(
    old: tuple[list[str], ...], new: tuple[list[str], ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    prefixes = {"e": "http://e/", "f": "http://f/", "g": "http://g/"}
    one, other = (Dataset(default, dict(zip(NAMES, named, strict=True)))
                  for default, *named in (old, new))  # fmt: skip
    change = Change.between(one, other)
    blocks = ChangedBlocks(prefixes)
    lines = {"": other.default, **other.named}
    changed = {
        name: blocks.of(name, change.subjects(name), partial(about, lines[name]))
        for name in change.graphs
    }

    def turtle(graph: Dataset) -> bytes:
        body = TurtleBody(graph.default, prefixes, Spool())
        return b"".join(turtle_chunks(body, prefixes))

    def trig(graph: Dataset) -> bytes:
        bodies = {name: TurtleBody(each, prefixes, Spool()) for name, each in graph.named.items()}
        default = TurtleBody(graph.default, prefixes, Spool())
        return b"".join(trig_chunks(default, bodies, prefixes))

    raw = turtle(one)
    new_blocks, used = changed.get("", ((), frozenset()))
    pieces = turtle_pieces(raw, new_blocks, used, prefixes)
    assert b"".join(taken(raw, pieces)) == turtle(other)
    raw = trig(one)
    found = trig_pieces(raw, changed, NAMES, prefixes)
    assert found is not None
    assert b"".join(taken(raw, found)) == trig(other)

    path = tmp_path_factory.getbasetemp() / "before.nq"
    raw = b"".join(one.quad_chunks())
    path.write_bytes(raw)
    assert Change.of_file(path, other) == change
    quads = [
        [f"{line[:-1]}<{name}> .".encode() if name else line.encode()
         for name, each in side.items() for line in each]
        for side in (change.removed, change.added)
    ]  # fmt: skip
    assert b"".join(taken(raw, edited_lines(raw, *quads))) == b"".join(other.quad_chunks())
