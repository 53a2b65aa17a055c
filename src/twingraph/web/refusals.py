"""What is told where there is nothing to send: not found, not in that form, our own fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from twingraph.endpoint.protocol import RefusedError
from twingraph.endpoint.remote import without_address
from twingraph.site.render import Alternate
from twingraph.site.words import WORDS
from twingraph.sparql.fetch import EndpointError
from twingraph.web.respond import COMMON, language_of, path_of, refuse

_HTML: Final = "text/html"


def not_found(request: Request) -> Response:
    """Say that there is nothing at this path, and where there is something."""
    language = language_of(request)
    word = WORDS[language]
    options = (
        Alternate(word["home"], "", _HTML),
        Alternate(word["places"], f"{language}/place/index.html", _HTML, language),
        Alternate(word["partnerships"], f"{language}/partnership/index.html", _HTML, language),
    )
    text = word["not found note"].format("/" + path_of(request)[:200])
    return refuse(request, 404, text, heading=word["not found"], options=options)


def not_acceptable(request: Request, options: Sequence[Alternate], links: str = "") -> Response:
    """Say in which forms it can be sent (RFC 9110 §15.5.7)."""
    word = WORDS[language_of(request)]
    named = [one._replace(name=_named(one)) for one in options]
    headers = {"link": links} if links else None
    return refuse(request, 406, word["not acceptable note"], heading=word["not acceptable"],
                  options=named, headers=headers)  # fmt: skip


def _named(form: Alternate) -> str:
    return f"{form.media_type}; {form.language}" if form.language else form.media_type


def not_served(request: Request, error: Exception) -> Response:
    """Answer what Starlette refuses: a method that a path does not know."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return not_found(request)
    word = WORDS[language_of(request)]
    methods = (error.headers or {}).get("Allow", "GET, HEAD").split(", ")
    allowed = ", ".join(sorted(methods))
    return refuse(request, error.status_code, word["method note"].format(allowed),
                  heading=word["method"], headers={"allow": f"{allowed}, OPTIONS"})  # fmt: skip


def not_reached(request: Request, error: Exception) -> Response:
    """Say that the graph, which lies elsewhere, was not reached."""
    assert isinstance(error, EndpointError)
    word = WORDS[language_of(request)]
    store = request.app.state.site.remote
    told = str(error) if store is None else without_address(error, store)
    return refuse(request, error.status, told, heading=word["broken"],
                  headers={"cache-control": "no-store"})  # fmt: skip


def refused(request: Request, error: Exception) -> Response:
    """Say that a question of the library overran a limit, or that too many are asked."""
    assert isinstance(error, RefusedError)
    word = WORDS[language_of(request)]
    headers = {"retry-after": str(error.again)} if error.again else None
    return refuse(request, error.status, str(error), heading=word["failed"], headers=headers,
                  members=error.members)  # fmt: skip


def broken(request: Request, error: Exception) -> Response:
    """Answer a mistake of ours without telling its insides.

    It is made outside of the middleware that adds the common headers.
    """
    word = WORDS[language_of(request)]
    return refuse(request, 500, word["broken note"], heading=word["broken"], headers=COMMON)
