"""A connection of HTTP/1.1 that neither keeps silent for ever nor sends headers without end.

uvicorn closes what is idle between two requests, but waits for ever for the first byte of one and
for the end of its headers; some hundreds of such connections would keep everybody else out.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SILENCE: Final = 10.0  # seconds until a request is there with all its headers
MAX_HEAD: Final = 256 * 1024  # bytes: a query of 64 KiB, every one of them escaped, and its headers
_TOO_LONG: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 82\r\n\r\n"
    b"the address and the headers are too long; send a long query as the body of a POST\n"
)


class Connection(HttpToolsProtocol):
    """uvicorn's, with a deadline and a size for what stands before the body."""

    def __init__(self, *args: Any, **named: Any) -> None:
        """Take what uvicorn gives."""
        super().__init__(*args, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._heading = True  # between the first byte of a request and the end of its headers
        self._head = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        # not by name: uvloop's transport is a class of its own
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as there is an end in sight."""
        if self._heading:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self.transport.write(_TOO_LONG)
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin to wait for the headers."""
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Wait no more: what comes now is limited by who reads it."""
        self._wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Count the next head anew."""
        self._heading, self._head = True, 0
        super().on_message_complete()

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(SILENCE, self.transport.close)

    def _wait_no_more(self) -> None:
        self._heading = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
