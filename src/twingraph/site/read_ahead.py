"""Reads all files that pages need besides the graph, because a worker can't open any.

Files of the program are cached by their readers (`functools.cache`), those of the build by
the reader.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from anyascii import anyascii

from twingraph.link.countries import country_code
from twingraph.link.exonyms import cities_named
from twingraph.link.exonyms import read as read_exonyms
from twingraph.link.wikidata.outputs import REPORT_JSON
from twingraph.site.pictures.words import catalogue
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import STATIC, compile_templates, static_file
from twingraph.translation import words_of

_FILES: Final = ("void.ttl", "shapes.ttl", "catalog.ttl", REPORT_JSON)


def read_program() -> None:
    """Read the files of the program."""
    compile_templates()
    for language in LANGUAGES:
        words_of(language)
        catalogue(language)
    for name in STATIC:
        static_file(name)
    datetime.strptime("2000", "%Y")  # it imports a module when first called
    for block in range(0, 0x110000, 256):  # its tables, which it reads one by one
        anyascii(chr(block))
    country_code("")


def read_build(site: BuildReader) -> None:
    """Read the files of the build that answers are made from."""
    site.read_ahead(_FILES)
    read_exonyms()
    if not site.prepared:  # else another process reads them, which prepares for this one
        cities_named("")
