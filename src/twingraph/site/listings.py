"""All places and all partnerships by name, and which of them fall under each choice of a list."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.packed_tables import Index, Texts
from twingraph.site.choices import Choice, canonical, combined
from twingraph.site.facts import PageFacts
from twingraph.site.lists import members_of
from twingraph.site.reader import LANGUAGES, BuildReader, Row, Term
from twingraph.site.values import sort_key

_STATED: Final = ("start", "type", "status")
_READ: Final = {"place": ("level", "country"), "partnership": _STATED}  # columns that keys rest on
_BATCH: Final = 2000  # entities in a query

Keys = dict[str, set[str]]


class Listing(NamedTuple):
    """All entities of a kind by name: the IRIs in order, and the positions of each key's entities.

    `stated` are the places of the partnerships whose start, type or status is stated.
    """

    things: Sequence[str]
    under: Mapping[str, Sequence[int]]
    stated: Mapping[str, Sequence[int]]

    def number(self, key: str) -> int:
        """Return the number of entities of a choice."""
        return len(self.things if key == "all" else self.under.get(key, ()))

    def chosen(self, key: str, first: int = 0, last: int | None = None) -> Sequence[str]:
        """Return the entities of a choice, in order: all, or from `first` to before `last`."""
        if key == "all":
            return self.things[first:last]
        return [self.things[place] for place in self.under.get(key, ())[first:last]]


def listing_of(reader: BuildReader, kind: str, language: str) -> Listing:
    """Return everything of a kind by name, with the facets that it falls under."""

    def read() -> Listing:
        kept = reader.prepared.get(f"list-{kind}-{language}.json")
        listing = listings(reader, kind)[language] if kept is None else Listing(*json.loads(kept))
        return Listing(Texts(listing.things), Index(listing.under), Index(listing.stated))

    return reader.remember(("listing", kind, language), read)


def listings(reader: BuildReader, kind: str) -> dict[str, Listing]:
    """Return the list of a kind in each language, as `json` can keep it for `listing_of`."""
    members = [*members_of(reader, kind)]
    keys, known = keys_of(reader, kind, members)
    facts = PageFacts(reader, LANGUAGES[0])
    facts.mention(members)
    facts.complete()
    sorted_by = cache(sort_key)  # most names are the same in all languages
    return {
        language: _listed(kind, members, keys, known, facts.in_language(language), sorted_by)
        for language in LANGUAGES
    }


def keys_of(reader: BuildReader, kind: str, members: Sequence[str]) -> tuple[Keys, Keys]:
    """Return the keys that each entity of a kind falls under, and its columns that are stated."""
    keys: Keys = {iri: set() for iri in members}
    known: Keys = {iri: set() for iri in members}
    made: dict[tuple[Term | None, ...], tuple[set[str], set[str]]] = {}  # most rows are like others
    for row in rows_about(reader, kind, members):
        if isinstance(row["thing"], NamedNode):
            iri, values = row["thing"].value, tuple(map(row.get, _READ[kind]))
            if values not in made:
                stated = {name for name in _STATED if row.get(name) is not None}
                made[values] = _own_keys(kind, row), stated
            own, stated = made[values]
            keys[iri] |= own
            known[iri] |= stated
    if kind == "partnership":
        named: dict[tuple[Term | None, ...], set[str]] = {}
        for row in reader.rows("list-partnership-facets"):
            if row["thing"] is not None:
                values = row["country"], row["field"]
                if values not in named:
                    named[values] = _keys(row, ("country", "field"))
                keys[row["thing"].value] |= named[values]
    return keys, known


def _listed(
    kind: str,
    members: Sequence[str],
    keys: Mapping[str, set[str]],
    known: Mapping[str, set[str]],
    facts: PageFacts,
    sorted_by: Callable[[str], str],
) -> Listing:
    """Return entities in the order of their names: places in it by key, and by what is stated.

    `known` tells of each which of its columns are stated; `sorted_by` is `sort_key`.
    """
    names = {iri: sorted_by(facts.name(iri).text) for iri in members}
    things = sorted(members, key=lambda iri: (names[iri], iri))
    under: dict[str, list[int]] = defaultdict(list)
    shared_keys: dict[
        frozenset[str], frozenset[str]
    ] = {}  # most entities share their keys with others
    stated: dict[str, list[int]] = defaultdict(list)
    for place, iri in enumerate(things):
        own = frozenset(keys[iri])
        if own not in shared_keys:
            shared_keys[own] = own | combined(kind, own)
        for key in shared_keys[own]:
            under[key].append(place)
        under[letter_key(names[iri])].append(place)
        for name in known[iri]:
            stated[name].append(place)
    return Listing(things, dict(sorted(under.items())), dict(sorted(stated.items())))


def rows_about(reader: BuildReader, kind: str, things: Sequence[str]) -> Iterator[Row]:
    """Yield what the list of a kind shows of some things: rows of `queries/site/list-<kind>`."""
    for start in range(0, len(things), _BATCH):
        yield from reader.rows_of(f"list-{kind}", things[start : start + _BATCH])


def _own_keys(kind: str, row: Row) -> set[str]:
    if kind == "place":
        return _keys(row, ("level", "country"))
    keys = {key.replace("type-", "kind-", 1) for key in _keys(row, ("type", "status"))}
    start = row.get("start")
    match = re.match(r"(\d{3})[\dX]", start.value) if start is not None else None
    if match is not None and not re.search(r"[,.\[/]", start.value if start is not None else ""):
        keys.add(f"decade-{match[1]}0")
    return keys


def _keys(row: Row, names: Iterable[str]) -> set[str]:
    return {
        f"{name}-{value.value.rpartition('/')[2]}"
        for name in names
        if (value := row.get(name)) is not None
    }


def letter_key(name: str) -> str:
    """Return the key of the letter under which a name with that sort key is listed.

    >>> [letter_key(sort_key(name)) for name in ("Ährenfeld", "Łódź", "Мінск", "25th")]
    ['letter-a', 'letter-l', 'letter-other', 'letter-other']
    """
    return f"letter-{name[0] if 'a' <= name[:1] <= 'z' else 'other'}"


def facet_counts(reader: BuildReader, kind: str, language: str) -> Counter[str]:
    """Return the number of entities of a kind by key; counted once for a build."""
    listing = listing_of(reader, kind, language)
    return reader.remember(
        ("facet counts", kind, language),
        lambda: Counter(
            {
                "all": len(listing.things),
                **{key: len(listing.under[key]) for key in sorted(listing.under)},
            }
        ),
    )


def has_page(reader: BuildReader, choice: Choice, language: str) -> bool:
    """Tell whether a choice has a page of its own: another one may be the same."""
    return canonical(choice.key, facet_counts(reader, choice.kind, language)) == choice.key
