"""Changed rows of a list come to the statements that the whole list does, or it is read whole."""

from __future__ import annotations

import hashlib
from typing import Final

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from twingraph.source.tables.changed_rows import ChangedRows, changed_rows
from twingraph.source.tables.matches import Matches
from twingraph.source.tables.read import ReadImport, read_import

BASE: Final = "https://example.org/"
TOML: Final = """title.en = "Städte"
language = "de"
sha256 = "{digest}"

[a]
wikidata = "a"

[b]
wikidata = "b"

[start]
column = "since"

[cite]
page = "page"
"""
# `a-b` with `c` and `a` with `b-c` would have the IRI of one partnership
KNOWN: Final = {"wd:Q1": "a-b", "wd:Q2": "c", "wd:Q3": "a", "wd:Q4": "b-c", "wd:Q5": "bonn",
                "wd:Q6": "bonn"}  # fmt: skip
ROWS: Final = ("Q1,Q2,1990,", "Q5,Q1,1991,", "Q1,Q5,1991,", "Q2,Q5,um 1992,", "Q3,Q5,1993,")


def texts_of(rows: tuple[str, ...], end: str = "\n") -> tuple[str, str]:
    table = end.join(("a,b,since,page", *rows, ""))
    return TOML.format(digest=hashlib.sha256(table.encode()).hexdigest()), table


def whole(files: tuple[str, str]) -> ReadImport:
    toml, rows = files
    return read_import("l", {"import.toml": toml, "rows.csv": rows}, KNOWN, BASE)


def in_part(before: tuple[str, str], now: tuple[str, str]) -> ChangedRows | None:
    written = "".join(f"{line}\n" for line in whole(before).texts).encode()
    return changed_rows("l", before, now, written, Matches(), KNOWN, BASE)


def assert_like_whole(before: tuple[str, str], now: tuple[str, str], part: ChangedRows) -> None:
    """The lines, the problems and the places of subjects are those of the list read whole."""
    old, new = whole(before), whole(now)
    assert sorted({*old.texts} - {*part.removed} | {*part.added}) == new.texts
    assert {*part.removed} <= {*old.texts}
    assert {*old.texts}.isdisjoint(part.added)
    if all(problem.line not in part.lines for problem in old.problems):
        assert new.problems == old.problems
    changed = {line[1:].partition(">")[0] for line in (*part.removed, *part.added)}
    assert {name for name, line in new.lines.items() if old.lines.get(name) != line} <= changed


@pytest.mark.parametrize(
    "row, number",
    [
        ("Q2,Q5,um 1992,", 3),  # one row of a pair less, and one more of another
        ("Q3,Q2,1988,", 1),  # another pair
        ("Q1,Q2,1990,https://example.org/page", 1),
        ("Q5,Q6,1990,", 5),  # one place twice: refused
        ("Q3,Q5,1994,", 6),
    ],
)
def test_only_changed_rows_are_read(row: str, number: int) -> None:
    rows = (*ROWS[: number - 1], row, *ROWS[number:])
    before, now = texts_of(ROWS), texts_of(rows)
    part = in_part(before, now)
    assert part is not None
    assert_like_whole(before, now, part)
    assert len(part.stated.texts) < len(whole(now).texts)


@pytest.mark.parametrize(
    "rows",
    [
        (*ROWS, "Q3,Q4,1990,"),  # of which the IRI is that of row 1, too
        (*ROWS, "Q3,Q4,31.2.1990,"),
        (*ROWS, "Q3,Q99,1990,"),
        (*ROWS, "Q3,Q5"),
        (*ROWS, "Q3,Q5,ungefähr 1990,"),
        ("Q5,Q4,1990,", *ROWS[:4]),  # all rows have other numbers
        ('Q1,Q2,1990,"\n"', *ROWS[1:]),  # other rows are in other lines
    ],
)
def test_where_others_are_affected_the_list_is_read_whole(rows: tuple[str, ...]) -> None:
    assert in_part(texts_of(ROWS), texts_of(rows)) is None
    assert in_part(texts_of(rows), texts_of(ROWS)) is None


def test_another_description_or_build_is_read_whole() -> None:
    before, now = texts_of(ROWS), texts_of((*ROWS[:4], "Q3,Q2,1993,"))
    assert in_part(before, (now[0].replace("Städte", "Orte"), now[1])) is None
    assert in_part(before, (before[0], now[1])) is None, "the digest is that of another table"
    later = now[0].replace("sha256", "retrieved = 2026-11-28\nsha256")
    part = in_part(before, (later, now[1]))
    assert part is not None
    assert_like_whole(before, (later, now[1]), part)
    written = "".join(f"{line}\n" for line in whole(before).texts if '"1993"' not in line).encode()
    assert changed_rows("l", before, now, written, Matches(), KNOWN, BASE) is None


CELLS: Final = st.tuples(
    st.sampled_from([f"Q{number}" for number in range(1, 8)]),
    st.sampled_from([f"Q{number}" for number in range(1, 8)]),
    st.sampled_from(["", "1990", "um 1990", "1991", "gestern"]),
    st.sampled_from(["", "https://example.org/p"]),
).map(",".join)


@trials(deadline=None, max_examples=200)
@given(
    st.lists(CELLS, min_size=4, max_size=14).map(tuple),
    st.lists(st.tuples(st.integers(0, 15), CELLS | st.just("")), min_size=1, max_size=3),
)
def test_any_changed_rows_come_to_what_the_whole_list_does(
    rows: tuple[str, ...], edits: list[tuple[int, str]]
) -> None:
    changed = [*rows]
    for place, row in edits:
        changed[place : place + 1] = [row] if row else []
    before, now = texts_of(rows), texts_of(tuple(changed))
    part = in_part(before, now)
    if part is not None:
        assert_like_whole(before, now, part)
