"""A running `twingraph serve`: how soon it answers, what each kind of route takes, its memory.

What is asked for is the heaviest of its kind in the graph (the place with most partners, the source
that is cited most …), found with the engine in a process of its own. Every server that is started
prepares what it wants to; then it is asked once for each route (nothing is kept from before) and
again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from bombs import busy, resident
from processes import between, computed, free_port, settle, twingraph

_STARTED: Final = 600  # seconds until a server must answer
_ANSWER: Final = 60  # seconds that an answer may take
_SLOW: Final = 2000  # milliseconds from which on an answer is told, and asked for once again only
_PAGE: Final = 100  # things on a page of a list
_AGAIN: Final = 3  # times that a route is asked once more

_MOST: Final = "SELECT ?x { %s } GROUP BY ?x ORDER BY DESC(COUNT(*)) ?x LIMIT 2"
_WANTED: Final = {
    "place": _MOST % "?t <${tg}partner> ?x",
    "country": _MOST % "?p <${tg}country> ?x",
    "source": _MOST % "?c <${tg}inSource> ?x",
    "partnership": "SELECT ?x { ?x a <${tg}Partnership> } ORDER BY ?x LIMIT 2 OFFSET ${middle}",
    "item": "SELECT ?x { <${place}> <http://www.w3.org/2002/07/owl#sameAs> ?x "
    "FILTER CONTAINS(STR(?x), 'wikidata.org/entity/') } LIMIT 1",
    "label": "SELECT ?x { <${place}> <http://www.w3.org/2000/01/rdf-schema#label> ?x } LIMIT 1",
}


class Target(NamedTuple):
    """A route: what it is called, its address, and what the request says it accepts."""

    name: str
    path: str
    accept: str = "*/*"


class Answer(NamedTuple):
    """What came: milliseconds to the first byte and to the last, status, bytes, the body."""

    first: float
    whole: float
    status: int
    size: int
    body: bytes


class Measured(NamedTuple):
    """What one route took on all servers: milliseconds, and what came."""

    fresh: list[float]
    again: list[float]
    status: int
    size: int
    computed: list[float]  # by all processes of the server, when it was first asked


# --- what is asked for ---------------------------------------------------------------------------


def find_things(graph: str) -> dict[str, str]:
    """Return the heaviest things of each kind in a dump, by what they are called in `_WANTED`."""
    from pyoxigraph import RdfFormat, Store

    from twingraph.rdf.vocabulary import TG

    store = Store()
    store.bulk_load(path=graph, format=RdfFormat.N_QUADS)
    count = f"SELECT (COUNT(*) AS ?n) {{ ?x a {TG.Partnership} }}"
    number = int(next(iter(store.query(count)))["n"].value)  # type: ignore[arg-type]
    found = {
        "tg": TG.partner.value.removesuffix("partner"),
        "middle": str(number // 2),
        "partnerships": str(number),
    }
    for name, text in _WANTED.items():
        rows = list(store.query(Template(text).substitute(found)))  # type: ignore[arg-type]  # a SELECT
        found[name] = str(rows[0][0].value) if rows else ""
        found[f"second {name}"] = str(rows[-1][0].value) if rows else ""
    return found


def targets_of(things: Mapping[str, str], base: str) -> list[Target]:
    """Return every kind of route for these things."""
    path = {name: iri.removeprefix(f"{base}id/") for name, iri in things.items()}
    place, label = path["place"], quote(things["label"])
    item = things["item"].rpartition("/")[2] or "Q64"
    look_up = quote(f"SELECT * {{ <{things['place']}> ?p ?o }}")
    batch = quote(json.dumps({"q0": {"query": things["label"], "limit": 5}}))
    pages = {
        "home": "index.html", "place, most partners": f"{place}.html",
        "partnership": f"{path['partnership']}.html", "concept": "vocab/type/twinning.html",
        "source, most cited": f"{path['source']}.html",
        "country, most places": f"{path['country']}.html",
        "places, page 1": "place/index.html", "places, last page": "place/list/all{places}.html",
        "partnerships, page 1": "partnership/index.html",
        "partnerships, last page": "{partnerships}",
        "partnerships of a kind": "partnership/list/kind-twinning.html",
        "sources": "source/index.html", "statistics": "statistics.html", "quality": "quality.html",
        "Wikidata": "wikidata.html", "data": "data.html", "about": "about.html",
        "ontology": "ns.html", "rules": "shapes.html", "vocabularies": "vocab/index.html",
        "questions": "query/index.html", "search page": f"search?q={label}",
        "matching": "reconcile",
    }  # fmt: skip
    others = {
        "search": f"search.json?q={label}", "search, three letters": "search.json?q=ber",
        "look-up by id": f"wikidata/{item}", "IRI of a thing": f"id/{place}",
        "map to embed": f"embed/en/{place}.html", "calendar of a place": f"en/calendar/{place}.ics",
        "calendar of all": "en/calendar/all.ics",
        "partnerships as CSV": "en/partnership/list/all.csv",
        "catalogue": "catalog.ttl", "VoID": "void.ttl", "sitemaps": "sitemap.xml",
        "sitemap": "sitemap-1.xml", "all links": "linkset.json", "feed": "release/feed/en.atom",
        "feed of a place": f"release/feed/en/{place}.atom", "releases": "release/",
        "history of a place": f"doc/{place}/history.json", "OpenAPI": "openapi.json",
        "SPARQL look-up": f"sparql?query={look_up}", "SPARQL form": "sparql",
        "completions": "sparql/completions.json", "reconciliation": f"reconcile?queries={batch}",
        "reconciliation: suggest": "reconcile/suggest/entity?prefix=ber",
        "reconciliation: preview": f"reconcile/preview?id={place}",
        "health": "health", "numbers": "metrics",
    }  # fmt: skip
    described = {
        "place": place, "partnership": path["partnership"], "source": path["source"],
        "country": path["country"], "concept": "vocab/type/twinning",
    }  # fmt: skip
    found = [Target(name, f"/en/{each}", "text/html") for name, each in pages.items()]
    found += [Target(name, f"/{each}") for name, each in others.items()]
    found += [
        Target(f"{kind} as {suffix}", f"/doc/{each}.{suffix}")
        for kind, each in described.items()
        for suffix in ("ttl", "jsonld")
    ]
    return found


# --- a server ------------------------------------------------------------------------------------


class Served(NamedTuple):
    """A running server: its port, its process, and seconds until it answered."""

    port: int
    pid: int
    page: float  # seconds from its start to the first page
    query: float  # … to the answer to a query
    cpu: float  # CPU seconds of all its processes until then


def ask(port: int, target: Target, timeout: float = _ANSWER) -> Answer:
    """Ask for a route on a connection of its own; status 0 where there was no answer in time."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    begun = time.perf_counter()
    try:
        line.request("GET", target.path, headers={"Accept": target.accept})
        answer = line.getresponse()
        first = time.perf_counter() - begun
        body = answer.read()
        whole = time.perf_counter() - begun
        return Answer(first * 1000, whole * 1000, answer.status, len(body), body)
    except (OSError, http.client.HTTPException):
        spent = (time.perf_counter() - begun) * 1000
        return Answer(spent, spent, 0, 0, b"")
    finally:
        line.close()


