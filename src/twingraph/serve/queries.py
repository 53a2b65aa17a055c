"""Example queries: the site's own, each with a title in every language and a link that runs it."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote

from twingraph.serve.links import relative
from twingraph.serve.site import Site


class Example(NamedTuple):
    """A query that answers something, and the link that runs it."""

    title: str
    text: str
    href: str


def examples(site: Site, language: str, at: str) -> list[Example]:
    """Return the example queries for the page at path `at`."""
    found = []
    for name, text in site.queries.items():
        titles = dict(re.findall(r"^# (en|de): (.+)$", text, re.MULTILINE))
        if name.startswith("example-") and titles:
            body = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
            href = f"{relative('sparql', at)}?query={quote(body, safe='')}&lang={language}"
            found.append(Example(titles[language], body, href))
    return found
