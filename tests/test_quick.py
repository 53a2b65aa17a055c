"""Queries answered without a parser and a task: the same answers as all other requests have."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlsplit

import pytest

if TYPE_CHECKING:
    from conftest import Serve

JSON: Final = "application/sparql-results+json, application/n-triples"
NUMBERS = count(1000)  # all of the same length
LONG: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


class Response(NamedTuple):
    """What came: the status line, the headers but for what time changes, the body."""

    status: str
    headers: dict[str, str]
    body: bytes


class Client:
    """A connection whose requests are written out."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.file = self.socket.makefile("rb")

    def send(self, query: str, *headers: str, raw: str = "") -> None:
        target = f"/sparql?query={raw or quote(query, safe='')}"
        lines = [f"GET {target} HTTP/1.1", "Host: localhost", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())

    def read(self) -> Response:
        status = self.file.readline().decode().strip()
        headers = {}
        while line := self.file.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name] = value
        body = self.file.read(int(headers.get("content-length", "0")))
        headers.pop("date", "")
        headers["etag"] = re.sub(r"-[0-9a-f]{32}", "-", headers.get("etag", ""))
        return Response(status, headers, re.sub(rb"#\d{4}", b"#", body))

    def ask(self, query: str, *headers: str, raw: str = "") -> Response:
        self.send(query, *headers, raw=raw)
        return self.read()

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture(scope="module")
def port(serve: Serve, built: Path) -> Iterator[int]:
    with serve(built, rebuild=False) as served:
        yield urlsplit(served.url).port or 0


@pytest.fixture
def client(port: int) -> Iterator[Client]:
    """One whose plain headers the server knows."""
    made = Client(port)
    made.ask("ASK {}", f"Accept: {JSON}")
    yield made
    made.close()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s a ?o } ORDER BY ?s ?o LIMIT 5",
        "SELECT * { ?s ?p 'ß' }",
        "ASK { ?s ?p ?o }",
        "CONSTRUCT { ?s a ?o } { ?s a ?o } ORDER BY ?s ?o LIMIT 3",
        "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 2000",  # is sent in parts
        "SELECT (STRLEN(STR(NOW())) > 0 AS ?n) {}",
        "SELECT * { ?s ?p ?o ",
        "SELECT * { SERVICE <http://e/> { ?s ?p ?o } }",
        "SELECT * FROM <http://e/> { ?s ?p ?o }",
        "DROP ALL",
        "\ufeffASK {}",
        "a\0b",
    ],
)
def test_the_answer_is_that_of_any_other_request(client: Client, query: str) -> None:
    first, second, third = (f"{query} #{next(NUMBERS)}" for _ in range(3))

    slow = client.ask(first, f"Accept: {JSON}", f"X-New: {next(NUMBERS)}")
    quick = client.ask(second, f"Accept: {JSON}")
    again = client.ask(second, f"Accept: {JSON}")
    cached = client.ask(second, f"Accept: {JSON}", f"X-New: {next(NUMBERS)}")
    other = client.ask(third, f"Accept: {JSON}")

    assert quick == slow
    assert again == slow
    assert cached == slow
    assert other == slow


@pytest.mark.parametrize("raw", ["ASK+%7B%zz", "%FF", "ASK%20%7B%7D&query=ASK", "ASK{}", "%5C", ""])
def test_an_odd_address_is_answered_as_any_other(client: Client, raw: str) -> None:
    slow = client.ask("", f"Accept: {JSON}", f"X-New: {next(NUMBERS)}", raw=raw)
    quick = client.ask("", f"Accept: {JSON}", raw=raw)

    assert quick == slow


def test_what_a_page_is_made_of_is_not_answered_quickly(client: Client) -> None:
    for _ in range(2):
        page = client.ask(f"ASK {{}} #{next(NUMBERS)}", "Accept: text/html")
        assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_a_condition_counts_each_time(client: Client) -> None:
    client.send("ASK {}", f"Accept: {JSON}")
    tag = ""
    while line := client.file.readline().strip():
        tag = line[6:].decode() if line.startswith(b"etag: ") else tag
    client.file.read(len(b'{"head":{},"boolean":true}'))

    for _ in range(2):
        again = client.ask("ASK {}", f"Accept: {JSON}", f"If-None-Match: {tag}")
        assert again.status == "HTTP/1.1 304 Not Modified"


def test_the_end_that_a_client_wants_comes_each_time(port: int) -> None:
    for _ in range(2):
        client = Client(port)
        answer = client.ask("ASK {}", f"Accept: {JSON}", "Connection: close")
        assert answer.headers["connection"] == "close"
        assert client.file.read() == b""
        client.close()


def test_a_body_is_no_request(client: Client) -> None:
    for _ in range(2):
        client.send("ASK {}", f"Accept: {JSON}", "Content-Length: 6")
        client.socket.sendall(b"GET / ")
        assert client.read().body == b'{"head":{},"boolean":true}'


def test_requests_that_come_together_are_answered_in_turn(client: Client) -> None:
    names = [f"v{next(NUMBERS)}" for _ in range(6)]
    client.send(f"SELECT (1 AS ?{names[0]}) {{}}", f"Accept: {JSON}")
    for name in names[1:]:
        client.send(f"SELECT (1 AS ?{name}) {{}}", f"Accept: {JSON}")

    assert [name.encode() in client.read().body for name in names] == [True] * 6


def test_a_request_in_two_parts_is_taken(client: Client) -> None:
    whole = f"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: localhost\r\nAccept: {JSON}\r\n\r\n"
    for cut in (2, 20, 40, len(whole) - 2):
        client.socket.sendall(whole[:cut].encode())
        assert client.socket.getblocking()
        client.socket.sendall(whole[cut:].encode())
        assert client.read().status == "HTTP/1.1 200 OK"


def test_a_query_whose_client_leaves_is_ended(client: Client, port: int) -> None:
    client.send(f"{LONG} #{next(NUMBERS)}", f"Accept: {JSON}")
    watching = Client(port)

    def running() -> int:
        watching.socket.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        text = watching.read().body.decode()
        return int(float(text.split("\ntwingraph_queries_running ")[1].partition("\n")[0]))

    until = time.monotonic() + 10
    while not running() and time.monotonic() < until:
        pass
    client.close()
    while running() and time.monotonic() < until:
        pass
    watching.close()

    assert time.monotonic() < until


def test_a_body_of_another_type_is_not_waited_for(client: Client) -> None:
    """RFC 9110 §10.1.1: who waits for 100 is told at once what the headers alone tell."""
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n"
        b"Content-Type: %b\r\n\r\n"
    )
    client.socket.sendall(head % b"text/turtle")
    assert client.read().status == "HTTP/1.1 415 Unsupported Media Type"
    client.socket.sendall(b"<a> <b> 1")  # it may come all the same

    client.socket.sendall(head % b"application/sparql-query")
    assert client.file.readline() + client.file.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.socket.sendall(b"ASK {} #1")
    assert client.read().status == "HTTP/1.1 200 OK"
