"""The text of a CSV file -> rows with their numbers and lines; a cell -> an EDTF date.

A row's number is that of RFC 7111 (`#row=N`): the header is row 1. A cell may hold line ends, so
the line of the file where a row begins is kept beside it.
"""

from __future__ import annotations

import calendar
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MAX_CELL: Final = 32_767  # what a cell of a spreadsheet holds at most
_YEAR: Final = re.compile(r"[0-9]{4}")
_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?(?:[T ]00:00(:00)?Z?)?")
_DOTTED: Final = re.compile(r"(?:([0-9]{1,2})\.\s?)?([0-9]{1,2})\.\s?([0-9]{4})")
_MONTH: Final = re.compile(r"([0-9]{1,2})/([0-9]{4})")
_FLOAT: Final = re.compile(r"([0-9]{4})\.0")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row: its number (RFC 7111), the line where it begins, its cells by column."""

    number: int
    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """A table as it was read; `wrong` holds (line, column number, words) for what is no row."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    wrong: tuple[tuple[int, int, str], ...] = ()


class BrokenRecordError(Exception):
    """A record with which reading ends: the line where it begins, and words."""

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
        if not any(cell.strip() for cell in cells):
            continue  # a blank line at the end of a file is no row
        if len(cells) != len(header):
            words = f"{len(cells)} cell{'s' * (len(cells) != 1)} in place of {len(header)}"
            wrong.append((line, min(len(cells), len(header)) + 1, words))
            continue
        long = next((at for at, cell in enumerate(cells, 1) if len(cell) > MAX_CELL), 0)
        if long:
            wrong.append((line, long, f"a cell of more than {MAX_CELL} characters"))
            continue
        rows.append(Row(number, line, dict(zip(header, map(str.strip, cells), strict=True))))
    return Sheet(header, tuple(rows), (*wrong, *broken))


def _records(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    r"""Yield each record with the line where it begins; one broken quote can't eat the file.

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
    """Return what is wrong with a record that can't be read, and what to do."""
    words = str(error)
    if words.startswith("unexpected end"):
        return "a quote that opens and does not close; close it"
    if "expected after" in words:
        return "text after a quote that closes; write a quote within a cell twice"
    return f"no CSV: {words}; save it anew as CSV (UTF-8)"


def date_of(text: str) -> str | None:
    """Return a cell's date as EDTF; None where it is no date.

    Day before month, as nearly all lists outside the United States write it, and only with dots;
    `4/5/1988` may be either and is none. A day that no calendar has is none.

    >>> [date_of(one) for one in ("1988", "1988-5", "3.10.1990", "10/1990", "1988.0", "4/5/1988")]
    ['1988', '1988-05', '1990-10-03', '1990-10', '1988', None]
    >>> date_of("31.2.1983"), date_of("13/1990")
    (None, None)
    """
    parts = _parts(text)
    if parts is None or _not_in_calendar(*parts):
        return None
    year, month, day = parts
    return "-".join(part.zfill(2) for part in (year, month, day) if part)


def date_fault(text: str) -> str:
    """Return why a cell is no date; empty where it is one or says more than `date_of` reads.

    >>> date_fault("31.2.1983"), date_fault("13/1990"), date_fault("1988")
    ('February 1983 has 28 days', 'a year has 12 months', '')
    """
    parts = _parts(text)
    return _not_in_calendar(*parts) if parts else ""


def _parts(text: str) -> tuple[str, str, str] | None:
    """Return year, month and day as they are written, empty where they are not; None: no date."""
    text = text.strip()
    if match := _YEAR.fullmatch(text) or _FLOAT.fullmatch(text):
        return match[match.re.groups], "", ""
    if match := _ISO.fullmatch(text):
        return match[1], match[2], match[3] or ""
    if match := _DOTTED.fullmatch(text):
        return match[3], match[2], match[1] or ""
    if match := _MONTH.fullmatch(text):
        return match[2], match[1], ""
    return None


def _not_in_calendar(year: str, month: str, day: str) -> str:
    if month and not 1 <= int(month) <= 12:
        return "a year has 12 months"
    if not day:
        return ""
    days = calendar.monthrange(int(year), int(month))[1]
    return "" if 1 <= int(day) <= days else f"{_MONTHS[int(month) - 1]} {year} has {days} days"
