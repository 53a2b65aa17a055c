"""The prepared results of queries over the whole graph, updated after a change.

Most of these queries count partnerships, or members of a class: the earlier counts of the affected
entities are subtracted, and their present ones added. The others have separate rows for each
entity, which are replaced, or are evaluated on the whole graph again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from twingraph.export.jsonld import Json
from twingraph.rdf.change import DEFAULT
from twingraph.rdf.dataset import text_of
from twingraph.rdf.vocabulary import PREFIXES, RDF, TG
from twingraph.site.changed_part import Earlier
from twingraph.site.line_reader import names_in
from twingraph.site.line_rows import FROM_LINES, LineTable
from twingraph.site.reader import BuildReader, pack_rows

_ANNIVERSARIES: Final = "anniversaries"
_DEPRECATED: Final = f"<{PREFIXES['owl']}deprecated>"
_TYPE: Final = str(RDF.type)
_MOST: Final = 2000  # entities for which rows are queried again
Texts = tuple[str | None, ...]


class Counted(NamedTuple):
    """A query whose rows are `keys` and how many partnerships or things have them (`numbers`)."""

    keys: tuple[str, ...]
    numbers: tuple[str, ...]
    order: Callable[[Texts, Sequence[int]], tuple[object, ...]]  # of a row, by both


def _text(term: str | None) -> str:
    return text_of(term) if term else ""


def _by_number(keys: Texts, numbers: Sequence[int]) -> tuple[object, ...]:
    return -numbers[0], *map(_text, keys)


def _by_keys(keys: Texts, numbers: Sequence[int]) -> tuple[object, ...]:
    return tuple(map(_text, keys))


def _by_year(keys: Texts, numbers: Sequence[int]) -> tuple[object, ...]:
    return tuple((key is not None, int(_text(key) or 0)) for key in keys)


COUNTED: Final[Mapping[str, Counted]] = {
    "classes": Counted(("class",), ("things",), _by_keys),
    "statistics-countries": Counted(("one", "other"), ("partnerships",), _by_number),
    "statistics-fields": Counted(("field",), ("partnerships",), _by_number),
    "statistics-kinds": Counted(("kind",), ("certain", "possible"), _by_number),
    "statistics-sources": Counted(("source",), ("partnerships", "starts"), _by_number),
    "statistics-starts": Counted(("firstYear", "lastYear"), ("partnerships",), _by_year),
}
_NUMBERS: Final = "numbers"
_ASKED: Final = (_ANNIVERSARIES, "statistics-fields", "statistics-starts")


def answers_after(
    earlier: Earlier, raw: bytes, whole: Callable[[], BuildReader], answered: Iterable[str]
) -> Json | None:
    """Return what each of the `answered` queries comes to, from the file of the build before.

    `whole` returns who answers from everything. None where the change reaches too much.
    """
    before = json.loads(raw)
    partnerships, near = _around(earlier)
    if len(near) > _MOST:
        return None
    sides = [earlier.asking(near, _ASKED, then) for then in (True, False)]
    texts = sides[1].queries
    answers: Json = {}
    for name in answered:
        old = before[name]
        if name in COUNTED and old["rows"]:
            new = _recounted(
                old, COUNTED[name], *(pack_rows("", side.rows(name)) for side in sides)
            )
        elif name == _NUMBERS and not _withdrawal(earlier):
            new = _numbers(earlier, old, *(pack_rows("", side.rows(name)) for side in sides))
        elif name == _ANNIVERSARIES and old["rows"]:
            new = _replaced(old, pack_rows("", sides[1].rows(name)), partnerships)
        elif name not in FROM_LINES and not _is_read(earlier, texts[name]):
            new = old
        else:
            new = pack_rows(texts[name], whole().rows(name))
        names = new["names"] if new["rows"] else []
        answers[name] = {"query": old["query"], "names": names, "rows": new["rows"]}
    for side in sides:
        earlier.note(side)
    return answers


# --- what a change reaches -----------------------------------------------------------------------


def _around(earlier: Earlier) -> tuple[set[str], set[str]]:
    """Return the partnerships that a change tells of, and these with all that tells of them.

    A partnership is told of by claims and by what is about it; these by what they cite, and by who
    decided; it is counted by what its partners are.
    """
    changed = set(earlier.changed)
    partnerships = set(changed)
    for thing in changed:
        tellers = {
            thing,
            *earlier.subjects(TG.cites, thing),
            *earlier.subjects(TG.decidedBy, thing),
        }
        for teller in tellers:
            partnerships |= earlier.values_of(teller, TG.subject)
            partnerships |= earlier.values_of(teller, TG.about)
        partnerships |= tellers
        lines = (*earlier.removed.get(thing, ()), *earlier.added.get(thing, ()))
        if any(f" {TG.country} " in line for line in lines):
            partnerships |= earlier.subjects(TG.partner, thing)
    affected = set(partnerships)
    for thing in partnerships:
        affected |= earlier.values_of(thing, TG.partner)
        tellers = {thing, *earlier.subjects(TG.subject, thing), *earlier.subjects(TG.about, thing)}
        affected |= tellers
        for teller in tellers:
            affected |= earlier.values_of(teller, TG.cites)
            affected |= earlier.values_of(teller, TG.decidedBy)
        if len(affected) > _MOST:
            break
    return partnerships, affected


def _is_read(earlier: Earlier, query: str) -> bool:
    """Does a query read any line that changed? It names what it reads."""
    names = names_in(query)
    sides = (earlier.change.removed, earlier.change.added)
    for line in (line for side in sides for line in side.get(DEFAULT, ())):
        _, predicate, value = line.split(" ", 2)
        if predicate in names and (predicate != _TYPE or value[:-2] in names):
            return True
    return False


# --- answers -------------------------------------------------------------------------------------


def _recounted(before: Json, counted: Counted, then: Json, now: Json) -> Json:
    keys_at = [before["names"].index(name) for name in counted.keys]
    numbers_at = [before["names"].index(name) for name in counted.numbers]
    counts: dict[Texts, list[int]] = {}
    for answer, sign in ((before, 1), (then, -1), (now, 1)):
        for row in answer["rows"]:
            key = tuple(row[place] for place in keys_at)
            numbers = counts.setdefault(key, [0] * len(numbers_at))
            for place, column in enumerate(numbers_at):
                numbers[place] += sign * int(_text(row[column]))
    rows = []
    for key, numbers in sorted(
        ((key, numbers) for key, numbers in counts.items() if any(numbers)),
        key=lambda item: counted.order(*item),
    ):
        texts = dict(zip(keys_at, key, strict=True))
        texts |= dict(zip(numbers_at, map(_number, numbers), strict=True))
        rows.append([texts[place] for place in range(len(before["names"]))])
    return {"names": before["names"], "rows": rows}


def _number(number: int) -> str:
    return f'"{number}"^^<http://www.w3.org/2001/XMLSchema#integer>'


def _numbers(earlier: Earlier, before: Json, then: Json, now: Json) -> Json:
    """Return how many there are of each; partners are those whom any partnership names.

    Where nothing is withdrawn that matters (`_withdrawal`).
    """
    rows = zip(*(answer["rows"][0] for answer in (before, then, now)), strict=True)
    counts = [int(_text(a)) - int(_text(b)) + int(_text(c)) for a, b, c in rows]
    partner, values = str(TG.partner), earlier.values()
    removed, added = (
        Counter(line.split(" ", 2)[2][:-2] for line in side.get(DEFAULT, ())
                if f" {partner} " in line and line.split(" ", 2)[1] == partner)
        for side in (earlier.change.removed, earlier.change.added)
    )  # fmt: skip
    place = before["names"].index("partners")
    counts[place] = int(_text(before["rows"][0][place]))
    for value in removed.keys() | added.keys():
        number = values[partner, value]
        counts[place] += (number > 0) - (number - added[value] + removed[value] > 0)
    return {"names": before["names"], "rows": [[_number(number) for number in counts]]}


def _withdrawal(earlier: Earlier) -> bool:
    """Does a change withdraw anything, or name a partner of what is withdrawn, now or then?"""
    partner, withdrawn = str(TG.partner), LineTable(earlier.facts).withdrawn
    hidden = {value for tie in withdrawn for value in earlier.facts.written(tie, partner)}
    for side in (earlier.change.removed, earlier.change.added):
        for line in side.get(DEFAULT, ()):
            subject, predicate, value = line.split(" ", 2)
            if predicate == _DEPRECATED:
                return True
            if predicate == partner and (subject[1:-1] in withdrawn or value[:-2] in hidden):
                return True
    return False


def _replaced(before: Json, now: Json, near: set[str]) -> Json:
    """Return rows that come by partnership, with those of some partnerships replaced."""
    place = before["names"].index("partnership")
    rows = [row for row in before["rows"] if _text(row[place]) not in near]
    rows += [row for row in now["rows"] if _text(row[place]) in near]
    rows.sort(key=lambda row: _text(row[place]))  # stable: those of each are in order already
    return {"names": before["names"], "rows": rows}
