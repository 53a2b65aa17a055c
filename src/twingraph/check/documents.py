"""The shapes as documents: what anybody's copy must satisfy, and what curators write by.

`shapes/` keeps the rules by what they look at: `form.ttl` (how a statement is written),
`curated.ttl` (curated files alone), `published.ttl` (sense of the whole) and `derivation.ttl`
(what a build made), `whole.ttl` (what a dump is asked once). Two documents are made of them,
because a rule that forbids what a build adds holds of curated files and of nothing published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from twingraph.settings import Settings

CURATED: Final = "shapes-curated.ttl"
PUBLISHED: Final = "shapes-published.ttl"
WHOLE: Final = "shapes.ttl"

_ADVICE: Final = re.compile(r"^\s*sh:severity sh:(Warning|Info)\b", re.MULTILINE)
_OF_CURATED: Final = ("prefixes.ttl", "form.ttl", "curated.ttl")
_OF_PUBLISHED: Final = ("prefixes.ttl", "form.ttl", "published.ttl", "derivation.ttl", "whole.ttl")
_OF_BOTH: Final = ("prefixes.ttl", "form.ttl", "curated.ttl", "published.ttl", "derivation.ttl")
# rules asked of each thing; `whole.ttl` asks the same once of everything
_ONE_BY_ONE: Final = re.compile(
    r"tgs:(X01|X01-term|X04|L03-tag|R04-known|R04-fits|W02|W02-one|S04|S04-twinned) a "
)


def shapes_text(settings: Settings, names: Iterable[str]) -> bytes:
    """Return some files of `shapes/` as one Turtle text."""
    folder = settings.resource("shapes")
    return b"\n".join((folder / name).read_bytes() for name in names)


def musts(text: str) -> str:
    """Return a shapes file without the rules that only advise (warnings and hints).

    A stranger's engine calls a graph non-conforming for a hint too (SHACL §3.6.1), and a hint is
    for the curator. A rule and its parts are blocks of text, each with its severity.

    >>> print(musts("a sh:severity sh:Violation .\\n\\n  sh:severity sh:Info ;\\n  b .\\n\\nc ."))
    a sh:severity sh:Violation .
    <BLANKLINE>
    c .
    """
    return "\n\n".join(part for part in text.split("\n\n") if not _ADVICE.search(part))


def shape_documents(settings: Settings) -> dict[str, bytes]:
    """Return the documents of a build by file name: all rules, and those of each form."""
    blocks = musts(shapes_text(settings, _OF_PUBLISHED).decode()).split("\n\n")
    published = "\n\n".join(block for block in blocks if not _ONE_BY_ONE.match(block))
    return {
        WHOLE: shapes_text(settings, _OF_BOTH),
        CURATED: shapes_text(settings, _OF_CURATED),
        PUBLISHED: published.encode(),
    }
