"""What the dataset and the service say of themselves is true: counted again by another engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import rdflib
from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse
from rdflib.namespace import DCTERMS, FOAF, OWL, RDF, SDO, VOID, XSD
from starlette.testclient import TestClient

from twingraph.export.dumps import Frozen
from twingraph.export.void import is_dump, void_triples, write_void
from twingraph.settings import Limits, Settings
from twingraph.site.reader import BuildReader
from twingraph.site.service import FUNCTIONS

SD: Final = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")


@pytest.fixture(scope="module")
def published(built: Path) -> rdflib.Graph:
    """The dump, as rdflib reads it."""
    return rdflib.Graph().parse(built / "twingraph.nt")


@pytest.fixture(scope="module")
def void(built: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(built / "void.ttl")


@pytest.fixture(scope="module")
def dataset(site: BuildReader) -> rdflib.URIRef:
    return rdflib.URIRef(site.base)


@pytest.fixture(scope="module")
def frozen(built: Path, settings: Settings, site: BuildReader) -> Frozen:
    quads = [
        quad
        for quad in parse(path=built / "twingraph.nq", format=RdfFormat.N_QUADS)
        if isinstance(quad, Quad)
    ]
    return Frozen(quads, site.base, site.prefixes, settings)


def number(graph: rdflib.Graph, subject: Any, name: str) -> int:
    [value] = graph.objects(subject, VOID[name])
    assert isinstance(value, rdflib.Literal)
    assert value.datatype == XSD.integer
    return int(value)


# --- VoID ----------------------------------------------------------------------------------------


def test_the_sizes_are_those_of_the_dump(
    void: rdflib.Graph, published: rdflib.Graph, dataset: rdflib.URIRef
) -> None:
    ours = {subject for subject in published.subjects() if str(subject).startswith(str(dataset))}
    counted = {
        "triples": len(published),
        "entities": len(ours),
        "distinctSubjects": len(set(published.subjects())),
        "distinctObjects": len(set(published.objects())),
        "properties": len(set(published.predicates())),
        "classes": len(set(published.objects(None, RDF.type))),
    }

    assert {name: number(void, dataset, name) for name in counted} == counted
    assert counted["triples"] > 5000


def test_every_class_has_a_part_with_its_size_and_an_example(
    void: rdflib.Graph, published: rdflib.Graph, dataset: rdflib.URIRef
) -> None:
    told = {}
    for part in void.objects(dataset, VOID.classPartition):
        [name] = void.objects(part, VOID["class"])
        told[name] = number(void, part, "entities"), number(void, part, "triples")
    counted = {}
    for name in set(published.objects(None, RDF.type)):
        members = set(published.subjects(RDF.type, name))
        triples = sum(len(list(published.predicate_objects(member))) for member in members)
        counted[name] = len(members), triples

    examples = set(void.objects(dataset, VOID.exampleResource))
    with_members_of_ours = {
        name
        for name in counted
        if any(
            str(subject).startswith(str(dataset)) for subject in published.subjects(RDF.type, name)
        )
    }
    assert told == counted
    assert {name for example in examples for name in published.objects(example, RDF.type)} == (
        with_members_of_ours
    )
    assert not any((example, OWL.deprecated, None) in published for example in examples)


def test_every_property_has_a_part_with_its_sizes(
    void: rdflib.Graph, published: rdflib.Graph, dataset: rdflib.URIRef
) -> None:
    names = ("triples", "distinctSubjects", "distinctObjects")
    told = {}
    for part in void.objects(dataset, VOID.propertyPartition):
        [name] = void.objects(part, VOID.property)
        told[name] = tuple(number(void, part, name) for name in names)
    counted = {}
    for name in set(published.predicates()):
        pairs = list(published.subject_objects(name))
        counted[name] = len(pairs), len({one for one, _ in pairs}), len({one for _, one in pairs})

    assert told == counted


@pytest.mark.filterwarnings("ignore:Dataset.default_context:DeprecationWarning")  # rdflib's own
def test_the_sizes_of_the_named_graphs_are_those_of_the_dump(
    void: rdflib.Graph, built: Path, site: BuildReader
) -> None:
    whole = rdflib.Dataset()
    whole.parse(data=(built / "twingraph.nq").read_text(encoding="utf-8"), format="nquads")
    counted = {str(item.identifier): len(item) for item in whole.graphs() if len(item)}
    counted.pop(str(rdflib.graph.DATASET_DEFAULT_GRAPH_ID))

    assert set(counted) == site.graphs
    assert {
        graph: number(void, rdflib.URIRef(graph), "triples") for graph in site.graphs
    } == counted


def test_the_sizes_of_the_linksets_are_those_of_the_dump(
    void: rdflib.Graph, published: rdflib.Graph, dataset: rdflib.URIRef
) -> None:
    linksets = set(void.subjects(RDF.type, VOID.Linkset))

    assert len(linksets) == 2
    assert linksets <= set(void.objects(dataset, VOID.subset))
    for linkset in linksets:
        [predicate] = void.objects(linkset, VOID.linkPredicate)
        [target] = void.objects(linkset, VOID.objectsTarget)
        [start] = void.objects(target, VOID.uriSpace)
        pairs = [pair for pair in published.subject_objects(predicate)
                 if str(pair[1]).startswith(str(start))]  # fmt: skip
        assert number(void, linkset, "triples") == len(pairs) > 30
        assert number(void, linkset, "distinctSubjects") == len({pair[0] for pair in pairs})
        assert number(void, linkset, "distinctObjects") == len({pair[1] for pair in pairs})


def test_every_word_is_of_a_vocabulary_that_is_named(
    void: rdflib.Graph, published: rdflib.Graph, dataset: rdflib.URIRef
) -> None:
    named = {str(value) for value in void.objects(dataset, VOID.vocabulary)}
    words = {*published.predicates(), *published.objects(None, RDF.type)}
    used = {next((item for item in named if str(word).startswith(item)), word) for word in words}

    assert used == named
    assert f"{dataset}ns" in named


def test_no_node_is_blank_and_publisher_and_licence_are_given(
    void: rdflib.Graph, dataset: rdflib.URIRef, settings: Settings
) -> None:
    [publisher] = void.objects(dataset, DCTERMS.publisher)
    titles = {str(value.language): str(value) for value in void.objects(dataset, DCTERMS.title)}  # type: ignore[attr-defined]  # literals

    assert not [item for row in void for item in row if isinstance(item, rdflib.BNode)]
    assert titles == dict(settings.title)
    assert str(void.value(dataset, DCTERMS.license)) == settings.licence
    assert str(void.value(publisher, FOAF.name)) == settings.publisher
    assert str(void.value(dataset, VOID.sparqlEndpoint)) == f"{dataset}sparql"
    assert str(void.value(dataset, VOID.uriSpace)) == str(dataset)


def test_dumps_and_examples_that_are_named_answer(
    client: TestClient, void: rdflib.Graph, dataset: rdflib.URIRef
) -> None:
    dumps = [str(value) for value in void.objects(dataset, VOID.dataDump)]
    examples = [str(value) for value in void.objects(dataset, VOID.exampleResource)]

    assert len(dumps) >= 5
    for dump in dumps:
        assert client.head("/" + dump.removeprefix(str(dataset))).status_code == 200, dump
    for example in examples:
        path = "/" + example.removeprefix(str(dataset)).partition("#")[0]
        answer = client.get(path, headers={"accept": "text/turtle"}, follow_redirects=True)
        assert answer.status_code == 200, example
        assert (rdflib.URIRef(example), None, None) in rdflib.Graph().parse(data=answer.text)


def test_every_form_of_it_says_the_same(client: TestClient, built: Path) -> None:
    file = {quad.triple for quad in parse(path=built / "void.ttl")}
    for suffix in ("ttl", "nt", "rdf", "jsonld"):
        form = RdfFormat.from_extension(suffix)
        answer = client.get(f"/void.{suffix}")
        assert {quad.triple for quad in parse(answer.content, form)} == file


@pytest.mark.parametrize("accept", ["text/turtle", "application/rdf+xml", "*/*"])
def test_it_is_found_where_void_is_looked_for(client: TestClient, accept: str) -> None:
    sent_on = client.get("/.well-known/void", headers={"accept": accept})
    answer = client.get(sent_on.headers["location"])

    assert sent_on.status_code == 303
    assert answer.status_code == 200
    assert accept in ("*/*", answer.headers["content-type"].partition(";")[0])


def test_a_release_is_a_version_with_its_own_addresses(
    frozen: Frozen, dataset: rdflib.URIRef
) -> None:
    release = rdflib.URIRef(f"{dataset}release/2027-01-02/")
    dump = f"{release}twingraph.nt.gz"
    told = rdflib.Graph().parse(data=write_void(frozen, [dump], "2027-01-02"), format="turtle")

    assert is_dump("twingraph.nt.gz")
    assert list(told.objects(release, VOID.dataDump)) == [rdflib.URIRef(dump)]
    assert list(told.objects(release, DCTERMS.isVersionOf)) == [dataset]
    assert [str(value) for value in told.objects(release, DCTERMS.issued)] == ["2027-01-02"]
    # of the whole only where its changes are to be had
    assert {verb for verb, _ in told.predicate_objects(dataset)} <= {rdflib.RDFS.seeAlso}
    assert not list(told.objects(None, VOID.sparqlEndpoint))
    parts = {str(value) for value in told.objects(release, VOID.classPartition)}
    assert all(part.startswith(f"{release}void.ttl#class-") for part in parts)


def test_the_order_of_statements_makes_no_difference(frozen: Frozen) -> None:
    turned = Frozen(list(frozen.quads)[::-1], frozen.base, frozen.prefixes, frozen.settings)

    assert void_triples(turned, ["http://e/b", "http://e/a"]) == void_triples(
        frozen, ["http://e/a", "http://e/b"]
    )


# --- the service ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(client: TestClient) -> rdflib.Graph:
    answer = client.get("/sparql", headers={"accept": "text/turtle"})
    return rdflib.Graph().parse(data=answer.text)


def test_the_service_names_the_requested_address(client: TestClient) -> None:
    # the last is the base IRI, whose path a proxy has taken away
    hosts = {"http://testserver": "", "http://127.0.0.1:8123": "", "https://w3id.org": "/twingraph"}
    for host, path in hosts.items():
        answer = client.get(f"{host}/sparql", headers={"accept": "text/turtle"})
        told = rdflib.Graph().parse(data=answer.text)
        [one] = told.subjects(RDF.type, SD.Service)
        assert [str(found) for found in told.objects(one, SD.endpoint)] == [f"{host}{path}/sparql"]


@pytest.mark.parametrize("host", ['e"><x', "e e", "é", "[::1", "a:b:c", "e/f", "e?f#g", "<>"])
def test_a_host_that_is_no_host_breaks_nothing(client: TestClient, host: str) -> None:
    headers = [(b"accept", b"text/turtle"), (b"host", host.encode())]
    answer = client.get("/sparql", headers=headers)

    assert answer.status_code == 200
    told = rdflib.Graph().parse(data=answer.text)
    assert [str(value) for value in told.objects(None, SD.endpoint)] == ["http://testserver/sparql"]


def test_the_service_counts_its_graphs(service: rdflib.Graph, site: BuildReader) -> None:
    def size(graph: DefaultGraph | NamedNode) -> int:
        return sum(1 for _ in site.store.quads_for_pattern(None, None, None, graph))

    [dataset] = service.subjects(RDF.type, SD.Dataset)
    [default] = service.objects(dataset, SD.defaultGraph)
    told = {}
    for value in service.objects(dataset, SD.namedGraph):
        [name] = service.objects(value, SD.name)
        [graph] = service.objects(value, SD.graph)
        told[str(name)] = number(service, graph, "triples")

    assert number(service, default, "triples") == size(DefaultGraph())
    assert told == {graph: size(NamedNode(graph)) for graph in site.graphs}


def test_the_service_tells_its_limits(service: rdflib.Graph) -> None:
    [one] = service.subjects(RDF.type, SD.Service)
    told = {
        str(service.value(limit, SDO.propertyID)): int(str(service.value(limit, SDO.maxValue)))
        for limit in service.objects(one, SDO.additionalProperty)
    }
    limits = Limits()

    assert told == {f"limits.{name}": getattr(limits, name) for name in limits.__dataclass_fields__}


WKT: Final = "^^<http://www.opengis.net/ont/geosparql#wktLiteral>"
SMALL: Final = '"POLYGON((0 0, 0 1, 1 1, 1 0, 0 0))"' + WKT
LARGE: Final = '"POLYGON((0 0, 0 2, 2 2, 2 0, 0 0))"' + WKT
HERE, THERE = '"POINT(7 50)"' + WKT, '"POINT(27 53)"' + WKT
UNIT: Final = "<http://www.opengis.net/def/uom/OGC/1.0/{}>"
ARGUMENTS: Final = {
    "area": (SMALL, UNIT.format("square_metre")),
    "distance": (HERE, THERE, UNIT.format("metre")),
    "length": (SMALL, UNIT.format("metre")),
    "perimeter": (SMALL, UNIT.format("metre")),
    "relate": (SMALL, LARGE, '"T*F**F***"'),
}
ONE: Final = {
    "asGeoJSON", "centroid", "convexHull", "coordinateDimension", "dimension", "envelope",
    "getSRID", "isEmpty", "isSimple", "spatialDimension",
}  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_that_is_listed_works(service: rdflib.Graph, function: str) -> None:
    name = function.rpartition("/")[2]
    words = ", ".join(ARGUMENTS.get(name, (SMALL,) if name in ONE else (SMALL, LARGE)))
    [row] = Store().query(f"SELECT (<{function}>({words}) AS ?value) {{}}")  # type: ignore[misc]  # one row

    assert row["value"] is not None
    assert (None, SD.extensionFunction, rdflib.URIRef(function)) in service
