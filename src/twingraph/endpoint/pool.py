"""Queries handed to workers, and taken back: what each may take is seen to here, from outside.

A query begins in a fast lane. What takes more than a moment of the processor goes on in a second
lane at lower priority, what takes more than a second in a third at the lowest; fresh workers take
the places in the fast lane. So a short query never waits for a long one. The slower lanes
have `limits.concurrent` places each; a query that finds none begins again later, when one is free.
As many as `limits.waiting` wait; what comes on top is told to come back. Who overruns a limit is
killed, and so is a query whose client has gone.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from twingraph.endpoint.forkserver import ForkServer
from twingraph.endpoint.launch import Launcher, OwnLauncher, config_of
from twingraph.endpoint.outcome import Outcome
from twingraph.endpoint.places import OwnPlaces, Places
from twingraph.endpoint.process import LINE, LONG_TEXT, Deliver, Gone, Job, Reply, Worker
from twingraph.endpoint.question import Question, pack
from twingraph.endpoint.supply import Supply
from twingraph.settings import Limits

MOMENT: Final = 0.1  # seconds in the fast lane
PAGE_MOMENT: Final = 0.5  # seconds that a page is taken for a quick one, beside queries
HURRY: Final = 0.05  # while others wait behind it
LONG: Final = 1.0  # seconds in the second lane, or a quarter of `limits.seconds`
_YOUNG: Final = 0.0025  # seconds in which a query is not yet known to take longer than a look-up
_RECENT: Final = 8  # queries of late
_LOOK_UP: Final = 0.001  # seconds; queries that usually take less are look-ups
_SHARED: Final = 7  # queries that stand in line at a worker whose query is young
_BUSY: Final = 10  # times as long as processor time: then it is long all the same
_SPARE: Final = 1.0  # seconds that a worker of a slower lane waits for its next query
_LOOK: Final = 0.02  # seconds between two looks at the clock, while queries run
_REST: Final = 2.0  # seconds without a query, after which one that has grown is replaced
_TRIES: Final = 2  # of a query whose worker was killed by somebody else


class Pool(Supply):
    """The workers of one build. It starts with its first query, or with `start()`."""

    def __init__(
        self,
        graph: Path,
        base: str,
        limits: Limits,
        launcher: Launcher | None = None,
        share: int = 1,
        pages: Mapping[str, Any] | None = None,
        for_pages: bool = False,
    ) -> None:
        """Name the graph (N-Quads, under `base`) and what a query on it may take.

        `share` is how many pools there are, one in each process that serves: those who wait, and
        the workers of the fast lane, are divided among them; `places` are common to all. `pages`
        is what workers need to answer requests (`Config.pages`). Workers of a pool `for_pages`
        let those of queries go first.
        """
        config = config_of(graph, base, limits, pages or {})
        super().__init__(config, launcher or OwnLauncher())
        self.limits = limits
        self.places: Places = OwnPlaces()
        self._room = -(-limits.waiting // share)
        self._fast = max(2, -(-(os.cpu_count() or 1) // share))
        self._long = min(LONG, limits.seconds / 4)
        self._for_pages = for_pages
        self._moment = min(PAGE_MOMENT, self._long) if for_pages else MOMENT
        self._hurry = self._moment / 2 if for_pages else HURRY
        self._unnamed: deque[Worker] = deque()
        self._by_pid: dict[int, Worker] = {}
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._spare: list[Worker] = []  # of the second lane, the one that answered last at the end
        self._lane = 0  # workers in the fast lane, or on their way into it
        self._queues: tuple[deque[Job], deque[Job], deque[Job]] = (deque(), deque(), deque())
        self._latest: Worker | None = None  # who had the last query of the fast lane
        self._usual = 0.0  # seconds that such a query took of late
        self._looking = False
        self._trimming = False
        self._tidying = False
        self._failures = 0  # workers that ended before they had answered anything, in a row
        self._reason = ""  # of the last of them

    # --- what others see -------------------------------------------------------------------------

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
        try:
            question = pack(Question(query, rows, graphs, dataset, bindings))
        except UnicodeEncodeError:
            return Reply(Outcome.FAILED, b"its text is not Unicode")
        return await self.submit(question, gone)

    async def submit(self, question: bytes, gone: Gone | None = None) -> Reply:
        """Have a question answered, its first byte its kind (see `worker.py`)."""
        done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def deliver(reply: Reply) -> None:
            if not done.done():
                done.set_result(reply)

        job = self.begin(question, gone, deliver)
        try:
            return await done
        except asyncio.CancelledError:
            self._drop(job)
            raise

    def begin(self, question: bytes, gone: Gone | None, deliver: Deliver) -> Job:
        """Have a question answered; `deliver` gets the reply, whatever becomes of it, maybe now."""
        job = Job(question, gone, deliver)
        loop = asyncio.get_running_loop()
        if self._closed:
            job.finish(Reply(Outcome.LOST))
        elif self._problem and time.monotonic() < self._retry and not self._by_pid:
            job.finish(Reply(Outcome.NO_WORKERS, self._problem.encode()))
        else:
            if self._loop is not loop:
                self._open(loop)
            job.lane = 1 if len(question) > LONG_TEXT and not self._for_pages else 0
            self._place(job, taken=False)
        return job

    def state(self) -> dict[str, int]:
        """Return how many queries run, how many of them long, and how many wait."""
        return {
            "running": len(self._busy),
            "long": self._in_lane(1) + self._in_lane(2),
            "waiting": self._waiting,
            "workers": len(self._by_pid) + len(self._unnamed),
        }

    @property
    def processes(self) -> list[int]:
        """The process numbers of the fork server and of the workers."""
        server = [self._server.pid] if self._server is not None else []
        return server + sorted(self._by_pid)

    async def drain(self) -> None:
        """Wait until no query runs, then close."""
        while self._busy or self._waiting:
            await asyncio.sleep(_LOOK)
        self.close()

    def close(self) -> None:
        """End every process; who still waits is told that his worker was lost."""
        if self._closed:
            return
        self._closed = True
        for job in self._all_jobs():
            job.finish(Reply(Outcome.LOST))
        self._abandon()
        self.launcher.close()

    # --- the fork server -------------------------------------------------------------------------

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
                    self._order("L", worker)
                if worker.joined:
                    self._rest(worker)
            case ["W"]:
                self._replace_workers()
            case ["N", *reason]:
                unborn = self._unnamed.popleft()
                if hasattr(unborn, "transport"):
                    unborn.transport.close()
                self._lane -= 1
                self._failed(" ".join(reason))
            case ["X", pid, status]:
                ended = self._by_pid.pop(int(pid), None)
                if ended is not None:
                    self._ended(ended, int(status))

    def _replace_workers(self) -> None:
        """End those that were forked before all was prepared, once they have answered."""
        for worker in self._by_pid.values():
            worker.unprepared = True
        for workers in (self._idle, self._spare):
            for worker in [worker for worker in workers if worker.unprepared]:
                workers.remove(worker)
                self._let_go(worker)

    def _leave_workers(self) -> None:
        for worker in self._unnamed:
            if hasattr(worker, "transport"):
                worker.transport.abort()
        self._lane -= len(self._unnamed)
        self._unnamed.clear()
        self._replace_workers()
        for worker in self._idle:  # those that have ended, but are not read to their end
            worker.transport.abort()
        self._lane -= len(self._idle)
        self._idle.clear()
        self._by_pid.clear()

    def _lose_workers(self) -> None:
        assert self._loop is not None, "opened"
        jobs = [job for worker in self._busy for job in (worker.job, *worker.line) if job]
        self._open(self._loop)
        for job in jobs:
            self._again(job, at_once=False)

    def _drop_workers(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            for worker in [*self._idle, *self._spare, *self._busy, *self._unnamed]:
                if hasattr(worker, "transport"):
                    worker.transport.abort()
        self._lane = 0
        self._latest = None
        for workers in (self._unnamed, self._by_pid, self._idle, self._spare, self._busy):
            workers.clear()

    def _give_up(self, problem: str) -> None:
        for job in self._all_jobs():
            job.finish(Reply(Outcome.NO_WORKERS, problem.encode()))
        for queue in self._queues:
            queue.clear()

    # --- the lanes -------------------------------------------------------------------------------

    def _in_lane(self, lane: int) -> int:
        return sum(worker.lane == lane for worker in self._busy)

    def _free(self, lane: int) -> int:
        """Return how many places there are in a slower lane that nobody has."""
        return self.limits.concurrent - self._in_lane(lane) - self.places.others()[lane - 1]

    def _publish_places(self) -> None:
        self.places.publish(self._in_lane(1), self._in_lane(2))

    @property
    def _waiting(self) -> int:
        return sum(map(len, self._queues))

    def _all_jobs(self) -> Iterator[Job]:
        for worker in self._busy:
            yield from (job for job in (worker.job, *worker.line) if job is not None)
        for queue in self._queues:
            yield from queue

    def _place(self, job: Job, *, taken: bool = True) -> None:
        """Give a query to a worker of the fast lane, or let it wait.

        One that was `taken` once is never sent away.
        """
        assert self._loop is not None, "opened"
        if job.over:
            return
        worker = None if job.lane else self._taker()
        if worker is not None:
            self._give(worker, job)
        elif not taken and self._waiting >= self._room:
            job.finish(Reply(Outcome.BUSY))
        else:
            self._queues[job.lane].append(job)
            self._refill()
            self._look_after()

    def _taker(self) -> Worker | None:
        """Return the worker that takes the next query of the fast lane, None where all have enough.

        Where queries are look-ups, to wake another costs more than to stand in line for a moment:
        a query goes to the worker that had the one before. Where that turns out to take longer,
        those in line are handed on.
        """
        assert self._loop is not None, "opened"
        latest = self._latest
        if latest is not None and latest.job is not None and not latest.lane:
            if self._loop.time() - latest.started < _YOUNG:
                if self._usual < _LOOK_UP and len(latest.line) < _SHARED:
                    return latest
            elif latest.line:
                self._latest = None
                self._hand_on(latest)
        if self._idle:
            return self._idle.pop()
        short = (item for item in self._busy if not item.lane and len(item.line) < LINE)
        return min(short, key=lambda item: len(item.line), default=None)

    def _hand_on(self, worker: Worker) -> None:
        """Let those in line go elsewhere at once; what is still answered to them is not heard."""
        if not self._idle or self._usual >= _LOOK_UP:
            return
        line = [*worker.line]
        worker.line = deque(job.unheard() for job in line)
        for job in line:
            self._place(job)

    def _give(self, worker: Worker, job: Job) -> None:
        assert self._loop is not None, "opened"
        self._busy.add(worker)
        worker.ask(job, self._loop.time())
        if not job.lane:
            self._latest = worker
        else:
            self._move(worker, job.lane)
        if not self._looking:
            self._look_after()

    def answered(self, worker: Worker, reply: Reply, *, last: bool) -> None:
        """Take an answer, and the worker back into the lane."""
        if reply.outcome is Outcome.NO_WORKERS:
            self._failed(reply.body.decode("utf-8", "replace"))
            return
        if worker not in self._busy or worker.job is None:
            return
        worker.answered += 1
        if self._failures or self._problem:
            self._failures, self._pauses, self._problem, self._reason = 0, 0, "", ""
        assert self._loop is not None, "opened"
        now = self._loop.time()
        if len(worker.job.question) <= LONG_TEXT:
            self._usual += (min(now - worker.started, MOMENT) - self._usual) / _RECENT
        worker.job.finish(reply)
        worker.job = None
        if worker.lane > 1 or last or worker.unprepared:
            self._let_go(worker)
        elif worker.lane:
            self._keep(worker, now)
        elif worker.line:
            worker.next(now)
        else:
            self._busy.discard(worker)
            self._rest(worker)

    def _keep(self, worker: Worker, now: float) -> None:
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

    def left(self, worker: Worker) -> None:
        """Notice that a worker's side of its socket is closed; why, the fork server tells."""
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

    def _rest(self, worker: Worker) -> None:
        """Take on whoever waits: those of the fast lane first, unless there are workers enough."""
        queued = self._queues[0]
        if not queued or self._lane > self._fast:
            lane = next(self._startable(), 0)
            queued = self._queues[lane]
        if queued:
            self._give(worker, queued.popleft())
        else:
            self._idle.append(worker)
            if worker.grown:
                self._tidy_later()

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
            self._let_go(worker)
        if len(rested) < len(grown):
            self._tidy_later()

    def _startable(self) -> Iterator[int]:
        """Yield the slower lanes once for each query that waits and has a place there."""
        for lane in (1, 2):
            if self._queues[lane]:
                yield from [lane] * min(self._free(lane), len(self._queues[lane]))

    def _refill(self) -> None:
        if self._server is None or not self._is_ready or self._closed or self._loop is None:
            return
        if self._problem and time.monotonic() < self._retry:
            return
        while self._spare and (lane := next(self._startable(), 0)):
            self._give(self._spare.pop(), self._queues[lane].popleft())
        # one stays free for a quick query; what is missing for the slow ones is forked below
        while len(self._idle) > 1 and (lane := next(self._startable(), 0)):
            self._give(self._idle.pop(), self._queues[lane].popleft())
        while self._lane < self._fast + sum(1 for _ in self._startable()):
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
        except BaseException:
            ours.close()
            raise
        if self._server is not server or (worker not in self._unnamed and not worker.pid):
            worker.transport.abort()  # all were let go meanwhile, or it was not to be had
            return
        worker.joined = True
        if worker.ended:
            self._idle.append(worker)  # until it is read to its end, see `left`
        elif worker.pid:  # what has no number yet could not be stopped
            self._rest(worker)

    def _let_go(self, worker: Worker) -> None:
        """End a worker, and find other places for those in its line."""
        self._busy.discard(worker)
        self._order("K", worker)
        worker.transport.close()
        if not worker.lane:
            self._lane -= 1
        else:
            self._publish_places()
        self._send_away(worker)
        self._refill()

    def _send_away(self, worker: Worker) -> None:
        """Let those in line go elsewhere; what is still answered to them is not heard."""
        line = [*worker.line]
        worker.line.clear()
        for job in line:
            self._place(job)

    def _stop(self, worker: Worker, reply: Reply | None) -> None:
        """Kill the process of a query; without a reply, the query begins again when it can."""
        job, worker.job = worker.job, None
        if worker in self._busy:
            self._let_go(worker)
        if job is not None and reply is not None:
            job.finish(reply)
        elif job is not None:
            self._place(job)

    def _ended(self, worker: Worker, status: int) -> None:
        """Hear how a process ended: by itself, by us, or at its query."""
        if worker in self._busy:
            job, worker.job = worker.job, None
            at_once = self._loop is not None and self._loop.time() - worker.started < MOMENT
            self._let_go(worker)
            if job is not None and status in _ENDS:
                job.finish(Reply(_ENDS[status]))
            elif job is not None:
                self._again(job, at_once=at_once)
        else:  # its socket ends, too; what it said before, say why, is read first
            worker.ended = True

    def _again(self, job: Job, *, at_once: bool) -> None:
        """Ask once more; one that was lost at once had been dead before it was asked."""
        job.lost += 1 if at_once else self._fast
        if job.lost >= _TRIES * self._fast and self._failures:
            job.finish(Reply(Outcome.NO_WORKERS, self._reason.encode()))
        elif job.lost >= _TRIES * self._fast:
            job.finish(Reply(Outcome.LOST))
        else:
            self._place(job)

    def _failed(self, reason: str) -> None:
        """Count a worker that was of no use; after some, wait before more are forked."""
        self._failures += 1
        self._reason = reason
        if self._failures < 2 * self._fast + 3 or self._loop is None or self._closed:
            return
        if not (self._problem and time.monotonic() < self._retry):
            self._pause(reason)
        if not self._busy:
            for queue in self._queues:
                while queue:
                    queue.popleft().finish(Reply(Outcome.NO_WORKERS, self._problem.encode()))

    # --- the clock -------------------------------------------------------------------------------

    def _look_after(self) -> None:
        if not self._looking and self._loop is not None:
            self._looking = True
            self._loop.call_later(_LOOK, self._look)

    def _look(self) -> None:
        self._looking = False
        if self._loop is None:
            return
        now = self._loop.time()
        for worker in list(self._busy):
            taken = now - worker.started
            moment = self._hurry if self._queues[0] or worker.line else self._moment
            if taken > self.limits.seconds:
                self._stop(worker, Reply(Outcome.TOO_LONG))
            elif worker.lane == 0:
                if worker.line and taken > _YOUNG:
                    self._hand_on(worker)
                spent = worker.spent()
                if taken > moment and (spent > moment - 2 * _LOOK or taken > _BUSY * moment):
                    self._slow_down(worker)
            elif worker.lane == 1:
                spent = worker.spent()
                if self._free(2) > 0:  # sooner where somebody waits for its place
                    long = taken > (self._long / 4 if self._queues[1] else self._long)
                else:  # it would have to begin again, so it must have had its second
                    long = spent > self._long or taken > _BUSY * self._long
                if long:
                    self._slow_down(worker)
        if self._waiting:
            self._refill()  # somebody else may have left a place; an order may not have gone out
        if self._busy or self._waiting:
            self._look_after()

    def _slow_down(self, worker: Worker) -> None:
        """Move a query to the next lane, where there is a place for it."""
        assert self._loop is not None and worker.job is not None, "it runs"
        job = worker.job
        if job.over:
            self._stop(worker, Reply(Outcome.CLIENT_LEFT))
            return
        if job.watcher is None and job.gone is not None:
            job.watcher = self._loop.create_task(self._watch(job, job.gone))
        job.lane = worker.lane + 1
        if self._free(job.lane) < 1:
            self._stop(worker, None)
            return
        self._move(worker, job.lane)
        self._send_away(worker)
        self._refill()

    def _move(self, worker: Worker, lane: int) -> None:
        """Let a worker go on in a slower lane, at the priority there."""
        if not worker.lane:
            self._lane -= 1
        if worker.lane != lane:
            worker.lane = lane
            self._order("LM"[lane - 1], worker)
        self._publish_places()

    async def _watch(self, job: Job, gone: Gone) -> None:
        await gone()
        job.watcher = None
        self._drop(job)

    def _drop(self, job: Job) -> None:
        """Let a query go whose client has left."""
        if job in self._queues[job.lane]:
            self._queues[job.lane].remove(job)
        job.finish(Reply(Outcome.CLIENT_LEFT))
        for worker in list(self._busy):
            if worker.job is job:
                self._stop(worker, Reply(Outcome.CLIENT_LEFT))
        self._refill()


# How a process ends in the middle of a query, by its exit status: what the engine did.
_ENDS: Final[Mapping[int, Outcome]] = {
    -signal.SIGABRT: Outcome.TOO_MUCH_MEMORY,  # the engine's way when it is given no more memory
    -signal.SIGSEGV: Outcome.TOO_DEEP,  # its stack is at its end
    -signal.SIGBUS: Outcome.TOO_DEEP,
    -signal.SIGPROF: Outcome.TOO_LONG,
}
