"""Memory, processes and descriptors over minutes of everything at once.

Clients look things up, read pages, fetch dumps and feeds, search, match names, read calendars,
break downloads off, and throw queries that never end. The table has what the service takes every
so often: what grows on and on is a leak.

    python benchmarks/mixed.py [--minutes 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final
from urllib.parse import quote

from watched import Address, Taken, project_in, served, taken

_BOMB: Final = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?c ?f ?i"
_PAGES: Final = (
    "/en/", "/de/", "/en/place/aaburg.html", "/de/place/bestadt.html", "/query", "/ns", "/shapes",
    "/en/search?q=aab", "/search.json?q=be", "/lookup?uri=http://www.wikidata.org/entity/Q183",
    "/en/calendar/place/aaburg.ics", "/feed", "/release/", "/catalog.ttl", "/sitemap.xml",
    "/id/place/aaburg", "/doc/place/aaburg.ttl", "/query/partners-of.csv?place=aaburg",
    "/reconcile/suggest/entity?prefix=a", "/de/reconcile", "/openapi.json", "/health", "/metrics",
    "/nothing/here", "/timemap/link/id/place/aaburg",
)  # fmt: skip
_DUMPS: Final = ("/dumps/twingraph.nq", "/dumps/twingraph.trig", "/dumps/twingraph.jsonld")
_PATIENCE: Final = 90.0  # seconds for an answer
# How often each kind comes.
_KINDS: Final = ("lookup",) * 40 + ("page",) * 30 + ("dump",) * 6 + ("aborted",) * 6 + (
    "match",) * 8 + ("bomb",)  # fmt: skip


def ask(address: Address, kind: str, rng: random.Random) -> int:
    """Ask something of this kind; return the status, 0 where we left before it came."""
    line = http.client.HTTPConnection(*address, timeout=_PATIENCE)
    with contextlib.closing(line):
        if kind == "lookup":
            query = f"SELECT * {{ ?s ?p ?o }} LIMIT 5 # {rng.random()}"
            line.request("GET", f"/sparql?query={quote(query)}")
        elif kind == "bomb":
            line.request("GET", f"/sparql?query={quote(_BOMB)}")
            if rng.random() < 0.5:  # half of them leave
                time.sleep(rng.random())
                return 0
        elif kind == "match":
            names = quote(f'{{"q0": {{"query": "Aaburg {rng.randrange(1000)}"}}}}')
            line.request("POST", "/reconcile", f"queries={names}",
                         {"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
        else:
            line.request("GET", rng.choice(_DUMPS if kind in ("dump", "aborted") else _PAGES))
        answer = line.getresponse()
        if kind == "aborted":
            answer.read(1000)
            return 0
        answer.read()
        return answer.status


def mix(
    address: Address, pid: int, minutes: float, seed: int, clients: int = 6
) -> tuple[list[tuple[float, Taken]], Counter[tuple[str, int]]]:
    """Ask everything at once for so long; return what was taken when, and the answers by kind."""
    end = time.monotonic() + minutes * 60
    answers: Counter[tuple[str, int]] = Counter()

    def go_on(client: int) -> None:
        rng = random.Random(f"{seed} {client}")
        while time.monotonic() < end:
            kind = rng.choice(_KINDS)
            try:
                answers[kind, ask(address, kind, rng)] += 1
            except (OSError, http.client.HTTPException):
                answers[kind, -1] += 1

    threads = [threading.Thread(target=go_on, args=(client,)) for client in range(clients)]
    began = time.monotonic()
    seen = [(0.0, taken(pid))]
    for thread in threads:
        thread.start()
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, minutes * 60 / 10))
        seen.append(((time.monotonic() - began) / 60, taken(pid)))
        print(f"{seen[-1][0]:.1f} {seen[-1][1]}", file=sys.stderr, flush=True)  # noqa: T201
    for thread in threads:
        thread.join()
    time.sleep(min(45, 3 + minutes * 60))  # until queries that nobody waits for have ended
    seen.append(((time.monotonic() - began) / 60, taken(pid)))
    return seen, answers


def main() -> None:
    """Mix for so many minutes, and tell what it took; the exit code is 1 where an answer is odd."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--minutes", type=float, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        project = project_in(Path(name))
        log = Path(name) / "log.txt"
        with served(project, log) as (address, process):
            time.sleep(2)
            seen, answers = mix(address, process.pid, options.minutes, options.seed)
        told = log.read_text(errors="replace")
    print("| minute | processes | descriptors | MB |")  # noqa: T201
    print("|--:|--:|--:|--:|")  # noqa: T201
    for minute, now in seen:
        print(f"| {minute:.1f} | {now.processes} | {now.descriptors} | {now.megabytes} |")  # noqa: T201
    print(f"\n{answers.total():,} requests: {dict(sorted(answers.items()))}")  # noqa: T201
    odd = {status for _, status in answers} - {0, 200, 303, 404, 503, 504, 507}
    print(f"Odd: {sorted(odd)}; tracebacks: {told.count('Traceback')}")  # noqa: T201
    raise SystemExit(1 if odd or "Traceback" in told else 0)


if __name__ == "__main__":
    main()
