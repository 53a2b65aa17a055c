"""`twingraph check DUMP`: any RDF dump, validated as a published graph with derived statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Triple

from twingraph.check.engine import Engine
from twingraph.check.run import as_problem, validate
from twingraph.check.whole_graph import WholeEngine
from twingraph.derive.dates import bounds
from twingraph.derive.published import (
    expected_bounds,
)
from twingraph.derive.resolve import DATES
from twingraph.problems import Problem, TwingraphError, by_severity, problem
from twingraph.rdf.dataset import triple_texts
from twingraph.rdf.frozen import read_frozen
from twingraph.rdf.turtle import Positions, plain
from twingraph.rdf.vocabulary import NS
from twingraph.settings import Settings

DUMP_SHAPES: Final = ("prefixes.ttl", "published.ttl", "derivation.ttl")


def check_dump(path: Path, settings: Settings, validator: Engine | None = None) -> list[Problem]:
    """Return the problems of a dump in any RDF format, the most severe first.

    Its default graph is validated by shapes/published.ttl and derivation.ttl, and the bounds of
    each date are compared with the date (D01, D04). Raises `TwingraphError` where the dump can't
    be read or publishes nothing.
    """
    quads = list(read_frozen(path))
    default = {quad.triple for quad in quads if quad.graph_name == DefaultGraph()}
    if not default:
        raise TwingraphError(
            f"{path}: its default graph is empty, so nothing is published; name a dump that "
            "publishes something"
        )
    name = path.as_posix()
    problems = list(_dump_bounds(default, name))
    findings = validate(
        settings, validator or WholeEngine(), sorted(triple_texts(default)), DUMP_SHAPES
    )
    if not problems and not findings:
        return []
    place = _dump_lines(path)
    placed = [replace(item, line=place(item.detail)) for item in problems]
    placed += [
        as_problem(
            finding, name, place(f"{finding.focus}\t{finding.path or ''}"), settings.base_iri
        )
        for finding in findings
    ]
    return by_severity(placed)


class _Lines:
    """Subject and predicate -> line of a dump."""

    def __init__(self, text: str) -> None:
        self._positions = Positions(text)

    def __call__(self, detail: str) -> int:
        subject, _, rest = detail.partition("\t")
        verb = rest.partition("\t")[0]
        return self._positions.line(subject, verb or None)


def _dump_lines(path: Path) -> _Lines:
    readable = path.suffix in (".nq", ".nt", ".ttl", ".trig")
    text = path.read_text(encoding="utf-8", errors="replace") if readable else ""
    return _Lines(text)


def _dump_bounds(triples: Iterable[Triple], name: str) -> Iterator[Problem]:
    """D04 and D01: published dates and their bounds agree."""
    by_subject: dict[str, dict[str, set[str]]] = {}
    wanted = {verb.value for verb in DATES} | {day.value for days in DATES.values() for day in days}
    for triple in triples:
        if triple.predicate.value in wanted and isinstance(triple.object, Literal):
            facts = by_subject.setdefault(plain(triple.subject), {})
            facts.setdefault(triple.predicate.value, set()).add(triple.object.value)
    for subject, facts in sorted(by_subject.items()):
        # several values of one property are reported by the shapes
        single = {verb: next(iter(values)) for verb, values in facts.items() if len(values) == 1}
        yield from _bounds_of(subject, single, name)


def _bounds_of(subject: str, values: Mapping[str, str], name: str) -> Iterator[Problem]:
    for verb, days in DATES.items():
        value = values.get(verb.value)
        if value is None:
            continue
        if bounds(value) is None:
            yield _with_detail(problem("D01", name, value=value), subject, verb)
            continue
        expected = expected_bounds(value)
        for day, right in zip(days, expected or (), strict=False):
            published = values.get(day.value)
            if published != right:
                short = day.value.removeprefix(NS)
                finding = problem(
                    "D04", name, property=f"tg:{short}", found=published or "missing", value=value,
                    expected=right or "none",
                )  # fmt: skip
                yield _with_detail(finding, subject, day if published else verb)


def _with_detail(finding: Problem, subject: str, verb: NamedNode) -> Problem:
    detail = f"{subject}\t{verb.value}\t{finding.message['en']}"
    return replace(finding, detail=detail)
