"""Sorted lines of N-Triples -> Turtle in the canonical form, block by block.

The same bytes as `rdf.turtle.write_turtle`, made from text in one pass: no term is ever built. How
a literal is escaped is the same in both, so the text between the quotes is copied. The blocks of a
graph are made once for all documents that contain them.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from twingraph.rdf.dataset import by_subject
from twingraph.rdf.spool import Spool
from twingraph.rdf.turtle import LOCAL, SHORTHAND, iri_text, predicate_text, prefix_lines
from twingraph.rdf.vocabulary import RDF

_TYPE: Final = f"<{RDF.type.value}>"
_KEPT: Final = 1 << 16  # texts that are cached; most of the others occur once
_SHORTHAND: Final = {datatype.value: pattern for datatype, pattern in SHORTHAND.items()}
_SEPARATOR: Final = " ;\n  "
_KINDS: Final = "a "
_JOINED: Final = 512  # blocks that are encoded at once


class TurtleBody:
    """The blocks of a graph, and the prefixes that they use, made once and kept in a spool."""

    def __init__(self, lines: Sequence[str], prefixes: Mapping[str, str], spool: Spool) -> None:
        """Write the sorted lines of a graph as blocks."""
        writer = TurtleWriter(prefixes)
        self._spool = spool
        self._part = spool.add(_joined(writer.blocks(lines)))
        self.used = frozenset(writer.used)

    def __len__(self) -> int:
        """Return how many bytes the blocks have."""
        return len(self._part)

    def pieces(self) -> Iterator[bytes]:
        """Yield the blocks, an empty line between two of them."""
        return self._spool.read(self._part)


def turtle_chunks(body: TurtleBody, prefixes: Mapping[str, str]) -> Iterator[bytes]:
    """Yield a graph as a Turtle document.

    >>> prefixes = {"e": "http://e/"}
    >>> body = TurtleBody(["<http://e/a> <http://e/b> <http://e/c> ."], prefixes, Spool())
    >>> print(b"".join(turtle_chunks(body, prefixes)).decode(), end="")
    @prefix e: <http://e/> .
    <BLANKLINE>
    e:a e:b e:c .
    """
    head = prefix_lines(body.used, prefixes)
    yield (head + ("\n" if len(body) else "")).encode()
    yield from body.pieces()


def turtle_text(lines: Sequence[str], prefixes: Mapping[str, str]) -> str:
    """Return the sorted lines of a small graph as a Turtle document.

    >>> turtle_text(["<http://e/a> <http://e/b> <http://e/c> ."], {"e": "http://e/"})
    '@prefix e: <http://e/> .\\n\\ne:a e:b e:c .\\n'
    """
    writer = TurtleWriter(prefixes)
    body = b"".join(_joined(writer.blocks(lines))).decode()
    return prefix_lines(frozenset(writer.used), prefixes) + ("\n" if body else "") + body


def trig_chunks(
    default: TurtleBody, named: Mapping[str, TurtleBody], prefixes: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield graphs as a TriG document (RDF 1.1 TriG §3): the default graph, the others by IRI."""
    used = set(default.used).union(*(body.used for body in named.values()))
    titles = {name: iri_text(name, used, prefixes) for name in sorted(named)}
    between = "\n" if len(default) or named else ""
    yield (prefix_lines(used, prefixes) + between).encode()
    yield from default.pieces()
    for name, title in titles.items():
        yield f"\n{title} {{\n".encode()
        yield from named[name].pieces()
        yield b"}\n"


def _joined(blocks: Iterator[str]) -> Iterator[bytes]:
    """Yield blocks with an empty line between two of them, some hundred at once."""
    kept: list[str] = []
    between = ""
    for block in blocks:
        kept.append(block)
        if len(kept) == _JOINED:
            yield (between + "\n".join(kept)).encode()
            between = "\n"
            kept.clear()
    if kept:
        yield (between + "\n".join(kept)).encode()


