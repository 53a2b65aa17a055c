"""The report as files: CSV, JSON, text, QuickStatements, Mismatch Finder, refusals (SSSOM)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from twingraph.link.facts import LinkFacts
from twingraph.link.wikidata.mismatch import mismatches, write_mismatches
from twingraph.link.wikidata.pairs import Evidence, linked_places
from twingraph.link.wikidata.quickstatements import (
    Proposals,
    batches,
    best_evidence,
    propose,
    write_csv,
    write_refused,
    write_v1,
)
from twingraph.link.wikidata.report import FINDINGS, Report, ReportRow
from twingraph.link.wikidata.reviews import STATUSES, refusals
from twingraph.settings import Settings
from twingraph.source.mappings import COLUMNS as SSSOM_COLUMNS
from twingraph.source.mappings import cells_of, prefixes_of_links, write_table

# in a build, where the page about Wikidata reads them
REPORT_CSV: Final = "links/wikidata-report.csv"
REPORT_JSON: Final = "links/wikidata-report.json"
COLUMNS: Final = (
    "finding", "country_a", "country_b", "label_a", "item_a", "place_a", "label_b", "item_b",
    "place_b", "partnership", "ours", "ours_precision", "source", "source_title", "source_url",
    "quote", "theirs", "theirs_precision", "statement", "revision", "action", "decided",
)  # fmt: skip


def row_cells(row: ReportRow, language: str = "en") -> dict[str, str]:
    """Return a row as texts by column, the action in a language."""
    first, second = row.parties
    pair = row.pair
    evidence = _shown_evidence(row)
    finding = FINDINGS[row.finding]
    values = (
        row.finding, first.country, second.country, first.label, first.item,
        first.iri, second.label, second.item,
        second.iri, pair.partnership if pair else "",
        row.ours, row.ours_precision,
        evidence.source if evidence else "",
        evidence.title if evidence else "", evidence.page if evidence else "",
        " … ".join(evidence.quotes) if evidence else "",
        row.theirs, row.theirs_precision,
        row.statement.iri if row.statement else "",
        row.statement.revision if row.statement else "",
        finding.action[0 if language == "en" else 1],
        STATUSES.get(row.decided, row.decided),
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _shown_evidence(row: ReportRow) -> Evidence | None:
    """Return the document to show: one that gives the date a row is about, if it is about one."""
    if row.pair is None:
        return None
    giving = [item for item in row.pair.evidence if row.finding.partition("-")[0] in item.dates]
    best = best_evidence(row.pair)
    if giving and best not in giving:
        return giving[0]
    return best or next(iter(row.pair.evidence), None)


def write_report_csv(report: Report) -> bytes:
    """Return the rows as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(row_cells(row) for row in report.rows)
    return out.getvalue().encode()


def write_report_json(report: Report) -> bytes:
    """Return rows and counts, of all, by country and by city, as JSON."""
    document = {
        "snapshot": report.snapshot,
        "pairs": report.pairs,
        "agreeing": report.agreeing,
        "counts": report.counts(),
        "countries": report.by_country(),
        "cities": report.by_city(),
        "rows": [
            {name: cell for name, cell in row_cells(row).items() if cell} for row in report.rows
        ],
        "left_out": list(report.left_out),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def write_summary(report: Report, language: str = "en") -> list[str]:
    """Return the counts as lines for a terminal."""
    number = 0 if language == "en" else 1
    heads = (
        "{} pairs compared with {}: nothing to say of {}",
        "{} Paare verglichen mit {}: zu {} ist nichts zu sagen",
    )
    head = heads[number].format(report.pairs, report.snapshot, report.agreeing)
    return [head] + [
        f"{count} {FINDINGS[finding].title[number]}" for finding, count in report.counts().items()
    ]


def page_model(report: Report, language: str) -> dict[str, object]:
    """Return the data of the page about the report: counts, countries, rows, titles of findings."""
    number = 0 if language == "en" else 1
    return {
        "snapshot": report.snapshot,
        "pairs": report.pairs,
        "agreeing": report.agreeing,
        "findings": [
            {"key": finding, "title": FINDINGS[finding].title[number],
             "action": FINDINGS[finding].action[number], "count": count}
            for finding, count in report.counts().items()
        ],
        "countries": report.by_country(),
        "rows": [row_cells(row, language) for row in report.rows],
    }  # fmt: skip


def write_refusals(report: Report, facts: LinkFacts, settings: Settings) -> bytes:
    """Return the rejected findings as SSSOM/TSV: every row has `Not`."""
    places = {party.item: party.iri for party in linked_places(facts)}
    rows = refusals(report.reviews, places, "Mismatch Finder")
    prefixes = prefixes_of_links(settings.base_iri)
    slots = {"mapping_set_id": f"{settings.base_iri}links/wikidata-refusals.sssom.tsv",
             "license": settings.licence}  # fmt: skip
    cells = [cells_of(row) for row in rows]
    return write_table(cells, SSSOM_COLUMNS, slots, prefixes).encode()


def write_proposals(proposals: Proposals) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each batch, in both forms, and of the list for a person."""
    for batch in batches(proposals.statements):
        yield f"quickstatements/{batch.name}.txt", write_v1(batch.statements)
        yield f"quickstatements/{batch.name}.csv", write_csv(batch.statements)
    yield "needs-a-person.csv", write_refused(proposals.refused)


def report_files(
    report: Report, facts: LinkFacts, settings: Settings
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file of the report."""
    yield "report.csv", write_report_csv(report)
    yield "report.json", write_report_json(report)
    yield from write_proposals(propose(report))
    accepted, refused = mismatches(report)
    yield "mismatches.csv", write_mismatches(accepted)
    yield "mismatches-need-a-person.csv", write_refused(refused)
    yield "refusals.sssom.tsv", write_refusals(report, facts, settings)


FORMATS: Final[dict[str, Callable[[Report, LinkFacts, Settings], bytes]]] = {
    "csv": lambda report, _, __: write_report_csv(report),
    "json": lambda report, _, __: write_report_json(report),
    "mismatches": lambda report, _, __: write_mismatches(mismatches(report)[0]),
    "quickstatements": lambda report, _, __: write_v1(propose(report).statements),
    "sssom": write_refusals,
    "text": lambda report, _, __: ("\n".join(write_summary(report)) + "\n").encode(),
}


def left_out(report: Report) -> Sequence[str]:
    """Return a line for everything that is not proposed, with the reason."""
    return [f"{item.name}: {item.reason}" for item in propose(report).refused] + list(
        report.left_out
    )
