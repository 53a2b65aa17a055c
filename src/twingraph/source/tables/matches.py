"""matches.sssom.tsv: for each name of a list, the place it means, places it does not mean, or none.

One row a decision, as SSSOM. The subject is the name as the list has it, as an address within the
list: `source:<slug>#place=<name>|<country>|<region>`, percent-encoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote, unquote

from twingraph.source.mappings import (
    COLUMNS,
    NO_TERM,
    Decision,
    cells_of,
    prefixes_of_links,
    read_table,
    write_table,
)

SAME: Final = "http://www.w3.org/2002/07/owl#sameAs"
LEXICAL: Final = "https://w3id.org/semapv/vocab/LexicalMatching"
MANUAL: Final = "https://w3id.org/semapv/vocab/ManualMappingCuration"


@dataclass(frozen=True)
class Matches:
    """Decisions: names that mean a place (slug), names of no place, pairs that were rejected."""

    places: Mapping[str, str] = field(default_factory=dict)
    none: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[tuple[str, str]] = frozenset()
    decisions: tuple[Decision, ...] = ()
    wrong: tuple[tuple[int, str], ...] = ()

    @cached_property
    def decided(self) -> frozenset[str]:
        """The addresses of all names of which something was decided."""
        return frozenset((*self.places, *self.none, *(key for key, _ in self.refused)))


def key_iri(base: str, slug: str, name: str, country: str = "", region: str = "") -> str:
    """Return the address of a name within a list, as the list writes it.

    >>> key_iri("https://example.org/", "rgre", "Opole (Oppeln)", "Polen")
    'https://example.org/id/source/rgre#place=Opole%20%28Oppeln%29%7CPolen'
    """
    words = "|".join((name, country, region)).rstrip("|")
    return f"{base}id/source/{slug}#place={quote(words, safe='')}"


def words_of(iri: str) -> tuple[str, str, str]:
    """Invert `key_iri`: name, country, region."""
    name, country, region = (*unquote(iri.partition("#place=")[2]).split("|"), "", "")[:3]
    return name, country, region


def read_matches(text: str, base: str) -> Matches:
    """Read a table of decisions about the names of a list."""
    table = read_table(text, base)
    places, none = {}, {}
    refused = set()
    for decision in table.decisions:
        slug = decision.object.removeprefix(f"{base}id/place/")
        if decision.object == NO_TERM:
            none[decision.subject] = decision.comment or "no place"
        elif decision.modifier:
            refused.add((decision.subject, slug))
        else:
            places[decision.subject] = slug
    return Matches(places, none, frozenset(refused), table.decisions, table.wrong)


def place_iri(key: str, slug: str) -> str:
    """Return the IRI of a place under the base of the project that a name's address shows.

    >>> place_iri("https://example.org/id/source/rgre#place=Opole", "opole")
    'https://example.org/id/place/opole'
    """
    return f"{key.partition('id/source/')[0]}id/place/{slug}"


def decide_place(
    key: str, slug: str, author: str, day: str, how: str, confidence: str, comment: str
) -> Decision:
    """Return the decision that a name is a place."""
    return Decision(key, SAME, "", place_iri(key, slug), how, author, day, confidence, comment)


def decide_not(key: str, slug: str, author: str, day: str, comment: str) -> Decision:
    """Return the decision that a name is not that place, or (without a slug) no place at all."""
    if not slug:
        return Decision(key, SAME, "", NO_TERM, MANUAL, author, day, "", comment)
    return Decision(key, SAME, "Not", place_iri(key, slug), MANUAL, author, day, "", comment)


def write_matches(decisions: Iterable[Decision], slug: str, base: str) -> str:
    """Return decisions as one table, sorted, in canonical form."""
    slots = {
        "license": "http://creativecommons.org/publicdomain/zero/1.0/",
        "mapping_set_id": f"{base}links/{slug}.sssom.tsv",
    }
    rows = [cells_of(decision) for decision in sorted(set(decisions))]
    return write_table(rows, COLUMNS, slots, prefixes_of_links(base))
