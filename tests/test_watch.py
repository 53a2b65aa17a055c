"""The service for its operators: its log, its metrics, its health, build after build."""

from __future__ import annotations

import asyncio
import http.client
import io
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families
from servers import wait_for
from starlette.testclient import TestClient
from starlette.types import Message

from twingraph.endpoint.service import Service
from twingraph.problems import TwingraphError
from twingraph.serve import watch
from twingraph.serve.app import create_app
from twingraph.serve.log import Log, Seen
from twingraph.serve.shared_metrics import Board

if TYPE_CHECKING:
    from conftest import Serve

ASK: Final = "/sparql?query=" + quote("ASK { ?s ?p ?o }")
BROWSER: Final = {"accept": "text/html"}


@pytest.fixture
def fresh(built: Path) -> Iterator[tuple[TestClient, io.StringIO]]:
    """A server of its own, and its log."""
    lines = io.StringIO()
    with TestClient(create_app(built, log=lines), follow_redirects=False) as client:
        yield client, lines


def numbers(client: TestClient) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics").text
    return {
        (sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items()))): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# --- the log -------------------------------------------------------------------------------------


def test_every_request_is_one_line_without_address_or_query(
    fresh: tuple[TestClient, io.StringIO],
) -> None:
    client, lines = fresh
    for path in (ASK, ASK, "/en/place/bonn.html", "/no/such%0Athing?token=secret"):
        client.get(path, headers={"x-forwarded-for": "203.0.113.9"})
    wait_for(lambda: lines.getvalue().count("\n") == 4)
    told = [line.split(" ") for line in lines.getvalue().splitlines()]

    assert [line[1:4] for line in told] == [
        ["method=GET", "path=/sparql", "status=200"],
        ["method=GET", "path=/sparql", "status=200"],
        ["method=GET", "path=/en/place/bonn.html", "status=200"],
        ["method=GET", "path=/no/such%0Athing", "status=404"],
    ]
    assert [line[5:] for line in told[:2]] == [
        ["rows=1", told[0][6]],
        ["rows=1", told[0][6], "cached=yes"],
    ]
    assert re.fullmatch("query=[0-9a-f]{12}", told[0][6])
    for hidden in ("203.0.113.9", "secret", "testclient", "?s"):
        assert hidden not in lines.getvalue()


@pytest.mark.parametrize(
    ("path", "messages", "status"),
    [
        ("/en/place/bonn.html", 0, 499),  # before its head
        ("/en/place/bonn.html", 1, 499),  # its head is sent with the first part of the body
        (ASK, 0, 499),
        ("/dumps/twingraph.nt", 2, 200),  # after a part of the body
        ("/no/such", 1, 499),
        ("/en/place/bonn.html", 9, 200),
    ],
)
def test_the_status_of_a_client_that_leaves_is_the_one_that_was_sent(
    fresh: tuple[TestClient, io.StringIO], path: str, messages: int, status: int
) -> None:
    client, lines = fresh
    sent: list[Message] = []
    received: list[Message] = []

    async def receive() -> Message:
        if received:  # the client is there until something is sent
            await asyncio.Event().wait()
        received.append({"type": "http.request", "body": b"", "more_body": False})
        return received[0]

    async def send(message: Message) -> None:
        if len(sent) >= messages:
            raise ConnectionResetError
        sent.append(message)

    target = urlsplit(path)
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "server": ("testserver", 80), "client": ("127.0.0.1", 1), "scheme": "http", "method": "GET",
        "root_path": "", "path": target.path, "raw_path": target.path.encode(),
        "query_string": target.query.encode(), "headers": [(b"host", b"testserver")], "state": {},
    }  # fmt: skip
    assert client.portal is not None
    client.portal.call(client.app, scope, receive, send)
    assert len(sent) == min(messages, 2)

    counted = numbers(client)
    assert [key for key in counted if key[0] == "twingraph_requests_total"] == [
        key for key in counted if key[0] == "twingraph_requests_total" and f"status={status}" in key
    ]
    wait_for(lambda: "\n" in lines.getvalue())
    assert lines.getvalue().splitlines()[0].split(" ")[3] == f"status={status}"


