"""Constraints evaluated once for all focus nodes instead of once for each.

A SHACL engine evaluates a `sh:sparql` constraint for every focus node (SHACL §5.3.1), and tries
every branch of a `sh:or`. At a million triples that is most of the time of a check. The results are
the same for all focus nodes at once: a SELECT query to which the targets are added, and for a list
of (class, pattern) branches a look-up by class. Constraints of any other form are left to the
engine. The tests compare the findings with those of pySHACL, the reference implementation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
    serialize,
)

from twingraph.check.engine import SH, Engine, Finding, TurboEngine, make_finding, shape_messages
from twingraph.rdf.vocabulary import PREFIXES, RDF

Node = NamedNode | BlankNode
Facts = Mapping[str, list[Any]]

_SUBCLASS: Final = NamedNode(PREFIXES["rdfs"] + "subClassOf")
_TARGETS: Final = frozenset({SH + "targetClass", SH + "targetSubjectsOf"})
# predicates that a shape may have besides its targets and its one kind of constraint
_ABOUT: Final = frozenset(
    {RDF.type.value, *(SH + name for name in ("name", "description", "severity", "message"))}
)
_WHERE: Final = re.compile(r"\bWHERE\s*\{", re.IGNORECASE)
# in an aggregate or a set operation $this would be another variable than outside
_SCOPED: Final = re.compile(r"\b(GROUP\s+BY|MINUS|VALUES|HAVING|LIMIT)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """A `sh:sparql` constraint as one SELECT of `this`, and perhaps `path` and `value`."""

    shape: str
    severity: str
    classes: tuple[str, ...]
    subjects_of: tuple[str, ...]
    select: str


@dataclass(frozen=True)
class LookUp:
    """A constraint that holds for a node whose IRI matches the pattern of one of its classes."""

    shape: str
    severity: str
    classes: tuple[str, ...]
    patterns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rules:
    """The constraints evaluated here, and the Turtle of the shapes that are left to an engine.

    `predicates` (as `<IRI>`) are those that the shapes in `rest` can read; None where that is
    not known.
    """

    questions: tuple[Question, ...]
    look_ups: tuple[LookUp, ...]
    rest: bytes
    predicates: frozenset[str] | None


class WholeEngine:
    """Evaluates what it can for the whole graph at once; the engine `inner` does the rest."""

    def __init__(self, inner: Engine | None = None) -> None:
        """Leave the rest to `inner`, else to the native engine."""
        self.inner = inner or TurboEngine()

    def validate(
        self, data: bytes, shapes: bytes, prefixes: Mapping[str, str] = PREFIXES
    ) -> list[Finding]:
        """Return the findings, sorted, none twice; messages name IRIs by `prefixes`."""
        rules = read_rules(shapes)
        store = Store()
        store.bulk_load(data, format=RdfFormat.N_TRIPLES)
        messages = shape_messages(shapes)
        results = self.inner.validate(
            _with_predicates(data, rules.predicates), rules.rest, prefixes
        )
        made = [
            *_query_results(store, rules.questions),
            *_pattern_mismatches(store, rules.look_ups),
        ]
        results += [
            make_finding(shape, severity, this, path, value, messages, prefixes)
            for shape, severity, this, path, value in made
        ]
        by_key = {item.sort_key(): item for item in results}
        return [by_key[key] for key in sorted(by_key)]


def _with_predicates(data: bytes, predicates: frozenset[str] | None) -> bytes:
    """Return the lines of N-Triples that have one of some predicates; None stands for all."""
    if predicates is None:
        return data
    lines = (line for line in data.decode().split("\n") if line)
    kept = [line for line in lines if line.split(" ", 2)[1] in predicates]
    return "\n".join(kept).encode()


_RawResult = tuple[str, str, Any, Any, Any]  # shape, severity, this, path, value


def _query_results(store: Store, questions: Sequence[Question]) -> Iterator[_RawResult]:
    for question in questions:
        of_every_subject = question.subjects_of == (RDF.type.value,)
        classes = _with_subclasses(store, question.classes)
        if not (of_every_subject or classes or question.subjects_of):
            continue
        text = question.select
        if not of_every_subject:
            targets = _targets(classes, question.subjects_of)
            text = _WHERE.sub(lambda match: f"{match[0]} {targets}", text, count=1)  # noqa: B023  # used at once
        rows = store.query(text)
        assert isinstance(rows, QuerySolutions), "not a SELECT query"
        names = {each.value for each in rows.variables}
        for row in rows:
            this = row["this"]
            if of_every_subject and not _is_typed(store, this):
                continue
            path = row["path"] if "path" in names else None
            value = row["value"] if "value" in names else None
            yield (
                question.shape,
                question.severity,
                this,
                path,
                value if value is not None else this,
            )


def _is_typed(store: Store, this: Any) -> bool:
    return next(store.quads_for_pattern(this, RDF.type, None), None) is not None


def _targets(classes: Sequence[str], subjects_of: Sequence[str]) -> str:
    """Return the SPARQL pattern that binds `this` to every focus node, each once."""
    branches = [f"{{ ?this <{item}> ?targeted }}" for item in subjects_of]
    if classes:
        values = " ".join(f"<{class_}>" for class_ in classes)
        branches.append(f"{{ VALUES ?targetClass {{ {values} }} ?this a ?targetClass }}")
    return f"{{ SELECT DISTINCT ?this WHERE {{ {' UNION '.join(branches)} }} }}"


def _with_subclasses(store: Store, classes: Sequence[str]) -> tuple[str, ...]:
    """Return classes and their subclasses in the data graph (SHACL §2.1.3.2)."""
    reached: dict[str, None] = dict.fromkeys(classes)
    todo = list(classes)
    while todo:
        above = NamedNode(todo.pop())
        for quad in store.quads_for_pattern(None, _SUBCLASS, above):
            below = quad.subject
            if isinstance(below, NamedNode) and below.value not in reached:
                reached[below.value] = None
                todo.append(below.value)
    return tuple(reached)


def _pattern_mismatches(store: Store, look_ups: Sequence[LookUp]) -> Iterator[_RawResult]:
    for item in look_ups:
        allowed: dict[str, list[re.Pattern[str]]] = defaultdict(list)
        for kind, pattern in item.patterns:
            for name in _with_subclasses(store, (kind,)):
                allowed[name].append(re.compile(pattern))
        fits: dict[Node, bool] = {}
        targets: set[Node] = set()
        targeted = set(_with_subclasses(store, item.classes))
        for quad in store.quads_for_pattern(None, RDF.type, None):
            this, kind_term = quad.subject, quad.object
            assert isinstance(this, NamedNode | BlankNode), "no triple is described"
            name = kind_term.value if isinstance(kind_term, NamedNode) else ""
            if name in targeted:
                targets.add(this)
            if isinstance(this, NamedNode) and not fits.get(this):
                fits[this] = any(each.search(this.value) for each in allowed.get(name, ()))
        for this in targets:
            if not fits.get(this):
                yield item.shape, item.severity, this, None, this


# --- reading shapes ------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def read_rules(shapes: bytes) -> Rules:
    """Split shapes (Turtle) into constraints that this module evaluates, and the rest."""
    triples = [item.triple for item in parse(shapes, format=RdfFormat.TURTLE)]
    of: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        of[triple.subject][triple.predicate.value].append(triple.object)
    questions: list[Question] = []
    look_ups: list[LookUp] = []
    taken: set[Any] = set()
    for shape, facts in list(of.items()):
        if not isinstance(shape, NamedNode) or not _TARGETS & facts.keys():
            continue
        constraints = facts.keys() - _TARGETS - _ABOUT
        of_shape: list[Question] = []
        if constraints == {SH + "sparql"}:
            of_shape = [
                item
                for node in facts[SH + "sparql"]
                for item in _question(shape, facts, of[node], of)
            ]
            complete = len(of_shape) == len(facts[SH + "sparql"])
            inner = facts[SH + "sparql"]
        elif constraints == {SH + "or"}:
            patterns = _patterns(facts[SH + "or"], of)
            complete = bool(patterns) and SH + "targetSubjectsOf" not in facts
            inner = []
            if complete:
                classes = tuple(fact.value for fact in facts[SH + "targetClass"])
                look_ups.append(LookUp(shape.value, _severity(facts), classes, patterns))
        else:
            continue
        if complete:
            questions += of_shape
            taken |= {shape, *inner}
    rest = [each_triple for each_triple in triples if each_triple.subject not in taken]
    return Rules(tuple(questions), tuple(look_ups), _turtle(rest), _predicates(rest))


def _predicates(shapes: Sequence[Triple]) -> frozenset[str] | None:
    """Return every IRI of the shapes, with rdf:type and rdfs:subClassOf, which classes need."""
    if any(shape.predicate.value in (SH + "sparql", SH + "closed") for shape in shapes):
        return None
    terms = (term for shape in shapes for term in (shape.subject, shape.predicate, shape.object))
    named = {str(term) for term in terms if isinstance(term, NamedNode)}
    return frozenset(named | {str(RDF.type), str(_SUBCLASS)})


def _turtle(triples: list[Triple]) -> bytes:
    return serialize(triples, format=RdfFormat.TURTLE) or b""


def _severity(facts: Facts) -> str:
    named = [item.value for item in facts.get(SH + "severity", ())]
    return str(named[0]) if named else SH + "Violation"


def _question(
    shape: NamedNode, facts: Facts, constraint: Facts, of: Mapping[Any, Facts]
) -> Iterator[Question]:
    """Yield a constraint as a query; nothing where it must be evaluated for each focus node."""
    selects = [item.value for item in constraint.get(SH + "select", ())]
    if len(selects) != 1 or SH + "deactivated" in constraint:
        return
    text = re.sub(r"[$?](this|path|value)\b", r"?\1", selects[0])
    if len(re.findall(r"\bSELECT\b", text)) != 1 or _SCOPED.search(text) or "?this" not in text:
        return
    head = "".join(
        f"PREFIX {declared[SH + 'prefix'][0].value}: <{declared[SH + 'namespace'][0].value}>\n"
        for ontology in constraint.get(SH + "prefixes", ())
        for declared in (of[item] for item in of[ontology].get(SH + "declare", ()))
    )
    yield Question(
        shape.value,
        _severity(facts),
        tuple(item.value for item in facts.get(SH + "targetClass", ())),
        tuple(item.value for item in facts.get(SH + "targetSubjectsOf", ())),
        head + text,
    )


def _patterns(lists: list[Any], of: Mapping[Any, Facts]) -> tuple[tuple[str, str], ...]:
    """Return the (class, pattern) of each branch of one `sh:or`; () where one is other."""
    if len(lists) != 1:
        return ()
    patterns: list[tuple[str, str]] = []
    node = lists[0]
    while node != NamedNode(_RDF + "nil"):
        branch = of[of[node][_RDF + "first"][0]]
        kinds, texts = branch.get(SH + "class", []), branch.get(SH + "pattern", [])
        whole = len(kinds) == len(texts) == 1 and len(branch) == 2
        if not whole or not isinstance(texts[0], Literal):
            return ()
        patterns.append((kinds[0].value, texts[0].value))
        node = of[node][_RDF + "rest"][0]
    return tuple(patterns)


_RDF: Final = RDF.type.value.removesuffix("type")
