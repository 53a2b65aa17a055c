"""Admission of a public query: whether it is evaluated at all, and on which graphs.

This runs where it can be stopped: in a worker (`endpoint`), or in a thread that only its own query
waits for. No query is evaluated before it, because the engine itself would follow `SERVICE`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from twingraph.sparql.guard import refuse_remote
from twingraph.sparql.lexer import dataset_clauses, first_word

# A query without any of these can neither call another host nor name its graphs.
_SUSPECT: Final = re.compile(r"service|from|\\u", re.IGNORECASE)
_UPDATES: Final = frozenset(
    ("ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH")
)


class Dataset(NamedTuple):
    """The dataset of a query: the graphs merged into its default graph, and its named graphs."""

    default: tuple[str, ...]
    named: tuple[str, ...]


def admit(
    text: str, graphs: Collection[str], base: str, prefixes: Mapping[str, str]
) -> Dataset | None:
    """Return the dataset that a query names in FROM clauses, None if it names none.

    `graphs` are the graphs that exist; `base` and `prefixes` need no declaration. Raises
    `TwingraphError` for a query that calls another host or names a graph that does not exist.

    >>> admit("PREFIX e: <http://e/> ASK FROM e:a FROM NAMED <b> {}", {"http://e/a", "http://x/b"},
    ...       "http://x/", {})
    Dataset(default=('http://e/a',), named=('http://x/b',))
    """
    if not _is_suspect(text):
        return None
    refuse_remote(text, graphs, base, prefixes)
    by_result: dict[bool, list[str]] = {False: [], True: []}
    for clause in dataset_clauses(text, base, prefixes):
        by_result[clause.named].append(clause.graph)
    return (
        Dataset(tuple(by_result[False]), tuple(by_result[True]))
        if any(by_result.values())
        else None
    )


def _is_suspect(text: str) -> bool:
    """Does `_SUSPECT` match? Most texts are ASCII, and plain searches are ten times as quick."""
    if text.isascii():
        lower = text.lower()
        return "from" in lower or "service" in lower or "\\u" in lower
    return _SUSPECT.search(text) is not None


def is_update(text: str) -> bool:
    """Is the first keyword after the prologue one of SPARQL Update?

    >>> is_update("PREFIX e: <http://e/> load <http://e/>"), is_update("SELECT * {}")
    (True, False)
    """
    return first_word(text) in _UPDATES
