"""What a machine may do to a service: disks that are read-only, slow or full, and clocks that jump.

The service under test has its own clock of the day (`time.time`, put in place as Python starts;
libfaketime breaks `time.sleep`) and, as root, a small disk of its own for its log (a mount
namespace). What cannot be done here is left out.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Final, Protocol

from watched import Address, served

PATIENCE: Final = 240.0  # seconds until the service must be well: a busy machine is no fault of it
_SHIFTS: Final = (400 * 86400, -4000 * 86400, 3600, -3600, 0)  # seconds
_DISK: Final = "4m"  # of the log
_CLOCK: Final = """import atexit, os, signal, sys, time
_real, _path, _read = time.time, os.environ.get("SHIFTED_CLOCK"), [0.0, 0.0]
def _shifted():
    now = time.monotonic()
    if now > _read[0]:
        with open(_path) as stream:
            _read[:] = now + 0.1, float(stream.read() or 0)
    return _real() + _read[1]
if _path:
    _gmtime = time.gmtime
    time.time = _shifted
    time.time_ns = lambda: int(_shifted() * 1e9)
    time.gmtime = lambda seconds=None: _gmtime(_shifted() if seconds is None else seconds)
_last, _under = int(os.environ.get("KILLED_AT", "-1")), os.environ.get("STEPS_UNDER")
_steps, _own = [0], os.getpid()
def _step(event, arguments):
    if event not in _EVENTS or os.getpid() != _own or not arguments:
        return
    if not os.fsdecode(arguments[0] if isinstance(arguments[0], (str, bytes)) else "").startswith(
        _under
    ) or (event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)):
        return
    _steps[0] += 1
    if _steps[0] == _last:
        os.kill(_own, signal.SIGKILL)
def _count():
    if os.getpid() == _own:
        with open(os.environ["STEPS_FILE"], "w") as stream:
            stream.write(str(_steps[0]))
_EVENTS = frozenset(("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.symlink",
                     "os.link", "os.truncate"))
if _under:
    if _last < 0:
        atexit.register(_count)
    sys.addaudithook(_step)
"""
_MOUNT: Final = ("unshare", "--mount", "--propagation", "private", "sh", "-c")
_READ_ONLY: Final = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
_NO_RIGHTS: Final = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
_SLOW: Final = (
    "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=write,pwrite64,fsync,fdatasync",
    "-e", "inject=write,pwrite64,fsync,fdatasync:delay_enter=10000",
)  # fmt: skip


class FaultError(Exception):
    """Something that must hold did not."""


class Target(Protocol):
    """What is needed of the project that is served."""

    project: Path
    address: Address
    pid: int
    file: Path

    def finish(
        self,
        *words: str,
        before: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> tuple[int, str]:
        """Run a command to its end, calling `meanwhile` ten times a second."""
        ...

    def kill_somewhere(self, *words: str, before: tuple[str, ...] = ()) -> None:
        """Kill a command at a moment of its life."""
        ...

    def edit(self) -> None:
        """Change the data."""
        ...

    def next_day(self) -> str:
        """Return the day of a release that was not made yet."""
        ...


def can_mount() -> bool:
    """May this process mount something that nobody else sees?"""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return (
        subprocess.run([*_MOUNT, "mount -t tmpfs none /mnt"], capture_output=True).returncode == 0
    )


def clock_of(folder: Path) -> dict[str, str]:
    """Return the environment of a service whose clock of the day is as many seconds off as the
    file `clock` in the folder says; the monotonic clock of a machine does not jump.
    """
    (folder / "python").mkdir(exist_ok=True)
    (folder / "python" / "sitecustomize.py").write_text(_CLOCK)
    (folder / "clock").write_text("0")
    return {"PYTHONPATH": _path_with(folder), "SHIFTED_CLOCK": str(folder / "clock")}


def _path_with(folder: Path) -> str:
    """Return where Python looks first: below the folder, then where it does already."""
    return os.pathsep.join([str(folder / "python"), os.environ.get("PYTHONPATH", "")]).rstrip(":")


def disk_for(folder: Path) -> tuple[tuple[str, ...], Path]:
    """Return the words before a command that give it a small disk for its log, and the folder."""
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    return (*_MOUNT, f'mount -t tmpfs -o size={_DISK} none "$0" && exec "$@"', str(logs)), logs


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something is true; raise `FaultError` where it takes too long."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise FaultError(what)
        time.sleep(0.05)


def ask(address: Address, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Return status, headers and body of an answer; a connection that ends early is tried again."""
    for last in (False, False, True):
        line = http.client.HTTPConnection(*address, timeout=PATIENCE)
        with contextlib.closing(line):
            try:
                line.request("GET", path)
                answer = line.getresponse()
                return answer.status, answer.headers, answer.read()
            except (OSError, http.client.HTTPException):
                if last:
                    raise
                time.sleep(0.2)
    raise AssertionError("the last one returned or raised")


