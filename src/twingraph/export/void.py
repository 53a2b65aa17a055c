"""void.ttl: what the dataset holds, counted (VoID; counts are those of the default graph)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.catalogue.agents import publisher_iri, publisher_name
from twingraph.export.statistics import Statistics
from twingraph.link.void import VOID, linkset_triples
from twingraph.rdf.dataset import parse_lines
from twingraph.rdf.turtle import iri_text, write_turtle
from twingraph.rdf.vocabulary import PREFIXES, RDF, XSD
from twingraph.translation import LANGUAGES

if TYPE_CHECKING:
    from twingraph.export.dumps import Frozen

NAME: Final = "void.ttl"
_DCTERMS: Final = PREFIXES["dcterms"]
_FOAF: Final = PREFIXES["foaf"]
_RDFS: Final = PREFIXES["rdfs"]
FORMATS: Final = "http://www.w3.org/ns/formats/"  # Unique URIs for File Formats, W3C
_FEATURES: Final = ("JSON-LD", "N-Quads", "N-Triples", "RDF_XML", "TriG", "Turtle")
_PAGES: Final = LANGUAGES
_DUMP: Final = re.compile(r"twingraph\.(nt|nq|ttl|trig|jsonld|rdf)(\.gz|\.zst)?")
_TITLES: Final = {"en": "What {title} holds", "de": "Was {title} enthält"}


def is_dump(name: str) -> bool:
    """Is the file of that name the whole in RDF, packed or not?

    >>> is_dump("twingraph.nt.gz"), is_dump("context.jsonld"), is_dump("twingraph.geojson")
    (True, False, False)
    """
    return _DUMP.fullmatch(name) is not None


def write_void(graph: Frozen, dumps: Sequence[str], date: str = "") -> bytes:
    """Return `void_triples` as Turtle, sorted: the same graph, the same bytes."""
    part = f"{graph.base}release/{date}/{NAME}#" if date else _part(graph.base, "")
    prefixes = {**graph.prefixes, "formats": FORMATS, "part": part, "void": VOID}
    return write_turtle(void_triples(graph, dumps, date), prefixes).encode()


def void_triples(graph: Frozen, dumps: Sequence[str], date: str = "") -> list[Triple]:
    """Return the description of the dataset `<base>`; with `date`, of that release of it.

    `dumps` are the addresses of its files in RDF. Parts are named `<base>.well-known/void#…`, those
    of a release `<base>release/<date>/void.ttl#…`. A release has no endpoint: that answers from the
    newest one.
    """
    sizes = graph.statistics
    described = [
        *_about(graph),
        *_counts(graph.base, sizes),
        *_partitions(graph, sizes),
        *linkset_triples(graph.linked),
        *(_said(graph.base, "dataDump", NamedNode(dump)) for dump in dumps),
    ]
    if date:
        described = list(_of_release(graph, date, described))
    else:
        described.append(
            _said(graph.base, "sparqlEndpoint", NamedNode(graph.settings.public_address + "sparql"))
        )
        described += _graphs(graph)
    return sorted(set(described), key=str)


def _said(subject: str, name: str, value: NamedNode | Literal) -> Triple:
    return Triple(NamedNode(subject), NamedNode(VOID + name), value)


def _count(subject: str, name: str, number: int) -> Triple:
    return _said(subject, name, Literal(str(number), datatype=XSD.integer))


def _part(base: str, name: str) -> str:
    return f"{base}.well-known/void#{name}"


# --- the whole -----------------------------------------------------------------------------------


def _about(graph: Frozen) -> Iterator[Triple]:
    """Yield title, licence, publisher, pages and formats of the dataset (VoID §2, §3.2)."""
    base, settings = graph.base, graph.settings
    dataset, document = NamedNode(base), NamedNode(f"{base}.well-known/void")
    yield from (item.triple for item in parse_lines(graph.linked.facts.lines_of(base)))
    yield Triple(dataset, RDF.type, NamedNode(VOID + "Dataset"))
    for language, title in settings.title.items():
        yield Triple(dataset, NamedNode(_DCTERMS + "title"), Literal(title, language=language))
        title_text = _TITLES.get(language, "{title}").format(title=title)
        yield Triple(
            document, NamedNode(_DCTERMS + "title"), Literal(title_text, language=language)
        )
    yield Triple(dataset, NamedNode(_DCTERMS + "license"), NamedNode(settings.licence))
    for language, text in settings.about.description.items():
        described = Literal(text, language=language)
        yield Triple(dataset, NamedNode(_DCTERMS + "description"), described)
    publisher = NamedNode(publisher_iri(settings))
    yield Triple(dataset, NamedNode(_DCTERMS + "publisher"), publisher)
    yield Triple(publisher, RDF.type, NamedNode(_FOAF + "Agent"))
    yield Triple(publisher, NamedNode(_FOAF + "name"), Literal(publisher_name(settings)))
    yield Triple(document, RDF.type, NamedNode(VOID + "DatasetDescription"))
    yield Triple(document, NamedNode(_FOAF + "primaryTopic"), dataset)
    for language in _PAGES:
        page = NamedNode(f"{settings.public_address}{language}/index.html")
        yield Triple(dataset, NamedNode(_FOAF + "page"), page)
    yield _said(base, "uriSpace", Literal(base))
    for name in _FEATURES:
        yield _said(base, "feature", NamedNode(FORMATS + name))


def _counts(base: str, sizes: Statistics) -> Iterator[Triple]:
    """Yield the sizes; an entity is a subject with an IRI of the project (VoID §4.6)."""
    yield _count(base, "triples", sizes.triples)
    yield _count(base, "entities", sizes.entities)
    yield _count(base, "distinctSubjects", sizes.subjects)
    yield _count(base, "distinctObjects", sizes.objects)
    yield _count(base, "properties", len(sizes.properties))
    yield _count(base, "classes", sizes.class_names)


def _graphs(graph: Frozen) -> Iterator[Triple]:
    """Yield the size of each named graph, for the description of the service."""
    for name, lines in graph.dataset.named.items():
        yield Triple(NamedNode(name), RDF.type, NamedNode(VOID + "Dataset"))
        yield _count(name, "triples", len(lines))


# --- its parts -----------------------------------------------------------------------------------


def _partitions(graph: Frozen, sizes: Statistics) -> Iterator[Triple]:
    """Yield a part a class and a property, an example a class, and whose words they all are."""
    base = graph.base
    for name, members in sizes.classes.items():
        part = _part(base, "class-" + _slug(name, graph.prefixes))
        yield _said(base, "classPartition", NamedNode(part))
        yield _said(part, "class", NamedNode(name))
        yield _count(part, "entities", members.entities)
        yield _count(part, "triples", members.triples)
        if members.example:
            yield _said(base, "exampleResource", NamedNode(members.example))
    for name, counts in sizes.properties.items():
        part = _part(base, "property-" + _slug(name, graph.prefixes))
        yield _said(base, "propertyPartition", NamedNode(part))
        yield _said(part, "property", NamedNode(name))
        yield _count(part, "triples", counts.triples)
        yield _count(part, "distinctSubjects", counts.subjects)
        yield _count(part, "distinctObjects", counts.objects)
    for name in {*sizes.classes, *sizes.properties}:
        yield _said(base, "vocabulary", NamedNode(_vocabulary(name, sizes.ontologies)))


def _slug(iri: str, prefixes: Mapping[str, str]) -> str:
    """Return a name for the part about `iri`: its prefixed name, else a digest.

    >>> _slug("https://w3id.org/twingraph/ns#start", PREFIXES), _slug("http://e/#a", {})
    ('tg-start', 'fccd94f7e851')
    """
    name = iri_text(iri, set(), prefixes)
    if name.startswith("<"):
        return hashlib.sha256(iri.encode()).hexdigest()[:12]
    return name.replace(":", "-")


def _vocabulary(term: str, ontologies: Collection[str]) -> str:
    """Return the vocabulary of a term: the ontology for a term of ours, else the namespace."""
    namespace = term[: max(term.rfind("#"), term.rfind("/")) + 1]
    bare = namespace.rstrip("#/")
    return bare if bare in ontologies else namespace


# --- a release -----------------------------------------------------------------------------------


def _of_release(graph: Frozen, date: str, triples: Iterable[Triple]) -> Iterator[Triple]:
    """Yield the statements about the whole dataset, with the release as their subject."""
    base = graph.base
    release = f"{base}release/{date}/"
    document = f"{base}.well-known/void"

    def moved(iri: str) -> NamedNode:
        if iri == base:
            return NamedNode(release)
        if iri == document or iri.startswith(document + "#"):
            return NamedNode(release + NAME + iri.removeprefix(document))
        return NamedNode(iri)

    issued = NamedNode(_DCTERMS + "issued")
    for triple in triples:
        assert isinstance(triple.subject, NamedNode), "blank nodes are not published"
        if triple.subject.value == base and triple.predicate == issued:
            continue
        value = (
            moved(triple.object.value) if isinstance(triple.object, NamedNode) else triple.object
        )
        yield Triple(moved(triple.subject.value), triple.predicate, value)
    yield Triple(NamedNode(release), NamedNode(_DCTERMS + "isVersionOf"), NamedNode(base))
    day = Literal(date[:10], datatype=XSD.date)
    yield Triple(NamedNode(release), issued, day)
    yield from _feed(base, graph.settings.public_address)


def _feed(base: str, address: str) -> Iterator[Triple]:
    """Yield the link from the dataset to its event stream (LDES), and the description of that."""
    root = NamedNode(f"{address}release/feed/ldes.trig")
    stream = NamedNode(f"{root.value}#changes")
    yield Triple(NamedNode(base), NamedNode(_RDFS + "seeAlso"), root)
    yield Triple(stream, RDF.type, NamedNode("https://w3id.org/ldes#EventStream"))
    yield Triple(stream, NamedNode("https://w3id.org/tree#view"), root)
    yield Triple(stream, NamedNode(_DCTERMS + "source"), NamedNode(base))
