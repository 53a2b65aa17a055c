"""What a serving process asks of the one above it: to start a fork server, or share one.

A socket of packets. Up goes `R` (ready), `H <pid>` (a fork server hangs: the next is another one),
`D <pid>` (a socket to it is closed) or a configuration in JSON; down comes `K <pid>` with a
socket, or `E <words>`. When the other side is gone, so is the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

from twingraph.endpoint.evaluate import Config
from twingraph.endpoint.launch import Launched

PACKET: Final = 256 * 1024


class Link:
    """The lower end; `lost` is called when the upper one is gone."""

    def __init__(self, line: socket.socket, lost: Callable[[], None]) -> None:
        """Listen, within a running loop."""
        self._line = line
        self._lost = lost
        self._pending: deque[asyncio.Future[Launched]] = deque()
        self._loop = asyncio.get_running_loop()
        line.setblocking(False)
        self._loop.add_reader(line.fileno(), self._hear)

    def ready(self) -> None:
        """Tell that requests are answered."""
        self._line.send(b"R")

    async def launch(self, config: Config) -> Launched:
        """Return a way to order workers on a graph; raise `OSError` where none can be started."""
        pending: asyncio.Future[Launched] = self._loop.create_future()
        self._line.send(json.dumps(config._asdict()).encode())
        self._pending.append(pending)  # what was not sent is not answered
        return await pending

    def replace(self, pid: int) -> None:
        """Tell that a fork server hangs: whoever launches next gets another."""
        with contextlib.suppress(OSError):  # it is told again when the next order is not answered
            self._line.send(f"H {pid}".encode())

    def leave(self, pid: int) -> None:
        """Tell that one of our sockets to a fork server is closed."""
        with contextlib.suppress(OSError):  # it ends by itself all the same, unless it hangs
            self._line.send(f"D {pid}".encode())

    def close(self) -> None:
        """Nothing was started here."""

    def _hear(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._line, PACKET, 4)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._loop.remove_reader(self._line.fileno())
            self._lost()
            return
        pending = self._pending.popleft()
        letter, _, rest = data.decode("utf-8", "replace").partition(" ")
        if pending.done():
            for descriptor in descriptors:
                socket.socket(fileno=descriptor).close()
                self.leave(int(rest))
        elif letter == "K" and descriptors:
            pending.set_result(Launched(socket.socket(fileno=descriptors[0]), int(rest)))
        else:
            pending.set_exception(OSError(rest))
