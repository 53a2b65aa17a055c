"""What an import came to, in lines for a person: rows, reasons, new places, unused columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode

from twingraph.link.snapshots import Difference
from twingraph.problems import Problem
from twingraph.source.curated import Curated
from twingraph.source.tables.places import NAME as PLACES
from twingraph.source.tables.read import ReadImport
from twingraph.source.tables.spec import FILE, MATCHES, REVIEW

_SHOWN: Final = 20  # new places and columns that are listed


@dataclass(frozen=True)
class Imported:
    """What an import came to; `lines` are for a person."""

    slug: str
    results: Mapping[str, int]
    reasons: Mapping[str, int]
    minted: int
    decided: int
    review: int
    changed: tuple[str, ...]
    new_places: tuple[str, ...] = ()
    unfollowed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    difference: Difference | None = None
    unused: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The counts of rows by outcome, the reasons, and the files written."""
        total = sum(self.results.values())
        counts = [self.results.get(name, 0) for name in ("written", "review", "refused")]
        report = [*self.notes, *(self.difference.lines() if self.difference else ())]
        if self.unused:
            report.append(f"columns not used: {some_names(self.unused)}; [start], [kind] and so on "
                          f"of {FILE} name those that are")  # fmt: skip
        report.append(f"{total} rows in: {counts[0]} written, {counts[1]} for review, "
                    f"{counts[2]} refused")  # fmt: skip
        report += [f"  refused {number} ×: {reason}" for reason, number in sorted(
            self.reasons.items(), key=lambda item: (-item[1], item[0]))[:20]]  # fmt: skip
        report.append(f"{self.decided} names decided, {self.minted} new places, "
                    f"{self.review} names to decide in {REVIEW}")  # fmt: skip
        shown = self.new_places[:_SHOWN]
        report += [f"  new place {place}" for place in shown]
        if len(self.new_places) > len(shown):
            report.append(f"  … and {len(self.new_places) - len(shown)} more new places: the rows "
                          f"that were added to data/entities/{PLACES}")  # fmt: skip
        report.append(f"{len(self.changed)} files changed" + (
            f": {', '.join(self.changed)}" if self.changed else ""))  # fmt: skip
        return report


def some_names(names: Sequence[str]) -> str:
    """Return names for a person: the first twenty, each cut where it is long.

    >>> some_names(["a"] * 21)
    'a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a and 1 more'
    """
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(name[:60] for name in names[:_SHOWN]) + more


def unused_columns(table: ReadImport) -> tuple[str, ...]:
    """Return the columns of a list of which its mapping makes nothing, in their order."""
    if table.spec is None or table.sheet is None:
        return ()
    return tuple(name for name in table.sheet.columns if name not in table.spec.columns)


def without_country(table: ReadImport) -> Iterator[str]:
    """Tell which partner no column gives a country, while names of it wait for a person."""
    if table.spec is None or not any(outcome.result == "review" for outcome in table.outcomes):
        return
    for name, cells in zip("ab", table.spec.sides, strict=True):
        if not {"country", "wikidata", "geonames"} & set(cells):
            yield (f"no column tells the country of partner {name}, without which few names are "
                   f'sure; if it is the same in every row, write country = {{ value = "DE" }} '
                   f"below [{name}] of {FILE}")  # fmt: skip


def left_behind(curated: Curated, table: ReadImport) -> Iterator[str]:
    """Tell places that this list named once, of which no row of any list speaks any more."""
    path = f"data/entities/{PLACES}"
    own = next((file for file in curated.files if file.path == path), None)
    if own is None or table.matches is None:
        return
    start = f"{curated.settings.base_iri}id/place/"
    named = {slug for outcome in table.outcomes for slug in outcome.places}
    used = {quad.object.value for file in curated.files for quad in file.quads
            if isinstance(quad.object, NamedNode)}  # fmt: skip
    for slug in sorted(set(table.matches.places.values()) - named):
        line = own.positions.line(start + slug)
        if line and start + slug not in used:
            yield (f"{path}:{line}: no row speaks of '{slug}' any more; if it was a slip, delete "
                   f"its row there and in data/imports/{table.slug}/{MATCHES}")  # fmt: skip


def reason_group(reason: str) -> str:
    """Return a reason without the values of its row, so that equal reasons can be counted."""
    return re.sub(r"'[^']*'(?= is no)", "a cell", reason)


def place_line(row: Mapping[str, str]) -> str:
    """Return a new row of places.csv for a person.

    >>> place_line({"slug": "opole", "label": "Opole", "country": "poland"})
    'opole: Opole (poland)'
    """
    label = row.get("label") or row.get("label_en", "")
    country = row.get("country", "")
    return f"{row['slug']}: {label}" + (f" ({country})" if country else "")
