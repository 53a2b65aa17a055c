"""Large tables of texts and numbers, held as bytes: small, and shared by the forks of a process.

A Python object has a count of its users in it; a fork that reads the object writes there, and gets
a copy of the page. Thousands of texts in one `bytes` are one object, whose content is only read.
"""

from __future__ import annotations

import marshal
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import Final, Generic, TypeVar, overload

Item = TypeVar("Item")
_NUMBERS: Final = "I"  # four bytes each
_PLAIN: Final = 2  # the version of `marshal` in which equal things have equal bytes


class Packed(Sequence[Item], Generic[Item]):
    """Things in their order, each made of its bytes when it is asked for."""

    def __init__(self, raw: Iterable[bytes]) -> None:
        """Pack the bytes of each thing."""
        parts = list(raw)
        self._bytes = b"".join(parts)
        self._ends = array(_NUMBERS, accumulate(map(len, parts), initial=0))

    def _made(self, raw: bytes) -> Item:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        """Are these the same things in the same order?"""
        if not isinstance(other, Packed):
            return NotImplemented
        return self._bytes == other._bytes and self._ends == other._ends

    __hash__ = None  # type: ignore[assignment]  # as lists have none

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        """Return the thing at a place, or those of a slice."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._made(self._bytes[self._ends[place] : self._ends[place + 1]])


class Texts(Packed[str]):
    """Texts in their order.

    >>> texts = Texts(["Köln", "", "Bonn"])
    >>> texts[0], texts[-1], texts[:2], len(texts), list(texts) == ["Köln", "", "Bonn"]
    ('Köln', 'Bonn', ['Köln', ''], 3, True)
    """

    def __init__(self, texts: Iterable[str]) -> None:
        """Pack these texts."""
        super().__init__(text.encode("utf-8", "surrogatepass") for text in texts)

    def _made(self, raw: bytes) -> str:
        return raw.decode("utf-8", "surrogatepass")


class Records(Packed[Item]):
    """Things made of rows of texts, numbers, tuples and sets of them.

    >>> records = Records([(3, 4), (1, 2)], complex)
    >>> records[1], list(records)
    ((1+2j), [(3+4j), (1+2j)])
    """

    def __init__(self, rows: Iterable[tuple[object, ...]], make: Callable[..., Item]) -> None:
        """Pack these rows, of which `make` makes things; a function of a module can be pickled."""
        super().__init__(marshal.dumps(list(row), _PLAIN) for row in rows)
        self._make = make

    def _made(self, raw: bytes) -> Item:
        return self._make(*marshal.loads(raw))


class Index(Mapping[str, Sequence[int]]):
    """Texts, each with the numbers under it; the texts of a length are found at once.

    >>> index = Index({"ulm": [3], "bonn": [1, 2], "": []})
    >>> list(index["bonn"]), "köln" in index, list(index), list(index.of_length(3))
    ([1, 2], False, ['', 'ulm', 'bonn'], ['ulm'])
    """

    def __init__(self, items: Mapping[str, Sequence[int]]) -> None:
        """Pack these."""
        keys = sorted(items, key=lambda key: (len(key), key))
        by_length: dict[int, list[str]] = {}
        for key in keys:
            by_length.setdefault(len(key), []).append(key)
        firsts = accumulate((len(each) for each in by_length.values()), initial=0)
        self._blocks = {
            length: (first, len(each), "".join(each))
            for first, (length, each) in zip(firsts, by_length.items(), strict=False)
        }
        self._ends = array(_NUMBERS, accumulate((len(items[key]) for key in keys), initial=0))
        self._numbers = array(_NUMBERS, chain.from_iterable(items[key] for key in keys))

    def __len__(self) -> int:
        """Return how many texts there are."""
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        """Return the texts, shorter ones first."""
        for length in self._blocks:
            yield from self.of_length(length)

    def __getitem__(self, key: str) -> Sequence[int]:
        """Return the numbers under a text; raise `KeyError` where it is not there."""
        length = len(key)
        first, number, block = self._blocks.get(length, (0, 0, ""))
        place = bisect_left(
            range(number), key, key=lambda place: block[place * length : (place + 1) * length]
        )
        if place == number or block[place * length : (place + 1) * length] != key:
            raise KeyError(key)
        return self._numbers[self._ends[first + place] : self._ends[first + place + 1]]

    def size(self, key: str) -> int:
        """Return how many numbers are under a text."""
        return len(self.get(key, ()))

    def of_length(self, length: int) -> list[str]:
        """Return the texts of that many characters, in order."""
        _, number, block = self._blocks.get(length, (0, 0, ""))
        return [block[place * length : (place + 1) * length] for place in range(number)]
