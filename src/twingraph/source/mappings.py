"""Decisions about links as curators write them: SSSOM tables, `data/links/<target>.sssom.tsv`.

One row a decision (SSSOM/TSV, https://w3id.org/sssom/): confirmed, rejected (`Not`), or nothing
found (`sssom:NoTermFound`). A confirmed row is a statement of `…/graph/links`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Final
from unicodedata import normalize

from twingraph.rdf.iris import foreign_base
from twingraph.rdf.ntriples import is_iri
from twingraph.rdf.vocabulary import XSD, prefixes_for
from twingraph.source.sssom_header import BUILT_IN, SSSOM, read_header
from twingraph.source.terms import control_character, is_well_typed

SUFFIX: Final = ".sssom.tsv"
NO_TERM: Final = SSSOM + "NoTermFound"
# the order of SSSOM's own list of slots
COLUMNS: Final = (
    "subject_id", "predicate_id", "predicate_modifier", "object_id", "mapping_justification",
    "author_label", "mapping_date", "confidence", "comment",
)  # fmt: skip
_IRIS: Final = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_DAYS: Final = ("mapping_date", "publication_date", "review_date")
# all columns that SSSOM 1.0 knows, in the order of its own list
_SLOTS: Final = (
    "record_id", "subject_id", "subject_label", "subject_category", "predicate_id",
    "predicate_label", "predicate_modifier", "object_id", "object_label", "object_category",
    "mapping_justification", "author_id", "author_label", "reviewer_id", "reviewer_label",
    "creator_id", "creator_label", "license", "subject_type", "subject_source",
    "subject_source_version", "object_type", "object_source", "object_source_version",
    "predicate_type", "mapping_provider", "mapping_source", "mapping_cardinality", "mapping_tool",
    "mapping_tool_id", "mapping_tool_version", "mapping_date", "publication_date", "review_date",
    "confidence", "reviewer_agreement", "curation_rule", "curation_rule_text",
    "subject_match_field", "object_match_field", "match_string", "subject_preprocessing",
    "object_preprocessing", "similarity_score", "similarity_measure", "see_also",
    "issue_tracker_item", "other", "comment",
)  # fmt: skip
# SSSOM's own names, and those of Wikidata's statements, which refusals refer to
_OURS: Final = {
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "semapv": BUILT_IN["semapv"],
    "sssom": SSSOM,
    "wds": "http://www.wikidata.org/entity/statement/",
    "wdt": "http://www.wikidata.org/prop/direct/",
}
_NO_IRI: Final = re.compile(r'[\x00-\x20\x7f-\x9f\s<>"{}|^`\\]|^(?![a-z]+:)')


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
    others: tuple[tuple[str, str], ...] = ()  # further columns of SSSOM: name, text

    @property
    def found(self) -> bool:
        """Is it about a pair (and not a search that found nothing)?"""
        return self.object != NO_TERM

    @property
    def confirmed(self) -> bool:
        """Does it confirm the link?"""
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

    Columns may be in any order; the other columns of SSSOM are kept unchanged.

    >>> text = '#curie_map:\n#  e: http://e/\nsubject_id\tobject_id\n'
    >>> read_table(text, "http://e/").wrong[0]
    (3, 'no column predicate_id')
    """
    lines = re.split(r"\r\n|\n|\r", text)
    head = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    header = read_header(lines[:head])
    wrong = list(header.wrong)
    curies = {**BUILT_IN, **header.curies}
    columns: list[str] = []
    decisions = []
    for line, row in _cells(lines[head:], head + 1):
        if isinstance(row, str):
            wrong.append((line, row))
        elif not columns:
            columns = [cell.strip() for cell in row]
            wrong += [(line, words) for words in _wrong_columns(columns)]
            if _wrong_columns(columns):
                break
        else:
            decision = _read_row(row, columns, line, curies, base)
            if isinstance(decision, str):
                wrong.append((line, decision))
            else:
                decisions.append(decision)
    if not columns and not wrong:
        wrong.append((head + 1, f"no row of columns, {', '.join(COLUMNS)}"))
    return MappingTable(tuple(decisions), header.curies, header.slots, tuple(wrong))


