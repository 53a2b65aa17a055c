"""JSON-LD 1.1 with our own context: `id`, `type`, short keys, language maps, one node a line.

The context is a function of the ontology and of the table below, not of the data, so it stays put
when facts come and go. Links are lists even where there is one, so that nobody's program breaks on
the second. A value that the context does not describe is written out in full, so that every
processor reads back exactly the triples that went in.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from pyoxigraph import Literal, NamedNode, Quad, Triple

from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import EDTF, RDF, XSD

Json = dict[str, Any]  # JSON has no narrower type

_OWL = "http://www.w3.org/2002/07/owl#"
_SCHEMA_ORG = "https://schema.org/"
_ID: Final = "@id"
LANGUAGE: Final = "@language"
_LANGUAGES: Final = "@languages"  # of a language there may be several
_DECIMAL: Final = XSD.decimal.value
SMALL_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,14}")

# key -> (IRI, how its values are written). Ours come from the ontology; these are the field's.
FOREIGN: Final[dict[str, tuple[str, str | None]]] = {
    "label": ("http://www.w3.org/2000/01/rdf-schema#label", LANGUAGE),
    "comment": ("http://www.w3.org/2000/01/rdf-schema#comment", LANGUAGE),
    "seeAlso": ("http://www.w3.org/2000/01/rdf-schema#seeAlso", _ID),
    "isDefinedBy": ("http://www.w3.org/2000/01/rdf-schema#isDefinedBy", _ID),
    "subClassOf": ("http://www.w3.org/2000/01/rdf-schema#subClassOf", _ID),
    "subPropertyOf": ("http://www.w3.org/2000/01/rdf-schema#subPropertyOf", _ID),
    "altLabel": ("http://www.w3.org/2004/02/skos/core#altLabel", _LANGUAGES),
    "prefLabel": ("http://www.w3.org/2004/02/skos/core#prefLabel", LANGUAGE),
    "definition": ("http://www.w3.org/2004/02/skos/core#definition", LANGUAGE),
    "editorialNote": ("http://www.w3.org/2004/02/skos/core#editorialNote", LANGUAGE),
    "notation": ("http://www.w3.org/2004/02/skos/core#notation", None),
    "broader": ("http://www.w3.org/2004/02/skos/core#broader", _ID),
    "narrower": ("http://www.w3.org/2004/02/skos/core#narrower", _ID),
    "inScheme": ("http://www.w3.org/2004/02/skos/core#inScheme", _ID),
    "topConceptOf": ("http://www.w3.org/2004/02/skos/core#topConceptOf", _ID),
    "hasTopConcept": ("http://www.w3.org/2004/02/skos/core#hasTopConcept", _ID),
    "deprecated": (_OWL + "deprecated", None),
    "isReplacedBy": ("http://purl.org/dc/terms/isReplacedBy", _ID),
    "sameAs": (_OWL + "sameAs", _ID),
    "disjointWith": (_OWL + "disjointWith", _ID),
    "wasDerivedFrom": ("http://www.w3.org/ns/prov#wasDerivedFrom", _ID),
    "isPartOf": ("http://purl.org/dc/terms/isPartOf", _ID),
    "publisher": ("http://purl.org/dc/terms/publisher", _ID),
    "language": ("http://purl.org/dc/terms/language", None),
    "title": ("http://purl.org/dc/terms/title", LANGUAGE),
    "description": ("http://purl.org/dc/terms/description", LANGUAGE),
    "license": ("http://purl.org/dc/terms/license", _ID),
    "page": ("http://xmlns.com/foaf/0.1/page", _ID),
    "latitude": (_SCHEMA_ORG + "latitude", _DECIMAL),
    "longitude": (_SCHEMA_ORG + "longitude", _DECIMAL),
    "telephone": (_SCHEMA_ORG + "telephone", None),
    "faxNumber": (_SCHEMA_ORG + "faxNumber", None),
    "streetAddress": (_SCHEMA_ORG + "streetAddress", None),
    "postalCode": (_SCHEMA_ORG + "postalCode", None),
    "addressLocality": (_SCHEMA_ORG + "addressLocality", None),
    "domainIncludes": (_SCHEMA_ORG + "domainIncludes", _ID),
    "rangeIncludes": (_SCHEMA_ORG + "rangeIncludes", _ID),
    "member": ("http://www.w3.org/ns/org#member", _ID),
    "organization": ("http://www.w3.org/ns/org#organization", _ID),
    "role": ("http://www.w3.org/ns/org#role", _ID),
    "postIn": ("http://www.w3.org/ns/org#postIn", _ID),
    "heldBy": ("http://www.w3.org/ns/org#heldBy", _ID),
    "unitOf": ("http://www.w3.org/ns/org#unitOf", _ID),
    "hasGeometry": ("http://www.opengis.net/ont/geosparql#hasGeometry", _ID),
    "asWKT": (
        "http://www.opengis.net/ont/geosparql#asWKT",
        "http://www.opengis.net/ont/geosparql#wktLiteral",
    ),
}
FOREIGN_CLASSES: Final[dict[str, str]] = {
    "AdministrativeArea": _SCHEMA_ORG + "AdministrativeArea",
    "Place": _SCHEMA_ORG + "Place",
    "ContactPoint": _SCHEMA_ORG + "ContactPoint",
    "Organization": "http://www.w3.org/ns/org#Organization",
    "OrganizationalUnit": "http://www.w3.org/ns/org#OrganizationalUnit",
    "Post": "http://www.w3.org/ns/org#Post",
    "Membership": "http://www.w3.org/ns/org#Membership",
    "Person": "http://xmlns.com/foaf/0.1/Person",
    "Geometry": "http://www.opengis.net/ont/geosparql#Geometry",
    "Concept": "http://www.w3.org/2004/02/skos/core#Concept",
    "ConceptScheme": "http://www.w3.org/2004/02/skos/core#ConceptScheme",
}

# aliases of JSON-LD keywords; no term of the ontology may have one of these names
KEYWORDS: Final[Json] = {
    "id": "@id",
    "included": "@included",
    "linkedFrom": "@reverse",
    "type": {"@id": "@type", "@container": "@set"},
}


def make_context(ontology: Iterable[Quad | Triple], namespace: str) -> Json:
    """Return the context for terms of `namespace` (`…/ns#`) as the ontology declares them.

    Object properties take IRIs; properties whose only range is a datatype take that datatype.
    """
    types: dict[str, set[str]] = defaultdict(set)
    ranges: dict[str, set[str]] = defaultdict(set)
    for item in ontology:
        if isinstance(item.object, NamedNode):
            if item.predicate == RDF.type:
                types[plain(item.subject)].add(item.object.value)
            elif item.predicate.value == _SCHEMA_ORG + "rangeIncludes":
                ranges[plain(item.subject)].add(item.object.value)
    context: Json = {"@version": 1.1, **KEYWORDS}
    for key, (iri, coercion) in FOREIGN.items():
        context[key] = _definition(iri, coercion)
    context.update(FOREIGN_CLASSES)
    for iri in sorted(types):
        key = iri.removeprefix(namespace)
        if not iri.startswith(namespace) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", key):
            continue
        if key in KEYWORDS:
            continue
        coercion = None
        if _OWL + "ObjectProperty" in types[iri]:
            coercion = _ID
        elif _OWL + "DatatypeProperty" in types[iri] and len(ranges[iri]) == 1:
            coercion = _literal_coercion(next(iter(ranges[iri])))
        context[key] = _definition(iri, coercion)
    return dict(sorted(context.items()))


def _literal_coercion(datatype: str) -> str | None:
    if datatype == RDF.langString.value:
        return LANGUAGE
    known = (XSD.date, XSD.decimal, XSD.integer, EDTF)
    return datatype if any(datatype == item.value for item in known) else None


def _definition(iri: str, coercion: str | None) -> str | Json:
    match coercion:
        case None:
            return iri
        case "@language":
            return {"@id": iri, "@container": "@language"}
        case "@languages":
            return {"@id": iri, "@container": ["@language", "@set"]}
        case "@id":
            return {"@id": iri, "@type": "@id", "@container": "@set"}
    return {"@id": iri, "@type": coercion}


def write_jsonld(
    statements: Iterable[Quad | Triple], context: Json, graph: str = "", *, bare: bool = False
) -> str:
    """Return statements as one JSON-LD document, nodes sorted by IRI, one a line.

    They stand in the graph of that name, if one is given; `bare` leaves the context to a header.
    """
    nodes = ",\n".join(_dumps(node) for node in node_objects(statements, context))
    head = "" if bare else f'"@context": {_dumps(context)},\n'
    name = f'"id": {_dumps(graph)},\n' if graph else ""
    return f'{{{head}{name}"@graph": [\n{nodes}\n]}}\n'


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def node_objects(statements: Iterable[Quad | Triple], context: Json) -> list[Json]:
    """Return one node object a subject, sorted by IRI, keys `id`, `type`, then by name."""
    keys = keys_of(context)
    nodes: dict[str, dict[NamedNode, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for statement in statements:
        nodes[plain(statement.subject)][statement.predicate].append(statement.object)
    return [node_object(iri, facts, keys) for iri, facts in sorted(nodes.items())]


class Key(NamedTuple):
    """How a property is written: its key, its type coercion, whether values are always a list."""

    name: str
    coercion: str | None = None
    listed: bool = False


def keys_of(context: Json) -> dict[str, Key]:
    """Return IRI -> key, the context the other way round.

    >>> keys_of({"id": "@id", "partner": {"@id": "http://e/p", "@type": "@id"}})
    {'http://e/p': Key(name='partner', coercion='@id', listed=False)}
    """
    keys: dict[str, Key] = {}
    for name, value in context.items():
        if name in KEYWORDS or name == "@version":
            continue
        if isinstance(value, str):
            keys[value] = Key(name)
        else:
            container = value.get("@container", [])
            tagged, listed = LANGUAGE in container, "@set" in container
            coercion = LANGUAGE if tagged else value.get("@type")
            keys[value["@id"]] = Key(name, coercion, listed)
    return keys


# returns the JSON of a node that a property points to; None: the node is written as its IRI
Link = Callable[[NamedNode, NamedNode], Json | None]


def node_object(
    iri: str,
    facts: Mapping[NamedNode, list[Any]],
    keys: Mapping[str, Key],
    link: Link | None = None,
) -> Json:
    """Return the statements about a node as a JSON object; `link` may embed nodes it points to."""
    node: Json = {"id": iri}
    kinds = facts.get(RDF.type, [])
    if kinds:
        node["type"] = sorted(_key(kind.value, keys).name for kind in kinds)
    values = {}
    for verb, objects in facts.items():
        if verb != RDF.type:
            key = _key(verb.value, keys)
            inside = partial(link, verb) if link is not None else None
            values[key.name] = _values(objects, key, inside)
    node.update(sorted(values.items()))
    return node


def _key(iri: str, keys: Mapping[str, Key]) -> Key:
    return keys.get(iri) or Key(iri)


def has_language_map(key: Key, tags: Collection[str]) -> bool:
    """Say whether values with these language tags ('' for none) are written as a language map.

    `id` is Indonesian too: as key of such a map some processors take it for our alias of `@id`, so
    that these texts are written as value objects (JSON-LD 1.1 §4.2.4 allows both).

    >>> label = Key("label", "@language")
    >>> [has_language_map(label, tags) for tags in (["en", "de"], ["en", ""], ["en", "id"])]
    [True, False, False]
    """
    return key.coercion == LANGUAGE and all(tags) and KEYWORDS.keys().isdisjoint(tags)


def _values(
    objects: list[Any], key: Key, inside: Callable[[NamedNode], Json | None] | None
) -> object:
    if has_language_map(key, [getattr(term, "language", None) or "" for term in objects]):
        texts: dict[str, list[str]] = defaultdict(list)
        for term in objects:
            texts[term.language].append(term.value)
        return {tag: _single(sorted(each), key) for tag, each in sorted(texts.items())}
    written = [
        (inside(each_object) if inside is not None and isinstance(each_object, NamedNode) else None)
        or json_value(each_object, key.coercion)
        for each_object in objects
    ]
    return _single(sorted(written, key=_dumps) if len(written) > 1 else written, key)


def _single(values: list[Any], key: Key) -> object:
    return values[0] if len(values) == 1 and not key.listed else values


def json_value(term: object, coercion: str | None) -> object:
    """Return a term as the value of a key that is coerced to a datatype, to IRIs, or to nothing."""
    if isinstance(term, NamedNode):
        return term.value if coercion == _ID else {"id": term.value}
    if not isinstance(term, Literal):
        raise TypeError(f"{type(term).__name__} is not published")
    if term.language:
        return {"@value": term.value, "@language": term.language}
    # a bare JSON number or boolean would take on the datatype that the context coerces to
    bare = coercion in (None, term.datatype.value)
    if bare and term.datatype == XSD.integer and SMALL_INTEGER.fullmatch(term.value):
        return int(term.value)
    if bare and term.datatype == XSD.boolean and term.value in ("true", "false"):
        return term.value == "true"
    if term.datatype.value == coercion:
        return term.value
    if term.datatype == XSD.string:
        # a bare string where the context expects something else would be read as that
        return term.value if coercion is None else {"@value": term.value}
    return {"@value": term.value, "@type": term.datatype.value}
