"""Findings -> QuickStatements, in the two forms that the classic tool and 3.0 both read.

V1 (https://www.wikidata.org/wiki/Help:QuickStatements) and CSV. Written is only what a source
states, both ways, with one reference to that source itself: its address, title, and the day it was
read. Precision is always written, ranks never; a bar in an address is escaped, for 3.0 takes every
bar for a separator. Statements of one pattern of columns go to one file, so no cell is empty.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, urlsplit

from twingraph.link.facts import natural
from twingraph.link.wikidata.pairs import BLOCKS, Evidence, KnownPair, StatedDate
from twingraph.link.wikidata.report import Report, ReportRow
from twingraph.link.wikidata.statements import END, START, TWINNED, WikidataTime

URL, TITLE, RETRIEVED = "S854", "S1476", "S813"
BATCH: Final = 200  # lines a file and country

# a bar parts commands and columns even inside quotes; a quotation mark ends or alters a text
_UNSAFE: Final = re.compile(r'["“”|]')
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z]+)*")
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?")  # xsd:date; its zone goes


@dataclass(frozen=True)
class NewStatement:
    """One line: an item, its partner, qualifiers and one reference as (key, value) in V1's form."""

    item: str
    value: str
    country: str
    qualifiers: tuple[tuple[str, str], ...]
    reference: tuple[tuple[str, str], ...]

    @property
    def pattern(self) -> tuple[str, ...]:
        """Its columns, which all statements of a CSV file share."""
        return tuple(key for key, _ in (*self.qualifiers, *self.reference))


@dataclass(frozen=True)
class Refused:
    """A pair that needs a person: its name, its items, and why (a reason a line)."""

    name: str
    items: tuple[str, str]
    reason: str


@dataclass(frozen=True)
class Batch:
    """At most `BATCH` statements of one country and pattern; `name` is its file's, unsuffixed."""

    name: str
    statements: tuple[NewStatement, ...]


@dataclass(frozen=True)
class Proposals:
    """The statements to propose, each pair and direction once; the cases for a person."""

    statements: tuple[NewStatement, ...]
    refused: tuple[Refused, ...]


def propose(report: Report) -> Proposals:
    """Return the statements that Wikidata lacks and we can give a source for.

    Rows that people decided about are not proposed again.
    """
    statements: dict[tuple[str, str], NewStatement] = {}
    refused: list[Refused] = []
    for row in report.rows:
        if row.finding not in ("missing", "one-sided") or row.pair is None:
            continue
        reason = _reason(row)
        if reason:
            refused.append(Refused(row.pair.name, row.items, reason))
            continue
        built, notes = _statements(row)
        refused += [Refused(row.pair.name, row.items, note) for note in notes]
        for statement in built:
            statements.setdefault((statement.item, statement.value), statement)
    order = sorted(statements, key=lambda pair: (natural(pair[0]), natural(pair[1])))
    return Proposals(tuple(statements[pair] for pair in order), tuple(dict.fromkeys(refused)))


def _reason(row: ReportRow) -> str:
    """Say why a finding is not proposed; "" if it is."""
    pair = row.pair
    assert pair is not None
    if row.decided and row.decided not in ("missing", "wikidata"):
        return f"people decided about it: {row.decided}"
    if pair.blocks:
        return "; ".join(BLOCKS[block] for block in pair.blocks)
    return "" if best_evidence(pair) else BLOCKS["no-address"]


def best_evidence(pair: KnownPair) -> Evidence | None:
    """Return the document to name as the source: one with an address, that gives most dates."""
    cited = [item for item in pair.evidence if is_address(item.page)]
    return min(
        cited,
        key=lambda reference: (
            -len(reference.dates),
            not reference.retrieved,
            not reference.title,
            reference.source,
            reference.page,
        ),
        default=None,
    )


def is_address(url: str) -> bool:
    """Is it the address of a document that others can open?

    >>> is_address("https://example.org/a"), is_address("file:///etc/passwd"), is_address("")
    (True, False, False)
    """
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _statements(row: ReportRow) -> tuple[list[NewStatement], list[str]]:
    pair = row.pair
    evidence = best_evidence(pair) if pair else None
    assert pair is not None and evidence is not None
    qualifiers, notes = _qualifiers(pair, evidence)
    reference, more = _reference(evidence)
    first, second = row.parties
    directions = [(first, second)]
    if row.finding == "missing":
        directions.append((second, first))
    built = [
        NewStatement(
            subject.item,
            target.item,
            pair.parties[0].country or pair.parties[1].country or "XX",
            qualifiers,
            reference,
        )
        for subject, target in directions
    ]
    return built, [*pair.notes, *notes, *more]


