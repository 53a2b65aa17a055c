"""Writes the files of a release, one after the other, into a folder that is not published yet."""

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
from twingraph.progress import Progress, Tally, ignore, part
from twingraph.rdf.dataset import Dataset
from twingraph.rdf.frozen import ABOUT as BUILD_ABOUT
from twingraph.rdf.frozen import NAME
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.release.changes.change import Comparison
from twingraph.release.changes.compare import compare_dumps
from twingraph.release.changes.patch import write_patch
from twingraph.release.changes.sides import dump_digest, folder_dump
from twingraph.release.changes.wording import as_json, only_the_day
from twingraph.release.compress import PackError, pack
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
STORED: Final = ".zst"  # packing in which large files are stored; unpacked when requested so
_WORKERS: Final = 2
# shares of the time of a large release that are over after each of its steps
_PACKED, _COMPARED, _FED, _DESCRIBED = 0.5, 0.6, 0.7, 0.85
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
    taken = {name: built[name] for name in sorted(built.keys() - _ANEW)}
    writer.take(taken, plan.build, part(progress, 0.0, _PACKED))
    comparison = _compared(plan, part(progress, _PACKED, _COMPARED))
    if comparison:
        writer.put_packed(_differences(plan, comparison))
    progress("writing the feed of changes", _COMPARED)
    feed = _feed(plan, comparison)
    writer.put_packed(((name, [raw]) for name, raw in feed), part(progress, _FED, _DESCRIBED))
    progress("telling what there is", _DESCRIBED)
    frozen = _frozen(plan, plan.build / NAME)
    notes, counts = one_line(comparison), count_things(frozen.dataset, frozen.base)
    writer.put(VOID, [write_void(frozen, [file.url for file in writer.files if is_dump(file.name)],
                                 plan.date)])  # fmt: skip
    writer.put("NOTES.md", [write_notes(plan.settings, plan.date, counts, comparison)])
    writer.put("CITATION.cff", [write_cff(plan.settings, plan.date)])
    writer.put("zenodo.json", [write_zenodo(plan.settings, plan.date, notes)])
    modified = plan.earlier[0].modified if comparison and only_the_day(comparison) else plan.date
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
    sync_folders(folder, [file.name for file in writer.files if not file.stored])
    return replace(edition, files=writer.sorted_files())


def _inputs(build: Path) -> str:
    return str(json.loads((build / BUILD_ABOUT).read_text(encoding="utf-8"))["inputs"])


def _frozen(plan: Plan, dump: Path) -> Frozen:
    base = plan.settings.base_iri
    return Frozen(Dataset.load(dump), base, prefixes_for(base), plan.settings)


def _compared(plan: Plan, progress: Progress) -> Comparison | None:
    """Return the changes since the previous release; refuse one whose files were modified."""
    if not plan.previous:
        return None
    old = folder_dump(plan.releases / plan.previous, plan.previous)
    files = {file.name: file for file in plan.earlier[0].files}
    stored = files[files[NAME].stored or NAME]
    try:
        digest = dump_digest(old).hex()
    except PackError:
        digest = ""
    if digest != files[NAME].sha256:
        raise TwingraphError(
            f"{plan.releases / plan.previous / stored.name} was changed after it was published; "
            f"put back the file with the SHA-256 {stored.sha256}"
        )
    return compare_dumps(old, folder_dump(plan.build, plan.date), progress)


def _differences(plan: Plan, comparison: Comparison) -> list[tuple[str, Iterable[bytes]]]:
    digests = (dump_digest(comparison.old), dump_digest(comparison.new))
    return [
        ("changes.json", [as_json(comparison).encode()]),
        ("added.nq", comparison.delta.added),
        ("removed.nq", comparison.delta.removed),
        ("changes.rdfp", write_patch(comparison.delta, *digests)),
    ]


