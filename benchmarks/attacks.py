"""What look-ups take, and how much memory, while eight clients ask for more than anybody needs.

The attacks are those that once took the memory or the time of the whole service: texts of queries,
trailers, pipelining, long headers and bodies that a cache might keep, deep addresses. Windows with
and without the attack take turns, so that the two can be compared on a machine that has other
things to do. Those who look things up, and those who attack, are processes of their own.

    python benchmarks/attacks.py [--minutes 5] [--only O4] [--attack 10 --quiet 5]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import multiprocessing
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from watched import Address, memory, project_in, served, taken

_CLIENTS: Final = 8
_LOOKERS: Final = 2
_REST: Final = 1.0  # seconds after an attack that belong to neither
_TINY: Final = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
_GET: Final = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
_POST: Final = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
_FORM: Final = (
    b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
)
_FORKED: Final = multiprocessing.get_context("fork")
_numbers: Final = itertools.count()
QUIET, ATTACKED, NEITHER, ENDED = range(4)  # what time it is

Chunks = Iterator[bytes]


def post(text: bytes) -> Chunks:
    """Yield a query as a body."""
    yield _POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(text) + text


def form(value: bytes) -> Chunks:
    """Yield a query as a field of a form."""
    body = b"query=" + value
    yield _FORM + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def trailers() -> Chunks:
    """Yield a request whose trailers never end."""
    yield _POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    yield from itertools.repeat((b"X-T: " + b"a" * 4000 + b"\r\n") * 16, 125)


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
    "O5 escaped forms": lambda: form("ASK {} #%d é".encode() % next(_numbers) + b"%41" * 64000),
    "O5 lists of formats": lambda: form(
        b"ASK {}&format=%d," % next(_numbers) + (b"&format=" + b"a," * 500) * 190
    ),
    "O6 deep addresses": lambda: iter(
        [_GET % (b"/" + b"a/" * (29000 - next(_numbers) % 600)) + b"\r\n"]
    ),
}  # fmt: skip


class Measured(NamedTuple):
    """What came of one attack."""

    attacks: int
    lookups: int  # while it went on
    failed: int
    p50: float  # milliseconds, while it went on
    p99: float
    quiet_p99: float
    before: int  # MB
    most: int
    after: int


def look_up(address: Address, client: int, phase: Any, results: Any) -> None:
    """Look things up until the end; put phase, seconds and status of each on the queue."""
    seen: list[tuple[int, float, bytes]] = []
    line: socket.socket | None = None
    for number in itertools.count():
        began_in = phase.value
        if began_in == ENDED:
            break
        query = quote(f"SELECT * {{ ?s ?p ?o }} LIMIT 1 # {client} {number}")
        began = time.perf_counter()
        try:
            if line is None:
                line = socket.create_connection(address, timeout=30)
            line.sendall(f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status = _read_answer(line)
        except OSError as error:
            status = repr(error).encode()
            line = None
        seen.append((max(began_in, phase.value), time.perf_counter() - began, status))
        time.sleep(0.005)
    results.put(seen)


def _read_answer(line: socket.socket) -> bytes:
    """Read one answer with a length; return its status."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        part = line.recv(65536)
        if not part:
            raise ConnectionResetError("it was closed")
        raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65536)
    return head[9:12]


