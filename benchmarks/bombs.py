"""What a query that never ends does to the service, and to everybody else who asks it meanwhile.

Each bomb is thrown at a running `twingraph serve`, alone and then four at once, while eight clients
look different things up. `--bare` throws them at the engine alone first, without any limit, until
25 seconds or 1 GiB: a bomb that does not burn there proves nothing here.

    python benchmarks/bombs.py [--seconds 2] [--bare] [--write]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

ROOT = Path(__file__).parent.parent
RESULT = Path(__file__).with_suffix(".md")

_PAIR: Final = "?a ?b ?c . ?d ?e ?f"
_DIGITS: Final = " ".join(str(number % 10) for number in range(10_000))
# Name -> query; each fits into 64 KiB.
BOMBS: Final = {
    "cross product": f"SELECT (COUNT(*) AS ?n) {{ {_PAIR} . ?g ?h ?i "
    "FILTER (STRLEN(CONCAT(STR(?c), STR(?f), STR(?i))) < 0) }",
    "sorted for one row": f"SELECT * {{ {_PAIR} }} ORDER BY STR(?f) ?c LIMIT 1",
    "paths over everything": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>|!^<urn:x>)* ?b . "
    "?b (!<urn:x>|!^<urn:x>)* ?c }",
    "regular expressions": f"SELECT (COUNT(*) AS ?n) {{ {_PAIR} FILTER (ISLITERAL(?c) && "
    "ISLITERAL(?f) && REGEX(STR(?c), CONCAT('(', STR(?f), '|x){2,9}'), 'i')) }",
    "long VALUES": "SELECT (COUNT(*) AS ?n) { "
    + " ".join(f"VALUES ?{name} {{ {_DIGITS} }}" for name in "abc") + " }",
    "sums of sums": "SELECT (SUM(?m) AS ?n) { { SELECT ?c (COUNT(*) AS ?m) { { SELECT ?c ?f "
    f"(COUNT(*) AS ?k) {{ {_PAIR} }} GROUP BY ?c ?f }} }} GROUP BY ?c }} }}",
    "one long text": "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?c), STR(?f))) AS ?x) "
    f"{{ {_PAIR} }}",
    "a text doubled": "SELECT (STRLEN(?s60) AS ?n) { BIND ('0123456789' AS ?s0) "
    + " ".join(f"BIND (CONCAT(?s{one}, ?s{one}) AS ?s{one + 1})" for one in range(60)) + " }",
    "a graph without end": f"CONSTRUCT {{ ?a ?e ?f }} WHERE {{ {_PAIR} }}",
    "rows without end": f"SELECT * {{ {_PAIR} }}",
    "all distinct": f"SELECT (COUNT(*) AS ?n) {{ SELECT DISTINCT ?a ?c ?d ?f {{ {_PAIR} }} }}",
    "two thousand unions": "SELECT (COUNT(*) AS ?n) { "
    + " UNION ".join([f"{{ {_PAIR} }}"] * 2000) + " }",
    "a hundred options": "SELECT (COUNT(*) AS ?n) { ?x0 a ?t " + " ".join(
        f"OPTIONAL {{ ?x{one} ?p{one} ?y{one} . ?x{one + 1} ?q{one} ?y{one} }}"
        for one in range(100)) + " }",
    "deep parentheses": f"ASK {{ FILTER {'(' * 30_000}1{')' * 30_000} }}",
    "deep groups": f"ASK {'{' * 30_000}{'}' * 30_000}",
    "deep negation": f"ASK {{ FILTER ({'!' * 60_000}true) }}",
}  # fmt: skip
MENDS: Final = ("second", "memory", "rows", "bytes", "nested")  # words that name a limit

BARE: Final = """
import sys
from pyoxigraph import *
store = Store()
store.load(path=sys.argv[1], format=RdfFormat.N_QUADS)
found = store.query(sys.stdin.read(), base_iri="http://example.org/")
if not isinstance(found, QueryBoolean):
    rows = isinstance(found, QuerySolutions)
    found.serialize(format=QueryResultsFormat.JSON if rows else RdfFormat.N_TRIPLES)
"""


class Outcome(NamedTuple):
    """What came of a request: 0 is a connection that broke."""

    status: int
    seconds: float
    text: str  # how it begins

    @property
    def stopped(self) -> bool:
        """Was it refused in words that name a limit, and not answered in part?"""
        return 400 <= self.status < 600 and any(one in self.text for one in MENDS)


def throw(address: tuple[str, int], text: str, timeout: float = 60) -> Outcome:
    """POST a query and read all of the answer."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        headers = {"content-type": "application/sparql-query"}
        connection.request("POST", "/sparql", text.encode(), headers)
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
        return Outcome(answer.status, time.perf_counter() - began, body[:500])
    except (OSError, http.client.HTTPException) as error:
        return Outcome(0, time.perf_counter() - began, repr(error))
    finally:
        connection.close()


def throw_all(address: tuple[str, int], at_once: int = 1) -> dict[str, Outcome]:
    """Throw every bomb, so many at a time."""
    with ThreadPoolExecutor(at_once) as pool:
        thrown = {name: pool.submit(throw, address, text) for name, text in BOMBS.items()}
        return {name: one.result() for name, one in thrown.items()}


