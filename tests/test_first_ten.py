"""docs/first-ten-queries.md: every query, run in Python, gives the result on the page.

What the page shows of a terminal (curl and the command line) is run with that of all other pages,
by tests/test_docs.py; here it is made sure that all three ways are there and answer the same.
"""

from __future__ import annotations

import csv
import doctest
import io
import re
from pathlib import Path

import pytest

import twingraph

PAGE = Path(__file__).parent.parent / "docs" / "first-ten-queries.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (\d+)\. (.+)\n((?:(?!^## ).*\n)*)", TEXT, re.MULTILINE)
FENCE = re.compile(r"^```(\w+)\n((?:.*\n)*?)```$", re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(text) if kind == language]


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where a reader has saved the queries, and is."""
    for file, body in re.findall(r"<!-- file: (\S+) -->\n```sparql\n((?:.*\n)*?)```", TEXT):
        (tmp_path / file).write_text(body, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_ten_each_in_three_ways() -> None:
    assert [number for number, _, _ in SECTIONS] == [str(number) for number in range(1, 11)]
    for number, title, body in SECTIONS:
        curl, command = blocks(body, "console")
        assert len(blocks(body, "sparql")) == len(blocks(body, "python")) == 1, title
        assert f"query@{number}.rq" in curl
        assert command.startswith(f"$ twingraph query --file {number}.rq\n")
        assert f'Path("{number}.rq")' in blocks(body, "python")[0]


def test_python_answers_what_the_page_prints(saved: Path) -> None:
    examples = "\n".join(blocks(TEXT, "python"))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []

    found = doctest.DocTestRunner().run(test, out=told.append)

    assert found.attempted >= 2 + 2 * len(SECTIONS)
    assert found.failed == 0, "".join(told)


@pytest.mark.parametrize(("number", "title", "body"), SECTIONS[:-1])
def test_the_endpoint_and_python_answer_the_same(
    saved: Path, number: str, title: str, body: str
) -> None:
    printed = blocks(body, "console")[0].split("\n", 1)[1]

    rows = twingraph.query((saved / f"{number}.rq").read_text(encoding="utf-8"))

    shown = [[str(item).lower() if isinstance(item, bool) else str(item) for item in row.values()]
             for row in rows]  # fmt: skip
    assert [list(rows.variables), *shown] == list(csv.reader(io.StringIO(printed))), title
