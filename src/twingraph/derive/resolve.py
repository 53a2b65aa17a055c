"""Claims -> published values, where sources give different values of a single-valued property.

`resolve` takes all claims about one property of one subject and returns what is published. It
implements the six rules of docs/model.md ("Statements and published values"), each as one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.derive.dates import NONE, Bounds, bounds, date_set, union
from twingraph.rdf.vocabulary import CODES, EDTF, TG

DATES: Final[dict[NamedNode, tuple[NamedNode, NamedNode]]] = {
    TG.start: (TG.earliestStart, TG.latestStart),
    TG.end: (TG.earliestEnd, TG.latestEnd),
    TG.date: (TG.earliestDate, TG.latestDate),
}
RESOLVED: Final = (*DATES, TG.contactsSince, TG.partnershipType, TG.status)

Value = NamedNode | Literal

WEAK: Final = frozenset(NamedNode(f"{CODES}modality/{code}") for code in ("inferred", "derived"))
_STATED: Final = NamedNode(CODES + "modality/stated")
# from the strongest to the weakest
_STRENGTHS: Final = tuple(
    NamedNode(f"{CODES}modality/{code}")
    for code in ("stated", "image-caption", "derived", "inferred")
)
_PREFERRED: Final = NamedNode(CODES + "rank/preferred")
_DEPRECATED: Final = NamedNode(CODES + "rank/deprecated")


@dataclass(frozen=True)
class Claim:
    """One source's value for one property of one thing (`tg:Claim`); None: the source is silent."""

    iri: str
    subject: str
    verb: NamedNode
    value: Value
    basis: NamedNode | None = None
    modality: NamedNode | None = None
    rank: NamedNode | None = None
    as_of: str | None = None
    until: str | None = None
    sources: frozenset[str] = frozenset()

    def is_history(self, today: str) -> bool:
        """Did what it claims certainly end before `today` (`YYYY-MM-DD`)?"""
        last = (bounds(self.until) or NONE).latest if self.until else None
        return last is not None and last < today

    @property
    def weak(self) -> bool:
        """Is it inferred or derived rather than stated?"""
        return self.modality in WEAK


@dataclass(frozen=True)
class Rules:
    """The facts of the code lists that resolution reads."""

    broader: Mapping[NamedNode, frozenset[NamedNode]] = field(default_factory=dict)

    def narrower(self, value: Value, other: Value) -> bool:
        """Is `value` a narrower concept than `other` (`skos:broader+`)?"""
        visited: set[NamedNode] = set()
        todo = [value] if isinstance(value, NamedNode) else []
        while todo:
            for parent in self.broader.get(todo.pop(), frozenset()):
                if parent == other:
                    return True
                if parent not in visited:
                    visited.add(parent)
                    todo.append(parent)
        return False


@dataclass(frozen=True)
class Published:
    """What is published for one property of one thing.

    `conflict` says that claims disagree; `between_sources` that two sources do, `within_source`
    that two passages of one source do; both can be so. `strength` is the modality of a date.
    """

    values: tuple[Value, ...] = ()
    bounds: Bounds = NONE
    conflict: bool = False
    as_of: str | None = None
    between_sources: bool = False
    within_source: bool = False
    strength: NamedNode | None = None


def resolve(claims: Iterable[Claim], rules: Rules, today: str = "") -> Published:
    """Return the published values for claims about the same property of the same subject.

    `today` is the day of the release: a kind or status that had ended by then is history.

    >>> agreed = Claim("a", "s", TG.date, Literal("1987", datatype=EDTF))
    >>> finer = Claim("b", "s", TG.date, Literal("1987-07-02", datatype=EDTF))
    >>> resolve([agreed, finer], Rules()).values[0].value
    '1987-07-02'
    """
    live = _ranked(_present(sorted(claims, key=lambda claim: (claim.iri, str(claim.value))), today))
    if not live:
        return Published()
    if live[0].verb == TG.status:
        return _status(live)
    if live[0].verb == TG.start:
        live = [item for item in live if item.basis is not None]
    live = _stated_first(live)
    if live and live[0].verb != TG.partnershipType:
        return _dates(live)
    kinds = _finest(live, lambda claim, other: rules.narrower(claim.value, other.value))
    values = tuple(sorted({kind.value for kind in kinds}, key=str))
    return _disagreeing(Published(values), kinds)


