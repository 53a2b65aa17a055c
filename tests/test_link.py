"""What linkers take away: counts that agree, decisions kept, QuickStatements read back."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Triple
from rdflib.namespace import OWL

from twingraph.cli import cli
from twingraph.link.export import FORMS, TARGET_NAMES, new_statements, read_pairs
from twingraph.link.facts import SAME_AS, TARGETS, Linked, LinkFacts
from twingraph.link.files import FILES
from twingraph.link.quickstatements import quickstatements
from twingraph.link.sssom import write_sssom
from twingraph.link.twinnings import Evidence, StatedPair, Twinning
from twingraph.problems import TwingraphError
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import EDTF, HOME, RDF, RDFS, TG
from twingraph.settings import Settings
from twingraph.source.mappings import NO_TERM, Decision, format_table, read_table
from twingraph.source.rebase import rebase_iri, rebase_quad

ROOT = Path(__file__).parent.parent
BONN, MINSK = HOME + "id/place/bonn", HOME + "id/place/minsk"
CIRCA, PRESUMABLY = ("P1480", "Q5727902"), ("P1480", "Q18122778")


@pytest.fixture(scope="module")
def facts(quads: frozenset[Quad]) -> LinkFacts:
    """What the repository's own project publishes."""
    return LinkFacts(quads)


