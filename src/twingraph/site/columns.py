"""What the columns of an answer, and the few fixed words in its cells, are called on a page."""

from __future__ import annotations

import re
from typing import Final

_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "about": ("About", "Worum es geht"),
    "actor": ("Involved", "Beteiligt"),
    "addressed": ("Called on", "Angesprochen"),
    "addressee": ("Addressed to", "Gerichtet an"),
    "agreement": ("Agreement", "Vereinbarung"),
    "alsoAbout": ("Also about", "Auch zu"),
    "alsoAddressed": ("Also called on", "Auch angesprochen"),
    "anniversary": ("Years", "Jahre"),
    "answer": ("Answer", "Antwort"),
    "asOf": ("As of", "Stand"),
    "basis": ("Basis", "Grundlage"),
    "before": ("Before", "Vor"),
    "begunBeforeOrAfter": ("Begun before or after", "Vorher oder nachher begonnen"),
    "begunBetween": ("Begun in the span", "Im Zeitraum begonnen"),
    "certain": ("Certain", "Sicher"),
    "certainty": ("Certainty", "Gewissheit"),
    "claims": ("Claims", "Behauptungen"),
    "comparator": ("More or less", "Mehr oder weniger"),
    "concluded": ("Concluded", "Geschlossen"),
    "contact": ("Contact", "Kontakt"),
    "country": ("Country", "Staat"),
    "counts": ("What is counted", "Was gezählt wird"),
    "countsAsStart": ("Counts as start", "Zählt als Beginn"),
    "countsAsTwinning": ("Counts as twinning", "Zählt als Städtepartnerschaft"),
    "date": ("Date", "Datum"),
    "dateHedge": ("Hedge of the date", "Einschränkung des Datums"),
    "dateModality": ("Date stated or implied", "Datum genannt oder erschlossen"),
    "day": ("Day", "Tag"),
    "decade": ("Decade from", "Jahrzehnt ab"),
    "decided": ("Decided", "Beschlossen"),
    "decidedBy": ("Decided by", "Beschlossen von"),
    "decides": ("What was decided", "Was beschlossen wurde"),
    "decision": ("Decision", "Beschluss"),
    "demand": ("Demand", "Forderung"),
    "derivedFrom": ("Concluded from", "Geschlossen aus"),
    "distanceKm": ("Distance", "Entfernung"),
    "earliestStart": ("No earlier than", "Nicht vor"),
    "event": ("Event", "Veranstaltung"),
    "eventDate": ("Date of the event", "Datum der Veranstaltung"),
    "events": ("Events", "Veranstaltungen"),
    "fax": ("Fax", "Telefax"),
    "fewestYears": ("Fewest years", "Jahre mindestens"),
    "field": ("Field", "Arbeitsfeld"),
    "firstDay": ("First day", "Erster Tag"),
    "graph": ("Graph", "Graph"),
    "hedge": ("Hedge", "Einschränkung"),
    "id": ("Identifier", "Kennung"),
    "implied": ("Only implied", "Nur erschlossen"),
    "inYear": ("In the year", "Im Jahr"),
    "issued": ("Issued", "Herausgegeben"),
    "issuer": ("Issued by", "Herausgegeben von"),
    "item": ("What", "Was"),
    "itemKind": ("Kind of thing", "Art"),
    "kind": ("Kind", "Art"),
    "label": ("Name", "Name"),
    "language": ("Language", "Sprache"),
    "lastDay": ("Last day", "Letzter Tag"),
    "latestStart": ("No later than", "Nicht nach"),
    "level": ("Level", "Ebene"),
    "line": ("Line", "Zeile"),
    "match": ("How it fits", "Wie es passt"),
    "member": ("Who", "Wer"),
    "membership": ("Membership", "Mitgliedschaft"),
    "modality": ("Stated or implied", "Genannt oder erschlossen"),
    "months": ("Months it may be", "Mögliche Monate"),
    "mostYears": ("Most years", "Jahre höchstens"),
    "name": ("Name", "Name"),
    "notAfter": ("No later than", "Nicht nach"),
    "notBefore": ("No earlier than", "Nicht vor"),
    "notClear": ("Can't be told", "Nicht zu sagen"),
    "number": ("Number", "Zahl"),
    "object": ("Object", "Objekt"),
    "of": ("Of what", "Wovon"),
    "office": ("Office", "Stelle"),
    "onDay": ("On", "Am"),
    "one": ("One", "Die eine Seite"),
    "oneLatitude": ("Latitude of the one", "Breite der einen Seite"),
    "oneLongitude": ("Longitude of the one", "Länge der einen Seite"),
    "organisation": ("Organisation", "Organisation"),
    "other": ("The other", "Die andere Seite"),
    "otherDate": ("Related date", "Verwandtes Datum"),
    "otherLatitude": ("Latitude of the other", "Breite der anderen Seite"),
    "otherLongitude": ("Longitude of the other", "Länge der anderen Seite"),
    "otherPartner": ("With", "Mit"),
    "part": ("Part", "Teil"),
    "partner": ("Partner", "Partner"),
    "partnerOfOne": ("Partner of the one", "Partner der einen"),
    "partnerOfOther": ("Partner of the other", "Partner der anderen"),
    "partners": ("Partners", "Partner"),
    "partnership": ("Partnership", "Partnerschaft"),
    "partnerships": ("Partnerships", "Partnerschaften"),
    "passages": ("Passages", "Stellen"),
    "person": ("Person", "Person"),
    "place": ("Place", "Ort"),
    "point": ("Point", "Punkt"),
    "possible": ("Possible only", "Nur möglich"),
    "post": ("Office held", "Amt"),
    "postalCode": ("Postal code", "Postleitzahl"),
    "predicate": ("Predicate", "Prädikat"),
    "problem": ("Problem", "Problem"),
    "programme": ("Programme", "Programm"),
    "programmes": ("Programmes", "Programme"),
    "project": ("Project", "Projekt"),
    "projects": ("Projects", "Projekte"),
    "property": ("Property", "Eigenschaft"),
    "published": ("Published", "Veröffentlicht"),
    "publisher": ("Publisher", "Herausgeber"),
    "quantity": ("Quantity", "Mengenangabe"),
    "quote": ("Words of the source", "Worte der Quelle"),
    "relation": ("Relation", "Beziehung"),
    "remark": ("Remark", "Anmerkung"),
    "role": ("Role", "Rolle"),
    "runBy": ("Run by", "Getragen von"),
    "shared": ("In common", "Gemeinsam"),
    "sharedWith": ("Shared with", "Geteilt mit"),
    "since": ("Since", "Seit"),
    "sinceModality": ("Start stated or implied", "Beginn genannt oder erschlossen"),
    "source": ("Source", "Quelle"),
    "sourceTitle": ("Its own title", "Eigener Titel"),
    "speaker": ("Who", "Wer"),
    "start": ("Start", "Beginn"),
    "startKnown": ("Start known", "Beginn bekannt"),
    "startModality": ("Start stated or implied", "Beginn genannt oder erschlossen"),
    "startNotStated": ("Start not stated", "Beginn nicht angegeben"),
    "startsNotStated": ("Others without a start", "Andere ohne Beginn"),
    "statement": ("Statement", "Äußerung"),
    "statements": ("Statements", "Äußerungen"),
    "status": ("Status", "Status"),
    "street": ("Street", "Straße"),
    "subject": ("Subject", "Subjekt"),
    "supports": ("Evidence for", "Beleg für"),
    "telephone": ("Telephone", "Telefon"),
    "thing": ("Thing", "Sache"),
    "through": ("Through", "Wodurch"),
    "town": ("Town", "Ort"),
    "until": ("Until", "Bis"),
    "use": ("Use", "Verwendung"),
    "value": ("Value", "Wert"),
    "vote": ("Vote", "Abstimmung"),
    "what": ("In our words", "In unseren Worten"),
    "when": ("When", "Wann"),
    "why": ("Why", "Warum"),
    "word": ("Word", "Wort"),
    "year": ("Year", "Jahr"),
}  # fmt: skip

