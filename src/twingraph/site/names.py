"""All names by which entities can be found, read from the graph or from the build."""

from __future__ import annotations

import json
from collections.abc import Iterator
from json.encoder import encode_basestring as written

from pyoxigraph import Literal, NamedNode

from twingraph.derive.names import forms, named_kind
from twingraph.rdf.vocabulary import SKOS, TG
from twingraph.site.finder import Finder, FoldedName, Name
from twingraph.site.reader import BuildReader

NAMES = "names.json"


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
    for row in reader.rows("names"):
        thing, verb, name = row["thing"], row["property"], row["name"]
        if not isinstance(thing, NamedNode) or not isinstance(name, Literal):
            continue
        kind = named_kind(thing.value, reader.base)
        if kind is not None:
            main = verb not in (SKOS.altLabel, TG.formerName)
            known = Name(thing.value, name.value, name.language or "", main)
            yield known, kind, tuple(sorted(forms(name.value)))


def pack_names(reader: BuildReader) -> bytes:
    """Return the names as the build keeps them: a row a name, then its folded forms."""
    rows = (
        (written(name.thing), written(kind), written(name.text), written(name.language),
         str(int(name.main)), *map(written, folded))
        for name, kind, folded in _folded(reader)
    )  # fmt: skip
    return ("[" + ",\n".join(f"[{', '.join(row)}]" for row in rows) + "]\n").encode()
