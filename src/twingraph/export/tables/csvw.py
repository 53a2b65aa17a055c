"""The tables -> CSV on the Web metadata: how each column reads, and which RDF it makes.

W3C Metadata Vocabulary for Tabular Data §5. A tool that is given `x.csv` looks for
`x.csv-metadata.json` (Model for Tabular Data §5.3): the table alone, without foreign keys, which
need the other tables; `csv-metadata.json` describes them all together.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from twingraph.export.tables.columns import Column, Form, TableSchema
from twingraph.rdf.vocabulary import EDTF, RDF
from twingraph.settings import Settings

Json = dict[str, Any]  # free-form by definition

GROUP: Final = "csv-metadata.json"
SUFFIX: Final = "-metadata.json"
IRI_PATTERN: Final = r"[A-Za-z][A-Za-z0-9+.\-]*:\S+"

# `string` where a cell must come back as it is: other types lose their white space
# (Model for Tabular Data §6.4)
_DATATYPES: Final[dict[Form, object]] = {
    "boolean": "boolean",
    "date": "date",
    "decimal": "decimal",
    "edtf": {"@id": EDTF.value, "base": "string"},
    "integer": "integer",
    "iri": {"base": "string", "format": IRI_PATTERN},
    "text": "string",
    "words": "string",
}
_DIALECT: Final = {
    "delimiter": ",",
    "doubleQuote": True,
    "encoding": "utf-8",
    "header": True,
    "quoteChar": '"',
    "skipBlankRows": False,
    "trim": False,
}


def group_metadata(tables: Sequence[TableSchema], settings: Settings, base: str) -> bytes:
    """Return the description of all tables, with what refers to what."""
    document = {
        "@context": _context(),
        **_about(settings, dict(settings.title)),
        "dialect": _DIALECT,
        "tables": [_table(table, base, foreign=True) for table in tables],
    }
    return _write(document)


def table_metadata(table: TableSchema, settings: Settings, base: str) -> bytes:
    """Return the description of one table by itself."""
    titles = {"en": table.en, "de": table.de}
    document = {
        "@context": _context(),
        **_about(settings, titles),
        "dialect": _DIALECT,
        **_table(table, base, foreign=False),
    }
    return _write(document)


def _write(document: Json) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _context() -> list[object]:
    return ["http://www.w3.org/ns/csvw", {"@language": "en"}]


def _texts(texts: dict[str, str]) -> list[Json]:
    return [{"@value": text, "@language": key} for key, text in sorted(texts.items()) if text]


def _about(settings: Settings, titles: dict[str, str]) -> Json:
    about: Json = {
        "dc:title": _texts(titles),
        "dc:license": {"@id": settings.licence},
        "dc:source": {"@id": settings.base_iri},
    }
    if settings.publisher:
        about["dc:publisher"] = {"@value": settings.publisher, "@type": "xsd:string"}
    if settings.release:
        about["dc:issued"] = {"@value": settings.release[:10], "@type": "xsd:date"}
    return about


def _table(table: TableSchema, base: str, *, foreign: bool) -> Json:
    schema: Json = {
        "aboutUrl": f"{{+{table.about}}}",
        "primaryKey": list(table.key),
        "columns": [
            *(_column(column, table, base) for column in table.columns),
            *_types(table, base),
        ],
    }
    keys = [
        {"columnReference": [column.name],
         "reference": {"resource": f"{column.refers}.csv", "columnReference": ["iri"]}}
        # an empty cell is no reference, but validators that go by the letter want one in every row
        for column in table.columns if column.refers and column.required
    ]  # fmt: skip
    if foreign and keys:
        schema["foreignKeys"] = keys
    return {
        "url": f"{table.name}.csv",
        "dc:description": {"@value": table.says, "@language": "en"},
        "tableSchema": schema,
    }


def _column(column: Column, table: TableSchema, base: str) -> Json:
    made: Json = {
        "name": column.name,
        # the first is the header of the file, by which CSV and description are matched
        "titles": {"und": column.name, "en": column.en, "de": column.de},
        "dc:description": {"@value": column.says, "@language": "en"},
        "datatype": _DATATYPES[column.form],
    }
    if column.required:
        made["required"] = True
    if column.many:
        made["separator"] = " "
    if not column.speaks or column.verb is None:
        return {**made, "suppressOutput": True}
    if column.language:
        made["lang"] = column.language
    by_row = table.properties.get(column.name)
    made["propertyUrl"] = f"{{+{by_row}}}" if by_row else column.verb.value
    if column.form == "iri":
        made["valueUrl"] = f"{{+{column.name}}}"
    return made


def _types(table: TableSchema, base: str) -> list[Json]:
    if table.type_ is None:
        return []
    return [{
        "name": "type", "virtual": True, "propertyUrl": RDF.type.value,
        "valueUrl": table.type_.value,
    }]  # fmt: skip
