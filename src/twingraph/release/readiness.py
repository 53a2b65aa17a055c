"""Conditions for a release; each refusal says what to do."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import Final

from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import ABOUT
from twingraph.release.index import SUMS, release_key, release_names
from twingraph.settings import FILE, Settings

_SHOWN: Final = 5  # files by name in a refusal
_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S.*)")


def refuse_date(settings: Settings, date: str, releases: Path) -> None:
    """Raise `TwingraphError` unless `date` can be the name of the next release in `releases`."""
    key = release_key(date)
    if key is None:
        raise TwingraphError(
            f"{date!r} is no day of a release; write 2026-11-21, or 2026-11-21.2 for the second "
            "of a day"
        )
    taken = release_names(releases)
    if date in taken:
        raise TwingraphError(
            f"{releases / date} is published and stays as it is; write another day in {FILE}, "
            f'or release = "{_after(date)}" for one more that day'
        )
    if date != settings.release:
        reason = f'{FILE} says release = "{settings.release}"' if settings.release else (
            f"{FILE} names no release")  # fmt: skip
        raise TwingraphError(
            f"the day of a release is part of its data, and {reason}; write "
            f'release = "{date}" there, and release again'
        )
    later = [item for item in taken if (release_key(item) or key) > key]
    if later:
        raise TwingraphError(
            f"{date} is before {later[-1]}, the newest release; write that day or a later one "
            f"in {FILE}"
        )


def _after(date: str) -> str:
    day, number = release_key(date) or (date, 1)
    return f"{day}.{number + 1}"


def refuse_unclean(settings: Settings) -> None:
    """Raise `TwingraphError` where the project is in git and has uncommitted files.

    A release can be reproduced only from committed files. Without git there is no such check.
    """
    folder = settings.folder
    if not any(
        (parent / ".git").exists() for parent in (folder.absolute(), *folder.absolute().parents)
    ):
        return
    named = [item for item in ("data", "ontology", "shapes", "queries", FILE)
             if (folder / item).exists()]  # fmt: skip
    command = ["git", "-c", "core.fsmonitor=false", "status", "--porcelain", "-z",
               "--untracked-files=all", "--", *named]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        return
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["git status failed"]
        raise TwingraphError(f"{folder}: {words[0]}; mend that, so that it can be seen what is "
                             "committed")  # fmt: skip
    changed = [part[3:] for part in done.stdout.split("\0") if part[2:3] == " "]
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise TwingraphError(
            f"not committed: {', '.join(changed[:_SHOWN])}{more}; commit what is to be released, "
            "or put it aside"
        )


def read_sums(build: Path) -> dict[str, str]:
    """Return the checksums of a build's files by name, `build.json` too.

    Raises `TwingraphError` where the build isn't the one that was checked: the name of its folder
    is made from its checksums.
    """
    again = f"{build} was changed after it was built; delete that folder and build again"
    try:
        lines = (build / SUMS).read_text(encoding="utf-8").splitlines()
        matches = [_LINE.fullmatch(line) for line in lines]
        sums = {match[2]: match[1] for match in matches if match}
        for name in (SUMS, ABOUT):
            sums[name] = hashlib.sha256((build / name).read_bytes()).hexdigest()
    except (OSError, UnicodeDecodeError):
        raise TwingraphError(again) from None
    whole = hashlib.sha256(sums_text(sums)).hexdigest()
    if None in matches or not build.name.endswith(f"-{whole[:16]}"):
        raise TwingraphError(again)
    del sums[SUMS]
    return sums


def sums_text(digests: dict[str, str]) -> bytes:
    """Return SHA256SUMS from checksums by name.

    >>> sums_text({"b": "22", "a": "11"})
    b'11  a\\n22  b\\n'
    """
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())).encode()
