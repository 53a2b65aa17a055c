"""The published graph: what sources say, carried over and resolved, and what rules derive from it.

Curated graphs in, one frozen graph out: every curated graph as it is, `…/graph/derived` with what
we conclude, and the default graph, which holds all of it and is complete on its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QueryTriples, Store, Triple

from twingraph.derive.dates import bounds
from twingraph.derive.names import folded_names
from twingraph.derive.resolve import DATES, RESOLVED, WEAK, Claim, Rules, Value, resolve
from twingraph.problems import TwingraphError
from twingraph.rdf.iris import DERIVED, source_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import EDTF, PROV, RDF, SKOS, TG, XSD
from twingraph.source.read import Curated


@dataclass(frozen=True)
class Rule:
    """One CONSTRUCT rule of queries/rules: its file name and its text."""

    name: str
    text: str


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """Read the rules of `folder` (queries/rules), sorted by name."""
    paths = sorted(folder.glob("*.rq"))
    return tuple(Rule(path.stem, path.read_text(encoding="utf-8")) for path in paths)


def published(curated: Curated) -> frozenset[Quad]:
    """Return every quad of the frozen graph: default and named graphs."""
    rules = read_rules(curated.settings.resource("queries") / "rules")
    settings = curated.settings
    return publish(curated.by_graph, rules, settings.base_iri, settings.release)


def publish(
    graphs: Mapping[NamedNode, frozenset[Quad]],
    rules: Iterable[Rule],
    base: str,
    release: str = "",
) -> frozenset[Quad]:
    """Derive the published graph of the project under `base` from the curated `graphs`.

    `release` is the day that the settings give for this release; it is published as the issue date
    of the whole, because rules about the future need a today that is data.
    """
    # "ours" (entities, links, vocabulary) and sources alike, in whatever order files were read
    carried = set(_carried(graphs, base))
    derived = set(_resolved(carried, release[:10]))
    derived |= {
        Triple(graph, PROV.wasDerivedFrom, NamedNode(document))
        for graph in graphs
        if (document := source_of(graph.value, base))
    }
    if release:
        day = Literal(release[:10], datatype=XSD.date)
        derived.add(Triple(NamedNode(base), NamedNode("http://purl.org/dc/terms/issued"), day))
    derived |= _by_rules(carried | derived, rules)
    derived |= set(folded_names(carried, base))  # SPARQL can't fold, so this is no rule
    default = DefaultGraph()
    whole = carried | derived
    derived_graph = NamedNode(base + DERIVED)
    return frozenset(
        {quad for quads in graphs.values() for quad in quads}
        | {_quad(one, derived_graph) for one in derived}
        | {_quad(one, default) for one in whole - _answered(whole)}
    )


def _quad(one: Triple, graph: NamedNode | DefaultGraph) -> Quad:
    return Quad(one.subject, one.predicate, one.object, graph)


def _value(term: object) -> Value:
    if not isinstance(term, NamedNode | Literal):
        raise TypeError(f"{term}: curated graphs hold IRIs and literals only")
    return term


def _construct(store: Store, rule: Rule) -> Iterator[Triple]:
    found = store.query(rule.text)
    if not isinstance(found, QueryTriples):
        raise TwingraphError(f"queries/rules/{rule.name}.rq is no CONSTRUCT query; write one")
    return iter(found)


def _carried(graphs: Mapping[NamedNode, frozenset[Quad]], base: str) -> Iterator[Triple]:
    """Everything the curated graphs hold, but what another source makes stronger.

    A node that one source only implies and another states is stated.
    """
    stated = _stated(graphs, base)
    for quads in graphs.values():
        for quad in quads:
            weak = quad.predicate == TG.modality and quad.object in WEAK
            if not (weak and quad.subject in stated):
                yield quad.triple


def _stated(graphs: Mapping[NamedNode, frozenset[Quad]], base: str) -> set[object]:
    """The nodes that some source describes without calling them implied."""
    found: set[object] = set()
    for graph, quads in graphs.items():
        if source_of(graph.value, base):
            typed = {quad.subject for quad in quads if quad.predicate == RDF.type}
            found |= typed - {
                quad.subject
                for quad in quads
                if quad.predicate == TG.modality and quad.object in WEAK
            }
    return found


def _answered(triples: set[Triple]) -> set[Triple]:
    """The silences (`tg:notStated`) of one source about what another one states."""
    told = stated_facts(triples)
    return {
        one for one in triples
        if one.predicate == TG.notStated and (plain(one.subject), plain(one.object)) in told
    }  # fmt: skip


def stated_facts(triples: Collection[Triple]) -> set[tuple[str, str]]:
    """Return (thing, property) for all that is stated, as triple or as claim.

    What is only inferred is not stated, and a start without a basis is no start.
    """
    told = {(plain(one.subject), one.predicate.value) for one in triples
            if one.predicate not in RESOLVED}  # fmt: skip
    return told | {
        (one.subject, one.verb.value)
        for one in read_claims(triples)
        if not one.weak and (one.verb != TG.start or one.basis is not None)
    }


def _objects(
    triples: Iterable[Triple], *predicates: NamedNode
) -> dict[NamedNode, dict[str, set[Value]]]:
    found: dict[NamedNode, dict[str, set[Value]]] = {one: defaultdict(set) for one in predicates}
    for triple in triples:
        if triple.predicate in found:
            found[triple.predicate][plain(triple.subject)].add(_value(triple.object))
    return found


def read_claims(triples: Iterable[Triple]) -> list[Claim]:
    """Return the claims of a graph about the properties that are resolved."""
    of = _objects(
        triples,
        TG.subject,
        TG.property,
        TG.value,
        TG.basis,
        TG.modality,
        TG.rank,
        TG.asOf,
        TG.until,
        TG.cites,
        TG.inSource,
    )
    claims = []
    for iri, subjects in of[TG.subject].items():
        verbs, values = of[TG.property].get(iri, ()), of[TG.value].get(iri, ())
        for subject, verb, value in product(subjects, verbs, values):
            if isinstance(verb, NamedNode) and verb in RESOLVED:
                basis, modality, rank = (
                    _one(of[each].get(iri)) for each in (TG.basis, TG.modality, TG.rank)
                )
                as_of, until = (_text(of[each].get(iri)) for each in (TG.asOf, TG.until))
                sources = frozenset(
                    source.value
                    for citation in of[TG.cites].get(iri, ())
                    for source in of[TG.inSource].get(citation.value, ())
                )
                claims.append(
                    Claim(
                        iri, subject.value, verb, value, basis, modality, rank, as_of, until,
                        sources,
                    )
                )  # fmt: skip
    return claims


def _one(values: Iterable[Value] | None) -> NamedNode | None:
    named = [value for value in values or () if isinstance(value, NamedNode)]
    return min(named, key=str, default=None)


def _text(values: Iterable[Value] | None) -> str | None:
    return min((value.value for value in values or ()), default=None)


def read_rules_of_lists(triples: Iterable[Triple]) -> Rules:
    """Return what the code lists say that resolution must know."""
    of = _objects(triples, SKOS.broader)
    broader = {
        NamedNode(iri): frozenset(one for one in above if isinstance(one, NamedNode))
        for iri, above in of[SKOS.broader].items()
    }
    return Rules(broader)


def _resolved(triples: set[Triple], today: str) -> Iterator[Triple]:
    rules = read_rules_of_lists(triples)
    grouped: dict[tuple[str, NamedNode], list[Claim]] = defaultdict(list)
    for claim in read_claims(triples):
        grouped[claim.subject, claim.verb].append(claim)
    for (iri, verb), claims in grouped.items():
        subject = NamedNode(iri)
        answer = resolve(claims, rules, today)
        for value in answer.values:
            yield Triple(subject, verb, value)
        if verb in DATES:
            for name, day in zip(DATES[verb], answer.bounds, strict=True):
                if day:
                    yield Triple(subject, name, Literal(day, datatype=XSD.date))
        if verb == TG.start and answer.strength:
            yield Triple(subject, TG.startModality, answer.strength)
        told = (answer.conflict, answer.between_sources, answer.within_source)
        names = (TG.hasConflict, TG.sourcesDifferOn, TG.passagesDifferOn)
        yield from (Triple(subject, name, verb) for name, so in zip(names, told, strict=True) if so)
        if answer.as_of:
            yield Triple(subject, TG.statusAsOf, Literal(answer.as_of, datatype=EDTF))


def _by_rules(triples: set[Triple], rules: Iterable[Rule]) -> set[Triple]:
    """Run the rules until they add nothing, so that their order is no one's business."""
    store = Store()
    store.extend(_quad(one, DefaultGraph()) for one in triples)
    added: set[Triple] = set()
    todo = tuple(rules)
    while True:
        found = {one for rule in todo for one in _construct(store, rule)} - triples - added
        if not found:
            return added
        added |= found
        store.extend(_quad(one, DefaultGraph()) for one in found)


def expected_bounds(value: str) -> tuple[str | None, str | None] | None:
    """Return the bounds that one published EDTF value alone must have; None for a set or none.

    A set's bounds come from its claims, so they can't be told from the set.
    """
    found = None if value.startswith(("[", "{")) else bounds(value)
    return (found.earliest, found.latest) if found else None
