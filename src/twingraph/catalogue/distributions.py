"""How the data is to be had: each file as a distribution, the query service as one too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.catalogue.builder import CatalogueBuilder
from twingraph.catalogue.nodes import NAMESPACES, Values, named, typed
from twingraph.catalogue.offers import ENDPOINT_FILE, GRAPH, OFFERS, Offered
from twingraph.export.editions import File
from twingraph.rdf.authority import FILE_TYPES

_PROTOCOL: Final = ("https://www.w3.org/TR/sparql11-protocol/", "SPARQL 1.1 Protocol")
_ENDPOINT: Final = {"en": "SPARQL endpoint", "de": "SPARQL-Endpunkt"}
_FEED: Final = {"en": "Feed of changes (LDES)", "de": "Feed der Änderungen (LDES)"}
_LDES: Final = ("https://w3id.org/ldes/specification", "Linked Data Event Streams")
FEED: Final = "release/feed/ldes.trig"  # below the address
_SHA256: Final = NAMESPACES["spdx"] + "checksumAlgorithm_sha256"


def add_file(
    builder: CatalogueBuilder, dataset: str, offered: Offered, days: Mapping[str, Values]
) -> NamedNode:
    """Add a file as a distribution of `dataset`: one format in one packing."""
    file = offered.file
    words = {"en": f"The file {file.name}", "de": f"Die Datei {file.name}"}
    if file.packing:
        words = {"en": f"{words['en']}, packed", "de": f"{words['de']}, gepackt"}
    packed = builder.media_type(f"application/{file.packing}") if file.packing else None
    iri = f"{dataset}#{file.name}"
    return builder.add(
        iri,
        {
            **_distribution(builder, iri, file, days),
            "dct:title": builder.ours(offered.title),
            "dct:description": builder.ours(words),
            "dcat:accessURL": NamedNode(file.url),
            "dcat:compressFormat": packed,
        },
    )


def _distribution(
    builder: CatalogueBuilder, iri: str, file: File, days: Mapping[str, Values]
) -> dict[str, Values]:
    """Return the properties that the distribution of every file has."""
    return {
        **_terms(builder, iri, file.media_type, FILE_TYPES[file.media_type], days),
        "dcat:downloadURL": NamedNode(file.url),
        "dcat:byteSize": typed(str(file.size), "xsd:nonNegativeInteger"),
        "spdx:checksum": _checksum(builder, iri, file),
    }


def _terms(
    builder: CatalogueBuilder,
    iri: str,
    media_type: str,
    file_type: tuple[str, str],
    days: Mapping[str, Values],
) -> dict[str, Values]:
    """Return the properties of files, endpoint and feed: format, days, licence, languages."""
    code, label = file_type
    dataset = iri.partition("#")[0].rpartition("/")[2]
    stable = ("STABLE", ("stable", "stabil"))
    now = ("AVAILABLE", ("available", "verfügbar"))  # the next build may replace it
    return {
        "a": named("dcat:Distribution"),
        **days,
        "dct:identifier": Literal(iri),
        **builder.terms(dataset),
        "dct:language": builder.languages,
        "dcat:mediaType": builder.media_type(media_type),
        "dct:format": builder.authority("file-type", code, (label, label), "dct:MediaTypeOrExtent"),
        "dcatap:availability": builder.authority(
            "planned-availability", *(stable if builder.edition.date else now)
        ),
        "adms:status": builder.authority(
            "distribution-status", "COMPLETED", ("completed", "abgeschlossen")
        ),
    }


def _checksum(builder: CatalogueBuilder, iri: str, file: File) -> NamedNode:
    kind: dict[str, Values] = {
        "a": named("spdx:ChecksumAlgorithm"),
        "rdfs:label": Literal("SHA-256"),
    }
    return builder.add(
        f"{iri}-sha256",
        {
            "a": named("spdx:Checksum"),
            "spdx:algorithm": builder.add(_SHA256, kind),
            "spdx:checksumValue": typed(file.sha256, "xsd:hexBinary"),
        },
    )


def add_service(builder: CatalogueBuilder) -> NamedNode:
    """Add the SPARQL endpoint as a data service."""
    endpoint = f"{builder.address}sparql"
    iri = f"{builder.base}sparql#service"
    graph = next(offer for offer in OFFERS if offer.name == GRAPH)
    words = {
        "en": "Queries over the whole graph, sources included (SPARQL 1.1).",
        "de": "Abfragen über den ganzen Graphen samt Quellen (SPARQL 1.1).",
    }
    return builder.add(
        iri,
        {
            "a": named("dcat:DataService"),
            **builder.shared,
            "dct:title": builder.ours(_ENDPOINT),
            "dct:description": builder.ours(words),
            "dct:identifier": Literal(iri),
            "dct:accessRights": builder.public,
            "dct:conformsTo": builder.standard(*_PROTOCOL),
            "dcat:contactPoint": builder.contact,
            "dcat:endpointURL": NamedNode(endpoint),
            "dcat:endpointDescription": NamedNode(endpoint),
            "dcat:keyword": builder.keywords(graph.keywords),
            "dcat:theme": builder.themes,
            "dcat:servesDataset": NamedNode(f"{builder.base}dataset/{GRAPH}"),
            "foaf:page": builder.pages,
        },
    )


def add_endpoint(
    builder: CatalogueBuilder, dataset: str, days: Mapping[str, Values]
) -> list[NamedNode]:
    """Add the endpoint as a distribution, because portals pass over data services.

    It has no downloadURL: only a file has one, and a portal would open that file in place of the
    endpoint (docs/decisions/0013).
    """
    if all(file.name != ENDPOINT_FILE for file in builder.edition.files):
        return []
    iri, media_type = f"{dataset}#sparql", "application/json"  # one of those it answers in
    words = {
        "en": "Answers SPARQL 1.1 queries; in a browser it is a form with examples.",
        "de": "Beantwortet Abfragen in SPARQL 1.1; im Browser ein Formular mit Beispielen.",
    }
    return [
        builder.add(
            iri,
            {
                **_terms(builder, iri, media_type, FILE_TYPES[media_type], days),
                "dct:title": builder.ours(_ENDPOINT),
                "dct:description": builder.ours(words),
                "dcat:accessURL": NamedNode(f"{builder.address}sparql"),
                "dcat:accessService": add_service(builder),
                "dct:conformsTo": builder.standard(*_PROTOCOL),
            },
        )
    ]


def add_feed(
    builder: CatalogueBuilder, dataset: str, days: Mapping[str, Values]
) -> list[NamedNode]:
    """Describe the event stream of changes (LDES) as a distribution; none before a first release.

    It is an `ldes:EventSource`, which LDES defines as a kind of distribution; harvesters that know
    only DCAT take it by its other type.
    """
    if not builder.edition.date and not builder.earlier:
        return []
    iri, media_type = f"{dataset}#feed", "application/trig"
    words = {
        "en": "What changed from release to release, entity by entity, as a Linked Data Event "
        "Stream: whoever holds a copy follows it and stays current.",
        "de": "Was sich von Veröffentlichung zu Veröffentlichung geändert hat, Gegenstand für "
        "Gegenstand, als Linked Data Event Stream: Wer eine Kopie hat, folgt ihm und bleibt "
        "aktuell.",
    }
    return [
        builder.add(
            iri,
            {
                **_terms(builder, iri, media_type, FILE_TYPES[media_type], days),
                "a": [named("dcat:Distribution"), named("ldes:EventSource")],
                "dct:title": builder.ours(_FEED),
                "dct:description": builder.ours(words),
                "dct:conformsTo": builder.standard(*_LDES),
                "dcat:accessURL": NamedNode(f"{builder.address}{FEED}"),
                "dcatap:availability": builder.authority(
                    "planned-availability", "STABLE", ("stable", "stabil")
                ),
            },
        )
    ]
