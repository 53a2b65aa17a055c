"""One query on one graph: its result as bytes, counted, or why there is none.

This runs in a worker (`worker.py`), where a query can be stopped; nothing here stops it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    Variable,
    parse,
)

from twingraph.endpoint.query_message import Question
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.result import changes
from twingraph.problems import TwingraphError
from twingraph.rdf.serializers import SERIALIZERS, UnwritableError, as_xml
from twingraph.sparql.admission import admit, is_update
from twingraph.sparql.mistakes import explain

FRESH: Final = 2  # flag: evaluated again, the answer would hold other blank nodes
_RESULTS: Final[Mapping[str, QueryResultsFormat]] = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
_NEW: Final = {
    "json": b'":{"type":"bnode","value":"',
    "xml": b"<bnode>",
    "csv": b"_:",
    "tsv": b"_:",
}


class Config(NamedTuple):
    """The configuration of a fork server: its graph, and the limits of a query.

    `graphs` are the graphs that a query may name, `published` among them; the fork server sets it.
    """

    graph: str
    base: str
    prefixes: dict[str, str]
    published: str
    seconds: int
    memory_bytes: int
    rows: int
    result_bytes: int
    graphs: Collection[str] = ()
    pages: Mapping[str, Any] = {}
    """What workers need for pages: `library`, `address`, `limits`; if empty, only queries."""


class Answer(NamedTuple):
    """The reply of a worker: outcome, bytes, number of rows or triples."""

    outcome: Outcome
    body: bytes = b""
    rows: int = 0
    flags: int = 0


class _TooLarge(Exception):  # noqa: N818  # never leaves this module
    pass


def evaluate(store: Store, config: Config, question: Question) -> Answer:
    """Evaluate a question."""
    text = question.query
    chosen: dict[str, Any] = {}
    unknown = unknown_graph(question.dataset, config.graphs) if question.dataset else None
    if unknown is not None:
        return Answer(Outcome.NO_GRAPH, unknown[:200].encode("utf-8", "replace"))
    try:
        named = admit(text, config.graphs, config.base, config.prefixes)
    except TwingraphError as error:
        return Answer(Outcome.REFUSED, str(error).encode())
    dataset = question.dataset or named
    if dataset:
        default, others = dataset
        chosen["default_graph"] = [
            DefaultGraph() if name == config.published else NamedNode(name) for name in default
        ]
        chosen["named_graphs"] = [NamedNode(name) for name in others if name != config.published]
    if question.bindings:
        chosen["substitutions"] = dict(_bindings(question.bindings))
    try:
        prefixes = prefixes_in(text, config.prefixes)
        results = store.query(text, base_iri=config.base, prefixes=prefixes, **chosen)
        answer = _written(results, config, question.rows, question.graphs)
        return answer._replace(flags=answer.flags | FRESH) if changes(text) else answer
    except SyntaxError as error:
        return no_sparql(text, str(error.msg), config.prefixes)
    except MemoryError:
        return Answer(Outcome.TOO_MUCH_MEMORY)
    except _TooLarge:
        return Answer(Outcome.TOO_MANY_BYTES)
    except UnwritableError as error:
        return Answer(Outcome.UNWRITABLE, str(error).encode())
    except (RuntimeError, OSError, ValueError) as error:
        return Answer(Outcome.FAILED, str(error).encode())


def unknown_graph(dataset: Sequence[Sequence[str]] | None, known: Collection[str]) -> str | None:
    """Return the first unknown graph that a request names, default or named; None for none.

    >>> unknown_graph((("http://e/a",), ("http://e/b",)), {"http://e/a"})
    'http://e/b'
    """
    names = (name for part in dataset or () for name in part)
    return next((name for name in names if name not in known), None)


def no_sparql(text: str, words: str, prefixes: Mapping[str, str]) -> Answer:
    """Return the reply for a text that the engine refused with the message `words`."""
    if is_update(text):
        return Answer(Outcome.UPDATE)
    mistake = explain(words, text, prefixes)
    return Answer(Outcome.NO_SPARQL, mistake.as_json())


def prefixes_in(text: str, prefixes: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes that a text may use; the engine reads each one for each query.

    >>> prefixes_in("ASK { e:a ?p ?o }", {"e": "http://e/", "f": "http://f/"})
    {'e': 'http://e/'}
    """
    if "\\" in text:  # it may be written in escapes (SPARQL 1.1 §19.2)
        return dict(prefixes)
    if text.count(":") == text.count("://"):  # none is the colon of a prefix: no local name is `//`
        return {}
    return {name: iri for name, iri in prefixes.items() if name + ":" in text}


