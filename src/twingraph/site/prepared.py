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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from pyoxigraph import Store

from twingraph.rdf.change import DEFAULT, Change
from twingraph.site.answers_update import answers_after
from twingraph.site.attachments import all_starts
from twingraph.site.changed_part import Earlier
from twingraph.site.choices import BROWSED
from twingraph.site.describe import STATEMENTS
from twingraph.site.illustrations import Illustrator
from twingraph.site.incoming import INCOMING, kept_of, pack_incoming
from twingraph.site.listings import facet_counts, listings
from twingraph.site.lists import CLASSES, members_of
from twingraph.site.names import NAMES, finder_of, pack_names
from twingraph.site.prepared_update import EDITED
from twingraph.site.reader import ANSWERS, GRAPHS, LANGUAGES, PREPARED, BuildReader, pack_rows
from twingraph.site.source_citations import read_much_cited

Starts = Mapping[str, Sequence[str]]

STARTS: Final = f"{PREPARED}/{GRAPHS}"
# queries that need nothing filled in and whose answers are short beside what they read
ANSWERED: Final = (
    "anniversaries", "classes", "conflicts", "numbers", "schemes", "statistics-countries",
    "statistics-fields", "statistics-kinds", "statistics-sources", "statistics-starts",
)  # fmt: skip


def _answers(reader: BuildReader) -> bytes:
    reader = replace(reader, store=Store(), memory={})  # freed with what is loaded for these
    return _json({name: pack_rows(reader.queries[name], reader.rows(name)) for name in ANSWERED})


def _listing(reader: BuildReader, kind: str, language: str) -> bytes:
    made = reader.remember(("listings", kind), lambda: listings(reader, kind))
    return _json(made[language])


def _world(reader: BuildReader, language: str) -> bytes:
    return Illustrator(reader, language, f"{language}/index.html").world().encode()


_MADE: Final[Mapping[str, Callable[[BuildReader], bytes]]] = {
    ANSWERS: _answers,
    INCOMING: lambda reader: _json(pack_incoming(reader)),
    NAMES: pack_names,
    **{
        f"list-{kind}-{language}.json": partial(_listing, kind=kind, language=language)
        for kind in BROWSED
        for language in LANGUAGES
    },
    **{f"world-{language}.svg": partial(_world, language=language) for language in LANGUAGES},
}


def prepare(
    reader: Callable[[], BuildReader], graphs: Mapping[str, Sequence[str]],
    starts: Callable[[], Starts] = dict, earlier: Earlier | None = None,
) -> dict[str, Callable[[], Iterable[bytes]]]:  # fmt: skip
    """Return what makes each file, by its path in the build.

    `reader` returns who reads what is published; `graphs` are the sorted lines of the named graphs,
    `starts` the first of those of which they are known; `earlier` is what was prepared before.
    """
    files: dict[str, Callable[[], Iterable[bytes]]] = {STARTS: lambda: [_starts(graphs, starts())]}
    for name in _MADE:
        files[f"{PREPARED}/{name}"] = partial(_prepared, name, reader, earlier)
    return files


def _prepared(
    name: str, reader: Callable[[], BuildReader], earlier: Earlier | None
) -> Iterable[bytes]:
    """Return a file: that of the build before with what changed, else made of everything."""
    raw = earlier.read(f"{PREPARED}/{name}") if earlier else None
    edited = None
    if earlier and raw is not None:
        if name in EDITED:
            edited = EDITED[name](earlier, raw)
        elif name == ANSWERS:
            answers = answers_after(earlier, raw, reader, ANSWERED)
            edited = None if answers is None else _json(answers)
    return [_MADE[name](reader()) if edited is None else edited]


def _starts(graphs: Mapping[str, Sequence[str]], known: Starts) -> bytes:
    return _json({
        name: {"number": len(lines), "first": known.get(name) or lines[:STATEMENTS]}
        for name, lines in graphs.items()
        if len(lines) > STATEMENTS
    })  # fmt: skip


def starts_after(raw: bytes, change: Change) -> Starts:
    """Return how large graphs begin after a change, where what was kept of them tells.

    It does not where more of the kept lines went than came: none knows which follow on them.
    """
    found = {}
    for name, kept in json.loads(raw).items():
        first = kept["first"]
        come = [line for line in change.added.get(name, ()) if line <= first[-1]]
        now = sorted({*first, *come}.difference(change.removed.get(name, ())))
        if len(now) >= STATEMENTS:
            found[name] = now[:STATEMENTS]
    return found


def same_starts(change: Change, graphs: Mapping[str, Sequence[str]]) -> bool:
    """Did the large graphs stay as they were, and the others small?"""
    for name in change.graphs:
        now = len(graphs.get(name, ()))
        then = now - len(change.added.get(name, ())) + len(change.removed.get(name, ()))
        if name != DEFAULT and max(now, then) > STATEMENTS:
            return False
    return True


def read_prepared(reader: BuildReader) -> None:
    """Read all of it now, so that no page waits for it: what is listed, counted and searched."""
    finder_of(reader)
    kept_of(reader)
    read_much_cited(reader)
    reader.prepared_graphs()
    for name in ANSWERED:
        reader.rows(name)
    all_starts(reader, years=False)
    for kind in CLASSES:
        members_of(reader, kind)
    for language in LANGUAGES:
        for kind in BROWSED:
            facet_counts(reader, kind, language)


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
