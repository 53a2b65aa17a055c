"""What the graph covers, read from its statements: which part of the world, which time, whose word.

One pass over the lines of the graph; nothing here is written down anywhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.export.boxes import bounding_box
from twingraph.rdf.dataset import Dataset, term_of
from twingraph.rdf.iris import source_of
from twingraph.rdf.vocabulary import NS, ONTOLOGY

_SCHEMA: Final = "https://schema.org/"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_FIRST: Final = ("earliestDate", "earliestStart")
_LAST: Final = ("latestDate", "latestEnd", "latestStart")
_VERSION: Final = "http://www.w3.org/2002/07/owl#versionIRI"
_DESCRIBED: Final = (_DCTERMS + "title", _DCTERMS + "license", _VERSION)


@dataclass(frozen=True)
class Source:
    """A graph that holds what one document says: its name, the document, how much it says."""

    graph: str
    document: str  # its IRI; what stands behind the last slash names it in files
    titles: tuple[Literal, ...]
    licence: str
    triples: int

    @property
    def slug(self) -> str:
        """The name of the document in IRIs and files."""
        return self.document.rpartition("/")[2]

    @property
    def title(self) -> str:
        """What the document is called, else its name."""
        return self.titles[0].value if self.titles else self.slug


@dataclass(frozen=True)
class Coverage:
    """`box` is west, south, east, north (west greater than east over the date line), `centre` its
    middle as longitude, latitude; both empty where no place has a position.

    `first` and `last` are the earliest and the latest day that anything is dated.
    """

    box: tuple[Decimal, ...] = ()
    centre: tuple[Decimal, ...] = ()
    first: str = ""
    last: str = ""
    sources: tuple[Source, ...] = ()
    ontology_version: str = ""


def coverage(graph: Dataset, base: str) -> Coverage:
    """Return what a frozen graph under `base` covers."""
    points: dict[str, dict[str, Decimal]] = defaultdict(dict)
    first: list[str] = []
    last: list[str] = []
    titles: dict[str, list[Literal]] = defaultdict(list)
    licences: dict[str, str] = {}
    version = ""
    axes = {_SCHEMA + "longitude": "east", _SCHEMA + "latitude": "north"}
    early = {NS + name for name in _FIRST}
    late = {NS + name for name in _LAST}
    wanted = {f"<{axis}>" for axis in {*axes, *early, *late, *_DESCRIBED}}
    for line in graph.default:
        node, predicate, text = line.split(" ", 2)
        if predicate not in wanted:
            continue
        verb, subject, value = predicate[1:-1], node[1:-1], term_of(text[:-2])
        if verb in axes and isinstance(value, Literal):
            points[subject][axes[verb]] = Decimal(value.value)
        elif verb in early:
            first.append(value.value)
        elif verb in late:
            last.append(value.value)
        elif verb == _DCTERMS + "title" and isinstance(value, Literal):
            titles[subject].append(value)
        elif verb == _DCTERMS + "license" and isinstance(value, NamedNode):
            licences[subject] = value.value
        elif verb == _VERSION and subject == ONTOLOGY:
            version = value.value
    sizes = Counter({name: len(lines) for name, lines in graph.named.items()})
    whole = [point for point in points.values() if len(point) == 2]
    box = bounding_box(_positions(whole))
    return Coverage(
        box=box,
        centre=_centre(box),
        first=min(first, default=""),
        last=max(last, default=""),
        sources=tuple(_sources(sizes, titles, licences, base)),
        ontology_version=version,
    )


def _sources(
    sizes: Counter[str],
    titles: dict[str, list[Literal]],
    licences: dict[str, str],
    base: str,
) -> list[Source]:
    found = []
    for graph, count in sorted(sizes.items()):
        document = source_of(graph, base)
        if document is None:
            continue
        name = document
        names = tuple(sorted(titles[name], key=str))
        found.append(Source(graph, name, names, licences.get(name, ""), count))
    return found


def _positions(points: list[dict[str, Decimal]]) -> list[list[tuple[Decimal, Decimal]]]:
    return [[(point["east"], point["north"])] for point in points]


def _centre(box: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Return longitude and latitude of the middle of a box; () for no box."""
    if not box:
        return ()
    west, south, east, north = box
    longitude = (west + east + (360 if east < west else 0)) / 2
    middle = (longitude - 360 if longitude > 180 else longitude, (south + north) / 2)
    return tuple(degrees.quantize(Decimal("0.00001")) for degrees in middle)