def _feed(plan: Plan, comparison: Comparison | None) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the event stream: the members of this release, and where each one is.

    A release after one that has no stream (of older software) begins it anew, with everything.
    """
    old = comparison.old if comparison is not None and _has_feed(plan) else None
    new = folder_dump(plan.build, plan.date)
    yield from write_feed(changed_members(old, new), plan.settings.base_iri, plan.date)


def _catalogue_feed(plan: Plan, catalogue: bytes) -> bytes | None:
    """Return the page of the catalogue feed for this release; None if the catalogue is the same."""
    old = plan.releases / plan.previous / _CATALOGUE if _has_feed(plan) else None
    return catalogue_page(
        old.read_bytes() if old else None, catalogue, plan.settings.base_iri, plan.date
    )


def _has_feed(plan: Plan) -> bool:
    """Has the previous release pages in the event streams?"""
    return bool(plan.earlier) and any(file.name == INDEX for file in plan.earlier[0].files)


def _about(settings: Settings, edition: Edition, counts: Mapping[str, int], inputs: str) -> bytes:
    files = [
        {"name": file.name, "sha256": file.sha256, "size": file.size}
        | ({"stored": file.stored} if file.stored else {})
        for file in edition.files
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
        return tuple(sorted(self.files, key=lambda file: file.name))

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

    def take(self, digests: Mapping[str, str], source: Path, progress: Progress = ignore) -> None:
        """Take files of a folder over, by name with the checksum that each must have.

        What is large or holds the graph is kept packed only. Raises `TwingraphError` for a file
        that is not the one that was checked.
        """
        sizes = {name: (source / name).stat().st_size for name in digests}
        chosen = [name for name, size in sizes.items() if is_dump(name) or size >= PACKED_FROM]
        for name in sorted(digests.keys() - set(chosen)):
            with (source / name).open("rb") as stream:
                file = self.put(name, iter(lambda: stream.read(_READ), b""))  # read here
            _refuse_changed(source / name, file, digests[name])
        for name, file in self._pack({name: source / name for name in chosen}, progress):
            _refuse_changed(source / name, file, digests[name])

    def put_packed(
        self, files: Iterable[tuple[str, Iterable[bytes]]], progress: Progress = ignore
    ) -> None:
        """Write files; large ones are stored packed only."""
        large = {}
        for name, chunks in files:
            self.put(name, chunks)
            if self.files[-1].size >= PACKED_FROM:
                del self.files[-1]
                large[name] = self.folder / name
        for name, _ in self._pack(large, progress):
            large[name].unlink()

    def _pack(self, sources: Mapping[str, Path], progress: Progress) -> Iterator[tuple[str, str]]:
        """Pack files, the largest first, two at a time; yield names and SHA-256 of the contents."""
        sizes = {name: path.stat().st_size for name, path in sources.items()}
        tally = Tally(len(PACKINGS) * sum(sizes.values()), "packing", progress)
        by_size = sorted(sources, key=lambda name: -sizes[name])
        jobs = [(name, suffix) for name in by_size for suffix in PACKINGS]
        with ThreadPoolExecutor(_WORKERS) as workers:
            done = workers.map(lambda job: self._packed(sources[job[0]], "".join(job), tally), jobs)
            for (name, suffix), (content, digest) in zip(jobs, done, strict=True):
                self._list(name + suffix, digest)
                if suffix == STORED:
                    listed = File(
                        name, self.url + name, *media_type(name), sizes[name], content,
                        name + suffix,
                    )  # fmt: skip
                    self.files.append(listed)
                    yield name, content

    def _packed(self, source: Path, name: str, tally: Tally) -> tuple[str, str]:
        """Pack a file under a name; return the SHA-256 of its content and of the packed file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            content = pack(source, path, tally.add)
        except PackError:  # it grew or shrank meanwhile
            raise _changed(source) from None
        with path.open("rb") as stream:
            return content, hashlib.file_digest(stream, "sha256").hexdigest()

    def _list(self, name: str, digest: str) -> None:
        path = self.folder / name
        path.chmod(_READ_ONLY)
        sync(path)
        self.files.append(
            File(name, self.url + name, *media_type(name), path.stat().st_size, digest)
        )


def _refuse_changed(path: Path, digest: str, wanted: str) -> None:
    if digest != wanted:
        raise _changed(path)


def _changed(path: Path) -> TwingraphError:
    return TwingraphError(
        f"{path} was changed after it was built; delete {path.parent} and build again"
    )
