"""The states of an HTTP/1.1 connection, their deadlines, and how it is closed.

Every state has its deadline:

    waiting     for the first byte of a request; blank lines do not begin one
    heading     for the end of its headers
    answering   for its body, from its headers on; and for a client that reads nothing
    draining    for the end of a body that nobody wanted, so that the client reads our answer
    closing     for a client that neither reads nor goes

A client that sends too much gains nothing by repeating it: an error response is delayed a little,
what follows it is read only for a while, and pipelined requests share one queue (`turns`).
"""

from __future__ import annotations

import asyncio
import enum
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Final

import httptools

from twingraph.serve.exchange import ANSWERED, Answering, Exchange, final_response, without_body

if TYPE_CHECKING:
    from twingraph.serve.connections import Connections

DRAINED: Final = 1024 * 1024  # bytes that are read and dropped at most


class State(enum.Enum):
    """The state of a connection; the first lines of the module explain them."""

    WAITING = enum.auto()
    HEADING = enum.auto()
    ANSWERING = enum.auto()
    DRAINING = enum.auto()
    CLOSING = enum.auto()


class Lifetime(ABC):
    """The state, deadline and end of a connection; `Connection` adds the reading of requests."""

    _parser: httptools.HttpRequestParser
    _transport: asyncio.Transport

    def __init__(self, all_: Connections) -> None:
        """Join the connections of this process, and wait for a request."""
        self._all = all_
        self._loop = asyncio.get_running_loop()
        self._state = State.WAITING
        self.deadline = 0.0  # loop time at which this state has lasted too long; 0: none
        self._unread: deque[memoryview] = deque()  # received while requests wait, not yet parsed
        self._waiting: deque[Exchange] = deque()
        self._current: Answering | None = None  # the request that is being answered
        self._reading: Exchange | None = None  # the request whose body is being received
        self._no_more = False  # further requests are ignored
        self._transport_paused = False
        self._begun = False  # the headers of a request are not complete yet
        self._input_ended = False  # the client has closed its sending side, but may still read
        self._unwanted = 0  # bytes received and dropped
        self._words_due = False  # an error response will be sent after a short delay
        self._last_words = b""  # an error response, to be sent after the responses that are due

    @abstractmethod
    def _set_reading(self) -> None:
        """Read from the socket only if what comes can be parsed at once."""

    def write(self, data: bytes | memoryview) -> None:
        """Send bytes."""
        if not self._transport.is_closing():
            self._transport.write(data)

    # --- a client that has closed its sending side, or sends too much ----------------------------

    def _answer_deadline(self) -> float:
        """Return when to probe a client that has closed its sending side; 0 for any other."""
        return self._loop.time() + self._all.waits.half if self._input_ended else 0.0

    def _probe(self, answering: Answering) -> bool:
        """Probe whether a client that has closed its sending side still reads; False: it can't be.

        Only a write tells: if the client has closed the connection, its system resets it and the
        next write fails. An interim response is allowed at any time before the final one
        (RFC 9110 §15.2), but not for HTTP/1.0.
        """
        if isinstance(answering, Exchange) and answering.scope["http_version"] == "1.0":
            return False
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.deadline = self._answer_deadline()
        return True

    def _drain_off(self, size: int) -> None:
        """Read and drop data for a while, so that the client gets to read the response."""
        self._unwanted += size
        if self._unwanted > DRAINED:
            self._no_more = True
            self._unread.clear()
            self._set_reading()

    # --- ends ------------------------------------------------------------------------------------

    def _refuse(self, status: int, text: str) -> None:
        """Send an error response after the responses that are due; then close the connection."""
        if self._transport.is_closing():
            return
        self._all.refused(status)
        self._no_more = True
        self._unread.clear()
        words = final_response(status, text)
        if self._begun and self._parser.get_method() == b"HEAD":
            words = without_body(words)
        if self._current is None:
            self._say_later(words)
        elif self._reading is not None and self._reading is self._current:
            begun = bool(self._reading.status)
            self._reading.scope["state"].setdefault(ANSWERED, status)
            self._reading.client_left()  # its body will never be complete
            self._say_later(b"" if begun else words)
        else:
            self._last_words = words

    def _say_later(self, words: bytes) -> None:
        """Send the error response after a delay, so that a client gains nothing by repeating."""
        self._words_due = True
        self._enter(State.CLOSING, 0)
        self.deadline = 0.0  # sent even if the event loop is blocked for long
        self._loop.call_later(self._all.waits.refused, self._say, words)

    def _say(self, words: bytes) -> None:
        self._words_due = False
        if not self._transport.is_closing():
            self.write(words)
            self._linger()

    def _linger(self) -> None:
        """Close, but read on for a moment: closing with unread data would reset the connection."""
        self._no_more = True
        self._unread.clear()
        if self._input_ended:
            self.close()
        elif not self._transport.is_closing():
            self._enter(State.CLOSING, self._all.waits.drain)
            self._set_reading()
            self._transport.write_eof()

    def end(self) -> None:
        """Close after the response that has begun; at once where there is none."""
        if self._current is None:
            self.close()
        else:
            self._current.keep_alive = False

    def close(self) -> None:
        """Close when all that was written is sent, or after a timeout."""
        self._no_more = True
        self._all.idle.pop(self, None)
        if not self._transport.is_closing():
            self._enter(State.CLOSING, self._all.waits.close)
            self._all.open.pop(self, None)
            self._all.closing.add(self)
            self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    # --- the clock -------------------------------------------------------------------------------

    def _enter(self, state: State, seconds: float) -> None:
        if state is State.WAITING:
            self._all.idle[self] = None
        elif self._state is State.WAITING:
            self._all.idle.pop(self, None)
        self._state = state
        self.deadline = self._loop.time() + seconds

    def too_late(self) -> None:
        """End: it has been too long in one state."""
        self.deadline = 0.0
        if self._state is State.ANSWERING and self._reading is self._current:
            assert self._reading is not None, "it is answered"
            self._reading.keep_alive = False
            self._reading.client_left()
            if not self._reading.status:
                self._reading.scope["state"][ANSWERED] = 408
                self.write(final_response(408, "the body did not come; send it at once"))
                self.close()
                return
        if self._state in (State.WAITING, State.HEADING):
            self.close()
        elif self._state is State.ANSWERING and self._current and self._current.status:
            return  # it began in time; a client that has left resets the connection
        elif not (self._state is State.ANSWERING and self._current and self._probe(self._current)):
            self.abort()