@contextlib.contextmanager
def serving(project: Path, build: Path, *options: str) -> Iterator[Served]:
    """Serve a build of a project until the block ends."""
    port = free_port()
    words = twingraph("--project", project, "serve", "--out", build, "--port", str(port),
                      "--log", "none", *options)  # fmt: skip
    begun = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            page = _until(server, port, Target("", "/en/index.html"), begun)
            query = _until(
                server, port, Target("", "/sparql?query=ASK%7B%3Fa%20a%20%3Fb%7D"), begun
            )
            yield Served(port, server.pid, page, query, busy(server.pid))
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()


def _until(server: subprocess.Popen[bytes], port: int, target: Target, begun: float) -> float:
    """Ask until there is an answer with 200; return the seconds since `begun`."""
    while time.perf_counter() - begun < _STARTED:
        if server.poll() is not None:
            assert server.stderr is not None
            raise SystemExit(f"serve ended: {server.stderr.read().decode(errors='replace')}")
        if ask(port, target).status == 200:
            return time.perf_counter() - begun
        time.sleep(0.02)
    raise SystemExit(f"serve gave no {target.path} within {_STARTED} s")


# --- measured ------------------------------------------------------------------------------------


class Visit(NamedTuple):
    """What servers of one build took: seconds and MB are medians of all that were started."""

    page: float
    query: float
    cpu: float
    memory: float  # once all is prepared
    later: float  # once every route and question was asked
    routes: dict[str, Measured]
    library: dict[str, tuple[Measured, int]]  # with the number of rows


