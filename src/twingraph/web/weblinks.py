"""The `Link` header (RFC 8288): formats of a resource, its licence, its citation.

Relations: `alternate`, `canonical` (RFC 6596), `license`, `describedby` and `describes` (POWDER and
RFC 6892), `cite-as` (RFC 8574), and the context of plain JSON (JSON-LD 1.1 §6.1). As FAIR
Signposting wants them on landing pages (level 1): `type`, `item` and, on what is part of the whole,
`collection` (RFC 6573); `author` where the publisher has an IRI. All of them in one document
(level 2, RFC 9264) are at `LINKSET`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Final

from twingraph.export.editions import media_type
from twingraph.export.void import is_dump
from twingraph.site.datapage import DATA_PAGE
from twingraph.site.describe import FORMATS
from twingraph.site.links import file_place
from twingraph.site.list_rdf import list_forms, neighbours, read_listed
from twingraph.site.lists import CLASSES
from twingraph.site.pages import alternates, page_alternates
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import Alternate
from twingraph.translation import own_name

_FIRST_PAGE: Final = "index.html"
_NAMING: Final = frozenset({"cite-as", "collection", "describes"})
LINKSET: Final = "linkset.json"
LINKSET_TYPE: Final = "application/linkset+json"
_CONTEXT: Final = "http://www.w3.org/ns/json-ld#context"
_PAGE: Final = "https://schema.org/AboutPage"
_WHOLE: Final = "https://schema.org/Dataset"
_METADATA: Final = ("void.ttl", "catalog.ttl")  # files that describe the dataset
# The dataset, as a page in each language and in RDF.
DATASET_FORMS: Final = (
    *(
        Alternate(own_name(language), f"{language}/index.html", "text/html", language)
        for language in LANGUAGES
    ),
    *(Alternate(suffix, f"void.{suffix}", kind) for suffix, kind in FORMATS.items()),
)

_DATASET: Final = next(
    dataset_form for dataset_form in DATASET_FORMS if dataset_form.path.endswith(".ttl")
)


def thing_links(site: BuildReader, about: str, canonical: str = "") -> str:
    """Return the header for the resource at path `about`, or for its form at `canonical`.

    A resource and its pages have its description as `describedby`, and that has the dataset's.
    """
    forms = (*page_alternates(about), *alternates(about))
    is_description = any(alternate.path == canonical for alternate in alternates(about))
    described = _DATASET if is_description else alternates(about)[0]
    links = [
        *_others(site, forms, canonical),
        _link(site, described.path, "describedby", media_type=described.media_type),
        _link(site, about, "cite-as"),
        _link(site, "", "collection"),
    ]
    if canonical.endswith(".html"):
        links.append(_type(_PAGE))
    if canonical:
        links.append(_link(site, about, "describes"))
        links.append(_link(site, canonical, "canonical"))
    if canonical.endswith(".json"):
        links.append(_link(site, "context.jsonld", _CONTEXT, media_type="application/ld+json"))
    return _joined(site, links)


def page_links(site: BuildReader, rest: str, language: str) -> str:
    """Return the header for a page that is about no single resource, `<language>/<rest>`."""
    forms = [
        Alternate("", f"{each_language}/{rest}", "text/html", each_language)
        for each_language in LANGUAGES
    ]
    canonical = f"{language}/{rest}"
    if rest in (_FIRST_PAGE, DATA_PAGE):
        about_whole = DATASET_FORMS if rest == _FIRST_PAGE else forms
        return dataset_links(site, about_whole, canonical)
    kind = rest.removesuffix("/index.html")
    forms += list_forms(kind) if kind in CLASSES else ()
    return _joined(site, [*_others(site, forms, canonical), _link(site, canonical, "canonical")])


def list_links(site: BuildReader, path: str) -> str:
    """Return the header for a page of a list in RDF: the pages beside it, its other forms."""
    request = read_listed(path)
    forms = list_forms(request[0], request[1]) if request is not None else ()
    beside = [
        _link(site, page, relation, media_type(page)[0])
        for relation, page in neighbours(site, path).items()
    ]
    links = [*_others(site, forms, path), _link(site, "", "collection")]
    return _joined(site, [*beside, *links, _link(site, path, "canonical")])


def dataset_links(site: BuildReader, forms: Iterable[Alternate], canonical: str) -> str:
    """Return the header for a form of the whole: the first page, the data page, a description."""
    links = [*_others(site, forms, canonical), *_landing(site, "", canonical)]
    if canonical.endswith(".html"):
        items = [file_place(dump) for dump in site.dumps if is_dump(dump)]
        links += [_type(_PAGE), _type(_WHOLE), *(_item(site, item) for item in items)]
    else:
        links.append(_link(site, "", "describes"))
    return _joined(site, [*links, _link(site, canonical, "canonical")])


def file_links(
    site: BuildReader, place: str, release: str = "", files: Collection[str] | None = None
) -> str:
    """Return the header for a file of the build or of a release, at path `place`.

    `files` are those of the release.
    """
    whole = f"release/{release}/" if release else ""
    links = [*_landing(site, whole, place, files), _link(site, whole, "collection")]
    if place.rpartition("/")[2] in _METADATA:
        links.append(_link(site, whole, "describes"))
    whole_found = _joined(site, [*links, _link(site, place, "canonical")])
    return ", ".join([*_columns(site, place, whole, files), whole_found])


def _columns(site: BuildReader, place: str, whole: str, files: Collection[str] | None) -> list[str]:
    """Return the link from a table to the metadata of its columns (Tabular Data Model §5.2).

    Before all others: the csvw library warns of every link that it meets before this one. And
    relative, so that a mirror is checked with its own.
    """
    described = place + "-metadata.json"
    name = described.removeprefix(whole or "dumps/")
    if not place.endswith(".csv") or name not in (site.dumps if files is None else files):
        return []
    own = described.rpartition("/")[2]
    return [f'<{own}>; rel="describedby"; type="application/csvm+json"']


def release_links(site: BuildReader, date: str, files: Collection[str]) -> str:
    """Return the header for the address of a release, which has these files."""
    place = f"release/{date}/"
    items = [_item(site, place + file) for file in sorted(files) if is_dump(file)]
    links = [*_landing(site, place, files=files), _type(_WHOLE), *items]
    return _joined(site, [*links, _link(site, "", "collection")])


def linkset(site: BuildReader) -> bytes:
    """Return all links of the whole and of its files as one document (RFC 9264 §4.2)."""
    root = {"href": site.base}
    licence = {"license": [{"href": site.licence}]} if site.licence else {}
    common = {
        "cite-as": [root],
        "describedby": [_target(site, item) for item in _metadata(site, "", None)],
        **licence,
    }
    items = [_target(site, file_place(name)) for name in site.dumps]
    kinds = [{"href": _PAGE}, {"href": _WHOLE}]
    whole = {"anchor": site.address, **common, "type": kinds, "item": items}
    each = [{"anchor": item["href"], **common, "collection": [root]} for item in items]
    return (json.dumps({"linkset": [whole, *each]}, ensure_ascii=False, indent=1) + "\n").encode()


def _target(site: BuildReader, path: str) -> dict[str, str]:
    return {"href": site.address + path, "type": media_type(path)[0]}


def _landing(
    site: BuildReader, whole: str, canonical: str = "", files: Collection[str] | None = None
) -> list[str]:
    """Return the links of the dataset at path `whole`, of its pages and of its files."""
    links = [
        _link(site, item, "describedby", media_type=media_type(item)[0])
        for item in _metadata(site, whole, files)
        if item != canonical
    ]
    links.append(_link(site, whole, "cite-as"))
    if not whole:
        links.append(_link(site, LINKSET, "linkset", media_type=LINKSET_TYPE))
    return links


def _metadata(site: BuildReader, whole: str, files: Collection[str] | None) -> list[str]:
    """Return the paths of the metadata of the dataset: VoID, and the catalogue if there is one."""
    if whole:
        return [whole + item for item in _METADATA if files is None or item in files]
    catalogue = [item for item in _METADATA[1:] if item in site.dumps]
    return [_DATASET.path, *catalogue]


def _item(site: BuildReader, path: str) -> str:
    return _link(site, path, "item", media_type(path)[0])


def _type(iri: str) -> str:
    return f'<{iri}>; rel="type"'


def _others(site: BuildReader, forms: Iterable[Alternate], but: str) -> list[str]:
    return [
        _link(site, form.path, "alternate", form.media_type, form.language)
        for form in forms
        if form.path != but
    ]


def _link(
    site: BuildReader, path: str, relation: str, media_type: str = "", language: str = ""
) -> str:
    # names are under the base IRI, links to open under the address (FAIR Signposting)
    start = site.base if relation in _NAMING else site.address
    text = f'<{start}{path}>; rel="{relation}"'
    text += f'; type="{media_type}"' if media_type else ""
    return text + (f'; hreflang="{language}"' if language else "")


def _joined(site: BuildReader, links: list[str]) -> str:
    licence = [f'<{site.licence}>; rel="license"'] if site.licence else []
    return ", ".join([*licence, *links])
