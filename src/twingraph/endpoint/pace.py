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
        """Wait for those that came before, and for the pause after the last of them."""
        await self._turn.acquire()
        asyncio.get_running_loop().call_later(self._pause, self._turn.release)
