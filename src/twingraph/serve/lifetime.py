"""How long a connection of HTTP/1.1 lasts: its states, their deadlines, its last words.

Every state has its deadline:

    waiting     for the first byte of a request; blank lines do not begin one
    heading     for the end of its headers
    answering   for its body, from its headers on; and for a client that reads nothing
    draining    for the end of a body that nobody wanted, so that the client reads our answer
    closing     for a client that neither reads nor goes

Who asks for too much gets no further by asking often: a refusal comes a moment later, what follows
it is read for a while only, and requests that came ahead of an answer take turns (`turns`).
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

DRAINED: Final = 1024 * 1024  # bytes that are read of what nobody wants


class State(enum.Enum):
    """What a connection is at."""

    WAITING = enum.auto()
    HEADING = enum.auto()
    ANSWERING = enum.auto()
    DRAINING = enum.auto()
    CLOSING = enum.auto()


class Lifetime(ABC):
    """What a connection is at, until when, and how it ends; who reads it, adds the requests."""

    _parser: httptools.HttpRequestParser
    _transport: asyncio.Transport

    def __init__(self, all_: Connections) -> None:
        """Belong to the connections of this process, and wait for a request."""
        self._all = all_
        self._loop = asyncio.get_running_loop()
        self._state = State.WAITING
        self.deadline = 0.0  # when it has been too long in this state; 0: it may be
        self._unread: deque[memoryview] = deque()  # what came while requests wait
        self._waiting: deque[Exchange] = deque()
        self._current: Answering | None = None  # the one that is answered
        self._reading: Exchange | None = None  # the one whose body comes
        self._no_more = False  # no request is taken any more
        self._transport_paused = False
        self._begun = False  # a request whose headers are not all there
        self._input_ended = False  # the client sends nothing more, but may still read
        self._unwanted = 0  # bytes that came, and nobody wanted
        self._words_due = False  # a refusal is to be sent in a moment
        self._last_words = b""  # a refusal, to be sent behind the answers that are due

    @abstractmethod
    def _set_reading(self) -> None:
        """Read from the socket only what can be parsed at once."""

    def write(self, data: bytes | memoryview) -> None:
        """Send bytes."""
        if not self._transport.is_closing():
            self._transport.write(data)

    # --- a client that sends no more, or too much ------------------------------------------------

    def _answer_deadline(self) -> float:
        """Return when a client that sends no more is probed for; 0 where it may yet send."""
        return self._loop.time() + self._all.waits.half if self._input_ended else 0.0

    def _probe(self, answering: Answering) -> bool:
        """Find out whether a client that sends no more still reads: is it worth while to go on?

        Only what is written tells one that has left from one that waits: the first gets its
        system to reset the connection, and the next write fails. An interim response may come at
        any time before the final one (RFC 9110 §15.2), but not to HTTP/1.0.
        """
        if isinstance(answering, Exchange) and answering.scope["http_version"] == "1.0":
            return False
        self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.deadline = self._answer_deadline()
        return True

    def _drain_off(self, size: int) -> None:
        """Read on for a while what nobody wants, so that the client reads our answer."""
        self._unwanted += size
        if self._unwanted > DRAINED:
            self._no_more = True
            self._unread.clear()
            self._set_reading()

    # --- ends ------------------------------------------------------------------------------------

    def _refuse(self, status: int, text: str) -> None:
        """Answer in words what can't be taken, behind the answers that are due; then end."""
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
            self._reading.client_left()  # its body will never be whole
            self._say_later(b"" if begun else words)
        else:
            self._last_words = words

    def _say_later(self, words: bytes) -> None:
        """Send the last words a moment later: who is refused gets no further by asking often."""
        self._words_due = True
        self._enter(State.CLOSING, 0)
        self.deadline = 0.0  # however long the loop is held up, they are said
        self._loop.call_later(self._all.waits.refused, self._say, words)

    def _say(self, words: bytes) -> None:
        self._words_due = False
        if not self._transport.is_closing():
            self.write(words)
            self._linger()

    def _linger(self) -> None:
        """End, but read on for a moment: what is left unread would reset our last answer."""
        self._no_more = True
        self._unread.clear()
        if self._input_ended:
            self.close()
        elif not self._transport.is_closing():
            self._enter(State.CLOSING, self._all.waits.drain)
            self._set_reading()
            self._transport.write_eof()

    def end(self) -> None:
        """End once the answer under way is sent; at once where there is none."""
        if self._current is None:
            self.close()
        else:
            self._current.keep_alive = False

    def close(self) -> None:
        """End when what was written is read, or after a while."""
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
