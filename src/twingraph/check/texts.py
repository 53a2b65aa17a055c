"""`check --texts DIR`: every quote stands, word for word, in its line of the text that was read.

A source file names its text by SHA-256, so the folder may hold the texts under any file name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode

from twingraph.problems import Problem, TwingraphError, problem
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import HOME, RDF, TG
from twingraph.source.read import Curated, SourceFile


@dataclass(frozen=True)
class Proof:
    """How many quotes were proven of how many, and the problems of the rest."""

    proven: int
    all: int
    problems: tuple[Problem, ...]


def read_texts(folder: Path) -> dict[str, list[str]]:
    """Return SHA-256 -> lines of every file in `folder`."""
    if not folder.is_dir():
        raise TwingraphError(f"{folder} is no folder; --texts names the folder of source texts")
    texts = {}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            raw = path.read_bytes()
            digest = hashlib.sha256(raw).hexdigest()
            texts[digest] = raw.decode("utf-8", errors="replace").splitlines()
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
    proven = total = 0
    problems: list[Problem] = []
    missing: set[str] = set()
    for file, cite, facts in _citations(curated.files if files is None else files):
        if not {TG.inSource, TG.line, TG.quote} <= set(facts):
            continue  # E03 and E04 tell
        total += 1
        source = facts[TG.inSource]
        text = texts.get(sums.get(source, ""))
        if text is None:
            if source not in missing:
                line = file.positions.line(source, TG.sha256.value)
                told = sums.get(source, "(none)")
                name = source.removeprefix(HOME)
                problems.append(problem("E07", file.path, line, sha256=told, source=name))
            missing.add(source)
            continue
        quote, number = facts[TG.quote], _number(facts[TG.line])
        if quote and 0 < number <= len(text) and quote in text[number - 1]:
            proven += 1
            continue
        line = file.positions.line(cite, TG.quote.value)
        name = source.removeprefix(HOME)
        problems.append(problem("E05", file.path, line, quote=quote, at=number, source=name))
    return Proof(proven, total, tuple(problems))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _citations(
    files: Iterable[SourceFile],
) -> Iterator[tuple[SourceFile, str, dict[NamedNode, str]]]:
    for file in files:
        cites = {plain(one.subject) for one in file.quads
                 if one.predicate == RDF.type and one.object == TG.Citation}  # fmt: skip
        facts: dict[str, dict[NamedNode, str]] = {cite: {} for cite in cites}
        for quad in file.quads:
            if plain(quad.subject) in facts:
                facts[plain(quad.subject)][quad.predicate] = plain(quad.object)
        for cite in sorted(cites):
            yield file, cite, facts[cite]
