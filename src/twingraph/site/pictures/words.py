"""The texts of pictures and calendars, by language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from twingraph.site.pictures.svg import Words


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the words of `site/locale/pictures.<language>.toml`, keys as `section.key`.

    A language without such a file has the English ones.

    >>> catalogue("de")["picture.start"]
    'Beginn'
    """
    folder = files("twingraph.site") / "locale"
    path = folder / f"pictures.{language}.toml"
    if not path.is_file():  # a language that has a catalogue, but not yet these texts
        path = folder / "pictures.en.toml"
    text = path.read_text(encoding="utf-8")
    return {
        f"{section}.{key}": word
        for section, words in tomllib.loads(text).items()
        for key, word in words.items()
    }


def words_in(language: str) -> Words:
    """Return the look-up for a language; an unknown key is a `KeyError`, which a test finds."""
    return catalogue(language).__getitem__
