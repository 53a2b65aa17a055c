"""Notes on the files of a project, so that the next build reads only those that have changed.

They are the statements and the problems of each file; of lists only their tables and the lines by
which places are found by identifier, because all their statements are in the build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from twingraph.problems import Problem
from twingraph.source.curated import Curated, SourceFile, lines_of
from twingraph.source.tables.changed_rows import ListTexts
from twingraph.source.tables.read import places_known_by

LISTS: Final = "data/imports/"
Texts = Mapping[str, Sequence[str]]


def list_of(path: str) -> str:
    """Return the slug of the list that has a file in its folder; empty for any other file."""
    slug, _, name = path.removeprefix(LISTS).partition("/")
    return slug if path.startswith(LISTS) and name else ""


@dataclass(frozen=True)
class UnchangedFile(SourceFile):
    """A file that was not read: its statements are from notes (of a list: none)."""

    said: Texts = field(default_factory=dict)

    @property
    def texts(self) -> Texts:
        """Its statements as sorted lines of N-Triples, by the IRI of their graph."""
        return self.said


@dataclass(frozen=True)
class Notes:
    """What is noted of files by their path: what they say (not of lists), and their problems.

    `same` are the lines of each file that make places known to lists, `lists` the texts of each
    list of partnerships by its slug.
    """

    texts: Mapping[str, Texts]
    problems: Mapping[str, Sequence[Problem]]
    same: Mapping[str, Sequence[str]]
    lists: Mapping[str, ListTexts] = field(default_factory=dict)

    @classmethod
    def of(
        cls, curated: Curated, problems: Mapping[str, Sequence[Problem]],
        before: Notes | None = None,
    ) -> Notes:  # fmt: skip
        """Note what was read; `problems` are those of its files, by their path."""
        base = curated.settings.base_iri
        return cls(
            {file.path: file.texts for file in curated.files if not list_of(file.path)},
            {path: several for path, several in problems.items() if several},
            {
                file.path: before.same.get(file.path, ())
                if before and isinstance(file, UnchangedFile)
                else places_known_by(lines_of(file), base)
                for file in curated.files
            },
            {found.slug: found.files for found in curated.imports if found.files},
        )

    def raw(self) -> bytes:
        """Return the notes as JSON."""
        texts = {path: {graph: list(lines) for graph, lines in several.items()}
                 for path, several in self.texts.items()}  # fmt: skip
        problems = {path: [as_json(item) for item in several]
                    for path, several in self.problems.items()}  # fmt: skip
        same = {path: list(lines) for path, lines in self.same.items() if lines}
        return json.dumps([texts, problems, same, self.lists]).encode()

    @classmethod
    def read(cls, raw: bytes) -> Notes:
        """Invert `raw`."""
        texts, problems, same, lists = json.loads(raw)
        return cls(texts, {path: [as_problem(item) for item in several]
                           for path, several in problems.items()}, same,
                   {slug: (toml, rows) for slug, (toml, rows) in lists.items()})  # fmt: skip


def as_json(problem: Problem) -> list[Any]:
    """Return a problem as JSON has it.

    >>> as_problem(as_json(Problem("a", 1, "F02", "violation", {"en": "x"}))).code
    'F02'
    """
    return [problem.file, problem.line, problem.code, problem.severity, dict(problem.message),
            problem.detail, problem.column]  # fmt: skip


def as_problem(item: Sequence[Any]) -> Problem:
    """Invert `as_json`."""
    return Problem(*item)
