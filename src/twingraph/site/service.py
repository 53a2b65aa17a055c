"""The service and the dataset in RDF: SPARQL 1.1 Service Description, VoID."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from twingraph.export.void import FORMATS
from twingraph.export.void import NAME as VOID_FILE
from twingraph.link.void import VOID
from twingraph.rdf.iris import PUBLISHED
from twingraph.rdf.serializers import SERIALIZERS
from twingraph.rdf.vocabulary import PREFIXES, RDF, XSD
from twingraph.settings import Limits
from twingraph.site.reader import BuildReader

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_DCTERMS: Final = PREFIXES["dcterms"]
_SCHEMA: Final = PREFIXES["schema"]
_RESULTS: Final = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "N-Quads", "TriG", "JSON-LD", "RDF_XML",
)  # fmt: skip
_GEOF: Final = "http://www.opengis.net/def/function/geosparql/"
# What the engine knows of GeoSPARQL 1.1; tests/test_service.py calls every one of them.
FUNCTIONS: Final = tuple(
    _GEOF + name
    for name in (
        "area", "asGeoJSON", "centroid", "convexHull", "coordinateDimension", "difference",
        "dimension", "distance", "ehContains", "ehCoveredBy", "ehCovers", "ehDisjoint", "ehEquals",
        "ehInside", "ehMeet", "ehOverlap", "envelope", "getSRID", "intersection", "isEmpty",
        "isSimple", "length", "perimeter", "rcc8dc", "rcc8ec", "rcc8eq", "rcc8ntpp", "rcc8ntppi",
        "rcc8po", "rcc8tpp", "rcc8tppi", "relate", "sfContains", "sfCrosses", "sfDisjoint",
        "sfEquals", "sfIntersects", "sfOverlaps", "sfTouches", "sfWithin", "spatialDimension",
        "symDifference", "union",
    )
)  # fmt: skip
# There is no vocabulary for limits: they are schema:PropertyValue, with the unit's code of
# UN/CEFACT (seconds, bytes, "one"), under the names that twingraph.toml gives them.
_LIMITS: Final = {
    "seconds": ("SEC", "The longest that a query may take"),
    "memory_bytes": ("AD", "The most memory that a query may take"),
    "rows": ("C62", "The most rows or triples of an answer"),
    "result_bytes": ("AD", "The longest answer"),
    "query_bytes": ("AD", "The longest query"),
    "concurrent": ("C62", "Queries answered at the same time"),
    "waiting": ("C62", "Queries that may wait for their turn"),
}


def service_description(
    site: BuildReader, suffix: str, endpoint: str = "", limits: Limits | None = None
) -> bytes:
    """Return the description of the service at `endpoint` in the RDF format of that suffix."""
    prefixes = {**site.prefixes, "dcat": _DCAT, "sd": _SD, "formats": FORMATS, "void": VOID}
    triples = _service(site, endpoint or site.address + "sparql", limits or Limits())
    return SERIALIZERS[suffix](list(triples), prefixes)


def dataset_description(site: BuildReader, suffix: str) -> bytes:
    """Return the description of the dataset (VoID) in the RDF format of that suffix."""
    raw = site.read(VOID_FILE)
    if suffix == "ttl":
        return raw
    prefixes = {**site.prefixes, "formats": FORMATS, "void": VOID}
    return SERIALIZERS[suffix](list(_void_triples(raw)), prefixes)


@lru_cache(maxsize=2)
def _void_triples(raw: bytes) -> tuple[Triple, ...]:
    return tuple(item.triple for item in parse(raw, format=RdfFormat.TURTLE))


def _sizes(site: BuildReader) -> Mapping[str, Literal]:
    """Return how many triples each graph has, by its name, as the build counted them."""
    if VOID_FILE not in site.dumps:
        return {}
    counted = NamedNode(VOID + "triples")
    return {
        void_triple.subject.value: void_triple.object
        for void_triple in _void_triples(site.read(VOID_FILE))
        if void_triple.predicate == counted
        and isinstance(void_triple.subject, NamedNode)
        and isinstance(void_triple.object, Literal)
    }


def _service(site: BuildReader, endpoint: str, limits: Limits) -> Iterator[Triple]:
    def sd(name: str) -> NamedNode:
        return NamedNode(_SD + name)

    def at(path: str) -> NamedNode:
        return NamedNode(site.base + path)

    service, dataset = at("sparql#service"), at("sparql#dataset")
    yield Triple(service, RDF.type, sd("Service"))
    yield Triple(service, sd("endpoint"), NamedNode(endpoint))
    yield Triple(service, sd("supportedLanguage"), sd("SPARQL11Query"))
    yield Triple(
        service, NamedNode(_DCAT + "endpointDescription"), NamedNode(site.address + "openapi.json")
    )
    examples = NamedNode(site.address + ".well-known/sparql-examples")
    yield Triple(service, NamedNode(PREFIXES["rdfs"] + "seeAlso"), examples)
    yield Triple(service, sd("defaultDataset"), dataset)
    for name in _RESULTS:
        yield Triple(service, sd("resultFormat"), NamedNode(FORMATS + name))
    for function in FUNCTIONS:
        yield Triple(service, sd("extensionFunction"), NamedNode(function))
        yield Triple(NamedNode(function), RDF.type, sd("Function"))
    yield from _limit_statements(site, service, limits)
    yield Triple(dataset, RDF.type, sd("Dataset"))
    for language, title in sorted(site.title.items()):
        yield Triple(dataset, NamedNode(_DCTERMS + "title"), Literal(title, language=language))
    yield Triple(dataset, NamedNode(_DCTERMS + "license"), NamedNode(site.licence))
    sizes = _sizes(site)
    default = NamedNode(site.iri(PUBLISHED))
    yield Triple(dataset, sd("defaultGraph"), default)
    yield from _graph(default, sizes.get(site.base))
    for name in sorted(site.graphs):
        node = at("sparql#" + re.sub("[^A-Za-z0-9.-]", "-", name.removeprefix(site.base)))
        yield Triple(dataset, sd("namedGraph"), node)
        yield Triple(node, RDF.type, sd("NamedGraph"))
        yield Triple(node, sd("name"), NamedNode(name))
        yield Triple(node, sd("graph"), NamedNode(name))
        yield from _graph(NamedNode(name), sizes.get(name))


def _graph(graph: NamedNode, size: Literal | None) -> Iterator[Triple]:
    yield Triple(graph, RDF.type, NamedNode(_SD + "Graph"))
    if size is not None:
        yield Triple(graph, NamedNode(VOID + "triples"), size)


def _limit_statements(site: BuildReader, service: NamedNode, limits: Limits) -> Iterator[Triple]:
    for name, (unit, text) in _LIMITS.items():
        node = NamedNode(f"{site.base}sparql#limit-{name.replace('_', '-')}")
        most = Literal(str(getattr(limits, name)), datatype=XSD.integer)
        yield Triple(service, NamedNode(_SCHEMA + "additionalProperty"), node)
        yield Triple(node, RDF.type, NamedNode(_SCHEMA + "PropertyValue"))
        yield Triple(node, NamedNode(_SCHEMA + "propertyID"), Literal(f"limits.{name}"))
        yield Triple(node, NamedNode(_SCHEMA + "name"), Literal(text, language="en"))
        yield Triple(node, NamedNode(_SCHEMA + "maxValue"), most)
        yield Triple(node, NamedNode(_SCHEMA + "unitCode"), Literal(unit))
