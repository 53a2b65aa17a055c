"""What of the statements of tables the shapes must be asked about, beside what people write.

A row says only what the program writes of it, so that by itself it keeps the rules of
shapes/form.ttl. Rows can break them together: two latitudes for one place, one Wikidata item of two
places, a country that nobody describes, two preferred claims. Such rows are found by what can be
looked up in sorted lines, and are judged with what is written; tests hold the findings to be those
of the whole, as if tables were Turtle.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from itertools import chain
from typing import Final

from twingraph.check.engine import Finding
from twingraph.check.evident import Range
from twingraph.rdf.dataset import begins, merged
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, TG

_SCHEMA, _OWL = PREFIXES["schema"], PREFIXES["owl"]
_TYPE, _LABEL, _COUNTRY = str(RDF.type), str(RDFS.label), str(TG.country)
_LEVEL, _PARTNER, RANK, _SUBJECT = map(str, (TG.level, TG.partner, TG.rank, TG.subject))
_SAME, GONE = f"<{_OWL}sameAs>", f"<{_OWL}deprecated>"
_LATITUDE, _LONGITUDE = f"<{_SCHEMA}latitude>", f"<{_SCHEMA}longitude>"
_ITEM: Final = "<http://www.wikidata.org/entity/"
_LARGEST: Final = 5  # digits of a number of degrees before its point, less one
_NONE: Final[Sequence[str]] = ()
# what is looked up, of anything
COMPARED: Final = (
    _TYPE, _LABEL, _COUNTRY, _LEVEL, _PARTNER, _SAME, GONE, _LATITUDE, _LONGITUDE,
)  # fmt: skip

# asked of what people write; a table says what its source says, and that may be less
UNASKED: Final = frozenset({
    "L03",  # `label` is a name of which nobody told the language
    "T01", "T02",  # neither a level nor a country has to be in a list
    "E06",  # a list of names from many countries may be of no one language
    "D08",  # a row is cited by its address, without a quote
})  # fmt: skip

Values = Mapping[str, Sequence[str]]
Tables = Sequence[Sequence[str]]


def worth_judging(written: Sequence[str], tables: Tables, base: str) -> Sequence[str]:
    """Return those lines of tables that are judged with the lines `written`, all of them sorted.

    They are what may break a rule, what that names, and what the written statements speak of.

    >>> town = "<https://example.org/id/place/bonn>"
    >>> lines = [f'{town} {_LATITUDE} "1.0" .', f'{town} {_LATITUDE} "2.0" .']
    >>> worth_judging([], [lines], "https://example.org/") == lines
    True
    """
    if not tables:
        return _NONE
    places = [beginning(lines, f"<{base}id/place/") for lines in tables]
    by_predicate = _by_predicate(merged([written, *places]))
    typed, withdrawn = by_predicate[_TYPE].keys(), by_predicate[GONE].keys()
    wanted = {*withdrawn, *_spoken_of(written, f"<{base}id/"), *_doubtful(by_predicate)}
    wanted.update(subject for lines in places for subject in _subjects(lines) - typed)  # X04
    for lines in tables:
        wanted.update(_heads(lines, f"<{base}id/source/"))
        pairs = _by_predicate(beginning(lines, f"<{base}id/partnership/"))[_PARTNER]
        for subject, partners in pairs.items():
            if not typed >= {*partners} or not withdrawn.isdisjoint(partners):
                wanted.add(subject)
    wanted.update(_beside_ranked(written, tables, f"<{base}id/claim/"))
    wanted.update(_about_withdrawn(withdrawn, tables, f"<{base}id/claim/"))
    return _with_named(tables, wanted)


def is_unasked(finding: Finding, written: Sequence[str]) -> bool:
    """Is a finding about what only tables say, by a rule that is asked of people alone?"""
    if finding.code not in UNASKED:
        return False
    focus = f"<{finding.focus}> "
    if finding.code == "L03":
        return not begins(written, f"{focus}<{finding.path}> {finding.value} .")
    if finding.code == "T02" and finding.path:
        return False  # a country without its code, which a place names
    return not begins(written, f"{focus}{_TYPE} ")


def _by_predicate(lines: Iterable[str]) -> Mapping[str, dict[str, list[str]]]:
    """Return what lines say with each predicate that rules compare: subject -> values."""
    tables: dict[str, dict[str, list[str]]] = {predicate: {} for predicate in COMPARED}
    for line in lines:
        subject, predicate, value = line.split(" ", 2)
        if predicate in tables:
            tables[predicate].setdefault(subject, []).append(value[:-2])
    return tables


def _doubtful(by_predicate: Mapping[str, Values]) -> Iterator[str]:
    """Yield what of all that is described may break a rule together with the rest."""
    points, countries = (by_predicate[_LATITUDE], by_predicate[_LONGITUDE]), by_predicate[_COUNTRY]
    for subject in chain(*points):  # G01
        if any(len(axis.get(subject, _NONE)) != 1 for axis in points):
            yield subject
    yield from _swapped(points, countries)
    naming = {country: subject for subject, named in countries.items() for country in named}
    yield from chain(naming, naming.values())  # T02 is asked of what is named as a country
    for named in (countries, by_predicate[_LEVEL]):
        for subject, values in named.items():
            if not by_predicate[_TYPE].keys() >= {*values} or not by_predicate[
                GONE
            ].keys().isdisjoint(values):
                yield subject  # X01, X03, X04
    yield from _twice(by_predicate[_SAME])
    yield from _namesakes(by_predicate[_LABEL], countries)


def _twice(same: Values) -> Iterator[str]:
    """W02: what has a link that another thing has too, and what has two of Wikidata."""
    owners: dict[str, str] = {}
    for subject, links in same.items():
        if sum(link.startswith(_ITEM) for link in links) > 1:
            yield subject
        for link in links:
            owner = owners.setdefault(link, subject)
            if owner != subject:
                yield from (owner, subject)


def _namesakes(named: Values, countries: Values) -> Iterator[str]:
    """L02: what has two labels in a language; L04: what has a name of another of its country."""
    names: dict[tuple[str, str], str] = {}
    for subject, labels in named.items():
        tags = [label.rpartition('"')[2].lower() for label in labels if label[-1] != '"']
        if len(tags) != len(set(tags)):
            yield subject
        for name in ((label, country) for label in labels
                     for country in countries.get(subject, _NONE)):  # fmt: skip
            namesake = names.setdefault(name, subject)
            if namesake != subject:
                yield from (namesake, subject)


def _swapped(points: Sequence[Values], countries: Values) -> Iterator[str]:
    """G03: what would lie near its country the other way round."""
    for subject, named in countries.items():
        place_point = _point(points, subject)
        for country in named if place_point else _NONE:
            country_point = _point(points, country)
            if place_point and country_point is None and all(country in axis for axis in points):
                yield subject  # it is compared with each of them
            elif place_point and country_point and _looks_swapped(place_point, country_point):
                yield subject


def _looks_swapped(place: tuple[Decimal, Decimal], country: tuple[Decimal, Decimal]) -> bool:
    """Is a place (latitude, longitude) much nearer its country with the two exchanged?

    Nearer by five times and by five degrees, the sum of both differences compared.
    """
    as_written = abs(place[0] - country[0]) + abs(place[1] - country[1])
    exchanged = abs(place[1] - country[0]) + abs(place[0] - country[1])
    return as_written > 5 * exchanged + 5


def _point(points: Sequence[Values], place: str) -> tuple[Decimal, Decimal] | None:
    values = [axis.get(place, _NONE) for axis in points]
    if any(len(axis) != 1 for axis in values):
        return None  # none, or judged for that
    try:
        north, east = (Decimal(axis[0].split('"')[1]) for axis in values)
    except (ArithmeticError, IndexError):
        return None
    if any(not value.is_finite() or value.adjusted() > _LARGEST for value in (north, east)):
        return None  # no degrees: other rules say so
    return north, east


def _beside_ranked(written: Sequence[str], tables: Tables, start: str) -> Iterator[str]:
    """Yield claims of tables about what some claim has a rank for: C01 and C03 compare them."""
    claims = [beginning(lines, start) for lines in tables]
    about: set[str] = set()
    for lines in (written, *claims):
        for claim in {line.partition(" ")[0] for line in lines if RANK in line}:
            subject = f"{claim} {_SUBJECT} "
            about.update(line[len(subject) :] for line in beginning(lines, subject))
    for lines in claims if about else ():
        for line in lines:
            claim, predicate, value = line.split(" ", 2)
            if predicate == _SUBJECT and value in about:
                yield claim


def _about_withdrawn(withdrawn: Set[str], tables: Tables, start: str) -> Iterator[str]:
    """X03: claims of tables that speak of what is withdrawn."""
    for lines in tables if withdrawn else ():
        for line in beginning(lines, start):
            claim, predicate, value = line.split(" ", 2)
            if predicate == _SUBJECT and value[:-2] in withdrawn:
                yield claim


def _heads(lines: Sequence[str], start: str) -> Iterator[str]:
    """Yield the source that a table is: its rows are named after it."""
    for line in beginning(lines, start)[:1]:
        yield re.split("[#>]", line, maxsplit=1)[0] + ">"


def _subjects(lines: Iterable[str]) -> set[str]:
    return {line.partition(" ")[0] for line in lines}


def _spoken_of(written: Sequence[str], start: str) -> Iterator[str]:
    """Yield our things of which people write, and those that they name."""
    for line in written:
        subject, _, value = line.split(" ", 2)
        if subject.startswith(start):
            yield subject
        if value.startswith(start):
            yield value[:-2]


def _with_named(tables: Tables, wanted: Iterable[str]) -> Sequence[str]:
    """Return what tables say of things and of what these name, in the order of lines."""
    facts: dict[str, list[Sequence[str]]] = {}
    todo = sorted(wanted)
    while todo:
        subject = todo.pop()
        if subject in facts:
            continue
        facts[subject] = [beginning(lines, f"{subject} ") for lines in tables]
        for line in chain(*facts[subject]):
            value = line.split(" ", 2)[2]
            if value[0] == "<":
                todo.append(value[:-2])
    return merged(lines for several in facts.values() for lines in several)


def beginning(lines: Sequence[str], text: str) -> Sequence[str]:
    """Return the sorted lines that begin with a text."""
    start, end = _range(lines, text)
    return lines[start:end]


def _range(lines: Sequence[str], text: str) -> Range:
    # the last letter of a text is never the last of all letters
    return bisect_left(lines, text), bisect_left(lines, text[:-1] + chr(ord(text[-1]) + 1))
