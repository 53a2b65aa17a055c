"""One line a request, and the numbers behind it: what was asked, how it went, how long it took.

No address of a client is kept, and no query: a hash of its text tells one from another.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, TextIO
from urllib.parse import quote

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FLUSH_AFTER: Final = 0.2  # seconds a line may wait for others
_FLUSH_AT: Final = 256  # lines
_SAFE: Final = "/:@!$'()*+,;~"
# The first step of a path -> what its requests are counted as; a closed list, so that nobody can
# make the numbers grow by asking for odd paths.
_KINDS: Final = {
    "": "page", "en": "page", "de": "page", "id": "redirect", "vocab": "redirect",
    "graph": "redirect", "doc": "description", "ns": "description", "dumps": "file",
    "release": "file", "links": "file", "static": "file", "context.jsonld": "file",
    "catalog": "catalogue", "sparql": "sparql", "query": "question", "search": "search",
    "search.json": "search", "lookup": "search", "health": "watch", "metrics": "watch",
}  # fmt: skip


class Seen(NamedTuple):
    """A request that was answered."""

    method: str
    path: str
    status: int
    seconds: float
    rows: int = -1
    query: str = ""  # its SHA-256
    cached: bool = False


def line_of(seen: Seen, now: float) -> str:
    """Return the line of a request at `now` (seconds since 1970): `key=value`, no line end inside.

    >>> line_of(Seen("GET", "/a b\\n", 200, 0.0123, 4, "ab12"), 0)
    '1970-01-01T00:00:00Z method=GET path=/a%20b%0A status=200 ms=12.3 rows=4 query=ab12'
    """
    when = _second(int(now))
    text = f"{when} method={_plain(seen.method[:10])} path={_plain(seen.path[:200])} "
    text += f"status={seen.status} ms={seen.seconds * 1000:.1f}"
    if seen.rows >= 0:
        text += f" rows={seen.rows}"
    if seen.query:
        text += f" query={seen.query[:12]}"
    return text + " cached=yes" if seen.cached else text


@lru_cache(maxsize=1024)
def _plain(text: str) -> str:
    return quote(text, safe=_SAFE)


@lru_cache(maxsize=2)  # many lines a second
def _second(now: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


class Log:
    """Writes the lines, some at a time; to a stream that others read, or to none."""

    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.time) -> None:
        """Take the stream and the clock."""
        self._stream = stream
        self._clock = clock
        self._lines: list[str] = []
        self._failed = False
        self._dropped = 0

    def write(self, seen: Seen) -> None:
        """Note a request."""
        if self._stream is None:
            return
        self._lines.append(line_of(seen, self._clock()))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_AFTER, self.flush)
        elif len(self._lines) >= _FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._stream is None or not self._lines:
            return
        text = "\n".join(self._lines) + "\n"
        self._lines.clear()
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError) as error:  # the reader is gone, or the disk is full: serve on
            self._dropped += text.count("\n")
            if not self._failed:
                print(f"twingraph: the log can't be written: {error}", file=sys.stderr)  # noqa: T201
            self._failed = True
        else:
            if self._failed:
                lost = f"{self._dropped} lines of the log were lost"
                print(f"twingraph: {lost}; it is written again", file=sys.stderr)  # noqa: T201
            self._failed, self._dropped = False, 0


class Numbers:
    """What `/metrics` tells, in the Prometheus text format."""

    def __init__(self, state: Callable[[], dict[str, int]]) -> None:
        """`state` tells how many queries run and wait."""
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "twingraph_requests", "Requests answered.", ("kind", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "twingraph_request_seconds", "Time until a request was answered.", ("kind",),
            registry=self.registry,
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
        )  # fmt: skip
        self._rows = Counter(
            "twingraph_result_rows", "Rows and triples sent.", registry=self.registry
        )
        self._hits = Counter(
            "twingraph_cache_hits", "Queries answered from the cache.", registry=self.registry
        )
        for name in state():
            gauge = Gauge(f"twingraph_queries_{name}", f"Queries: {name}.", registry=self.registry)
            gauge.set_function(lambda name=name: state()[name])  # type: ignore[misc]  # bound early
        self._kinds = {one: self._seconds.labels(one) for one in {*_KINDS.values(), "other"}}
        self._counted: dict[tuple[str, int], Counter] = {}

    def count(self, seen: Seen) -> None:
        """Count a request."""
        kind = kind_of(seen.path)
        key = (kind, seen.status)
        counter = self._counted.get(key)
        if counter is None:
            counter = self._counted[key] = self._requests.labels(kind, str(seen.status))
        counter.inc()
        self._kinds[kind].observe(seen.seconds)
        if seen.rows > 0:
            self._rows.inc(seen.rows)
        if seen.cached:
            self._hits.inc()

    def text(self) -> bytes:
        """Return the numbers as they are now."""
        return generate_latest(self.registry)


def kind_of(path: str) -> str:
    """Return what a request to this path is counted as.

    >>> kind_of("/en/place/bonn.html"), kind_of("/catalog.ttl"), kind_of("/wp-login.php")
    ('page', 'catalogue', 'other')
    """
    first = path.lstrip("/").partition("/")[0]
    return _KINDS.get(first) or _KINDS.get(first.partition(".")[0] or "-", "other")
