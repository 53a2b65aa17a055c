"""Which statements of imported tables are validated together with the curated files.

The statements of a row are written by the program, so a row alone conforms to shapes/form.ttl. Rows
can break a rule together: two latitudes for one place, one Wikidata item for two places, a country
that nothing describes, two preferred claims. Such rows are found by look-ups in the sorted lines
and validated with the curated statements; the tests compare the findings with those for all
statements of the tables, as if they were Turtle.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal
from itertools import chain
from typing import Final

from twingraph.check.conforming import Range
from twingraph.check.engine import Finding
from twingraph.rdf.dataset import begins, merged
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, TG

_SCHEMA, _OWL = PREFIXES["schema"], PREFIXES["owl"]
_TYPE, _LABEL, _COUNTRY = str(RDF.type), str(RDFS.label), str(TG.country)
_LEVEL, _PARTNER, RANK, _SUBJECT = map(str, (TG.level, TG.partner, TG.rank, TG.subject))
_SAME, DEPRECATED = f"<{_OWL}sameAs>", f"<{_OWL}deprecated>"
_LATITUDE, _LONGITUDE = f"<{_SCHEMA}latitude>", f"<{_SCHEMA}longitude>"
_ITEM: Final = "<http://www.wikidata.org/entity/"
_LARGEST: Final = 5  # digits of a number of degrees before its point, less one
_NONE: Final[Sequence[str]] = ()
# the predicates whose values are compared
COMPARED: Final = (
    _TYPE, _LABEL, _COUNTRY, _LEVEL, _PARTNER, _SAME, DEPRECATED, _LATITUDE, _LONGITUDE,
)  # fmt: skip

# rules for what people write; a table says what its source says, which may be less
EXEMPT: Final = frozenset({
    "L03",  # a name without a language tag: the list does not say which language it is in
    "T01", "T02",  # neither a level nor a country has to be in a list
    "E06",  # a list of names from many countries may be of no one language
    "D08",  # a row is cited by its address, without a quote
})  # fmt: skip

Values = Mapping[str, Sequence[str]]
Tables = Sequence[Sequence[str]]


def lines_to_validate(written: Sequence[str], tables: Tables, base: str) -> Sequence[str]:
    """Return the lines of tables to validate with the curated lines `written`; all are sorted.

    They are those of subjects that may break a rule, of what these name, and of what curated
    statements mention. `base` is the base IRI of the project.

    >>> town = "<https://example.org/id/place/bonn>"
    >>> lines = [f'{town} {_LATITUDE} "1.0" .', f'{town} {_LATITUDE} "2.0" .']
    >>> lines_to_validate([], [lines], "https://example.org/") == lines
    True
    """
    if not tables:
        return _NONE
    places = [beginning(lines, f"<{base}id/place/") for lines in tables]
    by_predicate = _by_predicate(merged([written, *places]))
    typed, withdrawn = by_predicate[_TYPE].keys(), by_predicate[DEPRECATED].keys()
    wanted = {*withdrawn, *_mentioned(written, f"<{base}id/"), *_suspects(by_predicate)}
    wanted.update(subject for lines in places for subject in _subjects(lines) - typed)  # X04
    for lines in tables:
        wanted.update(_sources_of_tables(lines, f"<{base}id/source/"))
        pairs = _by_predicate(beginning(lines, f"<{base}id/partnership/"))[_PARTNER]
        for subject, partners in pairs.items():
            if not typed >= {*partners} or not withdrawn.isdisjoint(partners):
                wanted.add(subject)
    wanted.update(_beside_ranked(written, tables, f"<{base}id/claim/"))
    wanted.update(_about_withdrawn(withdrawn, tables, f"<{base}id/claim/"))
    return _with_named(tables, wanted)


def is_exempt(finding: Finding, written: Sequence[str]) -> bool:
    """Is a finding about a statement of a table, by a rule only for what people write?"""
    if finding.code not in EXEMPT:
        return False
    focus = f"<{finding.focus}> "
    if finding.code == "L03":
        return not begins(written, f"{focus}<{finding.path}> {finding.value} .")
    if finding.code == "T02" and finding.path:
        return False  # a country without its code, which a place names
    return not begins(written, f"{focus}{_TYPE} ")


def _by_predicate(lines: Iterable[str]) -> Mapping[str, dict[str, list[str]]]:
    """Return, for each predicate that rules compare, its values by subject."""
    tables: dict[str, dict[str, list[str]]] = {predicate: {} for predicate in COMPARED}
    for line in lines:
        subject, predicate, value = line.split(" ", 2)
        if predicate in tables:
            tables[predicate].setdefault(subject, []).append(value[:-2])
    return tables


def _suspects(by_predicate: Mapping[str, Values]) -> Iterator[str]:
    """Yield the subjects that may break a rule together with others."""
    points, countries = (by_predicate[_LATITUDE], by_predicate[_LONGITUDE]), by_predicate[_COUNTRY]
    for subject in chain(*points):  # G01
        if any(len(axis.get(subject, _NONE)) != 1 for axis in points):
            yield subject
    yield from _swapped(points, countries)
    naming = {country: subject for subject, named in countries.items() for country in named}
    yield from chain(naming, naming.values())  # T02 targets what is named as a country
    for named in (countries, by_predicate[_LEVEL]):
        for subject, values in named.items():
            if not by_predicate[_TYPE].keys() >= {*values} or not by_predicate[
                DEPRECATED
            ].keys().isdisjoint(values):
                yield subject  # X01, X03, X04
    yield from _twice(by_predicate[_SAME])
    yield from _namesakes(by_predicate[_LABEL], countries)


def _twice(same: Values) -> Iterator[str]:
    """W02: subjects that share a link to another database, or have two Wikidata items."""
    owners: dict[str, str] = {}
    for subject, links in same.items():
        if sum(link.startswith(_ITEM) for link in links) > 1:
            yield subject
        for link in links:
            owner = owners.setdefault(link, subject)
            if owner != subject:
                yield from (owner, subject)


def _namesakes(named: Values, countries: Values) -> Iterator[str]:
    """L02: subjects with two labels in one language; L04: two subjects of one name and country."""
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
    """G03: places that would lie near their country with latitude and longitude exchanged."""
    for subject, named in countries.items():
        place_point = _point(points, subject)
        for country in named if place_point else _NONE:
            country_point = _point(points, country)
            if place_point and country_point is None and all(country in axis for axis in points):
                yield subject  # the country has several coordinates, each of which is compared
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
        return None  # no coordinate, or several: G01 reports that
    try:
        north, east = (Decimal(axis[0].split('"')[1]) for axis in values)
    except (ArithmeticError, IndexError):
        return None
    if any(not value.is_finite() or value.adjusted() > _LARGEST for value in (north, east)):
        return None  # no number of degrees: other rules report that
    return north, east


def _beside_ranked(written: Sequence[str], tables: Tables, start: str) -> Iterator[str]:
    """Yield claims of tables about a subject that has a ranked claim: C01 and C03 compare them."""
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
    """X03: claims of tables about a withdrawn subject."""
    for lines in tables if withdrawn else ():
        for line in beginning(lines, start):
            claim, predicate, value = line.split(" ", 2)
            if predicate == _SUBJECT and value[:-2] in withdrawn:
                yield claim


def _sources_of_tables(lines: Sequence[str], start: str) -> Iterator[str]:
    """Yield the IRI of the source document that a table is; the IRIs of its rows begin with it."""
    for line in beginning(lines, start)[:1]:
        yield re.split("[#>]", line, maxsplit=1)[0] + ">"


def _subjects(lines: Iterable[str]) -> set[str]:
    return {line.partition(" ")[0] for line in lines}


def _mentioned(written: Sequence[str], start: str) -> Iterator[str]:
    """Yield the subjects and objects of curated statements that have an IRI of the project."""
    for line in written:
        subject, _, value = line.split(" ", 2)
        if subject.startswith(start):
            yield subject
        if value.startswith(start):
            yield value[:-2]


def _with_named(tables: Tables, wanted: Iterable[str]) -> Sequence[str]:
    """Return the statements of tables about subjects and about what these name, sorted."""
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
    # no text ends with U+10FFFF, so the next character exists
    return bisect_left(lines, text), bisect_left(lines, text[:-1] + chr(ord(text[-1]) + 1))
