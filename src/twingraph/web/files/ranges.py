"""Parses `Range` headers (RFC 9110 §14), and sends several ranges.

Ranges that touch or overlap are joined; a header with too many ranges, or without a valid one, is
ignored, so that no request costs more than the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

LARGEST_HEADER: Final = 1024
MOST_PARTS: Final = 16
_DIGITS: Final = 18  # a number longer than that is beyond every file
_HEADER: Final = re.compile(r"bytes=(.*)", re.IGNORECASE)
_SPEC: Final = re.compile(r"([0-9]+)-([0-9]*)|-([0-9]+)")


class Span(NamedTuple):
    """Some bytes of a file: from `start` up to and without `stop`."""

    start: int
    stop: int

    def content_range(self, size: int) -> str:
        """Return the value of `Content-Range` (§14.4).

        >>> Span(0, 10).content_range(100)
        'bytes 0-9/100'
        """
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def read_ranges(header: str, size: int) -> list[Span] | None:
    """Return the requested spans of a file of `size` bytes, in their order in it.

    None if the header is to be ignored; an empty list if no range can be satisfied (416).

    >>> read_ranges("bytes=0-9, 5-14, 90-", 100)
    [Span(start=0, stop=15), Span(start=90, stop=100)]
    >>> read_ranges("bytes=-5", 100), read_ranges("bytes=100-", 100), read_ranges("lines=1-2", 100)
    ([Span(start=95, stop=100)], [], None)
    """
    match = _HEADER.fullmatch(header.strip()) if len(header) <= LARGEST_HEADER else None
    if match is None:
        return None
    specs = [part.strip() for part in match[1].split(",") if part.strip()]
    spans = []
    for text in specs:
        spec = _SPEC.fullmatch(text)
        if spec is None:
            return None
        first, last, suffix = (_number(group) for group in spec.groups())
        if first is None:
            span = Span(max(size - (suffix or 0), 0), size)
        elif last is not None and last < first:
            return None
        else:
            span = Span(first, size if last is None else min(last + 1, size))
        if span.start < span.stop:
            spans.append(span)
    if not specs:
        return None
    joined = _joined(spans)
    return joined if len(joined) <= MOST_PARTS else None


def _number(digits: str | None) -> int | None:
    if not digits:
        return None
    kept = digits.lstrip("0") or "0"
    return int(kept) if len(kept) <= _DIGITS else 10**_DIGITS


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].stop:
            joined[-1] = Span(joined[-1].start, max(joined[-1].stop, span.stop))
        else:
            joined.append(span)
    return joined


def multipart(
    spans: Sequence[Span], size: int, content_type: str, boundary: str
) -> list[bytes | Span]:
    """Return `multipart/byteranges` (§14.6) as its texts and the spans of the file between them.

    >>> multipart([Span(0, 2)], 9, "text/plain", "x")[0]
    b'--x\\r\\nContent-Type: text/plain\\r\\nContent-Range: bytes 0-1/9\\r\\n\\r\\n'
    """
    parts: list[bytes | Span] = []
    for number, span in enumerate(spans):
        head = (
            f"{'' if number == 0 else chr(13) + chr(10)}--{boundary}\r\n"
            f"Content-Type: {content_type}\r\nContent-Range: {span.content_range(size)}\r\n\r\n"
        )
        parts += [head.encode(), span]
    return [*parts, f"\r\n--{boundary}--\r\n".encode()]
