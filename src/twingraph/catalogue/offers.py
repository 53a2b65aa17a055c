"""Which data sets a catalogue offers, and which file of an edition belongs to which.

A file about other files (checksums, notes, metadata, differences) is no distribution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from twingraph.export.editions import PACKINGS, Edition, File
from twingraph.link.facts import TARGETS
from twingraph.rdf.authority import FILE_TYPES

Words = dict[str, str]  # by language


class DatasetOffer(NamedTuple):
    """A data set: its name in IRIs, its title (`{brand}` is the project), its description."""

    name: str
    title: Words
    description: Words
    keywords: dict[str, tuple[str, ...]]


def source_offer(name: str, title: str) -> DatasetOffer:
    """Return the data set of the document that has this name in IRIs and this title."""
    graph = OFFERS[0]
    return DatasetOffer(
        SOURCE + name,
        {"en": f"{{brand}}: what “{title}” says", "de": f"{{brand}}: was „{title}“ sagt"},
        {
            "en": f"Every statement that we found in the document “{title}”, with the words it "
            "rests on, as a graph of its own.",
            "de": f"Jede Aussage, die wir in dem Dokument „{title}“ gefunden haben, mit den "
            "Worten, auf denen sie beruht, als eigener Graph.",
        },
        graph.keywords,
    )


class Kind(NamedTuple):
    """A kind of file: the data set of the files whose names match, and their title."""

    names: re.Pattern[str]
    dataset: str
    title: Words


GRAPH: Final = "partnerships"
CURATED: Final = "curated"  # the statements that are no list's, if there are lists
VOCABULARY: Final = "vocabulary"
LINKS: Final = "links"
SOURCE: Final = "source-"  # and the name of a document, where its graph is a data set
ENDPOINT_FILE: Final = "void.ttl"  # the description of the graph that the SPARQL endpoint has

OFFERS: Final = (
    DatasetOffer(
        GRAPH,
        {"en": "{title}", "de": "{title}"},
        {
            "en": "Partnerships between cities and other authorities as linked data: who is "
            "partnered with whom, in what kind of partnership and since when, with the agreements, "
            "decisions, events and public statements around them. Every fact is traced to the "
            "words of the source that says so; uncertain dates and contradicting sources are kept "
            "as they are.",
            "de": "Partnerschaften zwischen Städten und anderen Körperschaften als Linked Data: "
            "wer mit wem verbunden ist, in welcher Art von Partnerschaft und seit wann, mit den "
            "Vereinbarungen, Beschlüssen, Veranstaltungen und öffentlichen Äußerungen dazu. Jede "
            "Angabe ist bis zu den Worten der Quelle belegt; unsichere Daten und einander "
            "widersprechende Quellen bleiben, wie sie sind.",
        },
        {
            "en": ("city partnerships", "international relations", "linked data", "municipalities",
                   "sister cities", "town twinning"),
            "de": ("internationale Beziehungen", "Kommunen", "Linked Data", "Partnerstädte",
                   "Städtepartnerschaften"),
        },
    ),
    DatasetOffer(
        CURATED,
        {"en": "{brand}: the curated documents", "de": "{brand}: die erschlossenen Dokumente"},
        {
            "en": "What single documents say of partnerships, each statement with its words, "
            "without the lists that were taken in beside them.",
            "de": "Was einzelne Dokumente über Partnerschaften sagen, jede Aussage mit ihren "
            "Worten, ohne die Listen, die daneben aufgenommen wurden.",
        },
        {
            "en": ("city partnerships", "linked data", "town twinning"),
            "de": ("Linked Data", "Partnerstädte", "Städtepartnerschaften"),
        },
    ),
    DatasetOffer(
        VOCABULARY,
        {
            "en": "{brand}: ontology, code lists and rules",
            "de": "{brand}: Ontologie, Codelisten und Regeln",
        },
        {
            "en": "The classes, properties and controlled values that partnerships of cities are "
            "described with, each with its definition in English and German, and the rules "
            "(SHACL shapes) that the data is checked by.",
            "de": "Die Klassen, Eigenschaften und festgelegten Werte, mit denen "
            "Städtepartnerschaften beschrieben werden, jeweils mit ihrer Definition auf Englisch "
            "und Deutsch, und die Regeln (SHACL-Shapes), nach denen die Daten geprüft werden.",
        },
        {
            "en": ("code lists", "ontology", "SHACL", "town twinning"),
            "de": ("Codelisten", "Ontologie", "SHACL", "Städtepartnerschaften"),
        },
    ),
    DatasetOffer(
        LINKS,
        {
            "en": "{brand}: links to Wikidata and GeoNames",
            "de": "{brand}: Verknüpfungen mit Wikidata und GeoNames",
        },
        {
            "en": "Which places and organisations are which ones in Wikidata and GeoNames: every "
            "decision with its reason (SSSOM), the confirmed links as JSON, and what has no "
            "identifier elsewhere yet.",
            "de": "Welche Orte und Organisationen welchen in Wikidata und GeoNames entsprechen: "
            "jede Entscheidung mit ihrem Grund (SSSOM), die bestätigten Verknüpfungen als JSON, "
            "und was anderswo noch keine Kennung hat.",
        },
        {
            "en": ("GeoNames", "identifiers", "town twinning", "Wikidata"),
            "de": ("GeoNames", "Kennungen", "Städtepartnerschaften", "Wikidata"),
        },
    ),
)  # fmt: skip

_PACKED: Final = rf"({'|'.join(re.escape(one) for one in PACKINGS)})?"


def _names(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern + _PACKED)


KINDS: Final = (
    Kind(
        _names(r"twingraph\.(nq|trig)"),
        GRAPH,
        {"en": "Everything, source by source", "de": "Alles, Quelle für Quelle"},
    ),
    Kind(
        _names(r"twingraph\.(jsonld|nt|rdf|ttl)"),
        GRAPH,
        {"en": "All that is published", "de": "Alles Veröffentlichte"},
    ),
    Kind(
        _names(r"tables/(?P<what>[a-z0-9-]+)\.(csv|tsv)"),
        GRAPH,
        {"en": "Table “{what}”", "de": "Tabelle „{what}“"},
    ),
    Kind(
        _names(r"([a-z]+/)?(?P<what>[a-z0-9-]+)\.geojson"),
        GRAPH,
        {"en": "For maps: “{what}”", "de": "Für Karten: „{what}“"},
    ),
    Kind(
        _names(r"sources/(?P<what>[a-z0-9-]+)\.(nt|ttl)"),
        SOURCE + "{what}",
        {"en": "What the document says", "de": "Was das Dokument sagt"},
    ),
    Kind(
        _names(r"curated\.(nt|ttl)"),
        CURATED,
        {"en": "All that documents say", "de": "Alles, was Dokumente sagen"},
    ),
    Kind(
        _names(r"vocabulary\.(jsonld|nt|rdf|ttl)"),
        VOCABULARY,
        {"en": "Ontology and code lists", "de": "Ontologie und Codelisten"},
    ),
    Kind(
        _names(r"shapes\.ttl"),
        VOCABULARY,
        {"en": "Rules (SHACL shapes)", "de": "Regeln (SHACL-Shapes)"},
    ),
    Kind(
        _names(r"shapes-published\.ttl"),
        VOCABULARY,
        {
            "en": "Rules that a copy of the data satisfies (SHACL shapes)",
            "de": "Regeln, die eine Kopie der Daten erfüllt (SHACL-Shapes)",
        },
    ),
    Kind(
        _names(r"shapes-curated\.ttl"),
        VOCABULARY,
        {
            "en": "Rules for curated files (SHACL shapes)",
            "de": "Regeln für gepflegte Dateien (SHACL-Shapes)",
        },
    ),
    Kind(
        _names(r"links/missing\.(csv|json)"),
        LINKS,
        {"en": "What has no identifier yet", "de": "Was noch keine Kennung hat"},
    ),
    Kind(
        _names(r"links/wikidata-report\.(csv|json)"),
        LINKS,
        {
            "en": "Our partnerships beside Wikidata's",
            "de": "Unsere Partnerschaften neben denen von Wikidata",
        },
    ),
    Kind(
        _names(r"links/refused\.sssom\.tsv"),
        LINKS,
        {
            "en": "Links and matches that were refused (SSSOM)",
            "de": "Abgelehnte Verknüpfungen und Zuordnungen (SSSOM)",
        },
    ),
    Kind(
        _names(r"links/(?P<what>[a-z0-9-]+)\.sssom\.tsv"),
        LINKS,
        {
            "en": "Decisions about links to {what} (SSSOM)",
            "de": "Entscheidungen über Verknüpfungen mit {what} (SSSOM)",
        },
    ),
    Kind(
        _names(r"links/(?P<what>[a-z0-9-]+)\.json"),
        LINKS,
        {"en": "Confirmed links to {what}", "de": "Bestätigte Verknüpfungen mit {what}"},
    ),
)


class Offered(NamedTuple):
    """A file as a distribution: its data set, and its title."""

    file: File
    dataset: str
    title: Words


def offered(edition: Edition) -> list[Offered]:
    """Return the distributions of an edition, sorted by name."""
    offers = (_offered(file) for file in sorted(edition.files, key=lambda file: file.name))
    return [item for item in offers if item is not None]


def _offered(file: File) -> Offered | None:
    if file.media_type not in FILE_TYPES:
        return None
    for kind in KINDS:
        match = kind.names.fullmatch(file.name)
        if match is not None:
            form = FILE_TYPES[file.media_type][1] + (f", {file.packing}" if file.packing else "")
            variant = match.groupdict().get("what", "")
            variant = (
                TARGETS[variant].title if kind.dataset == LINKS and variant in TARGETS else variant
            )
            title = {
                tag: f"{text.format(what=variant)}: {form}" for tag, text in kind.title.items()
            }
            return Offered(file, kind.dataset.replace("{what}", variant), title)
    return None


def shelf_order(name: str) -> tuple[int, str]:
    """Return the sort key of a file in lists for people: the most important first.

    >>> sorted(["tables/places.csv", "shapes.ttl", "twingraph.nq"], key=shelf_order)
    ['twingraph.nq', 'tables/places.csv', 'shapes.ttl']
    """
    matching = (number for number, kind in enumerate(KINDS) if kind.names.fullmatch(name))
    return next(matching, -1), name


def _digests(edition: Edition, dataset: str) -> dict[str, str]:
    """Return the digests of a data set's files in an edition, packed files left out."""
    return {
        item.file.name: item.file.sha256
        for item in offered(edition)
        if item.dataset == dataset and not item.file.packing
    }


def editions_of(edition: Edition, earlier: Iterable[Edition], dataset: str) -> list[Edition]:
    """Return the editions in which there is that data set, newest first, this one among them."""
    older = sorted(earlier, key=lambda edition: _order(edition.date), reverse=True)
    return [edition, *(item for item in older if _digests(item, dataset))]


def unchanged_since(editions: list[Edition], dataset: str) -> str:
    """Return the date of the edition since which a data set is unchanged, byte for byte.

    The graph itself holds the day of its release, so that an edition says more of it (`modified`).
    """
    now, *older = editions
    if dataset == GRAPH:
        return now.modified or now.date
    since = now.date
    for item in older:
        if _digests(item, dataset) != _digests(now, dataset):
            break
        since = item.date
    return since


def _order(date: str) -> tuple[str, int]:
    day, _, number = date.partition(".")
    return day, int(number or 1)
