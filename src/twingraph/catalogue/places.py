"""The parts of the world that data is about, as portals know them: EU authority tables, GeoNames.

Where the settings name none it is the Earth: cities find partners anywhere, and a part that a
program guessed would be a claim that no source makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.about import Region
from twingraph.catalogue.nodes import GraphBuilder, named, texts, typed
from twingraph.rdf.authority import EU
from twingraph.settings import Settings

EARTH: Final = Region(
    "https://sws.geonames.org/6295630/", {"en": "Earth", "de": "Erde"}, (-180, -90, 180, 90)
)


def add_regions(builder: GraphBuilder, settings: Settings) -> list[NamedNode]:
    """Add the regions of the settings, each with its box and the middle of that."""
    return [_add(builder, item) for item in settings.about.spatial or (EARTH,)]


def _add(builder: GraphBuilder, region: Region) -> NamedNode:
    table, _, code = region.iri.removeprefix(EU).partition("/")
    label = texts(region.label) or [Literal(code if region.iri.startswith(EU) else region.iri)]
    node = builder.add(region.iri, {"a": named("dct:Location"), "skos:prefLabel": label})
    if region.iri.startswith(EU):
        scheme = builder.add(
            EU + table,
            {
                "a": named("skos:ConceptScheme"),
                "dct:title": Literal(f"EU authority table {table}"),
            },
        )
        builder.add(region.iri, {"a": named("skos:Concept"), "skos:inScheme": scheme})
    if region.box:
        builder.add(
            region.iri,
            {
                "dcat:bbox": typed(polygon(region.box), "geo:wktLiteral"),
                "dcat:centroid": typed(point(_middle(region.box)), "geo:wktLiteral"),
            },
        )
    return node


def polygon(box: Sequence[float | Decimal]) -> str:
    """Return west, south, east, north as well-known text.

    A box whose west is greater than its east spans the date line (RFC 7946 §5.2) and is cut there.

    >>> polygon((5, 47, 15, 55))
    'POLYGON((5 47, 15 47, 15 55, 5 55, 5 47))'
    >>> polygon((170, -50, -170, -30))  # doctest: +ELLIPSIS
    'MULTIPOLYGON(((170 -50, 180 -50, ...), ((-180 -50, -170 -50, ...))'
    """
    west, south, east, north = box
    if east < west:
        west_edge, east_edge = (
            _ring(*part) for part in ((west, south, 180, north), (-180, south, east, north))
        )
        return f"MULTIPOLYGON(({west_edge}), ({east_edge}))"
    return f"POLYGON({_ring(west, south, east, north)})"


def _ring(west: object, south: object, east: object, north: object) -> str:
    return f"({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south})"


def point(place: Sequence[object]) -> str:
    """Return longitude and latitude as well-known text."""
    return f"POINT({place[0]} {place[1]})"


def _middle(box: Sequence[float]) -> tuple[float, float]:
    west, south, east, north = box
    middle = (west + east + (360 if east < west else 0)) / 2
    return round(middle - 360 if middle > 180 else middle, 5), round((south + north) / 2, 5)
