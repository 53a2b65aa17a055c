"""The tables -> GeoJSON: places as points, partnerships as lines between their located partners.

RFC 7946. A line is straight in degrees, as §3.1.1 has it: no great circle, which a map can draw by
itself; cut where it would cross the antimeridian (§3.1.9). What has no place on the map is listed
all the same, with the geometry null (§3.2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from twingraph.export.boxes import bounding_box
from twingraph.export.tables.columns import Cell, Column, Row, TableSchema
from twingraph.export.tables.files import Tables
from twingraph.export.tables.schema import TABLES

Json = dict[str, Any]  # free-form by definition
Position = tuple[float, float]  # longitude, latitude (§3.1.1)
Line = tuple[Position, Position]

NETWORK: Final = 24  # partners; more than that would be a tangle of lines, and quadratic work
_BY_NAME: Final[Mapping[str, TableSchema]] = {each_table.name: each_table for each_table in TABLES}


def places(tables: Tables) -> bytes:
    """Return every place as a feature; one without coordinates has no geometry."""
    return _write(tables, "places", (_place(row) for row in tables.rows["places"]))


def partnerships(tables: Tables) -> bytes:
    """Return every partnership as a feature: a line between each two of its located partners.

    A network of more than `NETWORK` located partners is shown by their points instead. `unlocated`
    lists the partners without coordinates. Where fewer than two are located there is no geometry.
    """
    located = {
        str(row["iri"]): position
        for row in tables.rows["places"]
        if (position := _position(row)) is not None
    }
    made = (_partnership(row, located) for row in tables.rows["partnerships"])
    return _write(tables, "partnerships", made)


def _place(row: Row) -> Json:
    position = _position(row)
    point = {"type": "Point", "coordinates": position} if position is not None else None
    return _feature("places", row, point, {})


def _partnership(row: Row, located: Mapping[str, Position]) -> Json:
    partners = row["partners"]
    ends = [located[partner] for partner in partners if partner in located]
    unlocated = [partner for partner in partners if partner not in located]
    return _feature("partnerships", row, _ties(ends), {"unlocated": unlocated})


def _ties(ends: Sequence[Position]) -> Json | None:
    if len(ends) > NETWORK:
        return {"type": "MultiPoint", "coordinates": ends}
    lines = [part for start, end in combinations(ends, 2) for part in cut(start, end)]
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines} if lines else None


def _position(row: Row) -> Position | None:
    latitude, longitude = row["latitude"], row["longitude"]
    if not (isinstance(latitude, str) and isinstance(longitude, str) and latitude and longitude):
        return None
    return float(longitude), float(latitude)


def cut(start: Position, end: Position) -> list[Line]:
    """Return a straight line the shorter way round, in two where it crosses the antimeridian.

    >>> cut((7.0, 50.0), (13.0, 52.0))
    [((7.0, 50.0), (13.0, 52.0))]
    >>> cut((170.0, 0.0), (-170.0, 10.0))
    [((170.0, 0.0), (180.0, 5.0)), ((-180.0, 5.0), (-170.0, 10.0))]
    """
    if abs(end[0] - start[0]) <= 180:
        return [(start, end)]
    side = 180.0 if start[0] > end[0] else -180.0
    # -180 and 180 are one meridian: an end that lies on it is written on the other's side
    if abs(end[0]) == 180:
        return [(start, (side, end[1]))]
    if abs(start[0]) == 180:
        return [((-side, start[1]), end)]
    before, after = abs(side - start[0]), abs(-side - end[0])
    crossing = round(start[1] + (end[1] - start[1]) * before / (before + after), 6)
    return [(start, (side, crossing)), ((-side, crossing), end)]


# --- what all features have ----------------------------------------------------------------------


def _feature(name: str, row: Row, geometry: Json | None, more: Json) -> Json:
    said = {
        column.name: found
        for column in _BY_NAME[name].columns
        if (found := _value(column, row[column.name])) not in (None, [])
    }
    feature: Json = {"type": "Feature", "id": row["iri"]}
    if geometry is not None and geometry["type"] != "Point":
        feature["bbox"] = list(bounding_box(_parts(geometry)))
    return {**feature, "geometry": geometry, "properties": {**said, **more}}


def _value(column: Column, cell: Cell) -> object:
    if isinstance(cell, list):
        return cell
    if not cell:
        return None
    match column.form:
        case "integer":
            return int(cell)
        case "decimal":
            return float(cell)
        case "boolean":
            return cell in ("true", "1")
    return cell


def _parts(geometry: Json) -> list[list[Position]]:
    """Return a geometry's lines; each point as a line of one position."""
    match geometry["type"]:
        case "Point":
            return [[geometry["coordinates"]]]
        case "MultiPoint":
            return [[position] for position in geometry["coordinates"]]
        case "LineString":
            return [geometry["coordinates"]]
    return list(geometry["coordinates"])


def _write(tables: Tables, name: str, features: Iterable[Json]) -> bytes:
    table = _BY_NAME[name]
    made = list(features)
    collection: Json = {"type": "FeatureCollection"}
    drawn = [part for each in made if each["geometry"] for part in _parts(each["geometry"])]
    if drawn:
        collection["bbox"] = list(bounding_box(drawn))
    collection |= {
        "title": {"de": table.de, "en": table.en},
        "license": tables.settings.licence,
        "source": tables.settings.base_iri,
        "features": [],
    }
    head = json.dumps(collection, ensure_ascii=False, indent=1).removesuffix("[]\n}")
    return (head + "[\n" + ",\n".join(_lines(made)) + "\n]}\n").encode()


def _lines(features: Iterable[Json]) -> Iterator[str]:
    """One feature a line, so that two builds can be compared line by line."""
    for feature in features:
        yield json.dumps(feature, ensure_ascii=False, allow_nan=False)


FILES: Final = {"places.geojson": places, "partnerships.geojson": partnerships}
