"""A date cell of a list, in figures or in words of seven languages -> EDTF and hedge.

The value keeps the precision and the doubt of the cell: `Mai 1990` is `1990-05`, `um 1991` is
`1991~` with the words `um`, `1990?` is `1990?`, `vor 1990` is `[..1989]`, `1990er` is `199X`
(EDTF levels 1 and 2, https://www.loc.gov/standards/datetime/). An ambiguous cell is no date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from twingraph.source.tables.cells import DATE_MARKS, NAME_MARKS, without_notes

_YEAR: Final = re.compile(r"[0-9]{4}")
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?(?:[T ]00:00(:00)?Z?)?")
_DOTTED: Final = re.compile(r"(?:([0-9]{1,2})\.\s?)?([0-9]{1,2})\.\s?([0-9]{4})")
# Year first, or day and month in either order, of which only one reading may be a date.
_YEAR_FIRST: Final = re.compile(r"([0-9]{4})([/.])([0-9]{1,2})\2([0-9]{1,2})")
_SLASHED: Final = re.compile(r"([0-9]{1,2})([/-])([0-9]{1,2})\2([0-9]{4})")
_DASHED: Final = re.compile(r"([0-9]{1,2})-([^\W\d_]+)-([0-9]{4})")
_MONTH: Final = re.compile(r"([0-9]{1,2})/([0-9]{4})")
_FLOAT: Final = re.compile(r"([0-9]{4})\.0")
_NAMED: Final = re.compile(
    r"(?:([0-9]{1,2})(?:\.|st|nd|rd|th|er|º|°)? (?:(?:of|de) )?)?"
    r"([^\W\d_]+)\.?,? (?:del? )?([0-9]{4})"
)
_AMERICAN: Final = re.compile(r"([^\W\d_]+)\.? ([0-9]{1,2})(?:st|nd|rd|th)?, ([0-9]{4})")
_DECADE: Final = re.compile(r"(?:(?:the|die|den|in den) )?([0-9]{3})(?:0['’]?s|0er(?: jahren?)?|X)")
# The marks that readers of a wiki put where a statement has no evidence.
_UNSOURCED: Final = re.compile(
    r"(.+?) ?\[((?:full |better )?(?:citation|source) needed"
    r"|(?:Belege?|Quellen?|Einzelnachweise?) fehl(?:t|en))\]",
    re.IGNORECASE,
)
_QUALIFIED: Final = re.compile(r"(.*?) ?(?P<mark>\(\?\)|[?~%])")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_GERMAN: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
    "Oktober", "November", "Dezember",
)  # fmt: skip
# Months in French, Italian, Spanish, Dutch and Polish, in full, where English and German have
# other words. `listopad` is left out: November in Polish, October in Croatian.
_OTHERS: Final = (
    "janvier gennaio enero januari styczeń stycznia",
    "février fevrier febbraio febrero februari luty lutego",
    "mars marzo maart marzec marca", "avril aprile abril kwiecień kwietnia",
    "maggio mayo mei maj maja", "juin giugno junio czerwiec czerwca",
    "juillet luglio julio lipiec lipca", "août aout agosto augustus sierpień sierpnia",
    "septembre settembre septiembre setiembre wrzesień września",
    "octobre ottobre octubre październik października", "novembre noviembre",
    "décembre decembre dicembre diciembre grudzień grudnia",
)  # fmt: skip
_MONTH_NUMBERS: Final[Mapping[str, int]] = {
    **{name: number for number, names in enumerate(_OTHERS, 1) for name in names.split()},
    **{name[:3].lower(): number for number, name in enumerate(MONTHS, 1)},
    **{name[:3].lower(): number for number, name in enumerate(_GERMAN, 1)},
    **{name.lower(): number for number, name in enumerate(MONTHS, 1)},
    **{name.lower(): number for number, name in enumerate(_GERMAN, 1)},
    "jänner": 1, "feber": 2, "maerz": 3, "mrz": 3, "sept": 9,
}  # fmt: skip
# Words before a date, and their language ("" for words of both languages).
_ABOUT: Final[Mapping[str, str]] = {
    "ca.": "", "ca": "", "circa": "", "c.": "en", "about": "en", "around": "en",
    "approx.": "en", "approximately": "en", "um": "de", "etwa": "de", "ungefähr": "de",
    "gegen": "de", "zirka": "de", "vers": "fr", "environ": "fr", "hacia": "es", "verso il": "it",
    "omstreeks": "nl", "około": "pl", "ok.": "pl",
}  # fmt: skip
_DOUBTED: Final[Mapping[str, str]] = {
    "probably": "en", "possibly": "en", "perhaps": "en", "vermutlich": "de",
    "wahrscheinlich": "de", "wohl": "de", "möglicherweise": "de", "vielleicht": "de",
    "probablement": "fr", "peut-être": "fr", "probabilmente": "it", "probablemente": "es",
    "waarschijnlijk": "nl", "prawdopodobnie": "pl",
}  # fmt: skip
_BEFORE: Final = frozenset({"before", "prior to", "vor", "avant", "prima del", "antes de", "przed"})
_AFTER: Final = frozenset({"after", "nach", "après", "después de"})
_SINCE: Final = frozenset({"since", "seit", "ab", "depuis", "dal", "desde", "sinds", "od"})
# Words before a date that change nothing of it.
_PLAIN: Final = frozenset({
    "in", "im", "am", "im jahr", "im jahre", "jahr", "on", "en", "le", "el", "nel", "anno",
})  # fmt: skip
_UNTIL: Final = frozenset(
    {"until", "till", "bis", "jusqu'en", "jusqu’en", "fino al", "hasta", "tot"}
)
_SPAN: Final = re.compile(
    r"[0-9]{4}\s?(?:[-–—]|bis|to|until)\s?(?:(?:[0-9]{1,2}\.){0,2}[0-9]{4}|heute|today)"
)
_BEHIND: Final = re.compile(r"(?P<date>[^;(]{0,40}?[0-9]{4})(?: ?[;(,] ?| )(?=[^)]*[^\W\d])")
_SHORT_YEAR: Final = re.compile(r"(?:[0-9]{1,2}[./-]){2}[0-9]{2}|['’`]?[0-9]{2}")
_PREFIX: Final = re.compile(
    "({})(?: |(?<=\\.))".format("|".join(
        re.escape(word)
        for word in sorted(
            {*_ABOUT, *_DOUBTED, *_BEFORE, *_AFTER, *_SINCE, *_UNTIL, *_PLAIN},
            key=lambda word: (-len(word), word),
        )
    )),
    re.IGNORECASE,
)  # fmt: skip


class CellDate(NamedTuple):
    """A date in EDTF, and the words of the cell that limit it, with their language.

    `language` is empty if each word is of both languages, `mul` if the words are of different
    languages; without limiting words `hedge` is empty.
    """

    edtf: str
    hedge: str = ""
    language: str = ""


class _Parts(NamedTuple):
    """Year, month and day as numbers; 0 for a part that is not given."""

    year: int
    month: int = 0
    day: int = 0

    def __str__(self) -> str:
        """Return the date in EDTF, level 0."""
        figures = [f"{self.year:04}", *(f"{n:02}" for n in (self.month, self.day) if n)]
        return "-".join(figures)


def read_date(text: str) -> CellDate | None:
    """Return a cell's date; None if it is no date, or ambiguous.

    Day before month with dots; with other signs only where one order is a date at all: `4/5/1988`
    may be either and is none. A day that no calendar has is none.

    >>> [read_date(cell).edtf for cell in ("1988", "1988-5", "3.10.1990", "10/1990", "1988.0")]
    ['1988', '1988-05', '1990-10-03', '1990-10', '1988']
    >>> [read_date(cell).edtf for cell in ("Mai 1990", "17 May 1990", "May 17, 1990", "Okt. 1990")]
    ['1990-05', '1990-05-17', '1990-05-17', '1990-10']
    >>> read_date("um 1991"), read_date("ca. 1991")
    (CellDate(edtf='1991~', hedge='um', language='de'), CellDate(edtf='1991~', hedge='ca.', language=''))
    >>> [read_date(cell).edtf for cell in ("1990?", "vor 1990", "after May 1990", "1990er", "1980s")]
    ['1990?', '[..1989]', '[1990-06..]', '199X', '198X']
    >>> read_date("1990 [2][citation needed]")
    CellDate(edtf='1990?', hedge='citation needed', language='en')
    >>> read_date("4/5/1988"), read_date("31.2.1983"), read_date("2000s"), read_date("around 90")
    (None, None, None, None)
    """  # noqa: E501  # two values a line read better
    hedges, rest = _split(text)
    rest, mark = _mark(rest)
    kinds = {kind for _, kind in hedges}
    if len(kinds & {"before", "after", "since", "until"}) > 1:
        return None
    value = _decade(rest)
    if value is None:
        parts = _parts(rest)
        if parts is None or _not_in_calendar(parts):
            return None
        value = str(parts)
        if side := kinds & {"before", "after"}:
            if (
                mark
                or len([kind for _, kind in hedges if kind != "plain"]) > 1
                or not 1 < parts.year < 9999
            ):
                return None  # EDTF has no way to doubt an open end that its readers agree on
            return _open(parts, side == {"before"})
    elif kinds - {"about", "doubted", "since", "until", "plain"}:
        return None
    about = "about" in kinds or mark in ("~", "%")
    doubted = "doubted" in kinds or mark in ("?", "(?)", "%")
    sign = "%" if about and doubted else "~" if about else "?" if doubted else ""
    words = [word for word, kind in hedges if kind in ("about", "doubted")]
    languages = {_language(word.lower()) for word in words}
    languages.discard("")
    language = "mul" if len(languages) > 1 else "".join(languages)
    return CellDate(value + sign, " ".join(words), language)


def date_of(text: str) -> str | None:
    """Return a cell's date as EDTF; None where it is no date.

    >>> date_of("17. Mai 1990"), date_of("Pfingsten 1990")
    ('1990-05-17', None)
    """
    date = read_date(text)
    return date.edtf if date else None


def is_since(text: str) -> bool:
    """Does a cell say since when something has been so, and thus nothing about its end?

    >>> is_since("ab 1990"), is_since("vor 1990")
    (True, False)
    """
    return any(kind == "since" for _, kind in _split(text)[0])


def is_until(text: str) -> bool:
    """Does a cell say until when something has been so, and thus nothing about its start?

    >>> is_until("bis 1990"), is_until("vor 1990")
    (True, False)
    """
    return any(kind == "until" for _, kind in _split(text)[0])


def date_fault(text: str) -> str:
    """Return why a cell is no date; empty if it is one, or if there is no better explanation.

    >>> date_fault("31.2.1983"), date_fault("13/1990"), date_fault("1988")
    ('February 1983 has 28 days', 'a year has 12 months', '')
    >>> date_fault("2000er")
    "'2000er' may be ten years or more; write 200X where it is ten"
    >>> date_fault("1987–2003")
    'it says a start and an end; give each a column of its own'
    >>> date_fault("1992 (ruhend seit 2022)"), date_fault("1990 (?)")
    ('it says more than a date; put the rest into a column of its own', '')
    >>> date_fault("1990†")
    'it says more than a date; put the rest into a column of its own'
    >>> date_fault("12.4.67")
    'the century is missing; write the year with four figures'
    """
    if read_date(text) is None and (words := _more_than_a_date(text)):
        return words
    rest, _ = _mark(_split(text)[1])
    parts = _parts(rest)
    if parts:
        return _not_in_calendar(parts)
    if (decade := _DECADE.fullmatch(rest.lower())) and decade[1].endswith("0"):
        return f"'{rest}' may be ten years or more; write {decade[1]}X where it is ten"
    return ""


def _more_than_a_date(text: str) -> str:
    """Return why a cell is no date by itself, although there is one in it; else nothing."""
    if _SPAN.search(text):
        return "it says a start and an end; give each a column of its own"
    either = _SLASHED.fullmatch(text)
    if either and 0 < int(either[1]) < 13 and 0 < int(either[3]) < 13:
        return "either number may be the month; write 1988-05-17"
    behind = _BEHIND.match(text)
    unmarked = text.rstrip(NAME_MARKS)  # a dagger says that something ended
    if (behind and read_date(behind["date"])) or (unmarked != text and read_date(unmarked)):
        return "it says more than a date; put the rest into a column of its own"
    if _SHORT_YEAR.fullmatch(text):
        return "the century is missing; write the year with four figures"
    return ""


def _split(text: str) -> tuple[list[tuple[str, str]], str]:
    """Return the words around a date, each with its kind, and the rest."""
    rest = without_notes(" ".join(text.split()), DATE_MARKS)
    parts: list[tuple[str, str]] = []
    marked: list[tuple[str, str]] = []
    if unsourced := _UNSOURCED.fullmatch(rest):
        rest = without_notes(unsourced[1], DATE_MARKS)
        marked = [(unsourced[2], "doubted")]
    while match := _PREFIX.match(rest):
        word = match[1]
        kind = next((
            name for name, words in (
                ("about", _ABOUT), ("doubted", _DOUBTED), ("before", _BEFORE), ("after", _AFTER),
                ("since", _SINCE), ("until", _UNTIL), ("plain", _PLAIN),
            ) if word.lower() in words
        ), "")  # fmt: skip
        if not kind:  # equal only after folding letters of another alphabet: `ſeit`, `cırca`
            break
        parts.append((word, kind))
        rest = rest[match.end() :]
    return parts + marked, rest


def _language(word: str) -> str:
    """Return the language of a word that limits a date; empty where it is of both."""
    if word in _ABOUT or word in _DOUBTED:
        return _ABOUT.get(word) or _DOUBTED.get(word, "")
    return "en" if word.endswith("needed") else "de"


def _mark(rest: str) -> tuple[str, str]:
    """Return a date without the mark of doubt behind it, and the mark."""
    if rest.startswith("~"):
        return rest[1:], "~"
    match = _QUALIFIED.fullmatch(rest)
    return (match[1], match["mark"]) if match else (rest, "")


def _decade(rest: str) -> str | None:
    match = _DECADE.fullmatch(rest) or _DECADE.fullmatch(rest.lower())
    if match is None:
        return None
    # "2000s" may be ten years or a hundred; `200X` is ten
    return f"{match[1]}X" if rest.endswith("X") or not match[1].endswith("0") else None


def _open(parts: _Parts, before: bool) -> CellDate:
    """Return the set of dates before or after a date; it ends at the neighbour of that date."""
    step = -1 if before else 1
    if parts.day:
        day = date(parts.year, parts.month, parts.day) + timedelta(days=step)
        edge = _Parts(day.year, day.month, day.day)
    elif parts.month:
        months = parts.year * 12 + parts.month - 1 + step
        edge = _Parts(months // 12, months % 12 + 1)
    else:
        edge = _Parts(parts.year + step)
    return CellDate(f"[..{edge}]" if before else f"[{edge}..]")


_Reader = Callable[[re.Match[str]], tuple[str, str, str]]
_FIGURES: Final[tuple[tuple[re.Pattern[str], _Reader], ...]] = (
    (_YEAR, lambda match: (match[0], "", "")),
    (_FLOAT, lambda match: (match[1], "", "")),
    (_ISO, lambda match: (match[1], match[2], match[3] or "")),
    (_DOTTED, lambda match: (match[3], match[2], match[1] or "")),
    (_YEAR_FIRST, lambda match: (match[1], match[3], match[4])),
    (_SLASHED, lambda match: (match[4], *_month_and_day(match[1], match[3]))),
    (_DASHED, lambda match: (match[3], _number(match[2]), match[1])),
    (_MONTH, lambda match: (match[2], match[1], "")),
    (_NAMED, lambda match: (match[3], _number(match[2]), match[1] or "")),
    (_AMERICAN, lambda match: (match[3], _number(match[1]), match[2])),
)


def _parts(text: str) -> _Parts | None:
    """Return year, month and day as written; None if it is no date."""
    for pattern, reader in _FIGURES:
        if match := pattern.fullmatch(text.strip()):
            year, month, day = reader(match)
            named = pattern in (_NAMED, _AMERICAN, _DASHED, _SLASHED)
            if (named and not month) or (day and not int(day)) or (month and not int(month)):
                return None
            return _Parts(int(year), int(month or 0), int(day or 0))
    return None


def _month_and_day(first: str, second: str) -> tuple[str, str]:
    """Return month and day of two numbers of which only one can be a day; empty if both can.

    >>> _month_and_day("17", "5"), _month_and_day("5", "17"), _month_and_day("5", "4")
    (('5', '17'), ('5', '17'), ('', ''))
    """
    if first == second or int(first) > 12:
        return second, first
    return (first, second) if int(second) > 12 else ("", "")


def _number(month: str) -> str:
    return str(_MONTH_NUMBERS.get(month.lower(), ""))


def _not_in_calendar(parts: _Parts) -> str:
    year, month, day = parts
    if not 1 <= year <= 9999:
        return "years are counted from 1"
    if month > 12:
        return "a year has 12 months"
    if not day:
        return ""
    days = calendar.monthrange(year, month)[1]
    return "" if day <= days else f"{MONTHS[month - 1]} {year:04} has {days} days"
