"""`/sparql`: a query in, its result out, in the format that was asked for (SPARQL 1.1 Protocol §2).

It stands in front of the other routes, because this is the one that programs ask ten thousand
times. What people are to read (the form, a table, a refusal) is left to the route behind, which
finds in the scope what came of the query.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import traceback
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, Protocol
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from twingraph.endpoint.cache import Cache
from twingraph.endpoint.formats import GRAPHS, ROWS, choose_formats
from twingraph.endpoint.front_graph import FrontGraph
from twingraph.endpoint.outcome import Outcome
from twingraph.endpoint.pace import Pace
from twingraph.endpoint.process import LONG_TEXT, Gone, Reply
from twingraph.endpoint.protocol import (
    MAX_FIELDS,
    ProtocolRequest,
    RefusedError,
    body_limit,
    permit,
    read_fields,
    read_form,
)
from twingraph.endpoint.refusal import refusal
from twingraph.endpoint.result import Result, key_of, lines_of, query_digest, unescaped
from twingraph.settings import Limits
from twingraph.site.reader import BuildReader, QueryRunner
from twingraph.sparql.admission import Dataset
from twingraph.sparql.unknown_terms import terms_of
from twingraph.translation import M_
from twingraph.web.files.conditions import Validators, outcome
from twingraph.web.negotiate import Variant, usable
from twingraph.web.respond import COMMON, VARY
from twingraph.web.weblinks import dataset_links

PATH: Final = "/sparql"
REPLIED: Final = "twingraph.replied"  # where a scope holds a `Replied`
SEEN: Final = "twingraph.seen"  # where the log finds rows, query and cache
_CACHED_BYTES: Final = 64 * 1024 * 1024
_LOOK: Final = 0.05  # seconds
_HELD: Final = 4  # so many of the largest results may be on their way to slow readers
_PATIENCE: Final = 30.0  # seconds for a reader, and one more for every so many bytes
_PACE: Final = 100 * 1024
_PAUSE: Final = 0.004  # seconds between long texts: to read each takes as long as some look-ups
_PART: Final = 256 * 1024  # bytes of a result that is sent at once
_HANDED: Final = 1024 * 1024  # bytes of a larger one that are handed over at once
_NOT_MODIFIED: Final = (
    b"cache-control", b"content-location", b"etag", b"vary", *(name.encode() for name in COMMON),
)  # fmt: skip
_CHANGED: Final = "the result is not the one that If-Match names; ask without it for what there is"
FORMS: Final[Mapping[Outcome, Literal["rows", "graph"]]] = {
    Outcome.ROWS: "rows", Outcome.BOOLEAN: "rows", Outcome.TRIPLES: "graph",
}  # fmt: skip


_TYPES: Final = {
    offer: f"content-type: {offer.media_type}"
    + ("; charset=utf-8\r\n" if offer.media_type.startswith("text/") else "\r\n")
    for offer in (*ROWS, *GRAPHS)
}


class Replied(NamedTuple):
    """In a scope: the query of this request was evaluated already."""

    service: Service
    reply: Reply
    began: float  # seconds, by `time.perf_counter`


class Made(NamedTuple):
    """What came of a request that others wait for; what is not `for_all`, each makes for itself."""

    reply: Reply
    result: Result | None
    for_all: bool


class Evaluator(Protocol):
    """Who evaluates queries: the pool of workers, or an endpoint elsewhere."""

    limits: Limits

    async def ask(
        self,
        query: str,
        rows: str,
        graphs: str,
        dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
        bindings: Mapping[str, str] | None = None,
        gone: Gone | None = None,
    ) -> Reply:
        """Return what came of a query, written in one of the two formats."""
        ...

    async def start(self) -> None:
        """Be ready; raise `TwingraphError` where that can't be."""
        ...

    async def drain(self) -> None:
        """End when no query runs any more."""
        ...

    def close(self) -> None:
        """End at once."""
        ...

    @property
    def problem(self) -> str:
        """Why no query can be answered now, '' where they can."""
        ...

    def state(self) -> dict[str, int]:
        """Return how many queries run and wait, by the words of `/metrics`."""
        ...


