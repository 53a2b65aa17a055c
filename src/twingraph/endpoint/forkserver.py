"""The server's side of a fork server: orders to it, what it tells, its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

from twingraph.endpoint.launch import Launched

_BUFFER: Final = 1024 * 1024  # bytes of an answer that wait to be read, where the machine allows it


class ForkServer:
    """A connection to a process of `twingraph.endpoint.worker`."""

    def __init__(
        self,
        launched: Launched,
        loop: asyncio.AbstractEventLoop,
        heard: Callable[[list[str]], None],
        lost: Callable[[], None],
    ) -> None:
        """`heard` gets the words of each line from it, `lost` is called when it is gone."""
        self.pid = launched.pid
        self._loop = loop
        self._deliver = heard
        self._lost = lost
        self._partial = b""
        self._control = launched.control
        self._control.setblocking(False)
        self._closed = False
        loop.add_reader(self._control.fileno(), self._hear)

    def fork(self) -> socket.socket | None:
        """Order a worker; return the socket to it, None where that can't be now."""
        try:
            ours, theirs = socket.socketpair()
        except OSError:  # no descriptor is left
            return None
        with theirs:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            try:
                socket.send_fds(self._control, [b"F\n"], [theirs.fileno()])
            except OSError:
                ours.close()
                return None
        ours.setblocking(False)
        return ours

    def order(self, letter: str, pid: int) -> None:
        """Order something for a worker, see `worker.py`."""
        with contextlib.suppress(OSError):  # the fork server is gone, and so is the worker
            self._control.send(f"{letter} {pid}\n".encode())

    def close(self) -> None:
        """Let go of it: it kills our workers."""
        if self._closed:
            return
        self._closed = True
        if not self._loop.is_closed():
            self._loop.remove_reader(self._control.fileno())
        self._control.close()

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
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            if not self._closed:
                self._deliver(line.decode("utf-8", "replace").split())
