"""The context of a difference: descriptions of changed entities, what they are part of, labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.rdf.iris import kind_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import RDFS, SKOS, TG
from twingraph.release.changes.delta import Dump, Statement, is_default, read_lines

Term = NamedNode | Literal

# predicates by which a part names what it is a part of
_UP: Final[dict[str, tuple[NamedNode, ...]]] = {
    "claim": (TG.subject,),
    "quantity": (TG.about,),
    "remark": (TG.about,),
}
PARTS: Final = ("cite", "claim", "geometry", "quantity", "remark")
LABELS: Final = (RDFS.label, SKOS.prefLabel)
# predicates of location, which are not what an entity is about
_LOCATING: Final = frozenset({TG.country, TG.partnerOf, TG.twinnedWith, TG.within})


@dataclass(frozen=True)
class Background:
    """One dump's default graph, as far as a difference touches it; `base` is its base IRI."""

    base: str
    about: Mapping[str, Mapping[NamedNode, frozenset[Term]]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    citers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def values(self, iri: str, predicate: NamedNode) -> frozenset[Term]:
        """Return the published values of a property."""
        return self.about.get(iri, {}).get(predicate, frozenset())

    def owners(self, iri: str) -> list[str]:
        """Return an entity, the entity it is a part of, and so on up to one that is no part."""
        chain = [iri]
        while (up := self._above(chain[-1])) and up not in chain:
            chain.append(up)
        return chain

    def named_things(self, iri: str) -> set[str]:
        """Return the places and partnerships that the description of an entity names."""
        return {
            value.value
            for predicate, values in self.about.get(iri, {}).items()
            if predicate not in _LOCATING
            for value in values
            if isinstance(value, NamedNode)
            and kind_of(value.value, self.base) in ("partnership", "place")
        }

    def _above(self, iri: str) -> str:
        kind = kind_of(iri, self.base) or ""
        if kind == "geometry":  # made for a place and named like it
            return iri.replace("/id/geometry/", "/id/place/")
        if kind == "cite":
            return min(self.citers.get(iri, ()), default="") or self._named(iri, TG.inSource)
        for predicate in _UP.get(kind, ()):
            if parents := self._named(iri, predicate):
                return parents
        return ""

    def _named(self, iri: str, predicate: NamedNode) -> str:
        return min((plain(item) for item in self.values(iri, predicate)), default="")


def read_background(dump: Dump, touched: Collection[str]) -> Background:
    """Read from a dump the statements about `touched` (IRIs), and all labels.

    Kept are whole descriptions of what is touched, what claims and remarks are about, the partners
    of partnerships, who cites what is touched, and every label.
    """
    wanted = {_raw(item) for item in touched}
    whole = {_raw(label.value) for label in (TG.subject, TG.about, TG.partner, *LABELS)}
    cites = _raw(TG.cites.value)
    kept = []
    for line in dump.lines():
        subject, predicate, rest = line.split(b" ", 2)
        if (
            subject in wanted or predicate in whole
            or (predicate == cites and rest[: rest.index(b" ")] in wanted)
        ) and is_default(line):  # fmt: skip
            kept.append(line)
    return _indexed(read_lines(kept), dump.base)


def _raw(iri: str) -> bytes:
    return f"<{iri}>".encode()


def _indexed(statement: Iterable[Statement], base: str) -> Background:
    about: dict[str, dict[NamedNode, set[Term]]] = defaultdict(lambda: defaultdict(set))
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    citers: dict[str, set[str]] = defaultdict(set)
    for item in statement:
        value = item.object
        if item.predicate in LABELS and isinstance(value, Literal):
            language = value.language or ""
            labels[item.subject][language] = min(
                value.value, labels[item.subject].get(language, value.value)
            )
        if item.predicate == TG.cites:
            citers[plain(value)].add(item.subject)
        about[item.subject][item.predicate].add(value)
    return Background(
        base,
        {iri: {key: frozenset(terms) for key, terms in triples.items()}
         for iri, triples in about.items()},
        {iri: dict(sorted(items.items())) for iri, items in labels.items()},
        {iri: frozenset(items) for iri, items in citers.items()},
    )  # fmt: skip
