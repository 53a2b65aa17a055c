"""Work that takes a while, done in a thread, so that the event loop goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

Value = TypeVar("Value")


async def in_thread(
    request: Request, make: Callable[[], Value], limiter: CapacityLimiter | None = None
) -> Value:
    """Return what `make` returns; so many do that at once as `limiter` says.

    In a process that answers one request at a time nothing waits, and it is called directly.
    """
    if getattr(request.app.state, "alone", False):
        return make()
    return await to_thread.run_sync(make, limiter=limiter)
