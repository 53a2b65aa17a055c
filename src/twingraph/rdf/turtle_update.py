"""A Turtle or TriG document made from that of the previous build and the blocks that changed.

Blocks of changed subjects are replaced, all others are taken over. Which prefixes the head names is
told from those that were named, those of the new blocks, and those that went with the old ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from twingraph.rdf.sorted_parts import Parts, Piece, Raw
from twingraph.rdf.turtle import iri_text, prefix_lines
from twingraph.rdf.turtle_stream import TurtleWriter

_PREFIX: Final = re.compile(rb"@prefix ([^:]*): <[^>]*> \.\n")
_TEXTS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|<[^>]*>')
_PREFIXED: Final = re.compile(rb"(?<![^\s^])([^\s:^]*):")
_ESCAPE: Final = re.compile(r"\\u([0-9A-F]{4})")

Blocks = Sequence[tuple[bytes, bytes]]  # key of a subject, its block (b"": none)


class ChangedBlocks:
    """The blocks of changed subjects, serialised once for all documents that contain them."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        """Begin with nothing written."""
        self.prefixes = prefixes
        self._made: dict[str, tuple[Blocks, frozenset[str]]] = {}

    def of(
        self, graph: str, subjects: Iterable[str], lines_about: Callable[[str], Sequence[str]]
    ) -> tuple[Blocks, frozenset[str]]:
        """Return the blocks of subjects (texts) of a graph, sorted, and the prefixes they use."""
        if graph not in self._made:
            writer = TurtleWriter(self.prefixes)
            blocks = [
                (subject[1:-1].encode(), "".join(writer.blocks(lines_about(subject))).encode())
                for subject in subjects
            ]
            self._made[graph] = sorted(blocks), frozenset(writer.used)
        return self._made[graph]


def turtle_pieces(
    raw: Raw, blocks: Blocks, used: Iterable[str], prefixes: Mapping[str, str]
) -> list[Piece]:
    """Return a Turtle document with the blocks of some subjects replaced; they use `used`.

    >>> raw = b"@prefix e: <http://e/> .\\n\\ne:a e:b e:c .\\n\\n<http://f/> e:b e:c .\\n"
    >>> turtle_pieces(raw, [(b"http://e/a", b"")], (), {"e": "http://e/"})
    [b'@prefix e: <http://e/> .\\n\\n', range(41, 63)]
    """
    names, start = _head(raw)
    parts = _parts(raw, start, len(raw), prefixes)
    body = parts.replaced(blocks)
    names = names - _gone(raw, [(parts, blocks)], body, used) | set(used)
    head = prefix_lines(names, prefixes) + ("\n" if body else "")
    return [head.encode(), *body]


def trig_pieces(
    raw: Raw, graphs: Mapping[str, tuple[Blocks, frozenset[str]]], names: Iterable[str],
    prefixes: Mapping[str, str],
) -> list[Piece] | None:  # fmt: skip
    """Return a TriG document with blocks in some of its graphs ('' is the default one) replaced.

    `names` are the graphs in it, before and after; None where one is not.
    """
    used: set[str] = set()
    titles = {name: iri_text(name, used, prefixes) for name in sorted(names)}
    used.update(*(each for _, each in graphs.values()))
    head, start = _head(raw)
    places = _places(raw, titles, start)
    if places is None:
        return None
    replaced: list[tuple[Parts, Blocks]] = []
    body: list[Piece] = []
    for name, (begin, stop) in places.items():
        parts = _parts(raw, begin, stop, prefixes)
        blocks = graphs[name][0] if name in graphs else ()
        pieces = parts.replaced(blocks)
        replaced.append((parts, blocks))
        body += [f"\n{titles[name]} {{\n".encode(), *pieces, b"}\n"] if name else pieces
    head = head - _gone(raw, replaced, body, used) | used
    return [(prefix_lines(head, prefixes) + ("\n" if body else "")).encode(), *body]


def _head(raw: Raw) -> tuple[set[str], int]:
    """Return the prefixes that a document names, and where its first block begins."""
    names, place = set(), 0
    while match := _PREFIX.match(raw, place):
        names.add(match[1].decode())
        place = match.end()
    return names, place + (raw[place : place + 1] == b"\n")


def _places(
    raw: Raw, titles: Mapping[str, str], start: int
) -> dict[str, tuple[int, int]] | None:  # fmt: skip
    """Return where the blocks of each graph begin and stop."""
    begins = {"": start}
    stops: list[int] = []
    reached = start
    for name, title in titles.items():
        line = f"\n{title} {{\n".encode()
        place = raw.find(line, max(reached - 1, 0))
        if place < 0:
            return None
        stops.append(place - 2 if stops else place)  # after the first one, a line with a brace
        begins[name] = reached = place + len(line)
    stops.append(len(raw) - 2 if titles else len(raw))
    return {name: (begin, stop) for (name, begin), stop in zip(begins.items(), stops, strict=True)}


def _parts(raw: Raw, start: int, stop: int, prefixes: Mapping[str, str]) -> Parts:
    return Parts(raw, start, stop, b"\n\n", b"\n", partial(_key, prefixes))


def _key(prefixes: Mapping[str, str], raw: Raw, place: int) -> bytes:
    """Return the IRI of the block that begins at a place."""
    text = raw[place : raw.find(b" ", place)].decode()
    if text.startswith("<"):
        return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text[1:-1]).encode()
    name, _, local = text.partition(":")
    return (prefixes[name] + local).encode()


def _gone(
    raw: Raw,
    replaced: Iterable[tuple[Parts, Blocks]],
    remaining: Iterable[Piece],
    used: Iterable[str],
) -> set[str]:
    """Return the prefixes that the old blocks used and no block uses any more."""
    old = (
        raw[place : parts.part(key, place)]
        for parts, blocks in replaced
        for key, _ in blocks
        for place in (parts.find(key),)
    )
    names = set().union(*map(_names, old)) - set(used)
    kept = [piece for piece in remaining if isinstance(piece, range)]
    return {name for name in names if not any(_uses(raw, piece, name) for piece in kept)}


def _names(text: bytes) -> set[str]:
    """Return the prefixes that a text of blocks uses.

    >>> sorted(_names(b'e:a f:b "g:c" , <h:i> , "1"^^xsd:date .'))
    ['e', 'f', 'xsd']
    """
    return {name.decode() for name in _PREFIXED.findall(_TEXTS.sub(b" ", text))}


def _uses(raw: Raw, piece: range, name: str) -> bool:
    wanted = f"{name}:".encode()
    return any(name in _names(line) for line in _lines_with(raw, piece, wanted))


def _lines_with(raw: Raw, piece: range, text: bytes) -> Iterator[bytes]:
    """Yield the lines of a piece that contain a text."""
    place = piece.start
    while (offset := raw.find(text, place, piece.stop)) >= 0:
        begin = raw.rfind(b"\n", piece.start, offset) + 1 or piece.start
        stop = raw.find(b"\n", offset, piece.stop)
        place = piece.stop if stop < 0 else stop + 1
        yield raw[begin:place]