class TurtleWriter:
    """Turns lines into blocks under `prefixes`; `used` are the prefixes that they needed.

    >>> writer = TurtleWriter({"e": "http://e/"})
    >>> list(writer.blocks(['<http://e/a> <http://e/b> "1" .', '<http://e/a> <http://e/b> "2" .']))
    ['e:a e:b "1" , "2" .\\n']
    >>> writer.used
    {'e'}
    """

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        """Begin with no prefix used."""
        self.prefixes = prefixes
        self.used: set[str] = set()
        self._verbs: dict[str, str] = {_TYPE: "a"}
        self._facts: dict[str, tuple[str, str]] = {}  # a line's end -> verb; verb and object
        self._namespaces = {iri: name for name, iri in reversed(list(prefixes.items()))}
        self._starts = {f"<{iri}": name for iri, name in self._namespaces.items()}

    def blocks(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield one block a subject, sorted by its IRI, each ending in a line end."""
        for subject, start, end in by_subject(lines):
            yield self._block(subject, lines[start:end])

    def _block(self, subject: str, lines: Sequence[str]) -> str:
        start = len(subject) + 3
        known, verbs = self._facts, self._verbs
        facts: list[str] = []
        several: dict[str, list[str]] = {}
        last = ""
        for line in lines:
            end = line[start:-2]
            if '"' in end and end[-1] != ">":
                # a plain or a tagged string, which is the same in N-Triples and Turtle
                predicate, _, value = end.partition(" ")
                verb = verbs.get(predicate) or self._verb(predicate)
                fact = f"{verb} {value}"
            else:
                verb, fact = known.get(end) or self._fact(end)
            if verb != last:
                facts.append(fact)
                last = verb
            elif verb in several:
                several[verb].append(fact)
            else:  # lines are sorted, so that the values of a property follow each other
                several[verb] = [facts.pop(), fact]
        for verb, values in several.items():
            facts.append(predicate_text(verb, [value[len(verb) + 1 :] for value in values]))
        facts.sort()  # by verb: a space is less than whatever a verb goes on with
        kinds = bisect(facts, _KINDS)
        if kinds < len(facts) and facts[kinds].startswith(_KINDS):
            facts.insert(0, facts.pop(kinds))
        return f"{self._iri(subject)} {_SEPARATOR.join(facts)} .\n"

    def _verb(self, predicate: str) -> str:
        verb = self._verbs[predicate] = self._iri(predicate[1:-1])
        return verb

    def _fact(self, end: str) -> tuple[str, str]:
        """Return the verb of a line's end, and the verb with the object, as Turtle has them.

        The object is an IRI or a literal with a datatype.
        """
        predicate, _, value = end.partition(" ")
        verb = self._verbs.get(predicate) or self._verb(predicate)
        if value[0] == "<":
            cut = value.rfind("/") + 1
            name = self._starts.get(value[:cut])
            if name is not None and LOCAL.fullmatch(value, cut, len(value) - 1):  # most of ours
                self.used.add(name)
                fact = verb, f"{verb} {name}:{value[cut:-1]}"
            else:
                fact = verb, f"{verb} {self._iri(value[1:-1])}"
        else:
            fact = verb, f"{verb} {self._typed(value)}"
        if len(self._facts) < _KEPT:
            self._facts[end] = fact
        return fact

    def _iri(self, iri: str) -> str:
        cut = iri.rfind("/") + 1
        name = self._namespaces.get(iri[:cut])
        if name is not None and LOCAL.fullmatch(iri, cut):  # most of our own
            self.used.add(name)
            return f"{name}:{iri[cut:]}"
        return iri_text(iri, self.used, self.prefixes)

    def _typed(self, value: str) -> str:
        quoted, _, datatype = value.rpartition("^^")
        shorthand = _SHORTHAND.get(datatype[1:-1])
        if shorthand is not None and shorthand.fullmatch(quoted, 1, len(quoted) - 1):
            return quoted[1:-1]
        return f"{quoted}^^{self._iri(datatype[1:-1])}"
