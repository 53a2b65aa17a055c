"""Evidence has no page of its own: on which page it is shown, and where on that page.

Claims, citations, remarks, quantities, contact points, geometries and memberships belong to the
thing that they are about.
"""

from __future__ import annotations

from pyoxigraph import NamedNode

from twingraph.rdf.iris import kind_of, page_path
from twingraph.rdf.vocabulary import EVIDENCE_KINDS
from twingraph.site.reader import BuildReader


def is_evidence(iri: str, base: str) -> bool:
    """Is it an entity under `base` that has no page of its own?

    >>> base = "https://data.example.org/"
    >>> is_evidence(base + "id/claim/a", base), is_evidence(base + "id/place/a", base)
    (True, False)
    """
    return kind_of(iri, base) in EVIDENCE_KINDS


def is_evidence_path(path: str) -> bool:
    """Is it the path of an entity that has no page of its own?

    >>> is_evidence_path("id/claim/bonn-minsk-start"), is_evidence_path("vocab/type/twinning")
    (True, False)
    """
    folder, _, rest = path.partition("/")
    return folder == "id" and rest.partition("/")[0] in EVIDENCE_KINDS


def fragment_of(iri: str) -> str:
    """Return the anchor of a piece of evidence on the page that shows it.

    >>> fragment_of("https://data.example.org/id/claim/bonn-minsk-start")
    'claim-bonn-minsk-start'
    """
    return "-".join(iri.rsplit("/", 2)[1:])


def evidence_path(reader: BuildReader, iri: str, language: str) -> str | None:
    """Return the path, with its fragment, of the place where the evidence `iri` is shown.

    A citation is shown beside the claim, the remark or the membership that it supports; evidence
    of another piece of evidence is found at that one. None where the graph names no owner.
    """
    chain = [iri]
    while is_evidence(chain[-1], reader.base):
        owner = _owner(reader, chain[-1])
        if owner is None or owner in chain:
            return None
        chain.append(owner)
    page = page_path(reader.path(chain[-1]) or "", language)
    last = chain[-2]
    shown = chain[-3] if len(chain) > 2 and kind_of(chain[-3], reader.base) == "cite" else last
    return f"{page}#{fragment_of(shown)}" if page is not None else None


def _owner(reader: BuildReader, iri: str) -> str | None:
    """Return the owner of the evidence; of several, the first by IRI that has a page."""
    ranked = [
        (int(rank.value), is_evidence(owner.value, reader.base), owner.value)
        for row in reader.rows("evidence", this=NamedNode(iri))
        if isinstance(owner := row["owner"], NamedNode) and (rank := row["rank"]) is not None
    ]
    return min(ranked)[2] if ranked else None
