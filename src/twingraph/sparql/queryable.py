"""What is asked of a graph, wherever it lies: in this process, or in an engine of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
)

QueryResult = QuerySolutions | QueryBoolean | QueryTriples


class Queryable(Protocol):
    """The part of `pyoxigraph.Store` that pages, routes and the library use.

    The default graph is what we publish. Hints are `Any` where pyoxigraph also takes what RDF 1.1
    has not. Others are `RemoteStore` (an endpoint elsewhere) and `FrontGraph` (asks the workers).
    """

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
        """Return what a query answers; `substitutions` stand for its variables, also in SELECT."""
        ...

    def quads_for_pattern(
        self,
        subject: Any,
        predicate: NamedNode | None,
        object: Any,
        graph_name: NamedNode | BlankNode | DefaultGraph | None = None,
    ) -> Iterator[Quad]:
        """Return the quads that hold these terms, None for any."""
        ...

    def named_graphs(self) -> Iterator[NamedNode | BlankNode]:
        """Return the names of the graphs beside what we publish."""
        ...

    def __iter__(self) -> Iterator[Quad]:
        """Return every quad."""
        ...

    def __len__(self) -> int:
        """Return the number of quads."""
        ...
