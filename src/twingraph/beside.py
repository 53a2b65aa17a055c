"""Work that a second core does meanwhile: a child process that gives back what a function returns.

The child is a fork, which has everything in memory that its parent has; only what it returns is
sent, through a pipe. Where there is no second core, no room for a child, or a thread is at work
(a fork has none of the others), the work is done when its result is asked for, and the result is
the same.
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
    """May a child be forked that gets a core of its own?"""
    return (
        hasattr(os, "fork")
        and hasattr(os, "sched_getaffinity")  # macOS has none, and no /proc either
        and len(os.sched_getaffinity(0)) > 1
        and _THREADS.is_dir()
        and len(list(_THREADS.iterdir())) == 1
    )


def fork(job: Callable[[int], object]) -> tuple[int, int] | None:
    """Let a child run `job` with the writing end of a pipe; return its id and the reading end.

    The caller reads to the end, closes it, waits for the child and calls `gc.unfreeze`. None where
    the system has no room for a child (EAGAIN, ENOMEM, EMFILE): then nothing is left behind.
    """
    try:
        reader, writer = os.pipe()
    except OSError:
        return None
    gc.freeze()  # else a collection in either would touch, and so copy, all that is shared
    try:
        child = os.fork()
    except OSError:
        gc.unfreeze()
        os.close(reader)
        os.close(writer)
        return None
    if child == 0:  # nothing of the parent's is cleaned up here
        with suppress(BaseException):
            os.close(reader)
            job(writer)
        os._exit(0)
    os.close(writer)
    return child, reader


@contextmanager
def beside(job: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Let `job` run while the body does; yield what waits for its result and returns it.

    A job that fails in the child is run again here, so that its error is raised where it is asked.

    >>> with beside(lambda: 6 * 7) as result:
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
    """Send what the job returns."""
    raw = pickle.dumps(job())
    with open(pipe, "wb") as stream:
        stream.write(raw)
