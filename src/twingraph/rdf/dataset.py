"""A dataset as sorted lines: the default graph, and each named graph, as canonical N-Triples.

Text that is sorted once can be written, merged and grouped in one pass each, and takes a fraction
of the time and memory of sets of terms. A line is `<s> <p> <o> .` as RDFC-1.0 §5 has it; lines are
sorted by code point, which is the order of their UTF-8 bytes, and none occurs twice.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, compress, islice
from operator import ne
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from pyoxigraph import (
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from twingraph.problems import TwingraphError

_QUAD: Final = re.compile(
    r"""(?P<triple>\S+\ <[^>]*>\ (?:<[^>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:@\S+|\^\^<[^>]*>)?))
    (?:\ (?P<graph><[^>]*>))?\ \.""",
    re.VERBOSE,
)
_CHUNK: Final = 4096  # lines that are joined at once where they are written
_MERGED: Final = 1 << 15  # lines that are sorted at once where graphs are merged


class Dataset:
    """Sorted lines of a default graph and of named graphs (by IRI); iterates as quads.

    >>> e = NamedNode("http://e/")
    >>> graph = Dataset.of([Quad(e, e, e), Quad(e, e, e, NamedNode("http://e/g"))])
    >>> graph.default, len(graph), list(graph.named)
    (['<http://e/> <http://e/> <http://e/> .'], 2, ['http://e/g'])
    """

    def __init__(self, default: Sequence[str], named: Mapping[str, Sequence[str]]) -> None:
        """Take lines that are sorted already."""
        self.default = default
        self.named = dict(sorted(named.items()))

    @classmethod
    def of(cls, quads: Iterable[Quad]) -> Dataset:
        """Return quads, in any order, as a dataset."""
        if isinstance(quads, cls):
            return quads
        return cls._of_lines(_lines(serialize(quads, format=RdfFormat.N_QUADS) or b""))

    @classmethod
    def load(cls, path: Path) -> Dataset:
        """Read the N-Quads of a build; raise `TwingraphError` where they are none.

        Text is kept as it is: a store would write `57.0480` as `57.048`.
        """
        try:
            # one line after the other: the whole text beside its lines would be twice the memory
            with path.open(encoding="utf-8", newline="\n") as stream:
                return cls._of_lines(line.removesuffix("\n") for line in stream)
        except (OSError, ValueError) as error:
            raise TwingraphError(f"{path}: {error}; run 'twingraph build' again") from None

    @classmethod
    def _of_lines(cls, lines: Iterable[str]) -> Dataset:
        default: list[str] = []
        named: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            name, triple = parted(line)
            if name:
                named[name].append(triple)
            else:
                default.append(triple)
        return cls(_sorted(default), {name: _sorted(each) for name, each in named.items()})

    def __len__(self) -> int:
        """Return the number of quads."""
        return len(self.default) + sum(map(len, self.named.values()))

    def __iter__(self) -> Iterator[Quad]:
        """Yield every quad: the default graph's first."""
        yield from parse_lines(self.default)
        for name, lines in self.named.items():
            graph = NamedNode(name)
            for line in parse_lines(lines):
                yield Quad(line.subject, line.predicate, line.object, graph)

    def __contains__(self, quad: object) -> bool:
        """Is it a quad of the dataset, in its graph?"""
        return any(each == quad for each in self)

    @cached_property
    def store(self) -> Store:
        """A store whose default graph is that of the dataset, for queries; it rewrites numbers."""
        store = Store()
        with TemporaryFile() as lines:  # a copy in memory would be as large as the store
            lines.writelines(self.triple_chunks())
            lines.seek(0)
            store.bulk_load(lines, format=RdfFormat.N_TRIPLES)
        return store

    def quad_chunks(self) -> Iterator[bytes]:
        """Yield the whole as sorted N-Quads, in pieces."""
        named = [(lines, f"<{name}> .") for name, lines in self.named.items()]
        return _merged([(self.default, ""), *named])

    def triple_chunks(self) -> Iterator[bytes]:
        """Yield the default graph as sorted N-Triples, in pieces."""
        return chunks(self.default)


def parted(line: str) -> tuple[str, str]:
    """Return the graph ('' for the default graph) and the triple of a line of N-Quads.

    Raises `ValueError` where it is none in the canonical form.

    >>> parted("<http://e/> <http://e/> <http://e/> <http://e/g> .")
    ('http://e/g', '<http://e/> <http://e/> <http://e/> .')
    """
    match = _QUAD.fullmatch(line)
    if match is None:
        raise ValueError(f"{line[:80]} is no statement of canonical N-Quads")
    return (match["graph"] or "<>")[1:-1], match["triple"] + " ."


def _sorted(lines: Sequence[str]) -> list[str]:
    return merged([lines])


