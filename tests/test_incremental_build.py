"""A build that goes on from the one before publishes and finds what a build from nothing does."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from twingraph import incremental_build
from twingraph.build import build
from twingraph.build_cache import read_before
from twingraph.derive.increment import ChangedGraph, GraphBefore
from twingraph.derive.neighbours import incoming_lines
from twingraph.derive.published import publish, read_rules
from twingraph.incremental_build import Made, go_on, make_anew
from twingraph.inputs import read_inputs
from twingraph.progress import ignore
from twingraph.rdf.change import Change
from twingraph.rdf.dataset import Dataset
from twingraph.rdf.quad_file import QuadFile, SortedFile
from twingraph.rdf.vocabulary import RDFS, TG
from twingraph.settings import Settings, load_settings
from twingraph.source.read import read_project

PROJECT = Path(__file__).parent.parent
EDITS = 120

Edit = tuple[str, set[str], set[str]]  # a graph, the lines it loses, those it gains


def about(lines: Sequence[str], line: str) -> set[str]:
    """Return all lines about the subject of a line."""
    start = line[: line.index(" ") + 1]
    return {each for each in lines if each.startswith(start)}


def an_edit(chance: random.Random, graphs: dict[str, Sequence[str]]) -> Edit:
    """Return an edit as people make them, and some that nobody would make."""
    name = chance.choice([each for each in graphs if not each.endswith("/vocabulary")])
    lines = graphs[name]
    one, other = chance.choice(lines), chance.choice(lines)
    subject = one.partition(" ")[0]
    match chance.randrange(6):
        case 0:
            return name, {one}, set()
        case 1:
            return name, about(lines, one), set()
        case 2:  # a statement of another thing, as if of this one
            return name, {one}, {f"{subject} {other.split(' ', 1)[1]}"}
        case 3:
            return chance.choice(list(graphs)), set(), about(lines, one)
        case 4:
            return name, {one}, {f'{subject} {RDFS.label} "New"@{tag} .' for tag in ("de", "en")}
        case _:
            names = (TG.partner, TG.value, TG.partnershipType, TG.notStated, TG.cites, TG.modality)
            some = [each for each in lines if each.split(" ", 2)[1] in map(str, names)] or [one]
            first, second = chance.choice(some), chance.choice(some)
            return name, {first}, {f"{first.partition(' ')[0]} {second.split(' ', 1)[1]}"}


def test_what_a_change_reaches_is_all_that_changes(tmp_path: Path) -> None:
    settings = load_settings(PROJECT)
    graphs = dict(read_project(settings).texts)
    rules = read_rules(settings.resource("queries") / "rules")

    def derived(texts: dict[str, Sequence[str]]) -> Dataset:
        return publish(texts, rules, settings.base_iri, settings.release)

    before = derived(graphs)
    (tmp_path / "a.nq").write_bytes(b"".join(before.quad_chunks()))
    back = "\n".join(sorted(incoming_lines(before.default)))
    (tmp_path / "back.txt").write_text(f"{back}\n", encoding="utf-8")
    there = GraphBefore(
        QuadFile(tmp_path / "a.nq"),
        SortedFile(tmp_path / "a.nq"),
        SortedFile(tmp_path / "back.txt"),
        list(graphs),
        len(before),
    )
    chance, answered = random.Random(7), 0
    for _ in range(EDITS):
        name, gone, come = an_edit(chance, graphs)
        if name.endswith("/vocabulary"):
            continue
        lines = set(graphs[name])
        gone, come = (gone & lines) - come, come - lines
        written = Change({name: sorted(gone)} if gone else {}, {name: sorted(come)} if come else {})
        found = ChangedGraph(there, written).published(rules, settings.base_iri, settings.release)
        if found is not None:
            answered += 1
            now = derived({**graphs, name: sorted(lines - gone | come)})
            assert found == Change.between(before, now), (name, gone, come)
    assert answered > EDITS * 0.8


LISTED = {
    "import.toml": """title.en = "List"
title.de = "Liste"
language = "en"

[a]
wikidata = "a"

[b]
wikidata = "b"
""",
    "places.csv": """slug,wikidata,label_de,label_en,country
musterort,Q900000001,Musterort,Sampleham,germany
musterdorf,Q900000002,Musterdorf,Samplewick,germany
""",
    "rows.csv": "a,b\nQ900000001,Q900000002\nQ900000001,Q586\nQ64,Q900000001\n",
}
# tells of one pair that the first list has too
OTHER = {
    "import.toml": LISTED["import.toml"],
    "rows.csv": "a,b\nQ900000001,Q900000002\nQ64,Q900000002\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the curated data, and a build of it beside."""
    folder = tmp_path_factory.mktemp("going-on") / "project"
    folder.mkdir()
    shutil.copytree(PROJECT / "data", folder / "data")
    shutil.copy(PROJECT / "twingraph.toml", folder)
    for slug, files in {"listed": LISTED, "other": OTHER}.items():
        listed = folder / "data" / "imports" / slug
        listed.mkdir()
        for name, text in files.items():
            (listed / name).write_text(text, encoding="utf-8")
    table = "slug,label_de,label_en,country\nmusterau,Musterau,Samplemead,germany\n"
    (folder / "data" / "entities" / "places.csv").write_text(table, encoding="utf-8")
    settings = load_settings(folder)
    built = build(settings, folder.parent / "out")
    assert built.folder is not None, [str(problem) for problem in built.problems]
    return settings


