"""The releases in a folder, read as editions; incomplete ones and symbolic links are left out.

A release is a folder named by its day with a `release.json` that lists every file in it. What
does not hold to that is no release of ours and is passed over, never repaired.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from twingraph.export.editions import PACKINGS, Edition, File, media_type

FOLDER: Final = "releases"  # in the project
LATEST: Final = "latest"  # in there: a link to the newest
ABOUT: Final = "release.json"
SUMS: Final = "SHA256SUMS"
_LARGEST_ABOUT: Final = 16 * 1024 * 1024
_FILE: Final = re.compile(r"[A-Za-z0-9_\-][\w.\-]*(/[A-Za-z0-9_\-][\w.\-]*)*", re.ASCII)
_NAME: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.([1-9][0-9]{0,5}))?")


def release_key(name: str) -> tuple[str, int] | None:
    """Return the sort key of a release name; None if it is no name of a release.

    >>> release_key("2026-11-21") < release_key("2026-11-21.2") < release_key("2026-11-21.10")
    True
    >>> release_key("2026-11-21.1"), release_key("2026-02-30"), release_key("latest")
    (None, None, None)
    """
    match = _NAME.fullmatch(name) if name.isascii() else None
    if match is None or match[2] == "1":  # the first of a day has no number
        return None
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return None
    return match[1], int(match[2] or 1)


def release_names(releases: Path) -> list[str]:
    """Return the names of the releases in the folder `releases`, oldest first."""
    try:
        names = [path.name for path in releases.iterdir()]
    except OSError:
        return []
    return sorted(
        (item for item in names if release_key(item)), key=lambda name: release_key(name) or 0
    )


def list_editions(releases: Path, base: str, address: str = "") -> list[Edition]:
    """Return the releases in the folder `releases` that are named under `base`, newest first.

    Their files are opened under `address`, without one under `base`.
    """
    editions = [read_edition(releases / name, base, address)
             for name in reversed(release_names(releases))]  # fmt: skip
    return [item for item in editions if item is not None]


def read_edition(folder: Path, base: str, address: str = "") -> Edition | None:
    """Return the release in `folder`; None where it is incomplete or has another base IRI.

    Complete means: every file listed in release.json exists with the listed size and is no symbolic
    link, or else the packed file that it is stored in does. Checksums are not computed.
    """
    try:
        return None if folder.is_symlink() else _read(folder, base, address or base)
    except OSError:  # deleted while it was read
        return None


def _read(folder: Path, base: str, address: str) -> Edition | None:
    about = read_about(folder)
    if about.get("base_iri") != base or about.get("date") != folder.name:
        return None
    files = about.get("files")
    if not release_key(folder.name) or not isinstance(files, list):
        return None
    url = f"{address}release/{folder.name}/"
    listed = [_listed(folder, file, url) for file in files]
    own = [_hashed(folder, name, url) for name in (SUMS, ABOUT)]
    whole = [item for item in (*listed, *own) if item is not None]
    names = {item.name for item in whole if not item.stored}
    if len(whole) < len(listed) + len(own) or any(
        item.stored and item.stored not in names for item in whole
    ):
        return None
    notes = about.get("notes")
    previous, modified = about.get("previous"), about.get("modified")
    return Edition(
        folder.name,
        tuple(sorted(whole, key=lambda file: file.name)),
        {str(key): str(text) for key, text in notes.items()} if isinstance(notes, dict) else {},
        previous if isinstance(previous, str) and release_key(previous) else "",
        modified if isinstance(modified, str) and release_key(modified) else folder.name,
    )


def read_about(folder: Path, name: str = ABOUT) -> Mapping[str, object]:
    """Return the JSON object in release.json (or `name`) of `folder`; {} if there is none."""
    path = folder / name
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST_ABOUT:
            return {}
        about = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return about if isinstance(about, dict) else {}


def _listed(folder: Path, entry: object, url: str) -> File | None:
    match entry:
        case {
            "name": str(name),
            "size": int(size),
            "sha256": str(digest),
            "stored": str(stored),
        } if (
            any(stored == name + suffix for suffix in PACKINGS)
            and _is_name(name)
            and re.fullmatch("[0-9a-f]{64}", digest)
        ):
            return File(name, url + name, *media_type(name), size, digest, stored)
        case {"name": str(name), "size": int(size), "sha256": str(digest)} if (
            _is_inside(folder, name)
            and re.fullmatch("[0-9a-f]{64}", digest)
            and (folder / name).stat().st_size == size
        ):
            return File(name, url + name, *media_type(name), size, digest)
    return None


def _hashed(folder: Path, name: str, url: str) -> File | None:
    if not _is_inside(folder, name):
        return None
    raw = (folder / name).read_bytes()
    return File(name, url + name, *media_type(name), len(raw), hashlib.sha256(raw).hexdigest())


def _is_name(name: str) -> bool:
    """Is this a valid name of a file in a release?"""
    return re.fullmatch(_FILE, name) is not None


def _is_inside(folder: Path, name: str) -> bool:
    """Is there a file `name` in `folder`, without a link on the way to it?"""
    if not _is_name(name):
        return False
    path = folder / name
    try:
        steps = (path, *(parent for parent in path.parents if parent.is_relative_to(folder)))
        return path.is_file() and not any(step.is_symlink() for step in steps)
    except OSError:
        return False
