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
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from twingraph.export.tables.columns import MORE, Cell, Column, Row, TableSchema, cell, found_cell
from twingraph.export.tables.csvw import GROUP, SUFFIX, group_metadata, table_metadata
from twingraph.export.tables.datapackage import DESCRIPTOR, Resource, package
from twingraph.export.tables.schema import TABLES
from twingraph.link.facts import LinkFacts
from twingraph.settings import Settings

FOLDER: Final = "tables/"
PACKAGE: Final = FOLDER + DESCRIPTOR
_DRAWN: Final = ("places", "partnerships")  # see geojson
_ROWS: Final = 1024  # rows that are written at once


@dataclass(frozen=True)
class Tables:
    """What the tables are made from: the published graph, and who publishes where.

    Rows are made when they are written. Those of the tables that maps are drawn from are kept, and
    of each file its size and its checksum, which the package tells.
    """

    facts: LinkFacts
    settings: Settings
    base: str
    _written: dict[str, Resource] = field(default_factory=dict)

    def rows(self, table: TableSchema) -> Iterable[Row]:
        """Return the rows of a table, sorted by the columns of its key."""
        if table.name not in _DRAWN:
            return table.rows(self.facts) if table.rows else self._things(table)
        return self.facts.remember(("rows", table.name), lambda: list(self._things(table)))

    def csv(self, table: TableSchema) -> Iterator[bytes]:
        """Yield a table as CSV, in pieces."""
        size, digest = 0, hashlib.sha256()
        for piece in write_csv([column.name for column in table.columns], self.rows(table)):
            size += len(piece)
            digest.update(piece)
            yield piece
        self._written[table.name] = Resource(table, size, digest.hexdigest())

    def take(self, name: str, size: int, sha256: str) -> None:
        """Know a file that was taken from the build before, if it is a table."""
        for table in TABLES:
            if name == f"{FOLDER}{table.name}.csv":
                self._written[table.name] = Resource(table, size, sha256)

    def resource(self, table: TableSchema) -> Resource:
        """Return what is told of a table's file."""
        if table.name not in self._written:
            for _ in self.csv(table):
                pass
        return self._written[table.name]

    def _things(self, table: TableSchema) -> Iterator[Row]:
        found = []
        by_predicate: dict[str, list[tuple[int, Column]]] = defaultdict(list)
        for place, column in enumerate(table.columns):
            if column.find is not None:
                found.append((place, column))
            elif column.predicate:
                by_predicate[column.predicate].append((place, column))
        empty: list[Cell] = [[] if column.many else "" for column in table.columns]
        names = [column.name for column in table.columns]
        about, more = names.index(table.about), names.index(MORE)
        for thing in table.things(self.facts) if table.things else ():
            row = empty.copy()
            row[about] = thing
            left_out = []
            for predicate, values in self.facts.facts(thing).items():
                for place, column in by_predicate.get(predicate, ()):
                    row[place], left = cell(values, column)
                    if left:
                        left_out.append(place)
            for place, column in found:
                row[place], left = found_cell(self.facts, thing, column)
                if left:
                    left_out.append(place)
            if left_out:
                row[more] = [names[place] for place in sorted(left_out)]
            yield row


def write_csv(names: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    r"""Yield rows as CSV (RFC 4180), in pieces; the members of a list are parted by spaces.

    >>> b"".join(write_csv(["year", "ties"], [["[1987,1988]", ["a", "b"]]]))
    b'year,ties\r\n"[1987,1988]",a b\r\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    iterator = iter(rows)
    while some := list(islice(iterator, _ROWS)):
        writer.writerows(
            [item if item.__class__ is str else " ".join(item) for item in row] for row in some
        )
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


# --- the files -----------------------------------------------------------------------------------


def _csv(table: TableSchema) -> Callable[[Tables], Iterable[bytes]]:
    return lambda tables: tables.csv(table)


def _alone(table: TableSchema) -> Callable[[Tables], Iterable[bytes]]:
    return lambda tables: [table_metadata(table, tables.settings, tables.base)]


def _package(tables: Tables) -> Iterable[bytes]:
    return [package([tables.resource(table) for table in TABLES], tables.settings)]


FILES: Final[dict[str, Callable[[Tables], Iterable[bytes]]]] = {
    **{f"{FOLDER}{table.name}.csv": _csv(table) for table in TABLES},
    **{f"{FOLDER}{table.name}.csv{SUFFIX}": _alone(table) for table in TABLES},
    FOLDER + GROUP: lambda tables: [group_metadata(TABLES, tables.settings, tables.base)],
    PACKAGE: _package,
}
