"""The ontology as checkers of FAIR ontologies see it: its header, its terms, its addresses."""

from __future__ import annotations

from pathlib import Path

import pyshacl
import pytest
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, SDO, SKOS
from starlette.testclient import TestClient

ROOT = Path(__file__).parent.parent
SHAPES = Graph().parse(ROOT / "tests" / "fair.ttl")
ONTOLOGY = ROOT / "ontology" / "twingraph.ttl"
VANN = "http://purl.org/vocab/vann/"
FORMS = {
    "text/html": "/en/ns.html",
    "text/turtle": "/ns.ttl",
    "application/rdf+xml": "/ns.rdf",
    "application/n-triples": "/ns.nt",
    "application/ld+json": "/ns.jsonld",
}


def header() -> URIRef:
    [found] = ontology().subjects(RDF.type, OWL.Ontology)
    return URIRef(str(found))


def ontology() -> Graph:
    return Graph().parse(ONTOLOGY)


def findings(graph: Graph) -> set[tuple[str, str]]:
    """What the shapes find: the last part of the thing and of the property."""
    _, report, _ = pyshacl.validate(graph, shacl_graph=SHAPES)
    return {
        (str(report.value(value, SH.focusNode)).rpartition("/")[2],
         str(report.value(value, SH.resultPath)).rpartition("/")[2].rpartition("#")[2])
        for value in report.objects(None, SH.result)
    }  # fmt: skip


def test_the_ontology_has_all_that_fair_checkers_ask_for() -> None:
    graph = ontology()

    assert findings(graph) == set()
    assert len(set(graph.subjects(RDFS.isDefinedBy))) > 60


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        (DCTERMS.title, "title"),
        (DCTERMS.license, "license"),
        (DCTERMS.publisher, "publisher"),
        (OWL.versionIRI, "versionIRI"),
        (URIRef(f"{VANN}preferredNamespaceUri"), "preferredNamespaceUri"),
        (SDO.includedInDataCatalog, "includedInDataCatalog"),
    ],
)
def test_a_missing_header_is_found(verb: URIRef, told: str) -> None:
    graph = ontology()
    graph.remove((header(), verb, None))

    assert findings(graph) == {("ns", told)}


def test_a_term_without_its_german_definition_is_caught() -> None:
    graph = ontology()
    term = header() + "#Partnership"
    for value in list(graph.objects(term, SKOS.definition)):
        if isinstance(value, Literal) and value.language == "de":
            graph.remove((term, SKOS.definition, value))

    assert findings(graph) == {("ns#Partnership", "definition")}


def test_a_version_that_is_no_name_of_its_own_is_caught() -> None:
    graph = ontology()
    graph.set((header(), OWL.versionIRI, header()))

    assert findings(graph) == {("ns", "versionIRI")}


@pytest.mark.parametrize(("accept", "place"), FORMS.items())
def test_the_ontology_and_its_version_lead_to_every_form(
    client: TestClient, accept: str, place: str
) -> None:
    version = str(ontology().value(header(), OWL.versionIRI)).rpartition("/")[2]

    for path in ("/ns", f"/ns/{version}"):
        answer = client.get(path, headers={"accept": accept})
        assert (answer.status_code, answer.headers["location"]) == (303, place)
    found = client.get(place)
    assert found.status_code == 200
    assert found.headers["content-type"].partition(";")[0] == accept


@pytest.mark.parametrize("place", ["/ns.ttl", "/ns.rdf", "/ns.nt"])
def test_what_is_served_says_the_same_header(client: TestClient, place: str) -> None:
    form = {"ttl": "turtle", "rdf": "xml", "nt": "nt"}[place.rpartition(".")[2]]
    served = Graph().parse(data=client.get(place).text, format=form)

    assert set(ontology().predicate_objects(header())) <= set(served.predicate_objects(header()))


def test_the_catalogue_that_the_header_names_has_the_ontology(client: TestClient) -> None:
    catalogue = str(ontology().value(header(), SDO.includedInDataCatalog))
    answer = client.get("/" + catalogue.removeprefix(str(header()).removesuffix("ns")))

    assert answer.status_code == 200
    graph = Graph().parse(data=answer.text)
    assert (URIRef(catalogue), RDF.type, URIRef("http://www.w3.org/ns/dcat#Catalog")) in graph
    assert "dumps/vocabulary.rdf" in answer.text
