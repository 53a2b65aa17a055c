"""Triples of anybody's making, blank nodes included, written in any RDF format: sorted, no context.

What we publish ourselves is written by `publish/dumps.py`, in its one form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, serialize

from twingraph.rdf.frozen import triple_lines

_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def _turtle(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    return _serialize(triples, RdfFormat.TURTLE, prefixes)


def _trig(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    return _serialize(triples, RdfFormat.TRIG, prefixes)


def _ntriples(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    return triple_lines(Quad(one.subject, one.predicate, one.object) for one in triples)


def _rdfxml(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    return _serialize(triples, RdfFormat.RDF_XML, prefixes)


def _jsonld(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    """Write expanded JSON-LD, one node object a subject, kinds as `@type`."""
    nodes: dict[str, dict[str, Any]] = {}
    for one in json.loads(_serialize(triples, RdfFormat.JSON_LD, {})):
        node = nodes.setdefault(one["@id"], {"@id": one["@id"]})
        for verb, values in one.items():
            if verb == "@id":
                continue
            key = "@type" if verb == _TYPE else verb
            kept = [value.get("@id") for value in values] if verb == _TYPE else values
            node.setdefault(key, []).extend(kept)
    for node in nodes.values():
        for key, values in node.items():
            if isinstance(values, list):
                node[key] = sorted(values, key=lambda value: json.dumps(value, sort_keys=True))
    ordered = [dict(sorted(nodes[name].items())) for name in sorted(nodes)]
    return (json.dumps(ordered, ensure_ascii=False, indent=1) + "\n").encode()


def _serialize(triples: list[Triple], form: RdfFormat, prefixes: Mapping[str, str]) -> bytes:
    known = {name: iri for name, iri in prefixes.items() if _mentions(triples, iri)}
    return serialize(sorted(triples, key=_order), format=form, prefixes=known) or b""


def _order(triple: Triple) -> tuple[str, bool, str]:
    return str(triple.subject), triple.predicate.value != _TYPE, str(triple)


def _mentions(triples: list[Triple], namespace: str) -> bool:
    return any(
        isinstance(term, NamedNode) and term.value.startswith(namespace)
        for one in triples
        for term in (one.subject, one.predicate, one.object)
    )


SERIALIZERS: Final[Mapping[str, Callable[[list[Triple], Mapping[str, str]], bytes]]] = {
    "ttl": _turtle,
    "json": _jsonld,  # expanded, so it needs no context
    "jsonld": _jsonld,
    "nt": _ntriples,
    "nq": _ntriples,  # a triple without a graph reads the same in both
    "trig": _trig,
    "rdf": _rdfxml,
}
