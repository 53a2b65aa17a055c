"""From one of our pages to another, and out: relative links, and pages that people can read.

Links between our pages are relative and name their suffix, so that the same page reads from any
host, under any path and from a disk. Elsewhere a machine's IRI is swapped for the page about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from posixpath import dirname, relpath
from typing import Final
from urllib.parse import quote, urlsplit

from twingraph.link.files import FOLDER as LINK_FILES
from twingraph.rdf.iris import description_path, local_path, page_path, path_of

_PAGES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"http://www\.wikidata\.org/entity/(Q\d+)"),
     lambda match: f"https://www.wikidata.org/wiki/{match[1]}"),
    (re.compile(r"http://www\.wikidata\.org/(?:entity|prop/direct)/(P\d+)"),
     lambda match: f"https://www.wikidata.org/wiki/Property:{match[1]}"),
    (re.compile(r"https://sws\.geonames\.org/(\d+)/"),
     lambda match: f"https://www.geonames.org/{match[1]}/"),
)  # fmt: skip
_SITES: Final = {
    "www.wikidata.org": "Wikidata",
    "sws.geonames.org": "GeoNames",
    "d-nb.info": "GND",
    "id.loc.gov": "Library of Congress",
}
_ODD: Final = frozenset(("", ".", ".."))  # parts of a path that are no names
_SAFE: Final = "/:?#[]@!$&'()*+,;=%~"  # RFC 3986: characters of an IRI that stay in a URL


@lru_cache(maxsize=65536)
def relative(target: str, current_path: str) -> str:
    """Return the relative link from the page at `current_path` to `target`, paths below the root.

    A `current_path` that begins with a slash is the root itself, as the server knows it.

    >>> relative("en/partnership/bonn-minsk.html", "en/place/bonn.html")
    '../partnership/bonn-minsk.html'
    >>> relative("en/ns.html#start", "en/ns.html"), relative("", "en/index.html")
    ('ns.html#start', '../')
    >>> relative("en/ns.html", "/data/")
    '/data/en/ns.html'
    """
    if current_path.startswith("/"):
        return current_path + target
    path, mark, fragment = target.partition("#")
    folder, ending = dirname(current_path), "/" if not path or path.endswith("/") else ""
    return _between(path, folder) + ending + mark + fragment


def _between(path: str, folder: str) -> str:
    """Return what leads from a folder to a path, as `posixpath.relpath` does; plain ones quicker.

    >>> _between("en/place/bonn.html", "en/place"), _between("de/place", "en/place")
    ('bonn.html', '../../de/place')
    """
    there, here = path.removesuffix("/").split("/"), folder.split("/")
    if not _ODD.isdisjoint(there) or not _ODD.isdisjoint(here):
        return relpath(path or ".", folder or ".")
    number, most = 0, min(len(there), len(here))
    while number < most and there[number] == here[number]:
        number += 1
    return "/".join([*[".."] * (len(here) - number), *there[number:]]) or "."


def local_link(iri: str, language: str, current_path: str, base: str) -> str | None:
    """Return the relative link to our page about `iri`; None where it is not ours.

    Ours are the IRIs under `base`, and the vocabulary, of which every site has pages.

    >>> base, start = "https://data.example.org/", "https://w3id.org/twingraph/ns#start"
    >>> local_link(start, "de", "de/place/bonn.html", base)
    '../ns.html#start'
    >>> local_link(base + "graph/links", "de", "de/place/bonn.html", base)
    '../../doc/graph/links.trig'
    """
    whole = path_of(iri, base)
    if whole is None:
        return None
    path, mark, fragment = whole.partition("#")
    if path in ("ns", "shapes"):
        return relative(f"{language}/{path}.html{mark}{fragment}", current_path)
    if local_path(path) is None:
        return None
    page = page_path(path, language) or description_path(path, "trig")
    return relative(page, current_path)


def outside_link(iri: str) -> str | None:
    """Return a link that is safe to follow, the page for people; None if it is no web address.

    >>> outside_link("http://www.wikidata.org/entity/Q586")
    'https://www.wikidata.org/wiki/Q586'
    >>> outside_link("javascript:alert(1)") is None
    True
    """
    for pattern, page in _PAGES:
        match = pattern.fullmatch(iri)
        if match:
            return page(match)
    try:
        parts = urlsplit(iri)
    except ValueError:
        return None
    return quote(iri, safe=_SAFE) if parts.scheme in ("http", "https") and parts.netloc else None


def site_name(iri: str) -> str:
    """Return the name of the site of an external IRI.

    >>> site_name("https://sws.geonames.org/2946447/"), site_name("https://de.wikipedia.org/wiki/A")
    ('GeoNames', 'de.wikipedia.org')
    """
    host = urlsplit(iri).hostname or ""
    return _SITES.get(host, host)


def file_place(name: str) -> str:
    """Return the path at which a file of the build has its own address.

    >>> file_place("twingraph.nq"), file_place("context.jsonld")
    ('dumps/twingraph.nq', 'context.jsonld')
    """
    own = name == "context.jsonld" or name.startswith(LINK_FILES)
    return name if own else f"dumps/{name}"
