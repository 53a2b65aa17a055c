"""Terms of ours that a query names and that there are none of: nothing is ever found with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Final, NamedTuple

from pyoxigraph import DefaultGraph, NamedNode

from twingraph.rdf.vocabulary import PREFIXES, RDF
from twingraph.sparql.guard import Token, tokens
from twingraph.sparql.lint import closest, declared_in
from twingraph.sparql.queryable import Queryable

_READ: Final = 3000  # tokens; a longer query was written by a program
_TOLD: Final = 5  # nobody reads more, and each takes a comparison with all there are


class Unknown(NamedTuple):
    """A term of ours in a query that is none, as it was written, and what was probably meant."""

    written: str
    meant: str
    line: int
    column: int


def unknown_terms(
    text: str, known: Collection[str], base: str, prefixes: Mapping[str, str] = PREFIXES
) -> list[Unknown]:
    """Return the first terms and concepts of ours that `text` names and that are not in `known`.

    They are no mistake of SPARQL, but nothing is ever found with them. `known` is what `terms_of`
    returns.

    >>> home = "https://w3id.org/twingraph/"
    >>> unknown_terms("ASK { ?a tg:partnr ?b }", {home + "ns#partner"}, home)
    [Unknown(written='tg:partnr', meant='tg:partner', line=1, column=10)]
    """
    found: dict[str, Unknown] = {}
    read = list(islice(tokens(text), _READ))
    declared = {**prefixes, **declared_in(read)}
    for at, token in enumerate(read):
        if "PREFIX" in (one.text.upper() for one in read[max(0, at - 2) : at]):
            continue
        iri = _iri(token, declared)
        namespace = next((one for one in _ours(base) if iri.startswith(one)), "")
        if not namespace or iri in known or iri == namespace or iri in found:
            continue
        close = closest(iri.removeprefix(namespace), (
            one.removeprefix(namespace) for one in known if one.startswith(namespace)))  # fmt: skip
        meant = _as_written(token, iri, namespace + close, declared) if close else ""
        line = text.count("\n", 0, token.start) + 1
        column = token.start - text.rfind("\n", 0, token.start)
        found[iri] = Unknown(token.text, meant, line, column)
        if len(found) == _TOLD:
            break
    return list(found.values())


def terms_of(store: Queryable, base: str) -> frozenset[str]:
    """Return the terms of the ontology and the concepts that are published under `base`."""
    typed = store.quads_for_pattern(None, RDF.type, None, DefaultGraph())
    named = (one.subject.value for one in typed if isinstance(one.subject, NamedNode))
    return frozenset(one for one in named if one.startswith(_ours(base)))


def _ours(base: str) -> tuple[str, ...]:
    return base + "ns#", base + "vocab/"


def _as_written(token: Token, iri: str, meant: str, prefixes: Mapping[str, str]) -> str:
    if token.kind == "iri":
        return f"<{meant}>"
    name = token.text.partition(":")[0]
    namespace = prefixes[name]
    return (
        f"{name}:{meant.removeprefix(namespace)}" if meant.startswith(namespace) else f"<{meant}>"
    )


def _iri(token: Token, prefixes: Mapping[str, str]) -> str:
    if token.kind == "iri":
        return token.text[1:-1]
    name, _, local = token.text.partition(":")
    return prefixes[name] + local if token.kind == "name" and name in prefixes else ""
