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
    """Return what every distribution says of its file and of its terms."""
    code, label = FILE_TYPES[file.media_type]
    stable = ("STABLE", ("stable", "stabil"))
    now = ("AVAILABLE", ("available", "verfügbar"))  # the next build may replace it
    return {
        "a": named("dcat:Distribution"),
        **days,
        "dct:identifier": Literal(iri),
        "dct:license": builder.licence,
        "dct:rights": builder.rights,
        "dct:language": builder.languages,
        "dcat:downloadURL": NamedNode(file.url),
        "dcat:mediaType": builder.media_type(file.media_type),
        "dct:format": builder.authority("file-type", code, (label, label), "dct:MediaTypeOrExtent"),
        "dcat:byteSize": typed(str(file.size), "xsd:nonNegativeInteger"),
        "spdx:checksum": _checksum(builder, iri, file),
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
    endpoint = f"{builder.base}sparql"
    iri = f"{endpoint}#service"
    graph = next(one for one in OFFERS if one.name == GRAPH)
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

    What can be downloaded there is the description of what can be asked.
    """
    file = next((one for one in builder.edition.files if one.name == ENDPOINT_FILE), None)
    if file is None:
        return []
    iri = f"{dataset}#sparql"
    words = {
        "en": f"Queries are answered at {builder.base}sparql; the file describes what can be asked: "
        "classes, properties and how many of each (VoID).",
        "de": f"Abfragen beantwortet {builder.base}sparql; die Datei beschreibt, wonach gefragt "
        "werden kann: Klassen, Eigenschaften und wie viele es davon gibt (VoID).",
    }
    return [
        builder.add(
            iri,
            {
                **_distribution(builder, iri, file, days),
                "dct:title": builder.ours(_ENDPOINT),
                "dct:description": builder.ours(words),
                "dcat:accessURL": NamedNode(f"{builder.base}sparql"),
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
    code, label = FILE_TYPES[media_type]
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
                "a": [named("dcat:Distribution"), named("ldes:EventSource")],
                **days,
                "dct:title": builder.ours(_FEED),
                "dct:description": builder.ours(words),
                "dct:identifier": Literal(iri),
                "dct:license": builder.licence,
                "dct:rights": builder.rights,
                "dct:language": builder.languages,
                "dct:conformsTo": builder.standard(*_LDES),
                "dcat:accessURL": NamedNode(f"{builder.base}{FEED}"),
                "dcat:mediaType": builder.media_type(media_type),
                "dct:format": builder.authority(
                    "file-type", code, (label, label), "dct:MediaTypeOrExtent"
                ),
                "dcatap:availability": builder.authority(
                    "planned-availability", "STABLE", ("stable", "stabil")
                ),
                "adms:status": builder.authority(
                    "distribution-status", "COMPLETED", ("completed", "abgeschlossen")
                ),
            },
        )
    ]
