"""The statistics: each with a sentence, a picture, a table and the query that counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from twingraph.site.facts import PageFacts
from twingraph.site.illustrations import picture_words
from twingraph.site.links import local_link, relative
from twingraph.site.pictures import data
from twingraph.site.pictures.bars import Bar, bars_svg
from twingraph.site.pictures.matrix import Pair, country_matrix_svg
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value, sort_key
from twingraph.translation import NNP_, Plural, words_of


class Statistic(NamedTuple):
    """A statistic: its name, its summary, its picture, its table, its query."""

    anchor: str
    title: str
    sentence: str
    picture: str
    columns: list[str]
    rows: list[list[Value]]
    query: str
    csv: str


NAMED: Final = 3
"""So many things that have most are named; more are counted."""

_PAIRS: Final = NNP_("statistics", "{number} pair of countries", "{number} pairs of countries")
_KINDS: Final = NNP_("statistics", "{number} kind", "{number} kinds")
_FIELDS: Final = NNP_("statistics", "{number} field", "{number} fields")
_SOURCES: Final = NNP_("statistics", "{number} source", "{number} sources")


def statistics_page(reader: BuildReader, language: str, place: str) -> list[Statistic]:
    """Return the statistics for the page at `place`."""
    made = _Maker(reader, language, place)
    return [made.starts(), made.kinds(), made.countries(), made.fields(), made.sources()]


class _Maker:
    def __init__(self, reader: BuildReader, language: str, place: str) -> None:
        self.reader = reader
        self.language = language
        self.place = place
        self.words = words_of(language)
        self.pictures = picture_words(language)
        rows = [
            row
            for name in ("kinds", "countries", "fields", "sources")
            for row in reader.rows(f"statistics-{name}")
        ]
        self.facts = PageFacts(reader, language)
        self.facts.mention(data.iris_in(rows))
        self.facts.complete()

    def name(self, iri: str) -> str:
        return self.facts.name(iri).text

    def href(self, iri: str) -> str:
        return local_link(iri, self.language, self.place, self.reader.base) or ""

    def starts(self) -> Statistic:
        by_year = data.starts_by_year(self.reader.rows("statistics-starts"), 10)
        dated = self.words.ngettext(
            "Of {number} partnership with a year of its start",
            "Of {number} partnerships with a year of their start",
            by_year.dated,
        )
        certain = sum(bar.certain for bar in by_year.bars)
        sentence = self.words.gettext(
            "{told}, {certain} are certain in their decade; {without} more have no stated start.",
            told=dated, certain=self.words.number(certain),
            without=self.words.number(by_year.without),
        )  # fmt: skip
        head = [self.words.gettext("Decade"), self.words.gettext("certain"),
                self.words.gettext("possible")]  # fmt: skip
        return self._bars("starts", by_year.bars, sentence, head, upright=True)

    def kinds(self) -> Statistic:
        absent = self.words.gettext("not stated in our sources")
        rows = self.reader.rows("statistics-kinds")
        bars = _ranked(data.kinds_counted(rows, self.name, self.href, absent))
        head = [self.words.gettext("Kind"), self.words.gettext("certain"),
                self.words.gettext("possible")]  # fmt: skip
        return self._bars("kinds", bars, self._most(_counts(bars), _KINDS), head)

    def fields(self) -> Statistic:
        rows = self.reader.rows("statistics-fields")
        bars = _ranked(data.counted(rows, "field", self.name, self.href))
        head = [self.words.gettext("Field"), self.words.gettext("Partnerships")]
        return self._bars("fields", bars, self._most(_counts(bars), _FIELDS), head)

    def sources(self) -> Statistic:
        rows = self.reader.rows("statistics-sources")
        bars = _ranked(data.counted(rows, "source", self.name, self.href))
        head = [self.words.gettext("Source"), self.words.gettext("Partnerships")]
        statistic = self._bars("sources", bars, self._most(_counts(bars), _SOURCES), head)
        starts = {
            bar.href: bar.certain
            for bar in data.counted(rows, "source", self.name, self.href, "starts")
        }
        table = [[*row, Value(self.words.number(starts[row[0].href]))] for row in statistic.rows]
        return statistic._replace(columns=[*head, self.words.gettext("Starts")], rows=table)

    def countries(self) -> Statistic:
        rows = self.reader.rows("statistics-countries")
        pairs = by_name(data.country_pairs(rows, self.name, lambda first, second: ""))
        title, query, csv = self._query("countries")
        picture = country_matrix_svg(
            pairs,
            title=title,
            description=self.pictures("picture.matrix desc"),
            words=self.pictures,
            prefix="countries",
        )
        table = [
            [Value(f"{pair.one} – {pair.other}"), Value(self.words.number(pair.number))]
            for pair in pairs
        ]
        sentence = self._most(
            [(f"{pair.one} – {pair.other}", pair.number) for pair in pairs], _PAIRS
        )
        head = [self.words.gettext("Countries"), self.words.gettext("Partnerships")]
        return Statistic("countries", title, sentence, picture, head, table, query, csv)

    def _most(self, counted: Sequence[tuple[str, int]], things: Plural) -> str:
        """Return the names with the highest number; how many they are, if more than three."""
        most = max((number for _, number in counted), default=0)
        names = [name for name, number in counted if number == most]
        if not most:
            return ""
        if len(names) == 1:
            return self.words.ngettext("Most: {name}, {number}.", "Most: {name}, {number}.",
                                       most, name=names[0])  # fmt: skip
        each = self.words.number(most)
        if len(names) > NAMED:
            number = self.words.number(len(names))
            text = self.words.plural(things, len(names)).format(number=number)
        else:
            text = " · ".join(names)
        return self.words.gettext("Most: {names}, {each} each.", names=text, each=each)

    def _bars(
        self, name: str, bars: Sequence[Bar], sentence: str, head: list[str], upright: bool = False
    ) -> Statistic:
        title, query, csv = self._query(name)
        picture = bars_svg(bars, title=title, description=sentence, words=self.pictures,
                           prefix=name, upright=upright)  # fmt: skip
        table = [
            [
                Value(bar.label, bar.href),
                Value(self.words.number(bar.certain)),
                *([Value(self.words.number(bar.possible))] if len(head) > 2 else []),
            ]
            for bar in bars
        ]
        return Statistic(name, title, sentence, picture, head, table, query, csv)

    def _query(self, name: str) -> tuple[str, str, str]:
        """Return the title of a statistic, and the links to its query and its CSV."""
        text = self.reader.queries[f"statistics-{name}"]
        titles = dict(re.findall(r"^# (\w\w): (.+)$", text, re.MULTILINE))
        link = relative("sparql", self.place)
        encoded = quote(re.sub(r"\A(#.*\n)*", "", text), safe="")
        title = titles.get(self.language) or titles["en"]
        return title, f"{link}?query={encoded}", f"{link}?query={encoded}&format=csv"


def _ranked(bars: Sequence[Bar]) -> list[Bar]:
    """Return bars, the greatest first, then by name."""
    return sorted(bars, key=lambda bar: (-bar.certain - bar.possible, sort_key(bar.label)))


def _counts(bars: Sequence[Bar]) -> list[tuple[str, int]]:
    return [(bar.label, bar.certain + bar.possible) for bar in bars]


def by_name(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs of countries, the most first, then by name, as are the two of a pair.

    >>> by_name([Pair("Ukraine", "Deutschland", 2), Pair("Russland", "Deutschland", 2)])[0][:3]
    ('Deutschland', 'Russland', 2)
    """
    countries = []
    for pair in pairs:
        first, second = sorted((pair.one, pair.other), key=sort_key)
        countries.append(Pair(first, second, pair.number, pair.href))
    return sorted(countries, key=lambda p: (-p.number, sort_key(p.one), sort_key(p.other)))
