"""No request makes the server reach another host, or disclose a file: tried over HTTP.

A listener of this machine notes who knocks, and a Turtle file holds a word that must never come
out. `test_guard.py` tries the same on the guard alone, with every reading of a text.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import pytest
from pyoxigraph import Store

if TYPE_CHECKING:
    from conftest import Serve

pytestmark = pytest.mark.slow

WORD: Final = "MOONRAKER"  # stands in the file, in what the listener sends, and nowhere else
TURTLE: Final = f'<http://secret.example/> <http://secret.example/#word> "{WORD}" .\n'
ROWS: Final = json.dumps(
    {"head": {"vars": ["s"]}, "results": {"bindings": [{"s": {"type": "literal", "value": WORD}}]}}
)
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
ALL: Final = "{ ?s ?p ?o }"


class Trap(NamedTuple):
    """Where the listener listens, who knocked, and where the file lies."""

    host: str
    knocks: list[str]
    file: Path


class Listening(BaseHTTPRequestHandler):
    knocks: list[str]

    def answer(self) -> None:
        self.knocks.append(f"{self.command} {self.path}")
        asked = self.command == "POST"
        body = (ROWS if asked else TURTLE).encode()
        kind = "application/sparql-results+json" if asked else "text/turtle"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_HEAD = do_CONNECT = do_OPTIONS = answer  # noqa: N815  # theirs

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trap]:
    knocks: list[str] = []
    handler = type("Handler", (Listening,), {"knocks": knocks})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    file = tmp_path_factory.mktemp("secret") / "secret.ttl"
    file.write_text(TURTLE, encoding="utf-8")
    yield Trap(f"http://127.0.0.1:{server.server_address[1]}", knocks, file)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def url(built: Path, serve: Serve) -> Iterator[str]:
    with serve(built) as served:
        yield served.url


class Got(NamedTuple):
    status: int
    headers: str
    body: str


def send(
    url: str, method: str, target: str, kind: str = "", body: bytes | str = b"", **headers: str
) -> Got:
    """Send a request whose target stands in it letter by letter."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    body = body.encode() if isinstance(body, str) else body
    try:
        connection.putrequest(method, target, skip_host="host" in headers)
        for name, value in {"content-type": kind, **headers}.items():
            if value:
                connection.putheader(name.replace("_", "-"), value)
        if body:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Got(answer.status, str(answer.headers), answer.read().decode("utf-8", "replace"))
    finally:
        connection.close()


# --- queries that call somebody ------------------------------------------------------------------

