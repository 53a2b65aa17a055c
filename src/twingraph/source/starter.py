"""`twingraph init`: a small complete project to start from, on which every command works."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Final

from twingraph.problems import TwingraphError
from twingraph.settings import FILE, settings_from
from twingraph.source.fmt import format_text

_TEMPLATE: Final = Path(__file__).parent.parent / "starter"
_TITLES: Final = {"en": "Our partnerships", "de": "Unsere Partnerschaften"}
# as .gitignore it would already take effect in this repository
_RENAMED: Final = {"gitignore": ".gitignore"}


def make_project(folder: Path, base_iri: str, title: str | None, today: date) -> list[Path]:
    """Write the files of a new project into `folder`, new or empty; return their paths.

    Raises `TwingraphError` if `base_iri` is no valid base IRI, or `folder` is not empty.
    """
    files = project_files(base_iri, title, today)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise TwingraphError(f"{folder} is no folder; name a new or an empty one")
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise TwingraphError(f"{folder} has files in it; name a new or an empty folder")
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise TwingraphError(
            f"{error.filename or folder}: {error.strerror}; name a folder that can be written"
        ) from None
    return [folder / name for name in files]


def project_files(base_iri: str, title: str | None, today: date) -> dict[str, str]:
    """Return the texts of a new project's files by their paths; without `title`, a default one.

    >>> files = project_files("https://example.org/twins/", "Twins", date(2027, 1, 31))
    >>> print(files["twingraph.toml"].splitlines()[1])
    base_iri = "https://example.org/twins/"
    >>> "@prefix place: <https://example.org/twins/id/place/> ." in files["data/sources/first.ttl"]
    True
    """
    if title is not None and not (title.strip() and title.isprintable()):
        raise TwingraphError(f"title {title!r}; write some words on one line")
    titles = _TITLES if title is None else dict.fromkeys(_TITLES, title)
    settings_from(Path(), {"base_iri": base_iri, "title": titles})
    words = {"base_iri": base_iri, "title": titles["en"]}
    values = {**words, "release": today.isoformat()}
    values |= {f"title_{language}": text for language, text in titles.items()}
    # a basic string of TOML 1.0 is written like one of JSON
    quoted = {name: json.dumps(text, ensure_ascii=False) for name, text in values.items()}
    files = {}
    for path in sorted(each_path for each_path in _TEMPLATE.rglob("*") if each_path.is_file()):
        name = path.relative_to(_TEMPLATE).as_posix()
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ttl":
            text = format_text(_fill(text, words).encode(), name, base_iri).text
        elif path.suffix in (".md", ".toml"):
            text = _fill(text, quoted if name == FILE else words)
        files[_RENAMED.get(name, name)] = text
    return files


def _fill(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
