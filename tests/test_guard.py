"""No query reaches another host, however it is written; and no honest query is refused."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from twingraph.problems import TwingraphError
from twingraph.sparql.guard import refuse_remote
from twingraph.sparql.lexer import Strings, tokens

# The engine's HTTP client refuses port 1 by itself, with an OSError: a call without a network.
HOST = "<http://127.0.0.1:1/>"
PREFIXES = "".join(f"PREFIX {name}: {HOST} " for name in ("", "ex", "service"))

HARMLESS = [
    "SELECT ?service { ?service ?p $SERVICE }",
    'SELECT * { ?s ?p "SERVICE <http://e/> {}" , """a "SERVICE" b""" }',
    "SELECT * { ?s ?p 'service' , '''service '' ''' }",
    "SELECT * { ?s ?p ?o } # SERVICE <http://e/> { ?s ?p ?o }",
    "SELECT * { ?s a <http://e/SERVICE> , <http://e/a#service> , <urn:x:service> }",
    "PREFIX schema: <https://schema.org/> SELECT * { ?s a schema:Service ; schema:service ?o }",
    "PREFIX service: <http://e/service#> SELECT * { ?s service:of ?o . service:a ?p ?o }",
    "SELECT * { _:service ?p ?o }",
    'SELECT * { ?s ?p "a"@en-service }',
    "SELECT * { ?s ?p ?o FILTER (?o < 3 && ?o > 1) }",
    'SELECT * { ?s ?p "\\u0053ERVICE" }',
    'SELECT * { ?s ?p "\\"SERVICE\\"" }',
    "PREFIX ex: <http://e/> SELECT * { ?s ex:a\\#service ?o }",
]
CALLS = [
    f"SELECT * {{ SERVICE {HOST} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ sErViCe{HOST}{{ ?s ?p ?o }} }}",
    f"SELECT * {{ SERVICE SILENT {HOST} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ SERVICESILENT{HOST} {{ ?s ?p ?o }} }}",
    f"SELECT * {{ BIND ({HOST} AS ?h) SERVICE ?h {{ ?s ?p ?o }} }}",
    f"SELECT * {{ ?s ?p ?o.SERVICE{HOST} {{}} }}",
    f"SELECT * {{ ?s ?p 1SERVICE{HOST} {{}} }}",
    f"SELECT * {{ ?s ?p 1e5SERVICE{HOST} {{}} }}",
    f"SELECT * {{ ?s ?p true.SERVICE{HOST} {{}} }}",
    f"SELECT * {{ ?s ?p trueSERVICE{HOST} {{}} }}",
    f"SELECT * {{ # a comment\r SERVICE{HOST} {{}} }}",
    f"{PREFIXES} SELECT * {{ SERVICEex:x {{ ?s ?p ?o }} }}",
    f"{PREFIXES} SELECT * {{ service:x {{ ?s ?p ?o }} }}",
    f"{PREFIXES} SELECT * {{ service:x # here\n {{ ?s ?p ?o }} }}",
    f"{PREFIXES} SELECT * {{ ?s ?p ex:.SERVICE{HOST} {{}} }}",
    f"{PREFIXES} SELECT * {{ ?s ?p ex:a.SERVICE{HOST} {{}} }}",
    f"{PREFIXES} SELECT * {{ ?s ?p ex:a\\#b . SERVICE{HOST} {{}} }}",
    f"{PREFIXES} SELECT * {{ ?s ?p ex:a\\'b . SERVICE{HOST} {{}} }} # '",
    f"{PREFIXES} SELECT * {{ ?s ?p ?o FILTER(?o<2)SERVICE ex:x#>\n {{ ?s ?p ?o }} }}",
    f'SELECT * {{ VALUES ?x {{"""a" }} SERVICE{HOST} {{}} }} #\\q"""',
    f"SELECT * {{ \\u0053ERVICE {HOST} {{}} }}",
    f"SELECT * {{ \\U00000053\\u0045RVICE {HOST} {{}} }}",
    f"SELECT * {{ # \\u000A SERVICE {HOST} {{}} }}",
    f"SELECT * {{ ?s ?p \\u0022a\\u0022 . SERVICE {HOST} {{}} }}",
    f"SELECT * {{ {{ SELECT * {{ OPTIONAL {{ SERVICE {HOST} {{}} }} }} }} }}",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_word_is_no_call(text: str) -> None:
    refuse_remote(text, ())


@pytest.mark.parametrize("text", CALLS)
def test_a_call_is_refused(text: str) -> None:
    with pytest.raises(TwingraphError, match="no query may reach another host"):
        refuse_remote(text)


def test_the_position_of_a_call_is_reported() -> None:
    with pytest.raises(TwingraphError, match=r"^line 2, column 3: SERVICE is not"):
        refuse_remote("SELECT * {\n  SERVICE <http://e/> {} }")


