"""`twingraph check`: all problems of a project.

The files come first; where one of them can't be read, its graph is incomplete and not validated.
Then the shapes: those for the form of curated statements, and those for the published graph.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from typing import Final, TypeVar

from pyoxigraph import Quad

from twingraph.check import conforming, conforming_form, table_selection
from twingraph.check.documents import shapes_text
from twingraph.check.engine import Engine, Finding
from twingraph.check.links import link_problems
from twingraph.check.locate import locate, value_of
from twingraph.check.whole_graph import WholeEngine
from twingraph.child_process import in_child
from twingraph.derive.dates import bounds, odd_year
from twingraph.derive.gather import gather
from twingraph.derive.published import (
    derive,
)
from twingraph.derive.resolution import Resolution
from twingraph.problems import CODES, Problem, by_severity, problem, split_lines
from twingraph.progress import Progress, ignore
from twingraph.rdf.dataset import Dataset, chunks, merged, text_of
from twingraph.rdf.turtle import iri_text, plain
from twingraph.rdf.turtle_stream import turtle_text
from twingraph.rdf.vocabulary import CODES as CODE_LISTS
from twingraph.rdf.vocabulary import EDTF, NS, RDF, TG, prefixes_for
from twingraph.settings import Settings
from twingraph.source.curated import Curated, SourceFile, lines_of
from twingraph.source.fmt import format_text
from twingraph.source.mappings import SUFFIX
from twingraph.translation import words_of

SOURCE_SHAPES: Final = ("prefixes.ttl", "form.ttl", "curated.ttl")
PUBLISHED_SHAPES: Final = ("prefixes.ttl", "published.ttl")

# with one of these problems the graph lacks statements of the file, and would be reported wrongly
_UNREADABLE: Final = frozenset({"F01", "F03", "F06", "F08", "F09", "F10", "F12", "F16", "X05"})


T = TypeVar("T")
_VALUE: Final = str(TG.value)
_SILENCE: Final = f" {TG.notStated} "
_ODD: Final = {"early": "D06", "late": "D05"}
BESIDE_FROM: Final = 100_000  # lines; fewer are checked before a child process has started
_MOST_SUGGESTIONS: Final = 2  # terms suggested for a misspelt one


@dataclass(frozen=True)
class Checked:
    """The result of a check: the problems, and what the next build can reuse.

    `of_files` are the problems found in files by reading them, by path; `findings` the results of
    the shapes, each with the problem that is reported for it; `validated` the lines of the
    published graph that were validated, `tables` the lines of tables that were validated with the
    curated ones.
    """

    problems: list[Problem]
    of_files: Mapping[str, Sequence[Problem]] = field(default_factory=dict)
    findings: tuple[tuple[Finding, Problem], ...] = ()
    validated: Sequence[str] = ()
    tables: Sequence[str] = ()


def check_curated(
    curated: Curated,
    quads: Iterable[Quad] | None = None,
    validator: Engine | None = None,
    progress: Progress = ignore,
) -> list[Problem]:
    """Return every problem of a project, by severity.

    `quads` is the published graph, where the caller has derived it already.
    """
    if quads is None:
        return derive_and_check(curated, validator, progress)[1]
    progress("checking what is written", 0.2)
    written = check_written(curated, validator)
    if not _is_readable(written):
        return by_severity(written)
    progress("checking what is published", 0.6)
    return by_severity([*written, *check_published(curated, Dataset.of(quads).default, validator)])


def derive_and_check(
    curated: Curated, validator: Engine | None = None, progress: Progress = ignore
) -> tuple[Dataset, list[Problem]]:
    """Return the published graph of a project, and every problem, by severity.

    The curated files are checked meanwhile, on a second core, where there are many statements.
    """
    graph, checked = derive_and_validate(curated, validator, progress)
    return graph, checked.problems


def derive_and_validate(
    curated: Curated, validator: Engine | None = None, progress: Progress = ignore
) -> tuple[Dataset, Checked]:
    """Return the published graph of a project, and the result of checking it.

    As `derive_and_check`, with all that the next build can reuse.
    """
    large = sum(map(len, curated.texts.values())) >= BESIDE_FROM
    with side_by_side(partial(validate_files, curated, validator), large) as judging:
        progress("deriving what is published")
        graph = derive(curated)
        progress("checking what is published", 0.5)
        validated = published_to_validate(curated.settings, graph.default)
        published = findings(curated, validator or WholeEngine(), validated, PUBLISHED_SHAPES)
        progress("checking what is written", 0.7)
        written = judging()
    problems = [problem for _, problem in published] if _is_readable(written.problems) else []
    return graph, Checked(
        by_severity([*written.problems, *problems]), written.of_files,
        (*written.findings, *published), validated, written.tables,
    )  # fmt: skip


def side_by_side(judge: Callable[[], T], large: bool) -> AbstractContextManager[Callable[[], T]]:
    """Return a context in which `judge` runs meanwhile, in a child process where it is `large`.

    The value of the context is a function that returns the result of `judge`.
    """
    if not large:
        return nullcontext(judge)
    import pyshacl_turbo.rdf  # noqa: F401  # else both processes would spend time on importing it

    return in_child(judge)


def _is_readable(problems: Iterable[Problem]) -> bool:
    """Was every file read completely, so that the graph can be validated?"""
    return not any(each_problem.code in _UNREADABLE for each_problem in problems)


def check_written(curated: Curated, validator: Engine | None = None) -> list[Problem]:
    """Return the problems of the files: their form, and that of the statements in them."""
    return validate_files(curated, validator).problems


def validate_files(curated: Curated, validator: Engine | None = None) -> Checked:
    """Return the result of checking the files, as `check_written`, with what can be reused."""
    problems, form = list(curated.problems), list(_form(curated))
    if not _is_readable([*problems, *form]):
        return Checked([*problems, *form])
    of_files: dict[str, list[Problem]] = defaultdict(list)
    for file in curated.files:
        of_files[file.path] += file.problems
    for item in (*form, *_dates(curated), *_silences(curated)):
        of_files[item.file].append(item)
        problems.append(item)
    problems += link_problems(curated)
    written = written_lines(curated)
    tables = tables_to_validate(curated, written)
    results = validate_statements(curated.settings, written, tables, validator or WholeEngine())
    pairs = [(finding, problem_of(curated, finding)) for finding in results]
    problems += [problem for _, problem in pairs]
    return Checked(problems, dict(of_files), tuple(pairs), tables=tables)


def check_files(curated: Curated, files: Iterable[SourceFile]) -> dict[str, list[Problem]]:
    """Return the problems found in files by reading them, by path; no shapes are evaluated."""
    by_file = {file.path: list(file.problems) for file in files}
    selected = replace(curated, files=tuple(files))
    for item in (*_form(selected), *_dates(selected), *_silences(selected)):
        by_file[item.file].append(item)
    return by_file


def written_lines(curated: Curated) -> Sequence[str]:
    """Return the statements that people write, which are all but those of tables, sorted."""
    return merged(lines for file in curated.files if not file.is_table
                  for lines in file.texts.values())  # fmt: skip


def tables_to_validate(curated: Curated, written: Sequence[str]) -> Sequence[str]:
    """Return the lines of tables that are validated with what people write."""
    tables = [lines for file in curated.files if file.is_table for lines in file.texts.values()]
    if can_skip_written(curated.settings):
        return table_selection.lines_to_validate(written, tables, curated.settings.base_iri)
    return merged(tables)


def validate_statements(
    settings: Settings, written: Sequence[str], tables: Sequence[str], validator: Engine
) -> list[Finding]:
    """Return the findings of the shapes for curated statements and those of tables."""
    lines: Sequence[str] = merged([written, tables])
    if can_skip_written(settings):
        lines = conforming_form.lines_to_validate(lines)
    results = validate(settings, validator, lines, SOURCE_SHAPES)
    return [each for each in results if not table_selection.is_exempt(each, written)]


def can_skip_written(settings: Settings) -> bool:
    """Are the shapes for curated files those that `check/conforming_form.py` was derived from?"""
    return conforming_form.is_known(shapes_text(settings, SOURCE_SHAPES))


def check_published(
    curated: Curated, lines: Sequence[str], validator: Engine | None = None
) -> list[Problem]:
    """Return the problems of the published graph; `lines` are its default graph."""
    validated = published_to_validate(curated.settings, lines)
    results = findings(curated, validator or WholeEngine(), validated, PUBLISHED_SHAPES)
    return [problem for _, problem in results]


def published_to_validate(settings: Settings, lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of the published graph that must be validated."""
    return conforming.lines_to_validate(lines) if can_skip_published(settings) else lines


