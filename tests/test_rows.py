"""Rows of the queries of pages and of the library: their order, and what is withdrawn in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, Store

from twingraph.rdf.vocabulary import CODES, HOME, PREFIXES, RDF, TG, XSD
from twingraph.site.pages import FIXED, page, page_paths
from twingraph.site.reader import BuildReader, Row, Term, load_site
from twingraph.sparql.library import LibraryQuery, bind, load_library
from twingraph.sparql.query import SelectResult, run
from twingraph.sparql.substitution import write_terms

QUERIES: Final = Path(__file__).parent.parent / "queries"
LIBRARY: Final = load_library(QUERIES / "library")
OF_PAGES: Final = {path.stem: path.read_text("utf-8") for path in sorted(QUERIES.glob("site/*.rq"))}
_ORDER: Final = re.compile(r"^ORDER BY (.*)$", re.MULTILINE)
_SELECT: Final = re.compile(r"^SELECT (DISTINCT )?", re.MULTILINE)


def filled(quads: Iterable[Quad]) -> Store:
    store = Store()
    store.extend(quads)
    return store


@pytest.fixture(scope="module")
def store(quads: frozenset[Quad]) -> Store:
    return filled(quads)


@pytest.fixture(scope="module")
def withdrawn(quads: frozenset[Quad]) -> Store:
    """The same graph, but every partnership is withdrawn."""
    deprecated = NamedNode(f"{PREFIXES['owl']}deprecated")
    true = Literal("true", datatype=XSD.boolean)
    kind = RDF.type, TG.Partnership
    found = {quad.subject for quad in quads if (quad.predicate, quad.object) == kind}
    return filled([*quads, *(Quad(subject, deprecated, true, DefaultGraph()) for subject in found)])


# --- order ---------------------------------------------------------------------------------------


def order_of(text: str) -> list[str]:
    """Return the expressions that a query orders its rows by, without their direction.

    >>> order_of("SELECT ?a {}\\nORDER BY DESC(STR(?a)) ?b")
    ['(STR(?a))', '?b']
    """
    match = _ORDER.search(text)
    expressions, depth = [""], 0
    for letter in match[1].replace("DESC(", "(") if match else "":
        depth += (letter == "(") - (letter == ")")
        if letter == " " and not depth:
            expressions.append("")
        else:
            expressions[-1] += letter
    return [expression for expression in expressions if expression]


def ties(store: Store, text: str, given: Sequence[str]) -> list[list[str]]:
    """Return rows that differ, though `ORDER BY` and the columns `given` do not."""
    order = order_of(text)
    if "GROUP BY" not in text:  # else the columns that it groups by are in the order by themselves
        keys = " ".join(f"({word} AS ?order{number})" for number, word in enumerate(order))
        text = _SELECT.sub(rf"\g<0>{keys} ", text, count=1)
    solutions = store.query(re.sub(r"VALUES \?\w+ \{ UNDEF \}", "", text))
    assert isinstance(solutions, QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    in_key = [
        number for number, name in enumerate(names)
        if name in given or name.startswith("order") or f"?{name}" in order
    ]  # fmt: skip
    by_key: dict[tuple[str, ...], list[str]] = {}
    for row in sorted({tuple(map(str, solution)) for solution in solutions}):
        by_key.setdefault(tuple(row[number] for number in in_key), []).append(" | ".join(row))
    return [rows for rows in by_key.values() if len(rows) > 1]


def test_rows_that_may_change_places_are_found(store: Store) -> None:
    text = "SELECT ?p ?o {{ <{0}id/place/bonn> ?p ?o }}\nORDER BY {1}"
    assert ties(store, text.format(HOME, "?p"), ())
    assert not ties(store, text.format(HOME, "?p DESC(STR(?o)) LANG(?o)"), ())


@pytest.mark.parametrize("name", [name for name, text in OF_PAGES.items() if "ORDER BY" in text])
def test_the_rows_of_pages_have_one_order(name: str, store: Store) -> None:
    """Same input, same bytes: where two rows may change places, a page may."""
    assert ties(store, OF_PAGES[name], ("this", "one", "other")) == []


@pytest.mark.parametrize("query", LIBRARY.values(), ids=LIBRARY)
def test_the_rows_of_an_answer_have_one_order(query: LibraryQuery, store: Store) -> None:
    if "ORDER BY" in query.text:
        assert ties(store, write_terms(query.text, bind(query, query.examples())), ()) == []


# --- what is withdrawn ---------------------------------------------------------------------------

# They look up what is named, or tell what a source, a decision or a person says: what is withdrawn
# is found by them as by the pages of these.
LOOK_UPS: Final = frozenset({
    "agreements-of", "decisions", "everything-about", "evidence-of", "partnership-as-graph",
    "people-and-roles", "projects-of", "timeline-of", "what-each-source-says", "when-did-it-begin",
    "who-is-involved",
})  # fmt: skip


@pytest.mark.parametrize("name", sorted({*LIBRARY} - LOOK_UPS | {"timeline-of"}))
def test_a_withdrawn_partnership_is_in_no_answer_but_a_look_up(name: str, withdrawn: Store) -> None:
    query = LIBRARY[name]
    values = {**query.examples(), **({"thing": "place:bonn"} if name == "timeline-of" else {})}
    answer = run(withdrawn, query.text, bind(query, values))
    if not isinstance(answer, SelectResult):
        assert answer is False
        return
    for row in answer.rows:
        assert f"{HOME}id/partnership/" not in " ".join(map(str, row))
        for column, value in zip(answer.variables, row, strict=True):
            counts = column in ("partnerships", "certain", "possible")
            assert not counts or value == Literal("0", datatype=XSD.integer)


def test_a_friendship_beside_a_withdrawn_twinning_is_no_twinning(quads: frozenset[Quad]) -> None:
    """tg:twinnedWith is derived from withdrawn partnerships too."""
    query = LIBRARY["is-twinned-with"]
    values = {"one": "place:berlin", "other": "place:beijing"}
    twinning, other = (
        NamedNode(f"{HOME}id/partnership/{name}") for name in ("beijing-berlin", "x")
    )
    store = filled(quads)
    assert run(store, query.text, bind(query, values)) is True
    store.add(Quad(twinning, NamedNode(f"{PREFIXES['owl']}deprecated"),
                   Literal("true", datatype=XSD.boolean)))  # fmt: skip
    for place in values.values():
        partner = NamedNode(f"{HOME}id/{place.replace(':', '/')}")
        store.add(Quad(other, TG.partner, partner))
    answers = []
    for kind in ("friendship", "twinning"):
        typed = Quad(other, TG.partnershipType, NamedNode(f"{CODES}type/{kind}"))
        store.add(typed)
        answers.append(run(store, query.text, bind(query, values)))
        store.remove(typed)
    assert answers == [False, True]


def test_no_link_of_a_network_stands_for_a_withdrawn_partnership(quads: frozenset[Quad]) -> None:
    berlin = NamedNode(f"{HOME}id/place/berlin")
    query = write_terms(OF_PAGES["network"], {"this": berlin})
    store = filled(quads)
    partnered = {quad.object for quad in quads
                 if (quad.subject, quad.predicate) == (berlin, TG.partnerOf)}  # fmt: skip
    pair = sorted(partnered, key=str)[:2]
    link = NamedNode(f"{HOME}id/partnership/x")
    for one, other in (pair, pair[::-1]):
        assert isinstance(one, NamedNode)
        store.add(Quad(one, TG.partnerOf, other))
        store.add(Quad(link, TG.partner, one))
    stated = run(store, query)
    store.add(Quad(link, NamedNode(f"{PREFIXES['owl']}deprecated"),
                   Literal("true", datatype=XSD.boolean)))  # fmt: skip
    after = run(store, query)
    assert isinstance(stated, SelectResult) and isinstance(after, SelectResult)
    assert [list(row[1:]) for row in stated.rows] == [pair]
    assert not after.rows


def test_pages_are_the_same_whatever_the_order_of_rows_that_have_none(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queries without `ORDER BY` give their rows in any order; who asks them sorts."""
    site = replace(load_site(built), prepared={})
    paths = page_paths(site)
    sample = [*FIXED, *paths[:: max(1, len(paths) // 50)]]
    turned: set[str] = set()

    def pages(turn: bool) -> dict[str, bytes | None]:
        def select(self: BuildReader, text: str, **terms: Term) -> list[Row]:
            rows = unturned(self, text, **terms)
            if not turn or "ORDER BY" in text:
                return rows
            turned.add(text)
            return rows[::-1]

        def statements(
            self: BuildReader, name: str, things: Iterable[str]
        ) -> Iterator[tuple[str, str, Term]]:
            found = list(unturned_statements(self, name, things))
            return iter(found[::-1] if turn else found)

        def pairs(self: BuildReader, name: str, **terms: Term) -> list[tuple[str, str]]:
            found = unturned_pairs(self, name, **terms)
            return found[::-1] if turn else found

        monkeypatch.setattr(BuildReader, "select", select)
        monkeypatch.setattr(BuildReader, "pairs", pairs)
        monkeypatch.setattr(BuildReader, "statements_of", statements)
        reader = replace(site, memory={})
        return {path: page(reader, "en", path) for path in sample}

    unturned, unturned_pairs = BuildReader.select, BuildReader.pairs
    unturned_statements = BuildReader.statements_of
    before, after = pages(False), pages(True)
    assert [path for path in sample if before[path] != after[path]] == []
    assert len(turned) > 5
