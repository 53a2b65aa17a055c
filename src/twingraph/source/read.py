"""Curated files -> quads, each file into the graph it speaks for, and a problem for what is amiss.

A file is a stranger's until it is read: its size, its lines and its encoding are looked at before
it is parsed, nothing in it makes us open another file, and every problem of it is told at once.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, parse

from twingraph.problems import Problem, problem
from twingraph.rdf.dataset import Dataset, begins, merged, parse_lines, triple_texts
from twingraph.rdf.iris import SLUG, foreign_base, graph_of, is_vocabulary
from twingraph.rdf.turtle import Positions, is_bare, is_new, plain
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, TG
from twingraph.settings import Settings
from twingraph.source.mappings import SUFFIX, Decision, read_table
from twingraph.source.tables.places import NAME as PLACES
from twingraph.source.tables.places import read_places
from twingraph.source.tables.read import ReadImport, known_places, read_import
from twingraph.source.tables.spec import FILE as IMPORT
from twingraph.source.tables.spec import FILES as IMPORT_FILES
from twingraph.source.tables.spec import SNAPSHOT
from twingraph.source.tables.statements import graph_name
from twingraph.source.terms import (
    TermProblem,
    in_normal_form,
    is_ordinary,
    term_problems,
    text_problems,
)

# Properties by which a project points to the things of others.
_TO_OTHERS: Final = frozenset({RDF.type, RDFS.seeAlso, NamedNode(PREFIXES["owl"] + "sameAs")})
_ABOUT, _PROPERTY = str(TG.subject), str(TG.property)
_OF_CLAIM: Final = "/id/claim/"
REVIEWS: Final = (".csv", ".sssom.tsv")
DATA_FOLDERS: Final = ("entities", "imports", "links", "sources")


@dataclass(frozen=True)
class SourceFile:
    """One file as it was read: its path in the project, its text, its quads.

    A table has no text here, but the line of each of its subjects (`lines`); its quads are a
    dataset, which makes them when it is asked.
    """

    path: str
    text: str
    quads: Collection[Quad]
    problems: tuple[Problem, ...]
    decisions: tuple[Decision, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def positions(self) -> Positions:
        """The lines of its statements; read only when a problem asks."""
        if self.is_table:
            found = Positions("")
            for subject, line in self.lines.items():
                found.note(line, subject, "", "")
            return found
        if not self.path.endswith(SUFFIX):
            return Positions(self.text)
        found = Positions("")
        for decision in self.decisions:
            found.note(decision.line, decision.subject, decision.predicate, decision.object)
        return found

    @cached_property
    def claims(self) -> Mapping[tuple[str, str], str]:
        """(Subject, property) -> the first claim of the file about it."""
        if isinstance(self.quads, Dataset):
            return _claims_of(lines_of(self))
        about = {quad.subject: quad.object for quad in self.quads if quad.predicate == TG.subject}
        found: dict[tuple[str, str], str] = {}
        for each_quad in self.quads:
            subject = about.get(each_quad.subject)
            if each_quad.predicate == TG.property and subject is not None:
                found.setdefault(
                    (plain(subject), plain(each_quad.object)), plain(each_quad.subject)
                )
        return found

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
    """Everything a project's people wrote, file by file in the order of their paths."""

    settings: Settings
    files: tuple[SourceFile, ...]
    imports: tuple[ReadImport, ...] = ()

    @property
    def problems(self) -> list[Problem]:
        """What is amiss with the files as files."""
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
        found: dict[str, list[Sequence[str]]] = defaultdict(list)
        for file in self.files:
            for graph, lines in file.texts.items():
                found[graph].append(lines)
        return {graph: several[0] if len(several) == 1 else merged(several)
                for graph, several in sorted(found.items())}  # fmt: skip

    def files_of(self, iri: str) -> tuple[SourceFile, ...]:
        """Return the files that have an IRI as subject."""
        start = f"<{iri}> "
        return tuple(
            file for file in self.files
            if any(begins(lines, start) for lines in file.texts.values())
        )  # fmt: skip


def lines_of(file: SourceFile) -> Iterable[str]:
    """Return what a file says as lines of N-Triples, graph by graph."""
    return chain.from_iterable(file.texts.values())


def _claims_of(lines: Iterable[str]) -> dict[tuple[str, str], str]:
    """Return (subject, property) -> the first claim about it, of lines in which it stands whole."""
    about: dict[str, str] = {}
    found: dict[tuple[str, str], str] = {}
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
            found.setdefault((about[claim], verb), claim[1:-1])
    return found


def _target(file: SourceFile) -> str:
    return file.path.rpartition("/")[2].removesuffix(SUFFIX) if file.decisions else ""


def review_files(settings: Settings) -> list[Path]:
    """Return the files of decisions on what Wikidata was told, sorted by path."""
    folder = settings.folder / "data" / "reviews"
    return sorted(path for path in folder.glob("*") if path.name.endswith(REVIEWS))


