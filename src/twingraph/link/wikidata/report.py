"""Our pairs compared with a snapshot of Wikidata: a row for each difference.

Only parts of the snapshot are compared that it has: one without dates gives no finding about dates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final, NamedTuple

from twingraph.link.facts import TARGETS, LinkFacts, natural
from twingraph.link.wikidata.dates import PRECISIONS, relate
from twingraph.link.wikidata.kinds import is_flattened
from twingraph.link.wikidata.pairs import (
    KnownPair,
    KnownPairs,
    Party,
    known_pairs,
    linked_places,
    shared_items,
)
from twingraph.link.wikidata.reviews import PROPERTY, QUALIFIER, Reviews
from twingraph.link.wikidata.statements import (
    END,
    JULIAN,
    ROLE,
    START,
    TWINNED,
    Snapshot,
    WikidataStatement,
    WikidataTime,
)
from twingraph.rdf.vocabulary import TG

ACTIVE: Final = frozenset({"active", "dormant"})


class Finding(NamedTuple):
    """A kind of finding: its meaning, and what an editor could do."""

    title: tuple[str, str]  # English, German
    action: tuple[str, str]


FINDINGS: Final[dict[str, Finding]] = {
    "missing": Finding(
        ("Wikidata lacks the pair", "Wikidata fehlt das Paar"),
        ("add P190 on both items, with the source", "P190 bei beiden ergänzen, mit der Quelle"),
    ),
    "one-sided": Finding(
        ("stated on one side only", "nur auf einer Seite angegeben"),
        ("add P190 on the first item", "P190 beim ersten Objekt ergänzen"),
    ),
    "deprecated": Finding(
        ("Wikidata calls it wrong", "Wikidata hält es für falsch"),
        ("compare the reason with our source", "den Grund mit unserer Quelle vergleichen"),
    ),
    "start-lacking": Finding(
        ("no start there", "dort ohne Beginn"),
        ("add P580 with the source", "P580 mit der Quelle ergänzen"),
    ),
    "start-finer": Finding(
        ("our start is finer", "unser Beginn ist genauer"),
        ("refine P580 with the source", "P580 mit der Quelle genauer angeben"),
    ),
    "start-differs": Finding(
        ("starts differ", "Beginn verschieden"),
        ("compare both sources; correct, or add as disputed",
         "beide Quellen vergleichen; berichtigen oder als umstritten ergänzen"),
    ),
    "end-differs": Finding(
        ("ends differ", "Ende verschieden"),
        ("compare both sources; correct, or add as disputed",
         "beide Quellen vergleichen; berichtigen oder als umstritten ergänzen"),
    ),
    "ended-there": Finding(
        ("ended there, active here", "dort beendet, hier aktiv"),
        ("compare the dates of both sources", "den Stand beider Quellen vergleichen"),
    ),
    "ended-here": Finding(
        ("ended here, no end there", "hier beendet, dort ohne Ende"),
        ("add P582 with the source", "P582 mit der Quelle ergänzen"),
    ),
    "kind-flattened": Finding(
        ("P190 does not say the kind", "P190 sagt die Art nicht"),
        ("say the kind as a qualifier", "die Art als Qualifikator angeben"),
    ),
    "unsourced": Finding(
        ("no real reference there", "dort ohne echten Beleg"),
        ("add the source as a reference", "die Quelle als Beleg ergänzen"),
    ),
    "julian": Finding(
        ("a date in the Julian calendar", "ein Datum im julianischen Kalender"),
        ("check the calendar", "den Kalender prüfen"),
    ),
    "shared-item": Finding(
        ("one item for two places", "ein Objekt für zwei Orte"),
        ("tell us which place it is", "uns sagen, welcher Ort gemeint ist"),
    ),
    "merged-item": Finding(
        ("the item was merged", "das Objekt wurde zusammengeführt"),
        ("nothing; our link needs the new item", "nichts; unsere Verknüpfung braucht das neue"),
    ),
    "wrong-item": Finding(
        ("item and place have different identifiers", "Objekt und Ort tragen andere Kennungen"),
        ("tell which identifier is wrong", "sagen, welche Kennung falsch ist"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class ReportRow:
    """One finding about two parties (of items alone, the same party twice).

    `ours` and `theirs` are texts, with precisions where they are dates. `statement` is Wikidata's,
    `decided` is the decision of people about it ("" if there is none).
    """

    finding: str
    parties: tuple[Party, Party]
    pair: KnownPair | None = None
    ours: str = ""
    ours_precision: str = ""
    theirs: str = ""
    theirs_precision: str = ""
    statement: WikidataStatement | None = None
    decided: str = ""

    @property
    def items(self) -> tuple[str, str]:
        """The two items; for an item alone, it twice."""
        return self.parties[0].item, self.parties[1].item


@dataclass(frozen=True)
class Report:
    """All rows, sorted, and the number of compared pairs, and of those that agree."""

    snapshot: str
    rows: tuple[ReportRow, ...]
    pairs: int
    agreeing: int
    left_out: tuple[str, ...]
    reviews: Reviews = field(default_factory=Reviews)

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of each kind."""
        counted = Counter(row.finding for row in self.rows)
        return {finding: counted[finding] for finding in FINDINGS if counted[finding]}

    def by_country(self) -> dict[str, dict[str, int]]:
        """Return the counts by country code; a row counts for each country of its parties."""
        return _grouped(self.rows, attrgetter("country"))

    def by_city(self) -> dict[str, dict[str, int]]:
        """Return the counts by the IRI of the place."""
        return _grouped(self.rows, attrgetter("iri"))


