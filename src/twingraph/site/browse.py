"""The lists of places and of partnerships: facets as links, letters, pages of a hundred, CSV.

Each choice of one facet, each letter and each page is a page of the site of its own, below
`<kind>/list/`; the first page of what is shown by default is `<kind>/index.html`.
"""

from __future__ import annotations

import csv
import io
import json
import marshal
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.packed import Index, Texts
from twingraph.rdf.vocabulary import CODES
from twingraph.site.choices import (
    BROWSED,
    DEFAULT,
    FACETS,
    JOIN,
    Choice,
    Option,
    canonical,
    combined,
    options_of,
    path_of,
    read_path,
)
from twingraph.site.columns import heading
from twingraph.site.facts import PageFacts
from twingraph.site.links import relative
from twingraph.site.lists import members_of, partnership_cells, place_cells
from twingraph.site.partners import iris_in
from twingraph.site.reader import LANGUAGES, BuildReader, Row
from twingraph.site.render import Link
from twingraph.site.values import TextFormatter, Value, ValueFormatter, sort_key
from twingraph.site.words import kinds_name
from twingraph.translation import words_of

PAGE_SIZE: Final = 100
_LONG: Final = 2000  # things of a list whose records are packed ahead
_STATED: Final = ("start", "type", "status")
_BATCH: Final = 2000  # entities in a query
_COLUMNS: Final = {
    "place": ("level", "country", "partnerships"),
    "partnership": ("kind", "since", "end", "status"),
}


class Listing(NamedTuple):
    """All entities of a kind by name: the IRIs in order, and the positions of each key's entities.

    `stated` are the places of the partnerships whose start, type or status is stated.
    """

    things: Sequence[str]
    under: Mapping[str, Sequence[int]]
    stated: Mapping[str, Sequence[int]]

    def chosen(self, key: str) -> Sequence[str]:
        """Return the entities of a choice, in order."""
        if key == "all":
            return self.things
        return [self.things[place] for place in self.under.get(key, ())]


class Facet(NamedTuple):
    """A facet with its values as links, each with its number."""

    name: str
    values: list[Link]


class BrowsePage(NamedTuple):
    """A page of a list."""

    title: str
    counted: str
    facets: list[Facet]
    letters: list[Link]
    columns: list[str]
    rows: list[list[list[Value]]]
    pages: list[Link]
    csv: str


def listing_of(reader: BuildReader, kind: str, language: str) -> Listing:
    """Return everything of a kind by name, with the facets that it falls under."""

    def read() -> Listing:
        kept = reader.prepared.get(f"list-{kind}-{language}.json")
        found = listings(reader, kind)[language] if kept is None else Listing(*json.loads(kept))
        return Listing(Texts(found.things), Index(found.under), Index(found.stated))

    return reader.remember(("listing", kind, language), read)


def listings(reader: BuildReader, kind: str) -> dict[str, Listing]:
    """Return the list of a kind in each language, as `json` can keep it for `listing_of`."""
    members = members_of(reader, kind)
    keys: dict[str, set[str]] = {iri: set() for iri in members}
    known: dict[str, set[str]] = {iri: set() for iri in members}
    for row in _rows_about(reader, kind, members):
        if isinstance(row["thing"], NamedNode):
            keys[row["thing"].value] |= _own_keys(kind, row)
            known[row["thing"].value] |= {name for name in _STATED if row.get(name) is not None}
    if kind == "partnership":
        for row in reader.rows("list-partnership-facets"):
            if row["thing"] is not None:
                keys[row["thing"].value] |= _keys(row, ("country", "field"))
    facts = PageFacts(reader, LANGUAGES[0])
    facts.mention(members)
    facts.complete()
    return {
        language: _listed(kind, members, keys, known, facts.in_language(language))
        for language in LANGUAGES
    }


