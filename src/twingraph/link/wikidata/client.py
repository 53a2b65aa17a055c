"""A client of the Wikidata query service: sends a SELECT query, returns all its rows.

It sends one query at a time, identifies itself (https://meta.wikimedia.org/wiki/User-Agent_policy,
wikitech Robot policy), waits as long as the service wants (429 and 503, `Retry-After`, RFC 9110
§10.2.3) and gives up in the end. A service that runs out of time cuts its answer in the middle
under status 200; that is noticed, for a cut answer is no JSON.
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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from twingraph.link.wikidata_in.entities import in_unicode
from twingraph.problems import TwingraphError
from twingraph.settings import Settings
from twingraph.version import __version__

SERVICE: Final = "https://query.wikidata.org/sparql"
MAX_ANSWER: Final = 64 * 1024 * 1024  # bytes
PREFIXES: Final = """\
PREFIX p: <http://www.wikidata.org/prop/>
PREFIX pq: <http://www.wikidata.org/prop/qualifier/>
PREFIX pqv: <http://www.wikidata.org/prop/qualifier/value/>
PREFIX pr: <http://www.wikidata.org/prop/reference/>
PREFIX prov: <http://www.w3.org/ns/prov#>
PREFIX ps: <http://www.wikidata.org/prop/statement/>
PREFIX psv: <http://www.wikidata.org/prop/statement/value/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <http://schema.org/>
PREFIX wd: <http://www.wikidata.org/entity/>
PREFIX wdt: <http://www.wikidata.org/prop/direct/>
PREFIX wikibase: <http://wikiba.se/ontology#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
_TRIES: Final = 5
_LONGEST_WAIT: Final = 600.0  # seconds that a service may make us wait
_SECONDS: Final = 75.0  # the service itself ends a query after 60
_AGAIN: Final = frozenset({429, 502, 503})
_INCOMPLETE: Final = frozenset({500, 504})
_CONTACT: Final = re.compile(r"[^@\s()<>]+@[^@\s()<>]+\.[a-z]+|https?://[^\s()<>]+", re.IGNORECASE)

Binding = Mapping[str, Any]  # a row of SPARQL 1.1 Query Results JSON: variable -> term


class IncompleteAnswerError(Exception):
    """The response was cut, late or too long: a smaller query may get a complete one."""


@dataclass(frozen=True)
class QueryClient:
    """A client of the query service at `url`; `contact` is an address for its operators.

    `sleep`, `now` and `seconds` (the time a request may take) are arguments for tests.
    """

    url: str
    contact: str
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    seconds: float = _SECONDS

    def __post_init__(self) -> None:
        """Raise `TwingraphError` without a contact: the service blocks clients without one."""
        if not _CONTACT.search(self.contact):
            raise TwingraphError(
                "the query service wants to know whom to write to, and blocks who does not say; "
                "name an e-mail address or a page with --contact, or write "
                'about.contact.email = "…" in twingraph.toml'
            )
        if not re.match(r"https?://", self.url):
            raise TwingraphError(f"{self.url} is no address; write {SERVICE}")

    @classmethod
    def of(cls, url: str, settings: Settings, contact: str = "") -> QueryClient:
        """Return a client with this contact, or with the one that the settings name."""
        about = settings.about.contact
        return cls(url, contact or about.email or about.url)

    @property
    def agent(self) -> str:
        """The User-Agent, as the robot policy wants it."""
        return f"twingraph/{__version__} ({self.contact}) python-urllib"

    def select(self, query: str) -> list[Binding]:
        """Return the rows of a SELECT query.

        Raises `IncompleteAnswerError` for an incomplete response, and `TwingraphError` for a
        query that is refused, a service that can't be reached, and one that stays overloaded.
        """
        for attempt in range(_TRIES):
            status, headers, body = self._post(query)
            if status == 200:
                return _bindings(body)
            if status in _INCOMPLETE:
                raise IncompleteAnswerError(f"status {status}")
            if status not in _AGAIN:
                raise TwingraphError(
                    f"{self.url} answers {status}: {_words(body)}; see its robot policy, and what "
                    "--contact says"
                )
            self.sleep(self._wait(headers.get("retry-after", ""), attempt))
        raise TwingraphError(f"{self.url} is overloaded; run the same command later")

    def select_again(self, query: str) -> list[Binding]:
        """Return the rows of a query too small to be cut in parts: an incomplete answer is
        requested again, in the end `TwingraphError`."""
        problem = ""
        for attempt in range(_TRIES):
            try:
                return self.select(query)
            except IncompleteAnswerError as error:
                problem = str(error)
            if attempt + 1 < _TRIES:
                self.sleep(self._wait("", attempt))
        raise TwingraphError(
            f"{self.url} gave no whole answer in {_TRIES} tries ({problem}); run the same command "
            "later"
        )

    def _wait(self, header: str, attempt: int) -> float:
        """Return the seconds to wait: those of `Retry-After`, else more with each attempt."""
        text = header.strip()
        if text.isascii() and text.isdigit():
            seconds = float(text)
        else:
            try:
                seconds = email.utils.parsedate_to_datetime(text).timestamp() - self.now()
            except (ValueError, TypeError):
                seconds = 5.0 * 2**attempt
        if seconds > _LONGEST_WAIT:
            raise TwingraphError(f"{self.url} wants us back in {seconds:.0f} seconds; run the same "
                                 "command then")  # fmt: skip
        return max(1.0, seconds)

    def _post(self, query: str) -> tuple[int, Mapping[str, str], bytes]:
        data = urllib.parse.urlencode({"query": query}).encode()
        headers = {
            "User-Agent": self.agent, "Accept": "application/sparql-results+json",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        request = urllib.request.Request(self.url, data, headers, method="POST")
        try:
            with _OPENER.open(request, timeout=self.seconds) as response:
                body = response.read(MAX_ANSWER + 1)
                if len(body) > MAX_ANSWER:
                    raise IncompleteAnswerError(f"an answer of more than {MAX_ANSWER} bytes")
                return response.status, _lower(response.headers), body
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _lower(error.headers), _start(error)
        except (TimeoutError, http.client.IncompleteRead) as error:
            raise IncompleteAnswerError(type(error).__name__) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise IncompleteAnswerError("no answer in time") from None
            raise TwingraphError(f"{self.url} can't be reached: {reason}; run the same command "
                                 "later") from None  # fmt: skip


def _start(error: urllib.error.HTTPError) -> bytes:
    """Return the text of an error response, as far as it arrives."""
    try:
        return error.read(2000)
    except (OSError, http.client.HTTPException):
        return b""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: a POST that becomes a GET is another request."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER: Final = urllib.request.build_opener(_NoRedirect)


def cell(binding: Binding, variable: str) -> str:
    """Return the text of a cell, empty where the variable is unbound.

    >>> cell({"item": {"type": "literal", "value": "Bonn"}}, "item"), cell({}, "item")
    ('Bonn', '')
    """
    return in_unicode(str(binding.get(variable, {}).get("value", "")))


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _words(body: bytes) -> str:
    text = re.sub(r"<[^>]*>", " ", body.decode("utf-8", "replace"))
    return " ".join(text.split())[:200] or "nothing"


def _bindings(body: bytes) -> list[Binding]:
    """Return the rows of an answer; one with a stack trace in its middle is incomplete."""
    try:
        document = json.loads(body)
        bindings: list[Binding] = document["results"]["bindings"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise IncompleteAnswerError("an answer that is no whole JSON") from None
    return bindings
