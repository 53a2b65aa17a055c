"""The size of a graph, counted in one pass over its sorted lines, or updated after a change.

`recount` counts only the subjects that changed, and looks up how often the removed and added values
occur elsewhere.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from typing import Final

from twingraph.build_cache import KEPT
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.scan import count_values
from twingraph.rdf.vocabulary import PREFIXES, RDF

COUNTS: Final = f"{KEPT}/counts.json"
_TYPE: Final = str(RDF.type)
_DEPRECATED: Final = f"<{PREFIXES['owl']}deprecated>"
_ONTOLOGY: Final = PREFIXES["owl"] + "Ontology"
_MANY: Final = 0.2  # share of changed lines from which counting everything is as fast
Pair = tuple[str, str]  # property and value, as they are written in lines
_NONE: Final = (1, "")  # after every other in the order of examples


@dataclass
class ClassSize:
    """The number of members of a class and of statements about them, and an example.

    `best` is the member with the most statements of those with an IRI under the base that are not
    withdrawn: (the negated number, so that the minimum is the best; `<IRI>`).
    """

    entities: int = 0
    triples: int = 0
    best: tuple[int, str] = _NONE

    @property
    def example(self) -> str:
        """The IRI to show; '' where there is none."""
        return self.best[1][1:-1]


@dataclass
class PropertySize:
    """The statements with a property, and how many subjects and objects they have."""

    triples: int = 0
    subjects: int = 0
    objects: int = 0


@dataclass
class Statistics:
    """The sizes of a graph; `classes` and `properties` by IRI."""

    triples: int = 0
    entities: int = 0
    subjects: int = 0
    objects: int = 0
    classes: dict[str, ClassSize] = field(default_factory=lambda: defaultdict(ClassSize))
    properties: dict[str, PropertySize] = field(default_factory=lambda: defaultdict(PropertySize))
    ontologies: set[str] = field(default_factory=set)

    @property
    def class_names(self) -> int:
        """How many classes things are of."""
        return self.properties[RDF.type.value].objects if RDF.type.value in self.properties else 0

    def pack(self) -> bytes:
        """Return the sizes as JSON, from which `unpack` makes them again."""
        kept = {
            **vars(self),
            "classes": {name: astuple(size) for name, size in self.classes.items()},
            "properties": {name: astuple(size) for name, size in self.properties.items()},
            "ontologies": sorted(self.ontologies),
        }
        return (json.dumps(kept, sort_keys=True) + "\n").encode()

    @classmethod
    def unpack(cls, raw: bytes) -> Statistics:
        """Return the sizes that were packed.

        >>> sizes = count_lines([f"<http://e/a> {_TYPE} <http://e/C> ."], "http://e/")
        >>> Statistics.unpack(sizes.pack()) == sizes
        True
        """
        kept = json.loads(raw)
        classes, properties = kept.pop("classes"), kept.pop("properties")
        statistics = cls(**{**kept, "ontologies": set(kept["ontologies"])})
        for name, (entities, triples, best) in classes.items():
            statistics.classes[name] = ClassSize(entities, triples, (best[0], best[1]))
        for name, size in properties.items():
            statistics.properties[name] = PropertySize(*size)
        return statistics

    def _count(self, subject: str, ends: Sequence[Pair], base: str, sign: int) -> list[str]:
        """Add (`sign` 1) or subtract (-1) the statements about a subject.

        `ends` are its properties and values, as lines have them. Returns the classes that the
        subject may be an example of: its own, if it has an IRI of the project and is not withdrawn.
        """
        is_of_project = subject.startswith(f"<{base}")
        self.triples += sign * len(ends)
        self.subjects += sign
        self.entities += sign * is_of_project
        kinds = []
        withdrawn = False
        before = ""
        for predicate, value in ends:
            if predicate != before:
                size = self.properties[predicate[1:-1]]
                size.subjects += sign
                before = predicate
                withdrawn = withdrawn or predicate == _DEPRECATED
            size.triples += sign
            if predicate == _TYPE and value[0] == "<":
                kinds.append(value[1:-1])
        for kind in kinds:
            self.classes[kind].entities += sign
            self.classes[kind].triples += sign * len(ends)
        if _ONTOLOGY in kinds:
            (self.ontologies.add if sign > 0 else self.ontologies.discard)(subject[1:-1])
        return kinds if is_of_project and not withdrawn else []

    def _show(self, subject: str, statements: int, kinds: Sequence[str]) -> None:
        for kind in kinds:
            self.classes[kind].best = min(self.classes[kind].best, (-statements, subject))


def count_lines(lines: Sequence[str], base: str) -> Statistics:
    """Count sorted lines; what has an IRI under `base` and is a subject is an entity.

    >>> found = count_lines([f"<http://e/a> {_TYPE} <http://e/C> ."], "http://e/")
    >>> found.triples, found.entities, found.classes["http://e/C"].example
    (1, 1, 'http://e/a')
    """
    sizes = Statistics()
    objects: dict[str, set[str]] = defaultdict(set)
    for subject, ends in _groups(lines):
        sizes._show(subject, len(ends), sizes._count(subject, ends, base, 1))
        for predicate, value in ends:
            objects[predicate].add(value)
    for predicate, values in objects.items():
        sizes.properties[predicate[1:-1]].objects = len(values)
    sizes.objects = len(set[str]().union(*objects.values()))
    return sizes


def recount(
    sizes: Statistics, change: Change, lines: Sequence[str], base: str,
    values: Callable[[], Counter[tuple[str, str]]] | None = None,
) -> Statistics:  # fmt: skip
    """Return `count_lines` of the lines after a change, given its result for those before.

    `sizes` is modified. `values` returns what `count_changed` does, if others need that too.
    If the example of a class may have to be replaced, all lines are counted.

    >>> before = [f"<http://e/a> {_TYPE} <http://e/C> ."]
    >>> after = [f"<http://e/a> {_TYPE} <http://e/D> ."]
    >>> change = Change({DEFAULT: before}, {DEFAULT: after})
    >>> counted = recount(count_lines(before, "http://e/"), change, after, "http://e/")
    >>> counted == count_lines(after, "http://e/")
    True
    """
    removed, added = (side.get(DEFAULT, ()) for side in (change.removed, change.added))
    if len(removed) + len(added) > len(lines) * _MANY:
        return count_lines(lines, base)
    lost: dict[str, tuple[int, str]] = {}
    shown: list[tuple[str, int, list[str]]] = []
    for subject in change.subjects(DEFAULT):
        now = _about(subject, lines)
        then = now - _about(subject, added) | _about(subject, removed)
        for group, sign in ((then, -1), (now, 1)):
            ends = [_pair(line) for line in sorted(group)]
            kinds = sizes._count(subject, ends, base, sign) if ends else []
            if sign > 0:
                shown.append((subject, len(ends), kinds))
            for kind in kinds if sign < 0 else ():
                if sizes.classes[kind].best == (-len(ends), subject):
                    lost[kind], sizes.classes[kind].best = sizes.classes[kind].best, _NONE
    for subject, statements, kinds in shown:
        sizes._show(subject, statements, kinds)
    if any(
        sizes.classes[kind].entities and sizes.classes[kind].best > best
        for kind, best in lost.items()
    ):
        return count_lines(lines, base)
    after = values() if values else count_changed(change, lines)
    _recount_objects(sizes, after, removed, added)
    _drop_empty(sizes.classes)
    _drop_empty(sizes.properties)
    return sizes


def count_changed(change: Change, lines: Sequence[str]) -> Counter[tuple[str, str]]:
    """Return how many lines have each property with the values of the lines that changed."""
    sides = (side.get(DEFAULT, ()) for side in (change.removed, change.added))
    return count_values(lines, {_pair(line)[1] for side in sides for line in side})


def _recount_objects(
    sizes: Statistics, after: Counter[tuple[str, str]], removed: Sequence[str],
    added: Sequence[str],
) -> None:  # fmt: skip
    removed_pairs, added_pairs = (
        Counter(_pair(line) for line in side) for side in (removed, added)
    )
    pairs = removed_pairs.keys() | added_pairs.keys()
    everywhere: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # value -> [before, after]
    for pair in after.keys() | pairs:
        predicate, value = pair
        now = after[pair]
        then = now - added_pairs[pair] + removed_pairs[pair]
        sizes.properties[predicate[1:-1]].objects += (now > 0) - (then > 0)
        everywhere[value][0] += then
        everywhere[value][1] += now
    sizes.objects += sum((now > 0) - (then > 0) for then, now in everywhere.values())


def _pair(line: str) -> tuple[str, str]:
    _, predicate, end = line.split(" ", 2)
    return predicate, end[:-2]


def _drop_empty(sizes: dict[str, ClassSize] | dict[str, PropertySize]) -> None:
    for name in [name for name, size in sizes.items() if not size.triples]:
        del sizes[name]


def _about(subject: str, lines: Sequence[str]) -> set[str]:
    """Return the lines about a subject, as it is written, of sorted ones."""
    return set(lines[bisect_left(lines, f"{subject} ") : bisect_left(lines, f"{subject}!")])


def _groups(lines: Sequence[str]) -> Iterator[tuple[str, list[Pair]]]:
    """Yield each subject with the properties and values of its lines, as they are written."""
    subject = ""
    ends: list[Pair] = []
    for line in lines:
        start, predicate, end = line.split(" ", 2)
        if start != subject:
            if ends:
                yield subject, ends
            subject, ends = start, []
        ends.append((predicate, end[:-2]))
    if ends:
        yield subject, ends
