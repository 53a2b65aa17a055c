"""The traps of the sources: where a hasty reader goes wrong, and what the published graph says.

One test a trap, by the number it has in the table of the reading (C: conflict, T: trap). Numbers
that look alike, days that nobody wrote, a list that isn't closed, two sentences that disagree.
"""

from __future__ import annotations

from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryBoolean, QuerySolutions, Store

from twingraph.rdf.vocabulary import HOME, prefixes_for

PREFIXES: Final = prefixes_for(HOME)

HEADER: Final = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())


class Graph:
    """The published graph: what it says of a thing, in the short names of the data files."""

    def __init__(self, quads: frozenset[Quad]) -> None:
        self.store = Store()
        self.store.extend(quads)

    def rows(self, select: str) -> set[tuple[str, ...]]:
        found = self.store.query(HEADER + select)
        assert isinstance(found, QuerySolutions)
        return {tuple(short(item) for item in solution) for solution in found}

    def of(self, thing: str, path: str) -> set[str]:
        rows = self.rows(f"SELECT DISTINCT ?value {{ {thing} {path} ?value }}")
        return {row[0] for row in rows}

    def holds(self, pattern: str) -> bool:
        found = self.store.query(f"{HEADER}ASK {{ {pattern} }}")
        assert isinstance(found, QueryBoolean)
        return bool(found)

    def claims(self, thing: str, verb: str) -> set[tuple[str, ...]]:
        """Value, basis and modality of the claims about a property of a thing."""
        return self.rows(
            f"""SELECT ?value ?basis ?modality {{
                ?claim tg:subject {thing} ; tg:property {verb} ; tg:value ?value .
                OPTIONAL {{ ?claim tg:basis ?basis }}
                OPTIONAL {{ ?claim tg:modality ?modality }} }}"""
        )

    def quotes(self, thing: str) -> str:
        return " | ".join(sorted(self.of(thing, "tg:cites/tg:quote")))

    def lines(self, thing: str) -> set[str]:
        return self.of(thing, "tg:cites/tg:line")


def short(term: object) -> str:
    """A term as in a data file; nothing for a variable without a value."""
    if isinstance(term, NamedNode):
        for name, iri in PREFIXES.items():
            if term.value.startswith(iri) and "/" not in term.value.removeprefix(iri):
                return f"{name}:{term.value.removeprefix(iri)}"
        return term.value
    return term.value if isinstance(term, Literal) else ""


@pytest.fixture(scope="module")
def graph(quads: frozenset[Quad]) -> Graph:
    return Graph(quads)


def test_c1_bonn_and_minsk_began_in_1993_or_in_2003_and_both_are_shown(graph: Graph) -> None:
    minsk = "partnership:bonn-minsk"

    assert graph.of(minsk, "tg:start") == {"[1993~,2003]"}
    assert graph.of(minsk, "tg:earliestStart") == {"1992-01-01"}
    assert graph.of(minsk, "tg:latestStart") == {"2003-12-31"}
    assert graph.of(minsk, "tg:hasConflict") == {"tg:start"}
    assert graph.of(minsk, "tg:passagesDifferOn") == {"tg:start"}
    assert graph.of(minsk, "tg:sourcesDifferOn") == set()
    assert graph.of(minsk, "tg:startModality") == {"modality:inferred"}
    assert graph.claims(minsk, "tg:start") == {
        ("1993~", "basis:anniversary-implied", "modality:inferred"),
        ("2003", "basis:agreement", ""),
    }
    # first contacts and the activity of a club are told, and are no start
    assert graph.of(minsk, "tg:contactsSince") == {"199X"}
    assert graph.claims("orgid:minsk-club-bonn", "tg:start") == {
        ("1995", "basis:activity", "modality:inferred")
    }
    # 1993 is written in no source
    assert not graph.holds('?cite tg:inSource source:bonn-minsk ; tg:quote ?quote . '
                          'FILTER (CONTAINS(?quote, "1993"))')  # fmt: skip


