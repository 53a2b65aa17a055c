"""A map (GeoJSON) of the previous build with the features of some entities replaced.

Features stand one a line, sorted by their `id`, as `geojson` writes them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

Position = tuple[float, float]  # longitude, latitude (RFC 7946 §3.1.1)

HEAD_END: Final = "[\n"
BETWEEN: Final = ",\n"
END: Final = "\n]}\n"
_FEATURES: Final = f'\n "features": {HEAD_END}'.encode()
_START: Final = b'{"type": "Feature", "id": "'
# a text has a backslash before each quotation mark in it (RFC 8259 §7), so none looks like this
_GEOMETRY: Final = re.compile(
    _START + rb'[^"\\]*", (?:"bbox": \[([^]]*)\], )?"geometry": '
    rb'(?:(null)|\{"type": "(?:(LineString)"|Point", "coordinates": \[([^]]*)\]))'
)


def edited_map(raw: bytes, features: Mapping[str, str]) -> list[bytes] | None:
    r"""Return the features of a map, as text, with those of some things replaced.

    `features` are the new ones by IRI, as text; an empty text takes one away. None where `raw` is
    no map that can be edited line by line.

    >>> start = '{"type": "Feature", "id": "'
    >>> raw = f'{{\n "features": [\n{start}b"}},\n{start}d"}}\n]}}\n'.encode()
    >>> made = edited_map(raw, {"b": "", "c": start + 'c"}'})
    >>> [line.removeprefix(start.encode()) for line in made or ()]
    [b'c"}', b'd"}']
    """
    _, cut, rest = raw.partition(_FEATURES)
    end = END.encode()
    if not cut or not rest.endswith(end):
        return None
    body = rest.removesuffix(end)
    lines = body.split(BETWEEN.encode()) if body else []
    if not all(line.startswith(_START) for line in lines):
        return None
    made: list[bytes] = []
    reached = 0
    for thing, feature in sorted(features.items()):
        key = thing.encode()
        start = stop = bisect_left(lines, key, reached, key=_id_of)
        while stop < len(lines) and _id_of(lines[stop]) == key:
            stop += 1
        made += lines[reached:start]
        made += [feature.encode()] if feature else []
        reached = stop
    return made + lines[reached:]


def _id_of(line: bytes) -> bytes:
    return line[len(_START) : line.index(b'"', len(_START))]  # no IRI holds a quotation mark


def drawn_in(lines: Iterable[bytes]) -> Iterator[Sequence[Position]]:
    """Yield lines of positions that have the same bounding box as what features (as text) draw.

    A line is the diagonal of its own box, which its feature tells.
    """
    for line in lines:
        match = _GEOMETRY.match(line)
        box, nothing, line_string, point = match.groups() if match else (None,) * 4
        if nothing:
            continue
        if point:
            longitude, latitude = point.split(b", ")
            yield [(float(longitude), float(latitude))]
        elif line_string and box:
            west, south, east, north = map(float, box.split(b", "))
            yield [(west, south), (east, north)]
        else:
            yield from parts_of(json.loads(line)["geometry"])


def parts_of(geometry: Mapping[str, Any]) -> list[list[Position]]:
    """Return a geometry's lines; each point as a line of one position."""
    match geometry["type"]:
        case "Point":
            return [[geometry["coordinates"]]]
        case "MultiPoint":
            return [[position] for position in geometry["coordinates"]]
        case "LineString":
            return [geometry["coordinates"]]
    return list(geometry["coordinates"])
