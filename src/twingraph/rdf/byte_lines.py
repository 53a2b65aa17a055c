"""Sorted lines stored as bytes and decoded when they are read, for large graphs read in part."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, overload

_FEW: Final = 1000  # lines that are put in their places one by one; more are sorted in


class ByteLines(Sequence[str]):
    r"""Sorted lines of UTF-8, which is the order of the texts too; `make` gives them as bytes.

    >>> lines = ByteLines(lambda: edited(b"a\nc\n", ["c"], ["b", "d"]), 3)
    >>> list(lines), lines[1], lines[1:], len(lines)
    (['a', 'b', 'd'], 'b', ['b', 'd'], 3)
    """

    def __init__(self, make: Callable[[], list[bytes]], size: int) -> None:
        """Take a function that returns the lines without line ends, and their number."""
        self._make, self._size = make, size

    @classmethod
    def of(cls, lines: list[bytes]) -> ByteLines:
        """Return a sequence of lines that are in memory already."""
        return cls(lambda: lines, len(lines))

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._make()

    @property
    def raw(self) -> Sequence[bytes]:
        """The lines as bytes, without line ends."""
        return self._lines

    def __len__(self) -> int:
        """Return the number of lines."""
        return self._size

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        """Return a line, or some as a list."""
        if isinstance(place, slice):
            return [line.decode() for line in self._lines[place]]
        return self._lines[place].decode()

    def __iter__(self) -> Iterator[str]:
        """Yield every line."""
        return map(bytes.decode, self._lines)


def edited(raw: bytes, removed: Iterable[str] = (), added: Iterable[str] = ()) -> list[bytes]:
    """Return the lines of a sorted file without `removed` and with `added`; no line ends."""
    lines = raw.split(b"\n")
    lines.pop()
    gone, new = (sorted({line.encode() for line in side}) for side in (removed, added))
    if len(gone) + len(new) > _FEW:
        absent = frozenset(gone)
        return sorted([*(line for line in lines if line not in absent), *new])
    for line in reversed(gone):
        start = bisect_left(lines, line)
        del lines[start : bisect_right(lines, line, start)]
    for line in new:
        insort(lines, line)
    return lines
