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

from twingraph.export.bounding_box import bounding_box
from twingraph.export.tables.columns import Cell, Column, Row, TableSchema
from twingraph.export.tables.files import Tables
from twingraph.export.tables.schema import TABLES
from twingraph.export.tables.updated_geojson import (
    BETWEEN,
    END,
    HEAD_END,
    Position,
    drawn_in,
    edited_map,
    parts_of,
)
from twingraph.rdf.spool import Spool

Json = dict[str, Any]  # free-form by definition
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
    return _edited(tables, PLACES) or _write(tables, PLACES, map(_place, _rows(tables, PLACES)))


def partnerships(tables: Tables) -> Iterator[bytes]:
    """Yield every partnership as a feature: a line between each two of its located partners.

    A network of more than `NETWORK` located partners is shown by their points instead. `unlocated`
    lists the partners without coordinates. Where fewer than two are located there is no geometry.
    """
    edited = _edited(tables, PARTNERSHIPS)
    if edited is not None:
        return edited
    located = {
        str(row["iri"]): position
        for row in _rows(tables, PLACES)
        if (position := _position(row)) is not None
    }
    made = (_partnership(row, located) for row in _rows(tables, PARTNERSHIPS))
    return _write(tables, PARTNERSHIPS, made)


def _rows(tables: Tables, table: TableSchema) -> Iterator[Cells]:
    return _named(table, tables.rows(table))


def _named(table: TableSchema, rows: Iterable[Row]) -> Iterator[Cells]:
    names = [column.name for column in table.columns]
    return (dict(zip(names, row, strict=True)) for row in rows)


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
        feature["bbox"] = list(bounding_box(parts_of(geometry)))
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


def _edited(tables: Tables, table: TableSchema) -> Iterator[bytes] | None:
    """Return the map of the previous build with the features that may have changed made anew."""
    raw = tables.unchanged_part(name_of(table))
    if raw is None or tables.earlier is None:
        return None
    made = {thing: _made_anew(tables, table, thing) for thing in tables.earlier.things}
    lines = edited_map(raw, made)
    if lines is None:
        return None
    body = BETWEEN.encode().join(lines)
    return _collection(tables, table, bounding_box(drawn_in(lines)), [body])


def _made_anew(tables: Tables, table: TableSchema, thing: str) -> str:
    """Return the feature of a thing as text; '' where the table has no row of it."""
    for row in _named(table, tables.rows_of(table, thing)):
        if table is PLACES:
            return _ENCODER.encode(_place(row))
        located = {
            partner: position
            for partner in row["partners"]
            for place in _named(PLACES, tables.rows_of(PLACES, partner))
            if (position := _position(place)) is not None
        }
        return _ENCODER.encode(_partnership(row, located))
    return ""


def _write(tables: Tables, table: TableSchema, features: Iterable[Json]) -> Iterator[bytes]:
    """Yield the collection, a feature a line so that two builds can be compared line by line."""
    drawn: list[list[Position]] = []
    spool = Spool()
    lines = spool.add(_joined(_dumped(features, drawn)))
    yield from _collection(tables, table, bounding_box(drawn), spool.read(lines))


def _collection(
    tables: Tables, table: TableSchema, box: Sequence[float], features: Iterable[bytes]
) -> Iterator[bytes]:
    """Yield the collection of features (as text, in pieces); `box` is empty for none."""
    collection: Json = {"type": "FeatureCollection"}
    if box:
        collection["bbox"] = list(box)
    collection |= {
        "title": {"de": table.de, "en": table.en},
        "license": tables.settings.licence,
        "source": tables.settings.base_iri,
        "features": [],
    }
    head = json.dumps(collection, ensure_ascii=False, indent=1).removesuffix("[]\n}")
    yield f"{head}{HEAD_END}".encode()
    yield from features
    yield END.encode()


def _dumped(features: Iterable[Json], drawn: list[list[Position]]) -> Iterator[str]:
    """Yield each feature as text; what it draws is added to `drawn`."""
    for feature in features:
        if feature["geometry"]:
            drawn += parts_of(feature["geometry"])
        yield _ENCODER.encode(feature)


def _joined(texts: Iterator[str]) -> Iterator[bytes]:
    between = ""
    while joined := BETWEEN.join(islice(texts, _JOINED)):
        yield f"{between}{joined}".encode()
        between = BETWEEN


def name_of(table: TableSchema) -> str:
    """Return the name of a map's file in the build."""
    return f"{table.name}.geojson"


FILES: Final = {name_of(PLACES): places, name_of(PARTNERSHIPS): partnerships}
