"""How a wheel is made: hatchling's way, with the graph frozen and the query editor bundled.

The functions are those of PEP 517, which calls the first for a wheel only: an editable install
(PEP 660) asks for nothing more than hatchling and builds no graph.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling import build as backend
from hatchling.build import *  # noqa: F403  # all other functions of the backend are hatchling's
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """Freezing the graph takes what twingraph itself needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*backend.get_requires_for_build_wheel(config_settings), *project["dependencies"]]


EDITOR = ("editor.js", "editor.licences.txt")
STATIC = Path("src") / "twingraph" / "site" / "static"


def bundle_editor() -> bool:
    """Bundle the query editor from web/ with Node; without Node the plain form remains."""
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("no npm here: the wheel is made without the query editor\n")
        return False
    words = ("--prefix", str(ROOT / "web"), "--no-audit", "--no-fund", "--ignore-scripts")
    for command in ([npm, "ci", *words], [npm, "run", "--prefix", str(ROOT / "web"), "build"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(
                f"the query editor can't be bundled, the wheel is made without it:\n{done.stderr}"
            )
            return False
    return True


class FrozenGraph(BuildHookInterface):
    """Puts a build of the project into the wheel, as twingraph/bundled/build, and the editor."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the project beside the checkout; a violation ends the wheel."""
        if version == "editable":
            return
        # ignored by git, so that hatchling leaves them out unless they are named
        if bundle_editor():
            for name in EDITOR:
                build_data["force_include"][str(ROOT / STATIC / name)] = (
                    f"twingraph/site/static/{name}"
                )
        sys.path.insert(0, str(ROOT / "src"))
        from twingraph.build import build
        from twingraph.build_cache import KEPT
        from twingraph.settings import load_settings

        self._folder = tempfile.TemporaryDirectory()
        built = build(load_settings(ROOT), Path(self._folder.name) / "build")
        if built.folder is None:
            raise SystemExit("no wheel:\n" + "\n".join(map(str, built.problems)))
        shutil.rmtree(built.folder / KEPT)  # for the next build, of which there is none
        build_data["force_include"][str(built.folder)] = "twingraph/bundled/build"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Drop what is in the wheel now."""
        if version != "editable":
            self._folder.cleanup()
