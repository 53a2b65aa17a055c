"""The difference between the graph of a build and that of the previous one: sorted lines by graph.

A build that reuses the previous one writes only the subjects, predicates and graphs in it anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from twingraph.rdf.dataset import Dataset, parted
from twingraph.rdf.sorted_parts import Raw, mapped
from twingraph.rdf.sorted_parts import lines as lines_of

DEFAULT = ""  # in the place of the IRI of a graph

Lines = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Change:
    """The lines removed and added, sorted, by the IRI of their graph (`DEFAULT` for the default).

    A graph without changes has no entry; no line is in both.

    >>> before = Dataset(["<a> <p> <o> .", "<b> <p> <o> ."], {})
    >>> change = Change.between(before, Dataset(["<a> <p> <o> .", "<b> <q> <o> ."], {}))
    >>> change.removed, change.added
    ({'': ['<b> <p> <o> .']}, {'': ['<b> <q> <o> .']})
    >>> change.graphs, change.subjects(DEFAULT), sorted(change.predicates)
    ([''], ['<b>'], ['<p>', '<q>'])
    """

    removed: Lines
    added: Lines

    @classmethod
    def between(cls, before: Dataset, after: Dataset) -> Change:
        """Compare two datasets."""
        graphs_before, graphs_after = _graphs(before), _graphs(after)
        removed: dict[str, Sequence[str]] = {}
        added: dict[str, Sequence[str]] = {}
        for name in sorted(graphs_before.keys() | graphs_after.keys()):
            old, new = graphs_before.get(name, ()), graphs_after.get(name, ())
            if old == new:
                continue
            old_lines, new_lines = set(old), set(new)
            removed[name] = sorted(old_lines - new_lines)
            added[name] = sorted(new_lines - old_lines)
        return cls(_filled(removed), _filled(added))

    @classmethod
    def of_file(cls, path: Path, after: Dataset, most: int | None = None) -> Change | None:
        """Compare the sorted N-Quads of a build with a dataset; only what differs is read as text.

        None where more than `most` lines differ.
        Raises `OSError` and `ValueError` where the file is none.
        """
        difference = differing(mapped(path), after.quad_chunks(), most)
        return None if difference is None else cls(*map(_by_graph, difference))

    def __bool__(self) -> bool:
        """Has anything changed?"""
        return bool(self.removed or self.added)

    def __len__(self) -> int:
        """Return how many lines were removed and added."""
        return sum(len(lines) for side in (self.removed, self.added) for lines in side.values())

    @property
    def graphs(self) -> list[str]:
        """The graphs that changed, sorted."""
        return sorted(self.removed.keys() | self.added.keys())

    @cached_property
    def predicates(self) -> frozenset[str]:
        """The predicates of all changed lines, as they are written in them."""
        return frozenset(line.split(" ", 2)[1] for line in self.lines())

    def lines(self) -> Iterator[str]:
        """Yield every line that was removed or added, once for each graph."""
        for side in (self.removed, self.added):
            for lines in side.values():
                yield from lines

    def subjects(self, graph: str) -> list[str]:
        """Return the subjects of the changed lines of a graph, as they are written, sorted."""
        lines = (*self.removed.get(graph, ()), *self.added.get(graph, ()))
        return sorted({line.partition(" ")[0] for line in lines})


def differing(
    raw: Raw, chunks: Iterable[bytes], most: int | None = None
) -> tuple[set[bytes], set[bytes]] | None:
    r"""Return the lines that only a sorted file has, and those that only `chunks` have, sorted too.

    None where there are more than `most`.

    >>> differing(b"a\nb\nd\n", [b"a\nc\n", b"d\n"])
    ({b'b'}, {b'c'})
    """
    parts = lines_of(raw)
    removed: set[bytes] = set()
    added: set[bytes] = set()
    reached = 0
    for chunk in chunks:
        stop = reached + len(chunk)
        if raw[reached:stop] != chunk:
            last = chunk[chunk.rfind(b"\n", 0, -1) + 1 : -1]
            stop = parts.part(last, parts.find(last, reached))
            old, new = set(raw[reached:stop].split(b"\n")), set(chunk.split(b"\n"))
            removed |= old - new
            added |= new - old
            if most is not None and len(removed) + len(added) > most:
                return None
        reached = stop
    removed.update(raw[reached:].split(b"\n"))
    return removed - {b""}, added - {b""}


def _graphs(dataset: Dataset) -> Lines:
    return {DEFAULT: dataset.default, **dataset.named}


def _filled(lines: Lines) -> Lines:
    return {name: each for name, each in lines.items() if each}


def _by_graph(lines: Iterable[bytes]) -> dict[str, list[str]]:
    by_graph: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        graph, triple = parted(line.decode())
        by_graph[graph].append(triple)
    return {graph: sorted(by_graph[graph]) for graph in sorted(by_graph)}


def quad_line(triple: str, graph: str) -> str:
    """Return the line of a triple as that of a quad, of a graph ('' for the default graph).

    >>> quad_line("<a> <b> <c> .", "g"), quad_line("<a> <b> <c> .", "")
    ('<a> <b> <c> <g> .', '<a> <b> <c> .')
    """
    return f"{triple[:-1]}<{graph}> ." if graph else triple
