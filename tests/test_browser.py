"""What a browser makes of the pages: Debian's Chromium, driven by Playwright, with axe-core."""

from __future__ import annotations

import gzip
import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import pytest

from twingraph.site.reader import load_site
from twingraph.site.render import static_file
from twingraph.site.static_site import write_site

if TYPE_CHECKING:
    from conftest import Serve

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PAGES: Final = (
    "index.html",
    "place/bonn.html",
    "place/berlin.html",
    "place/germany.html",
    "partnership/bonn-minsk.html",
    "partnership/bonn-kherson.html",
    "org/council-of-european-municipalities-and-regions.html",
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
    "about.html",
    "statistics.html",
    "quality.html",
    "query/is-twinned-with.html?one=bonn&other=minsk",
    "partnership/list/country-germany.html",
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


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Say nothing."""


def test_a_map_is_shown_in_a_frame_of_another_site(
    opened: tuple[Any, list[str], list[str]], address: str, axe: str, tmp_path: Path
) -> None:
    page, errors, hosts = opened

    html = f'<iframe width="900" height="500" src="{address}/embed/en/place/bonn.html"></iframe>'
    (tmp_path / "page.html").write_text(
        f'<!doctype html><link rel="icon" href="data:,">{html}', encoding="utf-8"
    )
    handler = partial(_Silent, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as other:  # another origin
        threading.Thread(target=other.serve_forever, args=(0.05,), daemon=True).start()
        page.goto(f"http://127.0.0.1:{other.server_address[1]}/page.html")
        other.shutdown()
    frame = page.frame_locator("iframe")
    frame.locator("svg image").first.wait_for(state="attached")
    colour = frame.locator(".tg-k-project.tg-arc").first.evaluate("e => getComputedStyle(e).stroke")
    shown = page.locator("iframe").screenshot()
    page.goto(f"{address}/embed/de/place/berlin.html")
    page.evaluate(axe)
    found = []
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 600})
            page.emulate_media(color_scheme=scheme)
            found += page.evaluate("axe.run()")["violations"]
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0

    assert colour == "rgb(160, 64, 0)"  # the one sheet is allowed by its hash
    assert len(shown) > 10_000
    assert (found, errors) == ([], [])
    assert set(hosts[1:]) == {urlsplit(address).netloc}  # the first is the other page


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


# --- the script of every page --------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site stands as files, on a server that knows files alone."""
    site = write_site(load_site(built), tmp_path_factory.mktemp("copy") / "site")
    handler = partial(_Silent, directory=str(site.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("kind", ["address", "copy"])
@pytest.mark.parametrize(
    ("language", "typed", "page_of"),
    [
        ("en", "bonn", "place/bonn.html"),
        ("de", "Минск", "place/minsk.html"),
        ("en", "minsk - bonn", "partnership/bonn-minsk.html"),
        ("en", "minks", "place/minsk.html"),
        ("de", "Hildeshiem", "place/hildesheim.html"),
    ],
)
def test_names_are_offered_while_they_are_typed(
    opened: tuple[Any, list[str], list[str]],
    request: pytest.FixtureRequest,
    kind: str,
    language: str,
    typed: str,
    page_of: str,
) -> None:
    page, errors, hosts = opened
    address = request.getfixturevalue(kind)

    page.goto(f"{address}/{language}/about.html")
    page.click("#find")
    page.keyboard.insert_text(typed)
    page.wait_for_selector("#find-options [role=option]")
    expanded = page.get_attribute("#find", "aria-expanded")
    status = page.inner_text("form:has(#find) [role=status]")
    count = page.locator("#find-options [role=option]").count()
    page.keyboard.press("ArrowDown")
    active = page.get_attribute("#find", "aria-activedescendant")
    selected = page.get_attribute("#find-options [aria-selected=true]", "id")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/{language}/{page_of}")

    assert expanded == "true"
    assert active == selected
    assert status == f"{'Results' if language == 'en' else 'Treffer'}: {count}"
    assert errors == []
    assert set(hosts) == {urlsplit(address).netloc}


def test_the_open_list_is_accessible_and_escape_closes_it(
    opened: tuple[Any, list[str], list[str]], address: str, axe: str
) -> None:
    page, errors, _ = opened

    page.goto(f"{address}/en/index.html")
    page.evaluate(axe)
    page.click("#find")
    page.keyboard.insert_text("mins")
    page.wait_for_selector("#find-options [role=option]")
    page.keyboard.press("ArrowUp")
    found = []
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found += page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    page.keyboard.press("Escape")

    assert found == []
    assert page.is_hidden("#find-options")
    assert page.input_value("#find") == "mins"
    assert page.get_attribute("#find", "aria-expanded") == "false"
    assert page.get_attribute("#find", "aria-activedescendant") is None
    page.keyboard.press("Enter")  # nothing is chosen: the form leads on, as without the script
    page.wait_for_url(f"{address}/en/search?q=mins")
    assert errors == []


def test_a_table_is_sorted_by_the_heads_of_its_columns(
    opened: tuple[Any, list[str], list[str]], address: str
) -> None:
    page, errors, _ = opened
    page.goto(f"{address}/de/place/bonn.html")
    table = page.locator("table.partners").first

    def column(number: int) -> list[str]:
        return [" ".join(text.split()) for text in
                table.locator(f"tbody tr > :nth-child({number})").all_inner_texts()]  # fmt: skip

    def click(number: int) -> str:
        head = table.locator(f"thead th:nth-child({number})")
        head.locator("button").click()
        return str(head.get_attribute("aria-sort"))

    orders, kilometres = [], []
    for _turn in range(2):
        orders.append(click(6))
        kilometres.append([int(re.sub(r"\D", "", text)) for text in column(6) if text])
    click(4)
    since = column(4)
    years = [int(found[0]) for text in since if (found := re.search(r"\b\d{4}\b", text))]

    assert orders == ["ascending", "descending"]
    assert kilometres == [sorted(kilometres[0]), sorted(kilometres[0], reverse=True)]
    assert len(set(kilometres[0])) > 5
    assert years == sorted(years) and len(years) > 1
    assert all("nicht angegeben" in text.lower() for text in since[len(years) :])
    assert table.locator("thead th[aria-sort]").count() == 1
    assert errors == []


# --- the editor of queries -----------------------------------------------------------------------


@pytest.fixture
def editor(opened: tuple[Any, list[str], list[str]], address: str) -> Any:
    """The query page with its editor, in English."""
    if static_file("editor.js") is None:
        pytest.skip("the editor is not bundled; `make editor` does it with Node and npm")
    page, _, _ = opened
    page.goto(f"{address}/sparql?lang=en")
    page.wait_for_selector("#query-editor")
    return page


def write(page: Any, text: str) -> None:
    """Put a query into the editor as a person does, in place of what is there."""
    page.locator("#query-editor .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def test_an_example_is_loaded_and_run_when_it_is_chosen(
    editor: Any, opened: tuple[Any, list[str], list[str]], address: str
) -> None:
    _, errors, hosts = opened

    editor.locator("label.choice select").first.select_option("0")
    editor.wait_for_selector("#query-output table tbody tr")

    assert "SELECT" in editor.inner_text("#query-editor .cm-content")
    assert " s" in editor.inner_text("#query-output [role=status]")
    assert errors == []
    assert set(hosts) == {urlsplit(address).netloc}


def test_a_mistake_is_shown_at_its_place(editor: Any) -> None:
    write(editor, "SELECT * WHERE { ?s ?p ?o .\n FILTR(?s = 1) }")
    editor.keyboard.press("Control+Enter")

    editor.wait_for_selector("#query-editor .cm-lintRange-error")
    marked = editor.inner_text("#query-editor .cm-line:has(.cm-lintRange-error)")

    assert "line 2" in editor.inner_text("#query-output [role=alert]")
    assert "FILTR" in marked


def test_counts_are_drawn_as_bars_and_positions_as_a_map(editor: Any) -> None:
    write(editor, "SELECT ?type (COUNT(?p) AS ?n) { ?p tg:partnershipType ?type } GROUP BY ?type")
    editor.keyboard.press("Control+Enter")
    editor.click("#query-output button:has-text('Chart')")
    bars = editor.locator("#query-output svg.chart rect").count()
    write(editor, "SELECT ?s ?wkt { ?s geo:asWKT ?wkt } LIMIT 5")
    editor.keyboard.press("Control+Enter")
    editor.click("#query-output button:has-text('Map')")

    assert bars >= 2
    assert editor.locator("#query-output svg.chart circle").count() == 5


def test_terms_and_names_are_offered(editor: Any) -> None:
    write(editor, "SELECT * { ?p tg:partn")
    editor.keyboard.press("Control+Space")
    editor.wait_for_selector("#query-editor .cm-tooltip-autocomplete li")
    terms = editor.inner_text("#query-editor .cm-tooltip-autocomplete")
    editor.keyboard.press("Escape")
    write(editor, "SELECT * { ?p tg:partner place:bon")
    editor.keyboard.press("Control+Space")
    editor.wait_for_selector("#query-editor .cm-tooltip-autocomplete li:has-text('place:bonn')")

    assert "tg:partnershipType" in terms


def test_the_keyboard_leaves_the_editor(editor: Any) -> None:
    editor.locator("#query-editor .cm-content").click()
    editor.keyboard.press("Tab")

    assert editor.evaluate("document.activeElement.id") == "format"


def test_earlier_queries_come_back(editor: Any) -> None:
    write(editor, "ASK { ?earlier ?p ?o }")
    editor.keyboard.press("Control+Enter")
    editor.wait_for_selector("#query-output .answer")
    editor.reload()
    editor.wait_for_selector("#query-editor")

    editor.locator("label.choice select").nth(1).select_option("0")

    assert "?earlier" in editor.inner_text("#query-editor .cm-content")


def test_the_page_of_the_editor_is_light(editor: Any, address: str) -> None:
    script = static_file("editor.js")
    assert script is not None
    page = editor.request.get(f"{address}/sparql?lang=en").body()

    weight = len(gzip.compress(script, 9)) + len(gzip.compress(page, 9))

    assert weight <= 170_000


BROKEN_WORDS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.querySelector("table.partners"), 4);
  for (let node; (node = walker.nextNode()); ) {
    for (const word of node.data.matchAll(/[\\p{L}]{4,}/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(word[0]);
    }
  }
  return found;
}"""


@pytest.mark.parametrize("width", [400, 700, 900, 1280])
def test_no_word_of_a_table_is_broken(
    opened: tuple[Any, list[str], list[str]], address: str, width: int
) -> None:
    page, _, _ = opened
    page.set_viewport_size({"width": width, "height": 900})

    page.goto(f"{address}/de/place/berlin.html")

    assert page.evaluate(BROKEN_WORDS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
