"""What another engine behind the same front takes: loading, starting, every route and question.

    python benchmarks/engines.py PROJECT [--engines own,oxigraph,virtuoso] [--keep FILE]

PROJECT is one that was built (`benchmarks/projects.py` makes such). Each engine is filled as
docs/scaling.md says, in a folder of its own, and `twingraph serve --endpoint` is asked as
`benchmarks/scale.py` asks the store in the process (`own`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bombs import busy, resident
from processes import free_port, run
from routes import visit
from scale import machine

HERE: Final = Path(__file__).parent
PUBLISHED: Final = "https://w3id.org/twingraph/graph/published"
_LIMIT: Final = 1800  # seconds that loading may take
_BUFFERS: Final = 170_000  # of Virtuoso, 8 kB each: what its makers advise for 2 GB
_ENGINES: Final = ("own", "oxigraph", "virtuoso")
Figures = dict[str, Any]


def tell(line: str) -> None:
    """Write a line where the run can be followed."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def _running(words: Sequence[str], folder: Path, url: str) -> Iterator[int]:
    """Run a server in a folder until the block ends; yield its process once it answers at `url`."""
    with (folder / "log.txt").open("wb") as log:
        child = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
        try:
            for _ in range(_LIMIT * 10):
                if child.poll() is not None:
                    raise SystemExit((folder / "log.txt").read_text(errors="replace"))
                with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
                    break
                time.sleep(0.1)
            yield child.pid
        finally:
            child.terminate()
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@contextlib.contextmanager
def own(build: Path, folder: Path) -> Iterator[tuple[str, int, Figures]]:
    """The store in the process: nothing is to be loaded."""
    yield "", 0, {}


@contextlib.contextmanager
def oxigraph(build: Path, folder: Path) -> Iterator[tuple[str, int, Figures]]:
    """Oxigraph's server, on disk."""
    program = str(Path(sys.executable).with_name("oxigraph"))
    load = [program, "load", "--location", str(folder / "db"), "--file"]
    first = run([*load, str(build / "twingraph.nq")], _LIMIT)
    second = run([*load, str(build / "twingraph.nt"), "--graph", PUBLISHED], _LIMIT)
    place = f"127.0.0.1:{free_port()}"
    words = [program, "serve-read-only", "--location", str(folder / "db"), "--bind", place,
             "--timeout-s", "30"]  # fmt: skip
    with _running(words, folder, f"http://{place}/") as pid:
        loaded = {"load": first.wall + second.wall, "load cpu": first.cpu + second.cpu,
                  "load memory": max(first.memory, second.memory)}  # fmt: skip
        yield f"http://{place}/query", pid, loaded


@contextlib.contextmanager
def virtuoso(build: Path, folder: Path) -> Iterator[tuple[str, int, Figures]]:
    """Virtuoso 7, from Debian's packages."""
    program, client = shutil.which("virtuoso-t"), shutil.which("isql-vt")
    if program is None or client is None:
        raise SystemExit("no Virtuoso is here; Debian's package is virtuoso-opensource")
    sql, place = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    text = (HERE.parent / "tests" / "virtuoso.ini").read_text(encoding="utf-8")
    text = text.format(sql=sql, http=place, dumps=build.resolve())
    text = text.replace("NumberOfBuffers = 10000", f"NumberOfBuffers = {_BUFFERS}")
    text = text.replace("MaxDirtyBuffers = 6000", f"MaxDirtyBuffers = {_BUFFERS * 3 // 4}")
    (folder / "virtuoso.ini").write_text(text, encoding="utf-8")
    words = [program, "+foreground", "+configfile", "virtuoso.ini"]
    with _running(words, folder, f"http://{place}/sparql") as pid:
        load = (
            f"ld_dir('{build.resolve()}', 'twingraph.nq', '{PUBLISHED}'); rdf_loader_run(); "
            "checkpoint; SELECT ll_error FROM DB.DBA.load_list;"
        )
        begun, before = time.perf_counter(), busy(pid)
        done = subprocess.run([client, sql, "dba", "dba", f"exec={load}"], check=True,
                              capture_output=True, text=True, timeout=_LIMIT)  # fmt: skip
        if "NULL" not in done.stdout:
            raise SystemExit(done.stdout + done.stderr)
        loaded = {"load": time.perf_counter() - begun, "load cpu": busy(pid) - before,
                  "load memory": float(resident(pid))}  # fmt: skip
        yield f"http://{place}/sparql", pid, loaded


