"""A project that is served by processes of its own, and what they take, seen from outside."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from twingraph.build import build
from twingraph.settings import load_settings

ROOT: Final = Path(__file__).parent.parent
ATLAS: Final = ROOT / "tests" / "atlas"
Address = tuple[str, int]


class Taken(NamedTuple):
    """What processes take together."""

    processes: int
    descriptors: int
    megabytes: int  # pages that they share counted once


def project_in(folder: Path) -> Path:
    """Return a small project with a build in it."""
    project = folder / "project"
    shutil.copytree(ATLAS, project)
    if build(load_settings(project), project / "build").folder is None:
        raise SystemExit("tests/atlas can't be built")
    return project


def free_port() -> int:
    """Return a port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(
    project: Path,
    log: Path,
    *,
    before: tuple[str, ...] = (),
    options: tuple[str, ...] = ("--log", "none", "--processes", "2"),
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[Address, subprocess.Popen[bytes]]]:
    """Serve a project; what it says goes to `log`. `before` are words that begin the command."""
    port = free_port()
    command = [*before, sys.executable, "-m", "twingraph.cli", "--project", str(project), "serve",
               "--port", str(port), *options]  # fmt: skip
    with log.open("wb") as lines:
        process = subprocess.Popen(
            command, stdout=lines, stderr=lines, env={**os.environ, **(environment or {})}
        )
        try:
            for _ in range(1200):
                if b"Serving" in log.read_bytes():
                    break
                if process.poll() is not None:
                    raise OSError(f"serve ended: {log.read_text(errors='replace')}")
                time.sleep(0.05)
            yield ("127.0.0.1", port), process
        finally:
            process.terminate()
            process.wait(30)


def _parents() -> dict[int, int]:
    """Return the parent of each process that lives."""
    found: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                found[int(path.parent.name)] = int(fields[1])
    return found


def children(pid: int) -> list[int]:
    """Return the processes right below one."""
    return sorted(child for child, parent in _parents().items() if parent == pid)


def below(pid: int) -> dict[int, bytes]:
    """Return all processes below one, with their command lines."""
    found: dict[int, bytes] = {}
    parents = _parents()
    todo = [pid]
    while todo:
        above = todo.pop()
        for child, parent in parents.items():
            if parent == above and child not in found:
                with contextlib.suppress(OSError):
                    found[child] = Path(f"/proc/{child}/cmdline").read_bytes()
                    todo.append(child)
    return found


def descriptors(pid: int) -> int:
    """Return how many descriptors a process and those below it have open."""
    number = 0
    for process in [pid, *below(pid)]:
        with contextlib.suppress(OSError):
            number += len(list(Path(f"/proc/{process}/fd").iterdir()))
    return number


def memory(pid: int) -> int:
    """Return the proportional memory of a process and those below it, in MB."""
    kilobytes = 0
    for process in [pid, *below(pid)]:
        with contextlib.suppress(OSError, StopIteration, ValueError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            kilobytes += int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return kilobytes // 1024


def taken(pid: int) -> Taken:
    """Return what a process and those below it take."""
    return Taken(len(below(pid)), descriptors(pid), memory(pid))
