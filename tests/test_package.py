"""The wheel in a clean environment: the whole graph from any folder, and a project of one's own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from servers import free_port

from twingraph.build_cache import KEPT

ROOT = Path(__file__).parent.parent
# MB, everything that `pip install` brings: 100 before rapidfuzz (12 MB) came for matching names
LARGEST = 110
PATIENCE = 300  # seconds for one command
OURS_ALREADY = {"pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence.pth"}
# ours: the name of a text; pip's settings come through
PLAIN = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

pytestmark = pytest.mark.slow


def run(*words: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, words)), cwd=folder, env=PLAIN, timeout=PATIENCE, check=False,
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout; skips where nothing can be fetched to build it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    reached = run(*pip, "download", "--quiet", "--no-deps", "--dest", folder / "probe", "hatchling",
                  folder=folder)  # fmt: skip
    if reached.returncode:
        pytest.skip("no package index is reachable, so that no clean environment can be made")
    # a copy, as others see it: what lies about in this checkout is in no clone
    left_out = shutil.ignore_patterns(".*", "build", "node_modules", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, folder / "checkout", ignore=left_out, symlinks=True)
    shutil.copy(ROOT / ".gitignore", folder / "checkout")
    done = run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, folder / "checkout",
               folder=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("twingraph-*.whl")
    return path


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and what it needs; returns its folder."""
    folder = tmp_path_factory.mktemp("clean")
    made = run(sys.executable, "-m", "venv", folder / "env", folder=folder)
    assert made.returncode == 0, made.stderr
    pip = (folder / "env" / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
    done = run(*pip, "install", "--quiet", wheel, folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "env"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_query_editor_is_in_the_wheel_with_its_licences(wheel: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not here; it bundles the editor")

    with zipfile.ZipFile(wheel) as file:
        script = file.read("twingraph/site/static/editor.js")
        licences = file.read("twingraph/site/static/editor.licences.txt").decode()

    assert 100_000 < len(script) < 1_000_000
    assert "@codemirror/view" in licences
    assert "codemirror-lang-sparql" in licences


def packages(clean: Path) -> Path:
    [found] = clean.glob("lib/python3*/site-packages")
    return found


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextlib.contextmanager
def serving(clean: Path, folder: Path, *words: str) -> Iterator[str]:
    """Serve from `folder`; yield the address once it is told, and end it by a signal."""
    port = free_port()
    child = subprocess.Popen(
        [clean / "bin" / "twingraph", *words, "serve", "--port", str(port)], cwd=folder, env=PLAIN,
        stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    try:
        assert child.stderr is not None
        told = child.stderr.readline()
        assert told.startswith("Serving "), told + child.stderr.read()
        yield f"http://127.0.0.1:{port}/"
    finally:
        child.send_signal(signal.SIGTERM)
        _, rest = child.communicate(timeout=PATIENCE)
    assert (child.returncode, rest) == (0, "")


def get(url: str, accept: str = "*/*") -> str:
    request = urllib.request.Request(url, headers={"accept": accept})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 200
        return bytes(answer.read()).decode("utf-8")


# --- what is in it -------------------------------------------------------------------------------


def test_the_wheel_carries_the_graph_of_this_checkout(wheel: Path, built: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {
            name.removeprefix("twingraph/bundled/build/"): archive.read(name)
            for name in archive.namelist()
            if name.startswith("twingraph/bundled/build/")
        }

    # `inputs` names the engines' versions too, which may be others where the wheel was made
    about, ours = (json.loads(raw) for raw in (inside.pop("build.json"),
                                               (built / "build.json").read_bytes()))  # fmt: skip
    assert {**about, "inputs": ""} == {**ours, "inputs": ""}
    expected = {
        name: digest
        for name, digest in digests(built).items()
        if name != "build.json" and not name.startswith(f"{KEPT}/")
    }
    assert {name: hashlib.sha256(raw).hexdigest() for name, raw in inside.items()} == expected


def test_the_wheel_carries_all_that_is_read_at_run_time_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {
        f"twingraph/bundled/{path.relative_to(ROOT).as_posix()}"
        for folder in ("ontology", "queries", "shapes")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    }
    wanted |= {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "twingraph").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    # the bundled editor is made with the wheel where npm is there, whether or not it lies here
    expected = r"twingraph-|.*/bundled/build/|.*/site/static/editor\."
    more = {name for name in names - wanted if not re.match(expected, name)}
    assert (wanted - names, more) == (set(), set())


def test_all_that_is_installed_is_small(clean: Path) -> None:
    sizes = {
        top.name: sum(item.stat().st_size for item in (top, *top.rglob("*")) if item.is_file())
        for top in packages(clean).iterdir()
        if re.sub(r"-[\d.]+\.dist-info$", "", top.name) not in OURS_ALREADY
    }

    assert sum(sizes.values()) < LARGEST * 1_000_000, sorted(
        sizes.items(), key=lambda item: -item[1]
    )


# --- the graph from anywhere ---------------------------------------------------------------------


def test_serve_shows_the_whole_graph_from_an_empty_folder(clean: Path, empty: Path) -> None:
    bundled = packages(clean) / "twingraph" / "bundled"
    before = digests(bundled)

    began = time.monotonic()
    with serving(clean, empty) as address:
        page = get(address + "en/place/berlin.html")
        first = time.monotonic() - began
        count = get(address + "sparql?query=" + quote(
            "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"), "text/csv")  # fmt: skip
        dump = get(address + "dumps/twingraph.nt")

    assert "Los Angeles" in page
    assert int(count.split()[1]) == dump.count("\n") > 5000
    assert first < 20
    assert digests(bundled) == before
    assert list(empty.iterdir()) == []


def test_query_answers_from_an_empty_folder(clean: Path, empty: Path) -> None:
    done = run(clean / "bin" / "twingraph", "query", "partners-of", "place=berlin", folder=empty)

    assert (done.returncode, done.stderr) == (0, "")
    assert "place:los-angeles" in done.stdout
    assert list(empty.iterdir()) == []


def test_python_has_the_graph_from_an_empty_folder(clean: Path, empty: Path) -> None:
    words = (
        "import json, twingraph; "
        "rows = twingraph.query('partners-of', place='berlin'); "
        "graph = twingraph.load(); "
        "print(json.dumps([rows[0]['partnerName'], len(graph.default_graph), "
        "len(list(graph.graphs())), len(twingraph.questions())]))"
    )
    done = run(clean / "bin" / "python", "-W", "error", "-c", words, folder=empty)

    assert done.returncode == 0, done.stderr
    name, triples, graphs, questions = json.loads(done.stdout)
    assert name == "Los Angeles"
    assert (triples > 5000, graphs > 6) == (True, True)
    assert questions == len(list((ROOT / "queries" / "library").glob("*.rq")))


@pytest.mark.parametrize("command", ["check", "fmt", "build"])
def test_what_needs_a_project_says_so(clean: Path, empty: Path, command: str) -> None:
    done = run(clean / "bin" / "twingraph", command, folder=empty)

    assert done.returncode == 2
    assert "make a project with 'twingraph init DIR'" in done.stderr
    assert list(empty.iterdir()) == []


# --- a project of one's own ----------------------------------------------------------------------


def test_init_makes_a_project_on_which_every_command_works(clean: Path, empty: Path) -> None:
    twingraph = clean / "bin" / "twingraph"
    base = "https://data.example.net/ties/"
    asked = "query partners-of place=musterstadt --format csv"

    made = run(twingraph, "init", "ties", "--base-iri", base, "--title", "Ties", folder=empty)
    project = empty / "ties"
    done = {
        words: run(twingraph, *words.split(), folder=project)
        for words in ("fmt --check", "check --strict --texts texts", "build", asked)
    }
    with serving(clean, empty, "--project", "ties") as address:
        page = get(address + "de/place/musterstadt.html")
        turtle = get(address + "id/place/musterstadt", "text/turtle")

    assert made.returncode == 0, made.stderr
    assert {words: one.returncode for words, one in done.items()} == dict.fromkeys(done, 0)
    assert base + "id/place/sampleford" in done[asked].stdout
    assert "Sampleford" in page
    assert f"@prefix place: <{base}id/place/> ." in turtle
