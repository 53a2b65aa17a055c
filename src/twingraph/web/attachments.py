"""Routes of calendars and embedded maps; only the maps may be shown in frames of other sites."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.site.attachments import FRAME_POLICY, attachment
from twingraph.site.reader import LANGUAGES
from twingraph.web.refusals import not_found
from twingraph.web.respond import language_of, path_of, respond, see_other, site_of


def attached(request: Request) -> Response:
    """Send a calendar or a map."""
    site = site_of(request)
    content = attachment(site, path_of(request))
    if content is None:
        return not_found(request)
    headers = {"content-security-policy": FRAME_POLICY} if content.framed else {}
    return respond(request, content.body, content.media_type, headers=headers)


def embed(request: Request) -> Response:
    """Send on to the map in the language of the reader."""
    slug = request.path_params["slug"]
    return see_other(request, f"embed/{language_of(request)}/place/{slug}.html")


ROUTES: Final = (
    Route("/embed/place/{slug}", embed),
    Route("/embed/{rest:path}", attached),
    *(Route(f"/{language}/calendar/{{rest:path}}", attached) for language in LANGUAGES),
)
