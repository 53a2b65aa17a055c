"""Public queries forwarded to another endpoint: the `Evaluator` of a site with a remote graph.

The engine there has limits of its own; here its time, its bytes and its rows are counted, and how
many questions are under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from pyoxigraph import RdfFormat, parse

from twingraph.endpoint.evaluate import no_sparql, unknown_graph
from twingraph.endpoint.process import Gone, Reply
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.result import changes
from twingraph.problems import TwingraphError
from twingraph.rdf.serializers import SERIALIZERS, UnwritableError, as_xml
from twingraph.settings import Limits
from twingraph.sparql.admission import admit
from twingraph.sparql.fetch import EndpointError
from twingraph.sparql.portable import form_of
from twingraph.sparql.remote import Answered, RemoteStore, ask_endpoint

_FORMS: Final = {
    "SELECT": Outcome.ROWS, "ASK": Outcome.BOOLEAN, "CONSTRUCT": Outcome.TRIPLES,
    "DESCRIBE": Outcome.TRIPLES,
}  # fmt: skip
# what a gateway says of an endpoint -> what the service says of a query
_FAILURES: Final = {400: Outcome.FAILED, 504: Outcome.TOO_LONG}
_NEW: Final = {
    "json": b'"type":"bnode"', "xml": b"<bnode>", "csv": b"_:", "tsv": b"_:", "nt": b"_:",
}  # fmt: skip


class RemoteEvaluator:
    """Evaluates at most `limits.concurrent` queries at once, while `limits.waiting` may wait."""

    def __init__(
        self, store: RemoteStore, base: str, prefixes: Mapping[str, str], limits: Limits
    ) -> None:
        """Name the endpoint, and what a query may leave to its surroundings."""
        self.limits = limits
        self._store = store
        self._base = base
        self._prefixes = dict(prefixes)
        self._threads = ThreadPoolExecutor(limits.concurrent, "endpoint")
        self._asked = 0

    async def ask(
        self,
        query: str,
        rows: str,
        graphs: str,
        dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
        bindings: Mapping[str, str] | None = None,
        gone: Gone | None = None,
    ) -> Reply:
        """Return what the endpoint answers, as `Pool.ask` does; whatever happens, there is a reply.

        A client that leaves is not noticed: the question is the endpoint's by then.
        """
        if self._asked >= self.limits.concurrent + self.limits.waiting:
            return Reply(Outcome.BUSY)
        self._asked += 1
        try:
            loop = asyncio.get_running_loop()
            arguments = query, rows, graphs, dataset, bindings or {}
            return await loop.run_in_executor(self._threads, self._reply, *arguments)
        except RuntimeError:  # closed meanwhile
            return Reply(Outcome.LOST)
        finally:
            self._asked -= 1

    @property
    def problem(self) -> str:
        """Always empty: problems of the endpoint are known only after a query."""
        return ""

    async def start(self) -> None:
        """Do nothing: the endpoint was tested when the site was opened."""

    async def drain(self) -> None:
        """Wait until no question is under way, then close."""
        while self._asked:
            await asyncio.sleep(0.02)
        self.close()

    def close(self) -> None:
        """Take no more questions; those under way end with their time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def state(self) -> dict[str, int]:
        """Return how many questions are under way, and how many wait."""
        running = min(self._asked, self.limits.concurrent)
        waiting = self._asked - running
        return {"running": running, "long": 0, "waiting": waiting, "workers": 0}

    def _reply(
        self,
        query: str,
        rows: str,
        graphs: str,
        dataset: tuple[tuple[str, ...], tuple[str, ...]] | None,
        bindings: Mapping[str, str],
    ) -> Reply:
        graphs_held = (*self._store.graphs, self._store.published)
        unknown = unknown_graph(dataset, graphs_held)
        if unknown is not None:
            return Reply(Outcome.NO_GRAPH, unknown[:200].encode("utf-8", "replace"))
        try:
            named = admit(query, graphs_held, self._base, self._prefixes)
        except TwingraphError as error:
            return Reply(Outcome.REFUSED, str(error).encode())
        graph = form_of(query) in ("CONSTRUCT", "DESCRIBE")
        if not (graphs if graph else rows):
            return Reply(Outcome.WRONG_FORM, b"graph" if graph else b"rows")
        suffix = "nt" if graph else rows
        try:
            results = ask_endpoint(
                self._store,
                query,
                dataset or named,
                suffix,
                base_iri=self._base,
                prefixes=self._prefixes,
                terms={name: _term(text) for name, text in bindings.items()},
                max_rows=self.limits.rows,
            )
        except SyntaxError as error:
            refused = no_sparql(query, str(error.msg), self._prefixes)
            return Reply(refused.outcome, refused.body)
        except EndpointError as error:
            if error.status == 507:
                return Reply(
                    Outcome.TOO_MANY_ROWS if "rows" in str(error) else Outcome.TOO_MANY_BYTES
                )
            words = without_address(error, self._store)
            return Reply(_FAILURES.get(error.status, Outcome.UPSTREAM), words.encode())
        except TwingraphError as error:
            return Reply(Outcome.FAILED, str(error).encode())
        fresh = _NEW[suffix] in results.body
        try:
            body = _graph(results, graphs, self._prefixes) if graph else results.body
            body = as_xml(body, "take JSON") if suffix == "xml" else body
        except UnwritableError as error:
            return Reply(Outcome.UNWRITABLE, str(error).encode())
        return Reply(_FORMS[results.form], body, results.rows, fresh or changes(query))


def without_address(error: EndpointError, store: RemoteStore) -> str:
    """Return the message of an error without the address of the engine, which is not public."""
    return str(error).replace(store.endpoint.shown, "the engine behind this service")


def _term(text: str) -> Any:
    (line,) = parse(f"<x:x> <x:x> {text} .", format=RdfFormat.N_TRIPLES)
    return line.object


def _graph(answered: Answered, suffix: str, prefixes: Mapping[str, str]) -> bytes:
    triples = [item.triple for item in parse(answered.body, format=RdfFormat.N_TRIPLES)]
    return SERIALIZERS[suffix](triples, prefixes)
