"""The routes of changes: event streams, feeds, the history of an entity.

| address | gives |
|---|---|
| `/feed` | 303 by `Accept`: the event stream, Atom, JSON Feed |
| `/release/feed/ldes.trig`, `/release/feed/catalogue.trig` | the root of an event stream |
| `/release/feed/<lang>.<atom or json>` | what changed, everything |
| `/release/feed/<lang>/<kind>/<slug>.<atom or json>` | what changed about one thing |
| `/release/feed/<lang>/archive/<n>.<atom or json>` and `…/<slug>/archive/…` | older entries |
| `/doc/<kind>/<slug>/history.json` | the history of one thing |

The content is made by `release.feeds`; the same is in `releases/feed/` after a release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.export.editions import Edition
from twingraph.rdf.iris import thing_of_page
from twingraph.rdf.vocabulary import RDFS
from twingraph.release.feeds.catalogue import ROOT as CATALOGUE_ROOT
from twingraph.release.feeds.catalogue import catalogue_root
from twingraph.release.feeds.documents import feed_document
from twingraph.release.feeds.files import INDEX, stream_root
from twingraph.release.feeds.formats import MEDIA_TYPES, WRITERS
from twingraph.release.feeds.history import HistoryRecord, by_thing, history_json, read_history
from twingraph.release.feeds.ldes import ROOT
from twingraph.release.feeds.publication import Publication
from twingraph.site.reader import LANGUAGES
from twingraph.site.render import Alternate
from twingraph.web.negotiate import Variant, choose
from twingraph.web.refusals import not_acceptable, not_found
from twingraph.web.releases import release_index
from twingraph.web.respond import VARY, accept_of, language_of, path_of, respond, see_other, site_of

_TRIG: Final = "application/trig"
_ARCHIVE: Final = re.compile(r"(?:(.+)/)?archive/([1-9][0-9]{0,8})")
_ROOTS: Final = {ROOT: stream_root, CATALOGUE_ROOT: catalogue_root}
FOLDER: Final = "release/feed/"


def publication(request: Request) -> Publication:
    """Return the publication: publisher, title and address of this site."""
    site = site_of(request)
    return Publication(site.base, site.address, site.title, site.publisher, site.licence)


def editions(request: Request) -> list[Edition]:
    """Return the releases that are whole and take part in the streams, newest first."""
    index = release_index(request)
    releases = [index.release(name) for name in index.names()]
    return [
        release.edition for release in releases if release is not None and INDEX in release.files
    ]


def folder_of(request: Request, date: str) -> Path:
    """Return the folder of a release that `editions` names."""
    folder = release_index(request).folder
    assert folder is not None
    return folder / date


def history(request: Request) -> list[HistoryRecord]:
    """Return the records of all releases, newest first; read again only where one came or went."""
    releases = editions(request)
    state = request.app.state
    kept: tuple[list[Edition], list[HistoryRecord]] | None = getattr(state, "history", None)
    if kept is None or kept[0] != releases:
        records = read_history(
            (edition.date, folder_of(request, edition.date)) for edition in releases
        )
        kept = state.history = (releases, records)
    return kept[1]


def history_of_thing(request: Request, iri: str) -> list[HistoryRecord]:
    """Return the records of an entity and of entities about it, newest first."""
    handed = _handed(request)
    if handed is not None:
        return [HistoryRecord(**record) for record in handed["history"]]
    records = history(request)
    state = request.app.state
    kept: tuple[list[HistoryRecord], dict[str, list[HistoryRecord]]] | None = getattr(
        state, "histories", None
    )
    if kept is None or kept[0] is not records:
        kept = state.histories = (records, by_thing(records))
    return kept[1].get(iri, [])


# --- for a process that opens no files -----------------------------------------------------------


def hand_over(request: Request) -> dict[str, Any]:
    """Return, as JSON, the changes in releases of the entity whose page is requested."""
    path = path_of(request)
    language, _, rest = path.partition("/")
    thing = thing_of_page(rest.removesuffix(".html")) if language in LANGUAGES else None
    records = history_of_thing(request, site_of(request).iri(thing)) if thing else []
    return {"releases": bool(editions(request)), "history": [asdict(each) for each in records]}


def has_releases(request: Request) -> bool:
    """Are there releases that take part in the streams?"""
    handed = _handed(request)
    return bool(editions(request) if handed is None else handed["releases"])


def _handed(request: Request) -> Mapping[str, Any] | None:
    """Return the records that `hand_over` made in another process, None if this one reads them."""
    return getattr(request.state, "handed", None)


# --- routes --------------------------------------------------------------------------------------


def feed(request: Request) -> Response:
    """Redirect to the feed in the format that suits `Accept`."""
    language = language_of(request)
    forms = [
        Alternate("", f"{FOLDER}{language}.atom", MEDIA_TYPES["atom"]),
        Alternate("", f"{FOLDER}{language}.json", MEDIA_TYPES["json"]),
        Alternate("", FOLDER + ROOT, _TRIG),
    ]
    variants = [Variant(form.media_type, form.path) for form in forms]
    chosen = choose(accept_of(request), variants)
    if chosen is None:
        return not_acceptable(request, forms)
    return see_other(request, chosen.suffix, vary=VARY)


def stream(request: Request) -> Response:
    """Send the root of an event stream."""
    write = _ROOTS.get(request.path_params["name"] + ".trig")
    if write is None:
        return not_found(request)
    return respond(request, write(publication(request), editions(request)), _TRIG)


def whole_feed(request: Request) -> Response:
    """Send the feed of everything."""
    language, suffix = request.path_params["language"], request.path_params["suffix"]
    if language not in LANGUAGES or suffix not in WRITERS:
        return not_found(request)
    raw = feed_document(publication(request), editions(request), history(request), language, suffix)
    return respond(request, raw, MEDIA_TYPES[suffix])


def thing_feed(request: Request) -> Response:
    """Send the feed of an entity, without an entry if nothing about it changed; or an archive."""
    language, rest = request.path_params["language"], request.path_params["rest"]
    path, _, suffix = rest.rpartition(".")
    path, archive = _archive_of(path)
    thing = "" if archive and not path else thing_of_page(path)
    if language not in LANGUAGES or suffix not in WRITERS or thing is None:
        return not_found(request)
    iri = site_of(request).base + thing if thing else ""
    records, releases = history(request), editions(request)
    label = _label(request, thing) if thing else None
    if thing and label is None and not history_of_thing(request, iri):
        return not_found(request)
    try:
        raw = feed_document(
            publication(request), releases, records, language, suffix, iri, label, archive
        )
    except IndexError:
        return not_found(request)
    return respond(request, raw, MEDIA_TYPES[suffix])


def _archive_of(path: str) -> tuple[str, int]:
    """Return the path of a feed and the number of its archive; 0: it is the feed itself.

    >>> _archive_of("place/bonn/archive/2"), _archive_of("archive/1"), _archive_of("place/bonn")
    (('place/bonn', 2), ('', 1), ('place/bonn', 0))
    """
    match = _ARCHIVE.fullmatch(path)
    return (match[1] or "", int(match[2])) if match else (path, 0)


def thing_history(request: Request) -> Response:
    """Send the history of an entity as JSON."""
    thing = thing_of_page(request.path_params["rest"])
    if thing is None:
        return not_found(request)
    iri = site_of(request).base + thing
    records = history_of_thing(request, iri)
    if not records and _label(request, thing) is None:
        return not_found(request)
    return respond(request, history_json(iri, records), "application/json")


def _label(request: Request, thing: str) -> dict[str, str] | None:
    """Return the labels of an entity by language; None if the build has none at that path."""
    site = site_of(request)
    quads = site.store.quads_for_pattern(
        NamedNode(site.base + thing), RDFS.label, None, DefaultGraph()
    )
    labels = [quad.object for quad in quads]
    return {
        label.language or "": label.value for label in labels if isinstance(label, Literal)
    } or None


ROUTES: Final = (
    Route("/feed", feed),
    Route("/release/feed/{name}.trig", stream),
    Route("/release/feed/{language}.{suffix}", whole_feed),
    Route("/release/feed/{language}/{rest:path}", thing_feed),
    Route("/doc/{rest:path}/history.json", thing_history),
)
