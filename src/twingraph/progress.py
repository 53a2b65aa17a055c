"""Progress reports: what is being done, which share of it is done, how long it may still take.

A task calls a `Progress` at each step; the caller decides where it is shown. No result depends on
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import IO, Final, Protocol

_STEP: Final = 1 << 20  # bytes of lines between two notes


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


def counted_lines(
    lines: Iterable[bytes], size: int, doing: str, progress: Progress
) -> Iterator[bytes]:
    """Yield lines, and report which share of all `size` bytes has been read; 0: size not known.

    >>> list(counted_lines([b"ab", b"cd"], 4, "reading", lambda doing, share=0.0: print(share)))
    0.0
    1.0
    [b'ab', b'cd']
    """
    progress(doing, 0.0)
    read = noted = 0
    for line in lines:
        yield line
        read += len(line)
        if size and read - noted >= _STEP:
            noted = read
            progress(doing, min(1.0, read / size))
    progress(doing, 1.0)


class Tally:
    """Counts what several threads have done of a task of `size` bytes.

    >>> Tally(4, "packing", lambda doing, share=0.0: print(doing, share)).add(3)
    packing 0.75
    """

    def __init__(self, size: int, doing: str, progress: Progress) -> None:
        """Begin with nothing done."""
        self._size, self._doing, self._progress = max(1, size), doing, progress
        self._done, self._lock = 0, Lock()

    def add(self, number: int) -> None:
        """Take note of further bytes."""
        with self._lock:
            self._done += number
            self._progress(self._doing, min(1.0, self._done / self._size))


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
        data = self._stream.read(size)
        self._read += len(data)
        self._progress(self._doing, min(1.0, self._read / self._size))
        return data


def line_of(doing: str, share: float, elapsed: float) -> str:
    """Return a line for a terminal; `elapsed` in seconds. The time left is added once it is known.

    >>> line_of("checking", 0.0, 1.0), line_of("checking", 0.25, 30.0)
    ('checking …', 'checking … 25 %, about 1 min 30 s left')
    >>> line_of("writing a.ttl", 0.9, 18.0)
    'writing a.ttl … 90 %, about 2 s left'
    """
    if share <= 0 or elapsed < 2:
        return f"{doing} …"
    seconds_left = round(elapsed * (1 - share) / share)
    minutes, seconds = divmod(seconds_left, 60)
    time = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{doing} … {round(100 * share)} %, about {time} left"
