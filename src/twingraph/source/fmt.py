"""`twingraph fmt`: rewrites a data file in its canonical form: same triples, no comment lost.

Prefixes from the one list, sorted; one subject a block, sorted by IRI; `a` first; one predicate a
line, its values sorted; UTF-8 without byte order mark, plain line ends.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyoxigraph import BlankNode, Quad, RdfFormat, parse

from twingraph.atomic import replace_file
from twingraph.problems import Problem, TwingraphError, by_severity, problem
from twingraph.progress import Progress, ignore
from twingraph.rdf.turtle import Positions, is_bare, is_new, plain, write_turtle
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.settings import Settings
from twingraph.source.mappings import SUFFIX, MappingTable, format_table, read_table
from twingraph.source.open_file import read_raw, resolved
from twingraph.source.project_files import data_files
from twingraph.source.read_file import syntax_words
from twingraph.source.rebase import check_bases, rebase_iri, rebase_quad
from twingraph.source.terms import in_normal_form


@dataclass(frozen=True)
class Formatted:
    """A file's text in canonical form, or the problem that keeps it from being formatted."""

    text: str
    problem: Problem | None = None


def format_text(raw: bytes, name: str, base: str, old: str = "") -> Formatted:
    """Format the bytes of a data file that problems call `name`: Turtle, or a table of links.

    `base` is the project's base IRI, to which the prefixes of entities expand. IRIs under the base
    IRI `old` are moved to it.

    >>> raw = b"<http://e/id/place/b> a <http://e/C> .<http://e/id/place/a> a <http://e/C>."
    >>> print(format_text(raw, "x.ttl", "http://e/").text)
    @prefix place: <http://e/id/place/> .
    <BLANKLINE>
    place:a a <http://e/C> .
    <BLANKLINE>
    place:b a <http://e/C> .
    <BLANKLINE>
    >>> format_text(b"# so\\n<http://e/a> a <http://e/C> .", "x.ttl", "http://e/").problem.code
    'F07'
    """
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Formatted("", problem("F01", name, line, byte=error.start + 1))
    if name.endswith(SUFFIX):
        return _format_table(text, name, base, old)
    statements: list[Quad] = []
    try:
        statements.extend(parse(text.encode(), format=RdfFormat.TURTLE))
    except SyntaxError as error:
        return Formatted("", problem("F03", name, error.lineno or 1, error=syntax_words(error)))
    comments = [] if is_bare(text) else Positions(text).comments
    if comments:
        return Formatted("", problem("F07", name, comments[0]))
    for each_statement in statements:
        if is_new(each_statement.object) or is_new(each_statement.subject):
            line = Positions(text).line(
                plain(each_statement.subject), each_statement.predicate.value
            )
            return Formatted("", problem("F13", name, line, term=each_statement.object))
        if isinstance(each_statement.subject, BlankNode) or isinstance(
            each_statement.object, BlankNode
        ):
            line = next(iter(Positions(text).blanks), 0)
            return Formatted("", problem("F08", name, line, example=f"{base}id/remark/<slug>"))
    if not statements:
        return Formatted("", problem("F02", name))
    statements = [in_normal_form(statement) for statement in statements]
    if old:
        statements = [rebase_quad(statement, old, base) for statement in statements]
    return Formatted(write_turtle(statements, prefixes_for(base)))


def _format_table(text: str, name: str, base: str, old: str) -> Formatted:
    table = read_table(text, base)
    if table.wrong and old:  # not moved yet: it names more than entities
        table = read_table(text, old)
    if table.wrong:
        line, words = table.wrong[0]
        return Formatted("", problem("X05", name, line, error=words))
    if not table.decisions:
        return Formatted("", problem("F02", name))
    return Formatted(format_table(rebase_table(table, old, base) if old else table, base))


def rebase_table(table: MappingTable, old: str, new: str) -> MappingTable:
    """Return a table of decisions with the project's own IRIs moved, in rows and header."""
    decisions = tuple(
        replace(
            decision,
            subject=rebase_iri(decision.subject, old, new),
            object=rebase_iri(decision.object, old, new),
        )
        for decision in table.decisions
    )
    slots = {name: rebase_iri(value, old, new) for name, value in table.slots.items()}
    return MappingTable(decisions, {}, slots)


@dataclass(frozen=True)
class Done:
    """How many files were read, which changed (or would), and the problems of the others."""

    read: int
    changed: tuple[str, ...]
    problems: tuple[Problem, ...]


def format_files(
    settings: Settings, paths: Sequence[Path], write: bool, old: str = "",
    progress: Progress = ignore,
) -> Done:  # fmt: skip
    """Format files or folders (without `paths`, all data files of a project).

    With `old`, IRIs under that base IRI move to the base IRI of the project.

    A file is replaced as a whole or not at all. Raises `TwingraphError` where one can't be written.
    """
    if old:
        check_bases(old, settings.base_iri)
    files = _files(settings, paths)
    if old and not paths:
        files += sorted((settings.folder / "data" / "imports").glob(f"*/*{SUFFIX}"))
    changed, problems = [], []
    sizes = [path.stat().st_size if path.exists() else 0 for path in files]
    for number, path in enumerate(files):
        name = _name(path, settings.folder)
        share = sum(sizes[:number]) / max(1, sum(sizes))
        progress(f"formatting {name} ({number + 1} of {len(files)})", share)
        raw = read_raw(path, name, settings)
        if isinstance(raw, Problem):
            problems.append(raw)
            continue
        formatted = format_text(raw, name, settings.base_iri, old)
        if formatted.problem is not None:
            problems.append(formatted.problem)
        elif formatted.text.encode() != raw:
            changed.append(name)
            if write:
                _replace(resolved(path), formatted.text.encode())
    return Done(len(files), tuple(changed), tuple(by_severity(problems)))


def _replace(path: Path, raw: bytes) -> None:
    try:
        replace_file(path, raw)
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "free the place" if is_full else "make the file and its folder writable"
        raise TwingraphError(
            f"{path}: {error.strerror}; it is as it was, {advice} and format again"
        ) from None


def _files(settings: Settings, paths: Sequence[Path]) -> list[Path]:
    if not paths:
        return data_files(settings)
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted({*path.rglob("*.ttl"), *path.rglob(f"*{SUFFIX}")})
        elif path.name.endswith((".ttl", SUFFIX)) and path.exists():
            files.append(path)
        else:
            raise TwingraphError(f"{path} is no Turtle file or folder; name a .ttl under data/")
    return files


def _name(path: Path, project: Path) -> str:
    whole, folder = resolved(path), resolved(project)
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else path.as_posix()
