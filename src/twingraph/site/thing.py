"""The page of an entity: its facts, the claims of each source, incoming links, links elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from heapq import nsmallest
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from pyoxigraph import NamedNode

from twingraph.rdf.iris import kind_of
from twingraph.rdf.vocabulary import CODES, PREFIXES, SKOS, TG
from twingraph.site.attachments import calendar_path, embed_path
from twingraph.site.claims import ClaimRow, Claims, Conflict
from twingraph.site.datewords import date_text
from twingraph.site.facts import PageFacts
from twingraph.site.illustrations import Anniversary, Illustrator
from twingraph.site.kind_names import kind_name
from twingraph.site.links import relative
from twingraph.site.partners import PartnerRow, partner_rows
from twingraph.site.parts_of_place import partners_of_parts
from twingraph.site.pictures.embed import embed_code
from twingraph.site.properties import ALWAYS, OUTSIDE
from twingraph.site.reader import BuildReader
from twingraph.site.summary import Ties, description_of, schema_thing, sentence
from twingraph.site.thing_facts import Fact, facts_of
from twingraph.site.thing_ties import (
    SHOWN,
    Contact,
    Group,
    Membership,
    Note,
    RemarkGroup,
    anchored,
    by_source,
    contacts_of,
    incoming_groups,
    memberships_of,
    note_of,
)
from twingraph.site.values import Citation, Value, ValueFormatter, sort_key
from twingraph.translation import choose_text, words_of

_PART_OF: Final = PREFIXES["dcterms"] + "isPartOf"
_DEFINITION: Final = PREFIXES["skos"] + "definition"
_ORIGINALS: Final = (
    PREFIXES["foaf"] + "page", PREFIXES["dcterms"] + "source", PREFIXES["schema"] + "url",
)  # fmt: skip

# Who points here by these stands in a table of the page, which has a query of its own; what is said
# of a hundred partnerships or citations is much.
_SHOWN_BY_ROWS: Final = frozenset(
    {TG.partner.value, TG.partnerOf.value, TG.twinnedWith.value, TG.inSource.value}
)


class ThingPage(NamedTuple):
    """The data of the template of an entity's page."""

    title: Value
    kind: Value
    iri: str
    intro: list[Value]
    implied: bool
    conflicts: list[Conflict]
    facts: list[Fact]
    claims: list[ClaimRow]
    partners: list[PartnerRow]
    occasional: list[PartnerRow]  # partners without a lasting kind of partnership
    parts_partners: list[PartnerRow]
    parts_all: Value | None  # the list of all of them, where only the first are shown
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
    site: BuildReader, iri: str, language: str, current_path: str, anchors: Collection[str] = ()
) -> ThingPage:
    """Make the page about `iri`, for `current_path`.

    `anchors` are those that other parts of the page have already.
    """
    facts = PageFacts(site, language)
    facts.read_description(iri)
    shown = _shown(facts.incoming)
    _load(facts, iri, [thing for verb, group in shown.items() if verb not in _SHOWN_BY_ROWS
                       for thing in group])  # fmt: skip
    formatter = ValueFormatter(facts, current_path)
    claims = Claims.of(formatter, iri)
    own_sections = {"remark": TG.about.value, "quantity": TG.about.value, "statement": _PART_OF}
    notes = {
        kind: sorted(
            (
                note_of(formatter, item)
                for item in shown.get(verb, ())
                if kind_of(item, site.base) == kind
            ),
            key=lambda note: (note.kind.text if note.kind else "", note.text.text),
        )
        for kind, verb in own_sections.items()
    }
    evidence = formatter.citations([iri, *claims.iris])
    rows, claimed = anchored(claims.rows(), set(anchors))
    claimed |= set(anchors)
    own = {item.anchor for item in evidence} - claimed
    evidence = [item._replace(anchored=item.anchor in own) for item in evidence]
    taken = claimed | own
    memberships, new_anchors = anchored(memberships_of(formatter, shown), taken)
    contacts, more = anchored(contacts_of(formatter, iri), taken | new_anchors)
    taken |= new_anchors | more
    for kind, listed in notes.items():
        notes[kind], new_anchors = anchored(listed, taken)
        taken |= new_anchors
    name = facts.name(iri)
    kind = kind_of(iri, site.base) or ""
    pictures = Illustrator(site, language, current_path)
    partners: list[PartnerRow] = []
    if TG.partner.value in shown:
        decided = pictures.decided(this=NamedNode(iri))
        partners = partner_rows(site, iri, language, current_path, decided)
    parts, all_parts = (
        partners_of_parts(site, iri, language, current_path) if kind == "place" else ([], None)
    )
    coming = _coming(pictures, kind, iri, bool(partners))
    drawn = _map(pictures, kind, iri, bool(partners))
    questions = _questions(formatter, iri, kind)
    remarks = notes["remark"]
    decided_in_words = _decided(pictures, kind, iri)
    lasting = [row for row in partners if row.lasting or kind == "partnership"]
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
        facts=facts_of(formatter, iri, claims, evidence, decided_in_words),
        claims=rows,
        partners=lasting,
        occasional=[row for row in partners if row not in lasting],
        parts_partners=parts,
        parts_all=all_parts,
        parts_heading=_parts_heading(formatter, iri),
        actions=_actions(formatter, iri, kind, coming, bool(questions)),
        questions=questions,
        remarks_open=[note for note in remarks if note.weighty],
        remarks_folded=by_source([note for note in remarks if not note.weighty]),
        opening=opening,
        description=description,
        original=_original(formatter, iri),
        retrieved=next(iter(formatter.values(iri, TG.retrieved.value)), None),
        is_source=kind == "source",
        schema=schema_thing(facts, iri, description, f"{site.address}{current_path}", outside),
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
        incoming=incoming_groups(formatter, facts.numbers, shown, own_sections),
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
    shown: dict[str, list[str]] = defaultdict(list)
    for verb, thing in incoming:
        shown[verb].append(thing)
    return {verb: nsmallest(SHOWN, shown[verb]) for verb in sorted(shown)}


