"""Wikidata's data of the places themselves: coordinates, country, GeoNames id.

P625, P17 and P1566 of an item, in its best rank as its own "truthy" statements are
(https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format#Truthy_statements). They become
rows of a list that only adds to places, with its own graph and source, and only where the project
has no value yet. If Wikidata gives two values, neither is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from pyoxigraph import Quad

from twingraph.link.wikidata.client import PREFIXES, Binding, QueryClient, cell
from twingraph.link.wikidata_in.entities import Json, item_of, json_map
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import TG

COORDINATES: Final = "P625"
COUNTRY: Final = "P17"
GEONAMES: Final = "P1566"
CODE: Final = "P297"  # ISO 3166-1 alpha-2 of a country
END: Final = "P582"
SLICE: Final = 200  # items a query
_EARTH: Final = "Q2"
_PLACES: Final = 5  # decimal places of a degree: a metre
_POINT: Final = re.compile(r"Point\((-?[0-9.]+(?:[eE]-?\d+)?) (-?[0-9.]+(?:[eE]-?\d+)?)\)", re.I)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,11}")
_CODE: Final = re.compile(r"[A-Z]{2}")
_SAME: Final = "http://www.w3.org/2002/07/owl#sameAs"
_LATITUDE: Final = "https://schema.org/latitude"
_T = TypeVar("_T")
_GEONAMES_IRI: Final = "https://sws.geonames.org/"

MAPPING: Final = """title.en = "Wikidata: coordinates, countries, GeoNames numbers of places, {day}"
title.de = "Wikidata: Koordinaten, Länder, GeoNames-Nummern von Orten, {day}"
publisher = "Wikidata"
licence = "http://creativecommons.org/publicdomain/zero/1.0/"
language = "en"
as_of = "{day}"
retrieved = {day}
sha256 = "{sha256}"
places = true
"""
QUERY: Final = (
    PREFIXES
    + """SELECT ?item ?point ?country ?code ?geonames WHERE {
  VALUES ?item { ITEMS }
  { ?item wdt:P625 ?point }
  UNION {
    ?item p:P17 ?statement .
    ?statement a wikibase:BestRank ; ps:P17 ?country .
    FILTER NOT EXISTS { ?statement pq:P582 ?ended }
    OPTIONAL { ?country wdt:P297 ?code }
  }
  UNION { ?item wdt:P1566 ?geonames }
}"""
)


@dataclass(frozen=True)
class ItemPlace:
    """The data of an item; a property with several values, or none, is empty.

    `country` is the item of the country; `code` is the ISO code of an item that is a country.
    """

    item: str
    latitude: str = ""
    longitude: str = ""
    country: str = ""
    geonames: str = ""
    code: str = ""


def place_of(entity: Json) -> ItemPlace:
    """Return the data of an entity (Wikibase JSON) about its place."""
    claims = json_map(entity.get("claims"))
    points = [_point_of(snak) for snak in _best(claims.get(COORDINATES))]
    countries = [item_of(snak) for snak in _best(claims.get(COUNTRY), ended=False)]
    numbers = [_text_of(snak) for snak in _best(claims.get(GEONAMES))]
    codes = [_text_of(snak) for snak in _best(claims.get(CODE))]
    return _place(str(entity.get("id", "")), points, countries, numbers, codes)


def places_of(bindings: Iterable[Binding]) -> Iterator[ItemPlace]:
    """Return the data of each item in the rows of `QUERY`."""
    by_item: dict[str, list[Binding]] = {}
    for row in bindings:
        by_item.setdefault(cell(row, "item").rpartition("/")[2], []).append(row)
    for item, rows in sorted(by_item.items()):
        points = [_point(match[2], match[1]) if (match := _POINT.fullmatch(text)) else ("", "")
                  for row in rows if (text := cell(row, "point"))]  # fmt: skip
        countries = [cell(row, "country").rpartition("/")[2] for row in rows if "country" in row]
        numbers = [cell(row, "geonames") for row in rows if "geonames" in row]
        yield _place(item, points, countries, numbers, ())
        for row in rows:
            if "code" in row:
                country = cell(row, "country").rpartition("/")[2]
                yield _place(country, (), (), (), [cell(row, "code")])


def _place(
    item: str, points: Iterable[tuple[str, str]], countries: Iterable[str],
    numbers: Iterable[str], codes: Iterable[str],
) -> ItemPlace:  # fmt: skip
    latitude, longitude = _only(points) or ("", "")
    number, code = _only(numbers) or "", _only(codes) or ""
    return ItemPlace(
        item, latitude, longitude, _only(countries) or "",
        number if _NUMBER.fullmatch(number) else "", code if _CODE.fullmatch(code) else "",
    )  # fmt: skip


def _only(values: Iterable[_T]) -> _T | None:
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _best(statements: object, ended: bool = True) -> list[Json]:
    """Return the main snaks of the best rank; without those that have ended, if so wanted."""
    by_rank: dict[str, list[Json]] = {}
    for statement in statements if isinstance(statements, list) else []:
        known = json_map(statement)
        by_rank.setdefault(str(known.get("rank", "normal")), []).append(known)
    return [
        json_map(known.get("mainsnak"))
        for known in by_rank.get("preferred") or by_rank.get("normal") or ()
        if ended or END not in json_map(known.get("qualifiers"))
    ]


def _value(snak: Json) -> object:
    return json_map(snak.get("datavalue")).get("value") if snak.get("snaktype") == "value" else None


def _text_of(snak: Json) -> str:
    value = _value(snak)
    return value if isinstance(value, str) else ""


def _point_of(snak: Json) -> tuple[str, str]:
    value = json_map(_value(snak))
    if str(value.get("globe", "")).rpartition("/")[2] not in ("", _EARTH):
        return "", ""
    return _point(str(value.get("latitude", "")), str(value.get("longitude", "")))


def _point(latitude: str, longitude: str) -> tuple[str, str]:
    """Return a point on Earth with at most five decimal places, or two empty texts.

    >>> _point("50.733981234", "7.0998149"), _point("91", "0"), _point("1e-3", "-0.0000001")
    (('50.73398', '7.09981'), ('', ''), ('0.001', '0'))
    """
    try:
        north, east = Decimal(latitude), Decimal(longitude)
    except InvalidOperation:
        return "", ""
    if not (north.is_finite() and east.is_finite() and abs(north) <= 90 and abs(east) <= 180):
        return "", ""
    return _degrees(north), _degrees(east)


def _degrees(number: Decimal) -> str:
    text = f"{round(number, _PLACES):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def fetch_places(
    client: QueryClient, items: Iterable[str], progress: Callable[[str], None]
) -> Iterator[ItemPlace]:
    """Yield the data of the items from the query service, in slices; raises `TwingraphError`."""
    ordered = sorted(set(items), key=lambda item: int(item[1:]))
    for start in range(0, len(ordered), SLICE):
        part = ordered[start : start + SLICE]
        client.sleep(1.0)
        values = " ".join(f"wd:{item}" for item in part)
        yield from places_of(client.select_again(QUERY.replace("ITEMS", values)))
        progress(f"places: {start + len(part)} of {len(ordered)} items")


@dataclass(frozen=True)
class PlaceRows:
    """Rows of a table of places, and notes on values that were not taken."""

    rows: tuple[Mapping[str, str], ...]
    notes: tuple[str, ...] = ()


def place_rows(
    item_places: Iterable[ItemPlace], known: Mapping[str, str], quads: Sequence[Quad], base: str,
    country_of: Callable[[str], str],
) -> PlaceRows:  # fmt: skip
    """Return a row for each place for which Wikidata has a value that the project lacks.

    `known` is identifier (`wd:Q586`) -> slug, `quads` are those of the project without these rows,
    `country_of` gives the slug of the country with an ISO code, '' for one that is not known.
    """
    start = f"{base}id/place/"
    stated: dict[str, set[str]] = {}
    for quad in quads:
        subject = plain(quad.subject)
        verb = quad.predicate.value
        if subject.startswith(start) and verb in (_LATITUDE, TG.country.value, _SAME):
            if verb == _SAME and not plain(quad.object).startswith(_GEONAMES_IRI):
                continue
            stated.setdefault(subject.removeprefix(start), set()).add(verb)
    listed = list(item_places)
    codes = {place.item: place.code for place in listed if place.code}
    places = {
        place.item: place for place in listed
        if place != ItemPlace(place.item, code=place.code)  # no more than the code of a country
    }  # fmt: skip
    taken = Counter(place.geonames for place in places.values())
    rows = []
    notes: Counter[str] = Counter()
    for place in places.values():
        slug = known.get(f"wd:{place.item}", "")
        if not slug:
            continue
        has = stated.get(slug, set())
        row: dict[str, str] = {}
        if place.latitude and _LATITUDE not in has:
            row |= {"latitude": place.latitude, "longitude": place.longitude}
        if place.country and TG.country.value not in has:
            country = known.get(f"wd:{place.country}") or country_of(codes.get(place.country, ""))
            if country and country != slug:
                row["country"] = country
            elif not country:
                notes[f"country {place.country} is no place of the project"] += 1
        if place.geonames and _SAME not in has:
            if taken[place.geonames] == 1 and f"gn:{place.geonames}" not in known:
                row["geonames"] = place.geonames
            else:
                notes["a GeoNames number that another place has"] += 1
        if row:
            rows.append({"slug": slug, **row})
    by_slug = {row["slug"]: row for row in rows}
    not_taken = tuple(f"{words}: not taken ({number} ×)" for words, number in sorted(notes.items()))
    return PlaceRows(tuple(by_slug[slug] for slug in sorted(by_slug)), not_taken)
