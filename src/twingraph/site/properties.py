"""How pages read properties: what they are called from either end, in which order, which always.

The ontology names our own properties; this names the field's, and every link read backwards.
"""

from __future__ import annotations

from typing import Final

from twingraph.rdf.vocabulary import HOME, PREFIXES

Pair = tuple[str, str]  # English, German


def _iri(name: str) -> str:
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def _table(rows: dict[str, Pair]) -> dict[str, Pair]:
    return {_iri(name): pair for name, pair in rows.items()}


# What the field's properties are called here.
FOREIGN: Final = _table(
    {
        "dcterms:bibliographicCitation": ("how to cite", "Zitierweise"),
        "dcterms:created": ("created", "erstellt"),
        "dcterms:creator": ("creator", "Urheber"),
        "dcterms:description": ("description", "Beschreibung"),
        "dcterms:isPartOf": ("part of", "Teil von"),
        "dcterms:isReplacedBy": ("replaced by", "ersetzt durch"),
        "dcterms:issued": ("issued", "veröffentlicht"),
        "dcterms:language": ("language", "Sprache"),
        "dcterms:license": ("licence", "Lizenz"),
        "dcterms:modified": ("modified", "geändert"),
        "dcterms:publisher": ("publisher", "herausgegeben von"),
        "dcterms:title": ("title", "Titel"),
        "foaf:page": ("web page", "Webseite"),
        "geo:asWKT": ("point (WKT)", "Punkt (WKT)"),
        "geo:hasGeometry": ("position", "Lage"),
        "org:heldBy": ("held by", "ausgeübt von"),
        "org:member": ("member", "Mitglied"),
        "org:organization": ("organisation", "Organisation"),
        "org:postIn": ("office of", "Amt bei"),
        "org:role": ("role", "Funktion"),
        "org:unitOf": ("unit of", "Stelle von"),
        "owl:deprecated": ("withdrawn", "zurückgezogen"),
        "owl:disjointWith": ("never also", "nie zugleich"),
        "owl:sameAs": ("same as", "dasselbe wie"),
        "owl:versionIRI": ("this version", "diese Fassung"),
        "owl:versionInfo": ("version", "Fassung"),
        "prov:wasDerivedFrom": ("inferred from", "erschlossen aus"),
        "rdf:type": ("kind of thing", "Art des Gegenstands"),
        "rdfs:comment": ("comment", "Erläuterung"),
        "rdfs:isDefinedBy": ("defined by", "definiert in"),
        "rdfs:label": ("name", "Name"),
        "rdfs:seeAlso": ("see also", "siehe auch"),
        "rdfs:subClassOf": ("narrower than", "enger als"),
        "rdfs:subPropertyOf": ("narrower than", "enger als"),
        "schema:addressLocality": ("town", "Ort"),
        "schema:domainIncludes": ("used on", "verwendet bei"),
        "schema:faxNumber": ("fax", "Fax"),
        "schema:latitude": ("latitude", "Breite"),
        "schema:longitude": ("longitude", "Länge"),
        "schema:postalCode": ("postal code", "Postleitzahl"),
        "schema:rangeIncludes": ("values", "Werte"),
        "schema:streetAddress": ("street", "Straße"),
        "schema:telephone": ("telephone", "Telefon"),
        "skos:altLabel": ("also called", "auch genannt"),
        "skos:broader": ("broader", "weiter gefasst"),
        "skos:broadMatch": ("broader elsewhere", "anderswo weiter gefasst"),
        "skos:closeMatch": ("close to", "nahe bei"),
        "skos:definition": ("definition", "Definition"),
        "skos:editorialNote": ("editorial note", "redaktioneller Hinweis"),
        "skos:exactMatch": ("same elsewhere", "anderswo gleich"),
        "skos:example": ("example", "Beispiel"),
        "skos:hasTopConcept": ("top codes", "oberste Codes"),
        "skos:inScheme": ("code list", "Codeliste"),
        "skos:narrowMatch": ("narrower elsewhere", "anderswo enger gefasst"),
        "skos:narrower": ("narrower", "enger gefasst"),
        "skos:notation": ("code", "Code"),
        "skos:prefLabel": ("name", "Name"),
        "skos:relatedMatch": ("related elsewhere", "anderswo verwandt"),
        "skos:scopeNote": ("when to use", "Verwendung"),
        "skos:topConceptOf": ("top code of", "oberster Code von"),
        "vann:preferredNamespacePrefix": ("usual prefix", "übliches Präfix"),
        "vann:preferredNamespaceUri": ("namespace", "Namensraum"),
    }
)

