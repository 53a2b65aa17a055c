"""The server from the side of clients: resources, headers, descriptions."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyoxigraph import (
    NamedNode,
    Quad,
    RdfFormat,
    parse,
)
from starlette.testclient import TestClient
from starlette.types import Message

from twingraph.rdf.frozen import default_triples
from twingraph.serve.request_target import scope_of
from twingraph.settings import Settings
from twingraph.site.reader import BuildReader

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("path", "accept", "language", "location"),
    [
        ("/id/place/bonn", BROWSER, "de", "/de/place/bonn.html"),
        ("/id/place/bonn", "*/*", "", "/en/place/bonn.html"),
        ("/id/place/bonn", "text/turtle", "de", "/doc/place/bonn.ttl"),
        ("/id/place/bonn", "application/ld+json", "", "/doc/place/bonn.jsonld"),
        ("/id/place/bonn", "application/json", "", "/doc/place/bonn.json"),
        ("/id/place/bonn", "application/n-triples", "", "/doc/place/bonn.nt"),
        ("/id/place/bonn", "application/rdf+xml", "", "/doc/place/bonn.rdf"),
        ("/doc/place/bonn", "text/turtle", "", "/doc/place/bonn.ttl"),
        ("/vocab/type", BROWSER, "de", "/de/vocab/type.html"),
        ("/vocab/type/twinning", "text/turtle", "", "/doc/vocab/type/twinning.ttl"),
        ("/graph/links", "*/*", "", "/doc/graph/links.trig"),
        ("/graph/source/bonn-minsk", "text/turtle", "", "/doc/graph/source/bonn-minsk.ttl"),
        ("/graph/published", "*/*", "", "/dumps/twingraph.ttl"),
        ("/ns", BROWSER, "en", "/en/ns.html"),
        ("/ns", "text/turtle", "", "/ns.ttl"),
        ("/ns/2.0.0", "text/turtle", "", "/ns.ttl"),
        ("/shapes", "text/turtle", "", "/shapes.ttl"),
    ],
)
def test_a_resource_redirects_to_the_form_that_suits_the_client(
    client: TestClient, path: str, accept: str, language: str, location: str
) -> None:
    answer = client.get(path, headers={"accept": accept, "accept-language": language})

    assert (answer.status_code, answer.headers["location"]) == (303, location)
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert client.get(location).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/id/place/atlantis", "/id/town/bonn", "/id/place/Bonn", "/id/place/bonn/", "/nothing",
        "/id/place/%2e%2e/place/bonn", "/doc/place/bonn.exe", "/doc/place/bonn.trig", "/doc/x.ttl",
        "/en/place/atlantis.html", "/en/nowhere/", "/fr/place/bonn.html", "/dumps/nothing.ttl",
        "/dumps/..%2Ftwingraph.nq", "/static/%2e%2e/app.py", "/static/words.py",
        "/graph/source/none", "/vocab/type/none", "/en/graph/links.html", "/ns.exe",
        "/en/place/bonn.html.html",
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", [BROWSER, "application/json", "text/turtle"])
def test_what_is_not_there_is_not_found_in_words(
    client: TestClient, path: str, accept: str
) -> None:
    answer = client.get(path, headers={"accept": accept})

    assert answer.status_code == 404
    kind = answer.headers["content-type"].partition(";")[0]
    expected = {BROWSER: "text/html", "application/json": "application/json"}
    assert kind == expected.get(accept, "text/plain")
    assert answer.text


def test_a_strangers_path_is_never_markup(client: TestClient) -> None:
    answer = client.get("/<script>alert(1)</script>", headers={"accept": "text/html"})

    assert answer.status_code == 404
    assert re.findall("<script[^>]*>", answer.text) == ['<script src="../static/site.js" defer>']


def test_what_nobody_can_accept_is_answered_with_what_there_is(client: TestClient) -> None:
    answer = client.get("/id/place/bonn", headers={"accept": "image/png"})

    assert answer.status_code == 406
    for path in ("/doc/place/bonn.ttl", "/doc/place/bonn.jsonld", "/en/place/bonn.html"):
        assert path in answer.text


@pytest.mark.parametrize("path", ["/", "/id/place/bonn", "/en/place/bonn.html", "/ns.ttl"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(client: TestClient, path: str, method: str) -> None:
    answer = client.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.slow
def test_every_iri_of_the_graph_answers(client: TestClient, site: BuildReader) -> None:
    names = {
        term.value.partition("#")[0]
        for quad in site.store
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name)
        if isinstance(term, NamedNode) and term.value.startswith(site.base)
    } - {site.base, f"{site.base}catalog"}  # the whole, and a document: these answer themselves
    silent = []
    for name in sorted(names):
        path = "/" + name.removeprefix(site.base)
        forms = ["text/turtle"] if "/graph/" in name else ["text/turtle", "text/html"]
        for form in forms:
            first = client.get(path, headers={"accept": form})
            second = client.get(first.headers.get("location", "/-"), headers={"accept": form})
            kind = second.headers["content-type"].partition(";")[0]
            if (first.status_code, second.status_code, kind) != (303, 200, form):
                silent.append((path, form))

    assert len(names) > 1000
    assert silent == []


# --- headers -------------------------------------------------------------------------------------

READABLE = [
    "/", "/en/place/bonn.html", "/doc/place/bonn.ttl", "/ns.ttl", "/dumps/twingraph.nt",
    "/context.jsonld", "/static/style.css", "/sparql", "/en/", "/de/dumps.html",
]  # fmt: skip


@pytest.mark.parametrize("path", READABLE)
def test_whoever_has_it_already_gets_304(client: TestClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": f'"other", {first.headers["etag"]}'})

    assert first.status_code == 200
    assert not first.headers["etag"].startswith("W/")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", [*READABLE, "/id/place/bonn", "/nothing"])
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    ours = ("content-type", "content-length", "etag", "link", "location", "vary")
    assert {name: head.headers.get(name) for name in ours} == {
        name: get.headers.get(name) for name in ours
    }


@pytest.mark.parametrize("path", [*READABLE, "/nothing", "/id/place/bonn"])
def test_every_answer_is_open_to_all_and_safe_in_a_browser(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"


def test_options_tells_what_is_allowed(client: TestClient) -> None:
    assert client.options("/sparql").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.options("/id/place/bonn").headers["allow"] == "GET, HEAD, OPTIONS"


def test_options_of_the_server_tells_what_is_allowed_anywhere(client: TestClient) -> None:
    """RFC 9110 §9.3.7; the client of the tests can't send `*`."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"x")]
    scope = scope_of("OPTIONS", "1.1", b"*", headers, (("x", 80), ("y", 1)))

    async def ask() -> None:
        await client.app(scope, receive, send)

    asyncio.run(ask())

    assert dict(sent[0]["headers"])[b"allow"] == b"GET, HEAD, OPTIONS, POST"


