"""The graph around Bonn as a picture: partners by kind, implied ones dashed, conflicts marked.

The same graph gives the same picture, byte for byte: everything is sorted, nothing is thrown.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from parts.graph import label, rows

QUERY: Final = """
PREFIX tg: <https://w3id.org/twingraph/ns#>
SELECT ?partnership ?partner ?start ?implied ?conflict
  (GROUP_CONCAT(DISTINCT STR(?one); SEPARATOR = " ") AS ?kinds)
WHERE {
  ?partnership a tg:Partnership ;
    tg:partner <https://w3id.org/twingraph/id/place/bonn>, ?partner .
  FILTER (?partner != <https://w3id.org/twingraph/id/place/bonn>)
  OPTIONAL { ?partnership tg:partnershipType ?one }
  OPTIONAL { ?partnership tg:start ?start }
  OPTIONAL { ?partnership tg:modality ?implied }
  OPTIONAL { ?partnership tg:hasConflict ?conflict . FILTER (?conflict = tg:start) }
}
GROUP BY ?partnership ?partner ?start ?implied ?conflict
"""

WIDTH: Final = 800
ROW: Final = 62  # height of a partner's row
GAP: Final = 50  # height of a kind's heading
TOP: Final = 96
BOX: Final = 264  # width of a partner's box
LEFT, RIGHT = 20, WIDTH - 20 - BOX
COLOURS: Final = ("#1a5e94", "#8a4b08", "#2f6b2f", "#7a2e6b", "#9c2b2b", "#3d4b9c", "#0f6a6a")


class Tie(NamedTuple):
    """One partner of Bonn, as it is drawn."""

    kind: str
    name: str
    since: str
    implied: bool
    conflict: bool


class Spot(NamedTuple):
    """Where a tie is drawn."""

    tie: Tie
    left: bool
    y: int
    colour: str


def ties() -> list[Tie]:
    """Return Bonn's partnerships, by kind (the largest first) and name."""
    found = [
        Tie(
            " or ".join(sorted(label(part) for part in row["kinds"].split())) or "kind not stated",
            label(row["partner"]),
            row["start"],
            bool(row["implied"]),
            bool(row["conflict"]),
        )
        for row in rows(QUERY)
    ]
    size = {item.kind: sum(other.kind == item.kind for other in found) for item in found}
    return sorted(found, key=lambda item: (-size[item.kind], item.kind, item.name))


def place(found: list[Tie]) -> tuple[list[Spot], list[tuple[str, bool, int, str]], int]:
    """Lay kinds out in two columns of about equal height: spots, headings, height of the whole."""
    kinds = list(dict.fromkeys(item.kind for item in found))
    colours = {kind: COLOURS[at % len(COLOURS)] for at, kind in enumerate(kinds)}
    spots: list[Spot] = []
    headings: list[tuple[str, bool, int, str]] = []
    bottom = {True: TOP, False: TOP}
    for kind in kinds:
        left = bottom[True] <= bottom[False]
        headings.append((kind, left, bottom[left] + 32, colours[kind]))
        bottom[left] += GAP
        for tie in (item for item in found if item.kind == kind):
            spots.append(Spot(tie, left, bottom[left] + ROW // 2, colours[kind]))
            bottom[left] += ROW
    height = max(bottom.values())
    down = {left: (height - at) // 2 for left, at in bottom.items()}  # the shorter one: centred
    return (
        [spot._replace(y=spot.y + down[spot.left]) for spot in spots],
        [(kind, left, y + down[left], colour) for kind, left, y, colour in headings],
        height,
    )


def draw_bonn() -> str:
    """Return the picture as SVG."""
    spots, headings, height = place(ties())
    middle, legend = (TOP + height) // 2, height + 30
    told = "; ".join(f"{spot.tie.name}: {spot.tie.kind}, {_words(spot.tie)}" for spot in spots)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {legend + 86}"'
        ' role="img" aria-labelledby="bonn-title bonn-desc">',
        '<title id="bonn-title">The partners of Bonn in the graph</title>',
        f'<desc id="bonn-desc">{escape(told)}.</desc>',
        "<style>text { font-family: system-ui, 'DejaVu Sans', sans-serif; font-size: 20px;"
        " fill: #1c1c1c } .head { font-size: 34px; font-weight: bold }"
        " .kind, .name { font-weight: bold } .name { font-size: 21px }</style>",
        f'<rect width="{WIDTH}" height="{legend + 86}" rx="10" fill="#fbfaf6"/>',
        '<text x="400" y="42" text-anchor="middle" style="font-size: 24px; font-weight: bold">'
        "The partners of Bonn in the graph</text>",
        '<text x="400" y="72" text-anchor="middle">'
        "by kind of partnership, with the start that is published</text>",
    ]
    lines += [_line(spot, middle) for spot in spots]
    lines += [_box(spot) for spot in spots]
    lines += [
        f'<text class="kind" x="{LEFT if left else RIGHT}" y="{y}" style="fill: {colour}">'
        f"{escape(kind)}</text>"
        for kind, left, y, colour in headings
    ]
    lines += [
        f'<circle cx="400" cy="{middle}" r="58" fill="#1c1c1c"/>',
        f'<text class="head" x="400" y="{middle + 12}" text-anchor="middle"'
        ' style="fill: #fbfaf6">Bonn</text>',
        *_legend(legend),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _words(tie: Tie) -> str:
    """Say since when, in words that need no knowledge of EDTF."""
    since = _since(tie.since)
    hedge = " (only implied)" if tie.implied else ""
    return f"{since}{', told differently' if tie.conflict else ''}{hedge}"


def _since(start: str) -> str:
    if not start:
        return "start not stated"
    members = start.strip("[]").split(",")
    told = [f"about {member.rstrip('~')}" if member.endswith("~") else member for member in members]
    return f"since {' or '.join(told)}"


def _line(spot: Spot, middle: int) -> str:
    x = LEFT + BOX if spot.left else RIGHT
    bend = x + 50 if spot.left else x - 50
    dashes = ' stroke-dasharray="9 7"' if spot.tie.implied else ""
    return (
        f'<path d="M400 {middle} L{bend} {spot.y} H{x}" fill="none"'
        f' stroke="{spot.colour}" stroke-width="3"{dashes}/>'
    )


def _box(spot: Spot) -> str:
    x, y = (LEFT if spot.left else RIGHT), spot.y - 27
    dashes = ' stroke-dasharray="9 7"' if spot.tie.implied else ""
    since = _since(spot.tie.since)
    small = ' style="font-size: 18px"' if len(since) > 20 else ""
    lines = [
        f'<rect x="{x}" y="{y}" width="{BOX}" height="54" rx="6" fill="#ffffff"'
        f' stroke="{spot.colour}" stroke-width="2"{dashes}/>',
        f'<text class="name" x="{x + 12}" y="{y + 23}">{escape(spot.tie.name)}</text>',
        f'<text x="{x + 12}" y="{y + 45}"{small}>{escape(since)}</text>',
    ]
    if spot.tie.conflict:
        lines.append(_mark(x + BOX - 20, y + 17))
    return "\n".join(lines)


def _mark(x: int, y: int) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="12" fill="#a3161a"/>'
        f'<path d="M{x - 6} {y - 3} h12 m-12 6 h12 M{x + 4} {y - 8} l-8 16" stroke="#ffffff"'
        ' stroke-width="2.5" fill="none"/>'
    )


def _legend(y: int) -> list[str]:
    return [
        f'<path d="M20 {y} H64" stroke="#1c1c1c" stroke-width="3"/>',
        f'<text x="76" y="{y + 7}">a source states it</text>',
        f'<path d="M300 {y} H344" stroke="#1c1c1c" stroke-width="3" stroke-dasharray="9 7"/>',
        f'<text x="356" y="{y + 7}">only implied</text>',
        _mark(548, y),
        f'<text x="570" y="{y + 7}">told differently</text>',
        f'<text x="20" y="{y + 48}">Colour and heading tell the kind of partnership.</text>',
    ]
