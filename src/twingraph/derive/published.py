"""The published graph: what sources say, carried over and resolved, and what rules derive from it.

Curated graphs in, one frozen graph out: every curated graph as it is, `…/graph/derived` with what
we conclude, and the default graph, which holds all of it and is complete on its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, RdfFormat, Store, Triple

from twingraph.derive.dates import bounds
from twingraph.derive.names import NAMES, folded_names
from twingraph.derive.resolve import DATES, RESOLVED, WEAK, Claim, Rules, Value, resolve
from twingraph.problems import TwingraphError
from twingraph.rdf.dataset import Dataset, parse_lines, texts_of, triple_texts
from twingraph.rdf.iris import DERIVED, source_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import EDTF, PROV, RDF, SKOS, TG, XSD
from twingraph.source.read import Curated

# a variable in the place of a predicate or a class: `?a ?b ?c`, `; ?b ?c`, `a ?class`
_ANY_TERM: Final = re.compile(r"(?:;\s*|[{.]\s*(?!SELECT\b)\S+\s+)\?\w+\s+[?<\w\"]|\ba\s+\?")


@dataclass(frozen=True)
class Rule:
    """One CONSTRUCT rule of queries/rules: its file name and its text."""

    name: str
    text: str

    def may_read(self, added: Collection[str]) -> bool:
        """May its answer change where statements with these `terms_of` are added? False is sure.

        >>> rule = Rule("a", "CONSTRUCT { ?a e:c ?b } WHERE { ?a a e:B ; e:b ?b }")
        >>> rule.may_read({"b"}), rule.may_read({"B"}), rule.may_read({"c"})
        (True, True, False)
        """
        where = self.text[self.text.find("WHERE") :]
        if _ANY_TERM.search(where):
            return bool(added)
        return not set(re.findall(r"(?<![?\w-])[\w-]+", where)).isdisjoint(added)


def terms_of(lines: Iterable[str]) -> set[str]:
    """Return the local names of the predicates of lines; a type is looked for by its class.

    >>> terms_of(["<http://e/s> <http://e/p> <http://e/o> .", f"<http://e/s> {RDF.type} <http://e/C> ."]) == {"p", "C"}
    True
    """  # noqa: E501  # two lines of a graph
    found = set()
    kind = str(RDF.type)
    for line in lines:
        _, predicate, value = line.split(" ", 2)
        found.add(value[:-2] if predicate == kind else predicate)
    return {re.split("[/#:]", item[1:-1])[-1] for item in found}


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """Read the rules of `folder` (queries/rules), sorted by name."""
    paths = sorted(folder.glob("*.rq"))
    return tuple(Rule(path.stem, path.read_text(encoding="utf-8")) for path in paths)


def published(curated: Curated) -> frozenset[Quad]:
    """Return every quad of the frozen graph: default and named graphs."""
    return frozenset(derive(curated))


def derive(curated: Curated) -> Dataset:
    """Return the frozen graph of a project as sorted lines."""
    settings = curated.settings
    rules = read_rules(settings.resource("queries") / "rules")
    graphs = {name.value: triple_texts(quads) for name, quads in curated.by_graph.items()}
    return publish(graphs, rules, settings.base_iri, settings.release)


def publish(
    graphs: Mapping[str, set[str]], rules: Iterable[Rule], base: str, release: str = ""
) -> Dataset:
    """Derive the published graph of the project under `base` from the curated `graphs`.

    `graphs` are IRI -> the lines of the graph's triples.
    `release` is the day that the settings give for this release; it is published as the issue date
    of the whole, because rules about the future need a today that is data.
    """
    # "ours" (entities, links, vocabulary) and sources alike, in whatever order files were read
    carried: set[str] = set().union(*graphs.values()) - _weaker(graphs, base)
    facts = {line.triple for line in parse_lines(_with_predicates(carried, CLAIM_PREDICATES))}
    concluded = set(_resolved(facts, release[:10]))
    concluded |= {
        Triple(NamedNode(graph), PROV.wasDerivedFrom, NamedNode(document))
        for graph in graphs
        if (document := source_of(graph, base))
    }
    if release:
        day = Literal(release[:10], datatype=XSD.date)
        concluded.add(Triple(NamedNode(base), NamedNode("http://purl.org/dc/terms/issued"), day))
    derived = triple_texts(concluded)
    derived |= _by_rules(carried | derived, rules)
    # SPARQL can't fold, so this is no rule
    names = (line.triple for line in parse_lines(_with_predicates(carried, NAMES)))
    derived |= triple_texts(folded_names(names, base))
    whole = carried | derived
    named = {name: sorted(lines) for name, lines in graphs.items()}
    default = sorted(whole - _answered(whole, facts))
    return Dataset(default, {**named, base + DERIVED: sorted(derived)})


def _with_predicates(lines: Iterable[str], predicates: Iterable[NamedNode]) -> list[str]:
    """Return the lines with one of some predicates."""
    wanted = {str(predicate) for predicate in predicates}
    return [line for line in lines if line.split(" ", 2)[1] in wanted]


def _weaker(graphs: Mapping[str, set[str]], base: str) -> set[str]:
    """The lines that another source makes stronger.

    A node that one source only implies and another states is stated.
    """
    ends = tuple(f" {TG.modality} {item} ." for item in WEAK)
    weak = {name: [line for line in lines if line.endswith(ends)] for name, lines in graphs.items()}
    implied = {name: {_subject(line) for line in lines} for name, lines in weak.items()}
    anywhere: set[str] = set().union(*implied.values())
    stated: set[str] = set()
    for name, lines in graphs.items():
        if anywhere and source_of(name, base):
            typed = {
                _subject(with_predicate) for with_predicate in _with_predicates(lines, (RDF.type,))
            }
            stated |= (typed & anywhere) - implied[name]
    return {line for lines in weak.values() for line in lines if _subject(line) in stated}


def _subject(line: str) -> str:
    return line.partition(" ")[0]


def _answered(whole: set[str], facts: Collection[Triple]) -> set[str]:
    """The silences (`tg:notStated`) of one source about what another one states."""
    silences = {line: (_subject(line)[1:-1], line.split(" ", 2)[2][1:-3])
                for line in _with_predicates(whole, (TG.notStated,))}  # fmt: skip
    subjects = {f"<{subject}>" for subject, _ in silences.values()}
    about = parse_lines(item for item in whole if _subject(item) in subjects)
    told = stated_facts({*facts, *(item.triple for item in about)})
    return {line for line, pair in silences.items() if pair in told}


def _value(term: object) -> Value:
    if not isinstance(term, NamedNode | Literal):
        raise TypeError(f"{term}: curated graphs hold IRIs and literals only")
    return term


def stated_facts(triples: Collection[Triple]) -> set[tuple[str, str]]:
    """Return (thing, property) for all that is stated, as triple or as claim.

    What is only inferred is not stated, and a start without a basis is no start.
    """
    told = {(plain(triple.subject), triple.predicate.value) for triple in triples
            if triple.predicate not in RESOLVED}  # fmt: skip
    return told | {
        (claim.subject, claim.verb.value)
        for claim in read_claims(triples)
        if not claim.weak and (claim.verb != TG.start or claim.basis is not None)
    }


def _objects(
    triples: Iterable[Triple], *predicates: NamedNode
) -> dict[NamedNode, dict[str, set[Value]]]:
    found: dict[NamedNode, dict[str, set[Value]]] = {
        predicate: defaultdict(set) for predicate in predicates
    }
    for triple in triples:
        if triple.predicate in found:
            found[triple.predicate][plain(triple.subject)].add(_value(triple.object))
    return found


# what `read_claims`, `read_rules_of_lists` and `_answered` look at
CLAIM_PREDICATES: Final = (
    TG.subject, TG.property, TG.value, TG.basis, TG.modality, TG.rank, TG.asOf, TG.until,
    TG.cites, TG.inSource, SKOS.broader,
)  # fmt: skip


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
        NamedNode(iri): frozenset(item for item in above if isinstance(item, NamedNode))
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


def _by_rules(lines: set[str], rules: Iterable[Rule]) -> set[str]:
    """Run the rules until they add nothing, so that their order is no one's business."""
    store = Store()
    store.bulk_load("\n".join(lines).encode(), format=RdfFormat.N_TRIPLES)
    added: set[str] = set()
    todo = tuple(rules)
    while todo:
        found: set[str] = set().union(*(_construct(store, rule) for rule in todo)) - lines - added
        added |= found
        store.bulk_load("\n".join(found).encode(), format=RdfFormat.N_TRIPLES)
        terms = terms_of(found)
        todo = tuple(item for item in todo if item.may_read(terms))
    return added


def _construct(store: Store, rule: Rule) -> set[str]:
    found = store.query(rule.text)
    if not isinstance(found, QueryTriples):
        raise TwingraphError(f"queries/rules/{rule.name}.rq is no CONSTRUCT query; write one")
    return texts_of(found.serialize(format=RdfFormat.N_TRIPLES) or b"")


def expected_bounds(value: str) -> tuple[str | None, str | None] | None:
    """Return the bounds that one published EDTF value alone must have; None for a set or none.

    A set's bounds come from its claims, so they can't be told from the set.
    """
    found = None if value.startswith(("[", "{")) else bounds(value)
    return (found.earliest, found.latest) if found else None
