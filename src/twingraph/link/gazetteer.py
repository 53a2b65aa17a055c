"""All places that a name may mean, and an index of their names that finds a few candidates fast.

Exact forms are looked up; for the rest the names that share the rarest trigrams are taken, at most
some dozens, so that the costly comparison is made for a small set only.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from twingraph.derive.names import fold, forms
from twingraph.link.exonyms import meant, only_country
from twingraph.link.spelling import spell
from twingraph.packed_tables import Index, Records, Texts

_MAX_FUZZY: Final = 60  # names that are compared letter by letter
_MAX_PREFIX: Final = 2000  # names of one beginning that are looked at
_RARE: Final = 7  # trigrams of a name that are looked up, the rarest first
_LONG_LIST: Final = 3000  # names under one trigram; a more frequent trigram is no evidence


@dataclass(frozen=True)
class Place:
    """A place as the matcher sees it: names, country (ISO code), region, level, point, ids.

    `names` begins with the label; `former` are names that it no longer has. `weight` orders equals
    (how many partnerships it has): it never decides a match.
    """

    slug: str
    names: tuple[str, ...]
    former: tuple[str, ...] = ()
    country: str = ""
    regions: frozenset[str] = frozenset()
    level: str = ""
    point: tuple[float, float] | None = None
    ids: frozenset[str] = frozenset()
    weight: int = 0

    @property
    def label(self) -> str:
        """The name that is shown."""
        return self.names[0] if self.names else self.slug


@dataclass(frozen=True, order=True)
class Name:
    """One folded name of a place: `how` is label, name, former, bracket, short or exonym.

    `country` is the country of the name in GeoNames, for a place without a stated country.
    """

    form: str
    place: int
    how: str
    text: str = field(compare=False)
    qualifiers: frozenset[str] = field(default=frozenset(), compare=False)
    country: str = field(default="", compare=False)


class Gazetteer:
    """Places with the indexes that find them; immutable after it was made.

    >>> some = Gazetteer([Place("bonn", ("Bonn",)), Place("koln", ("Köln", "Cologne"))])
    >>> [(item.text, item.how) for item in some.exact("cologne")]
    [('Cologne', 'name')]
    >>> [item.text for item in some.similar("colonge", frozenset()) if item.form == "cologne"]
    ['Cologne']
    """

    def __init__(self, places: Iterable[Place]) -> None:
        """Index `places`, in the order of their slugs."""
        self.places: Sequence[Place] = sorted(places, key=lambda item: item.slug)
        texts = {
            (name.form, name.place, name.how): name
            for number in reversed(range(len(self.places)))
            for name in reversed(list(self._names(number)))
        }  # of two that are equal the first is kept
        names = [texts[key] for key in sorted(texts)]
        self.names: Sequence[Name] = names
        exact: dict[str, list[int]] = defaultdict(list)
        by_id: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(names):
            exact[name.form].append(index)
        for number, place in enumerate(self.places):
            for identifier in place.ids:
                by_id[identifier].append(number)
        self._exact: Mapping[str, Sequence[int]] = exact
        self._forms: Sequence[str] = [name.form for name in names]
        self._lengths = array("I", map(len, self._forms))
        self.by_id: Mapping[str, Sequence[int]] = by_id
        self.by_slug: Mapping[str, int] = {
            place.slug: number for number, place in enumerate(self.places)
        }

    def packed(self) -> Gazetteer:
        """Return the same as bytes: a fifth of the memory, which forks share, and slower to read.

        >>> some = Gazetteer([Place("bonn", ("Bonn",)), Place("koln", ("Köln",))]).packed()
        >>> [(some.places[name.place].slug, name.how) for name in some.exact("koln")]
        [('koln', 'label')]
        """
        packed = object.__new__(Gazetteer)
        packed.places = Records((tuple(vars(each).values()) for each in self.places), Place)
        packed.names = Records((tuple(vars(each).values()) for each in self.names), Name)
        packed.by_id = Index(self.by_id)
        packed.by_slug = _Numbers(each.slug for each in self.places)
        packed._exact = Index(self._exact)
        packed._forms = Texts(self._forms)
        packed._lengths = self._lengths
        packed.__dict__["_grams"] = Index(self._grams)
        return packed

    @cached_property
    def _grams(self) -> Mapping[str, Sequence[int]]:
        """The names by their trigrams, made when a name is first compared letter by letter."""
        by_gram: dict[str, list[int]] = defaultdict(list)
        for index, form in enumerate(self._forms):
            for gram in trigrams(form):
                by_gram[gram].append(index)
        return by_gram

    def _names(self, number: int) -> Iterable[Name]:
        place = self.places[number]
        label = place.label
        for text in dict.fromkeys((*place.names, *place.former)):
            how = "former" if text in place.former else "label" if text == label else "name"
            parts = spell(text)
            inside = frozenset(parts.others) | ({parts.region} if parts.region else set())
            country = "" if place.country else only_country(parts.core)
            if how == "name" and _is_piece(fold(text), fold(label)):
                how = "short"
            own = forms(text)
            for form in own:
                yield Name(form, number, how, text, country=country)
            if parts.core not in own:
                how = "bracket" if inside else how
                yield Name(parts.core, number, how, text, inside, country)
            if "/" in text and "(" not in text:
                for other in parts.others:
                    yield Name(other, number, how, text, country=country)
        yield from _exonyms(place, number)

    def exact(self, form: str) -> list[Name]:
        """Return the names that have just this form."""
        return [self.names[index] for index in self._exact.get(form, ())]

    def beginning(self, start: str, limit: int) -> list[Place]:
        """Return places with a name that begins so, those of most partnerships first.

        >>> [item.slug for item in Gazetteer([Place("bonn", ("Bonn",))]).beginning("bo", 5)]
        ['bonn']
        """
        first = bisect_left(self._forms, start)
        numbers: dict[int, int] = {}
        for index in range(first, min(first + _MAX_PREFIX, len(self._forms))):
            if not self._forms[index].startswith(start):
                break
            numbers.setdefault(self.names[index].place, len(self._forms[index]))
        ranked = sorted(numbers, key=lambda item: (-self.places[item].weight, numbers[item], item))
        return [self.places[item] for item in ranked[:limit]]

    def knows(self, form: str) -> bool:
        """Is there a name of this form at all?"""
        return form in self._exact

    def similar(self, core: str, wanted: frozenset[str]) -> list[Name]:
        """Return names that share rare trigrams with `core`, the most similar first."""
        lists = sorted(
            (numbers for gram in trigrams(core) if (numbers := self._grams.get(gram))), key=len
        )[:_RARE]
        shared: Counter[int] = Counter()
        for numbers in lists:
            if len(numbers) <= _LONG_LIST or not shared:
                shared.update(numbers)
        size = len(core)
        ranked = sorted(
            shared.items(), key=lambda item: (-item[1], abs(self._lengths[item[0]] - size))
        )
        return [self.names[index] for index, _ in ranked[:_MAX_FUZZY]
                if self._forms[index] not in wanted]  # fmt: skip


class _Numbers(Mapping[str, int]):
    """Sorted texts, each with its place in their order."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = Texts(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __getitem__(self, text: str) -> int:
        place = bisect_left(self._texts, text)
        if self._texts[place : place + 1] != [text]:
            raise KeyError(text)
        return place


def _exonyms(place: Place, number: int) -> Iterable[Name]:
    """Yield the names of the labelled city in other languages, if it is clear which city it is."""
    core = spell(place.label).core
    city = meant(core, place.country) if not spell(place.label).kind else None
    if city is None:
        return
    known = {form for text in (*place.names, *place.former) for form in forms(text)}
    for text in city.names:
        for form in sorted(forms(text) - known):
            yield Name(form, number, "exonym", text, country=city.country)


def _is_piece(short: str, long: str) -> bool:
    """Is a folded name a piece of a longer one, so that others may share it?

    >>> _is_piece("wangen", "wangen im allgau"), _is_piece("koln", "cologne")
    (True, False)
    """
    return short != long and short in long


def trigrams(form: str) -> set[str]:
    """Return the trigrams of a folded name, its beginning and end marked.

    >>> sorted(trigrams("ulm"))
    [' ul', 'lm ', 'ulm']
    """
    padded = f" {form} "
    return {padded[index : index + 3] for index in range(len(padded) - 2)}
