"""Refuses public queries that reach another host, or name a graph that does not exist.

The engine has no option to disable `SERVICE`, and its parser is looser than the grammar: it reads
`service:x {`, `SERVICESILENT` and `1SERVICE<…>` as calls, and takes `<` for "less than" where a
lexer sees an IRI. So the guard follows *every* way to cut a text into tokens, and refuses if the
keyword can be reached in any of them. What passes may still be no valid SPARQL; what is refused
wrongly is at worst a name that can be changed.

Each position of a text is visited once, and each token there once: the time is linear in the length
of the text, whatever it contains.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from twingraph.problems import TwingraphError
from twingraph.sparql.lexer import (
    BLANK,
    IRI,
    LANGUAGE,
    NAME,
    NUMBERS,
    SPACE,
    VARIABLE,
    Lines,
    Strings,
    dataset_clauses,
    decoded,
    end_of,
)

_SERVICE: Final = re.compile("service", re.IGNORECASE)
_DOTTED_SERVICE: Final = re.compile(r"\.service", re.IGNORECASE)


def refuse_remote(
    text: str,
    graphs: Collection[str] | None = None,
    base: str = "",
    prefixes: Mapping[str, str] | None = None,
) -> None:
    """Raise `TwingraphError` where a query calls another host or a graph that is not in `graphs`.

    `base` and `prefixes` apply where the text does not declare its own.

    >>> refuse_remote("SELECT * { ?service ?p 'SERVICE' } # SERVICE <http://e/>")
    >>> refuse_remote("SELECT * { SERVICE <http://e/> { ?s ?p ?o } }")
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: line 1, column 12: SERVICE is not answered, because no \
query may reach another host; fetch that part yourself, and leave it out here
    >>> refuse_remote("SELECT * FROM <http://e/> { ?s ?p ?o }", graphs=())
    Traceback (most recent call last):
    twingraph.problems.TwingraphError: line 1: FROM <http://e/>, a graph that is not in this \
store; leave FROM out to ask what is published, or name a graph of the dump
    """
    for reading in dict.fromkeys((text, decoded(text))):
        start = _Readings(reading).call()
        if start is not None:
            line, column = Lines(reading).place(start)
            raise TwingraphError(
                f"line {line}, column {column}: SERVICE is not answered, because no query may "
                "reach another host; fetch that part yourself, and leave it out here"
            )
    if graphs is not None:
        for clause in dataset_clauses(text, base, prefixes):
            if clause.graph not in graphs:
                line, _ = Lines(text).place(clause.start)
                raise TwingraphError(
                    f"line {line}: FROM <{clause.graph[:200]}>, a graph that is not in this store; "
                    "leave FROM out to ask what is published, or name a graph of the dump"
                )


class _Readings:
    """All the ways to cut a text into tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._strings = Strings(text)
        self._lines = [match.start() for match in re.finditer(r"[\r\n]", text)]
        self._behind: dict[int, int] = {}  # position -> end of the spaces and comments there

    def call(self) -> int | None:
        """Return the offset at which a reading of the text calls SERVICE, None if none does."""
        text = self._text
        if not _SERVICE.search(text):
            return None
        visited = bytearray(len(text) + 1)
        todo = [0]
        while todo:
            start = todo.pop()
            if start >= len(text) or visited[start]:
                continue
            visited[start] = 1
            name = NAME.match(text, start)
            word = name["prefix"] if name and name["prefix"] else ""
            called = _SERVICE.search(word)
            if name and called and (not name["colon"] or self._opens(name.end())):
                return start + called.start()
            # A name may hold dots; an engine might end it before one.
            dotted = _DOTTED_SERVICE.search(text, start, name.end()) if name else None
            if dotted:
                return dotted.start() + 1
            todo.extend(self._ends(start))
        return None

    def _opens(self, position: int) -> bool:
        """Does a group follow? No prefixed name of a query has `{` behind it but a graph's."""
        path = []
        while position not in self._behind:
            path.append(position)
            if self._text.startswith("#", position):
                position = self._line_end(position)
            else:
                space = SPACE.match(self._text, position)
                if space is None:
                    self._behind[position] = position
                else:
                    position = space.end()
        for passed in path:
            self._behind[passed] = self._behind[position]
        return self._text.startswith("{", self._behind[position])

    def _line_end(self, position: int) -> int:
        line = bisect_left(self._lines, position)
        return self._lines[line] if line < len(self._lines) else len(self._text)

    def _ends(self, start: int) -> Iterator[int]:
        """Yield the offsets where the token at `start` can end: several if readings differ.

        Many readings may come to the same long comment, so its end is looked up.
        """
        text, letter = self._text, self._text[start]
        if letter in " \t\r\n":
            yield end_of(SPACE, text, start)
        elif letter == "#":
            yield self._line_end(start)
        elif letter == "<":
            yield start + 1
            yield end_of(IRI, text, start)
        elif letter in "\"'":
            yield from self._strings.ends(start)
        elif letter in "?$":
            yield end_of(VARIABLE, text, start)
        elif letter == "@":
            yield end_of(LANGUAGE, text, start)
        elif letter == "_":
            yield end_of(BLANK, text, start)
        elif letter.isascii() and letter.isdigit():
            for number in NUMBERS:
                match = number.match(text, start)
                if match:
                    yield match.end()
        elif letter == "\\":
            yield start + 1
            yield start + 2
        elif letter == "/" and text[start + 1 : start + 2] == "/":
            return  # never SPARQL outside IRIs, strings and comments: this reading is none
        else:
            yield end_of(NAME, text, start)
