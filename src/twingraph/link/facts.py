"""What is published, thing by thing, as linkers ask for it: labels, links to a target, kinds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Triple

from twingraph.derive.resolve import Value
from twingraph.rdf.iris import kind_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import HOME, RDFS
from twingraph.settings import Settings
from twingraph.source.mappings import Decision

SAME_AS: Final = NamedNode("http://www.w3.org/2002/07/owl#sameAs")


@dataclass(frozen=True)
class Target:
    """Somebody else's identifiers: how their IRIs begin and end, and Wikidata's item for them.

    >>> TARGETS["geonames"].id_of("https://sws.geonames.org/2946447/")
    '2946447'
    """

    name: str
    title: str
    start: str
    end: str
    item: str
    kinds: tuple[str, ...]

    def id_of(self, iri: str) -> str | None:
        """Return the identifier in `iri`; None where it is not one of theirs."""
        if not iri.startswith(self.start):
            return None
        return iri.removeprefix(self.start).removesuffix(self.end) or None


WIKIDATA: Final = "http://www.wikidata.org/entity/"
TARGETS: Final[Mapping[str, Target]] = {
    "wikidata": Target(
        "wikidata", "Wikidata", WIKIDATA, "", WIKIDATA + "Q2013",
        ("event", "org", "person", "place", "programme", "project", "unit"),
    ),
    "geonames": Target(
        "geonames", "GeoNames", "https://sws.geonames.org/", "/", WIKIDATA + "Q830106", ("place",)
    ),
}  # fmt: skip


class LinkFacts:
    """The published graph, indexed by subject and predicate; `base` is its base IRI."""

    def __init__(self, quads: Iterable[Quad], base: str = HOME) -> None:
        """Index the default graph of `quads`, whose entities are named under `base`."""
        self.base = base
        unnamed = DefaultGraph()
        self.triples: list[Triple] = [one.triple for one in quads if one.graph_name == unnamed]
        self._values: dict[tuple[str, NamedNode], list[Value]] = defaultdict(list)
        self._subjects: dict[tuple[NamedNode, str], set[str]] = defaultdict(set)
        for one in self.triples:
            if isinstance(one.object, NamedNode | Literal):
                self._values[plain(one.subject), one.predicate].append(one.object)
                self._subjects[one.predicate, plain(one.object)].add(plain(one.subject))

    def values(self, subject: str, predicate: NamedNode) -> list[Value]:
        """Return the values of a property, sorted."""
        return sorted(self._values.get((subject, predicate), ()), key=str)

    def texts(self, subject: str, predicate: NamedNode) -> list[str]:
        """Return the values of a property as text: IRIs as they are, literals without their tag."""
        return [plain(one) for one in self.values(subject, predicate)]

    def subjects(self, predicate: NamedNode, value: str) -> list[str]:
        """Return what has `value` (an IRI, or a literal's text) as a property's value, sorted."""
        return sorted(self._subjects.get((predicate, value), ()))

    def label(self, subject: str, language: str = "en") -> str:
        """Return the label in `language`; '' where there is none."""
        return next(
            (one.value for one in self.values(subject, RDFS.label)
             if isinstance(one, Literal) and one.language == language), "",
        )  # fmt: skip

    def things(self) -> list[str]:
        """Return the entities that have a label, sorted."""
        subjects = {subject for subject, verb in self._values if verb == RDFS.label}
        return sorted(one for one in subjects if kind_of(one, self.base))

    def links(self, target: Target) -> list[tuple[str, str]]:
        """Return (our IRI, their identifier) for every `owl:sameAs` to `target`, sorted."""
        return sorted(
            (subject, found)
            for (subject, verb), values in self._values.items()
            if verb == SAME_AS
            for one in values
            if (found := target.id_of(plain(one)))
        )


@dataclass(frozen=True)
class Linked:
    """Everything the link files are made from; `decisions` by target, as curators wrote them."""

    facts: LinkFacts
    settings: Settings
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)

    def decided(self, target: Target) -> Iterator[Decision]:
        """Yield the decisions about links to `target`, whichever table they stand in."""
        for name, decisions in self.decisions.items():
            for one in decisions:
                if target.id_of(one.object) or (not one.found and name == target.name):
                    yield one


def natural(identifier: str) -> tuple[int, str]:
    """Return a sort key by the number in an identifier: Q64 before Q586.

    >>> sorted(["Q586", "Q64"], key=natural)
    ['Q64', 'Q586']
    """
    digits = re.sub(r"[^0-9]", "", identifier)
    return int(digits or 0), identifier
