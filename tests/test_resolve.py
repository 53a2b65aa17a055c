"""Claims -> published values, rule by rule, with two sources on the facts of Berlin's table."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from twingraph.derive.dates import Bounds
from twingraph.derive.resolve import Claim, Published, Rules, resolve
from twingraph.rdf.vocabulary import EDTF, HOME, TG


def concept(scheme: str, code: str) -> NamedNode:
    return NamedNode(f"{HOME}vocab/{scheme}/{code}")


TWINNING, PARTNERSHIP = concept("type", "twinning"), concept("type", "partnership")
SISTER_CITY, PROJECT = concept("type", "sister-city"), concept("type", "project-partnership")
RULES = Rules(
    {
        TWINNING: frozenset({PARTNERSHIP}),
        SISTER_CITY: frozenset({TWINNING}),
        PROJECT: frozenset({PARTNERSHIP}),
    },
)


def start(value: str, basis: str | None = "self-declared", modality: str | None = None,
          rank: str | None = None) -> Claim:  # fmt: skip
    return Claim(
        f"start-{value}-{basis}-{modality}-{rank}",
        "s",
        TG.start,
        Literal(value, datatype=EDTF),
        basis and concept("basis", basis),  # type: ignore[arg-type]  # None stays None
        modality and concept("modality", modality),  # type: ignore[arg-type]  # None stays None
        rank and concept("rank", rank),  # type: ignore[arg-type]  # None stays None
    )


def kind(value: NamedNode, modality: str | None = None, rank: str | None = None) -> Claim:
    return Claim(
        f"kind-{value}-{modality}-{rank}", "s", TG.partnershipType, value, None,
        modality and concept("modality", modality), rank and concept("rank", rank),  # type: ignore[arg-type]  # None stays None
    )  # fmt: skip


def status(code: str, as_of: str | None = None, rank: str | None = None) -> Claim:
    return Claim(
        f"status-{code}-{as_of}-{rank}", "s", TG.status, concept("status", code), None, None,
        rank and concept("rank", rank), as_of,  # type: ignore[arg-type]  # None stays None
    )  # fmt: skip


def texts(found: Published) -> list[str]:
    return [value.value for value in found.values]


def test_bonn_minsk_is_a_set_with_a_visible_conflict() -> None:
    claims = [
        start("2003", "agreement"),
        start("1993~", "anniversary-implied", "inferred"),
    ]

    found = resolve(claims, RULES)

    assert texts(found) == ["[1993~,2003]"]
    assert found.bounds == Bounds("1992-01-01", "2003-12-31")
    assert found.conflict


# What a second source may say of Berlin-Paris ("02 July 1987", twinning), and what is published.
BERLIN_PARIS = start("1987-07-02")
DATE_CASES = {
    "a coarser date": ([start("1987")], ["1987-07-02"], False),
    "the same date": ([start("1987-07-02", "agreement")], ["1987-07-02"], False),
    "another date": ([start("1988-01-05")], ["[1987-07-02,1988-01-05]"], True),
    "another year": ([start("1990")], ["[1987-07-02,1990]"], True),
    "another date, deprecated": ([start("1990", rank="deprecated")], ["1987-07-02"], False),
    "another date, preferred": ([start("1990", rank="preferred")], ["1990"], False),
    "a date without basis": ([start("1985", None)], ["1987-07-02"], False),
    "an inferred date of the same basis": (
        [start("1985~", modality="inferred")], ["1987-07-02"], False,
    ),
    "an inferred date of another basis that disagrees": (
        [start("1985~", "anniversary-implied", "inferred")], ["[1985~,1987-07-02]"], True,
    ),
    "an inferred date of another basis that agrees": (
        [start("1987~", "anniversary-implied", "inferred")], ["1987-07-02"], False,
    ),
    "two preferred dates that disagree": (
        [start("1990", rank="preferred"), start("1991", rank="preferred")], ["[1990,1991]"], True,
    ),
    "an interval, which no set can hold": ([start("1980/1985")], [], True),
}  # fmt: skip


@pytest.mark.parametrize("case", DATE_CASES)
def test_a_second_source_on_the_start_of_berlin_paris(case: str) -> None:
    others, expected, conflict = DATE_CASES[case]

    found = resolve([BERLIN_PARIS, *others], RULES)

    assert (texts(found), found.conflict) == (expected, conflict)


# Whose words the dates are that differ, and whether sources or passages of one then differ.
WHOSE_WORDS = {
    "two sources": (("page",), ("letter",), (True, False)),
    "two passages of one source": (("page",), ("page",), (False, True)),
    "one source, and again with another": (("page",), ("letter", "page"), (False, True)),
}


@pytest.mark.parametrize("case", WHOSE_WORDS)
def test_dates_that_differ_say_whose_words_differ(case: str) -> None:
    first, second, expected = WHOSE_WORDS[case]
    claims = [
        replace(BERLIN_PARIS, sources=frozenset(first)),
        replace(start("1990"), sources=frozenset(second)),
    ]

    found = resolve(claims, RULES)

    assert found.conflict
    assert (found.between_sources, found.within_source) == expected


def test_what_three_passages_say_can_differ_both_ways() -> None:
    claims = [
        replace(start(year), sources=frozenset({source}))
        for year, source in (("1987", "page"), ("1990", "page"), ("1991", "letter"))
    ]

    found = resolve(claims, RULES)

    assert (found.between_sources, found.within_source) == (True, True)


def test_dates_that_agree_differ_in_nobodys_words() -> None:
    same = [replace(start("1987", basis), sources=frozenset({basis})) for basis in ("a", "b")]

    found = resolve(same, RULES)

    assert (found.conflict, found.between_sources, found.within_source) == (False, False, False)


# A value is as strong as its strongest claim; a date of several values as its weakest.
STRENGTHS = {
    "stated": ([start("1987")], "stated"),
    "inferred": ([start("1987", modality="inferred")], "inferred"),
    "one date, stated and inferred": (
        [start("1987"), start("1987", "anniversary-implied", "inferred")], "stated",
    ),
    "two dates, one of them inferred": (
        [start("1987"), start("1990~", "anniversary-implied", "inferred")], "inferred",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STRENGTHS)
def test_a_start_says_how_strong_it_is(case: str) -> None:
    claims, expected = STRENGTHS[case]

    assert resolve(claims, RULES).strength == concept("modality", expected)


def test_no_start_has_no_strength() -> None:
    assert resolve([], RULES).strength is None
    assert resolve([start("1987", None)], RULES).strength is None


def test_where_no_set_can_say_it_the_bounds_still_do() -> None:
    found = resolve([BERLIN_PARIS, start("1980/1985")], RULES)

    assert found.bounds == Bounds("1980-01-01", "1987-07-02")


def test_a_finer_inferred_date_does_not_displace_a_coarser_stated_one() -> None:
    found = resolve([start("1987"), start("1987-07-02", "anniversary-implied", "inferred")], RULES)

    assert (texts(found), found.conflict) == (["1987"], False)


KIND_CASES = {
    "unstated kind": ([kind(PARTNERSHIP)], [TWINNING], False),
    "a narrower kind": ([kind(SISTER_CITY)], [SISTER_CITY], False),
    "another kind": ([kind(PROJECT)], [PROJECT, TWINNING], True),
    "another kind, deprecated": ([kind(PROJECT, rank="deprecated")], [TWINNING], False),
    "another kind, preferred": ([kind(PROJECT, rank="preferred")], [PROJECT], False),
    "another kind, inferred": ([kind(PROJECT, "inferred")], [TWINNING], False),
}


@pytest.mark.parametrize("case", KIND_CASES)
def test_a_second_source_on_the_kind_of_berlin_paris(case: str) -> None:
    others, expected, conflict = KIND_CASES[case]

    found = resolve([kind(TWINNING), *others], RULES)

    assert (list(found.values), found.conflict) == (expected, conflict)


STATUS_CASES = {
    "ended later": ([status("ended", "2010")], ["ended"], "2010"),
    "suspended, then resumed": (
        [status("suspended", "2022-03-01"), status("active", "2024")], ["active"], "2024",
    ),
    "ended, of an earlier day than suspended": (
        [status("ended", "2001"), status("suspended", "2022-03-01")], ["suspended"], "2022-03-01",
    ),
    "dated, but deprecated": ([status("ended", "2010", "deprecated")], ["active"], None),
    "undated too": ([status("dormant")], ["active", "dormant"], None),
}  # fmt: skip


@pytest.mark.parametrize("case", STATUS_CASES)
def test_a_second_source_on_the_status_of_berlin_paris(case: str) -> None:
    others, expected, as_of = STATUS_CASES[case]

    found = resolve([status("active"), *others], RULES)

    assert [value.value.rpartition("/")[2] for value in found.values] == expected
    assert found.as_of == as_of


def test_what_had_ended_by_the_release_gives_way_to_what_had_not() -> None:
    friends = replace(kind(concept("type", "friendship")), until="1990")

    found = resolve([friends, kind(TWINNING)], RULES, "2026-11-21")

    assert (list(found.values), found.conflict) == ([TWINNING], False)
    assert resolve([friends], RULES, "2026-11-21").values == (friends.value,)


def test_a_suspension_that_is_over_says_nothing_of_today() -> None:
    past = replace(status("suspended"), until="2012")

    assert resolve([past], RULES, "2026-11-21") == Published()
    assert [
        value.value.rpartition("/")[2] for value in resolve([past], RULES, "2011-01-01").values
    ] == ["suspended"]


def test_silence_is_no_status() -> None:
    assert resolve([], RULES) == Published()


DATES = st.sampled_from(["1987", "1987-07-02", "1987-07", "1990", "1985~", "198X", "1980/1985"])
CLAIMS = st.lists(
    st.builds(
        start,
        DATES,
        st.sampled_from(["self-declared", "agreement", "anniversary-implied", None]),
        st.sampled_from([None, "inferred"]),
        st.sampled_from([None, None, "preferred", "deprecated"]),
    ),
    max_size=5,
)


@given(CLAIMS)
def test_the_order_of_claims_changes_nothing(claims: list[Claim]) -> None:
    found = {resolve(list(order), RULES) for order in permutations(claims)}

    assert len(found) == 1


@given(CLAIMS)
def test_resolving_what_was_published_changes_nothing(claims: list[Claim]) -> None:
    found = resolve(claims, RULES)
    again = [Claim(str(n), "s", TG.date, value) for n, value in enumerate(found.values)]

    assert resolve(again, RULES).values == found.values


@given(CLAIMS)
def test_nothing_is_published_that_no_claim_says(claims: list[Claim]) -> None:
    said = {claim.value.value for claim in claims}

    for text in texts(resolve(claims, RULES)):
        assert set(text.strip("[]").split(",")) <= said
