"""Other spellings and the countries of a name in GeoNames, beyond the places of the project.

`exonyms.csv` (GeoNames, CC BY 4.0) has one line a city: country, inhabitants, names in several
languages. It holds every city of a name that the shipped places have without a country, and all
large cities; so a name that is listed under one country only is known in no other.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Final

from twingraph.derive.names import fold

_LARGE: Final = 20  # times as many inhabitants as all others of the name: that one is meant


@dataclass(frozen=True)
class City:
    """One line: country (ISO code), inhabitants, names."""

    country: str
    population: int
    names: tuple[str, ...]


@cache
def read() -> str:
    """Return the table as text, from the disk at the first call: a worker may open no file."""
    return (Path(__file__).parent / "exonyms.csv").read_text(encoding="utf-8")


@cache
def _by_form() -> Mapping[str, tuple[City, ...]]:
    by_form: dict[str, list[City]] = defaultdict(list)
    for row in csv.DictReader(StringIO(read(), newline="")):
        city = City(row["country"], int(row["population"]), tuple(row["names"].split("|")))
        for form in {fold(name) for name in city.names}:
            by_form[form].append(city)
    return {form: tuple(cities) for form, cities in by_form.items()}


def cities_named(form: str, country: str = "") -> tuple[City, ...]:
    """Return the cities of a folded name, those of `country` where one is given.

    >>> [city.country for city in cities_named("neapel")]
    ['IT']
    """
    cities = _by_form().get(form, ())
    return tuple(city for city in cities if not country or city.country == country)


def meant(form: str, country: str = "") -> City | None:
    """Return the city that a name means where there is one, or one that dwarfs all others.

    >>> "Napoli" in meant("neapel").names, meant("nosuchplace")
    (True, None)
    """
    cities = sorted(cities_named(form, country), key=lambda city: -city.population)
    if not cities:
        return None
    others = sum(city.population for city in cities[1:])
    alone = len(cities) == 1 or cities[0].population >= _LARGE * max(others, 1)
    return cities[0] if alone else None


def only_country(form: str) -> str:
    """Return the one country in which the name is known; empty where none or several are.

    >>> only_country("neapel"), only_country("")
    ('IT', '')
    """
    countries = {city.country for city in cities_named(form)}
    return countries.pop() if len(countries) == 1 else ""
