"""The web application: which path answers what, and in which form.

Things answer 303 to the page or to the description that suits the client; pages, descriptions and
files answer themselves, and say where their other forms are. Paths are read by `iris` alone, and
files are found by a table, never by a path somebody sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from twingraph.iris import PUBLISHED, local_path, page_path, thing_of_page
from twingraph.serve.describe import FORMATS, describe, formats_of
from twingraph.serve.negotiate import Offer, choose
from twingraph.serve.pages import alternates, page
from twingraph.serve.protocol import MAX_BODY_BYTES, Asked, RefusedError, read_fields, read_form
from twingraph.serve.render import STATIC, Alternate, render, static_file
from twingraph.serve.respond import (
    TEXT_FIRST,
    VARY,
    CommonHeaders,
    accept_of,
    has_already,
    language_of,
    path_of,
    refuse,
    respond,
    see_other,
)
from twingraph.serve.search import ROUTES as SEARCH
from twingraph.serve.service import dataset_description, service_description
from twingraph.serve.site import LANGUAGES, Site, load_site
from twingraph.serve.sparql import Table, answer, query_page
from twingraph.serve.thing import is_known
from twingraph.serve.words import WORDS
from twingraph.vocabulary import HOME

_CONCURRENT_QUERIES: Final = 4
_HTML: Final = Offer("text/html", "html")
_JSON: Final = Offer("application/json", "jsonld")  # asked by many, served as what it is
_PUBLISHED: Final = PUBLISHED.value.removeprefix(HOME)


def create_app(build: Path, library: Path | None = None) -> Starlette:
    """Return the ASGI application that serves the build in folder `build`.

    `library` is the folder of the query library, whose questions the query page then offers.
    """
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/sparql", sparql, methods=["GET", "HEAD", "POST"]),
            Route("/context.jsonld", dump_file),
            Route("/dumps", dumps),
            Route("/dumps/", dumps),
            Route("/dumps/{name:path}", dump_file),
            Route("/links/{link}", dump_file),
            Route("/static/{name}", static),
            Route("/ns", thing),
            Route("/shapes", thing),
            Route("/ns.{suffix}", description),
            Route("/shapes.{suffix}", description),
            Route("/doc/{rest:path}", description),
            *SEARCH,
            *(Route(f"/{one}", language_root) for one in LANGUAGES),
            *(Route(f"/{one}/{{rest:path}}", html) for one in LANGUAGES),
            Route("/{rest:path}", thing),
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


# --- things, descriptions, pages -----------------------------------------------------------------


def thing(request: Request) -> Response:
    """Answer the IRI of a thing: 303 to what suits `Accept` and `Accept-Language`."""
    site = _site(request)
    path = path_of(request)
    if path == _PUBLISHED:
        return _published(request)
    path = _versions(site).get(path, path)
    if not _is_held(site, path):
        return _not_found(request)
    return _negotiate(request, path)


def _negotiate(request: Request, path: str) -> Response:
    """Send on to the page or a description of the thing at `path`, which is known."""
    site = _site(request)
    language = language_of(request)
    html_path = page_path(path, language)
    forms = alternates(path)
    offers = [_HTML] if html_path else []
    offers += [Offer(media_type, suffix) for suffix, media_type in formats_of(path).items()]
    if "jsonld" in formats_of(path):
        offers.append(_JSON)
    chosen = choose(accept_of(request), offers)
    if chosen is None:
        options = {one.media_type: one.path for one in forms}
        options |= {"text/html": html_path} if html_path else {}
        return _not_acceptable(request, options)
    by_suffix = {one.path.rpartition(".")[2]: one.path for one in forms}
    target = html_path if chosen.suffix == "html" and html_path else by_suffix[chosen.suffix]
    return see_other(request, target, links=_links(site, path, forms))


def _published(request: Request) -> Response:
    """Answer the name of the default graph: the dumps are it."""
    names = {
        one.media_type: name
        for name, one in _site(request).dumps.items()
        if name in ("twingraph.ttl", "twingraph.nt", "twingraph.jsonld")
    }
    preferred = sorted(names, key=lambda one: one != "text/turtle")
    chosen = choose(accept_of(request), [Offer(one, "") for one in preferred])
    if chosen is None:
        return _not_acceptable(request, {one: f"dumps/{name}" for one, name in names.items()})
    return see_other(request, f"dumps/{names[chosen.media_type]}")


def _versions(site: Site) -> Mapping[str, str]:
    """Return the paths of the names of versions, each with the path of what it is a version of."""
    found = {}
    for row in site.rows("ontologies"):
        ontology, version = row["ontology"], row["version"]
        if ontology is not None and version is not None:
            found[version.value.removeprefix(HOME)] = ontology.value.removeprefix(HOME)
    return found


def _is_held(site: Site, path: str) -> bool:
    if path in ("ns", "shapes"):
        return True
    if local_path(path) is None:
        return False
    if path.startswith("graph/"):
        return site.public(HOME + path) in site.graphs
    return is_known(site, HOME + path)


def description(request: Request) -> Response:
    """Send the RDF about a thing; without a suffix, negotiate like the thing itself."""
    site = _site(request)
    rest, dot, suffix = path_of(request).removeprefix("doc/").rpartition(".")
    path = thing_of_page(rest if dot else suffix)
    if path is None:
        return _not_found(request)
    if not dot:
        return _negotiate(request, path) if _is_held(site, path) else _not_found(request)
    formats = formats_of(path)
    body = describe(site, path, suffix) if suffix in formats else None
    if body is None:
        return _not_found(request)
    return respond(request, body, formats[suffix], links=_links(site, path, alternates(path)))


def html(request: Request) -> Response:
    """Send a page; its `.html` may be left out."""
    language, _, rest = path_of(request).partition("/")
    path = rest
    if rest == "" or rest.endswith("/"):
        path = rest + "index.html"
    elif not rest.endswith(".html"):
        path = rest + ".html"
    site = _site(request)
    body = page(site, language, path)
    if body is None:
        folder = None if rest == path else page(site, language, f"{rest}/index.html")
        if folder is not None:
            return see_other(request, f"{language}/{rest}/", status=308)
        return _not_found(request)
    about = thing_of_page(path.removesuffix(".html"))
    forms = alternates(about) if about is not None else ()
    links = _links(site, about, forms, canonical=f"{language}/{path}")
    return respond(request, body, "text/html", links=links, headers={"content-language": language})


def home(request: Request) -> Response:
    """Send the first page in the reader's language, or the dataset told in RDF."""
    site, language = _site(request), language_of(request)
    offers = [_HTML, *(Offer(media_type, suffix) for suffix, media_type in FORMATS.items())]
    chosen = choose(accept_of(request), offers)
    if chosen is None:
        return _not_acceptable(request, {one.media_type: "" for one in offers})
    if chosen.suffix != "html":
        body = dataset_description(site, chosen.suffix)
        return respond(request, body, chosen.media_type, vary=VARY, links=_links(site, "", ()))
    body = page(site, language, "index.html", at="index.html") or b""
    links = _links(site, None, (), canonical=f"{language}/index.html")
    return respond(request, body, "text/html", vary=VARY, links=links,
                   headers={"content-language": language})  # fmt: skip


