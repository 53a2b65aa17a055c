"""SVG elements as texts: whatever comes in is escaped, cut and free of control characters.

Pictures are used inside HTML and as `image/svg+xml` files, so every text is well-formed XML 1.0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from html import escape as _escape
from typing import Final
from urllib.parse import urlsplit

Words = Callable[[str], str]
"""Looks up a word of the picture in the language of the reader; keys: `words.WORDS`."""

_PREFIX: Final = re.compile(r"[a-z][a-z0-9-]{0,40}")
_SPACES: Final = re.compile(r"\s+")
_PLAIN: Final = re.compile(r"[ !#$%(-;=?-~]*")  # ASCII that needs no escape: paths, numbers, names
# Cc, Cf, Cs, Co, Cn: controls, bidirectional overrides, halves of surrogate pairs, noncharacters
_KEPT_FORMATS: Final = frozenset("\u200c\u200d")  # joiners, which Persian and Indic names need
LONGEST: Final = 120


def counted(words: Words, key: str, count: int, **values: object) -> str:
    """Return the text `key` filled with a number; the form of one thing is the key `… one`.

    >>> table = {"partners": "{count} partners of {name}", "partners one": "a partner of {name}"}
    >>> [counted(table.__getitem__, "partners", number, name="Bonn") for number in (1, 2)]
    ['a partner of Bonn', '2 partners of Bonn']
    """
    form = f"{key} one" if count == 1 else key
    return words(form).format(count=count, **values)


def clean(text: str, limit: int = LONGEST) -> str:
    """Return `text` on one line, without control characters, at most `limit` characters long.

    >>> clean("Bonn\\x00\\n  am\\u202eRhein"), clean("Llanfairpwllgwyngyll", 8)
    ('Bonn amRhein', 'Llanfai…')
    """
    spaced = _SPACES.sub(" ", text[: 4 * limit + 40])
    if spaced.isascii() and spaced.isprintable() and len(spaced) <= limit:
        return spaced.strip()
    kept = "".join(
        letter
        for letter in spaced
        if not unicodedata.category(letter).startswith("C") or letter in _KEPT_FORMATS
    ).strip()
    return kept if len(kept) <= limit else kept[: limit - 1].rstrip() + "…"


def escape(text: str, limit: int = LONGEST) -> str:
    """Return `text` escaped for an attribute or between tags.

    >>> escape('<b onclick="x">')
    '&lt;b onclick=&quot;x&quot;&gt;'
    """
    return _escape(clean(text, limit), quote=True)


def number(value: float) -> str:
    """Return a coordinate, to a tenth.

    >>> number(12.04), number(-0.01), number(7.25)
    ('12', '0', '7.2')
    """
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def safe_href(href: str) -> str:
    """Return a link that can only lead to a page (relative, http, https); else an empty text.

    >>> safe_href("../place/bonn.html"), safe_href("javascript:alert(1)"), safe_href("//[")
    ('../place/bonn.html', '', '')
    """
    text = "".join(letter for letter in href if letter > " " and letter != "\x7f")
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return clean(text, 2000) if parts.scheme in ("", "http", "https") else ""


def element(name: str, *children: str, **attributes: str | float) -> str:
    """Return an element; attributes are escaped here, children are markup already.

    An attribute's name is written with `_` for `-`; `class_` is `class`; an empty one is left out.

    >>> element("circle", cx=3.0, cy=4.26, r=2, class_="tg-dot", stroke_width="")
    '<circle cx="3" cy="4.3" r="2" class="tg-dot"/>'
    """
    parts = [name]
    for key, value in attributes.items():
        text = value if isinstance(value, str) else number(value)
        if text:
            parts.append(f'{key.rstrip("_").replace("_", "-")}="{_attribute(text)}"')
    head = " ".join(parts)
    return f"<{head}>{''.join(children)}</{name}>" if children else f"<{head}/>"


def _attribute(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else escape(text, 20000)


def text_element(text: str, x: float, y: float, **attributes: str | float) -> str:
    """Return a text at a place of the picture."""
    return element("text", escape(text), x=x, y=y, **attributes)


def titled(title: str, *children: str, href: str = "", class_: str = "") -> str:
    """Return a group with a title, which browsers show as a tip; a link where `href` is one."""
    inner = (element("title", escape(title, 300)), *children)
    link = safe_href(href)
    if link:
        return element("a", *inner, href=link, class_=class_)
    return element("g", *inner, class_=class_)


def check_prefix(prefix: str) -> str:
    """Return the prefix of a picture's ids; raise `ValueError` where it is none."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"id prefix {prefix!r}; write lower-case letters, digits and hyphens")
    return prefix


def document(
    body: Iterable[str],
    *,
    width: float,
    height: float,
    title: str,
    description: str,
    prefix: str,
    style: str = "",
    linked: bool = True,
) -> str:
    """Return a complete picture; a screen reader reads its title and description first.

    With links inside it is a group: what has `role="img"` hides its links (WAI-ARIA 1.2,
    "Presentational Children"). `style` is put inside, for a picture in a file of its own.
    """
    check_prefix(prefix)
    inner = [
        element("title", escape(title, 300), id=f"{prefix}-title"),
        element("desc", escape(description, 2000), id=f"{prefix}-desc"),
        *([f"<style>{style}</style>"] if style else []),
        *body,
    ]
    return element(
        "svg",
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        class_="tg-picture",
        role="group" if linked else "img",
        aria_labelledby=f"{prefix}-title {prefix}-desc",
    )


def text_width(text: str, size: float) -> float:
    """Estimate how wide a text is drawn in a sans-serif face of `size`; East Asian ones are wider.

    >>> round(text_width("Bonn", 12)), round(text_width("東京", 12))
    (28, 25)
    """
    wide = sum(1 for letter in text if unicodedata.east_asian_width(letter) in "WF")
    return size * (1.04 * wide + 0.58 * (len(text) - wide))
