"""The files of a graph, written on two cores: some of them in a child process.

The child is a fork, which has the sorted lines as they are in memory and writes into the same
folder; what it tells of its files comes back through a pipe. Which of the two writes a file changes
nothing in it.
"""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import astuple
from functools import partial
from typing import Final, Self

from twingraph.atomic import DraftFolder, Written
from twingraph.beside import can_fork, fork
from twingraph.export.dumps import DUMPS, Chunks, Frozen, source_files
from twingraph.export.onward import pieces_of, unchanged
from twingraph.progress import Progress
from twingraph.rdf.vocabulary import RDF

FORKED_FROM: Final = 100_000  # quads; less is written before a child would have begun
# what the child makes, beside the others: about as much work as the rest
_BESIDE: Final = ("context.", "links/", "twingraph.jsonld", "void.")

_ALL: Final = b"all"  # the last line that a child tells

Jobs = Mapping[str, Callable[[], Chunks]]
Others = Callable[[], Iterable[tuple[str, bytes]]]


def write_dumps(
    frozen: Frozen, draft: DraftFolder, progress: Progress, others: Others = tuple
) -> None:
    """Write all files that are made from the graph into the draft, and what they came to.

    `others` makes more files, by name, that need nothing but the graph.
    """
    jobs: dict[str, Callable[[], Chunks]] = {
        name: lambda write=write: write(frozen)  # type: ignore[misc]  # mypy sees no default
        for name, write in DUMPS.items()
    }
    beside = {name: job for name, job in jobs.items() if name.startswith(_BESIDE)}
    here = {name: job for name, job in jobs.items() if name not in beside}
    forked, done = None, False
    if len(frozen.dataset) >= FORKED_FROM and can_fork():
        frozen.linked.facts.lines(RDF.type)  # both need the index, which is made once before
        forked = fork(partial(_in_child, frozen, beside, others, draft))
    with _Child(*forked, draft) if forked else nullcontext() as child:
        _write(frozen, here, draft, progress)
        _write(frozen, source_files(frozen), draft, progress)
        if child is not None:
            done = child.join()
    left = {name: job for name, job in beside.items() if name not in draft.written}
    _write(frozen, left, draft, progress)
    for name, raw in others() if not done else ():
        draft.put(name, [raw])


def _write(frozen: Frozen, jobs: Jobs, draft: DraftFolder, progress: Progress) -> None:
    for number, (name, job) in enumerate(jobs.items()):
        progress(f"writing {name} ({number + 1} of {len(jobs)})", number / len(jobs))
        _put(frozen, name, job, draft)


def _put(frozen: Frozen, name: str, job: Callable[[], Chunks], draft: DraftFolder) -> None:
    """Take a file over from the build before as far as that has it, else make it."""
    same = unchanged(frozen, name)
    if same:
        draft.take(name, *same)
        return
    pieces = pieces_of(frozen, name)
    draft.put(name, job() if pieces is None else pieces)


class _Child:
    """A child that writes files into the draft while the body runs; an error there ends it."""

    def __init__(self, pid: int, reader: int, draft: DraftFolder) -> None:
        """Look after a child that was forked, with the end of the pipe into which it writes."""
        self._pid, self._reader, self._draft = pid, reader, draft

    def __enter__(self) -> Self:
        """Nothing more is to be done: it runs."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it, if it has not ended."""
        if kind is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        os.close(self._reader)
        os.waitpid(self._pid, 0)
        gc.unfreeze()

    def join(self) -> bool:
        """Wait for it and add what it wrote to the draft; return whether that is everything.

        What it could not write is not there then: whoever writes it again sees why.
        """
        with open(self._reader, "rb", closefd=False) as stream:
            lines = stream.read().splitlines()
        for line in lines:
            if line != _ALL:
                name, *written = json.loads(line)
                self._draft.written[name] = Written(*written)
        return _ALL in lines


def _in_child(frozen: Frozen, jobs: Jobs, others: Others, draft: DraftFolder, pipe: int) -> None:
    """Write the files and report each in a line."""
    # the others first: they need most, when the parent has not got far
    for name, raw in others():
        draft.put(name, [raw])
        _report(draft, name, pipe)
    for name, job in jobs.items():
        _put(frozen, name, job, draft)
        _report(draft, name, pipe)
    os.write(pipe, _ALL)


def _report(draft: DraftFolder, name: str, pipe: int) -> None:
    report = json.dumps([name, *astuple(draft.written[name])])
    os.write(pipe, f"{report}\n".encode())
