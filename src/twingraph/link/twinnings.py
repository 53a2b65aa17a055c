"""Partnerships -> pairs of Wikidata items with what sources state about them, and its evidence."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.derive.published import read_claims
from twingraph.derive.resolve import WEAK, Claim
from twingraph.link.facts import TARGETS, LinkFacts, natural
from twingraph.rdf.turtle import iri_text
from twingraph.rdf.vocabulary import CODES, NS, RDF, TG, prefixes_for

_FOAF_PAGE: Final = NamedNode("http://xmlns.com/foaf/0.1/page")
_TITLE: Final = NamedNode("http://purl.org/dc/terms/title")
_LANGUAGE: Final = NamedNode("http://purl.org/dc/terms/language")
_STATUS: Final = CODES + "status/"
_ITEM: Final = re.compile(r"Q[1-9][0-9]*")


@dataclass(frozen=True)
class StatedPair:
    """One published date; `inferred` where every claim that gives it is."""

    value: str
    inferred: bool


@dataclass(frozen=True)
class Evidence:
    """What one document says about it: `about` is our page, `page` the document's own address."""

    name: str
    about: str
    page: str = ""
    title: str = ""
    language: str = ""
    quotes: tuple[str, ...] = ()
    retrieved: str = ""


@dataclass(frozen=True)
class Twinning:
    """Two items that some source states to be partners, and everything that proves it."""

    name: str
    items: tuple[str, str]
    start: StatedPair | None
    end: StatedPair | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Selected:
    """What can be told to Wikidata, sorted by its items, and one line for each thing that can't."""

    twinnings: tuple[Twinning, ...]
    left_out: tuple[str, ...]


def select_twinnings(facts: LinkFacts) -> Selected:
    """Return the stated partnerships of administrative units that have one item each."""
    items = _items(facts)
    claims: dict[tuple[str, NamedNode], list[Claim]] = defaultdict(list)
    for claim in read_claims(facts.triples):
        claims[claim.subject, claim.verb].append(claim)
    found: dict[tuple[str, str], list[Twinning]] = defaultdict(list)
    left_out: list[str] = []
    for partnership in facts.subjects(RDF.type, TG.Partnership.value):
        name = iri_text(partnership, set(), prefixes_for(facts.base))
        reason = _unfit(facts, partnership)
        if reason:
            left_out.append(f"{name}: {reason}")
            continue
        start, end = (
            _date(facts, partnership, verb, claims[partnership, verb], name, left_out)
            for verb in (TG.start, TG.end)
        )
        evidence = _evidence(facts, partnership, claims, (start, end))
        if not evidence:
            left_out.append(f"{name}: no citation, so there would be no reference")
            continue
        for pair in _pairs(facts, partnership, items, name, left_out):
            found[pair].append(Twinning(name, pair, start, end, evidence))
    for pair, several in found.items():
        # two statements with one value would be taken for one, and their dates be mixed
        first = min(several, key=_informative)
        left_out += [
            f"{one.name}: {first.name} already gives {pair[0]} and {pair[1]}"
            for one in several if one is not first
        ]  # fmt: skip
        found[pair] = [first]
    ordered = sorted(found, key=lambda pair: (natural(pair[0]), natural(pair[1])))
    return Selected(tuple(found[pair][0] for pair in ordered), tuple(sorted(left_out)))


def _informative(one: Twinning) -> tuple[bool, int, str]:
    return one.start is None, len(one.name), one.name


def _unfit(facts: LinkFacts, partnership: str) -> str | None:
    """Say why a partnership as a whole is none of Wikidata's business; None if it is."""
    status = {one.removeprefix(_STATUS) for one in facts.texts(partnership, TG.status)}
    if WEAK.intersection(facts.values(partnership, TG.modality)):
        return "only implied by its sources"
    if "planned" in status:
        return "planned, not begun"
    if "ended" in status and not facts.values(partnership, TG.end):
        return "ended, and no source says when"
    return None


