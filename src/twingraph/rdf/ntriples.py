"""Terms as canonical N-Triples (RDFC-1.0 §5), written without making engine terms of them first.

Text that needs an escape, and anything that may be no IRI, goes through the engine: same result.
"""

from __future__ import annotations

import re
from typing import Final

from pyoxigraph import Literal, NamedNode

_PLAIN: Final = re.compile(r"[ !#-\[\]-~\u00a1-\u2027\u2030-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]*")
_PATH: Final = re.compile(r"https?://[a-z0-9.-]+/[A-Za-z0-9._~/#=;:-]*")


def literal(text: str, language: str = "") -> str:
    r"""Return a text as a literal, in a language (in small letters) where one is given.

    >>> literal("Köln"), literal("Cologne", "en")
    ('"Köln"', '"Cologne"@en')
    >>> print(literal('a "b"'))
    "a \"b\""
    """
    if not _PLAIN.fullmatch(text):
        return str(Literal(text, language=language or None))
    return f'"{text}"@{language.lower()}' if language else f'"{text}"'


def iri(text: str) -> str:
    """Return an IRI in its brackets; raises `ValueError` where the text is none.

    >>> iri("http://example.org/a#row=7")
    '<http://example.org/a#row=7>'
    """
    return f"<{text}>" if _PATH.fullmatch(text) else str(NamedNode(text))


def is_iri(text: str) -> bool:
    """Is the text an absolute IRI (RFC 3987)?

    >>> is_iri("http://example.org/"), is_iri("http://["), is_iri("http://example.org/a b")
    (True, False, False)
    """
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True
