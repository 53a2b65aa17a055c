"""How time, memory and pages grow with the number of partnerships; tables in docs/benchmarks.md.

    python benchmarks/scale.py [--world FOLDER] [--sizes 100,1000,5000,17401] [--lists 1,2]
                               [--times 10] [--keep FILE] [--write]

Projects of the first partnerships of a large list are made in a temporary folder (`projects.py`).
Each step is a process of its own, and its seconds are CPU seconds of it and all that it starts,
with those by the clock beside them where both cores may take part; memory is the most that all its
processes hold at a time. Beside it stands the engine alone, which parses, loads and dumps the same
quads on one core. `routes.py` asks a running server.

FOLDER is an import of a large list, or the folder of a snapshot's tables. `--times 10` makes up as
many more worlds and measures the largest of them in place of the sizes. `--keep FILE` holds the
figures as JSON: what stands there is not measured again.
"""

from __future__ import annotations

import argparse
import compileall
import json
import math
import os
import platform
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from before import before_and_after
from bombs import resident
from page import write_part
from processes import Cost, run, twingraph
from projects import World, change_curated, drop_rows, make_project, multiplied, read_world
from routes import visit

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parent
_LIMIT: Final = 3600  # seconds that a step may take
_FLAGGED: Final = 1.1  # exponents above it are told where the answer does not grow
_SHORT: Final = 5.0  # milliseconds below which a figure is noise
_APART: Final = 1.5  # times as many quads, so that a growth can be told
STAGES: Final = ("reading", "deriving", "checking", "writing")
PARTS: Final = ("check", "serve", "release", "changes")
Figures = dict[str, Any]


