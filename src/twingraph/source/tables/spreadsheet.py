"""A table from outside (CSV, TSV, Excel) -> CSV in the form that the project keeps.

Excel is read with openpyxl in its read-only way, XML through defusedxml; formulas give the values
that were stored with them. The unpacked size of a file is checked before it is read.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from twingraph.problems import TwingraphError, split_lines
from twingraph.source.tables.cells import quote_words

MAX_UNPACKED: Final = 256 * 1024 * 1024
MAX_ROWS: Final = 1_000_000
_LAST_ROW: Final = 1_048_576  # of a sheet
MAX_COLUMNS: Final = 256
# What of a number format is no part of a date: words in quotes, colours and languages, signs.
_NO_PART: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.')
_MARKUP: Final = (
    (re.compile(r"\s*<(?:!doctype|html|table|head|body|meta|\?xml|!--)", re.IGNORECASE), "HTML"),
    (re.compile(r"\s*\{\|"), "wikitext"),
)
# A range with its four numbers (ECMA-376, part 1, section 18.18.62); others merge nothing here.
_RANGE: Final = re.compile(r"\$?[A-Z]{1,3}\$?[1-9][0-9]{0,6}:\$?[A-Z]{1,3}\$?[1-9][0-9]{0,6}")
_MERGE_CELL: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*/>")
_DELIMITERS: Final = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Taken:
    """A table as CSV, and notes on the file that it came from."""

    text: str
    notes: tuple[str, ...] = ()


def take(raw: bytes, name: str) -> Taken:
    r"""Return the table in a file as CSV; the suffix of `name` gives its format.

    Raises `TwingraphError`.

    >>> take(b"a;b\r\n1;2\r\n", "list.csv")
    Taken(text='a,b\n1,2\n', notes=("columns are split by ';'",))
    """
    suffix = name.lower().rpartition(".")[2]
    if suffix in ("xlsx", "xlsm"):
        return _from_excel(raw, name)
    if suffix == "xls" or raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise TwingraphError(f"{name} is Excel of before 2007; save it as .xlsx or as CSV (UTF-8)")
    if suffix not in ("csv", "tsv", "txt"):
        raise TwingraphError(f"{name} is no table that is known; save it as .csv, .tsv or .xlsx")
    if raw.startswith(b"PK\x03\x04"):
        raise TwingraphError(f"{name} is a packed file, such as a workbook, and no text; "
                             "save it as .xlsx or as CSV (UTF-8)")  # fmt: skip
    text, notes = _decoded(raw, name)
    for start, markup in _MARKUP:
        if start.match(text):
            raise TwingraphError(f"{name} is {markup} and no table of cells; open it in a browser, "
                                 "copy the table into a spreadsheet, and save that as .xlsx or as "
                                 "CSV (UTF-8)")  # fmt: skip
    if "\0" in text:
        line = len(split_lines(text[: text.index("\0") + 1]))
        raise TwingraphError(f"{name}:{line}: a NUL byte; save it anew as CSV (UTF-8)")
    delimiter = "\t" if suffix == "tsv" else _delimiter(text)
    if delimiter != ",":
        notes += (f"columns are split by {'tabs' if delimiter == chr(9) else repr(delimiter)}",)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise TwingraphError(f"{name}:{line}: {quote_words(error)}") from None
    return Taken(_written(rows, name), notes)


def _decoded(raw: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16", errors="strict"), ("was UTF-16",)
        except UnicodeDecodeError as error:
            raise TwingraphError(f"{name}: no UTF-16 from byte {error.start + 1} on; save it as "
                                 "CSV (UTF-8)") from None  # fmt: skip
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252"), ("was no UTF-8, taken as Windows-1252: look at the umlauts",)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TwingraphError(f"{name}:{line}: neither UTF-8 nor Windows-1252; save it as "
                             "CSV (UTF-8)") from None  # fmt: skip


def _delimiter(text: str) -> str:
    head = text.partition("\n")[0]
    return max(_DELIMITERS, key=lambda mark: (head.count(mark), -_DELIMITERS.index(mark)))


def _from_excel(raw: bytes, name: str) -> Taken:
    try:
        import defusedxml  # noqa: F401  # openpyxl reads through it where it is there
        import openpyxl
        from openpyxl.utils import get_column_letter
    except ImportError:
        raise TwingraphError(
            f"{name} is Excel, which needs two more packages: pip install 'twingraph[excel]'; or "
            "save it as CSV (UTF-8)"
        ) from None
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
        if size > MAX_UNPACKED:
            raise TwingraphError(f"{name} unpacks to {size} bytes, {MAX_UNPACKED} at most; save "
                                 "it as CSV")  # fmt: skip
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(raw), read_only=True)
        try:
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            if not sheets:
                raise TwingraphError(f"{name} has no visible sheet; save the list as CSV")
            first = sheets[0].iter_rows()
            formula_rows = formulas[sheets[0].title].iter_rows(values_only=True)
            merged, is_broken = _merged(sheets[0], name)
            if is_broken:
                _hide_merges(sheets[0])
                _hide_merges(formulas[sheets[0].title])
            rows: list[list[str]] = []
            unknown: list[str] = []
            struck: list[str] = []
            for cells, entered in zip(_first_rows(first, name), formula_rows, strict=False):
                row = [cell.value for cell in cells]
                if any(cell is not None for cell in row[MAX_COLUMNS:]):
                    raise TwingraphError(f"{name}: row {len(rows) + 1} has more than {MAX_COLUMNS} "
                                         "columns; take out those that do not matter")  # fmt: skip
                rows.append(["" if cell.value is None else _shown(cell.value, cell.number_format)
                             for cell in cells[:MAX_COLUMNS]])  # fmt: skip
                struck += [cell.coordinate for cell in cells[:MAX_COLUMNS]
                           if cell.value is not None and cell.font.strike]  # fmt: skip
                for column in merged.get(len(rows), ()):
                    if column <= len(rows[-1]) and column <= len(rows[-2]):
                        rows[-1][column - 1] = rows[-2][column - 1]
                unknown += [f"{get_column_letter(number)}{len(rows)}" for number, (cell, formula)
                            in enumerate(zip(row, entered, strict=False), 1)
                            if cell is None and formula is not None]  # fmt: skip
        finally:
            book.close()
            formulas.close()
    except TwingraphError:
        raise
    except Exception as error:  # noqa: BLE001  # openpyxl raises whatever a broken file provokes
        words = f"{type(error).__name__}: {error}"[:200]
        raise TwingraphError(f"{name} can't be read as Excel ({words}); save it as CSV") from None
    others = [sheet.title for sheet in sheets[1:]]
    notes: tuple[str, ...] = ()
    if merged:
        notes += (f"{sum(map(len, merged.values()))} cells are merged with the one above, and were "
                  "read as saying the same",)  # fmt: skip
    if others:
        notes += (f"sheet '{sheets[0].title}'; not read: {', '.join(others)}",)
    if struck:
        notes += (f"{len(struck)} cells are struck through, and were read as if they were not (the "
                  f"first is {struck[0]}): write what that means into a column",)  # fmt: skip
    if unknown:
        notes += (f"{len(unknown)} cells hold a formula without its value, and were read as empty "
                  f"(the first is {unknown[0]}): open the file in Excel and save it",)  # fmt: skip
    return Taken(_written(rows, name), notes)


def _merged(sheet: Any, name: str) -> tuple[dict[int, list[int]], bool]:  # openpyxl has no types
    """Return the number of a row -> its columns that are merged with the cell above.

    The ranges stand behind the rows of a sheet (ECMA-376, part 1, section 18.3.1.55), where
    openpyxl's read-only way does not look. Of a range only the first column is taken: one that goes
    over several columns is a heading. The second value says whether there are ranges that merge
    nothing, such as `A:A` or `A3:A2`, at which openpyxl stops.
    """
    from defusedxml.ElementTree import iterparse
    from openpyxl.utils import range_boundaries

    merged: dict[int, list[int]] = {}
    count = 0
    is_broken = False
    with sheet._get_source() as stream:
        for _, element in iterparse(stream):
            if element.tag.endswith("}mergeCell"):
                cells = element.get("ref", "")
                if not _RANGE.fullmatch(cells):
                    is_broken = True
                    continue
                column, first, last_column, last = range_boundaries(cells)
                is_broken = is_broken or last < first or last_column < column or last > _LAST_ROW
                count += max(0, last - first)
                if count > 2 * MAX_ROWS:
                    raise TwingraphError(f"{name} has more than {2 * MAX_ROWS} merged cells; "
                                         "save it as CSV")  # fmt: skip
                for number in range(first + 1, last + 1):
                    merged.setdefault(number, []).append(column)
            elif element.tag.endswith("}row"):
                element.clear()
    return merged, is_broken


def _hide_merges(sheet: Any) -> None:
    """Let openpyxl read a sheet as if it had no merged cells; it reads them and uses them not."""
    with sheet._get_source() as stream:
        plain = _MERGE_CELL.sub(b"", stream.read())
    sheet._get_source = lambda: io.BytesIO(plain)


def _first_rows(rows: Iterable[tuple[Any, ...]], name: str) -> Iterable[tuple[Any, ...]]:
    for number, row in enumerate(rows, 1):
        if number > MAX_ROWS:
            raise TwingraphError(f"{name} has more than {MAX_ROWS} rows; split it")
        yield row


def _shown(cell: object, number_format: str = "") -> str:
    """Return a cell as text: a whole number without a fraction, a day without its midnight.

    A workbook stores every date as a whole day (ECMA-376, part 1, section 18.17.4); what the format
    of the cell does not show, nobody has written, and it is left out.

    >>> day = datetime.datetime(1993, 1, 1)
    >>> [_shown(day, shape) for shape in ("yyyy", "mmm yy", "dd.mm.yyyy", "")]
    ['1993', '1993-01', '1993-01-01', '1993-01-01']
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if not isinstance(cell, datetime.date):
        return str(cell)
    shown = _NO_PART.sub("", number_format.partition(";")[0].lower())
    is_clock = isinstance(cell, datetime.datetime) and cell.time() != datetime.time()
    if is_clock and ("h" in shown or "y" not in shown):
        return str(cell)
    day = cell.isoformat()[: len("1993-01-01")]
    if "y" not in shown or "d" in shown:
        return day
    return day[: len("1993-01")] if "m" in shown else day[: len("1993")]


def _written(rows: Iterable[Iterable[str]], name: str) -> str:
    """Return rows as CSV without empty rows and without columns that are empty all the way."""
    kept = [[re.sub(r"\r\n?", " ", cell).strip() for cell in row] for row in rows]
    kept = [row for row in kept if any(row)]
    if not kept:
        raise TwingraphError(f"{name} is empty; name a table with a header and a row a partnership")
    width = max(len(row) for row in kept)
    while width and not any(len(row) >= width and row[width - 1] for row in kept):
        width -= 1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in kept:
        # spreadsheets leave out empty cells at the end of a row; a row that is too long stays too
        # long
        writer.writerow([*row[:width], *[""] * (width - len(row))])
    return out.getvalue()
