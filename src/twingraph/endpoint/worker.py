"""The processes that evaluate queries: a keeper with the graph, and its forks, a query at a time.

The keeper is a process of its own, with one thread, that loads the graph and forks. A fork holds
one socket and nothing else: no file, no other descriptor and no right to open one, a ceiling for
its memory, a clock for its processor time. What a query does there, it can do to nobody.

Run as `python -m twingraph.endpoint.worker`, its standard input the socket to the server. The
server (`keeper.py`) writes lines, and gets lines:

    {…}                     the configuration, first of all
    F (with a descriptor)   fork a worker that listens there     -> P <pid>
    K, L, S, C <pid>        kill, lower its priority, stop it, let it go on
                            a worker has ended                   -> X <pid> <status>
                            the graph is loaded                  -> R
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NoReturn

from pyoxigraph import NamedNode, RdfFormat, Store

from twingraph.endpoint.evaluate import Config, evaluate
from twingraph.endpoint.outcome import Outcome

LENGTH: Final = struct.Struct("!I")  # before a question: its bytes
REPLY: Final = struct.Struct("!cBII")  # before an answer: kind, flags, rows, bytes
LAST: Final = 1  # flag: this worker ends now
_GROWTH: Final = 64 * 1024  # KiB a worker may keep after an answer
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38


# --- a worker ------------------------------------------------------------------------------------


def _work(store: Store, config: Config, own: socket.socket, libc: ctypes.CDLL | None) -> NoReturn:
    """Answer questions until the other side closes; never return."""
    with contextlib.suppress(BaseException):  # its end is told by the keeper, in whatever way
        _shut_in(config, own, libc)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for question in _questions(own):
            # the second clock, in case the server's fails: processor time, which a worker that is
            # stopped or waits does not take
            signal.setitimer(signal.ITIMER_PROF, config.seconds + 1)
            answer = evaluate(store, config, json.loads(question))
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            last = grown > _GROWTH or answer.outcome is Outcome.TOO_MUCH_MEMORY
            flags = answer.flags | (LAST if last else 0)
            head = REPLY.pack(answer.outcome.value, flags, answer.rows, len(answer.body))
            if len(answer.body) < 65536:
                own.sendall(head + answer.body)
            else:
                own.sendall(head)
                own.sendall(answer.body)
            if last:
                break
    os._exit(0)


def _shut_in(config: Config, own: socket.socket, libc: ctypes.CDLL | None) -> None:
    for one in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPROF):
        signal.signal(one, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to hear
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    kept = own.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ceiling = _address_space() + config.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # no Linux: what is resident is near enough
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


def _questions(own: socket.socket) -> Iterator[bytes]:
    """Yield the questions that come, until the other side closes."""
    held = b""
    while True:
        while len(held) < LENGTH.size or len(held) < LENGTH.size + LENGTH.unpack_from(held)[0]:
            part = own.recv(65536)
            if not part:
                return
            held += part
        end = LENGTH.size + LENGTH.unpack_from(held)[0]
        question, held = held[LENGTH.size : end], held[end:]
        yield question


# --- the keeper ----------------------------------------------------------------------------------


def _lower(pid: int) -> None:
    """Let everybody else go first: what takes long has time."""
    os.setpriority(os.PRIO_PROCESS, pid, 19)
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


_ORDERS: Final[Mapping[str, Callable[[int], None]]] = {
    "K": lambda pid: os.kill(pid, signal.SIGKILL),
    "L": _lower,
    "S": lambda pid: os.kill(pid, signal.SIGSTOP),
    "C": lambda pid: os.kill(pid, signal.SIGCONT),
}


def _keep(store: Store, config: Config, control: socket.socket) -> None:
    """Fork workers as told, and tell of their ends, until the server is gone."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    alive: set[int] = set()
    held, descriptors = b"", list[int]()
    control.sendall(b"R\n")
    while True:
        ready, _, _ = select.select([control.fileno(), wake], [], [])
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            _reap(alive, control)
        if control.fileno() not in ready:
            continue
        try:
            data, found, _, _ = socket.recv_fds(control, 65536, 16)
        except ConnectionResetError:
            break
        if not data:
            break
        descriptors += found
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            order, _, number = line.decode("ascii").partition(" ")
            if order == "F":
                pid = _fork(store, config, descriptors.pop(0), libc)
                alive.add(pid)
                with contextlib.suppress(OSError):
                    control.sendall(f"P {pid}\n".encode())
            elif int(number) in alive:  # never a number that is somebody else's by now
                with contextlib.suppress(OSError):
                    _ORDERS[order](int(number))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    for pid in alive:
        os.waitpid(pid, 0)


def _fork(store: Store, config: Config, descriptor: int, libc: ctypes.CDLL | None) -> int:
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        _work(store, config, socket.socket(fileno=descriptor), libc)
    os.close(descriptor)
    return pid


def _reap(alive: set[int], control: socket.socket) -> None:
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        alive.discard(pid)
        with contextlib.suppress(OSError):
            control.sendall(f"X {pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def main() -> None:
    """Load the graph that the server names, and keep workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=os.dup(0))
    told = b""
    while not told.endswith(b"\n"):  # nothing else is said before the graph is loaded
        part = control.recv(65536)
        if not part:
            return
        told += part
    config = Config(**json.loads(told))
    store = Store()
    store.load(path=config.graph, format=RdfFormat.N_QUADS)
    graphs = [one.value for one in store.named_graphs() if isinstance(one, NamedNode)]
    config = config._replace(graphs=tuple(graphs))
    gc.collect()
    gc.freeze()  # a collection in a fork would copy what it looks at
    _keep(store, config, control)


if __name__ == "__main__":
    main()
