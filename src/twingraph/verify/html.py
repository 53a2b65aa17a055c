"""Parses a page: language, title, headings, links, ids, and the resources that it loads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, NamedTuple
from urllib.parse import urljoin

MAX_CHARACTERS: Final = 8 * 1024 * 1024  # of a page; the rest is not read
_TITLE: Final = 1000  # characters
_PIECE: Final = 64 * 1024  # characters that are read between two looks at the time
_LOADED: Final = {
    "img": ("src",),
    "script": ("src",),
    "iframe": ("src",),
    "source": ("src",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "embed": ("src",),
    "object": ("data",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
_LOADING_LINKS: Final = frozenset({"stylesheet", "icon", "preload", "modulepreload", "manifest"})


class Alternate(NamedTuple):
    """Another form of a page or a file beside it: its address, media type and language."""

    url: str
    media_type: str
    language: str


@dataclass
class Page:
    """What was read; addresses are absolute, fragments are kept."""

    language: str = ""
    title: str = ""
    headings: int = 0
    links: dict[str, None] = field(default_factory=dict)  # in their order, each once
    loaded: dict[str, None] = field(default_factory=dict)
    alternates: list[Alternate] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    canonical: str = ""


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.page = Page()
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if identifier := values.get("id") or (values.get("name") if tag == "a" else ""):
            self.page.ids.add(identifier)
        match tag:
            case "html":
                self.page.language = values.get("lang", "")
            case "title":
                self._in_title = not self.page.title  # the title of a picture is another
            case "h1":
                self.page.headings += 1
            case "a" | "area" if "href" in values:
                self._add(self.page.links, values["href"])
                self._typed(values)
            case "link" if "href" in values:
                self._link(values)
        for name in _LOADED.get(tag, ()):
            if values.get(name):
                self._add(self.page.loaded, values[name])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.page.title = (self.page.title + data.strip())[:_TITLE]

    def _link(self, values: dict[str, str]) -> None:
        rels = set(values.get("rel", "").lower().split())
        try:
            url = urljoin(self.url, values["href"].strip())
        except ValueError:
            return
        if "canonical" in rels:
            self.page.canonical = url
        if rels & _LOADING_LINKS:
            self._add(self.page.loaded, values["href"])
        if "alternate" in rels:
            self._typed(values)

    def _typed(self, values: dict[str, str]) -> None:
        """Note an alternate: a `link` element, or a link in the text with a media type."""
        media_type = values.get("type", "").partition(";")[0].strip().lower()
        language = values.get("hreflang", "")
        if (media_type or language) and language != "x-default":
            try:
                url = urljoin(self.url, values["href"].strip())
            except ValueError:
                return
            self.page.alternates.append(Alternate(url, media_type, language))

    def _add(self, links: dict[str, None], href: str) -> None:
        try:
            url = urljoin(self.url, href.strip())
        except ValueError:
            url = href
        if url.partition(":")[0] in ("http", "https"):
            links[url] = None


def read_page(text: str, url: str, check_time: Callable[[], None] = lambda: None) -> Page:
    """Read the HTML of the page at `url`, `MAX_CHARACTERS` at most.

    `check_time` is called now and then, and raises once it has taken too long.

    >>> page = read_page('<html lang="en"><title>A</title><h1 id="b">A</h1><a href="#b">', "http://x/")
    >>> page.language, page.title, page.headings, list(page.links), page.ids
    ('en', 'A', 1, ['http://x/#b'], {'b'})
    """
    reader = _Reader(url)
    for start in range(0, min(len(text), MAX_CHARACTERS), _PIECE):
        check_time()
        reader.feed(text[start : min(start + _PIECE, MAX_CHARACTERS)])
    return reader.page  # without close(): an unfinished element at the end may be long
