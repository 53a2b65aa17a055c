"""The header of a table and some of its rows -> a mapping, with the keys that were guessed.

Headers in English and German are known, and the usual ones in French, Italian, Spanish, Dutch,
Polish and Czech; identifiers are known by their form. What is guessed is written down as guessed,
and a person puts it right in import.toml.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from twingraph.derive.names import fold
from twingraph.source.tables.cells import Sheet
from twingraph.source.tables.dates import date_of

_PARTNER: Final = (
    "partner", "sister", "twin", "target", "jumele", "jumelee", "schwester", "other", "to",
    "city 2", "city b", "place b", "partenaire", "gemellata", "gemellato", "hermana", "hermanada",
    "partnerskie", "partnerska", "partnerski", "partnerske", "irma",
)  # fmt: skip
_NAMES: Final = (
    "gemeindename", "gemeinde", "stadt", "city", "town", "municipality", "kommune", "commune",
    "ville", "name", "place", "ort", "ortsname", "partnergemeinde", "partnerstadt", "partner",
    "partner name", "sister", "sister city", "twin", "twin town", "from", "to", "city 1", "city 2",
    "city a", "city b", "place a", "place b", "ville jumelee", "partner city", "partnerkommune",
    "partner town", "city name", "collectivite", "citta", "comune", "ciudad", "municipio", "stad",
    "miasto", "gmina", "mesto", "obec", "cidade", "partnergemeente", "partnerstad", "zusterstad",
    "partnerstadte", "partnerstaedte", "gemeente", "place name", "town name", "stadtname",
    "stadtename", "staedtename",
)  # fmt: skip
_LAST_WORDS: Final = frozenset({"city", "town", "stadt", "gemeinde", "kommune", "ville", "commune"})
_COUNTRIES: Final = (
    "land", "country", "staat", "pays", "iso2", "country code", "partnerland", "laendercode",
    "landercode", "kraj", "panstwo", "paese", "pais", "nazione", "zeme", "country of", "pays de",
)  # fmt: skip
_REGIONS: Final = (
    "bundesland", "region", "state", "province", "provinz", "oblast", "county", "departement",
    "admin1", "regione", "provincia", "provincie", "wojewodztwo",
)  # fmt: skip
_OTHER: Final = {
    "latitude": ("latitude", "lat", "breite", "breitengrad"),
    "longitude": ("longitude", "lon", "lng", "long", "lange", "laenge", "langengrad"),
    "geonames": ("geonames", "geonames id", "geonameid"),
}
_DATES: Final = {
    "start": ("seit", "since", "start", "year", "jahr", "beginn", "depuis", "start year",
              "year since", "gegrundet", "date", "datum", "start date", "established",
              "year established", "date established", "year of twinning", "date of twinning",
              "twinned since", "gegrundet am", "grundung", "grundungsjahr", "partner seit",
              "partnerschaft seit", "vertragsjahr", "beginn der partnerschaft", "annee",
              "annee de jumelage", "date du jumelage", "date de signature", "anno", "dal", "ano",
              "desde", "jaar", "sinds", "rok", "od", "data", "od roku"),
    "end": ("bis", "until", "end", "ende", "end year", "beendet", "end date", "fin", "jusquen",
            "al", "fino al", "hasta", "tot", "do"),
}  # fmt: skip
_ANY_DATES: Final = ("date", "datum", "data", "al", "do", "od", "dal", "fin")
_KINDS: Final = (
    "form", "type", "art", "kind", "art der partnerschaft", "relation", "category", "nature",
    "tipo", "soort", "rodzaj", "druh", "form der partnerschaft", "partnerschaftsform",
    "type de partenariat",
)  # fmt: skip
_PAGES: Final = ("source url", "url", "link", "quelle", "nachweis", "web")
# Names of kinds in lists -> our concept; the grades of a single list are mapped by a person.
KIND_WORDS: Final[Mapping[str, str]] = {
    "twinning": "twinning", "twin town": "twinning", "jumelage": "twinning",
    "stadtepartnerschaft": "twinning", "p": "twinning", "sister city": "sister-city",
    "sister": "sister-city", "friendship": "friendship", "freundschaft": "friendship",
    "f": "friendship", "project partnership": "project-partnership",
    "projektpartnerschaft": "project-partnership", "solidarity": "solidarity-partnership",
    "solidaritatspartnerschaft": "solidarity-partnership", "kontakt": "contact",
    "contact": "contact", "k": "contact", "twin": "twinning", "gemellaggio": "twinning",
    "hermanamiento": "twinning", "stedenband": "twinning", "partnerstadt": "twinning",
    "amitie": "friendship", "pacte damitie": "friendship", "patto di amicizia": "friendship",
}  # fmt: skip
_ANY_KIND: Final = "partnership"
_NOT_KNOWN: Final = frozenset({
    "n a", "k a", "unbekannt", "nicht bekannt", "keine angabe", "ohne angabe", "unknown",
    "not known", "inconnu", "inconnue", "sconosciuto", "desconocido", "onbekend", "nieznany",
    "brak danych",
})  # fmt: skip
_IDS: Final = frozenset({"wikidata", "qid", "wikidata qid", "wikidata id", "id"})
_TITLES: Final = 20  # rows above a header, at most
_MAX_CODES: Final = 40
_SENTINEL: Final = 3  # times as frequent as the next year: no year, but the list's code for unknown


@dataclass
class Guess:
    """A mapping as it is written down; `guessed` are its keys."""

    a: dict[str, str] = field(default_factory=dict)
    b: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    codes: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    page: str = ""

    @property
    def is_whole(self) -> bool:
        """Is there something in each partner that says which place it is?"""
        return all({"name", "wikidata", "geonames"} & set(side) for side in (self.a, self.b))

    @property
    def guessed(self) -> list[str]:
        """The keys of import.toml that were guessed."""
        keys = [f"a.{key}" for key in self.a] + [f"b.{key}" for key in self.b]
        keys += [f"kind.codes.{code}" for code in self.codes] or (["kind"] if self.kind else [])
        keys += list(self.dates) + (["start.unknown"] if self.unknown else [])
        return keys + (["cite.page"] if self.page else [])


def guess(sheet: Sheet, city: str = "") -> Guess:
    """Guess what the columns of a table mean.

    `city` is the name of every first partner, where no column tells it.

    >>> from twingraph.source.tables.cells import read_csv
    >>> found = guess(read_csv("Stadt,Partnerstadt,Land,seit\\nBonn,Minsk,Belarus,1993\\n"))
    >>> found.a, found.b, found.dates
    ({'name': 'Stadt'}, {'name': 'Partnerstadt', 'country': 'Land'}, {'start': 'seit'})
    >>> guess(read_csv("Stadt,Land\\nMinsk,Belarus\\n"), "Bonn").b
    {'name': 'Stadt', 'country': 'Land'}
    """
    result = Guess()
    columns = sheet.columns
    words = [fold(name) for name in columns]
    values = {name: [row.cells[name] for row in sheet.rows if row.cells[name]] for name in columns}
    partner = [_is_partner(word) for word in words]
    items = [
        index for index, name in enumerate(columns)
        if _all_match(values[name], r"(.*/)?Q[1-9]\d*") and not _is_of_land(words[index])
    ]  # fmt: skip
    for side, index in zip((result.a, result.b), items, strict=False):
        side["wikidata"] = columns[index]
    named = [index for index, word in enumerate(words) if index not in items and _is(word, _NAMES)]
    if not any(not partner[index] for index in named):
        named += [index for index, word in enumerate(words) if index not in (*items, *named)
                  and not partner[index] and word.split(" ")[-1] in _LAST_WORDS]  # fmt: skip
    own_column = next((index for index in named if not partner[index]), None)
    partner_column = next((index for index in named if partner[index]), None)
    if own_column is None and partner_column is not None:
        own_column = next((index for index in named if index != partner_column), None)
    if partner_column is None and own_column is not None:
        partner_column = next((index for index in named if index != own_column), None)
    for side, name_at in ((result.a, own_column), (result.b, partner_column)):
        if name_at is not None:
            side["name"] = columns[name_at]
    for index, word in enumerate(words):
        key = _place_key(word)
        if key is None or index in items:
            continue
        after_partner = (
            own_column is not None
            and partner_column is not None
            and own_column < partner_column < index
        )
        second = partner[index] or (after_partner and key in ("country", "region"))
        side = result.b if second else result.a
        if key not in side and columns[index] not in (*result.a.values(), *result.b.values()):
            side[key] = columns[index]
    if city and not result.is_whole:
        result.a, result.b = {}, {**result.a, **result.b}
    _facts(result, columns, words, values)
    return result


def header_below(text: str) -> int:
    """Return the line of the first row of a CSV below its header that is a header itself, else 0.

    Tables for people have a title, a day or a remark above their columns.

    >>> header_below("Partners of Bonn,,\\n,,\\nStadt,Partnerstadt,Land\\nBonn,Minsk,BY\\n")
    3
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    for row in islice(reader, 1, _TITLES):
        columns = guess(Sheet(tuple(dict.fromkeys(cell for cell in row if cell)), ()))
        keys = {*columns.a, *columns.b}
        if columns.is_whole or ("name" in keys and "country" in keys):
            return reader.line_num
    return 0


