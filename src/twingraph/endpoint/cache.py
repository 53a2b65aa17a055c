"""Answers kept: of one build, the latest used first, up to so many bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple

_LARGEST: Final = 1024 * 1024  # bytes of an answer that is worth keeping
_SMALLEST: Final = 1024  # what a kept answer takes at least, its headers and its key


class Kept(NamedTuple):
    """An answer with status 200: its headers as they are sent, its bytes, its rows, its query."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    rows: int
    query: str


class Cache:
    """Answers by what was asked. A new build gets a new one.

    >>> cache = Cache(2048)
    >>> for key in "abc":
    ...     cache.keep(key, Kept([], b"", 0, ""))
    >>> [cache.get(key) is not None for key in "abc"]
    [False, True, True]
    """

    def __init__(self, limit: int) -> None:
        """Keep up to `limit` bytes."""
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._left = limit

    def get(self, key: Hashable) -> Kept | None:
        """Return the answer to `key`, None where it is not kept."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def keep(self, key: Hashable, kept: Kept) -> None:
        """Keep an answer that is not too large; let go of those used longest ago."""
        size = _SMALLEST + len(kept.body)
        if size > _LARGEST or key in self._kept:
            return
        self._kept[key] = kept
        self._left -= size
        while self._left < 0 and self._kept:
            _, old = self._kept.popitem(last=False)
            self._left += _SMALLEST + len(old.body)
