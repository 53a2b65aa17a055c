"""The result of a query as it is sent and cached: headers, bytes, validator."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_SHORT: Final = 256  # bytes: what is longer is known by its digest
# functions with another value each time: such a result has no validator and is not cached
_CHANGING: Final = re.compile(r"\b(?:now|rand|uuid|struuid|bnode)\b", re.IGNORECASE)


class Result(NamedTuple):
    """A response as it is sent: its header lines, its bytes.

    `same` are the lines that every result of a build has, `rows` says how many rows or triples
    it is, `query` is the SHA-256 of the query, `tag` the validator, empty where there is none.
    """

    lines: bytes
    same: bytes
    body: bytes
    rows: int
    query: str
    tag: str
    status: int = 200

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers, name and value each.

        >>> Result(b"a: 1\\r\\n", b"b: 2: 3\\r\\n", b"", 0, "", "").headers()
        [(b'a', b'1'), (b'b', b'2: 3')]
        """
        return list(_parted(self.lines + self.same))


def _parted(lines: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in lines.split(b"\r\n")[:-1]:
        name, _, value = line.partition(b": ")
        yield name, value


def lines_of(headers: list[tuple[str, str]]) -> bytes:
    """Return headers as the lines that are sent; raise `ValueError` for one that ends its line.

    >>> lines_of([("a", "1"), ("b", "2")])
    b'a: 1\\r\\nb: 2\\r\\n'
    """
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers) or "\0" in lines:
        raise ValueError("a header would end its line")
    return lines.encode("latin-1")


def key_of(search: bytes, accept: bytes) -> bytes:
    """Return the cache key of a GET request: the request itself if it is short, else its digest.

    >>> key_of(b"a", b"b"), len(key_of(b"a" * 1000, b"b")), key_of(b"ab", b"") == key_of(b"a", b"b")
    (b'1 ab', 32, False)
    """
    if len(search) + len(accept) < _SHORT:
        return b"%d %b%b" % (len(search), search, accept)
    return hashlib.sha256(b"%d %b%b" % (len(search), search, accept)).digest()


def query_digest(query: str) -> str:
    """Return the SHA-256 of a query, in hexadecimal."""
    return hashlib.sha256(query.encode("utf-8", "replace")).hexdigest()


def changes(query: str) -> bool:
    """Would a query give something else when it is evaluated again?

    >>> changes("SELECT (NOW() AS ?n) {}"), changes("SELECT ?known {}")
    (True, False)
    """
    if "(" not in query:  # all of them have parentheses
        return False
    lower = query.lower()
    if (
        "now" in lower or "rand" in lower or "uuid" in lower or "bnode" in lower
    ):  # ten times as fast
        return _CHANGING.search(query) is not None
    return False