def _items(facts: LinkFacts) -> dict[str, list[str]]:
    found = defaultdict(list)
    for iri, item in facts.links(TARGETS["wikidata"]):
        if _ITEM.fullmatch(item):
            found[iri].append(item)
    return found


def _pairs(
    facts: LinkFacts, partnership: str, items: dict[str, list[str]], name: str, left_out: list[str]
) -> Iterator[tuple[str, str]]:
    fit = []
    for partner in facts.texts(partnership, TG.partner):
        label = iri_text(partner, set(), prefixes_for(facts.base))
        if TG.AdministrativeUnit.value not in facts.texts(partner, RDF.type):
            left_out.append(f"{name}: {label} is no administrative unit")
        elif len(items.get(partner, ())) != 1:
            left_out.append(f"{name}: {label} has no Wikidata item (or more than one)")
        else:
            fit.append(items[partner][0])
    yield from combinations(sorted(set(fit), key=natural), 2)


def _date(
    facts: LinkFacts, partnership: str, verb: NamedNode, claims: Iterable[Claim], name: str,
    left_out: list[str],
) -> StatedPair | None:  # fmt: skip
    """Return the published date; a conflict, or a date that no claim gives, is none."""
    word = verb.value.removeprefix(NS)
    values = facts.texts(partnership, verb)
    if verb.value in facts.texts(partnership, TG.hasConflict):
        left_out.append(f"{name}: {word}, on which the sources disagree")
        return None
    if not values:
        return None
    given = [one for one in claims if isinstance(one.value, Literal)
             and one.value.value == values[0]]  # fmt: skip
    if len(values) != 1 or not given:
        left_out.append(f"{name}: {word}, which no single claim gives")
        return None
    return StatedPair(values[0], all(one.weak for one in given))


def _evidence(
    facts: LinkFacts,
    partnership: str,
    claims: dict[tuple[str, NamedNode], list[Claim]],
    dates: tuple[StatedPair | None, StatedPair | None],
) -> tuple[Evidence, ...]:
    """Return what each document says of the partnership and of the dates that are told.

    A partnership without a citation of its own has no evidence, whatever its dates have.
    """
    own = _cited(facts, partnership, TG.partner.value)
    if not own:
        return ()
    for verb, told in zip((TG.start, TG.end), dates, strict=True):
        for claim in sorted(claims[partnership, verb], key=lambda one: one.iri):
            if told and isinstance(claim.value, Literal) and claim.value.value == told.value:
                own += _cited(facts, claim.iri, TG.value.value)
    sources = sorted({source for source, _ in own})
    return tuple(
        Evidence(
            name=iri_text(source, set(), prefixes_for(facts.base)),
            about=partnership,
            page=_first(facts, source, _FOAF_PAGE),
            title=_first(facts, source, _TITLE),
            language=_first(facts, source, _LANGUAGE),
            quotes=_longest(words for cited, words in own if cited == source),
            retrieved=_first(facts, source, TG.retrieved),
        )
        for source in sources
    )


def _cited(facts: LinkFacts, node: str, pinned: str) -> list[tuple[str, str]]:
    """Return (document, quote) for a node's citations but those that support another property."""
    found = []
    for cite in facts.texts(node, TG.cites):
        supports = facts.texts(cite, TG.supports)
        sources = facts.texts(cite, TG.inSource)
        if sources and (not supports or pinned in supports):
            found.append((sources[0], _first(facts, cite, TG.quote)))
    return found


def _longest(quotes: Iterable[str]) -> tuple[str, ...]:
    """Return the quotes without those that stand inside another.

    >>> _longest(["Paris", "Paris 02 July 1987", ""])
    ('Paris 02 July 1987',)
    """
    whole = set(quotes)
    return tuple(sorted(
        one for one in whole if one and not any(one != other and one in other for other in whole)
    ))  # fmt: skip


def _first(facts: LinkFacts, subject: str, predicate: NamedNode) -> str:
    return next(iter(facts.texts(subject, predicate)), "")
