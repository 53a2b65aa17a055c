"""Queries in processes of their own: the limits, and the state after a query that broke them."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import ctypes
import errno
import gc
import io
import json
import os
import resource
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, Final, NoReturn, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from twingraph.endpoint.blocking import BlockingEvaluator
from twingraph.endpoint.evaluate import COUNTERS, FRESH, Config, evaluate
from twingraph.endpoint.fork import REPLY, keep_freed
from twingraph.endpoint.forkserver import ForkServer
from twingraph.endpoint.front_queue import Pace
from twingraph.endpoint.helper import Helper
from twingraph.endpoint.launch import Launched
from twingraph.endpoint.pages import Preparation
from twingraph.endpoint.pool import Pool
from twingraph.endpoint.process import LONG_TEXT, Job, Reply, Worker
from twingraph.endpoint.protocol import RefusedError
from twingraph.endpoint.query_message import Question
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.worker import _ForkServer
from twingraph.rdf.vocabulary import HOME
from twingraph.settings import Limits

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/limits").exists(), reason="looks at processes through /proc"
)

CROSS: Final = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SORTED: Final = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i"
TIGHT: Final = Limits(seconds=1, memory_bytes=192 * 1024 * 1024, rows=1000, concurrent=2)
COPYING: Final = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }"
SMALL: Final = replace(TIGHT, seconds=4, memory_bytes=64 * 1024 * 1024)

Result = TypeVar("Result")


def with_pool(
    graph: Path, use: Callable[[Pool], Awaitable[Result]], limits: Limits = TIGHT
) -> Result:
    async def main() -> Result:
        pool = Pool(graph, HOME, limits)
        try:
            await pool.start()
            return await use(pool)
        finally:
            pool.close()

    return asyncio.run(main())


@pytest.fixture(scope="module")
def graph(built: Path) -> Path:
    return built.resolve() / "twingraph.nq"


async def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something holds; `TimeoutError` after so many seconds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return False


# --- what a query may take -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("ASK { ?s ?p ?o }", Outcome.BOOLEAN),
        ("SELECT * { ?s ?p ?o } LIMIT 1000", Outcome.ROWS),
        ("SELECT * { ?s ?p ?o } LIMIT 1001", Outcome.TOO_MANY_ROWS),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 1000", Outcome.TRIPLES),
        ("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 1001", Outcome.TOO_MANY_ROWS),
        (CROSS, Outcome.TOO_LONG),
        (SORTED, Outcome.TOO_MUCH_MEMORY),
        ("ASK { " + "{" * 30000 + "}" * 30000 + "}", Outcome.TOO_DEEP),
        ("ASK { FILTER(" + "(" * 30000 + "1" + ")" * 30000 + ") }", Outcome.TOO_DEEP),
        ("SELECT", Outcome.NO_SPARQL),
        ("ASK { FILTER(<http://e/f>(1)) }", Outcome.FAILED),
        ("ASK { \ud800 }", Outcome.FAILED),
    ],
)
def test_what_comes_of_a_query(graph: Path, query: str, kind: Outcome) -> None:
    # what takes memory takes time to take it, on a machine that does other things more
    limits = SMALL if kind is Outcome.TOO_MUCH_MEMORY else TIGHT
    began = time.monotonic()
    reply = with_pool(graph, lambda pool: pool.ask(query, "json", "nt"), limits)

    assert reply.outcome == kind
    if kind is Outcome.TOO_LONG:
        assert time.monotonic() - began < 20


def test_a_worker_that_has_grown_is_replaced_once_it_rests(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read the graph is to copy it, and what was copied goes with the worker."""
    monkeypatch.setattr("twingraph.endpoint.workers._REST", 0.05)

    async def use(pool: Pool) -> tuple[list[int], list[int]]:
        await pool.ask("ASK {}", "json", "")
        before = set(pool.processes)
        await pool.ask(COPYING, "json", "")
        until = time.monotonic() + 10
        while set(pool.processes) <= before and time.monotonic() < until:
            await asyncio.sleep(0.02)
        await pool.ask("ASK {}", "json", "")
        return sorted(before), pool.processes

    before, after = with_pool(graph, use, SMALL)

    assert before[0] == after[0], "the fork server stays"
    assert set(after) - set(before)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_a_worker_uses_again_what_a_large_answer_took() -> None:
    """Else the system clears new pages for each, and they count as growth."""

    def pages_taken() -> list[int]:
        keep_freed(ctypes.CDLL(None))
        taken = []
        for _ in range(6):
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            parts = [b"a" * 4_000_000 for _ in range(6)]
            del parts
            taken.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
        return taken

    helper = Helper(pages_taken, None)
    while not helper.hear():
        pass
    taken = helper.made()

    assert taken[0] > 1000
    assert min(taken[1:]) < 100  # it may give back a first time


