"""Queries handed to workers, and taken back: what each may take is seen to here, from outside.

A query first runs in a fast lane. One that takes longer than a moment leaves it: its priority is
lowered and a fresh worker takes its place, so that look-ups never wait behind it. Of those that
left, `limits.concurrent` run on and as many again are held still until one ends; what comes on top
is told to come back. Who overruns the limit is killed, and so is a query whose client has gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, cast

from twingraph.endpoint.evaluate import FRESH, Config
from twingraph.endpoint.forkserver import ForkServer
from twingraph.endpoint.outcome import Outcome
from twingraph.endpoint.worker import LAST, LENGTH, REPLY
from twingraph.problems import TwingraphError
from twingraph.rdf.iris import PUBLISHED
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.settings import Limits

MOMENT: Final = 0.1  # seconds in the fast lane
HURRY: Final = 0.05  # while others wait behind it
_LOOK: Final = 0.02  # seconds between two looks at the clock, while queries run
_LANE: Final = max(2, os.cpu_count() or 1)
_START: Final = 60.0  # seconds a keeper may take until the graph is loaded
_LINE: Final = 3  # questions that stand in line at a worker which is not yet known to take long
_TRIES: Final = 2  # of a query whose worker was killed by somebody else


class Reply(NamedTuple):
    """What came of a query, its bytes, how many rows or triples; is it another one each time?"""

    outcome: Outcome
    body: bytes = b""
    rows: int = 0
    fresh: bool = False


Gone = Callable[[], Awaitable[None]]
"""Returns when the client has gone; asked only where a query takes long."""


class _Worker(asyncio.Protocol):
    """One process: idle, or at one query."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.pid = 0
        self.started = 0.0  # when its query began, the time it was held still not counted
        self.since = 0.0  # when it was held still; 0: it is not
        self.heavy = False
        self.joined = False
        self.gone: Gone | None = None
        self.done: asyncio.Future[Reply] | None = None
        self.line: deque[tuple[asyncio.Future[Reply], Gone | None]] = deque()
        self.watcher: asyncio.Task[None] | None = None
        self._head: tuple[bytes, int, int, int] | None = None
        self._parts: list[bytes] = []
        self._held = 0
        self._unsent: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # not by name: uvloop has its own

    def ask(
        self, question: bytes, done: asyncio.Future[Reply], gone: Gone | None, now: float
    ) -> None:
        """Send a question; one that comes while another runs stands in line."""
        self.line.append((done, gone))
        if self.done is None:
            self.next(now)
        self._unsent += LENGTH.pack(len(question)), question
        if len(self._unsent) == 2:  # what else comes in this turn of the loop goes along
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self.transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def next(self, now: float) -> None:
        """Turn to the first in line."""
        self.done, self.gone = self.line.popleft()
        self.started = now

    def data_received(self, data: bytes) -> None:
        if self._parts and self._head is None:
            data = b"".join([*self._parts, data])
            self._parts.clear()
        while data:
            if self._head is None:
                if len(data) < REPLY.size:
                    self._parts.append(data)
                    return
                self._head = REPLY.unpack_from(data)
                data = data[REPLY.size :]
                self._held = 0
            kind, flags, rows, length = self._head
            missing = length - self._held
            self._parts.append(data[:missing])
            self._held += len(self._parts[-1])
            data = data[missing:]
            if self._held < length:
                return
            body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._head = None
            self._parts.clear()
            reply = Reply(Outcome(kind), body, rows, bool(flags & FRESH))
            self.pool.answered(self, reply, last=bool(flags & LAST))

    def connection_lost(self, error: Exception | None) -> None:
        self.pool.left(self)


