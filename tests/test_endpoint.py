"""The graph in an engine of its own: the same answers through it, and words for all it may do."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    Variable,
)
from starlette.testclient import TestClient

from twingraph.build import build
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import HOME, PREFIXES, prefixes_for
from twingraph.serve.app import create_app
from twingraph.settings import Limits, Settings
from twingraph.site.reader import BuildReader
from twingraph.site.results import formats_of
from twingraph.sparql.fetch import Endpoint, EndpointError, fetch
from twingraph.sparql.library import load_library
from twingraph.sparql.portable import form_of, require_sparql11
from twingraph.sparql.queryable import QueryResult
from twingraph.sparql.remote import RemoteStore, ask_endpoint, open_endpoint
from twingraph.sparql.substitution import write_terms
from twingraph.web.reconcile import _reading, register_in

ROOT = Path(__file__).parent.parent
LIBRARY = load_library(ROOT / "queries" / "library")
ID = f"{HOME}id/"
BONN = NamedNode(f"{ID}place/bonn")
PUBLISHED = f"{HOME}graph/published"
ROUTES = [
    f"/query/{name}.{suffix}?{urlencode(query.examples())}"
    for name, query in LIBRARY.items()
    for suffix in formats_of(query)
]
PAGES = [
    "/en/", "/de/", "/en/place/berlin.html", "/de/place/bonn.html", "/en/source/bonn-minsk.html",
    "/en/partnership/bonn-minsk.html", "/de/query/partners-of.html?place=Bonn",
    "/doc/place/bonn.ttl",
    "/doc/partnership/bonn-minsk.jsonld", "/doc/geometry/paris.ttl", "/doc/vocab/type.rdf",
    "/doc/graph/links.ttl", "/ns", "/en/graph/entities.html", "/id/place/nowhere",
]  # fmt: skip


@pytest.fixture(scope="module")
def remote(oxigraph: str, built: Path) -> RemoteStore:
    return open_endpoint(oxigraph, HOME, built)


@pytest.fixture(scope="module")
def elsewhere(oxigraph: str, built: Path) -> Iterator[TestClient]:
    """A client of a server whose graph lies in the Oxigraph server."""
    with TestClient(create_app(built, endpoint=oxigraph), follow_redirects=False) as client:
        yield client


def written(found: QueryResult) -> bytes | list[str]:
    if isinstance(found, QueryTriples):
        return sorted(map(str, found))
    return found.serialize(format=QueryResultsFormat.JSON) or b""


# --- the same answers ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_the_same_to_the_byte(
    path: str, client: TestClient, elsewhere: TestClient
) -> None:
    here, there = client.get(path), elsewhere.get(path)

    for name in ("location", "etag", "content-type"):
        assert there.headers.get(name) == here.headers.get(name)
    assert there.status_code == here.status_code
    assert there.content == here.content


@pytest.mark.parametrize("path", ROUTES)
def test_answers_to_questions_are_the_same_to_the_byte(
    path: str, client: TestClient, elsewhere: TestClient
) -> None:
    here, there = client.get(path), elsewhere.get(path)

    assert here.status_code == 200
    assert (there.status_code, there.content) == (200, here.content)


TYPED = [
    "SELECT ?s ?label { ?s a tg:Partnership ; rdfs:label ?label } ORDER BY ?s ?label LIMIT 7",
    "ASK { place:bonn tg:twinnedWith place:minsk }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g",
    "SELECT ?g { GRAPH ?g {} } ORDER BY ?g",
    "SELECT * { GRAPH <graph/links> { ?s ?p ?o } } ORDER BY ?s ?p ?o LIMIT 3",
    f"SELECT (COUNT(*) AS ?n) FROM <{PUBLISHED}> {{ ?s ?p ?o }}",
    f"SELECT (COUNT(*) AS ?n) FROM <{HOME}graph/links> {{ ?s ?p ?o }}",
    f"SELECT (COUNT(*) AS ?n) FROM NAMED <{HOME}graph/links> {{ ?s ?p ?o }}",
    f"SELECT (COUNT(*) AS ?n) FROM NAMED <{HOME}graph/links> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{PUBLISHED}> {{ ?s ?p ?o }} }}",
    "CONSTRUCT WHERE { place:bonn ?p ?o }",
    "DESCRIBE place:bonn",
    "SELECT ?x { BIND ('\\u0022 } \\n' AS ?x) }",
]


@pytest.mark.parametrize("query", TYPED)
def test_typed_queries_are_answered_alike(
    query: str, client: TestClient, elsewhere: TestClient
) -> None:
    for accept in (
        "application/sparql-results+json, text/turtle",
        "text/csv, application/n-triples",
    ):
        here, there = (
            item.get("/sparql", params={"query": query}, headers={"accept": accept})
            for item in (client, elsewhere)
        )

        assert here.status_code == 200, here.text
        assert (there.status_code, there.text) == (200, here.text)


@pytest.mark.parametrize(
    "query",
    ["SELECT * { ?s ?p }", "SELECT * { ?s e:p ?o }", "SELECT * { SERVICE <http://e/> {} }",
     "DROP ALL", "SELECT * FROM <http://e/> { ?s ?p ?o }", "define x:y 1 SELECT * {}"],
)  # fmt: skip
def test_what_is_refused_here_is_refused_there_in_the_same_words(
    query: str, client: TestClient, elsewhere: TestClient
) -> None:
    here, there = (item.get("/sparql", params={"query": query}) for item in (client, elsewhere))

    assert here.status_code in (400, 403)
    assert (there.status_code, there.text) == (here.status_code, here.text)


@pytest.mark.parametrize(
    "graphs",
    [{}, {"default": [PUBLISHED]}, {"default": [f"{HOME}graph/links"]},
     {"named": [f"{HOME}graph/links"]}, {"named": [PUBLISHED]},
     {"default": [PUBLISHED, f"{HOME}graph/links"], "named": [f"{HOME}graph/entities"]}],
)  # fmt: skip
def test_a_dataset_in_the_request_means_the_same(
    graphs: dict[str, list[str]], client: TestClient, elsewhere: TestClient
) -> None:
    query = "SELECT (COUNT(*) AS ?n) { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    fields = {"query": query} | {f"{kind}-graph-uri": iris for kind, iris in graphs.items()}

    here, there = (item.post("/sparql", data=fields) for item in (client, elsewhere))

    assert here.status_code == 200
    assert there.json() == here.json()


def test_engines_whose_default_graph_is_the_union_agree(
    built: Path, site: BuildReader, tmp_path: Path, engine: Callable[..., Any]
) -> None:
    program = Path(sys.executable).with_name("oxigraph")
    for words in ([built / "twingraph.nq"], [built / "twingraph.nt", "--graph", PUBLISHED]):
        load = [program, "load", "--location", tmp_path / "db", "--file", *words]
        subprocess.run(load, check=True, capture_output=True)
    serve = [program, "serve-read-only", "--union-default-graph", "--location", tmp_path / "db"]
    with engine([*serve, "--bind"], tmp_path) as place:
        union = open_endpoint(f"{place}query", HOME, built)
        text = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        alone = fetch(union.endpoint, text, graphs=False)[1]

        assert written(union.query(text)) == written(site.store.query(text))
        assert json.loads(alone)["results"] != json.loads(written(union.query(text)))["results"]  # type: ignore[arg-type]


def test_the_store_elsewhere_holds_the_same_quads(remote: RemoteStore, site: BuildReader) -> None:
    label = NamedNode(PREFIXES["rdfs"] + "label")
    links = NamedNode(f"{HOME}graph/links")
    patterns: list[tuple[Any, Any, Any, Any]] = [
        (BONN, None, None, DefaultGraph()),
        (BONN, None, None, None),
        (None, label, Literal("Bonn", language="en"), DefaultGraph()),
        (BONN, label, Literal("Bonn", language="en"), DefaultGraph()),
        (BONN, label, Literal('" } #'), DefaultGraph()),
        (None, None, None, links),
    ]
    for pattern in patterns:
        here = {str(quad) for quad in site.store.quads_for_pattern(*pattern)}
        assert {str(quad) for quad in remote.quads_for_pattern(*pattern)} == here, pattern
    assert len(remote) == len(site.store)
    assert {str(triple) for triple in remote} == {str(quad) for quad in site.store}
    assert {graph.value for graph in remote.named_graphs()} == site.graphs


def test_many_threads_may_ask_at_once(remote: RemoteStore) -> None:
    answers: list[object] = []
    text = "SELECT (COUNT(*) AS ?n) { ?place ?p ?o }"

    def ask() -> None:
        answers.append(written(remote.query(text, substitutions={Variable("place"): BONN})))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 16
    assert len(set(map(str, answers))) == 1


def test_query_on_the_command_line_asks_the_endpoint(oxigraph: str, tmp_path: Path) -> None:
    words: list[str | Path] = [
        sys.executable,
        "-m",
        "twingraph.cli",
        "--project",
        ROOT,
        "query",
        "--endpoint",
    ]
    asked = ["partners-of", "place=Bonn", "--format", "csv"]

    done = subprocess.run([*words, oxigraph, *asked], capture_output=True, cwd=tmp_path)
    wrong = subprocess.run([*words, "localhost", *asked], capture_output=True, cwd=tmp_path)

    expected = (ROOT / "tests" / "expected" / "partners-of--bonn.csv").read_bytes()
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.replace(b"\r\n", b"\n") == expected
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert wrong.stderr.startswith(b"twingraph: 'localhost' is no address of a SPARQL endpoint; ")


# --- terms in the text ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?x ?p { ?x ?p ?o } ORDER BY ?x ?p LIMIT 2",
        "SELECT ?x { ?x ?p ?o } ORDER BY ?x LIMIT 1",
        "SELECT ?x (COUNT(?o) AS ?n) { ?x ?p ?o } GROUP BY ?x",
        "SELECT ?x (COUNT(?o) AS ?n) { ?x ?p ?o } GROUP BY ?x HAVING (COUNT(?o) > 1) ORDER BY ?x",
        "SELECT ?x ?n { { SELECT ?x (COUNT(?o) AS ?n) { ?x ?p ?o } GROUP BY ?x } }",
        "SELECT ?x ?y { { ?x ?p ?o BIND (?x AS ?y) } UNION { ?y ?p ?x } } ORDER BY ?y",
        "SELECT ?x { FILTER NOT EXISTS { ?x a ?nothing FILTER (?x != ?x) } }",
        "SELECT ?x ?o { ?x ?p ?o } ORDER BY DESC(STR(?x)) ?o",
        "ASK { ?x ?p ?o }",
        "CONSTRUCT { ?x ?p ?o } WHERE { ?x ?p ?o }",
        "SELECT ?x # ?x\n { ?x ?p '?x ORDER BY }' } ORDER BY ?x",
    ],
)
def test_a_given_term_means_the_same_here_and_there(
    text: str, remote: RemoteStore, site: BuildReader
) -> None:
    terms = {Variable("x"): BONN}

    here = site.store.query(text, substitutions=terms)

    assert written(remote.query(text, substitutions=terms)) == written(here)


@pytest.mark.parametrize(
    "value",
    ['" } #', "\\", '\\"', "\\u0022 } DROP ALL #", "\n", "'", "{ ?x ?p ?o }", "Ω\u2028\U0001f600"],
)
def test_no_text_of_a_user_is_read_as_sparql(value: str, remote: RemoteStore) -> None:
    found = remote.query(
        "SELECT ?x (STR(?x) AS ?y) { }", substitutions={Variable("x"): Literal(value)}
    )

    assert isinstance(found, QuerySolutions)
    assert [(row["x"], row["y"]) for row in found] == [(Literal(value), Literal(value))]


def test_a_variable_that_the_query_binds_itself_is_refused() -> None:
    for text in ("SELECT ?y { BIND (1 AS ?x) }", "SELECT ?y { VALUES ?x { 1 } }"):
        with pytest.raises(TwingraphError, match=r"\?x is given, and the query binds it too"):
            write_terms(text, {"x": BONN})


# --- what is never sent --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "SELECT (bif:http_get('http://e/') AS ?x) {}",
        "PREFIX b: <bif:> SELECT (b:http_get('http://e/') AS ?x) {}",
        "PREFIX b: <b> PREFIX c: <bif> SELECT (<bif:exit>() AS ?x) {}",
        "SELECT (<b\\u0069f:exit>() AS ?x) {}",
        "SELECT (<LONG::SQL:f>() AS ?x) {}",
        "define input:default-graph-uri <http://e/> SELECT * {}",
        "define get:soft 'soft' SELECT * {}",
        "SELECT * { ?s ?p ?o OPTION (transitive) }",
        "SELECT `1` {}",
        "SELECT * { ?s ?p ?o } ; DROP ALL",
        "INSERT DATA { <http://e/> <http://e/> 1 }",
        "LOAD <http://e/>",
        "SELECT * { SERVICE <http://e/> { ?s ?p ?o } }",
    ],
)
def test_what_an_engine_adds_of_its_own_is_never_sent(
    text: str, hostile: str, heard: list[str]
) -> None:
    store = RemoteStore(Endpoint.at(f"{hostile}/rows"), PUBLISHED, ())
    prefixes = {"bif": "bif:"} if "bif:http" in text else {}

    with pytest.raises((TwingraphError, SyntaxError)):
        store.query(text, prefixes=prefixes)
    with pytest.raises((TwingraphError, SyntaxError)):
        ask_endpoint(store, text, None, "json", prefixes=prefixes)

    assert heard == []


def test_a_query_is_read_without_being_evaluated() -> None:
    crossed = " ".join(f"VALUES ?{item} {{ {' '.join(map(str, range(300)))} }}" for item in "abcd")
    for text in (
        f"ASK {{ {crossed} FILTER (?a < 0) }}",
        f"SELECT (COUNT(*) AS ?unused) {{ {crossed} }}",
        f"SELECT * {{ {crossed} }} ORDER BY ?d",
        f"CONSTRUCT {{ ?a ?b ?c }} WHERE {{ {{ SELECT (MAX(?a) AS ?b) {{ {crossed} }} }} }}",
    ):
        began = time.monotonic()
        require_sparql11(text)
        assert time.monotonic() - began < 1


@pytest.mark.parametrize("text", [*TYPED, *(item.text for item in LIBRARY.values())])
def test_plain_sparql_is_taken(text: str) -> None:
    require_sparql11(text, HOME, prefixes_for(HOME))

    assert form_of(text)


def test_a_request_names_the_whole_dataset_and_hides_nothing_in_it(
    hostile: str, heard: list[str]
) -> None:
    links = f"{HOME}graph/links"
    at = hostile.replace("//", "//reader:s%20cret@") + "/rows?repository=twins"
    store = RemoteStore(Endpoint.at(at), PUBLISHED, (links,))

    store.query("SELECT ?s { tg:x ?p ?s }", base_iri=HOME, prefixes={"tg": PREFIXES["tg"]})

    [sent] = heard
    head, _, body = sent.partition("\n\n")
    assert head.startswith("POST /rows?repository=twins")
    assert "Authorization: Basic cmVhZGVyOnMgY3JldA==" in head
    assert "Accept: application/sparql-results+json\n" in head
    assert parse_qs(body) == {
        "default-graph-uri": [PUBLISHED],
        "named-graph-uri": [links],
        "query": [f"PREFIX tg: <{PREFIXES['tg']}> SELECT ?s {{ tg:x ?p ?s }}"],
    }


# --- what an endpoint may do ---------------------------------------------------------------------

ROWS = b'{"head":{"vars":["s"]},"results":{"bindings":[%s]}}'
ROW = b'{"s":{"type":"literal","value":"' + b"x" * 1000 + b'"}}'
JSON = "application/sparql-results+json"


class Hostile(http.server.BaseHTTPRequestHandler):
    """Answers by the name of the path, never as it should; `/rows` keeps what it was asked."""

    protocol_version = "HTTP/1.0"
    heard: list[str]
    ended: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        with contextlib.suppress(OSError):
            getattr(self, self.path.partition("?")[0].strip("/"))(body)

    def log_message(self, *_: object) -> None:
        pass

    def tell(self, body: bytes, media_type: str = JSON, status: int = 200, **more: str) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def rows(self, body: str) -> None:
        head = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        self.heard.append(f"{self.command} {self.path}\n{head}\n{body}")
        self.tell(ROWS % b"")

    def page(self, body: str) -> None:
        self.tell(b"<html><h1>Welcome", "text/html")

    def unnamed(self, body: str) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + ROWS % b"")

    def cut(self, body: str) -> None:
        self.tell((ROWS % b",".join([ROW] * 5))[:-1500])

    def short(self, body: str) -> None:
        self.tell(ROWS % b"", content_length="1000")

    def chunked(self, body: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: " + JSON.encode())
        self.wfile.write(b"\r\ntransfer-encoding: chunked\r\n\r\n400\r\n{")

    def packed(self, body: str) -> None:
        self.tell(gzip.compress(ROWS % b""), content_encoding="gzip")

    def nothing(self, body: str) -> None:
        self.tell(b"")

    def silent(self, body: str) -> None:
        pass

    def noise(self, body: str) -> None:
        self.wfile.write(b"\x16\x03\x01\x02\x00\x01\r\n\r\n")

    def nested(self, body: str) -> None:
        self.tell(b'{"head":{"vars":["XMLSchema#boolean"]},"results":' + b"[" * 100_000)

    def other(self, body: str) -> None:
        self.tell(b'["XMLSchema#boolean", 1]')

    def triples(self, body: str) -> None:
        self.tell(b"<http://e/> <http://e/> <http://e/ .\n", "application/n-triples")

    def endless(self, body: str) -> None:
        self.tell(b'{"head":{"vars":["s"]},"results":{"bindings":[')
        while not self.ended.is_set():
            self.wfile.write(ROW + b",")

    def slow(self, body: str) -> None:
        self.ended.wait(20)

    def drip(self, body: str) -> None:
        self.tell(b"")
        while not self.ended.wait(0.05):
            self.wfile.write(b" ")

    def drip_head(self, body: str) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\nx: ")
        while not self.ended.wait(0.05):
            self.wfile.write(b"x")

    def moved(self, body: str) -> None:
        self.tell(b"", status=302, location="http://127.0.0.1:1/\x1b[31mnew")

    def refused(self, body: str) -> None:
        self.tell(b"<b>Syntax</b>\nerror\x1b[31m" + b"!" * 10_000, "text/html", 400)

    def locked(self, body: str) -> None:
        self.tell(b"who?", "text/plain", 401)

    def gone(self, body: str) -> None:
        self.tell(b"", status=404)

    def late(self, body: str) -> None:
        self.tell(b"", status=504)

    def counted(self, body: str) -> None:
        self.tell(ROWS % b"", X_SPARQL_MaxRows="100")

    def halved(self, body: str) -> None:
        self.tell(
            ROWS % b"", X_SQL_State="S1TAT", X_SQL_Message="RC...: Returning incomplete results"
        )

    def broken(self, body: str) -> None:
        self.tell(b"", status=500)


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    Hostile.heard, Hostile.ended = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Hostile.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def heard(hostile: str) -> list[str]:
    """What the endpoint `/rows` was asked during the test."""
    Hostile.heard.clear()
    return Hostile.heard


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("page", 502, "answers with text/html where SPARQL results are due; name the address"),
        ("unnamed", 502, "answers with no media type where SPARQL results are due"),
        ("cut", 502, "breaks off or is damaged"),
        ("short", 502, "breaks off; see its log"),
        ("chunked", 502, "breaks off; see its log"),
        ("packed", 502, "breaks off or is damaged"),
        ("nothing", 502, "breaks off or is damaged"),
        ("nested", 502, "breaks off or is damaged"),
        ("other", 502, "breaks off or is damaged"),
        ("silent", 502, "can't be reached: Remote end closed connection without response"),
        ("noise", 502, "can't be reached: "),
        ("endless", 507, "has more than 200000 bytes; ask for less, or raise limits.result_bytes"),
        ("slow", 504, "did not answer within 0.5 seconds; ask for less, or raise limits.seconds"),
        ("drip", 504, "did not answer within 0.5 seconds"),
        ("drip_head", 504, "did not answer within 0.5 seconds"),
        ("moved", 502, "says it has moved to http://127.0.0.1:1/ [31mnew; name that instead"),
        ("refused", 400, "refuses the query: Syntax error [31m!!!"),
        ("locked", 502, "lets nobody in without rights (401: who?); write user:password@ into it"),
        ("gone", 502, "is no SPARQL endpoint (404 Not Found); name the address"),
        ("late", 504, "took too long (504 Gateway Timeout)"),
        ("counted", 507, "cuts its answers at 100 rows; ask with a smaller LIMIT, or raise Result"),
        ("halved", 504, "stopped half-way (RC...: Returning incomplete results); ask for less"),
        ("broken", 502, "can't answer (500 Internal Server Error); see its log"),
    ],
)
def test_whatever_an_endpoint_does_becomes_a_status_and_words(
    path: str, status: int, words: str, hostile: str
) -> None:
    store = RemoteStore(Endpoint.at(f"{hostile}/{path}", 0.5, 200_000), PUBLISHED, ())
    began = time.monotonic()

    with pytest.raises(EndpointError) as raised:
        store.query("SELECT ?s { ?s ?p ?o }")

    assert time.monotonic() - began < 2
    assert raised.value.status == status
    assert f"{hostile}/{path} " in str(raised.value)
    assert words in str(raised.value)
    assert str(raised.value).isprintable() and len(str(raised.value)) < 600


def test_damaged_triples_are_told(hostile: str) -> None:
    store = RemoteStore(Endpoint.at(f"{hostile}/triples"), PUBLISHED, ())

    with pytest.raises(EndpointError, match="breaks off or is damaged"):
        store.query("CONSTRUCT WHERE { ?s ?p ?o }")


def test_a_dead_host_is_reported_at_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{probe.getsockname()[1]}/query"
    for url in (dead, "http://no-such-host.invalid/query", dead.replace("http:", "https:")):
        with pytest.raises(EndpointError, match=r"can't be reached: .*; is it running there\?"):
            open_endpoint(url, HOME)


@pytest.mark.parametrize(
    "url",
    ["", "localhost:7878/query", "ftp://e/query", "file:///etc/passwd", "http://", "http:///query",
     "http://e:x/query", "http://e:99999/", "http://e/\nX: y", "http://e/#f", "http://e/a b"],
)  # fmt: skip
def test_an_invalid_address_is_reported(url: str) -> None:
    with pytest.raises(TwingraphError, match="is no address of a SPARQL endpoint; write http://"):
        open_endpoint(url, HOME)


def test_a_password_is_never_told(hostile: str) -> None:
    at = hostile.replace("//", "//reader:secret@")
    for url in (f"{at}/locked", f"{at}/moved", f"{at}/ x", "ftp://reader:secret@e/"):
        with pytest.raises(TwingraphError) as raised:
            open_endpoint(url, HOME)
        assert "secret" not in str(raised.value)


def test_an_endpoint_without_our_graph_says_what_to_load(
    tmp_path: Path, hostile: str, oxigraph: str, engine: Callable[..., Any]
) -> None:
    program = Path(sys.executable).with_name("oxigraph")
    words = "load twingraph.nq as it is and twingraph.nt into that graph, as docs/scaling.md shows"
    with (
        engine([program, "serve", "--location", tmp_path / "db", "--bind"], tmp_path) as empty,
        pytest.raises(TwingraphError, match=f"has no graph <{PUBLISHED}>; {words}"),
    ):
        open_endpoint(f"{empty}query", HOME)
    with pytest.raises(TwingraphError, match=r"has no graph <https://example.org/graph/published>"):
        open_endpoint(oxigraph, "https://example.org/")


def test_an_endpoint_with_another_build_is_not_served(
    oxigraph: str, built: Path, tmp_path: Path
) -> None:
    other = tmp_path / "build"
    shutil.copytree(built, other)
    lines = (other / "twingraph.nq").read_bytes().splitlines(keepends=True)
    (other / "twingraph.nq").write_bytes(b"".join(lines[1:]))

    with pytest.raises(TwingraphError) as raised:
        create_app(other, endpoint=oxigraph)

    pattern = rf"holds another build: (\d+) statements in <{PUBLISHED}>, (\d+) in \S+; empty the"
    told = re.search(pattern, str(raised.value))
    assert told and int(told[1]) == int(told[2]) + 1


def test_pages_and_routes_say_that_the_endpoint_is_gone(
    built: Path, oxigraph: str, hostile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(built, endpoint=oxigraph)
    remote = app.state.site.remote
    with TestClient(app, raise_server_exceptions=False) as client:
        for path, status in (("broken", 502), ("slow", 504), ("page", 502)):
            object.__setattr__(remote, "endpoint", Endpoint.at(f"{hostile}/{path}", 0.3))
            for asked in ("/en/place/bonn.html", "/doc/place/bonn.ttl", "/query/decisions.csv",
                          "/sparql?query=ASK%20%7B%3Fs%20%3Fp%20%3Fo%7D"):  # fmt: skip
                answer = client.get(asked)
                assert answer.status_code == status, (asked, path, answer.text)
                assert "Traceback" not in answer.text
                assert answer.headers["cache-control"] in ("no-store", "no-cache"), asked


def test_limits_of_rows_and_bytes_hold_for_an_endpoint(oxigraph: str, built: Path) -> None:
    app = create_app(built, endpoint=oxigraph, limits=Limits(rows=10, result_bytes=20_000))
    query = "SELECT * { ?s ?p ?o } LIMIT "
    with TestClient(app) as client:
        few, rows, large = (
            client.get("/sparql", params={"query": query + number}) for number in ("9", "11", "999")
        )

    assert few.status_code == 200
    assert (rows.status_code, large.status_code) == (507, 507)
    assert "more than 10 rows" in rows.text
    assert "more than 20000 bytes" in large.text


# --- many things, and what is read of them all ---------------------------------------------------


class Narrow:
    """Stands in for an engine that refuses a list of more than `most` IRIs, as Virtuoso 7 does."""

    def __init__(self, store: Any, most: int) -> None:
        self.store, self.most, self.sizes = store, most, list[int]()

    def fetch(self, endpoint: Endpoint, text: str, graphs: bool, *rest: Any) -> tuple[str, bytes]:
        listed = re.findall(r"VALUES \?\w+ \{([^}]*)\}", text)
        self.sizes += [block.count("<") for block in listed]
        if self.sizes and max(self.sizes) > self.most:
            raise EndpointError(400, "The length of generated SQL text has exceeded 10000 lines")
        found = self.store.query(text)
        body = found.serialize(format=QueryResultsFormat.JSON)
        assert isinstance(body, bytes)
        return JSON, body


@pytest.mark.parametrize("name", ["labels", "nodes", "list-partnership", "list-place", "citations"])
def test_an_endpoint_is_asked_about_few_things_at_a_time(
    name: str, site: BuildReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = [row["s"].value for row in site.select("SELECT DISTINCT ?s { ?s a ?c }")
              if isinstance(row["s"], NamedNode)]  # fmt: skip
    narrow = Narrow(site.store, 100)
    monkeypatch.setattr("twingraph.sparql.remote.fetch", narrow.fetch)
    monkeypatch.setattr("twingraph.site.reader._REMOTE_BATCH", 100)
    far = replace(site, store=RemoteStore(Endpoint.at("http://localhost/"), PUBLISHED, ()))

    found = far.rows_of(name, things)

    assert len(things) > 300
    assert max(narrow.sizes) == 100
    assert sum(narrow.sizes) == len(things)
    if "list" in name or name == "citations":  # these have an order
        assert [row["thing"] for row in found] == [
            row["thing"] for row in site.rows_of(name, things)
        ]
    assert sorted(map(str, found)) == sorted(map(str, site.rows_of(name, things)))
    if name in ("labels", "nodes"):
        assert set(far.statements_of(name, things)) == set(site.statements_of(name, things))


def test_names_are_matched_once_the_places_were_read_from_the_endpoint(
    oxigraph: str, built: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, wanted = threading.Event(), threading.Event()

    def read(state: Any, site: BuildReader) -> Any:
        asked.set()
        assert wanted.wait(30)
        return register_in(state, site)

    monkeypatch.setattr("twingraph.web.reconcile.register_in", read)
    path = "/reconcile/suggest/entity?prefix=bon"
    with TestClient(create_app(built, endpoint=oxigraph)) as far:
        assert asked.wait(30)  # at the start, by nobody's request
        early = [
            far.get(path),
            far.post("/reconcile", data={"queries": '{"q": {"query": "Bonn"}}'}),
        ]
        manifest = far.get("/reconcile")
        wanted.set()
        reading: Future[Any] = far.app.state.reading[1]  # type: ignore[attr-defined]  # Starlette
        reading.result(30)
        late = far.get(path)

    assert [(each.status_code, each.headers["retry-after"]) for each in early] == [(503, "5")] * 2
    assert manifest.status_code == 200
    assert (late.status_code, late.json()) == (200, client.get(path).json())


def test_an_error_of_the_reading_is_reported_and_it_is_read_again(
    oxigraph: str, built: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [EndpointError(504, f"{oxigraph} did not answer within 30 seconds")]

    def read(state: Any, site: BuildReader) -> Any:
        if broken:
            raise broken.pop()
        return register_in(state, site)

    monkeypatch.setattr("twingraph.web.reconcile.register_in", read)
    path = "/reconcile/suggest/entity?prefix=bon"
    with TestClient(create_app(built, endpoint=oxigraph)) as far:
        answers = []
        for _ in range(2):
            _begun(far).exception(30)
            answers.append(far.get(path))

    assert [each.status_code for each in answers] == [504, 200]
    assert "did not answer within 30 seconds" in answers[0].text
    assert oxigraph not in answers[0].text
    assert answers[1].json() == client.get(path).json()


def _begun(far: TestClient) -> Future[Any]:
    """Return what reads the register now, begun if nothing does."""
    state = far.app.state  # type: ignore[attr-defined]  # Starlette
    return _reading(state, state.site)


# --- another base --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_project_under_a_base_of_its_own_is_served_from_an_endpoint(
    project_under: Callable[[str], Settings], tmp_path: Path, engine: Callable[..., Any]
) -> None:
    base = "http://127.0.0.1/twins/"
    done = build(project_under(base), tmp_path / "build")
    assert done.folder is not None
    program = Path(sys.executable).with_name("oxigraph")
    folder = tmp_path / "build"
    graph = ("--graph", f"{base}graph/published")
    for words in ([folder / "twingraph.nq"], [folder / "twingraph.nt", *graph]):
        load = [program, "load", "--location", tmp_path / "db", "--file", *words]
        subprocess.run(load, check=True, capture_output=True)
    serve = [program, "serve-read-only", "--location", tmp_path / "db", "--bind"]
    with engine(serve, tmp_path) as place:
        app = create_app(folder, endpoint=f"{place}query")
        with TestClient(app) as client, TestClient(create_app(folder)) as here:
            for path in (
                "/en/place/bonn.html",
                "/doc/place/bonn.ttl",
                "/query/partners-of.csv?place=bonn",
            ):
                assert client.get(path).content == here.get(path).content


def test_the_page_says_what_these_tests_do() -> None:
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    load = "$ oxigraph load --location db --file build/twingraph.n"

    assert load + "q\n" in page
    assert load + f"t --graph {PUBLISHED}\n" in page
    assert "$ oxigraph serve-read-only --location db --bind 127.0.0.1:7878" in page
    loader = f"'twingraph.nq', '{PUBLISHED}'); rdf_loader_run(); checkpoint;"
    assert page.count(loader) == 1
