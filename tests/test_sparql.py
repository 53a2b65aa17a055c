"""The SPARQL endpoint: formats, refusals, datasets, mistakes."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    QueryResultsFormat,
    RdfFormat,
    parse,
    parse_query_results,
)
from starlette.testclient import TestClient

from twingraph.site.reader import BuildReader

if TYPE_CHECKING:
    from conftest import Reader

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


SELECT = "SELECT ?name WHERE { place:bonn rdfs:label ?name } ORDER BY LANG(?name)"
CONSTRUCT = "CONSTRUCT WHERE { place:bonn ?property ?value }"


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        (SELECT, "*/*", "application/sparql-results+json"),
        (SELECT, "application/sparql-results+json", "application/sparql-results+json"),
        (SELECT, "application/json", "application/json"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "text/csv", "text/csv"),
        (SELECT, "text/tab-separated-values", "text/tab-separated-values"),
        (SELECT, BROWSER, "text/html"),
        ("ASK {}", "*/*", "application/sparql-results+json"),
        ("ASK {}", BROWSER, "text/html"),
        (CONSTRUCT, "*/*", "text/turtle"),
        (CONSTRUCT, "application/n-triples", "application/n-triples"),
        (CONSTRUCT, "application/n-quads", "application/n-quads"),
        (CONSTRUCT, "application/trig", "application/trig"),
        (CONSTRUCT, "application/ld+json", "application/ld+json"),
        (CONSTRUCT, "application/rdf+xml", "application/rdf+xml"),
        ("DESCRIBE place:bonn", "text/turtle", "text/turtle"),
        (CONSTRUCT, BROWSER, "text/html"),
    ],
)
def test_a_query_is_answered_in_the_format_asked_for(
    client: TestClient, query: str, accept: str, media_type: str
) -> None:
    got = client.get("/sparql", params={"query": query}, headers={"accept": accept})
    sent = client.post("/sparql", data={"query": query}, headers={"accept": accept})
    plain = client.post("/sparql", content=query, headers={
        "accept": accept, "content-type": "application/sparql-query"})  # fmt: skip

    assert got.status_code == 200
    assert got.headers["content-type"].partition(";")[0] == media_type
    assert got.headers["vary"] == "Accept, Accept-Language"
    assert got.content == sent.content == plain.content


@pytest.mark.parametrize("format_", ["json", "xml", "csv", "tsv"])
def test_format_names_a_result_format(client: TestClient, format_: str) -> None:
    answer = client.get("/sparql", params={"query": SELECT, "format": format_})

    assert "Bonn" in answer.text
    if format_ in ("json", "xml"):
        kind = RESULTS[format_]
        assert [str(variable["name"]) for variable in parse_query_results(answer.content, kind)]  # type: ignore[union-attr]  # rows


RESULTS = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML}


@pytest.mark.parametrize(
    ("format_", "form"),
    [("turtle", RdfFormat.TURTLE), ("nt", RdfFormat.N_TRIPLES), ("nq", RdfFormat.N_QUADS),
     ("trig", RdfFormat.TRIG), ("jsonld", RdfFormat.JSON_LD), ("json", RdfFormat.JSON_LD),
     ("rdf", RdfFormat.RDF_XML), ("xml", RdfFormat.RDF_XML)],
)  # fmt: skip
def test_every_graph_format_says_the_same(
    client: TestClient, site: BuildReader, format_: str, form: RdfFormat
) -> None:
    answer = client.get("/sparql", params={"query": CONSTRUCT, "format": format_})
    bonn = NamedNode(site.base + "id/place/bonn")
    published = site.store.quads_for_pattern(bonn, None, None, DefaultGraph())

    assert {quad.triple for quad in parse(answer.content, form)} == {
        item.triple for item in published
    }


def test_json_ld_of_a_query_names_kinds_as_kinds(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": CONSTRUCT, "format": "jsonld"})

    [node] = json.loads(answer.content)
    assert len(node["@type"]) == 2


SAYS_SERVICE = [
    "ASK { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "ASK { service silent <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "ASK { { SELECT * { SeRvIcE <http://127.0.0.1:{port}/> { ?s ?p ?o } } } }",
    "ASK { SERVIC\\u0045 <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "ASK { \\U00000053ERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "PREFIX : <http://127.0.0.1:{port}/> ASK { SERVICE:x { ?s ?p ?o } }",
    "ASK { ?s ?p ?o # '\n SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "SELECT * { VALUES ?x { <http://127.0.0.1:{port}/> } SERVICE ?x { ?s ?p ?o } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { OPTIONAL { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } } }",
    "ASK { FILTER EXISTS { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } } }",
]


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port of this machine that notes who knocks."""
    knocks: list[str] = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def listen() -> None:
            while True:
                try:
                    connection, address = listening.accept()
                except OSError:
                    return
                knocks.append(str(address))
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield listening.getsockname()[1], knocks
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("query", SAYS_SERVICE)
def test_no_query_reaches_another_host(
    client: TestClient, listener: tuple[int, list[str]], query: str
) -> None:
    port, knocks = listener
    answer = client.get("/sparql", params={"query": query.replace("{port}", str(port))})

    assert answer.status_code == 403
    assert "SERVICE" in answer.text
    assert knocks == []


