"""The arguments of `twingraph check`: the whole project, some of its files, or dumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twingraph.check.dump import check_dump
from twingraph.check.quotes import prove_quotes
from twingraph.check.run import check_curated
from twingraph.problems import Problem, TwingraphError, by_severity
from twingraph.progress import Progress, ignore, part
from twingraph.rdf.no_garbage_collection import without_collector
from twingraph.settings import Settings
from twingraph.source.curated import Curated
from twingraph.source.open_file import resolved
from twingraph.source.read import read_project

_DUMPS: Final = frozenset({".nq", ".nt", ".trig", ".jsonld", ".rdf"})


@dataclass(frozen=True)
class CheckResult:
    """The problems, and (proven, all) quotes where these were compared with texts."""

    problems: tuple[Problem, ...]
    quotes: tuple[int, int] | None = None


def is_dump(path: Path, project: Path | None) -> bool:
    """Is a file a dump rather than a file of the project?"""
    if path.suffix.lower() in _DUMPS:
        return True
    inside = project is not None and _under(path, project / "data")
    return path.suffix.lower() == ".ttl" and not inside


def check_paths(
    settings: Settings,
    paths: Sequence[Path],
    texts: Path | None = None,
    progress: Progress = ignore,
) -> CheckResult:
    """Check `paths`, or the whole project where none is named.

    `texts` is the folder of source texts that quotes are compared with. Raises `TwingraphError`
    for a path that does not exist, or is neither a dump nor a data file of the project.
    """
    for path in paths:
        if not path.exists():
            raise TwingraphError(f"{path} does not exist; name a data file, a folder or a dump")
    with without_collector():
        return _check_paths(settings, paths, texts, progress)


def _check_paths(
    settings: Settings, paths: Sequence[Path], texts: Path | None, progress: Progress
) -> CheckResult:
    dumps = [
        each_path
        for each_path in paths
        if each_path.is_file() and is_dump(each_path, settings.folder)
    ]
    own = [each_path for each_path in paths if each_path not in dumps]
    problems = [item for path in dumps for item in check_dump(path, settings)]
    quotes = None
    if own or not dumps:
        progress("reading the curated files")
        curated = read_project(settings)
        if _unread(curated, own):  # large lists are read only where they are named
            curated = read_project(settings, large=True)
        for path in _unread(curated, own):
            raise TwingraphError(
                f"{path} is no data file of the project and no dump; name a file or folder "
                "under data/, or a .nq, .nt, .ttl, .trig, .jsonld or .rdf"
            )
        mine = check_curated(curated, progress=part(progress, 0.05, 1.0))
        if texts is not None:
            given = [
                file for file in curated.files
                if not own or any(_under(settings.folder / file.path, path) for path in own)
            ]  # fmt: skip
            proof = prove_quotes(curated, texts, given)
            quotes = (proof.proven, proof.all)
            mine += proof.problems
        problems += [item for item in mine if not own or _asked_for(item, own, settings.folder)]
    return CheckResult(tuple(by_severity(problems)), quotes)


def _unread(curated: Curated, paths: Sequence[Path]) -> list[Path]:
    """Return those of `paths` that are no file that was read, nor a folder of one."""
    places = [resolved(curated.settings.folder / file.path) for file in curated.files]
    return [path for path in paths
            if not any(place.is_relative_to(resolved(path)) for place in places)]  # fmt: skip


def _asked_for(problem: Problem, paths: Sequence[Path], project: Path) -> bool:
    return any(_under(project / problem.file, path) for path in paths)


def _under(path: Path, folder: Path) -> bool:
    return resolved(path).is_relative_to(resolved(folder))