def visit(
    project: Path, build: Path, things: Mapping[str, str], starts: int = 3,
    options: Sequence[str] = (),
) -> Visit:  # fmt: skip
    """Start servers one after the other; ask each for every route and every question."""
    base = "https://w3id.org/twingraph/"
    last = 1 + (int(things["partnerships"]) - 1) // _PAGE
    ending = f"partnership/list/all.{last}.html" if last > 1 else "partnership/index.html"
    pages = {"places": "", "partnerships": ending}
    targets = targets_of(things, base)
    taken: dict[str, list[tuple[Answer, float, float]]] = {}
    rows: dict[str, int] = {}
    begun: list[tuple[float, float, float, float, float]] = []
    for _ in range(starts):
        with serving(project, build, *options) as server:
            settle(server.pid, _STARTED)  # what it prepares is not the cost of a route
            held = float(resident(server.pid))
            asked = questions_of(server.port, things)
            number = _last_page(server.port, "/en/place/list/all.html")
            pages["places"] = f".{number}" if number > 1 else ""
            for target in [*targets, *asked]:
                filled = target._replace(path=target.path.format(**pages))
                before = computed(server.pid)
                fresh = ask(server.port, filled)
                work = between(before, computed(server.pid))
                slow = fresh.whole > _SLOW
                again = [ask(server.port, filled).whole for _ in range(1 if slow else _AGAIN)]
                if slow:
                    sys.stderr.write(f"    {target.name}: {fresh.whole / 1000:.0f} s, then "
                                     f"{again[0] / 1000:.0f}, status {fresh.status}\n")  # fmt: skip
                taken.setdefault(target.name, []).append((fresh, statistics.median(again), work))
                if target in asked:
                    rows[target.name] = max(0, fresh.body.count(b"\n") - 1)
            most = float(resident(server.pid))
            begun.append((server.page, server.query, server.cpu, held, most))
    page, query, cpu, memory, later = map(statistics.median, zip(*begun, strict=True))
    measured = {name: _measured(answers) for name, answers in taken.items()}
    library = {name: (measured.pop(name), number) for name, number in rows.items()}
    return Visit(page, query, cpu, memory, later, measured, library)


def _measured(answers: Sequence[tuple[Answer, float, float]]) -> Measured:
    last = answers[-1][0]
    return Measured(
        [answer.whole for answer, _, _ in answers],
        [again for _, again, _ in answers],
        last.status,
        last.size,
        [work for _, _, work in answers],
    )


def _last_page(port: int, path: str) -> int:
    """Return the number of the last page of a list, as its first page links it."""
    text = ask(port, Target("", path, "text/html")).body.decode(errors="replace")
    stem = path.rpartition("/")[2].removesuffix("html")
    parts = text.split(f'href="{stem}')[1:]
    numbers = [int(number) for part in parts if (number := part.split(".html")[0]).isdigit()]
    return max(numbers, default=1)


def questions_of(port: int, things: Mapping[str, str]) -> list[Target]:
    """Return every question of the library about the heaviest things, as CSV where it has rows."""
    from twingraph.settings import bundled
    from twingraph.sparql.library import load_library
    from twingraph.sparql.portable import form_of

    chosen = {
        "place": "place", "one": "place", "other": "second place", "thing": "place",
        "partnership": "partnership", "country": "country",
    }  # fmt: skip
    found = []
    for name, question in load_library(bundled("queries") / "library").items():
        words = []
        for parameter in question.parameters:
            thing = chosen.get(parameter.name, "") if parameter.type == "iri" else ""
            value = things.get(thing) or parameter.example.strip('"')
            words.append(f"{parameter.name}={quote(value, safe='')}")
        suffix = {"SELECT": "csv", "ASK": "json"}.get(form_of(question.text), "ttl")
        path = f"/query/{name}.{suffix}?{'&'.join(words)}"
        found.append(Target(name, path.replace("{", "%7B").replace("}", "%7D")))
    return found


def main() -> None:
    """Print the heaviest things of a dump as JSON."""
    found: Any = find_things(sys.argv[1])
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
