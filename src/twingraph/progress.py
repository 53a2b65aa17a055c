"""What is being done, how much of it is done, and how long it may still take: for people who wait.

A task tells its steps to a `Progress`; whoever shows them decides where. Nothing depends on it.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Is told what is being done now, and which share of the whole (0 to 1) is done, if known."""

    def __call__(self, doing: str, share: float = 0.0) -> None:
        """Take note."""
        ...


def ignore(doing: str, share: float = 0.0) -> None:
    """Ignore what is being done."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress for a part of a task that goes from share `start` to share `end`.

    >>> part(lambda doing, share=0.0: print(doing, round(share, 2)), 0.5, 1.0)("writing", 0.5)
    writing 0.75
    """

    def tell(doing: str, share: float = 0.0) -> None:
        progress(doing, start + (end - start) * share)

    return tell


def line_of(doing: str, share: float, elapsed: float) -> str:
    """Return a line for a terminal; `elapsed` in seconds. The rest is told once it can be guessed.

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
