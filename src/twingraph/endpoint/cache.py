"""A cache of the responses of one build: least recently used ones are dropped first."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from twingraph.endpoint.result import Result

_LARGEST: Final = 1024 * 1024  # bytes of an answer that is worth keeping
_EACH: Final = 480  # bytes that Python takes for an entry beside what is in it


class Cache:
    """Responses by the digest of the request. Each build has a cache of its own.

    >>> cache = Cache(3072)
    >>> for key in (b"a", b"b", b"c"):
    ...     cache.keep(key, Result(b"", b"", b"x" * 600, 0, "", ""))
    >>> [cache.get(key) is not None for key in (b"a", b"b", b"c")]
    [False, True, True]
    """

    def __init__(self, limit: int) -> None:
        """Cache up to `limit` bytes, counting everything that is stored for a response."""
        self._kept: OrderedDict[bytes, Result] = OrderedDict()
        self._limit = limit
        self.bytes = 0

    def __len__(self) -> int:
        """Return the number of answers."""
        return len(self._kept)

    def get(self, key: bytes) -> Result | None:
        """Return the response with this key; None if it is not in the cache."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def keep(self, key: bytes, kept: Result) -> None:
        """Keep an answer that is not too large; let go of those used longest ago."""
        size = _size(key, kept)
        if size > _LARGEST or key in self._kept:
            return
        self._kept[key] = kept
        self.bytes += size
        while self.bytes > self._limit and self._kept:
            old_key, old = self._kept.popitem(last=False)
            self.bytes -= _size(old_key, old)


def _size(key: bytes, kept: Result) -> int:
    return _EACH + len(key) + len(kept.lines) + len(kept.body) + len(kept.query) + len(kept.tag)
