"""The service and the dataset told in RDF: SPARQL 1.1 Service Description, VoID."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from twingraph.link.files import LINKSETS
from twingraph.publish.exchange import EXCHANGE
from twingraph.serve.site import Site
from twingraph.vocabulary import HOME, PREFIXES, RDF

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_VOID: Final = "http://rdfs.org/ns/void#"
_DCAT: Final = "http://www.w3.org/ns/dcat#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_FORMATS: Final = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "N-Quads", "TriG", "JSON-LD", "RDF_XML",
)  # fmt: skip


def service_description(site: Site, suffix: str) -> bytes:
    """Return the description of the service in the RDF format of that suffix."""
    prefixes = {
        **site.prefixes,
        "dcat": _DCAT,
        "sd": _SD,
        "formats": "http://www.w3.org/ns/formats/",
    }
    return EXCHANGE[suffix](list(_triples(site)), prefixes)


def dataset_description(site: Site, suffix: str) -> bytes:
    """Return what the whole is, in the RDF format of that suffix: VoID, with its dumps."""
    prefixes = {**site.prefixes, "void": _VOID}
    return EXCHANGE[suffix](list(_dataset(site)), prefixes)


def _dataset(site: Site) -> Iterator[Triple]:
    dataset = NamedNode(site.base)

    def said(name: str, value: NamedNode | Literal) -> Triple:
        return Triple(dataset, NamedNode(name), value)

    yield said(RDF.type.value, NamedNode(_VOID + "Dataset"))
    for row in site.rows_of("nodes", [HOME]):
        verb, value = row["property"], row["value"]
        if isinstance(verb, NamedNode) and value is not None:
            yield said(site.public(verb.value), value)
    for language, title in sorted(site.title.items()):
        yield said(_DCTERMS + "title", Literal(title, language=language))
    yield said(_DCTERMS + "license", NamedNode(site.licence))
    yield said(_VOID + "sparqlEndpoint", NamedNode(site.base + "sparql"))
    yield said(_VOID + "uriSpace", Literal(site.base))
    for name in site.dumps:
        if name.startswith("twingraph."):
            yield said(_VOID + "dataDump", NamedNode(f"{site.base}dumps/{name}"))
    linksets = site.dumps.get(LINKSETS)
    if linksets is not None:
        yield from (one.triple for one in parse(path=linksets.path, format=RdfFormat.TURTLE))


def _triples(site: Site) -> Iterator[Triple]:
    def sd(name: str) -> NamedNode:
        return NamedNode(_SD + name)

    def at(path: str) -> NamedNode:
        return NamedNode(site.base + path)

    endpoint = site.base + "sparql"
    service, dataset, default = (
        NamedNode(f"{endpoint}#{one}") for one in ("service", "dataset", "default")
    )
    yield Triple(service, RDF.type, sd("Service"))
    yield Triple(service, sd("endpoint"), NamedNode(endpoint))
    yield Triple(service, sd("supportedLanguage"), sd("SPARQL11Query"))
    yield Triple(service, NamedNode(_DCAT + "endpointDescription"), at("openapi.json"))
    examples = at(".well-known/sparql-examples")
    yield Triple(service, NamedNode(PREFIXES["rdfs"] + "seeAlso"), examples)
    yield Triple(service, sd("defaultDataset"), dataset)
    for name in _FORMATS:
        yield Triple(service, sd("resultFormat"), NamedNode(f"http://www.w3.org/ns/formats/{name}"))
    yield Triple(dataset, RDF.type, sd("Dataset"))
    yield Triple(dataset, sd("defaultGraph"), default)
    yield Triple(default, RDF.type, sd("Graph"))
    for language, title in sorted(site.title.items()):
        yield Triple(dataset, NamedNode(_DCTERMS + "title"), Literal(title, language=language))
    yield Triple(dataset, NamedNode(_DCTERMS + "license"), NamedNode(site.licence))
    for graph in sorted(site.graphs):
        node = NamedNode(f"{endpoint}#{graph.removeprefix(site.base).replace('/', '-')}")
        yield Triple(dataset, sd("namedGraph"), node)
        yield Triple(node, RDF.type, sd("NamedGraph"))
        yield Triple(node, sd("name"), NamedNode(graph))
