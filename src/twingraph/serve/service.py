"""The SPARQL service told in RDF: SPARQL 1.1 Service Description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.serve.describe import EXCHANGE
from twingraph.serve.site import Site
from twingraph.vocabulary import RDF

_SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "N-Quads", "TriG", "JSON-LD", "RDF_XML",
)  # fmt: skip


def service_description(site: Site, suffix: str) -> bytes:
    """Return the description of the service in the RDF format of that suffix."""
    prefixes = {**site.prefixes, "sd": _SD, "formats": "http://www.w3.org/ns/formats/"}
    return EXCHANGE[suffix](list(_triples(site)), prefixes)


def _triples(site: Site) -> Iterator[Triple]:
    def sd(name: str) -> NamedNode:
        return NamedNode(_SD + name)

    endpoint = site.base + "sparql"
    service, dataset, default = (
        NamedNode(f"{endpoint}#{one}") for one in ("service", "dataset", "default")
    )
    yield Triple(service, RDF.type, sd("Service"))
    yield Triple(service, sd("endpoint"), NamedNode(endpoint))
    yield Triple(service, sd("supportedLanguage"), sd("SPARQL11Query"))
    yield Triple(service, sd("defaultDataset"), dataset)
    for name in _FORMATS:
        yield Triple(service, sd("resultFormat"), NamedNode(f"http://www.w3.org/ns/formats/{name}"))
    yield Triple(dataset, RDF.type, sd("Dataset"))
    yield Triple(dataset, sd("defaultGraph"), default)
    yield Triple(default, RDF.type, sd("Graph"))
    for language, title in sorted(site.title.items()):
        yield Triple(
            dataset, NamedNode("http://purl.org/dc/terms/title"), Literal(title, language=language)
        )
    yield Triple(
        dataset, NamedNode("http://purl.org/dc/terms/license"), NamedNode(site.licence)
    )
    for graph in sorted(site.graphs):
        node = NamedNode(f"{endpoint}#{graph.removeprefix(site.base).replace('/', '-')}")
        yield Triple(dataset, sd("namedGraph"), node)
        yield Triple(node, RDF.type, sd("NamedGraph"))
        yield Triple(node, sd("name"), NamedNode(graph))
