"""Run the examples of a page as its reader would: `python docs/examples.py README.md`.

A `console` block holds commands (`$ …`, continued with `> …`) and exactly what they print; `…`
stands for any text within a line and, alone on a line, for any lines. A block behind
`<!-- file: PATH -->` is saved under that path, one behind `<!-- add to: PATH -->` is added to the
end of that file. `<!-- not run: REASON -->` before a block leaves it out. Everything happens in a
fresh copy of the project; commands that ask `127.0.0.1:8000` are answered by a server of that copy.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
HOST: Final = "127.0.0.1"
TOLD: Final = f"{HOST}:8000"  # where pages say that the server is
PATIENCE: Final = 120  # seconds for one command

_MARK: Final = re.compile(r"<!-- (file|add to|not run): (.+?) -->")
_LEFT_OUT: Final = {"build", "node_modules", "releases", "src", "tests"}


@dataclass
class Block:
    """A fenced block: its language, its lines, and where they stand in the page (from 0)."""

    language: str
    first: int
    lines: list[str]
    mark: str = ""
    words: str = ""


@dataclass
class Example:
    """One command and what the page says it prints."""

    command: str
    expected: list[str]
    line: int


@dataclass
class Reader:
    """Somebody who follows a page in a copy of the project."""

    folder: Path
    server: subprocess.Popen[bytes] | None = None
    address: str = TOLD
    times: list[tuple[float, str]] = field(default_factory=list)

    def run(self, command: str) -> tuple[int, str]:
        """Run a command; return its exit status and what it prints on either stream."""
        if TOLD in command and self.server is None:
            self._serve()
        words = command.replace(TOLD, self.address)
        began = time.monotonic()
        done = subprocess.run(
            ["/bin/sh", "-c", words], cwd=self.folder, env=_environment(), timeout=PATIENCE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        self.times.append((time.monotonic() - began, command.splitlines()[0]))
        return done.returncode, done.stdout.decode("utf-8").replace(self.address, TOLD)

    def _serve(self) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        self.address = f"{HOST}:{port}"
        self.server = subprocess.Popen(
            ["twingraph", "serve", "--port", str(port)], cwd=self.folder, env=_environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
                return
            time.sleep(0.1)
        raise TimeoutError(f"no server at {self.address} within {PATIENCE} seconds")

    def leave(self) -> None:
        """Stop the server, if there was one."""
        if self.server is not None:
            os.killpg(self.server.pid, signal.SIGTERM)
            self.server.wait(timeout=PATIENCE)


def _environment() -> dict[str, str]:
    here = str(Path(sys.executable).parent)
    plain = {"COLUMNS": "80", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return {**os.environ, **plain, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}"}


# --- pages ---------------------------------------------------------------------------------------


def read_blocks(text: str) -> Iterator[Block]:
    """Return the fenced blocks of a page, each with the mark that stands before it.

    >>> [one] = read_blocks("<!-- file: a -->\\n```sh\\nb\\n```")
    >>> one.language, one.mark, one.words, one.lines
    ('sh', 'file', 'a', ['b'])
    """
    mark: tuple[str, str] = ("", "")
    block: Block | None = None
    fence = ""
    for number, line in enumerate(text.split("\n")):
        if block is not None:
            if line == fence:
                yield block
                block, mark = None, ("", "")
            else:
                block.lines.append(line)
        elif line.startswith("```"):
            fence = "`" * (len(line) - len(line.lstrip("`")))
            block = Block(line.lstrip("`").strip(), number + 1, [], *mark)
        elif found := _MARK.fullmatch(line):
            mark = (found[1], found[2])
        elif line:
            mark = ("", "")


def read_examples(block: Block) -> Iterator[Example]:
    """Return the commands of a console block, each with what it prints."""
    example: Example | None = None
    for number, line in enumerate(block.lines, block.first):
        if line.startswith("$ "):
            if example:
                yield example
            example = Example(line[2:], [], number)
        elif example is None:
            raise ValueError(f"line {number + 1}: a console block begins with '$ '")
        elif line.startswith("> ") or line == ">":
            example.command += "\n" + line[2:]
        else:
            example.expected.append(line)
    if example:
        yield example


def agrees(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Is this what the page says, with `…` for what may be anything?

    >>> agrees(["a … c", "…", "e"], ["a b c", "d", "d", "e"]), agrees(["a"], ["a", "b"])
    (True, False)
    """
    parts = []
    for line in expected:
        if line.strip() == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append("[^\n]*".join(map(re.escape, line.rstrip().split("…"))) + "\n")
    text = "".join(line.rstrip() + "\n" for line in printed)
    return re.fullmatch("".join(parts), text) is not None


def follow(page: Path, reader: Reader, update: bool) -> list[str]:
    """Do what a page says; return what is not as it says, and mend the page if asked to."""
    text = page.read_text(encoding="utf-8")
    lines = text.split("\n")
    wrong: list[str] = []
    changes: list[tuple[Example, list[str]]] = []
    for block in read_blocks(text):
        if block.mark in ("file", "add to"):
            _save(reader.folder, block)
        elif block.language == "console" and block.mark != "not run":
            for example in read_examples(block):
                status, output = reader.run(example.command)
                printed = output.splitlines()
                place = f"{page.name}:{example.line + 1}: $ {example.command}"
                if status:
                    wrong.append(f"{place}\nends with exit status {status}:\n{output}")
                elif not agrees(example.expected, printed):
                    wrong.append(f"{place}\nprints:\n{output}")
                    changes.append((example, [line.rstrip() for line in printed]))
    if update:
        for example, printed in reversed(changes):
            start = example.line + 1 + example.command.count("\n")
            lines[start : start + len(example.expected)] = printed
        page.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    return wrong


def _save(folder: Path, block: Block) -> None:
    path = folder / block.words
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if block.mark == "file" else "a", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(block.lines) + "\n")


def copy_project(folder: Path) -> Path:
    """Copy what a reader has after cloning: no build, no environment, no tests."""

    def left_out(_: str, names: list[str]) -> set[str]:
        return {name for name in names if name.startswith(".") or name in _LEFT_OUT}

    return Path(shutil.copytree(ROOT, folder / "twingraph", ignore=left_out))


def main(arguments: Sequence[str]) -> int:
    """Follow the named pages, each in a copy of its own; 0 if all is as they say, else 1."""
    words = argparse.ArgumentParser(description="Run the examples of pages.")
    words.add_argument("pages", nargs="+", type=Path)
    words.add_argument("--update", action="store_true", help="write what is printed into the page")
    words.add_argument("--times", action="store_true", help="say how long each command takes")
    words.add_argument("--keep", type=Path, help="do it in this new folder and keep it")
    given = words.parse_args(arguments)
    failed = False
    for page in given.pages:
        with tempfile.TemporaryDirectory() as scratch:
            reader = Reader(copy_project(given.keep or Path(scratch)))
            try:
                wrong = follow(page, reader, given.update)
            finally:
                reader.leave()
        for seconds, command in reader.times if given.times else ():
            sys.stdout.write(f"{seconds:6.1f} s  {command}\n")
        sys.stdout.write("".join(f"{item}\n" for item in wrong))
        failed = failed or bool(wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