def _wrong_columns(columns: Sequence[str]) -> list[str]:
    twice = sorted({name for name in columns if columns.count(name) > 1 or not name})
    missing = [name for name in _IRIS if name not in columns]
    return [f"column '{name}' more than once, or without a name" for name in twice] or [
        f"no column {name}" for name in missing[:1]
    ]


def _cells(lines: Iterable[str], first: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the cells of each non-empty line, or its error; a cell never spans two lines."""
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        try:
            yield number, next(csv.reader([line], delimiter="\t", strict=True), [])
        except csv.Error as error:
            yield number, f"no row of cells ({error})"


def _read_row(
    row: Sequence[str], columns: Sequence[str], line: int, curies: Mapping[str, str], base: str
) -> Decision | str:
    if len(row) != len(columns):
        return f"{len(row)} cells in place of {len(columns)}"
    given = dict(zip(columns, row, strict=True))
    cell = {**dict.fromkeys(COLUMNS, ""), **given}
    empty = [name for name in _IRIS if not cell[name].strip()]
    if empty:
        return f"no {empty[0]}"
    for name, text in given.items():
        if odd := control_character(text):
            return f"{name} holds U+{ord(odd):04X}, a character that cannot be seen"
    for name in _IRIS:
        prefix, colon, local = cell[name].partition(":")
        if not (colon and local and prefix in curies):
            return f"{name} '{cell[name]}' has no prefix of the curie_map"
        written = cell[name]
        cell[name] = curies[prefix] + local
        if _NO_IRI.search(cell[name]) or not is_iri(cell[name]):
            return f"{name} '{written}' is no IRI"
        known = name == "object_id" or foreign_base(cell[name], base)  # F16 reports the latter
        if not known and not _named(cell[name], prefixes_of_links(base)):
            return f"{name} '{written}' is under none of the prefixes that data files use"
    if cell["predicate_modifier"] not in ("", "Not"):
        return f"predicate_modifier '{cell['predicate_modifier']}' is neither empty nor 'Not'"
    if cell["confidence"] and not _is_share(cell["confidence"]):
        return f"confidence '{cell['confidence']}' is no number from 0 to 1"
    for name in _DAYS:
        if cell.get(name) and not is_well_typed(cell[name], XSD.date.value):
            return f"{name} '{cell[name]}' is no day such as 2026-11-21"
    others = tuple(sorted((name, text) for name, text in given.items()
                          if name not in COLUMNS and text.strip()))  # fmt: skip
    return Decision(
        cell["subject_id"], cell["predicate_id"], cell["predicate_modifier"], cell["object_id"],
        cell["mapping_justification"], cell["author_label"], cell["mapping_date"],
        cell["confidence"], cell["comment"], line, others,
    )  # fmt: skip


def _is_share(text: str) -> bool:
    return is_well_typed(text, XSD.double.value) and 0 <= float(text) <= 1


def write_table(
    rows: Iterable[Mapping[str, str]],
    columns: Sequence[str],
    slots: Mapping[str, str],
    prefixes: Mapping[str, str],
) -> str:
    """Return rows (cells by column, IRIs in full) as one table: sorted, each row one line.

    `slots` are the header's slots: name -> text as written; each IRI in the cells must be under one
    of the `prefixes`, of which only the used ones are declared.
    """
    used: set[str] = {name for name in prefixes if any(
        value.startswith(name + ":") and "//" not in value for value in slots.values()
    )}  # fmt: skip
    lines = []
    curies = _Curies(prefixes)
    for row in rows:
        cells = [
            curies.of(text) if name in _IRIS else " ".join(text.split()) if text else ""
            for name in columns
            for text in (row[name],)
        ]
        for name, text in row.items():
            if ":" in text and name not in _IRIS and name in columns:
                before = text.partition(":")[0]
                if before in prefixes:
                    used.add(before)  # a CURIE in a column that is kept unchanged
        lines.append(_line(cells))
    used |= curies.used
    head = "#curie_map:\n"
    head += "".join(f"#  {name}: {prefixes[name]}\n" for name in sorted(used))
    head += "".join(f"#{name}: {value}\n" for name, value in slots.items())
    return head + _line(columns) + "".join(sorted(lines))


class _Returned:
    """A file that keeps nothing: `writerow` returns what its `write` does."""

    def write(self, text: str) -> str:
        return text


_WRITER: Final = csv.writer(_Returned(), delimiter="\t", lineterminator="\n")


def _line(cells: Iterable[str]) -> str:
    line: str = _WRITER.writerow(cells)
    return line


class _Curies:
    """IRIs as CURIEs, each under the longest prefix that it starts with; `used` are their names.

    >>> curies = _Curies(prefixes_for("http://e/"))
    >>> curies.of("https://sws.geonames.org/2946447/"), curies.used
    ('gn:2946447/', {'gn'})
    """

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        """Take the start of IRIs by the name of their prefix."""
        ordered = sorted(((len(start), name, start) for name, start in prefixes.items()))
        self._starts = [(start, name) for _, name, start in reversed(ordered)]
        self._by_head: dict[str, Sequence[tuple[str, str]]] = {}
        self._known: dict[str, str] = {}
        self.used: set[str] = set()

    def of(self, iri: str) -> str:
        """Return an IRI as CURIE, as it is where it has none of the prefixes."""
        curie = self._known.get(iri)
        if curie is None:
            curie = self._known[iri] = self._of(iri)
        return curie

    def _of(self, iri: str) -> str:
        head = iri[: max(iri.rfind("/", 0, -1), iri.rfind("#", 0, -1)) + 1]
        starts = self._by_head.get(head)
        if starts is None:  # all that an IRI with this head can start with
            starts = self._by_head[head] = [
                item for item in self._starts
                if head.startswith(item[0]) or item[0].startswith(head)
            ]  # fmt: skip
        for start, name in starts:
            if iri.startswith(start) and len(iri) > len(start):
                self.used.add(name)
                return f"{name}:{iri[len(start) :]}"
        return iri


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
    return {**dict(zip(COLUMNS, values, strict=True)), **dict(decision.others)}


def format_table(table: MappingTable, base: str) -> str:
    """Return a table in its canonical form: the prefixes it uses, its header, its rows sorted.

    Columns are in the order of SSSOM, those that it does not define after them; texts are in
    Normalization Form C.
    """
    own = prefixes_of_links(base)
    renamed = {name: _free(name, {*own, *table.curies})
               for name, iri in table.curies.items() if own.get(name, iri) != iri}  # fmt: skip
    of_table = {renamed.get(name, name): iri for name, iri in table.curies.items()}
    rows = [
        {name: text if name in _IRIS else _renamed(normalize("NFC", text), renamed)
         for name, text in cells_of(decision).items()}
        for decision in table.decisions
    ]  # fmt: skip
    others = {name for decision in table.decisions for name, _ in decision.others}
    columns = sorted({*COLUMNS, *others}, key=_column_order)
    full = [{**dict.fromkeys(columns, ""), **row} for row in rows]
    slots = {name: _renamed(text, renamed) for name, text in sorted(table.slots.items())}
    return write_table(full, columns, slots, {**of_table, **own})


def _free(name: str, taken: set[str]) -> str:
    """Return `name`, with a number at its end if the name is taken."""
    return next(new for number in count(2) if (new := f"{name}{number}") not in taken)


def _renamed(text: str, renamed: Mapping[str, str]) -> str:
    """Return a CURIE with the new name of its prefix; any other text unchanged."""
    name, colon, local = text.partition(":")
    return f"{renamed[name]}:{local}" if colon and name in renamed else text


def _column_order(name: str) -> tuple[int, str]:
    return (_SLOTS.index(name) if name in _SLOTS else len(_SLOTS)), name
