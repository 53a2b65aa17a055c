"""Library queries evaluated by the workers: a store interface that a thread can call.

A question of the library may take long on a large graph, so it is evaluated where it can be
stopped: the server hands it to its workers, and a worker is watched itself by the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final

from anyio import from_thread
from pyoxigraph import (
    Quad,
    QueryResultsFormat,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)

from twingraph.endpoint.formats import choose_formats
from twingraph.endpoint.process import Reply
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.query_refusal import refusal
from twingraph.endpoint.service import Evaluator
from twingraph.sparql.queryable import QueryResult

Run = Callable[[Callable[[], Coroutine[Any, Any, Reply]]], Reply]
_WHOLE: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


class BlockingEvaluator:
    """Evaluates through `evaluator`; called in a worker thread of the server, nowhere else.

    `run` calls a coroutine function from elsewhere.
    """

    def __init__(self, evaluator: Evaluator, run: Run = from_thread.run) -> None:
        """Use `evaluator` for all queries."""
        self._evaluator = evaluator
        self._run = run

    def write(
        self, query: str, suffix: str, substitutions: Mapping[Any, Any] | None = None
    ) -> bytes:
        """Return rows, or yes or no, in a format as the worker wrote it, `csv` or `json`.

        Raises `RefusedError` as `query` does, also for a query that makes triples.
        """
        reply = self._ask(query, suffix, "", substitutions)
        if reply.outcome not in (Outcome.ROWS, Outcome.BOOLEAN):
            raise refusal(reply, choose_formats((suffix,), None), self._evaluator.limits)
        return reply.body

    def _ask(
        self, query: str, rows: str, graphs: str, substitutions: Mapping[Any, Any] | None
    ) -> Reply:
        bindings = {name.value: str(term) for name, term in (substitutions or {}).items()}
        return self._run(partial(self._evaluator.ask, query, rows, graphs, bindings=bindings))

    def query(self, query: str, substitutions: Mapping[Any, Any] | None = None) -> QueryResult:
        """Return what a query answers; raise `RefusedError` where it overruns a limit."""
        reply = self._ask(query, "json", "nt", substitutions)
        if reply.outcome in (Outcome.ROWS, Outcome.BOOLEAN):
            return parse_query_results(reply.body, format=QueryResultsFormat.JSON)
        if reply.outcome is not Outcome.TRIPLES:
            raise refusal(reply, choose_formats((), None), self._evaluator.limits)
        graph = Store()
        graph.extend(
            Quad(item.subject, item.predicate, item.object)
            for item in parse(reply.body, format=RdfFormat.N_TRIPLES)
        )
        triples = graph.query(_WHOLE)
        assert isinstance(triples, QueryTriples), "CONSTRUCT makes triples"
        return triples
