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
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from twingraph.endpoint.launch import Launcher, OwnLauncher, config_of
from twingraph.endpoint.process import LINE, LONG_TEXT, Deliver, Gone, Job, Reply, Worker
from twingraph.endpoint.query_message import Question, pack
from twingraph.endpoint.query_outcome import ENDS, Outcome
from twingraph.endpoint.workers import Crew
from twingraph.settings import Limits

MOMENT: Final = 0.1  # seconds in the fast lane
PAGE_MOMENT: Final = 0.5  # seconds that a page is taken for a quick one, beside queries
HURRY: Final = 0.05  # while others wait behind it
LONG: Final = 1.0  # seconds in the second lane, or a quarter of `limits.seconds`
_YOUNG: Final = 0.0025  # seconds in which a query is not yet known to take longer than a look-up
_RECENT: Final = 8  # queries over which their usual time is averaged
_LOOK_UP: Final = 0.001  # seconds; queries that usually take less are look-ups
_SHARED: Final = 7  # queries in line at a worker whose query is young
_STALLED: Final = 10  # times the bound of processor time, by the clock, make a query long, too
_LOOK: Final = 0.02  # seconds between two looks at the clock, while queries run
_QUEUED_BYTES: Final = 16 * 1024 * 1024  # of all that wait, where a long one is to join them
_TRIES: Final = 2  # of a query whose worker was killed by another program


class Pool(Crew):
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
        super().__init__(config, launcher or OwnLauncher(), limits, share, for_pages=for_pages)
        self._room = -(-limits.waiting // share)
        self._long = min(LONG, limits.seconds / 4)
        self._moment = min(PAGE_MOMENT, self._long) if for_pages else MOMENT
        self._hurry = self._moment / 2 if for_pages else HURRY
        self._latest: Worker | None = None  # it got the last query of the fast lane
        self._usual = 0.0  # seconds that queries took, a moving average
        self._looking = False

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

    async def drain(self) -> None:
        """Wait until no query runs, then close."""
        while self._busy or self._waiting:
            await asyncio.sleep(_LOOK)
        self.close()

    def close(self) -> None:
        """End every process; queries that still wait get `LOST`."""
        if self._closed:
            return
        self._closed = True
        for job in self._all_jobs():
            job.finish(Reply(Outcome.LOST))
        self._abandon()
        self.launcher.close()

    # --- what becomes of queries where workers are lost ------------------------------------------

    def _lose_workers(self) -> None:
        assert self._loop is not None, "opened"
        jobs = [job for worker in self._busy for job in (worker.job, *worker.line) if job]
        self._open(self._loop)
        for job in jobs:
            self._ask_again(job, at_once=False)

    def _drop_workers(self) -> None:
        super()._drop_workers()
        self._latest = None

    def _give_up(self, problem: str) -> None:
        for job in self._all_jobs():
            job.finish(Reply(Outcome.NO_WORKERS, problem.encode()))
        for queue in self._queues:
            queue.clear()

    # --- the lanes -------------------------------------------------------------------------------

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
        worker = None if job.lane else self._worker_for_next()
        if worker is not None:
            self._give(worker, job)
        elif not taken and not self._has_room(job):
            job.finish(Reply(Outcome.BUSY))
        else:
            if job.watcher is None and job.gone is not None:
                job.watcher = self._loop.create_task(self._watch(job, job.gone))
            self._queues[job.lane].append(job)
            self._refill()
            self._look_after()

    def _has_room(self, job: Job) -> bool:
        """May a query wait, beside those that do?"""
        if len(job.question) > LONG_TEXT and self._waiting:
            queued = sum(len(other.question) for queue in self._queues for other in queue)
            if queued + len(job.question) > _QUEUED_BYTES:
                return False
        return self._waiting < self._room

    def _worker_for_next(self) -> Worker | None:
        """Return the worker for the next query of the fast lane, None where all lines are full.

        While queries are look-ups, waking another worker costs more than a moment in line, so a
        query goes to the worker that had the one before. If that one turns out to take longer,
        the queries in line are given to others.
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
        """Give the queries in line to idle workers; this worker's answers to them are ignored."""
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
        if worker.lane > 1 or last or worker.unprepared or worker.owes:
            self._let_go(worker)
        elif worker.lane:
            self._keep_spare(worker, now)
        elif worker.line:
            worker.next(now)
        else:
            self._busy.discard(worker)
            self._find_work(worker)

    def _find_work(self, worker: Worker) -> None:
        """Give a worker a query of the queues, or let it idle.

        The fast lane comes first, unless it has more workers than it needs.
        """
        queued = self._queues[0]
        if not queued or self._lane > self._fast:
            lane = next(self._lanes_to_fill(), 0)
            queued = self._queues[lane]
        if queued:
            self._give(worker, queued.popleft())
        else:
            self._idle.append(worker)
            if worker.grown:
                self._tidy_later()

    def _give_waiting(self, worker: Worker, lane: int) -> None:
        self._give(worker, self._queues[lane].popleft())

    def _empty_line(self, worker: Worker) -> None:
        """Give the queries in line to others; the worker, which answers them, too, gets no more."""
        line = [*worker.line]
        worker.owes = worker.owes or bool(line)
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
        """Deal with the query of a process that ended."""
        if worker in self._busy:
            job, worker.job = worker.job, None
            at_once = self._loop is not None and self._loop.time() - worker.started < MOMENT
            self._let_go(worker)
            if job is not None and status in ENDS:
                job.finish(Reply(ENDS[status]))
            elif job is not None:
                self._ask_again(job, at_once=at_once)
        else:  # what it wrote before, why it can't start for example, is read first
            worker.ended = True

    def _ask_again(self, job: Job, *, at_once: bool) -> None:
        """Ask once more; a worker that was lost at once was dead before it got the query."""
        job.lost += 1 if at_once else self._fast
        if job.lost >= _TRIES * self._fast and self._failures:
            job.finish(Reply(Outcome.NO_WORKERS, self._reason.encode()))
        elif job.lost >= _TRIES * self._fast:
            job.finish(Reply(Outcome.LOST))
        else:
            self._place(job)

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
                if taken > moment and (spent > moment - 2 * _LOOK or taken > _STALLED * moment):
                    self._slow_down(worker)
            elif worker.lane == 1:
                spent = worker.spent()
                # sooner where somebody waits for its place; not where it would begin again
                sooner = self._queues[1] and self._free(2) > 0
                bound = self._long / 4 if sooner else self._long
                if taken > bound and (spent > bound or taken > _STALLED * bound):
                    self._slow_down(worker)
        if self._waiting:
            self._refill()  # another process may have freed a place; an order may have failed
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
        self._empty_line(worker)
        self._refill()

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
