"""IRI <-> path <-> file name, both ways, and nowhere else.

Paths are relative to the base IRI. The pattern of `https://w3id.org/twingraph/`:

| IRI | page | description |
|---|---|---|
| `id/<kind>/<slug>` | `<lang>/<kind>/<slug>.html` | `doc/<kind>/<slug>.<suffix>` |
| `vocab/<scheme>[/<code>]` | `<lang>/vocab/….html` | `doc/vocab/….<suffix>` |
| `graph/<…>` | | `doc/graph/<…>.<suffix>` |
| `ns#…`, `shapes#…` | `<lang>/ns.html`, `<lang>/shapes.html` | `ns.<suffix>`, `shapes.<suffix>` |
"""

from __future__ import annotations

import re
from typing import Final, TypeVar

from pyoxigraph import Literal, NamedNode, Quad

from twingraph.rdf.vocabulary import HOME, ID_KINDS, SCHEMES

SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

ENTITIES: Final = NamedNode(HOME + "graph/entities")
LINKS: Final = NamedNode(HOME + "graph/links")
VOCABULARY: Final = NamedNode(HOME + "graph/vocabulary")
DERIVED: Final = NamedNode(HOME + "graph/derived")
PUBLISHED: Final = NamedNode(HOME + "graph/published")

_ENTITY = re.compile(rf"id/(?P<kind>{'|'.join(ID_KINDS)})/(?P<slug>{SLUG.pattern})")
_CONCEPT = re.compile(rf"vocab/(?P<scheme>{'|'.join(SCHEMES)})(/(?P<code>{SLUG.pattern}))?")
_GRAPH = re.compile(rf"graph/(entities|links|vocabulary|derived|(source|import)/{SLUG.pattern})")


def graph_of(path: str) -> NamedNode | None:
    """Return the graph that a curated file speaks for, by its path in the project; else None.

    >>> graph_of("data/sources/bonn-minsk.ttl").value
    'https://w3id.org/twingraph/graph/source/bonn-minsk'
    >>> graph_of("data/entities/places.ttl").value
    'https://w3id.org/twingraph/graph/entities'
    """
    folder, _, rest = path.removeprefix("data/").partition("/")
    stem = rest.rpartition("/")[2].removesuffix(".ttl")
    if path.startswith("ontology/"):
        return VOCABULARY
    match folder:
        case "sources":
            return NamedNode(f"{HOME}graph/source/{stem}")
        case "imports":
            return NamedNode(f"{HOME}graph/import/{stem}")
        case "entities":
            return ENTITIES
        case "links":
            return LINKS
    return None


def source_of(graph: str) -> str | None:
    """Return the IRI of the document a source or import graph speaks for; None for the others.

    >>> source_of(HOME + "graph/source/bonn-minsk")
    'https://w3id.org/twingraph/id/source/bonn-minsk'
    >>> source_of(HOME + "graph/entities") is None
    True
    """
    match = re.fullmatch(rf"{re.escape(HOME)}graph/(source|import)/({SLUG.pattern})", graph)
    return f"{HOME}id/source/{match[2]}" if match else None


def kind_of(iri: str, base: str = HOME) -> str | None:
    """Return the kind (`place`, `claim`…) of an entity IRI of ours, None for any other IRI.

    >>> kind_of("https://w3id.org/twingraph/id/place/bonn")
    'place'
    >>> kind_of("https://w3id.org/twingraph/id/place/Bonn%20") is None
    True
    """
    match = _ENTITY.fullmatch(iri.removeprefix(base)) if iri.startswith(base) else None
    return match["kind"] if match else None


def local_path(path: str) -> str | None:
    """Return `path` if it is the path of a thing of ours (entity, concept, scheme, graph).

    >>> local_path("id/place/bonn"), local_path("id/town/bonn")
    ('id/place/bonn', None)
    """
    known = any(pattern.fullmatch(path) for pattern in (_ENTITY, _CONCEPT, _GRAPH))
    return path if known else None


def page_path(path: str, language: str) -> str | None:
    """Return the path of the page about the thing at `path`; None where there is no page.

    >>> page_path("id/place/bonn", "de"), page_path("vocab/type/twinning", "en")
    ('de/place/bonn.html', 'en/vocab/type/twinning.html')
    >>> page_path("ns", "en"), page_path("graph/entities", "en")
    ('en/ns.html', None)
    """
    if path in ("ns", "shapes") or _CONCEPT.fullmatch(path):
        return f"{language}/{path}.html"
    if _ENTITY.fullmatch(path):
        return f"{language}/{path.removeprefix('id/')}.html"
    return None


def description_path(path: str, suffix: str) -> str:
    """Return the path of the RDF description of the thing at `path`.

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


_T = TypeVar("_T")


def move_iri(iri: str, old: str, new: str) -> str:
    """Return `iri` under `new` if it stands under `old`.

    >>> move_iri("https://w3id.org/twingraph/ns#start", HOME, "http://127.0.0.1:8000/")
    'http://127.0.0.1:8000/ns#start'
    """
    return new + iri[len(old) :] if iri.startswith(old) else iri


def _move(term: _T, old: str, new: str) -> _T:
    if isinstance(term, NamedNode) and term.value.startswith(old):
        return NamedNode(move_iri(term.value, old, new))  # type: ignore[return-value]  # T is NamedNode
    if isinstance(term, Literal) and term.datatype.value.startswith(old):
        datatype = NamedNode(move_iri(term.datatype.value, old, new))
        return Literal(term.value, datatype=datatype)  # type: ignore[return-value]  # T is Literal
    return term


# Texts of the ontology's header that spell out its own IRI.
_SPELLED_OUT: Final = frozenset(
    {
        NamedNode("http://purl.org/vocab/vann/preferredNamespaceUri"),
        NamedNode("http://purl.org/dc/terms/bibliographicCitation"),
    }
)


def move_quad(quad: Quad, old: str, new: str) -> Quad:
    """Return `quad` with every IRI under `old` moved to `new`; what people wrote is left alone.

    This is how another base IRI comes into being: at the border, term by term.
    """
    if old == new:
        return quad
    value = quad.object
    if quad.predicate in _SPELLED_OUT and isinstance(value, Literal):
        text = value.value.replace(old, new)
        value = Literal(text, language=value.language) if value.language else Literal(text)
    return Quad(
        _move(quad.subject, old, new),
        _move(quad.predicate, old, new),
        _move(value, old, new),
        _move(quad.graph_name, old, new),
    )
