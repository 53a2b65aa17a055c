"""Entities as Wikibase writes them in JSON -> rows of their P190 statements.

https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html, and what real files do beside
it: `[]` for an empty map, `numeric-id` without `id`, GUIDs in small letters, labels in `mul` only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from twingraph.link.wikidata_in.rows import NONE, SOME, TWINNED, StatementRow
from twingraph.link.wikidata_in.times import edtf_of, is_late_julian

_ITEM: Final = re.compile(r"Q[1-9][0-9]{0,11}")
START: Final = "P580"
END: Final = "P582"
_LANGUAGES: Final = ("en", "mul", "de", "fr", "es")  # then any, the first by its code

Json = Mapping[str, object]


def entities_in(document: object) -> Iterator[Json]:
    """Yield the entities of a document: one, a map of them (`Special:EntityData`), or a list."""
    if isinstance(document, list):
        for item in document:
            yield from entities_in(item)
        return
    if not isinstance(document, dict):
        return
    inside = document.get("entities")
    if isinstance(inside, dict):
        for entry in inside.values():
            yield from entities_in(entry)
    elif isinstance(document.get("id"), str) and document.get("type", "item") == "item":
        yield document


def label_of(entity: Json) -> str:
    """Return a label: of a language we like, else the default of all (`mul`), else any.

    >>> label_of({"labels": {"mul": {"language": "mul", "value": "Bonn"}}})
    'Bonn'
    >>> label_of({"labels": []})
    ''
    """
    labels = json_map(entity.get("labels"))
    for language in (*_LANGUAGES, *sorted(labels)):
        value = json_map(labels.get(language)).get("value")
        if isinstance(value, str) and value:
            return in_unicode(value)
    return ""


def rows_of(entity: Json, notes: list[str]) -> Iterator[StatementRow]:
    """Yield the P190 statements of an entity; oddities are added to `notes`."""
    item = str(entity.get("id", ""))
    claims = json_map(entity.get("claims")) or json_map(entity.get("statements"))
    statements = claims.get(TWINNED, [])
    for statement in statements if isinstance(statements, list) else []:
        if isinstance(statement, dict):
            yield from _statement(item, label_of(entity), entity, statement, notes)


def _statement(
    item: str, label: str, entity: Json, statement: Json, notes: list[str]
) -> Iterator[StatementRow]:
    snak = json_map(statement.get("mainsnak"))
    target = item_of(snak)
    guid = str(statement.get("id", ""))
    if not target:
        notes.append(f"{item}: a partner that is {snak.get('snaktype', 'missing')} ({guid})")
    qualifiers = json_map(statement.get("qualifiers"))
    starts, ends = (
        _times(qualifiers.get(entry), f"{item} {entry}", notes) for entry in (START, END)
    )
    starts = [each_start for each_start in starts if each_start not in (SOME, NONE)]
    for start, end in product(starts or [""], ends or [""]):
        yield StatementRow(
            item, label, target, "", guid, str(statement.get("rank", "normal")), start, end,
            _compact(qualifiers), _compact(statement.get("references")),
            str(entity.get("lastrevid", "")), str(entity.get("modified", "")),
        )  # fmt: skip


def item_of(snak: Json) -> str:
    """Return the item that a snak names; empty for none.

    >>> item_of({"snaktype": "value", "datavalue": {"value": {"numeric-id": 586}}})
    'Q586'
    >>> item_of({"snaktype": "somevalue"})
    ''
    """
    if snak.get("snaktype") != "value":
        return ""
    value = json_map(json_map(snak.get("datavalue")).get("value"))
    identifier, number = value.get("id"), value.get("numeric-id")
    item = identifier if isinstance(identifier, str) else f"Q{number}"
    return item if _ITEM.fullmatch(item) else ""


def _times(snaks: object, place: str, notes: list[str]) -> list[str]:
    """Return the times of a qualifier as EDTF, somevalue and novalue as they are."""
    times = []
    for snak in snaks if isinstance(snaks, list) else []:
        kind = json_map(snak).get("snaktype")
        if kind in (SOME, NONE):
            times.append(str(kind))
            continue
        value = json_map(json_map(json_map(snak).get("datavalue")).get("value"))
        text, calendar = str(value.get("time", "")), str(value.get("calendarmodel", ""))
        precision = value.get("precision")
        edtf = edtf_of(text, precision if isinstance(precision, int) else 0, calendar)
        if is_late_julian(text, calendar):
            notes.append(f"{place}: {text} is flagged Julian, most likely by mistake")
        if edtf:
            times.append(edtf)
        else:
            notes.append(f"{place}: {text or 'no time'} (precision {precision}) is no date here")
    return sorted(set(times))


def _compact(value: object) -> str:
    """Return JSON in its shortest form; nothing for nothing."""
    if not value:
        return ""
    return in_unicode(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def in_unicode(text: str) -> str:
    """Return a text with `?` for each half of a character (`\\ud83c`), which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def json_map(value: object) -> Mapping[str, Any]:
    """Return a map as it is; PHP writes an empty one as `[]`."""
    return value if isinstance(value, dict) else {}
