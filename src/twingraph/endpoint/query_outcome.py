"""The outcome of a query: a result of one of three forms, or the reason why there is none."""

from __future__ import annotations

import enum
import signal
from collections.abc import Mapping
from typing import Final


class Outcome(enum.Enum):
    """The value is the byte by which a worker names it on its socket."""

    ROWS = b"R"
    BOOLEAN = b"B"
    TRIPLES = b"G"
    NO_SPARQL = b"S"
    """Syntax error; the body is a `sparql.mistakes.Mistake` as JSON."""
    UPDATE = b"W"
    REFUSED = b"D"
    """It calls another host or names a graph that is not here; the body says so in words."""
    NO_GRAPH = b"K"
    """The request names a graph that is not here, the body."""
    FAILED = b"V"
    """It can't be evaluated; the body says why."""
    WRONG_FORM = b"F"
    """The format does not fit; the body is the form of the query, `rows` or `graph`."""
    UNWRITABLE = b"E"
    """The format can't hold what was found; the body says what."""
    TOO_MANY_ROWS = b"L"
    TOO_MANY_BYTES = b"T"
    TOO_MUCH_MEMORY = b"M"
    TOO_LONG = b"O"
    TOO_DEEP = b"N"
    BUSY = b"Q"
    """The limits of running and waiting queries are reached."""
    LOST = b"X"
    """Its worker ended, and not by its doing."""
    NO_WORKERS = b"P"
    """No worker can be started; the body says why."""
    UPSTREAM = b"U"
    """The engine behind the service failed; the body says how."""
    CLIENT_LEFT = b"C"
    RESPONSE = b"H"
    """Of a request: the whole response (`messages.py`)."""


RESULTS: Final = (Outcome.ROWS, Outcome.BOOLEAN, Outcome.TRIPLES)


# How a process ends in the middle of a query, by its exit status: what the engine did.
ENDS: Final[Mapping[int, Outcome]] = {
    -signal.SIGABRT: Outcome.TOO_MUCH_MEMORY,  # the engine's way when it is given no more memory
    -signal.SIGSEGV: Outcome.TOO_DEEP,  # its stack is at its end
    -signal.SIGBUS: Outcome.TOO_DEEP,
    -signal.SIGPROF: Outcome.TOO_LONG,
}
