"""The routes of the catalogue, mainly for harvesters: whole, by page, in each format.

| address | gives |
|---|---|
| `/catalog`, `/catalog-de` | the catalogue by `Accept`; a browser is sent on to the data page |
| `/catalog.<suffix>`, `/catalog-de.<suffix>` | it in that format; `?page=N` of `?size=` data sets |
| `/dataset/<name>` | 303 to the data page, or to the data set alone in RDF |
| `/<lang>/data.html` | the data page |

A request without a preference gets Turtle, not a page: harvesters send `Accept: */*`, and some give
up on any answer to HEAD but 200.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.catalogue.builder import PROFILES
from twingraph.catalogue.dcat import write_catalogue
from twingraph.catalogue.paging import MOST, Catalogue, read_catalogue
from twingraph.export.editions import MEDIA_TYPES
from twingraph.site.datapage import DATA_PAGE, Publication
from twingraph.site.pages import page
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import Alternate
from twingraph.translation import words_of
from twingraph.web.files.conditions import write_date
from twingraph.web.files.published import NotWholeError, PublishedFile, published_file, read_whole
from twingraph.web.negotiate import Variant, choose
from twingraph.web.refusals import not_acceptable, not_found
from twingraph.web.releases import release_index
from twingraph.web.respond import accept_of, language_of, refuse, respond, see_other, site_of
from twingraph.web.weblinks import page_links

_FORMATS: Final = {
    each_name: MEDIA_TYPES[f".{each_name}"] for each_name in ("ttl", "rdf", "jsonld")
}
_RDF: Final = [Variant(media_type, suffix) for suffix, media_type in _FORMATS.items()]
_HTML: Final = Variant("text/html", "html")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")


def published_catalogue(request: Request, name: str = "catalog") -> PublishedFile | None:
    """Return the file of the catalogue: that of the newest release, else that of the build."""
    file = f"{name}.ttl"
    newest = release_index(request).newest()
    if newest is not None and file in newest.files:
        return newest.files[file]
    site = site_of(request)
    dump = site.dumps.get(file)
    return published_file(file, dump, site.release) if dump is not None else None


@lru_cache(maxsize=4)  # exceptions are not cached
def _opened(published: PublishedFile) -> Catalogue:
    raw = read_whole(published)
    if raw is None:  # half a catalogue is a valid smaller one: data sets would be deleted by it
        raise NotWholeError(published.name)
    return read_catalogue(raw)


# --- the catalogue -------------------------------------------------------------------------------


def catalogue(request: Request) -> Response:
    """Answer the IRI of a catalogue: itself, in the format that is liked best."""
    name = request.url.path.rpartition("/")[2]
    chosen = choose(accept_of(request), [*_RDF, _HTML])
    if chosen is None:
        forms = [Alternate("", f"{name}.{key}", kind) for key, kind in _FORMATS.items()]
        return not_acceptable(request, forms)
    if chosen is _HTML:
        return see_other(request, f"{language_of(request)}/{DATA_PAGE}")
    return _catalogue(request, name, chosen.suffix, by_accept=True)


def catalogue_form(request: Request) -> Response:
    """Send a catalogue in the format of the suffix."""
    name, _, suffix = request.url.path.rpartition("/")[2].rpartition(".")
    if suffix not in _FORMATS:
        return not_found(request)
    return _catalogue(request, name, suffix)


def _catalogue(request: Request, name: str, suffix: str, *, by_accept: bool = False) -> Response:
    published = published_catalogue(request, name)
    if published is None:
        return not_found(request)
    size = request.query_params.get("size", str(MOST))
    if not (_NUMBER.fullmatch(size) and int(size) <= MOST):
        words = words_of(language_of(request))
        return refuse(
            request,
            400,
            words.gettext(
                "A page of the catalogue has 1 to {most} data sets; write size=10.", most=MOST
            ),
            heading=words.gettext("This query can't be answered"),
        )
    opened = _opened(published)
    page = request.query_params.get("page", "1")
    if not (_NUMBER.fullmatch(page) and int(page) <= opened.count(int(size))):
        return not_found(request)
    site = site_of(request)
    base = site.base
    view = opened.view(int(page), f"{site.address}{name}.{suffix}", int(size))
    body = write_catalogue([*opened.page(int(page), int(size)), *view], base, suffix)
    headers = {"last-modified": write_date(published.modified)}
    if by_accept:
        query = f"?{request.url.query}" if request.url.query else ""
        root = str(request.scope.get("root_path", ""))
        headers["content-location"] = f"{root}/{name}.{suffix}{query}"
    return respond(
        request, body, _FORMATS[suffix], vary="Accept" if by_accept else "",
        links=_links(site, name, suffix), headers=headers,
    )  # fmt: skip


def _links(site: BuildReader, name: str, suffix: str) -> str:
    base, address = site.base, site.address
    forms = [
        f'<{address}{name}.{key}>; rel="alternate"; type="{kind}"'
        for key, kind in _FORMATS.items()
        if key != suffix
    ]
    pages = [
        f'<{address}{language}/{DATA_PAGE}>; rel="alternate"; type="text/html"; '
        f'hreflang="{language}"'
        for language in LANGUAGES
    ]
    own = f'<{address}{name}.{suffix}>; rel="canonical"'
    return ", ".join([*forms, *pages, f'<{base}{name}>; rel="describes"', own])


# --- a data set ----------------------------------------------------------------------------------


def dataset(request: Request) -> Response:
    """Answer the IRI of a data set: the data page, or its part of the catalogue."""
    path = request.path_params["name"]
    name, dot, suffix = path.partition(".")
    published = published_catalogue(request)
    base = site_of(request).base
    iri = f"{base}dataset/{name}"
    if (
        published is None
        or iri not in _opened(published).datasets
        or (dot and suffix not in _FORMATS)
    ):
        return not_found(request)
    if dot:
        body = write_catalogue(_opened(published).part([iri]), base, suffix)
        own = f"{site_of(request).address}dataset/{path}"
        links = f'<{iri}>; rel="describes", <{own}>; rel="canonical"'
        headers = {"last-modified": write_date(published.modified)}
        return respond(request, body, _FORMATS[suffix], links=links, headers=headers)
    chosen = choose(accept_of(request), [_HTML, *_RDF])
    if chosen is None:
        forms = [Alternate("", f"dataset/{name}.{key}", kind) for key, kind in _FORMATS.items()]
        return not_acceptable(request, forms)
    if chosen is _HTML:
        return see_other(request, f"{language_of(request)}/{DATA_PAGE}#{name}")
    return see_other(request, f"dataset/{name}.{chosen.suffix}")


# --- the data page -------------------------------------------------------------------------------


def data(request: Request) -> Response:
    """Send the data page."""
    site, language = site_of(request), language_of(request)
    published = published_catalogue(request)
    if published is None:
        return not_found(request)
    index = release_index(request)
    candidates = (index.release(name) for name in index.names())
    releases = [item.edition for item in candidates if item is not None]
    publication = Publication(_opened(published), releases)
    body = page(site, language, DATA_PAGE, publication=publication) or b""
    headers = {"content-language": language}
    if not request.url.path.endswith(".html"):
        root = str(request.scope.get("root_path", ""))
        headers["content-location"] = f"{root}/{language}/{DATA_PAGE}"
    links = page_links(site, DATA_PAGE, language)
    return respond(request, body, "text/html", links=links, headers=headers)


_PAGES: Final = tuple(
    f"/{each_language}/{name}"
    for each_language in LANGUAGES
    for name in (DATA_PAGE, DATA_PAGE[:-5])
)
ROUTES: Final = (
    *(Route(f"/{profile}", catalogue) for profile in PROFILES.values()),
    *(Route(f"/{profile}.{{suffix}}", catalogue_form) for profile in PROFILES.values()),
    Route("/dataset/{name}", dataset),
    *(Route(each_page, data) for each_page in _PAGES),
)
