"""What many tests start from: the repository's own project, read, published and built once."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import pyshacl
import pytest
from pyoxigraph import Quad
from rdflib import SH, Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.processor import SPARQLProcessor
from rdflib.plugins.sparql.sparql import Query
from rdflib.term import Identifier
from servers import free_port
from starlette.testclient import TestClient

from twingraph.build import build, silent
from twingraph.derive.published import published
from twingraph.rdf.vocabulary import HOME
from twingraph.releasing import release
from twingraph.serve.app import create_app
from twingraph.settings import Settings, load_settings
from twingraph.site.reader import BuildReader, load_site
from twingraph.source.curated import Curated
from twingraph.source.fmt import format_files
from twingraph.source.read import read_project

# what is slow the first time (a grammar compiled) is no failure, and CI repeats what we see
hypothesis.settings.register_profile("ours", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ours")

ROOT = Path(__file__).parent.parent


@pytest.hookimpl(optionalhook=True)  # there may be no xdist
def pytest_xdist_auto_num_workers() -> int:
    """How many processes `--numprocesses auto` is: three for two cores.

    Tests of servers and of limits wait more than they compute: a third of two cores was idle.
    """
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_finish() -> None:
    """Look for garbage among what tests make, not in what stays: that took a while of pySHACL's."""
    gc.collect()
    gc.freeze()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Collect what the tests of a file left, in the thread that made it.

    What a failed query has in a cycle may not be dropped by the thread of a later test's client.
    """
    if nextitem is None or nextitem.path != item.path:
        gc.collect()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-expected", action="store_true", help="rewrite tests/expected from what came out"
    )


@pytest.fixture(scope="session", autouse=True)
def rdflib_parses_a_query_once() -> Iterator[None]:
    """Keep parsed queries: pySHACL asks the same ones about each thing, and mostly parsed them."""
    plain = SPARQLProcessor.query

    @lru_cache(maxsize=200)
    def parsed(text: str, base: str | None, prefixes: tuple[tuple[str, str], ...]) -> Query:
        return prepareQuery(text, dict(prefixes), base)

    def query(
        self: SPARQLProcessor, query: str | Query, bindings: Mapping[str, Identifier] | None = None,
        prefixes: Mapping[str, str] | None = None, base: str | None = None, debug: bool = False,
    ) -> Mapping[str, Any]:  # fmt: skip
        if isinstance(query, str):
            query = parsed(query, base, tuple((prefixes or {}).items()))
        return plain(self, query, bindings, prefixes, base, debug)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SPARQLProcessor, "query", query)
        yield


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
    """Its published graph, named and default."""
    return published(curated)


@pytest.fixture(scope="session")
def two_lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two lists of 200 partnerships that partly disagree; starts are made up."""
    project = tmp_path_factory.mktemp("lists") / "project"
    world = ROOT / "data" / "imports" / "wikidata-2016"
    rows = (world / "rows.csv").read_text(encoding="utf-8").splitlines()[1:201]
    items = {item for row in rows for item in row.split(",")}
    places = (world / "places.csv").read_text(encoding="utf-8").splitlines()
    kept = [place for place in places[1:] if place.split(",")[1] in items]
    head = 'title.en = "List"\ntitle.de = "Liste"\nlanguage = "en"\n'
    head += '[a]\nwikidata = "a"\n[b]\nwikidata = "b"\n'
    start, kind = '[start]\ncolumn = "since"\n', '[kind]\ncolumn = "kind"\n'
    codes = 'codes.twinning = "twinning"\ncodes.friendship = "friendship"\n'
    first = [f"{row},{1950 + number % 70 if number % 3 else ''}"
             for number, row in enumerate(rows)]  # fmt: skip
    second = [f"{row},{1950 + number % 70 + (number % 20 == 1)},"
              f"{'twinning' if number % 50 else 'friendship'}"
              for number, row in enumerate(rows)]  # fmt: skip
    texts = {
        "twingraph.toml": 'title.en = "T"\nrelease = "2026-11-21"\n',
        "data/imports/first/places.csv": "\n".join([places[0], *kept, ""]),
        "data/imports/first/rows.csv": "\n".join(["a,b,since", *first, ""]),
        "data/imports/first/import.toml": head + start,
        "data/imports/second/rows.csv": "\n".join(["a,b,since,kind", *second, ""]),
        "data/imports/second/import.toml": head + start + kind + codes,
    }
    for name, text in texts.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return project


ProjectUnder = Callable[..., Settings]


