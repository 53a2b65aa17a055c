"""Queries answered: evaluated on the published graph, written in the format that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    Triple,
)

from twingraph.graph.query import explain
from twingraph.iris import PUBLISHED, move_iri
from twingraph.publish.exchange import EXCHANGE
from twingraph.serve.facts import facts_about
from twingraph.serve.negotiate import Offer, choose
from twingraph.serve.protocol import Asked, Dataset, RefusedError, permit
from twingraph.serve.queries import Example, examples
from twingraph.serve.site import Site
from twingraph.serve.values import Teller, Value
from twingraph.serve.words import WORDS, number_text
from twingraph.vocabulary import HOME

# Rows and yes-or-no, then graphs: in the order we prefer. HTML is sent to those who name it only.
ROWS: Final = (
    Offer("application/sparql-results+json", "json"),
    Offer("application/sparql-results+xml", "xml"),
    Offer("text/csv", "csv"),
    Offer("text/tab-separated-values", "tsv"),
    Offer("application/json", "json"),
    Offer("application/xml", "xml"),
    Offer("text/html", "html"),
)
GRAPHS: Final = (
    Offer("text/turtle", "ttl"),
    Offer("application/n-triples", "nt"),
    Offer("application/ld+json", "jsonld"),
    Offer("application/rdf+xml", "rdf"),
    Offer("application/n-quads", "nq"),
    Offer("application/trig", "trig"),
    Offer("application/json", "jsonld"),
    Offer("application/xml", "rdf"),
    Offer("text/html", "html"),
)
_RESULTS: Final[Mapping[str, QueryResultsFormat]] = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
# What people write for format=, beside the suffixes themselves.
_SYNONYMS: Final[Mapping[str, str]] = {
    "turtle": "ttl", "ntriples": "nt", "n-triples": "nt", "nquads": "nq", "n-quads": "nq",
    "json-ld": "jsonld", "rdfxml": "rdf", "rdf/xml": "rdf", "table": "html",
}  # fmt: skip
# A table of rows asked for a graph, and the other way round, is given its nearest kin.
_KIN: Final[Mapping[str, str]] = {"json": "jsonld", "xml": "rdf"}
_SHOWN_ROWS: Final = 1000

Found = QuerySolutions | QueryBoolean | QueryTriples


class Answer(NamedTuple):
    """An answer as bytes, or, for people, as what the result page shows."""

    media_type: str
    body: bytes
    table: Table | None = None


class Table(NamedTuple):
    """A result as people read it."""

    columns: list[str]
    rows: list[list[Value]]
    counted: str
    answer: str


class QueryPage(NamedTuple):
    """The form, and what came of the query in it."""

    query: str
    problem: str
    columns: list[str]
    rows: list[list[Value]]
    counted: str
    answer: str
    formats: list[tuple[str, str]]
    examples: list[Example]
    action: str


def query_page(
    site: Site, language: str, query: str, table: Table | None = None, problem: str = ""
) -> QueryPage:
    """Return what the page of the form shows: nothing asked yet, an answer, or a problem."""
    shown = examples(site, language, "sparql")
    shown_table = table or Table([], [], "", "")
    formats = [
        ("", WORDS[language]["table"]), ("csv", "CSV"), ("tsv", "TSV"), ("json", "JSON"),
        ("xml", "XML"), ("turtle", "Turtle"), ("jsonld", "JSON-LD"), ("nt", "N-Triples"),
    ]  # fmt: skip
    return QueryPage(
        query=query or (shown[0].text if shown else ""),
        problem=problem,
        columns=shown_table.columns,
        rows=shown_table.rows,
        counted=shown_table.counted,
        answer=shown_table.answer,
        formats=formats,
        examples=shown,
        action="sparql",
    )


def answer(site: Site, asked: Asked, accept: str | None, language: str) -> Answer:
    """Evaluate a query and write its result; raise `RefusedError` with the reason why not."""
    found = _evaluate(site, asked.query, permit(site, asked))
    offers = GRAPHS if isinstance(found, QueryTriples) else ROWS
    offer = _offer(asked.format, accept, offers)
    try:
        if offer.suffix == "html":
            return Answer("text/html", b"", _table(site, found, language))
        if isinstance(found, QueryTriples):
            return Answer(offer.media_type, EXCHANGE[offer.suffix](list(set(found)), site.prefixes))
        return Answer(offer.media_type, found.serialize(format=_RESULTS[offer.suffix]) or b"")
    except (RuntimeError, OSError, ValueError) as error:
        raise RefusedError(400, f"the query can't be evaluated: {error}") from None


def _evaluate(site: Site, text: str, dataset: Dataset | None) -> Found:
    graphs: dict[str, Any] = {}
    if dataset is not None:
        named = [one for one in dataset.named if one != site.public(PUBLISHED.value)]
        graphs["default_graph"] = [_graph(site, one) for one in dataset.default]
        graphs["named_graphs"] = [NamedNode(one) for one in named]
    try:
        return site.store.query(text, base_iri=site.base, prefixes=dict(site.prefixes), **graphs)
    except SyntaxError as error:
        raise RefusedError(400, f"this is not SPARQL: {explain(error, text)}") from None
    except (RuntimeError, OSError, ValueError) as error:
        raise RefusedError(400, f"the query can't be evaluated: {error}") from None


def _graph(site: Site, iri: str) -> DefaultGraph | NamedNode:
    return DefaultGraph() if iri == site.public(PUBLISHED.value) else NamedNode(iri)


def _offer(wanted: str, accept: str | None, offers: tuple[Offer, ...]) -> Offer:
    """Choose by `format=`, which names a suffix or a media type, else by `Accept`."""
    by_name = {one.suffix: one for one in reversed(offers)}
    by_name |= {one.media_type: one for one in offers}
    if wanted:
        name = _SYNONYMS.get(wanted.strip().lower(), wanted.strip().lower())
        name = name if name in by_name else _KIN.get(name, name)
        if name not in by_name:
            kinds = ", ".join(sorted({one.suffix for one in offers}))
            raise RefusedError(406, f"format={wanted[:40]} is not written for this kind of query; "
                               f"write one of {kinds}")  # fmt: skip
        return by_name[name]
    chosen = choose(accept, offers)
    if chosen is None:
        kinds = ", ".join(one.media_type for one in offers)
        raise RefusedError(406, f"none of the formats in Accept is written; accept one of {kinds}")
    return chosen


# --- for people ----------------------------------------------------------------------------------


def _table(site: Site, found: Found, language: str) -> Table:
    word = WORDS[language]
    if isinstance(found, QueryBoolean):
        return Table([], [], word["answer"], word["yes" if found else "no"])
    columns = ["subject", "predicate", "object"]
    if isinstance(found, QuerySolutions):
        columns = [one.value for one in found.variables]
    rows = iter(found)
    shown = [_terms(one, len(columns)) for one in islice(rows, _SHOWN_ROWS)]
    total = len(shown) + sum(1 for _ in rows)
    facts = facts_about(site, language, shown)
    teller = Teller(facts, "sparql")
    numbers = number_text(total, language), number_text(len(shown), language)
    counted = word["rows cut" if total > len(shown) else "rows"].format(*numbers)
    if total <= 1:
        counted = word["row"] if total else word["nothing found"]
    return Table(columns, [[_value(teller, one) for one in row] for row in shown], counted, "")


def _terms(row: Any, width: int) -> list[Any]:
    if isinstance(row, Triple):
        return [row.subject, row.predicate, row.object]
    return [row[at] for at in range(width)]


def _value(teller: Teller, term: Any) -> Value:
    site = teller.site
    if isinstance(term, NamedNode):
        return teller.link(move_iri(term.value, site.base, HOME))
    if isinstance(term, Literal):
        if term.language:
            return Value(term.value, language=term.language)
        moved = move_iri(term.datatype.value, site.base, HOME)
        return teller.value(Literal(term.value, datatype=NamedNode(moved)))
    if isinstance(term, BlankNode):
        return Value(str(term), code=True)
    return Value("") if term is None else Value(str(term), code=True)