# --- each of these is one fault -------------------------------------------------------------------


def clock_jumped(target: Target) -> None:
    """Let the clock of the service jump back and forth: it answers, and promises nothing absurd."""
    clock = target.project.parent / "clock"
    for shift in _SHIFTS:
        wanted = time.time() + shift
        clock.write_text(str(shift))
        until(lambda wanted=wanted: abs(_date_of(target.address) - wanted) < 600,  # type: ignore[misc]  # bound at once
              f"the clock of the service did not jump by {shift} s")  # fmt: skip
        for path in ("/sparql?query=ASK%7B%7D", "/health", "/en/", "/dumps/twingraph.nq"):
            status, headers, _ = ask(target.address, path)
            again = int(headers.get("retry-after", "1"))
            if status not in (200, 503) or not 0 < again <= 300:
                raise FaultError(f"{path} at {shift}: {status}, Retry-After {again}")
        _, _, numbers = ask(target.address, "/metrics")
        if negative := re.search(rb"^(?!#)\S+ -\d.*$", numbers, re.MULTILINE):
            raise FaultError(f"{shift}: {negative[0].decode()}")


def clock_jumped_in_build(target: Target) -> None:
    """Build while the clock jumps: the bytes are those of any other build of the same data."""
    target.edit()
    other = target.project.parent / "other"
    code, said = _jumping(target, "build")
    if code:
        raise FaultError(f"a build while the clock jumps: {said}")
    try:
        code, said = target.finish("build", "--out", str(other))
        found = [
            (folder / "SHA256SUMS").read_bytes() for folder in (target.project / "build", other)
        ]
    finally:
        for folder in target.project.parent.glob(".other*"):
            shutil.rmtree(folder, ignore_errors=True)
        other.unlink(missing_ok=True)
    if code or found[0] != found[1]:
        raise FaultError(f"a build while the clock jumps has other bytes: {said}")


def clock_jumped_in_release(target: Target) -> None:
    """Release while the clock jumps: it is there, and `latest` leads to it."""
    target.edit()
    day = target.next_day()
    code, said = _jumping(target, "release", day)
    latest = target.project / "releases" / "latest"
    if code or latest.readlink().name != day:
        raise FaultError(f"a release while the clock jumps: {code}, {latest.readlink()}, {said}")


def _jumping(target: Target, *words: str) -> tuple[int, str]:
    """Run a command whose clock jumps ten times a second."""
    clock, shifts = target.project.parent / "jumping", cycle(_SHIFTS)
    clock.write_text("0")
    environment = {
        "PYTHONPATH": _path_with(target.project.parent),
        "SHIFTED_CLOCK": str(clock),
    }

    def jump() -> None:
        draft = clock.with_name("jumping-draft")
        draft.write_text(str(next(shifts)))
        draft.replace(clock)

    return target.finish(*words, environment=environment, meanwhile=jump)


def stepwise(folder: Path, project: Path, killed_at: int = -1) -> dict[str, str]:
    """Return the environment of a command that is killed before it changes the tree of `project`
    for the n-th time; with -1 it runs to its end, and the file `steps` says how often it did.
    """
    return {
        "PYTHONPATH": _path_with(folder),
        "STEPS_UNDER": str(project),
        "STEPS_FILE": str(folder / "steps"),
        "KILLED_AT": str(killed_at),
    }


def _date_of(address: Address) -> float:
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(ask(address, "/health")[1]["date"]).timestamp()


def read_only_disk(target: Target) -> None:
    """Write where nothing may be written: it is refused in words, and what can be read is read."""
    target.edit()
    day = target.next_day()
    before = _tree(target.project)
    here = (*_MOUNT, _READ_ONLY, str(target.project))
    _nothing_written(target, here, before, day)


