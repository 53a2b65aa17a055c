"""Entities without an identifier in another database: a work list for linking."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Final

from twingraph.link.facts import TARGETS, Linked

COLUMNS: Final = ("target", "kind", "iri", "label_en", "label_de", "state")
SEARCHED: Final = "no match found"
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)
OPEN: Final = "not looked for"


def missing(linked: Linked) -> Iterator[tuple[str, ...]]:
    """Yield a row of `COLUMNS` for every labelled entity of a target's kinds not linked to it."""
    facts = linked.facts
    things = facts.things({kind for target in TARGETS.values() for kind in target.kinds})
    for target in TARGETS.values():
        linked_to = {iri for iri, _ in facts.links(target)}
        searched = {item.subject for item in linked.decided(target) if not item.found}
        for kind, iri in things:
            if kind in target.kinds and iri not in linked_to:
                state = SEARCHED if iri in searched else OPEN
                yield target.name, kind, iri, facts.label(iri), facts.label(iri, "de"), state


def _rows(linked: Linked) -> tuple[tuple[str, ...], ...]:
    """Return all rows, which both files have."""
    return linked.facts.remember("missing", lambda: tuple(missing(linked)))


def write_missing_csv(linked: Linked) -> str:
    """Return the list as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(linked))
    return out.getvalue()


def write_missing_json(linked: Linked) -> str:
    """Return the list as a JSON array of objects, laid out as `json.dumps` does with `indent=1`.

    That is much slower, because it lays out in Python.
    """
    member = ",\n".join(f'  "{name}": %s' for name in COLUMNS)
    text = _ENCODER.encode
    rows = [member % tuple(map(text, row)) for row in _rows(linked)]
    return "[\n {\n" + "\n },\n {\n".join(rows) + "\n }\n]\n" if rows else "[]\n"