# What the queries of the library write into cells, in English: those who read CSV rely on it.
_CELLS: Final[dict[str, str]] = {
    "beginning": "Anfang",
    "certain": "sicher",
    "country": "Land",
    "implied": "erschlossen",
    "main name": "Hauptname",
    "missing": "fehlt",
    "no more precise": "nicht genauer",
    "not stated": "nicht angegeben",
    "only a bound is known": "nur eine Grenze ist bekannt",
    "other name": "anderer Name",
    "part": "Teil",
    "partner": "Partner",
    "partners": "Partner",
    "possible": "möglich",
    "shared": "geteilt",
    "sources differ": "Quellen sagen Verschiedenes",
    "start not stated": "Beginn nicht angegeben",
    "stated": "ausdrücklich",
    "whole name": "ganzer Name",
}
# Columns that hold an EDTF date as a text, so that "not stated" can stand there too.
DATES: Final = frozenset(
    {"concluded", "date", "decided", "eventDate", "onDay", "published", "since", "until", "when"}
)


def is_named(variable: str) -> bool:
    """Is there a heading for this variable, or for that whose name it holds (`partnerName`)?"""
    return variable in _COLUMNS or variable.removesuffix("Name") in _COLUMNS


def heading(variable: str, language: str) -> str:
    """Return what a column is called; a variable that we don't know, by its own words.

    >>> heading("since", "de"), heading("partnerName", "en"), heading("firstPartyLeader", "de")
    ('Seit', 'Partner', 'first party leader')
    """
    found = _COLUMNS.get(variable) or _COLUMNS.get(variable.removesuffix("Name"))
    if found is not None:
        return found[language == "de"]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", variable).lower()


def cell(text: str, language: str) -> str:
    """Return a cell's text in the reader's language where it is one of the fixed words.

    >>> cell("not stated", "de"), cell("Bonn", "de"), cell("certain", "en")
    ('nicht angegeben', 'Bonn', 'certain')
    """
    return _CELLS.get(text, text) if language == "de" else text
