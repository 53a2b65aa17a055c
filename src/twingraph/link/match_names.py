"""`twingraph match names.csv`: names -> places of the published graph, as CSV with reasons."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pyoxigraph import DefaultGraph

from twingraph.link.gazetteer import Gazetteer
from twingraph.link.guess import guess_names, is_header
from twingraph.link.matcher import decide, find
from twingraph.link.naming import query_of
from twingraph.link.places import gazetteer_of
from twingraph.problems import TwingraphError
from twingraph.progress import Progress, ignore, part
from twingraph.rdf.frozen import NAME, read_frozen
from twingraph.settings import Settings
from twingraph.source.tables.cells import read_csv
from twingraph.source.tables.outcome import Side, named_place
from twingraph.source.tables.spec import SIDE_KEYS
from twingraph.source.tables.spreadsheet import take

_READ: Final = 0.5  # share of the time that reading the graph takes, at the size of the world


def gazetteer_in(build: Path, base: str, progress: Progress = ignore) -> Gazetteer:
    """Return the gazetteer of a build."""
    frozen = read_frozen(build / NAME, part(progress, 0.0, _READ))
    return gazetteer_of((item for item in frozen if item.graph_name == DefaultGraph()), base)


def match_file(
    settings: Settings, build: Path, path: Path, limit: int, progress: Progress = ignore
) -> str:
    """Match the names of a file, `-` for standard input (CSV); raises `TwingraphError`."""
    is_input = str(path) == "-"
    name = "standard input" if is_input else str(path)
    try:
        raw = sys.stdin.buffer.read(settings.max_file_bytes + 1) if is_input else path.read_bytes()
    except OSError as error:
        raise TwingraphError(f"{path}: {error.strerror}; name a table that can be read") from None
    if len(raw) > settings.max_file_bytes:
        raise TwingraphError(f"{name} has more than {settings.max_file_bytes} bytes; split it, or "
                             "raise max_file_bytes in twingraph.toml")  # fmt: skip
    if not raw.strip():
        raise TwingraphError(f"{name} is empty; write a header such as name,country and a name a "
                             "line")  # fmt: skip
    sheet = read_csv(take(raw, "input.csv" if is_input else path.name).text)
    columns = guess_names(sheet)
    if not columns:
        raise TwingraphError(f"{name} has no column 'name'; write a header such as name,country")
    sides = [
        _side({key: row.cells.get(column, "") for key, column in columns.items()})
        for row in sheet.rows
    ]
    if len(sheet.columns) == 1 and not is_header(sheet.columns[0]):
        sides.insert(0, _side({"name": sheet.columns[0]}))  # names alone, without a header
    gazetteer = gazetteer_in(build, settings.base_iri, progress)
    return match_sides(gazetteer, sides, limit, part(progress, _READ, 1.0))


def _side(texts: Mapping[str, str]) -> Side:
    """Return the place that a row names, without flags and marks of footnotes.

    >>> side = _side({"name": "🇧🇾 Minsk[1]"})
    >>> side.name, side.country
    ('Minsk', 'BY')
    """
    name, country, region = named_place([texts.get(key, "") for key in SIDE_KEYS[:3]])
    return Side("", name, country, region, *(texts.get(key, "") for key in SIDE_KEYS[3:]))


def match_sides(
    gazetteer: Gazetteer, sides: list[Side], limit: int = 3, progress: Progress = ignore
) -> str:
    """Return a line for each name: the name, the verdict, and the candidates.

    >>> from twingraph.link.gazetteer import Place
    >>> some = Gazetteer([Place("bonn", ("Bonn",), country="DE")])
    >>> print(match_sides(some, [Side("", "Bonn", "Deutschland")], 1).splitlines()[1])
    Bonn,Deutschland,sure,bonn,Bonn,1.00,same name: Bonn; same country: DE
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = [f"{field}_{number}" for number in range(1, limit + 1)
            for field in ("place", "label", "score", "reasons")]  # fmt: skip
    writer.writerow(["name", "country", "verdict", *head])
    for number, side in enumerate(sides):
        progress(f"matching names ({number + 1:,} of {len(sides):,})", number / len(sides))
        judged = decide(find(gazetteer, query_of(side), limit))
        cells = [side.name or side.wikidata, side.country, judged.verdict]
        for candidate in judged.candidates if judged.verdict != "none" else ():
            refused = (candidate.refused,) if candidate.refused else ()
            cells += [candidate.place.slug, candidate.place.label, f"{candidate.score:.2f}",
                      "; ".join((*candidate.reasons, *refused))]  # fmt: skip
        writer.writerow(cells + [""] * (3 + 4 * limit - len(cells)))
    return out.getvalue()
