"""A picture for other people's pages: an HTML document for an iframe, and the line that embeds it.

Whoever serves it must allow framing (`frame-ancestors *`) for this document alone, and may forbid
everything else: `default-src 'none'; style-src '<style_source()>'` is enough for it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from twingraph.site.pictures.marks import stylesheet
from twingraph.site.pictures.svg import Words, clean, escape, safe_href

_FRAME: Final = (
    ":root{color-scheme:light dark}"
    "body{margin:0;font:14px/1.4 system-ui,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif;"
    "background:#fff;color:#1c2126}a{color:#0f5580}"
    "h1{margin:.3rem .5rem;font-size:1rem}p{margin:.3rem .5rem}"
    "svg.tg-picture{display:block;width:100%;height:auto}"
    "@media (prefers-color-scheme:dark){body{background:#14181c;color:#e6e9ec}a{color:#7cc0ee}}"
)


def embed_style() -> str:
    """Return the one style sheet of the document."""
    return _FRAME + stylesheet().replace("\n", "")


def style_source() -> str:
    """Return the source that a Content-Security-Policy must allow in `style-src` for it."""
    digest = hashlib.sha256(embed_style().encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def embed_page(
    svg: str,
    *,
    title: str,
    page: str,
    site: str,
    words: Words,
    language: str,
    icon: str = "",
    policy: str = "",
) -> bytes:
    """Return the document around a picture, whose links must be absolute.

    `page` is the address of the page that the picture is from, `site` what the site is called,
    `icon` its icon; without one a browser asks for /favicon.ico.
    `policy`, where given, is written into the document, for hosts that can't send headers.
    """
    more = escape(words("embed.more").format(title=clean(site)))
    link = safe_href(page)
    anchor = f'<a href="{escape(link, 2000)}">{more}</a>' if link else more
    own = safe_href(icon)
    image = f'<link rel="icon" href="{escape(own, 2000)}">\n' if own else ""
    meta = (
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy, 1000)}">\n'
        if policy
        else ""
    )
    text = (
        f'<!DOCTYPE html>\n<html lang="{escape(language, 35)}">\n<head>\n<meta charset="utf-8">\n'
        f"{meta}"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n'
        f"{image}"
        f'<title>{escape(title, 300)}</title>\n<base target="_top">\n'
        f"<style>{embed_style()}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title, 300)}</h1>\n{svg}\n<p>{anchor}</p>\n</main>\n"
        "</body>\n</html>\n"
    )
    return text.encode("utf-8")


def embed_code(address: str, title: str, ratio: float = 0.45) -> str:
    """Return the line of HTML that shows the document of this address on another page.

    >>> embed_code("https://example.org/embed/place/bonn", "Bonn")
    '<iframe src="https://example.org/embed/place/bonn" title="Bonn" width="960" height="470" \
loading="lazy" style="border:0;max-width:100%"></iframe>'
    """
    height = round(960 * ratio) + 38
    return (
        f'<iframe src="{escape(safe_href(address), 2000)}" title="{escape(title)}" width="960" '
        f'height="{height}" loading="lazy" style="border:0;max-width:100%"></iframe>'
    )
