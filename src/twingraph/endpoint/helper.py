"""A forked process that computes one large value for its parent, sends it, and ends.

What is needed on the way, which is many times as large as what comes of it, goes with the fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import resource
import signal
from collections.abc import Callable
from typing import Any, Final, NoReturn

from twingraph.endpoint.fork import set_ceiling
from twingraph.endpoint.priority import leave_a_core

_PR_SET_PDEATHSIG: Final = 1
_PATIENT: Final = 10  # what it is made for can be answered without it meanwhile
_AT_ONCE: Final = 1024 * 1024  # bytes
_SECONDS: Final = 600.0  # of processor time that it may take
_MEMORY: Final = 4 * 1024**3  # bytes that it may take beside what it shares


class EndedError(RuntimeError):
    """The process ended before it had made what it was to make."""


class Helper:
    """A process that makes something.

    >>> helper = Helper(lambda: {"squares": [1, 4, 9]}, None)
    >>> while not helper.hear():
    ...     pass
    >>> helper.made()
    {'squares': [1, 4, 9]}
    """

    def __init__(self, make: Callable[[], Any], libc: ctypes.CDLL | None) -> None:
        """Fork; what `make` returns there is pickled.

        Raises `OSError`, with nothing left open, where no process can be started.
        """
        self.descriptor, writing = os.pipe()
        self._heard: list[bytes] = []
        try:
            self.pid = os.fork()
        except OSError:
            os.close(self.descriptor)
            os.close(writing)
            raise
        if self.pid == 0:
            _make(make, writing, libc)
        os.close(writing)

    def hear(self) -> bool:
        """Read on; return whether that was all. It blocks unless there is something to be read."""
        part = os.read(self.descriptor, _AT_ONCE)
        if part:
            self._heard.append(part)
            return False
        os.close(self.descriptor)
        with contextlib.suppress(ChildProcessError):  # it may have been reaped among others
            os.waitpid(self.pid, 0)
        return True

    def made(self) -> Any:
        """Return what it made; raise `RuntimeError` where that failed, `EndedError` if it ended."""
        whole, self._heard = b"".join(self._heard), []
        try:
            succeeded, result = pickle.loads(whole)
        except Exception:  # noqa: BLE001  # half a pickle says anything: it was killed
            raise EndedError("the process at it was ended: it took too long or too much") from None
        if not succeeded:
            raise RuntimeError(result)
        return result


def _make(make: Callable[[], Any], writing: int, libc: ctypes.CDLL | None) -> NoReturn:
    """Write what is made, with True before it, or False and why it is not; never return."""
    with contextlib.suppress(BaseException):
        signal.set_wakeup_fd(-1)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.closerange(3, writing)
        os.closerange(writing + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        os.nice(_PATIENT)
        leave_a_core(0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)
        set_ceiling(_MEMORY)
        try:
            made = pickle.dumps((True, make()))
        except Exception as error:  # noqa: BLE001  # a file of the build says anything
            made = pickle.dumps((False, f"{type(error).__name__}: {error}"))
        with open(writing, "wb") as stream:
            stream.write(made)
    os._exit(0)


def trim(libc: ctypes.CDLL | None) -> None:
    """Give memory that is not in use back to the system, where the library can (glibc)."""
    with contextlib.suppress(AttributeError):
        if libc is not None:
            libc.malloc_trim(0)
