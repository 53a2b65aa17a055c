"""Requests that workers answer: the same bytes as without workers, limits, loss, caching."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import pytest
from servers import wait_for
from starlette.routing import Match
from starlette.testclient import TestClient
from starlette.types import Message

from twingraph.endpoint.launch import config_of, pages_of
from twingraph.endpoint.messages import PAGE, pack, unpack
from twingraph.endpoint.pages import PageMaker
from twingraph.endpoint.pool import Pool
from twingraph.endpoint.process import Gone, Reply
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.query_refusal import page_refusal
from twingraph.endpoint.service import Service
from twingraph.endpoint.worker_routes import READING
from twingraph.rdf.frozen import NAME, load_store
from twingraph.rdf.vocabulary import HOME
from twingraph.serve.app import create_app
from twingraph.settings import Limits
from twingraph.site.attachments import attachment_paths
from twingraph.site.reader import BuildReader

BROWSER = {"accept": "text/html", "accept-language": "de"}
PATHS = [
    "/", "/?uri=Q586", "/void.ttl", "/void.jsonld", "/void.xyz", "/.well-known/void", "/ns",
    "/shapes", "/ns.ttl", "/ns.jsonld", "/shapes.ttl", "/shapes.nt", "/doc/place/bonn.ttl",
    "/doc/place/bonn", "/doc/place/nowhere.ttl", "/en", "/de", "/en/", "/de/place/bonn.html",
    "/de/place/bonn", "/en/place/", "/en/place/bon", "/en/statistics.html", "/en/quality.html",
    "/en/wikidata.html", "/en/place/nowhere.html", "/id/place/bonn", "/id/place/Q586", "/nothing",
    "/graph/published", "/vocab/type/twinning", "/query", "/query/", "/query/partners-of",
    "/query/partners-of.json?place=bonn", "/query/partners-of.csv?place=nowhere",
    "/query/nothing", "/doc/query/partners-of.ttl", "/openapi.json",
    "/.well-known/sparql-examples", "/.well-known/sparql-examples.ttl", "/de/query/",
    "/de/query/index.html", "/de/query/answer/?question=partners-of&place=bonn", "/en/query/",
    "/en/query/index.html", "/en/query/answer/", "/en/query/partners-of.html?place=bonn",
    "/de/query/partners-of.html", "/embed/place/bonn", "/embed/en/place/bonn.html",
    "/embed/de/place/bonn.html", "/embed/en/place/bonn.svg", "/embed/de/place/bonn.svg",
    "/embed/de/place/nowhere.svg", "/en/calendar/place/bonn.ics", "/de/calendar/place/bonn.ics",
    "/en/calendar/years/place/bonn.ics", "/de/calendar/years/place/bonn.ics",
    "/en/calendar/all.ics", "/de/calendar/all.ics", "/en/calendar/years/all.ics",
    "/de/calendar/years/all.ics", "/de/calendar/nothing.ics", "/sparql",
    "/sparql/completions.json", "/robots.txt", "/sitemap.xml", "/sitemap-1.xml",
    "/sitemap-99.xml", "/linkset.json", "/lookup?id=Q586", "/lookup", "/wikidata/Q586",
    "/geonames/2946447", "/geonames/2946447/", "/gnd/4007666-0", "/search?q=bonn",
    "/search.json?q=bon&limit=3", "/en/search?q=bonn", "/de/search?q=Q586",
    "/en/reconcile", "/de/reconcile", "/reconcile", "/reconcile/",
    '/reconcile?queries={"q0":{"query":"Bonn"}}', "/reconcile/properties?type=place",
    "/reconcile/preview?id=bonn", "/reconcile/suggest/entity?prefix=bon",
    "/reconcile/suggest/property?prefix=co", "/reconcile/suggest/type?prefix=p",
    "/reconcile/1.0-draft/suggest/entity?prefix=bon",
    "/reconcile/1.0-draft/suggest/property?prefix=co",
    "/reconcile/1.0-draft/suggest/type?prefix=p", "/reconcile/flyout/entity?id=bonn",
    "/reconcile/flyout/property?id=country", "/reconcile/flyout/type?id=place",
    "/reconcile/1.0-draft", "/reconcile/1.0-draft/", "/reconcile/1.0-draft/match",
    "/reconcile/1.0-draft/extend", "/reconcile/1.0-draft/extend/propose",
    "/reconcile/1.0-draft/preview?id=bonn", "/doc/list/place.ttl", "/doc/list/nothing.ttl",
    "/sparql?since=" + "a" * 10_000,
]  # fmt: skip
POSTED: list[tuple[str, dict[str, Any]]] = [
    ("/reconcile", {"data": {"queries": '{"q0": {"query": "Köln"}}'}}),
    ("/reconcile", {"data": {"extend": '{"ids": ["bonn"], "properties": [{"id": "country"}]}'}}),
    ("/reconcile", {"content": b"\xff"}),
    ("/sparql", {"data": {"queries": "x" * 20_000}}),  # no query, and a long text
    ("/reconcile", {"content": b"x" * 1_100_000}),
    ("/de/reconcile", {"data": {"names": "Bonn\nWindhuk, Namibia"}}),
    ("/reconcile/1.0-draft/match", {"json": {"queries": [{"conditions": []}]}}),
    ("/reconcile/1.0-draft/extend", {"json": {"ids": ["bonn"], "properties": []}}),
    ("/en/place/bonn.html", {"content": b""}),
]


@pytest.fixture(scope="module")
def here(built: Path) -> TestClient:
    """A client of the application without workers: no lifespan, nothing is started."""
    return TestClient(create_app(built), follow_redirects=False)


def told(answer: Any) -> tuple[int, dict[str, str], bytes]:
    return answer.status_code, dict(answer.headers), answer.content


def test_workers_answer_with_the_same_bytes(client: TestClient, here: TestClient) -> None:
    for path in PATHS:
        for headers in ({}, BROWSER, {"accept": "application/json"}):
            made, again = (client.get(path, headers=headers) for _ in range(2))
            wanted = here.get(path, headers=headers)
            assert told(made) == told(wanted), path
            assert told(again) == told(wanted), path
    for path, body in POSTED:
        assert told(client.post(path, **body)) == told(here.post(path, **body)), path


# answers each line of JSON in a fork that may open nothing, as workers do before all is prepared
UNPREPARED = """
import json, os, resource, sys
from pathlib import Path
from twingraph.endpoint.launch import config_of, pages_of
from twingraph.endpoint.messages import pack, unpack
from twingraph.endpoint.pages import PageMaker
from twingraph.rdf.frozen import NAME, load_store
from twingraph.settings import Limits
graph = Path(sys.argv[1]) / NAME
config = config_of(graph, sys.argv[2], Limits(), pages_of(None, "", Limits()))
maker = PageMaker(load_store(graph), config)
for line in sys.stdin:
    head = json.loads(line)
    if not os.fork():
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        found = unpack(maker.answer(pack(head, head.pop("body").encode())).body)[0]
        print(found["status"], head["path"], found.get("trace"), flush=True)
        os._exit(0)
    os.wait()
