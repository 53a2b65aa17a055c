"""What a build keeps for the next one: `kept/`, and the record of all that it wrote.

The next build goes on from what has not changed. It trusts nothing: a record of another version,
of other settings, or one that can't be read is no record, and a file that is not byte for byte what
was written is not there. Nothing in `kept/` is published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from twingraph.atomic import Written, is_whole, open_regular

KEPT: Final = "kept"
RECORD: Final = f"{KEPT}/build.json"


@dataclass(frozen=True)
class Before:
    """The build before, made with the same program and settings: what from, and what it wrote.

    `files` are the digests of its data files by path, `written` all its files but the record.
    """

    folder: Path
    files: Mapping[str, str]
    written: Mapping[str, Written]
    _whole: dict[str, bool] = field(default_factory=dict, repr=False)

    def path(self, name: str) -> Path | None:
        """Return a file of the build; None where it has none or the bytes are not those written."""
        written = self.written.get(name)
        if written is None:
            return None
        path = self.folder / name
        if name not in self._whole:
            self._whole[name] = is_whole(path, written)
        return path if self._whole[name] else None

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file of the build; None as `path` does."""
        path = self.path(name)
        return path.read_bytes() if path else None


def record(around: str, files: Mapping[str, str], written: Mapping[str, Written]) -> bytes:
    """Return what is kept of a build: the digests of what it was made from, and of its files.

    Its first line is the digest of the rest.
    """
    kept = {
        "around": around,
        "files": dict(files),
        "written": {name: astuple(item) for name, item in sorted(written.items())},
    }
    raw = json.dumps(kept, indent=1).encode()
    return f"{sha256(raw).hexdigest()}\n".encode() + raw


def read_before(out: Path, around: str) -> Before | None:
    """Return the build that `out` leads to, if it was made with all `around` the data the same."""
    try:
        folder = out.resolve(strict=True)
        with open_regular(folder / RECORD) as stream:
            digest, _, raw = stream.read().partition(b"\n")
        if digest.decode() != sha256(raw).hexdigest():
            return None
        kept = json.loads(raw)
        if kept["around"] != around:
            return None
        written = {name: Written(*item) for name, item in kept["written"].items()}
        if any(name.startswith("/") or ".." in name.split("/") for name in written):
            return None
        return Before(folder, kept["files"], written)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
