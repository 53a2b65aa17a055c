"""The lexer of queries takes linear time, whatever the text."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import PREFIXES
from twingraph.sparql.admission import admit
from twingraph.sparql.guard import refuse_remote
from twingraph.sparql.lexer import Strings, dataset_clauses, first_word, read, tokens
from twingraph.sparql.mistakes import explain
from twingraph.sparql.portable import require_sparql11, with_prologue
from twingraph.sparql.unknown_terms import unknown_terms

# Each is cut to the longest query that is taken; a reading that begins anew at each place takes
# minutes for most of them.
HOSTILE = {
    "escaped quotes": 'ASK { ?service "\\' + '"\\' * 40000,
    "escaped quotes without the word": "ASK { " + '"\\' * 40000,
    "broken long strings": "ASK { ?service " + '"""\\q' * 20000,
    "both quotes": "?service " + "\"'\\" * 30000,
    "names behind broken strings": "ASK { ?service " + "'\\q service:x # " * 6000,
    "an IRI of quotes": "ASK { ?service <a:" + '"' * 70000,
    "an IRI of IRIs": "ASK { ?service " + "<a: " * 20000,
    "backslashes": "ASK { ?service " + "\\" * 70000,
    "exponents": "ASK { ?service " + "1e1" * 30000,
    "dots": "ASK { ?service " + ":a." * 30000,
    "brackets": "ASK { ?service " + "[" * 70000,
    "misspelt words": "SELCT service " * 6000,
    "one long word": "x" * 70000 + " ?service",
    "relative IRIs": "BASE <http://e/" + "a/" * 240 + "> ASK { " + "<x> " * 16000,
    "graphs": "PREFIX e: <http://e/> ASK " + "FROM e:a " * 9000,
    "prefixes": "PREFIX " * 10000,
    "escapes of code points": "ASK { ?service " + "\\u0022" * 12000,
    "hosts that are none": "BASE <http://[> ASK { ?service " + "<http://[" * 9000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long_to_look_at(name: str) -> None:
    text = HOSTILE[name][:65536]
    graphs = {"http://e/a"}
    began = time.process_time()
    for look in (
        lambda: refuse_remote(text, graphs),
        lambda: admit(text, graphs, "http://e/", PREFIXES),
        lambda: explain("error at 1:65000: expected one of " + "[" * 60000, text),
        lambda: unknown_terms(text, {"http://e/ns#a"}, "http://e/"),
        lambda: with_prologue(text, "http://e/", PREFIXES),
        lambda: first_word(text),
    ):
        try:
            look()
        except TwingraphError as refused:
            assert len(str(refused)) < 1000, name  # and never the text itself
    assert time.process_time() - began < 3, name


@pytest.mark.parametrize("text", ["BASE <http://[> ASK FROM <a> {}", "ASK FROM <http://[> {}"])
def test_a_host_that_is_none_is_a_graph_that_is_not_here(text: str) -> None:
    with pytest.raises(TwingraphError, match="a graph that is not in this store"):
        admit(text, {"http://e/a"}, "http://e/", {})


def test_a_prefix_that_needs_no_declaration_names_a_graph() -> None:
    found = admit("ASK FROM e:a {}", {"http://e/a"}, "", {"e": "http://e/"})

    assert found is not None
    assert found.default == ("http://e/a",)


# --- strings, read the plain way ----------------------------------------------------------------

ESCAPE = r"\\[tbnrf\\\"']|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
EXACT = [
    re.compile(rf'"""(?:"{{0,2}}(?:[^"\\]|{ESCAPE}))*"""', re.DOTALL),
    re.compile(rf"'''(?:'{{0,2}}(?:[^'\\]|{ESCAPE}))*'''", re.DOTALL),
    re.compile(rf'"(?:[^"\\\n\r]|{ESCAPE})*"'),
    re.compile(rf"'(?:[^'\\\n\r]|{ESCAPE})*'"),
]
BROKEN = [
    re.compile(r'"""(?:"{0,2}(?:[^"\\]|\\.))*"""', re.DOTALL),
    re.compile(r"'''(?:'{0,2}(?:[^'\\]|\\.))*'''", re.DOTALL),
    re.compile(r'"(?:[^"\\\n\r]|\\.)*"', re.DOTALL),
    re.compile(r"'(?:[^'\\\n\r]|\\.)*'", re.DOTALL),
]


def ends_by_grammar(text: str, start: int) -> Iterator[int]:
    for pattern in EXACT:
        match = pattern.match(text, start)
        if match:
            yield match.end()
            return
    yield start + 1
    for pattern in BROKEN:
        match = pattern.match(text, start)
        if match:
            yield match.end()


PIECES = st.lists(
    st.sampled_from(['"', "'", '"""', "'''", "\\", "\\q", '\\"', "\n", "a", "\\u0041"])
)


@given(PIECES.map("".join))
def test_strings_end_where_the_grammar_says(text: str) -> None:
    strings = Strings(text)
    for start, letter in reversed(list(enumerate(text))):  # any order: what is known is right
        if letter in "\"'":
            assert sorted(strings.ends(start)) == sorted(ends_by_grammar(text, start)), start


@given(st.text(st.sampled_from("aeF:<>\"'\\#?{}. \n19_@%-"), max_size=60))
def test_tokens_are_in_the_text_in_their_order(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert token.start >= end
        assert text.startswith(token.text, token.start)
        end = token.start + len(token.text)


def test_every_reader_of_a_prologue_reads_the_same() -> None:
    text = "PREFIX a: <http://a/> BASE <http://b/> PREFIX : <c#> SELECT * FROM a:g FROM NAMED :g {}"

    assert [clause.graph for clause in dataset_clauses(text)] == ["http://a/g", "http://b/c#g"]
    assert first_word(text) == "SELECT"
    assert [item.iri for item in read(text) if item.token.text == ":g"] == ["http://b/c#g"]
    assert with_prologue(text, "http://x/", {"a": "http://other/"}) == text
    require_sparql11(text)
