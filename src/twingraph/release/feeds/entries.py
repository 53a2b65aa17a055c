"""History -> a feed with its entries, independent of the format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twingraph.export.editions import Edition
from twingraph.rdf.iris import page_path, path_of
from twingraph.release.feeds.history import HistoryRecord
from twingraph.release.feeds.ldes import member_iri, timestamp
from twingraph.release.feeds.publication import Publication

MOST_ENTRIES: Final = 100
_SHOWN: Final = 3  # changes in a title; the content lists them all
# characters that XML 1.0 (§2.2) does not allow, and bidi controls
_FORBIDDEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)

_TITLE: Final = {"en": "{}: what changed", "de": "{}: was sich geändert hat"}
_RELEASE: Final = {"en": "Release {}", "de": "Veröffentlichung {}"}


@dataclass(frozen=True)
class FeedEntry:
    """One entity changed by one release; `updated` is an RFC 3339 time, `lines` are plain text."""

    id: str
    url: str
    title: str
    updated: str
    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Feed:
    """A feed: `name` is its path below `release/feed/` without language and suffix.

    `updated` is the newest entry's time, or the first release's where nothing changed yet.
    `archive` is the number of an archive (RFC 5005 §4), counted from the oldest entries; 0: the
    feed with the newest entries, which readers subscribe to. `earlier` is the number of the archive
    before; 0: there is none.
    """

    name: str
    language: str
    id: str
    title: str
    url: str
    author: str
    updated: str
    entries: tuple[FeedEntry, ...]
    rights: str = ""
    archive: int = 0
    earlier: int = 0


def archives_of(entries: int) -> int:
    """Return how many archives a feed of so many entries has; what fits into one feed has none.

    An archive is full and holds the oldest entries, so that its entries never change.

    >>> [archives_of(entries) for entries in (100, 101, 199, 200)]
    [0, 1, 1, 2]
    """
    return entries // MOST_ENTRIES if entries > MOST_ENTRIES else 0


def make_entries(
    publication: Publication,
    editions: Sequence[Edition],
    records: Sequence[HistoryRecord],
    language: str,
    thing: str = "",
) -> tuple[FeedEntry, ...]:
    """Return the entries of all `records`, newest first, from which `make_feed` takes a part.

    `editions` and `records` come newest first. The feed of everything (no `thing`) tells of
    releases in which no thing changed too.
    """
    entries = [_entry(publication, record, language) for record in records]
    if not thing:
        covered = {record.release for record in records}
        entries += [_release(publication, edition, language) for edition in editions
                    if edition.date not in covered]  # fmt: skip
        entries.sort(key=lambda entry: entry.id)
        entries.sort(key=lambda entry: entry.updated, reverse=True)
    return tuple(entries)


def make_feed(
    publication: Publication,
    editions: Sequence[Edition],
    entries: Sequence[FeedEntry],
    language: str,
    thing: str = "",
    label: Mapping[str, str] | None = None,
    archive: int = 0,
) -> Feed:
    """Return the feed of everything, or of the entity with the IRI `thing`, or an archive of it.

    `entries` are all that `make_entries` returns. Raises `IndexError` for an `archive` that there
    is not.
    """
    base = publication.base
    names = label if thing else publication.title
    name = (names or {}).get(language) or (names or {}).get("en") or thing or base
    earlier = archives_of(len(entries))
    if archive > earlier:
        raise IndexError(f"{earlier} archives")
    end = len(entries) - MOST_ENTRIES * (archive - 1)
    kept = tuple(entries[end - MOST_ENTRIES : end] if archive else entries[:MOST_ENTRIES])
    first = timestamp(editions[-1].date) if editions else "1970-01-01T00:00:00Z"
    path = thing.removeprefix(base).removeprefix("id/")
    return Feed(
        path,
        language,
        f"{base}release/feed/{language}" + (f"/{path}" if thing else ""),
        _TITLE[language].format(_clean(name)),
        page_of(publication, thing, language),
        publication.publisher or _clean(name),
        max((entry.updated for entry in kept), default=first),
        kept,
        publication.licence,
        archive,
        archive - 1 if archive else earlier,
    )


def page_of(publication: Publication, iri: str, language: str) -> str:
    """Return the URL of the page about an entity; that of the home page if it has none."""
    path = (path_of(iri, publication.base) or "").partition("#")[0]
    return publication.address + (page_path(path, language) or f"{language}/index.html")


def _entry(publication: Publication, record: HistoryRecord, language: str) -> FeedEntry:
    lines = tuple(_clean(text) for text in record.texts[language])
    shown = "; ".join(line.partition(":")[0] for line in lines[:_SHOWN])
    more = f" (+{len(lines) - _SHOWN})" if len(lines) > _SHOWN else ""
    return FeedEntry(
        member_iri(publication.base, record.release, record.iri),
        page_of(publication, record.iri, language),
        f"{_clean(record.name(language))}: {shown}{more}",
        timestamp(record.release),
        record.kind,
        lines,
    )


def _release(publication: Publication, edition: Edition, language: str) -> FeedEntry:
    """Return the entry of a release without changes of entities, such as the first one."""
    note = _clean(edition.notes.get(language, ""))
    title = _RELEASE[language].format(edition.date)
    path = f"release/{edition.date}/"
    lines = (note,) if note else ()
    name, url = publication.base + path, publication.address + path
    return FeedEntry(name, url, title, timestamp(edition.date), "release", lines)


def _clean(text: str) -> str:
    return " ".join(_FORBIDDEN.sub(" ", text).split())
