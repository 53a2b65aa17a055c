"""The API agrees with its description: tested by schemathesis from /openapi.json."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Serve

PROGRAM = Path(sys.executable).with_name("schemathesis")


def test_every_request_that_the_description_allows_is_answered_and_no_other(
    serve: Serve, built: Path, tmp_path: Path
) -> None:
    if not PROGRAM.exists():
        pytest.skip("schemathesis is not installed")

    with serve(built) as served:
        done = subprocess.run(
            [PROGRAM, "run", f"{served.url}/openapi.json", "--phases", "examples,coverage",
             "--checks", "all", "--seed", "1", "--no-color"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout[-3000:]
    assert found is not None
    assert int(found[1]) == int(found[2]) > 500
