"""Faults and fuzz as a habit: a little of both each time; benchmarks/ has them for minutes."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc"),
]

ROOT = Path(__file__).parent.parent


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


load("watched")
inputs = load("inputs")
fuzz = load("fuzz")
load("machine_faults")
faults = load("faults")


def test_what_must_hold_holds_after_each_fault(tmp_path: Path) -> None:
    with faults.range_in(tmp_path, seed=1) as (target, asking, log):
        for name in ("build_killed", "fmt_killed", "import_killed", "front_killed", "worker_killed",
                     "fork_server_killed", "disk_full", "release_killed_at_a_step"):  # fmt: skip
            getattr(target, name)()
        assert target.drafts() == []

    assert set(asking.answers) <= {200, 503}
    assert asking.answers[200] > 100
    assert asking.cut <= 4  # two clients, and half of the service was killed once
    assert "Traceback" not in log.read_text(errors="replace")


def test_requests_of_every_kind_are_answered_in_words(tmp_path: Path) -> None:
    project = fuzz.project_in(tmp_path)
    log = tmp_path / "log.txt"
    with fuzz.served(project, log) as (address, _):
        sent, statuses, found = fuzz.fuzz_requests(address, 1, 300, time.monotonic() + 20)

    assert found == []
    assert sent == 300
    assert len(statuses) > 5
    assert "Traceback" not in log.read_text(errors="replace")


def test_damaged_files_are_told_and_break_nothing(tmp_path: Path) -> None:
    project = fuzz.project_in(tmp_path)
    done, taken, found = fuzz.fuzz_files(project, 1, 12, time.monotonic() + 10)

    assert found == []
    assert done > 3
    assert len(taken) > 3


def test_the_same_seed_makes_the_same_inputs() -> None:
    rngs = [inputs.random.Random(5) for _ in range(2)]
    assert inputs.make_request(rngs[0]) == inputs.make_request(rngs[1])
    assert inputs.make_query(rngs[0]) == inputs.make_query(rngs[1])
    assert inputs.make_file(rngs[0], [b"abc def"]) == inputs.make_file(rngs[1], [b"abc def"])
