"""Make the land of our maps, once: `python docs/land.py land-110m.json`.

Takes `land-110m.json` of the npm package world-atlas 2.0.2 (TopoJSON of Natural Earth's land at
1:110 million, public domain), projects it and writes src/twingraph/site/pictures/land.path: one SVG
path in tenths of a map unit, without Antarctica and without borders.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from twingraph.site.pictures.projection import NORTH, Position, project

TARGET: Final = (
    Path(__file__).parent.parent / "src" / "twingraph" / "site" / "pictures" / "land.path"
)
SOUTHERNMOST: Final = -58.0  # a ring that lies wholly south of here is not drawn


def main(source: str) -> None:
    """Write the path."""
    topology = json.loads(Path(source).read_text(encoding="utf-8"))
    arcs = [decode_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    paths = [
        ring_path(ring)
        for polygon in polygons(topology["objects"]["land"])
        for indexes in polygon
        for ring in cut(join(indexes, arcs))
        if max(latitude for _, latitude in ring) > SOUTHERNMOST
    ]
    TARGET.write_text("".join(paths) + "\n", encoding="ascii")


def decode_arc(arc: Any, transform: Any) -> list[tuple[float, float]]:
    """Return the points of an arc, whose positions are differences of integers."""
    (sx, sy), (tx, ty) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * sx + tx, y * sy + ty))
    return points


def polygons(geometry: Any) -> list[Any]:
    """Return the polygons of a geometry, each a list of rings."""
    match geometry["type"]:
        case "GeometryCollection":
            return [found for member in geometry["geometries"] for found in polygons(member)]
        case "MultiPolygon":
            return list(geometry["arcs"])
        case "Polygon":
            return [geometry["arcs"]]
    raise ValueError(f"a {geometry['type']} is no land")


def join(indexes: list[int], arcs: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Return a ring from its arcs; a negative index is an arc backwards (`~index`)."""
    ring: list[tuple[float, float]] = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(arc if not ring else arc[1:])
    return ring


def cut(ring: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return the parts of a ring on either side of the date line."""
    unwrapped = [ring[0]]
    for longitude, latitude in ring[1:]:
        turns = round((unwrapped[-1][0] - longitude) / 360)
        unwrapped.append((longitude + 360 * turns, latitude))
    parts = []
    for turn in (-360, 0, 360):
        moved = [(longitude + turn, latitude) for longitude, latitude in unwrapped]
        part = clip(clip(moved, 180, 1), -180, -1)
        if len(part) > 2:
            parts.append(part)
    return parts


def clip(ring: list[tuple[float, float]], edge: float, sign: int) -> list[tuple[float, float]]:
    """Return what of a ring lies where `sign * longitude <= sign * edge` (Sutherland-Hodgman)."""
    kept: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
        inside, next_inside = sign * x0 <= sign * edge, sign * x1 <= sign * edge
        if inside:
            kept.append((x0, y0))
        if inside != next_inside:
            kept.append((edge, y0 + (y1 - y0) * (edge - x0) / (x1 - x0)))
    return kept


def ring_path(ring: list[tuple[float, float]]) -> str:
    """Return a ring as a path of whole tenths, each point as its difference to the last one."""
    flat = [
        tuple(round(10 * value) for value in project(Position(min(latitude, NORTH), longitude)))
        for longitude, latitude in ring
    ]
    x, y = flat[0]
    parts = [f"M{x} {y}l"]
    steps = []
    for next_x, next_y in flat[1:]:
        if (next_x, next_y) != (x, y):
            steps.append(f"{next_x - x} {next_y - y}")
            x, y = next_x, next_y
    text = " ".join(steps).replace(" -", "-")
    return f"{parts[0]}{text}z" if len(steps) > 1 else ""


if __name__ == "__main__":
    main(sys.argv[1])
