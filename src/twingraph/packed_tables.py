"""Large tables of texts and numbers stored as bytes: small, and shared by forked processes.

Every Python object contains a reference count; a forked process that reads the object changes the
count, and the system copies the memory page. Thousands of texts in one `bytes` are one object,
whose content is only ever read.
"""

from __future__ import annotations

import marshal
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Final, Generic, TypeVar, overload

Item = TypeVar("Item")
_NUMBERS: Final = "I"  # four bytes each
_PLAIN: Final = 2  # the version of `marshal` in which equal things have equal bytes


class Packed(Sequence[Item], Generic[Item]):
    """A sequence of items stored as bytes; an item is decoded when it is accessed."""

    def __init__(self, raw: Iterable[bytes]) -> None:
        """Store the encoded items."""
        parts = list(raw)
        self._bytes = b"".join(parts)
        self._ends = array(_NUMBERS, accumulate(map(len, parts), initial=0))

    def _made(self, raw: bytes) -> Item:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        """Compare the encoded items, in order."""
        if not isinstance(other, Packed):
            return NotImplemented
        return self._bytes == other._bytes and self._ends == other._ends

    __hash__ = None  # type: ignore[assignment]  # as lists have none

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        """Return the item at an index, or the items of a slice."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._made(self._bytes[self._ends[place] : self._ends[place + 1]])

    def __iter__(self) -> Iterator[Item]:
        """Yield every item, in order."""
        return (self._made(self._bytes[start:end]) for start, end in pairwise(self._ends))


class Texts(Packed[str]):
    """A sequence of texts.

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
    """A sequence of objects, each made from a row of texts, numbers, and tuples and sets of them.

    >>> records = Records([(3, 4), (1, 2)], complex)
    >>> records[1], list(records)
    ((1+2j), [(3+4j), (1+2j)])
    """

    def __init__(self, rows: Iterable[tuple[object, ...]], make: Callable[..., Item]) -> None:
        """Store the rows; `make(*row)` makes an item (to be pickled: a function of a module)."""
        super().__init__(marshal.dumps(list(row), _PLAIN) for row in rows)
        self._make = make

    def _made(self, raw: bytes) -> Item:
        return self._make(*marshal.loads(raw))


class Index(Mapping[str, Sequence[int]]):
    """A mapping from texts to numbers that also lists the texts of a given length.

    >>> index = Index({"ulm": [3], "bonn": [1, 2], "": []})
    >>> list(index["bonn"]), "köln" in index, list(index), list(index.of_length(3))
    ([1, 2], False, ['', 'ulm', 'bonn'], ['ulm'])
    """

    def __init__(self, items: Mapping[str, Sequence[int]]) -> None:
        """Store the mapping."""
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
        """Return the number of texts."""
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        """Return the texts, shorter ones first."""
        for length in self._blocks:
            yield from self.of_length(length)

    def __getitem__(self, key: str) -> Sequence[int]:
        """Return the numbers of a text; raise `KeyError` for an unknown one."""
        length = len(key)
        first, number, block = self._blocks.get(length, (0, 0, ""))
        place = bisect_left(
            range(number), key, key=lambda place: block[place * length : (place + 1) * length]
        )
        if place == number or block[place * length : (place + 1) * length] != key:
            raise KeyError(key)
        return self._numbers[self._ends[first + place] : self._ends[first + place + 1]]

    def size(self, key: str) -> int:
        """Return how many numbers a text has, 0 for an unknown one."""
        return len(self.get(key, ()))

    def of_length(self, length: int) -> list[str]:
        """Return the texts of that many characters, in order."""
        _, number, block = self._blocks.get(length, (0, 0, ""))
        return [block[place * length : (place + 1) * length] for place in range(number)]
