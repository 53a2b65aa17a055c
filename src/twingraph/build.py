"""`twingraph build`: check the project, write a new build folder, publish it in one atomic step.

`build/` is a symbolic link to a folder that is named by a digest of its content. A build writes a
new folder and renames a new link over the old one. A POSIX rename is atomic: a build that is killed
at any moment leaves the last one as it was.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from twingraph.atomic import (
    DraftFolder,
    Written,
    is_whole,
    locked,
    point,
    sync,
    sync_folders,
)
from twingraph.build_cache import KEPT, RECORD, Before, read_before, record
from twingraph.catalogue.coverage import EXTENT, Extent, read_extent
from twingraph.catalogue.dcat import catalogue_files
from twingraph.check.documents import shape_documents
from twingraph.export.dumps import Frozen, checksums
from twingraph.export.editions import build_edition
from twingraph.export.writing import write_dumps
from twingraph.incremental_build import go_on, make_anew
from twingraph.inputs import Inputs, input_digest, read_inputs
from twingraph.problems import Problem, TwingraphError
from twingraph.progress import Progress, ignore, part
from twingraph.rdf.frozen import ABOUT, NAME
from twingraph.rdf.no_garbage_collection import give_back, without_collector
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.settings import Settings
from twingraph.site.changed_part import Earlier
from twingraph.site.line_reader import line_reader
from twingraph.site.prepared import ANSWERED, STARTS, Starts, prepare, same_starts, starts_after
from twingraph.site.reader import ANSWERS, PREPARED, BuildReader
from twingraph.source.curated import Curated
from twingraph.version import __version__

SUMS: Final = "SHA256SUMS"

# the share of a build's time after which it is checked, and written (17,401 partnerships)
_CHECKED, _WRITTEN = 0.3, 0.98
# folders of a build for its own pages, and for the next build
_UNPUBLISHED: Final = (PREPARED, KEPT)
silent = ignore


@dataclass(frozen=True)
class Built:
    """The result of a build: problems, folder (None: not published), number of quads."""

    problems: tuple[Problem, ...]
    folder: Path | None = None
    quads: int = 0


def build(
    settings: Settings, out: Path, progress: Progress = silent, large: bool = False,
    anew: bool = False,
) -> Built:  # fmt: skip
    """Build the project into `out`; with a violation nothing is written and `folder` is None.

    `large` includes the large lists. The build at `out` is reused as far as nothing changed, if
    the same program made it with the same settings; the result has the same bytes as a build from
    nothing, which `anew` asks for.

    Raises `TwingraphError` where `out` is something that a build must not replace or where a file
    can't be written, `LockedError` where another build is writing there.
    """
    _refuse_inside(settings, out)
    _refuse_foreign(out)
    # the lock is held from the first look at the build before: else another build could take its
    # folder away meanwhile, or publish newer inputs that this one would then replace
    with without_collector(), _lock(out):
        return _build(settings, out, progress, large, anew)


def _build(settings: Settings, out: Path, progress: Progress, large: bool, anew: bool) -> Built:
    inputs = read_inputs(settings, large)
    before = None if anew else read_before(out, inputs.around)
    progress(_beginning(inputs, before))
    made = go_on(settings, large, inputs, before) if before else None
    made = made or make_anew(settings, large, part(progress, 0.0, _CHECKED))
    curated, problems = made.curated, tuple(made.checked.problems)
    if any(problem.severity == "violation" for problem in problems):
        return Built(problems)
    base, size = settings.base_iri, len(made.graph)
    frozen = Frozen(
        made.graph, base, prefixes_for(base), settings, curated.decisions, before, made.change
    )
    with _draft(out) as draft:
        _write_files(frozen, draft, progress)
        draft.put(ABOUT, [_about(curated, inputs.digest, size, problems)])
        # if a file was changed during the build, the next build can't reuse this one
        if read_inputs(settings, large) == inputs:
            for name, pieces in made.kept():
                draft.put(name, pieces)
            draft.put(RECORD, [record(inputs.around, inputs.files, draft.written)])
        return Built(problems, _publish(draft, out), size)


def _beginning(inputs: Inputs, before: Before | None) -> str:
    if before is None:
        return "reading the curated files"
    same = len(inputs.files.items() & before.files.items())
    return f"from the build before: {same} of {len(inputs.files)} files unchanged"


def _write_files(frozen: Frozen, draft: DraftFolder, progress: Progress) -> None:
    """Write the files of a build into the draft; SHA256SUMS, over all of them, comes last."""
    writing = part(progress, _CHECKED, _WRITTEN)
    graphs = frozen.dataset.named
    if frozen.change is not None:
        frozen.readers.right[STARTS] = same_starts(frozen.change, graphs)
    extent = {EXTENT: lambda: [read_extent(frozen.linked.facts).pack()]}
    write_dumps(frozen, draft, writing, {**_prepare(frozen), **extent})
    for name, raw in shape_documents(frozen.settings).items():
        draft.put(name, [raw])
    progress("writing the catalogue", _WRITTEN)
    edition = build_edition(_published(draft), frozen.settings.public_address)
    extent_now = Extent.unpack((draft.path / EXTENT).read_bytes())
    for name, raw in catalogue_files(frozen, edition, extent=extent_now).items():
        draft.put(name, [raw])
    draft.put(SUMS, [checksums({name: item.sha256 for name, item in _published(draft).items()})])


def _published(draft: DraftFolder) -> dict[str, Written]:
    """Return the published files of a build: all but those in `prepared/` and `kept/`."""
    written = draft.written.items()
    return {name: item for name, item in written if name.partition("/")[0] not in _UNPUBLISHED}


def _prepare(frozen: Frozen) -> dict[str, Callable[[], Iterable[bytes]]]:
    """Return the functions that write the files of `prepared/`, by file name."""
    settings = frozen.settings

    @cache
    def reader() -> BuildReader:
        return line_reader(
            frozen.linked.facts,
            ANSWERED,
            address=settings.address or frozen.base,
            title=settings.title,
            release=settings.release,
        )

    def starts() -> Starts:
        raw = frozen.before.read(STARTS) if frozen.before and frozen.change is not None else None
        return {} if raw is None or frozen.change is None else starts_after(raw, frozen.change)

    files = prepare(reader, frozen.dataset.named, starts, earlier_of(frozen))
    answers = f"{PREPARED}/{ANSWERS}"

    def answered() -> Iterable[bytes]:
        pieces = files[answers]()
        if frozen.change is None:  # these read most of the graph, the others little
            frozen.linked.facts.forget()
            give_back()
        return pieces

    return {**files, answers: answered}


def earlier_of(frozen: Frozen) -> Earlier | None:
    """Return what was prepared before and what changed since, where that is known."""
    if frozen.before is None or frozen.change is None:
        return None
    return Earlier(
        frozen.linked.facts, frozen.change, frozen.before.read, lambda: frozen.values_now
    )


def _licence(curated: Curated) -> str:
    """Return the licence of the whole: that of a list which has another one, else the project's."""
    own = curated.settings.licence
    lists = {
        each_import.spec.texts["licence"]
        for each_import in curated.imports
        if each_import.spec is not None
    }
    return min(lists - {own, ""}, default=own)


