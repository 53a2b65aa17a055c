"""One worker as the server sees it: its socket, the query it is at, those in line behind it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from twingraph.endpoint.evaluate import FRESH
from twingraph.endpoint.fork import GROWN, LAST, LENGTH, REPLY
from twingraph.endpoint.outcome import Outcome

if TYPE_CHECKING:
    from twingraph.endpoint.crew import Crew

_SCHEDULED: Final = 2  # the clock of a process by its number, clock_getcpuclockid(3)
LONG_TEXT: Final = 8192  # bytes: to read such a query takes a moment, so it is no look-up
LINE: Final = 3  # queries that stand in line at a worker which is not yet known to take long


class Reply(NamedTuple):
    """What came of a query, its bytes, how many rows or triples; is it another one each time?"""

    outcome: Outcome
    body: bytes = b""
    rows: int = 0
    fresh: bool = False


Gone = Callable[[], Awaitable[None]]
"""Returns when the client has gone; asked only where a query takes long."""


Deliver = Callable[[Reply], None]
"""Takes what came of a query, once; it must not fail."""


class Job:
    """A query on its way through the lanes."""

    def __init__(self, question: bytes, gone: Gone | None, deliver: Deliver) -> None:
        """Take the bytes for the worker."""
        self.question = question
        self.gone = gone
        self.over = False  # nobody waits for it any more
        self._deliver = deliver
        self.lane = 0
        self.lost = 0  # workers that ended under it
        self.watcher: asyncio.Task[None] | None = None

    def unheard(self) -> Job:
        """Return what stands for it where its answer is no longer wanted."""
        job = Job(self.question, None, lambda reply: None)
        job.over = True
        return job

    def finish(self, reply: Reply) -> None:
        """Hand over what came of it."""
        if self.watcher is not None:
            self.watcher.cancel()
            self.watcher = None
        if not self.over:
            self.over = True
            self._deliver(reply)


class Worker(asyncio.Protocol):
    """One process: idle, or at one query."""

    def __init__(self, pool: Crew) -> None:
        """Belong to a pool; its number comes later."""
        self.pool = pool
        self.pid = 0
        self.joined = False
        self.ended = False  # the fork server said so
        self.unreachable = False  # our side of its socket could not be used
        self.unprepared = False  # it was forked before all was done that workers are to find done
        self.owes = False  # it will still answer queries that were given to other workers
        self.grown = False  # a fresh one would take less memory
        self.lane = 0
        self.started = 0.0  # when its query began
        self.mark = -1.0  # its processor time when the query was first looked at
        self.answered = 0  # queries
        self.job: Job | None = None
        self.line: deque[Job] = deque()
        self._head: tuple[bytes, int, int, int] | None = None
        self._parts: list[bytes] = []
        self._received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)  # not by name: uvloop has its own

    def ask(self, job: Job, now: float) -> None:
        """Send a question; one that comes while another runs stands in line."""
        self.line.append(job)
        if self.job is None:
            self.next(now)
        # uvloop sends what comes in one turn of the loop together
        self.transport.write(LENGTH.pack(len(job.question)) + job.question)

    def next(self, now: float) -> None:
        """Turn to the first in line."""
        self.job = self.line.popleft()
        self.started = now
        self.mark = -1.0

    def spent(self) -> float:
        """Return the processor time (seconds) since its query was first looked at.

        A machine that is busy with other things makes no query a long one.
        """
        if sys.platform != "linux":
            return float("inf")
        try:
            spent = time.clock_gettime((~self.pid << 3) | _SCHEDULED)
        except OSError:  # it has just ended
            return 0.0
        if self.mark < 0:
            self.mark = spent
        return spent - self.mark

    def data_received(self, data: bytes) -> None:
        """Put answers together."""
        if self._head is None and not self._parts and len(data) >= REPLY.size:
            kind, flags, rows, length = REPLY.unpack_from(data)
            if len(data) == REPLY.size + length:  # one answer and no more, as most are
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
