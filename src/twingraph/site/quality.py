"""The quality of the published data in words: the last check, open problems, missing values."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.site.choices import JOIN, Choice, path_of
from twingraph.site.facts import PageFacts
from twingraph.site.links import relative
from twingraph.site.listings import listing_of
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.translation import words_of

_SHOWN: Final = 100
_COUNTRY: Final = "country-"
_STATED: Final = ("start", "type", "status")


class Section(NamedTuple):
    """Something to know about the data."""

    anchor: str
    title: str
    sentence: str
    values: list[Value]


class Coverage(NamedTuple):
    """By country, of how many partnerships the start, the kind and the status are stated."""

    columns: list[str]
    rows: list[list[Value]]


class QualityPage(NamedTuple):
    """Everything the page shows."""

    checked: str
    warnings: list[Value]
    sections: list[Section]
    coverage: Coverage


def quality_page(reader: BuildReader, language: str, place: str) -> QualityPage:
    """Make the page for the path `place`."""
    words = words_of(language)
    total = sum(reader.warnings.values())
    checked = words.gettext(
        "Nothing is published that breaks a rule: the last check found no violation."
    )
    if total:
        more = words.ngettext("It left {number} warning.", "It left {number} warnings.", total)
        checked = f"{checked} {more}"
    rules = relative(f"{language}/shapes.html", place)
    warnings = [
        Value(f"{code}: {words.number(number)}", f"{rules}#{code}")
        for code, number in sorted(reader.warnings.items())
    ]
    return QualityPage(
        checked,
        warnings,
        [_conflicts(reader, language, place), _starts(reader, language, place)],
        _coverage(reader, language, place),
    )


def _coverage(reader: BuildReader, language: str, place: str) -> Coverage:
    """Count the partnerships of each country, the most first; the list has the same choice."""
    words = words_of(language)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    listing = listing_of(reader, "partnership", language)
    stated = {name: set(listing.stated.get(name, ())) for name in _STATED}
    for key in sorted(listing.under):
        if key.startswith(_COUNTRY) and JOIN not in key:
            places = listing.under[key]
            counts[key]["all"] = len(places)
            for name, each in stated.items():
                counts[key][name] = len(each.intersection(places))
    facts = PageFacts(reader, language)
    iris = {key: f"{reader.base}id/place/{key.removeprefix(_COUNTRY)}" for key in counts}
    facts.mention(iris.values())
    facts.complete()
    names = {key: facts.name(iri).text for key, iri in iris.items()}
    ordered = sorted(counts, key=lambda key: (-counts[key]["all"], sort_key(names[key])))
    rows = [
        [
            Value(names[key], relative(
                f"{language}/{path_of(Choice('partnership', key, 1))}", place)),
            *(Value(words.number(counts[key][name])) for name in ("all", *_STATED)),
        ]
        for key in ordered
    ]  # fmt: skip
    heads = [words.gettext("Country"), words.gettext("Partnerships"),
             words.gettext("start stated"), words.gettext("kind stated"),
             words.gettext("status stated")]  # fmt: skip
    return Coverage(heads, rows)


def _conflicts(reader: BuildReader, language: str, place: str) -> Section:
    words = words_of(language)
    things = {row["thing"].value for row in reader.rows("conflicts")
              if isinstance(row["thing"], NamedNode)}  # fmt: skip
    facts = PageFacts(reader, language)
    facts.mention(things)
    facts.complete()
    formatter = ValueFormatter(facts, place)
    values = sorted(
        (formatter.link(thing) for thing in things), key=lambda value: sort_key(value.text)
    )
    sentence = words.ngettext(
        "{number} thing is told differently by the passages that tell of it; all are kept.",
        "{number} things are told differently by the passages that tell of them; all are kept.",
        len(things),
    )
    return Section("conflicts", words.gettext("Told differently"), sentence, values[:_SHOWN])


def _starts(reader: BuildReader, language: str, place: str) -> Section:
    words = words_of(language)
    listing = listing_of(reader, "partnership", language)
    started = set(listing.stated.get("start", ()))
    missing = [place for place in range(len(listing.things)) if place not in started]
    shown = [listing.things[place] for place in missing[:_SHOWN]]
    sentence = words.ngettext(
        "Of {all} partnerships, {number} has no start in our sources.",
        "Of {all} partnerships, {number} have no start in our sources.",
        len(missing), all=words.number(len(listing.things)),
    )  # fmt: skip
    facts = PageFacts(reader, language)
    facts.mention(shown)
    facts.complete()
    formatter = ValueFormatter(facts, place)
    values = [formatter.link(iri) for iri in shown]
    return Section("starts", words.gettext("Start not stated"), sentence, values)
