"""What a query of a stranger must not do: reach another host, or ask for a graph that is not here.

SPARQL 1.1 §19.8 (grammar), §19.2 (code points). The engine has no switch against `SERVICE`, and its
parser is looser than the grammar: it reads `service:x {`, `SERVICESILENT` and `1SERVICE<…>` as
calls, and takes `<` for "less than" where a lexer sees an IRI. So the guard follows *every* way to
cut a text into tokens, and refuses if the word can be reached in one of them. What it lets through
may still be no SPARQL; what it refuses is at worst a name that can be chosen otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple
from urllib.parse import urljoin

from twingraph.problems import TwingraphError

_UCHAR = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_ESCAPE = rf"\\[tbnrf\\\"']|{_UCHAR}"
_HIGH = "\u00b7-\U0010ffff"  # more than PN_CHARS has: what the engine can't read, it refuses itself
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"

_SPACE: Final = re.compile(r"[ \t\r\n]+")
_COMMENT: Final = re.compile(r"#[^\r\n]*")
_FILLER: Final = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_IRI: Final = re.compile(rf"<(?:[^\x00-\x20<>\"{{}}|^`\\]|{_UCHAR})*>")
_STRINGS: Final = (
    re.compile(rf'"""(?:"{{0,2}}(?:[^"\\]|{_ESCAPE}))*"""', re.DOTALL),
    re.compile(rf"'''(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*'''", re.DOTALL),
    re.compile(rf'"(?:[^"\\\n\r]|{_ESCAPE})*"'),
    re.compile(rf"'(?:[^'\\\n\r]|{_ESCAPE})*'"),
)
# Tried where the exact rule finds nothing: what an engine makes of broken strings is unknown.
_BROKEN_STRINGS: Final = (
    re.compile(r'"""(?:"{0,2}(?:[^"\\]|\\.))*"""', re.DOTALL),
    re.compile(r"'''(?:'{0,2}(?:[^'\\]|\\.))*'''", re.DOTALL),
    re.compile(r'"(?:[^"\\\n\r]|\\.)*"', re.DOTALL),
    re.compile(r"'(?:[^'\\\n\r]|\\.)*'", re.DOTALL),
)
_VARIABLE: Final = re.compile(rf"[?$][A-Za-z0-9_{_HIGH}]+")
_LANGUAGE: Final = re.compile(r"@[A-Za-z][A-Za-z0-9]*(?:-{1,2}[A-Za-z0-9]+)*")
_BLANK: Final = re.compile(
    rf"_:[A-Za-z0-9_{_HIGH}](?:[.\-A-Za-z0-9_{_HIGH}]*[\-A-Za-z0-9_{_HIGH}])?"
)
_NUMBERS: Final = (re.compile(r"[0-9]+"), re.compile(r"[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+"))
_NAME: Final = re.compile(
    rf"""(?P<prefix>[A-Za-z{_HIGH}](?:[.\-A-Za-z0-9_{_HIGH}]*[\-A-Za-z0-9_{_HIGH}])?)?
    (?P<colon>:(?P<local>(?:[A-Za-z0-9_:{_HIGH}]|{_PLX})
        (?:\.*(?:[\-A-Za-z0-9_:{_HIGH}]|{_PLX}))*)?)?""",
    re.VERBOSE,
)
_WORD: Final = re.compile(r"[A-Za-z]+")
_SERVICE: Final = re.compile("service", re.IGNORECASE)
_DOTTED_SERVICE: Final = re.compile(r"\.service", re.IGNORECASE)


def refuse_remote(text: str, graphs: Collection[str] | None = None) -> None:
    """Raise `TwingraphError` where a query calls another host or a graph that is not in `graphs`.

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
    for reading in (text, _decoded(text)):
        at = _call(reading)
        if at is not None:
            line = reading.count("\n", 0, at) + 1
            column = at - reading.rfind("\n", 0, at)
            raise TwingraphError(
                f"line {line}, column {column}: SERVICE is not answered, because no query may "
                "reach another host; fetch that part yourself, and leave it out here"
            )
    if graphs is not None:
        for line, graph in _asked_graphs(text):
            if graph not in graphs:
                raise TwingraphError(
                    f"line {line}: FROM <{graph}>, a graph that is not in this store; leave FROM "
                    "out to ask what is published, or name a graph of the dump"
                )


def _decoded(text: str) -> str:
    """Replace code point escapes (SPARQL 1.1 §19.2) once; what is no character stays as it is."""

    def one(match: re.Match[str]) -> str:
        number = int(match[0][2:], 16)
        known = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
        return chr(number) if known else match[0]

    return re.sub(_UCHAR, one, text)


