"""The page of the files: the dumps of the build, and the descriptions of its graphs."""

from __future__ import annotations

from typing import NamedTuple

from twingraph.rdf.iris import description_path
from twingraph.site.links import file_place, relative
from twingraph.site.reader import BuildReader
from twingraph.site.values import Value
from twingraph.translation import words_of


class FileRow(NamedTuple):
    """A file that anybody may fetch."""

    name: str
    href: str
    media_type: str
    size: str
    sha256: str


class DataPage(NamedTuple):
    """The files of the build and the graphs inside."""

    files: list[FileRow]
    graphs: list[Value]


def files_page(site: BuildReader, language: str, current_path: str) -> DataPage:
    """Make the list of the files."""
    words = words_of(language)
    files = [
        FileRow(
            name,
            relative(file_place(name), current_path),
            dump.media_type,
            words.ngettext("{number} byte", "{number} bytes", dump.size),
            dump.sha256,
        )
        for name, dump in site.dumps.items()
    ]
    graphs = [
        Value(
            graph, relative(description_path(graph.removeprefix(site.base), "trig"), current_path)
        )
        for graph in sorted(site.graphs)
    ]
    return DataPage(files, graphs)
