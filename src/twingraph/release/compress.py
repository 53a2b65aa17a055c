"""Files packed for downloading, gzip and zstd: equal input, equal bytes.

gzip (RFC 1952) with neither name nor time in its header; Zstandard (RFC 8878) with the size of its
content and a checksum. Streamed, so that a file's size costs no memory.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from twingraph.export.editions import PACKINGS

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PackError: Final = (zstd.ZstdError, zlib.error, gzip.BadGzipFile, EOFError)

GZIP_LEVEL: Final = 9
ZSTD_LEVEL: Final = 12  # docs/decisions/0014: what more costs, and what it brings
_CHUNK: Final = 1 << 20
_HEADER: Final = 18  # bytes of the longest frame header (RFC 8878 §3.1.1.1)


def pack(source: Path, target: Path, note: Callable[[int], None] = lambda _: None) -> str:
    """Write `source` packed as the suffix of `target` says: `.gz` or `.zst`.

    Returns the SHA-256 of the content. `note` is called with the number of bytes of each step.
    """
    digest = hashlib.sha256()
    size = source.stat().st_size
    with source.open("rb") as whole, target.open("wb") as raw, _packer(raw, target, size) as out:
        while chunk := whole.read(_CHUNK):
            digest.update(chunk)
            out.write(chunk)
            note(len(chunk))
    return digest.hexdigest()


@contextmanager
def _packer(raw: IO[bytes], target: Path, size: int) -> Iterator[Any]:
    if target.suffix == ".gz":
        with gzip.GzipFile("", "wb", GZIP_LEVEL, raw, mtime=0) as out:
            yield out
        return
    packer = zstd.ZstdCompressor(
        options={
            zstd.CompressionParameter.compression_level: ZSTD_LEVEL,
            zstd.CompressionParameter.checksum_flag: 1,
        }
    )
    packer.set_pledged_input_size(size)
    yield _Zstd(packer, raw)
    raw.write(packer.flush())


class _Zstd:
    def __init__(self, packer: zstd.ZstdCompressor, raw: IO[bytes]) -> None:
        self._packer, self._raw = packer, raw

    def write(self, chunk: bytes) -> None:
        self._raw.write(self._packer.compress(chunk))


class Unpacked(io.BufferedReader):
    """The content of a packed file, as a file; seeking back unpacks from the start again."""

    def __init__(self, packed: BinaryIO, suffix: str) -> None:
        """Read `packed`, which is packed as its suffix says; closed with this."""
        self._packed = packed
        reader = gzip.GzipFile(fileobj=packed) if suffix == ".gz" else zstd.ZstdFile(packed)
        super().__init__(reader, _CHUNK)

    def close(self) -> None:
        """Close both."""
        try:
            super().close()
        finally:
            self._packed.close()


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked if its suffix is `.gz` or `.zst`.

    Raises one of `PackError` where it is not what its suffix says, while it is read.
    """
    with path.open("rb") as raw:
        if path.suffix in PACKINGS:
            with Unpacked(raw, path.suffix) as unpacked:
                yield unpacked
        else:
            yield raw


def stored_path(path: Path) -> Path:
    """Return the path where a file is stored: its own, or that of the packed file beside it.

    A release keeps what it packs in packed form only.
    """
    places = (path, *(path.with_name(path.name + suffix) for suffix in (".zst", ".gz")))
    return next((place for place in places if place.is_file()), path)


def content_size(path: Path) -> int:
    """Return the unpacked size of a file in bytes; 0 where its header does not say."""
    if path.suffix not in PACKINGS:
        return path.stat().st_size
    with path.open("rb") as stream:
        if path.suffix == ".gz":  # RFC 1952 §2.3.1: the last four bytes, modulo 2^32
            stream.seek(max(0, path.stat().st_size - 4))
            return int.from_bytes(stream.read(4), "little")
        try:
            return zstd.get_frame_info(stream.read(_HEADER)).decompressed_size or 0
        except zstd.ZstdError:
            return 0  # the error is reported when the content is read


def read_stored(path: Path) -> bytes:
    """Return the content of a file of a release, unpacked if it is stored packed only."""
    if path.is_file():
        return path.read_bytes()
    with opened(stored_path(path)) as stream:
        return stream.read()
