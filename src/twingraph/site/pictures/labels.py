"""Where labels go on a map: beside their point, over no other label and no other mark.

Greedy and in a fixed order, so that the same points always get the same labels. What finds no room
is left out: its title and the table under the map still name it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from twingraph.site.pictures.svg import text_width


class Box(NamedTuple):
    """A rectangle, from its upper left corner to its lower right one."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Do the two overlap?"""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Does the other lie inside?"""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


class Anchor(NamedTuple):
    """A point that wants a label."""

    text: str
    x: float
    y: float
    radius: float


class Label(NamedTuple):
    """A label with the place of its text; `anchor` is the SVG text-anchor."""

    text: str
    x: float
    y: float
    anchor: str


# (dx, dy in radii and gaps, text-anchor): right first, as in an atlas
_SIDES: Final = (
    (1.0, 0.0, "start"),
    (-1.0, 0.0, "end"),
    (0.0, -1.0, "middle"),
    (0.0, 1.0, "middle"),
    (0.8, -0.8, "start"),
    (0.8, 0.8, "start"),
    (-0.8, -0.8, "end"),
    (-0.8, 0.8, "end"),
)
_GAP: Final = 4.0


def place_labels(
    anchors: Sequence[Anchor], frame: Box, size: float, taken: Iterable[Box] = ()
) -> dict[int, Label]:
    """Return the labels that have room inside `frame`, by the index of their anchor, first come.

    >>> found = place_labels([Anchor("Bonn", 50, 50, 5), Anchor("Köln", 51, 50, 5)],
    ...                      Box(0, 0, 100, 100), 12)
    >>> [found[index].anchor for index in sorted(found)]
    ['start', 'end']
    """
    marks = [Box(a.x - a.radius, a.y - a.radius, a.x + a.radius, a.y + a.radius) for a in anchors]
    used = list(taken)
    labels: dict[int, Label] = {}
    for index, anchor in enumerate(anchors):
        for label, box in _candidates(anchor, size):
            if not frame.holds(box) or any(box.meets(other) for other in used):
                continue
            if any(box.meets(mark) for i, mark in enumerate(marks) if i != index):
                continue
            labels[index] = label
            used.append(box)
            break
    return labels


def _candidates(anchor: Anchor, size: float) -> Iterable[tuple[Label, Box]]:
    width = text_width(anchor.text, size)
    for across, down, side in _SIDES:
        x = anchor.x + across * anchor.radius + (_GAP if across > 0 else -_GAP if across else 0)
        y = anchor.y + down * (anchor.radius + size * 0.75) + size * 0.35
        left = {"start": x, "end": x - width, "middle": x - width / 2}[side]
        box = Box(left, y - size * 0.85, left + width, y + size * 0.25)
        yield Label(anchor.text, x, y, side), box
