"""Virtuoso, which does much in its own way, behind the same front: nothing of it is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pyoxigraph import (
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    Variable,
    parse_query_results,
)
from starlette.testclient import TestClient

from twingraph.rdf.vocabulary import HOME
from twingraph.serve.app import create_app
from twingraph.site.reader import BuildReader
from twingraph.site.results import formats_of
from twingraph.sparql.library import load_library
from twingraph.sparql.normalize import normalize_virtuoso
from twingraph.sparql.remote import RemoteStore, open_endpoint

ROOT = Path(__file__).parent.parent
LIBRARY = load_library(ROOT / "queries" / "library")
XSD = "http://www.w3.org/2001/XMLSchema#"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def remote(virtuoso: str, built: Path) -> RemoteStore:
    return open_endpoint(virtuoso, HOME, built)


@pytest.fixture(scope="module")
def elsewhere(virtuoso: str, built: Path) -> Iterator[TestClient]:
    """A client of a server whose graph lies in Virtuoso."""
    with TestClient(create_app(built, endpoint=virtuoso), follow_redirects=False) as client:
        yield client


def test_it_holds_every_quad_of_the_build(remote: RemoteStore, site: BuildReader) -> None:
    assert {str(triple) for triple in remote} == {str(quad) for quad in site.store}


def test_answers_to_questions_are_the_same_to_the_byte(
    client: TestClient, elsewhere: TestClient
) -> None:
    different = []
    for name, query in LIBRARY.items():
        for suffix in formats_of(query):
            path = f"/query/{name}.{suffix}?{urlencode(query.examples())}"
            here, there = client.get(path), elsewhere.get(path)
            assert here.status_code == 200
            if (there.status_code, there.content) != (200, here.content):
                different.append(path)

    assert different == []


@pytest.mark.parametrize(
    "path",
    ["/en/", "/de/place/berlin.html", "/en/place/bonn.html", "/en/partnership/bonn-minsk.html",
     "/en/source/bonn-minsk.html", "/doc/place/bonn.ttl", "/doc/geometry/paris.ttl",
     "/en/geometry/tokyo.html", "/doc/vocab/basis.ttl", "/ns"],
)  # fmt: skip
def test_pages_are_the_same_to_the_byte(
    path: str, client: TestClient, elsewhere: TestClient
) -> None:
    here, there = client.get(path), elsewhere.get(path)

    assert (there.status_code, there.content) == (here.status_code, here.content)


@pytest.mark.parametrize(
    "query",
    [
        "ASK { place:bonn tg:twinnedWith place:minsk }",
        "ASK { place:bonn tg:twinnedWith place:paris }",
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g",
        f"SELECT (COUNT(*) AS ?n) FROM NAMED <{HOME}graph/links> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        f"SELECT (COUNT(*) AS ?n) FROM NAMED <{HOME}graph/links> {{ ?s ?p ?o }}",
        "CONSTRUCT WHERE { place:bonn ?p ?o }",
        "SELECT ?s ?label { ?s rdfs:label ?label FILTER REGEX(?label, 'köln|KÖPENICK', 'i') } "
        "ORDER BY ?s ?label",
    ],
)
def test_typed_queries_are_answered_alike(
    query: str, client: TestClient, elsewhere: TestClient
) -> None:
    accept = {"accept": "application/sparql-results+json, text/turtle"}
    here, there = (
        item.get("/sparql", params={"query": query}, headers=accept) for item in (client, elsewhere)
    )

    assert here.status_code == 200
    assert (there.status_code, there.text) == (200, here.text)


@pytest.mark.parametrize("value", ['" } #', "\\", "\\u0022 } #", "\n", "Ω\U0001f600", "'"])
def test_no_text_of_a_user_is_read_as_sparql(value: str, remote: RemoteStore) -> None:
    terms = {Variable("x"): Literal(value)}

    found = remote.query("SELECT ?x (STRLEN(?x) AS ?n) { }", substitutions=terms)

    assert isinstance(found, QuerySolutions)
    length = Literal(str(len(value)), datatype=NamedNode(XSD + "integer"))
    assert [(row["x"], row["n"]) for row in found] == [(Literal(value), length)]


def test_its_own_ways_are_read_as_the_standards_write_them() -> None:
    own = (
        b'{"head":{"vars":["a","b"]},"results":{"bindings":[{"a":{"type":"typed-literal",'
        b'"datatype":"http://www.w3.org/2001/XMLSchema#boolean","value":"0"},"b":{"type":'
        b'"typed-literal","datatype":"http://www.openlinksw.com/schemas/virtrdf#Geometry",'
        b'"value":"POINT(-3.7025599479675 40.416500091553)"}}]}}'
    )
    found = parse_query_results(normalize_virtuoso(own), QueryResultsFormat.JSON)

    assert isinstance(found, QuerySolutions)
    [row] = found
    wkt = NamedNode("http://www.opengis.net/ont/geosparql#wktLiteral")
    assert row["a"] == Literal("false", datatype=NamedNode(XSD + "boolean"))
    assert row["b"] == Literal("POINT(-3.70256 40.4165)", datatype=wkt)
