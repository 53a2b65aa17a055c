"""Shared memory in which the serving processes publish their metrics and the build they have ready.

Each process has a slot that only it writes. A restarted process gets a new slot, so that the
counters of the one that ended are not lost.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

_SLOT: Final = 512 * 1024  # bytes; only those that are written take memory
_HEAD: Final = struct.Struct("!IIB")  # number of writes (odd: being written), bytes, alive
_LANES: Final = struct.Struct("!HH")  # queries of a process in the second and in the third lane
_TRIES: Final = 100


class Board:
    """Slots of JSON objects; made before the processes are forked.

    >>> board = Board(2)
    >>> board.write(0, {"a": 1})
    >>> list(board.read())
    [(0, True, {'a': 1})]
    """

    def __init__(self, slots: int) -> None:
        """Allocate slots for so many processes, restarted ones included."""
        self.slots = slots
        self._memory = mmap.mmap(-1, slots * _SLOT)
        self._lanes = mmap.mmap(-1, slots * _LANES.size)

    def write(self, slot: int, content: Mapping[str, Any]) -> None:
        """Replace the content of a slot; content that does not fit is ignored."""
        body = json.dumps(content).encode()
        if len(body) > _SLOT - _HEAD.size:
            return
        start = slot * _SLOT
        version, _, _ = _HEAD.unpack_from(self._memory, start)
        _HEAD.pack_into(self._memory, start, version + 1, len(body), 1)
        self._memory[start + _HEAD.size : start + _HEAD.size + len(body)] = body
        _HEAD.pack_into(self._memory, start, (version + 2) % 2**31, len(body), 1)

    def retire(self, slot: int) -> None:
        """Mark the process of a slot as ended."""
        start = slot * _SLOT
        version, size, _ = _HEAD.unpack_from(self._memory, start)
        _HEAD.pack_into(self._memory, start, version + version % 2, size, 0)
        self.set_lanes(slot, 0, 0)

    def set_lanes(self, slot: int, second: int, third: int) -> None:
        """Publish how many queries a process has in its second and third lane."""
        _LANES.pack_into(self._lanes, slot * _LANES.size, second, third)

    def lanes_of_others(self, slot: int) -> tuple[int, int]:
        """Return how many queries all other processes have in those lanes."""
        second = third = 0
        for other, (item, two) in enumerate(_LANES.iter_unpack(self._lanes)):
            if other != slot:
                second, third = second + item, third + two
        return second, third

    def read(self) -> Iterator[tuple[int, bool, dict[str, Any]]]:
        """Yield each slot that was ever written: number, is its process alive, content."""
        for slot in range(self.slots):
            start = slot * _SLOT
            for _ in range(_TRIES):
                version, size, alive = _HEAD.unpack_from(self._memory, start)
                body = self._memory[start + _HEAD.size : start + _HEAD.size + size]
                if version % 2 == 0 and _HEAD.unpack_from(self._memory, start)[0] == version:
                    if version:
                        yield slot, bool(alive), _parsed(body)
                    break


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except ValueError:  # its process ended while writing
        return {}
    return fields if isinstance(fields, dict) else {}


class BoardPlaces:
    """The places for slow queries that the processes of a board share (`endpoint.pool.Places`)."""

    def __init__(self, board: Board, slot: int) -> None:
        """Publish in a slot of the board."""
        self._board = board
        self._slot = slot

    def others(self) -> tuple[int, int]:
        """Return how many queries the others have in their second and third lanes."""
        return self._board.lanes_of_others(self._slot)

    def publish(self, second: int, third: int) -> None:
        """Publish how many queries this process has in its second and third lane."""
        self._board.set_lanes(self._slot, second, third)
