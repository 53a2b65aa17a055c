"""The parent of several serving processes: starts, watches, restarts and ends them.

Each process listens on a socket of its own at the same address (SO_REUSEPORT); the kernel divides
the connections among them. The parent keeps all sockets open, so that no connection is lost when a
process ends. It also starts the fork servers that load the graph, one for each build, which the
processes share.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NoReturn

from twingraph.endpoint.evaluate import Config
from twingraph.endpoint.launch import HANGS, ForkProcess, Leaving
from twingraph.serve.link import PACKET
from twingraph.serve.shared_metrics import Board

SPARE: Final = 64  # restarted processes that get a slot of their own on the board
_GRACE: Final = 8.0  # seconds until processes that have not ended are killed
_QUICK: Final = 1.0  # seconds; a process that ended sooner, or failed, is restarted after a pause
_PAUSE: Final = 2.0  # seconds before a restart

Child = Callable[[int, socket.socket, socket.socket], NoReturn]
"""Serves, and never returns. Takes its slot on the board, its listening socket, its link."""


class _Process:
    """One serving process, as its parent knows it."""

    def __init__(self, number: int, listener: socket.socket) -> None:
        self.number = number
        self.listener = listener
        self.pid = 0
        self.slot = number
        self.link: socket.socket | None = None
        self.began = 0.0
        self.restart_at = 0.0  # monotonic time; 0: it runs


class Supervisor:
    """The parent of the serving processes."""

    def __init__(
        self,
        listeners: list[socket.socket],
        board: Board,
        child: Child,
        ready: str,
        forks: dict[str, ForkProcess],
    ) -> None:
        """Take the sockets, one for each process, and what the processes share.

        `ready` is printed when all of them answer; `forks` are the fork servers that are running
        already, by their configuration as JSON.
        """
        self._processes = [_Process(number, listener) for number, listener in enumerate(listeners)]
        self._board = board
        self._child = child
        self._ready = ready
        self._heard_ready = 0
        self._next_slot = len(listeners)
        self._forks = forks
        self._leaving = Leaving()
        self._used: dict[socket.socket, Counter[int]] = {}  # sockets to fork servers, by link
        self._ending = False
        self._code = 0

    def run(self) -> int:
        """Serve until SIGINT or SIGTERM; return the exit code when all processes have ended.

        It is 1 if one of the first processes could not start: a restart would fail as well.
        """
        wake, waker = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._inherited = (wake, waker)
        for process in self._processes:
            self._start(process)
        while not self._ending:
            links = {
                each_process.link.fileno(): each_process
                for each_process in self._processes
                if each_process.link is not None
            }
            readable, _, _ = select.select(
                [wake, *links], [], [], self._until_next(self._leaving.kill_late())
            )
            for descriptor in readable:
                if descriptor in links:
                    self._hear(links[descriptor])
                else:
                    with contextlib.suppress(BlockingIOError):
                        os.read(wake, 4096)
            self._reap()
            for process in self._processes:
                if (
                    process.restart_at
                    and time.monotonic() >= process.restart_at
                    and not self._ending
                ):
                    self._start(process)
        self._finish()
        return self._code

    def _end(self, number: int, frame: object) -> None:
        self._ending = True

    def _until_next(self, late: float | None) -> float | None:
        """Return the seconds until the next restart or until `late`; None where nothing is due."""
        now = time.monotonic()
        waiting = [
            max(0.0, process.restart_at - now) for process in self._processes if process.restart_at
        ]
        return min(waiting + ([] if late is None else [late]), default=None)

    def _start(self, process: _Process) -> None:
        """Fork a serving process; if the system can't, try again after a pause."""
        if process.link is not None:  # the last one has ended, and its link was not closed yet
            self._drop_link(process)
        sys.stdout.flush()
        sys.stderr.flush()
        above = os.getpid()
        try:
            parent_end, child_end, pid = _forked()
        except OSError as error:  # no process, no memory or no descriptor is left
            name = f"process {process.number + 1} of {len(self._processes)}"
            print(  # noqa: T201
                f"twingraph: {name} can't be started: {error.strerror}; trying again in "
                f"{_PAUSE:.0f} seconds",
                file=sys.stderr, flush=True,
            )  # fmt: skip
            process.restart_at = time.monotonic() + _PAUSE
            return
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            for descriptor in self._inherited:
                os.close(descriptor)
            parent_end.close()
            for other in self._processes:
                if other.link is not None:
                    other.link.close()
                if other is not process:
                    other.listener.close()
            for fork in self._forks.values():
                fork.forget()
            if os.getppid() == above:
                self._child(process.slot, process.listener, child_end)
            os._exit(1)
        child_end.close()
        process.pid, process.link = pid, parent_end
        process.began, process.restart_at = time.monotonic(), 0.0

    def _hear(self, process: _Process) -> None:
        assert process.link is not None, "only links that are open are selected"
        try:
            data = process.link.recv(PACKET)
        except OSError:
            data = b""
        if not data:
            self._drop_link(process)
        elif data == b"R":
            self._heard_ready += 1
            if self._heard_ready == len(self._processes):
                print(self._ready, file=sys.stderr, flush=True)  # noqa: T201
        elif data.startswith(b"H "):
            self._replace(int(data[2:]))
        elif data.startswith(b"D "):
            pid = int(data[2:])
            self._used.setdefault(process.link, Counter())[pid] -= 1
            self._end_unused({pid})
        else:
            self._launch(process.link, data)

    def _drop_link(self, process: _Process) -> None:
        """Close the link of a process that has ended; it uses no fork server any more."""
        assert process.link is not None, "it had one"
        used = self._used.pop(process.link, Counter[int]())
        process.link.close()
        process.link = None
        self._end_unused(set(used))

    def _replace(self, pid: int) -> None:
        """Give a hanging fork server to no further process; only the first report has an effect."""
        for key in [key for key, fork in self._forks.items() if fork.pid == pid]:
            print(HANGS, file=sys.stderr, flush=True)  # noqa: T201
            self._leaving.add(self._forks.pop(key), json.loads(key)["seconds"])

    def _end_unused(self, pids: set[int]) -> None:
        """End those fork servers of `pids` that no process uses; one that hangs is killed."""
        for key, fork in list(self._forks.items()):
            if fork.pid in pids and sum(used[fork.pid] for used in self._used.values()) <= 0:
                self._leaving.add(self._forks.pop(key), 0)

    def _launch(self, link: socket.socket, config: bytes) -> None:
        """Send a process a socket to the fork server of its build; start one if there is none."""
        key = config.decode()
        for known in [known for known, fork in self._forks.items() if fork.ended]:
            del self._forks[known]
        try:
            fork, control = self._connect(key)
        except OSError as error:
            with contextlib.suppress(OSError):
                link.send(f"E {error}".encode())
            return
        with control, contextlib.suppress(OSError):  # the process may have ended meanwhile
            socket.send_fds(link, [f"K {fork.pid}".encode()], [control.fileno()])
            self._used.setdefault(link, Counter())[fork.pid] += 1

    def _connect(self, key: str) -> tuple[ForkProcess, socket.socket]:
        """Return the fork server of a configuration, and a new socket to it.

        One that was killed meanwhile is replaced; raises `OSError` where none can be started.
        """
        if key in self._forks:
            try:
                return self._forks[key], self._forks[key].connect()
            except ConnectionError:  # it was killed, and its end has not been noticed yet
                self._forks.pop(key).kill()
        fork = self._forks[key] = ForkProcess(Config(**json.loads(key)))
        return fork, fork.connect()

    def _reap(self) -> None:
        for process in self._processes:
            pid, status = os.waitpid(process.pid, os.WNOHANG) if process.pid else (0, 0)
            if not pid:
                continue
            self._board.retire(process.slot)
            process.pid = 0
            failed = os.waitstatus_to_exitcode(status) == 1  # a restart may fail as well
            if failed and self._heard_ready < len(self._processes):
                self._ending, self._code = True, 1
            if self._ending:
                continue
            lived = time.monotonic() - process.began
            name = f"process {process.number + 1} of {len(self._processes)}"
            print(f"twingraph: {name} ended and is started anew", file=sys.stderr, flush=True)  # noqa: T201
            process.restart_at = time.monotonic() + (_PAUSE if failed or lived < _QUICK else 0.0)
            if self._next_slot < self._board.slots:
                process.slot = self._next_slot
                self._next_slot += 1

    def _finish(self) -> None:
        alive = {process.pid for process in self._processes if process.pid}
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + _GRACE
        while alive:
            alive -= {pid for pid in alive if os.waitpid(pid, os.WNOHANG)[0]}
            if time.monotonic() > until:
                for pid in alive:
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        for fork in self._forks.values():
            fork.close()
        self._leaving.close()


def _forked() -> tuple[socket.socket, socket.socket, int]:
    """Fork this process; return the parent's and the child's end of a link, and the process id.

    Raises `OSError` where no process can be started; no socket is left open then.
    """
    parent_end, child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        return parent_end, child_end, os.fork()
    except OSError:
        parent_end.close()
        child_end.close()
        raise
