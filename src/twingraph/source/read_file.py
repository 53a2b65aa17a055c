"""One file of Turtle or SSSOM -> its quads in a named graph of its own, and its problems."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, parse

from twingraph.problems import Problem, problem
from twingraph.rdf.iris import SLUG, foreign_base, graph_of, is_vocabulary
from twingraph.rdf.turtle import Positions, is_bare, is_new, plain
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS
from twingraph.settings import Settings
from twingraph.source.curated import SourceFile
from twingraph.source.mappings import SUFFIX, read_table
from twingraph.source.open_file import read_raw
from twingraph.source.project_files import shown
from twingraph.source.terms import (
    term_problems,
)

# predicates by which a project points to entities of others
_TO_OTHERS: Final = frozenset({RDF.type, RDFS.seeAlso, NamedNode(PREFIXES["owl"] + "sameAs")})


def read_file(path: Path, name: str, settings: Settings) -> SourceFile:
    """Read one file; `name` is what problems call it and what decides its graph."""
    slug = path.name.partition(".")[0]
    if _names_a_graph(name) and not (SLUG.fullmatch(slug) and name.count("/") == 2):
        return SourceFile(shown(name), "", (), (problem("F14", shown(name)),))
    raw = read_raw(path, name, settings)
    if isinstance(raw, Problem):
        return SourceFile(name, "", (), (raw,))
    return read_bytes(raw, name, settings)


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
        too_long = problem("F06", name, line, length=length, limit=settings.max_line_bytes)
        return SourceFile(name, "", (), (*problems, too_long))
    graph = graph_of(name, settings.base_iri)
    if graph is None:
        misplaced = problem("F12", name, error="it lies in no folder of data/")
        return SourceFile(name, text, (), (*problems, misplaced))
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


def _names_a_graph(name: str) -> bool:
    return name.startswith(("data/sources/", "data/imports/"))


def _read_table(
    text: str, name: str, graph: NamedNode, base: str, problems: list[Problem]
) -> SourceFile:
    """Read a table of decisions; only confirmed links become statements."""
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


_MERGE: Final = re.compile(r"^(<{7}|>{7}) .{0,60}", re.MULTILINE)  # as git writes it


def _parse(text: str, name: str, graph: NamedNode) -> tuple[list[Quad], Problem | None]:
    quads = []
    try:
        for quad in parse(text.encode(), format=RdfFormat.TURTLE, without_named_graphs=True):
            if is_new(quad.object) or is_new(quad.subject):
                line = Positions(text).line(plain(quad.subject), quad.predicate.value)
                return [], problem("F13", name, line, term=quad.object)
            quads.append(Quad(quad.subject, quad.predicate, quad.object, graph))
        if _MAY_BE_SPACED.search(text) and (spaced := _spaced_iri(quads)):
            line = text.count("\n", 0, max(text.find(f"<{spaced}>"), 0)) + 1
            return [], problem("F03", name, line, error=f"a space in the IRI {spaced!r}")
    except SyntaxError as error:
        line = min(error.lineno or 1, text.count("\n") + 1)
        if mark := _MERGE.search(text):
            line = text.count("\n", 0, mark.start()) + 1
            words = f"'{mark[0]}' marks a merge that was not finished, of which one side stays"
            return [], problem("F03", name, line, error=words)
        return [], problem("F03", name, line, error=syntax_words(error))
    return quads, None


# Unicode spaces, which our parser accepts in an IRI and others (rdflib) do not
_SPACE: Final = re.compile(r"[\x7f-\x9f\s]")
_MAY_BE_SPACED: Final = re.compile(r"\\[uU]|[\x7f-\x9f]|[^\S\x00-\x7f]")


def _spaced_iri(quads: Iterable[Quad]) -> str:
    """Return an IRI of these quads with a space in it, '' where there is none."""
    for quad in quads:
        for term in (quad.subject, quad.predicate, quad.object):
            if isinstance(term, NamedNode) and _SPACE.search(term.value):
                return term.value
    return ""


def syntax_words(error: SyntaxError) -> str:
    """Return the message of a parser without line and column, which the problem has itself."""
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
    for term_problem in term_problems(file.quads, base):
        quad = term_problem.quad
        line = file.positions.line(plain(quad.subject), quad.predicate.value, plain(quad.object))
        yield problem(term_problem.code, file.path, line, **term_problem.words)
    for iri, code in sorted(_foreign(file.quads, base).items()):
        line = file.positions.line(iri) or file.positions.iris.get(iri, 0)
        old = foreign_base(iri, base) or ""
        yield problem(code, file.path, line, iri=iri, base=base, old=old)


def _foreign(quads: Iterable[Quad], base: str) -> dict[str, str]:
    """Return subject IRI -> problem code for entities that a project under `base` can't describe.

    F16: an entity under the base IRI of another project. F09: a subject that is neither an entity
    of ours nor a term of the vocabulary.
    """
    foreign = {}
    for quad in quads:
        subject = plain(quad.subject)
        if isinstance(quad.subject, NamedNode):
            if foreign_base(subject, base):
                foreign[subject] = "F16"
            elif not (subject.startswith(base) or is_vocabulary(subject)):
                foreign[subject] = "F09"
        # owl:sameAs to an entity of another project is an ordinary link
        is_other = quad.predicate in _TO_OTHERS or not isinstance(quad.object, NamedNode)
        if not is_other and foreign_base(plain(quad.object), base):
            foreign[plain(quad.object)] = "F16"
    return foreign


def _has_blank(quad: Quad) -> bool:
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)
