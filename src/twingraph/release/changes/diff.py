"""`twingraph diff` and `twingraph patch`: two names of states of the data -> what is printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from twingraph.problems import TwingraphError
from twingraph.progress import Progress
from twingraph.release.changes.compare import compare_dumps
from twingraph.release.changes.patch import apply_patch, write_patch
from twingraph.release.changes.sides import comparable, dump_digest, find_dump
from twingraph.release.changes.wording import FORMATS
from twingraph.release.compress import PackError, opened, stored_path

PATCH: Final = "patch"
FORMS: Final = (*FORMATS, PATCH)


def diff(
    old: str, new: str, releases: Path | None, form: str, language: str, progress: Progress
) -> tuple[Iterable[bytes], bool]:
    """Return what changed from `old` to `new` in one of `FORMS`, and whether anything did.

    Both are names of releases in `releases`, folders of releases or builds, or dump files.
    Raises `TwingraphError` where one of them is none of that, or they can't be compared.
    """
    progress(f"reading {old} and {new}")
    sides = comparable(find_dump(old, releases), find_dump(new, releases))
    try:
        comparison = compare_dumps(*sides, progress)
        if form != PATCH:
            return [FORMATS[form](comparison, language)], bool(comparison.delta)
        digests = (dump_digest(comparison.old), dump_digest(comparison.new))
        return write_patch(comparison.delta, *digests), bool(comparison.delta)
    except PackError as error:
        raise TwingraphError(f"damaged or cut off ({error}); take the file anew") from None


def patch(old: str, path: Path, releases: Path | None) -> Iterator[bytes]:
    """Yield the lines of the dump that `old` names after the patch at `path`."""
    try:
        with opened(stored_path(path)) as stream:
            yield from apply_patch(find_dump(old, releases).lines, stream, str(path))
    except PackError as error:
        raise TwingraphError(f"{path}: damaged or cut off ({error}); take it anew") from None
