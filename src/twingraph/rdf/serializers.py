"""Any triples, blank nodes included, written in any RDF format: sorted, no JSON-LD context.

The dumps of the published graph are written by `export/dumps.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, serialize

from twingraph.rdf.frozen import triple_lines

# characters that XML 1.0 (§2.2) does not allow, in UTF-8
_NOT_IN_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


class UnwritableError(ValueError):
    """A format can't represent these triples; the message names one that can."""


def _turtle(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    return _serialize(triples, RdfFormat.TURTLE, prefixes)


def _trig(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    return _serialize(triples, RdfFormat.TRIG, prefixes)


def _ntriples(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    return triple_lines(Quad(triple.subject, triple.predicate, triple.object) for triple in triples)


def _rdfxml(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    body = _serialize(triples, RdfFormat.RDF_XML, prefixes)
    if b"<oxprefix: " in body:
        raise UnwritableError(
            "a property whose IRI ends in no name can't be written in RDF/XML; take Turtle or "
            "JSON-LD"
        )
    return as_xml(body, "take Turtle or JSON-LD")


def as_xml(body: bytes, instead: str) -> bytes:
    """Return an XML document of the engine's with every character that XML can hold.

    Carriage returns are escaped, as a reader would take them for line ends (XML 1.0 §2.11); for
    what XML can't hold at all (§2.2) `UnwritableError` is raised, which ends in `instead`.

    >>> as_xml(b"<a>1\\r</a>", "")
    b'<a>1&#13;</a>'
    """
    match = _NOT_IN_XML.search(body)
    if match:
        code = ord(match[0].decode("utf-8"))
        raise UnwritableError(f"XML can't hold the character U+{code:04X} that is in it; {instead}")
    return body.replace(b"\r", b"&#13;")


def _jsonld(triples: list[Triple], prefixes: Mapping[str, str]) -> bytes:
    """Write expanded JSON-LD, one node object a subject, classes as `@type`."""
    nodes: dict[str, dict[str, Any]] = {}
    for load in json.loads(_serialize(triples, RdfFormat.JSON_LD, {})):
        node = nodes.setdefault(load["@id"], {"@id": load["@id"]})
        for verb, values in load.items():
            if verb == "@id":
                continue
            # @type holds no literal (JSON-LD 1.1 §4.2.3): with one, rdf:type is a property like any
            # other
            kinds = [value["@id"] for value in values if "@id" in value] if verb == _TYPE else []
            kept = [value for value in values if "@id" not in value] if verb == _TYPE else values
            for key, members in (("@type", kinds), (verb, kept)):
                if members:
                    node.setdefault(key, []).extend(members)
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
        for triple in triples
        for term in (triple.subject, triple.predicate, triple.object)
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
