"""The notes of a release, in English and German: what changed, what is in it, how to cite it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from twingraph.catalogue.citation import citation_line, release_url
from twingraph.rdf.dataset import Dataset, by_subject
from twingraph.rdf.iris import kind_of
from twingraph.release.changes.change import Comparison
from twingraph.release.changes.wording import closing, escaped, markdown, summary
from twingraph.release.changes.words import NOUNS, phrase
from twingraph.settings import Settings
from twingraph.translation import PAIRED

_TEXT: Final = {
    "en": """# Release {date} of “{title}”

{summary}.
{changes}
## What is in it

{counts}.
The address of this release, which stays: <{url}>.
Whoever fetched the files can see that they are whole: `sha256sum --check SHA256SUMS`.

## How to cite it

{citation}
""",
    "de": """# Veröffentlichung {date} von „{title}“

{summary}.
{changes}
## Was darin ist

{counts}.
Die Adresse dieser Veröffentlichung, die bleibt: <{url}>.
Ob die Dateien vollständig sind, zeigt `sha256sum --check SHA256SUMS`.

## Wie man sie zitiert

{citation}
""",
}
_SINCE: Final = {"en": "## What changed since {}", "de": "## Was sich seit {} geändert hat"}
_REPLAYED: Final = {
    "en": "`changes.rdfp` put on the dump of {} gives this one byte for byte: "
    "`twingraph patch OLD/twingraph.nq changes.rdfp`.",
    "de": "`changes.rdfp`, angewandt auf den Dump vom {}, ergibt diesen Byte für Byte: "
    "`twingraph patch ALT/twingraph.nq changes.rdfp`.",
}


def count_things(graph: Dataset, base: str) -> dict[str, int]:
    """Return how many quads, triples of the default graph, and things of each kind there are."""
    kinds = Counter(kind for iri, _, _ in by_subject(graph.default) if (kind := kind_of(iri, base)))
    return {"quads": len(graph), "triples": len(graph.default), **dict(sorted(kinds.items()))}


def one_line(comparison: Comparison | None) -> dict[str, str]:
    """Return the notes of a release in one line a language; None for a first release."""
    return {
        language: summary(comparison, language) if comparison else phrase("first", language)
        for language in PAIRED
    }


def write_notes(
    settings: Settings, date: str, counts: Mapping[str, int], comparison: Comparison | None
) -> bytes:
    """Return NOTES.md: English first, German below it."""
    parts = []
    for language in PAIRED:
        counted = [NOUNS[kind].counted(number, language) for kind, number in counts.items()
                if kind in NOUNS]  # fmt: skip
        statements = NOUNS["statement of the dump"].counted(counts["quads"], language)
        parts.append(
            _TEXT[language].format(
                title=escaped(settings.title.get(language) or settings.title.get("en", "")),
                date=date,
                summary=escaped(one_line(comparison)[language]),
                changes=_changes(comparison, language) if comparison else "",
                counts=", ".join([statements, *counted]),
                url=release_url(settings, date),
                citation=escaped(citation_line(settings, date)),
            )
        )
    return "\n".join(parts).encode()


def _changes(comparison: Comparison, language: str) -> str:
    old = comparison.old.name
    lines = ["", _SINCE[language].format(old), "", markdown(comparison, language).rstrip(), ""]
    lines += [f"{escaped(line.strip())}." for line in closing(comparison, language)]
    return "\n".join([*lines, _REPLAYED[language].format(old), ""])
