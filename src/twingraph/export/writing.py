"""Writes the files of a graph on two cores: some of them in a child process.

The child is a fork, so it has the sorted lines in memory, and writes into the same folder; sizes
and checksums of its files come back through a pipe. The bytes of a file are the same whichever of
the two writes it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import astuple
from functools import partial
from typing import Final, Self

from twingraph.atomic import DraftFolder, Written
from twingraph.child_process import can_fork, fork
from twingraph.export.dumps import DUMPS, Chunks, Frozen, source_files
from twingraph.export.statistics import COUNTS
from twingraph.export.tables.files import PACKAGE
from twingraph.export.unchanged_files import READS, Readers
from twingraph.export.updated_files import pieces_of, unchanged
from twingraph.progress import Progress
from twingraph.rdf.no_garbage_collection import give_back

FORKED_FROM: Final = 100_000  # quads; fewer are written before a child process has started
# the files that the child writes beside the `others`: about half of the work, when all files are
# written and when dumps are spliced
_BESIDE: Final = ("context.", COUNTS, "links/", "twingraph.jsonld", "void.")
_BESIDE_SPLICED: Final = (
    "links/", "partnerships.geojson", "places.geojson", "twingraph.jsonld", "twingraph.nt",
)  # fmt: skip

# files taken over from the previous build if nothing that they were made from has changed
_NOTED: Final = ("links/", "partnerships.geojson", "places.geojson", "tables/")

Job = Callable[[], Chunks]
Jobs = Mapping[str, Job]


def write_dumps(
    frozen: Frozen, draft: DraftFolder, progress: Progress, others: Jobs | None = None
) -> None:
    """Write all files that are made from the graph into the draft, and the record of their reads.

    `others` are functions, by file name, that write more files from `frozen.linked.facts`.
    """
    jobs: Jobs = {name: partial(write, frozen) for name, write in DUMPS.items()}
    noted = [name for name in jobs if name.startswith(_NOTED) and name != PACKAGE]
    jobs = _left(jobs, noted, frozen, draft)
    others = _left(others or {}, [*(others or {})], frozen, draft)
    starts = _BESIDE if frozen.change is None else _BESIDE_SPLICED
    beside = {name: job for name, job in jobs.items() if name.startswith(starts)}
    in_this_process = {name: job for name, job in jobs.items() if name not in beside}
    forked = None
    if len(frozen.dataset) >= FORKED_FROM and (others or frozen.change is None) and can_fork():
        if frozen.change is None:  # else little was read
            give_back()
        frozen.linked.facts.index()  # both processes need the index: made once, before the fork
        if frozen.change is not None:
            _ = frozen.values_now
        forked = fork(partial(_in_child, others, beside, frozen, draft))
    with _Child(*forked, draft, frozen.readers) if forked else nullcontext() as child:
        _write(frozen, in_this_process, draft, progress)
        _write(frozen, source_files(frozen), draft, progress)
        if child is not None:
            child.join()
    unwritten = {
        name: job for name, job in {**beside, **others}.items() if name not in draft.written
    }
    _write(frozen, unwritten, draft, progress)
    frozen.linked.facts.forget()
    draft.put(READS, [frozen.readers.content()])


def _left(jobs: Jobs, noted: Sequence[str], frozen: Frozen, draft: DraftFolder) -> Jobs:
    """Take over files of the previous build where possible; return the jobs that remain.

    Only files in `noted` can be taken over; what their jobs read is recorded for the next build.
    """
    remaining: dict[str, Job] = {}
    for name, job in jobs.items():
        if name not in noted:
            remaining[name] = job
        elif frozen.readers.take(name, draft):
            written = draft.written[name]
            frozen.tables.take(name, written.size, written.sha256)
        else:
            remaining[name] = partial(frozen.readers.noted, name, job)
    return remaining


def _write(frozen: Frozen, jobs: Jobs, draft: DraftFolder, progress: Progress) -> None:
    for number, (name, job) in enumerate(jobs.items()):
        progress(f"writing {name} ({number + 1} of {len(jobs)})", number / len(jobs))
        _put(frozen, name, job, draft)


def _put(frozen: Frozen, name: str, job: Job, draft: DraftFolder) -> None:
    """Write a file: taken over from the previous build whole or in parts, else made anew."""
    same = unchanged(frozen, name)
    if same:
        draft.take(name, *same)
        return
    pieces = pieces_of(frozen, name)
    draft.put(name, job() if pieces is None else pieces)


class _Child:
    """The child that writes files during the body of a `with`; an error in the body kills it."""

    def __init__(self, pid: int, reader: int, draft: DraftFolder, readers: Readers) -> None:
        """Take the process id of the child, and the reading end of its pipe."""
        self._pid, self._reader, self._draft, self._readers = pid, reader, draft, readers

    def __enter__(self) -> Self:
        """Return itself; the child is running already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for the child; after an error kill it first."""
        if kind is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        os.close(self._reader)
        os.waitpid(self._pid, 0)
        gc.unfreeze()

    def join(self) -> None:
        """Wait for the child and add the files that it wrote to the draft.

        Files that it failed to write are missing there: the caller writes them, and sees the error.
        """
        with open(self._reader, "rb", closefd=False) as stream:
            lines = stream.read().splitlines()
        for line in lines:
            name, reads, *written = json.loads(line)
            self._draft.written[name] = Written(*written)
            if reads is not None:
                self._readers.reads[name] = reads


def _in_child(others: Jobs, jobs: Jobs, frozen: Frozen, draft: DraftFolder, pipe: int) -> None:
    """Write the files, and for each a line of JSON to the pipe: name, reads, size, checksums."""
    # the others first: they need the most memory, and the parent uses little of it at the beginning
    for several in (others, jobs):
        for name, job in several.items():
            _put(frozen, name, job, draft)
            reads = frozen.readers.reads.get(name)
            report = json.dumps([name, reads, *astuple(draft.written[name])])
            os.write(pipe, f"{report}\n".encode())
        frozen.linked.facts.forget()
