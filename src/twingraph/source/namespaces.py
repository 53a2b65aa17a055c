"""An IRI in a wrong form of a namespace that we use -> the IRI that was meant."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from twingraph.rdf.vocabulary import CODES, NS, PREFIXES

# Older or other namespaces of vocabularies that we use.
_FORMER: Final = {
    "http://purl.org/dc/elements/1.1/": "dcterms",
    "http://purl.org/dc/terms#": "dcterms",
    "http://www.w3.org/2008/05/skos#": "skos",
    "http://www.w3.org/2000/10/XMLSchema#": "xsd",
    "http://www.w3.org/1999/XMLSchema#": "xsd",
    "http://www.w3.org/2000/07/owl#": "owl",
    "http://www.w3.org/2002/07/OWL#": "owl",
    "http://www.w3.org/1999/rdf-schema#": "rdfs",
    "http://www.w3.org/2000/01/rdfs#": "rdfs",
    "http://www.w3.org/1999/02/22-rdf-syntax#": "rdf",
    "http://www.w3.org/2003/01/geo/wgs84_pos#lat": "schema:latitude",
    "http://www.w3.org/2003/01/geo/wgs84_pos#long": "schema:longitude",
    "http://id.loc.gov/datatypes/edtf#": "edtf",
    "http://id.loc.gov/datatypes/EDTF/": "edtf",
    "http://purl.org/NET/provenance.owl#": "prov",
}
_VERSIONED: Final = (
    (re.compile(r"http://xmlns\.com/foaf/\d+\.\d+/"), "foaf"),
    (re.compile(r"http://www\.opengis\.net/ont/geosparql/\d[\d.]*#?"), "geo"),
    (re.compile(r"https?://w3id\.org/twingraph/ns/\d[\d.]*#"), "tg"),
)
_NAME: Final = r"(?P<name>[A-Za-z0-9][\w.\-/]*)"


@lru_cache(maxsize=4096)
def right_namespace(iri: str, base: str) -> str:
    """Return the IRI that was meant by one in a wrong form of a namespace that we use; else ''.

    Wrong forms are another scheme, `www.` added or missing, `#` for `/` or neither, other case, a
    former version, and our vocabulary under the base IRI of a project.

    >>> right_namespace("http://schema.org/latitude", "")
    'https://schema.org/latitude'
    >>> right_namespace("http://www.w3.org/2004/02/skos/core/prefLabel", "")
    'http://www.w3.org/2004/02/skos/core#prefLabel'
    >>> right_namespace("https://schema.org/latitude", ""), right_namespace("http://e/a", "")
    ('', '')
    """
    if iri.startswith(_RIGHT):
        return ""
    if base and iri.startswith(f"{base}id/"):
        return ""
    if base and iri.startswith((f"{base}ns#", f"{base}vocab/")):
        right = _under_home(iri.removeprefix(base))
        return "" if right == iri else right
    for start, name in _FORMER.items():
        if iri.startswith(start):
            if ":" in name:
                prefix, _, local = name.partition(":")
                return PREFIXES[prefix] + local if iri == start else ""
            return PREFIXES[name] + iri.removeprefix(start)
    for pattern, name in _VERSIONED:
        match = pattern.match(iri)
        if match and iri[match.end() :]:
            return PREFIXES[name] + iri[match.end() :]
    for pattern, namespace in _slips():
        match = pattern.fullmatch(iri)
        if match:
            right = namespace + match["name"]
            return "" if right == iri or right.removesuffix("/") == iri else right
    return ""


def _under_home(path: str) -> str:
    return NS + path.removeprefix("ns#") if path.startswith("ns#") else (
        CODES + path.removeprefix("vocab/")
    )  # fmt: skip


_RIGHT: Final = tuple(PREFIXES.values())


@cache
def _slips() -> list[tuple[re.Pattern[str], str]]:
    """Return the pattern of wrong forms of each namespace, the longest namespace first."""
    slips = []
    for namespace in sorted(PREFIXES.values(), key=len, reverse=True):
        host, slash, path = re.sub(r"^https?://(www\.)?", "", namespace).rstrip("#/").partition("/")
        stem = re.escape(host) + (re.escape(slash + path) if path else "")
        between = "[#/]+" if not path else "[#/]*"
        pattern = re.compile(rf"https?://(www\.)?{stem}{between}{_NAME}", re.IGNORECASE)
        slips.append((pattern, namespace))
    return slips
