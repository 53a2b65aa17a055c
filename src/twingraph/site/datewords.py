"""EDTF dates in words, as precise as the source was and no more.

What the grammar here does not know is shown as it is written, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

_MONTHS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
           "Oktober", "November", "Dezember"),
}  # fmt: skip
_SEASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("spring", "summer", "autumn", "winter"),
    "de": ("Frühling", "Sommer", "Herbst", "Winter"),
}
_PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "about": "about {}", "perhaps": "perhaps {}", "both": "perhaps about {}",
        "decade": "the {}s", "century": "the years {}00 to {}99", "month of": "{0} {1}",
        "day": "{0} {1} {2}", "every": "{0} {1} of every year", "every month": "{} of every year",
        "since": "since {}", "until": "until {}", "from": "from {}, end not known",
        "to": "to {}, start not known", "span": "from {} to {}",
        "between": "between {} and {}", "after": "{} or later", "before": "{} or earlier",
        "after day": "on or after {}", "before day": "on or before {}",
        "or": " or ", "and": " and ", "list": ", ", "unknown": "date not known",
    },
    "de": {
        "about": "um {}", "perhaps": "vielleicht {}", "both": "vielleicht um {}",
        "decade": "{}er-Jahre", "century": "die Jahre {}00 bis {}99", "month of": "{0} {1}",
        "day": "{0}. {1} {2}", "every": "{0}. {1} jedes Jahres", "every month": "{} jedes Jahres",
        "since": "seit {}", "until": "bis {}", "from": "ab {}, Ende nicht bekannt",
        "to": "bis {}, Beginn nicht bekannt", "span": "von {} bis {}",
        "between": "zwischen {} und {}", "after": "{} oder später", "before": "{} oder früher",
        "after day": "am {} oder später", "before day": "am {} oder früher",
        "or": " oder ", "and": " und ", "list": ", ", "unknown": "Datum nicht bekannt",
    },
}  # fmt: skip

_PLAIN: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_RECURRING: Final = re.compile(r"XXXX-(\d\d)(?:-(\d\d))?")
_SEASON: Final = re.compile(r"(\d{4})-2([1-4])")
_QUALIFIED: Final = re.compile(r"(.+)([~?%])")
_SET: Final = re.compile(r"\[(.*)\]|\{(.*)\}")
_MARKS: Final = {"~": "about", "?": "perhaps", "%": "both"}


class DateText(NamedTuple):
    """A date for people, and for machines where it is a plain ISO year, month or day."""

    text: str
    iso: str


def date_text(edtf: str, language: str) -> DateText:
    """Return an EDTF date in words.

    >>> [date_text(one, "en").text for one in ("2003", "2018-05", "2018-09-28", "1993~", "199X")]
    ['2003', 'May 2018', '28 September 2018', 'about 1993', 'the 1990s']
    >>> [date_text(one, "de").text for one in ("2018-09-28", "[1993~,2003]", "XXXX-05-09")]
    ['28. September 2018', 'um 1993 oder 2003', '9. Mai jedes Jahres']
    >>> date_text("[2020-08-09..]", "en").text, date_text("2023-09-26/2023-09-28", "en").text
    ('on or after 9 August 2020', 'from 26 September 2023 to 28 September 2023')
    >>> date_text("2018-05", "de").iso, date_text("1993~", "de").iso
    ('2018-05', '')
    """
    return DateText(_words(edtf, language), edtf if _PLAIN.fullmatch(edtf) else "")


def _words(text: str, language: str) -> str:
    if "/" in text:
        return _interval(text, language)
    group = _SET.fullmatch(text)
    if group:
        phrases = _PHRASES[language]
        either = group[1] is not None
        members = (group[1] if either else group[2]).split(",")
        said = [_member(one.strip(), language) for one in members]
        last = phrases["or" if either else "and"]
        return last.join([phrases["list"].join(said[:-1]), said[-1]] if len(said) > 1 else said)
    return _single(text, language)


def _interval(text: str, language: str) -> str:
    phrases = _PHRASES[language]
    start, _, end = text.partition("/")
    match start in ("", ".."), end in ("", ".."):
        case True, True:
            return phrases["unknown"]
        case True, False:
            return phrases["until" if start else "to"].format(_single(end, language))
        case False, True:
            return phrases["since" if end else "from"].format(_single(start, language))
    return phrases["span"].format(_single(start, language), _single(end, language))


def _member(text: str, language: str) -> str:
    """Word one member of a set: a date, or an unbroken run of them (`a..b`)."""
    first, dots, last = text.partition("..")
    phrases = _PHRASES[language]
    if not dots:
        return _single(text, language)
    if first and last:
        return phrases["between"].format(_single(first, language), _single(last, language))
    key, one = ("after", first) if first else ("before", last)
    day = " day" if _DAY.fullmatch(one) else ""
    return phrases[key + day].format(_single(one, language)) if one else phrases["unknown"]


def _single(text: str, language: str) -> str:
    phrases, months = _PHRASES[language], _MONTHS[language]
    qualified = _QUALIFIED.fullmatch(text)
    if qualified:
        return phrases[_MARKS[qualified[2]]].format(_single(qualified[1], language))
    season = _SEASON.fullmatch(text)
    if season:
        return phrases["month of"].format(_SEASONS[language][int(season[2]) - 1], season[1])
    recurring = _RECURRING.fullmatch(text)
    if recurring and 1 <= int(recurring[1]) <= 12:
        month = months[int(recurring[1]) - 1]
        if recurring[2]:
            return phrases["every"].format(int(recurring[2]), month)
        return phrases["every month"].format(month)
    if re.fullmatch(r"\d{3}X", text):
        return phrases["decade"].format(text[:3] + "0")
    if re.fullmatch(r"\d\dXX", text):
        return phrases["century"].format(text[:2], text[:2])
    if not _PLAIN.fullmatch(text):
        return text
    year, *rest = text.split("-")
    if not rest:
        return year
    month = months[int(rest[0]) - 1]
    if len(rest) == 1:
        return phrases["month of"].format(month, year)
    return phrases["day"].format(int(rest[1]), month, year)
