"""The server's side of a fork server: orders to it, what it tells, its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

from twingraph.endpoint.launch import Launched

_LOOK: Final = 1.0  # seconds between two looks at an order that was not answered
_LOOKS: Final = 8  # after so many it hangs: looks, as this process may have been stopped, too
_PREPARING: Final = 120  # so many while it prepares what workers are to find done
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
        """`deliver` gets the words of each line from it, `lost` is called when it is gone, `hangs`
        when it has not answered an order for long.
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
        """Order a worker; return the socket to it, None where that can't be now."""
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
        """Order something for a worker, see `worker.py`."""
        if pid not in self._alive:  # of one before it: only its end or its clock ends that
            return
        with contextlib.suppress(OSError):  # the fork server is gone, and so is the worker
            self._control.send(f"{letter} {pid}\n".encode())

    def close(self) -> None:
        """Let go of it: it kills our workers."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if not self._loop.is_closed():
            self._loop.remove_reader(self._control.fileno())
        self._control.close()

    def retire(self, ended: Callable[[], None]) -> None:
        """Listen to it no more, but let its workers live until it ends; `ended` is called then."""

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
