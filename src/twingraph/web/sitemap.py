"""The routes of robots.txt and of the sitemaps, which list every page.

The protocols want absolute addresses of the host that serves. That is the address the operator
named; else the base IRI if the request has its host; else the host of the request. A response with
the request's `Host` in it is marked private, so that no cache sends it to others, and nothing but
`Host` is believed (no `X-Forwarded-Host`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.packed_tables import Texts
from twingraph.site.pages import page_paths
from twingraph.site.reader import BuildReader
from twingraph.site.sitemap import parts, write_index, write_robots, write_sitemap
from twingraph.web.refusals import not_found
from twingraph.web.respond import respond, site_of
from twingraph.web.weblinks import LINKSET, LINKSET_TYPE, linkset

_HOST: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


def address_of(request: Request) -> tuple[str, bool]:
    """Return the address of the site as seen from outside, and whether the client made it up."""
    site = site_of(request)
    host = request.headers.get("host", "")
    if site.address != site.base or host == urlsplit(site.base).netloc or not _HOST.fullmatch(host):
        return site.address, False
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
    site = site_of(request)
    body = write_index(address, list(_parts(request)), site.release)
    return _send(request, body, "application/xml", private=private)


def sitemap_part(request: Request) -> Response:
    """Send one of the sitemaps."""
    pages = _parts(request).get(f"sitemap-{request.path_params['number']}.xml")
    if pages is None:
        return not_found(request)
    address, private = address_of(request)
    site = site_of(request)
    body = write_sitemap(address, pages, site.release)
    return _send(request, body, "application/xml", private=private)


def _parts(request: Request) -> Mapping[str, Sequence[str]]:
    """Return the sitemaps of the build that is served; the pages of one build are listed once."""
    return parts_in(request.app.state, request.state.snapshot.site)


def parts_in(state: State, site: BuildReader) -> Mapping[str, Sequence[str]]:
    """Return the sitemaps of a build, made on first use, kept until the build changes."""
    kept: tuple[BuildReader, dict[str, Sequence[str]]] | None = getattr(state, "sitemaps", None)
    if kept is None or kept[0] is not site:
        kept = state.sitemaps = site, paths_in(site)
    return kept[1]


def paths_in(site: BuildReader) -> dict[str, Sequence[str]]:
    """Return the sitemaps of a build by their names, each with its pages."""
    return {name: Texts(pages) for name, pages in parts(page_paths(site)).items()}


def all_links(request: Request) -> Response:
    """Send the links of the whole and of its files as one document (FAIR Signposting, level 2)."""
    site = site_of(request)
    return respond(request, linkset(site), LINKSET_TYPE)


ROUTES: Final = (
    Route("/robots.txt", robots),
    Route("/sitemap.xml", sitemap),
    Route("/sitemap-{number}.xml", sitemap_part),
    Route(f"/{LINKSET}", all_links),
)
