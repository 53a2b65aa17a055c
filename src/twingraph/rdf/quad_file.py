"""The N-Quads file of a build: the statements about a subject are found by binary search.

The lines of a subject follow each other in the sorted file, so that a few subjects of millions are
read without the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from twingraph.rdf.dataset import parted
from twingraph.rdf.sorted_parts import lines, mapped


class SortedFile:
    """A file of sorted lines."""

    def __init__(self, path: Path) -> None:
        """Map the file into memory; nothing of it is read yet."""
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
        """Yield the lines that end with a text; the whole file is searched."""
        raw, end = self._raw[:], f"{text}\n".encode()
        place = raw.find(end)
        while place >= 0:
            yield raw[raw.rfind(b"\n", 0, place) + 1 : place + len(end) - 1].decode()
            place = raw.find(end, place + 1)


class QuadFile(SortedFile):
    """Sorted N-Quads."""

    def about(self, subject: str) -> dict[str, list[str]]:
        """Return the statements about a subject (`<IRI>`) as N-Triples lines, by graph IRI."""
        by_graph: dict[str, list[str]] = defaultdict(list)
        for line in self.beginning(f"{subject} "):
            graph, triple = parted(line)
            by_graph[graph].append(triple)
        return by_graph
