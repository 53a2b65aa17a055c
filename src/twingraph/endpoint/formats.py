"""In which format the result of a query is written: what `format=` names, else what `Accept` likes.

Which of the two tables holds is known only when a query has been read: rows (and yes or no), or
triples. So a choice is made for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from twingraph.web.negotiate import Variant, choose

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
    "json-ld": "jsonld", "rdfxml": "rdf", "rdf/xml": "rdf", "table": "html",
}  # fmt: skip
# A table of rows asked for a graph, and the other way round, is given its nearest kin.
_KIN: Final[Mapping[str, str]] = {"json": "jsonld", "xml": "rdf"}


class Choice(NamedTuple):
    """The format of rows and that of triples, None where none fits; `asked` is what was wanted."""

    rows: Variant | None
    graphs: Variant | None
    asked: str


@lru_cache(maxsize=1024)
def choose_formats(wanted: str, accept: str | None) -> Choice:
    """Choose by `format=`, which names a suffix or a media type, else by the `Accept` header.

    >>> choose_formats("turtle", None).graphs.media_type, choose_formats("turtle", None).rows
    ('text/turtle', None)
    >>> choose_formats("", "text/csv").rows.suffix
    'csv'
    """
    if wanted:
        return Choice(_named(wanted, ROWS), _named(wanted, GRAPHS), f"format={wanted[:40]}")
    return Choice(choose(accept, ROWS), choose(accept, GRAPHS), "what Accept names")


def _named(wanted: str, offers: tuple[Variant, ...]) -> Variant | None:
    known = {one.suffix: one for one in reversed(offers)}
    known |= {one.media_type: one for one in offers}
    name = _SYNONYMS.get(wanted.strip().lower(), wanted.strip().lower())
    return known.get(name if name in known else _KIN.get(name, name))


def unfitting(choice: Choice, form: str) -> str:
    """Say that a result of this form (`rows`, `graph`) is not written like that, and how it is."""
    offers = ROWS if form == "rows" else GRAPHS
    kinds = {"rows": "SELECT and ASK", "graph": "CONSTRUCT and DESCRIBE"}[form]
    listed = ", ".join(dict.fromkeys(f"{one.suffix} ({one.media_type})" for one in offers))
    return (
        f"{choice.asked} is not written for this kind of query; for {kinds} there is {listed}: "
        "name one with format= or in Accept"
    )
