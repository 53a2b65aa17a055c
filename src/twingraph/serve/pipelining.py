"""Pipelined requests: answered one at a time, with a pause after each.

A client may send further requests before it has read a response (RFC 9112 §9.3.2). One that sends a
thousand must not delay clients that wait for each response. So all pipelined requests of a process
share one queue, and after each there is a pause as long as the request took.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

_LONGEST: Final = 0.05  # seconds; a request that takes longer goes on while the next begins


class Turns:
    """The queue of pipelined requests of a process."""

    def __init__(self) -> None:
        """Begin with an empty queue."""
        self._turn = asyncio.Lock()

    async def take(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for a turn, do the work, and return when it is done."""
        loop = asyncio.get_running_loop()
        try:
            await self._turn.acquire()
        except asyncio.CancelledError:
            work.close()
            raise
        began = loop.time()
        task = loop.create_task(work)
        try:
            await asyncio.wait((task,), timeout=_LONGEST)
        finally:
            loop.call_later(max(0.001, loop.time() - began), self._turn.release)
        await task
