"""The query service of Wikidata -> a snapshot of what it says of some items, politely and whole.

One request at a time, in slices; each slice is counted a second time by the service itself, so that
a cut answer is noticed. A client must say who it is (https://meta.wikimedia.org/wiki/User-Agent
policy), wait as long as it is told to (429, `Retry-After`), and give up in the end.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from twingraph.link.wikidata.statements import (
    STATEMENT,
    WIKIDATA,
    Snapshot,
    WikidataItem,
    WikidataStatement,
    WikidataTime,
)
from twingraph.problems import TwingraphError
from twingraph.settings import Settings
from twingraph.version import __version__

QUERY_SERVICE: Final = "https://query.wikidata.org/sparql"
SLICE: Final = 100  # items a request
_TRIES: Final = 4
_SECONDS: Final = 65  # the service ends a query after 60
_LONGEST_WAIT: Final = 300
_LARGEST: Final = 64 * 1024 * 1024
_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_SOMEVALUE: Final = "http://www.wikidata.org/.well-known/genid/"
_RANK: Final = "http://wikiba.se/ontology#"

_STATEMENTS: Final = """\
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX pqv: <http://www.wikidata.org/prop/qualifier/value/>
PREFIX pr: <http://www.wikidata.org/prop/reference/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX schema: <http://schema.org/>
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wikibase: <http://wikiba.se/ontology#>
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
_COUNT: Final = """\
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX wd: <http://www.wikidata.org/entity/>
SELECT (COUNT(DISTINCT ?statement) AS ?count)
WHERE { VALUES ?item { ITEMS } ?item p:P190 ?statement . ?statement ps:P190 ?target }
"""

Row = dict[str, str]


@dataclass(frozen=True)
class QueryService:
    """Where to ask, as whom; `sleep` waits, and is an argument so that tests need not."""

    url: str
    agent: str
    sleep: Callable[[float], None] = time.sleep
    seconds: float = _SECONDS

    @classmethod
    def of(cls, url: str, settings: Settings) -> QueryService:
        """Return the service at `url`; raise `TwingraphError` where nobody is named to write to."""
        contact = settings.about.contact.email or settings.about.contact.url
        if not contact:
            raise TwingraphError(
                "the query service wants to know whom to write to, and blocks who does not say; "
                'write about.contact.email = "…" in twingraph.toml'
            )
        return cls(url, f"twingraph/{__version__} ({settings.base_iri}; {contact})")

    def rows(self, query: str) -> list[Row]:
        """Return the rows of a SELECT query; raise `TwingraphError` for want of a whole answer."""
        problem = ""
        for attempt in range(_TRIES):
            try:
                return _read(self._send(query))
            except urllib.error.HTTPError as error:
                with error:
                    problem = f"status {error.code}"
                    if error.code not in _AGAIN:
                        raise TwingraphError(self._refused(error.code)) from None
                    wait = retry_after(error.headers.get("Retry-After", ""), attempt)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = f"{type(error).__name__}: {error}"[:200]
                wait = retry_after("", attempt)
            if attempt + 1 < _TRIES:
                self.sleep(wait)
        raise TwingraphError(
            f"{self.url} gave no whole answer in {_TRIES} tries ({problem}); try later, or name a "
            "file with --snapshot"
        )

    def _send(self, query: str) -> bytes:
        request = urllib.request.Request(
            self.url,
            data=urllib.parse.urlencode({"query": query}).encode(),
            headers={"Accept": "application/sparql-results+json", "User-Agent": self.agent},
        )
        with urllib.request.urlopen(request, timeout=self.seconds) as answer:
            raw: bytes = answer.read(_LARGEST + 1)
            if len(raw) > _LARGEST:
                raise TwingraphError(f"{self.url} sends more than {_LARGEST} bytes; ask for less")
            return raw

    def _refused(self, status: int) -> str:
        if status == 403:
            return f"{self.url} blocks us (403); look at its robot policy, and at about.contact"
        return f"{self.url} refuses the query ({status}); tell us which version of it does"


def retry_after(header: str, attempt: int) -> float:
    """Return how many seconds to wait: as told (RFC 9110 §10.2.3), else longer each time.

    >>> retry_after("7", 0), retry_after("", 2), retry_after("999999", 0)
    (7.0, 20.0, 300.0)
    >>> retry_after("Sat, 21 Nov 2020 00:00:00 GMT", 0)
    0.0
    """
    if header.strip().isdigit():
        wait = float(header)
    else:
        try:
            wait = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            wait = 5.0 * 2**attempt
    return min(max(wait, 0.0), float(_LONGEST_WAIT))


def _read(raw: bytes) -> list[Row]:
    """Return the rows of an answer; `ValueError` for one that is cut off, or is no answer."""
    document: Any = json.loads(raw)
    try:
        bindings = document["results"]["bindings"]
        return [{name: str(term["value"]) for name, term in row.items()} for row in bindings]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no SPARQL results: {error!r}") from None


def fetch_snapshot(service: QueryService, items: Sequence[str]) -> Snapshot:
    """Return what the service says of these items, all of it or `TwingraphError`."""
    statements: dict[str, WikidataStatement] = {}
    for part in _slices(sorted(set(items), key=lambda item: int(item[1:]))):
        values = " ".join(f"wd:{item}" for item in part)
        found = statements_of(service.rows(_STATEMENTS.replace("ITEMS", values)))
        [row] = service.rows(_COUNT.replace("ITEMS", values))
        if int(row["count"]) != len(found):
            raise TwingraphError(
                f"{service.url} counts {row['count']} statements and sends {len(found)}; it was "
                "changing or cut its answer: try again"
            )
        statements.update((item.iri, item) for item in found)
    ordered = tuple(statements[iri] for iri in sorted(statements))
    return Snapshot(service.url, ordered, dict[str, WikidataItem]())


def _slices(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]


def statements_of(rows: Sequence[Row]) -> list[WikidataStatement]:
    """Return the statements that rows tell of, each once however often a row comes."""
    by_statement: dict[str, list[Row]] = {}
    for row in rows:
        by_statement.setdefault(row["statement"], []).append(row)
    return [_statement(iri, found) for iri, found in sorted(by_statement.items())]


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
    found = {row["value"] for row in rows if row.get("property", "").endswith(f"/{name}")}
    return tuple(sorted(value.removeprefix(WIKIDATA) for value in found))


def _times(rows: Sequence[Row], name: str) -> tuple[WikidataTime, ...]:
    found = set()
    for row in rows:
        if not row.get("property", "").endswith(f"/{name}"):
            continue
        if "precision" in row:
            calendar = row.get("calendar", "").removeprefix(WIKIDATA)
            value = row["value"] if row["value"][:1] in "+-" else "+" + row["value"]
            found.add(WikidataTime(value, int(row["precision"]), calendar))
        elif row["value"].startswith(_SOMEVALUE) or not row["value"].startswith("http"):
            found.add(WikidataTime(""))
    return tuple(sorted(found))
