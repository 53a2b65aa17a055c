"""A pace for what costs the front much: one after the other, with a pause after each."""

from __future__ import annotations

import asyncio


class Pace:
    """The line of a process for requests of one kind; a lone one does not wait."""

    def __init__(self, pause: float) -> None:
        """Let one go on each `pause` seconds."""
        self._pause = pause
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for those that came before, and for the pause after the last of them.

        A worker, which has no loop and does one thing at a time, does not wait.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        await self._turn.acquire()
        loop.call_later(self._pause, self._turn.release)