# --- clients that do worse than ask --------------------------------------------------------------


def read_nothing(address: tuple[str, int]) -> socket.socket:
    """Ask for a large answer and never read it; the socket stays open until it is closed."""
    query = quote("SELECT * { ?a ?b ?c . VALUES ?n { 1 2 3 4 5 6 7 8 9 } }")
    one = socket.create_connection(address)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return one


def write_slowly(address: tuple[str, int], ended: threading.Event) -> None:
    """Send a query a byte at a time."""
    with socket.create_connection(address) as one, contextlib.suppress(OSError):
        head = "POST /sparql HTTP/1.1\r\nHost: localhost\r\ncontent-length: 60000\r\n"
        one.sendall(f"{head}content-type: application/sparql-query\r\n\r\n".encode())
        while not ended.wait(0.05):
            one.sendall(b"#")


def go_away(address: tuple[str, int], text: str) -> None:
    """Ask and hang up at once."""
    with socket.create_connection(address) as one:
        query = quote(text)
        one.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


class Nuisances:
    """Readers who do not read, writers who do not write, askers who are gone: while it is open."""

    def __init__(self, address: tuple[str, int], each: int = 8) -> None:
        """Open so many of each kind."""
        self._ended = threading.Event()
        self._readers = [read_nothing(address) for _ in range(each)]
        writing = [threading.Thread(target=write_slowly, args=(address, self._ended))
                   for _ in range(each)]  # fmt: skip
        self._writers = writing
        for one in writing:
            one.start()
        for text in itertools.islice(itertools.cycle(
            text for text in BOMBS.values() if len(text) < 1000), each):  # fmt: skip
            go_away(address, text)

    def close(self) -> None:
        """Let go of everything."""
        self._ended.set()
        for reader in self._readers:
            reader.close()
        for writer in self._writers:
            writer.join()


# --- those who only look something up ------------------------------------------------------------


class Lookups:
    """Clients that ask one small thing after the other, each another one; no answer is cached."""

    def __init__(self, address: tuple[str, int], things: list[str], clients: int = 8) -> None:
        """Start so many clients that ask about `things`."""
        self.taken: list[float] = []
        self.failed: list[str] = []
        self._ended = threading.Event()
        self._counter = itertools.count()
        self._address = address
        self._things = things
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]
        for one in self._threads:
            one.start()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=30)
        while not self._ended.is_set():
            number = next(self._counter)
            thing = self._things[number % len(self._things)]
            query = quote(f"SELECT ?p ?o {{ <{thing}> ?p ?o }} LIMIT {1000 + number}")
            began = time.perf_counter()
            try:
                connection.request("GET", f"/sparql?query={query}", headers={"accept": "text/csv"})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or body.count(b"\n") < 2:
                    self.failed.append(f"{answer.status} {body[:200]!r}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
            self.taken.append(time.perf_counter() - began)
        connection.close()

    def end(self) -> Lookups:
        """Let the clients finish."""
        self._ended.set()
        for one in self._threads:
            one.join()
        return self

    def within(self, share: float) -> float:
        """Return the milliseconds within which that share of the look-ups was answered."""
        ordered = sorted(self.taken)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def things_of(graph: Path) -> list[str]:
    """Return the IRIs of what a dump has most about."""
    subjects = [line.split(b" ", 1)[0] for line in graph.read_bytes().splitlines()]
    counted = {one: subjects.count(one) for one in set(subjects) if one.startswith(b"<")}
    return sorted(one.decode()[1:-1] for one, times in counted.items() if times > 2)


# --- processes -----------------------------------------------------------------------------------


def family(pid: int) -> list[int]:
    """Return a process and all that it started (Linux)."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*"):
            with contextlib.suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def resident(pid: int) -> int:
    """Return the memory of a process and all that it started, in MB; shared pages count once."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if "Pss:" in line)
    return total // 1024


def busy(pid: int) -> float:
    """Return the processor seconds that a process and all that it started have taken."""
    ticks = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Peak:
    """The largest `resident` while it is open."""

    def __init__(self, pid: int) -> None:
        """Look at that process until `end`."""
        self.largest = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            self.largest = max(self.largest, resident(self._pid))

    def end(self) -> int:
        """Return what was seen."""
        self._ended.set()
        self._thread.join()
        return self.largest


def project(folder: Path, **limits: int) -> Path:
    """Return a copy of this project with other limits of queries, and nothing built."""
    copy = folder / "project"
    copy.mkdir()
    shutil.copytree(ROOT / "data", copy / "data")
    text = (ROOT / "twingraph.toml").read_text(encoding="utf-8")
    told = "".join(f"limits.{name} = {number}\n" for name, number in limits.items())
    (copy / "twingraph.toml").write_text(text + told, encoding="utf-8")
    return copy


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[tuple[str, int], int]]:
    """Serve the project in a folder; yield its address and its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = ["--project", str(folder), "serve", "--port", str(port), "--log", "none"]
    server = subprocess.Popen([sys.executable, "-m", "twingraph.cli", *words],
                              stderr=subprocess.PIPE, text=True)  # fmt: skip
    try:
        assert server.stderr is not None
        told = server.stderr.readline()
        assert told.startswith("Serving "), told + server.stderr.read()
        yield ("127.0.0.1", port), server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def bare(text: str, graph: Path, seconds: float = 25, megabytes: int = 1024) -> str:
    """Return what a query does to the engine alone."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", BARE, str(graph)], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    assert child.stdin is not None
    child.stdin.write(text.encode())
    child.stdin.close()
    largest = 0
    while child.poll() is None and time.perf_counter() - began < seconds and largest < megabytes:
        largest = max(largest, resident(child.pid))
        time.sleep(0.05)
    ended = child.poll()
    child.kill()
    child.wait()
    if ended is not None:
        return "ends the process" if ended else f"{time.perf_counter() - began:.1f} s"
    if largest >= megabytes:
        return f"> {megabytes} MB in {time.perf_counter() - began:.1f} s"
    return f"> {seconds:.0f} s"


