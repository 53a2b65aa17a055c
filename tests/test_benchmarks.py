"""The benchmark of size, on the smallest of its projects: every step of it runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]

ROOT = Path(__file__).parent.parent


def test_a_hundred_partnerships_are_measured_in_every_step() -> None:
    words = ["--sizes", "100", "--lists", "1", "--starts", "1"]
    command = [sys.executable, str(ROOT / "benchmarks" / "scale.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    rows = [line.strip("|").split("|") for line in done.stdout.splitlines() if "| " in line]
    figures = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
    assert int(figures["quads"][0].replace(",", "")) > 20_000
    assert float(figures["build after one row is gone, CPU s"][0]) > 0
    assert "Builds after a change have the same bytes" in done.stdout
    statuses = {name: row[-1] for name, row in figures.items() if re.fullmatch(r"\d{3}", row[-1])}
    assert len(statuses) > 100
    assert {name for name, status in statuses.items() if status not in ("200", "303")} == set()