class ForPeople(NamedTuple):
    """What the route behind is to show: a problem, a result for people, or neither."""

    protocol_request: ProtocolRequest | None
    refused: RefusedError | None = None
    reply: Reply | None = None
    body: bytes = b""
    """Of a POST, where a worker is to read it again."""


class Submitter(Protocol):
    """Who has requests answered by workers: the pool for pages."""

    async def submit(self, question: bytes, gone: Gone | None = None) -> Reply:
        """Return what came of a question, its first byte its kind."""
        ...

    async def start(self) -> None:
        """Be ready."""
        ...

    async def drain(self) -> None:
        """End when nothing runs any more."""
        ...

    def close(self) -> None:
        """End at once."""
        ...

    @property
    def problem(self) -> str:
        """Why no request can be answered now, '' where they can."""
        ...

    def state(self) -> dict[str, int]:
        """Return how many requests run and wait."""
        ...


class Service:
    """The endpoint over one build: its graph, its workers, the answers it keeps.

    With `pages`, requests that read the graph are handed to workers (`forward.py`) from `start` on.
    """

    def __init__(
        self,
        site: BuildReader,
        evaluator: Evaluator,
        pages: Submitter | None = None,
        front: FrontGraph | None = None,
        questions: QueryRunner | None = None,
    ) -> None:
        """Put the endpoint together; `front` asks `questions` once there are workers."""
        self.site = site
        self.evaluator = evaluator
        self.pages = pages
        self.forwards = False
        self._front = front
        self._questions = questions
        self.limits = evaluator.limits
        self.cache = Cache(_CACHED_BYTES)
        self.making: dict[bytes, asyncio.Future[Made | None]] = {}  # pages just being made
        self.build = site.dumps["SHA256SUMS"].sha256
        self.long_texts = Pace(_PAUSE)
        self.sending = 0  # bytes of results on their way to slow readers
        self.mark: tuple[int, int] | None = None  # of its files, see `serve.watch.mark_of`
        self.users = 0  # requests that were let in with this build, and are not answered yet
        self._terms: frozenset[str] | None = None
        self._same = lines_of(
            [
                *COMMON.items(),
                ("vary", VARY),
                ("link", dataset_links(site, (), "sparql")),
                ("query-limits", limits_text(self.limits)),
            ]
        )

    async def start(self) -> None:
        """Begin to hand requests to workers; return when there are some, or raise why not."""
        self.forwards = self.pages is not None
        if self._front is not None:
            self._front.workers = self._questions
        starts = [self.evaluator.start(), *([self.pages.start()] if self.pages is not None else [])]
        await asyncio.gather(*starts)

    async def leave(self) -> None:
        """End the workers once nobody asks about this build any more."""
        while self.users:
            await asyncio.sleep(_LOOK)
        if self.pages is not None:
            await self.pages.drain()
        await self.evaluator.drain()

    def close(self) -> None:
        """End the workers at once."""
        if self.pages is not None:
            self.pages.close()
        self.evaluator.close()

    def state(self) -> dict[str, int]:
        """Return how many queries and pages run and wait, by the words of `/metrics`."""
        pages = self.pages.state() if self.pages is not None else {}
        return {
            **{f"queries_{name}": number for name, number in self.evaluator.state().items()},
            **{f"pages_{name}": number for name, number in pages.items()},
        }

    @property
    def terms(self) -> frozenset[str]:
        """The terms of the ontology and the concepts, read when first wanted."""
        if self._terms is None:
            self._terms = terms_of(self.site.store)
        return self._terms

    def result(
        self, reply: Reply, offer: Variant, query: str, name: str, dataset: Dataset | None = None
    ) -> Result:
        """Return what is sent of a reply in a format; `name` is the digest of the query.

        Its validator tells the build, the query, the graphs and the format: a build never changes,
        nor does what it answers.
        """
        if reply.fresh:
            tag, kept = "", "cache-control: no-store\r\n"
        else:
            graphs = f"-{query_digest(repr(dataset))[:16]}" if dataset is not None else ""
            tag = f'"{self.build[:16]}-{name[:32]}{graphs}-{offer.suffix}"'
            kept = f"cache-control: no-cache\r\netag: {tag}\r\n"
        lines = f"{_TYPES[offer]}content-length: {len(reply.body)}\r\n{kept}".encode()
        return Result(lines, self._same, reply.body, reply.rows, name, tag)


