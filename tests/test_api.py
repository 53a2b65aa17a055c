"""`import twingraph`: light to import, typed in its answers, the same graph as the files."""

from __future__ import annotations

import copy
import json
import pickle
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import DefaultGraph, Literal, RdfFormat, parse

import twingraph
from twingraph import Rows, Text, TwingraphError
from twingraph.rdf.frozen import load_store
from twingraph.rdf.turtle import plain
from twingraph.settings import FILE
from twingraph.sparql.library import bind
from twingraph.sparql.query import SelectResult, run

ROOT = Path(__file__).parent.parent
HEAVY = ("anyascii", "edtf", "uvicorn", "jinja2", "pyoxigraph", "rdflib", "starlette")


def test_importing_twingraph_loads_nothing_heavy() -> None:
    words = "import json, sys, twingraph; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True)

    assert {item.split(".")[0] for item in json.loads(done.stdout)}.isdisjoint(HEAVY)


def test_everything_named_public_is_there_and_documented() -> None:
    named = [item for item in twingraph.__all__ if item != "__version__"]

    assert sorted(named, key=lambda item: (item.islower(), item)) == named
    assert all(getattr(twingraph, item).__doc__ for item in named if item not in ("Row", "Value"))


# --- load ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dataset(built: Path) -> rdflib.Dataset:
    return twingraph.load(built)


def test_the_default_graph_of_load_is_what_is_published(
    dataset: rdflib.Dataset, built: Path
) -> None:
    published = rdflib.Graph().parse(built / "twingraph.nt")

    assert dataset.default_union is False
    assert set(dataset.default_graph) == set(published)


def test_load_has_every_graph_with_every_value_as_it_was_frozen(
    dataset: rdflib.Dataset, built: Path
) -> None:
    unnamed = str(dataset.default_graph.identifier)
    frozen = defaultdict(set)
    for quad in parse(path=built / "twingraph.nq", format=RdfFormat.N_QUADS):
        name = unnamed if quad.graph_name == DefaultGraph() else plain(quad.graph_name)
        literal = quad.object if isinstance(quad.object, Literal) else None
        kind = literal.language or literal.datatype.value if literal else "IRI"
        frozen[name].add((plain(quad.subject), quad.predicate.value, plain(quad.object), kind))

    loaded = {
        str(graph.identifier): {(str(s), str(p), str(o), kind_of_term(o)) for s, p, o in graph}
        for graph in dataset.graphs()
    }

    assert len(loaded) > 6
    assert loaded == frozen


def kind_of_term(term: object) -> str:
    if isinstance(term, rdflib.Literal):
        return term.language or str(term.datatype or rdflib.XSD.string)
    return "IRI"


def test_load_knows_our_prefixes(dataset: rdflib.Dataset) -> None:
    assert dict(dataset.namespaces())["partnership"] == rdflib.URIRef(
        "https://w3id.org/twingraph/id/partnership/"
    )


# --- query ---------------------------------------------------------------------------------------


def test_values_are_those_of_python(built: Path) -> None:
    [row] = twingraph.query(
        """PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
        SELECT (7 AS ?whole) (1.50 AS ?decimal) (1e0 AS ?double) (true AS ?yes) ?day ?name ?edtf
          ?old ?none (<http://e/> AS ?iri) ("x" AS ?text)
        WHERE { BIND ("1987-07-02"^^xsd:date AS ?day) BIND ("Köln"@de AS ?name)
          BIND ("1993~"^^<http://id.loc.gov/datatypes/edtf/EDTF> AS ?edtf)
          BIND ("-0044-03-15"^^xsd:date AS ?old) }""",
        graph=built,
    )

    assert row == {
        "whole": 7,
        "decimal": Decimal("1.5"),
        "double": 1.0,
        "yes": True,
        "day": date(1987, 7, 2),
        "name": "Köln",
        "edtf": "1993~",
        "old": "-0044-03-15",
        "none": None,
        "iri": "http://e/",
        "text": "x",
    }
    assert [type(row[name]) for name in ("yes", "name", "iri", "double")] == [
        bool,
        Text,
        str,
        float,
    ]
    assert isinstance(row["name"], Text)
    assert row["name"].language == "de"


def test_a_question_has_the_rows_that_the_library_gives(built: Path) -> None:
    store = load_store(built / "twingraph.nq")
    for name, asked in twingraph.questions(built).items():
        answer = run(store, asked.text, bind(asked, asked.examples()))

        rows = twingraph.query(name, graph=built, **asked.examples())

        if isinstance(answer, bool):
            assert rows == Rows(["answer"], [[answer]])
        elif isinstance(answer, SelectResult):
            assert (rows.variables, len(rows)) == (answer.variables, len(answer.rows)), name
        else:
            assert (rows.variables, len(rows)) == (("subject", "predicate", "object"), len(answer))


def test_no_question_has_a_parameter_that_query_means_for_itself(built: Path) -> None:
    taken = [name for name, one in twingraph.questions(built).items()
             if any(parameter.name == "graph" for parameter in one.parameters)]  # fmt: skip

    assert taken == []


