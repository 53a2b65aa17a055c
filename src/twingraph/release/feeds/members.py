"""Two dumps -> the entities that were created, updated or deleted, each with its whole state.

An entity here is what stands by itself, with its parts: a partnership with its claims, citations,
remarks and quantities; a place with its geometry. Every triple of the default graph belongs to
exactly one entity, so the newest states of all entities together are the newest default graph.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import TG
from twingraph.release.changes.delta import Dump, is_default

Action = Literal["Create", "Delete", "Update"]

# predicates by which a part names what it is a part of
_UP: Final = {"claim": TG.subject, "quantity": TG.about, "remark": TG.about}


@dataclass(frozen=True)
class Member:
    """One entity that changed: its IRI, what happened (Activity Streams 2.0), its state since.

    `lines` are canonical N-Triples lines in the order of their bytes; none for a deletion.
    """

    action: Action
    iri: str
    lines: tuple[bytes, ...] = ()


def changed_members(old: Dump | None, new: Dump) -> list[Member]:
    """Return a member for each entity whose state differs, sorted by IRI; all of them without old.

    >>> line = b'<https://example.org/id/place/a> <http://e/p> "x" .\\n'
    >>> dump = Dump("a", lambda: iter([line]), "https://example.org/")
    >>> [(member.action, member.iri) for member in changed_members(None, dump)]
    [('Create', 'https://example.org/id/place/a')]
    >>> changed_members(dump, dump)
    []
    """
    before = _digests(old) if old else {}
    after = entity_states(new)
    members = []
    for subject in sorted(before.keys() | after.keys(), key=lambda subject: subject[1:-1]):
        lines = after.get(subject)
        iri = subject[1:-1].decode()
        if lines is None:
            members.append(Member("Delete", iri))
        elif subject not in before:
            members.append(Member("Create", iri, tuple(lines)))
        elif _digest(lines) != before[subject]:
            members.append(Member("Update", iri, tuple(lines)))
    return members


def entity_states(dump: Dump) -> Mapping[bytes, list[bytes]]:
    """Return the lines of a dump's default graph by the entity (`<iri>`) that they belong to."""
    lines = list(_default_lines(dump))  # they are what is returned
    roots = _roots(lines, dump.base)
    by_entity: dict[bytes, list[bytes]] = defaultdict(list)
    for line in lines:
        subject = line[: line.index(b" ")]
        by_entity[roots.get(subject, subject)].append(line)
    return by_entity


def _digests(dump: Dump) -> dict[bytes, bytes]:
    roots = _roots(_default_lines(dump), dump.base)
    digests: dict[bytes, hashlib.blake2b] = {}
    for line in _default_lines(dump):
        subject = line[: line.index(b" ")]
        root = roots.get(subject, subject)
        if root not in digests:
            digests[root] = hashlib.blake2b(digest_size=20)
        digests[root].update(line)
    return {root: state.digest() for root, state in digests.items()}


def _digest(lines: Iterable[bytes]) -> bytes:
    state = hashlib.blake2b(digest_size=20)
    for line in lines:
        state.update(line)
    return state.digest()


def _default_lines(dump: Dump) -> Iterator[bytes]:
    return (line for line in dump.lines() if is_default(line))


def _roots(lines: Iterable[bytes], base: str) -> dict[bytes, bytes]:
    """Return the entity of every part, by the part (both as `<iri>`).

    A citation that several nodes share belongs to the one whose IRI sorts first; one that nobody
    cites belongs to its document.
    """
    cites, in_source = (_raw(term.value) for term in (TG.cites, TG.inSource))
    up = {_raw(term.value): kind for kind, term in _UP.items()}
    owner_predicates = {kind: _raw(term.value) for kind, term in _UP.items()}
    owners: dict[bytes, bytes] = {}
    sources: dict[bytes, bytes] = {}
    geometry, place = (f"<{base}id/{kind}/".encode() for kind in ("geometry", "place"))
    geometries: dict[bytes, bytes] = {}
    for line in lines:
        subject, predicate, rest = line.split(b" ", 2)
        if predicate == cites:
            cited = rest[: rest.index(b" ")]
            owners[cited] = min(subject, owners.get(cited, subject))
        elif predicate == in_source:
            sources[subject] = rest[: rest.index(b" ")]
        elif predicate in up:
            kind = kind_of(subject[1:-1].decode(), base) or ""
            if owner_predicates.get(kind) == predicate:
                owner = rest[: rest.index(b" ")]
                owners[subject] = min(owner, owners.get(subject, owner))
        if subject.startswith(geometry):
            geometries[subject] = place + subject.removeprefix(geometry)
    for cited, source in sources.items():
        owners.setdefault(cited, source)
    return {part: _top(part, owners) for part in owners} | geometries


def _top(part: bytes, owners: Mapping[bytes, bytes]) -> bytes:
    """Return the end of the chain of owners; a chain that runs in a circle ends where it began."""
    ancestors = [part]
    while (owner := owners.get(ancestors[-1])) is not None:
        if owner in ancestors:
            return min(ancestors)
        ancestors.append(owner)
    return ancestors[-1]


def _raw(iri: str) -> bytes:
    return f"<{iri}>".encode()
