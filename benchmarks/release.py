"""What a release costs: of the curated graph, and of a graph of a million quads in our model.

The large graph is the curated one many times over, each copy under slugs of its own, so that its
labels, claims and citations are those of real data. It is not checked: SHACL and rules on a million
quads are no part of it. Measured is what `twingraph release` does with a finished build: copying,
comparing with the release before, packing, notes, catalogue, checksums. Beside it, in the same run,
the engine's own raw dump of the same quads from its store into one N-Quads file.

Each step is a process of its own: seconds by the clock, memory as the system counted its peak.

    python benchmarks/release.py [--copies 63] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from page import PAGE, write_part
from pyoxigraph import RdfFormat, Store, parse

from twingraph.atomic import Written
from twingraph.build import SUMS, build, publish_files
from twingraph.export.dumps import DUMPS, Frozen, checksums
from twingraph.progress import ignore
from twingraph.rdf.frozen import ABOUT, NAME
from twingraph.rdf.vocabulary import prefixes_for
from twingraph.release.contents import Plan, write_contents
from twingraph.release.index import list_editions
from twingraph.settings import Settings, load_settings

ROOT: Final = Path(__file__).parent.parent
DAYS: Final = ("2026-11-21", "2026-11-22")
_OURS: Final = re.compile(rb"(/id/[a-z]+/[a-z0-9-]+|/graph/source/[a-z0-9-]+)>")


def copies_of(dump: Path, number: int) -> bytes:
    """Return the lines of a dump and of copies of it under other slugs, sorted."""
    lines = dump.read_bytes().splitlines(keepends=True)
    whole = set(lines)
    for copy in range(1, number):
        name = rb"\g<1>-copy-%d>" % copy
        whole.update(_OURS.sub(name, line) for line in lines)
    return b"".join(sorted(whole))


def make_builds(folder: Path) -> None:
    """Write a build of the large graph, and another in which some of it changed."""
    number = int((folder / "copies").read_text())
    settings = load_settings(ROOT)
    done = build(settings, folder / "curated")
    assert done.folder is not None, done.problems
    dump = copies_of(done.folder / NAME, number)
    quads = list(parse(dump, format=RdfFormat.N_QUADS))
    frozen = Frozen(quads, settings.base_iri, prefixes_for(settings.base_iri), settings)
    files = {name: b"".join(write(frozen)) for name, write in DUMPS.items()}
    after = dump.replace(b'"1987-07-02"', b'"1987-07-03"')
    for name, raw in (("one", files[NAME]), ("two", b"".join(sorted(after.splitlines(True))))):
        files[NAME] = raw
        files.pop(SUMS, None), files.pop(ABOUT, None)
        files[SUMS] = checksums({file: Written.of(raw).sha256 for file, raw in files.items()})
        files[ABOUT] = json.dumps({"base_iri": settings.base_iri, "inputs": ""}).encode()
        publish_files(files, folder / name)


def release_of(folder: Path, name: str, day: str) -> None:
    """Write a release of a build into the folder of releases."""
    settings: Settings = replace(load_settings(ROOT), release=day)
    releases = folder / ("releases-of-curated" if name == "curated" else "releases")
    releases.mkdir(exist_ok=True)
    earlier = list_editions(releases, settings.base_iri)
    place = (folder / name).resolve()
    write_contents(Plan(settings, day, place, releases, earlier), releases / day, ignore)


def fill_store(folder: Path) -> None:
    """Load the large graph into the engine's store on disk."""
    Store(str(folder / "store")).bulk_load(path=folder / "one" / NAME, format=RdfFormat.N_QUADS)


def dump_store(folder: Path) -> None:
    """Let the engine write its store into one file, as it comes."""
    Store.read_only(str(folder / "store")).dump(folder / "raw.nq", format=RdfFormat.N_QUADS)


STEPS: Final[dict[str, Callable[[Path], None]]] = {
    "make": make_builds,
    "curated": lambda folder: release_of(folder, "curated", DAYS[0]),
    "large-first": lambda folder: release_of(folder, "one", DAYS[0]),
    "large-next": lambda folder: release_of(folder, "two", DAYS[1]),
    "fill": fill_store,
    "dump": dump_store,
}


def measured(step: str, folder: Path) -> tuple[float, float]:
    """Return the seconds and the peak of memory in MB that one step takes in its own process."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes) / 1024


def project_seconds(folder: Path) -> float:
    """Return the seconds of the whole command `twingraph release` on the curated project, built."""
    project = folder / "project"
    project.mkdir()
    shutil.copytree(ROOT / "data", project / "data")
    shutil.copy(ROOT / "twingraph.toml", project)
    command = [sys.executable, "-m", "twingraph.cli", "--project", str(project)]
    subprocess.run([*command, "build"], check=True, capture_output=True)
    begin = time.perf_counter()
    subprocess.run([*command, "release"], check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print a Markdown table; with --write, keep it in docs/benchmarks.md."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    arguments.add_argument("--copies", type=int, default=63)
    arguments.add_argument("--write", action="store_true", help=f"write it into {PAGE.name}")
    arguments.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.step:
        begin = time.perf_counter()
        STEPS[options.step](options.folder)
        seconds = time.perf_counter() - begin
        status = Path("/proc/self/status").read_text(encoding="utf-8")  # Linux
        [peak] = re.findall(r"VmHWM:\s+(\d+) kB", status)
        sys.stdout.write(f"{seconds:.3f} {peak}\n")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = project_seconds(folder)
        (folder / "copies").write_text(str(options.copies))
        written = measured("make", folder)
        with (folder / "one" / NAME).open("rb") as stream:
            quads = sum(1 for _ in stream)
        rows = {
            f"{quads:,} quads made and every file of two builds written": written,
            "curated graph, a finished build into a release": measured("curated", folder),
            f"{quads:,} quads, a first release": measured("large-first", folder),
            f"{quads:,} quads, the next one, compared and with a patch": measured(
                "large-next", folder
            ),
        }
        measured("fill", folder)
        rows[f"{quads:,} quads, the engine's raw dump into one file"] = measured("dump", folder)
        sizes = [sum(one.stat().st_size for one in (folder / place).rglob("*")) / 1_000_000
                 for place in (f"releases/{DAYS[1]}", "one/.")]  # fmt: skip
        dump = (folder / "one" / NAME).stat().st_size / 1_000_000
    lines = ["| what | seconds | peak of memory, MB |", "|---|--:|--:|"]
    lines.append(f"| `twingraph release` of the curated project, as a command | {whole:.1f} | |")
    lines += [f"| {what} | {took:.1f} | {peak:.0f} |" for what, (took, peak) in rows.items()]
    head = (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}; each "
        "row a process of its own.\n\n"
    )
    tail = (
        f"\nThe release of the large graph is {sizes[0]:.0f} MB, the build it is made from "
        f"{sizes[1]:.0f} MB, of which the dump in N-Quads is {dump:.0f} MB.\n"
    )
    text = head + "\n".join(lines) + "\n" + tail
    sys.stdout.write(text)
    if options.write:
        write_part("release", text)


if __name__ == "__main__":
    main()
