"""Exports of links: counts that agree, decisions kept, tables read back."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import rdflib
from commands import command
from pyoxigraph import NamedNode, Quad, Triple
from rdflib.namespace import OWL

from twingraph.cli import cli
from twingraph.link.export import FORMS, TARGET_NAMES
from twingraph.link.facts import SAME_AS, TARGETS, Linked, LinkFacts
from twingraph.link.files import FILES
from twingraph.link.sssom import REFUSED, write_refused, write_sssom
from twingraph.link.wikidata.statements import read_pairs
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import HOME
from twingraph.settings import Settings
from twingraph.source.mappings import NO_TERM, Decision, format_table, read_table
from twingraph.source.rebase import rebase_iri, rebase_quad
from twingraph.source.tables.matches import decide_not, decide_place

ROOT = Path(__file__).parent.parent
BONN, MINSK = HOME + "id/place/bonn", HOME + "id/place/minsk"


@pytest.fixture(scope="module")
def facts(quads: frozenset[Quad]) -> LinkFacts:
    """What the repository's own project publishes."""
    return LinkFacts(quads)


# --- what is published ---------------------------------------------------------------------------


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of an SSSOM table, read without our reader."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    return list(csv.DictReader(lines, delimiter="\t"))


def confirmed(row: dict[str, str]) -> bool:
    return not row["predicate_modifier"] and row["object_id"] != "sssom:NoTermFound"


@pytest.mark.parametrize("target", TARGETS)
def test_table_map_beacon_and_linkset_count_the_links_of_the_graph(
    target: str, built: Path
) -> None:
    links = built / "links"
    graph = rdflib.Graph().parse(built / "twingraph.nt")
    told = {
        (str(ours), str(theirs)) for ours, theirs in graph.subject_objects(OWL.sameAs)
        if str(theirs).startswith(TARGETS[target].start)
    }  # fmt: skip
    found = json.loads((links / f"{target}.json").read_text(encoding="utf-8"))
    beacon = (links / f"{target}.beacon.txt").read_text(encoding="utf-8").splitlines()
    bars = [item.split("|") for item in beacon if item and item[0] != "#"]
    void = rdflib.Graph().parse(links / "void.ttl")
    linkset = rdflib.URIRef(f"{HOME}.well-known/void#{target}")
    counts = {
        int(str(void.value(linkset, rdflib.URIRef(f"http://rdfs.org/ns/void#{name}"))))
        for name in ("triples", "distinctSubjects", "distinctObjects")
    }
    start, end = TARGETS[target].start, TARGETS[target].end

    assert len(told) > 50
    assert {(ours, start + one + end) for one, ours in found.items()} == told
    assert {(f"{HOME}id/{ours}", start + one + end) for one, _, ours in bars} == told
    assert len(found) == len(bars) == len(told)
    assert sum(map(confirmed, rows(links / f"{target}.sssom.tsv"))) == len(told)
    assert counts == {len(told)}