def language_root(request: Request) -> Response:
    """Send `/en` on to `/en/`, where relative links hold."""
    return see_other(request, path_of(request) + "/", status=308)


def _links(
    site: Site, path: str | None, forms: tuple[Alternate, ...], canonical: str = ""
) -> str:
    """Return the `Link` header: the other forms, the licence, what is described (RFC 8288)."""
    found = [f'<{site.licence}>; rel="license"']
    found += [f'<{site.base}{one.path}>; rel="alternate"; type="{one.media_type}"' for one in forms]
    if canonical:
        found.append(f'<{site.base}{canonical}>; rel="canonical"')
    if path is not None:
        found.append(f'<{site.base}{path}>; rel="describes"')
    return ", ".join(found)


# --- files ---------------------------------------------------------------------------------------


def dumps(request: Request) -> Response:
    """Send the list of the files: a page."""
    return see_other(request, f"{language_of(request)}/dumps.html")


def dump_file(request: Request) -> Response:
    """Send a file of the build, which the table of files knows."""
    site = _site(request)
    link = request.path_params.get("link")
    name = f"links/{link}" if link else request.path_params.get("name", "context.jsonld")
    dump = site.dumps.get(name)
    if dump is None:
        return _not_found(request)
    tag = f'"{dump.sha256[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache", "link": _links(site, None, ())}
    if has_already(request, tag):
        return Response(status_code=304, headers=headers)
    return FileResponse(dump.path, headers=headers, media_type=dump.media_type)


def static(request: Request) -> Response:
    """Send a file that pages refer to."""
    name = request.path_params["name"]
    body = static_file(name)
    return _not_found(request) if body is None else respond(request, body, STATIC[name])


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


# --- refusals ------------------------------------------------------------------------------------


def _not_found(request: Request) -> Response:
    language = language_of(request)
    word = WORDS[language]
    options = {
        word["home"]: "",
        word["places"]: f"{language}/place/index.html",
        word["partnerships"]: f"{language}/partnership/index.html",
    }
    text = word["not found note"].format("/" + path_of(request)[:200])
    return refuse(request, 404, text, heading=word["not found"], options=options)


def _not_acceptable(request: Request, options: Mapping[str, str]) -> Response:
    word = WORDS[language_of(request)]
    return refuse(request, 406, word["not acceptable note"], heading=word["not acceptable"],
                  options=options)  # fmt: skip


def not_served(request: Request, error: Exception) -> Response:
    """Answer what Starlette refuses: a method that a path does not know."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _not_found(request)
    word = WORDS[language_of(request)]
    methods = (error.headers or {}).get("Allow", "GET, HEAD").split(", ")
    allowed = ", ".join(sorted(methods))
    return refuse(request, error.status_code, word["method note"].format(allowed),
                  heading=word["method"], headers={"allow": f"{allowed}, OPTIONS"})  # fmt: skip


def broken(request: Request, error: Exception) -> Response:
    """Answer a mistake of ours without telling its insides."""
    word = WORDS[language_of(request)]
    return refuse(request, 500, word["broken note"], heading=word["broken"])
