"""Our files read by other people's parsers: rapper, serdi, n3.js, jsonld-streaming-parser.

Each must find just the statements that the engine finds, in every file of a build.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import Literal, RdfFormat, parse

from twingraph.export.jsonld import KEYWORDS, Key, node_object
from twingraph.rdf.vocabulary import RDFS

_RAPPER: Final = {".ttl": "turtle", ".nt": "ntriples", ".nq": "nquads", ".rdf": "rdfxml"}
_SERDI: Final = {".ttl": "turtle", ".nt": "ntriples", ".nq": "nquads", ".trig": "trig"}
_JAVASCRIPT: Final = frozenset({".ttl", ".nt", ".nq", ".trig", ".jsonld"})


def files(built: Path, suffixes: object) -> list[Path]:
    """Return the RDF files of a build that have these suffixes; its context is none."""
    found = sorted(
        path
        for path in built.rglob("*")
        if path.suffix in suffixes and path.name != "context.jsonld"  # type: ignore[operator]
    )
    assert found
    return found


def statements(path: Path) -> int:
    """Return how many distinct statements the engine reads in a file."""
    form = RdfFormat.from_extension(path.suffix[1:])
    assert form is not None
    return len(set(parse(path=path, format=form, base_iri="https://w3id.org/twingraph/")))


def found_by(command: list[str]) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[:1000]
    return done.stdout


@pytest.mark.parametrize("suffix", list(_RAPPER))
def test_rapper_reads_every_file(built: Path, suffix: str) -> None:
    if shutil.which("rapper") is None:
        pytest.skip("rapper is not here; Debian's package is raptor2-utils")

    for path in files(built.resolve(), {suffix}):
        command = ["rapper", "-q", "-i", _RAPPER[suffix], "-o", "nquads", str(path)]
        lines = set(found_by(command).splitlines())
        assert len(lines) == statements(path), path.name


@pytest.mark.parametrize("suffix", list(_SERDI))
def test_serdi_reads_every_file(built: Path, suffix: str) -> None:
    if shutil.which("serdi") is None:
        pytest.skip("serdi is not here; Debian's package is serdi")

    for path in files(built.resolve(), {suffix}):
        lines = set(
            found_by(["serdi", "-i", _SERDI[suffix], "-o", "nquads", str(path)]).splitlines()
        )
        assert len(lines) == statements(path), path.name


def test_parsers_in_javascript_read_every_file(built: Path, node: Path) -> None:
    script = Path(__file__).parent / "node" / "count.mjs"
    paths = files(built.resolve(), _JAVASCRIPT)
    if not (node / "node_modules" / "n3").is_dir():
        pytest.skip("n3 is not here; npm ci in tests/node brings it")
    # modules are looked for beside the script
    here = node / script.name
    if here != script:
        shutil.copy(script, here)

    done = subprocess.run(
        ["node", str(here), *map(str, paths)], capture_output=True, text=True, check=True,
        timeout=300, env={**os.environ, "CONTEXT": str(built.resolve() / "context.jsonld")},
    )  # fmt: skip
    found = json.loads(done.stdout)

    assert len(found) == len(paths)
    wrong = {}
    for path in paths:
        [(parser, count)] = found[str(path)].items()
        if count != statements(path):
            wrong[path.name] = (parser, count, statements(path))
    assert wrong == {}


def test_what_is_counted_differs_where_a_statement_is_lost(tmp_path: Path) -> None:
    if shutil.which("serdi") is None:
        pytest.skip("serdi is not here; Debian's package is serdi")
    path = tmp_path / "two.nt"
    path.write_text("<http://e/a> <http://e/b> <http://e/c> .\n" * 2, encoding="utf-8")

    lines = set(found_by(["serdi", "-i", "ntriples", "-o", "nquads", str(path)]).splitlines())

    assert (len(lines), statements(path)) == (1, 1)
    assert re.fullmatch(rb"<http://e/a> <http://e/b> <http://e/c> \.", lines.pop())


@pytest.mark.parametrize("tag", [name for name in sorted(KEYWORDS) if len(name) <= 8])
def test_no_language_is_taken_for_a_keyword_of_json_ld(tag: str) -> None:
    label = Key(RDFS.label.value, "@language")
    node = node_object(
        "http://e/padang",
        {RDFS.label: [Literal("Kota Padang", language=tag), Literal("Padang", language="de")]},
        {RDFS.label.value: label},
    )

    [written] = [value for key, value in node.items() if key != "id"]
    assert written == [
        {"@value": "Kota Padang", "@language": tag.lower()},
        {"@value": "Padang", "@language": "de"},
    ]
