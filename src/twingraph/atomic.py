"""Atomic writes: a file or folder is written beside its place, synced, then renamed or linked.

A POSIX rename is atomic, so a process that is killed leaves the old content or the new.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final

from twingraph.problems import TwingraphError

_READ: Final = 1 << 18  # bytes that are read at once: few enough for a processor's cache


class LockedError(TwingraphError):
    """Another process holds the lock."""


@dataclass(frozen=True)
class Written:
    """What was written: its size in bytes, its SHA-256 in hexadecimal, its CRC-32."""

    size: int
    sha256: str
    crc32: int = 0

    @classmethod
    def of(cls, raw: bytes) -> Written:
        """Return the size and the digests of bytes.

        >>> Written.of(b"").size
        0
        """
        return cls(len(raw), hashlib.sha256(raw).hexdigest(), zlib.crc32(raw))


class DraftFolder:
    """A new folder that is not published yet; its files are written in pieces, one by one.

    `written` holds the size and the SHA-256 of each file by its path in the folder.
    """

    def __init__(self, path: Path) -> None:
        """Create the folder; what was there before is deleted."""
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        self.path = path
        self.written: dict[str, Written] = {}

    def put(self, name: str, pieces: Iterable[bytes | memoryview]) -> None:
        """Write a file and wait until the disk has it."""
        digest, size, crc32 = hashlib.sha256(), 0, 0
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)  # perhaps a second name of a file of another build
        with place.open("xb") as stream:
            for piece in pieces:
                digest.update(piece)
                crc32 = zlib.crc32(piece, crc32)
                size += stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        self.written[name] = Written(size, digest.hexdigest(), crc32)

    def take(self, name: str, path: Path, written: Written) -> None:
        """Add a file of another folder, as a hard link, or as a copy where there can be no link.

        Nothing may write to `path` any more; `written` is its size and checksums, not read again.
        """
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        try:
            os.link(path, place)
        except OSError:
            shutil.copyfile(path, place)
            sync(place)
        self.written[name] = written


def open_regular(path: Path) -> BufferedReader:
    """Open a file to read it; raises `OSError` where it is a symbolic link, a pipe or a device."""
    stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "no regular file", str(path))
    return stream


def is_whole(path: Path, written: Written) -> bool:
    """Has a file the size and the CRC-32 of what was written?

    False also for what can't be read or is no regular file, such as a link or a pipe.
    """
    try:
        with open_regular(path) as stream:
            if os.fstat(stream.fileno()).st_size != written.size:
                return False
            crc32, buffer = 0, memoryview(bytearray(min(_READ, written.size + 1)))
            while size := stream.readinto(buffer):
                crc32 = zlib.crc32(buffer[:size], crc32)
    except OSError:
        return False
    return crc32 == written.crc32


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say in each `OSError` which file could not be written: a full disk names none."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def write_synced(path: Path, raw: bytes) -> None:
    """Write a file and wait until the disk has it; a link in its place is refused (`OSError`)."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with _naming(path), os.fdopen(os.open(path, flags, 0o666), "wb") as stream:
        stream.write(raw)
        stream.flush()
        os.fsync(stream.fileno())


def replace_file(path: Path, raw: bytes) -> None:
    """Replace a file as a whole and keep its permissions; no draft is left if that fails.

    The draft has a random name, so that nobody can put a symbolic link in its place beforehand.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fchmod(stream.fileno(), stat.S_IMODE(path.stat().st_mode))
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync(path.parent)


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
    """Hold the lock file `path`; raise `LockedError` with `refusal` where another holds it.

    A symbolic link in its place is refused: it could lead to another user's file.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise TwingraphError(f"{path} is a link; delete it, it locks nothing") from None
        raise
    with os.fdopen(handle, "r+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(refusal) from None
        yield
