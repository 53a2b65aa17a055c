"""Files of a build made from those of the previous build: taken over, or changed in part.

A file whose inputs have not changed is taken over; a dump in which some subjects changed is the
previous one with their parts replaced. All other files are written whole, elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twingraph.atomic import Written
from twingraph.export.jsonld_stream import jsonld_pieces
from twingraph.rdf.change import DEFAULT, Change, quad_line
from twingraph.rdf.dataset import about
from twingraph.rdf.frozen import NAME
from twingraph.rdf.iris import VOCABULARY, source_of
from twingraph.rdf.sorted_parts import Piece, Raw, edited_lines, mapped, taken
from twingraph.rdf.turtle_update import Blocks, trig_pieces, turtle_pieces

if TYPE_CHECKING:
    from twingraph.export.dumps import Frozen

Splice = Callable[["Frozen", Change, Raw], list[Piece] | None]

_OF_ONTOLOGY: Final = ("context.jsonld", "vocabulary.")
_OF_CURATED: Final = ("curated.nt", "curated.ttl")


def unchanged(graph: Frozen, name: str) -> tuple[Path, Written] | None:
    """Return the file of the previous build and its checksums, if its inputs have not changed."""
    if graph.before is None or graph.change is None or _is_touched(graph, graph.change, name):
        return None
    path = graph.before.path(name)
    return (path, graph.before.written[name]) if path else None


def _is_touched(graph: Frozen, change: Change, name: str) -> bool:
    """May a change affect a file? True also where its inputs are not known."""
    base = graph.base
    if name.startswith(_OF_ONTOLOGY):
        return base + VOCABULARY in change.graphs
    if name in _OF_CURATED:
        return any(map(graph.is_curated, change.graphs))
    if name.startswith("sources/"):
        slug = name.removeprefix("sources/").rpartition(".")[0]
        return any(source_of(item, base) and item.rpartition("/")[2] == slug
                   for item in change.graphs)  # fmt: skip
    if name in SPLICED and name not in (NAME, "twingraph.trig"):
        return DEFAULT in change.graphs
    return bool(change) or name not in SPLICED


def pieces_of(graph: Frozen, name: str) -> Iterator[bytes | memoryview] | None:
    """Return a dump as the previous one with the changed parts; None where it is written whole."""
    splice = SPLICED.get(name) or _splice_of_source(graph, name)
    if splice is None or graph.before is None or graph.change is None:
        return None
    path = graph.before.path(name)
    if path is None:
        return None
    raw = mapped(path)
    pieces = splice(graph, graph.change, raw)
    return None if pieces is None else taken(raw, pieces)


def _quads(_: Frozen, change: Change, raw: Raw) -> list[Piece]:
    return edited_lines(raw, _encoded(change.removed), _encoded(change.added))


def _encoded(graphs: Mapping[str, Iterable[str]]) -> Iterator[bytes]:
    for name, lines in graphs.items():
        yield from (quad_line(line, name).encode() for line in lines)


def _trig(graph: Frozen, change: Change, raw: Raw) -> list[Piece] | None:
    if _has_other_graphs(graph, change):
        return None
    blocks = {name: _blocks(graph, change, name) for name in change.graphs}
    return trig_pieces(raw, blocks, graph.dataset.named, graph.prefixes)


def _has_other_graphs(graph: Frozen, change: Change) -> bool:
    """May a graph have been added or removed? True if only the change of a graph is known."""
    named = graph.dataset.named
    return any(
        name not in named or len(named[name]) == len(change.added.get(name, ()))
        for name in change.graphs if name
    )  # fmt: skip


def _blocks(graph: Frozen, change: Change, name: str) -> tuple[Blocks, frozenset[str]]:
    lines_about = partial(_lines_about, graph, change, name)
    return graph.changed_blocks.of(name, change.subjects(name), lines_about)


def _lines_about(graph: Frozen, change: Change, name: str, subject: str) -> Sequence[str]:
    """Return the lines of a graph about a subject (`<IRI>`), as they are now.

    Where a change is known before the graph is read, they are those of the build before with what
    changed, so that no graph need be read for that.
    """
    before = graph.quads_before
    if before is None:
        return about(graph.dataset.named[name] if name else graph.dataset.default, subject)
    removed, added = (about(side.get(name, ()), subject) for side in (change.removed, change.added))
    return sorted({*before.about(subject).get(name, ())}.difference(removed).union(added))


def _jsonld(graph: Frozen, change: Change, raw: Raw) -> list[Piece] | None:
    if graph.base + VOCABULARY in change.graphs:
        return None
    lines_about = partial(_lines_about, graph, change, DEFAULT)
    nodes = ((item[1:-1], lines_about(item)) for item in change.subjects(DEFAULT))
    return jsonld_pieces(raw, nodes, graph.context)


def _splice_of_source(graph: Frozen, name: str) -> Splice | None:
    """Return the function that edits a file of one source; None for other files."""
    folder, _, file = name.partition("/")
    slug, _, suffix = file.rpartition(".")
    graphs = [item for item in graph.dataset.named
              if source_of(item, graph.base) and item.rpartition("/")[2] == slug]  # fmt: skip
    if folder != "sources" or suffix not in _OF_SOURCE or len(graphs) != 1:
        return None
    return partial(_OF_SOURCE[suffix], graphs[0])


def _graph_lines(name: str, _: Frozen, change: Change, raw: Raw) -> list[Piece]:
    removed, added = (side.get(name, ()) for side in (change.removed, change.added))
    return edited_lines(raw, (line.encode() for line in removed), (line.encode() for line in added))


def _graph_turtle(name: str, graph: Frozen, change: Change, raw: Raw) -> list[Piece]:
    blocks, used = _blocks(graph, change, name)
    return turtle_pieces(raw, blocks, used, graph.prefixes)


_OF_SOURCE: Final = {"nt": _graph_lines, "ttl": _graph_turtle}
SPLICED: Final[Mapping[str, Splice]] = {
    NAME: _quads,
    "twingraph.nt": partial(_graph_lines, DEFAULT),
    "twingraph.ttl": partial(_graph_turtle, DEFAULT),
    "twingraph.trig": _trig,
    "twingraph.jsonld": _jsonld,
}