def test_the_answer_of_one_question_is_the_parameter_of_the_next(built: Path) -> None:
    first = twingraph.query("partners-of", graph=built, place="berlin")[0]["partner"]
    assert isinstance(first, str)

    again = twingraph.query("partners-of", graph=built, place=first)

    assert "https://w3id.org/twingraph/id/place/berlin" in [row["partner"] for row in again]


def test_a_text_with_a_header_takes_parameters_of_python(built: Path) -> None:
    text = (
        "#+ title.en: a\n#+ title.de: a\n#+ question.en: a\n#+ question.de: a\n#+ for: developer\n"
        "#+ parameter: day date 1990-10-03 a | a\n#+ parameter: year integer 1990 a | a\n"
        "SELECT ?day ?year WHERE { FILTER (YEAR(?day) = ?year) }"
    )

    rows = twingraph.query(text, graph=built, day=date(1987, 7, 2), year=1987)

    assert list(rows) == [{"day": date(1987, 7, 2), "year": 1987}]


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("partner-of", {}, "did you mean partners-of"),
        ("partners-of", {"city": "berlin"}, "no parameter 'city'"),
        ("partners-of", {}, "needs place"),
        ("SELECT * { ?s ?p }", {}, "line 1, column 15"),
        ("ASK { ?s ?p ?o }", {"s": "berlin"}, "has no parameter 's'"),
        ("ASK { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", {}, "no query may reach another"),
    ],
)
def test_what_is_wrong_is_reported(
    built: Path, name: str, parameters: dict[str, str], told: str
) -> None:
    with pytest.raises(TwingraphError, match=told):
        twingraph.query(name, graph=built, **parameters)


# --- rows ----------------------------------------------------------------------------------------


def test_rows_are_a_sequence() -> None:
    rows = Rows(["a", "b"], [[1, "x"], [2, None], [3, "z"]])

    assert [row["a"] for row in rows] == [1, 2, 3]
    assert rows[-1] == {"a": 3, "b": "z"}
    assert rows[1:] == Rows(["a", "b"], [[2, None], [3, "z"]])
    assert {"a": 2, "b": None} in rows
    assert rows != [{"a": 1, "b": "x"}]
    assert repr(rows) == "<3 rows of a, b>"


@pytest.mark.parametrize("again", [copy.copy, lambda item: pickle.loads(pickle.dumps(item))])
def test_a_text_keeps_its_language(again: type) -> None:
    text = again(Text("Köln", "de"))

    assert (text, text.language, type(text)) == ("Köln", "de", Text)


def test_pandas_is_asked_for_or_used() -> None:
    rows = Rows(["a", "b"], [[1, "x"], [2, None]])

    if find_spec("pandas") is None:
        with pytest.raises(TwingraphError, match="pip install pandas"):
            rows.to_pandas()
    else:
        frame = rows.to_pandas()
        assert list(frame.columns) == ["a", "b"]
        assert frame["a"].sum() == 3


# --- which graph ---------------------------------------------------------------------------------


def test_outside_a_project_it_is_what_came_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    rows = twingraph.query("partners-of", place="berlin")

    assert "Paris" in [row["partnerName"] for row in rows]
    assert list(tmp_path.iterdir()) == []


def test_a_project_a_build_and_a_dump_can_be_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests" / "atlas", tmp_path / "atlas")
    project = tmp_path / "atlas"
    text = "PREFIX tg: <https://w3id.org/twingraph/ns#> ASK { ?s a tg:Partnership }"

    answers = [
        twingraph.query(text, graph=item)[0]["answer"]
        for item in (project, str(project / "build"), project / "build" / "twingraph.ttl")
    ]

    assert answers == [True, True, True]
    assert len(twingraph.load(project / "build" / "twingraph.trig").default_graph) > 1000


def test_a_changed_project_is_built_anew(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests" / "atlas", tmp_path / "atlas")
    project = tmp_path / "atlas"
    places = project / "data" / "entities" / "places.ttl"
    text = (
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> SELECT ?name { "
        "<https://w3id.org/twingraph/id/place/bestadt> rdfs:label ?name "
        "FILTER (LANG(?name) = 'en') }"
    )

    before = twingraph.query(text, graph=project)
    places.write_text(places.read_text(encoding="utf-8").replace('"Bestadt"', '"Beville"'),
                      encoding="utf-8")  # fmt: skip
    after = twingraph.query(text, graph=project)

    assert [list(before), list(after)] == [[{"name": "Bestadt"}], [{"name": "Beville"}]]


def test_a_project_that_cannot_be_built_says_which_line(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("", encoding="utf-8")
    (tmp_path / "data" / "sources").mkdir(parents=True)
    (tmp_path / "data" / "sources" / "a.ttl").write_text("<http://e/> a ", encoding="utf-8")

    with pytest.raises(TwingraphError, match=r"data/sources/a\.ttl:1: F03 "):
        twingraph.load(tmp_path)


def test_a_folder_that_is_no_build_is_reported(tmp_path: Path) -> None:
    with pytest.raises(TwingraphError, match="no project, no build and no dump"):
        twingraph.load(tmp_path)
