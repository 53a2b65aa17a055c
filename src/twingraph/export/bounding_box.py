"""The smallest bounding box of points and lines; it may cross the date line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

_Number = TypeVar("_Number", float, Decimal)


def bounding_box(
    lines: Iterable[Sequence[tuple[_Number, _Number]]],
) -> tuple[_Number, _Number, _Number, _Number] | tuple[()]:
    """Return west, south, east, north of lines of (longitude, latitude) in degrees; () for none.

    A point is a line of one position; no line crosses the date line, it is cut there. Where the
    box spans the date line, west is greater than east (RFC 7946 §5.2).

    >>> bounding_box([[(7.1, 50.7)], [(27.6, 53.9)]])
    (7.1, 50.7, 27.6, 53.9)
    >>> bounding_box([[(174.8, -41.3)], [(-171.8, -13.8)]])
    (174.8, -41.3, -171.8, -13.8)
    """
    drawn = [line for line in lines if line]
    if not drawn:
        return ()
    latitudes = [latitude for line in drawn for _, latitude in line]
    spans = list(_merged(sorted(span for line in drawn for span in _spans(line))))
    west, east = spans[0][0], spans[-1][1]
    widest = 360 - (east - west)  # the gap over the date line
    for (_, left), (right, _) in pairwise(spans):
        if right - left > widest:
            west, east, widest = right, left, right - left
    return west, min(latitudes), east, max(latitudes)


def _spans(line: Sequence[tuple[_Number, _Number]]) -> Iterator[tuple[_Number, _Number]]:
    """Yield the longitudes that each part of a line covers."""
    longitudes: list[_Number] = [position[0] for position in line]
    ends = longitudes[1:] or longitudes
    for start, end in zip(longitudes, ends, strict=False):
        yield (start, end) if start <= end else (end, start)


def _merged(spans: Iterable[tuple[_Number, _Number]]) -> Iterator[tuple[_Number, _Number]]:
    """Join sorted spans that meet."""
    iterator = iter(spans)
    west, east = next(iterator)
    for start, end in iterator:
        if start > east:
            yield west, east
            west, east = start, end
        else:
            east = max(east, end)
    yield west, east
