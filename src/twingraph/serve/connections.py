"""All connections of a process: their largest number, their timeouts, and how they are closed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from starlette.types import ASGIApp

from twingraph.serve.connection import Connection
from twingraph.serve.lifetime import Lifetime
from twingraph.serve.pipelining import Turns
from twingraph.serve.quick import Quick


class Waits(NamedTuple):
    """The timeouts of a connection, in seconds."""

    first: float = 10.0
    idle: float = 5.0
    head: float = 10.0
    body: float = 30.0
    unread: float = 30.0
    drain: float = 2.0
    half: float = 0.5  # until a client that has closed its sending side is probed
    refused: float = 0.25  # until an error response is sent, so that repeating is slow
    close: float = 10.0


class Connections:
    """All connections of a process, and what they share: the application, limits and timeouts."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        address_bytes: int,
        most: int,
        waits: Waits = Waits(),  # noqa: B008  # it never changes
        refused: Callable[[int], None] = lambda status: None,
        quick: Quick | None = None,
    ) -> None:
        """Serve `app` on at most `most` connections with request targets of `address_bytes`.

        `refused` is called with the status of each request that does not reach the application;
        `quick` answers some requests without it.
        """
        self.app = app
        self.address_bytes = address_bytes
        self.most = most
        self.waits = waits
        self.refused = refused
        self.quick = quick
        self.open: OrderedDict[Lifetime, None] = OrderedDict()
        self.idle: OrderedDict[Lifetime, None] = OrderedDict()
        self.closing: set[Lifetime] = set()  # closed, but not all that was written is sent yet
        self.tasks: set[asyncio.Task[None]] = set()
        self.turns = Turns()
        self.ending = False
        self._looking = False
        # seconds between two checks of all deadlines; error responses have a timer each
        self._interval = min(waits._replace(refused=waits.close)) / 4

    def __call__(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self)

    def make_room(self) -> None:
        """Close the connection that has been idle longest, if there are too many."""
        if len(self.open) > self.most and self.idle:
            next(iter(self.idle)).close()

    def look_after(self) -> None:
        """Check the deadlines of all connections regularly, as long as there are connections.

        One timer serves all: setting one for each state of each request would cost more.
        """
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(self._interval, self._look)

    def _look(self) -> None:
        self._looking = False
        now = asyncio.get_running_loop().time()
        for connection in [*self.open, *self.closing]:
            if connection.deadline and connection.deadline < now:
                connection.too_late()
        if self.open or self.closing:
            self.look_after()

    async def end(self, seconds: float) -> None:
        """Wait up to `seconds` for responses that have begun; then close all connections."""
        self.ending = True
        for connection in list(self.open):
            connection.end()
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (self.open or self.closing) and loop.time() < until:
            await asyncio.sleep(0.02)
        for connection in (*self.open, *self.closing):
            connection.abort()
