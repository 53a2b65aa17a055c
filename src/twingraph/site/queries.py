"""Example queries, each with a title in the reader's language and a link that runs it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote

from twingraph.site.links import relative
from twingraph.site.reader import BuildReader
from twingraph.translation import choose_text


class Example(NamedTuple):
    """A query that answers something, and the link that runs it."""

    title: str
    text: str
    href: str


def examples(site: BuildReader, language: str, current_path: str) -> list[Example]:
    """Return the example queries for the page at `current_path`."""
    sparql = relative("sparql", current_path)
    return [
        Example(
            choose_text(question.title, language)[0],
            question.text,
            f"{sparql}?query={quote(question.text, safe='')}&lang={language}",
        )
        for question in site.questions
    ]
