"""The published graph indexed for linking: labels, links to a target, kinds of entities."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from pyoxigraph import NamedNode, Quad, Triple

from twingraph.derive.neighbours import IncomingNow
from twingraph.derive.published import CLAIM_PREDICATES, read_claims
from twingraph.derive.resolve import Claim, Value
from twingraph.link.indexes import by_property, by_value, inverted, raw_by_property
from twingraph.rdf.dataset import Dataset, by_subject, parse_lines, term_of, text_of
from twingraph.rdf.iris import kind_of
from twingraph.rdf.read_patterns import ALL, LINKS, of_kind, of_property
from twingraph.rdf.scan import raw_lines
from twingraph.rdf.vocabulary import HOME, RDF, RDFS
from twingraph.settings import Settings
from twingraph.source.mappings import Decision

_LABEL: Final = str(RDFS.label)
_TYPE: Final = str(RDF.type)
SAME_AS: Final = NamedNode("http://www.w3.org/2002/07/owl#sameAs")
_FEW: Final = 2000  # look-ups by bisection, before tables and ranges of everything are made

Lines = Sequence[str]
Made = TypeVar("Made")


@dataclass(frozen=True)
class Target:
    """Somebody else's identifiers: how their IRIs begin and end, and Wikidata's item for them.

    >>> TARGETS["geonames"].id_of("https://sws.geonames.org/2946447/")
    '2946447'
    """

    name: str
    title: str
    start: str
    end: str
    item: str
    kinds: tuple[str, ...]

    def id_of(self, iri: str) -> str | None:
        """Return the identifier in `iri`; None if it is no IRI of this database."""
        if not iri.startswith(self.start):
            return None
        return iri.removeprefix(self.start).removesuffix(self.end) or None


WIKIDATA: Final = "http://www.wikidata.org/entity/"
TARGETS: Final[Mapping[str, Target]] = {
    "wikidata": Target(
        "wikidata", "Wikidata", WIKIDATA, "", WIKIDATA + "Q2013",
        ("event", "org", "person", "place", "programme", "project", "unit"),
    ),
    "geonames": Target(
        "geonames", "GeoNames", "https://sws.geonames.org/", "/", WIKIDATA + "Q830106", ("place",)
    ),
}  # fmt: skip


class LinkFacts:
    """The published graph, indexed by subject and, on demand, by value.

    The statements of a subject are parsed from its lines when they are needed. `reads` are the
    patterns (`rdf.read_patterns`) of everything that was read.
    """

    def __init__(
        self, quads: Iterable[Quad], base: str = HOME, incoming: IncomingNow | None = None
    ) -> None:
        """Take the default graph of `quads`, whose entities are named under `base`.

        `incoming` finds what names a thing without an index of the lines of a property.
        """
        self.base = base
        self._incoming = incoming
        self.reads: set[str] = set()
        self._noted: set[tuple[str, str]] = set()  # (namespace, property) that `reads` has
        self._lines = Dataset.of(quads).default
        self._last: tuple[str, dict[str, list[str]]] = ("", {})
        self._inverse: dict[str, Callable[[str], Iterable[str]]] = {}
        self._tables: dict[str, Mapping[str, Sequence[str]]] = {}
        self._index: Mapping[str, Lines] | None = None
        self._sought = 0
        self._by_value: dict[str, Mapping[str, Lines]] = {}
        self._members: dict[str, list[str]] = {}
        self._labels: dict[str, dict[str, str]] = {}  # by language, once the table is there
        self._memory: dict[Hashable, tuple[Any, frozenset[str]]] = {}

    @contextmanager
    def noting(self) -> Iterator[set[str]]:
        """Yield a set to which the patterns of all reads during the `with` are added."""
        before, self.reads = self.reads, set()
        self._noted.clear()
        try:
            yield self.reads
        finally:
            self.reads = before
            self._noted.clear()

    def _note(self, subject: str, predicate: str = "*") -> None:
        """Record that statements about a subject are read; quick for those of one namespace."""
        cut = subject.rfind("/") + 1
        if "#" in subject:
            cut = max(cut, subject.rfind("#") + 1)
        key = subject[:cut], predicate
        if key not in self._noted:
            self._noted.add(key)
            self.reads.add(of_kind(subject, predicate))

    def remember(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return the result of `make`, called once; its reads are recorded for every caller."""
        known = self._memory.get(key)
        if known is None:
            with self.noting() as reads:
                made = make()
            known = self._memory[key] = (made, frozenset(reads))
        self.reads |= known[1]
        kept: Made = known[0]
        return kept

    @property
    def triples(self) -> Iterator[Triple]:
        """Every statement, in the order of the dump."""
        self.reads.add(ALL)
        return (line.triple for line in parse_lines(self._lines))

    @cached_property
    def _ranges(self) -> dict[str, tuple[int, int]]:
        return {iri: (start, end) for iri, start, end in by_subject(self._lines)}

    def index(self) -> Mapping[str, Lines]:
        """Return the lines by property, which are sorted into an index once.

        That takes no longer than to look for the lines of one property.
        Lines that lie in a file stay the bytes that they are there until they are read.
        """
        if self._index is None:
            raw = raw_lines(self._lines)
            self._index = by_property(self._lines) if raw is None else raw_by_property(raw)
        return self._index

    def _lines_with(self, predicate: str) -> Lines:
        """Return the lines with a property, as it is written in them."""
        return self.index().get(predicate, ())

    def _range(self, subject: str) -> tuple[int, int]:
        if self._sought >= _FEW:
            return self._ranges.get(subject, (0, 0))
        return self._bisected(f"<{subject}>")

    def _bisected(self, start: str) -> tuple[int, int]:
        """Return the range of the lines that begin with some text and a blank."""
        self._sought += 1
        raw = raw_lines(self._lines)
        if raw is not None:  # bytes have the order of their texts
            key = start.encode()
            first = bisect_left(raw, key + b" ")
            return first, bisect_left(raw, key + b"!", first)  # "!" follows the blank
        first = bisect_left(self._lines, f"{start} ")
        return first, bisect_left(self._lines, f"{start}!", first)

    def linking(self) -> Iterator[tuple[str, str, str]]:
        """Yield subject, property and value, as written, of the statements that name two things.

        They come by property, as lines stand.
        """
        self.reads.add(LINKS)
        for predicate, lines in sorted(self.index().items()):
            for line in lines:
                subject, _, value = line.split(" ", 2)
                if value[0] == "<":
                    yield subject, predicate, value[:-2]

    def pairs(self, predicate: NamedNode) -> Iterator[tuple[str, str]]:
        """Yield (subject's IRI, value as it is written in lines) of a property, as lines stand."""
        for line in self.lines(predicate):
            subject, _, value = line.split(" ", 2)
            yield subject[1:-1], value[:-2]

    def lines(self, predicate: NamedNode, value: str = "*") -> Sequence[str]:
        """Return the statements with a property, or with one value of it (as written), sorted."""
        name = str(predicate)
        self.reads.add(of_property(name, value))
        if value == "*":
            return self._lines_with(name)
        lines = self._lines_with(name)
        raw = raw_lines(lines)
        if raw is None:
            if name not in self._by_value:
                self._by_value[name] = by_value(lines)
            return self._by_value[name].get(value, ())
        end = f" {name} {value} ."
        raw_end = end.encode()
        return [line.decode() for line in raw if line.endswith(raw_end)]

    def lines_of(self, subject: str) -> Sequence[str]:
        """Return the statements about a subject, sorted."""
        self._note(subject)
        start, end = self._range(subject)
        return self._lines[start:end]

    @property
    def claims(self) -> Sequence[Claim]:
        """The claims about the properties that are resolved."""
        return self.remember("claims", self._read_claims)

    def _read_claims(self) -> Sequence[Claim]:
        lines = (self.lines(claim_predicate) for claim_predicate in CLAIM_PREDICATES)
        triples = parse_lines(line for each in lines for line in each)
        return tuple(read_claims(item.triple for item in triples))

    def facts(self, subject: str) -> Mapping[str, Sequence[str]]:
        """Return predicate -> its values of a subject, sorted; both as they are written in lines.

        `<http://e/b>` -> `"Bonn"@de`, for example; a line's parts are not made into terms here.
        Those of the last subject are cached, because callers read several of its properties in
        turn.
        """
        self._note(subject)
        if subject == self._last[0]:
            return self._last[1]
        facts: dict[str, list[str]] = {}
        start, end = self._range(subject)
        cut = len(subject) + 3
        last = ""
        values: list[str] = []
        for line in self._lines[start:end]:
            predicate, value = line[cut:-2].split(" ", 1)
            if predicate == last:
                values.append(value)
            else:  # lines are sorted, so that the values of a property follow each other
                values = facts[predicate] = [value]
                last = predicate
        self._last = subject, facts
        return facts

    def written(self, subject: str, predicate: str) -> Sequence[str]:
        """Return the values of a property, sorted; it and they as they are written in lines."""
        self._note(subject, predicate)
        if subject == self._last[0]:
            return self._last[1].get(predicate, [])
        if predicate not in self._tables and self._sought < _FEW:
            start = f"<{subject}> {predicate}"
            first, end = self._bisected(start)
            return [line[len(start) + 1 : -2] for line in self._lines[first:end]]
        return self._table_of(predicate).get(subject, ())

    def of(self, predicate: NamedNode) -> Mapping[str, Sequence[str]]:
        """Return a property as a table: subject's IRI -> its values, sorted, as lines have them."""
        return self._table(str(predicate))

    def values_of(
        self, things: Sequence[str], predicate: NamedNode
    ) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield each of some things that has a property, with its values as lines have them."""
        name = str(predicate)
        table = self._table_of(name)
        for thing in things:
            self._note(thing, name)
            if values := table.get(thing):
                yield thing, values

    def forget(self) -> None:
        """Free the memory of all tables; they are built again when needed."""
        self._tables.clear()
        self._labels.clear()
        self._inverse.clear()
        self._by_value.clear()
        self._memory.clear()

    def _table(self, predicate: str) -> Mapping[str, Sequence[str]]:
        self.reads.add(of_property(predicate))
        return self._table_of(predicate)

    def _table_of(self, predicate: str) -> Mapping[str, Sequence[str]]:
        """Return a property as a table; the caller notes what of it is read."""
        table = self._tables.get(predicate)
        if table is None:
            made: dict[str, list[str]] = defaultdict(list)
            for line in self._lines_with(predicate):
                subject, _, value = line.split(" ", 2)
                made[subject[1:-1]].append(value[:-2])
            table = self._tables[predicate] = dict(made)
        return table

    def values(self, subject: str, predicate: NamedNode) -> list[Value]:
        """Return the values of a property, sorted."""
        # lines are sorted as the terms' texts are
        return [term_of(item) for item in self.written(subject, str(predicate))]

    def texts(self, subject: str, predicate: NamedNode) -> list[str]:
        """Return the values of a property as text: IRIs as they are, literals without their tag."""
        return [text_of(item) for item in self.written(subject, str(predicate))]

    def members(self, class_: NamedNode) -> list[str]:
        """Return the things of a class, sorted."""
        value = str(class_)
        self.reads.add(of_property(_TYPE, value))
        subjects = self._members.get(value)
        if subjects is None:
            lines = self.lines(RDF.type, value)
            subjects = self._members[value] = sorted(line.split(" ", 1)[0][1:-1] for line in lines)
        return list(subjects)

    def subjects(self, predicate: NamedNode, value: str) -> list[str]:
        """Return the subjects with `value` (an IRI, or a literal's text) of a property, sorted."""
        self.reads.add(f"* {predicate} *")
        known = self._incoming.subjects(str(predicate), value) if self._incoming else None
        if known is not None:
            return sorted(known)
        find = self._inverse.get(predicate.value)
        if find is None:
            find = self._inverse[predicate.value] = inverted(self._lines_with(str(predicate)))
        return sorted(set(find(value)))

    def label(self, subject: str, language: str = "en") -> str:
        """Return the label in `language`; '' where there is none."""
        self._note(subject, _LABEL)
        labels = self._labels.get(language)
        if labels is None:
            tag = f'"@{language}'
            table = self._tables.get(_LABEL)
            if table is None:
                return _first_with(tag, self.written(subject, _LABEL))
            labels = self._labels[language] = {
                thing: _first_with(tag, values) for thing, values in table.items()
            }
        return labels.get(subject, "")

    def things(self, kinds: Collection[str]) -> list[tuple[str, str]]:
        """Return the entities of some kinds that have a label, each after its kind, by IRI."""
        self.reads.update(of_kind(f"{self.base}id/{kind}/", _LABEL) for kind in kinds)
        return [
            (kind, item) for item in sorted(self._table_of(_LABEL))
            if (kind := kind_of(item, self.base)) in kinds and kind is not None
        ]  # fmt: skip

    def links(self, target: Target) -> list[tuple[str, str]]:
        """Return (our IRI, their identifier) for every `owl:sameAs` to `target`, sorted."""
        return self.remember(("links", target), lambda: self._links(target))

    def _links(self, target: Target) -> list[tuple[str, str]]:
        pairs = (line.split(" ", 2) for line in self.lines(SAME_AS))
        return sorted(
            (subject[1:-1], external_id)
            for subject, _, value in pairs
            if (external_id := target.id_of(value[1:-3]))
        )


@dataclass(frozen=True)
class Linked:
    """Everything the link files are made from; `decisions` by target, as curators wrote them."""

    facts: LinkFacts
    settings: Settings
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)

    def decided(self, target: Target) -> Iterator[Decision]:
        """Yield the decisions about links to `target`, whichever table they are in."""
        for name, decisions in self.decisions.items():
            for decision in decisions:
                if target.id_of(decision.object) or (not decision.found and name == target.name):
                    yield decision


def _first_with(end: str, values: Iterable[str]) -> str:
    """Return the text of the first value that ends so in its line; '' where there is none."""
    return next((text_of(value) for value in values if value.endswith(end)), "")


def natural(identifier: str) -> tuple[int, str]:
    """Return a sort key by the number in an identifier: Q64 before Q586.

    >>> sorted(["Q586", "Q64"], key=natural)
    ['Q64', 'Q586']
    """
    digits = identifier.removeprefix("Q")
    if not (digits.isascii() and digits.isdigit()):
        digits = re.sub(r"[^0-9]", "", identifier)
    return int(digits or 0), identifier
