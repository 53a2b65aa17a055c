"""The map of the partners of a city: points, great circles, an inset where it is crowded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from twingraph.site.pictures.labels import Anchor, Box, place_labels
from twingraph.site.pictures.marks import Kind, legend, mark_of, shape, stylesheet
from twingraph.site.pictures.projection import (
    HEIGHT,
    WIDTH,
    XY,
    Position,
    flat_circle,
    is_position,
    project,
)
from twingraph.site.pictures.svg import (
    Words,
    check_prefix,
    clean,
    document,
    element,
    escape,
    number,
    safe_href,
    text_element,
    titled,
)

PICTURE_WIDTH: Final = 960.0
_EUROPE: Final = Box(462, 29, 622, 148)  # 12° W to 45° E, 35° to 71° N, in map units
_CROWDED: Final = 5  # partners in Europe from which on it gets a part of its own
_HIT: Final = 12.0  # radius in pixels of click targets (WCAG 2.2, 2.5.8: 24 by 24)
_LABEL: Final = 12.0
_MOST_ZOOM: Final = 6.5  # the land is drawn for a world; nearer it looks cut out with scissors


class Point(NamedTuple):
    """A place on the map. `title` is the whole story in a line, shown as a tip."""

    label: str
    position: Position
    kind: str = ""
    title: str = ""
    href: str = ""
    ended: bool = False
    focus: bool = False


class Arc(NamedTuple):
    """A line between two places."""

    start: Position
    end: Position
    kind: str = ""
    ended: bool = False


class _Panel(NamedTuple):
    """A part of the picture: which part of the flat map is shown, and where."""

    region: Box
    frame: Box
    framed: bool = False

    @property
    def zoom(self) -> float:
        return (self.frame.right - self.frame.left) / (self.region.right - self.region.left)

    def xy(self, flat: XY) -> tuple[float, float]:
        """Return where a point of the flat map is in the picture."""
        return (
            self.frame.left + (flat.x - self.region.left) * self.zoom,
            self.frame.top + (flat.y - self.region.top) * self.zoom,
        )

    def shows(self, position: Position) -> bool:
        flat = project(position)
        return self.region.holds(Box(flat.x, flat.y, flat.x, flat.y))


def map_svg(
    points: Iterable[Point],
    arcs: Iterable[Arc],
    *,
    title: str,
    description: str,
    words: Words,
    kinds: Sequence[Kind] = (),
    prefix: str = "map",
    land_href: str = "",
    standalone: bool = False,
) -> str:
    """Return a map of places and the ways between them.

    `kinds` is the legend. `land_href` leads to `land_svg()` kept as a file of the site, so that
    each page is some 10 kB lighter; without it the land is inside. `standalone` puts the style
    inside, for a file of its own.
    """
    check_prefix(prefix)
    shown = sorted(
        (p for p in points if is_position(p.position)),
        key=lambda p: (not p.focus, p.label, p.position, p.href),
    )
    lines = sorted(a for a in arcs if is_position(a.start) and is_position(a.end))
    panels = _panels([point.position for point in shown])
    body: list[str] = [_definitions(panels, prefix, land_href)]
    for index, panel in enumerate(panels):
        # a city of the inset has no second mark on the map of the world, but its line leads there
        inside = [
            point
            for point in shown
            if panel.shows(point.position)
            and (index > 0 or point.focus or not any(p.shows(point.position) for p in panels[1:]))
        ]
        body.append(_draw(panel, inside, lines, f"{prefix}-c{index}", prefix, land_href))
    bottom = max(panel.frame.bottom for panel in panels)
    signs = [*kinds, *([Kind("ended", words("picture.ended"))] if _any_ended(shown) else [])]
    marks, height = _legend(signs, bottom + 18)
    return document(
        [*body, *marks],
        width=PICTURE_WIDTH,
        height=bottom + (height + 12 if marks else 4),
        title=title,
        description=description,
        prefix=prefix,
        style=stylesheet() if standalone else "",
        linked=any(point.href for point in shown),
    )


def land_svg() -> str:
    """Return the land as a picture of its own, for `land_href`; its colour follows the reader's."""
    style = (
        ".tg-land{fill:#dde3e7}@media (prefers-color-scheme:dark){.tg-land{fill:#343d45}}"
        "@media print{.tg-land{fill:#dde3e7}}"
    )
    return element(
        "svg",
        f"<style>{style}</style>",
        _land_path(),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(10 * WIDTH)} {number(10 * HEIGHT)}",
        width=10 * WIDTH,
        height=10 * HEIGHT,
    )


