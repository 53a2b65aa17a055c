"""Turns for requests that came ahead of an answer: one at a time, and a pause after each.

A client may send its next requests before it has read an answer (RFC 9112 §9.3.2), and one that
sends a thousand must not take the time of those who wait for each answer. So all such requests of a
process stand in one line, and between two of them is as much time as the first has taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

_LONGEST: Final = 0.05  # seconds: what takes longer runs on while the next begins


class Turns:
    """The line of a process."""

    def __init__(self) -> None:
        """Begin without anybody in it."""
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
