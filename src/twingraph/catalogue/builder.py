"""One catalogue in the making: the edition it is about, and the nodes that all its parts share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from pyoxigraph import Literal, NamedNode

from twingraph.catalogue.agents import add_contact, add_licence, add_publisher, add_rights
from twingraph.catalogue.coverage import Coverage
from twingraph.catalogue.nodes import GraphBuilder, Values, texts, typed
from twingraph.catalogue.offers import GRAPH, SOURCE
from twingraph.catalogue.places import add_regions
from twingraph.export.dumps import Frozen
from twingraph.export.editions import Edition
from twingraph.rdf.authority import LANGUAGE_CODES, THEMES
from twingraph.translation import PAIRED, SOURCE_LANGUAGE

PROFILES: Final = {"eu": "catalog", "de": "catalog-de"}  # profile -> name of the catalogue


class CatalogueBuilder(GraphBuilder):
    """Builds the parts of a catalogue; `profile` is one of `PROFILES`."""

    def __init__(
        self,
        graph: Frozen,
        covered: Coverage,
        edition: Edition,
        earlier: Sequence[Edition],
        profile: str,
    ) -> None:
        """Begin the catalogue of an edition."""
        super().__init__()
        self.base = graph.base
        self.address = graph.settings.public_address
        self.settings = graph.settings
        self.about = graph.settings.about
        self.edition = edition
        self.earlier = earlier
        self.profile = profile
        self.covered = covered
        self.iri = graph.base + PROFILES[profile]
        self.version = edition.date or graph.settings.release
        self.tags = [tag for tag in PAIRED if tag in graph.settings.title] or [SOURCE_LANGUAGE]

    @cached_property
    def shared(self) -> dict[str, Values]:
        """The properties that catalogue, data sets and service have in common."""
        return {
            "dct:publisher": add_publisher(self, self.settings),
            "dct:license": self.licence,
        }

    @cached_property
    def licence(self) -> NamedNode:
        """The licence of the data."""
        return add_licence(self, self.settings, self.profile)

    @cached_property
    def rights(self) -> NamedNode:
        """What may be done with the data."""
        return add_rights(self, self.settings)

    def licence_iri(self, dataset: str) -> str:
        """Return the licence of a data set: a list's own; of the whole, the most restrictive one.

        What has parts under another licence is offered under that one.
        """
        lists = {
            SOURCE + source.slug: source.licence for source in self.covered.sources
            if source.licence and "/graph/import/" in source.graph
        }  # fmt: skip
        others = sorted(set(lists.values()) - {self.settings.licence})
        if dataset == GRAPH and others:
            return others[0]
        return lists.get(dataset, self.settings.licence)

    def terms(self, dataset: str) -> dict[str, Values]:
        """Return licence and rights of a data set."""
        settings = replace(self.settings, licence=self.licence_iri(dataset))
        return {
            "dct:license": add_licence(self, settings, self.profile),
            "dct:rights": add_rights(self, settings),
        }

    @cached_property
    def contact(self) -> NamedNode:
        """Whom to ask."""
        return add_contact(self, self.settings)

    @cached_property
    def public(self) -> NamedNode:
        """The access right of all data: public."""
        return self.authority(
            "access-right", "PUBLIC", ("public", "öffentlich"), "dct:RightsStatement"
        )

    @cached_property
    def languages(self) -> list[NamedNode]:
        """The languages of the site, as far as the EU has a code for them."""
        known = [each for tag in sorted(self.settings.title) if (each := LANGUAGE_CODES.get(tag))]
        return [
            self.authority("language", code, (english, german), "dct:LinguisticSystem")
            for code, english, german in known or [LANGUAGE_CODES["en"]]
        ]

    @cached_property
    def themes(self) -> list[NamedNode]:
        """The themes of the data, from the EU's vocabulary."""
        return [self.authority("data-theme", theme, THEMES[theme]) for theme in self.about.themes]

    @cached_property
    def regions(self) -> list[NamedNode]:
        """Which parts of the world it is about."""
        return add_regions(self, self.settings)

    @cached_property
    def pages(self) -> list[NamedNode]:
        """The pages that explain the data."""
        documents = [self.page(f"{self.address}en/ns.html", {"en": "Ontology", "de": "Ontologie"})]
        if self.about.documentation:
            words = {"en": "Documentation", "de": "Dokumentation"}
            documents.append(self.page(self.about.documentation, words))
        return documents

    def ours(self, words: Mapping[str, str]) -> list[Literal]:
        """Return a text in the languages of the site, the project's name filled in."""
        title = self.settings.title
        filled = {}
        for tag in self.tags:
            whole = title.get(tag) or next(iter(title.values()), self.base)
            brand = whole.partition(":")[0]
            filled[tag] = words[tag].replace("{title}", whole).replace("{brand}", brand)
        return texts(filled)

    def keywords(self, words: Mapping[str, Sequence[str]]) -> list[Literal]:
        """Return keywords in the languages of the site."""
        return [Literal(word, language=tag) for tag in self.tags for word in words[tag]]

    def day(self, date: str) -> Literal | None:
        """Return the day of an edition."""
        return typed(date[:10], "xsd:date")
