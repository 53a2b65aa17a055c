"""SSSOM: every decision about a link, confirmed, rejected or without result, as one mapping set."""

from __future__ import annotations

import json
from collections.abc import Iterator

from twingraph.link.facts import SAME_AS, Linked, Target
from twingraph.source.mappings import (
    COLUMNS,
    Decision,
    cells_of,
    prefixes_of_links,
    write_table,
)

_PUBLISHED = (COLUMNS[0], "subject_label", *COLUMNS[1:])
# for a link that somebody wrote down without saying how it was found
_UNSPECIFIED = "https://w3id.org/semapv/vocab/UnspecifiedMatching"


def write_sssom(linked: Linked, target: Target) -> str:
    """Return the mapping set to `target` as SSSOM/TSV, under the project's base IRI."""
    settings = linked.settings
    slots = {
        "creator_label": json.dumps([settings.publisher], ensure_ascii=False),
        "license": settings.licence,
        "mapping_set_id": f"{settings.base_iri}links/{target.name}.sssom.tsv",
        "mapping_set_title": json.dumps(
            f"{settings.title.get('en', 'twingraph')} – {target.title}", ensure_ascii=False
        ),
        "mapping_set_version": json.dumps(settings.release),
        "object_source": f"wd:{target.item.rpartition('/')[2]}",
        "publication_date": settings.release[:10],
        "subject_source": "graph:entities",
    }
    stated = {name: value for name, value in slots.items() if value not in ("", '""', '[""]')}
    rows = [
        {**cells_of(item), "subject_label": linked.facts.label(item.subject)}
        for item in rows_of(linked, target)
    ]
    return write_table(rows, _PUBLISHED, stated, prefixes_of_links(settings.base_iri))


def rows_of(linked: Linked, target: Target) -> Iterator[Decision]:
    """Yield what was decided, and each published link that nobody wrote a decision for."""
    decisions = list(linked.decided(target))
    yield from decisions
    stated = {(decision.subject, decision.object) for decision in decisions if decision.confirmed}
    for subject, identifier in linked.facts.links(target):
        iri = target.start + identifier + target.end
        if (subject, iri) not in stated:
            yield Decision(subject, SAME_AS.value, "", iri, _UNSPECIFIED)
