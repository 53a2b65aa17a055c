"""The published tables: every column once; CSV, CSVW, Frictionless and docs are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from pyoxigraph import NamedNode

from twingraph.export.tables import cells as find
from twingraph.export.tables.columns import Column, Form, Row, TableSchema, members
from twingraph.link.facts import SAME_AS, TARGETS, LinkFacts
from twingraph.rdf.vocabulary import PREFIXES, PROV, RDF, RDFS, SKOS, TG


def _term(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def _lists(facts: LinkFacts) -> Iterator[Row]:
    rows = []
    for table in TABLES:
        lists = _columns_of_lists(table)
        things = table.things(facts) if lists else ()
        for column in lists:
            values = facts.of(NamedNode(column.predicate[1:-1]))
            property_ = column.predicate[1:-1]
            for thing in things:
                if thing not in values:  # most
                    continue
                for iri, _ in members(values[thing], column):
                    if iri.isascii():  # see columns.fits
                        rows.append((thing, property_, iri))
    yield from sorted(rows)


def _columns_of_lists(table: TableSchema) -> list[Column]:
    return [column for column in table.columns if column.many and column.predicate]


def _lists_of(facts: LinkFacts, thing: str) -> Iterator[Row]:
    rows = []
    for table in TABLES:
        lists = _columns_of_lists(table)
        if lists and table.has(facts, thing):
            about = facts.facts(thing)
            for column in lists:
                rows += [
                    (thing, column.predicate[1:-1], iri)
                    for iri, _ in members(about.get(column.predicate, ()), column)
                    if iri.isascii()
                ]
    yield from sorted(rows)


def _listed(facts: LinkFacts) -> list[str]:
    listed = (table.things(facts) for table in TABLES if _columns_of_lists(table))
    return sorted(set().union(*listed))


def _has_lists(facts: LinkFacts, thing: str) -> bool:
    return any(table.has(facts, thing) for table in TABLES if _columns_of_lists(table))


# --- columns that many tables have ---------------------------------------------------------------

IRI: Final = Column("iri", "IRI", "IRI", "What the row is about: its IRI in the graph.", "iri",
                    required=True)  # fmt: skip


def _texts(name: str, en: str, de: str, says: str, verb: NamedNode) -> tuple[Column, Column]:
    return (
        Column(f"{name}_en", f"{en} (English)", f"{de} (englisch)", f"{says}, in English.",
               verb=verb, language="en"),
        Column(f"{name}_de", f"{en} (German)", f"{de} (deutsch)", f"{says}, in German.",
               verb=verb, language="de"),
    )  # fmt: skip


def _label(verb: NamedNode = RDFS.label) -> tuple[Column, Column]:
    return _texts("label", "Name", "Name", "The name", verb)


def _one(
    name: str, en: str, de: str, says: str, form: Form, verb: NamedNode, refers: str = ""
) -> Column:
    return Column(name, en, de, says, form, verb, refers=refers)


def _many(
    name: str, en: str, de: str, says: str, verb: NamedNode | None,
    find: Callable[[LinkFacts, str], Sequence[str]] | None = None,
) -> Column:  # fmt: skip
    return Column(name, en, de, says, "iri", verb, many=True, find=find)


def _words(name: str, en: str, de: str, says: str, verb: NamedNode) -> Column:
    return Column(name, en, de, says, "words", verb, quiet=True)


def _identifier(target: str) -> Column:
    title = TARGETS[target].title
    return Column(target, title, title, f"The identifiers in {title}.", verb=SAME_AS, many=True,
                  shown=TARGETS[target].id_of)  # fmt: skip


_COMMENT: Final = _texts(
    "comment", "Comment", "Anmerkung", "A remark of the curators", RDFS.comment
)
_HEDGE: Final = _words("hedge", "Hedge", "Einschränkung",
                       "The word by which the source limits what it says.", TG.hedge)  # fmt: skip
_NOT_STATED: Final = _many("not_stated", "Not stated", "Nicht angegeben",
                           "Properties on which the sources read are silent.",
                           TG.notStated)  # fmt: skip
_MODALITY: Final = _one("modality", "Modality", "Aussageweise",
                        "How firmly it is said; empty means stated.", "iri", TG.modality,
                        "codes")  # fmt: skip
_SOURCES: Final = _many("sources", "Sources", "Quellen",
                        "The documents cited, by the thing itself and by the claims about it.",
                        None, find.sources)  # fmt: skip
_WITHDRAWN: Final = (
    Column("withdrawn", "Withdrawn", "Zurückgezogen", "True for what is no longer kept.",
           "boolean", _term("owl:deprecated")),
    _many("replaced_by", "Replaced by", "Ersetzt durch", "What stands in its place.",
          _term("dcterms:isReplacedBy")),
)  # fmt: skip
_MORE: Final = Column("more", "More in the graph", "Mehr im Graphen",
                      "Names of the columns that can't show all: the graph has several values "
                      "where the cell holds one, or a value of another form. Such a cell is empty "
                      "rather than a choice.", many=True)  # fmt: skip


def _bounded(name: str, en: str, de: str) -> tuple[Column, ...]:
    plain_, low, high = (
        getattr(TG, item) for item in (name, f"earliest{name.title()}", f"latest{name.title()}")
    )
    return (
        Column(name, en, de, "As precise as the sources (EDTF); a set in brackets where they "
               "disagree.", "edtf", plain_),
        Column(f"earliest_{name}", f"{en}: first day", f"{de}: frühester Tag",
               "The first day that it can mean.", "date", low),
        Column(f"latest_{name}", f"{en}: last day", f"{de}: spätester Tag",
               "The last day that it can mean.", "date", high),
    )  # fmt: skip


# --- the tables ----------------------------------------------------------------------------------

PLACES: Final = TableSchema(
    "places", "Places", "Orte",
    "Municipalities, boroughs, districts, regions and countries, and the places in them.",
    (
        IRI, *_label(),
        Column("class", "Class", "Klasse", "Administrative unit, or a place that is nobody's "
               "partner.", "iri", RDF.type, required=True, find=find.class_of),
        _many("level", "Level", "Ebene", "Administrative levels.", TG.level),
        _many("country", "Country", "Land", "The countries it lies in.", TG.country),
        Column("country_code", "Country code", "Ländercode",
               "ISO 3166-1 alpha-2 codes of those countries, or its own.", many=True,
               find=find.country_codes),
        _many("within", "Within", "Liegt in", "The next larger places.", TG.within),
        Column("latitude", "Latitude", "Breite", "Degrees north, WGS 84.", "decimal",
               _term("schema:latitude")),
        Column("longitude", "Longitude", "Länge", "Degrees east, WGS 84.", "decimal",
               _term("schema:longitude")),
        _identifier("wikidata"), _identifier("geonames"),
        *_WITHDRAWN,
        _NOT_STATED, _MORE,
    ),
    classes=(TG.AdministrativeUnit, find.PLACE,),
)  # fmt: skip

TABLES: Final[tuple[TableSchema, ...]] = (
    PLACES,
    TableSchema(
        "names", "Names of places", "Namen der Orte",
        "Every name of every place, to join lists that spell it otherwise.",
        (
            Column("place", "Place", "Ort", "The place.", "iri", required=True, refers="places"),
            Column("name", "Name", "Name", "A name, as it is written.", required=True),
            Column("language", "Language", "Sprache", "Its language tag (BCP 47), und for none.",
                   required=True),
            Column("preferred", "Preferred", "Bevorzugt", "True for the label.", "boolean",
                   required=True),
        ),
        ("place", "preferred", "language", "name"),
        classes=(TG.AdministrativeUnit, find.PLACE), rows=find.names,
    ),
    TableSchema(
        "partners", "Partners", "Partner",
        "Whatever is a partner of something: a place, an organisation, a department.",
        (
            IRI, *_label(),
            Column("kind", "Kind", "Art", "place, org or unit.", find=find.kind, required=True),
            Column("place", "Place", "Ort", "The same IRI, where it is a place.", "iri",
                   refers="places", find=find.own_place),
            Column("partnerships", "Partnerships", "Partnerschaften",
                   "In how many it is a partner.", "integer",
                   find=find.count(TG.partner), required=True),
            _MORE,
        ),
        listed=find.partners, listed_is=find.is_partner,
    ),
    TableSchema(
        "partnerships", "Partnerships", "Partnerschaften",
        "Enduring relations of two or more partners, with what is published of them.",
        (
            IRI, *_label(),
            _many("partners", "Partners", "Partner", "Its partners; members.csv has them by row.",
                  None, lambda facts, thing: facts.texts(thing, TG.partner)),
            Column("partner_count", "Number of partners", "Zahl der Partner", "How many.",
                   "integer", required=True,
                   find=lambda facts, thing: [str(len(facts.texts(thing, TG.partner)))]),
            _many("type", "Kind", "Art", "Its kinds; more than one where sources disagree.",
                  TG.partnershipType),
            _many("status", "Status", "Status", "Its status; empty where nothing is known, more "
                  "than one where sources disagree.", TG.status),
            _one("status_as_of", "Status as of", "Status am", "The day for which that is said.",
                 "edtf", TG.statusAsOf),
            *_bounded("start", "Start", "Beginn"),
            _one("start_modality", "Strength of the start", "Belegstärke des Beginns",
                 "Whether a source states the start or it is inferred.", "iri", TG.startModality),
            Column("start_year", "Year of the start", "Jahr des Beginns",
                   "The year, where both days lie in one; otherwise empty.", "integer",
                   find=find.start_year),
            *_bounded("end", "End", "Ende"),
            _many("field", "Fields", "Themen", "What the partners work on.", TG.field),
            _one("distance_km", "Distance (km)", "Entfernung (km)",
                 "Between two located partners, as the crow flies.", "integer", TG.distanceKm),
            _many("conflict", "Claims disagree on", "Angaben uneins über",
                  "Properties of which claims give values that do not agree; claims.csv has each.",
                  TG.hasConflict),
            _many("sources_differ_on", "Sources disagree on", "Quellen uneins über",
                  "Those of them on which two sources disagree; elsewhere two passages of one.",
                  TG.sourcesDifferOn),
            *_WITHDRAWN, _NOT_STATED, _MODALITY, _HEDGE, *_COMMENT, _SOURCES, _MORE,
        ),
        type_=TG.Partnership, classes=(TG.Partnership,),
    ),
    TableSchema(
        "members", "Partners of partnerships", "Partner der Partnerschaften",
        "One row for each partner of each partnership, however many it has.",
        (
            Column("partnership", "Partnership", "Partnerschaft", "The partnership.", "iri",
                   required=True, refers="partnerships"),
            Column("partner", "Partner", "Partner", "One of its partners.", "iri", TG.partner,
                   required=True, refers="partners"),
            Column("partner_label_en", "Name of the partner (English)",
                   "Name des Partners (englisch)", "To read the row by."),
            Column("partner_label_de", "Name of the partner (German)",
                   "Name des Partners (deutsch)", "To read the row by."),
        ),
        ("partnership", "partner"), classes=(TG.Partnership,), rows=find.members,
    ),
    TableSchema(
        "claims", "Claims", "Angaben",
        "What each source gives as the value of a property, also where it is not published.",
        (
            IRI,
            Column("subject", "Subject", "Gegenstand", "What the claim is about.", "iri",
                   TG.subject, required=True),
            Column("property", "Property", "Eigenschaft", "The property it gives a value of.",
                   "iri", TG.property, required=True),
            Column("value", "Value", "Wert", "The value: an IRI, a date (EDTF) or a text.",
                   find=find.value, required=True),
            Column("value_label_en", "Name of the value (English)", "Name des Werts (englisch)",
                   "Where it is an IRI.", find=find.value_label("en")),
            Column("value_label_de", "Name of the value (German)", "Name des Werts (deutsch)",
                   "Where it is an IRI.", find=find.value_label("de")),
            Column("value_datatype", "Datatype of the value", "Datentyp des Werts",
                   "Empty where it is an IRI.", "iri", find=find.value_type),
            Column("value_language", "Language of the value", "Sprache des Werts",
                   "Where it is a text with a language.", find=find.value_language),
            Column("value_iri", "Value, if an IRI", "Wert, falls IRI", "The same, for RDF.",
                   "iri", TG.value, picks=True),
            Column("value_date", "Value, if a date", "Wert, falls Datum", "The same, for RDF.",
                   "edtf", TG.value, picks=True),
            _one("basis", "Basis", "Grundlage", "What a start rests on.", "iri", TG.basis, "codes"),
            _MODALITY,
            _one("rank", "Rank", "Rang", "Preferred or deprecated; empty means normal.", "iri",
                 TG.rank, "codes"),
            _HEDGE,
            _one("as_of", "As of", "Stand", "The day for which the source speaks.", "edtf",
                 TG.asOf),
            _one("from", "From", "Von", "From when what it says held.", "edtf", TG.from_),
            _one("until", "Until", "Bis", "Until when.", "edtf", TG.until),
            _many("derived_from", "Concluded from", "Erschlossen aus", "What it follows from, "
                  "where it is inferred.", PROV.wasDerivedFrom),
            *_COMMENT, _SOURCES, _MORE,
        ),
        type_=TG.Claim, classes=(TG.Claim,),
    ),
    TableSchema(
        "evidence", "Evidence", "Belege",
        "Which citations pin a partnership or a claim: one row a pair.",
        (
            Column("thing", "Partnership or claim", "Partnerschaft oder Angabe", "What cites.",
                   "iri", required=True),
            Column("citation", "Citation", "Fundstelle", "What it cites.", "iri", TG.cites,
                   required=True, refers="citations"),
        ),
        ("thing", "citation"), classes=(TG.Partnership, TG.Claim), rows=find.evidence,
    ),
    TableSchema(
        "citations", "Citations", "Fundstellen",
        "Places in documents: the line, and the few words that pin what is said.",
        (
            IRI,
            Column("source", "Source", "Quelle", "The document.", "iri", TG.inSource,
                   required=True, refers="sources"),
            _one("line", "Line", "Zeile", "Line of the stored text.", "integer", TG.line),
            _one("quote", "Quote", "Zitat", "Its words, ten at most.", "text", TG.quote),
            _many("supports", "Supports", "Belegt", "The properties it pins.", TG.supports),
            _MORE,
        ),
        type_=TG.Citation, classes=(TG.Citation,),
    ),
    TableSchema(
        "sources", "Sources", "Quellen", "The documents that were read.",
        (
            IRI, *_label(),
            _words("title", "Title", "Titel", "Its own title.", _term("dcterms:title")),
            _one("language", "Language", "Sprache", "Its language (BCP 47).", "text",
                 _term("dcterms:language")),
            _one("publisher", "Publisher", "Herausgeber", "Who published it.", "iri",
                 _term("dcterms:publisher")),
            _words("issued", "Issued", "Erschienen", "When it came out.", _term("dcterms:issued")),
            _one("retrieved", "Retrieved", "Abgerufen", "The day it was fetched.", "date",
                 TG.retrieved),
            _many("page", "Page", "Seite", "Its addresses.", _term("foaf:page")),
            _one("sha256", "SHA-256", "SHA-256", "Checksum of the text that was read.", "text",
                 TG.sha256),
            Column("citations", "Citations", "Fundstellen", "How many citations are in it.",
                   "integer", find=find.count(TG.inSource), required=True),
            _NOT_STATED, _MORE,
        ),
        type_=TG.SourceDocument, classes=(TG.SourceDocument,),
    ),
    TableSchema(
        "codes", "Codes", "Codes", "The codes of the code lists, with their meaning.",
        (
            IRI,
            _one("scheme", "Code list", "Codeliste", "The list it is in.", "iri", SKOS.inScheme),
            _one("code", "Code", "Code", "Its short form.", "text", _term("skos:notation")),
            *_label(SKOS.prefLabel),
            *_texts("definition", "Definition", "Definition", "What it means",
                    _term("skos:definition")),
            _many("broader", "Broader", "Oberbegriff", "The next wider codes.", SKOS.broader),
            _one("counts_as_twinning", "Counts as twinning", "Gilt als Städtepartnerschaft",
                 "Of a kind: whether it is a twinning.", "boolean", TG.countsAsTwinning),
            _one("counts_as_partnership", "Counts as a partnership", "Gilt als Partnerschaft",
                 "Of a kind: whether it is a standing relation.", "boolean",
                 TG.countsAsPartnership),
            _MORE,
        ),
        type_=_term("skos:Concept"), classes=(_term("skos:Concept"),),
    ),
    TableSchema(
        "lists", "Members of lists", "Glieder der Listen",
        "Every member of a cell that holds a list, one row each: for joins, and for the RDF, which "
        "CSVW can't make from lists of IRIs.",
        (
            Column("thing", "Thing", "Gegenstand", "What has the list.", "iri", required=True),
            Column("property", "Property", "Eigenschaft", "The property.", "iri", required=True),
            Column("value", "Value", "Wert", "One of its values.", "iri", TG.value, required=True),
        ),
        ("thing", "property", "value"), listed=_listed, listed_is=_has_lists, rows=_lists_of,
        all_rows=_lists, properties={"value": "property"},
    ),
)  # fmt: skip
