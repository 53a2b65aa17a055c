"""The page of the query form: empty, with an answer as a table, or with a problem."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

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

from twingraph.endpoint.hints import empty_cells_hint
from twingraph.site.facts import facts_about
from twingraph.site.queries import Example, examples
from twingraph.site.reader import BuildReader
from twingraph.site.render import static_file
from twingraph.site.values import Value, ValueFormatter
from twingraph.translation import words_of

SHOWN_ROWS: Final = 1000
_TRIPLE: Final = ("subject", "predicate", "object")


class ResultView(NamedTuple):
    """A result as people read it."""

    columns: list[str]
    rows: list[list[Value]]
    counted: str
    answer: str
    hints: tuple[str, ...] = ()


class ResultFile(NamedTuple):
    """A result as a file: what the link says, where it leads, the name to save it under."""

    text: str
    href: str
    name: str


class Editor(NamedTuple):
    """What the script of the page reads: words and examples as JSON, and where to ask."""

    script: str
    words: str
    examples: str
    completions: str
    search: str
    base: str


class QueryPage(NamedTuple):
    """The form, and what came of the query in it; `editor` where its script is installed."""

    query: str
    problem: str
    files: list[ResultFile]
    link: str
    curl: str
    editor: Editor | None
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
    """Return the content of the query page: the empty form, a result, or an error."""
    shown = examples(site, language, "sparql")
    shown_table = table or ResultView([], [], "", "")
    formats = [
        ("", words_of(language).gettext("table")), ("csv", "CSV"), ("tsv", "TSV"), ("json", "JSON"),
        ("xml", "XML"), ("turtle", "Turtle"), ("jsonld", "JSON-LD"), ("nt", "N-Triples"),
    ]  # fmt: skip
    written = query or (shown[0].text if shown else "")
    return QueryPage(
        query=written,
        problem=problem,
        files=_files(written, shown_table),
        link=_link(written, lang=language),
        curl=_curl(site, written),
        editor=_editor(site, language, shown),
        columns=shown_table.columns,
        rows=shown_table.rows,
        counted=shown_table.counted,
        answer=shown_table.answer,
        hints=shown_table.hints,
        formats=formats,
        examples=shown,
        action="sparql",
    )


def _link(query: str, **parameters: str) -> str:
    return "sparql?" + urlencode({"query": query, **parameters})


def _files(query: str, result: ResultView) -> list[ResultFile]:
    """Return a result's files; the same query gives files of the same name."""
    formats = [("JSON", "json")] if result.answer else [("CSV", "csv"), ("JSON", "json")]
    if tuple(result.columns) == _TRIPLE:
        formats = [("Turtle", "ttl"), ("JSON-LD", "jsonld")]
    name = f"twingraph-{hashlib.sha256(query.encode()).hexdigest()[:8]}"
    return [
        ResultFile(text, _link(query, format=suffix), f"{name}.{suffix}")
        for text, suffix in formats
    ]


def _curl(site: BuildReader, query: str) -> str:
    return (
        f"curl -H 'Accept: text/csv' --data-urlencode {shlex.quote('query=' + query)} "
        f"{shlex.quote(site.address + 'sparql')}"
    )


def _editor(site: BuildReader, language: str, shown: Sequence[Example]) -> Editor | None:
    """Return the settings of the editor's script; None where the script is not installed."""
    if static_file("editor.js") is None:
        return None
    words = words_of(language)
    texts = {
        "running": words.gettext("The query runs …"),
        "queryText": words.pgettext("the text of a query", "Query"),
        "examples": words.gettext("Examples"),
        "history": words.gettext("Earlier queries"),
        "copyAs": words.gettext("Copy as"),
        "copied": words.gettext("Copied"),
        "failed": words.gettext("This query can't be answered"),
        "result": words.gettext("Result"),
        "yes": words.gettext("yes"),
        "no": words.gettext("no"),
        "rows": words.gettext("Rows: {rows}", rows="{rows}"),
        "cut": words.gettext(
            "The first {rows} rows are shown; the files hold them all.", rows="{rows}"
        ),
        "allEmpty": words.gettext("All cells are empty: nothing binds the selected variables."),
        "view": words.gettext("Show as"),
        "table": words.gettext("table"),
        "chart": words.gettext("Chart"),
        "map": words.gettext("Map"),
        "link": words.gettext("Link to this result"),
    }
    return Editor(
        script="static/editor.js",
        words=json.dumps(texts, ensure_ascii=False),
        examples=json.dumps(
            [{"title": example.title, "text": example.text} for example in shown],
            ensure_ascii=False,
        ),
        completions=f"sparql/completions.json?lang={language}",
        search="search.json",
        base=site.base,
    )


def table_of(
    site: BuildReader, body: bytes, *, triples: bool, total: int, language: str
) -> ResultView:
    """Return the first rows of a result in SPARQL JSON or, for triples, in N-Triples."""
    words = words_of(language)
    rows: Iterable[list[Any]]
    if triples:
        columns = list(_TRIPLE)
        graph = parse(body, format=RdfFormat.N_TRIPLES)
        rows = ([item.subject, item.predicate, item.object] for item in graph)
    else:
        solutions = parse_query_results(body, format=QueryResultsFormat.JSON)
        if isinstance(solutions, QueryBoolean):
            return ResultView(
                [],
                [],
                words.gettext("Answer"),
                words.gettext("yes") if solutions else words.gettext("no"),
            )
        columns = [variable.value for variable in solutions.variables]
        rows = ([row[index] for index in range(len(columns))] for row in solutions)
    shown = list(islice(rows, SHOWN_ROWS))
    teller = ValueFormatter(facts_about(site, language, shown), "sparql")
    counted = words.ngettext("{number} row", "{number} rows", total)
    if total > len(shown):
        counted = words.ngettext(
            "{number} row, of which the first {shown} are shown; choose CSV or JSON for all.",
            "{number} rows, of which the first {shown} are shown; choose CSV or JSON for all.",
            total,
            shown=words.number(len(shown)),
        )
    if not total:
        counted = words.gettext("Nothing matches.")
    empty = empty_cells_hint(shown, language)
    return ResultView(
        columns,
        [[_value(teller, term) for term in row] for row in shown],
        counted,
        "",
        (empty,) if empty else (),
    )


def _value(teller: ValueFormatter, term: Any) -> Value:
    if isinstance(term, NamedNode):
        return teller.link(term.value)
    if isinstance(term, Literal):
        if term.language:
            return Value(term.value, language=term.language)
        return teller.value(term)
    if isinstance(term, BlankNode):
        return Value(str(term), code=True)
    return Value("") if term is None else Value(str(term), code=True)
