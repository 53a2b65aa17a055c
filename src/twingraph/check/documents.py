"""The shapes as documents: one for published data, one for curated files, one with all rules.

The files in `shapes/` are grouped by what they validate: `form.ttl` (how a statement is written),
`curated.ttl` (curated files alone), `published.ttl` (consistency of the published graph),
`derivation.ttl` (what a build derived) and `whole.ttl` (rules evaluated once for a whole dump).
Curated files and published data need documents of their own: what a build adds is forbidden in
curated files.
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
# rules for each focus node; `whole.ttl` has them as rules for the whole graph
_PER_FOCUS_NODE: Final = re.compile(
    r"tgs:(X01|X01-term|X04|L03-tag|R04-known|R04-fits|W02|W02-one|S04|S04-twinned) a "
)


def shapes_text(settings: Settings, names: Iterable[str]) -> bytes:
    """Return some files of `shapes/` as one Turtle text."""
    folder = settings.resource("shapes")
    return b"\n".join((folder / name).read_bytes() for name in names)


def without_advice(text: str) -> str:
    """Return a shapes file without the rules that only advise (warnings and hints).

    For any SHACL engine a graph does not conform as soon as there is one result, even of severity
    sh:Info (SHACL §3.6.1), but hints are for curators. The text is split at empty lines: each
    block states its severity.

    >>> text = "a sh:severity sh:Violation .\\n\\n  sh:severity sh:Info ;\\n  b .\\n\\nc ."
    >>> print(without_advice(text))
    a sh:severity sh:Violation .
    <BLANKLINE>
    c .
    """
    return "\n\n".join(part for part in text.split("\n\n") if not _ADVICE.search(part))


def shape_documents(settings: Settings) -> dict[str, bytes]:
    """Return the Turtle of the three documents of a build, by file name."""
    blocks = without_advice(shapes_text(settings, _OF_PUBLISHED).decode()).split("\n\n")
    published = "\n\n".join(block for block in blocks if not _PER_FOCUS_NODE.match(block))
    return {
        WHOLE: shapes_text(settings, _OF_BOTH),
        CURATED: shapes_text(settings, _OF_CURATED),
        PUBLISHED: published.encode(),
    }
