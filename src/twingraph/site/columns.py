"""The headings of result columns on pages, and translations of the fixed words in cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from twingraph.translation import NP_, Message, words_of

_COLUMNS: Final[Mapping[str, Message]] = {
    "about": NP_("column", "About"),
    "actor": NP_("column", "Involved"),
    "addressed": NP_("column", "Called on"),
    "addressee": NP_("column", "Addressed to"),
    "agreement": NP_("column", "Agreement"),
    "aim": NP_("column", "Aim"),
    "alsoAbout": NP_("column", "Also about"),
    "alsoAddressed": NP_("column", "Also called on"),
    "anniversary": NP_("column", "Years"),
    "answer": NP_("column", "Answer"),
    "asOf": NP_("column", "As of"),
    "basis": NP_("column", "Basis"),
    "before": NP_("column", "Before"),
    "begunBeforeOrAfter": NP_("column", "Begun before or after"),
    "begunBetween": NP_("column", "Begun in the span"),
    "between": NP_("column", "Who differs"),
    "certain": NP_("column", "Certain"),
    "certainty": NP_("column", "Certainty"),
    "citations": NP_("column", "Citations"),
    "claims": NP_("column", "Claims"),
    "comparator": NP_("column", "More or less"),
    "concluded": NP_("column", "Concluded"),
    "contact": NP_("column", "Contact"),
    "country": NP_("column", "Country"),
    "counts": NP_("column", "What is counted"),
    "countsAsPartnership": NP_("column", "Counts as partnership"),
    "countsAsTwinning": NP_("column", "Counts as twinning"),
    "date": NP_("column", "Date"),
    "dated": NP_("column", "What is dated"),
    "dateHedge": NP_("column", "Hedge of the date"),
    "dateModality": NP_("column", "Date stated or implied"),
    "day": NP_("column", "Day"),
    "decade": NP_("column", "Decade from"),
    "decided": NP_("column", "Decided"),
    "decidedBy": NP_("column", "Decided by"),
    "decides": NP_("column", "What was decided"),
    "decision": NP_("column", "Decision"),
    "demand": NP_("column", "Demand"),
    "derivedFrom": NP_("column", "Concluded from"),
    "distanceKm": NP_("column", "Distance"),
    "duty": NP_("column", "What it does"),
    "earliestStart": NP_("column", "No earlier than"),
    "end": NP_("column", "End"),
    "event": NP_("column", "Event"),
    "eventDate": NP_("column", "Date of the event"),
    "events": NP_("column", "Events"),
    "fax": NP_("column", "Fax"),
    "fewestYears": NP_("column", "Fewest years"),
    "field": NP_("column", "Field"),
    "firstDay": NP_("column", "First day"),
    "graph": NP_("column", "Graph"),
    "hedge": NP_("column", "Hedge"),
    "id": NP_("column", "Identifier"),
    "implied": NP_("column", "Only implied"),
    "inYear": NP_("column", "In the year"),
    "issued": NP_("column", "Issued"),
    "issuer": NP_("column", "Issued by"),
    "item": NP_("column", "What"),
    "itemKind": NP_("column", "Kind of thing"),
    "kind": NP_("column", "Kind"),
    "label": NP_("column", "Name"),
    "language": NP_("column", "Language"),
    "lastDay": NP_("column", "Last day"),
    "latestStart": NP_("column", "No later than"),
    "level": NP_("column", "Level"),
    "line": NP_("column", "Line"),
    "location": NP_("column", "Where"),
    "match": NP_("column", "How it fits"),
    "member": NP_("column", "Who"),
    "membership": NP_("column", "Membership"),
    "modality": NP_("column", "Stated or implied"),
    "months": NP_("column", "Months it may be"),
    "mostYears": NP_("column", "Most years"),
    "name": NP_("column", "Name"),
    "notAfter": NP_("column", "No later than"),
    "notBefore": NP_("column", "No earlier than"),
    "notClear": NP_("column", "Can't be told"),
    "number": NP_("column", "Number"),
    "object": NP_("column", "Object"),
    "of": NP_("column", "Of what"),
    "office": NP_("column", "Office"),
    "onDay": NP_("column", "On"),
    "one": NP_("column", "One"),
    "oneLatitude": NP_("column", "Latitude of the one"),
    "oneLongitude": NP_("column", "Longitude of the one"),
    "organisation": NP_("column", "Organisation"),
    "other": NP_("column", "The other"),
    "otherDate": NP_("column", "Related date"),
    "otherLatitude": NP_("column", "Latitude of the other"),
    "otherLongitude": NP_("column", "Longitude of the other"),
    "otherPartner": NP_("column", "With"),
    "part": NP_("column", "Part"),
    "partner": NP_("column", "Partner"),
    "partnerOfOne": NP_("column", "Partner of the one"),
    "partnerOfOther": NP_("column", "Partner of the other"),
    "partners": NP_("column", "Partners"),
    "partnership": NP_("column", "Partnership"),
    "partnerships": NP_("column", "Partnerships"),
    "passages": NP_("column", "Passages"),
    "person": NP_("column", "Person"),
    "place": NP_("column", "Place"),
    "point": NP_("column", "Point"),
    "possible": NP_("column", "Possible only"),
    "post": NP_("column", "Office held"),
    "postalCode": NP_("column", "Postal code"),
    "predicate": NP_("column", "Predicate"),
    "problem": NP_("column", "Problem"),
    "programme": NP_("column", "Programme"),
    "programmes": NP_("column", "Programmes"),
    "project": NP_("column", "Project"),
    "projects": NP_("column", "Projects"),
    "property": NP_("column", "Property"),
    "published": NP_("column", "Published"),
    "publisher": NP_("column", "Publisher"),
    "quantity": NP_("column", "Quantity"),
    "quote": NP_("column", "Words of the source"),
    "relation": NP_("column", "Relation"),
    "remark": NP_("column", "Remark"),
    "role": NP_("column", "Role"),
    "runBy": NP_("column", "Run by"),
    "shared": NP_("column", "In common"),
    "sharedWith": NP_("column", "Shared with"),
    "since": NP_("column", "Since"),
    "sinceModality": NP_("column", "Start stated or implied"),
    "source": NP_("column", "Source"),
    "sourceTitle": NP_("column", "Its own title"),
    "speaker": NP_("column", "Who"),
    "standing": NP_("column", "Standing relation"),
    "start": NP_("column", "Start"),
    "startKnown": NP_("column", "Start known"),
    "startModality": NP_("column", "Start stated or implied"),
    "startNotStated": NP_("column", "Start not stated"),
    "startsNotStated": NP_("column", "Others without a start"),
    "statement": NP_("column", "Statement"),
    "statements": NP_("column", "Statements"),
    "status": NP_("column", "Status"),
    "street": NP_("column", "Street"),
    "subject": NP_("column", "Subject"),
    "supports": NP_("column", "Evidence for"),
    "telephone": NP_("column", "Telephone"),
    "thing": NP_("column", "Thing"),
    "through": NP_("column", "Through"),
    "town": NP_("column", "Town"),
    "until": NP_("column", "Until"),
    "use": NP_("column", "Use"),
    "value": NP_("column", "Value"),
    "vote": NP_("column", "Vote"),
    "what": NP_("column", "In our words"),
    "when": NP_("column", "When"),
    "why": NP_("column", "Why"),
    "word": NP_("column", "Word"),
    "year": NP_("column", "Year"),
    "years": NP_("column", "Years"),
}  # fmt: skip

# The fixed English words that library queries write into cells: programs that read CSV rely on
# them.
_CELLS: Final = {
    message.text: message
    for message in (
        NP_("cell", "beginning"),
        NP_("cell", "certain"),
        NP_("cell", "coordinates partnerships"),
        NP_("cell", "country"),
        NP_("cell", "former name"),
        NP_("cell", "implied"),
        NP_("cell", "main name"),
        NP_("cell", "missing"),
        NP_("cell", "no more precise"),
        NP_("cell", "no standing relation"),
        NP_("cell", "not stated"),
        NP_("cell", "only a bound is known"),
        NP_("cell", "other name"),
        NP_("cell", "part"),
        NP_("cell", "partner"),
        NP_("cell", "partners"),
        NP_("cell", "passages of one source differ"),
        NP_("cell", "possible"),
        NP_("cell", "shared"),
        NP_("cell", "sources differ"),
        NP_("cell", "start not stated"),
        NP_("cell", "stated"),
        NP_("cell", "two passages of one source"),
        NP_("cell", "two sources"),
        NP_("cell", "whole name"),
    )
}
# Columns that have EDTF dates as strings, so that "not stated" is possible too.
DATES: Final = frozenset(
    {"concluded", "date", "decided", "eventDate", "onDay", "published", "since", "until", "when"}
)


def is_named(variable: str) -> bool:
    """Is there a heading for this variable, or for the one whose name it has (`partnerName`)?"""
    return variable in _COLUMNS or variable.removesuffix("Name") in _COLUMNS


def heading(variable: str, language: str) -> str:
    """Return the heading of a column; for an unknown variable, made from its name.

    >>> heading("since", "de"), heading("partnerName", "en"), heading("firstPartyLeader", "de")
    ('Seit', 'Partner', 'first party leader')
    """
    message = _COLUMNS.get(variable) or _COLUMNS.get(variable.removesuffix("Name"))
    if message is not None:
        return words_of(language).message(message)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", variable).lower()


def cell(text: str, language: str) -> str:
    """Return a cell's text, translated if it is one of the fixed words.

    >>> cell("not stated", "de"), cell("Bonn", "de"), cell("certain", "en")
    ('nicht angegeben', 'Bonn', 'certain')
    """
    message = _CELLS.get(text)
    return words_of(language).message(message) if message is not None else text
