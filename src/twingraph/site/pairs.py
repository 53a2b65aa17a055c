"""Two names typed together, in either order and with any dash: the partnership of the two."""

from __future__ import annotations

from typing import Final

from pyoxigraph import NamedNode

from twingraph.derive.names import fold
from twingraph.site.finder import Finder
from twingraph.site.reader import BuildReader

_MOST_WORDS: Final = 12


def partnerships_named(reader: BuildReader, finder: Finder, typed: str, language: str) -> list[str]:
    """Return the partnerships of the two that `typed` names: `minsk - bonn`, `Tel Aviv Bonn`."""
    words = fold(typed).split()[:_MOST_WORDS]
    partnerships: list[str] = []
    for cut in range(1, len(words)):
        first = _named(finder, " ".join(words[:cut]), language)
        second = _named(finder, " ".join(words[cut:]), language) if first else []
        for item in first:
            for other in second:
                if item != other:
                    rows = reader.rows("pair", one=NamedNode(item), other=NamedNode(other))
                    partnerships += [row["partnership"].value for row in rows
                              if isinstance(row["partnership"], NamedNode)]  # fmt: skip
    return list(dict.fromkeys(partnerships))


def _named(finder: Finder, text: str, language: str) -> list[str]:
    """Return the entities with this name; if there are none, those whose names begin with it."""
    hits = finder.find(text, language)
    exact = [hit.thing for hit in hits if hit.fit == "exact"]
    return (exact or [hit.thing for hit in hits if hit.fit == "prefix"])[:5]
