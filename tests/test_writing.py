"""A graph's files are the same whether one process writes them or two, and whatever ends one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import Quad

from twingraph.atomic import DraftFolder
from twingraph.export import writing
from twingraph.export.dumps import DUMPS, Chunks, Frozen
from twingraph.export.jsonld_stream import _slow, _value
from twingraph.progress import ignore
from twingraph.rdf.dataset import Dataset
from twingraph.rdf.vocabulary import EDTF, XSD, prefixes_for
from twingraph.settings import Settings

Write = Callable[[], DraftFolder]


@pytest.fixture
def write(quads: frozenset[Quad], settings: Settings, tmp_path: Path) -> Write:
    """What writes all files of the curated graph into a folder of their own."""
    base = settings.base_iri
    dataset = Dataset.of(quads)

    def written() -> DraftFolder:
        draft = DraftFolder(tmp_path / f"draft-{len(list(tmp_path.iterdir()))}")
        frozen = Frozen(dataset, base, prefixes_for(base), settings)
        writing.write_dumps(frozen, draft, ignore)
        return draft

    return written


def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a child write its half, however small the graph and however many threads there are."""
    monkeypatch.setattr(writing, "FORKED_FROM", 0)
    monkeypatch.setattr(writing, "can_fork", lambda: True)


def test_two_processes_write_what_one_does(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = write()
    forked(monkeypatch)
    both = write()

    assert both.written == alone.written
    assert {path.name for path in both.path.iterdir()} == {
        path.name for path in alone.path.iterdir()
    }


def test_what_the_child_did_not_write_is_written_after_it(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = write()
    parent = os.getpid()

    def end_child(graph: Frozen) -> Chunks:
        if os.getpid() != parent:
            os._exit(9)
        return whole(graph)

    whole = DUMPS["places.geojson"]
    forked(monkeypatch)
    monkeypatch.setitem(DUMPS, "places.geojson", end_child)

    assert write().written == alone.written


def test_without_room_for_a_child_all_is_written_here(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise OSError(12, "Cannot allocate memory")

    alone = write()
    forked(monkeypatch)
    monkeypatch.setattr(os, "fork", fail)

    assert write().written == alone.written


def test_an_error_of_the_child_is_raised_by_the_parent(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(graph: Frozen) -> Chunks:
        raise OSError(28, "No space left on device")

    forked(monkeypatch)
    monkeypatch.setitem(DUMPS, "partnerships.geojson", fail)

    with pytest.raises(OSError, match="No space left"):
        write()


@pytest.mark.parametrize("coercion", [None, "@id", XSD.string.value, XSD.integer.value, EDTF.value])
@pytest.mark.parametrize(
    "text",
    ["<http://e/a>", '"a"', '"a"@en', f'"1"^^{XSD.integer}', f'"1987"^^{EDTF}', '"\\n"@de',
     f'"true"^^{XSD.boolean}'],
)  # fmt: skip
def test_a_value_is_written_as_the_reference_has_it(text: str, coercion: str | None) -> None:
    assert _value(text, coercion) == _slow(text, coercion)
