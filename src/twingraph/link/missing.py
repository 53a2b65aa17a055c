"""What has no identifier elsewhere yet: the work list of whoever links us next."""

from __future__ import annotations

import csv
import io
import json
from typing import Final

from twingraph.link.facts import TARGETS, Linked
from twingraph.rdf.iris import kind_of

COLUMNS: Final = ("target", "kind", "iri", "label_en", "label_de", "state")
SEARCHED: Final = "no match found"
OPEN: Final = "not looked for"


def missing(linked: Linked) -> list[dict[str, str]]:
    """Return a row for every labelled thing of a target's kinds that is not linked to it."""
    rows = []
    for target in TARGETS.values():
        linked_to = {iri for iri, _ in linked.facts.links(target)}
        searched = {item.subject for item in linked.decided(target) if not item.found}
        for iri in linked.facts.things():
            kind = kind_of(iri, linked.facts.base)
            if kind in target.kinds and iri not in linked_to:
                values = (
                    target.name, kind, iri,
                    linked.facts.label(iri), linked.facts.label(iri, "de"),
                    SEARCHED if iri in searched else OPEN,
                )  # fmt: skip
                rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def write_missing_csv(linked: Linked) -> str:
    """Return the list as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(missing(linked))
    return out.getvalue()


def write_missing_json(linked: Linked) -> str:
    """Return the list as a JSON array of objects."""
    return json.dumps(missing(linked), ensure_ascii=False, indent=1) + "\n"
