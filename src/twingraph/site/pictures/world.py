"""The map of everything: places gathered in cells, so that ten thousand are a small file."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from twingraph.site.pictures.map import PICTURE_WIDTH, land_markup
from twingraph.site.pictures.marks import stylesheet
from twingraph.site.pictures.projection import (
    HEIGHT,
    WIDTH,
    XY,
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

Lookup = Callable[[str], str]

_ZOOM: Final = PICTURE_WIDTH / WIDTH
_CELL: Final = 10.0  # pixels
MOST_LINKS: Final = 250
MOST_ARCS: Final = 200


class Place(NamedTuple):
    """A place of the map, by its IRI, with the number of its partnerships."""

    iri: str
    position: Position
    partnerships: int = 1


class Dot(NamedTuple):
    """Near places as one dot; `greatest` are those of them with the most partnerships."""

    greatest: Sequence[Place]
    number: int
    partnerships: int
    x: float
    y: float


class World(NamedTuple):
    """What the map shows in any language: its dots, the greatest first, and `arcs` as markup."""

    dots: Sequence[Dot]
    arcs: str
    places: int
    pairs: int

    @property
    def named(self) -> set[str]:
        """The IRIs of the places of which the map may tell names: few of very many."""
        return {place.iri for dot in self.dots[:MOST_LINKS] for place in dot.greatest}


def gather(places: Sequence[Place], pairs: Sequence[tuple[Position, Position]]) -> World:
    """Return the map of places, and of pairs of places that are partners, without names."""
    return World(_dots(places), _arcs(pairs), len(places), len(pairs))


def world_map_svg(
    world: World,
    name: Lookup,
    href: Lookup,
    *,
    title: str,
    description: str,
    words: Words,
    prefix: str = "world",
    land_href: str = "",
    standalone: bool = False,
) -> str:
    """Return the map of all places: near ones are one dot, which leads to its greatest place.

    `name` and `href` tell what a place is called and where its page is. The `MOST_ARCS` ways with
    most partnerships are drawn, `MOST_LINKS` dots have a link and a title; the others are dots
    alone. About 10 kB for a few places, below 100 kB for any number.
    """
    check_prefix(prefix)
    head, land = land_markup(
        (0.0, 0.0, PICTURE_WIDTH, HEIGHT * _ZOOM), (0.0, 0.0, WIDTH, HEIGHT), prefix, land_href
    )
    linked = [(dot, *_shown(dot, name, href)) for dot in world.dots[:MOST_LINKS]]
    body = [element("defs", head) if head else "", land, world.arcs]
    rest = "".join(_dot_path(dot) for dot in world.dots[MOST_LINKS:])
    body.append(element("path", d=rest, class_="tg-dot") if rest else "")
    body += [_dot(dot, label, link, words) for dot, label, link in reversed(linked)]
    return document(
        body,
        width=PICTURE_WIDTH,
        height=HEIGHT * _ZOOM,
        title=title,
        description=description,
        prefix=prefix,
        style=stylesheet() if standalone else "",
        linked=any(safe_href(link) for _, _, link in linked),
    )


def _dots(places: Iterable[Place]) -> list[Dot]:
    """Return the places by cell, the greatest first."""
    cells: dict[tuple[int, int], list[tuple[Place, XY]]] = defaultdict(list)
    for place in places:
        if is_position(place.position):
            flat = project(place.position)
            cells[int(flat.x * _ZOOM // _CELL), int(flat.y * _ZOOM // _CELL)].append((place, flat))
    dots = []
    for members in cells.values():
        most = max(place.partnerships for place, _ in members)
        greatest = [place for place, _ in members if place.partnerships == most]
        # an exact sum is the same in any order
        x = math.fsum(flat.x for _, flat in members) / len(members) * _ZOOM
        y = math.fsum(flat.y for _, flat in members) / len(members) * _ZOOM
        partnerships = sum(place.partnerships for place, _ in members)
        dots.append(Dot(greatest, len(members), partnerships, x, y))
    return sorted(dots, key=lambda dot: (-dot.partnerships, dot.x, dot.y))


def _shown(dot: Dot, name: Lookup, href: Lookup) -> tuple[str, str]:
    """Return name and link of the first of a dot's greatest places."""
    label, _, link = min(
        (name(place.iri), place.position, href(place.iri)) for place in dot.greatest
    )
    return label, link


def _radius(dot: Dot) -> float:
    return min(2.2 + 0.9 * math.sqrt(dot.number), 9.0)


def _dot_path(dot: Dot) -> str:
    radius = number(_radius(dot))
    around = number(2 * _radius(dot))
    return (
        f"M{number(dot.x - _radius(dot))} {number(dot.y)}"
        f"a{radius} {radius} 0 1 0 {around} 0a{radius} {radius} 0 1 0-{around} 0z"
    )


def _dot(dot: Dot, name: str, link: str, words: Words) -> str:
    label = clean(name, 60)
    more = dot.number - 1
    title = counted(words, "picture.places", more, name=label) if more else label
    circle = element("circle", cx=dot.x, cy=dot.y, r=_radius(dot), class_="tg-dot")
    return titled(title, circle, href=link)


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
