"""What tests of the command line share: a project's command, and commands that are killed."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

# starts a process a line, all of them from one that has everything imported already
_FORKING: Final = """
import os, sys
from twingraph.cli import main
import twingraph.build, twingraph.releasing
for line in sys.stdin:
    if not (child := os.fork()):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        main(line.split())
    print(child, flush=True)
    sys.stdin.readline()  # until then the number is nobody else's
    print(os.waitpid(child, 0)[1], flush=True)
"""


def command(project: Path, *words: str) -> list[str]:
    """Return the words that run a command of the program on a project, as its user does."""
    return [sys.executable, "-m", "twingraph.cli", "--project", str(project), *words]


def edit(project: Path, name: str, old: str, new: str) -> None:
    """Replace a text in a file of a project, once; it must be there."""
    path = project / name
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def set_day(project: Path, day: str) -> None:
    """Write the day of the next release into the settings of a project."""
    path = project / "twingraph.toml"
    text = re.sub(r'release = ".*"', f'release = "{day}"', path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")


class Commands:
    """Starts one command after another, each without the half second of importing."""

    def __init__(self, parent: subprocess.Popen[str]) -> None:
        self._parent = parent

    def start(self, project: Path, *words: str) -> int:
        """Start a command; return the number of its process, which is its own until `end`."""
        return int(self._ask(" ".join(["--project", str(project), *words])))

    def end(self) -> int:
        """Return how the command that was started ended, as `os.waitpid` says it."""
        return int(self._ask(""))

    def _ask(self, line: str) -> str:
        assert self._parent.stdin and self._parent.stdout
        self._parent.stdin.write(line + "\n")
        self._parent.stdin.flush()
        return self._parent.stdout.readline()


@contextlib.contextmanager
def commands() -> Iterator[Commands]:
    """Start commands quickly; what they print on the way goes nowhere."""
    with subprocess.Popen(
        [sys.executable, "-c", _FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        yield Commands(parent)


def files_in(folder: Path) -> int:
    """Return the number of files below a folder, which may be renamed meanwhile."""
    return sum(len(names) for _, _, names in os.walk(folder))


def wait_for_files(folder: Path, number: int, ended: Callable[[], bool]) -> None:
    """Wait until a folder has so many files, or until `ended` holds; a minute at most."""
    until = time.monotonic() + 60
    while not ended() and time.monotonic() < until:
        if folder.exists() and files_in(folder) >= number:
            return
        time.sleep(0.0002)
