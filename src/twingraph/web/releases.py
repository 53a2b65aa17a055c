"""The routes of releases: immutable files under their day, and `latest`, which sends on to them.

| address | gives |
|---|---|
| `/release/` | 303 to the data page |
| `/release/<date>/` | 303 by `Accept`: the data page, `release.json`, `catalog.<suffix>` |
| `/release/<date>/<file>` | the file, which never changes |
| `/release/latest/<file>` | 302 to the file of the newest release |

A release that comes while we run is seen at once, and only when it is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.export.editions import Edition, media_type
from twingraph.release.feeds.memento import http_date
from twingraph.release.index import (
    ABOUT,
    LATEST,
    SUMS,
    read_about,
    read_edition,
    release_key,
    release_names,
)
from twingraph.site.datapage import DATA_PAGE
from twingraph.site.render import Alternate
from twingraph.translation import words_of
from twingraph.web.files.published import PublishedFile, release_time
from twingraph.web.files.send import is_disguised, not_whole, send_file
from twingraph.web.negotiate import Variant, choose
from twingraph.web.refusals import not_acceptable
from twingraph.web.respond import VARY, accept_of, language_of, refuse, see_other, site_of
from twingraph.web.weblinks import file_links, release_links

IMMUTABLE: Final = "public, max-age=31536000, immutable"
_FOR_NOW: Final = "public, max-age=300"  # the newest is the newest until the next
_CATALOGUES: Final = ("catalog.ttl", "catalog.rdf", "catalog.jsonld")
_MOST_NAMED: Final = 20


class ReleaseFiles(NamedTuple):
    """A release and the table of its files."""

    edition: Edition
    files: Mapping[str, PublishedFile]


class ReleaseIndex:
    """The releases in a folder, each read once and again only where it is another one."""

    def __init__(self, folder: Path | None, base: str, address: str) -> None:
        """List the releases under `base` in `folder` (None: there are no releases).

        Its files are opened under `address`.
        """
        self.folder = folder
        self.base = base
        self.address = address
        self._read: dict[str, tuple[object, ReleaseFiles]] = {}

    def names(self) -> list[str]:
        """Return the names of releases, complete or not, newest first."""
        return release_names(self.folder)[::-1] if self.folder else []

    def release(self, name: str) -> ReleaseFiles | None:
        """Return the release of that name; None where there is none or it is not whole."""
        if self.folder is None or release_key(name) is None:
            return None
        folder = self.folder / name
        state = _state(folder)
        known = self._read.get(name)
        if known is not None and known[0] == state:
            return known[1]
        self._read.pop(name, None)
        edition = read_edition(folder, self.base, self.address) if state else None
        if edition is None:
            return None
        files = ReleaseFiles(
            edition,
            _published(edition, folder),
        )
        self._read[name] = state, files
        return files

    def newest(self) -> ReleaseFiles | None:
        """Return the newest release that is whole."""
        releases = (self.release(name) for name in self.names())
        return next((item for item in releases if item is not None), None)

    def is_half(self, name: str) -> bool:
        """Is a release of that name on its way here, but not whole yet?"""
        if self.folder is None or release_key(name) is None or not (self.folder / name).is_dir():
            return False
        return read_about(self.folder / name).get("base_iri", self.base) == self.base


def _published(edition: Edition, folder: Path) -> dict[str, PublishedFile]:
    sizes = {file.name: file.size for file in edition.files}
    return {
        file.name: PublishedFile(
            folder / (file.stored or file.name),
            file.name,
            file.size,
            file.sha256,
            release_time(edition.date),
            sizes[file.stored] if file.stored else None,
        )
        for file in edition.files
    }


def _state(folder: Path) -> object:
    """Return the file times of a release, which differ for another one of its name; else None."""
    try:
        states = [item.lstat() for item in (folder, folder / ABOUT, folder / SUMS)]
    except OSError:
        return None
    return [(item.st_ino, item.st_mtime_ns, item.st_size) for item in states]


def release_index(request: Request) -> ReleaseIndex:
    """Return the releases beside the build that is served."""
    state, site = request.app.state, site_of(request)
    folder = getattr(state, "releases", None)
    kept: ReleaseIndex | None = getattr(state, "release_index", None)
    wanted = (folder, site.base, site.address)
    if kept is None or (kept.folder, kept.base, kept.address) != wanted:
        kept = state.release_index = ReleaseIndex(*wanted)
    return kept


# --- routes --------------------------------------------------------------------------------------


def releases(request: Request) -> Response:
    """Send on to the list of the releases, which is part of the data page."""
    return see_other(request, f"{language_of(request)}/{DATA_PAGE}", vary="Accept-Language")


def release(request: Request) -> Response:
    """Answer the address of a release: the data page, or its metadata for programs."""
    name = request.path_params["date"]
    index = release_index(request)
    if name == LATEST:
        newest = index.newest()
        return _unknown(request, name) if newest is None else _latest(request, newest, "")
    edition = index.release(name)
    if edition is None:
        return _unknown(request, name)
    place = f"release/{name}/"
    if not request.url.path.endswith("/"):
        return see_other(request, place, status=308, vary="")
    page = f"{language_of(request)}/{DATA_PAGE}#release-{name}"
    forms = [Alternate("", page, "text/html")]
    for catalogue in (ABOUT, *_CATALOGUES):
        if catalogue in edition.files:
            forms.append(Alternate("", place + catalogue, media_type(catalogue)[0]))
    links = release_links(site_of(request), name, edition.files)
    chosen = choose(accept_of(request), [Variant(form.media_type, form.path) for form in forms])
    if chosen is None:
        return not_acceptable(request, forms, links)
    return _for_now(see_other(request, chosen.suffix, links=links, vary=VARY))


def release_file(request: Request) -> Response:
    """Send a file of a release; `latest` sends on to the newest one's."""
    name, file = request.path_params["date"], request.path_params["name"]
    index = release_index(request)
    chosen = index.newest() if name == LATEST else index.release(name)
    if chosen is None:
        return _unknown(request, name)
    if file not in chosen.files or is_disguised(request):
        return _no_file(request, chosen, file)
    if name == LATEST:
        return _latest(request, chosen, file)
    links = file_links(site_of(request), f"release/{name}/{file}", name, chosen.files)
    answer = send_file(request, chosen.files, file, links=links, cache_control=IMMUTABLE)
    if answer.status_code in (200, 206, 304):
        answer.headers["memento-datetime"] = http_date(chosen.edition.date)  # RFC 7089 §2.1.2
    return answer


