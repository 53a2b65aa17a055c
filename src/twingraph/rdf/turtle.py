"""Turtle in one canonical form: writing terms, blocks and files; finding statements by line.

Writing: prefixes from one list, one subject a block, blocks sorted, `a` first, one predicate a
line. Reading is pyoxigraph's; `Positions` only finds the line on which a statement stands.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, Triple

from twingraph.rdf.vocabulary import PREFIXES, RDF, XSD

# W3C RDF 1.1 Turtle §6.5, as far as we write it: no escapes, no leading digit trouble.
LOCAL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_\-]*[A-Za-z0-9_])?")
_NOT_IN_IRI: Final = re.compile(r'[\x00-\x20<>"{}|^`\\]')
SHORTHAND: Final = {
    XSD.integer: re.compile(r"[+-]?[0-9]+"),
    XSD.decimal: re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD.boolean: re.compile(r"true|false"),
}


def plain(term: object) -> str:
    """Return an IRI as it is, a literal by its text: the form in which `Positions` keeps terms.

    >>> plain(NamedNode("http://e/")), plain(Literal("Bonn", language="de"))
    ('http://e/', 'Bonn')
    """
    return term.value if isinstance(term, NamedNode | Literal) else str(term)


def is_new(term: object) -> bool:
    """Does the term exist in RDF 1.2 only: a triple term, or a literal with a direction?

    >>> is_new(Literal("Bonn", language="de"))
    False
    """
    return isinstance(term, Triple) or (isinstance(term, Literal) and term.direction is not None)


def iri_text(iri: str, used: set[str], prefixes: Mapping[str, str] = PREFIXES) -> str:
    """Return `iri` as prefixed name where the list has one (noted in `used`), else in brackets.

    >>> iri_text("https://w3id.org/twingraph/vocab/type/twinning", set())
    'type:twinning'
    >>> iri_text("https://example.org/a b", set())
    '<https://example.org/a\\\\u0020b>'
    """
    cut = iri.rfind("/") + 1
    cut = iri.rfind("#", cut) + 1 or cut
    name = _by_namespace(prefixes).get(iri[:cut])
    if name is not None and LOCAL.fullmatch(iri, cut):
        used.add(name)
        return f"{name}:{iri[cut:]}"
    return "<" + _NOT_IN_IRI.sub(lambda m: f"\\u{ord(m[0]):04X}", iri) + ">"


# keyed by id(); the mapping is kept too, because an id is reused once its object is gone
_NAMESPACES: dict[int, tuple[Mapping[str, str], dict[str, str]]] = {}
_KEPT: Final = 64


def _by_namespace(prefixes: Mapping[str, str]) -> dict[str, str]:
    """Return namespace -> its prefix, the first of several."""
    kept = _NAMESPACES.get(id(prefixes))
    if kept is not None and kept[0] is prefixes:
        return kept[1]
    by_namespace: dict[str, str] = {}
    for name, namespace in prefixes.items():
        by_namespace.setdefault(namespace, name)
    if len(_NAMESPACES) >= _KEPT:
        _NAMESPACES.clear()
    _NAMESPACES[id(prefixes)] = prefixes, by_namespace
    return by_namespace


_ESCAPES: Final = {
    "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f",
}  # fmt: skip


def string_text(value: str) -> str:
    r"""Return `value` as a quoted Turtle string on one line.

    >>> string_text('say "a"\n')
    '"say \\"a\\"\\n"'
    """
    escaped = re.sub(
        r'[\\"\x00-\x1f\x7f]', lambda m: _ESCAPES.get(m[0]) or f"\\u{ord(m[0]):04X}", value
    )
    return f'"{escaped}"'


def term_text(term: object, used: set[str], prefixes: Mapping[str, str] = PREFIXES) -> str:
    """Return an IRI or literal as Turtle, shorthands included.

    >>> term_text(Literal("Bonn", language="de"), set()), term_text(Literal(7), set())
    ('"Bonn"@de', '7')
    """
    if isinstance(term, NamedNode):
        return iri_text(term.value, used, prefixes)
    if isinstance(term, Literal) and term.direction is None:
        if term.language:
            return f"{string_text(term.value)}@{term.language}"
        shorthand = SHORTHAND.get(term.datatype)
        if shorthand and shorthand.fullmatch(term.value):
            return term.value
        if term.datatype == XSD.string:
            return string_text(term.value)
        return f"{string_text(term.value)}^^{iri_text(term.datatype.value, used, prefixes)}"
    raise TypeError(f"{term} is not written: no blank nodes, nothing that only RDF 1.2 has")


_LONG_LINE: Final = 1000  # characters; values that need more stand one a line


def _order(text: str) -> tuple[bool, str]:
    return text != "a", text


def blocks(
    statements: Iterable[Quad | Triple], used: set[str], prefixes: Mapping[str, str] = PREFIXES
) -> Iterator[str]:
    """Yield one block a subject, sorted by its IRI, each ending in a line end."""
    grouped: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for statement in statements:
        if not isinstance(statement.subject, NamedNode):
            raise TypeError("a blank node as subject is not written")
        is_a = statement.predicate == RDF.type
        verb = "a" if is_a else iri_text(statement.predicate.value, used, prefixes)
        grouped[statement.subject.value][verb].add(term_text(statement.object, used, prefixes))
    for subject, facts in sorted(grouped.items()):
        lines = [predicate_text(verb, facts[verb]) for verb in sorted(facts, key=_order)]
        yield iri_text(subject, used, prefixes) + " " + " ;\n  ".join(lines) + " .\n"


def predicate_text(verb: str, values: Iterable[str]) -> str:
    """Return a predicate with its values, all different, sorted: on one line, or one a line.

    One a line is for what would be longer than `_LONG_LINE`.

    >>> predicate_text("e:b", ["2", "1"])
    'e:b 1 , 2'
    >>> predicate_text("e:b", [f"e:{number:0500}" for number in range(3)]).count("\\n")
    2
    """
    texts = sorted(values)
    line = f"{verb} {' , '.join(texts)}"
    return line if len(line) + 2 <= _LONG_LINE else f"{verb} " + " ,\n    ".join(texts)


def prefix_lines(used: Iterable[str], prefixes: Mapping[str, str] = PREFIXES) -> str:
    """Return the `@prefix` lines of the names in `used`, sorted."""
    return "".join(f"@prefix {name}: <{prefixes[name]}> .\n" for name in sorted(used))


def write_turtle(
    statements: Iterable[Quad | Triple], prefixes: Mapping[str, str] = PREFIXES
) -> str:
    """Return the statements as Turtle in the one form (graph names are left out).

    >>> bonn, prefixes = NamedNode("http://e/bonn"), {"place": "http://e/"}
    >>> print(write_turtle([Triple(bonn, RDF.type, bonn)], prefixes), end="")
    @prefix place: <http://e/> .
    <BLANKLINE>
    place:bonn a place:bonn .
    """
    used: set[str] = set()
    body = "\n".join(blocks(statements, used, prefixes))
    head = prefix_lines(used, prefixes)
    return head + ("\n" if head and body else "") + body


# --- where things stand -------------------------------------------------------------------------

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<comment>\#[^\n\r]*)
    |(?P<iri><[^\x00-\x20<>"{}|^`]*>)
    |(?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3}|'{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
        |"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
    |(?P<at>@[A-Za-z]+(?:-[A-Za-z0-9-]+)*)
    |(?P<caret>\^\^)
    |(?P<blank>_:[^\s,;)\]]+(?<!\.))
    |(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?<!\.))
    |(?P<name>[^\s<>"'(){}\[\],;.@^\#:_][^\s<>"'(){}\[\],;@^\#:]*(?<!\.)|)(?P<colon>:)
        (?P<local>(?:[^\s<>"'(){}\[\],;@^\#\\]|\\.)*(?<!\.)|)
    |(?P<word>[A-Za-z]+)
    |(?P<mark>[.,;()\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)


_PLAIN_STRING: Final = re.compile(r'"(?:[^"\\\n\r]|\\.)*"')
_HASH_IRI: Final = re.compile(r"<[^\s<>\"'#]*#[^\s<>\"'#]*>")


def is_bare(text: str) -> bool:
    """Is it certain, without parsing, that a Turtle text has no comment and no blank node?

    False means that it is not known; `Positions` finds out. The first `#` that begins a comment is
    in no IRI, so a text in which each `#` is part of an IRI has no comment.

    >>> is_bare('<http://e/a#b> a <http://e/#C> .'), is_bare("<http://e/a> a _:b . # note")
    (True, False)
    """
    if '"""' in text:
        return False
    without_strings = _PLAIN_STRING.sub("", text)
    if any(mark in without_strings for mark in ('"', "'", "[", "(", "_:")):
        return False
    return without_strings.count("#") == len(_HASH_IRI.findall(without_strings))