def can_skip_published(settings: Settings) -> bool:
    """Are the shapes for the published graph those that `check/conforming.py` was derived from?"""
    return conforming.is_known(shapes_text(settings, PUBLISHED_SHAPES))


def findings(
    curated: Curated, validator: Engine, lines: Iterable[str], names: Iterable[str]
) -> list[tuple[Finding, Problem]]:
    """Return the findings of some shapes in lines, each with the problem to report for it."""
    return [(finding, problem_of(curated, finding))
            for finding in validate(curated.settings, validator, lines, names)]  # fmt: skip


def problem_of(curated: Curated, finding: Finding) -> Problem:
    """Return the problem to report for a finding, at the file and line to edit."""
    file, line = locate(curated, finding)
    meant = _similar_terms(curated, finding) if finding.code == "X01" else []
    return as_problem(finding, file, line, curated.settings.base_iri, meant)


def _similar_terms(curated: Curated, finding: Finding) -> list[str]:
    """Return terms of the vocabulary that are spelled almost like the unknown one of a finding."""
    terms = {plain(quad.subject) for file in curated.files if not file.is_data
             for quad in file.quads if quad.predicate == RDF.type}  # fmt: skip
    named = [item for item in (value_of(finding.value), finding.path)
             if item and item.startswith((NS, CODE_LISTS)) and item not in terms]  # fmt: skip
    term = next(iter(named), "")
    namespace = CODE_LISTS if term.startswith(CODE_LISTS) else NS
    known = {
        each_term.removeprefix(namespace): each_term
        for each_term in terms
        if each_term.startswith(namespace)
    }
    suggestions = get_close_matches(
        term.removeprefix(namespace), sorted(known), n=_MOST_SUGGESTIONS, cutoff=0.7
    )
    return [
        iri_text(known[item], set(), prefixes_for(curated.settings.base_iri))
        for item in suggestions
    ]


