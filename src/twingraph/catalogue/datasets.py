"""The data sets of a catalogue: what each is, covers and holds itself to."""

from __future__ import annotations

from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.catalogue.agents import PAGE, tell_creators, tell_doi
from twingraph.catalogue.builder import CatalogueBuilder
from twingraph.catalogue.distributions import add_feed, tell_endpoint, tell_file
from twingraph.catalogue.nodes import Values, named, pair, texts, typed
from twingraph.catalogue.offers import (
    GRAPH,
    LINKS,
    VOCABULARY,
    DatasetOffer,
    editions_of,
    offered,
    unchanged_since,
)
from twingraph.catalogue.origins import tell_provenance, tell_sources, tell_versions
from twingraph.catalogue.places import point, polygon
from twingraph.rdf.authority import DE_CONTRIBUTORS, DE_LEVELS, FREQUENCIES, LEVELS
from twingraph.rdf.vocabulary import ONTOLOGY, SHAPES_DOCUMENT

_CONFORMS: Final = {
    VOCABULARY: (
        ("https://www.w3.org/TR/owl2-overview/", "OWL 2"),
        ("https://www.w3.org/TR/skos-reference/", "SKOS"),
        ("https://www.w3.org/TR/shacl/", "SHACL"),
    ),
    LINKS: (("https://w3id.org/sssom/", "SSSOM"),),
}


def tell_dataset(told: CatalogueBuilder, offer: DatasetOffer) -> dict[str, Values]:
    """Tell a data set and its distributions; return what its record says of it too."""
    iri = f"{told.base}dataset/{offer.name}"
    editions = editions_of(told.edition, told.earlier, offer.name)
    days: dict[str, Values] = {
        "dct:issued": told.day(editions[-1].date or told.version),
        "dct:modified": told.day(unchanged_since(editions, offer.name) or told.version),
    }
    files = [one for one in offered(told.edition) if one.dataset == offer.name]
    forms = [tell_file(told, iri, one, days) for one in files]
    frequency = told.about.frequency
    said: dict[str, Values] = {
        "a": [named("dcat:Dataset"), named("dcat:Resource")],
        **told.shared,
        **days,
        **tell_versions(told, iri, offer, editions),
        "dct:title": told.ours(offer.title),
        "dct:description": told.ours(offer.description),
        "dcat:keyword": told.keywords(offer.keywords),
        "dct:identifier": Literal(iri),
        "dcat:contactPoint": told.contact,
        "dct:creator": tell_creators(told, told.settings),
        "dcat:theme": told.themes,
        "dct:accessRights": told.public,
        "dct:accrualPeriodicity": told.authority(
            "frequency", frequency, FREQUENCIES[frequency], "dct:Frequency"
        ),
        "dct:language": told.languages,
        "dct:spatial": told.regions,
        "dct:coverage": _extent(told),
        "dct:temporal": _period(told),
        "dct:conformsTo": [told.standard(*one) for one in _CONFORMS.get(offer.name, ())],
        "dct:provenance": tell_provenance(told),
        "dcat:landingPage": told.page(told.base + PAGE, {"en": "Data", "de": "Daten"}),
        "foaf:page": told.pages,
    }
    if offer.name == GRAPH:
        said |= _own_words(told) | tell_sources(told, iri)
        said["dct:conformsTo"] = _model(told)
        forms += [*tell_endpoint(told, iri, days), *add_feed(told, iri, days)]
    if told.profile == "de":
        said |= _german(told)
    return {"foaf:primaryTopic": told.add(iri, {**said, "dcat:distribution": forms}), **days}


def _own_words(told: CatalogueBuilder) -> dict[str, Values]:
    """Return what the settings say of the graph, in place of what is said by default."""
    about = told.about
    words = {
        "dct:description": texts(about.description),
        "dcat:keyword": [
            Literal(one, language=tag) for tag, each in about.keywords.items() for one in each
        ],
        "adms:identifier": tell_doi(told, told.settings),
    }
    return {name: values for name, values in words.items() if values}


def _model(told: CatalogueBuilder) -> list[NamedNode]:
    version = told.covered.ontology_version or ONTOLOGY
    return [
        told.standard(version, "The ontology of the data"),
        told.standard(SHAPES_DOCUMENT, "The SHACL shapes of the data"),
    ]


def _german(told: CatalogueBuilder) -> dict[str, Values]:
    """Return what DCAT-AP.de adds to a data set."""
    found: dict[str, Values] = {}
    if told.about.contributor_id:
        label = told.about.contributor_id.rpartition("/")[2]
        found["dcatde:contributorID"] = told.code(
            DE_CONTRIBUTORS, told.about.contributor_id, (label, label), note="DCAT-AP.de"
        )
    if told.about.political_level:
        level = told.about.political_level
        found["dcatde:politicalGeocodingLevelURI"] = told.code(
            DE_LEVELS, f"{DE_LEVELS}/{level}", LEVELS[level], note="DCAT-AP.de"
        )
    return found


def _extent(told: CatalogueBuilder) -> NamedNode | None:
    """Tell the box and the centre of the places, as the data has them."""
    if not told.covered.box:
        return None
    return told.add(
        f"{told.base}catalog#extent",
        {
            "a": named("dct:Location"),
            "rdfs:label": pair(("Where the places lie", "Wo die Orte liegen")),
            "dcat:bbox": typed(polygon(told.covered.box), "geo:wktLiteral"),
            "dcat:centroid": typed(point(told.covered.centre), "geo:wktLiteral"),
        },
    )


def _period(told: CatalogueBuilder) -> NamedNode | None:
    if not told.covered.first:
        return None
    return told.add(
        f"{told.base}catalog#period",
        {
            "a": named("dct:PeriodOfTime"),
            "dcat:startDate": typed(told.covered.first, "xsd:date"),
            "dcat:endDate": typed(told.covered.last, "xsd:date"),
        },
    )
