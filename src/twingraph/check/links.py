"""Decisions about links that exclude each other, or speak of a thing that nobody describes."""

from __future__ import annotations

from collections.abc import Iterator

from twingraph.problems import Problem, problem
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import RDF, prefixes_for
from twingraph.source.mappings import Decision
from twingraph.source.read import Curated


def link_problems(curated: Curated) -> Iterator[Problem]:
    """Yield X06 and X07 for the tables of decisions in data/links."""
    described = {quad.subject for quads in curated.by_graph.values() for quad in quads
                 if quad.predicate == RDF.type}  # fmt: skip
    names = {str(one) for one in described}
    base = curated.settings.base_iri
    for file in curated.files:
        for one, other in _twice(file.decisions):
            yield problem("X06", file.path, one.line, other=other.line, subject=_name(one, base))
        for one in file.decisions:
            # a confirmed link is a statement, and the shapes look after its subject
            if not one.confirmed and f"<{one.subject}>" not in names:
                yield problem("X07", file.path, one.line, subject=_name(one, base))


def _name(one: Decision, base: str) -> str:
    return iri_text(one.subject, set(), prefixes_for(base))


def _twice(decisions: tuple[Decision, ...]) -> Iterator[tuple[Decision, Decision]]:
    """Yield the later and the earlier of two rows about one link.

    One pair is decided once, and a search that found nothing excludes a confirmed link.
    """
    pairs: dict[tuple[str, str], Decision] = {}
    linked = {one.subject: one for one in decisions if one.confirmed}
    for one in decisions:
        first = pairs.setdefault((one.subject, one.object), one)
        if first is not one:
            yield one, first
        elif not one.found and one.subject in linked:
            yield one, linked[one.subject]
