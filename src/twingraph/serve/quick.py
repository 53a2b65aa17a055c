"""A query in the address of a GET, answered without a parser and a task: most requests are these.

A client sends the same headers again and again. The bytes behind the address of a request are
remembered with what the parser made of them, so that of the next such request only the address is
read. What is not the plain case (another path or method, a condition, a body, more than a query in
the address, a refusal, a page, a large result) takes the way of all other requests; it has the same
answer, later.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from starlette.datastructures import State

from twingraph.endpoint.endpoint import (
    FORMS,
    PATH,
    REPLIED,
    Replied,
    suffix_of,
)
from twingraph.endpoint.fields import unescaped
from twingraph.endpoint.formats import choose_formats
from twingraph.endpoint.pool import Pool
from twingraph.endpoint.process import Reply
from twingraph.endpoint.query_message import head_of
from twingraph.endpoint.result import Result, key_of, query_digest
from twingraph.endpoint.service import Service
from twingraph.serve.exchange import CLIENT_LEFT, Answering, Exchange, date_line
from twingraph.serve.log import Seen
from twingraph.web.negotiate import Variant, usable
from twingraph.web.prefix import prefix_of

_BEGIN: Final = b"GET /sparql?query="
_SEARCH: Final = len(b"GET /sparql?")
_TARGET: Final = len(b"GET ")
_PLAIN: Final = re.compile(rb"[A-Za-z0-9%+._~*'()!:;,/?@=$-]+")  # what a query in an address has
_LONGEST: Final = 8192  # bytes of a request
_LARGE: Final = 64 * 1024  # bytes of a result that is sent in parts
_HEADS: Final = 128  # that are remembered
_HEAD_BYTES: Final = 2048  # of each
# What makes more of a request than its address: how its end is told, what else it depends on.
_NOT_PLAIN: Final = (
    b"connection", b"content-", b"expect", b"if-", b"te", b"trailer", b"transfer-", b"upgrade",
)  # fmt: skip
_BOM: Final = b"\xef\xbb\xbf"


class Head(NamedTuple):
    """What is known of the bytes behind the address of a request."""

    headers: list[tuple[bytes, bytes]]
    accept: bytes
    question: bytes  # what stands before the query on its way to a worker
    offers: Mapping[str, Variant | None]  # form of a result -> the format that is wanted


class Line(Protocol):
    """What is needed of a connection."""

    def write(self, data: bytes) -> None:
        """Send bytes."""
        ...

    def begin(self, answering: Answering) -> None:
        """Know that a request is being answered."""
        ...

    def stay(self) -> None:
        """Know that a request was answered."""
        ...

    def pass_on(
        self, target: bytes, headers: list[tuple[bytes, bytes]], more: Mapping[str, object]
    ) -> None:
        """Let the application answer."""
        ...

    def finished(self, exchange: Answering) -> None:
        """Take the next request."""
        ...


class Quick:
    """What takes plain queries, for all connections of a process."""

    def __init__(self, state: State, note: Callable[[Seen], None]) -> None:
        """`state` holds the service; `note` hears of each request."""
        self.note = note
        self._state = state
        self._heads: dict[bytes, Head] = {}

    def take(self, line: Line, data: bytes) -> bool:
        """Answer the request that is all of `data`, now or later; False where that can't be."""
        if not data.startswith(_BEGIN) or len(data) > _LONGEST:
            return False
        end = data.find(b" ", _TARGET)
        head = self._heads.get(data[end:])
        if head is None or not _PLAIN.fullmatch(data, len(_BEGIN), end):
            return False
        began = time.perf_counter()
        service: Service = self._state.service
        key = key_of(data[_SEARCH:end], head.accept)
        kept = service.cache.get(key)
        if kept is not None:
            if len(kept.body) > _LARGE:
                return False
            line.write(_response(kept))
            line.stay()
            taken = time.perf_counter() - began
            self.note(Seen("GET", PATH, 200, taken, kept.rows, kept.query, True, PATH))
            return True
        text = unescaped(data[len(_BEGIN) : end])
        if text is None or len(text) > service.limits.query_bytes or text.startswith(_BOM):
            return False
        try:
            query = text.decode()
        except UnicodeDecodeError:
            return False
        pool = service.evaluator
        if not isinstance(pool, Pool):
            return False
        service.users += 1
        query_ = _Query(self, line, service, head, data[_TARGET:end], key, query, began)
        line.begin(query_)
        pool.begin(head.question + text, query_.gone, query_.answered)
        return True

    def learn(self, data: bytes, answering: Answering | None) -> None:
        """Remember what a parser made of the bytes `data`, which are one request and no more."""
        if not data.startswith(_BEGIN) or not isinstance(answering, Exchange):
            return
        end = data.find(b" ", _TARGET)
        tail, scope = data[end:], answering.scope
        headers = scope["headers"]
        if (
            not tail.startswith(b" HTTP/1.1\r\n")
            or tail.find(b"\r\n\r\n") != len(tail) - 4
            or len(tail) > _HEAD_BYTES
            or data[_TARGET:end] != b"%b?%b" % (scope["raw_path"], scope["query_string"])
            or not (answering.body_complete and answering.keep_alive)
            or any(
                name.startswith(_NOT_PLAIN) and not _keeps(name, value) for name, value in headers
            )
            or prefix_of(self._state.service.site.address) == PATH
        ):
            return
        accept = b",".join(value for name, value in headers if name == b"accept")
        choice = choose_formats((), usable(accept.decode("latin-1")))
        suffixes = suffix_of(choice.rows, ""), suffix_of(choice.graphs, "")
        if "html" in (offer.suffix for offer in (choice.rows, choice.graphs) if offer):
            return
        if len(self._heads) >= _HEADS:
            del self._heads[next(iter(self._heads))]
        offers = {"rows": choice.rows, "graph": choice.graphs}
        self._heads[tail] = Head(headers, _usable(accept), head_of(*suffixes), offers)


