"""The facts of an entity's page: each property with its values, evidence marks and bounds."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import PREFIXES, RDFS, SKOS, TG
from twingraph.site.claims import Claims
from twingraph.site.evidence import fragment_of
from twingraph.site.facts import PageFacts
from twingraph.site.properties import ALWAYS, BOUNDS, HIDDEN, ORDER
from twingraph.site.values import Citation, Value, ValueFormatter, sort_key

LATITUDE: Final = PREFIXES["schema"] + "latitude"
LONGITUDE: Final = PREFIXES["schema"] + "longitude"
_ALSO_CALLED: Final = PREFIXES["skos"] + "altLabel"
_POSITION: Final = PREFIXES["geo"] + "hasGeometry"
NOT_STATED: Final = TG.start.value.removesuffix("start") + "notStated"
WEIGHTY: Final = {TG.start.value, TG.partnershipType.value, TG.status.value}


class Mark(NamedTuple):
    """A reference from a fact to its evidence on the same page."""

    number: int
    anchor: str


class Fact(NamedTuple):
    """A property and its values, with the evidence that pins them."""

    name: Value
    values: list[Value]
    marks: list[Mark]
    claimed: bool
    anchor: str = ""


# --- facts ---------------------------------------------------------------------------------------


def facts_of(
    formatter: ValueFormatter,
    iri: str,
    claims: Claims,
    evidence: list[Citation],
    decided: str,
) -> list[Fact]:
    """Return the facts of an entity, in the order of a page."""
    always = ALWAYS.get(kind_of(iri, formatter.site.base) or "", ())
    verbs = {*formatter.facts.properties(iri), *always} - HIDDEN
    ordered = sorted(verbs, key=lambda item: (rank_of(item), formatter.facts.name(item).text))
    marks = _marks(formatter, iri, evidence)
    facts = []
    for verb in ordered:
        values = formatter.values(iri, verb)
        if verb == NOT_STATED:  # properties that are always shown have "not stated" themselves
            values = [
                formatter.property_name(each_iri)
                for each_iri in formatter.facts.links(iri, verb)
                if each_iri not in always
            ]
            if not values:
                continue
        if not values:
            unknown = verb == TG.status.value
            absent = (
                formatter.words.gettext("unknown")
                if unknown
                else formatter.words.gettext("not stated in our sources")
            )
            note = decided if verb == TG.start.value else ""
            values = [Value(absent, absent=True, note=note)]
        else:
            values = [
                value._replace(note=_note_on(formatter, iri, verb, value, claims))
                for value in values
            ]
        name = formatter.property_name(verb)
        facts.append(Fact(name, values, marks.get(verb, []), verb in claims.properties))
    return [*name_facts(formatter, iri), *facts, *coordinate_facts(formatter, iri)]


def rank_of(verb: str) -> int:
    """Return the place of a property in the order of a page; the rest come last."""
    return ORDER.index(verb) if verb in ORDER else len(ORDER)


def _marks(formatter: ValueFormatter, iri: str, evidence: list[Citation]) -> dict[str, list[Mark]]:
    numbers = {item.anchor: item.number for item in evidence}
    by_property: dict[str, list[Mark]] = defaultdict(list)
    for cite in formatter.facts.links(iri, TG.cites):
        anchor = fragment_of(cite)
        for verb in formatter.facts.links(cite, TG.supports):
            by_property[verb].append(Mark(numbers[anchor], anchor))
    return {verb: sorted(marks) for verb, marks in by_property.items()}


def _note_on(formatter: ValueFormatter, iri: str, verb: str, value: Value, claims: Claims) -> str:
    """Return the notes of a published value: implied, its bounds, its day."""
    if verb == TG.status.value:
        day = formatter.facts.one(iri, TG.statusAsOf)
        if day is None:
            return formatter.words.gettext("no date given")
        return formatter.words.gettext("as of {date}", date=formatter.facts.date(day))
    notes = [formatter.words.gettext("implied, not stated")] if verb in claims.implied else []
    if verb in BOUNDS and not value.iso:
        notes.append(bounds_text(formatter, iri, verb))
    return "; ".join(note for note in notes if note)


def bounds_text(formatter: ValueFormatter, iri: str, verb: str) -> str:
    """Return the first and the last day that a date can mean, in words."""
    first, last = (formatter.facts.date(formatter.facts.one(iri, bound)) for bound in BOUNDS[verb])
    if first and last:
        return formatter.words.gettext(
            "no earlier than {first}, no later than {last}", first=first, last=last
        )
    if first:
        return formatter.words.gettext("no earlier than {first}", first=first)
    return formatter.words.gettext("no later than {last}", last=last) if last else ""


def name_facts(formatter: ValueFormatter, iri: str) -> list[Fact]:
    """Return the other names of the entity; a name shared by several languages once."""
    tags: dict[str, list[str]] = defaultdict(list)
    for verb in (RDFS.label.value, SKOS.prefLabel.value, _ALSO_CALLED):
        for tag, text in _all_texts(formatter.facts, iri, verb):
            tags[text].append(tag)
    tags.pop(formatter.facts.name(iri).text, None)
    values = [
        Value(text, language=own[0] if len(own) == 1 else "", note=", ".join(own))
        for text, each in sorted(tags.items(), key=lambda item: sort_key(item[0]))
        for own in [[tag for tag in each if tag and tag != formatter.language]]
    ]
    # the tag of a single language is shown by the value itself
    values = [value._replace(note="") if value.language else value for value in values]
    return [Fact(Value(formatter.words.gettext("Names")), values, [], False)] if values else []


def _all_texts(facts: PageFacts, iri: str, verb: str) -> list[tuple[str, str]]:
    return [(getattr(fact, "language", None) or "", fact.value) for fact in facts.values(iri, verb)]


def coordinate_facts(formatter: ValueFormatter, iri: str) -> list[Fact]:
    """Return the coordinates of an entity as a fact; none if it has no point."""
    facts = formatter.facts
    latitude, longitude = facts.one(iri, LATITUDE), facts.one(iri, LONGITUDE)
    if latitude is None or longitude is None:
        return []
    value = Value(f"{latitude.value}, {longitude.value}")
    points = facts.links(iri, _POSITION)
    anchor = fragment_of(points[0]) if points else ""
    return [Fact(Value(formatter.words.gettext("Coordinates")), [value], [], False, anchor)]
