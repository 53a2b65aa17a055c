"""Cells that are no property's value but follow from the graph, and the rows about pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.derive.resolve import Value
from twingraph.export.tables.columns import Row
from twingraph.link.facts import LinkFacts
from twingraph.rdf.iris import kind_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, SKOS, TG

PLACE: Final = NamedNode(PREFIXES["schema"] + "Place")


# --- what is worked out --------------------------------------------------------------------------


def things_of(*classes: NamedNode) -> Callable[[LinkFacts], list[str]]:
    """Return what lists the things of a class, sorted, each once."""
    return lambda facts: sorted(
        {thing for class_ in classes for thing in facts.subjects(RDF.type, class_.value)}
    )


def partners(facts: LinkFacts) -> list[str]:
    """Whatever is a partner of something."""
    ties = facts.subjects(RDF.type, TG.Partnership.value)
    return sorted({text for tie in ties for text in facts.texts(tie, TG.partner)})


def kind(facts: LinkFacts, thing: str) -> list[str]:
    """The kind that an IRI names."""
    return [kind_of(thing, facts.base) or ""]


def class_of(facts: LinkFacts, thing: str) -> list[str]:
    """The class of a place that tells most."""
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
    cites = {cite for item in citing for cite in facts.texts(item, TG.cites)}
    return sorted({source for cite in cites for source in facts.texts(cite, TG.inSource)})


def count(verb: NamedNode) -> Callable[[LinkFacts, str], list[str]]:
    """Return what counts the things that have a thing as value of `verb`."""
    return lambda facts, thing: [str(len(facts.subjects(verb, thing)))]


def value(facts: LinkFacts, claim: str) -> list[Value]:
    """What a claim gives as the value, still a term."""
    return facts.values(claim, TG.value)


def value_label(language: str) -> Callable[[LinkFacts, str], list[str]]:
    """Return what finds the label of a claim's value, where that is an IRI."""

    def find(facts: LinkFacts, claim: str) -> list[str]:
        for fact in facts.values(claim, TG.value):
            if isinstance(fact, NamedNode):
                verbs = (SKOS.prefLabel, RDFS.label)
                terms = [term for verb in verbs for term in facts.values(fact.value, verb)]
                return [plain(term) for term in terms
                        if isinstance(term, Literal) and term.language == language][:1]  # fmt: skip
        return []

    return find


def value_type(facts: LinkFacts, claim: str) -> list[str]:
    """The datatype of a claim's value, where that is a literal."""
    return [
        fact.datatype.value for fact in facts.values(claim, TG.value) if isinstance(fact, Literal)
    ]


def value_language(facts: LinkFacts, claim: str) -> list[str]:
    """The language of a claim's value, where it has one."""
    return [
        fact.language for fact in facts.values(claim, TG.value)
        if isinstance(fact, Literal) and fact.language
    ]  # fmt: skip


# --- rows about pairs ----------------------------------------------------------------------------


def members(facts: LinkFacts) -> Iterator[Row]:
    """A row for each partner of each partnership."""
    for tie in facts.subjects(RDF.type, TG.Partnership.value):
        for partner in facts.texts(tie, TG.partner):
            yield {
                "partnership": tie, "partner": partner,
                "partner_label_en": facts.label(partner),
                "partner_label_de": facts.label(partner, "de"),
            }  # fmt: skip


def evidence(facts: LinkFacts) -> Iterator[Row]:
    """A row for each citation of each partnership and claim."""
    known = set(facts.subjects(RDF.type, TG.Citation.value))
    for thing in things_of(TG.Partnership, TG.Claim)(facts):
        for cite in facts.texts(thing, TG.cites):
            if cite in known:
                yield {"thing": thing, "citation": cite}


def names(facts: LinkFacts) -> Iterator[Row]:
    """A row for each name of each place."""
    for place in things_of(TG.AdministrativeUnit, PLACE)(facts):
        for verb, preferred in (
            (RDFS.label, "true"), (SKOS.altLabel, "false"), (TG.formerName, "false"),
        ):  # fmt: skip
            for fact in facts.values(place, verb):
                language = (fact.language if isinstance(fact, Literal) else "") or "und"
                yield {"place": place, "name": plain(fact), "language": language,
                       "preferred": preferred}  # fmt: skip
