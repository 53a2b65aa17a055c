"""One request to a SPARQL endpoint, within a time and a size: SPARQL 1.1 Protocol §2.1.

SPARQLWrapper writes the request. This module sends it, because SPARQLWrapper itself follows
redirects and limits neither the size nor the time of a response.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from SPARQLWrapper import JSON, POST, SPARQLWrapper

from twingraph.problems import TwingraphError
from twingraph.version import __version__

_PIECE: Final = 64 * 1024
_MOST_SHOWN: Final = 300  # characters of an endpoint's message, at most
_MAX_HEAD: Final = 4096  # bytes of an error response that are read
_CONNECTING: Final = 5  # seconds; a host that is up takes one at most
ROWS_TYPE: Final = "application/sparql-results+json"
GRAPH_TYPES: Final = ("application/n-triples", "text/turtle")
_ACCEPT: Final = {True: f"{GRAPH_TYPES[0]}, {GRAPH_TYPES[1]};q=0.9", False: ROWS_TYPE}


class EndpointError(TwingraphError):
    """An endpoint failed to answer; `status` is the one that a gateway returns (RFC 9110).

    400 if it refuses the query, 504 if it takes too long, 507 if its response is too large, 502
    for all else.
    """

    def __init__(self, status: int, text: str) -> None:
        """Keep the status beside the message."""
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Endpoint:
    """The address of an endpoint, and its limits: `seconds` in all, `max_bytes` of a response.

    >>> Endpoint.at("http://reader:secret@db.example.org:7200/query").shown
    'http://db.example.org:7200/query'
    >>> Endpoint.at("db.example.org/query")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: 'db.example.org/query' is no address of a SPARQL endpoint; \
write http://localhost:7878/query
    """

    shown: str
    user: str = ""
    password: str = ""
    seconds: float = 30
    max_bytes: int = 64 * 1024 * 1024

    @classmethod
    def at(cls, url: str, seconds: float = 30, max_bytes: int = 64 * 1024 * 1024) -> Endpoint:
        """Parse an address, which may contain user and password; these are never shown."""
        try:
            parts = urlsplit(url)
            named = parts.scheme in ("http", "https") and bool(parts.hostname)
            port = parts.port or 1
        except ValueError:
            named, port = False, 0
        if not (named and port and re.fullmatch(r"[!-~]+", url)) or parts.fragment:
            hidden = re.sub(r"//[^/]*@", "//", url)[:200]
            raise TwingraphError(
                f"{hidden!r} is no address of a SPARQL endpoint; write http://localhost:7878/query"
            )
        place = parts.netloc.rpartition("@")[2]
        shown = urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(shown, user, password, seconds, max_bytes)


def fetch(
    endpoint: Endpoint,
    text: str,
    graphs: bool,
    default: tuple[str, ...] = (),
    named: tuple[str, ...] = (),
) -> tuple[str, bytes]:
    """Send a query with its dataset; return the media type and the bytes of the answer.

    `graphs` is true if the answer is a graph (CONSTRUCT, DESCRIBE), not rows. Raises
    `EndpointError`.
    """
    until = time.monotonic() + endpoint.seconds
    request = _request(endpoint, text, graphs, default, named)
    address = endpoint.shown
    late = EndpointError(
        504,
        f"{address} did not answer within {endpoint.seconds:g} seconds; ask for less, or raise "
        "limits.seconds in twingraph.toml",
    )
    with _deadline(endpoint.seconds) as deadline:
        opener = _opener(deadline)
        try:
            with opener.open(request, timeout=min(_CONNECTING, endpoint.seconds)) as answer:
                _check_status(address, answer)
                body = _read(answer, endpoint, until)
                if deadline.over:  # a connection cut by the deadline looks like one that ended
                    raise late
                return _media_type(address, answer, graphs), body
        except EndpointError as error:
            raise (late if deadline.over else error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            if deadline.over or time.monotonic() >= until:
                raise late from None
            if isinstance(reason, TimeoutError):
                raise EndpointError(
                    502, f"{address} can't be reached: nothing answers there; is it running?"
                ) from None
            if isinstance(reason, http.client.IncompleteRead):
                raise EndpointError(502, _broken(address, "breaks off")) from None
            detail = str(getattr(reason, "strerror", None) or reason)
            raise EndpointError(
                502, f"{address} can't be reached: {words_of(detail)}; is it running there?"
            ) from None


def _broken(address: str, how: str) -> str:
    return f"the answer of {address} {how}; see its log, and its own limits of time and size"


def _request(
    endpoint: Endpoint, text: str, graphs: bool, default: tuple[str, ...], named: tuple[str, ...]
) -> urllib.request.Request:
    wrapper = _Wrapper(endpoint.shown, returnFormat=JSON, agent=f"twingraph/{__version__}")
    wrapper.setOnlyConneg(True)
    wrapper.setMethod(POST)
    wrapper.setQuery(text)
    wrapper.addCustomHttpHeader("Accept", _ACCEPT[graphs])
    if endpoint.user:
        wrapper.setCredentials(endpoint.user, endpoint.password)
    for entry in default:
        wrapper.addParameter("default-graph-uri", entry)
    for item in named:
        wrapper.addParameter("named-graph-uri", item)
    return wrapper._createRequest()


class _Wrapper(SPARQLWrapper):
    """SPARQLWrapper without its guess of the query form, which mistakes names for keywords."""

    def _parseQueryType(self, query: str) -> str:  # noqa: N802  # SPARQLWrapper's
        return "SELECT"


# --- the answer ----------------------------------------------------------------------------------


def _check_status(address: str, answer: Any) -> None:
    status = answer.status
    if status == 200:
        _check_whole(address, answer.headers)
        return
    if 300 <= status < 400:
        new = str(answer.headers.get("location", "another place"))
        raise EndpointError(
            502, f"{address} says it has moved to {words_of(new)}; name that instead"
        )
    explanation = words_of(answer.read(_MAX_HEAD).decode("utf-8", "replace"))
    detail = (
        f"{status}: {explanation}" if explanation else f"{status} {words_of(answer.reason or '')}"
    )
    if status == 400:
        raise EndpointError(400, f"{address} refuses the query: {explanation or 'it says not why'}")
    if status in (401, 403):
        raise EndpointError(
            502, f"{address} lets nobody in without rights ({detail}); write user:password@ into it"
        )
    if status in (404, 405):
        raise EndpointError(
            502, f"{address} is no SPARQL endpoint ({detail}); name the address that takes queries"
        )
    if status in (408, 504):
        raise EndpointError(504, f"{address} took too long ({detail}); ask for less")
    raise EndpointError(502, f"{address} can't answer ({detail}); see its log")


def _check_whole(address: str, headers: Any) -> None:
    """Refuse a partial answer that is marked as such in a header, as Virtuoso's are."""
    if "x-sparql-maxrows" in headers:
        rows = words_of(headers["x-sparql-maxrows"])
        raise EndpointError(
            507, f"{address} cuts its answers at {rows} rows; ask with a smaller LIMIT, or raise "
            "ResultSetMaxRows in its virtuoso.ini",
        )  # fmt: skip
    if headers.get("x-sql-state"):
        raise EndpointError(
            504, f"{address} stopped half-way ({words_of(str(headers['x-sql-message']))}); ask for "
            "less",
        )  # fmt: skip


