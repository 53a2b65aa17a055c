"""One thing as one JSON object: what it says, its claims and citations inside, who points to it.

The tree that JSON-LD Framing would make, made directly: every statement of a description stands in
it, so that a JSON-LD processor reads back exactly what went in. Things of ours are objects wherever
they are named, with their names; things of others are their IRIs. What has no place in the tree
(what properties and classes are called) stands at its end, in `included`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.publish.jsonld import Json, keys_of, node_object
from twingraph.turtle import plain
from twingraph.vocabulary import HOME, PREFIXES, RDF, RDFS, SKOS, TG

_NAMES: Final = frozenset({RDFS.label, SKOS.prefLabel, NamedNode(PREFIXES["dcterms"] + "title")})

_Facts = dict[NamedNode, list[Any]]


def frame(triples: Iterable[Triple], thing: str, context: Json, base: str = HOME) -> Json:
    """Return the description of `thing` as one tree, without its context.

    >>> label = {"@id": RDFS.label.value, "@container": "@language"}
    >>> bonn, minsk = (NamedNode(f"{HOME}id/place/{name}") for name in ("bonn", "minsk"))
    >>> frame(
    ...     [Triple(minsk, TG.partnerOf, bonn), Triple(minsk, RDFS.label, Literal("Minsk", language="en"))],
    ...     bonn.value, {"label": label},
    ... )["linkedFrom"]
    {'https://w3id.org/twingraph/ns#partnerOf': [{'id': 'https://w3id.org/twingraph/id/place/minsk', \
'label': {'en': 'Minsk'}}]}
    """
    return _Framer(triples, thing, context, base).tree()


def write_framed(triples: Iterable[Triple], thing: str, context: Json, base: str = HOME) -> str:
    """Return the description as a JSON-LD document that brings along as much context as it uses."""
    tree = frame(triples, thing, context, base)
    used = {"@version", *_keys_in(tree)}
    kept = {name: value for name, value in context.items() if name in used}
    return _text({"@context": kept, **tree})


def write_plain(triples: Iterable[Triple], thing: str, context: Json, base: str = HOME) -> str:
    """Return the same tree as JSON; a `Link` header names the context (JSON-LD 1.1 §6.1)."""
    return _text(frame(triples, thing, context, base))


def _text(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _keys_in(value: object) -> set[str]:
    """Return every key and every kind that is used somewhere inside."""
    if isinstance(value, list):
        return {name for one in value for name in _keys_in(one)}
    if not isinstance(value, dict):
        return set()
    kinds = value.get("type", [])
    return {*value, *kinds, *(name for one in value.values() for name in _keys_in(one))}


class _Framer:
    """Remembers which statements have found their place."""

    def __init__(self, triples: Iterable[Triple], thing: str, context: Json, base: str) -> None:
        self.thing = thing
        self.base = base
        self.keys = keys_of(context)
        self.facts: dict[str, _Facts] = defaultdict(lambda: defaultdict(list))
        self.left: set[Triple] = set(triples)
        for one in sorted(self.left, key=str):
            self.facts[plain(one.subject)][one.predicate].append(one.object)
        about, cites, names = (self._published(one) for one in (TG.subject, TG.cites, TG.supports))
        del names
        self.about, self.cites = about, cites

    def _published(self, term: NamedNode) -> NamedNode:
        return NamedNode(self.base + term.value.removeprefix(HOME))

    def tree(self) -> Json:
        """Return the whole."""
        root = self._whole(self.thing)
        incoming: dict[NamedNode, list[str]] = defaultdict(list)
        for iri, facts in sorted(self.facts.items()):
            for verb, objects in facts.items():
                if NamedNode(self.thing) in objects and iri != self.thing:
                    incoming[verb].append(iri)
        pointing = {}
        for verb, things in sorted(incoming.items(), key=lambda one: one[0].value):
            key = self.keys.get(verb.value)
            told = self._claim if verb == self.about else self._named
            pointing[key.name if key else verb.value] = [told(one) for one in things]
            self.left -= {Triple(NamedNode(one), verb, NamedNode(self.thing)) for one in things}
        if pointing:
            root["linkedFrom"] = pointing
        rest: dict[str, _Facts] = defaultdict(lambda: defaultdict(list))
        for one in sorted(self.left, key=str):
            rest[plain(one.subject)][one.predicate].append(one.object)
        if rest:
            root["included"] = [self._object(iri, facts) for iri, facts in sorted(rest.items())]
        return root
