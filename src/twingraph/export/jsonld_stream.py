"""Sorted lines of N-Triples -> JSON-LD, one node a line, made from text in one pass.

The same bytes as `export.jsonld.write_jsonld`; every value is written once, as the text that it has
in JSON, and no node is ever held as a tree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from pyoxigraph import RdfFormat, parse

from twingraph.export.jsonld import (
    LANGUAGE,
    SMALL_INTEGER,
    Json,
    Key,
    has_language_map,
    json_value,
    keys_of,
)
from twingraph.rdf.dataset import by_subject
from twingraph.rdf.sorted_parts import Parts, Piece, Raw
from twingraph.rdf.vocabulary import RDF, XSD

_TYPE: Final = f"<{RDF.type.value}>"
_STRING: Final = XSD.string.value
_INTEGER: Final = XSD.integer.value
_BOOLEAN: Final = XSD.boolean.value
_KEPT: Final = 1 << 16  # ends of lines that are cached; most of the others occur once
_HEAD_ENDS: Final = b',\n"@graph": [\n'
_BETWEEN: Final = b",\n"
_TAIL: Final = b"\n]}\n"
_JOINED: Final = 512  # nodes that are encoded at once


def jsonld_chunks(lines: Sequence[str], context: Json) -> Iterator[bytes]:
    """Yield lines as one JSON-LD document with its context, some hundred nodes at once.

    >>> raw = b"".join(jsonld_chunks(['<http://e/a> <http://e/b> "1" .'], {"b": "http://e/b"}))
    >>> json.loads(raw)["@graph"]
    [{'id': 'http://e/a', 'b': '1'}]
    """
    yield f'{{"@context": {_dumps(context)}'.encode() + _HEAD_ENDS
    nodes = _NodeWriter(context).nodes(lines)
    separator = ""
    while joined := ",\n".join(islice(nodes, _JOINED)):
        yield f"{separator}{joined}".encode()
        separator = ",\n"
    yield _TAIL


def jsonld_pieces(
    raw: Raw, nodes: Iterable[tuple[str, Sequence[str]]], context: Json
) -> list[Piece]:
    """Return such a document with the nodes of some subjects (IRIs) written anew from their lines.

    The context is that of the document before.

    >>> raw = b"".join(jsonld_chunks(['<http://e/a> <http://e/b> "1" .'], {"b": "http://e/b"}))
    >>> jsonld_pieces(raw, [("http://e/a", [])], {"b": "http://e/b"})
    [range(0, 46), b'\\n]}\\n']
    """
    writer = _NodeWriter(context)
    start = raw.find(_HEAD_ENDS) + len(_HEAD_ENDS)
    parts = Parts(raw, start, len(raw) - len(_TAIL), _BETWEEN, _BETWEEN, _id)
    new = sorted(
        (subject.encode(), "".join(writer.nodes(lines)).encode()) for subject, lines in nodes
    )
    return [range(start), *parts.replaced(new), _TAIL]


def _id(raw: Raw, place: int) -> bytes:
    """Return the IRI of the node that begins at an offset."""
    start = place + len(b'{"id": ')
    text = raw[start : raw.find(b'", "', start) + 1]
    return str(json.loads(text)).encode()


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _iri(text: str) -> str:
    """Return an IRI as a JSON string; only an escape in it has to be written otherwise."""
    return f'"{text}"' if "\\" not in text else _dumps(text)


class _NodeWriter:
    """Writes the nodes of one document."""

    def __init__(self, context: Json) -> None:
        self._keys = keys_of(context)
        self._names: dict[str, tuple[str, Key]] = {}  # predicate -> its key as JSON, and the key
        # predicate -> its key, what stands before and after a value that is alone, its coercion
        self._around: dict[str, tuple[str, str, str, str | None]] = {}
        # a line's end -> its predicate; its key, and the member of the node that it makes alone
        self._facts: dict[str, tuple[str, tuple[str, str]]] = {}

    def nodes(self, lines: Sequence[str]) -> Iterator[str]:
        for subject, start, end in by_subject(lines):
            yield self._node(subject, lines[start:end])

    def _node(self, subject: str, lines: Sequence[str]) -> str:
        start = len(subject) + 3
        known = self._facts
        facts: list[tuple[str, str]] = []
        several: dict[str, list[str]] = {}
        last, first = "", ""
        for line in lines:
            end = line[start:-2]
            predicate, fact = known.get(end) or self._fact(end)
            if predicate != last:
                facts.append(fact)
                last, first = predicate, end
            elif predicate in several:
                several[predicate].append(end)
            else:  # lines are sorted, so that the values of a property follow each other
                facts.pop()
                several[predicate] = [first, end]
        for predicate, ends in several.items():
            cut = len(predicate) + 1
            facts.append(self._member(predicate, [end[cut:] for end in ends]))
        # a key can stand for one property only, so names alone decide the order
        facts.sort()
        return f'{{"id": {", ".join([_iri(subject), *(text for _, text in facts)])}}}'

    def _fact(self, end: str) -> tuple[str, tuple[str, str]]:
        """Return the key and JSON value of the end of a line (predicate and object)."""
        predicate, text = end.split(" ", 1)
        if predicate == _TYPE or text[-1] not in '">':  # a class, or a text in some language
            member = self._member(predicate, [text])
        else:
            around = self._around.get(predicate)
            if around is None:
                name, key = self._key(predicate)
                before, after = (f"{name}: [", "]") if key.listed else (f"{name}: ", "")
                around = self._around[predicate] = key.name, before, after, key.coercion
            key_name, before, after, coercion = around
            member = key_name, f"{before}{_value(text, coercion)}{after}"
        fact = predicate, member
        if text[-1] != '"' and len(self._facts) < _KEPT:  # few texts occur again
            self._facts[end] = fact
        return fact

    def _member(self, predicate: str, texts: list[str]) -> tuple[str, str]:
        """Return the key of a property ('' for the type, which comes first) and it with values."""
        if predicate == _TYPE:
            names = sorted(self._key(kind)[1].name for kind in texts)
            return "", f'"type": {_dumps(names)}'
        name, key = self._key(predicate)
        return key.name, f"{name}: {self._written(texts, key)}"

    def _key(self, predicate: str) -> tuple[str, Key]:
        json_key = self._names.get(predicate)
        if json_key is None:
            iri = predicate[1:-1]
            key = self._keys.get(iri) or Key(iri)
            json_key = self._names[predicate] = _dumps(key.name), key
        return json_key

    def _written(self, texts: list[str], key: Key) -> str:
        coercion = key.coercion
        if coercion == LANGUAGE and has_language_map(key, [*map(_language, texts)]):
            return self._by_language(texts, key)
        return _single(sorted([_value(text, coercion) for text in texts]), key)

    def _by_language(self, texts: list[str], key: Key) -> str:
        tags = [_language(text) for text in texts]
        if len(set(tags)) == len(tags):
            pairs = sorted(zip(tags, texts, strict=True))
            return f"{{{', '.join(self._tagged(tag, text, key) for tag, text in pairs)}}}"
        by_language: dict[str, list[tuple[str, str]]] = {}
        for text in texts:
            value = json_string(text)
            by_language.setdefault(_language(text), []).append((json.loads(value), value))
        parts = [
            f"{_dumps(tag)}: {_single([value for _, value in sorted(each)], key)}"
            for tag, each in sorted(by_language.items())
        ]
        return f"{{{', '.join(parts)}}}"

    def _tagged(self, tag: str, text: str, key: Key) -> str:
        return f'"{tag}": {_single([json_string(text)], key)}'


def _value(text: str, coercion: str | None) -> str:
    if "\\" not in text:
        if text[0] == "<":
            return f'"{text[1:-1]}"' if coercion == "@id" else f'{{"id": "{text[1:-1]}"}}'
        if text[-1] == '"':
            return text if coercion in (None, _STRING) else f'{{"@value": {text}}}'
        if text[-1] == ">":
            return _typed(text, coercion)
        cut = text.rindex('"') + 1
        return f'{{"@value": {text[:cut]}, "@language": "{text[cut + 1 :]}"}}'
    return _slow(text, coercion)


def _typed(text: str, coercion: str | None) -> str:
    """Return a literal with a datatype and without escapes as `json_value` has it."""
    cut = text.rindex('"')
    datatype = text[cut + 4 : -1]
    if coercion in (None, datatype):
        if datatype == _INTEGER and SMALL_INTEGER.fullmatch(text, 1, cut):
            return str(int(text[1:cut]))
        if datatype == coercion != _BOOLEAN:
            return text[: cut + 1]
    return _slow(text, coercion)


def _language(text: str) -> str:
    """Return the language tag of a literal's text, '' where it has none."""
    cut = text.rfind('"')
    return text[cut + 2 :] if text[cut + 1 : cut + 2] == "@" else ""


def json_string(literal: str) -> str:
    r"""Return the text of an N-Triples literal as a JSON string.

    >>> print(json_string('"say \\"a\\""@en'))
    "say \"a\""
    """
    quoted = literal[: literal.rfind('"') + 1]
    return quoted if "\\" not in quoted else _dumps(_term(literal).value)


def _single(values: list[str], key: Key) -> str:
    return values[0] if len(values) == 1 and not key.listed else f"[{', '.join(values)}]"


def _slow(text: str, coercion: str | None) -> str:
    return _dumps(json_value(_term(text), coercion))


def _term(text: str) -> Any:
    [quad] = parse(f"<urn:s> <urn:p> {text} .".encode(), format=RdfFormat.N_TRIPLES)
    return quad.object
