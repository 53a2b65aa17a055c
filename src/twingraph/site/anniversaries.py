"""Anniversaries, by one rule that page, question and calendar share.

An anniversary counts from each start that a source gives, and, as a separate kind, from the
decision to enter. It falls on the day, in the month or in the year that is given, never on a finer
date; what has no single year has none. Round are multiples of five. Nothing is expected of a
partnership that has ended.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.derive.dates import NONE, bounds
from twingraph.site.pictures.svg import Words

ROUND: Final = 5
_DATE: Final = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?(~)?", re.ASCII)
_COMMON: Final = "start"  # a start without a stated basis

Row = Mapping[str, NamedNode | Literal | None]
DateWords = Callable[[str], str]
"""EDTF -> the date in words of the reader's language."""


class Start(NamedTuple):
    """What an anniversary counts from.

    `basis` is a code of vocab/basis, "start" where none is given, "decision" for the decision of a
    council and "decision other" for that of anybody else. `value` is EDTF; `sources` are IRIs.
    `latest_end` is the day (ISO) after which nothing is expected: empty for none, "0" for all.
    """

    partnership: str
    basis: str
    value: str
    implied: bool = False
    sources: tuple[str, ...] = ()
    latest_end: str = ""


class Anniversary(NamedTuple):
    """A round number of years after a start; `date` is an ISO day, month or year."""

    start: Start
    years: int
    date: str

    @property
    def year(self) -> int:
        """The year in which it falls."""
        return int(self.date[:4])

    @property
    def about(self) -> bool:
        """Is the start only about that year?"""
        return self.start.value.endswith("~")


# A boolean as engines write it: some know none and give a number (XSD 1.1 §3.3.2.2 has both).
TRUE: Final = frozenset({"true", "1"})


def read_starts(rows: Iterable[Row]) -> list[Start]:
    """Return the dates from which anniversaries count, from rows of `anniversaries.rq`.

    Of the claims those count whose value the build has published, alone or in a set: what another
    claim displaces or refines is no start of its own (model.md, Resolution). Where no start could
    be written as EDTF, each claim counts. Equal texts are one object, since many share them.
    """
    texts: dict[str, str] = {}
    groups: dict[tuple[str, ...], tuple[str, ...]] = {}
    starts: dict[tuple[str, str, str, bool], set[str]] = defaultdict(set)
    ends: dict[str, str] = {}
    for row in rows:
        partnership, value = (_text(row, name) for name in ("partnership", "value"))
        if not _is_published(value, _text(row, "published")):
            continue
        ends.setdefault(partnership, _end(row))
        partnership = texts.setdefault(partnership, partnership)
        value = texts.setdefault(value, value)
        key = partnership, _basis(row), value, _text(row, "inferred") in TRUE
        starts[key].update({_text(row, "source")} - {""})
    result = []
    for key, sources in starts.items():
        group = tuple(sorted(sources))
        result.append(Start(*key, groups.setdefault(group, group), ends[key[0]]))
    return sorted(result)


def _is_published(value: str, published: str) -> bool:
    """Is a claimed start among the published ones?

    >>> _is_published("2003", "[1993~,2003]"), _is_published("1995", "[1993~,2003]")
    (True, False)
    """
    return not published or value in published.strip("[]").split(",")


