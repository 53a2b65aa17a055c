"""The data page: the data sets, how to check, harvest and cite them; made from the catalogue.

It has no facts of its own: the catalogue has what portals get, the releases have
their files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from twingraph.catalogue.builder import PROFILES
from twingraph.catalogue.paging import Catalogue, read_catalogue
from twingraph.catalogue.schemaorg import (
    licences_of,
    links_of,
    schema_org,
    script_text,
    text_of,
    texts_of,
)
from twingraph.export.editions import Edition, File
from twingraph.rdf.authority import licence_of
from twingraph.release.index import list_editions
from twingraph.site.datewords import date_text
from twingraph.site.file_rows import Row, human_size, in_order, nested
from twingraph.site.links import outside_link, relative
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import Alternate, render
from twingraph.site.thing_facts import Fact
from twingraph.site.values import Value
from twingraph.translation import N_, Words, words_of

DATA_PAGE: Final = "data.html"  # below a language: the files, release by release
# the shown properties of a node: key -> name, property, and how its values are shown
_FACTS: Final = {
    "publisher": (N_("Publisher"), "dct:publisher", "agent"),
    "licence": (N_("Licence"), "dct:license", "licence"),
    "version": (N_("Version"), "dcat:version", "text"),
    "issued": (N_("First published"), "dct:issued", "day"),
    "modified": (N_("Last changed"), "dct:modified", "day"),
    "period": (N_("Covers"), "dct:temporal", "period"),
    "frequency": (N_("Updated"), "dct:accrualPeriodicity", "labels"),
    "languages": (N_("Languages"), "dct:language", "labels"),
    "themes": (N_("Themes"), "dcat:theme", "labels"),
    "keywords": (N_("Keywords"), "dcat:keyword", "words"),
}
_CATALOGUE: Final = f"{PROFILES['eu']}.ttl"
_NAMES: Final = {"ttl": "Turtle", "rdf": "RDF/XML", "jsonld": "JSON-LD"}


class Publication(NamedTuple):
    """What can be had: the catalogue, and the releases that there are, newest first."""

    catalogue: Catalogue
    releases: Sequence[Edition] = ()


def publication_of(reader: BuildReader, releases: Path | None = None) -> Publication | None:
    """Return the newest release's catalogue, else the build's; None without one.

    `releases` is the folder of the releases, where there is one.
    """
    editions = list_editions(releases, reader.base) if releases is not None else []
    newest = releases / editions[0].date / _CATALOGUE if releases and editions else None
    own = reader.dumps.get(_CATALOGUE)
    path = newest if newest is not None and newest.is_file() else own.path if own else None
    return Publication(read_catalogue(path.read_bytes()), editions) if path is not None else None


class DatasetView(NamedTuple):
    """A data set of the catalogue."""

    anchor: str
    iri: str
    title: str
    description: str
    facts: list[Fact]
    rows: list[Row]
    forms: list[Value]


class ReleaseView(NamedTuple):
    """A release and all of its files."""

    anchor: str
    date: str
    href: str
    notes: str
    summary: str
    rows: list[Row]


class DataView(NamedTuple):
    """Everything the data page shows."""

    title: str
    description: str
    facts: list[Fact]
    tables: list[Row]
    datasets: list[DatasetView]
    releases: list[ReleaseView]
    catalogues: list[Value]
    catalogue: str
    sparql: str
    cite: str
    files: str
    script: str


def data_page(site: BuildReader, publication: Publication, language: str, place: str) -> bytes:
    """Return the data page as HTML, for the path `place`."""
    view = _view(site, publication.catalogue, publication.releases, language, place)
    forms = tuple(
        Alternate(_NAMES[item], f"catalog.{item}", kind)
        for item, kind in (
            ("ttl", "text/turtle"),
            ("rdf", "application/rdf+xml"),
            ("jsonld", "application/ld+json"),
        )
    )
    return render(
        site,
        "catalogue.html",
        language,
        place,
        title=words_of(language).gettext("Data"),
        elsewhere={each_language: f"{each_language}/{DATA_PAGE}" for each_language in LANGUAGES},
        alternates=forms,
        page=view,
    )


def _view(
    site: BuildReader,
    catalogue: Catalogue,
    releases: Sequence[Edition],
    language: str,
    current_path: str,
) -> DataView:
    words = words_of(language)
    shown = _Shown(site, catalogue, language, current_path)
    datasets = [shown.dataset(item) for item in in_order(catalogue.datasets)]
    return DataView(
        title=text_of(catalogue, catalogue.iri, "dct:title", language),
        description=text_of(catalogue, catalogue.iri, "dct:description", language),
        facts=[
            *shown.facts(catalogue.iri, ("publisher", "licence", "modified", "languages")),
            *shown.contact(),
        ],
        tables=[row for each in datasets for row in each.rows if row.name.endswith(".csv")],
        datasets=datasets,
        releases=[shown.release(release) for release in releases],
        catalogues=[
            Value(f"{name}.{suffix}", relative(f"{name}.{suffix}", current_path))
            for name in PROFILES.values()
            for suffix in _NAMES
        ],
        catalogue=catalogue.iri,
        sparql=f"{site.address}sparql",
        cite=shown.citation(releases, words),
        files=relative(f"{language}/dumps.html", current_path),
        script=script_text(schema_org(catalogue, language)),
    )


class _Shown:
    """A catalogue in words of one language, for the page at `current_path`."""

    def __init__(
        self, site: BuildReader, catalogue: Catalogue, language: str, current_path: str
    ) -> None:
        self.site = site
        self.catalogue = catalogue
        self.language = language
        self.current_path = current_path

    def text(self, iri: str, verb: str) -> str:
        return text_of(self.catalogue, iri, verb, self.language)

    def href(self, address: str) -> str:
        """Return the way to an address: inside the site relative, so that any host will do."""
        for own in (self.site.address, self.site.base):
            if address.startswith(own):
                return relative(address.removeprefix(own), self.current_path)
        return outside_link(address) or ""

    def dataset(self, iri: str) -> DatasetView:
        name = iri.rpartition("/")[2]
        keys = ("version", "issued", "modified", "period", "frequency", "themes", "keywords")
        return DatasetView(
            anchor=name,
            iri=iri,
            title=self.text(iri, "dct:title"),
            description=self.text(iri, "dct:description"),
            facts=self.facts(iri, keys),
            rows=self.files(iri),
            forms=[
                Value(label, relative(f"dataset/{name}.{key}", self.current_path))
                for key, label in _NAMES.items()
            ],
        )

    def facts(self, iri: str, keys: Sequence[str]) -> list[Fact]:
        """Return facts about a node, those that there are."""
        words = words_of(self.language)
        shown = []
        for key in keys:
            values = self._values(iri, key)
            if values:
                shown.append(Fact(Value(words.gettext(_FACTS[key][0])), values, [], False))
        return shown

    def _values(self, iri: str, key: str) -> list[Value]:
        _, verb, how = _FACTS[key]
        links = links_of(self.catalogue, iri, verb)
        match how:
            case "text":
                text = self.text(iri, verb)
                return [Value(text)] if text else []
            case "day":
                text = self.text(iri, verb)
                return [self._day(text)] if text else []
            case "words":
                joined = ", ".join(texts_of(self.catalogue, iri, verb, self.language))
                return [Value(joined)] if joined else []
            case "labels":
                labels = ", ".join(self.text(link, "skos:prefLabel") for link in links)
                return [Value(labels)] if labels else []
            case "agent":
                return [Value(self.text(link, "foaf:name")) for link in links]
            case "licence":
                return [self._licence(iri, link) for link in links]
            case "period":
                ends = [[self.text(link, f"dcat:{end}Date") for end in ("start", "end")]
                        for link in links]  # fmt: skip
                days = [[date_text(day, self.language)[0] for day in end] for end in ends]
                return [Value(" – ".join(day)) for day in days]
        raise KeyError(how)

    def _day(self, text: str) -> Value:
        shown, iso = date_text(text, self.language)
        return Value(shown, iso=iso)

    def _licence(self, iri: str, licence: str) -> Value:
        known = licences_of(self.catalogue, iri)
        page = self.site.licence if self.site.licence in known else licence
        names = [usual.name for each in (page, *known) if (usual := licence_of(each)) is not None]
        name = names[0] if names else self.text(licence, "dct:title")
        return Value(name, self.href(page), outside=True)

    def contact(self) -> list[Fact]:
        """Return the contact: that of the first data set, as all have the same."""
        sets = self.catalogue.datasets[:1]
        nodes = [node for each_set in sets
                 for node in links_of(self.catalogue, each_set, "dcat:contactPoint")]  # fmt: skip
        values = [value for node in nodes for value in self._contact(node)]
        name = Value(words_of(self.language).gettext("Contact"))
        return [Fact(name, values, [], False)] if values else []

    def _contact(self, iri: str) -> list[Value]:
        name = self.text(iri, "vcard:fn")
        mails = links_of(self.catalogue, iri, "vcard:hasEmail")
        pages = [self.href(item) for item in links_of(self.catalogue, iri, "vcard:hasURL")]
        if mails:
            return [Value(f"{name} <{mail.removeprefix('mailto:')}>", mail) for mail in mails]
        return [Value(name, page) for page in pages] or [Value(name)]

    def files(self, iri: str) -> list[Row]:
        """Return the files of a data set, packed ones under what they pack.

        What has no downloadURL is no file: the endpoint, the feed.
        """
        rows = {}
        for form in links_of(self.catalogue, iri, "dcat:distribution"):
            urls = links_of(self.catalogue, form, "dcat:downloadURL")
            if not urls:
                continue
            name = form.partition("#")[2]
            [checksum] = links_of(self.catalogue, form, "spdx:checksum")
            kinds = links_of(self.catalogue, form, "dcat:mediaType")
            rows[name] = self.row(
                name,
                self.text(form, "dct:title"),
                urls[0],
                self.text(kinds[0], "rdfs:label"),
                int(self.text(form, "dcat:byteSize")),
                self.text(checksum, "spdx:checksumValue"),
            )
        return nested(rows)

    def row(self, name: str, title: str, url: str, media_type: str, size: int, sha256: str) -> Row:
        exact = words_of(self.language).ngettext("{number} byte", "{number} bytes", size)
        shown = human_size(size, self.language)
        return Row(title, name, self.href(url), media_type, shown, exact, sha256, [])

    def release(self, edition: Edition) -> ReleaseView:
        """Return a release as it is shown."""
        words = words_of(self.language)
        rows = {file.name: self._listed(file) for file in edition.files}
        size = human_size(sum(file.size for file in edition.files), self.language)
        return ReleaseView(
            anchor=f"release-{edition.date}",
            date=edition.date,
            href=relative(f"release/{edition.date}/", self.current_path),
            notes=edition.notes.get(self.language) or edition.notes.get("en", ""),
            summary=words.ngettext(
                "{number} file, {size}", "{number} files, {size}", len(edition.files), size=size
            ),
            rows=list(rows.values()),
        )

    def _listed(self, file: File) -> Row:
        return self.row(file.name, file.name, file.url, file.media_type, file.size, file.sha256)

    def citation(self, releases: Sequence[Edition], words: Words) -> str:
        """Return how to cite the graph: who, when, what, which version, where."""
        iri = f"{self.site.base}dataset/partnerships"
        if iri not in self.catalogue.datasets:
            return ""
        makers = links_of(self.catalogue, iri, "dct:creator")
        makers = makers or links_of(self.catalogue, iri, "dct:publisher")
        makers_text = "; ".join(self.text(maker, "foaf:name") for maker in makers)
        version, issued = self.text(iri, "dcat:version"), self.text(iri, "dct:modified")
        numbers = links_of(self.catalogue, iri, "adms:identifier")
        address = next((self.text(number, "skos:notation") for number in numbers), "")
        if not address:
            address = f"{self.site.base}release/{releases[0].date}/" if releases else iri
        year = f" ({issued[:4]})" if issued else ""
        version_text = [words.gettext("Version {version}.", version=version)] if version else []
        return " ".join(
            [f"{makers_text}{year}: {self.text(iri, 'dct:title')}.", *version_text, address]
        )
