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
_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(" \t\r\n", SPACE),
    **dict.fromkeys("?$", VARIABLE),
    "@": LANGUAGE,
    "_": BLANK,
}
# Characters that are tokens of their own: no other token begins with them.
_SINGLE: Final = frozenset(
    letter
    for letter in map(chr, range(0xB7))
    if not (letter.isascii() and letter.isalnum())
    and letter not in _PATTERNS
    and letter not in ":#<\"'\\/"
)


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
        last = -1
        for match in _SERVICE.finditer(text):
            last = match.start()
        visited = bytearray(last + 1)
        todo = [0]
        while todo:
            start = todo.pop()
            if start > last or visited[start]:  # behind the last keyword nothing is called
                continue
            visited[start] = 1
            letter = text[start]
            if letter in _SINGLE:
                todo.append(start + 1)
            elif letter in _PATTERNS:
                todo.append(end_of(_PATTERNS[letter], text, start))
            elif letter in "\"'":
                todo += self._strings.ends(start)
            elif letter in "<#\\/0123456789":
                todo.extend(self._ends(start))
            else:
                name = NAME.match(text, start)
                if name is not None and (called := self._called(name)) is not None:
                    return called
                todo.append(max(start + 1, name.end() if name else 0))
        return None

    def _called(self, name: re.Match[str]) -> int | None:
        """Return the offset in a name at which it may be read as SERVICE, None where it can't."""
        keyword = _SERVICE.search(name["prefix"] or "")
        if keyword and (not name["colon"] or self._opens(name.end())):
            return name.start() + keyword.start()
        # A name may hold dots; an engine might end it before one.
        dotted = _DOTTED_SERVICE.search(self._text, name.start(), name.end())
        return dotted.start() + 1 if dotted else None

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
        if letter == "#":
            yield self._line_end(start)
        elif letter == "<":
            yield start + 1
            yield end_of(IRI, text, start)
        elif letter == "\\":
            yield start + 1
            yield start + 2
        elif letter == "/":  # `//` is never SPARQL outside IRIs, strings, comments: no reading
            if not text.startswith("//", start):
                yield start + 1
        else:
            for number in NUMBERS:
                match = number.match(text, start)
                if match:
                    yield match.end()
