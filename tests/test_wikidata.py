"""Our pairs beside Wikidata's: the report, QuickStatements, Mismatch Finder, reviews."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad
from starlette.testclient import TestClient

from twingraph.link.facts import SAME_AS, TARGETS, LinkFacts
from twingraph.link.wikidata import command
from twingraph.link.wikidata.entities import EntityReader, read_entities
from twingraph.link.wikidata.grammar import read_csv, read_v1
from twingraph.link.wikidata.kinds import KINDS
from twingraph.link.wikidata.mismatch import check_mismatches, mismatches, write_mismatches
from twingraph.link.wikidata.outputs import (
    REPORT_JSON,
    page_model,
    report_files,
    row_cells,
    write_report_json,
)
from twingraph.link.wikidata.pairs import known_pairs
from twingraph.link.wikidata.quickstatements import (
    BATCH,
    NewStatement,
    batches,
    propose,
    write_csv,
    write_v1,
)
from twingraph.link.wikidata.report import FINDINGS, Report, make_report
from twingraph.link.wikidata.reviews import Reviews, read_reviews, refusals
from twingraph.link.wikidata.rows import is_row_table, read_rows
from twingraph.link.wikidata.statements import (
    STATEMENT,
    Snapshot,
    WikidataItem,
    WikidataStatement,
    WikidataTime,
    pairs_snapshot,
    read_nodes,
    read_pairs,
)
from twingraph.link.wikidata_in.entities import rows_of as rows_of_entity
from twingraph.link.wikidata_in.rows import write_rows
from twingraph.problems import TwingraphError
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import EDTF, HOME, RDF, RDFS, TG
from twingraph.settings import Settings
from twingraph.site.pages import page
from twingraph.site.reader import BuildFile, BuildReader
from twingraph.source.mappings import read_table

ROOT = Path(__file__).parent.parent
BONN, MINSK = HOME + "id/place/bonn", HOME + "id/place/minsk"
A, SOURCE = HOME + "id/partnership/a", HOME + "id/source/a"
PAGE = NamedNode("http://xmlns.com/foaf/0.1/page")
TITLE = NamedNode("http://purl.org/dc/terms/title")
LANGUAGE = NamedNode("http://purl.org/dc/terms/language")
WD = TARGETS["wikidata"].start
GUID = "Q586$01234567-89AB-CDEF-0123-456789ABCDEF"
NOTHING = Snapshot("nothing", ())
Rows = Sequence[tuple[str, NamedNode, NamedNode | Literal]]


def small(*more: tuple[str, NamedNode, NamedNode | Literal]) -> LinkFacts:
    """A partnership of Bonn and Minsk that a document with an address calls so, and `more`."""
    cite = HOME + "id/cite/a"
    rows: Rows = [
        (A, RDF.type, TG.Partnership), (A, TG.partner, NamedNode(BONN)),
        (A, TG.partner, NamedNode(MINSK)), (A, TG.cites, NamedNode(cite)),
        (cite, TG.inSource, NamedNode(SOURCE)), (cite, TG.quote, Literal("Minsk")),
        *[(one, RDF.type, TG.AdministrativeUnit) for one in (BONN, MINSK)],
        (BONN, SAME_AS, NamedNode(WD + "Q586")), (MINSK, SAME_AS, NamedNode(WD + "Q2280")),
        (SOURCE, LANGUAGE, Literal("en")), (SOURCE, TITLE, Literal("Partners", language="en")),
        (SOURCE, PAGE, NamedNode("https://e.org/a")),
        (SOURCE, TG.retrieved, Literal("2026-03-03Z")),
        *more,
    ]  # fmt: skip
    return LinkFacts(Quad(NamedNode(one), verb, value, DefaultGraph()) for one, verb, value in rows)


def without(facts: LinkFacts, subject: str, verb: NamedNode) -> LinkFacts:
    kept = (
        triple
        for triple in facts.triples
        if (plain(triple.subject), triple.predicate) != (subject, verb)
    )
    return LinkFacts(Quad(one.subject, one.predicate, one.object) for one in kept)


def coded(verb: NamedNode, path: str) -> tuple[str, NamedNode, NamedNode]:
    return A, verb, NamedNode(HOME + "vocab/" + path)


def dated(
    verb: NamedNode, value: str, modality: str = "stated"
) -> list[tuple[str, NamedNode, NamedNode | Literal]]:
    claim, date = HOME + "id/claim/a-" + verb.value[-3:], Literal(value, datatype=EDTF)
    return [(claim, TG.cites, NamedNode(HOME + "id/cite/a")), (A, verb, date),
            (claim, TG.subject, NamedNode(A)), (claim, TG.property, verb),
            (claim, TG.value, date),
            (claim, TG.modality, NamedNode(f"{HOME}vocab/modality/{modality}"))]  # fmt: skip


def there(**more: Any) -> WikidataStatement:
    """What Wikidata says of Bonn and Minsk, with a real reference and nothing else."""
    reference = ({"P854": ("https://bonn.example/",)},)
    values = {"iri": STATEMENT + GUID.replace("$", "-", 1), "start": (), "end": (),
              "qualifiers": {}, "references": reference, "revision": "7", **more}  # fmt: skip
    return WikidataStatement("Q586", "Q2280", **values)


def back(**more: Any) -> WikidataStatement:
    return replace(there(**more), subject="Q2280", object="Q586", iri="")


def time(value: str, precision: int = 9, calendar: str = "Q1985727") -> WikidataTime:
    return WikidataTime(value + "T00:00:00Z", precision, calendar)


def findings(facts: LinkFacts, *statements: WikidataStatement) -> list[str]:
    report = make_report(facts, Snapshot("s", statements))
    return [row.finding for row in report.rows]


# --- the report ----------------------------------------------------------------------------------

SINCE = dated(TG.start, "1993-05-17")
ENDED = (coded(TG.status, "status/ended"), *dated(TG.end, "2022"))


@pytest.mark.parametrize(
    ("more", "statements", "expected"),
    [
        ([], (), ["missing"]),
        ([], (there(),), ["one-sided"]),
        ([], (there(), back()), []),
        ([], (there(rank="deprecated"), back()), ["deprecated"]),
        (SINCE, (there(), back()), ["start-lacking", "start-lacking"]),
        (SINCE, (there(start=(time("+1993-05-17", 11),)), back(start=None, end=None)), []),
        (SINCE, (there(start=(time("+1993-01-01"),)), back(start=None)), ["start-finer"]),
        (SINCE, (there(start=(time("+1994-00-00"),)), back(start=None)), ["start-differs"]),
        (SINCE, (there(start=(time("+1994-00-00"), time("+1993-05-00", 10))), back(start=None)),
         ["start-finer"]),
        (SINCE, (there(start=(WikidataTime(""),)), back(start=None)), ["start-lacking"]),
        (SINCE, (there(start=(time("+1990-00-00", 8),)), back(start=None)), ["start-finer"]),
        (dated(TG.start, "1993", "inferred"), (there(start=(time("+1990-00-00"),)), back()), []),
        ([coded(TG.status, "status/active")], (there(end=(WikidataTime(""),)), back()),
         ["ended-there"]),
        (ENDED, (there(), back(end=None)), ["ended-here"]),
        (ENDED, (there(end=(time("+2021-00-00"),)), back(end=None)), ["end-differs"]),
        (ENDED, (there(end=(time("+2022-03-01", 11),)), back(end=None)), []),
        ([coded(TG.partnershipType, "type/friendship")], (there(), back(qualifiers=None)),
         ["kind-flattened"]),
        ([coded(TG.partnershipType, "type/friendship")],
         (there(qualifiers={"P3831": ("Q1",)}), back(qualifiers=None)), []),
        ([], (there(references=({"P143": ("Q328",)},)), back(references=None)), ["unsourced"]),
        ([], (there(references=()), back(references=None)), ["unsourced"]),
        ([], (there(start=(time("+1993-00-00", 9, "Q1985786"),)), back()), ["julian"]),
        ([coded(TG.modality, "modality/inferred")], (), []),
        ([coded(TG.status, "status/planned")], (), []),
    ],
)  # fmt: skip
def test_each_kind_of_row_and_none_where_both_agree(
    more: Rows, statements: tuple[WikidataStatement, ...], expected: list[str]
) -> None:
    assert findings(small(*more), *statements) == expected


def test_a_list_of_wikidatas_own_is_no_source_against_it() -> None:
    listed, cite = HOME + "id/source/wikidata-2016", HOME + "id/cite/a"
    only = small()
    only = LinkFacts(
        Quad(triple.subject, triple.predicate, NamedNode(listed) if triple.predicate == TG.inSource
             else triple.object) for triple in only.triples
    )  # fmt: skip
    both = small((A, TG.cites, NamedNode(cite + "2")),
                 (cite + "2", TG.inSource, NamedNode(listed)))  # fmt: skip

    assert findings(only) == [] and make_report(only, NOTHING).pairs == 0
    assert findings(both) == ["missing"]
    assert [reference.source for reference in known_pairs(both).pairs[0].evidence] == [SOURCE]


def test_two_periods_there_are_never_called_different() -> None:
    twice = (there(start=(time("+1960-00-00"),)), there(start=(time("+1993-00-00"),)), back())

    assert "start-differs" not in findings(small(*SINCE), *twice)


def test_a_row_says_both_sides_with_source_words_statement_and_revision() -> None:
    report = make_report(
        small(*SINCE), Snapshot("s", (there(start=(time("+1994-00-00"),)), back(start=None)))
    )
    cells = row_cells(report.rows[0])

    assert cells["ours"] == "1993-05-17" and cells["ours_precision"] == "day"
    assert cells["theirs"] == "1994" and cells["theirs_precision"] == "year"
    assert cells["quote"] == "Minsk" and cells["source_url"] == "https://e.org/a"
    assert cells["statement"].endswith("statement/Q586-01234567-89AB-CDEF-0123-456789ABCDEF")
    assert cells["revision"] == "7"
    assert cells["partnership"] == A


def test_items_shared_merged_or_of_another_place_are_reported() -> None:
    shared = small((HOME + "id/place/mensk", SAME_AS, NamedNode(WD + "Q2280")))
    merged = Snapshot("s", (replace(there(), object="Q9"),), redirects={"Q2280": "Q9"})
    wrong = Snapshot("s", (there(), back()), {"Q586": WikidataItem("Bonn", "", "999")})
    geonames = (BONN, SAME_AS, NamedNode("https://sws.geonames.org/2946447/"))

    assert "shared-item" in [row.finding for row in make_report(shared, NOTHING).rows]
    assert [row.finding for row in make_report(small(), merged).rows] == [
        "one-sided", "merged-item",
    ]  # fmt: skip
    assert [row.theirs for row in make_report(small(geonames), wrong).rows] == ["GeoNames 999"]


def test_the_report_on_our_own_data_and_the_list_of_2016(
    quads: frozenset[Quad], artefacts: Callable[[str], Path]
) -> None:
    edges = read_pairs(artefacts("world/wikidata_p190_2016_edges.csv"))
    nodes = read_nodes(artefacts("world/wikidata_p190_2016_nodes.csv"))
    report = make_report(LinkFacts(quads), replace(pairs_snapshot("2016", edges), items=nodes))
    told = {row.items for row in report.rows}

    assert len(edges) == 34178
    assert report.counts() == {"missing": 4, "one-sided": 1}
    assert (report.pairs, report.agreeing) == (26, 21)
    assert ("Q90", "Q64") in told  # Berlin names Paris there, Paris does not name Berlin
    assert report.by_country()["DE"] == {"missing": 4, "one-sided": 1}
    assert propose(report).statements == ()  # none of the five documents has a known address
    assert {refusal.reason.partition(",")[0] for refusal in propose(report).refused} == {
        "no source with a known address",
        "a kind of tie that P190 is not for: case-by-case cooperation",
    }  # fmt: skip


def test_every_kind_of_partnership_is_in_the_table_of_what_p190_means() -> None:
    text = (ROOT / "ontology/vocab/type.ttl").read_text(encoding="utf-8")
    codes = {line.partition(":")[2] for line in text.splitlines()
             if line.startswith("type:") and " " not in line}  # fmt: skip

    assert codes == set(KINDS)
    docs = (ROOT / "docs/wikidata.md").read_text(encoding="utf-8")
    assert all(kind.en in docs for kind in KINDS.values())


# --- QuickStatements -----------------------------------------------------------------------------


def proposed(facts: LinkFacts, *known: WikidataStatement) -> tuple[list[NewStatement], list[str]]:
    found = propose(make_report(facts, Snapshot("s", known)))
    return list(found.statements), [refusal.reason for refusal in found.refused]


def test_a_pair_is_proposed_both_ways_with_the_source_itself() -> None:
    found, reasons = proposed(small(*SINCE))

    assert write_v1(found).decode() == "".join(
        f'{here}\tP190\t{partner}\tP580\t+1993-05-17T00:00:00Z/11\tS854\t"https://e.org/a"\t'
        'S1476\ten:"Partners"\tS813\t+2026-03-03T00:00:00Z/11\n'
        for here, partner in (("Q586", "Q2280"), ("Q2280", "Q586"))
    )
    assert reasons == []
    assert [(statement.item, statement.value) for statement in proposed(small(), there())[0]] == [
        ("Q2280", "Q586")
    ]


def test_both_forms_read_back_the_same() -> None:
    found, _ = proposed(small(*SINCE, *dated(TG.end, "2022-03"), coded(TG.status, "status/ended")))

    assert [replace(one, country="") for one in found] == read_v1(write_v1(found))
    assert read_csv(write_csv(found)) == read_v1(write_v1(found))
    assert write_csv(found).decode().splitlines()[:2] == [
        "qid,P190,qal580,qal582,S854,s1476,s813",
        'Q586,Q2280,+1993-05-17T00:00:00Z/11,+2022-03-00T00:00:00Z/10,"""https://e.org/a""",'
        '"en:""Partners""",+2026-03-03T00:00:00Z/11',
    ]


