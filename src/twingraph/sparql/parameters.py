"""The parameters of a library query: the text of a value -> an RDF term, or an error message."""

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
    """A parameter of a query: a variable of its text that is bound to one RDF term.

    `kind` is the prefix for a bare slug (`place`, `field`), empty if slugs are not allowed.
    """

    name: str
    type: Type
    example: str
    description: Mapping[str, str]
    kind: str = ""


def suggest(name: str, known: Mapping[str, object], whole: str) -> Message:
    """Return what an unknown name may mean; `whole` describes the set of all known names."""
    matches = get_close_matches(name, known, n=3, cutoff=0.5)
    if matches:
        return M_("did you mean {options}?", options=tuple(matches))
    if known:
        return M_("write one of {options}", options=", ".join(known))
    return M_("the {list} is empty", list=whole)


# The namespaces of bare slugs: kinds of entities, code lists, the ontology, the shapes.
KINDS: Final = frozenset({*ENTITY_PREFIXES, *SCHEMES, "tg", "tgs"})

_IRI: Final = re.compile(r"https?://[^\x00-\x20<>\"{}|^`\\]+|urn:[^\x00-\x20<>\"{}|^`\\]+")
_PREFIXED: Final = re.compile(
    r"(?P<prefix>[a-z-]+):(?P<local>[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?)"
)
MAX_LENGTH: Final = 2000
# The form of every value, for OpenAPI too: text on one line without control characters.
TEXT_PATTERN: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"
_TEXT: Final = re.compile(TEXT_PATTERN[1:-2] + f"{{1,{MAX_LENGTH}}}")
_MOST_DIGITS: Final = 15
LARGEST_INTEGER: Final = 10**_MOST_DIGITS - 1


class UnknownThingError(TwingraphError):
    """A value that names nothing; the message has the most similar names."""


def _read_iri(parameter: Parameter, text: str, base: str) -> NamedNode:
    wanted = M_("write {example}, or a whole IRI", example=parameter.example)
    prefixes = prefixes_for(base)
    no_iri = M_(
        "{parameter} is {given}, no IRI; {wanted}",
        parameter=parameter.name,
        given=shown(text),
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
    """Refuse an entity of ours of another kind than the parameter's: there is no answer."""
    wanted = prefixes_for(base)[parameter.kind] if parameter.kind else ""
    if path_of(iri, base) is not None and not iri.startswith(wanted):
        raise TwingraphError(
            M_(
                "{parameter} is {given}, another kind of thing; write one such as {example}",
                parameter=parameter.name,
                given=shown(iri),
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
                given=shown(text),
            )
        )
    return RdfLiteral(day.isoformat(), datatype=XSD.date)


def _read_integer(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    if not re.fullmatch(rf"[+-]?[0-9]{{1,{_MOST_DIGITS}}}", text.strip()):
        raise TwingraphError(
            M_(
                "{parameter} is {given}, no whole number; write 2027",
                parameter=parameter.name,
                given=shown(text),
            )
        )
    return RdfLiteral(int(text))


def _read_string(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    if not _TEXT.fullmatch(text):
        raise TwingraphError(
            M_(
                "{parameter} is {given}; write up to {most} letters on one line",
                parameter=parameter.name,
                given=shown(text),
                most=MAX_LENGTH,
            )
        )
    return RdfLiteral(text)


def _read_name(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    """SPARQL has no function that folds names, so they are folded here (`tg:foldedName`)."""
    folded = fold(text) if _TEXT.fullmatch(text) else ""
    if not folded:
        raise (UnknownThingError if _TEXT.fullmatch(text) else TwingraphError)(
            M_(
                "{parameter} is {given}, no name; write Windhuk",
                parameter=parameter.name,
                given=shown(text),
            )
        )
    return RdfLiteral(folded)


def _read_langtag(parameter: Parameter, text: str, base: str) -> RdfLiteral:
    if not re.fullmatch(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", text.strip()):
        raise TwingraphError(
            M_(
                "{parameter} is {given}, no language; write de or en",
                parameter=parameter.name,
                given=shown(text),
            )
        )
    return RdfLiteral(text.strip().lower())


def shown(text: str) -> str:
    """Return a text in quotes for a message, shortened to 80 characters."""
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
