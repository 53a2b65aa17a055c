"""Queries that never end, and clients that never read: each is stopped, and nobody else notices.

The bombs are those of `benchmarks/bombs.py`, which measures them at full length; here the limit is
one second.
"""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import pytest
from servers import wait_for

if TYPE_CHECKING:
    from conftest import Serve, Served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]

ROOT: Final = Path(__file__).parent.parent
SECONDS: Final = 1
LATE: Final = 0.6  # of a machine that CI shares; the benchmark has the true figures
MEGABYTES: Final = 256


def load() -> ModuleType:
    path = ROOT / "benchmarks" / "bombs.py"
    spec = importlib.util.spec_from_file_location("bombs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bombs"] = module
    spec.loader.exec_module(module)
    return module


bombs = load()


class Range:
    """A server with narrow limits, and what was measured before anything was thrown at it."""

    def __init__(self, served: Served, things: list[str]) -> None:
        netloc = urlsplit(served.url)
        self.address = netloc.hostname or "", netloc.port or 0
        self.pid = served.process.pid
        self.things = things

    def lookups(self) -> Any:
        return bombs.Lookups(self.address, self.things)


@pytest.fixture(scope="module")
def range_(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Range]:
    limits = {"seconds": SECONDS, "memory_bytes": MEGABYTES * 1024 * 1024}
    project = bombs.project(tmp_path_factory.mktemp("bombs"), **limits)
    with serve(project / "build", project) as served:
        yield Range(served, bombs.things_of(project / "build" / "twingraph.nt"))


@pytest.fixture(scope="module")
def quiet(range_: Range) -> Any:
    """Look-ups with nothing beside them."""
    return answered(range_.lookups(), 500)


def answered(lookups: Any, number: int) -> Any:
    """Return look-ups that have ended after so many answers."""
    try:
        wait_for(lambda: len(lookups.taken) >= number)
    finally:
        lookups.end()
    return lookups


def noticed(told: Any, quiet: Any) -> list[str]:
    """What the clients that only look something up had to bear: nothing, it should be."""
    worst, usual = told.within(0.99), quiet.within(0.99)
    slow = [f"p99 {worst:.0f} ms beside {usual:.0f} ms"] if worst > max(5 * usual, 250) else []
    return [*told.failed, *slow]


@pytest.mark.parametrize("at_once", [1, 4])
def test_every_bomb_is_stopped_and_nobody_notices(range_: Range, quiet: Any, at_once: int) -> None:
    before = bombs.resident(range_.pid)
    lookups = range_.lookups()
    thrown = bombs.throw_all(range_.address, at_once)
    told = lookups.end()

    assert len(thrown) >= 12
    assert {name: one for name, one in thrown.items() if not one.stopped} == {}
    assert {name: one for name, one in thrown.items() if one.seconds > SECONDS + LATE} == {}
    assert len(told.taken) > 200
    assert noticed(told, quiet) == []
    assert bombs.resident(range_.pid) < before + MEGABYTES


def test_clients_that_never_read_or_write_or_stay_hold_nobody_up(range_: Range, quiet: Any) -> None:
    with contextlib.closing(bombs.Nuisances(range_.address)):  # all of them have begun
        first = answered(range_.lookups(), 300)  # then what takes long is in a lane of its own
        told = answered(range_.lookups(), 500)
        reply = bombs.throw(range_.address, "ASK { ?s ?p ?o }")

    assert reply.status == 200
    assert first.failed == []
    assert noticed(told, quiet) == []


def test_connections_that_say_nothing_hold_nobody_up(range_: Range) -> None:
    with contextlib.ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(range_.address, timeout=5))
            for _ in range(600)
        ]
        for query in silent[::2]:
            query.sendall(b"GET /sparql HTTP/1.1\r\nHost: localhost\r\nX-Never: ")
        reply = bombs.throw(range_.address, "ASK { ?s ?p ?o }", timeout=5)

    assert reply.status == 200


def rests(pid: int) -> bool:
    """Does a process with its children take less than a tenth of a core, for two half seconds?"""
    for _ in range(2):
        before = bombs.busy(pid)
        time.sleep(0.5)
        if bombs.busy(pid) - before >= 0.05:
            return False
    return True


def test_nothing_burns_behind_clients_that_have_gone(range_: Range) -> None:
    for text in [item for item in bombs.BOMBS.values() if len(item) < 1000]:
        bombs.go_away(range_.address, text)
    wait_for(lambda: rests(range_.pid))  # what burns on takes a core, and never rests

    assert bombs.throw(range_.address, "ASK { ?s ?p ?o }").status == 200


def test_an_answer_just_within_the_limits_is_whole(range_: Range) -> None:
    """What is stopped is refused; what is not is all there."""
    url = f"http://{range_.address[0]}:{range_.address[1]}/sparql?format=csv&query="
    query = "SELECT ?a { ?a ?b ?c . ?d ?e ?f } LIMIT "
    with urllib.request.urlopen(url + quote(query + "100000"), timeout=30) as answer:
        whole = answer.read()
    more = bombs.throw(range_.address, query + "100001")

    assert whole.count(b"\n") == 100_001
    assert more.status == 507
    assert "100000 rows" in more.text