# A link read from its far end: what stands above the list of those that point here.
INVERSE: Final = _table(
    {
        "dcterms:isPartOf": ("Parts", "Teile"),
        "dcterms:isReplacedBy": ("Replaces", "Ersetzt"),
        "dcterms:publisher": ("Published", "Hat herausgegeben"),
        "geo:hasGeometry": ("Position of", "Lage von"),
        "org:heldBy": ("Holds the office", "Übt das Amt aus"),
        "org:member": ("Memberships", "Mitgliedschaften"),
        "org:organization": ("Its members", "Hat als Mitglieder"),
        "org:postIn": ("Offices", "Ämter"),
        "org:role": ("Held in this role", "In dieser Funktion"),
        "org:unitOf": ("Units", "Stellen"),
        "owl:disjointWith": ("Never also", "Nie zugleich"),
        "prov:wasDerivedFrom": ("Inferred from it", "Daraus erschlossen"),
        "rdfs:seeAlso": ("Referred to by", "Darauf verweisen"),
        "rdfs:subClassOf": ("Narrower", "Enger gefasst"),
        "rdfs:subPropertyOf": ("Narrower", "Enger gefasst"),
        "schema:domainIncludes": ("Its properties", "Eigenschaften dazu"),
        "schema:rangeIncludes": ("Is a value of", "Ist Wert von"),
        "skos:broader": ("Narrower codes", "Engere Codes"),
        "skos:inScheme": ("Codes", "Codes"),
        "tg:about": ("What is told about it", "Was darüber gesagt wird"),
        "tg:addressee": ("Is addressed by", "Wird angesprochen in"),
        "tg:basis": ("Dates on this basis", "Datierungen auf dieser Grundlage"),
        "tg:cites": ("Is evidence for", "Belegt"),
        "tg:concludedBy": ("Has concluded", "Hat geschlossen"),
        "tg:contactPoint": ("Contact point of", "Kontaktstelle von"),
        "tg:country": ("In this country", "In diesem Staat"),
        "tg:counts": ("Quantities", "Mengenangaben"),
        "tg:decidedBy": ("Has decided", "Hat beschlossen"),
        "tg:decides": ("Decisions of this kind", "Beschlüsse dieser Art"),
        "tg:field": ("In this field", "In diesem Arbeitsfeld"),
        "tg:hasConflict": ("Sources differ on it for", "Widersprüchlich angegeben bei"),
        "tg:host": ("Has hosted", "War Gastgeber von"),
        "tg:inSource": ("Citations", "Belegstellen"),
        "tg:issuedBy": ("Has issued", "Hat herausgegeben"),
        "tg:level": ("On this level", "Auf dieser Ebene"),
        "tg:modality": ("With this modality", "Mit dieser Modalität"),
        "tg:occasion": ("Said on this occasion", "Zu diesem Anlass gesagt"),
        "tg:participant": ("Has taken part in", "Hat teilgenommen an"),
        "tg:partner": ("Is partner in", "Ist Partner in"),
        "tg:partnershipType": ("Partnerships of this kind", "Partnerschaften dieser Art"),
        "tg:patron": ("Is patron of", "Hat die Schirmherrschaft über"),
        "tg:place": ("Has happened here", "Hat hier stattgefunden"),
        "tg:property": ("Claimed of", "Angegeben für"),
        "tg:rank": ("Of this rank", "Mit diesem Rang"),
        "tg:remarkKind": ("Remarks of this kind", "Anmerkungen dieser Art"),
        "tg:runBy": ("Runs", "Trägt"),
        "tg:signatory": ("Has signed", "Hat unterzeichnet"),
        "tg:spokenBy": ("Has said", "Hat gesagt"),
        "tg:statementKind": ("Statements of this kind", "Äußerungen dieser Art"),
        "tg:status": ("With this status", "Mit diesem Status"),
        "tg:subject": ("What the sources say", "Was die Quellen sagen"),
        "tg:supports": ("Pinned by", "Gestützt durch"),
        "tg:throughPost": ("Held through this office", "Kraft dieses Amts"),
        "tg:translatedBy": ("Has translated", "Hat übersetzt"),
        "tg:value": ("Claimed as a value", "Als Wert angegeben"),
        "tg:venue": ("Has taken place here", "Hat hier stattgefunden"),
        "tg:vote": ("Decided by this vote", "Mit dieser Abstimmung beschlossen"),
        "tg:within": ("Lies in it", "Liegt darin"),
    }
)

