"""Query results (SPARQL JSON or CSV) -> rows.

Variables: item, target, and as far as there: statement, rank, start, startPrec, startCal, end,
endPrec, endCal, itemLabel, targetLabel, version, modified. A somevalue is an address under
`…/.well-known/genid/`, or a blank node in a dump.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from twingraph.link.wikidata_in.entities import in_unicode
from twingraph.link.wikidata_in.rows import SOME, StatementRow
from twingraph.link.wikidata_in.times import DAY, YEAR, edtf_of, is_late_julian

_ITEM: Final = re.compile(r"(?:.*/)?(Q[1-9][0-9]{0,11})")
_GENID: Final = "/.well-known/genid/"
_MIDNIGHT: Final = re.compile(r"-01-01(T00:00:00Z)?$")
_ALSO: Final = {
    "item": ("source", "source_qid", "city", "place"), "target": ("target_qid", "partner"),
    "statement": ("st",), "version": ("revision", "lastrevid"),
}  # fmt: skip


def rows_of_results(
    bindings: Iterable[Mapping[str, object]], notes: list[str]
) -> Iterator[StatementRow]:
    """Yield a row for each result, once.

    >>> [row.start for row in rows_of_results([{"item": "Q64", "target": "Q90",
    ...     "start": "1987-01-01T00:00:00Z", "startPrec": "9"}], [])]
    ['1987']
    """
    statements = set()
    for number, binding in enumerate(bindings, 1):
        cells = {name: _text(value) for name, value in binding.items() if name}
        row = _row(cells, number, notes)
        if row is not None and row not in statements:
            statements.add(row)
            yield row


def _text(value: object) -> str:
    """Return a cell of CSV, or the value of a term of SPARQL JSON; a blank node is a somevalue."""
    if isinstance(value, dict):
        text = in_unicode(str(value.get("value", "")))
        return SOME if value.get("type") == "bnode" else text
    return str(value or "")


def _cell(cells: Mapping[str, str], name: str) -> str:
    for item in (name, *_ALSO.get(name, ())):
        if cells.get(item):
            return cells[item]
    return ""


def _row(cells: Mapping[str, str], number: int, notes: list[str]) -> StatementRow | None:
    item, target = _cell(cells, "item"), _cell(cells, "target")
    match = _ITEM.fullmatch(item)
    if match is None:
        notes.append(f"result {number}: '{item[:80]}' is no item")
        return None
    other = _ITEM.fullmatch(target)
    if other is None:
        notes.append(f"result {number}: the partner '{target[:80]}' is no item")
    statement = _cell(cells, "statement").rpartition("/")[2]
    return StatementRow(
        match[1], _label(cells.get("itemLabel", ""), match[1]), other[1] if other else "",
        _label(cells.get("targetLabel", ""), other[1] if other else ""), _guid(statement),
        cells.get("rank", "").rpartition("#")[2].removesuffix("Rank").lower() or "normal",
        _date(cells, "start", number, notes, ""), _date(cells, "end", number, notes, SOME),
        "", "", _cell(cells, "version"), cells.get("modified", ""),
    )  # fmt: skip


def _label(label: str, item: str) -> str:
    """Return a label; the label service gives the identifier where there is none."""
    return "" if label == item else label


def _guid(name: str) -> str:
    """Return the GUID of a statement's IRI, whose first hyphen stands for a dollar sign.

    >>> _guid("Q64-1e9bf6a7-4a2e-4f9c-8a8f-000000000000")
    'Q64$1e9bf6a7-4a2e-4f9c-8a8f-000000000000'
    """
    return name if "$" in name else name.replace("-", "$", 1)


def _date(cells: Mapping[str, str], name: str, number: int, notes: list[str], unknown: str) -> str:
    text = cells.get(name, "") or (cells.get("endAny", "") if name == "end" else "")
    if not text:
        return ""
    if text == SOME or _GENID in text:
        return unknown
    written = cells.get(f"{name}Prec", "")
    # without a precision the first of January is most likely a year that was filled up
    precision = int(written) if re.fullmatch(r"[0-9]{1,2}", written) else (
        YEAR if _MIDNIGHT.search(text) or re.fullmatch(r"\d{4}", text) else DAY)  # fmt: skip
    calendar = cells.get(f"{name}Cal", "")
    padded = text if text.count("-") >= 2 else f"{text}-00-00"
    if is_late_julian(padded, calendar):
        notes.append(f"result {number}: {text} is flagged Julian, most likely by mistake")
    # RDF gives days of the Julian calendar in the Gregorian already
    edtf = edtf_of(padded, precision)
    if not edtf:
        notes.append(f"result {number}: {name} '{text[:40]}' is no date here")
    return edtf
