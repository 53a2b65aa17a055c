"""What crawlers ask for first: robots.txt, and the sitemaps, which list every page.

The protocols want absolute addresses of the host that serves. That is the address the operator
named; else the base IRI where that is asked under its own host; else the host of the request. What
somebody's `Host` got into is marked private, so that no cache tells it to others, and nothing but
`Host` is believed (no `X-Forwarded-Host`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.rdf.iris import kind_of, page_path
from twingraph.site.lists import CLASSES
from twingraph.site.pages import FIXED
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.web.refusals import not_found
from twingraph.web.respond import respond
from twingraph.web.weblinks import DATA_PAGE, LINKSET, LINKSET_TYPE, linkset

LARGEST_PART: Final = 20_000  # URLs; 50,000 and 50 MB are the most there may be
_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAPS: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
# Every question that can be asked has an address; crawlers need none of them, for what the
# answers tell stands on pages and in dumps.
_ENDLESS: Final = (
    "/sparql?", "/search?", "/search.json?", "/lookup?", "/query/*?", "/?uri=",
    *(f"/{one}/search?" for one in LANGUAGES), *(f"/{one}/query/*?" for one in LANGUAGES),
)  # fmt: skip


def paths(site: BuildReader) -> list[str]:
    """Return the path of every page below a language, in order: one pass over the graph."""
    found = {*FIXED, DATA_PAGE, "query/index.html", *(f"query/{one}.html" for one in site.library)}
    first = LANGUAGES[0]
    for row in site.rows("pages"):
        thing = row["thing"]
        if not isinstance(thing, NamedNode):
            continue
        page = page_path(site.path(thing.value) or "", first)
        if page is None:
            continue
        found.add(page.removeprefix(f"{first}/"))
        kind = kind_of(thing.value, site.base)
        if kind in CLASSES:
            found.add(f"{kind}/index.html")
    return sorted(found)


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
    when = _lastmod(day)
    entries = [f"<sitemap><loc>{escape(address + one)}</loc>{when}</sitemap>\n" for one in names]
    return f'{_XML}<sitemapindex xmlns="{_SITEMAPS}">\n{"".join(entries)}</sitemapindex>\n'.encode()


def write_sitemap(address: str, pages: Sequence[str], day: str) -> bytes:
    """Return the sitemap of some pages: each in every language, and what it is in the others."""
    when = _lastmod(day)
    entries = []
    for path in pages:
        urls = {one: escape(f"{address}{one}/{path}", {'"': "&quot;"}) for one in LANGUAGES}
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{one}" href="{url}"/>'
            for one, url in urls.items()
        )
        entries += [f"<url><loc>{url}</loc>{when}{others}</url>\n" for url in urls.values()]
    head = f'{_XML}<urlset xmlns="{_SITEMAPS}" xmlns:xhtml="{_XHTML}">\n'
    return f"{head}{''.join(entries)}</urlset>\n".encode()


def write_robots(address: str, root: str) -> bytes:
    """Return robots.txt (RFC 9309): everything, but no endless questions; where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {root}{one}" for one in _ENDLESS), "Allow: /"]
    return "\n".join([*lines, "", f"Sitemap: {address}sitemap.xml", ""]).encode()


def _lastmod(day: str) -> str:
    return f"<lastmod>{day[:10]}</lastmod>" if day else ""


# --- routes --------------------------------------------------------------------------------------


def address_of(request: Request) -> tuple[str, bool]:
    """Return the address of the site as seen from outside, and whether the client made it up."""
    site: BuildReader = request.app.state.site
    named = getattr(request.app.state, "address", "")
    host = request.headers.get("host", "")
    if named or host == urlsplit(site.base).netloc or not _HOST.fullmatch(host):
        return f"{named.rstrip('/')}/" if named else site.base, False
    return f"{request.scope['scheme']}://{host}{request.scope.get('root_path', '')}/", True


def _send(request: Request, body: bytes, media_type: str, *, private: bool) -> Response:
    cached = {"cache-control": "private, no-cache"} if private else {}
    return respond(request, body, media_type, headers=cached, vary="Host" if private else "")


def robots(request: Request) -> Response:
    """Send robots.txt."""
    address, private = address_of(request)
    body = write_robots(address, str(request.scope.get("root_path", "")))
    return _send(request, body, "text/plain", private=private)


def sitemap(request: Request) -> Response:
    """Send the index of the sitemaps."""
    address, private = address_of(request)
    site: BuildReader = request.app.state.site
    body = write_index(address, list(_parts(request)), site.release)
    return _send(request, body, "application/xml", private=private)


def sitemap_part(request: Request) -> Response:
    """Send one of the sitemaps."""
    pages = _parts(request).get(f"sitemap-{request.path_params['number']}.xml")
    if pages is None:
        return not_found(request)
    address, private = address_of(request)
    site: BuildReader = request.app.state.site
    body = write_sitemap(address, pages, site.release)
    return _send(request, body, "application/xml", private=private)


def _parts(request: Request) -> Mapping[str, Sequence[str]]:
    """Return the sitemaps of the build that is served; the pages of one build are listed once."""
    site: BuildReader = request.app.state.site
    kept: tuple[BuildReader, dict[str, Sequence[str]]] | None
    kept = getattr(request.app.state, "sitemaps", None)
    if kept is None or kept[0] is not site:
        kept = request.app.state.sitemaps = site, parts(paths(site))
    return kept[1]


def all_links(request: Request) -> Response:
    """Send the links of the whole and of its files as one document (FAIR Signposting, level 2)."""
    site: BuildReader = request.app.state.site
    return respond(request, linkset(site), LINKSET_TYPE)


ROUTES: Final = (
    Route("/robots.txt", robots),
    Route("/sitemap.xml", sitemap),
    Route("/sitemap-{number}.xml", sitemap_part),
    Route(f"/{LINKSET}", all_links),
)