def test_a_result_may_have_so_many_bytes(graph: Path) -> None:
    query = 'SELECT ?x { VALUES ?y { 1 2 3 } BIND (CONCAT("' + "x" * 400 + '", STR(?y)) AS ?x) }'

    found = with_pool(graph, lambda pool: pool.ask(query, "csv", ""), Limits(result_bytes=1000))

    assert found.outcome == Outcome.TOO_MANY_BYTES


def test_a_format_that_does_not_fit_is_told_before_it_costs_anything(graph: Path) -> None:
    async def use(pool: Pool) -> list[Reply]:
        return [
            await pool.ask("SELECT * { ?s ?p ?o }", "", "ttl"),
            await pool.ask("CONSTRUCT WHERE { ?s ?p ?o }", "csv", ""),
        ]

    assert [(one.outcome, one.body) for one in with_pool(graph, use)] == [
        (Outcome.WRONG_FORM, b"rows"), (Outcome.WRONG_FORM, b"graph"),
    ]  # fmt: skip


def files_open(pid: int) -> int:
    """The number of files that a process has open."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


def test_a_worker_holds_one_socket_and_can_open_nothing(graph: Path) -> None:
    async def use(pool: Pool) -> list[tuple[list[str], str]]:
        await pool.ask("ASK {}", "json", "nt")
        with contextlib.suppress(TimeoutError):  # the others are just being forked
            async with asyncio.timeout(10):
                while len(pool.processes) < 3 or set(map(files_open, pool.processes[1:])) != {4}:
                    await asyncio.sleep(0.02)
        found = []
        for pid in pool.processes[1:]:
            folder = Path(f"/proc/{pid}")
            opened = [str(one.readlink()) for one in sorted((folder / "fd").iterdir())]
            found.append((opened, (folder / "limits").read_text(encoding="ascii")))
        return found

    found = with_pool(graph, use)

    assert len(found) >= 2
    for opened, limits in found:
        assert opened[:3] == ["/dev/null"] * 3
        assert len(opened) == 4 and opened[3].startswith("socket:")
        assert [line.split()[3:5] for line in limits.splitlines() if "open files" in line] == [
            ["0", "0"]
        ]


def test_a_worker_does_not_know_what_the_server_was_told(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINGRAPH_SECRET", "do not tell")

    async def use(pool: Pool) -> list[bytes]:
        await pool.ask("ASK {}", "json", "nt")
        return [Path(f"/proc/{pid}/environ").read_bytes() for pid in pool.processes]

    assert all(b"SECRET" not in one for one in with_pool(graph, use))


# --- many at once --------------------------------------------------------------------------------


def test_look_ups_do_not_wait_behind_what_takes_long(graph: Path) -> None:
    async def use(pool: Pool) -> tuple[list[Outcome], list[bool]]:
        long = [asyncio.create_task(pool.ask(CROSS, "json", "nt")) for _ in range(4)]
        await until(lambda: pool.state()["long"] > 0)
        kinds = [
            (await pool.ask(f"ASK {{ ?s ?p {number} }}", "json", "nt")).outcome
            for number in range(100)
        ]
        ended = [task.done() for task in long]
        for task in long:
            task.cancel()
        await asyncio.gather(*long, return_exceptions=True)
        return kinds, ended

    kinds, ended = with_pool(graph, use, replace(TIGHT, seconds=60))

    assert kinds == [Outcome.BOOLEAN] * 100
    assert ended == [False] * 4  # a look-up that waits for one of them would see its end


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="there is but one core, or no way to ask",
)
def test_long_queries_leave_a_core_to_look_ups(graph: Path) -> None:
    """A look-up would wait for the time slice of what computes on the last core, too."""
    cores = os.sched_getaffinity(0)

    async def use(pool: Pool) -> tuple[set[int], set[int]]:
        heavy = asyncio.create_task(pool.ask(CROSS, "json", "nt"))
        async with asyncio.timeout(30):
            while not pool.state()["long"]:
                await asyncio.sleep(0.01)
            (worker,) = (worker for worker in pool._busy if worker.lane)
            while (slow := os.sched_getaffinity(worker.pid)) == cores:
                await asyncio.sleep(0.01)
            while not pool._idle:
                await asyncio.sleep(0.01)
        quick = os.sched_getaffinity(pool._idle[0].pid)
        heavy.cancel()
        return slow, quick

    slow, quick = with_pool(graph, use, replace(TIGHT, seconds=20))

    assert slow == cores - {min(cores)}
    assert quick == cores


@pytest.mark.parametrize(
    ("clock", "spent", "lane"), [(5.0, 0.1, 1), (5.0, 1.1, 2), (1.1, 1.1, 2), (10.1, 0.1, 2)]
)
def test_a_query_is_long_by_its_processor_time(
    graph: Path, monkeypatch: pytest.MonkeyPatch, clock: float, spent: float, lane: int
) -> None:
    """Ten seconds of the clock count as well: one that waits for ever is not looked at for ever."""
    monkeypatch.setattr(Worker, "spent", lambda worker: spent)

    async def main() -> int:
        pool = Pool(graph, HOME, replace(TIGHT, seconds=20))
        pool._loop = asyncio.get_running_loop()
        worker = Worker(pool)
        worker.job, worker.lane = Job(b"query", None, lambda reply: None), 1
        worker.started = pool._loop.time() - clock
        pool._busy.add(worker)
        pool._look()
        return worker.lane

    assert asyncio.run(main()) == lane


def test_what_comes_on_top_of_all_that_runs_and_waits_is_sent_away(graph: Path) -> None:
    async def use(pool: Pool) -> list[Outcome]:
        many = [asyncio.create_task(pool.ask(CROSS, "json", "nt")) for _ in range(30)]
        done, _ = await asyncio.wait(many, timeout=0.5)
        for task in many:
            task.cancel()
        return [one.result().outcome for one in done]

    kinds = with_pool(graph, use, replace(TIGHT, waiting=2))

    assert set(kinds) == {Outcome.BUSY}
    assert 10 < len(kinds) < 30


def test_those_that_wait_have_so_many_bytes_together(graph: Path) -> None:
    async def main() -> list[Outcome]:
        pool = Pool(graph, HOME, TIGHT, for_pages=True)
        pool._loop = asyncio.get_running_loop()
        replies: list[Reply] = []
        for size in (20_000_000, 1_000_000, 100):
            pool._place(Job(b"a" * size, None, replies.append), taken=False)
        assert pool._waiting == 2  # a large one alone, and small ones
        return [reply.outcome for reply in replies]

    assert asyncio.run(main()) == [Outcome.BUSY]


def test_nobody_is_sent_away_while_there_is_room_to_wait(graph: Path) -> None:
    """Four that take a minute, ten that take a moment: those ten are answered before."""

    async def use(pool: Pool) -> list[Outcome]:
        long = [asyncio.create_task(pool.ask(CROSS, "json", "nt")) for _ in range(4)]
        await until(lambda: pool.state()["long"] > 0)
        moments = [
            pool.ask("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000", "csv", "nt") for _ in range(10)
        ]
        kinds = [one.outcome for one in await asyncio.gather(*moments)]
        for task in long:
            task.cancel()
        ends = await asyncio.gather(*long, return_exceptions=True)
        assert {type(end) for end in ends} == {asyncio.CancelledError}, ends
        return kinds

    assert with_pool(graph, use, Limits(seconds=60)) == [Outcome.ROWS] * 10


def test_a_query_that_begins_again_is_answered_as_if_it_had_not(graph: Path) -> None:
    async def use(pool: Pool) -> set[tuple[Outcome, int]]:
        query = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 60000"
        asked = [pool.ask(query, "csv", "nt") for _ in range(12)]
        return {(one.outcome, one.rows) for one in await asyncio.gather(*asked)}

    assert with_pool(graph, use, Limits(concurrent=1)) == {(Outcome.ROWS, 60000)}


def test_a_client_that_goes_takes_its_query_along(graph: Path) -> None:
    async def use(pool: Pool) -> tuple[Outcome, dict[str, int]]:
        async def gone() -> None:
            await until(lambda: pool.state()["running"] > 0)

        reply = await pool.ask(CROSS, "json", "nt", gone=gone)
        with contextlib.suppress(TimeoutError):
            await until(lambda: not pool.state()["running"])
        return reply.outcome, pool.state()

    kind, state = with_pool(graph, use, Limits(seconds=20))

    assert kind == Outcome.CLIENT_LEFT
    assert (state["running"], state["long"]) == (0, 0)


# --- processes that are lost ---------------------------------------------------------------------


def test_a_query_whose_worker_was_killed_is_asked_again(graph: Path) -> None:
    async def use(pool: Pool) -> tuple[Outcome, Outcome]:
        async def kill() -> None:
            await until(lambda: pool.state()["running"] > 0)
            for pid in pool.processes[1:]:
                os.kill(pid, signal.SIGKILL)

        killing = asyncio.create_task(kill())
        heavy = 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(CONTAINS(STR(?c), "zq")) }'
        first = await pool.ask(heavy, "json", "nt")
        await killing
        return first.outcome, (await pool.ask("ASK {}", "json", "nt")).outcome

    kinds = with_pool(graph, use, Limits(seconds=20))

    assert kinds[0] in (Outcome.ROWS, Outcome.TOO_LONG)  # its own end, in the second try
    assert kinds[1] == Outcome.BOOLEAN


def test_a_keeper_that_was_killed_is_replaced(graph: Path) -> None:
    async def use(pool: Pool) -> tuple[set[Outcome], int, int]:
        before = pool.processes[0]
        os.kill(before, signal.SIGKILL)
        asked = [pool.ask(f"ASK {{ ?s ?p {one} }}", "json", "nt") for one in range(20)]
        kinds = {one.outcome for one in await asyncio.gather(*asked)}
        return kinds, before, pool.processes[0]

    kinds, before, after = with_pool(graph, use)

    assert kinds == {Outcome.BOOLEAN}
    assert before != after


def test_a_fork_server_that_hangs_is_replaced_and_no_query_is_lost(
    graph: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What runs ends where it began; what needs a new worker waits for the next fork server."""
    for name, seconds in (("_LOOK", 0.05), ("_LOOKS", 10), ("_PREPARING", 100)):
        monkeypatch.setattr(f"twingraph.endpoint.forkserver.{name}", seconds)
    monkeypatch.setattr("twingraph.endpoint.launch._LEAVING", 0.1)

    async def use(pool: Pool) -> tuple[list[Outcome], int, int]:
        assert pool._server is not None
        before = pool._server.pid
        os.kill(before, signal.SIGSTOP)
        asked = [asyncio.create_task(pool.ask(f"{CROSS} #{n}", "json", "nt")) for n in range(2)]
        async with asyncio.timeout(15):
            while len(pool._busy) < 2:
                await asyncio.sleep(0.01)
        asked += [asyncio.create_task(pool.ask(f"ASK {{}} #{n}", "json", "nt")) for n in range(20)]
        os.kill(next(iter(pool._busy)).pid, signal.SIGKILL)  # nobody tells its end
        kinds = [reply.outcome for reply in await asyncio.gather(*asked)]
        assert pool._server is not None
        async with asyncio.timeout(15):
            while alive(before):
                await asyncio.sleep(0.05)
        kinds.append((await pool.ask("ASK {} # after", "json", "nt")).outcome)
        return kinds, before, pool._server.pid

    kinds, before, after = with_pool(graph, use, Limits(seconds=3))

    assert before != after
    assert kinds == [Outcome.TOO_LONG] * 2 + [Outcome.BOOLEAN] * 21
    assert capfd.readouterr().err.count("another takes its place") == 1
    assert not alive(after)


