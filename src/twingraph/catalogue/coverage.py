"""The coverage of the graph, read from its statements: region, period, sources.

Nothing here is written down anywhere else.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.build_cache import KEPT
from twingraph.export.bounding_box import bounding_box
from twingraph.link.facts import LinkFacts
from twingraph.rdf.dataset import Dataset, term_of, text_of
from twingraph.rdf.iris import source_of
from twingraph.rdf.vocabulary import ONTOLOGY, TG

EXTENT: Final = f"{KEPT}/extent.json"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_EAST: Final = NamedNode("https://schema.org/longitude")
_NORTH: Final = NamedNode("https://schema.org/latitude")
_FIRST: Final = (TG.earliestDate, TG.earliestStart)
_LAST: Final = (TG.latestDate, TG.latestEnd, TG.latestStart)
_VERSION: Final = NamedNode("http://www.w3.org/2002/07/owl#versionIRI")
_TITLE: Final = NamedNode(_DCTERMS + "title")
_LICENCE: Final = NamedNode(_DCTERMS + "license")


@dataclass(frozen=True)
class Source:
    """The graph of one document: its name, the document, its number of statements."""

    graph: str
    document: str  # its IRI; the part after the last slash is its name in files
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


class Extent(NamedTuple):
    """The part of the world and of time that a graph is about.

    `box` is west, south, east, north (west greater than east over the date line); empty where no
    place has a position. `first` and `last` are the earliest and the latest day that anything is
    dated.
    """

    box: tuple[Decimal, ...] = ()
    first: str = ""
    last: str = ""

    def pack(self) -> bytes:
        """Return it as JSON, from which `unpack` makes it again.

        >>> extent = Extent((Decimal("7.10"), Decimal(50), Decimal(8), Decimal(51)), "1947", "2020")
        >>> Extent.unpack(extent.pack()) == extent
        True
        """
        return (
            json.dumps([[str(side) for side in self.box], self.first, self.last]) + "\n"
        ).encode()

    @classmethod
    def unpack(cls, raw: bytes) -> Extent:
        """Return what was packed."""
        box, first, last = json.loads(raw)
        return cls(tuple(map(Decimal, box)), first, last)


@dataclass(frozen=True)
class Coverage:
    """`centre` is the middle of the box as longitude, latitude; empty where there is none."""

    extent: Extent
    centre: tuple[Decimal, ...]
    sources: tuple[Source, ...]
    ontology_version: str


def read_extent(facts: LinkFacts) -> Extent:
    """Return the extent of the published graph."""
    points: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for axis in (_EAST, _NORTH):
        for subject, text in facts.pairs(axis):
            if text[0] == '"':
                points[subject][axis.value] = Decimal(text_of(text))
    whole = [(point[_EAST.value], point[_NORTH.value])
             for point in points.values() if len(point) == 2]  # fmt: skip
    first, last = (
        [text_of(text) for verb in verbs for _, text in facts.pairs(verb)]
        for verbs in (_FIRST, _LAST)
    )
    box = bounding_box([[position] for position in whole])
    return Extent(box, min(first, default=""), max(last, default=""))


def coverage(graph: Dataset, facts: LinkFacts, extent: Extent | None = None) -> Coverage:
    """Return the coverage of a frozen graph; `facts` are those of its default graph."""
    extent = extent or read_extent(facts)
    versions = facts.facts(ONTOLOGY).get(str(_VERSION), ())
    return Coverage(
        extent=extent,
        centre=_centre(extent.box),
        sources=tuple(_sources(graph, facts)),
        ontology_version=text_of(versions[-1]) if versions else "",
    )


def _sources(graph: Dataset, facts: LinkFacts) -> Iterator[Source]:
    for name, lines in sorted(graph.named.items()):
        document = source_of(name, facts.base)
        if document is None:
            continue
        about = facts.facts(document)
        titles = (term_of(text) for text in about.get(str(_TITLE), ()))
        licences = [text[1:-1] for text in about.get(str(_LICENCE), ()) if text[0] == "<"]
        yield Source(
            name,
            document,
            tuple(sorted((title for title in titles if isinstance(title, Literal)), key=str)),
            licences[-1] if licences else "",
            len(lines),
        )


def _centre(box: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Return longitude and latitude of the middle of a box; () for no box."""
    if not box:
        return ()
    west, south, east, north = box
    longitude = (west + east + (360 if east < west else 0)) / 2
    middle = (longitude - 360 if longitude > 180 else longitude, (south + north) / 2)
    return tuple(degrees.quantize(Decimal("0.00001")) for degrees in middle)
