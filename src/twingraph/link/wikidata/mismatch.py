"""Findings -> the CSV that Mismatch Finder takes, and the same rules as a check.

https://github.com/wmde/wikidata-mismatch-finder, docs/UserGuide.md: eight columns; statement and
value both or neither (neither: missing on Wikidata); a differing qualifier names the statement that
carries it. A finding that has no such form is listed for a person.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from twingraph.link.wikidata.pairs import BLOCKS, KnownPair
from twingraph.link.wikidata.quickstatements import Refused, best_evidence, is_address, safe_url
from twingraph.link.wikidata.report import Report, ReportRow
from twingraph.link.wikidata.statements import END, JULIAN, START, TWINNED
from twingraph.problems import TwingraphError

COLUMNS: Final = (
    "item_id", "statement_guid", "property_id", "wikidata_value", "meta_wikidata_value",
    "external_value", "external_url", "type",
)  # fmt: skip
_LONGEST: Final = 1500
_LONGEST_GUID: Final = 100
LARGEST: Final = 10 * 1024 * 1024
_ITEM: Final = re.compile(r"Q[1-9]\d{0,10}")
_PROPERTY: Final = re.compile(r"P[1-9]\d*")
_GUID: Final = re.compile(
    r"Q\d+\$[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}", re.IGNORECASE
)
_TYPES: Final = ("statement", "qualifier")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DATED: Final = {"start-differs": START, "end-differs": END, "ended-there": END}


@dataclass(frozen=True)
class Mismatch:
    """One row of the file; the names are those of the columns, `kind` is `type`."""

    item_id: str
    statement_guid: str
    property_id: str
    wikidata_value: str
    meta_wikidata_value: str
    external_value: str
    external_url: str
    kind: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells in the order of `COLUMNS`."""
        return (
            self.item_id, self.statement_guid, self.property_id, self.wikidata_value,
            self.meta_wikidata_value, self.external_value, self.external_url, self.kind,
        )  # fmt: skip


def mismatches(report: Report) -> tuple[list[Mismatch], list[Refused]]:
    """Return the rows to send, each pair and direction once, and the findings that have no row.

    What people have reviewed is not sent again; a date without its statement can't be.
    """
    by_key: dict[tuple[str, ...], Mismatch] = {}
    refused = []
    for row in report.rows:
        if row.pair is None:
            continue
        reason = _reason(row)
        if reason is None:
            continue
        if reason:
            refused.append(Refused(row.pair.name, row.items, reason))
            continue
        for mismatch in _rows(row, row.pair):
            key = (mismatch.item_id, mismatch.property_id, mismatch.statement_guid,
                   "" if mismatch.statement_guid else mismatch.external_value)  # fmt: skip
            by_key.setdefault(key, mismatch)
    return [by_key[key] for key in sorted(by_key)], list(dict.fromkeys(refused))


def _reason(row: ReportRow) -> str | None:
    """Say why a finding is not sent, "" if it is; None where it is no disagreement at all."""
    assert row.pair is not None
    if row.finding not in ("missing", "one-sided", *_DATED):
        return None
    if row.decided:
        return f"people decided about it: {row.decided}"
    if row.pair.blocks:
        return "; ".join(BLOCKS[block] for block in row.pair.blocks)
    evidence = best_evidence(row.pair)
    if evidence is None:
        return BLOCKS["no-address"]
    if row.finding.endswith("-differs") and row.finding.partition("-")[0] not in evidence.dates:
        return f"the date is not from {evidence.name}, the one source with a known address"
    if row.finding in _DATED:
        if row.statement is None or not _GUID.fullmatch(row.statement.guid):
            return "the statement that carries the date is not known by name"
        if not _values(row):
            return "an unknown value there, which can't be written"
    return ""