def test_a_log_that_can_not_be_written_stops_nothing(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115  # closing it fails
    with TestClient(create_app(built, log=full)) as client:
        assert client.get(ASK).status_code == 200
        told = io.StringIO()
        wait_for(lambda: told.write(capsys.readouterr().err) > 0)
        assert client.get(ASK).status_code == 200

    full.close()
    told.write(capsys.readouterr().err)
    assert told.getvalue().count("log can't be written") == 1


def test_lines_are_written_together_but_soon() -> None:
    written: list[str] = []

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    async def main() -> int:
        log = Log(Stream(), clock=lambda: 0)
        for number in range(300):
            log.write(Seen("GET", f"/{number}", 200, 0.001))
        at_once = len(written)
        async with asyncio.timeout(20):
            while len(written) == at_once:
                await asyncio.sleep(0.01)
        return at_once

    assert asyncio.run(main()) == 1
    assert len(written) == 2
    assert "".join(written).count("\n") == 300


# --- numbers and health --------------------------------------------------------------------------


def test_the_numbers_follow_what_was_asked(fresh: tuple[TestClient, io.StringIO]) -> None:
    client, _ = fresh
    before = numbers(client)
    for path in (ASK, ASK, "/sparql?query=nonsense", "/en/", "/wp-admin/1", "/wp-admin/2"):
        client.get(path)
    after = numbers(client)

    def grown(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    requests = "twingraph_requests_total"
    assert grown(requests, "kind=sparql", "status=200") == 2
    assert grown(requests, "kind=sparql", "status=400") == 1
    assert grown(requests, "kind=page", "status=200") == 1
    assert grown(requests, "kind=other", "status=404") == 2
    assert grown("twingraph_cache_hits_total") == 1
    assert grown("twingraph_result_rows_total") == 2
    assert grown("twingraph_request_seconds_count", "kind=sparql") == 3
    assert after["twingraph_queries_workers",] >= 2
    assert after["twingraph_queries_running",] == 0


def test_health_is_asked_of_the_workers(fresh: tuple[TestClient, io.StringIO]) -> None:
    client, _ = fresh
    client.get(ASK)  # the graph is loaded
    well = client.get("/health")
    client.app.state.service.evaluator.close()  # type: ignore[attr-defined]  # Starlette's
    ill = client.get("/health")

    assert (well.status_code, well.text[:3], well.headers["cache-control"]) == (
        200, "ok ", "no-store",
    )  # fmt: skip
    assert (ill.status_code, ill.headers["retry-after"]) == (503, "5")


def test_health_looks_at_the_workers_for_pages_too(fresh: tuple[TestClient, io.StringIO]) -> None:
    client, _ = fresh
    client.get(ASK)  # the graph is loaded
    pages = client.app.state.service.pages  # type: ignore[attr-defined]  # Starlette's
    pages._problem, pages._retry = "no more processes", time.monotonic() + 60
    ill = client.get("/health")
    pages._problem, pages._retry = "", 0.0

    assert (ill.status_code, ill.headers["retry-after"]) == (503, "5")
    assert ill.text.startswith("pages are not answered: no more processes; build ")
    assert client.get("/health").status_code == 200


# --- answers that are kept -----------------------------------------------------------------------


def test_an_answer_has_a_validator_and_is_kept(fresh: tuple[TestClient, io.StringIO]) -> None:
    client, _ = fresh
    first, second = client.get(ASK), client.get(ASK)
    tag = first.headers["etag"]
    spared = client.get(ASK, headers={"if-none-match": tag})
    other = client.get(ASK + "&format=xml")
    posted = client.post("/sparql", data={"query": "ASK { ?s ?p ?o }"})

    assert first.content == second.content
    assert (spared.status_code, spared.content, spared.headers["etag"]) == (304, b"", tag)
    assert other.headers["etag"] != tag
    assert posted.headers["etag"] == tag  # the same result
    assert client.head(ASK).headers == first.headers
    assert {"query-limits", "link", "vary"} <= set(first.headers)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (NOW() AS ?x) {}",
        "SELECT (rand() AS ?x) {}",
        "SELECT (STRUUID() AS ?x) {}",
        "CONSTRUCT { ?s ?p [] } WHERE { ?s ?p ?o } LIMIT 2",
        "SELECT (BNODE() AS ?x) {}",
    ],
)
def test_what_changes_by_itself_is_not_kept(
    fresh: tuple[TestClient, io.StringIO], query: str
) -> None:
    client, lines = fresh
    found = [client.get("/sparql", params={"query": query}) for _ in range(2)]
    wait_for(lambda: lines.getvalue().count("\n") == 2)

    assert [item.status_code for item in found] == [200, 200]
    assert found[0].content != found[1].content
    assert "etag" not in found[0].headers
    assert found[0].headers["cache-control"] == "no-store"
    assert "cached" not in lines.getvalue()


