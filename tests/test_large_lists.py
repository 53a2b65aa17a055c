"""The lists that the repository carries: read whole here, built whole by benchmarks only."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

import pytest
from pyoxigraph import Literal, Quad
from rdflib import DCAT, DCTERMS, Graph, URIRef

from twingraph.build import build, is_current
from twingraph.cli.serving import BESIDE, _built_beside
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import RDFS, TG
from twingraph.settings import Settings, load_settings
from twingraph.source.curated import Curated
from twingraph.source.read import read_project
from twingraph.source.starter import make_project

ROOT = Path(__file__).parent.parent
HOME = "https://w3id.org/twingraph/"


@pytest.fixture(scope="module")
def world(settings: Settings) -> Curated:
    """The project with its large lists."""
    return read_project(settings, large=True)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build of the project with the first rows of its large lists."""
    project = tmp_path_factory.mktemp("sample")
    shutil.copytree(ROOT / "data", project / "data")
    shutil.copy(ROOT / "twingraph.toml", project)
    imports = project / "data" / "imports"
    kept = _cut(imports / "wikidata-2016/rows.csv", lambda number, _: number <= 60)
    items = {item for row in kept for item in row.values()}
    places = _cut(
        imports / "wikidata-2016/places.csv",
        lambda _, row: row["wikidata"] in items or row["level"] == "country",
    )
    slugs = {row["slug"] for row in places}
    _cut(imports / "geonames/rows.csv", lambda _, row: row["slug"] in slugs)
    for toml in imports.glob("*/import.toml"):
        lines = toml.read_text().splitlines()
        toml.write_text("\n".join(line for line in lines if not line.startswith("sha256")) + "\n")
    done = build(load_settings(project), project / "build", large=True)
    assert done.folder is not None, [str(problem) for problem in done.problems[:9]]
    return project


def _cut(path: Path, wanted: Callable[[int, dict[str, str]], bool]) -> list[dict[str, str]]:
    """Leave only the wanted rows in a table, and return them."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for number, row in enumerate(csv.DictReader(stream), 1) if wanted(number, row)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows


def quads_of(world: Curated, slug: str) -> Collection[Quad]:
    path = f"data/imports/{slug}/rows.csv"
    return next(file.quads for file in world.files if file.path == path)


def test_every_row_of_wikidatas_list_is_written(world: Curated) -> None:
    found = next(item for item in world.imports if item.slug == "wikidata-2016")

    assert Counter(outcome.result for outcome in found.outcomes) == {"written": 34178}
    assert not found.problems
    quads = quads_of(world, "wikidata-2016")
    partnerships = {quad.subject for quad in quads if quad.predicate == TG.partner}
    assert len(partnerships) == 17401  # both directions are one


def test_names_in_an_unknown_language_have_no_tag(world: Curated) -> None:
    table = next(item for item in world.files if item.path.endswith("wikidata-2016/places.csv"))
    labels = [quad.object for quad in table.quads if quad.predicate == RDFS.label]
    untagged = [label for label in labels if isinstance(label, Literal) and not label.language]

    assert len(untagged) == 10055 - 36  # the curated files have the rest
    assert all(quad.graph_name.value == f"{HOME}graph/import/wikidata-2016"  # type: ignore[union-attr]  # named
               for quad in table.quads)  # fmt: skip


def test_geonames_says_where_4653_of_them_are(world: Curated) -> None:
    quads = quads_of(world, "geonames")
    located = {quad.subject for quad in quads if quad.predicate.value.endswith("latitude")}

    assert len(located) == 4653


def test_without_large_lists_nothing_of_them_is_read(curated: Curated) -> None:
    assert curated.imports == ()
    assert not any("imports" in item.path for item in curated.files)


def test_each_list_is_a_data_set_under_its_own_licence(sample: Path) -> None:
    catalogue = Graph().parse(sample / "build" / "catalog.ttl")

    def licence(name: str) -> str:
        [value] = catalogue.objects(URIRef(f"{HOME}dataset/{name}"), DCTERMS.license)
        return str(value).rpartition("/")[2]

    assert licence("curated") == licence("source-wikidata-2016") == "CC0"
    assert licence("source-geonames") == licence("partnerships") == "CC_BY_4_0"
    about = json.loads((sample / "build" / "build.json").read_text(encoding="utf-8"))
    assert about["licence"] == "https://creativecommons.org/licenses/by/4.0/"  # pages say so
    files = catalogue.objects(URIRef(f"{HOME}dataset/source-geonames"), DCAT.distribution)
    assert {str(item).rpartition("#")[2] for item in files} == {
        "sources/geonames.nt", "sources/geonames.ttl",
    }  # fmt: skip
    curated = (sample / "build" / "curated.nt").read_text(encoding="utf-8")
    assert "wikidata-2016" not in curated and "place/new-york-city" not in curated


def test_a_place_without_a_point_says_so(sample: Path) -> None:
    text = (sample / "build" / "twingraph.nt").read_text(encoding="utf-8")
    line = f"<{HOME}id/place/%s> <{HOME}ns#notStated> <https://schema.org/latitude> ."

    assert line % "ankara" in text
    assert line % "new-york-city" not in text  # GeoNames has it


def test_a_build_with_large_lists_is_current_for_everybody(sample: Path) -> None:
    settings = load_settings(sample)

    assert is_current(settings, sample / "build")
    assert is_current(settings, sample / "build", large=True)
    assert not is_current(settings, sample / "build", large=False)


def test_why_large_lists_were_not_built_beside_a_server_is_reported(tmp_path: Path) -> None:
    project = tmp_path / "project"
    make_project(project, "https://data.example.org/", None, date(2026, 11, 28))
    (project / "data/sources/broken.ttl").write_text("this is no Turtle\n")
    words = ["--project", str(project), "build", "--large", "--out", str(tmp_path / "build")]
    with subprocess.Popen(
        [sys.executable, "-c", BESIDE, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        told = process.stderr.read()  # while our end of its standard input is open
        assert process.stdout.read() == ""

    assert process.returncode == 1
    assert "data/sources/broken.ttl:1: F03" in told
    assert "the large lists were not built" in told
    assert "twingraph build --large" in told
    assert "Fatal" not in told


def test_a_server_builds_in_a_child(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What a build takes of memory would stay with the server for as long as it runs."""
    project = tmp_path / "project"
    make_project(project, "https://data.example.org/", None, date(2026, 11, 28))
    program = (
        "import sys; from pathlib import Path; from twingraph.cli.serving import _built_beside;"
        "from twingraph.settings import load_settings;"
        "print(_built_beside(load_settings(Path(sys.argv[1])), None));"
        "print('twingraph.build' in sys.modules, 'twingraph.check.run' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(project)], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [str(project / "build"), "False False"]
    assert (project / "build" / "build.json").is_file()

    (project / "data/sources/broken.ttl").write_text("this is no Turtle\n")
    with pytest.raises(TwingraphError, match="nothing was published: mend the violations"):
        _built_beside(load_settings(project), None)
    assert "1 violation" in capfd.readouterr().err