@pytest.mark.parametrize(
    ("value", "modality", "expected"),
    [
        ("1967-06-27", "stated", "+1967-06-27T00:00:00Z/11"),
        ("2018-05", "stated", "+2018-05-00T00:00:00Z/10"),
        ("1983", "stated", "+1983-00-00T00:00:00Z/9"),
        ("199X", "stated", "+1990-00-00T00:00:00Z/8"),
        *[(value, "stated", "") for value in (
            "1993~", "[1993~,2003]", "1990/1995", "1983?", "19XX", "2018-21", "XXXX-05-09",
            "1187")],
        ("1983", "inferred", ""),
    ],
)  # fmt: skip
def test_each_form_of_date_and_nothing_that_is_inferred(
    value: str, modality: str, expected: str
) -> None:
    found, reasons = proposed(small(*dated(TG.start, value, modality)))

    assert [dict(one.qualifiers) for one in found] == [{"P580": expected} if expected else {}] * 2
    assert bool(reasons) is not bool(expected)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (small(coded(TG.partnershipType, "type/case-by-case")), "case-by-case"),
        (small(coded(TG.status, "status/ended")), "no source says when"),
        (without(small(), SOURCE, PAGE), "no source with a known address"),
        (without(small((SOURCE, PAGE, NamedNode("file:///a"))), SOURCE, PAGE), "known address"),
        (without(small(), A, TG.cites), "no citation"),
    ],
)
def test_what_needs_a_person_is_listed_with_the_reason(facts: LinkFacts, reason: str) -> None:
    found, reasons = proposed(facts)

    assert found == []
    assert len(reasons) == 1 and reason in reasons[0]