"""


def test_workers_need_no_file_before_all_is_prepared(built: Path) -> None:
    heads = []
    for method, target, body in (
        *(("GET", path, "") for path in PATHS),
        ("POST", "/de/reconcile", urlencode({"names": "Bonn\nWindhuk, Namibia"})),
        ("POST", "/reconcile", urlencode({"queries": '{"q0": {"query": "Köln"}}'})),
    ):
        path, _, search = target.partition("?")
        heads.append({
            "method": method, "path": path, "raw_path": path, "root_path": "", "scheme": "http",
            "server": None, "query_string": quote(search, safe="=&%"), "handed": None, "cut": False,
            "headers": [["content-type", "application/x-www-form-urlencoded"]], "body": body,
        })  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", UNPREPARED, str(built), HOME], capture_output=True, text=True,
        input="\n".join(map(json.dumps, heads)), check=True,
    )  # fmt: skip

    lines = done.stdout.splitlines()
    assert len(lines) == len(heads)
    assert [line for line in lines if line.startswith("5")] == []


def test_every_route_that_reads_the_graph_was_asked() -> None:
    asked = set()
    for method, path in (
        *(("GET", path) for path in PATHS), *(("POST", path) for path, _ in POSTED)
    ):  # fmt: skip
        scope = {"type": "http", "path": path.partition("?")[0], "method": method}
        asked |= {route.path for route in READING if route.matches(scope)[0] == Match.FULL}

    assert {route.path for route in READING} - asked == set()


def test_every_kind_of_picture_and_calendar_was_asked(
    client: TestClient, site: BuildReader
) -> None:
    kinds = {re.sub(r"[a-z0-9-]+(?=\.(html|svg|ics)$)", "bonn", path)
             if "/place/" in path else path for path in attachment_paths(site)}  # fmt: skip

    assert len(kinds) == 12
    assert kinds <= {path.removeprefix("/") for path in PATHS}
    for path in sorted(kinds):
        assert client.get(f"/{path}").status_code == 200, path


def test_the_front_holds_no_graph(client: TestClient) -> None:
    service: Service = client.app.state.service  # type: ignore[attr-defined]  # Starlette's

    assert client.get("/en/place/bonn.html").status_code == 200
    assert client.get("/en/data.html").status_code == 200
    assert service.site.store._loaded is None  # type: ignore[attr-defined]  # the front's


# --- HTTP ----------------------------------------------------------------------------------------


def test_head_and_conditions_are_seen_to_in_front(client: TestClient) -> None:
    whole = client.get("/en/place/bonn.html")
    tag = whole.headers["etag"]
    head = client.head("/en/place/bonn.html")
    same = client.get("/en/place/bonn.html", headers={"if-none-match": f'W/{tag}, "x"'})
    other = client.get("/en/place/bonn.html", headers={"if-match": '"x"'})

    assert (head.status_code, head.content) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert "content-type" not in same.headers
    assert other.status_code == 412
    assert "If-Match" in other.text


def test_languages_and_formats_are_kept_apart(client: TestClient) -> None:
    for _ in range(2):
        assert client.get("/id/place/bonn", headers=BROWSER).headers["location"].startswith("/de/")
        english = {**BROWSER, "accept-language": "en"}
        assert client.get("/id/place/bonn", headers=english).headers["location"].startswith("/en/")
        turtle = client.get("/id/place/bonn", headers={"accept": "text/turtle"})
        assert turtle.headers["location"] == "/doc/place/bonn.ttl"


def test_a_method_that_a_page_does_not_know_is_refused(client: TestClient) -> None:
    answer = client.post("/en/place/bonn.html")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        (b"", {"content-type": "application/x-www-form-urlencoded"}, 400),
        (b"", {"content-type": "application/sparql-query"}, 400),
        (b"query=ASK%7B%7D", {"content-type": "application/x-www-form-urlencoded", **BROWSER}, 200),
    ],
)
def test_a_query_posted_without_a_body_is_answered(
    client: TestClient, query: bytes, headers: dict[str, str], status: int
) -> None:
    """The body was read to its end: to read it again would be to wait for ever."""
    client.get("/sparql")  # the graph is loaded
    parts: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[Message] = []

    async def receive() -> Message:
        return parts.pop() if parts else await asyncio.Future[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    async def post() -> None:
        scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/sparql", "raw_path": b"/sparql", "root_path": "", "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "server": ("testserver", 80), "client": None,
        }  # fmt: skip
        async with asyncio.timeout(10):
            await client.app(scope, receive, send)

    assert client.portal is not None
    client.portal.call(post)

    assert sent[0]["status"] == status


def test_what_is_kept_is_counted_and_bounded(client: TestClient) -> None:
    service: Service = client.app.state.service  # type: ignore[attr-defined]  # Starlette's
    service.cache._kept.clear()  # of other tests
    service.cache.bytes = 0
    for number in range(40):
        assert client.get(f"/en/place/bonn.html?n={number}").status_code == 200

    assert len(service.cache) >= 40
    assert 40 * 10_000 < service.cache.bytes <= 24 * 1024 * 1024
    before = len(service.cache)
    assert client.get("/en/place/no-such-place-1").status_code == 404
    assert client.get("/sitemap.xml", headers={"host": "elsewhere.example"}).status_code == 200
    assert len(service.cache) == before


# --- limits, and loss ----------------------------------------------------------------------------


@pytest.fixture
def limited(built: Path) -> Iterator[Callable[..., TestClient]]:
    """Make clients of a server with other limits."""
    opened: list[TestClient] = []

    def make(**limits: int) -> TestClient:
        client = TestClient(create_app(built, limits=Limits(**limits)), follow_redirects=False)
        client.__enter__()
        opened.append(client)
        assert client.get("/en/").status_code in (200, 507)
        return client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


def workers_of(client: TestClient) -> tuple[Pool, list[int]]:
    pool = client.app.state.service.pages  # type: ignore[attr-defined]  # Starlette's
    assert isinstance(pool, Pool)
    return pool, sorted(pool._by_pid)


def test_a_page_that_takes_too_long_is_stopped_and_told_to_people(
    limited: Callable[..., TestClient],
) -> None:
    client = limited(seconds=1)
    for pid in workers_of(client)[1]:
        os.kill(pid, signal.SIGSTOP)
    answer = client.get("/en/place/berlin.html", headers=BROWSER)

    assert answer.status_code == 504
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "1 seconds" in answer.text
    wait_for(lambda: client.get("/en/place/berlin.html").status_code == 200)


def test_what_takes_too_much_memory_is_stopped_and_told_to_people(
    limited: Callable[..., TestClient],
) -> None:
    client = limited(memory_bytes=64 * 1024 * 1024)
    doubled = " ".join(f"BIND (CONCAT(?s{n}, ?s{n}) AS ?s{n + 1})" for n in range(40))
    text = f"SELECT (STRLEN(?s40) AS ?n) {{ BIND ('0123456789' AS ?s0) {doubled} }}"
    shown = client.get("/sparql", params={"query": text}, headers=BROWSER)
    head = {
        "method": "GET", "path": "/sparql", "raw_path": "/sparql", "root_path": "",
        "scheme": "http", "server": None, "query_string": urlencode({"query": text}),
        "headers": [["accept", "text/html"]], "handed": None, "cut": False,
    }  # fmt: skip
    assert client.portal is not None
    pool, _ = workers_of(client)
    reply = client.portal.call(pool.submit, PAGE + pack(head, b""))
    refused = page_refusal(reply, pool.limits)

    assert (shown.status_code, shown.headers["content-type"]) == (507, "text/html; charset=utf-8")
    assert reply.outcome is Outcome.TOO_MUCH_MEMORY
    assert (refused.status, str(64 * 1024 * 1024) in str(refused)) == (507, True)
    assert client.get("/en/place/bonn.html").status_code == 200


def test_a_page_whose_worker_is_killed_is_made_by_another(
    limited: Callable[..., TestClient],
) -> None:
    client = limited()
    pool, pids = workers_of(client)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(client.get("/en/place/berlin.html")))
    thread.start()
    wait_for(lambda: bool(pool._busy))
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    thread.join()

    assert found[0].status_code == 200


def test_a_busy_service_says_so_to_people(limited: Callable[..., TestClient]) -> None:
    client = limited(waiting=1, concurrent=1, seconds=2)
    pool, pids = workers_of(client)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    found: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda number=number: found.append(client.get(f"/en/place/bonn.html?n={number}"))
        )
        for number in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = {answer.status_code for answer in found}
    refused = next(answer for answer in found if answer.status_code == 503)

    assert statuses <= {200, 503, 504}
    assert 503 in statuses
    assert refused.headers["retry-after"]
    assert pool.state()["waiting"] == 0


def test_large_pages_wait_until_slow_readers_have_read(
    limited: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = limited()
    service = client.app.state.service  # type: ignore[attr-defined]  # Starlette's
    service.sending = 4 * service.limits.result_bytes
    assert client.get("/en/place/minsk.html").status_code == 200  # it is sent in one part
    monkeypatch.setattr("twingraph.endpoint.endpoint._PART", 100)
    full = client.get("/en/place/bonn.html", headers=BROWSER)
    shown = client.get("/sparql", params={"query": "ASK {}"}, headers=BROWSER)
    service.sending = 0

    for answer in (full, shown):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert client.get("/en/place/bonn.html").status_code == 200


def test_a_response_that_breaks_off_is_not_sent(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had begun with 200 would be taken for the whole, and kept."""
    config = config_of(built / NAME, HOME, Limits(), pages_of(None, "", Limits()))
    maker = PageMaker(load_store(built / NAME), config)

    async def begin(_: object, scope: object, body: bytes, sent: list[Message]) -> None:
        sent.append({"type": "http.response.start", "status": 200, "headers": []})
        sent.append({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(PageMaker, "_respond", begin)
    head: dict[str, Any] = {
        "method": "GET", "path": "/en/", "raw_path": "/en/", "root_path": "", "scheme": "http",
        "server": None, "query_string": "", "headers": [], "handed": None, "cut": False,
    }  # fmt: skip
    found = maker.answer(pack(head, b""))

    assert found.outcome is Outcome.FAILED
    assert b"on purpose" in found.body


def test_what_a_worker_notes_stands_in_the_log(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no standard error of its own: what it writes there comes with its answer."""
    config = config_of(built / NAME, HOME, Limits(), pages_of(None, "", Limits()))
    maker = PageMaker(load_store(built / NAME), config)

    def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("twingraph.endpoint.pages.evaluate", fail)
    head = {
        "method": "GET", "path": "/sparql", "raw_path": "/sparql", "root_path": "",
        "scheme": "http", "server": None, "query_string": "query=ASK+%7B%7D",
        "headers": [["accept", "text/csv"]], "handed": None, "cut": False,
    }  # fmt: skip
    told, _ = unpack(maker.answer(pack(head, b"")).body)

    assert told["status"] == 500
    assert "ZeroDivisionError: on purpose" in told["trace"]


def test_a_question_without_end_leaves_pages_alone(limited: Callable[..., TestClient]) -> None:
    client = limited(seconds=2)
    text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER (?c < ?f) }"
    found: list[Any] = []
    thread = threading.Thread(
        target=lambda: found.append(client.get("/sparql", params={"query": text}, headers=BROWSER))
    )
    thread.start()
    assert client.get("/en/place/bonn.html").status_code == 200
    assert thread.is_alive()
    thread.join()

    assert found[0].status_code == 504
    assert found[0].headers["content-type"] == "text/html; charset=utf-8"
    assert "CONSTRUCT" not in found[0].text
    assert json.loads(
        client.get("/sparql", params={"query": "ASK {}"}, headers={"accept": "application/json"})
        .text
    )["boolean"] is True  # fmt: skip


def asked_at_once(client: TestClient, path: str, first: Reply | None) -> tuple[list[int], int]:
    """Ask for a page eight times at once; return the statuses, and how often a worker was asked.

    Nobody is answered before all have come; the first gets the reply `first`, if there is one.
    """
    service = client.app.state.service  # type: ignore[attr-defined]  # Starlette's
    submit, asked = service.pages.submit, []

    async def wait_for_all(question: bytes, gone: Gone | None = None) -> Reply:
        asked.append(question)
        number = len(asked)
        async with asyncio.timeout(20):
            while service.users < 8 and number == 1:
                await asyncio.sleep(0.01)
        return first if number == 1 and first is not None else await submit(question, gone)

    service.pages.submit = wait_for_all
    try:
        with ThreadPoolExecutor(8) as threads:
            statuses = list(threads.map(lambda _: client.get(path).status_code, range(8)))
    finally:
        del service.pages.submit
    return statuses, len(asked)


def test_a_page_that_is_just_being_made_is_waited_for(limited: Callable[..., TestClient]) -> None:
    client = limited()

    assert asked_at_once(client, "/en/place/minsk.html", None) == ([200] * 8, 1)
    statuses, asked = asked_at_once(client, "/en/place/berlin.html", Reply(Outcome.BUSY))
    assert sorted(statuses) == [200] * 7 + [503]
    assert asked == 2  # one of the seven takes over
    statuses, asked = asked_at_once(client, "/en/place/munich.html", Reply(Outcome.TOO_LONG))
    assert (statuses, asked) == ([504] * 8, 1)  # the others would not have been quicker
    assert client.app.state.service.making == {}  # type: ignore[attr-defined]  # Starlette's
