"""Dependencies between subjects: what a change affects, and what must be read to derive that again.

The published lines of a subject depend on its own statements, on the claims about it and their
citations, and on the wholes that it is part of; those of a partnership also on its partners, and
the other way round (`queries/rules`, `derive/resolve.py`). `BACK` are the properties that these
dependencies follow from object to subject, each with the letter that stands for it in an index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from twingraph.build_cache import KEPT
from twingraph.rdf.change import DEFAULT, Change
from twingraph.rdf.quad_file import SortedFile
from twingraph.rdf.vocabulary import CODES, PREFIXES, RDF, SKOS, TG

_TYPE, _PARTNERSHIP, _PARTNER = map(str, (RDF.type, TG.Partnership, TG.partner))
_SUBJECT, _CITES = str(TG.subject), str(TG.cites)
_WHOLE: Final = f"<{PREFIXES['dcterms']}isPartOf>"
_GEOMETRY: Final = f"<{PREFIXES['geo']}hasGeometry>"
_BROADER: Final = str(SKOS.broader)
BACK: Final = {_SUBJECT: "s", _CITES: "c", _PARTNER: "p", _WHOLE: "w"}
INCOMING: Final = f"{KEPT}/incoming.txt"  # the index of a build
_PLACES, _POINTS = "/id/place/", "/id/geometry/"

Facts = Mapping[str, set[str]]


def facts_of(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return predicate -> the IRIs that are its objects in lines about one subject.

    >>> facts_of(["<s> <p> <o> .", '<s> <p> "text" .'])
    {'<p>': {'<o>'}}
    """
    by_subject: dict[str, set[str]] = {}
    for line in lines:
        _, predicate, value = line.split(" ", 2)
        if value[0] == "<":
            by_subject.setdefault(predicate, set()).add(value[:-2])
    return by_subject


def incoming_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield the index of `BACK`: lines of an object, the letter of a property, and a subject.

    >>> list(incoming_lines([f"<a> {TG.partner} <b> .", f"<a> {TG.field} <c> ."]))
    ['<b> p <a>']
    """
    for line in lines:
        subject, predicate, value = line.split(" ", 2)
        letter = BACK.get(predicate)
        if letter and value[0] == "<":
            yield f"{value[:-2]} {letter} {subject}"


@dataclass(frozen=True)
class IncomingNow:
    r"""The index of `BACK` in a file of the previous build, and the lines changed since.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "incoming.txt"
    ...     _ = path.write_text("<b> p <a>\n<b> p <c>\n")
    ...     change = Change({DEFAULT: [f"<a> {TG.partner} <b> ."]}, {})
    ...     IncomingNow(SortedFile(path), change).subjects(str(TG.partner), "b")
    ['c']
    """

    file: SortedFile
    change: Change

    def subjects(self, predicate: str, value: str) -> list[str] | None:
        """Return the IRIs of what names an IRI by a property; None where the index lacks that."""
        letter = BACK.get(predicate)
        if letter is None or predicate == _WHOLE:  # which may be a text, too
            return None
        start = f"<{value}> {letter} "
        found = {*self.file.beginning(start)} - self._removed
        found.update(line for line in self._added if line.startswith(start))
        return [line[len(start) + 1 : -1] for line in found]

    @cached_property
    def _removed(self) -> frozenset[str]:
        return frozenset(incoming_lines(self.change.removed.get(DEFAULT, ())))

    @cached_property
    def _added(self) -> frozenset[str]:
        return frozenset(incoming_lines(self.change.added.get(DEFAULT, ())))


@dataclass(frozen=True)
class Neighbours:
    """A graph as two functions, by which its dependencies are followed.

    `facts(subject)` returns `facts_of` its lines; `back(object, letter)` the subjects that have
    the object as value of the property of that letter.
    """

    facts: Callable[[str], Facts]
    back: Callable[[str, str], Iterable[str]]

    def reached(self, changed: Iterable[str], retyped: Iterable[str] = ()) -> set[str]:
        """Return the subjects whose published lines a change may affect.

        `changed` are the subjects whose statements changed, `retyped` those whose class did.
        """
        result = set(changed)
        for thing in tuple(result):
            about = set(self.facts(thing).get(_SUBJECT, ()))
            for claim in self.back(thing, "c"):
                about |= self.facts(claim).get(_SUBJECT, set())
            for item in about:
                result |= {item, *self._partners(item), *self._parts(item)}
            result |= {*self._partners(thing), *self._parts(thing)}
            places = [thing, *counterpart(thing)]
            result.update(places)
            for place in places:
                result.update(self.back(place, "p"))
        for thing in retyped:
            for item in self.back(thing, "p"):
                result |= self._partners(item)
        return result

    def needed(self, reached: Iterable[str]) -> set[str]:
        """Return the subjects that must be read to derive the published lines of some subjects."""
        result: set[str] = set()
        for thing in reached:
            wholes = self._wholes(thing)
            for item in (thing, *wholes):
                result |= {item, *self._evidence(item)}
            result.update(counterpart(thing))
            for partner in self._partners(thing):
                result |= {partner, *counterpart(partner)}
                result |= self.facts(partner).get(_GEOMETRY, set())
            for item in self.back(thing, "p"):
                result |= {item, *self._evidence(item), *self._partners(item)}
        codes = f"<{CODES}"
        todo = [
            value for thing in result for values in self.facts(thing).values()
            for value in values if value.startswith(codes)
        ]  # fmt: skip
        while todo:
            code = todo.pop()
            if code not in result:
                result.add(code)
                todo += self.facts(code).get(_BROADER, ())
        return result

    def _partners(self, thing: str) -> set[str]:
        facts = self.facts(thing)
        return facts.get(_PARTNER, set()) if _PARTNERSHIP in facts.get(_TYPE, ()) else set()

    def _evidence(self, thing: str) -> Iterator[str]:
        """Yield the claims about a subject, and their citations."""
        for claim in self.back(thing, "s"):
            yield claim
            yield from self.facts(claim).get(_CITES, ())

    def _parts(self, thing: str) -> set[str]:
        return _closure(thing, lambda item: self.back(item, "w"))

    def _wholes(self, thing: str) -> set[str]:
        return _closure(thing, lambda item: self.facts(item).get(_WHOLE, ()))


def _closure(thing: str, further: Callable[[str], Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    todo = [thing]
    while todo:
        for item in further(todo.pop()):
            if item not in reached:
                reached.add(item)
                todo.append(item)
    return reached


def counterpart(thing: str) -> tuple[str, ...]:
    """Return the IRI of the geometry of a place, or of the place of a geometry; () for others.

    >>> counterpart("<http://e/id/place/bonn>"), counterpart("<http://e/id/org/a>")
    (('<http://e/id/geometry/bonn>',), ())
    """
    if _PLACES in thing:
        return (thing.replace(_PLACES, _POINTS),)
    return (thing.replace(_POINTS, _PLACES),) if _POINTS in thing else ()
