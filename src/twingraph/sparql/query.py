"""Evaluates a query with its parameters bound as RDF terms, and writes the result.

A query never reaches another host, and its text never contains a user's input: values are passed as
terms (`twingraph.sparql.library.bind`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast, get_args
from typing import Literal as OneOf

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    Triple,
    Variable,
)

from twingraph.problems import TwingraphError
from twingraph.rdf.turtle import term_text, write_turtle
from twingraph.rdf.vocabulary import HOME, prefixes_for
from twingraph.sparql import mistakes
from twingraph.sparql.guard import refuse_remote
from twingraph.sparql.lexer import Token, tokens
from twingraph.sparql.library import LibraryQuery
from twingraph.sparql.queryable import Queryable, QueryResult
from twingraph.sparql.text_table import Term, table_text

Format = OneOf["table", "csv", "json", "turtle"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)


@dataclass(frozen=True)
class SelectResult:
    """The result of a SELECT: its variables, and its rows of terms, None where unbound."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


Answer = SelectResult | bool | tuple[Triple, ...]
Bindings = Mapping[str, NamedNode | RdfLiteral]


def standalone(query: LibraryQuery, terms: Bindings) -> str:
    """Return a library query as a text with `terms` as values of its parameters.

    They are written as VALUES before the pattern, so that a reader sees what to change; also before
    the pattern of each sub-select that has these variables.

    >>> from pathlib import Path
    >>> asked = "#+ for: citizen\\nASK { ?s ?p 1 }"
    >>> print(standalone(LibraryQuery("a", {}, {}, (), (), asked, Path("a.rq")), {}))
    ASK { ?s ?p 1 }
    """
    text = re.sub(r"^#\+.*\n", "", query.text, flags=re.MULTILINE)
    query_tokens = list(tokens(text))
    opens = next(
        after.start + 1
        for before, after in pairwise(query_tokens)
        if after.text == "{" and before.text in ("WHERE", "ASK")
    )
    written = [
        (opens, tuple(terms)),
        *(each for each in _inner_selects(query_tokens, terms) if each[0] > opens),
    ]
    for place, names in reversed(written):
        values = "".join(
            f"\n  VALUES ?{name} {{ {term_text(terms[name], set(), {})} }}" for name in names
        )
        text = text[:place] + values + text[place:]
    return text


def _inner_selects(
    query_tokens: Sequence[Token], names: Iterable[str]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the offset after `WHERE {` of each SELECT that has some of the variables, and these.

    A sub-select is evaluated by itself (SPARQL 1.1 §12), so that it must bind what it projects.
    """
    selected: list[str] | None = None
    depth = 0
    for before, token in pairwise(query_tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "SELECT":
            selected = []
        elif selected is not None and token.kind == "variable" and not depth:
            selected.append(token.text[1:])
        elif selected is not None and token.text == "{" and before.text == "WHERE":
            if inner := tuple(name for name in names if name in selected):
                yield token.start + 1, inner
            selected = None


def run(store: Queryable, text: str, bindings: Bindings | None = None) -> Answer:
    """Evaluate a query in `store`.

    Raises `TwingraphError` if it is no query, calls another host, or names an unknown graph.

    >>> from pyoxigraph import Store
    >>> run(Store(), "SELECT ?s { ?s ?p ?o }")
    SelectResult(variables=('s',), rows=())
    >>> run(Store(), "SELECT ?s { ?s ?p }")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: this is not SPARQL: line 1, column 16: a triple is subject, \
property, value; behind this there is no value
    SELECT ?s { ?s ?p }
                   ^^
    """
    results = _results(store, text, bindings or {})
    if isinstance(results, QueryBoolean):
        return bool(results)
    if isinstance(results, QueryTriples):
        return tuple(sorted(set(results), key=str))
    variables = tuple(variable.value for variable in results.variables)
    rows = tuple(tuple(cast("Term | None", row[name]) for name in variables) for row in results)
    return SelectResult(variables, rows)


def write(
    store: Queryable,
    text: str,
    format_: Format | None = None,
    bindings: Bindings | None = None,
    base: str = HOME,
    width: int = 0,
) -> bytes:
    """Evaluate like `run`, and return the result in one of `FORMATS`.

    CSV and JSON are those of SPARQL 1.1 Query Results, `table` is for a terminal of `width`
    columns; IRIs under `base` are shortened by its prefixes. Without a format it is a table, or
    turtle for triples. Raises `TwingraphError` if the format does not fit the form of the query.

    >>> from pyoxigraph import Store
    >>> write(Store(), "ASK { ?s ?p ?o }", "json")
    b'{"head":{},"boolean":false}'
    >>> write(Store(), "ASK { ?s ?p ?o }", "turtle")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: this query answers yes or no, which turtle does not hold; \
ask for table, csv or json
    """
    results = _results(store, text, bindings or {})
    fitting, form = _FITTING[type(results)]
    if format_ is None:
        format_ = fitting[0]
    elif format_ not in fitting:
        formats = " or ".join([*([", ".join(fitting[:-1])] if fitting[1:] else []), fitting[-1]])
        raise TwingraphError(
            f"this query answers {form}, which {format_} does not hold; ask for {formats}"
        )
    return _WRITERS[format_](results, base, width)


_FITTING: Final[dict[type, tuple[tuple[Format, ...], str]]] = {
    QuerySolutions: (("table", "csv", "json"), "a table"),
    QueryBoolean: (("table", "csv", "json"), "yes or no"),
    QueryTriples: (("turtle",), "triples"),
}


def _results(store: Queryable, text: str, bindings: Bindings) -> QueryResult:
    graphs_in_store = {
        str(graph.value) for graph in store.named_graphs() if isinstance(graph, NamedNode)
    }
    refuse_remote(text, graphs_in_store)
    substitutions: dict[Variable, Term] = {Variable(name): term for name, term in bindings.items()}
    try:
        return store.query(text, substitutions=substitutions or None)
    except SyntaxError as error:
        mistake = mistakes.explain(str(error.msg), text, {}).text
        raise TwingraphError(f"this is not SPARQL: {mistake}") from None
    except (RuntimeError, ValueError, OSError) as error:
        raise TwingraphError(f"the query can't be answered: {error}") from None


def _table(results: QueryResult, base: str, width: int) -> bytes:
    if isinstance(results, QueryBoolean):
        return b"yes\n" if results else b"no\n"
    assert isinstance(results, QuerySolutions)
    names = [variable.value for variable in results.variables]
    rows = [[cast("Term | None", row[name]) for name in names] for row in results]
    return table_text(names, rows, prefixes_for(base), width).encode()


def _serialized(format_: QueryResultsFormat) -> Callable[[QueryResult, str, int], bytes]:
    def serialize(results: QueryResult, base: str, width: int) -> bytes:
        assert isinstance(results, QuerySolutions | QueryBoolean)
        return results.serialize(format=format_) or b""

    return serialize


def _turtle(results: QueryResult, base: str, width: int) -> bytes:
    assert isinstance(results, QueryTriples)
    try:
        return write_turtle(results, prefixes_for(base)).encode()
    except TypeError as error:
        raise TwingraphError(f"{error}; give every node an IRI in CONSTRUCT") from None


_WRITERS: Final[dict[Format, Callable[[QueryResult, str, int], bytes]]] = {
    "table": _table,
    "csv": _serialized(QueryResultsFormat.CSV),
    "json": _serialized(QueryResultsFormat.JSON),
    "turtle": _turtle,
}
