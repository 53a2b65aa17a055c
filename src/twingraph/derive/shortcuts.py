"""Four rules of queries/rules computed in Python instead of SPARQL: links and labels.

The rules in queries/rules are the specification, but at a million lines their joins take most of
the time of a derivation. The results of these four follow from a partnership, its types, and the
names and classes of its partners. `KNOWN` has the digests of the rules that this code implements;
if one differs, or a partner is itself a partnership, the SPARQL engine runs all rules. The tests
compare the lines of both ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import combinations, permutations, product
from typing import Final, NamedTuple

from twingraph.derive.gather import Gathered, Partnership
from twingraph.derive.resolve import WEAK
from twingraph.rdf.dataset import text_of
from twingraph.rdf.vocabulary import CODES, RDFS, TG, XSD

# rule -> SHA-256 of its text, first 16 digits
KNOWN: Final[Mapping[str, str]] = {
    "dates-of-parts": "9d246d19916ce226",
    "distance": "4c8a89cf16fa2c22",
    "geometry": "0694bfb7f3ac27e2",
    "issuer": "007df163587cdc42",
    "partner-of": "f3e5cf923fe873a2",
    "partnership-label-untagged": "ccb976e7f323e3fc",
    "partnership-label": "3e1e47adb1d27bdb",
    "twinned-with": "b2fbe6e2934d92bb",
}
HERE: Final = frozenset({"partner-of", "partnership-label", "partnership-label-untagged",
                         "twinned-with"})  # fmt: skip
PLACED: Final = "distance"  # run last, only on partnerships whose two partners have coordinates

_WEAK: Final = frozenset(map(str, WEAK))
_ENDED: Final = f"<{CODES}status/ended>"
_TRUE, _FALSE = (
    frozenset(f'"{text}"^^{XSD.boolean}' for text in texts)
    for texts in (("true", "1"), ("false", "0"))
)
Resolved = Mapping[str, Sequence[str]]


def is_known(rules: Mapping[str, str]) -> bool:
    """Are these rules (name -> text) exactly those in `KNOWN`?"""
    return {name: sha256(text.encode()).hexdigest()[:16] for name, text in rules.items()} == KNOWN


def can_be_worked_out(gathered: Gathered) -> bool:
    """Is no partner itself a partnership? Its label would depend on another derived label."""
    return all(
        partner[0] == "<" and partner not in gathered.partnerships
        for item in gathered.partnerships.values() for partner in item.partners
    )  # fmt: skip


class _Names(NamedTuple):
    """The labels of a partner as lines have them, without quotes: the least of each language, all.

    The language of all is beside them, '' where there is none.
    """

    by_language: Mapping[str, str]
    all: Sequence[tuple[str, str]]


class Shortcuts:
    """The lines that the rules in `HERE` derive from all partnerships.

    `kinds` and `states` are the resolved types and statuses, beside those stated directly.
    """

    def __init__(self, gathered: Gathered, kinds: Resolved, states: Resolved) -> None:
        """Use the gathered statements of a graph."""
        self._gathered, self._kinds, self._states = gathered, kinds, states
        self._names: dict[str, _Names] = {}

    def __iter__(self) -> Iterator[str]:
        """Yield the derived lines without those already stated; a line may come twice."""
        yield from self.labels()
        yield from self.links()

    def labels(self) -> Iterator[str]:
        """Yield the labels of partnerships, in the order of these."""
        for subject, item in self._gathered.partnerships.items():
            yield from self._labels(subject, item)

    def links(self) -> Iterator[str]:
        """Yield the links between partners that are not stated already."""
        stated = self._gathered.shortcuts
        for subject, item in self._gathered.partnerships.items():
            for line in self._links(subject, item):
                if line not in stated:
                    yield line

    @cached_property
    def _passing(self) -> frozenset[str]:
        return _with(self._gathered.standing, _FALSE)

    @cached_property
    def _standing(self) -> frozenset[str]:
        return _with(self._gathered.standing, _TRUE)

    @cached_property
    def _twinning(self) -> frozenset[str]:
        return _with(self._gathered.twinning, _TRUE)

    def _links(self, subject: str, item: Partnership) -> Iterator[str]:
        """Yield what partner-of.rq and twinned-with.rq derive."""
        units = [partner for partner in item.partners if partner in self._gathered.units]
        if len(units) < 2 or not _WEAK.isdisjoint(item.modalities):
            return
        kinds = {*item.kinds, *self._kinds.get(subject, ())}
        verbs = []
        if not (self._passing & kinds and self._standing.isdisjoint(kinds)):
            verbs.append(TG.partnerOf)
        states = (*item.states, *self._states.get(subject, ()))
        if kinds and kinds <= self._twinning and _ENDED not in states:
            verbs.append(TG.twinnedWith)
        for first, second in permutations(units, 2):
            for verb in verbs:
                yield f"{first} {verb} {second} ."

    def _labels(self, subject: str, item: Partnership) -> Iterator[str]:
        """Yield what partnership-label.rq and partnership-label-untagged.rq derive."""
        partners = sorted(item.partners, key=lambda partner: partner[1:-1])
        names = [self._names_of(partner) for partner in partners]
        own = {_language(label) for label in item.labels}
        if partners:
            for language in names[0].by_language.keys() - own - {""}:
                if all(language in each.by_language for each in names):
                    texts = [each.by_language[language] for each in names]
                    yield _labelled(subject, " – ".join(texts), language)
        for firsts, seconds in combinations(names, 2):
            if "" not in firsts.by_language and "" not in seconds.by_language:
                continue
            pairs = product(firsts.all, seconds.all)
            for (first_language, first), (second_language, second) in pairs:
                language = first_language or second_language
                if not (first_language and second_language) and language not in own:
                    yield _labelled(subject, f"{first} – {second}", language)

    def _names_of(self, partner: str) -> _Names:
        """Return what a partner is called; most are partners in several partnerships."""
        known = self._names.get(partner)
        if known is None:
            by_language: dict[str, list[str]] = defaultdict(list)
            for label in self._gathered.labels.get(partner, ()):
                by_language[_language(label)].append(label)
            known = self._names[partner] = _Names(
                {tag: _escaped(min(each, key=text_of)) for tag, each in by_language.items()},
                [(tag, _escaped(label)) for tag, each in by_language.items() for label in each],
            )
        return known


def _with(flags: Mapping[str, Sequence[str]], values: frozenset[str]) -> frozenset[str]:
    return frozenset(kind for kind, several in flags.items() if not values.isdisjoint(several))


def _language(label: str) -> str:
    """Return the tag of a literal, empty where it has none."""
    rest = label[label.rindex('"') + 1 :]
    return rest[1:] if rest[:1] == "@" else ""


def _escaped(label: str) -> str:
    return label[1 : label.rindex('"')]


def _labelled(subject: str, text: str, language: str) -> str:
    return f'{subject} {RDFS.label} "{text}"{f"@{language}" if language else ""} .'
