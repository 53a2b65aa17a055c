"""Explains mistakes in a query: where it is, what is wrong, and what was probably meant.

The engine reports what it expected at the furthest offset that any of its rules reached, which is
after the mistake. So the tokens up to there are checked: the first that can't be right is the
mistake; if there is none, the engine's own message is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from twingraph.rdf.vocabulary import PREFIXES
from twingraph.sparql import lint as suspects
from twingraph.sparql.habits import wrong_habits
from twingraph.sparql.lexer import Lines, Token, tokens
from twingraph.sparql.lint import Diagnostic
from twingraph.translation import M_, Message

# Messages of the engine about a query as a whole: the keyword, and the remedy.
_WHOLE: Final[Mapping[str, tuple[str, Message]]] = {
    "Duplicated variable name in SELECT": (
        "SELECT", M_("SELECT names a variable twice; name each once")
    ),
    "SELECT * is not authorized with GROUP BY": (
        "SELECT", M_("SELECT * can't be grouped; name the variables instead of *")
    ),
    "The SELECT contains a variable that is unbound": (
        "SELECT",
        M_("SELECT names a variable that is neither grouped nor counted; name it in GROUP BY, or "
           "write (SAMPLE(?x) AS ?y)"),
    ),
    "expected UNDEF": (
        "VALUES", M_("a row of VALUES has more or fewer values than there are variables")
    ),
}  # fmt: skip
_WIDTH: Final = 100
_SAID_AT_MOST: Final = 4000  # characters of the engine's message that are read
_READ: Final = 3000  # tokens; a longer query was written by a program, not by hand
_WORD: Final = 200  # characters of a name or a string that are shown


class Mistake(NamedTuple):
    """A mistake in a query: the message, its position, and its line with a mark below.

    Lines and columns count from 1. `meant` is what was probably meant; '' if unknown.
    """

    message: Message
    line: int
    column: int
    marked: str
    meant: str = ""

    @property
    def words(self) -> Message:
        """Return the message for people; the mark is in place in a monospaced font."""
        return M_(
            "line {line}, column {column}: {mistake}{marked}", line=self.line, column=self.column,
            mistake=self.message, marked="\n" + self.marked if self.marked else "",
        )  # fmt: skip

    @property
    def text(self) -> str:
        """Return `words` in English."""
        return str(self.words)

    @classmethod
    def of_json(cls, raw: bytes) -> Mistake:
        """Invert `as_json`."""
        (text, context, values), *rest = json.loads(raw)
        read = {name: tuple(value) if isinstance(value, list) else value
                for name, value in values.items()}  # fmt: skip
        return cls(Message(text, context, read), *rest)

    def as_json(self) -> bytes:
        """Return the mistake as JSON, for the process that answers."""
        return json.dumps(self).encode()

    @property
    def members(self) -> dict[str, object]:
        """Return the extension members of a problem document (RFC 9457 §3.2)."""
        place: dict[str, object] = {"line": self.line, "column": self.column}
        return {**place, "didYouMean": self.meant} if self.meant else place


def explain(words: str, text: str, prefixes: Mapping[str, str] = PREFIXES) -> Mistake:
    """Return the mistake in the query `text` that the engine refused with `words`.

    `prefixes` are those that need no declaration.

    >>> print(explain("error at 1:10: expected CONSTRUCT", "SELCT * { ?s ?p ?o }").text)
    line 1, column 1: SELCT is no word of SPARQL; did you mean SELECT?
    SELCT * { ?s ?p ?o }
    ^^^^^
    >>> explain("error at 1:33: …", "SELECT * { ?a tgg:partner ?b }", {"tg": "http://e/"}).meant
    'tg:partner'
    """
    place, engine_words = _place(words, text)
    read = list(islice(tokens(text, with_wrong_escapes=True), _READ))
    mistake = _first(read, text, place, engine_words, prefixes)
    line, column = Lines(text).place(mistake.start)
    begins = mistake.start - column + 1
    whole = text[begins:].partition("\n")[0].rstrip("\r")
    message = mistake.message._replace(values=_short(mistake.message.values))
    return Mistake(message, line, column, _mark(whole, column - 1, mistake.length), mistake.meant)


def _short(values: Mapping[str, object]) -> dict[str, object]:
    """Return a name for a message, shortened: a name may be as long as the query.

    >>> _short({"word": "a" * 500})["word"] == "a" * 200 + "…"
    True
    """
    return {
        name: value[:_WORD] + "…" if isinstance(value, str) and len(value) > _WORD else value
        for name, value in values.items()
    }


# --- where it is ---------------------------------------------------------------------------------


def _place(words: str, text: str) -> tuple[int, str]:
    """Return the position in the engine's message as an offset, and the rest of the message."""
    match = re.match(r"error at (\d+):(\d+): (.*)", words, re.DOTALL)
    if match is None:
        return len(text), words
    lines = text.split("\n")
    before = lines[: int(match[1]) - 1]
    offset = sum(len(item) + 1 for item in before) + int(match[2]) - 1
    return max(0, min(offset, len(text))), match[3]


