"""Suggestions for a request of something unknown: entities with similar names."""

from __future__ import annotations

from typing import Final

from twingraph.rdf.iris import page_path
from twingraph.site.facts import PageFacts
from twingraph.site.names import finder_of
from twingraph.site.reader import BuildReader
from twingraph.site.render import Alternate

_MOST: Final = 5
_LONGEST: Final = 60


def near_names(site: BuildReader, text: str, language: str) -> list[Alternate]:
    """Return the pages of entities that an unknown slug or name may mean, the likeliest first."""
    typed = text.replace("-", " ")[:_LONGEST]
    hits = finder_of(site).find(typed, language)[:_MOST]
    facts = PageFacts(site, language)
    facts.mention(hit.thing for hit in hits)
    facts.complete()
    named = ((facts.name(hit.thing).text, page_path(site.path(hit.thing) or "", language))
             for hit in hits)  # fmt: skip
    return [Alternate(name, path, "text/html", language) for name, path in named if path]
