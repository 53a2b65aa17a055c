"""The parts of a place's name in lists: core, other names, the containing place, the kind.

`Opole (Oppeln)` has another name in brackets, `Hardtberg (Bonn)` the city it is a part of,
`Frankfurt (Oder)` a river, `Aachen (Kreis)` a kind. Only the gazetteer can tell the first three
apart; this module takes the name to pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from twingraph.derive.names import fold
from twingraph.link.countries import country_code, region_country

# Words for the kind of a unit, folded; a unit never matches one of another kind.
_KINDS: Final = {
    "borough": (
        "borough",
        "bezirk",
        "stadtbezirk",
        "stadtteil",
        "ortsteil",
        "arrondissement",
        "ward",
        "raion",
        "rajon",
        "dzielnica",
        "okrug",
        "city district",
        "district of the city",
    ),
    "district": (
        "kreis",
        "landkreis",
        "county",
        "powiat",
        "verbandsgemeinde",
        "samtgemeinde",
        "district",
        "gmina",
        "verwaltungsgemeinschaft",
        "amt",
        "okres",
        "comitat",
        "komitat",
        "distrikt",
    ),
    "region": (
        "region",
        "province",
        "provinz",
        "provincia",
        "prefecture",
        "prafektur",
        "oblast",
        "voivodeship",
        "wojewodschaft",
        "departement",
        "department",
        "bundesland",
        "governorate",
        "canton",
        "kanton",
        "state",
        "metropole",
        "eurometropole",
        "metropolitan area",
        "greater",
        "gouvernement",
        "rajon oblast",
        "krai",
        "autonomous community",
    ),
}
_WORD_KIND: Final = {word: kind for kind, words in _KINDS.items() for word in words}
_LONGEST_KIND: Final = max(word.count(" ") + 1 for word in _WORD_KIND)
# Words without influence on the kind: "Stadt X", "City of X", "X Municipality" are X.
_PLAIN_WORDS: Final = (
    "city of", "town of", "municipality of", "commune of", "ville de", "comune di",
    "bundesstadt", "hansestadt", "landeshauptstadt", "universitatsstadt", "stadt", "gemeinde",
    "markt",
)  # fmt: skip
_PLAIN_STARTS: Final = tuple(f"{words} " for words in _PLAIN_WORDS)
_PLAIN_ENDS: Final = (" municipality", " stadt", " town", " kommune", " gemeinde")
_BRACKET: Final = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
_SLASH: Final = re.compile(r"\s*/\s*")
_DASH: Final = re.compile(r"\s+[-–—]\s+|\s*[–—]\s*")
_NUMBERED: Final = re.compile(r"\b\d+\s*(\.|e|er|eme|ème|st|nd|rd|th)?\b")
_MAX_NAME: Final = 200  # characters that are looked at; no place is called longer


@dataclass(frozen=True)
class Spelling:
    """A name in pieces; `core` and the folded words in the other fields are for comparing.

    `others` are further names (after a slash or a comma, in brackets), which may also be what the
    place lies in; `kind` is one of borough, district, region, or empty if the name has none.
    """

    text: str
    core: str
    others: tuple[str, ...] = ()
    kind: str = ""
    country: str = ""
    region: str = ""


@lru_cache(maxsize=32768)
def spell(text: str) -> Spelling:
    """Take a name to pieces.

    >>> spell("Opole (Oppeln)").core, spell("Opole (Oppeln)").others
    ('opole', ('oppeln',))
    >>> spell("Paris (20. Bezirk)").kind, spell("Aachen (Kreis)").kind, spell("Ada County").kind
    ('borough', 'district', 'district')
    >>> spell("Gering, Nebraska").country, spell("City of Bonn").core, spell("Biel/Bienne").others
    ('US', 'bonn', ('bienne',))
    """
    text = " ".join(text[:_MAX_NAME].split())
    kind = ""
    others: list[str] = []
    rest = text
    for inside in _BRACKET.findall(text):
        suffix_kind = _kind_of(inside)
        kind = kind or suffix_kind
        if not suffix_kind:
            others += [part for part in (fold(part) for part in _SLASH.split(inside)) if part]
    rest = " ".join(_BRACKET.sub(" ", rest).split()) or text
    country = region = ""
    if "," in rest:
        rest, country, region, more = _behind_comma(rest)
        for part in more:
            suffix_kind = _kind_of(part)
            kind = kind or suffix_kind
            others += [fold(part)] * (not suffix_kind and fold(part) not in _PLAIN_WORDS)
    pieces = [part for part in _SLASH.split(rest) if part.strip()]
    if len(pieces) > 1:
        others += [fold(piece) for piece in pieces[1:]]
        rest = pieces[0]
    core, suffix_kind = _without_kind(fold(rest))
    return Spelling(
        text, core or fold(text), tuple(dict.fromkeys(other for other in others if other != core)),
        kind or suffix_kind, country, region,
    )  # fmt: skip


def _kind_of(text: str) -> str:
    """Return the kind named by words in brackets or after a comma, else nothing.

    >>> _kind_of("Kreis"), _kind_of("20. Bezirk"), _kind_of("Oppeln")
    ('district', 'borough', '')
    """
    words = fold(text)
    if _NUMBERED.search(words) and any(word in _KINDS["borough"] for word in words.split()):
        return "borough"
    if words in _WORD_KIND:
        return _WORD_KIND[words]
    first, _, rest = words.partition(" ")
    return _WORD_KIND.get(first, "") if not rest or first in _WORD_KIND else ""


def _behind_comma(text: str) -> tuple[str, str, str, list[str]]:
    """Return the name, the country, the region and the other parts after the first comma.

    >>> _behind_comma("Springfield, Illinois, USA"), _behind_comma("Warschau, Krakau")
    (('Springfield', 'US', 'illinois', []), ('Warschau', '', '', ['Krakau']))
    """
    name, _, rest = text.partition(",")
    country = region = ""
    more: list[str] = []
    for part in (each_part.strip() for each_part in rest.split(",")):
        inside = region_country(part)
        if inside:
            country, region = country or inside, fold(part)
        elif (code := country_code(part)) and len(part) > 2:
            country = country or code
        else:
            more.append(part)
    return name.strip() or text, country, region, more


def _without_kind(words: str) -> tuple[str, str]:
    """Return a folded name without the words for its kind, and the kind.

    >>> _without_kind("saitama prefecture"), _without_kind("kreis aachen"), _without_kind("bonn")
    (('saitama', 'region'), ('aachen', 'district'), ('bonn', ''))
    """
    if words.startswith(_PLAIN_STARTS):
        plain = next(plain_start for plain_start in _PLAIN_STARTS if words.startswith(plain_start))
        words = words[len(plain) :]
    if words.endswith(_PLAIN_ENDS) and words.count(" ") == 1:
        words = words.partition(" ")[0]
    pieces = words.split(" ")
    for size in range(min(_LONGEST_KIND, len(pieces) - 1), 0, -1):
        last, first = " ".join(pieces[-size:]), " ".join(pieces[:size])
        if last in _WORD_KIND:
            return " ".join(pieces[:-size]), _WORD_KIND[last]
        if first in _WORD_KIND:
            return " ".join(pieces[size:]), _WORD_KIND[first]
    return words, ""


def with_country(spelling: Spelling, country: str) -> Spelling:
    """Return the spelling with a country from elsewhere, which has precedence."""
    return replace(spelling, country=country or spelling.country)
