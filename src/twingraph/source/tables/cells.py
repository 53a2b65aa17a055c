"""The text of a CSV file -> rows with their numbers and lines.

A row's number is that of RFC 7111 (`#row=N`): the header is row 1. A cell may hold line ends, so
the line of the file where a row begins is kept beside it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MAX_CELL: Final = 32_767  # what a cell of a spreadsheet holds at most

# A mark of a footnote at the end of a cell, as a table copied from a wiki has it. Marks that doubt
# what the cell says, such as "[dubious]" and "[citation needed]", are not among them.
_NOTE: Final = re.compile(r"\[(?:[0-9]{1,3}|[a-z]|(?:note|nb|n|Anm\.) ?[0-9]{1,3})\]\Z")
_INDICATOR_A: Final = "\U0001f1e6"
_INDICATORS: Final = "".join(chr(ord(_INDICATOR_A) + number) for number in range(26))
_BLACK_FLAG: Final = "\U0001f3f4"
_TAGS: Final = "".join(map(chr, range(0xE0020, 0xE0080)))
_FLAG_PARTS: Final = f"{_INDICATORS}{_BLACK_FLAG}{_TAGS}\u200d\ufe0f \u00a0\u202f"
# Raised marks of footnotes: a dagger on a date says that something ended, and is no such mark.
DATE_MARKS: Final = "*¹²³⁴⁵⁶⁷⁸⁹⁰ "
NAME_MARKS: Final = DATE_MARKS + "†‡§"
# The codes of link/countries.csv: ISO 3166-1 alpha-2, and EA, IC and XK of Unicode CLDR.
COUNTRY_CODES: Final = frozenset(re.findall("[A-Z]{2}", (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
    "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
    "DO DZ EA EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR "
    "GS GT GU GW GY HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI "
    "KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK "
    "PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS "
    "ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE "
    "VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)))  # fmt: skip
_LONGEST_NOTE: Final = len("[note 999]")


def without_notes(text: str, raised: str = " ") -> str:
    """Return a cell without the marks of footnotes at its end; a mark alone is left.

    Marks are numbers and letters in square brackets, and the letters of `raised`: `NAME_MARKS`,
    `DATE_MARKS`, or none, because `P*` may be another code than `P`.

    >>> [without_notes(cell) for cell in ("1954[1]", "Opole [2][a]", "1991[note 1]", "[1]")]
    ['1954', 'Opole', '1991', '[1]']
    >>> without_notes("[1954,1955]"), without_notes("1954[citation needed]")
    ('[1954,1955]', '1954[citation needed]')
    >>> without_notes("1954*", DATE_MARKS), without_notes("1954†", DATE_MARKS)
    ('1954', '1954†')
    >>> without_notes("Opole¹ ²", NAME_MARKS), without_notes("**", NAME_MARKS), without_notes("P*")
    ('Opole', '**', 'P*')
    """
    end = len(text.rstrip(raised)) or len(text)
    # each mark is looked for where it would stand, so that no part of the cell is read twice
    while note := _NOTE.search(text, max(0, end - _LONGEST_NOTE), end):
        before = note.start()
        while before and text[before - 1].isspace():
            before -= 1
        if not before:
            break
        end = len(text[:before].rstrip(raised)) or before
    return text[:end]


def without_flags(text: str) -> tuple[str, str]:
    """Return a cell without the flags before and behind its words, and the country of the first.

    A flag is two regional indicators, the letters of an ISO 3166-1 code (Unicode Technical Standard
    51, section 1.4.5); that of a part of a country is a black flag with tags, and tells no country.
    Nor does a flag of no country, such as that of the European Union; alone, it is left.

    >>> without_flags("🇧🇾 Minsk"), without_flags("🇩🇪"), without_flags("Bonn")
    (('Minsk', 'BY'), ('', 'DE'), ('Bonn', ''))
    >>> without_flags("Minsk, 🇧🇾"), without_flags("🇪🇺 Opole"), without_flags("🇪🇺")
    (('Minsk', 'BY'), ('Opole', ''), ('🇪🇺', ''))
    """
    if text.isascii():
        return text, ""
    words = text.strip(_FLAG_PARTS)
    around = text[: len(text) - len(text.lstrip(_FLAG_PARTS))]
    if words:
        around += text[len(text.rstrip(_FLAG_PARTS)) :]
    letters = [chr(ord(part) - ord(_INDICATOR_A) + ord("A")) for part in around
               if part in _INDICATORS]  # fmt: skip
    if len(letters) < 2 and _BLACK_FLAG not in around:
        return text, ""
    code = "".join(letters[:2])
    if code not in COUNTRY_CODES:
        return (words.strip(", ") or text if letters else words), ""
    return words.strip(", "), code


@dataclass(frozen=True)
class Row:
    """One row: its number (RFC 7111), the line where it begins, its cells by column."""

    number: int
    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """A table as it was read; `wrong` has (line, column number, message) for each bad record."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    wrong: tuple[tuple[int, int, str], ...] = ()