PIECES = st.lists(
    st.sampled_from(
        [
            "?s?p?o", ".", "FILTER(?o<2)", "FILTER(1<2)", "FILTER(?s<ex:a)", "SERVICE", "sErViCe",
            "service:x", "SERVICEex:x", "ex:x", ":x", "{}", "{?a<http://e/b>?c}", "#>\n", "#\n",
            '"""', "'''", '"a"', "'b'@en", '\\q"""', "\n", " ", "1", "1e5", "true", "VALUES?x{",
            "}", "{", '"', "'", "\\u0053ERVICE", "OPTIONAL{", "GRAPH?g{", "a", "_:b", "_:b.", "?x",
            "BIND(1<2AS?y)", "1.", "UNION", "LATERAL{", "<", ">", "//", "\\", "%41", "ex:a\\#",
            "ex:a\\'", "ex:a.b", ";", ",", "[]", "<<", ">>", "^^", "ex:", "service:", "/", "|",
            "é", "\ufeff",
        ]
    ),
    max_size=6,
).map("".join)  # fmt: skip
CALL = st.sampled_from(
    ["SERVICE", "service:x", "SERVICEex:x", f"SERVICE{HOST}", "SERVICE:x", "SERVICE ex:x#>\n"]
)


@pytest.fixture(scope="module")
def store() -> Store:
    node = NamedNode("http://e/a")
    filled = Store()
    filled.add(Quad(node, node, node, DefaultGraph()))
    filled.add(Quad(node, node, Literal(1), DefaultGraph()))
    return filled


FOLLOWS = st.sampled_from(["", " ", "{}", f"{HOST}{{}}"])


@given(before=PIECES, call=CALL, after=PIECES, follows=FOLLOWS)
def test_whatever_the_engine_takes_for_a_call_is_refused(
    store: Store, before: str, call: str, after: str, follows: str
) -> None:
    text = f"{PREFIXES} SELECT * {{ {before}{call}{follows}{after} }}"
    try:
        answer = store.query(text)
        list(answer)  # type: ignore[arg-type]  # a SELECT
    except OSError:
        with pytest.raises(TwingraphError):
            refuse_remote(text)
    except (SyntaxError, ValueError, RuntimeError):
        pass


INNER = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\"\\\r\n'"), max_size=20
)


@given(before=INNER, after=INNER)
def test_strings_and_comments_may_say_anything(before: str, after: str) -> None:
    words = f"{before} SERVICE <http://e/> {{ {after}"

    refuse_remote(f"SELECT * {{ ?s ?p \"{words}\" , '''{words}''' }} # {words}")


@given(st.text(max_size=60))
def test_the_guard_takes_any_text(text: str) -> None:
    for item in (text, f"service{text}"):
        try:
            refuse_remote(item, ())
        except TwingraphError as error:
            assert re.match(r"line \d+", str(error))
        assert all(item[token.start :].startswith(token.text) for token in tokens(item))


@pytest.mark.parametrize(
    "piece",
    [
        "a.a", "<", "<a", '"', '"""a', '"""\\q', "\\", "service:a #\n", "\"'\n", "_:a", "1", "1e",
        "1.", "<a#b>", "'\\q", "#", "?a", ":a.", "@a-",
    ],
)  # fmt: skip
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    began = time.perf_counter()

    refuse_remote("# service\n" + piece * 20_000)

    assert time.perf_counter() - began < 5


# --- FROM ----------------------------------------------------------------------------------------

HERE = {"https://w3id.org/twingraph/graph/entities"}


def test_nothing_is_read_behind_the_last_keyword(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    ends = Strings.ends

    def recorded(strings: Strings, start: int) -> list[int]:
        read.append(start)
        return ends(strings, start)

    monkeypatch.setattr(Strings, "ends", recorded)

    refuse_remote('ASK { ?s ?p "\\x" . ?service ' + '"\\' * 1000)

    assert read == [12, 15]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM <https://w3id.org/twingraph/graph/entities> { ?s ?p ?o }",
        "PREFIX g: <https://w3id.org/twingraph/graph/> SELECT * FROM NAMED g:entities { ?s ?p ?o }",
        "BASE <https://w3id.org/twingraph/> ASK FROM <graph/entities> { ?s ?p ?o }",
        "SELECT ?from { ?from ?p 'FROM <http://e/>' }",
    ],
)
def test_a_graph_of_the_store_may_be_asked(text: str) -> None:
    refuse_remote(text, HERE)


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        ("SELECT * FROM <http://e/> { ?s ?p ?o }", "http://e/"),
        ("SELECT * from\nNamed <http://e/> { ?s ?p ?o }", "http://e/"),
        ("SELECT * FROM # c\n <http://e/\\u0061> { ?s ?p ?o }", "http://e/a"),
        ("PREFIX e: <http://e/> SELECT * FROM e:a { ?s ?p ?o }", "http://e/a"),
        (
            "SELECT * FROM <https://w3id.org/twingraph/graph/entities> FROM <http://e/> {}",
            "http://e/",
        ),
    ],
)
def test_another_graph_may_not(text: str, graph: str) -> None:
    with pytest.raises(TwingraphError, match=f"FROM <{graph}>, a graph that is not in this store"):
        refuse_remote(text, HERE)
