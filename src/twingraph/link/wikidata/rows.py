"""Statements of P190 as the rows that `twingraph import wikidata` writes -> a snapshot.

A row is a statement; one with several starts or ends has several rows, which make one statement
again. Qualifiers and references are Wikibase JSON; where a row has none, its dates are what it has.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from twingraph.link.wikidata.dates import wikidata_time
from twingraph.link.wikidata.entities import snak_text, times_of
from twingraph.link.wikidata.statements import (
    END,
    START,
    STATEMENT,
    Snapshot,
    WikidataItem,
    WikidataStatement,
    WikidataTime,
)
from twingraph.problems import TwingraphError

_NEEDED: Final = ("item", "target", "statement", "rank", "start", "end", "revision")


def is_row_table(path: Path) -> bool:
    """Has the file the columns of such rows?"""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = next(csv.reader(stream), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    return set(_NEEDED) <= set(header)


def read_rows(path: Path, name: str) -> Snapshot:
    """Read such rows; raise `TwingraphError` with the line of an invalid one."""
    by_statement: dict[tuple[str, str, str], list[Mapping[str, str]]] = {}
    items: dict[str, WikidataItem] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            for row in reader:
                if None in row.values():
                    place = f"{path}:{reader.line_num}"
                    raise TwingraphError(f"{place}: cells are missing; import anew")
                key = row["item"], row["target"], row["statement"]
                by_statement.setdefault(key, []).append(row)
                for item, label in (("item", "item_label"), ("target", "target_label")):
                    if row.get(label):
                        items[row[item]] = WikidataItem(row[label])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TwingraphError(f"{path}: {error}; import anew") from None
    try:
        statements = tuple(_statement(rows) for _, rows in sorted(by_statement.items()))
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise TwingraphError(f"{path}: qualifiers that are no JSON of Wikibase ({error!r}); "
                             "import anew") from None  # fmt: skip
    return Snapshot(name, statements, items)


def _statement(rows: Sequence[Mapping[str, str]]) -> WikidataStatement:
    first = rows[0]
    qualifiers = _json(first.get("qualifiers", ""))
    references = _json(first.get("references", ""))
    named = qualifiers if isinstance(qualifiers, dict) else {}
    return WikidataStatement(
        first["item"],
        first["target"],
        STATEMENT + first["statement"].removeprefix(STATEMENT).replace("$", "-", 1)
        if first["statement"] else "",
        first["rank"] or "normal",
        _times(named, START, [row["start"] for row in rows]),
        _times(named, END, [row["end"] for row in rows]),
        {key: tuple(map(snak_text, snaks)) for key, snaks in sorted(named.items())},
        tuple(
            {key: tuple(map(snak_text, snaks)) for key, snaks in reference["snaks"].items()}
            for reference in references or ()
        ),
        first["revision"],
    )  # fmt: skip


def _json(text: str) -> Any:
    return json.loads(text) if text else None


def _times(
    qualifiers: Mapping[str, Any], name: str, dates: Sequence[str]
) -> tuple[WikidataTime, ...]:
    """Return times with precision from the qualifiers; without these, from EDTF dates."""
    if name in qualifiers:
        return times_of(qualifiers[name])
    times = {
        wikidata_time(date) or WikidataTime("") for date in dates if date and date != "novalue"
    }
    return tuple(sorted(times))
