"""The tables -> a Frictionless Data Package: types, keys, sizes and checksums in one descriptor.

Data Package 2.0, with its Data Resource and Table Schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from twingraph.export.tables.columns import Column, Form, TableSchema
from twingraph.export.tables.csvw import IRI_PATTERN
from twingraph.settings import Settings

Json = dict[str, Any]  # free-form by definition

DESCRIPTOR: Final = "datapackage.json"
_PROFILES: Final = "https://datapackage.org/profiles/2.0/"
_TYPES: Final[dict[Form, str]] = {
    "boolean": "boolean",
    "date": "date",
    "decimal": "number",
    "integer": "integer",
}


@dataclass(frozen=True)
class Resource:
    """A table as its file: size in bytes, SHA-256 in hexadecimal."""

    table: TableSchema
    size: int
    sha256: str


def package(resources: Sequence[Resource], settings: Settings) -> bytes:
    """Return the descriptor of all tables."""
    title = settings.title.get("en") or next(iter(settings.title.values()), "")
    made: Json = {
        "$schema": _PROFILES + "datapackage.json",
        "name": re.sub(r"[^a-z0-9._-]+", "-", title.lower()).strip("-") or "tables",
        "title": title,
        "homepage": settings.public_address,
        "licenses": [{"path": settings.licence}],
        "resources": [_resource(resource) for resource in resources],
    }
    if settings.publisher:
        made["contributors"] = [{"title": settings.publisher, "roles": ["publisher"]}]
    if settings.release:
        made["version"] = settings.release
    return (json.dumps(made, ensure_ascii=False, indent=1) + "\n").encode()


def _resource(resource: Resource) -> Json:
    return {
        "name": resource.table.name,
        "type": "table",
        "path": f"{resource.table.name}.csv",
        "title": resource.table.en,
        "description": resource.table.says,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True},
        "bytes": resource.size,
        "hash": f"sha256:{resource.sha256}",
        "schema": _schema(resource.table),
    }


def _schema(table: TableSchema) -> Json:
    made: Json = {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    keys = [
        {"fields": [column.name], "reference": {"resource": column.refers, "fields": ["iri"]}}
        for column in table.columns if column.refers
    ]  # fmt: skip
    if keys:
        made["foreignKeys"] = keys
    return made


def _field(column: Column) -> Json:
    # Table Schema 2.0 has a type `list`, but its own JSON profile does not know it
    several = " Several are parted by spaces." if column.many else ""
    made: Json = {
        "name": column.name,
        "title": column.en,
        "description": column.says + several,
        "type": "string" if column.many else _TYPES.get(column.form, "string"),
    }
    constraints: Json = {"required": True} if column.required else {}
    if column.form == "iri" and not column.many:
        constraints["pattern"] = IRI_PATTERN
    if constraints:
        made["constraints"] = constraints
    return made
