"""CONTRIBUTING.md, followed step by step in a copy of the project: it works word for word."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from starlette.testclient import TestClient

from twingraph.check.paths import check_paths
from twingraph.rdf.vocabulary import HOME, TG
from twingraph.serve.app import create_app
from twingraph.settings import load_settings

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SOURCE = "data/sources/auendorf-newsletter.ttl"
PAIR = HOME + "id/partnership/auendorf-saint-merle"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after somebody followed the guide: every command printed what it shows."""
    folder = tmp_path_factory.mktemp("reader")
    words = [sys.executable, "docs/examples.py", "CONTRIBUTING.md", "--keep", str(folder)]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "twingraph"


def test_the_guide_has_every_step() -> None:
    steps = ("sha256sum", "twingraph fmt", "twingraph check", "--texts", "twingraph build",
             "twingraph query")  # fmt: skip
    commands = "\n".join(re.findall(r"^\$ (.*)$", GUIDE, re.MULTILINE))
    assert [step for step in steps if step not in commands] == []
    assert re.findall(r"^<!-- (?:file|add to): (\S+) -->$", GUIDE, re.MULTILINE) == [
        "../texts/auendorf-newsletter.txt", "data/entities/places.ttl", "data/entities/works.ttl",
        SOURCE,
    ]  # fmt: skip


def test_the_guide_names_the_checksum_of_its_text(followed: Path) -> None:
    text = followed.parent / "texts" / "auendorf-newsletter.txt"

    assert hashlib.sha256(text.read_bytes()).hexdigest() in (followed / SOURCE).read_text("utf-8")


def test_what_was_entered_has_no_problem_and_every_quote_is_proven(followed: Path) -> None:
    paths = (followed / SOURCE, followed / "data" / "entities")
    found = check_paths(load_settings(followed), paths, followed.parent / "texts")

    assert [str(problem) for problem in found.problems] == []


def test_what_was_entered_is_published(followed: Path) -> None:
    quads: set[Quad] = set(parse(path=followed / "build/twingraph.nq", format=RdfFormat.N_QUADS))
    places = [NamedNode(f"{HOME}id/place/{name}") for name in ("auendorf", "saint-merle")]

    published = {(quad.predicate, getattr(quad.object, "value", "")) for quad in quads
                 if quad.subject == NamedNode(PAIR)}  # fmt: skip
    twinned = {(quad.subject, quad.object) for quad in quads if quad.predicate == TG.twinnedWith}

    assert (TG.start, "1986-05-17") in published
    assert (TG.partnershipType, HOME + "vocab/type/twinning") in published
    assert (TG.status, HOME + "vocab/status/active") in published
    assert {(places[0], places[1]), (places[1], places[0])} <= twinned


def test_the_page_that_the_guide_promises_is_there(followed: Path) -> None:
    [address] = set(re.findall(r"http://127\.0\.0\.1:8000(/\S+\.html)", GUIDE))

    with TestClient(create_app(followed / "build")) as client:
        answer = client.get(address)

    assert answer.status_code == 200
    assert "since 17 May 1986" in answer.text
