"""Wikidata's query service by a stand-in on this machine: refusals, cuts, replays, federation.

No answer here was recorded from Wikidata: they are written after its documented formats.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from rdflib import Graph, Namespace

from twingraph.about import About, Contact
from twingraph.link.wikidata.client import QueryClient
from twingraph.link.wikidata.service import fetch_snapshot, statements_of
from twingraph.link.wikidata.statements import WikidataTime
from twingraph.problems import TwingraphError
from twingraph.settings import Settings

ROOT = Path(__file__).parent.parent
REPLAYS = Path(__file__).parent / "replays"
JSON = {"Content-Type": "application/sparql-results+json"}
WDT = Namespace("http://www.wikidata.org/prop/direct/")
WD = Namespace("http://www.wikidata.org/entity/")


@dataclass
class StandIn:
    """A query service that answers what it is told to, one answer a request."""

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # query, user agent
    url: str = ""
    reply: Callable[[str], bytes] | None = None  # in place of `answers`
    released: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """The stand-in, listening on the loopback address."""
    state = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self.answer(parse_qs(body))

        def do_GET(self) -> None:
            self.answer(parse_qs(urlsplit(self.path).query))

        def answer(self, fields: dict[str, list[str]]) -> None:
            query = fields.get("query", fields.get("q", [""]))[0]
            state.asked.append((query, self.headers.get("User-Agent", "")))
            status, headers, body = state.answers.pop(0) if state.answers else (500, {}, b"")
            if state.reply:
                status, headers, body = 200, JSON, state.reply(query)
            if status == 0:  # never in time
                state.released.wait(10)
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/sparql"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield state
    state.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


def replay(name: str) -> bytes:
    return (REPLAYS / name).read_bytes()


def counted(number: int) -> bytes:
    rows = [{"count": {"type": "literal", "value": str(number)}}]
    return json.dumps({"head": {"vars": ["count"]}, "results": {"bindings": rows}}).encode()


NONE = b'{"head": {"vars": []}, "results": {"bindings": []}}'
ROWS = replay("wikidata-statements.json")
OK = (200, JSON, ROWS)


def service(stand_in: StandIn, waits: list[float] | None = None) -> QueryClient:
    sleep = waits.append if waits is not None else lambda _: None
    return QueryClient(stand_in.url, "a@e.org", sleep, seconds=1.0)


def test_statements_come_with_dates_precision_rank_references_and_revision(
    stand_in: StandIn,
) -> None:
    stand_in.answers = [OK, (200, JSON, counted(3))]

    found = {
        statement.object: statement
        for statement in fetch_snapshot(service(stand_in), ["Q586"]).statements
    }

    assert set(found) == {"Q2280", "Q142", "Q60"}
    assert found["Q2280"].guid == "Q586$0b5b6d1c-4b3a-4c39-8a3b-111111111111"
    assert found["Q2280"].start == (WikidataTime("+1993-00-00T00:00:00Z", 9),)
    assert (found["Q2280"].is_sourced, found["Q142"].is_sourced) == (True, False)
    assert (found["Q142"].rank, found["Q60"].rank) == ("deprecated", "preferred")
    assert found["Q60"].end == (WikidataTime(""),)  # somevalue: ended, nobody says when
    assert {item.revision for item in found.values()} == {"2250000007"}
    query, agent = stand_in.asked[0]
    assert "VALUES ?item { wd:Q586 }" in query and agent.startswith("twingraph/")
    assert "(a@e.org)" in agent


def test_rows_that_come_twice_make_no_second_statement() -> None:
    rows = [{name: cell["value"] for name, cell in row.items()}
            for row in json.loads(ROWS)["results"]["bindings"]]  # fmt: skip

    assert statements_of(rows * 2) == statements_of(rows)


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        ((429, {"Retry-After": "7"}, b""), 7.0),
        ((429, {"Retry-After": "Sat, 21 Nov 2020 00:00:00 GMT"}, b""), 1.0),
        ((429, {}, b"Too many requests"), 5.0),
        ((500, {"Content-Type": "text/html"}, b"<html>java.lang.OutOfMemoryError"), 5.0),
        ((504, {}, b""), 5.0),
        ((200, JSON, ROWS[: len(ROWS) // 2] + b"\njava.util.concurrent.TimeoutException"), 5.0),
        ((200, JSON, b""), 5.0),
        ((200, JSON, b"[]"), 5.0),
        ((200, {"Content-Type": "text/html"}, b"<html>"), 5.0),
        ((200, {**JSON, "Content-Length": str(len(ROWS))}, ROWS[:-9]), 5.0),
        ((0, {}, b""), 5.0),  # a time-out of ours
    ],
)  # fmt: skip
def test_a_failed_request_is_sent_again_after_the_wait(
    stand_in: StandIn, answer: tuple[int, dict[str, str], bytes], wait: float
) -> None:
    waits: list[float] = []
    stand_in.answers = [answer, OK, (200, JSON, counted(3))]

    assert len(fetch_snapshot(service(stand_in, waits), ["Q586"]).statements) == 3
    assert waits == [wait]


def test_lasting_errors_are_given_up_and_refusals_not_sent_again(
    stand_in: StandIn,
) -> None:
    waits: list[float] = []
    stand_in.answers = [(500, {}, b"")] * 9
    with pytest.raises(TwingraphError, match="no whole answer in 5 tries"):
        fetch_snapshot(service(stand_in, waits), ["Q586"])
    assert waits == [5.0, 10.0, 20.0, 40.0]
    stand_in.asked.clear()
    stand_in.answers = [(403, {}, b"Please set a user-agent")]
    with pytest.raises(TwingraphError, match="answers 403: Please set a user-agent"):
        fetch_snapshot(service(stand_in), ["Q586"])
    assert len(stand_in.asked) == 1


def test_fewer_rows_than_the_service_counts_are_refused(stand_in: StandIn) -> None:
    stand_in.answers = [OK, (200, JSON, counted(4))]
    with pytest.raises(TwingraphError, match="counts 4 statements and sends 3"):
        fetch_snapshot(service(stand_in), ["Q586"])


def test_no_request_is_sent_without_a_contact() -> None:
    with pytest.raises(TwingraphError, match=r'about\.contact\.email = "…"'):
        QueryClient.of("http://127.0.0.1/", Settings(ROOT))
    named = Settings(ROOT, about=About(contact=Contact(email="a@e.org")))
    assert "a@e.org" in QueryClient.of("http://127.0.0.1/", named).agent


# --- federated queries, from either side ---------------------------------------------------------


def query(name: str, old: str, new: str) -> str:
    text = (ROOT / "queries/federated" / f"{name}.rq").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


def test_our_side_asks_wikidata(built: Path, stand_in: StandIn) -> None:
    graph = Graph().parse(built / "twingraph.nt")

    def reply(query: str) -> bytes:
        """Know one pair, in one direction; rdflib puts what it has bound into the query."""
        known = re.search(r"/entity/Q64>[^{}]*/entity/Q90>", query)
        return replay("wikidata-pairs.json") if known else NONE

    stand_in.reply = reply
    asked = query("ours-first", "https://query.wikidata.org/sparql", stand_in.url)

    rows = [tuple(str(cell) for cell in row) for row in graph.query(asked)]  # type: ignore[union-attr]  # rdflib's rows

    paris = [row for row in rows if row[0].endswith("/berlin-paris")]
    assert [(row[1], row[2], row[3], row[4]) for row in paris] == [
        (WD + "Q64", WD + "Q90", "1987-07-02", "1987-01-01T00:00:00+00:00")
    ]  # Wikidata has it on one side only
    assert "ps:P190" in stand_in.asked[0][0]


def test_wikidatas_side_asks_us(
    serve: Callable[..., AbstractContextManager[Any]], built: Path
) -> None:
    theirs = Graph()
    theirs.add((WD.Q64, WDT.P190, WD.Q90))
    theirs.add((WD.Q586, WDT.P190, WD.Q2280))
    theirs.add((WD.Q1, WDT.P190, WD.Q2))
    with serve(built, rebuild=False) as served:
        asked = query("theirs-first", "https://w3id.org/twingraph/sparql", f"{served.url}/sparql")
        rows = {tuple(row) for row in theirs.query(asked)}  # type: ignore[arg-type]  # rdflib's rows

    found = {(row[0], row[1], str(row[3])) for row in rows}
    assert (WD.Q64, WD.Q90, "1987-07-02") in found
    assert {row[0] for row in rows} == {WD.Q64, WD.Q586}
