"""Decisions of people about differences from Wikidata, kept so that none is proposed twice.

`data/reviews/<day>….csv` are results of Mismatch Finder as it gives them out. Those called
`*.sssom.tsv` are rejections by curators: a row with `Not` means that a statement is not true.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from twingraph.link.wikidata.statements import STATEMENT, TWINNED, WIKIDATA
from twingraph.problems import TwingraphError
from twingraph.source.mappings import Decision, read_table

FOLDER: Final = "data/reviews"
PROPERTY: Final = "http://www.wikidata.org/prop/direct/"
QUALIFIER: Final = "http://www.wikidata.org/prop/qualifier/"
# the verdicts of a reviewer (Mismatch Finder's UserGuide): who is wrong
STATUSES: Final = {
    "pending": "",
    "wikidata": "Wikidata is wrong",
    "missing": "it is missing on Wikidata",
    "external": "we are wrong",
    "both": "both are wrong",
    "none": "neither is wrong",
}
_NEEDED: Final = ("item_id", "property_id", "external_value", "review_status")

# (item, property, statement or "", partner item or "")
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Review:
    """A reviewed row: its key, the verdict, the day of the export, file and line."""

    key: Key
    status: str
    day: str
    place: str


@dataclass(frozen=True)
class Reviews:
    """All decisions: those of Mismatch Finder by their subject, and rejections."""

    reviewed: Mapping[Key, Review] = field(default_factory=dict)
    refused: tuple[Decision, ...] = ()

    def status(self, item: str, prop: str, guid: str, other: str) -> str:
        """Return the decision about a row: a status of `STATUSES`, `refused`, or ""."""
        for key in (_key(item, prop, guid, other), _key(item, prop, guid, "")):
            if key in self.reviewed:
                return self.reviewed[key].status
        return ""

    def refuses(self, subject: str, predicate: str, value: str) -> bool:
        """Has a curator rejected this statement?"""
        return any(
            (row.subject, row.predicate, row.object) == (subject, predicate, value)
            for row in self.refused
        )


def _key(item: str, prop: str, guid: str, other: str) -> Key:
    return item.upper(), prop.upper(), guid.upper(), other.upper() if not guid else ""


def read_reviews(project: Path, base: str) -> Reviews:
    """Read all reviews of a project; raise `TwingraphError` with the line where one is wrong."""
    folder = project / FOLDER
    reviewed: dict[Key, Review] = {}
    refused: list[Decision] = []
    for path in sorted(folder.glob("*.csv")):
        reviewed.update((review.key, review) for review in _read_csv(path))
    for path in sorted(folder.glob("*.sssom.tsv")):
        table = read_table(_text(path), base)
        if table.wrong:
            line, words = table.wrong[0]
            raise TwingraphError(f"{path}:{line}: {words}")
        refused += [row for row in table.decisions if row.modifier]
    return Reviews(reviewed, tuple(sorted(set(refused))))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TwingraphError(f"{path}: {error}; save it as UTF-8") from None


def _day(path: Path) -> str:
    try:
        return date.fromisoformat(path.name[:10]).isoformat()
    except ValueError:
        raise TwingraphError(
            f"{path}: no day in its name; call it after the day it was taken, 2026-12-01.csv"
        ) from None


def _read_csv(path: Path) -> Iterable[Review]:
    day = _day(path)
    rows = csv.DictReader(io.StringIO(_text(path), newline=""))
    missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
    if missing:
        raise TwingraphError(
            f"{path}:1: no column {', '.join(missing)}; take the results as Mismatch Finder gives "
            "them out"
        )
    for row in rows:
        if None in row.values():
            raise TwingraphError(f"{path}:{rows.line_num}: cells are missing; take it out anew")
        status = (row["review_status"] or "").strip().lower()
        if status not in STATUSES:
            raise TwingraphError(
                f"{path}:{rows.line_num}: review_status {status!r}; write one of "
                f"{', '.join(STATUSES)}"
            )
        if STATUSES[status]:
            guid = (row.get("statement_guid") or "").strip()
            key = _key(row["item_id"].strip(), row["property_id"].strip(), guid,
                       row["external_value"].strip().partition(" ")[0])  # fmt: skip
            yield Review(key, status, day, f"{path.name}:{rows.line_num}")


def refusals(reviews: Reviews, places: Mapping[str, str], author: str) -> list[Decision]:
    """Return everything that was refused as SSSOM rows with `Not`.

    `places` are our places by item: what a reviewer of Mismatch Finder called our mistake is a
    refusal too, if it is about one of them. `author` stands for such reviewers.
    """
    rows = list(reviews.refused)
    for key, review in sorted(reviews.reviewed.items()):
        item, prop, guid, other = key
        subject = places.get(item)
        if review.status not in ("external", "both") or subject is None:
            continue
        value = STATEMENT + guid.replace("$", "-", 1) if guid else WIKIDATA + other
        predicate = (PROPERTY if prop == TWINNED else QUALIFIER) + prop
        rows.append(
            Decision(
                subject,
                predicate,
                "Not",
                value,
                "https://w3id.org/semapv/vocab/ManualMappingCuration",
                author,
                review.day,
                "",
                f"Mismatch Finder: {STATUSES[review.status]} ({review.place})",
            )
        )
    return sorted(set(rows))