def test_nothing_is_left_when_it_ends(graph: Path) -> None:
    async def use(pool: Pool) -> list[int]:
        heavy = asyncio.create_task(pool.ask(CROSS, "json", "nt"))
        while len(pool.processes) < 4:  # it has left the fast lane, and another took its place
            await asyncio.sleep(0.02)
        heavy.cancel()
        return pool.processes

    processes = with_pool(graph, use)

    assert len(processes) >= 4
    assert [one for one in processes if alive(one)] == []


def test_a_graph_that_is_none_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.nq"
    broken.write_text("this is no graph", encoding="utf-8")

    async def main() -> Reply:
        pool = Pool(broken, HOME, TIGHT)
        try:
            return await pool.ask("ASK {}", "json", "nt")
        finally:
            pool.close()

    reply = asyncio.run(main())

    assert reply.outcome is Outcome.NO_WORKERS
    assert b"ended while they loaded the graph" in reply.body
    assert "ended while they loaded" in capfd.readouterr().err


# --- workers that can't start ---------------------------------------------------------------------


class Failing:
    """A launcher that can't start anything."""

    def __init__(self) -> None:
        self.tried = 0

    async def launch(self, config: Config) -> Launched:
        self.tried += 1
        raise PermissionError(13, "Permission denied", "/usr/bin/python")

    def replace(self, pid: int) -> None:
        pass

    def leave(self, pid: int) -> None:
        pass

    def close(self) -> None:
        pass


