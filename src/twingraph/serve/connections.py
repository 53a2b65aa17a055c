"""All connections of a process: how many they may be, how long they may wait, how they end."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from starlette.types import ASGIApp

from twingraph.serve.connection import Connection
from twingraph.serve.lifetime import Lifetime
from twingraph.serve.quick import Quick
from twingraph.serve.turns import Turns


class Waits(NamedTuple):
    """Seconds that a connection may stay in each state."""

    first: float = 10.0
    idle: float = 5.0
    head: float = 10.0
    body: float = 30.0
    unread: float = 30.0
    drain: float = 2.0
    half: float = 0.5  # until a client that sends no more is probed for
    refused: float = 0.25  # until a refusal is said
    close: float = 10.0


class Connections:
    """All connections of a process: where they hand their requests, and how many they may be."""

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
        """`refused` hears the status of each request that never reaches the application.

        `quick` answers what it can without it.
        """
        self.app = app
        self.address_bytes = address_bytes
        self.most = most
        self.waits = waits
        self.refused = refused
        self.quick = quick
        self.open: OrderedDict[Lifetime, None] = OrderedDict()
        self.idle: OrderedDict[Lifetime, None] = OrderedDict()
        self.closing: set[Lifetime] = set()  # what was written to them is not read yet
        self.tasks: set[asyncio.Task[None]] = set()
        self.turns = Turns()
        self.ending = False
        self._looking = False
        self._every = min(waits._replace(refused=waits.close)) / 4  # refusals have a timer each

    def __call__(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self)

    def make_room(self) -> None:
        """Close the connection that has been idle longest, if there are too many."""
        if len(self.open) > self.most and self.idle:
            next(iter(self.idle)).close()

    def look_after(self) -> None:
        """Look at the deadlines of all connections, again and again while there are any.

        One timer for all: to set one for each state of each request costs more than to look.
        """
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(self._every, self._look)

    def _look(self) -> None:
        self._looking = False
        now = asyncio.get_running_loop().time()
        for connection in [*self.open, *self.closing]:
            if connection.deadline and connection.deadline < now:
                connection.too_late()
        if self.open or self.closing:
            self.look_after()

    async def end(self, seconds: float) -> None:
        """Let answers under way end, for so long; then cut them off."""
        self.ending = True
        for connection in list(self.open):
            connection.end()
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (self.open or self.closing) and loop.time() < until:
            await asyncio.sleep(0.02)
        for connection in (*self.open, *self.closing):
            connection.abort()
