"""Undecided names of a list -> certain decisions, new places, a review.

Pure functions: the time, the author and the known places are arguments. Identifiers go first, then
names; a name that no known place is similar to, in a country that the list gives, is a new place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from twingraph.derive.names import fold
from twingraph.link.countries import US_STATES, country_code, country_names, region_country
from twingraph.link.gazetteer import Gazetteer, Place
from twingraph.link.matcher import BEYOND_DOUBT, WRITE, Candidate, Query, decide, find
from twingraph.link.spelling import spell
from twingraph.progress import Progress, ignore
from twingraph.source.mappings import Decision
from twingraph.source.tables.matches import LEXICAL, Matches, decide_place
from twingraph.source.tables.outcome import Outcome, Side

_BRACKETS: Final = re.compile(r"[(\[][^()\[\]]*[)\]]")
_SEPARATORS: Final = re.compile(r"[;•·|\n]")
_JOINED: Final = re.compile(r"[/&]| (?:und|and) ", re.IGNORECASE)
_SEVERAL: Final = "may name several places; write a row for each into the list"
NEW: Final = 0.84  # a candidate as likely as this keeps a name from being taken for a new place

_UNKNOWN: Final = 0.02  # subtracted from the score if no country is known


@dataclass
class Naming:
    """What came of the undecided names: decisions, new rows of places.csv, names for a person."""

    decisions: list[Decision] = field(default_factory=list)
    minted: list[dict[str, str]] = field(default_factory=list)
    review: list[Undecided] = field(default_factory=list)


@dataclass(frozen=True)
class Undecided:
    """A name that a person must decide: its rows, its candidates, what information is missing."""

    side: Side
    line: int
    rows: int
    candidates: tuple[Candidate, ...]
    why: str


class Minter:
    """Slugs for new places; a slug is given once and never again."""

    def __init__(self, gazetteer: Gazetteer, countries: Mapping[str, str]) -> None:
        """Start with the known slugs; `countries` is code -> slug of the country."""
        self._gazetteer = gazetteer
        self._taken = set(gazetteer.by_slug) | set(countries.values())
        self._countries = dict(countries)
        self._known: dict[tuple[str, str, str], str] = {}
        self.rows: list[dict[str, str]] = []

    def country(self, code: str) -> str:
        """Return the slug of a country, which is minted where it is not there yet."""
        if code not in self._countries:
            english, german = country_names(code)
            slug = self._slug(english, "country")
            self._countries[code] = slug
            self.rows.append({"slug": slug, "label_en": english, "label_de": german,
                              "level": "country", "code": code})  # fmt: skip
        return self._countries[code]

    def place(self, side: Side, code: str) -> str:
        """Return the slug of a new place; one name in one country and region is one place."""
        parts = spell(side.name)
        label = side.name if parts.kind else _shown(side.name)
        key = (f"{parts.core}|{parts.kind}", code, fold(side.region) or parts.region)
        if side.wikidata or side.geonames:  # two items of one name are two places
            key = (side.wikidata or side.geonames, "", "")
        if key not in self._known:
            name = label or side.wikidata or f"geonames-{side.geonames}"
            more = code.lower() or fold(side.wikidata) or "2"
            slug = self._slug(name, more, is_shared=bool(side.wikidata) and self._is_named(name))
            self._known[key] = slug
            names = "" if label == side.name else side.name.replace("|", " ")
            self.rows.append({
                "slug": slug, "label": name, "names": names, "wikidata": side.wikidata,
                "geonames": side.geonames, "country": self.country(code) if code else "",
                "level": parts.kind, "latitude": "", "longitude": "",
            })  # fmt: skip
        return self._known[key]

    def places(self) -> list[Place]:
        """Return the new places as the gazetteer will read them from their table."""
        codes = {slug: code for code, slug in self._countries.items()}
        minted = []
        for row in self.rows:
            names = [row.get("label_en", ""), row.get("label", ""), row.get("label_de", "")]
            own = [name for name in names if name]
            more = [name for name in row.get("names", "").split("|") if name]
            ids = {row["slug"], row.get("wikidata", ""), row.get("geonames", "")} - {""}
            minted.append(Place(
                row["slug"], (own[0], *sorted({*own, *more} - {own[0]})),
                country=codes.get(row.get("country", ""), ""), level=row.get("level", ""),
                ids=frozenset(ids),
            ))  # fmt: skip
        return minted

    def _is_named(self, name: str) -> bool:
        """Is this a name of a place that is there already, whatever its slug?"""
        return any(
            known.how in ("label", "name", "short") for known in self._gazetteer.exact(fold(name))
        )

    def _slug(self, name: str, more: str, is_shared: bool = False) -> str:
        """Return a new slug: the name, with `more` where the slug or the name is taken."""
        stem = re.sub("[^a-z0-9]+", "-", fold(name)).strip("-")[:80].strip("-") or "place"
        slug = f"{stem}-{more}" if is_shared else stem
        for number in range(1, 10_000):
            if slug not in self._taken:
                break
            slug = f"{stem}-{more}" if number == 1 else f"{stem}-{more}-{number}"
        self._taken.add(slug)
        return slug


def _shown(name: str) -> str:
    """Return a name without the part in brackets, or the region or country after a comma.

    >>> _shown("Opole (Oppeln)"), _shown("Gering, Nebraska"), _shown("Lagoa, Azores")
    ('Opole', 'Gering', 'Lagoa, Azores')
    """
    whole = re.sub(r"\s*[(\[].*$", "", name).strip()
    first, *more = (part.strip() for part in whole.split(","))
    is_known = all(region_country(part) or country_code(part) for part in more)
    return (first if is_known else whole) or name


def names_several(name: str) -> bool:
    """May a cell name several places, so that taking the first would lose the others?

    That is so where parts of it stand behind a semicolon, a bullet or a line end, or two parts
    behind a comma that are no region, country or kind. One such part may be what the place lies in.

    >>> [names_several(name) for name in ("Bonn; Köln", "Metzingen, Bad Urach, Dettingen")]
    [True, True]
    >>> [names_several(name) for name in ("Opole\\n(Oppeln)", "Lagoa, Azores", "Ulm / Neu-Ulm")]
    [False, False, False]
    """
    outside = _BRACKETS.sub(" ", name)
    if len([part for part in _SEPARATORS.split(outside) if part.strip()]) > 1:
        return True
    return len(_unexplained(outside)) > 1


def may_name_two(name: str, region: str = "") -> bool:
    """May a cell that no known place is called by name two places, and so be no new one?

    `region` is what the list says beside the name: behind a comma it is no second place.

    >>> [may_name_two(f"Foobar{sign}Bazqux") for sign in (", ", " / ", " & ", " und ", " (", "-")]
    [True, True, True, True, False, False]
    >>> may_name_two("Neum, Bosnia and Herzegovina"), may_name_two("Lagoa, Azores", "Azores")
    (False, False)
    >>> may_name_two("Oppeln, Kreis"), may_name_two("Burgenlandkreis (Naumburg (Saale), Stadt)")
    (False, False)
    """
    outside = _BRACKETS.sub(" ", _BRACKETS.sub(" ", name))  # brackets may stand in brackets
    unexplained = [
        part for part in _unexplained(outside) if not region or fold(part) != fold(region)
    ]
    return bool(unexplained) or _JOINED.search(outside.split(",")[0]) is not None


def _unexplained(outside: str) -> list[str]:
    """Return the parts of a name behind a comma that are no region, country or kind."""
    more = [part for part in outside.split(",")[1:] if part.strip()]
    return [part for part in more if not region_country(part) and not country_code(part)
            and not spell(part).kind and not spell(f"place, {part}").kind]  # fmt: skip


def query_of(side: Side) -> Query:
    """Return the question that a side of a row puts to the gazetteer."""
    code = country_code(side.country) or "" if side.country else ""
    region = side.region
    state = US_STATES.get(fold(side.region or spell(side.name).region))
    if state and (code in ("", "US")):
        region = f"us {state}"
    point = None
    try:
        if side.latitude and side.longitude:
            point = (float(side.latitude), float(side.longitude))
    except ValueError:
        point = None
    ids = frozenset({side.wikidata, side.geonames} - {""})
    return Query(side.name, code, region, ids, point)


def name_places(
    outcomes: Sequence[Outcome], matches: Matches, gazetteer: Gazetteer, minter: Minter,
    author: str, day: str, partners: Mapping[str, frozenset[str]], progress: Progress = ignore,
) -> Naming:  # fmt: skip
    """Decide the names of the rows that wait, as far as it is sure.

    `partners` are those that other sources give a place (slugs): a name without a country is the
    place of that name that is a partner of the other place in every row that has the name.
    """
    result = Naming()
    waiting = _waiting(outcomes, matches, gazetteer)
    # names with a country first: they help with the others
    waiting.sort(key=lambda side: not code_of(side[0]))
    decided: dict[str, str] = {}
    for number, (side, line, named) in enumerate(waiting):
        doing = f"matching names ({number + 1:,} of {len(waiting):,})"
        progress(doing, number / len(waiting))
        others = [decided.get(item) or matches.places.get(item, item) for item in named]
        rows = len(others)
        judged = decide(_candidates(side, matches, gazetteer, similar=False))
        if judged.place is None or judged.candidates[0].score < BEYOND_DOUBT:
            judged = decide(_candidates(side, matches, gazetteer, similar=True))
        candidates = judged.candidates
        code = code_of(side)
        if not (side.wikidata or side.geonames) and names_several(side.name):
            result.review.append(Undecided(side, line, rows, tuple(candidates), _SEVERAL))
            continue
        if judged.place is not None:
            best = judged.candidates[0]
            decided[side.key] = best.place.slug
            result.decisions.append(decide_place(
                side.key, best.place.slug, author, day, LEXICAL, f"{best.score:.2f}",
                "; ".join(best.reasons),
            ))  # fmt: skip
            continue
        stated = _stated_elsewhere(candidates, others, partners) if not code else None
        if stated is not None:
            result.decisions.append(decide_place(
                side.key, stated.place.slug, author, day, LEXICAL, f"{stated.score:.2f}",
                "; ".join((*stated.reasons, "another source tells the same partnership")),
            ))  # fmt: skip
            continue
        similar = [
            candidate
            for candidate in candidates
            if not candidate.refused and candidate.score >= NEW
        ]
        known = bool(side.wikidata or side.geonames)
        is_new = known or (bool(code) and not similar)
        if is_new and not known and may_name_two(side.name, side.region):
            result.review.append(Undecided(side, line, rows, tuple(candidates), _SEVERAL))
            continue
        if is_new:
            new = minter.place(side, code)
            decided[side.key] = new
            if not known:
                result.decisions.append(decide_place(
                    side.key, new, author, day, LEXICAL, "",
                    "New: no place at hand is called so.",
                ))  # fmt: skip
            continue
        result.review.append(
            Undecided(side, line, rows, tuple(candidates), _why(side, code, len(similar)))
        )
    result.minted = minter.rows
    return result


def _why(side: Side, code: str, similar: int) -> str:
    """Return why a person must decide a name, and what would help.

    >>> _why(Side("k", "Springfield"), "", 2)
    'the list gives no country; 2 places have such a name'
    >>> _why(Side("k", "Bonn"), "DE", 1)
    'one place has such a name, but it is not sure that it is meant'
    """
    having = (
        f"{similar} places have" if similar > 1 else "one place has" if similar else "no place has"
    )
    if side.country and not code:
        return f"'{side.country}' is no country that we know; {having} such a name"
    if not code:
        return f"the list gives no country; {having} such a name"
    question = "which is meant" if similar > 1 else "that it is meant"
    return f"{having} such a name, but it is not sure {question}"


def _candidates(
    side: Side, matches: Matches, gazetteer: Gazetteer, similar: bool
) -> list[Candidate]:
    return [item for item in find(gazetteer, query_of(side), similar=similar)
            if (side.key, item.place.slug) not in matches.refused]  # fmt: skip


def _stated_elsewhere(
    candidates: Iterable[Candidate], others: Sequence[str], partners: Mapping[str, frozenset[str]]
) -> Candidate | None:
    """Return the one place of this very name that is a partner of all the others, as is known."""
    if not all(others):
        return None
    stated = [
        candidate for candidate in candidates
        if candidate.score >= WRITE - _UNKNOWN and not candidate.refused
        and all(other in partners.get(candidate.place.slug, ()) for other in others)
    ]  # fmt: skip
    return stated[0] if len(stated) == 1 else None


def code_of(side: Side) -> str:
    """Return the country that the list gives, in its column or behind the name."""
    if side.country:
        return country_code(side.country) or ""
    parts = spell(side.name)
    return parts.country or (region_country(side.region) or "" if side.region else "")


def _waiting(
    outcomes: Iterable[Outcome], matches: Matches, gazetteer: Gazetteer
) -> list[tuple[Side, int, list[str]]]:
    """Return each undecided name once, its first line, and the other place of each row.

    The other place is given by its slug, or by the address of its name if it is undecided as well.
    """
    sides: dict[str, tuple[Side, int]] = {}
    others: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.result != "review":
            continue
        places = reversed([slug or side.key for slug, side in zip(
            outcome.places, outcome.sides, strict=True)])  # fmt: skip
        for side, other in zip(outcome.sides, places, strict=True):
            named = side.name and not (side.wikidata or side.geonames)
            decided = named and (side.key in matches.places or side.key in matches.none)
            linked = {side.wikidata, side.geonames} & set(gazetteer.by_id)
            if decided or linked:
                continue
            key = side.wikidata or side.geonames or side.key
            others[key].append(other)
            sides.setdefault(key, (side, outcome.row.line))
    return [(*sides[key], others[key]) for key in sorted(sides)]
