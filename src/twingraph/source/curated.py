"""The curated data of a project as it was read: the statements of each file, and of all files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Final

from pyoxigraph import NamedNode, Quad

from twingraph.problems import Problem
from twingraph.rdf.dataset import Dataset, begins, merged, triple_texts
from twingraph.rdf.turtle import Positions, plain
from twingraph.rdf.vocabulary import TG
from twingraph.settings import Settings
from twingraph.source.mappings import SUFFIX, Decision
from twingraph.source.tables.read import ReadImport

_ABOUT, _PROPERTY = str(TG.subject), str(TG.property)
_OF_CLAIM: Final = "/id/claim/"


@dataclass(frozen=True)
class SourceFile:
    """One file as it was read: its path in the project, its text, its quads.

    For a table, `text` is empty and `lines` has the line of each subject; its quads are a dataset,
    which makes quads only when they are iterated.
    """

    path: str
    text: str
    quads: Collection[Quad]
    problems: tuple[Problem, ...]
    decisions: tuple[Decision, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def positions(self) -> Positions:
        """The line of each statement; computed only when a problem needs one."""
        if self.is_table:
            result = Positions("")
            for subject, line in self.lines.items():
                result.note(line, subject, "", "")
            return result
        if not self.path.endswith(SUFFIX):
            return Positions(self.text)
        result = Positions("")
        for decision in self.decisions:
            result.note(decision.line, decision.subject, decision.predicate, decision.object)
        return result

    @cached_property
    def claims(self) -> Mapping[tuple[str, str], str]:
        """(Subject, property) -> the first claim of the file about it."""
        if isinstance(self.quads, Dataset):
            return _claims_of(lines_of(self))
        about = {quad.subject: quad.object for quad in self.quads if quad.predicate == TG.subject}
        result: dict[tuple[str, str], str] = {}
        for each_quad in self.quads:
            subject = about.get(each_quad.subject)
            if each_quad.predicate == TG.property and subject is not None:
                result.setdefault(
                    (plain(subject), plain(each_quad.object)), plain(each_quad.subject)
                )
        return result

    @cached_property
    def texts(self) -> Mapping[str, Sequence[str]]:
        """Its statements as sorted lines of N-Triples, by the IRI of their graph."""
        if isinstance(self.quads, Dataset):
            return self.quads.named
        graphs: dict[str, list[Quad]] = defaultdict(list)
        for quad in self.quads:
            graphs[plain(quad.graph_name)].append(quad)
        return {name: sorted(triple_texts(quads)) for name, quads in sorted(graphs.items())}

    @property
    def is_table(self) -> bool:
        """Is it a table of places or of partnerships, whose quads the program writes itself?"""
        return self.path.endswith(".csv")

    @property
    def is_data(self) -> bool:
        """Is it under data/ (and not the ontology)?"""
        return self.path.startswith("data/")


@dataclass(frozen=True)
class Curated:
    """All curated files of a project, in the order of their paths."""

    settings: Settings
    files: tuple[SourceFile, ...]
    imports: tuple[ReadImport, ...] = ()

    @property
    def problems(self) -> list[Problem]:
        """Problems of the files as files: encoding, syntax, size."""
        return [each_problem for file in self.files for each_problem in file.problems]

    @cached_property
    def decisions(self) -> Mapping[str, tuple[Decision, ...]]:
        """The decisions about links by their target, which is the name of their table.

        Of the names of a list, only what was refused, under `import/<slug>`.
        """
        refused = {
            f"import/{each.slug}": tuple(row for row in each.matches.decisions if row.modifier)
            for each in self.imports if each.matches
        }  # fmt: skip
        return {key: rows for key, rows in refused.items() if rows} | {
            target: tuple(decision for file in self.files if _target(file) == target
                          for decision in file.decisions)
            for target in sorted({_target(file) for file in self.files if file.decisions})
        }  # fmt: skip

    @cached_property
    def by_graph(self) -> Mapping[NamedNode, frozenset[Quad]]:
        """The quads of each graph."""
        graphs: dict[NamedNode, set[Quad]] = defaultdict(set)
        for file in self.files:
            for quad in file.quads:
                graphs[quad.graph_name].add(quad)  # type: ignore[index]  # always a NamedNode here
        return {graph: frozenset(graphs[graph]) for graph in sorted(graphs, key=str)}

    @cached_property
    def texts(self) -> Mapping[str, Sequence[str]]:
        """The statements of each graph as sorted lines of N-Triples, by the IRI of the graph."""
        by_graph: dict[str, list[Sequence[str]]] = defaultdict(list)
        for file in self.files:
            for graph, lines in file.texts.items():
                by_graph[graph].append(lines)
        return {graph: several[0] if len(several) == 1 else merged(several)
                for graph, several in sorted(by_graph.items())}  # fmt: skip

    def files_of(self, iri: str) -> tuple[SourceFile, ...]:
        """Return the files that have an IRI as subject."""
        start = f"<{iri}> "
        return tuple(
            file for file in self.files
            if any(begins(lines, start) for lines in file.texts.values())
        )  # fmt: skip


def lines_of(file: SourceFile) -> Iterable[str]:
    """Return the statements of a file as lines of N-Triples, by graph."""
    return chain.from_iterable(file.texts.values())


def _claims_of(lines: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return (subject, property) -> the first claim about it; claims must have all their lines."""
    about: dict[str, str] = {}
    claims: dict[tuple[str, str], str] = {}
    verbs = []
    for line in lines:
        if _OF_CLAIM in line:
            claim, predicate, value = line.split(" ", 2)
            if predicate == _ABOUT:
                about[claim] = value[1:-3]
            elif predicate == _PROPERTY:
                verbs.append((claim, value[1:-3]))
    for claim, verb in verbs:
        if claim in about:
            claims.setdefault((about[claim], verb), claim[1:-1])
    return claims


def _target(file: SourceFile) -> str:
    return file.path.rpartition("/")[2].removesuffix(SUFFIX) if file.decisions else ""
