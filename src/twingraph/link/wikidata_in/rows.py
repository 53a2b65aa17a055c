"""The one table that every way in writes: a row a statement (and a value of start or end)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import Final

TWINNED: Final = "P190"
SOME: Final = "somevalue"
NONE: Final = "novalue"


@dataclass(frozen=True)
class StatementRow:
    """A statement: `qualifiers` and `references` are JSON, all of them, with precision."""

    item: str
    item_label: str
    target: str
    target_label: str
    statement: str
    rank: str
    start: str
    end: str
    qualifiers: str
    references: str
    revision: str
    modified: str


COLUMNS: Final = tuple(field.name for field in fields(StatementRow))
MAPPING: Final = """title.en = "Wikidata: twinned administrative bodies (P190), {day}"
title.de = "Wikidata: Partnerorte (P190), {day}"
publisher = "Wikidata"
licence = "http://creativecommons.org/publicdomain/zero/1.0/"
language = "en"
as_of = "{day}"
retrieved = {day}
sha256 = "{sha256}"

[a]
name = "item_label"
wikidata = "item"

[b]
name = "target_label"
wikidata = "target"

[start]
column = "start"
precision = "edtf"

[end]
column = "end"
precision = "edtf"

[cite]
statement = "statement"
revision = "revision"
rank = "rank"
"""


def write_rows(rows: Iterable[StatementRow]) -> str:
    """Return rows as CSV, each once, in the order of items, targets and statements."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in sorted(set(rows), key=_order))
    return out.getvalue()


def _order(row: StatementRow) -> tuple[int, int, tuple[str, ...]]:
    return _number(row.item), _number(row.target), astuple(row)


def _number(item: str) -> int:
    return int(item[1:]) if item[1:].isascii() and item[1:].isdigit() else 0
