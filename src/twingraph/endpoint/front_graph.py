"""The graph as seen by the front of a service, which has not loaded it: queries go to workers.

What it asks for itself, which is little (a label for a feed, the numbers on the data page), workers
answer. Where none were started, in a test or a script, the graph is loaded when first asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, QuerySolutions

from twingraph.site.reader import QueryRunner
from twingraph.sparql.queryable import Queryable, QueryResult

_DEFAULT: Final = DefaultGraph()
_GRAPHS: Final = "SELECT DISTINCT ?g WHERE { GRAPH ?g { } }"


class FrontGraph:
    """Asks `workers` once they are named, else the graph that `load` returns."""

    def __init__(self, load: Callable[[], Queryable]) -> None:
        """Hold nothing yet."""
        self._load = load
        self._loaded: Queryable | None = None
        self.workers: QueryRunner | None = None

    def _here(self) -> Queryable:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def query(
        self,
        query: str,
        *,
        base_iri: str | None = None,
        prefixes: dict[str, str] | None = None,
        default_graph: Any = None,
        named_graphs: list[NamedNode | BlankNode] | None = None,
        substitutions: Any = None,
    ) -> QueryResult:
        """Return what a query answers; workers know the prefixes and all graphs of the build."""
        if self.workers is not None and default_graph is None and named_graphs is None:
            return self.workers.query(query, substitutions)
        return self._here().query(
            query, base_iri=base_iri, prefixes=prefixes, default_graph=default_graph,
            named_graphs=named_graphs, substitutions=substitutions,
        )  # fmt: skip

    def quads_for_pattern(
        self,
        subject: Any,
        predicate: NamedNode | None,
        object: Any,
        graph_name: NamedNode | BlankNode | DefaultGraph | None = None,
    ) -> Iterator[Quad]:
        """Return the quads that hold these terms, None for any; of all graphs where none is named.

        >>> from pyoxigraph import Store
        >>> graph = FrontGraph(Store)
        >>> list(graph.quads_for_pattern(None, None, None))
        []
        """
        if self.workers is None:
            yield from self._here().quads_for_pattern(subject, predicate, object, graph_name)
            return
        given = {"s": subject, "p": predicate, "o": object}
        words = " ".join(f"?{name}" if term is None else str(term) for name, term in given.items())
        graph = "?g" if graph_name is None else str(graph_name)
        parts = []
        if graph_name is None or graph_name == _DEFAULT:
            parts.append(f"{{ {words} }}")
        if graph_name != _DEFAULT:
            parts.append(f"{{ GRAPH {graph} {{ {words} }} }}")
        solutions = self.workers.query(f"SELECT * WHERE {{ {' UNION '.join(parts)} }}")
        assert isinstance(solutions, QuerySolutions), "SELECT has rows"
        names = {variable.value for variable in solutions.variables}
        for row in solutions:
            terms: list[Any] = [term or row[name] for name, term in given.items()]
            name = row["g"] if "g" in names else graph_name
            yield Quad(terms[0], terms[1], terms[2], name or _DEFAULT)

    def named_graphs(self) -> Iterator[NamedNode | BlankNode]:
        """Return the names of the graphs beside what we publish."""
        if self.workers is None:
            yield from self._here().named_graphs()
            return
        solutions = self.workers.query(_GRAPHS)
        assert isinstance(solutions, QuerySolutions), "SELECT has rows"
        yield from (row["g"] for row in solutions if isinstance(row["g"], NamedNode))

    def __iter__(self) -> Iterator[Quad]:
        """Return every quad."""
        return self.quads_for_pattern(None, None, None)

    def __len__(self) -> int:
        """Return the number of quads."""
        return sum(1 for _ in self) if self.workers is not None else len(self._here())
