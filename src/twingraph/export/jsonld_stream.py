"""Sorted lines of N-Triples -> JSON-LD, one node a line, made from text in one pass.

The same bytes as `export.jsonld.write_jsonld`; every value is written once, as the text that it has
in JSON, and no node is ever held as a tree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pyoxigraph import RdfFormat, parse

from twingraph.export.jsonld import Json, Key, has_language_map, json_value, keys_of
from twingraph.rdf.dataset import by_subject
from twingraph.rdf.vocabulary import RDF

_TYPE: Final = f"<{RDF.type.value}>"
_KEPT: Final = 1 << 16


def jsonld_chunks(lines: Sequence[str], context: Json) -> Iterator[bytes]:
    """Yield lines as one JSON-LD document with its context, node by node.

    >>> raw = b"".join(jsonld_chunks(['<http://e/a> <http://e/b> "1" .'], {"b": "http://e/b"}))
    >>> json.loads(raw)["@graph"]
    [{'id': 'http://e/a', 'b': '1'}]
    """
    yield f'{{"@context": {_dumps(context)},\n"@graph": [\n'.encode()
    separator = ""
    for node in _NodeWriter(context).nodes(lines):
        yield f"{separator}{node}".encode()
        separator = ",\n"
    yield b"\n]}\n"


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


class _NodeWriter:
    """Writes the nodes of one document."""

    def __init__(self, context: Json) -> None:
        self._keys = keys_of(context)
        self._names: dict[str, tuple[str, Key]] = {}  # predicate -> its key as JSON, and the key
        self._values: dict[tuple[str, str | None], str] = {}

    def nodes(self, lines: Sequence[str]) -> Iterator[str]:
        for subject, start, end in by_subject(lines):
            yield self._node(subject, lines[start:end])

    def _node(self, subject: str, lines: Sequence[str]) -> str:
        facts: dict[str, list[str]] = {}
        start = len(subject) + 3
        for line in lines:
            cut = line.index(" ", start)
            predicate = line[start:cut]
            values = facts.get(predicate)
            if values is None:
                facts[predicate] = [line[cut + 1 : -2]]
            else:
                values.append(line[cut + 1 : -2])
        parts = [f'"id": {_dumps(subject)}']
        kinds = facts.pop(_TYPE, None)
        if kinds is not None:
            names = sorted(self._key(kind)[1].name for kind in kinds)
            parts.append(f'"type": {_dumps(names)}')
        named = []
        for predicate, texts in facts.items():
            name, key = self._key(predicate)
            named.append((key.name, f"{name}: {self._written(texts, key)}"))
        # a key can stand for one property only, so names alone decide the order
        named.sort()
        parts += [text for _, text in named]
        return f"{{{', '.join(parts)}}}"

    def _key(self, predicate: str) -> tuple[str, Key]:
        found = self._names.get(predicate)
        if found is None:
            iri = predicate[1:-1]
            key = self._keys.get(iri) or Key(iri)
            found = self._names[predicate] = _dumps(key.name), key
        return found

    def _written(self, texts: list[str], key: Key) -> str:
        if has_language_map(key, [_language(text) for text in texts]):
            return self._by_language(texts, key)
        return _single(sorted(self._value(text, key.coercion) for text in texts), key)

    def _by_language(self, texts: list[str], key: Key) -> str:
        found: dict[str, list[tuple[str, str]]] = {}
        for text in texts:
            value = json_string(text)
            found.setdefault(_language(text), []).append((json.loads(value), value))
        parts = [
            f"{_dumps(tag)}: {_single([value for _, value in sorted(each)], key)}"
            for tag, each in sorted(found.items())
        ]
        return f"{{{', '.join(parts)}}}"

    def _value(self, text: str, coercion: str | None) -> str:
        if text[0] == "<" and coercion == "@id":
            return f'"{text[1:-1]}"' if "\\" not in text else _slow(text, coercion)
        known = self._values.get((text, coercion))
        if known is None:
            known = _slow(text, coercion)
            if len(self._values) < _KEPT:
                self._values[text, coercion] = known
        return known


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
    [found] = parse(f"<urn:s> <urn:p> {text} .".encode(), format=RdfFormat.N_TRIPLES)
    return found.object