def _disagreeing(published: Published, kept: Sequence[Claim]) -> Published:
    """Set the conflict flags: do kept claims differ, between sources or within one?"""
    pairs = [
        (combination, other)
        for combination, other in combinations(kept, 2)
        if combination.value != other.value
    ]
    return replace(
        published,
        conflict=bool(pairs),
        between_sources=any(
            each_pair.sources.isdisjoint(other.sources) for each_pair, other in pairs
        ),
        within_source=any(pair.sources & other.sources for pair, other in pairs),
    )


def _strength(kept: Iterable[Claim]) -> NamedNode | None:
    """Return the strength of the weakest value; that of a value is that of its strongest claim."""
    ranks: dict[Value, int] = {}
    for item in kept:
        rank = _STRENGTHS.index(item.modality if item.modality in _STRENGTHS else _STATED)
        ranks[item.value] = min(rank, ranks.get(item.value, rank))
    return _STRENGTHS[max(ranks.values())] if ranks else None


def _present(claims: list[Claim], today: str) -> list[Claim]:
    """Drop types and statuses that had ended by `today`.

    If all types had ended they are kept; of a past status nothing follows for today.
    """
    if not claims or claims[0].verb not in (TG.partnershipType, TG.status):
        return claims
    live = [claim for claim in claims if not claim.is_history(today)]
    return live if live or claims[0].verb == TG.status else claims


def _ranked(claims: Sequence[Claim]) -> list[Claim]:
    """Rule 1: drop deprecated claims; if any claim is preferred, keep only such."""
    live = [claim for claim in claims if claim.rank != _DEPRECATED]
    return [item for item in live if item.rank == _PREFERRED] or live


def _stated_first(claims: Sequence[Claim]) -> list[Claim]:
    """Rule 3: drop inferred claims where a claim with the same basis is stated."""
    stated = {claim.basis for claim in claims if not claim.weak}
    return [claim for claim in claims if not (claim.weak and claim.basis in stated)]


def _finest(claims: Sequence[Claim], refines: Callable[[Claim, Claim], bool]) -> list[Claim]:
    """Rule 4: drop values that a finer one refines; an inferred one never displaces a stated one.

    An inferred value that refines a stated one, or is refined by it, is dropped as well.
    """
    stated = _unrefined([claim for claim in claims if not claim.weak], refines)
    weak = _unrefined([claim for claim in claims if claim.weak], refines)
    agreeing = {
        item for item in weak for other in stated
        if item.value == other.value or refines(item, other) or refines(other, item)
    }  # fmt: skip
    return [*stated, *(item for item in weak if item not in agreeing)]


def _unrefined(claims: list[Claim], refines: Callable[[Claim, Claim], bool]) -> list[Claim]:
    return [claim for claim in claims if not any(refines(other, claim) for other in claims)]


def _claim_bounds(claim: Claim) -> Bounds:
    return bounds(claim.value.value) or NONE


def _refines_date(claim: Claim, other: Claim) -> bool:
    """Do the bounds lie inside the other's? With equal bounds the shorter text is the finer."""
    inner, outer = _claim_bounds(claim), _claim_bounds(other)
    if NONE in (inner, outer):
        return False
    if inner == outer:
        value, other_value = claim.value.value, other.value.value
        return (len(value), value) < (len(other_value), other_value)
    return inner.within(outer)


def _dates(claims: Sequence[Claim]) -> Published:
    """Rule 5: dates that disagree are published as one flat set, with the bounds of all."""
    kept = _finest(claims, _refines_date)
    texts = sorted({item.value.value for item in kept})
    span = union(_claim_bounds(item) for item in kept) if kept else NONE
    together = texts[0] if len(texts) == 1 else date_set(texts)
    values = (Literal(together, datatype=EDTF),) if together else ()
    return _disagreeing(Published(values, span, strength=_strength(kept)), kept)


def _status(claims: Sequence[Claim]) -> Published:
    """Rule 6: the latest of the dated claims, else the undated; stated before inferred."""
    dated = [claim for claim in claims if claim.as_of]
    day = max((_as_of_day(item) for item in dated), default="")
    latest = _stated_first([item for item in dated if _as_of_day(item) == day] or list(claims))
    values = tuple(sorted({item.value for item in latest}, key=str))
    as_of = max((item.as_of for item in latest if item.as_of), default=None)
    return _disagreeing(Published(values, as_of=as_of), latest)


def _as_of_day(claim: Claim) -> str:
    span = bounds(claim.as_of or "") or NONE
    return span.latest or span.earliest or ""
