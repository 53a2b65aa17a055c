"""GeoSPARQL 1.1 on the geometries that the build derives: distances (§8.7) and relations."""

from __future__ import annotations

import math

import pytest
from pyoxigraph import NamedNode, QueryBoolean, QuerySolutions

from twingraph.rdf.vocabulary import HOME
from twingraph.site.reader import BuildReader
from twingraph.sparql.remote import open_endpoint

GEO = """PREFIX geo: <http://www.opengis.net/ont/geosparql#>
PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
PREFIX place: <https://w3id.org/twingraph/id/place/>
PREFIX schema: <https://schema.org/>
PREFIX tg: <https://w3id.org/twingraph/ns#>
PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
"""
DISTANCES = """SELECT ?partnership ?km ?aEast ?aNorth ?bEast ?bNorth
  (geof:distance(?a, ?b, uom:metre) AS ?metres)
WHERE {
  ?partnership tg:distanceKm ?km ;
    tg:partner ?one, ?other .
  FILTER (STR(?one) < STR(?other))
  ?one geo:hasGeometry/geo:asWKT ?a ; schema:longitude ?aEast ; schema:latitude ?aNorth .
  ?other geo:hasGeometry/geo:asWKT ?b ; schema:longitude ?bEast ; schema:latitude ?bNorth .
}
ORDER BY ?partnership"""


def on_a_sphere(east: float, north: float, to_east: float, to_north: float) -> float:
    """The great-circle distance in km, by the haversine formula."""
    east, north, to_east, to_north = map(math.radians, (east, north, to_east, to_north))
    half = math.sin((to_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


def test_distances_of_places_are_right_and_the_published_ones(site: BuildReader) -> None:
    found = site.store.query(GEO + DISTANCES)
    assert isinstance(found, QuerySolutions)
    rows = list(found)

    assert len(rows) > 20
    for row in rows:
        km, metres, *corners = (
            float(row[name].value)
            for name in ("km", "metres", "aEast", "aNorth", "bEast", "bNorth")
        )
        assert metres / 1000 == pytest.approx(on_a_sphere(*corners), rel=0.0056)  # it is flattened
        assert round(metres / 1000) == km


def test_places_near_another_are_found_by_distance(site: BuildReader) -> None:
    found = site.store.query(
        GEO
        + """SELECT ?place WHERE {
  place:bonn geo:hasGeometry/geo:asWKT ?here .
  ?place a tg:AdministrativeUnit ; geo:hasGeometry/geo:asWKT ?there .
  FILTER (geof:distance(?here, ?there, uom:metre) < 250000 && ?place != place:bonn)
} ORDER BY ?place"""
    )
    assert isinstance(found, QuerySolutions)

    assert [row["place"] for row in found] == [NamedNode(HOME + "id/place/brussels")]


def test_a_place_is_within_a_box(site: BuildReader) -> None:
    box = '"POLYGON((7 50, 8 50, 8 51, 7 51, 7 50))"^^geo:wktLiteral'
    text = "ASK {{ place:{} geo:hasGeometry/geo:asWKT ?at FILTER (geof:sfWithin(?at, {})) }}"

    for place, inside in (("bonn", True), ("berlin", False)):
        found = site.store.query(GEO + text.format(place, box))
        assert isinstance(found, QueryBoolean)
        assert bool(found) is inside


def test_the_oxigraph_server_measures_alike(oxigraph: str, site: BuildReader) -> None:
    found = open_endpoint(oxigraph, HOME).query(GEO + DISTANCES)
    here = site.store.query(GEO + DISTANCES)
    assert isinstance(found, QuerySolutions) and isinstance(here, QuerySolutions)

    assert [[row["partnership"], row["metres"]] for row in found] == [
        [row["partnership"], row["metres"]] for row in here
    ]
