"""The frozen graph -> the files of a build: one writer a file, each a pure function of the quads.

Quad formats hold everything, triple formats exactly the default graph.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Triple

from twingraph.export.jsonld import Json, make_context, write_jsonld
from twingraph.export.tables.files import FILES as TABLE_FILES
from twingraph.export.tables.files import Tables
from twingraph.export.tables.geojson import FILES as MAP_FILES
from twingraph.export.void import NAME as VOID
from twingraph.export.void import is_dump, write_void
from twingraph.link.facts import Linked, LinkFacts
from twingraph.link.files import FILES as LINK_FILES
from twingraph.rdf.frozen import NAME, default_graph, quad_lines, triple_lines
from twingraph.rdf.iris import VOCABULARY, source_of
from twingraph.rdf.serializers import SERIALIZERS
from twingraph.rdf.turtle import blocks, iri_text, plain, prefix_lines, write_turtle
from twingraph.rdf.vocabulary import NS
from twingraph.settings import Settings
from twingraph.source.mappings import Decision

_VOCABULARY: Final = "vocabulary"  # the file name of the ontology and the code lists alone


@dataclass(frozen=True)
class Frozen:
    """Every quad of a build under its base IRI, and the prefixes its files are written with.

    `decisions` are the curators' about links, by target; they are the one thing published that is
    no statement of the graph (docs/decisions/0008).
    """

    quads: Sequence[Quad]
    base: str
    prefixes: Mapping[str, str]
    settings: Settings = field(default_factory=lambda: Settings(Path()))
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)

    @cached_property
    def linked(self) -> Linked:
        """What the files of links/ are made from."""
        return Linked(LinkFacts(self.quads, self.base), self.settings, self.decisions)

    @cached_property
    def tables(self) -> Tables:
        """What the files of tables/ and the maps are made from."""
        return Tables(self.linked.facts, self.settings, self.base)

    @cached_property
    def vocabulary(self) -> list[Quad]:
        """The ontology, its alignments and the code lists."""
        name = NamedNode(self.base + VOCABULARY)
        return [one for one in self.quads if one.graph_name == name]

    def context(self) -> Json:
        """Return the JSON-LD context: a function of the ontology alone."""
        return make_context(self.vocabulary, NS)


def _nquads(graph: Frozen) -> bytes:
    return quad_lines(graph.quads)


def _ntriples(graph: Frozen) -> bytes:
    return triple_lines(default_graph(graph.quads))


def _turtle(graph: Frozen) -> bytes:
    return write_turtle(default_graph(graph.quads), graph.prefixes).encode()


def _trig(graph: Frozen) -> bytes:
    """Write TriG (RDF 1.1 TriG §3): the default graph first, then each graph by its IRI."""
    named: dict[str, list[Quad]] = defaultdict(list)
    used: set[str] = set()
    for one in graph.quads:
        if not isinstance(one.graph_name, DefaultGraph):
            named[one.graph_name.value].append(one)
    parts = ["\n".join(blocks(default_graph(graph.quads), used, graph.prefixes))]
    for name in sorted(named):
        inside = "\n".join(blocks(named[name], used, graph.prefixes))
        parts.append(f"{iri_text(name, used, graph.prefixes)} {{\n{inside}}}\n")
    return (prefix_lines(used, graph.prefixes) + "\n" + "\n".join(parts)).encode()


def _jsonld(graph: Frozen) -> bytes:
    return write_jsonld(default_graph(graph.quads), graph.context()).encode()


def _context(graph: Frozen) -> bytes:
    document = {"@context": graph.context()}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _void(graph: Frozen) -> bytes:
    return write_void(graph, [f"{graph.base}dumps/{name}" for name in DUMPS if is_dump(name)])


def _vocabulary(suffix: str) -> Callable[[Frozen], bytes]:
    return lambda graph: _write_vocabulary(graph, suffix)


def _write_vocabulary(graph: Frozen, suffix: str) -> bytes:
    """Write the ontology and the code lists alone, for those who use them for data of their own."""
    triples = [Triple(one.subject, one.predicate, one.object) for one in graph.vocabulary]
    match suffix:
        case "ttl":
            return write_turtle(triples, graph.prefixes).encode()
        case "jsonld":
            return write_jsonld(triples, graph.context()).encode()
    return SERIALIZERS[suffix](triples, graph.prefixes)


def source_files(graph: Frozen) -> dict[str, bytes]:
    """Return what each document says as files, where the settings want that offered alone."""
    if not graph.settings.about.source_packages:
        return {}
    said: dict[str, list[Quad]] = defaultdict(list)
    for one in graph.quads:
        name = plain(one.graph_name)
        if isinstance(one.graph_name, NamedNode) and source_of(name, graph.base):
            said[name.rpartition("/")[2]].append(one)
    files = {}
    for slug, quads in sorted(said.items()):
        files[f"sources/{slug}.nt"] = triple_lines(quads)
        files[f"sources/{slug}.ttl"] = write_turtle(quads, graph.prefixes).encode()
    return files


def _links(write: Callable[[Linked], str]) -> Callable[[Frozen], bytes]:
    return lambda graph: write(graph.linked).encode()


def _tables(write: Callable[[Tables], bytes]) -> Callable[[Frozen], bytes]:
    return lambda graph: write(graph.tables)


DUMPS: Final[dict[str, Callable[[Frozen], bytes]]] = {
    "context.jsonld": _context,
    "twingraph.jsonld": _jsonld,
    NAME: _nquads,
    "twingraph.nt": _ntriples,
    "twingraph.trig": _trig,
    "twingraph.ttl": _turtle,
    VOID: _void,
    **{f"{_VOCABULARY}.{suffix}": _vocabulary(suffix) for suffix in ("jsonld", "nt", "rdf", "ttl")},
    **{name: _links(write) for name, write in LINK_FILES.items()},
    **{name: _tables(write) for name, write in {**TABLE_FILES, **MAP_FILES}.items()},
}


def checksums(files: Mapping[str, bytes]) -> bytes:
    """Return the SHA256SUMS of files, as `sha256sum --check` reads them.

    >>> checksums({"a": b""})[:16]
    b'e3b0c44298fc1c14'
    """
    lines = [f"{hashlib.sha256(raw).hexdigest()}  {name}\n" for name, raw in sorted(files.items())]
    return "".join(lines).encode()
