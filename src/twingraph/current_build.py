"""The graph at hand: a project's, built anew where it is stale; else the one that came along.

A wheel carries a build (`hatch_build.py`), so that the graph can be asked and served where there is
no project. In a checkout it is the checkout's own project that comes along.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

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
_READ_KEYS: Final = ("address", "base_iri", "licence", "publisher", "release", "title")


class UnpublishedError(TwingraphError):
    """A project whose violations keep it from being built; `problems` are all of its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems for those who tell them."""
        super().__init__("nothing was published: mend the violations and try again")
        self.problems = problems


def find_settings(start: Path, out: Path | None = None) -> Settings:
    """Return the settings of the nearest project from `start` upwards, else of what came along.

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
    """Return the settings a build was made with, as it tells them; `folder` is the build itself.

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
) -> Path:
    """Return the folder of a current build: the project's, made if need be, or what came along.

    `large` says whether it must have the large lists, must not have them, or (None) may.

    Raises `UnpublishedError` where the project has violations.
    """
    if not (settings.folder / FILE).is_file():
        return out or settings.folder
    # reading what came along must not cost the time to load what checks and builds
    from twingraph.build import build, is_current, silent

    place = (out or settings.folder / BUILD).absolute()
    if is_current(settings, place, large):
        return place
    built = build(settings, place, progress or silent, bool(large))
    if built.folder is None:
        raise UnpublishedError(built.problems)
    return place
