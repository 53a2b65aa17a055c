"""Checks of a response, or of several that belong together: each yields its findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from twingraph.verify.client import Client, Response
from twingraph.verify.findings import Finding
from twingraph.verify.formats import (
    NEED_CHARSET,
    expected_types,
    why_unreadable,
)
from twingraph.verify.html import Alternate, Page

RULES: Final = "docs/publishing.md has the rules for your server"
_ABSENT: Final = "no-such-thing-asked-by-verify"
_FORMS: Final = (
    ("text/turtle", "text/turtle"),
    ("application/ld+json", "application/ld+json"),
    ("application/rdf+xml;q=0.9, application/n-triples", "application/n-triples"),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
)


def lost(response: Response) -> Iterator[Finding]:
    """Say where a redirect left the site, or why no answer came."""
    if response.status == 0:
        yield Finding(response.url, "reach", f"no answer: {response.error}", "start the server")
    elif response.location:
        yield Finding(
            response.url,
            "redirect",
            f"leads to {response.location}, which is not of this site",
            "name the public address: twingraph serve --address, or 'proxy_redirect / /prefix/;'"
            " in nginx",
        )


def media_type(response: Response, expected: Iterable[str] = ()) -> Iterator[Finding]:
    """Has a response the right media type, and can its body be parsed as that?"""
    wanted = tuple(expected) or expected_types(urlsplit(response.url).path)
    if wanted and response.media_type not in wanted:
        yield Finding(
            response.url,
            "type",
            f"sent as {response.media_type or 'nothing'}",
            f"send Content-Type {wanted[0]} for such files; {RULES}",
        )
        return
    if response.whole and (reason := why_unreadable(response.media_type, response.body)):
        yield Finding(
            response.url, "type", f"no {response.media_type}: {reason}", "build the site anew"
        )
    if response.media_type in NEED_CHARSET and response.charset not in ("utf-8", "utf8"):
        yield Finding(
            response.url,
            "charset",
            f"Content-Type is {response.headers.get('content-type', '')}",
            "add charset=utf-8: 'charset utf-8;' in nginx, 'AddDefaultCharset utf-8' in Apache",
        )


def headers(response: Response, is_data: bool) -> Iterator[Finding]:
    """Are the headers there that browsers, scripts and caches need?"""
    if is_data and response.headers.get("access-control-allow-origin") != "*":
        yield Finding(
            response.url,
            "cors",
            "no Access-Control-Allow-Origin: *",
            f"send it with all data; {RULES}",
        )
    if response.headers.get("x-content-type-options", "").lower() != "nosniff":
        yield Finding(
            response.url,
            "headers",
            "no X-Content-Type-Options",
            f"send 'X-Content-Type-Options: nosniff'; {RULES}",
        )
    if "set-cookie" in response.headers:
        yield Finding(
            response.url, "headers", "sets a cookie", "nothing here needs one; take it away"
        )
    if not is_data and "content-security-policy" not in response.headers:
        yield Finding(
            response.url,
            "headers",
            "no Content-Security-Policy",
            f"send \"default-src 'self'\" with pages; {RULES}",
            "note",
        )


def revalidation(client: Client, response: Response) -> Iterator[Finding]:
    """Is a page that did not change answered by 304, and HEAD like GET?"""
    tag, date = response.headers.get("etag", ""), response.headers.get("last-modified", "")
    if not tag and not date:
        yield Finding(
            response.url, "validator", "neither ETag nor Last-Modified", "let the server send one"
        )
    else:
        condition = {"If-None-Match": tag} if tag else {"If-Modified-Since": date}
        again = client.get(response.url, condition)
        if again.status != 304:
            name = next(iter(condition))
            yield Finding(
                response.url,
                "validator",
                f"{again.status} to {name} with its own value",
                "answer 304: let no proxy change or drop ETag and conditions",
            )
    head = client.get(response.url, method="HEAD")
    differs = [
        name
        for name in ("content-type", "etag", "content-length")
        if name in head.headers and head.headers[name] != response.headers.get(name, "")
    ]
    if head.status != response.status or differs or head.body:
        yield Finding(
            response.url,
            "head",
            f"HEAD is {head.status}" + (f", other {', '.join(differs)}" if differs else ""),
            "answer HEAD as GET, without the body",
        )


def page(response: Response, read: Page) -> Iterator[Finding]:
    """Has a page the parts that every page needs?"""
    if not read.language:
        yield Finding(response.url, "page", "no language", "build the site anew: <html lang>")
    if not read.title:
        yield Finding(response.url, "page", "no title", "build the site anew: <title>")
    if read.headings != 1:
        yield Finding(
            response.url, "page", f"{read.headings} <h1>", "build the site anew: one <h1>"
        )


def foreign(client: Client, response: Response, read: Page) -> Iterator[Finding]:
    """Does a page load something from elsewhere, or name itself by an address elsewhere?"""
    for url in read.loaded:
        if not client.inside(url):
            yield Finding(
                response.url, "foreign", f"loads {url}", "keep it on the site: build the site anew"
            )
    languages = [a.url for a in read.alternates if a.language and not a.media_type]
    for url in [*([read.canonical] if read.canonical else []), *languages]:
        if not client.inside(url):
            yield Finding(
                response.url,
                "canonical",
                f"names {url}",
                f"name the public address, as in --address {client.root}, or ask verify for the "
                "address that it names",
                "note",
            )


def links(
    client: Client, response: Response, read: Page, known: dict[str, Page]
) -> Iterator[Finding]:
    """Does what a page links to and loads exist, and the parts of pages that it names?"""
    for url in [*read.loaded, *read.links, *(a.url for a in read.alternates)]:
        if not client.inside(url):
            continue
        address, _, fragment = url.partition("#")
        if address != response.url:
            target = client.exists(address)
            if target.location:
                yield from lost(target)
            elif not 200 <= target.status < 300:
                yield Finding(
                    response.url,
                    "link",
                    f"leads to {address}, which is {target.status or target.error}",
                    "copy the whole site; the files of a build belong together",
                )
                continue
        target_page = read if address == response.url else known.get(address)
        if fragment and target_page is not None and fragment not in target_page.ids:
            yield Finding(
                response.url, "fragment", f"leads to {url}, no such part", "build the site anew"
            )


def negotiation(client: Client, kind: str, slug: str) -> Iterator[Finding]:
    """Does the IRI of a resource lead to the requested format?"""
    url = client.url(f"id/{kind}/{slug}")
    for accept, wanted in _FORMS:
        request_headers = {"Accept": accept, "Accept-Language": "de"}
        first = client.get(url, request_headers)
        if first.status not in (303, 302, 301, 307, 308):
            yield Finding(
                url,
                "negotiation",
                f"{first.status or first.error} for {wanted}, not 303",
                f"redirect IRIs by Accept; {RULES}",
            )
            return
        if first.status != 303:
            yield Finding(
                url,
                "negotiation",
                f"{first.status}, not 303",
                "a thing is not its page: answer 303 See Other (Cool URIs for the Semantic Web)",
            )
        last = client.follow(url, request_headers)
        if last.location:
            yield from lost(last)
            return
        if last.status != 200 or last.media_type != wanted:
            yield Finding(
                url,
                "negotiation",
                f"Accept: {wanted} ends at {last.url}, {last.status} {last.media_type}",
                f"lead it to {wanted}; {RULES}",
            )
        elif wanted == "text/html" and "/de/" not in last.url:
            yield Finding(
                url,
                "negotiation",
                f"Accept-Language: de leads to {last.url}",
                f"lead it to the German page; {RULES}",
                "note",
            )
        varies = {part.strip().lower() for part in first.headers.get("vary", "").split(",")}
        if not varies & {"accept", "*"}:
            yield Finding(
                url,
                "negotiation",
                "no Vary: Accept on the redirect",
                "send 'Vary: Accept, Accept-Language', so that caches keep forms apart",
            )
            return


def forms(client: Client, alternates: Iterable[Alternate]) -> Iterator[Finding]:
    """Is each alternate of a page there, with the media type that the page declares?"""
    for alternate in alternates:
        if alternate.media_type in ("", "text/html") or not client.inside(alternate.url):
            continue
        response = client.follow(alternate.url)
        if response.location or response.status == 0:
            yield from lost(response)
        elif response.status == 200:  # else `links` has reported it
            yield from media_type(response, (alternate.media_type,))
            yield from headers(response, is_data=True)


def missing(client: Client) -> Iterator[Finding]:
    """Is the status of an unknown path 404, for people and for programs?"""
    for path, accept in (
        (_ABSENT, "text/html"),
        (f"en/place/{_ABSENT}.html", "text/html"),
        (f"id/place/{_ABSENT}", "text/html"),
        (f"id/place/{_ABSENT}", "application/ld+json"),
        (f"doc/place/{_ABSENT}.ttl", "text/turtle"),
    ):
        response = client.follow(client.url(path), {"Accept": accept})
        if response.status not in (404, 410):
            yield Finding(
                client.url(path),
                "missing",
                f"{response.status or response.error} {response.url}",
                f"answer 404, send nobody to the first page; {RULES}",
            )


def endpoint(client: Client) -> Iterator[Finding]:
    """Does the SPARQL endpoint answer, and refuse to change anything?"""
    url = client.url("sparql?query=ASK%7B%7D")
    response = client.get(url, {"Accept": "application/sparql-results+json"})
    if response.status in (404, 405, 410, 501) or response.media_type == "text/html":
        note = "no SPARQL here, as on every static copy"
        yield Finding(client.url("sparql"), "sparql", note, "", "note")
        return
    try:
        works = response.status == 200 and json.loads(response.body)["boolean"] is True
    except (ValueError, KeyError, TypeError):
        works = False
    if not works:
        yield Finding(
            url, "sparql", f"{response.status or response.error} to ASK {{}}", "look at its log"
        )
    elif response.headers.get("access-control-allow-origin") != "*":
        yield Finding(url, "cors", "no Access-Control-Allow-Origin: *", f"send it; {RULES}")
    update = client.get(client.url("sparql?update=CLEAR%20SILENT%20GRAPH%20%3Curn%3Ax%3E"))
    if 200 <= update.status < 300:
        yield Finding(
            client.url("sparql"), "sparql", "takes an update", "let it only read, at once"
        )
