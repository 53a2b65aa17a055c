"""`/sparql` in a browser: the form, a result as a table, an error; the service description in RDF.

Queries themselves are answered in front of this (`endpoint.py`), which leaves its outcome here.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.endpoint.answers import ResultView, query_page, table_of
from twingraph.endpoint.completions import completions
from twingraph.endpoint.endpoint import PATH, ForPeople
from twingraph.endpoint.hints import hints_of
from twingraph.endpoint.protocol import ProtocolRequest, RefusedError
from twingraph.endpoint.query_outcome import Outcome
from twingraph.endpoint.service import Service, limits_text
from twingraph.site.describe import FORMATS
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import render
from twingraph.site.service import service_description
from twingraph.translation import words_of
from twingraph.web.negotiate import Variant, choose
from twingraph.web.respond import (
    TEXT_FIRST,
    VARY,
    accept_of,
    language_of,
    refuse,
    respond,
)
from twingraph.web.threads import in_thread

_HTML: Final = Variant("text/html", "html")


async def sparql(request: Request) -> Response:
    """Show what came of a query, or the form, or describe the service."""
    return await in_thread(request, lambda: _show(request))


def _show(request: Request) -> Response:
    service: Service = request.state.snapshot
    shown: ForPeople = request.state.query
    protocol_request, reply = shown.protocol_request, shown.reply
    try:
        if shown.refused is not None:
            raise shown.refused
        assert protocol_request is not None, "what is not refused was read"
        if reply is None:
            return _about_service(request, service, protocol_request)
        triples, language = reply.outcome is Outcome.TRIPLES, _language(request, protocol_request)
        table = table_of(
            service.site, reply.body, triples=triples, total=reply.rows, language=language
        )
        if not table.rows and (reply.outcome is not Outcome.BOOLEAN or b"false" in reply.body):
            site = service.site
            hints = hints_of(
                site.store,
                protocol_request.query,
                service.terms,
                site.base,
                site.prefixes,
                _language(request, protocol_request),
            )
            table = table._replace(hints=hints)
        return _page(request, service, protocol_request, table=table)
    except RefusedError as error:
        return _refuse(request, service, protocol_request, error)


def _language(request: Request, protocol_request: ProtocolRequest | None) -> str:
    if protocol_request is not None and protocol_request.language in LANGUAGES:
        return protocol_request.language
    return language_of(request)


def _page(
    request: Request,
    service: Service,
    protocol_request: ProtocolRequest | None,
    table: ResultView | None = None,
    problem: RefusedError | None = None,
) -> Response:
    site, language = service.site, _language(request, protocol_request)
    query = protocol_request.query if protocol_request is not None else ""
    shown = query_page(
        site,
        language,
        query,
        table,
        words_of(language).error(problem) if problem is not None else "",
    )
    elsewhere = {each_language: f"sparql?lang={each_language}" for each_language in LANGUAGES}
    body = render(
        site,
        "sparql.html",
        language,
        "sparql",
        title=words_of(language).gettext("Query"),
        elsewhere=elsewhere,
        page=shown,
    )
    headers = {"content-language": language, **_told(service, problem)}
    status = problem.status if problem is not None else 200
    return respond(request, body, "text/html", status=status, vary=VARY, headers=headers)


def _endpoint_of(request: Request) -> str:
    """Return the URL of the endpoint as the client requested it (Service Description §3.4.1).

    Behind a proxy that ends TLS, the base IRI knows the scheme better than this process.
    """
    site: BuildReader = request.state.snapshot.site
    public = site.address + "sparql"
    if site.address != site.base:
        return public
    protocol_request = request.url.replace(query="", fragment="")
    if f"//{protocol_request.netloc}{protocol_request.path}" == public.partition(":")[2]:
        return public
    return str(protocol_request)  # Starlette takes no host for one that can't stand in an IRI


def _about_service(
    request: Request, service: Service, protocol_request: ProtocolRequest
) -> Response:
    if request.method == "POST":
        raise RefusedError(400, "no query; send one as parameter 'query'")
    offers = [_HTML, *(Variant(media_type, suffix) for suffix, media_type in FORMATS.items())]
    chosen = choose(accept_of(request), offers)
    if chosen is None:
        raise RefusedError(
            406, "without a query there is text/html or RDF; accept one, or send a query"
        )
    if chosen.suffix == "html":
        return _page(request, service, protocol_request)
    endpoint = _endpoint_of(request)
    body = service_description(service.site, chosen.suffix, endpoint, service.limits)
    headers = _told(service)
    return respond(request, body, chosen.media_type, vary=f"{VARY}, Host", headers=headers)


def _refuse(
    request: Request,
    service: Service,
    protocol_request: ProtocolRequest | None,
    error: RefusedError,
) -> Response:
    if choose(accept_of(request), [*TEXT_FIRST, _HTML]) is _HTML:
        return _page(request, service, protocol_request, problem=error)
    heading = words_of(_language(request, protocol_request)).gettext("This query can't be answered")
    return refuse(
        request,
        error.status,
        words_of(_language(request, protocol_request)).error(error),
        heading=heading,
        offers=TEXT_FIRST,
        headers=_told(service, error),
        members=error.members,
    )


def _told(service: Service, error: RefusedError | None = None) -> dict[str, str]:
    """Return the headers with the limits, and with the time after which to try again."""
    headers = {"query-limits": limits_text(service.limits)}
    if error is not None and error.again:
        headers["retry-after"] = str(error.again)
    return headers


async def completions_file(request: Request) -> Response:
    """Send what an editor offers to write, in the language that `lang` or the reader names."""
    wanted = request.query_params.get("lang", "")
    language = wanted if wanted in LANGUAGES else language_of(request)
    body = await in_thread(request, lambda: completions(request.state.snapshot.site, language))
    return respond(request, body, "application/json", vary="Accept-Language")


ROUTES: Final = (
    Route(PATH, sparql, methods=["GET", "HEAD", "POST"]),
    Route(f"{PATH}/completions.json", completions_file, methods=["GET", "HEAD"]),
)
