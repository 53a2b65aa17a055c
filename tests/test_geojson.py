"""GeoJSON: RFC 7946 to the letter, every place and partnership in it, no line round the globe."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given
from pyoxigraph import Literal, NamedNode, Quad

from twingraph.export.dumps import DUMPS, Frozen
from twingraph.export.tables.geojson import NETWORK, cut
from twingraph.rdf.vocabulary import HOME, PREFIXES, RDF, RDFS, TG, XSD
from twingraph.settings import Settings

Json = dict[str, Any]
DEPTH = {"Point": 0, "LineString": 1, "MultiPoint": 1, "MultiLineString": 2}

longitudes = st.floats(-180, 180, allow_nan=False).map(lambda item: round(item, 5))
latitudes = st.floats(-90, 90, allow_nan=False).map(lambda item: round(item, 5))
positions = st.tuples(longitudes, latitudes)


def positions_of(coordinates: list[Any], depth: int) -> Iterator[list[float]]:
    if depth == 0:
        yield coordinates
    else:
        for coordinate in coordinates:
            yield from positions_of(coordinate, depth - 1)


def check(raw: bytes) -> list[Json]:
    """Check a collection against RFC 7946 §3, §4 and §5; return its features."""
    document = json.loads(raw)
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    assert not {"geometry", "properties", "coordinates", "geometries"} & set(document)  # §7.1
    corners = []
    for feature in document["features"]:
        assert feature["type"] == "Feature"
        assert isinstance(feature["properties"], dict)
        assert isinstance(feature["id"], str)
        geometry = feature["geometry"]
        if geometry is None:
            continue
        found = list(positions_of(geometry["coordinates"], DEPTH[geometry["type"]]))
        for longitude, latitude in found:
            assert -180 <= longitude <= 180
            assert -90 <= latitude <= 90
        if "bbox" in feature:
            assert feature["bbox"] == box(parts_of(geometry))
        corners += parts_of(geometry)
        for line in lines(geometry):
            assert len(line) >= 2
            for one, other in pairwise(line):
                assert abs(one[0] - other[0]) <= 180, feature["id"]  # §3.1.9
    assert document.get("bbox") == (box(corners) if corners else None)
    features: list[Json] = document["features"]
    return features


def parts_of(geometry: Json) -> list[list[list[float]]]:
    """Return a geometry's lines; each point as a line of one position."""
    coordinates = geometry["coordinates"]
    depth = DEPTH[geometry["type"]]
    if depth == 0:
        return [[coordinates]]
    if geometry["type"] == "MultiPoint":
        return [[coordinate] for coordinate in coordinates]
    return [coordinates] if depth == 1 else list(coordinates)


def box(parts: list[list[list[float]]]) -> list[float]:
    """Return the narrowest box by trying every west (RFC 7946 §5.2): no part may leave it."""
    found = [position for part in parts for position in part]
    longitudes = sorted({position[0] for position in found})

    def holds(west: float, width: float) -> bool:
        return all(
            (min(ends) - west) % 360 + (max(ends) - min(ends)) <= width + 1e-9
            for part in parts
            for start, end in pairwise([*part, part[-1]])
            if (ends := (start[0], end[0]))
        )

    fits = [(longitudes[-1] - longitudes[0], longitudes[0], longitudes[-1])]  # the unbroken one
    fits += [
        ((east - west) % 360, west, east)
        for west in longitudes
        for east in longitudes
        if west > east and holds(west, (east - west) % 360)
    ]
    _, west, east = min(fits, key=lambda fit: fit[0])
    return [west, min(item[1] for item in found), east, max(item[1] for item in found)]


def lines(geometry: Json) -> list[Any]:
    match geometry["type"]:
        case "LineString":
            return [geometry["coordinates"]]
        case "MultiLineString":
            return list(geometry["coordinates"])
    return []


def world(*places: tuple[float, float] | None, base: str = HOME) -> Frozen:
    """Return a graph of one partnership between places at these positions."""
    tie = NamedNode(f"{base}id/partnership/tie")
    tg = f"{HOME}ns#"
    quads = [
        Quad(tie, RDF.type, NamedNode(f"{tg}Partnership")),
        Quad(tie, RDFS.label, Literal("The “tie”\n\u2028", language="en")),
    ]
    for number, position in enumerate(places):
        place = NamedNode(f"{base}id/place/p{number:03d}")
        quads.append(Quad(tie, NamedNode(f"{tg}partner"), place))
        quads.append(Quad(place, RDF.type, NamedNode(f"{tg}AdministrativeUnit")))
        for name, value in zip(("longitude", "latitude"), position or (), strict=False):
            verb = NamedNode(f"{PREFIXES['schema']}{name}")
            quads.append(Quad(place, verb, Literal(f"{value:.5f}", datatype=XSD.decimal)))
    return Frozen(quads, base, {}, Settings(Path(), base_iri=base))


def tie_of(graph: Frozen) -> Json:
    [tie] = check(b"".join(DUMPS["partnerships.geojson"](graph)))
    return tie


# --- what is published ---------------------------------------------------------------------------