def tell(line: str) -> None:
    """Write a line where the run can be followed."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


# --- steps that are processes of their own -------------------------------------------------------


def _spent() -> float:
    """Return the CPU seconds so far of this process and of the children it waited for."""
    found = [resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in found)


def step_build(project: str, out: str) -> Figures:
    """Build a project; return its size and the seconds of each stage, by the clock."""
    from twingraph.build import build
    from twingraph.settings import load_settings

    stages: dict[str, float] = {}
    begun = time.perf_counter()
    current = ("start", begun)

    def note(doing: str, share: float = 0.0) -> None:
        nonlocal current
        now = time.perf_counter()
        stages[current[0]] = stages.get(current[0], 0.0) + now - current[1]
        current = (doing.split()[0], now)

    done = build(load_settings(Path(project)), Path(out), note)
    note("end")
    assert done.folder is not None, [str(problem) for problem in done.problems[:5]]
    return {"quads": done.quads, "problems": len(done.problems), "stages": stages}


def step_engine(dump: str) -> Figures:
    """Let the engine alone parse, load and dump the quads; CPU seconds, MB of the loaded store."""
    from pyoxigraph import RdfFormat, Store

    begun, before = _spent(), resident(os.getpid())
    store = Store()
    store.bulk_load(path=dump, format=RdfFormat.N_QUADS)
    memory = resident(os.getpid()) - before
    with tempfile.TemporaryFile() as out:
        store.dump(out, format=RdfFormat.N_QUADS)
    return {"seconds": _spent() - begun, "memory": memory}


def _step(name: str, *words: str | Path) -> tuple[Cost, Figures]:
    command = [sys.executable, str(HERE / "scale.py"), "--step", name, *map(str, words)]
    cost = run(command, _LIMIT)
    found: Figures = json.loads(cost.out.splitlines()[-1])
    return cost, found


# --- one size ------------------------------------------------------------------------------------


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.resolve().rglob("*") if path.is_file())


def _costs(cost: Cost) -> Figures:
    return {"cpu": cost.cpu, "wall": cost.wall, "memory": cost.memory}


def measure(
    folder: Path, world: World, size: int, lists: int, starts: int, parts: Sequence[str] = PARTS
) -> Figures:
    """Measure steps on a project of one size, made in `folder`: the build, and those of `parts`."""
    project = folder / "project"
    build = project / "build"
    make_project(project, world, size, lists)
    figures: Figures = {}

    def command(name: str, *words: str | Path, codes: Sequence[int] = (0,)) -> None:
        tell(f"  {name}")
        cost = run(twingraph("--project", project, *words), _LIMIT, codes)
        figures[name] = _costs(cost)
        tell(f"  {name}: {cost.cpu:.1f} s, {cost.memory:.0f} MB")

    if "check" in parts:
        command("check", "check")
    cost, figures["built"] = _step("build", project, build)
    figures["build"] = _costs(cost)
    tell(f"  build: {cost.cpu:.1f} s, {cost.memory:.0f} MB")
    figures["bytes"] = _bytes_below(build)
    figures["engine"] = _step("engine", build / "twingraph.nq")[1]
    if "serve" in parts:
        tell("  serve")
        found = run([sys.executable, str(HERE / "routes.py"), str(build / "twingraph.nq")], _LIMIT)
        visited = visit(project, build, json.loads(found.out), starts)
        figures["serve"] = {
            name: getattr(visited, name) for name in ("page", "query", "cpu", "memory", "later")
        }
        figures["routes"] = {name: list(each) for name, each in visited.routes.items()}
        figures["library"] = {name: [*each, rows] for name, (each, rows) in visited.library.items()}
    if "release" in parts:
        command("release", "release")
        figures["released"] = _bytes_below(project / "releases")
    if "changes" in parts:
        drop_rows(project, 0)
        command("row", "build")
        change_curated(project)
        command("curated", "build")
        figures["equal"] = _is_equal(project, folder / "anew")
        figures["dropped"] = drop_rows(project, 100)
        command("rows", "build")
        if "release" in parts:
            command("diff", "diff", "latest", build, codes=(1,))
    return figures


def _is_equal(project: Path, anew: Path) -> bool:
    """Has a build from nothing the same bytes?"""
    for name in ("data", "twingraph.toml"):
        copy = shutil.copytree if (project / name).is_dir() else shutil.copy
        anew.mkdir(exist_ok=True)
        copy(project / name, anew / name)
    run(twingraph("--project", anew, "build"), _LIMIT)
    first, second = ((each / "build" / "SHA256SUMS").read_bytes() for each in (project, anew))
    return first == second


# --- tables --------------------------------------------------------------------------------------


def exponent(costs: Sequence[float], sizes: Sequence[float]) -> float | None:
    """Return the exponent with which a cost grew from the last size but one to the last.

    None where it can't be told: from one size, or from two that are nearly the same.

    >>> exponent([1, 10, 100], [10, 100, 1000]), exponent([5], [10]), exponent([1, 2], [10, 11])
    (1.0, None, None)
    """
    if len(costs) < 2 or min(costs[-2:]) <= 0 or sizes[-1] < _APART * sizes[-2]:
        return None
    return round(math.log(costs[-1] / costs[-2]) / math.log(sizes[-1] / sizes[-2]), 2)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Tables:
    """The Markdown of a number of lists: a column a size, and how figures grew with the quads."""

    def __init__(self, sizes: Sequence[int], figures: Sequence[Figures]) -> None:
        """Take the figures of each size, smallest first."""
        self.sizes = sizes
        self.figures = figures
        self.quads = [each["built"]["quads"] for each in figures]
        self.lines: list[str] = []
        self.steep: list[str] = []
        self.growing: list[str] = []

    def head(self, title: str, more: Sequence[str] = ()) -> None:
        """Begin a table."""
        columns = [title, *(f"{size:,}" for size in self.sizes), "growth", *more]
        self.lines += ["", f"| {' | '.join(columns)} |", f"|---|{'--:|' * (len(columns) - 1)}"]

    def row(
        self, name: str, values: Sequence[float], answers: Sequence[float] = (),
        more: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Add a row; `answers` are the sizes of the answers, without them nothing is an answer."""
        grown = exponent(values, self.quads)
        shown = [_shown(value) for value in values]
        self.lines.append(
            f"| {' | '.join([name, *shown, '' if grown is None else f'{grown:.2f}', *more])} |"
        )
        if grown is None or (answers and values[-1] < _SHORT):
            return
        answer = exponent(answers, self.quads) or 0.0 if answers else 0.0
        if grown > _FLAGGED and answer < _FLAGGED:
            self.steep.append(f"{name} ({grown:.2f})")
        elif answers and grown > 0.5 and answer < 0.1:
            self.growing.append(f"{name} ({grown:.2f})")

    def figure(self, name: str, take: Callable[[Figures], float], quiet: bool = False) -> None:
        """Add a row of one figure, if it was measured; a `quiet` one may grow as it likes."""
        try:
            values = [take(each) for each in self.figures]
        except KeyError:
            return
        self.row(name, values, [1e9, 1e18] if quiet else ())

    def whole(self, lists: int) -> str:
        """Return everything that was measured."""
        self._commands(lists)
        if "routes" in self.figures[-1]:
            self._answers("route", "routes", 3)
            self._answers("question of the library", "library", 5)
        if len(self.sizes) > 1:
            self.lines += ["", _list("Exponents above 1.1 where the answer does not grow as fast",
                                     self.steep)]  # fmt: skip
            self.lines += [_list("What grows though its answer does not", self.growing)]
        return "\n".join(self.lines).strip() + "\n"

    def _commands(self, lists: int) -> None:
        self.head(f"{lists} list{'s' * (lists > 1)}")
        self.figure("quads", lambda each: each["built"]["quads"])
        self.figure("problems", lambda each: each["built"]["problems"], quiet=True)
        for name, words in (("check", "check"), ("build", "build")):
            self._costs(name, words)
        for stage in STAGES:
            self.figure(
                f"of it {stage}, s by the clock",
                lambda each, stage=stage: each["built"]["stages"].get(stage, 0.0),  # type: ignore[misc]
                quiet=True,
            )
        self.figure("engine: parse, load, dump, CPU s", lambda each: each["engine"]["seconds"])
        self.figure("engine's memory, MB", lambda each: each["engine"]["memory"])
        self.figure(
            "build / engine, CPU", lambda each: each["build"]["cpu"] / each["engine"]["seconds"]
        )
        self.figure("build / engine, memory",
                    lambda each: each["build"]["memory"] / each["engine"]["memory"])  # fmt: skip
        self._costs("row", "build after one row is gone")
        self._costs("curated", "build after one curated source changed")
        self._costs("rows", "build after 1 % of the rows are gone")
        self._costs("release", "release")
        self._costs("diff", "diff of 1 %")
        self.figure("files of a build, MB", lambda each: each["bytes"] / 1e6)
        self.figure("files of a release, MB", lambda each: each["released"] / 1e6)
        self.figure("serve: start to first page, s", lambda each: each["serve"]["page"])
        self.figure("serve: start to first query, s", lambda each: each["serve"]["query"])
        self.figure("serve: CPU s until then", lambda each: each["serve"]["cpu"])
        self.figure("serve: memory once all is prepared, MB", lambda each: each["serve"]["memory"])
        self.figure("serve: memory after all routes, MB", lambda each: each["serve"]["later"])
        if "equal" not in self.figures[-1]:
            return
        equal = all(each["equal"] for each in self.figures)
        self.lines += [
            "",
            "Builds after a change have the same bytes as builds from nothing."
            if equal
            else "**Builds after a change differ from builds from nothing.**",
        ]

    def _costs(self, name: str, words: str) -> None:
        self.figure(f"{words}, CPU s", lambda each: each[name]["cpu"])
        self.figure(f"{words}, s by the clock", lambda each: each[name]["wall"], quiet=True)
        self.figure(f"{words}, MB", lambda each: each[name]["memory"])

    def _answers(self, title: str, part: str, size: int) -> None:
        """Add a table of answers; `size` is where in a figure the size of the answer stands."""
        last = self.figures[-1][part]
        unit = "rows" if part == "library" else "kB"
        self.head(f"{title}, CPU ms", ["ms by the clock", "again", unit, "status"])
        names = sorted(last, key=lambda name: -statistics.median(last[name][4]))
        for name in names:
            found = [each[part][name] for each in self.figures if name in each[part]]
            answer = last[name][size]
            shown = f"{answer:,}" if part == "library" else f"{answer / 1000:,.1f}"
            clock, again = (_shown(statistics.median(last[name][index])) for index in (0, 1))
            self.row(name, [statistics.median(each[4]) for each in found],
                     [max(1, each[size]) for each in found],
                     [clock, again, shown, str(last[name][2])])  # fmt: skip


