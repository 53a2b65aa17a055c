"""The page of one thing: its facts, what each source says, who points to it, where else it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from heapq import nsmallest
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlencode

from pyoxigraph import NamedNode

from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import CODES, PREFIXES, RDFS, SKOS, TG
from twingraph.site.attachments import calendar_path, embed_path
from twingraph.site.claims import ClaimRow, Claims, Conflict
from twingraph.site.datewords import date_text
from twingraph.site.evidence import fragment_of
from twingraph.site.facts import PageFacts
from twingraph.site.illustrations import Anniversary, Illustrator
from twingraph.site.links import relative
from twingraph.site.partners import PartnerRow, partner_rows
from twingraph.site.pictures.embed import embed_code
from twingraph.site.properties import ALWAYS, BOUNDS, HIDDEN, INVERSE, ORDER, OUTSIDE
from twingraph.site.reader import BuildReader
from twingraph.site.summary import Ties, description_of, schema_thing, sentence
from twingraph.site.values import Citation, Value, ValueFormatter, sort_key
from twingraph.site.words import kind_name
from twingraph.translation import choose_text, words_of

_SHOWN: Final = 100  # of one kind of link to a thing; the description holds them all
_PART_OF: Final = PREFIXES["dcterms"] + "isPartOf"
_DEFINITION: Final = PREFIXES["skos"] + "definition"
_ALSO_CALLED: Final = PREFIXES["skos"] + "altLabel"
_LATITUDE, _LONGITUDE = PREFIXES["schema"] + "latitude", PREFIXES["schema"] + "longitude"
_POSITION: Final = PREFIXES["geo"] + "hasGeometry"
_MEMBER, _ORGANISATION = PREFIXES["org"] + "member", PREFIXES["org"] + "organization"
_ORIGINALS: Final = (
    PREFIXES["foaf"] + "page", PREFIXES["dcterms"] + "source", PREFIXES["schema"] + "url",
)  # fmt: skip
_NOT_STATED: Final = TG.start.value.removesuffix("start") + "notStated"
_WEIGHTY: Final = {TG.start.value, TG.partnershipType.value, TG.status.value}
_ROLE: Final = PREFIXES["org"] + "role"
# Links that have a section of their own, or are shortcuts for one that has.
_TOLD: Final = frozenset(
    [item.value for item in (TG.subject, TG.partner, TG.partnerOf, TG.twinnedWith, TG.inSource)]
    + [PREFIXES["skos"] + name for name in ("narrower", "hasTopConcept", "topConceptOf")]
)


class Mark(NamedTuple):
    """A reference from a fact to its evidence on the same page."""

    number: int
    anchor: str


class Fact(NamedTuple):
    """A property and its values, with the evidence that pins them."""

    name: Value
    values: list[Value]
    marks: list[Mark]
    claimed: bool
    anchor: str = ""


class Contact(NamedTuple):
    """How an office is reached."""

    anchor: str
    facts: list[Fact]
    citations: list[Citation]


class Membership(NamedTuple):
    """Who belongs to what: as what, from when to when, by which office."""

    anchor: str
    member: Value
    organisation: Value
    role: list[Value]
    period: str
    post: list[Value]
    citations: list[Citation]


class Note(NamedTuple):
    """Something told of the thing in a sentence: a remark, a quantity, a part of a statement."""

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


class ThingPage(NamedTuple):
    """Everything the template shows of one thing."""

    title: Value
    kind: Value
    iri: str
    intro: list[Value]
    implied: bool
    conflicts: list[Conflict]
    facts: list[Fact]
    claims: list[ClaimRow]
    partners: list[PartnerRow]
    occasional: list[PartnerRow]  # those whose only kinds are no standing partnership
    parts_partners: list[PartnerRow]
    parts_heading: str
    actions: list[Value]
    questions: list[Value]
    remarks_open: list[Note]
    remarks_folded: list[RemarkGroup]
    opening: str  # the sentence that the page begins with
    description: str
    original: Value | None  # where a source document can be read, if that is known
    retrieved: Value | None  # the day on which it was fetched from there, if that is known
    is_source: bool
    schema: dict[str, Any]
    map: str
    network: str
    embed: Embed | None
    timeline: str
    anniversaries: list[Anniversary]
    calendars: list[Value]
    contacts: list[Contact]
    memberships: list[Membership]
    parts: list[Note]
    quantities: list[Note]
    remarks: list[Note]
    evidence: list[Citation]
    incoming: list[Group]
    outside: list[Value]


class Embed(NamedTuple):
    """The line of HTML that shows a map elsewhere, and where the picture alone is."""

    code: str
    picture: str


def thing_page(
    site: BuildReader, iri: str, language: str, at: str, anchors: Collection[str] = ()
) -> ThingPage:
    """Make the page about `iri` that will stand at path `at`.

    `anchors` are those that other parts of the page have already.
    """
    facts = PageFacts(site, language)
    facts.read_description(iri)
    shown = _shown(facts.incoming)
    _load(facts, iri, [thing for group in shown.values() for thing in group])
    formatter = ValueFormatter(facts, at)
    claims = Claims.of(formatter, iri)
    told = {"remark": TG.about.value, "quantity": TG.about.value, "statement": _PART_OF}
    notes = {
        kind: sorted(
            (
                _note(formatter, item)
                for item in shown.get(verb, ())
                if kind_of(item, site.base) == kind
            ),
            key=lambda note: (note.kind.text if note.kind else "", note.text.text),
        )
        for kind, verb in told.items()
    }
    evidence = formatter.citations([iri, *claims.iris])
    rows, claimed = _anchored(claims.rows(), set(anchors))
    claimed |= set(anchors)
    own = {item.anchor for item in evidence} - claimed
    evidence = [item._replace(anchored=item.anchor in own) for item in evidence]
    taken = claimed | own
    memberships, found = _anchored(_memberships(formatter, shown), taken)
    contacts, more = _anchored(_contacts(formatter, iri), taken | found)
    taken |= found | more
    for kind, listed in notes.items():
        notes[kind], found = _anchored(listed, taken)
        taken |= found
    name = facts.name(iri)
    kind = kind_of(iri, site.base) or ""
    pictures = Illustrator(site, language, at)
    partners: list[PartnerRow] = []
    if TG.partner.value in shown:
        decided = pictures.decided(this=NamedNode(iri))
        partners = partner_rows(site, iri, language, at, decided)
    parts = (
        partner_rows(site, iri, language, at, query="partners-of-parts") if kind == "place" else []
    )
    coming = _coming(pictures, kind, iri, bool(partners))
    drawn = _map(pictures, kind, iri, bool(partners))
    questions = _questions(formatter, iri, kind)
    remarks = notes["remark"]
    decided_in_words = _decided(pictures, kind, iri)
    lasting = [row for row in partners if row.standing or kind == "partnership"]
    started = sum(not row.since.absent for row in lasting)
    ties = Ties(len(lasting), started, decided_in_words)
    opening = sentence(facts, iri, ties)
    description = description_of(facts, iri, opening)
    outside = [each_iri for verb in OUTSIDE for each_iri in facts.links(iri, verb)]
    return ThingPage(
        title=Value(name.text, language=name.language),
        kind=_kind(formatter, iri),
        iri=iri,
        intro=[item for item in (formatter.text(iri, _DEFINITION), formatter.comment(iri)) if item],
        implied=_implied(facts, iri),
        conflicts=claims.conflicts(),
        facts=_facts(formatter, iri, claims, evidence, decided_in_words),
        claims=rows,
        partners=lasting,
        occasional=[row for row in partners if row not in lasting],
        parts_partners=parts,
        parts_heading=_parts_heading(formatter, iri),
        actions=_actions(formatter, iri, kind, coming, bool(questions)),
        questions=questions,
        remarks_open=[note for note in remarks if note.weighty],
        remarks_folded=_by_source([note for note in remarks if not note.weighty]),
        opening=opening,
        description=description,
        original=_original(formatter, iri),
        retrieved=next(iter(formatter.values(iri, TG.retrieved.value)), None),
        is_source=kind == "source",
        schema=schema_thing(facts, iri, description, f"{site.address}{at}", outside),
        map=drawn,
        network=pictures.network(iri) if partners else "",
        embed=_embed(formatter, iri, name.text) if drawn and partners and kind == "place" else None,
        timeline=pictures.timeline(iri) if kind == "partnership" else "",
        anniversaries=coming,
        calendars=_calendars(formatter, iri) if coming and kind == "place" else [],
        contacts=contacts,
        memberships=memberships,
        parts=notes["statement"],
        quantities=notes["quantity"],
        remarks=remarks,
        evidence=evidence,
        incoming=_incoming(formatter, facts.incoming, shown, told),
        outside=[formatter.elsewhere(item) for item in outside],
    )


def _original(formatter: ValueFormatter, iri: str) -> Value | None:
    facts = formatter.facts
    pages = [each_iri for verb in _ORIGINALS for each_iri in facts.links(iri, verb)]
    return formatter.elsewhere(pages[0]) if pages else None


def _decided(pictures: Illustrator, kind: str, iri: str) -> str:
    """Return when entering the partnership was decided, in words; empty for none."""
    if kind != "partnership":
        return ""
    day = pictures.decided(partnership=NamedNode(iri)).get(iri, "")
    words = words_of(pictures.language)
    date = date_text(day, pictures.language).text
    return words.gettext("decided on {date}", date=date) if day else ""


def _map(pictures: Illustrator, kind: str, iri: str, tied: bool) -> str:
    if kind == "partnership":
        return pictures.map_of_partnership(iri)
    return pictures.map_of_place(iri) if tied else ""


def _coming(pictures: Illustrator, kind: str, iri: str, tied: bool) -> list[Anniversary]:
    if kind == "partnership":
        return pictures.anniversaries(partnership=NamedNode(iri))
    return pictures.anniversaries(this=NamedNode(iri)) if tied else []


def _shown(incoming: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for verb, thing in incoming:
        found[verb].append(thing)
    return {verb: nsmallest(_SHOWN, found[verb]) for verb in sorted(found)}


def _load(facts: PageFacts, iri: str, things: list[str]) -> None:
    facts.load(things)
    facts.load(facts.links(iri, TG.contactPoint))
    cited = {each_iri for thing in (iri, *things) for each_iri in facts.links(thing, TG.cites)}
    facts.load(cited)
    facts.load({each_iri for cite in (iri, *cited) for each_iri in facts.links(cite, TG.inSource)})
    kind = kind_of(iri, facts.site.base)
    facts.mention([CODES + "modality/stated", *ALWAYS.get(kind or "", ())])
    facts.complete()


def _kind(formatter: ValueFormatter, iri: str) -> Value:
    """Return the word for what the thing is; a concept's is its code list."""
    kind = kind_of(iri, formatter.site.base)
    if kind is not None:
        return Value(kind_name(kind, formatter.language), f"../{kind}/index.html")
    scheme = formatter.facts.links(iri, SKOS.inScheme)
    if scheme:
        return formatter.link(scheme[0])
    return Value(kind_name("scheme", formatter.language), "index.html")


