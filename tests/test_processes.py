"""Several processes that serve as one: the same address, one log, one reload, one end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple, NoReturn
from urllib.parse import quote

import pytest
from servers import free_port, wait_for

from twingraph.build import build
from twingraph.endpoint.evaluate import Config
from twingraph.endpoint.fork_server_supply import Supply
from twingraph.endpoint.forkserver import ForkServer
from twingraph.endpoint.launch import Launched
from twingraph.serve.link import PACKET, Link
from twingraph.serve.metrics import merge
from twingraph.serve.shared_metrics import Board
from twingraph.serve.supervisor import Supervisor
from twingraph.settings import load_settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]

ROOT = Path(__file__).parent.parent
SERVE = (
    "import sys; from pathlib import Path; from twingraph.settings import load_settings; "
    "from twingraph.serve.server import run; p = Path(sys.argv[1]); "
    "run(load_settings(p), p / 'build', '127.0.0.1', int(sys.argv[2]), log=open(sys.argv[3], 'a'), "
    "processes=2)"
)


class Service(NamedTuple):
    port: int
    project: Path
    log: Path
    process: subprocess.Popen[str]

    def get(self, path: str) -> tuple[int, str, str]:
        """Ask on a connection of its own; return status, validator and text."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(line):
            line.request("GET", path)
            answer = line.getresponse()
            return answer.status, answer.headers.get("etag", ""), answer.read().decode()

    def serving(self) -> set[int]:
        """The processes that take requests: children that run what their parent does."""
        return {pid for pid in children(self.process.pid) if b"endpoint.worker" not in words(pid)}


def words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def children(pid: int) -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.add(int(path.parent.name))
    return found