def limits_text(limits: Limits) -> str:
    """Return the limits as a header tells them (RFC 9651, a dictionary of integers).

    >>> limits_text(Limits()).partition(",")[0]
    'seconds=30'
    """
    names = ("seconds", "memory_bytes", "rows", "result_bytes", "query_bytes", "concurrent",
             "waiting")  # fmt: skip
    return ", ".join(f"{name.replace('_', '-')}={getattr(limits, name)}" for name in names)


def is_query(scope: Scope) -> bool:
    """Is this a request that `answer` looks at?"""
    return bool(
        scope["path"] == scope.get("root_path", "") + PATH
        and scope["method"] in ("GET", "HEAD", "POST")
    )


async def answer(service: Service, scope: Scope, receive: Receive, send: Send) -> int | ForPeople:
    """Send the result of a query and return its status; or what the route behind is to show.

    That is people's business: the form, a table, a refusal. Nothing has been sent then.
    """
    try:
        found = await _made(service, scope, receive)
    except ClientDisconnect:
        raise
    except Exception:  # noqa: BLE001  # ours, whatever it is: told in the log, and 500 to the client
        traceback.print_exc(file=sys.stderr)
        found = ForPeople(None, RefusedError(500, M_("a mistake of ours; it has been noted")))
    if isinstance(found, ForPeople):
        return found
    status = condition(scope, found)
    if status == 412:
        return ForPeople(None, RefusedError(412, _CHANGED))
    return await send_result(service, scope, send, found, status)


async def _made(service: Service, scope: Scope, receive: Receive) -> Result | ForPeople:
    """Return the result of a query, or what is to be shown in its place."""
    accept, content_type = _heads(scope)
    search: bytes = scope["query_string"]
    key = b""
    if scope["method"] != "POST":
        key = key_of(search, (accept or "").encode())
        kept = service.cache.get(key)
        if kept is not None:
            scope[SEEN] = (kept.rows, kept.query, True)
            return kept
    protocol_request, name, body = None, "", b""
    try:
        fields = _read_search(search)
        if scope["method"] == "POST":
            body = scope["state"].get("body")
            if body is None:
                body = await _read_body(receive, body_limit(service.limits))
            if len(body) > LONG_TEXT:
                await service.long_texts.turn()
            fields = list(read_form(content_type, body, fields))
        protocol_request = read_fields(fields)
        if not protocol_request.query:
            return ForPeople(protocol_request, body=body)
        name = query_digest(protocol_request.query)
        scope[SEEN] = (-1, name, False)
        permit(protocol_request, service.limits.query_bytes, scope["method"])
        choice = choose_formats(protocol_request.formats, accept)
        if service.forwards and "html" in {offer.suffix for offer in choice[:2] if offer}:
            return ForPeople(protocol_request, body=body)  # one worker evaluates, and shows it
        replied: Replied | None = scope.get(REPLIED)
        reply = (
            replied.reply
            if replied is not None
            else await service.evaluator.ask(
                protocol_request.query,
                suffix_of(choice.rows, "json"),
                suffix_of(choice.graphs, "nt"),
                protocol_request.dataset,
                gone=gone_of(receive),
            )
        )
        form = FORMS.get(reply.outcome)
        if form is None:
            raise refusal(reply, choice, service.limits)
    except RefusedError as error:
        return ForPeople(protocol_request, error)
    offer = choice.rows if form == "rows" else choice.graphs
    assert offer is not None, "a result has a format"
    if offer.suffix == "html":
        scope[SEEN] = (reply.rows, name, False)
        return ForPeople(protocol_request, reply=reply)
    made = service.result(reply, offer, protocol_request.query, name, protocol_request.dataset)
    if not has_room(service, len(reply.body)):
        return ForPeople(protocol_request, refusal(Reply(Outcome.BUSY), choice, service.limits))
    if made.tag and key:  # what is posted is evaluated each time
        service.cache.keep(key, made)
    scope[SEEN] = (made.rows, made.query, False)
    return made


