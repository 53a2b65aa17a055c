"""Faults thrown at everything that writes or serves, and what must hold after each.

Kills at random moments (build, release, `fmt`, imports, a serving process, a worker, the fork
server), a fork server that hangs, a disk without room, two who build at once, new builds,
and what a machine may do besides (`machine_faults`); all while clients ask.
After each: every tree on disk is whole, the service answers, nobody but those cut off was left
without an answer, and nothing remains running. The seed makes the choice of faults, not their
moments.

    python benchmarks/faults.py [--minutes 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from machine_faults import (
    PATIENCE,
    FaultError,
    ask,
    can_mount,
    clock_of,
    disk_for,
    faults_of_this_machine,
    stepwise,
    until,
)
from watched import below, children, project_in, served, taken

from twingraph.release.compress import read_stored

_COMMAND: Final = 300  # seconds that a command may take
_TURN: Final = 0.1
_WAITS: Final[list[float]] = []  # seconds that were waited for the service since the last fault
_SMALL: Final = 4096  # bytes of a file where the disk is full


class Load:
    """Clients that ask all the time, each on a connection of its own until that is cut."""

    def __init__(self, address: tuple[str, int], clients: int = 2) -> None:
        """Begin to ask."""
        self.address = address
        self.answers: Counter[int] = Counter()
        self.cut = 0
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(clients)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop asking."""
        self._end.set()
        for thread in self._threads:
            thread.join(30)

    def _ask(self, client: int) -> None:
        number = 0
        while not self._end.is_set():
            line = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
            with contextlib.closing(line):
                try:
                    while not self._end.is_set():
                        number += 1
                        query = quote(f"SELECT * {{ ?s ?p ?o }} LIMIT 3 # {client} {number}")
                        line.request("GET", f"/sparql?query={query}")
                        answer = line.getresponse()
                        answer.read()
                        self.answers[answer.status] += 1
                        time.sleep(0.005)
                except (OSError, http.client.HTTPException):
                    self.cut += 1
                    time.sleep(0.05)


# --- what must hold ------------------------------------------------------------------------------


def whole(folder: Path) -> None:
    """Raise `FaultError` unless every file of a build or release is as its checksums say."""
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        raise FaultError(f"{folder} has no checksums")
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        raw = read_stored(folder / name.removeprefix("*"))
        if hashlib.sha256(raw).hexdigest() != digest:
            raise FaultError(f"{folder / name} is not what its checksum says")


def answers(address: tuple[str, int], path: str = "/sparql?query=ASK%7B%7D") -> None:
    """Raise `FaultError` unless the service answers a query within its patience."""
    began = time.monotonic()
    said = "nothing"
    while time.monotonic() < began + PATIENCE:
        with contextlib.suppress(OSError, http.client.HTTPException):
            line = http.client.HTTPConnection(*address, timeout=5)
            with contextlib.closing(line):
                line.request("GET", path)
                answer = line.getresponse()
                said = f"{answer.status} {answer.read()[:100]!r}"
                if answer.status == 200:
                    _WAITS.append(time.monotonic() - began)
                    return
        time.sleep(0.05)
    raise FaultError(f"the service does not answer: {said}")


def _end_of(process: subprocess.Popen[str], meanwhile: Callable[[], None] = lambda: None) -> str:
    """Return what a command says until its end."""
    until = time.monotonic() + _COMMAND
    while True:
        try:
            return process.communicate(timeout=_TURN)[0]
        except subprocess.TimeoutExpired:
            meanwhile()
            if time.monotonic() > until:
                process.kill()
                raise FaultError(f"not ended in {_COMMAND} s: {process.args!r}") from None


def circumstances(pid: int, log: Path) -> str:
    """Return what explains a fault that was not survived: load, processes, the end of the log."""
    lines = [f"load {os.getloadavg()[0]:.1f}", *log.read_text(errors="replace").splitlines()[-12:]]
    for process, words in {pid: b"serve", **below(pid)}.items():
        with contextlib.suppress(OSError):
            folder = Path(f"/proc/{process}")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            where = (folder / "wchan").read_text()
            command = words[-40:].replace(bytes(1), b" ").decode(errors="replace")
            lines.append(f"{process} {state} {where} {command}")
    return "\n    ".join(lines)


# --- faults --------------------------------------------------------------------------------------


