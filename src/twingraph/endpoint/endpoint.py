"""`/sparql`: a query in, its result out, in the format that was asked for (SPARQL 1.1 Protocol §2).

It stands in front of the other routes, because this is the one that programs ask ten thousand
times. What people are to read (the form, a table, a refusal) is left to the route behind, which
finds in the scope what came of the query.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from twingraph.endpoint.formats import choose_formats
from twingraph.endpoint.process import LONG_TEXT, Gone, Reply
from twingraph.endpoint.protocol import (
    ProtocolRequest,
    RefusedError,
    body_limit,
    body_type,
    permit,
    read_fields,
    read_form,
    readable,
    refuse_codings,
)
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.query_refusal import busy, refusal
from twingraph.endpoint.result import Result, key_of, query_digest
from twingraph.endpoint.service import Service
from twingraph.translation import M_
from twingraph.web.files.conditions import Validators, outcome
from twingraph.web.negotiate import Variant, usable
from twingraph.web.respond import COMMON

PATH: Final = "/sparql"
REPLIED: Final = "twingraph.replied"  # where a scope holds a `Replied`
SEEN: Final = "twingraph.seen"  # where the log finds rows, query and cache
_HELD: Final = 4  # so many of the largest results may be on their way to slow readers
_PATIENCE: Final = 30.0  # seconds for a reader, and one more for every so many bytes
_PACE: Final = 100 * 1024
_PART: Final = 256 * 1024  # bytes of a result that is sent at once
_LONG: Final = 32 * 1024  # bytes of a text that are worth a pause of their own
_HANDED: Final = 1024 * 1024  # bytes of a larger one that are handed over at once
_NOT_MODIFIED: Final = (
    b"cache-control", b"content-location", b"etag", b"vary", *(name.encode() for name in COMMON),
)  # fmt: skip
_CHANGED: Final = "the result is not the one that If-Match names; ask without it for what there is"
FORMS: Final[Mapping[Outcome, Literal["rows", "graph"]]] = {
    Outcome.ROWS: "rows", Outcome.BOOLEAN: "rows", Outcome.TRIPLES: "graph",
}  # fmt: skip


class Replied(NamedTuple):
    """In a scope: the query of this request was evaluated already."""

    service: Service
    reply: Reply
    began: float  # seconds, by `time.perf_counter`


class ForPeople(NamedTuple):
    """What the route behind is to show: a problem, a result for people, or neither."""

    protocol_request: ProtocolRequest | None
    refused: RefusedError | None = None
    reply: Reply | None = None
    body: bytes = b""
    """Of a POST, where a worker is to read it again."""


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
        response = await _made(service, scope, receive)
    except ClientDisconnect:
        raise
    except Exception:  # noqa: BLE001  # whatever it is: logged, and answered with 500
        traceback.print_exc(file=sys.stderr)
        response = ForPeople(None, RefusedError(500, M_("a mistake of ours; it has been noted")))
    if isinstance(response, ForPeople):
        return response
    status = condition(scope, response)
    if status == 412:
        return ForPeople(None, RefusedError(412, _CHANGED))
    return await send_result(service, scope, send, response, status)


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
        await _wait_for_long(service, search)
        fields = _read_search(search)
        if scope["method"] == "POST":
            refuse_codings(scope["headers"])
            body = scope["state"].get("body")
            if body is None:
                body_type(content_type)  # what is not read is not waited for either
                body = await _read_body(receive, body_limit(service.limits))
                await _wait_for_long(service, body)
            if len(body) <= LONG_TEXT:
                heads = (accept or "", content_type)
                key = key_of(search, b"\n".join((*(head.encode() for head in heads), body)))
                kept = service.cache.get(key)
                if kept is not None:
                    scope[SEEN] = (kept.rows, kept.query, True)
                    return kept
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
    if made.tag and key:  # a long text is evaluated each time
        service.cache.keep(key, made)
    scope[SEEN] = (made.rows, made.query, False)
    return made


async def _wait_for_long(service: Service, text: bytes) -> None:
    """Let a long text wait for its turn; raise `RefusedError` (503) where too many do."""
    pauses = max(1.0, len(text) / _LONG)
    if len(text) > LONG_TEXT and not await service.long_texts.turn(pauses):
        raise busy()


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
    try:
        return readable(search)
    except UnicodeDecodeError:
        raise RefusedError(400, M_("the address is not UTF-8; send the query as UTF-8")) from None


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
    """Return a function that waits until the client has disconnected; its request has been read."""

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
