"""Results for programs: formats by all their names, characters, graphs, refusals."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from pyld import jsonld
from pyoxigraph import RdfFormat, parse
from starlette.testclient import TestClient

TRIPLE = "CONSTRUCT { <http://e/s> <http://e/p> 'o' } {}"
ROW = "SELECT ('o' AS ?x) {}"


def ask(client: TestClient, query: str, accept: str = "*/*", **fields: Any) -> Any:
    return client.get("/sparql", params={"query": query, **fields}, headers={"accept": accept})


def type_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.headers["content-type"]).partition(";")[0]


# --- format= -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "formats", "accept", "media_type"),
    [
        # what SPARQLWrapper sends for JSONLD and N3
        (TRIPLE, ["json-ld", "application/ld+json,application/x-json+ld"], "*/*",
         "application/ld+json"),
        (TRIPLE, ["n3"], "application/n-triples", "text/turtle"),
        (TRIPLE, ["rdf+xml", "application/rdf+xml"], "*/*", "application/rdf+xml"),
        (TRIPLE, ["xml"], "*/*", "application/rdf+xml"),
        (ROW, ["xml"], "*/*", "application/sparql-results+xml"),
        (ROW, ["pdf", "csv"], "*/*", "text/csv"),
        (ROW, ["csv", "tsv"], "*/*", "text/csv"),
        (ROW, ["turtle", "csv"], "*/*", "text/csv"),
        (ROW, ["pdf"], "text/tab-separated-values", "text/tab-separated-values"),
        (TRIPLE, ["csv"], "application/n-triples, */*;q=0.1", "application/n-triples"),
        (TRIPLE, ["text/turtle; charset=utf-8"], "*/*", "text/turtle"),
        (TRIPLE, [""], "text/turtle", "text/turtle"),
    ],
)  # fmt: skip
def test_the_first_format_that_fits_is_sent(
    client: TestClient, query: str, formats: list[str], accept: str, media_type: str
) -> None:
    assert type_of(ask(client, query, accept, format=formats)) == media_type


@pytest.mark.parametrize("parameter", ["format", "output", "results"])
def test_the_format_has_other_names(client: TestClient, parameter: str) -> None:
    assert type_of(ask(client, ROW, **{parameter: "csv"})) == "text/csv"


@pytest.mark.parametrize("accept", ["*/*", "text/html, */*;q=0.8"])
def test_a_format_that_does_not_fit_is_not_replaced_by_any(client: TestClient, accept: str) -> None:
    assert ask(client, TRIPLE, accept, format="csv").status_code == 406


@pytest.mark.parametrize(
    ("query", "accept", "listed", "others"),
    [
        (TRIPLE, "text/plain", "text/turtle", "text/csv"),
        (TRIPLE, "text/csv", "text/turtle", "text/csv"),
        (ROW, "text/plain", "text/csv", "text/turtle"),
        (ROW, "text/turtle", "text/csv", "application/n-triples"),
    ],
)
def test_the_formats_that_there_are_for_this_form_are_listed(
    client: TestClient, query: str, accept: str, listed: str, others: str
) -> None:
    answer = ask(client, query, accept)

    assert answer.status_code == 406
    assert f"({listed})" in answer.text
    assert f"({others})" not in answer.text


# --- characters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("character", ["\x01", "\x0b", "\x1f", "\x00", "\ufffe", "\uffff"])
@pytest.mark.parametrize(
    ("query", "format_"),
    [
        ("SELECT ('a%sb' AS ?x) {}", "xml"),
        ("CONSTRUCT { <http://e/s> <http://e/p> 'a%sb' } {}", "rdf"),
    ],
)
def test_what_xml_cannot_hold_is_refused(
    client: TestClient, query: str, format_: str, character: str
) -> None:
    answer = ask(client, query % character, format=format_)

    assert answer.status_code == 406
    assert f"U+{ord(character):04X}" in answer.text
    assert "JSON" in answer.text
    assert ask(client, query % character, format="json").status_code == 200


@pytest.mark.parametrize("text", ["a\\rb", "a\\r\\nb", "a\\tb", 'a&<>\\"]]>b'])
def test_what_xml_holds_is_read_back(client: TestClient, text: str) -> None:
    wanted = json.loads(ask(client, f'SELECT ("{text}" AS ?x) {{}}', format="json").text)
    value = wanted["results"]["bindings"][0]["x"]["value"]

    rows = ElementTree.fromstring(ask(client, f'SELECT ("{text}" AS ?x) {{}}', format="xml").text)
    query = f'CONSTRUCT {{ <http://e/s> <http://e/p> "{text}" }} {{}}'
    graph = ElementTree.fromstring(ask(client, query, format="rdf").text)

    assert [item.text for item in rows.iter() if item.tag.endswith("literal")] == [value]
    assert [item.text for item in graph.iter() if item.tag.endswith("}p")] == [value]


@pytest.mark.parametrize("property_", ["http://e/1", "http://e/a/", "urn:1:2"])
def test_a_property_that_is_no_name_in_xml_is_refused(client: TestClient, property_: str) -> None:
    query = f"CONSTRUCT {{ <http://e/s> <{property_}> 'o' }} {{}}"

    answer = ask(client, query, format="rdf")

    assert answer.status_code == 406
    assert "JSON-LD" in answer.text


@pytest.mark.parametrize(
    "values", ["'literal'", "'literal'@en , <http://e/C>", "1 , 2.5 , true", "<http://e/C>"]
)
def test_jsonld_keeps_every_value_of_rdf_type(client: TestClient, values: str) -> None:
    query = f"CONSTRUCT {{ <http://e/s> a {values} }} {{}}"
    body = ask(client, query, format="jsonld").text
    wanted = parse(ask(client, query, format="nt").content, format=RdfFormat.N_TRIPLES)

    flat = jsonld.to_rdf(json.loads(body), {"format": "application/n-quads"})
    found = parse(flat, format=RdfFormat.N_QUADS)

    assert "null" not in body
    assert {str(quad.object) for quad in found} == {str(quad.object) for quad in wanted}


# --- parameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["default-graph-uri", "named-graph-uri", "using-graph-uri", "using-named-graph-uri", "update",
     "format", "lang", "output"],
)  # fmt: skip
def test_a_parameter_without_a_value_is_none(client: TestClient, name: str) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

    assert ask(client, query, **{name: ""}).text == ask(client, query).text
    twice: dict[str, Any] = {name: ["", ""]}
    assert ask(client, query, **twice).status_code == 200


def test_an_empty_query_beside_one_is_none(client: TestClient) -> None:
    assert client.get("/sparql?query=&query=ASK{}").status_code == 200


# --- headers and addresses without end -----------------------------------------------------------


def test_an_accept_that_is_too_long_counts_as_none(client: TestClient) -> None:
    long = "text/csv, " + "a/b;q=0.1, " * 300

    assert type_of(ask(client, ROW, long)) == "application/sparql-results+json"
    assert type_of(ask(client, ROW, "text/csv, " + "a/b;q=0.1, " * 150)) == "text/csv"
    page = client.get("/id/place/bonn", headers={"accept": "text/turtle, " + "a/b, " * 1000})
    assert page.headers["location"] == "/en/place/bonn.html"
    german = {"accept-language": "de, " + "x-a, " * 1000}
    assert client.get("/id/place/bonn", headers=german).headers["location"].startswith("/en/")


def test_what_is_kept_for_a_request_does_not_grow_with_it(client: TestClient) -> None:
    cache = client.app.state.service.cache  # type: ignore[attr-defined]  # Starlette's
    cache._kept.clear()  # of other tests
    cache.bytes = 0
    for number in range(40):
        before = cache.bytes
        accept = f"text/csv, a/b;x={number}" + "y" * 1900
        body = f"# {'x' * 60000} {number}\nASK {{}}"
        assert client.get("/sparql", params={"query": f"ASK {{}} # {number}"},
                          headers={"accept": accept}).status_code == 200  # fmt: skip
        sent = client.post("/sparql", content=body,
                           headers={"content-type": "application/sparql-query"})  # fmt: skip
        assert sent.status_code == 200
        assert 0 <= cache.bytes - before < 16 * 1024
    assert {len(key) for key in cache._kept} == {32}


def test_a_deep_path_costs_no_more_than_a_flat_one(client: TestClient) -> None:
    flat = client.get("/a")
    deep = client.get("/" + "a/" * 20000)
    shallow = client.get("/a/b/c")

    assert {item.status_code for item in (flat, deep, shallow)} == {404}
    assert len(deep.content) < len(flat.content) + 2000
    assert 'href="/en/index.html"' in deep.text
    assert 'href="../../en/index.html"' in shallow.text
