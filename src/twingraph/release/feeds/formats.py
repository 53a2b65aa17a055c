"""A feed -> bytes: Atom (RFC 4287, RFC 5005) and JSON Feed 1.1. Same feed, same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from typing import Final
from xml.sax.saxutils import escape as xml_escape
from xml.sax.saxutils import quoteattr

from twingraph.release.feeds.entries import Feed, FeedEntry

# suffix -> media type
MEDIA_TYPES: Final = {"atom": "application/atom+xml", "json": "application/feed+json"}


def feed_url(
    feed: Feed, suffix: str, address: str, language: str = "", archive: int | None = None
) -> str:
    """Return where the feed is, in one of `MEDIA_TYPES`, in its own or another language.

    `archive` is the number of an archive of it, 0 the feed itself; without it, which of them it is.
    """
    number = feed.archive if archive is None else archive
    path = (f"/{feed.name}" if feed.name else "") + (f"/archive/{number}" if number else "")
    return f"{address}release/feed/{language or feed.language}{path}.{suffix}"


def write_atom(feed: Feed, address: str) -> bytes:
    """Return the feed as Atom; `address` is where the public reaches us."""
    other = {"en": "de", "de": "en"}[feed.language]
    paged = feed.archive or feed.earlier
    history = ' xmlns:fh="http://purl.org/syndication/history/1.0"' if paged else ""
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom"{history} xml:lang="{feed.language}">',
        f"  <id>{xml_escape(feed.id)}</id>",
        f"  <title>{xml_escape(feed.title)}</title>",
        f"  <updated>{feed.updated}</updated>",
        f"  <author><name>{xml_escape(feed.author)}</name></author>",
        _link("self", feed_url(feed, "atom", address), MEDIA_TYPES["atom"]),
        _link("alternate", feed.url, "text/html"),
        _link("alternate", feed_url(feed, "json", address), MEDIA_TYPES["json"]),
        _link("alternate", feed_url(feed, "atom", address, other), MEDIA_TYPES["atom"], other),
    ]
    if feed.rights:
        parts.append(_link("license", feed.rights))
    if feed.archive:
        current = feed_url(feed, "atom", address, archive=0)
        parts += ["  <fh:archive/>", _link("current", current, MEDIA_TYPES["atom"])]
    if feed.earlier:
        before = feed_url(feed, "atom", address, archive=feed.earlier)
        parts.append(_link("prev-archive", before, MEDIA_TYPES["atom"]))
    for entry in feed.entries:
        parts += _atom_entry(entry)
    return "\n".join([*parts, "</feed>", ""]).encode()


def _link(relation: str, href: str, media_type: str = "", language: str = "") -> str:
    kind = f" type={quoteattr(media_type)}" if media_type else ""
    tongue = f" hreflang={quoteattr(language)}" if language else ""
    return f"  <link rel={quoteattr(relation)}{kind}{tongue} href={quoteattr(href)}/>"


def _atom_entry(entry: FeedEntry) -> list[str]:
    return [
        "  <entry>",
        f"    <id>{xml_escape(entry.id)}</id>",
        f"    <title>{xml_escape(entry.title)}</title>",
        f"    <updated>{entry.updated}</updated>",
        f"  {_link('alternate', entry.url, 'text/html')}",
        f"    <category term={quoteattr(entry.kind)}/>",
        f'    <content type="html">{xml_escape(content_html(entry))}</content>',
        "  </entry>",
    ]


def content_html(entry: FeedEntry) -> str:
    """Return the lines of an entry as an HTML list.

    >>> content_html(FeedEntry("", "", "", "", "", ("start: 1987 < 1988",)))
    '<ul><li>start: 1987 &lt; 1988</li></ul>'
    """
    items = "".join(f"<li>{escape(line, quote=False)}</li>" for line in entry.lines)
    return f"<ul>{items}</ul>" if items else ""


def write_json_feed(feed: Feed, address: str) -> bytes:
    """Return the feed as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    before = feed_url(feed, "json", address, archive=feed.earlier)
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.url,
        "feed_url": feed_url(feed, "json", address),
        **({"next_url": before} if feed.earlier else {}),
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "content_html": content_html(entry),
                "date_published": entry.updated,
                "date_modified": entry.updated,
                "tags": [entry.kind],
            }
            for entry in feed.entries
        ],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


WRITERS: Final[dict[str, Callable[[Feed, str], bytes]]] = {
    "atom": write_atom,
    "json": write_json_feed,
}
