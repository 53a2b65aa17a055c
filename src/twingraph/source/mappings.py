"""Decisions about links as curators write them: SSSOM tables, `data/links/<target>.sssom.tsv`.

One row a decision (SSSOM/TSV, https://w3id.org/sssom/): confirmed, rejected (`Not`), or nothing
found (`sssom:NoTermFound`). A confirmed row is a statement of `…/graph/links`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final

from twingraph.rdf.iris import foreign_base
from twingraph.rdf.vocabulary import prefixes_for

SUFFIX: Final = ".sssom.tsv"
SSSOM: Final = "https://w3id.org/sssom/"
NO_TERM: Final = SSSOM + "NoTermFound"
# the order of SSSOM's own list of slots
COLUMNS: Final = (
    "subject_id", "predicate_id", "predicate_modifier", "object_id", "mapping_justification",
    "author_label", "mapping_date", "confidence", "comment",
)  # fmt: skip
_IRIS: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_NEEDED: Final = (*_IRIS, "author_label", "mapping_date")
# SSSOM's own names, and those of Wikidata's statements, which refusals speak of
_OURS: Final = {
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "semapv": "https://w3id.org/semapv/vocab/",
    "sssom": SSSOM,
    "wds": "http://www.wikidata.org/entity/statement/",
    "wdt": "http://www.wikidata.org/prop/direct/",
}
_PREFIX: Final = re.compile(r"#\s+([A-Za-z][\w.\-]*):\s+(\S+)\s*")
_SLOT: Final = re.compile(r"#\s?([a-z_]+):\s*(\S.*)?")
_NO_IRI: Final = re.compile(r'[\x00-\x20<>"{}|^`\\]|^(?![a-z]+:)')
_CONFIDENCE: Final = re.compile(r"0(\.\d+)?|1(\.0+)?")


@dataclass(frozen=True, order=True)
class Decision:
    """One row: what was decided about a pair, by whom, when, how; IRIs in full."""

    subject: str
    predicate: str
    modifier: str
    object: str
    justification: str
    author: str = ""
    day: str = ""
    confidence: str = ""
    comment: str = ""
    line: int = field(default=0, compare=False)

    @property
    def found(self) -> bool:
        """Does it speak of a thing at all (and not of the search for one)?"""
        return self.object != NO_TERM

    @property
    def confirmed(self) -> bool:
        """Does it say that the link holds?"""
        return self.found and not self.modifier


@dataclass(frozen=True)
class MappingTable:
    """A table's rows and header; `wrong` holds (line, what is wrong) for what was no row."""

    decisions: tuple[Decision, ...] = ()
    curies: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    wrong: tuple[tuple[int, str], ...] = ()


@cache
def prefixes_of_links(base: str) -> Mapping[str, str]:
    """Return the one prefix list under `base`, with SSSOM's own names and Wikidata's."""
    return dict(sorted({**prefixes_for(base), "graph": base + "graph/", **_OURS}.items()))


def read_table(text: str, base: str) -> MappingTable:
    r"""Read the text of a table of the project under `base`.

    >>> text = '#curie_map:\n#  e: http://e/\nsubject_id\tobject_id\n'
    >>> read_table(text, "http://e/").wrong[0][0]
    3
    """
    lines = text.splitlines()
    head = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    curies, slots, wrong = _read_head(lines[:head])
    cells = list(_cells(lines[head:], head + 1))
    if not cells or tuple(cells[0][1]) != COLUMNS:
        wrong.append((head + 1, f"the columns are not {', '.join(COLUMNS)}"))
        return MappingTable((), curies, slots, tuple(wrong))
    decisions = []
    for line, row in cells[1:]:
        found = _read_row(row, line, curies, base)
        if isinstance(found, str):
            wrong.append((line, found))
        else:
            decisions.append(found)
    return MappingTable(tuple(decisions), curies, slots, tuple(wrong))


def _read_head(
    lines: Sequence[str],
) -> tuple[dict[str, str], dict[str, str], list[tuple[int, str]]]:
    curies: dict[str, str] = {}
    slots: dict[str, str] = {}
    wrong = []
    in_map = False
    for line, text in enumerate(lines, 1):
        prefix, slot = _PREFIX.fullmatch(text), _SLOT.fullmatch(text.rstrip())
        if in_map and prefix:
            curies[prefix[1]] = prefix[2]
        elif slot and (slot[2] or slot[1] == "curie_map"):
            in_map = slot[1] == "curie_map"
            slots.update({} if in_map else {slot[1]: slot[2]})
        else:
            wrong.append((line, "a line of the header that is no 'name: value'"))
    return curies, slots, wrong