def test_what_cannot_be_started_is_said_at_once_and_not_tried_all_the_time(
    graph: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    launcher = Failing()

    async def main() -> tuple[list[Reply], str]:
        pool = Pool(graph, HOME, TIGHT, launcher)
        replies = [await pool.ask("ASK {}", "json", "nt") for _ in range(50)]
        return replies, pool.problem

    replies, problem = asyncio.run(main())

    assert {one.outcome for one in replies} == {Outcome.NO_WORKERS}
    assert "Permission denied" in problem
    assert launcher.tried == 1
    assert capfd.readouterr().err.count("Permission denied") == 1


def test_workers_that_end_at_once_are_not_forked_for_ever(
    graph: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def use(pool: Pool) -> tuple[Reply, list[int], str]:
        reply = await pool.ask("ASK {}", "json", "nt")
        async with asyncio.timeout(20):
            while not (problem := pool.problem):  # none is told while some are tried again
                await asyncio.sleep(0.01)
        forked = []
        for _ in range(5):
            await asyncio.sleep(0.2)
            forked.append(len(pool.processes))
        return reply, forked, problem

    unbounded = replace(TIGHT, memory_bytes=10**20)
    reply, forked, problem = with_pool(graph, use, unbounded)

    assert reply.outcome is Outcome.NO_WORKERS
    assert b"a worker can't start" in reply.body
    assert "a worker can't start" in problem
    assert max(forked) < 12
    assert capfd.readouterr().err.count("a worker can't start") == 1


# --- results counted without being read -----------------------------------------------------------

VALUE: Final = st.text(
    st.sampled_from('{}",:[]\\\n\r\tab<>&_'), max_size=12
)  # fmt: skip
CONFIG: Final = Config("", HOME, {}, HOME + "graph/published", 30, 1 << 30, 10**6, 1 << 26)


@given(st.lists(st.tuples(VALUE, VALUE), max_size=6))
def test_rows_are_counted_rightly_whatever_stands_in_them(texts: list[tuple[str, str]]) -> None:
    store = Store()
    store.extend(
        Quad(NamedNode(f"http://e/{at}"), NamedNode(f"http://e/{name}"), Literal(text))
        for at, pair in enumerate(texts)
        for name, text in zip("pq", pair, strict=True)
    )
    query = (
        "SELECT ?a ?b { ?s <http://e/p> ?a ; <http://e/q> ?c BIND (IF(?c = '', ?none, ?c) AS ?b) }"
    )

    for suffix in COUNTERS:
        answer = evaluate(store, CONFIG, Question(query, suffix, ""))
        assert (answer.outcome, answer.rows) == (Outcome.ROWS, len(texts)), suffix
        if suffix == "csv":
            assert len(list(csv.reader(io.StringIO(answer.body.decode(), newline="")))) - 1 == (
                answer.rows
            )


@pytest.mark.parametrize("values", ["", "(UNDEF UNDEF)", "(1 UNDEF) (UNDEF UNDEF) (UNDEF 2)"])
def test_rows_without_any_value_are_rows(values: str) -> None:
    query = f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }} }}"

    for suffix in COUNTERS:
        answer = evaluate(Store(), CONFIG, Question(query, suffix, ""))
        assert answer.rows == values.count("(")


