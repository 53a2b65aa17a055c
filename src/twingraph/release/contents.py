"""The files of a release, written one after the other into a folder that nobody reads yet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twingraph.atomic import sync, sync_folders
from twingraph.catalogue.citation import release_url, write_cff, write_zenodo
from twingraph.catalogue.dcat import CATALOGUES, catalogue_files
from twingraph.export.dumps import Frozen
from twingraph.export.editions import PACKINGS, Edition, File, media_type
from twingraph.export.void import NAME as VOID
from twingraph.export.void import is_dump, write_void
from twingraph.problems import TwingraphError
from twingraph.progress import Progress
from twingraph.rdf.dataset import Dataset
from twingraph.rdf.frozen import ABOUT as BUILD_ABOUT
from twingraph.rdf.frozen import NAME
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.release.changes.change import Comparison
from twingraph.release.changes.compare import compare_dumps
from twingraph.release.changes.patch import write_patch
from twingraph.release.changes.sides import dump_digest, folder_dump
from twingraph.release.changes.wording import as_json, only_the_day
from twingraph.release.compress import pack
from twingraph.release.feeds.catalogue import PAGE as CATALOGUE_PAGE
from twingraph.release.feeds.catalogue import catalogue_page
from twingraph.release.feeds.files import INDEX, write_feed
from twingraph.release.feeds.members import changed_members
from twingraph.release.index import ABOUT, SUMS
from twingraph.release.notes import count_things, one_line, write_notes
from twingraph.release.readiness import read_sums, sums_text
from twingraph.settings import Settings
from twingraph.version import __version__

PACKED_FROM: Final = 16 * 1024  # bytes; smaller files are packed only where they hold the graph
_WORKERS: Final = 2
_READ: Final = 1 << 20
_READ_ONLY: Final = 0o444
_CATALOGUE: Final = "catalog.ttl"  # the one whose changes are announced
_ANEW: Final = frozenset({SUMS, VOID, *CATALOGUES})  # a release has its own


@dataclass(frozen=True)
class Plan:
    """What a release is made from: settings and day, a checked build, releases before it."""

    settings: Settings
    date: str
    build: Path
    releases: Path
    earlier: Sequence[Edition]

    @property
    def previous(self) -> str:
        """The day of the release before; '' for a first one."""
        return self.earlier[0].date if self.earlier else ""

    @property
    def url(self) -> str:
        """The address of the release."""
        return release_url(self.settings, self.date)


def write_contents(plan: Plan, folder: Path, progress: Progress) -> Edition:
    """Write all files of a release into the new folder `folder`; return what it holds.

    Every file is on the disk when this returns. Raises `TwingraphError` where the build or the
    release before is not what it was when it was checked.
    """
    folder.mkdir()
    writer = _Writer(folder, plan.url)
    built = read_sums(plan.build)
    for name in sorted(built.keys() - _ANEW):
        progress(f"copying {name}")
        writer.copy(plan.build / name, name, built[name])
    progress("comparing with the release before")
    found = _compared(plan, folder)
    if found:
        for name, chunks in _differences(plan, found):
            writer.put(name, chunks)
    progress("packing")
    writer.pack_all()
    progress("writing the feed of changes")
    for name, raw in _feed(plan, folder, found):
        writer.put(name, [raw])
    progress("telling what there is")
    frozen = _frozen(plan, folder / NAME)
    notes, counts = one_line(found), count_things(frozen.dataset, frozen.base)
    writer.put(VOID, [write_void(frozen, [file.url for file in writer.files if is_dump(file.name)],
                                 plan.date)])  # fmt: skip
    writer.put("NOTES.md", [write_notes(plan.settings, plan.date, counts, found)])
    writer.put("CITATION.cff", [write_cff(plan.settings, plan.date)])
    writer.put("zenodo.json", [write_zenodo(plan.settings, plan.date, notes)])
    modified = plan.earlier[0].modified if found and only_the_day(found) else plan.date
    edition = Edition(plan.date, (), notes, plan.previous, modified)
    offered = replace(edition, files=writer.sorted_files())
    catalogues = catalogue_files(frozen, offered, plan.earlier)
    for name, raw in catalogues.items():
        writer.put(name, [raw])
    changed = _catalogue_feed(plan, catalogues[_CATALOGUE])
    if changed:
        writer.put(CATALOGUE_PAGE, [changed])
    edition = replace(edition, files=writer.sorted_files())
    inputs = _inputs(plan.build)
    writer.put(ABOUT, [_about(plan.settings, edition, counts, inputs)])
    writer.put(SUMS, [sums_text({file.name: file.sha256 for file in writer.files})])
    sync_folders(folder, [file.name for file in writer.files])
    return replace(edition, files=writer.sorted_files())


def _inputs(build: Path) -> str:
    return str(json.loads((build / BUILD_ABOUT).read_text(encoding="utf-8"))["inputs"])


def _frozen(plan: Plan, dump: Path) -> Frozen:
    base = plan.settings.base_iri
    return Frozen(Dataset.load(dump), base, prefixes_for(base), plan.settings)


def _compared(plan: Plan, folder: Path) -> Comparison | None:
    """Return what changed since the release before, which must be as it was published."""
    if not plan.previous:
        return None
    old = folder_dump(plan.releases / plan.previous, plan.previous)
    checksum = next((file.sha256 for file in plan.earlier[0].files if file.name == NAME), "")
    if dump_digest(old).hex() != checksum:
        raise TwingraphError(
            f"{plan.releases / plan.previous / NAME} was changed after it was published; put back "
            f"the file with the SHA-256 {checksum}"
        )
    return compare_dumps(old, replace(folder_dump(folder, plan.date), name=plan.date))


def _differences(plan: Plan, found: Comparison) -> list[tuple[str, Iterable[bytes]]]:
    digests = (dump_digest(found.old), dump_digest(found.new))
    return [
        ("changes.json", [as_json(found).encode()]),
        ("added.nq", found.delta.added),
        ("removed.nq", found.delta.removed),
        ("changes.rdfp", write_patch(found.delta, *digests)),
    ]


def _feed(plan: Plan, folder: Path, found: Comparison | None) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the event stream: the members of this release, and where each one is.

    A release after one that has no stream (of older software) begins it anew, with everything.
    """
    old = found.old if found is not None and _has_feed(plan) else None
    new = folder_dump(folder, plan.date)
    yield from write_feed(changed_members(old, new), plan.settings.base_iri, plan.date)


