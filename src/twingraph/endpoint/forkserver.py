"""The server's side of the connection to a fork server: orders, reports, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

from twingraph.endpoint.launch import Launched

_LOOK: Final = 1.0  # seconds between two checks of an order without a reply
_LOOKS: Final = 8  # checks until it counts as hanging; no seconds: this process may be stopped too
_PREPARING: Final = 120  # the same while it makes preparations for workers
_BUFFER: Final = 1024 * 1024  # bytes of an answer that wait to be read, where the machine allows it


class ForkServer:
    """A connection to a process of `twingraph.endpoint.worker`."""

    def __init__(
        self,
        launched: Launched,
        loop: asyncio.AbstractEventLoop,
        deliver: Callable[[list[str]], None],
        lost: Callable[[], None],
        hangs: Callable[[], None],
    ) -> None:
        """Talk to the fork server `launched` in `loop`.

        `deliver` is called with the words of each line from it, `lost` when it has ended, `hangs`
        when it has not replied to an order for too long.
        """
        self.pid = launched.pid
        self._loop = loop
        self._deliver = deliver
        self._lost = lost
        self._hangs = hangs
        self._partial = b""
        self._alive: set[int] = set()  # its workers
        self._unanswered = 0  # orders
        self._looks = 0  # at the oldest of them
        self._timer: asyncio.TimerHandle | None = None
        self._patience = _PREPARING
        self._control = launched.control
        self._control.setblocking(False)
        self._closed = False
        loop.add_reader(self._control.fileno(), self._hear)

    def fork(self) -> socket.socket | None:
        """Order a worker; return the socket to it, or None if that is not possible now."""
        try:
            parent_end, child_end = socket.socketpair()
        except OSError:  # no descriptor is left
            return None
        with child_end:
            child_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            try:
                socket.send_fds(self._control, [b"F\n"], [child_end.fileno()])
            except OSError:
                parent_end.close()
                return None
        parent_end.setblocking(False)
        self._unanswered += 1
        self._look_after()
        return parent_end

    def order(self, letter: str, pid: int) -> None:
        """Send an order about a worker; `worker.py` lists the letters."""
        if pid not in self._alive:  # a worker of an earlier fork server: it ends by its own limits
            return
        with contextlib.suppress(OSError):  # the fork server has ended, and so has the worker
            self._control.send(f"{letter} {pid}\n".encode())

    def close(self) -> None:
        """Close the connection; the fork server then kills the workers of this process."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if not self._loop.is_closed():
            self._loop.remove_reader(self._control.fileno())
        self._control.close()

    def retire(self, ended: Callable[[], None]) -> None:
        """Ignore its reports, but let its workers go on until it ends; then call `ended`."""

        def lost() -> None:
            self.close()
            ended()

        self._deliver = lambda words: None
        self._lost = lost
        self._hangs = lambda: None

    def _look_after(self) -> None:
        if self._timer is None and self._unanswered and not self._closed:
            self._timer = self._loop.call_later(_LOOK, self._look)

    def _look(self) -> None:
        self._timer = None
        self._looks += 1
        if self._unanswered and self._looks >= self._patience:
            self._hangs()
        else:
            self._look_after()

    def _note(self, words: list[str]) -> None:
        """Know from a line what becomes of orders and workers."""
        self._looks = 0
        match words:
            case ["P", pid]:
                self._unanswered -= 1
                self._alive.add(int(pid))
            case ["N", *_]:
                self._unanswered -= 1
            case ["X", pid, _]:
                self._alive.discard(int(pid))
            case ["E"]:
                self._patience = _LOOKS

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
                words = line.decode("utf-8", "replace").split()
                self._note(words)
                self._deliver(words)
