"""How many queries a second, all protections on, beside engines that do without some or all.

Beside `twingraph serve` stand `oxigraph serve-read-only`, rdflib-endpoint, and the same engine as
ours in threads behind a few lines of ASGI, without any limit. Each gets the same graph and the same
requests from wrk: look-ups that all differ, a mix of forty queries over and over (`mix/`), results
of 10,000 rows. Before anything is measured, all must give the same rows. An answer without status
2xx (while warming up; later, one of an error) or a broken connection ends the run.

Servers take turns, so that what else the machine does hits all; figures are medians of the rounds.
One that takes longer than a round to answer all of the mix, or twice each who asks for 10,000 rows,
has rounds as long as that, up to two minutes.

    python benchmarks/throughput.py [--graph FILE.nq|.ttl] [--rdflib-endpoint PYTHON] [--write]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, quote

from bombs import busy, resident
from page import write_part
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    QueryResultsFormat,
    QueryTriples,
    RdfFormat,
    Store,
    parse,
    serialize,
)

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
MIX: Final = HERE / "mix"
_TYPE: Final = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_LABEL: Final = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_NUMBERS: Final = "http://www.w3.org/2001/XMLSchema#integer"
_ACCEPT: Final = "application/sparql-results+json, application/n-triples"
_LOOKED_UP: Final = 20_000  # subjects
_MIXED: Final = 20  # subjects that the mix names
_ROWS: Final = 10_000
_WARM: Final = 2  # seconds
_LOADED: Final = 900  # seconds until a graph is loaded
_SETTLED: Final = 300  # seconds until a server has done what nobody waits for any more
_LONGEST: Final = 120  # seconds of a round

TWINGRAPH: Final = """
import sys
from pathlib import Path
from twingraph.serve.server import run
from twingraph.settings import Settings
run(Settings(Path(".")), Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), log=sys.stdout,
    processes=int(sys.argv[3]))
