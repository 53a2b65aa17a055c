"""Decisions about links that contradict each other, or are about an entity nothing describes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from twingraph.problems import Problem, problem
from twingraph.rdf.dataset import begins
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import RDF, prefixes_for
from twingraph.source.curated import Curated
from twingraph.source.mappings import Decision


def link_problems(
    curated: Curated, is_described: Callable[[str], bool] | None = None
) -> Iterator[Problem]:
    """Yield X06 and X07 for the tables of decisions in data/links.

    `is_described` tells whether an entity (`<IRI>`) has a class in some graph; without it, the
    statements of the files do.
    """
    base = curated.settings.base_iri
    is_described = is_described or partial(_is_described, curated)
    for file in curated.files:
        for entry, other in _twice(file.decisions):
            yield problem(
                "X06", file.path, entry.line, other=other.line, subject=_name(entry, base)
            )
        for decision in file.decisions:
            # a confirmed link is a statement, whose subject the shapes validate
            if not decision.confirmed and not is_described(f"<{decision.subject}>"):
                yield problem("X07", file.path, decision.line, subject=_name(decision, base))


def _is_described(curated: Curated, subject: str) -> bool:
    """Has an entity (`<IRI>`) a class in some graph?"""
    typed = f"{subject} {RDF.type} "
    return any(begins(lines, typed) for lines in curated.texts.values())


def _name(decision: Decision, base: str) -> str:
    return iri_text(decision.subject, set(), prefixes_for(base))


def _twice(decisions: tuple[Decision, ...]) -> Iterator[tuple[Decision, Decision]]:
    """Yield the later and the earlier of two rows about one link.

    One pair is decided once, and a search that found nothing excludes a confirmed link.
    """
    pairs: dict[tuple[str, str], Decision] = {}
    linked = {decision.subject: decision for decision in decisions if decision.confirmed}
    for each_decision in decisions:
        first = pairs.setdefault((each_decision.subject, each_decision.object), each_decision)
        if first is not each_decision:
            yield each_decision, first
        elif not each_decision.found and each_decision.subject in linked:
            yield each_decision, linked[each_decision.subject]
