"""Decisions about links that exclude each other, or speak of a thing that nobody describes."""

from __future__ import annotations

from collections.abc import Iterator

from twingraph.problems import Problem, problem
from twingraph.rdf.dataset import begins
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import RDF, prefixes_for
from twingraph.source.curated import Curated
from twingraph.source.mappings import Decision


def link_problems(curated: Curated) -> Iterator[Problem]:
    """Yield X06 and X07 for the tables of decisions in data/links."""
    base = curated.settings.base_iri
    for file in curated.files:
        for entry, other in _twice(file.decisions):
            yield problem(
                "X06", file.path, entry.line, other=other.line, subject=_name(entry, base)
            )
        for decision in file.decisions:
            # a confirmed link is a statement, and the shapes look after its subject
            if not decision.confirmed and not _is_described(curated, decision.subject):
                yield problem("X07", file.path, decision.line, subject=_name(decision, base))


def _is_described(curated: Curated, subject: str) -> bool:
    """Has a thing a class in some graph?"""
    typed = f"<{subject}> {RDF.type} "
    return any(begins(lines, typed) for lines in curated.texts.values())


def _name(one: Decision, base: str) -> str:
    return iri_text(one.subject, set(), prefixes_for(base))


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
