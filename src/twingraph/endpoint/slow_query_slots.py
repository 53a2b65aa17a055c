"""The limited number of slow queries, shared by the pools of several processes."""

from __future__ import annotations

from typing import Final, Protocol

_NOBODY: Final = (0, 0)


class Places(Protocol):
    """How pools that share `limits.concurrent` know of each other's queries."""

    def others(self) -> tuple[int, int]:
        """Return how many queries the others have in their second and third lanes."""
        ...

    def publish(self, second: int, third: int) -> None:
        """Say how many we have there."""
        ...


class OwnPlaces:
    """Nobody shares them."""

    def others(self) -> tuple[int, int]:
        """Return none."""
        return _NOBODY

    def publish(self, second: int, third: int) -> None:
        """Do nothing: there is no other pool."""
