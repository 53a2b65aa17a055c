"""The files of an imported list: checked, read, and written atomically."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from twingraph.atomic import write_synced
from twingraph.problems import Problem, TwingraphError
from twingraph.rdf.iris import SLUG
from twingraph.settings import Settings
from twingraph.source.open_file import read_text, resolved
from twingraph.source.tables.cells import Row, read_csv
from twingraph.source.tables.dates import date_of
from twingraph.source.tables.places import NAME as PLACES
from twingraph.source.tables.spec import FILE, MATCHES, REVIEW, ROWS


def refuse_options(
    settings: Settings, slug: str, day: str, countries: tuple[str, str] = ("", "")
) -> None:  # fmt: skip
    """Raise `TwingraphError` for an invalid slug, day or country code of a list.

    Also for a file of the list that is a symbolic link out of the project.
    """
    if not SLUG.fullmatch(slug):
        raise TwingraphError(f"'{slug}' is no slug; name the list with --slug, such as my-list")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) or date_of(day) is None:
        raise TwingraphError(f"'{day}' is no day; write --date 2026-11-28")
    for name, code in zip("ab", countries, strict=True):
        if code and not re.fullmatch("[A-Za-z]{2}", code):
            raise TwingraphError(f"'{code}' is no country code; write --country-{name} DE")
    folder = settings.folder / "data" / "imports" / slug
    places = settings.folder / "data" / "entities" / PLACES
    own = sorted(folder.iterdir()) if folder.is_dir() else []
    home = resolved(settings.folder)
    for path in (folder, *own, places, _draft(places)):
        if not resolved(path).is_relative_to(home):
            raise TwingraphError(f"{path}: a link that leads out of the project; put the file "
                                 "itself there")  # fmt: skip


def table_rows(text: str, path: Path) -> tuple[Row, ...]:
    """Return the rows of a table that will be rewritten; raise for rows that would be lost."""
    sheet = read_csv(text)
    if text and sheet.wrong:
        line, column, words = sheet.wrong[0]
        raise TwingraphError(f"{path}:{line}:{column}: {words}; mend it, and import again")
    return sheet.rows


def texts_of(settings: Settings, folder: Path) -> dict[str, str]:
    """Return the texts of a list's files by name."""
    own = sorted(folder.iterdir()) if folder.is_dir() else []
    texts = {}
    for path in own:
        if path.name in (FILE, ROWS, MATCHES, REVIEW):
            text = read_text(path, path.relative_to(settings.folder).as_posix(), settings)
            if isinstance(text, Problem):
                raise TwingraphError(str(text))
            texts[path.name] = text
    return texts


def write_files(folder: Path, before: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Write the files that differ from `before`; return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = [name for name, text in texts.items() if before.get(name) != text]
    for name in changed:
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != texts[name]:
            write_whole(path, texts[name])
    return [f"data/imports/{folder.name}/{name}" for name in sorted(changed)]


def write_whole(path: Path, text: str) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path)
    try:
        write_synced(draft, text.encode())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _draft(path: Path) -> Path:
    """Return the path of the draft of a file."""
    return path.with_name(f".{path.name}-draft")