def _implied(facts: PageFacts, iri: str) -> bool:
    return CODES + "modality/inferred" in facts.links(iri, TG.modality)


# --- facts ---------------------------------------------------------------------------------------


def _facts(
    formatter: ValueFormatter,
    iri: str,
    claims: Claims,
    evidence: list[Citation],
    decided: str,
) -> list[Fact]:
    always = ALWAYS.get(kind_of(iri, formatter.site.base) or "", ())
    verbs = {*formatter.facts.properties(iri), *always} - HIDDEN
    ordered = sorted(verbs, key=lambda one: (_rank(one), formatter.facts.name(one).text))
    marks = _marks(formatter, iri, evidence)
    found = []
    for verb in ordered:
        values = formatter.values(iri, verb)
        if verb == _NOT_STATED:  # what is always shown says so itself
            values = [
                formatter.property_name(each_iri)
                for each_iri in formatter.facts.links(iri, verb)
                if each_iri not in always
            ]
            if not values:
                continue
        if not values:
            unknown = verb == TG.status.value
            absent = (
                formatter.words.gettext("unknown")
                if unknown
                else formatter.words.gettext("not stated in our sources")
            )
            note = decided if verb == TG.start.value else ""
            values = [Value(absent, absent=True, note=note)]
        else:
            values = [
                value._replace(note=_note_on(formatter, iri, verb, value, claims))
                for value in values
            ]
        name = formatter.property_name(verb)
        found.append(Fact(name, values, marks.get(verb, []), verb in claims.properties))
    return [*_names(formatter, iri), *found, *_coordinates(formatter, iri)]


