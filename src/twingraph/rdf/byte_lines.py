"""Sorted lines that stay bytes until they are read: a large graph of which little is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload


class ByteLines(Sequence[str]):
    r"""Sorted lines of UTF-8, which is the order of the texts too.

    >>> lines = ByteLines.of(b"a\nc\n", ["c"], ["b", "d"])
    >>> list(lines), lines[1], lines[1:], len(lines)
    (['a', 'b', 'd'], 'b', ['b', 'd'], 3)
    """

    def __init__(self, lines: list[bytes]) -> None:
        """Take lines without their ends."""
        self._lines = lines

    @classmethod
    def of(cls, raw: bytes, removed: Iterable[str] = (), added: Iterable[str] = ()) -> ByteLines:
        """Return the lines of a file without some and with others."""
        lines = raw.split(b"\n")
        lines.pop()
        gone = {line.encode() for line in removed}
        if gone:
            lines = [line for line in lines if line not in gone]
        come = [line.encode() for line in added]
        if come:
            lines = sorted([*lines, *come])  # two runs: one pass
        return cls(lines)

    def __len__(self) -> int:
        """Return the number of lines."""
        return len(self._lines)

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
        return iter(b"\n".join(self._lines).decode().split("\n") if self._lines else ())