@pytest.mark.parametrize("rows", ["json", "xml", "csv", "tsv"])
def test_new_blank_nodes_are_known_from_texts_that_look_like_them(rows: str) -> None:
    config = Config("", HOME, {}, HOME, 1, 1, 10, 100_000)
    text = '":{"type":"bnode","value":"<bnode>'
    stored = Store()
    stored.add(Quad(BlankNode("b"), NamedNode("http://e/p"), Literal(text)))

    for query, fresh in (("SELECT ?o { ?s ?p ?o }", 0), ("SELECT * { ?s ?p ?o }", FRESH)):
        assert evaluate(stored, config, Question(query, rows, "nt")).flags == fresh


def test_parameters_travel_as_terms(graph: Path) -> None:
    text = 'quote " back \\ line \n end'

    async def use(pool: Pool) -> Reply:
        return await pool.ask("SELECT ?x {}", "json", "nt", bindings={"x": str(Literal(text))})

    found = json.loads(with_pool(graph, use).body)

    assert found["results"]["bindings"] == [{"x": {"type": "literal", "value": text}}]


def test_the_same_query_has_the_same_bytes_in_every_worker(graph: Path) -> None:
    query = "SELECT ?p (COUNT(*) AS ?n) (SAMPLE(?o) AS ?one) { ?s ?p ?o } GROUP BY ?p"

    async def use(pool: Pool) -> set[bytes]:
        return {(await pool.ask(query, "json", "nt")).body for _ in range(12)}

    assert len(with_pool(graph, use) | with_pool(graph, use)) == 1


