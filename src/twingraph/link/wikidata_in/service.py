"""All P190 statements from the query service: one query at a time, slice by slice.

A slice is a country (or none), and for a large country a numbered part of it. The number of rows is
compared with the count that the service gave before; a slice that is cut, late or short is
requested again in halves. Finished slices are kept in a folder, so that an interrupted run
continues. https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual, wikitech Robot policy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from twingraph.atomic import write_synced
from twingraph.link.wikidata.client import (
    PREFIXES,
    Binding,
    IncompleteAnswerError,
    QueryClient,
    cell,
)
from twingraph.link.wikidata_in.results import rows_of_results
from twingraph.link.wikidata_in.rows import StatementRow
from twingraph.problems import TwingraphError

MAX_SLICE: Final = 2000  # statements in one query
_PAUSE: Final = 1.0  # seconds between two queries
_MOST_PARTS: Final = 256

_COUNTRIES: Final = (
    PREFIXES
    + """SELECT ?country (COUNT(DISTINCT ?statement) AS ?number) WHERE {
  ?item p:P190 ?statement .
  OPTIONAL { ?item wdt:P17 ?country }
} GROUP BY ?country"""
)
_SLICE: Final = (
    PREFIXES
    + """SELECT ?item ?itemLabel ?statement ?target ?targetLabel ?rank ?start
  ?startPrec ?startCal ?end ?endAny ?endPrec ?endCal ?version ?modified WHERE {
  ?item p:P190 ?statement .
  %s
  ?statement wikibase:rank ?rank .
  OPTIONAL {
    ?statement ps:P190 ?target .
    OPTIONAL { ?target rdfs:label ?targetEn . FILTER (LANG(?targetEn) = "en") }
    OPTIONAL { ?target rdfs:label ?targetMul . FILTER (LANG(?targetMul) = "mul") }
    OPTIONAL { ?target rdfs:label ?targetDe . FILTER (LANG(?targetDe) = "de") }
    BIND (COALESCE(?targetEn, ?targetMul, ?targetDe) AS ?targetLabel)
  }
  OPTIONAL { ?item rdfs:label ?itemEn . FILTER (LANG(?itemEn) = "en") }
  OPTIONAL { ?item rdfs:label ?itemMul . FILTER (LANG(?itemMul) = "mul") }
  OPTIONAL { ?item rdfs:label ?itemDe . FILTER (LANG(?itemDe) = "de") }
  BIND (COALESCE(?itemEn, ?itemMul, ?itemDe) AS ?itemLabel)
  OPTIONAL {
    ?statement pqv:P580 ?startNode .
    ?startNode wikibase:timeValue ?start ; wikibase:timePrecision ?startPrec ;
      wikibase:timeCalendarModel ?startCal .
  }
  OPTIONAL {
    ?statement pqv:P582 ?endNode .
    ?endNode wikibase:timeValue ?end ; wikibase:timePrecision ?endPrec ;
      wikibase:timeCalendarModel ?endCal .
  }
  OPTIONAL { ?statement pq:P582 ?endAny }
  OPTIONAL { ?item schema:version ?version ; schema:dateModified ?modified }
}"""
)  # a query


@dataclass(frozen=True)
class Slice:
    """A country (its item; empty: no country), and part `part` of `parts` by the item's number."""

    country: str
    number: int
    part: int = 0
    parts: int = 1

    @property
    def name(self) -> str:
        """What the slice is called in progress, and its file."""
        return f"{self.country or 'none'}-{self.part}-of-{self.parts}"

    @property
    def where(self) -> str:
        """What the slice adds to the query."""
        country = (
            f"?item wdt:P17 wd:{self.country} ." if self.country
            else "FILTER NOT EXISTS { ?item wdt:P17 ?any }"
        )  # fmt: skip
        if self.parts == 1:
            return country
        number = "xsd:integer(STRAFTER(STR(?item), 'entity/Q'))"
        # no modulo in SPARQL 1.1
        rest = f"({number} - FLOOR({number} / {self.parts}) * {self.parts})"
        return f"{country} FILTER ({rest} = {self.part})"

    def halves(self) -> list[Slice]:
        """Return the two slices that the slice consists of."""
        return [Slice(self.country, -1, self.part + half * self.parts, self.parts * 2)
                for half in (0, 1)]  # fmt: skip


