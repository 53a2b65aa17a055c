"""Cells that are computed from several statements, and the rows of the tables about pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final

from pyoxigraph import NamedNode

from twingraph.export.tables.columns import Row
from twingraph.link.facts import LinkFacts
from twingraph.rdf.dataset import text_of
from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, SKOS, TG, XSD

_TYPE: Final = str(RDF.type)
_CITES: Final = str(TG.cites)
_IN_SOURCE: Final = str(TG.inSource)
_VALUE: Final = str(TG.value)
_LABELS: Final = (str(SKOS.prefLabel), str(RDFS.label))
_NAMES: Final = (
    (str(RDFS.label), "true"), (str(SKOS.altLabel), "false"), (str(TG.formerName), "false"),
)  # fmt: skip
PLACE: Final = NamedNode(PREFIXES["schema"] + "Place")


# --- what is worked out --------------------------------------------------------------------------


def partners(facts: LinkFacts) -> list[str]:
    """All entities that are partners in a partnership."""
    ties = facts.members(TG.Partnership)
    return sorted({text for tie in ties for text in facts.texts(tie, TG.partner)})


def is_partner(facts: LinkFacts, thing: str) -> bool:
    """Is an entity a partner in a partnership?"""
    ties = facts.subjects(TG.partner, thing)
    return any(str(TG.Partnership) in facts.facts(tie).get(_TYPE, ()) for tie in ties)


def kind(facts: LinkFacts, thing: str) -> list[str]:
    """The kind that an IRI names."""
    return [kind_of(thing, facts.base) or ""]


def class_of(facts: LinkFacts, thing: str) -> list[str]:
    """The most specific class of a place."""
    types = facts.texts(thing, RDF.type)
    return [TG.AdministrativeUnit.value if TG.AdministrativeUnit.value in types else PLACE.value]


def own_place(facts: LinkFacts, thing: str) -> list[str]:
    """The thing itself, if it is a place."""
    types = {TG.AdministrativeUnit.value, PLACE.value}
    return [thing] if types & set(facts.texts(thing, RDF.type)) else []


def country_codes(facts: LinkFacts, thing: str) -> list[str]:
    """The ISO 3166-1 codes of a country, or of the countries something lies in."""
    codes = facts.texts(thing, TG.countryCode)
    for country in facts.texts(thing, TG.country):
        codes += facts.texts(country, TG.countryCode)
    return sorted({code for code in codes if code and not any(map(str.isspace, code))})


def start_year(facts: LinkFacts, thing: str) -> list[str]:
    """The year of a start whose bounds lie in one year."""
    days = facts.texts(thing, TG.earliestStart) + facts.texts(thing, TG.latestStart)
    years = {day[:4] for day in days}
    return [str(int(year)) for year in years] if len(days) == 2 and len(years) == 1 else []


def sources(facts: LinkFacts, thing: str) -> list[str]:
    """The documents that a thing cites, itself or through the claims about it."""
    citing = [thing, *facts.subjects(TG.subject, thing)]
    cites = {cite[1:-1] for item in citing for cite in facts.written(item, _CITES)}
    return sorted({source[1:-1] for cite in cites for source in facts.written(cite, _IN_SOURCE)})


def count(verb: NamedNode) -> Callable[[LinkFacts, str], list[str]]:
    """Return what counts the things that have a thing as value of `verb`."""
    return lambda facts, thing: [str(len(facts.subjects(verb, thing)))]


def value(facts: LinkFacts, claim: str) -> list[str]:
    """What a claim gives as the value."""
    return facts.texts(claim, TG.value)


def value_label(language: str) -> Callable[[LinkFacts, str], list[str]]:
    """Return what finds the label of a claim's value, where that is an IRI."""
    tag = f'"@{language}'

    def find(facts: LinkFacts, claim: str) -> list[str]:
        for text in _values(facts, claim):
            if text[0] == "<":
                labels = (label for verb in _LABELS for label in facts.written(text[1:-1], verb))
                return [text_of(label) for label in labels if label.endswith(tag)][:1]
        return []

    return find


def value_type(facts: LinkFacts, claim: str) -> list[str]:
    """The datatype of a claim's value, where that is a literal."""
    return [_datatype(text) for text in _values(facts, claim) if text[0] != "<"]


def _datatype(literal: str) -> str:
    if literal[-1] == ">":
        return literal[literal.rindex("<") + 1 : -1]
    return XSD.string.value if literal[-1] == '"' else RDF.langString.value


def value_language(facts: LinkFacts, claim: str) -> list[str]:
    """The language of a claim's value, where it has one."""
    return [tag for text in _values(facts, claim) if (tag := _language(text))]


def _language(text: str) -> str:
    """Return the language tag of a value as it is written in a line, '' where it has none."""
    return text[text.rindex('"') + 2 :] if text[-1] not in '">' else ""


def _values(facts: LinkFacts, claim: str) -> Sequence[str]:
    return facts.written(claim, _VALUE)


# --- rows about pairs, in the order of their tables' columns and keys ----------------------------


def members(facts: LinkFacts, tie: str) -> Iterator[Row]:
    """A row for each partner of a partnership."""
    for partner in sorted(facts.texts(tie, TG.partner)):
        yield tie, partner, facts.label(partner), facts.label(partner, "de")


def evidence(facts: LinkFacts, thing: str) -> Iterator[Row]:
    """A row for each citation of a partnership or a claim."""
    known = facts.remember("citations", lambda: frozenset(facts.members(TG.Citation)))
    cites = (cite[1:-1] for cite in facts.written(thing, _CITES))
    yield from ((thing, cite) for cite in sorted(cites) if cite in known)


def names(facts: LinkFacts, place: str) -> Iterator[Row]:
    """A row for each name of a place."""
    about = facts.facts(place)
    rows = [
        (place, text_of(text), _language(text) or "und", preferred)
        for verb, preferred in _NAMES for text in about.get(verb, ())
    ]  # fmt: skip
    yield from sorted(rows, key=itemgetter(3, 2, 1))
