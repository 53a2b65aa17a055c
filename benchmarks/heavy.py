"""A large graph served: start, memory, and look-ups beside heavy pages and queries without end.

Eight clients look different things up, first alone, then while eight more ask for the heaviest
pages (each under an address of its own, so that none is kept) and four throw queries that never
end. Beside it stands what the engine alone takes to load the graph.

    python benchmarks/heavy.py BUILD [--processes 1] [--seconds 20] [--write]

BUILD is the folder of a build, of the world's graph for example (`twingraph build --large`).
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bombs import BOMBS, Lookups, busy, resident, things_of, throw
from page import write_part

ROOT = Path(__file__).parent.parent
_ENDLESS: Final = ("cross product", "paths over everything", "rows without end", "all distinct")
_SERVE: Final = """
import sys
from pathlib import Path
from twingraph.serve.server import run
from twingraph.settings import load_settings
run(load_settings(Path(sys.argv[1])), Path(sys.argv[2]), "127.0.0.1", int(sys.argv[3]),
    processes=int(sys.argv[4]))
"""
_ENGINE: Final = """
import sys, time
from pyoxigraph import RdfFormat, Store
began = time.process_time()
store = Store()
store.load(path=sys.argv[1], format=RdfFormat.N_QUADS)
print(time.process_time() - began, flush=True)
sys.stdin.read()
"""


def heavy_pages(graph: Path) -> list[str]:
    """Return the paths of the pages that show most: what most statements of a kind point to."""
    wanted = re.compile(rb"/(id/place|id/source|vocab/type)/([a-z0-9-]+)> \.$")
    pointed = Counter(
        match.groups() for line in graph.read_bytes().splitlines() if (match := wanted.search(line))
    )
    first: dict[str, str] = {}
    for (kind, slug), _ in pointed.most_common():
        first.setdefault(kind.decode().removeprefix("id/"), slug.decode())
    things = [f"{kind}/{slug}" for kind, slug in sorted(first.items())]
    return [
        *(f"/en/{thing}.html" for thing in things), *(f"/doc/{thing}.ttl" for thing in things),
        "/en/", "/en/place/", "/en/partnership/", "/en/statistics.html", "/en/quality.html",
    ]  # fmt: skip


class Readers:
    """Clients that ask for pages, one after the other; no answer is kept."""

    def __init__(self, address: tuple[str, int], pages: list[str], clients: int = 8) -> None:
        """Start so many clients."""
        self.taken: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._ended = threading.Event()
        self._counter = itertools.count()
        self._threads = [
            threading.Thread(target=self._ask, args=(address, pages)) for _ in range(clients)
        ]
        for thread in self._threads:
            thread.start()

    def _ask(self, address: tuple[str, int], pages: list[str]) -> None:
        while not self._ended.is_set():
            number = next(self._counter)
            connection = http.client.HTTPConnection(*address, timeout=90)
            began = time.perf_counter()
            status = 0
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("GET", f"{pages[number % len(pages)]}?n={number}")
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            connection.close()
            self.statuses[status] += 1
            self.taken.append(time.perf_counter() - began)

    def end(self) -> Readers:
        """Let the clients finish."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        return self


