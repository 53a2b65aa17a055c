"""Places of a project, curated or published -> the gazetteer that names are matched against."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, Triple

from twingraph.link.gazetteer import Gazetteer, Place
from twingraph.rdf.vocabulary import NS, RDF, RDFS, SKOS, TG

_SCHEMA: Final = "https://schema.org/"
_LATITUDE: Final = NamedNode(_SCHEMA + "latitude")
_LONGITUDE: Final = NamedNode(_SCHEMA + "longitude")
_REGION: Final = NamedNode(_SCHEMA + "addressRegion")
_SAME: Final = NamedNode("http://www.w3.org/2002/07/owl#sameAs")
_FORMER: Final = NamedNode(NS + "formerName")
_LANGUAGES: Final = ("en", "", "de")  # whose label is shown, the first that is there


def short_id(iri: str) -> str:
    """Return an external IRI as an identifier that people type.

    >>> short_id("http://www.wikidata.org/entity/Q586"), short_id("https://sws.geonames.org/29/")
    ('Q586', '29')
    """
    return iri.strip("/").rpartition("/")[2]


def places_of(statements: Iterable[Quad | Triple], base: str) -> list[Place]:
    """Return every administrative unit that the statements describe, sorted by slug."""
    start = f"{base}id/place/"
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    names: dict[str, set[str]] = defaultdict(set)
    former: dict[str, set[str]] = defaultdict(set)
    ids: dict[str, set[str]] = defaultdict(set)
    single: dict[NamedNode, dict[str, str]] = {
        verb: {} for verb in (TG.country, TG.countryCode, TG.level, _LATITUDE, _LONGITUDE, _REGION)
    }
    units: set[str] = set()
    weight: dict[str, int] = defaultdict(int)
    partners: set[tuple[str, str]] = set()
    for statement in statements:
        verb, value = statement.predicate, statement.object
        if verb == TG.partner and isinstance(value, NamedNode):
            partners.add((str(statement.subject), value.value.removeprefix(start)))
            continue
        subject = statement.subject.value if isinstance(statement.subject, NamedNode) else ""
        if not subject.startswith(start):
            continue
        slug = subject[len(start) :]
        if verb == RDF.type:
            if value == TG.AdministrativeUnit:
                units.add(slug)
        elif verb == RDFS.label and isinstance(value, Literal):
            labels[slug][value.language or ""] = value.value
        elif verb == SKOS.altLabel and isinstance(value, Literal):
            names[slug].add(value.value)
        elif verb == _FORMER and isinstance(value, Literal):
            former[slug].add(value.value)
        elif verb == _SAME and isinstance(value, NamedNode):
            ids[slug].add(short_id(value.value))
        elif verb in single:
            single[verb][slug] = getattr(value, "value", "")
    for _, slug in partners:
        weight[slug] += 1
    codes = {f"{start}{slug}": code for slug, code in single[TG.countryCode].items()}
    places = []
    for slug in sorted(units):
        own = labels[slug]
        label = next((own[language] for language in _LANGUAGES if language in own), slug)
        rest = sorted({*own.values(), *names[slug]} - {label} - former[slug])
        point = None
        if slug in single[_LATITUDE] and slug in single[_LONGITUDE]:
            point = (float(single[_LATITUDE][slug]), float(single[_LONGITUDE][slug]))
        region = single[_REGION].get(slug, "").lower()
        places.append(Place(
            slug, (label, *rest), tuple(sorted(former[slug])),
            codes.get(single[TG.country].get(slug, ""), ""),
            frozenset({region} if region else ()),
            single[TG.level].get(slug, "").rpartition("/")[2], point,
            frozenset({slug, *ids[slug]}), weight[slug],
        ))  # fmt: skip
    return places


def gazetteer_of(
    statements: Iterable[Quad | Triple], base: str, *, weighted: bool = True
) -> Gazetteer:
    """Return the gazetteer of the places that the statements describe.

    Unless it is `weighted`, equals are in the order of their slugs, whatever partners they have:
    then the rows of a list have no influence on the matching of its own names.
    """
    places = places_of(statements, base)
    return Gazetteer(places if weighted else [replace(item, weight=0) for item in places])


def partners_of(statements: Iterable[Quad | Triple], base: str) -> dict[str, frozenset[str]]:
    """Return the partners of each place, by slug, as the statements give them."""
    start = f"{base}id/place/"
    of: dict[str, set[str]] = defaultdict(set)
    for statement in statements:
        if statement.predicate == TG.partner and isinstance(statement.object, NamedNode):
            of[str(statement.subject)].add(statement.object.value.removeprefix(start))
    partners: dict[str, set[str]] = defaultdict(set)
    for places in of.values():
        for place in places:
            partners[place] |= places - {place}
    return {place: frozenset(others) for place, others in partners.items()}
