"""Questions of the library put to the workers too: a store, to those who ask in a thread.

Pages and routes ask their own small questions of the graph in this process. A question of the
library may take long on a large graph, so it is evaluated where it can be stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
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

from twingraph.endpoint.endpoint import Evaluator, refusal
from twingraph.endpoint.formats import choose_formats
from twingraph.endpoint.outcome import Outcome
from twingraph.sparql.queryable import QueryResult

_WHOLE: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


class BlockingEvaluator:
    """Evaluates through `evaluator`; called in a worker thread of the server, nowhere else."""

    def __init__(self, evaluator: Evaluator) -> None:
        """Name who evaluates."""
        self._evaluator = evaluator

    def query(self, query: str, substitutions: Mapping[Any, Any] | None = None) -> QueryResult:
        """Return what a query answers; raise `RefusedError` where it overruns a limit."""
        bindings = {name.value: str(term) for name, term in (substitutions or {}).items()}
        ask = partial(self._evaluator.ask, query, "json", "nt", bindings=bindings)
        reply = from_thread.run(ask)
        if reply.outcome in (Outcome.ROWS, Outcome.BOOLEAN):
            return parse_query_results(reply.body, format=QueryResultsFormat.JSON)
        if reply.outcome is not Outcome.TRIPLES:
            raise refusal(reply, choose_formats((), None), self._evaluator.limits)
        graph = Store()
        graph.extend(
            Quad(one.subject, one.predicate, one.object)
            for one in parse(reply.body, format=RdfFormat.N_TRIPLES)
        )
        found = graph.query(_WHOLE)
        assert isinstance(found, QueryTriples), "CONSTRUCT makes triples"
        return found
