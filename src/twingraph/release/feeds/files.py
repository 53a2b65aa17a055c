"""The event stream as files: pages of one release, an index to find a member, the root page.

Files in, bytes out; which release is whole is for `released` to say.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pyoxigraph import Literal

from twingraph.export.editions import Edition
from twingraph.release.compress import read_stored
from twingraph.release.feeds.ldes import (
    FOLDER,
    STREAM,
    TITLES,
    Page,
    Published,
    member_iri,
    member_lines,
    write_pages,
    write_root,
)
from twingraph.release.feeds.members import Member
from twingraph.release.feeds.publication import Publication

INDEX: Final = FOLDER + "index.json"


class Entry(NamedTuple):
    """A page of a release: which entities' members it holds, from the first IRI to the last."""

    name: str
    first: str
    last: str


def write_feed(members: Sequence[Member], base: str, date: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each page of a release, then of their index."""
    pages = []
    for page in write_pages(members, base, date):
        yield page.name, page.content
        pages.append(page)
    yield INDEX, _index(pages)


def _index(pages: Iterable[Page]) -> bytes:
    rows = [
        {"name": page.name, "first": page.first, "last": page.last, "members": page.members}
        for page in pages
    ]
    return (json.dumps({"pages": rows}, ensure_ascii=False, indent=1) + "\n").encode()


def stream_root(publication: Publication, editions: Iterable[Edition]) -> bytes:
    """Return the root page of the stream over the releases that have a part in it."""
    titles = " , ".join(
        str(Literal(TITLES[language].format(title), language=language))
        for language, title in sorted(publication.title.items())
        if language in TITLES
    )
    published = [Published(edition.date, feed_pages(edition)) for edition in editions]
    return write_root(published, titles or '"Changes"', STREAM)


def feed_pages(edition: Edition) -> tuple[str, ...]:
    """Return the names of the pages of a release."""
    return tuple(
        file.name for file in edition.files
        if file.name.startswith(FOLDER) and file.name[len(FOLDER):].removesuffix(".trig").isdigit()
    )  # fmt: skip


def find_state(
    folders: Sequence[tuple[str, Path]], base: str, iri: str
) -> tuple[str, tuple[bytes, ...]] | None:
    """Return the release that last changed an entity, and its lines since; None if none knows it.

    `folders` are (date, folder) of releases, newest first; lines are () where it was deleted then.
    """
    for date, folder in folders:
        lines = member_of(date, folder, base, iri)
        if lines is not None:
            return date, lines
    return None


def member_of(date: str, folder: Path, base: str, iri: str) -> tuple[bytes, ...] | None:
    """Return the lines of an entity that a release changed: () deleted, None not changed by it."""
    page = _page_of(folder, iri)
    if page is None:
        return None
    return member_lines(read_stored(folder / page), member_iri(base, date, iri))


def _page_of(folder: Path, iri: str) -> str | None:
    """Return the name of the page that would hold an entity; members lie in the order of IRIs."""
    rows = json.loads(read_stored(folder / INDEX))["pages"]
    entries = [Entry(row["name"], row["first"], row["last"]) for row in rows]
    number = bisect_right([entry.first for entry in entries], iri) - 1
    if number < 0 or iri > entries[number].last:
        return None
    return entries[number].name
