"""The history of entities: what each release changed, in words, read from `changes.json` files.

Everything here is read from the `changes.json` that each release keeps, so that page, feed and
JSON tell the same.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twingraph.release.compress import read_stored, stored_path
from twingraph.release.feeds.ldes import timestamp
from twingraph.translation import PAIRED

CHANGES: Final = "changes.json"

Texts = Mapping[str, tuple[str, ...]]  # by language


@dataclass(frozen=True)
class HistoryRecord:
    """What one release changed about one entity; `texts` by language, one line for each change.

    `concerns` are the places and partnerships that the thing is about: IRI -> labels by language.
    """

    release: str
    iri: str
    kind: str
    label: Mapping[str, str]
    texts: Texts
    concerns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def name(self, language: str) -> str:
        """Return the label of the entity in a language, else in any, else the end of its IRI."""
        other = next(iter(self.label.values()), "") or self.iri.rpartition("/")[2]
        return self.label.get(language) or self.label.get("en") or other


def read_history(folders: Iterable[tuple[str, Path]]) -> list[HistoryRecord]:
    """Return the records of releases, given as (date, folder) newest first, in that order."""
    records: list[HistoryRecord] = []
    for date, folder in folders:
        path = folder / CHANGES
        if stored_path(path).is_file():
            records += records_of(date, json.loads(read_stored(path)))
    return records


def records_of(date: str, document: Mapping[str, Any]) -> list[HistoryRecord]:
    """Return a record for each entity in a `changes.json`, sorted by IRI.

    Derived changes are in it only if no change of people caused them (a status, as time passes).

    >>> records_of("2026-11-21", {"changes": [], "follows": []})
    []
    """
    rows = [
        row
        for row in [*document.get("changes", ()), *document.get("follows", ())]
        if row.get("change") != "follows" and "text" in row
    ]
    by_thing: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_thing[row["iri"]].append(row)
    return [
        HistoryRecord(
            date,
            iri,
            changes[0].get("kind", "other"),
            changes[0].get("label", {}),
            {language: tuple(row["text"][language] for row in changes) for language in PAIRED},
            {named["iri"]: named["label"] for row in changes for named in row.get("concerns", ())},
        )
        for iri, changes in sorted(by_thing.items())
    ]


def history_of(records: Iterable[HistoryRecord], iri: str) -> list[HistoryRecord]:
    """Return the records of an entity and of entities about it, in the order given."""
    return [record for record in records if iri == record.iri or iri in record.concerns]


def by_thing(records: Iterable[HistoryRecord]) -> dict[str, list[HistoryRecord]]:
    """Return the result of `history_of` for every entity with a history, by IRI."""
    by_entity: dict[str, list[HistoryRecord]] = defaultdict(list)
    for record in records:
        for iri in {record.iri, *record.concerns}:
            by_entity[iri].append(record)
    return dict(by_entity)


def changed_things(records: Iterable[HistoryRecord]) -> list[str]:
    """Return the IRIs of the places and partnerships that have a history, sorted."""
    changed: set[str] = set()
    for record in records:
        changed.update(record.concerns)
        if record.kind in ("partnership", "place"):
            changed.add(record.iri)
    return sorted(changed)


def label_of(records: Iterable[HistoryRecord], iri: str) -> Mapping[str, str]:
    """Return the labels of an entity by language, from the newest record that has them."""
    for record in records:
        if record.iri == iri and record.label:
            return record.label
        if record.concerns.get(iri):
            return record.concerns[iri]
    return {}


def history_json(iri: str, records: Sequence[HistoryRecord]) -> bytes:
    """Return the history of an entity as JSON: newest first, in every language."""
    changes = [
        {
            "release": record.release,
            "published": timestamp(record.release),
            "iri": record.iri,
            "kind": record.kind,
            "label": dict(record.label),
            "changes": [
                {language: record.texts[language][number] for language in PAIRED}
                for number in range(len(record.texts[PAIRED[0]]))
            ],
        }
        for record in records
    ]
    document = {"iri": iri, "history": changes}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
