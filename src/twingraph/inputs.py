"""The inputs of a build, and their digest, by which an existing build is recognised as current.

One table lists every kind of input: the files of the project, the files of the program (code,
templates, static files, translations), and the versions of the libraries that parse, validate and
evaluate.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from twingraph.link.wikidata.command import pair_lists
from twingraph.settings import FILE, Settings
from twingraph.source.project_files import data_files, ontology_files, review_files, table_files
from twingraph.version import __version__

PACKAGE: Final = Path(__file__).parent
# another version of one of these libraries may parse, validate, evaluate or write differently
ENGINES: Final = ("anyascii", "edtf", "jinja2", "pyoxigraph", "pyshacl-turbo", "rdflib")
_NOT_READ: Final = frozenset({".po"})  # the compiled catalogues are read in its place


def _below(folder: Path, pattern: str = "*") -> Iterator[tuple[str, Path]]:
    for path in folder.rglob(pattern):
        yield path.relative_to(folder).as_posix(), path


def _project(settings: Settings, _: bool) -> Iterator[tuple[str, Path]]:
    yield FILE, settings.folder / FILE


def _data(settings: Settings, large: bool) -> Iterator[tuple[str, Path]]:
    tables = (*table_files(settings, large), *review_files(settings))
    # the report in `links/` covers a large list from Wikidata even where the build leaves it out
    for path in {*data_files(settings), *tables, *pair_lists(settings)}:
        yield path.relative_to(settings.folder).as_posix(), path


def _ontology(settings: Settings, _: bool) -> Iterator[tuple[str, Path]]:
    folder = settings.resource("ontology")
    for path in ontology_files(settings):
        yield path.relative_to(folder).as_posix(), path


def _package(*_: object) -> Iterator[tuple[str, Path]]:
    """Code, templates, static files and translations; not the project that a wheel contains."""
    for name, path in _below(PACKAGE):
        inside = path.relative_to(PACKAGE).parts
        # Python writes its folders of bytecode while the program runs for the first time
        if inside[0] != "bundled" and "__pycache__" not in inside and path.suffix not in _NOT_READ:
            yield name, path


# kind of input -> function that lists its files with their paths in their folder, so that the
# digest does not depend on where a project lies; the data of the project is not among them
_AROUND: Final[dict[str, Callable[[Settings, bool], Iterable[tuple[str, Path]]]]] = {
    "project": _project,
    "ontology": _ontology,
    "queries": lambda settings, _: _below(settings.resource("queries"), "*.rq"),
    "shapes": lambda settings, _: _below(settings.resource("shapes"), "*.ttl"),
    "package": _package,
}


@dataclass(frozen=True)
class Inputs:
    """Digests of the inputs of a build: one for each data file, one for everything else."""

    around: str  # version, engines, code, settings, ontology, queries, shapes, address
    files: Mapping[str, str]  # by path in the project

    @cached_property
    def digest(self) -> str:
        """The digest of everything; equal digest, equal build."""
        whole = hashlib.sha256(self.around.encode())
        for name, digest in self.files.items():
            whole.update(f"\0{name}\0{digest}".encode(errors="surrogateescape"))
        return whole.hexdigest()


def read_inputs(settings: Settings, large: bool = False) -> Inputs:
    """Return the digests of the inputs of a build, with or without the `large` lists."""
    # the settings that this process uses: the file may have been changed since it was read
    used = repr(replace(settings, folder=Path()))
    whole = hashlib.sha256(f"{__version__}\0{used}\0".encode(errors="surrogateescape"))
    for line in engine_versions():
        whole.update(line.encode() + b"\0")
    for kind, list_files in _AROUND.items():
        for name, path in sorted(list_files(settings, large)):
            whole.update(os.fsencode(f"{kind}/{name}") + b"\0")
            whole.update(_digest(path).encode())
    files = {name: _digest(path) for name, path in sorted(_data(settings, large))}
    return Inputs(whole.hexdigest(), files)


def input_digest(settings: Settings, large: bool = False) -> str:
    """Return the digest of all inputs of a build: builds of the same digest have the same bytes."""
    return read_inputs(settings, large).digest


def engine_versions() -> list[str]:
    """Return the interpreter and the engines with their versions, a line each."""
    versions = [f"python {sys.version_info[0]}.{sys.version_info[1]}"]
    for name in ENGINES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} none")
    return versions


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; `-` for what is no file or can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "-"
    except OSError:
        return "-"
