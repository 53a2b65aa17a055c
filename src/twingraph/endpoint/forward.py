"""Requests that read the graph, forwarded to workers: the server's side.

Responses are cached by build, path, query and the headers of `Vary` (RFC 9111 §4.1); requests for a
response that is being made wait for it (§4, "collapsed requests"). Conditional requests (RFC 9110
§13) and HEAD are handled here: a worker always answers a GET with the whole response.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from twingraph.endpoint.endpoint import (
    SEEN,
    ForPeople,
    condition,
    gone_of,
    has_room,
    send_result,
)
from twingraph.endpoint.formats import choose_formats
from twingraph.endpoint.messages import PAGE, pack, unpack
from twingraph.endpoint.process import Reply
from twingraph.endpoint.protocol import RefusedError
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.query_refusal import page_refusal, refusal
from twingraph.endpoint.result import Result, lines_of
from twingraph.endpoint.service import Made, Service, Submitter
from twingraph.settings import Limits
from twingraph.web.feeds import hand_over
from twingraph.web.reconcile import MAX_BODY
from twingraph.web.respond import changed

_PASSED: Final = (b"accept", b"accept-language", b"content-type", b"host")
_KEPT: Final = frozenset({200, 301, 303, 308, 410})
_NOT_KEPT: Final = ("no-store", "private")


# outcomes that the same request from another client would have as well
_SAME_FOR_ALL: Final = frozenset(
    {Outcome.TOO_LONG, Outcome.TOO_MUCH_MEMORY, Outcome.TOO_MANY_BYTES, Outcome.FAILED}
)


class Kind(NamedTuple):
    """How a group of routes is forwarded.

    `workers` returns the pool that answers; `refused` the error where there is no response;
    `handed` reads what a worker can't, because it is in files; `kept`: responses are cached.
    """

    workers: Callable[[Service], Submitter]
    refused: Callable[[Reply, Limits], RefusedError]
    handed: Callable[[Request], dict[str, Any]] | None = None
    kept: bool = True


def _query_refused(reply: Reply, limits: Limits) -> RefusedError:
    return refusal(reply, choose_formats((), None), limits)


def _for_pages(service: Service) -> Submitter:
    assert service.pages is not None, "requests are forwarded"
    return service.pages


def _for_queries(service: Service) -> Submitter:
    return service.evaluator  # type: ignore[return-value]  # only a pool stands beside a pool


PAGES: Final = Kind(_for_pages, page_refusal)
THINGS: Final = Kind(_for_pages, page_refusal, hand_over)
QUESTIONS: Final = Kind(_for_queries, _query_refused)
FORM: Final = Kind(_for_queries, _query_refused, kept=False)


def forwarded(routes: Iterable[Route], kind: Kind) -> list[Route]:
    """Return routes of the same paths and methods whose answers workers make."""
    ends: dict[object, Forwarded] = {}
    forwarding = []
    for route in routes:
        end = ends.setdefault(route.endpoint, Forwarded(route, kind))
        forwarding.append(Route(route.path, end, methods=sorted(route.methods or ())))
    return forwarding


class Forwarded:
    """The ASGI application of a route: a worker answers if there are workers, else the route."""

    def __init__(self, route: Route, kind: Kind) -> None:
        """Replace the application of a route."""
        self._route_app: ASGIApp = route.app
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        service: Service = scope["state"]["snapshot"]
        shown: ForPeople = scope["state"]["query"]
        if not service.forwards or shown.refused is not None:
            await self._route_app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            made = await self._answer(request, service, shown)
            if not has_room(service, len(made.body)):
                raise self._kind.refused(Reply(Outcome.BUSY), service.limits)
        except RefusedError as error:
            if self._kind is not FORM:
                raise
            scope["state"]["query"] = shown._replace(refused=error)
            await self._route_app(scope, receive, send)
            return
        status = condition(scope, made)
        if status == 412:
            await changed(request)(scope, receive, send)
        else:
            await send_result(service, scope, send, made, status)

    async def _answer(self, request: Request, service: Service, shown: ForPeople) -> Result:
        """Return a response from the cache, or have it made and cache it."""
        scope = request.scope
        handed = None
        if self._kind.handed is not None and request.app.state.releases is not None:
            handed = await to_thread.run_sync(
                self._kind.handed, request, limiter=request.app.state.handing
            )
        elif self._kind.handed is not None:
            handed = {"releases": False, "history": []}
        body, cut = shown.body, False
        posted = scope["method"] == "POST"
        if posted and shown.protocol_request is None:  # else it was read, though it may be empty
            body, cut = await _body_of(request)
        head = {
            "method": "POST" if posted else "GET",
            **{name: scope[name] for name in ("path", "root_path", "scheme", "server")},
            "raw_path": (scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
            "query_string": scope["query_string"].decode("latin-1"),
            "headers": [],
            "handed": handed,
            "cut": cut,
        }
        key = b"" if posted or not self._kind.kept else _place_of(head, request)
        if key and (kept := _find(service, key, request)) is not None:
            scope[SEEN] = (-1, "", True)
            return kept
        head["headers"] = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name in _PASSED
        ]
        question = PAGE + pack(head, body)
        if not key:
            return self._made(scope, service, await self._reply(request, service, question))
        return await self._shared(request, service, question, key)

    async def _shared(
        self, request: Request, service: Service, question: bytes, key: bytes
    ) -> Result:
        """Return a response that is being made for another request, or have it made for all.

        If that fails for a reason of the other request (its client disconnected, the queue was
        full), one of the waiting requests takes over; an exceeded limit holds for all of them.
        """
        scope = request.scope
        same = hashlib.sha256(key + question).digest()
        while (first := service.making.get(same)) is not None:
            made = await asyncio.shield(first)
            if made is not None and made.for_all:
                if made.result is not None:
                    scope[SEEN] = (-1, "", True)
                    return made.result
                return self._made(scope, service, made.reply)
            if made is not None:
                return self._made(scope, service, await self._reply(request, service, question))
        making: asyncio.Future[Made | None] = asyncio.get_running_loop().create_future()
        service.making[same] = making
        made = None
        try:
            reply = await self._reply(request, service, question)
            if reply.outcome in _SAME_FOR_ALL:
                made = Made(reply, None, for_all=True)
            result = self._made(scope, service, reply)
            made = Made(reply, result, for_all=_keep(service, key, request, result))
        finally:
            del service.making[same]
            making.set_result(made)
        return result

    async def _reply(self, request: Request, service: Service, question: bytes) -> Reply:
        """Send a question to a worker, and return its reply."""
        return await self._kind.workers(service).submit(question, gone_of(request.receive))

    def _made(self, scope: Scope, service: Service, reply: Reply) -> Result:
        """Return the response in a reply; raise `RefusedError` where there is none."""
        if reply.outcome is not Outcome.RESPONSE:
            if reply.outcome is Outcome.FAILED:
                raise RuntimeError(reply.body.decode("utf-8", "replace"))
            raise self._kind.refused(reply, service.limits)
        if SEEN in scope:
            scope[SEEN] = (reply.rows, *scope[SEEN][1:])
        return _read(reply)


async def _body_of(request: Request) -> tuple[bytes, bool]:
    """Return the request body, cut a little above its limit, and whether it is incomplete."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                break
    except ClientDisconnect:
        return bytes(body), True
    return bytes(body), False


