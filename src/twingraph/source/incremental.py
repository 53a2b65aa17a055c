"""Reads a changed project again: only the changed files; the others are taken from notes.

Where a change of one file may affect how another is read, `read_again` returns None, and the caller
reads the whole project.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from twingraph.problems import Problem
from twingraph.rdf.change import Change, differing
from twingraph.rdf.dataset import Dataset, chunks, merged
from twingraph.rdf.sorted_parts import mapped
from twingraph.settings import Settings
from twingraph.source.curated import Curated, SourceFile, lines_of
from twingraph.source.mappings import SUFFIX
from twingraph.source.open_file import read_text
from twingraph.source.project_files import import_folders
from twingraph.source.read import (
    named_files,
    other_files,
    read_import_folder,
    read_places_file,
)
from twingraph.source.read_cache import LISTS, Notes, Texts, UnchangedFile, list_of
from twingraph.source.read_file import read_file
from twingraph.source.tables.changed_rows import ChangedRows, changed_rows
from twingraph.source.tables.matches import Matches, read_matches
from twingraph.source.tables.places import NAME as PLACES
from twingraph.source.tables.read import ReadImport, known_places, places_known_by
from twingraph.source.tables.spec import FILE, MATCHES, ROWS, SpecError, read_spec
from twingraph.source.tables.statements import graph_name

_REVIEWS: Final = "data/reviews/"


@dataclass(frozen=True)
class ReadAgain:
    """A project of which only the changed files, `fresh`, were read.

    `written` are the statements of its files that were added and removed. `in_part` are lists of
    which only changed rows were read; they have the statements of these rows.
    """

    curated: Curated
    fresh: tuple[SourceFile, ...]
    written: Change
    in_part: tuple[SourceFile, ...] = ()


def read_again(
    settings: Settings, large: bool, changed: Collection[str], notes: Notes,
    list_before: Callable[[str], Path | None], by_rows: bool = True,
) -> ReadAgain | None:  # fmt: skip
    """Read the files that `changed` (paths in the project) since `notes` were taken.

    `list_before` returns the N-Triples of a list by its slug, as the build before has them. Of the
    lists only changed rows are read where they can be told apart, unless not `by_rows`.
    """
    folders = import_folders(settings, large)
    names = {folder.name for folder in folders}
    lists = {list_of(path) for path in changed} - {""}
    parted = {
        slug for slug in lists
        if by_rows and _is_of_rows(slug, settings.base_iri, changed, notes)
    }  # fmt: skip
    lists -= parted
    if any(
        path.startswith(_REVIEWS)
        or (path.startswith(LISTS) and path[len(LISTS):].removesuffix(".ttl") in names)
        for path in changed
    ):  # fmt: skip
        return None
    reader = _Reader(settings, changed, notes)
    files = [reader.file(name, path) for name, path in named_files(settings)]
    places = settings.folder / "data" / "entities" / PLACES
    if places.exists():
        files.append(reader.places(places))
    brought = [folder / PLACES for folder in folders if (folder / PLACES).exists()]
    files += [reader.places(path, lists) for path in brought]
    if folders and any(_same(settings, file) != notes.same.get(file.path, []) for file in files
                       if not isinstance(file, UnchangedFile)):  # fmt: skip
        return None
    known = known_places(
        chain.from_iterable(notes.same.get(file.path, ()) for file in files), settings.base_iri
    )
    imports = []
    parts: dict[str, PartOfList] = {}
    for folder in folders:
        if folder.name in parted:
            part = reader.part_of_list(folder, known, list_before(folder.name))
            if part is None:
                return read_again(settings, large, changed, notes, list_before, by_rows=False)
            parts[graph_name(folder.name, settings.base_iri)] = part
            imports.append(part.read)
            files.append(part.file)
            continue
        found, file = reader.list(folder, lists, known)
        imports.append(found)
        files.append(file)
        same = notes.same.get(file.path, [])
        # a list may have become one of places, or be none any more, or know others
        now = _same(settings, file) if found.is_places else []
        if folder.name in lists and now != same:
            return None
        if found.is_places:
            known = {**known_places(same, settings.base_iri), **known}
    fresh = tuple(file for file in files if not isinstance(file, UnchangedFile))
    others = other_files(settings)
    written = _difference(settings, files, fresh, notes, names, list_before)
    if written is None:
        return None
    of_rows = {graph: part.rows for graph, part in parts.items()}
    removed = {graph: rows.removed for graph, rows in of_rows.items() if rows.removed}
    added = {graph: rows.added for graph, rows in of_rows.items() if rows.added}
    return ReadAgain(
        Curated(settings, (*files, *others), tuple(imports)), fresh,
        Change({**written.removed, **removed}, {**written.added, **added}),
        tuple(part.fresh for part in parts.values()),
    )  # fmt: skip


def _is_of_rows(slug: str, base: str, changed: Collection[str], notes: Notes) -> bool:
    """Did only the rows of a list change, and its description, and does no other file add to it?"""
    graph = graph_name(slug, base)
    return (
        slug in notes.lists
        and {path for path in changed if list_of(path) == slug}
        <= {f"{LISTS}{slug}/{name}" for name in (FILE, ROWS)}
        and not any(graph in texts for texts in notes.texts.values())
    )


def without_lists(curated: Curated) -> Curated:
    """Return a project without the statements of its lists."""
    files = (
        UnchangedFile(file.path, "", (), file.problems, file.decisions)
        if list_of(file.path) else file
        for file in curated.files
    )  # fmt: skip
    imports = (
        ReadImport(found.slug, spec=found.spec, matches=found.matches) for found in curated.imports
    )
    return Curated(curated.settings, tuple(files), tuple(imports))


def _same(settings: Settings, file: SourceFile) -> list[str]:
    return places_known_by(lines_of(file), settings.base_iri)


@dataclass(frozen=True)
class PartOfList:
    """A list of which only the changed rows were read: `file` has the problems of all its rows,
    `fresh` the statements of the rows that were read.
    """

    read: ReadImport
    file: UnchangedFile
    rows: ChangedRows
    fresh: SourceFile


class _Reader:
    """Reads the changed files, and takes the others from notes."""

    def __init__(self, settings: Settings, changed: Collection[str], notes: Notes) -> None:
        self._settings, self._changed, self._notes = settings, changed, notes

    def file(self, name: str, path: Path) -> SourceFile:
        """Return a file of Turtle or of decisions; the latter are always read."""
        if name in self._changed or name.endswith(SUFFIX):
            return read_file(path, name, self._settings)
        return self._unchanged(name)

    def places(self, path: Path, lists: Collection[str] | None = None) -> SourceFile:
        """Return a table of places: the project's, or one that a list brought along."""
        name = path.relative_to(self._settings.folder).as_posix()
        if lists is None:
            fresh, graph = name in self._changed, None
        else:
            fresh = path.parent.name in lists
            graph = graph_name(path.parent.name, self._settings.base_iri)
        return read_places_file(path, self._settings, graph) if fresh else self._unchanged(name)

    def list(
        self, folder: Path, lists: Collection[str], known: Mapping[str, str]
    ) -> tuple[ReadImport, SourceFile]:
        """Return a list; of an unchanged one only its import.toml and the decisions on names."""
        if folder.name in lists:
            return read_import_folder(folder, self._settings, known)
        name = folder.relative_to(self._settings.folder).as_posix()
        base = self._settings.base_iri
        try:
            spec = read_spec((folder / FILE).read_text(encoding="utf-8-sig"), folder.name, base)
            decided = folder / MATCHES
            text = decided.read_text(encoding="utf-8-sig") if decided.exists() else ""
        except (OSError, UnicodeDecodeError, SpecError):
            return read_import_folder(folder, self._settings, known)
        matches = read_matches(text, base) if text else None
        lists = self._notes.lists
        found = ReadImport(folder.name, spec=spec, matches=matches, files=lists.get(folder.name))
        return found, self._unchanged(f"{name}/{ROWS}")

    def part_of_list(
        self, folder: Path, known: Mapping[str, str], before: Path | None
    ) -> PartOfList | None:
        """Return a list of which only changed rows were read; None where others are affected.

        `before` are the N-Triples of the list in the build before.
        """
        slug, base = folder.name, self._settings.base_iri
        found, file = self.list(folder, (), known)
        name = folder.relative_to(self._settings.folder).as_posix()
        toml, rows = (
            read_text(folder / file_name, f"{name}/{file_name}", self._settings)
            for file_name in (FILE, ROWS)
        )
        if (
            before is None or isinstance(toml, Problem) or isinstance(rows, Problem)
            or not isinstance(file, UnchangedFile) or found.spec is None
        ):  # fmt: skip
            return None
        part = changed_rows(
            slug, self._notes.lists[slug], (toml, rows), mapped(before),
            found.matches or Matches(), known, base,
        )  # fmt: skip
        if part is None or any(
            problem.file != file.path or not problem.line or problem.line in part.lines
            for problem in file.problems
        ):
            return None
        stated = Dataset((), {graph_name(slug, base): part.stated.texts})
        fresh = SourceFile(file.path, "", stated, (), (), part.stated.lines)
        return PartOfList(replace(found, files=(toml, rows)), file, part, fresh)

    def _unchanged(self, name: str) -> UnchangedFile:
        problems = tuple(self._notes.problems.get(name, ()))
        return UnchangedFile(name, "", (), problems, said=self._notes.texts.get(name, {}))


