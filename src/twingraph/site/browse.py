"""The lists of places and of partnerships: facets as links, letters, pages of a hundred.

Each choice of one facet, each letter and each page is a page of the site of its own, below
`<kind>/list/`; the first page of what is shown by default is `<kind>/index.html`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from twingraph.rdf.vocabulary import CODES
from twingraph.site.choices import (
    BROWSED,
    DEFAULT,
    FACETS,
    JOIN,
    Choice,
    Option,
    canonical,
    options_of,
    path_of,
    read_path,
)
from twingraph.site.columns import heading
from twingraph.site.facts import PageFacts
from twingraph.site.kind_names import kinds_name
from twingraph.site.links import relative
from twingraph.site.listings import Listing, facet_counts, has_page, listing_of, rows_about
from twingraph.site.lists import partnership_cells, place_cells
from twingraph.site.partners import iris_in
from twingraph.site.reader import LANGUAGES, BuildReader, Row
from twingraph.site.render import Link
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.translation import words_of

PAGE_SIZE: Final = 100
COLUMNS: Final = {
    "place": ("level", "country", "partnerships"),
    "partnership": ("kind", "since", "end", "status"),
}


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


def browse_paths(reader: BuildReader) -> list[str]:
    """Return the path of every page of the lists, without its language.

    The letters are those of the English names, for they are nearly those of other languages; a
    letter that only another language knows is reached there too.
    """
    paths = []
    for kind in BROWSED:
        counts: Counter[str] = Counter()
        for language in LANGUAGES:
            counts |= facet_counts(reader, kind, language)
        for key, number in counts.items():
            if canonical(key, counts) != key:
                continue
            for page in range(1, -(-number // PAGE_SIZE) + 1):
                paths.append(path_of(Choice(kind, key, page)))
        paths.append(f"{kind}/index.html")
    return sorted(set(paths))


def browse_page(reader: BuildReader, language: str, path: str) -> BrowsePage | None:
    """Return the page of a list at `path`; None where nothing falls under the choice."""
    choice = read_path(path)
    if choice is None or not has_page(reader, choice, language):
        return None
    place = f"{language}/{path}"
    listing = listing_of(reader, choice.kind, language)
    total = listing.number(choice.key)
    first = (choice.page - 1) * PAGE_SIZE
    number = max(
        facet_counts(reader, choice.kind, each_language)[choice.key] for each_language in LANGUAGES
    )  # a letter may have names in one language only, and its page stands in all
    if path != path_of(choice) or (first >= number and path != f"{choice.kind}/index.html"):
        return None
    words = words_of(language)
    shown = listing.chosen(choice.key, first, first + PAGE_SIZE)
    facets = _facets(reader, language, place, choice)
    return BrowsePage(
        title=_title(choice, language, facets),
        counted=words.ngettext("{number} in all", "{number} in all", total),
        facets=facets,
        letters=_letters(listing, choice, language, place),
        columns=[
            words.gettext("Name"),
            *(heading(column, language) for column in COLUMNS[choice.kind]),
        ],
        rows=list_rows(reader, language, place, choice.kind, shown),
        pages=_pages(choice, total, language, place),
        csv=relative(f"{language}/{path_of(choice._replace(page=1), 'csv')}", place),
    )


def list_rows(
    reader: BuildReader, language: str, place: str, kind: str, shown: Sequence[str],
    form: type[ValueFormatter] = ValueFormatter,
) -> list[list[list[Value]]]:  # fmt: skip
    """Return the cells of some things, the name first, as a page of a list at `place` has them."""
    rows: dict[str, list[Row]] = {iri: [] for iri in shown}
    for row in rows_about(reader, kind, shown):
        if row["thing"] is not None:
            rows[row["thing"].value].append(row)
    facts = PageFacts(reader, language)
    facts.mention(iris_in(row for each in rows.values() for row in each))
    facts.complete()
    formatter = form(facts, place)
    cells = place_cells if kind == "place" else partnership_cells
    return [[[formatter.link(iri)], *cells(formatter, rows[iri])] for iri in shown]


def _facets(reader: BuildReader, language: str, place: str, choice: Choice) -> list[Facet]:
    words = words_of(language)
    counts = facet_counts(reader, choice.kind, language)
    all_link = _link(language, place, choice, Option("all", "all", counts["all"]),
                  words.gettext("all"))  # fmt: skip
    facets = [Facet(words.gettext("Show"), [all_link])]
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
            facets.append(Facet(words.gettext(name), links))
    return facets


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
        others = words.gettext("other letters")
        name = f"{name}: {letter.upper() if len(letter) == 1 else others}"
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
    shown_pages = {1, last, *range(choice.page - 2, choice.page + 3)}
    return [
        Link(str(page), relative(f"{language}/{path_of(choice._replace(page=page))}", place),
             page == choice.page)
        for page in sorted(shown_pages)
        if 1 <= page <= last
    ] if last > 1 else []  # fmt: skip