# H: the listener, F: the file as an IRI, D: its folder as an IRI
CALLS: Final = {
    "plain": "SELECT * { SERVICE <H/> { ?s ?p ?o } }",
    "silent": "SELECT * { SERVICE SILENT <H/> { ?s ?p ?o } }",
    "file": "SELECT * { SERVICE <F> { ?s ?p ?o } }",
    "in a call": "SELECT * { SERVICE <H/a> { SERVICE <H/b> { ?s ?p ?o } } }",
    "in a sub-query": "SELECT * { { SELECT * { { SELECT * { SERVICE <H/> { ?s ?p ?o } } } } } }",
    "in OPTIONAL": "SELECT * { ?a a ?b OPTIONAL { SERVICE <H/> { ?s ?p ?o } } }",
    "in MINUS": "ASK { ?a a ?b MINUS { SERVICE <H/> { ?s ?p ?o } } }",
    "in UNION": "ASK { { } UNION { SERVICE <H/> { ?s ?p ?o } } }",
    "in EXISTS": "ASK { FILTER EXISTS { SERVICE <H/> { ?s ?p ?o } } }",
    "in BIND": "ASK { BIND (EXISTS { SERVICE <H/> { ?s ?p ?o } } AS ?x) }",
    "in GRAPH": "ASK { GRAPH ?g { SERVICE <H/> { ?s ?p ?o } } }",
    "in LATERAL": "ASK { ?a a ?b LATERAL { SERVICE <H/> { ?s ?p ?o } } }",
    "in CONSTRUCT": "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <H/> { ?s ?p ?o } }",
    "in DESCRIBE": "DESCRIBE ?s WHERE { SERVICE <H/> { ?s ?p ?o } }",
    "in ORDER BY": "SELECT * { ?a a ?b } ORDER BY EXISTS { SERVICE <H/> { ?s ?p ?o } } LIMIT 1",
    "by a variable": "SELECT * { VALUES ?h { <H/> } SERVICE ?h { ?s ?p ?o } }",
    "by a name": "PREFIX e: <H/> SELECT * { SERVICE e:x { ?s ?p ?o } }",
    "by a base": "BASE <H/> SELECT * { SERVICE <x> { ?s ?p ?o } }",
    "in any case": "select * { sErViCe<H/>{ ?s ?p ?o } }",
    "behind a comment": "ASK { ?s ?p ?o # '\n SERVICE <H/> { ?s ?p ?o } }",
    "behind a return": "ASK { # \r SERVICE <H/> { ?s ?p ?o } }",
    "with a comment inside": "ASK { SERVICE#\n<H/>#\n{ ?s ?p ?o } }",
    "escaped": "ASK { \\u0053ERVICE <H/> { ?s ?p ?o } }",
    "escaped long": "ASK { \\U00000053\\u0045RVICE <H/> { ?s ?p ?o } }",
    "escaped line": "ASK { # \\u000A SERVICE <H/> { ?s ?p ?o } }",
    "escaped quote": "ASK { ?s ?p \\u0022a\\u0022 . SERVICE <H/> { ?s ?p ?o } }",
    "without spaces": "ASK{?s?p 1SERVICE<H/>{?s?p?o}}",
    "behind a broken text": 'ASK { VALUES ?x {"""a" } SERVICE <H/> { ?s ?p ?o } } #\\q"""',
    "from a file": "SELECT * FROM <F> { ?s ?p ?o }",
    "from a host": "SELECT * FROM <H/> { ?s ?p ?o }",
    "from a named file": "SELECT * FROM NAMED <F> { GRAPH ?g { ?s ?p ?o } }",
    "from a named host": "SELECT * FROM NAMED <H/> { GRAPH ?g { ?s ?p ?o } }",
    "from a path": "SELECT * FROM <../../../../../../../../secret.ttl> { ?s ?p ?o }",
    "from a path with a base": "BASE <D/> SELECT * FROM <secret.ttl> { ?s ?p ?o }",
    "from a host as base": "BASE <H/> SELECT * FROM <secret.ttl> { ?s ?p ?o }",
    "from a name": "PREFIX f: <D/> SELECT * FROM f:secret.ttl { ?s ?p ?o }",
    "from an escaped file": "SELECT * FROM <\\u0066ile://P> { ?s ?p ?o }",
    "load a file": "LOAD <F>",
    "load a host": "LOAD SILENT <H/> INTO GRAPH <http://e/>",
    "load behind a prologue": "BASE <D/> PREFIX e: <H/> # x\nLOAD <secret.ttl>",
    "insert from a host": "INSERT { ?s ?p ?o } USING <H/> WHERE { ?s ?p ?o }",
    "insert from a call": "INSERT { ?s ?p ?o } WHERE { SERVICE <H/> { ?s ?p ?o } }",
}


def filled(text: str, trap: Trap) -> str:
    file = trap.file
    for letter, value in {"<H": trap.host, "<F": file.as_uri(), "<D": file.parent.as_uri()}.items():
        text = text.replace(letter, f"<{value}")
    return text.replace("//P", f"//{file}")


def clean(trap: Trap, *answers: Got) -> None:
    """Nobody knocked, and nothing of the file came out."""
    assert trap.knocks == []
    assert [answer for answer in answers if WORD in answer.body or WORD in answer.headers] == []


