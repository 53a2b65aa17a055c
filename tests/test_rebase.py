"""`twingraph fmt --rebase OLD`: a project moves once, the vocabulary never."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from twingraph.cli import cli
from twingraph.rdf.vocabulary import HOME
from twingraph.source.rebase import rebase_iri

ATLAS = Path(__file__).parent / "atlas"
MINE = "https://data.example.org/ties/"


def run(project: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(project), *words])


def texts(project: Path) -> dict[str, str]:
    return {path.relative_to(project).as_posix(): path.read_text("utf-8")
            for path in sorted((project / "data").rglob("*")) if path.is_file()}  # fmt: skip


def under(folder: Path, base: str) -> Path:
    """A copy of the atlas whose settings, and nothing else, say another base."""
    shutil.copytree(ATLAS, folder, dirs_exist_ok=True)
    toml = (folder / "twingraph.toml").read_text("utf-8")
    told = re.sub(r'(?m)^base_iri = ".*"$', f'base_iri = "{base}"', toml)
    (folder / "twingraph.toml").write_text(told, "utf-8")
    return folder


@pytest.mark.parametrize(
    "base",
    [MINE, "https://w3id.org/twingraph/muc/", "http://127.0.0.1:8000/", "https://w3id.org/t/"],
)
def test_a_project_moves_once_and_stays(tmp_path: Path, base: str) -> None:
    project, before = under(tmp_path, base), texts(ATLAS)
    refused = run(project, "check")
    asked = run(project, "fmt", "--check", "--rebase", HOME)
    unchanged = texts(project)

    moved = run(project, "fmt", "--rebase", HOME)
    after = texts(project)
    again = run(project, "fmt", "--rebase", HOME)
    checked = run(project, "check", "--strict")

    assert (refused.exit_code, asked.exit_code, moved.exit_code, again.exit_code) == (1, 1, 0, 0)
    assert f"F16 {HOME}id/" in refused.output
    assert f"'twingraph fmt --rebase {HOME}'" in refused.output
    assert unchanged == before
    assert texts(project) == after
    assert (checked.exit_code, checked.output.count(": ")) == (0, 0), checked.output
    old = HOME if not base.startswith(HOME) else f"{HOME}id/"
    for text in after.values():
        assert old not in re.sub(HOME + "(ns#|vocab/)", "", text)


def test_there_and_back_is_the_same_to_the_byte(tmp_path: Path) -> None:
    project = under(tmp_path, MINE)
    run(project, "fmt", "--rebase", HOME)

    under(tmp_path / "x", HOME)
    shutil.copy(tmp_path / "x" / "twingraph.toml", project / "twingraph.toml")
    shutil.rmtree(tmp_path / "x")
    run(project, "fmt", "--rebase", MINE)

    assert texts(project) == texts(ATLAS)


def test_a_table_moves_with_its_header(tmp_path: Path) -> None:
    project = under(tmp_path, MINE)
    table = project / "data" / "links" / "wikidata.sssom.tsv"
    table.parent.mkdir(exist_ok=True)
    table.write_text(
        f"#curie_map:\n#  place: {HOME}id/place/\n#  wd: http://www.wikidata.org/entity/\n"
        f"#mapping_set_id: {HOME}links/wikidata.sssom.tsv\n"
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "place:aaburg\towl:sameAs\twd:Q64\tsemapv:LexicalMatching\n", "utf-8",
    )  # fmt: skip
    told_of = json.loads(run(project, "check", "--format", "json").stdout)

    run(project, "fmt", "--rebase", HOME)

    places = {(item["file"], item["line"], item["code"]) for item in told_of}
    assert ("data/links/wikidata.sssom.tsv", 6, "F16") in places
    told = table.read_text("utf-8")
    assert f"#  place: {MINE}id/place/\n" in told
    assert f"#mapping_set_id: {MINE}links/wikidata.sssom.tsv\n" in told
    assert HOME not in told


def test_a_file_that_would_lose_something_is_left_and_reported(tmp_path: Path) -> None:
    project = under(tmp_path, MINE)
    path = next((project / "data" / "sources").glob("*.ttl"))
    path.write_text("# by hand\n" + path.read_text("utf-8"), "utf-8")
    before = path.read_text("utf-8")

    done = run(project, "fmt", "--rebase", HOME)

    assert done.exit_code == 1
    assert "F07" in done.output
    assert path.read_text("utf-8") == before


@pytest.mark.parametrize("old", ["https://w3id.org/twingraph", "w3id.org/", MINE])
def test_a_wrong_old_base_is_refused(tmp_path: Path, old: str) -> None:
    done = run(under(tmp_path, MINE), "fmt", "--rebase", old)

    assert done.exception is not None
    assert "--rebase" in str(done.exception)
    assert texts(tmp_path) == texts(ATLAS)


def test_only_what_a_project_names_moves() -> None:
    moved = {path: rebase_iri(HOME + path, HOME, MINE) for path in (
        "", "id/place/bonn", "graph/links", "dataset/links", "release/2026-11-21/", "ns#start",
        "ns", "vocab/type/twinning", "shapes#X01", "ties/id/place/bonn", "other",
    )}  # fmt: skip

    assert {path for path, iri in moved.items() if iri != HOME + path} == {
        "", "id/place/bonn", "graph/links", "dataset/links", "release/2026-11-21/",
    }  # fmt: skip
