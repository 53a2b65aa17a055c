"""Asking a store: forms and formats, errors that say where, tables for a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store, Triple

from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import NAME, quad_lines
from twingraph.rdf.vocabulary import HOME
from twingraph.settings import Settings
from twingraph.sparql.ask import ask, list_questions
from twingraph.sparql.query import Format, SelectResult, run, write
from twingraph.sparql.text_table import columns, table_text

BONN = NamedNode(HOME + "id/place/bonn")
LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
SELECT = "SELECT ?thing ?name ?missing { ?thing ?p ?name OPTIONAL { ?thing <http://e/> ?missing } }"
CONSTRUCT = "CONSTRUCT WHERE { ?s ?p ?o }"


@pytest.fixture(scope="module")
def store() -> Store:
    filled = Store()
    filled.add(Quad(BONN, LABEL, Literal("Bonn", language="de"), DefaultGraph()))
    return filled


def test_each_form_has_its_answer(store: Store) -> None:
    name = Literal("Bonn", language="de")

    assert run(store, SELECT) == SelectResult(("thing", "name", "missing"), ((BONN, name, None),))
    assert run(store, "ASK { ?s ?p ?o }") is True
    assert run(store, CONSTRUCT) == (Triple(BONN, LABEL, name),)
    assert run(store, f"DESCRIBE <{BONN.value}>") == (Triple(BONN, LABEL, name),)


def test_each_form_has_its_formats(store: Store) -> None:
    assert write(store, SELECT, "csv") == (
        b"thing,name,missing\r\nhttps://w3id.org/twingraph/id/place/bonn,Bonn,\r\n"
    )
    assert write(store, SELECT) == (
        b"thing       name  missing\n----------  ----  -------\nplace:bonn  Bonn\n"
    )
    [row] = json.loads(write(store, SELECT, "json"))["results"]["bindings"]
    assert row["name"] == {"type": "literal", "value": "Bonn", "xml:lang": "de"}
    assert write(store, "ASK {}") == b"yes\n"
    assert write(store, "ASK {}", "csv") == b"true"
    assert write(store, CONSTRUCT).decode() == (
        "@prefix place: <https://w3id.org/twingraph/id/place/> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n\n"
        'place:bonn rdfs:label "Bonn"@de .\n'
    )


@pytest.mark.parametrize(
    ("text", "format_", "words"),
    [
        (SELECT, "turtle", "answers a table, which turtle does not hold; ask for table, csv or js"),
        ("ASK {}", "turtle", "answers yes or no, which turtle does not hold; ask for table, csv"),
        (CONSTRUCT, "csv", "this query answers triples, which csv does not hold; ask for turtle"),
    ],
)
def test_a_format_that_does_not_fit_says_which_do(
    store: Store, text: str, format_: Format, words: str
) -> None:
    with pytest.raises(TwingraphError, match=words):
        write(store, text, format_)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT ?s {\n  ?s ?p }", "line 2, column 6: a triple is subject, property"),
        ("SELEKT", "line 1, column 1: SELEKT is no word of SPARQL; did you mean SELECT"),
        ("INSERT DATA { <http://e/> <http://e/> 1 }", "line 1, column 1: INSERT changes data"),
        ("SELECT * { ?s nope:x ?o }", "line 1, column 15: the prefix nope: is not declared"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> {} }", "no query may reach another host"),
        ("SELECT * FROM <http://e/> { ?s ?p ?o }", "a graph that is not in this store"),
        ("", "the query is empty"),
    ],
)
def test_an_invalid_request_says_why(store: Store, text: str, words: str) -> None:
    with pytest.raises(TwingraphError, match=words):
        run(store, text)


def test_a_parameter_that_is_not_projected_is_explained(store: Store) -> None:
    with pytest.raises(TwingraphError, match=r"can't be answered: .*\?s.*projection"):
        run(store, "SELECT ?p { ?s ?p ?o }", {"s": BONN})


def test_a_blank_node_is_not_written_as_turtle() -> None:
    store = Store()
    store.add(Quad(BlankNode("a"), LABEL, Literal("a"), DefaultGraph()))

    with pytest.raises(TwingraphError, match="give every node an IRI in CONSTRUCT"):
        write(store, CONSTRUCT)


# --- tables --------------------------------------------------------------------------------------


def test_wide_letters_and_accents_keep_columns_straight() -> None:
    rows = [[Literal("北京"), Literal("a")], [Literal("Mu\u0308nchen"), Literal("b")]]

    lines = table_text(["name", "x"], rows).splitlines()

    assert lines == ["name     x", "-------  -", "北京     a", "Mu\u0308nchen  b"]


def test_cells_are_wrapped_where_the_terminal_ends() -> None:
    rows = [[Literal("one two three four five six"), Literal("seven")]]

    lines = table_text(["words", "other"], rows, width=24).splitlines()

    assert lines == [
        "words              other",
        "-----------------  -----",
        "one two three      seven",
        "four five six",
    ]  # fmt: skip


def test_control_characters_are_shown_and_not_sent() -> None:
    text = table_text(["a"], [[Literal("x\x1b[2J\x9b\u202e\ny")]])

    assert text == "a\n---------\nx␛[2J\ufffd\ufffd y\n"


@given(
    st.lists(st.lists(st.text(max_size=12), min_size=2, max_size=2), max_size=5),
    st.integers(0, 60),
)
def test_a_table_keeps_to_its_width_and_loses_no_letter(rows: list[list[str]], width: int) -> None:
    lines = table_text(["a", "b"], [[Literal(cell) for cell in row] for row in rows], width=width)

    assert "\x1b" not in lines
    if width >= 18:
        assert all(columns(line) <= width for line in lines.splitlines())
    kept = [letter for letter in lines if letter.isalpha()]
    given = [letter for row in rows for cell in row for letter in cell if letter.isalpha()]
    assert sorted(kept) == sorted([*given, "a", "b"])


# --- the command line's side ---------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, quads: frozenset[Quad]) -> Path:
    """As much of a build as a question needs."""
    (tmp_path / NAME).write_bytes(quad_lines(quads))
    return tmp_path


def test_a_library_query_is_run_by_name(settings: Settings, folder: Path) -> None:
    output = ask(settings, folder, "contact-of", None, ["place=berlin"], "csv").decode()

    assert "Jüdenstr. 1,10178,Berlin,(030) 9026-2241,(030) 9026-2260" in output


def test_a_text_may_have_a_header_and_parameters(settings: Settings, folder: Path) -> None:
    text = (
        "#+ title.en: A\n#+ title.de: B\n#+ question.en: C\n#+ question.de: D\n#+ for: citizen\n"
        "#+ parameter: place iri:place place:bonn The place | Der Ort\n"
        "SELECT ?place ?p { ?place ?p 'DE' }"
    )

    with_header = ask(settings, folder, None, text, ["place=germany"], None)

    assert with_header.decode().splitlines()[2] == "place:germany  tg:countryCode"
    with pytest.raises(TwingraphError, match="a query without a header has no parameters"):
        ask(settings, folder, None, "ASK {}", ["place=germany"], None)


@pytest.mark.parametrize(
    ("parameters", "form", "words"),
    [
        (["berlin"], None, "parameter 'berlin'; write name=value, as place=berlin"),
        (["place=berlin"], "xml", "format 'xml'; write one of table, csv, json, turtle"),
        (["place=x> } ; DROP"], None, "place is 'x> } ; DROP', no IRI; write place:berlin"),
    ],
)
def test_a_wrong_word_is_explained(
    settings: Settings, folder: Path, parameters: list[str], form: str | None, words: str
) -> None:
    with pytest.raises(TwingraphError) as caught:
        ask(settings, folder, "partners-of", None, parameters, form)

    assert words in str(caught.value)


def test_the_questions_are_listed(settings: Settings) -> None:
    lines = list_questions(settings).splitlines()

    assert "partners-of: Which partners does a city have?" in lines
    assert "  place=place:berlin  The city" in lines
