"""IRI <-> path <-> file name: all conversions between them are in this module.

Entities and graphs are named under the base IRI of a project, the vocabulary under its own fixed
IRIs; a site has both at the same paths:

| IRI | page | description |
|---|---|---|
| `id/<kind>/<slug>` | `<lang>/<kind>/<slug>.html` | `doc/<kind>/<slug>.<suffix>` |
| `vocab/<scheme>[/<code>]` | `<lang>/vocab/….html` | `doc/vocab/….<suffix>` |
| `graph/<…>` | | `doc/graph/<…>.<suffix>` |
| `ns#…`, `shapes#…` | `<lang>/ns.html`, `<lang>/shapes.html` | `ns.<suffix>`, `shapes.<suffix>` |
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pyoxigraph import NamedNode

from twingraph.rdf.vocabulary import (
    CODES,
    EVIDENCE_KINDS,
    ID_KINDS,
    NS,
    ONTOLOGY,
    SCHEMES,
    SHAPES_DOCUMENT,
)

SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# Paths of graphs under the base IRI.
ENTITIES: Final = "graph/entities"
LINKS: Final = "graph/links"
VOCABULARY: Final = "graph/vocabulary"
DERIVED: Final = "graph/derived"
PUBLISHED: Final = "graph/published"

_ENTITY = re.compile(rf"id/(?P<kind>{'|'.join(ID_KINDS)})/(?P<slug>{SLUG.pattern})")
_CONCEPT = re.compile(rf"vocab/(?P<scheme>{'|'.join(SCHEMES)})(/(?P<code>{SLUG.pattern}))?")
_SOURCE_GRAPH = re.compile(rf"graph/(source|import)/({SLUG.pattern})")
_FOREIGN = re.compile(rf"(?P<base>https?://[^\s<>]*/){_ENTITY.pattern}")
_GRAPH = re.compile(rf"graph/(entities|links|vocabulary|derived|(source|import)/{SLUG.pattern})")


VOCABULARY_ROOT: Final = ONTOLOGY.removesuffix("ns")
_VOCABULARY_PATH = re.compile(r"(ns|shapes)([#/].*)?|vocab/.*", re.DOTALL)


def iri_at(path: str, base: str) -> str:
    """Return the IRI of the resource that a site under `base` has at `path`.

    >>> iri_at("id/place/bonn", "https://data.example.org/")
    'https://data.example.org/id/place/bonn'
    >>> iri_at("vocab/type/twinning", "https://data.example.org/")
    'https://w3id.org/twingraph/vocab/type/twinning'
    """
    return (VOCABULARY_ROOT if _VOCABULARY_PATH.fullmatch(path) else base) + path


def path_of(iri: str, base: str) -> str | None:
    """Invert `iri_at`: the path of a term of the vocabulary or of what is named under `base`.

    >>> path_of("https://w3id.org/twingraph/ns#start", "https://data.example.org/")
    'ns#start'
    >>> path_of("https://data.example.org/id/place/bonn", "https://data.example.org/")
    'id/place/bonn'
    >>> path_of("https://w3id.org/twingraph/id/place/bonn", "https://data.example.org/") is None
    True
    """
    if iri.startswith(VOCABULARY_ROOT):
        path = iri.removeprefix(VOCABULARY_ROOT)
        if _VOCABULARY_PATH.fullmatch(path):
            return path
    return iri.removeprefix(base) if iri.startswith(base) else None


def is_vocabulary(iri: str) -> bool:
    """Is it an IRI of the ontology, a code list or the shapes?"""
    return iri.startswith((NS, CODES)) or iri.partition("#")[0] in (ONTOLOGY, SHAPES_DOCUMENT)


def graph_of(path: str, base: str) -> NamedNode | None:
    """Return the graph that holds a curated file's statements, by path in the project; else None.

    >>> graph_of("data/sources/bonn-minsk.ttl", "https://w3id.org/twingraph/").value
    'https://w3id.org/twingraph/graph/source/bonn-minsk'
    >>> graph_of("data/entities/places.ttl", "https://data.example.org/").value
    'https://data.example.org/graph/entities'
    """
    folder, _, rest = path.removeprefix("data/").partition("/")
    stem = rest.rpartition("/")[2].removesuffix(".ttl")
    if path.startswith("ontology/"):
        return NamedNode(base + VOCABULARY)
    match folder:
        case "sources":
            return NamedNode(f"{base}graph/source/{stem}")
        case "imports":
            return NamedNode(f"{base}graph/import/{stem}")
        case "entities":
            return NamedNode(base + ENTITIES)
        case "links":
            return NamedNode(base + LINKS)
    return None


def source_of(graph: str, base: str) -> str | None:
    """Return the IRI of the document whose statements a source or import graph holds; else None.

    >>> source_of("https://data.example.org/graph/source/a", "https://data.example.org/")
    'https://data.example.org/id/source/a'
    >>> source_of("https://data.example.org/graph/links", "https://data.example.org/") is None
    True
    """
    match = _SOURCE_GRAPH.fullmatch(graph.removeprefix(base)) if graph.startswith(base) else None
    return f"{base}id/source/{match[2]}" if match else None


def kind_of(iri: str, base: str) -> str | None:
    """Return the kind (`place`, `claim`…) of an entity named under `base`, else None.

    >>> kind_of("https://data.example.org/id/place/bonn", "https://data.example.org/")
    'place'
    >>> kind_of("https://data.example.org/id/place/Bonn%20", "https://data.example.org/") is None
    True
    """
    match = _ENTITY.fullmatch(iri.removeprefix(base)) if iri.startswith(base) else None
    return match["kind"] if match else None


@lru_cache(maxsize=1 << 16)
def foreign_base(iri: str, base: str) -> str | None:
    """Return the base IRI under which an entity of another project is named, else None.

    >>> foreign_base("https://w3id.org/twingraph/id/place/bonn", "https://data.example.org/")
    'https://w3id.org/twingraph/'
    >>> foreign_base("http://www.wikidata.org/entity/Q586", "https://data.example.org/") is None
    True
    """
    match = _FOREIGN.fullmatch(iri)
    return match["base"] if match and match["base"] != base else None


def local_path(path: str) -> str | None:
    """Return `path` if it is the path of one of our resources (entity, concept, scheme, graph).

    >>> local_path("id/place/bonn"), local_path("id/town/bonn")
    ('id/place/bonn', None)
    """
    known = any(pattern.fullmatch(path) for pattern in (_ENTITY, _CONCEPT, _GRAPH))
    return path if known else None


def page_path(path: str, language: str) -> str | None:
    """Return the path of the page about the resource at `path`; None where there is no page.

    >>> page_path("id/place/bonn", "de"), page_path("vocab/type/twinning", "en")
    ('de/place/bonn.html', 'en/vocab/type/twinning.html')
    >>> page_path("ns", "en"), page_path("graph/entities", "en"), page_path("id/claim/a", "en")
    ('en/ns.html', None, None)
    """
    if path in ("ns", "shapes") or _CONCEPT.fullmatch(path):
        return f"{language}/{path}.html"
    match = _ENTITY.fullmatch(path)
    if match and match["kind"] not in EVIDENCE_KINDS:
        return f"{language}/{path.removeprefix('id/')}.html"
    return None


def description_path(path: str, suffix: str) -> str:
    """Return the path of the RDF description of the resource at `path`.

    >>> description_path("id/place/bonn", "ttl"), description_path("graph/entities", "trig")
    ('doc/place/bonn.ttl', 'doc/graph/entities.trig')
    >>> description_path("ns", "jsonld")
    'ns.jsonld'
    """
    if path in ("ns", "shapes"):
        return f"{path}.{suffix}"
    return f"doc/{path.removeprefix('id/')}.{suffix}"


def thing_of_page(rest: str) -> str | None:
    """Invert `page_path` and `description_path` for the part behind `<lang>/` or `doc/`.

    >>> thing_of_page("place/bonn"), thing_of_page("vocab/type/twinning"), thing_of_page("ns")
    ('id/place/bonn', 'vocab/type/twinning', 'ns')
    >>> thing_of_page("place/../bonn") is None
    True
    """
    if rest in ("ns", "shapes"):
        return rest
    return local_path(rest) or local_path(f"id/{rest}")
