"""The lists in RDF: the entities of a kind in pages of 100, linked by Hydra.

| path | is |
|---|---|
| `doc/list/<kind>.<suffix>` | the first page, in the formats of `FORMATS` |
| `doc/list/<kind>.<page>.<suffix>` | another page |

The collection's IRI is the path without a suffix; entities are in the order of their IRIs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.rdf.vocabulary import RDF, XSD
from twingraph.site.describe import FORMATS, write_triples
from twingraph.site.lists import CLASSES, PAGE, members_of
from twingraph.site.reader import BuildReader
from twingraph.site.render import Alternate

_PATH: Final = re.compile(r"doc/list/([a-z]+)(?:\.([1-9][0-9]{0,6}))?\.([a-z]+)")
_HYDRA: Final = "http://www.w3.org/ns/hydra/core#"
_VIEW: Final = {"first": "first", "last": "last", "prev": "previous", "next": "next"}


def listed_path(kind: str, suffix: str, number: int = 1) -> str:
    """Return the path of a page of a list.

    >>> listed_path("place", "ttl"), listed_path("place", "nt", 2)
    ('doc/list/place.ttl', 'doc/list/place.2.nt')
    """
    return f"doc/list/{kind}.{suffix}" if number == 1 else f"doc/list/{kind}.{number}.{suffix}"


def read_listed(path: str) -> tuple[str, int, str] | None:
    """Return kind, page and suffix of the path of a list; None for other paths.

    >>> read_listed("doc/list/place.2.nt"), read_listed("doc/list/claim.ttl")
    (('place', 2, 'nt'), None)
    """
    match = _PATH.fullmatch(path)
    if match is None or match[1] not in CLASSES or match[3] not in FORMATS or match[2] == "1":
        return None
    return match[1], int(match[2] or 1), match[3]


def neighbours(site: BuildReader, path: str) -> Mapping[str, str]:
    """Return the paths of the pages beside the one at `path`, by their relation (RFC 8288)."""
    request = read_listed(path)
    if request is None:
        return {}
    kind, number, suffix = request
    last = max(1, -(-len(members_of(site, kind)) // PAGE))
    pages = {"first": 1, "prev": number - 1, "next": number + 1, "last": last}
    return {
        relation: listed_path(kind, suffix, page)
        for relation, page in pages.items()
        if 1 <= page <= last
    }


def list_forms(kind: str, number: int = 1) -> tuple[Alternate, ...]:
    """Return a page of the list of a kind in each format."""
    return tuple(
        Alternate(suffix, listed_path(kind, suffix, number), media_type)
        for suffix, media_type in FORMATS.items()
    )


def describe_list(site: BuildReader, path: str) -> bytes | None:
    """Return the page of a list at `path`; None where there is none."""
    request = read_listed(path)
    if request is None:
        return None
    kind, number, suffix = request
    members = members_of(site, kind)
    shown = members[(number - 1) * PAGE : number * PAGE]
    if not shown and (members or number > 1):
        return None
    whole, page = NamedNode(site.iri(f"doc/list/{kind}")), NamedNode(site.iri(path))
    total = Literal(str(len(members)), datatype=XSD.integer)
    triples = [
        Triple(whole, RDF.type, _hydra("Collection")),
        Triple(whole, _hydra("totalItems"), total),
        Triple(whole, _hydra("view"), page),
        Triple(page, RDF.type, _hydra("PartialCollectionView")),
        *(Triple(whole, _hydra("member"), NamedNode(thing)) for thing in shown),
        *(
            Triple(page, _hydra(_VIEW[relation]), NamedNode(site.iri(beside)))
            for relation, beside in neighbours(site, path).items()
        ),
        *(
            Triple(NamedNode(thing), NamedNode(verb), value)
            for thing, verb, value in site.statements_of("list-statements", shown)
        ),
    ]
    return write_triples(site, triples, suffix)


def list_paths(site: BuildReader) -> Iterator[str]:
    """Yield the path of every page of every list, in every format."""
    for kind in CLASSES:
        for number in range(1, max(1, -(-len(members_of(site, kind)) // PAGE)) + 1):
            yield from (listed_path(kind, suffix, number) for suffix in FORMATS)


def _hydra(name: str) -> NamedNode:
    return NamedNode(_HYDRA + name)