def _list(title: str, names: Sequence[str]) -> str:
    return f"{title}: {', '.join(names) or 'none'}."


def machine() -> str:
    """Say on what was measured, and how busy it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    load = os.getloadavg()[1]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()}, load {load:.1f}; "
        f"Python {platform.python_version()}, pyoxigraph {version('pyoxigraph')}.\n"
    )


# --- the whole -----------------------------------------------------------------------------------


def measure_all(
    world: World,
    sizes: Sequence[int],
    lists: Sequence[int],
    starts: int,
    keep: Path | None,
    parts: Sequence[str] = PARTS,
) -> dict[str, Figures]:
    """Return the figures of each size and number of lists; what `keep` has is not done again."""
    known: dict[str, Figures] = {}
    if keep is not None and keep.exists():
        known = json.loads(keep.read_text(encoding="utf-8"))
    for number in lists:
        for size in sizes:
            key = f"{number} {size}"
            if key in known:
                continue
            tell(f"{size:,} partnerships, {number} list{'s' * (number > 1)}")
            with tempfile.TemporaryDirectory() as place:
                known[key] = measure(Path(place), world, size, number, starts, parts)
            if keep is not None:
                keep.write_text(json.dumps(known), encoding="utf-8")
    return known


def text_of(known: Mapping[str, Figures], sizes: Sequence[int], lists: Sequence[int]) -> str:
    """Return all tables."""
    parts = []
    for number in lists:
        done = [size for size in sizes if f"{number} {size}" in known]
        if done:
            parts.append(Tables(done, [known[f"{number} {size}"] for size in done]).whole(number))
    return "\n".join([machine(), *parts, before_and_after(known)]).rstrip() + "\n"


def main() -> None:
    """Measure every size and print the tables; with --write, keep them in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--world", type=Path, default=ROOT / "data/imports/wikidata-2016")
    parser.add_argument("--sizes", default="100,1000,5000,17401")
    parser.add_argument("--lists", default="1,2")
    parser.add_argument("--times", type=int, default=1, help="so many worlds, all but one made up")
    parser.add_argument("--starts", type=int, default=3, help="servers started for each size")
    parser.add_argument("--parts", default=",".join(PARTS), help="beside the build and the engine")
    parser.add_argument("--keep", type=Path, help="a JSON file of figures, to go on with")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--step", nargs="+", default=[], help=argparse.SUPPRESS)
    if (asked := parser.parse_args()).step:
        steps: dict[str, Callable[..., Figures]] = {"build": step_build, "engine": step_engine}
        sys.stdout.write(json.dumps(steps[asked.step[0]](*asked.step[1:])) + "\n")
        return
    # as pip leaves an installed program, also where no interpreter may write what it compiles
    compileall.compile_dir(ROOT / "src", quiet=1)
    world = read_world(asked.world)
    sizes = [min(int(size), len(world.pairs)) for size in asked.sizes.split(",")]
    if asked.times > 1:
        world = multiplied(world, asked.times)
        sizes = [len(world.pairs)]
    lists = [int(number) for number in asked.lists.split(",")]
    text = text_of(
        measure_all(world, sizes, lists, asked.starts, asked.keep, asked.parts.split(",")),
        sizes,
        lists,
    )
    sys.stdout.write(text)
    if asked.write:
        write_part("scale", text)


if __name__ == "__main__":
    main()