def data_files(settings: Settings) -> list[Path]:
    """Return the project's data files, sorted by path."""
    folders = (settings.folder / "data" / name for name in DATA_FOLDERS)
    found = {path for folder in folders for path in folder.rglob("*.ttl")}
    tables = (settings.folder / "data" / "links").rglob(f"*{SUFFIX}")
    return sorted(found.union(tables))


def ontology_files(settings: Settings) -> list[Path]:
    """Return the files of ontology and code lists, sorted by path."""
    return sorted(settings.resource("ontology").rglob("*.ttl"))


def read_project(settings: Settings, large: bool = False) -> Curated:
    """Read every curated file of a project; problems are collected, never raised.

    Lists that call themselves large are read where `large` says so.
    """
    ontology = settings.resource("ontology")
    named = [(f"ontology/{ontology_file.relative_to(ontology).as_posix()}", ontology_file)
             for ontology_file in ontology_files(settings)]  # fmt: skip
    named += [
        (data_file.relative_to(settings.folder).as_posix(), data_file)
        for data_file in data_files(settings)
    ]
    files = [read_file(path, name, settings) for name, path in named]
    places = settings.folder / "data" / "entities" / PLACES
    if places.exists():
        files.append(_read_places(places, settings))
    folders = import_folders(settings, large)
    brought = [folder / PLACES for folder in folders if (folder / PLACES).exists()]
    files += [
        _read_places(path, settings, graph_name(path.parent.name, settings.base_iri))
        for path in brought
    ]
    known = known_places(chain.from_iterable(map(lines_of, files)), settings.base_iri)
    imports = []
    for folder in folders:
        found, file = read_import_folder(folder, settings, known)
        imports.append(found)
        files.append(file)
        known = (
            {**known_places(lines_of(file), settings.base_iri), **known}
            if found.is_places
            else known
        )
    taken = {path for _, path in named} | {places} | set(table_files(settings, large=True))
    others = (*_passed_over(settings, taken), *_unreadable(settings), *_without_data(settings))
    return Curated(settings, (*files, *others), tuple(imports))


def _unreadable(settings: Settings) -> Iterator[SourceFile]:
    """Folders under data/ that can't be looked into: what lies in them would be missed."""
    refused: list[OSError] = []
    for _ in os.walk(settings.folder / "data", onerror=refused.append):
        pass
    for error in refused:
        path = Path(os.fsdecode(error.filename))
        if path.is_dir():
            name = _shown(path.relative_to(settings.folder).as_posix())
            yield SourceFile(name, "", (), (problem("F12", name, error=error.strerror),))


def _without_data(settings: Settings) -> Iterator[SourceFile]:
    """A project that has nothing to publish: most likely it is another folder that was meant."""
    if data_files(settings) or table_files(settings, large=True):
        return
    folder = settings.folder / "data"
    error = "there is no folder data/"
    if folder.is_dir():
        error = "data/ holds no file that is read"
    elif folder.exists() or folder.is_symlink():
        error = "data is no folder"
    yield SourceFile("data", "", (), (problem("F23", "data", error=error),))


def import_folders(settings: Settings, large: bool = False) -> list[Path]:
    """Return the folders of lists, data/imports/<slug>/, those that only describe places first.

    Those that call themselves large are left out but where `large` says so.
    """
    imports = settings.folder / "data" / "imports"
    found = sorted(path.parent for path in imports.glob(f"*/{IMPORT}"))
    found = [path for path in found if large or not _says(path / IMPORT, "large")]
    return sorted(found, key=lambda path: not _says(path / IMPORT, "places"))


def _says(path: Path, key: str) -> bool:
    """Does an import.toml say `key = true`? One that can't be read says nothing."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get(key) is True
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False


def table_files(settings: Settings, large: bool = False) -> list[Path]:
    """Return the files of the project's lists and its table of places, sorted by path."""
    found = {settings.folder / "data" / "entities" / PLACES}
    for folder in import_folders(settings, large):
        found |= {path for path in folder.iterdir()
                  if path.name in IMPORT_FILES or SNAPSHOT.fullmatch(path.name)}  # fmt: skip
    return sorted(path for path in found if path.exists())


def read_import_folder(
    folder: Path, settings: Settings, known: Mapping[str, str]
) -> tuple[ReadImport, SourceFile]:
    """Read the list in a folder; `known` says which place has which identifier."""
    name = folder.relative_to(settings.folder).as_posix()
    if not SLUG.fullmatch(folder.name):
        told = SourceFile(_shown(name), "", (), (problem("F14", _shown(name)),))
        return ReadImport(folder.name), told
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
    found = read_import(folder.name, texts, known, settings.base_iri)
    said = {graph_name(folder.name, settings.base_iri): found.texts} if found.texts else {}
    file = _of_table(f"{name}/rows.csv", said, found.problems, found.lines)
    return found, file


