"""Where a data set comes from and what it was before: documents, work done, dated versions.

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


def tell_versions(
    told: CatalogueBuilder, iri: str, offer: DatasetOffer, editions: Sequence[Edition]
) -> dict[str, Values]:
    """Tell the dated versions of the data set `iri` (DCAT 3 §11); return what it says itself."""
    dated = [one for one in editions if one.date]
    nodes = [NamedNode(f"{told.base}release/{one.date}/#{offer.name}") for one in dated]
    for at, (node, one) in enumerate(zip(nodes, dated, strict=True)):
        title = {tag: f"{text} ({one.date})" for tag, text in offer.title.items()}
        told.add(
            node.value,
            {
                "a": named("dcat:Resource"),
                "dct:title": told.ours(title),
                "dct:issued": told.day(one.date),
                "dcat:version": Literal(one.date),
                "dcat:isVersionOf": NamedNode(iri),
                "dcat:previousVersion": nodes[at + 1 : at + 2],
                "adms:versionNotes": texts(one.notes),
                "foaf:page": told.page(f"{told.base}release/{one.date}/", {}),
            },
        )
    return {
        "dcat:version": Literal(told.version) if told.version else None,
        "adms:versionNotes": texts(told.edition.notes),
        "dcat:hasCurrentVersion": nodes[:1] if told.edition.date else None,
    }


def tell_sources(told: CatalogueBuilder, dataset: str) -> dict[str, Values]:
    """Tell the documents behind the graph, and the graph of each; return what the graph says."""
    documents = [_document(told, one) for one in told.covered.sources]
    activity: dict[str, Values] = {
        "a": named("prov:Activity"),
        "rdfs:label": told.ours(_WORK),
        "prov:used": documents,
    }
    return {
        "prov:wasDerivedFrom": documents,
        "prov:wasGeneratedBy": told.add(f"{told.base}catalog#build", activity),
        "void:subset": [_graph(told, dataset, one) for one in told.covered.sources],
    }


def _document(told: CatalogueBuilder, source: Source) -> NamedNode:
    return told.add(source.document, {"a": named("prov:Entity"), "dct:title": source.titles})


def _graph(told: CatalogueBuilder, dataset: str, source: Source) -> NamedNode:
    return told.add(
        source.graph,
        {
            "a": named("void:Dataset"),
            "dct:title": texts({tag: _SAYS[tag].format(source.title) for tag in told.tags}),
            "dct:isPartOf": NamedNode(dataset),
            "dct:license": NamedNode(source.licence) if source.licence else None,
            "prov:wasDerivedFrom": NamedNode(source.document),
            "void:triples": typed(str(source.triples), "xsd:integer"),
        },
    )


def tell_provenance(told: CatalogueBuilder) -> NamedNode:
    """Tell in words where everything comes from."""
    count = len(told.covered.sources)
    words = {
        "en": f"From {count} source documents; every statement names the words it rests on.",
        "de": f"Aus {count} Quelldokumenten; jede Aussage nennt die Worte, auf denen sie beruht.",
    }
    return told.add(
        f"{told.base}catalog#provenance",
        {"a": named("dct:ProvenanceStatement"), "rdfs:label": told.ours(words)},
    )
