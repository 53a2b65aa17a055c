"""A mistake in a query is found at its position, with what was probably meant."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Store
from starlette.testclient import TestClient

from twingraph.rdf.vocabulary import HOME, PREFIXES
from twingraph.settings import bundled
from twingraph.site.reader import BuildReader
from twingraph.sparql.habits import wrong_habits
from twingraph.sparql.lexer import Token, tokens
from twingraph.sparql.mistakes import Mistake, explain
from twingraph.sparql.unknown_terms import Unknown, terms_of, unknown_terms
from twingraph.translation import words_of

QUERIES = sorted((bundled("queries") / "library").glob("*.rq"))


def mistake_in(text: str) -> Mistake | None:
    """Ask the engine itself; None where it takes the text for SPARQL."""
    try:
        Store().query(text, base_iri=HOME, prefixes=dict(PREFIXES))
    except SyntaxError as error:
        return explain(str(error.msg), text)
    return None


@pytest.mark.parametrize(
    ("text", "line", "column", "words", "meant"),
    [
        ("SELCT * { ?s ?p ?o }", 1, 1, "SELCT is no word of SPARQL", "SELECT"),
        ("SELECT *\nWHER { ?s ?p ?o }", 2, 1, "did you mean WHERE?", "WHERE"),
        ("SELECT * { ?s ?p ?o } ODER BY ?s", 1, 23, "did you mean ORDER?", "ORDER"),
        ("SELECT (COUNT(*) AS n) {?s ?p ?o}", 1, 21, "write ?n", "?n"),
        ("SELECT SUM(?x) { ?s ?p ?x }", 1, 8, "needs brackets and a name", "(SUM(?x) AS ?sum)"),
        ("SELECT * {\n ?x tgg:partner ?y }", 2, 5, "tgg: is not declared", "tg:partner"),
        ("ASK { ?x skoss:prefLabel ?y }", 1, 10, "did you mean skos:", "skos:prefLabel"),
        ("ASK { ?x dcat:theme ?y }", 1, 10, "begin the query with PREFIX dcat:",
         "PREFIX dcat: <http://www.w3.org/ns/dcat#>"),
        ("ASK { ?x zzzzzz:theme ?y }", 1, 10, "begin the query with PREFIX zzzzzz: <…>", ""),
        ("PREFIX tg <http://e/> ASK {}", 1, 8, "a prefix ends in a colon", "tg:"),
        ("ASK { ?s ?p ?o ", 1, 5, "{ is never closed", "}"),
        ("ASK { ?s ?p ?o }}", 1, 17, "nothing is open that } could close", ""),
        ("ASK { ?s ?p ?o ) }", 1, 16, "{ was opened last", "}"),
        ("ASK { ?s ?p 'Bonn }", 1, 13, "a text begins here that never ends", ""),
        ("ASK { ?s ?p <http://e/a b> }", 1, 13, "an IRI holds no space", ""),
        ("ASK { ?s tg:partner }", 1, 10, "there is no value", ""),
        ("ASK { ?s ?p ?o ?s ?q ?r }", 1, 16, "a triple ended before this", "."),
        ("ASK { ?s ?p 1.5 , ; ?q }", 1, 21, "there is no value", ""),
        ("SELECT ?a ?a { ?a ?b ?c }", 1, 1, "names a variable twice", ""),
        ("SELECT ?x (COUNT(?y) AS ?n) { ?x ?z ?y }", 1, 1, "neither grouped nor counted", ""),
        ("SELECT * { ?x ?y ?z } GROUP BY ?x", 1, 1, "SELECT * can't be grouped", ""),
        ("SELECT * { VALUES (?a ?b) { (1) } }", 1, 12, "a row of VALUES", ""),
        ("", 1, 1, "the query is empty", ""),
        ("SELECT * { ?s ?p ?o } LIMIT -1", 1, 23, "LIMIT takes one whole number", ""),
        ("SELECT * { ?s ?p ?o } LIMIT 10,20", 1, 23, "LIMIT takes one whole number", ""),
        ("SELECT * { ?s ?p ?o } OFFSET 99999999999999999999999", 1, 23, "OFFSET takes one", ""),
        ("SELECT * WHERE ?s ?p ?o", 1, 10, "WHERE is followed by {", ""),
        ("SELECT * { OPTIONAL ?s ?p ?o }", 1, 12, "OPTIONAL is followed by {", ""),
        ("SELECT (IF(?x, 1, 2) AS ?n), ?y { ?x ?p ?y }", 1, 28, "write no comma", ""),
        ("ASK { ?s ?p ?o FILTER ?o = 3 }", 1, 16, "write FILTER (…)", ""),
        ("ASK { ?s ?p ?o FILTER(?o == 3) }", 1, 26, "write = for equality", "="),
        ("ASK { ?s ?p 'C:\\dir' }", 1, 16, "means nothing in a text", "\\\\"),
        ('SELECT * { ?a ?b """C:\\dir""" }', 1, 23, "means nothing in a text", "\\\\"),
        ("ASK { ?s ?p '''a 'b'\n\\q''' }", 2, 1, "means nothing in a text", "\\\\"),
        ("SELECT ('\\uD800' AS ?x) {}", 1, 10, "is half of a character", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_found_where_it_is(
    text: str, line: int, column: int, words: str, meant: str
) -> None:
    found = mistake_in(text)

    assert found is not None
    assert words in str(found.message)
    assert (found.line, found.column, found.meant) == (line, column, meant)
    told = {"line": line, "column": column}
    assert found.members == ({**told, "didYouMean": meant} if meant else told)


def test_the_place_is_marked_below_the_line() -> None:
    found = mistake_in("SELECT *\n{ ?s\ttgg:partner ?o }")

    assert found is not None
    assert found.text.split("\n")[1:] == ["{ ?s\ttgg:partner ?o }", "    \t^^^^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    found = mistake_in("ASK { " + "?s ?p ?o . " * 200 + "FILER(?o) " + "?s ?p ?o . " * 200 + "}")

    assert found is not None
    [shown, carets] = found.marked.split("\n")
    assert len(shown) <= 100
    assert shown[carets.index("^") : len(carets)] == "FILER"


# --- every question of the library, spoilt in one place ------------------------------------------


def spoilt(text: str, token: Token, by: str) -> str:
    return text[: token.start] + by + text[token.start + len(token.text) :]


def keywords(text: str) -> Iterator[tuple[Token, str]]:
    for token in tokens(text):
        if token.kind == "word" and token.text.isupper() and len(token.text) > 4:
            yield token, spoilt(text, token, token.text[:2] + token.text[3:])


def names(text: str) -> Iterator[tuple[Token, str]]:
    before = ""
    for token in tokens(text):
        if token.kind == "name" and before.upper() != "PREFIX":
            prefix, _, local = token.text.partition(":")
            yield token, spoilt(text, token, f"{prefix}x:{local}")
        before = token.text


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_letter_too_few_or_too_many_is_found_in_every_question(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    wrong = []
    for token, broken in [*keywords(text), *names(text)]:
        found = mistake_in(broken)
        line = text.count("\n", 0, token.start) + 1
        column = token.start - text.rfind("\n", 0, token.start)
        if found is None or (found.line, found.column, found.meant) != (line, column, token.text):
            wrong.append((token.text, line, column, found))

    assert wrong == []


# --- whatever somebody sends ---------------------------------------------------------------------


@given(
    text=st.text(max_size=60)
    | st.text(alphabet="{}()[]<>\"'?:;.,^ \n\tSELECTatg1#\\", max_size=80),
    place=st.tuples(st.integers(0, 9), st.integers(0, 99)),
)
def test_any_text_has_a_place_and_words(text: str, place: tuple[int, int]) -> None:
    found = explain(f"error at {place[0]}:{place[1]}: expected [_]", text)

    assert found.message
    lines = text.split("\n")
    assert 1 <= found.line <= len(lines)
    assert 1 <= found.column <= len(lines[found.line - 1]) + 1


@pytest.mark.parametrize(
    "piece", ["{", "}", "wrong ", "wrong: ", "'", "?a ", "a:b ", "<http://a ", "SELECT SUM(", "é"]
)
def test_a_long_text_is_told_at_once(piece: str) -> None:
    text = piece * (64 * 1024 // len(piece))
    began = time.perf_counter()
    explain("error at 1:60000: expected [_]", text)
    unknown_terms(text.replace("a:b", "tg:b"), {HOME + "ns#partner"}, HOME)

    assert time.perf_counter() - began < 1


# --- terms that there are none of ----------------------------------------------------------------


def test_an_unknown_term_is_reported_with_the_nearest(site: BuildReader) -> None:
    known = terms_of(site.store)
    text = (
        "PREFIX our: <https://w3id.org/twingraph/ns#>\n"
        "ASK { ?a tg:partnr ?b ; our:strt ?c ; tg:partner ?d ; rdfs:lable ?e ;\n"
        " tg:status status:activ . ?f a <https://w3id.org/twingraph/ns#Partnershipp> }"
    )

    assert unknown_terms(text, known, site.base, site.prefixes) == [
        Unknown("tg:partnr", "tg:partner", 2, 10),
        Unknown("our:strt", "our:start", 2, 25),
        Unknown("status:activ", "status:active", 3, 12),
        Unknown(
            "<https://w3id.org/twingraph/ns#Partnershipp>",
            "<https://w3id.org/twingraph/ns#Partnership>", 3, 32,
        ),
    ]  # fmt: skip


def test_every_term_of_every_question_is_known(site: BuildReader) -> None:
    known = terms_of(site.store)
    asked = {query.name: unknown_terms(query.read_text(encoding="utf-8"), known, HOME)
             for query in QUERIES}  # fmt: skip

    assert {name: found for name, found in asked.items() if found} == {}


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("SELCT * { ?s ?p ?o }", "SELCT ist kein Wort von SPARQL; ist SELECT gemeint?"),
        ("ASK { ?s ?p ?o ", "{ wird nie geschlossen; } schreiben, wo es endet"),
        ("ASK { ?s ?p <http://e/a b> }", 'kein Leerzeichen und keines von "{}|^`\\;'),
        ("SELECT * { ?x tgg:partner ?y }", "tgg: ist nicht erklärt; ist tg:partner gemeint?"),
        ("SELECT ?x WHERE { ?x ?y ?z } LIMIT many {}", "many"),
    ],
)
def test_a_mistake_from_a_worker_is_translated_into_german(text: str, german: str) -> None:
    found = mistake_in(text)
    assert found is not None

    received = Mistake.of_json(found.as_json())
    told = words_of("de").message(received.words)

    assert received == found
    assert told.startswith(f"Zeile {found.line}, Spalte {found.column}: ")
    assert german in told
    assert told.endswith(found.marked)


def test_the_form_and_programs_get_the_mistake_in_their_language(client: TestClient) -> None:
    asked = {"query": "SELCT * { ?s ?p ?o }"}
    page = client.get("/sparql", params={**asked, "lang": "de"}, headers={"accept": "text/html"})
    told = client.get("/sparql", params=asked, headers={"accept-language": "de"})

    assert page.status_code == told.status_code == 400
    for text in (page.text, told.text):
        assert "das ist kein SPARQL: Zeile 1, Spalte 1: SELCT ist kein Wort von SPARQL" in text


def test_a_sound_query_has_no_habits_of_other_languages() -> None:
    for path in QUERIES:
        assert list(wrong_habits(list(tokens(path.read_text(encoding="utf-8"))))) == [], path.name
