"""The published files of a build or a release, each with its URL, size and checksum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from twingraph.atomic import Written

MEDIA_TYPES: Final = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".md": "text/markdown",
    ".nq": "application/n-quads",
    ".nt": "application/n-triples",
    ".rdf": "application/rdf+xml",
    ".rdfp": "application/rdf-patch",
    ".trig": "application/trig",
    ".ttl": "text/turtle",
    ".tsv": "text/tab-separated-values",
}
PACKINGS: Final = {".gz": "gzip", ".zst": "zstd"}  # suffix -> content coding; application/<coding>


@dataclass(frozen=True)
class File:
    """A published file.

    `name` is its path in its folder (`tables/places.csv`), `url` its absolute URL. `media_type` is
    that of the unpacked content; `packing` is `gzip`, `zstd` or ''. `size` in bytes and `sha256` in
    hexadecimal are those of the response to `url`. `stored` is the packed file that the response is
    unpacked from; '' where the file is stored as it is.
    """

    name: str
    url: str
    media_type: str
    packing: str
    size: int
    sha256: str
    stored: str = ""


@dataclass(frozen=True)
class Edition:
    """A release, or the build as it is (`date` is empty then), with its files by name."""

    date: str
    files: tuple[File, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)  # by language, one line of Markdown each
    previous: str = ""
    modified: str = ""  # date of the last release that changed the data


def build_edition(files: Mapping[str, Written], base: str) -> Edition:
    """Return the files of a build under `base` as an edition without a date.

    >>> build_edition({"twingraph.nt": Written(0, "e3b0")}, "https://example.org/").files[0].url
    'https://example.org/dumps/twingraph.nt'
    """
    known_files = []
    for name, file in sorted(files.items()):
        own = name == "context.jsonld" or name.startswith("links/")
        url = base + (name if own else f"dumps/{name}")
        known_files.append(File(name, url, *media_type(name), file.size, file.sha256))
    return Edition("", tuple(known_files))


def media_type(name: str) -> tuple[str, str]:
    """Return the media type of the content of a file, and its content coding ('' for none).

    >>> media_type("twingraph.nq.gz"), media_type("SHA256SUMS")
    (('application/n-quads', 'gzip'), ('text/plain', ''))
    """
    path = PurePosixPath(name)
    packing = PACKINGS.get(path.suffix, "")
    inner = PurePosixPath(path.stem) if packing else path
    return MEDIA_TYPES.get(inner.suffix, "text/plain"), packing
