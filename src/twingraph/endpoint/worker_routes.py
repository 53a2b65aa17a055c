"""The inner application: the routes that read the graph, and the handling of their errors.

A worker runs it (`pages.py`), or the server itself where the graph is held by an engine elsewhere.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.endpoint.form import ROUTES as FORM
from twingraph.endpoint.protocol import RefusedError
from twingraph.sparql.fetch import EndpointError
from twingraph.web.attachments import ROUTES as ATTACHMENTS
from twingraph.web.dereference import FIRST as THINGS_FIRST
from twingraph.web.dereference import LAST as THINGS_LAST
from twingraph.web.files.published import NotWholeError
from twingraph.web.files.send import not_whole_now
from twingraph.web.library import ROUTES as LIBRARY
from twingraph.web.lookup import ROUTES as LOOKUP
from twingraph.web.matching import ROUTES as MATCHING
from twingraph.web.reconcile import ROUTES as RECONCILE
from twingraph.web.reconcile import NotReadyError, not_ready
from twingraph.web.refusals import broken, not_reached, not_served, refused
from twingraph.web.respond import CommonHeaders
from twingraph.web.search import ROUTES as SEARCH
from twingraph.web.sitemap import ROUTES as CRAWLERS

READING: Final[tuple[Route, ...]] = (
    *LIBRARY, *ATTACHMENTS, *THINGS_FIRST, *FORM, *CRAWLERS, *LOOKUP, *SEARCH, *MATCHING,
    *RECONCILE, *THINGS_LAST,
)  # fmt: skip
"""The routes that need nothing but the graph, in the order in which they are tried."""
HANDLERS: Final[dict[Any, Callable[[Request, Exception], Response]]] = {
    HTTPException: not_served,
    EndpointError: not_reached,
    RefusedError: refused,
    NotReadyError: not_ready,
    NotWholeError: not_whole_now,
    500: broken,
}


class OutOfMemoryError(BaseException):
    """No memory is left for an answer; a BaseException, so that `except Exception` ignores it."""


def alone() -> Starlette:
    """Return the inner application for a process that answers one request at a time.

    Nothing in it waits for an event loop or starts a thread (`web.threads`).
    """
    routes = [
        Route(route.path, _directly(route.endpoint), methods=_methods(route)) for route in READING
    ]
    handlers = {cause: _directly(handler) for cause, handler in HANDLERS.items()}
    app = Starlette(
        routes=routes, middleware=[Middleware(CommonHeaders)], exception_handlers=handlers
    )
    app.router.redirect_slashes = False
    app.state.alone = True
    return app


def _methods(route: Route) -> Sequence[str] | None:
    return sorted(route.methods) if route.methods else None


def _directly(function: Callable[..., Any]) -> Callable[..., Awaitable[Response]]:
    """Return a coroutine function in place of one that Starlette would call in a thread."""

    @functools.wraps(function)
    async def run(*arguments: Any) -> Response:
        try:
            result = function(*arguments)
            response: Response = await result if inspect.isawaitable(result) else result
        except MemoryError:
            raise OutOfMemoryError from None
        return response

    return run
