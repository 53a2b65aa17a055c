"""Writes terms into the text of a query, for engines that have no parameters.

The input is terms, never pieces of text: each is written in N-Triples form, so that no user's input
is read as SPARQL. In the projection the term keeps the name of its variable, as in SEP-0007 of
sparql-dev, which pyoxigraph follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.problems import TwingraphError
from twingraph.sparql.lexer import Token, tokens

_OPENS: Final = ("{", "(")
_ENDS_SELECT: Final = ("WHERE", "FROM", "{")
_ENDS_ORDER: Final = ("LIMIT", "OFFSET", "VALUES", "HAVING", "ORDER", "}")


class _Place(NamedTuple):
    """A token, and the role of a variable at its place: a clause, or '' for a value."""

    token: Token
    clause: str


def write_terms(text: str, terms: Mapping[str, NamedNode | Literal]) -> str:
    """Return `text` with variables replaced by terms.

    Raises `TwingraphError` if the text itself binds one of them.

    >>> bonn = NamedNode("http://e/bonn")
    >>> write_terms("SELECT ?s ?p { ?s ?p 1 } ORDER BY ?s ?p", {"s": bonn})
    'SELECT (<http://e/bonn> AS ?s) ?p { <http://e/bonn> ?p 1 } ORDER BY  ?p'
    >>> write_terms("ASK { ?s ?p ?o }", {"o": Literal('" } #')})
    'ASK { ?s ?p "\\\\" } #" }'
    >>> write_terms("SELECT ?s { ?s ?p 1 } ORDER BY ?s LIMIT 1", {"s": bonn})
    'SELECT (<http://e/bonn> AS ?s) { <http://e/bonn> ?p 1 }    LIMIT 1'
    """
    if not terms:
        return text
    places = list(_places(text))
    written: dict[int, str] = {}
    for number, (token, clause) in enumerate(places):
        term = terms.get(token.text[1:]) if token.kind == "variable" else None
        if term is None:
            continue
        if clause == "bound":
            raise TwingraphError(
                f"{token.text} is given, and the query binds it too; leave one of both out"
            )
        written[number] = {
            "projected": f"({term} AS {token.text})",
            "joined": "",  # the outer query has it already
            "grouped": f"({term})",
            "ordered": "",  # a constant has no influence on the order
        }.get(clause, str(term))
    for number, place in enumerate(places):
        if place.clause == "order" and _is_left_empty(places, written, number + 1):
            written[number - 1] = written[number] = ""
    parts = []
    offset = 0
    for number, item in sorted(written.items()):
        parts += [text[offset : places[number].token.start], item]
        offset = places[number].token.start + len(places[number].token.text)
    return "".join([*parts, text[offset:]])


def _is_left_empty(places: Sequence[_Place], written: Mapping[int, str], first: int) -> bool:
    keys = takewhile(lambda number: places[number].clause == "ordered", range(first, len(places)))
    return all(written.get(key) == "" for key in keys)


def _places(text: str) -> Iterator[_Place]:
    stack: list[str] = []
    clause, before = "", ""
    for token in tokens(text):
        word = token.text.upper()
        if (clause in ("projected", "joined") and word in _ENDS_SELECT) or word in _ENDS_ORDER:
            clause = ""
        if before == "AS" or (before == "VALUES" and token.kind == "variable"):
            yield _Place(token, "bound")
        elif before == "ORDER" and word == "BY":
            yield _Place(token, "order")
        else:
            yield _Place(token, clause)
        if word == "SELECT":
            clause = "joined" if stack else "projected"
        elif before in ("ORDER", "GROUP") and word == "BY":
            clause = "ordered" if before == "ORDER" else "grouped"
        elif word in _OPENS:
            stack.append(clause)
            clause = ""
        elif word in ("}", ")"):
            clause = stack.pop() if stack else ""
        before = word
