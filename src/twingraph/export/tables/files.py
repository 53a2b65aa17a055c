"""The published graph -> `tables/` of a build: CSV for spreadsheets, with CSVW and Frictionless.

RFC 4180: UTF-8 without a byte order mark, CRLF, quotes where they are needed. A cell holds exactly
the text of the graph, also where it begins with `=` or `@` (docs/tables.md says why).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from twingraph.export.tables.columns import MORE, Cell, Column, Row, TableSchema, cell, found_cell
from twingraph.export.tables.csvw import GROUP, SUFFIX, group_metadata, table_metadata
from twingraph.export.tables.datapackage import DESCRIPTOR, Resource, package
from twingraph.export.tables.schema import TABLES
from twingraph.export.tables.updated_table import edited
from twingraph.link.facts import LinkFacts
from twingraph.settings import Settings

FOLDER: Final = "tables/"
PACKAGE: Final = FOLDER + DESCRIPTOR
_DRAWN: Final = ("places", "partnerships")  # see geojson
_MOST: Final = 0.2  # of all rows are made anew at most: all take as long as more
_ROWS: Final = 1024  # rows that are written at once


@dataclass(frozen=True)
class Earlier:
    """The tables of the previous build, and the entities whose rows may have changed."""

    things: frozenset[str]
    read: Callable[[str], bytes | None]  # a file by its name; None where it is not whole


@dataclass(frozen=True)
class Tables:
    """The tables of a published graph, with the settings of its publication.

    Rows are made when they are written. Those of the tables that maps are drawn from are kept, and
    of each file its size and its checksum, which the package tells. Where there are tables of an
    `earlier` build, only the rows that may be others are made.
    """

    facts: LinkFacts
    settings: Settings
    base: str
    earlier: Earlier | None = None
    _written: dict[str, Resource] = field(default_factory=dict)

    def rows(self, table: TableSchema) -> Iterable[Row]:
        """Return the rows of a table, sorted by the columns of its key."""
        if table.name in _DRAWN:
            return self.facts.remember(("rows", table.name), lambda: self._drawn(table))
        if table.all_rows is not None:
            return table.all_rows(self.facts)
        return self._rows(table, table.things(self.facts))

    def csv(self, table: TableSchema) -> Iterator[bytes]:
        """Yield a table as CSV, in pieces."""
        size, digest = 0, hashlib.sha256()
        for piece in self._edited(table) or self._whole(table):
            size += len(piece)
            digest.update(piece)
            yield piece
        self._written[table.name] = Resource(table, size, digest.hexdigest())

    def take(self, name: str, size: int, sha256: str) -> None:
        """Record the size and SHA-256 of a file taken over from the previous build."""
        for table in TABLES:
            if name == file_of(table):
                self._written[table.name] = Resource(table, size, sha256)

    def resource(self, table: TableSchema) -> Resource:
        """Return the size and checksum of the file of a table."""
        if table.name not in self._written:
            for _ in self.csv(table):
                pass
        return self._written[table.name]

    def _whole(self, table: TableSchema) -> Iterator[bytes]:
        return write_csv([column.name for column in table.columns], self.rows(table))

    def _edited(self, table: TableSchema) -> Iterator[bytes] | None:
        """Return a table of the previous build with the rows that may have changed made anew."""
        raw = self.unchanged_part(file_of(table))
        if raw is None or self.earlier is None:
            return None
        return edited(raw, {
            thing: b"".join(write_rows(self.rows_of(table, thing)))
            for thing in self.earlier.things
        })  # fmt: skip

    def unchanged_part(self, name: str) -> bytes | None:
        """Return a file of the previous build; None where too much of it may have changed."""
        raw = self.earlier.read(name) if self.earlier is not None else None
        if raw is None or self.earlier is None:
            return None
        return raw if len(self.earlier.things) <= raw.count(b"\n") * _MOST else None

    def rows_of(self, table: TableSchema, thing: str) -> Iterable[Row]:
        """Return the rows of a table about a thing."""
        return self._rows(table, [thing]) if table.has(self.facts, thing) else ()

    def _drawn(self, table: TableSchema) -> Sequence[Row]:
        """Return the rows of a table from which a map is drawn."""
        pieces = self._edited(table)
        if pieces is not None:
            with suppress(csv.Error):  # a cell that is longer than `csv` reads
                return list(read_rows(b"".join(pieces).decode(), table))
        return list(self._rows(table, table.things(self.facts)))

    def _rows(self, table: TableSchema, things: Iterable[str]) -> Iterator[Row]:
        """Yield the rows about things."""
        if table.rows is None:
            return self._things(table, things)
        return (row for thing in things for row in table.rows(self.facts, thing))

    def _things(self, table: TableSchema, things: Iterable[str]) -> Iterator[Row]:
        subjects = []
        by_predicate: dict[str, list[tuple[int, Column]]] = defaultdict(list)
        for place, column in enumerate(table.columns):
            if column.find is not None:
                subjects.append((place, column))
            elif column.predicate:
                by_predicate[column.predicate].append((place, column))
        empty: list[Cell] = [[] if column.many else "" for column in table.columns]
        names = [column.name for column in table.columns]
        about, more = names.index(table.about), names.index(MORE)
        for thing in things:
            row = empty.copy()
            row[about] = thing
            left_out = []
            for predicate, values in self.facts.facts(thing).items():
                for place, column in by_predicate.get(predicate, ()):
                    row[place], truncated = cell(values, column)
                    if truncated:
                        left_out.append(place)
            for place, column in subjects:
                row[place], truncated = found_cell(self.facts, thing, column)
                if truncated:
                    left_out.append(place)
            if left_out:
                row[more] = [names[place] for place in sorted(left_out)]
            yield row


def write_csv(names: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    r"""Yield rows as CSV (RFC 4180), in pieces; the members of a list are parted by spaces.

    >>> b"".join(write_csv(["year", "ties"], [["[1987,1988]", ["a", "b"]]]))
    b'year,ties\r\n"[1987,1988]",a b\r\n'
    """
    return chain(write_rows([names]), write_rows(rows))


def write_rows(rows: Iterable[Row]) -> Iterator[bytes]:
    r"""Yield rows as CSV, without a head, in pieces.

    >>> list(write_rows([["a", ["b", "c"]], ["d,e", ""], [""]]))
    [b'a,b c\r\n"d,e",\r\n""\r\n']
    """
    iterator = iter(rows)
    while block := list(islice(iterator, _ROWS)):
        cells = [[item if item.__class__ is str else " ".join(item) for item in row]
                 for row in block]  # fmt: skip
        yield "".join(map(_line, cells)).encode()


def _line(cells: Sequence[str]) -> str:
    """Return a row as CSV has it.

    `csv` looks at each character; few rows have one for which a cell is quoted.
    """
    line = ",".join(cells)
    if (
        '"' in line or line.count(",") >= len(cells) or "\r" in line or "\n" in line or not line
    ):  # fmt: skip
        out = io.StringIO()
        csv.writer(out, lineterminator="\r\n").writerow(cells)
        return out.getvalue()
    return f"{line}\r\n"


def read_rows(text: str, table: TableSchema) -> Iterator[Row]:
    """Yield the rows of a table from its CSV; raises `csv.Error`."""
    list_columns = [place for place, column in enumerate(table.columns) if column.many]
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    for cells in rows:
        row: list[Cell] = [*cells]
        for place in list_columns:
            row[place] = cells[place].split(" ") if cells[place] else []
        yield row


def file_of(table: TableSchema) -> str:
    """Return the name of a table's file in the build."""
    return f"{FOLDER}{table.name}.csv"


# --- the files -----------------------------------------------------------------------------------


def _csv(table: TableSchema) -> Callable[[Tables], Iterable[bytes]]:
    return lambda tables: tables.csv(table)


def _alone(table: TableSchema) -> Callable[[Tables], Iterable[bytes]]:
    return lambda tables: [table_metadata(table, tables.settings, tables.base)]


def _package(tables: Tables) -> Iterable[bytes]:
    return [package([tables.resource(table) for table in TABLES], tables.settings)]


FILES: Final[dict[str, Callable[[Tables], Iterable[bytes]]]] = {
    **{file_of(table): _csv(table) for table in TABLES},
    **{file_of(table) + SUFFIX: _alone(table) for table in TABLES},
    FOLDER + GROUP: lambda tables: [group_metadata(TABLES, tables.settings, tables.base)],
    PACKAGE: _package,
}
