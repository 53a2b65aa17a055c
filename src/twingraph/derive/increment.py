"""The published graph after a change, derived from the previous build and the affected subjects.

For the affected subjects, and all that they depend on (`derive/neighbours.py`), the published lines
are derived twice: from the earlier statements and from the present ones. The first must be equal to
the lines in the previous build; where they are not, or where a change may affect everything,
`ChangedGraph.published` returns None, and the caller derives the whole graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

from twingraph.derive.gather import gather
from twingraph.derive.neighbours import Neighbours, facts_of, incoming_lines
from twingraph.derive.published import Rule, publish
from twingraph.derive.shortcuts import can_be_worked_out, is_known
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.dataset import Dataset, merged
from twingraph.rdf.iris import DERIVED, is_vocabulary
from twingraph.rdf.quad_file import QuadFile, SortedFile
from twingraph.rdf.vocabulary import PREFIXES, RDF, SKOS, TG

# predicates of code lists and coordinates that rules read: a change of them may affect everything
_WIDE: Final = frozenset({
    str(SKOS.broader), str(TG.countsAsPartnership), str(TG.countsAsTwinning),
    *(f"<{PREFIXES['geo']}{name}>" for name in ("hasGeometry", "asWKT")),
})  # fmt: skip
_TYPE: Final = str(RDF.type)
# the most subjects that may have changed: _FEW, or one for each _QUADS_A_THING quads of the graph;
# to derive more of them takes as long as to derive everything
_FEW: Final = 200
_QUADS_A_THING: Final = 125
_MOST: Final = 20_000  # subjects that may be affected, or that these may depend on

Graphs = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class GraphBefore:
    """The graph of the previous build; `incoming` is its index by object (`incoming_lines`)."""

    quads: QuadFile
    triples: SortedFile  # of the default graph
    incoming: SortedFile
    graphs: Collection[str]  # of what is written, by IRI
    size: int  # in quads


class ChangedGraph:
    """The graph of the previous build and the statements added and removed since.

    `written` are the changed lines by the IRI of their graph, without derived ones.
    """

    def __init__(self, before: GraphBefore, written: Change) -> None:
        """Take the previous graph, which is read where it is needed, and the changed lines."""
        self._before, self.written = before, written
        self._about: dict[str, Mapping[str, list[str]]] = {}
        self._facts: dict[str, dict[str, set[str]]] = {}
        self._back: dict[tuple[str, str], list[str]] = {}

    def before(self, thing: str) -> Mapping[str, list[str]]:
        """Return the lines about a subject (`<IRI>`) in the previous build, by graph."""
        lines_by_graph = self._about.get(thing)
        if lines_by_graph is None:
            lines_by_graph = self._about[thing] = self._before.quads.about(thing)
        return lines_by_graph

    def now(self, thing: str) -> list[str]:
        """Return the present lines about a subject, without derived ones."""
        kept = [
            line for name, lines in self.before(thing).items() if name in self._before.graphs
            for line in lines if line not in self._removed.get(name, ())
        ]  # fmt: skip
        return [*kept, *self._added.get(thing, ())]

    def facts(self, thing: str) -> Mapping[str, set[str]]:
        """Return predicate -> the IRIs that a subject names, before or after the change."""
        found = self._facts.get(thing)
        if found is None:
            old = (line for lines in self.before(thing).values() for line in lines)
            found = self._facts[thing] = facts_of([*old, *self._added.get(thing, ())])
        return found

    def back(self, thing: str, letter: str) -> list[str]:
        """Return the subjects that name an object by the property of a letter, before or after."""
        start = f"{thing} {letter} "
        subjects = self._back.get((thing, letter))
        if subjects is None:
            old = (line.rpartition(" ")[2] for line in self._before.incoming.beginning(start))
            subjects = self._back[thing, letter] = [*old, *self._added_back.get(start, ())]
        return subjects

    def having(self, end: str) -> set[str]:
        """Return the subjects of lines with this end, in the previous build or added since."""
        lines = chain(self._before.triples.ending(end), *self.written.added.values())
        return {line.partition(" ")[0] for line in lines if line.endswith(end)}

    @cached_property
    def changed(self) -> frozenset[str]:
        """The subjects whose statements changed."""
        return frozenset(line.partition(" ")[0] for line in self.written.lines())

    @cached_property
    def _removed(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(lines) for name, lines in self.written.removed.items()}

    @cached_property
    def _added(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for lines in self.written.added.values():
            for line in lines:
                found[line.partition(" ")[0]].append(line)
        return found

    @cached_property
    def _added_back(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for lines in self.written.added.values():
            for line in incoming_lines(lines):
                start, _, subject = line.rpartition(" ")
                found[f"{start} "].append(subject)
        return found

    def _written(self, things: Iterable[str], derived: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {graph: [] for graph in self._before.graphs}
        for thing in things:
            for graph, lines in self.before(thing).items():
                if graph not in (DEFAULT, derived):
                    found[graph] += lines
        return found

    def published(self, rules: Sequence[Rule], base: str, release: str) -> Change | None:
        """Return the published lines that were added and removed; None where that is not known."""
        near = self._reach()
        if near is None or not is_known({rule.name: rule.text for rule in rules}):
            return None
        reached, needed = near
        old = {name: sorted(set(lines)) for name, lines in
               self._written(needed, base + DERIVED).items()}  # fmt: skip
        new = {name: _edited(lines, self.written, name) for name, lines in old.items()}
        if not (new.keys() >= self.written.added.keys() and _works_out(old) and _works_out(new)):
            return None
        then = _of_things(publish(old, rules, base, release), base + DERIVED, reached)
        now = _of_things(publish(new, rules, base, release), base + DERIVED, reached)
        there: dict[str, set[str]] = {name: set() for name in then}
        for thing in reached:
            about = self.before(thing)
            for name, lines in there.items():
                lines.update(about.get(name, ()))
        if then != there:
            return None  # something depends on more than these subjects
        removed = {name: sorted(then[name] - now[name]) for name in then}
        added = {name: sorted(now[name] - then[name]) for name in then}
        return Change(
            _filled({**self.written.removed, **removed}), _filled({**self.written.added, **added})
        )

    def _reach(self) -> tuple[set[str], set[str]] | None:
        """Return the affected subjects, and those they depend on; None where they may be many."""
        most = max(_FEW, self._before.size // _QUADS_A_THING)
        if not _WIDE.isdisjoint(self.written.predicates) or len(self.changed) > most:
            return None
        if any(is_vocabulary(thing[1:-1]) for thing in self.changed):
            return None
        retyped = {
            line.partition(" ")[0] for line in self.written.lines()
            if line.split(" ", 2)[1] == _TYPE
        }  # fmt: skip
        near = Neighbours(self.facts, self.back)
        reached = near.reached(self.changed, retyped)
        if len(reached) > _MOST:
            return None
        needed = near.needed(reached)
        return (reached, needed) if len(needed) <= _MOST else None


def _edited(lines: Sequence[str], written: Change, name: str) -> list[str]:
    gone = set(written.removed.get(name, ()))
    kept = [line for line in lines if line not in gone]
    return merged([kept, written.added.get(name, ())])


def _works_out(graphs: Graphs) -> bool:
    return can_be_worked_out(gather(merged(graphs.values())))


def _of_things(graph: Dataset, derived: str, things: Collection[str]) -> dict[str, set[str]]:
    """Return the lines about some subjects, in the default graph and in that of derived ones."""
    both = {DEFAULT: graph.default, derived: graph.named[derived]}
    return {name: {line for line in lines if line.partition(" ")[0] in things}
            for name, lines in both.items()}  # fmt: skip


def _filled(lines: Graphs) -> Graphs:
    return {name: each for name, each in lines.items() if each}
