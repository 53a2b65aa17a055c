"""The server's side of the keeper: its process, the lines to it and from it, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Final

from twingraph.endpoint.evaluate import Config

# What a keeper may know of the server's surroundings: enough to find Python and us.
_KNOWN: Final = ("HOME", "LANG", "LC_ALL", "PATH", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
_ENDING: Final = 1  # seconds it may take to end its workers and itself


class ForkServer:
    """One process of `twingraph.endpoint.worker`, started when this is made."""

    def __init__(
        self,
        config: Config,
        loop: asyncio.AbstractEventLoop,
        told: Callable[[list[str]], None],
        lost: Callable[[], None],
    ) -> None:
        """Start it; `told` gets the words of each line, `lost` is called when it is gone."""
        self._loop = loop
        self._tell = told
        self._lost = lost
        self._heard = b""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "twingraph.endpoint.worker"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _KNOWN if name in os.environ},
                start_new_session=True,
            )
        ours.sendall(json.dumps(config._asdict()).encode() + b"\n")
        ours.setblocking(False)
        self._control = ours
        loop.add_reader(ours.fileno(), self._hear)

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def fork(self) -> socket.socket | None:
        """Order a worker; return the socket to it, None where the keeper is gone."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"F\n"], [theirs.fileno()])
            except OSError:
                ours.close()
                return None
        ours.setblocking(False)
        return ours

    def order(self, letter: str, pid: int) -> None:
        """Order something for a worker: `K`, `L`, `S` or `C`, see `worker.py`."""
        with contextlib.suppress(OSError):  # the keeper is gone, and so is the worker
            self._control.send(f"{letter} {pid}\n".encode())

    def close(self) -> None:
        """Let go of it: when we are gone it kills its workers and ends."""
        if not self._loop.is_closed():
            self._loop.remove_reader(self._control.fileno())
        self._control.close()
        try:
            self._process.wait(timeout=_ENDING)
        except subprocess.TimeoutExpired:  # it is still loading; workers would go with it
            self._process.kill()
            self._process.wait()

    def _hear(self) -> None:
        try:
            data = self._control.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            self._tell(line.decode("ascii").split())
