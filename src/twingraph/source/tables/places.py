"""Places as a table: `data/entities/places.csv`, and names and points that a list has of places.

One row a place. A label without a language (`label`) carries none: nobody told which it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from twingraph.rdf.iris import ENTITIES, LINKS, SLUG
from twingraph.rdf.vocabulary import CODES, RDF, RDFS, SKOS, TG, XSD
from twingraph.source.tables.cells import Row, read_csv

NAME: Final = "places.csv"
COLUMNS: Final = (
    "slug", "wikidata", "geonames", "label", "label_en", "label_de", "names", "country", "code",
    "region", "level", "latitude", "longitude",
)  # fmt: skip
_SCHEMA: Final = "https://schema.org/"
_SAME: Final = NamedNode("http://www.w3.org/2002/07/owl#sameAs")
_PATTERNS: Final = {
    "slug": (SLUG, "bonn"),
    "wikidata": (re.compile(r"(Q[1-9][0-9]*)?"), "Q586"),
    "geonames": (re.compile(r"([1-9][0-9]*)?"), "2946447"),
    "country": (re.compile(rf"({SLUG.pattern})?"), "germany"),
    "code": (re.compile(r"([A-Z]{2})?"), "DE"),
    "latitude": (re.compile(r"(-?[0-9]{1,2}(\.[0-9]+)?)?"), "50.73438"),
    "longitude": (re.compile(r"(-?[0-9]{1,3}(\.[0-9]+)?)?"), "7.09549"),
    "level": (re.compile(r"([a-z]+)?"), "municipality"),
}


@dataclass(frozen=True)
class PlaceTable:
    """Quads of a table of places, where each stands, and (line, column, words) for bad cells."""

    quads: tuple[Quad, ...]
    lines: Mapping[str, int]
    wrong: tuple[tuple[int, int, str], ...]


def read_places(
    text: str, base: str, graph: NamedNode | None = None, minting: bool = True
) -> PlaceTable:
    r"""Read a table of places: those of the project, or what a list (`graph`) says of them.

    A table that is `minting` brings places along; another one only says more of them.

    >>> table = read_places("slug,label\nbonn,Bonn\nBad Name,x\n", "https://example.org/")
    >>> len(table.quads), table.wrong
    (4, ((3, 1, "slug 'Bad Name'; write it as bonn"),))
    """
    sheet = read_csv(text)
    wrong = list(sheet.wrong)
    known = f"write one of {', '.join(COLUMNS)}"
    wrong += [(1, number, f"unknown column '{name}'; {known}")
              for number, name in enumerate(sheet.columns, 1)
              if name and name not in COLUMNS]  # fmt: skip
    if "slug" not in sheet.columns:
        wrong.append((1, 1, "no column 'slug'"))
        return PlaceTable((), {}, tuple(wrong))
    to = graph or NamedNode(base + ENTITIES)
    links = graph or NamedNode(base + LINKS)
    quads: list[Quad] = []
    lines: dict[str, int] = {}
    for row in sheet.rows:
        faults = list(_faults(row, sheet.columns))
        iri = f"{base}id/place/{row.cells['slug']}"
        if not faults and iri in lines:
            faults.append((row.line, 1, f"'{row.cells['slug']}' stands in line {lines[iri]} too"))
        wrong += faults
        if not faults:
            lines[iri] = row.line
            quads += _quads(NamedNode(iri), row.cells, to, links, minting)
    return PlaceTable(tuple(quads), lines, tuple(wrong))


def _faults(row: Row, columns: Sequence[str]) -> Iterable[tuple[int, int, str]]:
    for number, name in enumerate(columns, 1):
        pattern, example = _PATTERNS.get(name, (None, ""))
        text = row.cells[name]
        if pattern is not None and not pattern.fullmatch(text):
            yield row.line, number, f"{name} '{text[:40]}'; write it as {example}"


def _quads(
    place: NamedNode, cells: Mapping[str, str], graph: NamedNode, links: NamedNode, minting: bool
) -> Iterable[Quad]:
    if minting:
        yield Quad(place, RDF.type, TG.AdministrativeUnit, graph)
        yield Quad(place, RDF.type, NamedNode(_SCHEMA + "AdministrativeArea"), graph)
        if "latitude" not in cells and cells.get("level") != "country":
            yield Quad(place, TG.notStated, NamedNode(_SCHEMA + "latitude"), graph)
    if cells.get("label"):
        yield Quad(place, RDFS.label, Literal(cells["label"]), graph)
    for language in ("en", "de"):
        if text := cells.get(f"label_{language}"):
            yield Quad(place, RDFS.label, Literal(text, language=language), graph)
    for name in cells.get("names", "").split("|"):
        if name:
            yield Quad(place, SKOS.altLabel, Literal(name), graph)
    if country := cells.get("country"):
        yield Quad(
            place, TG.country, NamedNode(f"{place.value.rpartition('/')[0]}/{country}"), graph
        )
    if code := cells.get("code"):
        yield Quad(place, TG.countryCode, Literal(code), graph)
    if region := cells.get("region"):
        yield Quad(place, NamedNode(_SCHEMA + "addressRegion"), Literal(region), graph)
    if level := cells.get("level"):
        yield Quad(place, TG.level, NamedNode(f"{CODES}level/{level}"), graph)
    for axis in ("latitude", "longitude"):
        if text := cells.get(axis):
            number = Literal(text if "." in text else text + ".0", datatype=XSD.decimal)
            yield Quad(place, NamedNode(_SCHEMA + axis), number, graph)
    if item := cells.get("wikidata"):
        yield Quad(place, _SAME, NamedNode(f"http://www.wikidata.org/entity/{item}"), links)
    if geonames := cells.get("geonames"):
        yield Quad(place, _SAME, NamedNode(f"https://sws.geonames.org/{geonames}/"), links)


def write_places(rows: Iterable[Mapping[str, str]]) -> str:
    """Return places as CSV: sorted by slug, only the columns that some row fills.

    >>> write_places([{"slug": "bonn", "label": "Bonn"}, {"slug": "aachen", "country": "germany"}])
    'slug,label,country\\naachen,,germany\\nbonn,Bonn,\\n'
    """
    ordered = sorted(rows, key=lambda row: row["slug"])
    columns = [name for name in COLUMNS if any(row.get(name) for row in ordered)]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(ordered)
    return out.getvalue()
