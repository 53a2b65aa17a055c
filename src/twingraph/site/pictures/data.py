"""From the rows of queries/site to the records that pictures are drawn from; no language in here.

Each function takes the rows of the query that its first line names, and two look-ups: `name` (IRI
-> what it is called) and `href` (IRI -> where its page is, empty for none).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.derive.dates import NONE, bounds
from twingraph.site.anniversaries import TRUE
from twingraph.site.pictures.bars import Bar
from twingraph.site.pictures.map import Arc, Point
from twingraph.site.pictures.marks import Kind
from twingraph.site.pictures.matrix import Pair
from twingraph.site.pictures.network import Partner
from twingraph.site.pictures.projection import Position
from twingraph.site.pictures.timeline import Dated
from twingraph.site.pictures.world import Lookup, Place

Row = Mapping[str, NamedNode | Literal | None]
DateWords = Callable[[str], str]

ENDED: Final = frozenset({"ended", "suspended"})
SEVERAL: Final = "several"  # the code of a partnership with several kinds
_CLASSES: Final = {
    "Agreement": "agreement",
    "Decision": "decision",
    "Event": "event",
    "PublicStatement": "statement",
    "Organization": "club",
}
_PROPERTIES: Final = {"start": "start", "end": "end", "contactsSince": "contacts"}


class MapData(NamedTuple):
    """What `map_svg` draws; `unlocated` counts partners without coordinates."""

    points: list[Point]
    arcs: list[Arc]
    kinds: list[Kind]
    unlocated: int


def iris_in(rows: Iterable[Row]) -> set[str]:
    """Return every IRI in some rows, so that their names can be looked up at once."""
    return {term.value for row in rows for term in row.values() if isinstance(term, NamedNode)}


def map_of_place(rows: Sequence[Row], this: str, name: Lookup, href: Lookup) -> MapData:
    """Return the map of a place, of the rows of `map-of-place.rq`; no point without coordinates."""
    types = _types_of(rows)
    partners: dict[str, Row] = {}
    for row in rows:
        partners.setdefault(_text(row, "partner"), row)
    own = next(filter(None, (_position(row, "own") for row in rows)), None)
    points: list[Point] = []
    arcs: list[Arc] = []
    for partner, row in sorted(partners.items()):
        position = _position(row)
        partnership = _text(row, "partnership")
        kind = types[partnership].code
        ended = _code(row, "status") in ENDED
        if position is None:
            continue
        kind_text = _kind_name(types[partnership], name)
        title = " · ".join(part for part in (name(partner), kind_text) if part)
        points.append(Point(name(partner), position, kind, title, href(partnership), ended=ended))
        if own is not None:
            arcs.append(Arc(own, position, kind, ended))
    if own is not None and points:
        points.append(Point(name(this), own, focus=True))
    located = len(points) - (1 if own is not None and points else 0)
    return MapData(points, arcs, _kinds(types, name), len(partners) - located)


def map_of_partnership(rows: Sequence[Row], name: Lookup, href: Lookup) -> MapData:
    """Return the map of a partnership, of the rows of `map-of-partnership.rq`."""
    types = _types_of(rows, "this")
    partners = {_text(row, "partner"): row for row in reversed(rows)}
    points: list[Point] = []
    arcs: list[Arc] = []
    for partner, row in sorted(partners.items()):
        position = _position(row)
        if position is None:
            continue
        kind = types[_text(row, "this")].code
        ended = _code(row, "status") in ENDED
        arcs += [Arc(point.position, position, kind, ended) for point in points]
        points.append(Point(name(partner), position, kind, "", href(partner), ended=ended))
    return MapData(points, arcs, _kinds(types, name), len(partners) - len(points))


def world_places(rows: Iterable[Row]) -> list[Place]:
    """Return the places of `map-places.rq`."""
    return [
        Place(_text(row, "place"), position, _int(row, "partnerships"))
        for row in rows
        if (position := _position(row)) is not None
    ]


def world_pairs(rows: Iterable[Row]) -> list[tuple[Position, Position]]:
    """Return the ends of the partnerships of `map-pairs.rq`."""
    pairs = []
    for row in rows:
        start, end = _position(row, "one"), _position(row, "other")
        if start is not None and end is not None:
            pairs.append((start, end))
    return pairs


def timeline(
    rows: Iterable[Row], name: Lookup, href: Lookup, date_words: DateWords, this: str = ""
) -> list[Dated]:
    """Return the events of a timeline, from rows of `timeline.rq`.

    Dates of `this` itself need no name: their kind says what they are.
    """
    bars = set()
    for row in rows:
        value, item = _text(row, "value"), _text(row, "item")
        days = bounds(value) or NONE
        kind = _CLASSES.get(_local(row, "class")) or _PROPERTIES.get(_local(row, "property"))
        implied = _text(row, "inferred") in TRUE
        dated = Dated(
            label=name(item) if item != this else "",
            when=date_words(value),
            earliest=days.earliest,
            latest=days.latest,
            kind=kind or "other",
            href=href(item) if item != this else "",
            implied=implied,
            lasts=kind == "club",
        )
        bars.add(dated)
    return sorted(bars, key=lambda d: (d.earliest or d.latest or "", d.label, d.kind, d.when))


def network(
    rows: Sequence[Row], links: Iterable[Row], country: Lookup, name: Lookup, href: Lookup
) -> tuple[list[Partner], list[tuple[str, str]], list[Kind]]:
    """Return partners, links and kinds of a city's network, of `map-of-place.rq` and `network.rq`.

    `country` gives the name of a partner's country, empty where none is known. A link with somebody
    who is in no row, as its partnership with the city is withdrawn, is left out.
    """
    types = _types_of(rows)
    partners: dict[str, Partner] = {}
    for row in rows:
        iri, partnership = _text(row, "partner"), _text(row, "partnership")
        kind = types[partnership]
        title = " · ".join(part for part in (name(iri), _kind_name(kind, name)) if part)
        partners.setdefault(iri, Partner(iri, name(iri), kind.code, country(iri), title, href(iri)))
    pairs = [(one, other) for row in links
             if (one := _text(row, "one")) in partners
             and (other := _text(row, "other")) in partners]  # fmt: skip
    return [partners[iri] for iri in sorted(partners)], pairs, _kinds(types, name)


class Starts(NamedTuple):
    """Starts by year: certain, possible, and the number of those without a year."""

    bars: list[Bar]
    dated: int
    without: int


def starts_by_year(rows: Iterable[Row], step: int = 1) -> Starts:
    """Return the starts by year (or by `step` years), of the rows of `statistics-starts.rq`.

    A start whose first and last possible year lie in the same bar is certain there, else possible
    in each bar that it touches. One with an open side touches none, as it would touch all.
    """
    certain: Counter[int] = Counter()
    possible: Counter[int] = Counter()
    dated = without = 0
    for row in rows:
        number = _int(row, "partnerships")
        if row.get("firstYear") is None or row.get("lastYear") is None:
            without += number
            continue
        dated += number
        first, last = _int(row, "firstYear") // step, _int(row, "lastYear") // step
        if first == last:
            certain[first] += number
        else:
            for bar in range(first, min(last, first + 1000) + 1):
                possible[bar] += number
    years = certain.keys() | possible.keys()
    bars = [
        Bar(str(bar * step), certain[bar], possible[bar])
        for bar in (range(min(years), max(years) + 1) if years else ())
    ]
    return Starts(bars, dated, without)


def begun_before(rows: Iterable[Row], year: int) -> tuple[int, int]:
    """Return how many partnerships had certainly, and how many only possibly, begun before a year.

    Certain: `latestStart < year`. Possible: `earliestStart < year`, and not certain.
    """
    certain = possible = 0
    for row in rows:
        number = _int(row, "partnerships")
        if row.get("lastYear") is not None and _int(row, "lastYear") < year:
            certain += number
        elif row.get("firstYear") is not None and _int(row, "firstYear") < year:
            possible += number
    return certain, possible


def counted(
    rows: Iterable[Row], variable: str, name: Lookup, href: Lookup, number: str = "partnerships"
) -> list[Bar]:
    """Return bars of a number, of the rows of `statistics-fields.rq` or `statistics-sources.rq`."""
    return [
        Bar(name(_text(row, variable)), _int(row, number), 0, href(_text(row, variable)))
        for row in rows
        if row.get(variable) is not None
    ]


def kinds_counted(rows: Iterable[Row], name: Lookup, href: Lookup, absent: str) -> list[Bar]:
    """Return bars of the kinds, of the rows of `statistics-kinds.rq`; `absent` names none."""
    return [
        Bar(
            name(kind) if kind else absent,
            _int(row, "certain"),
            _int(row, "possible"),
            href(kind) if kind else "",
        )
        for row in rows
        for kind in [_text(row, "kind")]
    ]


def country_pairs(rows: Iterable[Row], name: Lookup, href: Callable[[str, str], str]) -> list[Pair]:
    """Return the pairs of countries, of the rows of `statistics-countries.rq`."""
    return [
        Pair(name(item), name(end), _int(row, "partnerships"), href(item, end))
        for row in rows
        for item, end in [(_text(row, "one"), _text(row, "other"))]
    ]


class _Types(NamedTuple):
    code: str
    iris: tuple[str, ...]


def _types_of(rows: Iterable[Row], key: str = "partnership") -> dict[str, _Types]:
    """Return the kind of each partnership: its code, or SEVERAL, or empty."""
    types: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        types[_text(row, key)].update({_text(row, "type")} - {""})
    return {
        partnership: _Types(
            _code_of(next(iter(iris))) if len(iris) == 1 else SEVERAL if iris else "",
            tuple(sorted(iris)),
        )
        for partnership, iris in types.items()
    }


def _kind_name(types: _Types, name: Lookup) -> str:
    return " / ".join(name(iri) for iri in types.iris)


def _kinds(types: Mapping[str, _Types], name: Lookup) -> list[Kind]:
    """Return the legend: each kind that occurs, by name."""
    labels: dict[str, set[str]] = defaultdict(set)
    for names in types.values():
        if names.iris:
            labels[names.code].add(_kind_name(names, name))
    kinds = [Kind(code, ", ".join(sorted(several))) for code, several in labels.items()]
    return sorted(kinds, key=lambda kind: kind.label)


def _position(row: Row, prefix: str = "") -> Position | None:
    """Return coordinates; None where one is missing or is no number."""
    names = ("latitude", "longitude") if not prefix else (f"{prefix}Latitude", f"{prefix}Longitude")
    try:
        latitude, longitude = (float(_text(row, name)) for name in names)
    except ValueError:
        return None
    return Position(latitude, longitude)


def _text(row: Row, name: str) -> str:
    term = row.get(name)
    return "" if term is None else term.value


def _int(row: Row, name: str) -> int:
    return int(float(_text(row, name) or 0))


def _code(row: Row, name: str) -> str:
    return _code_of(_text(row, name))


def _code_of(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def _local(row: Row, name: str) -> str:
    return _text(row, name).rsplit("#", 1)[-1]
