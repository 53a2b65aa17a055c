"""The fork server of a pool: started, restarted when it has ended, given up after failures."""

from __future__ import annotations

import asyncio
import sys
import time
from abc import ABC, abstractmethod
from typing import Final

from twingraph.endpoint.evaluate import Config
from twingraph.endpoint.forkserver import ForkServer
from twingraph.endpoint.launch import Launcher
from twingraph.endpoint.process import Worker
from twingraph.problems import TwingraphError

_START: Final = 600.0  # seconds until the graph is loaded
_PAUSE: Final = 0.5  # seconds until the next try, twice as long after each failure
_LONGEST_PAUSE: Final = 30.0


class Supply(ABC):
    """What a pool knows of its fork server; the pool says what becomes of its queries."""

    def __init__(self, config: Config, launcher: Launcher) -> None:
        """Take the configuration of the workers, and the launcher of their fork server."""
        self.launcher = launcher
        self._config = config
        self._server: ForkServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: asyncio.Future[None] | None = None
        self._launching: asyncio.Task[None] | None = None
        self._closed = False
        self._problem = ""
        self._pauses = 0
        self._retry = 0.0
        self._fresh_loss = False

    # --- what the pool adds ----------------------------------------------------------------------

    @abstractmethod
    def _line_from_server(self, words: list[str]) -> None:
        """Hear a line of the fork server."""

    @abstractmethod
    def _give_up(self, problem: str) -> None:
        """End every query with this problem."""

    @abstractmethod
    def _lose_workers(self) -> None:
        """Know that no worker is left; their queries begin again."""

    @abstractmethod
    def _drop_workers(self) -> None:
        """Let go of all workers."""

    @abstractmethod
    def _leave_workers(self) -> None:
        """Give the workers nothing more; those at a query answer it."""

    @abstractmethod
    def _refill(self) -> None:
        """Order the workers that are missing."""

    # --- what others see -------------------------------------------------------------------------

    @property
    def problem(self) -> str:
        """Why no query can be answered now; '' where they can, or can once the graph is loaded."""
        return self._problem if time.monotonic() < self._retry else ""

    async def start(self) -> None:
        """Load the graph; raise `TwingraphError` where that can't be."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._open(loop)
        assert self._ready is not None, "opened above"
        try:
            await asyncio.shield(self._ready)
        except OSError as error:
            raise TwingraphError(str(error)) from None

    # --- its life --------------------------------------------------------------------------------

    @property
    def _is_ready(self) -> bool:
        ready = self._ready
        return ready is not None and ready.done() and ready.exception() is None

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._abandon()
        self._loop = loop
        self._begin(loop)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have a fork server launched."""
        self._ready = loop.create_future()
        self._ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._launching = loop.create_task(self._launch(self._ready))

    async def _launch(self, ready: asyncio.Future[None]) -> None:
        assert self._loop is not None, "opened"
        try:
            async with asyncio.timeout(_START):
                launched = await self.launcher.launch(self._config)
        except OSError as error:  # the timeout is one, too
            if self._ready is ready:
                self._cannot(f"query workers can't be started: {error or 'nobody answered'}")
            return
        if self._closed or self._ready is not ready:
            launched.control.close()
            self.launcher.leave(launched.pid)
            return
        self._server = ForkServer(
            launched, self._loop, self._line_from_server, self._server_lost, self._server_hangs
        )
        await asyncio.wait((ready,), timeout=_START)
        if not ready.done():
            self._cannot(f"the graph was not loaded within {_START:.0f} seconds")

    def _abandon(self) -> None:
        server, self._server = self._server, None
        if self._loop is not None and not self._loop.is_closed():
            current = asyncio.current_task(self._loop)
            if self._launching is not None and self._launching is not current:
                self._launching.cancel()
        self._drop_workers()
        if server is not None:
            server.close()
            self.launcher.leave(server.pid)

    def _cannot(self, problem: str) -> None:
        """Answer nothing for a while, and say why."""
        if self._closed or self._loop is None:
            return
        self._pause(problem)
        self._give_up(problem)
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(OSError(problem))
        self._abandon()
        self._loop = None  # the next query tries again

    def _server_lost(self) -> None:
        """Start a new fork server after one was killed, with all its workers."""
        assert self._loop is not None, "opened"
        if self._is_ready or self._fresh_loss:
            # the launcher may have returned the one that was killed: try once more immediately
            self._fresh_loss = self._is_ready
            self._lose_workers()
        else:
            self._cannot("the query workers ended while they loaded the graph; see above why")

    def _server_hangs(self) -> None:
        """Have another in the place of a fork server that does not answer; workers end theirs."""
        assert self._loop is not None and self._server is not None, "opened"
        server, self._server = self._server, None
        server.retire(lambda: self.launcher.leave(server.pid))
        self._leave_workers()
        self.launcher.replace(server.pid)
        self._begin(self._loop)

    def _pause(self, problem: str) -> None:
        """Start nothing for a while, longer each time, and say why."""
        assert self._loop is not None, "opened"
        if problem != self._problem:
            print(f"twingraph: {problem}", file=sys.stderr, flush=True)  # noqa: T201
        self._problem = problem
        pause = min(_LONGEST_PAUSE, _PAUSE * 2 ** min(self._pauses, 10))
        self._pauses += 1
        self._retry = time.monotonic() + pause
        self._loop.call_later(pause, self._refill)

    def _order(self, letter: str, worker: Worker) -> None:
        if self._server is not None and worker.pid:
            self._server.order(letter, worker.pid)
