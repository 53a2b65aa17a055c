"""The request log: one line each, with method, path, status, duration and rows.

No IP address and no query is written; a query is identified by the SHA-256 of its text.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, TextIO
from urllib.parse import quote

_FLUSH_AFTER: Final = 0.2  # seconds a line may wait for others
_FLUSH_AT: Final = 256  # lines
_WHOLE: Final = 4096  # bytes: POSIX PIPE_BUF
_SAFE: Final = "/:@!$'()*+,;~"


class Seen(NamedTuple):
    """A request that was answered."""

    method: str
    path: str
    status: int
    seconds: float
    rows: int = -1
    query: str = ""  # its SHA-256
    cached: bool = False
    route: str = ""  # the pattern of the path


def line_of(request: Seen, now: float) -> str:
    """Return the log line of a request at `now` (seconds since 1970), as `key=value` fields.

    >>> line_of(Seen("GET", "/a b\\n", 200, 0.0123, 4, "ab12"), 0)
    '1970-01-01T00:00:00Z method=GET path=/a%20b%0A status=200 ms=12.3 rows=4 query=ab12'
    """
    request_line = _request_fields(request.method[:10], request.path[:200], request.status)
    text = f"{_second(int(now))} {request_line} ms={request.seconds * 1000:.1f}"
    if request.rows >= 0:
        text += f" rows={request.rows}"
    if request.query:
        text += f" query={request.query[:12]}"
    return text + " cached=yes" if request.cached else text


@lru_cache(maxsize=1024)
def _request_fields(method: str, path: str, status: int) -> str:
    return f"method={quote(method, safe=_SAFE)} path={quote(path, safe=_SAFE)} status={status}"


@lru_cache(maxsize=2)  # many lines a second
def _second(now: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def _write(stream: TextIO, text: str) -> None:
    """Write whole lines, at most 4 KiB at once: a pipe does not mix such writes of processes."""
    try:
        handle = stream.fileno()
    except OSError:  # no file: io.UnsupportedOperation
        stream.write(text)
        stream.flush()
        return
    unwritten = text.encode()
    while unwritten:
        end = unwritten.rfind(b"\n", 0, _WHOLE) + 1 or len(unwritten)
        written = os.write(handle, unwritten[:end])
        unwritten = unwritten[written:]


class Log:
    """Collects log lines and writes them to a stream; None writes nothing."""

    def __init__(self, stream: TextIO | None, clock: Callable[[], float] = time.time) -> None:
        """Write to `stream`; `clock` returns seconds since 1970."""
        self._stream = stream
        self._clock = clock
        self._lines: list[str] = []
        self._failed = False
        self._dropped = 0

    def write(self, request: Seen) -> None:
        """Log a request."""
        if self._stream is None:
            return
        self._lines.append(line_of(request, self._clock()))
        if len(self._lines) == 1:
            asyncio.get_running_loop().call_later(_FLUSH_AFTER, self.flush)
        elif len(self._lines) >= _FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Write the collected lines."""
        if self._stream is None or not self._lines:
            return
        text = "\n".join(self._lines) + "\n"
        self._lines.clear()
        try:
            _write(self._stream, text)
        except (OSError, ValueError) as error:  # the pipe is closed, or the disk full: keep serving
            self._dropped += text.count("\n")
            if not self._failed:
                print(f"twingraph: the log can't be written: {error}", file=sys.stderr)  # noqa: T201
            self._failed = True
        else:
            if self._failed:
                lost = f"{self._dropped} lines of the log were lost"
                print(f"twingraph: {lost}; it is written again", file=sys.stderr)  # noqa: T201
            self._failed, self._dropped = False, 0
