"""A part of the published graph, before or after a change: all statements about some entities.

What is prepared for the pages of an entity depends on few others. From these alone, a reader
returns the same rows for the entity as from the whole graph.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from pyoxigraph import NamedNode

from twingraph.link.facts import LinkFacts
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.dataset import Dataset
from twingraph.site.line_reader import LineReader, line_reader
from twingraph.site.line_rows import LineTable

Values = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Earlier:
    """The previous build and the change since then.

    `facts` is the present graph; `read` returns a file of the previous build by its path; `values`
    counts, for each value in a changed line, the present lines that have it, by (property, value).
    """

    facts: LinkFacts
    change: Change
    read: Callable[[str], bytes | None]
    values: Callable[[], Values]

    @cached_property
    def changed(self) -> Sequence[str]:
        """The IRIs of all subjects of changed lines, sorted."""
        return sorted(subject[1:-1] for subject in self.change.subjects(DEFAULT))

    @cached_property
    def removed(self) -> Mapping[str, list[str]]:
        """The lines that are no more, by the IRI of their subject."""
        return _by_subject(self.change.removed.get(DEFAULT, ()))

    @cached_property
    def added(self) -> Mapping[str, list[str]]:
        """The lines that are new, by the IRI of their subject."""
        return _by_subject(self.change.added.get(DEFAULT, ()))

    def lines(self, thing: str, then: bool = False) -> list[str]:
        """Return what is said of a thing now, or was then, sorted; that is not noted as read."""
        with self.facts.noting():
            now = self.facts.lines_of(thing)
        if not then or (thing not in self.added and thing not in self.removed):
            return [*now]
        return sorted({*now}.difference(self.added.get(thing, ())).union(
            self.removed.get(thing, ())))  # fmt: skip

    def values_of(self, thing: str, predicate: NamedNode) -> set[str]:
        """Return the IRIs that a thing has as values of a property, now or then."""
        start = f"<{thing}> {predicate} <"
        lines = chain(self.lines(thing), self.removed.get(thing, ()))
        return {line[len(start) : -3] for line in lines if line.startswith(start)}

    def subjects(self, predicate: NamedNode, thing: str) -> set[str]:
        """Return what has a thing as value of a property, now or then."""
        end = f" {predicate} <{thing}> ."
        then = {line.partition(" ")[0][1:-1] for line in self._removed_to.get(thing, ())
                if line.endswith(end)}  # fmt: skip
        return then.union(self.facts.subjects(predicate, thing))

    @cached_property
    def _removed_to(self) -> Mapping[str, list[str]]:
        removed: dict[str, list[str]] = defaultdict(list)
        for line in self.change.removed.get(DEFAULT, ()):
            if line.endswith("> ."):
                removed[line[line.rindex("<") + 1 : -3]].append(line)
        return removed

    @cached_property
    def _reader(self) -> LineReader:
        return line_reader(LinkFacts((), self.facts.base), ())

    def part(self, things: Iterable[str], then: bool = False) -> LineReader:
        """Return a reader of all that is said of some things now, or was said then."""
        facts = self._facts(things, then)
        return replace(self._reader, table=LineTable(facts), memory={})

    def asking(self, things: Iterable[str], queries: Iterable[str], then: bool) -> LineReader:
        """Return a reader as `part` does, which answers these queries too."""
        return line_reader(self._facts(things, then), queries)

    def _facts(self, things: Iterable[str], then: bool) -> LinkFacts:
        lines = chain.from_iterable(self.lines(thing, then) for thing in set(things))
        return LinkFacts(Dataset(sorted(lines), {}), self.facts.base)

    def note(self, reader: LineReader) -> None:
        """Note what a reader of a part read as read of the whole: it would have been."""
        self.facts.reads |= reader.table.facts.reads


def _by_subject(lines: Iterable[str]) -> Mapping[str, list[str]]:
    by_subject: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        by_subject[line.partition(" ")[0][1:-1]].append(line)
    return by_subject
