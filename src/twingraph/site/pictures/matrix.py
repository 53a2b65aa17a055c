"""The matrix of countries: how many partnerships each pair of them has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from twingraph.site.pictures.marks import stylesheet
from twingraph.site.pictures.svg import (
    Words,
    check_prefix,
    clean,
    document,
    element,
    safe_href,
    text_element,
    titled,
)
from twingraph.site.pictures.svg import number as coordinate

_CELL: Final = 30.0
_LABELS: Final = 170.0
MOST_COUNTRIES: Final = 24
_THIN: Final = 0.15


class Pair(NamedTuple):
    """Two countries (names; the same twice for partnerships within one) and their number."""

    one: str
    other: str
    number: int
    href: str = ""


def country_matrix_svg(
    pairs: Iterable[Pair],
    *,
    title: str,
    description: str,
    words: Words,
    prefix: str = "matrix",
    standalone: bool = False,
) -> str:
    """Return the matrix of the `MOST_COUNTRIES` countries with most partnerships.

    Each pair has one cell, below the diagonal, the darker the more; empty if there is none.
    `description` may name the number of countries as `{count}`.
    """
    check_prefix(prefix)
    totals: Counter[str] = Counter()
    cells: dict[tuple[str, str], Pair] = {}
    for pair in pairs:
        if pair.number <= 0:
            continue
        for country in {pair.one, pair.other}:
            totals[country] += pair.number
        first, second = sorted((pair.one, pair.other))
        before = cells.get((first, second), Pair(first, second, 0, pair.href))
        cells[first, second] = before._replace(number=before.number + pair.number)
    names = sorted(totals, key=lambda name: (-totals[name], name))[:MOST_COUNTRIES]
    if not names:
        return ""
    if len(_between(cells, names)) < _THIN * len(names) ** 2 / 2:
        names = names[: MOST_COUNTRIES // 2]  # a mostly empty matrix is no help
    shown = {name: index for index, name in enumerate(names)}
    drawn = _between(cells, names)
    most = max((pair.number for pair in drawn), default=1)
    size = _CELL * len(names)
    body = _grid(names, size)
    for pair in drawn:
        row, column = sorted((shown[pair.one], shown[pair.other]), reverse=True)
        body.append(_cell(pair, row, column, most))
    return document(
        body,
        width=_LABELS + size + _LABELS,
        height=size + 12,
        title=title,
        description=description.replace("{count}", str(len(names))),
        prefix=prefix,
        style=stylesheet() if standalone else "",
        linked=any(safe_href(pair.href) for pair in cells.values()),
    )


def _between(cells: Mapping[tuple[str, str], Pair], names: Sequence[str]) -> list[Pair]:
    kept = set(names)
    return [pair for pair in sorted(cells.values()) if {pair.one, pair.other} <= kept]


def _grid(names: list[str], size: float) -> list[str]:
    """Return the names at the rows and, along the diagonal, at the columns."""
    parts = []
    for index, name in enumerate(names):
        y = 6 + _CELL * index
        x = _LABELS + _CELL * index
        text = clean(name, 22)
        parts.append(text_element(text, _LABELS - 8, y + 19.5, class_="tg-end"))
        parts.append(text_element(text, x + _CELL + 6, y + 19.5, class_="tg-soft"))
        steps = (
            f"M{coordinate(_LABELS)} {coordinate(y + _CELL)}H{coordinate(x + _CELL)}"
            f"V{coordinate(y)}M{coordinate(x)} {coordinate(y)}V{coordinate(6 + size)}"
        )
        parts.append(element("path", d=steps, class_="tg-rule"))
    return parts


def _cell(pair: Pair, row: int, column: int, most: int) -> str:
    x, y = _LABELS + _CELL * column, 6 + _CELL * row
    share = 0.15 + 0.85 * pair.number / most
    light = share > 0.55
    names = f"{clean(pair.one)} – {clean(pair.other)}" if pair.one != pair.other else pair.one
    return titled(
        f"{names}: {pair.number}",
        element(
            "rect",
            x=x + 1,
            y=y + 1,
            width=_CELL - 2,
            height=_CELL - 2,
            class_="tg-cell",
            fill_opacity=f"{share:.2f}",
        ),
        text_element(
            str(pair.number),
            x + _CELL / 2,
            y + 19.5,
            class_="tg-middle tg-small" + (" tg-onbar" if light else ""),
        ),
        href=pair.href,
    )
