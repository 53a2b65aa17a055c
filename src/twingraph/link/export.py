"""`twingraph export`: what linkers take away, from the build at hand."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from twingraph.link.facts import TARGETS, WIKIDATA, LinkFacts
from twingraph.link.files import FOLDER
from twingraph.link.quickstatements import Written, quickstatements, summary
from twingraph.link.twinnings import select_twinnings
from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import NAME, read_frozen
from twingraph.settings import Settings

# what is published as it is -> the file in the build
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
    """The bytes of the file, and the lines that tell a person what is not in it."""

    content: bytes
    told: tuple[str, ...] = ()


def export(
    settings: Settings, build: Path, form: str, target: str, existing: Path | None = None
) -> Export:
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
    known = read_pairs(existing) if existing else frozenset()
    written = new_statements(
        LinkFacts(read_frozen(build / NAME), settings.base_iri), known, settings
    )
    return Export("".join(written.lines).encode(), tuple(summary(written)))


def write(found: Export, path: Path) -> None:
    """Write an export to a file; raises `TwingraphError` where it can't be written."""
    try:
        path.write_bytes(found.content)
    except OSError as error:
        raise TwingraphError(f"{path}: {error.strerror}; name a file to write") from None


def new_statements(
    facts: LinkFacts, known: frozenset[tuple[str, str]], settings: Settings
) -> Written:
    """Return the QuickStatements of what is published, without the `known` pairs."""
    selected = select_twinnings(facts)
    written = quickstatements(selected.twinnings, known)
    return Written(written.lines, (*selected.left_out, *written.left_out))


def read_pairs(path: Path) -> frozenset[tuple[str, str]]:
    """Read the P190 pairs that Wikidata has: CSV or TSV, items or their IRIs in two columns.

    The first line may name the columns; anything else that is no pair raises `TwingraphError`.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TwingraphError(f"{path}: {error}; name a UTF-8 file of pairs") from None
    pairs = set()
    mark = "\t" if lines and "\t" in lines[0] else ","
    for number, row in enumerate(csv.reader(lines, delimiter=mark), 1):
        items = [one.strip().strip("<>").removeprefix(WIKIDATA) for one in row[:2]]
        if len(items) == 2 and all(re.fullmatch(r"Q[1-9][0-9]*", one) for one in items):
            pairs.add((items[0], items[1]))
        elif row and number > 1:
            raise TwingraphError(f"{path}:{number}: no pair of items; write Q586,Q2280")
    return frozenset(pairs)
