"""Two snapshots of a list -> new, changed and missing partnerships.

That a list no longer has a row means just that: it is not seen in that snapshot. Nothing has ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from twingraph.source.tables.outcome import Facts, Outcome


@dataclass(frozen=True)
class Difference:
    """Lines for a person, in three groups."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unseen: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return all lines, with a count first."""
        head = (f"{len(self.new)} new, {len(self.changed)} changed, {len(self.unseen)} not seen in "
                "the later snapshot")  # fmt: skip
        return [head, *self.new, *self.changed, *self.unseen]


def compare(old: Iterable[Outcome], new: Iterable[Outcome], snapshot: str) -> Difference:
    """Compare two snapshots of a list; `snapshot` is the name of the later one."""
    before, after = _by_pair(old), _by_pair(new)
    came = [
        f"new: {_pair(after[key])}{_details(after[key])}" for key in sorted(after.keys() - before)
    ]
    disappeared = [
        f"not seen in snapshot {snapshot}: {_pair(before[key])}{_details(before[key])}"
        for key in sorted(before.keys() - after)
    ]
    changed = []
    for key in sorted(before.keys() & after.keys()):
        facts = {item.facts for item in before[key]}, {item.facts for item in after[key]}
        if facts[0] != facts[1]:
            changed.append(f"changed: {_pair(after[key])}: {_change(before[key], after[key])}")
    return Difference(tuple(came), tuple(changed), tuple(disappeared))


def _by_pair(outcomes: Iterable[Outcome]) -> dict[tuple[str, str], list[Outcome]]:
    pairs: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        ids = [side.wikidata or side.key for side in outcome.sides]
        pairs.setdefault((min(ids), max(ids)), []).append(outcome)
    return pairs


def _pair(outcomes: Sequence[Outcome]) -> str:
    first, second = outcomes[0].sides
    return f"{first.name or first.wikidata} – {second.name or second.wikidata}"


def _details(outcomes: Sequence[Outcome]) -> str:
    facts = outcomes[0].facts
    words = [f"since {facts.start}"] if facts.start else []
    words += [facts.kind] if facts.kind else []
    return f" ({', '.join(words)})" if words else ""


def _change(old: Sequence[Outcome], new: Sequence[Outcome]) -> str:
    words = []
    for name in (field.name for field in fields(Facts)):
        was = sorted({str(getattr(item.facts, name)) for item in old})
        now = sorted({str(getattr(item.facts, name)) for item in new})
        if was != now:
            shown = [", ".join(each).strip(", ") or "not stated" for each in (was, now)]
            words.append(f"{name} was {shown[0]}, is {shown[1]}")
    return "; ".join(words)
