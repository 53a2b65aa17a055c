"""What is shown while people wait: on a terminal a line that goes again, in a pipe nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from twingraph.link.gazetteer import Gazetteer, Place
from twingraph.link.match_names import match_sides
from twingraph.rdf.frozen import load_store, read_frozen
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