def _listed(
    kind: str,
    members: Sequence[str],
    keys: Mapping[str, set[str]],
    known: Mapping[str, set[str]],
    facts: PageFacts,
) -> Listing:
    """Return entities in the order of their names: places in it by key, and by what is stated.

    `known` tells of each which of its columns are stated.
    """
    names = {iri: sort_key(facts.name(iri).text) for iri in members}
    things = sorted(members, key=lambda iri: (names[iri], iri))
    under: dict[str, list[int]] = defaultdict(list)
    both: dict[frozenset[str], frozenset[str]] = {}  # most entities share their keys with others
    stated: dict[str, list[int]] = defaultdict(list)
    for place, iri in enumerate(things):
        own = frozenset(keys[iri])
        if own not in both:
            both[own] = own | combined(kind, own)
        for key in both[own]:
            under[key].append(place)
        under[f"letter-{_letter(names[iri])}"].append(place)
        for name in known[iri]:
            stated[name].append(place)
    return Listing(things, dict(sorted(under.items())), dict(sorted(stated.items())))


def _rows_about(reader: BuildReader, kind: str, things: Sequence[str]) -> Iterator[Row]:
    for start in range(0, len(things), _BATCH):
        yield from reader.rows_of(f"list-{kind}", things[start : start + _BATCH])


def _own_keys(kind: str, row: Row) -> set[str]:
    if kind == "place":
        return _keys(row, ("level", "country"))
    found = {key.replace("type-", "kind-", 1) for key in _keys(row, ("type", "status"))}
    start = row.get("start")
    match = re.match(r"(\d{3})[\dX]", start.value) if start is not None else None
    if match is not None and not re.search(r"[,.\[/]", start.value if start is not None else ""):
        found.add(f"decade-{match[1]}0")
    return found


def _keys(row: Row, names: Iterable[str]) -> set[str]:
    return {
        f"{name}-{value.value.rpartition('/')[2]}"
        for name in names
        if (value := row.get(name)) is not None
    }


def _letter(key: str) -> str:
    """Return the letter under which a name with that sort key is listed.

    >>> [_letter(sort_key(name)) for name in ("Ährenfeld", "Łódź", "Мінск", "25th")]
    ['a', 'l', 'other', 'other']
    """
    return key[0] if "a" <= key[:1] <= "z" else "other"


