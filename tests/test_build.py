"""A build: same facts, same bytes, whole or not at all, and every dump the same graph."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pytest
import rdflib
from commands import command, commands, files_in, wait_for_files
from pyld import jsonld
from pyoxigraph import BlankNode, DefaultGraph, Quad, RdfFormat, parse

from twingraph.atomic import LockedError, locked
from twingraph.build import build, is_current, publish_files
from twingraph.current_build import ensure_build
from twingraph.derive.published import published
from twingraph.inputs import PACKAGE, Inputs, input_digest, read_inputs
from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import quad_lines
from twingraph.rdf.vocabulary import HOME
from twingraph.settings import Settings, load_settings
from twingraph.site.reader import PREPARED
from twingraph.source.curated import Curated
from twingraph.source.starter import make_project

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of this repository's project."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "data", folder / "data")
    shutil.copy(ROOT / "twingraph.toml", folder)
    return folder


def whole(folder: Path) -> dict[str, str]:
    """Check a build's files against its own SHA256SUMS and return their checksums."""
    sums = {}
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
        sums[name] = digest
    about = folder / "build.json"
    return {**sums, "build.json": hashlib.sha256(about.read_bytes()).hexdigest()}


def test_hash_seed_changes_no_byte(project: Path) -> None:
    found = []
    for seed in ("0", "4242"):
        out = project.parent / f"out-{seed}"
        done = subprocess.run(
            command(project, "build", "--out", str(out)), capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(whole(out))

    assert found[0] == found[1]


def test_the_order_of_files_changes_nothing(curated: Curated, quads: frozenset[Quad]) -> None:
    files = list(curated.files)
    random.Random(7).shuffle(files)

    assert files != list(curated.files)
    assert published(replace(curated, files=tuple(files))) == quads


def test_building_twice_changes_nothing_and_is_seen_as_current(settings: Settings,
                                                               tmp_path: Path) -> None:  # fmt: skip
    out = tmp_path / "build"
    build(settings, out)
    first = whole(out)
    build(settings, out)

    assert whole(out) == first
    assert is_current(settings, out)
    assert not is_current(replace(settings, title={"en": "other"}), tmp_path / "none")


def test_building_again_mends_what_was_prepared(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "build"
    build(settings, out)
    prepared = out / PREPARED
    whole_one = {path.name: path.read_bytes() for path in prepared.iterdir()}
    damaged = max(prepared.iterdir(), key=lambda path: path.stat().st_size)
    damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    build(settings, out)
    assert {path.name: path.read_bytes() for path in prepared.iterdir()} == whole_one

    shutil.rmtree(prepared)
    build(settings, out)
    assert {path.name: path.read_bytes() for path in prepared.iterdir()} == whole_one
    assert [path.name for path in tmp_path.iterdir() if "draft" in path.name] == []


# --- the dumps -----------------------------------------------------------------------------------


def quads_of(path: Path, form: RdfFormat) -> set[Quad]:
    return set(parse(path=path, format=form))


def test_the_frozen_graph_is_sorted_and_has_no_blank_nodes(
    built: Path, quads: frozenset[Quad]
) -> None:
    raw = (built / "twingraph.nq").read_bytes()
    lines = raw.splitlines()

    assert lines == sorted(set(lines))
    assert raw == quad_lines(quads)
    terms = (term for quad in quads for term in (quad.subject, quad.object))
    assert not any(isinstance(term, BlankNode) for term in terms)


def test_quad_formats_hold_everything_and_triple_formats_the_default_graph(built: Path) -> None:
    everything = quads_of(built / "twingraph.nq", RdfFormat.N_QUADS)
    default = {quad for quad in everything if quad.graph_name == DefaultGraph()}

    assert quads_of(built / "twingraph.trig", RdfFormat.TRIG) == everything
    assert quads_of(built / "twingraph.nt", RdfFormat.N_TRIPLES) == default
    assert quads_of(built / "twingraph.ttl", RdfFormat.TURTLE) == default
    assert quads_of(built / "twingraph.jsonld", RdfFormat.JSON_LD) == default
    assert len(everything) > len(default) > 5000


def test_a_strict_jsonld_processor_gives_the_canonical_quads_of_the_dump(built: Path) -> None:
    document = json.loads((built / "twingraph.jsonld").read_text(encoding="utf-8"))
    options = {"algorithm": "URDNA2015", "format": "application/n-quads"}

    found = jsonld.normalize(document, options)

    assert found == (built / "twingraph.nt").read_text(encoding="utf-8")


# rdflib's own parser calls what rdflib deprecates
@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
def test_rdflib_reads_the_same_triples_from_jsonld_and_ntriples(built: Path) -> None:
    document = (built / "twingraph.jsonld").read_text(encoding="utf-8")
    lines = (built / "twingraph.nt").read_text(encoding="utf-8")

    from_json = rdflib.Dataset().parse(data=document, format="json-ld")
    from_lines = rdflib.Dataset().parse(data=lines, format="nt")

    assert set(from_json) == set(from_lines)
    assert len(from_json) > 5000


def test_jsonld_has_short_keys_types_and_one_node_a_line(built: Path) -> None:
    text = (built / "twingraph.jsonld").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith('{"id"')
                and "/id/partnership/bonn-minsk" in line[:80])  # fmt: skip
    node = json.loads(line.rstrip(","))

    assert node["type"] == ["Partnership"]
    assert node["label"] == {"de": "Bonn – Minsk", "en": "Bonn – Minsk"}
    assert node["start"] == "[1993~,2003]"
    assert node["earliestStart"] == "1992-01-01"
    context = json.loads((built / "context.jsonld").read_text(encoding="utf-8"))
    assert json.loads(text)["@context"] == context["@context"]
    assert not [key for key in node if key.startswith("http")]


def test_another_base_iri_names_the_data_and_not_the_vocabulary(
    project_under: Callable[[str], Settings], tmp_path: Path, built: Path
) -> None:
    base = "http://127.0.0.1:8000/"

    done = build(project_under(base), tmp_path / "moved")

    assert done.folder is not None
    moved = (done.folder / "twingraph.nq").read_text(encoding="utf-8").splitlines()
    home = (built / "twingraph.nq").read_text(encoding="utf-8").splitlines()
    assert sorted(item.replace(base, HOME) for item in moved) == sorted(home)
    ours = {path for item in moved for path in re.findall(HOME + r"(\w+)", item)}
    assert ours == {"catalog", "ns", "vocab"}  # the catalogue is that of the ontology


# --- whole or not at all -------------------------------------------------------------------------


def test_with_a_violation_nothing_is_published_and_the_last_build_stays(project: Path) -> None:
    out = project / "build"
    first = subprocess.run(command(project, "build"), capture_output=True, text=True, check=False)
    before = whole(out)
    broken = project / "data" / "sources" / "broken.ttl"
    broken.write_text("<http://example.org/a> a ", encoding="utf-8")

    done = subprocess.run(command(project, "build"), capture_output=True, text=True, check=False)

    assert first.returncode == 0, first.stderr
    assert done.returncode == 1
    assert done.stdout.startswith("data/sources/broken.ttl:1: F03 ")
    assert "Traceback" not in done.stderr
    assert whole(out) == before


TURNS: Final = 8


def publish_as(project: Path, name: str) -> None:
    """Set the publisher, which makes another build."""
    toml = (project / "twingraph.toml").read_text(encoding="utf-8")
    lines = [line for line in toml.splitlines() if not line.startswith("publisher")]
    lines.append(f'publisher = "{name}"')
    (project / "twingraph.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def builds_beside(out: Path) -> set[str]:
    return {path.name for path in out.parent.glob(".build-*")} - {".build-draft"}


@pytest.mark.slow
def test_sigkill_at_any_moment_leaves_the_last_build_or_the_new_one(project: Path) -> None:
    out = project / "build"
    draft = out.with_name(".build-draft")
    build(load_settings(project), out)
    number = files_in(out.resolve())
    known = {json.dumps(whole(out))}
    killed = halves = 0

    with commands() as started:
        for turn in range(TURNS):
            publish_as(project, f"number {turn}")
            before = builds_beside(out)
            child = started.start(project, "build")
            # at once, then once so many files are written, and every fourth time just when the
            # folder is renamed
            awaited = sys.maxsize if turn % 4 == 3 else number * turn // TURNS
            if turn:
                wait_for_files(draft, awaited, lambda: builds_beside(out) != before)  # noqa: B023
            os.kill(child, signal.SIGKILL)
            killed += started.end() == signal.SIGKILL
            halves += draft.exists()
            found = whole(out)
            publisher = json.loads((out / "build.json").read_text())["publisher"]
            assert json.dumps(found) in known or publisher == f"number {turn}"
            known.add(json.dumps(found))
            if turn < TURNS - 1:  # what is half is awaited anew; the last one is left lying
                shutil.rmtree(draft, ignore_errors=True)

    assert killed >= TURNS // 2
    assert halves >= 3  # else the moments missed what they are about
    last = subprocess.run(command(project, "build"), capture_output=True, text=True, check=False)
    assert last.returncode == 0, last.stderr
    assert json.loads((out / "build.json").read_text())["publisher"] == f"number {TURNS - 1}"
    publish_as(project, "another")  # what was killed once the link led there has cleared nothing
    build(load_settings(project), out)
    left = [path.name for path in project.glob(".build-*")]
    assert len(left) <= 2, left


def test_a_full_disk_is_said_and_nothing_is_lost(project: Path) -> None:
    out = project / "build"
    build(load_settings(project), out)
    before = whole(out)
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "from twingraph.cli import main; main(sys.argv[1:])"
    )
    with (project / "twingraph.toml").open("a", encoding="utf-8") as toml:
        toml.write("max_file_bytes = 5_000_000\n")

    done = subprocess.run(
        [sys.executable, "-c", limited, "--project", str(project), "build"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "nothing was replaced" in done.stderr
    assert "Traceback" not in done.stderr
    assert whole(out) == before


def test_a_folder_of_other_files_is_not_replaced(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")

    with pytest.raises(TwingraphError, match="with files in it"):
        build(settings, tmp_path)

    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "dear"


def test_files_beside_a_build_are_left_alone(settings: Settings, tmp_path: Path) -> None:
    build(settings, tmp_path / "site-two")
    (tmp_path / ".site-backup").mkdir()
    (tmp_path / ".site-backup" / "letters.txt").write_text("dear", encoding="utf-8")

    build(settings, tmp_path / "site")

    assert whole(tmp_path / "site-two")
    assert (tmp_path / ".site-backup" / "letters.txt").exists()


def test_the_build_before_is_kept_for_those_who_still_read_it(tmp_path: Path) -> None:
    """Also where a build comes to the same content once more."""
    out = tmp_path / "out"
    publish_files({"a": b"0"}, out)
    before = publish_files({"a": b"1"}, out)
    now = publish_files({"a": b"2"}, out)
    assert publish_files({"a": b"2"}, out) == now
    assert (before / "a").read_bytes() == b"1"

    publish_files({"a": b"1"}, out)
    assert sorted(tmp_path.glob(".out-*")) == sorted({before, now})


def test_the_folder_of_a_project_changes_no_byte(project: Path, tmp_path: Path) -> None:
    moved = tmp_path / "zz" / "elsewhere"
    shutil.copytree(project, moved)

    build(load_settings(project), tmp_path / "one")
    build(load_settings(moved), tmp_path / "two")

    assert whole(tmp_path / "one") == whole(tmp_path / "two")


def test_a_build_is_not_put_among_its_own_inputs(project: Path) -> None:
    with pytest.raises(TwingraphError, match="lies inside data/"):
        build(load_settings(project), project / "data" / "sources" / "build")


def test_an_empty_folder_becomes_the_build(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()

    build(settings, out)

    assert whole(out)


CHANGED = {
    "project": "data/sources/bonn-minsk.ttl",
    "settings": "twingraph.toml",
    "ontology": "ontology/twingraph.ttl",
    "rule": "queries/rules/distance.rq",
    "page": "queries/site/labels.rq",
    "question": "queries/library/partners-of.rq",
    "shapes": "shapes/source.ttl",
    "code": "package/build.py",
    "template": "package/site/templates/base.html",
    "static file": "package/site/static/style.css",
    "words": "package/site/locale/de/LC_MESSAGES/twingraph.mo",
    "engine": "",
}


@pytest.mark.parametrize("kind", CHANGED)
def test_a_build_is_stale_when_anything_it_is_made_from_changes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data", "ontology", "queries", "shapes"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "twingraph.toml", tmp_path)
    (tmp_path / "package").symlink_to(PACKAGE)
    settings = load_settings(tmp_path)
    monkeypatch.setattr("twingraph.inputs.PACKAGE", tmp_path / "package")
    before = input_digest(settings)
    assert input_digest(settings) == before

    if kind == "engine":
        monkeypatch.setattr("twingraph.inputs.version", lambda name: "9.9")
    else:
        folder = CHANGED[kind].partition("/")[0]
        if folder != CHANGED[kind]:
            source = (tmp_path / folder).resolve()
            (tmp_path / folder).unlink()
            skipped = shutil.ignore_patterns("__pycache__", "imports")
            shutil.copytree(source, tmp_path / folder, ignore=skipped)
            before = input_digest(settings)
        with (tmp_path / CHANGED[kind]).open("ab") as stream:
            stream.write(b"\n")

    assert input_digest(load_settings(tmp_path)) != before


def test_bytecode_written_by_python_leaves_a_build_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    (package / "web").mkdir(parents=True)
    (package / "web" / "routes.py").write_text("x = 1\n")
    monkeypatch.setattr("twingraph.inputs.PACKAGE", package)
    settings = load_settings(ROOT)
    before = input_digest(settings)

    (package / "web" / "__pycache__").mkdir()
    (package / "web" / "__pycache__" / "routes.cpython-311.pyc.4711").write_bytes(b"half")

    assert input_digest(settings) == before


def test_a_second_build_is_refused_before_it_reads_the_build_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and writing, another build could take away what this one goes on from."""
    project = tmp_path / "project"
    make_project(project, HOME, None, date(2026, 11, 28))
    settings, out = load_settings(project), project / "build"
    refused: list[str] = []

    def second_build(settings: Settings, large: bool) -> Inputs:
        if not refused:
            refused.append("now")
            with pytest.raises(TwingraphError, match="another build is writing"):
                build(settings, out)
        return read_inputs(settings, large)

    monkeypatch.setattr("twingraph.build.read_inputs", second_build)
    assert build(settings, out).folder is not None
    assert refused


def test_a_command_in_a_stale_project_waits_for_the_build_of_another_and_uses_it(
    tmp_path: Path,
) -> None:
    project = tmp_path / "project"
    make_project(project, HOME, None, date(2026, 11, 28))
    settings, out = load_settings(project), project / "build"
    lock = project / ".build.lock"
    with locked(lock, "busy"):
        asking = subprocess.Popen(
            command(project, "query", "status-of-partnerships"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert asking.stderr
        first = asking.stderr.readline()
        assert first == f"another build is writing {out}; waiting for it (15 min at most)\n"
        # what the other publishes meanwhile; its draft stays as it is, if it is used
        made = build(settings, tmp_path / "other" / "build").folder
        assert made is not None
        made.rename(project / made.name)
        out.symlink_to(made.name)
    _, rest = asking.communicate(timeout=60)
    assert (asking.returncode, rest) == (0, "")
    assert [path.name for path in project.glob(".build-*")] == [made.name]
    assert out.readlink() == Path(made.name)


def test_a_build_that_takes_too_long_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twingraph.current_build._MINUTES", 0)
    (tmp_path / "twingraph.toml").write_text("")
    with (
        locked(tmp_path / ".build.lock", "busy"),
        pytest.raises(LockedError, match="another build is writing"),
    ):
        ensure_build(load_settings(tmp_path))


@pytest.mark.parametrize(("fault", "advice"), [
    (errno.ENOSPC, "free the place and build again"), (errno.EROFS, "build elsewhere with --out"),
    (errno.EACCES, "build elsewhere with --out"),
])  # fmt: skip
def test_what_the_disk_refuses_is_told_with_what_helps(
    fault: int, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr("twingraph.atomic.sync", refuse)
    with pytest.raises(TwingraphError, match=f"nothing was replaced, {advice}"):
        publish_files({"a": b"b"}, tmp_path / "build")
    assert not (tmp_path / "build").exists()