def validate(
    settings: Settings, validator: Engine, lines: Iterable[str], names: Iterable[str]
) -> list[Finding]:
    """Return the findings of the shapes in files `names` for a graph given as N-Triples lines."""
    data = b"".join(chunks(lines))
    return validator.validate(data, shapes_text(settings, names), prefixes_for(settings.base_iri))


def as_problem(
    finding: Finding, file: str, line: int, base: str, meant: Sequence[str] = ()
) -> Problem:
    """Return a finding as a problem whose message ends with the name of the focus node."""
    about = f" ({iri_text(finding.focus, set(), prefixes_for(base))})"
    message = {tag: _with_hint(tag, text, meant) + about for tag, text in finding.message.items()}
    detail = "\t".join(part or "" for part in (finding.focus, finding.path, finding.value))
    return Problem(file, line, finding.code, finding.severity, message, detail)


def _with_hint(language: str, text: str, meant: Sequence[str]) -> str:
    if not meant:
        return text
    words = words_of(language)
    either = words.gettext("or")
    names = f" {either} ".join(meant)
    hint = words.gettext("did you mean {meant}?", meant=names)
    return f"{text}; {hint}"


def _form(curated: Curated) -> Iterator[Problem]:
    """F11: data files without other problems that are not in the form that `fmt` writes."""
    for file in curated.files:
        if not file.is_data or file.is_table or file.problems or not file.quads:
            continue
        text = _in_form(file, curated.settings.base_iri)
        if text not in (None, file.text):
            line = _first_difference(file.text, text)
            yield problem("F11", file.path, line, name=file.path)


