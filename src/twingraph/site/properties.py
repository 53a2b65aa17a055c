"""Properties on pages: their names in both directions, their order, and those always shown.

The ontology names our own properties; this names the field's, and every link read backwards.
"""

from __future__ import annotations

from typing import Final

from twingraph.rdf.vocabulary import NS, expand
from twingraph.translation import NP_, Message


def _table(rows: dict[str, Message]) -> dict[str, Message]:
    return {expand(name): message for name, message in rows.items()}


# What the field's properties are called here.
FOREIGN: Final = _table(
    {
        "dcterms:bibliographicCitation": NP_("property", "how to cite"),
        "dcterms:created": NP_("property", "created"),
        "dcterms:creator": NP_("property", "creator"),
        "dcterms:description": NP_("property", "description"),
        "dcterms:isPartOf": NP_("property", "part of"),
        "dcterms:isReplacedBy": NP_("property", "replaced by"),
        "dcterms:issued": NP_("property", "issued"),
        "dcterms:language": NP_("property", "language"),
        "dcterms:license": NP_("property", "licence"),
        "dcterms:modified": NP_("property", "modified"),
        "dcterms:publisher": NP_("property", "publisher"),
        "dcterms:title": NP_("property", "title"),
        "foaf:page": NP_("property", "web page"),
        "geo:asWKT": NP_("property", "point (WKT)"),
        "geo:hasGeometry": NP_("property", "position"),
        "org:heldBy": NP_("property", "held by"),
        "org:member": NP_("property", "member"),
        "org:organization": NP_("property", "organisation"),
        "org:postIn": NP_("property", "office of"),
        "org:role": NP_("property", "role"),
        "org:unitOf": NP_("property", "unit of"),
        "owl:deprecated": NP_("property", "withdrawn"),
        "owl:disjointWith": NP_("property", "never also"),
        "owl:sameAs": NP_("property", "same as"),
        "owl:versionIRI": NP_("property", "this version"),
        "owl:versionInfo": NP_("property", "version"),
        "prov:wasDerivedFrom": NP_("property", "inferred from"),
        "rdf:type": NP_("property", "kind of thing"),
        "rdfs:comment": NP_("property", "comment"),
        "rdfs:isDefinedBy": NP_("property", "defined by"),
        "rdfs:label": NP_("property", "name"),
        "rdfs:seeAlso": NP_("property", "see also"),
        "rdfs:subClassOf": NP_("property", "narrower than"),
        "rdfs:subPropertyOf": NP_("property", "narrower than"),
        "schema:addressLocality": NP_("property", "town"),
        "schema:domainIncludes": NP_("property", "used on"),
        "schema:faxNumber": NP_("property", "fax"),
        "schema:latitude": NP_("property", "latitude"),
        "schema:longitude": NP_("property", "longitude"),
        "schema:postalCode": NP_("property", "postal code"),
        "schema:rangeIncludes": NP_("property", "values"),
        "schema:streetAddress": NP_("property", "street"),
        "schema:telephone": NP_("property", "telephone"),
        "skos:altLabel": NP_("property", "also called"),
        "skos:broader": NP_("property", "broader"),
        "skos:broadMatch": NP_("property", "broader elsewhere"),
        "skos:closeMatch": NP_("property", "close to"),
        "skos:definition": NP_("property", "definition"),
        "skos:editorialNote": NP_("property", "editorial note"),
        "skos:exactMatch": NP_("property", "same elsewhere"),
        "skos:example": NP_("property", "example"),
        "skos:hasTopConcept": NP_("property", "top codes"),
        "skos:inScheme": NP_("property", "code list"),
        "skos:narrowMatch": NP_("property", "narrower elsewhere"),
        "skos:narrower": NP_("property", "narrower"),
        "skos:notation": NP_("property", "code"),
        "skos:prefLabel": NP_("property", "name"),
        "skos:relatedMatch": NP_("property", "related elsewhere"),
        "skos:scopeNote": NP_("property", "when to use"),
        "skos:topConceptOf": NP_("property", "top code of"),
        "vann:preferredNamespacePrefix": NP_("property", "usual prefix"),
        "vann:preferredNamespaceUri": NP_("property", "namespace"),
    }
)

