"""An entity as one JSON-LD object: its statements, claims and citations, and what points to it.

The tree is the one that JSON-LD Framing would make. Every statement of a description is in it, so
that a JSON-LD processor reads exactly the description back. Entities of the project are embedded as
objects with their labels, others are IRIs. What no path of the tree leads to (labels of properties
and classes) follows at the end, in `included` (JSON-LD 1.1 §4.1.1).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from pyoxigraph import NamedNode, Triple

from twingraph.export.jsonld import Json, keys_of, node_object
from twingraph.rdf.iris import path_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import PREFIXES, RDFS, SKOS, TG

_NAMES: Final = frozenset({RDFS.label, SKOS.prefLabel, NamedNode(PREFIXES["dcterms"] + "title")})

_Facts = dict[NamedNode, list[Any]]


def frame(triples: Iterable[Triple], thing: str, context: Json, base: str) -> Json:
    """Return the description of `thing` as one tree, without its context.

    >>> base = "https://w3id.org/twingraph/"
    >>> bonn, minsk = (NamedNode(f"{base}id/place/{name}") for name in ("bonn", "minsk"))
    >>> context = {"partnerOf": TG.partnerOf.value}
    >>> frame([Triple(minsk, TG.partnerOf, bonn)], bonn.value, context, base)
    {'id': 'https://w3id.org/twingraph/id/place/bonn', \
'linkedFrom': {'partnerOf': [{'id': 'https://w3id.org/twingraph/id/place/minsk'}]}}
    """
    return _Framer(triples, context, base).tree(thing)


def write_framed(triples: Iterable[Triple], thing: str, context: Json, base: str) -> str:
    """Return the tree as a JSON-LD document that brings along the part of the context it uses."""
    tree = frame(triples, thing, context, base)
    used = _words_in(tree) | {"@version"}
    kept = {name: value for name, value in context.items() if name in used}
    return _text({"@context": kept, **tree})


def write_plain(triples: Iterable[Triple], thing: str, context: Json, base: str) -> str:
    """Return the tree as JSON, to be read with the published context (JSON-LD 1.1 §6.1)."""
    return _text(frame(triples, thing, context, base))


def _text(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _words_in(value: object) -> set[str]:
    """Return every key and every type used in a JSON value."""
    if isinstance(value, list):
        return {word for item in value for word in _words_in(item)}
    if not isinstance(value, dict):
        return set()
    return {*value, *value.get("type", ()), *_words_in(list(value.values()))}


class _Framer:
    """Builds the tree; `unplaced` are the statements that are not in it yet."""

    def __init__(self, triples: Iterable[Triple], context: Json, base: str) -> None:
        self.base = base
        self.keys = keys_of(context)
        self.unplaced = set(triples)
        self.facts = _by_subject(self.unplaced)

    def tree(self, thing: str) -> Json:
        """Return the tree whose root is the entity with the IRI `thing`."""
        root = self._object(thing, self.facts.get(thing, {}))
        pointing: dict[str, list[Json]] = defaultdict(list)
        node = NamedNode(thing)
        for item in sorted((item for item in self.unplaced if item.object == node), key=str):
            self.unplaced.discard(item)
            key = self.keys.get(item.predicate.value)
            pointer = self._pointing(plain(item.subject), item)
            pointing[key.name if key else item.predicate.value].append(pointer)
        if pointing:
            root["linkedFrom"] = dict(sorted(pointing.items()))
        rest = _by_subject(self.unplaced)
        if rest:
            root["included"] = [self._object(iri, facts) for iri, facts in sorted(rest.items())]
        return root

    def _pointing(self, iri: str, how: Triple) -> Json:
        """Write one that points to the thing: a claim about it whole, others by their names."""
        if how.predicate != TG.subject:
            return self._named(iri)
        facts = {verb: list(values) for verb, values in self.facts[iri].items()}
        facts[how.predicate].remove(how.object)
        return self._object(iri, {verb: values for verb, values in facts.items() if values})

    def _object(self, iri: str, facts: _Facts) -> Json:
        node = NamedNode(iri)
        self.unplaced -= {
            Triple(node, verb, value) for verb, values in facts.items() for value in values
        }
        return node_object(iri, facts, self.keys, self._link)

    def _link(self, verb: NamedNode, node: NamedNode) -> Json | None:
        if path_of(node.value, self.base) is None:
            return None
        if verb == TG.cites:
            return self._object(node.value, self.facts.get(node.value, {}))
        return self._named(node.value)

    def _named(self, iri: str) -> Json:
        facts = self.facts.get(iri, {})
        return self._object(iri, {verb: facts[verb] for verb in facts if verb in _NAMES})


def _by_subject(triples: Iterable[Triple]) -> dict[str, _Facts]:
    by_subject: dict[str, _Facts] = {}
    for triple in sorted(triples, key=str):
        facts = by_subject.setdefault(plain(triple.subject), {})
        facts.setdefault(triple.predicate, []).append(triple.object)
    return by_subject