def _merged(graphs: Sequence[tuple[Sequence[str], str]]) -> Iterator[bytes]:
    """Yield the sorted lines of graphs, merged; each gets the graph term of its graph, if any.

    The graphs are merged some thousand lines at a time, up to the smallest of their last lines: one
    sort for each step is faster than a merge line by line.
    """
    share = max(_MERGED // len(graphs), 256)
    reached = [0] * len(graphs)
    rest = True
    while rest:
        limits = [
            lines[start + share]
            for start, (lines, _) in zip(reached, graphs, strict=True) if start + share < len(lines)
        ]  # fmt: skip
        rest = bool(limits)
        made: list[str] = []
        for number, (lines, end) in enumerate(graphs):
            start = reached[number]
            stop = bisect_left(lines, min(limits), start) if rest else len(lines)
            part = lines[start:stop]
            made += [line[:-1] + end for line in part] if end else part
            reached[number] = stop
        made.sort()
        yield _encoded(made)


def merged(several: Iterable[Iterable[str]]) -> list[str]:
    """Return sorted lists of lines as one sorted list without duplicates.

    >>> merged([["a", "c"], ["b", "c"]])
    ['a', 'b', 'c']
    """
    # Python's sort merges runs that are sorted already in one pass
    lines = sorted(chain.from_iterable(several))
    return [*compress(lines, map(ne, lines, islice(lines, 1, None))), *lines[-1:]]


def without(lines: Sequence[str], removed: Collection[str]) -> list[str]:
    """Return sorted lines without some of them.

    >>> without(["a", "b", "c"], {"b", "d"})
    ['a', 'c']
    """
    kept: list[str] = []
    start = 0
    for line in sorted(removed):  # few: to look for them is faster than to compare all lines
        place = bisect_left(lines, line, start)
        kept += lines[start:place]
        start = place + (place < len(lines) and lines[place] == line)
    kept += lines[start:]
    return kept


def with_text(lines: Sequence[str], text: str) -> Iterator[str]:
    """Yield the lines that hold a text, which is in few of them.

    >>> list(with_text(["<a> <p> <b> .", "<a> <q> <b> ."], " <q> "))
    ['<a> <q> <b> .']
    """
    for start in range(0, len(lines), _CHUNK):
        several = lines[start : start + _CHUNK]
        if text in "\n".join(several):
            yield from (line for line in several if text in line)


def begins(lines: Sequence[str], text: str) -> bool:
    """Does any of these sorted lines begin with `text`?

    >>> begins(["a b", "b c"], "b "), begins(["a b", "b c"], "c")
    (True, False)
    """
    place = bisect_left(lines, text)
    return place < len(lines) and lines[place].startswith(text)


def about(lines: Sequence[str], subject: str) -> Sequence[str]:
    """Return those of sorted lines that say something of a subject (its text).

    >>> about(["<a> <p> <o> .", "<b> <p> <o> .", "<b> <q> <o> ."], "<b>")
    ['<b> <p> <o> .', '<b> <q> <o> .']
    """
    start = bisect_left(lines, f"{subject} ")
    return lines[start : bisect_left(lines, f"{subject}!", start)]  # the character after a space


def _lines(raw: bytes) -> list[str]:
    # not splitlines(): text may hold other characters that Python takes for line ends
    return raw.decode().split("\n")[:-1]


def triple_texts(statements: Iterable[Triple] | Iterable[Quad]) -> set[str]:
    """Return the triples of statements as lines, in no order.

    >>> e = NamedNode("http://e/")
    >>> triple_texts([Triple(e, e, e)])
    {'<http://e/> <http://e/> <http://e/> .'}
    """
    triples: Iterator[Any] = (
        statement.triple if isinstance(statement, Quad) else statement for statement in statements
    )
    return set(_lines(serialize(triples, format=RdfFormat.N_TRIPLES) or b""))


def texts_of(raw: bytes) -> set[str]:
    """Return the lines of N-Triples that our engine wrote."""
    return set(_lines(raw))


def parse_lines(lines: Iterable[str]) -> Iterator[Quad]:
    """Yield the statements of lines, as quads of the default graph."""
    return parse("\n".join(lines).encode(), format=RdfFormat.N_TRIPLES)


def term_of(text: str) -> NamedNode | Literal:
    """Return the IRI or the literal of its text in a line.

    >>> term_of('"Bonn"@de'), term_of("<http://e/>")
    (<Literal value=Bonn language=de>, <NamedNode value=http://e/>)
    """
    if "\\" in text:  # an escape, which the parser knows
        [quad] = parse_lines([f"<urn:s> <urn:p> {text} ."])
        term = quad.object
        assert isinstance(term, NamedNode | Literal), "blank nodes are not published"
        return term
    if text[0] == "<":
        return NamedNode(text[1:-1])
    end = text.rindex('"')
    value, rest = text[1:end], text[end + 1 :]
    if not rest:
        return Literal(value)
    if rest[0] == "@":
        return Literal(value, language=rest[1:])
    return Literal(value, datatype=NamedNode(rest[3:-1]))


def text_of(text: str) -> str:
    """Return an IRI as it is, the text of a literal without tag or datatype.

    >>> text_of('"Bonn"@de'), text_of("<http://e/>")
    ('Bonn', 'http://e/')
    """
    if "\\" in text:
        return term_of(text).value
    return text[1:-1] if text[0] == "<" else text[1 : text.rindex('"')]


def chunks(lines: Iterable[str]) -> Iterator[bytes]:
    r"""Yield lines as UTF-8 with their ends, some thousand at once.

    >>> list(chunks(["a", "b"]))
    [b'a\nb\n']
    """
    iterator = iter(lines)
    while kept := list(islice(iterator, _CHUNK)):
        yield _encoded(kept)


def _encoded(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode() if lines else b""


def by_subject(lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield each subject's IRI with the range of its lines, sorted by IRI.

    Lines are sorted by `<IRI>`, so that `<http://e/a-b>` stands before `<http://e/a>`; the IRIs
    come in the order of their own.

    >>> lines = ["<http://e/a-b> <p> <o> .", "<http://e/a> <p> <o> ."]
    >>> list(by_subject(lines))
    [('http://e/a', 1, 2), ('http://e/a-b', 0, 1)]
    """
    ranges: list[tuple[str, int, int]] = []
    subject, start, index = "", 0, 0
    for index, line in enumerate(lines):
        if not line.startswith(subject) or not subject:
            if subject:
                ranges.append((subject[1:-2], start, index))
            subject, start = line[: line.index(" ") + 1], index
    if subject:
        ranges.append((subject[1:-2], start, index + 1))
    ranges.sort()
    return iter(ranges)
