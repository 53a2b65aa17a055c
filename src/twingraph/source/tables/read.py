"""A folder `data/imports/<slug>/` -> the statements of its list, and problems.

A list of partnerships has two partners a row; a list that only tells more of places (names, points)
has `places = true` in its import.toml and the columns of `data/entities/places.csv`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from twingraph.problems import Problem, problem
from twingraph.source.tables.cells import Sheet, read_csv
from twingraph.source.tables.changed_rows import ListTexts
from twingraph.source.tables.matches import Matches, read_matches
from twingraph.source.tables.outcome import Outcome, outcomes
from twingraph.source.tables.places import read_places
from twingraph.source.tables.spec import FILE, MATCHES, ROWS, Spec, SpecError, line_of, read_spec
from twingraph.source.tables.statements import described, graph_name, statements

_SAME: Final = " <http://www.w3.org/2002/07/owl#sameAs> <"
_WIKIDATA: Final = "http://www.wikidata.org/entity/"
_GEONAMES: Final = "https://sws.geonames.org/"


@dataclass(frozen=True)
class ReadImport:
    """What one list came to: sorted N-Triples, where in the list their subjects stand, a result
    a row.

    `files` are the texts of import.toml and rows.csv where rows were judged.
    """

    slug: str
    texts: Sequence[str] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    spec: Spec | None = None
    sheet: Sheet | None = None
    matches: Matches | None = None
    files: ListTexts | None = None

    @property
    def is_places(self) -> bool:
        """Is it a list of places rather than of partnerships?"""
        return self.spec is not None and self.spec.is_places


def known_places(texts: Iterable[str], base: str) -> dict[str, str]:
    """Return identifier (`wd:Q586`, `gn:2946447`) -> slug, of places that have been linked.

    `texts` are lines of N-Triples. An identifier that two places have is neither's.
    """
    start = f"<{base}id/place/"
    places: dict[str, str] = {}
    twice: set[str] = set()
    for line in texts:
        subject, same, rest = line.partition(_SAME)
        if not (same and subject.startswith(start)):
            continue
        target = rest[: -len("> .")]
        key = (
            f"wd:{target.removeprefix(_WIKIDATA)}" if target.startswith(_WIKIDATA)
            else f"gn:{target.removeprefix(_GEONAMES).strip('/')}"
            if target.startswith(_GEONAMES) else ""
        )  # fmt: skip
        slug = subject[len(start) : -1]
        if key and places.setdefault(key, slug) != slug:
            twice.add(key)
    return {key: slug for key, slug in places.items() if key not in twice}


def places_known_by(texts: Iterable[str], base: str) -> list[str]:
    """Return the lines that may make a place known by an identifier, which `known_places` reads.

    >>> same = "<https://e.org/id/place/a> <http://www.w3.org/2002/07/owl#sameAs> <http://e/> ."
    >>> len(places_known_by([same, "<https://e.org/id/place/a> <http://e/p> <http://e/> ."],
    ...                     "https://e.org/"))
    1
    """
    start = f"<{base}id/place/"
    return [line for line in texts if _SAME in line and line.startswith(start)]


def read_import(
    slug: str, files: Mapping[str, str], known: Mapping[str, str], base: str
) -> ReadImport:
    """Read a list from the texts of its files (by file name); `known` as of `known_places`."""
    folder = f"data/imports/{slug}"
    mapping_name, rows_name = f"{folder}/{FILE}", f"{folder}/{ROWS}"
    toml = files.get(FILE, "")
    try:
        spec = read_spec(toml, slug, base)
    except SpecError as error:
        return ReadImport(slug, problems=(
            problem("I01", mapping_name, line_of(toml, error.key), error=str(error)),))  # fmt: skip
    if ROWS not in files:
        return ReadImport(
            slug, problems=(problem("I01", mapping_name, 1, error=f"no {ROWS} beside it"),)
        )
    text = files[ROWS]
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    problems: list[Problem] = []
    if spec.texts["sha256"] and spec.texts["sha256"] != sha256:
        line = line_of(toml, "sha256")
        problems.append(problem("I05", mapping_name, line, found=sha256, name=ROWS))
    if spec.is_places:
        table = read_places(text, base, graph_name(slug, base), minting=False)
        problems += [problem("I02", rows_name, line, column, error=words)
                     for line, column, words in table.wrong]  # fmt: skip
        head = described(spec, sha256)
        texts = sorted({*head, *chain.from_iterable(table.texts.values())})
        return ReadImport(slug, texts, table.lines, tuple(problems), spec=spec)
    sheet = read_csv(text)
    problems += [problem("I02", rows_name, line, column, error=words)
                 for line, column, words in sheet.wrong]  # fmt: skip
    missing = sorted(spec.columns - set(sheet.columns))
    if missing:
        words = f"{ROWS} has no column '{missing[0]}'"
        problems.append(problem("I01", mapping_name, line_of(toml, missing[0]), error=words))
        return ReadImport(slug, problems=tuple(problems), spec=spec, sheet=sheet)
    matches = read_matches(files.get(MATCHES, ""), base) if files.get(MATCHES) else Matches()
    problems += [problem("X05", f"{folder}/{MATCHES}", line, error=words)
                 for line, words in matches.wrong]  # fmt: skip
    rows = tuple(outcomes(spec, sheet, matches, known))
    problems += _row_problems(rows, sheet, rows_name)
    stated = statements(spec, rows, sha256)
    return ReadImport(
        slug, stated.texts, stated.lines, tuple(problems), rows, spec, sheet, matches, (toml, text)
    )  # fmt: skip


def _row_problems(rows: Iterable[Outcome], sheet: Sheet, name: str) -> Iterable[Problem]:
    """Yield I03 for cells that can't be read, and I04 once for all rows that need a decision."""
    waiting = []
    for outcome in rows:
        for fault in outcome.faults:
            column = sheet.columns.index(fault.column) + 1 if fault.column in sheet.columns else 0
            yield problem("I03", name, outcome.row.line, column, error=fault.words,
                          name=fault.column)  # fmt: skip
        if outcome.result == "review":
            waiting.append(outcome.row.line)
    if waiting:
        yield problem("I04", name, waiting[0], number=len(waiting))
