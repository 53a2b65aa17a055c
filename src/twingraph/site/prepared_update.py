"""The files in `prepared/` of the previous build, updated after a change.

Each function takes the change and the earlier file, and returns the present one: the same bytes as
if it were made from the whole graph. None where that is not certain.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from pyoxigraph import NamedNode

from twingraph.export.jsonld import Json
from twingraph.rdf.change import DEFAULT
from twingraph.rdf.iris import local_path, path_of
from twingraph.rdf.vocabulary import TG
from twingraph.site.changed_part import Earlier
from twingraph.site.choices import BROWSED, combined
from twingraph.site.facts import PageFacts
from twingraph.site.incoming import INCOMING, MOST
from twingraph.site.listings import Listing, keys_of, letter_key
from twingraph.site.lists import members_of
from twingraph.site.names import NAMES, joined, packed_rows, split_rows
from twingraph.site.reader import LANGUAGES
from twingraph.site.values import sort_key

Edit = Callable[[Earlier, bytes], bytes | None]

_SHARE: Final = 8  # if more than 1/8 of a list changed, making the whole list is as fast
_SUBJECT: Final = TG.subject.value


# --- names ---------------------------------------------------------------------------------------


def names_after(earlier: Earlier, raw: bytes) -> bytes:
    """Return the names of all things, which rest on what is said of each alone."""
    part = earlier.part(earlier.changed)
    made: dict[str, list[bytes]] = defaultdict(list)
    for thing, row in packed_rows(part):
        made[thing].append(row)
    earlier.note(part)
    rows, kept_rows, reached = split_rows(raw), [], 0
    for thing in earlier.changed:
        key = thing.encode()
        start = stop = bisect_left(rows, key, reached, key=_thing_of)
        while stop < len(rows) and _thing_of(rows[stop]) == key:
            stop += 1
        kept_rows += [*rows[reached:start], *made[thing]]
        reached = stop
    return joined([*kept_rows, *rows[reached:]])


def _thing_of(row: bytes) -> bytes:
    return row[2 : row.index(b'"', 2)]  # no IRI holds a quotation mark


# --- lists ---------------------------------------------------------------------------------------


def listing_after(earlier: Earlier, raw: bytes, kind: str, language: str) -> bytes | None:
    """Return a list: what its entities are called, and which keys they fall under."""
    before = Listing(*json.loads(raw))
    near = _reached(earlier, kind)
    if len(near) > max(len(before.things) // _SHARE, 1):
        return None
    made = earlier.facts.remember(("listed again", kind), lambda: _listed_again(earlier, kind))
    return _json(_relisted(earlier, before, near, made, kind, language))


Made = Mapping[str, tuple[frozenset[str], frozenset[str], PageFacts]]


def _listed_again(earlier: Earlier, kind: str) -> Made:
    """Return the keys of each entity that the change reaches, what is stated of it, its names."""
    near = _reached(earlier, kind)
    around = set(near)
    if kind == "partnership":
        for thing in near:
            around |= earlier.values_of(thing, TG.partner) | earlier.subjects(TG.about, thing)
    part = earlier.part(around)
    members = [iri for iri in members_of(part, kind) if iri in near]
    keys, known = keys_of(part, kind, members_of(part, kind))
    facts = PageFacts(part, LANGUAGES[0])
    facts.mention(members)
    facts.complete()
    earlier.note(part)
    return {iri: (frozenset(keys[iri]), frozenset(known[iri]), facts) for iri in members}


def _reached(earlier: Earlier, kind: str) -> frozenset[str]:
    """Return what may stand elsewhere in the list, or under other keys.

    These are the things that changed; a partnership also rests on the countries of its partners and
    on the fields of what is about it.
    """
    reached = set(earlier.changed)
    if kind == "partnership":
        country, telling = f" {TG.country} ", (f" {TG.about} ", f" {TG.field} ")
        for thing in earlier.changed:
            lines = (*earlier.removed.get(thing, ()), *earlier.added.get(thing, ()))
            if any(country in line for line in lines):
                reached |= earlier.subjects(TG.partner, thing)
            if any(name in line for name in telling for line in lines):
                reached |= earlier.values_of(thing, TG.about)
    return frozenset(reached)


def _relisted(
    earlier: Earlier, before: Listing, near: frozenset[str], made: Made, kind: str, language: str
) -> Listing:  # fmt: skip
    names: dict[str, str] = {
        iri: sort_key(facts.in_language(language).name(iri).text)
        for iri, (_, _, facts) in made.items()
    }  # fmt: skip

    def place_of(iri: str) -> tuple[str, str]:
        if iri not in names:
            part = earlier.part([iri])
            facts = PageFacts(part, language)
            facts.mention([iri])
            facts.complete()
            names[iri] = sort_key(facts.name(iri).text)
        return names[iri], iri

    kept = [iri for iri in before.things if iri not in near]
    things: list[str] = []
    reached = 0
    for iri in sorted(made, key=place_of):
        cut = bisect_left(kept, place_of(iri), reached, key=place_of)
        things += [*kept[reached:cut], iri]
        reached = cut
    things += kept[reached:]
    now = {iri: place for place, iri in enumerate(things)}
    places = [-1 if iri in near else now[iri] for iri in before.things]
    under, stated = _moved(before.under, places), _moved(before.stated, places)
    for iri, (keys, known, _) in made.items():
        for key in {*keys, *combined(kind, keys), letter_key(names[iri])}:
            under[key].append(now[iri])
        for key in known:
            stated[key].append(now[iri])
    return Listing(things, _sorted(under), _sorted(stated))


def _moved(index: Mapping[str, Sequence[int]], places: Sequence[int]) -> dict[str, list[int]]:
    """Return an index of places after a move; `places` are the new ones of the old, -1 for none."""
    moved: dict[str, list[int]] = defaultdict(list)
    for key, each in index.items():
        moved[key] = [places[place] for place in each if places[place] >= 0]
    return moved


def _sorted(index: Mapping[str, list[int]]) -> dict[str, list[int]]:
    return {key: sorted(each) for key, each in sorted(index.items()) if each}


# --- what thousands point to ---------------------------------------------------------------------


def incoming_after(earlier: Earlier, raw: bytes) -> bytes:
    """Return what points to a thing to which thousands do."""
    kept: dict[str, Json] = json.loads(raw)
    removed, added = (_pointing(side.get(DEFAULT, ()))
                  for side in (earlier.change.removed, earlier.change.added))  # fmt: skip
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for (verb, value), number in earlier.values().items():
        numbers[value][verb] += number
    for thing in removed.keys() | added.keys():
        before, by_verb = kept.pop(thing, None), numbers[f"<{thing}>"]
        if by_verb.total() <= MOST:
            continue
        found = _pointing_after(thing, before, removed[thing], added[thing]) if before else None
        if found is None and local_path(path_of(thing, earlier.facts.base) or "") is not None:
            found = _pointing_now(earlier, thing, by_verb)
        if found and found.get(_SUBJECT, [0])[0] <= MOST:
            kept[thing] = found
    return _json(dict(sorted(kept.items())))


Pointing = Mapping[str, set[str]]


def _pointing(lines: Iterable[str]) -> Mapping[str, Pointing]:
    """Return thing -> property -> subjects of lines that name things."""
    pointing: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line in lines:
        subject, predicate, value = line.split(" ", 2)
        if value[0] == "<":
            pointing[value[1:-3]][predicate[1:-1]].add(subject[1:-1])
    return pointing


def _pointing_now(earlier: Earlier, thing: str, verbs: Iterable[str]) -> Json | None:
    """Return property -> number, first subjects of all that points to a thing; None: to itself."""
    incoming: Json = {}
    for verb in sorted(verbs):
        lines = earlier.facts.lines(NamedNode(verb[1:-1]), f"<{thing}>")
        things = sorted(line.partition(" ")[0][1:-1] for line in lines)
        if thing in things:
            return None
        if things:
            incoming[verb[1:-1]] = [len(things), things[:MOST]]
    return incoming


def _pointing_after(thing: str, before: Json, removed: Pointing, added: Pointing) -> Json | None:
    """Return the same, from what it was; None where more must be read for that."""
    result: Json = dict(before)
    for verb in removed.keys() | added.keys():
        number, first = before.get(verb, (0, []))
        now = number - len(removed.get(verb, ())) + len(added.get(verb, ()))
        new = added.get(verb, set())
        if number > MOST:  # what follows on the first is not known
            new = {thing for thing in new if thing <= first[-1]}
        things = sorted({*first}.difference(removed.get(verb, ())).union(new))
        if len(things) < min(now, MOST) or thing in added.get(verb, ()):
            return None
        result[verb] = [now, things[:MOST]]
    return {verb: result[verb] for verb in sorted(result) if result[verb][0]}


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


EDITED: Final[Mapping[str, Edit]] = {
    INCOMING: incoming_after,
    NAMES: names_after,
    **{
        f"list-{kind}-{language}.json": partial(listing_after, kind=kind, language=language)
        for kind in BROWSED
        for language in LANGUAGES
    },
}
