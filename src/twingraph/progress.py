"""Progress reports: what is being done, which share of it is done, how long it may still take.

A task calls a `Progress` at each step; the caller decides where it is shown. No result depends on
it.
"""

from __future__ import annotations

from typing import IO, Protocol


class Progress(Protocol):
    """Called with what is being done now and the share of the task (0 to 1) done, if known."""

    def __call__(self, doing: str, share: float = 0.0) -> None:
        """Report a step."""
        ...


def ignore(doing: str, share: float = 0.0) -> None:
    """Ignore progress messages."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress for a part of a task that goes from share `start` to share `end`.

    >>> part(lambda doing, share=0.0: print(doing, round(share, 2)), 0.5, 1.0)("writing", 0.5)
    writing 0.75
    """

    def tell(doing: str, share: float = 0.0) -> None:
        progress(doing, start + (end - start) * share)

    return tell


class CountedStream:
    """A binary stream that reports which share of its `size` bytes has been read.

    >>> from io import BytesIO
    >>> show = lambda doing, share=0.0: print(doing, share)
    >>> CountedStream(BytesIO(b"abcd"), 4, "reading a.nq", show).read(3)
    reading a.nq 0.75
    b'abc'
    """

    def __init__(self, stream: IO[bytes], size: int, doing: str, progress: Progress) -> None:
        """Read from `stream`; report the share to `progress` under the message `doing`."""
        self._stream = stream
        self._size = max(1, size)
        self._doing = doing
        self._progress = progress
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        found = self._stream.read(size)
        self._read += len(found)
        self._progress(self._doing, min(1.0, self._read / self._size))
        return found


def line_of(doing: str, share: float, elapsed: float) -> str:
    """Return a line for a terminal; `elapsed` in seconds. The time left is added once it is known.

    >>> line_of("checking", 0.0, 1.0), line_of("checking", 0.25, 30.0)
    ('checking …', 'checking … 25 %, about 1 min 30 s left')
    >>> line_of("writing a.ttl", 0.9, 18.0)
    'writing a.ttl … 90 %, about 2 s left'
    """
    if share <= 0 or elapsed < 2:
        return f"{doing} …"
    left = round(elapsed * (1 - share) / share)
    minutes, seconds = divmod(left, 60)
    time = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{doing} … {round(100 * share)} %, about {time} left"
