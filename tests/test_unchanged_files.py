"""Files that a build takes from the one before, and what is counted from what was counted."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Quad

from twingraph.atomic import DraftFolder, Written, is_whole
from twingraph.build import earlier_of
from twingraph.build_cache import Before, read_before, record
from twingraph.catalogue.coverage import EXTENT, read_extent
from twingraph.export.bounding_box import bounding_box
from twingraph.export.dumps import Frozen
from twingraph.export.statistics import count_lines, recount
from twingraph.export.tables.affected_rows import reached
from twingraph.export.tables.files import Earlier, Tables, file_of
from twingraph.export.tables.geojson import FILES as MAPS
from twingraph.export.tables.schema import TABLES
from twingraph.export.tables.updated_geojson import drawn_in, edited_map, parts_of
from twingraph.export.tables.updated_table import edited
from twingraph.export.unchanged_files import READS, Readers
from twingraph.export.writing import write_dumps
from twingraph.incremental_build import _triples_of
from twingraph.inputs import read_inputs
from twingraph.link.facts import LinkFacts
from twingraph.rdf.change import Change
from twingraph.rdf.dataset import Dataset
from twingraph.rdf.vocabulary import HOME, PREFIXES, RDF, RDFS, SKOS, TG, prefixes_for
from twingraph.settings import Settings
from twingraph.site import prepared
from twingraph.site.line_reader import line_reader
from twingraph.site.prepared import ANSWERED, STARTS, prepare, same_starts
from twingraph.source.mappings import Decision

BASE = "http://e/"
_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
_LATITUDE = NamedNode(f"{PREFIXES['schema']}latitude")
_LINE = st.builds(
    "<http://{}> {} {} .".format,
    st.sampled_from(["e/a", "e/b", "e/c", "other/d"]),
    st.sampled_from([_TYPE, "<http://e/p>", "<http://www.w3.org/2002/07/owl#deprecated>"]),
    st.sampled_from(["<http://e/C>", "<http://www.w3.org/2002/07/owl#Ontology>", '"a <b> ."@en']),
)
_LINES = st.lists(_LINE, max_size=40, unique=True).map(sorted)


@given(_LINES, _LINES, _LINES)
def test_counts_follow_a_change_as_if_all_were_counted(
    kept: list[str], one: list[str], other: list[str]
) -> None:
    before, after = sorted({*kept, *one}), sorted({*kept, *other})
    change = Change.between(Dataset(before, {}), Dataset(after, {}))
    made = recount(count_lines(before, BASE), change, after, BASE)
    assert made == count_lines(after, BASE)


# --- files ---------------------------------------------------------------------------------------

Write = Callable[[Dataset, str, Before | None], Before]


@pytest.fixture(scope="module")
def graph(quads: frozenset[Quad]) -> Dataset:
    return Dataset.of(quads)


@pytest.fixture(scope="module")
def write(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Write a graph as a build does, going on from another or not."""
    folder = tmp_path_factory.mktemp("drafts")

    def write(graph: Dataset, name: str, before: Before | None = None) -> Before:
        frozen = Frozen(graph, HOME, prefixes_for(HOME), settings, {}, before)
        draft = DraftFolder(folder / name)
        others = prepare(
            lambda: line_reader(frozen.linked.facts, ANSWERED), graph.named,
            earlier=earlier_of(frozen),
        )  # fmt: skip
        if frozen.change is not None:
            frozen.readers.right[STARTS] = same_starts(frozen.change, graph.named)
        others[EXTENT] = lambda: [read_extent(frozen.linked.facts).pack()]
        write_dumps(frozen, draft, lambda *_: None, others)
        return Before(draft.path, {}, draft.written)

    return write


@pytest.fixture(scope="module")
def first(graph: Dataset, write: Write) -> Before:
    return write(graph, "first", None)


def _changed(graph: Dataset, rng: Random, number: int) -> Dataset:
    """Take lines away, give others the value of another, and drop all that is said of a thing."""
    lines = list(graph.default)
    gone = set(rng.sample(lines, number))
    come = set()
    for line in rng.sample(lines, number):
        start, value = line.rsplit(" ", 2)[0], rng.choice(lines).split(" ", 2)[2]
        if start.count(" ") == 1:
            gone.add(line)
            come.add(f"{start} {value}")
    thing = rng.choice(lines).split(" ", 1)[0] + " "
    kept = [line for line in lines if line not in gone and not line.startswith(thing)]
    named = {
        name: [line for line in each if not line.startswith(thing)]
        for name, each in graph.named.items()
    }
    return Dataset(sorted({*kept, *come}), {name: each for name, each in named.items() if each})


