"""Answers over HTTP: validators, caching, and the headers that every answer carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twingraph.site.links import relative
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import Alternate, Link, render
from twingraph.translation import words_of
from twingraph.web.files.conditions import Validators, outcome, read_date
from twingraph.web.negotiate import Variant, choose, choose_language, usable

COMMON: Final[Mapping[str, str]] = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Accept-Ranges, Allow, Content-Encoding, Content-Location, "
    "Content-Range, ETag, Link, Location, Memento-Datetime, Query-Limits, Repr-Digest, "
    "Retry-After, Vary",
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
}
_DEEPEST: Final = 12  # slashes in a path
_REVALIDATE: Final = "no-cache"  # may be cached, but must be revalidated: releases are published
_SAFE: Final = "/:?#[]@!$&'()*+,;=%~"  # RFC 3986: characters of an IRI that stay in a URL
# What a script elsewhere may ask with (Fetch, CORS preflight).
_ALLOWED_HEADERS: Final = "*, Authorization"  # "*" does not include Authorization
_TEXT: Final = Variant("text/plain", "txt")
_JSON: Final = (Variant("application/problem+json", "json"), Variant("application/json", "json"))
# the media types of an error: HTML for people, plain text and JSON for programs
PAGES_FIRST: Final = (Variant("text/html", "html"), *_JSON, _TEXT)
TEXT_FIRST: Final = (_TEXT, *_JSON)
VARY: Final = "Accept, Accept-Language"


def accept_of(request: Request) -> str | None:
    """Return the `Accept` header, several of them joined (RFC 9110 §5.3); None for a long one."""
    return usable(",".join(request.headers.getlist("accept")))


def language_of(request: Request) -> str:
    """Return the language of ours that the reader likes best; a path that names one has it."""
    first = path_of(request).partition("/")[0]
    if first in LANGUAGES:
        return first
    header = usable(",".join(request.headers.getlist("accept-language")))
    return choose_language(header, LANGUAGES)


def site_of(request: Request) -> BuildReader:
    """Return the site of the build that the request reads."""
    site: BuildReader = request.state.snapshot.site
    return site


def path_of(request: Request) -> str:
    """Return the requested path, relative to the root of the site, unescaped."""
    root = str(request.scope.get("root_path", ""))
    return str(request.scope["path"]).removeprefix(root).removeprefix("/")


def respond(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    status: int = 200,
    vary: str = "",
    links: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Send `body` with a strong validator; 304 where the client has it already (RFC 9110 §13)."""
    sent = {"cache-control": _REVALIDATE, **(headers or {})}
    if vary:
        sent["vary"] = vary
    if status == 200 and request.method in ("GET", "HEAD"):
        sent["etag"] = etag(hashlib.sha256(body).hexdigest())
        early = precondition(request, sent)
        if early is not None:
            return early
    if links:
        sent["link"] = links
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    sent["content-type"] = media_type + charset
    sent["content-length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, status, sent)


def etag(digest: str) -> str:
    """Return the strong validator of the content with this digest."""
    return f'"{digest[:32]}"'


def precondition(request: Request, headers: Mapping[str, str]) -> Response | None:
    """Answer 304 or 412 if the request's conditions demand it (RFC 9110 §13.2.2), else None.

    `headers` are those of the full answer, its `etag` and perhaps `last-modified` among them.
    """
    now = Validators(headers["etag"], read_date(headers.get("last-modified", "")))
    status = outcome(request.headers, now)
    if status == 412:
        return changed(request)
    kept = ("cache-control", "content-location", "etag", "last-modified", "vary")
    entries = {name: value for name, value in headers.items() if name in kept}
    return Response(status_code=304, headers=entries) if status == 304 else None


def changed(request: Request) -> Response:
    """Answer that a condition of the request failed (412)."""
    words = words_of(language_of(request))
    return refuse(
        request,
        412,
        words.gettext(
            "This has changed since the version that If-Match or If-Unmodified-Since names."
        ),
        heading=words.gettext("Not what you have"),
    )


def see_other(
    request: Request, path: str, *, links: str = "", status: int = 303, vary: str = VARY
) -> Response:
    """Send the client on to `path`, relative to the root of the site; a cache may keep that.

    The short body is for clients that do not follow redirects (RFC 9110 §15.4.4).
    """
    location = f"{request.scope.get('root_path', '')}/{quote(path, safe=_SAFE)}"
    link = f'<a href="{escape(location)}">{escape(location)}</a>'
    body = f"<!doctype html>\n<title>{status}</title>\n{link}\n".encode()
    headers = {
        "location": location,
        "cache-control": "public, max-age=3600",
        "content-type": "text/html; charset=utf-8",
        "content-length": str(len(body)),
    }
    if vary:
        headers["vary"] = vary
    if links:
        headers["link"] = links
    return Response(b"" if request.method == "HEAD" else body, status, headers)


def refuse(
    request: Request,
    status: int,
    text: str,
    *,
    heading: str = "",
    options: Sequence[Alternate] | Mapping[str, str] = (),
    headers: Mapping[str, str] | None = None,
    offers: Sequence[Variant] = PAGES_FIRST,
    members: Mapping[str, object] | None = None,
) -> Response:
    """Say why not, as a page, as RFC 9457 JSON or as text.

    `options` are alternatives: forms, or just paths by their name; `members` are extension members
    of the JSON (§3.2).
    """
    if isinstance(options, Mapping):
        options = [Alternate(name, path, "") for name, path in options.items()]
    site = site_of(request)
    language = language_of(request)
    offer = choose(accept_of(request), offers) or _TEXT
    depth = depth_of(request)
    heading = heading or words_of(language).gettext("Not found")
    sent = {**(headers or {}), "cache-control": _REVALIDATE, "content-language": language}
    root = str(request.scope.get("root_path", ""))
    if offer.suffix == "html":
        shown = [
            Link(option.name, relative(option.path, depth), language=option.language)
            for option in options
        ]
        body = render(site, "refusal.html", language, depth, title=heading, heading=heading,
                      text=text, options=shown)  # fmt: skip
    elif offer.suffix == "json":
        entries: dict[str, object] = {"status": status, "title": heading, "detail": text}
        entries |= members or {}
        if options:
            entries["alternates"] = [_as_json(option, root) for option in options]
        body = (json.dumps(entries, ensure_ascii=False, indent=1) + "\n").encode()
    else:
        lines = [
            f"{heading}: {text}",
            *(f"{root}/{option.path} {option.name}" for option in options),
        ]
        body = ("\n".join(lines) + "\n").encode()
    return respond(request, body, offer.media_type, status=status, vary=VARY, headers=sent)


def _as_json(option: Alternate, root: str) -> dict[str, str]:
    entries = {"href": f"{root}/{option.path}", "title": option.name, "type": option.media_type,
            "hreflang": option.language}  # fmt: skip
    return {name: value for name, value in entries.items() if value}


def depth_of(request: Request) -> str:
    """Return a path as deep as the requested one, so that relative links from it work.

    No page of ours is deeper than `_DEEPEST`. For a deeper path the root is returned, from which
    links are absolute: the cost does not grow with the path.
    """
    raw = request.scope.get("raw_path") or str(request.scope["path"]).encode()
    root = str(request.scope.get("root_path", "")).encode()
    depth = raw.split(b"?")[0].removeprefix(root).removeprefix(b"/").count(b"/")
    return "x/" * depth + "x" if depth <= _DEEPEST else f"{request.scope.get('root_path', '')}/"


class CommonHeaders:
    """Middleware: adds the common headers to every response, and answers OPTIONS."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in COMMON.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] == "OPTIONS":
            methods = ", ".join(sorted({"OPTIONS", *_methods(scope)}))
            allowed = {
                "allow": methods,
                "access-control-allow-methods": methods,
                "access-control-allow-headers": _ALLOWED_HEADERS,
                "access-control-max-age": "86400",
            }
            await Response(status_code=204, headers=allowed)(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


def _methods(scope: Scope) -> set[str]:
    """Return the methods that the route of a path knows; of `*`, those of any (RFC 9110 §9.3.7)."""
    if scope["path"] == "*":
        routes = (route for route in scope["app"].router.routes if isinstance(route, Route))
        return {method for route in routes for method in route.methods or ()}
    for route in scope["app"].router.routes:
        if isinstance(route, Route) and route.matches(scope)[0] != Match.NONE:
            return set(route.methods or ())
    return {"GET", "HEAD"}
