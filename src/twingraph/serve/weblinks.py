"""The `Link` header (RFC 8288): which forms there are of a thing, its licence, how to cite it.

Relations: `alternate`, `canonical` (RFC 6596), `license`, `describedby` and `describes` (POWDER and
RFC 6892), `cite-as` (RFC 8574), and the context of plain JSON (JSON-LD 1.1 §6.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from twingraph.serve.describe import FORMATS
from twingraph.serve.pages import alternates, page_alternates
from twingraph.serve.render import OWN_NAMES, Alternate
from twingraph.serve.site import LANGUAGES, Site

_CONTEXT: Final = "http://www.w3.org/ns/json-ld#context"
# The whole, as a page in each language and told in RDF.
DATASET_FORMS: Final = (
    *(Alternate(OWN_NAMES[one], f"{one}/index.html", "text/html", one) for one in LANGUAGES),
    *(Alternate(suffix, f"void.{suffix}", kind) for suffix, kind in FORMATS.items()),
)

_DATASET: Final = next(one for one in DATASET_FORMS if one.path.endswith(".ttl"))


def thing_links(site: Site, about: str, canonical: str = "") -> str:
    """Return the header for the thing at path `about`, or for the form of it at `canonical`.

    A thing and its pages are described by its description, and that by what is told of the dataset.
    """
    forms = (*page_alternates(about), *alternates(about))
    is_description = any(one.path == canonical for one in alternates(about))
    described = _DATASET if is_description else alternates(about)[0]
    found = [
        *_others(site, forms, canonical),
        _link(site, described.path, "describedby", media_type=described.media_type),
        _link(site, about, "cite-as"),
    ]
    if canonical:
        found.append(_link(site, about, "describes"))
        found.append(_link(site, canonical, "canonical"))
    if canonical.endswith(".json"):
        found.append(_link(site, "context.jsonld", _CONTEXT, media_type="application/ld+json"))
    return _joined(site, found)


def page_links(site: Site, rest: str, language: str) -> str:
    """Return the header for a page that is about no single thing, `<language>/<rest>`."""
    forms = [Alternate("", f"{one}/{rest}", "text/html", one) for one in LANGUAGES]
    canonical = f"{language}/{rest}"
    return _joined(site, [*_others(site, forms, canonical), _link(site, canonical, "canonical")])


def dataset_links(site: Site, forms: Iterable[Alternate], canonical: str) -> str:
    """Return the header for a form of the whole: the first page, a description, a dump."""
    return _joined(
        site,
        [
            *_others(site, forms, canonical),
            _link(site, _DATASET.path, "describedby", media_type=_DATASET.media_type),
            _link(site, "", "cite-as"),
            _link(site, canonical, "canonical"),
        ],
    )


def _others(site: Site, forms: Iterable[Alternate], but: str) -> list[str]:
    return [
        _link(site, one.path, "alternate", one.media_type, one.language)
        for one in forms
        if one.path != but
    ]


def _link(site: Site, path: str, relation: str, media_type: str = "", language: str = "") -> str:
    text = f'<{site.base}{path}>; rel="{relation}"'
    text += f'; type="{media_type}"' if media_type else ""
    return text + (f'; hreflang="{language}"' if language else "")


def _joined(site: Site, found: list[str]) -> str:
    licence = [f'<{site.licence}>; rel="license"'] if site.licence else []
    return ", ".join([*licence, *found])
