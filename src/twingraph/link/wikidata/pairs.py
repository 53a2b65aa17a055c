"""Our partnerships as pairs of Wikidata items: the stated facts, and their evidence.

`blocks` is the reason why a pair is not proposed to Wikidata; it is compared all the same.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.derive.resolve import WEAK, Claim
from twingraph.link.facts import TARGETS, LinkFacts, natural
from twingraph.link.wikidata.dates import wikidata_time
from twingraph.link.wikidata.kinds import is_exported
from twingraph.link.wikidata.statements import WikidataTime
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import CODES, RDF, RDFS, TG, prefixes_for

_PAGE: Final = NamedNode("http://xmlns.com/foaf/0.1/page")
_TITLE: Final = NamedNode("http://purl.org/dc/terms/title")
_LANGUAGE: Final = NamedNode("http://purl.org/dc/terms/language")
_STATUS: Final = CODES + "status/"
_TYPE: Final = CODES + "type/"
_ITEM: Final = re.compile(r"Q[1-9][0-9]{0,11}")

# why a pair is not proposed to Wikidata
BLOCKS: Final = {
    "implied": "only implied by its sources",
    "planned": "planned, not begun",
    "ended-undated": "ended, and no source says when",
    "kind": "a kind of tie that P190 is not for: case-by-case cooperation, or mere contact",
    "no-citation": "no citation, so there would be no reference",
    "wikidata": "known from Wikidata alone",
    "second": "another partnership already gives this pair, and a second period would be merged",
    "no-address": "no source with a known address, so there would be no reference to the source",
}


@dataclass(frozen=True)
class Party:
    """A partner: our IRI, its label, its item, its country's code; all but the IRI may be ""."""

    iri: str
    label: str
    item: str = ""
    country: str = ""


@dataclass(frozen=True)
class StatedDate:
    """One published date: as we write it (EDTF), as Wikidata would; is it only concluded?"""

    value: str
    time: WikidataTime | None
    inferred: bool


@dataclass(frozen=True)
class Evidence:
    """A reference: the IRI of the document, its address, title, language, day of reading, quotes.

    `dates` are those of the published dates (`start`, `end`) that this document gives.
    """

    source: str
    name: str
    page: str = ""
    title: str = ""
    language: str = ""
    retrieved: str = ""
    quotes: tuple[str, ...] = ()
    dates: frozenset[str] = frozenset()


@dataclass(frozen=True)
class KnownPair:
    """Two administrative units with an item each that some source calls partners.

    `parties` are in the order of their items; `notes` list the dates that can't be proposed, and
    why.
    """

    partnership: str
    name: str
    parties: tuple[Party, Party]
    kinds: tuple[str, ...] = ()
    status: str = ""
    start: StatedDate | None = None
    end: StatedDate | None = None
    evidence: tuple[Evidence, ...] = ()
    blocks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def items(self) -> tuple[str, str]:
        """The two items."""
        return self.parties[0].item, self.parties[1].item


@dataclass(frozen=True)
class KnownPairs:
    """All pairs, sorted by items, and one line for each partner that keeps one from being one."""

    pairs: tuple[KnownPair, ...]
    left_out: tuple[str, ...]


def known_pairs(facts: LinkFacts) -> KnownPairs:
    """Return the published partnerships as pairs of items."""
    reader = _Reader(facts)
    result: list[KnownPair] = []
    for partnership in facts.members(TG.Partnership):
        result += reader.pairs_of(partnership)
    by_items: dict[tuple[str, str], list[KnownPair]] = defaultdict(list)
    for pair in result:
        by_items[pair.items].append(pair)
    marked = [each for pairs in by_items.values() for each in _mark_seconds(pairs)]
    marked.sort(key=lambda pair: (*map(natural, pair.items), pair.name))
    return KnownPairs(tuple(marked), tuple(sorted(reader.left_out)))


def _mark_seconds(pairs: Sequence[KnownPair]) -> list[KnownPair]:
    """Keep the pair of the partnership with most facts; mark the others."""
    open_pairs = [pair for pair in pairs if not pair.blocks]
    first = min(open_pairs, key=lambda pair: (pair.start is None, len(pair.name), pair.name),
                default=None)  # fmt: skip
    return [
        pair if pair.blocks or pair is first else replace(pair, blocks=("second",))
        for pair in pairs
    ]