class BrokenRecordError(Exception):
    """A record after which the table can't be read on: its first line, and the message."""

    def __init__(self, line: int, words: str) -> None:
        """Keep the line."""
        super().__init__(words)
        self.line = line


def read_csv(text: str) -> Sheet:
    r"""Read CSV (RFC 4180) with a header.

    >>> sheet = read_csv("a,b\n1,2\n3\n")
    >>> [(row.number, row.line, dict(row.cells)) for row in sheet.rows], sheet.wrong
    ([(2, 2, {'a': '1', 'b': '2'})], ((3, 2, '1 cell in place of 2'),))
    """
    records: list[tuple[int, Sequence[str]]] = []
    broken: list[tuple[int, int, str]] = []
    try:
        records.extend(_records(text))
    except BrokenRecordError as error:
        broken.append((error.line, 1, str(error)))
    if not records and broken:
        return Sheet((), (), tuple(broken))
    if not records:
        return Sheet((), (), ((1, 0, "no header"),))
    header = tuple(cell.strip() for cell in records[0][1])
    wrong: list[tuple[int, int, str]] = []
    for number, name in enumerate(header, 1):
        if not name:
            wrong.append((1, number, "a column without a name"))
        elif name in header[: number - 1]:
            wrong.append((1, number, f"a second column named '{name}'"))
    rows = []
    for number, (line, cells) in enumerate(records[1:], 2):
        joined = "".join(cells)
        if not joined.strip():
            continue  # a blank line at the end of a file is no row
        if len(cells) != len(header):
            words = f"{len(cells)} cell{'s' * (len(cells) != 1)} in place of {len(header)}"
            wrong.append((line, min(len(cells), len(header)) + 1, words))
            continue
        long = len(joined) > MAX_CELL and next(
            (column for column, cell in enumerate(cells, 1) if len(cell) > MAX_CELL), 0
        )
        if long:
            wrong.append((line, long, f"a cell of more than {MAX_CELL} characters"))
            continue
        rows.append(Row(number, line, dict(zip(header, map(str.strip, cells), strict=True))))
    return Sheet(header, tuple(rows), (*wrong, *broken))


def _records(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    r"""Yield each record with its first line; an unclosed quote does not swallow the file.

    Lines end with CR, LF or both (RFC 4180, section 2), and with nothing else.

    >>> list(_records("a\u2028b\x0cc,d\n")), read_csv('a,b\n"1,2\n3,4\n').wrong
    ([(1, ['a\u2028b\x0cc', 'd'])], ((2, 1, 'a quote that opens and does not close; close it'),))
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for record in reader:
            yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        raise BrokenRecordError(line, quote_words(error)) from None


def quote_words(error: csv.Error) -> str:
    """Return why a record can't be read, and what to do."""
    words = str(error)
    if words.startswith("unexpected end"):
        return "a quote that opens and does not close; close it"
    if "expected after" in words:
        return "text after a quote that closes; write a quote within a cell twice"
    return f"no CSV: {words}; save it anew as CSV (UTF-8)"
