"""The quality of what is published, in words: the last check, what is open, what is missing."""

from __future__ import annotations

from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.site.browse import entries_of
from twingraph.site.facts import PageFacts
from twingraph.site.links import relative
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value, ValueFormatter, sort_key
from twingraph.translation import words_of

_SHOWN: Final = 100


class Section(NamedTuple):
    """Something to know about the data."""

    anchor: str
    title: str
    sentence: str
    values: list[Value]


class QualityPage(NamedTuple):
    """Everything the page shows."""

    checked: str
    warnings: list[Value]
    sections: list[Section]


def quality_page(reader: BuildReader, language: str, place: str) -> QualityPage:
    """Make the page that will stand at `place`."""
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
        checked, warnings, [_conflicts(reader, language, place), _starts(reader, language, place)]
    )


def _conflicts(reader: BuildReader, language: str, place: str) -> Section:
    words = words_of(language)
    things = {row["thing"].value for row in reader.rows("conflicts")
              if isinstance(row["thing"], NamedNode)}  # fmt: skip
    facts = PageFacts(reader, language)
    facts.mention(things)
    facts.complete()
    formatter = ValueFormatter(facts, place)
    values = sorted((formatter.link(thing) for thing in things), key=lambda one: sort_key(one.text))
    sentence = words.ngettext(
        "{number} thing is told differently by the passages that tell of it; all are kept.",
        "{number} things are told differently by the passages that tell of them; all are kept.",
        len(things),
    )
    return Section("conflicts", words.gettext("Told differently"), sentence, values[:_SHOWN])


def _starts(reader: BuildReader, language: str, place: str) -> Section:
    words = words_of(language)
    entries = entries_of(reader, "partnership", language)
    missing = [entry for entry in entries if all(row["start"] is None for row in entry.rows)]
    sentence = words.ngettext(
        "Of {all} partnerships, {number} has no start in our sources.",
        "Of {all} partnerships, {number} have no start in our sources.",
        len(missing), all=words.number(len(entries)),
    )  # fmt: skip
    facts = PageFacts(reader, language)
    facts.mention(item.iri for item in missing[:_SHOWN])
    facts.complete()
    formatter = ValueFormatter(facts, place)
    values = [formatter.link(item.iri) for item in missing[:_SHOWN]]
    return Section("starts", words.gettext("Start not stated"), sentence, values)
