"""The N-Quads of a build as they lie on the disk: what is said of a thing is found by bisection.

All lines of a subject stand together in a sorted file, so that a few things of millions are read
without the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from twingraph.rdf.dataset import parted
from twingraph.rdf.spliced import lines, mapped


class SortedFile:
    """A file of sorted lines."""

    def __init__(self, path: Path) -> None:
        """Map the file; nothing of it is read yet."""
        self._raw = mapped(path)
        self._parts = lines(self._raw)

    def beginning(self, text: str) -> Iterator[str]:
        """Yield the lines that begin with a text, in their order."""
        raw, start = self._raw, text.encode()
        place = self._parts.find(start)
        while place < len(raw):
            end = raw.find(b"\n", place)
            line = raw[place:end]
            if not line.startswith(start):
                return
            yield line.decode()
            place = end + 1

    def ending(self, text: str) -> Iterator[str]:
        """Yield the lines that end with a text; all of the file is looked through."""
        raw, end = self._raw[:], f"{text}\n".encode()
        place = raw.find(end)
        while place >= 0:
            yield raw[raw.rfind(b"\n", 0, place) + 1 : place + len(end) - 1].decode()
            place = raw.find(end, place + 1)


class QuadFile(SortedFile):
    """Sorted N-Quads."""

    def about(self, subject: str) -> dict[str, list[str]]:
        """Return the lines of N-Triples about a subject (`<IRI>`) by their graphs."""
        by_graph: dict[str, list[str]] = defaultdict(list)
        for line in self.beginning(f"{subject} "):
            graph, triple = parted(line)
            by_graph[graph].append(triple)
        return by_graph
