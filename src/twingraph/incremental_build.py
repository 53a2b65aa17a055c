"""The graph and the problems of a changed project, made from those of the previous build.

A build stores what it read, found and derived (`kept/`); the next one reuses it, where the program,
the settings, the rules and the shapes are the same and so are the names of all files. Where the
result would not be certain, `go_on` returns None, and everything is read and derived again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from json import dumps, loads
from pathlib import Path
from typing import Final

from twingraph.build_cache import KEPT, Before
from twingraph.check.incremental import Found, check_again, pack_findings, unpack_findings
from twingraph.check.run import Checked, derive_and_validate
from twingraph.derive.increment import ChangedGraph, GraphBefore
from twingraph.derive.neighbours import INCOMING, incoming_lines
from twingraph.derive.published import read_rules
from twingraph.inputs import Inputs
from twingraph.progress import Progress, part
from twingraph.rdf.byte_lines import ByteLines, edited
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.dataset import Dataset, chunks, parted
from twingraph.rdf.frozen import NAME
from twingraph.rdf.iris import DERIVED, SLUG
from twingraph.rdf.quad_file import QuadFile, SortedFile
from twingraph.rdf.sorted_parts import Raw, edited_lines, mapped, taken
from twingraph.settings import Settings
from twingraph.source.curated import Curated
from twingraph.source.incremental import read_again, without_lists
from twingraph.source.read import read_project
from twingraph.source.read_cache import Notes

_FILES, _FOUND = f"{KEPT}/files.json", f"{KEPT}/found.json"
_JUDGED, _TABLES = f"{KEPT}/judged.nt", f"{KEPT}/tables.nt"
_SIZES: Final = f"{KEPT}/sizes.json"  # of each graph, in lines
_NEEDED: Final = f"{KEPT}/needed.json"  # number of lines validated when everything was checked
_TRIPLES: Final = "twingraph.nt"
# lines once validated are validated again in each build: with more than _TIMES * needed + _SLACK
# of them, everything is checked anew
_TIMES, _SLACK = 2, 1000
_READ: Final = 0.3  # the share of reading in the time of reading, deriving and checking

Pieces = Iterator[tuple[str, Iterable[bytes | memoryview]]]


@dataclass(frozen=True)
class Made:
    """The curated and the published graph of a project, and the result of checking them.

    `change` is the difference from the previous build. If the graph was made from that build,
    `notes` and `incoming` (its file of that name) are given, and `curated` lacks the statements of
    lists. `needed` are the numbers of published lines and of table lines that were validated when
    everything was last checked.
    """

    curated: Curated
    graph: Dataset
    checked: Checked
    change: Change | None = None
    notes: Notes | None = None
    incoming: Raw = b""
    needed: tuple[int, int] | None = None

    def kept(self) -> Pieces:
        """Yield the files in `kept/` that the next build reuses."""
        notes = self.notes or Notes.of(self.curated, self.checked.of_files)
        yield _FILES, [notes.raw()]
        yield _FOUND, [pack_findings(self.checked.findings)]
        yield _JUDGED, [*chunks(self.checked.validated)]
        yield _TABLES, [*chunks(self.checked.tables)]
        needed = self.needed or (len(self.checked.validated), len(self.checked.tables))
        yield _NEEDED, [dumps(needed).encode()]
        sizes = {name: len(lines) for name, lines in self.graph.named.items()}
        yield _SIZES, [dumps({DEFAULT: len(self.graph.default), **sizes}).encode()]
        if self.change is None:
            yield INCOMING, [*chunks(sorted(incoming_lines(self.graph.default)))]
        else:
            removed, added = (
                incoming_lines(side.get(DEFAULT, ()))
                for side in (self.change.removed, self.change.added)
            )
            pieces = edited_lines(self.incoming, map(str.encode, removed), map(str.encode, added))
            yield INCOMING, taken(self.incoming, pieces)


def make_anew(settings: Settings, large: bool, progress: Progress) -> Made:
    """Read, derive and check everything."""
    curated = read_project(settings, large)
    graph, checked = derive_and_validate(curated, progress=part(progress, _READ, 1.0))
    return Made(curated, graph, checked)


def go_on(settings: Settings, large: bool, inputs: Inputs, before: Before) -> Made | None:
    """Return the result for the present files, made from the previous build; None if it can't be.

    None also where files of that build are missing, or are not those that a build writes.
    """
    try:
        return _go_on(settings, large, inputs, before)
    except OSError:
        return None


@dataclass(frozen=True)
class _Kept:
    """The files in `kept/` of the previous build, parsed; `paths` are their paths by name."""

    paths: Mapping[str, Path]
    notes: Notes
    sizes: Mapping[str, int]
    found: Found
    validated: Sequence[str]
    tables: Sequence[str]
    needed: tuple[int, int]

    @classmethod
    def of(cls, before: Before) -> _Kept | None:
        """Read the files; None where one is missing or is not one that a build writes.

        Raises `OSError` where a file was deleted meanwhile.
        """
        names = (_FILES, _FOUND, INCOMING, _JUDGED, _TABLES, _SIZES, _NEEDED, NAME, _TRIPLES)
        paths = {name: path for name in names if (path := before.path(name))}
        if len(paths) < len(names):
            return None
        read = (_FILES, _FOUND, _JUDGED, _TABLES, _SIZES, _NEEDED)
        raw = {name: paths[name].read_bytes() for name in read}
        try:
            validated, tables = (raw[name].decode().split("\n")[:-1] for name in (_JUDGED, _TABLES))
            published, of_tables = loads(raw[_NEEDED])
            return cls(
                paths, Notes.read(raw[_FILES]), loads(raw[_SIZES]), unpack_findings(raw[_FOUND]),
                validated, tables, (int(published), int(of_tables)),
            )  # fmt: skip
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None

    def is_too_much(self, checked: Checked) -> bool:
        """Were far more lines validated than when everything was last checked?"""
        pairs = zip((checked.validated, checked.tables), self.needed, strict=True)
        return any(len(lines) > _TIMES * needed + _SLACK for lines, needed in pairs)


def _go_on(settings: Settings, large: bool, inputs: Inputs, before: Before) -> Made | None:
    if before.files.keys() != inputs.files.keys():
        return None
    kept = _Kept.of(before)
    if kept is None:
        return None
    paths, notes, sizes = kept.paths, kept.notes, kept.sizes
    changed = {name for name, digest in inputs.files.items() if before.files[name] != digest}
    read = read_again(settings, large, changed, notes, lambda slug: before.path(_list_name(slug)))
    if read is None:
        return None
    lists = f"{settings.base_iri}graph/import/"
    for name in sizes:
        if name.startswith(lists):
            slug = name.removeprefix(lists)
            # a document of that name may have its file, where each has its own
            shared = f"{settings.base_iri}graph/source/{slug}" in sizes
            if shared or not SLUG.fullmatch(slug) or before.path(_list_name(slug)) is None:
                return None
    derived = settings.base_iri + DERIVED
    written = sizes.keys() - {DEFAULT, derived}
    if any(not name.startswith(lists) and name not in read.curated.texts for name in written):
        return None  # nothing is left of a graph
    size = sum(sizes.values())
    graph_before = GraphBefore(
        QuadFile(paths[NAME]), SortedFile(paths[_TRIPLES]), SortedFile(paths[INCOMING]), written,
        size,
    )  # fmt: skip
    graph = ChangedGraph(graph_before, read.written)
    rules = read_rules(settings.resource("queries") / "rules")
    change = graph.published(rules, settings.base_iri, settings.release)
    if change is None:
        return None
    checked = check_again(
        read, graph, change, Checked([], validated=kept.validated, tables=kept.tables), kept.found,
        partial(read_project, settings, large),
    )  # fmt: skip
    if checked is None or kept.is_too_much(checked):
        return None
    now = Notes.of(read.curated, checked.of_files, notes)
    curated = without_lists(read.curated)
    dataset = _dataset(settings, before, curated, sizes, change)
    incoming = mapped(paths[INCOMING])
    return Made(curated, dataset, checked, change, now, incoming, kept.needed)


def _list_name(slug: str) -> str:
    """Return the file of a build that has what a list says."""
    return f"sources/{slug}.nt"


def _dataset(
    settings: Settings, before: Before, curated: Curated, sizes: Mapping[str, int], change: Change
) -> Dataset:
    """Return the graph of now, of which hardly anything is read before it is asked for."""
    lists, derived = f"{settings.base_iri}graph/import/", settings.base_iri + DERIVED

    def lines(name: str, read: Callable[[], bytes]) -> ByteLines:
        removed, added = change.removed.get(name, ()), change.added.get(name, ())
        size = sizes[name] - len(removed) + len(added)
        return ByteLines(lambda: edited(read(), removed, added), size)

    def of_file(file: str) -> Callable[[], bytes]:
        return (before.folder / file).read_bytes

    named: dict[str, Sequence[str]] = {
        name: lines(name, of_file(_list_name(name.removeprefix(lists))))
        if name.startswith(lists) else curated.texts[name]
        for name in sizes.keys() - {DEFAULT, derived}
    }  # fmt: skip
    named[derived] = lines(derived, lambda: _triples_of(before.folder / NAME, derived))
    return Dataset(lines(DEFAULT, of_file(_TRIPLES)), named)


def _triples_of(path: Path, graph: str) -> bytes:
    """Return the triples of a graph, sorted, from N-Quads."""
    end = f" <{graph}> .\n".encode()
    with path.open("rb") as quads:  # hardly any of which are wanted: never all in memory
        found = sorted(
            line[: -len(end)] + b" .\n" for line in quads
            # a triple of the default graph may end so as well
            if line.endswith(end) and parted(line[:-1].decode())[0] == graph
        )  # fmt: skip
    return b"".join(found)
