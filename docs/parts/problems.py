"""Every problem code with its severity, its reason, what is wrong and what to write instead."""

from __future__ import annotations

import re
from typing import Final

from parts.graph import PREFIX, Row, rows, shapes
from parts.tables import table
from twingraph.problems import CODES, SEVERITIES
from twingraph.rdf.vocabulary import HOME

_CHECKED: Final = {
    "form.ttl": "files as written, and dumps",
    "curated.ttl": "files as written",
    "published.ttl": "the published graph",
    "derivation.ttl": "dumps",
}


def problem_list() -> str:
    """Return every problem code: an overview, then each with its words."""
    found: dict[str, list[Row]] = {}
    for row in rows(_SHAPES, shapes()):
        found.setdefault(_shape_code(row["shape"]), []).append(row)
    codes = sorted({*CODES, *found})
    overview = [
        (f"[{code}](#{code.lower()})", _name(code, found.get(code, [])),
         " or ".join(_severities(code, found.get(code, []))))
        for code in codes
    ]  # fmt: skip
    parts = [table(("code", "about", "severity"), overview)]
    parts += [_one_problem(code, found.get(code, [])) for code in codes]
    return "\n\n".join(parts)


_SHAPES: Final = (
    PREFIX
    + """SELECT ?graph ?shape ?name ?why ?severity ?message {
  GRAPH ?graph {
    ?shape sh:severity ?severity
    OPTIONAL { ?shape sh:name ?name FILTER (LANG(?name) = "en") }
    OPTIONAL { ?shape sh:description ?why FILTER (LANG(?why) = "en") }
    OPTIONAL { ?shape sh:message|sh:sparql/sh:message ?message FILTER (LANG(?message) = "en") }
  }
} ORDER BY ?shape ?message"""
)


def _shape_code(iri: str) -> str:
    return iri.rpartition("#")[2].partition("-")[0]


def _severity(row: Row) -> str:
    return row["severity"].rpartition("#")[2].lower()


def _severities(code: str, found: list[Row]) -> list[str]:
    own = [CODES[code].severity] if code in CODES else []
    every = {*own, *(_severity(row) for row in found if row["message"])}
    return [severity for severity in SEVERITIES if severity in every]


_NAMES: Final = {
    "F01": "Encoding", "F02": "Empty file", "F03": "Syntax", "F04": "Byte order mark",
    "F05": "Line ends", "F06": "Long line", "F07": "Comment", "F08": "Blank node",
    "F09": "Foreign IRI", "F10": "Large file", "F11": "The one form", "F12": "Unreadable file",
    "F16": "Another base IRI", "F17": "Ill-typed value", "F18": "Empty text",
    "F19": "Control character", "F20": "Normal form", "F21": "Namespace slip",
    "F22": "Unsafe address", "F23": "No data", "F24": "Wrong datatype",
    "F25": "Long number",
    "D04": "Bounds of a dump", "E05": "Quote and text", "E07": "Text missing",
    "N01": "Not stated, and stated",
}  # fmt: skip


def _name(code: str, found: list[Row]) -> str:
    name = next((row["name"] for row in found if row["name"]), "") or _NAMES.get(code, "")
    return name or _spelled(CODES[code].text).partition("; ")[0]


def _spelled(message: str) -> str:
    """Put what is filled in later into backquotes."""
    return re.sub(r"\{[?$]?(\w+)\}", r"`{\1}`", message)


def _one_problem(code: str, found: list[Row]) -> str:
    lines = [f"### {code}", "", f"**{_name(code, found)}.**"]
    for row in found:
        if row["why"]:
            lines.append(row["why"])
    where = [_CHECKED[name] for name in _CHECKED if HOME + name in {row["graph"] for row in found}]
    lines.append(f"Checked in {' and in '.join(where)}." if where else "Checked by the program.")
    messages = {(_severity(row), row["message"]) for row in found if row["message"]}
    if code in CODES:
        messages.add((CODES[code].severity, CODES[code].text))
    body = []
    for severity, message in sorted(messages):
        what, _, remedy = _spelled(message).partition("; ")
        body.append((severity, what, remedy))
    return "\n".join(lines) + "\n\n" + table(("severity", "what is wrong", "what to write"), body)
