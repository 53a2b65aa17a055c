"""Who publishes what under which names: all that a feed says about its origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twingraph.settings import Settings


@dataclass(frozen=True)
class Publication:
    """`base` names things, `address` is where clients open them; both end in a slash."""

    base: str
    address: str
    title: Mapping[str, str]
    publisher: str = ""
    licence: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Publication:
        """Return what the settings of a project say."""
        return cls(
            settings.base_iri,
            settings.public_address,
            settings.title,
            settings.publisher,
            settings.licence,
        )
