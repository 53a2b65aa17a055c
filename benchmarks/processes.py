"""What a process and all that it starts cost: seconds by the clock and of CPU, most memory."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bombs import busy, family, resident

_LOOK: Final = 0.25  # seconds between two looks at the memory
_STILL: Final = 2.0  # seconds between two looks at what is computed
_NOTHING: Final = 0.05  # seconds of processor time between two looks
_LOOKS: Final = 4  # that must find nothing new: a patient process may get nothing for a while


class Cost(NamedTuple):
    """What a command cost: `memory` is the most that all its processes held at a time, in MB."""

    wall: float
    cpu: float
    memory: float
    code: int
    out: str
    err: str


def twingraph(*words: str | Path) -> list[str]:
    """Return the command line of a twingraph command in this environment."""
    return [sys.executable, "-m", "twingraph.cli", *map(str, words)]


def run(command: Sequence[str], timeout: float, codes: Sequence[int] = (0,)) -> Cost:
    """Run a command to its end; raises `SystemExit` where it ends with another exit status.

    CPU seconds are those of the process and of all its children that it waited for.
    """
    begun = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ended = threading.Event()
    most = 0.0

    def look() -> None:
        nonlocal most
        while not ended.wait(_LOOK):
            most = max(most, float(resident(child.pid)))

    def stop() -> None:
        for pid in family(child.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, 9)

    looking = threading.Thread(target=look)
    stopping = threading.Timer(timeout, stop)
    # both pipes are read while the child runs, and the child is left to `wait4`
    said: dict[str, str] = {}
    readers = [
        threading.Thread(target=lambda name=name, pipe=pipe: said.update({name: pipe.read()}))
        for name, pipe in (("out", child.stdout), ("err", child.stderr))
    ]  # fmt: skip
    for thread in (looking, stopping, *readers):
        thread.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
    finally:
        ended.set()
        stopping.cancel()
    child.returncode = code = os.waitstatus_to_exitcode(status)
    for thread in (looking, *readers):
        thread.join()
    if code not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {code}:\n{said['err'][-3000:]}")
    memory = max(most, usage.ru_maxrss / 1024 if not most else 0)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(wall, cpu, memory, code, said["out"], said["err"])


def computed(pid: int) -> dict[str, float]:
    """Return the milliseconds that each thread of a process and all it started has computed."""
    found = {}
    for each in family(pid):
        for task in Path(f"/proc/{each}/task").glob("*/schedstat"):  # Linux
            with contextlib.suppress(OSError):
                found[task.parent.name] = int(task.read_text().split()[0]) / 1e6
    return found


def between(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return the milliseconds that were computed meanwhile, but for threads that have ended.

    >>> between({"1": 5.0, "2": 9.0}, {"1": 6.0, "3": 2.0})
    3.0
    """
    return sum(spent - before.get(thread, 0.0) for thread, spent in after.items())


def settle(pid: int, timeout: float) -> None:
    """Wait until a process and all it started have nothing to do, `timeout` seconds at most.

    What serves looks at its clocks all the time, which takes a hundredth of a core.
    """
    until = time.monotonic() + timeout
    before, still = busy(pid), 0
    while still < _LOOKS and time.monotonic() < until:
        time.sleep(_STILL)
        now = busy(pid)
        before, still = now, still + 1 if now - before < _NOTHING else 0


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
