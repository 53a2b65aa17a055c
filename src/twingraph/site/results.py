"""A library query run with parameters from a form or URL: its result, in each of its formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    Triple,
    Variable,
    parse_query_results,
)

from twingraph.export.jsonld import write_jsonld
from twingraph.problems import TwingraphError
from twingraph.rdf.turtle import write_turtle
from twingraph.site.lists import things_with_pages
from twingraph.site.names import finder_of
from twingraph.site.reader import BuildReader
from twingraph.sparql.lexer import first_word, tokens
from twingraph.sparql.library import LibraryQuery, bind
from twingraph.sparql.names import named
from twingraph.sparql.parameters import Term
from twingraph.sparql.query import Bindings, standalone
from twingraph.translation import M_

Form = Literal["select", "ask", "construct"]

_JSON: Final = "application/sparql-results+json"
# What each form of query can be written as, and the media type of each, in the order we prefer.
FORMATS: Final[Mapping[Form, Mapping[str, str]]] = {
    "select": {"csv": "text/csv", "tsv": "text/tab-separated-values", "json": _JSON},
    "ask": {"json": _JSON},
    "construct": {"ttl": "text/turtle", "jsonld": "application/ld+json"},
}
FORMAT_NAMES: Final = {
    "csv": "CSV", "tsv": "TSV", "json": "JSON", "ttl": "Turtle", "jsonld": "JSON-LD",
}  # fmt: skip
_RESULTS: Final = {
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
    "json": QueryResultsFormat.JSON,
}

# few rows, which an engine finds only by going through all places, claims or partnerships
_SEEKS: Final = frozenset({
    "implied-dates", "implied-partnerships", "partnerships-without-start",
    "wikidata-ids-missing-or-shared",
})  # fmt: skip
# how a question looks through all names for those that contain a text
_ALL_NAMES: Final = "?thing tg:foldedName ?folded .\n      FILTER (CONTAINS(?folded, ?name))"
_FEW: Final = 1000  # names
_SHORT: Final = 256 * 1024  # bytes of an answer that is kept

Fields = Sequence[tuple[str, str]]


class BoundQuery(NamedTuple):
    """A question with its parameters: as RDF terms, and as an address best writes them."""

    query: LibraryQuery
    terms: Bindings
    values: Mapping[str, str]


def form_of(query: LibraryQuery) -> Form:
    """Return the form of a library query (SELECT, ASK, CONSTRUCT), which gives its formats."""
    return _form(query.text)


@lru_cache(maxsize=512)
def _form(text: str) -> Form:
    first = first_word(text)
    forms: dict[str, Form] = {"SELECT": "select", "ASK": "ask", "CONSTRUCT": "construct"}
    if first not in forms:
        raise TwingraphError(M_("a question of the library begins SELECT, ASK or CONSTRUCT"))
    return forms[first]


def formats_of(query: LibraryQuery) -> Mapping[str, str]:
    """Return suffix -> media type of the formats that fit the form of a query."""
    return FORMATS[form_of(query)]


# --- asking --------------------------------------------------------------------------------------


def bind_fields(site: BuildReader, query: LibraryQuery, fields: Fields) -> BoundQuery:
    """Return the query with the parameters in `fields`; names of entities are looked up.

    Raises `TwingraphError` that says what to write.
    """
    given = dict(fields)
    if len(given) < len(fields):
        names = [name for name, _ in fields]
        twice = next(each_name for each_name in names if names.count(each_name) > 1)
        raise TwingraphError(
            M_("{parameter} is given more than once; give it once", parameter=twice[:80])
        )
    return _bound(site, query, named(query, given, site.store, site.base), given)


def example_of(site: BuildReader, query: LibraryQuery) -> BoundQuery:
    """Return the question with the example of each parameter.

    If the graph lacks the entity of the example, another one of the kind is used.
    """
    values = query.examples()
    for parameter in query.parameters:
        prefix = site.prefixes.get(parameter.kind, "")
        slug = values[parameter.name].removeprefix(f"{parameter.kind}:")
        if prefix.startswith(f"{site.base}id/") and not site.rows(
            "exists", this=NamedNode(prefix + slug)
        ):
            things = site.remember("things", lambda: things_with_pages(site))
            values[parameter.name] = next(
                (thing.removeprefix(prefix) for thing in things if thing.startswith(prefix)), slug
            )
    return _bound(site, query, values)


def _bound(
    site: BuildReader,
    query: LibraryQuery,
    meant: Mapping[str, str],
    given: Mapping[str, str] | None = None,
) -> BoundQuery:
    """Bind the parameters; `meant` are the IRIs that the texts `given` name."""
    terms = bind(query, meant, site.base)
    typed = given or meant
    values = {
        parameter.name: _typed(site, parameter.kind, terms[parameter.name], typed[parameter.name])
        for parameter in query.parameters
    }
    return BoundQuery(query, terms, values)


def _typed(site: BuildReader, kind: str, term: Term, text: str) -> str:
    """Return the shortest form of a value: the slug of an entity of ours, else as typed."""
    prefix = site.prefixes.get(kind, "")
    return term.value.removeprefix(prefix) if prefix else text


def text_of(bound: BoundQuery) -> str:
    """Return the question as a text that runs as it is."""
    return standalone(bound.query, bound.terms)


def _evaluate(site: BuildReader, bound: BoundQuery) -> QuerySolutions | QueryBoolean | QueryTriples:
    kept = _kept(site, bound, "json")
    if kept is not None:
        return parse_query_results(kept, format=QueryResultsFormat.JSON)
    terms: dict[Variable, Any] = {Variable(name): term for name, term in bound.terms.items()}
    return (site.guarded or site.store).query(_narrowed(site, bound), substitutions=terms or None)


def _narrowed(site: BuildReader, bound: BoundQuery) -> str:
    """Return the text of a question; one that looks through all names, for the few that count.

    These the finder knows, where it was made, since it has every form that the build derived.
    """
    text, name = bound.query.text, bound.terms.get("name")
    if _ALL_NAMES not in text or name is None or "finder" not in site.memory or not name.value:
        return text
    things = finder_of(site).containing(name.value, _FEW)
    if things is None:
        return text
    values = " ".join(str(NamedNode(thing)) for thing in sorted(things))
    return text.replace(_ALL_NAMES, f"VALUES ?thing {{ {values} }}\n      {_ALL_NAMES}")


def write_result(site: BuildReader, bound: BoundQuery, suffix: str) -> bytes:
    """Return the answer in the format of that suffix, one of `formats_of` the question."""
    kept = _kept(site, bound, suffix)
    if kept is not None:
        return kept
    if site.guarded is not None and form_of(bound.query) != "construct":
        terms = {Variable(name): term for name, term in bound.terms.items()}
        body = site.guarded.write(_narrowed(site, bound), suffix, terms or None)
        return body if body.endswith(b"\n") else body + b"\n"
    results = _evaluate(site, bound)
    if not isinstance(results, QueryTriples):
        body = results.serialize(format=_RESULTS[suffix]) or b""
        return body if body.endswith(b"\n") else body + b"\n"
    triples = _triples(results)
    if suffix == "jsonld":
        return write_jsonld(triples, site.context).encode()
    return write_turtle(triples, site.prefixes).encode()


def count_ahead(site: BuildReader) -> dict[object, bytes]:
    """Return the answers of all questions about the whole graph with few rows, to be remembered.

    They have no parameter and group their rows, or are of `_SEEKS`; the result of one run is
    written in each format.
    A query that exceeds the limits is left out; a request for it reports the reason.
    """
    counts: dict[object, bytes] = {}
    for name, query in site.library.items():
        if query.parameters or form_of(query) != "select":
            continue
        if name not in _SEEKS and not _is_grouped(query.text):
            continue
        try:
            raw = write_result(site, BoundQuery(query, {}, {}), "json")
        except TwingraphError:
            continue
        if len(raw) > _SHORT:
            continue
        counts["answer", query.text, "json"] = raw
        for suffix in ("csv", "tsv"):
            rows = parse_query_results(raw, format=QueryResultsFormat.JSON)
            written = rows.serialize(format=_RESULTS[suffix]) or b""
            counts["answer", query.text, suffix] = written
    return counts


def _is_grouped(text: str) -> bool:
    """Has a query a GROUP BY? A comment or a text that has these words is none.

    >>> _is_grouped("SELECT ?s { ?s ?p ?o } group\\n by ?s"), _is_grouped("ASK {} # GROUP BY")
    (True, False)
    """
    words = (token.text.upper() for token in tokens(text))
    return any(first == "GROUP" and second == "BY" for first, second in pairwise(words))


def _kept(site: BuildReader, bound: BoundQuery, suffix: str) -> bytes | None:
    if bound.terms:
        return None
    kept: bytes | None = site.memory.get(("answer", bound.query.text, suffix))
    return kept


class Rows(NamedTuple):
    """An answer as rows of terms; an answer to yes or no has no rows."""

    variables: list[str]
    rows: list[list[object]]
    yes: bool | None = None


def rows_of(site: BuildReader, bound: BoundQuery) -> Rows:
    """Return the answer for people to read; triples are rows of three."""
    results = _evaluate(site, bound)
    if isinstance(results, QueryBoolean):
        return Rows([], [], bool(results))
    if isinstance(results, QueryTriples):
        rows: list[list[object]] = [
            [triple.subject, triple.predicate, triple.object] for triple in _triples(results)
        ]
        return Rows(["subject", "predicate", "object"], rows)
    names = [variable.value for variable in results.variables]
    return Rows(names, [[row[name] for name in names] for row in results])


def _triples(triples: QueryTriples) -> list[Triple]:
    return sorted(set(triples), key=str)
