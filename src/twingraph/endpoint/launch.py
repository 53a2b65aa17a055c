"""Starts the fork server, the process that has loaded the graph, and connects to it.

It runs `worker.py`. Its standard input is a socket, the lifeline: first the configuration as a line
of JSON, then a socket for each process that orders workers. It ends when the lifeline is closed.
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

# the environment variables that it inherits: enough to find Python and this package
_KNOWN: Final = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
_ENDING: Final = 1  # seconds until it is killed if it does not end by itself
_LEAVING: Final = 2.0  # seconds beyond the limit of a query until a hanging one is killed
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
    """Return the configuration of a fork server: its graph, and the limits of a query."""
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
        """Start it, and send it the configuration."""
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
        """Whether it has ended."""
        return self._process.poll() is not None

    def connect(self) -> socket.socket:
        """Return a new socket on which workers are ordered; raise `OSError` if it has ended."""
        parent_end, child_end = socket.socketpair()
        with child_end:
            try:
                socket.send_fds(self._lifeline, [b"C"], [child_end.fileno()])
            except OSError:
                parent_end.close()
                raise
        return parent_end

    def forget(self) -> None:
        """Close the lifeline in a forked process, to which the fork server does not belong."""
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
    """Fork servers that are being replaced: killed when their last queries have had their time."""

    def __init__(self) -> None:
        """Begin with none."""
        self._processes: list[tuple[float, ForkProcess]] = []

    def add(self, process: ForkProcess, seconds: float) -> None:
        """Add one; kill it after `seconds`, the limit of a query, and `_LEAVING` more."""
        self._processes.append((time.monotonic() + seconds + _LEAVING, process))

    def kill_late(self) -> float | None:
        """Kill those that are due; return the seconds until the next is, None if there is none."""
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
    """A connection to a fork server: the socket, and the process id of the fork server."""

    control: socket.socket
    pid: int


class Launcher(Protocol):
    """Starts fork servers, or shares running ones."""

    async def launch(self, config: Config) -> Launched:
        """Return a connection to a fork server of a graph; raise `OSError` if none can start."""
        ...

    def replace(self, pid: int) -> None:
        """Note that a fork server hangs; the next `launch` returns another one."""
        ...

    def leave(self, pid: int) -> None:
        """Note that a connection was closed; a fork server without connections has to end."""
        ...

    def close(self) -> None:
        """End the fork servers that were started."""
        ...


class OwnLauncher:
    """Starts a fork server as a child of this process; users of the same graph share it.

    It ends the fork server when `close` has been called as often as there are `users`.
    """

    def __init__(self, users: int = 1) -> None:
        """Begin without a fork server."""
        self._users = users
        self._config: Config | None = None
        self._process: ForkProcess | None = None
        self._leaving = Leaving()

    def give(self) -> tuple[str, ForkProcess] | None:
        """Give away the running fork server: (configuration as JSON, process); None if none is."""
        process, self._process = self._process, None
        if process is None or self._config is None:
            return None
        return json.dumps(self._config._asdict()), process

    def start(self, config: Config) -> None:
        """Start a fork server before it is needed; raises `OSError`."""
        self._end()
        self._config = config
        self._process = ForkProcess(config)

    async def launch(self, config: Config) -> Launched:
        """Return a connection to the running fork server of this graph, or to a new one."""
        if self._process is not None and not self._process.ended and self._config == config:
            with contextlib.suppress(OSError):  # it has just ended
                return Launched(self._process.connect(), self._process.pid)
        self.start(config)
        assert self._process is not None, "started"
        return Launched(self._process.connect(), self._process.pid)

    def replace(self, pid: int) -> None:
        """Note that it hangs; it is killed when its workers have had time for their queries."""
        if self._process is None or self._process.pid != pid:
            return
        assert self._config is not None, "it was started"
        process, self._process = self._process, None
        print(HANGS, file=sys.stderr, flush=True)  # noqa: T201
        self._leaving.add(process, self._config.seconds)
        self._kill_late(asyncio.get_running_loop())

    def leave(self, pid: int) -> None:
        """Do nothing: it is ended in `close`, or when another one is started."""

    def _kill_late(self, loop: asyncio.AbstractEventLoop) -> None:
        pause = self._leaving.kill_late()
        if pause is not None:
            loop.call_later(pause, self._kill_late, loop)

    def close(self) -> None:
        """End the fork server with its last user."""
        self._users -= 1
        if self._users <= 0:
            self._end()
            self._leaving.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                process.close()
