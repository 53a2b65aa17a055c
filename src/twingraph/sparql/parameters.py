"""The parameters of a library query: a typed text -> an RDF term, or words on what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Final, Literal

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode

from twingraph.derive.names import fold
from twingraph.problems import TwingraphError
from twingraph.rdf.iris import SLUG, path_of
from twingraph.rdf.vocabulary import ENTITY_PREFIXES, SCHEMES, XSD, prefixes_for
from twingraph.translation import M_, Message

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


def suggest(name: str, known: Mapping[str, object], whole: str) -> Message:
    """Return what a name that is unknown may mean; `whole` is what all the known ones are."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return M_("did you mean {options}?", options=tuple(near))
    if known:
        return M_("write one of {options}", options=", ".join(known))
    return M_("the {list} is empty", list=whole)


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
        hint = suggest(match["prefix"], prefixes, "list of prefixes")
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


READERS: Final[dict[str, Callable[[Parameter, str, str], Term]]] = {
    "iri": _read_iri,
    "date": _read_date,
    "integer": _read_integer,
    "string": _read_string,
    "langtag": _read_langtag,
    "name": _read_name,
}
TYPES: Final[dict[str, Type]] = {
    "iri": "iri", "date": "date", "integer": "integer", "string": "string", "langtag": "langtag",
    "name": "name",
}  # fmt: skip
