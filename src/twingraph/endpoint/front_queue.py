"""A queue for work that blocks the front for long: one at a time, with a pause after each.

The line is bounded, for who waits in it may have gone long ago.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

_LONGEST: Final = 1.0  # seconds of the line


class Pace:
    """The line of a process for requests of one kind; a lone one does not wait."""

    def __init__(self, pause: float) -> None:
        """Let one go on each `pause` seconds."""
        self._pause = pause
        self._next = 0.0  # when the next may go on

    async def turn(self, pauses: float = 1) -> bool:
        """Wait for those that came before, and for the pause after the last of them.

        Who takes longer is followed by so many `pauses`. False, at once, where the line is too
        long to be waited in.
        """
        now = time.monotonic()
        start = max(now, self._next)
        if start - now > _LONGEST:
            return False
        self._next = start + self._pause * pauses
        if start > now and _has_loop():
            await asyncio.sleep(start - now)
        return True


def _has_loop() -> bool:
    """Does an event loop run here? A worker has none: it does one thing at a time."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
