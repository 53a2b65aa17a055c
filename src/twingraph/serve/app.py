"""The web application: which path is answered by whom.

Files are found by a table, never by a path somebody sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from twingraph.endpoint.blocking import BlockingEvaluator
from twingraph.endpoint.form import ROUTES as FORM
from twingraph.endpoint.forward import FORM as FORM_KIND
from twingraph.endpoint.forward import PAGES, QUESTIONS, THINGS, forwarded
from twingraph.endpoint.front_graph import FrontGraph
from twingraph.endpoint.launch import Launcher, OwnLauncher, pages_of
from twingraph.endpoint.pool import Pool
from twingraph.endpoint.remote import RemoteEvaluator
from twingraph.endpoint.service import Service
from twingraph.endpoint.slow_query_slots import OwnPlaces
from twingraph.endpoint.worker_routes import HANDLERS
from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import NAME, load_store
from twingraph.serve.log import Log
from twingraph.serve.metrics import Numbers
from twingraph.serve.watch import ROUTES as WATCH
from twingraph.serve.watch import Front, follow, mark_of, publish, state_of
from twingraph.settings import Limits, address_from
from twingraph.site.reader import BuildReader, load_site
from twingraph.site.render import STATIC, compile_templates, static_file
from twingraph.sparql.remote import RemoteStore
from twingraph.web.attachments import ROUTES as ATTACHMENTS
from twingraph.web.catalogue import ROUTES as CATALOGUE
from twingraph.web.dereference import FIRST as THINGS_FIRST
from twingraph.web.dereference import LAST as THINGS_LAST
from twingraph.web.feeds import ROUTES as FEEDS
from twingraph.web.files.send import ROUTES as FILES
from twingraph.web.library import ROUTES as LIBRARY
from twingraph.web.lookup import ROUTES as LOOKUP
from twingraph.web.matching import ROUTES as MATCHING
from twingraph.web.memento import ROUTES as MEMENTOS
from twingraph.web.reconcile import ROUTES as RECONCILE
from twingraph.web.reconcile import keep_ready
from twingraph.web.refusals import not_found
from twingraph.web.releases import ROUTES as RELEASES
from twingraph.web.respond import CommonHeaders, respond
from twingraph.web.search import ROUTES as SEARCH
from twingraph.web.sitemap import ROUTES as CRAWLERS

_CONCURRENT_QUESTIONS: Final = 4
_HANDING: Final = 4  # threads that read files of releases for workers
_UNPACKING: Final = 2  # threads that unpack files
_OWN_TEMPLATES: Final = ("base.html", "macros.html", "catalogue.html", "refusal.html")


class Application(Starlette):
    """Starlette with a front: queries, which are many, need nothing of what stands behind it."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self.front(scope, receive, send)


def create_app(
    build: Path,
    library: Path | None = None,
    *,
    releases: Path | None = None,
    limits: Limits | None = None,
    log: TextIO | None = None,
    endpoint: str | None = None,
    address: str = "",
    share: int = 1,
    ahead: OwnLauncher | None = None,
) -> Starlette:
    """Return the ASGI application that serves the build in folder `build`.

    `library` is the folder of the questions, ours where none is named; `releases` that of the
    releases; `limits` are those of a query. A line a request is written to `log`. With `endpoint`,
    the URL of a SPARQL service that holds the graph, that one is asked. `address` is the URL by
    which the public reaches us. `share` is how many processes divide the places for queries
    among them; `ahead` has started to load this build already. A new build at `build` is taken up
    while it runs.
    """
    bounds = limits or Limits()
    public, wrong = address_from(address)
    if wrong:
        raise TwingraphError(wrong[0])

    def load() -> Service:
        mark = mark_of(build)  # before it is read: what comes meanwhile is another one
        folder = build.resolve()  # once: the link may lead elsewhere the next moment
        graph = folder / NAME
        front = FrontGraph(lambda: load_store(graph)) if endpoint is None else None
        site = load_site(folder, library, endpoint, bounds, public, front)
        service = remote(site, site.remote) if front is None else pooled(site, front, graph)
        service.mark = mark
        return service

    def remote(site: BuildReader, store: RemoteStore | None) -> Service:
        assert store is not None, "an endpoint is named"
        return Service(site, RemoteEvaluator(store, site.base, site.prefixes, bounds))

    def pooled(site: BuildReader, front: FrontGraph, graph: Path) -> Service:
        first = ahead if not hasattr(app.state, "service") else None
        shared: Launcher | None = getattr(app.state, "launcher", None)
        launcher = shared or first or OwnLauncher(users=2)
        settings = pages_of(library, public, bounds)
        pool = Pool(graph, site.base, bounds, launcher, share, settings)
        pool.places = getattr(app.state, "places", None) or OwnPlaces()
        own = replace(bounds, concurrent=-(-bounds.concurrent // share))
        pages = Pool(graph, site.base, own, launcher, share, settings, for_pages=True)
        questions = BlockingEvaluator(pool)
        return Service(replace(site, prepared={}), pool, pages, front, questions)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        started = asyncio.create_task(app.state.service.start())
        following = asyncio.create_task(follow(app, build, load))
        publishing = asyncio.create_task(publish(app))
        tasks = [started, following, publishing]
        if app.state.site.remote is not None:
            tasks.append(asyncio.create_task(keep_ready(app)))
        await to_thread.run_sync(int)  # the first use imports modules: while the graph is loaded
        app.state.started = started
        app.state.ready = repr(app.state.service.mark)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        app.state.service.close()
        lines.flush()

    lines = Log(log)
    app = Application(
        routes=[
            *forwarded(LIBRARY, QUESTIONS),
            *FEEDS,
            *forwarded(ATTACHMENTS, PAGES),
            *MEMENTOS,
            *forwarded(THINGS_FIRST, THINGS),
            *forwarded(FORM, FORM_KIND),
            *FILES,
            *RELEASES,
            *CATALOGUE,
            *forwarded(CRAWLERS, PAGES),
            *WATCH,
            Route("/static/{name}", static),
            *forwarded((*LOOKUP, *SEARCH, *MATCHING, *RECONCILE), PAGES),
            *forwarded(THINGS_LAST, THINGS),
        ],
        middleware=[Middleware(CommonHeaders)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.front = Front(super(Application, app).__call__, app.state, lines)
    app.state.refused = app.front.refused
    app.state.note = app.front.note
    app.router.redirect_slashes = False
    app.state.load = load
    app.state.service = load()
    app.state.site = app.state.service.site
    app.state.limits = app.state.service.limits
    app.state.releases = releases
    app.state.numbers = Numbers(state_of(app))
    app.state.queries = CapacityLimiter(_CONCURRENT_QUESTIONS)
    app.state.handing = CapacityLimiter(_HANDING)
    app.state.unpacking = CapacityLimiter(_UNPACKING)
    compile_templates(_OWN_TEMPLATES)  # while the graph is loaded, so that no request waits for it
    return app


def static(request: Request) -> Response:
    """Send a file that pages refer to."""
    name = request.path_params["name"]
    body = static_file(name)
    return not_found(request) if body is None else respond(request, body, STATIC[name])