def test_what_is_implied_or_planned_or_no_pair_of_units_is_not_even_compared() -> None:
    second = HOME + "id/partnership/a-utilities"
    also = [(second, triple.predicate, triple.object) for triple in small().triples
            if plain(triple.subject) == A and isinstance(triple.object, NamedNode)]  # fmt: skip

    assert proposed(small(coded(TG.modality, "modality/inferred"))) == ([], [])
    assert proposed(small(coded(TG.status, "status/planned"))) == ([], [])
    assert proposed(without(small(), MINSK, RDF.type)) == ([], [])
    assert proposed(small((MINSK, SAME_AS, NamedNode(WD + "Q586")))) == ([], [])
    assert len(proposed(small(*also))[0]) == 2  # one period a pair
    assert [pair.blocks for pair in known_pairs(small(*also)).pairs] == [(), ("second",)]


@pytest.mark.parametrize(
    ("retrieved", "cell"),
    [("2026-03-03Z", "+2026-03-03T00:00:00Z/11"), ("2026-03-03+02:00", "+2026-03-03T00:00:00Z/11"),
     ("gestern", ""), ("2026-02-30", "")],
)  # fmt: skip
def test_an_odd_day_of_reading_loses_its_zone_or_goes(retrieved: str, cell: str) -> None:
    facts = small((SOURCE, TG.retrieved, Literal(retrieved)))
    found, reasons = proposed(LinkFacts(
        Quad(triple.subject, triple.predicate, triple.object) for triple in facts.triples
        if triple.predicate != TG.retrieved or plain(triple.object) == retrieved
    ))  # fmt: skip

    assert [dict(one.reference).get("S813", "") for one in found] == [cell, cell]
    assert bool(reasons) is not bool(cell)