# --- a build after a build -----------------------------------------------------------------------


def project_at(folder: Path, label: str) -> Path:
    """The small project, with a name for Atlas City's partner that tells which build it is."""
    shutil.copytree(Path(__file__).parent / "atlas", folder, dirs_exist_ok=True)
    path = folder / "twingraph.toml"
    text = re.sub(r"(?m)^title.*\n", "", path.read_text(encoding="utf-8"))
    path.write_text(f'title.en = "{label}"\n{text}', encoding="utf-8")
    return folder


def rebuild(folder: Path, label: str) -> None:
    from twingraph.build import build
    from twingraph.settings import load_settings

    done = build(load_settings(project_at(folder, label)), folder / "build")
    assert done.folder is not None, [str(problem) for problem in done.problems]


@pytest.mark.slow
def test_a_new_build_is_taken_up_while_eight_clients_ask(serve: Serve, tmp_path: Path) -> None:
    rebuild(tmp_path, "first")
    seen: list[tuple[int, str]] = []
    stop = threading.Event()

    with serve(tmp_path / "build", tmp_path) as served:
        address = urlsplit(served.url)

        def ask(number: int) -> None:
            connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
            count = 0
            while not stop.is_set():
                count += 1
                query = quote(f"ASK {{ ?s ?p ?o }} #{number}-{count}")
                connection.request("GET", f"/sparql?query={query}")
                answer = connection.getresponse()
                body = answer.read()
                seen.append((answer.status, answer.headers["etag"] if body else ""))
                stop.wait(0.01)  # else they take the time of the builds
            connection.close()

        clients = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for client in clients:
            client.start()
        titles = []
        for label in ("second", "third"):
            rebuild(tmp_path, label)
            until = time.monotonic() + 60
            while time.monotonic() < until:
                connection = http.client.HTTPConnection(
                    str(address.hostname), address.port, timeout=10
                )
                connection.request("GET", "/en/", headers=BROWSER)
                page = connection.getresponse().read().decode()
                connection.close()
                if label in page:
                    titles.append(label)
                    break
                time.sleep(0.1)
        stop.set()
        for client in clients:
            client.join()

    assert titles == ["second", "third"]
    assert len(seen) > 200
    assert {status for status, _ in seen} == {200}