@pytest.fixture(scope="session")
def project_under(tmp_path_factory: pytest.TempPathFactory) -> ProjectUnder:
    """Copy a project (without `source`, this repository's), moved to another base IRI."""
    made: dict[tuple[str, Path], Settings] = {}

    def copy(base: str, source: Path = ROOT) -> Settings:
        if (base, source) not in made:
            folder = tmp_path_factory.mktemp("under")
            old = load_settings(source).base_iri
            shutil.copytree(source / "data", folder / "data")
            text = (source / "twingraph.toml").read_text(encoding="utf-8")
            told = re.sub(r'(?m)^base_iri = ".*"$', f'base_iri = "{base}"', text)
            (folder / "twingraph.toml").write_text(told, encoding="utf-8")
            moved = load_settings(folder)
            assert format_files(moved, (), write=True, old=old).problems == ()
            made[base, source] = moved
        return made[base, source]

    return copy


@pytest.fixture(scope="session")
def built(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of it."""
    out = tmp_path_factory.mktemp("built") / "build"
    done = build(settings, out)
    assert done.folder is not None, [str(problem) for problem in done.problems]
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
    assert [str(problem) for problem in done.problems] == []
    with TestClient(create_app(project / "build"), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def site(built: Path) -> BuildReader:
    """That build as pages read it."""
    return load_site(built)


# --- engines -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _engine(words: Sequence[str | Path], folder: Path, url: str) -> Iterator[None]:
    """Run a server in `folder` once it answers at `url`; its words go to a file there."""
    told = folder / "told.txt"
    with told.open("wb") as out:
        child = subprocess.Popen(list(map(str, words)), cwd=folder, stdout=out, stderr=out)
        try:
            for _ in range(1200):
                assert child.poll() is None, told.read_text(errors="replace")
                with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
                    break
                time.sleep(0.05)
            else:
                raise TimeoutError(told.read_text(errors="replace"))
            yield
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@pytest.fixture(scope="session")
def engine() -> Callable[[Sequence[str | Path], Path], AbstractContextManager[str]]:
    """Run a server whose words end in the address to listen at: `with engine(words, folder)`."""

    @contextlib.contextmanager
    def run(words: Sequence[str | Path], folder: Path) -> Iterator[str]:
        place = f"127.0.0.1:{free_port()}"
        whole: list[str | Path] = [*words, place]
        with _engine(whole, folder, f"http://{place}/"):
            yield f"http://{place}/"

    return run


@pytest.fixture(scope="session")
def oxigraph(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Oxigraph server that holds the build, loaded as docs/scaling.md says."""
    folder = tmp_path_factory.mktemp("oxigraph")
    program = Path(sys.executable).with_name("oxigraph")
    graph = ("--graph", f"{HOME}graph/published")
    for words in ([built / "twingraph.nq"], [built / "twingraph.nt", *graph]):
        load = [program, "load", "--location", folder / "db", "--file", *words]
        subprocess.run(load, check=True, capture_output=True)
    place = f"127.0.0.1:{free_port()}"
    serve: list[str | Path] = [program, "serve-read-only", "--location", folder / "db"]
    with _engine([*serve, "--bind", place], folder, f"http://{place}/"):
        yield f"http://{place}/query"


@pytest.fixture(scope="session")
def virtuoso(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Virtuoso that holds the build, loaded as docs/scaling.md says."""
    program, client = shutil.which("virtuoso-t"), shutil.which("isql-vt")
    if not (program and client):
        pytest.skip("no Virtuoso is here; Debian's package is virtuoso-opensource")
    folder = tmp_path_factory.mktemp("virtuoso")
    sql, place = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = (ROOT / "tests" / "virtuoso.ini").read_text(encoding="utf-8")
    settings = settings.format(sql=sql, http=place, dumps=built.resolve())
    (folder / "virtuoso.ini").write_text(settings, encoding="utf-8")
    words = [program, "+foreground", "+configfile", "virtuoso.ini"]
    with _engine(words, folder, f"http://{place}/sparql"):
        load = (
            f"ld_dir('{built.resolve()}', 'twingraph.nq', '{HOME}graph/published'); "
            "rdf_loader_run(); checkpoint; SELECT ll_error FROM DB.DBA.load_list;"
        )
        command = [client, sql, "dba", "dba", f"exec={load}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert "NULL" in done.stdout, done.stdout + done.stderr
        yield f"http://{place}/sparql"


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
        data = named.get("type") == "application/ld+json"  # read by machines, loads nothing
        if loading or (tag in ("script", "img") and not data):
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


class Served(NamedTuple):
    """A running `twingraph serve`: its address without a slash behind it, and its process."""

    url: str
    process: subprocess.Popen[str]


Serve = Callable[..., AbstractContextManager[Served]]


# `run` with settings that nothing is built from: the build is taken as it lies there.
_AS_IT_IS = (
    "import sys; from pathlib import Path; from twingraph.settings import load_settings; "
    "from twingraph.serve.server import run; "
    "run(load_settings(Path(sys.argv[1])), Path(sys.argv[2]), '127.0.0.1', int(sys.argv[3]))"
)


@contextlib.contextmanager
def _serving(
    build: Path, project: Path = ROOT, *, rebuild: bool = True, at: int = 0
) -> Iterator[Served]:
    port = str(at or free_port())
    words = ["-c", _AS_IT_IS, str(project), str(build), port]
    if rebuild:
        words = ["-m", "twingraph.cli", "--project", str(project), "serve", "--out", str(build),
                 "--port", port, "--log", "none"]  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, *words], stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        assert child.stderr is not None
        told = child.stderr.readline()
        assert told.startswith("Serving "), told + child.stderr.read()
        yield Served(f"http://127.0.0.1:{port}", child)
    finally:
        child.send_signal(signal.SIGTERM)
        _, rest = child.communicate(timeout=60)
    assert (child.returncode, rest) == (0, "")


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serve a build as a process of its own: `with serve(build, project) as served: …`.

    Without a project, the build is one of this repository's; with `rebuild=False` it is served as
    it is, even where it is not current; `at` is the port. It ends by SIGTERM, with 0.
    """
    return _serving


# --- portals -------------------------------------------------------------------------------------


class Portal(NamedTuple):
    """What a portal harvests from: the base IRI, where it is also served, and the project."""

    base: str
    project: Path


@pytest.fixture(scope="session")
def portal(
    project_under: ProjectUnder,
) -> Iterator[Portal]:
    """This repository's data under an address of this machine, released twice and served there."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    project = project_under(base).folder
    text = (project / "twingraph.toml").read_text(encoding="utf-8")
    for day in ("2026-11-21", "2026-11-28"):
        told = re.sub(r'release = ".*"', f'release = "{day}"', text)
        (project / "twingraph.toml").write_text(told, encoding="utf-8")
        release(load_settings(project), day, silent)
    with _serving(project / "build", project, at=port):
        yield Portal(base, project)


class Finding(NamedTuple):
    """One result of an official shape: how grave, about what, by which property."""

    severity: str
    focus: str
    path: str


DcatAp = Callable[..., list[Finding]]
_DCAT_AP = {
    "base": ["html-shacl/shapes.ttl"],
    "range": ["html-shacl/range.ttl"],
    "recommended": ["html-shacl/shapes_recommended.ttl"],
    "deprecated": ["html-shacl/deprecateduris.ttl"],
    "codelists": ["html-shacl/mdr-vocabularies.shape.ttl"],
    "full": ["shacl/dcat-ap-SHACL.ttl"],
}
_DCAT_AP_DE = (
    "dcat-ap-SHACL-DE", "dcat-ap-de-deprecated", "dcat-ap-spec-german-additions",
    "dcat-ap-de-controlledvocabularies",
)  # fmt: skip


@pytest.fixture(scope="session")
def dcat_ap(artefacts: Callable[[str], Path]) -> DcatAp:
    """Validate with a profile of DCAT-AP 3.0.1, or with `de`: `dcat_ap(graph, "base")`."""

    @cache
    def shapes(profile: str) -> Graph:
        names = _DCAT_AP.get(profile, _DCAT_AP["full"])
        paths = [artefacts(f"checks/dcat-ap/3.0.1/{name}") for name in names]
        if profile == "de":
            paths += [artefacts(f"checks/dcat-ap-de/3.0/shapes/{item}.ttl") for item in _DCAT_AP_DE]
        found = Graph()
        for path in paths:
            found.parse(path)
        for triple in list(found.triples((None, SH.property, None))):
            if (triple[2], SH.path, None) not in found:  # official, and no shape: pySHACL refuses
                found.remove(triple)
        return found

    def validate(graph: Graph, profile: str) -> list[Finding]:
        _, report, _ = pyshacl.validate(graph, shacl_graph=shapes(profile), advanced=True)
        parts = (SH.resultSeverity, SH.focusNode, SH.resultPath)
        return sorted(
            Finding(str(report.value(value, parts[0])).rpartition("#")[2],
                    str(report.value(value, parts[1])), str(report.value(value, parts[2])))
            for value in report.objects(None, SH.result)
        )  # fmt: skip

    return validate


NODE = ROOT / "tests" / "node"


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Path:
    """A folder with our Node packages: tests/node where CI has filled it, else a cache."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not here; they run jsonld.js and Comunica")
    if (NODE / "node_modules" / "jsonld").is_dir():
        return NODE
    lock = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()[:16]
    assert request.config.cache is not None
    folder = request.config.cache.mkdir(f"twingraph-node-{lock}")
    for name in ("package.json", "package-lock.json", ".npmrc", "canon.mjs"):
        shutil.copy(NODE / name, folder)
    if not (folder / "node_modules" / "jsonld").is_dir():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            assert "CI" not in os.environ, done.stderr
            pytest.skip("npm can't install what we test with here")
    return folder
