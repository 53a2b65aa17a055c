"""The Reconciliation API, 0.2 and 1.0-draft, as pure functions: parsed JSON in, JSON out.

https://reconciliation-api.github.io/specs/0.2/ and …/draft/. What OpenRefine really sends decides
where the text leaves room: one `match: true` on the highest score, every property in every row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twingraph.derive.names import fold
from twingraph.link.countries import country_code
from twingraph.link.gazetteer import Gazetteer, Place
from twingraph.link.matcher import Candidate, Query, decide, find, typed_id

Json = Mapping[str, object]
MAX_BATCH: Final = 50
MAX_LIMIT: Final = 50
MAX_NAME: Final = 300
_DEFAULT_LIMIT: Final = 5
PLACE: Final = "place"
TYPES: Final[Mapping[str, Mapping[str, str]]] = {
    PLACE: {"en": "Place", "de": "Ort"},
    "municipality": {"en": "Municipality", "de": "Gemeinde"},
    "borough": {"en": "Borough", "de": "Stadtbezirk"},
    "district": {"en": "District", "de": "Kreis"},
    "region": {"en": "Region", "de": "Region"},
    "state": {"en": "State", "de": "Land"},
    "country": {"en": "Country", "de": "Staat"},
}
# Properties that can be fetched (extend) or given in a query, by identifier.
PROPERTIES: Final[Mapping[str, Mapping[str, str]]] = {
    "country": {"en": "country (ISO code)", "de": "Staat (ISO-Code)"},
    "region": {"en": "region", "de": "Region"},
    "wikidata": {"en": "Wikidata item", "de": "Wikidata-Objekt"},
    "geonames": {"en": "GeoNames identifier", "de": "GeoNames-Nummer"},
    "latitude": {"en": "latitude", "de": "Breite"},
    "longitude": {"en": "longitude", "de": "Länge"},
    "partners": {"en": "partners", "de": "Partner"},
    "partner-count": {"en": "number of partners", "de": "Zahl der Partner"},
    "start": {"en": "start (text, partner by partner)", "de": "Beginn (Text, je Partner)"},
    "start-day": {"en": "start (date, only if exact)", "de": "Beginn (Datum, nur wenn genau)"},
    "status": {"en": "status", "de": "Status"},
    "names": {"en": "other names", "de": "weitere Namen"},
    "page": {"en": "page", "de": "Seite"},
}


class RefusedQueryError(Exception):
    """An invalid request; the message says what to send."""


@dataclass(frozen=True)
class Partnership:
    """What is fetched of a partnership: the partner's slug, start (EDTF) and status."""

    partner: str
    start: str = ""
    status: str = ""


@dataclass(frozen=True)
class Register:
    """The places of a build, and how to look up the partnerships of one."""

    gazetteer: Gazetteer
    partnerships: Callable[[str], Sequence[Partnership]]
    base: str

    def place(self, identifier: object) -> Place | None:
        """Return the place with this identifier (slug, IRI of ours, Wikidata or GeoNames id)."""
        text = str(identifier).strip().strip("/").rpartition("/")[2]
        number = self.gazetteer.by_slug.get(text)
        if number is None:
            places = self.gazetteer.by_id.get(text, [])
            number = places[0] if len(places) == 1 else None
        return None if number is None else self.gazetteer.places[number]


def answer_batch(register: Register, queries: object, language: str) -> dict[str, object]:
    """Answer a batch of 0.2: an object of queries, an object of results under the same keys."""
    if not isinstance(queries, dict):
        raise RefusedQueryError('queries is no object; send {"q0": {"query": "Bonn"}}')
    if len(queries) > 2 * MAX_BATCH:
        raise RefusedQueryError(f"{len(queries)} queries, {MAX_BATCH} at most in one batch")
    return {key: {"result": _answer(register, query, language, str(key))}
            for key, query in queries.items()}  # fmt: skip


def _answer(register: Register, query: object, language: str, key: str) -> list[dict[str, object]]:
    if isinstance(query, str):
        query = {"query": query}
    if not isinstance(query, dict):
        raise RefusedQueryError(f'{key} is no query; send {{"query": "Bonn"}}')
    name = query.get("query", "")
    if not isinstance(name, str | int | float):
        raise RefusedQueryError(f"{key}: query is no text")
    given = query.get("properties", [])
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise RefusedQueryError(f'{key}: properties is no list of {{"pid": …, "v": …}}')
    types = query.get("type") or ()
    types = [types] if isinstance(types, str) else types
    limit = query.get("limit", _DEFAULT_LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, int | float | str):
        raise RefusedQueryError(f"{key}: limit is no number")
    values = {str(item.get("pid", "")): item.get("v") for item in given}
    matches = candidates(register, str(name), values, types, _limit(limit))
    return [_candidate(item, sure, language) for item, sure in matches]


def _limit(value: float | str) -> int:
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return _DEFAULT_LIMIT
    return max(1, min(number, MAX_LIMIT))


