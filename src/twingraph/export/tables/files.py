"""The published graph -> `tables/` of a build: CSV for spreadsheets, with CSVW and Frictionless.

RFC 4180: UTF-8 without a byte order mark, CRLF, quotes where they are needed. A cell holds exactly
the text of the graph, also where it begins with `=` or `@` (docs/tables.md says why).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from twingraph.export.tables.columns import MORE, Cell, Column, Row, TableSchema, cell
from twingraph.export.tables.csvw import GROUP, SUFFIX, group_metadata, table_metadata
from twingraph.export.tables.datapackage import DESCRIPTOR, Resource, package
from twingraph.export.tables.schema import TABLES
from twingraph.link.facts import LinkFacts
from twingraph.settings import Settings

FOLDER: Final = "tables/"


@dataclass(frozen=True)
class Tables:
    """What the tables are made from: the published graph, and who publishes where."""

    facts: LinkFacts
    settings: Settings
    base: str

    @cached_property
    def rows(self) -> Mapping[str, Sequence[Row]]:
        """Every table's rows by its name, sorted by the columns of its key."""
        return {table.name: self._rows(table) for table in TABLES}

    @cached_property
    def csv(self) -> Mapping[str, bytes]:
        """Every table as CSV, by its name."""
        return {table.name: write_csv(table.columns, self.rows[table.name]) for table in TABLES}

    def _rows(self, table: TableSchema) -> list[Row]:
        made = self._pairs(table) if table.rows else self._things(table)
        return sorted(made, key=lambda row: [str(row[name]) for name in table.key])

    def _pairs(self, table: TableSchema) -> Iterator[Row]:
        for row in table.rows(self.facts) if table.rows else ():
            yield dict(row)

    def _things(self, table: TableSchema) -> Iterator[Row]:
        for thing in table.things(self.facts) if table.things else ():
            row: dict[str, Cell] = {}
            more: list[str] = []
            for column in table.columns:
                if column.name == table.about:
                    row[column.name] = thing
                elif column.name == MORE:
                    row[column.name] = more
                else:
                    row[column.name], left_out = cell(self.facts, thing, column)
                    more += [column.name] * left_out
            yield row


def write_csv(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    r"""Return rows as CSV (RFC 4180); the members of a list are parted by spaces.

    >>> year, ties = Column("year", "", "", ""), Column("ties", "", "", "", many=True)
    >>> write_csv((year, ties), [{"year": "[1987,1988]", "ties": ["a", "b"]}])
    b'year,ties\r\n"[1987,1988]",a b\r\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = [column.name for column in columns]
    writer.writerow(names)
    writer.writerows([_text(row[name]) for name in names] for row in rows)
    return out.getvalue().encode()


def _text(value: Cell) -> str:
    return value if isinstance(value, str) else " ".join(value)


# --- the files -----------------------------------------------------------------------------------


def _csv(name: str) -> Callable[[Tables], bytes]:
    return lambda tables: tables.csv[name]


def _alone(table: TableSchema) -> Callable[[Tables], bytes]:
    return lambda tables: table_metadata(table, tables.settings, tables.base)


def _package(tables: Tables) -> bytes:
    resources = [
        Resource(table, len(raw := tables.csv[table.name]), hashlib.sha256(raw).hexdigest())
        for table in TABLES
    ]
    return package(resources, tables.settings)


FILES: Final[dict[str, Callable[[Tables], bytes]]] = {
    **{f"{FOLDER}{table.name}.csv": _csv(table.name) for table in TABLES},
    **{f"{FOLDER}{table.name}.csv{SUFFIX}": _alone(table) for table in TABLES},
    FOLDER + GROUP: lambda tables: group_metadata(TABLES, tables.settings, tables.base),
    FOLDER + DESCRIPTOR: _package,
}
