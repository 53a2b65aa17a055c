"""Two dumps -> the lines that only one of them holds, by one walk through both.

A dump of ours is a list of lines in the order of their bytes, so comparing two is merging two
sorted lists: whatever their size, only what differs is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, parse

from twingraph.problems import TwingraphError
from twingraph.progress import Progress, counted_lines
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import HOME

_IRI: Final = rb"<[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>\"{}|^`\\]*>"
_TEXT: Final = rb'"(?:[^"\\\n\r\x08\x09\x0c]|\\["\\nrtbf]|\\u[0-9A-F]{4})*"'
_LITERAL: Final = rb"%s(?:@[A-Za-z0-9\-]+|\^\^%s)?" % (_TEXT, _IRI)
LINE: Final = re.compile(
    rb"(?P<triple>%s %s (?:%s|%s))(?: (?P<graph>%s))? \.\n" % (_IRI, _IRI, _IRI, _LITERAL, _IRI)
)


@dataclass(frozen=True)
class Dump:
    """A graph as sorted canonical N-Quads lines, to be walked through as often as need be.

    `base` is the base IRI its things are named under, `name` what people call it, `decided` what
    was decided about links, where that is known: (our IRI, theirs) -> holds.
    `triples`: it is the default graph alone. `size` is how many bytes all lines have, 0 where that
    is not known.
    """

    name: str
    lines: Callable[[], Iterator[bytes]]
    base: str = HOME
    decided: Callable[[], dict[tuple[str, str], bool]] | None = None
    triples: bool = False
    size: int = 0

    def counted(self, doing: str, progress: Progress) -> Dump:
        """Return a dump that reports to `progress` which share of it has been read."""

        def lines() -> Iterator[bytes]:
            return counted_lines(self.lines(), self.size, doing, progress)

        return replace(self, lines=lines)


@dataclass(frozen=True)
class Delta:
    """The lines to take from the old dump and to put into it, each sorted, to get the new one."""

    removed: tuple[bytes, ...] = ()
    added: tuple[bytes, ...] = ()

    def __bool__(self) -> bool:
        """Is there any difference?"""
        return bool(self.removed or self.added)


class Statement(NamedTuple):
    """One quad; `graph` is '' for the default graph."""

    subject: str
    predicate: NamedNode
    object: NamedNode | Literal
    graph: str


def ordered(lines: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Yield lines; raise `TwingraphError` where they are not in the order of their bytes."""
    before = b""
    for number, line in enumerate(lines, 1):
        if line <= before:
            raise TwingraphError(
                f"{name}:{number}: not sorted by bytes, so it was changed by hand or cut off; "
                "take the file as it was published"
            )
        before = line
        yield line


def compare(old: Dump, new: Dump) -> Delta:
    r"""Return what differs between two dumps.

    >>> a, b = b'<http://e/a> <http://e/> "" .\n', b'<http://e/b> <http://e/> "" .\n'
    >>> compare(Dump("old", lambda: iter([a])), Dump("new", lambda: iter([b]))) == Delta((a,), (b,))
    True
    """
    removed, added = [], []
    old_lines, new_lines = ordered(old.lines(), old.name), ordered(new.lines(), new.name)
    old_line, new_line = next(old_lines, None), next(new_lines, None)
    while old_line is not None or new_line is not None:
        if old_line == new_line:
            old_line, new_line = next(old_lines, None), next(new_lines, None)
        elif new_line is None or (old_line is not None and old_line < new_line):
            removed.append(old_line or b"")
            old_line = next(old_lines, None)
        else:
            added.append(new_line)
            new_line = next(new_lines, None)
    return Delta(tuple(removed), tuple(added))


def read_lines(lines: Iterable[bytes]) -> list[Statement]:
    """Read canonical lines, one quad each, in their order."""
    return [_statement(quad) for quad in _quads(lines)]


def _quads(lines: Iterable[bytes]) -> Iterator[Quad]:
    return parse(b"".join(lines), format=RdfFormat.N_QUADS)


def _statement(quad: Quad) -> Statement:
    value, graph = quad.object, quad.graph_name
    if not isinstance(value, NamedNode | Literal):
        raise TypeError(f"{value}: a dump holds IRIs and literals only")
    name = "" if isinstance(graph, DefaultGraph) else graph.value
    return Statement(plain(quad.subject), quad.predicate, value, name)


def is_default(line: bytes) -> bool:
    r"""Is a canonical line one of the default graph?

    >>> is_default(b'<http://e/> <http://e/> "a <http://e/>" .\n')
    True
    """
    # neither an IRI nor what follows a text holds a quotation mark, and only texts hold spaces
    rest = line.rpartition(b'"')[2]
    return rest.count(b" ") == (3 if len(rest) == len(line) else 1)
