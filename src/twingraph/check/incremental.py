"""Checking again after a change: only what the change can affect is validated.

The problems of unchanged files are those of the last check. Of the published graph, the subjects
that were validated last time are validated again, and those that the change may have brought out
of the conditions of `check/conforming.py`, which leaves out what conforms for certain. Where the
effect of the change is not limited, or a violation is found, `check_again` returns None and the
caller checks the whole project.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import chain
from typing import Final

from twingraph.check.engine import Engine, Finding
from twingraph.check.incremental_tables import is_described, table_lines_now
from twingraph.check.links import link_problems
from twingraph.check.run import (
    PUBLISHED_SHAPES,
    Checked,
    can_skip_published,
    can_skip_written,
    check_files,
    problem_of,
    side_by_side,
    validate,
    validate_statements,
    written_lines,
)
from twingraph.check.whole_graph import WholeEngine
from twingraph.derive.increment import ChangedGraph
from twingraph.problems import Problem, by_severity
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.dataset import merged
from twingraph.rdf.ntriples import iri
from twingraph.rdf.vocabulary import PREFIXES, RDF, TG
from twingraph.source.curated import Curated
from twingraph.source.incremental import ReadAgain
from twingraph.source.read_cache import as_json, as_problem

_TYPE, _PARTNERSHIP, _PARTNER = map(str, (RDF.type, TG.Partnership, TG.partner))
_SUBCLASS: Final = f"<{PREFIXES['rdfs']}subClassOf>"
_ISSUED: Final = f"<{PREFIXES['dcterms']}issued>"
_ABOUT, _IN_SOURCE = str(TG.about), str(TG.inSource)
_SILENT: Final = f" {TG.notStated} {TG.start} ."
_NOT_FOLLOWED: Final = frozenset({str(TG.partnerOf), str(TG.twinnedWith)})
_NAME: Final = re.compile("<[^<>]*>")
_BESIDE_FROM: Final = 30_000  # lines; fewer are validated before a child process has started
_MOST: Final = 20_000  # subjects; to validate more of them takes as long as to validate all

Found = Mapping[str, Problem]


def pack_findings(findings: Iterable[tuple[Finding, Problem]]) -> bytes:
    """Return findings and the problem that each was reported as, as a JSON object."""
    pairs = {_key(finding): as_json(problem) for finding, problem in findings}
    return json.dumps(pairs).encode()


def unpack_findings(raw: bytes) -> Found:
    """Return the problems that `pack_findings` wrote, by the key of their finding (`_key`)."""
    return {key: as_problem(item) for key, item in json.loads(raw).items()}


def _key(finding: Finding) -> str:
    return json.dumps(finding.sort_key())


def check_again(
    read: ReadAgain, graph: ChangedGraph, published: Change, before: Checked, earlier: Found,
    whole: Callable[[], Curated], validator: Engine | None = None,
) -> Checked | None:  # fmt: skip
    """Return the result of checking a changed project; None where everything must be checked.

    `before` is the last result, of which only the validated lines are read; `earlier` are its
    problems by finding. `whole` reads the whole project; it is called to locate new problems.
    """
    settings, engine = read.curated.settings, validator or WholeEngine()
    if not (can_skip_published(settings) and can_skip_written(settings)):
        return None
    lines = _lines_to_validate(graph, published, before.validated, settings.base_iri)
    tables = table_lines_now(read, graph, before.tables)
    if lines is None or tables is None:
        return None
    if any(check_files(read.curated, read.in_part).values()):
        return None  # of a list read in part, the other problems are those of the last check
    of_files = check_files(read.curated, read.fresh)
    for file in read.curated.files:
        if file.path not in of_files:
            of_files[file.path] = [*file.problems]
    problems = list(chain.from_iterable(of_files.values()))
    problems += link_problems(read.curated, lambda thing: is_described(graph, thing))
    read_whole, fresh = cache(whole), {file.path: file for file in read.fresh}
    pairs, spoken_of = [], _mentioned(graph)
    written = written_lines(read.curated)
    judge = partial(validate_statements, settings, written, tables, engine)
    with side_by_side(judge, len(lines) + len(written) >= _BESIDE_FROM) as result:
        published_findings = validate(settings, engine, lines, PUBLISHED_SHAPES)
        written_findings = result()
    for finding in (*written_findings, *published_findings):
        problem = earlier.get(_key(finding))
        if problem is None or finding.code == "X01" or f"<{finding.focus}>" in spoken_of:
            problem = problem_of(read_whole(), finding)
        elif problem.file in fresh:  # the same finding as before, perhaps on another line now
            touched = replace(read.curated, files=(fresh[problem.file],))
            problem = problem_of(touched, finding)
        pairs.append((finding, problem))
    problems += [problem for _, problem in pairs]
    if any(problem.severity == "violation" for problem in problems):
        return None
    return Checked(by_severity(problems), of_files, tuple(pairs), lines, tables)


def _mentioned(graph: ChangedGraph) -> frozenset[str]:
    """Return the IRIs in statements of changed subjects: their problems may have moved."""
    return frozenset(
        name
        for thing in graph.changed
        for line in (*chain.from_iterable(graph.before(thing).values()), *graph.now(thing))
        for name in _NAME.findall(line)
    )


def _lines_to_validate(
    graph: ChangedGraph, published: Change, validated: Sequence[str], base: str
) -> list[str] | None:
    """Return the lines of the published graph to validate; None where that may be all of them."""
    lines = [line for side in (published.removed, published.added)
             for line in side.get(DEFAULT, ())]  # fmt: skip
    todo = _affected(graph, lines, base)
    if todo is None:
        return None
    now = _Now(graph, published)
    again: dict[str, Sequence[str]] = {}
    while todo:
        thing = todo.pop()
        if thing in again:
            continue
        again[thing] = now.lines(thing)
        todo |= _context(graph, thing, again[thing], f"<{base}") - again.keys()
        if len(again) > _MOST:
            return None
    changed = {line.partition(" ")[0] for line in lines}
    kept, before = [], set()
    for line in validated:
        thing = line.partition(" ")[0]
        if thing in again:
            continue
        if thing in changed:
            before.add(thing)
        else:
            kept.append(line)
    again |= {thing: now.lines(thing) for thing in before}
    return merged([kept, sorted(chain.from_iterable(again.values()))])


def _context(graph: ChangedGraph, thing: str, lines: Iterable[str], base: str) -> set[str]:
    """Return what is validated together with a subject: the objects it names, and its claims."""
    context = set(graph.back(thing, "s"))
    for line in lines:
        _, predicate, value = line.split(" ", 2)
        if value.startswith(base) and predicate not in _NOT_FOLLOWED:
            context.add(value[:-2])
    return context


class _Now:
    """The published statements of a subject after the change."""

    def __init__(self, graph: ChangedGraph, published: Change) -> None:
        self._graph = graph
        self._gone = set(published.removed.get(DEFAULT, ()))
        self._added: dict[str, list[str]] = defaultdict(list)
        for line in published.added.get(DEFAULT, ()):
            self._added[line.partition(" ")[0]].append(line)

    def lines(self, thing: str) -> list[str]:
        old = self._graph.before(thing).get(DEFAULT, ())
        return [*(line for line in old if line not in self._gone), *self._added.get(thing, ())]


def _affected(graph: ChangedGraph, lines: Iterable[str], base: str) -> set[str] | None:
    """Return the subjects whose conformance changed lines may affect; None where that may be all.

    `check/conforming.py` leaves a subject out by conditions on its own statements, the names and
    the class of its partners, other partnerships of the same two partners, and the sources that it
    cites.
    """
    subjects: set[str] = set()
    for line in lines:
        thing, predicate, value = line.split(" ", 2)
        is_wide = predicate == _SUBCLASS or (predicate == _ISSUED and thing == iri(base))
        is_silent = line.endswith(_SILENT) and _PARTNERSHIP not in graph.facts(thing).get(_TYPE, ())
        if is_wide or is_silent:
            return None
        if predicate in _NOT_FOLLOWED:
            continue
        subjects |= {thing, *graph.back(thing, "p")}
        if predicate == _PARTNER:
            subjects.update(_sharing_two_partners(graph, graph.facts(thing).get(_PARTNER, set())))
        elif predicate == _IN_SOURCE:
            subjects.update(graph.back(thing, "c"))
        elif predicate == _ABOUT:
            subjects.add(value[:-2])
    return subjects


def _sharing_two_partners(graph: ChangedGraph, partners: Iterable[str]) -> Iterator[str]:
    """Yield the partnerships that have at least two of some partners."""
    identities: set[str] = set()
    for partner in partners:
        for item in graph.back(partner, "p"):
            if item in identities:
                yield item
            identities.add(item)
