"""`twingraph init`: a new project, on which every command works at once."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyoxigraph import NamedNode, QuerySolutions
from starlette.testclient import TestClient

import twingraph
from twingraph.cli import cli
from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import load_store
from twingraph.rdf.iris import kind_of, local_path, page_path
from twingraph.rdf.vocabulary import HOME
from twingraph.serve.app import create_app
from twingraph.settings import STARTER_BASE, load_settings
from twingraph.source.fmt import format_files
from twingraph.source.starter import make_project

BASE = "https://data.example.net/ties/"


def run(*words: str) -> Result:
    """Run a command in this process; an error of ours is its exception."""
    return CliRunner().invoke(cli, words)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("init") / "ties"
    done = run("init", str(folder), "--base-iri", BASE, "--title", 'Ties of "A" \\ B')
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(project)
    yield project


def test_it_is_small_and_whole(project: Path) -> None:
    files = sorted(
        path.relative_to(project).as_posix()
        for path in project.rglob("*")
        if path.is_file() and "build" not in path.as_posix().removeprefix(str(project))
    )

    assert files == [
        ".gitignore",
        "README.md",
        "data/entities/places.ttl",
        "data/entities/works.ttl",
        "data/sources/first.ttl",
        "texts/first.txt",
        "twingraph.toml",
    ]
    toml = tomllib.loads((project / "twingraph.toml").read_text(encoding="utf-8"))
    assert (toml["base_iri"], toml["title"]["de"]) == (BASE, 'Ties of "A" \\ B')


def test_its_readme_can_be_followed_word_for_word(inside: Path) -> None:
    text = (inside / "README.md").read_text(encoding="utf-8")
    commands = [
        shlex.split(match) for match in re.findall(r"^\$ twingraph (.+)$", text, re.MULTILINE)
    ]
    done = {" ".join(words): run(*words).exit_code for words in commands if words != ["serve"]}

    assert ["serve"] in commands
    assert len(done) >= 2
    assert set(done.values()) == {0}, done


def test_the_check_finds_nothing_at_all(inside: Path) -> None:
    done = run("check", "--strict", "--format", "json", "--texts", "texts")

    assert json.loads(done.stdout) == []
    assert "3 of 3 quotes proven" in done.stderr


def test_its_files_are_in_the_one_form_under_any_base(tmp_path: Path) -> None:
    for base in (HOME, STARTER_BASE, "http://127.0.0.1:8000/", "https://zzz.example.org/a/b/"):
        folder = tmp_path / re.sub(r"\W", "", base)
        make_project(folder, base, None, date(2027, 1, 31))

        done = format_files(load_settings(folder), (), write=False)

        assert (done.read, done.changed, done.problems) == (3, (), ())


def test_everything_it_publishes_is_under_its_own_base(inside: Path) -> None:
    assert run("build").exit_code == 0

    frozen = (inside / "build" / "twingraph.nq").read_text(encoding="utf-8")
    # the vocabulary keeps its names, and its ontology stands in a catalogue of its own
    assert set(re.findall(HOME + r"(\w*)", frozen)) == {"catalog", "ns", "vocab"}
    assert f"<{BASE}id/partnership/musterstadt-sampleford> <{HOME}ns#start> " in frozen


def test_the_questions_of_the_library_are_answered(inside: Path) -> None:
    [row] = twingraph.query("partners-of", place="musterstadt")

    assert row["partner"] == BASE + "id/place/sampleford"
    assert (row["partnerName"], row["since"]) == ("Sampleford", "1987-05-03")
    assert twingraph.query("is-twinned-with", one="musterstadt", other="place:sampleford") == (
        twingraph.Rows(["answer"], [[True]])
    )


def test_every_entity_of_it_has_its_pages(inside: Path) -> None:
    assert run("build").exit_code == 0
    library = load_settings(inside).resource("queries") / "library"
    client = TestClient(create_app(inside / "build", library), follow_redirects=False)
    store = load_store(inside / "build" / "twingraph.nq")
    found = store.query("SELECT DISTINCT ?s { ?s ?p ?o FILTER (ISIRI(?s)) }")
    assert isinstance(found, QuerySolutions)
    things = [row["s"].value for row in found if isinstance(row["s"], NamedNode)]
    things = sorted(iri.removeprefix(BASE) for iri in things if iri.startswith(BASE))

    answers = {}
    for thing in things:
        path = local_path(thing)
        for language in ("en", "de"):
            page = path and page_path(path, language)
            if page:
                answers[page] = client.get(f"/{page}").status_code
    told = client.get("/id/place/musterstadt", headers={"accept": "text/turtle"})

    assert len([iri for iri in things if kind_of(BASE + iri, BASE)]) >= 11
    assert set(answers.values()) == {200}
    assert told.headers["location"] == "/doc/place/musterstadt.ttl"
    assert f"@prefix place: <{BASE}id/place/> ." in client.get("/doc/place/musterstadt.ttl").text
    assert "Ties of &#34;A&#34; \\ B" in client.get("/en/").text


# --- what it refuses -----------------------------------------------------------------------------


def test_a_folder_with_files_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")

    with pytest.raises(TwingraphError, match="has files in it; name a new or an empty folder"):
        make_project(tmp_path, STARTER_BASE, None, date(2027, 1, 31))

    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert len(make_project(tmp_path, STARTER_BASE, None, date(2027, 1, 31))) == 7


@pytest.mark.parametrize(
    ("base", "title", "told"),
    [
        ("example.org", None, "write an absolute http\\(s\\) IRI that ends in '/'"),
        ("https://example.org", None, "ends in '/'"),
        ("https://example.org/a b/", None, "base_iri"),
        (STARTER_BASE, "", "write some words"),
        (STARTER_BASE, "a\nb = 1", "on one line"),
    ],
)
def test_a_wrong_name_makes_nothing(
    tmp_path: Path, base: str, title: str | None, told: str
) -> None:
    with pytest.raises(TwingraphError, match=told):
        make_project(tmp_path / "new", base, title, date(2027, 1, 31))

    assert not (tmp_path / "new").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("", encoding="utf-8")

    with pytest.raises(TwingraphError, match="is no folder"):
        make_project(tmp_path / "new", STARTER_BASE, None, date(2027, 1, 31))


# --- without a project ---------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["check"], ["fmt"], ["fmt", "--check"], ["build"]])
def test_what_needs_a_project_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    done = run(*words)

    assert isinstance(done.exception, TwingraphError)
    assert "make a project with 'twingraph init DIR'" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_what_reads_takes_the_graph_that_came_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    listed = run("query")
    done = run("query", "partners-of", "place=berlin", "--format", "csv")

    assert "partners-of" in listed.stdout
    assert (done.exit_code, done.stdout.count("place/berlin,")) == (0, 17)
    assert list(tmp_path.iterdir()) == []
