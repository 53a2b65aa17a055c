"""The timeline: each date as a bar over the days it can mean, so that nothing looks more exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import accumulate
from typing import Final, NamedTuple

from twingraph.site.pictures.marks import Kind, Mark, legend, mark_of, shape, stylesheet
from twingraph.site.pictures.svg import (
    Words,
    check_prefix,
    clean,
    document,
    element,
    number,
    safe_href,
    text_element,
    text_width,
    titled,
)

_WIDTH: Final = 960.0
_MARGIN: Final = 14.0
_ROW: Final = 42.0
_DAY_ROW: Final = 28.0  # a day is a mark with its text beside it
_SIZE: Final = 13.0
_LABEL: Final = 90  # letters
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
MOST_ROWS: Final = 200


class Dated(NamedTuple):
    """Something that happened or began: the first and the last day it can have been (ISO).

    Without a label it is named by its kind. None is a bound that nobody gives. `when` is the date
    in words, `implied` one that is only reckoned. What `lasts` has begun then and goes on, as far
    as is known.
    """

    label: str
    when: str
    earliest: str | None
    latest: str | None
    kind: str = "event"
    href: str = ""
    implied: bool = False
    lasts: bool = False


class _Row(NamedTuple):
    item: Dated
    first: int | None
    last: int | None

    @property
    def is_day(self) -> bool:
        return self.first is not None and self.first == self.last and not self.item.lasts

    @property
    def height(self) -> float:
        return _DAY_ROW if self.is_day else _ROW


class _Scale(NamedTuple):
    first: int
    last: int

    def x(self, day: int) -> float:
        share = (day - self.first) / (self.last - self.first)
        return _MARGIN + share * (_WIDTH - 2 * _MARGIN)


def timeline_svg(
    items: Iterable[Dated],
    *,
    title: str,
    description: str,
    words: Words,
    prefix: str = "timeline",
    standalone: bool = False,
) -> str:
    """Return a timeline, a row for each item, by the first day; empty where nothing is dated.

    `MOST_ROWS` rows are drawn at most; the table beneath has them all.
    """
    check_prefix(prefix)
    rows = sorted(
        (row for row in map(_row, items) if row is not None),
        key=lambda row: (_lowest(row), row.last or 0, row.item.kind, row.item.label),
    )[:MOST_ROWS]
    if not rows:
        return ""
    scale = _scale(rows)
    tops = list(accumulate((row.height for row in rows), initial=8.0))
    bottom = tops[-1]
    body = [*_axis(scale, bottom)]
    body += [_draw(row, top, scale, words) for row, top in zip(rows, tops, strict=False)]
    marks, below = _legend(rows, words, bottom + 44)
    return document(
        [*body, *marks],
        width=_WIDTH,
        height=bottom + 34 + below,
        title=title,
        description=description,
        prefix=prefix,
        style=stylesheet() if standalone else "",
        linked=any(safe_href(row.item.href) for row in rows),
    )


def _row(item: Dated) -> _Row | None:
    first, last = _day(item.earliest), _day(item.latest)
    if first is None and last is None:
        return None
    if first is not None and last is not None and first > last:
        return None
    return _Row(item, first, last)


def _day(text: str | None) -> int | None:
    """Return the number of a day (proleptic Gregorian ordinal); None if it is no ISO day."""
    if not text:
        return None
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        return None


def _lowest(row: _Row) -> int:
    return row.first if row.first is not None else (row.last or 0)


def _scale(rows: Sequence[_Row]) -> _Scale:
    """Return whole years around everything, three at least, with room for arrows."""
    days = [day for row in rows for day in (row.first, row.last) if day is not None]
    first, last = date.fromordinal(min(days)).year, date.fromordinal(max(days)).year
    spare = max(1, (last - first) // 12)
    if any(row.first is None for row in rows):
        first -= spare
    if any(row.last is None or row.item.lasts for row in rows):
        last += spare
    if last - first < 2:
        first, last = first - 1, last + 1
    first, last = max(first, 1), min(last, 9998)
    return _Scale(date(first, 1, 1).toordinal(), date(last + 1, 1, 1).toordinal())


def _axis(scale: _Scale, bottom: float) -> list[str]:
    first, last = date.fromordinal(scale.first).year, date.fromordinal(scale.last).year
    step = next((step for step in _STEPS if (last - first) / step <= 12), _STEPS[-1])
    parts = []
    for year in range(-(-first // step) * step, last + 1, step):
        if year < 1:
            continue
        x = scale.x(date(year, 1, 1).toordinal())
        line = f"M{number(x)} 0V{number(bottom)}"
        parts.append(element("path", d=line, class_="tg-rule"))
        side = "tg-soft tg-small " + (
            "tg-end" if x > _WIDTH - 40 else "tg-middle" if x > 40 else ""
        )
        parts.append(text_element(str(year), x, bottom + 17, class_=side.strip()))
    return parts


def _draw(row: _Row, top: float, scale: _Scale, words: Words) -> str:
    """Return a row: its mark and text, and its bar below unless it is a day."""
    item = row.item
    mark = mark_of(item.kind)
    left = scale.x(row.first) if row.first is not None else _MARGIN
    right = scale.x(row.last + 1) if row.last is not None else _WIDTH - _MARGIN
    date = words("picture.implied").format(when=item.when) if item.implied else item.when
    kind = words(_kind_key(item.kind))
    label = clean(item.label, _LABEL) or f"{kind[:1].upper()}{kind[1:]}"
    text = clean(f"{label} · {date}", _LABEL + 60)
    parts = []
    if safe_href(item.href):
        parts.append(
            element("rect", x=0.0, y=top, width=_WIDTH, height=row.height - 2, class_="tg-hit")
        )
    if row.is_day:
        hollow = mark._replace(style=f"{mark.style} tg-hollow") if item.implied else mark
        middle = (left + right) / 2
        parts += _label(text, hollow, middle - 6, middle + 4, top)
    else:
        parts += [*_label(text, mark, left, right, top), *_line(row, left, right, top + 30)]
    return titled(f"{kind}: {text}", *parts, href=item.href)


def _line(row: _Row, left: float, right: float, middle: float) -> list[str]:
    """Return the bar over the days that a date can mean, and the line of a state that lasts."""
    style = mark_of(row.item.kind).style
    parts = [
        element(
            "path",
            d=_bar(left, right, middle, row.first is None, row.last is None),
            class_=f"{'tg-possible' if row.item.implied else 'tg-bar'} {style}",
        )
    ]
    if row.item.lasts and row.last is not None:
        line = f"M{number(right)} {number(middle)}H{number(_WIDTH - _MARGIN)}"
        parts.append(element("path", d=line, class_=f"tg-arc {style}"))
        parts.append(_arrow(_WIDTH - _MARGIN, middle, style))
    return parts


def _label(text: str, mark: Mark, left: float, right: float, top: float) -> list[str]:
    """Return mark and text over a bar: from its start on, or up to its end."""
    if left + 26 + text_width(text, _SIZE) <= _WIDTH or right < _WIDTH / 2:
        words = text_element(text, left + 18, top + 17.5, class_="tg-halo")
        return [shape(mark, left + 6, top + 13, 5), words]
    end = min(right, _WIDTH - _MARGIN)
    words = text_element(text, end - 14, top + 17.5, class_="tg-halo tg-end")
    return [words, shape(mark, end - 4, top + 13, 5)]


def _legend(rows: Sequence[_Row], words: Words, y: float) -> tuple[list[str], float]:
    """Return the legend: the mark of each kind that occurs."""
    codes = sorted({_kind_key(row.item.kind) for row in rows})
    kinds = [Kind(code.removeprefix("picture."), words(code)) for code in codes]
    return legend(kinds, 8, y, _WIDTH - 16, lines=False)


def _kind_key(kind: str) -> str:
    known = {"start", "end", "agreement", "decision", "event", "statement", "club", "contacts"}
    return f"picture.{kind if kind in known else 'other'}"


def _bar(left: float, right: float, middle: float, open_left: bool, open_right: bool) -> str:
    """Return a bar 10 high and 4 wide at least, with a point where it has no bound."""
    right = max(right, left + 4)
    up, down = middle - 5, middle + 5
    inner_left = left + (8 if open_left else 0)
    inner_right = right - (8 if open_right else 0)
    west = f"L{number(left)} {number(middle)}" if open_left else ""
    east = f"L{number(right)} {number(middle)}" if open_right else ""
    return (
        f"M{number(inner_left)} {number(up)}H{number(inner_right)}{east}"
        f"L{number(inner_right)} {number(down)}H{number(inner_left)}{west}z"
    )


def _arrow(x: float, y: float, style: str) -> str:
    path = f"M{number(x)} {number(y)}l-9-5v10z"
    return element("path", d=path, class_=f"tg-bar {style}")
