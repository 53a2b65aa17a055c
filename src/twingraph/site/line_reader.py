"""A reader for the build alone: what is asked of the whole graph, answered from its sorted lines.

The queries of `FROM_LINES` tell of every place, partnership or name: their rows are made here from
the lines that the writers hold, in the order of the query. What else `prepared/` holds is asked of
a store with the statements that those queries can read. Any other query is an error.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import combinations, product
from tempfile import TemporaryFile
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Store

from twingraph.link.facts import LinkFacts
from twingraph.rdf.dataset import chunks, term_of, text_of
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, SKOS, TG, XSD
from twingraph.site.incoming import MOST
from twingraph.site.reader import Answer, BuildReader, Row, Term, reader_of

_DEPRECATED: Final = NamedNode(PREFIXES["owl"] + "deprecated")
_TRUE: Final = str(Literal("true", datatype=XSD.boolean))
_LATITUDE: Final = NamedNode(PREFIXES["schema"] + "latitude")
_LONGITUDE: Final = NamedNode(PREFIXES["schema"] + "longitude")
_LABELS: Final = (RDFS.label, SKOS.prefLabel, NamedNode(PREFIXES["dcterms"] + "title"))
_NAMES: Final = (RDFS.label, SKOS.altLabel, SKOS.prefLabel, TG.formerName)
_OF_PARTNERSHIP: Final = (TG.partnershipType, TG.start, TG.end, TG.status, TG.modality)

# predicates whose statements are read only with the objects that a query names
_WITH_CONSTANTS: Final = frozenset({str(RDF.type), str(TG.property)})
_PAIR: Final = ("oneLatitude", "oneLongitude", "otherLatitude", "otherLongitude")
_BEGUN: Final = "anniversaries"
_NAMED: Final = re.compile(r"\b(\w+):(\w+)")

Values = Mapping[str, Sequence[str]]


class LineTable:
    """Each property asked for as a table: subject -> its values, as they are written in lines."""

    def __init__(self, facts: LinkFacts) -> None:
        """Read from these lines."""
        self.facts = facts

    def of(self, predicate: NamedNode) -> Values:
        """Return the table of a property."""
        return self.facts.of(predicate)

    def values_of(
        self, things: Sequence[str], predicate: NamedNode
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield each of some things that has a property, with its values."""
        return self.facts.values_of(things, predicate)

    @property
    def withdrawn(self) -> frozenset[str]:
        """The IRIs that are kept for what was withdrawn."""
        return self.facts.remember("withdrawn", lambda: frozenset(
            thing for thing, text in self.facts.pairs(_DEPRECATED) if text == _TRUE
        ))  # fmt: skip

    @property
    def partnerships(self) -> Mapping[str, int]:
        """The number of partnerships of each partner, by its text in lines."""
        return self.facts.remember("number of partnerships", lambda: Counter(
            value for _, value in self.facts.pairs(TG.partner)
        ))  # fmt: skip

    @property
    def members(self) -> Mapping[str, Sequence[str]]:
        """The IRIs of the things of each class, by its text in lines."""
        return self.facts.remember("members", self._members)

    def _members(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for thing, name in self.facts.pairs(RDF.type):
            found[name].append(thing)
        return found

    @property
    def all_partnerships(self) -> frozenset[str]:
        """The IRIs of all partnerships."""
        return self.facts.remember("all partnerships", lambda: frozenset(
            self.facts.members(TG.Partnership)
        ))  # fmt: skip

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
    members = table.members
    yield {
        "partnerships": _number(len(table.all_partnerships - table.withdrawn)),
        "partners": _number(len(table.partnerships)),
        "sources": _number(len(members.get(str(TG.SourceDocument), ()))),
        "citations": _number(len(members.get(str(TG.Citation), ()))),
    }


def _countries(table: LineTable) -> Iterator[Row]:
    countries, counts = table.of(TG.country), Counter[tuple[str, str]]()
    for partners in table.of(TG.partner).values():
        counts.update({
            (one, other) if one <= other else (other, one)
            for place, first in enumerate(partners) for second in partners[place + 1 :]
            for one in countries.get(first[1:-1], ()) for other in countries.get(second[1:-1], ())
        })  # fmt: skip
    rows = [(-number, text_of(one), text_of(other)) for (one, other), number in counts.items()]
    for number, first, second in sorted(rows):
        yield {"one": NamedNode(first), "other": NamedNode(second),
               "partnerships": _number(-number)}  # fmt: skip


def _kinds(table: LineTable) -> Iterator[Row]:
    kinds = table.of(TG.partnershipType)
    certain, possible = Counter[str](), Counter[str]()
    for thing in table.all_partnerships:
        own = kinds.get(thing) or ("",)
        (certain if len(own) == 1 else possible).update(own)
    rows = [(-certain[kind], text_of(kind) if kind else "") for kind in certain.keys() | possible]
    for number, iri in sorted(rows):
        yield {"kind": NamedNode(iri) if iri else None, "certain": _number(-number),
               "possible": _number(possible[f"<{iri}>" if iri else ""])}  # fmt: skip


def _sources(table: LineTable) -> Iterator[Row]:
    cites, places, start = table.of(TG.cites), table.of(TG.inSource), str(TG.start)
    told: dict[str, set[str]] = defaultdict(set)
    begun: dict[str, set[str]] = defaultdict(set)
    everything, properties = table.all_partnerships, table.of(TG.property)
    telling = [(thing, thing, False) for thing in everything]
    for claim, subject in table.facts.pairs(TG.subject):
        if (thing := subject[1:-1]) in everything:
            telling.append((claim, thing, start in properties.get(claim, ())))
    for teller, thing, dated in telling:
        for citation in cites.get(teller, ()):
            for source in places.get(citation[1:-1], ()):
                told[source].add(thing)
                if dated:
                    begun[source].add(thing)
    for number, iri in sorted((-len(things), text_of(source)) for source, things in told.items()):
        yield {"source": NamedNode(iri), "partnerships": _number(-number),
               "starts": _number(len(begun[f"<{iri}>"]))}  # fmt: skip


def _names(table: LineTable) -> Iterator[Row]:
    found = table.of(TG.foldedName)
    rows = [
        (thing, verb.value, literal.value, literal.language or "", literal)
        for verb in _NAMES
        for thing, name in table.facts.pairs(verb)
        if thing in found
        for literal in [term_of(name)]
        if isinstance(literal, Literal)
    ]
    rows.sort(key=lambda row: row[:4])
    for thing, verb_iri, _, _, name in rows:
        yield {"thing": NamedNode(thing), "property": NamedNode(verb_iri), "name": name}


def _partnership_facets(table: LineTable) -> Iterator[Row]:
    everything = table.all_partnerships - table.withdrawn
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
    for iri, country, item in sorted(rows):
        yield {"thing": NamedNode(iri), "country": _term(country), "field": _term(item)}


def _map_places(table: LineTable) -> Iterator[Row]:
    numbers = table.partnerships
    for iri, positions in sorted(table.positions.items()):
        number = numbers.get(f"<{iri}>", 0)
        for latitude, longitude in positions if number else ():
            yield {"place": NamedNode(iri), "latitude": latitude, "longitude": longitude,
                   "partnerships": _number(number)}  # fmt: skip


def _map_pairs(table: LineTable) -> Iterator[Row]:
    positions = table.positions
    for iri, partners in sorted(table.of(TG.partner).items()):
        ends = sorted(partner[1:-1] for partner in partners)
        located = [positions[end] for end in ends if end in positions]
        pairs = [one + other for first, second in combinations(located, 2)
                 for one, other in product(first, second)]  # fmt: skip
        for pair in sorted(pairs, key=_numeric) if len(pairs) > 1 else pairs:
            yield {"partnership": NamedNode(iri), **dict(zip(_PAIR, pair, strict=True))}


def _numeric(terms: Iterable[Term]) -> list[float]:
    """Return numbers as `ORDER BY` compares them; no other literal is a published coordinate."""
    return [float(term.value) for term in terms]


def _much_pointed_to(table: LineTable) -> Iterator[Row]:
    facts = table.facts
    for iri in sorted(map(text_of, facts.remember("pointing", lambda: _pointing(facts)))):
        yield {"thing": NamedNode(iri)}


def _pointing(facts: LinkFacts) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return property and thing of each statement about what many statements name."""
    counts = Counter(value for _, _, value in facts.linking())
    found: dict[str, list[tuple[str, str]]] = {
        value: [] for value, number in counts.items() if number > MOST
    }
    for subject, predicate, value in facts.linking():
        if value in found:
            found[value].append((predicate[1:-1], subject[1:-1]))
    return found


FROM_LINES: Final[Mapping[str, Callable[[LineTable], Iterator[Row]]]] = {
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
    found = {thing for name in classes for thing in table.facts.members(NamedNode(name))}
    for thing in sorted(found - table.withdrawn):
        yield {"thing": NamedNode(thing)}


def _list_partnership(table: LineTable, things: Sequence[str]) -> Iterator[Row]:
    columns = [table.of(predicate) for predicate in _OF_PARTNERSHIP]
    for thing in things:
        node = NamedNode(thing)
        for row in product(*(column.get(thing) or ("",) for column in columns)):
            kind, start, end, status, modality = map(_term, row)
            yield {"thing": node, "type": kind, "start": start, "end": end, "status": status,
                   "modality": modality}  # fmt: skip


def _list_place(table: LineTable, things: Sequence[str]) -> Iterator[Row]:
    levels, countries, numbers = table.of(TG.level), table.of(TG.country), table.partnerships
    for thing in things:
        node, number = NamedNode(thing), _number(numbers.get(f"<{thing}>", 0))
        for level, country in product(levels.get(thing) or ("",), countries.get(thing) or ("",)):
            yield {"thing": node, "level": _term(level), "country": _term(country),
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


# --- the reader ----------------------------------------------------------------------------------


def names_in(query: str) -> set[str]:
    """Return the IRIs that a query of `queries/site` names, as they are written in lines.

    >>> sorted(names_in("PREFIX e: <http://e/>\\n# e:not\\nSELECT * { ?s a e:A ; e:b/e:c ?o }"))
    ['<http://e/A>', '<http://e/b>', '<http://e/c>', \
'<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>']
    """
    prefixes = dict(re.findall(r"(?m)^PREFIX (\w+): <([^>]*)>", query))
    body = re.sub(r"(?m)^PREFIX .*$|(?:^|\s)#.*$", "", query)
    found = {f"<{prefixes[prefix]}{name}>" for prefix, name in _NAMED.findall(body)}
    return found | ({str(RDF.type)} if re.search(r"\ba\b", body) else set())


def store_for(facts: LinkFacts, queries: Mapping[str, str]) -> Store:
    """Return a store with all published statements that some queries can read.

    Of what `anniversaries` reads that are the statements about beginnings (`_beginnings`).
    """
    names = set().union(*(names_in(text) for name, text in queries.items() if name != _BEGUN))
    store = Store()
    with TemporaryFile() as lines:
        for name in sorted(names):
            predicate = NamedNode(name[1:-1])
            if name in _WITH_CONSTANTS:
                for value in sorted(names):
                    lines.writelines(chunks(facts.lines(predicate, value)))
            else:
                lines.writelines(chunks(facts.lines(predicate)))
        if _BEGUN in queries:
            for thing in sorted(_beginnings(facts)):
                lines.writelines(chunks(facts.lines_of(thing)))
        lines.seek(0)
        store.bulk_load(lines, format=RdfFormat.N_TRIPLES)
    return store


def _beginnings(facts: LinkFacts) -> set[str]:
    """Return claims of a start and decisions, and what they are about, cite and were decided by."""
    start = str(TG.start)
    found = {line.split(" ", 1)[0][1:-1] for line in facts.lines(TG.property, start)}
    found.update(thing for thing, _ in facts.pairs(TG.decides))
    ties = (TG.subject, TG.about, TG.cites, TG.decidedBy)
    return found | {other for thing in found for tie in ties for other in facts.texts(thing, tie)}


@dataclass(frozen=True)
class LineReader(BuildReader):
    """Answers what the build asks of the whole graph; its `store` holds what `answered` read."""

    table: LineTable = field(default_factory=lambda: LineTable(LinkFacts(())), compare=False,
                             repr=False)  # fmt: skip
    answered: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()  # the patterns of what the store was filled with

    def rows(self, name: str, **terms: Term) -> list[Row]:
        """Return the rows of a query without parameters."""
        if terms or name not in self.answered | FROM_LINES.keys():
            raise KeyError(name)
        if name in FROM_LINES:
            return list(FROM_LINES[name](self.table))
        self.table.facts.reads |= self.stored
        return super().rows(name)

    def remember(self, key: object, ask: Callable[[], Answer]) -> Answer:
        """Return what `ask` returns, asked once; what it reads, all read who ask for it.

        The labels that pages share are filled in as they are met, so that nobody could say who read
        them: here each has its own.
        """
        if key == "labels":
            return ask()
        return self.table.facts.remember(("reader", key), ask)

    def pairs(self, name: str, **terms: Term) -> list[tuple[str, str]]:
        """Return who points to a thing; nothing else is answered in pairs."""
        if name != "incoming":
            raise KeyError(name)
        facts = self.table.facts
        pointing = facts.remember("pointing", lambda: _pointing(facts))
        this = str(terms["this"])
        if this in pointing:
            return list(pointing[this])
        return [
            (predicate[1:-1], subject[1:-1])
            for subject, predicate, value in facts.linking()
            if value == this
        ]

    def rows_of(self, name: str, things: Iterable[str]) -> list[Row]:
        """Return the rows of a query about many things."""
        return list(OF_LINES[name](self.table, sorted(set(things))))

    def statements_of(self, name: str, things: Iterable[str]) -> Iterator[tuple[str, str, Term]]:
        """Yield what things are called; no other query about many things is answered."""
        wanted = sorted(set(things))
        if wanted and name != "labels":
            raise KeyError(name)
        for predicate in _LABELS:
            for thing, values in self.table.values_of(wanted, predicate):
                for value in values:
                    yield thing, predicate.value, term_of(value)


def line_reader(facts: LinkFacts, answered: Iterable[str], **known: Any) -> LineReader:
    """Return a reader of lines; `answered` are the queries that a store answers for it."""
    others = [name for name in answered if name not in FROM_LINES]
    plain = reader_of(Store(), facts.base, **known)
    values = {item.name: getattr(plain, item.name) for item in fields(plain)}
    with facts.noting() as reads:
        values["store"] = store_for(facts, {name: plain.queries[name] for name in others})
    answering = frozenset(others)
    return LineReader(**values, table=LineTable(facts), answered=answering, stored=frozenset(reads))
