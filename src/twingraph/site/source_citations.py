"""The citations of a source document on its page, by line."""

from __future__ import annotations

from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.rdf.vocabulary import PREFIXES
from twingraph.site.evidence import fragment_of
from twingraph.site.facts import PageFacts, pick
from twingraph.site.lists import members_of, named_links
from twingraph.site.partners import iris_in
from twingraph.site.reader import BuildReader, Row
from twingraph.site.values import Value, ValueFormatter
from twingraph.translation import words_of

MUCH_CITED: Final = "much cited"
_CITED: Final = 200  # citations on the page of a source; its description has all


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
    kept = site.memory.get(MUCH_CITED, {}).get(iri)
    if kept is None:
        kept = site.remember_lately("cited", iri, lambda: _cited(site, iri))
    lines: tuple[tuple[str, str], ...] = kept
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
    result = []
    for citation, each in groups.items():
        quote = each[0]["quote"] if each else None
        result.append(
            CitedRow(
                shown[citation],
                Value(quote.value if quote is not None else "", language=spoken),
                fragment_of(citation),
                named_links(formatter, each, "supported"),
            )
        )
    words = words_of(language)
    cut = words.ngettext("The first is shown.", "The first {number} are shown.", _CITED)
    return result, cut if len(lines) > _CITED else ""


def read_much_cited(site: BuildReader) -> None:
    """Remember the first citations of each document that has more than its page shows."""
    rows = {iri: lines for iri in members_of(site, "source")
             if len(lines := _cited(site, iri)) > _CITED}  # fmt: skip
    site.memory[MUCH_CITED] = rows


def _cited(site: BuildReader, iri: str) -> tuple[tuple[str, str], ...]:
    """Return (citation, line) of what is cited from a document, by line: one more than is shown."""
    pairs = [
        (row["citation"].value, row["line"].value)
        for row in site.rows("cited", this=NamedNode(iri))
        if row["citation"] is not None and row["line"] is not None
    ]
    pairs.sort(key=lambda item: (len(item[1]), item[1], item[0]))
    return tuple(pairs[: _CITED + 1])
