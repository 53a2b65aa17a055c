"""The smallest box around positions on the globe, over the date line where that is shorter."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

_Number = TypeVar("_Number", float, Decimal)


def bounding_box(
    positions: Iterable[tuple[_Number, _Number]],
) -> tuple[_Number, _Number, _Number, _Number] | tuple[()]:
    """Return west, south, east, north of (longitude, latitude) pairs in degrees; () for none.

    Where the box spans the date line, west is greater than east (RFC 7946 §5.2).

    >>> bounding_box([(7.1, 50.7), (27.6, 53.9)])
    (7.1, 50.7, 27.6, 53.9)
    >>> bounding_box([(174.8, -41.3), (-171.8, -13.8)])
    (174.8, -41.3, -171.8, -13.8)
    """
    found = list(positions)
    if not found:
        return ()
    longitudes = sorted({longitude for longitude, _ in found})
    latitudes = [latitude for _, latitude in found]
    west, east = longitudes[0], longitudes[-1]
    widest = 360 - (east - west)  # the gap over the date line
    for left, right in pairwise(longitudes):
        if right - left > widest:
            west, east, widest = right, left, right - left
    return west, min(latitudes), east, max(latitudes)