def _qualifiers(
    pair: KnownPair, evidence: Evidence
) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Return start and end; one that is concluded, about, or another document's is only noted."""
    cells, notes = [], []
    for name, key, stated in (("start", START, pair.start), ("end", END, pair.end)):
        if stated is None or stated.time is None:
            continue
        if _is_uncertain(stated):
            notes.append(f"{name} {stated.value}, which is concluded or approximate")
        elif name not in evidence.dates:
            notes.append(f"{name} {stated.value}, which {evidence.name} does not give")
        else:
            cells.append((key, time_text(stated.time)))
    return tuple(cells), notes


def _is_uncertain(stated: StatedDate) -> bool:
    return stated.inferred or stated.value.endswith("~")


def time_text(time: WikidataTime) -> str:
    """Return a time as V1 writes it.

    >>> time_text(WikidataTime("+1967-06-27T00:00:00Z", 11))
    '+1967-06-27T00:00:00Z/11'
    """
    return f"{time.value}/{time.precision}"


def _reference(evidence: Evidence) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    cells, notes = [(URL, f'"{safe_url(evidence.page)}"')], []
    if evidence.title:
        title = monolingual(evidence.title, evidence.language)
        if title:
            cells.append((TITLE, title))
        else:
            notes.append(f"the title of {evidence.name}, which V1 can't carry")
    day = retrieved_day(evidence.retrieved)
    if day:
        cells.append((RETRIEVED, f"+{day}T00:00:00Z/11"))
    elif evidence.retrieved:
        notes.append(f"the day on which {evidence.name} was read, {evidence.retrieved!r}: no day")
    return tuple(cells), notes


def retrieved_day(text: str) -> str:
    """Return the day of an xsd:date without its time zone; "" for what is no day.

    >>> retrieved_day("2026-03-03Z"), retrieved_day("2026-02-30"), retrieved_day("gestern")
    ('2026-03-03', '', '')
    """
    match = _DAY.fullmatch(text)
    try:
        return date.fromisoformat(match[1]).isoformat() if match else ""
    except ValueError:
        return ""


def monolingual(text: str, language: str) -> str:
    r"""Return a text with its language as V1 writes it; "" where V1 has no way to write it.

    >>> monolingual("City\nPartnerships", "en")
    'en:"City Partnerships"'
    >>> monolingual('so "called"', "en"), monolingual("a||b", "en"), monolingual("a", "")
    ('', '', '')
    """
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if not words or _UNSAFE.search(words) or not _LANGUAGE.fullmatch(language.lower()):
        return ""
    return f'{language.lower()}:"{words}"'


def safe_url(url: str) -> str:
    """Return a URL with all characters escaped that could end its cell.

    >>> safe_url('https://e.org/ä"|b c')
    'https://e.org/%C3%A4%22%7Cb%20c'
    """
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~")


# --- files ---------------------------------------------------------------------------------------


def batches(statements: Iterable[NewStatement]) -> list[Batch]:
    """Return statements in batches of one country and pattern, both ways of a pair together."""
    grouped: dict[tuple[str, tuple[str, ...]], dict[frozenset[str], list[NewStatement]]] = {}
    for statement in statements:
        pairs = grouped.setdefault((statement.country, statement.pattern), {})
        pairs.setdefault(frozenset((statement.item, statement.value)), []).append(statement)
    result: list[Batch] = []
    numbers: dict[str, int] = defaultdict(int)
    for (country, _), pairs in sorted(grouped.items()):
        part: list[NewStatement] = []
        parts = []
        for pair in pairs.values():
            if len(part) + len(pair) > BATCH:
                parts.append(part)
                part = []
            part = [*part, *pair]
        for chunk in [*parts, part]:
            numbers[country] += 1
            result.append(Batch(f"{country}-{numbers[country]:03}", tuple(chunk)))
    return result


def write_v1(statements: Sequence[NewStatement]) -> bytes:
    """Return statements as V1: a line each, columns parted by tabs."""
    lines = []
    for statement in statements:
        cells = [statement.item, TWINNED, statement.value]
        cells += [cell for pair in (*statement.qualifiers, *statement.reference) for cell in pair]
        lines.append("\t".join(cells) + "\n")
    return "".join(lines).encode()


def write_csv(statements: Sequence[NewStatement]) -> bytes:
    """Return statements of one pattern as CSV: `qid`, P190, `qal…`, a capital S, small ones."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    first = statements[0]
    writer.writerow(["qid", TWINNED, *(f"qal{key[1:]}" for key, _ in first.qualifiers),
                     *(key if not number else key.lower()
                       for number, (key, _) in enumerate(first.reference))])  # fmt: skip
    for statement in statements:
        assert statement.pattern == first.pattern, "one pattern of columns a file"
        values = [value for _, value in (*statement.qualifiers, *statement.reference)]
        writer.writerow([statement.item, statement.value, *values])
    return out.getvalue().encode()


def write_refused(refused: Iterable[Refused]) -> bytes:
    """Return the cases for a person as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("partnership", "item_a", "item_b", "reason"))
    writer.writerows((item.name, *item.items, item.reason) for item in refused)
    return out.getvalue().encode()
