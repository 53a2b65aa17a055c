"""Rows of a list -> the outcome of each: written, for review, or refused with the reason.

Pure: the same rows, mapping and decisions give the same outcomes. In = written + review + refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from twingraph.source.tables.cells import (
    DATE_MARKS,
    NAME_MARKS,
    Row,
    Sheet,
    without_flags,
    without_notes,
)
from twingraph.source.tables.dates import CellDate, date_fault, is_since, is_until, read_date
from twingraph.source.tables.matches import Matches, key_iri
from twingraph.source.tables.spec import Cell, Spec
from twingraph.source.terms import control_character, has_words

Result = Literal["written", "review", "refused"]
_ITEM: Final = re.compile(r"Q[1-9][0-9]{0,11}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,11}")
DEPRECATED: Final = "deprecated"


@dataclass(frozen=True)
class Side:
    """One partner as a row names it; `key` is the address of the name in the list."""

    key: str
    name: str
    country: str = ""
    region: str = ""
    wikidata: str = ""
    geonames: str = ""
    latitude: str = ""
    longitude: str = ""


@dataclass(frozen=True)
class Facts:
    """The values of a row other than its partners; an empty string where it gives none."""

    kind: str = ""
    start: str = ""
    end: str = ""
    ended: bool = False
    status: str = ""
    field: str = ""
    rank: str = ""
    hedges: tuple[tuple[str, str, str], ...] = ()  # start or end, words that limit it, language


@dataclass(frozen=True)
class Fault:
    """A cell that can't be used: its column, and what is wrong."""

    column: str
    words: str


@dataclass(frozen=True)
class Outcome:
    """The outcome of a row; `places` are the slugs of its partners, as far as they are known."""

    row: Row
    result: Result
    sides: tuple[Side, Side]
    facts: Facts = Facts()
    places: tuple[str, str] = ("", "")
    reason: str = ""
    faults: tuple[Fault, ...] = ()
    page: str = ""
    statement: str = ""
    revision: str = ""


def value(cell: Cell | None, row: Row) -> str:
    """Return the value of a mapped cell in a row."""
    if cell is None:
        return ""
    return (row.cells.get(cell.column, "") if cell.column else "") or cell.value


def named_place(written: Sequence[str]) -> tuple[str, str, str]:
    """Return name, country and region as written, without flags and marks of footnotes.

    A flag tells the country where the country's cell has no words.

    >>> named_place(("🇧🇾 Minsk[1]", "", "")), named_place(("Minsk", "🇧🇾 Belarus", ""))
    (('Minsk', 'BY', ''), ('Minsk', 'Belarus', ''))
    """
    (name, flag), (country, code), (region, _) = (
        without_flags(without_notes(text, NAME_MARKS)) for text in written
    )
    return name, country or code or flag, region


def side_of(spec: Spec, number: int, row: Row, matches: Matches) -> Side:
    """Return partner `number` (0 or 1) as the row names it.

    Its key is that of the name without flags and marks of footnotes, or with them if only that was
    decided. A flag tells the country where no column does.
    """
    texts = {key: value(cell, row) for key, cell in spec.sides[number].items()}
    written = [texts.get(key, "") for key in ("name", "country", "region")]
    name, country, region = named_place(written)
    key = key_iri(spec.base, spec.slug, name, country, region)
    if written != [name, country, region] and key not in matches.decided:
        marked = key_iri(spec.base, spec.slug, *written)
        key = marked if marked in matches.decided else key
    return Side(
        key, name, country, region,
        texts.get("wikidata", "").rpartition("/")[2],
        texts.get("geonames", "").strip("/").rpartition("/")[2],
        texts.get("latitude", ""), texts.get("longitude", ""),
    )  # fmt: skip


def outcomes(
    spec: Spec, sheet: Sheet, matches: Matches, known: Mapping[str, str]
) -> Sequence[Outcome]:
    """Judge every row; `known` is identifier (`wd:Q586`, `gn:2946447`) -> slug of the place."""
    return [_outcome(spec, row, matches, known) for row in sheet.rows]


def _outcome(spec: Spec, row: Row, matches: Matches, known: Mapping[str, str]) -> Outcome:
    sides = side_of(spec, 0, row, matches), side_of(spec, 1, row, matches)
    facts, faults = _facts(spec, row)
    result, reason, places = _judgement(sides, facts, faults, matches, known)
    return Outcome(
        row, result, sides, facts, places, reason, tuple(faults),
        value(spec.cite.get("page"), row), value(spec.cite.get("statement"), row),
        value(spec.cite.get("revision"), row),
    )  # fmt: skip


