"""Which rows of tables a change of the graph can reach.

A row is about an entity and shows its statements; what else it shows is in this module: who is
its partner and where that is, which claims are about it and what those cite, what other things are
called. Whoever
adds a column that reads more adds it here (tests/test_unchanged_files.py changes every property).
"""

from __future__ import annotations

from typing import Final

from pyoxigraph import NamedNode

from twingraph.export.tables.schema import PLACES
from twingraph.link.facts import LinkFacts
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.dataset import text_of
from twingraph.rdf.vocabulary import PREFIXES, RDF, RDFS, SKOS, TG

_TYPE: Final = str(RDF.type)
_LABELS: Final = frozenset({str(RDFS.label), str(SKOS.prefLabel)})
_LOCATED: Final = frozenset(f"<{PREFIXES['schema']}{name}>" for name in ("latitude", "longitude"))
_PLACES: Final = frozenset(map(str, PLACES.classes))
_COUNTED: Final = frozenset({str(TG.inSource), str(TG.partner), str(TG.subject)})


def reached(facts: LinkFacts, change: Change) -> frozenset[str] | None:
    """Return the IRIs of all entities whose rows a change may affect; None where too many may be.

    `facts` are those of the graph after the change.
    """
    reached_things: set[str] = set()
    for side in (change.removed, change.added):
        for line in side.get(DEFAULT, ()):
            subject, predicate, end = line.split(" ", 2)
            if predicate == str(TG.countryCode):
                return None  # of every place in the country
            thing, value = subject[1:-1], end[:-2]
            reached_things.add(thing)
            if predicate in _COUNTED:  # shown, or counted, with what it names
                reached_things.add(value[1:-1])
            if predicate in _LOCATED or (predicate == _TYPE and value in _PLACES):
                reached_things.update(facts.subjects(TG.partner, thing))  # drawn on maps
            if predicate == _TYPE:
                reached_things.update(_values(facts, thing, TG.partner))
                reached_things.update(_citing(facts, thing))
            elif predicate == str(TG.cites):
                reached_things.update(_values(facts, thing, TG.subject))
            elif predicate == str(TG.inSource):
                reached_things.update(_citing(facts, thing))
            elif predicate in _LABELS:
                reached_things.update(facts.subjects(TG.partner, thing))
                reached_things.update(facts.subjects(TG.value, thing))
    return frozenset(reached_things)


def _citing(facts: LinkFacts, citation: str) -> set[str]:
    """Return what cites a place in a document, and what the claims among that are about."""
    citing = facts.subjects(TG.cites, citation)
    return {*citing, *(thing for item in citing for thing in _values(facts, item, TG.subject))}


def _values(facts: LinkFacts, thing: str, predicate: NamedNode) -> list[str]:
    return [text_of(text) for text in facts.facts(thing).get(str(predicate), ())]
