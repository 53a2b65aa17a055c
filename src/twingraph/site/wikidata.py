"""The page about Wikidata: facts of our sources that P190 lacks, or has differently.

Made from the report of the build (`links/wikidata-report.json`); without a list of
Wikidata's to compare with, the page says so.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from twingraph.link.wikidata.kinds import KINDS
from twingraph.link.wikidata.outputs import REPORT_CSV, REPORT_JSON
from twingraph.link.wikidata.report import FINDINGS
from twingraph.rdf.iris import page_path
from twingraph.rdf.vocabulary import CODES
from twingraph.site.facts import PageFacts
from twingraph.site.links import file_place, outside_link, relative
from twingraph.site.reader import BuildReader
from twingraph.site.render import render
from twingraph.site.values import Value, ValueFormatter
from twingraph.translation import words_of

PAGE: Final = "wikidata.html"  # below a language
_SHOWN: Final = 200  # rows of one kind; the table for downloading has all
_ENTITY: Final = "http://www.wikidata.org/entity/"


class FindingRow(NamedTuple):
    """A row: two places with their items, our facts with their sources, Wikidata's facts."""

    places: tuple[Value, Value]
    items: tuple[Value, Value]
    partnership: Value | None
    ours: str
    source: Value | None
    quote: str
    theirs: str
    statement: str
    decided: str


class FindingGroup(NamedTuple):
    """All rows of a kind: its heading, what an editor could do, the number of rows."""

    key: str
    title: str
    action: str
    number: int
    rows: list[FindingRow]


class WikidataPage(NamedTuple):
    """What the page shows; `snapshot` is "" where there was nothing to compare with."""

    snapshot: str
    pairs: int
    agreeing: int
    groups: list[FindingGroup]
    countries: list[tuple[str, int]]
    kinds: list[tuple[Value, str]]
    files: list[Value]


def read_report(site: BuildReader) -> dict[str, Any]:
    """Return the report of the build; {} where it has none."""
    if REPORT_JSON not in site.dumps:
        return {}
    document = json.loads(site.read(REPORT_JSON))
    return document if isinstance(document, dict) else {}


def wikidata_page(site: BuildReader, language: str, current_path: str) -> bytes:
    """Return the page about the links to Wikidata, for `current_path`."""
    report = read_report(site)
    number = 0 if language == "en" else 1
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in report.get("rows", ()):
        grouped.setdefault(row["finding"], []).append(row)
    groups = [
        FindingGroup(
            key,
            FINDINGS[key].title[number],
            FINDINGS[key].action[number],
            len(rows),
            [_row(site, row, language, current_path) for row in rows[:_SHOWN]],
        )
        for key, rows in grouped.items()
    ]
    countries = sorted(
        ((code, sum(counts.values())) for code, counts in report.get("countries", {}).items()),
        key=lambda pair: (-pair[1], pair[0]),
    )
    kinds = [
        (value, kind.en if language == "en" else kind.de)
        for value, kind in zip(_codes(site, language, current_path), KINDS.values(), strict=True)
    ]
    files = [Value(name.rpartition("/")[2], relative(file_place(name), current_path))
             for name in (REPORT_CSV, REPORT_JSON) if name in site.dumps]  # fmt: skip
    page = WikidataPage(
        str(report.get("snapshot", "")),
        int(report.get("pairs", 0)),
        int(report.get("agreeing", 0)),
        groups,
        countries,
        kinds,
        files,
    )
    title = words_of(language).gettext("Our partnerships and Wikidata")
    elsewhere = {name: f"{name}/{PAGE}" for name in ("en", "de")}
    return render(
        site, "wikidata.html", language, current_path, title=title, elsewhere=elsewhere, page=page
    )


def _row(site: BuildReader, row: dict[str, str], language: str, current_path: str) -> FindingRow:
    def place(iri: str, label: str) -> Value:
        path = page_path(site.path(iri) or "", language) if iri else None
        return Value(label, relative(path, current_path) if path else "")

    def item(name: str) -> Value:
        return Value(name, outside_link(_ENTITY + name) or "", outside=True)

    source, partnership = row.get("source", ""), row.get("partnership", "")
    own_date = _dated(row.get("ours", ""), row.get("ours_precision", ""))
    return FindingRow(
        (place(row["place_a"], row["label_a"]), place(row["place_b"], row["label_b"])),
        (item(row["item_a"]), item(row["item_b"])),
        place(partnership, own_date) if partnership else None,
        own_date,
        place(source, row.get("source_title") or source.rpartition("/")[2]) if source else None,
        row.get("quote", ""),
        _dated(row.get("theirs", ""), row.get("theirs_precision", "")),
        row.get("statement", ""),
        row.get("decided", ""),
    )


def _dated(text: str, precision: str) -> str:
    return f"{text} ({precision})" if precision else text


def _codes(site: BuildReader, language: str, current_path: str) -> list[Value]:
    """Return the kinds of partnership as they are called, in the order of the table."""
    iris = [f"{CODES}type/{code}" for code in KINDS]
    facts = PageFacts(site, language)
    facts.mention(iris)
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    return [formatter.link(iri) for iri in iris]
