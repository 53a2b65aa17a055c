"""Names as values of parameters: `place=Peking` is `place=place:beijing`.

A slug, a prefixed name or an IRI that is in the graph is used as it is; anything else is looked up
among the folded names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode

from twingraph.derive.names import fold
from twingraph.problems import TwingraphError
from twingraph.rdf.iris import SLUG
from twingraph.rdf.vocabulary import HOME, TG, prefixes_for
from twingraph.sparql.library import LibraryQuery
from twingraph.sparql.parameters import Parameter, UnknownThingError, shown
from twingraph.sparql.queryable import Queryable
from twingraph.translation import M_

# An IRI or a prefixed name, right or wrong: no name of an entity has a colon in its first word.
_WRITTEN_OUT: Final = re.compile(r"<?[a-z-]+:\S+")


_SAME_AS: Final = NamedNode("http://www.w3.org/2002/07/owl#sameAs")
# How people write identifiers of other databases, and their IRIs.
_IDENTIFIERS: Final = (
    (
        re.compile(r"(?:https?://(?:www\.|m\.)?wikidata\.org/(?:wiki|entity)/|wd:)?(Q\d+)", re.I),
        "http://www.wikidata.org/entity/{}",
    ),
    (
        re.compile(r"(?:https?://(?:sws\.|www\.)?geonames\.org/|gn:)?(\d+)(?:/.*)?"),
        "https://sws.geonames.org/{}/",
    ),
)


def named(
    query: LibraryQuery, values: Mapping[str, str], store: Queryable, base: str = HOME
) -> dict[str, str]:
    """Return `values` for `bind`, with names replaced by the IRIs of the entities they name.

    Only parameters of type `iri:<kind>` are looked up. Raises `TwingraphError` for a name of
    several entities of the kind, and for one that is neither a name nor a slug but similar to some.
    """
    kinds = {
        parameter.name: parameter
        for parameter in query.parameters
        if parameter.type == "iri" and parameter.kind
    }
    return {
        name: _iri_of(kinds[name], text.strip(), store, base) if name in kinds else text
        for name, text in values.items()
    }


def _iri_of(parameter: Parameter, text: str, store: Queryable, base: str) -> str:
    prefix = prefixes_for(base)[parameter.kind]
    if _exists(parameter.kind, text, store, base):
        return text
    known = _by_identifier(prefix, text, store)
    if known:
        return known
    if _WRITTEN_OUT.fullmatch(text):
        iri = text.removeprefix("<").removesuffix(">")
        iri = iri.replace(f"{parameter.kind}:", prefix, 1) if text[:1] != "<" else iri
        slug = iri.removeprefix(prefix)
        if (
            iri.startswith(prefix)
            and SLUG.fullmatch(slug)
            and not _exists(parameter.kind, slug, store, base)
        ):
            raise _unknown(parameter, text, slug, store, base)
        return text
    matches = named_things(parameter.kind, text, store, base)
    if len(matches) == 1:
        return matches[0]
    options = [f"{parameter.kind}:{item.removeprefix(prefix)}" for item in matches]
    if options:
        raise TwingraphError(
            M_(
                "{parameter} is {given}, which {number} things are called; write {options}",
                parameter=parameter.name,
                given=shown(text),
                number=len(options),
                options=tuple(options),
            )
        )
    if SLUG.fullmatch(text) or _near(parameter.kind, text, store, base):
        raise _unknown(parameter, text, text, store, base)
    return text  # no name of an entity; `bind` reports what to write


def _unknown(
    parameter: Parameter, text: str, name: str, store: Queryable, base: str
) -> UnknownThingError:
    """Return the error for a name of nothing, with the most similar names."""
    suggestions = [f"{parameter.kind}:{item}" for item in _near(parameter.kind, name, store, base)]
    hint = (
        M_("did you mean {options}?", options=tuple(suggestions))
        if suggestions
        else M_("search for it by name")
    )
    return UnknownThingError(
        M_(
            "{parameter} is {given}, which nothing is called; {hint}",
            parameter=parameter.name,
            given=shown(text),
            hint=hint,
        )
    )


def _by_identifier(prefix: str, text: str, store: Queryable) -> str:
    """Return the IRI of the entity with this external identifier; '' if there is none."""
    for pattern, form in _IDENTIFIERS:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        same = NamedNode(form.format(match[1].upper()))
        for quad in store.quads_for_pattern(None, _SAME_AS, same, DefaultGraph()):
            if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(prefix):
                return quad.subject.value
    return ""


def named_things(kind: str, name: str, store: Queryable, base: str = HOME) -> list[str]:
    """Return the IRIs of the entities of a kind (`place`, `field`…) with this name, sorted."""
    folded = fold(name)
    if not folded:
        return []
    prefix = prefixes_for(base)[kind]
    quads = store.quads_for_pattern(None, TG.foldedName, Literal(folded), DefaultGraph())
    things = {quad.subject.value for quad in quads if isinstance(quad.subject, NamedNode)}
    return sorted(thing for thing in things if thing.startswith(prefix))


def _exists(kind: str, slug: str, store: Queryable, base: str) -> bool:
    if not SLUG.fullmatch(slug):
        return False
    thing = NamedNode(prefixes_for(base)[kind] + slug)
    return any(store.quads_for_pattern(thing, None, None, DefaultGraph()))


def _near(kind: str, text: str, store: Queryable, base: str) -> list[str]:
    prefix = prefixes_for(base)[kind]
    things: dict[str, str] = {}
    for quad in store.quads_for_pattern(None, TG.foldedName, None, DefaultGraph()):
        if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(prefix):
            assert isinstance(quad.object, Literal), "folded names are texts"
            things[quad.object.value] = quad.subject.value.removeprefix(prefix)
    matches = get_close_matches(fold(text)[:80], sorted(things), n=3, cutoff=0.7)
    return sorted({things[item] for item in matches})
