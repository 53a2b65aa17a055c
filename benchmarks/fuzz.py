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
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from watched import project_in, served

from twingraph.check.run import check_curated
from twingraph.problems import TwingraphError
from twingraph.settings import load_settings
from twingraph.source.fmt import format_files
from twingraph.source.read import read_project

OURS: Final = (b"access-control-allow-origin", b"x-content-type-options", b"date")
# What a query may be answered with, whatever it is.
QUERY_STATUSES: Final = {200, 304, 400, 403, 406, 412, 413, 414, 415, 431, 503, 504, 507}
STATUSES: Final = QUERY_STATUSES | {204, 206, 301, 302, 303, 307, 308, 404, 405, 408, 410, 416, 429}
_TERMS: Final = (
    "?a", "?b", "$c", "<http://e/a>", "<>", "<a b>", "tg:partner", "place:bonn", "no:prefix", "a",
    "1", "1.5", "1e9", "-0", '"x"', "'x'@de", '"""x"""', '"x"^^xsd:date', "_:b", "[]", "true",
    '"', "'", "\\", "\u00a0", "\u0000", "\ud7ff", "é:ß", "()", "(1 2)", "?", "@", "^", "%", "..",
    "<http://[>", "\\u0041", "\\u00", "“x”", "^^", "*", "+", "|", "!a", "/",
)  # fmt: skip
_WORDS: Final = (
    "SELECT", "ASK", "CONSTRUCT", "DESCRIBE", "WHERE", "FILTER", "OPTIONAL", "UNION", "MINUS",
    "GRAPH", "BIND", "VALUES", "ORDER BY", "GROUP BY", "HAVING", "LIMIT 3", "OFFSET -1", "FROM",
    "FROM NAMED", "PREFIX", "BASE", "SERVICE", "INSERT DATA", "DISTINCT", "REDUCED", "NOT EXISTS",
    "EXISTS", "SELCT", "AS", "IN", "COUNT(*)", "REGEX(?a, '(')", "NOW()", "{", "}", "(", ")", ".",
    ";", ",", "#", "||", "&&", "=", "<", ">", "{ {", "} }",
)  # fmt: skip
_PATHS: Final = (
    "/", "/en/", "/de/", "/en/place/index.html", "/id/place/bonn", "/id/place/nowhere", "/ns",
    "/ns.ttl", "/shapes", "/vocab/", "/doc/place/bonn.ttl", "/dumps/twingraph.nq", "/dumps/x",
    "/sparql", "/query", "/query/partners-of.csv", "/search", "/search.json", "/lookup", "/health",
    "/metrics", "/catalog", "/catalog.ttl", "/openapi.json", "/robots.txt", "/sitemap.xml",
    "/release/", "/release/latest", "/static/style.css", "/links/", "/linkset.json",
    "/context.jsonld", "/.well-known/void", "/reconcile", "/graph/published",
    "/../../etc/passwd", "//e/", "*",
)  # fmt: skip
_HEADERS: Final = (
    ("Accept", ("*/*", "text/turtle", "text/html", "a/b", ",;q=", "text/*;q=0.1, */*;q=2", "")),
    ("Accept-Language", ("de", "en-US,en;q=0.5", "*", "xx", ";;")),
    ("Accept-Encoding", ("gzip", "zstd, gzip;q=0.5", "identity;q=0", "*;q=0")),
    ("Range", ("bytes=0-9", "bytes=-5", "bytes=9-1", "bytes=0-0,2-2", "lines=1-2", "bytes=")),
    ("If-None-Match", ('"x"', "*", 'W/"a"', '"')), ("If-Match", ('"x"', "*")),
    ("If-Modified-Since", ("Sun, 06 Nov 1994 08:49:37 GMT", "yesterday")),
    ("If-Range", ('"x"', "nonsense")), ("Content-Type", (
        "application/sparql-query", "application/x-www-form-urlencoded", "text/plain", "",
        "application/json", "multipart/form-data; boundary=x",
        "application/sparql-query; charset=x",
    )),
    ("Host", ("e", "", "[::1]", "a b")), ("Origin", ("https://e",)), ("Expect", ("100-continue",)),
    ("X-Forwarded-Prefix", ("/x", "//e", "a")), ("X-Forwarded-Proto", ("https", "x")),
    ("Cookie", ("a=b",)), ("Upgrade", ("h2c",)), ("Connection", ("close", "Upgrade, close")),
    ("Accept-Datetime", ("Sun, 06 Nov 1994 08:49:37 GMT", "x")), ("X\u00e9", ("\u00e9",)),
)  # fmt: skip


