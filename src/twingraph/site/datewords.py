"""EDTF dates in words, as precise as the source was and no more.

What the grammar here does not know is shown as it is written, never guessed.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from twingraph.translation import NP_, Words, words_of

_MONTHS: Final = (
    NP_("month", "January"),
    NP_("month", "February"),
    NP_("month", "March"),
    NP_("month", "April"),
    NP_("month", "May"),
    NP_("month", "June"),
    NP_("month", "July"),
    NP_("month", "August"),
    NP_("month", "September"),
    NP_("month", "October"),
    NP_("month", "November"),
    NP_("month", "December"),
)
_SEASONS: Final = (
    NP_("season", "spring"),
    NP_("season", "summer"),
    NP_("season", "autumn"),
    NP_("season", "winter"),
)
_PHRASES: Final = {
    "about": NP_("date", "about {date}"),
    "perhaps": NP_("date", "perhaps {date}"),
    "both": NP_("date", "perhaps about {date}"),
    "decade": NP_("date", "the {year}s"),
    "century": NP_("date", "the years {century}00 to {century}99"),
    "decade since": NP_("date after since", "the {year}s"),
    "century since": NP_("date after since", "the years {century}00 to {century}99"),
    "month of": NP_("date", "{month} {year}"),
    "day": NP_("date", "{day} {month} {year}"),
    "every": NP_("date", "{day} {month} of every year"),
    "every month": NP_("date", "{month} of every year"),
    "since": NP_("date", "since {date}"),
    "until": NP_("date", "until {date}"),
    "from": NP_("date", "from {date}, end not known"),
    "to": NP_("date", "to {date}, start not known"),
    "span": NP_("date", "from {first} to {last}"),
    "between": NP_("date", "between {first} and {last}"),
    "after": NP_("date", "{date} or later"),
    "before": NP_("date", "{date} or earlier"),
    "after day": NP_("date", "on or after {date}"),
    "before day": NP_("date", "on or before {date}"),
    "or": NP_("date", " or "),
    "and": NP_("date", " and "),
    "list": NP_("date", ", "),
    "unknown": NP_("date", "date not known"),
}

_PLAIN: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_RECURRING: Final = re.compile(r"XXXX-(\d\d)(?:-(\d\d))?")
_WIDE: Final = re.compile(r"\d{3}X|\d\dXX")
_SEASON: Final = re.compile(r"(\d{4})-2([1-4])")
_QUALIFIED: Final = re.compile(r"(.+)([~?%])")
_SET: Final = re.compile(r"\[(.*)\]|\{(.*)\}")
_MARKS: Final = {"~": "about", "?": "perhaps", "%": "both"}


class DateText(NamedTuple):
    """A date for people, and for machines where it is a plain ISO year, month or day."""

    text: str
    iso: str


def date_text(edtf: str, language: str, *, since: bool = False) -> DateText:
    """Return an EDTF date in words; `since` if it follows that word.

    >>> [date_text(one, "en").text for one in ("2003", "2018-05", "2018-09-28", "1993~", "199X")]
    ['2003', 'May 2018', '28 September 2018', 'about 1993', 'the 1990s']
    >>> [date_text(one, "de").text for one in ("2018-09-28", "[1993~,2003]", "XXXX-05-09")]
    ['28. September 2018', 'etwa 1993 oder 2003', '9. Mai jedes Jahres']
    >>> date_text("[2020-08-09..]", "en").text, date_text("2023-09-26/2023-09-28", "en").text
    ('on or after 9 August 2020', 'from 26 September 2023 to 28 September 2023')
    >>> date_text("2018-05", "de").iso, date_text("1993~", "de").iso
    ('2018-05', '')
    >>> date_text("199X", "de").text, date_text("199X", "de", since=True).text
    ('1990er-Jahre', 'den 1990er-Jahren')
    """
    words = words_of(language)
    text = _single(edtf, words, since=True) if since and is_wide(edtf) else ""
    return DateText(text or _text(edtf, words), edtf if _PLAIN.fullmatch(edtf) else "")


def is_wide(edtf: str) -> bool:
    """Is a date a decade or a century as a whole?"""
    return _WIDE.fullmatch(edtf) is not None


def _phrase(words: Words, key: str, **values: object) -> str:
    return words.message(_PHRASES[key]._replace(values=values))


def _text(edtf: str, words: Words) -> str:
    if "/" in edtf:
        return _interval(edtf, words)
    group = _SET.fullmatch(edtf)
    if group:
        either = group[1] is not None
        members = (group[1] if either else group[2]).split(",")
        texts = [_member(member.strip(), words) for member in members]
        last = _phrase(words, "or" if either else "and")
        *first, final = texts
        return last.join([_phrase(words, "list").join(first), final] if first else texts)
    return _single(edtf, words)


def _interval(edtf: str, words: Words) -> str:
    start, _, end = edtf.partition("/")
    match start in ("", ".."), end in ("", ".."):
        case True, True:
            return _phrase(words, "unknown")
        case True, False:
            return _phrase(words, "until" if start else "to", date=_single(end, words))
        case False, True:
            if end:
                return _phrase(words, "since", date=_single(start, words, since=True))
            return _phrase(words, "from", date=_single(start, words))
    return _phrase(words, "span", first=_single(start, words), last=_single(end, words))


def _member(text: str, words: Words) -> str:
    """Word one member of a set: a date, or an unbroken run of them (`a..b`)."""
    first, dots, last = text.partition("..")
    if not dots:
        return _single(text, words)
    if first and last:
        return _phrase(words, "between", first=_single(first, words), last=_single(last, words))
    key, date = ("after", first) if first else ("before", last)
    day = " day" if _DAY.fullmatch(date) else ""
    return (
        _phrase(words, key + day, date=_single(date, words)) if date else _phrase(words, "unknown")
    )


def _single(text: str, words: Words, *, since: bool = False) -> str:
    qualified = _QUALIFIED.fullmatch(text)
    if qualified:
        return _phrase(words, _MARKS[qualified[2]], date=_single(qualified[1], words))
    season = _SEASON.fullmatch(text)
    if season:
        name = words.message(_SEASONS[int(season[2]) - 1])
        return _phrase(words, "month of", month=name, year=season[1])
    recurring = _RECURRING.fullmatch(text)
    if recurring and 1 <= int(recurring[1]) <= 12:
        month = words.message(_MONTHS[int(recurring[1]) - 1])
        if recurring[2]:
            return _phrase(words, "every", day=int(recurring[2]), month=month)
        return _phrase(words, "every month", month=month)
    after = " since" if since else ""
    if re.fullmatch(r"\d{3}X", text):
        return _phrase(words, "decade" + after, year=text[:3] + "0")
    if re.fullmatch(r"\d\dXX", text):
        return _phrase(words, "century" + after, century=text[:2])
    if not _PLAIN.fullmatch(text):
        return text
    year, *rest = text.split("-")
    if not rest:
        return year
    month = words.message(_MONTHS[int(rest[0]) - 1])
    if len(rest) == 1:
        return _phrase(words, "month of", month=month, year=year)
    return _phrase(words, "day", day=int(rest[1]), month=month, year=year)