HOSTILE = (
    'a "b" c', "a||Q42\tP31\tQ5", "a|b", "a\tS854\tb", "a\nQ42\tP190\tQ64", "a\r\nb", "a\u2028b",
    "a\x00b", "“a”", '"', "\n", "a /* b */", "a,b", "=1+1",
)  # fmt: skip


def test_a_date_from_another_document_is_not_proposed_with_this_one() -> None:
    other, cite = HOME + "id/source/b", HOME + "id/cite/b"
    claim = HOME + "id/claim/a-art"
    rows = [row for row in SINCE if row[1] != TG.cites]
    facts = small(*rows, (claim, TG.cites, NamedNode(cite)), (cite, TG.inSource, NamedNode(other)))
    known = small(*rows, (claim, TG.cites, NamedNode(cite)), (cite, TG.inSource, NamedNode(other)),
                  (other, PAGE, NamedNode("https://e.org/b")))  # fmt: skip

    found, reasons = proposed(facts)
    assert [one.qualifiers for one in found] == [(), ()]
    assert reasons == ["start 1993-05-17, which source:a does not give"]
    assert [dict(statement.reference)["S854"] for statement in proposed(known)[0]] == [
        '"https://e.org/b"'
    ] * 2
    assert [len(statement.qualifiers) for statement in proposed(known)[0]] == [1, 1]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_title_or_address_breaks_a_line(text: str) -> None:
    pairs = known_pairs(small()).pairs
    sly = replace(pairs[0].evidence[0], title=text, page="https://e.org/" + text)
    report = make_report(small(), NOTHING)
    rows = tuple(replace(row, pair=replace(row.pair, evidence=(sly,))) for row in report.rows
                 if row.pair)  # fmt: skip
    found = propose(replace(report, rows=rows)).statements

    for again in (read_v1(write_v1(found)), read_csv(write_csv(found))):
        assert [(one.item, one.value) for one in again] == [("Q586", "Q2280"), ("Q2280", "Q586")]
        assert [dict(one.reference)["S813"] for one in again] == ["+2026-03-03T00:00:00Z/11"] * 2
    assert b"|" not in write_v1(found) + write_csv(found)