def _latest(request: Request, newest: ReleaseFiles, file: str) -> Response:
    dated = f"release/{newest.edition.date}/{file}"
    return _for_now(see_other(request, dated, status=302, vary=""))


def _for_now(answer: Response) -> Response:
    answer.headers["cache-control"] = _FOR_NOW
    return answer


def _unknown(request: Request, name: str) -> Response:
    index = release_index(request)
    if index.is_half(name):
        return not_whole(request, f"release/{name}/")
    words = words_of(language_of(request))
    releases = [each_name for each_name in index.names() if index.release(each_name) is not None][
        :_MOST_NAMED
    ]
    text = words.gettext(
        "Nothing was released as {name}. Releases are named by their day, YYYY-MM-DD; there"
        " are {releases}.",
        name=name[:40],
        releases=", ".join(releases) or words.gettext("none yet"),
    )
    options = {item: f"release/{item}/" for item in releases}
    return refuse(request, 404, text, heading=words.gettext("No such release"), options=options)


def _no_file(request: Request, chosen: ReleaseFiles, file: str) -> Response:
    words, date = words_of(language_of(request)), chosen.edition.date
    options = {SUMS: f"release/{date}/{SUMS}", date: f"release/{date}/"}
    text = words.gettext(
        "The release of {release} has no file {file}; its files are listed in SHA256SUMS.",
        release=date,
        file=file[:100],
    )
    return refuse(request, 404, text, options=options)


ROUTES: Final = (
    Route("/release", releases),
    Route("/release/", releases),
    Route("/release/{date}", release),
    Route("/release/{date}/", release),
    Route("/release/{date}/{name:path}", release_file),
)
