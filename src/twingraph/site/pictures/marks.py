"""Marks of kinds in pictures: a shape, a dash pattern and a colour each, never a colour alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from twingraph.site.pictures.svg import element, escape, number, text_element, text_width


class Mark(NamedTuple):
    """The drawing style of a kind: `dash` is the SVG stroke-dasharray, empty for a solid line.

    `style` is the class that `pictures.css` colours.
    """

    shape: str
    dash: str
    style: str


class Kind(NamedTuple):
    """A kind in a legend: its code and its name."""

    code: str
    label: str


OTHER: Final = Mark("ring", "1 4", "tg-k-other")
MARKS: Final[Mapping[str, Mark]] = {
    # kinds of partnership (vocab/type)
    "twinning": Mark("circle", "", "tg-k-twinning"),
    "sister-city": Mark("circle", "", "tg-k-twinning"),
    "project-partnership": Mark("square", "7 4", "tg-k-project"),
    "friendship": Mark("diamond", "10 3 2 3", "tg-k-friendship"),
    "solidarity-partnership": Mark("triangle", "3 3", "tg-k-solidarity"),
    "utility-partnership": Mark("cross", "12 4", "tg-k-utility"),
    # kinds of events on a timeline
    "start": Mark("circle", "", "tg-k-twinning"),
    "end": Mark("cross", "12 4", "tg-k-utility"),
    "agreement": Mark("square", "7 4", "tg-k-project"),
    "decision": Mark("triangle", "3 3", "tg-k-solidarity"),
    "event": Mark("diamond", "10 3 2 3", "tg-k-friendship"),
    "contacts": Mark("square", "2 2", "tg-k-other tg-hollow"),
    "statement": Mark("bubble", "2 2", "tg-k-utility"),
}


def mark_of(code: str) -> Mark:
    """Return the mark of a kind; an unknown kind, and several kinds, have the open ring.

    >>> mark_of("twinning").shape, mark_of("anything").shape
    ('circle', 'ring')
    """
    return MARKS.get(code, OTHER)


@cache
def stylesheet() -> str:
    """Return the style of pictures, light and dark: for a page's sheet, or inside one that stands alone."""  # noqa: E501  # one line
    return (files(__package__) / "pictures.css").read_text(encoding="utf-8")


def shape(mark: Mark, x: float, y: float, radius: float) -> str:
    """Return the shape of a mark around a point; all of about the same area."""
    css = f"tg-mark {mark.style}"
    match mark.shape:
        case "circle":
            return element("circle", cx=x, cy=y, r=radius, class_=css)
        case "ring":
            return element("circle", cx=x, cy=y, r=radius - 0.5, class_=f"{css} tg-hollow")
        case "square":
            half = radius * 0.9
            return element("path", d=_polygon(x, y, half * math.sqrt(2), 4, 45), class_=css)
        case "diamond":
            return element("path", d=_polygon(x, y, radius * 1.25, 4, 0), class_=css)
        case "triangle":
            return element("path", d=_polygon(x, y + radius * 0.2, radius * 1.3, 3, 0), class_=css)
        case "bubble":
            down = number(1.4 * radius)
            path = f"M{number(x - radius)} {number(y - radius)}h{number(2 * radius)}v{down}"
            tail = f"h{number(-radius)}l{number(-0.7 * radius)} {number(0.7 * radius)}"
            corner = f"v{number(-0.7 * radius)}h{number(-0.3 * radius)}z"
            return element("path", d=path + tail + corner, class_=css)
        case "cross":
            arm, third = radius * 1.1, radius * 0.4
            steps = f"h{number(2 * third)}v{number(arm - third)}h{number(arm - third)}"
            back = f"v{number(2 * third)}h{number(third - arm)}v{number(arm - third)}"
            left = f"h{number(-2 * third)}v{number(third - arm)}h{number(third - arm)}"
            end = f"v{number(-2 * third)}h{number(arm - third)}z"
            start = f"M{number(x - third)} {number(y - arm)}"
            return element("path", d=start + steps + back + left + end, class_=css)
    raise ValueError(f"shape {mark.shape!r}")


def _polygon(x: float, y: float, radius: float, corners: int, rotation: float) -> str:
    points = (
        (
            x + radius * math.sin(math.radians(rotation + 360 * corner / corners)),
            y - radius * math.cos(math.radians(rotation + 360 * corner / corners)),
        )
        for corner in range(corners)
    )
    return "M" + "L".join(f"{number(px)} {number(py)}" for px, py in points) + "z"


def legend(
    kinds: Iterable[Kind], x: float, y: float, width: float, lines: bool = True
) -> tuple[list[str], float]:
    """Return a legend that fills rows of `width` from a place on, and how high it is."""
    parts: list[str] = []
    across, down = x, y
    for kind in kinds:
        mark = mark_of(kind.code)
        sample = 34.0 if lines else 12.0
        need = sample + 10 + text_width(escape(kind.label, 40), 13) + 18
        if across > x and across + need > x + width:
            across, down = x, down + 22
        if lines:
            parts.append(
                element(
                    "path",
                    d=f"M{number(across)} {number(down)}h{number(sample)}",
                    class_=f"tg-arc {mark.style}",
                    stroke_dasharray=mark.dash,
                )
            )
        parts.append(shape(mark, across + sample / 2, down, 5))
        parts.append(text_element(kind.label, across + sample + 6, down + 4.5, class_="tg-legend"))
        across += need
    return parts, (down - y + 22 if parts else 0.0)
