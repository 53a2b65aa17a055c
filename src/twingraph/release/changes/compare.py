"""The different lines of two dumps -> changes of entities.

Every line belongs to exactly one change. Changes that people made come first: a new entity with all
its parts, a claim, a label, a link. What rules derived from them (`<base>graph/derived`) is listed
separately, one change for each entity.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.derive.resolve import DATES, RESOLVED
from twingraph.progress import Progress, ignore
from twingraph.progress import part as part_of
from twingraph.rdf.iris import DERIVED, LINKS, kind_of, source_of
from twingraph.rdf.turtle import plain
from twingraph.rdf.vocabulary import PROV, SKOS, TG
from twingraph.release.changes.background import LABELS, PARTS, Background, Term, read_background
from twingraph.release.changes.change import Change, Comparison, moved_word, thing_kind, value_word
from twingraph.release.changes.delta import Dump, Statement, compare, read_lines

_OWL: Final = "http://www.w3.org/2002/07/owl#"
_DEPRECATED: Final = NamedNode(_OWL + "deprecated")
_SAME: Final = (NamedNode(_OWL + "sameAs"),)
_REPLACED: Final = NamedNode("http://purl.org/dc/terms/isReplacedBy")
_ISSUED: Final = NamedNode("http://purl.org/dc/terms/issued")
_TRUE: Final = "true"
_COMPARED: Final = 0.6  # share of the time after which the lines that differ are known
_BOUNDS: Final = {bound: verb for verb, pair in DATES.items() for bound in pair}
# predicates that only rules write, for dumps of triples, which have no graph of derived statements
_RULED: Final = frozenset({
    *RESOLVED, *_BOUNDS, TG.distanceKm, TG.foldedName, TG.hasConflict, TG.issuer, TG.partnerOf,
    TG.passagesDifferOn, TG.sourcesDifferOn, TG.startModality, TG.statusAsOf, TG.twinnedWith,
    PROV.wasDerivedFrom, _ISSUED,
})  # fmt: skip


class _Slot(NamedTuple):
    """The key by which lines are grouped into changes."""

    iri: str
    slot: str
    detail: str = ""


class _Line(NamedTuple):
    added: bool
    raw: bytes
    statement: Statement

    @property
    def triple(self) -> tuple[bool, str, NamedNode, Term]:
        return self.added, self.statement.subject, self.statement.predicate, self.statement.object


def compare_dumps(old: Dump, new: Dump, progress: Progress = ignore) -> Comparison:
    """Return the changes from one dump to another; both are read twice."""
    delta = compare(old, new.counted("comparing", part_of(progress, 0.0, _COMPARED)))
    lines = [
        *(_Line(False, *item) for item in _read(delta.removed, old)),
        *(_Line(True, *item) for item in _read(delta.added, new)),
    ]
    touched = {line.statement.subject for line in lines}
    decisions = (old.decided(), new.decided()) if old.decided and new.decided else ({}, {})
    half = (_COMPARED + 1) / 2
    read = []
    for dump, first, last in ((old, _COMPARED, half), (new, half, 1.0)):
        counted = dump.counted("reading what is touched", part_of(progress, first, last))
        read.append(read_background(counted, touched) if touched else Background(dump.base))
    before, after = read
    sorter = _Sorter(new.base, before, after, touched, decisions, lines)
    changes = sorted(sorter.changes(), key=_order)
    labels = {**before.labels, **after.labels}
    concerns = {change.iri: _concerned(change.iri, before, after) for change in changes}
    return Comparison(old, new, delta, tuple(changes), labels, concerns)


def _concerned(iri: str, before: Background, after: Background) -> tuple[str, ...]:
    """Return the places and partnerships an entity is about, and their partners."""
    if kind_of(iri, after.base) == "place":
        return ()
    named = before.named_things(iri) | after.named_things(iri)
    for partnership in [name for name in named if kind_of(name, after.base) == "partnership"]:
        named |= before.named_things(partnership) | after.named_things(partnership)
    return tuple(sorted(named - {iri}))


def _read(lines: Sequence[bytes], dump: Dump) -> Iterable[tuple[bytes, Statement]]:
    return zip(lines, read_lines(lines), strict=True)


def _order(change: Change) -> tuple[object, ...]:
    return change.follows, change.kind, change.iri, change.what, change.property, change.thing


@dataclass
class _Sorter:
    """Puts each line into its slot, and makes each slot a change."""

    base: str
    old: Background
    new: Background
    touched: set[str]
    decisions: tuple[Mapping[tuple[str, str], bool], Mapping[tuple[str, str], bool]]
    lines: Sequence[_Line]

    def __post_init__(self) -> None:
        # dumps of triples only say nothing of graphs
        self.alone = not any(line.statement.graph for line in self.lines)
        self.published = {line.triple for line in self.lines if not line.statement.graph}
        self.by_claims = {
            (self._root(item), verb)
            for item in self.touched
            if self._kind(item) == "claim"
            for verb in self._claimed(item)
        }

    def _kind(self, iri: str) -> str | None:
        return kind_of(iri, self.base)

    def changes(self) -> Iterable[Change]:
        """Return a change for each slot, and for each decision about a link that moved no line."""
        slots: dict[_Slot, list[_Line]] = defaultdict(list)
        twins: dict[object, _Slot] = {}
        for ruled in (False, True):
            for each_line in self.lines:
                if self._is_ruled(each_line) is ruled:
                    slot = self._follower(each_line) if ruled else self._slot(each_line)
                    slots[slot].append(each_line)
                    twins.setdefault(each_line.triple, slot)
        for line in self.lines:
            if self._is_ruled(line) is None:
                slots[twins.get(line.triple) or self._follower(line)].append(line)
        for subject, target in self._rejected():
            slots.setdefault(_Slot(subject, "link", target), [])
        return [self._change(slot, lines) for slot, lines in slots.items()]

    def _is_ruled(self, line: _Line) -> bool | None:
        """Did a rule write it, or a person? None: it only repeats what another graph says."""
        if self.alone:
            subject, verb = line.statement.subject, line.statement.predicate
            named = self._kind(subject) == "partnership" and verb in LABELS
            return verb in _RULED or named or self._kind(subject) == "geometry"
        return line.statement.graph == self.base + DERIVED if line.statement.graph else None

    # --- which slot ------------------------------------------------------------------------------

    def _state(self, iri: str) -> str:
        """Return what happened to an entity: added, removed, withdrawn, …, or '' for none of it."""
        if iri not in self.touched:
            return ""
        was, is_ = iri in self.old.about, iri in self.new.about
        if was is not is_:
            return "added" if is_ else "removed"
        deprecated = [any(plain(item) == _TRUE for item in side.values(iri, _DEPRECATED))
                for side in (self.old, self.new)]  # fmt: skip
        if deprecated == [False, True]:
            return "merged" if self.new.values(iri, _REPLACED) else "withdrawn"
        return "reinstated" if deprecated == [True, False] else ""

    def _chain(self, iri: str) -> list[str]:
        return (self.new if iri in self.new.about else self.old).owners(iri)

    def _root(self, iri: str) -> str:
        return self._chain(iri)[-1]

    def _slot(self, line: _Line) -> _Slot:
        statement = line.statement
        subject, verb = statement.subject, statement.predicate
        *parts, root = self._chain(subject)
        if state := self._state(root):
            return _Slot(root, state)
        for part in reversed(parts):
            if (state := self._state(part)) and self._kind(part) != "cite":
                claim = self._kind(part) == "claim"
                return self._claim_slot(part, root) if claim else _Slot(part, state)
        repeated = not self.alone and line.triple not in self.published
        if self._kind(subject) == "cite" or verb == TG.cites or repeated:
            return _Slot(root, "evidence")
        if self._kind(subject) == "claim":
            return self._claim_slot(subject, root)
        if statement.graph == self.base + LINKS or (self.alone and verb in _SAME):
            return _Slot(subject, "link", plain(statement.object))
        if verb in (*LABELS, SKOS.altLabel):
            language = (
                statement.object.language or "" if isinstance(statement.object, Literal) else ""
            )
            return _Slot(subject, "name" if verb == SKOS.altLabel else "label", language)
        return _Slot(subject, "value" if verb in RESOLVED else "fact", verb.value)

    def _claim_slot(self, claim: str, root: str) -> _Slot:
        moved = [verb for verb in self._claimed(claim) if self._moved(root, verb)]
        return _Slot(root, "value", moved[0].value) if moved else _Slot(root, "claim", claim)

    def _follower(self, line: _Line) -> _Slot:
        """Return the slot of a derived line; a value that changed without a claim has its own."""
        root = self._root(source_of(line.statement.subject, self.base) or line.statement.subject)
        verb = _BOUNDS.get(line.statement.predicate, line.statement.predicate)
        if self._moved(root, verb) and not self._state(root) and (root, verb) not in self.by_claims:
            return _Slot(root, "itself", verb.value)
        return _Slot(root, "follows")

    def _claimed(self, claim: str) -> list[NamedNode]:
        """Return the properties that a claim speaks of, in either dump."""
        properties = self.new.values(claim, TG.property) | self.old.values(claim, TG.property)
        return sorted((side for side in properties if isinstance(side, NamedNode)), key=str)

    def _moved(self, iri: str, verb: NamedNode) -> bool:
        """Is something else published for a resolved property than before?"""
        return verb in RESOLVED and self.old.values(iri, verb) != self.new.values(iri, verb)

    # --- which change ----------------------------------------------------------------------------

    def _change(self, slot: _Slot, lines: Sequence[_Line]) -> Change:
        iri, name, detail = slot
        added = tuple(sorted(line.raw for line in lines if line.added))
        removed = tuple(sorted(line.raw for line in lines if not line.added))
        what, verb, thing = name, "", ""
        before, after = _objects(lines, False), _objects(lines, True)
        match name:
            case "value" | "itself":
                verb, key = detail, NamedNode(detail)
                before, after = (
                    _sorted(self.old.values(iri, key)),
                    _sorted(self.new.values(iri, key)),
                )
                what = value_word(detail, before, after, bool(removed) and name == "value")
            case "claim":
                thing = detail
                verb = next((item.value for item in self._claimed(detail)), "")
                values = [_sorted(side.values(detail, TG.value)) for side in (self.old, self.new)]
                if values[0] != values[1]:
                    before, after = values
                what = "claim-" + (self._state(detail) or "corrected")
            case "link":
                thing, before, after = detail, (), ()
                what = self._link_word(iri, detail, bool(added))
            case "label" | "name" | "fact":
                verb = detail if name == "fact" else lines[0].statement.predicate.value
                what = f"{name}-{moved_word(before, after)}"
            case "merged":
                before, after = (), _sorted(self.new.values(iri, _REPLACED))
            case _:
                before, after = (), ()
        parts = Counter(
            self._kind(subject) or "" for subject in {each.statement.subject for each in lines}
        )
        counted = {kind: parts[kind] for kind in PARTS if parts[kind] and kind != self._kind(iri)}
        parts_named = counted if name not in ("value", "itself", "claim", "follows") else {}
        follows = name in ("follows", "itself")
        return Change(
            iri,
            thing_kind(iri, self.base),
            what,
            verb,
            before,
            after,
            thing,
            parts_named,
            added,
            removed,
            follows,
        )

    def _link_word(self, subject: str, target: str, added: bool) -> str:
        key = (subject, target)
        if self.decisions[1].get(key) is False:
            return "link-rejected"
        if not added:
            return "link-removed"
        return "link-confirmed" if self.decisions[1].get(key) else "link-added"

    def _rejected(self) -> list[tuple[str, str]]:
        """Return the links that were newly decided not to hold."""
        old, new = self.decisions
        rejected = [key for key, holds in new.items() if not holds and old.get(key) is not False]
        return sorted(key for key in rejected if not self._state(key[0]))


def _objects(lines: Iterable[_Line], added: bool) -> tuple[Term, ...]:
    return _sorted({line.statement.object for line in lines if line.added is added})


def _sorted(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(sorted(terms, key=str))