def _load(facts: PageFacts, iri: str, things: list[str]) -> None:
    """Load what the page tells of `things`, which point to `iri`; of places, their names only."""
    base = facts.site.base
    places = {thing for thing in things if kind_of(thing, base) == "place"}
    if kind_of(iri, base) == "place":
        facts.mention(places)
        things = [thing for thing in things if thing not in places]
    facts.load(things)
    facts.load(facts.links(iri, TG.contactPoint))
    cited = {each_iri for thing in (iri, *things) for each_iri in facts.links(thing, TG.cites)}
    facts.load(cited)
    facts.load({each_iri for cite in (iri, *cited) for each_iri in facts.links(cite, TG.inSource)})
    kind = kind_of(iri, base)
    facts.mention([CODES + "modality/stated", *ALWAYS.get(kind or "", ())])
    facts.complete()


def _kind(formatter: ValueFormatter, iri: str) -> Value:
    """Return the name of the entity's kind; a concept's is its code list."""
    kind = kind_of(iri, formatter.site.base)
    if kind is not None:
        return Value(kind_name(kind, formatter.language), f"../{kind}/index.html")
    scheme = formatter.facts.links(iri, SKOS.inScheme)
    if scheme:
        return formatter.link(scheme[0])
    return Value(kind_name("scheme", formatter.language), "index.html")


def _implied(facts: PageFacts, iri: str) -> bool:
    return CODES + "modality/inferred" in facts.links(iri, TG.modality)


def _parts_heading(formatter: ValueFormatter, iri: str) -> str:
    words = formatter.words
    if CODES + "level/country" in formatter.facts.links(iri, TG.level):
        return words.gettext("Partnerships of its places")
    return words.gettext("Partnerships of its parts")


def _actions(
    formatter: ValueFormatter,
    iri: str,
    kind: str,
    coming: Sequence[Anniversary],
    has_questions: bool,
) -> list[Value]:
    """Return where the visitor may go from the head of the page."""
    words = formatter.words
    actions = []
    if coming:
        actions.append(Value(words.gettext("Anniversaries"), "#anniversaries"))
    if coming and kind == "place":
        actions.append(Value(words.gettext("Calendar"), _calendars(formatter, iri)[0].href))
    if has_questions:
        actions.append(Value(words.gettext("Questions about it"), "#questions"))
    return [*actions, Value(words.gettext("As data"), "#downloads")]


def _calendars(formatter: ValueFormatter, iri: str) -> list[Value]:
    """Return the calendars of a place: of days and months, and one with whole years too."""
    slug, words = iri.rpartition("/")[2], formatter.words
    return [
        Value(
            text, relative(calendar_path(formatter.language, slug, years), formatter.current_path)
        )
        for text, years in (
            (words.gettext("Calendar of days and months"), False),
            (words.gettext("Calendar with whole years too"), True),
        )
    ]


def _embed(formatter: ValueFormatter, iri: str, name: str) -> Embed:
    """Return how the map of a place is shown on other pages."""
    slug = iri.rpartition("/")[2]
    address = f"{formatter.site.address}{embed_path(formatter.language, slug)}"
    picture = relative(embed_path(formatter.language, slug, "svg"), formatter.current_path)
    return Embed(embed_code(address, name), picture)


def _questions(formatter: ValueFormatter, iri: str, kind: str) -> list[Value]:
    """Return the library queries that have the entity as parameter, their forms filled in."""
    if not kind:
        return []  # a code of a list is nothing that a question takes
    slug = iri.rpartition("/")[2]
    questions = []
    for name, query in formatter.site.library.items():
        fitting = next(
            (parameter for parameter in query.parameters if parameter.kind == kind), None
        )
        if fitting is None:
            continue
        values = {**query.examples(), fitting.name: slug}
        fields = urlencode({"question": name, **values})
        title = choose_text(query.title, formatter.language)[0]
        link = relative(f"{formatter.language}/query/answer/", formatter.current_path)
        questions.append(Value(title, f"{link}?{fields}"))
    return sorted(questions, key=lambda value: sort_key(value.text))


def is_known(site: BuildReader, iri: str) -> bool:
    """Has the published graph any statement about `iri`?"""
    return bool(site.rows("exists", this=NamedNode(iri)))
