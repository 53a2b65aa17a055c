"""What a check comes to after a change: what the change can reach is judged, the rest as it was.

Files that did not change have the problems they had. Of what is published, the shapes are asked
about all that they were asked about before, and about what a change may have made worth asking
(`check/evident.py` says what is not). Where that can't be told, or a violation comes up, no answer
is given, and everything is checked.
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
from twingraph.check.links import link_problems
from twingraph.check.run import (
    PUBLISHED_SHAPES,
    Checked,
    check_files,
    is_evident,
    is_form_evident,
    judge_lines,
    problem_of,
    side_by_side,
    validate,
    written_lines,
)
from twingraph.check.tables_again import is_described, tables_now
from twingraph.check.whole import WholeEngine
from twingraph.derive.increment import ChangedGraph
from twingraph.problems import Problem, by_severity
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.dataset import merged
from twingraph.rdf.ntriples import iri
from twingraph.rdf.vocabulary import PREFIXES, RDF, TG
from twingraph.source.again import ReadAgain, as_json, as_problem
from twingraph.source.curated import Curated

_TYPE, _PARTNERSHIP, _PARTNER = map(str, (RDF.type, TG.Partnership, TG.partner))
_SUBCLASS: Final = f"<{PREFIXES['rdfs']}subClassOf>"
_ISSUED: Final = f"<{PREFIXES['dcterms']}issued>"
_ABOUT, _IN_SOURCE = str(TG.about), str(TG.inSource)
_SILENT: Final = f" {TG.notStated} {TG.start} ."
_NOT_FOLLOWED: Final = frozenset({str(TG.partnerOf), str(TG.twinnedWith)})
_NAME: Final = re.compile("<[^<>]*>")
_BESIDE_FROM: Final = 30_000  # lines; less is judged before a child would have begun
_MOST: Final = 20_000  # things that are judged again; more are not judged quicker than all

Found = Mapping[str, Problem]


def found_raw(found: Iterable[tuple[Finding, Problem]]) -> bytes:
    """Return findings, each with the problem that it is, as JSON."""
    pairs = {_key(finding): as_json(problem) for finding, problem in found}
    return json.dumps(pairs).encode()


def read_found(raw: bytes) -> Found:
    """Return the problem of each finding by a text that is the finding's."""
    return {key: as_problem(item) for key, item in json.loads(raw).items()}


def _key(finding: Finding) -> str:
    return json.dumps(finding.sort_key())


def check_again(
    read: ReadAgain, graph: ChangedGraph, published: Change, before: Checked, earlier: Found,
    whole: Callable[[], Curated], validator: Engine | None = None,
) -> Checked | None:  # fmt: skip
    """Return what checking comes to, from what it came to before.

    Of `before` only the lines that were judged are looked at, `earlier` are the findings.
    `whole` reads the whole project, for the place of a problem that was not there before.
    """
    settings, engine = read.curated.settings, validator or WholeEngine()
    if not (is_evident(settings) and is_form_evident(settings)):
        return None
    lines = _to_judge(graph, published, before.judged, settings.base_iri)
    tables = tables_now(read, graph, before.tables)
    if lines is None or tables is None:
        return None
    of_files = check_files(read.curated, read.fresh)
    for file in read.curated.files:
        if file.path not in of_files:
            of_files[file.path] = [*file.problems]
    problems = list(chain.from_iterable(of_files.values()))
    problems += link_problems(read.curated, lambda thing: is_described(graph, thing))
    read_whole, fresh = cache(whole), {file.path: file for file in read.fresh}
    pairs, spoken_of = [], _spoken_of(graph)
    written = written_lines(read.curated)
    judge = partial(judge_lines, settings, written, tables, engine)
    with side_by_side(judge, len(lines) + len(written) >= _BESIDE_FROM) as result:
        judged = validate(settings, engine, lines, PUBLISHED_SHAPES)
        judged = [*result(), *judged]
    for finding in judged:
        problem = earlier.get(_key(finding))
        if problem is None or finding.code == "X01" or f"<{finding.focus}>" in spoken_of:
            problem = problem_of(read_whole(), finding)
        elif problem.file in fresh:  # it is there still, perhaps in another line
            touched = replace(read.curated, files=(fresh[problem.file],))
            problem = problem_of(touched, finding)
        pairs.append((finding, problem))
    problems += [problem for _, problem in pairs]
    if any(problem.severity == "violation" for problem in problems):
        return None
    return Checked(by_severity(problems), of_files, tuple(pairs), lines, tables)


def _spoken_of(graph: ChangedGraph) -> frozenset[str]:
    """Return what anything that changed names: problems of these may have another place."""
    return frozenset(
        name
        for thing in graph.changed
        for line in (*chain.from_iterable(graph.before(thing).values()), *graph.now(thing))
        for name in _NAME.findall(line)
    )


def _to_judge(
    graph: ChangedGraph, published: Change, judged: Sequence[str], base: str
) -> list[str] | None:
    """Return the lines that the shapes must be asked about now; None where that may be all."""
    lines = [line for side in (published.removed, published.added)
             for line in side.get(DEFAULT, ())]  # fmt: skip
    todo = _worth_judging(graph, lines, base)
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
    for line in judged:
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
    """Return what is judged with a thing: what it names, and the claims about it."""
    context = set(graph.back(thing, "s"))
    for line in lines:
        _, predicate, value = line.split(" ", 2)
        if value.startswith(base) and predicate not in _NOT_FOLLOWED:
            context.add(value[:-2])
    return context


class _Now:
    """What is published of a thing now."""

    def __init__(self, graph: ChangedGraph, published: Change) -> None:
        self._graph = graph
        self._gone = set(published.removed.get(DEFAULT, ()))
        self._added: dict[str, list[str]] = defaultdict(list)
        for line in published.added.get(DEFAULT, ()):
            self._added[line.partition(" ")[0]].append(line)

    def lines(self, thing: str) -> list[str]:
        old = self._graph.before(thing).get(DEFAULT, ())
        return [*(line for line in old if line not in self._gone), *self._added.get(thing, ())]


def _worth_judging(graph: ChangedGraph, lines: Iterable[str], base: str) -> set[str] | None:
    """Return the things that changed lines may have made worth judging; None where it may be all.

    These are the conditions under which `check/evident.py` leaves a thing out: its own statements,
    the names and the class of its partners, another partnership of the same two, what is said of
    the sources that it cites.
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
            subjects.update(_of_the_same(graph, graph.facts(thing).get(_PARTNER, set())))
        elif predicate == _IN_SOURCE:
            subjects.update(graph.back(thing, "c"))
        elif predicate == _ABOUT:
            subjects.add(value[:-2])
    return subjects


def _of_the_same(graph: ChangedGraph, partners: Iterable[str]) -> Iterator[str]:
    """Yield the partnerships that share two partners with some."""
    identities: set[str] = set()
    for partner in partners:
        for item in graph.back(partner, "p"):
            if item in identities:
                yield item
            identities.add(item)