def attack_all(address: Address, chunks: Callable[[], Chunks], phase: Any, results: Any) -> None:
    """Attack by so many clients, in the windows for it; put on the queue how often."""
    os.nice(10)  # in truth they have machines of their own
    counted = [0] * _CLIENTS

    def attack(client: int) -> None:
        while phase.value != ENDED:
            if phase.value != ATTACKED:
                time.sleep(0.02)
                continue
            with contextlib.suppress(OSError), socket.create_connection(address, timeout=10) as to:
                for chunk in chunks():
                    to.sendall(chunk)
                    if phase.value != ATTACKED:
                        break
                to.recv(100)
            counted[client] += 1

    threads = [threading.Thread(target=attack, args=(client,)) for client in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(sum(counted))


def measure(
    address: Address,
    pid: int,
    chunks: Callable[[], Chunks] | None,
    seconds: float,
    windows: tuple[float, float] = (10.0, 5.0),
) -> Measured:
    """Attack for so many seconds in all, while two clients look things up all the time.

    `windows` are the seconds of an attack, and of the quiet before each.
    """
    phase = _FORKED.Value("i", NEITHER, lock=False)
    seen, counted = _FORKED.Queue(), _FORKED.Queue()
    helpers = [_FORKED.Process(target=look_up, args=(address, client, phase, seen))
               for client in range(_LOOKERS)]  # fmt: skip
    if chunks is not None:
        helpers.append(_FORKED.Process(target=attack_all, args=(address, chunks, phase, counted)))
    before = most = memory(pid)
    for helper in helpers:
        helper.start()
    time.sleep(0.5)
    attacked = 0.0
    while attacked < seconds:
        for now, length in ((QUIET, windows[1]), (ATTACKED, windows[0]), (NEITHER, _REST)):
            phase.value = now
            until = time.monotonic() + length
            while (left := until - time.monotonic()) > 0:
                time.sleep(min(left, 2.0))
                if now == ATTACKED:
                    most = max(most, memory(pid))
        attacked += windows[0]
    phase.value = ENDED
    lookups = [lookup for _ in range(_LOOKERS) for lookup in seen.get()]
    number = counted.get() if chunks is not None else 0
    for helper in helpers:
        helper.join()
    time.sleep(2)
    quiet, during = (sorted(taken for when, taken, _ in lookups if when == which)
                     for which in (QUIET, ATTACKED))  # fmt: skip
    failed = sum(status != b"200" for _, _, status in lookups)
    p50, p99, quiet_p99 = (1000 * share(*which)
                           for which in ((during, 0.5), (during, 0.99), (quiet, 0.99)))  # fmt: skip
    return Measured(number, len(during), failed, p50, p99, quiet_p99, before, most, memory(pid))


def share(values: list[float], part: float) -> float:
    """Return the value below which so great a part of sorted values is; 0 where there are none.

    >>> share([1, 2, 3, 4], 0.5), share([], 0.5)
    (3, 0.0)
    """
    return values[min(len(values) - 1, int(len(values) * part))] if values else 0.0


def main() -> None:
    """Measure each attack and print the table; the exit code is 1 where p99 is over 5 times."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--minutes", type=float, default=5, help="of each attack")
    arguments.add_argument("--attack", type=float, default=10, help="seconds of a window with it")
    arguments.add_argument("--quiet", type=float, default=5, help="seconds of a window without")
    arguments.add_argument("--only", default="", help="attacks whose name begins so")
    options = arguments.parse_args()
    slow = []
    print("| attack | times | look-ups | failed | p50 ms | p99 ms | quiet p99 ms | ratio | "  # noqa: T201
          "MB before | most | after |")  # fmt: skip
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")  # noqa: T201
    with tempfile.TemporaryDirectory() as name:
        project = project_in(Path(name))
        with served(project, Path(name) / "log.txt") as (address, process):
            time.sleep(2)
            first = taken(process.pid)
            for title, chunks in ATTACKS.items():
                if not title.startswith(options.only):
                    continue
                found = measure(address, process.pid, chunks, options.minutes * 60,
                                (options.attack, options.quiet))  # fmt: skip
                ratio = found.p99 / found.quiet_p99
                slow += [title] if ratio > 5 or found.failed else []
                print(f"| {title} | {found.attacks:,} | {found.lookups:,} | {found.failed} | "  # noqa: T201
                      f"{found.p50:.1f} | {found.p99:.1f} | {found.quiet_p99:.1f} | {ratio:.1f} | "
                      f"{found.before} | {found.most} | {found.after} |", flush=True)  # fmt: skip
            last = taken(process.pid)
    print(f"\nBefore: {first}; after: {last}.")  # noqa: T201
    raise SystemExit(1 if slow else 0)


if __name__ == "__main__":
    main()
