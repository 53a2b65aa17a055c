"""The published graph: the statements of the sources, resolved claims, and what rules derive.

Curated graphs in, one frozen graph out: every curated graph unchanged, `<base>graph/derived` with
the derived statements, and the default graph, which has all of them and is complete on its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, RdfFormat, Store, Triple

from twingraph.derive.dates import bounds
from twingraph.derive.gather import Gathered, gather, local_name
from twingraph.derive.names import folded_names
from twingraph.derive.resolution import Resolution
from twingraph.derive.resolve import RESOLVED, WEAK, Claim, Value
from twingraph.derive.shortcuts import HERE, PLACED, Shortcuts, can_be_worked_out, is_known
from twingraph.problems import TwingraphError
from twingraph.rdf.dataset import Dataset, begins, merged, texts_of, with_text, without
from twingraph.rdf.iris import DERIVED, source_of
from twingraph.rdf.ntriples import iri
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import PREFIXES, PROV, RDF, SKOS, TG, XSD
from twingraph.source.curated import Curated

# a variable in the place of a predicate or a class: `?a ?b ?c`, `; ?b ?c`, `a ?class`
_ANY_TERM: Final = re.compile(r"(?:;\s*|[{.]\s*(?!SELECT\b)\S+\s+)\?\w+\s+[?<\w\"]|\ba\s+\?")

_POINTS: Final = frozenset(f"<{PREFIXES['geo']}{name}>" for name in ("hasGeometry", "asWKT"))
_RESOLVED: Final = frozenset(map(str, RESOLVED))


@dataclass(frozen=True)
class Rule:
    """One CONSTRUCT rule of queries/rules: its file name and its text."""

    name: str
    text: str

    def may_read(self, added: Collection[str]) -> bool:
        """May its result change if statements with these `terms_of` are added? False is certain.

        >>> rule = Rule("a", "CONSTRUCT { ?a e:c ?b } WHERE { ?a a e:B ; e:b ?b }")
        >>> rule.may_read({"b"}), rule.may_read({"B"}), rule.may_read({"c"})
        (True, True, False)
        """
        if _ANY_TERM.search(self._where):
            return bool(added)
        return not self.words.isdisjoint(added)

    @property
    def _where(self) -> str:
        return self.text[self.text.find("WHERE") :]

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of its WHERE clause that may be the local name of a term."""
        return frozenset(re.findall(r"(?<![?\w-])[\w-]+", self._where))


def terms_of(lines: Iterable[str]) -> set[str]:
    """Return the local names of the predicates of lines; for rdf:type, that of the class.

    >>> terms_of(["<http://e/s> <http://e/p> <http://e/o> .", f"<http://e/s> {RDF.type} <http://e/C> ."]) == {"p", "C"}
    True
    """  # noqa: E501  # two lines of a graph
    names = set()
    kind = str(RDF.type)
    for line in lines:
        _, predicate, value = line.split(" ", 2)
        names.add(value[:-2] if predicate == kind else predicate)
    return set(map(local_name, names))


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
    return publish(curated.texts, rules, settings.base_iri, settings.release)


def publish(
    graphs: Mapping[str, Sequence[str]], rules: Sequence[Rule], base: str, release: str = ""
) -> Dataset:
    """Derive the published graph of the project under `base` from the curated `graphs`.

    `graphs` are IRI -> the sorted lines of the graph's triples. `release` is the date of the
    release in the settings (`YYYY-MM-DD…` or ''); it is published as the issue date of the whole,
    so that rules about the future compare with a date in the data and not with the clock.
    """
    carried = merged(graphs.values())
    if weaker := _weaker(graphs, base):
        carried = without(carried, weaker)
    known = is_known({rule.name: rule.text for rule in rules})
    needed_rules = [rule for rule in rules if not known or rule.name not in (*HERE, PLACED)]
    words = frozenset().union(*(rule.words for rule in needed_rules))
    gathered = gather(carried, {*words, *map(local_name, _POINTS)} if known else ())
    resolved = Resolution(gathered, release[:10])
    concluded = resolved.lines
    concluded += [
        f"{iri(graph)} {PROV.wasDerivedFrom} {iri(document)} ."
        for graph in graphs
        if (document := source_of(graph, base))
    ]
    if release:
        day = f'"{release[:10]}"^^{XSD.date}'
        concluded.append(f"{iri(base)} <http://purl.org/dc/terms/issued> {day} .")
    if known and can_be_worked_out(gathered):
        read = cache(lambda predicate: local_name(predicate) in words)
        candidates = [line for line in concluded if read(line.split(" ", 2)[1])]
        added = _by_rules([*gathered.readable, *candidates], needed_rules)
        pairs = _pairs_on_a_map(gathered, {*gathered.readable, *added})
        added |= _by_rules(pairs, [rule for rule in rules if rule.name == PLACED])
        added = {line for line in added if not begins(carried, line)}
        shortcuts = Shortcuts(gathered, resolved.kinds, resolved.states)
        # most of these are in order, which a sort makes use of
        worked_out = [list(shortcuts.labels()), list(shortcuts.links())]
    else:
        added, worked_out = _by_rules({*carried, *concluded}, rules), []
    derived = merged([*worked_out, list(_folded(gathered, base)), concluded, added])
    silent = _answered(gathered, resolved, derived)
    default = merged([carried, derived])
    if silent:
        default = without(default, silent)
    return Dataset(default, {**graphs, base + DERIVED: derived})