class _Reader:
    """Reads one partnership after the other from the indexed graph."""

    def __init__(self, facts: LinkFacts) -> None:
        self.facts = facts
        self.prefixes = prefixes_for(facts.base)
        self.left_out: list[str] = []
        self.items: dict[str, list[str]] = defaultdict(list)
        for iri, item in facts.links(TARGETS["wikidata"]):
            if _ITEM.fullmatch(item):
                self.items[iri].append(item)
        self.claims: dict[tuple[str, NamedNode], list[Claim]] = defaultdict(list)
        for claim in facts.claims:
            self.claims[claim.subject, claim.verb].append(claim)

    def pairs_of(self, partnership: str) -> list[KnownPair]:
        name = self._short(partnership)
        notes: list[str] = []
        start = self._date(partnership, TG.start, notes)
        end = self._date(partnership, TG.end, notes)
        kinds = self._codes(partnership, TG.partnershipType, _TYPE)
        status = next(iter(self._codes(partnership, TG.status, _STATUS)), "")
        evidence = self._evidence(partnership, (start, end))
        blocks = self._blocks(partnership, kinds, status, end, evidence)
        parties = self._parties(partnership, name)
        return [
            KnownPair(partnership, name, pair, kinds, status, start, end, evidence, blocks,
                      tuple(notes))
            for pair in combinations(parties, 2) if pair[0].item != pair[1].item
        ]  # fmt: skip

    def _short(self, iri: str) -> str:
        return iri_text(iri, set(), self.prefixes)

    def _codes(self, iri: str, predicate: NamedNode, scheme: str) -> tuple[str, ...]:
        return tuple(text.removeprefix(scheme) for text in self.facts.texts(iri, predicate))

    def _blocks(
        self, partnership: str, kinds: Iterable[str], status: str, end: StatedDate | None,
        evidence: Sequence[Evidence],
    ) -> tuple[str, ...]:  # fmt: skip
        facts = self.facts
        checks = {
            "implied": bool(WEAK.intersection(facts.values(partnership, TG.modality))),
            "planned": status == "planned",
            "ended-undated": status == "ended" and (end is None or end.time is None),
            "kind": not is_exported(kinds),
            "wikidata": not evidence and bool(self._cited(partnership, TG.partner.value)),
        }
        checks["no-citation"] = not evidence and not checks["wikidata"]
        return tuple(name for name, holds in checks.items() if holds)

    def _parties(self, partnership: str, name: str) -> list[Party]:
        parties = []
        for iri in self.facts.texts(partnership, TG.partner):
            label = self._short(iri)
            if TG.AdministrativeUnit.value not in self.facts.texts(iri, RDF.type):
                self.left_out.append(f"{name}: {label} is no administrative unit")
            elif len(self.items.get(iri, ())) != 1:
                self.left_out.append(f"{name}: {label} has no Wikidata item (or more than one)")
            else:
                parties.append(self.party(iri))
        return sorted(parties, key=lambda party: natural(party.item))

    def party(self, iri: str) -> Party:
        """Return the published facts of a place."""
        country = next(iter(self.facts.texts(iri, TG.country)), iri)
        code = next(iter(self.facts.texts(country, TG.countryCode)), "")
        facts = self.facts
        labels = [facts.label(iri), facts.label(iri, "de"), *facts.texts(iri, RDFS.label)]
        label = next(filter(None, labels), "") or self._short(iri)
        return Party(iri, label, next(iter(self.items.get(iri, ())), ""), code)

    def _date(self, partnership: str, verb: NamedNode, notes: list[str]) -> StatedDate | None:
        """Return the published date; a conflict, or a date that no claim gives, is none."""
        word = verb.value.rpartition("#")[2]
        values = self.facts.texts(partnership, verb)
        if verb.value in self.facts.texts(partnership, TG.hasConflict):
            notes.append(f"{word}, on which the sources disagree")
            return None
        if not values:
            return None
        claims = self.claims[partnership, verb]
        given = [claim for claim in claims if _text(claim) == values[0]]
        if len(values) != 1 or not given:
            notes.append(f"{word}, which no single claim gives")
            return None
        date = StatedDate(values[0], wikidata_time(values[0]), all(claim.weak for claim in given))
        if date.time is None:
            notes.append(f"{word} {date.value}, for want of a precision for it")
        return date

    def _evidence(
        self, partnership: str, dates: tuple[StatedDate | None, StatedDate | None]
    ) -> tuple[Evidence, ...]:
        """Return the references for the partnership and for its published dates, by document.

        A partnership without a citation of its own has no evidence, whatever its dates have.
        """
        own = self._cited(partnership, TG.partner.value)
        if not own:
            return ()
        giving: dict[tuple[str, str], set[str]] = defaultdict(set)
        for verb, date in zip((TG.start, TG.end), dates, strict=True):
            for claim in sorted(self.claims[partnership, verb], key=lambda claim: claim.iri):
                if date and _text(claim) == date.value:
                    cited = self._cited(claim.iri, TG.value.value, verb.value)
                    for source, page, _ in cited:
                        giving[source, page].add(verb.value.rpartition("#")[2])
                    own += cited
        documents = sorted({(source, page) for source, page, _ in own if not is_wikidata(source)})
        return tuple(
            Evidence(
                source,
                self._short(source),
                page or self._first(source, _PAGE),
                "" if page else self._first(source, _TITLE),  # a list's title is not its rows'
                self._first(source, _LANGUAGE),
                self._first(source, TG.retrieved),
                _longest(
                    words
                    for *source_and_page, words in own
                    if tuple(source_and_page) == (source, page)
                ),
                frozenset(giving[source, page]),
            )
            for source, page in documents
        )

    def _cited(self, node: str, *pinned: str) -> list[tuple[str, str, str]]:
        """Return (document, page, quote) for citations that support nothing else by name.

        `page` is the citation's own: the address that a row of a list gives for its source.
        """
        citations = []
        for cite in self.facts.texts(node, TG.cites):
            supports = self.facts.texts(cite, TG.supports)
            sources = self.facts.texts(cite, TG.inSource)
            if sources and (not supports or set(pinned) & set(supports)):
                page = self._first(cite, _PAGE)
                citations.append((sources[0], page, self._first(cite, TG.quote)))
        return citations

    def _first(self, subject: str, predicate: NamedNode) -> str:
        return next(iter(self.facts.texts(subject, predicate)), "")


