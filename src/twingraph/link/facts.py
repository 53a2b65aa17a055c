"""What is published, thing by thing, as linkers ask for it: labels, links to a target, kinds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from pyoxigraph import NamedNode, Quad, Triple

from twingraph.derive.published import CLAIM_PREDICATES, read_claims
from twingraph.derive.resolve import Claim, Value
from twingraph.rdf.dataset import Dataset, by_subject, parse_lines, term_of, text_of
from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import HOME, RDFS
from twingraph.settings import Settings
from twingraph.source.mappings import Decision

_LABEL: Final = str(RDFS.label)
SAME_AS: Final = NamedNode("http://www.w3.org/2002/07/owl#sameAs")


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
        """Return the identifier in `iri`; None where it is not one of theirs."""
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
    """The published graph, indexed by subject and, where asked for, by value.

    What is said of a subject is read from its lines when it is asked for.
    """

    def __init__(self, quads: Iterable[Quad], base: str = HOME) -> None:
        """Index the default graph of `quads`, whose entities are named under `base`."""
        self.base = base
        self._lines = Dataset.of(quads).default
        self._ranges = {iri: (start, end) for iri, start, end in by_subject(self._lines)}
        self._last: tuple[str, dict[str, list[str]]] = ("", {})
        self._inverse: dict[str, dict[str, list[str]]] = {}
        self._tables: dict[str, Mapping[str, Sequence[str]]] = {}

    @property
    def triples(self) -> Iterator[Triple]:
        """Every statement, in the order of the dump."""
        return (line.triple for line in parse_lines(self._lines))

    @cached_property
    def _by_predicate(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for line in self._lines:
            found[line.split(" ", 2)[1]].append(line)
        return found

    @property
    def predicates(self) -> Sequence[NamedNode]:
        """Every property that is used, sorted."""
        return [NamedNode(name[1:-1]) for name in sorted(self._by_predicate)]

    def pairs(self, predicate: NamedNode) -> Iterator[tuple[str, str]]:
        """Yield (subject's IRI, value as it is written in lines) of a property, as lines stand."""
        for line in self._by_predicate.get(str(predicate), ()):
            subject, _, value = line.split(" ", 2)
            yield subject[1:-1], value[:-2]

    def lines(self, predicate: NamedNode) -> Sequence[str]:
        """Return the statements with a property, sorted."""
        return self._by_predicate.get(str(predicate), ())

    def lines_of(self, subject: str) -> Sequence[str]:
        """Return the statements about a subject, sorted."""
        start, end = self._ranges.get(subject, (0, 0))
        return self._lines[start:end]

    @cached_property
    def claims(self) -> Sequence[Claim]:
        """The claims about the properties that are resolved."""
        lines = (
            self._by_predicate.get(str(claim_predicate), ()) for claim_predicate in CLAIM_PREDICATES
        )
        found = parse_lines(line for each in lines for line in each)
        return tuple(read_claims(item.triple for item in found))

    def facts(self, subject: str) -> Mapping[str, Sequence[str]]:
        """Return predicate -> its values of a subject, sorted; both as they are written in lines.

        `<http://e/b>` -> `"Bonn"@de`, for example; a line's parts are not made into terms here.
        Those of the last subject are kept, because more is asked of it then.
        """
        if subject == self._last[0]:
            return self._last[1]
        facts: dict[str, list[str]] = {}
        start, end = self._ranges.get(subject, (0, 0))
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
        if subject == self._last[0]:
            return self._last[1].get(predicate, [])
        return self._table(predicate).get(subject, ())

    def of(self, predicate: NamedNode) -> Mapping[str, Sequence[str]]:
        """Return a property as a table: subject's IRI -> its values, sorted, as lines have them."""
        return self._table(str(predicate))

    def forget(self) -> None:
        """Give back the memory of all tables; what is asked for again is made again."""
        self._tables.clear()
        self._inverse.clear()

    def _table(self, predicate: str) -> Mapping[str, Sequence[str]]:
        found = self._tables.get(predicate)
        if found is None:
            made: dict[str, list[str]] = defaultdict(list)
            for line in self._by_predicate.get(predicate, ()):
                subject, _, value = line.split(" ", 2)
                made[subject[1:-1]].append(value[:-2])
            found = self._tables[predicate] = dict(made)
        return found

    def values(self, subject: str, predicate: NamedNode) -> list[Value]:
        """Return the values of a property, sorted."""
        # lines are sorted as the terms' texts are
        return [term_of(item) for item in self.written(subject, str(predicate))]

    def texts(self, subject: str, predicate: NamedNode) -> list[str]:
        """Return the values of a property as text: IRIs as they are, literals without their tag."""
        return [text_of(item) for item in self.written(subject, str(predicate))]

    def subjects(self, predicate: NamedNode, value: str) -> list[str]:
        """Return what has `value` (an IRI, or a literal's text) as a property's value, sorted."""
        index = self._inverse.get(predicate.value)
        if index is None:
            index = self._inverse[predicate.value] = self._invert(predicate)
        return sorted(set(index.get(value, ())))

    def _invert(self, predicate: NamedNode) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for line in self._by_predicate.get(str(predicate), ()):
            subject, _, value = line.split(" ", 2)
            found[text_of(value[:-2])].append(subject[1:-1])
        return found

    def label(self, subject: str, language: str = "en") -> str:
        """Return the label in `language`; '' where there is none."""
        tag = f'"@{language}'
        return next(
            (text_of(item) for item in self.written(subject, _LABEL) if item.endswith(tag)),
            "",
        )

    def things(self) -> list[str]:
        """Return the entities that have a label, sorted."""
        lines = self._by_predicate.get(str(RDFS.label), ())
        return sorted(item for item in {line.split(" ", 1)[0][1:-1] for line in lines}
                      if kind_of(item, self.base))  # fmt: skip

    def links(self, target: Target) -> list[tuple[str, str]]:
        """Return (our IRI, their identifier) for every `owl:sameAs` to `target`, sorted."""
        pairs = (line.split(" ", 2) for line in self._by_predicate.get(str(SAME_AS), ()))
        return sorted(
            (subject[1:-1], found)
            for subject, _, value in pairs
            if (found := target.id_of(value[1:-3]))
        )


@dataclass(frozen=True)
class Linked:
    """Everything the link files are made from; `decisions` by target, as curators wrote them."""

    facts: LinkFacts
    settings: Settings
    decisions: Mapping[str, Sequence[Decision]] = field(default_factory=dict)

    def decided(self, target: Target) -> Iterator[Decision]:
        """Yield the decisions about links to `target`, whichever table they stand in."""
        for name, decisions in self.decisions.items():
            for decision in decisions:
                if target.id_of(decision.object) or (not decision.found and name == target.name):
                    yield decision


def natural(identifier: str) -> tuple[int, str]:
    """Return a sort key by the number in an identifier: Q64 before Q586.

    >>> sorted(["Q586", "Q64"], key=natural)
    ['Q64', 'Q586']
    """
    digits = re.sub(r"[^0-9]", "", identifier)
    return int(digits or 0), identifier
