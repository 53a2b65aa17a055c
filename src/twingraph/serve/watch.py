"""The outermost application, health and metrics, and the switch to a new build while serving.

A new build is opened beside the old one and answers a test query before it takes its place;
requests that have begun are finished with the old one.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from anyio import to_thread
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twingraph.endpoint.endpoint import (
    PATH,
    REPLIED,
    SEEN,
    ForPeople,
    Replied,
    answer,
    is_query,
)
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.service import Service
from twingraph.problems import TwingraphError
from twingraph.serve.exchange import ANSWERED, CLIENT_LEFT
from twingraph.serve.log import Log, Seen
from twingraph.serve.metrics import Numbers
from twingraph.web.files.published import CutOffError
from twingraph.web.prefix import prefix_for, to_root, under_prefix

_LOOK: Final = 1.0  # seconds between two checks for a new build
_LANGUAGE: Final = re.compile(r"^/(?:en|de)/")
_TOGETHER: Final = 30.0  # seconds that one process waits for the others
_PAUSE: Final = 0.05  # seconds between two checks whether all processes are ready
_TRIES: Final = 5  # to open a new build: its fork server may have been killed meanwhile
_METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
_TEST_QUERY: Final = "ASK {}"
_PATIENCE: Final = 2.0  # seconds for the test query of a health check


class Front:
    """The outermost ASGI application: answers queries, passes on the rest, logs every request."""

    def __init__(self, app: ASGIApp, state: State, log: Log) -> None:
        """Stand in front of `app`, whose `state` holds the service and its numbers."""
        self.app = app
        self.state = state
        self.log = log
        self._routes: dict[object, str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        replied: Replied | None = scope.get(REPLIED)
        began = replied.began if replied is not None else time.perf_counter()
        # the same snapshot for the whole request, even if a new build is published meanwhile
        snapshot: Service = replied.service if replied is not None else self.state.service
        site = snapshot.site
        scope = under_prefix(scope, prefix_for(scope, site.address, site.address != site.base))
        state = scope.setdefault("state", {})
        state["snapshot"], state["query"] = snapshot, ForPeople(None)
        status, started, sent = 500, 0, 0
        outcome: int | ForPeople = ForPeople(None)

        async def note(message: Message) -> None:
            nonlocal started, sent
            if message["type"] == "http.response.start":
                started = message["status"]
            await send(message)
            if message["type"] == "http.response.body":  # the head goes with its first part
                sent = started

        if replied is None:  # else it counts already
            snapshot.users += 1
        try:
            elsewhere = to_root(scope)
            if elsewhere is not None:
                await elsewhere(scope, receive, note)
                outcome = elsewhere.status_code
            elif is_query(scope):
                outcome = await answer(snapshot, scope, receive, note)
            if isinstance(outcome, ForPeople):
                state["query"] = outcome
                await self._passed_on(scope, receive, note)
                status = started or 500
            else:
                status = outcome
        except (ConnectionResetError, TimeoutError, ClientDisconnect):
            # the client has disconnected, or read too slowly; the connection is closed
            status = sent or state.get(ANSWERED, CLIENT_LEFT)
        finally:
            snapshot.users -= 1
            rows, query, cached = scope.get(SEEN, (-1, "", False))
            taken = time.perf_counter() - began
            path = scope["path"].removeprefix(scope.get("root_path", ""))
            route = PATH if is_query(scope) else self._route(scope)
            served = Seen(scope["method"], path, status, taken, rows, query, cached, route)
            self.note(served)

    def note(self, request: Seen) -> None:
        """Log a request, and count it."""
        self.log.write(request)
        self.state.numbers.count(request)

    def _route(self, scope: Scope) -> str:
        """Return the pattern of the route that matched, such as `/{language}/search`, else ''."""
        if self._routes is None:
            routes = scope["app"].router.routes if "app" in scope else ()
            self._routes = {}
            for route in routes:
                if isinstance(route, Route):  # one pattern for each endpoint
                    pattern = _LANGUAGE.sub("/{language}/", route.path)
                    self._routes.setdefault(route.endpoint, pattern)
        return self._routes.get(scope.get("endpoint"), "")

    def refused(self, status: int) -> None:
        """Log a request that the connection refused: its method and path are not known."""
        self.note(Seen("-", "-", status, 0.0))

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except CutOffError as error:
            print(f"twingraph: {error}", file=sys.stderr)  # noqa: T201


async def health(request: Request) -> Response:
    """`GET /health`: 200 `ok` if queries and pages are answered, else 503 and the reason.

    The text ends with the first digits of the build. It is sent within `_PATIENCE` seconds,
    whatever state the workers are in.
    """
    service: Service = request.state.snapshot
    kind, problem = "pages", service.pages.problem if service.pages is not None else ""
    if not problem:
        kind, problem = "queries", service.evaluator.problem or await _ask_for_health(service)
    text = f"{kind} are not answered: {problem}; build " if problem else "ok "
    headers = {"cache-control": "no-store", **({"retry-after": "5"} if problem else {})}
    body = f"{text}{service.build[:16]}\n"
    return Response(body, 503 if problem else 200, headers, "text/plain")


async def _ask_for_health(service: Service) -> str:
    """Return why a test query is not answered, '' if it is."""
    try:
        async with asyncio.timeout(_PATIENCE):
            reply = await service.evaluator.ask(_TEST_QUERY, "json", "nt")
    except TimeoutError:
        return f"no worker answered within {_PATIENCE:.0f} seconds; the graph may still be loading"
    if reply.outcome is Outcome.BOOLEAN:
        return ""
    return reply.body.decode("utf-8", "replace") or reply.outcome.name.lower().replace("_", " ")


async def metrics(request: Request) -> Response:
    """`GET /metrics`: the numbers of all processes, in the text format of Prometheus."""
    numbers: Numbers = request.app.state.numbers
    return Response(numbers.text(), headers={"cache-control": "no-store", "content-type": _METRICS})


ROUTES: Final = (Route("/health", health), Route("/metrics", metrics))


def state_of(app: Starlette) -> Callable[[], dict[str, int]]:
    """Return a function that returns the gauges: queries, cached answers, connections."""

    def state() -> dict[str, int]:
        service: Service = app.state.service
        connections = getattr(app.state, "connections", None)
        return {
            **service.state(),
            "cache_bytes": service.cache.bytes,
            "cache_answers": len(service.cache),
            "connections": len(connections.open) if connections is not None else 0,
            "processes": 1,
        }

    return state


async def publish(app: Starlette) -> None:
    """Publish the numbers of this process to the others, every `_LOOK` seconds."""
    numbers: Numbers = app.state.numbers
    while numbers.board is not None:
        publish_now(app)
        await asyncio.sleep(_LOOK)


def publish_now(app: Starlette) -> None:
    """Write to the board what this process has counted, and which build it has ready."""
    numbers: Numbers = app.state.numbers
    if numbers.board is not None:
        ready = getattr(app.state, "ready", "")
        numbers.board.write(numbers.slot, {"numbers": numbers.families(), "ready": ready})


async def follow(app: Starlette, build: Path, load: Callable[[], Service]) -> None:
    """Switch to each new build at `build`, as long as the task runs.

    A build that can't be opened is reported on stderr and tried `_TRIES` times, after longer and
    longer pauses. Several processes switch at the same time, when all of them have opened it.
    """
    known = tried = app.state.service.mark
    tries, again, words = 0, 0.0, ""
    leaving: set[asyncio.Task[None]] = set()
    while True:
        await asyncio.sleep(_LOOK)
        mark = mark_of(build)
        if mark is None or mark == known:
            continue
        if mark != tried:
            tried, tries, again, words = mark, 0, 0.0, ""
        if tries == _TRIES or time.monotonic() < again:
            continue
        tries += 1
        again = time.monotonic() + _LOOK * 2**tries
        try:
            service = await _opened(load)
        except (TwingraphError, OSError) as error:
            if words != str(error):
                words = str(error)
                print(f"twingraph: {words}; the build before it is served on", file=sys.stderr)  # noqa: T201
            continue
        known = service.mark
        await _all_ready(app, build, repr(known))
        old: Service = app.state.service
        app.state.site, app.state.service = service.site, service
        task = asyncio.create_task(old.leave())
        leaving.add(task)
        task.add_done_callback(leaving.discard)


async def _opened(load: Callable[[], Service]) -> Service:
    service = await to_thread.run_sync(load)
    try:
        await service.start()
    except BaseException:  # also when this task is cancelled meanwhile
        service.close()
        raise
    return service


async def _all_ready(app: Starlette, build: Path, mark: str) -> None:
    """Wait until every process has opened this build, at most `_TOGETHER` seconds.

    Also return when a newer build has been published meanwhile.
    """
    numbers: Numbers = app.state.numbers
    app.state.ready = mark
    until = time.monotonic() + _TOGETHER
    while numbers.board is not None and time.monotonic() < until:
        if repr(mark_of(build)) not in (mark, repr(None)):
            return  # the others may have gone on to a newer one
        publish_now(app)
        if all(content.get("ready") == mark for _, alive, content in numbers.board.read() if alive):
            return
        await asyncio.sleep(_PAUSE)


def mark_of(build: Path) -> tuple[int, int] | None:
    """Return the inode and modification time of SHA256SUMS, by which builds are told apart."""
    try:
        status = (build / "SHA256SUMS").stat()
    except OSError:
        return None  # just being swapped
    return status.st_ino, status.st_mtime_ns
