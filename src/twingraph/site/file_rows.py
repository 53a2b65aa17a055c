"""Files as rows of a page: in the order of their use, in sizes that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from twingraph.catalogue.offers import OFFERS, shelf_order
from twingraph.translation import words_of

_UNITS: Final = ("kB", "MB", "GB", "TB")


class Row(NamedTuple):
    """A file: its content, its path, its size, its checksum, and its packed forms."""

    title: str
    name: str
    href: str
    media_type: str
    size: str
    exact: str
    sha256: str
    packed: list[Row]


def in_order(datasets: Sequence[str]) -> list[str]:
    """Return data sets as people want them: the partnerships first."""
    names = [offer.name for offer in OFFERS]
    last = len(names)  # after them, by name, the files of single documents
    places = {dataset: names.index(name) if (name := dataset.rpartition("/")[2]) in names else last
              for dataset in datasets}  # fmt: skip
    return sorted(datasets, key=lambda item: (places[item], item))


def nested(rows: dict[str, Row]) -> list[Row]:
    """Return rows in the order for people, packed files under their plain file."""
    files = []
    for name, row in sorted(rows.items(), key=lambda item: shelf_order(item[0])):
        inside = [other for key, other in rows.items() if key in (f"{name}.gz", f"{name}.zst")]
        if name.endswith((".gz", ".zst")) and name.rpartition(".")[0] in rows:
            continue
        files.append(row._replace(packed=inside))
    return files


def human_size(size: int, language: str) -> str:
    """Return a size in the unit that suits it.

    >>> human_size(999, "en"), human_size(3_792_519, "en"), human_size(3_792_519, "de")
    ('999 B', '3.8 MB', '3,8 MB')
    """
    if size < 1000:
        return f"{size} B"
    step = min((len(str(size)) - 1) // 3, len(_UNITS))
    text = words_of(language).decimal(size / 1000**step, 1)
    return f"{text} {_UNITS[step - 1]}"
