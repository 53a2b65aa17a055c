"""What many tests start from: the repository's own project, read, published and built once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from pyoxigraph import Quad

from twingraph.derive.published import published
from twingraph.publish.build import build
from twingraph.settings import Settings, load_settings
from twingraph.source.read import Curated, read_project

# what is slow the first time (a grammar compiled) is no failure, and CI repeats what we see
hypothesis.settings.register_profile("ours", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ours")

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-expected", action="store_true", help="rewrite tests/expected from what came out"
    )


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of this repository's project."""
    return load_settings(ROOT)


@pytest.fixture(scope="session")
def curated(settings: Settings) -> Curated:
    """Its curated files."""
    return read_project(settings)


@pytest.fixture(scope="session")
def quads(curated: Curated) -> frozenset[Quad]:
    """Its published graph, named and default, under HOME."""
    return published(curated)


@pytest.fixture(scope="session")
def built(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of it."""
    out = tmp_path_factory.mktemp("built") / "build"
    done = build(settings, out)
    assert done.folder is not None, [str(one) for one in done.problems]
    return out


@pytest.fixture(scope="session")
def artefacts() -> Callable[[str], Path]:
    """Find something of the shared artefacts by its path; skip where a checkout stands alone."""
    root = Path(os.environ.get("TWINGRAPH_ARTEFACTS", ROOT.parent / "shared"))

    def find(name: str) -> Path:
        path = root / name
        if not path.exists():
            pytest.skip(f"{name} is not here; TWINGRAPH_ARTEFACTS names the folder that holds it")
        return path

    return find
