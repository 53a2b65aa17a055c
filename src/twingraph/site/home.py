"""The first page: what this site is, its numbers, and the ways into the data."""

from __future__ import annotations

from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.site.claims import Claims, Conflict
from twingraph.site.facts import PageFacts
from twingraph.site.illustrations import Illustrator
from twingraph.site.links import relative
from twingraph.site.lists import overview
from twingraph.site.queries import Example, examples
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value, ValueFormatter
from twingraph.translation import N_, words_of

_EXAMPLES: Final = 4

_COUNTED: Final = {
    "partnerships": N_("partnerships"),
    "partners": N_("partners"),
    "sources": N_("source documents"),
    "citations": N_("passages cited"),
}


class Number(NamedTuple):
    """A number of the graph and what it counts."""

    number: str
    what: str


class HomePage(NamedTuple):
    """Everything the first page shows."""

    title: str
    map: str
    numbers: list[Number]
    kinds: list[Value]
    conflict_on: Value | None
    conflicts: list[Conflict]
    examples: list[Example]
    sparql: str
    questions: str
    openapi: str
    sparql_examples: str


def home_page(site: BuildReader, language: str, current_path: str) -> HomePage:
    """Make the first page, for `current_path`."""
    row = site.rows("numbers")[0]
    words = words_of(language)
    numbers = [
        Number(words.number(int(count.value)), words.gettext(_COUNTED[name]))
        for name, count in row.items()
        if count is not None
    ]
    conflict_on, conflicts = _conflict(site, language, current_path)
    return HomePage(
        title=site.title.get(language) or site.title["en"],
        map=Illustrator(site, language, current_path).world(),
        numbers=numbers,
        kinds=overview(site, language, current_path),
        conflict_on=conflict_on,
        conflicts=conflicts,
        examples=examples(site, language, current_path)[:_EXAMPLES],
        sparql=relative("sparql", current_path),
        questions=words.ngettext("The one question", "All {number} questions", len(site.library)),
        openapi=relative("openapi.json", current_path),
        sparql_examples=relative(".well-known/sparql-examples", current_path),
    )


def _conflict(
    site: BuildReader, language: str, current_path: str
) -> tuple[Value | None, list[Conflict]]:
    """Return the first entity on which sources differ, and how; nothing if they agree."""
    things = [row["thing"] for row in site.rows("conflicts")]
    if not things or not isinstance(things[0], NamedNode):
        return None, []
    facts = PageFacts(site, language)
    facts.read_description(things[0].value)
    facts.complete()
    formatter = ValueFormatter(facts, current_path)
    return formatter.link(things[0].value), Claims.of(formatter, things[0].value).conflicts()
