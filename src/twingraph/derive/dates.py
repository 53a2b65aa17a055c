"""EDTF -> bounds: the first and the last day that a date can mean, as xsd:date texts.

Library of Congress EDTF (ISO 8601-2). An approximate date (`1993~`) is widened by a year on either
side; an interval has its outermost days; an open or unknown end has no bound; a recurring day
(`XXXX-05-09`) has none. Years outside 0001…9999 are valid but have no bounds.
"""

from __future__ import annotations

import calendar
import contextlib
import io
import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from time import struct_time
from typing import Final, Literal, NamedTuple

_FAST: Final = re.compile(
    r"(?P<year>\d{4}|\d{3}X|\d{2}XX)(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?(?P<about>~)?",
    re.ASCII,
)
_PLAIN: Final = re.compile(r"\d{4}(-\d{2}){0,2}", re.ASCII)
_EVERY_YEAR: Final = re.compile(r"XXXX-\d{2}-\d{2}", re.ASCII)
_RECURRING: Final = re.compile(r"XXXX(-[X\d]{2}){0,2}")
_SET: Final = re.compile(r"\[(.*)\]|\{(.*)\}", re.DOTALL)
_YEAR: Final = re.compile(r"[?~%]?Y?(?P<minus>-?)[?~%]?(?P<digits>\d+)(E(?P<zeros>\d+))?")
_EXPONENT: Final = re.compile(r"(?<=[eE])\d+")
_SIGNIFICANT: Final = re.compile(r"S(\d+)")
_ZEROS: Final = 9  # behind the digits of a year: more make no difference
MAX_LENGTH: Final = 200  # the grammar of sets is slow on long input; no real date comes near it


class Bounds(NamedTuple):
    """The first and the last possible day (`YYYY-MM-DD`), None where there is no bound."""

    earliest: str | None
    latest: str | None

    def within(self, other: Bounds) -> bool:
        """Do these bounds lie inside `other` (equal bounds do)?

        >>> Bounds("1987-07-02", "1987-07-02").within(Bounds("1987-01-01", "1987-12-31"))
        True
        """
        low = other.earliest is None or (
            self.earliest is not None and self.earliest >= other.earliest
        )
        high = other.latest is None or (self.latest is not None and self.latest <= other.latest)
        return low and high


NONE: Final = Bounds(None, None)


@lru_cache(maxsize=65536)
def bounds(text: str) -> Bounds | None:
    """Return the bounds of an EDTF text; None where it is not EDTF.

    >>> bounds("1967-06-27"), bounds("2018-05")
    (Bounds(earliest='1967-06-27', latest='1967-06-27'), Bounds(earliest='2018-05-01', latest='2018-05-31'))
    >>> bounds("1993~"), bounds("199X")
    (Bounds(earliest='1992-01-01', latest='1994-12-31'), Bounds(earliest='1990-01-01', latest='1999-12-31'))
    >>> bounds("[2020-08-09..]"), bounds("XXXX-05-09"), bounds("27 June")
    (Bounds(earliest='2020-08-09', latest=None), Bounds(earliest=None, latest=None), None)
    """  # noqa: E501  # two values a line read better
    parsed = _fast(text) or _fast_interval(text) or _fast_recurring(text) or _slow(text)
    return parsed if parsed is not None and _is_possible(parsed) else None


def _is_possible(span: Bounds) -> bool:
    """Are both bounds days that exist, in this order?"""
    try:
        days = [date.fromisoformat(item) for item in span if item]
    except ValueError:
        return False
    return days == sorted(days)


def _slow(text: str) -> Bounds | None:
    if len(text) > MAX_LENGTH or text != text.strip() or not text.isascii():
        return None
    if any(int(digits) > _ZEROS for digits in _SIGNIFICANT.findall(text)):
        return None
    # The library computes a year in full: `Y1E999999999` would take it for ever. A year with more
    # than nine zeros has no bounds, nor has one with nine.
    text = _EXPONENT.sub(lambda zeros: str(min(int(zeros[0]), _ZEROS)), text)
    parsed = _parse(text)
    if parsed is None:
        return None
    # The library ignores `~` inside a set, so a set is read member by member.
    members = _SET.fullmatch(text)
    if members:
        return _members_bounds((members[1] or members[2] or "").split(","))
    first, slash, last = text.partition("/")
    if slash:  # the library gives an unknown end (`1990/`) ten years that nobody stated
        return Bounds(_side(first).earliest, _side(last).latest)
    if _RECURRING.fullmatch(text):
        return NONE
    return Bounds(_day(parsed, "lower_fuzzy"), _day(parsed, "upper_fuzzy"))


def _fast(text: str) -> Bounds | None:
    """Read what nearly every date is, without the library; None: not of these forms.

    Plain dates (EDTF level 0), `1993~` and `199X` (level 1), and `[a,b]`, `[a..]`, `[..b]` of them.
    """
    match = _FAST.fullmatch(text)
    if match is None:
        return _fast_set(text) if text[:1] == "[" and text[-1:] == "]" else None
    if match["day"] or match["month"]:
        return _plain_bounds(match)
    year = match["year"]
    if year.startswith("XX") or year[:4] == "0000" or ("X" in year and match["about"]):
        return None
    low, high = int(year.replace("X", "0")), int(year.replace("X", "9"))
    wider = 1 if match["about"] else 0
    if low - wider < 1 or high + wider > 9999:
        return None
    return Bounds(f"{low - wider:04d}-01-01", f"{high + wider:04d}-12-31")