def _rank(verb: str) -> int:
    return ORDER.index(verb) if verb in ORDER else len(ORDER)


def _marks(formatter: ValueFormatter, iri: str, evidence: list[Citation]) -> dict[str, list[Mark]]:
    numbers = {item.anchor: item.number for item in evidence}
    found: dict[str, list[Mark]] = defaultdict(list)
    for cite in formatter.facts.links(iri, TG.cites):
        anchor = fragment_of(cite)
        for verb in formatter.facts.links(cite, TG.supports):
            found[verb].append(Mark(numbers[anchor], anchor))
    return {verb: sorted(marks) for verb, marks in found.items()}


def _note_on(formatter: ValueFormatter, iri: str, verb: str, value: Value, claims: Claims) -> str:
    """Return what must be said with a published value: implied, its bounds, its day."""
    if verb == TG.status.value:
        day = formatter.facts.one(iri, TG.statusAsOf)
        if day is None:
            return formatter.words.gettext("no date given")
        return formatter.words.gettext("as of {date}", date=formatter.facts.date(day))
    notes = [formatter.words.gettext("implied, not stated")] if verb in claims.implied else []
    if verb in BOUNDS and not value.iso:
        notes.append(bounds_text(formatter, iri, verb))
    return "; ".join(note for note in notes if note)