def _first(
    read: Sequence[Token], text: str, place: int, engine_words: str, prefixes: Mapping[str, str]
) -> Diagnostic:
    whole = next(
        (known for words, known in _WHOLE.items() if f"{words}," in f"{engine_words},"), None
    )
    if whole is not None:
        word, message = whole
        select = next((item for item in read if item.text.upper() == word), None)
        return Diagnostic(select.start if select else 0, len(word) if select else 0, message)
    if not read:
        empty = M_("the query is empty; write SELECT, ASK, CONSTRUCT or DESCRIBE")
        return Diagnostic(0, 0, empty)
    character = next(suspects.wrong_characters(read), None)
    if character is not None:
        place = max(place, character.start)
    kinds: tuple[Iterator[Diagnostic], ...] = (
        iter((character,) if character is not None else ()),
        suspects.wrong_words(read),
        suspects.wrong_prefixes(read, prefixes),
        suspects.wrong_iris(read, text),
        suspects.wrong_strings(read),
        suspects.wrong_brackets(read),
        suspects.wrong_triples(read),
        wrong_habits(read),
    )
    firsts = [first for kind in kinds if (first := next(kind, None)) and first.start <= place]
    token_found = min(firsts, default=None, key=lambda token: (token.start, token.length))
    if token_found is None and len(read) < _READ:
        token_found = suspects.unclosed(read)
    return token_found or Diagnostic(place, 1, _shorter(engine_words))


def _mark(line: str, start: int, length: int) -> str:
    """Return the line, shortened, with carets below the mistake; '' if the line is blank.

    >>> print(_mark("SELECT * { ?s ?p }", 17, 1))
    SELECT * { ?s ?p }
                     ^
    """
    if not line.strip():
        return ""
    cut = max(0, start - _WIDTH * 3 // 4)
    shown = line[cut : cut + _WIDTH]
    padding = re.sub(r"[^\t]", " ", shown[: start - cut])
    carets = "^" * max(1, min(length, len(shown) - (start - cut)))
    return f"{shown}\n{padding}{carets}"


def _shorter(words: str) -> Message:
    """Return what the engine expected, shortened: it lists every letter of every name.

    >>> str(_shorter('expected one of ";", "}", SERVICE, [a ..= z], Variable'))
    'expected ";" or "}" or Variable'
    """
    words = words[:_SAID_AT_MOST]
    listed = words.removeprefix("expected one of ").removeprefix("expected ")
    if listed == words:
        return Message("{words}", "", {"words": words})
    names = re.findall(r'"[^"]*"|[A-Za-z][A-Za-z ]+', re.sub(r"\[[^\]]*\]", "", listed))
    kept = [name for name in names if name not in ("SERVICE", "LATERAL")][:8]
    if not kept:
        return M_("something else is expected here")
    return M_("expected {options}", options=tuple(kept))