# The names of inverse properties: headings above the lists of subjects that point here.
INVERSE: Final = _table(
    {
        "dcterms:isPartOf": NP_("inverse", "Parts"),
        "dcterms:isReplacedBy": NP_("inverse", "Replaces"),
        "dcterms:publisher": NP_("inverse", "Published"),
        "geo:hasGeometry": NP_("inverse", "Coordinates of"),
        "org:heldBy": NP_("inverse", "Holds the office"),
        "org:member": NP_("inverse", "Memberships"),
        "org:organization": NP_("inverse", "Its members"),
        "org:postIn": NP_("inverse", "Offices"),
        "org:role": NP_("inverse", "Held in this role"),
        "org:unitOf": NP_("inverse", "Units"),
        "owl:disjointWith": NP_("inverse", "Never also"),
        "prov:wasDerivedFrom": NP_("inverse", "Derived from it"),
        "rdfs:seeAlso": NP_("inverse", "Referred to by"),
        "rdfs:subClassOf": NP_("inverse", "Narrower"),
        "rdfs:subPropertyOf": NP_("inverse", "Narrower"),
        "schema:domainIncludes": NP_("inverse", "Its properties"),
        "schema:rangeIncludes": NP_("inverse", "Is a value of"),
        "skos:broader": NP_("inverse", "Narrower codes"),
        "skos:inScheme": NP_("inverse", "Codes"),
        "tg:about": NP_("inverse", "What is told about it"),
        "tg:addressee": NP_("inverse", "Is addressed by"),
        "tg:basis": NP_("inverse", "Dates on this basis"),
        "tg:capitalOf": NP_("inverse", "Capital"),
        "tg:cites": NP_("inverse", "Is evidence for"),
        "tg:concludedBy": NP_("inverse", "Has concluded"),
        "tg:contactPoint": NP_("inverse", "Contact point of"),
        "tg:coordinatedBy": NP_("inverse", "Coordinates"),
        "tg:country": NP_("inverse", "In this country"),
        "tg:counts": NP_("inverse", "Quantities"),
        "tg:dateline": NP_("inverse", "News items dated from here"),
        "tg:decidedBy": NP_("inverse", "Has decided"),
        "tg:decides": NP_("inverse", "Decisions of this kind"),
        "tg:field": NP_("inverse", "In this field"),
        "tg:hasConflict": NP_("inverse", "Sources differ on it for"),
        "tg:host": NP_("inverse", "Has hosted"),
        "tg:inSource": NP_("inverse", "Citations"),
        "tg:issuedBy": NP_("inverse", "Has issued"),
        "tg:level": NP_("inverse", "On this level"),
        "tg:location": NP_("inverse", "Projects here"),
        "tg:modality": NP_("inverse", "With this modality"),
        "tg:occasion": NP_("inverse", "Said on this occasion"),
        "tg:participant": NP_("inverse", "Has taken part in"),
        "tg:partner": NP_("inverse", "Is partner in"),
        "tg:partnershipType": NP_("inverse", "Partnerships of this kind"),
        "tg:patron": NP_("inverse", "Is patron of"),
        "tg:place": NP_("inverse", "Has happened here"),
        "tg:property": NP_("inverse", "Claimed of"),
        "tg:rank": NP_("inverse", "Of this rank"),
        "tg:remarkKind": NP_("inverse", "Remarks of this kind"),
        "tg:runBy": NP_("inverse", "Runs"),
        "tg:signatory": NP_("inverse", "Has signed"),
        "tg:spokenBy": NP_("inverse", "Has said"),
        "tg:startModality": NP_("inverse", "Starts of this strength"),
        "tg:statementKind": NP_("inverse", "Statements of this kind"),
        "tg:status": NP_("inverse", "With this status"),
        "tg:subject": NP_("inverse", "What the sources say"),
        "tg:supportedBy": NP_("inverse", "Supports"),
        "tg:supports": NP_("inverse", "Pinned by"),
        "tg:throughPost": NP_("inverse", "Held through this office"),
        "tg:translatedBy": NP_("inverse", "Has translated"),
        "tg:value": NP_("inverse", "Claimed as a value"),
        "tg:venue": NP_("inverse", "Has taken place here"),
        "tg:vote": NP_("inverse", "Decided by this vote"),
        "tg:within": NP_("inverse", "Lies in it"),
    }
)