def is_wikidata(source: str) -> bool:
    """Is it a list of Wikidata's own? Such a list is no source against Wikidata.

    >>> is_wikidata("https://e.org/id/source/wikidata-2016"), is_wikidata("https://e.org/id/source/a")
    (True, False)
    """
    return source.rpartition("/")[2].partition("-")[0] == "wikidata"


def _text(claim: Claim) -> str:
    return claim.value.value if isinstance(claim.value, Literal) else ""


def _longest(quotes: Iterable[str]) -> tuple[str, ...]:
    """Return the quotes without those contained in another.

    >>> _longest(["Paris", "Paris 02 July 1987", ""])
    ('Paris 02 July 1987',)
    """
    whole = set(quotes)
    return tuple(
        sorted(
            text
            for text in whole
            if text and not any(text != other and text in other for other in whole)
        )
    )


def shared_items(facts: LinkFacts) -> Mapping[str, tuple[Party, ...]]:
    """Return the items that several of our places are linked to, with those places."""
    reader = _Reader(facts)
    places = [(iri, item) for iri, item in facts.links(TARGETS["wikidata"]) if "/id/place/" in iri]
    counts = Counter(item for _, item in places)
    parties_by_item: dict[str, list[Party]] = defaultdict(list)
    for iri, item in sorted(set(places)):
        if counts[item] > 1:
            parties_by_item[item].append(replace(reader.party(iri), item=item))
    return {item: tuple(parties) for item, parties in sorted(parties_by_item.items())}


def linked_places(facts: LinkFacts) -> list[Party]:
    """Return our places that have one item each."""
    reader = _Reader(facts)
    return [reader.party(iri) for iri, items in sorted(reader.items.items())
            if len(items) == 1 and "/id/place/" in iri]  # fmt: skip
