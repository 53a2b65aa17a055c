"""SPARQL 1.1 Protocol §2: from a request to the query it asks, or to the words that refuse it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urljoin

from twingraph.problems import TwingraphError
from twingraph.rdf.iris import PUBLISHED
from twingraph.settings import Limits
from twingraph.site.reader import BuildReader
from twingraph.sparql.guard import refuse_remote, tokens

MAX_FIELDS: Final = 200
_UPDATES: Final = {
    "INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH",
}  # fmt: skip
# Without any of these no reading of a query calls another host or names its graphs.
_SUSPECT: Final = re.compile(r"service|from|\\u", re.IGNORECASE)
NO_UPDATES: Final = (
    "this service only reads; send a SELECT, ASK, CONSTRUCT or DESCRIBE query, and propose changes "
    "to the data in its repository"
)


class RefusedError(TwingraphError):
    """A request that is not answered: an HTTP status, and words on what to send instead.

    `again` are the seconds after which the same request may be answered (0: it will not);
    `members` are what a program reads of it, besides (RFC 9457 §3.2).
    """

    def __init__(
        self,
        status: int,
        text: str,
        *,
        again: int = 0,
        members: Mapping[str, object] | None = None,
    ) -> None:
        """Keep the status next to the words."""
        super().__init__(text)
        self.status = status
        self.again = again
        self.members = members or {}


class Dataset(NamedTuple):
    """The graphs a query names: as its default graph, and for GRAPH."""

    default: tuple[str, ...]
    named: tuple[str, ...]


class ProtocolRequest(NamedTuple):
    """What a request asks: no `query` means it asks about the service itself."""

    query: str
    dataset: Dataset | None
    format: str
    language: str


Fields = Sequence[tuple[str, str]]


def body_limit(limits: Limits) -> int:
    """Return how many bytes a body may have: a form escapes one byte as three."""
    return 4 * limits.query_bytes


def read_form(content_type: str, body: bytes, fields: Fields) -> Fields:
    """Return the parameters of a POST, those of its URL included.

    >>> read_form("application/sparql-query", b"ASK {}", [("format", "json")])
    [('format', 'json'), ('query', 'ASK {}')]
    """
    kind, _, parameters = content_type.partition(";")
    charset = re.search(r'charset="?([\w.-]+)"?', parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "us-ascii"):
        raise RefusedError(415, f"charset {charset[1][:40]} is not read; send UTF-8")
    try:
        text = body.decode("utf-8")
        match kind.strip().lower():
            case "application/x-www-form-urlencoded":
                parsed = parse_qsl(text, keep_blank_values=True, errors="strict",
                                   max_num_fields=MAX_FIELDS)  # fmt: skip
                return [*fields, *parsed]
            case "application/sparql-query":
                return [*fields, ("query", text)]
            case "application/sparql-update":
                raise RefusedError(403, NO_UPDATES)
    except UnicodeDecodeError:
        raise RefusedError(400, "the body is not UTF-8; send the query as UTF-8") from None
    except ValueError:
        raise RefusedError(400, f"more than {MAX_FIELDS} parameters; send fewer") from None
    raise RefusedError(415, "send the query as application/sparql-query, or as parameter "
                       "'query' of an application/x-www-form-urlencoded")  # fmt: skip


def read_fields(fields: Fields) -> ProtocolRequest:
    """Return what the parameters ask; raise `RefusedError` where they contradict each other.

    >>> read_fields([("query", "ASK {}"), ("default-graph-uri", "http://e/g")]).dataset
    Dataset(default=('http://e/g',), named=())
    """
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    if {"update", "using-graph-uri", "using-named-graph-uri"} & set(found):
        raise RefusedError(403, NO_UPDATES)
    queries = found.get("query", [])
    if len(queries) > 1:
        raise RefusedError(400, f"{len(queries)} queries; send one")
    default, named = (tuple(found.get(f"{one}-graph-uri", ())) for one in ("default", "named"))
    return ProtocolRequest(
        query=queries[0] if queries else "",
        dataset=Dataset(default, named) if default or named else None,
        format=found.get("format", [""])[-1],
        language=found.get("lang", [""])[-1],
    )


def permit(site: BuildReader, asked: ProtocolRequest, query_bytes: int) -> Dataset | None:
    """Return the dataset of a query that may be evaluated; raise `RefusedError` for any other.

    Nothing is evaluated before this, because the engine itself would follow `SERVICE`.
    """
    if len(asked.query.encode("utf-8", "replace")) > query_bytes:
        raise RefusedError(413, f"a query of more than {query_bytes} bytes; send a shorter one")
    if asked.dataset is None and not _SUSPECT.search(asked.query):
        return None
    published = site.public(PUBLISHED.value)
    held = {*site.graphs, published}
    try:
        refuse_remote(asked.query, held)
    except TwingraphError as error:
        raise RefusedError(403, str(error)) from None
    if asked.dataset is None:
        return _dataset_of(asked.query, site.base)
    for one in (*asked.dataset.default, *asked.dataset.named):
        if one not in held:
            raise RefusedError(
                403,
                f"<{one[:200]}> is no graph of this service; leave it out, or list the graphs with "
                "SELECT DISTINCT ?g { GRAPH ?g {} }",
            )
    return asked.dataset


def is_update(text: str) -> bool:
    """Does a text, no query, begin behind its prologue as an update does?

    >>> is_update("PREFIX e: <http://e/> load <http://e/>"), is_update("SELECT * {}")
    (True, False)
    """
    words = (one.text.upper() for one in tokens(text) if one.kind in ("word", "mark"))
    first = next((one for one in words if one not in ("PREFIX", "BASE", ":")), "")
    return first in _UPDATES


def _dataset_of(text: str, base: str) -> Dataset | None:
    """Return the graphs of the FROM clauses, None without any.

    >>> _dataset_of("PREFIX e: <http://e/> ASK FROM e:a FROM NAMED <http://e/b> {}", "http://x/")
    Dataset(default=('http://e/a',), named=('http://e/b',))
    """
    if not re.search("from", text, re.IGNORECASE):
        return None
    prefixes: dict[str, str] = {}
    found: dict[bool, list[str]] = {False: [], True: []}
    before = ("", "")
    for token in tokens(text):
        iri = _resolve(token.kind, token.text, base, prefixes)
        last = before[1].upper()
        if iri and last == "BASE":
            base = iri
        elif iri and before[0].upper() == "PREFIX":
            prefixes[before[1]] = iri
        elif iri and (last == "FROM" or (before[0].upper(), last) == ("FROM", "NAMED")):
            found[last == "NAMED"].append(iri)
        before = (before[1], token.text)
    return Dataset(tuple(found[False]), tuple(found[True])) if any(found.values()) else None


def _resolve(kind: str, text: str, base: str, prefixes: dict[str, str]) -> str:
    if kind == "iri":
        return urljoin(base, text[1:-1])
    if kind == "name":
        name, _, local = text.partition(":")
        return prefixes.get(f"{name}:", "") + re.sub(r"\\(.)", r"\1", local)
    return ""
