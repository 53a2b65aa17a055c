"""`twingraph check`: everything in a project that needs a person.

Files first; where one of them can't be read, the graph behind it is not judged. Then the shapes:
the curated graphs as written (form), the published graph (sense).
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

from twingraph.beside import beside
from twingraph.check import evident, evident_form, evident_tables
from twingraph.check.documents import shapes_text
from twingraph.check.engine import Engine, Finding
from twingraph.check.links import link_problems
from twingraph.check.locate import locate, value_of
from twingraph.check.whole import WholeEngine
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

# after one of these the graph lacks statements that were written, and would be judged wrongly
_UNREADABLE: Final = frozenset({"F01", "F03", "F06", "F08", "F09", "F10", "F12", "F16", "X05"})


T = TypeVar("T")
_VALUE: Final = str(TG.value)
_SILENCE: Final = f" {TG.notStated} "
_ODD: Final = {"early": "D06", "late": "D05"}
BESIDE_FROM: Final = 100_000  # lines; less is checked before a child would have begun
_NEAR: Final = 2  # terms that are offered for a misspelt one


@dataclass(frozen=True)
class Checked:
    """What checking came to: the problems, and what the next build may go on from.

    `of_files` are the problems of files as files, by their path; `found` are the findings of
    shapes, each with the problem that it is; `judged` the published lines that were asked about,
    `tables` the lines of tables that were asked about beside what people wrote.
    """

    problems: list[Problem]
    of_files: Mapping[str, Sequence[Problem]] = field(default_factory=dict)
    found: tuple[tuple[Finding, Problem], ...] = ()
    judged: Sequence[str] = ()
    tables: Sequence[str] = ()


def check_curated(
    curated: Curated,
    quads: Iterable[Quad] | None = None,
    validator: Engine | None = None,
    progress: Progress = ignore,
) -> list[Problem]:
    """Return every problem of a project, by severity.

    `quads` is its published graph where the caller has it already.
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

    What is written is checked beside, on a second core, where there is much of it.
    """
    graph, checked = derive_and_judge(curated, validator, progress)
    return graph, checked.problems


def derive_and_judge(
    curated: Curated, validator: Engine | None = None, progress: Progress = ignore
) -> tuple[Dataset, Checked]:
    """Return the published graph of a project, and what checking came to, as `derive_and_check`."""
    large = sum(map(len, curated.texts.values())) >= BESIDE_FROM
    with side_by_side(partial(judge_written, curated, validator), large) as judging:
        progress("deriving what is published")
        graph = derive(curated)
        progress("checking what is published", 0.5)
        judged = lines_to_judge(curated.settings, graph.default)
        published = findings(curated, validator or WholeEngine(), judged, PUBLISHED_SHAPES)
        progress("checking what is written", 0.7)
        written = judging()
    problems = [problem for _, problem in published] if _is_readable(written.problems) else []
    return graph, Checked(
        by_severity([*written.problems, *problems]), written.of_files,
        (*written.found, *published), judged, written.tables,
    )  # fmt: skip


def side_by_side(judge: Callable[[], T], large: bool) -> AbstractContextManager[Callable[[], T]]:
    """Return what judges while the body of a `with` does: on a second core where it is `large`."""
    if not large:
        return nullcontext(judge)
    import pyshacl_turbo.rdf  # noqa: F401  # else both would take the time of it

    return beside(judge)


def _is_readable(problems: Iterable[Problem]) -> bool:
    """Was every file read whole, so that the graph behind them can be judged?"""
    return not any(each_problem.code in _UNREADABLE for each_problem in problems)


def check_written(curated: Curated, validator: Engine | None = None) -> list[Problem]:
    """Return the problems of the files: their form, and that of the statements in them."""
    return judge_written(curated, validator).problems


def judge_written(curated: Curated, validator: Engine | None = None) -> Checked:
    """Return what checking came to, of the files, as `check_written`."""
    problems, form = list(curated.problems), list(_form(curated))
    if not _is_readable([*problems, *form]):
        return Checked([*problems, *form])
    of_files: dict[str, list[Problem]] = defaultdict(list)
    for file in curated.files:
        of_files[file.path] += file.problems
    for found in (*form, *_dates(curated), *_silences(curated)):
        of_files[found.file].append(found)
        problems.append(found)
    problems += link_problems(curated)
    written = written_lines(curated)
    tables = tables_to_judge(curated, written)
    judged = judge_lines(curated.settings, written, tables, validator or WholeEngine())
    pairs = [(finding, problem_of(curated, finding)) for finding in judged]
    problems += [problem for _, problem in pairs]
    return Checked(problems, dict(of_files), tuple(pairs), tables=tables)


def check_files(curated: Curated, files: Iterable[SourceFile]) -> dict[str, list[Problem]]:
    """Return the problems of some files as files, by their path."""
    by_file = {file.path: list(file.problems) for file in files}
    selected = replace(curated, files=tuple(files))
    for item in (*_form(selected), *_dates(selected), *_silences(selected)):
        by_file[item.file].append(item)
    return by_file


def written_lines(curated: Curated) -> Sequence[str]:
    """Return what people write, as sorted lines: all but tables."""
    return merged(lines for file in curated.files if not file.is_table
                  for lines in file.texts.values())  # fmt: skip


def tables_to_judge(curated: Curated, written: Sequence[str]) -> Sequence[str]:
    """Return the lines of tables that are judged with what people write."""
    tables = [lines for file in curated.files if file.is_table for lines in file.texts.values()]
    if is_form_evident(curated.settings):
        return evident_tables.worth_judging(written, tables, curated.settings.base_iri)
    return merged(tables)


def judge_lines(
    settings: Settings, written: Sequence[str], tables: Sequence[str], validator: Engine
) -> list[Finding]:
    """Return what the shapes find in what is written, and in tables beside it."""
    lines: Sequence[str] = merged([written, tables])
    if is_form_evident(settings):
        lines = evident_form.worth_judging(lines)
    found = validate(settings, validator, lines, SOURCE_SHAPES)
    return [each for each in found if not evident_tables.is_unasked(each, written)]


def is_form_evident(settings: Settings) -> bool:
    """Are the shapes of what is written those of which is known what evidently keeps them?"""
    return evident_form.is_known(shapes_text(settings, SOURCE_SHAPES))


def check_published(
    curated: Curated, lines: Sequence[str], validator: Engine | None = None
) -> list[Problem]:
    """Return the problems of what is published, of which `lines` are the default graph."""
    judged = lines_to_judge(curated.settings, lines)
    results = findings(curated, validator or WholeEngine(), judged, PUBLISHED_SHAPES)
    return [problem for _, problem in results]


def lines_to_judge(settings: Settings, lines: Sequence[str]) -> Sequence[str]:
    """Return the lines of what is published that the shapes must be asked about."""
    return evident.worth_judging(lines) if is_evident(settings) else lines


def is_evident(settings: Settings) -> bool:
    """Are the shapes of what is published those of which is known what evidently keeps them?"""
    return evident.is_known(shapes_text(settings, PUBLISHED_SHAPES))


def findings(
    curated: Curated, validator: Engine, lines: Iterable[str], names: Iterable[str]
) -> list[tuple[Finding, Problem]]:
    """Return what some shapes find in lines, each finding with the problem that it is."""
    return [(finding, problem_of(curated, finding))
            for finding in validate(curated.settings, validator, lines, names)]  # fmt: skip


def problem_of(curated: Curated, finding: Finding) -> Problem:
    """Return a finding as a problem, at the place where a person mends it."""
    file, line = locate(curated, finding)
    meant = _near_terms(curated, finding) if finding.code == "X01" else []
    return as_problem(finding, file, line, curated.settings.base_iri, meant)


def _near_terms(curated: Curated, finding: Finding) -> list[str]:
    """Return the terms of the vocabulary that are spelled nearly like an unknown one."""
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
        term.removeprefix(namespace), sorted(known), n=_NEAR, cutoff=0.7
    )
    return [
        iri_text(known[item], set(), prefixes_for(curated.settings.base_iri))
        for item in suggestions
    ]


def validate(
    settings: Settings, validator: Engine, lines: Iterable[str], names: Iterable[str]
) -> list[Finding]:
    """Return what the shapes of these files find in a graph, told as lines of N-Triples."""
    data = b"".join(chunks(lines))
    return validator.validate(data, shapes_text(settings, names), prefixes_for(settings.base_iri))


def as_problem(
    finding: Finding, file: str, line: int, base: str, meant: Sequence[str] = ()
) -> Problem:
    """Return a finding as a problem; where no file is to blame the words name the thing."""
    about = f" ({iri_text(finding.focus, set(), prefixes_for(base))})"
    message = {tag: _with_hint(tag, text, meant) + about for tag, text in finding.message.items()}
    detail = "\t".join(part or "" for part in (finding.focus, finding.path, finding.value))
    return Problem(file, line, finding.code, finding.severity, message, detail)


def _with_hint(language: str, text: str, meant: Sequence[str]) -> str:
    if not meant:
        return text
    words = words_of(language)
    names = f" {words.gettext('or')} ".join(meant)
    hint = words.gettext("did you mean {meant}?", meant=names)
    return f"{text}; {hint}"


def _form(curated: Curated) -> Iterator[Problem]:
    """Data files that are not in their one form, where nothing worse keeps them from it."""
    for file in curated.files:
        if not file.is_data or file.is_table or file.problems or not file.quads:
            continue
        text = _in_form(file, curated.settings.base_iri)
        if text not in (None, file.text):
            line = _first_difference(file.text, text)
            yield problem("F11", file.path, line, name=file.path)


def _in_form(file: SourceFile, base: str) -> str | None:
    """Return the text of a file without problems in its one form; None where it has none."""
    if file.path.endswith(SUFFIX):
        return format_text(file.text.encode(), file.path, base).text or None
    # without problems it holds no comment and no text out of normal form: its lines are all of it
    [lines] = file.texts.values()
    return turtle_text(lines, prefixes_for(base))


def _first_difference(first: str, second: str) -> int:
    pairs = zip(split_lines(first), split_lines(second), strict=False)
    difference = next((number for number, (a, b) in enumerate(pairs, 1) if a != b), None)
    return difference or min(first.count("\n"), second.count("\n")) + 1


def _dates(curated: Curated) -> Iterator[Problem]:
    """D01: literals that call themselves EDTF and are not. D10: open intervals as starts.

    D05 and D06: years that no day can be written of, so that the shapes don't see them.
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
    """N01: one source says a thing and calls it not stated.

    Told per source: another source may well state what this one is silent about. A table calls
    not stated what it has no cell for, so that it can't say both.
    """
    prefixes = prefixes_for(curated.settings.base_iri)
    for file in curated.files:
        if file.is_table or not any(_SILENCE in line for line in lines_of(file)):
            continue
        gathered = gather(merged(file.texts.values()))
        stated = gathered.answered | Resolution(gathered).told
        for thing, verb in gathered.silences:
            if (thing, verb) in stated:
                line = file.positions.line(thing[1:-1], TG.notStated.value, verb[1:-1])
                name = iri_text(verb[1:-1], set(), prefixes)
                yield problem("N01", file.path, line, property=name)


def all_codes(settings: Settings) -> frozenset[str]:
    """Return every code that a check can give: the table's and the shapes'."""
    names = ("form.ttl", "curated.ttl", "published.ttl", "derivation.ttl")
    text = shapes_text(settings, names).decode()
    return frozenset(re.findall(r"^tgs:([A-Z][0-9]{2})\b", text, re.MULTILINE)) | frozenset(CODES)
