"""The table of a place's partners: one row a partnership."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.vocabulary import CODES, TG
from twingraph.site.datewords import date_text
from twingraph.site.facts import PageFacts
from twingraph.site.reader import BuildReader, Row, Term
from twingraph.site.values import Value, ValueFormatter, sort_key


class PartnerRow(NamedTuple):
    """One partnership, seen from one of its partners."""

    partner: Value
    partnership: Value
    kinds: list[Value]
    country: Value | None
    since: Value
    status: Value
    distance: str
    implied: bool
    lasting: bool  # no kind that it has is for passing cooperation only
    iri: str  # of the partner


def iris_in(rows: Iterable[Row]) -> set[str]:
    """Return every IRI in some rows."""
    return {item.value for row in rows for item in row.values() if isinstance(item, NamedNode)}


def partner_rows(
    site: BuildReader,
    iri: str,
    language: str,
    current_path: str,
    decided: Mapping[str, str] | None = None,
) -> list[PartnerRow]:
    """Return the partners of `iri` by name, each with the kinds of its partnership.

    `decided` is the day on which a council decided to enter a partnership, by partnership.
    """
    rows = site.rows("partners", this=NamedNode(iri))
    return partners_from_rows(site, rows, language, current_path, decided)


def partners_from_rows(
    site: BuildReader,
    rows: list[Row],
    language: str,
    current_path: str,
    decided: Mapping[str, str] | None = None,
) -> list[PartnerRow]:
    """Return partners by name, of rows of `partners.rq` and its like."""
    facts = PageFacts(site, language)
    facts.mention(iris_in(rows))
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
    passing: dict[tuple[str, str], set[str]] = defaultdict(set)
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = _iri(row["partnership"]), _iri(row["partner"])
        kinds[key].add(_iri(row["type"]))
        passing[key].add(_iri(row["passing"]))
        first.setdefault(key, row)
    partners = [
        _row(formatter, row, sorted(kinds[key] - {""}), (decided or {}).get(key[0], ""))._replace(
            lasting=not kinds[key] <= passing[key] - {""}
        )
        for key, row in first.items()
    ]
    return sorted(partners, key=lambda row: (sort_key(row.partner.text), row.partnership.href))


def _row(formatter: ValueFormatter, row: Row, kinds: list[str], decided: str) -> PartnerRow:
    start, km, country = row["start"], row["km"], row["country"]
    basis = row["startBasis"]
    note = (
        "" if basis is not None and basis.value == "stated" else formatter.words.gettext("implied")
    )
    return PartnerRow(
        partner=formatter.link(_iri(row["partner"])),
        partnership=formatter.link(_iri(row["partnership"])),
        kinds=[formatter.link(kind) for kind in kinds],
        country=formatter.link(country.value) if country is not None else None,
        since=since_value(formatter, start, note if start is not None else "", decided),
        status=status_value(formatter, row["status"]),
        distance=formatter.value(km, TG.distanceKm.value).text if km is not None else "",
        implied=_iri(row["modality"]) == CODES + "modality/inferred",
        lasting=True,
        iri=_iri(row["partner"]),
    )


def since_value(
    formatter: ValueFormatter, start: Term | None, note: str = "", decided: str = ""
) -> Value:
    """Return a start in words; "not stated" comes with the day of the decision to enter."""
    if start is None:
        note = ""
        if decided:
            day = date_text(decided, formatter.language).text
            note = formatter.words.gettext("decided on {date}", date=day)
        return Value(formatter.words.gettext("not stated in our sources"), absent=True, note=note)
    return formatter.value(start, note=note)


def status_value(formatter: ValueFormatter, status: Term | None) -> Value:
    """Return a status by its name; without one it is unknown."""
    if status is None:
        return Value(formatter.words.gettext("unknown"), absent=True)
    return formatter.link(status.value)


def _iri(term: Term | None) -> str:
    return term.value if isinstance(term, NamedNode) else ""
