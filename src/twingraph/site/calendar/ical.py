"""iCalendar (RFC 5545, 7986): whole-day events as bytes; the same events, the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from twingraph.site.pictures.svg import clean, safe_href

_OCTETS: Final = 75  # RFC 5545, 3.1: a line is folded so that it has no more of them
_STAMP: Final = re.compile(r"\d{8}T\d{6}Z")
_TEXT: Final = 2000


class Event(NamedTuple):
    """A whole-day event from `first` up to the day before `after` (RFC 5545, 3.6.1: exclusive).

    `uid` never changes for the same event; `tentative` marks an event that is only implied.
    """

    uid: str
    first: date
    after: date
    summary: str
    description: str = ""
    url: str = ""
    category: str = ""
    tentative: bool = False


def calendar_bytes(
    name: str, events: Iterable[Event], *, stamp: str, url: str = "", language: str = "en"
) -> bytes:
    """Return a calendar called `name`, its events by date and UID.

    `stamp` is the time of the release (`20261121T000000Z`), not of the request: whoever has
    subscribed sees a change only where the data changed. `url` is where the calendar is fetched.
    """
    if not _STAMP.fullmatch(stamp):
        raise ValueError(f"stamp {stamp!r}; write it as 20261121T000000Z")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//twingraph//anniversaries//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME;LANGUAGE={language}:{escape_text(name)}",
        f"X-WR-CALNAME:{escape_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:P1D",
        "X-PUBLISHED-TTL:P1D",
    ]
    if safe_href(url):
        lines.append(f"SOURCE;VALUE=URI:{safe_href(url)}")
    for event in sorted(set(events), key=lambda e: (e.first, e.after, e.uid)):
        lines += _event_lines(event, stamp)
    lines.append("END:VCALENDAR")
    return b"".join(fold(line) for line in lines)


def _event_lines(event: Event, stamp: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{escape_text(event.uid)}"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART;VALUE=DATE:{event.first:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{event.after:%Y%m%d}"
    yield f"SUMMARY:{escape_text(event.summary)}"
    if event.description:
        yield f"DESCRIPTION:{escape_text(event.description)}"
    if safe_href(event.url):
        yield f"URL:{safe_href(event.url)}"
    if event.category:
        yield f"CATEGORIES:{escape_text(event.category)}"
    yield "CLASS:PUBLIC"
    yield "STATUS:TENTATIVE" if event.tentative else "STATUS:CONFIRMED"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escape_text(text: str) -> str:
    r"""Return a TEXT value (RFC 5545, 3.3.11); lines stay lines, other controls go.

    >>> print(escape_text("Bonn; Minsk, 2028\nsays: A\\B"))
    Bonn\; Minsk\, 2028\nsays: A\\B
    """
    rows = (clean(row, _TEXT) for row in text[: 4 * _TEXT].splitlines())
    escaped = (re.sub(r"([\\;,])", r"\\\1", row) for row in rows)
    return r"\n".join(escaped)


def fold(line: str) -> bytes:
    r"""Return a line of the file, folded after 75 octets but inside no character (RFC 5545, 3.1).

    >>> [len(part) for part in fold("SUMMARY:" + "ä" * 40).split(b"\r\n")]
    [74, 15, 0]
    """
    raw = line.encode("utf-8")
    parts = []
    room = _OCTETS
    while len(raw) > room:
        cut = room
        while raw[cut] & 0xC0 == 0x80:  # the rest of a character of several octets
            cut -= 1
        parts.append(raw[:cut])
        raw = raw[cut:]
        room = _OCTETS - 1  # the blank that opens a continuation counts
    parts.append(raw)
    return b"\r\n ".join(parts) + b"\r\n"
