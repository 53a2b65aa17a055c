"""A document made of sorted parts: parts are found by binary search, and some can be replaced.

The parts are lines in N-Triples, blocks separated by empty lines in Turtle, nodes separated by
commas in JSON-LD. The parts of changed subjects are replaced; all other bytes are copied unchanged,
without being decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, MADV_DONTNEED, PAGESIZE, mmap
from pathlib import Path
from typing import Final

_COPIED: Final = 1 << 18  # bytes copied at once: few enough for a processor's cache

Raw = bytes | mmap
Piece = range | bytes  # a range of bytes of the old document, or new bytes


def mapped(path: Path) -> Raw:
    """Return the bytes of a file, mapped into memory."""
    with path.open("rb") as stream:
        empty = not stream.seek(0, 2)
        return b"" if empty else mmap(stream.fileno(), 0, access=ACCESS_READ)


@dataclass(frozen=True)
class Parts:
    r"""The parts of a document: bytes `start` to `stop` of it, sorted by `key`.

    Each part ends with `end`; the last one lacks the `between` at the end of that. `key` takes the
    document and the offset of a part, and returns the key that parts are sorted by.

    >>> raw = b"[a 1,\nb 2,\nd 4]"
    >>> parts = Parts(raw, 1, len(raw) - 1, b",\n", b",\n", lambda raw, place: raw[place:place + 1])
    >>> b"".join(taken(raw, parts.replaced([(b"b", b""), (b"c", b"c 3"), (b"e", b"e 5")])))
    b'a 1,\nc 3,\nd 4,\ne 5'
    """

    raw: Raw
    start: int
    stop: int
    end: bytes
    between: bytes
    key: Callable[[Raw, int], bytes]

    def find(self, key: bytes, low: int | None = None) -> int:
        """Return the offset of the first part, from `low` on, whose key is not less."""
        low = self.start if low is None else low
        high = self.stop
        while low < high:
            middle = self.raw.rfind(self.end, low, (low + high) // 2)
            begin = low if middle < 0 else middle + len(self.end)
            if self.key(self.raw, begin) < key:
                low = self._after(begin)
            else:
                high = begin
        return low

    def part(self, key: bytes, place: int) -> int:
        """Return the end of the part at an offset if it has this key; else the offset."""
        if place >= self.stop or self.key(self.raw, place) != key:
            return place
        return self._after(place)

    def replaced(self, new: Iterable[tuple[bytes, bytes]]) -> list[Piece]:
        """Return the parts, those of some keys replaced; `new` is sorted, b"" removes a part."""
        pieces: list[Piece] = []
        reached = self.start
        for key, part in new:
            place = self.find(key, reached)
            pieces.append(range(reached, place))
            if part:
                pieces.append(part + self.between)
            reached = self.part(key, place)
        pieces.append(range(reached, self._limit))
        return self._closed(pieces)

    @property
    def _limit(self) -> int:
        """The end of the last part, if it had the `between` that it lacks."""
        return self.stop + len(self.between) if self.stop > self.start else self.stop

    def _after(self, place: int) -> int:
        end = self.raw.find(self.end, place, self.stop)
        return self._limit if end < 0 else end + len(self.end)

    def _closed(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Return the pieces without empty ones, and without a `between` after the last part."""
        kept: list[Piece] = []
        for piece in filter(len, pieces):
            if isinstance(piece, range) and piece.stop > self.stop:
                kept += [range(piece.start, self.stop), self.between]
            else:
                kept.append(piece)
        if kept and self.between:
            kept[-1] = kept[-1][: -len(self.between)]
        return [piece for piece in kept if len(piece)]


def taken(raw: Raw, pieces: Iterable[Piece]) -> Iterator[bytes | memoryview]:
    """Yield the bytes of pieces, `_COPIED` at once."""
    view = memoryview(raw)
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        for place in range(piece.start, piece.stop, _COPIED):
            yield view[place : min(place + _COPIED, piece.stop)]
            _let_go(raw, place)


def _let_go(raw: Raw, place: int) -> None:
    """Release the memory pages of a mapped file that were copied."""
    if isinstance(raw, mmap) and hasattr(mmap, "madvise"):
        start = place - place % PAGESIZE
        raw.madvise(MADV_DONTNEED, start, min(_COPIED, len(raw) - start))


def line_key(raw: Raw, place: int) -> bytes:
    """Return a line, without its end, as the key of itself."""
    return raw[place : raw.find(b"\n", place)]


def lines(raw: Raw) -> Parts:
    """Return a file of sorted lines as its parts."""
    return Parts(raw, 0, len(raw), b"\n", b"", line_key)


def edited_lines(raw: Raw, removed: Iterable[bytes], added: Iterable[bytes]) -> list[Piece]:
    r"""Return a file of sorted lines without some and with others (all without their ends).

    >>> raw = b"a\nb\nd\n"
    >>> b"".join(taken(raw, edited_lines(raw, [b"b"], [b"c", b"e"])))
    b'a\nc\nd\ne\n'
    """
    new = dict.fromkeys(removed, b"") | {line: line + b"\n" for line in added}
    return lines(raw).replaced(sorted(new.items()))
