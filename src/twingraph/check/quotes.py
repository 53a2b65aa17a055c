"""`check --texts DIR`: every quote is found, word for word, in its line of the source text.

A source file names its text by SHA-256, so the folder may hold the texts under any file name.
All quotes of a source together hold at most half of the letters of its text (E08): evidence is
quoted, a text is not copied. A text of few letters is exempt: its shortest quotes are most of it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode

from twingraph.problems import Problem, TwingraphError, problem, split_lines
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import RDF, TG
from twingraph.source.curated import Curated, SourceFile
from twingraph.source.tables.cells import read_csv

MOST_QUOTED: Final = 0.5  # share of the letters of a text
FEW_LETTERS: Final = 1000  # a text of fewer, half a page, has no such limit
_MOST_DIGITS: Final = 9  # of the number of a line


@dataclass(frozen=True)
class Share:
    """How many letters of a source all its quotes hold, counted quote by quote, and its letters."""

    source: str
    quoted: int
    letters: int


@dataclass(frozen=True)
class Proof:
    """How many quotes were proven, the problems, and what share of each text is quoted."""

    proven: int
    all: int
    problems: tuple[Problem, ...]
    shares: tuple[Share, ...] = ()


def count_letters(text: str) -> int:
    """Return how many letters a text has; digits, punctuation and blanks are none.

    >>> count_letters("10178 Berlin, Jüdenstr. 1")
    14
    """
    return sum(item.isalpha() for item in text)


def read_texts(folder: Path) -> dict[str, list[str]]:
    """Return SHA-256 -> lines of every file in `folder`."""
    if not folder.is_dir():
        raise TwingraphError(f"{folder} is no folder; --texts names the folder of source texts")
    texts = {}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            raw = path.read_bytes()
            digest = hashlib.sha256(raw).hexdigest()
            texts[digest] = split_lines(raw.decode("utf-8", errors="replace"))
    return texts


def prove_quotes(
    curated: Curated, folder: Path, files: Sequence[SourceFile] | None = None
) -> Proof:
    """Look up every citation of a project, or of some of its files, in the texts of `folder`."""
    texts = read_texts(folder)
    sums = {
        plain(quad.subject): plain(quad.object)
        for file in curated.files
        for quad in file.quads
        if quad.predicate == TG.sha256
    }
    problems: list[Problem] = []
    chosen = {file.path for file in (curated.files if files is None else files)}
    proven, total = _prove_rows(curated, folder, chosen, problems)
    missing: set[str] = set()
    quoted: dict[str, int] = defaultdict(int)
    for file, cite, facts in _citations(curated.files if files is None else files):
        if not {TG.inSource, TG.line, TG.quote} <= set(facts):
            continue  # E03 and E04 tell
        total += 1
        source = facts[TG.inSource]
        text = texts.get(sums.get(source, ""))
        if text is None:
            if source not in missing:
                line = file.positions.line(source, TG.sha256.value)
                recorded = sums.get(source, "(none)")
                name = source.removeprefix(curated.settings.base_iri)
                problems.append(problem("E07", file.path, line, sha256=recorded, source=name))
            missing.add(source)
            continue
        quote, number = facts[TG.quote], _number(facts[TG.line])
        times = text[number - 1].count(quote) if quote and 0 < number <= len(text) else 0
        quoted[source] += count_letters(quote)
        proven += times > 0
        if times == 1:
            continue
        code = "E09" if times else "E05"
        line = file.positions.line(cite, TG.quote.value)
        name = source.removeprefix(curated.settings.base_iri)
        words = {"quote": quote, "at": number, "source": name, "times": times}
        problems.append(problem(code, file.path, line, **words))
    shares = tuple(
        Share(source, letters, sum(count_letters(line) for line in texts[sums[source]]))
        for source, letters in sorted(quoted.items())
    )
    problems += _over_quoted(curated, shares)
    return Proof(proven, total, tuple(problems), shares)


def _over_quoted(curated: Curated, shares: Iterable[Share]) -> Iterator[Problem]:
    """E08: sources of which more is quoted than `MOST_QUOTED`."""
    for share in shares:
        if share.letters < FEW_LETTERS or share.quoted <= share.letters * MOST_QUOTED:
            continue
        name = share.source.removeprefix(curated.settings.base_iri)
        [file, *_] = curated.files_of(share.source)
        line = file.positions.line(share.source, TG.sha256.value)
        yield problem(
            "E08", file.path, line, quoted=share.quoted, letters=share.letters, source=name
        )


def _prove_rows(
    curated: Curated, folder: Path, chosen: Collection[str], problems: list[Problem]
) -> tuple[int, int]:
    """Compare the mapped cells of each row with the list as it was downloaded.

    The downloaded file is found by the checksum in import.toml, so that rows.csv, which lies
    beside it, is never compared with itself. Returns (proven, all) rows.
    """
    files = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    raws = {hashlib.sha256(raw).hexdigest(): raw for raw in files}
    proven = total = 0
    for table in curated.imports:
        name = f"data/imports/{table.slug}/rows.csv"
        if table.spec is None or table.is_places or name not in chosen:
            continue
        sha256 = table.spec.texts["sha256"]
        text = raws.get(sha256)
        if text is None:
            place, recorded = f"data/imports/{table.slug}/import.toml", sha256 or "(none)"
            problems.append(
                problem("E07", place, 1, sha256=recorded, source=f"id/source/{table.slug}")
            )
            total += len(table.outcomes)
            continue
        taken = {row.number: row for row in read_csv(text.decode("utf-8", "replace")).rows}
        for outcome in table.outcomes:
            total += 1
            row = outcome.row
            cells = {} if row.number not in taken else taken[row.number].cells
            bad = next((column for column in sorted(table.spec.columns)
                        if cells.get(column) != row.cells.get(column)), None)  # fmt: skip
            if bad is None:
                proven += 1
                continue
            column = list(row.cells).index(bad) + 1 if bad in row.cells else 0
            problems.append(problem(
                "E05", name, row.line, column, quote=row.cells.get(bad, ""), at=row.line,
                source=f"id/source/{table.slug}",
            ))  # fmt: skip
    return proven, total


def _number(text: str) -> int:
    """Return the number of a line; 0 for what is none or more than any text has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def _citations(
    files: Iterable[SourceFile],
) -> Iterator[tuple[SourceFile, str, dict[NamedNode, str]]]:
    for file in files:
        cites = {
            plain(each_quad.subject)
            for each_quad in file.quads
            if each_quad.predicate == RDF.type and each_quad.object == TG.Citation
        }
        facts: dict[str, dict[NamedNode, str]] = {cite: {} for cite in cites}
        for quad in file.quads:
            if plain(quad.subject) in facts:
                facts[plain(quad.subject)][quad.predicate] = plain(quad.object)
        for cite in sorted(cites):
            yield file, cite, facts[cite]
