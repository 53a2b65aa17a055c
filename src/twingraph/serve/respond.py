"""Answers over HTTP: validators, caching, and the headers that every answer carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twingraph.serve.links import relative
from twingraph.serve.negotiate import Offer, choose, choose_language
from twingraph.serve.render import Link, render
from twingraph.serve.site import LANGUAGES, Site
from twingraph.serve.words import WORDS

_COMMON: Final[Mapping[str, str]] = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Link, Location, Vary",
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
}
_REVALIDATE: Final = "no-cache"  # keep it, but ask: a release may have come
_TEXT: Final = Offer("text/plain", "txt")
_JSON: Final = (Offer("application/problem+json", "json"), Offer("application/json", "json"))
# How a refusal is told: pages are read by people, queries are asked by programs.
PAGES_FIRST: Final = (Offer("text/html", "html"), *_JSON, _TEXT)
TEXT_FIRST: Final = (_TEXT, *_JSON)
VARY: Final = "Accept, Accept-Language"


def accept_of(request: Request) -> str | None:
    """Return the `Accept` header, several of them joined (RFC 9110 §5.3)."""
    return ",".join(request.headers.getlist("accept")) or None


def language_of(request: Request) -> str:
    """Return the language of ours that the reader likes best; a path that names one has it."""
    first = path_of(request).partition("/")[0]
    if first in LANGUAGES:
        return first
    header = ",".join(request.headers.getlist("accept-language"))
    return choose_language(header, LANGUAGES)


def path_of(request: Request) -> str:
    """Return the path that was asked for, relative to the root of the site, unescaped."""
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
        sent["etag"] = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if has_already(request, sent["etag"]):
            return Response(status_code=304, headers=sent)
    if links:
        sent["link"] = links
    charset = "; charset=utf-8" if media_type.startswith("text/") else ""
    sent["content-type"] = media_type + charset
    sent["content-length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, status, sent)


def has_already(request: Request, tag: str) -> bool:
    """Does `If-None-Match` hold this validator? Compared weakly, as for GET it must be."""
    wanted = ",".join(request.headers.getlist("if-none-match"))
    tags = [one.strip().removeprefix("W/") for one in wanted.split(",")]
    return "*" in tags or tag in tags


def see_other(request: Request, path: str, *, links: str = "", status: int = 303) -> Response:
    """Send the client on to `path`, relative to the root of the site."""
    root = str(request.scope.get("root_path", ""))
    headers = {"location": f"{root}/{path}", "vary": VARY, "cache-control": "max-age=3600"}
    if links:
        headers["link"] = links
    return Response(status_code=status, headers=headers)


def refuse(
    request: Request,
    status: int,
    text: str,
    *,
    heading: str = "",
    options: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    offers: Sequence[Offer] = PAGES_FIRST,
) -> Response:
    """Say why not, as a page, as RFC 9457 JSON or as text; `options` are paths by their name."""
    site: Site = request.app.state.site
    language = language_of(request)
    offer = choose(accept_of(request), offers) or _TEXT
    at = _depth(request)
    choices = dict(options or {})
    heading = heading or WORDS[language]["not found"]
    sent = {**(headers or {}), "cache-control": _REVALIDATE}
    if offer.suffix == "html":
        links = [Link(name, relative(path, at)) for name, path in choices.items()]
        body = render(site, "refusal.html", language, at, title=heading, heading=heading,
                      text=text, options=links)  # fmt: skip
    elif offer.suffix == "json":
        problem = {"status": status, "title": heading, "detail": text}
        told = {**problem, "alternates": list(choices.values())} if choices else problem
        body = (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()
    else:
        lines = [f"{heading}: {text}", *(f"/{path} {name}" for name, path in choices.items())]
        body = ("\n".join(lines) + "\n").encode()
    return respond(request, body, offer.media_type, status=status, vary=VARY, headers=sent)


def _depth(request: Request) -> str:
    """Return a path as deep as the one asked for, so that relative links from it lead home."""
    raw = request.scope.get("raw_path") or str(request.scope["path"]).encode()
    root = str(request.scope.get("root_path", "")).encode()
    depth = raw.split(b"?")[0].removeprefix(root).removeprefix(b"/").count(b"/")
    return "x/" * depth + "x"


class CommonHeaders:
    """Puts the common headers on every answer, whoever made it, and answers OPTIONS."""

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
                for name, value in _COMMON.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] == "OPTIONS":
            methods = "GET, HEAD, OPTIONS" + ", POST" * scope["path"].endswith("/sparql")
            allowed = {
                "allow": methods,
                "access-control-allow-methods": methods,
                "access-control-allow-headers": "Accept, Accept-Language, Content-Type, "
                "If-None-Match",
                "access-control-max-age": "86400",
            }
            await Response(status_code=204, headers=allowed)(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)