def _catalogue_feed(plan: Plan, catalogue: bytes) -> bytes | None:
    """Return the page of what this release changed in the catalogue; None where nothing."""
    old = plan.releases / plan.previous / _CATALOGUE if _has_feed(plan) else None
    return catalogue_page(
        old.read_bytes() if old else None, catalogue, plan.settings.base_iri, plan.date
    )


def _has_feed(plan: Plan) -> bool:
    """Did the release before take part in the event streams?"""
    return bool(plan.earlier) and any(file.name == INDEX for file in plan.earlier[0].files)


def _about(settings: Settings, edition: Edition, counts: Mapping[str, int], inputs: str) -> bytes:
    files = [
        {"name": file.name, "sha256": file.sha256, "size": file.size} for file in edition.files
    ]
    about = {
        "base_iri": settings.base_iri,
        "counts": dict(counts),
        "date": edition.date,
        "files": files,
        "inputs": inputs,
        "licence": settings.licence,
        "modified": edition.modified,
        "notes": dict(edition.notes),
        "previous": edition.previous,
        "publisher": settings.publisher,
        "software": __version__,
        "title": dict(sorted(settings.title.items())),
    }
    return (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode()


class _Writer:
    """Writes files into a folder and lists them; each is read-only and on the disk once listed."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.files: list[File] = []

    def sorted_files(self) -> tuple[File, ...]:
        return tuple(sorted(self.files, key=lambda one: one.name))

    def put(self, name: str, chunks: Iterable[bytes]) -> str:
        """Write a file; return its SHA-256."""
        path, whole = self.folder / name, hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            for chunk in chunks:
                whole.update(chunk)
                stream.write(chunk)
        self._list(name, whole.hexdigest())
        return whole.hexdigest()

    def copy(self, source: Path, name: str, digest: str) -> None:
        """Copy a file of a build; raise `TwingraphError` if it isn't the one that was checked."""
        with source.open("rb") as stream:
            found = self.put(name, iter(lambda: stream.read(_READ), b""))
        if found != digest:
            raise TwingraphError(
                f"{source} was changed after it was built; delete {source.parent} and build again"
            )

    def pack_all(self) -> None:
        """Pack what is large or holds the graph, the largest first, two at a time."""
        chosen = [file for file in self.files if is_dump(file.name) or file.size >= PACKED_FROM]
        jobs = [f"{item.name}{suffix}" for item in sorted(chosen, key=lambda one: -one.size)
                for suffix in PACKINGS]  # fmt: skip
        with ThreadPoolExecutor(_WORKERS) as workers:
            done = workers.map(self._pack, jobs)
            for name, digest in zip(jobs, done, strict=True):
                self._list(name, digest)

    def _pack(self, name: str) -> str:
        path = self.folder / name
        pack(path.with_suffix(""), path)
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def _list(self, name: str, digest: str) -> None:
        path = self.folder / name
        path.chmod(_READ_ONLY)
        sync(path)
        self.files.append(
            File(name, self.url + name, *media_type(name), path.stat().st_size, digest)
        )