def guess_names(sheet: Sheet) -> dict[str, str]:
    """Guess which columns of a list of names hold what; empty where none holds names.

    >>> from twingraph.source.tables.cells import read_csv
    >>> guess_names(read_csv("Ort,Land\\nBonn,DE\\n"))
    {'name': 'Ort', 'country': 'Land'}
    """
    names: dict[str, str] = {}
    words = [fold(name) for name in sheet.columns]
    for word, name in zip(words, sheet.columns, strict=True):
        key = "name" if word in _NAMES else _place_key(word)
        key = "wikidata" if word in _IDS else key
        if key:
            names.setdefault(key, name)
    if "name" not in names and "wikidata" not in names and len(sheet.columns) == 1:
        names["name"] = sheet.columns[0]
    return names if {"name", "wikidata"} & set(names) else {}


def is_header(name: str) -> bool:
    """Is this the name of a column of names or identifiers, and no name of a place itself?

    >>> is_header("Partnerstadt"), is_header("Wikidata ID")
    (True, True)
    >>> [is_header(name) for name in ("Bonn", "Cape Town", "Kansas City", "Suriname")]
    [False, False, False, False]
    """
    word = fold(name)
    return _is(word, _NAMES) or word in _IDS


def _facts(
    result: Guess, columns: Sequence[str], words: Sequence[str], values: Mapping[str, list[str]]
) -> None:
    used = {*result.a.values(), *result.b.values()}
    for index, word in enumerate(words):
        name = columns[index]
        if name in used:
            continue
        for key, known in _DATES.items():
            # a column named as a start is one, whatever its cells are: those that are no date are
            # reported later; a column `date` may be any date
            meant = word not in _ANY_DATES or _mostly_dates(values[name])
            if word in known and key not in result.dates and values[name] and meant:
                result.dates[key] = name
        if word in _KINDS and not result.kind and 0 < len(set(values[name])) <= _MAX_CODES:
            result.kind = name
            result.codes = {code: KIND_WORDS.get(fold(code), _ANY_KIND)
                           for code in sorted(set(values[name]))}  # fmt: skip
        if word in _PAGES and not result.page and _all_match(values[name], r"https?://.*"):
            result.page = name
    if "start" in result.dates:
        counts = Counter(values[result.dates["start"]]).most_common(2)
        if len(counts) == 2 and counts[0][0] == "2000" and counts[0][1] >= _SENTINEL * counts[1][1]:
            result.unknown = ["2000"]
        result.unknown += sorted({
            text for text in values[result.dates["start"]]
            if fold(text) in _NOT_KNOWN or not text.strip("-–—?./ ")
        })  # fmt: skip


