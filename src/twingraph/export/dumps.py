"""The frozen graph -> the files of a build: one writer a file, each a pure function of the quads.

Quad formats hold everything, triple formats exactly the default graph.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from pyoxigraph import Quad

from twingraph.build_cache import Before
from twingraph.derive.neighbours import INCOMING, IncomingNow
from twingraph.export.jsonld import Json, make_context
from twingraph.export.jsonld_stream import jsonld_chunks
from twingraph.export.statistics import (
    COUNTS,
    Statistics,
    count_changed,
    count_lines,
    recount,
)
from twingraph.export.tables.affected_rows import reached
from twingraph.export.tables.files import FILES as TABLE_FILES
from twingraph.export.tables.files import Earlier, Tables
from twingraph.export.tables.geojson import FILES as MAP_FILES
from twingraph.export.unchanged_files import Readers
from twingraph.export.void import NAME as VOID
from twingraph.export.void import is_dump, write_void
from twingraph.link.facts import Linked, LinkFacts
from twingraph.link.files import FILES as LINK_FILES
from twingraph.rdf.change import Change
from twingraph.rdf.dataset import Dataset, chunks, parse_lines
from twingraph.rdf.frozen import NAME
from twingraph.rdf.iris import ENTITIES, LINKS, VOCABULARY, source_of
from twingraph.rdf.quad_file import QuadFile, SortedFile
from twingraph.rdf.serializers import SERIALIZERS
from twingraph.rdf.spool import Spool
from twingraph.rdf.turtle_stream import TurtleBody, trig_chunks, turtle_chunks
from twingraph.rdf.turtle_update import ChangedBlocks
from twingraph.rdf.vocabulary import NS
from twingraph.settings import Settings
from twingraph.source.mappings import Decision

_PART: Final = 20  # files of the previous build are reused if at most 1/20 of the quads changed
_LISTS: Final = "graph/import/"
_VOCABULARY: Final = "vocabulary"  # the file name of the ontology and the code lists alone


Chunks = Iterable[bytes | memoryview]


@dataclass(frozen=True)
class Frozen:
    """Every quad of a build under its base IRI, and the prefixes its files are written with.

    `decisions` are those about links, by target; they are published but are no statements of the
    graph (docs/decisions/0008). `before` is the previous build, if it can be reused, and `known`
    the change since then, where the caller has computed it.
    """

    quads: Iterable[Quad]
    base: str
    prefixes: Mapping[str, str]
    settings: Settings = field(default_factory=lambda: Settings(Path()))
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)
    before: Before | None = None
    known: Change | None = None

    @cached_property
    def change(self) -> Change | None:
        """The difference from the previous build; None where nothing of that can be reused."""
        path = self.before.path(NAME) if self.before else None
        if path is None:
            return None
        if self.known is not None:
            return self.known
        return Change.of_file(path, self.dataset, len(self.dataset) // _PART)

    @cached_property
    def quads_before(self) -> QuadFile | None:
        """The quads of the previous build, if the change is known without reading all of them."""
        path = self.before.path(NAME) if self.before and self.known is not None else None
        return QuadFile(path) if path else None

    @cached_property
    def dataset(self) -> Dataset:
        """The quads as sorted lines, which is what every writer reads."""
        return Dataset.of(self.quads)

    @cached_property
    def readers(self) -> Readers:
        """The record of what is read for the files that can be taken over by the next build."""
        return Readers(self.linked.facts, self.settings, self.before, self.change, self.decisions)

    @cached_property
    def statistics(self) -> Statistics:
        """The statistics of the default graph, updated from the previous build where possible."""
        path = self.before.path(COUNTS) if self.before and self.change is not None else None
        if path is None or self.change is None:
            return count_lines(self.dataset.default, self.base)
        known = Statistics.unpack(path.read_bytes())
        return recount(known, self.change, self.dataset.default, self.base, lambda: self.values_now)

    @cached_property
    def values_now(self) -> Counter[tuple[str, str]]:
        """How often each value of a changed line is said now, by property, as lines have them."""
        assert self.change is not None, "nothing changed"
        return count_changed(self.change, self.dataset.default)

    @cached_property
    def linked(self) -> Linked:
        """The graph, settings and decisions, for the files of links/."""
        facts = LinkFacts(self.dataset, self.base, self._incoming)
        return Linked(facts, self.settings, self.decisions)

    @cached_property
    def _incoming(self) -> IncomingNow | None:
        """The index of the previous build by object, if the change since is known."""
        path = self.before.path(INCOMING) if self.before and self.known is not None else None
        return IncomingNow(SortedFile(path), self.known) if path and self.known else None

    @cached_property
    def tables(self) -> Tables:
        """The published tables, for the files of tables/ and the maps."""
        return Tables(self.linked.facts, self.settings, self.base, self._earlier_tables)

    @cached_property
    def _earlier_tables(self) -> Earlier | None:
        if self.before is None or self.change is None:
            return None
        things = reached(self.linked.facts, self.change)
        return None if things is None else Earlier(things, self.before.read)

    @cached_property
    def vocabulary(self) -> Sequence[str]:
        """The ontology, its alignments and the code lists."""
        return self.dataset.named.get(self.base + VOCABULARY, ())

    @cached_property
    def _spool(self) -> Spool:
        return Spool()

    @cached_property
    def _bodies(self) -> dict[str, TurtleBody]:
        return {}

    def body(self, name: str) -> TurtleBody:
        """Return the blocks of a named graph, or ('') of the default graph, made once."""
        body = self._bodies.get(name)
        if body is None:
            lines = self.dataset.named[name] if name else self.dataset.default
            body = self._bodies[name] = self.body_of(lines)
        return body

    def body_of(self, lines: Sequence[str]) -> TurtleBody:
        """Return the blocks of lines that are a graph by themselves."""
        return TurtleBody(lines, self.prefixes, self._spool)

    @cached_property
    def changed_blocks(self) -> ChangedBlocks:
        """The blocks of subjects that changed since the build before."""
        return ChangedBlocks(self.prefixes)

    def is_curated(self, name: str) -> bool:
        """Is a named graph one of those that people write by hand: no list's, nothing derived?"""
        if name in (self.base + ENTITIES, self.base + LINKS):
            return True
        return bool(source_of(name, self.base)) and not name.startswith(self.base + _LISTS)

    @cached_property
    def curated(self) -> Sequence[str]:
        """What people wrote by hand, of all graphs together."""
        named = self.dataset.named
        return sorted(set().union(*(named[name] for name in named if self.is_curated(name))))

    @cached_property
    def context(self) -> Json:
        """The JSON-LD context: a function of the ontology alone."""
        return make_context(parse_lines(self.vocabulary), NS)


