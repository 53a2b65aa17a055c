"""The provenance of a data set: source documents, activities, earlier versions.

Neither a document's graph nor an old version is a `dcat:Dataset`: portals would take each of those
for a package of its own (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.catalogue.builder import CatalogueBuilder
from twingraph.catalogue.coverage import Source
from twingraph.catalogue.nodes import Values, named, texts, typed
from twingraph.catalogue.offers import DatasetOffer
from twingraph.export.editions import Edition

_WORK: Final = {
    "en": "What the sources say was written down word for word, resolved by fixed rules and "
    "checked by SHACL shapes.",
    "de": "Was die Quellen sagen, wurde wörtlich festgehalten, nach festen Regeln zusammengeführt "
    "und mit SHACL-Shapes geprüft.",
}
_SAYS: Final = {"en": "What “{}” says", "de": "Was „{}“ sagt"}


def add_versions(
    builder: CatalogueBuilder, iri: str, offer: DatasetOffer, editions: Sequence[Edition]
) -> dict[str, Values]:
    """Add the dated versions of the data set `iri` (DCAT 3 §11); return its own properties."""
    dated = [edition for edition in editions if edition.date]
    nodes = [NamedNode(f"{builder.base}release/{item.date}/#{offer.name}") for item in dated]
    for index, (node, each_node) in enumerate(zip(nodes, dated, strict=True)):
        title = {tag: f"{text} ({each_node.date})" for tag, text in offer.title.items()}
        builder.add(
            node.value,
            {
                "a": named("dcat:Resource"),
                "dct:title": builder.ours(title),
                "dct:issued": builder.day(each_node.date),
                "dcat:version": Literal(each_node.date),
                "dcat:isVersionOf": NamedNode(iri),
                "dcat:previousVersion": nodes[index + 1 : index + 2],
                "adms:versionNotes": texts(each_node.notes),
                "foaf:page": builder.page(f"{builder.address}release/{each_node.date}/", {}),
            },
        )
    return {
        "dcat:version": Literal(builder.version) if builder.version else None,
        "adms:versionNotes": texts(builder.edition.notes),
        "dcat:hasCurrentVersion": nodes[:1] if builder.edition.date else None,
    }


def add_sources(builder: CatalogueBuilder, dataset: str) -> dict[str, Values]:
    """Add the source documents, and the graph of each; return the properties of the whole graph."""
    documents = [_document(builder, source) for source in builder.covered.sources]
    activity: dict[str, Values] = {
        "a": named("prov:Activity"),
        "rdfs:label": builder.ours(_WORK),
        "prov:used": documents,
    }
    return {
        "prov:wasDerivedFrom": documents,
        "prov:wasGeneratedBy": builder.add(f"{builder.base}catalog#build", activity),
        "void:subset": [_graph(builder, dataset, source) for source in builder.covered.sources],
    }


def _document(builder: CatalogueBuilder, source: Source) -> NamedNode:
    return builder.add(source.document, {"a": named("prov:Entity"), "dct:title": source.titles})


def _graph(builder: CatalogueBuilder, dataset: str, source: Source) -> NamedNode:
    return builder.add(
        source.graph,
        {
            "a": named("void:Dataset"),
            "dct:title": texts({tag: _SAYS[tag].format(source.title) for tag in builder.tags}),
            "dct:isPartOf": NamedNode(dataset),
            "dct:license": NamedNode(source.licence) if source.licence else None,
            "prov:wasDerivedFrom": NamedNode(source.document),
            "void:triples": typed(str(source.triples), "xsd:integer"),
        },
    )


def add_provenance(builder: CatalogueBuilder) -> NamedNode:
    """Add a statement of provenance in words."""
    count = len(builder.covered.sources)
    words = {
        "en": f"From {count} source documents; every statement names the words it rests on.",
        "de": f"Aus {count} Quelldokumenten; jede Aussage nennt die Worte, auf denen sie beruht.",
    }
    return builder.add(
        f"{builder.base}catalog#provenance",
        {"a": named("dct:ProvenanceStatement"), "rdfs:label": builder.ours(words)},
    )