# --- what is published ---------------------------------------------------------------------------


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of an SSSOM table, read without our reader."""
    lines = [one for one in path.read_text(encoding="utf-8").splitlines() if one[0] != "#"]
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
    bars = [one.split("|") for one in beacon if one and one[0] != "#"]
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


@pytest.mark.parametrize("target", TARGETS)
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
    slots = {match[1] for one in head if (match := re.match(r"#(\w+):", one))}

    assert set(schema["MappingSet"]["required"]) - {"mappings"} <= slots
    assert slots <= set(schema["MappingSet"]["properties"])
    for row in rows(path):
        assert set(row) <= set(schema["Mapping"]["properties"])
        assert all(row[name] for name in schema["Mapping"]["required"])
        assert row["predicate_modifier"] in ("", *schema["PredicateModifierEnum"]["enum"])
        assert not row["confidence"] or 0 <= float(row["confidence"]) <= 1


def test_rejected_candidates_and_empty_searches_are_published(built: Path) -> None:
    found = rows(built / "links" / "wikidata.sssom.tsv")
    rejected = {(one["subject_id"], one["object_id"]) for one in found
                if one["predicate_modifier"] == "Not"}  # fmt: skip
    none = {one["subject_id"] for one in found if one["object_id"] == "sssom:NoTermFound"}
    graph = (built / "twingraph.nq").read_text(encoding="utf-8")

    assert rejected >= {
        ("place:minsk", "wd:Q21579751"), ("place:kyiv", "wd:Q517568"),
        ("place:harare", "wd:Q5623288"), ("place:mexico-city", "wd:Q20252198"),
        ("place:la-paz", "wd:Q214215"),
    }  # fmt: skip
    assert none >= {"orgid:iclei", "place:al-mohammara", "person:heiko-maas"}
    assert all(one["comment"] and one["author_label"] and one["mapping_date"] for one in found)
    assert not [item for _, item in rejected if f"/{item.removeprefix('wd:')}>" in graph]
    assert "NoTermFound" not in graph


def test_what_is_missing_is_everything_of_its_kinds_that_is_not_linked(
    built: Path, facts: LinkFacts
) -> None:
    listed = json.loads((built / "links" / "missing.json").read_text(encoding="utf-8"))
    table = io.StringIO((built / "links" / "missing.csv").read_text(encoding="utf-8"))
    linked = {ours for ours, _ in facts.links(TARGETS["wikidata"])}
    places = {one for one in facts.things() if one.startswith(HOME + "id/place/")}
    found = {one["iri"]: one for one in listed if one["target"] == "wikidata"}

    assert list(csv.DictReader(table)) == listed
    assert {one for one in found if one in places} == places - linked
    assert found[HOME + "id/place/allgaeu"]["state"] == "no match found"
    assert found[HOME + "id/place/france"] == {
        "target": "wikidata", "kind": "place", "iri": HOME + "id/place/france",
        "label_en": "France", "label_de": "Frankreich", "state": "not looked for",
    }  # fmt: skip


def test_the_files_are_in_the_checksums_and_every_form_is_offered(built: Path) -> None:
    sums = (built / "SHA256SUMS").read_text(encoding="utf-8")
    forms = next(one for one in cli.commands["export"].params if one.name == "form").type
    targets = next(one for one in cli.commands["export"].params if one.name == "target").type

    assert all(f"  {name}\n" in sums and (built / name).is_file() for name in FILES)
    assert set(forms.choices) == set(FORMS)  # type: ignore[attr-defined]  # a click.Choice
    assert tuple(targets.choices) == TARGET_NAMES  # type: ignore[attr-defined]


def test_another_base_iri_moves_our_side_of_every_file(quads: frozenset[Quad]) -> None:
    base = "https://example.org/twins/"
    decisions = {"wikidata": (Decision(MINSK, SAME_AS.value, "Not", "http://e/", "http://j/"),)}
    decided = {"wikidata": tuple(replace(one, subject=rebase_iri(one.subject, HOME, base))
                                   for one in decisions["wikidata"])}  # fmt: skip
    facts = LinkFacts((rebase_quad(one, HOME, base) for one in quads), base)
    linked = Linked(facts, Settings(ROOT, base_iri=base, release="2026-11-21"), decided)

    for name, write in FILES.items():
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
    assert [(one.author, one.comment) for one in again.decisions] == [
        ("a b", 'x #license: none "y" z')
    ]


# --- QuickStatements, by a grammar of its own ----------------------------------------------------


@dataclass
class Command:
    """One command as a reader of V1 takes it."""

    item: str
    value: str
    qualifiers: list[tuple[str, str]] = field(default_factory=list)
    references: list[list[tuple[str, str]]] = field(default_factory=list)


ITEM = r"Q[1-9]\d*"
TIME = (r"\+\d{4}-(00-00T00:00:00Z/[89]|(0[1-9]|1[0-2])-00T00:00:00Z/10"
        r"|(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T00:00:00Z/11)")  # fmt: skip
VALUES = {
    "P580": TIME, "P582": TIME, "P1480": ITEM, "S813": TIME.replace("/[89]", "/X"),
    "S854": r'"https?://[!#-{}~]+"', "S1476": r'[a-z-]+:"[^"|\t]+"', "S1683": r'[a-z-]+:"[^"|\t]+"',
}  # fmt: skip


def parse(text: str) -> list[Command]:
    """Read V1 as its readers do: a bar parts commands and columns wherever it stands."""
    commands = []
    assert not text or text.endswith("\n")
    for line in text.replace("||", "\n").splitlines():
        cells = line.replace("|", "\t").split("\t")
        item, verb, value, *rest = cells
        assert re.fullmatch(ITEM, item) and verb == "P190" and re.fullmatch(ITEM, value), line
        assert len(rest) % 2 == 0, line
        found = Command(item, value)
        for key, cell in zip(rest[::2], rest[1::2], strict=True):
            name = key.removeprefix("!")
            assert re.fullmatch(VALUES[name], cell), (name, cell)
            if name.startswith("P"):
                assert not found.references, "qualifiers come first"
                found.qualifiers.append((name, cell))
            else:
                if key.startswith("!") or not found.references:
                    assert name == "S854", "a reference begins with its address"
                    found.references.append([])
                found.references[-1].append((name, cell))
        commands.append(found)
    return commands


def statements(facts: LinkFacts, known: Iterable[tuple[str, str]] = ()) -> list[Command]:
    return parse("".join(new_statements(facts, frozenset(known), Settings(ROOT)).lines))


def test_every_statement_has_its_opposite_and_a_reference(facts: LinkFacts) -> None:
    found = statements(facts)
    pairs = [(one.item, one.value) for one in found]

    assert len(found) > 40
    assert len(set(pairs)) == len(pairs)
    assert {(there, here) for here, there in pairs} == set(pairs)
    assert all(one.references for one in found)


def test_dates_carry_the_precision_of_their_source(facts: LinkFacts) -> None:
    found = {(one.item, one.value): one.qualifiers for one in statements(facts)}

    assert found["Q64", "Q65"] == [("P580", "+1967-06-27T00:00:00Z/11")]
    assert found["Q586", "Q33935"] == [("P580", "+1983-00-00T00:00:00Z/9")]
    assert found["Q1899", "Q2079"] == [("P580", "+1961-00-00T00:00:00Z/9"), CIRCA, PRESUMABLY]
    assert found["Q586", "Q2280"] == []  # the sources disagree


def test_what_is_only_implied_is_not_told(facts: LinkFacts) -> None:
    pairs = {(one.item, one.value) for one in statements(facts)}
    told = new_statements(facts, frozenset(), Settings(ROOT)).left_out

    # Bukhara, La Paz, Cape Coast
    assert not pairs & {("Q586", "Q5764"), ("Q586", "Q1491"), ("Q586", "Q221283")}
    assert {one.partition(": ")[0] for one in told if "implied" in one} == {
        "partnership:bonn-bukhara", "partnership:bonn-la-paz", "partnership:bonn-cape-coast"
    }  # fmt: skip


def test_what_wikidata_had_in_2016_is_not_repeated(
    facts: LinkFacts, artefacts: Callable[[str], Path]
) -> None:
    known = read_pairs(artefacts("world/wikidata_p190_2016_edges.csv"))

    new = {(one.item, one.value) for one in statements(facts, known)}

    assert len(known) == 34178
    assert new == {(one.item, one.value) for one in statements(facts)} - known
    assert len(new) == 9
    assert ("Q90", "Q64") in new  # Berlin names Paris there, Paris does not name Berlin


def twinning(
    start: StatedPair | None = None, end: StatedPair | None = None, **evidence: object
) -> Twinning:
    words = {"name": "source:a", "about": HOME + "id/partnership/bonn-minsk", **evidence}
    return Twinning("bonn-minsk", ("Q586", "Q2280"), start, end, (Evidence(**words),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "inferred", "expected"),
    [
        ("1967-06-27", False, [("P580", "+1967-06-27T00:00:00Z/11")]),
        ("2018-05", False, [("P580", "+2018-05-00T00:00:00Z/10")]),
        ("1983", False, [("P580", "+1983-00-00T00:00:00Z/9")]),
        ("1983", True, [("P580", "+1983-00-00T00:00:00Z/9"), PRESUMABLY]),
        ("1993~", False, [("P580", "+1993-00-00T00:00:00Z/9"), CIRCA]),
        ("199X", False, [("P580", "+1990-00-00T00:00:00Z/8")]),
        ("[1993~,2003]", False, []), ("1990/1995", False, []), ("1983?", False, []),
        ("19XX", False, []), ("2018-21", False, []), ("XXXX-05-09", False, []), ("1187", False, []),
    ],
)  # fmt: skip
def test_each_form_of_date(value: str, inferred: bool, expected: list[tuple[str, str]]) -> None:
    written = quickstatements([twinning(StatedPair(value, inferred))])

    first, second = parse("".join(written.lines))

    assert first.qualifiers == second.qualifiers == expected
    assert bool(written.left_out) == (not expected)


def test_circumstances_never_speak_of_a_date_that_is_certain() -> None:
    both = twinning(StatedPair("1993~", False), StatedPair("2022-03-01", False))
    alike = twinning(StatedPair("1993~", False), StatedPair("2003~", False))

    mixed = quickstatements([both])

    assert parse(mixed.lines[0])[0].qualifiers == [("P582", "+2022-03-01T00:00:00Z/11")]
    assert mixed.left_out == ("bonn-minsk: start 1993~, as only one date is uncertain",)
    assert parse(quickstatements([alike]).lines[0])[0].qualifiers == [
        ("P580", "+1993-00-00T00:00:00Z/9"), ("P582", "+2003-00-00T00:00:00Z/9"), CIRCA
    ]  # fmt: skip


HOSTILE = (
    'a "b" c', "a||Q42\tP31\tQ5", "a|b", "a\tS854\tb", "a\nQ42\tP190\tQ64", "a\r\nb", "a\u2028b",
    "a\x00b", "“a”", '"', "\n", "a /* b */",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_title_quote_or_address_breaks_a_line(text: str) -> None:
    sly = twinning(title=text, quotes=(text,), language="en", page="https://e.org/" + text,
                   retrieved="2026-11-21")  # fmt: skip

    found = parse("".join(quickstatements([sly]).lines))

    assert [(one.item, one.value) for one in found] == [("Q586", "Q2280"), ("Q2280", "Q586")]
    assert all(len(one.references) == 1 for one in found)
    assert all(one.references[0][-1] == ("S813", "+2026-11-21T00:00:00Z/11") for one in found)


def test_a_reference_is_the_source_where_its_address_is_known_else_our_page() -> None:
    known = twinning(page="https://e.org/list", title="List", language="DE", quotes=("x y",))

    there = parse(quickstatements([known]).lines[0])[0].references
    own = replace(twinning().evidence[0], about="https://example.org/id/partnership/bonn-minsk")
    ours = parse(quickstatements([replace(twinning(), evidence=(own,))]).lines[0])[0].references

    assert there == [[
        ("S854", '"https://e.org/list"'), ("S1476", 'de:"List"'), ("S1683", 'de:"x y"')
    ]]  # fmt: skip
    assert ours == [[("S854", '"https://example.org/id/partnership/bonn-minsk"')]]


# --- partnerships that are not told --------------------------------------------------------------


def small(*more: tuple[str, NamedNode, NamedNode | Literal]) -> LinkFacts:
    """A partnership of Bonn and Minsk with a citation, and `more`."""
    ours, cite, source = (HOME + f"id/{one}" for one in ("partnership/a", "cite/a", "source/a"))
    wikidata = TARGETS["wikidata"].start
    triples: list[tuple[str, NamedNode, NamedNode | Literal]] = [
        (ours, RDF.type, TG.Partnership), (ours, TG.partner, NamedNode(BONN)),
        (ours, TG.partner, NamedNode(MINSK)), (ours, TG.cites, NamedNode(cite)),
        (cite, TG.inSource, NamedNode(source)), (cite, TG.quote, Literal("Minsk")),
        *[(one, RDF.type, TG.AdministrativeUnit) for one in (BONN, MINSK)],
        (BONN, SAME_AS, NamedNode(wikidata + "Q586")),
        (MINSK, SAME_AS, NamedNode(wikidata + "Q2280")),
        (source, NamedNode("http://purl.org/dc/terms/language"), Literal("en")),
        *more,
    ]  # fmt: skip
    return LinkFacts(
        Quad(NamedNode(one), verb, value, DefaultGraph()) for one, verb, value in triples
    )


A = HOME + "id/partnership/a"


def without(facts: LinkFacts, subject: str, verb: NamedNode) -> LinkFacts:
    gone = (one for one in facts.triples if (plain(one.subject), one.predicate) != (subject, verb))
    return LinkFacts(Quad(one.subject, one.predicate, one.object) for one in gone)


def told(facts: LinkFacts) -> tuple[int, str]:
    written = new_statements(facts, frozenset(), Settings(ROOT))
    return len(parse("".join(written.lines))), "; ".join(written.left_out)


def status(code: str) -> tuple[str, NamedNode, NamedNode]:
    return A, TG.status, NamedNode(HOME + "vocab/status/" + code)


def dated(verb: NamedNode, value: str) -> list[tuple[str, NamedNode, NamedNode | Literal]]:
    claim, date = HOME + "id/claim/a-" + verb.value[-3:], Literal(value, datatype=EDTF)
    return [(A, verb, date), (claim, TG.subject, NamedNode(A)), (claim, TG.property, verb),
            (claim, TG.value, date)]  # fmt: skip


def test_the_plain_case_is_told_both_ways() -> None:
    assert told(small()) == (2, "")


def test_a_club_a_planned_and_an_ended_one_and_one_without_words_are_not_told() -> None:
    club = (A, TG.partner, NamedNode(HOME + "id/org/club"))

    assert told(without(small(), MINSK, RDF.type))[0] == 0
    assert told(without(small(), MINSK, SAME_AS))[0] == 0
    assert told(without(small(), A, TG.cites)) == (
        0, "partnership:a: no citation, so there would be no reference")  # fmt: skip
    assert told(small(status("planned")))[0] == 0
    assert told(small(status("ended")))[0] == 0
    assert told(small(status("ended"), *dated(TG.end, "2022-03")))[0] == 2
    assert told(small(status("suspended")))[0] == 2
    assert told(small(club)) == (2, "partnership:a: orgid:club is no administrative unit")


def test_an_item_that_is_shared_or_doubled_gives_no_statement() -> None:
    wikidata = TARGETS["wikidata"].start
    shared = small((MINSK, SAME_AS, NamedNode(wikidata + "Q586")))

    assert told(shared)[0] == 0
    assert told(without(shared, BONN, SAME_AS))[0] == 0


def test_a_second_partnership_of_a_pair_is_not_mixed_into_the_first() -> None:
    second = HOME + "id/partnership/a-utilities"
    also = [
        (second, one.predicate, one.object) for one in small().triples
        if plain(one.subject) == A and isinstance(one.object, NamedNode)
    ]  # fmt: skip

    assert told(small(*also)) == (
        2, "partnership:a-utilities: partnership:a already gives Q586 and Q2280")  # fmt: skip


def test_a_date_that_no_claim_gives_or_on_which_sources_disagree_is_left_out() -> None:
    date = Literal("1993", datatype=EDTF)

    bare = new_statements(small((A, TG.start, date)), frozenset(), Settings(ROOT))
    torn = new_statements(
        small(*dated(TG.start, "1993"), (A, TG.hasConflict, TG.start)), frozenset(), Settings(ROOT)
    )

    assert [one.qualifiers for one in parse("".join(bare.lines))] == [[], []]
    assert [one.qualifiers for one in parse("".join(torn.lines))] == [[], []]
    assert bare.left_out == ("partnership:a: start, which no single claim gives",)
    assert torn.left_out == ("partnership:a: start, on which the sources disagree",)


def test_a_hostile_label_reaches_neither_line_nor_reason(facts: LinkFacts) -> None:
    sly = Literal('Minsk"||Q42\tP31\tQ5\n', language="en")
    named = without(small((MINSK, RDFS.label, sly)), MINSK, SAME_AS)

    count, reason = told(named)

    assert count == 0
    assert reason == "partnership:a: place:minsk has no Wikidata item (or more than one)"


# --- the command ---------------------------------------------------------------------------------


def test_the_command_writes_each_form_and_tells_what_is_left_out(tmp_path: Path) -> None:
    atlas = shutil.copytree(ROOT / "tests" / "atlas", tmp_path / "atlas")
    line = [sys.executable, "-m", "twingraph.cli", "--project", str(atlas), "export"]

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
    linked = {one.triple for one in quads if one.predicate == SAME_AS}
    rows_told = {
        Triple(NamedNode(row.subject), SAME_AS, NamedNode(row.object))
        for path in (ROOT / "data" / "links").glob("*.sssom.tsv")
        for row in read_table(path.read_text(encoding="utf-8"), HOME).decisions
        if row.confirmed
    }

    assert rows_told == linked
