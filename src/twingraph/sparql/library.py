"""The query library: questions as `.rq` files whose `#+` header says what is asked and of what.

docs/queries.md describes the header; a file that departs from it is an error with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from twingraph.derive.names import fold
from twingraph.problems import TwingraphError, split_lines
from twingraph.rdf.iris import SLUG, path_of
from twingraph.rdf.vocabulary import ENTITY_PREFIXES, HOME, SCHEMES, XSD, prefixes_for
from twingraph.translation import M_, Message

LANGUAGES: Final = ("en", "de")
AUDIENCES: Final = (
    "citizen", "city-officer", "developer", "journalist", "portal", "researcher",
)  # fmt: skip

Type = Literal["iri", "date", "integer", "string", "langtag", "name"]
Term = NamedNode | RdfLiteral


@dataclass(frozen=True)
class Parameter:
    """What a query must be given: a variable of its text, bound to one RDF term.

    `kind` is the prefix that a bare slug belongs to (`place`, `field`), empty where none does.
    """

    name: str
    type: Type
    example: str
    description: Mapping[str, str]
    kind: str = ""


@dataclass(frozen=True)
class LibraryQuery:
    """One question: in words, for whom, with which parameters, and as SPARQL.

    The text names no entity: entities come in as parameters, so it runs on anybody's graph.
    """

    name: str
    title: Mapping[str, str]
    question: Mapping[str, str]
    audience: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    text: str
    file: Path

    def examples(self) -> dict[str, str]:
        """Return the example of each parameter, as `bind` takes it."""
        return {parameter.name: parameter.example for parameter in self.parameters}


# --- the files -----------------------------------------------------------------------------------


def load_library(folder: Path) -> dict[str, LibraryQuery]:
    """Read the queries of `folder`, by name; raises `TwingraphError` with file and line."""
    found = {}
    for path in sorted(folder.glob("*.rq")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TwingraphError(f"{path}: {error}; save the query as readable UTF-8") from None
        found[path.stem] = read_query(text, path)
    return found


def pick(library: Mapping[str, LibraryQuery], name: str) -> LibraryQuery:
    """Return a query by its name; raises `TwingraphError` that offers the nearest names.

    >>> pick({}, "partners-of")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: no query is called 'partners-of'; the library is empty
    """
    if name in library:
        return library[name]
    raise TwingraphError(f"no query is called '{name}'; {_suggest(name, library, 'library')}")


def _suggest(name: str, known: Mapping[str, object], whole: str) -> Message:
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return M_("did you mean {options}?", options=tuple(near))
    if known:
        return M_("write one of {options}", options=", ".join(known))
    return M_("the {list} is empty", list=whole)


_NAME: Final = re.compile(r"[a-z][a-zA-Z0-9]*")
_LINE: Final = re.compile(r"#\+ (?P<key>[a-z]+(\.[a-z]+)?): (?P<value>\S.*)")
_PARAMETER: Final = re.compile(
    r"(?P<name>\S+) (?P<type>[a-z]+)(:(?P<kind>[a-z-]+))? (?P<example>\"[^\"]+\"|\S+)"
    r" (?P<en>[^|]*[^|\s]) \| (?P<de>[^|]*[^|\s])"
)
_KEYS: Final = (
    *(f"{field}.{language}" for field in ("title", "question") for language in LANGUAGES),
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
        {language: values[f"title.{language}"] for language in LANGUAGES},
        {language: values[f"question.{language}"] for language in LANGUAGES},
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
    if type_ not in _READERS:
        raise TwingraphError(f"{place}: type '{type_}'; write one of {', '.join(_READERS)}")
    if kind and (type_ != "iri" or kind not in KINDS):
        raise TwingraphError(f"{place}: kind '{kind}'; write iri:place or another of our prefixes")
    words = {"en": match["en"], "de": match["de"]}
    parameter = Parameter(name, _TYPES[type_], match["example"].strip('"'), words, kind)
    try:
        _READERS[type_](parameter, parameter.example, HOME)
    except TwingraphError as error:
        raise TwingraphError(f"{place}: {error}") from None
    return parameter


# --- binding -------------------------------------------------------------------------------------


def bind(query: LibraryQuery, values: Mapping[str, str], base: str = HOME) -> dict[str, Term]:
    """Read the values of a query's parameters as RDF terms; nothing is pasted into its text.

    `base` is the base IRI of the graph to ask. Raises `TwingraphError` that says what to write.
    """
    known = {parameter.name: parameter for parameter in query.parameters}
    for name in values:
        if name not in known:
            hint = _suggest(name, known, f"list of parameters of {query.name}")
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
        name: _READERS[item.type](item, values[name], base)
        for name, item in known.items()
    }  # fmt: skip


# What a bare slug can belong to: a kind of entities, a code list, the ontology, the shapes.
KINDS: Final = frozenset({*ENTITY_PREFIXES, *SCHEMES, "tg", "tgs"})

_IRI: Final = re.compile(r"https?://[^\x00-\x20<>\"{}|^`\\]+|urn:[^\x00-\x20<>\"{}|^`\\]+")
_PREFIXED: Final = re.compile(
    r"(?P<prefix>[a-z-]+):(?P<local>[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)"
)
MAX_LENGTH: Final = 2000
# What a parameter may be at all, for OpenAPI too: some text on one line, no control characters.
TEXT_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"
_TEXT: Final = re.compile(TEXT_PATTERN[1:-2] + f"{{1,{MAX_LENGTH}}}")
_MOST_DIGITS: Final = 15
LARGEST_INTEGER: Final = 10**_MOST_DIGITS - 1


class UnknownThingError(TwingraphError):
    """Nothing is meant by what was given; the message names what is nearly called so."""


def _read_iri(parameter: Parameter, text: str, base: str) -> NamedNode:
    wanted = M_("write {example}, or a whole IRI", example=parameter.example)
    prefixes = prefixes_for(base)
    no_iri = M_(
        "{parameter} is {given}, no IRI; {wanted}",
        parameter=parameter.name,
        given=_shown(text),
        wanted=wanted,
    )
    if not _TEXT.fullmatch(text):
        raise TwingraphError(no_iri)
    text = text.strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    if parameter.kind and SLUG.fullmatch(text):
        return NamedNode(prefixes[parameter.kind] + text)
    if _IRI.fullmatch(text):
        return NamedNode(_of_kind(parameter, text, base))
    match = _PREFIXED.fullmatch(text)
    if match is None:
        raise UnknownThingError(no_iri)
    if match["prefix"] not in prefixes:
        hint = _suggest(match["prefix"], prefixes, "list of prefixes")
        raise UnknownThingError(
            M_(
                "{parameter}: unknown prefix '{prefix}:'; {hint}",
                parameter=parameter.name,
                prefix=match["prefix"],
                hint=hint,
            )
        )
    iri = prefixes[match["prefix"]] + match["local"]
    return NamedNode(_of_kind(parameter, iri, base))


def _of_kind(parameter: Parameter, iri: str, base: str) -> str:
    """Refuse a thing of ours that is of another kind than is asked for: it has no answer."""
    wanted = prefixes_for(base)[parameter.kind] if parameter.kind else ""
    if path_of(iri, base) is not None and not iri.startswith(wanted):
        raise TwingraphError(
            M_(
                "{parameter} is {given}, another kind of thing; write one such as {example}",
                parameter=parameter.name,
                given=_shown(iri),
                example=parameter.example,
            )
        )
    return iri


def _read_date(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = None
    if day is None or day.isoformat() != text.strip():
        raise TwingraphError(
            M_(
                "{parameter} is {given}, no day; write 1990-10-03",
                parameter=parameter.name,
                given=_shown(text),
            )
        )
    return RdfLiteral(day.isoformat(), datatype=XSD.date)


def _read_integer(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    if not re.fullmatch(rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}", text.strip()):
        raise TwingraphError(
            M_(
                "{parameter} is {given}, no whole number; write 2027",
                parameter=parameter.name,
                given=_shown(text),
            )
        )
    return RdfLiteral(int(text))


def _read_string(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    if not _TEXT.fullmatch(text):
        raise TwingraphError(
            M_(
                "{parameter} is {given}; write up to {most} letters on one line",
                parameter=parameter.name,
                given=_shown(text),
                most=MAX_LENGTH,
            )
        )
    return RdfLiteral(text)


def _read_name(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    """SPARQL can't fold, so the name is folded before it is bound (`tg:foldedName`)."""
    folded = fold(text) if _TEXT.fullmatch(text) else ""
    if not folded:
        raise (UnknownThingError if _TEXT.fullmatch(text) else TwingraphError)(
            M_(
                "{parameter} is {given}, no name; write Windhuk",
                parameter=parameter.name,
                given=_shown(text),
            )
        )
    return RdfLiteral(folded)


def _read_langtag(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    if not re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", text.strip()):
        raise TwingraphError(
            M_(
                "{parameter} is {given}, no language; write de or en",
                parameter=parameter.name,
                given=_shown(text),
            )
        )
    return RdfLiteral(text.strip().lower())


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")


_READERS: Final[dict[str, Callable[[Parameter, str, str], Term]]] = {
    "iri": _read_iri,
    "date": _read_date,
    "integer": _read_integer,
    "string": _read_string,
    "langtag": _read_langtag,
    "name": _read_name,
}
_TYPES: Final[dict[str, Type]] = {
    "iri": "iri", "date": "date", "integer": "integer", "string": "string", "langtag": "langtag",
    "name": "name",
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