def candidates(
    register: Register, name: str, values: Mapping[str, object], types: object, limit: int
) -> list[tuple[Candidate, bool]]:
    """Return the candidates for a name, the first with True if it is sure.

    An identifier in place of a name finds its place, whatever the properties are.
    """
    name = name[:MAX_NAME]
    known = register.place(name) if (typed_id(name) or name in register.gazetteer.by_slug) else None
    if known is not None and (typed_id(name) or name != known.label.lower()):
        return [(Candidate(known, 1.0, ("its identifier",), exact=True, agrees=True), True)]
    ids = set()
    for pid in ("wikidata", "geonames", "id"):
        ids |= {str(value).strip("/").rpartition("/")[2] for value in _values(values.get(pid))}
    country = ""
    for each_value in _values(values.get("country")):
        place = register.place(each_value)
        country = country_code(str(each_value)) or (place.country if place else "") or country
    region = next((str(value) for value in _values(values.get("region"))), "")
    point = _point(values)
    query = Query(name, country, region, frozenset(ids), point)
    wanted = {str(value) for value in _values(types)} & set(TYPES) - {PLACE}
    matches = find(register.gazetteer, query, limit if not wanted else MAX_LIMIT)
    if wanted:
        matches = [item for item in matches if not item.place.level or item.place.level in wanted][
            :limit
        ]
    judged = decide(matches)
    order = sorted(matches, key=lambda candidate: -_score(candidate))
    return [(item, judged.place is item.place) for item in order]


def _values(value: object) -> list[object]:
    """Return the values of a property: reconciled cells by their id."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [
        item.get("id", item.get("name", "")) if isinstance(item, dict) else item for item in values
    ]


def _point(values: Mapping[str, object]) -> tuple[float, float] | None:
    """Return a point on the globe; None where a number is missing, none, or out of its range.

    >>> _point({"latitude": "50.73", "longitude": 7.1}), _point({"latitude": "nan", "longitude": 7})
    ((50.73, 7.1), None)
    """
    try:
        [latitude], [longitude] = _values(values.get("latitude")), _values(values.get("longitude"))
        point = float(str(latitude)), float(str(longitude))
    except ValueError:
        return None
    return point if abs(point[0]) <= 90 and abs(point[1]) <= 180 else None  # False for nan


def _score(candidate: Candidate) -> float:
    return round(100 * (candidate.score / 2 if candidate.refused else candidate.score), 1)


def _candidate(candidate: Candidate, sure: bool, language: str) -> dict[str, object]:
    return {
        "id": candidate.place.slug, "name": candidate.place.label,
        "description": describe(candidate.place),
        "type": type_records(candidate.place, language), "score": _score(candidate), "match": sure,
        "features": _features(candidate, language),
    }  # fmt: skip


def describe(place: Place) -> str:
    """Return a line that distinguishes a place from its namesakes: level, country, other names."""
    others = [name for name in place.names[1:] if fold(name) != fold(place.label)][:3]
    parts = [place.level, place.country, " / ".join(others)]
    return " · ".join(part for part in parts if part)


def type_records(place: Place, language: str) -> list[dict[str, str]]:
    """Return the types of a place as the API writes them: place, and its level."""
    types = [PLACE] + ([place.level] if place.level in TYPES else [])
    return [{"id": item, "name": TYPES[item].get(language, TYPES[item]["en"])} for item in types]


def _features(candidate: Candidate, language: str) -> list[dict[str, object]]:
    """Return the features of a match: name similarity (its name has the reasons), country."""
    words = "; ".join((*candidate.reasons, *((candidate.refused,) if candidate.refused else ())))
    country = {"en": "country agrees", "de": "Staat stimmt"}
    return [
        {"id": "name_similarity", "name": words, "value": round(100 * candidate.score, 1)},
        {"id": "country", "name": country.get(language, country["en"]), "value": candidate.agrees},
    ]


# --- 1.0-draft ------------------------------------------------------------------------------------


def answer_match(register: Register, request: object, language: str) -> dict[str, object]:
    """Answer POST /match of 1.0-draft: a list of queries with conditions."""
    queries = request.get("queries") if isinstance(request, dict) else None
    if not isinstance(queries, list):
        raise RefusedQueryError('send {"queries": [{"conditions": [{"matchType": "name", '
                                '"propertyValue": "Bonn"}]}]}')  # fmt: skip
    if len(queries) > 2 * MAX_BATCH:
        raise RefusedQueryError(f"{len(queries)} queries, {MAX_BATCH} at most in one batch")
    return {"results": [{"candidates": _matched(register, query, language)} for query in queries]}


def _matched(register: Register, query: object, language: str) -> list[dict[str, object]]:
    conditions = query.get("conditions") if isinstance(query, dict) else None
    if not (isinstance(query, dict) and isinstance(conditions, list) and conditions):
        raise RefusedQueryError("a query without conditions; send at least one")
    values: dict[str, object] = {}
    name = ""
    for condition in conditions:
        if not isinstance(condition, dict) or "propertyValue" not in condition:
            raise RefusedQueryError("a condition without propertyValue")
        value = condition["propertyValue"]
        kind = condition.get("matchType")
        if kind == "name":
            name = str(next(iter(_values(value)), ""))
        elif kind == "id":
            values["id"] = value
        elif kind == "property" and condition.get("propertyId"):
            values[str(condition["propertyId"])] = value
        else:
            raise RefusedQueryError("matchType is name, id, or property with a propertyId")
    limit = query.get("limit", _DEFAULT_LIMIT)
    number = _limit(limit) if isinstance(limit, int | float) else _DEFAULT_LIMIT
    matches = candidates(register, name, values, query.get("type") or (), number)
    return [_candidate(item, sure, language) for item, sure in matches]
