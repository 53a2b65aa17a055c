"""The table of a place's partners: grouped by the kind of partnership."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.vocabulary import CODES, TG
from twingraph.site.facts import PageFacts
from twingraph.site.reader import BuildReader, Row, Term
from twingraph.site.values import Value, ValueFormatter, sort_key


class PartnerRow(NamedTuple):
    """One partnership, seen from one of its partners."""

    partner: Value
    partnership: Value
    country: Value | None
    since: Value
    status: Value
    distance: str
    implied: bool


class PartnerGroup(NamedTuple):
    """All partnerships of one kind."""

    kind: Value
    rows: list[PartnerRow]


def iris_in(rows: Iterable[Row]) -> set[str]:
    """Return every IRI that stands in some rows."""
    return {one.value for row in rows for one in row.values() if isinstance(one, NamedNode)}


def partner_groups(site: BuildReader, iri: str, language: str, at: str) -> list[PartnerGroup]:
    """Return the partners of `iri`, one group a kind, by name."""
    rows = site.rows("partners", this=NamedNode(iri))
    facts = PageFacts(site, language)
    facts.mention(iris_in(rows))
    facts.complete()
    formatter = ValueFormatter(facts, at)
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = _iri(row["partnership"]), _iri(row["partner"])
        kinds[key].add(_iri(row["type"]))
        first.setdefault(key, row)
    groups: dict[tuple[str, ...], list[PartnerRow]] = defaultdict(list)
    for key, row in first.items():
        groups[tuple(sorted(kinds[key] - {""}))].append(_row(formatter, row))
    found = [
        PartnerGroup(
            _kind(formatter, kind), sorted(each, key=lambda one: sort_key(one.partner.text))
        )
        for kind, each in groups.items()
    ]
    return sorted(found, key=lambda group: (-len(group.rows), group.kind.text))


def _kind(formatter: ValueFormatter, kinds: tuple[str, ...]) -> Value:
    if len(kinds) == 1:
        return formatter.link(kinds[0])
    names = [formatter.facts.name(one).text for one in kinds]
    return Value(
        " / ".join(names) or formatter.words.gettext("not stated in our sources"), absent=not names
    )


def _row(formatter: ValueFormatter, row: Row) -> PartnerRow:
    start, km, country = row["start"], row["km"], row["country"]
    basis = row["startBasis"]
    note = (
        "" if basis is not None and basis.value == "stated" else formatter.words.gettext("implied")
    )
    return PartnerRow(
        partner=formatter.link(_iri(row["partner"])),
        partnership=formatter.link(_iri(row["partnership"])),
        country=formatter.link(country.value) if country is not None else None,
        since=since_value(formatter, start, note),
        status=status_value(formatter, row["status"]),
        distance=formatter.value(km, TG.distanceKm.value).text if km is not None else "",
        implied=_iri(row["modality"]) == CODES + "modality/inferred",
    )


def since_value(formatter: ValueFormatter, start: Term | None, note: str = "") -> Value:
    """Return a start in words; "not stated" is an answer."""
    if start is None:
        return Value(formatter.words.gettext("not stated in our sources"), absent=True)
    return formatter.value(start, note=note)


def status_value(formatter: ValueFormatter, status: Term | None) -> Value:
    """Return a status by its name; without one it is unknown."""
    if status is None:
        return Value(formatter.words.gettext("unknown"), absent=True)
    return formatter.link(status.value)


def _iri(term: Term | None) -> str:
    return term.value if isinstance(term, NamedNode) else ""
