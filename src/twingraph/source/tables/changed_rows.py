"""The statements that changed rows of a list add and remove, without reading its other rows.

The rows of a pair of places are cited together and name one partnership, so that the rows of each
pair in a changed row are judged again; which these are is found in what the build before wrote.
`changed_rows` returns None where other rows may be affected, and the list is read whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from twingraph.rdf.sorted_parts import Parts, Raw
from twingraph.rdf.sorted_parts import lines as lines_of
from twingraph.rdf.vocabulary import TG
from twingraph.source.tables.cells import Row, Sheet, read_csv
from twingraph.source.tables.matches import Matches
from twingraph.source.tables.outcome import Outcome, outcomes
from twingraph.source.tables.spec import Spec, SpecError, read_spec
from twingraph.source.tables.statements import Statements, statements
from twingraph.source.terms import not_ordinary

ListTexts = tuple[str, str]  # of import.toml and rows.csv
_Pair = tuple[str, str]
_ONLY_OF_LIST: Final = ("sha256", "retrieved")  # keys of import.toml that no row depends on
_SHARE: Final = 4  # a list of which more than one row in so many changed is read whole
_PARTNER, _CITES = str(TG.partner), str(TG.cites)
_SECOND_OF_NAME: Final = re.compile(rb"-[0-9a-f]{8}> ")  # `pair_slugs` adds it


@dataclass(frozen=True)
class ChangedRows:
    """The lines of N-Triples removed from and added to the graph of a list, sorted.

    `stated` are all statements of the rows that were judged again, `lines` the lines of rows.csv,
    before and now, where these rows begin.
    """

    removed: Sequence[str]
    added: Sequence[str]
    stated: Statements
    lines: Collection[int]


def changed_rows(
    slug: str, before: ListTexts, now: ListTexts, written: Raw, matches: Matches,
    known: Mapping[str, str], base: str,
) -> ChangedRows | None:  # fmt: skip
    """Compare the list with that of the build before, which `written` are the N-Triples of.

    `matches` and `known` (of `known_places`) must be the same as then.
    """
    try:
        spec_before, spec = (read_spec(toml, slug, base) for toml, _ in (before, now))
    except SpecError:
        return None
    digest_before, digest = (hashlib.sha256(text.encode()).hexdigest() for _, text in (before, now))
    if (
        spec.is_places
        or _meaning(spec_before) != _meaning(spec)
        or spec.texts["sha256"] not in ("", digest)
    ):
        return None
    rows = _rows_of(before[1], now[1], spec)
    if rows is None:
        return None
    rows_before, rows_now = rows
    changed = {number for number in rows_before.keys() | rows_now.keys()
               if rows_before.get(number) != rows_now.get(number)}  # fmt: skip
    if len(changed) * _SHARE > len(rows_before) or any(
        rows_before[number].line != rows_now[number].line
        for number in changed & rows_before.keys() & rows_now.keys()
    ):
        return None

    def judged(rows: Mapping[int, Row], numbers: Iterable[int]) -> Sequence[Outcome]:
        some = tuple(rows[number] for number in sorted(numbers) if number in rows)
        return outcomes(spec, Sheet((), some), matches, known)

    both = (*judged(rows_before, changed), *judged(rows_now, changed))
    if any(outcome.faults or outcome.result == "review" for outcome in both):
        return None  # the problems of the list change
    pairs = _pairs(both)
    graph = _Written(lines_of(written), base, f"{base}id/source/{slug}")
    again = graph.rows_of(pairs)
    if again is None:
        return None
    again |= changed
    old, new = judged(rows_before, again), judged(rows_now, again)
    if not pairs >= _pairs((*old, *new)):
        return None
    stated_before = statements(spec_before, old, digest_before)
    stated = statements(spec, new, digest)
    removed = sorted({*stated_before.texts} - {*stated.texts})
    added = sorted({*stated.texts} - {*stated_before.texts})
    if not_ordinary([*removed, *added]) or not graph.has(stated_before.texts, removed, added):
        return None
    return ChangedRows(
        removed, added,
        Statements([line for line in stated.texts if not graph.is_of_list(line)], stated.lines),
        {outcome.row.line for outcome in (*old, *new)},
    )  # fmt: skip


def _meaning(spec: Spec) -> Spec:
    """Return a list's description without what no row depends on."""
    return replace(spec, texts={**spec.texts, **dict.fromkeys(_ONLY_OF_LIST, "")})


def _rows_of(before: str, now: str, spec: Spec) -> tuple[dict[int, Row], dict[int, Row]] | None:
    """Return the rows of two tables by number; None if their columns or bad records differ."""
    first, second = read_csv(before), read_csv(now)
    if (
        first.columns != second.columns
        or first.wrong != second.wrong
        or not spec.columns <= {*first.columns}
    ):
        return None
    return ({row.number: row for row in first.rows}, {row.number: row for row in second.rows})


def _pairs(several: Iterable[Outcome]) -> set[_Pair]:
    return {
        (min(outcome.places), max(outcome.places))
        for outcome in several if outcome.result == "written"
    }  # fmt: skip


@dataclass(frozen=True)
class _Written:
    """The graph of a list as the build before wrote it; `source` is the IRI of the list."""

    parts: Parts
    base: str
    source: str

    def is_of_list(self, line: str) -> bool:
        """Does a line describe the list itself?"""
        return line.startswith(f"<{self.source}> ")

    def rows_of(self, pairs: Collection[_Pair]) -> set[int] | None:
        """Return the numbers of the rows of some pairs.

        None where the IRI of a partnership may depend on other pairs (`pair_slugs`).
        """
        subjects = {f"{self.base}id/partnership/{'-'.join(pair)}": pair for pair in pairs}
        if len(subjects) < len(pairs):
            return None
        rows: set[int] = set()
        for subject, pair in subjects.items():
            start = f"<{subject}".encode()
            if any(_SECOND_OF_NAME.match(line, len(start)) for line in self._from(start + b"-")):
                return None
            lines = self._about(f"<{subject}>")
            partners = {f"<{subject}> {_PARTNER} <{self.base}id/place/{slug}> ." for slug in pair}
            if lines and {line for line in lines if f"> {_PARTNER} " in line} != partners:
                return None
            cites = f"<{subject}> {_CITES} <{self.source}#row="
            for line in lines:
                if line.startswith(cites):
                    rows.update(map(int, line[len(cites) : -len("> .")].split(";")))
        return rows

    def has(self, texts: Iterable[str], removed: Iterable[str], added: Sequence[str]) -> bool:
        """Are `texts` all that is written of their subjects, and `added` not written yet?

        Of the list itself `texts` may be in another normal form; `removed` are written.
        """
        of_list = {*self._about(f"<{self.source}>")}
        if any(self.is_of_list(line) and line not in of_list for line in removed):
            return False
        by_subject: dict[str, list[str]] = {line.partition(" ")[0]: [] for line in added}
        for line in texts:
            by_subject.setdefault(line.partition(" ")[0], []).append(line)
        by_subject.pop(f"<{self.source}>", None)
        return of_list.isdisjoint(added) and all(
            self._about(subject) == lines for subject, lines in by_subject.items()
        )

    def _about(self, subject: str) -> list[str]:
        return [line.decode() for line in self._from(f"{subject} ".encode())]

    def _from(self, start: bytes) -> Iterable[bytes]:
        """Yield the lines that begin with `start`."""
        place = self.parts.find(start)
        while place < self.parts.stop:
            end = self.parts.raw.find(b"\n", place)
            line = self.parts.raw[place:end]
            if not line.startswith(start):
                return
            yield line
            place = end + 1
