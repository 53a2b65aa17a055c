"""The query library: `.rq` files whose `#+` header has title, question, audience and parameters.

docs/queries.md describes the header; a file with another header is an error with its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twingraph.problems import TwingraphError, split_lines
from twingraph.rdf.iris import SLUG
from twingraph.rdf.vocabulary import HOME
from twingraph.sparql.parameters import KINDS, READERS, TYPES, Parameter, Term, suggest
from twingraph.translation import M_, PAIRED

AUDIENCES: Final = (
    "citizen", "city-officer", "developer", "journalist", "portal", "researcher",
)  # fmt: skip


@dataclass(frozen=True)
class LibraryQuery:
    """One query of the library: its question, its audience, its parameters, and its SPARQL.

    The text names no entity: entities are parameters, so that it runs on every project's graph.
    """

    name: str
    title: Mapping[str, str]
    question: Mapping[str, str]
    audience: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str
    file: Path

    def examples(self) -> dict[str, str]:
        """Return the example of each parameter, as an argument for `bind`."""
        return {parameter.name: parameter.example for parameter in self.parameters}


# --- the files -----------------------------------------------------------------------------------


def load_library(folder: Path) -> dict[str, LibraryQuery]:
    """Read the queries of `folder`, by name; raises `TwingraphError` with file and line."""
    queries = {}
    for path in sorted(folder.glob("*.rq")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TwingraphError(f"{path}: {error}; save the query as readable UTF-8") from None
        queries[path.stem] = read_query(text, path)
    return queries


def pick(library: Mapping[str, LibraryQuery], name: str) -> LibraryQuery:
    """Return a query by its name; raises `TwingraphError` that suggests the nearest names.

    >>> pick({}, "partners-of")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: no query is called 'partners-of'; the library is empty
    """
    if name in library:
        return library[name]
    raise TwingraphError(f"no query is called '{name}'; {suggest(name, library, 'library')}")


_NAME: Final = re.compile(r"[a-z][a-zA-Z0-9]*")
_LINE: Final = re.compile(r"#\+ (?P<key>[a-z]+(\.[a-z]+)?): (?P<value>\S.*)")
_PARAMETER: Final = re.compile(
    r"(?P<name>\S+) (?P<type>[a-z]+)(:(?P<kind>[a-z-]+))? (?P<example>\"[^\"]+\"|\S+)"
    r" (?P<en>[^|]*[^|\s]) \| (?P<de>[^|]*[^|\s])"
)
_KEYS: Final = (
    *(f"{field}.{language}" for field in ("title", "question") for language in PAIRED),
    "for",
)


def read_query(text: str, file: Path) -> LibraryQuery:
    """Read the header of a query; raises `TwingraphError` that says what to write on which line.

    >>> text = '''#+ title.en: Partners
    ... #+ title.de: Partner
    ... #+ question.en: Which partners does a city have?
    ... #+ question.de: Welche Partner hat eine Stadt?
    ... #+ for: citizen, portal
    ... #+ parameter: place iri:place place:bonn The city | Die Stadt
    ... ASK { ?place ?p ?o }
    ... '''
    >>> read = read_query(text, Path("partners.rq"))
    >>> read.name, read.audience, read.parameters[0].example
    ('partners', ('citizen', 'portal'), 'place:bonn')
    >>> read_query("#+ titel: Partner", Path("partners.rq"))
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: partners.rq:1: unknown key 'titel'; write one of title.en, \
title.de, question.en, question.de, for, parameter
    """
    values: dict[str, str] = {}
    parameters: list[Parameter] = []
    number = 0
    for number, line in enumerate(split_lines(text), start=1):
        if not line.startswith("#+"):
            break
        place = f"{file}:{number}"
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            raise TwingraphError(f"{place}: '{line}' is no header line; write '#+ key: value'")
        key, value = match["key"], match["value"]
        if key == "parameter":
            parameters.append(
                _read_parameter(value, place, {parameter.name for parameter in parameters})
            )
        elif key not in _KEYS:
            keys = ", ".join((*_KEYS, "parameter"))
            raise TwingraphError(f"{place}: unknown key '{key}'; write one of {keys}")
        elif key in values:
            raise TwingraphError(f"{place}: '{key}' a second time; write it once")
        else:
            values[key] = value
    missing = [key for key in _KEYS if key not in values]
    if missing:
        raise TwingraphError(f"{file}:{number}: no {missing[0]}; write '#+ {missing[0]}: …' above")
    if not SLUG.fullmatch(file.stem):
        raise TwingraphError(f"{file}:1: no name for a query; write a-z, 0-9 and single hyphens")
    for each_parameter in parameters:
        if not re.search(rf"[?$]{each_parameter.name}\b", text):
            raise TwingraphError(
                f"{file}:1: parameter {each_parameter.name} is nowhere; "
                f"write ?{each_parameter.name}"
            )
    return LibraryQuery(
        file.stem,
        {language: values[f"title.{language}"] for language in PAIRED},
        {language: values[f"question.{language}"] for language in PAIRED},
        _read_audience(values["for"], f"{file}:1"),
        tuple(parameters),
        text,
        file,
    )


def _read_audience(value: str, place: str) -> tuple[str, ...]:
    audience = tuple(part.strip() for part in value.split(","))
    for item in audience:
        if item not in AUDIENCES:
            raise TwingraphError(f"{place}: for '{item}'; write one of {', '.join(AUDIENCES)}")
    return audience


def _read_parameter(value: str, place: str, taken: set[str]) -> Parameter:
    match = _PARAMETER.fullmatch(value)
    if match is None:
        raise TwingraphError(
            f"{place}: '{value}' is no parameter; write "
            "'name type example English words | deutsche Wörter'"
        )
    name, type_, kind = match["name"], match["type"], match["kind"] or ""
    if not _NAME.fullmatch(name) or name in taken:
        raise TwingraphError(f"{place}: parameter name '{name}'; write a new one, as firstYear")
    if type_ not in READERS:
        raise TwingraphError(f"{place}: type '{type_}'; write one of {', '.join(READERS)}")
    if kind and (type_ != "iri" or kind not in KINDS):
        raise TwingraphError(f"{place}: kind '{kind}'; write iri:place or another of our prefixes")
    words = {"en": match["en"], "de": match["de"]}
    parameter = Parameter(name, TYPES[type_], match["example"].strip('"'), words, kind)
    try:
        READERS[type_](parameter, parameter.example, HOME)
    except TwingraphError as error:
        raise TwingraphError(f"{place}: {error}") from None
    return parameter


# --- binding -------------------------------------------------------------------------------------


def bind(query: LibraryQuery, values: Mapping[str, str], base: str = HOME) -> dict[str, Term]:
    """Parse the values of a query's parameters as RDF terms; its text is not changed.

    `base` is the base IRI of the graph. Raises `TwingraphError` that says what to write.
    """
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in values:
        if name not in known:
            hint = suggest(name, known, f"list of parameters of {query.name}")
            raise TwingraphError(
                M_(
                    "{query} has no parameter '{name}'; {hint}",
                    query=query.name,
                    name=name,
                    hint=hint,
                )
            )
    missing = [parameter for parameter in query.parameters if parameter.name not in values]
    if missing:
        wanted = ", ".join(f"{item.name} (as {item.name}={item.example})" for item in missing)
        raise TwingraphError(M_("{query} needs {wanted}", query=query.name, wanted=wanted))
    return {
        name: READERS[item.type](item, values[name], base)
        for name, item in known.items()
    }  # fmt: skip


def library_section(library: Mapping[str, LibraryQuery]) -> str:
    """Return the part of docs/queries.md that lists every query, in Markdown.

    >>> library_section({})
    ''
    """
    parts = []
    for query in library.values():
        lines = [
            f"### {query.name}",
            "",
            query.question["en"],
            f"*{query.question['de']}*",
            "",
            f"For: {', '.join(query.audience)}.",
        ]
        if query.parameters:
            lines += ["", "| parameter | type | example | meaning |", "|---|---|---|---|"]
        for parameter in query.parameters:
            kind = f"{parameter.type}:{parameter.kind}" if parameter.kind else parameter.type
            words = f"{parameter.description['en']} / *{parameter.description['de']}*"
            lines.append(f"| `{parameter.name}` | {kind} | `{parameter.example}` | {words} |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)