def _bindings(texts: Mapping[str, str]) -> list[tuple[Variable, Any]]:
    bindings = []
    for name, text in texts.items():  # terms travel as N-Triples
        (line,) = parse(f"<x:x> <x:x> {text} .", format=RdfFormat.N_TRIPLES)
        bindings.append((Variable(name), line.object))
    return bindings


def _written(results: Any, config: Config, rows: str, graphs: str) -> Answer:
    if isinstance(results, QueryTriples):
        return _graph(results, config, graphs) if graphs else Answer(Outcome.WRONG_FORM, b"graph")
    if not rows:
        return Answer(Outcome.WRONG_FORM, b"rows")
    sink = _Sink(config.result_bytes)
    results.serialize(sink, format=_RESULTS[rows])
    body = b"".join(sink.parts)
    if rows == "xml":
        body = as_xml(body, "take JSON")
    if isinstance(results, QueryBoolean):
        return Answer(Outcome.BOOLEAN, body, 1)
    assert isinstance(results, QuerySolutions), "rows, yes or no, triples: nothing else"
    number = COUNTERS[rows](body)
    if number > config.rows:
        return Answer(Outcome.TOO_MANY_ROWS, rows=number)
    return Answer(Outcome.ROWS, body, number, FRESH if _NEW[rows] in body else 0)


def _graph(results: QueryTriples, config: Config, suffix: str) -> Answer:
    triples: set[Triple] = set()
    for item in results:
        triples.add(item)
        if len(triples) > config.rows:
            return Answer(Outcome.TOO_MANY_ROWS, rows=len(triples))
    flags = FRESH if any(map(_is_new, triples)) else 0
    body = SERIALIZERS[suffix](list(triples), config.prefixes)
    if len(body) > config.result_bytes:
        return Answer(Outcome.TOO_MANY_BYTES)
    return Answer(Outcome.TRIPLES, body, len(triples), flags)


def _is_new(triple: Triple) -> bool:
    return isinstance(triple.object, BlankNode) or isinstance(triple.subject, BlankNode)


class _Sink:
    """A file in memory with a limit; raises `_TooLarge` beyond it."""

    def __init__(self, limit: int) -> None:
        self.parts: list[bytes] = []
        self.remaining = limit

    def write(self, part: bytes) -> int:
        self.remaining -= len(part)
        if self.remaining < 0:
            raise _TooLarge
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        pass


_PARTED: Final = re.compile(rb'\}\},\{(?=(["}].))', re.DOTALL)


def _json_rows(body: bytes) -> int:
    """Count the rows of SPARQL JSON results as the engine writes them, without reading them.

    Rows part at `}},{"`. A text that ends in those signs has its closing quote there, which a `}`
    or a comma follows, as no name of a variable does. Rows without any value are read properly.

    >>> _json_rows(b'{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"literal",'
    ...            b'"value":"}},{"}},{"a":{"type":"literal","value":"1"}}]}}')
    2
    """
    start = body.find(b'"bindings":[') + 12
    if body.startswith(b"]", start):
        return 0
    if body.startswith(b"{}", start):
        return len(json.loads(body)["results"]["bindings"])
    parts = _PARTED.findall(body, start)
    parted = len(parts)
    for behind in set(parts):
        if behind.startswith(b"}"):
            return len(json.loads(body)["results"]["bindings"])
        if behind[1:] in (b"}", b","):
            parted -= parts.count(behind)
    return parted + 1


def _csv_rows(body: bytes) -> int:
    """Count the records below the header (RFC 4180); a quoted field may hold line ends.

    >>> _csv_rows(b'a,b\\r\\n1,"x\\r\\ny"\\r\\n')
    1
    """
    if b'"' not in body:
        return body.count(b"\n") - 1
    return sum(part.count(b"\n") for part in body.split(b'"')[::2]) - 1


COUNTERS: Final[Mapping[str, Callable[[bytes], int]]] = {
    "json": _json_rows,
    "xml": lambda body: body.count(b"<result>"),  # in a text it would be escaped
    "csv": _csv_rows,
    "tsv": lambda body: body.count(b"\n") - 1,  # a line end in a text is escaped
}
