"""SSSOM: every decision about a link, confirmed, rejected or without result, as one mapping set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from twingraph.link.facts import SAME_AS, Linked, Target
from twingraph.source.mappings import (
    COLUMNS,
    Decision,
    cells_of,
    prefixes_of_links,
    write_table,
)

REFUSED: Final = "refused"  # the name of the mapping set of all that was refused
_PUBLISHED = (COLUMNS[0], "subject_label", *COLUMNS[1:])
# for a link recorded without a justification
_UNSPECIFIED = "https://w3id.org/semapv/vocab/UnspecifiedMatching"


def write_sssom(linked: Linked, target: Target) -> str:
    """Return the mapping set to `target` as SSSOM/TSV, under the project's base IRI."""
    source = f"wd:{target.item.rpartition('/')[2]}"
    return _mapping_set(linked, target.name, target.title, _rows(linked, target), source)


def write_refused(linked: Linked, reviewed: Iterable[Decision]) -> str:
    """Return every rejected mapping as one SSSOM/TSV; each row has `Not`.

    These are links and names of lists rejected by curators, and `reviewed`, the rejected findings
    about Wikidata's statements, so that they are not proposed again.
    """
    tables = (decision for decisions in linked.decisions.values() for decision in decisions)
    rows = sorted({decision for decision in (*tables, *reviewed) if decision.modifier})
    return _mapping_set(linked, REFUSED, "refused mappings", map(cells_of, rows))


def _mapping_set(
    linked: Linked, name: str, title: str, rows: Iterable[Mapping[str, str]], source: str = ""
) -> str:
    settings = linked.settings
    slots = {
        "creator_label": json.dumps([settings.publisher], ensure_ascii=False),
        "license": settings.licence,
        "mapping_set_id": f"{settings.base_iri}links/{name}.sssom.tsv",
        "mapping_set_title": json.dumps(
            f"{settings.title.get('en', 'twingraph')} – {title}", ensure_ascii=False
        ),
        "mapping_set_version": json.dumps(settings.release),
        "object_source": source,
        "publication_date": settings.release[:10],
        "subject_source": "graph:entities" if source else "",
    }
    stated = {name: value for name, value in slots.items() if value not in ("", '""', '[""]')}
    label = linked.facts.label
    cells = ({**row, "subject_label": label(row["subject_id"])} for row in rows)
    return write_table(cells, _PUBLISHED, stated, prefixes_of_links(settings.base_iri))


def _rows(linked: Linked, target: Target) -> Iterator[dict[str, str]]:
    """Yield the cells of the decisions, and of each published link without a decision."""
    decisions = list(linked.decided(target))
    yield from map(cells_of, decisions)
    stated = {(decision.subject, decision.object) for decision in decisions if decision.confirmed}
    undecided = cells_of(Decision("", SAME_AS.value, "", "", _UNSPECIFIED))
    for subject, identifier in linked.facts.links(target):
        iri = target.start + identifier + target.end
        if (subject, iri) not in stated:
            yield {**undecided, "subject_id": subject, "object_id": iri}
