"""Files in `kept/` that a build leaves for the next one, and the record of all files it wrote.

The next build reuses what has not changed, after checking it: a record of another version or of
other settings, or one that can't be read, is ignored, and so is every file whose bytes are not
those that were written. Nothing in `kept/` is published.
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
    """The previous build, made by the same program with the same settings.

    `files` are the SHA-256 digests of its data files by path in the project, `written` the sizes
    and checksums of the files in the build, all but the record itself.
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
    """Return the record of a build: digests of its inputs, sizes and checksums of its files.

    JSON; the line before it is its SHA-256 in hexadecimal.
    """
    kept = {
        "around": around,
        "files": dict(files),
        "written": {name: astuple(item) for name, item in sorted(written.items())},
    }
    raw = json.dumps(kept, indent=1).encode()
    return f"{sha256(raw).hexdigest()}\n".encode() + raw


def read_before(out: Path, around: str) -> Before | None:
    """Return the build at `out` if it was made with the same `Inputs.around`; None otherwise."""
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
