"""The current build: the project's, built again if it is stale; else the one in the package.

A wheel contains a build (`hatch_build.py`), so that the graph can be queried and served where there
is no project. In a checkout, the project of the checkout is used.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twingraph.atomic import LockedError
from twingraph.problems import Problem, TwingraphError
from twingraph.progress import Progress
from twingraph.rdf.frozen import ABOUT
from twingraph.settings import (
    FILE,
    Settings,
    bundled,
    load_settings,
    nearest_project,
    settings_from,
)

BUILD: Final = "build"
_MINUTES: Final = 15  # that another build is waited for; one of 17,000 partnerships takes a quarter
_PAUSE: Final = 0.5  # seconds between two looks at a build that another process writes
_READ_KEYS: Final = ("address", "base_iri", "licence", "publisher", "release", "title")


class UnpublishedError(TwingraphError):
    """A project whose violations keep it from being built; `problems` are all of its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems, so that the caller can print them."""
        super().__init__("nothing was published: mend the violations and try again")
        self.problems = problems


def find_settings(start: Path, out: Path | None = None) -> Settings:
    """Return the settings of the nearest project from `start` upwards, else of the packaged build.

    Without a project, `out` names a build to read in its place.
    """
    project = nearest_project(start)
    if project is not None:
        return load_settings(project)
    came = bundled(BUILD)
    if out is None and (came.parent / FILE).is_file():
        return load_settings(came.parent)
    return settings_of_build(out or came)


def settings_of_build(folder: Path) -> Settings:
    """Return the settings that a build records; `folder` is the folder of the build.

    Raises `TwingraphError` where it is no build.
    """
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TwingraphError(
            f"no {FILE} here or above, and {folder} is no build ({error}); make a project with "
            "'twingraph init DIR'"
        ) from None
    if not isinstance(about, dict):
        raise TwingraphError(f"{folder / ABOUT} is no object; build again")
    return settings_from(folder, {key: about[key] for key in _READ_KEYS if key in about})


def ensure_build(
    settings: Settings,
    out: Path | None = None,
    progress: Progress | None = None,
    large: bool | None = None,
    notify: Callable[[str], None] | None = None,
) -> Path:
    """Return the folder of a current build: the project's, built if need be, or the packaged one.

    `large` True: it must have the large lists; False: it must not; None: either will do. While
    another process builds it, this one waits, which `notify` is called with a sentence about; if
    that build is current then, it is used.

    Raises `UnpublishedError` where the project has violations, `LockedError` where others are
    still building after a quarter of an hour.
    """
    if not (settings.folder / FILE).is_file():
        return out or settings.folder
    # imported only here: reading the packaged build needs none of the code that checks and builds
    from twingraph.build import build, is_current, silent

    place = (out or settings.folder / BUILD).absolute()
    until = time.monotonic() + _MINUTES * 60
    notified = False
    while not is_current(settings, place, large):
        try:
            built = build(settings, place, progress or silent, bool(large))
        except LockedError:
            if time.monotonic() >= until:
                raise
            if notify and not notified:
                notify(f"another build is writing {place}; waiting for it ({_MINUTES} min at most)")
            notified = True
            time.sleep(_PAUSE)
            continue
        if built.folder is None:
            raise UnpublishedError(built.problems)
        break
    return place
