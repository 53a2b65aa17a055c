"""Opens files of the project: their bytes or text, or the reason for refusing them.

Refused are links out of the folder, pipes, devices, and files over the size limit.
"""

from __future__ import annotations

from pathlib import Path

from twingraph.problems import Problem, problem
from twingraph.settings import Settings


def read_raw(path: Path, name: str, settings: Settings) -> bytes | Problem:
    """Return the bytes of a file of the project, or why it is not opened.

    A link out of the folder it was found in, a pipe, a device, a file over the limit: none is.
    """
    try:
        home = settings.resource("ontology") if name.startswith("ontology/") else settings.folder
        size = path.stat().st_size
        if not resolved(path).is_relative_to(resolved(home)):
            return problem("F12", name, error="a link that leads out of the project")
        if not path.is_file():
            return problem("F12", name, error="no regular file")
        if size > settings.max_file_bytes and not name.startswith("ontology/"):
            return problem("F10", name, size=size, limit=settings.max_file_bytes)
        return path.read_bytes()
    except OSError as error:
        return problem("F12", name, error=error.strerror or type(error).__name__)


def read_text(path: Path, name: str, settings: Settings) -> str | Problem:
    """Return the text of a file of a list, or why it can't be read."""
    raw = read_raw(path, name, settings)
    if isinstance(raw, Problem):
        return raw
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return problem("F01", name, raw.count(b"\n", 0, error.start) + 1, byte=error.start + 1)


def resolved(path: Path) -> Path:
    """Return the target of a path, all links followed; the path itself for a link to itself."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # Python before 3.13 raises the latter for a loop
        return path.absolute()
