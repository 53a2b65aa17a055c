"""What is shown while people wait: on a terminal a line that goes again, in a pipe nothing."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from twingraph.link.gazetteer import Gazetteer, Place
from twingraph.link.match_names import match_sides
from twingraph.progress import counted_lines
from twingraph.rdf.frozen import load_store, read_frozen
from twingraph.release.changes.diff import diff
from twingraph.releasing import release
from twingraph.settings import load_settings
from twingraph.source.starter import make_project
from twingraph.source.tables.outcome import Side

ERASED = "\r\x1b[K"


def on_terminal(words: list[str]) -> str:
    """Run a command whose standard error is a terminal; return what came there."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(ours)
    assert child.wait() == 0
    return shown.decode()


def test_the_graph_is_loaded_with_a_line_that_goes_again(built: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("name,country\nBonn,DE\n", encoding="utf-8")
    words = [sys.executable, "-m", "twingraph.cli", "match", str(names)]

    shown = on_terminal(words)
    piped = subprocess.run(words, capture_output=True, text=True, check=True)

    assert "matching names (1 of 1)" in shown
    assert shown.endswith(ERASED)
    assert max(map(len, shown.split(ERASED))) < 80
    assert piped.stderr == ""
    assert "\x1b" not in piped.stdout


@pytest.mark.parametrize("read", [read_frozen, load_store])
def test_reading_tells_its_share(built: Path, read: object) -> None:
    shares: list[float] = []

    found = read(  # type: ignore[operator]  # either of the two
        built / "twingraph.nq", progress=lambda doing, share=0.0: shares.append(share)
    )

    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert shares[-1] == 1
    assert len(found) == len(read_frozen(built / "twingraph.nq"))


def test_names_are_counted() -> None:
    some = Gazetteer([Place("bonn", ("Bonn",), country="DE")])
    lines: list[tuple[str, float]] = []

    match_sides(
        some,
        [Side("", "Bonn"), Side("", "Köln")],
        1,
        lambda doing, share=0.0: lines.append((doing, share)),
    )

    assert lines == [("matching names (1 of 2)", 0.0), ("matching names (2 of 2)", 0.5)]


def test_a_release_and_a_difference_tell_their_shares(tmp_path: Path) -> None:
    make_project(tmp_path / "project", "https://example.org/", "T", date(2026, 11, 21))
    head = tmp_path / "project" / "twingraph.toml"
    shares: dict[str, list[float]] = {}
    told: list[float] = []

    def note(doing: str, share: float = 0.0) -> None:
        shares.setdefault(doing.partition(" (")[0], []).append(share)
        if doing == "packing" and len(shares[doing]) == 1:
            told.clear()  # what a build tells before stands elsewhere
        told.append(share)

    for day in ("2026-11-21", "2026-11-22"):
        shares.clear()
        text = re.sub(r'(?m)^release = ".*"', f'release = "{day}"', head.read_text("utf-8"))
        head.write_text(text, encoding="utf-8")
        release(load_settings(tmp_path / "project"), day, note)
        assert told == sorted(told)
        assert told[-1] == 1
    assert {"packing", "comparing", "writing the feed of changes"} <= shares.keys()
    assert len(set(shares["packing"])) > 5

    told.clear()
    diff("2026-11-21", "2026-11-22", tmp_path / "project" / "releases", "text", "en", note)
    assert told == sorted(told)
    assert told[-1] == 1


def test_lines_are_counted_by_their_bytes() -> None:
    told: list[float] = []
    lines = [b"x" * 1_000_000] * 8

    found = list(
        counted_lines(lines, 8_000_000, "reading", lambda _, share=0.0: told.append(share))
    )

    assert found == lines
    assert told == sorted(told)
    assert len(told) >= 4
    assert (told[0], told[-1]) == (0, 1)