def test_the_word_service_is_free_where_it_calls_nobody(client: TestClient) -> None:
    query = "SELECT ?service { VALUES ?service { 'SERVICE <http://e/> {}' } } # service"

    assert client.get("/sparql", params={"query": query}).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["INSERT DATA { <http://e/> <http://e/> 1 }", "LOAD <file:///etc/passwd>", "CLEAR ALL",
     "PREFIX e: <http://e/> DELETE WHERE { ?s ?p ?o }", "DROP ALL", "# x\nload <http://e/>"],
)  # fmt: skip
def test_no_query_changes_anything(client: TestClient, site: BuildReader, query: str) -> None:
    before = len(site.store)
    update = {"content-type": "application/sparql-update"}
    kinds = [
        client.get("/sparql", params={"query": query}),
        client.get("/sparql", params={"update": query}),
        client.post("/sparql", data={"update": query}),
        client.post("/sparql", content=query, headers=update),
    ]

    assert [kind.status_code for kind in kinds] == [403] * 4
    assert len(site.store) == before


@pytest.mark.parametrize(
    "clause",
    ["FROM <http://e/>", "FROM NAMED <http://e/>", "FROM <file:///etc/passwd>",
     "from <graph/source/none>"],
)  # fmt: skip
def test_a_graph_that_is_not_here_is_refused(client: TestClient, clause: str) -> None:
    query = f"SELECT * {clause} {{ ?s ?p ?o }}"

    assert client.get("/sparql", params={"query": query}).status_code == 403


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_a_parameter_names_no_foreign_graph_either(client: TestClient, name: str) -> None:
    answer = client.get("/sparql", params={"query": "ASK {}", name: "http://e/"})

    assert answer.status_code == 403
    assert "<http://e/> is no graph of this service" in answer.text


