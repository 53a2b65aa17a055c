"""How time, memory and pages grow with the number of partnerships; tables in docs/benchmarks.md.

usage: python benchmarks/scale.py [--rows FOLDER] [--sizes 100,1000,5000,17401] [--lists 1,2]

FOLDER is an import of a large list (places.csv, rows.csv), by default data/imports/wikidata-2016.
Projects of its first partnerships are made in a temporary folder. The second list names the same
ones and is made up, by digest and so the same each time: a start year for each, of which every
twentieth differs from what the first list says, and now and then another kind.
Seconds are CPU seconds of this process and its children (user and system), each step in a process
of its own; beside it stands the engine alone, which loads and dumps the same quads.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_SLOWEST = 10
SETTINGS = """base_iri = "https://w3id.org/twingraph/"
title.en = "World"
title.de = "Welt"
publisher = "Benchmark"
licence = "http://creativecommons.org/publicdomain/zero/1.0/"
release = "2026-11-21"
"""
FIRST = """title.en = "First list"
title.de = "Erste Liste"
language = "en"
sha256 = "{sha256}"

[a]
wikidata = "a"

[b]
wikidata = "b"
{more}"""
DATED = """
[start]
column = "since"

[kind]
column = "kind"
codes.twinning = "twinning"
codes.friendship = "friendship"
"""


def tell(line: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def number(*words: str) -> int:
    """Return a number that is a function of the words alone."""
    return int.from_bytes(hashlib.sha256("|".join(words).encode()).digest()[:6], "big")


def pairs_of(rows: Path) -> Iterator[tuple[str, str]]:
    """Yield each pair of items of the list once, in its order."""
    seen = set()
    with rows.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            pair = tuple(sorted((row["source_qid"], row["target_qid"])))
            if pair not in seen and pair[0] != pair[1]:
                seen.add(pair)
                yield pair[0], pair[1]


def year_of(pair: tuple[str, str], seed: str) -> int:
    """Return a made-up year of a pair."""
    return 1950 + number(seed, *pair) % 70


def write_list(folder: Path, lines: list[str], more: str) -> None:
    """Write one import."""
    folder.mkdir(parents=True)
    text = "".join(f"{line}\n" for line in lines)
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "import.toml").write_text(FIRST.format(sha256=digest, more=more), encoding="utf-8")


def make_project(folder: Path, source: Path, size: int, lists: int) -> None:
    """Write a project of the first `size` partnerships of the list."""
    pairs = list(islice(pairs_of(source / "rows.csv"), size))
    items = {one for pair in pairs for one in pair}
    (folder / "data" / "entities").mkdir(parents=True)
    (folder / "twingraph.toml").write_text(SETTINGS, encoding="utf-8")
    dated = lists > 1
    lines = ["a,b,since" if dated else "a,b"]
    lines += [
        f"{a},{b},{year_of((a, b), 'first') if number('dated', a, b) % 10 < 6 else ''}"
        if dated else f"{a},{b}"
        for a, b in pairs
    ]  # fmt: skip
    start = '\n[start]\ncolumn = "since"\n' if dated else ""
    write_list(folder / "data" / "imports" / "first", lines, start)
    with (source / "places.csv").open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        kept = [row for row in reader if row["wikidata"] in items]
        place = folder / "data" / "imports" / "first" / "places.csv"
        with place.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, reader.fieldnames or [], lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
    if dated:
        rows = []
        for pair in pairs:
            year = year_of(pair, "first") + (number("other", *pair) % 20 == 0)
            kind = "friendship" if number("kind", *pair) % 100 == 0 else "twinning"
            rows.append(f"{pair[0]},{pair[1]},{year},{kind}")
        write_list(folder / "data" / "imports" / "second", ["a,b,since,kind", *rows], DATED)


# --- what is measured, each in a process of its own ----------------------------------------------


def measured(step: str, *words: str) -> dict[str, Any]:
    """Run a step of this file in a process of its own; return what it found, and its cost."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{step} {' '.join(words)} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def cost() -> tuple[float, float]:
    """Return CPU seconds so far, and the most memory that was held, in MB."""
    mine, others = (
        resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return (
        mine.ru_utime + mine.ru_stime + others.ru_utime + others.ru_stime,
        max(mine.ru_maxrss, others.ru_maxrss) / 1024,
    )


def step_build(project: str, out: str) -> dict[str, Any]:
    """Build a project, told apart by stage."""
    from twingraph.build import build
    from twingraph.settings import load_settings

    begun, _ = cost()
    stages: dict[str, float] = {}
    current: tuple[str, float] = ("start", begun)

    def note(doing: str, share: float = 0.0) -> None:
        nonlocal current
        now, _ = cost()
        word = doing.split()[0]
        stages[current[0]] = stages.get(current[0], 0.0) + now - current[1]
        current = (word, now)

    done = build(load_settings(Path(project)), Path(out), note)
    note("end")
    seconds, memory = cost()
    assert done.folder is not None, [str(one) for one in done.problems[:5]]
    size = sum(one.stat().st_size for one in done.folder.rglob("*") if one.is_file())
    return {"seconds": seconds - begun, "memory": memory, "quads": done.quads, "bytes": size,
            "problems": len(done.problems), **stages}  # fmt: skip


def step_engine(dump: str) -> dict[str, Any]:
    """Let the engine alone parse, load and dump the quads."""
    from pyoxigraph import RdfFormat, Store

    begun, before = cost()
    store = Store()
    store.bulk_load(path=dump, format=RdfFormat.N_QUADS)
    loaded, memory = cost()
    with tempfile.TemporaryFile() as out:
        store.dump(out, format=RdfFormat.N_QUADS)
    return {"seconds": cost()[0] - begun, "load": loaded - begun, "memory": memory - before}


def timed(ask: Callable[[], object]) -> tuple[float, object]:
    """Return the CPU seconds of a call, and what it returned."""
    begun = time.process_time()
    found = ask()
    return time.process_time() - begun, found


def step_pages(folder: str) -> dict[str, Any]:
    """Open a build and make a page of each kind, twice: the first and the second asking."""
    from pyoxigraph import NamedNode

    from twingraph.rdf.vocabulary import TG
    from twingraph.site.pages import page
    from twingraph.site.reader import load_site

    opened, site = timed(lambda: load_site(Path(folder)))

    def first(text: str) -> str:
        [row] = list(site.store.query(text))  # type: ignore[attr-defined]  # a reader
        node: NamedNode = row[0]
        return str(site.path(node.value)).removeprefix("id/")  # type: ignore[attr-defined]

    city = first(
        f"SELECT ?p {{ ?t {TG.partner} ?p }} GROUP BY ?p ORDER BY DESC(COUNT(?t)) ?p LIMIT 1"
    )
    tie = first(f"SELECT ?t {{ ?t a {TG.Partnership} }} ORDER BY ?t LIMIT 1")
    source = first(f"SELECT ?s {{ ?s a {TG.SourceDocument} }} ORDER BY ?s LIMIT 1")
    pages = {
        "home": "index.html", "city with most partners": f"{city}.html",
        "partnership": f"{tie}.html", "source": f"{source}.html", "places": "place/index.html",
        "places, page 2": "place/page-2.html", "partnerships": "partnership/index.html",
        "concept": "vocab/type/twinning.html",
    }  # fmt: skip
    found: dict[str, Any] = {"open": opened}
    for name, path in pages.items():
        seconds = [timed(lambda path=path: page(site, "en", path))[0] for _ in range(2)]  # type: ignore[misc,arg-type]
        found[name] = seconds
    return found


def step_library(folder: str) -> dict[str, Any]:
    """Ask every question of the library of what is largest; (seconds, rows) of each."""
    import pyoxigraph

    from twingraph.api import query, questions
    from twingraph.problems import TwingraphError
    from twingraph.rdf.vocabulary import TG

    graph = Path(folder)
    store = pyoxigraph.Store()
    store.bulk_load(path=graph / "twingraph.nq", format=pyoxigraph.RdfFormat.N_QUADS)

    def first(text: str) -> str:
        rows = list(store.query(text))  # type: ignore[arg-type]  # a SELECT
        return str(rows[0][0].value) if rows else "https://w3id.org/twingraph/id/place/none"

    partners = f"SELECT ?p {{ ?t {TG.partner} ?p }} GROUP BY ?p ORDER BY DESC(COUNT(?t)) ?p"
    city, other = (first(f"{partners} LIMIT 1 OFFSET {one}") for one in (0, 1))
    countries = f"SELECT ?c {{ ?p {TG.country} ?c }} GROUP BY ?c ORDER BY DESC(COUNT(?p)) ?c"
    largest = {
        "place": city, "one": city, "other": other, "thing": city,
        "partnership": first(f"SELECT ?t {{ ?t {TG.partner} <{city}> }} ORDER BY ?t LIMIT 1"),
        "country": first(f"{countries} LIMIT 1"),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, question in questions(graph).items():
        values = {one.name: largest.get(one.name, one.example) for one in question.parameters}
        try:
            query(name, graph, **values)  # the graph is loaded, the query parsed
        except TwingraphError:
            continue  # asks about an event or a body, which no list tells of
        begun = time.process_time()
        rows = query(name, graph, **values)
        found[name] = (time.process_time() - begun, len(rows))
    return found


# --- tables --------------------------------------------------------------------------------------


def exponent(costs: list[float], sizes: list[int]) -> str:
    """Return the exponent with which a cost grew from the last size but one to the last."""
    if len(costs) < 2 or min(costs[-2:]) <= 0:
        return ""
    return f"{math.log(costs[-1] / costs[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


def table(title: str, sizes: list[int], rows: dict[str, list[float]], quads: list[int]) -> None:
    """Print rows of figures, a column a size, and how they grew with the quads."""
    tell(f"\n| {title} | {' | '.join(f'{one:,}' for one in sizes)} | growth |")
    tell(f"|---|{'--:|' * len(sizes)}--:|")
    for name, values in rows.items():
        shown = " | ".join(f"{one:,.0f}" if one >= 100 else f"{one:.2g}" for one in values)
        tell(f"| {name} | {shown} | {exponent(values, quads)} |")


def main() -> None:
    """Measure every size and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, default=ROOT / "data/imports/wikidata-2016")
    parser.add_argument("--sizes", default="100,1000,5000,17401")
    parser.add_argument("--lists", default="1,2")
    parser.add_argument("--step", nargs="+", default=[])
    asked = parser.parse_args()
    if asked.step:
        found = globals()[f"step_{asked.step[0]}"](*asked.step[1:])
        tell(json.dumps(found))
        return
    sizes = [int(one) for one in asked.sizes.split(",")]
    for lists in map(int, asked.lists.split(",")):
        with tempfile.TemporaryDirectory() as place:
            measure(Path(place), asked.rows, sizes, lists)


def measure(place: Path, source: Path, sizes: list[int], lists: int) -> None:
    """Print the tables of one number of lists."""
    builds, engines, pages, library = [], [], [], []
    for size in sizes:
        project, out = place / f"project-{size}", place / f"build-{size}"
        make_project(project, source, size, lists)
        builds.append(measured("build", str(project), str(out)))
        engines.append(measured("engine", str(out / "twingraph.nq")))
        pages.append(measured("pages", str(out)))
        library.append(measured("library", str(out)))
    quads = [int(one["quads"]) for one in builds]
    names = ("reading", "deriving", "checking", "writing")
    rows: dict[str, list[float]] = {"quads": [float(one) for one in quads]}
    rows["build, s"] = [one["seconds"] for one in builds]
    rows |= {f"of it {name}, s": [one.get(name, 0.0) for one in builds] for name in names}
    rows["engine, s"] = [one["seconds"] for one in engines]
    rows["build / engine"] = [
        a["seconds"] / b["seconds"] for a, b in zip(builds, engines, strict=True)
    ]
    rows["memory, MB"] = [one["memory"] for one in builds]
    rows["engine's memory, MB"] = [one["memory"] for one in engines]
    rows["all files, MB"] = [one["bytes"] / 1e6 for one in builds]
    rows["open for reading, s"] = [one["open"] for one in pages]
    table(f"{lists} list{'s' * (lists > 1)}", sizes, rows, quads)
    rows = {
        f"{name}, ms": [one[name][1] * 1000 for one in pages]
        for name in pages[0] if name != "open"
    }  # fmt: skip
    table("page (asked for the second time)", sizes, rows, quads)
    slowest = sorted(library[-1], key=lambda name: -library[-1][name][0])[:_SLOWEST]
    rows = {
        f"{name}, ms ({library[-1][name][1]:,} rows)": [one[name][0] * 1000 for one in library]
        for name in slowest
    }
    table(f"the {_SLOWEST} slowest of {len(library[-1])} questions", sizes, rows, quads)


if __name__ == "__main__":
    main()