GOOD = (
    'Q1\tP190\tQ2\tP580\t+1953-00-00T00:00:00Z/9\tS854\t"https://e.org/"\tS813\t'
    "+2026-03-03T00:00:00Z/11\n"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("P580", "P508"), ("S854", "S845"), ("S813", "s813"), ("P190", "P191"), ("/9", ""),
        ("/9", "/11"), ("Q2", "Q0"), ("Q2", "Q1"), ("Q1", "-Q1"), ("\tP580", "\tR+\tP580"),
        ('"https://e.org/"', "https://e.org/"), ("e.org/", "e.org/|a"), ("https", "javascript"),
        ("\n", ""), ("+2026-03-03", "+2026-00-00"), ("+1953", "1953"), ("S813", "P582"),
        ("\n", "\n\n"),
    ],
)  # fmt: skip
def test_the_grammar_fails_on_what_the_tools_would_swallow(old: str, new: str) -> None:
    assert len(read_v1(GOOD.encode())) == 1
    with pytest.raises(TwingraphError, match=r"V1(:1|:2|: cut off)"):
        read_v1(GOOD.replace(old, new, 1).encode())
    with pytest.raises(TwingraphError, match="twice"):
        read_v1(GOOD.encode() * 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [("qid", "QID"), ("qal580", "qal508"), ("S854", "s854"), ("s813", "S813"), (",Q2", ",Q2,"),
     ("+1953-00-00T00:00:00Z/9", ""), ('"""', '"')],
)  # fmt: skip
def test_the_grammar_of_the_table_is_as_strict(old: str, new: str) -> None:
    good = write_csv(read_v1(GOOD.encode())).decode()
    assert len(read_csv(good.encode())) == 1
    with pytest.raises((TwingraphError, csv.Error)):
        read_csv(good.replace(old, new).encode())


def test_batches_have_at_most_so_many_of_one_country_and_pattern() -> None:
    reference = (("S854", '"https://e.org/"'),)
    found = [
        NewStatement(f"Q{number + way}", f"Q{number + 1 - way}", "DE" if number < 402 else "FR",
                     (("P580", "+1953-00-00T00:00:00Z/9"),) if number % 3 else (), reference)
        for number in range(1, 1001, 2) for way in (0, 1)
    ]  # fmt: skip
    made = batches(found)

    assert sum(len(batch.statements) for batch in made) == len(found)
    assert max(len(batch.statements) for batch in made) <= BATCH
    assert len({batch.name for batch in made}) == len(made)
    for batch in made:
        assert len({(statement.country, statement.pattern) for statement in batch.statements}) == 1
        pairs = {(statement.item, statement.value) for statement in batch.statements}
        assert {(value, item) for item, value in pairs} == pairs
        assert len(read_csv(write_csv(batch.statements))) == len(batch.statements)


# --- Mismatch Finder -----------------------------------------------------------------------------


def differing() -> Report:
    return make_report(
        small(*SINCE), Snapshot("s", (there(start=(time("+1994-05-00", 10),)), back(start=None)))
    )


def test_a_missing_pair_and_a_differing_date_are_written_as_its_check_wants() -> None:
    missing = write_mismatches(mismatches(make_report(small(), NOTHING))[0])
    date = check_mismatches(write_mismatches(mismatches(differing())[0]))

    assert missing.decode().splitlines() == [
        "item_id,statement_guid,property_id,wikidata_value,meta_wikidata_value,external_value,"
        "external_url,type",
        "Q2280,,P190,,,Q586,https://e.org/a,statement",
        "Q586,,P190,,,Q2280,https://e.org/a,statement",
    ]
    assert len(check_mismatches(missing)) == 2
    assert [row.cells for row in date] == [
        ("Q586", GUID, "P580", "May 1994", "", "1993-05-17", "https://e.org/a", "qualifier"),
    ]


def test_a_date_without_its_statement_needs_a_person() -> None:
    nameless = Snapshot("s", (there(start=(time("+1994-00-00"),), iri=""), back(start=None)))
    found, refused = mismatches(make_report(small(*SINCE), nameless))

    assert found == []
    assert [refusal.reason for refusal in refused] == [
        "the statement that carries the date is not known by name"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("item_id", "item"), ("Q586,", "586,"), (GUID, ""), ("May 1994", ""),
        (GUID, "Q1" + GUID[4:]),
        ("P580", "580"), ("qualifier", "quality"), ("qualifier", "statement"),
        ("1993-05-17,", ","), ("https://e.org/a", "e.org"), ("May 1994,", "May 1994,Julian,"),
        ("1993-05-17", "x" * 1501),
    ],
)  # fmt: skip
def test_the_check_refuses_what_mismatch_finder_would(old: str, new: str) -> None:
    good = write_mismatches(mismatches(differing())[0]).decode()
    with pytest.raises(TwingraphError, match=r"mismatches:\d"):
        check_mismatches(good.replace(old, new, 1).encode())


