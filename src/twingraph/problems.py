"""A problem has a place, a code and a remedy; this is the table of the codes that are not shapes.

The rules of `shapes/` bring their own codes, severities and words (docs/problems.md lists all).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from twingraph.translation import LANGUAGES, N_, SOURCE_LANGUAGE, words_of

Severity = Literal["violation", "warning", "info"]
SEVERITIES: Final[tuple[Severity, ...]] = ("violation", "warning", "info")


class TwingraphError(Exception):
    """An error that ends a command; the message says what to do. Caught once, in `cli.main`."""


def printable(text: str) -> str:
    r"""Return a line that is safe to print: control characters are written as escapes.

    >>> print(printable("a\x1b[2Jb\n"), printable("Mínsk"))
    a\x1b[2Jb\x0a Mínsk
    """
    return "".join(
        letter if letter.isprintable() or letter == "\u00a0" else
        letter.encode("unicode_escape" if ord(letter) > 0xFF else "latin-1").decode("ascii")
        if ord(letter) > 0xFF else f"\\x{ord(letter):02x}"
        for letter in text
    )  # fmt: skip


_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def split_lines(text: str) -> list[str]:
    r"""Return the lines of a text: they end with LF, CR or both, and with nothing else.

    Editors count so; `str.splitlines` ends a line at ten more characters, such as U+2028.

    >>> split_lines("one\u2028still one\x0cand here\r\ntwo\n")
    ['one\u2028still one\x0cand here', 'two']
    """
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


class Rule(NamedTuple):
    """The severity and the message of a code; the caller fills the `{…}`."""

    severity: Severity
    text: str


CODES: Final[dict[str, Rule]] = {
    "F01": Rule("violation", N_("not UTF-8 (byte {byte} of the file); save the file as UTF-8")),
    "F02": Rule(
        "violation", N_("the file holds no statement; write at least one, or delete the file")
    ),
    "F03": Rule("violation", N_("not Turtle: {error}; mend the syntax here or just above")),
    "F04": Rule(
        "warning", N_("starts with a byte order mark; run 'twingraph fmt', which removes it")
    ),
    "F05": Rule("warning", N_("Windows line ends; run 'twingraph fmt', which writes plain ones")),
    "F06": Rule(
        "violation",
        N_("a line of {length} bytes, {limit} at most; break it, or store less in one statement"),
    ),
    "F07": Rule(
        "warning", N_("a comment, which formatting would lose; write it as skos:editorialNote")
    ),
    "F08": Rule(
        "violation",
        N_(
            "a blank node; give it an IRI, such as {example}, so that it can be linked and compared"
        ),
    ),
    "F09": Rule("violation", N_("{iri} is not under the base IRI; write {base}id/<kind>/<slug>")),
    "F10": Rule("violation", N_("a file of {size} bytes, {limit} at most; split it")),
    "F11": Rule("warning", N_("not in the one form of a data file; run 'twingraph fmt {name}'")),
    "F12": Rule(
        "violation", N_("cannot be read: {error}; make it a readable file inside the project")
    ),
    "F13": Rule(
        "violation", N_("{term} is RDF 1.2, which few tools read; write a plain literal or an IRI")
    ),
    "F14": Rule(
        "violation",
        N_(
            "the file's name names its graph; write data/sources/<slug>.ttl in a-z, 0-9 and hyphens"
        ),
    ),
    "F15": Rule(
        "warning",
        N_("nobody reads this file; move it to data/sources, entities, links or imports as .ttl"),
    ),
    "F16": Rule(
        "violation",
        N_("{iri} is named under another base IRI than {base}; run 'twingraph fmt --rebase {old}'"),
    ),
    "F17": Rule(
        "violation",
        N_("'{value}' is no {datatype} (SHACL 4.1.2); write one such as {example}"),
    ),
    "F18": Rule(
        "violation", N_("an empty text as {property}; write words, or leave the statement out")
    ),
    "F19": Rule(
        "violation",
        N_("{character}, a character that cannot be seen, in {property}; write the text without"),
    ),
    "F20": Rule(
        "warning",
        N_("letters and their accents stand apart in {property} (not NFC); run 'twingraph fmt'"),
    ),
    "F21": Rule("violation", N_("{iri} is a slip of a namespace; write {right}")),
    "F22": Rule(
        "violation",
        N_("{iri} is no address that is safe to open; write one with https, http, mailto or tel"),
    ),
    "F23": Rule(
        "violation",
        N_("no data: {error}; write the first file, data/sources/<slug>.ttl, or name the project"),
    ),
    "F24": Rule(
        "violation", N_("'{value}' as {property} is no {datatype}; write one such as {example}")
    ),
    "F25": Rule(
        "violation",
        N_(
            "a number of {number} digits as {property}, at most {most} are read everywhere; write "
            "the number that the source gives"
        ),
    ),
    "D05": Rule(
        "warning", N_("the year of '{value}' lies far after the day of this release; check it")
    ),
    "D06": Rule("warning", N_("the year of '{value}' lies long before 1900; check it")),
    "D01": Rule(
        "violation",
        N_("'{value}' is not an EDTF date; write 2003, 2018-05, 2018-09-28, 1993~ or 199X"),
    ),
    "D10": Rule(
        "violation", N_("'{value}' is open, which is no start; write when it began, and no end")
    ),
    "D04": Rule(
        "violation", N_("{property} is {found}, but {value} gives {expected}; build the dump again")
    ),
    "N01": Rule(
        "violation",
        N_("{property} is said to be not stated, and stated; drop tg:notStated or the value"),
    ),
    "E05": Rule(
        "violation",
        N_("'{quote}' does not stand in line {at} of {source}; copy the words from the text"),
    ),
    "E07": Rule(
        "violation",
        N_("no text with SHA-256 {sha256} in the texts folder; add the text of {source}"),
    ),
    "E08": Rule(
        "violation",
        N_(
            "{quoted} of {letters} letters of {source} are quoted, at most half may; shorten quotes"
        ),
    ),
    "E09": Rule(
        "warning",
        N_("'{quote}' stands {times} times in line {at} of {source}; add a word that tells which"),
    ),
    "I01": Rule(
        "violation",
        N_("no description of a list: {error}; docs/lists.md shows one"),
    ),
    "I02": Rule(
        "violation",
        N_("no row: {error}; mend it in the list that you took in, and import again"),
    ),
    "I03": Rule(
        "warning",
        N_(
            "the row is refused, column '{name}': {error}; mend the cell in the list that you took "
            "in and import again, or mend the mapping in import.toml"
        ),
    ),
    "I04": Rule(
        "info",
        N_("{number} rows from here on wait for a person; decide in review.csv and import again"),
    ),
    "I05": Rule(
        "warning",
        N_(
            "{name} is not what was taken: its SHA-256 is {found}; restore it, mend the list that "
            "you took in, and import again"
        ),
    ),
    "X05": Rule(
        "violation",
        N_("no decision about a link: {error}; write SSSOM as docs/curation.md shows it"),
    ),
    "X06": Rule(
        "violation", N_("line {other} decides the same link of {subject}; keep one of the two rows")
    ),
    "X07": Rule(
        "violation",
        N_("{subject} stands in no file of data/; describe it there, or delete the row"),
    ),
}


@dataclass(frozen=True, order=True)
class Problem:
    """A problem for a person to fix: `file:line[:column]: CODE what is wrong; what to write`.

    `file` is relative to the project (empty: no file is to blame), `line` counts from 1 (0: the
    file as a whole), `message` holds one text a language.

    >>> print(problem("F02", "data/sources/a.ttl"))
    data/sources/a.ttl: F02 the file holds no statement; write at least one, or delete the file
    """

    file: str
    line: int
    code: str
    severity: Severity
    message: Mapping[str, str] = field(compare=False)
    detail: str = ""
    column: int = 0

    def text(self, language: str = "en") -> str:
        """Return the line a person reads, in `en` or `de`."""
        column = f":{self.column}" if self.column else ""
        line = f":{self.line}{column}" if self.line else ""
        place = f"{self.file}{line}: " if self.file else ""
        return printable(f"{place}{self.code} {self.message.get(language) or self.message['en']}")

    def __str__(self) -> str:
        """Return the English line."""
        return self.text()


def problem(code: str, file: str, line: int = 0, column: int = 0, /, **values: object) -> Problem:
    """Return the problem of that code at that place, its words filled with `values`.

    >>> print(problem("F21", "data/sources/a.ttl", 7, 3, iri="http://e.org", right="http://e.org/"))
    data/sources/a.ttl:7:3: F21 http://e.org is a slip of a namespace; write http://e.org/
    """
    rule = CODES[code]
    words = {key: str(value) for key, value in values.items()}
    message = {language: words_of(language).gettext(rule.text, **words) for language in LANGUAGES}
    return Problem(file, line, code, rule.severity, message, message[SOURCE_LANGUAGE], column)


def by_severity(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems for reading: violations first, then by file, line and code.

    >>> [p.code for p in by_severity([problem("F04", "a.ttl"), problem("F02", "b.ttl")])]
    ['F02', 'F04']
    """
    return sorted(set(problems), key=lambda problem: (SEVERITIES.index(problem.severity), problem))


_MANY: Final = 20  # problems of one code; beyond it only the first few are printed
_FIRST: Final = 10


def first_of_each(problems: Sequence[Problem]) -> tuple[list[Problem], dict[str, int]]:
    """Return the problems to print for people, and by code how many more there are of it.

    Of a code with more than 20 problems the first ten are printed; a program reads them all.

    >>> many = [Problem("a", line, "D09", "info", {"en": "none"}) for line in range(1, 101)]
    >>> shown, left_out = first_of_each(many)
    >>> len(shown), left_out
    (10, {'D09': 90})
    """
    numbers = Counter(each_problem.code for each_problem in problems)
    printed: Counter[str] = Counter()
    shown = []
    for item in problems:
        printed[item.code] += 1
        if numbers[item.code] <= _MANY or printed[item.code] <= _FIRST:
            shown.append(item)
    return shown, {
        code: number - _FIRST for code, number in sorted(numbers.items()) if number > _MANY
    }
