"""One worker process as the server sees it: its socket, its current query, its queue."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from twingraph.endpoint.evaluate import FRESH
from twingraph.endpoint.fork import GROWN, LAST, LENGTH, REPLY
from twingraph.endpoint.query_outcome import Outcome

if TYPE_CHECKING:
    from twingraph.endpoint.workers import Crew

_SCHEDULED: Final = 2  # for the CPU clock of another process, see clock_getcpuclockid(3)
LONG_TEXT: Final = 8192  # bytes: to read such a query takes a moment, so it is no look-up
LINE: Final = 3  # queries that stand in line at a worker which is not yet known to take long


class Reply(NamedTuple):
    """The result of a query: outcome, bytes, number of rows or triples.

    `fresh`: it would differ each time (RAND, NOW, new blank nodes), so it is not cached.
    """

    outcome: Outcome
    body: bytes = b""
    rows: int = 0
    fresh: bool = False


Gone = Callable[[], Awaitable[None]]
"""Returns when the client has disconnected; called only for queries that take long."""


Deliver = Callable[[Reply], None]
"""Takes the result of a query; called once, must not raise."""


class Job:
    """A query on its way through the lanes."""

    def __init__(self, question: bytes, gone: Gone | None, deliver: Deliver) -> None:
        """Take the bytes for the worker."""
        self.question = question
        self.gone = gone
        self.over = False  # its result is not needed any more
        self._deliver = deliver
        self.lane = 0
        self.lost = 0  # workers that ended under it
        self.watcher: asyncio.Task[None] | None = None

    def unheard(self) -> Job:
        """Return a job for the same question whose result is dropped."""
        job = Job(self.question, None, lambda reply: None)
        job.over = True
        return job

    def finish(self, reply: Reply) -> None:
        """Deliver the result, unless it is not needed any more."""
        if self.watcher is not None:
            self.watcher.cancel()
            self.watcher = None
        if not self.over:
            self.over = True
            self._deliver(reply)


class Worker(asyncio.Protocol):
    """One worker process: idle, or evaluating one query."""

    def __init__(self, pool: Crew) -> None:
        """Belong to a pool; its number comes later."""
        self.pool = pool
        self.pid = 0
        self.joined = False
        self.ended = False  # the fork server has reported its end
        self.unreachable = False  # this side of its socket could not be used
        self.unprepared = False  # it was forked before all preparations were complete
        self.owes = False  # it will still reply to queries that were given to other workers
        self.grown = False  # a new worker would use less memory
        self.lane = 0
        self.started = 0.0  # when its query began
        self.mark = -1.0  # its processor time (seconds) when the query was first checked
        self.answered = 0  # number of queries
        self.job: Job | None = None
        self.line: deque[Job] = deque()
        self._head: tuple[bytes, int, int, int] | None = None
        self._parts: list[bytes] = []
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)  # not by name: uvloop has its own

    def ask(self, job: Job, now: float) -> None:
        """Send a question; while another is being answered it waits in the queue."""
        self.line.append(job)
        if self.job is None:
            self.next(now)
        # uvloop joins the writes of one iteration of the loop
        self.transport.write(LENGTH.pack(len(job.question)) + job.question)

    def next(self, now: float) -> None:
        """Make the first job of the queue the current one."""
        self.job = self.line.popleft()
        self.started = now
        self.mark = -1.0

    def spent(self) -> float:
        """Return the processor time (seconds) since its query was first checked.

        Processor time, so that a query does not count as long because the machine is busy.
        """
        if sys.platform != "linux":
            return float("inf")
        try:
            spent = time.clock_gettime((~self.pid << 3) | _SCHEDULED)
        except OSError:  # the process has just ended
            return 0.0
        if self.mark < 0:
            self.mark = spent
        return spent - self.mark

    def data_received(self, data: bytes) -> None:
        """Collect the parts of replies, and pass on each complete one."""
        if self._head is None and not self._parts and len(data) >= REPLY.size:
            kind, flags, rows, length = REPLY.unpack_from(data)
            if len(data) == REPLY.size + length:  # exactly one reply, as usual
                reply = Reply(Outcome(kind), data[REPLY.size :], rows, bool(flags & FRESH))
                self.grown = bool(flags & GROWN)
                self.pool.answered(self, reply, last=bool(flags & LAST))
                return
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
                self._received = 0
            kind, flags, rows, length = self._head
            missing = length - self._received
            self._parts.append(data[:missing])
            self._received += len(self._parts[-1])
            data = data[missing:]
            if self._received < length:
                return
            body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._head = None
            self._parts.clear()
            reply = Reply(Outcome(kind), body, rows, bool(flags & FRESH))
            self.grown = bool(flags & GROWN)
            self.pool.answered(self, reply, last=bool(flags & LAST))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the pool."""
        self.pool.socket_closed(self)
