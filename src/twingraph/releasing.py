"""`twingraph release`: a checked build becomes a folder that never changes again.

It is written beside its place, synced, renamed, and only then does `latest` point to it: whenever
the process is killed, all releases are whole and `latest` is one of them (docs/decisions/0014).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twingraph.atomic import locked, point, sync
from twingraph.catalogue.citation import missing_for_doi
from twingraph.current_build import ensure_build
from twingraph.inputs import input_digest
from twingraph.problems import TwingraphError
from twingraph.progress import Progress, part
from twingraph.release.contents import Plan, write_contents
from twingraph.release.feeds.documents import write_documents
from twingraph.release.feeds.publication import Publication
from twingraph.release.index import ABOUT, FOLDER, LATEST, list_editions
from twingraph.release.readiness import refuse_date, refuse_unclean
from twingraph.settings import FILE, Settings

_DRAFT: Final = ".draft"
_BUILT: Final = 0.4  # share of the time that a build takes where there is none yet


@dataclass(frozen=True)
class Released:
    """A release: its folder, its notes (a line for each language), its files and bytes in number.

    `missing` lists what a deposit for a DOI still needs.
    """

    folder: Path
    notes: Mapping[str, str]
    missing: tuple[str, ...]
    files: int
    size: int


def release(
    settings: Settings, date: str, progress: Progress, notify: Callable[[str], None] | None = None
) -> Released:
    """Publish the project as the release `date`, in `releases/` of the project.

    `notify` is called with a sentence where another build has to be waited for.

    Raises `TwingraphError` where it must not be (the date, what isn't committed, a build that was
    changed) or can't be (another release at work, the disk), `UnpublishedError` with violations.
    """
    releases = settings.folder / FOLDER
    if not (settings.folder / FILE).is_file():
        raise TwingraphError(f"{settings.folder} holds no {FILE}; make a project, 'twingraph init'")
    try:
        releases.mkdir(exist_ok=True)
        busy = f"another release is being written in {releases}; wait for it"
        with locked(releases / ".lock", busy):
            return _release(settings, date, releases, progress, notify)
    except OSError as error:
        raise TwingraphError(
            f"{error.filename or releases}: {error.strerror}; nothing was released, and what was "
            "stays as it is: free the place and release again"
        ) from None


def _release(
    settings: Settings, date: str, releases: Path, progress: Progress,
    notify: Callable[[str], None] | None,
) -> Released:  # fmt: skip
    draft = releases / _DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    earlier = list_editions(releases, settings.base_iri, settings.address)
    if earlier and not _leads_to(releases / LATEST, earlier[0].date):
        # the one before was killed between its last two steps
        point(releases / LATEST, earlier[0].date)
    refuse_date(settings, date, releases)
    refuse_unclean(settings)
    built: list[str] = []

    def building(doing: str, share: float = 0.0) -> None:
        built.append(doing)
        progress(doing, _BUILT * share)

    build = ensure_build(settings, None, building, False, notify).resolve()
    progress = part(progress, _BUILT if built else 0.0, 1.0)
    try:
        plan = Plan(settings, date, build, releases, earlier)
        edition = write_contents(plan, draft, progress)
        if input_digest(settings) != json.loads((draft / ABOUT).read_bytes())["inputs"]:
            raise TwingraphError(
                "files of the project changed while it was being released; nothing was released, "
                "release again"
            )
        draft.rename(releases / date)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sync(releases)
    point(releases / LATEST, date)
    progress("writing feeds", 1.0)
    try:
        editions = list_editions(releases, settings.base_iri, settings.address)
        write_documents(Publication.of(settings), editions, releases)
    except OSError as error:
        raise TwingraphError(
            f"{date} is released, but {error.filename or releases}: {error.strerror}; the server "
            "makes the feeds by itself, and the next release writes the files"
        ) from None
    return Released(
        releases / date,
        edition.notes,
        tuple(missing_for_doi(settings)),
        sum(not file.stored for file in edition.files),
        sum(file.size for file in edition.files if not file.stored),
    )


def _leads_to(link: Path, name: str) -> bool:
    return link.is_symlink() and str(link.readlink()) == name
