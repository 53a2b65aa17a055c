"""A graph built node by node from tables of prefixed names, and the terms of catalogues.

`add(iri, {"a": …, "dct:title": …})` adds one node. Values are terms, one or many; without a value
no triple is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.rdf.authority import EU, IANA
from twingraph.rdf.vocabulary import RDF
from twingraph.translation import PAIRED

NAMESPACES: Final = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatde": "http://dcat-ap.de/def/dcatde/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "ldes": "https://w3id.org/ldes#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

Term = NamedNode | Literal
Values = Term | Iterable[Term] | None


def named(name: str) -> NamedNode:
    """Return the IRI of a prefixed name.

    >>> named("dcat:Dataset").value
    'http://www.w3.org/ns/dcat#Dataset'
    """
    prefix, _, local = name.partition(":")
    return NamedNode(NAMESPACES[prefix] + local)


def texts(words: Mapping[str, str]) -> list[Literal]:
    """Return texts by language as literals; empty ones are left out."""
    return [Literal(text, language=tag) for tag, text in words.items() if text]


def pair(labels: tuple[str, str]) -> list[Literal]:
    """Return an English and a German text as literals."""
    return texts(dict(zip(PAIRED, labels, strict=True)))


def typed(text: str, name: str) -> Literal | None:
    """Return a literal of that datatype; None for no text.

    >>> str(typed("2026-11-21", "xsd:date"))
    '"2026-11-21"^^<http://www.w3.org/2001/XMLSchema#date>'
    """
    return Literal(text, datatype=named(name)) if text else None


class GraphBuilder:
    """Builds a graph of named nodes; `triples` are those added so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.triples: set[Triple] = set()

    def add(self, iri: str, facts: Mapping[str, Values]) -> NamedNode:
        """Add properties of `iri`; return it as a node."""
        node = NamedNode(iri)
        for name, values in facts.items():
            verb = RDF.type if name == "a" else named(name)
            one_or_many = [values] if isinstance(values, NamedNode | Literal) else values or ()
            self.triples.update(Triple(node, verb, value) for value in one_or_many)
        return node

    def code(
        self, scheme: str, iri: str, labels: tuple[str, str], *kinds: str, note: str = ""
    ) -> NamedNode:
        """Add the description of a controlled value: its types, its scheme, its label."""
        self.add(scheme, {"a": named("skos:ConceptScheme"), "dct:title": Literal(note or scheme)})
        return self.add(
            iri,
            {
                "a": [named("skos:Concept"), *map(named, kinds)],
                "skos:inScheme": NamedNode(scheme),
                "skos:prefLabel": pair(labels),
            },
        )

    def authority(self, table: str, code: str, labels: tuple[str, str], *kinds: str) -> NamedNode:
        """Add a value of an EU authority table."""
        note = f"EU authority table {table}"
        return self.code(EU + table, f"{EU}{table}/{code}", labels, *kinds, note=note)

    def media_type(self, name: str) -> NamedNode:
        """Add a media type of IANA's register."""
        kinds = [named("dct:MediaType"), named("dct:MediaTypeOrExtent")]
        return self.add(IANA + name, {"a": kinds, "rdfs:label": Literal(name)})

    def page(self, iri: str, title: Mapping[str, str]) -> NamedNode:
        """Add a page that people read."""
        return self.add(iri, {"a": named("foaf:Document"), "dct:title": texts(title)})

    def standard(self, iri: str, title: str) -> NamedNode:
        """Add something that data conforms to."""
        return self.add(iri, {"a": named("dct:Standard"), "dct:title": Literal(title)})
