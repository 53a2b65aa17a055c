"""Sitemaps (sitemaps.org, with every language of a page) and robots.txt (RFC 9309)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from twingraph.site.reader import LANGUAGES

LARGEST_PART: Final = 5_000  # URLs, made in 5 ms; 50,000 and 50 MB are the most there may be
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAPS: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
# Every query with parameters has a URL; crawlers need none of these, because the facts in the
# results are on pages and in dumps.
_ENDLESS: Final = (
    "/sparql?",
    "/search?",
    "/search.json?",
    "/lookup?",
    "/query/*?",
    "/?uri=",
    *(f"/{language}/search?" for language in LANGUAGES),
    *(f"/{language}/query/*?" for language in LANGUAGES),
)


def parts(pages: Sequence[str], largest: int = LARGEST_PART) -> dict[str, Sequence[str]]:
    """Return the sitemaps by their file name, each with the pages it lists.

    >>> list(parts(["a.html"] * 5, largest=2 * len(LANGUAGES)))
    ['sitemap-1.xml', 'sitemap-2.xml', 'sitemap-3.xml']
    """
    step = max(largest // len(LANGUAGES), 1)
    return {
        f"sitemap-{number}.xml": pages[start : start + step]
        for number, start in enumerate(range(0, len(pages), step), start=1)
    }


def write_index(address: str, names: Sequence[str], day: str) -> bytes:
    """Return the index of the sitemaps `names` (sitemaps.org protocol)."""
    lastmod = _lastmod(day)
    entries = [
        f"<sitemap><loc>{escape(address + name)}</loc>{lastmod}</sitemap>\n" for name in names
    ]
    return f'{_XML}<sitemapindex xmlns="{_SITEMAPS}">\n{"".join(entries)}</sitemapindex>\n'.encode()


def write_sitemap(address: str, pages: Sequence[str], day: str) -> bytes:
    """Return the sitemap of some pages: each in every language, with links to the others."""
    lastmod = _lastmod(day)
    roots = {language: _escaped(f"{address}{language}/") for language in LANGUAGES}
    entries = []
    for path in map(_escaped, pages):
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{language}" href="{root}{path}"/>'
            for language, root in roots.items()
        )
        ending = f"{path}</loc>{lastmod}{others}</url>\n"
        entries += [f"<url><loc>{root}{ending}" for root in roots.values()]
    head = f'{_XML}<urlset xmlns="{_SITEMAPS}" xmlns:xhtml="{_XHTML}">\n'
    return f"{head}{''.join(entries)}</urlset>\n".encode()


def write_robots(address: str, root: str) -> bytes:
    """Return robots.txt (RFC 9309): everything, but no endless questions; where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {root}{item}" for item in _ENDLESS), "Allow: /"]
    return "\n".join([*lines, "", f"Sitemap: {address}sitemap.xml", ""]).encode()


def _escaped(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _lastmod(day: str) -> str:
    return f"<lastmod>{day[:10]}</lastmod>" if day else ""
