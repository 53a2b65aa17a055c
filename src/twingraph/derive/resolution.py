"""All claims of a graph resolved; claims that say the same are resolved once.

`resolve.resolve` decides for one property of one subject; this module calls it for each group of
claims and turns the results into lines of N-Triples.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.derive.gather import ClaimTexts, Gathered
from twingraph.derive.resolve import DATES, WEAK, Claim, Rules, resolve
from twingraph.rdf.dataset import term_of
from twingraph.rdf.vocabulary import EDTF, TG, XSD

_KIND, _STATUS, _START = str(TG.partnershipType), str(TG.status), str(TG.start)
_WEAK: Final = frozenset(map(str, WEAK))
_NO_SOURCE: Final[frozenset[str]] = frozenset()

# a claim and the IRIs of the sources that it cites
_Cited = tuple[ClaimTexts, frozenset[str]]


class _Resolved(NamedTuple):
    """The resolution of one group of claims.

    `ends` are lines without their subject, `values` N-Triples terms; `is_stated`: at least one
    claim states a value.
    """

    ends: tuple[str, ...]
    values: tuple[str, ...]
    is_stated: bool


class Resolution:
    """The lines that resolution adds, and what later steps need (terms as N-Triples).

    `kinds` and `states` are the published types and statuses by subject. `stated` are the
    (subject, property) pairs for which a claim states a value: an inferred value is not stated,
    and neither is a start without a basis.
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
        self.stated: set[tuple[str, str]] = set()
        known: dict[tuple[str, Collection[_Cited]], _Resolved] = {}
        for (thing, verb), claims in gathered.claims.items():
            cited: Collection[_Cited] = tuple([
                (claim, _sources(cites, gathered)) for claim, cites in claims
            ])  # fmt: skip
            if len(cited) > 1:  # the order makes no difference
                cited = frozenset(cited)
            answer = known.get((verb, cited))
            if answer is None:
                answer = known[verb, cited] = self._answer(verb, cited)
            for end in answer.ends:
                self.lines.append(f"{thing} {end}")
            if answer.is_stated:
                self.stated.add((thing, verb))
            if verb == _KIND:
                self.kinds[thing] = answer.values
            elif verb == _STATUS:
                self.states[thing] = answer.values

    def _answer(self, verb: str, claims: Collection[_Cited]) -> _Resolved:
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
        return _Resolved(tuple(ends), tuple(map(str, answer.values)), is_stated)


def _sources(cites: Sequence[str], gathered: Gathered) -> frozenset[str]:
    if len(cites) == 1:
        return gathered.sources.get(cites[0], _NO_SOURCE)
    return frozenset().union(*(gathered.sources.get(cite, _NO_SOURCE) for cite in cites))


def _key(cited: _Cited) -> tuple[ClaimTexts, list[str]]:
    return cited[0], sorted(cited[1])


def _claim(number: int, verb: NamedNode, texts: ClaimTexts, sources: frozenset[str]) -> Claim:
    basis, modality, rank = (
        NamedNode(item[1:-1]) if item else None
        for item in (texts.basis, texts.modality, texts.rank)
    )
    return Claim(
        f"urn:claim:{number}", "urn:thing", verb, term_of(texts.value), basis, modality, rank,
        texts.as_of or None, texts.until or None, sources,
    )  # fmt: skip
