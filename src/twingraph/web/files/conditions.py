"""Evaluates the conditions of a request (RFC 9110 §13): send, not modified, or failed.

Pure functions over headers. A date that is none in any of the three forms is as good as not sent.
"""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, datetime
from email.utils import formatdate, parsedate
from typing import Final, Literal, NamedTuple

from starlette.datastructures import Headers

_ETAG: Final = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_MONTH: Final = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY: Final = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_TIME: Final = r"\d\d:\d\d:\d\d"
# RFC 9110 §5.6.7: the current form, that of RFC 850, that of C's asctime.
_DATE: Final = re.compile(
    rf"{_DAY}, \d\d {_MONTH} \d{{4}} {_TIME} GMT"
    rf"|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d\d-{_MONTH}-\d\d {_TIME} GMT"
    rf"|{_DAY} {_MONTH} [ \d]\d {_TIME} \d{{4}}"
)


class Validators(NamedTuple):
    """The validators of a representation: its tag, and its time of modification."""

    etag: str
    modified: int | None = None  # seconds since 1970, as in a header


def read_date(text: str) -> int | None:
    """Return an HTTP date as seconds since 1970; None if it is no date.

    >>> read_date("Sun, 06 Nov 1994 08:49:37 GMT"), read_date("Sunday, 06-Nov-94 08:49:37 GMT")
    (784111777, 784111777)
    >>> read_date("Sun Nov  6 08:49:37 1994"), read_date("1994-11-06"), read_date("")
    (784111777, None, None)
    """
    parsed = parsedate(text) if _DATE.fullmatch(text) else None
    if parsed is None:
        return None
    try:
        datetime(*parsed[:6], tzinfo=UTC)
    except ValueError:  # the 31st of February, the 25th hour
        return None
    return timegm(parsed)


def write_date(seconds: int) -> str:
    """Return the date as it is sent.

    >>> write_date(784111777)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    return formatdate(seconds, usegmt=True)


def outcome(request_headers: Headers, now: Validators) -> Literal[200, 304, 412]:
    """Return the status that the conditions of a GET or HEAD lead to (§13.2.2, steps 1 to 4).

    >>> tag = '"a"'
    >>> outcome(Headers({"if-none-match": 'W/"a", "b"'}), Validators(tag))
    304
    >>> outcome(Headers({"if-match": 'W/"a"'}), Validators(tag))
    412
    """
    if "if-match" in request_headers:
        if not _names(request_headers, "if-match", now.etag, weakly=False):
            return 412
    elif now.modified is not None:
        limit = read_date(_single(request_headers, "if-unmodified-since"))
        if limit is not None and now.modified > limit:
            return 412
    if "if-none-match" in request_headers:
        return 304 if _names(request_headers, "if-none-match", now.etag, weakly=True) else 200
    since = read_date(_single(request_headers, "if-modified-since"))
    fresh = since is not None and now.modified is not None and now.modified <= since
    return 304 if fresh else 200


def range_holds(request_headers: Headers, now: Validators, clock: float) -> bool:
    """Return whether `Range` counts under `If-Range` (§13.1.5): only for the exact current state.

    A weak tag never does, and a date only if nothing can have changed within its second
    (§8.8.2.2); `clock` is the time of the answer.

    >>> range_holds(Headers({"if-range": 'W/"a"'}), Validators('"a"'), 0)
    False
    """
    values = request_headers.getlist("if-range")
    if not values:
        return True
    if len(values) > 1:
        return False
    if values[0].endswith('"'):
        return values[0] == now.etag
    seconds = read_date(values[0])
    return seconds is not None and seconds == now.modified and clock - seconds >= 1


def _single(request_headers: Headers, name: str) -> str:
    values = request_headers.getlist(name)
    return values[0] if len(values) == 1 else ""


def _names(request_headers: Headers, name: str, tag: str, *, weakly: bool) -> bool:
    listed = ",".join(request_headers.getlist(name))
    if listed.strip() == "*":
        return True
    return any(opaque == tag and (weakly or not weak) for weak, opaque in _ETAG.findall(listed))
