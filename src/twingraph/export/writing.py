"""The files of a graph, written on two cores: some of them in a child process.

The child is a fork, which has the sorted lines as they are in memory and writes into the same
folder; what it tells of its files comes back through a pipe. Which of the two writes a file changes
nothing in it.
"""

from __future__ import annotations

import gc
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple
from typing import Final

from twingraph.atomic import DraftFolder, Written
from twingraph.export.dumps import DUMPS, Chunks, Frozen, source_files
from twingraph.progress import Progress

FORKED_FROM: Final = 100_000  # quads; less is written before a child would have begun
# what is made in one pass over lines; the rest looks things up, and takes as long
_OF_LINES: Final = ("twingraph.", "vocabulary.")

Jobs = Mapping[str, Callable[[], Chunks]]


def write_dumps(frozen: Frozen, draft: DraftFolder, progress: Progress) -> None:
    """Write all files that are made from the graph into the draft, and what they came to."""
    jobs: dict[str, Callable[[], Chunks]] = {
        name: lambda write=write: write(frozen)  # type: ignore[misc]  # mypy sees no default
        for name, write in DUMPS.items()
    }
    if len(frozen.dataset) < FORKED_FROM or not has_two_cores():
        _write(jobs, draft, progress)
        _write(source_files(frozen), draft, progress)
        return
    here = {name: job for name, job in jobs.items() if name.startswith(_OF_LINES)}
    there = {name: job for name, job in jobs.items() if name not in here}
    with _written_beside(there, draft):
        _write(here, draft, progress)
        _write(source_files(frozen), draft, progress)
    _write({name: job for name, job in there.items() if name not in draft.written}, draft, progress)


def _write(jobs: Jobs, draft: DraftFolder, progress: Progress) -> None:
    for number, (name, job) in enumerate(jobs.items()):
        progress(f"writing {name} ({number + 1} of {len(jobs)})", number / len(jobs))
        draft.put(name, job())


def has_two_cores() -> bool:
    """May a child be forked that gets a core of its own? A fork has none of the other threads."""
    return (
        hasattr(os, "fork") and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1
    )


@contextmanager
def _written_beside(jobs: Jobs, draft: DraftFolder) -> Iterator[None]:
    """Let a child write files while the body runs; then add what it wrote to the draft.

    What it could not write is not there then: whoever writes it again sees why.
    """
    reader, writer = os.pipe()
    gc.freeze()  # else a collection in either would touch, and so copy, all that is shared
    child = os.fork()
    if child == 0:
        os.close(reader)
        _in_child(jobs, draft, writer)
    os.close(writer)
    try:
        yield
        with open(reader, "rb", closefd=False) as stream:
            lines = stream.read().splitlines()
    except BaseException:
        with suppress(ProcessLookupError):
            os.kill(child, 9)
        raise
    finally:
        os.close(reader)
        os.waitpid(child, 0)
        gc.unfreeze()
    for line in lines:
        name, size, sha256 = json.loads(line)
        draft.written[name] = Written(size, sha256)


def _in_child(jobs: Jobs, draft: DraftFolder, pipe: int) -> None:
    """Write the files, tell each in a line, and end; nothing of the parent's is cleaned up here."""
    with suppress(BaseException):
        for name, job in jobs.items():
            draft.put(name, job())
            told = json.dumps([name, *astuple(draft.written[name])])
            os.write(pipe, f"{told}\n".encode())
    os._exit(0)
