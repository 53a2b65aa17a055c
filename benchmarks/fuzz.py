"""Requests, queries and data files that nobody would write, in numbers, from a seed.

Whatever comes must be answered in words: no traceback on standard error, no status 500, none that
does not belong to what was asked, our headers on every answer; `check` and `fmt` find problems in a
file and never break. The same seed makes the same inputs, so that what was found is found again.

    python benchmarks/fuzz.py [--minutes 5] [--seed 1] [--requests 100000] [--files 10000]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import shutil
import socket
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from inputs import make_file, make_query, make_query_request, make_request
from pyoxigraph import Store
from watched import ATLAS, project_in, served

from twingraph.check.run import check_curated
from twingraph.link.import_table import import_table
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.settings import load_settings
from twingraph.source.fmt import format_files
from twingraph.source.read import read_project

CASES: Final = ATLAS.parent / "cases"
OURS: Final = (b"access-control-allow-origin", b"x-content-type-options", b"date")
# What a query may be answered with, whatever it is.
QUERY_STATUSES: Final = {200, 304, 400, 403, 406, 412, 413, 414, 415, 417, 431, 503, 504, 507}
# What a status tells besides (RFC 9110 §15), and what must have been sent to get it.
_NEEDED: Final[Mapping[int, tuple[bytes, ...]]] = {
    206: (b"content-type", b"accept-ranges"), 301: (b"location",), 302: (b"location",),
    303: (b"location",), 307: (b"location",), 308: (b"location",), 405: (b"allow",),
    416: (b"content-range",), 429: (), 503: (b"retry-after",),
}  # fmt: skip
_METHODS: Final = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"LINK")
_ONLY_WHERE: Final[Mapping[int, tuple[bytes, ...]]] = {
    206: (b"\r\nrange:",), 416: (b"\r\nrange:",), 304: (b"\r\nif-",), 412: (b"\r\nif-",),
    415: (b"post ", b"put "), 417: (b"\r\nexpect:",),
    406: (b"\r\naccept:", b"format", b"output", b"results", b"accept-"),
}  # fmt: skip
BASE: Final = "https://w3id.org/twingraph/"
PREFIXES: Final = prefixes_for(BASE)
STATUSES: Final = QUERY_STATUSES | {204, 206, 301, 302, 303, 307, 308, 404, 405, 408, 410, 416,
                                    429, 501, 505}  # fmt: skip


class Found(NamedTuple):
    """What was wrong: in which input, and why."""

    kind: str
    text: str
    why: str


def _noted(found: Found) -> Found:
    """Print what was found when it is found: a long run is looked at before it ends."""
    print(f"{found.kind}: {found.why}: {found.text}", file=sys.stderr, flush=True)  # noqa: T201
    return found


# --- what must hold ------------------------------------------------------------------------------


def send(address: tuple[str, int], raw: bytes, timeout: float = 60) -> bytes:
    """Send a request and return all that comes back, until the end of the connection."""
    parts = []
    with socket.create_connection(address, timeout=timeout) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(raw)
        with contextlib.suppress(ConnectionError):
            while part := line.recv(65536):
                parts.append(part)
    return b"".join(parts)


def wrong_answer(raw: bytes, answer: bytes) -> str:
    """Return what is wrong with an answer, '' where nothing is."""
    head, _, body = answer.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
    if match is None:
        return f"no answer: {answer[:80]!r}"
    status = int(match[1])
    fields = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    headers = {name.lower(): value.strip() for name, _, value in fields}
    missing = [name.decode() for name in (*OURS, *_NEEDED.get(status, ())) if name not in headers]
    if missing:
        return f"{status} without {', '.join(missing)}"
    if status not in STATUSES:
        return f"status {status}"
    if b"Traceback" in body:
        return "a traceback"
    sent = raw.partition(b"\r\n\r\n")[0].lower()
    if status in _ONLY_WHERE and not any(word in sent for word in _ONLY_WHERE[status]):
        return f"status {status} without reason"
    if status == 501 and raw.split(b" ")[0] in _METHODS and b"\r\ntransfer-encoding:" not in sent:
        return "501 for a method that is known"
    if status == 505 and re.match(rb"[^\r\n]* http/1\.[01]\r?\n", sent):
        return "505 for a version that is spoken"
    bodiless = status in (204, 304) or raw.startswith(b"HEAD ")
    if bodiless and body:
        return f"{status} with a body"
    length = headers.get(b"content-length")
    if length is not None and not bodiless and int(length) != len(body):
        return f"a body of {len(body)} bytes, {length.decode()} promised"
    if (
        raw.startswith(b"GET /sparql?query=")
        and b"&" not in raw.partition(b"\r\n")[0]
        and status not in QUERY_STATUSES
    ):
        return f"status {status} for a query"
    return ""


def wrong_query_status(query: str, status: int, prefixes: Mapping[str, str]) -> str:
    """Return what is wrong with the status of a query sent alone: the engine says what is SPARQL.

    >>> wrong_query_status("ASK {}", 400, {}), wrong_query_status("ASK", 400, {})
    ('400 for what the engine reads', '')
    """
    try:
        Store().query(query, base_iri=BASE, prefixes=dict(prefixes))
    except SyntaxError:
        return "" if status in (400, 403) else f"{status} for what is no SPARQL"
    except (OSError, RuntimeError, ValueError):
        return ""
    return f"{status} for what the engine reads" if status == 400 else ""


def fuzz_requests(
    address: tuple[str, int], seed: int, number: int, until: float, clients: int = 32
) -> tuple[int, Counter[int], list[Found]]:
    """Send so many requests, until a time; return how many, their statuses, what was wrong."""
    rngs = [random.Random(f"{seed} {client}") for client in range(clients)]
    shares = [number // clients + (client < number % clients) for client in range(clients)]
    statuses: Counter[int] = Counter()
    found: list[Found] = []
    with ThreadPoolExecutor(clients) as threads:
        for seen, wrong in threads.map(partial(_fuzz_some, address, until), rngs, shares):
            statuses += seen
            found += wrong
    return sum(statuses.values()), statuses, found


def _fuzz_some(
    address: tuple[str, int], until: float, rng: random.Random, number: int
) -> tuple[Counter[int], list[Found]]:
    """Send so many requests, one after the other; what had no answer has status 0."""
    statuses: Counter[int] = Counter()
    found = []
    while statuses.total() < number and time.monotonic() < until:
        query = make_query(rng) if rng.random() < 0.3 else None
        raw = make_request(rng) if query is None else make_query_request(query)
        answer = send(address, raw)
        match = re.search(rb"HTTP/1\.1 ([2-5]\d\d) ", answer)
        status = int(match[1]) if match else 0
        why = wrong_answer(raw, answer)
        if not why and query and "\ud7ff" not in query and status not in (503, 504):
            why = wrong_query_status(query, status, PREFIXES)
        if why:
            found.append(_noted(Found("request", repr(raw[:500]), why)))
        statuses[status] += 1
    return statuses, found


def fuzz_files(
    project: Path, seed: int, number: int, until: float
) -> tuple[int, Counter[str], list[Found]]:
    """Read so many damaged files; return how many, how each was taken, and what broke."""
    rng = random.Random(seed)
    _add_tables(project)
    paths = [project / "twingraph.toml", *sorted(
        path for path in (project / "data").rglob("*") if path.suffix in _DAMAGED)]  # fmt: skip
    whole = {path: path.read_bytes() for path in paths}
    found = []
    taken: Counter[str] = Counter()
    done = 0
    while done < number and time.monotonic() < until:
        path = rng.choice(paths)
        path.write_bytes(make_file(rng, [whole[path]]))
        done += 1
        for name, look in _LOOKS.items():
            try:
                problems = look(project, path)
                taken[f"{name}: {'problems' if problems else 'fine'}"] += 1
            except TwingraphError:
                taken[f"{name}: refused"] += 1
            except Exception as error:  # noqa: BLE001  # that is what is looked for
                text = f"{path.name} of seed {seed}, number {done}"
                where = "".join(traceback.format_tb(error.__traceback__)[-2:])
                why = f"{type(error).__name__}: {error}"[:300]
                found.append(_noted(Found(name, text, f"{why}\n{where}")))
        path.write_bytes(whole[path])
        for other in (project / "data" / "imports").glob("fuzz*"):
            shutil.rmtree(other)
    return done, taken, found


def _add_tables(project: Path) -> None:
    """Add a list of partnerships and some links to a project."""
    import_table(load_settings(project), _list(project, b"city,partner,since\n"
                 b"Aaburg,Bestadt,1950\nBestadt,Cedorf,1.2.1960\n\"Ceh\xc3\xa4usen\",Aaburg,\n"),
                 "2026-11-21", "list")  # fmt: skip
    links = project / "data" / "links" / "list.sssom.tsv"
    links.write_bytes((CASES / "X06" / "ok-one-each.links.sssom.tsv").read_bytes())


def _list(project: Path, raw: bytes) -> Path:
    path = project / "list.csv"
    path.write_bytes(raw)
    return path


def _format(project: Path, path: Path) -> object:
    if path.suffix not in (".ttl", ".tsv"):
        return None
    return format_files(load_settings(project), [path], write=True)


def _import(project: Path, path: Path) -> object:
    if path.suffix not in (".csv", ".tsv"):
        return None
    taken = _list(project, path.read_bytes())
    return import_table(load_settings(project), taken, "2026-11-21", "fuzz").problems


_DAMAGED: Final = (".ttl", ".tsv", ".csv", ".toml")
_LOOKS: Final[dict[str, Callable[[Path, Path], object]]] = {
    "fmt": _format,
    "check": lambda project, _: check_curated(read_project(load_settings(project))),
    "import table": _import,
}


def main() -> None:
    """Fuzz, and tell what was found; the exit code is 1 where anything was."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--minutes", type=float, default=5)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--requests", type=int, default=100_000)
    arguments.add_argument("--files", type=int, default=10_000)
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        project = project_in(Path(name))
        log = Path(name) / "log.txt"
        with served(project, log) as (address, _):
            until = time.monotonic() + asked.minutes * 30
            sent, statuses, found = fuzz_requests(address, asked.seed, asked.requests, until)
        told = log.read_text(errors="replace")
        if "Traceback" in told:
            print(told[told.index("Traceback") :][:5000], file=sys.stderr)  # noqa: T201
        until = time.monotonic() + asked.minutes * 30
        files, taken, broken = fuzz_files(project, asked.seed, asked.files, until)
    print("| tried | number | wrong |")  # noqa: T201
    print("|---|--:|--:|")  # noqa: T201
    print(f"| requests and queries | {sent:,} | {len(found)} |")  # noqa: T201
    print(f"| data files: `fmt`, `check`, `import table` | {files:,} | {len(broken)} |")  # noqa: T201
    print(f"| tracebacks of the server | | {told.count('Traceback')} |")  # noqa: T201
    print(f"\nStatuses: {dict(sorted(statuses.items()))}")  # noqa: T201
    print(f"Files: {dict(sorted(taken.items()))}")  # noqa: T201
    raise SystemExit(1 if found or broken or "Traceback" in told else 0)


if __name__ == "__main__":
    main()
