"""The lists of places and of partnerships as CSV (RFC 4180), one for each choice."""

from __future__ import annotations

import csv
import io
import marshal
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

from twingraph.site.browse import COLUMNS, browse_paths, list_rows
from twingraph.site.choices import BROWSED, path_of, read_path
from twingraph.site.columns import heading
from twingraph.site.listings import facet_counts, has_page, listing_of
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.values import TextFormatter
from twingraph.translation import words_of

_LONG: Final = 2000  # things of a list whose records are packed ahead


def browse_csv(reader: BuildReader, language: str, path: str) -> bytes | None:
    """Return the rows of a choice as CSV, with the address of each entity."""
    choice = read_path(path)
    if choice is None or path != path_of(choice, "csv") or choice.page != 1:
        return None
    if not has_page(reader, choice, language):
        return None
    listing = listing_of(reader, choice.kind, language)
    if not listing.number(choice.key) and not any(
        facet_counts(reader, choice.kind, each_language)[choice.key] for each_language in LANGUAGES
    ):
        return None
    packed = reader.memory.get(("csv", choice.kind, language))
    if packed is None:
        return "".join(_records(reader, language, choice.kind, listing.chosen(choice.key))).encode()
    head, *records = marshal.loads(zlib.decompress(packed))
    places = range(len(records)) if choice.key == "all" else listing.under.get(choice.key, ())
    return "".join([head, *(records[place] for place in places)]).encode()


def pack_csv(reader: BuildReader) -> dict[object, bytes]:
    """Return the CSV records of lists that are long, to be remembered: all that a choice needs.

    Each is the records of everything of a kind in a language, head first, packed by `marshal` and
    zlib: some hundred kilobytes, where to write them would take most of a second.
    """
    packed: dict[object, bytes] = {}
    for kind in BROWSED:
        for language in LANGUAGES:
            things = listing_of(reader, kind, language).things
            if len(things) > _LONG:
                records = [*_records(reader, language, kind, things)]
                packed["csv", kind, language] = zlib.compress(marshal.dumps(records))
    return packed


def _records(reader: BuildReader, language: str, kind: str, things: Sequence[str]) -> Iterator[str]:
    """Yield the head of a CSV and the record of each thing, with their line ends (RFC 4180)."""
    words, columns = words_of(language), COLUMNS[kind]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")

    def written(row: Sequence[str]) -> str:
        writer.writerow(row)
        text = out.getvalue()
        out.seek(0)
        out.truncate()
        return text

    yield written(["IRI", words.gettext("Name"),
                   *(heading(column, language) for column in columns)])  # fmt: skip
    path = f"{language}/{kind}/list/all.csv"  # nothing in it depends on where it stands
    for iri, row in zip(
        things, list_rows(reader, language, path, kind, things, TextFormatter), strict=True
    ):
        texts = (" / ".join("" if v.absent else v.text for v in cell) for cell in row)
        yield written([iri, *map(_guarded, texts)])


def _guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] == "\t" or text.lstrip()[:1] in ("=", "+", "-", "@") else text


def csv_paths(reader: BuildReader) -> list[str]:
    """Return the path of every CSV of the lists, without its language."""
    choices = (read_path(path) for path in browse_paths(reader))
    return sorted(
        {path_of(choice, "csv") for choice in choices if choice is not None and choice.page == 1}
    )
