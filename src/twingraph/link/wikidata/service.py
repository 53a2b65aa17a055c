"""The complete P190 statements of some items from the query service, as a snapshot.

Items are named in slices; each slice is counted a second time by the service itself, so that an
answer that lacks rows is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from twingraph.link.wikidata.client import PREFIXES, QueryClient, cell
from twingraph.link.wikidata.statements import (
    STATEMENT,
    WIKIDATA,
    Snapshot,
    WikidataItem,
    WikidataStatement,
    WikidataTime,
)
from twingraph.problems import TwingraphError

SLICE: Final = 100  # items a request
_SOMEVALUE: Final = "http://www.wikidata.org/.well-known/genid/"
_RANK: Final = "http://wikiba.se/ontology#"

_STATEMENTS: Final = (
    PREFIXES
    + """\
SELECT ?item ?statement ?target ?rank ?version ?property ?value ?precision ?calendar ?reference
WHERE {
  VALUES ?item { ITEMS }
  ?item p:P190 ?statement ; schema:version ?version .
  ?statement ps:P190 ?target ; wikibase:rank ?rank .
  OPTIONAL {
    { VALUES (?property ?node) { (pq:P580 pqv:P580) (pq:P582 pqv:P582) }
      ?statement ?node [ wikibase:timeValue ?value ; wikibase:timePrecision ?precision ;
                         wikibase:timeCalendarModel ?calendar ] }
    UNION
    { VALUES ?property { pq:P580 pq:P582 pq:P3831 }
      ?statement ?property ?value FILTER(isIRI(?value) || isBlank(?value)) }
    UNION
    { ?statement prov:wasDerivedFrom/?reference ?value
      FILTER(STRSTARTS(STR(?reference), STR(pr:))) }
  }
}
"""
)
_COUNT: Final = (
    PREFIXES
    + """\
SELECT (COUNT(DISTINCT ?statement) AS ?count)
WHERE { VALUES ?item { ITEMS } ?item p:P190 ?statement . ?statement ps:P190 ?target }
"""
)

Row = dict[str, str]


def fetch_snapshot(client: QueryClient, items: Sequence[str]) -> Snapshot:
    """Return all statements of these items in the service; else raise `TwingraphError`."""
    statements: dict[str, WikidataStatement] = {}
    for part in _slices(sorted(set(items), key=lambda item: int(item[1:]))):
        values = " ".join(f"wd:{item}" for item in part)
        fetched = statements_of(_rows(client, _STATEMENTS.replace("ITEMS", values)))
        [row] = _rows(client, _COUNT.replace("ITEMS", values))
        if int(row["count"]) != len(fetched):
            raise TwingraphError(
                f"{client.url} counts {row['count']} statements and sends {len(fetched)}; it was "
                "changing or cut its answer: try again"
            )
        statements.update((item.iri, item) for item in fetched)
    ordered = tuple(statements[iri] for iri in sorted(statements))
    return Snapshot(client.url, ordered, dict[str, WikidataItem]())


def _rows(client: QueryClient, query: str) -> list[Row]:
    return [{name: cell(row, name) for name in row} for row in client.select_again(query)]


def _slices(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]


def statements_of(rows: Sequence[Row]) -> list[WikidataStatement]:
    """Return the statements in the rows, each once, however often its row occurs."""
    by_statement: dict[str, list[Row]] = {}
    for row in rows:
        by_statement.setdefault(row["statement"], []).append(row)
    return [
        _statement(iri, rows_of_statement)
        for iri, rows_of_statement in sorted(by_statement.items())
    ]


def _statement(iri: str, rows: Sequence[Row]) -> WikidataStatement:
    first = rows[0]
    properties = sorted({row["property"].rpartition("/")[2] for row in rows if "property" in row})
    references = {row["reference"].rpartition("/")[2]: row["value"] for row in rows
                  if "reference" in row}  # fmt: skip
    return WikidataStatement(
        first["item"].removeprefix(WIKIDATA),
        first["target"].removeprefix(WIKIDATA),
        STATEMENT + iri.removeprefix(STATEMENT),
        first["rank"].removeprefix(_RANK).removesuffix("Rank").lower(),
        _times(rows, "P580"),
        _times(rows, "P582"),
        {name: _values(rows, name) for name in properties},
        ({name: (value,) for name, value in sorted(references.items())},) if references else (),
        first.get("version", ""),
    )


def _values(rows: Sequence[Row], name: str) -> tuple[str, ...]:
    values = {row["value"] for row in rows if row.get("property", "").endswith(f"/{name}")}
    return tuple(sorted(value.removeprefix(WIKIDATA) for value in values))


def _times(rows: Sequence[Row], name: str) -> tuple[WikidataTime, ...]:
    times = set()
    for row in rows:
        if not row.get("property", "").endswith(f"/{name}"):
            continue
        if "precision" in row:
            calendar = row.get("calendar", "").removeprefix(WIKIDATA)
            value = row["value"] if row["value"][:1] in "+-" else "+" + row["value"]
            times.add(WikidataTime(value, int(row["precision"]), calendar))
        elif row["value"].startswith(_SOMEVALUE) or not row["value"].startswith("http"):
            times.add(WikidataTime(""))
    return tuple(sorted(times))
