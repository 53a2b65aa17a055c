"""Sorted lines of N-Triples -> Turtle in the one form, block by block.

The same bytes as `rdf.turtle.write_turtle`, made from text in one pass: no term is ever built. How
a literal is escaped is the same in both, so what stands between the quotes is copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import Final

from twingraph.rdf.dataset import by_subject
from twingraph.rdf.turtle import SHORTHAND, iri_text, predicate_text, prefix_lines
from twingraph.rdf.vocabulary import RDF

_TYPE: Final = f"<{RDF.type.value}>"
_KEPT: Final = 1 << 16  # object texts that are remembered; most of the others come once
_SHORTHAND: Final = {datatype.value: pattern for datatype, pattern in SHORTHAND.items()}


_READ: Final = 1 << 18  # bytes that are copied at once


def turtle_chunks(lines: Sequence[str], prefixes: Mapping[str, str]) -> Iterator[bytes]:
    """Yield lines as a Turtle document, block by block.

    >>> raw = b"".join(turtle_chunks(["<http://e/a> <http://e/b> <http://e/c> ."], {"e": "http://e/"}))
    >>> print(raw.decode(), end="")
    @prefix e: <http://e/> .
    <BLANKLINE>
    e:a e:b e:c .
    """  # a line of Turtle
    writer = TurtleWriter(prefixes)
    return _after_prefixes(writer, _parted(writer.blocks(lines)), "\n")


def trig_chunks(
    default: Sequence[str], named: Mapping[str, Sequence[str]], prefixes: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield graphs as a TriG document (RDF 1.1 TriG §3): the default graph, the others by IRI."""
    writer = TurtleWriter(prefixes)

    def parts() -> Iterator[str]:
        yield from _parted(writer.blocks(default))
        for name in sorted(named):
            yield f"\n{iri_text(name, writer.used, prefixes)} {{\n"
            yield from _parted(writer.blocks(named[name]))
            yield "}\n"

    return _after_prefixes(writer, parts(), "\n")


def _parted(blocks: Iterator[str]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        yield f"\n{block}" if number else block


def _after_prefixes(writer: TurtleWriter, body: Iterator[str], between: str) -> Iterator[bytes]:
    """Yield the body after the prefixes that it turns out to use; it waits in a file meanwhile."""
    with TemporaryFile("w+b") as waiting:
        for part in body:
            waiting.write(part.encode())
        empty = waiting.tell() == 0
        waiting.seek(0)
        head = prefix_lines(writer.used, writer.prefixes)
        yield (head + ("" if empty else between)).encode()
        yield from iter(lambda: waiting.read(_READ), b"")


class TurtleWriter:
    """Turns lines into blocks under `prefixes`; `used` are the prefixes that they needed.

    >>> writer = TurtleWriter({"e": "http://e/"})
    >>> list(writer.blocks(['<http://e/a> <http://e/b> "1" .', '<http://e/a> <http://e/b> "2" .']))
    ['e:a e:b "1" , "2" .\\n']
    >>> writer.used
    {'e'}
    """

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        """Begin with nothing used."""
        self.prefixes = prefixes
        self.used: set[str] = set()
        self._predicates: dict[str, str] = {_TYPE: "a"}
        self._objects: dict[str, str] = {}

    def blocks(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield one block a subject, sorted by its IRI, each ending in a line end."""
        for subject, start, end in by_subject(lines):
            yield self._block(subject, lines[start:end])

    def _block(self, subject: str, lines: Sequence[str]) -> str:
        name = iri_text(subject, self.used, self.prefixes)
        facts: dict[str, list[str]] = {}
        objects, predicates = self._objects, self._predicates
        start = len(subject) + 3
        for line in lines:
            cut = line.index(" ", start)
            predicate, value = line[start:cut], line[cut + 1 : -2]
            verb = predicates.get(predicate)
            if verb is None:
                verb = predicates[predicate] = self._iri(predicate)
            text = objects.get(value)
            if text is None:
                text = self._object(value)
            values = facts.get(verb)
            if values is None:
                facts[verb] = [text]
            else:
                values.append(text)
        parts = []
        kinds = facts.pop("a", None)
        if kinds is not None:
            parts.append(predicate_text("a", kinds))
        parts += [predicate_text(verb, facts[verb]) for verb in sorted(facts)]
        return f"{name} " + " ;\n  ".join(parts) + " .\n"

    def _iri(self, text: str) -> str:
        return iri_text(text[1:-1], self.used, self.prefixes)

    def _object(self, value: str) -> str:
        if value[0] == "<":
            text = self._iri(value)
        elif value[-1] == ">":
            text = self._typed(value)
        else:
            return value  # a plain or a tagged string stands the same in both
        if len(self._objects) < _KEPT:
            self._objects[value] = text
        return text

    def _typed(self, value: str) -> str:
        quoted, _, datatype = value.rpartition("^^")
        shorthand = _SHORTHAND.get(datatype[1:-1])
        if shorthand is not None and shorthand.fullmatch(quoted, 1, len(quoted) - 1):
            return quoted[1:-1]
        return f"{quoted}^^{self._iri(datatype)}"
