"""Sorted lines -> the statements that derivation uses, in one pass: claims, partnerships, names.

All lines of a subject follow each other, so that each subject is processed once. Terms remain
N-Triples texts; only the values of claims that are resolved become RDF terms.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Final, NamedTuple

from twingraph.derive.names import NAMES
from twingraph.derive.resolve import RESOLVED
from twingraph.rdf.dataset import text_of
from twingraph.rdf.vocabulary import RDF, RDFS, SKOS, TG

_TYPE: Final = str(RDF.type)
_PARTNERSHIP, _UNIT = str(TG.Partnership), str(TG.AdministrativeUnit)
_LABEL: Final = str(RDFS.label)
_PARTNER, _MODALITY = str(TG.partner), str(TG.modality)
_KIND, _STATUS = str(TG.partnershipType), str(TG.status)
_SUBJECT, _PROPERTY, _VALUE, _CITES = map(str, (TG.subject, TG.property, TG.value, TG.cites))
_BASIS, _RANK, _AS_OF, _UNTIL = map(str, (TG.basis, TG.rank, TG.asOf, TG.until))
_IN_SOURCE, _BROADER, _NOT_STATED = map(str, (TG.inSource, SKOS.broader, TG.notStated))
_STANDING, _TWINNING = str(TG.countsAsPartnership), str(TG.countsAsTwinning)
_NAMES: Final = tuple(map(str, NAMES))
_RESOLVED: Final = frozenset(map(str, RESOLVED))
_DERIVED: Final = frozenset({str(TG.partnerOf), str(TG.twinnedWith)})
_READ: Final = frozenset({
    _TYPE, _PARTNER, _MODALITY, _KIND, _STATUS, _SUBJECT, _PROPERTY, _VALUE, _CITES, _BASIS, _RANK,
    _AS_OF, _UNTIL, _IN_SOURCE, _BROADER, _NOT_STATED, _STANDING, _TWINNING, *_NAMES, *_DERIVED,
})  # fmt: skip
# what no claim and no citation has, which most subjects are
_OF_FEW: Final = frozenset({
    _LABEL, _BROADER, _NOT_STATED, _STANDING, _TWINNING, *_NAMES, *_DERIVED,
})  # fmt: skip
_NONE: Final[Sequence[str]] = ()

Facts = Mapping[str, Sequence[str]]


class ClaimTexts(NamedTuple):
    """The statements of one claim as N-Triples terms (days without quotes); '' for none.

    Its citations are not among them, which differ where claims are alike.
    """

    value: str
    basis: str
    modality: str
    rank: str
    as_of: str
    until: str


class Partnership(NamedTuple):
    """The statements about a partnership itself, in the order of the lines."""

    partners: Sequence[str]
    modalities: Sequence[str]
    kinds: Sequence[str]
    states: Sequence[str]
    labels: Sequence[str]


@dataclass
class Gathered:
    """The statements of a graph that derivation uses; all terms are N-Triples texts."""

    # (subject, property) -> its claims, each with its citations
    claims: dict[tuple[str, str], list[tuple[ClaimTexts, Sequence[str]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    sources: dict[str, frozenset[str]] = field(default_factory=dict)  # of a citation
    broader: dict[str, Sequence[str]] = field(default_factory=dict)
    partnerships: dict[str, Partnership] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)
    names: dict[str, Sequence[str]] = field(default_factory=dict)  # all names of a thing
    labels: dict[str, Sequence[str]] = field(default_factory=dict)
    # type of partnership -> values of tg:countsAsPartnership, tg:countsAsTwinning
    standing: dict[str, Sequence[str]] = field(default_factory=dict)
    twinning: dict[str, Sequence[str]] = field(default_factory=dict)
    silences: list[tuple[str, str]] = field(
        default_factory=list
    )  # tg:notStated: (subject, property)
    answered: set[tuple[str, str]] = field(
        default_factory=set
    )  # silences with a value all the same
    shortcuts: set[str] = field(default_factory=set)  # lines that a rule might derive as well
    readable: list[str] = field(default_factory=list)  # lines that a rule in the engine may read


def local_name(term: str) -> str:
    """Return the last word of an IRI in brackets.

    >>> local_name("<https://w3id.org/twingraph/ns#partner>")
    'partner'
    """
    return re.split("[/#:]", term[1:-1])[-1]


def gather(lines: Sequence[str], words: Collection[str] = ()) -> Gathered:
    """Return the statements that derivation uses, of sorted lines of N-Triples.

    `words` are the local names of properties and classes that a rule may match; the lines with
    them are returned as `readable`.

    >>> one, name = "<http://e/a>", f"{RDFS.label}"
    >>> gather([f'{one} {name} "A" .']).labels
    {'<http://e/a>': ['"A"']}
    """
    gathered = Gathered()
    wanted: dict[str, int] = {}  # predicate -> 1: is read here, 2: a rule may read it
    classes: dict[str, bool] = {}
    subject, start = "", 0
    facts: dict[str, list[str]] = {}
    for index, line in enumerate(lines):
        thing, predicate, value = line.split(" ", 2)
        if thing != subject:
            if facts:
                _take(gathered, subject, facts, lines, start, index)
                facts = {}
            subject, start = thing, index
        use = wanted.get(predicate)
        if use is None:
            use = (predicate in _READ) + 2 * (local_name(predicate) in words)
            wanted[predicate] = use
        if use & 1:
            value = value[:-2]
            if predicate in facts:
                facts[predicate].append(value)
            else:
                facts[predicate] = [value]
            if predicate == _TYPE:
                read = classes.get(value)
                if read is None:
                    read = classes[value] = local_name(value) in words
                if read:
                    gathered.readable.append(line)
        if use & 2:
            gathered.readable.append(line)
    if facts:
        _take(gathered, subject, facts, lines, start, len(lines))
    return gathered


def _take(
    gathered: Gathered, subject: str, facts: Facts, lines: Sequence[str], start: int, end: int
) -> None:
    """Add one subject, whose lines are `lines[start:end]`, to what was gathered."""
    if _SUBJECT in facts:
        _take_claim(gathered, facts)
    if _IN_SOURCE in facts:
        gathered.sources[subject] = frozenset(facts[_IN_SOURCE])
    kinds = facts.get(_TYPE, _NONE)
    if _PARTNERSHIP in kinds or _UNIT in kinds or not _OF_FEW.isdisjoint(facts):
        _take_named(gathered, subject, facts, lines, start, end)


def _take_named(
    gathered: Gathered, subject: str, facts: Facts, lines: Sequence[str], start: int, end: int
) -> None:
    """Add the names of a subject, and what else only few have."""
    kinds = facts.get(_TYPE, _NONE)
    labels = [value for value in facts.get(_LABEL, _NONE) if value[0] == '"']  # an IRI is no label
    if _PARTNERSHIP in kinds:
        gathered.partnerships[subject] = Partnership(
            facts.get(_PARTNER, _NONE), facts.get(_MODALITY, _NONE), facts.get(_KIND, _NONE),
            facts.get(_STATUS, _NONE), labels,
        )  # fmt: skip
    if _UNIT in kinds:
        gathered.units.add(subject)
    if _BROADER in facts:
        gathered.broader[subject] = facts[_BROADER]
    if labels:
        gathered.labels[subject] = labels
    for name, flags in ((_STANDING, gathered.standing), (_TWINNING, gathered.twinning)):
        if name in facts:
            flags[subject] = facts[name]
    names = [value for name in _NAMES if name in facts for value in facts[name]]
    if names:
        gathered.names[subject] = names
    for name in _DERIVED:
        if name in facts:
            gathered.shortcuts.update(f"{subject} {name} {value} ." for value in facts[name])
    if _NOT_STATED in facts:
        stated = {line.split(" ", 2)[1] for line in lines[start:end]} - _RESOLVED
        for silence in facts[_NOT_STATED]:
            gathered.silences.append((subject, silence))
            if silence in stated:
                gathered.answered.add((subject, silence))


def _take_claim(gathered: Gathered, facts: Facts) -> None:
    verbs = [verb for verb in facts.get(_PROPERTY, _NONE) if verb in _RESOLVED]
    if not verbs:
        return
    basis, modality, rank = [
        _least_iri(facts[name]) if name in facts else "" for name in (_BASIS, _MODALITY, _RANK)
    ]
    as_of, until = [
        min(map(text_of, facts[name])) if name in facts else "" for name in (_AS_OF, _UNTIL)
    ]
    cites = facts.get(_CITES, _NONE)
    for thing, verb, value in product(facts[_SUBJECT], verbs, facts.get(_VALUE, _NONE)):
        if thing[0] == "<":
            claim_texts = ClaimTexts(value, basis, modality, rank, as_of, until)
            gathered.claims[thing, verb].append((claim_texts, cites))


def _least_iri(values: Sequence[str]) -> str:
    if len(values) == 1:
        return values[0] if values[0][0] == "<" else ""
    return min((value for value in values if value[0] == "<"), default="")
