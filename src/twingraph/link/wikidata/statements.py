"""Wikidata's statements of P190 as values, independent of where they were read from.

The data model is that of Wikibase (https://www.mediawiki.org/wiki/Wikibase/DataModel). An importer
fills these classes; a part that its snapshot lacks is None, which is not the same as empty.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from twingraph.problems import TwingraphError

WIKIDATA: Final = "http://www.wikidata.org/entity/"
STATEMENT: Final = WIKIDATA + "statement/"
TWINNED: Final = "P190"
START: Final = "P580"
END: Final = "P582"
ROLE: Final = "P3831"
JULIAN: Final = "Q1985786"
# references that only name the wiki from which a statement was copied
WEAK_REFERENCES: Final = frozenset({"P143", "P4656"})
_ITEM: Final = re.compile(r"Q[1-9][0-9]{0,11}")
_TIME: Final = re.compile(r"([+-])0*(\d{1,16})-(\d\d)-(\d\d)T\d\d:\d\d:\d\dZ")
DAY, MONTH, YEAR, DECADE = 11, 10, 9, 8


@dataclass(frozen=True, order=True)
class WikidataTime:
    """A point in time: `+1953-00-00T00:00:00Z`, its precision (11 day … 9 year, 8 decade).

    `value` is "" where Wikidata has an unknown value (somevalue).
    """

    value: str
    precision: int = YEAR
    calendar: str = "Q1985727"

    @property
    def text(self) -> str:
        """How people and Wikidata's own parser read it: `1953`, `1953-05`, `1953-05-17`.

        >>> WikidataTime("+1953-05-17T00:00:00Z", 10).text
        '1953-05'
        >>> WikidataTime("+1950-01-01T00:00:00Z", 8).text, WikidataTime("").text
        ('1950s', 'unknown value')
        """
        match = _TIME.fullmatch(self.value)
        if match is None:
            return self.value or "unknown value"
        year = f"{int(match[2]):04}"
        if match[1] == "-":
            return f"{year} BCE"
        if self.precision >= DAY:
            return f"{year}-{match[3]}-{match[4]}"
        if self.precision == MONTH:
            return f"{year}-{match[3]}"
        return year if self.precision == YEAR else f"{int(year) // 10 * 10}s"


@dataclass(frozen=True)
class WikidataStatement:
    """A P190 statement of an item, its subject.

    `iri` is the statement's (`…/entity/statement/Q64-…`), `revision` the version of the item in
    which it was read. `start`, `end`, `qualifiers` and `references` are None where the snapshot
    does not hold them; a reference is its properties with their values.
    """

    subject: str
    object: str
    iri: str = ""
    rank: str = "normal"
    start: tuple[WikidataTime, ...] | None = None
    end: tuple[WikidataTime, ...] | None = None
    qualifiers: Mapping[str, tuple[str, ...]] | None = None
    references: tuple[Mapping[str, tuple[str, ...]], ...] | None = None
    revision: str = ""

    @property
    def guid(self) -> str:
        """The statement's name as the API and Mismatch Finder write it, "" where unknown.

        >>> WikidataStatement("Q64", "Q90", STATEMENT + "Q64-71781c61-AB").guid
        'Q64$71781c61-AB'
        """
        return self.iri.removeprefix(STATEMENT).replace("-", "$", 1) if self.iri else ""

    @property
    def is_sourced(self) -> bool | None:
        """Has it a reference to a source? "Imported from Wikipedia" is none; None: not known."""
        if self.references is None:
            return None
        return any(set(reference) - WEAK_REFERENCES for reference in self.references)


@dataclass(frozen=True)
class WikidataItem:
    """The data of an item in a snapshot, as far as it has any."""

    label: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    geonames: str = ""


@dataclass(frozen=True)
class Snapshot:
    """The statements of a snapshot, with the data of their items; `name` has its date.

    `redirects` are items that were merged: old -> new.
    """

    name: str
    statements: tuple[WikidataStatement, ...]
    items: Mapping[str, WikidataItem] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)

    def by_pair(self) -> dict[tuple[str, str], list[WikidataStatement]]:
        """Return the statements by (subject, object), merged items under their new name."""
        statements: dict[tuple[str, str], list[WikidataStatement]] = {}
        for statement in sorted(
            self.statements,
            key=lambda statement: (statement.subject, statement.object, statement.iri),
        ):
            pair = (self.current(statement.subject), self.current(statement.object))
            statements.setdefault(pair, []).append(statement)
        return statements

    def current(self, item: str) -> str:
        """Return the current id of an item, redirects followed."""
        return self.redirects.get(item, item)


def read_pairs(path: Path) -> frozenset[tuple[str, str]]:
    """Read pairs of items from CSV or TSV: items or their IRIs in the first two columns.

    The first line may name the columns; anything else that is no pair raises `TwingraphError`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TwingraphError(f"{path}: {error}; name a UTF-8 file of pairs") from None
    pairs = set()
    for number, row in enumerate(rows, 1):
        items = [cell.strip().strip("<>").removeprefix(WIKIDATA) for cell in row[:2]]
        if len(items) == 2 and all(_ITEM.fullmatch(item) for item in items):
            pairs.add((items[0], items[1]))
        elif row and (number > 1 or len(row) < 2 or not "".join(row).isprintable()):
            raise TwingraphError(f"{path}:{number}: no pair of items; write Q586,Q2280")
    return frozenset(pairs)


def pairs_snapshot(name: str, pairs: Iterable[tuple[str, str]]) -> Snapshot:
    """Return bare pairs as a snapshot that knows neither dates nor references."""
    return Snapshot(name, tuple(WikidataStatement(*pair) for pair in sorted(pairs)))


def read_nodes(path: Path) -> dict[str, WikidataItem]:
    """Read a table of items: columns `qid`, `name…`, `iso2`, `geonames_id`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TwingraphError(f"{path}: {error}; name a UTF-8 table of items") from None
    if "qid" not in (reader.fieldnames or ()):
        raise TwingraphError(f"{path}:1: no column qid; name a table of items")
    wrong = next((row["qid"] for row in rows if not _ITEM.fullmatch(row["qid"] or "")), None)
    if wrong is not None:
        raise TwingraphError(f"{path}: qid {wrong[:40]!r} is no item; write Q586")
    name = next((column for column in (rows[0] if rows else ()) if column.startswith("name")), "")
    return {
        row["qid"]: WikidataItem(row.get(name) or "", row.get("iso2") or "",
                                 row.get("geonames_id") or "")
        for row in rows
    }  # fmt: skip
