"""What a reader's browser makes of the pages: Debian's Chromium, driven by Playwright, and axe-core."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest

from tests.conftest import Serve

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PAGES: Final = (
    "index.html",
    "place/bonn.html",
    "place/berlin.html",
    "place/germany.html",
    "partnership/bonn-minsk.html",
    "partnership/bonn-kherson.html",
    "org/cemr.html",
    "place/index.html",
    "partnership/index.html",
    "source/index.html",
    "source/bonn-minsk.html",
    "query/index.html",
    "query/partners-of.html?place=bonn",
    "vocab/index.html",
    "vocab/type/twinning.html",
    "ns.html",
    "shapes.html",
    "data.html",
    "search?q=bonn+minsk",
)
WIDTHS: Final = (320, 768, 1280)
_CHROMIUM: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium is here; Debian's package is chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(serve: Serve, built: Path) -> Iterator[str]:
    with serve(built) as served:
        yield served.url


@pytest.fixture(scope="module")
def axe(node: Path) -> str:
    path = node / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not here; npm ci in tests/node brings it")
    return path.read_text(encoding="utf-8")


@pytest.fixture
def opened(browser: Any) -> Iterator[tuple[Any, list[str], list[str]]]:
    """A tab, what its console says, and which hosts it asks."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    hosts: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: hosts.append(urlsplit(request.url).netloc))
    yield page, errors, hosts
    context.close()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("path", [*PAGES, "sparql"])
def test_a_page_is_accessible_at_every_width_and_stays_at_home(
    opened: tuple[Any, list[str], list[str]], address: str, axe: str, path: str, language: str
) -> None:
    page, errors, hosts = opened
    place = f"sparql?lang={language}" if path == "sparql" else f"{language}/{path}"

    response = page.goto(f"{address}/{place}")
    page.evaluate(axe)
    found = []
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            result = page.evaluate("axe.run({resultTypes: ['violations']})")
            found += [
                (width, scheme, violation["id"], node["target"], node["failureSummary"])
                for violation in result["violations"]
                for node in violation["nodes"]
            ]
        overflow = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        if overflow > 0:
            found.append((width, "overflow", str(overflow), [], ""))

    assert response.status == 200
    assert found == []
    assert errors == []
    assert set(hosts) == {urlsplit(address).netloc}


def test_everything_is_readable_without_javascript(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    query = "PREFIX place: <https://w3id.org/twingraph/id/place/> ASK { place:bonn ?p ?o }"

    page.goto(f"{address}/sparql?lang=en&query={quote(query, safe='')}")
    shown = page.inner_text("main")
    visible = page.is_visible("textarea")
    context.close()

    assert visible
    assert "yes" in shown