def _cells(lines: Iterable[str], first: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line; a cell never spans two, so a line is a row."""
    for number, line in enumerate(lines, first):
        yield number, next(csv.reader([line], delimiter="\t"), [])


def _read_row(
    row: Sequence[str], line: int, curies: Mapping[str, str], base: str
) -> Decision | str:
    if len(row) != len(COLUMNS):
        return f"{len(row)} cells in place of {len(COLUMNS)}"
    cell = dict(zip(COLUMNS, row, strict=True))
    empty = [name for name in _NEEDED if not cell[name].strip()]
    if empty:
        return f"no {empty[0]}"
    for name in _IRIS:
        prefix, colon, local = cell[name].partition(":")
        if not (colon and local and prefix in curies):
            return f"{name} '{cell[name]}' has no prefix of the curie_map"
        written = cell[name]
        cell[name] = curies[prefix] + local
        if _NO_IRI.search(cell[name]):
            return f"{name} '{written}' is no IRI"
        known = name == "object_id" or foreign_base(cell[name], base)  # F16 tells the latter
        if not known and not _named(cell[name], prefixes_of_links(base)):
            return f"{name} '{written}' is under none of the prefixes that data files use"
    if cell["predicate_modifier"] not in ("", "Not"):
        return f"predicate_modifier '{cell['predicate_modifier']}' is neither empty nor 'Not'"
    if cell["confidence"] and not _CONFIDENCE.fullmatch(cell["confidence"]):
        return f"confidence '{cell['confidence']}' is no number from 0 to 1"
    try:
        date.fromisoformat(cell["mapping_date"])
    except ValueError:
        return f"mapping_date '{cell['mapping_date']}' is no day such as 2026-11-21"
    return Decision(
        cell["subject_id"], cell["predicate_id"], cell["predicate_modifier"], cell["object_id"],
        cell["mapping_justification"], cell["author_label"], cell["mapping_date"],
        cell["confidence"], cell["comment"], line,
    )  # fmt: skip


def write_table(
    rows: Iterable[Mapping[str, str]],
    columns: Sequence[str],
    slots: Mapping[str, str],
    prefixes: Mapping[str, str],
) -> str:
    """Return rows (cells by column, IRIs in full) as one table: sorted, each row one line.

    `slots` are the header's lines as they stand behind the name; an IRI among the cells must
    stand under one of the `prefixes`, of which only the used ones are declared.
    """
    used: set[str] = {name for name in prefixes if any(
        value.startswith(name + ":") and "//" not in value for value in slots.values()
    )}  # fmt: skip
    lines = []
    for row in rows:
        cells = [
            curie(row[name], prefixes, used) if name in _IRIS else " ".join(row[name].split())
            for name in columns
        ]
        lines.append(_line(cells))
    head = "#curie_map:\n"
    head += "".join(f"#  {name}: {prefixes[name]}\n" for name in sorted(used))
    head += "".join(f"#{name}: {value}\n" for name, value in slots.items())
    return head + _line(columns) + "".join(sorted(lines))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerow(cells)
    return out.getvalue()


def curie(iri: str, prefixes: Mapping[str, str], used: set[str]) -> str:
    """Return an IRI as CURIE under the longest prefix that holds it, which is noted in `used`.

    >>> curie("https://sws.geonames.org/2946447/", prefixes_for("http://e/"), set())
    'gn:2946447/'
    """
    name = max(_named(iri, prefixes), key=lambda one: (len(prefixes[one]), one), default=None)
    if name is None:
        return iri
    used.add(name)
    return f"{name}:{iri[len(prefixes[name]) :]}"


def _named(iri: str, prefixes: Mapping[str, str]) -> list[str]:
    return [name for name, start in prefixes.items()
            if iri.startswith(start) and len(iri) > len(start)]  # fmt: skip


def cells_of(decision: Decision) -> dict[str, str]:
    """Return a decision as cells by column, its IRIs in full."""
    values = (
        decision.subject, decision.predicate, decision.modifier, decision.object,
        decision.justification, decision.author, decision.day, decision.confidence,
        decision.comment,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def format_table(table: MappingTable, base: str) -> str:
    """Return a table in its one form: the prefixes it uses, its header, its rows sorted."""
    rows = [cells_of(one) for one in table.decisions]
    prefixes = {**table.curies, **prefixes_of_links(base)}
    return write_table(rows, COLUMNS, dict(sorted(table.slots.items())), prefixes)
