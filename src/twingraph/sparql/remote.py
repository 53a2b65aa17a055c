"""The published graph in an engine of its own, behind the SPARQL 1.1 Protocol.

What we publish is in its graph `…/graph/published`. Every request names the whole dataset: that
graph as the default graph and each of the others as a named graph, because a request that names
graphs of one kind only has none of the other (Protocol §2.1.4), and one that names none gets the
default graph of the engine. So engines whose default graph is the union of all graphs give the same
results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)

from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import NAME, triple_lines
from twingraph.rdf.iris import PUBLISHED
from twingraph.settings import Limits
from twingraph.sparql.fetch import Endpoint, EndpointError, fetch, words_of
from twingraph.sparql.guard import refuse_remote
from twingraph.sparql.normalize import normalize_virtuoso, standard_quad
from twingraph.sparql.portable import form_of, require_sparql11, with_prologue
from twingraph.sparql.queryable import QueryResult
from twingraph.sparql.substitution import write_terms

_WHOLE: Final = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_SUFFIXES: Final = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}


@dataclass(frozen=True)
class RemoteStore:
    """An endpoint that has the graph of a build; `published` names the graph of what we publish.

    It has the interface of `pyoxigraph.Store` (`Queryable`), and is safe to use from many threads
    at once. Raises `EndpointError`, and `SyntaxError` for a text that is no query, as a store does.
    """

    endpoint: Endpoint
    published: str
    graphs: tuple[str, ...]

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
        """Return the result of a query, as `pyoxigraph.Store.query` does.

        A query that calls another host, or is no standard SPARQL 1.1, is not sent.
        """
        require_sparql11(query, base_iri, prefixes)
        refuse_remote(query)
        terms = {key.value: term for key, term in (substitutions or {}).items()}
        text = with_prologue(write_terms(query, terms), base_iri, prefixes or {})
        default, named = self._dataset(default_graph, named_graphs)
        return self._ask(text, default, named)

    def quads_for_pattern(
        self,
        subject: Any,
        predicate: NamedNode | None,
        object: Any,
        graph_name: NamedNode | BlankNode | DefaultGraph | None = None,
    ) -> Iterator[Quad]:
        """Return the quads with these terms; None matches any, and any graph.

        Quads of the graph `published` are returned in the default graph.
        """
        given = {"s": subject, "p": predicate, "o": object}
        words = " ".join(
            f"?{name}" if element is None else str(element) for name, element in given.items()
        )
        free = " ".join(f"?{name}" for name, entry in given.items() if entry is None)
        graphs: list[Any] = [graph_name] if graph_name is not None else [DefaultGraph()]
        for graph in graphs if graph_name is not None else [*graphs, *self.named_graphs()]:
            name = self.published if isinstance(graph, DefaultGraph) else graph.value
            form = f"SELECT {free}" if free else "ASK"
            results = self._ask(f"{form} {{ {words} }}", (name,), ())
            if isinstance(results, QueryBoolean):
                if results and predicate is not None:
                    yield Quad(subject, predicate, object, graph)
                continue
            assert isinstance(results, QuerySolutions), "SELECT has rows"
            for row in results:
                terms: list[Any] = [item or row[name] for name, item in given.items()]
                yield Quad(terms[0], terms[1], terms[2], graph)

    def named_graphs(self) -> Iterator[NamedNode]:
        """Return the names of the graphs beside what we publish."""
        return map(NamedNode, self.graphs)

    def __iter__(self) -> Iterator[Quad]:
        """Return every quad."""
        return self.quads_for_pattern(None, None, None)

    def __len__(self) -> int:
        """Return the number of quads."""
        sizes = _graph_sizes(self.endpoint, self.published.removesuffix("graph/published"))
        return sum(
            number for name, number in sizes.items() if name in {self.published, *self.graphs}
        )

    def _dataset(self, default: Any, named: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if default is None and named is None:
            return (self.published,), self.graphs
        graphs: Sequence[Any] = default if isinstance(default, list | tuple) else [default]
        chosen = [item.value if isinstance(item, NamedNode) else self.published for item in graphs]
        others = self.graphs if named is None else tuple(item.value for item in named)
        return tuple(chosen), others

    def _ask(self, text: str, default: tuple[str, ...], named: tuple[str, ...]) -> QueryResult:
        return self.ask(text, default, named)[0]

    def ask(
        self, text: str, default: tuple[str, ...], named: tuple[str, ...]
    ) -> tuple[QueryResult, int]:
        """Send a text unchanged with its dataset; return the result, and its number of rows."""
        graphs = form_of(text) in ("CONSTRUCT", "DESCRIBE")
        # a dataset without graphs of a kind is requested by naming one that does not exist
        no_graph = (self.published.removesuffix("published") + "none",)
        media_type, body = fetch(
            self.endpoint, text, graphs, default or no_graph, named or no_graph
        )
        return _triples(self.endpoint, media_type, body) if graphs else _rows(self.endpoint, body)


def _rows(endpoint: Endpoint, body: bytes) -> tuple[QuerySolutions | QueryBoolean, int]:
    read = _read_rows(body)
    if isinstance(read, str):
        raise _unreadable(endpoint, read)
    return read


def _read_rows(body: bytes) -> tuple[QuerySolutions | QueryBoolean, int] | str:
    """Return a result and the number of its rows, or its error.

    All rows are read here: a partial result is an error. The error is returned, not raised: an
    exception that is kept would keep the rows, which only the thread that read them may free.
    """
    try:
        body = normalize_virtuoso(body)
        solutions = parse_query_results(body, QueryResultsFormat.JSON)
        if isinstance(solutions, QueryBoolean):
            return solutions, 1
        number = sum(1 for _ in solutions)
        again = parse_query_results(body, QueryResultsFormat.JSON)
    except (SyntaxError, ValueError, RecursionError) as error:
        return str(error)
    assert isinstance(again, QuerySolutions), "what was rows is rows"
    return again, number


def _triples(endpoint: Endpoint, media_type: str, body: bytes) -> tuple[QueryTriples, int]:
    form = RdfFormat.TURTLE if "turtle" in media_type else RdfFormat.N_TRIPLES
    store = Store()
    try:
        store.extend(map(standard_quad, parse(body, format=form)))
    except (SyntaxError, ValueError) as error:
        raise _unreadable(endpoint, str(error)) from None
    triples = store.query(_WHOLE)
    assert isinstance(triples, QueryTriples), "CONSTRUCT makes triples"
    return triples, len(store)


def _unreadable(endpoint: Endpoint, problem: str) -> EndpointError:
    return EndpointError(
        502,
        f"the answer of {endpoint.shown} breaks off or is damaged ({words_of(problem)}); see "
        "its log, and its own limits of time and size",
    )


# --- opening -------------------------------------------------------------------------------------


def open_endpoint(
    url: str, base: str, build: Path | None = None, limits: Limits | None = None
) -> RemoteStore:
    """Return the graph at an endpoint; it must be that of the build in folder `build`, if given.

    Raises `TwingraphError` that says what is missing there, and how to load it.
    """
    limits = limits or Limits()
    endpoint = Endpoint.at(url, limits.seconds, limits.result_bytes)
    published = base + PUBLISHED
    sizes = _graph_sizes(endpoint, base)
    if not sizes.get(published):
        raise TwingraphError(
            f"{endpoint.shown} has no graph <{published}>; load twingraph.nq as it is and "
            "twingraph.nt into that graph, as docs/scaling.md shows"
        )
    if build is not None:
        wanted = _count_graphs(build / NAME, published)
        for name in sorted({*wanted, *sizes}):
            if wanted.get(name, 0) != sizes.get(name, 0):
                raise TwingraphError(
                    f"{endpoint.shown} holds another build: {sizes.get(name, 0)} statements in "
                    f"<{name}>, {wanted.get(name, 0)} in {build}; empty the endpoint and load that "
                    "build, as docs/scaling.md shows"
                )
    store = RemoteStore(endpoint, published, tuple(sorted({*sizes} - {published})))
    if build is not None:
        _refuse_cut(store, min(limits.rows, sizes[published]))
    return store


def _refuse_cut(store: RemoteStore, wanted: int) -> None:
    """Raise `TwingraphError` if the engine silently returns fewer than `wanted` rows."""
    text = f"SELECT ?s WHERE {{ ?s ?p ?o }} LIMIT {wanted}"
    _, number = store.ask(text, (store.published,), ())
    if number != wanted:
        raise TwingraphError(
            f"{store.endpoint.shown} gives {number} rows where it has {wanted}; raise its limit of "
            "rows to limits.rows in twingraph.toml"
        )


def _graph_sizes(endpoint: Endpoint, base: str) -> dict[str, int]:
    """Return the number of statements of each graph under `base`; the engine may have others."""
    text = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    rows, _ = _rows(endpoint, fetch(endpoint, text, graphs=False)[1])
    sizes = {}
    if isinstance(rows, QueryBoolean) or [variable.value for variable in rows.variables] != [
        "g",
        "n",
    ]:
        raise _unreadable(endpoint, "other columns than were asked for")
    for row in rows:
        graph, number = row["g"], row["n"]
        if isinstance(graph, NamedNode) and graph.value.startswith(f"{base}graph/"):
            counted = isinstance(number, Literal) and number.value.isascii()
            sizes[graph.value] = int(number.value) if counted and number.value.isdigit() else 0
    return sizes


def _count_graphs(path: Path, published: str) -> Counter[str]:
    """Count the statements of each graph of a build, without keeping them in memory."""
    counts: Counter[str] = Counter()
    try:
        for item in parse(path=path, format=RdfFormat.N_QUADS):
            graph = item.graph_name
            counts[published if isinstance(graph, DefaultGraph) else graph.value] += 1
    except (SyntaxError, OSError) as error:
        raise TwingraphError(f"{path}: {error}; run 'twingraph build' again") from None
    return counts


# --- public queries ------------------------------------------------------------------------------


class Answered(NamedTuple):
    """The bytes of a result, the number of its rows or triples, and the form of the query."""

    body: bytes
    rows: int
    form: str


def ask_endpoint(
    store: RemoteStore,
    text: str,
    dataset: tuple[tuple[str, ...], tuple[str, ...]] | None,
    suffix: str,
    *,
    base_iri: str | None = None,
    prefixes: Mapping[str, str] | None = None,
    terms: Mapping[str, NamedNode | Literal] | None = None,
    max_rows: int = Limits.rows,
) -> Answered:
    """Evaluate a public query, and return its result in the format of `suffix`.

    `dataset` has the IRIs of its default and named graphs, None for all that are served; `terms`
    are values of its variables; `suffix` is json, xml, csv or tsv for SELECT and ASK, nt for
    CONSTRUCT and DESCRIBE. Raises `SyntaxError`; `TwingraphError` for a query that is not sent, or
    a format that does not fit; `EndpointError` for all else, with status 507 for more than
    `max_rows` rows.

    The result is parsed and written again, so that its bytes equal those of the embedded store.
    """
    require_sparql11(text, base_iri, prefixes)
    refuse_remote(text)
    form = form_of(text)
    if (suffix == "nt") != (form in ("CONSTRUCT", "DESCRIBE")):
        raise TwingraphError(f"{form} has no answer in {suffix}; ask for another format")
    default, named = dataset or ((store.published,), store.graphs)
    named = tuple(
        item for item in named if item != store.published
    )  # the IRI that the engine uses for the default graph
    text = with_prologue(write_terms(text, terms or {}), base_iri, prefixes or {})
    results, number = store.ask(text, default, named)
    if number > max_rows:
        raise EndpointError(507, f"the answer has more than {max_rows} rows; ask with a LIMIT")
    if isinstance(results, QueryTriples):
        return Answered(triple_lines(Quad(*item) for item in results), number, form)
    return Answered(results.serialize(format=_SUFFIXES[suffix]) or b"", number, form)
