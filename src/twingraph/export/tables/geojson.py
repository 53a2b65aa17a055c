"""The tables -> GeoJSON: places as points, partnerships as lines between their located partners.

RFC 7946. A line is straight in degrees, as §3.1.1 has it: no great circle, which a map can draw by
itself; cut where it would cross the antimeridian (§3.1.9). What has no place on the map is listed
all the same, with the geometry null (§3.2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from typing import Any, Final

from twingraph.export.boxes import bounding_box
from twingraph.export.tables.columns import Cell, Column, TableSchema
from twingraph.export.tables.files import Tables
from twingraph.export.tables.schema import TABLES
from twingraph.rdf.spool import Spool

Json = dict[str, Any]  # free-form by definition
Position = tuple[float, float]  # longitude, latitude (§3.1.1)
Cells = Mapping[str, Cell]  # by the name of the column
Line = tuple[Position, Position]

NETWORK: Final = 24  # partners; more than that would be a tangle of lines, and quadratic work
_JOINED: Final = 256  # features that are encoded at once
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
PLACES, PARTNERSHIPS = (
    next(table for table in TABLES if table.name == name) for name in ("places", "partnerships")
)


def places(tables: Tables) -> Iterator[bytes]:
    """Yield every place as a feature; one without coordinates has no geometry."""
    return _write(tables, PLACES, (_place(row) for row in _rows(tables, PLACES)))


def partnerships(tables: Tables) -> Iterator[bytes]:
    """Yield every partnership as a feature: a line between each two of its located partners.

    A network of more than `NETWORK` located partners is shown by their points instead. `unlocated`
    lists the partners without coordinates. Where fewer than two are located there is no geometry.
    """
    located = {
        str(row["iri"]): position
        for row in _rows(tables, PLACES)
        if (position := _position(row)) is not None
    }
    made = (_partnership(row, located) for row in _rows(tables, PARTNERSHIPS))
    return _write(tables, PARTNERSHIPS, made)


def _rows(tables: Tables, table: TableSchema) -> Iterator[Cells]:
    names = [column.name for column in table.columns]
    return (dict(zip(names, row, strict=True)) for row in tables.rows(table))


def _place(row: Cells) -> Json:
    position = _position(row)
    point = {"type": "Point", "coordinates": position} if position is not None else None
    return _feature(PLACES, row, point, {})


def _partnership(row: Cells, located: Mapping[str, Position]) -> Json:
    partners = row["partners"]
    ends = [located[partner] for partner in partners if partner in located]
    unlocated = [partner for partner in partners if partner not in located]
    return _feature(PARTNERSHIPS, row, _ties(ends), {"unlocated": unlocated})


def _ties(ends: Sequence[Position]) -> Json | None:
    if len(ends) > NETWORK:
        return {"type": "MultiPoint", "coordinates": ends}
    lines = [part for start, end in combinations(ends, 2) for part in cut(start, end)]
    if len(lines) == 1:
        return {"type": "LineString", "coordinates": lines[0]}
    return {"type": "MultiLineString", "coordinates": lines} if lines else None


def _position(row: Cells) -> Position | None:
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


def _feature(table: TableSchema, row: Cells, geometry: Json | None, more: Json) -> Json:
    properties = {
        column.name: _value(column, cell) for column in table.columns if (cell := row[column.name])
    }
    feature: Json = {"type": "Feature", "id": row["iri"]}
    if geometry is not None and geometry["type"] != "Point":
        feature["bbox"] = list(bounding_box(_parts(geometry)))
    return {**feature, "geometry": geometry, "properties": {**properties, **more}}


def _value(column: Column, cell: Cell) -> object:
    if isinstance(cell, list):
        return cell
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


def _write(tables: Tables, table: TableSchema, features: Iterable[Json]) -> Iterator[bytes]:
    """Yield the collection, a feature a line so that two builds can be compared line by line."""
    drawn: list[list[Position]] = []
    spool = Spool()
    lines = spool.add(_joined(_dumped(features, drawn)))
    collection: Json = {"type": "FeatureCollection"}
    if drawn:
        collection["bbox"] = list(bounding_box(drawn))
    collection |= {
        "title": {"de": table.de, "en": table.en},
        "license": tables.settings.licence,
        "source": tables.settings.base_iri,
        "features": [],
    }
    head = json.dumps(collection, ensure_ascii=False, indent=1).removesuffix("[]\n}")
    yield f"{head}[\n".encode()
    yield from spool.read(lines)
    yield b"\n]}\n"


def _dumped(features: Iterable[Json], drawn: list[list[Position]]) -> Iterator[str]:
    """Yield each feature as text; what it draws is added to `drawn`."""
    for feature in features:
        if feature["geometry"]:
            drawn += _parts(feature["geometry"])
        yield _ENCODER.encode(feature)


def _joined(texts: Iterator[str]) -> Iterator[bytes]:
    between = ""
    while joined := ",\n".join(islice(texts, _JOINED)):
        yield f"{between}{joined}".encode()
        between = ",\n"


FILES: Final = {"places.geojson": places, "partnerships.geojson": partnerships}