# The order of facts; the rest follow by name.
ORDER: Final = tuple(
    _iri(name)
    for name in (
        "tg:partner", "tg:partnershipType", "tg:status", "tg:start", "tg:end", "tg:date",
        "tg:level", "tg:within", "tg:country", "tg:countryCode", "tg:subject", "tg:property",
        "tg:value", "tg:basis", "tg:modality", "tg:hedge", "tg:statementKind", "tg:remarkKind",
        "dcterms:isPartOf", "tg:issuedBy", "tg:spokenBy", "tg:signatory", "tg:addressee",
        "tg:occasion", "tg:concludedBy", "tg:decidedBy", "tg:decides", "tg:vote", "org:member",
        "org:role", "org:organization", "tg:throughPost", "org:unitOf", "org:postIn", "org:heldBy",
        "tg:counts", "tg:comparator", "tg:number", "tg:asOf", "tg:host", "tg:venue", "tg:place",
        "tg:participant", "tg:runBy", "tg:field", "tg:about", "tg:distanceKm",
        "tg:quote", "tg:line", "tg:inSource", "tg:supports", "prov:wasDerivedFrom",
        "dcterms:title", "dcterms:publisher", "dcterms:language", "tg:retrieved", "tg:sha256",
        "skos:notation", "skos:broader", "skos:narrower", "skos:inScheme",
    )
)  # fmt: skip

# Told elsewhere on the page: title, names, evidence, bounds, shortcuts, the other way round.
HIDDEN: Final = frozenset(
    _iri(name)
    for name in (
        "rdf:type", "rdfs:label", "rdfs:comment", "rdfs:isDefinedBy", "skos:prefLabel",
        "skos:altLabel", "skos:definition", "skos:topConceptOf", "skos:hasTopConcept",
        "tg:cites", "tg:earliestStart", "tg:latestStart", "tg:earliestEnd", "tg:latestEnd",
        "tg:earliestDate", "tg:latestDate", "tg:statusAsOf", "tg:hasConflict", "tg:partnerOf",
        "tg:twinnedWith", "tg:foldedName", "owl:sameAs", "rdfs:seeAlso", "foaf:page",
        "schema:latitude", "schema:longitude", "geo:hasGeometry",
    )
)  # fmt: skip
OUTSIDE: Final = tuple(_iri(name) for name in ("owl:sameAs", "foaf:page", "rdfs:seeAlso"))

# What is shown even where no source tells it: "not stated" is an answer.
ALWAYS: Final[dict[str, tuple[str, ...]]] = {
    kind: tuple(_iri(name) for name in names)
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
    HOME + f"ns#{name}": (HOME + f"ns#earliest{name.title()}", HOME + f"ns#latest{name.title()}")
    for name in ("start", "end", "date")
}
