"""Bar charts that show certain and possible numbers separately."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from twingraph.site.pictures.marks import stylesheet
from twingraph.site.pictures.svg import (
    Words,
    check_prefix,
    clean,
    document,
    element,
    number,
    safe_href,
    text_element,
    titled,
)

_WIDTH: Final = 960.0
_ROW: Final = 28.0
_LABELS: Final = 270.0  # width of the column of labels
_LABEL: Final = 34  # letters: the widest of common fonts (DejaVu Sans) has room for so many
_TALL: Final = 240.0  # height of upright bars
_WIDEST: Final = 96.0  # of an upright bar, with its gap
MOST_BARS: Final = 400


class Bar(NamedTuple):
    """A number with its label; `possible` is added to `certain`."""

    label: str
    certain: int
    possible: int = 0
    href: str = ""


def bars_svg(
    bars: Iterable[Bar],
    *,
    title: str,
    description: str,
    words: Words,
    upright: bool = False,
    prefix: str = "bars",
    standalone: bool = False,
) -> str:
    """Return a bar chart in the order given; upright for years, else a row each.

    Empty where there is nothing to count. At most `MOST_BARS` are drawn.
    """
    check_prefix(prefix)
    shown = list(bars)[:MOST_BARS]
    most = max((bar.certain + bar.possible for bar in shown), default=0)
    if most <= 0:
        return ""
    body, height = _upright(shown, most, words) if upright else _rows(shown, most, words)
    if any(bar.possible for bar in shown):
        body += _legend(words, height)
        height += 26
    return document(
        body,
        width=_WIDTH,
        height=height,
        title=title,
        description=description,
        prefix=prefix,
        style=stylesheet() if standalone else "",
        linked=any(safe_href(bar.href) for bar in shown),
    )


def _description(bar: Bar, words: Words) -> str:
    """Return a bar in words, for its tooltip and for screen readers."""
    certain = f"{clean(bar.label)}: {bar.certain}"
    if not bar.possible:
        return certain
    return f"{certain} {words('picture.certain')}, {bar.possible} {words('picture.possible')}"


def _rows(bars: Sequence[Bar], most: int, words: Words) -> tuple[list[str], float]:
    body = []
    room = _WIDTH - _LABELS - 90
    for index, bar in enumerate(bars):
        top = 4 + _ROW * index
        certain = room * bar.certain / most
        possible = room * bar.possible / most
        value = f"{bar.certain} + {bar.possible}" if bar.possible else str(bar.certain)
        parts = [
            element("rect", x=0.0, y=top, width=_WIDTH, height=_ROW, rx=3.0, class_="tg-hit"),
            text_element(clean(bar.label, _LABEL), _LABELS - 10, top + 18.5, class_="tg-end"),
            _rect(_LABELS, top + 6, certain, 16, "tg-bar tg-k-twinning"),
            _rect(_LABELS + certain, top + 6, possible, 16, "tg-possible tg-k-twinning"),
            text_element(value, _LABELS + certain + possible + 8, top + 18.5, class_="tg-soft"),
        ]
        body.append(titled(_description(bar, words), *parts, href=bar.href))
    return body, 8 + _ROW * len(bars)


def _rect(x: float, y: float, width: float, height: float, css: str) -> str:
    if width <= 0 or height <= 0:
        return ""
    return element("rect", x=x, y=y, width=max(width, 1.0), height=max(height, 1.0), class_=css)


def _upright(bars: Sequence[Bar], most: int, words: Words) -> tuple[list[str], float]:
    left, top = 44.0, 14.0
    bottom = top + _TALL
    room = _WIDTH - left - 8
    step = min(room / len(bars), _WIDEST)
    body = _grid(most, left, top, bottom)
    marked = _marked(bars, math.ceil(46 / step))
    for index, bar in enumerate(bars):
        x = left + step * index
        certain = _TALL * bar.certain / most
        possible = _TALL * bar.possible / most
        gap = min(step * 0.15, 3.0)
        parts = [
            element("rect", x=x, y=top, width=step, height=_TALL + 20, class_="tg-hit"),
            _rect(x + gap, bottom - certain, step - 2 * gap, certain, "tg-bar tg-k-twinning"),
            _rect(
                x + gap,
                bottom - certain - possible,
                step - 2 * gap,
                possible,
                "tg-possible tg-k-twinning",
            ),
        ]
        if index in marked:
            parts.append(
                text_element(
                    clean(bar.label, 12), x + step / 2, bottom + 17, class_="tg-middle tg-small"
                )
            )
        if bar.certain or bar.possible or index in marked:
            body.append(titled(_description(bar, words), *parts, href=bar.href))
    return body, bottom + 26


def _marked(bars: Sequence[Bar], every: int) -> set[int]:
    """Return which bars have their label under them: round years, or each so many."""
    if not all(bar.label.isdecimal() for bar in bars):
        return set(range(0, len(bars), every))
    years = [int(bar.label) for bar in bars]
    apart = max(1, years[1] - years[0]) if len(years) > 1 else 1
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if s >= every * apart), 1000)
    return {index for index, year in enumerate(years) if year % step == 0}


def _grid(most: int, left: float, top: float, bottom: float) -> list[str]:
    """Return lines at round numbers, four or so."""
    power = 10 ** math.floor(math.log10(max(most / 4, 1)))
    step = next(s * power for s in (1, 2, 5, 10) if s * power * 4 >= most)
    parts = []
    for value in range(0, most + 1, step):
        y = bottom - (bottom - top) * value / most
        line = f"M{number(left)} {number(y)}H{number(_WIDTH)}"
        parts.append(element("path", d=line, class_="tg-rule"))
        parts.append(text_element(str(value), left - 6, y + 4, class_="tg-end tg-soft tg-small"))
    return parts


def _legend(words: Words, y: float) -> list[str]:
    return [
        _rect(44, y + 4, 16, 12, "tg-bar tg-k-twinning"),
        text_element(words("picture.certain"), 66, y + 14.5, class_="tg-legend"),
        _rect(164, y + 4, 16, 12, "tg-possible tg-k-twinning"),
        text_element(words("picture.possible"), 186, y + 14.5, class_="tg-legend"),
    ]
