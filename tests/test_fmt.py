"""The one form of a data file: reached in one step, kept ever after, the same triples."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse, serialize

from twingraph.link.import_files import write_whole
from twingraph.problems import TwingraphError
from twingraph.rdf.turtle import Positions, iri_text, plain, write_turtle
from twingraph.rdf.vocabulary import EDTF, HOME, RDF, TG, XSD, prefixes_for
from twingraph.settings import Settings
from twingraph.source.fmt import format_files, format_text
from twingraph.source.read_file import read_bytes

IRIS = st.one_of(
    st.sampled_from(["place/bonn", "place/9-lives", "cite/a-b", "org/x", "place/", "place/a.b"])
    .map(lambda path: f"{HOME}id/{path}"),
    st.sampled_from(["http://e/ä", "https://schema.org/latitude", "http://e/a%20b", "urn:x:y",
                     "http://e/x#", "http://e/(a)", "http://www.wikidata.org/entity/Q64"]),
).map(NamedNode)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LITERALS = st.one_of(
    TEXTS.map(Literal),
    st.tuples(TEXTS, st.sampled_from(["en", "de", "zh-hant"])).map(
        lambda pair: Literal(pair[0], language=pair[1])
    ),
    st.sampled_from(["7", "-7", "+07", "007", "1e3", "x"]).map(
        lambda text: Literal(text, datatype=XSD.integer)
    ),
    st.sampled_from(["7.0", ".5", "7", "-0.10"]).map(
        lambda text: Literal(text, datatype=XSD.decimal)
    ),
    st.sampled_from(["true", "1"]).map(lambda text: Literal(text, datatype=XSD.boolean)),
    st.sampled_from(["2003", "1993~"]).map(lambda text: Literal(text, datatype=EDTF)),
)
TRIPLES = st.lists(st.builds(Triple, IRIS, IRIS, st.one_of(IRIS, LITERALS)), min_size=1)


def read(text: str | bytes) -> set[Triple]:
    raw = text.encode() if isinstance(text, str) else text
    return {quad.triple for quad in parse(raw, format=RdfFormat.TURTLE)}


@given(TRIPLES)
def test_formatting_keeps_the_triples_and_is_idempotent(triples: list[Triple]) -> None:
    raw = serialize(triples, format=RdfFormat.TURTLE)
    assert raw is not None

    once = format_text(raw, "a.ttl", HOME)
    twice = format_text(once.text.encode(), "a.ttl", HOME)

    assert once.problem is None
    assert read(once.text) == set(triples)
    assert twice.text == once.text


@given(TRIPLES)
def test_the_order_of_statements_changes_nothing(triples: list[Triple]) -> None:
    assert write_turtle(triples) == write_turtle(reversed(triples))


@given(TRIPLES)
def test_positions_give_the_line_of_a_statement(triples: list[Triple]) -> None:
    text = write_turtle(triples)
    positions, lines = Positions(text), text.split("\n")

    for triple in triples:
        subject, verb = plain(triple.subject), triple.predicate.value
        first, here = positions.line(subject), positions.line(subject, verb)
        written = "a" if triple.predicate == RDF.type else iri_text(verb, set())
        block = "\n".join(lines[first - 1 : here])
        assert lines[first - 1].startswith(iri_text(subject, set()) + " ")
        assert f" {written} " in lines[here - 1]
        assert "\n\n" not in block


def test_a_byte_order_mark_and_windows_line_ends_go() -> None:
    raw = b"\xef\xbb\xbf<http://e/a> a <http://e/B> ;\r\n <http://e/p> 1 .\r\n"

    found = format_text(raw, "a.ttl", HOME)

    assert found.text == "<http://e/a> a <http://e/B> ;\n  <http://e/p> 1 .\n"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"# why\n<http://e/a> a <http://e/B> .", "F07"),
        (b"<http://e/a> a [] .", "F08"),
        (b"<http://e/a> a <http://e/B>", "F03"),
        (b"", "F02"),
        (b"\xff", "F01"),
    ],
)
def test_what_would_lose_something_is_left_alone(raw: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "data" / "sources").mkdir(parents=True)
    path = tmp_path / "data" / "sources" / "a.ttl"
    path.write_bytes(raw)

    done = format_files(Settings(tmp_path), (), write=True)

    assert [problem.code for problem in done.problems] == [code]
    assert path.read_bytes() == raw


def test_a_link_out_of_the_project_is_not_replaced(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "data" / "sources").mkdir(parents=True)
    outside = tmp_path / "outside.ttl"
    outside.write_text("<http://e/a>    a <http://e/B> .", encoding="utf-8")
    link = project / "data" / "sources" / "a.ttl"
    link.symlink_to(outside)

    done = format_files(Settings(project), (), write=True)

    assert [problem.code for problem in done.problems] == ["F12"]
    assert link.is_symlink()
    assert outside.read_text(encoding="utf-8") == "<http://e/a>    a <http://e/B> ."


def test_prefix_lists_that_come_and_go_are_not_mistaken_for_each_other() -> None:
    texts = [
        write_turtle(
            [Triple(TG.about, TG.about, NamedNode(f"http://{name}/a"))], {name: f"http://{name}/"}
        )
        for name in ("e", "f", "g")
    ]

    assert [f"{one}:a" in text for one, text in zip("efg", texts, strict=True)] == [True] * 3


def test_another_base_iri_is_written_with_the_same_prefixes() -> None:
    base = "https://example.org/twins/"
    text = f"<{base}id/place/a> <{HOME}ns#within> <{base}id/place/b> ."

    found = format_text(text.encode(), "a.ttl", base)

    assert "place:a tg:within place:b .\n" in found.text
    assert prefixes_for(base)["place"] == base + "id/place/"


def test_a_quad_is_written_without_its_graph() -> None:
    one = Quad(TG.about, TG.about, Literal("x"), TG.about)

    assert write_turtle([one]).endswith('tg:about tg:about "x" .\n')


def test_a_remark_about_thousands_of_entities_is_written_one_a_line() -> None:
    about = " , ".join(f"<{HOME}id/partnership/a-b{number}>" for number in range(5000))
    text = f"<{HOME}id/remark/all> <{TG.about.value}> {about} ."
    settings = Settings(Path())

    found = read_bytes(text.encode(), "data/sources/a.ttl", settings)
    assert [problem.code for problem in found.problems] == ["F06"]
    formatted = format_text(text.encode(), "data/sources/a.ttl", HOME)
    assert formatted.problem is None
    assert formatted.text.count("\n    partnership:a-b") == 4999
    found = read_bytes(formatted.text.encode(), "data/sources/a.ttl", settings)
    assert [problem.code for problem in found.problems] == []
    assert len(found.quads) == 5000
    thing, first = f"{HOME}id/remark/all", f"{HOME}id/partnership/a-b0"
    assert found.positions.line(thing, TG.about.value, first) == 5
    assert format_text(formatted.text.encode(), "data/sources/a.ttl", HOME).text == formatted.text


@pytest.mark.parametrize(("fault", "advice"), [
    (errno.ENOSPC, "free the place and format again"),
    (errno.EDQUOT, "free the place and format again"),
    (errno.EROFS, "make the file and its folder writable and format again"),
    (errno.EACCES, "make the file and its folder writable and format again"),
])  # fmt: skip
def test_what_the_disk_refuses_is_told_with_what_helps(
    fault: int, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, raw: bytes) -> None:
        raise OSError(fault, os.strerror(fault))

    path = tmp_path / "a.ttl"
    path.write_text("<http://e/a> <http://e/b> <http://e/d>, <http://e/c> .", encoding="utf-8")
    monkeypatch.setattr("twingraph.source.fmt.replace_file", refuse)
    with pytest.raises(TwingraphError, match=f"it is as it was, {advice}$"):
        format_files(Settings(tmp_path), [path], write=True)


def test_a_full_disk_leaves_a_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system names no file where a write or a sync fails; the message does."""
    path = tmp_path / "a.ttl"
    path.write_text("<http://e/a> <http://e/b> <http://e/d>, <http://e/c> .", encoding="utf-8")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("twingraph.atomic.os.fsync", full)
    with pytest.raises(TwingraphError, match=f"^{path}: No space left on device; it is as it was"):
        format_files(Settings(tmp_path), [path], write=True)
    with pytest.raises(OSError, match=r"No space left on device: .*rows\.csv"):
        write_whole(tmp_path / "rows.csv", "a,b")

    assert [found.name for found in tmp_path.iterdir()] == ["a.ttl"]
    assert path.read_text(encoding="utf-8").endswith("<http://e/d>, <http://e/c> .")