def _about(curated: Curated, inputs: str, quads: int, problems: Sequence[Problem]) -> bytes:
    settings = curated.settings
    about = {
        "address": settings.address,
        "base_iri": settings.base_iri,
        "feedback": settings.feedback,
        "inputs": inputs,
        "licence": _licence(curated),
        "publisher": settings.publisher,
        "quads": quads,
        "release": settings.release,
        "software": __version__,
        "title": dict(sorted(settings.title.items())),
        "warnings": dict(
            sorted(
                Counter(
                    problem.code for problem in problems if problem.severity == "warning"
                ).items()
            )
        ),
    }
    return (json.dumps(about, ensure_ascii=False, indent=1) + "\n").encode()


def _digests(settings: Settings, large: bool | None) -> set[str]:
    """Return the input digests of a current build; `large` None: with or without large lists."""
    wanted = (False, True) if large is None else (large,)
    return {input_digest(settings, item) for item in wanted}


def is_current(settings: Settings, out: Path, large: bool | None = None) -> bool:
    """Is there a build at `out` that was made from exactly the present inputs?"""
    try:
        about = json.loads((out / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        isinstance(about, dict)
        and about.get("inputs") in _digests(settings, large)
        and (out / NAME).is_file()
    )


# --- the swap ------------------------------------------------------------------------------------


def publish_files(files: Mapping[str, bytes], out: Path) -> Path:
    """Write `files` beside `out` and make `out` the link to them; return the folder.

    The folder before this one is kept, because a server may still be reading it.
    """
    with _lock(out), _draft(out) as draft:
        for name, raw in files.items():
            draft.put(name, [raw])
        return _publish(draft, out)


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    """Hold the lock of `out`; raise `LockedError` where another build holds it."""
    busy = f"another build is writing {out}; wait for it, or name another --out"
    with ExitStack() as held:
        with _disk_errors(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(out.with_name(f".{out.name}.lock"), busy))
        yield


@contextmanager
def _draft(out: Path) -> Iterator[DraftFolder]:
    """Yield an empty folder beside `out` to write the build into; the lock of `out` is held."""
    with _disk_errors(out):
        _refuse_foreign(out)
        draft = DraftFolder(out.with_name(f".{out.name}-draft"))
        try:
            yield draft
        finally:
            shutil.rmtree(draft.path, ignore_errors=True)


@contextmanager
def _disk_errors(out: Path) -> Iterator[None]:
    """Turn what the disk refuses while a build is written into a `TwingraphError`."""
    try:
        yield
    except OSError as error:
        place = error.filename or out
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "free the place and build again" if is_full else "build elsewhere with --out"
        raise TwingraphError(f"{place}: {error.strerror}; nothing was replaced, {advice}") from None


def _publish(draft: DraftFolder, out: Path) -> Path:
    """Rename the draft to the digest of its content, make `out` a link to it, return the folder.

    As in `SHA256SUMS`, the digest is over the published files: `prepared/` and `kept/` follow from
    them. The folder that `out` pointed to before is kept, because a server may still be reading
    it; where the content is the same as before, nothing is deleted.
    """
    stem = f".{out.name}-"
    sums = checksums({name: item.sha256 for name, item in _published(draft).items()})
    target = out.with_name(stem + hashlib.sha256(sums).hexdigest()[:16])
    before = out.readlink().name if out.is_symlink() else ""
    if not target.is_dir():
        sync_folders(draft.path, draft.written)
        draft.path.rename(target)
    else:
        _mend_published(draft, target)
        for folder in _UNPUBLISHED:
            _mend(draft, target, folder)
    point(out, target.name)
    if target.name == before:
        return target
    own_folder = re.compile(re.escape(stem) + "[0-9a-f]{16}")  # never a neighbour's `.build-test`
    for old in out.parent.iterdir():
        if own_folder.fullmatch(old.name) and old.name not in (target.name, before):
            shutil.rmtree(old, ignore_errors=True)
    return target


def _mend_published(draft: DraftFolder, target: Path) -> None:
    """Replace missing and damaged published files of an existing build by those of the draft.

    The files are replaced, not rewritten: older builds may have a hard link to a damaged one.
    """
    damaged = [
        name for name, item in _published(draft).items() if not is_whole(target / name, item)
    ]
    for name in damaged:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (draft.path / name).replace(target / name)
    sync_folders(target, damaged)


def _mend(draft: DraftFolder, target: Path, folder: str) -> None:
    """Replace a folder of an existing build by that of the draft, unless it is the same."""
    names = [name for name in draft.written if name.startswith(f"{folder}/")]
    if not names or all(is_whole(target / name, draft.written[name]) for name in names):
        return
    sync_folders(draft.path, names)
    old = target / folder
    if old.exists() or old.is_symlink():
        old.rename(draft.path / f"{folder}-old")  # is deleted with the draft
    (draft.path / folder).rename(old)
    sync(target)


def _refuse_inside(settings: Settings, out: Path) -> None:
    """Raise `TwingraphError` for an `out` inside a folder of inputs: it would be read as one."""
    for name in ("data", "ontology", "shapes", "queries"):
        if out.absolute().is_relative_to((settings.folder / name).absolute()):
            raise TwingraphError(f"{out} lies inside {name}/; name a folder outside it with --out")


def _refuse_foreign(out: Path) -> None:
    if out.is_symlink():
        name = str(out.readlink())
        if name.startswith(f".{out.name}-"):
            return
        raise TwingraphError(f"{out} is a link to {name}, not a build; name another folder")
    if out.is_dir() and any(out.iterdir()):
        raise TwingraphError(f"{out} is a folder with files in it; name an empty or a new one")
    if out.exists() and not out.is_dir():
        raise TwingraphError(f"{out} is a file; name a folder")