def _contents(build: Before) -> dict[str, bytes]:
    """Return all files; of what was read, the next build may keep more than this one has read."""
    return {name: (build.folder / name).read_bytes() for name in build.written if name != READS}


def _reads(build: Before) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((build.folder / READS).read_bytes())
    return found


def _taken(before: Before, after: Before) -> set[str]:
    """Return the files that are the same file in both."""
    return {
        name for name in after.written
        if name in before.written and (before.folder / name).samefile(after.folder / name)
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_what_is_taken_is_what_would_be_written(
    graph: Dataset, write: Write, first: Before, seed: int
) -> None:
    changed = _changed(graph, Random(seed), seed)  # no secrets

    on = write(changed, "on", first)

    anew = write(changed, "anew", None)
    assert _contents(on) == _contents(anew)
    assert all(set(reads) <= set(_reads(on)[name]) for name, reads in _reads(anew).items())


def _with_line(graph: Dataset, old: str, new: str) -> Dataset:
    [line] = [line for line in graph.default if line.startswith(old)]
    lines = {*graph.default, f"{old} {new}"} - {line}
    return Dataset(sorted(lines), graph.named)


def _copied(build: Before, name: str) -> Before:
    folder = build.folder.with_name(name)
    shutil.copytree(build.folder, folder, dirs_exist_ok=True)
    return Before(folder, {}, build.written)


TITLE = f"<{HOME}id/source/berlin-partners> <http://purl.org/dc/terms/title>"


def test_another_title_of_a_source_is_written_where_it_stands(
    graph: Dataset, write: Write, first: Before
) -> None:
    changed = _with_line(graph, TITLE, '"Another"@en .')

    on = write(changed, "title", first)

    made = _reads(on).keys() - _taken(first, on)
    assert {name for name in made if not name.startswith("links/")} == {"tables/sources.csv"}
    assert _contents(on) == _contents(write(changed, "title-anew", None))
    # and on from there, back to what it was
    assert _contents(write(graph, "back", on)) == _contents(first)


def test_links_are_taken_where_a_partnership_is_called_otherwise(
    graph: Dataset, write: Write, first: Before
) -> None:
    start = f"<{HOME}id/partnership/"
    label = next(line for line in graph.default if line.startswith(start) and '"@en .' in line
                 and f"> {RDFS.label} " in line)  # fmt: skip
    lines = {*graph.default, label.replace('"@en', '!"@en')} - {label}

    on = write(Dataset(sorted(lines), graph.named), "called", first)

    made = {"links/missing.csv", "links/missing.json", "links/wikidata.sssom.tsv"}
    assert made <= _taken(first, on)


def test_a_damaged_file_is_written_anew(graph: Dataset, write: Write, first: Before) -> None:
    before = _copied(first, "damaged")
    table = before.folder / "tables/claims.csv"
    table.write_bytes(table.read_bytes().replace(b"1", b"2", 1))

    on = write(graph, "mended", before)

    assert "tables/names.csv" in _taken(before, on)
    assert "tables/claims.csv" not in _taken(before, on)
    assert _contents(on) == _contents(first)


def test_without_notes_of_what_was_read_nothing_is_taken(
    graph: Dataset, write: Write, first: Before
) -> None:
    before = _copied(first, "forgotten")
    (before.folder / READS).write_bytes(b'{"tables/names.csv": []}')

    on = write(graph, "anew", before)

    assert not {name for name in _taken(before, on) if name.startswith(("tables/", "links/"))}
    assert _contents(on) == _contents(first)


# --- rows of tables ------------------------------------------------------------------------------


def _tables(graph: Dataset, settings: Settings, earlier: Earlier | None = None) -> Tables:
    return Tables(LinkFacts(graph, HOME), settings, HOME, earlier)


@pytest.fixture(scope="module")
def csv_files(graph: Dataset, settings: Settings) -> dict[str, bytes]:
    return _written(_tables(graph, settings))


def _written(tables: Tables) -> dict[str, bytes]:
    """Return the tables and the maps of a graph."""
    written = {file_of(table): b"".join(tables.csv(table)) for table in TABLES}
    return written | {name: b"".join(write(tables)) for name, write in MAPS.items()}


@pytest.mark.parametrize("part", range(5))
def test_a_changed_statement_of_any_property_reaches_its_rows(
    graph: Dataset, settings: Settings, csv_files: dict[str, bytes], part: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("twingraph.export.tables.files._MOST", 10)
    rng = Random(part)  # no secrets
    by_property: dict[str, list[str]] = defaultdict(list)
    for line in graph.default:
        by_property[line.split(" ", 2)[1]].append(line)
    gone: set[str] = set()
    come: set[str] = set()
    for predicate in sorted(by_property.keys() - {str(TG.countryCode)})[part::5]:
        for _ in range(3):
            first, other, third = (rng.choice(by_property[predicate]) for _ in range(3))
            gone.add(first)
            come.add(" ".join([*other.split(" ", 2)[:2], third.split(" ", 2)[2]]))
    changed = Dataset(sorted({*graph.default} - gone | come), graph.named)
    _assert_edited(graph, changed, settings, csv_files)


@pytest.mark.parametrize(
    ("predicate", "value"),
    [
        (TG.partner, "<"), (TG.cites, "<"), (TG.inSource, "<"),
        (TG.subject, f"<{HOME}id/partnership/"),
        (TG.value, "<"), (RDFS.label, '"'), (SKOS.prefLabel, '"'),
        (_LATITUDE, '"'), (RDF.type, str(TG.AdministrativeUnit)),
        (RDF.type, str(TG.Partnership)), (RDF.type, str(TG.Citation)), (RDF.type, str(TG.Claim)),
    ],
)  # fmt: skip
def test_a_removed_statement_reaches_what_it_was_shown_with(
    graph: Dataset, settings: Settings, csv_files: dict[str, bytes], predicate: NamedNode,
    value: str, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("twingraph.export.tables.files._MOST", 10)
    lines = [line for line in graph.default if f"> {predicate} {value}" in line]
    assert lines
    gone = set(Random(0).sample(lines, min(len(lines), 5)))  # no secrets
    changed = Dataset([line for line in graph.default if line not in gone], graph.named)
    _assert_edited(graph, changed, settings, csv_files)


def _assert_edited(
    graph: Dataset, changed: Dataset, settings: Settings, csv_files: dict[str, bytes]
) -> None:
    anew = _tables(changed, settings)
    things = reached(anew.facts, Change.between(graph, changed))
    assert things is not None
    on = _tables(changed, settings, Earlier(things, csv_files.get))
    made = _written(anew)
    for name, raw in _written(on).items():
        assert raw == made[name], name
    for table in TABLES:
        if table.name in ("places", "partnerships"):
            assert [[*row] for row in on.rows(table)] == [[*row] for row in anew.rows(table)]


@pytest.mark.parametrize("gone", range(3))
def test_what_a_claim_cites_is_shown_with_what_it_is_about(settings: Settings, gone: int) -> None:
    about = [
        f"<{BASE}claim> {TG.subject} <{BASE}tie> .",
        f"<{BASE}claim> {TG.cites} <{BASE}cite> .",
        f"<{BASE}cite> {TG.inSource} <{BASE}source> .",
    ]
    lines = [*about, f"<{BASE}tie> {RDF.type} {TG.Partnership} ."]
    lines += [f"<{BASE}tie-{number}> {RDF.type} {TG.Partnership} ." for number in range(99)]
    graph = Dataset(sorted(lines), {})
    changed = Dataset(sorted({*lines} - {about[gone]}), {})
    before = _tables(graph, settings)
    csv_files = _written(before)
    assert f"{BASE}source".encode() in csv_files["tables/partnerships.csv"]
    _assert_edited(graph, changed, settings, csv_files)


def test_the_code_of_a_country_reaches_too_much(graph: Dataset) -> None:
    [line, *_] = [line for line in graph.default if str(TG.countryCode) in line]
    assert reached(LinkFacts(graph, HOME), Change({"": [line]}, {})) is None


def test_a_map_of_another_form_is_not_edited_by_lines() -> None:
    assert edited_map(b"{}", {}) is None
    assert edited_map(b'{\n "features": [\n{"id": "b"}\n]}\n', {}) is None


def test_what_features_draw_is_told_by_their_text() -> None:
    across = {
        "type": "MultiLineString",
        "coordinates": [[[170, 1], [180, 2]], [[-180, 2], [-9, 3]]],
    }
    geometries = {
        "null": None,
        "point": {"type": "Point", "coordinates": [7.1, -50.7]},
        "line": {"type": "LineString", "coordinates": [[7.1, 50.7], [-3e-05, 60.0]]},
        "across": across,
        "network": {"type": "MultiPoint", "coordinates": [[1.5, 2.5], [3.5, 4.5]]},
    }
    text = '"geometry": {"type": "Point", "coordinates": [1, 2]}'
    lines = []
    for name, geometry in geometries.items():
        box = {} if geometry is None else {"bbox": list(bounding_box(parts_of(geometry)))}
        feature = {"type": "Feature", "id": name} | (box if name not in ("null", "point") else {})
        lines.append(json.dumps({**feature, "geometry": geometry, "properties": {"a": text}}))
    assert [*drawn_in(map(str.encode, lines))] == [
        [(7.1, -50.7)], [(-3e-05, 50.7), (7.1, 60.0)], *parts_of(across), [[1.5, 2.5]], [[3.5, 4.5]]
    ]  # fmt: skip


def test_a_table_with_a_line_end_in_a_cell_is_not_edited_by_lines() -> None:
    assert edited(b'iri,name\r\na,"A\r\nb,B"\r\n', {"b": b""}) is None
    assert edited(b'iri,name\r\n"a,b",A\r\n', {}) is None


LINES: Final = st.sets(st.sampled_from("abcdefghij"))


@given(old=LINES, new=LINES)
def test_how_a_graph_begins_is_told_from_how_it_began(old: set[str], new: set[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepared, "STATEMENTS", 3)
        if len(old) <= 3:
            return
        raw = json.dumps({"g": {"number": len(old), "first": sorted(old)[:3]}}).encode()
        known = prepared.starts_after(
            raw, Change({"g": sorted(old - new)}, {"g": sorted(new - old)})
        )
    assert known.get("g", sorted(new)[:3]) == sorted(new)[:3]
    assert "g" in known or any(line in sorted(old)[:3] for line in old - new)


def test_other_decisions_and_names_of_their_files_are_read_for_links(tmp_path: Path) -> None:
    (tmp_path / "data" / "links").mkdir(parents=True)
    (tmp_path / "data" / "links" / "a.sssom.tsv").write_text("x", encoding="utf-8")

    def reads(comment: str) -> list[str]:
        row = Decision("http://e/a", "p", "Not", "http://e/b", "j", comment=comment)
        readers = Readers(LinkFacts([]), Settings(tmp_path), decisions={"import/a": (row,)})
        assert not [*readers.noted("links/refused.sssom.tsv", lambda: [])]
        return [*readers.reads["links/refused.sssom.tsv"]]

    first = reads("x")
    assert reads("x") == first != reads("y")
    (tmp_path / "data" / "links" / "a.sssom.tsv").rename(tmp_path / "data/links/b.sssom.tsv")
    assert reads("x") != first


def test_a_taken_name_is_replaced_and_its_other_name_left(tmp_path: Path) -> None:
    draft, old = DraftFolder(tmp_path / "draft"), tmp_path / "old"
    old.write_bytes(b"old")
    draft.take("a", old, Written.of(b"old"))
    draft.take("a", old, Written.of(b"old"))
    draft.put("a", [b"new"])
    assert old.read_bytes() == b"old" and (draft.path / "a").read_bytes() == b"new"


def test_neither_links_nor_pipes_are_files_of_a_build(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")
    assert is_whole(tmp_path / "a", Written.of(b"a"))
    assert not is_whole(tmp_path / "link", Written.of(b"a"))
    assert not is_whole(tmp_path / "pipe", Written.of(b""))


def test_a_record_that_leads_out_of_its_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    for name, there in (("sources/a.nt", True), ("sources/../../x", False), ("/x", False)):
        (tmp_path / "kept/build.json").write_bytes(record("x", {}, {name: Written.of(b"")}))
        assert (read_before(tmp_path, "x") is not None) == there


def test_a_triple_about_a_graph_is_none_of_the_graph(tmp_path: Path) -> None:
    lines = "<http://e/a> <http://e/p> <http://e/g> .", "<http://e/a> <http://e/p> <http://e/b>"
    (tmp_path / "a.nq").write_text(f"{lines[0]}\n{lines[1]} <http://e/g> .\n", encoding="utf-8")
    assert _triples_of(tmp_path / "a.nq", "http://e/g") == f"{lines[1]} .\n".encode()


def test_the_settings_in_use_are_inputs(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    assert read_inputs(settings) != read_inputs(replace(settings, release="2026-11-28"))


def test_a_large_list_that_links_report_on_is_an_input(tmp_path: Path) -> None:
    listed = tmp_path / "data" / "imports" / "wikidata-x"
    listed.mkdir(parents=True)
    (listed / "import.toml").write_text("large = true\n", encoding="utf-8")
    (listed / "rows.csv").write_text("a,b\n", encoding="utf-8")
    assert "data/imports/wikidata-x/rows.csv" in read_inputs(Settings(tmp_path)).files