def reviewed(tmp_path: Path, *rows: str) -> Reviews:
    folder = tmp_path / "data" / "reviews"
    folder.mkdir(parents=True, exist_ok=True)
    head = ("item_id,statement_guid,property_id,wikidata_value,meta_wikidata_value,external_value,"
            "external_url,type,review_status")  # fmt: skip
    (folder / "2026-12-01.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return read_reviews(tmp_path, HOME)


def test_what_was_reviewed_is_shown_and_never_proposed_again(tmp_path: Path) -> None:
    both = [f"{here},,P190,,,{partner},,statement,external"
            for here, partner in (("Q586", "Q2280"), ("Q2280", "Q586"))]  # fmt: skip
    date = f"Q586,{GUID},P580,May 1994,,1993-05-17,,qualifier,none"
    pending = reviewed(tmp_path, both[0].replace("external", "pending"))
    assert len(mismatches(make_report(small(), NOTHING, pending))[0]) == 2

    reviews = reviewed(tmp_path, *both, date)
    report = make_report(small(), NOTHING, reviews)
    dated_report = replace(differing(), rows=make_report(
        small(*SINCE), Snapshot("s", (there(start=(time("+1994-05-00", 10),)), back(start=None))),
        reviews).rows)  # fmt: skip

    assert [row.decided for row in report.rows] == ["external"]
    assert row_cells(report.rows[0])["decided"] == "we are wrong"
    assert mismatches(report)[0] == [] and propose(report).statements == ()
    assert [row.decided for row in dated_report.rows] == ["none"]
    assert mismatches(dated_report)[0] == []


def test_what_reviewers_call_missing_is_still_proposed_as_a_statement(tmp_path: Path) -> None:
    reviews = reviewed(tmp_path, "Q586,,P190,,,Q2280,,statement,missing")
    report = make_report(small(), NOTHING, reviews)

    assert mismatches(report)[0] == []
    assert len(propose(report).statements) == 2


def test_refusals_outlive_an_import_and_go_out_as_sssom(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "reviews"
    folder.mkdir(parents=True)
    curators = (
        "#curie_map:\n#  place: https://w3id.org/twingraph/id/place/\n"
        "#  semapv: https://w3id.org/semapv/vocab/\n#  wd: http://www.wikidata.org/entity/\n"
        "#  wdt: http://www.wikidata.org/prop/direct/\n"
        "subject_id\tpredicate_id\tpredicate_modifier\tobject_id\tmapping_justification\t"
        "author_label\tmapping_date\tconfidence\tcomment\n"
        "place:bonn\twdt:P190\tNot\twd:Q2280\tsemapv:ManualMappingCuration\tA curator\t2026-11-28"
        "\t\tOnly an office of the city.\n"
    )
    (folder / "wikidata.sssom.tsv").write_text(curators, encoding="utf-8")
    reviews = reviewed(tmp_path, "Q2280,,P190,,,Q586,,statement,external")
    for snapshot in (NOTHING, replace(NOTHING, name="the next one")):
        report = make_report(small(), snapshot, reviews)
        assert [row.decided for row in report.rows] == ["refused"]
        assert propose(report).statements == ()
    files = dict(report_files(report, small(), Settings(tmp_path)))
    table = read_table(files["refusals.sssom.tsv"].decode(), HOME)

    assert table.wrong == ()
    assert [(row.subject, row.modifier, row.object) for row in table.decisions] == [
        (BONN, "Not", WD + "Q2280"), (MINSK, "Not", WD + "Q586"),
    ]  # fmt: skip
    assert refusals(reviews, {}, "x") == list(reviews.refused)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "call it after the day"), ("item_id\nQ1\n", "1: no column"), ("\xff", "UTF-8"),
     ("item_id,property_id,external_value,review_status\nQ1,P190,Q2,maybe\n", "2: review_status")],
)  # fmt: skip
def test_a_wrong_review_is_reported_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    folder = tmp_path / "data" / "reviews"
    folder.mkdir(parents=True)
    name = "a.csv" if not text else "2026-12-01.csv"
    (folder / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(TwingraphError, match=message):
        read_reviews(tmp_path, HOME)


# --- entities as Wikibase writes them ------------------------------------------------------------


def snak(value: object, kind: str = "value") -> dict[str, object]:
    return {"snaktype": kind, **({"datavalue": {"value": value}} if kind == "value" else {})}


def item(number: int) -> dict[str, object]:
    return snak({"entity-type": "item", "numeric-id": number, "id": f"Q{number}"})


def when(text: str, precision: int, calendar: str = "Q1985727") -> dict[str, object]:
    return snak({"time": text, "precision": precision,
                 "calendarmodel": "http://www.wikidata.org/entity/" + calendar})  # fmt: skip


def entity(*claims: Mapping[str, object], **more: object) -> dict[str, object]:
    return {"id": "Q586", "type": "item", "lastrevid": 7, "claims": {"P190": list(claims)}, **more}


def read(document: object, requested: str = "") -> Snapshot:
    reader = EntityReader()
    reader.read(document, requested)
    assert not reader.damaged
    return reader.snapshot("s")


def test_statements_are_read_whatever_the_age_of_the_file() -> None:
    new = {"id": "q586$01234567-x", "mainsnak": item(2280), "rank": "preferred",
           "qualifiers": {"P580": [when("+1953-00-00T00:00:00Z", 9), snak(None, "somevalue")],
                          "P582": [snak(None, "novalue")]},
           "references": [{"snaks": {"P143": [item(328)]}}]}  # fmt: skip
    old = {"id": "Q586$b", "rank": "normal", "qualifiers": [],
           "mainsnak": snak({"entity-type": "item", "numeric-id": 64})}  # fmt: skip
    padded = {"mainsnak": item(65), "qualifiers": {
        "P580": [when("+00000002014-03-00T00:00:00Z", 10, "Q1985786")]}}  # fmt: skip
    gone = {"mainsnak": snak(None, "somevalue")}
    found = read(entity(new, old, padded, gone)).statements

    assert [(one.object, one.rank, one.revision) for one in found] == [
        ("Q2280", "preferred", "7"), ("Q64", "normal", "7"), ("Q65", "normal", "7"),
    ]  # fmt: skip
    assert found[0].guid == "q586$01234567-x" and found[2].guid == ""
    assert [one.text for one in found[0].start or ()] == ["unknown value", "1953"]
    assert (found[0].end, found[0].is_sourced, found[1].is_sourced) == ((), False, False)
    assert (found[2].start or ())[0] == WikidataTime("+2014-03-00T00:00:00Z", 10, "Q1985786")


def test_redirects_missing_labels_and_empty_maps() -> None:
    merged = read({"entities": {"Q586": entity(labels={"mul": {"value": "Bonn"}})}}, "Q9")
    bare = read({"id": "Q1", "claims": [], "labels": []})

    assert (merged.redirects, merged.items["Q586"].label) == ({"Q9": "Q586"}, "Bonn")
    assert bare.items["Q1"] == WikidataItem() and bare.statements == ()


def test_a_dump_with_broken_lines_is_read_to_its_end(tmp_path: Path) -> None:
    good = json.dumps(entity({"id": "Q586$a", "mainsnak": item(2280)}))
    lines = ["[", good + ",", '{"id": "Q1", "claims": {"P190": [{', "null,", good[:40] + ',"P190"',
             '{"id":"Q3","claims":{"P190":[{"mainsnak":{"snaktype":"value"}}]}},', good,
             "]"]  # fmt: skip
    reader = EntityReader()
    reader.read_lines(line.encode() + b"\n" for line in lines)
    path = tmp_path / "Q586.json"
    path.write_text(good, encoding="utf-8")

    assert (len(reader.statements), reader.damaged) == (2, 3)
    assert len(read_entities(path).statements) == 1
    path.write_text(good[:50], encoding="utf-8")
    with pytest.raises(TwingraphError, match=r"Q586\.json"):
        read_entities(path)


def test_rows_of_an_import_are_the_same_statements_again(tmp_path: Path) -> None:
    claim = {"id": "Q586$a", "mainsnak": item(2280), "rank": "normal",
             "qualifiers": {"P580": [when("+1993-05-00T00:00:00Z", 10),
                                     when("+1995-00-00T00:00:00Z", 9)],
                            "P582": [snak(None, "somevalue")]},
             "references": [{"snaks": {"P854": [snak("https://e.org/")]}}]}  # fmt: skip
    bare = {"id": "Q586$b", "mainsnak": item(64)}
    document = entity(claim, bare, labels={"en": {"value": "Bonn"}})
    path = tmp_path / "rows.csv"
    notes: list[str] = []
    path.write_text(write_rows(rows_of_entity(document, notes)), encoding="utf-8")

    assert is_row_table(path)
    assert read_rows(path, "s").statements == read(document).statements
    assert not is_row_table(tmp_path / "nothing.csv")


def test_the_page_of_a_row_is_the_source_and_has_not_the_title_of_the_list() -> None:
    cite = HOME + "id/cite/a"
    facts = small((cite, PAGE, NamedNode("https://registry.example/?partner=80")))

    assert [dict(statement.reference) for statement in proposed(facts)[0]] == [
        {"S854": '"https://registry.example/?partner=80"', "S813": "+2026-03-03T00:00:00Z/11"}
    ] * 2


# --- the command ---------------------------------------------------------------------------------


def test_the_command_writes_every_file_and_each_passes_its_grammar(tmp_path: Path) -> None:
    atlas = Path(shutil.copytree(ROOT / "tests" / "atlas", tmp_path / "atlas"))
    with (atlas / "data/links/wikidata.ttl").open("a", encoding="utf-8") as stream:
        stream.write("\nplace:aaburg owl:sameAs wd:Q586 .\n\nplace:bestadt owl:sameAs wd:Q2280 .\n")
    (atlas / "data/reviews").mkdir()
    (atlas / "data/reviews/2026-12-01.csv").write_text(
        "item_id,statement_guid,property_id,external_value,review_status\n", encoding="utf-8"
    )
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("a,b\nQ586,Q2280\n", encoding="utf-8")
    line = [sys.executable, "-m", "twingraph.cli", "--project", str(atlas), "report", "wikidata"]
    out = tmp_path / "out"
    done = subprocess.run([*line, "--snapshot", str(pairs), "--out", str(out)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    again = subprocess.run([*line, "--snapshot", str(pairs), "--out", str(out)],
                           capture_output=True, text=True, check=False)  # fmt: skip
    none = subprocess.run(line, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (
        0, "1 pairs compared with pairs: nothing to say of 0\n1 stated on one side only\n"
    ), done.stderr  # fmt: skip
    checked = subprocess.run([*line[:-2], "check", "--strict"], capture_output=True, text=True,
                             check=False)  # fmt: skip
    assert "F15" not in checked.stdout
    assert (again.returncode, none.returncode) == (2, 2)
    assert "is not empty" in again.stderr and "--snapshot pairs.csv" in none.stderr
    [batch] = sorted(out.glob("quickstatements/*.txt"))
    found = read_v1(batch.read_bytes())
    assert [(one.item, one.value) for one in found] == [("Q2280", "Q586")]
    assert read_csv(batch.with_suffix(".csv").read_bytes()) == found
    assert len(check_mismatches((out / "mismatches.csv").read_bytes())) == 1
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    rows = list(csv.DictReader(io.StringIO((out / "report.csv").read_text(encoding="utf-8"))))
    assert report["counts"] == {"one-sided": 1} == report["countries"]["DE"]
    assert [row["finding"] for row in rows] == ["one-sided"]


def test_a_page_is_written_in_both_languages() -> None:
    report = make_report(small(), NOTHING)
    english, german = (page_model(report, language) for language in ("en", "de"))

    assert english["findings"] != german["findings"]
    assert [len(model["rows"]) for model in (english, german)] == [1, 1]  # type: ignore[arg-type]
    assert all(len(finding.title) == len(finding.action) == 2 for finding in FINDINGS.values())


# --- the page ------------------------------------------------------------------------------------


def test_the_page_shows_both_sides_and_the_kinds_proposed_as_p190(
    site: BuildReader, tmp_path: Path
) -> None:
    named = [(place, RDFS.label, Literal(text, language="en"))
             for place, text in ((BONN, "Bonn"), (MINSK, "Minsk"))]  # fmt: skip
    report = make_report(
        small(*SINCE, *named),
        Snapshot("2016", (there(start=(time("+1994-00-00"),)), back(start=None))),
    )
    path = tmp_path / "report.json"
    path.write_bytes(write_report_json(report))
    file = BuildFile(path, "application/json", path.stat().st_size, "")
    shown = replace(site, dumps={**site.dumps, REPORT_JSON: file})
    english, german = (page(shown, language, "wikidata.html") or b"" for language in ("en", "de"))
    none = {name: one for name, one in site.dumps.items() if name != REPORT_JSON}
    bare = (page(replace(site, dumps=none), "en", "wikidata.html") or b"").decode()

    for text in ("starts differ (1)", 'href="place/bonn.html"', "1993-05-17 (day)", "1994 (year)",
                 "https://www.wikidata.org/wiki/Q2280", "<q>Minsk</q>", "projects without",
                 "vocab/type/twinning.html"):  # fmt: skip
        assert text in english.decode(), text
    assert "Beginn verschieden (1)" in german.decode() and "Städtepartnerschaft" in german.decode()
    assert "no list of Wikidata" in bare and "projects without" in bare


def test_entities_with_an_item_and_the_search_lead_to_the_page(client: TestClient) -> None:
    assert client.get("/en/wikidata.html").status_code == 200
    assert 'href="../wikidata.html"' in client.get("/en/place/bonn.html").text
    assert "wikidata.html" not in client.get("/en/partnership/bonn-minsk.html").text
    assert 'href="wikidata.html"' in client.get("/en/search?q=bonn").text
    report = client.get("/links/wikidata-report.json").json()
    assert (report["snapshot"], report["counts"]) == (
        "wikidata-2016", {"missing": 4, "one-sided": 1}
    )  # fmt: skip


_HEADS = '{"head":{"vars":["item","target"]},"results":{"bindings":[]}}'
_GOOD = json.dumps(entity({"id": "Q586$a", "mainsnak": item(2280)}))


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("a.json", b"null", "no item of Wikidata in it"),
        ("a.json", b"5", "no item of Wikidata in it"),
        ("a.json", b'{"entities":[]}', "no item of Wikidata in it"),
        ("a.json", _HEADS.encode(), "no item of Wikidata in it"),
        ("a.json", b"[" * 200_000, "nested too deeply"),
        ("a.json.gz", gzip.compress(_GOOD[:50].encode(), mtime=0), "no item of Wikidata in it"),
        ("a.json.gz", gzip.compress(_GOOD.encode(), mtime=0)[:-12], "name a whole file"),
        ("dump.json", b"[\n{bad\n]\n", "no item of Wikidata in it"),
        ("dump.json", f"[\n{_GOOD},\n".encode(), "the list of entities has no end"),
        ("dump.json.bz2", bz2.compress(_GOOD.encode())[:20], "name a whole file"),
        ("a.csv", b"\0" * 30, "no pair of items"),
        ("a.csv", b"", "no item of Wikidata in it"),
        ("a.csv", b'Q1,Q2\n"Q3,Q4\n', "name a UTF-8 file of pairs"),
    ],
)
def test_a_snapshot_that_is_none_is_never_taken_for_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, raw: bytes, words: str
) -> None:
    monkeypatch.setattr(command, "read_frozen", lambda *_: ())
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(TwingraphError, match=words) as told:
        command.load_report(Settings(tmp_path), tmp_path, path)
    assert str(path) in str(told.value)


@pytest.mark.parametrize("raw", [b"", b"a,b\n1,2\n", b"qid,name\nBonn,Q586\n", b'qid\n"Q1\n'])
def test_an_invalid_table_of_items_is_reported(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes(raw)
    with pytest.raises(TwingraphError, match=r"items\.csv"):
        read_nodes(path)
