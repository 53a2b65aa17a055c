"""What may be chosen from a list: a facet, two facets that combine, a letter; each has one path.

Two facets combine where `COMBINED` pairs them, and only where both narrow: a combination that
holds no more and no less than one of its parts has the path of that part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

from twingraph.translation import N_

BROWSED: Final = ("place", "partnership")
JOIN: Final = "_"  # occurs in no slug
# The facets of a list in the order in which they are shown.
FACETS: Final[Mapping[str, Mapping[str, str]]] = {
    "place": {"level": N_("Level"), "country": N_("Country")},
    "partnership": {
        "country": N_("Country"), "kind": N_("Kind"), "decade": N_("Decade"),
        "status": N_("Status"), "field": N_("Field"),
    },
}  # fmt: skip
COMBINED: Final[Mapping[str, frozenset[tuple[str, str]]]] = {
    "place": frozenset({("level", "country")}),
    "partnership": frozenset({("country", "kind"), ("kind", "status")}),
}
DEFAULT: Final = {"place": "level-municipality", "partnership": ""}


class Choice(NamedTuple):
    """A page of a list: the kind of entities, the chosen values, and the page's number."""

    kind: str
    key: str  # of a facet or of two, `letter-b` or `all`
    page: int


def read_path(path: str) -> Choice | None:
    """Parse the path of a list page, without its language; None for other paths.

    >>> read_path("place/index.html"), read_path("partnership/list/kind-twinning.2.html")
    (Choice(kind='place', key='level-municipality', page=1), \
Choice(kind='partnership', key='kind-twinning', page=2))
    >>> read_path("place/list/all.3.csv").page, read_path("event/index.html")
    (3, None)
    >>> read_path("partnership/list/country-france_kind-twinning.html").key
    'country-france_kind-twinning'
    """
    stem, _, suffix = path.rpartition(".")
    folder, _, name = stem.partition("/")
    if suffix not in ("html", "csv") or folder not in BROWSED:
        return None
    if name == "index":
        return Choice(folder, DEFAULT[folder] or "all", 1)
    match = re.fullmatch(r"list/([a-z0-9-]+(?:_[a-z0-9-]+)?)(?:\.([1-9]\d{0,4}))?", name)
    return Choice(folder, match[1], int(match[2] or 1)) if match else None


def path_of(choice: Choice, suffix: str = "html") -> str:
    """Return the one path of a page of a list.

    >>> path_of(Choice("place", "level-municipality", 1)), path_of(Choice("place", "all", 2), "csv")
    ('place/index.html', 'place/list/all.2.csv')
    """
    first = choice.key == (DEFAULT[choice.kind] or "all") and choice.page == 1
    if first and suffix == "html":
        return f"{choice.kind}/index.html"
    number = f".{choice.page}" if choice.page > 1 else ""
    return f"{choice.kind}/list/{choice.key}{number}.{suffix}"


def facet_of(key: str) -> str:
    """Return the facet of a key.

    >>> facet_of("kind-project-partnership")
    'kind'
    """
    return key.partition("-")[0]


def together(kind: str, first_key: str, second_key: str) -> str:
    """Return the key of two values of facets that combine, in the facets' order; else ''.

    >>> together("partnership", "kind-twinning", "country-france")
    'country-france_kind-twinning'
    >>> together("partnership", "decade-1990", "country-france")
    ''
    """
    for first, second in ((first_key, second_key), (second_key, first_key)):
        if (facet_of(first), facet_of(second)) in COMBINED[kind]:
            return f"{first}{JOIN}{second}"
    return ""


def combined(kind: str, keys: Iterable[str]) -> set[str]:
    """Return the combinations of two of the keys of an entity.

    >>> sorted(combined("partnership", ["country-france", "kind-twinning", "status-active"]))
    ['country-france_kind-twinning', 'kind-twinning_status-active']
    """
    return {
        pair_key for pair in combinations(sorted(keys), 2) if (pair_key := together(kind, *pair))
    }


def canonical(key: str, counts: Mapping[str, int]) -> str:
    """Return the key under which a choice has its page, given the number of entities of each key.

    >>> counts = {"country-bhutan": 7, "kind-twinning": 9, "country-bhutan_kind-twinning": 7}
    >>> canonical("country-bhutan_kind-twinning", counts)
    'country-bhutan'
    """
    parts = key.split(JOIN)
    return next((part for part in parts if len(parts) > 1 and counts[part] == counts[key]), key)


class Option(NamedTuple):
    """A value of a facet to choose: its key, the key of the page it leads to, and how many.

    The value of no facet ('') stands for all of them.
    """

    key: str
    target: str
    number: int


def options_of(choice: Choice, facet: str, counts: Mapping[str, int]) -> Sequence[Option]:
    """Return the values of a facet to offer, given the choice so far.

    Beside a value that the facet combines with, those that narrow it, each with the number of
    things that have both, and before them the way back; else all values.

    >>> from collections import Counter
    >>> counts = Counter({"country-france": 7, "kind-twinning": 9, "kind-contact": 2,
    ...     "country-france_kind-twinning": 6, "country-france_kind-contact": 1})
    >>> [option[:2] for option in options_of(Choice("partnership", "country-france", 1), "kind", counts)]
    [('kind-contact', 'country-france_kind-contact'), ('kind-twinning', 'country-france_kind-twinning')]
    """  # noqa: E501  # one call a line reads better
    chosen = choice.key.split(JOIN)
    keys = sorted(key for key in counts if facet_of(key) == facet and JOIN not in key)
    beside = next((part for part in chosen if any(together(choice.kind, part, key) for key in keys)
                   and facet_of(part) != facet), "")  # fmt: skip
    if not beside:
        return [Option(key, key, counts[key]) for key in keys]
    options = []
    for key in keys:
        combined_choice = together(choice.kind, key, beside)
        target = canonical(combined_choice, counts)
        if counts[combined_choice] and target != beside:
            options.append(Option(key, target, counts[combined_choice]))
    back = Option("", beside, counts[beside])
    return [back, *options] if any(facet_of(part) == facet for part in chosen) else options
