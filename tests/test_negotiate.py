"""RFC 9110 §12.5 by example: which form, which language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twingraph.web.negotiate import Variant, choose, choose_language, parse_accept

HTML = Variant("text/html", "html")
TURTLE = Variant("text/turtle", "ttl")
JSONLD = Variant("application/ld+json", "jsonld")
NTRIPLES = Variant("application/n-triples", "nt")
RDFXML = Variant("application/rdf+xml", "rdf")
OFFERS = (HTML, TURTLE, JSONLD, NTRIPLES, RDFXML)

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = FIREFOX.replace("*/*", "image/avif,image/webp,*/*")
JENA = (
    "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,"
    "*/*;q=0.3"
)
OLD_JAVA = "text/turtle, image/gif, *; q=.2, */*; q=.2"


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        (None, "html"),
        ("", "html"),
        ("  ", "html"),
        ("*/*", "html"),
        (FIREFOX, "html"),
        (CHROME, "html"),
        (JENA, "ttl"),
        (OLD_JAVA, "ttl"),
        ("text/turtle", "ttl"),
        ("TEXT/Turtle", "ttl"),
        ("text/turtle;charset=utf-8", "ttl"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
        ('application/ld+json;profile="a,b;c", text/turtle;q=0.9', "jsonld"),
        ("application/*", "jsonld"),
        ("text/*", "html"),
        ("text/*;q=0.5, text/html;q=0.1", "ttl"),
        ("text/html;q=0, */*", "ttl"),
        ("application/ld+json, text/turtle", "ttl"),  # a tie: our order
        ("application/ld+json;q=1, text/turtle;q=0.999", "jsonld"),
        ("application/rdf+xml;q=0.2, */*;q=0.1", "rdf"),
        ("text/turtle;level=1, application/n-triples;q=0.1", "nt"),
        ("text/turtle;level=1", None),
        ("text/turtle;q=0", None),
        ("image/png", None),
        ("text/turtle;q=zwei", None),
        ("*/turtle, nonsense, /, text/", None),
        ("text/turtle;q=7", None),  # no weight, so no member
        ("text/turtle;q=1.001, text/html;q=0.1", "html"),
        (" , ,, ", "html"),  # no members: no header
        (";;;, ,text/turtle", "ttl"),
        ("text/turtle;q=0.1;extension=x, text/html;q=0.05", "ttl"),
    ],
)
def test_the_client_gets_what_it_likes_best(accept: str | None, suffix: str | None) -> None:
    chosen = choose(accept, OFFERS)

    assert (chosen.suffix if chosen else None) == suffix


def test_nothing_to_offer_is_nothing_chosen() -> None:
    assert choose("*/*", ()) is None


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("de-AT, en;q=0.8", "de"),
        ("de;q=0.3, en;q=0.8", "en"),
        ("fr, de;q=0.2", "de"),
        ("fr", "en"),
        ("*", "en"),
        ("en;q=0, *", "de"),
        ("en;q=0", "de"),
        ("de, en", "de"),  # equal weights are read in the order written
        ("en, de", "en"),
        ("fr;q=1, *;q=0.5", "en"),
        ("de;q=oft", "en"),
        ("de;q=2, en;q=0.1", "en"),
        ("zh-Hans-CN, de-Latn-DE-1996;q=0.9", "de"),
        ("<script>, de", "de"),
    ],
)
def test_the_reader_gets_the_language_they_like_best(accept: str | None, language: str) -> None:
    assert choose_language(accept, ("en", "de")) == language


@given(st.text(max_size=200))
def test_no_header_breaks_the_choice(header: str) -> None:
    assert choose(header, OFFERS) in (*OFFERS, None)
    assert choose_language(header, ("en", "de")) in ("en", "de")
    assert all(0 <= item.quality <= 1 for item in parse_accept(header))
