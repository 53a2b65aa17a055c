"""The statements that point to an entity: queried, or prepared by the build if they are thousands.

What is kept are the first statements of each property and how many there are, for no page and no
description holds more (decision 0048).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from heapq import nsmallest
from typing import Final, NamedTuple

from pyoxigraph import NamedNode, Triple

from twingraph.export.jsonld import Json
from twingraph.rdf.iris import local_path
from twingraph.rdf.vocabulary import TG
from twingraph.site.reader import BuildReader

INCOMING: Final = "incoming.json"
MOST: Final = 1000  # statements of one property that are kept


class Incoming(NamedTuple):
    """Pairs of a property and the subject that points with it, and the number by property.

    All pairs, or the first `MOST` of each property in the order of the subjects.
    """

    pairs: list[tuple[str, str]]
    numbers: Mapping[str, int]


def incoming_of(site: BuildReader, iri: str) -> Incoming:
    """Return the statements that point to `iri`."""
    kept = kept_of(site).get(iri)
    if kept is not None:
        pairs = [(verb, thing) for verb, (_, things) in kept.items() for thing in things]
        return Incoming(pairs, {verb: number for verb, (number, _) in kept.items()})
    pairs = site.pairs("incoming", this=NamedNode(iri))
    return Incoming(pairs, Counter(verb for verb, _ in pairs))


def own_triples(site: BuildReader, iri: str) -> list[Triple]:
    """Return the statements about `iri`, its claims and their citations.

    Claims are not looked for where thousands of statements point to it and the build kept that none
    is a claim: the engine would go through them all.
    """
    kept = kept_of(site).get(iri)
    unclaimed = kept is not None and TG.subject.value not in kept
    return site.triples("own-statements" if unclaimed else "own", this=NamedNode(iri))


def kept_of(site: BuildReader) -> Mapping[str, Json]:
    """Return what the build prepared: entity -> property -> number, the first subjects."""
    raw = site.prepared.get(INCOMING, b"{}")
    return site.remember(("prepared", INCOMING), lambda: json.loads(raw))


def pack_incoming(site: BuildReader) -> Json:
    """Return, for each entity with many incoming statements: property -> number, first subjects.

    Left out is what points to itself, and what more claims are about than are kept: its page needs
    them all.
    """
    incoming: Json = {}
    for row in site.rows("much-pointed-to"):
        thing = row["thing"]
        if thing is None or local_path(site.path(thing.value) or "") is None:
            continue
        of: dict[str, list[str]] = {}
        for verb, item in site.pairs("incoming", this=NamedNode(thing.value)):
            of.setdefault(verb, []).append(item)
        if len(of.get(TG.subject.value, ())) <= MOST and all(
            thing.value not in items for items in of.values()
        ):
            incoming[thing.value] = {
                verb: [len(of[verb]), nsmallest(MOST, of[verb])] for verb in sorted(of)
            }
    return dict(sorted(incoming.items()))
