"""Hints below an empty result: unknown terms, texts without language, dates."""

from __future__ import annotations

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from twingraph.endpoint.hints import empty_cells_hint, hints_of
from twingraph.rdf.vocabulary import PREFIXES, RDFS

BASE = "https://w3id.org/twingraph/"


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    bonn = NamedNode(f"{BASE}id/place/bonn")
    store.add(Quad(bonn, RDFS.label, Literal("Bonn", language="de")))
    store.add(Quad(bonn, RDFS.comment, Literal("plain")))
    return store


def hints(store: Store, query: str, language: str = "en") -> tuple[str, ...]:
    return hints_of(store, query, {f"{BASE}ns#partner"}, BASE, PREFIXES, language)


def test_a_text_that_has_a_language_in_the_graph_is_named_with_it(store: Store) -> None:
    assert hints(store, 'ASK { ?s rdfs:label "Bonn" }') == (
        '"Bonn" matches no text with a language; write "Bonn"@de, or compare STR(?text).',
    )
    assert hints(store, "ASK { ?s rdfs:label '''Bonn''' }")[0].startswith("'''Bonn''' matches")
    assert hints(store, 'ASK { ?s rdfs:label "B\\u006Fnn" }') != ()


@pytest.mark.parametrize(
    "pattern", ['"Bonn"@de', '"Bonn"@en', '"Bonn"^^xsd:string', '"plain"', '"nothing"', '""']
)
def test_other_texts_are_left_alone(store: Store, pattern: str) -> None:
    assert hints(store, f"ASK {{ ?s rdfs:label {pattern} }}") == ()


def test_a_date_of_a_source_that_is_compared_names_its_bounds(store: Store) -> None:
    query = (
        "PREFIX tg: <https://w3id.org/twingraph/ns#> "
        'SELECT * { ?p tg:partner ?a ; tg:start ?d FILTER (?d < "1990"^^xsd:gYear) }'
    )

    found = hints_of(store, query, {f"{BASE}ns#partner", f"{BASE}ns#start"}, BASE, PREFIXES, "de")

    assert found == (
        "tg:start ist ein Datum, wie die Quelle es angibt (EDTF), und lässt sich mit keinem "
        "anderen vergleichen; dafür gibt es tg:earliestStart, tg:latestStart.",
    )


def test_a_date_that_is_only_shown_is_left_alone(store: Store) -> None:
    known = {f"{BASE}ns#start"}

    assert hints_of(store, "SELECT * { ?p tg:start ?d }", known, BASE, PREFIXES, "en") == ()


def test_rows_without_any_value_are_reported() -> None:
    assert empty_cells_hint([[None]] * 24, "en").startswith("24 rows, all of them empty")
    assert empty_cells_hint([], "en") == ""