def test_a_page_tells_where_its_other_forms_are(client: TestClient, site: BuildReader) -> None:
    link = client.get("/de/place/bonn").headers["link"]

    assert f'<{site.base}doc/place/bonn.ttl>; rel="alternate"; type="text/turtle"' in link
    assert f'<{site.base}de/place/bonn.html>; rel="canonical"' in link
    assert f'<{site.base}id/place/bonn>; rel="describes"' in link
    assert f'<{site.licence}>; rel="license"' in link


def test_a_dump_is_the_file_and_can_be_resumed(client: TestClient, built: Path) -> None:
    whole = client.get("/dumps/twingraph.nq")
    part = client.get("/dumps/twingraph.nq", headers={"range": "bytes=0-9"})

    assert whole.content == (built / "twingraph.nq").read_bytes()
    assert whole.headers["content-type"] == "application/n-quads"
    assert (part.status_code, part.content) == (206, whole.content[:10])


# --- descriptions --------------------------------------------------------------------------------


@pytest.mark.parametrize("thing", ["place/bonn", "partnership/bonn-minsk", "vocab/type/twinning"])
def test_every_format_says_the_same(client: TestClient, thing: str) -> None:
    formats = {"nt": RdfFormat.N_TRIPLES, "ttl": RdfFormat.TURTLE, "rdf": RdfFormat.RDF_XML}
    told = {
        suffix: {quad.triple for quad in parse(client.get(f"/doc/{thing}.{suffix}").content, form)}
        for suffix, form in formats.items()
    }
    jsonld = client.get(f"/doc/{thing}.jsonld").content
    told["jsonld"] = {quad.triple for quad in parse(jsonld, RdfFormat.JSON_LD)}

    assert told["nt"] == told["ttl"] == told["rdf"] == told["jsonld"]


def test_a_description_holds_what_was_published_and_its_evidence(
    client: TestClient, quads: frozenset[Quad], settings: Settings
) -> None:
    triples = set(default_triples(quads))
    body = client.get("/doc/partnership/bonn-minsk.nt").content
    told = {quad.triple for quad in parse(body, RdfFormat.N_TRIPLES)}
    base = settings.base_iri
    minsk = base + "id/partnership/bonn-minsk"
    subjects = {str(item.subject).strip("<>").removeprefix(base) for item in told}

    assert told <= triples
    assert {triple for triple in triples if triple.subject == NamedNode(minsk)} <= told
    assert {"id/claim/bonn-minsk-start-anniversary", "id/cite/bonn-minsk-anniversary",
            "id/place/minsk", "id/event/bonn-minsk-25th-anniversary"} <= subjects  # fmt: skip


def test_a_graph_is_told_whole(client: TestClient, site: BuildReader) -> None:
    name = site.base + "graph/source/bonn-minsk"
    told = set(parse(client.get("/doc/graph/source/bonn-minsk.trig").content, RdfFormat.TRIG))

    assert told == set(site.store.quads_for_pattern(None, None, None, NamedNode(name)))


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld"])
@pytest.mark.parametrize("document", ["ns", "shapes"])
def test_ontology_and_shapes_are_complete(client: TestClient, document: str, suffix: str) -> None:
    answer = client.get(f"/{document}.{suffix}")
    form = RdfFormat.from_media_type(answer.headers["content-type"])

    assert form is not None
    assert len(list(parse(answer.content, form))) > 300


@given(st.one_of(st.text(max_size=60), st.text(alphabet="htps:/[]?#%@wd.Q0-id", max_size=30)))
@example("http://[")
@example("http://a/%zz")
@example("wd:Q586#x")
def test_no_identifier_breaks_the_lookup(client: TestClient, typed: str) -> None:
    answer = client.get("/lookup", params={"id": typed})

    assert answer.status_code in (300, 303, 400, 404)
    assert answer.headers.get("location", "/").startswith("/")
    assert not answer.headers.get("location", "/").startswith("//")
