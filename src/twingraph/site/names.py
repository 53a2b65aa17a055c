"""All names by which entities can be found, read from the graph or from the build."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring as written
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.derive.names import forms, named_kind
from twingraph.rdf.vocabulary import SKOS, TG
from twingraph.site.finder import Finder, FoldedName, Name
from twingraph.site.reader import BuildReader

NAMES = "names.json"
_BETWEEN: Final = b",\n"
_OTHER_NAMES: Final = (SKOS.altLabel, TG.formerName)


def finder_of(reader: BuildReader) -> Finder:
    """Return the finder of a site, made on first use."""
    return reader.remember("finder", lambda: Finder(_names(reader)))


def _names(reader: BuildReader) -> Iterator[FoldedName]:
    kept = reader.prepared.get(NAMES)
    if kept is None:
        yield from _folded(reader)
        return
    for thing, kind, text, language, main, *folded in json.loads(kept):
        yield Name(thing, text, language, bool(main)), kind, tuple(folded)


def _folded(reader: BuildReader) -> Iterator[FoldedName]:
    # rows are sorted: those of a thing are neighbours, and names that two languages share
    last_thing, last_text = "", ""
    kind: str | None = None
    folded: tuple[str, ...] = ()
    for row in reader.rows("names"):
        thing, verb, name = row["thing"], row["property"], row["name"]
        if not isinstance(thing, NamedNode) or not isinstance(name, Literal):
            continue
        iri, text = thing.value, name.value
        if iri != last_thing:
            last_thing, kind = iri, named_kind(iri, reader.base)
        if kind is not None:
            if text != last_text:
                last_text, folded = text, tuple(sorted(forms(text)))
            main = verb not in _OTHER_NAMES
            yield Name(iri, text, name.language or "", main), kind, folded


def pack_names(reader: BuildReader) -> bytes:
    """Return the names as the build keeps them: a row a name, then its folded forms."""
    return joined([row for _, row in packed_rows(reader)])


def packed_rows(reader: BuildReader) -> Iterator[tuple[str, bytes]]:
    """Yield each name that the build has prepared, with the IRI of its entity, in their order."""
    for name, kind, folded in _folded(reader):
        row = (written(name.thing), written(kind), written(name.text), written(name.language),
               str(int(name.main)), *map(written, folded))  # fmt: skip
        yield name.thing, f"[{', '.join(row)}]".encode()


def joined(rows: Iterable[bytes]) -> bytes:
    """Return the file of rows as `packed_rows` yields them."""
    return b"[" + _BETWEEN.join(rows) + b"]\n"


def split_rows(raw: bytes) -> list[bytes]:
    """Invert `joined`.

    >>> split_rows(joined([b"[1]", b"[2]"])), split_rows(joined([]))
    ([b'[1]', b'[2]'], [])
    """
    rows = raw[1:-2].split(_BETWEEN)  # no text holds a line end, which is written as an escape
    return rows if rows[0] else []
