"""A catalogue in pages that are complete on their own: harvesters read each page as a graph.

A page has everything that can be reached from the catalogue and its data sets; the links between
the pages are a Hydra view, also if there is only one page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from twingraph.catalogue.nodes import named
from twingraph.rdf.vocabulary import RDF, XSD

MOST: Final = 100  # data sets on a page
_DATASET: Final = named("dcat:dataset")
_RECORD: Final = named("dcat:record")
_SERVICE: Final = named("dcat:service")
_ABOUT: Final = {_RECORD: named("foaf:primaryTopic"), _SERVICE: named("dcat:servesDataset")}
_VERSION_OF: Final = named("dcat:isVersionOf")


@dataclass(frozen=True)
class Catalogue:
    """A catalogue opened for reading: its IRI, its statements by subject, its data sets."""

    iri: str
    facts: Mapping[str, Sequence[Triple]]
    datasets: tuple[str, ...]

    def objects(self, iri: str, verb: NamedNode) -> list[NamedNode | Literal]:
        """Return the values of a property of a node, sorted."""
        values = (item.object for item in self.facts.get(iri, ()) if item.predicate == verb)
        return sorted((item for item in values if isinstance(item, NamedNode | Literal)), key=str)

    def count(self, size: int = MOST) -> int:
        """Return how many pages of `size` data sets there are, at least one."""
        return max(1, -(-len(self.datasets) // size))

    def page(self, number: int, size: int = MOST) -> list[Triple]:
        """Return the triples of page `number` (from 1), without the view."""
        return self.part(self.datasets[(number - 1) * size : number * size])

    def part(self, datasets: Iterable[str]) -> list[Triple]:
        """Return the catalogue as if these were all of its data sets."""
        kept = set(datasets)
        left_out = set(self.datasets) - kept
        triples: list[Triple] = []
        waiting = [self.iri]
        waiting += [
            iri
            for iri in self.facts
            if any(str(node)[1:-1] in kept for node in self.objects(iri, _VERSION_OF))
        ]
        reached = {*waiting, *left_out}
        while waiting:
            iri = waiting.pop()
            for item in self.facts.get(iri, ()):
                if iri == self.iri and self._belongs_elsewhere(item, left_out):
                    continue
                triples.append(item)
                target = item.object
                if isinstance(target, NamedNode) and target.value not in reached:
                    reached.add(target.value)
                    waiting.append(target.value)
        return triples

    def _belongs_elsewhere(self, link: Triple, left_out: set[str]) -> bool:
        if not isinstance(link.object, NamedNode):
            return False
        if link.predicate == _DATASET:
            return link.object.value in left_out
        verb = _ABOUT.get(link.predicate)
        topics = self.objects(link.object.value, verb) if verb is not None else []
        return any(isinstance(topic, NamedNode) and topic.value in left_out for topic in topics)

    def view(self, number: int, address: str, size: int = MOST) -> list[Triple]:
        """Return the Hydra view of page `number`; pages have the addresses `address?page=N`."""
        last = self.count(size)

        def at(page: int) -> NamedNode:
            more = f"&size={size}" if size != MOST else ""
            return NamedNode(f"{address}?page={page}{more}")

        this_page, whole = at(number), NamedNode(self.iri)
        total = Literal(str(len(self.datasets)), datatype=XSD.integer)
        triples = [
            Triple(whole, RDF.type, named("hydra:Collection")),
            Triple(whole, named("hydra:totalItems"), total),
            Triple(whole, named("hydra:view"), this_page),
            Triple(this_page, RDF.type, named("hydra:PartialCollectionView")),
            Triple(this_page, named("hydra:first"), at(1)),
            Triple(this_page, named("hydra:last"), at(last)),
        ]
        if number > 1:
            triples.append(Triple(this_page, named("hydra:previous"), at(number - 1)))
        if number < last:
            triples.append(Triple(this_page, named("hydra:next"), at(number + 1)))
        return triples


def read_catalogue(turtle: bytes) -> Catalogue:
    """Read the catalogue in a Turtle file of a build or a release."""
    facts: dict[str, list[Triple]] = defaultdict(list)
    whole = ""
    for quad in parse(turtle, format=RdfFormat.TURTLE):
        triple = quad.triple
        assert isinstance(triple.subject, NamedNode), "no blank nodes in a catalogue"
        facts[triple.subject.value].append(triple)
        if triple.predicate == RDF.type and triple.object == named("dcat:Catalog"):
            whole = triple.subject.value
    listed = (fact.object for fact in facts[whole] if fact.predicate == _DATASET)
    datasets = sorted(item.value for item in listed if isinstance(item, NamedNode))
    return Catalogue(whole, dict(facts), tuple(datasets))
