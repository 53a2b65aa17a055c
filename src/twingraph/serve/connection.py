"""A connection of HTTP/1.1 (RFC 9112): bounded in everything, and never without a deadline.

httptools (llhttp) parses; what is here counts and waits. Bytes that are no body are counted from
the first byte of a request to its last, trailers included. Requests that come before the one ahead
of them is answered wait unread, but for a few. How long it lasts, `lifetime` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

import httptools

from twingraph.serve.exchange import Answering, Exchange
from twingraph.serve.lifetime import DRAINED, Lifetime, State
from twingraph.serve.request_target import expects_continue, refusal_of, scope_of
from twingraph.serve.upgrade import BodyOnly, looks_like_a_request

if TYPE_CHECKING:
    from twingraph.serve.connections import Connections

FIELDS_BYTES: Final = 32 * 1024  # of the headers and trailers of a request
PATH_BYTES: Final = 4096  # of an address before its `?`; none of ours comes near
FIELDS: Final = 100
PIPELINED: Final = 128  # requests of one connection that wait for the one ahead of them
_PIECE: Final = 4096  # bytes that are parsed at once: so many more requests may be found in them
_BODY_PIECE: Final = 64 * 1024  # bytes that are parsed at once where all of them are body
_BUFFERED: Final = 64 * 1024  # bytes of a body that wait to be read by the application
_FRAMING: Final = 16  # bytes of framing that a byte of the body may bring along, in chunks


class _RefusedError(Exception):
    """The request is not taken: a status and words for it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Connection(Lifetime, asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(self, all_: Connections) -> None:
        """Belong to the connections of this process."""
        super().__init__(all_)
        self._parser = httptools.HttpRequestParser(self)
        self._extra = 0  # bytes of this request that are no body, less what its body allows
        self._body_left = 0  # bytes, as far as its headers tell
        self._paused = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._stalled: asyncio.TimerHandle | None = None
        self._parsing = False
        self._number = 0  # of requests that were begun
        self._heads = 0  # that ended in what is parsed

    # --- the transport ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        self._transport = cast("asyncio.Transport", transport)  # not by name: uvloop has its own
        self._peers = (_address(transport, "sockname"), _address(transport, "peername"))
        self._all.open[self] = None
        self._enter(State.WAITING, self._all.waits.first)
        self._all.look_after()
        self._all.make_room()
        if len(self._all.open) > self._all.most:
            self._refuse(503, "too many connections; try again in a moment")

    def connection_lost(self, exc: Exception | None) -> None:
        """Let everything go that belongs to it."""
        self._all.open.pop(self, None)
        self._all.idle.pop(self, None)
        self._all.closing.discard(self)
        self.deadline = 0.0
        if self._stalled is not None:
            self._stalled.cancel()
        self._no_more = True
        self._unread.clear()
        self._waiting.clear()
        for answering in (self._current, self._reading):
            if answering is not None:
                answering.client_left()
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Parse what comes, as long as nothing waits ahead of it."""
        if self._no_more:
            self._drain_off(len(data))
            return
        quick = self._all.quick
        if self._state is not State.WAITING or quick is None or not self._writable.is_set():
            quick = None
        elif quick.take(self, data):
            return
        number = self._number
        self._unread.append(memoryview(data))
        self._parse()
        if quick is not None and self._number == number + 1 and self._state is State.ANSWERING:
            quick.learn(data, self._current)

    def eof_received(self) -> bool:
        """Keep the connection open while an answer is due: a client may stop sending, and read on.

        One that has left altogether looks the same until something is written to it: see
        `_probe`.
        """
        self._input_ended = True
        if self._words_due and not self._transport.is_closing():
            return True
        if self._transport.is_closing() or not self._is_answer_due():
            return False
        if self._state is State.ANSWERING and self._current is not self._reading:
            self.deadline = self._answer_deadline()
        return True

    def pause_writing(self) -> None:
        """Wait for a client that reads slowly, but not for one that does not read."""
        self._writable.clear()
        self._stalled = self._loop.call_later(self._all.waits.unread, self.abort)

    def resume_writing(self) -> None:
        """Go on: the client reads."""
        self._writable.set()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        if self._unread:
            self._loop.call_soon(self._parse)

    # --- parsing ---------------------------------------------------------------------------------

    def _parse(self) -> None:
        if self._parsing:
            return
        self._parsing = True
        try:
            while (
                self._unread
                and not (self._no_more or self._waiting)
                and self._writable.is_set()  # who does not read is not answered more
            ):
                if self._reading is not None and self._paused:
                    break
                data = self._unread.popleft()
                size = max(_PIECE, min(self._body_left, _BODY_PIECE))
                piece, rest = data[:size], data[size:]
                if rest:
                    self._unread.appendleft(rest)
                self._extra += len(piece)
                self._heads = 0
                try:
                    self._parser.feed_data(piece)
                except httptools.HttpParserUpgrade as upgrade:
                    self._go_on(piece[upgrade.args[0] :])
                if self._extra > self._all.address_bytes + FIELDS_BYTES:
                    raise _RefusedError(431, "the headers are too long; send fewer")
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, _RefusedError):
                self._refuse(cause.status, str(cause))
            elif "HTTP version" in str(error):
                self._refuse(505, "this version of HTTP is not spoken here; send HTTP/1.1")
            elif isinstance(error, httptools.HttpParserInvalidMethodError) and (
                looks_like_a_request(bytes(piece).split(b"\r\n\r\n", self._heads)[-1])
            ):
                self._refuse(501, "no such method is known here; OPTIONS tells which are allowed")
            else:
                self._refuse(400, "this is no request of HTTP/1.1; see RFC 9112")
        except _RefusedError as refused:
            self._refuse(refused.status, str(refused))
        finally:
            self._parsing = False
        if self._input_ended and not self._no_more and not self._is_answer_due():
            self.close()
        self._set_reading()

    def _is_upgrade_with_body(self) -> bool:
        """Does a request want another protocol, and has a body? The parser leaves that alone."""
        return bool(self._parser.should_upgrade()) and any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0"))
            for name, value in self._headers
        )

    def _go_on(self, rest: memoryview) -> None:
        """Go on after a request for another protocol, which nobody heeds (RFC 9110 §7.8)."""
        if self._reading is not None:
            self._parser = BodyOnly(self).parser(self._headers)
        else:
            self._parser = httptools.HttpRequestParser(self)
        if rest:
            self._extra -= len(rest)
            self._unread.appendleft(rest)

    def _set_reading(self) -> None:
        """Read from the socket only what can be parsed at once."""
        full = self._unwanted > DRAINED or (bool(self._unread) and not self._no_more)
        if self._input_ended:
            return
        if full != self._transport_paused and not self._transport.is_closing():
            if full:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
            self._transport_paused = full

    def on_message_begin(self) -> None:
        """Begin a request; its bytes are counted from here."""
        if len(self._waiting) >= PIPELINED:
            raise _RefusedError(429, "too many requests at once; wait for answers")
        self._url: list[bytes] = []
        self._url_bytes = self._field_bytes = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._expects = False
        self._extra = self._body_left = 0
        self._begun = True
        self._number += 1
        if self._state is State.WAITING:
            self._enter(State.HEADING, self._all.waits.head)

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._url_bytes += len(url)
        if self._url_bytes > self._all.address_bytes:
            raise _RefusedError(
                414,
                f"an address of more than {self._all.address_bytes} bytes; send a long query as "
                "the body of a POST",
            )
        self._url.append(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer behind the body."""
        self._field_bytes += len(name) + len(value)
        if self._field_bytes > FIELDS_BYTES or len(self._headers) >= FIELDS:
            raise _RefusedError(
                431, f"more than {FIELDS} headers or {FIELDS_BYTES} bytes of them; send fewer"
            )
        if self._reading is not None:
            return  # a trailer
        name = name.lower()
        if name == b"expect" and expects_continue(value):
            self._expects = True
        elif name == b"content-length":
            self._body_left = int(value)  # the parser has read it
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hand the request over, or let it wait for those ahead of it."""
        self._heads += 1
        method = self._parser.get_method().decode("ascii")
        version = self._parser.get_http_version()
        target = b"".join(self._url)
        try:
            scope = scope_of(method, version, target, self._headers, self._peers)
        except UnicodeDecodeError:
            raise _RefusedError(400, "the address is not ASCII; escape it with %") from None
        if len(scope["raw_path"]) > PATH_BYTES:
            raise _RefusedError(414, f"a path of more than {PATH_BYTES} bytes; there is none here")
        if refusal := refusal_of(method, version, target, self._headers):
            raise _RefusedError(*refusal)
        keep_alive = self._parser.should_keep_alive() and not self._all.ending
        if self._is_upgrade_with_body():
            keep_alive = False
        expects = self._expects and version == "1.1"
        exchange = Exchange(self, scope, keep_alive=keep_alive, expects=expects)
        self._reading = exchange
        self._paused = self._begun = False
        if self._current is None:
            self._answer(exchange)
        else:
            self._waiting.append(exchange)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, and no more for the time being where enough is there."""
        assert self._reading is not None, "headers come first"
        self._extra -= len(body) * _FRAMING
        self._body_left -= len(body)
        if self._state is State.DRAINING:
            self._drain_off(len(body))
        self._paused = self._reading.body_came(body) > _BUFFERED

    def on_message_complete(self) -> None:
        """Know that a request is whole."""
        if self._is_upgrade_with_body():
            return  # its body comes, see `_go_on`
        exchange, self._reading = self._reading, None
        self._extra = 0
        if exchange is not None:
            exchange.body_ended()
        if self._state is State.DRAINING and exchange is self._current:
            self._next()
        elif self._state is State.ANSWERING and exchange is self._current:
            self.deadline = self._answer_deadline()

    # --- what an exchange asks -------------------------------------------------------------------

    async def drain(self) -> None:
        """Wait until the client has read enough, and let others go on."""
        await asyncio.sleep(0)
        await self._writable.wait()

    def read_on(self) -> None:
        """Take more of the body."""
        if self._paused:
            self._paused = False
            self._loop.call_soon(self._parse)

    def begin(self, answering: Answering) -> None:
        """Know that a request which the parser has not seen is being answered."""
        self._current = answering
        self._enter(State.ANSWERING, 0)
        self.deadline = 0.0

    def stay(self) -> None:
        """Know that a request which the parser has not seen was answered."""
        self._all.idle.move_to_end(self)
        self.deadline = self._loop.time() + self._all.waits.idle

    def pass_on(
        self, target: bytes, headers: list[tuple[bytes, bytes]], more: Mapping[str, object]
    ) -> None:
        """Let the application answer what had begun; `more` goes into its scope."""
        assert self._current is not None, "it had begun"
        scope = scope_of("GET", "1.1", target, headers, self._peers) | {**more}
        exchange = Exchange(self, scope, keep_alive=self._current.keep_alive, expects=False)
        exchange.body_ended()
        self._answer(exchange)

    def finished(self, exchange: Answering) -> None:
        """Take the next request; or end, once the client has read the answer."""
        if self._transport.is_closing() or self._state is State.CLOSING:
            return
        if not exchange.keep_alive and exchange.body_complete:
            self.close()
        elif not exchange.keep_alive:
            self._linger()
        elif exchange.body_complete:
            self._next()
        else:  # nobody wants the rest of its body
            self._enter(State.DRAINING, self._all.waits.drain)
            self.read_on()

    def _answer(self, exchange: Exchange, *, followed: bool = False) -> None:
        """Answer a request; one that `followed` another too soon waits for its turn."""
        self._current = exchange
        self._enter(State.ANSWERING, self._all.waits.body)
        if exchange.body_complete:
            self.deadline = self._answer_deadline()
        running = exchange.run(self._all.app)
        if followed:
            running = self._all.turns.take(running)
        task = self._loop.create_task(running)
        self._all.tasks.add(task)
        task.add_done_callback(self._all.tasks.discard)

    def _next(self) -> None:
        self._current = None
        if self._waiting:
            self._answer(self._waiting.popleft(), followed=True)
        elif self._last_words and not self._transport.is_closing():
            self._say_later(self._last_words)
            return
        elif self._no_more or self._all.ending or (self._input_ended and not self._unread):
            self.close()
            return
        elif self._begun:
            self._enter(State.HEADING, self._all.waits.head)
        else:
            self._enter(State.WAITING, self._all.waits.idle)
        if self._unread:
            self._loop.call_soon(self._parse)

    def _is_answer_due(self) -> bool:
        """Once no more comes: is there a whole request without its answer, or may there be one?"""
        if self._unread:
            return True
        if self._reading is not None:  # its body will never be whole
            self._reading.client_left()
        return self._state is State.ANSWERING and self._reading is not self._current


def _address(transport: asyncio.BaseTransport, name: str) -> tuple[str, int] | None:
    address = transport.get_extra_info(name)
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None
