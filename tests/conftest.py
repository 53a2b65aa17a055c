"""What many tests start from: the repository's own project, read, published and built once."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import hypothesis
import pytest
from pyoxigraph import Quad
from starlette.testclient import TestClient

from twingraph.derive.published import published
from twingraph.publish.build import build
from twingraph.serve.app import create_app
from twingraph.serve.site import Site
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


@pytest.fixture(scope="session")
def client(built: Path) -> Iterator[TestClient]:
    """A client of the server of that build; it follows no redirect by itself."""
    with TestClient(create_app(built), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def withdrawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of the small project of tests/atlas, with things withdrawn and merged."""
    project = tmp_path_factory.mktemp("withdrawn")
    for part in ("atlas", "withdrawn"):
        shutil.copytree(ROOT / "tests" / part, project, dirs_exist_ok=True)
    done = build(load_settings(project), project / "build")
    assert [str(one) for one in done.problems] == []
    with TestClient(create_app(project / "build"), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def site(client: TestClient) -> Site:
    """What that server has opened."""
    site: Site = client.app.state.site  # type: ignore[attr-defined]  # Starlette's
    return site


class Reader(HTMLParser):
    """A page as it is read: what it links to and loads, its anchors, headings, times and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.headings: list[str] = []
        self.times: list[str] = []
        self._words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("id"):
            assert named["id"] not in self.anchors, f"two of id {named['id']}"
            self.anchors.add(str(named["id"]))
        if tag == "a":
            self.links.append(str(named["href"]))
        loading = tag == "link" and named.get("rel") in ("stylesheet", "icon")
        if loading or tag in ("script", "img"):
            self.loads.append(str(named.get("href") or named.get("src")))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if tag == "time":
            self.times.append(str(named["datetime"]))

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())


@pytest.fixture(scope="session")
def read() -> type[Reader]:
    """Read a page: `read(html).text`."""
    return Reader
