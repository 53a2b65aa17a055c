"""Templates filled: the frame that every page shares, and the bytes of a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from twingraph.catalogue.schemaorg import script_text
from twingraph.derive.names import FOLDED_KINDS
from twingraph.rdf.authority import licence_of
from twingraph.site.datewords import date_text
from twingraph.site.kind_names import kind_name
from twingraph.site.links import outside_link, relative
from twingraph.site.pictures.map import land_svg
from twingraph.site.pictures.marks import stylesheet
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.translation import N_, SOURCE_LANGUAGE, Words, own_name, words_of
from twingraph.version import __version__

_FOLDER: Final = Path(__file__).parent
STATIC: Final[Mapping[str, str]] = {
    "style.css": "text/css",
    "icon.svg": "image/svg+xml",
    "site.js": "text/javascript",
    "land.svg": "image/svg+xml",  # drawn by site/pictures/map.py
    # bundled from web/ by `make editor`, and when a wheel is made; pages do without
    "editor.js": "text/javascript",
    "editor.licences.txt": "text/plain",
}
_NAVIGATION: Final = (
    (N_("Cities"), "place/index.html"),
    (N_("Partnerships"), "partnership/index.html"),
    (N_("Questions"), "query/index.html"),
    (N_("Data"), "data.html"),
    (N_("About"), "about.html"),
)


class Link(NamedTuple):
    """A link of the frame; `current` where it leads to where the reader is."""

    text: str
    href: str
    current: bool = False
    language: str = ""


class Alternate(NamedTuple):
    """An alternate of a page: its name, its path, its media type, its language."""

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


def compile_templates(names: Iterable[str] | None = None) -> None:
    """Read templates now, by default all: they can't be read where no file can be opened."""
    for name in _environment().list_templates() if names is None else names:
        _environment().get_template(name)


def static_file(name: str) -> bytes | None:
    """Return a file that pages refer to, by the table of those there are; None where it is not."""
    return _static_file(name) if name in STATIC else None


@cache
def _static_file(name: str) -> bytes | None:
    if name == "land.svg":
        return land_svg().encode()
    path = _FOLDER / "static" / name
    if name == "style.css":
        return path.read_bytes() + stylesheet().encode()
    return path.read_bytes() if path.is_file() else None


def render(
    site: BuildReader,
    template: str,
    language: str,
    current_path: str,
    *,
    title: str = "",
    description: str = "",
    iri: str = "",
    schema: Mapping[str, object] | None = None,
    elsewhere: Mapping[str, str] | None = None,
    alternates: tuple[Alternate, ...] = (),
    **view: object,
) -> bytes:
    """Return a page as UTF-8 HTML.

    `current_path` is the path of the page, `elsewhere` the path of the same page by language;
    `description` is a sentence for search engines and link previews, `iri` the name of what the
    page is about, `schema` the same in schema.org terms.
    """
    words = words_of(language)
    site_title = site.title.get(language) or site.title["en"]
    brand = site_title.partition(":")[0]
    paths = elsewhere or {
        each_language: f"{each_language}/index.html" for each_language in LANGUAGES
    }
    navigation = [
        Link(
            words.gettext(name),
            relative(f"{language}/{path}", current_path),
            current_path == f"{language}/{path}",
        )
        for name, path in _NAVIGATION
    ]
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
            home=relative(f"{language}/index.html", current_path),
            search=relative(f"{language}/search", current_path),
            style=relative("static/style.css", current_path),
            icon=relative("static/icon.svg", current_path),
            script=relative("static/site.js", current_path),
            script_words=_script_words(language),
            navigation=navigation,
            description=description,
            iri=iri,
            schema=script_text(schema) if schema else "",
            canonical=f"{site.address}{current_path}",
            default=iri or f"{site.address}{paths.get(SOURCE_LANGUAGE, current_path)}",
            feedback=_feedback(
                site, iri or f"{site.base}{current_path}", title or site_title, words
            ),
            data_page=relative(f"{language}/data.html", current_path),
            questions_page=relative(f"{language}/query/index.html", current_path),
            cite=Citation.of(site, title or site_title, iri) if iri else None,
            languages=[
                Link(own_name(key), relative(path, current_path), key == language, key)
                for key, path in paths.items()
            ],
            alternates=[
                Link(
                    alternate.name,
                    relative(alternate.path, current_path),
                    language=alternate.media_type,
                )
                for alternate in alternates
            ],
            licence=site.licence,
            licence_page=outside_link(site.licence) or "",
            licence_name=known.name if (known := licence_of(site.licence)) else site.licence,
            publisher=site.publisher,
            release=words.gettext("As of {date}", date=date_text(site.release, language).text)
            if site.release
            else "",
            version=__version__,
            **view,
        )
    )
    return text.encode()


@cache
def _script_words(language: str) -> str:
    """Return the texts that `static/site.js` shows, as JSON."""
    texts = {
        "results": words_of(language).gettext("Results:"),
        "kinds": {kind: kind_name(kind, language) for kind in (*FOLDED_KINDS, "partnership")},
    }
    return json.dumps(texts, ensure_ascii=False, sort_keys=True)


class Citation(NamedTuple):
    """How to cite a page: a text, and metadata for reference managers."""

    text: str
    bibtex: str
    ris: str
    csl: str

    @classmethod
    def of(cls, site: BuildReader, title: str, iri: str) -> Citation:
        """Return how to cite the page called `title` whose lasting address is `iri`."""
        year = site.release[:4]
        key = re.sub(r"[^a-z0-9]+", "-", iri.partition("://")[2].lower()).strip("-")
        year_text = f" ({year})" if year else ""
        version = f" {site.release}." if site.release else ""
        plain = title.replace("{", "").replace("}", "")
        bibtex = (
            f"@misc{{{key},\n  author = {{{{{site.publisher}}}}},\n  title = {{{plain}}},\n"
            + (f"  year = {{{year}}},\n" if year else "")
            + f"  url = {{{iri}}}\n}}"
        )
        ris = "\n".join(
            ["TY  - DATA", f"AU  - {site.publisher}", f"TI  - {title}",
             *([f"PY  - {year}"] if year else []), f"UR  - {iri}", "ER  - "]
        )  # fmt: skip
        csl: dict[str, object] = {
            "id": key, "type": "webpage", "title": title, "URL": iri,
            "author": [{"literal": site.publisher}],
        }  # fmt: skip
        if year.isdigit():
            csl["issued"] = {"date-parts": [[int(part) for part in site.release[:10].split("-")]]}
        text = f"{site.publisher}{year_text}: {title}.{version} {iri}"
        return cls(text, bibtex, ris, json.dumps([csl], ensure_ascii=False))


def _feedback(site: BuildReader, about: str, title: str, words: Words) -> str:
    """Return where to report what is wrong or missing, with the subject filled in; empty for none.

    The setting `feedback` is a mail address (`mailto:…`), or the address of an issue tracker in
    which `{iri}` and `{title}` are replaced by those of the page's subject.
    """
    target = site.feedback
    subject = words.gettext("Something wrong or missing: {title}", title=title)
    if target.startswith("mailto:"):
        return f"{target}?subject={quote(subject)}&body={quote(about)}"
    return target.replace("{iri}", quote(about, safe="")).replace("{title}", quote(subject))