class Pool:
    """The workers of one build. It starts with its first query, or with `start()`."""

    def __init__(self, graph: Path, base: str, limits: Limits) -> None:
        """Name the graph (N-Quads, under `base`) and what a query on it may take."""
        self.limits = limits
        self._config = Config(
            graph=str(graph),
            base=base,
            prefixes=dict(prefixes_for(base)),
            published=base + PUBLISHED,
            seconds=limits.seconds,
            memory_bytes=limits.memory_bytes,
            rows=limits.rows,
            result_bytes=limits.result_bytes,
        )
        self._keeper: ForkServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: asyncio.Future[None] | None = None
        self._unnamed: deque[_Worker] = deque()
        self._by_pid: dict[int, _Worker] = {}
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._lane = 0
        self._waiting: deque[tuple[asyncio.Future[_Worker], float]] = deque()
        self._still: deque[_Worker] = deque()
        self._looking = False
        self._closed = False

    # --- what others see -------------------------------------------------------------------------

    async def start(self) -> None:
        """Load the graph; raise `TwingraphError` where the keeper does not come up."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._open(loop)
        assert self._ready is not None, "opened above"
        try:
            await asyncio.wait_for(asyncio.shield(self._ready), _START)
        except (OSError, TimeoutError):
            raise TwingraphError(
                f"{self._config.graph} was not loaded by the query workers; see the messages above"
            ) from None

    async def ask(
        self,
        query: str,
        rows: str,
        graphs: str,
        dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
        bindings: Mapping[str, str] | None = None,
        gone: Gone | None = None,
    ) -> Reply:
        """Evaluate a query, its result written in format `rows` or, of triples, `graphs`.

        `dataset` are its default and its named graphs, None for all there is; `bindings` terms in
        N-Triples by variable. Whatever becomes of the query, there is a reply.
        """
        asked = {"query": query, "formats": (rows, graphs), "graphs": dataset, "bindings": bindings}
        try:
            question = json.dumps(asked).encode()
        except (UnicodeEncodeError, ValueError):
            return Reply(Outcome.FAILED, b"its text is not Unicode")
        lost = dead = 0
        while True:
            began = time.monotonic()
            reply = await self._ask(question, gone)
            if reply.outcome is Outcome.LOST:
                # one that was lost at once had been dead before it was asked
                at_once = time.monotonic() - began < MOMENT
                lost, dead = lost + (not at_once), dead + at_once
            elif reply.outcome is not Outcome.REQUEUED:
                return reply
            if lost == _TRIES or dead > _LANE:
                return reply

    def state(self) -> dict[str, int]:
        """Return how many queries run, how many of them long, and how many wait."""
        heavy = sum(one.heavy for one in self._busy)
        return {
            "running": len(self._busy),
            "long": heavy,
            "held": len(self._still),
            "waiting": len(self._waiting),
            "workers": len(self._by_pid) + len(self._unnamed),
        }

    @property
    def processes(self) -> list[int]:
        """The process numbers of the keeper and of the workers."""
        keeper = [self._keeper.pid] if self._keeper is not None else []
        return keeper + sorted(self._by_pid)

    async def drain(self) -> None:
        """Wait until no query runs, then close."""
        while self._busy or self._waiting:
            await asyncio.sleep(_LOOK)
        self.close()

    def close(self) -> None:
        """End every process; who still waits is told that his worker was lost."""
        self._closed = True
        for one in [*self._busy, *self._idle]:
            self._finish(one, Reply(Outcome.LOST))
        self._abandon()

    # --- the keeper ------------------------------------------------------------------------------

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._abandon()
        self._loop = loop
        self._ready = loop.create_future()
        self._ready.add_done_callback(lambda one: one.cancelled() or one.exception())
        self._lane = 0
        for held in (self._unnamed, self._by_pid, self._idle, self._busy, self._still):
            held.clear()
        self._keeper = ForkServer(self._config, loop, self._told, self._keeper_lost)

    def _abandon(self) -> None:
        if self._keeper is None or self._loop is None:
            return
        if not self._loop.is_closed():
            for one in [*self._idle, *self._busy, *self._unnamed]:
                if hasattr(one, "transport"):
                    one.transport.abort()
        self._keeper.close()
        self._keeper = None

    def _told(self, words: list[str]) -> None:
        match words:
            case ["R"]:
                assert self._ready is not None, "made before the keeper"
                if not self._ready.done():
                    self._ready.set_result(None)
                self._refill()
            case ["P", pid]:
                worker = self._unnamed.popleft()
                worker.pid = int(pid)
                self._by_pid[worker.pid] = worker
                if worker.joined:
                    self._rest(worker)
            case ["X", pid, status]:
                worker_ = self._by_pid.pop(int(pid), None)
                if worker_ is not None:
                    self._ended(worker_, int(status))

    def _keeper_lost(self) -> None:
        """Start anew after somebody killed the keeper; its workers died with it."""
        assert self._loop is not None and self._ready is not None, "opened"
        loop, ready = self._loop, self._ready
        lost = [one.done for one in self._busy]
        for one in self._busy:
            self._send_away(one)
        if not ready.done():
            ready.set_exception(OSError("the keeper ended"))
            self._abandon()
            self._loop = None
            return
        self._open(loop)
        for done in lost:
            if done is not None and not done.done():
                done.set_result(Reply(Outcome.LOST))

    def _order(self, letter: str, worker: _Worker) -> None:
        if self._keeper is not None and worker.pid:
            self._keeper.order(letter, worker.pid)

    # --- the lanes -------------------------------------------------------------------------------

    async def _ask(self, question: bytes, gone: Gone | None) -> Reply:
        if self._closed:
            return Reply(Outcome.LOST)
        loop = self._loop
        if loop is None or self._ready is None or not self._ready.done() or loop.is_closed():
            try:
                await self.start()
            except TwingraphError:
                return Reply(Outcome.LOST)
            loop = asyncio.get_running_loop()
        if self._idle:
            worker = self._idle.pop()
        elif self._short:
            worker = min(self._short, key=lambda one: len(one.line))
        else:
            if len(self._waiting) >= self.limits.waiting:
                return Reply(Outcome.BUSY)
            turn: asyncio.Future[_Worker] = loop.create_future()
            self._waiting.append((turn, loop.time()))
            self._look_after(loop)
            self._refill()
            try:
                worker = await turn
            except TimeoutError:
                return Reply(Outcome.BUSY)
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled() and turn.exception() is None:
                    self._rest(turn.result())
                raise
        done: asyncio.Future[Reply] = loop.create_future()
        self._busy.add(worker)
        worker.ask(question, done, gone, loop.time())
        self._look_after(loop)
        try:
            return await done
        except asyncio.CancelledError:
            if worker.done is done:
                self._stop(worker, Reply(Outcome.CLIENT_LEFT))
            raise

    @property
    def _short(self) -> list[_Worker]:
        """The workers whose line has room: nobody knows of their query that it takes long."""
        return [one for one in self._busy if not one.heavy and len(one.line) < _LINE]

    def answered(self, worker: _Worker, reply: Reply, *, last: bool) -> None:
        """Take an answer, and the worker back into the lane."""
        if worker not in self._busy:
            return
        if worker.heavy or last:
            self._finish(worker, reply)
            self._dismiss(worker)
            return
        if worker.done is not None and not worker.done.done():
            worker.done.set_result(reply)
        worker.done = None
        if worker.line and self._loop is not None:
            worker.next(self._loop.time())
        else:
            self._busy.discard(worker)
            self._rest(worker)

    def left(self, worker: _Worker) -> None:
        """Notice that a worker's side of its socket is closed; why, the keeper tells."""
        if worker in self._idle:
            self._idle.remove(worker)
            self._lane -= 1
            self._refill()
        elif worker in self._busy and worker.pid not in self._by_pid:
            # it had ended before it was asked
            self._ended(worker, -signal.SIGKILL)

    def _rest(self, worker: _Worker) -> None:
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(worker)
                return
        self._idle.append(worker)

    def _dismiss(self, worker: _Worker) -> None:
        """Let a worker go that has answered, and make room for another."""
        worker.transport.close()
        if not worker.heavy:
            self._lane -= 1
        self._refill()
        self._let_on()

    def _refill(self) -> None:
        if self._keeper is None or self._ready is None or not self._ready.done() or self._closed:
            return
        while self._lane < _LANE:
            ours = self._keeper.fork()
            if ours is None:
                return
            self._lane += 1
            worker = _Worker(self)
            self._unnamed.append(worker)
            assert self._loop is not None, "opened"
            task = self._loop.create_task(self._join(worker, ours))
            task.add_done_callback(lambda one: one.cancelled() or one.exception())

    async def _join(self, worker: _Worker, ours: socket.socket) -> None:
        assert self._loop is not None, "opened"
        await self._loop.create_connection(lambda: worker, sock=ours)
        worker.joined = True
        if worker.pid:  # what has no number yet could not be stopped
            self._rest(worker)

    def _finish(self, worker: _Worker, reply: Reply) -> None:
        self._busy.discard(worker)
        if worker in self._still:
            self._still.remove(worker)
        if worker.watcher is not None:
            worker.watcher.cancel()
            worker.watcher = None
        if worker.done is not None and not worker.done.done():
            worker.done.set_result(reply)
        worker.done = None
        self._send_away(worker)

    def _send_away(self, worker: _Worker) -> None:
        """Let those in line go elsewhere; what is still answered to them is not heard."""
        while worker.line:
            done, _ = worker.line.popleft()
            if not done.done():
                done.set_result(Reply(Outcome.REQUEUED))

    def _stop(self, worker: _Worker, reply: Reply) -> None:
        """Kill the process of a query."""
        if worker not in self._busy:
            return
        self._finish(worker, reply)
        self._order("K", worker)
        self._dismiss(worker)

    def _ended(self, worker: _Worker, status: int) -> None:
        """Hear from the keeper how a process ended: by itself, by us, or at its query."""
        if worker in self._busy:
            self._finish(worker, _ENDS.get(status, Reply(Outcome.LOST)))
            self._dismiss(worker)
        elif worker in self._idle:
            self._idle.remove(worker)
            self._dismiss(worker)

    # --- the clock -------------------------------------------------------------------------------

    def _look_after(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._looking:
            self._looking = True
            loop.call_later(_LOOK, self._look)

    def _look(self) -> None:
        self._looking = False
        loop = self._loop
        if loop is None:
            return
        now = loop.time()
        for one in list(self._busy):
            moment = HURRY if self._waiting or one.line else MOMENT
            if not one.heavy and now - one.started > moment:
                self._slow_down(one, now)
            if one.since:
                if now - one.since > self.limits.seconds:
                    self._stop(one, Reply(Outcome.BUSY))
            elif now - one.started > self.limits.seconds:
                self._stop(one, Reply(Outcome.TOO_LONG))
        while self._waiting and now - self._waiting[0][1] > self.limits.seconds:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(TimeoutError())
        if self._busy or self._waiting:
            self._look_after(loop)

    def _slow_down(self, worker: _Worker, now: float) -> None:
        """Take a query out of the fast lane."""
        assert self._loop is not None, "it runs"
        running = sum(one.heavy and not one.since for one in self._busy)
        worker.heavy = True
        self._send_away(worker)
        self._lane -= 1
        self._order("L", worker)
        if worker.gone is not None:
            worker.watcher = self._loop.create_task(self._watch(worker, worker.gone))
        if running >= self.limits.concurrent:
            if len(self._still) >= self.limits.concurrent:
                self._stop(worker, Reply(Outcome.BUSY))
                return
            worker.since = now
            self._still.append(worker)
            self._order("S", worker)
        self._refill()

    def _let_on(self) -> None:
        running = sum(one.heavy and not one.since for one in self._busy)
        while self._still and running < self.limits.concurrent and self._loop is not None:
            worker = self._still.popleft()
            worker.started += self._loop.time() - worker.since
            worker.since = 0.0
            self._order("C", worker)
            running += 1

    async def _watch(self, worker: _Worker, gone: Gone) -> None:
        await gone()
        worker.watcher = None
        self._stop(worker, Reply(Outcome.CLIENT_LEFT))


# How a process ends in the middle of a query, by its exit status: what the engine did.
_ENDS: Final[Mapping[int, Reply]] = {
    -signal.SIGABRT: Reply(
        Outcome.TOO_MUCH_MEMORY
    ),  # the engine's way when it is given no more memory
    -signal.SIGSEGV: Reply(Outcome.TOO_DEEP),  # its stack is at its end
    -signal.SIGBUS: Reply(Outcome.TOO_DEEP),
    -signal.SIGPROF: Reply(Outcome.TOO_LONG),
}
