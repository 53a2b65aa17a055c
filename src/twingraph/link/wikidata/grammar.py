"""A strict parser of QuickStatements: everything but the forms that we write is an error.

The tools themselves forgive too much: the classic one swallows a pair of columns whose key it does
not know, and takes a date without precision for a year. So everything that we write is read back by
this grammar, which knows the keys we use and no others.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

from twingraph.link.wikidata.quickstatements import NewStatement
from twingraph.link.wikidata.statements import TWINNED
from twingraph.problems import TwingraphError

_ITEM: Final = re.compile(r"Q[1-9]\d{0,11}")
_TIME: Final = re.compile(
    r"\+\d{4}-(?:00-00T00:00:00Z/[89]|(?:0[1-9]|1[0-2])-00T00:00:00Z/10"
    r"|(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T00:00:00Z/11)"
)
_DAY: Final = re.compile(r"\+\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T00:00:00Z/11")
_URL: Final = re.compile(r'"https?://[!#-{}~]+"')
_TITLE: Final = re.compile(r'[a-z]{2,3}(?:-[a-z]+)*:"[^"|\t\n]+"')

QUALIFIERS: Final = {"P580": _TIME, "P582": _TIME}
REFERENCE: Final = {"S854": _URL, "S1476": _TITLE, "S813": _DAY}
_ORDER: Final = (*QUALIFIERS, *REFERENCE)


def read_v1(raw: bytes, name: str = "V1") -> list[NewStatement]:
    r"""Read V1; raise `TwingraphError` with the line where one is not of our form.

    >>> read_v1(b'Q1\tP190\tQ2\tS854\t"https://e.org/"\n')[0].reference
    (('S854', '"https://e.org/"'),)
    """
    statements = []
    for number, line in enumerate(_lines(raw, name), 1):
        place = f"{name}:{number}"
        if "|" in line:
            raise TwingraphError(f"{place}: a bar, which parts commands; write %7C")
        item, prop, value, *rest = [*line.split("\t"), "", "", ""][: max(3, line.count("\t") + 1)]
        if prop != TWINNED:
            raise TwingraphError(f"{place}: {prop!r} is not {TWINNED}; write item, P190, item")
        if len(rest) % 2:
            raise TwingraphError(f"{place}: a column without a value; write keys and values")
        statements.append(
            _statement(place, item, value, list(zip(rest[::2], rest[1::2], strict=True)))
        )
    _refuse_twice(statements, name)
    return statements


def read_csv(raw: bytes, name: str = "CSV") -> list[NewStatement]:
    """Read the CSV form; raise `TwingraphError` with the line where one is not of our form."""
    rows = list(csv.reader(_lines(raw, name), strict=True))
    head = rows[0] if rows else []
    if head[:2] != ["qid", TWINNED]:
        raise TwingraphError(f"{name}:1: the columns do not begin with qid,{TWINNED}")
    keys = list(_csv_keys(head[2:], name))
    statements = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(head) or "" in row:
            raise TwingraphError(f"{name}:{number}: an empty cell, or one too many or too few")
        cells = list(zip(keys, row[2:], strict=True))
        statements.append(_statement(f"{name}:{number}", row[0], row[1], cells))
    _refuse_twice(statements, name)
    return statements


def _lines(raw: bytes, name: str) -> list[str]:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise TwingraphError(f"{name}: {error}; write UTF-8") from None
    if text and not text.endswith("\n"):
        raise TwingraphError(f"{name}: cut off in its last line; take the whole file")
    return text.split("\n")[:-1]


def _csv_keys(head: Sequence[str], name: str) -> Iterator[str]:
    """Yield V1's keys: `qal580` is a qualifier, `S854` opens a reference, `s813` goes on."""
    opened = False
    for column in head:
        if column.startswith("qal") and not opened:
            yield "P" + column.removeprefix("qal")
        elif (column.startswith("S") and not opened) or (column.startswith("s") and opened):
            opened = True
            yield column.upper()
        else:
            raise TwingraphError(
                f"{name}:1: column {column!r}; write qualifiers first, then one S, then small s"
            )


def _statement(place: str, item: str, value: str, cells: Sequence[tuple[str, str]]) -> NewStatement:
    for text in (item, value):
        if not _ITEM.fullmatch(text):
            raise TwingraphError(f"{place}: {text!r} is no item; write Q64")
    if item == value:
        raise TwingraphError(f"{place}: {item} is no partner of itself")
    known = {**QUALIFIERS, **REFERENCE}
    for key, cell in cells:
        if key not in known:
            raise TwingraphError(
                f"{place}: {key!r} is no column of ours; write {', '.join(_ORDER)}"
            )
        if not known[key].fullmatch(cell):
            raise TwingraphError(f"{place}: {key} can't be {cell!r}; see Help:QuickStatements")
    keys = [key for key, _ in cells]
    if keys != sorted(set(keys), key=_ORDER.index):
        raise TwingraphError(f"{place}: columns twice or out of order; write {', '.join(_ORDER)}")
    if "S854" not in keys:
        raise TwingraphError(f"{place}: no reference to a source (S854)")
    return NewStatement(
        item,
        value,
        "",
        tuple((key, cell) for key, cell in cells if key in QUALIFIERS),
        tuple((key, cell) for key, cell in cells if key in REFERENCE),
    )


def _refuse_twice(statements: Sequence[NewStatement], name: str) -> None:
    keys: set[tuple[str, str]] = set()
    for statement in statements:
        if (statement.item, statement.value) in keys:
            raise TwingraphError(
                f"{name}: {statement.item} and {statement.value} twice; write each way once"
            )
        keys.add((statement.item, statement.value))
