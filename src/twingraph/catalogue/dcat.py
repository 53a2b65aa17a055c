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
from twingraph.catalogue.coverage import Coverage, Extent, coverage
from twingraph.catalogue.datasets import add_dataset
from twingraph.catalogue.distributions import add_service
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
    graph: Frozen, edition: Edition, earlier: Sequence[Edition] = (), extent: Extent | None = None
) -> dict[str, bytes]:
    """Return the catalogues of an edition by file name; `earlier` are the editions before it.

    `extent` is that of the graph, if it is known already.
    """
    files = {}
    covered = coverage(graph.dataset, graph.linked.facts, extent)
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

    `edition` has the files to offer; `earlier` editions give the date since which a data set is
    unchanged. `covered` is the coverage of the graph, if it is known already.
    """
    covered = covered or coverage(graph.dataset, graph.linked.facts)
    builder = CatalogueBuilder(graph, covered, edition, earlier, profile)
    offered_datasets = {item.dataset for item in offered(edition)}
    offers = [*OFFERS, *(source_offer(source.slug, source.title) for source in covered.sources)]
    about = [add_dataset(builder, offer) for offer in offers if offer.name in offered_datasets]
    first = min([builder.version, *(item.date for item in earlier)])
    home = builder.about.homepage or f"{builder.address}en/index.html"
    taxonomy: dict[str, Values] = {
        "a": named("skos:ConceptScheme"),
        "dct:title": Literal("EU authority table data-theme"),
    }
    builder.add(
        builder.iri,
        {
            "a": named("dcat:Catalog"),
            **builder.shared,
            "dct:title": builder.ours(_TITLE),
            "dct:description": builder.ours(_DESCRIPTION),
            "dct:identifier": Literal(builder.iri),
            "dct:issued": builder.day(first),
            "dct:modified": builder.day(builder.version),
            "dct:language": builder.languages,
            "dct:spatial": builder.regions,
            "dct:rights": builder.rights,
            "foaf:homepage": builder.page(home, {"en": "Home page", "de": "Startseite"}),
            "dcat:themeTaxonomy": builder.add(f"{EU}data-theme", taxonomy),
            "dcat:dataset": [node for item in about for node in _topic(item)],
            "dcat:service": add_service(builder) if GRAPH in offered_datasets else None,
            # a record must have a date: none where none is known
            "dcat:record": [_record(builder, item) for item in about if builder.version],
        },
    )
    return sorted(builder.triples, key=str)


def _topic(about: dict[str, Values]) -> list[NamedNode]:
    topic = about["foaf:primaryTopic"]
    return [topic] if isinstance(topic, NamedNode) else []


def _record(builder: CatalogueBuilder, about: dict[str, Values]) -> NamedNode:
    """Add the entry of a data set. DCAT-AP.de has given up its status."""
    [topic] = _topic(about)
    changed = None
    if builder.profile == "eu":
        iri = "http://purl.org/adms/changetype/updated"
        changed = builder.code(
            CHANGE_TYPES, iri, ("updated", "aktualisiert"), note="ADMS change types"
        )
    return builder.add(
        f"{builder.iri}#record-{topic.value.rpartition('/')[2]}",
        {
            "a": named("dcat:CatalogRecord"),
            **about,
            "dct:conformsTo": builder.standard(*_STANDARDS[builder.profile]),
            "dct:language": builder.languages,
            "adms:status": changed,
        },
    )


def wanted(settings: Settings) -> list[str]:
    """Return the missing keys of the settings that would complete the catalogue.

    >>> from pathlib import Path
    >>> wanted(Settings(Path()))
    ['release', 'publisher', 'about.publisher_type', 'about.contact.email']
    """
    about = settings.about
    keys = {
        "release": settings.release,
        "publisher": settings.publisher,
        "about.publisher_type": about.publisher_type,
        "about.contact.email": about.contact.email,
    }
    return [key for key, value in keys.items() if not value]
