"""Pages about the questions of the library: one each, with form and answer, and the list."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from pyoxigraph import Literal, NamedNode

from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import TG, XSD
from twingraph.site.columns import DATES, cell, heading
from twingraph.site.datewords import date_text
from twingraph.site.facts import PageFacts, facts_about
from twingraph.site.kind_names import kind_name
from twingraph.site.links import outside_link, relative
from twingraph.site.partners import partner_rows
from twingraph.site.question_form import KIND_OF_CLASS, LABELS, Field, field_of
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import Alternate, Link, render
from twingraph.site.results import (
    FORMAT_NAMES,
    BoundQuery,
    Fields,
    Rows,
    bind_fields,
    example_of,
    formats_of,
    rows_of,
    text_of,
)
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.sparql.library import AUDIENCES, LibraryQuery
from twingraph.sparql.parameters import UnknownThingError
from twingraph.translation import N_, choose_text, words_of

_TWINNED: Final = "is-twinned-with"
_SHOWN: Final = 500
_AUDIENCE_NAMES: Final = {
    "citizen": N_("Citizens"),
    "city-officer": N_("City officers"),
    "developer": N_("Developers"),
    "journalist": N_("Journalists"),
    "portal": N_("Portals"),
    "researcher": N_("Researchers"),
}


class Call(NamedTuple):
    """A way to ask the question from a program."""

    name: str
    code: str


class OtherTie(NamedTuple):
    """A partnership of another kind than the requested one."""

    kinds: list[Value]
    since: Value
    partnership: Value


class AnswerTable(NamedTuple):
    """A result for people: `answer` for yes or no, else rows and their headings."""

    columns: list[str]
    rows: list[list[Value]]
    counted: str
    answer: str
    instead: tuple[OtherTie, ...] = ()  # ties of two places of another kind than the requested one


class QuestionPage(NamedTuple):
    """Everything the page of a question shows."""

    title: str
    question: str
    audience: list[str]
    action: str
    name: str
    fields: list[Field]
    problem: str
    table: AnswerTable | None
    query: str
    editor: str
    calls: list[Call]
    downloads: list[Link]
    iri: str


class Group(NamedTuple):
    """The questions for one kind of reader."""

    anchor: str
    name: str
    questions: list[Link]


def question_page(
    site: BuildReader, language: str, name: str, fields: Fields = ()
) -> tuple[int, bytes]:
    """Return status and page of the question `name`, run with `fields`, else with its example.

    An invalid value is reported on the page, above the form.
    """
    query = site.library[name]
    problem, bound, status = "", None, 200
    try:
        bound = bind_fields(site, query, fields) if fields else example_of(site, query)
    except TwingraphError as error:
        problem = words_of(language).error(error)
        status = 404 if isinstance(error, UnknownThingError) else 400
    current_path = f"{language}/query/{name}.html"
    shown_words = _tell(site, language, current_path, query, bound, problem, dict(fields))
    search = f"?{urlencode(bound.values)}" if bound is not None and fields else ""
    body = render(
        site,
        "question.html",
        language,
        current_path,
        title=shown_words.title,
        elsewhere={
            each_language: f"{each_language}/query/{name}.html{search}"
            for each_language in LANGUAGES
        },
        alternates=question_forms(name),
        page=shown_words,
    )
    return status, body


def question_forms(name: str) -> tuple[Alternate, ...]:
    """Return the descriptions of a question in RDF."""
    return (
        Alternate("Turtle", f"doc/query/{name}.ttl", "text/turtle"),
        Alternate("JSON-LD", f"doc/query/{name}.jsonld", "application/ld+json"),
    )


def questions_page(site: BuildReader, language: str) -> bytes:
    """Return the list of all questions, by who asks them."""
    current_path = f"{language}/query/index.html"
    words = words_of(language)
    groups = [
        Group(audience, words.gettext(_AUDIENCE_NAMES[audience]), _links(site, language, audience))
        for audience in AUDIENCES
        if _links(site, language, audience)
    ]
    return render(
        site,
        "questions.html",
        language,
        current_path,
        title=words.gettext("Questions"),
        groups=groups,
        elsewhere={
            each_language: f"{each_language}/query/index.html" for each_language in LANGUAGES
        },
        openapi=relative("openapi.json", current_path),
        examples=relative(".well-known/sparql-examples", current_path),
    )


def _links(site: BuildReader, language: str, audience: str) -> list[Link]:
    questions = [item for item in site.library.values() if audience in item.audience]
    links = [Link(choose_text(item.title, language)[0], f"{item.name}.html") for item in questions]
    return sorted(links, key=lambda link: sort_key(link.text))


def _tell(
    site: BuildReader,
    language: str,
    current_path: str,
    query: LibraryQuery,
    bound: BoundQuery | None,
    problem: str,
    typed: Mapping[str, str],
) -> QuestionPage:
    words = words_of(language)
    values = bound.values if bound is not None else {**query.examples(), **typed}
    text = text_of(bound or example_of(site, query))
    search = f"?{urlencode(bound.values)}" if bound is not None and bound.values else ""
    return QuestionPage(
        title=choose_text(query.title, language)[0],
        question=choose_text(query.question, language)[0],
        audience=[words.gettext(_AUDIENCE_NAMES[item]) for item in query.audience],
        action="answer/",
        name=query.name,
        fields=[field_of(site, language, parameter, values) for parameter in query.parameters],
        problem=problem,
        table=_table(site, language, current_path, bound) if bound is not None else None,
        query=text,
        editor=f"{relative('sparql', current_path)}?query={quote(text, safe='')}&lang={language}",
        calls=calls(site, bound, words.gettext("Command line")) if bound is not None else [],
        downloads=[
            Link(FORMAT_NAMES[suffix], relative(f"query/{query.name}.{suffix}", current_path)
                 + search, language=media_type)
            for suffix, media_type in formats_of(query).items()
        ],
        iri=f"{site.base}query/{query.name}",
    )  # fmt: skip


def calls(site: BuildReader, bound: BoundQuery, command_line: str = "Command line") -> list[Call]:
    """Return the calls of a question with curl, in Python and on the command line."""
    name = bound.query.name
    suffix = next(iter(formats_of(bound.query)))
    search = f"?{urlencode(bound.values)}" if bound.values else ""
    python = "".join(f", {key}={_quoted(value)}" for key, value in bound.values.items())
    words = "".join(
        f" {shlex.quote(f'{each_key}={value}')}" for each_key, value in bound.values.items()
    )
    return [
        Call("curl", f"curl -L {shlex.quote(f'{site.address}query/{name}.{suffix}{search}')}"),
        Call("Python", f'import twingraph\n\nrows = twingraph.query("{name}"{python})\n'
                       "for row in rows:\n    print(row)"),
        Call(command_line, f"twingraph query {name}{words}"),
    ]  # fmt: skip


def _quoted(text: str) -> str:
    """Return a text as Python and JSON both write it."""
    return json.dumps(text, ensure_ascii=False)


# --- the answer ----------------------------------------------------------------------------------


def _table(site: BuildReader, language: str, current_path: str, bound: BoundQuery) -> AnswerTable:
    words = words_of(language)
    rows = rows_of(site, bound)
    if rows.yes is not None:
        return _yes_or_no(site, language, current_path, bound, rows.yes)
    total, shown = len(rows.rows), rows.rows[:_SHOWN]
    facts = facts_about(site, language, shown)
    formatter = ValueFormatter(facts, current_path)
    kept = _kept(facts, bound, Rows(rows.variables, shown))
    counted = words.ngettext("{number} row", "{number} rows", total)
    if total > len(shown):
        counted = words.ngettext(
            "{number} row, of which the first {shown} are shown; the files below hold all.",
            "{number} rows, of which the first {shown} are shown; the files below hold all.",
            total,
            shown=words.number(len(shown)),
        )
    if not total:
        counted = words.gettext("Nothing matches.")
    return AnswerTable(
        [heading(rows.variables[item], language) for item in kept],
        [[_value(formatter, rows.variables[item], row[item]) for item in kept] for row in shown],
        counted,
        "",
    )


def _yes_or_no(
    site: BuildReader, language: str, current_path: str, bound: BoundQuery, yes: bool
) -> AnswerTable:
    """Return the result; if two cities are no twins, with their other ties."""
    words = words_of(language)
    heading_text, answer = words.gettext("Answer"), words.gettext("yes")
    if yes:
        return AnswerTable([], [], heading_text, answer)
    if bound.query.name != _TWINNED:
        return AnswerTable([], [], heading_text, words.gettext("no"))
    first, second = (bound.terms[name].value for name in ("one", "other"))
    rows = [row for row in partner_rows(site, first, language, current_path)
            if row.iri == second]  # fmt: skip
    ties = [OtherTie(row.kinds, row.since, row.partnership) for row in rows]
    answer = (
        words.gettext("Not as town twinning.")
        if ties
        else words.gettext("No: no source says so, nor that they are partners otherwise.")
    )
    return AnswerTable([], [], heading_text, answer, tuple(ties))


def _kept(facts: PageFacts, bound: BoundQuery, rows: Rows) -> list[int]:
    """Return the columns to show: no parameters, and no names that links show already."""
    kept = [column for column, name in enumerate(rows.variables) if name not in bound.terms]
    linked = [column for column in kept
              if any(isinstance(row[column], NamedNode) for row in rows.rows)]  # fmt: skip
    names = {
        column
        for column in kept
        if column not in linked
        and any(row[column] is not None for row in rows.rows)
        and all(
            row[column] is None
            or _text(row[column]) in _names(facts, [row[item] for item in linked])
            for row in rows.rows
        )
    }
    parameter_names = {f"{name}Name" for name in bound.terms}
    remaining = [
        column
        for column in kept
        if column not in names and rows.variables[column] not in parameter_names
    ]
    filled = [column for column in remaining if any(row[column] is not None for row in rows.rows)]
    return filled or remaining


def _text(term: object) -> str:
    return term.value if isinstance(term, Literal) else ""


def _names(facts: PageFacts, terms: list[object]) -> set[str]:
    things = (term.value for term in terms if isinstance(term, NamedNode))
    return {
        text for thing in things for verb in LABELS for text in facts.texts(thing, verb).values()
    }


def _value(formatter: ValueFormatter, variable: str, term: object) -> Value:
    site, language = formatter.site, formatter.language
    if isinstance(term, NamedNode):
        iri = term.value
        if iri in KIND_OF_CLASS and site.path(iri) is None:
            link = outside_link(iri) or ""
            return Value(kind_name(KIND_OF_CLASS[iri], language), link, outside=True)
        return formatter.link(iri)
    if not isinstance(term, Literal):
        return Value("" if term is None else str(term))
    if term.language:
        return Value(term.value, language="" if term.language == language else term.language)
    if variable == "distanceKm":
        return formatter.value(term, TG.distanceKm.value)
    if term.datatype == XSD.string:
        if variable in DATES:
            words, iso = date_text(cell(term.value, language), language)
            return Value(words, iso=iso, absent=term.value == "not stated")
        return Value(cell(term.value, language), absent=term.value == "not stated")
    return formatter.value(term)
