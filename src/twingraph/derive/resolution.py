"""What is resolved of all claims of a graph: many say the same, so each answer is found once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.derive.gather import Gathered, Told
from twingraph.derive.resolve import DATES, WEAK, Claim, Rules, resolve
from twingraph.rdf.dataset import term_of
from twingraph.rdf.vocabulary import EDTF, TG, XSD

_KIND, _STATUS, _START = str(TG.partnershipType), str(TG.status), str(TG.start)
_WEAK: Final = frozenset(map(str, WEAK))
_NO_SOURCE: Final[frozenset[str]] = frozenset()

# what one claim says, and the sources that it cites
_Cited = tuple[Told, frozenset[str]]


class _Answer(NamedTuple):
    """What is published of claims: the ends of lines; the values; is anything stated?"""

    ends: tuple[str, ...]
    values: tuple[str, ...]
    is_stated: bool


class Resolution:
    """The lines that resolution adds, and what later steps ask of it (terms as N-Triples).

    `kinds` and `states` are what is resolved of a thing's kind and status, `told` the (thing,
    property) that a claim states: what is only inferred is not stated, and a start without a basis
    is no start.
    """

    def __init__(self, gathered: Gathered, today: str = "") -> None:
        """Resolve all claims that were gathered; `today` is the day of the release."""
        self._rules = Rules({
            NamedNode(kind[1:-1]): frozenset(
                NamedNode(above[1:-1]) for above in several if above[0] == "<"
            )
            for kind, several in gathered.broader.items() if kind[0] == "<"
        })  # fmt: skip
        self._today = today
        self.lines: list[str] = []
        self.kinds: dict[str, tuple[str, ...]] = {}
        self.states: dict[str, tuple[str, ...]] = {}
        self.told: set[tuple[str, str]] = set()
        known: dict[tuple[str, frozenset[_Cited]], _Answer] = {}
        for (thing, verb), claims in gathered.claims.items():
            cited = frozenset(
                (_without_cites(claim), _sources(claim, gathered)) for claim in claims
            )
            answer = known.get((verb, cited))
            if answer is None:
                answer = known[verb, cited] = self._answer(verb, cited)
            self.lines += [f"{thing} {end}" for end in answer.ends]
            if answer.is_stated:
                self.told.add((thing, verb))
            if verb == _KIND:
                self.kinds[thing] = answer.values
            elif verb == _STATUS:
                self.states[thing] = answer.values

    def _answer(self, verb: str, claims: Iterable[_Cited]) -> _Answer:
        name = NamedNode(verb[1:-1])
        made = [_claim(number, name, *item) for number, item in enumerate(sorted(claims, key=_key))]
        answer = resolve(made, self._rules, self._today)
        ends = [f"{verb} {value} ." for value in answer.values]
        if name in DATES:
            days = zip(DATES[name], answer.bounds, strict=True)
            ends += [f"{bound} {Literal(day, datatype=XSD.date)} ." for bound, day in days if day]
        if verb == _START and answer.strength:
            ends.append(f"{TG.startModality} {answer.strength} .")
        flags = (answer.conflict, answer.between_sources, answer.within_source)
        names = (TG.hasConflict, TG.sourcesDifferOn, TG.passagesDifferOn)
        ends += [f"{item} {verb} ." for item, so in zip(names, flags, strict=True) if so]
        if answer.as_of:
            ends.append(f"{TG.statusAsOf} {Literal(answer.as_of, datatype=EDTF)} .")
        is_stated = any(
            claim.modality not in _WEAK and (verb != _START or claim.basis) for claim, _ in claims
        )
        return _Answer(tuple(ends), tuple(map(str, answer.values)), is_stated)


def _without_cites(claim: Told) -> Told:
    return claim._replace(cites=())


def _sources(claim: Told, gathered: Gathered) -> frozenset[str]:
    if len(claim.cites) == 1:
        return gathered.sources.get(claim.cites[0], _NO_SOURCE)
    return frozenset().union(*(gathered.sources.get(cite, _NO_SOURCE) for cite in claim.cites))


def _key(cited: _Cited) -> tuple[Told, list[str]]:
    return cited[0], sorted(cited[1])


def _claim(number: int, verb: NamedNode, texts: Told, sources: frozenset[str]) -> Claim:
    basis, modality, rank = (
        NamedNode(item[1:-1]) if item else None
        for item in (texts.basis, texts.modality, texts.rank)
    )
    return Claim(
        f"urn:claim:{number}", "urn:thing", verb, term_of(texts.value), basis, modality, rank,
        texts.as_of or None, texts.until or None, sources,
    )  # fmt: skip
