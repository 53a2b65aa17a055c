"""What look-ups take, and how much memory, while eight clients ask for more than anybody needs.

The attacks are those that once took the memory or the time of the whole service: texts of queries,
trailers, pipelining, long headers and bodies that a cache might keep, deep addresses.

    python benchmarks/attacks.py [--minutes 5]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from faults import below, descriptors, memory
from fuzz import project_in, served

_CLIENTS: Final = 8
_TINY: Final = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
_GET: Final = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
_POST: Final = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
_numbers: Final = itertools.count()

Chunks = Iterator[bytes]


def post(text: bytes) -> Chunks:
    """Yield a query as a body."""
    yield _POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(text) + text


def trailers() -> Chunks:
    """Yield a request whose trailers never end."""
    yield _POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    yield from itertools.repeat(b"X-T: " + b"a" * 4000 + b"\r\n", 2000)


ATTACKS: Final[Mapping[str, Callable[[], Chunks] | None]] = {
    "nothing": None,
    "O1 strings in a query with SERVICE": lambda: post(b"ASK { ?service " + b'"\\' * 32700),
    "O2 strings in a query": lambda: post(b"ASK { " + b'"\\' * 32700),
    "O3 trailers": trailers,
    "O4 pipelining": lambda: itertools.repeat(_TINY * 1000, 700),
    "O5 long Accept": lambda: iter(
        [_GET % (b"/sparql?query=ASK%%7B%%7D%%23%d" % next(_numbers))
         + b"Accept: a/b;q=0.%d" % next(_numbers) + b", a/b" * 12000 + b"\r\n\r\n"]
    ),
    "O5 long bodies": lambda: post(b"ASK {} # %d " % next(_numbers) + b"x" * 60000),
    "O6 deep addresses": lambda: iter(
        [_GET % (b"/" + b"a/" * (29000 - next(_numbers) % 600)) + b"\r\n"]
    ),
}  # fmt: skip


class Measured(NamedTuple):
    """What came of one attack."""

    attacks: int
    lookups: int
    failed: int
    p50: float  # milliseconds
    p99: float
    before: int  # MB
    most: int
    after: int


def measure(
    address: tuple[str, int], pid: int, attack: Callable[[], Chunks] | None, seconds: float
) -> Measured:
    """Attack for so many seconds while two clients look things up."""
    end = time.monotonic() + seconds
    taken: list[float] = []
    failed: list[str] = []
    attacks: list[float] = []

    def look_up() -> None:
        line = http.client.HTTPConnection(*address, timeout=30)
        while time.monotonic() < end:
            query = quote(f"SELECT * {{ ?s ?p ?o }} LIMIT 1 # {next(_numbers)}")
            began = time.perf_counter()
            try:
                line.request("GET", f"/sparql?query={query}")
                answer = line.getresponse()
                answer.read()
                if answer.status != 200:
                    failed.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                failed.append(repr(error))
                line = http.client.HTTPConnection(*address, timeout=30)
            taken.append(time.perf_counter() - began)
            time.sleep(0.005)
        line.close()

    def hit(chunks: Callable[[], Chunks]) -> None:
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(address, timeout=10) as to:
                for chunk in chunks():
                    to.sendall(chunk)
                to.recv(100)
            attacks.append(time.monotonic())

    before = most = memory(pid)
    threads = [threading.Thread(target=look_up) for _ in range(2)]
    if attack is not None:
        threads += [threading.Thread(target=hit, args=(attack,)) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    while time.monotonic() < end:
        time.sleep(0.5)
        most = max(most, memory(pid))
    for thread in threads:
        thread.join()
    time.sleep(2)
    taken.sort()
    middle, late = taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.99)] * 1000
    return Measured(len(attacks), len(taken), len(failed), middle, late, before, most, memory(pid))


def main() -> None:
    """Measure each attack and print the table."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--minutes", type=float, default=5, help="of each attack")
    asked = arguments.parse_args()
    print("| attack | times | look-ups | failed | p50 ms | p99 ms | MB before | most | after |")  # noqa: T201
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")  # noqa: T201
    with tempfile.TemporaryDirectory() as name:
        project = project_in(Path(name))
        with served(project, Path(name) / "log.txt") as (address, process):
            time.sleep(2)
            first = len(below(process.pid)), descriptors(process.pid)
            for title, attack in ATTACKS.items():
                one = measure(address, process.pid, attack, asked.minutes * 60)
                print(f"| {title} | {one.attacks:,} | {one.lookups:,} | {one.failed} | "  # noqa: T201
                      f"{one.p50:.1f} | {one.p99:.1f} | {one.before} | {one.most} | {one.after} |",
                      flush=True)  # fmt: skip
            last = len(below(process.pid)), descriptors(process.pid)
    print(f"\nProcesses and descriptors: {first} before, {last} after.")  # noqa: T201


if __name__ == "__main__":
    main()
