"""Status and words for a query that has no result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from twingraph.endpoint.formats import Choice, unfitting
from twingraph.endpoint.process import Reply
from twingraph.endpoint.protocol import NO_UPDATES, RefusedError
from twingraph.endpoint.query_outcome import Outcome
from twingraph.settings import Limits
from twingraph.sparql.mistakes import Mistake
from twingraph.translation import M_, N_, Message

_AGAIN: Final = 5  # seconds in Retry-After
# What becomes of a query that has no result: status, words, and whether to try again.
_FAILURES: Final[Mapping[Outcome, tuple[int, str, bool]]] = {
    Outcome.UPDATE: (403, NO_UPDATES, False),
    Outcome.REFUSED: (403, "{detail}", False),
    Outcome.NO_GRAPH: (
        403,
        N_(
            "<{detail}> is no graph of this service; leave it out, or list the graphs "
            "with SELECT DISTINCT ?g {{ GRAPH ?g {{}} }}"
        ),
        False,
    ),
    Outcome.UNWRITABLE: (406, "{detail}", False),
    Outcome.FAILED: (400, N_("the query can't be evaluated: {detail}"), False),
    Outcome.TOO_DEEP: (
        400,
        N_("the query is nested too deeply to be evaluated; write it flatter"),
        False,
    ),
    Outcome.TOO_LONG: (
        504,
        N_(
            "the query took more than {seconds} seconds and was stopped; ask for "
            "less (a narrower pattern, no cross product, LIMIT without ORDER BY), or take the dumps"
        ),
        False,
    ),
    Outcome.TOO_MUCH_MEMORY: (
        507,
        N_(
            "the query took more than {memory_bytes} bytes of memory and "
            "was stopped; ask for less (fewer rows to sort, group or make distinct), or take the "
            "dumps"
        ),
        False,
    ),
    Outcome.TOO_MANY_ROWS: (
        507,
        N_(
            "the result has more than {rows} rows; ask for it in parts with "
            "ORDER BY, LIMIT and OFFSET, or take the dumps"
        ),
        False,
    ),
    Outcome.TOO_MANY_BYTES: (
        507,
        N_(
            "the result has more than {result_bytes} bytes; ask for it in "
            "parts with ORDER BY, LIMIT and OFFSET, or take the dumps"
        ),
        False,
    ),
    Outcome.BUSY: (
        503,
        N_("as many queries as this service takes are running and waiting; try again in a moment"),
        True,
    ),
    Outcome.LOST: (
        503,
        N_("the process that evaluated the query was lost, twice; try again in a moment"),
        True,
    ),
    Outcome.NO_WORKERS: (503, N_("queries are not answered: {detail}"), True),
    Outcome.UPSTREAM: (502, "{detail}", True),
    Outcome.CLIENT_LEFT: (503, N_("the client went away"), False),
}


# The same for pages and all else that is made of the graph for one request.
_NO_PAGE: Final[Mapping[Outcome, tuple[int, str, bool]]] = {
    Outcome.TOO_LONG: (
        504,
        N_(
            "to make this took more than {seconds} seconds and was stopped; ask for less with a "
            "query, or take the dumps"
        ),
        False,
    ),
    Outcome.TOO_MUCH_MEMORY: (
        507,
        N_(
            "to make this took more than {memory_bytes} bytes of memory and was stopped; ask for "
            "less with a query, or take the dumps"
        ),
        False,
    ),
    Outcome.TOO_MANY_BYTES: (
        507,
        N_("this has more than {result_bytes} bytes; ask for less with a query, or take the dumps"),
        False,
    ),
    Outcome.BUSY: (
        503,
        N_("as many pages as this service makes are being made and waited for; try again in a "
           "moment"),
        True,
    ),
    Outcome.NO_WORKERS: (503, N_("no page can be made now: {detail}"), True),
    Outcome.CLIENT_LEFT: (503, N_("the client went away"), False),
}  # fmt: skip
_BROKEN: Final = (
    503,
    N_("the process that made this was lost, twice; try again in a moment"),
    True,
)


class NoPageError(RefusedError):
    """A page or a description that is not made."""

    heading = N_("This page can't be made just now")


def page_refusal(reply: Reply, limits: Limits) -> RefusedError:
    """Return the words and the status for a request that a worker did not answer."""
    status, text, again = _NO_PAGE.get(reply.outcome, _BROKEN)
    return NoPageError(status, _filled(text, reply, limits), again=_AGAIN if again else 0)


def _filled(text: str, reply: Reply, limits: Limits) -> Message:
    values = {name: getattr(limits, name) for name in Limits.__dataclass_fields__}
    return Message(text, "", {**values, "detail": reply.body.decode("utf-8", "replace")})


def busy() -> RefusedError:
    """Return the words and the status for a query that finds too many before it."""
    status, text, _ = _FAILURES[Outcome.BUSY]
    return RefusedError(status, Message(text), again=_AGAIN)


def refusal(reply: Reply, choice: Choice, limits: Limits) -> RefusedError:
    """Return the words and the status for a query that has no result."""
    if reply.outcome is Outcome.NO_SPARQL:
        mistake = Mistake.of_json(reply.body)
        words = M_("this is not SPARQL: {mistake}", mistake=mistake.words)
        return RefusedError(400, words, members=mistake.members)
    detail = reply.body.decode("utf-8", "replace")
    if reply.outcome is Outcome.WRONG_FORM:
        return RefusedError(406, unfitting(choice, detail))
    status, text, again = _FAILURES[reply.outcome]
    return RefusedError(status, _filled(text, reply, limits), again=_AGAIN if again else 0)
