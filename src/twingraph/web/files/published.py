"""Published files: opened only if they are unchanged since they were published."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from twingraph.export.editions import media_type
from twingraph.release.compress import PackError, Unpacked
from twingraph.site.reader import BuildFile


class CutOffError(Exception):
    """A file ended before its end: the answer can't be completed any more."""


class NotWholeError(Exception):
    """Raised for a published file that is missing or changed; a swap may be under way."""


class PublishedFile(NamedTuple):
    """A published file and its path; `modified` in seconds since 1970.

    Where it is kept packed only, `path` is the packed file, and `packed_size` its size in bytes.
    """

    path: Path
    name: str
    size: int
    sha256: str
    modified: int
    packed_size: int | None = None

    @property
    def packing(self) -> str:
        """How the file is packed by its name, `""` where it is not."""
        return media_type(self.name)[1]

    @property
    def content_type(self) -> str:
        """The media type of the file under its own name."""
        kind = f"application/{self.packing}" if self.packing else media_type(self.name)[0]
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def open_whole(published: PublishedFile) -> BinaryIO | None:
    """Open a file for reading; None where it is gone, of another size, or no file of its own.

    What is kept packed is unpacked while it is read, and raises one of `PackError` where it is
    damaged; to skip the first bytes of it is to unpack them too.
    """
    try:
        if published.path.is_symlink():
            return None
        file = published.path.open("rb")
    except OSError:
        return None
    status = os.fstat(file.fileno())
    packed = published.packed_size
    wanted = published.size if packed is None else packed
    if stat.S_ISREG(status.st_mode) and status.st_size == wanted:
        return file if packed is None else Unpacked(file, published.path.suffix)
    file.close()
    return None


def read_whole(published: PublishedFile) -> bytes | None:
    """Return the content of a file; None if it is not exactly what was published.

    For files from which responses are made: half a catalogue may be a valid smaller one.
    """
    file = open_whole(published)
    if file is None:
        return None
    try:
        with file:
            raw = file.read(published.size + 1)
    except PackError:
        return None
    return raw if hashlib.sha256(raw).hexdigest() == published.sha256 else None


def release_time(release: str) -> int:
    """Return the time of a release, in seconds since 1970: its day at 00:00 UTC.

    A second one on the same day counts as a second later, so that the two stay apart.

    >>> [release_time(one) for one in ("2026-11-21", "2026-11-21.2")]
    [1795219200, 1795219201]
    """
    day, _, number = release.partition(".")
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return int(midnight.timestamp()) + (int(number) - 1 if number else 0)


def published_file(name: str, dump: BuildFile, release: str) -> PublishedFile:
    """Return a file of the build as it is sent.

    Its time is that of the release or, where it was written later, of the writing: a build that
    went on after the release day would else count as unchanged. An installed package keeps no time
    of writing that is of use, so there it is the release.
    """
    try:
        written = int(dump.path.stat().st_mtime)
    except OSError:  # gone; reported when it is to be sent
        written = 0
    modified = max(written, release_time(release)) if release else written
    return PublishedFile(dump.path, name, dump.size, dump.sha256, modified)


def not_ahead(published: PublishedFile) -> int:
    """Return the time for Last-Modified; never one in the future (RFC 9110 §8.8.2.1)."""
    now = int(time.time()) - 1  # the clock of `Date` may be a second behind
    if published.modified <= now:
        return published.modified
    try:
        return min(int(published.path.stat().st_mtime), now)
    except OSError:
        return now