def _judgement(
    sides: tuple[Side, Side], facts: Facts, faults: Sequence[Fault], matches: Matches,
    known: Mapping[str, str],
) -> tuple[Result, str, tuple[str, str]]:  # fmt: skip
    """Return the result of a row, the reason if it is not written, and its places."""
    nowhere = ("", "")
    for side in sides:
        if not (side.name or side.wikidata or side.geonames):
            return "refused", "a partner without a name", nowhere
        if side.key in matches.none and not side.wikidata:
            return "refused", f"'{side.name}': {matches.none[side.key]}", nowhere
    if faults:
        return "refused", f"column '{faults[0].column}': {faults[0].words}", nowhere
    if facts.rank == DEPRECATED:
        return "refused", "the list itself calls it wrong (rank deprecated)", nowhere
    first, second = sides
    if first.key == second.key and first.wikidata == second.wikidata:
        return "refused", "a partnership of a place with itself", nowhere
    places = (_place(first, matches, known), _place(second, matches, known))
    if not all(places):
        missing = [side.name or side.wikidata for side, slug in zip(sides, places, strict=True)
                   if not slug]  # fmt: skip
        return "review", f"no decision which place is meant: {' and '.join(missing)}", places
    if places[0] == places[1]:
        return "refused", f"both names are one place ({places[0]})", nowhere
    return "written", "", places


def _place(side: Side, matches: Matches, known: Mapping[str, str]) -> str:
    """Return the slug of a partner: by its identifier, else by the decision about its name."""
    for prefix, identifier in (("wd", side.wikidata), ("gn", side.geonames)):
        if identifier and f"{prefix}:{identifier}" in known:
            return known[f"{prefix}:{identifier}"]
    return matches.places.get(side.key, "")


def _facts(spec: Spec, row: Row) -> tuple[Facts, list[Fault]]:
    faults: list[Fault] = []
    coded = {}
    for name, rule in spec.coded.items():
        text = value(rule.cell, row)
        coded[name] = rule.codes.get(text) or rule.codes.get(without_notes(text), "")
        if text and not coded[name]:
            faults.append(Fault(rule.cell.column, f"'{text}' is no code of [{name}.codes]"))
        coded[name] = coded[name] or rule.otherwise
    dates, hedges, ended = {}, [], False
    for name, dated in spec.dated.items():
        text = value(dated.cell, row)
        dates[name] = ""
        if name == "end" and text == "somevalue":
            ended = True
        elif text and not {text, without_notes(text, DATE_MARKS)} & {
            *dated.unknown, "somevalue", "novalue"
        }:  # fmt: skip
            date = CellDate(text) if dated.precision else read_date(text)
            fault = date_fault(text)
            if date is None or fault:
                faults.append(Fault(dated.cell.column, _date_words(name, text, fault)))
                continue
            if not dated.precision and (words := _other_end(name, text)):
                faults.append(Fault(dated.cell.column, words))
                continue
            dates[name] = date.edtf
            if date.hedge:
                own = spec.texts["language"].partition("-")[0]
                hedges.append((name, date.hedge, date.language or own or "mul"))
    for side in spec.sides:
        for key, pattern, example in (
            ("wikidata", _ITEM, "Q586"),
            ("geonames", _NUMBER, "2946447"),
        ):
            text = value(side.get(key), row).strip("/").rpartition("/")[2]
            if text and not pattern.fullmatch(text):
                column = side[key].column
                faults.append(Fault(column, f"'{text[:40]}' is no identifier; write {example}"))
        for key in ("name", "country", "region"):
            text = value(side.get(key), row)
            if odd := control_character(text):
                words = f"the character U+{ord(odd):04X}, which nobody writes on purpose"
                faults.append(Fault(side[key].column, f"{words}; take it out"))
            elif text and not has_words(text):
                faults.append(Fault(side[key].column, "nothing that is seen; write the name"))
    rank = value(spec.cite.get("rank"), row)
    return Facts(
        coded.get("kind", ""), dates.get("start", ""), dates.get("end", ""),
        ended or bool(dates.get("end")), coded.get("status", ""), coded.get("field", ""), rank,
        tuple(hedges),
    ), faults  # fmt: skip


def _date_words(name: str, text: str, fault: str) -> str:
    """Return what is wrong with a cell that is no date, and what to write.

    >>> _date_words("start", "ruhend", "")
    "'ruhend' is no date; if it means that the date is not known, add it to unknown of [start]"
    """
    if not fault and not any(letter.isdigit() for letter in text):
        fault = f"if it means that the date is not known, add it to unknown of [{name}]"
        return f"'{text}' is no date; {fault}"
    if ";" in fault:  # it says already what to write
        return f"'{text}' is no date: {fault}"
    why = f": {fault}" if fault else ""
    return (f"'{text}' is no date{why}; write 1988, 1988-05, 1988-05-17, 17.5.1988, Mai 1988, "
            "um 1988, vor 1988 or 1988?")  # fmt: skip


def _other_end(name: str, text: str) -> str:
    """Return what is wrong with a start that says when something ended, or the reverse.

    >>> _other_end("start", "bis 2014"), _other_end("end", "bis 2014")
    ("'bis 2014' says when something ended; write the start, such as 1990", '')
    """
    if name == "end" and is_since(text):
        return f"'{text}' says when something began; write the end, such as 1990"
    if name == "start" and is_until(text):
        return f"'{text}' says when something ended; write the start, such as 1990"
    return ""