def _weaker(graphs: Mapping[str, Sequence[str]], base: str) -> set[str]:
    """Return the modality lines to drop: of nodes that one source implies and another states."""
    ends = tuple(f" {TG.modality} {item} ." for item in WEAK)
    weak = {
        name: [line for line in with_text(lines, f" {TG.modality} ") if line.endswith(ends)]
        for name, lines in graphs.items()
    }
    implied = {name: {_subject(line) for line in lines} for name, lines in weak.items()}
    anywhere: set[str] = set().union(*implied.values())
    stated: set[str] = set()
    for name, lines in graphs.items():
        if source_of(name, base):
            stated |= {item for item in anywhere - implied[name]
                       if begins(lines, f"{item} {RDF.type} ")}  # fmt: skip
    return {line for lines in weak.values() for line in lines if _subject(line) in stated}


def _subject(line: str) -> str:
    return line.partition(" ")[0]


def _pairs_on_a_map(gathered: Gathered, lines: Iterable[str]) -> list[str]:
    """Return the lines that the distance rule reads: two partners, both with coordinates."""
    kept, placed = [], set()
    for line in lines:
        subject, predicate, _ = line.split(" ", 2)
        if predicate in _POINTS:
            kept.append(line)
            placed.add(subject)
    for subject, item in gathered.partnerships.items():
        if len(item.partners) == 2 and placed.issuperset(item.partners):
            kept.append(f"{subject} {RDF.type} {TG.Partnership} .")
            kept += [f"{subject} {TG.partner} {partner} ." for partner in item.partners]
    return kept


def _folded(gathered: Gathered, base: str) -> Iterator[str]:
    """Yield the folded forms of names; SPARQL can't compute them, so they are no rule."""
    for thing, names in gathered.names.items():
        yield from folded_names(thing, names, base)


def _answered(gathered: Gathered, resolved: Resolution, derived: Sequence[str]) -> set[str]:
    """Return the `tg:notStated` lines to drop, because another source states the property."""
    stated = gathered.answered | resolved.stated
    silent = {thing for thing, _ in gathered.silences}
    if silent:
        stated |= {
            (subject, predicate)
            for subject, predicate, _ in (line.split(" ", 2) for line in derived)
            if subject in silent and predicate not in _RESOLVED
        }
    return {f"{thing} {TG.notStated} {verb} ."
            for thing, verb in gathered.silences if (thing, verb) in stated}  # fmt: skip


def _value(term: object) -> Value:
    if not isinstance(term, NamedNode | Literal):
        raise TypeError(f"{term}: curated graphs hold IRIs and literals only")
    return term


def _objects(
    triples: Iterable[Triple], *predicates: NamedNode
) -> dict[NamedNode, dict[str, set[Value]]]:
    objects: dict[NamedNode, dict[str, set[Value]]] = {
        predicate: defaultdict(set) for predicate in predicates
    }
    for triple in triples:
        if triple.predicate in objects:
            objects[triple.predicate][plain(triple.subject)].add(_value(triple.object))
    return objects


# the predicates that `read_claims` uses
CLAIM_PREDICATES: Final = (
    TG.subject, TG.property, TG.value, TG.basis, TG.modality, TG.rank, TG.asOf, TG.until,
    TG.cites, TG.inSource, SKOS.broader,
)  # fmt: skip


def read_claims(triples: Iterable[Triple]) -> list[Claim]:
    """Return the claims of a graph about the properties in `RESOLVED`."""
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
    for name, subjects in of[TG.subject].items():
        verbs, values = of[TG.property].get(name, ()), of[TG.value].get(name, ())
        for subject, verb, value in product(subjects, verbs, values):
            if isinstance(verb, NamedNode) and verb in RESOLVED:
                basis, modality, rank = (
                    _one(of[each].get(name)) for each in (TG.basis, TG.modality, TG.rank)
                )
                as_of, until = (_text(of[each].get(name)) for each in (TG.asOf, TG.until))
                sources = frozenset(
                    source.value
                    for citation in of[TG.cites].get(name, ())
                    for source in of[TG.inSource].get(citation.value, ())
                )
                claims.append(
                    Claim(
                        name, subject.value, verb, value, basis, modality, rank, as_of, until,
                        sources,
                    )
                )  # fmt: skip
    return claims


def _one(values: Iterable[Value] | None) -> NamedNode | None:
    named = [value for value in values or () if isinstance(value, NamedNode)]
    return min(named, key=str, default=None)


def _text(values: Iterable[Value] | None) -> str | None:
    return min((value.value for value in values or ()), default=None)


def _by_rules(lines: Collection[str], rules: Iterable[Rule]) -> set[str]:
    """Run the rules until they add nothing more, so that their order does not matter."""
    todo = tuple(rules)
    added: set[str] = set()
    if not lines:
        return added
    store = Store()
    store.bulk_load("\n".join(lines).encode(), format=RdfFormat.N_TRIPLES)
    known = lines if isinstance(lines, Set) else set(lines)
    while todo:
        inferred: set[str] = (
            set().union(*(_construct(store, rule) for rule in todo)) - known - added
        )
        added |= inferred
        store.bulk_load("\n".join(inferred).encode(), format=RdfFormat.N_TRIPLES)
        terms = terms_of(inferred)
        todo = tuple(item for item in todo if item.may_read(terms))
    return added


def _construct(store: Store, rule: Rule) -> set[str]:
    triples = store.query(rule.text)
    if not isinstance(triples, QueryTriples):
        raise TwingraphError(f"queries/rules/{rule.name}.rq is no CONSTRUCT query; write one")
    return texts_of(triples.serialize(format=RdfFormat.N_TRIPLES) or b"")


def expected_bounds(value: str) -> tuple[str | None, str | None] | None:
    """Return the bounds that a published EDTF value must have; None for a set and for no EDTF.

    The bounds of a set are computed from its claims, which the set alone does not show.
    """
    span = None if value.startswith(("[", "{")) else bounds(value)
    return (span.earliest, span.latest) if span else None
