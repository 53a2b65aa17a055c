"""Work on a second core: the same result, the same errors, and no process left behind."""

from __future__ import annotations

import errno
import gc
import os
import shutil
from pathlib import Path

import pytest

from twingraph.check import run
from twingraph.child_process import can_fork, in_child
from twingraph.problems import TwingraphError
from twingraph.settings import load_settings
from twingraph.source.read import read_project


def children() -> list[int]:
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(word) for word in text.split()]


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second core, however many there are."""
    monkeypatch.setattr("twingraph.child_process.can_fork", lambda: True)


@pytest.mark.usefixtures("core")
def test_a_job_is_done_by_another_process() -> None:
    before = children()
    with in_child(os.getpid) as result:
        assert result() != os.getpid()
        assert result() == result()

    assert children() == before


@pytest.mark.usefixtures("core")
def test_an_error_of_a_job_is_raised_where_its_result_is_asked_for() -> None:
    def fail() -> None:
        raise TwingraphError("no")

    with pytest.raises(TwingraphError, match="no"), in_child(fail) as result:
        result()


@pytest.mark.usefixtures("core")
def test_a_job_whose_child_dies_is_done_here() -> None:
    here = os.getpid()

    def job() -> int:
        if os.getpid() != here:
            os._exit(3)
        return 7

    with in_child(job) as result:
        assert result() == 7


@pytest.mark.usefixtures("core")
def test_a_child_that_nobody_asks_is_ended() -> None:
    before = children()
    waits, _ = os.pipe()  # nobody writes into it
    with pytest.raises(ValueError, match="changed my mind"), in_child(lambda: os.read(waits, 1)):
        raise ValueError("changed my mind")

    assert children() == before


def test_without_a_second_core_a_job_is_done_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert not can_fork()
    with in_child(os.getpid) as result:
        assert result() == os.getpid()


def test_where_the_system_does_not_tell_its_cores_nothing_is_forked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("os.sched_getaffinity")  # as on macOS
    assert not can_fork()


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize("call", ["fork", "pipe"])
def test_without_room_for_a_child_a_job_is_done_here_and_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail() -> int:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    before = len(list(Path("/proc/self/fd").iterdir())), gc.get_freeze_count()
    monkeypatch.setattr(os, call, fail)
    with in_child(os.getpid) as result:
        assert result() == os.getpid()

    assert (len(list(Path("/proc/self/fd").iterdir())), gc.get_freeze_count()) == before


@pytest.mark.usefixtures("core")
def test_problems_and_graph_are_the_same_on_two_cores(
    two_lists: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(two_lists, folder)
    sources = folder / "data" / "sources"
    sources.mkdir()
    settings = load_settings(folder)
    text = f"<{settings.base_iri}id/partnership/x> a <{settings.base_iri}ns#Partnership> .\n"
    for name, source in (("odd", text), ("broken", "this is no Turtle\n")):
        (sources / f"{name}.ttl").write_text(source)
        curated = read_project(settings)
        monkeypatch.setattr(run, "BESIDE_FROM", 1 << 60)
        graph, problems = run.derive_and_check(curated)
        monkeypatch.setattr(run, "BESIDE_FROM", 0)
        other, found = run.derive_and_check(curated)

        assert found == problems == run.check_curated(curated, graph)
        assert any(item.severity == "violation" for item in found)
        assert b"".join(other.quad_chunks()) == b"".join(graph.quad_chunks())
    assert {item.code for item in found} >= {"F03"}
    assert "C02" not in {item.code for item in found}  # what is published is not judged