class Throwers:
    """Clients that throw one endless query after the other."""

    def __init__(self, address: tuple[str, int], clients: int = 4) -> None:
        """Start so many clients."""
        self.statuses: Counter[int] = Counter()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._throw, args=(address, BOMBS[name]))
            for name in _ENDLESS[:clients]
        ]
        for thread in self._threads:
            thread.start()

    def _throw(self, address: tuple[str, int], text: str) -> None:
        while not self._ended.is_set():
            self.statuses[throw(address, text).status] += 1

    def end(self) -> Throwers:
        """Let the clients finish."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        return self


def engine_alone(graph: Path) -> tuple[float, int]:
    """Return the processor seconds and the MB that the engine takes for a graph."""
    child = subprocess.Popen(
        [sys.executable, "-c", _ENGINE, str(graph)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    seconds = float(child.stdout.readline())
    megabytes = resident(child.pid)
    child.communicate()
    return seconds, megabytes


def first_answer(address: tuple[str, int], path: str) -> int:
    """Ask until there is an answer; return its status."""
    while True:
        connection = http.client.HTTPConnection(*address, timeout=90)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except ConnectionError:
            time.sleep(0.01)
        finally:
            connection.close()


def measure(build: Path, processes: int, seconds: float) -> Iterator[str]:
    """Yield the lines of the result."""
    loaded, bare = engine_alone(build / "twingraph.nq")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = ("127.0.0.1", int(free.getsockname()[1]))
    words = [str(ROOT), str(build), str(address[1]), str(processes)]
    began = time.perf_counter()
    server = subprocess.Popen([sys.executable, "-c", _SERVE, *words])
    try:
        statuses = [first_answer(address, "/en/place/")]
        page, page_busy = time.perf_counter() - began, busy(server.pid)
        statuses.append(first_answer(address, "/sparql?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D"))
        query = time.perf_counter() - began
        before = -1.0
        while busy(server.pid) != before:  # until all is prepared
            before = busy(server.pid)
            time.sleep(2)
        settled = resident(server.pid)
        things = things_of(build / "curated.nt")
        lookups = Lookups(address, things)
        time.sleep(seconds)
        quiet = lookups.end()
        readers = Readers(address, heavy_pages(build / "twingraph.nt"))
        throwers = Throwers(address)
        lookups = Lookups(address, things)
        time.sleep(seconds)
        beside = lookups.end()
        readers.end()
        throwers.end()
        time.sleep(5)
        after = resident(server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    yield "| | measured |"
    yield "|---|--:|"
    yield f"| the engine alone: processor seconds to load, MB | {loaded:.1f}, {bare} |"
    yield f"| from the start to the first page (`/en/place/`) | {page:.1f} s |"
    yield f"| processor seconds until then, of all processes | {page_busy:.1f} |"
    yield f"| from the start to the first query | {query:.1f} s |"
    yield f"| memory of the service once all is prepared | {settled} MB, {settled / bare:.2f} × |"
    yield f"| memory five seconds after the load | {after} MB, {after / bare:.2f} × |"
    yield ""
    yield "| look-ups, 8 clients | answered | failed | median ms | p99 ms |"
    yield "|---|--:|--:|--:|--:|"
    for name, told in (("alone", quiet), ("beside 8 readers and 4 endless queries", beside)):
        figures = f"{told.within(0.5):.1f} | {told.within(0.99):.1f}"
        yield f"| {name} | {len(told.taken)} | {len(told.failed)} | {figures} |"
    yield ""
    ratio = beside.within(0.99) / quiet.within(0.99)
    yield f"p99 grows {ratio:.1f}-fold."
    yield f"Pages meanwhile: {_counted(readers.statuses)}; median {_median(readers.taken)} s."
    yield f"Endless queries: {_counted(throwers.statuses)}; first answers: {statuses}."


def _counted(statuses: Counter[int]) -> str:
    """Return how often there was which status.

    >>> _counted(Counter([200, 200, 504]))
    '2 × 200, 1 × 504'
    """
    return ", ".join(f"{number} × {status}" for status, number in sorted(statuses.items()))


def _median(taken: list[float]) -> str:
    return f"{statistics.median(taken):.2f}" if taken else "–"


def main() -> None:
    """Measure and print Markdown tables; with --write, keep them in docs/benchmarks.md."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("build", type=Path, help="the folder of a build")
    arguments.add_argument("--processes", type=int, default=1)
    arguments.add_argument("--seconds", type=float, default=20, help="of each phase")
    arguments.add_argument("--write", action="store_true", help="write it into docs/benchmarks.md")
    options = arguments.parse_args()
    lines = list(measure(options.build.resolve(), options.processes, options.seconds))
    head = (
        f"`--processes {options.processes}`, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {platform.system()}.\n\n"
    )
    text = head + "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if options.write:
        write_part("heavy", text)


if __name__ == "__main__":
    main()
