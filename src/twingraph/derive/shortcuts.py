"""What some rules of queries/rules derive, worked out without the engine: links and labels.

A rule is a query, and stays what says what is meant; at a million lines its joins are most of the
time of a derivation. For four of them the answer is known from a partnership, its partners' names
and classes, and its kinds. `KNOWN` names the texts of the rules for which that holds; where one is
another, or a partner is itself a partnership, all rules are asked of the engine. Tests hold both
ways to the same lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import combinations, permutations
from typing import Final

from twingraph.derive.gather import Gathered, Partnership
from twingraph.derive.resolve import WEAK
from twingraph.rdf.dataset import text_of
from twingraph.rdf.vocabulary import CODES, RDFS, TG, XSD

# the digests of all rules that derivation knows, and whether they are worked out here
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
PLACED: Final = "distance"  # is asked of pairs that have places on a map, at the end

_WEAK: Final = frozenset(map(str, WEAK))
_ENDED: Final = f"<{CODES}status/ended>"
_TRUE, _FALSE = (
    frozenset(f'"{text}"^^{XSD.boolean}' for text in texts)
    for texts in (("true", "1"), ("false", "0"))
)
Resolved = Mapping[str, Sequence[str]]


def is_known(rules: Mapping[str, str]) -> bool:
    """Are these rules (name -> text) just the ones that are known?"""
    return {name: sha256(text.encode()).hexdigest()[:16] for name, text in rules.items()} == KNOWN


def can_be_worked_out(gathered: Gathered) -> bool:
    """Is no partner a partnership itself, whose label a rule would derive from a derived one?"""
    return all(
        partner[0] == "<" and partner not in gathered.partnerships
        for item in gathered.partnerships.values() for partner in item.partners
    )  # fmt: skip


class Shortcuts:
    """The lines that the rules of `HERE` derive of all partnerships.

    `kinds` and `states` are what is resolved of them, beside what is said directly.
    """

    def __init__(self, gathered: Gathered, kinds: Resolved, states: Resolved) -> None:
        """Look at what was gathered of a graph."""
        self._found, self._kinds, self._states = gathered, kinds, states

    def __iter__(self) -> Iterator[str]:
        """Yield each line, none that is stated already; some twice."""
        stated = self._found.shortcuts
        for subject, item in self._found.partnerships.items():
            yield from self._labels(subject, item)
            for line in self._links(subject, item):
                if line not in stated:
                    yield line

    @cached_property
    def _passing(self) -> frozenset[str]:
        return _with(self._found.standing, _FALSE)

    @cached_property
    def _standing(self) -> frozenset[str]:
        return _with(self._found.standing, _TRUE)

    @cached_property
    def _twinning(self) -> frozenset[str]:
        return _with(self._found.twinning, _TRUE)

    def _links(self, subject: str, item: Partnership) -> Iterator[str]:
        """Yield what partner-of.rq and twinned-with.rq derive."""
        units = [partner for partner in item.partners if partner in self._found.units]
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
        labels = [self._found.labels.get(partner, ()) for partner in partners]
        own = {_language(label) for label in item.labels}
        if partners and all(labels):
            names: list[dict[str, list[str]]] = [defaultdict(list) for _ in partners]
            for several, by_language in zip(labels, names, strict=True):
                for label in several:
                    by_language[_language(label)].append(label)
            for language in names[0].keys() - own - {""}:
                if all(language in each for each in names):
                    texts = [_escaped(min(each[language], key=text_of)) for each in names]
                    yield _labelled(subject, " – ".join(texts), language)
        for firsts, seconds in combinations(labels, 2):
            for first in firsts:
                for second in seconds:
                    first_language, second_language = _language(first), _language(second)
                    language = first_language or second_language
                    if not (first_language and second_language) and language not in own:
                        text = f"{_escaped(first)} – {_escaped(second)}"
                        yield _labelled(subject, text, language)


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
