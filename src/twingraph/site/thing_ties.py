"""Incoming links of an entity: remarks, memberships, contacts and others, in groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import PREFIXES, TG
from twingraph.site.claims import ClaimRow
from twingraph.site.datewords import date_text
from twingraph.site.evidence import fragment_of
from twingraph.site.facts import PageFacts
from twingraph.site.properties import HIDDEN, INVERSE
from twingraph.site.thing_facts import WEIGHTY, Fact
from twingraph.site.values import Citation, Value, ValueFormatter, sort_key

SHOWN: Final = 100  # of each kind of incoming link; the description has all
MEMBER: Final = PREFIXES["org"] + "member"
ORGANISATION: Final = PREFIXES["org"] + "organization"
# Links that have a section of their own, or are shortcuts for one that has.
_SHOWN_ABOVE: Final = frozenset(
    [item.value for item in (TG.subject, TG.partner, TG.partnerOf, TG.twinnedWith, TG.inSource)]
    + [PREFIXES["skos"] + name for name in ("narrower", "hasTopConcept", "topConceptOf")]
)
_ROLE: Final = PREFIXES["org"] + "role"


class Contact(NamedTuple):
    """How an office is reached."""

    anchor: str
    facts: list[Fact]
    citations: list[Citation]


class Membership(NamedTuple):
    """A membership: the member, the organisation, the role, the dates, the office."""

    anchor: str
    member: Value
    organisation: Value
    role: list[Value]
    period: str
    post: list[Value]
    citations: list[Citation]


class Note(NamedTuple):
    """A sentence about the entity: a remark, a quantity, a part of a statement."""

    kind: Value | None
    text: Value
    anchor: str
    to: list[Value]
    hedge: Value | None
    when: str
    citations: list[Citation]
    weighty: bool = False  # is it about the start, the kind or the status?


class RemarkGroup(NamedTuple):
    """The remarks on one source document."""

    source: str
    notes: list[Note]


class Group(NamedTuple):
    """Those that point here by one property."""

    name: str
    values: list[Value]
    more: str


# --- notes about it, and incoming links -----------------------------------------------------------


def note_of(formatter: ValueFormatter, iri: str) -> Note:
    """Return a remark or a statement about an entity, with its kind, text and evidence."""
    facts = formatter.facts
    kinds = [*facts.links(iri, TG.statementKind), *facts.links(iri, TG.remarkKind)]
    comment = formatter.comment(iri)
    name = facts.name(iri)
    if kind_of(iri, formatter.site.base) == "quantity" or comment is None:
        comment = Value(name.text, language=name.language)
    return Note(
        kind=formatter.link(kinds[0]) if kinds else None,
        text=comment,
        anchor=fragment_of(iri),
        to=[formatter.link(each_iri) for each_iri in facts.links(iri, TG.addressee)],
        hedge=formatter.text(iri, TG.hedge),
        when=facts.date(facts.one(iri, TG.asOf) or facts.one(iri, TG.date)),
        citations=formatter.citations([iri]),
        weighty=any(
            verb in WEIGHTY
            for cite in facts.links(iri, TG.cites)
            for verb in facts.links(cite, TG.supports)
        ),
    )


def by_source(notes: list[Note]) -> list[RemarkGroup]:
    """Group remarks by the document that they are on."""
    groups: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        groups[note.citations[0].source.text if note.citations else ""].append(note)
    return [RemarkGroup(source, groups[source]) for source in sorted(groups, key=sort_key)]


def incoming_groups(
    formatter: ValueFormatter,
    numbers: Mapping[str, int],
    shown: dict[str, list[str]],
    own_sections: dict[str, str],
) -> list[Group]:
    """Return the links to an entity, property by property."""
    groups = []
    for verb, things in shown.items():
        kinds = {thing: kind_of(thing, formatter.site.base) or "" for thing in things}
        rest = [
            thing for thing in things
            if own_sections.get(kinds[thing]) != verb and kinds[thing] != "membership"
        ]  # fmt: skip
        if verb in _SHOWN_ABOVE or not rest:
            continue
        values = [formatter.link(item, _when(formatter.facts, item)) for item in rest]
        values.sort(key=lambda value: sort_key(value.text))
        cut = numbers[verb] - len(things)
        message = INVERSE.get(verb)
        name = (
            formatter.words.message(message) if message else f"← {formatter.facts.name(verb).text}"
        )
        groups.append(
            Group(
                name,
                values,
                formatter.words.ngettext(
                    "and {number} more, in the description below",
                    "and {number} more, in the description below",
                    cut,
                )
                if cut
                else "",
            )
        )
    return sorted(groups, key=lambda group: sort_key(group.name))


_Cited = TypeVar("_Cited", ClaimRow, Contact, Membership, Note)


def anchored(rows: list[_Cited], taken: set[str]) -> tuple[list[_Cited], set[str]]:
    """Give each citation its anchor at its first occurrence; `taken` are on the page already."""
    anchors: set[str] = set()
    marked = []
    for row in rows:
        cites = []
        for each in row.citations:
            first = each.anchor not in taken | anchors
            anchors.add(each.anchor)
            cites.append(each._replace(anchored=first))
        marked.append(row._replace(citations=cites))
    return marked, anchors


def contacts_of(formatter: ValueFormatter, iri: str) -> list[Contact]:
    """Return the contact points of an entity, each with its facts."""
    facts = formatter.facts
    return [
        Contact(
            fragment_of(point),
            [
                Fact(formatter.property_name(verb), formatter.values(point, verb), [], False)
                for verb in facts.properties(point)
                if verb not in HIDDEN
            ],
            formatter.citations([point]),
        )
        for point in facts.links(iri, TG.contactPoint)
    ]


def memberships_of(formatter: ValueFormatter, shown: dict[str, list[str]]) -> list[Membership]:
    """Return the memberships of an entity and those in it, by member and organisation."""
    facts = formatter.facts
    memberships = sorted({item for verb in (MEMBER, ORGANISATION) for item in shown.get(verb, ())
                    if kind_of(item, facts.site.base) == "membership"})  # fmt: skip
    return sorted(
        (_membership(formatter, facts, each) for each in memberships),
        key=lambda row: (sort_key(row.organisation.text), sort_key(row.member.text), row.anchor),
    )


def _membership(formatter: ValueFormatter, facts: PageFacts, iri: str) -> Membership:
    absent = Value(formatter.words.gettext("not stated in our sources"), absent=True)

    def links(verb: str) -> list[Value]:
        return [formatter.link(each_iri) for each_iri in facts.links(iri, verb)]

    start, end = facts.one(iri, TG.start), facts.one(iri, TG.end)
    span = f"{start.value if start else '..'}/{end.value if end else '..'}"
    return Membership(
        anchor=fragment_of(iri),
        member=next(iter(links(MEMBER)), absent),
        organisation=next(iter(links(ORGANISATION)), absent),
        role=links(_ROLE),
        period=date_text(span, formatter.language).text if start or end else "",
        post=links(TG.throughPost.value),
        citations=formatter.citations([iri]),
    )


def _when(facts: PageFacts, thing: str) -> str:
    return facts.date(facts.one(thing, TG.date) or facts.one(thing, TG.start))