def tree_of_another(target: Target) -> None:
    """Write into a tree that belongs to somebody else, without the rights of root."""
    target.edit()
    day = target.next_day()
    before = _tree(target.project)
    owners = [(path, path.stat().st_mode) for path in (target.project, *target.project.rglob("*"))]
    for path, mode in owners:
        os.chown(path, 65534, 65534)
        path.chmod(mode & ~0o022)
    try:
        _nothing_written(target, _NO_RIGHTS, before, day)
    finally:
        for path, mode in owners:
            if path.exists():
                os.chown(path, os.getuid(), os.getgid())
                path.chmod(mode)


def _nothing_written(
    target: Target, here: tuple[str, ...], before: dict[str, bytes], day: str
) -> None:
    target.file.write_bytes(target.file.read_bytes() + b"\n\n")  # something for `fmt` to do
    changed = target.file.read_bytes()
    try:
        for words in (("build",), ("fmt",), ("release", day),
                      ("import", "table", str(target.project.parent / "list.csv"))):  # fmt: skip
            code, said = target.finish(*words, before=here)
            if code == 0 or not re.search(r"read-only|denied", said, re.IGNORECASE):
                raise FaultError(f"{' '.join(words)} ended with {code}: {said}")
        code, said = target.finish("check", before=here)
        if code == 2:
            raise FaultError(f"check where nothing may be written: {said}")
        if target.file.read_bytes() != changed:
            raise FaultError("fmt has written all the same")
    finally:
        target.file.write_bytes(before[str(target.file)])
    if _tree(target.project) != before:
        raise FaultError("the tree is another one")


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.endswith(".lock")}  # fmt: skip


def served_read_only(target: Target) -> None:
    """Serve a tree of somebody else that is mounted read-only, without any rights."""
    folder = target.project.parent / "read-only"
    try:
        if target.finish("build")[0]:  # what is not current would be built where it is served
            raise FaultError("the data can't be built")
        shutil.copytree(target.project, folder, symlinks=True)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, 65534, 65534)
            path.chmod(0o555 if path.is_dir() else 0o444)
        here = (*_MOUNT, _READ_ONLY, str(folder), *_NO_RIGHTS)
        before = _tree(folder)
        log = target.project.parent / "read-only.txt"
        with served(folder, log, before=here) as (address, _):
            until(lambda: ask(address, "/health")[0] == 200, "it is not well")
            for asked in ("/en/", "/sparql?query=ASK%7B%7D", "/dumps/twingraph.nq", "/metrics"):
                if (status := ask(address, asked)[0]) != 200:
                    raise FaultError(f"{status} for {asked} in a tree that is read-only")
        if _tree(folder) != before or "Traceback" in log.read_text(errors="replace"):
            raise FaultError(f"serving a tree that is read-only: {log.read_text()}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def slow_disk(target: Target) -> None:
    """Build where each write takes long, killed in the middle and not; the service goes on."""
    target.edit()
    target.kill_somewhere("build", before=_SLOW)
    code, said = target.finish("build", before=_SLOW)
    if code:
        raise FaultError(f"build on a slow disk: {said}")


def log_disk_filled(target: Target) -> None:
    """Fill the disk of the log, and free it: the service goes on, and so does the log."""
    logs = Path(f"/proc/{target.pid}/root{target.project.parent}/logs")
    log, filler = logs / "access.log", logs / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)
    for _ in range(300):
        status, _, _ = ask(target.address, "/en/")
        if status != 200:
            raise FaultError(f"{status} while the log is full")
    filler.unlink()
    os.truncate(log, 0)
    until(lambda: ask(target.address, "/robots.txt")[0] == 200 and log.stat().st_size > 0,
          "the log does not go on")  # fmt: skip
    for line in log.read_text(errors="replace").splitlines()[-200:]:
        if re.search(r"ms=-|\0", line):
            raise FaultError(f"in the log: {line[:200]!r}")


def faults_of_this_machine() -> dict[str, Callable[[Target], None]]:
    """Return the faults that can be tried here, by name."""
    found: dict[str, Callable[[Target], None]] = {
        function.__name__: function
        for function in (clock_jumped, clock_jumped_in_build, clock_jumped_in_release)
    }
    if can_mount():
        found |= {"read_only_disk": read_only_disk, "log_disk_filled": log_disk_filled}
    if os.geteuid() == 0 and shutil.which("setpriv"):
        found["tree_of_another"] = tree_of_another
        if can_mount():
            found["served_read_only"] = served_read_only
    if shutil.which("strace"):
        found["slow_disk"] = slow_disk
    return found
