"""The web application: which path is answered by whom; files and queries are answered here.

Files are found by a table, never by a path somebody sent.
"""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from twingraph.link.files import FOLDER as LINKS
from twingraph.serve.dereference import FIRST as THINGS_FIRST
from twingraph.serve.dereference import LAST as THINGS_LAST
from twingraph.serve.describe import FORMATS
from twingraph.serve.library import ROUTES as LIBRARY
from twingraph.serve.lookup import ROUTES as LOOKUP
from twingraph.serve.negotiate import Offer, choose
from twingraph.serve.protocol import MAX_BODY_BYTES, Asked, RefusedError, read_fields, read_form
from twingraph.serve.refusals import broken, not_found, not_served
from twingraph.serve.render import STATIC, render, static_file
from twingraph.serve.respond import (
    TEXT_FIRST,
    VARY,
    CommonHeaders,
    accept_of,
    etag,
    language_of,
    precondition,
    refuse,
    respond,
    see_other,
)
from twingraph.serve.search import ROUTES as SEARCH
from twingraph.serve.service import service_description
from twingraph.serve.site import LANGUAGES, Site, load_site
from twingraph.serve.sparql import Table, answer, query_page
from twingraph.serve.weblinks import dataset_links
from twingraph.serve.words import WORDS

_CONCURRENT_QUERIES: Final = 4
_HTML: Final = Offer("text/html", "html")


def create_app(build: Path, library: Path | None = None) -> Starlette:
    """Return the ASGI application that serves the build in folder `build`.

    `library` is the folder of the questions, ours where none is named.
    """
    app = Starlette(
        routes=[
            *LIBRARY,
            *THINGS_FIRST,
            Route("/sparql", sparql, methods=["GET", "HEAD", "POST"]),
            Route("/context.jsonld", dump_file),
            Route("/dumps", dumps),
            Route("/dumps/", dumps),
            Route("/dumps/{name:path}", dump_file),
            Route("/links/{name}", link_file),
            Route("/static/{name}", static),
            *LOOKUP,
            *SEARCH,
            *THINGS_LAST,
        ],
        middleware=[Middleware(CommonHeaders)],
        exception_handlers={HTTPException: not_served, 500: broken},
    )
    app.router.redirect_slashes = False
    app.state.site = load_site(build, library)
    app.state.queries = CapacityLimiter(_CONCURRENT_QUERIES)
    return app


def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


# --- files ---------------------------------------------------------------------------------------


def dumps(request: Request) -> Response:
    """Send the list of the files: a page."""
    return see_other(request, f"{language_of(request)}/dumps.html", vary="Accept-Language")


def dump_file(request: Request) -> Response:
    """Send a file of the build, which the table of files knows."""
    return _file(request, request.path_params.get("name", "context.jsonld"))


def link_file(request: Request) -> Response:
    """Send a file of links, which has its name under `links/` in the data too."""
    return _file(request, f"{LINKS}{request.path_params['name']}")


def _file(request: Request, name: str) -> Response:
    site = _site(request)
    dump = site.dumps.get(name)
    if dump is None:
        return not_found(request)
    place = name if name == "context.jsonld" or name.startswith(LINKS) else f"dumps/{name}"
    headers = {
        "etag": etag(dump.sha256),
        "last-modified": formatdate(int(dump.path.stat().st_mtime), usegmt=True),
        "cache-control": "no-cache",
        "link": dataset_links(site, (), place),
    }
    early = precondition(request, headers)
    return early or FileResponse(dump.path, headers=headers, media_type=dump.media_type)


def static(request: Request) -> Response:
    """Send a file that pages refer to."""
    name = request.path_params["name"]
    body = static_file(name)
    return not_found(request) if body is None else respond(request, body, STATIC[name])


# --- queries -------------------------------------------------------------------------------------


async def sparql(request: Request) -> Response:
    """Answer a query (SPARQL 1.1 Protocol), or show the form, or describe the service."""
    asked = None
    try:
        asked = read_fields(await _fields(request))
        if not asked.query:
            return await to_thread.run_sync(_about_service, request, asked)
        limiter: CapacityLimiter = request.app.state.queries
        return await to_thread.run_sync(_answer, request, asked, limiter=limiter)
    except RefusedError as error:
        return _refuse_query(request, asked, error)


async def _fields(request: Request) -> list[tuple[str, str]]:
    fields = request.query_params.multi_items()
    if request.method != "POST":
        return fields
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RefusedError(413, f"a body of more than {MAX_BODY_BYTES} bytes; send less")
    return list(read_form(request.headers.get("content-type", ""), body, fields))


def _query_language(request: Request, asked: Asked | None) -> str:
    if asked is not None and asked.language in LANGUAGES:
        return asked.language
    return language_of(request)


def _query_page(
    request: Request,
    asked: Asked | None,
    table: Table | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    site, language = _site(request), _query_language(request, asked)
    query = asked.query if asked is not None else ""
    shown = query_page(site, language, query, table, problem)
    elsewhere = {one: f"sparql?lang={one}" for one in LANGUAGES}
    body = render(site, "sparql.html", language, "sparql", title=WORDS[language]["query"],
                  elsewhere=elsewhere, page=shown)  # fmt: skip
    return respond(request, body, "text/html", status=status, vary=VARY,
                   headers={"content-language": language})  # fmt: skip


def _about_service(request: Request, asked: Asked) -> Response:
    if request.method == "POST":
        raise RefusedError(400, "no query; send one as parameter 'query'")
    offers = [_HTML, *(Offer(media_type, suffix) for suffix, media_type in FORMATS.items())]
    chosen = choose(accept_of(request), offers)
    if chosen is None:
        raise RefusedError(
            406, "without a query there is text/html or RDF; accept one, or send a query"
        )
    if chosen.suffix == "html":
        return _query_page(request, asked)
    body = service_description(_site(request), chosen.suffix)
    return respond(request, body, chosen.media_type, vary=VARY)


def _answer(request: Request, asked: Asked) -> Response:
    language = _query_language(request, asked)
    found = answer(_site(request), asked, accept_of(request), language)
    if found.table is not None:
        return _query_page(request, asked, table=found.table)
    return respond(request, found.body, found.media_type, vary=VARY)


def _refuse_query(request: Request, asked: Asked | None, error: RefusedError) -> Response:
    chosen = choose(accept_of(request), [*TEXT_FIRST, _HTML])
    if chosen is _HTML:
        return _query_page(request, asked, status=error.status, problem=str(error))
    heading = WORDS[_query_language(request, asked)]["failed"]
    return refuse(request, error.status, str(error), heading=heading, offers=TEXT_FIRST)
