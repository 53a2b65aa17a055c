"""Country names in any of thirty languages, and codes -> ISO 3166-1 alpha-2.

The names are those of Unicode CLDR, with spellings that lists use beside them (`countries.csv`).
A name that two countries share in some language is the name of neither.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Final

from twingraph.derive.names import fold

# States and provinces whose names follow a city's name after a comma ("Gering, Nebraska").
US_STATES: Final[Mapping[str, str]] = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA",
    "colorado": "CO", "connecticut": "CT", "delaware": "DE", "district of columbia": "DC",
    "d c": "DC", "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID", "illinois": "IL",
    "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
    "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN",
    "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV",
    "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY",
    "north carolina": "NC", "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR",
    "pennsylvania": "PA", "rhode island": "RI", "south carolina": "SC", "south dakota": "SD",
    "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA",
    "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip
CANADIAN_PROVINCES: Final = frozenset(
    {
        "alberta", "british columbia", "manitoba", "new brunswick", "newfoundland and labrador",
        "nova scotia", "ontario", "prince edward island", "quebec", "saskatchewan",
    }
)  # fmt: skip
AUSTRALIAN_STATES: Final = frozenset(
    {"new south wales", "queensland", "south australia", "tasmania", "western australia"}
)


@cache
def table() -> str:
    """Return the text of `countries.csv`; read once, so that who may open no file can have it."""
    return (Path(__file__).parent / "countries.csv").read_text(encoding="utf-8")


@cache
def _table() -> tuple[Mapping[str, str], frozenset[str], Mapping[str, tuple[str, str]]]:
    """Return (folded name -> code), every code, and (code -> English and German name)."""
    by_name: dict[str, str] = {}
    shown: dict[str, tuple[str, str]] = {}
    for row in csv.DictReader(StringIO(table(), newline="")):
        for name in row["names"].split("|"):
            by_name[_key(name)] = row["code"]
        shown[row["code"]] = (row["en"], row["de"])
        by_name[_key(row["en"])] = by_name[_key(row["de"])] = row["code"]
    return by_name, frozenset(shown), shown


def _key(name: str) -> str:
    words = fold(name.replace("&", " and "))
    return words.removeprefix("the ")


def country_code(text: str) -> str | None:
    """Return the code of the country that a cell names; None for an unknown name.

    A code is a code: `NA` is Namibia, never "not available".

    >>> [country_code(one) for one in ("NA", "Namibia", "Frankreich", "Rußland", "uk", "Atlantis")]
    ['NA', 'NA', 'FR', 'RU', 'GB', None]
    """
    by_name, codes, _ = _table()
    stripped = text.strip()
    if stripped.upper() in codes:
        return stripped.upper()
    if stripped.upper() == "UK":
        return "GB"
    return by_name.get(_key(stripped))


def country_names(code: str) -> tuple[str, str]:
    """Return the English and the German name of a country by its code.

    >>> country_names("FR")
    ('France', 'Frankreich')
    """
    return _table()[2][code]


def region_country(text: str) -> str | None:
    """Return the country of a state or province that English lists put behind a city's name.

    >>> region_country("Nebraska"), region_country("Ontario"), region_country("Georgia")
    ('US', 'CA', None)
    """
    words = fold(text)
    if words in US_STATES and words != "georgia":  # Georgia is a country as well
        return "US"
    if words in CANADIAN_PROVINCES:
        return "CA"
    return "AU" if words in AUSTRALIAN_STATES else None