"""
UNPROTECTED: Final = """
import sys
from pathlib import Path
from throughput import serve_unprotected
serve_unprotected(Path(sys.argv[1]), int(sys.argv[2]))
"""


class Server(NamedTuple):
    """A server that runs."""

    name: str
    port: int
    path: str  # of its endpoint
    pid: int


class Load(NamedTuple):
    """What is asked of every server."""

    name: str
    queries: list[str]
    numbered: bool  # does each get a number of its own, in a comment?
    connections: int


class Round(NamedTuple):
    """What wrk told."""

    rate: float  # requests a second
    p50: float  # milliseconds
    p99: float


# --- the servers ---------------------------------------------------------------------------------


def serve_unprotected(graph: Path, port: int) -> None:
    """Serve a graph without any limit: the engine in threads, behind as little as it takes."""
    import uvicorn

    store = Store()
    store.load(path=str(graph), format=RdfFormat.N_QUADS)

    def answer(search: bytes) -> tuple[bytes, bytes]:
        (query,) = parse_qs(search.decode())["query"]
        found = store.query(query)
        if isinstance(found, QueryTriples):
            return b"application/n-triples", found.serialize(format=RdfFormat.N_TRIPLES) or b""
        body = found.serialize(format=QueryResultsFormat.JSON) or b""
        return b"application/sparql-results+json", body

    async def app(scope: Mapping[str, Any], _: object, send: Any) -> None:
        if scope["type"] != "http":
            return
        media_type, body = await asyncio.to_thread(answer, scope["query_string"])
        heads = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": heads})
        await send({"type": "http.response.body", "body": body})

    uvicorn.run(app, host="127.0.0.1", port=port, loop="uvloop", http="httptools",
                log_level="critical", access_log=False)  # fmt: skip


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serving(name: str, path: str, port: int, command: list[str], log: Path) -> Iterator[Server]:
    """Run a server until the end of the block; it answers when the block begins."""
    with log.open("wb") as lines:
        child = subprocess.Popen(command, cwd=HERE, stdout=lines, stderr=lines)
    server = Server(name, port, path, child.pid)
    try:
        began = time.perf_counter()
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if ask(server, "ASK {}")[0] == 200:
                    break
            if child.poll() is not None or time.perf_counter() - began > _LOADED:
                raise SystemExit(
                    f"{name} does not answer: {log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.2)
        yield server
    finally:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextlib.contextmanager
def all_serving(folder: Path, build: Path, rdflib: str | None) -> Iterator[list[Server]]:
    """Run every server on the graph of a build."""
    graph = build / "twingraph.nq"
    oxigraph = str(Path(sys.executable).parent / "oxigraph")
    where = str(folder / "oxigraph")
    for words in (["load", "--location", where, "--file", str(graph)],
                  ["optimize", "--location", where]):  # fmt: skip
        subprocess.run([oxigraph, *words], check=True, capture_output=True)
    ports = [free_port() for _ in range(5)]
    ours = [sys.executable, "-c", TWINGRAPH, str(build)]
    kinds: dict[str, tuple[int, str, list[str]]] = {
        f"twingraph serve, {processes}": (
            ports[number], "/sparql", [*ours, str(ports[number]), processes.partition(" ")[0]],
        )
        for number, processes in enumerate(("1 process", "2 processes"))
    }  # fmt: skip
    kinds["oxigraph serve-read-only"] = (
        ports[2], "/query",
        [oxigraph, "serve-read-only", "--location", where, "--bind", f"127.0.0.1:{ports[2]}"],
    )  # fmt: skip
    kinds["pyoxigraph in threads, no limits"] = (
        ports[3], "/", [sys.executable, "-c", UNPROTECTED, str(graph), str(ports[3])],
    )  # fmt: skip
    if rdflib is not None:
        triples = folder / "default.nt"  # its default graph is the union of all, ours is not
        triples.write_bytes(default_graph(graph))
        words = ["-m", "rdflib_endpoint", "serve", "--host", "127.0.0.1", "--port", str(ports[4])]
        kinds["rdflib-endpoint"] = (ports[4], "/", [rdflib, *words, str(triples)])
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(serving(name, path, port, command, folder / f"log-{port}.txt"))
            for name, (port, path, command) in kinds.items()
        ]


def settle(server: Server) -> None:
    """Wait until a server has ended what it was asked by clients that are gone."""
    began = time.perf_counter()
    while time.perf_counter() - began < _SETTLED:
        before = busy(server.pid)
        time.sleep(0.3)
        if busy(server.pid) - before < 0.03:
            return
    raise SystemExit(f"{server.name} is busy {_SETTLED} s after the last request")


# --- the graph and what is asked -----------------------------------------------------------------


def default_graph(graph: Path) -> bytes:
    """Return the triples of the default graph of an N-Quads file."""
    quads = parse(path=str(graph), format=RdfFormat.N_QUADS)
    ours = (one.triple for one in quads if one.graph_name == DefaultGraph())
    return serialize(ours, format=RdfFormat.N_TRIPLES) or b""


def loads_of(graph: Path) -> tuple[int, list[Load]]:
    """Return the number of triples in the default graph, and what is to be asked of it."""
    labelled: Counter[str] = Counter()
    classes: dict[str, list[str]] = {}
    number = 0
    for one in parse(path=str(graph), format=RdfFormat.N_QUADS):
        if one.graph_name != DefaultGraph():
            continue
        number += 1
        subject = str(one.subject)
        of = classes.setdefault(subject, [])
        if one.predicate == _TYPE:
            of.append(str(one.object))
        elif one.predicate == _LABEL and isinstance(one.object, Literal):
            labelled[subject] += one.object.language == "de"
    sizes = Counter(name for subject, of in classes.items() if labelled[subject] for name in of)
    largest = sorted(sizes, key=lambda name: (-sizes[name], name))
    subjects = sorted(one for one in classes if one.startswith("<"))
    step = max(1, len(subjects) // _LOOKED_UP)
    things = subjects[::step][:_LOOKED_UP]
    names = {f"<urn:class:{at}>": name for at, name in enumerate(largest[:2], 1)}
    for at in range(_MIXED):
        names[f"<urn:subject:{at + 1}>"] = subjects[at * len(subjects) // _MIXED]
    mix = [path.read_text(encoding="utf-8") for path in sorted(MIX.glob("*.rq"))]
    for old, new in names.items():
        mix = [text.replace(old, new) for text in mix]
    look_ups = [f"SELECT ?p ?o WHERE {{ {one} ?p ?o }} #" for one in things]
    rows = f"SELECT * {{ ?s ?p ?o }} LIMIT {_ROWS} #"
    return number, [
        Load("look-ups, all distinct", look_ups, True, 8),
        Load(f"a mix of {len(mix)}, repeated", mix, False, 8),
        Load(f"results of {min(_ROWS, number):,} rows", [rows], True, 4),
    ]


def ask(server: Server, query: str) -> tuple[int, bytes]:
    """Return status and body of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_LONGEST)
    try:
        target = f"{server.path}?query={quote(query, safe='')}"
        connection.request("GET", target, headers={"accept": _ACCEPT})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def rows_of(server: Server, query: str) -> list[str]:
    """Return the rows or triples of a query in one order and in one way of writing them.

    Of numbers and dates only the type counts: rdflib writes them anew, `Z` as `+00:00`.
    """
    status, body = ask(server, query)
    if status != 200:
        raise SystemExit(f"{server.name}: status {status}: {body[:500]!r}\n{query}")
    if not body.startswith(b"{"):
        triples = parse(body, format=RdfFormat.N_TRIPLES)
        return sorted(" ".join((str(one.subject), str(one.predicate), _object(one.object)))
                      for one in triples)  # fmt: skip
    found = json.loads(body)
    if "boolean" in found:
        return [str(found["boolean"])]
    return sorted(
        json.dumps({name: _plain(term) for name, term in row.items()}, sort_keys=True)
        for row in found["results"]["bindings"]
    )


