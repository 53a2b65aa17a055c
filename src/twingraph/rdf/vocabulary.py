"""Every namespace and term that the code uses; an unknown term is an error, so no typo passes.

The vocabulary (ontology, code lists, shapes) has fixed IRIs, the same for every publisher. What a
publisher names itself (entities, graphs, data sets) stands under the base IRI of its project.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from pyoxigraph import NamedNode

_ROOT: Final = "https://w3id.org/twingraph/"
NS: Final = _ROOT + "ns#"
ONTOLOGY: Final = _ROOT + "ns"
CODES: Final = _ROOT + "vocab/"
SHAPES_DOCUMENT: Final = _ROOT + "shapes"
SHAPES: Final = _ROOT + "shapes#"
# The base IRI of a project that sets none: that of twingraph's own data.
HOME: Final = _ROOT


class _Closed(type):
    """Makes each annotated name of a class the IRI `NS + name`; any other name is an error.

    >>> TG.Partnership
    <NamedNode value=https://w3id.org/twingraph/ns#Partnership>
    """

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, object]) -> None:
        super().__init__(name, bases, body)
        for term in cls.__annotations__:
            if not term.startswith("_"):
                setattr(cls, term, NamedNode(str(body["_ns"]) + term.rstrip("_")))


class TG(metaclass=_Closed):
    """The twingraph ontology (ontology/twingraph.ttl)."""

    _ns = NS

    AdministrativeUnit: NamedNode
    Agreement: NamedNode
    Citation: NamedNode
    Claim: NamedNode
    Decision: NamedNode
    Event: NamedNode
    Partnership: NamedNode
    Programme: NamedNode
    Project: NamedNode
    PublicStatement: NamedNode
    Quantity: NamedNode
    Remark: NamedNode
    SourceDocument: NamedNode

    about: NamedNode
    addressee: NamedNode
    aim: NamedNode
    anniversary: NamedNode
    asOf: NamedNode
    asOfModality: NamedNode
    basis: NamedNode
    capitalOf: NamedNode
    cites: NamedNode
    comparator: NamedNode
    concludedBy: NamedNode
    contactPoint: NamedNode
    contactsSince: NamedNode
    coordinatedBy: NamedNode
    country: NamedNode
    countryCode: NamedNode
    counts: NamedNode
    countsAsPartnership: NamedNode
    countsAsTwinning: NamedNode
    date: NamedNode
    dateline: NamedNode
    decidedBy: NamedNode
    decides: NamedNode
    distanceKm: NamedNode
    earliestDate: NamedNode
    earliestEnd: NamedNode
    earliestStart: NamedNode
    edition: NamedNode
    end: NamedNode
    field: NamedNode
    foldedName: NamedNode
    formerName: NamedNode
    from_: NamedNode
    hasConflict: NamedNode
    hedge: NamedNode
    host: NamedNode
    inSource: NamedNode
    isContext: NamedNode
    issuedBy: NamedNode
    issuer: NamedNode
    latestDate: NamedNode
    latestEnd: NamedNode
    latestStart: NamedNode
    level: NamedNode
    line: NamedNode
    location: NamedNode
    modality: NamedNode
    notStated: NamedNode
    number: NamedNode
    occasion: NamedNode
    participant: NamedNode
    partner: NamedNode
    partnerOf: NamedNode
    partnershipType: NamedNode
    passagesDifferOn: NamedNode
    patron: NamedNode
    place: NamedNode
    property: NamedNode
    quote: NamedNode
    rank: NamedNode
    remarkKind: NamedNode
    retrieved: NamedNode
    revision: NamedNode
    runBy: NamedNode
    sha256: NamedNode
    signatory: NamedNode
    sourcesDifferOn: NamedNode
    spokenBy: NamedNode
    start: NamedNode
    startModality: NamedNode
    statement: NamedNode
    statementKind: NamedNode
    status: NamedNode
    statusAsOf: NamedNode
    subject: NamedNode
    supportedBy: NamedNode
    supports: NamedNode
    throughPost: NamedNode
    translatedBy: NamedNode
    twinnedWith: NamedNode
    until: NamedNode
    value: NamedNode
    venue: NamedNode
    vote: NamedNode
    within: NamedNode


class RDF(metaclass=_Closed):
    """RDF."""

    _ns = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

    type: NamedNode
    langString: NamedNode


class RDFS(metaclass=_Closed):
    """RDF Schema."""

    _ns = "http://www.w3.org/2000/01/rdf-schema#"

    label: NamedNode
    comment: NamedNode
    isDefinedBy: NamedNode
    seeAlso: NamedNode


class XSD(metaclass=_Closed):
    """XML Schema datatypes."""

    _ns = "http://www.w3.org/2001/XMLSchema#"

    boolean: NamedNode
    date: NamedNode
    decimal: NamedNode
    double: NamedNode
    integer: NamedNode
    string: NamedNode


class PROV(metaclass=_Closed):
    """PROV-O."""

    _ns = "http://www.w3.org/ns/prov#"

    wasDerivedFrom: NamedNode


class SKOS(metaclass=_Closed):
    """SKOS."""

    _ns = "http://www.w3.org/2004/02/skos/core#"

    altLabel: NamedNode
    broader: NamedNode
    prefLabel: NamedNode
    inScheme: NamedNode


EDTF: Final = NamedNode("http://id.loc.gov/datatypes/edtf/EDTF")

ID_KINDS: Final = (
    "agreement", "cite", "claim", "contact", "decision", "event", "geometry", "membership", "org",
    "partnership", "person", "place", "post", "programme", "project", "quantity", "remark",
    "source", "statement", "unit",
)  # fmt: skip
# Evidence and parts of an entity: these have RDF of their own, but no page: they are shown on the
# page of the entity that they belong to.
EVIDENCE_KINDS: Final = frozenset(
    {"cite", "claim", "contact", "geometry", "membership", "quantity", "remark"}
)
SCHEMES: Final = (
    "basis", "counts", "decides", "field", "grade", "level", "modality", "rank", "remark-kind",
    "role", "statement-kind", "status", "type", "vote",
)  # fmt: skip

# The prefixes of the vocabulary and of others: the same in every project.
PREFIXES: Final[Mapping[str, str]] = dict(
    sorted(
        {
            "tg": NS,
            "tgs": SHAPES,
            **{scheme: f"{CODES}{scheme}/" for scheme in SCHEMES},
            "dcterms": "http://purl.org/dc/terms/",
            "edtf": "http://id.loc.gov/datatypes/edtf/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "geo": "http://www.opengis.net/ont/geosparql#",
            "gn": "https://sws.geonames.org/",
            "org": "http://www.w3.org/ns/org#",
            "owl": "http://www.w3.org/2002/07/owl#",
            "prov": "http://www.w3.org/ns/prov#",
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
            "schema": "https://schema.org/",
            "sh": "http://www.w3.org/ns/shacl#",
            "skos": "http://www.w3.org/2004/02/skos/core#",
            "vann": "http://purl.org/vocab/vann/",
            "wd": "http://www.wikidata.org/entity/",
            "xsd": "http://www.w3.org/2001/XMLSchema#",
        }.items()
    )
)

# `org:` is W3C ORG everywhere in the field, so our own organisations go by `orgid:`.
ENTITY_PREFIXES: Final[Mapping[str, str]] = {
    ("orgid" if kind == "org" else kind): f"id/{kind}/" for kind in ID_KINDS
}


def expand(name: str) -> str:
    """Return the IRI of a prefixed name with one of the fixed `PREFIXES`.

    >>> expand("tg:Partnership")
    'https://w3id.org/twingraph/ns#Partnership'
    """
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


@cache
def prefixes_for(base: str) -> Mapping[str, str]:
    """Return the one prefix list of a project: the fixed prefixes, and entities under its base IRI.

    >>> prefixes = prefixes_for("https://data.example.org/")
    >>> prefixes["place"], prefixes["type"]
    ('https://data.example.org/id/place/', 'https://w3id.org/twingraph/vocab/type/')
    """
    entities = {name: base + path for name, path in ENTITY_PREFIXES.items()}
    return dict(sorted({**PREFIXES, **entities}.items()))
