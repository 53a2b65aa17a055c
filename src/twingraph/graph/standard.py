"""What engines write in ways of their own, read as the standards write it.

Virtuoso 7.2 stores xsd:boolean as a number, and writes `"1"^^xsd:boolean`; it answers ASK in
JSON with a row, or none, of the variable `__ASK_RETVAL` (not so SPARQL 1.1 Query Results JSON §4).
"""

from __future__ import annotations

import json
from typing import Any, Final

from pyoxigraph import Literal, Quad

from twingraph.vocabulary import XSD

_BOOLEANS: Final = {"1": "true", "0": "false"}
_BOOLEAN: Final = XSD.boolean.value
_ASKED: Final = "__ASK_RETVAL"


def as_standard(body: bytes) -> bytes:
    """Return results in JSON as the standard has them; raises `ValueError` where they are no JSON.

    >>> as_standard(b'{"head": {"vars": ["__ASK_RETVAL"]}, "results": {"bindings": []}}')
    b'{"head": {}, "boolean": false}'
    """
    if _ASKED.encode() not in body and b"XMLSchema#boolean" not in body:
        return body  # nothing to do, which is so nearly always
    found: Any = json.loads(body)
    head = found.get("head") if isinstance(found, dict) else None
    results = found.get("results") if isinstance(found, dict) else None
    rows = results.get("bindings") if isinstance(results, dict) else None
    if not (isinstance(head, dict) and isinstance(rows, list)):
        return body
    if head.get("vars") == [_ASKED]:
        yes = any(one != {_ASKED: {**one.get(_ASKED, {}), "value": "0"}} for one in rows)
        return json.dumps({"head": {}, "boolean": yes}).encode()
    for row in rows:
        for term in row.values() if isinstance(row, dict) else ():
            if isinstance(term, dict) and term.get("datatype") == _BOOLEAN:
                term["value"] = _BOOLEANS.get(str(term.get("value")), term.get("value"))
    return json.dumps(found, ensure_ascii=False).encode()


def standard_quad(one: Quad) -> Quad:
    """Return a quad with its object as the standard has it."""
    value = one.object
    if not isinstance(value, Literal) or value.datatype.value != _BOOLEAN:
        return one
    plain = Literal(_BOOLEANS.get(value.value, value.value), datatype=value.datatype)
    return Quad(one.subject, one.predicate, plain, one.graph_name)
