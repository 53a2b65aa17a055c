"""Templates filled: the frame that every page shares, and the bytes of a page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twingraph.site.datewords import date_text
from twingraph.site.links import outside_link, relative
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.translation import N_, own_name, words_of
from twingraph.version import __version__

_FOLDER: Final = Path(__file__).parent
STATIC: Final[Mapping[str, str]] = {
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
    # bundled from web/ by `make editor`, and when a wheel is made; pages do without
    "editor.js": "text/javascript",
    "editor.licences.txt": "text/plain",
}
_NAVIGATION: Final = (
    (N_("Places"), "place/index.html"),
    (N_("Partnerships"), "partnership/index.html"),
    (N_("Events"), "event/index.html"),
    (N_("Statements"), "statement/index.html"),
    (N_("Sources"), "source/index.html"),
    (N_("Code lists"), "vocab/index.html"),
    (N_("Ontology"), "ns.html"),
    (N_("Rules"), "shapes.html"),
    (N_("Data"), "data.html"),
    (N_("Questions"), "query/index.html"),
)


class Link(NamedTuple):
    """A link of the frame; `current` where it leads to where the reader is."""

    text: str
    href: str
    current: bool = False
    language: str = ""


class Alternate(NamedTuple):
    """Another form of what a page tells: its name, its path, its media type, its language."""

    name: str
    path: str
    media_type: str
    language: str = ""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )


def static_file(name: str) -> bytes | None:
    """Return a file that pages refer to, by the table of those there are; None where it is not."""
    path = _FOLDER / "static" / name
    return path.read_bytes() if name in STATIC and path.is_file() else None


def render(
    site: BuildReader,
    template: str,
    language: str,
    at: str,
    *,
    title: str = "",
    elsewhere: Mapping[str, str] | None = None,
    alternates: tuple[Alternate, ...] = (),
    **view: object,
) -> bytes:
    """Return a page as UTF-8 HTML.

    `at` is the path the page will stand at, `elsewhere` the path of the same page by language.
    """
    words = words_of(language)
    site_title = site.title.get(language) or site.title["en"]
    brand = site_title.partition(":")[0]
    paths = elsewhere or {one: f"{one}/index.html" for one in LANGUAGES}
    navigation = [
        Link(words.gettext(name), relative(f"{language}/{path}", at), at == f"{language}/{path}")
        for name, path in _NAVIGATION
    ]
    navigation.append(Link(words.gettext("Query"), relative("sparql", at), at == "sparql"))
    text = (
        _environment()
        .get_template(template)
        .render(
            _=words.gettext,
            ngettext=words.ngettext,
            pgettext=words.pgettext,
            language=language,
            title=f"{title} – {brand}" if title else site_title,
            brand=brand,
            home=relative(f"{language}/index.html", at),
            search=relative(f"{language}/search", at),
            style=relative("static/style.css", at),
            icon=relative("static/icon.svg", at),
            navigation=navigation,
            languages=[
                Link(own_name(one), relative(path, at), one == language, one)
                for one, path in paths.items()
            ],
            alternates=[
                Link(one.name, relative(one.path, at), language=one.media_type)
                for one in alternates
            ],
            licence=site.licence,
            licence_page=outside_link(site.licence) or "",
            licence_name=_licence_name(site.licence),
            publisher=site.publisher,
            release=words.gettext("As of {date}", date=date_text(site.release, language).text)
            if site.release
            else "",
            version=__version__,
            **view,
        )
    )
    return text.encode()


def _licence_name(licence: str) -> str:
    """Return the usual name of a licence, else its address.

    >>> _licence_name("http://creativecommons.org/publicdomain/zero/1.0/")
    'CC0 1.0'
    """
    names = {
        "creativecommons.org/publicdomain/zero/1.0/": "CC0 1.0",
        "creativecommons.org/licenses/by/4.0/": "CC BY 4.0",
        "creativecommons.org/licenses/by-sa/4.0/": "CC BY-SA 4.0",
    }
    return names.get(licence.partition("://")[2], licence)
