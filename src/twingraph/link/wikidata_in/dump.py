"""Dump lines and other files -> rows, in memory that does not grow with the file.

A dump is `[`, one entity a line ending in a comma, `]`; several gzip or bzip2 streams one after
another are one file. A line without the bytes `"P190"` is not parsed. A broken line is counted,
reported, and skipped.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final, cast

from twingraph.link.wikidata_in.entities import entities_in, label_of, rows_of
from twingraph.link.wikidata_in.places import ItemPlace, place_of
from twingraph.link.wikidata_in.results import rows_of_results
from twingraph.link.wikidata_in.rows import TWINNED, StatementRow
from twingraph.problems import TwingraphError

MAX_LINE: Final = 256 * 1024 * 1024
MAX_DOCUMENT: Final = 512 * 1024 * 1024
_WANTED: Final = f'"{TWINNED}"'.encode()
_EVERY: Final = 100_000  # lines between two lines of progress
_MAX_NOTES: Final = 1000

Progress = Callable[[str], None]


@dataclass
class Read:
    """The content of the files: rows, labels and places of the items, and notes on oddities."""

    rows: list[StatementRow] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    places: list[ItemPlace] = field(default_factory=list)
    lines: int = 0
    broken: int = 0

    def labelled(self) -> Iterator[StatementRow]:
        """Yield the rows with the labels of their targets, where those were seen."""
        for row in self.rows:
            yield (
                row
                if row.target_label
                else replace(row, target_label=self.labels.get(row.target, ""))
            )


def read_file(path: Path, read: Read, progress: Progress) -> None:
    """Read a file of any known kind into `read`; raises `TwingraphError`."""
    try:
        with _open(path) as stream:
            if path.name.endswith(".csv"):
                text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
                read.rows += rows_of_results(csv.DictReader(text, strict=True), read.notes)
                return
            first = stream.peek(64).lstrip()[:64] if hasattr(stream, "peek") else b""
            if first.startswith(b"[") or _is_lines(path):
                _read_lines(stream, path, read, progress)
            else:
                _read_document(stream, path, read)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise TwingraphError(f"{path}: {words}; name a file that is whole") from None


def _is_lines(path: Path) -> bool:
    names = path.name.lower()
    return names.endswith((".ndjson", ".jsonl", ".json.gz", ".json.bz2"))


def _open(path: Path) -> IO[bytes]:
    if path.name.endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, "rb"))
    if path.name.endswith(".bz2"):
        return bz2.open(path, "rb")
    return path.open("rb")


def _read_lines(stream: IO[bytes], path: Path, read: Read, progress: Progress) -> None:
    while line := stream.readline(MAX_LINE):
        read.lines += 1
        if read.lines % _EVERY == 0:
            progress(f"{path.name}: {read.lines} lines, {len(read.rows)} statements")
        if _WANTED not in line:
            continue
        text = line.strip().strip(b",").strip()
        if text in (b"[", b"]", b""):
            continue
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            read.broken += 1
            if len(read.notes) < _MAX_NOTES:
                read.notes.append(f"{path.name}:{read.lines}: no JSON; the line is passed over")
            continue
        _take(document, read)


def _read_document(stream: IO[bytes], path: Path, read: Read) -> None:
    raw = stream.read(MAX_DOCUMENT + 1)
    if len(raw) > MAX_DOCUMENT:
        raise TwingraphError(f"{path} is one document of more than {MAX_DOCUMENT} bytes; give a "
                             "dump of one entity a line")  # fmt: skip
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise TwingraphError(f"{path} is no whole JSON ({error}); fetch it again") from None
    results = document.get("results") if isinstance(document, dict) else None
    if isinstance(results, dict) and isinstance(results.get("bindings"), list):
        read.rows += rows_of_results(results["bindings"], read.notes)
        return
    entities = list(entities_in(document))
    if not entities:
        raise TwingraphError(f"{path} holds no entity and no query results")
    stem = path.name.partition(".")[0]
    if len(entities) == 1 and stem.startswith("Q") and stem != entities[0].get("id"):
        read.notes.append(f"{stem} is redirected to {entities[0].get('id')}")
    for entity in entities:
        _take(entity, read)


def _take(document: object, read: Read) -> None:
    for entity in entities_in(document):
        label = label_of(entity)
        if label:
            read.labels[str(entity.get("id"))] = label
        read.rows += rows_of(entity, read.notes)
        read.places.append(place_of(entity))
