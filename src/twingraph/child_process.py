"""A function run in a child process, on a second core, while the caller goes on.

The child is a fork, so it has all data of its parent in memory; only the return value is sent back,
pickled, through a pipe. Where there is no second core, no memory for a child, or another thread (a
fork would not have it), the function runs in this process when its result is needed.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")
_THREADS: Final = Path("/proc/self/task")  # threads of engines too, which Python does not know


def can_fork() -> bool:
    """Is there a second core, and no other thread, so that a child may be forked?"""
    return (
        hasattr(os, "fork")
        and hasattr(os, "sched_getaffinity")  # macOS has none, and no /proc either
        and len(os.sched_getaffinity(0)) > 1
        and _THREADS.is_dir()
        and len(list(_THREADS.iterdir())) == 1
    )


def fork(job: Callable[[int], object]) -> tuple[int, int] | None:
    """Run `job` in a child process with the writing end of a pipe; return its id and the other end.

    The caller reads to the end, closes it, waits for the child and calls `gc.unfreeze`. None where
    the system can't start a child (EAGAIN, ENOMEM, EMFILE); nothing is to be cleaned up then.
    """
    try:
        reader, writer = os.pipe()
    except OSError:
        return None
    gc.freeze()  # otherwise the garbage collector would write to, and so copy, every shared page
    try:
        child = os.fork()
    except OSError:
        gc.unfreeze()
        os.close(reader)
        os.close(writer)
        return None
    if child == 0:  # `os._exit` runs no cleanup of the parent's
        with suppress(BaseException):
            os.close(reader)
            job(writer)
        os._exit(0)
    os.close(writer)
    return child, reader


@contextmanager
def in_child(job: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Run `job` during the body of the `with`; yield a function that waits for its result.

    If the job fails in the child it is run again in this process, so that its error is raised here.

    >>> with in_child(lambda: 6 * 7) as result:
    ...     result()
    42
    """
    forked = fork(partial(_send, job)) if can_fork() else None
    if forked is None:
        yield job
        return
    child, reader = forked
    done: list[Any] = []

    def result() -> T:
        if not done:
            with open(reader, "rb", closefd=False) as stream:
                raw = stream.read()
            try:
                done.append(pickle.loads(raw))
            except (EOFError, pickle.UnpicklingError):
                done.append(job())
        outcome: T = done[0]
        return outcome

    try:
        yield result
    finally:
        if not done:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.close(reader)
        os.waitpid(child, 0)
        gc.unfreeze()


def _send(job: Callable[[], object], pipe: int) -> None:
    """Write the pickled return value of the job to the pipe."""
    raw = pickle.dumps(job())
    with open(pipe, "wb") as stream:
        stream.write(raw)