@cache
def _land_path() -> str:
    path = (files(__package__) / "land.path").read_text(encoding="ascii").strip()
    return f'<path class="tg-land" d="{path}"/>'


def _any_ended(points: Iterable[Point]) -> bool:
    return any(point.ended for point in points)


def _legend(kinds: Sequence[Kind], y: float) -> tuple[list[str], float]:
    ended = [kind for kind in kinds if kind.code == "ended"]
    parts, height = legend([k for k in kinds if k.code != "ended"], 8, y, PICTURE_WIDTH - 16)
    for kind in ended:
        down = y + height
        parts.append(element("path", d=f"M8 {number(down)}h34", class_="tg-arc tg-k-other tg-thin"))
        parts.append(
            element("circle", cx=25.0, cy=down, r=4.5, class_="tg-mark tg-hollow tg-k-other")
        )
        parts.append(text_element(kind.label, 48.0, down + 4.5, class_="tg-legend"))
        height += 22
    return parts, height


def _panels(positions: Sequence[Position]) -> list[_Panel]:
    """Choose the extent: the world, a part of it, or the world with Europe beside it."""
    flat = [project(position) for position in positions]
    europe = sum(1 for xy in flat if _EUROPE.holds(Box(xy.x, xy.y, xy.x, xy.y)))
    whole = Box(0, 0, WIDTH, HEIGHT)
    if flat:
        close_region = _around([xy.x for xy in flat], [xy.y for xy in flat])
        if close_region.right - close_region.left <= WIDTH / 2.4:
            frame = Box(0, 0, PICTURE_WIDTH, _ratio(close_region) * PICTURE_WIDTH)
            return [_Panel(close_region, frame, framed=True)]
    if europe >= _CROWDED:
        inset = 412.0
        left = _Panel(whole, Box(0, 0, 536, 536 * HEIGHT / WIDTH))
        right = Box(PICTURE_WIDTH - inset, 0, PICTURE_WIDTH, inset * _ratio(_EUROPE))
        drop = (right.bottom - left.frame.bottom) / 2
        left = _Panel(whole, Box(0, drop, 536, drop + 536 * HEIGHT / WIDTH))
        return [left, _Panel(_EUROPE, right, framed=True)]
    return [_Panel(whole, Box(0, 0, PICTURE_WIDTH, PICTURE_WIDTH * HEIGHT / WIDTH))]


def _ratio(box: Box) -> float:
    return (box.bottom - box.top) / (box.right - box.left)


def _around(xs: Sequence[float], ys: Sequence[float]) -> Box:
    """Return the region around some points, with a margin, of the picture's shape."""
    width = max((max(xs) - min(xs)) * 1.3, WIDTH / _MOST_ZOOM)
    height = max((max(ys) - min(ys)) * 1.3, width * 0.5)
    width = max(width, height / 0.62)
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    left = min(max(middle_x - width / 2, 0), max(WIDTH - width, 0))
    top = min(max(middle_y - height / 2, 0), max(HEIGHT - height, 0))
    return Box(left, top, left + width, top + height)


def _definitions(panels: Sequence[_Panel], prefix: str, land_href: str) -> str:
    clips = (
        element("clipPath", element("rect", **_rect(panel.frame)), id=f"{prefix}-c{index}")
        for index, panel in enumerate(panels)
    )
    head, _ = land_markup((0, 0, 1, 1), (0, 0, 1, 1), prefix, land_href)
    return element("defs", *clips, head)


def _rect(box: Box) -> dict[str, float]:
    return {
        "x": box.left,
        "y": box.top,
        "width": box.right - box.left,
        "height": box.bottom - box.top,
    }