def _is(word: str, known: Sequence[str]) -> bool:
    return word in known or any(
        word in (f"{mark} {item}", f"{item} {mark}") for item in known for mark in _PARTNER
    )


def _is_partner(word: str) -> bool:
    """Does a column speak of the second partner?

    >>> _is_partner("partnergemeinde"), _is_partner("latitude partner"), _is_partner("bundesland")
    (True, True, False)
    """
    first = word.split(" ")[0]
    return any(
        word == item or word.startswith(item + " ") or word.endswith(" " + item)
        or (len(item) > 4 and first.startswith(item))
        for item in _PARTNER
    )  # fmt: skip


def _is_of_land(word: str) -> bool:
    """Does a column speak of a country or a region, and so of no partner?

    >>> _is_of_land("country qid"), _is_of_land("wikidata qid")
    (True, False)
    """
    return any(part in _COUNTRIES or part in _REGIONS for part in word.split(" "))


def _place_key(word: str) -> str | None:
    for item in (*_PARTNER, ""):
        core = word.removeprefix(item + " ").removesuffix(" " + item) if item else word
        if core in _COUNTRIES:
            return "country"
        if core in _REGIONS:
            return "region"
        for key, known in _OTHER.items():
            if core in known:
                return key
    return None


def _all_match(values: Sequence[str], pattern: str) -> bool:
    return bool(values) and all(re.fullmatch(pattern, value) for value in values)


