"""The columns of the published tables as Markdown."""

from __future__ import annotations

from parts.graph import short
from parts.tables import table
from twingraph.export.tables.columns import Column
from twingraph.export.tables.schema import TABLES

_FORMS = {
    "boolean": "true or false",
    "date": "day",
    "decimal": "decimal",
    "edtf": "EDTF date",
    "integer": "integer",
    "iri": "IRI",
    "text": "text",
    "words": "text",
}


def columns() -> str:
    """Return a heading and a table of columns for each published table."""
    parts = []
    for item in TABLES:
        body = [(f"`{each.name}`", each.says, _holds(each), _of(each)) for each in item.columns]
        heads = ("column", "says", "holds", "property")
        parts.append(
            f"### `{item.name}.csv`\n\n{item.says}\n"
            f"Key: {', '.join(f'`{name}`' for name in item.key)}.\n\n{table(heads, body)}\n"
        )
    return "\n".join(parts)


def _holds(column: Column) -> str:
    holds = _FORMS[column.form]
    if column.many:
        holds = f"list of {holds}s"
    if column.refers:
        holds += f" in `{column.refers}.csv`"
    return holds if column.required or column.many else f"{holds}, or empty"


def _of(column: Column) -> str:
    if column.verb is None:
        return "none"
    name = f"`{short(column.verb.value)}`"
    return name if column.speaks else f"{name}, not in this table's RDF"