def bounds_text(formatter: ValueFormatter, iri: str, verb: str) -> str:
    """Return the first and the last day that a date can mean, in words."""
    first, last = (formatter.facts.date(formatter.facts.one(iri, bound)) for bound in BOUNDS[verb])
    if first and last:
        return formatter.words.gettext(
            "no earlier than {first}, no later than {last}", first=first, last=last
        )
    if first:
        return formatter.words.gettext("no earlier than {first}", first=first)
    return formatter.words.gettext("no later than {last}", last=last) if last else ""


def _names(formatter: ValueFormatter, iri: str) -> list[Fact]:
    """Return what else the thing is called, a name of several languages once."""
    tags: dict[str, list[str]] = defaultdict(list)
    for verb in (RDFS.label.value, SKOS.prefLabel.value, _ALSO_CALLED):
        for tag, text in _all_texts(formatter.facts, iri, verb):
            tags[text].append(tag)
    tags.pop(formatter.facts.name(iri).text, None)
    values = [
        Value(text, language=own[0] if len(own) == 1 else "", note=", ".join(own))
        for text, each in sorted(tags.items(), key=lambda one: sort_key(one[0]))
        for own in [[tag for tag in each if tag and tag != formatter.language]]
    ]
    # the tag of a single language is shown by the value itself
    values = [value._replace(note="") if value.language else value for value in values]
    return [Fact(Value(formatter.words.gettext("Names")), values, [], False)] if values else []


def _all_texts(facts: PageFacts, iri: str, verb: str) -> list[tuple[str, str]]:
    return [(getattr(fact, "language", None) or "", fact.value) for fact in facts.values(iri, verb)]


def _coordinates(formatter: ValueFormatter, iri: str) -> list[Fact]:
    facts = formatter.facts
    latitude, longitude = facts.one(iri, _LATITUDE), facts.one(iri, _LONGITUDE)
    if latitude is None or longitude is None:
        return []
    value = Value(f"{latitude.value}, {longitude.value}")
    points = facts.links(iri, _POSITION)
    anchor = fragment_of(points[0]) if points else ""
    return [Fact(Value(formatter.words.gettext("Coordinates")), [value], [], False, anchor)]


# --- what is told of it, and who points to it ----------------------------------------------------


def _note(formatter: ValueFormatter, iri: str) -> Note:
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
            verb in _WEIGHTY
            for cite in facts.links(iri, TG.cites)
            for verb in facts.links(cite, TG.supports)
        ),
    )


def _by_source(notes: list[Note]) -> list[RemarkGroup]:
    """Group remarks by the document that they are on."""
    groups: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        groups[note.citations[0].source.text if note.citations else ""].append(note)
    return [RemarkGroup(source, groups[source]) for source in sorted(groups, key=sort_key)]


def _parts_heading(formatter: ValueFormatter, iri: str) -> str:
    words = formatter.words
    if CODES + "level/country" in formatter.facts.links(iri, TG.level):
        return words.gettext("Partnerships of its places")
    return words.gettext("Partnerships of its parts")