@pytest.mark.parametrize(("for_pages", "lane"), [(False, 1), (True, 0)])
def test_a_long_text_is_no_look_up_but_a_long_request_may_be(
    graph: Path, for_pages: bool, lane: int
) -> None:
    async def main() -> int:
        pool = Pool(graph, HOME, TIGHT, Played(0), for_pages=for_pages)
        try:
            return pool.begin(b" " * 10_000, None, lambda reply: None).lane
        finally:
            pool.close()

    assert asyncio.run(main()) == lane


def test_long_texts_one_after_the_other_need_few_workers(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker of the second lane is used on, and ends when nobody wants it any more."""
    monkeypatch.setattr("twingraph.endpoint.workers._SPARE", 0.1)
    forks = []
    fork = ForkServer.fork

    def counted(server: ForkServer) -> socket.socket | None:
        forks.append(time.monotonic())
        return fork(server)

    monkeypatch.setattr(ForkServer, "fork", counted)
    long = "x" * LONG_TEXT

    async def use(pool: Pool) -> tuple[list[Outcome], int]:
        asked = (pool.ask(f"ASK {{}} # {number} {long}", "json", "nt") for number in range(100))
        replies = await asyncio.gather(*asked)
        for number in range(100):
            replies.append(await pool.ask(f"ASK {{}} # {number} {long}", "json", "nt"))
        async with asyncio.timeout(20):
            while (workers := pool.state()["workers"]) > pool._fast:
                await asyncio.sleep(0.01)
        assert (await pool.ask("ASK {}", "json", "nt")).outcome is Outcome.BOOLEAN
        return [reply.outcome for reply in replies], workers

    outcomes, workers = with_pool(graph, use, replace(TIGHT, waiting=200))

    assert outcomes == [Outcome.BOOLEAN] * 200
    assert workers == max(2, os.cpu_count() or 1)
    assert len(forks) < 20  # not one for each


def test_a_spare_worker_that_is_killed_is_not_asked(graph: Path) -> None:
    async def use(pool: Pool) -> list[Outcome]:
        long = f"ASK {{}} # {'x' * LONG_TEXT}"
        outcomes = [(await pool.ask(long, "json", "nt")).outcome]
        (spare,) = pool._spare
        os.kill(spare.pid, signal.SIGKILL)
        outcomes.append((await pool.ask(long, "json", "nt")).outcome)
        async with asyncio.timeout(10):
            while spare in pool._spare or spare in pool._busy:
                await asyncio.sleep(0.01)
        return [*outcomes, (await pool.ask(long, "json", "nt")).outcome]

    assert with_pool(graph, use) == [Outcome.BOOLEAN] * 3


def test_triples_are_not_written_as_rows(graph: Path) -> None:
    async def use(pool: Pool) -> str:
        loop = asyncio.get_running_loop()
        evaluator = BlockingEvaluator(
            pool, lambda ask: asyncio.run_coroutine_threadsafe(ask(), loop).result(10)
        )
        with pytest.raises(RefusedError) as raised:
            await asyncio.to_thread(evaluator.write, "DESCRIBE <http://e/>", "csv")
        assert raised.value.status == 406
        return str(raised.value)

    assert "CONSTRUCT and DESCRIBE" in with_pool(graph, use)


def test_those_in_a_pace_go_one_after_the_other_and_a_lone_one_at_once() -> None:
    async def main() -> list[float]:
        pace = Pace(0.02)
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def go() -> float:
            await pace.turn()
            return loop.time() - began

        return list(await asyncio.gather(*(go() for _ in range(4))))

    first, *others = asyncio.run(main())

    assert first < 0.02
    assert [taken >= 0.019 * (number + 1) for number, taken in enumerate(others)] == [True] * 3


def test_a_line_that_is_long_lets_nobody_in() -> None:
    async def main() -> tuple[list[bool], float]:
        pace = Pace(0.4)
        began = asyncio.get_running_loop().time()
        found = await asyncio.gather(*(pace.turn() for _ in range(1000)))
        return list(found), asyncio.get_running_loop().time() - began

    found, taken = asyncio.run(main())

    assert found == [True] * 3 + [False] * 997
    assert taken < 2


# --- a fork server that is played here -----------------------------------------------------------


class Played:
    """A launcher whose fork server is a thread: the first workers end before they have joined."""

    def __init__(self, stillborn: int) -> None:
        self.stillborn = stillborn
        self.threads: list[Thread] = []

    async def launch(self, config: Config) -> Launched:
        ours, theirs = socket.socketpair()
        ends = "".join(f"P {pid}\nX {pid} -9\n" for pid in range(1, self.stillborn + 1))
        theirs.sendall(f"R\n{ends}".encode())
        self._start(self._fork, theirs)
        return Launched(ours, os.getpid())

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        self.threads.append(Thread(target=run, args=arguments, daemon=True))
        self.threads[-1].start()

    def _fork(self, control: socket.socket) -> None:
        number = 0
        with control, contextlib.suppress(OSError):  # the pool is closed
            while True:
                words, found, _, _ = socket.recv_fds(control, 2, 1)
                if not words:
                    return
                if not found:  # an order for a worker
                    continue
                number += 1
                worker = socket.socket(fileno=found[0])
                if number <= self.stillborn:
                    worker.close()
                else:
                    self._start(self._work, worker)
                    control.sendall(f"P {number}\n".encode())

    def _work(self, own: socket.socket) -> None:
        with own, contextlib.suppress(OSError):
            while own.recv(65536):
                own.sendall(REPLY.pack(Outcome.BOOLEAN.value, 0, 1, 4) + b"true")

    def replace(self, pid: int) -> None:
        pass

    def leave(self, pid: int) -> None:
        pass

    def close(self) -> None:
        pass


def test_a_worker_that_ends_before_it_has_joined_gives_its_place_back(graph: Path) -> None:
    async def main() -> Reply:
        pool = Pool(graph, HOME, TIGHT, Played(max(2, os.cpu_count() or 1)))
        try:
            return await asyncio.wait_for(pool.ask("ASK {}", "json", "nt"), 5)
        finally:
            pool.close()

    assert asyncio.run(main()).body == b"true"


def test_a_worker_that_cannot_be_reached_gives_its_place_back(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> tuple[Outcome, int, int]:
        pool = Pool(graph, HOME, TIGHT)
        loop = asyncio.get_running_loop()
        connect = loop.create_connection
        failures = [OSError(errno.ENOMEM, "no memory") for _ in range(pool._fast)]

        async def fails(*words: Any, **named: Any) -> Any:
            if failures:
                raise failures.pop()
            return await connect(*words, **named)

        monkeypatch.setattr(loop, "create_connection", fails)
        try:
            reply = await asyncio.wait_for(pool.ask("ASK {}", "json", "nt"), 20)
            return reply.outcome, pool._lane, pool._fast
        finally:
            pool.close()

    outcome, workers, wanted = asyncio.run(main())

    assert outcome is Outcome.BOOLEAN
    assert workers == wanted


def test_workers_that_could_not_be_ordered_are_ordered_again(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No descriptor is left for a moment: who waits is answered once there are some."""
    ordered = ForkServer.fork
    failures = iter(range(8))
    monkeypatch.setattr(
        ForkServer, "fork", lambda server: ordered(server) if next(failures, 9) == 9 else None
    )

    async def main() -> Reply:
        pool = Pool(graph, HOME, TIGHT, Played(0))
        try:
            return await asyncio.wait_for(pool.ask("ASK {}", "json", "nt"), 5)
        finally:
            pool.close()

    assert asyncio.run(main()).body == b"true"


# --- what is prepared for workers -----------------------------------------------------------------


def _preparing(*preparations: Preparation) -> tuple[_ForkServer, list[str]]:
    """Return a fork server at the first of these, and the lines that it sends."""
    lines: list[str] = []
    pages = SimpleNamespace(
        preparations=lambda: list(preparations), forget_prepared=lambda: lines.append("forgotten")
    )
    config = Config("", "", {}, "", 1, 1, 1, 1)
    server = _ForkServer(Store(), config, pages, None)  # type: ignore[arg-type]  # as much as it needs
    server._libc = None
    server._controls = {0: SimpleNamespace(send_line=lines.append)}  # type: ignore[dict-item]  # as much as it needs
    return server, lines


def _made(server: _ForkServer, make: Callable[[], object]) -> None:
    """Let a helper make what is prepared next."""
    server._helper = helper = Helper(make, None)
    while server._helper is helper:
        server._prepare(helper)
    gc.unfreeze()


def test_what_cannot_be_prepared_throws_away_nothing_else(
    capfd: pytest.CaptureFixture[str],
) -> None:
    kept: list[object] = []
    build, counts = (
        Preparation(name, lambda: None, kept.append, reads_build=name == "build")
        for name in ("build", "counts")
    )
    server, lines = _preparing(build, counts)
    _made(server, lambda: 1 // 0)
    assert (lines, server._preparations) == (["forgotten", "W"], [build, counts])
    _made(server, lambda: 7)
    _made(server, lambda: os.kill(os.getpid(), signal.SIGKILL))

    assert lines == ["forgotten", "W", "W", "W", "E"]
    assert kept == [7]
    told = capfd.readouterr().err
    assert "run 'twingraph build'" in told.splitlines()[0]
    assert "counts can't be prepared (the process at it was ended" in told.splitlines()[1]


def test_what_takes_for_ever_or_all_memory_is_not_prepared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("twingraph.endpoint.helper._SECONDS", 0.1)
    monkeypatch.setattr("twingraph.endpoint.helper._MEMORY", 64 * 1024 * 1024)

    def for_ever() -> None:
        while True:
            pass

    for make in (for_ever, lambda: len(bytearray(256 * 1024 * 1024))):
        helper = Helper(make, None)
        while not helper.hear():
            pass
        with pytest.raises(RuntimeError, match=r"was ended|MemoryError"):
            helper.made()


def test_a_helper_that_cannot_be_forked_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room() -> NoReturn:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    server, _ = _preparing(Preparation("it", lambda: None, lambda made: None))
    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    monkeypatch.setattr(os, "fork", no_room)
    server._begin_to_prepare()

    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before
    assert server._helper is None
    assert 0 < server._not_before - time.monotonic() <= 5


def test_a_worker_that_still_owes_replies_to_others_gets_no_new_query(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> tuple[list[Worker], list[Worker]]:
        pool = Pool(graph, HOME, TIGHT)
        pool._loop = asyncio.get_running_loop()
        ended: list[Worker] = []
        monkeypatch.setattr(pool, "_let_go", ended.append)
        monkeypatch.setattr(pool, "_place", lambda job: None)
        worker = Worker(pool)
        worker.job, worker.lane = Job(b"long", None, lambda reply: None), 1
        worker.line.append(Job(b"short", None, lambda reply: None))
        pool._busy.add(worker)
        pool._empty_line(worker)
        pool.answered(worker, Reply(Outcome.BOOLEAN, b"true"), last=False)
        return ended, list(pool._spare)

    ended, spare = asyncio.run(main())

    assert len(ended) == 1
    assert not spare


def test_workers_that_are_replaced_together_are_given_to_nobody(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(graph, HOME, TIGHT)
    workers = [Worker(pool) for _ in range(3)]
    pool._idle = list(workers)
    pool._by_pid = dict(enumerate(workers))
    free: list[int] = []
    monkeypatch.setattr(pool, "_let_go", lambda worker: free.append(len(pool._idle)))

    pool._replace_workers()

    assert free == [0, 0, 0]


def test_a_client_that_leaves_while_it_waits_gives_its_place_back(graph: Path) -> None:
    async def main() -> tuple[Outcome, int]:
        pool = Pool(graph, HOME, TIGHT)
        pool._loop = asyncio.get_running_loop()
        replies: list[Reply] = []

        async def gone() -> None:
            await asyncio.sleep(0)

        pool._place(Job(b"query", gone, replies.append))
        for _ in range(4):
            await asyncio.sleep(0)
        return replies[0].outcome, pool._waiting

    assert asyncio.run(main()) == (Outcome.CLIENT_LEFT, 0)
