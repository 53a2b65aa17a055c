"""Runs slow work in a thread, so that the event loop is not blocked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

Value = TypeVar("Value")


async def in_thread(
    request: Request, make: Callable[[], Value], limiter: CapacityLimiter | None = None
) -> Value:
    """Return the result of `make`, run in a thread; `limiter` bounds the threads.

    In a process that answers one request at a time it is called directly.
    """
    if getattr(request.app.state, "alone", False):
        return make()
    return await to_thread.run_sync(make, limiter=limiter)
