"""What tests of servers share: ports that nobody else takes, and waiting for a state."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

# Below the ports that systems give to clients (32768 on Linux), or one may take a port between its
# choice and its use; each process of pytest-xdist has a range, begun anywhere.
_RANGE: Final = 1_500
_WORKER: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw9").removeprefix("gw")) % 10
_PORTS: Final = itertools.count(os.getpid())


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens at; it is returned once."""
    for number in itertools.islice(_PORTS, _RANGE):
        port = 16_000 + _WORKER * _RANGE + number % _RANGE
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")


def wait_for(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds; fail after so many seconds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


@contextlib.contextmanager
def running(
    words: Sequence[str | Path], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server of somebody else until the block ends; it listens at `port` by then.

    What it prints is shown only where it ends at once.
    """
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            list(map(str, words)), stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
            env=None if environment is None else {**os.environ, **environment},
        )  # fmt: skip

        def listens() -> bool:
            if process.poll() is not None:
                printed.seek(0)
                raise AssertionError(printed.read().decode(errors="replace"))
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return False

        try:
            wait_for(listens)
            yield
        finally:
            process.terminate()
            process.wait(20)
