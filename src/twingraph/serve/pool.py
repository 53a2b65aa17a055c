"""Queries handed to workers, and taken back: what each may take is seen to here, from outside.

A query first runs in a fast lane. One that takes longer than a moment leaves it: its priority is
lowered and a fresh worker takes its place, so that look-ups never wait behind it. Of those that
left, `limits.concurrent` run on and as many again are held still until one ends; what comes on top
is told to come back. Who overruns the limit is killed, and so is a query whose client has gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, cast

from twingraph.iris import PUBLISHED, move_iri
from twingraph.problems import TwingraphError
from twingraph.serve.worker import FRESH, LAST, LENGTH, REPLY, Config
from twingraph.settings import Limits
from twingraph.source.fmt import prefixes_under
from twingraph.vocabulary import HOME

MOMENT: Final = 0.1  # seconds in the fast lane
HURRY: Final = 0.02  # while others wait to get in
_LOOK: Final = 0.02  # seconds between two looks at the clock, while queries run
_LANE: Final = max(3, (os.cpu_count() or 1) + 1)
_START: Final = 60.0  # seconds a keeper may take until the graph is loaded
_TRIES: Final = 2  # of a query whose worker was killed by somebody else


class Reply(NamedTuple):
    """What came of a query.

    `kind` is that of `twingraph.serve.worker.Answer`, or: `O` over the time, `M` over the memory,
    `N` nested too deeply, `Q` too many queries, `X` its worker was lost, `C` its client went.
    """

    kind: str
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
        self.watcher: asyncio.Task[None] | None = None
        self._head: tuple[bytes, int, int, int] | None = None
        self._parts: list[bytes] = []
        self._held = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # not by name: uvloop has its own

    def ask(self, question: bytes, done: asyncio.Future[Reply], now: float) -> None:
        self.started, self.done = now, done
        self.transport.write(LENGTH.pack(len(question)) + question)

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            if self._parts:
                data = b"".join([*self._parts, data])
                self._parts.clear()
            if len(data) < REPLY.size:
                self._parts.append(data)
                return
            self._head = REPLY.unpack_from(data)
            data = data[REPLY.size :]
            self._held = 0
        self._parts.append(data)
        self._held += len(data)
        kind, flags, rows, length = self._head
        if self._held == length:
            body = data if len(self._parts) == 1 else b"".join(self._parts)
            self._head = None
            self._parts.clear()
            reply = Reply(kind.decode("ascii"), body, rows, bool(flags & FRESH))
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
            prefixes=dict(prefixes_under(base)),
            published=move_iri(PUBLISHED.value, HOME, base),
            seconds=limits.seconds,
            memory_bytes=limits.memory_bytes,
            rows=limits.rows,
            result_bytes=limits.result_bytes,
        )
        self._keeper: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: asyncio.Future[None] | None = None
        self._heard = b""
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
            return Reply("V", b"its text is not Unicode")
        for _ in range(_TRIES):
            reply = await self._ask(question, gone)
            if reply.kind != "X":
                break
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
        keeper = [self._keeper.pid] if self._keeper else []
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
            self._finish(one, Reply("X"))
        self._abandon()

    # --- the keeper ------------------------------------------------------------------------------

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._keeper is not None:
            self._abandon()
        self._loop = loop
        self._ready = loop.create_future()
        self._ready.add_done_callback(lambda one: one.cancelled() or one.exception())
        self._heard = b""
        self._lane = 0
        for held in (self._unnamed, self._by_pid, self._idle, self._busy, self._still):
            held.clear()
        ours, theirs = socket.socketpair()
        known = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
        with theirs:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "twingraph.serve.worker"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={name: os.environ[name] for name in known if name in os.environ},
                start_new_session=True,
            )
        ours.sendall(json.dumps(self._config._asdict()).encode() + b"\n")
        ours.setblocking(False)
        self._control = ours
        loop.add_reader(ours.fileno(), self._hear)

    def _abandon(self) -> None:
        """Let go of the keeper; when we are gone it kills its workers and ends."""
        if self._control is not None and self._loop is not None:
            if not self._loop.is_closed():
                self._loop.remove_reader(self._control.fileno())
                for one in [*self._idle, *self._busy, *self._unnamed]:
                    if hasattr(one, "transport"):
                        one.transport.abort()
            self._control.close()
            self._control = None
        if self._keeper is not None:
            try:
                self._keeper.wait(timeout=1)
            except subprocess.TimeoutExpired:  # it is still loading; workers would go with it
                self._keeper.kill()
                self._keeper.wait()
            self._keeper = None

    def _hear(self) -> None:
        assert self._control is not None, "heard through it"
        try:
            data = self._control.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._keeper_lost()
            return
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            self._told(line.decode("ascii").split())

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
        if not ready.done():
            ready.set_exception(OSError("the keeper ended"))
            self._abandon()
            self._loop = None
            return
        self._open(loop)
        for done in lost:
            if done is not None and not done.done():
                done.set_result(Reply("X"))

    def _order(self, order: str, worker: _Worker) -> None:
        if self._control is not None and worker.pid:
            with contextlib.suppress(OSError):  # the keeper is gone, and so is the worker
                self._control.send(f"{order} {worker.pid}\n".encode())

    # --- the lanes -------------------------------------------------------------------------------

    async def _ask(self, question: bytes, gone: Gone | None) -> Reply:
        loop = asyncio.get_running_loop()
        if self._closed:
            return Reply("X")
        if self._loop is not loop or self._ready is None or not self._ready.done():
            try:
                await self.start()
            except TwingraphError:
                return Reply("X")
        if self._idle:
            worker = self._idle.pop()
        else:
            if len(self._waiting) >= self.limits.waiting:
                return Reply("Q")
            turn: asyncio.Future[_Worker] = loop.create_future()
            self._waiting.append((turn, loop.time()))
            self._look_after(loop)
            self._refill()
            try:
                worker = await turn
            except TimeoutError:
                return Reply("Q")
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled() and turn.exception() is None:
                    self._rest(turn.result())
                raise
        done: asyncio.Future[Reply] = loop.create_future()
        worker.watcher = None
        worker.gone = gone
        self._busy.add(worker)
        worker.ask(question, done, loop.time())
        self._look_after(loop)
        try:
            return await done
        except asyncio.CancelledError:
            self._stop(worker, Reply("C"))
            raise

    def answered(self, worker: _Worker, reply: Reply, *, last: bool) -> None:
        """Take an answer, and the worker back into the lane."""
        if worker not in self._busy:
            return
        heavy = worker.heavy
        self._finish(worker, reply)
        if heavy or last:
            self._dismiss(worker)
        else:
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
        if self._control is None or self._ready is None or not self._ready.done() or self._closed:
            return
        while self._lane < _LANE:
            self._lane += 1
            ours, theirs = socket.socketpair()
            with theirs:
                try:
                    socket.send_fds(self._control, [b"F\n"], [theirs.fileno()])
                except OSError:
                    ours.close()
                    self._lane -= 1
                    return
            ours.setblocking(False)
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
            self._finish(worker, _ENDS.get(status, Reply("X")))
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
        moment = HURRY if self._waiting else MOMENT
        for one in list(self._busy):
            if not one.heavy and now - one.started > moment:
                self._slow_down(one, now)
            if one.since:
                if now - one.since > self.limits.seconds:
                    self._stop(one, Reply("Q"))
            elif now - one.started > self.limits.seconds:
                self._stop(one, Reply("O"))
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
        self._lane -= 1
        self._order("L", worker)
        if worker.gone is not None:
            worker.watcher = self._loop.create_task(self._watch(worker, worker.gone))
        if running >= self.limits.concurrent:
            if len(self._still) >= self.limits.concurrent:
                self._stop(worker, Reply("Q"))
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
        self._stop(worker, Reply("C"))


# How a process ends in the middle of a query, by its exit status: what the engine did.
_ENDS: Final[Mapping[int, Reply]] = {
    -signal.SIGABRT: Reply("M"),  # the engine's way when it is given no more memory
    -signal.SIGSEGV: Reply("N"),  # its stack is at its end
    -signal.SIGBUS: Reply("N"),
    -signal.SIGPROF: Reply("O"),
}
