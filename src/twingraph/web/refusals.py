"""Error responses: not found, not acceptable, over a limit, internal error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from twingraph.endpoint.protocol import RefusedError
from twingraph.endpoint.remote import without_address
from twingraph.site.render import Alternate
from twingraph.sparql.fetch import EndpointError
from twingraph.translation import words_of
from twingraph.web.respond import COMMON, language_of, path_of, refuse

_HTML: Final = "text/html"


def not_found(request: Request, suggestions: Sequence[Alternate] = ()) -> Response:
    """Say that there is nothing at this path, and where there is something.

    `suggestions` are pages of entities that may have been meant.
    """
    language = language_of(request)
    words = words_of(language)
    options = (
        *suggestions,
        Alternate(words.gettext("Home"), "", _HTML),
        Alternate(words.gettext("Places"), f"{language}/place/index.html", _HTML, language),
        Alternate(
            words.gettext("Partnerships"), f"{language}/partnership/index.html", _HTML, language
        ),
    )
    text = words.gettext(
        "There is nothing at {path}. Perhaps the list of places or of partnerships helps.",
        path="/" + path_of(request)[:200],
    )
    return refuse(request, 404, text, heading=words.gettext("Not found"), options=options)


def not_acceptable(request: Request, options: Sequence[Alternate], links: str = "") -> Response:
    """Say in which forms it can be sent (RFC 9110 §15.5.7)."""
    words = words_of(language_of(request))
    named = [option._replace(name=_named(option)) for option in options]
    headers = {"link": links} if links else None
    return refuse(
        request,
        406,
        words.gettext("None of the formats in Accept can be sent; there are these:"),
        heading=words.gettext("Not in that format"),
        options=named,
        headers=headers,
    )


def _named(form: Alternate) -> str:
    return f"{form.media_type}; {form.language}" if form.language else form.media_type


def not_served(request: Request, error: Exception) -> Response:
    """Answer a request that Starlette refuses: a method that a path does not have."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return not_found(request)
    words = words_of(language_of(request))
    methods = (error.headers or {}).get("Allow", "GET, HEAD").split(", ")
    allowed = ", ".join(sorted(methods))
    return refuse(
        request,
        error.status_code,
        words.gettext(
            "This address answers {methods} only; nothing here can be changed.", methods=allowed
        ),
        heading=words.gettext("Not done here"),
        headers={"allow": f"{allowed}, OPTIONS"},
    )


def not_reached(request: Request, error: Exception) -> Response:
    """Answer an error of the remote endpoint, with the status of the error."""
    assert isinstance(error, EndpointError)
    words = words_of(language_of(request))
    store = request.state.snapshot.site.remote
    message = str(error) if store is None else without_address(error, store)
    return refuse(request, error.status, message, heading=words.gettext("A mistake of ours"),
                  headers={"cache-control": "no-store"})  # fmt: skip


def refused(request: Request, error: Exception) -> Response:
    """Answer that a query or a page overran a limit, or that too many are requested."""
    assert isinstance(error, RefusedError)
    words = words_of(language_of(request))
    headers = {"retry-after": str(error.again)} if error.again else None
    return refuse(
        request,
        error.status,
        words.error(error),
        heading=words.gettext(error.heading),
        headers=headers,
        members=error.members,
    )


def broken(request: Request, error: Exception) -> Response:
    """Answer an internal error (500) without details.

    It is made outside of the middleware that adds the common headers.
    """
    words = words_of(language_of(request))
    return refuse(
        request,
        500,
        words.gettext(
            "This could not be answered, and it is not your fault. Please report the address."
        ),
        heading=words.gettext("A mistake of ours"),
        headers=COMMON,
    )
