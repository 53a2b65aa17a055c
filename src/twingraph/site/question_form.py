"""The form of a library query: a field for each parameter, with its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pyoxigraph import DefaultGraph, NamedNode

from twingraph.rdf.vocabulary import CODES, RDF, RDFS, SKOS, TG
from twingraph.site.facts import PageFacts
from twingraph.site.lists import CLASSES
from twingraph.site.reader import BuildReader
from twingraph.site.values import sort_key
from twingraph.sparql.parameters import Parameter
from twingraph.translation import choose_text

_MAX_OPTIONS: Final = 400  # a longer list is no help; then a name is typed
_INPUTS: Final = {"date": "date", "integer": "number"}
_COUNTRY: Final = NamedNode(CODES + "level/country")
LABELS: Final = (RDFS.label, SKOS.prefLabel, "http://purl.org/dc/terms/title")
# Classes of other vocabularies have no label here; they get the names of our kinds.
KIND_OF_CLASS: Final = {iri: kind for kind, classes in CLASSES.items() for iri in classes}


class Field(NamedTuple):
    """A parameter as a field of the form; `options` (value, name) make it a list to pick from."""

    name: str
    label: str
    value: str
    type: str
    options: list[tuple[str, str]]


# --- the form ------------------------------------------------------------------------------------


def field_of(
    site: BuildReader, language: str, parameter: Parameter, values: Mapping[str, str]
) -> Field:
    """Return the field of a parameter, filled with its value."""
    value = values.get(parameter.name, "").strip()
    prefix = f"{parameter.kind}:"
    value = value.removeprefix(prefix) if parameter.kind else value
    options = _options(site, language, parameter)
    if options and value not in {option for option, _ in options}:
        options.insert(0, (value, value))
    label = choose_text(parameter.description, language)[0]
    return Field(parameter.name, label, value, _INPUTS.get(parameter.type, "text"), options)


def _options(site: BuildReader, language: str, parameter: Parameter) -> list[tuple[str, str]]:
    """Return the possible values of a parameter as slugs with names; none if they are too many."""
    if not parameter.kind:
        return []
    prefix = site.prefixes[parameter.kind]
    things = _places(site, parameter) if parameter.kind == "place" else _of_kind(site, prefix)
    if len(things) > _MAX_OPTIONS:
        return []
    facts = PageFacts(site, language)
    facts.mention(things)
    facts.complete()
    named = [(thing.removeprefix(prefix), facts.name(thing).text) for thing in things]
    return sorted(named, key=lambda item: sort_key(item[1]))


def _of_kind(site: BuildReader, prefix: str) -> set[str]:
    things: set[str] = set()
    for quad in site.store.quads_for_pattern(None, RDF.type, None, DefaultGraph()):
        if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(prefix):
            things.add(quad.subject.value)
        if len(things) > _MAX_OPTIONS:
            break
    return things


def _places(site: BuildReader, parameter: Parameter) -> set[str]:
    """Return the countries where the example is one, else all other places that can have ties."""
    countries = {
        quad.subject.value
        for quad in site.store.quads_for_pattern(None, TG.level, _COUNTRY, DefaultGraph())
        if isinstance(quad.subject, NamedNode)
    }
    example = site.prefixes["place"] + parameter.example.removeprefix("place:")
    if example in countries:
        return countries
    places: set[str] = set()
    for each_quad in site.store.quads_for_pattern(
        None, RDF.type, TG.AdministrativeUnit, DefaultGraph()
    ):
        if isinstance(each_quad.subject, NamedNode) and each_quad.subject.value not in countries:
            places.add(each_quad.subject.value)
        if len(places) > _MAX_OPTIONS:
            break
    return places