def _read(reply: Reply) -> Result:
    head, content = unpack(reply.body)
    if head["trace"]:
        print(head["trace"], file=sys.stderr)  # noqa: T201
    headers = [(name, value) for name, value in head["headers"]]
    tag = next((value for name, value in headers if name == "etag"), "")
    return Result(lines_of(headers), b"", content, -1, "", tag, head["status"])


# --- the cache -----------------------------------------------------------------------------------


def _place_of(head: Mapping[str, Any], request: Request) -> bytes:
    """Return the cache key of a response, without the headers of `Vary`."""
    return _digest(json.dumps([head, request.headers.get("host", "")]))


def _find(service: Service, place: bytes, request: Request) -> Result | None:
    vary = service.cache.get(place)  # its first part: which headers matter here
    if vary is None:
        return None
    return service.cache.get(_whole_key(place, vary.body.decode("latin-1"), request))


def _keep(service: Service, place: bytes, request: Request, made: Result) -> bool:
    """Cache a response; return whether all who made the same request may get it."""
    headers = made.headers()
    cached = _header(headers, b"cache-control")
    if made.status not in _KEPT or any(word in cached for word in _NOT_KEPT):
        return False
    vary = _header(headers, b"vary").lower()
    service.cache.keep(place, Result(b"", b"", vary.encode("latin-1"), 0, "", ""))
    service.cache.keep(_whole_key(place, vary, request), made)
    return True


def _whole_key(place: bytes, vary: str, request: Request) -> bytes:
    names = [name.strip() for name in vary.split(",") if name.strip()]
    return _digest(place.hex(), *(",".join(request.headers.getlist(name)) for name in names))


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(json.dumps(["page", *parts]).encode()).digest()


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    return ",".join(value.decode("latin-1") for other, value in headers if other == name)