def _grouped(rows: Iterable[ReportRow], key: Callable[[Party], str]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for name in {key(party) for party in row.parties}:
            counts[name][row.finding] += 1
    return {name: dict(sorted(counted.items())) for name, counted in sorted(counts.items())}


def make_report(facts: LinkFacts, snapshot: Snapshot, reviews: Reviews | None = None) -> Report:
    """Compare the published pairs with a snapshot."""
    reviews = reviews or Reviews()
    known = known_pairs(facts)
    rows = [*_pair_rows(known, snapshot), *_item_rows(facts, snapshot)]
    decided = [replace(row, decided=decision_of(row, reviews)) for row in rows]
    decided.sort(key=_order)
    differing = {row.pair.items for row in rows if row.pair}
    compared_items = {pair.items for pair in known.pairs if _is_compared(pair)}
    return Report(
        snapshot.name,
        tuple(decided),
        len(compared_items),
        len(compared_items - differing),
        known.left_out,
        reviews,
    )


def _order(row: ReportRow) -> tuple[object, ...]:
    name = row.pair.name if row.pair else row.parties[0].iri
    return list(FINDINGS).index(row.finding), *map(natural, row.items), name, row.theirs


def decision_of(row: ReportRow, reviews: Reviews) -> str:
    """Return the decision about a row: a status of Mismatch Finder, `refused`, or ""."""
    guid = row.statement.guid if row.statement else ""
    prop = START if row.finding.startswith("start") else END if "end" in row.finding else TWINNED
    first, second = row.parties
    if row.finding in ("missing", "one-sided"):
        refused = any(
            reviews.refuses(party.iri, PROPERTY + TWINNED, f"http://www.wikidata.org/entity/{item}")
            for party, item in ((first, second.item), (second, first.item))
        )
        status = reviews.status(first.item, TWINNED, "", second.item)
        if not status and row.finding == "missing":
            status = reviews.status(second.item, TWINNED, "", first.item)
        return "refused" if refused else status
    if row.pair and row.statement:
        if reviews.refuses(row.pair.partnership, QUALIFIER + prop, row.statement.iri):
            return "refused"
        return reviews.status(row.statement.subject, prop, guid, "")
    return ""


# --- pairs ---------------------------------------------------------------------------------------


def _pair_rows(known: KnownPairs, snapshot: Snapshot) -> Iterator[ReportRow]:
    statements = snapshot.by_pair()
    for pair in known.pairs:
        if not _is_compared(pair):
            continue
        if snapshot.current(pair.items[0]) == snapshot.current(pair.items[1]):
            continue
        yield from _compare(pair, snapshot, statements)


def _is_compared(pair: KnownPair) -> bool:
    """Does a source of its own state the pair, and as one that is or was?"""
    return not {"implied", "planned", "second", "wikidata"} & set(pair.blocks)


def _compare(
    pair: KnownPair,
    snapshot: Snapshot,
    by_pair: Mapping[tuple[str, str], Sequence[WikidataStatement]],
) -> Iterator[ReportRow]:
    first, second = (snapshot.current(item) for item in pair.items)
    sides = [list(by_pair.get((first, second), ())), list(by_pair.get((second, first), ()))]
    pair_words = _words(pair)
    holding = [[item for item in side if item.rank != "deprecated"] for side in sides]
    if not any(sides):
        yield ReportRow("missing", pair.parties, pair, pair_words)
        return
    for number, side in enumerate(sides):
        parties = pair.parties if number == 0 else pair.parties[::-1]
        if not side:
            other = holding[1 - number] or sides[1 - number]
            yield ReportRow("one-sided", parties, pair, pair_words, statement=other[0])
        elif not holding[number]:
            yield ReportRow("deprecated", parties, pair, pair_words, statement=side[0])
        else:
            for statement in holding[number]:
                yield from _compare_statement(pair, parties, statement, holding[number])


def _compare_statement(
    pair: KnownPair,
    parties: tuple[Party, Party],
    statement: WikidataStatement,
    all_of_side: Sequence[WikidataStatement],
) -> Iterator[ReportRow]:
    row = ReportRow("", parties, pair, _words(pair), statement=statement)
    several = len(all_of_side) > 1
    yield from _compare_dates(row, pair, statement, several)
    if (
        statement.qualifiers is not None
        and is_flattened(pair.kinds)
        and (ROLE not in statement.qualifiers)
    ):
        yield replace(row, finding="kind-flattened")
    if statement.is_sourced is False:
        yield replace(row, finding="unsourced", theirs=_reference_words(statement))
    for time in (*(statement.start or ()), *(statement.end or ())):
        if time.calendar == JULIAN and time.value[1:5] >= "1924":
            yield replace(row, finding="julian", theirs=time.text)


def _compare_dates(
    row: ReportRow, pair: KnownPair, statement: WikidataStatement, several: bool
) -> Iterator[ReportRow]:
    for name, own, other in (("start", pair.start, statement.start),
                               ("end", pair.end, statement.end)):  # fmt: skip
        if other is None or own is None or own.time is None or own.inferred:
            continue
        dated = replace(
            row,
            ours=own.value,
            ours_precision=PRECISIONS.get(own.time.precision, ""),
            theirs=" / ".join(time.text for time in other),
            theirs_precision=" / ".join(_precision(time) for time in other),
        )
        known = [time for time in other if time.value]
        if not known:
            if name == "start" and not several:
                yield replace(dated, finding="start-lacking")
            continue
        relation = relate(own.time, known)
        if relation == "different" and not several:
            yield replace(dated, finding=f"{name}-differs")
        elif relation == "finer" and name == "start":
            yield replace(dated, finding="start-finer")
    if statement.end is None or several:
        return
    if statement.end and pair.status in ACTIVE:
        theirs_text = " / ".join(time.text for time in statement.end)
        yield replace(row, finding="ended-there", theirs=theirs_text,
                      theirs_precision=" / ".join(map(_precision, statement.end)))  # fmt: skip
    if not statement.end and pair.status == "ended":
        yield replace(row, finding="ended-here", ours=pair.end.value if pair.end else "ended")


def _precision(time: WikidataTime) -> str:
    return PRECISIONS.get(time.precision, str(time.precision)) if time.value else ""


def _words(pair: KnownPair) -> str:
    """Return our facts of a pair in words: kinds, start, end, status."""
    words = [", ".join(pair.kinds) or "partnership"]
    words += [f"since {pair.start.value}"] if pair.start else []
    words += [f"until {pair.end.value}"] if pair.end else []
    words += [pair.status] if pair.status else []
    return "; ".join(words)


def _reference_words(statement: WikidataStatement) -> str:
    names = sorted({name for reference in statement.references or () for name in reference})
    return ", ".join(names) or "no reference"


# --- items ---------------------------------------------------------------------------------------


def _item_rows(facts: LinkFacts, snapshot: Snapshot) -> Iterator[ReportRow]:
    for item, parties in shared_items(facts).items():
        for other in parties[1:]:
            yield ReportRow("shared-item", (parties[0], other), ours=item)
    geonames = dict(facts.links(TARGETS["geonames"]))
    for party in linked_places(facts):
        target = snapshot.current(party.item)
        if target != party.item:
            yield ReportRow("merged-item", (party, party), ours=party.item, theirs=target)
        known = snapshot.items.get(target)
        own_id = geonames.get(party.iri, "")
        is_country = bool(facts.values(party.iri, TG.countryCode))
        if known is None:
            continue
        if known.country and party.country and known.country != party.country and not is_country:
            yield ReportRow("wrong-item", (party, party), ours=f"country {party.country}",
                            theirs=f"country {known.country}")  # fmt: skip
        elif known.geonames and own_id and known.geonames != own_id:
            yield ReportRow("wrong-item", (party, party), ours=f"GeoNames {own_id}",
                            theirs=f"GeoNames {known.geonames}")  # fmt: skip
