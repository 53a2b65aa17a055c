"""Chooses the format of a result: the one named by `format=`, else by `Accept` (RFC 9110 §12.5.1).

Which of the two tables holds is known only when a query has been read: rows (and yes or no), or
triples. So a choice is made for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from twingraph.web.negotiate import ELEMENT, Variant, choose

# Rows and yes-or-no, then graphs: in the order we prefer. HTML is sent to those who name it only.
ROWS: Final = (
    Variant("application/sparql-results+json", "json"),
    Variant("application/sparql-results+xml", "xml"),
    Variant("text/csv", "csv"),
    Variant("text/tab-separated-values", "tsv"),
    Variant("application/json", "json"),
    Variant("application/xml", "xml"),
    Variant("text/html", "html"),
)
GRAPHS: Final = (
    Variant("text/turtle", "ttl"),
    Variant("application/n-triples", "nt"),
    Variant("application/ld+json", "jsonld"),
    Variant("application/rdf+xml", "rdf"),
    Variant("application/n-quads", "nq"),
    Variant("application/trig", "trig"),
    Variant("application/json", "jsonld"),
    Variant("application/xml", "rdf"),
    Variant("text/html", "html"),
)
# What people write for format=, beside the suffixes themselves.
_SYNONYMS: Final[Mapping[str, str]] = {
    "turtle": "ttl", "ntriples": "nt", "n-triples": "nt", "nquads": "nq", "n-quads": "nq",
    "json-ld": "jsonld", "ld+json": "jsonld", "application/x-json+ld": "jsonld",
    "rdfxml": "rdf", "rdf+xml": "rdf", "rdf/xml": "rdf", "rdf-xml": "rdf", "text/xml": "xml",
    "n3": "ttl", "text/n3": "ttl", "text/rdf+n3": "ttl", "application/n3": "ttl",
    "application/turtle": "ttl", "application/x-turtle": "ttl", "application/x-trig": "trig",
    "text/plain": "nt", "text/ntriples": "nt", "text/x-nquads": "nq",
    "sparql-results+json": "json", "sparql-json": "json", "text/json": "json",
    "application/x-sparql-results+json": "json", "sparql-results+xml": "xml", "sparql-xml": "xml",
    "text/javascript": "json",
    "text/tsv": "tsv", "text/comma-separated-values": "csv", "table": "html",
}  # fmt: skip
# if a format for graphs is requested for rows, or the other way round: the most similar format
_KIN: Final[Mapping[str, str]] = {"json": "jsonld", "xml": "rdf"}


class Choice(NamedTuple):
    """The formats of rows and of triples, None where none fits; `requested` is what was named."""

    rows: Variant | None
    graphs: Variant | None
    requested: str


@lru_cache(maxsize=1024)
def choose_formats(wanted: tuple[str, ...], accept: str | None) -> Choice:
    """Choose by the first of `wanted` that fits, suffixes or media types, else by `Accept`.

    What `Accept` allows besides (`*/*`, a page) does not stand in for a format that was named.

    >>> choose_formats(("turtle",), None).graphs.media_type, choose_formats(("turtle",), None).rows
    ('text/turtle', None)
    >>> choose_formats(("pdf", "n3"), None).graphs.suffix
    'ttl'
    >>> choose_formats((), "text/csv").rows.suffix
    'csv'
    >>> choose_formats(("pdf",), "text/csv, */*").rows.suffix
    'csv'
    """
    if not wanted:
        return Choice(choose(accept, ROWS), choose(accept, GRAPHS), "what Accept names")
    named = ",".join(
        text for text in ELEMENT.findall(accept or "") if "*" not in text and "html" not in text
    )
    chosen = [
        next((offer for name in wanted if (offer := _named(name, offers))), None)
        or (choose(named, offers) if named.strip(", \t") else None)
        for offers in (ROWS, GRAPHS)
    ]
    return Choice(chosen[0], chosen[1], f"format={wanted[0][:40]}")


@lru_cache(maxsize=8)
def _known(offers: tuple[Variant, ...]) -> Mapping[str, Variant]:
    known = {offer.suffix: offer for offer in reversed(offers)}
    return known | {offer.media_type: offer for offer in offers}


def _named(wanted: str, offers: tuple[Variant, ...]) -> Variant | None:
    known = _known(offers)
    name = wanted.partition(";")[0].strip().lower()
    name = _SYNONYMS.get(name, name)
    return known.get(name if name in known else _KIN.get(name, name))


def unfitting(choice: Choice, form: str) -> str:
    """Say that a result of this form (`rows`, `graph`) is not written like that, and how it is."""
    offers = ROWS if form == "rows" else GRAPHS
    kinds = {"rows": "SELECT and ASK", "graph": "CONSTRUCT and DESCRIBE"}[form]
    listed = ", ".join(dict.fromkeys(f"{offer.suffix} ({offer.media_type})" for offer in offers))
    return (
        f"{choice.requested} is not written for this kind of query; for {kinds} there is {listed}: "
        "name one with format= or in Accept"
    )