def anniversaries(starts: Iterable[Start], first: int, last: int) -> list[Anniversary]:
    """Return the round anniversaries of some starts in the years `first` to `last`, by date.

    >>> agreed = Start("bonn-minsk", "agreement", "2003")
    >>> about = Start("bonn-minsk", "anniversary-implied", "1993~", implied=True)
    >>> [(found.date, found.years) for found in anniversaries([agreed, about], 2028, 2028)]
    [('2028', 25), ('2028', 35)]
    >>> council = Start("bonn-kherson", "decision", "2023-02-09")
    >>> [(found.date, found.years) for found in anniversaries([council], 2028, 2032)]
    [('2028-02-09', 5)]
    """
    result = []
    for start in starts:
        given = single_date(start.value)
        if not given:
            continue
        began = int(given[:4])
        nearest = began + ROUND * max(1, -(-(first - began) // ROUND))
        for year in range(nearest, min(last, 9999) + 1, ROUND):
            day = _in_year(given, year)
            if not start.latest_end or day <= start.latest_end[: len(day)]:
                result.append(Anniversary(start, year - began, day))
    return sorted(result, key=lambda a: (_by_date(a.date), a.start.partnership, a.years, a.start))


def single_date(value: str) -> str:
    """Return the day, month or year that an EDTF date names, about or not; empty for what is wider.

    >>> [single_date(value) for value in ("1987-07-02", "2018-05", "1993~", "199X", "[1993~,2003]")]
    ['1987-07-02', '2018-05', '1993', '', '']
    """
    known = bounds(value) not in (None, NONE)
    return value.removesuffix("~") if known and _DATE.fullmatch(value) else ""


def _in_year(given: str, year: int) -> str:
    """Return the date of the anniversary; a 29 February is only a month where it is missing.

    >>> _in_year("2000-02-29", 2025), _in_year("2018-05", 2028)
    ('2025-02', '2028-05')
    """
    moved = f"{year:04d}{given[4:]}"
    if len(moved) < 10:
        return moved
    try:
        return date.fromisoformat(moved).isoformat()
    except ValueError:
        return moved[:7]


def phrases(
    coming: Sequence[Anniversary], words: Words, date_words: DateWords
) -> list[tuple[str, str]]:
    """Return (date, phrase) of the anniversaries of ONE partnership, those of a day in one line.

    >>> from twingraph.site.pictures.words import words_in
    >>> agreed = Start("bonn-minsk", "agreement", "2003")
    >>> about = Start("bonn-minsk", "anniversary-implied", "1993~", implied=True)
    >>> both = anniversaries([agreed, about], 2028, 2028)
    >>> phrases(both, words_in("en"), lambda edtf: edtf.replace("1993~", "about 1993"))
    [('2028', '25 years since the agreement · 35 years since about 1993 (implied)')]
    """
    lines = []
    ordered = sorted(coming, key=lambda a: (_by_date(a.date), a.years, a.start))
    for day, group in groupby(ordered, key=lambda a: a.date):
        parts = []
        for anniversary in group:
            number = words("anniversary.years").format(years=anniversary.years)
            parts.append(f"{number} {since(anniversary.start, words, date_words)}")
        lines.append((day, " · ".join(parts)))
    return lines


def since(start: Start, words: Words, date_words: DateWords) -> str:
    """Return the basis of an anniversary in words: "since the agreement"."""
    when = date_words(start.value)
    if start.basis in ("decision", "decision other", "agreement"):
        key = start.basis
    elif start.implied or start.basis.endswith("-implied"):
        key = "implied"
    else:
        key = "start" if not start.value.endswith("~") else "about"
    return words(f"anniversary.{key}").format(when=when)


def _by_date(day: str) -> tuple[str, int]:
    """Put a year before its months, a month before its days."""
    return day.ljust(10, "-"), len(day)


def _basis(row: Row) -> str:
    if row.get("council") is None or _code(row, "origin", -2) != "decision":
        return _code(row, "basis") or _COMMON
    return "decision" if _text(row, "council") in TRUE else "decision other"


def _end(row: Row) -> str:
    latest = _text(row, "latestEnd")
    return latest or ("0" if _code(row, "status") == "ended" else "")


def _text(row: Row, name: str) -> str:
    term = row.get(name)
    return "" if term is None else term.value


def _code(row: Row, name: str, part: int = -1) -> str:
    """Return a part of an IRI: the last is the code or slug, the one before it the kind."""
    parts = _text(row, name).rsplit("/", 2)
    return parts[part] if len(parts) > 2 else ""
