"""The workers of a pool: forked, named, moved between lanes, kept for the next query, let go.

What they are asked, and for how long, the pool says (`pool.py`).
"""

from __future__ import annotations

import os
import signal
import socket
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator
from typing import Final

from twingraph.endpoint.evaluate import Config
from twingraph.endpoint.fork_server_supply import Supply
from twingraph.endpoint.forkserver import ForkServer
from twingraph.endpoint.launch import Launcher
from twingraph.endpoint.process import Job, Reply, Worker
from twingraph.endpoint.slow_query_slots import OwnPlaces, Places
from twingraph.settings import Limits

_SPARE: Final = 1.0  # seconds that a worker of a slower lane waits for its next query
_REST: Final = 2.0  # seconds without a query, after which one that has grown is replaced


class Crew(Supply):
    """All workers there are: those in the fast lane, idle or busy, and those in slower ones."""

    def __init__(
        self, config: Config, launcher: Launcher, limits: Limits, share: int, *, for_pages: bool
    ) -> None:
        """Take what a worker is, who starts them, and how many pools there are (`share`)."""
        super().__init__(config, launcher)
        self.limits = limits
        self.places: Places = OwnPlaces()
        self._fast = max(2, -(-(os.cpu_count() or 1) // share))
        self._for_pages = for_pages
        self._unnamed: deque[Worker] = deque()
        self._by_pid: dict[int, Worker] = {}
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._spare: list[Worker] = []  # of the second lane, the one that answered last at the end
        self._queues: tuple[deque[Job], deque[Job], deque[Job]] = (deque(), deque(), deque())
        self._lane = 0  # workers in the fast lane, or on their way into it
        self._trimming = False
        self._tidying = False
        self._failures = 0  # workers that ended before they had answered anything, in a row
        self._reason = ""  # of the last of them

    # --- what the pool adds ----------------------------------------------------------------------

    @abstractmethod
    def answered(self, worker: Worker, reply: Reply, *, last: bool) -> None:
        """Take an answer."""

    @abstractmethod
    def _give_waiting(self, worker: Worker, lane: int) -> None:
        """Give a worker the first query in the queue of a lane."""

    @abstractmethod
    def _find_work(self, worker: Worker) -> None:
        """Give a worker a query of the queues, or let it idle."""

    @abstractmethod
    def _empty_line(self, worker: Worker) -> None:
        """Give the queries in line at a worker to others."""

    @abstractmethod
    def _ended(self, worker: Worker, status: int) -> None:
        """Deal with the query of a process that ended."""

    # --- the fork server -------------------------------------------------------------------------

    @property
    def processes(self) -> list[int]:
        """The process numbers of the fork server and of the workers."""
        server = [self._server.pid] if self._server is not None else []
        return server + sorted(self._by_pid)

    def _line_from_server(self, words: list[str]) -> None:
        match words:
            case ["R"]:
                assert self._ready is not None, "made before the fork server"
                if not self._ready.done():
                    self._ready.set_result(None)
                self._refill()
            case ["P", pid]:
                worker = self._unnamed.popleft()
                worker.pid = int(pid)
                self._by_pid[worker.pid] = worker
                if self._for_pages:
                    self._order("A", worker)
                if worker.joined:
                    self._find_work(worker)
            case ["W"]:
                self._replace_workers()
            case ["N", *reason]:
                unborn = self._unnamed.popleft()
                if hasattr(unborn, "transport"):
                    unborn.transport.close()
                self._lane -= not unborn.unreachable
                self._failed(" ".join(reason))
            case ["X", pid, status]:
                ended = self._by_pid.pop(int(pid), None)
                if ended is not None:
                    self._ended(ended, int(status))

    def _replace_workers(self) -> None:
        """End those that were forked before all was prepared, once they have answered."""
        for worker in self._by_pid.values():
            worker.unprepared = True
        # all are taken out first: the end of one gives queries that wait to those that are idle
        replaced = [*self._idle, *self._spare]
        replaced = [worker for worker in replaced if worker.unprepared]
        for workers in (self._idle, self._spare):
            workers[:] = [worker for worker in workers if not worker.unprepared]
        for worker in replaced:
            self._let_go(worker)

    def _leave_workers(self) -> None:
        for worker in self._unnamed:
            if hasattr(worker, "transport"):
                worker.transport.abort()
        self._lane -= sum(not worker.unreachable for worker in self._unnamed)
        self._unnamed.clear()
        self._replace_workers()
        for worker in self._idle:  # they have ended, but their sockets are not closed yet
            worker.transport.abort()
        self._lane -= len(self._idle)
        self._idle.clear()
        self._by_pid.clear()
        for worker in [worker for worker in self._busy if worker.transport.is_closing()]:
            self._ended(worker, -signal.SIGKILL)  # its fork server did not report that

    def _drop_workers(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            for worker in [*self._idle, *self._spare, *self._busy, *self._unnamed]:
                if hasattr(worker, "transport"):
                    worker.transport.abort()
        self._lane = 0
        for workers in (self._unnamed, self._by_pid, self._idle, self._spare, self._busy):
            workers.clear()

    def _refill(self) -> None:
        if self._server is None or not self._is_ready or self._closed or self._loop is None:
            return
        if self._problem and time.monotonic() < self._retry:
            return
        while self._spare and (lane := next(self._lanes_to_fill(), 0)):
            self._give_waiting(self._spare.pop(), lane)
        # one stays free for a quick query; what is missing for the slow ones is forked below
        while len(self._idle) > 1 and (lane := next(self._lanes_to_fill(), 0)):
            self._give_waiting(self._idle.pop(), lane)
        while self._lane < self._fast + sum(1 for _ in self._lanes_to_fill()):
            ours = self._server.fork()
            if ours is None:
                return
            self._lane += 1
            worker = Worker(self)
            self._unnamed.append(worker)
            task = self._loop.create_task(self._join(worker, ours, self._server))
            task.add_done_callback(lambda joined: joined.cancelled() or joined.exception())

    async def _join(self, worker: Worker, ours: socket.socket, server: ForkServer) -> None:
        assert self._loop is not None, "opened"
        try:
            await self._loop.create_connection(lambda: worker, sock=ours)
        except BaseException as error:
            ours.close()  # the worker, if there is one, ends
            if isinstance(error, Exception) and self._is_expected(worker, server):
                worker.unreachable = True
                self._lane -= 1
                self._failed(f"a query worker can't be reached: {error}")
            raise
        if not self._is_expected(worker, server):
            worker.transport.abort()
            return
        worker.joined = True
        if worker.ended:
            self._idle.append(worker)  # until its socket is closed, see `socket_closed`
        elif worker.pid:  # what has no number yet could not be stopped
            self._find_work(worker)

    def _is_expected(self, worker: Worker, server: ForkServer) -> bool:
        """Is a worker still wanted? Not if all were dropped, or the fork server could not fork."""
        return self._server is server and (worker in self._unnamed or bool(worker.pid))

    def socket_closed(self, worker: Worker) -> None:
        """Forget a worker whose side of the socket is closed; the fork server reports why."""
        if worker in self._idle:
            self._idle.remove(worker)
            self._lane -= 1
            if not worker.answered:
                self._failed(self._reason or "query workers end before they are asked anything")
            self._refill()
        elif worker in self._spare:
            self._spare.remove(worker)
        elif worker in self._busy and worker.pid not in self._by_pid:
            self._ended(worker, -signal.SIGKILL)  # it had ended before it was asked

    def _failed(self, reason: str) -> None:
        """Count a worker that was of no use; after some, wait before more are forked."""
        self._failures += 1
        self._reason = reason
        if self._failures < 2 * self._fast + 3 or self._loop is None or self._closed:
            return
        if not (self._problem and time.monotonic() < self._retry):
            self._pause(reason)
        if not self._busy:
            self._give_up(self._problem)

    # --- the lanes -------------------------------------------------------------------------------

    @property
    def _waiting(self) -> int:
        """How many queries wait."""
        return sum(map(len, self._queues))

    def _lanes_to_fill(self) -> Iterator[int]:
        """Yield each slower lane as often as a query of its queue has a place there."""
        for lane in (1, 2):
            if self._queues[lane]:
                yield from [lane] * min(self._free(lane), len(self._queues[lane]))

    def _in_lane(self, lane: int) -> int:
        return sum(worker.lane == lane for worker in self._busy)

    def _free(self, lane: int) -> int:
        """Return how many places there are in a slower lane that nobody has."""
        return self.limits.concurrent - self._in_lane(lane) - self.places.others()[lane - 1]

    def _publish_places(self) -> None:
        self.places.publish(self._in_lane(1), self._in_lane(2))

    def _move(self, worker: Worker, lane: int) -> None:
        """Let a worker go on in a slower lane, at the priority there."""
        if not worker.lane:
            self._lane -= 1
        if worker.lane != lane:
            worker.lane = lane
            self._order("LM"[lane - 1], worker)
        self._publish_places()

    def _let_go(self, worker: Worker) -> None:
        """End a worker; the queries in line there are given to others."""
        self._busy.discard(worker)
        self._order("K", worker)
        worker.transport.close()
        if not worker.lane:
            self._lane -= 1
        else:
            self._publish_places()
        self._empty_line(worker)
        self._refill()

    # --- kept for a while ------------------------------------------------------------------------

    def _keep_spare(self, worker: Worker, now: float) -> None:
        """Keep a worker of the second lane for the next query there, as many as have places.

        Its priority can't be raised again, so it is none for the fast lane.
        """
        assert self._loop is not None, "opened"
        if self._in_lane(1) + len(self._spare) > self.limits.concurrent:
            self._let_go(worker)
            return
        self._busy.discard(worker)
        self._publish_places()
        worker.started = now
        self._spare.append(worker)
        if not self._trimming:
            self._trimming = True
            self._loop.call_later(_SPARE, self._trim)
        self._refill()

    def _trim(self) -> None:
        """End the spare workers that nobody has wanted for a while, and idle ones beyond need."""
        self._trimming = False
        if self._loop is None or self._closed:
            return
        old = self._loop.time() - _SPARE
        while self._spare and self._spare[0].started <= old:
            self._let_go(self._spare.pop(0))
        if self._spare:
            self._trimming = True
            self._loop.call_later(_SPARE, self._trim)
            return
        while self._lane > self._fast and len(self._idle) > 1 and not self._waiting:
            self._let_go(self._idle.pop(0))

    def _tidy_later(self) -> None:
        if not self._tidying and self._loop is not None:
            self._tidying = True
            self._loop.call_later(_REST, self._tidy)

    def _tidy(self) -> None:
        """Replace workers that have copied much of the graph, once nobody needs them."""
        self._tidying = False
        if self._closed or self._loop is None:
            return
        grown = [worker for worker in self._idle if worker.grown]
        rested = [worker for worker in grown if self._loop.time() - worker.started >= _REST]
        for worker in rested:
            self._idle.remove(worker)
        for worker in rested:
            self._let_go(worker)
        if len(rested) < len(grown):
            self._tidy_later()
