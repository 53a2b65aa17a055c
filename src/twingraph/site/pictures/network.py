"""The network of one city: its partners in two columns, and the partnerships among them.

The places are reckoned from the names alone, so the same data always gives the same picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from twingraph.site.pictures.marks import Kind, legend, mark_of, shape, stylesheet
from twingraph.site.pictures.svg import (
    Words,
    check_prefix,
    clean,
    counted,
    document,
    element,
    number,
    safe_href,
    text_element,
    titled,
)

_WIDTH: Final = 960.0
_ROW: Final = 28.0
_LEFT: Final = 250.0  # x of the left column of marks; its labels are left of it
_LABEL: Final = 34
MOST_PARTNERS: Final = 80


class Partner(NamedTuple):
    """A partner of the city: `key` names it in links, `group` is its country."""

    key: str
    label: str
    kind: str = ""
    group: str = ""
    title: str = ""
    href: str = ""


def ego_network_svg(
    centre: str,
    partners: Iterable[Partner],
    links: Iterable[tuple[str, str]],
    *,
    title: str,
    description: str,
    words: Words,
    kinds: Sequence[Kind] = (),
    prefix: str = "network",
    standalone: bool = False,
) -> str:
    """Return the network around `centre`; `links` are pairs of partners' keys.

    With more than `MOST_PARTNERS` partners a country stands for its cities. Empty without partners.
    """
    check_prefix(prefix)
    nodes = sorted(partners, key=lambda p: (p.kind, p.group, p.label, p.key))
    pairs = {(min(pair), max(pair)) for pair in links if pair[0] != pair[1]}
    if not nodes:
        return ""
    if len(nodes) > MOST_PARTNERS:
        nodes, pairs = _by_country(nodes, pairs, words)
        kinds = ()
    rows = (len(nodes) + 1) // 2
    height = max(_ROW * rows, 3 * _ROW)
    middle = 10 + height / 2
    places = {node.key: _place(i, rows, len(nodes), height) for i, node in enumerate(nodes)}
    body = [_spoke(places[node.key], middle, node) for node in nodes]
    body += [
        _chord(places[pair], places[other])
        for pair, other in sorted(pairs)
        if pair in places and other in places
    ]
    body += [_node(node, *places[node.key]) for node in nodes]
    body.append(element("circle", cx=_WIDTH / 2, cy=middle, r=8.0, class_="tg-focus"))
    body.append(
        text_element(
            clean(centre, _LABEL),
            _WIDTH / 2,
            middle - 14,
            class_="tg-middle tg-strong tg-halo",
        )
    )
    marks, below = legend(kinds, 8, height + 36, _WIDTH - 16)
    return document(
        [*body, *marks],
        width=_WIDTH,
        height=height + 20 + (below + 8 if marks else 0),
        title=title,
        description=description,
        prefix=prefix,
        style=stylesheet() if standalone else "",
        linked=any(safe_href(node.href) for node in nodes),
    )


def _by_country(
    nodes: Sequence[Partner], pairs: set[tuple[str, str]], words: Words
) -> tuple[list[Partner], set[tuple[str, str]]]:
    """Return a node for each country in place of its cities, and the links between countries."""
    members: dict[str, list[Partner]] = defaultdict(list)
    for node in nodes:
        members[node.group].append(node)
    country_of = {node.key: node.group for node in nodes}
    countries = [
        Partner(
            key=country,
            label=f"{clean(country, 26) or '–'} ({len(cities)})",
            title=f"{country}: {counted(words, 'picture.partners', len(cities))}",
        )
        for country, cities in sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    links = {
        (min(ends), max(ends))
        for pair, other in pairs
        if pair in country_of and other in country_of
        if len(ends := {country_of[pair], country_of[other]}) == 2
    }
    return countries[:MOST_PARTNERS], links


def _place(index: int, rows: int, count: int, height: float) -> tuple[float, float]:
    """Return the position of a node: the first half left, the second right, from top to bottom."""
    is_left = index < rows
    in_column = rows if is_left else count - rows
    row = index if is_left else index - rows
    y = 10 + height * (row + 0.5) / in_column
    return (_LEFT if is_left else _WIDTH - _LEFT), y


def _spoke(place: tuple[float, float], middle: float, node: Partner) -> str:
    mark = mark_of(node.kind)
    x, y = place
    bend = (x + _WIDTH / 2) / 2
    path = (
        f"M{number(_WIDTH / 2)} {number(middle)}"
        f"C{number(bend)} {number(middle)} {number(bend)} {number(y)} {number(x)} {number(y)}"
    )
    return element("path", d=path, class_=f"tg-arc {mark.style}", stroke_dasharray=mark.dash)


def _chord(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return a thin line between two partners, bent to the inside."""
    inward = 70.0
    x1 = start[0] + (inward if start[0] < _WIDTH / 2 else -inward)
    x2 = end[0] + (inward if end[0] < _WIDTH / 2 else -inward)
    path = (
        f"M{number(start[0])} {number(start[1])}C{number(x1)} {number(start[1])} "
        f"{number(x2)} {number(end[1])} {number(end[0])} {number(end[1])}"
    )
    return element("path", d=path, class_="tg-arc tg-thin tg-k-other")


def _node(node: Partner, x: float, y: float) -> str:
    is_left = x < _WIDTH / 2
    parts = []
    if safe_href(node.href):
        parts.append(
            element(
                "rect",
                x=0.0 if is_left else x - 14,
                y=y - _ROW / 2 + 1,
                width=x + 14 if is_left else _WIDTH - x + 14,
                height=_ROW - 2,
                rx=3.0,
                class_="tg-hit",
            )
        )
    parts.append(shape(mark_of(node.kind), x, y, 5))
    parts.append(
        text_element(
            clean(node.label, _LABEL),
            x - 12 if is_left else x + 12,
            y + 4.5,
            class_="tg-end" if is_left else "",
        )
    )
    return titled(node.title or node.label, *parts, href=node.href)
