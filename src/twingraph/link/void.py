"""VoID linksets: the number of published links by predicate and target (VoID note §5)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from twingraph.link.facts import SAME_AS, TARGETS, Linked, Target
from twingraph.rdf.turtle import write_turtle
from twingraph.rdf.vocabulary import RDF, XSD
from twingraph.source.mappings import prefixes_of_links

VOID: Final = "http://rdfs.org/ns/void#"
_DCTERMS: Final = "http://purl.org/dc/terms/"
_WORDS: Final = {"en": "Links to {target}", "de": "Verknüpfungen mit {target}"}


def linkset_triples(linked: Linked) -> list[Triple]:
    """Return the description of a linkset for each target, with the numbers of published links.

    The linksets are parts of the dataset `<base>`; they are named in `<base>.well-known/void`.
    """
    return [item for target in TARGETS.values() for item in _linkset(linked, target)]


def _linkset(linked: Linked, target: Target) -> list[Triple]:
    settings = linked.settings
    links = linked.facts.links(target)
    dataset = NamedNode(settings.base_iri)
    linkset = NamedNode(f"{settings.base_iri}.well-known/void#{target.name}")
    other = NamedNode(target.item)
    about = [
        Triple(dataset, _void("subset"), linkset),
        Triple(linkset, RDF.type, _void("Linkset")),
        Triple(linkset, _void("linkPredicate"), SAME_AS),
        Triple(linkset, _void("subjectsTarget"), dataset),
        Triple(linkset, _void("objectsTarget"), other),
        Triple(linkset, _void("triples"), _count(len(links))),
        Triple(linkset, _void("distinctSubjects"), _count(len({subject for subject, _ in links}))),
        Triple(linkset, _void("distinctObjects"), _count(len({other for _, other in links}))),
        Triple(other, RDF.type, _void("Dataset")),
        Triple(other, _term("title"), Literal(target.title)),
        Triple(other, _void("uriSpace"), Literal(target.start)),
    ]
    about += [
        Triple(linkset, _term("title"), Literal(text.format(target=target.title), language=tag))
        for tag, text in _WORDS.items()
    ]
    if settings.licence:
        about.append(Triple(linkset, _term("license"), NamedNode(settings.licence)))
    if settings.release:
        day = Literal(settings.release[:10], datatype=XSD.date)
        about.append(Triple(linkset, _term("issued"), day))
    return about


def _void(name: str) -> NamedNode:
    return NamedNode(VOID + name)


def _term(name: str) -> NamedNode:
    return NamedNode(_DCTERMS + name)


def _count(number: int) -> Literal:
    return Literal(str(number), datatype=XSD.integer)


@cache
def _prefixes(base: str) -> Mapping[str, str]:
    return dict(sorted({**prefixes_of_links(base), "void": VOID}.items()))


def write_void(linked: Linked) -> str:
    """Return the linksets as Turtle."""
    return write_turtle(linkset_triples(linked), _prefixes(linked.settings.base_iri))
