"""The data sets of a catalogue: description, coverage, conformance."""

from __future__ import annotations

from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.catalogue.agents import PAGE, add_creators, add_doi
from twingraph.catalogue.builder import CatalogueBuilder
from twingraph.catalogue.distributions import add_endpoint, add_feed, add_file
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
from twingraph.catalogue.origins import add_provenance, add_sources, add_versions
from twingraph.catalogue.places import point, polygon
from twingraph.check.documents import PUBLISHED
from twingraph.rdf.authority import DE_CONTRIBUTORS, DE_LEVELS, FREQUENCIES, LEVELS
from twingraph.rdf.vocabulary import ONTOLOGY

_CONFORMS: Final = {
    VOCABULARY: (
        ("https://www.w3.org/TR/owl2-overview/", "OWL 2"),
        ("https://www.w3.org/TR/skos-reference/", "SKOS"),
        ("https://www.w3.org/TR/shacl/", "SHACL"),
    ),
    LINKS: (("https://w3id.org/sssom/", "SSSOM"),),
}


def add_dataset(builder: CatalogueBuilder, offer: DatasetOffer) -> dict[str, Values]:
    """Add a data set and its distributions; return the properties that its record repeats."""
    iri = f"{builder.base}dataset/{offer.name}"
    editions = editions_of(builder.edition, builder.earlier, offer.name)
    days: dict[str, Values] = {
        "dct:issued": builder.day(editions[-1].date or builder.version),
        "dct:modified": builder.day(unchanged_since(editions, offer.name) or builder.version),
    }
    files = [item for item in offered(builder.edition) if item.dataset == offer.name]
    forms = [add_file(builder, iri, file, days) for file in files]
    frequency = builder.about.frequency
    facts: dict[str, Values] = {
        "a": [named("dcat:Dataset"), named("dcat:Resource")],
        **builder.shared,
        "dct:license": builder.terms(offer.name)["dct:license"],
        **days,
        **add_versions(builder, iri, offer, editions),
        "dct:title": builder.ours(offer.title),
        "dct:description": builder.ours(offer.description),
        "dcat:keyword": builder.keywords(offer.keywords),
        "dct:identifier": Literal(iri),
        "dcat:contactPoint": builder.contact,
        "dct:creator": add_creators(builder, builder.settings),
        "dcat:theme": builder.themes,
        "dct:accessRights": builder.public,
        "dct:accrualPeriodicity": builder.authority(
            "frequency", frequency, FREQUENCIES[frequency], "dct:Frequency"
        ),
        "dct:language": builder.languages,
        **_covered(builder, offer),
        "dct:conformsTo": [builder.standard(*item) for item in _CONFORMS.get(offer.name, ())],
        "dct:provenance": add_provenance(builder),
        "dcat:landingPage": builder.page(builder.address + PAGE, {"en": "Data", "de": "Daten"}),
        "foaf:page": builder.pages,
    }
    if offer.name == GRAPH:
        facts |= _own_words(builder) | add_sources(builder, iri)
        facts["dct:conformsTo"] = _model(builder)
        forms += [*add_endpoint(builder, iri, days), *add_feed(builder, iri, days)]
    if builder.profile == "de":
        facts |= _german(builder)
    return {"foaf:primaryTopic": builder.add(iri, {**facts, "dcat:distribution": forms}), **days}


def _own_words(builder: CatalogueBuilder) -> dict[str, Values]:
    """Return the properties that the settings give, in place of the defaults."""
    about = builder.about
    words = {
        "dct:description": texts(about.description),
        "dcat:keyword": [
            Literal(item, language=tag) for tag, each in about.keywords.items() for item in each
        ],
        "adms:identifier": add_doi(builder, builder.settings),
    }
    return {name: values for name, values in words.items() if values}


def _model(builder: CatalogueBuilder) -> list[NamedNode]:
    """Return the standards of the data: the ontology, and the shapes of the published form."""
    version = builder.covered.ontology_version or ONTOLOGY
    shapes = [file.url for file in builder.edition.files if file.name == PUBLISHED]
    return [
        builder.standard(version, "The ontology of the data"),
        *(builder.standard(url, "The SHACL shapes of the published data") for url in shapes),
    ]


def _german(builder: CatalogueBuilder) -> dict[str, Values]:
    """Return the properties that DCAT-AP.de adds to a data set."""
    titles: dict[str, Values] = {}
    if builder.about.contributor_id:
        label = builder.about.contributor_id.rpartition("/")[2]
        titles["dcatde:contributorID"] = builder.code(
            DE_CONTRIBUTORS, builder.about.contributor_id, (label, label), note="DCAT-AP.de"
        )
    if builder.about.political_level:
        level = builder.about.political_level
        titles["dcatde:politicalGeocodingLevelURI"] = builder.code(
            DE_LEVELS, f"{DE_LEVELS}/{level}", LEVELS[level], note="DCAT-AP.de"
        )
    return titles


def _covered(builder: CatalogueBuilder, offer: DatasetOffer) -> dict[str, Values]:
    """Return the spatial and temporal coverage of a data set, if it has any.

    Code lists have neither place nor time; links are about places, but about no time.
    """
    return {
        "dct:spatial": _places(builder) if offer.name in (GRAPH, LINKS) else None,
        "dct:temporal": _period(builder) if offer.name == GRAPH else None,
    }


def _places(builder: CatalogueBuilder) -> list[NamedNode]:
    """Return the regions of the settings, else the extent of the data, else the Earth."""
    extent = _extent(builder)
    return builder.regions if builder.about.spatial or extent is None else [extent]


def _extent(builder: CatalogueBuilder) -> NamedNode | None:
    """Add the box and the centre of the places, as the data has them."""
    if not builder.covered.extent.box:
        return None
    return builder.add(
        f"{builder.base}catalog#extent",
        {
            "a": named("dct:Location"),
            "rdfs:label": pair(("Where the places lie", "Wo die Orte liegen")),
            "dcat:bbox": typed(polygon(builder.covered.extent.box), "geo:wktLiteral"),
            "dcat:centroid": typed(point(builder.covered.centre), "geo:wktLiteral"),
        },
    )


def _period(builder: CatalogueBuilder) -> NamedNode | None:
    if not builder.covered.extent.first:
        return None
    return builder.add(
        f"{builder.base}catalog#period",
        {
            "a": named("dct:PeriodOfTime"),
            "dcat:startDate": typed(builder.covered.extent.first, "xsd:date"),
            "dcat:endDate": typed(builder.covered.extent.last, "xsd:date"),
        },
    )