def _fast_set(text: str) -> Bounds | None:
    members = text[1:-1].split(",")
    if (len(members) == 1 and ".." not in text) or len(text) > MAX_LENGTH:
        return None
    each = []
    for member in members:
        first, dots, last = member.partition("..")
        if dots and first and last:
            return None
        span = _fast(first or last) if (first or last)[:1] != "[" else None
        if span is None:
            return None
        each.append(
            Bounds(span.earliest if first else None, span.latest if last or not dots else None)
        )
    return union(each)


def _fast_interval(text: str) -> Bounds | None:
    """Read `a/b` of two plain dates (EDTF level 0) without the library; None: not of this form."""
    first, slash, last = text.partition("/")
    if not (slash and _PLAIN.fullmatch(first) and _PLAIN.fullmatch(last)):
        return None
    low, high = _fast(first), _fast(last)
    return Bounds(low.earliest, high.latest) if low and high else None


def _fast_recurring(text: str) -> Bounds | None:
    """Read a day of every year (`XXXX-05-09`) without the library; None: not of this form."""
    return NONE if _EVERY_YEAR.fullmatch(text) and _fast("2000" + text[4:]) else None


def _plain_bounds(match: re.Match[str]) -> Bounds | None:
    if not match["year"].isdigit() or match["about"]:
        return None
    year, month = int(match["year"]), int(match["month"])
    day = int(match["day"]) if match["day"] else None
    if year < 1 or not 1 <= month <= 12:
        return None  # EDTF's seasons (21-41) are the library's business
    last = calendar.monthrange(year, month)[1]
    if day is None:
        return Bounds(f"{year:04d}-{month:02d}-01", f"{year:04d}-{month:02d}-{last:02d}")
    if not 1 <= day <= last:
        return None
    whole = date(year, month, day).isoformat()
    return Bounds(whole, whole)


def _side(text: str) -> Bounds:
    return bounds(text) or NONE if text.strip(".") else NONE


def _members_bounds(members: list[str]) -> Bounds | None:
    lows: list[str | None] = []
    highs: list[str | None] = []
    for member in members:
        first, dots, last = member.strip().partition("..")
        low = bounds(first) if first else NONE
        high = (bounds(last) if last else NONE) if dots else low
        if low is None or high is None:
            return None
        lows.append(low.earliest)
        highs.append(high.latest)
    return union(Bounds(low, high) for low, high in zip(lows, highs, strict=True))


def union(several: Iterable[Bounds]) -> Bounds:
    """Return the bounds that hold all the given ones.

    >>> union([Bounds("1992-01-01", "1994-12-31"), Bounds("2003-01-01", "2003-12-31")])
    Bounds(earliest='1992-01-01', latest='2003-12-31')
    """
    each = list(several)
    lows = [item.earliest for item in each]
    highs = [item.latest for item in each]
    return Bounds(
        None if None in lows else min(low for low in lows if low),
        None if None in highs else max(high for high in highs if high),
    )


def _parse(text: str) -> object | None:
    import edtf  # 0.1 s to import, and most dates are plain

    # the library prints what it can't read, and trips over some of it
    failures = (edtf.EDTFParseException, ValueError, OverflowError, AttributeError, TypeError)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return edtf.parse_edtf(text)  # type: ignore[no-any-return]  # the library is untyped
        except failures:
            return None


def _day(parsed: object, name: str) -> str | None:
    """Ask the library for a bound; what it can't say (open, unknown, out of range) is None."""
    try:
        value = getattr(parsed, name)()
    except (ValueError, ArithmeticError, AttributeError, TypeError):
        return None
    if not isinstance(value, struct_time) or not isinstance(value.tm_year, int):
        return None
    if not 1 <= value.tm_year <= 9999:
        return None
    return f"{value.tm_year:04d}-{value.tm_mon:02d}-{value.tm_mday:02d}"


def odd_year(text: str) -> Literal["early", "late", ""]:
    """Tell a year of an EDTF date before 1 or after 9999, which days can't be counted for.

    >>> [odd_year(one) for one in ("-1985-03-02", "Y17E8", "[1985,Y-20000]", "1985", "../1990")]
    ['early', 'late', 'early', '', '']
    """
    for member in re.split(r"[,/\[\]{}]|\.\.", text[:MAX_LENGTH]):
        match = _YEAR.match(member)
        if match is None or not match["digits"].isdigit():
            continue
        zeros = min(int(match["zeros"] or 0), _ZEROS)
        year = int(match["digits"]) * 10**zeros
        if match["minus"] or year == 0:
            return "early"
        if year > 9999:
            return "late"
    return ""


def is_interval(text: str) -> bool:
    """Is it an interval (`a/b`)? Then it can't stand in a set."""
    return "/" in text


def date_set(values: list[str]) -> str | None:
    """Return several dates as one flat EDTF set, by first day; None where EDTF can't say it.

    >>> date_set(["2003", "1993~"]), date_set(["2003", "1990/1993"])
    ('[1993~,2003]', None)
    """
    if any(is_interval(value) or _SET.fullmatch(value) for value in values):
        return None
    ordered = sorted(values, key=lambda text: ((bounds(text) or NONE).earliest or "", text))
    together = f"[{','.join(ordered)}]"
    return together if bounds(together) is not None else None
