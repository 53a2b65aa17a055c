"""What a graph holds, counted in one pass over its sorted lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from twingraph.rdf.vocabulary import PREFIXES, RDF

_TYPE = str(RDF.type)
_DEPRECATED = f"<{PREFIXES['owl']}deprecated>"
_ONTOLOGY = PREFIXES["owl"] + "Ontology"


@dataclass
class ClassSize:
    """The members of a class, the statements about them, and the one with the most of them."""

    entities: int = 0
    triples: int = 0
    example: str = ""  # an IRI under the base that is not withdrawn; '' where there is none
    _best: tuple[int, str] = field(default=(1, ""), repr=False)

    def add(self, subject: str, statements: int, *, may_show: bool) -> None:
        """Count a member (its text in a line)."""
        self.entities += 1
        self.triples += statements
        if may_show and (-statements, subject) < self._best:
            self._best = (-statements, subject)
            self.example = subject[1:-1]


@dataclass
class PropertySize:
    """The statements with a property, and how many subjects and objects they have."""

    triples: int = 0
    subjects: int = 0
    objects: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Statistics:
    """The sizes of a graph; `classes` and `properties` by IRI."""

    triples: int
    entities: int
    subjects: int
    objects: int
    classes: Mapping[str, ClassSize]
    class_names: int
    properties: Mapping[str, PropertySize]
    ontologies: frozenset[str]


def count_lines(lines: Sequence[str], base: str) -> Statistics:
    """Count sorted lines; what has an IRI under `base` and is a subject is an entity.

    >>> found = count_lines([f"<http://e/a> {_TYPE} <http://e/C> ."], "http://e/")
    >>> found.triples, found.entities, found.classes["http://e/C"].example
    (1, 1, 'http://e/a')
    """
    classes: dict[str, ClassSize] = defaultdict(ClassSize)
    properties: dict[str, PropertySize] = defaultdict(PropertySize)
    kinds_named: set[str] = set()
    ontologies: set[str] = set()
    entities = subjects = 0
    ours = f"<{base}"
    for subject, ends in _groups(lines):
        subjects += 1
        is_ours = subject.startswith(ours)
        entities += is_ours
        kinds = []
        withdrawn = False
        before = ""
        for end in ends:
            predicate, value = end.split(" ", 1)
            if predicate != before:
                size = properties[predicate]
                size.subjects += 1
                before = predicate
                withdrawn = withdrawn or predicate == _DEPRECATED
            size.triples += 1
            size.objects.add(value)
            if predicate == _TYPE:
                kinds_named.add(value)
                if value[0] == "<":
                    kinds.append(value[1:-1])
        for kind in kinds:
            classes[kind].add(subject, len(ends), may_show=is_ours and not withdrawn)
        if _ONTOLOGY in kinds:
            ontologies.add(subject[1:-1])
    objects: set[str] = set().union(
        *(each_property.objects for each_property in properties.values())
    )
    by_iri = {name[1:-1]: size for name, size in properties.items()}
    return Statistics(
        len(lines), entities, subjects, len(objects), classes, len(kinds_named), by_iri,
        frozenset(ontologies),
    )  # fmt: skip


def _groups(lines: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each subject with the ends of its lines: predicate and object, as they are written."""
    subject, cut = "", 0
    ends: list[str] = []
    for line in lines:
        if not subject or not line.startswith(subject):
            if ends:
                yield subject[:-1], ends
            cut = line.index(" ") + 1
            subject, ends = line[:cut], []
        ends.append(line[cut:-2])
    if ends:
        yield subject[:-1], ends