def measure(engine: str, project: Path, things: Mapping[str, str], starts: int) -> Figures:
    """Fill an engine and ask all; return the figures."""
    fill = {"own": own, "oxigraph": oxigraph, "virtuoso": virtuoso}[engine]
    build = project / "build"
    with tempfile.TemporaryDirectory() as place, fill(build, Path(place)) as (url, pid, loaded):
        tell(f"{engine}: {loaded}")
        options = ("--endpoint", url) if url else ()
        size = sum(path.stat().st_size for path in Path(place).rglob("*") if path.is_file())
        found = visit(project, build, things, starts, options)
        return loaded | {
            "disk": size / 1e6, "engine memory": float(resident(pid)) if pid else 0.0,
            "page": found.page, "query": found.query, "cpu": found.cpu, "memory": found.memory,
            "routes": {name: list(each) for name, each in found.routes.items()},
            "library": {name: [*each, rows] for name, (each, rows) in found.library.items()},
        }  # fmt: skip


def table(known: Mapping[str, Figures]) -> str:
    """Return the figures as Markdown: a column an engine."""
    lines = [f"| | {' | '.join(known)} |", f"|---|{'--:|' * len(known)}"]
    names = {
        "load": "load, s by the clock", "load cpu": "load, CPU s", "load memory": "memory, MB",
        "disk": "on disk, MB", "engine memory": "engine's memory after all, MB",
        "page": "serve: start to first page, s", "query": "start to first query, s",
        "memory": "serve's memory, MB",
    }  # fmt: skip
    for name, words in names.items():
        cells = [f"{each[name]:.3g}" if each.get(name) else "" for each in known.values()]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    for part, title in (("routes", "route"), ("library", "question of the library")):
        lines += ["", f"| {title}, ms (status, if not 200) | {' | '.join(known)} |",
                  f"|---|{'--:|' * len(known)}"]  # fmt: skip
        first = next(iter(known.values()))[part]
        order = sorted(
            first, key=lambda name: -max(each[part][name][0][0] for each in known.values())
        )
        for name in order:
            cells = [_cell(each[part][name]) for each in known.values()]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        if part == "library":
            unlike = [name for name in first
                      if len({each[part][name][5] for each in known.values()}) > 1]  # fmt: skip
            lines += ["", f"Other numbers of rows: {', '.join(unlike) or 'none'}."]
    return "\n".join(lines) + "\n"


def _cell(found: Sequence[Any]) -> str:
    status = "" if found[2] in (200, 303) else f" ({found[2] or 'no answer'})"
    return f"{statistics.median(found[0]):,.3g}{status}"


def main() -> None:
    """Measure the engines and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--engines", default=",".join(_ENGINES))
    parser.add_argument("--starts", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a JSON file of figures, to go on with")
    asked = parser.parse_args()
    known: dict[str, Figures] = {}
    if asked.keep is not None and asked.keep.exists():
        known = json.loads(asked.keep.read_text(encoding="utf-8"))
    dump = asked.project / "build" / "twingraph.nq"
    things = json.loads(run([sys.executable, str(HERE / "routes.py"), str(dump)], _LIMIT).out)
    for engine in asked.engines.split(","):
        if engine not in known:
            known[engine] = measure(engine, asked.project, things, asked.starts)
            if asked.keep is not None:
                asked.keep.write_text(json.dumps(known), encoding="utf-8")
    sys.stdout.write(machine() + "\n" + table(known))


if __name__ == "__main__":
    main()