class Range:
    """A project that is served, and the faults that are thrown at it."""

    def __init__(
        self, project: Path, address: tuple[str, int], pid: int, rng: random.Random
    ) -> None:
        """Know where everything is."""
        self.project = project
        self.address = address
        self.pid = pid
        self.rng = rng
        self.file = project / "data" / "entities" / "works.ttl"
        self.day = 0

    def command(
        self,
        *words: str,
        limited: bool = False,
        before: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Begin a command of twingraph in the project; `limited`, the disk is full for it."""

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (_SMALL, _SMALL))

        return subprocess.Popen(
            [*before, sys.executable, "-m", "twingraph.cli", "--project", str(self.project),
             *words],
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=limit if limited else None,  # no thread forks here
        )  # fmt: skip

    def kill_somewhere(self, *words: str, before: tuple[str, ...] = ()) -> None:
        """Begin a command, and kill it at a moment of its life."""
        process = self.command(*words, before=before)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.rng.uniform(0.05, 2.5))
        for pid in (*below(process.pid), process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        told = process.communicate()[0]
        if "Traceback" in told or "Usage:" in told:
            raise FaultError(told)

    def finish(
        self,
        *words: str,
        limited: bool = False,
        before: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> tuple[int, str]:
        """Run a command to its end, `meanwhile` called now and then; no traceback may come of it.

        One that is killed returns minus the number of the signal.
        """
        process = self.command(*words, limited=limited, before=before, environment=environment)
        told = _end_of(process, meanwhile)
        if process.returncode == -signal.SIGKILL and environment is not None:
            return process.returncode, told
        if "Traceback" in told or "Usage:" in told or process.returncode not in (0, 1, 2):
            raise FaultError(f"{' '.join(words)} ended with {process.returncode}: {told}")
        return process.returncode, told

    def edit(self) -> None:
        """Change the data, so that there is something to build."""
        label = f'"Clean Lake {self.rng.randrange(10**6)}"'
        text = self.file.read_text(encoding="utf-8")
        self.file.write_text(re.sub('"Clean Lake[^"]*"', label, text), encoding="utf-8")

    def drafts(self) -> list[str]:
        """Return what nobody needs any more."""
        return [path.name for path in self.project.iterdir() if "draft" in path.name]

    def steps(self, *words: str) -> int:
        """Run a command to its end; return how often it changes the tree of the project."""
        folder = self.project.parent
        code, said = self.finish(*words, environment=stepwise(folder, self.project))
        if code:
            raise FaultError(f"{' '.join(words)} ended with {code}: {said}")
        return int((folder / "steps").read_text())

    def killed_at(self, step: int, *words: str) -> bool:
        """Run a command that is killed before one of its steps; return whether it came so far."""
        environment = stepwise(self.project.parent, self.project, step)
        return self.finish(*words, environment=environment)[0] < 0

    # each of these is one fault

    def build_killed(self) -> None:
        """Kill a build; the one before stands, and the next one is whole."""
        self.edit()
        self.kill_somewhere("build")
        whole(self.project / "build")
        self.finish("build")
        whole(self.project / "build")

    def release_killed(self) -> None:
        """Kill a release; it is there as a whole or not at all, and the next one is made."""
        self.edit()
        self.kill_somewhere("release", self.next_day())
        code, said = self.finish("release", self.next_day())
        if code:
            raise FaultError(f"a release after one that was killed: {said}")
        for folder in (self.project / "releases").glob("2*"):
            whole(folder)

    def release_killed_at_a_step(self, step: int | None = None) -> bool:
        """Kill a release before it changes the disk for the n-th time; as `release_killed`.

        Returns whether it came so far.
        """
        self.edit()
        day = self.next_day()
        if step is None:
            step = self.rng.randrange(1, self.steps("release", day) + 1)
            self.edit()
            day = self.next_day()
        killed = self.killed_at(step, "release", day)
        self._releases_are_whole(f"killed before step {step}")
        code, said = self.finish("release", self.next_day())
        if code:
            raise FaultError(f"a release after one killed before its step {step}: {said}")
        self._releases_are_whole(f"after one that was killed before step {step}")
        if (self.project / "releases" / ".draft").exists():
            raise FaultError(f"a draft remains after step {step} and another release")
        self._forget_releases()
        return killed

    def build_killed_at_a_step(self, step: int | None = None) -> bool:
        """Kill a build before it changes the disk for the n-th time; as `build_killed`."""
        self.edit()
        if step is None:
            step = self.rng.randrange(1, self.steps("build") + 1)
            self.edit()
        killed = self.killed_at(step, "build")
        whole(self.project / "build")
        if self.finish("build")[0]:
            raise FaultError(f"a build after one killed before its step {step}")
        whole(self.project / "build")
        if left := self.drafts():
            raise FaultError(f"after a build killed before step {step} remain {left}")
        return killed

    def _releases_are_whole(self, when: str) -> None:
        folder = self.project / "releases"
        found = sorted(path.name for path in folder.glob("2*"))
        for name in found[-3:]:
            whole(folder / name)
        latest = folder / "latest"
        if found and latest.readlink().name not in found[-2:]:
            raise FaultError(f"{when}: latest leads to {latest.readlink()} of {found[-3:]}")

    def _forget_releases(self) -> None:
        """Keep the last few releases: nothing is known of a fault by reading a hundred."""
        folder = self.project / "releases"
        for path in sorted(folder.glob("2*"))[:-4]:
            shutil.rmtree(path)

    def next_day(self) -> str:
        """Return the day of a release that was not made yet, and put it into the settings."""
        self.day += 1
        day = f"{2027 + self.day // 336}-{1 + self.day // 28 % 12:02}-{1 + self.day % 28:02}"
        path = self.project / "twingraph.toml"
        text = re.sub("^release = .*$", f'release = "{day}"', path.read_text(), flags=re.MULTILINE)
        path.write_text(text)
        return day

    def fmt_killed(self) -> None:
        """Kill `fmt`; the file is as it was, or formatted."""
        before = self.file.read_bytes()
        self.file.write_bytes(before + b"\n\n")
        self.kill_somewhere("fmt")
        if self.file.read_bytes() not in (before, before + b"\n\n"):
            raise FaultError("fmt left a file that is neither")
        self.file.write_bytes(before)

    def import_killed(self) -> None:
        """Kill the import of a table; the list is as before, or as a whole import makes it."""
        self._import_killed("list", ("import", "table", str(self.project.parent / "list.csv"),
                                     "--slug", "list", "--date", "2026-11-21"))  # fmt: skip

    def wikidata_import_killed(self) -> None:
        """Kill the import of statements of Wikidata, likewise."""
        self._import_killed("wikidata", ("import", "wikidata", str(self.project.parent / "wd.json"),
                                         "--date", "2026-11-21"))  # fmt: skip

    def _import_killed(self, slug: str, words: tuple[str, ...]) -> None:
        folder = self.project / "data" / "imports" / slug
        try:
            self.kill_somewhere(*words)
            code, said = self.finish("check")  # what it left is read, whatever it is
            if code == 2:
                raise FaultError(f"what a killed import left can't be read: {said}")
            code, said = self.finish(*words)
            if code == 2:
                raise FaultError(f"a killed import can't be done again: {said}")
            first = {path.name: path.read_bytes() for path in folder.iterdir()}
            self.finish(*words)
            again = {path.name: path.read_bytes() for path in folder.iterdir()}
            if first != again or any("draft" in name for name in first):
                raise FaultError(f"after a killed import: {sorted(first)}, then {sorted(again)}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def build_taken_up(self) -> None:
        """Build other data while clients ask; it is served soon, and nobody notices."""
        self.edit()
        if self.finish("build")[0]:
            raise FaultError("the data can't be built")
        raw = (self.project / "build" / "SHA256SUMS").read_bytes()
        new = hashlib.sha256(raw).hexdigest()[:16].encode()
        until(lambda: new in ask(self.address, "/health")[2], "a new build is not taken up")

    def disk_full(self) -> None:
        """Build, format and release where no file may grow; nothing changes, and it is told."""
        self.edit()
        day = self.next_day()
        before = {path: path.read_bytes() for path in (self.project / "data").rglob("*.ttl")}
        for words in (("build",), ("fmt",), ("release", day)):
            code, said = self.finish(*words, limited=True)
            if words[0] != "fmt" and not (code and re.search("space|large", said)):
                raise FaultError(f"{words[0]} on a full disk: {code}, {said}")
            whole(self.project / "build")
        changed = [path for path, raw in before.items() if path.read_bytes() != raw]
        if changed:
            raise FaultError(f"{changed} changed on a full disk")
        if (self.project / "releases" / day).exists():
            raise FaultError("a release on a full disk")

    def two_writers(self) -> None:
        """Build twice at once; one of them may be refused, and the build is whole."""
        self.edit()
        both = [self.command("build"), self.command("build")]
        for process in both:
            told = _end_of(process)
            if "Traceback" in told or process.returncode not in (0, 1, 2):
                raise FaultError(told)
        whole(self.project / "build")

    def front_killed(self) -> None:
        """Kill one of the processes that take requests."""
        self._kill(lambda words: b"endpoint.worker" not in words, direct=True)

    def worker_killed(self) -> None:
        """Kill a worker at its query."""
        forks = {pid for pid, words in below(self.pid).items() if b"endpoint.worker" in words}
        direct = set(children(self.pid))
        workers = sorted(forks - direct)
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.rng.choice(workers), signal.SIGKILL)
        answers(self.address)

    def fork_server_killed(self) -> None:
        """Kill the process with the graph for queries."""
        self._kill(lambda words: b"endpoint.worker" in words, direct=True)

    def fork_server_stopped(self) -> None:
        """Stop the fork server for a while: health answers at once, and all is well after."""
        stopped = [pid for pid in children(self.pid)
                   if b"endpoint.worker" in below(self.pid).get(pid, b"")]  # fmt: skip
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        line = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        with contextlib.closing(line):
            line.request("GET", "/health")
            line.getresponse().read()
        taken = time.monotonic() - began
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        if taken > 30:  # two seconds of its own, and what a busy machine adds
            raise FaultError(f"/health took {taken:.1f} s")
        answers(self.address)

    def fork_server_hung(self) -> None:
        """Stop the fork server for good, and end its workers: another takes its place."""
        known = below(self.pid)
        direct = set(children(self.pid))
        stopped = [pid for pid in direct if b"endpoint.worker" in known.get(pid, b"")]
        workers = [pid for pid, words in known.items()
                   if b"endpoint.worker" in words and pid not in direct]  # fmt: skip
        for pid, number in (*((pid, signal.SIGSTOP) for pid in stopped),
                            *((pid, signal.SIGKILL) for pid in workers)):  # fmt: skip
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        answers(self.address)
        answers(self.address, "/health")
        until(lambda: not set(stopped) & set(children(self.pid)), "the stopped one remains")

    def _kill(self, which: Callable[[bytes], bool], *, direct: bool) -> None:
        known = below(self.pid)
        pids = [pid for pid in children(self.pid) if which(known.get(pid, b""))]
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.rng.choice(pids), signal.SIGKILL)
        answers(self.address)
        answers(self.address, "/health")


FAULTS: Final[dict[str, Callable[[Range], object]]] = {
    function.__name__: function
    for function in (
        Range.build_killed, Range.release_killed, Range.fmt_killed, Range.import_killed,
        Range.wikidata_import_killed, Range.disk_full, Range.two_writers, Range.build_taken_up,
        Range.release_killed_at_a_step, Range.build_killed_at_a_step,
        Range.front_killed, Range.worker_killed, Range.fork_server_killed,
        Range.fork_server_stopped, Range.fork_server_hung,
    )
}  # fmt: skip
_LIST: Final = """city,partner,since
Aaburg,Bestadt,1950
Bestadt,Cedorf,1.2.1960
"""
_WIKIDATA: Final = {
    "item": "http://www.wikidata.org/entity/Q64", "itemLabel": "Berlin",
    "target": "http://www.wikidata.org/entity/Q90", "targetLabel": "Paris",
    "st": "http://www.wikidata.org/entity/statement/q64-6E2CC9E2-0D5B-4DA7-8B41-9B5B6B7D7C5F",
    "rank": "http://wikiba.se/ontology#PreferredRank",
}  # fmt: skip


@contextlib.contextmanager
def range_in(
    folder: Path, seed: int, *, machine: bool = False
) -> Iterator[tuple[Range, Load, Path]]:
    """Serve a project, ask it, and hold it ready for faults; those of the `machine` too."""
    project = project_in(folder)
    (folder / "list.csv").write_text(_LIST)
    bindings = [{name: {"type": "literal", "value": value} for name, value in _WIKIDATA.items()}]
    (folder / "wd.json").write_text(json.dumps({"results": {"bindings": bindings}}))
    log = folder / "log.txt"
    before: tuple[str, ...] = ()
    options: tuple[str, ...] = ("--log", "none", "--processes", "2")
    environment = clock_of(folder)
    if machine and can_mount():
        before, logs = disk_for(folder)
        options = ("--log", str(logs / "access.log"), "--processes", "2")
    with served(project, log, before=before, options=options, environment=environment) as (
        address, process,
    ):  # fmt: skip
        load = Load(address)
        try:
            yield Range(project, address, process.pid, random.Random(seed)), load, log
        finally:
            load.end()
        known = below(process.pid)
    left = [pid for pid, words in known.items()
            if words and Path(f"/proc/{pid}/cmdline").exists()
            and Path(f"/proc/{pid}/cmdline").read_bytes() == words]  # fmt: skip
    if left:
        time.sleep(1)
        left = [pid for pid in left if Path(f"/proc/{pid}").exists()]
    if left:
        raise FaultError(f"processes remain: {[(pid, known[pid]) for pid in left]}")


def each_step() -> None:
    """Kill a release and a build before each of the steps that they take on the disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = project_in(folder)
        clock_of(folder)  # what counts the steps is put in place with it
        target = Range(project, ("", 0), 0, random.Random(1))
        target.finish("release", target.next_day())
        for kill in (target.release_killed_at_a_step, target.build_killed_at_a_step):
            step = 1
            while kill(step):
                step += 1
            print(f"{kill.__name__}: {step - 1} steps, each survived", flush=True)  # noqa: T201


def main() -> None:
    """Throw faults for so many minutes, and tell what held; the exit code is 1 where it did not."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--minutes", type=float, default=20)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--only", nargs="*", help="names of faults")
    arguments.add_argument("--steps", action="store_true", help="each step of release and build")
    asked = arguments.parse_args()
    if asked.steps:
        each_step()
        return
    folder = Path(tempfile.mkdtemp())
    faults = {**FAULTS, **faults_of_this_machine()}
    if asked.only:
        faults = {name: fault for name, fault in faults.items() if name in asked.only}
    tried: Counter[str] = Counter()
    slowest: dict[str, float] = {}
    wrong: list[str] = []
    try:
        with range_in(folder, asked.seed, machine=True) as (target, load, log):
            time.sleep(2)
            before = taken(target.pid)
            until_ = time.monotonic() + asked.minutes * 60
            order: list[str] = []
            while time.monotonic() < until_:
                order = order or target.rng.sample(sorted(faults), len(faults))
                name = order.pop()
                tried[name] += 1
                _WAITS.clear()
                try:
                    faults[name](target)
                    whole(target.project / "build")
                    answers(target.address)
                except (FaultError, OSError, http.client.HTTPException) as error:
                    text = f"{name}: {error!r}\n    {circumstances(target.pid, log)}"
                    wrong.append(text)
                    print(text, file=sys.stderr, flush=True)  # noqa: T201
                slowest[name] = max(slowest.get(name, 0.0), *_WAITS, 0.0)
                if tried.total() % 20 == 0:
                    print(f"{tried.total()} tried: {taken(target.pid)}", file=sys.stderr)  # noqa: T201
            time.sleep(3)
            after = taken(target.pid)
            told = log.read_text(errors="replace")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("| fault | tried | not survived | longest until well, s |")  # noqa: T201
    print("|---|--:|--:|--:|")  # noqa: T201
    for name in faults:
        bad = sum(line.startswith(f"{name}:") for line in wrong)
        print(f"| {name.replace('_', ' ')} | {tried[name]} | {bad} | {slowest.get(name, 0):.1f} |")  # noqa: T201
    print(f"\nAnswers meanwhile: {dict(sorted(load.answers.items()))}; cut: {load.cut}.")  # noqa: T201
    print(f"Before: {before}; after: {after}.")  # noqa: T201
    print("\n".join(wrong[:20]))  # noqa: T201
    odd = {status for status in load.answers if status not in (200, 503)}
    raise SystemExit(1 if wrong or odd or "Traceback" in told else 0)


if __name__ == "__main__":
    main()