def suffix_of(offer: Variant | None, shown: str) -> str:
    """Return what a worker is to write; a page is made from what can be read back."""
    if offer is None:
        return ""
    return shown if offer.suffix == "html" else offer.suffix


def _heads(scope: Scope) -> tuple[str | None, str]:
    """Return `Accept`, and the media type of the body."""
    accept: list[str] = []
    content_type = ""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept.append(value.decode("latin-1"))
        elif name == b"content-type":
            content_type = value.decode("latin-1")
    return usable(",".join(accept)), content_type


def _read_search(search: bytes) -> list[tuple[str, str]]:
    """Return the parameters of an address; raise `RefusedError` where they can't be read.

    >>> _read_search(b"query=ASK+%7B%7D"), _read_search(b"a=1&b=%C3%9F")
    ([('query', 'ASK {}')], [('a', '1'), ('b', 'ß')])
    """
    if search.startswith(b"query=") and b"&" not in search:  # a query alone, as most come
        with contextlib.suppress(UnicodeDecodeError):
            text = unescaped(search[6:])
            if text is not None:
                return [("query", text.decode("utf-8"))]
    try:
        return parse_qsl(
            search.decode("ascii", "surrogateescape"), keep_blank_values=True, errors="strict",
            max_num_fields=MAX_FIELDS,
        )  # fmt: skip
    except UnicodeDecodeError:
        raise RefusedError(400, M_("the address is not UTF-8; send the query as UTF-8")) from None
    except ValueError:
        raise RefusedError(
            400, M_("more than {most} parameters; send fewer", most=MAX_FIELDS)
        ) from None


async def _read_body(receive: Receive, limit: int) -> bytes:
    parts, received = [], 0
    while True:
        try:
            message = await asyncio.wait_for(receive(), _PATIENCE)
        except TimeoutError:
            raise RefusedError(408, M_("the body did not come; send the query at once")) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        received += len(parts[-1])
        if received > limit:
            raise RefusedError(413, M_("a body of more than {limit} bytes; send less", limit=limit))
        if not message.get("more_body"):
            return b"".join(parts)


def gone_of(receive: Receive) -> Gone:
    """Return what waits until a client has gone whose request was read."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    return gone


# --- sending -------------------------------------------------------------------------------------


def has_room(service: Service, size: int) -> bool:
    """May `size` bytes more be on their way to readers, slow ones among them?

    What is sent in one part is not counted, so that slow readers of large results keep nobody from
    small ones; a result of the largest size is always sent where no other is under way.
    """
    under_way = service.sending
    return (
        size <= _PART or not under_way or (under_way + size <= _HELD * service.limits.result_bytes)
    )


async def send_result(service: Service, scope: Scope, send: Send, made: Result, status: int) -> int:
    """Send an answer, or that it has not changed (304); return the status."""
    if status == 304:
        headers = [(name, value) for name, value in made.headers() if name in _NOT_MODIFIED]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return 304
    body = b"" if scope["method"] == "HEAD" else made.body
    await send({"type": "http.response.start", "status": status, "headers": made.headers()})
    if len(body) <= _PART:
        await send({"type": "http.response.body", "body": body})
        return status
    service.sending += len(body)
    try:
        async with asyncio.timeout(_PATIENCE + len(body) / _PACE):
            whole = memoryview(body)  # nothing of it is copied
            for start in range(0, len(body), _HANDED):
                part = whole[start : start + _HANDED]
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
    finally:
        service.sending -= len(body)
    return status


def condition(scope: Scope, made: Result) -> int:
    """Return 304 or 412 where the conditions of a request say so (RFC 9110 §13.2.2).

    Else the status of what was made.
    """
    conditional = any(name.startswith(b"if-") for name, _ in scope["headers"])
    if scope["method"] == "POST" or made.status != 200 or not conditional:
        return made.status
    return outcome(Headers(scope=scope), Validators(made.tag, None))