# --- the whole -----------------------------------------------------------------------------------


def measure(seconds: int, megabytes: int, alone: Callable[[str], str]) -> Iterator[str]:
    """Yield the lines of the result."""
    with tempfile.TemporaryDirectory() as folder:
        limits = {"seconds": seconds, "memory_bytes": megabytes * 1024 * 1024}
        with serving(project(Path(folder), **limits)) as (address, pid):
            things = things_of(Path(folder) / "project" / "build" / "twingraph.nt")
            for number in range(500):
                throw(address, f"SELECT * {{ ?a a ?b }} LIMIT {number + 1}")
            before = resident(pid)
            quiet_bombs = throw_all(address)
            lookups = Lookups(address, things)
            time.sleep(10)
            quiet = lookups.end()
            peak = Peak(pid)
            lookups = Lookups(address, things)
            one_by_one = throw_all(address)
            during = lookups.end()
            lookups = Lookups(address, things)
            together = throw_all(address, 4)
            beside = lookups.end()
            lookups = Lookups(address, things)
            nuisances = Nuisances(address)
            time.sleep(10)
            nuisances.close()
            annoyed = lookups.end()
            largest = peak.end()
            time.sleep(2)
            began = busy(pid)
            time.sleep(2)
            idle = busy(pid) - began
            after = resident(pid)
    yield "| query | engine alone | status | quiet s | while others ask s | four at once s |"
    yield "|---|---|--:|--:|--:|--:|"
    for name, text in BOMBS.items():
        taken = [told[name] for told in (quiet_bombs, one_by_one, together)]
        statuses = "/".join(dict.fromkeys(str(one.status) for one in taken))
        mark = "" if all(one.stopped for one in taken) else " **not stopped**"
        figures = " | ".join(f"{one.seconds:.2f}" for one in taken)
        yield f"| {name} | {alone(text)} | {statuses}{mark} | {figures} |"
    yield ""
    yield "| look-ups, 8 clients | answered | failed | median ms | p99 ms | a second |"
    yield "|---|--:|--:|--:|--:|--:|"
    phases = {
        "quiet": quiet,
        "one query at a time": during,
        "four at once": beside,
        "8 that read nothing, 8 that write a byte at a time, 8 that hang up": annoyed,
    }
    for name, told in phases.items():
        rate = 8 / statistics.mean(told.taken)
        yield (
            f"| {name} | {len(told.taken)} | {len(told.failed)} | {told.within(0.5):.1f} "
            f"| {told.within(0.99):.1f} | {rate:.0f} |"
        )
    yield ""
    ratio = max(one.within(0.99) for one in phases.values()) / quiet.within(0.99)
    yield f"p99 grows {ratio:.1f}-fold at most."
    yield (
        f"Memory of the service: {before} MB before, {largest} MB at most, {after} MB after; "
        f"{idle / 2:.0%} of a processor two seconds after the last query."
    )
    for told in phases.values():
        yield from (f"failed: {one}" for one in told.failed[:3])


def main() -> None:
    """Measure and print a Markdown table; with --write, keep it beside this file."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--seconds", type=int, default=2, help="limits.seconds")
    arguments.add_argument("--megabytes", type=int, default=256, help="limits.memory_bytes / 1 MiB")
    arguments.add_argument("--bare", action="store_true", help="the engine alone, too")
    arguments.add_argument("--write", action="store_true", help=f"write {RESULT.name}")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "twingraph.nq"
        if asked.bare:
            command = [sys.executable, "-m", "twingraph.cli", "build", "--out", f"{folder}/build"]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            shutil.copy(Path(folder) / "build" / graph.name, graph)
        lines = list(measure(asked.seconds, asked.megabytes,
                             lambda text: bare(text, graph) if asked.bare else ""))  # fmt: skip
    head = (
        "# Queries that never end\n\n"
        f"limits.seconds = {asked.seconds}, limits.memory_bytes = {asked.megabytes} MiB.\n"
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}; "
        "the curated data; times by the clock, over a socket of this machine.\n\n"
    )
    text = head + "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if asked.write:
        RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
