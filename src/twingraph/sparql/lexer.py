"""A lexer for SPARQL queries that takes linear time.

SPARQL 1.1 §19.8 (grammar), §19.2 (code points). All code that reads the text of a query (the guard,
the prologue, hints, explanations, parameters) uses this lexer. A text comes from outside, so no
part of it is scanned twice: the ends of strings are remembered (`Strings`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import urljoin

UCHAR: Final = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_HIGH = "\u00b7-\U0010ffff"  # more than PN_CHARS has: what the engine can't read, it refuses itself
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"

SPACE: Final = re.compile(r"[ \t\r\n]+")
COMMENT: Final = re.compile(r"#[^\r\n]*")
IRI: Final = re.compile(rf"<(?:[^\x00-\x20<>\"{{}}|^`\\]|{UCHAR})*>")
VARIABLE: Final = re.compile(rf"[?$][A-Za-z0-9_{_HIGH}]+")
LANGUAGE: Final = re.compile(r"@[A-Za-z][A-Za-z0-9]*(?:-{1,2}[A-Za-z0-9]+)*")
BLANK: Final = re.compile(
    rf"_:[A-Za-z0-9_{_HIGH}](?:[.\-A-Za-z0-9_{_HIGH}]*[\-A-Za-z0-9_{_HIGH}])?"
)
NUMBERS: Final = (re.compile(r"[0-9]+"), re.compile(r"[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]+"))
NAME: Final = re.compile(
    rf"""(?P<prefix>[A-Za-z{_HIGH}](?:[.\-A-Za-z0-9_{_HIGH}]*[\-A-Za-z0-9_{_HIGH}])?)?
    (?P<colon>:(?P<local>(?:[A-Za-z0-9_:{_HIGH}]|{_PLX})
        (?:\.*(?:[\-A-Za-z0-9_:{_HIGH}]|{_PLX}))*)?)?""",
    re.VERBOSE,
)
_WORD: Final = re.compile(r"[A-Za-z]+")
_ESCAPED: Final = frozenset("tbnrf\\\"'")
_ESCAPE: Final = re.compile(UCHAR)
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LONGEST_BASE: Final = 500  # characters; every relative IRI is joined to it
_FROM: Final = re.compile("from", re.IGNORECASE)
# What can end a string or a part of one, by its quote and whether it is a long one.
_TURNS: Final = {
    ('"', False): re.compile(r'["\\\n\r]'),
    ("'", False): re.compile(r"['\\\n\r]"),
    ('"', True): re.compile(r'["\\]'),
    ("'", True): re.compile(r"['\\]"),
}


class Strings:
    """Where the strings of a text end; each position is scanned once for each kind of string.

    >>> Strings('"a" "b').ends(0), Strings('"a" "b').ends(4)
    ([3], [5])
    """

    def __init__(self, text: str) -> None:
        """Take the text."""
        self._text = text
        self._known: dict[tuple[str, bool], dict[int, int]] = {key: {} for key in _TURNS}

    def ends(self, start: int) -> list[int]:
        """Return where the string that begins at `start` may end.

        That is one offset if the grammar has a rule that fits (the longest of them). Otherwise it
        is the end of the quote alone, and the end that an engine with laxer escapes might find.
        """
        quote = self._text[start]
        short_end = self._end(quote, False, start + 1)
        if not self._text.startswith(quote * 3, start):
            if short_end > 0:
                return [short_end]
            return [start + 1, -short_end] if short_end else [start + 1]
        long_end = self._end(quote, True, start + 3)
        for end in (long_end, short_end):
            if end > 0:
                return [end]
        return [start + 1, *(-end for end in (long_end, short_end) if end)]

    def meant_end(self, start: int) -> int:
        r"""Return where the string at `start` ends for one who writes escapes that are none.

        >>> strings = Strings(r"'''C:\dir''' }")
        >>> strings.meant_end(0), strings.ends(0)
        (12, [2])
        """
        quote = self._text[start]
        is_long = self._text.startswith(quote * 3, start)
        long_end = abs(self._end(quote, True, start + 3)) if is_long else 0
        return long_end or max(self.ends(start))

    def _end(self, quote: str, long: bool, position: int) -> int:
        """Return the end of the string whose content goes on at `position`; 0 if there is none.

        It is negative where there are escapes on the way that the grammar does not know.
        """
        text, turn, known = self._text, _TURNS[quote, long], self._known[quote, long]
        path: list[int] = []
        wrong = 0  # so many of the path have an unknown escape before them
        end = 0
        while match := turn.search(text, position):
            position = match.start()
            if position in known:
                end = known[position]
                break
            path.append(position)
            letter = text[position]
            if letter == "\\":
                escaped = text[position + 1 : position + 2]
                if escaped not in _ESCAPED and _ESCAPE.match(text, position) is None:
                    wrong = len(path)
                    if not escaped:  # the text ends
                        break
                position += 2  # the digits of a code point end no string
            elif letter != quote:  # a line ends, and a short string with it
                break
            elif not long:
                end = position + 1
                break
            elif text.startswith(quote * 3, position):
                end = position + 3
                break
            else:
                position += 2 if text.startswith(quote * 2, position) else 1
        if wrong:
            known.update(dict.fromkeys(path[wrong:], end))
            end = -abs(end)
            del path[wrong:]
        known.update(dict.fromkeys(path, end))
        return end


class Token(NamedTuple):
    """A token by the grammar's longest match: its offset, its kind, its text."""

    start: int
    kind: str
    text: str


