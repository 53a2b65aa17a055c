"""The routes of mementos (RFC 7089): timegate, timemap, and resources as they were.

| address | gives |
|---|---|
| `/timegate/<path>` | 302 to the state at `Accept-Datetime` (pattern 2.1, URI-G apart from URI-R) |
| `/timemap/<link or ttl>/<path>` | all states of it |
| `/release/<date>/id/<kind>/<slug>` | the description of a thing as it was, by `Accept` or suffix |
| `/release/<date>/change/<…>` | 303 to the state since that change |

`<path>` is that of a resource (`id/…`, `vocab/…`), of a dump (`dumps/…`), or empty for the whole.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from pyoxigraph import RdfFormat, Triple, parse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.rdf.iris import local_path
from twingraph.rdf.turtle import write_turtle
from twingraph.release.feeds.files import find_state
from twingraph.release.feeds.memento import (
    LINK_FORMAT,
    TimeMap,
    choose_memento,
    existing_dates,
    http_date,
    memento_links,
    read_http_date,
    write_link_format,
    write_rdf,
)
from twingraph.site.render import Alternate
from twingraph.web.feeds import editions, folder_of, has_releases, publication
from twingraph.web.negotiate import Variant, choose
from twingraph.web.refusals import not_acceptable, not_found
from twingraph.web.releases import IMMUTABLE
from twingraph.web.respond import (
    VARY,
    accept_of,
    language_of,
    path_of,
    refuse,
    respond,
    see_other,
)

_FORMATS: Final = {"ttl": "text/turtle", "nt": "application/n-triples"}
_LISTS: Final = {
    "link": (LINK_FORMAT, write_link_format),
    "ttl": ("text/turtle", write_rdf),
}
_NO_DATE: Final = {
    "en": "Accept-Datetime names no moment; write it like Sat, 21 Nov 2026 00:00:00 GMT.",
    "de": "Accept-Datetime nennt keinen Zeitpunkt; zu schreiben wie Sat, 21 Nov 2026 00:00:00 GMT.",
}
_DUMPS: Final = "dumps/"


def timemap_of(request: Request, path: str) -> TimeMap | None:
    """Return the states of the resource at `path`; None if no release has any."""
    origin = publication(request)
    releases = editions(request)[::-1]
    if not path:
        dates = tuple(edition.date for edition in releases)
    elif path.startswith(_DUMPS):
        name = path.removeprefix(_DUMPS)
        dates = tuple(
            edition.date for edition in releases if any(file.name == name for file in edition.files)
        )
    elif local_path(path):
        folders = [(edition.date, folder_of(request, edition.date)) for edition in releases]
        dates = existing_dates(folders, origin.base, origin.base + path)
    else:
        return None
    return TimeMap(path, origin.base, origin.address, dates) if dates else None


def add_timegate(request: Request, answer: Response, path: str) -> Response:
    """Add links to the mementos of a resource to its response, if there are releases."""
    if answer.status_code in (200, 303) and has_releases(request):
        origin = publication(request)
        timemap = TimeMap(path, origin.base, origin.address, ())
        links = [answer.headers.get("link", ""), memento_links(timemap, "")]
        answer.headers["link"] = ", ".join(filter(None, links))
    return answer


# --- routes --------------------------------------------------------------------------------------


def timegate(request: Request) -> Response:
    """Redirect to the state that was the newest at the requested time."""
    timemap = timemap_of(request, request.path_params["rest"])
    if timemap is None:
        return not_found(request)
    header = request.headers.get("accept-datetime")
    wanted = read_http_date(header) if header else None
    if header and wanted is None:
        language = language_of(request)
        return refuse(request, 400, _NO_DATE[language], heading="Accept-Datetime")
    date = choose_memento(timemap.dates, wanted)
    place = timemap.memento(date).removeprefix(timemap.address)
    links = memento_links(timemap, date)
    answer = see_other(request, place, status=302, links=links, vary="Accept-Datetime")
    answer.headers["cache-control"] = "no-cache"
    return answer


def timemap(request: Request) -> Response:
    """Send the list of states."""
    known = _LISTS.get(request.path_params["suffix"])
    releases = timemap_of(request, request.path_params["rest"]) if known else None
    if known is None or releases is None:
        return not_found(request)
    media_type, write = known
    return respond(request, write(releases), media_type)


def thing_then(request: Request) -> Response:
    """Send the description of a resource as it was in a release, which never changes."""
    date = request.path_params["date"]
    rest = path_of(request).removeprefix(f"release/{date}/")
    path, dot, suffix = rest.rpartition(".")
    path = path if dot else suffix
    timemap = timemap_of(request, path) if local_path(path) else None
    if timemap is None or (dot and suffix not in _FORMATS):
        return not_found(request)
    lines = _lines_then(request, path, date)
    if not lines:
        return not_found(request)
    forms = [Alternate(name, f"release/{date}/{path}.{name}", kind)
             for name, kind in _FORMATS.items()]  # fmt: skip
    if not dot:
        chosen = choose(
            accept_of(request), [Variant(kind, name) for name, kind in _FORMATS.items()]
        )
        if chosen is None:
            return not_acceptable(request, forms)
        suffix = chosen.suffix
    raw = b"".join(lines)
    if suffix == "ttl":
        quads = parse(raw, format=RdfFormat.N_TRIPLES)
        triples = [Triple(quad.subject, quad.predicate, quad.object) for quad in quads]
        raw = write_turtle(triples, request.state.snapshot.site.prefixes).encode()
    headers = {"cache-control": IMMUTABLE, "memento-datetime": http_date(date)}
    return respond(
        request,
        raw,
        _FORMATS[suffix],
        vary="" if dot else VARY,
        links=memento_links(timemap, date),
        headers=headers,
    )


def _lines_then(request: Request, path: str, date: str) -> tuple[bytes, ...]:
    """Return the statements of a resource in a release, from the last one that changed it."""
    dates = [edition.date for edition in editions(request)]
    if date not in dates:
        return ()
    folders = [(name, folder_of(request, name)) for name in dates[dates.index(date) :]]
    base = publication(request).base
    state = find_state(folders, base, base + path)
    return state[1] if state else ()


def change(request: Request) -> Response:
    """Redirect from the IRI of a change to the state since."""
    date, path = request.path_params["date"], unquote(request.path_params["rest"])
    if not local_path(path) or not _lines_then(request, path, date):
        return not_found(request)
    return see_other(request, f"release/{date}/{path}", vary="")


ROUTES: Final = (
    Route("/timegate/{rest:path}", timegate),
    Route("/timemap/{suffix}/{rest:path}", timemap),
    Route("/release/{date}/change/{rest:path}", change),
    Route("/release/{date}/id/{rest:path}", thing_then),
    Route("/release/{date}/vocab/{rest:path}", thing_then),
)