def _call(text: str) -> int | None:
    """Return where a reading of `text` calls SERVICE, None where none does."""
    if not _SERVICE.search(text):
        return None
    seen = bytearray(len(text) + 1)
    ends = [match.start() for match in re.finditer(r"[\r\n]", text)]
    todo = [0]
    while todo:
        at = todo.pop()
        if at >= len(text) or seen[at]:
            continue
        seen[at] = 1
        name = _NAME.match(text, at)
        word = name["prefix"] if name and name["prefix"] else ""
        called = _SERVICE.search(word)
        if name and called and (not name["colon"] or _opens(text, name.end())):
            return at + called.start()
        # A name may hold dots; an engine might end it before one.
        dotted = _DOTTED_SERVICE.search(text, at, name.end()) if name else None
        if dotted:
            return dotted.start() + 1
        if text[at] == "#":  # many readings may end in one long comment: look its end up
            line = bisect_left(ends, at)
            todo.append(ends[line] if line < len(ends) else len(text))
        else:
            todo.extend(_steps(text, at))
    return None


def _opens(text: str, at: int) -> bool:
    """Does a group follow? No prefixed name of a query has `{` behind it but a graph's."""
    behind = _FILLER.match(text, at)
    return text[behind.end() if behind else at :].startswith("{")


def _steps(text: str, at: int) -> Iterator[int]:
    """Yield where the token at `at` can end: usually one place, several where readings differ."""
    letter = text[at]
    if letter in " \t\r\n":
        yield _end(_SPACE, text, at)
    elif letter == "<":
        yield at + 1
        yield _end(_IRI, text, at)
    elif letter in "\"'":
        yield from _string_ends(text, at)
    elif letter in "?$":
        yield _end(_VARIABLE, text, at)
    elif letter == "@":
        yield _end(_LANGUAGE, text, at)
    elif letter == "_":
        yield _end(_BLANK, text, at)
    elif letter.isascii() and letter.isdigit():
        yield from (match.end() for one in _NUMBERS if (match := one.match(text, at)))
    elif letter == "\\":
        yield at + 1
        yield at + 2
    elif letter == "/" and text[at + 1 : at + 2] == "/":
        return  # never SPARQL outside IRIs, strings and comments: this reading is none
    else:
        yield _end(_NAME, text, at)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match and match.end() > at else at + 1


def _string_ends(text: str, at: int) -> Iterator[int]:
    for pattern in _STRINGS:
        match = pattern.match(text, at)
        if match:
            yield match.end()
            return
    yield at + 1
    yield from (match.end() for one in _BROKEN_STRINGS if (match := one.match(text, at)))


# --- the plain reading ---------------------------------------------------------------------------


class Token(NamedTuple):
    """A piece of a query as the grammar's longest match cuts it: where, which kind, the words."""

    start: int
    kind: str
    text: str


def tokens(text: str) -> Iterator[Token]:
    """Cut a query into IRIs, strings, names, variables, words and marks; drop spaces and comments.

    >>> [one.text for one in tokens("ASK { ?a a <http://e/#b> } # c")]
    ['ASK', '{', '?a', 'a', '<http://e/#b>', '}']
    """
    at = 0
    while at < len(text):
        start, letter = at, text[at]
        kind, pattern = _KINDS.get(letter, ("name", _NAME))
        if letter in "\"'":
            kind, at = "string", max(_string_ends(text, at))
        elif letter.isascii() and letter.isdigit():
            kind, at = "number", max(_end(one, text, at) for one in _NUMBERS)
        else:
            at = _end(pattern, text, at)
        if kind not in ("space", "comment"):
            found = text[start:at]
            if kind == "name" and ":" not in found:
                kind = "word" if _WORD.fullmatch(found) else "mark"
            elif kind == "iri" and len(found) == 1:
                kind = "mark"
            yield Token(start, kind, found)


_KINDS: Final = {
    **dict.fromkeys(" \t\r\n", ("space", _SPACE)),
    **dict.fromkeys("?$", ("variable", _VARIABLE)),
    "#": ("comment", _COMMENT),
    "<": ("iri", _IRI),
    "@": ("language", _LANGUAGE),
    "_": ("blank", _BLANK),
}


def _asked_graphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the graphs that FROM and FROM NAMED clauses name, each with its line."""
    if not re.search("from", text, re.IGNORECASE):
        return
    base = ""
    prefixes: dict[str, str] = {}
    before: list[str] = ["", ""]
    for token in tokens(text):
        word = before[-1].upper()
        if token.kind == "iri":
            iri = urljoin(base, _decoded(token.text[1:-1]))
            if word == "BASE":
                base = iri
            elif before[-2].upper() == "PREFIX":
                prefixes[before[-1]] = iri
            elif _is_from(before):
                yield text.count("\n", 0, token.start) + 1, iri
        elif token.kind == "name" and _is_from(before):
            name, _, local = token.text.partition(":")
            iri = prefixes.get(name + ":", name + ":") + re.sub(r"\\(.)", r"\1", local)
            yield text.count("\n", 0, token.start) + 1, iri
        before.append(token.text)


def _is_from(before: list[str]) -> bool:
    words = [word.upper() for word in before[-2:]]
    return words[-1] == "FROM" or words == ["FROM", "NAMED"]
