"""A change of one entity: what happened to it, its values before and after, the lines of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from twingraph.rdf.iris import kind_of, local_path, path_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import TG
from twingraph.release.changes.background import Term
from twingraph.release.changes.delta import Delta, Dump


@dataclass(frozen=True)
class Change:
    """One change of one entity.

    `what` is a key of `words.WHATS`, `kind` the kind of the entity `iri`, `thing` a second IRI (a
    claim, the target of a link), `parts` the number of parts that were added or removed with it, by
    kind. `added` and `removed` are lines of the two dumps. `follows`: the change was derived by
    rules, and nobody wrote it.
    """

    iri: str
    kind: str
    what: str
    property: str = ""
    before: tuple[Term, ...] = ()
    after: tuple[Term, ...] = ()
    thing: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)
    added: tuple[bytes, ...] = ()
    removed: tuple[bytes, ...] = ()
    follows: bool = False


@dataclass(frozen=True)
class Comparison:
    """All changes from one dump to another, with their lines and the labels of the entities.

    `labels` are those of every entity in the changes: IRI -> language -> text. `concerns` are the
    places and partnerships that a changed entity is about, without itself.
    """

    old: Dump
    new: Dump
    delta: Delta
    changes: tuple[Change, ...]
    labels: Mapping[str, Mapping[str, str]]
    concerns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def made(self) -> tuple[Change, ...]:
        """The changes that people made."""
        return tuple(change for change in self.changes if not change.follows)

    @property
    def following(self) -> tuple[Change, ...]:
        """The changes that rules derived."""
        return tuple(change for change in self.changes if change.follows)


def thing_kind(iri: str, base: str) -> str:
    """Return the kind of a resource of the project: one of `ID_KINDS`, or `code`, `term`, ….

    >>> base = "https://data.example.org/"
    >>> thing_kind(base + "id/place/bonn", base), thing_kind(TG.start.value, base)
    ('place', 'term')
    >>> thing_kind(base, base)
    'dataset'
    """
    path = path_of(iri, base)
    if iri == base or path is None:
        return "dataset" if iri == base else "other"
    if path.startswith("vocab/") and local_path(path):
        return "code" if path.count("/") > 1 else "code-list"
    return kind_of(iri, base) or ("term" if path.startswith("ns") else "other")


def moved_word(before: Sequence[Term], after: Sequence[Term]) -> str:
    """Return whether a value was added, removed or changed."""
    return "changed" if before and after else "added" if after else "removed"


def value_word(verb: str, before: Sequence[Term], after: Sequence[Term], corrected: bool) -> str:
    """Return what happened to a resolved property: its key in `changewords.WHATS`.

    >>> from pyoxigraph import NamedNode
    >>> status = "https://w3id.org/twingraph/vocab/status/"
    >>> value_word(TG.status.value, (), (NamedNode(status + "suspended"),), False)
    'suspended'
    """
    if verb == TG.status.value:
        old, new = ({plain(item).rpartition("/")[2] for item in side} for side in (before, after))
        for code in ("suspended", "ended"):
            if code in new - old:
                return code
        if "suspended" in old and "active" in new - old:
            return "resumed"
        return f"status-{moved_word(before, after)}"
    moved = moved_word(before, after)
    if verb == TG.partnershipType.value:
        return f"type-{moved}"
    return "date-corrected" if moved == "changed" and corrected else f"date-{moved}"
