"""Errors in a query, found token by token: keywords, prefixes, IRIs, strings, brackets, triples.

Each function yields its findings in the order of the text. They explain a query that was refused:
what they find is an error only if the query as a whole is one.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from twingraph.rdf.vocabulary import PREFIXES
from twingraph.sparql.lexer import Token
from twingraph.translation import M_, Message

_KEYWORDS: Final = frozenset(
    (
        "ABS", "ADJUST", "AS", "ASC", "ASK", "AVG", "BASE", "BIND", "BNODE", "BOUND", "BY",
        "CEIL", "COALESCE", "CONCAT", "CONSTRUCT", "CONTAINS", "COUNT", "DATATYPE", "DAY",
        "DESC", "DESCRIBE", "DISTINCT", "ENCODE_FOR_URI", "EXISTS", "FALSE", "FILTER", "FLOOR",
        "FROM", "GRAPH", "GROUP", "GROUP_CONCAT", "HASLANG", "HASLANGDIR", "HAVING", "HOURS",
        "IF", "IN", "IRI", "ISBLANK", "ISIRI", "ISLITERAL", "ISNUMERIC", "ISTRIPLE", "ISURI",
        "LANG", "LANGDIR", "LANGMATCHES", "LATERAL", "LCASE", "LIMIT", "MAX", "MD5", "MIN",
        "MINUS", "MINUTES", "MONTH", "NAMED", "NOT", "NOW", "OBJECT", "OFFSET", "OPTIONAL",
        "ORDER", "PREDICATE", "PREFIX", "RAND", "REDUCED", "REGEX", "REPLACE", "ROUND",
        "SAMETERM", "SAMPLE", "SECONDS", "SELECT", "SEPARATOR", "SERVICE", "SHA1", "SHA256",
        "SHA384", "SHA512", "SILENT", "STR", "STRAFTER", "STRBEFORE", "STRDT", "STRENDS",
        "STRLANG", "STRLANGDIR", "STRLEN", "STRSTARTS", "STRUUID", "SUBJECT", "SUBSTR", "SUM",
        "TIMEZONE", "TRIPLE", "TRUE", "TZ", "UCASE", "UNDEF", "UNION", "URI", "UUID", "VALUES",
        "VERSION", "WHERE", "YEAR",
    )
)  # fmt: skip
_UPDATES: Final = (
    "ADD", "CLEAR", "COPY", "CREATE", "DATA", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH",
)  # fmt: skip
_AGGREGATES: Final = ("AVG", "COUNT", "GROUP_CONCAT", "MAX", "MIN", "SAMPLE", "SUM")
# Well-known prefixes that people write from memory, beside those that need no declaration here.
_WELL_KNOWN: Final[Mapping[str, str]] = {
    "bd": "http://www.bigdata.com/rdf#",
    "crm": "http://www.cidoc-crm.org/cidoc-crm/",
    "dbo": "http://dbpedia.org/ontology/",
    "dbr": "http://dbpedia.org/resource/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "fn": "http://www.w3.org/2005/xpath-functions#",
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
    "gndo": "https://d-nb.info/standards/elementset/gnd#",
    "p": "http://www.wikidata.org/prop/",
    "ps": "http://www.wikidata.org/prop/statement/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sf": "http://www.opengis.net/ont/sf#",
    "time": "http://www.w3.org/2006/time#",
    "uom": "http://www.opengis.net/def/uom/OGC/1.0/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "void": "http://rdfs.org/ns/void#",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "wikibase": "http://wikiba.se/ontology#",
    **PREFIXES,
}
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ABSOLUTE: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^<>\n]*>")
_NOT_IN_IRIS: Final = re.compile(r"[ \"{}|^`\\]")
_LONGEST: Final = 60  # letters of a word that may be misspelt
_TERMS: Final = ("variable", "iri", "name", "string", "blank", "number")
CLOSES: Final = {"{": "}", "(": ")", "[": "]"}


# Characters that are neither ASCII of the grammar nor PN_CHARS (SPARQL 1.1 §19.8).
_NOT_IN_SPARQL: Final = re.compile(
    "[^\t\n\r -~\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u1fff\u200c\u200d\u203f\u2040"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U000effff]"
)
# Characters that word processors put in place of the typed ones.
_LOOKS_LIKE: Final = {
    **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("–—−", "-"), "…": "...", "×": "*", "≤": "<=", "≥": ">=", "≠": "!=",
}  # fmt: skip


# The missing parts of a triple, by the number of its terms.
_MISSING: Final = {
    1: M_("a triple is subject, property, value; behind this there is no value"),
    2: M_("a triple is subject, property, value; behind this there is no property and no value"),
}


class Diagnostic(NamedTuple):
    """An error: its offset, its length, the message, and what was probably meant ('' unknown)."""

    start: int
    length: int
    message: Message
    meant: str = ""


def wrong_characters(read: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield characters outside of strings and IRIs that mean nothing in SPARQL.

    >>> from twingraph.sparql.lexer import tokens
    >>> str(next(wrong_characters(list(tokens("ASK\u00a0{ }")))).message)
    'U+00A0 (NO-BREAK SPACE) is no space of SPARQL; write a plain space'
    """
    for token in read:
        match = _NOT_IN_SPARQL.search(token.text) if token.kind not in ("string", "iri") else None
        if match is None:
            continue
        letter = match[0]
        name = unicodedata.name(letter, "a control character")
        code = f"U+{ord(letter):04X} ({name})"
        meant = _LOOKS_LIKE.get(letter, "")
        if meant:
            message = M_(
                "{letter} is {code}, which means nothing in SPARQL; write {meant}",
                letter=letter, code=code, meant=meant,
            )  # fmt: skip
        elif letter.isspace() or unicodedata.category(letter) in ("Zs", "Cf", "Cc"):
            meant = " "
            message = M_("{code} is no space of SPARQL; write a plain space", code=code)
        else:
            message = M_(
                "{letter} is {code}, which means nothing in SPARQL; write it in quotes",
                letter=letter, code=code,
            )  # fmt: skip
        yield Diagnostic(token.start + match.start(), 1, message, meant)


