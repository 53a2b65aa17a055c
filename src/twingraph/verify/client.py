"""Requests to one site and to no other: so many, so large, for so long.

The standard library is enough: no request goes to another host, and redirects are themselves
tested.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from twingraph.problems import TwingraphError
from twingraph.version import __version__

_PIECE: Final = 64 * 1024
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class ExhaustedError(Exception):
    """The requests or the time that were allowed are used up."""


@dataclass(frozen=True)
class Limits:
    """The limits of a run: `seconds` in all, `timeout` of a request, bytes of a response."""

    requests: int = 1000
    seconds: float = 300.0
    timeout: float = 10.0
    max_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True)
class Response:
    """A response: status 0 if there was none, and `error` says why.

    The names of `headers` are in lower case; several of one name are joined by a comma.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = True
    error: str = ""

    @property
    def media_type(self) -> str:
        """The media type, without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset that the server names, in lower case; empty where it names none."""
        match = re.search(r"charset=\"?([\w-]+)", self.headers.get("content-type", ""), re.ASCII)
        return match[1].lower() if match else ""

    @property
    def location(self) -> str:
        """Where a redirect leads, absolute, or as it is sent where that is no address.

        Empty if it is no redirect.
        """
        target = self.headers.get("location", "") if self.status in REDIRECTS else ""
        try:
            return urljoin(self.url, target) if target else ""
        except ValueError:
            return target


class Client:
    """Sends requests to a site, whose URLs all begin with `root`; counts them."""

    def __init__(self, root: str, limits: Limits) -> None:
        """Take the address of the site's first page; raise `TwingraphError` where it is none."""
        self.root = read_root(root)
        self.limits = limits
        self.requests = 0
        self._until = time.monotonic() + limits.seconds
        self._connection: http.client.HTTPConnection | None = None
        self._statuses: dict[str, Response] = {}
        # a server that sends single bytes slowly is cut off too
        self._alarm = threading.Timer(limits.seconds, self._cut)
        self._alarm.daemon = True
        self._alarm.start()

    def url(self, path: str) -> str:
        """Return the address of a path of the site."""
        return urljoin(self.root, path)

    def inside(self, url: str) -> bool:
        """Is it an address of this site?"""
        return url.startswith(self.root) or url == self.root.rstrip("/")

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Response:
        """Ask once; a redirect is an answer. Raises `ExhaustedError`."""
        if not self.inside(url):
            raise ValueError(f"{url} is not of this site")
        self.check_time()
        if self.requests >= self.limits.requests:
            raise ExhaustedError
        self.requests += 1
        sent = {
            "User-Agent": f"twingraph-verify/{__version__}",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        for attempt in (1, 2):  # a server may close a kept connection just before it is used again
            fresh = self._connection is None
            try:
                return self._ask(url, method, sent)
            except (OSError, http.client.HTTPException, UnicodeError) as error:
                self._drop()
                if fresh or attempt == 2:
                    return Response(url, 0, error=str(error) or type(error).__name__)
        raise AssertionError("unreachable")

    def check_time(self) -> None:
        """Raise `ExhaustedError` once the time that was allowed is used up."""
        if time.monotonic() >= self._until:
            raise ExhaustedError

    def exists(self, url: str) -> Response:
        """Ask for the head of an address, once however often it is linked; follow redirects."""
        self.check_time()
        address = urldefrag(url).url
        if address not in self._statuses:
            response = self.follow(address, method="HEAD")
            if response.status in (405, 501):
                response = self.follow(address)
            self._statuses[address] = response
        return self._statuses[address]

    def follow(
        self, url: str, headers: Mapping[str, str] | None = None, method: str = "GET"
    ) -> Response:
        """Ask, and go where a redirect leads while that is of this site, five times at most."""
        response = self.get(url, headers, method)
        for _ in range(5):
            if not response.location or not self.inside(response.location):
                break
            response = self.get(urldefrag(response.location).url, headers, method)
        return response

    def _ask(self, url: str, method: str, headers: Mapping[str, str]) -> Response:
        parts = urlsplit(url)
        connection = self._connection or self._connect()
        target = parts.path or "/"
        connection.request(
            method, f"{target}?{parts.query}" if parts.query else target, headers=dict(headers)
        )
        answer = connection.getresponse()
        headers_read: dict[str, str] = {}
        for name, value in answer.getheaders():
            key = name.lower()
            headers_read[key] = f"{headers_read[key]}, {value}" if key in headers_read else value
        body, whole = self._read(answer)
        answer.close()  # `read1` does not, and a connection is used again only after that
        if not whole or answer.will_close:
            self._drop()
        return Response(url, answer.status, headers_read, body, whole)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.root)
        host = parts.hostname or ""
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(
                host,
                parts.port,
                timeout=self.limits.timeout,
                context=ssl.create_default_context(),
            )
        else:
            self._connection = http.client.HTTPConnection(
                host, parts.port, timeout=self.limits.timeout
            )
        return self._connection

    def _read(self, answer: http.client.HTTPResponse) -> tuple[bytes, bool]:
        """Read a body up to the limit; also return whether it is complete."""
        pieces: list[bytes] = []
        size = 0
        while piece := answer.read1(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > self.limits.max_bytes or time.monotonic() >= self._until:
                return b"".join(pieces), False
        return b"".join(pieces), True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _cut(self) -> None:
        connection = self._connection
        if connection is not None and connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the site."""
        self._alarm.cancel()
        self._drop()


def read_root(url: str) -> str:
    """Return the address of a site with its slash at the end.

    >>> read_root("http://127.0.0.1:8000")
    'http://127.0.0.1:8000/'
    >>> read_root("data.example.org")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: 'data.example.org' is no address of a site; write \
https://data.example.org/
    """
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname)
        port = parts.port or 1
    except ValueError:
        named, port = False, 0
    if not (named and port and re.fullmatch(r"[!-~]+", url)) or parts.query or parts.fragment:
        raise TwingraphError(
            f"{url[:200]!r} is no address of a site; write https://data.example.org/"
        )
    if "@" in parts.netloc:
        raise TwingraphError("an address with a user or password is not asked; leave them out")
    return url if url.endswith("/") else f"{url}/"
