"""Corrects results of engines that depart from the standards.

Virtuoso 7.2 stores xsd:boolean as a number, and writes `"1"^^xsd:boolean`; it answers ASK in JSON
with a row, or none, of the variable `__ASK_RETVAL` (against SPARQL 1.1 Query Results JSON §4). It
stores geo:wktLiteral (GeoSPARQL §8.5) as a geometry under a datatype of its own, in single
precision if that is enough for the digits it read, and writes more digits than it read.
"""

from __future__ import annotations

import json
import re
import struct
from decimal import Decimal
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Quad

from twingraph.rdf.vocabulary import XSD

_BOOLEANS: Final = {"1": "true", "0": "false"}
_BOOLEAN: Final = XSD.boolean.value
_GEOMETRY: Final = "http://www.openlinksw.com/schemas/virtrdf#Geometry"
_WKT: Final = "http://www.opengis.net/ont/geosparql#wktLiteral"
_ASK_COLUMN: Final = "__ASK_RETVAL"
_SIGNS: Final = tuple(
    item.encode() for item in (_ASK_COLUMN, "XMLSchema#boolean", "virtrdf#Geometry")
)


def normalize_virtuoso(body: bytes) -> bytes:
    """Return results in standard JSON; raises `ValueError` if the body is no JSON.

    >>> normalize_virtuoso(b'{"head": {"vars": ["__ASK_RETVAL"]}, "results": {"bindings": []}}')
    b'{"head": {}, "boolean": false}'
    """
    if not any(sign in body for sign in _SIGNS):
        return body  # nothing to correct, as nearly always
    document: Any = json.loads(body)
    head = document.get("head") if isinstance(document, dict) else None
    results = document.get("results") if isinstance(document, dict) else None
    rows = results.get("bindings") if isinstance(results, dict) else None
    if not (isinstance(head, dict) and isinstance(rows, list)):
        return body
    if head.get("vars") == [_ASK_COLUMN]:
        yes = any(
            isinstance(each_row, dict) and _number(each_row.get(_ASK_COLUMN)) != "0"
            for each_row in rows
        )
        return json.dumps({"head": {}, "boolean": yes}).encode()
    for row in rows:
        for term in row.values() if isinstance(row, dict) else ():
            if isinstance(term, dict) and "datatype" in term:
                value, datatype = str(term.get("value")), str(term["datatype"])
                term["value"], term["datatype"] = _standard(value, datatype)
    return json.dumps(document, ensure_ascii=False).encode()


def _number(term: object) -> str:
    return str(term.get("value")) if isinstance(term, dict) else "0"


def standard_quad(quad: Quad) -> Quad:
    """Return a quad with its object in standard form."""
    term = quad.object
    if not isinstance(term, Literal) or term.datatype.value not in (_BOOLEAN, _GEOMETRY):
        return quad
    value, datatype = _standard(term.value, term.datatype.value)
    plain = Literal(value, datatype=NamedNode(datatype))
    return Quad(quad.subject, quad.predicate, plain, quad.graph_name)


def _standard(value: str, datatype: str) -> tuple[str, str]:
    """Return the standard lexical form and datatype of a literal.

    >>> _standard("POINT(2.348799943924 48.853408813477)", _GEOMETRY)[0]
    'POINT(2.3488 48.85341)'
    >>> _standard("POINT(106.84513 -6.21462)", _GEOMETRY)[0]
    'POINT(106.84513 -6.21462)'
    """
    if datatype == _BOOLEAN:
        return _BOOLEANS.get(value, value), datatype
    if datatype == _GEOMETRY:
        return re.sub(r"-?[0-9]+\.[0-9]+", lambda match: _shortest(match[0]), value), _WKT
    return value, datatype


def _shortest(text: str) -> str:
    """Return the shortest number of the same single precision, to drop digits that were added."""
    if len(text.strip("-").lstrip("0.").replace(".", "")) < 10:
        return text
    wanted = struct.pack("f", float(text))
    for digits in range(6, 10):
        short = f"{float(text):.{digits}g}"
        if struct.pack("f", float(short)) == wanted:
            return format(Decimal(short), "f")
    return text
