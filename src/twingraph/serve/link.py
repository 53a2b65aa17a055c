"""The link from a serving process to its parent, which starts and shares fork servers.

A Unix socket of packets. To the parent: `R` (ready), `H <pid>` (a fork server hangs; give out
another), `D <pid>` (a socket to it was closed), or a configuration as JSON (start a fork server, or
share one). From the parent: `K <pid>` with a socket, or `E <error message>`. When the parent ends,
the process ends too.
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
    """The end of the serving process; `lost` is called when the parent has ended."""

    def __init__(self, line: socket.socket, lost: Callable[[], None]) -> None:
        """Read from the socket in the running event loop."""
        self._line = line
        self._lost = lost
        self._pending: deque[asyncio.Future[Launched]] = deque()
        self._loop = asyncio.get_running_loop()
        line.setblocking(False)
        self._loop.add_reader(line.fileno(), self._hear)

    def ready(self) -> None:
        """Report that requests are answered."""
        self._line.send(b"R")

    async def launch(self, config: Config) -> Launched:
        """Return a socket to a fork server with the graph; raise `OSError` if none can start."""
        pending: asyncio.Future[Launched] = self._loop.create_future()
        self._line.send(json.dumps(config._asdict()).encode())
        self._pending.append(pending)  # only after sending succeeded: replies come in this order
        return await pending

    def replace(self, pid: int) -> None:
        """Report that a fork server hangs; the next `launch` gets another one."""
        with contextlib.suppress(OSError):  # reported again at the next request without a reply
            self._line.send(f"H {pid}".encode())

    def leave(self, pid: int) -> None:
        """Report that a socket of this process to a fork server is closed."""
        with contextlib.suppress(OSError):  # the fork server ends by itself, unless it hangs
            self._line.send(f"D {pid}".encode())

    def close(self) -> None:
        """Do nothing: the parent ends the fork servers."""

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
