"""`twingraph import wikidata`: statements from files or from the query service, as a list."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from twingraph.link.import_files import refuse_options, write_files
from twingraph.link.import_report import Imported
from twingraph.link.import_table import import_rows
from twingraph.link.wikidata.client import QueryClient
from twingraph.link.wikidata_in.dump import Read, read_file
from twingraph.link.wikidata_in.places import MAPPING as MAPPING_OF_PLACES
from twingraph.link.wikidata_in.places import ItemPlace, fetch_places, place_rows
from twingraph.link.wikidata_in.rows import MAPPING, write_rows
from twingraph.link.wikidata_in.service import fetch
from twingraph.problems import TwingraphError
from twingraph.progress import Progress
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import TG
from twingraph.settings import Settings
from twingraph.source.curated import lines_of
from twingraph.source.read import read_project
from twingraph.source.tables.places import write_places
from twingraph.source.tables.read import known_places
from twingraph.source.tables.spec import FILE, ROWS

_SHOWN: Final = 20  # notes that are printed; the rest is counted
PROGRESS_FOLDER: Final = ".wikidata"  # in data/imports/<slug>: the slices fetched so far


def import_wikidata(
    settings: Settings, paths: Sequence[Path], day: str, slug: str, progress: Progress,
    client: QueryClient | None = None,
) -> Imported:  # fmt: skip
    """Import the statements in the files, or, without files, those of the query service."""
    refuse_options(settings, slug, day)
    refuse_options(settings, f"{slug}-places", day)
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
    counted = ", ".join(f"{number} {rank}" for rank, number in sorted(ranks.items()))
    notes = [f"{len(read.rows)} rows of statements ({counted})"]
    if read.broken:
        notes.append(f"{read.broken} broken lines of {read.lines} passed over")
    notes += read.notes[:_SHOWN]
    if len(read.notes) > _SHOWN:
        notes.append(f"and {len(read.notes) - _SHOWN} notes more")
    if client is not None:
        items = {item for row in read.rows for item in (row.item, row.target) if item}
        read.places += fetch_places(client, items, progress)
    done = import_rows(settings, slug, text, day, notes=tuple(notes), toml=toml, progress=progress)
    more = import_places(settings, f"{slug}-places", day, read.places)
    shutil.rmtree(kept, ignore_errors=True)
    return replace(done, notes=(*done.notes, *more.notes), changed=(*done.changed, *more.changed))


class PlacesImport(NamedTuple):
    """What an import of places came to: the files that changed, and notes."""

    changed: tuple[str, ...]
    notes: tuple[str, ...]


def import_places(
    settings: Settings, slug: str, day: str, places: Sequence[ItemPlace]
) -> PlacesImport:
    """Write Wikidata's data of places as a separate list, data/imports/<slug>/."""
    refuse_options(settings, slug, day)
    folder = settings.folder / "data" / "imports" / slug
    curated = read_project(settings)
    own = f"data/imports/{slug}/"
    files = [file for file in curated.files if not file.path.startswith(own)]
    quads = [quad for file in files for quad in file.quads]
    known = known_places((line for file in files for line in lines_of(file)), settings.base_iri)
    codes = {plain(quad.object): plain(quad.subject).rpartition("/")[2]
             for quad in quads if quad.predicate == TG.countryCode}  # fmt: skip
    made = place_rows(places, known, quads, settings.base_iri, lambda code: codes.get(code, ""))
    if not (made.rows or (folder / ROWS).exists()):
        return PlacesImport((), made.notes)
    text = write_places(made.rows)
    toml = MAPPING_OF_PLACES.format(day=day, sha256=hashlib.sha256(text.encode()).hexdigest())
    before = {name: path.read_text(encoding="utf-8") if (path := folder / name).exists() else ""
              for name in (FILE, ROWS)}  # fmt: skip
    if before[ROWS] == text:
        return PlacesImport((), made.notes)
    texts = {FILE: toml, ROWS: text}
    changed = tuple(write_files(folder, before, texts))
    note = f"{len(made.rows)} places with coordinates, country or GeoNames number: {own}{ROWS}"
    return PlacesImport(changed, (note, *made.notes))
