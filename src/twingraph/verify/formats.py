"""Checks that a body can be parsed as its media type: a parser for each media type."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from typing import Final

from pyoxigraph import RdfFormat, parse

# The media type by the suffix of the file; several where more than one is right.
MEDIA_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    ".html": ("text/html",),
    ".ttl": ("text/turtle",),
    ".nt": ("application/n-triples",),
    ".nq": ("application/n-quads",),
    ".trig": ("application/trig",),
    ".jsonld": ("application/ld+json",),
    ".rdf": ("application/rdf+xml",),
    ".json": ("application/json", "application/ld+json", "application/linkset+json",
              "application/feed+json", "application/sparql-results+json",
              "application/csvm+json"),
    ".geojson": ("application/geo+json",),
    ".csv": ("text/csv",),
    ".tsv": ("text/tab-separated-values",),
    ".xml": ("application/xml", "text/xml", "application/atom+xml"),
    ".atom": ("application/atom+xml",),
    ".ics": ("text/calendar",),
    ".svg": ("image/svg+xml",),
    ".css": ("text/css",),
    ".js": ("text/javascript", "application/javascript"),
    ".txt": ("text/plain",),
    ".md": ("text/markdown",),
    ".gz": ("application/gzip",),
    ".zst": ("application/zstd",),
}  # fmt: skip
NEED_CHARSET: Final = frozenset({
    "text/html", "text/csv", "text/plain", "text/calendar", "text/markdown",
    "text/tab-separated-values",
})  # fmt: skip


def expected_types(path: str) -> tuple[str, ...]:
    """Return the media types that a file of this name may have; none for an unknown suffix.

    >>> expected_types("/dumps/twingraph.nt"), expected_types("/dumps/SHA256SUMS")
    (('application/n-triples',), ())
    """
    suffix = re.search(r"\.[a-z0-9]+$", path)
    return MEDIA_TYPES.get(suffix[0], ()) if suffix else ()


def why_unreadable(media_type: str, body: bytes) -> str:
    """Return why a body can't be parsed as its media type; empty if it can, or has no parser.

    >>> why_unreadable("application/json", b"[1,")
    'Expecting value: line 1 column 4 (char 3)'
    >>> why_unreadable("text/calendar", b"BEGIN:VCALENDAR")
    'it does not end with END:VCALENDAR'
    """
    reader = _READERS.get(media_type)
    if reader is None:
        return ""
    try:
        reader(body)
    except (ValueError, SyntaxError, csv.Error, LookupError, OSError) as error:
        return " ".join(str(error).split())[:200] or type(error).__name__
    return ""


def read_xml(body: bytes) -> ET.Element:
    """Return the root of an XML document; one with a document type is refused, as it may grow."""
    if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body:
        raise ValueError("it has a document type, which is not read")
    try:
        return ET.fromstring(body)
    except ET.ParseError as error:
        raise ValueError(str(error)) from None


def _rdf(format_: RdfFormat) -> Callable[[bytes], None]:
    def read(body: bytes) -> None:
        for _ in parse(body, format=format_, base_iri="http://localhost/"):
            pass

    return read


def _json(body: bytes) -> None:
    json.loads(body)


def _text(body: bytes) -> None:
    body.decode("utf-8")


def _csv(body: bytes) -> None:
    rows = csv.reader(io.StringIO(body.decode("utf-8")), strict=True)
    widths = {len(row) for row in rows if row}
    if len(widths) > 1:
        raise ValueError(f"its rows have {min(widths)} to {max(widths)} cells")


def _calendar(body: bytes) -> None:
    text = body.decode("utf-8")
    lines = text.replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")
    if lines[0] != "BEGIN:VCALENDAR":
        raise ValueError("it does not begin with BEGIN:VCALENDAR and CRLF")
    if lines[-2:] != ["END:VCALENDAR", ""]:
        raise ValueError("it does not end with END:VCALENDAR")
    if any(len(line.encode("utf-8")) > 75 for line in text.split("\r\n")):
        raise ValueError("a line has more than 75 octets")
    for name in ("UID", "DTSTAMP", "DTSTART"):
        if text.count("BEGIN:VEVENT") > sum(
            line.startswith((f"{name}:", f"{name};")) for line in lines
        ):
            raise ValueError(f"an event has no {name}")


def _atom(body: bytes) -> None:
    root = read_xml(body)
    space = "{http://www.w3.org/2005/Atom}"
    if root.tag != f"{space}feed":
        raise ValueError("its root is no Atom feed")
    for element in (root, *root.iter(f"{space}entry")):
        for name in ("id", "title", "updated"):
            if not (element.findtext(f"{space}{name}") or "").strip():
                raise ValueError(f"{element.tag.removeprefix(space)} without {name}")


def _xml(body: bytes) -> None:
    read_xml(body)


_READERS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "text/turtle": _rdf(RdfFormat.TURTLE),
    "application/n-triples": _rdf(RdfFormat.N_TRIPLES),
    "application/n-quads": _rdf(RdfFormat.N_QUADS),
    "application/trig": _rdf(RdfFormat.TRIG),
    "application/ld+json": _rdf(RdfFormat.JSON_LD),
    "application/rdf+xml": _rdf(RdfFormat.RDF_XML),
    "application/json": _json,
    "application/geo+json": _json,
    "application/linkset+json": _json,
    "application/feed+json": _json,
    "application/atom+xml": _atom,
    "application/xml": _xml,
    "image/svg+xml": _xml,
    "text/calendar": _calendar,
    "text/csv": _csv,
    "text/html": _text,
    "text/plain": _text,
}
