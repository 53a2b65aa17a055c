"""Only standard SPARQL 1.1 is sent to another engine: extensions of an engine may do harm.

Virtuoso, for one, calls its procedures as functions named `bif:…` and `sql:…`, and reads a prologue
of its own that fetches graphs from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from pyoxigraph import Literal, Store, Variable

from twingraph.problems import TwingraphError
from twingraph.sparql.lexer import first_word, is_absolute, read

FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_EMPTY: Final = Store()
_OF_AN_ENGINE: Final = re.compile(r"(^|::|\s)(bif|sql|sqlval|xpath):", re.IGNORECASE)


def form_of(text: str) -> str:
    """Return the form of a query: `SELECT`, `ASK`, `CONSTRUCT` or `DESCRIBE`, empty for none.

    >>> form_of("BASE <http://e/> PREFIX select: <http://e/> # ASK\\n construct {} WHERE {}")
    'CONSTRUCT'
    """
    word = first_word(text)
    return word if word in FORMS else ""


def require_sparql11(
    text: str, base_iri: str | None = None, prefixes: Mapping[str, str] | None = None
) -> None:
    """Raise `SyntaxError` if it is no SPARQL 1.1 query, `TwingraphError` for an engine's extension.

    The query is not evaluated.

    >>> require_sparql11("SELECT * { ?s ?p ?o }")
    >>> require_sparql11("define get:soft 'soft' SELECT * { ?s ?p ?o }")
    Traceback (most recent call last):
    SyntaxError: error at 1:10: expected CONSTRUCT
    >>> require_sparql11("PREFIX b: <bif:> SELECT (b:http_get('http://e/') AS ?x) {}")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: bif: is a name of one engine's own procedures, which \
are not called here; use the functions of SPARQL 1.1
    """
    # pyoxigraph has no function that only parses. But a value for a variable that a query does not
    # have is refused after parsing and before evaluation.
    unused = "unused"
    while unused in text:
        unused += "_"
    value: dict[Variable, Any] = {Variable(unused): Literal("")}
    with suppress(RuntimeError):
        _EMPTY.query(text, base_iri=base_iri, prefixes=dict(prefixes or {}), substitutions=value)
    _refuse_procedures(text)


def _refuse_procedures(text: str) -> None:
    for token, iri, _, _ in read(text):
        written = token.text if token.kind == "name" else ""
        match = _OF_AN_ENGINE.search(iri or written)
        if match:
            raise TwingraphError(
                f"{match[2].lower()}: is a name of one engine's own procedures, which are not "
                "called here; use the functions of SPARQL 1.1"
            )


def with_prologue(text: str, base_iri: str | None, prefixes: Mapping[str, str]) -> str:
    """Return `text` with the declarations that it lacks added to its first line.

    >>> with_prologue("ASK { tg:a ?p <b> }", "http://e/", {"tg": "http://e/ns#", "x": "http://x/"})
    'BASE <http://e/> PREFIX tg: <http://e/ns#> ASK { tg:a ?p <b> }'
    """
    used: set[str] = set()
    declared: set[str] = set()
    relative = False
    for token, iri, declares, _ in read(text):
        if token.kind == "name":
            (declared if declares else used).add(token.text.partition(":")[0])
        elif token.kind == "iri":
            relative = relative or not is_absolute(iri)
    lines = [f"BASE <{base_iri}>"] if relative and base_iri else []
    missing = sorted((used - declared) & set(prefixes))
    lines += [f"PREFIX {name}: <{prefixes[name]}>" for name in missing]
    return " ".join([*lines, text])
