"""The history of an entity on its page: the changes of each release, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from twingraph.rdf.iris import page_path
from twingraph.release.feeds.history import HistoryRecord
from twingraph.site.datewords import date_text
from twingraph.site.links import relative
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value

_SHOWN: Final = 20  # records on a page; its JSON has all
_FOLLOWED: Final = ("partnership", "place")  # kinds of entities that have a feed


class HistoryEntry(NamedTuple):
    """The changes of a release: its day, the entity if it is another one, a line a change."""

    release: Value
    thing: Value | None
    lines: tuple[str, ...]


class HistoryPage(NamedTuple):
    """The newest entries, how many there are in all, and where to follow them ("" for nowhere)."""

    entries: list[HistoryEntry]
    total: int
    feed: str
    json: str


def history_page(
    site: BuildReader,
    thing: str,
    language: str,
    current_path: str,
    records: Sequence[HistoryRecord],
) -> HistoryPage:
    """Return the history of the entity at path `thing`, for the page at `current_path`."""
    iri, kind = site.iri(thing), thing.removeprefix("id/").partition("/")[0]
    entries = [_entry(site, record, iri, language, current_path) for record in records[:_SHOWN]]
    followed = thing.startswith("id/") and kind in _FOLLOWED
    path = thing.removeprefix("id/")
    return HistoryPage(
        entries,
        len(records),
        relative(f"release/feed/{language}/{path}.atom", current_path) if followed else "",
        relative(f"doc/{path}/history.json", current_path),
    )


def _entry(
    site: BuildReader, record: HistoryRecord, iri: str, language: str, current_path: str
) -> HistoryEntry:
    day = Value(date_text(record.release[:10], language).text,
                relative(f"release/{record.release}/", current_path),
                iso=record.release[:10])  # fmt: skip
    other = None
    if record.iri != iri:
        path = page_path(site.path(record.iri) or "", language)
        other = Value(record.name(language), relative(path, current_path) if path else "")
    return HistoryEntry(day, other, record.texts[language])
