"""`twingraph import wikidata`: statements from files or from the query service, as a list."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from twingraph.link.import_table import Imported, import_rows, refuse_options
from twingraph.link.wikidata.client import QueryClient
from twingraph.link.wikidata_in.dump import Read, read_file
from twingraph.link.wikidata_in.rows import MAPPING, write_rows
from twingraph.link.wikidata_in.service import fetch
from twingraph.problems import TwingraphError
from twingraph.settings import Settings

_SHOWN: Final = 20  # notes that are printed; the rest is counted
PROGRESS_FOLDER: Final = ".wikidata"  # in data/imports/<slug>: what a run has fetched so far


def import_wikidata(
    settings: Settings, paths: Sequence[Path], day: str, slug: str, progress: Callable[[str], None],
    client: QueryClient | None = None,
) -> Imported:  # fmt: skip
    """Import what the files hold, or without files what the query service answers."""
    refuse_options(settings, slug, day)
    read = Read()
    kept = settings.folder / "data" / "imports" / slug / PROGRESS_FOLDER
    for path in paths:
        progress(f"reading {path.name}")
        read_file(path, read, progress)
    if client is not None:
        fetched = fetch(client, kept, progress)
        read.rows += fetched.rows
        read.notes += fetched.notes
    if not read.rows:
        raise TwingraphError("no statement of P190 in it; look at the files")
    text = write_rows(read.labelled())
    toml = MAPPING.format(day=day, sha256=hashlib.sha256(text.encode()).hexdigest())
    ranks = Counter(row.rank for row in read.rows)
    told = ", ".join(f"{number} {rank}" for rank, number in sorted(ranks.items()))
    notes = [f"{len(read.rows)} rows of statements ({told})"]
    if read.broken:
        notes.append(f"{read.broken} broken lines of {read.lines} passed over")
    notes += read.notes[:_SHOWN]
    if len(read.notes) > _SHOWN:
        notes.append(f"and {len(read.notes) - _SHOWN} notes more")
    done = import_rows(settings, slug, text, day, notes=tuple(notes), toml=toml)
    shutil.rmtree(kept, ignore_errors=True)
    return done