def descendants(pid: int) -> set[int]:
    below = children(pid)
    return below.union(*map(descendants, below))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    project = tmp_path_factory.mktemp("processes")
    shutil.copytree(ROOT / "tests" / "atlas", project, dirs_exist_ok=True)
    assert build(load_settings(project), project / "build").folder is not None
    port = free_port()
    log = project / "log.txt"
    command = [sys.executable, "-c", SERVE, str(project), str(port), str(log)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Serving ")
    found = Service(port, project, log, process)
    yield found
    below = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0
    wait_for(lambda: not any(words(pid) for pid in below), 5)


def test_requests_are_divided_and_numbers_are_added_up(service: Service) -> None:
    asked = 60
    before = counted(service)
    for number in range(asked):
        assert service.get("/sparql?query=" + quote(f"ASK {{}} # {number % 7}"))[0] == 200

    wait_for(lambda: all_say(service, before + asked))
    _, _, text = service.get("/metrics")
    assert "\ntwingraph_processes 2.0\n" in text
    assert 'twingraph_route_requests_total{route="/sparql",status="200"}' in text
    assert len(service.serving()) == 2
    taken = [cpu(pid) for pid in service.serving()]
    assert min(taken) > 0


def requests(service: Service) -> float:
    text = service.get("/metrics")[2]
    found = re.search(r'requests_total\{kind="sparql",status="200"\} (\S+)', text)
    return float(found[1]) if found else 0.0


def all_say(service: Service, number: float) -> bool:
    """Does whichever process is asked tell of so many requests?"""
    return {requests(service) for _ in range(12)} == {number}


def counted(service: Service) -> float:
    """Return how many requests were counted, once each process tells of those of all.

    Two that are both out of date may agree for a moment, so it is what they say for more than the
    second after which each publishes its own numbers.
    """
    number, since = requests(service), time.monotonic()

    def settled() -> bool:
        nonlocal number, since
        if not all_say(service, number):
            number, since = requests(service), time.monotonic()
        return time.monotonic() - since > 1.2

    wait_for(settled)
    return number


def cpu(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def forks(service: Service) -> list[int]:
    return [pid for pid in children(service.process.pid) if b"endpoint.worker" in words(pid)]


def test_they_share_one_fork_server(service: Service) -> None:
    (fork,) = forks(service)
    assert len(children(fork)) >= 4


def test_one_that_is_killed_is_started_anew(service: Service) -> None:
    before = counted(service)
    killed = min(service.serving())
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: killed not in service.serving() and len(service.serving()) == 2)
    for _ in range(20):
        assert service.get("/health")[0] == 200
        assert service.get("/sparql?query=ASK%7B%7D")[0] == 200

    wait_for(lambda: all_say(service, before + 20))  # none forgotten
    assert counted(service) == before + 20  # none counted twice


def test_a_fork_server_that_is_killed_is_replaced(service: Service) -> None:
    # one that is killed while it loads is another matter: then nothing can be answered yet
    wait_for(lambda: service.get("/sparql?query=ASK%7B%7D")[0] == 200)
    (killed,) = forks(service)
    os.kill(killed, signal.SIGKILL)
    for number in range(20):
        found = service.get("/sparql?query=" + quote(f"ASK {{}} # again {number}"))
        assert found[0] == 200, (number, found)


def test_a_new_build_is_taken_up_by_all_at_once(service: Service) -> None:
    builds = set()
    health = service.get("/health")[2]
    path = next((service.project / "data" / "entities").glob("*.ttl"))
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    settings = load_settings(service.project)
    about = service.project / "twingraph.toml"
    about.write_text(about.read_text(encoding="utf-8") + '\ntitle.en = "Anew"\n'
                     if "title" not in about.read_text(encoding="utf-8")
                     else about.read_text(encoding="utf-8").replace('en = "', 'en = "Anew ', 1),
                     encoding="utf-8")  # fmt: skip
    settings = load_settings(service.project)
    done = build(settings, service.project / "build")
    assert done.folder is not None
    until = time.monotonic() + 20
    switched = 0.0
    while time.monotonic() < until:
        told = service.get("/health")[2]
        builds.add(told)
        if told != health and not switched:
            switched = time.monotonic()
        if switched and time.monotonic() - switched > 0.5:
            assert told != health  # nobody goes back
            if time.monotonic() - switched > 1.5:
                break
    assert len(builds) == 2
    wait_for(lambda: len(forks(service)) == 1)  # that of the build before has ended


def test_lines_of_the_log_are_whole(service: Service) -> None:
    lines: list[str] = []

    def enough() -> bool:
        text = service.log.read_text(encoding="utf-8")
        lines[:] = text.rpartition("\n")[0].splitlines()
        return len(lines) > 100

    wait_for(enough)
    pattern = re.compile(r"\S+Z method=\S+ path=\S+ status=\d+ ms=[\d.]+( rows=\d+)?( query=\w+)?"
                         r"( cached=yes)?")  # fmt: skip
    assert len(lines) > 100
    assert [line for line in lines if not pattern.fullmatch(line)] == []


def test_an_address_that_others_share_is_taken(service: Service) -> None:
    code = SERVE.replace("'a')", "'a')")
    command = [sys.executable, "-c", code, str(service.project), str(service.port), os.devnull]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert f"port {service.port} is taken" in done.stderr


# --- what they share -----------------------------------------------------------------------------


def test_a_board_holds_what_each_wrote_last() -> None:
    board = Board(3)
    board.write(0, {"a": 1})
    board.write(2, {"b": 2})
    board.write(0, {"a": 3})
    board.retire(2)
    board.write(1, {"long": "x" * 600_000})  # too long for a slot

    assert list(board.read()) == [(0, True, {"a": 3}), (2, False, {"b": 2})]


def test_gauges_of_the_dead_do_not_count() -> None:
    alive = {"n": {"n": 1.0}, "g": {"g": 2.0}}
    dead = {"n": {"n": 5.0}, "g": {"g": 9.0}}
    assert merge([(True, alive), (False, dead)], {"g"}) == {"n": {"n": 6.0}, "g": {"g": 2.0}}


def test_one_that_has_gone_takes_no_fork_server_along() -> None:
    """It ended while it waited for one that others use, too."""
    config = Config("", "", {}, "", 1, 1, 1, 1)
    key = json.dumps(config._asdict())
    ours, theirs = socket.socketpair()
    ours.close()
    control, other = socket.socketpair()
    fork = SimpleNamespace(ended=False, pid=1, connect=lambda: control)
    supervisor = Supervisor([], Board(1), _never, "", {key: fork})  # type: ignore[dict-item]  # as much as it needs

    with theirs, other:
        supervisor._launch(theirs, key.encode())

    assert supervisor._forks == {key: fork}


@pytest.mark.parametrize(("program", "pause"), [("/bin/false", 2.0), ("/bin/true", 0.0)])
def test_one_that_fails_is_started_anew_after_a_pause(program: str, pause: float) -> None:
    """However long it lived: what makes it end with 1 most likely goes on."""
    with socket.socket() as listener:
        supervisor = Supervisor([listener], Board(4), _never, "", {})
        supervisor._heard_ready = 1
        [process] = supervisor._processes
        process.pid = os.posix_spawn(program, [program], {})
        process.began = time.monotonic() - 60
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        before = time.monotonic()
        supervisor._reap()

    assert not supervisor._ending
    assert before + pause <= process.restart_at <= time.monotonic() + pause


def test_one_that_cannot_be_forked_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The machine has no room for another process: a line, and another try after a pause."""

    def no_room() -> NoReturn:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    with socket.socket() as listener:
        supervisor = Supervisor([listener], Board(4), _never, "", {})
        [process] = supervisor._processes
        process.restart_at = time.monotonic() - 1
        monkeypatch.setattr(os, "fork", no_room)
        supervisor._start(process)

        assert (process.pid, process.link) == (0, None)
        pause = supervisor._until_next(None)
        assert pause is not None and 1 < pause <= 2
        supervisor._reap()
        assert process.restart_at > time.monotonic()
    assert "process 1 of 1 can't be started: Resource temporarily" in capfd.readouterr().err
    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before


def test_a_fork_server_for_which_no_descriptor_is_left_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others use it, and the next order may find one; for one that was killed there is another."""
    config = Config("", "", {}, "", 1, 1, 1, 1)
    key = json.dumps(config._asdict())
    ours, theirs = socket.socketpair()
    found: list[str] = []

    def connect() -> NoReturn:
        raise failure

    fork = SimpleNamespace(ended=False, pid=1, connect=connect, kill=lambda: found.append("killed"))
    supervisor = Supervisor([], Board(1), _never, "", {key: fork})  # type: ignore[dict-item]  # as much as it needs
    with ours, theirs:
        failure: OSError = OSError(errno.EMFILE, "too many")
        supervisor._launch(theirs, key.encode())
        assert [*supervisor._forks.values(), *found] == [fork]
        assert ours.recv(100).startswith(b"E ")
        failure = BrokenPipeError(errno.EPIPE, "it has closed its end")
        control, other_end = socket.socketpair()
        other = SimpleNamespace(ended=False, pid=2, connect=lambda: control)
        monkeypatch.setattr("twingraph.serve.supervisor.ForkProcess", lambda _: other)
        supervisor._launch(theirs, key.encode())
        assert [*supervisor._forks.values(), *found] == [other, "killed"]
        assert ours.recv(100) == b"K 2"
        other_end.close()


def test_a_fork_server_that_hangs_is_given_to_nobody_and_killed_later(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its workers have the time of a query to end theirs; who tells of it second changes nothing.

    `test_pool` has the other side, and `benchmarks/faults.py` both.
    """
    key = json.dumps(Config("", "", {}, "", 5, 1, 1, 1)._asdict())
    found: list[str] = []
    fork = SimpleNamespace(ended=False, pid=7, kill=lambda: found.append("killed"))
    other = SimpleNamespace(ended=False, pid=8)
    supervisor = Supervisor([], Board(1), _never, "", {key: fork, "{}": other})  # type: ignore[dict-item]  # as much as it needs
    clock = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    for _ in range(2):
        supervisor._replace(7)

    assert supervisor._forks == {"{}": other}
    assert supervisor._leaving.kill_late() == 7
    clock += 7
    assert supervisor._leaving.kill_late() == 1  # until it has ended
    fork.ended = True
    assert supervisor._leaving.kill_late() is None
    assert found == ["killed"]
    assert capfd.readouterr().err.count("answers no order") == 1


def test_a_fork_server_that_nobody_uses_is_given_up() -> None:
    """It ends by itself; one that hangs just then would stay for ever."""
    key = json.dumps(Config("", "", {}, "", 5, 1, 1, 1)._asdict())
    with contextlib.ExitStack() as stack:
        control, other = socket.socketpair()
        links = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(2)]
        for item in (control, other, *links[0], *links[1]):
            stack.callback(item.close)
        listener = stack.enter_context(socket.socket())
        fork = SimpleNamespace(ended=False, pid=7, connect=control.dup, kill=lambda: None)
        supervisor = Supervisor([listener] * 2, Board(2), _never, "", {key: fork})  # type: ignore[dict-item]  # as much as it needs
        for process, (ours, theirs) in zip(supervisor._processes, links, strict=True):
            process.link = ours
            for _ in range(2):
                theirs.send(key.encode())
                supervisor._hear(process)
        first, second = supervisor._processes
        for _ in range(2):
            links[0][1].send(b"D 7")
            supervisor._hear(first)
        assert supervisor._forks == {key: fork}
        links[1][1].close()
        supervisor._hear(second)
        assert supervisor._forks == {}
        due = supervisor._leaving.kill_late()
        assert due is not None and due <= 2


def test_a_link_that_nobody_heard_the_end_of_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends while another is heard is started anew in the same round."""
    key = json.dumps(Config("", "", {}, "", 5, 1, 1, 1)._asdict())
    with contextlib.ExitStack() as stack:
        control, other = socket.socketpair()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for item in (control, other, ours, theirs):
            stack.callback(item.close)
        listener = stack.enter_context(socket.socket())
        fork = SimpleNamespace(ended=False, pid=7, connect=control.dup, kill=lambda: None)
        supervisor = Supervisor([listener], Board(2), _never, "", {key: fork})  # type: ignore[dict-item]  # as much as it needs
        [process] = supervisor._processes
        process.link = ours
        theirs.send(key.encode())
        supervisor._hear(process)
        monkeypatch.setattr(os, "fork", lambda: 4_000_000)
        supervisor._start(process)
        assert process.link is not None and process.link is not ours
        process.link.close()

    assert (supervisor._used, supervisor._forks, ours.fileno()) == ({}, {}, -1)


def _never(slot: int, listener: socket.socket, link: socket.socket) -> NoReturn:
    raise AssertionError("no process is started")


def test_a_socket_that_comes_too_late_is_given_back() -> None:
    """Who asked for it has gone: it is closed, and the supervisor counts one less."""
    config = Config("", "", {}, "", 1, 1, 1, 1)

    async def main() -> bytes:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control, other = socket.socketpair()
        with ours, theirs, control, other:
            link = Link(ours, lambda: None)
            asked = asyncio.create_task(link.launch(config))
            await asyncio.sleep(0)
            asked.cancel()
            theirs.recv(PACKET)
            socket.send_fds(theirs, [b"K 7"], [control.fileno()])
            async with asyncio.timeout(2):
                while link._pending:
                    await asyncio.sleep(0)
            asyncio.get_running_loop().remove_reader(ours.fileno())
            theirs.setblocking(False)
            return theirs.recv(100)

    assert asyncio.run(main()) == b"D 7"


def test_a_fork_server_that_comes_too_late_is_given_back() -> None:
    found: list[object] = []

    async def launch(config: object) -> Launched:
        return launched

    async def main() -> None:
        launcher = SimpleNamespace(launch=launch, leave=found.append)
        pool = SimpleNamespace(_loop=1, launcher=launcher, _config=None, _closed=True, _ready=None)
        await Supply._launch(pool, asyncio.get_running_loop().create_future())  # type: ignore[arg-type]  # as much as it needs

    control, other = socket.socketpair()
    with control, other:
        launched = Launched(control, 7)
        asyncio.run(main())
        assert control.fileno() == -1
    assert found == [7]


def test_a_fork_server_that_prepares_may_take_longer_until_all_is_prepared() -> None:
    async def main() -> list[int]:
        control, other = socket.socketpair()
        found: list[object] = []
        with other:
            server = ForkServer(
                Launched(control, 7), asyncio.get_running_loop(), found.append,
                lambda: found.append("lost"), lambda: None,
            )  # fmt: skip
            patience = []
            for line in (b"W\n", b"W\n", b"W\nE\n"):
                other.send(line)
                server._hear()
                patience.append(server._patience)
            server.retire(lambda: found.append("ended"))
            other.close()
            server._hear()
            assert found[-1] == "ended" and "lost" not in found
        return patience

    assert asyncio.run(main()) == [120, 120, 8]


def test_what_was_not_sent_is_not_waited_for() -> None:
    """An order that did not go out takes no answer that belongs to the next."""
    config = Config("", "", {}, "", 1, 1, 1, 1)

    async def main() -> str:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            link = Link(ours, lambda: None)
            with contextlib.suppress(BlockingIOError):
                while True:
                    ours.send(b"R" * 1000)
            with pytest.raises(BlockingIOError):
                await link.launch(config)
            theirs.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while theirs.recv(2000):
                    pass
            asked = asyncio.create_task(link.launch(config))
            await asyncio.sleep(0)
            theirs.send(b"E no")
            with pytest.raises(OSError) as raised:
                await asyncio.wait_for(asked, 2)
            asyncio.get_running_loop().remove_reader(ours.fileno())
        return str(raised.value)

    assert asyncio.run(main()) == "no"
