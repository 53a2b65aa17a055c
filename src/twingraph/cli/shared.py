"""What commands share: the project they are run in, and its build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click

from twingraph.cli.terminal import Progress, print_problems
from twingraph.problems import TwingraphError
from twingraph.settings import (
    Settings,
    address_from,
    find_project,
    load_settings,
    nearest_project,
)

BUILD: Final = "build"
SITE: Final = "site"
RELEASES: Final = "releases"


@dataclass(frozen=True)
class Context:
    """What every command may ask: where the project is."""

    project: Path | None

    def settings(self) -> Settings:
        """Find and read the project's settings, or raise `TwingraphError`."""
        return load_settings(self.project or find_project(Path.cwd()))

    def settings_to_read(self, out: Path | None = None) -> Settings:
        """Return the project's settings, or, without a project, those of the packaged graph."""
        from twingraph.current_build import find_settings

        return load_settings(self.project) if self.project else find_settings(Path.cwd(), out)


pass_context = click.make_pass_decorator(Context)


address_option = click.option(
    "--address", metavar="URL", default="",
    help="The URL under which the public opens the site, in place of the one in twingraph.toml.",
)  # fmt: skip


def at_address(settings: Settings, address: str) -> Settings:
    """Return settings with another public address, if one was given."""
    if not address:
        return settings
    public, wrong = address_from(address)
    if wrong:
        raise TwingraphError(wrong[0])
    return replace(settings, address=public)


def settings_or_default(context: Context, paths: Sequence[Path]) -> Settings:
    """A dump can be checked anywhere; files of a project only in one."""
    from twingraph.check.paths import is_dump

    alone = context.project is None and nearest_project(Path.cwd()) is None
    if alone and paths and all(is_dump(path, None) for path in paths):
        return Settings(Path.cwd())
    return context.settings()


def releases_folder(context: Context) -> Path | None:
    """Return the folder of the project's releases; None outside a project."""
    folder = context.project or nearest_project(Path.cwd())
    return folder / "releases" if folder else None


def built_folder(settings: Settings, out: Path | None = None) -> Path:
    """Return the folder of a current build, building it first if need be."""
    from twingraph.current_build import UnpublishedError, ensure_build

    try:
        with Progress() as progress:
            return ensure_build(settings, out, progress.report, notify=progress.note)
    except UnpublishedError as error:
        print_problems(error.problems, "text", "en", err=True)
        raise
