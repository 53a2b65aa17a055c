"""The query service asked for all P190 statements: one query at a time, slice by slice.

A slice is a country (or none), and a part of it by number where it is large. Each answer is counted
and compared with what the service said there is; a slice that is cut, late or short is asked in
halves. Finished slices are kept in a folder, so that a run that was stopped goes on where it was.
https://www.mediawiki.org/wiki/Wikidata_Query_Service/User_Manual, wikitech Robot policy.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twingraph.atomic import write_synced
from twingraph.link.wikidata_in.results import rows_of_results
from twingraph.link.wikidata_in.rows import StatementRow
from twingraph.problems import TwingraphError
from twingraph.version import __version__

SERVICE: Final = "https://query.wikidata.org/sparql"
MAX_SLICE: Final = 2000  # statements that are asked for at once
MAX_ANSWER: Final = 64 * 1024 * 1024
_TRIES: Final = 6
_MOST_PARTS: Final = 256
_LONGEST_WAIT: Final = 600.0  # seconds that a service may make us wait
_TIMEOUT: Final = 75.0  # the service itself ends a query after 60
_AGAIN: Final = frozenset({429, 502, 503})
_SMALLER: Final = frozenset({500, 504})
_CONTACT: Final = re.compile(r"[^@\s()<>]+@[^@\s()<>]+\.[a-z]+|https?://[^\s()<>]+", re.IGNORECASE)

_PREFIXES: Final = """PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX pqv: <http://www.wikidata.org/prop/qualifier/value/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX schema: <http://schema.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
_COUNTRIES: Final = (
    _PREFIXES
    + """SELECT ?country (COUNT(DISTINCT ?statement) AS ?number) WHERE {
  ?item p:P190 ?statement .
  OPTIONAL { ?item wdt:P17 ?country }
} GROUP BY ?country"""
)
_SLICE: Final = (
    _PREFIXES
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
    """What came of a run: rows, notes, and counts told and received by slice."""

    rows: list[StatementRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    asked: int = 0
    told: int = 0


class SmallerError(Exception):
    """The answer was cut or late: ask for less."""


@dataclass(frozen=True)
class Client:
    """One who asks politely: with a name and a contact, one query at a time, patient.

    `sleep` and `now` are arguments, so that tests need not wait.
    """

    url: str
    contact: str
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    pause: float = 1.0

    def __post_init__(self) -> None:
        """Refuse to start without a contact: the service blocks those who have none."""
        if not _CONTACT.search(self.contact):
            raise TwingraphError(
                "the query service wants to know whom to ask: name an e-mail address or a page "
                "with --contact, or as about.contact.email in twingraph.toml"
            )
        if not re.match(r"https?://", self.url):
            raise TwingraphError(f"{self.url} is no address; write {SERVICE}")

    @property
    def agent(self) -> str:
        """The User-Agent, as the robot policy wants it."""
        return f"twingraph/{__version__} ({self.contact}) python-urllib"

    def ask(self, query: str) -> list[Mapping[str, Any]]:
        """Return the bindings of a query; raises `SmallerError`, or `TwingraphError` for good."""
        for number in range(_TRIES):
            status, headers, body = self._post(query)
            if status == 200:
                return _bindings(body)
            if status in _SMALLER:
                raise SmallerError(f"status {status}")
            if status not in _AGAIN:
                raise TwingraphError(
                    f"{self.url} answers {status}: {_words(body)}; see its robot policy, and what "
                    "--contact says"
                )
            self.sleep(self._wait(headers, number))
        raise TwingraphError(f"{self.url} is overloaded; run the same command later, it goes on")

    def _wait(self, headers: Mapping[str, str], number: int) -> float:
        """Return how long to wait: what `Retry-After` says (RFC 9110 §10.2.3), else ever longer."""
        text = headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            seconds = float(text)
        else:
            parsed = email.utils.parsedate_to_datetime(text) if "," in text else None
            seconds = parsed.timestamp() - self.now() if parsed else 5.0 * 2**number
        if seconds > _LONGEST_WAIT:
            raise TwingraphError(f"{self.url} asks to come back in {seconds:.0f} seconds; run the "
                                 "same command then, it goes on")  # fmt: skip
        return max(1.0, seconds)

    def _post(self, query: str) -> tuple[int, Mapping[str, str], bytes]:
        data = urllib.parse.urlencode({"query": query}).encode()
        headers = {
            "User-Agent": self.agent, "Accept": "application/sparql-results+json",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        request = urllib.request.Request(self.url, data, headers, method="POST")
        try:
            with _OPENER.open(request, timeout=_TIMEOUT) as answer:
                body = answer.read(MAX_ANSWER + 1)
                if len(body) > MAX_ANSWER:
                    raise SmallerError("an answer that is too long")
                return answer.status, _lower(answer.headers), body
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _lower(error.headers), error.read(2000)
        except (TimeoutError, http.client.IncompleteRead) as error:
            raise SmallerError(type(error).__name__) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise SmallerError("no answer in time") from None
            raise TwingraphError(f"{self.url} can't be reached: {reason}; run the same command "
                                 "later, it goes on") from None  # fmt: skip


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: a POST that becomes a GET asks for something else."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_Stay)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _words(body: bytes) -> str:
    text = re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:200] or "nothing"


def _bindings(body: bytes) -> list[Mapping[str, Any]]:
    """Return the rows of an answer; one that is cut (a stack trace in the middle) wants less."""
    try:
        document = json.loads(body)
        found: list[Mapping[str, Any]] = document["results"]["bindings"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SmallerError("an answer that is no whole JSON") from None
    return found


def fetch(client: Client, folder: Path, progress: Callable[[str], None]) -> Fetched:
    """Ask for everything; `folder` keeps what is done."""
    folder.mkdir(parents=True, exist_ok=True)
    fetched = Fetched()
    slices = list(_slices(client, folder, fetched))
    fetched.told = sum(max(each_slice.number, 0) for each_slice in slices)
    todo = list(reversed(slices))
    done = 0
    while todo:
        one = todo.pop()
        if one.number > MAX_SLICE and one.parts < _MOST_PARTS:
            parts = 2 ** ((one.number - 1) // MAX_SLICE).bit_length()
            todo += [Slice(one.country, -1, part, parts) for part in reversed(range(parts))]
            continue
        found = _slice(client, folder, one, fetched, todo)
        if found is not None:
            fetched.rows += rows_of_results(found, fetched.notes)
            done += 1
            progress(f"{one.name}: {len(fetched.rows)} rows of about {fetched.told}")
    _compare(fetched, slices)
    return fetched


def _slices(client: Client, folder: Path, fetched: Fetched) -> Iterator[Slice]:
    """Yield a slice a country, as the service counts them now (or did when the run began)."""
    path = folder / "countries.json"
    found = _kept(path)
    if found is None:
        fetched.asked += 1
        try:
            found = client.ask(_COUNTRIES)
        except SmallerError as error:
            raise TwingraphError(f"{client.url} can't even count ({error}); try later") from None
        _keep(path, found)
    for row in sorted(found, key=lambda row: str(row.get("country", {}).get("value", ""))):
        country = str(row.get("country", {}).get("value", "")).rpartition("/")[2]
        if not country or re.fullmatch(r"Q[1-9][0-9]*", country):
            yield Slice(country, int(row["number"]["value"]))


def _slice(
    client: Client, folder: Path, one: Slice, fetched: Fetched, todo: list[Slice]
) -> list[Mapping[str, Any]] | None:
    """Return the rows of a slice; None where its halves were put on the list instead."""
    path = folder / f"{one.name}.json"
    kept = _kept(path)
    if kept is not None:
        return kept
    client.sleep(client.pause)
    fetched.asked += 1
    try:
        found = client.ask(_SLICE % one.where)
    except SmallerError as error:
        if one.parts >= _MOST_PARTS:
            raise TwingraphError(f"{client.url}: {one.name} can't be had ({error})") from None
        todo += reversed(one.halves())
        return None
    got = len({_value(row, "statement") for row in found})
    if one.number >= 0 and got < one.number:
        fetched.notes.append(f"{one.name}: {got} statements in place of {one.number}; asked again")
        if one.parts < _MOST_PARTS:
            todo += reversed(one.halves())
            return None
    _keep(path, found)
    return found


def _value(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name, {}).get("value", ""))


def _compare(fetched: Fetched, slices: Iterable[Slice]) -> None:
    """Note where fewer statements came than the service counted in all."""
    got = len({row.statement for row in fetched.rows})
    # an item of two countries is counted in both, so that there may be fewer, never none
    if got < fetched.told * 0.98:
        fetched.notes.append(
            f"{got} statements came, {fetched.told} were counted country by country"
        )


def _kept(path: Path) -> list[Mapping[str, Any]] | None:
    try:
        found: list[Mapping[str, Any]] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _keep(path: Path, rows: list[Mapping[str, Any]]) -> None:
    draft = path.with_suffix(".draft")
    write_synced(draft, json.dumps(rows, ensure_ascii=False).encode())
    draft.replace(path)