def land_markup(
    frame: tuple[float, float, float, float],
    region: tuple[float, float, float, float],
    prefix: str,
    land_href: str,
) -> tuple[str, str]:
    """Return what of the land stands in `<defs>`, and the land itself in a frame (x, y, w, h).

    `region` is the part of the flat map that the frame shows.
    """
    link = safe_href(land_href)
    head = "" if link else _land_path().replace("<path", f'<path id="{prefix}-land"', 1)
    land = (
        element("image", href=link, width=10 * WIDTH, height=10 * HEIGHT)
        if link
        else element("use", href=f"#{prefix}-land")
    )
    x, y, width, height = frame
    return head, element(
        "svg",
        land,
        x=x,
        y=y,
        width=width,
        height=height,
        viewBox=" ".join(number(10 * value) for value in region),
        preserveAspectRatio="none",
        overflow="hidden",
    )


def _draw(
    panel: _Panel,
    points: Sequence[Point],
    lines: Sequence[Arc],
    clip: str,
    prefix: str,
    land_href: str,
) -> str:
    """Return one panel: land, lines, marks with their labels."""
    box, frame = panel.region, _rect(panel.frame)
    region = (box.left, box.top, box.right - box.left, box.bottom - box.top)
    _, land = land_markup(
        (frame["x"], frame["y"], frame["width"], frame["height"]), region, prefix, land_href
    )
    parts = [land]
    paths = [_way(panel, line) for line in lines]
    parts.append(element("g", *paths, clip_path=f"url(#{clip})") if paths else "")
    anchors = []
    for point in points:
        x, y = panel.xy(project(point.position))
        anchors.append(Anchor(clean(point.label, 28), x, y, 7.0 if point.focus else 6.0))
    labels = place_labels(anchors, _inner(panel.frame), _LABEL)
    for index, (point, anchor) in enumerate(zip(points, anchors, strict=True)):
        drawn = _mark(point, anchor)
        label = labels.get(index)
        if label is not None:
            drawn.append(
                element(
                    "text",
                    escape(label.text),
                    x=label.x,
                    y=label.y,
                    class_="tg-small tg-halo" + (" tg-strong" if point.focus else ""),
                    text_anchor="" if label.anchor == "start" else label.anchor,
                )
            )
        parts.append(titled(point.title or point.label, *drawn, href=point.href))
    if panel.framed:
        parts.append(element("rect", **frame, class_="tg-panel"))
    return element("g", *parts)


def _inner(frame: Box) -> Box:
    return Box(frame.left + 2, frame.top + 2, frame.right - 2, frame.bottom - 2)


def _mark(point: Point, anchor: Anchor) -> list[str]:
    """Return the mark of a point and, where it is a link, the area that can be clicked."""
    parts = []
    if safe_href(point.href):
        parts.append(element("circle", cx=anchor.x, cy=anchor.y, r=_HIT, class_="tg-hit"))
    if point.focus:
        parts.append(element("circle", cx=anchor.x, cy=anchor.y, r=6.0, class_="tg-focus"))
    elif point.ended:
        mark = mark_of(point.kind)
        hollow = mark._replace(style=f"{mark.style} tg-hollow")
        parts.append(shape(hollow, anchor.x, anchor.y, 4.5))
    else:
        parts.append(shape(mark_of(point.kind), anchor.x, anchor.y, 5.0))
    return parts


def _way(panel: _Panel, arc: Arc) -> str:
    mark = mark_of(arc.kind)
    zoom = panel.zoom
    left = panel.frame.left - panel.region.left * zoom
    top = panel.frame.top - panel.region.top * zoom
    path = "".join(
        "M" + "L".join(f"{number(left + x * zoom)} {number(top + y * zoom)}" for x, y in piece)
        for piece in flat_circle(arc.start, arc.end)
    )
    if not path:
        return ""
    thin = " tg-thin" if arc.ended else ""
    return element("path", d=path, class_=f"tg-arc {mark.style}{thin}", stroke_dasharray=mark.dash)