@dataclass
class Fetched:
    """What came of a run: rows, notes, queries sent, and statements that the service counted."""

    rows: list[StatementRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    queries: int = 0
    counted: int = 0


def fetch(client: QueryClient, folder: Path, progress: Callable[[str], None]) -> Fetched:
    """Fetch every statement; `folder` keeps the slices that are done."""
    folder.mkdir(parents=True, exist_ok=True)
    fetched = Fetched()
    slices = list(_slices(client, folder, fetched))
    fetched.counted = sum(max(each_slice.number, 0) for each_slice in slices)
    todo = list(reversed(slices))
    done = 0
    while todo:
        part = todo.pop()
        if part.number > MAX_SLICE and part.parts < _MOST_PARTS:
            parts = 2 ** ((part.number - 1) // MAX_SLICE).bit_length()
            todo += [Slice(part.country, -1, number, parts) for number in reversed(range(parts))]
            continue
        bindings = _slice(client, folder, part, fetched, todo)
        if bindings is not None:
            fetched.rows += rows_of_results(bindings, fetched.notes)
            done += 1
            progress(f"{part.name}: {len(fetched.rows)} rows of about {fetched.counted}")
    _compare(fetched)
    return fetched


def _slices(client: QueryClient, folder: Path, fetched: Fetched) -> Iterator[Slice]:
    """Yield a slice a country, as the service counts them now (or did when the run began)."""
    path = folder / "countries.json"
    kept = _kept(path)
    if kept is None:
        fetched.queries += 1
        kept = client.select_again(_COUNTRIES)
        _keep(path, kept)
    for row in sorted(kept, key=lambda row: cell(row, "country")):
        country = cell(row, "country").rpartition("/")[2]
        if not country or re.fullmatch(r"Q[1-9][0-9]{0,11}", country):
            yield Slice(country, int(cell(row, "number")))


def _slice(
    client: QueryClient, folder: Path, part: Slice, fetched: Fetched, todo: list[Slice]
) -> list[Binding] | None:
    """Return the rows of a slice; None where its halves were put on the list instead."""
    path = folder / f"{part.name}.json"
    kept = _kept(path)
    if kept is not None:
        return kept
    client.sleep(_PAUSE)
    fetched.queries += 1
    try:
        bindings = client.select(_SLICE % part.where)
    except IncompleteAnswerError as error:
        if part.parts >= _MOST_PARTS:
            raise TwingraphError(f"{client.url}: {part.name} can't be had ({error})") from None
        todo += reversed(part.halves())
        return None
    got = len({cell(row, "statement") for row in bindings})
    if part.number >= 0 and got < part.number:
        fetched.notes.append(
            f"{part.name}: {got} statements in place of {part.number}; asked again"
        )
        if part.parts < _MOST_PARTS:
            todo += reversed(part.halves())
            return None
    _keep(path, bindings)
    return bindings


def _compare(fetched: Fetched) -> None:
    """Note where fewer statements came than the service counted in all."""
    got = len({row.statement for row in fetched.rows})
    # an item of two countries is counted in both, so that there may be fewer, never none
    if got < fetched.counted * 0.98:
        fetched.notes.append(
            f"{got} statements came, {fetched.counted} were counted country by country"
        )


def _kept(path: Path) -> list[Binding] | None:
    try:
        bindings: list[Binding] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return bindings


def _keep(path: Path, rows: list[Binding]) -> None:
    draft = path.with_suffix(".draft")
    write_synced(draft, json.dumps(rows).encode())
    draft.replace(path)