def tokens(text: str, with_wrong_escapes: bool = False) -> Iterator[Token]:
    """Cut a query into IRIs, strings, names, variables, words and marks; drop spaces and comments.

    The grammar knows no string with a wrong escape; a long one is several tokens then, or
    one where strings are taken `with_wrong_escapes`, to explain what is wrong.

    >>> [token.text for token in tokens("ASK { ?a a <http://e/#b> } # c")]
    ['ASK', '{', '?a', 'a', '<http://e/#b>', '}']
    """
    position = 0
    strings = Strings(text)
    while position < len(text):
        start, letter = position, text[position]
        kind, pattern = _KINDS.get(letter, ("name", NAME))
        if letter in "\"'":
            kind = "string"
            position = strings.meant_end(start) if with_wrong_escapes else max(strings.ends(start))
        elif letter.isascii() and letter.isdigit():
            kind, position = "number", max(end_of(number, text, position) for number in NUMBERS)
        else:
            position = end_of(pattern, text, position)
        if kind not in ("space", "comment"):
            token_text = text[start:position]
            if kind == "name" and ":" not in token_text:
                kind = "word" if _WORD.fullmatch(token_text) else "mark"
            elif kind == "iri" and len(token_text) == 1:
                kind = "mark"
            yield Token(start, kind, token_text)


_KINDS: Final = {
    **dict.fromkeys(" \t\r\n", ("space", SPACE)),
    **dict.fromkeys("?$", ("variable", VARIABLE)),
    "#": ("comment", COMMENT),
    "<": ("iri", IRI),
    "@": ("language", LANGUAGE),
    "_": ("blank", BLANK),
}


