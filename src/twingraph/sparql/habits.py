"""Errors that habits of other languages bring into a query: commas, `==`, bare conditions.

The engine reports them at the place where it gave up, with a list of words; here each is found
where it is, with what SPARQL 1.1 has instead. `mistakes` uses them only for a refused query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from twingraph.sparql.lexer import Token
from twingraph.sparql.lint import Diagnostic
from twingraph.translation import M_

_GROUPS: Final = ("WHERE", "OPTIONAL", "MINUS", "EXISTS", "UNION")  # each is followed by `{`
_NUMBERED: Final = ("LIMIT", "OFFSET")
_MOST_DIGITS: Final = 19  # of the largest number that the engine takes, 2^64 - 1, all but one
# ECHAR and UCHAR (SPARQL 1.1 §19.2, §19.8): every backslash of a text begins one of them.
_ESCAPE: Final = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.|$)", re.DOTALL)
_SHORT_ESCAPES: Final = "tbnrf\\\"'"


def wrong_habits(read: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield what other languages write so and SPARQL does not.

    >>> from twingraph.sparql.lexer import tokens
    >>> for error in wrong_habits(list(tokens("SELECT ?a, ?b WHERE ?a == ?b LIMIT 10,20"))):
    ...     print(error.start, error.message)
    9 variables of SELECT stand side by side; write no comma
    14 WHERE is followed by {; write WHERE { … }
    23 write = for equality
    29 LIMIT takes one whole number from 0 on; write LIMIT 10
    """
    depth = -1  # of brackets between SELECT or DESCRIBE and the pattern; -1 elsewhere
    form = ""
    for index, token in enumerate(read):
        word = token.text.upper()
        after = read[index + 1] if index + 1 < len(read) else Token(token.start, "end", "")
        if token.kind == "word":
            depth = (
                0 if word in ("SELECT", "DESCRIBE") else -1 if word in ("WHERE", "FROM") else depth
            )
            form = word if word in ("SELECT", "DESCRIBE") else form
            yield from _word(token, word, after, read[index + 2 : index + 3])
        elif token.kind == "string":
            yield from _escapes(token)
        elif token.text == "," and depth == 0:
            message = M_("variables of {word} stand side by side; write no comma", word=form)
            yield Diagnostic(token.start, 1, message)
        elif token.text == "=" and after.text == "=" and after.start == token.start + 1:
            yield Diagnostic(token.start, 2, M_("write = for equality"), "=")
        elif token.text == "{":
            depth = -1
        elif token.text in ("(", ")") and depth >= 0:
            depth = max(0, depth + (1 if token.text == "(" else -1))


def _word(token: Token, word: str, after: Token, second: Sequence[Token]) -> Iterator[Diagnostic]:
    if word in _GROUPS and after.text != "{":
        message = M_("{word} is followed by {open}; write {word} {open} … {close}",
                     word=word, open="{", close="}")  # fmt: skip
        yield Diagnostic(token.start, len(word), message)
    elif word == "FILTER" and after.kind in ("variable", "string", "number"):
        message = M_("a condition stands in brackets; write FILTER (…)")
        yield Diagnostic(token.start, len(word), message)
    elif word in _NUMBERED:
        odd = bool(second) and second[0].text in (",", ".")
        is_number = after.kind == "number" and after.text.isdecimal()
        if odd or not is_number or len(after.text) > _MOST_DIGITS:
            message = M_("{word} takes one whole number from 0 on; write {word} 10", word=word)
            yield Diagnostic(token.start, len(word), message)


def _escapes(token: Token) -> Iterator[Diagnostic]:
    for escape in _ESCAPE.finditer(token.text):
        code = escape[1]
        if len(code) > 1:
            if 0xD800 <= int(code[1:], 16) <= 0xDFFF:
                message = M_("{escape} is half of a character; write the character itself",
                             escape=escape[0])  # fmt: skip
                yield Diagnostic(token.start + escape.start(), len(escape[0]), message)
        elif code in ("u", "U"):
            message = M_("{short} is followed by four hexadecimal digits, {long} by eight",
                         short="\\u", long="\\U")  # fmt: skip
            yield Diagnostic(token.start + escape.start(), len(escape[0]), message)
        elif code not in _SHORT_ESCAPES:
            message = M_("{escape} means nothing in a text; write {meant} for a backslash",
                         escape=escape[0], meant="\\\\")  # fmt: skip
            yield Diagnostic(token.start + escape.start(), len(escape[0]), message, "\\\\")