class Found(NamedTuple):
    """What was wrong: in which input, and why."""

    kind: str
    text: str
    why: str


# --- inputs --------------------------------------------------------------------------------------


def make_query(rng: random.Random) -> str:
    """Return a text that may be a query: half of them by the grammar, half of any words.

    >>> make_query(random.Random(1)) == make_query(random.Random(1))
    True
    """
    if rng.random() < 0.5:
        return " ".join(
            rng.choice(rng.choice((_WORDS, _TERMS))) for _ in range(rng.randrange(1, 30))
        )
    head = rng.choice(("SELECT *", "SELECT ?a", "ASK", "CONSTRUCT { ?a ?b ?c }", "DESCRIBE ?a"))
    text = f"{head} WHERE {_group(rng, 0)} {rng.choice(('', 'LIMIT 5', 'ORDER BY ?a LIMIT 5'))}"
    return _mutated(rng, text) if rng.random() < 0.3 else text


def _group(rng: random.Random, depth: int) -> str:
    parts = []
    for _ in range(rng.randrange(1, 4)):
        kind = rng.randrange(7 if depth < 3 else 3)
        if kind < 3:
            parts.append(
                f"{rng.choice(_TERMS[:9])} {rng.choice(_TERMS[:9])} {rng.choice(_TERMS)} ."
            )
        elif kind == 3:
            parts.append(f"OPTIONAL {_group(rng, depth + 1)}")
        elif kind == 4:
            parts.append(f"{_group(rng, depth + 1)} UNION {_group(rng, depth + 1)}")
        elif kind == 5:
            parts.append(f"FILTER (?a {rng.choice('=<>')} {rng.choice(_TERMS)})")
        else:
            parts.append(f"VALUES ?a {{ {rng.choice(_TERMS)} {rng.choice(_TERMS)} }}")
    return "{ " + " ".join(parts) + " }"


def _mutated(rng: random.Random, text: str) -> str:
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(text) + 1)
        cut = at + rng.randrange(3)
        text = text[:at] + rng.choice(("", *_TERMS, *_WORDS, text[at : at + 20])) + text[cut:]
    return text


def make_request(rng: random.Random) -> bytes:
    """Return the bytes of one request, the last of its connection."""
    method = rng.choice(("GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE"))
    target = rng.choice(_PATHS)
    if rng.random() < 0.3:
        at = rng.randrange(len(target) + 1)
        odd = ("%", "%00", "%2e%2e/", "/", "?", "\u00e9", "a" * 300, "{", "%ff", ";", "\\")
        target = target[:at] + rng.choice(odd) + target[at:]
    if rng.random() < 0.5:
        name = rng.choice(("query", "format", "q", "id", "place", "lang", "default-graph-uri", "x"))
        value = quote(make_query(rng), errors="replace", safe="")
        target += f"{'&' if '?' in target else '?'}{name}={value}"
    lines = [f"{method} {target} HTTP/1.{rng.choice('1110')}"]
    for name, values in rng.sample(_HEADERS, rng.randrange(6)):
        lines.append(f"{name}: {rng.choice(values)}")
    body = b""
    if method in ("POST", "PUT"):
        body = rng.choice((make_query(rng), "query=" + quote(make_query(rng), errors="replace"), "",
                           "{", "\x00" * 50)).encode("utf-8", "replace")  # fmt: skip
        lines.append(f"Content-Length: {len(body)}")
    if not any(line.lower().startswith("connection:") for line in lines):
        lines.append("Connection: close")
    raw = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
    if rng.random() < 0.05:
        at = rng.randrange(len(raw))
        raw = raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]
    return raw