def _difference(
    settings: Settings, files: Iterable[SourceFile], fresh: Iterable[SourceFile], notes: Notes,
    folders: Collection[str], list_before: Callable[[str], Path | None],
) -> Change | None:  # fmt: skip
    """Compare the statements with the earlier ones, in the graphs of the files that were read."""
    now: dict[str, list[Sequence[str]]] = defaultdict(list)
    before: dict[str, list[Sequence[str]]] = defaultdict(list)
    lists = f"{settings.base_iri}graph/import/"
    graphs = {graph for file in fresh
              for graph in (*file.texts, *notes.texts.get(file.path, {}))}  # fmt: skip
    for file in files:
        for graph, lines in file.texts.items():
            now[graph].append(lines)
        for graph, lines in notes.texts.get(file.path, {}).items():
            before[graph].append(lines)
    removed, added = {}, {}
    for graph in sorted(graphs):
        slug = graph.removeprefix(lists)
        path = list_before(slug) if slug in folders else None
        if slug in folders and path is None:
            return None
        if path:
            found = differing(mapped(path), chunks(merged(now[graph])))
            assert found is not None, "there is no limit"
            removed[graph], added[graph] = map(_texts, found)
        else:
            old, new = (set(chain.from_iterable(side[graph])) for side in (before, now))
            removed[graph], added[graph] = sorted(old - new), sorted(new - old)
    if not all(_is_of_graph(file, notes, removed, added) for file in fresh):
        return None
    return Change(*({graph: lines for graph, lines in side.items() if lines}
                    for side in (removed, added)))  # fmt: skip


def _is_of_graph(file: SourceFile, notes: Notes, removed: Texts, added: Texts) -> bool:
    """Is every change in a file visible in its statements?

    It is not where another file says the same: nothing tells then where a problem is found.
    """
    if list_of(file.path):
        return True
    before = notes.texts.get(file.path, {})
    for graph in {*file.texts, *before}:
        old, new = set(before.get(graph, ())), set(file.texts.get(graph, ()))
        if not (old - new <= {*removed[graph]} and new - old <= {*added[graph]}):
            return False
    return True


def _texts(lines: Iterable[bytes]) -> list[str]:
    return sorted(map(bytes.decode, lines))