def made_now(settings: Settings, damaged: str = "") -> Made | None:
    """Go on from the build beside a project; with one of its files damaged."""
    out = settings.folder.parent / "out"
    inputs = read_inputs(settings)
    before = read_before(out, inputs.around)
    assert before is not None
    if not damaged:
        return go_on(settings, False, inputs, before)
    path = out / damaged
    whole = path.read_bytes()
    path.write_bytes(whole[:-2] + b"x\n")
    try:
        return go_on(settings, False, inputs, before)
    finally:
        path.write_bytes(whole)


def lines_of(graph: Dataset) -> dict[str, list[str]]:
    return {"": list(graph.default)} | {name: list(each) for name, each in graph.named.items()}


EDITED: dict[str, tuple[str, Callable[[str], str]]] = {
    "a name": ("data/entities/places.ttl",
               lambda text: text.replace('rdfs:label "Berlin"', 'rdfs:label "Berlinn"')),
    "a title": ("data/sources/berlin-partners.ttl",
                lambda text: re.sub(r'(tg:quote "[^"]*)"', r'\1 X"', text, count=1)),
    "a warning": ("data/sources/berlin-partners.ttl", lambda text: f"{text}\n"),
    "a date": ("data/sources/berlin-partners.ttl",
               lambda text: text.replace("1987", "1887", 1)),
    "a violation": ("data/sources/berlin-partners.ttl",
                    lambda text: text.replace("tg:partner ", "tg:partnr ", 1)),
    "a namesake": ("data/entities/places.ttl",
                   lambda text: text.replace('"Bonn"@de', '"Musterort"@de', 1)),
    "a row more": ("data/imports/listed/rows.csv", lambda text: f"{text}Q900000002,Q586\n"),
    "a row less": ("data/imports/listed/rows.csv",
                   lambda text: text.replace("Q900000001,Q586\n", "")),
    "a row that another list has": (
        "data/imports/listed/rows.csv",
        lambda text: text.replace("Q900000001,Q900000002", "Q900000002,Q586"),
    ),
    "a name in a list": ("data/imports/listed/places.csv",
                         lambda text: text.replace("Musterdorf", "Musterort")),
    "a name in the table of places": ("data/entities/places.csv",
                                      lambda text: text.replace("Musterau", "Musteraue")),
    "nothing": ("data/sources/berlin-partners.ttl", str),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITED)
def test_going_on_comes_to_what_a_build_from_nothing_does(project: Settings, what: str) -> None:
    name, edit = EDITED[what]
    path = project.folder / name
    text = path.read_text(encoding="utf-8")
    path.write_text(edit(text), encoding="utf-8")
    try:
        made, anew = made_now(project), make_anew(project, False, ignore)
    finally:
        path.write_text(text, encoding="utf-8")
    if what in ("a violation", "a name in a list", "a name in the table of places"):
        assert made is None, "all is checked"
        return
    assert made is not None and made.change is not None
    assert made.checked.problems == anew.checked.problems
    codes = {problem.code for problem in made.checked.problems}
    assert what != "a namesake" or "L04" in codes
    assert [problem.message for problem in made.checked.problems] == [
        problem.message for problem in anew.checked.problems
    ]
    assert lines_of(made.graph) == lines_of(anew.graph)
    assert len(made.graph) == len(anew.graph)
    assert made.curated.decisions == anew.curated.decisions
    kept = {name: b"".join(pieces) for name, pieces in made.kept()}
    again = {name: b"".join(pieces) for name, pieces in anew.kept()}
    # what was once worth judging is judged again, so that more may be kept than was needed
    for name in ("kept/judged.nt", "kept/tables.nt"):
        assert {*kept.pop(name).split(b"\n")} >= {*again.pop(name).split(b"\n")}
    assert kept.pop("kept/needed.json") and again.pop("kept/needed.json")
    assert kept == again


def test_what_is_judged_again_does_not_grow_for_ever(
    project: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = project.folder / "data" / "imports" / "listed" / "rows.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}Q900000002,Q586\n", encoding="utf-8")
    try:
        made = made_now(project)
        assert made is not None and made.needed is not None
        assert made.needed == tuple(json.loads(b"".join(dict(made.kept())["kept/needed.json"])))
        monkeypatch.setattr(incremental_build, "_TIMES", 0)
        monkeypatch.setattr(incremental_build, "_SLACK", 10)
        assert made_now(project) is None
    finally:
        path.write_text(text, encoding="utf-8")


def test_a_mistake_of_ours_is_seen(project: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def mistaken(*_: object) -> None:
        raise LookupError("a mistake")

    monkeypatch.setattr(incremental_build, "read_again", mistaken)
    with pytest.raises(LookupError, match="a mistake"):
        made_now(project)


@pytest.mark.parametrize(
    "name",
    ["twingraph.nq", "twingraph.nt", "kept/files.json", "kept/found.json", "kept/incoming.txt",
     "kept/judged.nt", "kept/needed.json", "kept/sizes.json"],
)  # fmt: skip
def test_nothing_is_taken_from_a_damaged_file(project: Settings, name: str) -> None:
    assert made_now(project, name) is None


def test_other_files_or_settings_are_no_change(project: Settings) -> None:
    path = project.folder / "data" / "sources" / "bonn-minsk.ttl"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    try:
        assert made_now(project) is None
    finally:
        path.write_text(text, encoding="utf-8")
    other = replace(project, address="https://elsewhere.example/")
    out = project.folder.parent / "out"
    assert read_before(out, read_inputs(other).around) is None