def test_the_trap_catches_what_does_call(trap: Trap) -> None:
    """The same query, asked of the bare engine: what the tests below would see."""
    rows: Any = Store().query(filled(CALLS["plain"], trap))

    assert [row["s"].value for row in rows] == [WORD]
    assert trap.knocks == ["POST /"]
    trap.knocks.clear()


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_refused_however_it_is_sent(url: str, trap: Trap, name: str) -> None:
    text = filled(CALLS[name], trap)
    fields = urlencode({"query": text})
    update = urlencode({"update": text}).encode()
    answers = [
        send(url, "GET", f"/sparql?{fields}"),
        send(url, "GET", f"/sparql?{fields}", accept="text/html"),
        send(url, "POST", "/sparql", FORM, fields.encode()),
        send(url, "POST", "/sparql", QUERY, text.encode()),
        send(url, "GET", f"/sparql?{update.decode()}"),
        send(url, "POST", "/sparql", FORM, update),
        send(url, "POST", "/sparql", UPDATE, text.encode()),
    ]

    assert {answer.status // 100 for answer in answers} == {4}
    clean(trap, *answers)


# --- other ways to say it ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri", "using-graph-uri",
                                  "using-named-graph-uri"])  # fmt: skip
@pytest.mark.parametrize("iri", ["<H/>", "<F>", "<D/../secret.ttl>", "<P>", "secret.ttl"])
def test_a_graph_elsewhere_is_refused_as_parameter(
    url: str, trap: Trap, name: str, iri: str
) -> None:
    value = filled(iri, trap).strip("<>")
    fields = urlencode({"query": f"SELECT * {ALL}", name: value})
    answers = [
        send(url, "GET", f"/sparql?{fields}"),
        send(url, "POST", "/sparql", FORM, fields.encode()),
        send(url, "POST", f"/sparql?{urlencode({name: value})}", QUERY,
             f"SELECT * {ALL}".encode()),
    ]  # fmt: skip

    assert {answer.status // 100 for answer in answers} == {4}
    clean(trap, *answers)


# Escapes of escapes, other alphabets, marks nobody sees: some are no SPARQL, none calls anybody.
DISGUISED: Final = {
    "escaped twice": lambda text: quote(quote(text)),
    "with escapes in the text": lambda text: quote(text.replace("SERVICE", "%53ERVICE")),
    "overlong": lambda text: quote(text).replace("SERVICE", "%C1%93ERVICE"),
    "in UTF-16": lambda text: quote(text.encode("utf-16")),
    "behind a byte order mark": lambda text: quote("\ufeff" + text),
    "behind a form feed": lambda text: quote(text.replace("SERVICE", "\f\vSERVICE")),
    "with a zero byte": lambda text: quote(text.replace("SERVICE", "\0SERVICE\0")),
    "with a long s": lambda text: quote(text.replace("SERVICE", "\u017fERVICE")),
    "in wide letters": lambda text: quote(text.replace("SERVICE", "\uff33\uff25RVICE")),
    "with a soft hyphen": lambda text: quote(text.replace("SERVICE", "SER\u00adVICE")),
    "escaped in the escape": lambda text: quote(text.replace("SERVICE", "\\u005Cu0053ERVICE")),
    "with half a character": lambda text: quote(text.replace("SERVICE", "\\uD83DSERVICE")),
    "as two parameters": lambda text: quote("ASK {}") + "&query=" + quote(text),
    "behind a semicolon": lambda text: "ASK%20%7B%7D;query=" + quote(text),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_a_disguised_call_reaches_nobody(url: str, trap: Trap, name: str) -> None:
    sent = DISGUISED[name](filled(CALLS["plain"], trap))
    answers = [
        send(url, "GET", f"/sparql?query={sent}"),
        send(url, "POST", "/sparql", FORM, f"query={sent}".encode()),
    ]

    assert {answer.status // 100 for answer in answers} == {4}
    clean(trap, *answers)


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("text/plain", {}),
        ("", {}),
        ("application/json", {}),
        ("multipart/form-data; boundary=x", {}),
        ("application/sparql-query; charset=utf-16", {}),
        ("application/sparql-query; charset=utf-7", {}),
        ("application/sparql-query, application/sparql-update", {}),
        ("application/sparql-query", {"content_encoding": "gzip"}),
        ("application/sparql-query", {"x_http_method_override": "PUT"}),
        ("APPLICATION/SPARQL-QUERY", {"accept": "text/html"}),
    ],
)
def test_another_media_type_reaches_nobody(
    url: str, trap: Trap, kind: str, headers: dict[str, str]
) -> None:
    text = filled(CALLS["plain"], trap).encode()
    answers = [
        send(url, "POST", "/sparql", kind, text, **headers),
        send(url, "POST", "/sparql?query=ASK%7B%7D", kind, text, **headers),
        send(url, "PUT", "/sparql", kind, text, **headers),
    ]

    assert {answer.status // 100 for answer in answers} == {4}
    clean(trap, *answers)


HARMLESS: Final = (
    "DESCRIBE <H/>", "DESCRIBE <F>", "ASK { <H/> ?p ?o }", "SELECT * { GRAPH <F> { ?s ?p ?o } }",
    "SELECT (<H/f>(1) AS ?x) {}", "SELECT (IRI('<F') AS ?x) {}", "CONSTRUCT { <H/> a <F> } {}",
    "SELECT * { BIND ('a'^^<H/> AS ?x) }", "BASE <H/> PREFIX e: <x#> DESCRIBE e:y",
    "SELECT * { <F> (<H/>|^<H/>)* ?o }",
    "SELECT ?service { VALUES ?service { 'SERVICE <H/> {}' } }",
)  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS)
def test_an_iri_alone_is_never_fetched(url: str, trap: Trap, text: str) -> None:
    fields = urlencode({"query": filled(text, trap)})
    formats = ("text/html", "text/turtle, text/csv;q=0.9", "application/ld+json, text/csv;q=0.9")
    answers = [send(url, "GET", f"/sparql?{fields}", accept=format_) for format_ in formats]

    assert {answer.status for answer in answers} <= {200, 400}
    clean(trap, *answers)


def test_other_routes_lead_to_nobody_either(url: str, trap: Trap) -> None:
    there, file = quote(trap.host + "/", safe=""), quote(str(trap.file), safe="")
    up = "..%2f" * 12
    targets = [
        f"/?uri={there}", f"/lookup?id={there}", f"/lookup?id={file}", f"/search?q={there}",
        f"/query/partners-of.csv?place={there}", f"/{trap.host}/", f"//{trap.host[7:]}/",
        f"/dumps/{file}", f"/dumps/{up}{file}", "/dumps/../../secret.ttl", f"/links/{up}{file}",
        f"/static/{up}{file}", f"/release/{up}{file}", f"/doc/place/{up}{file}", f"/en/{up}{file}",
        f"/sparql/{there}", f"{trap.host}/", f"/dumps/%2e%2e/%2e%2e{trap.file}",
    ]  # fmt: skip
    answers = [send(url, "GET", target) for target in targets]
    host = urlsplit(trap.host).netloc
    forwarded = {"x_forwarded_host": host, "x_original_url": trap.host, "forwarded": f"host={host}"}
    answers += [
        send(url, "GET", "/id/place/bonn", host=host, **forwarded),
        send(url, "GET", "/sparql", host=host, accept="text/turtle"),
        send(url, "CONNECT", host),
    ]

    assert [answer.status for answer in answers if answer.status >= 500] == [501]  # CONNECT
    assert not [
        answer.headers for answer in answers if f"location: {trap.host}" in answer.headers.lower()
    ]
    time.sleep(0.2)
    clean(trap, *answers)
