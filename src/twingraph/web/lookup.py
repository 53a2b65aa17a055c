"""An external identifier -> our entity that has it: `/?uri=`, `/lookup`, `/wikidata/…`.

What is typed is read in every way it can be meant, and each reading is looked up in the graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from twingraph.link.facts import TARGETS
from twingraph.rdf.iris import SLUG, VOCABULARY_ROOT, local_path, page_path, thing_of_page
from twingraph.rdf.vocabulary import ID_KINDS, SCHEMES, prefixes_for
from twingraph.site.facts import PageFacts
from twingraph.site.lifecycle import lifecycle_of
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import Alternate
from twingraph.site.thing import is_known
from twingraph.translation import words_of
from twingraph.web.respond import language_of, refuse, see_other, site_of

MAX_TYPED: Final = 2000  # letters of an identifier that are read
_GND: Final = "https://d-nb.info/gnd/"
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]+")
# The forms of URLs of other databases -> the form that our data links to.
_FORMS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(
            r"(?:https?://(?:www\.|m\.)?wikidata\.org/(?:entity/|wiki/(?:Special:EntityData/)?))?"
            r"[Qq](\d+)(?:\.\w+)?(?:[?#].*)?"
        ),
        TARGETS["wikidata"].start + "Q{}",
    ),
    (
        re.compile(r"(?:https?://(?:sws\.|www\.)?geonames\.org/)?(\d+)(?:/.*)?"),
        TARGETS["geonames"].start + "{}/",
    ),
    (
        re.compile(r"(?:https?://d-nb\.info/gnd/|gnd:)?(\d{1,10}-?[\dXx])(?:/about.*)?", re.I),
        _GND + "{}",
    ),
)
# The kinds in the order of likelihood for a short name; evidence is rarely looked up by name.
_AUXILIARY: Final = ("cite", "claim", "contact", "geometry", "quantity", "remark")
_MAIN: Final = tuple(kind for kind in ID_KINDS if kind not in _AUXILIARY)


class Readings(NamedTuple):
    """The possible readings of a text: paths of the project, URLs of others, a short name."""

    paths: tuple[str, ...]
    addresses: tuple[str, ...]
    slug: str


def readings(text: str, base: str, *roots: str) -> Readings:
    """Return every interpretation of an identifier; `roots` are other addresses of this site.

    >>> base = "https://data.example.org/"
    >>> readings("http://data.example.org/en/place/bonn.html", base).paths
    ('id/place/bonn',)
    >>> readings("https://www.wikidata.org/wiki/Q586", base).addresses[0]
    'http://www.wikidata.org/entity/Q586'
    >>> readings("place:bonn", base).paths, readings("bonn", base).slug
    (('id/place/bonn',), 'bonn')
    >>> readings("type:twinning", base).paths
    ('vocab/type/twinning',)
    """
    text = text.strip().removeprefix("<").removesuffix(">")
    prefix, colon, local = text.partition(":")
    prefixes = prefixes_for(base)
    if colon and prefix in prefixes and not local.startswith("//"):
        text = prefixes[prefix] + local
    known = [
        path
        for path in _paths(text, (VOCABULARY_ROOT,))
        if path.startswith(("ns", "shapes", "vocab/"))
    ]
    paths = tuple(dict.fromkeys([*_paths(text, ("/", "", base, *roots)), *known]))
    addresses = () if paths else tuple(dict.fromkeys(_addresses(text)))
    return Readings(paths, addresses, text if SLUG.fullmatch(text) else "")


def _paths(text: str, roots: tuple[str, ...]) -> Iterator[str]:
    for root in roots:
        address, start = _without_scheme(text), _without_scheme(root)
        if not address.startswith(start):
            continue
        rest = address.removeprefix(start)
        path, mark, fragment = rest.partition("#")
        if path in ("ns", "shapes"):
            yield path + mark + fragment
            continue
        path = path.partition("?")[0]
        for folder in ("", "doc/", *(f"{language}/" for language in LANGUAGES)):
            inside = path.removeprefix(folder)
            thing = thing_of_page(inside) or thing_of_page(re.sub(r"\.[a-z]+$", "", inside))
            if path.startswith(folder) and thing is not None:
                yield thing


def _without_scheme(text: str) -> str:
    return re.sub(r"^https?:", "", text, flags=re.IGNORECASE)


def _addresses(text: str) -> Iterator[str]:
    for pattern, form in _FORMS:
        match = pattern.fullmatch(text)
        if match:
            yield form.format(match[1].upper())
    if not _IRI.fullmatch(text):
        return
    try:
        NamedNode(text)
    except ValueError:
        return  # it has the looks of an IRI, but is none
    rest = _without_scheme(text)
    for scheme in ("http:", "https:") if rest != text else ("",):
        for item in (rest, rest.rstrip("/"), rest.rstrip("/") + "/", rest.partition("#")[0]):
            yield scheme + item


def look_up(site: BuildReader, text: str, *roots: str) -> tuple[str, ...]:
    """Return the paths of the entities that have this identifier, the best matches only."""
    meant = readings(text, site.base, *roots)
    known = tuple(
        each_path
        for each_path in meant.paths
        if lifecycle_of(site, _document(each_path)).state != "unknown"
    )
    if known:
        return known[:1]
    by_path: dict[str, list[str]] = {}
    for row in site.rows_of("identified", meant.addresses):
        thing, closeness = row["found"], row["closeness"]
        if isinstance(thing, NamedNode) and closeness is not None:
            path = site.path(thing.value)
            if path is not None and local_path(path):
                by_path.setdefault(closeness.value, []).append(path)
    if by_path:
        return tuple(dict.fromkeys(by_path[min(by_path)]))
    return _called(site, meant.slug)


def _document(path: str) -> str:
    return path.partition("#")[0]


def _called(site: BuildReader, slug: str) -> tuple[str, ...]:
    if not slug:
        return ()
    schemes = [f"vocab/{scheme}/{slug}" for scheme in SCHEMES]
    for paths in (
        [f"id/{kind}/{slug}" for kind in _MAIN],
        [*schemes, *([f"vocab/{slug}"] if slug in SCHEMES else [])],
        [f"id/{kind}/{slug}" for kind in _AUXILIARY],
    ):
        known_paths = tuple(path for path in paths if is_known(site, site.iri(path)))
        if known_paths:
            return known_paths
    return ()


# --- routes --------------------------------------------------------------------------------------


def requested_identifier(request: Request, *names: str) -> str:
    """Return the identifier that the first of these parameters gives, `uri` if none is named."""
    given = (request.query_params.get(name, "").strip() for name in names or ("uri",))
    return next((item for item in given if item), "")[:MAX_TYPED]


def find(request: Request) -> Response:
    """Redirect to the entity with the requested identifier."""
    return _found(request, requested_identifier(request, "id", "uri"))


def wikidata(request: Request) -> Response:
    """Redirect to the entity that is the same as a Wikidata item."""
    return _found(request, TARGETS["wikidata"].start + str(request.path_params["item"]))


def geonames(request: Request) -> Response:
    """Redirect to the entity that is the same as one of GeoNames."""
    return _found(request, f"{TARGETS['geonames'].start}{request.path_params['number']}/")


def gnd(request: Request) -> Response:
    """Redirect to the entity that is the same as one of the GND."""
    return _found(request, _GND + str(request.path_params["number"]))


def _found(request: Request, text: str) -> Response:
    site = site_of(request)
    words = words_of(language_of(request))
    if not text:
        note = words.gettext(
            "No identifier was given. What can be asked for: {kinds}.",
            kinds=words.gettext(
                "an address of ours, a short name (bonn, place/bonn, place:bonn), a Wikidata item "
                "(Q586 or its address), a GeoNames number or address, a GND number or address, or "
                "any address that the data links to"
            ),
        )
        return refuse(
            request,
            400,
            note,
            heading=words.gettext("Nothing has this identifier"),
            options=_help(request),
        )
    paths = look_up(site, text, _root(request))
    if len(paths) == 1:
        return see_other(request, paths[0], vary="")
    shown = text[:200]
    if not paths:
        note = words.gettext(
            "Nothing here is called “{identifier}”. What can be asked for: {kinds}.",
            identifier=shown,
            kinds=words.gettext(
                "an address of ours, a short name (bonn, place/bonn, place:bonn), a Wikidata item "
                "(Q586 or its address), a GeoNames number or address, a GND number or address, or "
                "any address that the data links to"
            ),
        )
        return refuse(
            request,
            404,
            note,
            heading=words.gettext("Nothing has this identifier"),
            options=_help(request),
        )
    note = words.gettext("“{identifier}” may mean any of these:", identifier=shown)
    return refuse(
        request,
        300,
        note,
        heading=words.gettext("Several things have this identifier"),
        options=_named(request, paths),
    )


def _root(request: Request) -> str:
    """Return the address under which the client requested; the base IRI for an invalid `Host`."""
    try:
        return str(request.base_url)
    except ValueError:
        site = site_of(request)
        return site.base


def _help(request: Request) -> list[Alternate]:
    language = language_of(request)
    words = words_of(language)
    return [Alternate(words.gettext("Search by name"), f"{language}/search", "text/html", language)]


def _named(request: Request, paths: tuple[str, ...]) -> list[Alternate]:
    language = language_of(request)
    facts = PageFacts(request.state.snapshot.site, language)
    site = site_of(request)
    facts.load({site.iri(each_path) for each_path in paths})
    facts.complete()
    named = (
        (facts.name(site.iri(each_path)).text, page_path(each_path, language) or each_path)
        for each_path in paths
    )
    return [Alternate(name, path, "text/html", language) for name, path in named]


ROUTES: Final = (
    Route("/lookup", find),
    Route("/wikidata/{item}", wikidata),
    Route("/geonames/{number}", geonames),
    Route("/geonames/{number}/", geonames),
    Route("/gnd/{number}", gnd),
)