def test_c2_bonn_counts_itself_among_twinnings_and_yet_has_none(graph: Graph) -> None:
    remark = "remark:bonn-twinning-wording"

    assert graph.of(remark, "tg:remarkKind") == {"remark-kind:discrepancy"}
    assert "traditional city twinning" in graph.quotes(remark)
    assert "city twinnings" in graph.quotes(remark)
    assert graph.lines(remark) == {"5", "9"}
    assert graph.of("partnership:bonn-minsk", "tg:partnershipType") == {"type:project-partnership"}
    assert graph.of("place:bonn", "tg:twinnedWith") == set()
    assert "place:minsk" in graph.of("place:bonn", "tg:partnerOf")


def test_t1_more_than_100_are_people_here_and_partnerships_there(graph: Graph) -> None:
    hundreds = graph.rows(
        "SELECT ?quantity ?counts ?comparator { ?quantity tg:number 100 ; tg:counts ?counts ; "
        "tg:comparator ?comparator }"
    )

    assert hundreds == {
        ("quantity:german-russian-letter-representatives", "counts:signatories", ">"),
        ("quantity:german-russian-official-partnerships", "counts:official-partnerships", ">"),
    }
    assert graph.lines("quantity:german-russian-letter-representatives") == {"5"}
    assert graph.lines("quantity:german-russian-official-partnerships") == {"8"}
    assert graph.of("quantity:german-russian-official-partnerships", "tg:about") == {
        "place:germany", "place:russia",
    }  # fmt: skip


def test_t2_leipzig_and_kyiv_are_62_years_old_so_about_1961(graph: Graph) -> None:
    kyiv = "partnership:kyiv-leipzig"

    assert graph.claims(kyiv, "tg:start") == {
        ("1961~", "basis:duration-implied", "modality:inferred")
    }
    assert graph.of(kyiv, "tg:start") == {"1961~"}
    assert graph.of(kyiv, "tg:earliestStart") == {"1960-01-01"}
    assert graph.of("claim:kyiv-leipzig-start", "prov:wasDerivedFrom") == {
        "quantity:kyiv-leipzig-years"
    }
    assert graph.of("quantity:kyiv-leipzig-years", "tg:number") == {"62"}


def test_t3_a_council_decided_on_kherson_and_nothing_more_is_known(graph: Graph) -> None:
    decision, kherson = "decision:bonn-kherson-solidarity-partnership", "partnership:bonn-kherson"

    assert graph.of(decision, "tg:date") == {"2023-02-09"}
    assert graph.of(decision, "tg:vote") == {"vote:unanimous"}
    assert graph.of(decision, "tg:decidedBy") == {"unit:bonn-city-council"}
    assert graph.of(kherson, "tg:partnershipType") == {"type:solidarity-partnership"}
    assert graph.claims(kherson, "tg:start") == set()
    assert graph.of(kherson, "tg:start|tg:earliestStart|tg:status|tg:end|tg:modality") == set()
    assert graph.of(kherson, "tg:notStated") == {"tg:start", "tg:status", "tg:end"}
    assert not graph.holds(f"?agreement a tg:Agreement ; tg:about {kherson}")
    assert "place:kherson" in graph.of("place:bonn", "tg:partnerOf")
    assert "Project partnerships" in graph.quotes("claim:bonn-kherson-kind")


def test_t4_minsk_is_the_oldest_project_partner_though_tel_aviv_is_older(graph: Graph) -> None:
    oldest = graph.rows(
        "SELECT ?partnership { ?remark tg:remarkKind remark-kind:superlative ; "
        "tg:about place:bonn , ?partnership . ?partnership a tg:Partnership }"
    )

    assert oldest == {("partnership:bonn-minsk",)}
    assert "project partner" in graph.quotes("remark:bonn-minsk-oldest")
    assert graph.of("partnership:bonn-tel-aviv-jaffa", "tg:partnershipType") == {"type:friendship"}
    assert graph.of("partnership:bonn-tel-aviv-jaffa", "tg:latestStart") == {"1983-12-31"}
    assert min(graph.of("partnership:bonn-minsk", "tg:earliestStart")) > "1983-12-31"


