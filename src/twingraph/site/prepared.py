"""What pages would ask of the whole graph, asked once by the build: the folder `prepared/`.

| file | holds |
|---|---|
| `answers.json` | the rows of each query of `ANSWERED`, with the digest of its text |
| `graphs.json` | the first statements of each large graph, and how many it has |
| `incoming.json` | who points to a thing of ours to which thousands do: the first, and how many |
| `names.json` | every name that a thing is found by, with its folded forms |
| `list-<kind>-<language>.json` | what is listed, in the order of its names, with its facets |
| `world-<language>.svg` | the map of all places, as the first page shows it |

They are no publication: a build without them, or with those of another version, is read all the
same, only slower. Decision 0048.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from twingraph.site.browse import facet_counts, listings
from twingraph.site.choices import BROWSED
from twingraph.site.describe import STATEMENTS
from twingraph.site.illustrations import Illustrator
from twingraph.site.incoming import INCOMING, kept_of, pack_incoming
from twingraph.site.lists import CLASSES, members_of
from twingraph.site.names import NAMES, finder_of, pack_names
from twingraph.site.reader import ANSWERS, GRAPHS, LANGUAGES, PREPARED, BuildReader, pack_rows

# queries that need nothing filled in and whose answers are short beside what they read
ANSWERED: Final = (
    "anniversaries", "classes", "conflicts", "numbers", "schemes", "statistics-countries",
    "statistics-fields", "statistics-kinds", "statistics-sources", "statistics-starts",
)  # fmt: skip


def prepare(
    reader: BuildReader, graphs: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, bytes]]:
    """Yield the path in the build and the bytes of each file.

    `reader` reads what is published; `graphs` are the sorted lines of the named graphs.
    """
    large = {
        name: {"number": len(lines), "first": lines[:STATEMENTS]}
        for name, lines in graphs.items()
        if len(lines) > STATEMENTS
    }
    yield f"{PREPARED}/{GRAPHS}", _json(large)
    answers = {name: pack_rows(reader.queries[name], reader.rows(name)) for name in ANSWERED}
    yield f"{PREPARED}/{ANSWERS}", _json(answers)
    yield f"{PREPARED}/{INCOMING}", _json(pack_incoming(reader))
    yield f"{PREPARED}/{NAMES}", pack_names(reader)
    for kind in BROWSED:
        for language, listing in listings(reader, kind).items():
            yield f"{PREPARED}/list-{kind}-{language}.json", _json(listing)
    for language in LANGUAGES:
        drawn = Illustrator(reader, language, f"{language}/index.html").world()
        yield f"{PREPARED}/world-{language}.svg", drawn.encode()


def read_prepared(reader: BuildReader) -> None:
    """Read all of it now, so that no page waits for it: what is listed, counted and searched."""
    finder_of(reader)
    kept_of(reader)
    for kind in CLASSES:
        members_of(reader, kind)
    for language in LANGUAGES:
        for kind in BROWSED:
            facet_counts(reader, kind, language)


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