def _read(answer: Any, endpoint: Endpoint, until: float) -> bytes:
    body = io.BytesIO()
    while piece := answer.read1(_PIECE):
        body.write(piece)
        if body.tell() > endpoint.max_bytes:
            raise EndpointError(
                507,
                f"the answer of {endpoint.shown} has more than {endpoint.max_bytes} bytes; ask "
                "for less, or raise limits.result_bytes in twingraph.toml",
            )
        if time.monotonic() > until:
            raise TimeoutError
    detail = answer.headers.get("content-length", "")
    if detail.isascii() and detail.isdigit() and body.tell() < int(detail):
        raise EndpointError(502, _broken(endpoint.shown, "breaks off"))
    return body.getvalue()


def _media_type(address: str, answer: Any, graphs: bool) -> str:
    media_type = str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()
    fitting = (*GRAPH_TYPES, "text/plain", "text/ntriples", "application/x-turtle")
    if media_type in (fitting if graphs else (ROWS_TYPE, "application/json")):
        return media_type
    raise EndpointError(
        502,
        f"{address} answers with {words_of(media_type) or 'no media type'} where SPARQL results "
        "are due; name the address that takes queries, as http://localhost:7878/query",
    )


def words_of(text: str) -> str:
    """Shorten a message from outside to one line without control characters or mark-up.

    >>> words_of("<html><h1>No!</h1>  \\x1b[31m\\nnever")
    'No! [31m never'
    """
    plain = re.sub(r"<[^<>]*>", " ", text[: 20 * _MOST_SHOWN])
    line = " ".join("".join(item if item.isprintable() else " " for item in plain).split())
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1] + "…"


# --- the connection ------------------------------------------------------------------------------


class _Deadline:
    """Cuts its connections when the time is over, even while bytes still arrive slowly."""

    def __init__(self) -> None:
        self.over = False
        self._sockets: list[socket.socket] = []

    def keep(self, opened: socket.socket) -> None:
        self._sockets.append(opened)

    def end(self) -> None:
        self.over = True
        for each_socket in self._sockets:
            with contextlib.suppress(OSError):
                each_socket.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[_Deadline]:
    deadline = _Deadline()
    timer = threading.Timer(seconds, deadline.end)
    timer.daemon = True
    timer.start()
    try:
        yield deadline
    finally:
        timer.cancel()
        timer.join()


def _opener(deadline: _Deadline) -> urllib.request.OpenerDirector:
    """Return an opener for HTTP(S) only that follows no redirect and raises for no status."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(_handler(urllib.request.HTTPHandler, "http", deadline))
    opener.add_handler(_handler(urllib.request.HTTPSHandler, "https", deadline))
    return opener


def _handler(kind: Any, scheme: str, deadline: _Deadline) -> Any:
    base: Any = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection

    class Connection(base):  # type: ignore[misc]  # which of two, is known at run time only
        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(None)  # from here on the deadline counts
            deadline.keep(self.sock)

    class Handler(kind):  # type: ignore[misc]
        def open_it(self, request: urllib.request.Request) -> Any:
            return self.do_open(Connection, request)

    setattr(Handler, f"{scheme}_open", Handler.open_it)
    return Handler()
