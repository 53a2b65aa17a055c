"""Lists: the entities of a kind, the code lists, the files; each a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.packed import Texts
from twingraph.rdf.iris import description_path
from twingraph.rdf.vocabulary import CODES, PREFIXES, SCHEMES
from twingraph.site.columns import heading
from twingraph.site.evidence import fragment_of
from twingraph.site.facts import PageFacts, pick
from twingraph.site.links import file_place, relative
from twingraph.site.partners import iris_in, since_value, status_value
from twingraph.site.reader import BuildReader, Row
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.site.words import kind_name, kinds_name
from twingraph.translation import words_of

CLASSES: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(
        PREFIXES[each_name.partition(":")[0]] + each_name.partition(":")[2] for each_name in names
    )
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
PAGE: Final = 100  # entities on a page of a list
_CITED: Final = 200  # citations on the page of a source; its description has all
_DEFINITION: Final = PREFIXES["skos"] + "definition"


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
        [link._replace(note=note) for link in _links(formatter, rows, "type")],
        [since_value(formatter, first["start"])],
        [formatter.value(end)] if end is not None else [],
        [status_value(formatter, first["status"])],
    ]


def place_cells(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    """Return levels, country and number of partnerships of a place, of `list-place`."""
    number = rows[0]["partnerships"]
    return [
        _links(formatter, rows, "level"),
        _links(formatter, rows, "country"),
        [Value(number.value)] if number is not None and number.value != "0" else [],
    ]


def _source(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    number, spoken = rows[0]["citations"], rows[0]["language"]
    language = PREFIXES["dcterms"] + "language"
    publisher = _links(formatter, rows, "publisher")
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
        _links(formatter, rows, "kind"),
    ]


def _plain(formatter: ValueFormatter, rows: list[Row]) -> Cells:
    return []


def _links(formatter: ValueFormatter, rows: list[Row], name: str) -> list[Value]:
    found = {thing.value for row in rows if isinstance(thing := row[name], NamedNode)}
    return sorted((formatter.link(item) for item in found), key=lambda item: sort_key(item.text))


_PLAIN: Final[tuple[str, ...]] = ()
_DATED: Final = ("date", "kind")
_COLUMNS: Final = {
    "source": (("publisher", "language", "citations"), _source),
}


# --- everything, code lists, files ---------------------------------------------------------------


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


def vocabulary_page(site: BuildReader, language: str, current_path: str) -> ListPage:
    """Make the list of the code lists."""
    rows = site.rows("schemes")
    facts = PageFacts(site, language)
    facts.load(iris_in(rows))
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    words = words_of(language)
    table = []
    for row in rows:
        scheme, number = row["scheme"], row["concepts"]
        if isinstance(scheme, NamedNode) and number is not None:
            definition = formatter.text(scheme.value, _DEFINITION)
            shown = [definition] if definition else []
            table.append([[formatter.link(scheme.value)], shown, [Value(number.value)]])
    table.sort(key=lambda row: sort_key(row[0][0].text))
    columns = [words.gettext("Name"), words.gettext("Definition"), words.gettext("Codes")]
    return ListPage(
        words.gettext("Code lists"),
        words.gettext(
            "Controlled values, each with its definition. Data names them by their address."
        ),
        columns,
        table,
        "",
        None,
    )


class CodePage(NamedTuple):
    """A code list: what it is for, and its codes."""

    title: Value
    kind: str
    iri: str
    definition: Value | None
    columns: list[str]
    rows: list[list[list[Value]]]


def scheme_page(site: BuildReader, iri: str, language: str, current_path: str) -> CodePage:
    """Make the page of a code list, narrower codes below the broader."""
    rows = site.rows("concepts", this=NamedNode(iri))
    facts = PageFacts(site, language)
    facts.load({iri, *iris_in(rows)})
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    broader = {str(row["concept"].value): row["broader"] for row in rows if row["concept"]}
    order: list[tuple[str, int]] = []

    def add(parent: str | None, depth: int) -> None:
        below = [key for key, up in broader.items() if (up.value if up else None) == parent]
        for item in sorted(below, key=lambda each: sort_key(facts.name(each).text)):
            if all(item != each for each, _ in order):
                order.append((item, depth))
                add(item, depth + 1)

    add(None, 0)
    table = []
    for concept, depth in order:
        link = formatter.link(concept)
        definition = formatter.text(concept, _DEFINITION)
        notation = facts.one(concept, PREFIXES["skos"] + "notation")
        table.append([
            [link._replace(text="– " * depth + link.text)],
            [definition] if definition else [],
            [Value(notation.value, code=True)] if notation else [],
        ])  # fmt: skip
    name = facts.name(iri)
    words = words_of(language)
    return CodePage(
        title=Value(name.text, language=name.language),
        kind=kind_name("scheme", language),
        iri=iri,
        definition=formatter.text(iri, _DEFINITION),
        columns=[words.gettext("Name"), words.gettext("Definition"), words.gettext("Code")],
        rows=table,
    )


def is_scheme(iri: str) -> bool:
    """Is it one of our code lists?"""
    return iri.removeprefix(CODES) in SCHEMES


class FileRow(NamedTuple):
    """A file that anybody may fetch."""

    name: str
    href: str
    media_type: str
    size: str
    sha256: str


class DataPage(NamedTuple):
    """The files of the build and the graphs inside."""

    files: list[FileRow]
    graphs: list[Value]


def files_page(site: BuildReader, language: str, current_path: str) -> DataPage:
    """Make the list of the files."""
    words = words_of(language)
    files = [
        FileRow(
            name,
            relative(file_place(name), current_path),
            dump.media_type,
            words.ngettext("{number} byte", "{number} bytes", dump.size),
            dump.sha256,
        )
        for name, dump in site.dumps.items()
    ]
    graphs = [
        Value(
            graph, relative(description_path(graph.removeprefix(site.base), "trig"), current_path)
        )
        for graph in sorted(site.graphs)
    ]
    return DataPage(files, graphs)


class CitedRow(NamedTuple):
    """A passage of a source document, and the facts that it is evidence for."""

    line: str
    quote: Value
    anchor: str
    things: list[Value]


def cited_rows(
    site: BuildReader, iri: str, language: str, current_path: str
) -> tuple[list[CitedRow], str]:
    """Return the citations of the document `iri` by line, and a note if not all are shown."""
    lines = site.remember(("cited", iri), lambda: _cited(site, iri))
    shown = dict(lines[:_CITED])
    groups: dict[str, list[Row]] = {citation: [] for citation in shown}
    for row in site.rows_of("citations", shown):
        if row["thing"] is not None:
            groups[row["thing"].value].append(row)
    facts = PageFacts(site, language)
    facts.mention(iris_in(row for each in groups.values() for row in each))
    facts.load({iri})
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    spoken = pick(facts.texts(iri, PREFIXES["dcterms"] + "language"), "").text
    found = []
    for citation, each in groups.items():
        quote = each[0]["quote"] if each else None
        found.append(
            CitedRow(
                shown[citation],
                Value(quote.value if quote is not None else "", language=spoken),
                fragment_of(citation),
                _links(formatter, each, "supported"),
            )
        )
    words = words_of(language)
    cut = words.ngettext("The first is shown.", "The first {number} are shown.", _CITED)
    return found, cut if len(lines) > _CITED else ""


def _cited(site: BuildReader, iri: str) -> tuple[tuple[str, str], ...]:
    """Return (citation, line) of all that is cited from a document, by line."""
    pairs = [
        (row["citation"].value, row["line"].value)
        for row in site.rows("cited", this=NamedNode(iri))
        if row["citation"] is not None and row["line"] is not None
    ]
    return tuple(sorted(pairs, key=lambda item: (len(item[1]), item[1], item[0])))
