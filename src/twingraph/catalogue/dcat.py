"""What portals harvest: a catalogue in DCAT-AP 3.0.1, and the same for DCAT-AP.de 3.0.

A pure function of the graph, the settings and the editions: no clock, no blank nodes, IRIs that
stay from release to release. Every controlled value is typed and labelled in the same graph, so
that a harvester (and an official shape) needs nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.catalogue.builder import PROFILES, CatalogueBuilder
from twingraph.catalogue.coverage import Coverage, coverage
from twingraph.catalogue.datasets import tell_dataset
from twingraph.catalogue.distributions import tell_service
from twingraph.catalogue.nodes import NAMESPACES, Values, named
from twingraph.catalogue.offers import GRAPH, OFFERS, offered, source_offer
from twingraph.export.dumps import Frozen
from twingraph.export.editions import Edition
from twingraph.rdf.authority import CHANGE_TYPES, EU
from twingraph.rdf.serializers import SERIALIZERS
from twingraph.rdf.turtle import write_turtle
from twingraph.settings import Settings

SUFFIXES: Final = ("ttl", "rdf", "jsonld")
CATALOGUES: Final = tuple(f"{name}.{suffix}" for name in PROFILES.values() for suffix in SUFFIXES)
_STANDARDS: Final = {
    "eu": ("http://data.europa.eu/r5r/", "DCAT-AP 3.0.1"),
    "de": ("https://www.dcat-ap.de/def/dcatde/3.0/spec/", "DCAT-AP.de 3.0"),
}
_TITLE: Final = {"en": "{brand}: data catalogue", "de": "{brand}: Datenkatalog"}
_DESCRIPTION: Final = {
    "en": "The data sets of {brand}, with all their files and their query service.",
    "de": "Die Datensätze von {brand} mit allen Dateien und dem Abfragedienst.",
}


def catalogue_files(
    graph: Frozen, edition: Edition, earlier: Sequence[Edition] = ()
) -> dict[str, bytes]:
    """Return the catalogues of an edition by file name; `earlier` are the editions before it."""
    files = {}
    covered = coverage(graph.dataset, graph.base)
    for profile, name in PROFILES.items():
        triples = catalogue(graph, edition, earlier, profile, covered)
        for suffix in SUFFIXES:
            files[f"{name}.{suffix}"] = write_catalogue(triples, graph.base, suffix)
    return files


def write_catalogue(triples: Sequence[Triple], base: str, suffix: str) -> bytes:
    """Return a catalogue, or a part of one, in the format of that suffix."""
    prefixes = dict(sorted({**NAMESPACES, "dataset": f"{base}dataset/"}.items()))
    if suffix == "ttl":
        return write_turtle(triples, prefixes).encode()
    return SERIALIZERS[suffix](list(triples), prefixes)


def catalogue(
    graph: Frozen,
    edition: Edition,
    earlier: Sequence[Edition] = (),
    profile: str = "eu",
    covered: Coverage | None = None,
) -> list[Triple]:
    """Return the catalogue of an edition as sorted triples; `profile` is `eu` or `de`.

    Of `edition` the files are offered; `earlier` says since when what there is has been there.
    `covered` is what the graph covers, if that is known already.
    """
    covered = covered or coverage(graph.dataset, graph.base)
    told = CatalogueBuilder(graph, covered, edition, earlier, profile)
    there = {one.dataset for one in offered(edition)}
    offers = [*OFFERS, *(source_offer(one.slug, one.title) for one in covered.sources)]
    about = [tell_dataset(told, one) for one in offers if one.name in there]
    first = min([told.version, *(one.date for one in earlier)])
    home = told.about.homepage or f"{told.base}en/index.html"
    taxonomy: dict[str, Values] = {
        "a": named("skos:ConceptScheme"),
        "dct:title": Literal("EU authority table data-theme"),
    }
    told.add(
        told.iri,
        {
            "a": named("dcat:Catalog"),
            **told.shared,
            "dct:title": told.ours(_TITLE),
            "dct:description": told.ours(_DESCRIPTION),
            "dct:identifier": Literal(told.iri),
            "dct:issued": told.day(first),
            "dct:modified": told.day(told.version),
            "dct:language": told.languages,
            "dct:spatial": told.regions,
            "dct:rights": told.rights,
            "foaf:homepage": told.page(home, {"en": "Home page", "de": "Startseite"}),
            "dcat:themeTaxonomy": told.add(f"{EU}data-theme", taxonomy),
            "dcat:dataset": [node for one in about for node in _topic(one)],
            "dcat:service": tell_service(told) if GRAPH in there else None,
            # a record must have a date: none where none is known
            "dcat:record": [_record(told, one) for one in about if told.version],
        },
    )
    return sorted(told.triples, key=str)


def _topic(about: dict[str, Values]) -> list[NamedNode]:
    topic = about["foaf:primaryTopic"]
    return [topic] if isinstance(topic, NamedNode) else []


def _record(told: CatalogueBuilder, about: dict[str, Values]) -> NamedNode:
    """Tell the entry of a data set. DCAT-AP.de has given up its status."""
    [topic] = _topic(about)
    changed = None
    if told.profile == "eu":
        iri = "http://purl.org/adms/changetype/updated"
        changed = told.code(
            CHANGE_TYPES, iri, ("updated", "aktualisiert"), note="ADMS change types"
        )
    return told.add(
        f"{told.iri}#record-{topic.value.rpartition('/')[2]}",
        {
            "a": named("dcat:CatalogRecord"),
            **about,
            "dct:conformsTo": told.standard(*_STANDARDS[told.profile]),
            "dct:language": told.languages,
            "adms:status": changed,
        },
    )


def wanted(settings: Settings) -> list[str]:
    """Return the keys of the settings that a catalogue would say more by.

    >>> from pathlib import Path
    >>> wanted(Settings(Path()))
    ['release', 'publisher', 'about.publisher_type', 'about.contact']
    """
    about = settings.about
    keys = {
        "release": settings.release,
        "publisher": settings.publisher,
        "about.publisher_type": about.publisher_type,
        "about.contact": about.contact.name or about.contact.email or about.contact.url,
    }
    return [key for key, value in keys.items() if not value]
