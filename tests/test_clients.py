"""The clients that people have, unchanged, against a running `twingraph serve`.

Each is asked what the file of the graph answers too: what a client makes of the endpoint is what
is published.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import rdflib
from rdflib.namespace import RDFS
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    XML,
    SPARQLWrapper,
)  # fmt: skip
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from twingraph.site.reader import BuildReader

if TYPE_CHECKING:
    from conftest import Serve

pytestmark = pytest.mark.slow

PREFIXES: Final = """
PREFIX tg: <https://w3id.org/twingraph/ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX schema: <https://schema.org/>
"""
TG: Final = rdflib.Namespace("https://w3id.org/twingraph/ns#")
BONN: Final = rdflib.URIRef("https://w3id.org/twingraph/id/place/bonn")
NAMES: Final = (
    PREFIXES
    + """
SELECT ?place ?name WHERE {
  ?place a tg:AdministrativeUnit ; rdfs:label ?name .
  FILTER (LANG(?name) = "de")
} ORDER BY ?name ?place
"""
)
# Joins, options, negation, sums, paths, sub-queries, texts: what each client writes in its own way.
QUERIES: Final = {
    "names": NAMES,
    "partners": PREFIXES + f"SELECT ?one {{ <{BONN}> tg:partnerOf ?one }} ORDER BY ?one",
    "optional": PREFIXES + """SELECT ?p ?start ?end {
      ?p a tg:Partnership OPTIONAL { ?p tg:start ?start } OPTIONAL { ?p tg:end ?end } }
      ORDER BY ?p""",
    "without": PREFIXES + """SELECT ?p { ?p a tg:Partnership FILTER NOT EXISTS { ?p tg:start ?s } }
      ORDER BY ?p""",
    "sums": PREFIXES + """SELECT ?country (COUNT(?place) AS ?n) { ?place tg:country ?country }
      GROUP BY ?country HAVING (COUNT(?place) > 1) ORDER BY DESC(?n) ?country""",
    "path": PREFIXES + f"SELECT ?far {{ <{BONN}> tg:partnerOf/tg:partnerOf ?far }} ORDER BY ?far",
    "values": PREFIXES + f"""SELECT ?one ?name {{ VALUES ?one {{ <{BONN}> tg:partner }}
      ?one rdfs:label ?name }} ORDER BY ?one ?name""",
    "inner": PREFIXES + """SELECT ?place ?n { { SELECT ?place (COUNT(?p) AS ?n)
      { ?p tg:partner ?place } GROUP BY ?place } FILTER (?n > 2) } ORDER BY DESC(?n) ?place""",
    "text": PREFIXES + """SELECT ?name { ?s skos:altLabel ?name
      FILTER (REGEX(STR(?name), "^[А-Я]")) } ORDER BY ?name""",
    "numbers": PREFIXES + """SELECT ?p ?km { ?p tg:distanceKm ?km FILTER (?km > 5000) }
      ORDER BY DESC(?km)""",
}  # fmt: skip
Row = tuple[str, ...]


@pytest.fixture(scope="module")
def endpoint(built: Path, serve: Serve) -> Iterator[str]:
    with serve(built) as served:
        yield served.url + "/sparql"


@pytest.fixture(scope="module")
def expected(site: BuildReader) -> dict[str, list[Row]]:
    """The answers of the graph itself."""
    told = {name: rows_of(site, query) for name, query in QUERIES.items()}
    assert {name for name, rows in told.items() if not rows} == set()
    return told


def rows_of(site: BuildReader, query: str) -> list[Row]:
    found: Any = site.store.query(query)
    names = [variable.value for variable in found.variables]
    return [tuple("" if row[name] is None else row[name].value for name in names) for row in found]


def triples_of(site: BuildReader, query: str) -> set[str]:
    found: Any = site.store.query(query)
    return {str(item) for item in found}


# --- SPARQLWrapper -------------------------------------------------------------------------------


def wrapper(endpoint: str, query: str, form: str, method: str = GET, direct: bool = False) -> Any:
    client = SPARQLWrapper(endpoint, returnFormat=form)
    client.setMethod(method)
    if direct:
        client.setRequestMethod(POSTDIRECTLY)
    client.setQuery(query)
    return client.queryAndConvert()


@pytest.mark.parametrize(("method", "direct"), [(GET, False), (POST, False), (POST, True)])
@pytest.mark.parametrize("name", QUERIES)
def test_sparqlwrapper_reads_rows(
    endpoint: str, expected: dict[str, list[Row]], name: str, method: str, direct: bool
) -> None:
    told = wrapper(endpoint, QUERIES[name], JSON, method, direct)
    names = told["head"]["vars"]
    rows = [
        tuple(row[name]["value"] if name in row else "" for name in names)
        for row in told["results"]["bindings"]
    ]

    assert rows == expected[name]


def test_sparqlwrapper_reads_xml_csv_and_tsv(endpoint: str, expected: dict[str, list[Row]]) -> None:
    names = [name for _, name in expected["names"]]
    document = wrapper(endpoint, NAMES, XML)
    in_xml = [element.firstChild.data for element in document.getElementsByTagName("literal")]
    in_csv = [
        part.split(",", 1)[1] for part in wrapper(endpoint, NAMES, CSV).decode().split("\r\n")[1:-1]
    ]
    in_tsv = [
        part.split("\t")[1] for part in wrapper(endpoint, NAMES, TSV).decode().split("\n")[1:-1]
    ]

    assert in_xml == names
    assert [item.strip('"') for item in in_csv] == names
    assert [item.removesuffix("@de").strip('"') for item in in_tsv] == names


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # SPARQLWrapper's own
def test_sparqlwrapper_reads_graphs(endpoint: str, site: BuildReader) -> None:
    construct = f"CONSTRUCT WHERE {{ <{BONN}> ?property ?value }}"
    wanted = triples_of(site, construct)
    turtle = rdflib.Graph().parse(data=wrapper(endpoint, construct, TURTLE), format="turtle")
    as_graph = wrapper(endpoint, construct, RDFXML, POST)
    described = wrapper(endpoint, f"DESCRIBE <{BONN}>", RDFXML)

    assert len(wanted) > 20
    assert len(turtle) == len(as_graph) == len(wanted)
    assert set(turtle) == set(as_graph)
    assert set(as_graph) <= set(described)


def test_sparqlwrapper_raises_its_own_errors_for_mistakes(endpoint: str) -> None:
    with pytest.raises(QueryBadFormed, match="did you mean WHERE"):
        wrapper(endpoint, "SELECT * WHER { ?s ?p ?o }", JSON)
    with pytest.raises(QueryBadFormed, match="skoss: is not declared"):
        wrapper(endpoint, "ASK { ?s skoss:prefLabel ?o }", JSON, POST)


# --- rdflib --------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["GET", "POST", "POST_FORM"])
def remote(request: pytest.FixtureRequest, endpoint: str) -> rdflib.Graph:
    return rdflib.Graph(SPARQLStore(endpoint, method=request.param))


@pytest.mark.parametrize("name", QUERIES)
def test_rdflib_asks_queries(
    remote: rdflib.Graph, expected: dict[str, list[Row]], name: str
) -> None:
    rows = [
        tuple("" if item is None else str(item) for item in row)  # type: ignore[union-attr]  # rows
        for row in remote.query(QUERIES[name])
    ]

    assert rows == expected[name]


def test_rdflib_walks_over_triples(remote: rdflib.Graph, site: BuildReader) -> None:
    labels = {str(value) for value in remote.objects(BONN, RDFS.label)}
    partners = set(remote.subjects(TG.partner, BONN))
    wanted = {one for (one,) in rows_of(site, f"SELECT ?p {{ ?p <{TG.partner}> <{BONN}> }}")}
    [(size,)] = rows_of(site, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")

    assert labels == {"Bonn"}
    assert {str(partner) for partner in partners} == wanted
    assert (BONN, RDFS.label, rdflib.Literal("Bonn", lang="de")) in remote
    assert (BONN, RDFS.label, rdflib.Literal("Berlin", lang="de")) not in remote
    assert len(remote) == int(size)


def test_rdflib_binds_what_a_query_starts_with(remote: rdflib.Graph) -> None:
    query = "SELECT ?name WHERE { ?place rdfs:label ?name }"
    bound = {"place": BONN}
    rows = remote.query(query, initNs={"rdfs": RDFS}, initBindings=bound)
    asked = remote.query("ASK { ?place ?p ?o }", initBindings={"place": BONN})

    assert {str(row[0]) for row in rows} == {"Bonn"}  # type: ignore[index]  # rows
    assert asked.askAnswer is True


def test_rdflib_reads_a_description(remote: rdflib.Graph) -> None:
    told = remote.query(f"CONSTRUCT WHERE {{ <{BONN}> ?p ?o }}").graph

    assert told is not None
    assert (BONN, RDFS.label, rdflib.Literal("Bonn", lang="en")) in told


# --- Comunica ------------------------------------------------------------------------------------

# All in one process: it takes longer to start than to ask.
ASK_ALL: Final = """
import { QueryEngine } from '@comunica/query-sparql';
import { readFileSync } from 'node:fs';
const { endpoint, queries, construct } = JSON.parse(readFileSync(0, 'utf-8'));
const engine = new QueryEngine();
const context = { sources: [{ type: 'sparql', value: endpoint }], noCache: true };
const told = {};
for (const [name, query] of Object.entries(queries)) {
  const stream = await engine.queryBindings(query, context);
  told[name] = (await stream.toArray()).map(row =>
    Object.fromEntries([...row].map(([key, term]) => [key.value, term.value])));
}
const quads = await (await engine.queryQuads(construct, context)).toArray();
const found = await engine.queryBoolean('ASK { ?s ?p ?o }', context);
console.log(JSON.stringify({ told, quads: quads.length, found }));
"""


def run(*words: str | Path, folder: Path, stdin: str = "") -> str:
    done = subprocess.run(
        list(map(str, words)), cwd=folder, input=stdin, capture_output=True, text=True,
        encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def comunica(node: Path) -> Path:
    if not (node / "node_modules" / "@comunica").is_dir():
        pytest.skip("Comunica is not here; fill tests/node with npm ci")
    return node


def test_comunica_asks_queries(
    comunica: Path, endpoint: str, expected: dict[str, list[Row]], site: BuildReader
) -> None:
    construct = f"CONSTRUCT WHERE {{ <{BONN}> ?p ?o }}"
    asked = {"endpoint": endpoint, "queries": QUERIES, "construct": construct}
    words = ("node", "--input-type=module", "--eval", ASK_ALL)
    answer = json.loads(run(*words, folder=comunica, stdin=json.dumps(asked)))

    told = {name: [set(row.values()) for row in rows] for name, rows in answer["told"].items()}
    wanted = {name: [set(row) - {""} for row in rows] for name, rows in expected.items()}
    assert told == wanted
    assert answer["quads"] == len(triples_of(site, construct))
    assert answer["found"] is True


def test_comunica_asks_from_the_command_line(
    comunica: Path, endpoint: str, expected: dict[str, list[Row]]
) -> None:
    command = comunica / "node_modules" / ".bin" / "comunica-sparql"
    table = run(command, f"sparql@{endpoint}", "-q", NAMES, "-t", "text/csv", folder=comunica)

    # an IRI in CSV should stand bare (SPARQL 1.1 CSV §3.2), which Comunica 4.5 does not hold
    rows = [tuple(re.sub('[<>"]', "", line).split(",", 1)) for line in table.splitlines()[1:]]
    assert rows == expected["names"]


# --- curl ----------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_curl_asks_in_every_way(
    endpoint: str, expected: dict[str, list[Row]], tmp_path: Path
) -> None:
    (tmp_path / "names.rq").write_text(NAMES, encoding="utf-8")
    csv = ("curl", "-sSf", "-H", "Accept: text/csv", endpoint)
    direct = ("-H", "Content-Type: application/sparql-query", "--data-binary", "@names.rq")
    told = {
        run(*csv, "-G", "--data-urlencode", "query@names.rq", folder=tmp_path),
        run(*csv, "--data-urlencode", "query@names.rq", folder=tmp_path),
        run(*csv, *direct, folder=tmp_path),
        run("curl", "-sSf", "--compressed", endpoint, "--data-urlencode", "query@names.rq",
            "-d", "format=csv", folder=tmp_path),
    }  # fmt: skip

    assert len(told) == 1
    lines = told.pop().replace("\r", "").strip().split("\n")[1:]
    assert [tuple(line.replace('"', "").split(",", 1)) for line in lines] == expected["names"]


def test_a_client_that_does_not_know_prefixes_can_ask_all_the_same(endpoint: str) -> None:
    told = wrapper(endpoint, "SELECT ?n { place:bonn rdfs:label ?n }", JSON)

    assert {item["n"]["value"] for item in told["results"]["bindings"]} == {"Bonn"}
