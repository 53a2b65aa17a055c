"""The opening sentence of an entity's page, and the entity in schema.org terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import CODES, PREFIXES, RDFS, SKOS, TG
from twingraph.site.datewords import date_text, is_wide
from twingraph.site.facts import PageFacts, is_date, shorten
from twingraph.site.kind_names import kind_name
from twingraph.translation import NP_, Message, Words, words_of

# What a place is, as a sentence: languages differ in articles, so each level has one of its own.
_LEVELS: Final[Mapping[str, Message]] = {
    "municipality": NP_("what a place is", "{name} is a municipality in {country}."),
    "borough": NP_("what a place is", "{name} is a borough in {country}."),
    "district": NP_("what a place is", "{name} is a district in {country}."),
    "region": NP_("what a place is", "{name} is a region in {country}."),
    "state": NP_("what a place is", "{name} is a constituent state of {country}."),
}
_BARE_LEVELS: Final[Mapping[str, Message]] = {
    "country": NP_("what a place is", "{name} is a country."),
    "supranational": NP_("what a place is", "{name} is a supranational union."),
}
_TYPES: Final = {
    "event": "Event", "org": "Organization", "unit": "Organization", "person": "Person",
    "place": "Place", "project": "Project", "programme": "Project", "source": "CreativeWork",
    "statement": "CreativeWork",
}  # fmt: skip
_PLACE_TYPES: Final = {
    "municipality": "City", "country": "Country", "district": "AdministrativeArea",
    "region": "AdministrativeArea", "state": "State",
}  # fmt: skip
_SAME: Final = PREFIXES["owl"] + "sameAs"
_LATITUDE, _LONGITUDE = PREFIXES["schema"] + "latitude", PREFIXES["schema"] + "longitude"


class Ties(NamedTuple):
    """What is reckoned for a sentence: the partnerships of a place, those with a start."""

    partnerships: int = 0
    started: int = 0
    decided: str = ""  # the day of the decision to enter a partnership, in words


def sentence(facts: PageFacts, iri: str, ties: Ties) -> str:
    """Describe `iri` in one or two sentences of the page's language."""
    words = words_of(facts.language)
    name = facts.name(iri).text
    kind = kind_of(iri, facts.site.base)
    match kind:
        case "place":
            return _place(facts, iri, name, ties, words)
        case "partnership":
            return _partnership(facts, iri, ties.decided, words)
        case None:
            return ""
    return _other(facts, iri, name, kind, words)


def _place(facts: PageFacts, iri: str, name: str, ties: Ties, words: Words) -> str:
    level = _code(facts, iri, TG.level.value)
    countries = facts.links(iri, TG.country)
    country = facts.name(countries[0]).text if countries else ""
    message = _LEVELS.get(level) if country else None
    message = message or _BARE_LEVELS.get(level)
    parts = []
    if message is not None:
        parts.append(words.message(message._replace(values={"name": name, "country": country})))
    if ties.partnerships:
        known = words.ngettext(
            "a start is known for {number}", "a start is known for {number}", ties.started
        )
        if not ties.started:
            known = words.gettext("a start is known for none")
        parts.append(
            words.ngettext(
                "Our sources name {number} partnership; {known}.",
                "Our sources name {number} partnerships; {known}.",
                ties.partnerships,
                known=known,
            )
        )
    return " ".join(parts)


def _partnership(facts: PageFacts, iri: str, decided: str, words: Words) -> str:
    partners = [facts.name(each_iri).text for each_iri in facts.links(iri, TG.partner)]
    names = words.pgettext("date", " and ").join(sorted(partners))
    kinds = [facts.name(each_iri).text for each_iri in facts.links(iri, TG.partnershipType)]
    kind = " / ".join(kinds) or words.gettext("kind not stated")
    start = facts.one(iri, TG.start)
    when = words.gettext("start not stated")
    if decided:
        when = f"{when} ({decided})"
    if start is not None:
        when = words.gettext("begun {date}", date=facts.date(start))
        if is_wide(start.value):
            years = date_text(start.value, facts.language, since=True).text
            when = words.gettext("begun in {years}", years=years)
    end = facts.one(iri, TG.end)
    until = words.gettext("ended {date}", date=facts.date(end)) if end is not None else ""
    details = ", ".join(part for part in (kind, when, until) if part)
    if CODES + "modality/inferred" in facts.links(iri, TG.modality):
        return words.gettext("{names}: {told}; implied by the sources, not stated.",
                             names=names, told=details)  # fmt: skip
    return words.gettext("{names} are partners: {told}.", names=names, told=details)


def _other(facts: PageFacts, iri: str, name: str, kind: str, words: Words) -> str:
    date = facts.one(iri, TG.date) or facts.one(iri, TG.start)
    places = [*facts.links(iri, TG.place), *facts.links(iri, TG.venue)]
    parts = [kind_name(kind, facts.language)]
    if date is not None and is_date(date):
        parts.append(facts.date(date))
    parts += [facts.name(place).text for place in places[:1]]
    return f"{name}: {', '.join(parts)}."


def description_of(facts: PageFacts, iri: str, opening: str) -> str:
    """Return the description of a page for search engines: its opening sentence and its subject."""
    for verb in (PREFIXES["skos"] + "definition", RDFS.comment.value):
        texts = facts.texts(iri, verb)
        if facts.language in texts:
            return f"{opening} {shorten(texts[facts.language])}".strip()
    return opening


def _code(facts: PageFacts, iri: str, verb: str) -> str:
    return next((each_iri.rpartition("/")[2] for each_iri in facts.links(iri, verb)), "")


def schema_thing(
    facts: PageFacts, iri: str, description: str, url: str, others: Sequence[str]
) -> dict[str, Any]:
    """Return the entity in schema.org terms for search engines; `url` is its page."""
    kind = kind_of(iri, facts.site.base) or ""
    level = _code(facts, iri, TG.level.value)
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@id": iri,
        "@type": _PLACE_TYPES.get(level, "Place") if kind == "place" else _TYPES.get(kind, "Thing"),
        "name": facts.name(iri).text,
        "url": url,
    }
    if description:
        document["description"] = description
    names = sorted(
        {text for verb in (RDFS.label, SKOS.prefLabel) for text in facts.texts(iri, verb).values()}
        - {document["name"]}
    )
    if names:
        document["alternateName"] = names
    same = [other for other in others if other.startswith("http")]
    if same:
        document["sameAs"] = same
    latitude, longitude = facts.one(iri, _LATITUDE), facts.one(iri, _LONGITUDE)
    if latitude is not None and longitude is not None:
        document["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": float(latitude.value),
            "longitude": float(longitude.value),
        }
    return document
