"""The map of everything: places gathered in cells, so that ten thousand are a small file."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from twingraph.site.pictures.map import PICTURE_WIDTH, land_markup
from twingraph.site.pictures.marks import stylesheet
from twingraph.site.pictures.projection import (
    HEIGHT,
    WIDTH,
    Position,
    great_circle,
    is_position,
    project,
)
from twingraph.site.pictures.svg import (
    Words,
    check_prefix,
    clean,
    counted,
    document,
    element,
    number,
    safe_href,
    titled,
)

_ZOOM: Final = PICTURE_WIDTH / WIDTH
_CELL: Final = 10.0  # pixels
MOST_LINKS: Final = 250
MOST_ARCS: Final = 200


class Place(NamedTuple):
    """A place of the map, with the number of its partnerships."""

    label: str
    position: Position
    partnerships: int = 1
    href: str = ""


class _Group(NamedTuple):
    places: Sequence[Place]
    x: float
    y: float

    @property
    def weight(self) -> int:
        return sum(place.partnerships for place in self.places)


def world_map_svg(
    places: Iterable[Place],
    pairs: Iterable[tuple[Position, Position]],
    *,
    title: str,
    description: str,
    words: Words,
    prefix: str = "world",
    land_href: str = "",
    standalone: bool = False,
) -> str:
    """Return the map of all places: near ones are one dot, which leads to its greatest place.

    The `MOST_ARCS` ways with most partnerships are drawn, `MOST_LINKS` dots have a link and a
    title; the others are dots alone. About 10 kB for a few places, below 100 kB for any number.
    """
    check_prefix(prefix)
    groups = _groups(places)
    head, land = land_markup(
        (0.0, 0.0, PICTURE_WIDTH, HEIGHT * _ZOOM), (0.0, 0.0, WIDTH, HEIGHT), prefix, land_href
    )
    linked = groups[:MOST_LINKS]
    body = [element("defs", head) if head else "", land, _arcs(pairs)]
    rest = "".join(_dot_path(group) for group in groups[MOST_LINKS:])
    body.append(element("path", d=rest, class_="tg-dot") if rest else "")
    body += [_dot(group, words) for group in reversed(linked)]
    return document(
        body,
        width=PICTURE_WIDTH,
        height=HEIGHT * _ZOOM,
        title=title,
        description=description,
        prefix=prefix,
        style=stylesheet() if standalone else "",
        linked=any(safe_href(place.href) for group in linked for place in group.places[:1]),
    )


def _groups(places: Iterable[Place]) -> list[_Group]:
    """Return the places by cell, the greatest first."""
    cells: dict[tuple[int, int], list[Place]] = defaultdict(list)
    for place in places:
        if is_position(place.position):
            flat = project(place.position)
            cells[int(flat.x * _ZOOM // _CELL), int(flat.y * _ZOOM // _CELL)].append(place)
    groups = []
    for members in cells.values():
        members.sort(key=lambda p: (-p.partnerships, p.label, p.position, p.href))
        flats = [project(place.position) for place in members]
        x = sum(flat.x for flat in flats) / len(flats) * _ZOOM
        y = sum(flat.y for flat in flats) / len(flats) * _ZOOM
        groups.append(_Group(members, x, y))
    return sorted(groups, key=lambda group: (-group.weight, group.x, group.y))


def _radius(group: _Group) -> float:
    return min(2.2 + 0.9 * math.sqrt(len(group.places)), 9.0)


def _dot_path(group: _Group) -> str:
    radius = number(_radius(group))
    around = number(2 * _radius(group))
    return (
        f"M{number(group.x - _radius(group))} {number(group.y)}"
        f"a{radius} {radius} 0 1 0 {around} 0a{radius} {radius} 0 1 0-{around} 0z"
    )


def _dot(group: _Group, words: Words) -> str:
    first = group.places[0]
    label = clean(first.label, 60)
    more = len(group.places) - 1
    title = counted(words, "picture.places", more, name=label) if more else label
    dot = element("circle", cx=group.x, cy=group.y, r=_radius(group), class_="tg-dot")
    return titled(title, dot, href=first.href)


def _arcs(pairs: Iterable[tuple[Position, Position]]) -> str:
    """Return the ways with most partnerships, whose ends are gathered as the dots are."""
    counted: Counter[tuple[Position, Position]] = Counter()
    for pair, other in pairs:
        if is_position(pair) and is_position(other):
            ends = sorted((_rough(pair), _rough(other)))
            counted[ends[0], ends[1]] += 1
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MOST_ARCS]
    path = "".join(_arc(item, other) for (item, other), _ in sorted(ranked))
    return element("path", d=path, class_="tg-arc tg-thin tg-k-twinning") if path else ""


def _rough(position: Position) -> Position:
    return Position(round(position.latitude, 0), round(position.longitude, 0))


def _arc(start: Position, end: Position) -> str:
    parts = []
    for piece in great_circle(start, end):
        flats = [project(position) for position in _thinned(piece)]
        if len(flats) > 1:
            steps = (f"{round(xy.x * _ZOOM)} {round(xy.y * _ZOOM)}" for xy in flats)
            parts.append("M" + "L".join(steps))
    return "".join(parts)


def _thinned(piece: Sequence[Position]) -> list[Position]:
    """Keep every third point and the last one."""
    return [*piece[:-1:3], *piece[-1:]]
