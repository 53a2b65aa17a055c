"""The front, and what watches the service: its log, numbers and health; a new build taken up.

A new build is opened beside the old one, asked something, and then takes its place; requests that
were under way end where they began.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twingraph.endpoint.endpoint import SEEN, Service, answer, is_query
from twingraph.endpoint.outcome import Outcome
from twingraph.problems import TwingraphError
from twingraph.serve.log import Log, Numbers, Seen
from twingraph.web.files.published import CutOffError

_LOOK: Final = 1.0  # seconds between two looks at the build
_METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
_WELL: Final = "ASK {}"


class Front:
    """The outermost ASGI application: answers queries, passes on the rest, notes every request."""

    def __init__(self, app: ASGIApp, state: State, log: Log) -> None:
        """Stand in front of `app`, whose `state` holds the service and its numbers."""
        self.app = app
        self.state = state
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        try:
            if is_query(scope):
                status = await answer(self.state.service, scope, receive, send)
            if not status:
                status = await self._passed_on(scope, receive, send)
        finally:
            rows, query, cached = scope.get(SEEN, (-1, "", False))
            taken = time.perf_counter() - began
            seen = Seen(scope["method"], scope["path"], status or 500, taken, rows, query, cached)
            self.log.write(seen)
            self.state.numbers.count(seen)

    def refused(self, status: int) -> None:
        """Note a request that a connection did not take: nobody knows what it wanted."""
        seen = Seen("-", "-", status, 0.0)
        self.log.write(seen)
        self.state.numbers.count(seen)

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> int:
        status = 500

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note)
        except CutOffError as error:
            print(f"twingraph: {error}", file=sys.stderr)  # noqa: T201
        return status


async def health(request: Request) -> Response:
    """Say whether queries are answered: 200 `ok`, else 503; with the build that is served."""
    service: Service = request.app.state.service
    reply = await service.evaluator.ask(_WELL, "json", "nt")
    well = reply.outcome is Outcome.BOOLEAN
    text = f"{'ok' if well else 'queries are not answered'} {service.build[:16]}\n"
    headers = {"cache-control": "no-store", **({} if well else {"retry-after": "5"})}
    return Response(text, 200 if well else 503, headers, "text/plain")


def metrics(request: Request) -> Response:
    """Tell the numbers, in the Prometheus text format."""
    numbers: Numbers = request.app.state.numbers
    return Response(numbers.text(), headers={"cache-control": "no-store", "content-type": _METRICS})


ROUTES: Final = (Route("/health", health), Route("/metrics", metrics))


def state_of(app: Starlette) -> Callable[[], dict[str, int]]:
    """Return a function that tells how many queries of the app run and wait."""

    def state() -> dict[str, int]:
        service: Service = app.state.service
        found: dict[str, int] = service.evaluator.state()
        return found

    return state


async def follow(app: Starlette, build: Path, load: Callable[[], Service]) -> None:
    """Take up each new build at `build`, for ever; one that can't be opened is told and left."""
    known = _mark(build)
    leaving: set[asyncio.Task[None]] = set()
    while True:
        await asyncio.sleep(_LOOK)
        mark = _mark(build)
        if mark is None or mark == known:
            continue
        known = mark
        try:
            service = await to_thread.run_sync(load)
            await service.evaluator.start()
        except TwingraphError as error:
            print(f"twingraph: {error}; the build before it is served on", file=sys.stderr)  # noqa: T201
            continue
        old: Service = app.state.service
        app.state.site, app.state.service = service.site, service
        task = asyncio.create_task(old.evaluator.drain())
        leaving.add(task)
        task.add_done_callback(leaving.discard)


def _mark(build: Path) -> tuple[int, int] | None:
    """Return what tells one build from the next: the file of its checksums, where and when."""
    try:
        found = (build / "SHA256SUMS").stat()
    except OSError:
        return None  # just being swapped
    return found.st_ino, found.st_mtime_ns