def _in_form(file: SourceFile, base: str) -> str | None:
    """Return a file without problems as `fmt` writes it; None where it can't be formatted."""
    if file.path.endswith(SUFFIX):
        return format_text(file.text.encode(), file.path, base).text or None
    # a file without problems has no comments and only normalised text: its statements are all of it
    [lines] = file.texts.values()
    return turtle_text(lines, prefixes_for(base))


def _first_difference(first: str, second: str) -> int:
    pairs = zip(split_lines(first), split_lines(second), strict=False)
    difference = next((number for number, (a, b) in enumerate(pairs, 1) if a != b), None)
    return difference or min(first.count("\n"), second.count("\n")) + 1


def _dates(curated: Curated) -> Iterator[Problem]:
    """D01: literals with the EDTF datatype that are no EDTF. D10: open intervals as starts.

    D05 and D06: years outside the range of xsd:date bounds, which the shapes therefore can't see.
    """
    starts_end = f" {TG.property} {TG.start} ."
    edtf = f"^^{EDTF} ."
    for file in curated.files:
        lines = list(lines_of(file))
        dated = [line.split(" ", 2) for line in lines if line.endswith(edtf)]
        faults = {value: _date_fault(text_of(value[:-2])) for value in {item[2] for item in dated}}
        if not any(map(any, faults.values())):
            continue
        starts = {line.partition(" ")[0] for line in lines if line.endswith(starts_end)}
        for subject, verb, value in dated:
            code, is_open = faults[value]
            if is_open and verb == _VALUE and subject in starts:
                code = "D10"
            if code:
                text = text_of(value[:-2])
                line = file.positions.line(subject[1:-1], verb[1:-1], text)
                yield problem(code, file.path, line, value=text)


def _date_fault(text: str) -> tuple[str, bool]:
    """Return the code of what is wrong with a date, and whether it is an open interval."""
    if bounds(text) is None:
        return "D01", False
    is_open = re.search(r"/(\.\.)?$|^(\.\.)?/", text) is not None
    return _ODD.get(odd_year(text), ""), is_open


def _silences(curated: Curated) -> Iterator[Problem]:
    """N01: a source states a value and says of the same property that it is not stated.

    Each source is checked alone: another may well state what this one does not. A table says "not
    stated" only where a cell is empty, so it can't contradict itself.
    """
    prefixes = prefixes_for(curated.settings.base_iri)
    for file in curated.files:
        if file.is_table or not any(_SILENCE in line for line in lines_of(file)):
            continue
        gathered = gather(merged(file.texts.values()))
        stated = gathered.answered | Resolution(gathered).stated
        for thing, verb in gathered.silences:
            if (thing, verb) in stated:
                line = file.positions.line(thing[1:-1], TG.notStated.value, verb[1:-1])
                name = iri_text(verb[1:-1], set(), prefixes)
                yield problem("N01", file.path, line, property=name)


def all_codes(settings: Settings) -> frozenset[str]:
    """Return every code a problem can have: those in `problems.CODES` and those of the shapes."""
    names = ("form.ttl", "curated.ttl", "published.ttl", "derivation.ttl")
    text = shapes_text(settings, names).decode()
    return frozenset(re.findall(r"^tgs:([A-Z][0-9]{2})\b", text, re.MULTILINE)) | frozenset(CODES)
