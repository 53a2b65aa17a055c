"""Curated files -> quads, each file into a named graph of its own, and problems.

A file is a stranger's until it is read: its size, its lines and its encoding are looked at before
it is parsed, nothing in it makes us open another file, and every problem of it is told at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path

from twingraph.problems import Problem, problem
from twingraph.rdf.dataset import Dataset, parse_lines, triple_texts
from twingraph.rdf.iris import SLUG
from twingraph.rdf.turtle import plain
from twingraph.settings import Settings
from twingraph.source.curated import Curated, SourceFile, lines_of
from twingraph.source.open_file import read_text
from twingraph.source.project_files import (
    data_files,
    import_folders,
    ontology_files,
    passed_over,
    shown,
    table_files,
    unreadable,
    without_data,
)
from twingraph.source.read_file import read_file
from twingraph.source.tables.places import NAME as PLACES
from twingraph.source.tables.places import read_places
from twingraph.source.tables.read import ReadImport, known_places, read_import
from twingraph.source.tables.spec import FILES as IMPORT_FILES
from twingraph.source.tables.statements import graph_name
from twingraph.source.terms import (
    TermProblem,
    in_normal_form,
    not_ordinary,
    text_problems,
)


def read_project(settings: Settings, large: bool = False) -> Curated:
    """Read every curated file of a project; problems are collected, never raised.

    Lists that call themselves large are read where `large` says so.
    """
    files = [read_file(path, name, settings) for name, path in named_files(settings)]
    places = settings.folder / "data" / "entities" / PLACES
    if places.exists():
        files.append(read_places_file(places, settings))
    folders = import_folders(settings, large)
    brought = [folder / PLACES for folder in folders if (folder / PLACES).exists()]
    files += [
        read_places_file(path, settings, graph_name(path.parent.name, settings.base_iri))
        for path in brought
    ]
    known = known_places(chain.from_iterable(map(lines_of, files)), settings.base_iri)
    imports = []
    for folder in folders:
        table, file = read_import_folder(folder, settings, known)
        imports.append(table)
        files.append(file)
        known = (
            {**known_places(lines_of(file), settings.base_iri), **known}
            if table.is_places
            else known
        )
    return Curated(settings, (*files, *other_files(settings)), tuple(imports))


def named_files(settings: Settings) -> list[tuple[str, Path]]:
    """Return the files of ontology, code lists and data that are no tables, with their names."""
    ontology = settings.resource("ontology")
    named = [(f"ontology/{path.relative_to(ontology).as_posix()}", path)
             for path in ontology_files(settings)]  # fmt: skip
    named += [(path.relative_to(settings.folder).as_posix(), path) for path in data_files(settings)]
    return named


def other_files(settings: Settings) -> tuple[SourceFile, ...]:
    """Return a problem for each file under data/ that is not read."""
    taken = {path for _, path in named_files(settings)} | set(table_files(settings, large=True))
    taken.add(settings.folder / "data" / "entities" / PLACES)
    return (*passed_over(settings, taken), *unreadable(settings), *without_data(settings))


def read_import_folder(
    folder: Path, settings: Settings, known: Mapping[str, str]
) -> tuple[ReadImport, SourceFile]:
    """Read the list in a folder; `known` says which place has which identifier."""
    name = folder.relative_to(settings.folder).as_posix()
    if not SLUG.fullmatch(folder.name):
        unreadable = SourceFile(shown(name), "", (), (problem("F14", shown(name)),))
        return ReadImport(folder.name), unreadable
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()):
        if path.name in IMPORT_FILES and path.suffix in (".toml", ".csv", ".tsv"):
            text = read_text(path, f"{name}/{path.name}", settings)
            if isinstance(text, Problem):
                problems.append(text)
            else:
                texts[path.name] = text
    if problems:
        return ReadImport(folder.name), SourceFile(f"{name}/rows.csv", "", (), tuple(problems))
    table = read_import(folder.name, texts, known, settings.base_iri)
    stated = {graph_name(folder.name, settings.base_iri): table.texts} if table.texts else {}
    file = _of_table(f"{name}/rows.csv", stated, table.problems, table.lines)
    return table, file


def read_places_file(path: Path, settings: Settings, graph: str | None = None) -> SourceFile:
    """Read a table of places: the project's, or (`graph`) one that a list brought along."""
    name = path.relative_to(settings.folder).as_posix()
    text = read_text(path, name, settings)
    if isinstance(text, Problem):
        return SourceFile(name, "", (), (text,))
    table = read_places(text, settings.base_iri, graph)
    problems = tuple(problem("I02", name, line, column, error=words)
                     for line, column, words in table.wrong)  # fmt: skip
    texts = {name: sorted(set(lines)) for name, lines in table.texts.items() if lines}
    return _of_table(path.relative_to(settings.folder).as_posix(), texts, problems, table.lines)


def _of_table(
    name: str, texts: Mapping[str, Sequence[str]], problems: tuple[Problem, ...],
    lines: Mapping[str, int],
) -> SourceFile:  # fmt: skip
    """Return the statements of a table, texts in Unicode normal form, and problems for others."""
    normal: dict[str, Sequence[str]] = {}
    faults: list[TermProblem] = []
    for graph, several in texts.items():
        odd = not_ordinary(several)
        quads = [in_normal_form(quad) for quad in parse_lines(sorted(odd))]
        faults += text_problems(quads)
        normal_texts = triple_texts(quads)
        normal[graph] = several if normal_texts == odd else sorted({*several} - odd | normal_texts)
    more = tuple(
        problem(item.code, name, lines.get(plain(item.quad.subject), 0), **item.words)
        for item in faults
    )
    return SourceFile(name, "", Dataset((), normal), (*problems, *more), (), lines)
