"""Unknown terms of our namespaces in a query: a query with one never finds anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Final, NamedTuple

from pyoxigraph import DefaultGraph, NamedNode

from twingraph.rdf.vocabulary import CODES, NS, PREFIXES, RDF
from twingraph.sparql.lexer import Lines, Token, read
from twingraph.sparql.lint import closest
from twingraph.sparql.queryable import Queryable

_READ: Final = 3000  # tokens; a longer query was written by a program
_LONGEST: Final = 200  # characters of a term that are shown
_OURS: Final = (NS, CODES)
_MOST_SHOWN: Final = 5  # terms; each takes a comparison with all known terms


class Unknown(NamedTuple):
    """An unknown term in a query, as it was written, and what was probably meant."""

    written: str
    meant: str
    line: int
    column: int


def unknown_terms(
    text: str, known: Collection[str], base: str, prefixes: Mapping[str, str] = PREFIXES
) -> list[Unknown]:
    """Return the first terms of our ontology and code lists in `text` that are not in `known`.

    They are no error in SPARQL, but a pattern with one never matches. `known` is the result of
    `terms_of`, `base` is the base for relative IRIs.

    >>> unknown_terms("ASK { ?a tg:partnr ?b }", {NS + "partner"}, "http://e/")
    [Unknown(written='tg:partnr', meant='tg:partner', line=1, column=10)]
    """
    unknown: dict[str, Unknown] = {}
    lines = Lines(text)
    for token, iri, declares, _ in islice(read(text, base, prefixes), _READ):
        namespace = next((candidate for candidate in _OURS if iri.startswith(candidate)), "")
        if declares or not namespace or iri in known or iri == namespace or iri in unknown:
            continue
        siblings = (term.removeprefix(namespace) for term in known if term.startswith(namespace))
        close = closest(iri.removeprefix(namespace), siblings)
        meant = _as_written(token, iri, namespace + close) if close else ""
        unknown[iri] = Unknown(token.text[:_LONGEST], meant, *lines.place(token.start))
        if len(unknown) == _MOST_SHOWN:
            break
    return list(unknown.values())


def terms_of(store: Queryable) -> frozenset[str]:
    """Return the terms of the ontology and the concepts that are published."""
    typed = store.quads_for_pattern(None, RDF.type, None, DefaultGraph())
    named = (item.subject.value for item in typed if isinstance(item.subject, NamedNode))
    return frozenset(item for item in named if item.startswith(_OURS))


def _as_written(token: Token, iri: str, meant: str) -> str:
    name, _, local = token.text.partition(":")
    namespace = iri.removesuffix(local)
    if token.kind == "name" and meant.startswith(namespace):
        return f"{name}:{meant.removeprefix(namespace)}"
    return f"<{meant}>"
