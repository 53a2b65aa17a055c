"""The pictures of pages, and the anniversaries beside them, from the graph."""

from __future__ import annotations

from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.iris import page_path
from twingraph.site import anniversaries as reckoning
from twingraph.site.datewords import date_text
from twingraph.site.evidence import evidence_path, is_evidence
from twingraph.site.facts import PageFacts
from twingraph.site.links import relative
from twingraph.site.pictures import data
from twingraph.site.pictures.map import map_svg
from twingraph.site.pictures.network import ego_network_svg
from twingraph.site.pictures.svg import Words as PictureWords
from twingraph.site.pictures.svg import counted
from twingraph.site.pictures.timeline import timeline_svg
from twingraph.site.pictures.words import words_in
from twingraph.site.pictures.world import World, gather, world_map_svg
from twingraph.site.reader import BuildReader, Row
from twingraph.site.values import Value, ValueFormatter
from twingraph.translation import SOURCE_LANGUAGE

LAND: Final = "static/land.svg"
_YEARS: Final = 10  # how far ahead anniversaries are listed


class Anniversary(NamedTuple):
    """A round anniversary: when, of which partnership, and since what, in words."""

    when: Value
    partnership: Value
    text: str


def picture_words(language: str) -> PictureWords:
    """Return the texts of pictures in a language; in English if there is no translation."""
    try:
        return words_in(language)
    except FileNotFoundError:
        return words_in(SOURCE_LANGUAGE)


