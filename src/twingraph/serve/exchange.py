"""One request and its response between a connection and the application (ASGI 3, HTTP spec 2.4)."""

from __future__ import annotations

import asyncio
import http
import sys
import time
import traceback
from collections.abc import Iterable
from email.utils import formatdate
from typing import Final, Protocol

from starlette.types import ASGIApp, Message, Scope

from twingraph.web.respond import COMMON

_STATUS_LINES: Final = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode())
    for status in http.HTTPStatus
}
ANSWERED: Final = "answered"  # in the state of a scope: a status that the connection sent itself
CLIENT_LEFT: Final = 499  # in log and metrics: the client disconnected before the response
_BODILESS: Final = (204, 304)
_LARGE: Final = 64 * 1024  # bytes of a part


class Line(Protocol):
    """What an exchange needs of its connection."""

    def write(self, data: bytes | memoryview) -> None:
        """Send bytes."""
        ...

    async def drain(self) -> None:
        """Wait until the write buffer is below its limit."""
        ...

    def read_on(self) -> None:
        """Read more of the request body."""
        ...

    def finished(self, exchange: Answering) -> None:
        """Go on with the next request, or close the connection."""
        ...


class Answering(Protocol):
    """What a connection needs of the request that it answers."""

    status: int  # of the response, once its headers have been passed on; before that 0
    keep_alive: bool
    body_complete: bool  # the request body was received completely

    def client_left(self) -> None:
        """Note that the client has disconnected."""
        ...


