"""`twingraph export`: files for linking, from the current build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twingraph.link.facts import TARGETS, LinkFacts
from twingraph.link.files import FOLDER
from twingraph.link.wikidata.outputs import left_out
from twingraph.link.wikidata.quickstatements import propose, write_v1
from twingraph.link.wikidata.report import make_report
from twingraph.link.wikidata.reviews import read_reviews
from twingraph.link.wikidata.statements import pairs_snapshot, read_pairs
from twingraph.problems import TwingraphError
from twingraph.progress import Progress, ignore
from twingraph.rdf.frozen import NAME, read_frozen
from twingraph.settings import Settings

# format that the build has as a file -> that file
PUBLISHED: Final = {
    "beacon": FOLDER + "{target}.beacon.txt",
    "json-map": FOLDER + "{target}.json",
    "missing": FOLDER + "missing.csv",
    "sssom": FOLDER + "{target}.sssom.tsv",
}
FORMS: Final = ("quickstatements", *sorted(PUBLISHED))
TARGET_NAMES: Final = tuple(TARGETS)


@dataclass(frozen=True)
class Export:
    """The bytes of the file, and notes on what was left out of it."""

    content: bytes
    notes: tuple[str, ...] = ()


def export(
    settings: Settings, build: Path, form: str, target: str, existing: Path | None = None,
    progress: Progress = ignore,
) -> Export:  # fmt: skip
    """Return the export `form` of the build in folder `build`.

    Raises `TwingraphError` where the build lacks it, or `existing` is no list of pairs.
    """
    if form != "quickstatements":
        if existing is not None:
            raise TwingraphError("--existing goes with quickstatements only; leave it out")
        path = build / PUBLISHED[form].format(target=target)
        try:
            return Export(path.read_bytes())
        except OSError as error:
            raise TwingraphError(f"{path}: {error.strerror}; run 'twingraph build'") from None
    if target != "wikidata":
        raise TwingraphError("QuickStatements are Wikidata's; leave --target out")
    pairs = read_pairs(existing) if existing else frozenset[tuple[str, str]]()
    facts = LinkFacts(read_frozen(build / NAME, progress), settings.base_iri)
    reviews = read_reviews(settings.folder, settings.base_iri)
    report = make_report(facts, pairs_snapshot("the pairs given", pairs), reviews)
    statements = propose(report).statements
    head = f"{len(statements)} statements; left out:"
    return Export(write_v1(statements), (head, *left_out(report)))


def write(export: Export, path: Path) -> None:
    """Write an export to a file; raises `TwingraphError` where it can't be written."""
    try:
        path.write_bytes(export.content)
    except OSError as error:
        raise TwingraphError(f"{path}: {error.strerror}; name a file to write") from None