def _turtle(graph: Frozen) -> Chunks:
    return turtle_chunks(graph.body(""), graph.prefixes)


def _trig(graph: Frozen) -> Chunks:
    named = {name: graph.body(name) for name in graph.dataset.named}
    return trig_chunks(graph.body(""), named, graph.prefixes)


def _jsonld(graph: Frozen) -> Chunks:
    return jsonld_chunks(graph.dataset.default, graph.context)


def _context(graph: Frozen) -> Chunks:
    document = {"@context": graph.context}
    yield (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _void(graph: Frozen) -> Chunks:
    start = f"{graph.settings.public_address}dumps/"
    yield write_void(graph, [start + name for name in DUMPS if is_dump(name)])


def _vocabulary(suffix: str) -> Callable[[Frozen], Chunks]:
    return lambda graph: _write_vocabulary(graph, suffix)


def _write_vocabulary(graph: Frozen, suffix: str) -> Chunks:
    """Write the ontology and the code lists alone, for those who use them for data of their own."""
    match suffix:
        case "ttl":
            return turtle_chunks(graph.body_of(graph.vocabulary), graph.prefixes)
        case "jsonld":
            return jsonld_chunks(graph.vocabulary, graph.context)
    triples = [line.triple for line in parse_lines(graph.vocabulary)]
    return [SERIALIZERS[suffix](triples, graph.prefixes)]


def source_files(graph: Frozen) -> dict[str, Callable[[], Chunks]]:
    """Return functions that write the graphs of single sources, by file name.

    Each list has files of its own, because it has its own licence, and all that is from no list is
    in `curated.*`. With the setting `about.source_packages` every source document has files too.
    """
    files: dict[str, Callable[[], Chunks]] = {}
    packages = graph.settings.about.source_packages
    named, lists = graph.dataset.named, graph.base + _LISTS
    if any(name.startswith(lists) for name in named):
        files["curated.nt"] = lambda: chunks(graph.curated)
        files["curated.ttl"] = lambda: turtle_chunks(graph.body_of(graph.curated), graph.prefixes)
    for name in named:
        if source_of(name, graph.base) and (packages or name.startswith(lists)):
            slug = name.rpartition("/")[2]
            files[f"sources/{slug}.nt"] = partial(_source_lines, graph, name)
            files[f"sources/{slug}.ttl"] = partial(_source_turtle, graph, name)
    return dict(sorted(files.items()))


def _source_lines(graph: Frozen, name: str) -> Chunks:
    return chunks(graph.dataset.named[name])


def _source_turtle(graph: Frozen, name: str) -> Chunks:
    return turtle_chunks(graph.body(name), graph.prefixes)


def _links(write: Callable[[Linked], str]) -> Callable[[Frozen], Chunks]:
    return lambda graph: [write(graph.linked).encode()]


def _tables(write: Callable[[Tables], Chunks]) -> Callable[[Frozen], Chunks]:
    return lambda graph: write(graph.tables)


# file name -> writer; not for the shapes, the files of single sources and the catalogue
DUMPS: Final[dict[str, Callable[[Frozen], Chunks]]] = {
    "context.jsonld": _context,
    "twingraph.jsonld": _jsonld,
    NAME: lambda graph: graph.dataset.quad_chunks(),
    "twingraph.nt": lambda graph: graph.dataset.triple_chunks(),
    "twingraph.trig": _trig,
    "twingraph.ttl": _turtle,
    COUNTS: lambda graph: [graph.statistics.pack()],
    VOID: _void,
    **{f"{_VOCABULARY}.{suffix}": _vocabulary(suffix) for suffix in ("jsonld", "nt", "rdf", "ttl")},
    **{name: _links(write) for name, write in LINK_FILES.items()},
    **{name: _tables(write) for name, write in {**TABLE_FILES, **MAP_FILES}.items()},
}


def checksums(digests: Mapping[str, str]) -> bytes:
    """Return file name -> SHA-256 in hexadecimal as SHA256SUMS, for `sha256sum --check`.

    >>> checksums({"b": "02", "a": "01"})
    b'01  a\\n02  b\\n'
    """
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()