class Illustrator:
    """Draws for the page at path `place`, in its language; names are looked up once a picture."""

    def __init__(
        self,
        reader: BuildReader,
        language: str,
        place: str,
        *,
        outside: bool = False,
        standalone: bool = False,
    ) -> None:
        """Start for one page; `outside` means absolute links, `standalone` no file beside it."""
        self.outside = outside
        self.standalone = standalone
        self.reader = reader
        self.language = language
        self.place = place
        self.words = picture_words(language)
        self.land = relative(LAND, place)
        self.facts = PageFacts(reader, language)  # one for all pictures of a page

    def _facts(self, rows: list[Row], *more: str) -> PageFacts:
        self.facts.mention({*data.iris_in(rows), *more})
        self.facts.complete()
        return self.facts

    def _href(self, iri: str) -> str:
        if is_evidence(iri, self.reader.base):
            path = evidence_path(self.reader, iri, self.language)
        else:
            path = page_path(self.reader.path(iri) or "", self.language)
        if path is None:
            return ""
        return f"{self.reader.address}{path}" if self.outside else relative(path, self.place)

    def _date(self, value: str) -> str:
        return date_text(value, self.language).text

    def map_of_place(self, iri: str) -> str:
        """Return the map of a place's partners; empty where none has coordinates."""
        rows = self.reader.rows("map-of-place", this=NamedNode(iri))
        if not rows:
            return ""
        facts = self._facts(rows, iri)
        map_data = data.map_of_place(rows, iri, lambda iri: facts.name(iri).text, self._href)
        name = facts.name(iri).text
        return self._map(map_data, self.words("picture.map of").format(name=name), name)

    def map_of_partnership(self, iri: str) -> str:
        """Return the map of the partners of a partnership."""
        rows = self.reader.rows("map-of-partnership", this=NamedNode(iri))
        if not rows:
            return ""
        facts = self._facts(rows, iri)
        map_data = data.map_of_partnership(rows, lambda iri: facts.name(iri).text, self._href)
        name = facts.name(iri).text
        return self._map(map_data, self.words("picture.map pair").format(name=name), name)

    def _map(self, map_data: data.MapData, title: str, name: str) -> str:
        if len(map_data.points) < 2:
            return ""
        partners = sum(not point.focus for point in map_data.points)
        summary = counted(self.words, "picture.map desc", partners, name=name)
        if map_data.unlocated:
            more = counted(self.words, "picture.map unlocated", map_data.unlocated)
            summary = f"{summary} {more}"
        return map_svg(map_data.points, map_data.arcs, title=title, description=summary,
                       words=self.words, kinds=map_data.kinds,
                       land_href="" if self.standalone else self.land,
                       standalone=self.standalone)  # fmt: skip

    def network(self, iri: str) -> str:
        """Return the network of a place; empty where its partners are none of one another."""
        links = self.reader.rows("network", this=NamedNode(iri))
        if not links:
            return ""
        rows = self.reader.rows("map-of-place", this=NamedNode(iri))
        countries = {
            row["partner"].value: row["country"].value
            for row in self.reader.rows("partners", this=NamedNode(iri))
            if row["partner"] is not None and row["country"] is not None
        }
        facts = self._facts(rows, iri, *countries.values())
        partners, pairs, kinds = data.network(
            rows,
            links,
            lambda iri: facts.name(countries[iri]).text if iri in countries else "",
            lambda iri: facts.name(iri).text,
            self._href,
        )
        if not pairs:
            return ""
        name = facts.name(iri).text
        summary = counted(
            self.words, "picture.network desc", len(partners), name=name, links=len(pairs)
        )
        title = self.words("picture.network of").format(name=name)
        return ego_network_svg(name, partners, pairs, title=title, description=summary,
                               words=self.words, kinds=kinds)  # fmt: skip

    def timeline(self, iri: str) -> str:
        """Return the timeline of the dates around a partnership; empty for fewer than two dates."""
        rows = self.reader.rows("timeline", this=NamedNode(iri))
        facts = self._facts(rows, iri)
        dated = data.timeline(rows, lambda iri: facts.name(iri).text, self._href, self._date, iri)
        known = sorted(day for item in dated for day in (item.earliest, item.latest) if day)
        if len(dated) < 2 or not known:
            return ""
        summary = self.words("picture.timeline desc").format(
            count=len(dated), first=self._date(known[0]), last=self._date(known[-1])
        )
        title = self.words("picture.timeline of").format(name=facts.name(iri).text)
        return timeline_svg(dated, title=title, description=summary, words=self.words)

    def world(self) -> str:
        """Return the map of all places, for the first page of a language as the build drew it."""
        if self.place == f"{self.language}/index.html":
            drawn = self.reader.prepared.get(f"world-{self.language}.svg")
            if drawn is not None:
                return drawn.decode()
        world = self.reader.remember("world map", self._world)
        if not world.places:
            return ""
        facts = self._facts([], *world.named)
        summary = self.words("picture.map world desc").format(
            places=world.places, pairs=world.pairs
        )
        return world_map_svg(world, lambda iri: facts.name(iri).text, self._href,
                             title=self.words("picture.map world"), description=summary,
                             words=self.words, land_href=self.land)  # fmt: skip

    def _world(self) -> World:
        """Return what the map of all places shows in any language."""
        places = data.world_places(self.reader.rows("map-places"))
        return gather(places, data.world_pairs(self.reader.rows("map-pairs")))

    def anniversaries(self, **of: NamedNode) -> list[Anniversary]:
        """Return the round anniversaries of the next years, of a place's or of one partnership.

        The years are counted from the release, so that a page depends on the build alone.
        """
        year = self.reader.release[:4]
        if not year.isdigit():
            return []
        starts = sorted(set(reckoning.read_starts(self.reader.rows("anniversaries", **of))))
        coming = reckoning.anniversaries(starts, int(year), int(year) + _YEARS - 1)
        grouped: dict[str, list[reckoning.Anniversary]] = {}
        for anniversary in coming:
            grouped.setdefault(anniversary.start.partnership, []).append(anniversary)
        facts = self._facts([], *grouped)
        names = ValueFormatter(facts, self.place)
        rows = [
            (date, Anniversary(self._day(date), names.link(partnership), text))
            for partnership, each in grouped.items()
            for date, text in reckoning.phrases(each, self.words, self._date)
        ]
        return [row for _, row in sorted(rows, key=lambda pair: (pair[0], pair[1].partnership))]

    def _day(self, date: str) -> Value:
        text, iso = date_text(date, self.language)
        return Value(text, iso=iso)

    def decided(self, **of: NamedNode) -> dict[str, str]:
        """Return the day of the decision to enter each partnership, if one is known."""
        starts = reckoning.read_starts(self.reader.rows("anniversaries", **of))
        return {
            start.partnership: start.value
            for start in sorted(starts, reverse=True)
            if start.basis.startswith("decision")
        }
