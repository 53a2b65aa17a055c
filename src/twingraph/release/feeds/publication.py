"""The publisher, title, licence and addresses of the data, for the head of a feed."""

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
        """Return the publication of a project, from its settings."""
        return cls(
            settings.base_iri,
            settings.public_address,
            settings.title,
            settings.publisher,
            settings.licence,
        )
