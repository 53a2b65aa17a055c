"""Templates filled: the frame that every page shares, and the bytes of a page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twingraph.site.links import outside_link, relative
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.words import WORDS
from twingraph.version import __version__

_FOLDER: Final = Path(__file__).parent
STATIC: Final[Mapping[str, str]] = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
OWN_NAMES: Final = {"en": "English", "de": "Deutsch"}
_NAVIGATION: Final = (
    ("places", "place/index.html"),
    ("partnerships", "partnership/index.html"),
    ("events", "event/index.html"),
    ("statements", "statement/index.html"),
    ("sources", "source/index.html"),
    ("vocabulary", "vocab/index.html"),
    ("ontology", "ns.html"),
    ("rules", "shapes.html"),
    ("data", "data.html"),
    ("questions", "query/index.html"),
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
    """Return a file that pages refer to, by the table of those there are."""
    return (_FOLDER / "static" / name).read_bytes() if name in STATIC else None


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
    word = WORDS[language]
    site_title = site.title.get(language) or site.title["en"]
    brand = site_title.partition(":")[0]
    paths = elsewhere or {one: f"{one}/index.html" for one in LANGUAGES}
    navigation = [
        Link(word[key], relative(f"{language}/{path}", at), at == f"{language}/{path}")
        for key, path in _NAVIGATION
    ]
    navigation.append(Link(word["query"], relative("sparql", at), at == "sparql"))
    text = (
        _environment()
        .get_template(template)
        .render(
            w=word,
            language=language,
            title=f"{title} – {brand}" if title else site_title,
            brand=brand,
            home=relative(f"{language}/index.html", at),
            search=relative(f"{language}/search", at),
            style=relative("static/style.css", at),
            icon=relative("static/icon.svg", at),
            navigation=navigation,
            languages=[
                Link(OWN_NAMES[one], relative(path, at), one == language, one)
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
            release=word["as of"].format(site.release) if site.release else "",
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
