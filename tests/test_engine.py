"""Where the engine differs from SPARQL 1.1: each as it is, and the way round it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

ROOT = Path(__file__).parent.parent
# what it is -> query, what comes, what SPARQL 1.1 says, and the query that gives just that
DEVIATIONS = {
    "a path of length zero from a term that is not in the graph": (
        "SELECT ?x { BIND (EXISTS { <http://nowhere/a> <http://e/p>* <http://nowhere/a> } AS ?x) }",
        "false", "true",
        "SELECT ?x { BIND (<http://nowhere/a> = <http://nowhere/a> || "
        "EXISTS { <http://nowhere/a> <http://e/p>+ <http://nowhere/a> } AS ?x) }",
    ),
    "GROUP_CONCAT of one language": (
        "SELECT (LANG(GROUP_CONCAT(?y)) AS ?x) { VALUES ?y { 'a'@en 'b'@en } }",
        "en", "",
        "SELECT (LANG(GROUP_CONCAT(STR(?y))) AS ?x) { VALUES ?y { 'a'@en 'b'@en } }",
    ),
    "subtraction of character classes": (
        "SELECT (REGEX('a', '^[a-z-[aeiou]]$') AS ?x) {}",
        "true", "false",
        "SELECT (REGEX('a', '^[b-df-hj-np-tv-z]$') AS ?x) {}",
    ),
    "references back": (
        r"SELECT (REGEX('abab', '^(ab)\\1$') AS ?x) {}",
        None, "true",
        "SELECT (SUBSTR('abab', 1, 2) = SUBSTR('abab', 3) AS ?x) {}",
    ),
    "a dollar in REPLACE": (
        r"SELECT (REPLACE('abc', 'b', '\\$') AS ?x) {}",
        r"a\$c", "a$c",
        "SELECT (REPLACE('abc', 'b', '$$') AS ?x) {}",
    ),
    "the written form of a decimal": (
        "SELECT (52.0 AS ?x) {}", "52", "52.0", "SELECT ('52.0' AS ?x) {}",
    ),
    "the written form of an integer": (
        "SELECT ('01'^^xsd:integer AS ?x) {}", "1", "01", "SELECT ('01' AS ?x) {}",
    ),
}  # fmt: skip


def value(client: TestClient, query: str) -> str | None:
    answer = client.get("/sparql", params={"query": query, "format": "json"})
    assert answer.status_code == 200, answer.text
    (row,) = json.loads(answer.text)["results"]["bindings"]
    return str(row["x"]["value"]) if "x" in row else None


@pytest.mark.parametrize("name", DEVIATIONS)
def test_what_differs_is_known_and_has_a_way_round(client: TestClient, name: str) -> None:
    query, comes, right, instead = DEVIATIONS[name]

    assert value(client, query) == comes, "the engine has changed: mend docs/http.md"
    assert comes != right
    assert value(client, instead) == right


def test_the_dumps_keep_what_a_query_makes_canonical(client: TestClient) -> None:
    asked = "SELECT DISTINCT (STR(?o) AS ?x) { ?s schema:latitude ?o } "
    seen = client.get("/sparql", params={"query": asked, "format": "csv"}).text.split()[1:]
    written = client.get("/dumps/twingraph.nt").text

    assert all(f'"{number}' in written for number in seen)


def test_every_deviation_is_documented() -> None:
    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    table = text[text.index("### What the engine does otherwise") : text.index("### Limits")]

    for words in ("length zero", "GROUP_CONCAT(STR(", "[b-df-hj-np-tv-z]", "(ab)", "$$", "52.0"):
        assert words in table


# --- characters that no query holds ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "column", "told"),
    [
        ("SELECT\x0b* { ?s ?p ?o }", 7, "U+000B"),
        ("SELECT * {\u00a0?s ?p ?o }", 11, "U+00A0 (NO-BREAK SPACE)"),
        ("SELECT * { ?s\u3000?p ?o }", 14, "U+3000 (IDEOGRAPHIC SPACE)"),
        ("SELECT * { ?s ?p\u200b ?o }", 17, "U+200B (ZERO WIDTH SPACE)"),
        ("SELECT * { ?s ?p ?o }\ufeff", 22, "U+FEFF"),
        ("SELECT * { ?s ?p ?o \u2028 }", 21, "U+2028 (LINE SEPARATOR)"),
        ("SELECT * { ?s ?p “x” }", 18, 'write "'),
        ("SELECT * { ?s ?p ?o FILTER(?o ≥ 3) }", 31, "write >="),
    ],
)
def test_a_character_that_means_nothing_is_named(
    client: TestClient, query: str, column: int, told: str
) -> None:
    answer = client.get("/sparql", params={"query": query}, headers={"accept": "application/json"})

    assert answer.status_code == 400
    assert told in answer.json()["detail"]
    assert (answer.json()["line"], answer.json()["column"]) == (1, column)


def test_characters_in_texts_and_names_are_nobodys_business(client: TestClient) -> None:
    query = "\ufeffSELECT ('a\u00a0“b”' AS ?größe) { # ≥ \u3000\n }"
    assert client.get("/sparql", params={"query": query}).status_code == 200


def test_a_script_may_send_any_header(client: TestClient) -> None:
    for path in ("/sparql", "/id/place/bonn", "/dumps/twingraph.nq", "/query/partners-of.json"):
        answer = client.options(path, headers={
            "origin": "https://example.org", "access-control-request-method": "GET",
            "access-control-request-headers": "x-own, authorization",
        })  # fmt: skip
        allowed = {
            part.strip() for part in answer.headers["access-control-allow-headers"].split(",")
        }
        assert allowed == {"*", "Authorization"}