@pytest.mark.parametrize("target", [*TARGETS, REFUSED])
def test_the_mapping_set_is_valid_sssom(
    target: str, built: Path, artefacts: Callable[[str], Path]
) -> None:
    path = built / "links" / f"{target}.sssom.tsv"
    command = shutil.which("sssom")
    if command:
        done = subprocess.run(
            [command, "validate", str(path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    schema = json.loads(artefacts("checks/sssom/sssom_schema.schema.json").read_text())["$defs"]
    head = path.read_text(encoding="utf-8").splitlines()
    slots = {match[1] for item in head if (match := re.match(r"#(\w+):", item))}

    assert set(schema["MappingSet"]["required"]) - {"mappings"} <= slots
    assert slots <= set(schema["MappingSet"]["properties"])
    for row in rows(path):
        assert set(row) <= set(schema["Mapping"]["properties"])
        assert all(row[name] for name in schema["Mapping"]["required"])
        assert row["predicate_modifier"] in ("", *schema["PredicateModifierEnum"]["enum"])
        assert not row["confidence"] or 0 <= float(row["confidence"]) <= 1


def test_what_was_refused_is_published_as_one_set(built: Path) -> None:
    found = rows(built / "links" / "refused.sssom.tsv")

    assert found and {row["predicate_modifier"] for row in found} == {"Not"}
    assert [row for target in TARGETS for row in rows(built / "links" / f"{target}.sssom.tsv")
            if row["predicate_modifier"] and row not in found] == []  # fmt: skip


def test_refusals_of_names_and_of_statements_are_in_it_too(tmp_path: Path) -> None:
    key = "https://e.org/id/source/list#place=Springfield"
    name = decide_not(key, "springfield-ma", "A", "2026-11-28", "another one")
    place = decide_place(key, "springfield-il", "A", "2026-11-28", "x", "", "")
    side = Decision("https://e.org/id/place/bonn", "http://www.wikidata.org/prop/direct/P190",
                    "Not", "http://www.wikidata.org/entity/Q2280", name.justification)  # fmt: skip
    linked = Linked(LinkFacts([], "https://e.org/"), Settings(tmp_path, base_iri="https://e.org/"),
                    {"import/list": (name, place)})  # fmt: skip
    table = tmp_path / "refused.sssom.tsv"
    table.write_text(write_refused(linked, [side]), encoding="utf-8")

    assert read_table(table.read_text(), "https://e.org/").wrong == ()
    assert {(row["subject_id"], row["object_id"]) for row in rows(table)} == {
        ("source:list#place=Springfield", "place:springfield-ma"), ("place:bonn", "wd:Q2280"),
    }  # fmt: skip


def test_rejected_candidates_and_empty_searches_are_published(built: Path) -> None:
    found = rows(built / "links" / "wikidata.sssom.tsv")
    rejected = {(item["subject_id"], item["object_id"]) for item in found
                if item["predicate_modifier"] == "Not"}  # fmt: skip
    none = {item["subject_id"] for item in found if item["object_id"] == "sssom:NoTermFound"}
    graph = (built / "twingraph.nq").read_text(encoding="utf-8")

    assert rejected >= {
        ("place:minsk", "wd:Q21579751"), ("place:kyiv", "wd:Q517568"),
        ("place:harare", "wd:Q5623288"), ("place:mexico-city", "wd:Q20252198"),
        ("place:la-paz", "wd:Q214215"),
    }  # fmt: skip
    assert none >= {"orgid:iclei", "place:al-mohammara", "person:heiko-maas"}
    assert all(item["comment"] and item["author_label"] and item["mapping_date"] for item in found)
    assert not [item for _, item in rejected if f"/{item.removeprefix('wd:')}>" in graph]
    assert "NoTermFound" not in graph


def test_what_is_missing_is_everything_of_its_kinds_that_is_not_linked(
    built: Path, facts: LinkFacts
) -> None:
    listed = json.loads((built / "links" / "missing.json").read_text(encoding="utf-8"))
    table = io.StringIO((built / "links" / "missing.csv").read_text(encoding="utf-8"))
    linked = {ours for ours, _ in facts.links(TARGETS["wikidata"])}
    places = {item for _, item in facts.things({"place"})}
    found = {item["iri"]: item for item in listed if item["target"] == "wikidata"}

    assert list(csv.DictReader(table)) == listed
    assert {item for item in found if item in places} == places - linked
    assert found[HOME + "id/place/allgaeu"]["state"] == "no match found"
    assert found[HOME + "id/place/france"] == {
        "target": "wikidata", "kind": "place", "iri": HOME + "id/place/france",
        "label_en": "France", "label_de": "Frankreich", "state": "not looked for",
    }  # fmt: skip


def test_the_files_are_in_the_checksums_and_every_form_is_offered(built: Path) -> None:
    sums = (built / "SHA256SUMS").read_text(encoding="utf-8")
    forms = next(param for param in cli.commands["export"].params if param.name == "form").type
    targets = next(param for param in cli.commands["export"].params if param.name == "target").type

    assert all(f"  {name}\n" in sums and (built / name).is_file() for name in FILES)
    assert set(forms.choices) == set(FORMS)  # type: ignore[attr-defined]  # a click.Choice
    assert tuple(targets.choices) == TARGET_NAMES  # type: ignore[attr-defined]


def test_another_base_iri_moves_our_side_of_every_file(quads: frozenset[Quad]) -> None:
    base = "https://example.org/twins/"
    decisions = {"wikidata": (Decision(MINSK, SAME_AS.value, "Not", "http://e/", "http://j/"),)}
    decided = {"wikidata": tuple(replace(decision, subject=rebase_iri(decision.subject, HOME, base))
                                   for decision in decisions["wikidata"])}  # fmt: skip
    facts = LinkFacts((rebase_quad(quad, HOME, base) for quad in quads), base)
    linked = Linked(facts, Settings(ROOT, base_iri=base, release="2026-11-21"), decided)

    for name, write in FILES.items():
        if "wikidata-report" not in name:  # nothing to compare with here, so it has no row
            assert base in write(linked), name
        assert HOME not in write(linked), name


def test_a_link_without_a_decision_is_published_as_unspecified() -> None:
    same = Quad(NamedNode(BONN), SAME_AS, NamedNode(TARGETS["wikidata"].start + "Q586"))
    linked = Linked(LinkFacts([same]), Settings(ROOT))

    last = write_sssom(linked, TARGETS["wikidata"]).splitlines()[-1]

    assert last.split("\t")[:6] == [
        "place:bonn", "", "owl:sameAs", "", "wd:Q586", "semapv:UnspecifiedMatching",
    ]  # fmt: skip


def test_a_hostile_comment_stays_in_its_cell() -> None:
    sly = Decision(
        BONN, SAME_AS.value, "", TARGETS["wikidata"].start + "Q586", NO_TERM, "a\tb", "2026-11-21",
        "0.9", 'x\n#license: none\t"y"\r\n\u2028z',
    )  # fmt: skip
    text = format_table(type(read_table("", HOME))(decisions=(sly,)), HOME)

    again = read_table(text, HOME)

    assert again.wrong == ()
    assert again.slots == {}
    assert [(decision.author, decision.comment) for decision in again.decisions] == [
        ("a b", 'x #license: none "y" z')
    ]


# --- the command ---------------------------------------------------------------------------------


def test_the_command_writes_each_form_and_tells_what_is_left_out(tmp_path: Path) -> None:
    atlas = shutil.copytree(ROOT / "tests" / "atlas", tmp_path / "atlas")
    line = command(atlas, "export")

    for form in FORMS:
        out = tmp_path / form
        printed = subprocess.run([*line, form], capture_output=True, check=False)
        done = subprocess.run([*line, form, "--out", str(out)], capture_output=True, check=False)
        assert (printed.returncode, done.returncode, done.stdout) == (0, 0, b""), done.stderr
        assert out.read_bytes() == printed.stdout
    told = subprocess.run([*line, "quickstatements"], capture_output=True, text=True, check=False)
    wrong = subprocess.run(
        [*line, "sssom", "--existing", "x"], capture_output=True, text=True, check=False
    )

    assert "place:aaburg has no Wikidata item" in told.stderr
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("twingraph: --existing goes with quickstatements only; ")


def test_the_existing_pairs_may_be_items_or_addresses_and_nothing_else(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("a,b\r\nhttp://www.wikidata.org/entity/Q64,Q65\r\n", encoding="utf-8")
    bad.write_text("a,b\nQ64,Berlin\n", encoding="utf-8")

    assert read_pairs(good) == {("Q64", "Q65")}
    with pytest.raises(TwingraphError, match="2: no pair of items; write Q586,Q2280"):
        read_pairs(bad)


def test_the_table_reads_back_as_it_was_written() -> None:
    for path in sorted((ROOT / "data" / "links").glob("*.sssom.tsv")):
        text = path.read_text(encoding="utf-8")

        assert format_table(read_table(text, HOME), HOME) == text


def test_a_triple_is_read_from_every_confirmed_row(quads: frozenset[Quad]) -> None:
    linked = {quad.triple for quad in quads if quad.predicate == SAME_AS}
    rows_told = {
        Triple(NamedNode(row.subject), SAME_AS, NamedNode(row.object))
        for path in (ROOT / "data" / "links").glob("*.sssom.tsv")
        for row in read_table(path.read_text(encoding="utf-8"), HOME).decisions
        if row.confirmed
    }

    assert rows_told == linked
