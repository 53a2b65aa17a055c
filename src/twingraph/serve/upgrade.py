"""What the parser (llhttp) leaves to us: bodies behind `Upgrade`, and methods it does not know.

A server may ignore `Upgrade` (RFC 9110 §7.8), and ours does. The parser stops behind the headers of
such a request, so the body is parsed behind headers that say the same without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Protocol

import httptools

_REQUEST: Final = re.compile(
    rb"[\r\n]*[!#$%&'*+.^_`|~0-9A-Za-z-]+ (?:/|\*|[A-Za-z][A-Za-z0-9+.-]*:)"
)
_FRAMING: Final = (b"content-length", b"transfer-encoding")


class _Reader(Protocol):
    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        ...

    def on_message_complete(self) -> None:
        """Know that the body has ended."""
        ...


class BodyOnly:
    """Hands on the body of one request, and nothing of what follows it."""

    def __init__(self, reader: _Reader) -> None:
        """Take the one who reads."""
        self._reader = reader
        self._ended = False

    def parser(self, headers: Iterable[tuple[bytes, bytes]]) -> httptools.HttpRequestParser:
        """Return a parser of what follows these headers (names in lower case)."""
        parser = httptools.HttpRequestParser(self)
        framing = b"".join(b"%b: %b\r\n" % item for item in headers if item[0] in _FRAMING)
        parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
        return parser

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if not self._ended:
            self._reader.on_body(body)

    def on_message_complete(self) -> None:
        """Know that the body has ended."""
        if not self._ended:
            self._ended = True
            self._reader.on_message_complete()


def looks_like_a_request(data: bytes | memoryview) -> bool:
    """Does a line begin with a method and a target, be it a method that nobody knows?

    >>> looks_like_a_request(b"BREW /pot HTTP/1.1"), looks_like_a_request(b"nonsense")
    (True, False)
    """
    return _REQUEST.match(data) is not None
