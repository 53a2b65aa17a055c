"""Releases as mementos (RFC 7089): the one for a given day, and the list of all of them.

A memento is a frozen state: the release itself, or a thing as it was in one. Between two releases
the older one counts; before the first one the first is given, after the last one the last (§4.5.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final

from twingraph.release.feeds.files import member_of
from twingraph.release.feeds.ldes import release_instant

LINK_FORMAT: Final = "application/link-format"  # RFC 6690
_HTTP_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT"
)
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_MEMENTO: Final = "http://mementoweb.org/ns#"


@dataclass(frozen=True)
class TimeMap:
    """All mementos of one resource: the days of the releases, oldest first, and who serves them.

    `path` is the resource's, relative to the base IRI; `base` names things, `address` is where
    clients open them.
    """

    path: str
    base: str
    address: str
    dates: tuple[str, ...]

    @property
    def original(self) -> str:
        """The IRI whose states these are (URI-R)."""
        return self.base + self.path

    @property
    def timegate(self) -> str:
        """The URL of the timegate (URI-G)."""
        return f"{self.address}timegate/{self.path}"

    def timemap(self, suffix: str) -> str:
        """Return the URL of the timemap in `link` or `ttl` (URI-T)."""
        return f"{self.address}timemap/{suffix}/{self.path}"

    def memento(self, date: str) -> str:
        """Return the URL of the memento of a release (URI-M)."""
        return f"{self.address}release/{date}/{self.path.removeprefix('dumps/')}"


def read_http_date(text: str) -> datetime | None:
    """Return the moment in an `Accept-Datetime` header (§2.1.1); None if it is no valid date.

    >>> read_http_date("Sat, 21 Nov 2026 12:00:00 GMT").isoformat()
    '2026-11-21T12:00:00+00:00'
    >>> read_http_date("2026-11-21") is None
    True
    """
    match = _HTTP_DATE.fullmatch(text.strip())
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second = match.groups()
    try:
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second),
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None


def http_date(date: str) -> str:
    """Return the moment of a release as `Memento-Datetime` says it.

    >>> http_date("2026-11-21")
    'Sat, 21 Nov 2026 00:00:00 GMT'
    """
    return format_datetime(release_instant(date), usegmt=True)


def choose_memento(dates: Sequence[str], wanted: datetime | None) -> str:
    """Return the release that was the newest at a moment; the newest of all where none is named.

    >>> dates = ["2026-11-21", "2026-12-01"]
    >>> noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    >>> choose_memento(dates, noon), choose_memento(dates, None)
    ('2026-11-21', '2026-12-01')
    """
    if wanted is None:
        return dates[-1]
    earlier = [date for date in dates if release_instant(date) <= wanted]
    return earlier[-1] if earlier else dates[0]


def existing_dates(folders: Iterable[tuple[str, Path]], base: str, iri: str) -> tuple[str, ...]:
    """Return the releases that hold an entity; `folders` are (date, folder), oldest first."""
    exists = False
    dates = []
    for date, folder in folders:
        lines = member_of(date, folder, base, iri)
        if lines is not None:
            exists = bool(lines)
        if exists:
            dates.append(date)
    return tuple(dates)


def memento_links(timemap: TimeMap, date: str) -> str:
    """Return the `Link` header of a memento: original, gate, lists, and its neighbours (§2.2)."""
    dates = timemap.dates
    named = [
        _link(timemap.original, "original"),
        _link(timemap.timegate, "timegate"),
        _link(timemap.timemap("link"), "timemap", LINK_FORMAT),
        _link(timemap.timemap("ttl"), "timemap", "text/turtle"),
    ]
    if date in dates:
        place = dates.index(date)
        shown = {dates[0]: "first", dates[-1]: "last"}
        relation_of = {0: "", -1: "prev", 1: "next"}
        relations: dict[str, list[str]] = {}
        for step, word in relation_of.items():
            if 0 <= place + step < len(dates):
                relations.setdefault(dates[place + step], []).append(word)
        for other, word in shown.items():
            relations.setdefault(other, []).append(word)
        for other in sorted(relations, key=release_instant):
            named.append(_memento(timemap, other, sorted(filter(None, relations[other]))))
    return ", ".join(named)


def write_link_format(timemap: TimeMap) -> bytes:
    """Return the list as RFC 7089 §5 has it, one link a line."""
    dates = timemap.dates
    lines = [
        _link(timemap.original, "original"),
        _link(timemap.timegate, "timegate"),
        f"{_link(timemap.timemap('link'), 'self', LINK_FORMAT)}"
        f'; from="{http_date(dates[0])}"; until="{http_date(dates[-1])}"',
        _link(timemap.timemap("ttl"), "timemap", "text/turtle"),
    ]
    for date in dates:
        words = [word for word, end in (("first", dates[0]), ("last", dates[-1])) if date == end]
        lines.append(_memento(timemap, date, words))
    return (",\n".join(lines) + "\n").encode()


def write_rdf(timemap: TimeMap) -> bytes:
    """Return the list as Turtle."""
    original = timemap.original
    versions = " , ".join(f"<{timemap.memento(date)}>" for date in timemap.dates)
    lines = [
        "@prefix dcterms: <http://purl.org/dc/terms/> .",
        f"@prefix memento: <{_MEMENTO}> .",
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .",
        "",
        f"<{original}> a memento:OriginalResource ;",
        f"  dcterms:hasVersion {versions} ;",
        f"  memento:timegate <{timemap.timegate}> ;",
        f"  memento:timemap <{timemap.timemap('ttl')}> .",
        "",
        f"<{timemap.timegate}> a memento:TimeGate .",
        "",
        f"<{timemap.timemap('ttl')}> a memento:TimeMap .",
    ]
    for date in timemap.dates:
        instant = release_instant(date).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines += [
            "",
            f"<{timemap.memento(date)}> a memento:Memento ;",
            f"  dcterms:isVersionOf <{original}> ;",
            f'  memento:mementoDatetime "{instant}"^^xsd:dateTime .',
        ]
    return ("\n".join(lines) + "\n").encode()


def _memento(timemap: TimeMap, date: str, words: Sequence[str]) -> str:
    relation = " ".join([*words, "memento"])
    return f'{_link(timemap.memento(date), relation)}; datetime="{http_date(date)}"'


def _link(url: str, relation: str, media_type: str = "") -> str:
    kind = f'; type="{media_type}"' if media_type else ""
    return f'<{url}>; rel="{relation}"{kind}'
