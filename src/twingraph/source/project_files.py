"""The files of a project by folder and name, and the files in its folders that are not read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from twingraph.problems import problem
from twingraph.settings import Settings
from twingraph.source.curated import SourceFile
from twingraph.source.mappings import SUFFIX
from twingraph.source.tables.places import NAME as PLACES
from twingraph.source.tables.spec import FILE as IMPORT
from twingraph.source.tables.spec import FILES as IMPORT_FILES
from twingraph.source.tables.spec import SNAPSHOT

REVIEWS: Final = (".csv", ".sssom.tsv")
DATA_FOLDERS: Final = ("entities", "imports", "links", "sources")


def review_files(settings: Settings) -> list[Path]:
    """Return the files of decisions about statements proposed to Wikidata, sorted by path."""
    folder = settings.folder / "data" / "reviews"
    return sorted(path for path in folder.glob("*") if path.name.endswith(REVIEWS))


def data_files(settings: Settings) -> list[Path]:
    """Return the project's data files, sorted by path."""
    folders = (settings.folder / "data" / name for name in DATA_FOLDERS)
    paths = {path for folder in folders for path in folder.rglob("*.ttl")}
    tables = (settings.folder / "data" / "links").rglob(f"*{SUFFIX}")
    return sorted(paths.union(tables))


def ontology_files(settings: Settings) -> list[Path]:
    """Return the files of ontology and code lists, sorted by path."""
    return sorted(settings.resource("ontology").rglob("*.ttl"))


def import_folders(settings: Settings, large: bool = False) -> list[Path]:
    """Return the folders of lists, data/imports/<slug>/, those that only describe places first.

    Lists marked `large = true` are included only if `large` is true.
    """
    imports = settings.folder / "data" / "imports"
    folders = sorted(path.parent for path in imports.glob(f"*/{IMPORT}"))
    folders = [path for path in folders if large or not _says(path / IMPORT, "large")]
    return sorted(folders, key=lambda path: not _says(path / IMPORT, "places"))


def _says(path: Path, key: str) -> bool:
    """Does an import.toml have `key = true`? False for one that can't be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get(key) is True
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False


def table_files(settings: Settings, large: bool = False) -> list[Path]:
    """Return the files of the project's lists and its table of places, sorted by path."""
    paths = {settings.folder / "data" / "entities" / PLACES}
    for folder in import_folders(settings, large):
        paths |= {path for path in folder.iterdir()
                  if path.name in IMPORT_FILES or SNAPSHOT.fullmatch(path.name)}  # fmt: skip
    return sorted(path for path in paths if path.exists())


def unreadable(settings: Settings) -> Iterator[SourceFile]:
    """Folders under data/ that can't be listed: the files in them would be missed."""
    refused: list[OSError] = []
    for _ in os.walk(settings.folder / "data", onerror=refused.append):
        pass
    for error in refused:
        path = Path(os.fsdecode(error.filename))
        if path.is_dir():
            name = shown(path.relative_to(settings.folder).as_posix())
            yield SourceFile(name, "", (), (problem("F12", name, error=error.strerror),))


def without_data(settings: Settings) -> Iterator[SourceFile]:
    """A project that has nothing to publish: most likely another folder was meant."""
    if data_files(settings) or table_files(settings, large=True):
        return
    folder = settings.folder / "data"
    error = "there is no folder data/"
    if folder.is_dir():
        error = "data/ holds no file that is read"
    elif folder.exists() or folder.is_symlink():
        error = "data is no folder"
    yield SourceFile("data", "", (), (problem("F23", "data", error=error),))


def passed_over(settings: Settings, taken: set[Path]) -> Iterator[SourceFile]:
    """Files under data/ that are not read: most likely a typo in the name, or the wrong folder."""
    for path in sorted((settings.folder / "data").rglob("*")):
        inside = path.relative_to(settings.folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if path in taken or path.is_dir() or path.name == "README.md":
            continue
        if inside.parts[1] == "reviews" and path.name.endswith(REVIEWS):
            continue  # link/wikidata/reviews.py reads these decisions
        if hidden and not path.is_symlink():
            continue  # an editor's hidden file; a hidden link is reported
        name = shown(inside.as_posix())
        yield SourceFile(name, "", (), (problem("F15", name),))


def shown(name: str) -> str:
    """Return a file name that can be printed, whatever its bytes are."""
    return name.encode("utf-8", "backslashreplace").decode()
