"""The Reconciliation API beside its queries: data extension, suggestions and manifests.

https://reconciliation-api.github.io/specs/0.2/ and …/draft/, parsed JSON in, JSON out; the queries
themselves are in `reconcile`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from twingraph.derive.names import fold
from twingraph.link.matcher import Query, find
from twingraph.link.reconcile import (
    MAX_BATCH,
    MAX_NAME,
    PLACE,
    PROPERTIES,
    TYPES,
    RefusedQueryError,
    Register,
    describe,
    type_records,
)

MAX_PROPERTIES: Final = 50  # of an extension
MAX_SPELLINGS: Final = 8  # of one place in an extension: its slug, IRI, Wikidata item …
MAX_PID: Final = 100  # characters: it is repeated in every row
_FETCHABLE: Final = tuple(name for name in PROPERTIES if name != "region")
_QID: Final = re.compile(r"Q[1-9][0-9]*")


# --- extend ---------------------------------------------------------------------------------------


def answer_extend(register: Register, request: object, language: str) -> dict[str, object]:
    """Answer a data extension of 0.2: every requested id has a row, every row every property."""
    ids, pids = _requested(register, request)
    register = replace(register, partnerships=cache(register.partnerships))
    rows = {item: {pid: cells(register, item, pid, language) for pid in pids} for item in ids}
    return {"meta": _meta(pids, language), "rows": rows}


def answer_extend_draft(register: Register, request: object, language: str) -> dict[str, object]:
    """Answer a data extension of 1.0-draft: lists in place of objects."""
    ids, pids = _requested(register, request)
    register = replace(register, partnerships=cache(register.partnerships))
    rows = [
        {"id": item, "properties": [{"id": pid, "values": cells(register, item, pid, language)}
                                   for pid in pids]}
        for item in ids
    ]  # fmt: skip
    return {"meta": _meta(pids, language), "rows": rows}


def _requested(register: Register, request: object) -> tuple[list[str], list[str]]:
    """Return the ids and properties of an extension, each once; refuse requests for too many."""
    ids = request.get("ids") if isinstance(request, dict) else None
    properties = request.get("properties") if isinstance(request, dict) else None
    if not (isinstance(ids, list) and isinstance(properties, list)):
        raise RefusedQueryError('send {"ids": ["bonn"], "properties": [{"id": "country"}]}')
    pids = [
        each_property.get("id") if isinstance(each_property, dict) else each_property
        for each_property in properties
    ]
    texts = [pid for pid in pids if isinstance(pid, str)]
    if len(texts) != len(pids) or not all(isinstance(item, str) for item in ids):
        raise RefusedQueryError("ids and properties are told by texts")
    if len(ids) > 10 * MAX_BATCH:
        raise RefusedQueryError(f"{len(ids)} ids, {10 * MAX_BATCH} at most at once")
    if len(texts) > MAX_PROPERTIES:
        raise RefusedQueryError(f"{len(texts)} properties, {MAX_PROPERTIES} at most at once")
    if any(len(pid) > MAX_PID for pid in texts):
        raise RefusedQueryError(f"the id of a property has {MAX_PID} characters at most")
    ids = list(dict.fromkeys(ids))
    spellings = Counter(place.slug for item in ids if (place := register.place(item)) is not None)
    for slug, count in spellings.most_common(1):
        if count > MAX_SPELLINGS:
            raise RefusedQueryError(
                f"{count} ids of the place {slug}, {MAX_SPELLINGS} at most; send each place once"
            )
    return ids, list(dict.fromkeys(texts))


def _meta(pids: Iterable[str], language: str) -> list[dict[str, object]]:
    properties = []
    for pid in pids:
        name = PROPERTIES.get(pid, {})
        meta: dict[str, object] = {"id": pid, "name": name.get(language, name.get("en", pid))}
        if pid == "partners":
            meta["type"] = {"id": PLACE, "name": TYPES[PLACE].get(language, "Place")}
        properties.append(meta)
    return properties


def cells(register: Register, identifier: str, pid: str, language: str) -> list[dict[str, object]]:
    """Return the values of a property of a place; none for what is unknown, never a wrong day."""
    place = register.place(identifier)
    if place is None:
        return []
    numbers = sorted(item for item in place.ids if item.isdigit())
    items = sorted(item for item in place.ids if _QID.fullmatch(item))
    simple: dict[str, list[dict[str, object]]] = {
        "country": [{"str": place.country}] if place.country else [],
        "wikidata": [{"str": item} for item in items],
        "geonames": [{"str": number} for number in numbers],
        "latitude": [{"float": place.point[0]}] if place.point else [],
        "longitude": [{"float": place.point[1]}] if place.point else [],
        "names": [{"str": name} for name in place.names[1:]],
        "page": [{"str": f"{register.base}{language}/place/{place.slug}.html"}],
    }
    if pid in simple:
        return simple[pid]
    if pid not in ("partners", "partner-count", "start", "start-day", "status"):
        return []
    partnerships = register.partnerships(place.slug)
    if pid == "partner-count":
        return [{"int": len({item.partner for item in partnerships})}]
    if pid == "partners":
        slugs = dict.fromkeys(item.partner for item in partnerships)
        others = [(slug, register.place(slug)) for slug in slugs]
        return [{"id": slug, "name": other.label if other else slug} for slug, other in others]
    if pid == "start-day":
        days = [item.start for item in partnerships if re.fullmatch(r"\d{4}-\d\d-\d\d", item.start)]
        return [{"date": f"{day}T00:00:00Z"} for day in days]
    texts = [item.start if pid == "start" else item.status for item in partnerships]
    return [{"str": text} for text in texts if text]


def propose(language: str, type_id: str = "") -> dict[str, object]:
    """Return the properties that can be fetched; each has a name, or OpenRefine's dialog breaks."""
    answer: dict[str, object] = {"properties": [
        {"id": pid, "name": PROPERTIES[pid].get(language, PROPERTIES[pid]["en"])}
        for pid in _FETCHABLE
    ]}  # fmt: skip
    return {**answer, "type": type_id} if type_id else answer


