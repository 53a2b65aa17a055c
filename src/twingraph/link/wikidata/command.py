"""`twingraph report wikidata`: a build, a snapshot and the reviews -> the report, and its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from twingraph.link.facts import LinkFacts
from twingraph.link.wikidata.entities import read_entities
from twingraph.link.wikidata.outputs import report_files
from twingraph.link.wikidata.pairs import linked_places
from twingraph.link.wikidata.report import Report, make_report
from twingraph.link.wikidata.reviews import read_reviews
from twingraph.link.wikidata.rows import is_row_table, read_rows
from twingraph.link.wikidata.statements import Snapshot, pairs_snapshot, read_nodes, read_pairs
from twingraph.problems import TwingraphError
from twingraph.progress import Progress, ignore, part
from twingraph.rdf.frozen import NAME, read_frozen
from twingraph.settings import Settings

IMPORTS: Final = "data/imports"
ROWS: Final = "rows.csv"
_TABLES: Final = (".csv", ".tsv")
_READ: Final = 0.6  # share of the time that reading the graph takes, at the size of the world


def load_report(
    settings: Settings,
    build: Path,
    snapshot: Path | None,
    items: Path | None = None,
    service: str | None = None,
    progress: Progress = ignore,
) -> tuple[Report, LinkFacts]:
    """Return the report on the build in folder `build`, and the published graph.

    `snapshot` is a file of pairs (CSV, TSV) or of entities (JSON, a dump); without it, the newest
    list under `data/imports/` that is called after Wikidata. With the URL of a `service`, that one
    is queried instead. `items` is a table with names and identifiers of items. Raises
    `TwingraphError` where one of them can't be read.
    """
    facts = LinkFacts(read_frozen(build / NAME, part(progress, 0.0, _READ)), settings.base_iri)
    progress("comparing with Wikidata", _READ)
    if service is not None:
        if snapshot is not None:
            raise TwingraphError("--service and --snapshot are two ways to the same; leave one out")
        items_of_places = [party.item for party in linked_places(facts)]
        from twingraph.link.wikidata.client import QueryClient  # no build asks the network
        from twingraph.link.wikidata.service import fetch_snapshot

        content = fetch_snapshot(QueryClient.of(service, settings), items_of_places)
    else:
        path = snapshot or _imported(settings)
        content = _read(path)
        if not (content.statements or content.items):
            raise TwingraphError(
                f"{path}: no item of Wikidata in it; name a dump or what Special:EntityData gives "
                "(JSON), or a table of pairs such as Q586,Q2280"
            )
    if items is not None:
        content = replace(content, items={**read_nodes(items), **content.items})
    reviews = read_reviews(settings.folder, settings.base_iri)
    return make_report(facts, content, reviews), facts


def project_report(facts: LinkFacts, settings: Settings) -> Report:
    """Return the report of a build: beside the project's own list of Wikidata's, if it has one."""
    lists = pair_lists(settings)
    if not lists:
        return Report("", (), 0, 0, ())
    reviews = read_reviews(settings.folder, settings.base_iri)
    return make_report(facts, _read(lists[-1]), reviews)


def pair_lists(settings: Settings) -> list[Path]:
    """Return the rows of the lists of Wikidata's that the project holds, the newest last."""
    return sorted((settings.folder / IMPORTS).glob(f"wikidata*/{ROWS}"))


def _imported(settings: Settings) -> Path:
    """Return the rows of the project's newest list from Wikidata."""
    lists = pair_lists(settings)
    if not lists:
        raise TwingraphError(
            f"no list of Wikidata's in {settings.folder / IMPORTS}; name one, --snapshot pairs.csv"
        )
    return lists[-1]


def _read(path: Path) -> Snapshot:
    if path.suffix in _TABLES:
        name = path.parent.name if path.name == ROWS else path.stem
        if is_row_table(path):
            return read_rows(path, name)
        return pairs_snapshot(name, read_pairs(path))
    return read_entities(path)


def write_files(
    report: Report, facts: LinkFacts, settings: Settings, folder: Path
) -> Sequence[str]:
    """Write all files of the report into a folder, new or empty; return their names.

    Raises `TwingraphError` if the folder is not empty, or can't be written.
    """
    names = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise TwingraphError(f"{folder} is not empty; name a new folder, so that no old batch "
                                 "stays among the new ones")  # fmt: skip
        for name, raw in report_files(report, facts, settings):
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(raw)
            names.append(name)
    except OSError as error:
        raise TwingraphError(f"{folder}: {error.strerror}; name a folder to write") from None
    return names
