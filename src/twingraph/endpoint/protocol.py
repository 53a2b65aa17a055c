"""SPARQL 1.1 Protocol §2: the query in an HTTP request, or the error that refuses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from twingraph.endpoint.fields import MAX_FIELDS, BadEscapeError, TooManyFieldsError, fields_of
from twingraph.problems import TwingraphError
from twingraph.settings import Limits
from twingraph.sparql.admission import Dataset
from twingraph.translation import M_, N_, Message

# What clients call the parameter for the format: most `format`, SPARQLWrapper all three.
_FORMAT_PARAMETERS: Final = ("format", "output", "results")
_NAMED: Final = 20  # formats of which the first that fits is taken
_FORMATS: Final = 1000  # characters of lists of formats that are read
NO_UPDATES: Final = (
    "this service only reads; send a SELECT, ASK, CONSTRUCT or DESCRIBE query, and propose changes "
    "to the data in its repository"
)


class RefusedError(TwingraphError):
    """A request that is not answered: an HTTP status, and words on what to send instead.

    `heading` stands above the words;
    `again` are the seconds after which the same request may be answered (0: it will not);
    `members` are what a program reads of it, besides (RFC 9457 §3.2).
    """

    heading = N_("This query can't be answered")

    def __init__(
        self,
        status: int,
        text: str | Message,
        *,
        again: int = 0,
        members: Mapping[str, object] | None = None,
    ) -> None:
        """Keep the status next to the words."""
        super().__init__(text)
        self.status = status
        self.again = again
        self.members = members or {}


class ProtocolRequest(NamedTuple):
    """What a request asks: no `query` means it asks about the service itself."""

    query: str
    dataset: Dataset | None
    formats: tuple[str, ...]
    language: str


_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
Fields = Sequence[tuple[str, str]]


def body_limit(limits: Limits) -> int:
    """Return how many bytes a body may have: a form escapes one byte as three."""
    return 4 * limits.query_bytes


def body_type(content_type: str) -> str:
    """Return the media type of a body that is read; raise `RefusedError` for any other.

    >>> body_type("Application/SPARQL-query; charset=utf-8")
    'application/sparql-query'
    """
    kind, _, parameters = content_type.partition(";")
    charset = re.search(r'charset="?([\w.-]+)"?', parameters, re.IGNORECASE)
    if charset and charset[1].lower() not in ("utf-8", "us-ascii"):
        raise RefusedError(
            415, M_("charset {charset_1_40} is not read; send UTF-8", charset_1_40=charset[1][:40])
        )
    media_type = kind.strip().lower()
    if media_type == "application/sparql-update":
        raise RefusedError(403, NO_UPDATES)
    if media_type not in (_FORM, _QUERY):
        raise RefusedError(
            415,
            M_(
                "send the query as application/sparql-query, or as parameter 'query' of an "
                "application/x-www-form-urlencoded"
            ),
        )
    return media_type


def refuse_codings(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raise `RefusedError` for a body in a content coding such as gzip (RFC 9110 §8.4)."""
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            coding = value.decode("latin-1")[:40]
            raise RefusedError(
                415,
                M_(
                    "a body in the coding {coding} is not read; send it without Content-Encoding",
                    coding=coding,
                ),
            )


def read_form(content_type: str, body: bytes, fields: Fields) -> Fields:
    """Return the parameters of a POST, those of its URL included.

    >>> read_form("application/sparql-query", b"ASK {}", [("format", "json")])
    [('format', 'json'), ('query', 'ASK {}')]
    """
    media_type = body_type(content_type)
    try:
        text = body.decode("utf-8")
        return [*fields, *(readable(body) if media_type == _FORM else [("query", text)])]
    except UnicodeDecodeError:
        raise RefusedError(400, M_("the body is not UTF-8; send the query as UTF-8")) from None


def readable(data: bytes) -> list[tuple[str, str]]:
    """Return the fields of a form or an address; raise `RefusedError` where there are too many.

    What is not UTF-8 is the caller's to tell (`UnicodeDecodeError`).
    """
    try:
        return fields_of(data)
    except TooManyFieldsError:
        raise RefusedError(
            400, M_("more than {most} parameters; send fewer", most=MAX_FIELDS)
        ) from None
    except BadEscapeError:
        raise RefusedError(
            400, M_("an escape that is none; escape the per cent sign itself, too")
        ) from None


def read_fields(fields: Fields) -> ProtocolRequest:
    """Return the request that the parameters make; raise `RefusedError` for contradictory ones.

    A parameter without a value counts as absent.

    >>> read_fields([("query", "ASK {}"), ("default-graph-uri", "http://e/g")]).dataset
    Dataset(default=('http://e/g',), named=())
    >>> read_fields([("format", "json-ld"), ("output", "text/csv, text/tsv")]).formats
    ('json-ld', 'text/csv', 'text/tsv')
    """
    values: dict[str, list[str]] = {}
    for name, value in fields:
        if value:
            values.setdefault(name, []).append(value)
    if {"update", "using-graph-uri", "using-named-graph-uri"} & set(values):
        raise RefusedError(403, NO_UPDATES)
    queries = values.get("query", [])
    if len(queries) > 1:
        raise RefusedError(400, M_("{len_queries} queries; send one", len_queries=len(queries)))
    default, named = (
        tuple(values.get(f"{each_name}-graph-uri", ())) for each_name in ("default", "named")
    )
    return ProtocolRequest(
        query=queries[0].removeprefix("\ufeff") if queries else "",  # a file's byte order mark
        dataset=Dataset(default, named) if default or named else None,
        formats=tuple(islice(_formats(values), _NAMED)),
        language=values.get("lang", [""])[-1],
    )


def _formats(fields: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the requested formats, the most wanted first; a value may list several.

    What is longer than such lists are, all of them together, is not read.
    """
    remaining = _FORMATS
    for parameter in _FORMAT_PARAMETERS:
        for value in fields.get(parameter, ()):
            read = value[:remaining]
            remaining -= len(read)
            yield from filter(None, map(str.strip, read.split(",")))


def permit(protocol_request: ProtocolRequest, query_bytes: int, method: str) -> None:
    """Raise `RefusedError` for a query that is too long.

    What stands in it, and which graphs it names, is looked at where it is evaluated.
    """
    if len(protocol_request.query.encode("utf-8", "replace")) > query_bytes:
        status = 413 if method == "POST" else 414  # RFC 9110 §15.5.14, §15.5.15
        raise RefusedError(
            status,
            M_(
                "a query of more than {query_bytes} bytes; send a shorter one",
                query_bytes=query_bytes,
            ),
        )
