"""One pass over sorted lines for what no bisecting finds: how often some values are said.

Lines that lie in a file are not made into text for that: `raw` is what they are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from typing import Final

_FEW: Final = 8  # values; to compare a line with more of them takes as long as to cut it


def count_values(lines: Sequence[str], values: Set[str]) -> Counter[tuple[str, str]]:
    """Return how many lines have each property with some values, as they are written in lines.

    >>> count_values(["<a> <p> <o> .", "<b> <p> <o> .", '<b> <p> "o" .'], {"<o>"})
    Counter({('<p>', '<o>'): 2})
    """
    raw = raw_lines(lines)
    counts: Counter[tuple[str, str]] = Counter()
    if raw is not None:
        sought = {f"{value} .".encode() for value in values}
        if len(sought) <= _FEW:  # most lines are left out without being cut
            ends = tuple(sought)
            raw = [line for line in raw if line.endswith(ends)]
        parts = (line.split(b" ", 2) for line in raw)
        pairs = Counter((predicate, end) for _, predicate, end in parts if end in sought)
        for (predicate, end), number in pairs.items():
            counts[predicate.decode(), end[:-2].decode()] = number
    else:
        wanted = {f"{value} ." for value in values}
        counts.update(
            (predicate, end[:-2])
            for _, predicate, end in (line.split(" ", 2) for line in lines)
            if end in wanted
        )
    return counts


def raw_lines(lines: Sequence[str]) -> Sequence[bytes] | None:
    """Return lines as the bytes that they are; None where they are text."""
    raw: Sequence[bytes] | None = getattr(lines, "raw", None)
    return raw