def test_a_dataset_can_be_chosen_by_clause_and_by_parameter(
    client: TestClient, site: BuildReader
) -> None:
    links, entities = site.base + "graph/links", site.base + "graph/entities"
    everything = site.base + "graph/published"
    default = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    named = "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"

    def count(query: str, **fields: str | list[str]) -> int:
        answer = client.get("/sparql", params={"query": query, "format": "csv", **fields})
        return int(answer.text.split()[1])

    def size(graph: str) -> int:
        return sum(1 for _ in site.store.quads_for_pattern(None, None, None, NamedNode(graph)))

    whole = count(default)
    both = size(links) + size(entities)
    assert count(default, **{"default-graph-uri": links}) == size(links)
    assert count(default.replace("{", f"FROM <{links}> {{")) == size(links)
    assert count(default, **{"default-graph-uri": [links, entities]}) == both
    assert count(default, **{"default-graph-uri": everything}) == whole
    assert count(default.replace("{", f"FROM <{everything}> {{")) == whole
    assert count(default, **{"named-graph-uri": links}) == 0
    assert count(named) == len(site.graphs)
    assert count(named, **{"named-graph-uri": links}) == 1
    assert count(named, **{"default-graph-uri": links}) == 0
    assert count(named.replace("{", f"FROM NAMED <{links}> {{", 1)) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT ?x\nWHERE { ?x ?y }", "line 2, column 12"),
        ("nonsense", "line 1"),
        ("SELECT * { ?s e:unknown ?o }", "line 1"),
        ("SELECT (<http://e/f>(1) AS ?x) {}", "custom function"),
    ],
)
def test_a_mistake_is_reported_with_its_position(
    client: TestClient, read: type[Reader], query: str, words: str
) -> None:
    answer = client.get("/sparql", params={"query": query})
    shown = client.get("/sparql", params={"query": query}, headers={"accept": BROWSER})

    assert (answer.status_code, shown.status_code) == (400, 400)
    assert answer.headers["content-type"].startswith("text/plain")
    assert words in answer.text
    assert words in read(shown.text).text
    assert "<textarea" in shown.text


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET", "url": "/sparql?query=ASK{}&query=ASK{}"}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"ASK {}"}, 415),
        ({"method": "POST", "url": "/sparql", "data": {"question": "ASK {}"}}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"query=%ff",
          "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"\xff",
          "headers": {"content-type": "application/sparql-query"}}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"ASK {}",
          "headers": {"content-type": "application/sparql-query; charset=utf-16"}}, 415),
        ({"method": "POST", "url": "/sparql", "content": gzip.compress(b"ASK {}"),
          "headers": {"content-type": "application/sparql-query", "content-encoding": "gzip"}},
         415),
        ({"method": "POST", "url": "/sparql", "content": b"#" * 300_000,
          "headers": {"content-type": "application/sparql-query"}}, 413),
        ({"method": "POST", "url": "/sparql", "content": b"#" * 70_000,
          "headers": {"content-type": "application/sparql-query"}}, 413),
        ({"method": "GET", "url": "/sparql?query=ASK{}", "headers": {"accept": "image/png"}}, 406),
        ({"method": "GET", "url": "/sparql?query=ASK{}&format=turtle"}, 406),
        ({"method": "GET", "url": "/sparql", "headers": {"accept": "image/png"}}, 406),
        ({"method": "PUT", "url": "/sparql", "content": b"ASK {}"}, 405),
    ],
)  # fmt: skip
def test_a_request_that_is_no_query_is_refused_with_its_status(
    client: TestClient, request_: dict[str, object], status: int
) -> None:
    answer = client.request(**request_)  # type: ignore[arg-type]  # a table of requests

    assert answer.status_code == status
    assert len(answer.text) > 20


def test_the_query_page_shows_names_and_leads_on(client: TestClient, read: type[Reader]) -> None:
    query = "SELECT ?partner WHERE { place:berlin tg:twinnedWith ?partner } ORDER BY ?partner"
    asked = {"query": query, "lang": "de"}
    answer = client.get("/sparql", params=asked, headers={"accept": BROWSER})
    told = read(answer.text)

    assert "17 Zeilen" in told.text
    assert "Warschau" in told.text
    assert "de/place/warsaw.html" in told.links
    assert "SELECT ?partner WHERE" in told.text


def test_a_long_result_is_cut_for_people_with_a_notice(client: TestClient) -> None:
    query = "SELECT * WHERE { ?s ?p ?o }"
    shown = client.get("/sparql", params={"query": query}, headers={"accept": BROWSER})
    whole = client.get("/sparql", params={"query": query, "format": "csv"})

    assert shown.text.count("<tr>") == 1001
    assert "of which the first 1,000 are shown" in shown.text
    assert whole.text.count("\n") > 5000


def test_every_example_runs_and_finds_something(client: TestClient, read: type[Reader]) -> None:
    links = [link for link in read(client.get("/en/").text).links if "query=" in link]

    assert len(links) == 4
    for link in links:
        answer = client.get(urljoin("/en/", link), headers={"accept": BROWSER})
        assert answer.status_code == 200
        assert "Nothing matches" not in answer.text


def test_the_service_and_the_dataset_describe_themselves(
    client: TestClient, site: BuildReader
) -> None:
    service = client.get("/sparql", headers={"accept": "text/turtle"})
    dataset = client.get("/", headers={"accept": "application/n-triples"})

    told = {quad.object for quad in parse(service.content, RdfFormat.TURTLE)}
    assert {NamedNode(graph) for graph in site.graphs} <= told
    assert f"<{site.base}dumps/twingraph.nq>" in dataset.text
    assert Literal(site.title["en"], language="en") in told