def _object(term: object) -> str:
    if isinstance(term, Literal) and not term.language:
        return _typed(term.value, term.datatype.value)
    return str(term)


def _plain(term: Mapping[str, str]) -> str:
    if term["type"] == "uri":
        return f"<{term['value']}>"
    if "xml:lang" in term:
        return f"{term['value']}@{term['xml:lang'].lower()}"
    return _typed(term["value"], term.get("datatype", ""))


def _typed(value: str, datatype: str) -> str:
    if datatype.rpartition("#")[2] in ("", "string"):
        return json.dumps(value)
    return value if datatype == _NUMBERS else f"a {datatype}"


def compare(servers: list[Server], loads: list[Load]) -> dict[str, dict[str, float]]:
    """Hold every server to the first; return, by load and server, what a round has to last.

    That is as long as it takes to answer all of the mix, or two large results to each connection.
    """
    look_ups, mix, large = loads
    sample = look_ups.queries[:: max(1, len(look_ups.queries) // 20)]
    least: dict[str, dict[str, float]] = {load.name: {} for load in loads}
    wanted: dict[str, list[str]] = {}
    for server in servers:
        began = time.perf_counter()
        got = {query: rows_of(server, query) for query in mix.queries}
        least[mix.name][server.name] = time.perf_counter() - began
        got |= {query: rows_of(server, query) for query in sample}
        began = time.perf_counter()
        number = len(rows_of(server, large.queries[0]))  # which rows, each may choose
        least[large.name][server.name] = 2 * large.connections * (time.perf_counter() - began)
        got["rows"] = [str(number)]
        wanted = wanted or got
        for query, rows in got.items():
            if rows != wanted[query]:
                odd = sorted(set(rows) ^ set(wanted[query]))[:5]
                raise SystemExit(
                    f"{server.name} has {len(rows)} rows where {servers[0].name} has "
                    f"{len(wanted[query])}: {odd}\n{query}"
                )
    empty = sum(not wanted[query] for query in mix.queries)
    if empty > len(mix.queries) // 4:
        raise SystemExit(f"{empty} queries of the mix find nothing in this graph")
    return least


# --- measuring -----------------------------------------------------------------------------------


class Wrk:
    """Asks servers, and remembers how far each has come, so that nothing is asked twice."""

    def __init__(self, folder: Path) -> None:
        """Write what is to be asked into that folder."""
        self._folder = folder
        self._asked: Counter[tuple[str, str]] = Counter()

    def run(self, server: Server, load: Load, seconds: int, *, checked: bool = False) -> Round:
        """Ask for so many seconds; raise `SystemExit` where anything goes wrong.

        With `checked` every status is looked at, not only whether it is one of an error.
        """
        paths = self._folder / f"paths-{server.port}.txt"
        lines = (f"{server.path}?query={quote(query, safe='')}\n" for query in load.queries)
        paths.write_text("".join(lines), encoding="ascii")
        key = (server.name, load.name)
        command = [
            "wrk", "--threads", "1", "--connections", str(load.connections),
            "--duration", f"{seconds}s", "--timeout", f"{2 * _LONGEST}s",
            "--header", f"Accept: {_ACCEPT}", "--script", str(HERE / "throughput.lua"),
            f"http://127.0.0.1:{server.port}", "--",
            str(paths), str(self._asked[key]), "numbered" if load.numbered else "plain",
            "checked" if checked else "counted",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        try:
            told = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            raise SystemExit(f"wrk: {done.stdout}{done.stderr}") from None
        wrong = {one: told[one] for one in ("status", "connect", "read", "write", "timeout")}
        if any(wrong.values()):
            raise SystemExit(f"{server.name}, {load.name}: requests failed: {wrong}")
        self._asked[key] += told["requests"] + (load.connections if load.numbered else 0)
        settle(server)
        if not told["requests"]:
            if seconds >= _LONGEST:
                raise SystemExit(f"{server.name}, {load.name}: no answer in {seconds} s")
            return self.run(server, load, min(_LONGEST, 2 * seconds), checked=checked)
        rate = told["requests"] / told["microseconds"] * 1e6
        return Round(rate, told["p50"] / 1000, told["p99"] / 1000)


def measure(
    wrk: Wrk, servers: list[Server], load: Load, rounds: int, seconds: Mapping[str, int]
) -> dict[str, Round]:
    """Return the medians of each server; `seconds` are those of its rounds."""
    taken: dict[str, list[Round]] = {server.name: [] for server in servers}
    for server in servers:
        wrk.run(server, load, min(_WARM, seconds[server.name]), checked=True)
    for _ in range(rounds):
        for server in servers:
            taken[server.name].append(wrk.run(server, load, seconds[server.name]))
    return {
        name: Round(*(statistics.median(each) for each in zip(*found, strict=True)))
        for name, found in taken.items()
    }


def tables(graph: Path, build: Path, asked: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the result for one graph."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = folder / "build"
        shutil.copytree(build, copy)
        if graph.suffix == ".ttl":
            with (copy / "twingraph.nq").open("wb") as out:
                serialize(parse(path=str(graph)), out, format=RdfFormat.N_QUADS)
        elif graph != build / "twingraph.nq":
            shutil.copyfile(graph, copy / "twingraph.nq")
        number, loads = loads_of(copy / "twingraph.nq")
        with all_serving(folder, copy, asked.rdflib_endpoint) as servers:
            least = compare(servers, loads)
            for server in servers:
                settle(server)
            wrk = Wrk(folder)
            found = {}
            for load in loads:
                enough = least[load.name]
                seconds = {
                    one.name: min(_LONGEST, max(asked.seconds, 1 + int(enough.get(one.name, 0))))
                    for one in servers
                }
                found[load.name] = measure(wrk, servers, load, asked.rounds, seconds)
            memory = {server.name: resident(server.pid) for server in servers}
    yield f"{number:,} triples:"
    yield ""
    yield "| asked | server | requests/s | of oxigraph's | p50 ms | p99 ms |"
    yield "|---|---|--:|--:|--:|--:|"
    for name, of in found.items():
        beside = of["oxigraph serve-read-only"].rate
        for server_name, one in of.items():
            figures = f"{one.p50:,.1f} | {one.p99:,.1f}"
            yield (
                f"| {name} | {server_name} | {number_of(one.rate)} "
                f"| {number_of(one.rate / beside)} | {figures} |"
            )
    yield ""
    yield "| server | MB afterwards |"
    yield "|---|--:|"
    yield from (f"| {name} | {megabytes:,} |" for name, megabytes in memory.items())


def number_of(figure: float) -> str:
    """Return a figure with as many digits as mean something.

    >>> number_of(12345.6), number_of(3.456), number_of(0.0123)
    ('12,346', '3.46', '0.012')
    """
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.2f}" if figure >= 0.1 else f"{figure:.2g}"


def machine(rdflib: str | None) -> str:
    """Say on what it was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    versions = [f"Python {platform.python_version()}"]
    versions += [f"{name} {version(name)}" for name in ("oxigraph", "pyoxigraph", "uvicorn")]
    if rdflib is not None:
        code = (
            "from importlib.metadata import version as v; print(v('rdflib-endpoint'), v('rdflib'))"
        )
        done = subprocess.run([rdflib, "-c", code], check=True, capture_output=True, text=True)
        endpoint, library = done.stdout.split()
        versions.append(f"rdflib-endpoint {endpoint} on rdflib {library}")
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}, shared by the "
        f"server and wrk; {', '.join(versions)}.\n"
    )


def main() -> None:
    """Measure and print Markdown tables; with --write, keep them in docs/benchmarks.md."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--build", type=Path, default=ROOT / "build", help="a finished build")
    arguments.add_argument("--graph", type=Path, help="another graph, N-Quads or Turtle: measured "
                           "after that of the build")  # fmt: skip
    arguments.add_argument("--rdflib-endpoint", metavar="PYTHON",
                           help="an interpreter that has rdflib-endpoint")  # fmt: skip
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=5, help="of a round")
    arguments.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    asked = arguments.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not here; on Debian: apt-get install wrk")
    build = asked.build.resolve()
    if not (build / "twingraph.nq").exists():
        raise SystemExit(f"{asked.build} is no build; run 'twingraph build' first")
    head = [machine(asked.rdflib_endpoint)]
    head.append(f"Rounds: {asked.rounds} of {asked.seconds} s.")
    if asked.rdflib_endpoint is None:
        head.append("rdflib-endpoint was left out: --rdflib-endpoint named no interpreter.")
    graphs = {"throughput": build / "twingraph.nq", "throughput of a graph": asked.graph}
    for part, graph in graphs.items():
        if graph is None:
            continue  # what stands on the page of another one stays there
        text = "\n".join([*head, "", *tables(graph.resolve(), build, asked)]) + "\n"
        sys.stdout.write(text + "\n")
        if asked.write:
            write_part(part, text)


if __name__ == "__main__":
    main()
