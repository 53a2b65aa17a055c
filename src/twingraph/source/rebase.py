"""`twingraph fmt --rebase OLD`: the data files of a project move once to its present base IRI.

Only the IRIs of the project itself move (entities, graphs, data sets, releases, the bare base IRI);
the vocabulary has fixed IRIs, also where `OLD` is the base IRI under which those stand.
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

from pyoxigraph import NamedNode, Quad

from twingraph.problems import TwingraphError

# Paths below a base IRI; with anything before them, the base IRI is a longer one.
_OWN_PATH: Final = re.compile(r"((id|graph|dataset|release|links)/[^\s<>]*)?")

_T = TypeVar("_T")


def check_bases(old: str, new: str) -> None:
    """Raise `TwingraphError` where there is nothing to move from `old` to `new`.

    >>> check_bases("https://e.org/id", "https://data.example.org/")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: --rebase https://e.org/id is no base IRI; write the former \
base_iri, which ends in '/'
    """
    if not re.fullmatch(r"https?://[^\s<>]+/", old):
        raise TwingraphError(
            f"--rebase {old} is no base IRI; write the former base_iri, which ends in '/'"
        )
    if old == new:
        raise TwingraphError(
            f"--rebase {old} is the base_iri that twingraph.toml has now; write the new one there "
            "first, and the former one here"
        )


def rebase_iri(iri: str, old: str, new: str) -> str:
    """Return an IRI of a project moved from the base IRI `old` to `new`; others unchanged.

    >>> home, mine = "https://w3id.org/twingraph/", "https://data.example.org/"
    >>> rebase_iri(home + "id/place/bonn", home, mine)
    'https://data.example.org/id/place/bonn'
    >>> rebase_iri(home + "vocab/type/twinning", home, mine)
    'https://w3id.org/twingraph/vocab/type/twinning'
    """
    if not iri.startswith(old):
        return iri
    path = iri.removeprefix(old)
    return new + path if _OWN_PATH.fullmatch(path) else iri


def rebase_quad(quad: Quad, old: str, new: str) -> Quad:
    """Return a quad with its subject, its value and its graph moved; texts stay as they are."""
    return Quad(
        _rebase_term(quad.subject, old, new),
        quad.predicate,
        _rebase_term(quad.object, old, new),
        _rebase_term(quad.graph_name, old, new),
    )


def _rebase_term(term: _T, old: str, new: str) -> _T:
    if isinstance(term, NamedNode):
        moved = rebase_iri(term.value, old, new)
        return term if moved == term.value else NamedNode(moved)  # type: ignore[return-value]  # T is NamedNode
    return term
