"""The rows of queries about every place, partnership or name, made from the build's sorted lines.

The rows are those of the queries of `queries/site` of the same name, in their order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import combinations, product
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.link.facts import LinkFacts
from twingraph.rdf.dataset import term_of, text_of
from twingraph.rdf.read_patterns import LINKS
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, SKOS, TG, XSD
from twingraph.site.incoming import MOST
from twingraph.site.line_anniversaries import anniversaries
from twingraph.site.reader import Row, Term

_DEPRECATED: Final = NamedNode(PREFIXES["owl"] + "deprecated")
_TRUE: Final = str(Literal("true", datatype=XSD.boolean))
_LATITUDE: Final = NamedNode(PREFIXES["schema"] + "latitude")
_LONGITUDE: Final = NamedNode(PREFIXES["schema"] + "longitude")
_NAMES: Final = (RDFS.label, SKOS.altLabel, SKOS.prefLabel, TG.formerName)
_OF_PARTNERSHIP: Final = (TG.partnershipType, TG.start, TG.end, TG.status, TG.modality)
_PAIR: Final = ("oneLatitude", "oneLongitude", "otherLatitude", "otherLongitude")
_FEW_VALUES: Final = 4  # lines of a property for each of its values, where these are few

Values = Mapping[str, Sequence[str]]


class LineTable:
    """Tables of single properties: subject -> its values, as N-Triples terms."""

    def __init__(self, facts: LinkFacts) -> None:
        """Read from these lines."""
        self.facts = facts

    def of(self, predicate: NamedNode) -> Values:
        """Return the table of a property."""
        return self.facts.of(predicate)

    def look_up(self, predicate: NamedNode, few: bool = False) -> Callable[[str], Sequence[str]]:
        """Return what gives an entity's values of a property; `few` entities need no table."""
        if few:
            return lambda thing: self.facts.written(thing, str(predicate))
        values = self.of(predicate)
        return lambda thing: values.get(thing, ())

    def values_of(
        self, things: Sequence[str], predicate: NamedNode
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield each of some things that has a property, with its values."""
        return self.facts.values_of(things, predicate)

    @property
    def withdrawn(self) -> frozenset[str]:
        """The IRIs of withdrawn entities."""
        return self.facts.remember("withdrawn", lambda: frozenset(
            thing for thing, text in self.facts.pairs(_DEPRECATED) if text == _TRUE
        ))  # fmt: skip

    @property
    def partnerships(self) -> Mapping[str, int]:
        """The number of partnerships of each partner, by its text in lines; none is withdrawn."""
        return self.facts.remember("number of partnerships", lambda: Counter(
            value for tie, value in self.facts.pairs(TG.partner) if tie not in self.withdrawn
        ))  # fmt: skip

    @property
    def members(self) -> Mapping[str, Sequence[str]]:
        """The IRIs of the things of each class, by its text in lines."""
        return self.facts.remember("members", self._members)

    def _members(self) -> Mapping[str, Sequence[str]]:
        by_class: dict[str, list[str]] = defaultdict(list)
        for thing, name in self.facts.pairs(RDF.type):
            by_class[name].append(thing)
        return by_class

    @property
    def all_partnerships(self) -> frozenset[str]:
        """The IRIs of all partnerships."""
        return self.facts.remember("all partnerships", lambda: frozenset(
            self.facts.members(TG.Partnership)
        ))  # fmt: skip

    @property
    def current_partnerships(self) -> frozenset[str]:
        """The IRIs of the partnerships that are not withdrawn."""
        return self.facts.remember(
            "current partnerships", lambda: self.all_partnerships - self.withdrawn
        )

    @property
    def positions(self) -> Mapping[str, Sequence[tuple[Term, Term]]]:
        """Each latitude with each longitude of every entity that has both, in numeric order."""
        return self.facts.remember("positions", self._positions)

    def _positions(self) -> Mapping[str, Sequence[tuple[Term, Term]]]:
        longitudes = self.of(_LONGITUDE)
        return {
            iri: sorted(product(map(term_of, latitudes), map(term_of, longitudes[iri])),
                        key=_numeric)
            for iri, latitudes in self.of(_LATITUDE).items()
            if iri in longitudes
        }  # fmt: skip


# --- the rows of queries about everything --------------------------------------------------------


def _classes(table: LineTable) -> Iterator[Row]:
    withdrawn = table.withdrawn
    for name, things in sorted(table.members.items(), key=lambda item: text_of(item[0])):
        number = len(things) - len(withdrawn.intersection(things))
        if number:
            yield {"class": term_of(name), "things": _number(number)}


def _numbers(table: LineTable) -> Iterator[Row]:
    members, withdrawn = table.members, table.withdrawn
    yield {
        "partnerships": _number(len(table.current_partnerships)),
        "partners": _number(len(table.partnerships)),
        "sources": _number(len(set(members.get(str(TG.SourceDocument), ())) - withdrawn)),
        "citations": _number(len(members.get(str(TG.Citation), ()))),
    }


def _countries(table: LineTable) -> Iterator[Row]:
    countries, counts = table.of(TG.country), Counter[tuple[str, str]]()
    for tie, partners in table.of(TG.partner).items():
        if tie in table.withdrawn:
            continue
        counts.update({
            (own, other) if own <= other else (other, own)
            for place, first in enumerate(partners) for second in partners[place + 1 :]
            for own in countries.get(first[1:-1], ()) for other in countries.get(second[1:-1], ())
        })  # fmt: skip
    rows = [(-number, text_of(own), text_of(other)) for (own, other), number in counts.items()]
    for number, first, second in sorted(rows):
        yield {"one": NamedNode(first), "other": NamedNode(second),
               "partnerships": _number(-number)}  # fmt: skip


def _kinds(table: LineTable) -> Iterator[Row]:
    kinds = table.of(TG.partnershipType)
    certain, possible = Counter[str](), Counter[str]()
    for thing in table.current_partnerships:
        own = kinds.get(thing) or ("",)
        (certain if len(own) == 1 else possible).update(own)
    rows = [(-certain[kind], text_of(kind) if kind else "") for kind in certain.keys() | possible]
    for number, iri in sorted(rows):
        yield {"kind": NamedNode(iri) if iri else None, "certain": _number(-number),
               "possible": _number(possible[f"<{iri}>" if iri else ""])}  # fmt: skip


def _sources(table: LineTable) -> Iterator[Row]:
    cites, places, start = table.of(TG.cites), table.of(TG.inSource), str(TG.start)
    sources: dict[str, set[str]] = defaultdict(set)
    begun: dict[str, set[str]] = defaultdict(set)
    partnerships, properties = table.current_partnerships, table.of(TG.property)
    telling = [(thing, thing, False) for thing in partnerships]
    for claim, subject in table.facts.pairs(TG.subject):
        if (thing := subject[1:-1]) in partnerships:
            telling.append((claim, thing, start in properties.get(claim, ())))
    for teller, thing, dated in telling:
        for citation in cites.get(teller, ()):
            for source in places.get(citation[1:-1], ()):
                sources[source].add(thing)
                if dated:
                    begun[source].add(thing)
    for number, iri in sorted(
        (-len(things), text_of(source)) for source, things in sources.items()
    ):
        yield {"source": NamedNode(iri), "partnerships": _number(-number),
               "starts": _number(len(begun[f"<{iri}>"]))}  # fmt: skip


def _names(table: LineTable) -> Iterator[Row]:
    named = frozenset(thing for thing, _ in table.facts.pairs(TG.foldedName))
    rows = [
        (thing, verb.value, literal.value, literal.language or "", literal)
        for verb in _NAMES
        for thing, name in table.facts.pairs(verb)
        if thing in named
        for literal in [term_of(name)]
        if isinstance(literal, Literal)
    ]
    rows.sort(key=lambda row: row[:4])
    node = cache(NamedNode)
    for thing, verb_iri, _, _, name in rows:
        yield {"thing": NamedNode(thing), "property": node(verb_iri), "name": name}


def _partnership_facets(table: LineTable) -> Iterator[Row]:
    everything = table.current_partnerships
    countries, fields = table.of(TG.country), table.of(TG.field)
    rows: set[tuple[str, str, str]] = set()
    for thing, partner in table.facts.pairs(TG.partner):
        if thing in everything:
            rows.update((thing, country, "") for country in countries.get(partner[1:-1], ()))
    for thing, about in fields.items():
        if thing in everything:
            rows.update((thing, "", item) for item in about)
    for thing, subjects in table.of(TG.about).items():
        for subject in subjects:
            if subject[1:-1] in everything:
                rows.update((subject[1:-1], "", item) for item in fields.get(thing, ()))
    term = cache(_term)
    for iri, country, item in sorted(rows):
        yield {"thing": NamedNode(iri), "country": term(country), "field": term(item)}


def _map_places(table: LineTable) -> Iterator[Row]:
    numbers = table.partnerships
    for iri, positions in sorted(table.positions.items()):
        number = numbers.get(f"<{iri}>", 0)
        for latitude, longitude in positions if number else ():
            yield {"place": NamedNode(iri), "latitude": latitude, "longitude": longitude,
                   "partnerships": _number(number)}  # fmt: skip


def _map_pairs(table: LineTable) -> Iterator[Row]:
    positions, withdrawn = table.positions, table.withdrawn
    for iri, partners in sorted(table.of(TG.partner).items()):
        if iri in withdrawn:
            continue
        ends = sorted(partner[1:-1] for partner in partners)
        located = [positions[end] for end in ends if end in positions]
        pairs = [place + other for first, second in combinations(located, 2)
                 for place, other in product(first, second)]  # fmt: skip
        for pair in sorted(pairs, key=_numeric) if len(pairs) > 1 else pairs:
            yield {"partnership": NamedNode(iri), **dict(zip(_PAIR, pair, strict=True))}


def _numeric(terms: Iterable[Term]) -> list[float]:
    """Return numbers as `ORDER BY` compares them; no other literal is a published coordinate."""
    return [float(term.value) for term in terms]


def _much_pointed_to(table: LineTable) -> Iterator[Row]:
    facts = table.facts
    for iri in sorted(map(text_of, facts.remember("pointing", lambda: pointers(facts)))):
        yield {"thing": NamedNode(iri)}


def pointers(facts: LinkFacts) -> Mapping[str, Sequence[tuple[str, Sequence[str]]]]:
    """Return what many statements name: its text -> each property with the lines that name it."""
    facts.reads.add(LINKS)
    by_property = facts.index()
    some = MOST // (
        len(by_property) or 1
    )  # more have one property, where more than `MOST` have any
    candidates: set[str] = set()
    counted: dict[str, Counter[str]] = {}  # of properties with few values: others take much memory
    for predicate, lines in by_property.items():
        # an IRI ends in a bracket, which few literals do
        ends = [line.split(" ", 2)[2] for line in lines if line[-3] == ">"]
        counts = Counter(ends)
        candidates.update(end for end, number in counts.items() if number > some and end[0] == "<")
        if len(counts) * _FEW_VALUES < len(ends) or not ends:
            counted[predicate] = counts
    found = {
        predicate: _lines_to(candidates, lines)
        for predicate, lines in by_property.items() if predicate not in counted
    }  # fmt: skip
    total = Counter[str]()
    for counts in counted.values():
        total.update({end: counts[end] for end in candidates if end in counts})
    for named in found.values():
        total.update({end: len(lines) for end, lines in named.items()})
    much = {end for end, number in total.items() if number > MOST}
    for predicate, counts in counted.items():
        if not much.isdisjoint(counts):
            found[predicate] = _lines_to(much, by_property[predicate])
    pointing: dict[str, list[tuple[str, Sequence[str]]]] = defaultdict(list)
    for predicate, named in sorted(found.items()):
        for end in much & named.keys():
            pointing[end[:-2]].append((predicate[1:-1], named[end]))
    return pointing


def _lines_to(ends: Set[str], lines: Iterable[str]) -> dict[str, list[str]]:
    """Return the lines with some IRIs as values (and the full stop), by these."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if line[-3] == ">" and (end := line.split(" ", 2)[2]) in ends:
            found[end].append(line)
    return found


FROM_LINES: Final[Mapping[str, Callable[[LineTable], Iterator[Row]]]] = {
    "anniversaries": anniversaries,
    "classes": _classes,
    "list-partnership-facets": _partnership_facets,
    "map-pairs": _map_pairs,
    "map-places": _map_places,
    "much-pointed-to": _much_pointed_to,
    "names": _names,
    "numbers": _numbers,
    "statistics-countries": _countries,
    "statistics-kinds": _kinds,
    "statistics-sources": _sources,
}


# --- the rows of queries about some things -------------------------------------------------------


def _members(table: LineTable, classes: Sequence[str]) -> Iterator[Row]:
    members = {thing for name in classes for thing in table.facts.members(NamedNode(name))}
    for thing in sorted(members - table.withdrawn):
        yield {"thing": NamedNode(thing)}


def _list_partnership(table: LineTable, things: Sequence[str]) -> Iterator[Row]:
    columns = [table.of(predicate) for predicate in _OF_PARTNERSHIP]
    term = cache(_term)
    for thing in things:
        node = NamedNode(thing)
        for row in product(*(column.get(thing) or ("",) for column in columns)):
            kind, start, end, status, modality = map(term, row)
            yield {"thing": node, "type": kind, "start": start, "end": end, "status": status,
                   "modality": modality}  # fmt: skip


def _list_place(table: LineTable, things: Sequence[str]) -> Iterator[Row]:
    levels, countries, numbers = table.of(TG.level), table.of(TG.country), table.partnerships
    term = cache(_term)
    for thing in things:
        node, number = NamedNode(thing), _number(numbers.get(f"<{thing}>", 0))
        for level, country in product(levels.get(thing) or ("",), countries.get(thing) or ("",)):
            yield {"thing": node, "level": term(level), "country": term(country),
                   "partnerships": number}  # fmt: skip


OF_LINES: Final[Mapping[str, Callable[[LineTable, Sequence[str]], Iterator[Row]]]] = {
    "list-partnership": _list_partnership,
    "list-place": _list_place,
    "members": _members,
}


def _term(text: str) -> Term | None:
    return term_of(text) if text else None


def _number(number: int) -> Literal:
    return Literal(str(number), datatype=XSD.integer)