class Exchange:
    """The state of one request; `run` answers it."""

    def __init__(self, line: Line, scope: Scope, *, keep_alive: bool, expects: bool) -> None:
        """Take a request whose headers are complete; `expects`: it has `Expect: 100-continue`."""
        self.scope = scope
        self.keep_alive = keep_alive
        self.status = 0  # of the response, once its headers have been passed on
        self.complete = False  # the response was sent completely
        self.body_complete = False  # the request body was received completely
        self.disconnected = False
        self._line = line
        self._expects = expects
        self._body = bytearray()
        self._end_delivered = False  # the application was given the end of the body
        self._wake: asyncio.Event | None = None
        self._head = b""
        self._chunked = False
        self._remaining: int | None = 0  # bytes of the body to be sent; None: not known

    # --- called by the connection ----------------------------------------------------------------

    def body_came(self, data: bytes) -> int:
        """Add a part of the request body; return how many bytes the application has not read."""
        if self.complete:
            return 0
        self._body += data
        self._notify()
        return len(self._body)

    def body_ended(self) -> None:
        """Note that the request body is complete."""
        self.body_complete = True
        self._notify()

    def client_left(self) -> None:
        """Note that the client has disconnected."""
        self.disconnected = True
        self._notify()

    def _notify(self) -> None:
        if self._wake is not None:
            self._wake.set()

    # --- called by the application ---------------------------------------------------------------

    async def run(self, app: ASGIApp) -> None:
        """Answer the request; an exception of the application is printed and answered with 500."""
        try:
            await app(self.scope, self.receive, self.send)
        except Exception:  # noqa: BLE001  # whatever it is, the connection must not hang
            if not self.disconnected:
                traceback.print_exc(file=sys.stderr)
        if not self.complete:  # nothing was sent, or less than Content-Length says
            if not self.status and not self.disconnected:
                self.status = 500
                self._line.write(final_response(500, "a mistake of ours; it has been noted"))
            self.keep_alive = False
            self.complete = True
            self._line.finished(self)

    async def receive(self) -> Message:
        """Return the next part of the request body; after the last, wait for a disconnect."""
        while not (self.disconnected or self.complete):
            if self._body or (self.body_complete and not self._end_delivered):
                body, self._body = bytes(self._body), bytearray()
                self._end_delivered = self.body_complete
                return {"type": "http.request", "body": body, "more_body": not self.body_complete}
            if self._expects and not (self.status or self.body_complete):
                self._expects = False
                self._line.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if self._wake is None:
                self._wake = asyncio.Event()
            self._wake.clear()
            self._line.read_on()
            await self._wake.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Send the headers with the first part of the body, then the other parts.

        Raises `ConnectionResetError` after the client has disconnected (ASGI HTTP 2.4).
        """
        if self.disconnected:
            raise ConnectionResetError("the client has gone")
        if self.complete:
            return
        if message["type"] == "http.response.start":
            self._head = self._make_head(message["status"], message.get("headers", ()))
            self.status = message["status"]
            return
        body: bytes | memoryview = message.get("body", b"")
        more: bool = message.get("more_body", False)
        if self.scope["method"] == "HEAD" or self.status in _BODILESS:
            body, self._remaining = b"", 0
        part: bytes | memoryview
        if self._chunked:
            chunk = (b"%x\r\n" % len(body), body, b"\r\n") if body else ()
            part = b"".join((*chunk, b"" if more else b"0\r\n\r\n"))
        else:
            if self._remaining is not None:
                self._remaining -= len(body)
                if self._remaining < 0:
                    raise ValueError("more of a body than its length says")
            part = body
        if self._head and len(part) > _LARGE:
            self._line.write(self._head)  # separately, so that the large part is not copied
            self._head = b""
        elif self._head:
            part, self._head = self._head + part, b""
        if part:
            self._line.write(part)
        if more:
            await self._line.drain()
            return
        if self._remaining:
            return  # fewer bytes than Content-Length: `run` closes the connection
        self.complete = True
        self._notify()
        self._line.finished(self)

    def _make_head(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        parts = [_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status, date_line()]
        length: bytes | None = None
        closing = False
        for name, value in headers:
            parts.append(b"%b: %b\r\n" % (name, value))
            if name == b"content-length":
                length = value
            elif name == b"connection" and b"close" in value.lower():
                self.keep_alive, closing = False, True
        if length is not None:
            self._remaining = int(length)
        elif self.scope["method"] != "HEAD" and status not in _BODILESS:
            self._chunked = self.scope["http_version"] != "1.0"
            if self._chunked:
                parts.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keep_alive, self._remaining = False, None
        if not self.keep_alive and not closing:
            parts.append(b"connection: close\r\n")
        head = b"".join(parts)
        if head.count(b"\n") != len(parts) or head.count(b"\r") != len(parts) or b"\0" in head:
            raise ValueError("a header would end its line")
        return head + b"\r\n"


_date: tuple[int, bytes] = (0, b"")


def date_line() -> bytes:
    """Return the `Date` header line for now; it is formatted once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        _date = now, b"date: %b\r\n" % formatdate(now, usegmt=True).encode()
    return _date[1]


def final_response(status: int, text: str) -> bytes:
    """Return a plain-text response after which the connection is closed.

    >>> final_response(431, "no").splitlines()[0], final_response(431, "no").splitlines()[-1]
    (b'HTTP/1.1 431 Request Header Fields Too Large', b'no')
    """
    body = text.encode() + b"\n"
    headers = {
        **COMMON,
        "cache-control": "no-store",
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "connection": "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return _STATUS_LINES[status] + date_line() + lines.encode() + b"\r\n" + body


def without_body(response: bytes) -> bytes:
    """Return a response as an answer to HEAD (RFC 9110 §9.3.2): no body, no Content-Length.

    >>> without_body(b"HTTP/1.1 400 Bad Request\\r\\ncontent-length: 1\\r\\nx: y\\r\\n\\r\\na")
    b'HTTP/1.1 400 Bad Request\\r\\nx: y\\r\\n\\r\\n'
    """
    lines = response.partition(b"\r\n\r\n")[0].split(b"\r\n")
    kept = [line for line in lines if not line.startswith(b"content-length:")]
    return b"\r\n".join(kept) + b"\r\n\r\n"