# --- suggest --------------------------------------------------------------------------------------


def suggest_entity(register: Register, prefix: str, language: str) -> dict[str, object]:
    """Return places whose names begin with the typed text, or are similar to it."""
    prefix = prefix[:MAX_NAME]
    if not fold(prefix) and not prefix.strip():
        return {"result": []}
    matches = register.gazetteer.beginning(fold(prefix), 10)
    places = matches or [item.place for item in find(register.gazetteer, Query(prefix), 10)]
    return {"result": [
        {"id": place.slug, "name": place.label, "description": describe(place),
         "notable": type_records(place, language)} for place in places
    ]}  # fmt: skip


def suggest_from(
    known: Mapping[str, Mapping[str, str]], prefix: str, language: str
) -> dict[str, object]:
    """Return the types or properties whose name or identifier begins with the typed text."""
    typed = fold(prefix[:MAX_NAME])
    suggestions = []
    for key, names in known.items():
        name = names.get(language, names["en"])
        if any(text.startswith(typed) for text in (key, *fold(name).split(), fold(name))):
            suggestions.append({"id": key, "name": name})
    return {"result": suggestions}


# --- manifests ------------------------------------------------------------------------------------


def manifest(root: str, base: str, name: str, schema: str) -> dict[str, object]:
    """Return the manifest of 0.2; `root` is the address of the site, all URLs are absolute."""
    service = f"{root}reconcile"
    return {
        "versions": ["0.2"],
        "name": name,
        "identifierSpace": f"{base}id/place/",
        "schemaSpace": schema,
        "documentation": f"{root}en/reconcile",
        "defaultTypes": [{"id": PLACE, "name": TYPES[PLACE]["en"]}],
        "view": {"url": f"{root}id/place/{{{{id}}}}"},
        "preview": {"url": f"{service}/preview?id={{{{id}}}}", "width": 400, "height": 160},
        "suggest": {
            kind: {
                "service_url": service, "service_path": f"/suggest/{kind}",
                "flyout_service_url": service, "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
            } for kind in ("entity", "property", "type")
        },
        "extend": {
            "propose_properties": {"service_url": service, "service_path": "/properties"},
            "property_settings": [],
        },
        "batchSize": MAX_BATCH,
    }  # fmt: skip


def manifest_draft(root: str, base: str, name: str, schema: str) -> dict[str, object]:
    """Return the manifest of 1.0-draft."""
    return {
        "versions": ["1.0-draft"],
        "name": name,
        "identifierSpace": f"{base}id/place/",
        "schemaSpace": schema,
        "documentation": f"{root}en/reconcile",
        "defaultTypes": [{"id": PLACE, "name": TYPES[PLACE]["en"]}],
        "view": {"url": f"{root}id/place/{{id}}"},
        "preview": {"width": 400, "height": 160},
        "suggest": {"entity": True, "property": True, "type": True},
        "extend": {"proposeProperties": True, "propertySettings": []},
        "batchSize": MAX_BATCH,
    }