def _mostly_dates(values: Sequence[str]) -> bool:
    return bool(values) and sum(date_of(value) is not None for value in values) * 2 >= len(values)


def toml_of(
    result: Guess, texts: Mapping[str, str], title: Mapping[str, str],
    countries: tuple[str, str] = ("", ""), city: str = "",
) -> str:  # fmt: skip
    """Return the guess as the text of an import.toml.

    `city` is the name of every first partner, where no column tells it.

    `countries` are the codes for empty cells of the country columns, or for all rows if there is no
    such column.
    """
    lines = [f"title.{language} = {_quoted(text)}" for language, text in sorted(title.items())]
    lines += [f"{key} = {_quoted(text)}" for key, text in sorted(texts.items()) if text]
    guessed = ", ".join(_quoted(key) for key in result.guessed)
    lines += ["# What a program guessed from the header; look at each, then take it out of here.",
              f"guessed = [{guessed}]"]  # fmt: skip
    for name, side, code in (("a", result.a, countries[0]), ("b", result.b, countries[1])):
        cells = {key: _quoted(text) for key, text in side.items()}
        if city and name == "a":
            column = f"column = {cells['name']}, " if "name" in cells else ""
            cells["name"] = f"{{ {column}value = {_quoted(city)} }}"
        if code:
            column = f"column = {cells['country']}, " if "country" in cells else ""
            cells["country"] = f"{{ {column}value = {_quoted(code)} }}"
        lines += ["", f"[{name}]", *(f"{key} = {text}" for key, text in cells.items())]
    if result.kind:
        lines += ["", "[kind]", f"column = {_quoted(result.kind)}"]
        if result.codes:
            lines += ["", "[kind.codes]", *(
                f"{_quoted(code)} = {_quoted(concept)}" for code, concept in result.codes.items()
            )]  # fmt: skip
    for key, column in result.dates.items():
        lines += ["", f"[{key}]", f"column = {_quoted(column)}"]
        if key == "start" and result.unknown:
            lines.append(f"unknown = [{', '.join(_quoted(column) for column in result.unknown)}]")
    if result.page:
        lines += ["", "[cite]", f"page = {_quoted(result.page)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in escaped) + '"'
