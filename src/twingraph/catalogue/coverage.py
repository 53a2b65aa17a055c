"""What the graph covers, read from its statements: which part of the world, which time, whose word.

One pass over the quads; nothing here is written down anywhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from twingraph.rdf.iris import source_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import NS, ONTOLOGY

_SCHEMA: Final = "https://schema.org/"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_FIRST: Final = ("earliestDate", "earliestStart")
_LAST: Final = ("latestDate", "latestEnd", "latestStart")
_VERSION: Final = "http://www.w3.org/2002/07/owl#versionIRI"


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
    """`box` is west, south, east, north; `centre` longitude, latitude; empty where nothing is said.

    `first` and `last` are the earliest and the latest day that anything is dated.
    """

    box: tuple[Decimal, ...] = ()
    centre: tuple[Decimal, ...] = ()
    first: str = ""
    last: str = ""
    sources: tuple[Source, ...] = ()
    ontology_version: str = ""


def coverage(quads: Sequence[Quad], base: str) -> Coverage:
    """Return what the quads of a frozen graph under `base` cover."""
    unnamed = DefaultGraph()
    points: dict[str, dict[str, Decimal]] = defaultdict(dict)
    first: list[str] = []
    last: list[str] = []
    titles: dict[str, list[Literal]] = defaultdict(list)
    licences: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    version = ""
    axes = {_SCHEMA + "longitude": "east", _SCHEMA + "latitude": "north"}
    early = {NS + name for name in _FIRST}
    late = {NS + name for name in _LAST}
    for one in quads:
        if one.graph_name != unnamed:
            sizes[plain(one.graph_name)] += 1
            continue
        verb, subject = one.predicate.value, plain(one.subject)
        if verb in axes and isinstance(one.object, Literal):
            points[subject][axes[verb]] = Decimal(one.object.value)
        elif verb in early:
            first.append(plain(one.object))
        elif verb in late:
            last.append(plain(one.object))
        elif verb == _DCTERMS + "title" and isinstance(one.object, Literal):
            titles[subject].append(one.object)
        elif verb == _DCTERMS + "license" and isinstance(one.object, NamedNode):
            licences[subject] = one.object.value
        elif verb == _VERSION and subject == ONTOLOGY:
            version = plain(one.object)
    whole = [one for one in points.values() if len(one) == 2]
    return Coverage(
        box=_box(whole),
        centre=_centre(whole),
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
        said = tuple(sorted(titles[name], key=str))
        found.append(Source(graph, name, said, licences.get(name, ""), count))
    return found


def _box(points: list[dict[str, Decimal]]) -> tuple[Decimal, ...]:
    if not points:
        return ()
    east, north = ([one[axis] for one in points] for axis in ("east", "north"))
    return min(east), min(north), max(east), max(north)


def _centre(points: list[dict[str, Decimal]]) -> tuple[Decimal, ...]:
    """Return the mean of the points; a box of the whole world would put it into the sea anyway."""
    if not points:
        return ()
    east, north = (sum(one[axis] for one in points) / len(points) for axis in ("east", "north"))
    return tuple(Decimal(one).quantize(Decimal("0.00001")) for one in (east, north))
