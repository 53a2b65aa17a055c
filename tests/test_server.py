"""The server under another name, and as a process of its own."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from servers import free_port
from SPARQLWrapper import JSON, POST, SPARQLWrapper
from starlette.testclient import TestClient

from twingraph.build import build
from twingraph.problems import TwingraphError
from twingraph.serve.app import create_app
from twingraph.serve.server import run
from twingraph.settings import Settings

if TYPE_CHECKING:
    from conftest import Reader

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_a_build_under_another_name_answers_under_that_name(
    project_under: Callable[[str], Settings], tmp_path: Path, read: type[Reader]
) -> None:
    base = "http://127.0.0.1:8000/twins/"
    done = build(project_under(base), tmp_path / "build")
    assert done.folder is not None, done.problems[:1]
    client = TestClient(create_app(tmp_path / "build"), follow_redirects=False)

    assert client.get("/id/place/bonn").headers["location"] == "/en/place/bonn.html"
    told = read(client.get("/en/partnership/bonn-minsk.html").text)
    assert "Two passages of one source differ: 2003 (agreement)" in told.text
    assert "../place/minsk.html" in told.links
    assert f"{base}id/partnership/bonn-minsk" in told.text
    assert f"@prefix place: <{base}id/place/>" in client.get("/doc/place/bonn.ttl").text


def start(built: Path, port: int) -> subprocess.Popen[bytes]:
    code = (
        "import sys; from pathlib import Path; from twingraph.settings import Settings; "
        "from twingraph.serve.server import run; "
        "run(Settings(Path('.'), title={'en': 'here'}), Path(sys.argv[1]), '127.0.0.1', "
        "int(sys.argv[2]), log=sys.stdout)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(built), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_server_answers_and_ends_cleanly(built: Path, ending: signal.Signals) -> None:
    port = free_port()
    process = start(built, port)
    try:
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        body = urllib.request.urlopen(f"http://127.0.0.1:{port}/en/place/bonn.html").read()
        query = quote("ASK { ?s ?p ?o }")
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/sparql?query={query}").read()
    finally:
        process.send_signal(ending)
        out, err = process.communicate(timeout=20)

    assert told == f"Serving here at http://127.0.0.1:{port}/ (Ctrl-C ends)\n"
    assert b"<h1>Bonn</h1>" in body
    assert json.loads(answer)["boolean"] is True
    assert (process.returncode, err) == (0, b"")
    lines = [line.split() for line in out.decode().splitlines()]
    assert ["path=/en/place/bonn.html", "status=200"] in [line[2:4] for line in lines]
    (asked,) = [line for line in lines if line[2] == "path=/sparql"]
    assert asked[1:4] == ["method=GET", "path=/sparql", "status=200"]
    assert asked[5] == "rows=1" and asked[6].startswith("query=")


@pytest.mark.slow
def test_sparqlwrapper_asks_the_server(built: Path) -> None:
    """The client that most Python users have, unchanged."""
    port = free_port()
    process = start(built, port)
    try:
        assert process.stderr is not None
        process.stderr.readline()
        client = SPARQLWrapper(f"http://127.0.0.1:{port}/sparql", returnFormat=JSON)
        client.setQuery("SELECT ?label { place:minsk rdfs:label ?label } ORDER BY LANG(?label)")
        rows = client.queryAndConvert()
        client.setMethod(POST)
        client.setQuery("ASK { place:bonn tg:partnerOf place:minsk }")
        answer = client.queryAndConvert()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert isinstance(rows, dict)
    assert isinstance(answer, dict)
    found = [row["label"]["value"] for row in rows["results"]["bindings"]]
    assert found == ["Minsk", "Minsk"]
    assert answer["boolean"] is True


@pytest.mark.slow
def test_a_taken_port_is_reported_in_words(built: Path, settings: Settings) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(TwingraphError, match=f"port {port} is taken; choose another"):
            run(settings, built, "127.0.0.1", port)
    with pytest.raises(TwingraphError, match="no address of this machine"):
        run(settings, built, "203.0.113.7", port)


@pytest.mark.slow
def test_a_slow_query_does_not_stop_the_pages(built: Path) -> None:
    port = free_port()
    process = start(built, port)
    try:
        assert process.stderr is not None
        process.stderr.readline()
        slow = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . FILTER (?c < ?f) }")

        def wait() -> None:
            with pytest.raises(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/sparql?query={slow}", timeout=3)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        urllib.request.urlopen(f"http://127.0.0.1:{port}/en/place/bonn.html", timeout=10).read()
        took = time.monotonic() - began
        thread.join()
    finally:
        process.kill()
        process.communicate()

    assert took < 2


def test_the_published_graph_is_what_a_query_reads(client: TestClient, built: Path) -> None:
    asked = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "format": "csv"}
    answer = client.get("/sparql", params=asked)

    assert int(answer.text.split()[1]) == (built / "twingraph.nt").read_bytes().count(b"\n")


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_graph_that_can_not_be_loaded_ends_the_start_and_is_told(
    built: Path, tmp_path: Path, processes: int
) -> None:
    broken = tmp_path / "build"
    shutil.copytree(built.resolve(), broken)
    (broken / "twingraph.nq").write_text("<half> a <gra", encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from twingraph.settings import Settings; "
        "from twingraph.serve.server import run; "
        "run(Settings(Path('.')), Path(sys.argv[1]), '127.0.0.1', int(sys.argv[2]), "
        "processes=int(sys.argv[3]))"
    )
    command = [sys.executable, "-c", code, str(broken), str(free_port()), str(processes)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert "twingraph.nq" in done.stderr
    assert "ended while they loaded the graph" in done.stderr
    for word in ("Traceback", "Serving", "started anew"):
        assert word not in done.stderr


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_a_damaged_preparation_is_told_once_and_queries_are_answered(
    built: Path, tmp_path: Path
) -> None:
    """Every file in prepared/ is cut: queries and pages are answered, from the graph."""
    damaged = tmp_path / "build"
    shutil.copytree(built.resolve(), damaged)
    for file in (damaged / "prepared").iterdir():
        file.write_bytes(file.read_bytes()[:-9])
    port = free_port()
    process = start(damaged, port)
    told: list[str] = []
    try:
        assert process.stderr is not None
        while not told or "can't be read" not in told[-1]:
            told.append(process.stderr.readline().decode())
            assert told[-1], told
        for path in ("/sparql?query=ASK%7B%7D", "/en/", "/en/partnership/index.html",
                     "/en/place/bonn.html"):  # fmt: skip
            until = time.monotonic() + 20  # those forked before it was found out are replaced
            while (status := status_of(f"http://127.0.0.1:{port}{path}")) != 200:
                assert time.monotonic() < until, (path, status)
                time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)

    assert process.returncode == 0
    assert "prepared for pages can't be read" in told[-1]
    assert b"can't be read" not in err
