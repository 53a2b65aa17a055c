"""The questions of the library as an API description: OpenAPI 3.1, one operation each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from twingraph.site.reader import BuildReader
from twingraph.site.results import formats_of
from twingraph.sparql.library import LibraryQuery
from twingraph.sparql.parameters import LARGEST_INTEGER, MAX_LENGTH, TEXT_PATTERN, Parameter, Type
from twingraph.version import __version__

Json = dict[str, Any]  # a tree of JSON, as json.dumps takes it

_IRI: Final = "the slug of a thing here, its name, a prefixed name, or a whole IRI"
_TEXT: Final[Json] = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_LENGTH,
    "pattern": TEXT_PATTERN,
}
_SCHEMAS: Final[Mapping[Type, Json]] = {
    "iri": _TEXT,
    "date": {"type": "string", "format": "date"},
    "integer": {"type": "integer", "minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER},
    "string": _TEXT,
    "langtag": {"type": "string", "pattern": "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$"},
    "name": _TEXT,
}
_ANSWERS: Final[Mapping[str, Json]] = {
    "csv": {"type": "string"},
    "tsv": {"type": "string"},
    "ttl": {"type": "string"},
    "json": {"$ref": "#/components/schemas/Results"},
    "jsonld": {"type": "object"},
}
# SPARQL 1.1 Query Results JSON Format §2 and §3
_RESULTS: Final[Json] = {
    "type": "object",
    "required": ["head"],
    "properties": {
        "head": {
            "type": "object",
            "properties": {"vars": {"type": "array", "items": {"type": "string"}}},
        },
        "boolean": {"type": "boolean"},
        "results": {
            "type": "object",
            "required": ["bindings"],
            "properties": {
                "bindings": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "additionalProperties": {"$ref": "#/components/schemas/Term"},
                    },
                }
            },
        },
    },
}
_TERM: Final[Json] = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"enum": ["uri", "literal"]},
        "value": {"type": "string"},
        "datatype": {"type": "string"},
        "xml:lang": {"type": "string"},
    },
}
_PROBLEM: Final[Json] = {
    "type": "object",
    "required": ["status", "title", "detail"],
    "properties": {
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string", "description": "What is wrong, and what to write instead"},
    },
}


def openapi(site: BuildReader) -> bytes:
    """Return the description as JSON; relative to itself where no address is set."""
    title = site.title.get("en", "twingraph")
    described: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "summary": "Questions about partnerships between cities",
            "description": "Each operation asks one question of the query library. Numbers, dates "
            "and hedges stand as their sources give them; “not stated” is an answer.",
            "version": site.release or __version__,
            "license": {"name": "Licence of the data", "url": site.licence},
        },
        "servers": [{"url": site.address.rstrip("/") if site.address != site.base else "."}],
        "externalDocs": {"url": "en/query/index.html", "description": "All questions, as pages"},
        "tags": [{"name": audience} for audience in sorted(_audiences(site))],
        "paths": {
            f"/query/{item.name}.{{format}}": {"get": _operation(item)}
            for item in site.library.values()
        },
        "components": {
            "schemas": {"Problem": _PROBLEM, "Results": _RESULTS, "Term": _TERM},
            "responses": {
                "Refused": _refused("A parameter is missing, unknown or of the wrong type"),
                "Missing": _refused(
                    "No question of that name, no answer in that format, or nothing of that name"
                ),
            },
        },
    }
    return (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode()


def _audiences(site: BuildReader) -> set[str]:
    return {audience for item in site.library.values() for audience in item.audience}


def _operation(query: LibraryQuery) -> Json:
    formats = formats_of(query)
    content = {media_type: {"schema": _ANSWERS[key]} for key, media_type in formats.items()}
    return {
        "operationId": query.name,
        "summary": query.title["en"],
        "description": query.question["en"],
        "tags": list(query.audience),
        "externalDocs": {"url": f"en/query/{query.name}.html"},
        "parameters": [
            {
                "name": "format",
                "in": "path",
                "required": True,
                "description": "The suffix that names the format of the answer",
                "schema": {"type": "string", "enum": list(formats)},
                "example": next(iter(formats)),
            },
            *(_parameter(parameter) for parameter in query.parameters),
        ],
        "responses": {
            "200": {"description": "The answer", "content": content},
            "400": {"$ref": "#/components/responses/Refused"},
            "404": {"$ref": "#/components/responses/Missing"},
        },
    }


def _parameter(parameter: Parameter) -> Json:
    words = parameter.description["en"]
    is_number = parameter.type == "integer"
    return {
        "name": parameter.name,
        "in": "query",
        "required": True,
        "description": f"{words}: {_IRI}" if parameter.type == "iri" else words,
        "schema": _SCHEMAS[parameter.type],
        "example": int(parameter.example) if is_number else parameter.example,
    }


def _refused(description: str) -> Json:
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    content = {"application/problem+json": schema, "text/plain": {"schema": {"type": "string"}}}
    return {"description": description, "content": content}