def end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Return the end of `pattern` matched at `position`; one character on if it does not match."""
    match = pattern.match(text, position)
    return match.end() if match and match.end() > position else position + 1


def decoded(text: str) -> str:
    """Replace code point escapes (SPARQL 1.1 §19.2) once; invalid ones are left unchanged.

    >>> decoded("\\\\u0053ERVICE")
    'SERVICE'
    """

    def character(match: re.Match[str]) -> str:
        number = int(match[0][2:], 16)
        known = number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
        return chr(number) if known else match[0]

    return re.sub(UCHAR, character, text)


# --- the prologue, and tokens resolved by it ------------------------------------------------------


class Read(NamedTuple):
    """A token with its meaning.

    `iri` is the resolved IRI of an IRI or a prefixed name, '' for other tokens and for undeclared
    prefixes; `declares` is `PREFIX` or `BASE` if the token belongs to a declaration, after that
    keyword; `before` are the two words before it, in capitals.
    """

    token: Token
    iri: str
    declares: str
    before: tuple[str, str]


def read(text: str, base: str = "", prefixes: Mapping[str, str] | None = None) -> Iterator[Read]:
    """Yield the tokens of a query with their IRIs, resolved by its prologue.

    >>> [(item.token.text, item.iri) for item in read("PREFIX e: <http://e/> ASK { e:a ?p f:b }")
    ...  if item.token.kind == "name"]
    [('e:', ''), ('e:a', 'http://e/a'), ('f:b', '')]
    """
    declared = dict(prefixes or {})
    before = ("", "")
    name = ""  # of the prefix that is being declared
    for token in tokens(text):
        iri = declares = ""
        if token.kind == "iri":
            iri = _resolved(decoded(token.text[1:-1]), base)
            if before[0] == "PREFIX":
                declares, declared[name] = "PREFIX", iri
            elif before[1] == "BASE":
                declares, base = "BASE", iri
        elif token.kind == "name":
            prefix, _, local = token.text.partition(":")
            if before[1] == "PREFIX":
                declares, name = "PREFIX", prefix
            elif prefix in declared:
                iri = declared[prefix] + re.sub(r"\\(.)", r"\1", local)
        yield Read(token, iri, declares, before)
        before = (before[1], token.text.upper())


def is_absolute(iri: str) -> bool:
    """Is an IRI absolute: has it a scheme?"""
    return _ABSOLUTE.match(iri) is not None


def _resolved(iri: str, base: str) -> str:
    if is_absolute(iri) or len(base) > _LONGEST_BASE:
        return iri
    try:
        joined = urljoin(base, iri)
    except ValueError:  # a host that is none, `http://[`
        return iri
    return f"{joined}#" if iri.endswith("#") and not joined.endswith("#") else joined


class DatasetClause(NamedTuple):
    """`FROM` or `FROM NAMED` (SPARQL 1.1 §13.2): the graph, and the offset of the clause."""

    named: bool
    graph: str
    start: int


def dataset_clauses(
    text: str, base: str = "", prefixes: Mapping[str, str] | None = None
) -> Iterator[DatasetClause]:
    """Yield the FROM clauses of a query; a name with an undeclared prefix as written.

    >>> list(dataset_clauses("PREFIX e: <http://e/> ASK FROM e:a FROM NAMED <http://e/b> {}"))
    [DatasetClause(named=False, graph='http://e/a', start=31), \
DatasetClause(named=True, graph='http://e/b', start=46)]
    """
    if not _FROM.search(text):
        return
    for token, iri, declares, before in read(text, base, prefixes):
        if declares or token.kind not in ("iri", "name"):
            continue
        if before[1] == "FROM" or before == ("FROM", "NAMED"):
            yield DatasetClause(before[1] == "NAMED", iri or token.text, token.start)


def first_word(text: str) -> str:
    """Return the first word after the prologue, in capitals; '' if there is none.

    >>> first_word("BASE <http://e/> PREFIX select: <http://e/> # ASK\\n construct {} WHERE {}")
    'CONSTRUCT'
    >>> first_word("PREFIX : <http://e/> load <http://e/>")
    'LOAD'
    """
    for token, _, declares, _ in read(text):
        if declares or token.text.upper() in ("PREFIX", "BASE"):
            continue
        if token.kind == "word":
            return token.text.upper()
        if token.kind != "iri":
            return ""
    return ""


class Lines:
    """Converts offsets of a text to lines and columns, counted from 1.

    >>> Lines("ab\\ncd").place(4)
    (2, 2)
    """

    def __init__(self, text: str) -> None:
        """Take the text."""
        self._text = text
        self._offset = 0
        self._line = 1

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of `offset`; calls in rising order take one pass in all."""
        if offset < self._offset:
            self._offset, self._line = 0, 1
        self._line += self._text.count("\n", self._offset, offset)
        self._offset = offset
        return self._line, offset - self._text.rfind("\n", 0, offset)
