"""EDTF texts and the days that they can mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twingraph.derive import dates
from twingraph.derive.dates import MAX_LENGTH, Bounds, bounds, date_set, odd_year, union

CASES = {
    "2003": ("2003-01-01", "2003-12-31"),
    "2018-05": ("2018-05-01", "2018-05-31"),
    "2000-02": ("2000-02-01", "2000-02-29"),
    "1967-06-27": ("1967-06-27", "1967-06-27"),
    "1993~": ("1992-01-01", "1994-12-31"),
    "199X": ("1990-01-01", "1999-12-31"),
    "19XX": ("1900-01-01", "1999-12-31"),
    "2018-21": ("2018-03-01", "2018-05-31"),
    "2023-09-26/2023-09-28": ("2023-09-26", "2023-09-28"),
    "1961~/1970~": ("1960-01-01", "1971-12-31"),
    "1983/..": ("1983-01-01", None),
    "1990/": ("1990-01-01", None),
    "/2000": (None, "2000-12-31"),
    "../2000": (None, "2000-12-31"),
    "[2020-08-09..]": ("2020-08-09", None),
    "[..1990]": (None, "1990-12-31"),
    "[1993~,2003]": ("1992-01-01", "2003-12-31"),
    "[1667,1668,1670..1672]": ("1667-01-01", "1672-12-31"),
    "{1960,1961}": ("1960-01-01", "1961-12-31"),
    "156X-12-25": ("1560-12-25", "1569-12-25"),
    "XXXX-05-09": (None, None),
    "XXXX": (None, None),
    "Y17000002": (None, None),
    "-0044": (None, None),
    "1950S5": (None, None),
    "Y17E8": (None, None),
    "Y1E3": ("1000-01-01", "1000-12-31"),
    "Y1E999999999": (None, None),
    "Y-1E999999999": (None, None),
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_bounds(text: str, expected: tuple[str | None, str | None]) -> None:
    assert bounds(text) == Bounds(*expected)


@pytest.mark.parametrize(
    "text",
    ["", " 2003", "2003 ", "27 June 1967", "1984-02-30", "2003-13", "2018-05-2", "open", "99",
     "[1993~,June]", "2023-02-29", "2004/2003", "[2004..2002]", "٢٠٠٣", "2004-1X", "../200",
     "~1950S2", "2003\n", "1" * (MAX_LENGTH + 1), "1950S999999999", "[1985,Y1E999999999]",
     "[" + "1993," * 10_000 + "1994]"],
)  # fmt: skip
def test_what_is_no_edtf_has_no_bounds(text: str) -> None:
    assert bounds(text) is None


@given(st.dates())
def test_a_plain_day_is_its_own_bounds(day: object) -> None:
    text = str(day)

    assert bounds(text) == Bounds(text, text)


@given(st.lists(st.dates(), min_size=2, max_size=5, unique=True))
def test_a_set_spans_its_members(days: list[object]) -> None:
    texts = sorted({str(day) for day in days})
    together = date_set(texts)

    assert together is not None
    assert bounds(together) == Bounds(texts[0], texts[-1])


@given(st.text(max_size=30))
def test_no_text_makes_reading_fail(text: str) -> None:
    found = bounds(text)

    assert found is None or isinstance(found, Bounds)


def test_the_union_with_an_open_end_is_open() -> None:
    assert union([Bounds("1990-01-01", None), Bounds("1980-01-01", "1981-01-01")]) == Bounds(
        "1980-01-01", None
    )


YEARS = st.integers(min_value=2, max_value=9990).map("{:04d}".format)
FAST = st.one_of(
    YEARS,
    YEARS.map("{}~".format),
    st.integers(min_value=1, max_value=998).map("{:03d}X".format),
    st.integers(min_value=1, max_value=98).map("{:02d}XX".format),
    st.dates().map(str),
    st.dates().map(lambda day: str(day)[:7]),
)


@given(FAST)
def test_the_fast_path_says_what_the_library_says(text: str) -> None:
    parsed = dates._parse(text)

    slow = Bounds(dates._day(parsed, "lower_fuzzy"), dates._day(parsed, "upper_fuzzy"))
    assert bounds(text) == dates._fast(text) == slow


@given(st.lists(FAST, min_size=2, max_size=4))
def test_the_fast_path_takes_only_sets_that_the_library_takes(members: list[str]) -> None:
    text = f"[{','.join(members)}]"

    assert dates._fast(text) is not None
    assert dates._parse(text) is not None


PLAIN = st.one_of(YEARS, st.dates().map(str), st.dates().map(lambda day: str(day)[:7]))


@given(PLAIN, PLAIN)
def test_the_fast_path_of_intervals_says_what_the_library_says(first: str, last: str) -> None:
    text = f"{first}/{last}"

    fast, slow = dates._fast_interval(text), dates._slow(text)
    assert fast is not None
    assert slow is None or slow == fast
    assert (slow is not None and dates._is_possible(slow)) == dates._is_possible(fast)


@pytest.mark.parametrize("month", ["00", "01", "02", "04", "12", "13", "21"])
@pytest.mark.parametrize("day", ["00", "01", "29", "30", "31", "32"])
def test_a_recurring_day_is_one_of_the_library_too(month: str, day: str) -> None:
    text = f"XXXX-{month}-{day}"

    assert dates._fast_recurring(text) in (None, dates._slow(text))


def test_years_of_many_digits_are_odd_and_cost_nothing() -> None:
    assert odd_year("Y1E999999999") == "late"
    assert odd_year("Y-" + "9" * 5000) == "early"
