"""The routes of the query library: a question's IRI, its page, its answers, its description.

| address | gives |
|---|---|
| `/query/<name>` | 303 to the page, to an answer, or to the description in RDF, by `Accept` |
| `/<lang>/query/<name>.html` | the page; its form asks it with other parameters |
| `/query/<name>.<suffix>` | the answer, in a format that fits |
| `/doc/query/<name>.<suffix>` | the question in RDF |
| `/openapi.json`, `/.well-known/sparql-examples` | all of them, for programs |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.problems import TwingraphError
from twingraph.site.describe import FORMATS
from twingraph.site.executables import describe_question, describe_questions
from twingraph.site.openapi import openapi
from twingraph.site.questions import question_page, questions_page
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.results import FORMAT_NAMES, bind_fields, form_of, formats_of, write_result
from twingraph.sparql.library import LibraryQuery, pick
from twingraph.sparql.parameters import UnknownThingError
from twingraph.translation import choose_text, words_of
from twingraph.web.negotiate import Variant, choose
from twingraph.web.respond import (
    TEXT_FIRST,
    VARY,
    accept_of,
    language_of,
    path_of,
    refuse,
    respond,
    see_other,
    site_of,
)
from twingraph.web.threads import in_thread

_HTML: Final = Variant("text/html", "html")
_JSON_FIRST: Final = (*TEXT_FIRST[1:], TEXT_FIRST[0], _HTML)
_TEXT_FIRST: Final = (*TEXT_FIRST, _HTML)
_EXAMPLES: Final = ".well-known/sparql-examples"
_QUESTION: Final = "question"  # the field of a form that names the question itself
_RDF: Final = {each_name: FORMATS[each_name] for each_name in ("ttl", "jsonld", "nt", "rdf")}


def _links(site: BuildReader, *others: str) -> str:
    return ", ".join([f'<{site.licence}>; rel="license"', *others])


async def _in_turn(request: Request, make: Callable[[Request], Response]) -> Response:
    """Run a library query in a thread; the number of queries at once is limited."""
    limiter = getattr(request.app.state, "queries", None)
    return await in_thread(request, lambda: make(request), limiter)


# --- questions -----------------------------------------------------------------------------------


async def question(request: Request) -> Response:
    """Answer `/query/<name>` and `/query/<name>.<suffix>`."""
    name, dot, suffix = request.path_params["file"].partition(".")
    site = site_of(request)
    try:
        query = pick(site.library, name)
    except TwingraphError as error:
        return _unknown(request, error)
    if not dot:
        return _send_on(request, query)
    if suffix not in formats_of(query):
        return _no_format(request, query, suffix)
    return await _in_turn(request, _result)


def _send_on(request: Request, query: LibraryQuery) -> Response:
    """Send on to the page, an answer or the description of a question."""
    site = site_of(request)
    name, search = query.name, request.url.query
    search_part = f"?{search}" if search else ""
    targets = {_HTML.media_type: f"{language_of(request)}/query/{name}.html{search_part}"}
    # The IRI of a question has an RDF description; RDF is its result only in a request with values
    if form_of(query) == "construct" and not search:
        answers: Mapping[str, str] = {}
    else:
        answers = formats_of(query)
    targets |= {kind: f"query/{name}.{key}{search_part}" for key, kind in answers.items()}
    for suffix, media_type in _RDF.items():
        targets.setdefault(media_type, f"doc/query/{name}.{suffix}")
    as_json = "json" if "json" in answers else "jsonld"
    json = next(path for path in targets.values() if path.partition("?")[0].endswith(f".{as_json}"))
    targets["application/json"] = json
    chosen = choose(accept_of(request), [Variant(target, "") for target in targets])
    if chosen is None:
        words = words_of(language_of(request))
        return refuse(
            request,
            406,
            words.gettext("None of the formats in Accept can be sent; there are these:"),
            heading=words.gettext("Not in that format"),
            options=targets,
        )
    return see_other(request, targets[chosen.media_type], links=_links(site))


def _result(request: Request) -> Response:
    site = site_of(request)
    name, _, suffix = request.path_params["file"].partition(".")
    query = site.library[name]
    try:
        bound = bind_fields(site, query, request.query_params.multi_items())
    except TwingraphError as error:
        offers = _JSON_FIRST if suffix in ("json", "jsonld") else _TEXT_FIRST
        words = words_of(language_of(request))
        return refuse(
            request,
            404 if isinstance(error, UnknownThingError) else 400,
            words.error(error),
            heading=words.gettext("This can't be asked"),
            offers=offers,
            options=_page_option(request, query),
        )
    links = _links(site, f'<{site.address}query/{name}>; rel="describedby"')
    return respond(
        request, write_result(site, bound, suffix), formats_of(query)[suffix], links=links
    )


def _page_option(request: Request, query: LibraryQuery) -> dict[str, str]:
    language = language_of(request)
    return {choose_text(query.title, language)[0]: f"{language}/query/{query.name}.html"}


def _no_format(request: Request, query: LibraryQuery, suffix: str) -> Response:
    fitting = " or ".join(f"{query.name}.{item}" for item in formats_of(query))
    text = f"'{query.name}' is not answered as '{suffix[:40]}'; ask for {fitting}"
    options = {
        FORMAT_NAMES[item]: f"query/{query.name}.{item}" for item in formats_of(query)
    }  # fmt: skip
    return refuse(request, 404, text, options=options, offers=_offers(request))


def _unknown(request: Request, error: TwingraphError) -> Response:
    language = language_of(request)
    options = {words_of(language).gettext("Questions"): f"{language}/query/index.html"}
    text = words_of(language_of(request)).error(error)
    text = text if len(text) <= 600 else text[:599] + "…"
    return refuse(request, 404, text, options=options, offers=_offers(request))


def _offers(request: Request) -> tuple[Variant, ...]:
    is_json = path_of(request).endswith((".json", ".jsonld"))
    return _JSON_FIRST if is_json else _TEXT_FIRST


async def page(request: Request) -> Response:
    """Send the page of a question, run with the parameters in the URL."""
    site, name = site_of(request), request.path_params["file"].removesuffix(".html")
    try:
        pick(site.library, name)
    except TwingraphError as error:
        return _unknown(request, error)
    return await _in_turn(request, _page)


def question_list(request: Request) -> Response:
    """Send the list of all questions."""
    site, language = site_of(request), language_of(request)
    links = _links(site, f'<{site.address}{language}/query/index.html>; rel="canonical"')
    return respond(request, questions_page(site, language), "text/html", links=links,
                   headers={"content-language": language})  # fmt: skip


def _page(request: Request) -> Response:
    site, name = site_of(request), request.path_params["file"].removesuffix(".html")
    language = language_of(request)
    fields = request.query_params.multi_items()
    status, body = question_page(site, language, name, fields)
    canonical = f'<{site.address}{language}/query/{name}.html>; rel="canonical"'
    links = _links(site, canonical, f'<{site.base}query/{name}>; rel="describes"')
    return respond(request, body, "text/html", status=status, links=links,
                   headers={"content-language": language})  # fmt: skip


def description(request: Request) -> Response:
    """Send a question in RDF; without a suffix, choose like its IRI."""
    site = site_of(request)
    name, dot, suffix = request.path_params["file"].partition(".")
    try:
        query = pick(site.library, name)
    except TwingraphError as error:
        return _unknown(request, error)
    if not dot:
        return _send_on(request, query)
    if suffix not in _RDF:
        return _no_format(request, query, suffix)
    links = _links(site, f'<{site.base}query/{name}>; rel="describes"')
    return respond(request, describe_question(site, query, suffix), _RDF[suffix], links=links)


# --- all of them ---------------------------------------------------------------------------------


def questions(request: Request) -> Response:
    """Send on to the list of questions, or to all of them in RDF."""
    targets = {_HTML.media_type: f"{language_of(request)}/query/index.html"}
    targets |= {media_type: f"{_EXAMPLES}.{suffix}" for suffix, media_type in _RDF.items()}
    targets["application/json"] = "openapi.json"
    chosen = choose(accept_of(request), [Variant(target, "") for target in targets])
    if chosen is None:
        return _not_acceptable(request, targets)
    return see_other(request, targets[chosen.media_type])


def sparql_examples(request: Request) -> Response:
    """Send all questions in RDF: by suffix, else by `Accept`, Turtle first."""
    site = site_of(request)
    suffix = request.path_params.get("suffix", "")
    if suffix in _RDF:
        return respond(request, describe_questions(site, suffix), _RDF[suffix],
                       links=_links(site))  # fmt: skip
    options = {media_type: f"{_EXAMPLES}.{each_key}" for each_key, media_type in _RDF.items()}
    if suffix:
        return refuse(request, 404, f"no examples as '{suffix[:40]}'", options=options)
    offers = [Variant(media_type, key) for key, media_type in _RDF.items()]
    chosen = choose(accept_of(request), [*offers, Variant("application/json", "jsonld"), _HTML])
    if chosen is None:
        return _not_acceptable(request, options)
    if chosen is _HTML:
        chosen = offers[0]  # a browser gets to see the text
    body = describe_questions(site, chosen.suffix)
    alternates = [f'<{site.address}{path}>; rel="alternate"; type="{media_type}"'
                  for media_type, path in options.items()]  # fmt: skip
    return respond(request, body, chosen.media_type, vary=VARY, links=_links(site, *alternates))


def _not_acceptable(request: Request, options: Mapping[str, str]) -> Response:
    words = words_of(language_of(request))
    return refuse(
        request,
        406,
        words.gettext("None of the formats in Accept can be sent; there are these:"),
        heading=words.gettext("Not in that format"),
        options=options,
    )


def api_description(request: Request) -> Response:
    """Send the description of the API."""
    site = site_of(request)
    return respond(request, openapi(site), "application/json", links=_links(site))


def answer(request: Request) -> Response:
    """Send the form of a question on to the page that answers it.

    The form leads here, so that a copy of the pages on a host without this server can say that it
    does not answer.
    """
    fields = request.query_params.multi_items()
    name = next((value for key, value in fields if key == _QUESTION), "")
    language = path_of(request).partition("/")[0]
    if name not in site_of(request).library:
        return see_other(request, f"{language}/query/index.html", vary="")
    rest = urlencode([(key, value) for key, value in fields if key != _QUESTION])
    search = f"?{rest}" if rest else ""
    return see_other(request, f"{language}/query/{name}.html{search}", vary="")


ROUTES: Final = (
    Route("/query", questions),
    Route("/query/", questions),
    Route("/query/{file}", question),
    Route("/doc/query/{file}", description),
    Route("/openapi.json", api_description),
    Route("/.well-known/sparql-examples", sparql_examples),
    Route("/.well-known/sparql-examples.{suffix}", sparql_examples),
    *(
        Route(path, endpoint)
        for each_language in LANGUAGES
        for path, endpoint in (
            (f"/{each_language}/query/", question_list),
            (f"/{each_language}/query/index.html", question_list),
            (f"/{each_language}/query/answer/", answer),
            (f"/{each_language}/query/{{file}}", page),
        )
    ),
)
