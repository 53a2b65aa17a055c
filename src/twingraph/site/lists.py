"""Lists of the entities of a kind, each a table in pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pyoxigraph import Literal, NamedNode

from twingraph.packed_tables import Texts
from twingraph.rdf.vocabulary import PREFIXES, TG, expand
from twingraph.site.columns import heading
from twingraph.site.facts import PageFacts
from twingraph.site.incoming import kept_of
from twingraph.site.kind_names import kinds_name
from twingraph.site.links import relative
from twingraph.site.partners import iris_in, since_value, status_value
from twingraph.site.reader import BuildReader, Row
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.translation import words_of

CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(expand(name) for name in names)
    for kind, names in {
        "place": ("tg:AdministrativeUnit", "schema:Place"),
        "partnership": ("tg:Partnership",),
        "agreement": ("tg:Agreement",),
        "decision": ("tg:Decision",),
        "event": ("tg:Event",),
        "project": ("tg:Project",),
        "programme": ("tg:Programme",),
        "statement": ("tg:PublicStatement",),
        "org": ("org:Organization",),
        "unit": ("org:OrganizationalUnit",),
        "post": ("org:Post",),
        "person": ("foaf:Person",),
        "source": ("tg:SourceDocument",),
    }.items()
}
# classes of evidence and of parts, which have no pages; their IRIs are those of `EVIDENCE_KINDS`
_PARTS: Final = frozenset({TG.Claim.value, TG.Citation.value, PREFIXES["geo"] + "Geometry"})
PAGE: Final = 100  # entities on a page of a list


class Paging(NamedTuple):
    """Which page of a list it is, of how many; the addresses of the pages beside it, or ''."""

    number: int
    last: int
    previous: str
    next: str


class ListPage(NamedTuple):
    """A table with a heading: `rows` hold one list of values a column."""

    title: str
    note: str
    columns: list[str]
    rows: list[list[list[Value]]]
    counted: str
    paging: Paging | None


def list_path(kind: str, number: int = 1) -> str:
    """Return the path of a page of a list below its language.

    >>> list_path("place"), list_path("place", 2)
    ('place/index.html', 'place/page-2.html')
    """
    return f"{kind}/index.html" if number == 1 else f"{kind}/page-{number}.html"


def members_of(site: BuildReader, kind: str) -> Sequence[str]:
    """Return the IRIs of all entities of a kind, sorted; queried once for a build."""

    def ask() -> Texts:
        rows = site.rows_of("members", CLASSES[kind])
        return Texts(
            sorted(thing.value for row in rows if isinstance(thing := row["thing"], NamedNode))
        )

    return site.remember(("members", kind), ask)


def things_with_pages(site: BuildReader) -> list[str]:
    """Return the IRIs of all entities that have a page, without withdrawn ones.

    `page_path` says of which there is one: of all that the query `described` selects but evidence.
    Most of a large graph is evidence, so it is left out here by its classes, of which the build has
    noted which there are.
    """
    things = {thing for kind in CLASSES for thing in members_of(site, kind)}
    listed = {name for names in CLASSES.values() for name in names}
    classes = (row["class"] for row in site.rows("classes"))
    others = sorted(
        each.value for each in classes
        if isinstance(each, NamedNode) and each.value not in listed | _PARTS
    )  # fmt: skip
    rows = site.rows_of("members", others)
    things |= {thing.value for row in rows if isinstance(thing := row["thing"], NamedNode)}
    return sorted(thing for thing in things if "/id/" in thing or "/vocab/" in thing)


def list_page(
    site: BuildReader, kind: str, language: str, current_path: str, number: int = 1
) -> ListPage | None:
    """Make a page of the list of all entities of a kind; None if there is no such page."""
    members = members_of(site, kind)
    last = max(1, -(-len(members) // PAGE))
    if not 1 <= number <= last:
        return None
    shown = members[(number - 1) * PAGE : number * PAGE]
    rows = site.rows_of(f"list-{kind}" if f"list-{kind}" in site.queries else "list", shown)
    if kind == "source":
        rows = _with_citations(site, rows)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        thing = row["thing"]
        if isinstance(thing, NamedNode):
            groups.setdefault(thing.value, []).append(row)
    facts = PageFacts(site, language)
    facts.mention(iris_in(rows))
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    words = words_of(language)
    columns, cells = _COLUMNS.get(kind, (_DATED if _has(rows, "date") else _PLAIN, _dated))
    if columns == _PLAIN:
        cells = _plain
    table = [[[formatter.link(thing)], *cells(formatter, each)] for thing, each in groups.items()]
    table.sort(key=lambda row: sort_key(row[0][0].text))
    beside = (
        relative(f"{language}/{list_path(kind, item)}", current_path) if 1 <= item <= last else ""
        for item in (number - 1, number + 1)
    )
    return ListPage(
        title=kinds_name(kind, language),
        note="",
        columns=[words.gettext("Name"), *(heading(name, language) for name in columns)],
        rows=table,
        counted=words.ngettext("{number} in all", "{number} in all", len(members)),
        paging=Paging(number, last, *beside) if last > 1 else None,
    )


def _with_citations(site: BuildReader, rows: Sequence[Row]) -> list[Row]:
    """Return rows of sources with the number of citations, as the build counted it where many."""
    sources = sorted({row["thing"].value for row in rows if row["thing"] is not None})
    verb, kept = TG.inSource.value, kept_of(site)
    numbers = {iri: str(kept[iri].get(verb, (0, ()))[0]) for iri in sources if iri in kept}
    for row in site.rows_of("citations-number", [iri for iri in sources if iri not in kept]):
        thing, number = row["thing"], row["citations"]
        if thing is not None and number is not None:
            numbers[thing.value] = number.value
    return [
        {**row, "citations": Literal(numbers.get(row["thing"].value, "0"))}
        for row in rows if row["thing"] is not None
    ]  # fmt: skip


def _has(rows: Iterable[Row], name: str) -> bool:
    return any(row.get(name) is not None for row in rows)


Cells = list[list[Value]]


def partnership_cells(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    """Return kinds, start, end and status of a partnership, of its rows of `list-partnership`."""
    first = rows[0]
    implied = first["modality"] is not None
    note = formatter.words.gettext("implied") if implied else ""
    end = first["end"]
    return [
        [link._replace(note=note) for link in named_links(formatter, rows, "type")],
        [since_value(formatter, first["start"])],
        [formatter.value(end)] if end is not None else [],
        [status_value(formatter, first["status"])],
    ]


def place_cells(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    """Return levels, country and number of partnerships of a place, of `list-place`."""
    number = rows[0]["partnerships"]
    return [
        named_links(formatter, rows, "level"),
        named_links(formatter, rows, "country"),
        [Value(number.value)] if number is not None and number.value != "0" else [],
    ]


def _source(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    number, spoken = rows[0]["citations"], rows[0]["language"]
    language = PREFIXES["dcterms"] + "language"
    publisher = named_links(formatter, rows, "publisher")
    return [
        publisher or [Value(formatter.words.gettext("not stated in our sources"), absent=True)],
        [formatter.value(spoken, language)] if spoken is not None else [],
        [Value(number.value if number is not None else "0")],
    ]


def _dated(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    date = rows[0]["date"]
    unknown = Value(formatter.words.gettext("not stated in our sources"), absent=True)
    return [
        [formatter.value(date) if date is not None else unknown],
        named_links(formatter, rows, "kind"),
    ]


def _plain(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    return []


def named_links(formatter: ValueFormatter, rows: list[Row], name: str) -> list[Value]:
    """Return the entities in column `name` of some rows, linked, each once, by name."""
    iris = {thing.value for row in rows if isinstance(thing := row[name], NamedNode)}
    return sorted((formatter.link(item) for item in iris), key=lambda item: sort_key(item.text))


_PLAIN: Final[tuple[str, ...]] = ()
_DATED: Final = ("date", "kind")
_COLUMNS: Final = {
    "source": (("publisher", "language", "citations"), _source),
}


# --- all kinds ------------------------------------------------------------------------------------


def overview(site: BuildReader, language: str, current_path: str) -> list[Value]:
    """Return a link to the list of every kind of which there is something, with its number."""
    counts: dict[str, int] = {}
    for row in site.rows("classes"):
        each, number = row["class"], row["things"]
        for kind, classes in CLASSES.items():
            if each is not None and number is not None and each.value in classes:
                counts[kind] = counts.get(kind, 0) + int(number.value)
    return [
        Value(
            kinds_name(kind, language),
            relative(f"{language}/{kind}/index.html", current_path),
            note=words_of(language).number(counts[kind]),
        )
        for kind in CLASSES
        if counts.get(kind)
    ]
