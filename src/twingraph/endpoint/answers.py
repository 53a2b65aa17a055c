"""The page of the query form: empty, with an answer as a table, or with a problem."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any, Final, NamedTuple

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    parse,
    parse_query_results,
)

from twingraph.rdf.iris import move_iri
from twingraph.rdf.vocabulary import HOME
from twingraph.site.facts import facts_about
from twingraph.site.queries import Example, examples
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value, ValueFormatter
from twingraph.site.words import WORDS, number_text
from twingraph.sparql.unknown_terms import unknown_terms

SHOWN_ROWS: Final = 1000
_TRIPLE: Final = ("subject", "predicate", "object")


class ResultView(NamedTuple):
    """A result as people read it."""

    columns: list[str]
    rows: list[list[Value]]
    counted: str
    answer: str
    hints: tuple[str, ...] = ()


class QueryPage(NamedTuple):
    """The form, and what came of the query in it."""

    query: str
    problem: str
    columns: list[str]
    rows: list[list[Value]]
    counted: str
    answer: str
    hints: tuple[str, ...]
    formats: list[tuple[str, str]]
    examples: list[Example]
    action: str


def query_page(
    site: BuildReader, language: str, query: str, table: ResultView | None = None, problem: str = ""
) -> QueryPage:
    """Return what the page of the form shows: nothing asked yet, an answer, or a problem."""
    shown = examples(site, language, "sparql")
    shown_table = table or ResultView([], [], "", "")
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
        hints=shown_table.hints,
        formats=formats,
        examples=shown,
        action="sparql",
    )


def table_of(
    site: BuildReader, body: bytes, *, triples: bool, total: int, language: str
) -> ResultView:
    """Return the first rows of a result, which stands in SPARQL JSON or, triples, in N-Triples."""
    word = WORDS[language]
    rows: Iterable[list[Any]]
    if triples:
        columns = list(_TRIPLE)
        graph = parse(body, format=RdfFormat.N_TRIPLES)
        rows = ([one.subject, one.predicate, one.object] for one in graph)
    else:
        found = parse_query_results(body, format=QueryResultsFormat.JSON)
        if isinstance(found, QueryBoolean):
            return ResultView([], [], word["answer"], word["yes" if found else "no"])
        columns = [one.value for one in found.variables]
        rows = ([row[at] for at in range(len(columns))] for row in found)
    shown = list(islice(rows, SHOWN_ROWS))
    teller = ValueFormatter(facts_about(site, language, shown), "sparql")
    numbers = number_text(total, language), number_text(len(shown), language)
    counted = word["rows cut" if total > len(shown) else "rows"].format(*numbers)
    if total <= 1:
        counted = word["row"] if total else word["nothing found"]
    return ResultView(columns, [[_value(teller, one) for one in row] for row in shown], counted, "")


def hints_for(
    site: BuildReader, query: str, known: Collection[str], language: str
) -> tuple[str, ...]:
    """Return what to say of terms in a query that are none of ours, as nothing has them."""
    word = WORDS[language]
    return tuple(
        word["no such term"].format(one.written)
        + (" " + word["did you mean"].format(one.meant) if one.meant else "")
        for one in unknown_terms(query, known, site.base, site.prefixes)
    )


def _value(teller: ValueFormatter, term: Any) -> Value:
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
