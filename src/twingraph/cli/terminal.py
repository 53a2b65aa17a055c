"""What commands print: problems, progress, and texts that do no harm to a terminal."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from twingraph.problems import (
    SEVERITIES,
    Problem,
    Severity,
    first_of_each,
    printable,
)
from twingraph.progress import line_of
from twingraph.translation import words_of

_COLOURS: Final[dict[Severity, str]] = {"violation": "red", "warning": "yellow", "info": "blue"}


def print_problems(problems: Sequence[Problem], form: str, lang: str, err: bool = False) -> None:
    """Print problems as lines, the first of each kind, or all as JSON; then their count."""
    if form == "json":
        rows = [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "code": problem.code,
                "severity": problem.severity,
                "message": dict(problem.message),
            }
            for problem in problems
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1), err=err)
        return
    stream = sys.stderr if err else sys.stdout
    coloured = stream.isatty() and "NO_COLOR" not in os.environ
    shown, left_out = first_of_each(problems)
    for item in shown:
        text = item.text(lang)
        if coloured:
            place, code, rest = text.partition(item.code)
            text = place + click.style(code, fg=_COLOURS[item.severity], bold=True) + rest
        click.echo(text, err=err, color=coloured)
    for code, number in left_out.items():
        words = words_of(lang).gettext("… and {number} more of {code}; --format json lists all")
        click.echo(words.format(number=number, code=code), err=err)
    counts = Counter(problem.severity for problem in problems)
    report = ", ".join(
        f"{counts[name]} {name}{'s' * (counts[name] != 1)}" for name in SEVERITIES[:2]
    )
    notes = f", {counts['info']} to note" if counts["info"] else ""
    click.echo(f"{report}{notes}", err=True)


def exit_status(problems: Sequence[Problem], strict: bool) -> int:
    """Return 1 where there is a violation, or if `strict` a warning, else 0."""
    counted: tuple[Severity, ...] = ("violation", "warning") if strict else ("violation",)
    return int(any(problem.severity in counted for problem in problems))


def short_path(path: Path) -> str:
    """Return a path as people write it from here."""
    return os.path.relpath(path) if path.absolute().is_relative_to(Path.cwd()) else str(path)


class Progress:
    """A progress line on the terminal; silent in a pipe."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        self._shown = sys.stderr.isatty()
        self._begun = time.monotonic()
        self._line = ""

    def __enter__(self) -> Progress:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Erase the line."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def report(self, doing: str, share: float = 0.0) -> None:
        """Show the current step, and how long the rest may take."""
        if self._shown:
            line = line_of(printable(doing), share, time.monotonic() - self._begun)
            line = line[: shutil.get_terminal_size().columns - 1]  # one line, which can be erased
            if line != self._line:
                self._line = line
                click.echo(f"\r\x1b[K{line}", nl=False, err=True)

    def note(self, words: str) -> None:
        """Print a line that stays, on a terminal or not."""
        erased = "\r\x1b[K" if self._shown else ""
        click.echo(f"{erased}{printable(words)}", err=True)


def printable_lines(words: object) -> str:
    """Return an error's lines as they may go to a terminal, whatever file names are in them."""
    return "\n".join(map(printable, str(words).split("\n")))