def wrong_words(read: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield words that are no keywords of SPARQL, or not allowed there."""
    for index, token in enumerate(read):
        word = token.text
        if token.kind not in ("word", "mark") or not _WORD.fullmatch(word) or word == "a":
            continue
        before = read[index - 1].text.upper() if index else ""
        if word.upper() in _KEYWORDS:
            if word.upper() in _AGGREGATES and before == "SELECT":
                meant = f"({word}(?x) AS ?{word.lower()})"
                message = M_(
                    "what is reckoned needs brackets and a name; write {meant}", meant=meant
                )
                yield Diagnostic(token.start, len(word), message, meant)
            continue
        if before == "PREFIX":
            meant = f"{word}:"
            message = M_("a prefix ends in a colon; write {meant}", meant=meant)
            yield Diagnostic(token.start, len(word), message, meant)
            continue
        if word.upper() in _UPDATES:
            message = M_(
                "{word} changes data; here it is only read: write SELECT, ASK, CONSTRUCT or "
                "DESCRIBE",
                word=word.upper(),
            )
            yield Diagnostic(token.start, len(word), message)
            continue
        close = closest(word, _KEYWORDS, cutoff=0.8)
        if close and before != "AS":
            message = M_(
                "{word} is no word of SPARQL; did you mean {meant}?", word=word, meant=close
            )
        elif any(item.text == f"?{word}" for item in read) or before == "AS":
            close = f"?{word}"
            message = M_("a variable begins with ?; write {meant}", meant=close)
        else:
            message = M_(
                "{word} is no word of SPARQL; a name needs a prefix (tg:{word}), a text quotes",
                word=word,
            )
        yield Diagnostic(token.start, len(word), message, close)


def wrong_prefixes(read: Sequence[Token], prefixes: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Yield undeclared prefixes; those in `prefixes` need no declaration."""
    declared = {**prefixes, **declared_in(read)}
    for token in read:
        name, colon, local = token.text.partition(":")
        if token.kind != "name" or not colon or name in declared:
            continue
        prefix, start = f"{name}:", f"PREFIX {name}: <…>"
        if name in _WELL_KNOWN:
            meant = f"PREFIX {name}: <{_WELL_KNOWN[name]}>"
            message = M_(
                "the prefix {prefix} is not declared; begin the query with {start}",
                prefix=prefix, start=meant,
            )  # fmt: skip
        else:
            close = closest(name, {**PREFIXES, **declared})
            meant = f"{close}:{local}" if close else ""
            message = M_(
                "the prefix {prefix} is not declared; did you mean {meant}?",
                prefix=prefix, meant=meant,
            ) if meant else M_(
                "the prefix {prefix} is not declared; begin the query with {start}",
                prefix=prefix, start=start,
            )  # fmt: skip
        yield Diagnostic(token.start, len(name) + 1, message, meant)


def declared_in(read: Sequence[Token]) -> dict[str, str]:
    """Return the prefixes that the text declares."""
    return {
        name.text.partition(":")[0]: iri.text[1:-1]
        for word, name, iri in zip(read, read[1:], read[2:], strict=False)
        if word.text.upper() == "PREFIX" and name.kind == "name" and iri.kind == "iri"
    }


def wrong_iris(read: Sequence[Token], text: str) -> Iterator[Diagnostic]:
    """Yield IRIs with characters that no IRI may have."""
    for token in read:
        match = _ABSOLUTE.match(text, token.start) if token.text == "<" else None
        if match and _NOT_IN_IRIS.search(match[0]):
            message = M_(
                "an IRI holds no space and none of {marks}; write %20 for a space",
                marks='"{}|^`\\',
            )
            yield Diagnostic(token.start, len(match[0]), message)


def wrong_strings(read: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield strings that are never closed."""
    for token in read:
        if token.kind == "string" and len(token.text) == 1:
            message = M_(
                "a text begins here that never ends; close it with {mark}", mark=token.text
            )
            yield Diagnostic(token.start, 1, message)


def wrong_brackets(read: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield the first closing bracket without its opening one."""
    opened: list[Token] = []
    for token in read:
        if token.kind != "mark":
            continue
        if token.text in CLOSES:
            opened.append(token)
        elif token.text in CLOSES.values():
            wanted = CLOSES[opened[-1].text] if opened else ""
            if token.text != wanted:
                message = M_("nothing is open that {mark} could close", mark=token.text)
                if wanted:
                    message = M_(
                        "{mark} was opened last; write {close} before this",
                        mark=opened[-1].text, close=wanted,
                    )  # fmt: skip
                yield Diagnostic(token.start, 1, message, wanted)
                return
            opened.pop()


def unclosed(read: Sequence[Token]) -> Diagnostic | None:
    """Return the last bracket that is never closed, None where all are."""
    opened: list[Token] = []
    for token in read:
        if token.kind == "mark" and token.text in CLOSES:
            opened.append(token)
        elif token.kind == "mark" and token.text in CLOSES.values() and opened:
            opened.pop()
    if not opened:
        return None
    last = opened[-1]
    close = CLOSES[last.text]
    message = M_("{mark} is never closed; write {close} where it ends", mark=last.text, close=close)
    return Diagnostic(last.start, 1, message, close)


def wrong_triples(read: Sequence[Token]) -> Iterator[Diagnostic]:
    """Yield runs of plain terms that are no triple; runs with paths or lists are not checked."""
    depth = 0
    wanted = 3
    run: list[Token] = []
    plain = True
    for index, token in enumerate(read):
        mark = token.text if token.kind == "mark" else ""
        if token.kind == "language" or _in_number(read, index):
            continue
        if token.kind in _TERMS or token.text in ("a", "true", "false"):
            run.append(token)
        elif mark in ("{", "}", ".", ";", ","):
            ends = mark in ("}", ".", ";", ",")
            if depth and plain and ends and run and len(run) != wanted:
                yield _wrong_run(run, wanted)
            depth += {"{": 1, "}": -1}.get(mark, 0)
            plain = mark in (".", "{") or (plain and mark in (";", ","))
            wanted = {";": 2, ",": 1}.get(mark, 3)
            run = []
        else:
            plain = False
            if token.text.upper() == "VALUES":
                return  # its groups have no triples, but look like groups of patterns here


def _in_number(read: Sequence[Token], index: int) -> bool:
    """Is the token at `index` the point of a number, or the digits after it?"""
    neighbours = read[max(0, index - 2) : index + 2]
    touching = [item.start + len(item.text) == other.start for item, other in pairwise(neighbours)]
    index_in_neighbours = index - max(0, index - 2)
    if read[index].text == ".":
        return (
            touching[index_in_neighbours:] == [True]
            and neighbours[index_in_neighbours + 1].kind == "number"
        )
    parts = [
        item.kind if item.text != "." else "." for item in neighbours[: index_in_neighbours + 1]
    ]
    return parts == ["number", ".", "number"] and touching[:2] == [True, True]


def _wrong_run(run: Sequence[Token], wanted: int) -> Diagnostic:
    if len(run) > wanted:
        place = run[wanted]
        message = M_(
            "a triple ended before this; write . (another thing), ; (the same thing) or , (the "
            "same property) between them"
        )
        return Diagnostic(place.start, len(place.text), message, ".")
    last = run[-1]
    return Diagnostic(last.start, len(last.text), _MISSING[wanted - len(run)])


def closest(word: str, known: Iterable[str], cutoff: float = 0.7) -> str:
    """Return the candidate most similar to `word`, '' if none is similar.

    >>> closest("partnr", ["partner", "partnerOf", "start"])
    'partner'
    """
    if len(word) > _LONGEST:
        return ""
    by_key: dict[str, str] = {}
    for item in sorted(known):
        by_key.setdefault(item.casefold(), item)
    matches = difflib.get_close_matches(word.casefold(), by_key, n=1, cutoff=cutoff)
    return by_key[matches[0]] if matches else ""
