"""The whole site as files: every page, description, answer and dump, as the server sends them.

The files can be put on any host that serves folders. Three things need a live server: a page of
search results, asking a question with values of one's own, and SPARQL (names that are offered while
one types come from `name_index`). Where a page leads to those, a file says so
and names the address that answers.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from pyoxigraph import NamedNode

from twingraph.atomic import locked, point
from twingraph.catalogue.builder import PROFILES
from twingraph.catalogue.dcat import write_catalogue
from twingraph.catalogue.paging import MOST, read_catalogue
from twingraph.problems import TwingraphError
from twingraph.progress import Progress, ignore, part
from twingraph.rdf.iris import description_path
from twingraph.site.attachments import attachment, attachment_paths
from twingraph.site.datapage import Publication, publication_of
from twingraph.site.describe import FORMATS, describe, formats_of
from twingraph.site.executables import describe_question, describe_questions
from twingraph.site.links import file_place
from twingraph.site.list_csv import csv_paths
from twingraph.site.list_rdf import describe_list, list_paths
from twingraph.site.name_index import name_index
from twingraph.site.openapi import openapi
from twingraph.site.pages import page, page_paths
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.render import STATIC, render, static_file
from twingraph.site.results import example_of, write_result
from twingraph.site.results import formats_of as result_formats
from twingraph.site.service import dataset_description
from twingraph.site.sitemap import parts, write_index, write_robots, write_sitemap
from twingraph.translation import words_of

SUMS: Final = "SHA256SUMS"
_PAGES, _DESCRIBED = 0.7, 0.98  # shares of the whole that are written by then
_CATALOGUE_FORMATS: Final = ("ttl", "rdf", "jsonld")
_QUESTION_FORMATS: Final = ("ttl", "jsonld")
_COPY_SCRIPT: Final = Path(__file__).parent / "static" / "copy.js"

_QUERY_LINK: Final = re.compile(rb'href="(?:\.\./)*sparql\?query=')

Entry = tuple[str, bytes | Path]  # the path of a file in the site; its content, or its original


class WrittenSite(NamedTuple):
    """What was written: the folder, how many files it has, and how many of them are pages."""

    folder: Path
    files: int
    pages: int


def write_site(
    reader: BuildReader,
    out: Path,
    *,
    address: str = "",
    releases: Path | None = None,
    progress: Progress = ignore,
) -> WrittenSite:
    """Write the whole site into a new folder beside `out`, and make `out` the link to it.

    `address` is the URL at which the public reaches a live server (without it, the base IRI), for
    the sitemap and for functions that need a server; `releases` is the folder of the releases.
    Each file is written as soon as it is made. Raises `TwingraphError` where `out` is something
    else, if another process writes there, or if the disk is full or fails.
    """
    publication = publication_of(reader, releases)
    pages = page_paths(reader)
    site_address = f"{(address or reader.address).rstrip('/')}/"
    entries = _entries(reader, pages, publication, site_address, progress)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        busy = f"another command is writing {out}; wait for it, or name another --out"
        with locked(out.with_name(f".{out.name}.lock"), busy):
            _refuse_foreign(out)
            folder, files = _swap(entries, out)
    except OSError as error:
        raise TwingraphError(
            f"{error.filename or out}: {error.strerror}; nothing was replaced, free the place and "
            "write again"
        ) from None
    return WrittenSite(folder, files, len(pages) * len(LANGUAGES) + 1)


def _entries(
    reader: BuildReader,
    pages: list[str],
    publication: Publication | None,
    address: str,
    progress: Progress,
) -> Iterator[Entry]:
    """Yield every file of the site, one at a time."""
    whole = len(pages) * len(LANGUAGES)
    for order, language in enumerate(LANGUAGES):
        for number, path in enumerate(pages, order * len(pages)):
            progress(f"writing page {number + 1:,} of {whole:,}", _PAGES * number / whole)
            body = page(reader, language, path, publication=publication)
            if body is not None:
                yield f"{language}/{path}", with_live_queries(body, address)
    for language in LANGUAGES:
        for path in csv_paths(reader):
            listed = page(reader, language, path)
            if listed is not None:
                yield f"{language}/{path}", listed
    first = page(reader, LANGUAGES[0], "index.html", current_path="index.html")
    if first is not None:
        yield "index.html", with_live_queries(first, address)
    yield from (
        (f"static/{name}", _COPY_SCRIPT.read_bytes() + body if name == "site.js" else body)
        for name in STATIC
        if (body := static_file(name)) is not None
    )
    yield from name_index(reader)
    yield from _offline(reader, address)
    for path in attachment_paths(reader):
        attached = attachment(reader, path)
        if attached is not None:
            yield path, attached.body
    yield from _descriptions(reader, part(progress, _PAGES, _DESCRIBED))
    yield from _questions(reader)
    progress("writing the files", _DESCRIBED)
    yield from _files(reader, publication)
    yield from _sitemaps(reader, pages, address)


def _descriptions(reader: BuildReader, progress: Progress) -> Iterator[Entry]:
    things = {
        path
        for row in reader.rows("described")
        if isinstance(row["thing"], NamedNode) and (path := reader.path(row["thing"].value))
    }
    things |= {"ns", "shapes"}
    things |= {f"graph/{graph.partition('/graph/')[2]}" for graph in reader.graphs}
    for number, thing in enumerate(sorted(things)):
        progress(f"describing {number + 1:,} of {len(things):,} things", number / len(things))
        for suffix in formats_of(thing):
            body = describe(reader, thing, suffix)
            if body is not None:
                yield description_path(thing, suffix), body
    for path in list_paths(reader):
        body = describe_list(reader, path)
        if body is not None:
            yield path, body
    yield from ((f"void.{suffix}", dataset_description(reader, suffix)) for suffix in FORMATS)


def _questions(reader: BuildReader) -> Iterator[Entry]:
    """Yield the result of each library query with its example, and its description."""
    for name, query in reader.library.items():
        bound = example_of(reader, query)
        for suffix in result_formats(query):
            yield f"query/{name}.{suffix}", write_result(reader, bound, suffix)
        for suffix in _QUESTION_FORMATS:
            yield f"doc/query/{name}.{suffix}", describe_question(reader, query, suffix)
    yield ".well-known/sparql-examples", describe_questions(reader, "ttl")
    yield "openapi.json", openapi(reader)


def _files(reader: BuildReader, publication: Publication | None) -> Iterator[Entry]:
    """Yield the files of the build, and the catalogues with each data set of its own."""
    for name, file in reader.dumps.items():
        yield from ((place, file.path) for place in {file_place(name): "", f"dumps/{name}": ""})
    for name in PROFILES.values():
        dump = reader.dumps.get(f"{name}.ttl")
        if dump is None:
            continue
        catalogue = read_catalogue(dump.path.read_bytes())
        for suffix in _CATALOGUE_FORMATS:
            view = catalogue.view(1, f"{reader.base}{name}.{suffix}", MOST)
            triples = [*catalogue.page(1, MOST), *view]
            yield f"{name}.{suffix}", write_catalogue(triples, reader.base, suffix)
    if publication is not None:
        catalogue = publication.catalogue
        for iri in catalogue.datasets:
            for suffix in _CATALOGUE_FORMATS:
                body = write_catalogue(catalogue.part([iri]), reader.base, suffix)
                yield f"dataset/{iri.rpartition('/')[2]}.{suffix}", body


def _sitemaps(reader: BuildReader, pages: list[str], address: str) -> Iterator[Entry]:
    listed = parts(pages)
    for name, paths in listed.items():
        yield name, write_sitemap(address, paths, reader.release)
    yield "sitemap.xml", write_index(address, list(listed), reader.release)
    yield "robots.txt", write_robots(address, "")


def with_live_queries(page: bytes, address: str) -> bytes:
    """Return a page whose links to a query with its text lead to the live server at `address`.

    >>> with_live_queries(b'<a href="../sparql?query=ASK">', "https://data.example.org/")
    b'<a href="https://data.example.org/sparql?query=ASK">'
    """
    live = f'href="{escape(address)}sparql?query='.encode()
    return _QUERY_LINK.sub(lambda _: live, page)


def _offline(reader: BuildReader, address: str) -> Iterator[Entry]:
    """Yield placeholders for addresses that need a live server, and the page for missing files."""
    for language in LANGUAGES:
        words = words_of(language)
        yield from (
            _notice(reader, language, f"{language}/search/index.html",
                    f"{address}{language}/search", words.gettext("Search by name")),
            _notice(reader, language, f"{language}/query/answer/index.html",
                    f"{address}{language}/query/index.html", words.gettext("Questions")),
        )  # fmt: skip
    language = LANGUAGES[0]
    words = words_of(language)
    yield _notice(reader, language, "sparql/index.html", f"{address}sparql", words.gettext("Query"))
    body = render(
        reader, "refusal.html", language, "404.html", title=words.gettext("Not found"),
        heading=words.gettext("Not found"), options=[],
        text=words.gettext("There is no such page in this copy of the site."),
    )  # fmt: skip
    yield "404.html", body


def _notice(reader: BuildReader, language: str, path: str, live: str, title: str) -> Entry:
    words = words_of(language)
    body = render(reader, "offline.html", language, path, title=title, heading=title, live=live,
                  text=words.gettext("These are the pages of the site as files. Searching and "
                                     "asking needs its live server:"))  # fmt: skip
    return path, body


# --- the swap ------------------------------------------------------------------------------------


def _swap(entries: Iterable[Entry], out: Path) -> tuple[Path, int]:
    stem = f".{out.name}-"
    draft = out.with_name(f"{stem}draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    sums = {}
    for name, content in entries:
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
            sums[name] = hashlib.sha256(content).hexdigest()
        else:
            shutil.copyfile(content, path)
            with path.open("rb") as stream:
                sums[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode()
    (draft / SUMS).write_bytes(listed)
    os.sync()  # thousands of small files: once for all of them
    target = out.with_name(stem + hashlib.sha256(listed).hexdigest()[:16])
    before = out.readlink().name if out.is_symlink() else ""
    if target.is_dir():
        shutil.rmtree(draft)
    else:
        draft.rename(target)
    point(out, target.name)
    own_folder = re.compile(re.escape(stem) + "[0-9a-f]{16}")
    for old in out.parent.iterdir():
        if own_folder.fullmatch(old.name) and old.name not in (target.name, before):
            shutil.rmtree(old, ignore_errors=True)
    return target, len(sums) + 1


def _refuse_foreign(out: Path) -> None:
    if out.is_symlink():
        if out.readlink().name.startswith(f".{out.name}-"):
            return
        raise TwingraphError(f"{out} is a link to {out.readlink()}; name another folder")
    if out.is_dir() and any(out.iterdir()):
        raise TwingraphError(f"{out} is a folder with files in it; name an empty or a new one")
    if out.exists() and not out.is_dir():
        raise TwingraphError(f"{out} is a file; name a folder")