def test_t5_the_mayor_of_2009_is_an_office_and_no_person(graph: Graph) -> None:
    membership = "membership:mayor-of-bonn-world-council-of-mayors"

    assert graph.of(membership, "tg:throughPost") == {"post:mayor-of-bonn"}
    assert graph.of(membership, "org:role") == {"role:vice-chairperson"}
    assert graph.of(membership, "org:member") == set()
    assert graph.of("post:mayor-of-bonn", "org:heldBy|^org:holds") == set()
    assert graph.of("event:world-council-of-mayors-vice-chair-election", "tg:date") == {"2009"}


def test_t6_the_cemr_statement_has_no_date_only_a_day_it_cannot_precede(graph: Graph) -> None:
    statement = "statement:cemr-democracy-in-belarus"

    assert graph.claims(statement, "tg:date") == {("[2020-08-09..]", "", "modality:inferred")}
    assert graph.of(statement, "tg:earliestDate") == {"2020-08-09"}
    assert graph.of(statement, "tg:latestDate") == set()
    assert graph.of(statement, "tg:notStated") == {"tg:date"}


def test_t7_two_cities_host_one_conference_in_one_of_them(graph: Graph) -> None:
    conference = "event:german-asian-conference-2023"
    many = graph.rows(
        f"SELECT ?comparator ?number {{ ?q tg:about {conference} ; "
        "tg:comparator ?comparator ; tg:number ?number }"
    )

    assert graph.of(conference, "tg:host") == {"place:hildesheim", "place:padang"}
    assert graph.of(conference, "tg:place") == {"place:hildesheim"}
    assert graph.of(conference, "tg:date") == {"2023-09-26/2023-09-28"}
    assert many == {(">", "80")}
    assert graph.lines("quantity:german-asian-conference-2023-participants") == {"32"}
    assert graph.lines("claim:german-asian-conference-2023-date") == {"38"}
    assert len(graph.rows("SELECT ?e { ?e a tg:Event ; tg:place place:hildesheim }")) == 1


def test_t8_utility_partnerships_are_a_programme_of_six_countries(graph: Graph) -> None:
    programme = "programme:utility-partnerships"

    assert graph.of(programme, "tg:country") == {
        f"place:{name}"
        for name in ("germany", "jordan", "south-africa", "tanzania", "ukraine", "zambia")
    }
    assert graph.of(programme, "tg:start") == {"2019"}
    assert graph.of(programme, "tg:participant") == set()
    assert not graph.holds("?partnership tg:partnershipType type:utility-partnership")


def test_t9_a_joint_project_makes_a_partner_by_implication_only(graph: Graph) -> None:
    for city in ("bukhara", "la-paz", "cape-coast"):
        partnership = f"partnership:bonn-{city}"
        assert graph.of(partnership, "tg:modality") == {"modality:inferred"}
        assert f"place:{city}" not in graph.of("place:bonn", "tg:partnerOf")
        assert graph.of(partnership, "prov:wasDerivedFrom/a") == {"tg:Project"}
    for remark in ("partner-list", "joint-projects", "case-by-case"):
        assert graph.of(f"remark:bonn-{remark}", "tg:remarkKind") == {"remark-kind:open-list"}
        assert graph.of(f"remark:bonn-{remark}", "tg:hedge")
    assert not graph.holds("?quantity a tg:Quantity ; tg:about place:bonn")


def test_t10_two_cities_share_a_row_and_each_keeps_its_own_day_and_names(graph: Graph) -> None:
    rows = {
        "21": {("los-angeles", "1967-06-27"), ("tashkent", "1993-04-30")},
        "22": {("paris", "1987-07-02"), ("mexico-city", "1993-09-01")},
        "23": {("madrid", "1988-11-04"), ("beijing", "1994-04-05")},
        "24": {("istanbul", "1989-11-17"), ("tokyo", "1994-05-14")},
        "25": {("warsaw", "1991-08-12"), ("buenos-aires", "1994-05-19")},
        "26": {("moscow", "1991-08-28"), ("prague", "1995-06-10")},
        "27": {("budapest", "1991-12-14"), ("windhoek", "2000-07-06")},
        "28": {("brussels", "1992-06-01"), ("london", "2000-10-10")},
        "29": {("jakarta", "1993-04-22")},
    }
    found = graph.rows(
        """SELECT ?line ?city ?day {
            ?claim tg:subject ?p ; tg:property tg:start ; tg:value ?day ; tg:cites ?cite .
            ?cite tg:line ?line ; tg:quote ?quote . FILTER (?line > 20)
            ?p tg:partner place:berlin , ?city ; tg:start ?day . FILTER (?city != place:berlin) }"""
    )

    assert found == {
        (line, f"place:{city}", day) for line, cities in rows.items() for city, day in cities
    }
    german = {"beijing": "Peking", "moscow": "Moskau", "tashkent": "Taschkent", "prague": "Prag"}
    for city, name in german.items():
        assert name in graph.of(f"place:{city}", "rdfs:label|skos:altLabel")


