"""Writers over sorted lines give the bytes of the writers over terms, on whatever text there is."""

from __future__ import annotations

import json
from itertools import product
from typing import Final

import hypothesis.strategies as st
from hypothesis import given
from pyoxigraph import Literal, NamedNode, Quad

from twingraph.derive.published import Rule, read_rules, terms_of
from twingraph.export.jsonld import make_context, write_jsonld
from twingraph.export.jsonld_stream import jsonld_chunks
from twingraph.rdf.dataset import Dataset, by_subject, merged, term_of, with_text, without
from twingraph.rdf.frozen import default_graph, quad_lines
from twingraph.rdf.spool import Spool
from twingraph.rdf.turtle import write_turtle
from twingraph.rdf.turtle_stream import TurtleBody, turtle_chunks
from twingraph.rdf.vocabulary import EDTF, HOME, PREFIXES, RDF, RDFS, SKOS, TG, XSD
from twingraph.settings import bundled

SUBJECTS: Final[list[NamedNode]] = [
    NamedNode(f"{HOME}id/place/{slug}") for slug in ("a", "a-b", "ab", "a/b", "a.b", "ä")
]
TEXTS: Final = [
    "",
    "Bonn",
    'say "a"',
    "a\\b",
    "one\ntwo\r\t",
    "\u2028\x85\x7f\x01",
    "Łódź 北京 🏙",
    "'",
]
VALUES: Final[list[NamedNode | Literal]] = [
    *(Literal(text) for text in TEXTS),
    *(Literal(text, language=tag) for text, tag in product(TEXTS, ("de", "zh-Hant"))),
    *(Literal(text, datatype=XSD.decimal) for text in ("57.04800", "-.5", "7", "1e3", "")),
    *(Literal(text, datatype=XSD.integer) for text in ("007", "+1", "12345678901234567890", "x")),
    *(Literal(text, datatype=XSD.boolean) for text in ("true", "1")),
    Literal("1993~", datatype=EDTF),
    Literal("a", datatype=NamedNode("http://e/t")),
    *SUBJECTS,
    NamedNode("http://e/a b".replace(" ", "%20")),
]


def everything() -> list[Quad]:
    """Every value with every kind of key, in the default graph and in another."""
    verbs = (
        RDFS.label,
        TG.partner,
        TG.start,
        TG.distanceKm,
        SKOS.altLabel,
        NamedNode("http://e/x"),
    )
    graph = NamedNode(f"{HOME}graph/entities")
    quads = [Quad(one, verb, value) for one, verb, value in product(SUBJECTS, verbs, VALUES)]
    quads += [Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads]
    return [*quads, *(Quad(subject, RDF.type, TG.Partnership) for subject in SUBJECTS)]


def test_lines_are_written_as_terms_are(quads: frozenset[Quad]) -> None:
    context = make_context(quads, PREFIXES["tg"])
    made = everything()
    graph = Dataset.of(made)
    default = default_graph(made)
    body = TurtleBody(graph.default, PREFIXES, Spool())

    assert b"".join(graph.quad_chunks()) == quad_lines(made)
    assert b"".join(turtle_chunks(body, PREFIXES)) == write_turtle(default).encode()
    assert (
        b"".join(jsonld_chunks(graph.default, context)) == write_jsonld(default, context).encode()
    )


def test_lines_are_read_as_they_were_written() -> None:
    quads = everything()
    graph = Dataset.of(quads)

    assert set(graph) == set(quads)
    assert len(graph) == len(set(quads))
    values = {line.split(" ", 2)[2][:-2] for line in graph.default}
    assert {term_of(value) for value in values} == {quad.object for quad in quads}


def test_subjects_come_in_the_order_of_their_iris() -> None:
    found = [iri for iri, _, _ in by_subject(Dataset.of(everything()).default)]

    assert found == sorted(subject.value for subject in SUBJECTS)


def test_an_empty_graph_is_an_empty_document() -> None:
    empty = Dataset([], {})
    body = TurtleBody(empty.default, PREFIXES, Spool())

    assert b"".join(turtle_chunks(body, PREFIXES)) == write_turtle([]).encode()
    assert json.loads(b"".join(jsonld_chunks(empty.default, {})))["@graph"] == []


def test_a_rule_is_run_again_only_where_it_may_answer_more() -> None:
    rules = {item.name: item for item in read_rules(bundled("queries") / "rules")}
    label = f"<urn:a> {RDFS.label} <urn:b> ."
    point = f"<urn:a> {RDF.type} <{PREFIXES['geo']}Geometry> ."

    assert rules["partnership-label"].may_read(terms_of([label]))
    assert not rules["twinned-with"].may_read(terms_of([label]))
    assert not rules["partner-of"].may_read(terms_of([point]))
    assert rules["partner-of"].may_read({"AdministrativeUnit"})
    anything = Rule("any", "CONSTRUCT { ?a ?b ?c } WHERE { ?a ?b ?c }")
    assert anything.may_read(terms_of([label]))
    assert not anything.may_read(set())


_LINES: Final = st.lists(st.text("abö ", max_size=3))


@given(st.lists(_LINES), _LINES)
def test_sorted_lines_are_merged_and_removed_as_sets_are(several: list[list[str]],
                                                         removed: list[str]) -> None:  # fmt: skip
    lines = merged(sorted(each) for each in several)
    assert lines == sorted(set().union(*several))
    assert without(lines, set(removed)) == sorted(set(lines) - set(removed))
    assert [*with_text(lines, "a ")] == [line for line in lines if "a " in line]
