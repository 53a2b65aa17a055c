"""How long the everyday commands take on the curated data, with pySHACL alone beside them.

Whole processes, started and timed from outside, the median of several runs; pySHACL judges the
same triples by the same shapes in the same session. Absolute seconds belong to the machine they
were measured on, the ratios travel.

    python benchmarks/everyday.py [--runs 5] [--write]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from page import write_part

ROOT = Path(__file__).parent.parent

PYSHACL = """
from pathlib import Path
from pyoxigraph import DefaultGraph, RdfFormat, serialize
from twingraph.check import run
from twingraph.check.engine import engine
from twingraph.derive.published import published
from twingraph.settings import load_settings
from twingraph.source.read import read_project
import sys, time

curated = read_project(load_settings(Path(sys.argv[1])))
written = {one.triple for graph in curated.by_graph.values() for one in graph}
sense = {one.triple for one in published(curated) if one.graph_name == DefaultGraph()}
judge = engine(sys.argv[2])
begin = time.perf_counter()
for triples, names in ((written, run.SOURCE_SHAPES), (sense, run.PUBLISHED_SHAPES)):
    data = serialize(triples, format=RdfFormat.N_TRIPLES)
    judge.validate(data, run.shapes_text(curated.settings, names))
print(time.perf_counter() - begin)
"""


def seconds(command: list[str]) -> float:
    """Return the wall-clock seconds of one command; it must succeed."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - begin


def validation(name: str) -> float:
    """Return the seconds one engine takes for both validations, imports included."""
    command = [sys.executable, "-c", PYSHACL, str(ROOT), name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def first_answer(out: Path) -> float:
    """Return the seconds from starting `serve` on a finished build to its first answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = time.perf_counter()
    server = subprocess.Popen(
        [*twingraph("serve"), "--port", str(port), "--out", str(out)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while time.perf_counter() - begin < 30:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/en/place/bonn.html") as page:
                    page.read()
                return time.perf_counter() - begin
            time.sleep(0.005)
        raise TimeoutError("no answer within 30 s")
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=10)


def twingraph(*words: str) -> list[str]:
    """Return the command line of a twingraph command in this environment."""
    return [sys.executable, "-m", "twingraph.cli", *words]


def main() -> None:
    """Measure and print a Markdown table; with --write, keep it in docs/benchmarks.md."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "build"
        measures: dict[str, tuple[Callable[[], float], int, str]] = {
            "twingraph check": (lambda: seconds(twingraph("check")), options.runs, "< 1.5"),
            "twingraph build": (
                lambda: seconds(twingraph("build", "--out", str(out))), options.runs, "< 3",
            ),
            "serve: start to first page": (lambda: first_answer(out), options.runs, "< 1"),
            "both validations, pyshacl-turbo": (lambda: validation("turbo"), options.runs, ""),
            "both validations, pySHACL alone": (lambda: validation("pyshacl"), 1, ""),
        }  # fmt: skip
        lines = ["| what | runs | min s | median s | max s | aim |", "|---|--:|--:|--:|--:|---|"]
        medians = {}
        for name, (measure, runs, aim) in measures.items():
            taken = [measure() for _ in range(runs)]
            medians[name] = statistics.median(taken)
            figures = f"{min(taken):.2f} | {medians[name]:.2f} | {max(taken):.2f}"
            lines.append(f"| {name} | {runs} | {figures} | {aim} |")
    turbo, reference = list(medians.values())[-2:]
    lines += ["", f"pySHACL takes {reference / turbo:.0f} times as long as pyshacl-turbo."]
    head = (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}; "
        "whole processes, seconds by the clock.\n\n"
    )
    text = head + "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if options.write:
        write_part("everyday", text)


if __name__ == "__main__":
    main()
