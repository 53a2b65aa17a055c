"""The claims of each source about an entity, and conflicts between them in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.vocabulary import CODES, TG
from twingraph.site.datewords import date_text
from twingraph.site.evidence import fragment_of
from twingraph.site.facts import is_date
from twingraph.site.properties import BOUNDS
from twingraph.site.reader import Term
from twingraph.site.values import Citation, Value, ValueFormatter

_INFERRED: Final = CODES + "modality/inferred"
_STATED: Final = CODES + "modality/stated"
_NORMAL: Final = CODES + "rank/normal"
_DEPRECATED: Final = CODES + "rank/deprecated"


class ClaimRow(NamedTuple):
    """One claim as the table of a page shows it."""

    anchor: str
    verb: Value
    value: Value
    basis: Value | None
    modality: Value
    implied: bool
    hedge: Value | None
    qualifiers: list[str]
    comment: Value | None
    citations: list[Citation]


class Side(NamedTuple):
    """One of the values on which sources disagree, and its evidence."""

    value: Value
    basis: str


class Conflict(NamedTuple):
    """A property on which claims differ: the sources, each side, and the published value.

    `between_sources` is true where two sources differ, false where two passages of one do.
    """

    verb: str
    between_sources: bool
    sides: list[Side]
    published: str
    bounds: str


@dataclass(frozen=True)
class Claims:
    """All claims about an entity."""

    formatter: ValueFormatter
    thing: str
    iris: list[str]

    @classmethod
    def of(cls, formatter: ValueFormatter, thing: str) -> Claims:
        """Find the claims about `thing` among the loaded statements."""
        verb = TG.subject.value
        iris = sorted({item for each, item in formatter.facts.incoming if each == verb})
        return cls(formatter, thing, iris)

    @property
    def properties(self) -> set[str]:
        """The properties that the claims are about."""
        return {verb for iri in self.iris for verb in self.formatter.facts.links(iri, TG.property)}

    @property
    def implied(self) -> set[str]:
        """The properties whose published value no source states: it is implied only."""
        return {verb for verb in self.properties if self._only_implied(verb)}

    def _only_implied(self, verb: str) -> bool:
        facts = self.formatter.facts
        published = facts.values(self.thing, verb)
        backing = [item for item in self._on(verb) if facts.one(item, TG.value) in published]
        return bool(backing) and all(self._is_implied(item) for item in backing)

    def _on(self, verb: str) -> list[str]:
        return [iri for iri in self.iris if verb in self.formatter.facts.links(iri, TG.property)]

    def _is_implied(self, claim: str) -> bool:
        return _INFERRED in self.formatter.facts.links(claim, TG.modality)

    def rows(self) -> list[ClaimRow]:
        """Return the table, by property, then by date."""
        facts = self.formatter.facts
        order = sorted(self.iris, key=lambda iri: (self._verb_name(iri), self._value_key(iri), iri))
        return [self._row(item) for item in order if facts.one(item, TG.value) is not None]

    def _verb_name(self, claim: str) -> str:
        return "".join(self.formatter.facts.name(iri).text
                       for iri in self.formatter.facts.links(claim, TG.property))  # fmt: skip

    def _value_key(self, claim: str) -> str:
        value = self.formatter.facts.one(claim, TG.value)
        return value.value if value is not None else ""

    def _row(self, claim: str) -> ClaimRow:
        formatter, facts = self.formatter, self.formatter.facts
        verbs, value = facts.links(claim, TG.property), facts.one(claim, TG.value)
        basis = facts.links(claim, TG.basis)
        modality = facts.links(claim, TG.modality) or [_STATED]
        assert value is not None
        return ClaimRow(
            anchor=fragment_of(claim),
            verb=formatter.property_name(verbs[0]) if verbs else Value("?"),
            value=formatter.value(value, verbs[0] if verbs else ""),
            basis=formatter.link(basis[0]) if basis else None,
            modality=formatter.link(modality[0]),
            implied=self._is_implied(claim),
            hedge=formatter.text(claim, TG.hedge),
            qualifiers=self._qualifiers(claim),
            comment=formatter.comment(claim),
            citations=formatter.citations([claim]),
        )

    def _qualifiers(self, claim: str) -> list[str]:
        formatter, facts = self.formatter, self.formatter.facts
        qualifiers = []
        as_of = facts.one(claim, TG.asOf)
        if as_of is not None:
            qualifiers.append(formatter.words.gettext("as of {date}", date=facts.date(as_of)))
        start, end = facts.one(claim, TG.from_), facts.one(claim, TG.until)
        if start is not None or end is not None:
            span = f"{start.value if start else '..'}/{end.value if end else '..'}"
            qualifiers.append(
                formatter.words.gettext(
                    "valid {period}", period=date_text(span, formatter.language).text
                )
            )
        rank = facts.links(claim, TG.rank)
        if rank and rank[0] != _NORMAL:
            qualifiers.append(facts.name(rank[0]).text)
        return qualifiers

    def conflicts(self) -> list[Conflict]:
        """Return every published conflict in words."""
        verbs = self.formatter.facts.links(self.thing, TG.hasConflict)
        return [self._conflict(verb) for verb in verbs]

    def _conflict(self, verb: str) -> Conflict:
        formatter, facts = self.formatter, self.formatter.facts
        published = facts.values(self.thing, verb)
        members = _members(published)
        claims = [item for item in self._on(verb) if _DEPRECATED not in facts.links(item, TG.rank)]
        counted = [claim for claim in claims if self._value_key(claim) in members] or claims
        sides: dict[str, list[str]] = {}
        for entry in sorted(counted, key=lambda each: (self._is_implied(each), each)):
            basis = [facts.name(each).text for each in facts.links(entry, TG.basis)]
            if self._is_implied(entry) and not basis:
                basis = [formatter.words.gettext("implied")]
            sides.setdefault(self._value_key(entry), []).extend(
                each for each in basis if each not in sides.get(self._value_key(entry), [])
            )
        return Conflict(
            verb=facts.name(verb).text,
            between_sources=verb in facts.links(self.thing, TG.sourcesDifferOn),
            sides=[Side(self._side(side, published), ", ".join(sides[side])) for side in sides],
            published=" / ".join(formatter.value(item, verb).text for item in published),
            bounds=self._bounds(verb),
        )

    def _side(self, value: str, published: list[Term]) -> Value:
        if any(isinstance(item, NamedNode) for item in published):
            return self.formatter.link(value)
        text, iso = date_text(value, self.formatter.language)
        return Value(text, iso=iso)

    def _bounds(self, verb: str) -> str:
        if verb not in BOUNDS:
            return ""
        facts = self.formatter.facts
        first, last = (facts.date(facts.one(self.thing, bound)) for bound in BOUNDS[verb])
        if not (first and last):
            return ""
        return self.formatter.words.gettext(
            "no earlier than {first}, no later than {last}", first=first, last=last
        )


def _members(published: list[Term]) -> set[str]:
    """Return the single values of a published value, a date set split into its members.

    >>> from pyoxigraph import Literal
    >>> from twingraph.rdf.vocabulary import EDTF
    >>> sorted(_members([Literal("[1993~,2003]", datatype=EDTF)]))
    ['1993~', '2003']
    """
    members: set[str] = set()
    for item in published:
        group = re.fullmatch(r"\[(.*)\]", item.value) if is_date(item) else None
        members.update(group[1].split(",") if group else [item.value])
    return members
