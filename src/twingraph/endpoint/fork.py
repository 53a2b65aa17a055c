"""The main loop of a worker: reads questions from one socket and writes replies, within limits.

A worker has no file or other descriptor and can't open any, and it has limits for its memory and
for its processor time.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

from twingraph.endpoint.evaluate import Answer, Config
from twingraph.endpoint.query_outcome import Outcome

LENGTH: Final = struct.Struct("!I")  # header of a question: its bytes; its first byte is its kind
REPLY: Final = struct.Struct("!cBII")  # header of a reply: outcome, flags, rows, bytes
LAST: Final = 1  # flag: this worker ends now
GROWN: Final = 4  # flag: a new worker would use less memory
_AT_ONCE: Final = 256 * 1024  # bytes read from the socket at once
_WITH_HEAD: Final = 64 * 1024  # bytes of a reply that are sent with its header
_GROWTH: Final = 32 * 1024 * 1024  # bytes of new and copied pages after which a worker ends
_NOTABLE: Final = 4 * 1024 * 1024  # bytes of them from which GROWN is set
_TOO_QUICK: Final = 0.001  # seconds; in a shorter time memory can't have grown notably
_NOW_AND_THEN: Final = 256  # replies after which memory is checked all the same
_KEPT: Final = 32 * 1024 * 1024  # bytes of freed memory that a worker keeps for its next reply
_M_TRIM_THRESHOLD: Final = -1  # mallopt(3)
_M_MMAP_THRESHOLD: Final = -3
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38


def work(
    answer_to: Callable[[bytes], Answer],
    config: Config,
    own: socket.socket,
    libc: ctypes.CDLL | None,
) -> NoReturn:
    """Answer questions until the other side closes the socket; then end the process."""
    with contextlib.suppress(BaseException):  # the fork server reports the end of this process
        try:
            _shut_in(config, own, libc)
        except (OSError, ValueError, OverflowError) as error:
            _reply(own, Answer(Outcome.NO_WORKERS, f"a worker can't start: {error}".encode()), LAST)
            os._exit(1)
        before, grown = _touched(), 0
        for number, question in enumerate(_questions(own)):
            began = time.monotonic()
            # a second limit, in case the server's fails; in processor time, which does not pass
            # while the process is stopped or waits
            signal.setitimer(signal.ITIMER_PROF, config.seconds + 1)
            answer = answer_to(question)
            last = answer.outcome is Outcome.TOO_MUCH_MEMORY
            if time.monotonic() - began > _TOO_QUICK or number % _NOW_AND_THEN == 0:
                touched = _touched() - before
                last |= touched > _GROWTH
                grown = GROWN if touched > _NOTABLE else 0
            _reply(own, answer, LAST if last else grown)
            if last:
                break
    os._exit(0)


def _touched() -> int:
    """Return the bytes of all memory pages this process was given: new ones and copies.

    The engine stores reference counts in its statements, so a query copies the pages that it reads.
    """
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt * resource.getpagesize()


def _reply(own: socket.socket, answer: Answer, flags: int) -> None:
    head = REPLY.pack(answer.outcome.value, answer.flags | flags, answer.rows, len(answer.body))
    own.sendall(head + answer.body[:_WITH_HEAD])  # one write wakes the server once
    if len(answer.body) > _WITH_HEAD:
        own.sendall(memoryview(answer.body)[_WITH_HEAD:])


def _shut_in(config: Config, own: socket.socket, libc: ctypes.CDLL | None) -> None:
    for item in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPROF):
        signal.signal(item, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server handles Ctrl-C
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        keep_freed(libc)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    kept = own.fileno()
    os.closerange(3, kept)
    os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    set_ceiling(config.memory_bytes)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def keep_freed(libc: ctypes.CDLL) -> None:
    """Let freed memory be used again, where the library can (glibc), rather than be given back.

    A large answer would be new pages each time, which the system has to clear, and which would
    count as growth (`_touched`).
    """
    with contextlib.suppress(AttributeError):
        libc.mallopt(_M_MMAP_THRESHOLD, _KEPT)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT)


def set_ceiling(more: int) -> None:
    """Limit the address space of this process to its present size and `more` bytes."""
    ceiling = _address_space() + more
    allowed = resource.getrlimit(resource.RLIMIT_AS)[1]  # the limit that `ulimit -v` has set
    if allowed != resource.RLIM_INFINITY:
        ceiling = min(ceiling, allowed)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:  # no Linux: the resident size is close enough
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


def _questions(own: socket.socket) -> Iterator[bytes]:
    """Yield the questions received, until the other side closes the socket."""
    received = b""
    while part := own.recv(_AT_ONCE):
        received = received + part if received else part
        start = 0
        while len(received) >= start + LENGTH.size:
            end = start + LENGTH.size + LENGTH.unpack_from(received, start)[0]
            if len(received) < end:
                break
            yield received[start + LENGTH.size : end]
            start = end
        received = received[start:]
