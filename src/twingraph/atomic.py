"""Putting something in its place at once or not at all: written, synced, renamed, linked.

POSIX renames happen wholly or not at all, so whoever is killed leaves the old thing or the new one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twingraph.problems import TwingraphError


@dataclass(frozen=True)
class Written:
    """What was written: its size in bytes and its SHA-256 in hexadecimal."""

    size: int
    sha256: str

    @classmethod
    def of(cls, raw: bytes) -> Written:
        """Return the size and the digest of bytes.

        >>> Written.of(b"").size
        0
        """
        return cls(len(raw), hashlib.sha256(raw).hexdigest())


class DraftFolder:
    """A folder that nobody reads yet; its files are written in pieces, one after the other.

    `written` holds the size and the SHA-256 of each file by its path in the folder.
    """

    def __init__(self, path: Path) -> None:
        """Make the folder anew."""
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        self.path = path
        self.written: dict[str, Written] = {}

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file and wait until the disk has it."""
        digest, size = hashlib.sha256(), 0
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as stream:
            for piece in pieces:
                digest.update(piece)
                size += stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        self.written[name] = Written(size, digest.hexdigest())


def write_synced(path: Path, raw: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folders(root: Path, names: Iterable[str]) -> None:
    """Wait until the disk has the names of files (paths below `root`) in all of their folders."""
    for folder in {root, *(parent for name in names for parent in (root / name).parents
                           if parent.is_relative_to(root))}:  # fmt: skip
        sync(folder)


def point(link: Path, name: str) -> None:
    """Make `link` a symbolic link to its neighbour `name`, whatever it pointed to before."""
    draft = link.with_name(f".{link.name.removeprefix('.')}-link")
    draft.unlink(missing_ok=True)
    draft.symlink_to(name)
    if link.is_dir() and not link.is_symlink():
        link.rmdir()  # fails unless it is empty
    draft.replace(link)
    sync(link.parent)


@contextmanager
def locked(path: Path, refusal: str) -> Iterator[None]:
    """Hold the lock file `path`; raise `TwingraphError` with `refusal` where another holds it."""
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TwingraphError(refusal) from None
        yield
