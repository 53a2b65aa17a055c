"""Work that a second core does meanwhile: a child process that gives back what a function returns.

The child is a fork, which has everything in memory that its parent has; only what it returns is
sent, through a pipe. Where there is no second core, or a thread is at work (a fork has none of the
others), the work is done when its result is asked for, and the result is the same.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")
_THREADS: Final = Path("/proc/self/task")  # threads of engines too, which Python does not know


def can_fork() -> bool:
    """May a child be forked that gets a core of its own?"""
    return (
        hasattr(os, "fork")
        and len(os.sched_getaffinity(0)) > 1
        and _THREADS.is_dir()
        and len(list(_THREADS.iterdir())) == 1
    )


@contextmanager
def beside(job: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Let `job` run while the body does; yield what waits for its result and returns it.

    A job that fails in the child is run again here, so that its error is raised where it is asked.

    >>> with beside(lambda: 6 * 7) as result:
    ...     result()
    42
    """
    if not can_fork():
        yield job
        return
    reader, writer = os.pipe()
    gc.freeze()  # else a collection in either would touch, and so copy, all that is shared
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run(job, writer)
    os.close(writer)
    done: list[Any] = []

    def result() -> T:
        if not done:
            with open(reader, "rb", closefd=False) as stream:
                raw = stream.read()
            try:
                done.append(pickle.loads(raw))
            except (EOFError, pickle.UnpicklingError):
                done.append(job())
        found: T = done[0]
        return found

    try:
        yield result
    finally:
        if not done:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.close(reader)
        os.waitpid(child, 0)
        gc.unfreeze()


def _run(job: Callable[[], object], pipe: int) -> None:
    """Send what the job returns, and end; nothing of the parent's is cleaned up here."""
    with suppress(BaseException):
        raw = pickle.dumps(job())
        with open(pipe, "wb") as stream:
            stream.write(raw)
    os._exit(0)
