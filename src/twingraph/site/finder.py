"""What was typed -> what it may mean: names compared in their folded forms, the nearest first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from twingraph.derive.names import fold, forms, named_kind

# How a name fits, best first.
FITS: Final = ("exact", "prefix", "words", "contains", "within", "near")
_KINDS: Final = ("place", "org", "unit", "person", "programme", "project", "event", "concept")
_MIN_INSIDE: Final = 3  # letters that must agree before a part of a word counts
_MIN_WITHIN: Final = 4
_MIN_WORD: Final = 6  # letters before one word of a longer name may be meant nearly
# Hebrew and Arabic leave vowels out, so that two words a letter apart are two words.
_ABJAD: Final = re.compile("[\u0590-\u08ff]")
_MAX_TYPED: Final = 100  # of the folded form: no name is longer than that and meant in full


class Name(NamedTuple):
    """A name of a thing: `main` if it is the one that pages show in its language."""

    thing: str
    text: str
    language: str
    main: bool


class Hit(NamedTuple):
    """A thing, the name of it that fits best, and how that fits."""

    thing: str
    kind: str
    name: Name
    fit: str


@dataclass(frozen=True)
class Finder:
    """Every name with its forms, for looking through."""

    names: tuple[tuple[Name, str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, names: Iterable[Name], base: str) -> Finder:
        """Fold the names of things that are found by name.

        >>> base = "https://data.example.org/"
        >>> bonn = Name(base + "id/place/bonn", "Bonn", "de", True)
        >>> paris = Name(base + "id/place/paris", "Paryż", "pl", False)
        >>> finder = Finder.of([bonn, paris], base)
        >>> [(hit.name.text, hit.fit) for hit in finder.find("BON")]
        [('Bonn', 'prefix')]
        >>> [(hit.name.text, hit.fit) for hit in finder.find("Pariz")]
        [('Paryż', 'near')]
        """
        found = []
        for name in names:
            kind = named_kind(name.thing, base)
            if kind is not None:
                found.append((name, kind, tuple(sorted(forms(name.text)))))
        return cls(tuple(found))

    def find(self, typed: str, language: str = "en") -> list[Hit]:
        """Return what `typed` may name, each thing once, the likeliest first.

        Names that are only spelled nearly so count where no other fits.
        """
        asked = fold(typed)[:_MAX_TYPED].strip()
        if not asked:
            return []
        best: dict[str, tuple[tuple[object, ...], Hit]] = {}
        for nearly in (False, True):
            for name, kind, folded in self.names:
                if nearly and _ABJAD.search(name.text):
                    continue
                fit, slips, length = _best_fit(asked, folded, nearly)
                if fit is None:
                    continue
                key = (
                    fit, slips, _KINDS.index(kind), name.text != typed, name.language != language,
                    not name.main, length, name.text, name.language, name.thing,
                )  # fmt: skip
                if name.thing not in best or key < best[name.thing][0]:
                    best[name.thing] = key, Hit(name.thing, kind, name, FITS[fit])
            if best:
                break
        return [hit for _, hit in sorted(best.values(), key=lambda one: one[0])]


def _best_fit(asked: str, folded: Sequence[str], nearly: bool) -> tuple[int | None, int, int]:
    """Return the place in `FITS` of the best of some forms, its distance and its length."""
    found = []
    for form in folded:
        if nearly:
            most = _tolerance(len(asked))
            words = form.split() if len(asked) >= _MIN_WORD else []
            for word in (form, *words):
                slips = distance(asked, word, most)
                if slips is not None:
                    found.append((FITS.index("near"), slips, len(form)))
        else:
            fit = _fit(asked, form)
            if fit is not None:
                found.append((FITS.index(fit), 0, len(form)))
    return min(found, default=(None, 0, 0))


def _fit(asked: str, form: str) -> str | None:
    if asked == form:
        return "exact"
    if form.startswith(asked):
        return "prefix"
    words = form.split()
    if all(any(word.startswith(part) for word in words) for part in asked.split()):
        return "words"
    if len(asked) >= _MIN_INSIDE and asked in form:
        return "contains"
    if len(form) >= _MIN_WITHIN and f" {form} " in f" {asked} ":
        return "within"
    return None


def _tolerance(length: int) -> int:
    """How many slips a word of that length may hold and still be meant."""
    return 0 if length < 4 else 1 if length < 8 else 2


def distance(one: str, other: str, most: int) -> int | None:
    """Return how many slips of a finger lie between two words; None if more than `most`.

    A slip is a letter too many, too few or wrong, or two letters swapped.

    >>> distance("ramalla", "ramallah", 1), distance("mibsk", "minsk", 1), distance("ab", "ba", 1)
    (1, 1, 1)
    >>> distance("bonn", "berlin", 2) is None
    True
    """
    if abs(len(one) - len(other)) > most:
        return None
    odd = Counter(one)
    odd.subtract(other)
    if sum(map(abs, odd.values())) > 2 * most:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, above, row = row, before, [at]
        for to, wanted in enumerate(other, start=1):
            least = min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != wanted))
            swapped = at > 1 and to > 1 and letter == other[to - 2] and wanted == one[at - 2]
            row.append(min(least, above[to - 2] + 1) if swapped else least)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None
