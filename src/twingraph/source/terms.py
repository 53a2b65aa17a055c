"""What is wrong with single terms of a data file: literals, texts, namespaces, addresses.

Each of them is valid RDF that parsers accept, and yet a mistake: `"gestern"` as
xsd:date, an empty name, `http://schema.org/` with the wrong scheme. Pure functions over quads.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode, Quad

from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import EDTF, PREFIXES, RDF, RDFS, TG, XSD, prefixes_for
from twingraph.source.namespaces import right_namespace

_XSD: Final = PREFIXES["xsd"]
_PLAIN: Final = (XSD.string, RDF.langString)
# What may stand in an address that a page links to (RFC 3986 §3.1).
_SCHEMES: Final = ("http", "https", "mailto", "tel", "urn", "geo")
# Objects of these are resources on other sites, whatever their IRIs look like.
_TO_PAGES: Final = frozenset(
    {RDFS.seeAlso.value, PREFIXES["foaf"] + "page", PREFIXES["foaf"] + "homepage"}
)


class TermProblem(NamedTuple):
    """A term that a person must fix: the code, its statement, the values for the message."""

    code: str
    quad: Quad
    words: Mapping[str, str]


def term_problems(quads: Iterable[Quad], base: str) -> Iterator[TermProblem]:
    """Yield what is wrong with the terms of some quads of a project under `base`."""
    prefixes = prefixes_for(base)
    for quad in quads:
        value = quad.object
        if isinstance(value, Literal):
            yield from _of_literal(quad, value, prefixes)
        yield from _of_property(quad, prefixes)
        for term in (quad.predicate, value):
            if isinstance(term, NamedNode):
                is_page = term is value and quad.predicate.value in _TO_PAGES
                if not is_page and (right := right_namespace(term.value, base)):
                    yield TermProblem("F21", quad, {"iri": term.value, "right": right})
        if isinstance(value, NamedNode):
            scheme = value.value.partition(":")[0].lower()
            if scheme not in _SCHEMES:
                yield TermProblem("F22", quad, {"iri": value.value})


def is_ordinary(line: str) -> bool:
    """Is it certain that `text_problems` finds nothing in a line of N-Triples? False: not known.

    >>> is_ordinary('<http://e/> <http://e/p> "Bonn" .')
    True
    >>> is_ordinary('<http://e/> <http://e/p> " " .'), is_ordinary('<http://e/> <http://e/p> "ö" .')
    (False, False)
    """
    if not line.isascii() or "\\" in line or "\x7f" in line:
        return False
    return line.endswith("> .") or _WORDS.search(line) is not None


def not_ordinary(lines: Sequence[str]) -> set[str]:
    """Return the lines of N-Triples that are not ordinary (`is_ordinary`).

    >>> not_ordinary(['<http://e/> <http://e/p> "Bonn" .', '<http://e/> <http://e/p> "ö" .'])
    {'<http://e/> <http://e/p> "ö" .'}
    """
    found: set[str] = set()
    for start in range(0, len(lines), _JOINED):
        some = lines[start : start + _JOINED]
        whole = "".join(some)
        if not whole.isascii() or "\\" in whole or "\x7f" in whole:
            found.update(line for line in some if not is_ordinary(line))
        else:
            found.update(
                line for line in some if not line.endswith("> .") and not _WORDS.search(line)
            )
    return found


_JOINED: Final = 4096  # lines that are looked through as one text, which is faster than each alone
_WORDS: Final = re.compile(r'"[^"]*[!-~][^"]*"(@[a-z0-9-]+)? \.$')  # a visible ASCII character


def text_problems(quads: Iterable[Quad]) -> Iterator[TermProblem]:
    """Yield problems of the texts of quads that the program has generated."""
    for quad in quads:
        if isinstance(quad.object, Literal):
            yield from _of_text(quad, quad.object, PREFIXES)


def _of_literal(quad: Quad, literal: Literal, prefixes: Mapping[str, str]) -> Iterator[TermProblem]:
    text, datatype = literal.value, literal.datatype
    if right := right_namespace(datatype.value, ""):
        yield TermProblem("F21", quad, {"iri": datatype.value, "right": right})
    elif datatype not in _PLAIN and not is_well_typed(text, datatype.value):
        known = _LEXICAL.get(datatype.value)
        words = {
            "value": text,
            "datatype": iri_text(datatype.value, set(), prefixes),
            "example": known[1] if known else "2026-11-21 as xsd:date",
        }
        yield TermProblem("F17", quad, words)
    elif datatype in _EXACT and (number := _digits(text)) > _PORTABLE_DIGITS:
        words = {"number": str(number), "most": str(_PORTABLE_DIGITS),
                 "property": iri_text(quad.predicate.value, set(), prefixes)}  # fmt: skip
        yield TermProblem("F25", quad, words)
    yield from _of_text(quad, literal, prefixes)


def _of_property(quad: Quad, prefixes: Mapping[str, str]) -> Iterator[TermProblem]:
    """Yield a problem where a property has a value of another datatype than its own."""
    right = DATATYPES.get(quad.predicate)
    value = quad.object
    if right is None or (isinstance(value, Literal) and value.datatype == right):
        return
    yield TermProblem("F24", quad, {
        "value": value.value if isinstance(value, (Literal, NamedNode)) else str(value),
        "property": iri_text(quad.predicate.value, set(), prefixes),
        "datatype": iri_text(right.value, set(), prefixes),
        "example": _EXAMPLES[right],
    })  # fmt: skip


def _of_text(quad: Quad, literal: Literal, prefixes: Mapping[str, str]) -> Iterator[TermProblem]:
    text, datatype = literal.value, literal.datatype
    words = {"property": iri_text(quad.predicate.value, set(), prefixes)}
    if datatype in _PLAIN and not has_words(text):
        yield TermProblem("F18", quad, words)
    if odd := control_character(text):
        yield TermProblem("F19", quad, {**words, "character": f"U+{ord(odd):04X}"})
    elif not unicodedata.is_normalized("NFC", text):
        yield TermProblem("F20", quad, words)


# --- texts ---------------------------------------------------------------------------------------


def has_words(text: str) -> bool:
    """Has a text any visible character?

    >>> has_words("Bonn"), has_words("\\u200b")
    (True, False)
    """
    return any(
        not letter.isspace() and unicodedata.category(letter) not in ("Cf", "Cc") for letter in text
    )


# Characters that XML 1.0 §2.2 can't hold or discourages, marks that turn a line round (UAX #9),
# ends of lines other than those of files (U+0085, U+2028, U+2029), a byte order mark within a text.
# Tab, line feed and carriage return are allowed.
_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ufdd0-\ufdef\ufffe\uffff\ufff9-\ufffb]"
)


def control_character(text: str) -> str:
    r"""Return the first control or direction character of a text; '' if it has none.

    >>> [control_character(one) for one in ("a\x01b", "Bonn\n– Minsk", "a\u202eb")]
    ['\x01', '', '\u202e']
    """
    match = _CONTROL.search(text)
    return match[0] if match else ""


def in_normal_form(quad: Quad) -> Quad:
    """Return a quad whose text is in Normalization Form C (RDF 1.1 Concepts §3.3)."""
    value = quad.object
    if not isinstance(value, Literal) or value.datatype not in _PLAIN:
        return quad
    text = unicodedata.normalize("NFC", value.value)
    if text == value.value:
        return quad
    whole = Literal(text, language=value.language) if value.language else Literal(text)
    return Quad(quad.subject, quad.predicate, whole, quad.graph_name)


# --- literals ------------------------------------------------------------------------------------

_ZONE: Final = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_DAY: Final = (
    r"(?P<year>-?([1-9]\d{3,}|0\d{3}))-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
)
_TIME: Final = r"(([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?|24:00:00(\.0+)?)"
_INTEGER: Final = r"[+-]?\d+"
_FLOAT: Final = r"([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?INF|NaN)"
_NUMBER: Final = r"-?\d+(\.\d+)?"
# Datatype -> lexical form (XSD 1.1 part 2 §3, GeoSPARQL 1.1 §8.5.1) and an example of it.
_LEXICAL: Final[dict[str, tuple[str, str]]] = {
    **{
        _XSD + name: (pattern, example)
        for name, pattern, example in (
            ("boolean", "true|false|0|1", "true"),
            ("date", _DAY + _ZONE, "2026-11-21"),
            ("dateTime", f"{_DAY}T{_TIME}{_ZONE}", "2026-11-21T12:00:00Z"),
            ("dateTimeStamp", f"{_DAY}T{_TIME}{_ZONE.removesuffix('?')}", "2026-11-21T12:00:00Z"),
            ("time", _TIME + _ZONE, "12:00:00"),
            ("gYear", rf"-?([1-9]\d{{3,}}|0\d{{3}}){_ZONE}", "1987"),
            ("gYearMonth", rf"-?([1-9]\d{{3,}}|0\d{{3}})-(0[1-9]|1[0-2]){_ZONE}", "1987-07"),
            ("gMonth", rf"--(0[1-9]|1[0-2]){_ZONE}", "--07"),
            ("gDay", rf"---(0[1-9]|[12]\d|3[01]){_ZONE}", "---02"),
            ("gMonthDay", rf"--(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]){_ZONE}", "--07-02"),
            ("decimal", r"[+-]?(\d+(\.\d*)?|\.\d+)", "50.73"),
            ("double", _FLOAT, "50.73"),
            ("float", _FLOAT, "50.73"),
            ("integer", _INTEGER, "42"),
            ("int", _INTEGER, "42"),
            ("long", _INTEGER, "42"),
            ("short", _INTEGER, "42"),
            ("byte", _INTEGER, "42"),
            ("nonNegativeInteger", r"\+?\d+|-0+", "42"),
            ("positiveInteger", r"\+?0*[1-9]\d*", "42"),
            ("nonPositiveInteger", r"-\d+|\+?0+", "-42"),
            ("negativeInteger", r"-0*[1-9]\d*", "-42"),
            ("unsignedInt", r"\+?\d+|-0+", "42"),
            ("unsignedLong", r"\+?\d+|-0+", "42"),
            ("unsignedShort", r"\+?\d+|-0+", "42"),
            ("unsignedByte", r"\+?\d+|-0+", "42"),
            ("anyURI", r"[^\s<>\"{}|\\^`]*", "https://example.org/"),
            ("language", r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*", "de"),
            ("hexBinary", r"([0-9a-fA-F]{2})*", "0fb8"),
            ("base64Binary", r"[A-Za-z0-9+/\s]*=?\s?=?", "Qm9ubg=="),
            ("duration", r"-?P(?!$)(\d+Y)?(\d+M)?(\d+D)?(T(?!$)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
             "P1Y"),
        )
    },
    PREFIXES["geo"] + "wktLiteral": (
        rf"(<[^<>\s]+>\s*)?[A-Za-z]+\s*(Z|M|ZM)?\s*(EMPTY|\(.*{_NUMBER}.*\))", "POINT(7.1 50.7)"
    ),
}  # fmt: skip
# The datatype of properties (schema:rangeIncludes of the ontology) wherever they stand: no shape
# looks at their values, but T02 at a country's code.
DATATYPES: Final[Mapping[NamedNode, NamedNode]] = {
    TG.anniversary: XSD.integer,
    TG.countryCode: XSD.string,
    TG.edition: XSD.integer,
    TG.isContext: XSD.boolean,
    TG.retrieved: XSD.date,
}
_EXAMPLES: Final[Mapping[NamedNode, str]] = {
    XSD.boolean: "true",
    XSD.date: '"2026-11-21"^^xsd:date',
    XSD.integer: "40",
    XSD.string: '"DE"',
}
_BOUNDS: Final = {
    "byte": 7, "short": 15, "int": 31, "long": 63,
    "unsignedByte": 8, "unsignedShort": 16, "unsignedInt": 32, "unsignedLong": 64,
}  # fmt: skip
_MOST_DIGITS: Final = len(str(2**64))


def is_well_typed(text: str, datatype: str) -> bool:
    """Is a text in the lexical space of its datatype (RDF 1.1 Concepts §3.3)?

    Unknown datatypes are not checked; EDTF dates are checked by `derive.dates`.

    >>> [is_well_typed(text, _XSD + "date") for text in ("2026-03-03Z", "gestern", "2026-02-30")]
    [True, False, False]
    """
    known = _LEXICAL.get(datatype)
    if known is None:
        return datatype in (XSD.string.value, EDTF.value) or not datatype.startswith(_XSD)
    match = _compiled(known[0]).fullmatch(text)
    if match is None:
        return False
    parts = match.groupdict()
    if parts.get("day"):
        year = int(parts["year"][-4:])  # leap years come again every 400 years; 0000 is one
        return int(parts["day"]) <= monthrange(year % 400 + 2000, int(parts["month"]))[1]
    bits = _BOUNDS.get(datatype.removeprefix(_XSD))
    if bits is None:
        return True
    digits = text.lstrip("+-0")  # Python reads no number of more than 4,300 digits
    if len(digits) > _MOST_DIGITS:
        return False
    number = int(digits or "0")
    bound = 1 << bits
    return -bound <= (-number if text.startswith("-") else number) < bound


# XSD 1.0 part 2 §3.2.3 has processors read decimals of 18 digits at least: a longer one may be
# read by one engine and not by the next.
_PORTABLE_DIGITS: Final = 18
_EXACT: Final = frozenset({XSD.integer, XSD.decimal})


def _digits(text: str) -> int:
    """Return how many digits a number has, without zeros that make no difference.

    >>> _digits("-0017.50"), _digits("1900000"), _digits("0.5")
    (3, 7, 1)
    """
    whole, _, fraction = text.lstrip("+-").partition(".")
    return len((whole + fraction.rstrip("0")).lstrip("0"))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