def _rows(row: ReportRow, pair: KnownPair) -> Iterator[Mismatch]:
    evidence = best_evidence(pair)
    url = safe_url(evidence.page) if evidence else ""
    first, second = row.parties
    if row.finding in _DATED:
        assert row.statement is not None
        own_value = row.ours if row.finding != "ended-there" else pair.status
        julian = any(time.calendar == JULIAN for time in (*(row.statement.start or ()),
                                                          *(row.statement.end or ())))  # fmt: skip
        calendar = JULIAN if julian else ""
        yield Mismatch(row.statement.subject, row.statement.guid, _DATED[row.finding],
                       _values(row), calendar, own_value, url, "qualifier")  # fmt: skip
        return
    yield Mismatch(first.item, "", TWINNED, "", "", second.item, url, "statement")
    if row.finding == "missing":
        yield Mismatch(second.item, "", TWINNED, "", "", first.item, url, "statement")


def _values(row: ReportRow) -> str:
    """Return Wikidata's date as its own parser reads it: `1953`, `May 1953`, `1953-05-17`."""
    text = row.theirs.partition(" / ")[0]
    year, _, month = text.partition("-")
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return f"{_MONTHS[int(month) - 1]} {year}"
    return text if re.fullmatch(r"\d{4}(-\d{2}-\d{2})?|\d{3}0s", text) else ""


def write_mismatches(rows: Iterable[Mismatch]) -> bytes:
    """Return the file (CSV, RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(item.cells for item in rows)
    return out.getvalue().encode()


def check_mismatches(raw: bytes, name: str = "mismatches") -> list[Mismatch]:
    """Read the file as Mismatch Finder's own check does; raise `TwingraphError` with the line."""
    if len(raw) > LARGEST:
        raise TwingraphError(f"{name}: more than {LARGEST} bytes; part it")
    rows = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))
    if not rows or tuple(rows[0]) != COLUMNS:
        raise TwingraphError(f"{name}:1: the columns are not {', '.join(COLUMNS)}")
    accepted: list[Mismatch] = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(COLUMNS):
            raise TwingraphError(f"{name}:{number}: {len(row)} cells; write {len(COLUMNS)}")
        mismatch = Mismatch(*row)
        wrong = list(_wrong(mismatch))
        if wrong:
            raise TwingraphError(f"{name}:{number}: {wrong[0]}")
        accepted.append(mismatch)
    _refuse_twice(accepted, name)
    return accepted


def _wrong(row: Mismatch) -> Iterator[str]:
    if not _ITEM.fullmatch(row.item_id):
        yield f"item_id {row.item_id!r}; write Q64"
    if not _PROPERTY.fullmatch(row.property_id):
        yield f"property_id {row.property_id!r}; write {TWINNED}"
    if bool(row.statement_guid) is not bool(row.wikidata_value):
        yield "statement_guid and wikidata_value go together; write both or neither"
    if row.statement_guid:
        if len(row.statement_guid) > _LONGEST_GUID or not _GUID.fullmatch(row.statement_guid):
            yield f"statement_guid {row.statement_guid!r}; write Q64$ and its UUID"
        if not row.statement_guid.upper().startswith(row.item_id + "$"):
            yield f"statement_guid {row.statement_guid!r} is none of {row.item_id}"
    if row.meta_wikidata_value and not (
        row.wikidata_value and row.property_id in (START, END)
        and _ITEM.fullmatch(row.meta_wikidata_value)
    ):  # fmt: skip
        yield "meta_wikidata_value is a calendar, of a date; leave it empty"
    if not row.external_value:
        yield "external_value is empty; write what the source says"
    if row.external_url and not is_address(row.external_url):
        yield f"external_url {row.external_url!r}; write https://…"
    if row.kind not in _TYPES:
        yield f"type {row.kind!r}; write {' or '.join(_TYPES)}"
    if row.property_id in (START, END) and row.kind != "qualifier":
        yield f"{row.property_id} is a qualifier of {TWINNED}; write so"
    if any(len(cell) > _LONGEST for cell in row.cells):
        yield f"a cell with more than {_LONGEST} characters"


def _refuse_twice(rows: Sequence[Mismatch], name: str) -> None:
    keys: set[tuple[str, ...]] = set()
    for number, row in enumerate(rows, 2):
        key = (row.item_id, row.property_id, row.statement_guid, row.external_value)
        if key in keys:
            raise TwingraphError(f"{name}:{number}: the same disagreement twice")
        keys.add(key)