class Positions:
    """The line numbers of a Turtle text's comments, blank nodes, and statements.

    >>> text = "@prefix e: <http://e/> .\\n\\ne:a e:b 1 ;\\n  e:c 2 . # note\\n"
    >>> here = Positions(text)
    >>> here.line("http://e/a"), here.line("http://e/a", "http://e/c"), here.comments
    (3, 4, [4])
    """

    def __init__(self, text: str) -> None:
        """Scan `text`; what is not Turtle is skipped."""
        self.comments: list[int] = []
        self.blanks: list[int] = []
        self.iris: dict[str, int] = {}
        self._subjects: dict[str, int] = {}
        self._verbs: dict[tuple[str, str], int] = {}
        self._values: dict[tuple[str, str, str], int] = {}
        self._read(text)

    def line(self, subject: str, verb: str | None = None, value: str | None = None) -> int:
        """Return the line of the statement, else of its property, else of its subject; else 0.

        `value` is an IRI or the text of a literal.
        """
        if verb and value is not None and (subject, verb, value) in self._values:
            return self._values[subject, verb, value]
        if verb and (subject, verb) in self._verbs:
            return self._verbs[subject, verb]
        return self._subjects.get(subject, 0)

    def note(self, line: int, subject: str, verb: str, value: str) -> None:
        """Note that a statement stands in `line`, for a file that is not Turtle."""
        self._subjects.setdefault(subject, line)
        self._verbs.setdefault((subject, verb), line)
        self._values.setdefault((subject, verb, value), line)

    def has(self, subject: str, verb: str, value: str | None = None) -> bool:
        """Is there a statement with this subject and predicate (and value)?"""
        if value is not None:
            return (subject, verb, value) in self._values
        return (subject, verb) in self._verbs

    def _read(self, text: str) -> None:
        prefixes: dict[str, str] = {}
        subject = verb = declared = ""
        expect = "subject"
        depth = offset = 0
        line = 1
        while offset < len(text):
            match = _TOKEN.match(text, offset)
            if match is None or match.end() == offset:
                line += text[offset] == "\n"
                offset += 1
                continue
            token, kind = match[0], match.lastgroup
            start_line, offset = line, match.end()
            line += token.count("\n")
            if kind == "space" or (kind == "at" and token != "@prefix") or kind == "caret":
                continue
            if kind == "comment":
                self.comments.append(start_line)
                continue
            if kind == "blank" or (kind == "mark" and token in "[("):
                self.blanks.append(start_line)
            if token in ("@prefix", "PREFIX", "prefix"):
                expect = "declare"
            elif expect == "declare":
                if match["colon"]:
                    declared = match["name"]
                elif kind == "iri":
                    prefixes[declared] = token[1:-1]
                    expect = "subject"
            elif kind == "mark":
                depth += (token in "[(") - (token in ")]")
                if depth == 0 and token in ".;":
                    expect = "subject" if token == "." else "verb"
            elif depth == 0:
                value = self._value(match, kind, prefixes)
                if kind in ("iri", "local") or match["colon"]:
                    self.iris.setdefault(value, start_line)
                if expect == "subject":
                    subject, expect = value, "verb"
                    self._subjects.setdefault(subject, start_line)
                elif expect == "verb":
                    verb, expect = (RDF.type.value if token == "a" else value), "value"
                    self._verbs.setdefault((subject, verb), start_line)
                else:
                    self._values.setdefault((subject, verb, value), start_line)

    @staticmethod
    def _value(match: re.Match[str], kind: str | None, prefixes: Mapping[str, str]) -> str:
        if match["colon"]:
            local = re.sub(r"\\(.)", r"\1", match["local"])
            return prefixes.get(match["name"], match["name"] + ":") + local
        if kind == "iri":
            return match[0][1:-1]
        if kind == "string":
            quotes = 3 if match[0][:3] in ('"""', "'''") else 1
            return _unescape(match[0][quotes:-quotes])
        return match[0]


def _unescape(text: str) -> str:
    names = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}

    def character(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if code[0] in "uU" and code[1:] else names.get(code, code)

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", character, text, flags=re.DOTALL)
