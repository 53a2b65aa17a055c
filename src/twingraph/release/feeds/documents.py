"""The documents in `release/feed/`, which grow with each release; all are made from the releases.

The server makes the same bytes when one is asked for, so nothing depends on these files but hosts
that serve files alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from twingraph.atomic import write_synced
from twingraph.export.editions import Edition
from twingraph.release.feeds.catalogue import ROOT as CATALOGUE_ROOT
from twingraph.release.feeds.catalogue import catalogue_root
from twingraph.release.feeds.entries import make_entries, make_feed
from twingraph.release.feeds.files import stream_root
from twingraph.release.feeds.formats import WRITERS
from twingraph.release.feeds.history import (
    HistoryRecord,
    changed_things,
    history_of,
    label_of,
    read_history,
)
from twingraph.release.feeds.ldes import ROOT
from twingraph.release.feeds.publication import Publication
from twingraph.translation import PAIRED

FOLDER: Final = "feed"  # in the folder of the releases
# number of feeds of single entities written as files for one release; the server makes all others
MOST_THINGS: Final = 1000


def feed_documents(
    publication: Publication, editions: Sequence[Edition], releases: Path
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each document; `editions` are those in `releases`, newest first.

    Feeds of things are those that the newest release changed: the others are as they were.
    """
    records = read_history((edition.date, releases / edition.date) for edition in editions)
    newest = [record for record in records if record.release == editions[0].date]
    yield ROOT, stream_root(publication, editions)
    yield CATALOGUE_ROOT, catalogue_root(publication, editions)
    for thing in ["", *changed_things(newest)[:MOST_THINGS]]:
        for language in PAIRED:
            yield from _written(publication, editions, records, language, thing)


def _written(
    publication: Publication,
    editions: Sequence[Edition],
    records: Sequence[HistoryRecord],
    language: str,
    thing: str,
) -> Iterator[tuple[str, bytes]]:
    path = thing.removeprefix(publication.base).removeprefix("id/")
    name = f"{language}/{path}" if path else language
    history = history_of(records, thing) if thing else records
    entries = make_entries(publication, editions, history, language, thing)
    label = label_of(records, thing)
    feed = make_feed(publication, editions, entries, language, thing, label)
    for suffix, write in WRITERS.items():
        yield f"{name}.{suffix}", write(feed, publication.address)
    for archive in range(feed.earlier, 0, -1):
        feed = make_feed(publication, editions, entries, language, thing, label, archive)
        for suffix, write in WRITERS.items():
            yield f"{name}/archive/{archive}.{suffix}", write(feed, publication.address)


def feed_document(
    publication: Publication,
    editions: Sequence[Edition],
    records: Sequence[HistoryRecord],
    language: str,
    suffix: str,
    thing: str = "",
    label: Mapping[str, str] | None = None,
    archive: int = 0,
) -> bytes:
    """Return one feed, of everything or of the entity with the IRI `thing`, in one of `WRITERS`.

    `label` is what the thing is called, where that is known better than from its history.
    `archive` is the number of an archive of the feed; raises `IndexError` where there is not one.
    """
    history = history_of(records, thing) if thing else records
    entries = make_entries(publication, editions, history, language, thing)
    names = label or label_of(records, thing)
    feed = make_feed(publication, editions, entries, language, thing, names, archive)
    return WRITERS[suffix](feed, publication.address)


def write_documents(publication: Publication, editions: Sequence[Edition], releases: Path) -> None:
    """Write the documents into the folder of the releases, each in one step; keep equal ones."""
    for name, raw in feed_documents(publication, editions, releases):
        path = releases / FOLDER / name
        if path.is_file() and path.read_bytes() == raw:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}")
        write_synced(draft, raw)
        draft.replace(path)