def read_text(path: Path, name: str, settings: Settings) -> str | Problem:
    """Return the text of a file of a list, or why it can't be read."""
    raw = read_raw(path, name, settings)
    if isinstance(raw, Problem):
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return problem("F01", name, raw.count(b"\n", 0, error.start) + 1, byte=error.start + 1)


def _read_places(path: Path, settings: Settings, graph: str | None = None) -> SourceFile:
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
    """Return what a table says; its texts in normal form, and told where they are none."""
    normal: dict[str, Sequence[str]] = {}
    found: list[TermProblem] = []
    for graph, several in texts.items():
        odd = {line for line in several if not is_ordinary(line)}
        quads = [in_normal_form(quad) for quad in parse_lines(sorted(odd))]
        found += text_problems(quads)
        ours = triple_texts(quads)
        normal[graph] = several if ours == odd else sorted({*several} - odd | ours)
    more = tuple(
        problem(item.code, name, lines.get(plain(item.quad.subject), 0), **item.words)
        for item in found
    )
    return SourceFile(name, "", Dataset((), normal), (*problems, *more), (), lines)


def _passed_over(settings: Settings, taken: set[Path]) -> Iterator[SourceFile]:
    """Files under data/ that nobody reads: most likely a slip of the name or the folder."""
    for path in sorted((settings.folder / "data").rglob("*")):
        inside = path.relative_to(settings.folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path in taken or path.is_dir() or path.name == "README.md":
            continue
        if inside.parts[1] == "reviews" and path.name.endswith(REVIEWS):
            continue  # decisions on what Wikidata was told; link/wikidata/reviews.py reads them
        if hidden and not path.is_symlink():
            continue  # an editor's; a link that hides is nobody's
        name = _shown(inside.as_posix())
        yield SourceFile(name, "", (), (problem("F15", name),))


def _shown(name: str) -> str:
    """Return a file name as it can be printed, whatever its bytes."""
    return name.encode("utf-8", "backslashreplace").decode()


def read_file(path: Path, name: str, settings: Settings) -> SourceFile:
    """Read one file; `name` is what problems call it and what decides its graph."""
    slug = path.name.partition(".")[0]
    if _names_a_graph(name) and not (SLUG.fullmatch(slug) and name.count("/") == 2):
        return SourceFile(_shown(name), "", (), (problem("F14", _shown(name)),))
    raw = read_raw(path, name, settings)
    if isinstance(raw, Problem):
        return SourceFile(name, "", (), (raw,))
    return read_bytes(raw, name, settings)


def read_raw(path: Path, name: str, settings: Settings) -> bytes | Problem:
    """Return the bytes of a file of the project, or why it is not opened.

    A link out of the folder it was found in, a pipe, a device, a file over the limit: none is.
    """
    try:
        home = settings.resource("ontology") if name.startswith("ontology/") else settings.folder
        size = path.stat().st_size
        if not resolved(path).is_relative_to(resolved(home)):
            return problem("F12", name, error="a link that leads out of the project")
        if not path.is_file():
            return problem("F12", name, error="no regular file")
        if size > settings.max_file_bytes and not name.startswith("ontology/"):
            return problem("F10", name, size=size, limit=settings.max_file_bytes)
        return path.read_bytes()
    except OSError as error:
        return problem("F12", name, error=error.strerror or type(error).__name__)


def resolved(path: Path) -> Path:
    """Return where a path leads in the end; a link that leads to itself leads nowhere else."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # Python before 3.13 raises the latter for a loop
        return path.absolute()


def _names_a_graph(name: str) -> bool:
    return name.startswith(("data/sources/", "data/imports/"))


def read_bytes(raw: bytes, name: str, settings: Settings) -> SourceFile:
    """Read the bytes of one file.

    >>> from pathlib import Path
    >>> found = read_bytes(b"", "data/sources/a.ttl", Settings(Path(".")))
    >>> [problem.code for problem in found.problems]
    ['F02']
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return SourceFile(name, "", (), (problem("F01", name, line, byte=error.start + 1),))
    problems = list(_form_problems(text, name))
    text = text.removeprefix("\ufeff")
    longest = _long_line(raw, settings.max_line_bytes)
    if longest:
        line, length = longest
        found = problem("F06", name, line, length=length, limit=settings.max_line_bytes)
        return SourceFile(name, "", (), (*problems, found))
    graph = graph_of(name, settings.base_iri)
    if graph is None:
        found = problem("F12", name, error="it lies in no folder of data/")
        return SourceFile(name, text, (), (*problems, found))
    if name.endswith(SUFFIX):
        return _read_table(text, name, graph, settings.base_iri, problems)
    quads, syntax = _parse(text, name, graph)
    file = SourceFile(name, text, tuple(quads), ())
    if syntax:
        return SourceFile(name, text, (), (*problems, syntax))
    if not quads:
        return SourceFile(name, text, (), (*problems, problem("F02", name)))
    problems += _term_problems(file, settings.base_iri)
    # a file with blank nodes or foreign IRIs says nothing that could be published
    kept = (
        ()
        if any(each_problem.code in ("F08", "F09", "F16") for each_problem in problems)
        else file.quads
    )
    return SourceFile(name, text, kept, tuple(problems))


def _read_table(
    text: str, name: str, graph: NamedNode, base: str, problems: list[Problem]
) -> SourceFile:
    """Read a table of decisions; each confirmed link is a statement, the others are only told."""
    table = read_table(text, base)
    quads = tuple(
        Quad(
            NamedNode(decision.subject),
            NamedNode(decision.predicate),
            NamedNode(decision.object),
            graph,
        )
        for decision in table.decisions
        if decision.confirmed
    )
    problems += [problem("X05", name, line, error=words) for line, words in table.wrong]
    if not table.decisions and not problems:
        problems.append(problem("F02", name))
    file = SourceFile(name, text, quads, (), table.decisions)
    problems += _term_problems(file, base)
    kept = () if any(each_problem.code in ("F09", "F16") for each_problem in problems) else quads
    return SourceFile(name, text, kept, tuple(problems), table.decisions)


def _form_problems(text: str, name: str) -> Iterable[Problem]:
    if text.startswith("\ufeff"):
        yield problem("F04", name, 1)
    if "\r" in text:
        yield problem("F05", name, text.count("\n", 0, text.index("\r")) + 1)


def _long_line(raw: bytes, limit: int) -> tuple[int, int] | None:
    if len(raw) <= limit:
        return None
    return next(
        ((number, len(line)) for number, line in enumerate(raw.split(b"\n"), 1)
         if len(line) > limit), None,
    )  # fmt: skip


def _parse(text: str, name: str, graph: NamedNode) -> tuple[list[Quad], Problem | None]:
    quads = []
    try:
        for quad in parse(text.encode(), format=RdfFormat.TURTLE, without_named_graphs=True):
            if is_new(quad.object) or is_new(quad.subject):
                line = Positions(text).line(plain(quad.subject), quad.predicate.value)
                return [], problem("F13", name, line, term=quad.object)
            quads.append(Quad(quad.subject, quad.predicate, quad.object, graph))
    except SyntaxError as error:
        line = min(error.lineno or 1, text.count("\n") + 1)
        return [], problem("F03", name, line, error=syntax_words(error))
    return quads, None


def syntax_words(error: SyntaxError) -> str:
    """Return what a parser says is wrong, without the place, which problems have themselves."""
    return re.sub(r"^Parser error at line \d+[^:]*: ", "", str(error.msg)).rstrip(".")


def _term_problems(file: SourceFile, base: str) -> Iterable[Problem]:
    if not file.is_data:
        return
    if not is_bare(file.text):
        for line in file.positions.comments:
            yield problem("F07", file.path, line)
        for line in file.positions.blanks:
            example = f"{base}id/remark/<slug>"
            yield problem("F08", file.path, line, example=example)
        if not file.positions.blanks and any(_has_blank(quad) for quad in file.quads):
            yield problem("F08", file.path, 0, example=f"{base}id/remark/<slug>")
    for found in term_problems(file.quads, base):
        one = found.quad
        line = file.positions.line(plain(one.subject), one.predicate.value, plain(one.object))
        yield problem(found.code, file.path, line, **found.words)
    for iri, code in sorted(_foreign(file.quads, base).items()):
        line = file.positions.line(iri) or file.positions.iris.get(iri, 0)
        old = foreign_base(iri, base) or ""
        yield problem(code, file.path, line, iri=iri, base=base, old=old)


def _foreign(quads: Iterable[Quad], base: str) -> dict[str, str]:
    """Return IRI -> code of what a project under `base` can't describe, or names wrongly.

    F16: an entity under the base IRI of another project. F09: a subject that is neither an entity
    of ours nor a term of the vocabulary.
    """
    found = {}
    for quad in quads:
        subject = plain(quad.subject)
        if isinstance(quad.subject, NamedNode):
            if foreign_base(subject, base):
                found[subject] = "F16"
            elif not (subject.startswith(base) or is_vocabulary(subject)):
                found[subject] = "F09"
        # what another project calls the same thing is a link like any other
        is_other = quad.predicate in _TO_OTHERS or not isinstance(quad.object, NamedNode)
        if not is_other and foreign_base(plain(quad.object), base):
            found[plain(quad.object)] = "F16"
    return found


def _has_blank(quad: Quad) -> bool:
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)