def _usable(accept: bytes) -> bytes:
    return (usable(accept.decode("latin-1")) or "").encode()


def _keeps(name: bytes, value: bytes) -> bool:
    return name == b"connection" and value.lower() == b"keep-alive"


def _response(result: Result, end: bytes = b"\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\n", date_line(), result.lines, result.same, end
    return b"".join((*head, result.body))


class _Query:
    """A query under way."""

    __slots__ = (
        "_began", "_head", "_key", "_line", "_query", "_quick", "_service", "_target", "_wake",
        "body_complete", "keep_alive", "left", "status",
    )  # fmt: skip

    def __init__(
        self,
        quick: Quick,
        line: Line,
        service: Service,
        head: Head,
        target: bytes,
        key: bytes,
        query: str,
        began: float,
    ) -> None:
        self._quick = quick
        self._line = line
        self._service = service
        self._head = head
        self._target = target
        self._key = key
        self._query = query
        self._began = began
        self._wake: asyncio.Event | None = None
        self.status = 0
        self.keep_alive = self.body_complete = True
        self.left = False

    def client_left(self) -> None:
        """Know that nobody reads any more."""
        self.left = True
        if self._wake is not None:
            self._wake.set()

    async def gone(self) -> None:
        """Return when the client has gone."""
        self._wake = asyncio.Event()
        if not self.left:
            await self._wake.wait()

    def answered(self, reply: Reply) -> None:
        """Send what came of the query."""
        service = self._service
        name = query_digest(self._query)
        if self.left:
            self._end(CLIENT_LEFT, -1, name)
            return
        offer = self._head.offers.get(FORMS.get(reply.outcome, ""))
        if offer is None or len(reply.body) > _LARGE or service.sending:
            more = {REPLIED: Replied(service, reply, self._began)}
            self._line.pass_on(self._target, self._head.headers, more)
            return
        result = service.result(reply, offer, self._query, name)
        if result.tag:
            service.cache.keep(self._key, result)
        self._line.write(
            _response(result)
            if self.keep_alive
            else _response(result, b"connection: close\r\n\r\n")
        )
        self._end(200, result.rows, name)
        self._line.finished(self)

    def _end(self, status: int, rows: int, name: str) -> None:
        self._service.users -= 1
        taken = time.perf_counter() - self._began
        self._quick.note(Seen("GET", PATH, status, taken, rows, name, False, PATH))