def test_a_build_that_can_not_be_read_is_told_and_the_one_before_serves_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []
    opened = watch._opened

    async def counted(load: Callable[[], Service]) -> Service:
        tries.append(load)
        return await opened(load)

    monkeypatch.setattr(watch, "_opened", counted)
    monkeypatch.setattr(watch, "_LOOK", 0.05)
    rebuild(tmp_path, "first")
    link = tmp_path / "build"
    with TestClient(create_app(link)) as client:
        broken = tmp_path / ".build-0123456789abcdef"
        shutil.copytree(link.resolve(), broken)
        (broken / "twingraph.nq").write_text("<half> a <gra", encoding="utf-8")
        (tmp_path / "next").symlink_to(broken.name)
        (tmp_path / "next").replace(link)
        wait_for(lambda: len(tries) > 2)  # a second try must not tell it again
        answer = client.get(ASK)
    told = capsys.readouterr().err

    assert answer.json()["boolean"] is True
    assert told.count("the build before it is served on") == 1
    assert "Traceback" not in told


def test_the_pages_of_the_old_build_are_not_kept_for_the_new_one(tmp_path: Path) -> None:
    rebuild(tmp_path, "first")
    with TestClient(create_app(tmp_path / "build"), follow_redirects=False) as client:
        first = client.get(ASK).headers["etag"]
        client.get("/search.json?q=a")
        old = client.app.state.service.evaluator.processes  # type: ignore[attr-defined]  # Starlette's
        before = (tmp_path / "build").readlink()
        rebuild(tmp_path, "second")
        assert (tmp_path / "build").readlink() != before
        until = time.monotonic() + 30
        while client.get(ASK).headers["etag"] == first and time.monotonic() < until:
            time.sleep(0.1)

        assert client.get(ASK).headers["etag"] != first
        assert "second" in client.get("/en/", headers=BROWSER).text
        while any(map(is_alive, old)) and time.monotonic() < until:
            time.sleep(0.1)

        assert [pid for pid in old if is_alive(pid)] == []  # nor its graph


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- what hinders a new build --------------------------------------------------------------------


class Opened:
    """A service that can be opened once all `failures` have been."""

    def __init__(self, build: Path, failures: list[str]) -> None:
        self.site, self.mark, self.failures = object(), watch.mark_of(build), failures

    async def start(self) -> None:
        if self.failures:
            raise TwingraphError(self.failures.pop())

    async def leave(self) -> None:
        pass

    def close(self) -> None:
        pass


def replaced(build: Path) -> None:
    (build / "draft").write_text("")
    (build / "draft").replace(build / "SHA256SUMS")


async def taken_up(
    build: Path, failures: list[str], board: Board | None, when: Callable[[Opened], None]
) -> bool:
    """Is a new build taken up within two seconds? `when` hears of each that is opened."""
    replaced(build)
    old = Opened(build, [])
    replaced(build)
    numbers = SimpleNamespace(board=board, slot=0, families=dict)
    app = SimpleNamespace(state=SimpleNamespace(service=old, site=None, numbers=numbers))

    def load() -> Opened:
        found = Opened(build, failures)
        when(found)
        return found

    following = asyncio.create_task(watch.follow(app, build, load))  # type: ignore[arg-type]  # as much as it needs
    until = time.monotonic() + 2
    while app.state.service is old and time.monotonic() < until:
        await asyncio.sleep(0.01)
    following.cancel()
    return app.state.service is not old


def test_a_new_build_that_could_not_be_opened_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its fork server may have been killed while it loaded."""
    monkeypatch.setattr(watch, "_LOOK", 0.01)

    assert asyncio.run(taken_up(tmp_path, ["lost"] * 3, None, lambda opened: None))
    assert capsys.readouterr().err.count("lost; the build before it is served on") == 1
    assert not asyncio.run(taken_up(tmp_path, ["lost"] * 9, None, lambda opened: None))


def test_nobody_waits_for_others_with_a_build_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process has missed this build, and goes on to the one after it."""
    monkeypatch.setattr(watch, "_LOOK", 0.01)
    board = Board(2)
    board.write(1, {"ready": "another"})
    opened: list[Opened] = []

    def when(found: Opened) -> None:
        opened.append(found)
        if len(opened) == 1:
            replaced(tmp_path)

    assert asyncio.run(taken_up(tmp_path, [], board, when))