def _actions(
    formatter: ValueFormatter, iri: str, kind: str, coming: Sequence[Anniversary], asked: bool
) -> list[Value]:
    """Return where the visitor may go from the head of the page."""
    words = formatter.words
    found = []
    if coming:
        found.append(Value(words.gettext("Anniversaries"), "#anniversaries"))
    if coming and kind == "place":
        found.append(Value(words.gettext("Calendar"), _calendars(formatter, iri)[0].href))
    if asked:
        found.append(Value(words.gettext("Questions about it"), "#questions"))
    return [*found, Value(words.gettext("As data"), "#downloads")]


def _calendars(formatter: ValueFormatter, iri: str) -> list[Value]:
    """Return the calendars of a place: of days and months, and with what has a year only."""
    slug, words = iri.rpartition("/")[2], formatter.words
    return [
        Value(text, relative(calendar_path(formatter.language, slug, years), formatter.at))
        for text, years in (
            (words.gettext("Calendar of days and months"), False),
            (words.gettext("Calendar with whole years too"), True),
        )
    ]


def _embed(formatter: ValueFormatter, iri: str, name: str) -> Embed:
    """Return how the map of a place is shown on other pages."""
    slug = iri.rpartition("/")[2]
    address = f"{formatter.site.address}{embed_path(formatter.language, slug)}"
    picture = relative(embed_path(formatter.language, slug, "svg"), formatter.at)
    return Embed(embed_code(address, name), picture)


def _questions(formatter: ValueFormatter, iri: str, kind: str) -> list[Value]:
    """Return every question that can be asked of the thing, its form filled in."""
    if not kind:
        return []  # a code of a list is nothing that a question takes
    slug = iri.rpartition("/")[2]
    found = []
    for name, query in formatter.site.library.items():
        fitting = next(
            (parameter for parameter in query.parameters if parameter.kind == kind), None
        )
        if fitting is None:
            continue
        values = {**query.examples(), fitting.name: slug}
        asked = urlencode({"question": name, **values})
        title = choose_text(query.title, formatter.language)[0]
        way = relative(f"{formatter.language}/query/answer/", formatter.at)
        found.append(Value(title, f"{way}?{asked}"))
    return sorted(found, key=lambda value: sort_key(value.text))


def _incoming(
    formatter: ValueFormatter,
    everything: list[tuple[str, str]],
    shown: dict[str, list[str]],
    told: dict[str, str],
) -> list[Group]:
    groups = []
    numbers = Counter(verb for verb, _ in everything)
    for verb, things in shown.items():
        kinds = {thing: kind_of(thing, formatter.site.base) or "" for thing in things}
        rest = [
            thing for thing in things
            if told.get(kinds[thing]) != verb and kinds[thing] != "membership"
        ]  # fmt: skip
        if verb in _TOLD or not rest:
            continue
        values = [formatter.link(item, _when(formatter.facts, item)) for item in rest]
        values.sort(key=lambda one: sort_key(one.text))
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


def _anchored(rows: list[_Cited], taken: set[str]) -> tuple[list[_Cited], set[str]]:
    """Give every citation its anchor where it stands first; `taken` stand on the page already."""
    found: set[str] = set()
    marked = []
    for row in rows:
        cites = []
        for each in row.citations:
            first = each.anchor not in taken | found
            found.add(each.anchor)
            cites.append(each._replace(anchored=first))
        marked.append(row._replace(citations=cites))
    return marked, found


def _contacts(formatter: ValueFormatter, iri: str) -> list[Contact]:
    """Return the contact points of a thing, each with what is said of it."""
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


def _memberships(formatter: ValueFormatter, shown: dict[str, list[str]]) -> list[Membership]:
    """Return the memberships of a thing and those in it, by who and in what."""
    facts = formatter.facts
    found = sorted({item for verb in (_MEMBER, _ORGANISATION) for item in shown.get(verb, ())
                    if kind_of(item, facts.site.base) == "membership"})  # fmt: skip
    return sorted(
        (_membership(formatter, facts, each) for each in found),
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
        member=next(iter(links(_MEMBER)), absent),
        organisation=next(iter(links(_ORGANISATION)), absent),
        role=links(_ROLE),
        period=date_text(span, formatter.language).text if start or end else "",
        post=links(TG.throughPost.value),
        citations=formatter.citations([iri]),
    )


def _when(facts: PageFacts, thing: str) -> str:
    return facts.date(facts.one(thing, TG.date) or facts.one(thing, TG.start))


def is_known(site: BuildReader, iri: str) -> bool:
    """Does the published graph say anything of `iri`?"""
    return bool(site.rows("exists", this=NamedNode(iri)))