def browse_paths(reader: BuildReader) -> list[str]:
    """Return the path of every page of the lists, without its language.

    The letters are those of the English names, for they are nearly those of other languages; a
    letter that only another language knows is reached there too.
    """
    found = []
    for kind in BROWSED:
        counts: Counter[str] = Counter()
        for language in LANGUAGES:
            counts |= facet_counts(reader, kind, language)
        for key, number in counts.items():
            if canonical(key, counts) != key:
                continue
            for page in range(1, -(-number // PAGE_SIZE) + 1):
                found.append(path_of(Choice(kind, key, page)))
        found.append(f"{kind}/index.html")
    return sorted(set(found))


def facet_counts(reader: BuildReader, kind: str, language: str) -> Counter[str]:
    """Return the number of entities of a kind by key; counted once for a build."""
    listing = listing_of(reader, kind, language)
    return reader.remember(
        ("facet counts", kind, language),
        lambda: Counter(
            {
                "all": len(listing.things),
                **{key: len(listing.under[key]) for key in sorted(listing.under)},
            }
        ),
    )


def browse_page(reader: BuildReader, language: str, path: str) -> BrowsePage | None:
    """Return the page of a list at `path`; None where nothing falls under the choice."""
    choice = read_path(path)
    if choice is None or not _has_page(reader, choice, language):
        return None
    place = f"{language}/{path}"
    listing = listing_of(reader, choice.kind, language)
    chosen = listing.chosen(choice.key)
    first = (choice.page - 1) * PAGE_SIZE
    number = max(
        facet_counts(reader, choice.kind, each_language)[choice.key] for each_language in LANGUAGES
    )  # a letter may have names in one language only, and its page stands in all
    if path != path_of(choice) or (first >= number and path != f"{choice.kind}/index.html"):
        return None
    words = words_of(language)
    shown = chosen[first : first + PAGE_SIZE]
    facets = _facets(reader, language, place, choice)
    return BrowsePage(
        title=_title(choice, language, facets),
        counted=words.ngettext("{number} in all", "{number} in all", len(chosen)),
        facets=facets,
        letters=_letters(listing, choice, language, place),
        columns=[
            words.gettext("Name"),
            *(heading(column, language) for column in _COLUMNS[choice.kind]),
        ],
        rows=_rows(reader, language, place, choice.kind, shown),
        pages=_pages(choice, len(chosen), language, place),
        csv=relative(f"{language}/{path_of(choice._replace(page=1), 'csv')}", place),
    )


def browse_csv(reader: BuildReader, language: str, path: str) -> bytes | None:
    """Return the rows of a choice as CSV, with the address of each entity."""
    choice = read_path(path)
    if choice is None or path != path_of(choice, "csv") or choice.page != 1:
        return None
    if not _has_page(reader, choice, language):
        return None
    chosen = listing_of(reader, choice.kind, language).chosen(choice.key)
    if not chosen and not any(
        facet_counts(reader, choice.kind, each_language)[choice.key] for each_language in LANGUAGES
    ):
        return None
    packed = reader.memory.get(("csv", choice.kind, language))
    if packed is None:
        return "".join(_records(reader, language, choice.kind, chosen)).encode()
    head, *records = marshal.loads(zlib.decompress(packed))
    listing = listing_of(reader, choice.kind, language)
    places = range(len(records)) if choice.key == "all" else listing.under.get(choice.key, ())
    return "".join([head, *(records[place] for place in places)]).encode()


def pack_csv(reader: BuildReader) -> dict[object, bytes]:
    """Return the CSV records of lists that are long, to be remembered: all that a choice needs.

    Each is the records of everything of a kind in a language, head first, packed by `marshal` and
    zlib: some hundred kilobytes, where to write them would take most of a second.
    """
    found: dict[object, bytes] = {}
    for kind in BROWSED:
        for language in LANGUAGES:
            things = listing_of(reader, kind, language).things
            if len(things) > _LONG:
                records = [*_records(reader, language, kind, things)]
                found["csv", kind, language] = zlib.compress(marshal.dumps(records))
    return found


def _records(reader: BuildReader, language: str, kind: str, things: Sequence[str]) -> Iterator[str]:
    """Yield the head of a CSV and the record of each thing, with their line ends (RFC 4180)."""
    words, columns = words_of(language), _COLUMNS[kind]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")

    def written(row: Sequence[str]) -> str:
        writer.writerow(row)
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return text

    yield written(["IRI", words.gettext("Name"),
                   *(heading(column, language) for column in columns)])  # fmt: skip
    path = f"{language}/{kind}/list/all.csv"  # nothing in it depends on where it stands
    for iri, row in zip(
        things, _rows(reader, language, path, kind, things, TextFormatter), strict=True
    ):
        texts = (" / ".join("" if v.absent else v.text for v in cell) for cell in row)
        yield written([iri, *map(_guarded, texts)])


def _guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] == "\t" or text.lstrip()[:1] in ("=", "+", "-", "@") else text


def csv_paths(reader: BuildReader) -> list[str]:
    """Return the path of every CSV of the lists, without its language."""
    choices = (read_path(path) for path in browse_paths(reader))
    return sorted(
        {path_of(choice, "csv") for choice in choices if choice is not None and choice.page == 1}
    )


def _rows(
    reader: BuildReader, language: str, place: str, kind: str, shown: Sequence[str],
    form: type[ValueFormatter] = ValueFormatter,
) -> list[list[list[Value]]]:  # fmt: skip
    rows: dict[str, list[Row]] = {iri: [] for iri in shown}
    for row in _rows_about(reader, kind, shown):
        if row["thing"] is not None:
            rows[row["thing"].value].append(row)
    facts = PageFacts(reader, language)
    facts.mention(iris_in(row for each in rows.values() for row in each))
    facts.complete()
    formatter = form(facts, place)
    cells = place_cells if kind == "place" else partnership_cells
    return [[[formatter.link(iri)], *cells(formatter, rows[iri])] for iri in shown]


def _has_page(reader: BuildReader, choice: Choice, language: str) -> bool:
    return canonical(choice.key, facet_counts(reader, choice.kind, language)) == choice.key


def _facets(reader: BuildReader, language: str, place: str, choice: Choice) -> list[Facet]:
    words = words_of(language)
    counts = facet_counts(reader, choice.kind, language)
    every = _link(language, place, choice, Option("all", "all", counts["all"]),
                  words.gettext("all"))  # fmt: skip
    found = [Facet(words.gettext("Show"), [every])]
    for facet, name in FACETS[choice.kind].items():
        options = options_of(choice, facet, counts)
        named = _names(reader, language, facet, [each.key for each in options if each.key])
        names = {"": words.gettext("all"), **named}
        if facet != "decade":
            options = sorted(
                options, key=lambda each: (each.key != "", -each.number, sort_key(names[each.key]))
            )
        links = [_link(language, place, choice, each, names[each.key]) for each in options]
        if links:
            found.append(Facet(words.gettext(name), links))
    return found


def _names(
    reader: BuildReader, language: str, facet: str, keys: Iterable[str]
) -> Mapping[str, str]:
    """Return the names of the values of a facet."""
    words = words_of(language)
    slugs = {key: key.partition("-")[2] for key in keys}
    if facet == "decade":
        return {key: words.pgettext("date", "the {year}s", year=year)
                for key, year in slugs.items()}  # fmt: skip
    bases = {
        "country": f"{reader.base}id/place/", "level": f"{CODES}level/", "kind": f"{CODES}type/",
        "status": f"{CODES}status/", "field": f"{CODES}field/",
    }  # fmt: skip
    facts = PageFacts(reader, language)
    facts.mention(bases[facet] + slug for slug in slugs.values())
    facts.complete()
    return {key: facts.name(bases[facet] + slug).text for key, slug in slugs.items()}


def _link(language: str, place: str, choice: Choice, option: Option, text: str) -> Link:
    target = f"{language}/{path_of(Choice(choice.kind, option.target, 1))}"
    shown = f"{text} ({words_of(language).number(option.number)})"
    return Link(shown, relative(target, place), option.key in choice.key.split(JOIN))


def _title(choice: Choice, language: str, facets: Sequence[Facet]) -> str:
    words = words_of(language)
    name = kinds_name(choice.kind, language)
    if choice.kind == "place" and choice.key == DEFAULT["place"]:
        name = words.gettext("Cities")
    elif choice.key.startswith("letter-"):
        letter = choice.key.partition("-")[2]
        name = f"{name}: {letter.upper() if len(letter) == 1 else words.gettext('other letters')}"
    else:
        current = [link.text.rpartition(" (")[0]
                   for facet in facets[1:] for link in facet.values if link.current]  # fmt: skip
        name = f"{name}: {', '.join(current)}" if current else name
    if choice.page > 1:
        name = words.gettext("{list}, page {number}", list=name, number=choice.page)
    return name


def _letters(listing: Listing, choice: Choice, language: str, place: str) -> list[Link]:
    letters = sorted(
        (key for key in listing.under if key.startswith("letter-")),
        key=lambda key: (len(key), key),
    )
    return [
        Link(
            key.partition("-")[2].upper() if len(key) == 8 else "…",
            relative(f"{language}/{path_of(Choice(choice.kind, key, 1))}", place),
            key == choice.key,
        )
        for key in letters
    ]


def _pages(choice: Choice, number: int, language: str, place: str) -> list[Link]:
    last = -(-number // PAGE_SIZE)
    near = {1, last, *range(choice.page - 2, choice.page + 3)}
    return [
        Link(str(page), relative(f"{language}/{path_of(choice._replace(page=page))}", place),
             page == choice.page)
        for page in sorted(near)
        if 1 <= page <= last
    ] if last > 1 else []  # fmt: skip
