"""A typed text -> entities that it may mean: folded names are compared, the best matches first."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract_iter

from twingraph.derive.names import fold, forms, named_kind
from twingraph.packed_tables import Index, Records

# How a name fits, best first.
FITS: Final = ("exact", "prefix", "words", "contains", "within", "near")
_KINDS: Final = ("place", "org", "unit", "person", "programme", "project", "event", "concept")
_MIN_INSIDE: Final = 3  # letters that must agree before a part of a word counts
_MIN_WITHIN: Final = 4
_MIN_WORD: Final = 6  # letters before a word of a longer name may match with a typo
# Hebrew and Arabic leave vowels out, so that two words a letter apart are two words.
_ABJAD: Final = re.compile("[\u0590-\u08ff]")
_END: Final = "\n"  # between forms
_MAX_TYPED: Final = 100  # of the folded form: no name is longer than that and meant in full


class Name(NamedTuple):
    """A name of an entity: `main` if it is the one that pages show in its language."""

    thing: str
    text: str
    language: str
    main: bool


class Hit(NamedTuple):
    """An entity, its best matching name, and how that matches."""

    thing: str
    kind: str
    name: Name
    fit: str


FoldedName = tuple[Name, str, tuple[str, ...]]
"""A name, the kind of its entity, and the forms under which it is found."""


class Finder:
    """Every name with its forms, for looking through.

    All forms are one text, so that names with some letters are found without a loop over names.
    """

    def __init__(self, names: Iterable[FoldedName]) -> None:
        """Index names with their forms."""
        rows: list[tuple[object, ...]] = []
        numbered: list[tuple[int, str]] = []
        for number, (name, kind, folded) in enumerate(names):
            rows.append((*name, kind, *folded))
            numbered += ((number, form) for form in folded)
        self.names: Sequence[FoldedName] = Records(rows, _read_name)
        self._owners = array("I", (number for number, _ in numbered))
        self._text = _END + "".join(form + _END for _, form in numbered)
        self._starts = array("I", accumulate((len(form) + 1 for _, form in numbered), initial=0))
        by_form: dict[str, list[int]] = {}
        for number, form in numbered:
            by_form.setdefault(form, []).append(number)
        by_word: dict[str, list[int]] = {}
        for form, numbers in by_form.items():
            for word in set(form.split()):
                by_word.setdefault(word, []).extend(numbers)
        self._by_form, self._by_word = Index(by_form), Index(by_word)

    @classmethod
    def of(cls, names: Iterable[Name], base: str) -> Finder:
        """Fold the names of the entities that can be found by name.

        >>> base = "https://data.example.org/"
        >>> bonn = Name(base + "id/place/bonn", "Bonn", "de", True)
        >>> paris = Name(base + "id/place/paris", "Paryż", "pl", False)
        >>> finder = Finder.of([bonn, paris], base)
        >>> [(hit.name.text, hit.fit) for hit in finder.find("BON")]
        [('Bonn', 'prefix')]
        >>> [(hit.name.text, hit.fit) for hit in finder.find("Pariz")]
        [('Paryż', 'near')]
        """
        hits = []
        for name in names:
            kind = named_kind(name.thing, base)
            if kind is not None:
                hits.append((name, kind, tuple(sorted(forms(name.text)))))
        return cls(hits)

    def find(self, typed: str, language: str = "en") -> list[Hit]:
        """Return the entities that `typed` may name, each once, the likeliest first.

        Names that are only spelled nearly so count where no other fits.
        """
        typed_text = fold(typed)[:_MAX_TYPED].strip()
        if not typed_text:
            return []
        best: dict[str, tuple[tuple[object, ...], Hit]] = {}
        for nearly in (False, True):
            for number in self._similar(typed_text) if nearly else self._holding(typed_text):
                name, kind, folded = self.names[number]
                if nearly and _ABJAD.search(name.text):
                    continue
                fit, slips, length = _best_fit(typed_text, folded, nearly)
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
        return [hit for _, hit in sorted(best.values(), key=lambda ranked: ranked[0])]

    def containing(self, folded: str, most: int) -> set[str] | None:
        """Return the IRIs of what has a form that contains a folded text; None for many names.

        >>> names = [Name("http://e/id/place/bonn", text, "de", True) for text in ("Bonn", "Bunna")]
        >>> finder = Finder.of(names, "http://e/")
        >>> finder.containing("unn", 1), finder.containing("nn", 1), finder.containing("z", 1)
        ({'http://e/id/place/bonn'}, None, set())
        """
        numbers: set[int] = set()
        for number in self._places(folded):
            numbers.add(number)
            if len(numbers) > most:
                return None
        return {self.names[number][0].thing for number in numbers}

    def _holding(self, typed_text: str) -> set[int]:
        """Return the names that may contain the typed text, or be contained in it."""
        words = typed_text.split()
        longest = max(words, key=len)
        wanted = {_END + longest, f" {longest}"}
        if len(typed_text) >= _MIN_INSIDE:
            wanted = {typed_text, *(wanted if len(words) > 1 else ())}
        numbers = {number for text in wanted for number in self._places(text)}
        for first in range(len(words)):
            for last in range(first + 1, len(words) + 1):
                numbers.update(self._by_form.get(" ".join(words[first:last]), ()))
        return numbers

    def _places(self, text: str) -> Iterator[int]:
        place = self._text.find(text)
        while place >= 0:
            index = bisect_right(self._starts, place)  # of the form after the one that contains it
            yield self._owners[index - 1]
            place = self._text.find(text, self._starts[index])

    def _similar(self, typed_text: str) -> set[int]:
        """Return the names with a form, or a word, that is spelled nearly like the typed text."""
        most = _tolerance(len(typed_text))
        indexes = [self._by_form, *([self._by_word] if len(typed_text) >= _MIN_WORD else [])]
        numbers: set[int] = set()
        for index in indexes:
            lengths = range(len(typed_text) - most, len(typed_text) + most + 1)
            words = [word for length in lengths for word in index.of_length(length)]
            for word, _, _ in extract_iter(
                typed_text, words, scorer=OSA.distance, score_cutoff=most
            ):
                numbers.update(index[word])
        return numbers


def _read_name(
    thing: str, text: str, language: str, main: bool, kind: str, *folded: str
) -> FoldedName:
    return Name(thing, text, language, main), kind, folded


def _best_fit(typed_text: str, folded: Sequence[str], nearly: bool) -> tuple[int | None, int, int]:
    """Return the place in `FITS` of the best of some forms, its distance and its length."""
    matches = []
    for form in folded:
        if nearly:
            most = _tolerance(len(typed_text))
            words = form.split() if len(typed_text) >= _MIN_WORD else []
            for word in (form, *words):
                # how many letters too many, too few, wrong or swapped with the next
                slips = OSA.distance(typed_text, word, score_cutoff=most)
                if slips <= most:
                    matches.append((FITS.index("near"), slips, len(form)))
        else:
            fit = _fit(typed_text, form)
            if fit is not None:
                matches.append((FITS.index(fit), 0, len(form)))
    return min(matches, default=(None, 0, 0))


def _fit(typed_text: str, form: str) -> str | None:
    if typed_text == form:
        return "exact"
    if form.startswith(typed_text):
        return "prefix"
    words = form.split()
    if all(any(word.startswith(part) for word in words) for part in typed_text.split()):
        return "words"
    if len(typed_text) >= _MIN_INSIDE and typed_text in form:
        return "contains"
    if len(form) >= _MIN_WITHIN and f" {form} " in f" {typed_text} ":
        return "within"
    return None


def _tolerance(length: int) -> int:
    """Return how many typos a word of that length may have and still match."""
    return 0 if length < 4 else 1 if length < 8 else 2