def make_file(rng: random.Random, seeds: list[bytes]) -> bytes:
    """Return the bytes of a data file that somebody has damaged."""
    raw = bytearray(rng.choice(seeds))
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(raw) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            del raw[at : at + rng.randrange(1, 40)]
        elif kind == 1:
            raw[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5)))
        elif kind == 2:
            raw[at:at] = rng.choice(_TERMS).encode("utf-8", "replace")
        elif kind == 3:
            part = raw[at : at + rng.randrange(1, 80)]
            other = rng.randrange(len(raw) + 1)
            raw[other:other] = part
        elif kind == 4:
            raw = raw.replace(rng.choice((b".", b";", b'"', b"\n", b"\t", b":")),
                              rng.choice((b"", b",", b"'", b"\r", b" ")), 1)  # fmt: skip
        else:
            odd = ("\u202e", "e\u0301", "\ufeff", "\u0000", "\u001b[2J", "x" * 5000)
            raw[at:at] = rng.choice(odd).encode()
    return bytes(raw)


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
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    missing = [name.decode() for name in OURS if name not in names]
    if missing:
        return f"{status} without {', '.join(missing)}"
    if status not in STATUSES:
        return f"status {status}"
    target = raw.split(b" ")[1] if raw.count(b" ") > 1 else b""
    if (
        target.startswith(b"/sparql?query=")
        and raw.startswith(b"GET")
        and (status not in QUERY_STATUSES)
    ):
        return f"status {status} for a query"
    if b"Traceback" in body:
        return "a traceback"
    return ""


def fuzz_requests(
    address: tuple[str, int], seed: int, number: int, until: float, clients: int = 16
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
        raw = make_request(rng)
        if rng.random() < 0.4:
            query = quote(make_query(rng), errors="replace", safe="")
            head = f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n"
            raw = f"{head}Connection: close\r\n\r\n".encode()
        answer = send(address, raw)
        if why := wrong_answer(raw, answer):
            found.append(Found("request", repr(raw[:300]), why))
        match = re.search(rb"HTTP/1\.1 ([2-5]\d\d) ", answer)
        statuses[int(match[1]) if match else 0] += 1
    return statuses, found


def fuzz_files(project: Path, seed: int, number: int, until: float) -> tuple[int, list[Found]]:
    """Check and format so many damaged files; return how many, and what broke."""
    rng = random.Random(seed)
    paths = sorted(
        path for path in (project / "data").rglob("*") if path.suffix in (".ttl", ".tsv")
    )
    whole = {path: path.read_bytes() for path in paths}
    found = []
    done = 0
    while done < number and time.monotonic() < until:
        path = rng.choice(paths)
        path.write_bytes(make_file(rng, [whole[path]]))
        done += 1
        for name, look in _LOOKS.items():
            try:
                look(project, path)
            except TwingraphError:
                pass
            except Exception as error:  # noqa: BLE001  # that is what is looked for
                text = f"{path.name} of seed {seed}, number {done}"
                found.append(Found(name, text, f"{type(error).__name__}: {error}"[:300]))
        path.write_bytes(whole[path])
    return done, found


_LOOKS: Final[dict[str, Callable[[Path, Path], object]]] = {
    "fmt": lambda project, path: format_files(load_settings(project), [path], write=True),
    "check": lambda project, path: check_curated(read_project(load_settings(project))),
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
            until = time.monotonic() + asked.minutes * 40
            sent, statuses, found = fuzz_requests(address, asked.seed, asked.requests, until)
        told = log.read_text(errors="replace")
        until = time.monotonic() + asked.minutes * 20
        files, broken = fuzz_files(project, asked.seed, asked.files, until)
    print("| tried | number | wrong |")  # noqa: T201
    print("|---|--:|--:|")  # noqa: T201
    print(f"| requests and queries | {sent:,} | {len(found)} |")  # noqa: T201
    print(f"| data files, `fmt` and `check` | {files:,} | {len(broken)} |")  # noqa: T201
    print(f"| tracebacks of the server | | {told.count('Traceback')} |")  # noqa: T201
    print(f"\nStatuses: {dict(sorted(statuses.items()))}")  # noqa: T201
    for one in [*found, *broken][:50]:
        print(f"{one.kind}: {one.why}: {one.text}")  # noqa: T201
    raise SystemExit(1 if found or broken or "Traceback" in told else 0)


if __name__ == "__main__":
    main()
