"""A name -> the places it may mean, each with a score from 0 to 1 and reasons that a person reads.

Names decide; country, region, kind and distance only confirm or refuse. `decide` says which answer
is sure enough to be written without a person (thresholds: docs/decisions/0029).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import Final, Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from twingraph.derive.names import fold, forms
from twingraph.link.countries import country_code
from twingraph.link.gazetteer import Gazetteer, Name, Place
from twingraph.link.spelling import Spelling, spell, with_country

WRITE: Final = 0.95  # at and above: sure enough to be written, if the lead is wide enough
LEAD: Final = 0.03  # how far the second best must stay behind
REVIEW: Final = 0.60  # below: no candidate at all
LIKELY: Final = 0.76  # below: a candidate, but not proposed as the match
FAR_KM: Final = 60.0  # a list's point so far from the place's refuses the match
_EXACT: Final = {
    "label": 1.0, "name": 0.99, "exonym": 0.97, "former": 0.97, "bracket": 0.95, "short": 0.93,
}  # fmt: skip
_OTHER_LETTERS: Final = 0.94  # "Büchenbach" for "Buchenbach", ロメ for Rome: equal when folded only
_FUZZY_MOST: Final = 0.93  # the highest score of a name with another spelling
BEYOND_DOUBT: Final = _FUZZY_MOST + LEAD + 0.01  # above the score of any name that is only similar
_PART_OF_NAME: Final = 0.88  # "Freiburg" for "Freiburg im Breisgau"
_OTHER_ONLY: Final = 0.70  # only the part in brackets matches
_MUNICIPAL: Final = frozenset({"", "municipality"})

# Letters of scripts in which a foreign name is only its sound.
_NO_ALPHABET: Final = re.compile("[^\u0000-\u052f\u1e00-\u1fff\u2000-\u206f]")
_QID: Final = re.compile(r"Q[1-9][0-9]*")
_LATIN: Final = re.compile("[\u0000-\u024f\u1e00-\u1eff\u2000-\u206f]*")

Verdict = Literal["sure", "likely", "none"]


@dataclass(frozen=True)
class Query:
    """What is known of the place that is looked for; `country` is an ISO code."""

    name: str
    country: str = ""
    region: str = ""
    ids: frozenset[str] = frozenset()
    point: tuple[float, float] | None = None
    kind: str = ""


@dataclass(frozen=True)
class Candidate:
    """A place with its score, why it has it, and why it must not be taken (empty: it may)."""

    place: Place
    score: float
    reasons: tuple[str, ...]
    refused: str = ""
    matched: str = ""
    agrees: bool = False
    exact: bool = False


@dataclass(frozen=True)
class Decision:
    """The verdict on a query: `sure` names `place`, `likely` wants a person, `none` is no place.

    The candidates of `none`, if there are any, are too dissimilar to be meant.
    """

    verdict: Verdict
    candidates: tuple[Candidate, ...]

    @property
    def place(self) -> Place | None:
        """The place that is meant for sure."""
        return self.candidates[0].place if self.verdict == "sure" else None


def find(
    gazetteer: Gazetteer, query: Query, limit: int = 5, *, similar: bool = True
) -> list[Candidate]:
    """Return the best candidates, the best first; equal scores by partnerships, then by slug.

    Without `similar` only names that are equal are looked at, which takes no time.

    >>> some = Gazetteer([Place("bonn", ("Bonn",), country="DE"), Place("born", ("Born",))])
    >>> [(item.place.slug, item.score) for item in find(some, Query("BONN", "DE"))]
    [('bonn', 1.0), ('born', 0.6)]
    """
    ids = query.ids | typed_id(query.name)
    same = sorted({number for item in ids for number in gazetteer.by_id.get(item, ())})
    if same:
        return [
            Candidate(gazetteer.places[number], 1.0, ("same identifier",), exact=True, agrees=True)
            for number in same[:limit]
        ]
    parts = with_country(spell(query.name), query.country)
    if query.region:
        parts = Spelling(parts.text, parts.core, parts.others, query.kind or parts.kind,
                         parts.country, fold(query.region))  # fmt: skip
    best: dict[int, Candidate] = {}
    for name, score, reason in _by_name(gazetteer, parts, similar):
        judged = _judged(gazetteer.places[name.place], name, score, reason, parts, query)
        known = best.get(name.place)
        if known is None or (judged.score, not judged.refused) > (known.score, not known.refused):
            best[name.place] = judged
    ranked = sorted(
        (item for item in best.values() if item.score >= REVIEW),
        key=lambda candidate: (
            bool(candidate.refused),
            -candidate.score,
            -candidate.place.weight,
            candidate.place.slug,
        ),
    )
    return ranked[:limit]


def typed_id(name: str) -> frozenset[str]:
    """Return the identifier that was typed in place of a name: a QID, or the end of an IRI.

    >>> sorted(typed_id("Q586")), sorted(typed_id("https://sws.geonames.org/2946447/"))
    (['Q586'], ['2946447'])
    >>> sorted(typed_id("Bonn"))
    []
    """
    text = name.strip()
    if not (_QID.fullmatch(text) or re.match(r"https?://", text)):
        return frozenset()
    return frozenset({text.strip("/").rpartition("/")[2]})


def decide(candidates: Sequence[Candidate], needs_country: bool = True) -> Decision:
    """Judge ranked candidates: is the first one sure, or must a person look?

    A name alone is not certain, however similar: the world has more Cambridges than any list. Where
    `needs_country` is off, an exact name that only one place has will do.
    """
    ranked = tuple(candidates)
    open_ones = [item for item in ranked if not item.refused]
    if max((item.score for item in open_ones or ranked), default=0.0) < LIKELY:
        return Decision("none", ranked)
    if not open_ones:
        return Decision("likely", ranked)
    first = open_ones[0]
    second = open_ones[1].score if len(open_ones) > 1 else 0.0
    enough = first.agrees or (not needs_country and first.exact)
    if enough and first.score >= WRITE and first.score - second >= LEAD:
        return Decision("sure", ranked)
    return Decision("likely", ranked)


def _by_name(
    gazetteer: Gazetteer, parts: Spelling, similar: bool
) -> Iterable[tuple[Name, float, str]]:
    """Yield names that are equal or similar, with the score of the name alone and the reason."""
    wanted = forms(parts.text) | {parts.core} | forms(parts.core)
    for form in sorted(wanted):
        for name in gazetteer.exact(form):
            if other_letters(parts.text, name.text):
                words = f"same name but for accents or script: {name.text}"
                yield name, min(_OTHER_LETTERS, _EXACT[name.how]), words
            else:
                yield name, _EXACT[name.how], _same_words(name)
    for other in parts.others:
        for form in sorted(forms(other)):
            for name in gazetteer.exact(form):
                yield name, _OTHER_ONLY, f"only '{other}', beside the name, is its name"
    for name in gazetteer.similar(parts.core, wanted) if similar else ():
        score, reason = likeness(parts.core, name)
        if score >= REVIEW:
            yield name, score, reason


def _same_words(name: Name) -> str:
    words = {
        "label": "same name", "name": "same name, one of its others", "former": "its former name",
        "bracket": "same name but for what stands in brackets",
        "exonym": "what GeoNames calls it elsewhere", "short": "a piece of its name",
    }  # fmt: skip
    return f"{words[name.how]}: {name.text}"


def likeness(core: str, name: Name) -> tuple[float, str]:
    """Return the similarity of two different folded names, and the reason.

    >>> likeness("freiburg", Name("freiburg im breisgau", 0, "label", "Freiburg im Breisgau"))
    (0.88, 'part of its name: Freiburg im Breisgau')
    """
    if name.form.startswith(core + " ") or core.startswith(name.form + " "):
        return _PART_OF_NAME, f"part of its name: {name.text}"
    ratio = fuzz.ratio(core, name.form) / 100
    if ratio < 0.5:
        return 0.0, ""
    similarity = (ratio + JaroWinkler.similarity(core, name.form)) / 2
    return round(
        min(similarity, 1.0) * _FUZZY_MOST, 2
    ), f"alike: {name.text} ({round(similarity * 100)} %)"


def _beyond_country(parts: Spelling) -> tuple[str, ...]:
    """Return the further names of a spelling that do not say its country once more.

    >>> _beyond_country(with_country(spell("Minsk (Belarus)"), "BY"))
    ()
    >>> _beyond_country(spell("Minsk (Belarus)"))
    ('belarus',)
    """
    if not parts.country:
        return parts.others
    return tuple(other for other in parts.others if country_code(other) != parts.country)


def _judged(
    place: Place, name: Name, score: float, reason: str, parts: Spelling, query: Query
) -> Candidate:
    """Adjust the score by country, region, kind and distance."""
    reasons, refused, agrees = [reason], "", False
    exact = name.form in forms(parts.text) | {parts.core} and name.how in ("label", "name")
    country = place.country or name.country
    if parts.country and country:
        agrees = parts.country == country
        if agrees and place.country:
            reasons.append(f"same country: {country}")
        elif agrees:
            reasons.append(f"GeoNames knows the name in {country} only")
        else:
            score -= 0.15
            refused = f"another country: {country}, not {parts.country}"
    elif parts.country or country:
        score -= 0.02
        reasons.append("country not known on one side")
    hints = frozenset(parts.others) | ({parts.region} if parts.region else frozenset())
    qualifiers = name.qualifiers | place.regions
    if hints & qualifiers:
        score += 0.04
        reasons.append(f"same region: {', '.join(sorted(hints & qualifiers))}")
        agrees = agrees or not parts.country or not place.country
    elif parts.region and place.regions:
        score -= 0.12
        refused = refused or f"another region: {', '.join(sorted(place.regions))}"
    elif (more := _beyond_country(parts)) and not hints & known_forms(place):
        score -= 0.06
        reasons.append(f"nothing here says '{', '.join(more)}'")
    level = place.level if place.level not in _MUNICIPAL else ""
    level = level or ("" if place.level else spell(place.label).kind)
    if parts.kind != level and (parts.kind or level):
        score -= 0.10
        if parts.kind:
            refused = refused or f"another kind: a {level or 'municipality'}, not a {parts.kind}"
        else:
            reasons.append(f"a {level}, and the list does not say so")
    if query.point and place.point:
        distance = distance_km(query.point, place.point)
        if distance > FAR_KM:
            refused = refused or f"{round(distance)} km from the list's coordinates"
    return Candidate(
        place, round(max(0.0, min(score, 1.0)), 2), tuple(reasons), refused, name.text, agrees,
        exact,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def known_forms(place: Place) -> frozenset[str]:
    """Return the folded forms of all names of a place."""
    return frozenset(form for text in (*place.names, *place.former) for form in forms(text))


def other_letters(text: str, name: str) -> bool:
    """Have two names with the same folded form other letters: accents on both, or another script?

    A name without accents may have been typed on a keyboard without them, and matches either.

    >>> other_letters("Buchenbach", "Büchenbach"), other_letters("Büchenbach", "Buchenbach")
    (False, True)
    >>> other_letters("Rome", "ロメ"), other_letters("Київ", "Kyiv"), other_letters("Łódź", "łódź")
    (True, False, False)
    """
    own, other = unicodedata.normalize("NFC", text), unicodedata.normalize("NFC", name)
    if _NO_ALPHABET.search(other) and not _NO_ALPHABET.search(own):
        return True
    if own.isascii() or not _LATIN.fullmatch(own) or not _LATIN.fullmatch(other):
        return False
    mine = {letter for letter in own.casefold() if not letter.isascii() and letter.isalpha()}
    other_alphabet = {
        letter for letter in other.casefold() if not letter.isascii() and letter.isalpha()
    }
    spelled = "ae" in other.casefold() or "oe" in other.casefold() or "ue" in other.casefold()
    return not mine <= other_alphabet and not (spelled and mine <= set("äöüåø"))


def distance_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return the great-circle distance of two points (latitude, longitude), in km.

    >>> round(distance_km((50.73, 7.10), (53.90, 27.57)))
    1430
    """
    (lat1, lon1), (lat2, lon2) = ((radians(a), radians(b)) for a, b in (first, second))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * asin(min(1.0, sqrt(half)))
