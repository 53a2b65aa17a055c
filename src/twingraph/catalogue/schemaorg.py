"""The catalogue in schema.org, for search engines: the same facts as the DCAT, made from it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from twingraph.catalogue.nodes import named
from twingraph.catalogue.paging import Catalogue
from twingraph.rdf.authority import LANGUAGE_CODES

CONTEXT: Final = "https://schema.org/"
_TAGS: Final = {code: tag for tag, (code, *_) in LANGUAGE_CODES.items()}

_PAIR: Final = re.compile(r"-?[0-9.]+ -?[0-9.]+")


def texts_of(catalogue: Catalogue, iri: str, verb: str, language: str) -> list[str]:
    """Return the texts of a property in that language, else in English, else in any."""
    terms = catalogue.objects(iri, named(verb))
    literals = [item for item in terms if isinstance(item, Literal)]
    for tag in (language, "en", None):
        values = [literal.value for literal in literals if tag is None or literal.language == tag]
        if values:
            return values
    return []


def text_of(catalogue: Catalogue, iri: str, verb: str, language: str = "en") -> str:
    """Return the first of the texts of a property, or nothing."""
    return next(iter(texts_of(catalogue, iri, verb, language)), "")


def links_of(catalogue: Catalogue, iri: str, verb: str) -> list[str]:
    """Return the IRIs that a property points to."""
    terms = catalogue.objects(iri, named(verb))
    return [item.value for item in terms if isinstance(item, NamedNode)]


def licences_of(catalogue: Catalogue, iri: str) -> list[str]:
    """Return the licence of a node, and its other IRIs."""
    licences = links_of(catalogue, iri, "dct:license")
    return [
        *licences,
        *(other for item in licences for other in links_of(catalogue, item, "skos:exactMatch")),
    ]


def schema_org(catalogue: Catalogue, language: str) -> dict[str, Any]:
    """Return the catalogue and its data sets as schema.org `DataCatalog` and `Dataset`."""
    whole = {
        "@type": "DataCatalog",
        **_common(catalogue, catalogue.iri, language),
        "dataset": [{"@id": dataset} for dataset in catalogue.datasets],
    }
    sets = [_dataset(catalogue, dataset, language) for dataset in catalogue.datasets]
    return {"@context": CONTEXT, "@graph": [whole, *sets]}


def script_text(document: object) -> str:
    """Return JSON that is safe inside `<script>`: nothing in it can end that element.

    >>> script_text("</script>")
    '"\\\\u003c/script>"'
    """
    return json.dumps(document, ensure_ascii=False, indent=1).replace("<", "\\u003c")


def _common(catalogue: Catalogue, iri: str, language: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "@id": iri,
        "name": text_of(catalogue, iri, "dct:title", language),
        "description": text_of(catalogue, iri, "dct:description", language),
        "identifier": text_of(catalogue, iri, "dct:identifier"),
        "license": licences_of(catalogue, iri),
        "publisher": [
            _agent(catalogue, item) for item in links_of(catalogue, iri, "dct:publisher")
        ],
        "datePublished": text_of(catalogue, iri, "dct:issued"),
        "dateModified": text_of(catalogue, iri, "dct:modified"),
        "inLanguage": _languages(catalogue, iri),
    }
    return {key: value for key, value in document.items() if value}


def _dataset(catalogue: Catalogue, iri: str, language: str) -> dict[str, Any]:
    creators = links_of(catalogue, iri, "dct:creator") or links_of(catalogue, iri, "dct:publisher")
    document: dict[str, Any] = {
        "@type": "Dataset",
        **_common(catalogue, iri, language),
        "url": next(iter(links_of(catalogue, iri, "dcat:landingPage")), ""),
        "sameAs": [
            text_of(catalogue, item, "skos:notation")
            for item in links_of(catalogue, iri, "adms:identifier")
        ],
        "version": text_of(catalogue, iri, "dcat:version"),
        "keywords": texts_of(catalogue, iri, "dcat:keyword", language),
        "creator": [_agent(catalogue, creator) for creator in creators],
        "temporalCoverage": _period(catalogue, iri),
        "spatialCoverage": _places(catalogue, iri, language),
        "isAccessibleForFree": True,
        "includedInDataCatalog": {"@id": catalogue.iri},
        "distribution": [
            _download(catalogue, item, language)
            for item in links_of(catalogue, iri, "dcat:distribution")
            if links_of(catalogue, item, "dcat:downloadURL")  # endpoint and feed are no files
        ],
    }
    return {key: value for key, value in document.items() if value}


def _download(catalogue: Catalogue, iri: str, language: str) -> dict[str, Any]:
    [checksum] = links_of(catalogue, iri, "spdx:checksum")
    packed = links_of(catalogue, iri, "dcat:compressFormat")
    kinds = [*links_of(catalogue, iri, "dcat:mediaType"), *packed]
    return {
        "@type": "DataDownload",
        "@id": iri,
        "name": text_of(catalogue, iri, "dct:title", language),
        "contentUrl": links_of(catalogue, iri, "dcat:downloadURL")[0],
        "encodingFormat": [text_of(catalogue, kind, "rdfs:label") for kind in kinds],
        "contentSize": f"{text_of(catalogue, iri, 'dcat:byteSize')} B",
        "sha256": text_of(catalogue, checksum, "spdx:checksumValue"),
        "license": licences_of(catalogue, iri),
    }


def _agent(catalogue: Catalogue, iri: str) -> dict[str, str]:
    person = iri.startswith("https://orcid.org/")
    kind = "Person" if person else "Organization"
    return {"@type": kind, "@id": iri, "name": text_of(catalogue, iri, "foaf:name")}


def _languages(catalogue: Catalogue, iri: str) -> list[str]:
    codes = [item.rpartition("/")[2] for item in links_of(catalogue, iri, "dct:language")]
    return [_TAGS.get(code, code.lower()) for code in codes]


def _period(catalogue: Catalogue, iri: str) -> str:
    for item in links_of(catalogue, iri, "dct:temporal"):
        first, last = (text_of(catalogue, item, f"dcat:{key}Date") for key in ("start", "end"))
        return f"{first}/{last}"
    return ""


def _places(catalogue: Catalogue, iri: str, language: str) -> list[dict[str, Any]]:
    places: list[dict[str, Any]] = [
        {
            "@type": "Place",
            "@id": item,
            "name": text_of(catalogue, item, "skos:prefLabel", language),
        }
        for item in links_of(catalogue, iri, "dct:spatial")
    ]
    for entry in links_of(catalogue, iri, "dct:coverage"):
        box = _corners(text_of(catalogue, entry, "dcat:bbox"))
        shape = {"@type": "GeoShape", "box": box}
        name = text_of(catalogue, entry, "rdfs:label", language)
        places.append({"@type": "Place", "@id": entry, "name": name, "geo": shape})
    return places


def _corners(polygon: str) -> str:
    """Return a box of well-known text as schema.org has it: south west north east.

    >>> _corners("POLYGON((5 47, 15 47, 15 55, 5 55, 5 47))")
    '47 5 55 15'
    >>> _corners("MULTIPOLYGON(((170 -5, 180 -5, 180 3, 170 3, 170 -5)), "
    ...          "((-180 -5, -170 -5, -170 3, -180 3, -180 -5)))")
    '-5 170 3 -170'
    """
    corners = [pair.split() for pair in _PAIR.findall(polygon)]
    # the first and the last but two: of one ring its opposite corners, of two the outer ones
    (west, south), (east, north) = corners[0], corners[-3]
    return f"{south} {west} {north} {east}"
