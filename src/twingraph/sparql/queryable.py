"""The interface of a graph that can be queried: in this process, or in another engine."""

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

    The default graph is what we publish. Type hints are `Any` where pyoxigraph also takes terms
    that RDF 1.1 has not. Other implementations are `RemoteStore` (an endpoint elsewhere) and
    `FrontGraph` (sends queries to the workers).
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
        """Return the result of a query; `substitutions` are values of its variables."""
        ...

    def quads_for_pattern(
        self,
        subject: Any,
        predicate: NamedNode | None,
        object: Any,
        graph_name: NamedNode | BlankNode | DefaultGraph | None = None,
    ) -> Iterator[Quad]:
        """Return the quads with these terms; None matches any."""
        ...

    def named_graphs(self) -> Iterator[NamedNode | BlankNode]:
        """Return the names of the named graphs."""
        ...

    def __iter__(self) -> Iterator[Quad]:
        """Return every quad."""
        ...

    def __len__(self) -> int:
        """Return the number of quads."""
        ...
