"""Positions on the map: the Natural Earth I projection, and great circles.

The polynomial is Tom Patterson's projection as fitted by Bojan Šavrič and others, 2011
("A polynomial equation for the Natural Earth projection", Cartography and Geographic Information
Science 38.4). Points are in units of the land asset: the equator is 1,000 long, y grows southward.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

WIDTH: Final = 1000.0
NORTH: Final = 84.0  # the northernmost latitude that is drawn; no city is beyond
SOUTH: Final = -57.0
_STEP: Final = 4.0  # degrees of a great circle between two points of its line


class Position(NamedTuple):
    """A place on the globe, in degrees north and east."""

    latitude: float
    longitude: float


class XY(NamedTuple):
    """A place on the flat map."""

    x: float
    y: float


def _natural_earth(latitude: float, longitude: float) -> tuple[float, float]:
    """Return x and y of the projection for a globe of radius 1.

    >>> x, y = _natural_earth(0, 180)
    >>> round(x, 4), y
    (2.7354, 0.0)
    """
    phi, lam = math.radians(latitude), math.radians(longitude)
    phi2 = phi * phi
    phi4 = phi2 * phi2
    x = lam * (
        0.8707 - 0.131979 * phi2 + phi4 * (-0.013791 + phi4 * (0.003971 * phi2 - 0.001529 * phi4))
    )
    y = phi * (
        1.007226 + phi2 * (0.015085 + phi4 * (-0.044475 + 0.028874 * phi2 - 0.005916 * phi4))
    )
    return x, y


_SCALE: Final = WIDTH / (2 * _natural_earth(0, 180)[0])
_TOP: Final = _natural_earth(NORTH, 0)[1]
HEIGHT: Final = _SCALE * (_TOP - _natural_earth(SOUTH, 0)[1])


def project(position: Position) -> XY:
    """Return the point of a position on the map.

    >>> project(Position(0, 0)).x, round(project(Position(84, 0)).y, 6)
    (500.0, 0.0)
    """
    x, y = _natural_earth(position.latitude, position.longitude)
    return XY(WIDTH / 2 + _SCALE * x, _SCALE * (_TOP - y))


def is_position(position: Position) -> bool:
    """Is it a place on the globe?"""
    return abs(position.latitude) <= 90 and abs(position.longitude) <= 180


def great_circle(start: Position, end: Position) -> list[list[Position]]:
    """Return the shortest way between two places, in pieces that do not cross the date line.

    >>> [len(piece) > 1 for piece in great_circle(Position(35.7, 139.7), Position(34, -118.2))]
    [True, True]
    >>> [piece[0] for piece in great_circle(Position(50.7, 7.1), Position(50.7, 7.1))]
    []
    """
    if start == end:
        return []
    pieces: list[list[Position]] = [[start]]
    for start_point, end_point in pairwise(_points(start, end)):
        if abs(end_point.longitude - start_point.longitude) > 180:
            edge = math.copysign(180.0, start_point.longitude)
            rest = end_point.longitude + 2 * edge - start_point.longitude
            share = (edge - start_point.longitude) / rest if rest else 0.0
            latitude = start_point.latitude + share * (end_point.latitude - start_point.latitude)
            pieces[-1].append(Position(latitude, edge))
            pieces.append([Position(latitude, -edge)])
        pieces[-1].append(end_point)
    return pieces


@lru_cache(maxsize=8192)  # each panel and each language draws it
def flat_circle(start: Position, end: Position) -> tuple[tuple[XY, ...], ...]:
    """Return the pieces of the great circle as points of the map."""
    return tuple(tuple(map(project, piece)) for piece in great_circle(start, end) if len(piece) > 1)


def _points(start: Position, end: Position) -> Iterator[Position]:
    """Yield points of the great circle by spherical interpolation, both ends included."""
    first_vector, second_vector = _vector(start), _vector(end)
    cosine = max(
        -1.0, min(1.0, sum(a * b for a, b in zip(first_vector, second_vector, strict=True)))
    )
    angle = math.acos(cosine)
    if angle > math.pi - 1e-6:  # antipodes: every way is shortest, the one by the pole is taken
        second_vector = _vector(
            Position(max(-90.0, min(90.0, end.latitude - 0.001)), end.longitude)
        )
        angle = math.acos(
            max(-1.0, sum(a * b for a, b in zip(first_vector, second_vector, strict=True)))
        )
    count = max(2, math.ceil(math.degrees(angle) / _STEP)) if angle > 1e-6 else 1
    yield start
    for step in range(1, count):
        share = step / count
        first = math.sin((1 - share) * angle) / math.sin(angle)
        second = math.sin(share * angle) / math.sin(angle)
        x, y, z = (first * a + second * b for a, b in zip(first_vector, second_vector, strict=True))
        yield Position(
            math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
        )
    yield end


def _vector(position: Position) -> tuple[float, float, float]:
    phi, lam = math.radians(position.latitude), math.radians(position.longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)
