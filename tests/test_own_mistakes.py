"""A mistake of ours: no traceback for the user, but a file that has it, and exit status 2."""

from __future__ import annotations

import errno
import re
import tempfile
from datetime import date
from pathlib import Path

import pytest

import twingraph.build
from twingraph.cli.group import main
from twingraph.cli.serving import _built_beside
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import HOME
from twingraph.settings import load_settings
from twingraph.source.starter import make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose build fails by a mistake of ours; temporary files lie beside it."""
    folder = tmp_path / "project"
    make_project(folder, HOME, None, date(2026, 11, 28))

    def fail(*_: object) -> None:
        raise KeyError("nobody\x1b[2J foresaw this")

    monkeypatch.setattr(twingraph.build, "read_inputs", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return folder


def trace_of(message: str) -> str:
    """Return the text of the file that a message names."""
    name = re.search(r"traceback, which is in (\S+)", message)
    assert name is not None, message
    path = Path(name[1])
    assert path.stat().st_mode & 0o077 == 0
    return path.read_text(encoding="utf-8")


def test_a_command_names_the_file_of_the_traceback(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--project", str(project), "build"])
    told = capfd.readouterr().err

    assert end.value.code == 2
    assert "twingraph: a mistake of ours, not of yours (KeyError: " in told
    assert "Traceback" not in told
    assert "\x1b" not in told
    assert "in fail\n" in trace_of(told)


def test_a_build_of_a_server_names_it_too(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TwingraphError, match="a mistake of ours") as raised:
        _built_beside(load_settings(project), None)

    assert "in fail\n" in trace_of(str(raised.value))
    assert "Traceback" not in capfd.readouterr().err


def test_without_a_place_for_the_file_the_place_in_the_code_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def no_room(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", no_room)
    with pytest.raises(SystemExit) as end:
        main(["--project", str(project), "build"])

    assert end.value.code == 2
    assert re.search(r"report it with this place: \S+\.py:\d+", capfd.readouterr().err)


@pytest.mark.parametrize("name", ["SELECT * { ?s ?p ?o }", "select", "{ ?s ?p ?o }"])
def test_sparql_in_place_of_a_name_is_sent_to_a_file(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["query", name])

    assert end.value.code == 2
    assert "--file -" in capfd.readouterr().err