def test_every_place_is_in_it_with_its_point_or_none(built: Path) -> None:
    features = check((built / "places.geojson").read_bytes())
    with (built / "tables" / "places.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))

    assert [feature["id"] for feature in features] == [row["iri"] for row in rows]
    for feature, row in zip(features, rows, strict=True):
        assert feature["properties"]["label_de"] == row["label_de"]
        if row["latitude"]:
            point = [float(row["longitude"]), float(row["latitude"])]
            assert feature["geometry"] == {"type": "Point", "coordinates": point}
        else:
            assert feature["geometry"] is None
    berlin = next(feature for feature in features if feature["id"].endswith("/place/berlin"))
    assert berlin["geometry"]["coordinates"] == [13.41053, 52.52437]
    assert berlin["properties"]["wikidata"] == ["Q64"]


def test_every_partnership_is_in_it_and_what_is_not_drawn_says_why(built: Path) -> None:
    features = check((built / "partnerships.geojson").read_bytes())
    located = {
        item["id"] for item in check((built / "places.geojson").read_bytes()) if item["geometry"]
    }
    with (built / "tables" / "partnerships.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["iri"]: row for row in csv.DictReader(stream)}

    assert [feature["id"] for feature in features] == sorted(rows)
    for feature in features:
        partners = rows[feature["id"]]["partners"].split()
        drawn = len(located & set(partners)) > 1
        assert (feature["geometry"] is not None) == drawn
        assert feature["properties"]["unlocated"] == [
            partner for partner in partners if partner not in located
        ]
    minsk = next(feature for feature in features if feature["id"].endswith("/bonn-minsk"))
    assert minsk["geometry"]["type"] == "LineString"
    assert minsk["properties"]["start"] == "[1993~,2003]"
    assert minsk["properties"]["conflict"] == [TG.start.value]
    assert minsk["properties"]["distance_km"] == int(rows[minsk["id"]]["distance_km"])


def test_each_feature_has_a_line_of_its_own(built: Path) -> None:
    text = (built / "places.geojson").read_text(encoding="utf-8")
    features = [line for line in text.split("\n") if line.startswith('{"type": "Feature"')]

    assert len(features) == len(json.loads(text)["features"])


# --- lines ---------------------------------------------------------------------------------------


def test_a_line_over_the_antimeridian_is_cut() -> None:
    tie = tie_of(world((170.0, 0.0), (-170.0, 10.0)))

    assert tie["geometry"] == {
        "type": "MultiLineString",
        "coordinates": [[[170, 0], [180, 5]], [[-180, 5], [-170, 10]]],
    }
    assert tie["bbox"] == [170, 0, -170, 10]


@given(positions, positions)
@example((180.0, 1.0), (-180.0, 2.0))
@example((-180.0, 1.0), (170.0, 2.0))
@example((170.0, 1.0), (-180.0, 2.0))
@example((-90.0, 1.0), (90.0, 2.0))
def test_a_line_never_goes_the_long_way_round(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    parts = cut(start, end)
    degrees = [abs(first[0] - last[0]) for first, last in parts]
    straight = abs(start[0] - end[0])

    assert sum(degrees) == pytest.approx(min(straight, 360 - straight), abs=1e-6)
    assert max(degrees) <= 180
    assert parts[0][0][1] == start[1]
    assert parts[-1][-1][1] == end[1]
    for before, after in pairwise(parts):
        assert (abs(before[-1][0]), before[-1][1]) == (180, after[0][1])
        assert before[-1][0] == -after[0][0]


@given(st.lists(positions, min_size=2, max_size=5))
def test_any_positions_make_a_collection_that_keeps_to_the_rfc(
    places: list[tuple[float, float]],
) -> None:
    tie = tie_of(world(*places))
    expected = len(places) * (len(places) - 1) // 2

    assert len(lines(tie["geometry"])) >= expected
    assert tie["properties"]["unlocated"] == []
    assert tie["properties"]["label_en"] == "The “tie”\n\u2028"


def test_three_partners_are_tied_each_to_each() -> None:
    tie = tie_of(world((0.0, 0.0), (10.0, 0.0), (0.0, 10.0)))

    assert tie["geometry"]["coordinates"] == [
        [[0, 0], [10, 0]], [[0, 0], [0, 10]], [[10, 0], [0, 10]]
    ]  # fmt: skip


def test_the_partner_that_is_on_no_map_is_named_and_the_others_are_drawn() -> None:
    base = "https://data.example.net/ties/"
    tie = tie_of(world((0.0, 0.0), None, (10.0, 0.0), base=base))
    alone = tie_of(world((0.0, 0.0), None, base=base))

    assert tie["geometry"]["coordinates"] == [[0, 0], [10, 0]]
    assert tie["properties"]["unlocated"] == [f"{base}id/place/p001"]
    assert alone["geometry"] is None


def test_a_network_of_many_is_points_and_no_tangle() -> None:
    tie = tie_of(world(*((number / 10, 1.0) for number in range(NETWORK + 1))))

    assert tie["geometry"]["type"] == "MultiPoint"
    assert len(tie["geometry"]["coordinates"]) == NETWORK + 1


def test_a_withdrawn_partnership_is_in_the_dumps_and_marked(quads: frozenset[Quad]) -> None:
    """Dumps hold all there is; a reader who wants no withdrawn ones can leave them out."""
    pair, deprecated = f"{HOME}id/partnership/bonn-minsk", f"{PREFIXES['owl']}deprecated"
    word = Quad(NamedNode(pair), NamedNode(deprecated), Literal("true", datatype=XSD.boolean))
    frozen = Frozen([*quads, word], HOME, {}, Settings(Path()))

    marked = [
        feature["id"] for feature in check(b"".join(DUMPS["partnerships.geojson"](frozen)))
        if feature["properties"].get("withdrawn")
    ]  # fmt: skip
    rows = csv.DictReader(b"".join(DUMPS["tables/partnerships.csv"](frozen)).decode().splitlines())
    assert marked == [pair] == [row["iri"] for row in rows if row["withdrawn"]]


def test_an_empty_graph_is_an_empty_collection() -> None:
    empty = Frozen([], HOME, {}, Settings(Path()))

    assert check(b"".join(DUMPS["places.geojson"](empty))) == []
    assert check(b"".join(DUMPS["partnerships.geojson"](empty))) == []
