"""The partnerships of the places within a place: boroughs of a city, cities of a country."""

from __future__ import annotations

from typing import Final

from pyoxigraph import NamedNode

from twingraph.site.choices import Choice, path_of
from twingraph.site.links import relative
from twingraph.site.listings import listing_of
from twingraph.site.partners import PartnerRow, partners_from_rows
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value
from twingraph.translation import words_of

PARTS: Final = 100  # partnerships that are shown where the list has more


def partners_of_parts(
    site: BuildReader, iri: str, language: str, current_path: str
) -> tuple[list[PartnerRow], Value | None]:
    """Return the partners of the places within `iri`; a link to the list of all, if they are more.

    A country has thousands: the first `PARTS` of its list are shown.
    """
    key = f"country-{iri.rpartition('/')[2]}"
    listing = listing_of(site, "partnership", language)
    number = listing.number(key)
    if number <= PARTS or f"{site.base}id/place/" not in iri:
        rows = site.rows("partners-of-parts", this=NamedNode(iri))
        return partners_from_rows(site, rows, language, current_path), None
    first = listing.chosen(key, 0, PARTS)
    rows = [
        row for row in site.rows_of("partners-of-these", first) if row["this"] == NamedNode(iri)
    ]
    words = words_of(language)
    text = words.gettext("all {number} as a list", number=words.number(number))
    link = relative(f"{language}/{path_of(Choice('partnership', key, 1))}", current_path)
    return partners_from_rows(site, rows, language, current_path), Value(text, link)