def test_t11_what_an_item_tells_of_is_older_than_the_item(graph: Graph) -> None:
    decided = graph.of("decision:al-mohammara-opfenbach-healthcare-centre-2022", "tg:date")
    april, may = "statement:news-oecd-roundtable", "statement:news-healthcare-centre"

    assert decided == {"2022"}
    assert graph.of(april, "tg:date") == {"2023-04-11"}
    assert graph.of(may, "tg:date") == {"2023-05-23"}
    assert max(map(int, graph.lines(april))) < min(map(int, graph.lines(may)))


def test_t12_a_bound_stays_a_bound(graph: Graph) -> None:
    counted = graph.rows(
        "SELECT ?number ?comparator { ?q a tg:Quantity ; tg:number ?number ; "
        "tg:comparator ?comparator FILTER (?number >= 30 && ?number NOT IN (62, 75)) }"
    )
    bounds = {(number, comparator) for number, comparator in counted if number != "1900000"}

    assert bounds == {("1000", ">"), ("30", ">"), ("80", ">"), ("100", ">"), ("30", "=")}
    assert ("1900000", "~") in counted
    # the 30 that is exact is an age; no bound is without the words that make it one
    select = 'SELECT ?counts { ?q tg:number 30 ; tg:comparator "=" ; tg:counts ?counts }'
    assert graph.rows(select) == {("counts:years-since",)}
    assert not graph.holds('?q tg:comparator ">" FILTER NOT EXISTS { ?q tg:hedge ?words }')


def test_t13_what_was_announced_is_not_published_as_done(graph: Graph) -> None:
    assert graph.of("claim:german-asian-conference-2023-date", "tg:hedge") == {"will host"}
    assert graph.of("claim:hlpf-2023-date", "tg:hedge") == {"will feature"}
    assert graph.of("event:hlpf-2023", "tg:hedge") == {"will feature"}
    assert graph.of("remark:hlpf-2023-review", "tg:hedge") == {"will feature"}


def test_t14_berlins_table_bears_out_what_berlin_says(graph: Graph) -> None:
    table = graph.rows(
        "SELECT ?p ?first ?last { ?p tg:partner place:berlin ; "
        "tg:earliestStart ?first ; tg:latestStart ?last }"
    )
    around = [row for row in table if row[1] >= "1987-01-01" and row[2] <= "1994-12-31"]

    assert graph.of("quantity:berlin-partner-cities", "tg:number") == {"17"}
    assert graph.of("quantity:berlin-partner-cities", "tg:comparator") == {"="}
    assert len(table) == 17
    assert len(around) == 13
    assert graph.of("remark:berlin-most-around-1990", "tg:hedge") == {"most"}


def test_t15_partner_since_is_no_day_of_signing(graph: Graph) -> None:
    bases = graph.rows(
        "SELECT DISTINCT ?basis ?heading { ?p tg:partner place:berlin . ?claim tg:subject ?p ; "
        "tg:property tg:start ; tg:basis ?basis ; tg:cites cite:berlin-partner-since . "
        "cite:berlin-partner-since tg:quote ?heading }"
    )

    assert bases == {("basis:self-declared", "City Partner since City Partner since")}
    assert not graph.holds("?p tg:partner place:berlin . ?claim tg:subject ?p ; "
                          "tg:basis basis:agreement")  # fmt: skip
    assert not graph.holds("?agreement a tg:Agreement ; tg:concludedBy place:berlin")
