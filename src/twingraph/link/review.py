"""review.csv: the undecided names of a list, and the decisions that people write there.

A person writes into `decision`: the slug of a place, `new` for a place that is not there yet, or
`no` (with words, if there are any) for what is no place. `not` before a slug says: not that one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from twingraph.link.naming import Undecided
from twingraph.source.tables.cells import read_csv

_CANDIDATES: Final = 3
COLUMNS: Final = (
    "decision", "name", "country", "region", "line", "rows", "why",
    *(f"{what}_{number}" for number in range(1, _CANDIDATES + 1)
      for what in ("place", "label", "score", "reasons")),
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A decision of a person: its name, and its kind (`place`, `new`, `no`, `not`)."""

    name: str
    country: str
    region: str
    verdict: str
    slug: str = ""
    words: str = ""
    line: int = 0


@dataclass(frozen=True)
class Unfollowed:
    """A decision that can't be followed: about which name, as it was written, and why not."""

    key: tuple[str, str, str]
    line: int
    decision: str
    words: str


def write_review(
    undecided: Iterable[Undecided], unfollowed: Mapping[tuple[str, str, str], str] | None = None
) -> str:
    """Return the review file: the names of the most rows first.

    `unfollowed` are decisions, by name, country and region, that stay until somebody mends them.
    """
    kept = unfollowed or {}
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="")
    writer.writeheader()
    for item in sorted(undecided, key=lambda item: (-item.rows, item.side.key)):
        name = item.side.name or item.side.wikidata
        row: dict[str, object] = {
            "decision": kept.get((name, item.side.country, item.side.region), ""), "name": name,
            "country": item.side.country, "region": item.side.region, "line": item.line,
            "rows": item.rows, "why": item.why,
        }  # fmt: skip
        for number, candidate in enumerate(item.candidates[:_CANDIDATES], 1):
            reasons = "; ".join(
                candidate.reasons + ((candidate.refused,) * bool(candidate.refused))
            )
            row |= {
                f"place_{number}": candidate.place.slug, f"label_{number}": candidate.place.label,
                f"score_{number}": f"{candidate.score:.2f}", f"reasons_{number}": reasons,
            }  # fmt: skip
        writer.writerow({name: _safe(str(cell)) for name, cell in row.items()})
    return out.getvalue()


def _safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _unsafe(cell: str) -> str:
    """Invert `_safe`."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in ("=", "+", "-", "@") else cell


def read_answers(
    text: str, slugs: Mapping[str, object]
) -> tuple[list[Answer], list[Unfollowed]]:  # fmt: skip
    """Return the decisions, and those that can't be applied."""
    answers, wrong = [], []
    for row in read_csv(text).rows:
        decision = row.cells.get("decision", "")
        if not decision:
            continue
        name, country, region = (_unsafe(row.cells.get(key, ""))
                                 for key in ("name", "country", "region"))  # fmt: skip
        first, _, rest = decision.partition(" ")
        slug = (rest if first == "not" else first).removeprefix("place:").strip()
        if first == "new":
            answers.append(Answer(name, country, region, "new", line=row.line))
        elif first in ("no", "no:"):
            words = rest.strip() or "no place"
            answers.append(Answer(name, country, region, "no", words=words, line=row.line))
        elif slug in slugs:
            verdict = "not" if first == "not" else "place"
            answers.append(Answer(name, country, region, verdict, slug, line=row.line))
        else:
            suggestions = get_close_matches(slug, slugs, n=2, cutoff=0.7)
            meant = f"; did you mean {' or '.join(suggestions)}?" if suggestions else ""
            words = (f"'{decision[:60]}' is no place of the project{meant or ';'} write its slug, "
                     "or new, or no")  # fmt: skip
            wrong.append(Unfollowed((name, country, region), row.line, _unsafe(decision), words))
    return answers, wrong
