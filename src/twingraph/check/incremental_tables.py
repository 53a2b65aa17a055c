"""Which statements of imported tables are validated after a change (`check/table_selection.py`).

They are those that were validated last time, and those about subjects that curated files now
mention, or give the label of. Where a change may make other rows break a rule together, the
result is None and all tables are looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from twingraph.check.table_selection import DEPRECATED, RANK, beginning
from twingraph.derive.increment import ChangedGraph
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, TG
from twingraph.source.incremental import ReadAgain
from twingraph.source.tables.places import NAME as PLACES

_TYPE, _LABEL = str(RDF.type), str(RDFS.label)
_SUBJECT, _PARTNER = str(TG.subject), str(TG.partner)
# predicates by which a curated statement may conflict with rows that don't mention its subject
_WIDE: Final = frozenset({
    DEPRECATED, RANK, str(TG.country), f"<{PREFIXES['owl']}sameAs>",
    *(f"<{PREFIXES['schema']}{name}>" for name in ("latitude", "longitude")),
})  # fmt: skip
_OF_ROW: Final = re.compile(r"id/(claim/|partnership/|source/[^#>]*#row=)")


def table_lines_now(
    read: ReadAgain, graph: ChangedGraph, validated: Sequence[str]
) -> Sequence[str] | None:
    """Return the lines of tables to validate; None where others than these may be affected.

    `validated` are the lines of tables that were validated last time.
    """
    places = [lines for file in read.curated.files if file.is_table
              for lines in file.texts.values()]  # fmt: skip
    if not any(file.is_table for file in read.curated.files):
        return ()
    if any(file.path.endswith(f"entities/{PLACES}") for file in read.fresh):
        return None  # validated lines of the table of places may be gone from it
    base = read.curated.settings.base_iri
    lists = f"{base}graph/import/"
    removed, added = read.written.removed, read.written.added
    changed = [(name.removeprefix(lists) if name.startswith(lists) else "", line)
               for side in (removed, added) for name, lines in side.items()
               for line in lines]  # fmt: skip
    if not all(
        _is_plain_row(graph, line, slug, base) if slug else _affects_only_itself(graph, line)
        for slug, line in changed
    ):
        return None
    of_rows = {line for slug, line in changed if slug}
    now = {line for name, lines in added.items() if name.startswith(lists) for line in lines}
    known = {line.partition(" ")[0] for line in validated}
    gone = {line for line in of_rows - now if not _is_in_a_list(graph, line, lists)}
    kept = {*validated} - gone
    kept.update(line for line in now if line.partition(" ")[0] in known)
    todo = set(_namesakes(graph, (line for slug, line in changed if not slug)))
    for slug, line in changed:
        thing, _, value = line.split(" ", 2)
        todo.update((value[:-2],) if slug else (thing, value[:-2]))
    while todo:
        thing = todo.pop()
        if not thing.startswith(f"<{base}id/") or thing in known:
            continue
        known.add(thing)
        lines_now = {line for name, lines in graph.before(thing).items() if name.startswith(lists)
                 for line in lines} - gone  # fmt: skip
        lines_now.update(line for line in now if line.startswith(f"{thing} "))
        lines_now.update(chain.from_iterable(beginning(lines, f"{thing} ") for lines in places))
        kept |= lines_now
        todo.update(line.split(" ", 2)[2][:-2] for line in lines_now)
    return sorted(kept)


def _is_in_a_list(graph: ChangedGraph, line: str, lists: str) -> bool:
    """Does a list of the build before still have a line that was removed, perhaps from another?"""
    return any(
        name.startswith(lists) and line in lines and line not in graph.written.removed.get(name, ())
        for name, lines in graph.before(line.partition(" ")[0]).items()
    )


def _is_plain_row(graph: ChangedGraph, line: str, slug: str, base: str) -> bool:
    """Is a changed statement of a list about a row or the list, and sure to break no rule?"""
    thing, predicate, value = line.split(" ", 2)
    is_of_list = thing == f"<{base}id/source/{slug}>" or _OF_ROW.match(thing, len(base) + 1)
    return (
        predicate != RANK
        and bool(is_of_list)
        and (predicate != _PARTNER or is_described(graph, value[:-2]))
        and (predicate not in (_PARTNER, _SUBJECT) or not _is_withdrawn(graph, value[:-2]))
    )


def _affects_only_itself(graph: ChangedGraph, line: str) -> bool:
    """Can a changed curated statement affect the conformance of its own subject alone?

    Others that it could affect: those that name the subject as their country, that have the same
    link to another database, or whose claim competes with a preferred one.
    """
    thing, predicate, _ = line.split(" ", 2)
    if predicate == _TYPE:
        return is_described(graph, thing)
    if predicate == _SUBJECT:
        before = chain.from_iterable(graph.before(thing).values())
        return not any(RANK in each for each in (*before, *graph.now(thing)))
    return predicate not in _WIDE


def _namesakes(graph: ChangedGraph, lines: Iterable[str]) -> Iterator[str]:
    """Yield the subjects that have one of the labels in some lines."""
    for line in lines:
        _, predicate, value = line.split(" ", 2)
        if predicate == _LABEL:
            yield from graph.having(f" {predicate} {value}")


def _is_withdrawn(graph: ChangedGraph, thing: str) -> bool:
    """Do people say of a place or a partnership that it is withdrawn?"""
    return any(DEPRECATED in line for line in graph.now(thing))


def is_described(graph: ChangedGraph, thing: str) -> bool:
    """Has a thing (`<IRI>`) a class in some graph that is written now?"""
    typed = f"{thing} {RDF.type} "
    return any(line.startswith(typed) for line in graph.now(thing))
