"""The process that holds the graph and forks workers: how it is started, and how one talks to it.

`worker.py` is what it runs. Its standard input is a socket, the lifeline: the configuration goes in
as a line of JSON, then a socket for everybody who wants workers. It ends with its lifeline.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from twingraph.endpoint.evaluate import Config
from twingraph.rdf.iris import PUBLISHED
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.settings import Limits

# What it may know of the server's surroundings: enough to find Python and us.
_KNOWN: Final = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
_ENDING: Final = 1  # seconds it may take to end its workers and itself
_LEAVING: Final = 2.0  # seconds beyond the limit of a query until one that hangs is killed
HANGS: Final = (
    "twingraph: the process that holds the graph answers no order; another takes its place"
)


def pages_of(library: Path | None, address: str, limits: Limits) -> dict[str, Any]:
    """Return what workers need to answer requests (`Config.pages`)."""
    return {
        "library": str(library) if library is not None else "",
        "address": address,
        "limits": asdict(limits),
    }


def config_of(graph: Path, base: str, limits: Limits, pages: Mapping[str, Any]) -> Config:
    """Return what a fork server is told of a graph and of what a query on it may take."""
    return Config(
        graph=str(graph),
        base=base,
        prefixes=dict(prefixes_for(base)),
        published=base + PUBLISHED,
        seconds=limits.seconds,
        memory_bytes=limits.memory_bytes,
        rows=limits.rows,
        result_bytes=limits.result_bytes,
        pages=pages,
    )


class ForkProcess:
    """A process of `twingraph.endpoint.worker`, started when this is made; raises `OSError`."""

    def __init__(self, config: Config) -> None:
        """Start it, and tell it which graph it is to load."""
        parent_end, child_end = socket.socketpair()
        with child_end:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "twingraph.endpoint.worker"],
                    stdin=child_end.fileno(),
                    stdout=subprocess.DEVNULL,
                    env={name: os.environ[name] for name in _KNOWN if name in os.environ},
                    start_new_session=True,
                )
            except OSError:
                parent_end.close()
                raise
        self._lifeline = parent_end
        parent_end.sendall(json.dumps(config._asdict()).encode() + b"\n")

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def connect(self) -> socket.socket:
        """Return a new socket on which workers are ordered; raise `OSError` where it is gone."""
        parent_end, child_end = socket.socketpair()
        with child_end:
            try:
                socket.send_fds(self._lifeline, [b"C"], [child_end.fileno()])
            except OSError:
                parent_end.close()
                raise
        return parent_end

    def forget(self) -> None:
        """Let go of it in a process that was forked off: it is somebody else's."""
        self._lifeline.close()

    def kill(self) -> None:
        """End it and its workers at once, and do not wait for that."""
        self._lifeline.close()
        self._process.kill()

    def close(self) -> None:
        """End it and its workers."""
        self._lifeline.close()
        try:
            self._process.wait(timeout=_ENDING)
        except subprocess.TimeoutExpired:  # it is still loading, or stopped
            self._process.kill()
            self._process.wait()


class Leaving:
    """Fork servers whose time is over: workers may answer what they are at, then all are killed."""

    def __init__(self) -> None:
        """Begin without any."""
        self._processes: list[tuple[float, ForkProcess]] = []

    def add(self, process: ForkProcess, seconds: float) -> None:
        """Let one go on for so many `seconds`, those that a query may take, and some."""
        self._processes.append((time.monotonic() + seconds + _LEAVING, process))

    def kill_late(self) -> float | None:
        """Kill those whose time has come; return the seconds to the next one, None for none."""
        now = time.monotonic()
        for due, process in self._processes:
            if due <= now and not process.ended:
                process.kill()
        self._processes = [item for item in self._processes if not item[1].ended]
        times = [due - now if due > now else _ENDING for due, _ in self._processes]
        return min(times, default=None)

    def close(self) -> None:
        """End them all."""
        for _, process in self._processes:
            process.kill()
            process.close()
        self._processes = []


class Launched(NamedTuple):
    """A way to order workers: the socket, and the process at its other end."""

    control: socket.socket
    pid: int


class Launcher(Protocol):
    """Who starts fork servers, or shares those that there are."""

    async def launch(self, config: Config) -> Launched:
        """Return a way to order workers on a graph; raise `OSError` where none can be started."""
        ...

    def replace(self, pid: int) -> None:
        """Know that a fork server hangs: whoever launches next gets another."""
        ...

    def leave(self, pid: int) -> None:
        """Know that a way to order workers is closed; a fork server without any has to end."""
        ...

    def close(self) -> None:
        """End what was started."""
        ...


class OwnLauncher:
    """Starts fork servers as children of this process; those who want the same share one.

    It ends what it has started when it was closed as often as there are `users`.
    """

    def __init__(self, users: int = 1) -> None:
        """Begin without any."""
        self._users = users
        self._config: Config | None = None
        self._process: ForkProcess | None = None
        self._leaving = Leaving()

    def give(self) -> tuple[str, ForkProcess] | None:
        """Hand over the one that was started, by the JSON of its configuration, if there is one."""
        process, self._process = self._process, None
        if process is None or self._config is None:
            return None
        return json.dumps(self._config._asdict()), process

    def start(self, config: Config) -> None:
        """Start one ahead of those who want it; raises `OSError`."""
        self._end()
        self._config = config
        self._process = ForkProcess(config)

    async def launch(self, config: Config) -> Launched:
        """Start one in place of the one before, unless that is just it."""
        if self._process is not None and not self._process.ended and self._config == config:
            with contextlib.suppress(OSError):  # it has just ended
                return Launched(self._process.connect(), self._process.pid)
        self.start(config)
        assert self._process is not None, "started"
        return Launched(self._process.connect(), self._process.pid)

    def replace(self, pid: int) -> None:
        """Know that it hangs; it is killed once its workers had the time for their queries."""
        if self._process is None or self._process.pid != pid:
            return
        assert self._config is not None, "it was started"
        process, self._process = self._process, None
        print(HANGS, file=sys.stderr, flush=True)  # noqa: T201
        self._leaving.add(process, self._config.seconds)
        self._kill_late(asyncio.get_running_loop())

    def leave(self, pid: int) -> None:
        """It is ended in `close`, or when another one is started."""

    def _kill_late(self, loop: asyncio.AbstractEventLoop) -> None:
        pause = self._leaving.kill_late()
        if pause is not None:
            loop.call_later(pause, self._kill_late, loop)

    def close(self) -> None:
        """End it once nobody uses it."""
        self._users -= 1
        if self._users <= 0:
            self._end()
            self._leaving.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                process.close()