# The order of facts; the rest follow by name.
ORDER: Final = tuple(
    expand(name)
    for name in (
        "tg:partner", "tg:partnershipType", "tg:status", "tg:start", "tg:end", "tg:date",
        "tg:contactsSince", "tg:aim", "tg:level", "tg:capitalOf",
        "tg:within", "tg:country", "tg:countryCode", "tg:subject", "tg:property",
        "tg:value", "tg:basis", "tg:modality", "tg:hedge", "tg:statementKind", "tg:remarkKind",
        "dcterms:isPartOf", "tg:issuedBy", "tg:spokenBy", "tg:signatory", "tg:addressee",
        "tg:occasion", "tg:concludedBy", "tg:decidedBy", "tg:decides", "tg:vote", "org:member",
        "org:role", "org:organization", "tg:throughPost", "org:unitOf", "org:postIn", "org:heldBy",
        "tg:counts", "tg:comparator", "tg:number", "tg:asOf", "tg:host", "tg:venue", "tg:place",
        "tg:dateline", "tg:location", "tg:coordinatedBy", "tg:supportedBy",
        "tg:participant", "tg:runBy", "tg:field", "tg:about", "tg:distanceKm",
        "tg:quote", "tg:line", "tg:inSource", "tg:supports", "prov:wasDerivedFrom",
        "dcterms:title", "dcterms:publisher", "dcterms:language", "tg:retrieved", "tg:sha256",
        "skos:notation", "skos:broader", "skos:narrower", "skos:inScheme",
    )
)  # fmt: skip

# Told elsewhere on the page: title, names, evidence, bounds, shortcuts, the other way round.
HIDDEN: Final = frozenset(
    expand(name)
    for name in (
        "rdf:type", "rdfs:label", "rdfs:comment", "rdfs:isDefinedBy", "skos:prefLabel",
        "skos:altLabel", "skos:definition", "skos:topConceptOf", "skos:hasTopConcept",
        "tg:cites", "tg:earliestStart", "tg:latestStart", "tg:earliestEnd", "tg:latestEnd",
        "tg:earliestDate", "tg:latestDate", "tg:statusAsOf", "tg:hasConflict", "tg:sourcesDifferOn",
        "tg:passagesDifferOn", "tg:startModality", "tg:issuer", "tg:partnerOf",
        "tg:twinnedWith", "tg:foldedName", "owl:sameAs", "rdfs:seeAlso", "foaf:page",
        "schema:latitude", "schema:longitude", "geo:hasGeometry", "tg:contactPoint",
    )
)  # fmt: skip
OUTSIDE: Final = tuple(expand(name) for name in ("owl:sameAs", "foaf:page", "rdfs:seeAlso"))

# Properties that are shown even without a value: "not stated" is an answer.
ALWAYS: Final[dict[str, tuple[str, ...]]] = {
    kind: tuple(expand(name) for name in names)
    for kind, names in {
        "partnership": ("tg:partnershipType", "tg:status", "tg:start", "tg:end"),
        "agreement": ("tg:date",),
        "decision": ("tg:date",),
        "event": ("tg:date", "tg:place"),
        "project": ("tg:start", "tg:end"),
        "programme": ("tg:start", "tg:end"),
        "membership": ("tg:start", "tg:end"),
        "statement": ("tg:date",),
    }.items()
}

# Which bounds widen or narrow which date.
BOUNDS: Final = {
    f"{NS}{name}": (f"{NS}earliest{name.title()}", f"{NS}latest{name.title()}")
    for name in ("start", "end", "date")
}
