"""The files of `links/` in a build, one writer a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from twingraph.link.facts import TARGETS, Linked
from twingraph.link.maps import write_beacon, write_json_map
from twingraph.link.missing import write_missing_csv, write_missing_json
from twingraph.link.sssom import REFUSED, write_refused, write_sssom
from twingraph.link.void import write_void
from twingraph.link.wikidata.command import pair_lists, project_report
from twingraph.link.wikidata.outputs import (
    REPORT_CSV,
    REPORT_JSON,
    write_report_csv,
    write_report_json,
)
from twingraph.link.wikidata.pairs import linked_places
from twingraph.link.wikidata.report import Report
from twingraph.link.wikidata.reviews import Reviews, refusals
from twingraph.settings import Settings
from twingraph.source.project_files import data_files, review_files

FOLDER: Final = "links/"
LINKSETS: Final = FOLDER + "void.ttl"
_BY_TARGET: Final = {
    ".beacon.txt": write_beacon,
    ".json": write_json_map,
    ".sssom.tsv": write_sssom,
}


def _wikidata(write: Callable[[Report], bytes]) -> Callable[[Linked], str]:
    return lambda linked: write(_report(linked)).decode()


def _report(linked: Linked) -> Report:
    """Return the report on Wikidata, made once for all files of a build."""
    facts = linked.facts
    return facts.remember("wikidata", lambda: project_report(facts, linked.settings))


def _refused(linked: Linked) -> str:
    reviews = _report(linked).reviews
    if reviews == Reviews():
        return write_refused(linked, ())
    places = {party.item: party.iri for party in linked_places(linked.facts)}
    return write_refused(linked, refusals(reviews, places, "Mismatch Finder"))


def decision_files(settings: Settings) -> list[Path]:
    """Return the files that are read for these beside the graph, sorted by kind and path."""
    tables = [path for path in data_files(settings) if path.suffix != ".ttl"]
    return [*tables, *review_files(settings), *pair_lists(settings)]


FILES: Final[dict[str, Callable[[Linked], str]]] = {
    FOLDER + "missing.csv": write_missing_csv,
    FOLDER + "missing.json": write_missing_json,
    LINKSETS: write_void,
    f"{FOLDER}{REFUSED}.sssom.tsv": _refused,
    REPORT_CSV: _wikidata(write_report_csv),
    REPORT_JSON: _wikidata(write_report_json),
    **{
        f"{FOLDER}{target.name}{suffix}": partial(write, target=target)
        for target in TARGETS.values()
        for suffix, write in _BY_TARGET.items()
    },
}
