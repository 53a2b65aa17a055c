"""The catalogues of releases -> DCAT-AP Feeds: what changed in the catalogue itself.

https://semiceu.github.io/LDES-DCAT-AP-feeds/: an event stream of as:Create, as:Update and as:Delete
activities, each with the catalogue, data set, distribution, service or agent in its own graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from twingraph.export.editions import Edition
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import RDF
from twingraph.release.feeds.ldes import (
    FOLDER,
    Published,
    member_iri,
    timestamp,
    write_member,
    write_page,
    write_root,
)
from twingraph.release.feeds.members import Member
from twingraph.release.feeds.publication import Publication

ROOT: Final = "catalogue.trig"
PAGE: Final = FOLDER + "catalogue.trig"
STREAM: Final = "catalogue"
_DCAT: Final = "http://www.w3.org/ns/dcat#"
# classes of entities with members of their own; others are part of the entity that names them
_ENTITIES: Final = frozenset({
    *(NamedNode(_DCAT + name) for name in ("Catalog", "DataService", "Dataset", "Distribution")),
    NamedNode("http://xmlns.com/foaf/0.1/Agent"),
    NamedNode("http://www.w3.org/2006/vcard/ns#Kind"),
})  # fmt: skip
_TITLES: Final = {
    "en": "What changed in the catalogue of {}",
    "de": "Was sich im Katalog geändert hat: {}",
}
_SHAPE: Final = (
    "  tree:shape <https://semiceu.github.io/LDES-DCAT-AP-feeds/shape.ttl#ActivityShape> ;\n"
)


def catalogue_page(old: bytes | None, new: bytes, base: str, date: str) -> bytes | None:
    """Return the page of the changes between two catalogues (Turtle); None if there are none."""
    members = catalogue_members(old, new, base)
    if not members:
        return None
    stream, time = f"../../feed/{ROOT}#{STREAM}", timestamp(date)
    blocks = [
        write_member(member, _activity_iri(base, date, member.iri), stream, time)
        for member in members
    ]
    return write_page(blocks)


def _activity_iri(base: str, date: str, iri: str) -> str:
    return member_iri(base, date, iri).replace("/change/", "/catalogue-change/", 1)


def catalogue_members(old: bytes | None, new: bytes, base: str) -> list[Member]:
    """Return a member for each entity of a catalogue that was created, updated or deleted."""
    before = _states(old, base) if old else {}
    after = _states(new, base)
    members = []
    for iri in sorted(before.keys() | after.keys()):
        if iri not in after:
            members.append(Member("Delete", iri))
        elif before.get(iri) != after[iri]:
            members.append(Member("Update" if iri in before else "Create", iri, after[iri]))
    return members


def _states(raw: bytes, base: str) -> dict[str, tuple[bytes, ...]]:
    """Return the lines of each entity: its triples, and those of nodes of the project it names.

    Of the terms of others, such as codes of an authority table, those that it names are explained,
    and no further ones: these stand in the catalogue.
    """
    by_subject: dict[str, list[Triple]] = defaultdict(list)
    for quad in parse(raw, format=RdfFormat.TURTLE):
        by_subject[plain(quad.subject)].append(quad.triple)
    entities = {
        iri for iri, triples in by_subject.items()
        if any(triple.predicate == RDF.type and triple.object in _ENTITIES for triple in triples)
    }  # fmt: skip
    return {iri: _closure(iri, by_subject, entities, base) for iri in entities}


def _closure(
    iri: str, by_subject: Mapping[str, Sequence[Triple]], entities: set[str], base: str
) -> tuple[bytes, ...]:
    reached, pending = {iri}, [iri]
    lines: set[bytes] = set()
    while pending:
        subject = pending.pop()
        is_of_project = subject == iri or subject.startswith(base)
        for triple in by_subject.get(subject, ()):
            lines.add(f"{triple.subject} {triple.predicate} {triple.object} .\n".encode())
            value = triple.object
            if (
                is_of_project
                and isinstance(value, NamedNode)
                and value.value not in reached | entities
            ):
                reached.add(value.value)
                pending.append(value.value)
    return tuple(sorted(lines))


def catalogue_root(publication: Publication, editions: Iterable[Edition]) -> bytes:
    """Return the root page of the stream over the releases whose catalogue changed."""
    published = [Published(edition.date, catalogue_pages(edition)) for edition in editions]
    titles = " , ".join(
        str(Literal(_TITLES[language].format(title), language=language))
        for language, title in sorted(publication.title.items())
        if language in _TITLES
    )
    return write_root(published, titles or '"Changes of the catalogue"', STREAM, _SHAPE)


def catalogue_pages(edition: Edition) -> Sequence[str]:
    """Return the names of the pages of a release in this stream: one or none."""
    return [file.name for file in edition.files if file.name == PAGE]
