"""Bytes that are made once and written into several files, kept in a temporary file in between."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import Final
from weakref import finalize

_READ: Final = 1 << 20  # bytes that are copied at once
_BUFFER: Final = 1 << 18


class Spool:
    """A temporary file that pieces are appended to; deleted with the last reference to it.

    >>> spool = Spool()
    >>> first, second = spool.add([b"a", b"b"]), spool.add([b"c"])
    >>> b"".join(spool.read(first)), b"".join(spool.read(second)), len(first)
    (b'ab', b'c', 2)
    """

    def __init__(self) -> None:
        """Create an empty temporary file."""
        file = TemporaryFile("w+b", buffering=_BUFFER)  # noqa: SIM115  # closed when this is freed
        finalize(self, file.close)
        self._file = file
        self._size = 0

    def add(self, pieces: Iterable[bytes]) -> range:
        """Append pieces; return their range of bytes in the file."""
        start = self._size
        for piece in pieces:
            self._size += self._file.write(piece)
        self._file.flush()
        return range(start, self._size)

    def read(self, part: range) -> Iterator[bytes]:
        """Yield the bytes of a range, in pieces."""
        for place in range(part.start, part.stop, _READ):
            yield os.pread(self._file.fileno(), min(_READ, part.stop - place), place)
