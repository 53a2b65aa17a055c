"""Descriptions: the RDF about a resource, a graph, the ontology or the shapes, in any format.

Published statements only, with IRIs under the base IRI, sorted: the same graph, the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from heapq import nsmallest
from typing import Any, Final, cast
from urllib.parse import quote

from pyoxigraph import (
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from twingraph.export.framed import write_framed, write_plain
from twingraph.export.jsonld import write_jsonld
from twingraph.rdf.frozen import quad_lines
from twingraph.rdf.iris import VOCABULARY, description_path, local_path
from twingraph.rdf.serializers import SERIALIZERS
from twingraph.rdf.turtle import blocks, iri_text, prefix_lines, write_turtle
from twingraph.rdf.vocabulary import RDFS
from twingraph.site.incoming import MOST, incoming_of, own_triples
from twingraph.site.reader import BuildReader
from twingraph.site.thing import is_known

LINKS: Final = MOST  # statements that point to a resource, in its description
STATEMENTS: Final = 3000  # of a graph, in its description
# suffix -> media type, in the order we prefer to send them
FORMATS: Final[Mapping[str, str]] = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "json": "application/json",
}
GRAPH_FORMATS: Final[Mapping[str, str]] = {
    "trig": "application/trig",
    "nq": "application/n-quads",
    **FORMATS,
}


def formats_of(thing: str) -> Mapping[str, str]:
    """Return the formats of the description of the resource at path `thing`, by suffix."""
    return GRAPH_FORMATS if thing.startswith("graph/") else FORMATS


def describe(site: BuildReader, thing: str, suffix: str) -> bytes | None:
    """Return the description of the resource at path `thing`; None if there is none."""
    if suffix not in formats_of(thing):
        return None
    if thing == "shapes":
        return _shapes(site, suffix)
    if thing == "ns":
        return write_triples(
            site, site.triples("ontology-terms", vocabulary=NamedNode(site.iri(VOCABULARY))), suffix
        )
    if local_path(thing) is None:
        return None
    if thing.startswith("graph/"):
        return _graph(site, thing, suffix)
    name = site.iri(thing)
    if not is_known(site, name):
        return None
    triples = _about(site, name)
    if suffix == "jsonld":
        return write_framed(triples, name, site.context, site.base).encode()
    if suffix == "json":
        return write_plain(triples, name, site.context, site.base).encode()
    return write_triples(site, triples, suffix)


def _about(site: BuildReader, iri: str) -> list[Triple]:
    """Return the statements of a resource, its claims and citations, and those that point to it.

    Of more than `LINKS` statements that point to it the first are kept; then the description says
    so of itself, with the query that gives all.
    """
    node = NamedNode(iri)
    triples = own_triples(site, iri)
    pointing, numbers = incoming_of(site, iri)
    number = sum(numbers.values())
    kept = nsmallest(LINKS, pointing) if number > LINKS else pointing
    triples += [Triple(NamedNode(item), NamedNode(verb), node) for verb, item in kept]
    named = {
        term.value
        for entry in triples
        for term in (entry.subject, entry.predicate, entry.object)
        if isinstance(term, NamedNode)
    }
    labels = [
        Triple(*(cast(Any, row[name]) for name in ("thing", "property", "value")))
        for row in site.rows_of("labels", named)
    ]
    cut = _cut(site, iri, number) if number > LINKS else []
    return list({*triples, *labels, *cut})


def _cut(site: BuildReader, iri: str, number: int) -> list[Triple]:
    """Return the note of a description that leaves out statements that point to the resource."""
    query = f"CONSTRUCT {{ ?subject ?property <{iri}> }} WHERE {{ ?subject ?property <{iri}> }}"
    words = {
        "en": f"{LINKS} of {number} statements that point to the thing; the query gives all.",
        "de": f"{LINKS} von {number} Aussagen, die auf die Sache zeigen; die Abfrage gibt alle.",
    }
    return _left_out(site, iri, words, [site.iri(f"sparql?query={quote(query)}")])


def _left_out(
    site: BuildReader, iri: str, words: Mapping[str, str], whole: Iterable[str]
) -> list[Triple]:
    suffix = next(iter(formats_of(site.path(iri) or "")))
    document = NamedNode(site.iri(description_path(site.path(iri) or "", suffix)))
    return [
        *(Triple(document, RDFS.comment, Literal(text, language=tag))
          for tag, text in words.items()),
        *(Triple(document, RDFS.seeAlso, NamedNode(address)) for address in whole),
    ]  # fmt: skip


def _graph(site: BuildReader, thing: str, suffix: str) -> bytes | None:
    name = site.iri(thing)
    if name not in site.graphs:
        return None
    triples, number = first_statements(site, name)
    cut = _cut_graph(site, name, len(triples), number) if len(triples) < number else []
    if suffix == "nq":
        graph = NamedNode(name)
        inside = (Quad(each.subject, each.predicate, each.object, graph) for each in triples)
        return quad_lines([*inside, *(Quad(*each) for each in cut)])
    if suffix in ("json", "jsonld"):
        shown = [*triples, *cut]
        return write_jsonld(shown, site.context, name, bare=suffix == "json").encode()
    if suffix != "trig":
        return write_triples(site, [*triples, *cut], suffix)
    used: set[str] = set()
    body = "\n".join(blocks(triples, used, site.prefixes))
    text = f"{iri_text(name, used, site.prefixes)} {{\n{body}}}\n"
    beside = "\n".join(blocks(cut, used, site.prefixes))
    text = f"{beside}\n{text}" if cut else text
    return (prefix_lines(used, site.prefixes) + "\n" + text).encode()


def first_statements(site: BuildReader, graph: str) -> tuple[list[Triple], int]:
    """Return the statements of a graph, the first `STATEMENTS` in order of a large one; how many.

    Those of a large graph are files of the build, because sorting them takes seconds.
    """
    kept = site.prepared_graphs().get(graph)
    if kept is not None:
        lines = "".join(f"{line}\n" for line in kept["first"]).encode()
        return [quad.triple for quad in parse(lines, format=RdfFormat.N_TRIPLES)], kept["number"]
    triples = site.triples("graph", this=NamedNode(graph))
    if len(triples) <= STATEMENTS:
        return triples, len(triples)
    return nsmallest(STATEMENTS, triples, key=str), len(triples)


def _cut_graph(site: BuildReader, iri: str, shown: int, number: int) -> list[Triple]:
    """Return the note of a graph's description that leaves out statements."""
    query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}"
    file = f"sources/{iri.rpartition('/')[2]}.nt"
    whole = [site.iri(f"dumps/{file}")] if file in site.dumps else []
    words = {
        "en": f"{shown} of {number} statements of the graph; the file or the query gives all.",
        "de": f"{shown} von {number} Aussagen des Graphen; die Datei oder die Abfrage gibt alle.",
    }
    return _left_out(site, iri, words, [*whole, site.iri(f"sparql?query={quote(query)}")])


def _shapes(site: BuildReader, suffix: str) -> bytes:
    raw = site.read("shapes.ttl")
    if suffix == "ttl":
        return raw
    return SERIALIZERS[suffix](list(_shape_triples(raw)), site.prefixes)


@lru_cache(maxsize=2)
def _shape_triples(raw: bytes) -> tuple[Triple, ...]:
    """Return the triples of a Turtle file, its blank nodes with canonical labels (RDFC-1.0)."""
    shapes = Dataset(parse(raw, format=RdfFormat.TURTLE))
    shapes.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return tuple(shape.triple for shape in shapes)


def write_triples(site: BuildReader, triples: Iterable[Triple], suffix: str) -> bytes:
    """Return triples in one of `FORMATS`, sorted."""
    if suffix == "ttl":
        return write_turtle(triples, site.prefixes).encode()
    if suffix in ("json", "jsonld"):
        return write_jsonld(triples, site.context, bare=suffix == "json").encode()
    return SERIALIZERS[suffix](list(triples), site.prefixes)
