"""Places as a table: `data/entities/places.csv`, and lists that give names and points of places.

One row for each place. A label in the column `label` has no language tag, as its language is
unknown.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twingraph.rdf.iris import ENTITIES, LINKS, SLUG
from twingraph.rdf.ntriples import iri, literal
from twingraph.rdf.vocabulary import CODES, RDF, RDFS, SKOS, TG, XSD
from twingraph.source.tables.cells import Row, read_csv

NAME: Final = "places.csv"
COLUMNS: Final = (
    "slug", "wikidata", "geonames", "label", "label_en", "label_de", "names", "country", "code",
    "region", "level", "latitude", "longitude",
)  # fmt: skip
_SCHEMA: Final = "https://schema.org/"
_SAME: Final = "<http://www.w3.org/2002/07/owl#sameAs>"
_MINTED: Final = (
    f"{RDF.type} {TG.AdministrativeUnit} .",
    f"{RDF.type} {iri(_SCHEMA + 'AdministrativeArea')} .",
)
_PATTERNS: Final = {
    "slug": (SLUG, "bonn"),
    "wikidata": (re.compile(r"(Q[1-9][0-9]{0,11})?"), "Q586"),
    "geonames": (re.compile(r"([1-9][0-9]*)?"), "2946447"),
    "country": (re.compile(rf"({SLUG.pattern})?"), "germany"),
    "code": (re.compile(r"([A-Z]{2})?"), "DE"),
    "latitude": (re.compile(r"(-?[0-9]{1,2}(\.[0-9]+)?)?"), "50.73438"),
    "longitude": (re.compile(r"(-?[0-9]{1,3}(\.[0-9]+)?)?"), "7.09549"),
    "level": (re.compile(r"([a-z]+)?"), "municipality"),
}
_LIMITS: Final = {"latitude": 90, "longitude": 180}  # degrees, to both sides of zero


@dataclass(frozen=True)
class PlaceTable:
    """The statements of a table of places, and (line, column, message) for bad cells.

    `texts` are the lines of N-Triples of each graph, in no order; `lines` has the line of each
    subject in the table.
    """

    texts: Mapping[str, list[str]]
    lines: Mapping[str, int]
    wrong: tuple[tuple[int, int, str], ...]


def read_places(text: str, base: str, graph: str | None = None, minting: bool = True) -> PlaceTable:
    r"""Read a table of places: the project's, or a list's (`graph`).

    A table that is `minting` defines places; any other only adds to places that exist.

    >>> table = read_places("slug,label\nbonn,Bonn\nBad Name,x\n", "https://example.org/")
    >>> [len(lines) for lines in table.texts.values()], table.wrong
    ([4, 0], ((3, 1, "slug 'Bad Name'; write it as bonn"),))
    """
    sheet = read_csv(text)
    wrong = list(sheet.wrong)
    known = f"write one of {', '.join(COLUMNS)}"
    wrong += [(1, number, f"unknown column '{name}'; {known}")
              for number, name in enumerate(sheet.columns, 1)
              if name and name not in COLUMNS]  # fmt: skip
    if "slug" not in sheet.columns:
        wrong.append((1, 1, "no column 'slug'"))
        return PlaceTable({}, {}, tuple(wrong))
    texts: dict[str, list[str]] = {graph or base + ENTITIES: [], graph or base + LINKS: []}
    described, links = texts[graph or base + ENTITIES], texts[graph or base + LINKS]
    lines: dict[str, int] = {}
    for row in sheet.rows:
        faults = list(_faults(row, sheet.columns))
        place = f"{base}id/place/{row.cells['slug']}"
        if not faults and place in lines:
            faults.append((row.line, 1, f"'{row.cells['slug']}' stands in line {lines[place]} too"))
        wrong += faults
        if not faults:
            lines[place] = row.line
            described += [f"<{place}> {rest}" for rest in _statements(base, row.cells, minting)]
            links += [f"<{place}> {_SAME} {other} ." for other in _same_as(row.cells)]
    return PlaceTable(texts, lines, tuple(wrong))


def _faults(row: Row, columns: Sequence[str]) -> Iterable[tuple[int, int, str]]:
    for number, name in enumerate(columns, 1):
        pattern, example = _PATTERNS.get(name, (None, ""))
        text = row.cells[name]
        if pattern is not None and not pattern.fullmatch(text):
            yield row.line, number, f"{name} '{text[:40]}'; write it as {example}"
        elif (limit := _LIMITS.get(name)) and text and abs(float(text)) > limit:
            yield row.line, number, f"{name} '{text}'; write a number from -{limit} to {limit}"


def _statements(base: str, cells: Mapping[str, str], minting: bool) -> Iterable[str]:
    """Yield the statements of a row about its place: predicate, value and full stop of each."""
    if minting:
        yield from _MINTED
        if "latitude" not in cells and cells.get("level") != "country":
            yield f"{TG.notStated} <{_SCHEMA}latitude> ."
    if label := cells.get("label"):
        yield f"{RDFS.label} {literal(label)} ."
    for language in ("en", "de"):
        if text := cells.get(f"label_{language}"):
            yield f"{RDFS.label} {literal(text, language)} ."
    for name in cells.get("names", "").split("|"):
        if name:
            yield f"{SKOS.altLabel} {literal(name)} ."
    if country := cells.get("country"):
        yield f"{TG.country} <{base}id/place/{country}> ."
    if code := cells.get("code"):
        yield f"{TG.countryCode} {literal(code)} ."
    if region := cells.get("region"):
        yield f"<{_SCHEMA}addressRegion> {literal(region)} ."
    if level := cells.get("level"):
        yield f"{TG.level} <{CODES}level/{level}> ."
    for axis in ("latitude", "longitude"):
        if text := cells.get(axis):
            yield f'<{_SCHEMA}{axis}> "{text if "." in text else text + ".0"}"^^{XSD.decimal} .'


def _same_as(cells: Mapping[str, str]) -> Iterable[str]:
    if item := cells.get("wikidata"):
        yield f"<http://www.wikidata.org/entity/{item}>"
    if geonames := cells.get("geonames"):
        yield f"<https://sws.geonames.org/{geonames}/>"


def write_places(rows: Iterable[Mapping[str, str]]) -> str:
    """Return places as CSV: sorted by slug, only the columns that some row fills, and the slug.

    >>> write_places([{"slug": "bonn", "label": "Bonn"}, {"slug": "aachen", "country": "germany"}])
    'slug,label,country\\naachen,,germany\\nbonn,Bonn,\\n'
    """
    ordered = sorted(rows, key=lambda row: row["slug"])
    columns = [name for name in COLUMNS if name == "slug" or any(row.get(name) for row in ordered)]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(ordered)
    return out.getvalue()
