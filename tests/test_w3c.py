"""The SPARQL 1.1 suites of the W3C: protocol, service description, result formats.

They run over a socket, against `twingraph serve` with the graphs that the suites name.
"""

from __future__ import annotations

import csv
import hashlib
import http.client
import io
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest
import rdflib
from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    parse,
    parse_query_results,
    serialize,
)
from rdflib.collection import Collection
from rdflib.namespace import RDF

if TYPE_CHECKING:
    from conftest import Serve

HT: Final = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT: Final = rdflib.Namespace("http://www.w3.org/2011/content#")
MF: Final = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT: Final = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
SD: Final = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
STATUS: Final = "http://www.w3.org/2011/http-statusCodes#StatusCode"
DATA: Final = "http://kasei.us/2009/09/sparql/data/data{}.rdf"

Find = Callable[[str], Path]

pytestmark = pytest.mark.slow


class Sent(NamedTuple):
    """A request of the suite, and what is expected of its answer."""

    method: str
    query: str
    headers: dict[str, str]
    body: bytes | None
    statuses: list[str]
    kind: str
    boolean: bool | None


class Got(NamedTuple):
    status: int
    media_type: str
    body: bytes


def with_graph(built: Path, folder: Path, quads: Iterable[Quad]) -> Path:
    """A copy of a build that holds `quads` and nothing else."""
    copy = folder / "build"
    shutil.copytree(built.resolve(), copy)
    (copy / "twingraph.nq").write_bytes(serialize(quads, format=RdfFormat.N_QUADS) or b"")
    return copy


def triples_of(path: Path) -> list[Any]:
    return [quad.triple for quad in parse(path=path)]


def ask(url: str, method: str, target: str, body: bytes | None = None, **headers: str) -> Got:
    """Send one request, as it is, over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        kind = answer.headers.get_content_type()
        return Got(answer.status, kind, answer.read())
    finally:
        connection.close()


# --- the protocol --------------------------------------------------------------------------------


def manifest(path: Path) -> tuple[rdflib.Graph, list[Any]]:
    graph = rdflib.Graph().parse(path / "manifest.ttl")
    [entries] = graph.objects(None, MF.entries)
    return graph, list(Collection(graph, entries))


def requests_of(graph: rdflib.Graph, test: Any) -> Iterator[Sent]:
    action = graph.value(test, MF.action)
    for node in Collection(graph, graph.value(action, HT.requests)):
        headers = {}
        listed = graph.value(node, HT.headers)
        if listed is not None:
            for header in Collection(graph, listed):
                name, value = (
                    graph.value(header, HT[what]) for what in ("fieldName", "fieldValue")
                )
                headers[str(name)] = str(value)
        body = graph.value(node, HT.body)
        sent = None
        if body is not None:
            encoding = str(graph.value(body, CNT.characterEncoding) or "UTF-8")
            sent = str(graph.value(body, CNT.chars)).encode(encoding)
        told = graph.value(node, HT.resp)
        boolean = graph.value(told, MF.expectedBoolean)
        yield Sent(
            method=str(graph.value(node, HT.methodName)),
            query=urlsplit(str(graph.value(node, HT.absolutePath))).query,
            headers=headers,
            body=sent,
            statuses=[str(value).removeprefix(STATUS) for value in
                      graph.objects(told, MF.expectedStatus)],
            kind=str(graph.value(told, MF.expectedFormat) or ""),
            boolean=None if boolean is None else bool(boolean.toPython()),  # type: ignore[attr-defined]  # a literal
        )  # fmt: skip


RESULTS: Final = {
    "application/sparql-results+json", "application/sparql-results+xml", "text/csv",
    "text/tab-separated-values",
}  # fmt: skip
GRAPHS: Final = {
    "text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json",
}  # fmt: skip
KINDS: Final = {"boolean": RESULTS, "tabular": RESULTS, "RDF": GRAPHS}


@pytest.fixture(scope="module")
def protocol(artefacts: Find) -> Path:
    return artefacts("checks/sparql11/protocol")


@pytest.fixture(scope="module")
def endpoint(
    protocol: Path, built: Path, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A server with the graphs of the suite; data0 has no file there, so it holds its own name."""
    quads = [
        Quad(triple.subject, triple.predicate, triple.object, NamedNode(DATA.format(number)))
        for number in (1, 2, 3)
        for triple in triples_of(protocol / f"data{number}.nt")
    ]
    zero = NamedNode(DATA.format(0))
    quads.append(Quad(zero, NamedNode(str(RDF.value)), Literal("0"), zero))
    folder = with_graph(built, tmp_path_factory.mktemp("w3c"), quads)
    with serve(folder, rebuild=False) as served:
        yield served.url


def names_of(path: Path) -> list[str]:
    """The names of the tests in a manifest, without the machine that parses it."""
    if not path.exists():
        return []
    listed = re.search(r"mf:entries\s*\((.*?)\)", path.read_text(encoding="utf-8"), re.DOTALL)
    return re.findall(r":(\S+)", listed[1]) if listed else []


def wrong_in(graph: rdflib.Graph, test: Any, url: str) -> list[str]:
    wrong = []
    for sent in requests_of(graph, test):
        got = ask(url, sent.method, f"/sparql?{sent.query}", sent.body, **sent.headers)
        allowed = [status.replace("x", ".") for status in sent.statuses]
        if not any(re.fullmatch(item, str(got.status)) for item in allowed):
            wrong.append(f"{got.status}, not {sent.statuses}: {got.body[:200]!r}")
        elif sent.kind and got.media_type not in KINDS[sent.kind]:
            wrong.append(f"{got.media_type} is no {sent.kind}")
        elif sent.boolean is not None and json.loads(got.body)["boolean"] is not sent.boolean:
            wrong.append(f"not {sent.boolean}: {got.body!r}")
    return wrong


def test_every_query_test_of_the_protocol_passes(protocol: Path, endpoint: str) -> None:
    graph, tests = manifest(protocol)
    queries = [test for test in tests if "update" not in test]
    wrong = {query.rpartition("#")[2]: wrong_in(graph, query, endpoint) for query in queries}

    assert len(queries) == 20
    assert {name: told for name, told in wrong.items() if told} == {}


def test_every_update_of_the_protocol_is_refused_and_changes_nothing(
    protocol: Path, endpoint: str
) -> None:
    graph, tests = manifest(protocol)
    updates = [test for test in tests if "update" in test]
    whole = "/sparql?query=SELECT%20*%20%7B%20GRAPH%20%3Fg%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20%7D"
    before = ask(endpoint, "GET", whole, accept="text/csv")
    refused = {}
    for test in updates:
        sent = [
            request for request in requests_of(graph, test) if b"ASK" not in (request.body or b"")
        ]
        refused[test.rpartition("#")[2]] = [
            ask(endpoint, item.method, f"/sparql?{item.query}", item.body, **item.headers).status
            for item in sent
        ]

    assert len(refused) == 14
    assert [item for item in refused.values() if not item] == []
    assert {status // 100 for told in refused.values() for status in told} == {4}
    after = ask(endpoint, "GET", whole, accept="text/csv")
    assert before.body.count(b"\n") == 5
    assert sorted(after.body.split(b"\n")) == sorted(before.body.split(b"\n"))


# --- the service description ---------------------------------------------------------------------

# Service Description §3.2 and §3.4: what each property is said of, and what it leads to.
SCHEMA: Final = {
    "endpoint": ("Service", ""),
    "supportedLanguage": ("Service", "Language"),
    "resultFormat": ("Service", ""),
    "extensionFunction": ("Service", "Function"),
    "defaultDataset": ("Service", "Dataset"),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": ("Dataset", "NamedGraph"),
    "name": ("NamedGraph", ""),
    "graph": ("NamedGraph", "Graph"),
}
LANGUAGES: Final = {SD.SPARQL10Query, SD.SPARQL11Query, SD.SPARQL11Update}


@pytest.fixture(scope="module")
def description(endpoint: str) -> rdflib.Graph:
    """`returns-rdf`: what GET on the endpoint gives to a client that asks for RDF."""
    got = ask(endpoint, "GET", "/sparql", accept="text/turtle, application/rdf+xml;q=0.9")
    assert (got.status, got.media_type) == (200, "text/turtle")
    return rdflib.Graph().parse(data=got.body, format="turtle")


def test_get_on_the_endpoint_returns_rdf_in_every_form(endpoint: str, artefacts: Find) -> None:
    suite = artefacts("checks/sparql11/service-description") / "manifest.ttl"
    assert names_of(suite) == ["has-endpoint-triple", "returns-rdf", "conforms-to-schema"]

    for kind in GRAPHS:
        got = ask(endpoint, "GET", "/sparql", accept=kind)
        form = RdfFormat.from_media_type(kind)
        assert (got.status, got.media_type) == (200, kind)
        assert len(list(parse(got.body, form))) > 30


def test_the_description_has_a_matching_endpoint(description: rdflib.Graph, endpoint: str) -> None:
    [service] = description.subjects(RDF.type, SD.Service)

    assert list(description.objects(service, SD.endpoint)) == [rdflib.URIRef(endpoint + "/sparql")]


def test_the_description_conforms_to_its_schema(description: rdflib.Graph) -> None:
    types = {
        subject: set(description.objects(subject, RDF.type)) for subject in description.subjects()
    }
    wrong = []
    for subject, verb, value in description:
        name = str(verb).removeprefix(str(SD))
        if name == str(verb):
            continue
        domain, range_ = SCHEMA[name]
        if SD[domain] not in types[subject]:
            wrong.append(f"{subject} has sd:{name} and is no sd:{domain}")
        known = value in LANGUAGES if range_ == "Language" else SD[range_] in types.get(value, ())
        if range_ and not known:
            wrong.append(f"sd:{name} leads to {value}, which is no sd:{range_}")
        if not isinstance(value, rdflib.URIRef):
            wrong.append(f"sd:{name} leads to {value}, which is no IRI")

    assert wrong == []
    for item in description.subjects(RDF.type, SD.NamedGraph):
        assert len(list(description.objects(item, SD.name))) == 1
    names = {str(value) for value in description.objects(None, SD.name)}
    assert names == {DATA.format(number) for number in range(4)}


# --- result formats ------------------------------------------------------------------------------


class Case(NamedTuple):
    name: str
    query: Path
    data: Path
    result: Path


def cases_of(folder: Path) -> list[Case]:
    graph, tests = manifest(folder)
    cases = []
    for test in tests:
        action = graph.value(test, MF.action)
        query, data, result = (
            folder / str(graph.value(subject, verb)).rpartition("/")[2]
            for subject, verb in ((action, QT.query), (action, QT.data), (test, MF.result))
        )
        cases.append(Case(test.rpartition("#")[2], query, data, result))
    return cases


@pytest.fixture(scope="module")
def answered(
    artefacts: Find, built: Path, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Case, Got]]:
    """What a server with the data of each test answers to its query."""
    told: dict[str, tuple[Case, Got]] = {}
    cases = [
        case
        for suite in ("csv-tsv-res", "json-res")
        for case in cases_of(artefacts(f"checks/sparql11/{suite}"))
    ]
    for data in sorted({case.data for case in cases}):
        quads = [
            Quad(triple.subject, triple.predicate, triple.object, DefaultGraph())
            for triple in triples_of(data)
        ]
        name = hashlib.sha256(str(data).encode()).hexdigest()[:8]
        folder = with_graph(built, tmp_path_factory.mktemp(name), quads)
        with serve(folder, rebuild=False) as served:
            for case in cases:
                if case.data != data:
                    continue
                kind = {".csv": "text/csv", ".tsv": "text/tab-separated-values",
                        ".srj": "application/sparql-results+json"}[case.result.suffix]  # fmt: skip
                got = ask(
                    served.url, "POST", "/sparql", case.query.read_bytes(), accept=kind,
                    **{"content-type": "application/sparql-query"},
                )  # fmt: skip
                assert (got.status, got.media_type) == (200, kind), got
                told[case.name] = case, got
    return told


# The engine keeps numbers by their value: it writes 1.0E6 as 1000000, and a negative integer as an
# integer (RDF 1.1 Semantics §7 lets it). These two tests are compared so, all others to the letter.
BY_VALUE: Final = {"csv03", "tsv03"}
NUMBERS: Final = ("double", "negativeInteger", "integer", "decimal")


def renamed(rows: list[list[Any]], by_value: bool) -> list[list[Any]]:
    """Name blank nodes by the order in which they turn up; numbers `by_value` are numbers."""
    names: dict[str, str] = {}

    def one(value: Any) -> Any:
        text = value.value if isinstance(value, BlankNode) else str(value)
        if isinstance(value, BlankNode) or text.startswith("_:"):
            return names.setdefault(text, f"_:{len(names)}")
        if by_value and isinstance(value, str):
            return float(value) if re.fullmatch(r"-?[0-9.]+(E[0-9]+)?", value) else value
        if by_value and isinstance(value, Literal):
            kind = value.datatype.value.rpartition("#")[2]
            return float(value.value) if kind in NUMBERS else value
        return value

    return [[one(value) for value in row] for row in rows]


def rows_of(body: bytes, form: QueryResultsFormat, by_value: bool) -> Any:
    """The rows with their columns by name: of SELECT * no order is given (SPARQL 1.1 §16.1)."""
    found = parse_query_results(body, form)
    if isinstance(found, QueryBoolean):
        return bool(found)
    assert isinstance(found, QuerySolutions)
    names = sorted(variable.value for variable in found.variables)
    return names, renamed([[row[name] for name in names] for row in found], by_value)


def table_of(text: str, by_value: bool) -> list[list[Any]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    names = sorted(rows[0])
    return [names, *renamed([[row[name] for name in names] for row in rows], by_value)]


def test_csv_is_that_of_the_suite(answered: dict[str, tuple[Case, Got]]) -> None:
    csvs = {name: told for name, told in answered.items() if name.startswith("csv")}

    assert len(csvs) == 3
    for name, (case, got) in csvs.items():
        found, wanted = got.body.decode("utf-8"), case.result.read_text(encoding="utf-8")
        by_value = name in BY_VALUE
        assert table_of(found, by_value) == table_of(wanted, by_value), name
        assert found.count("\r\n") == found.count("\n") == wanted.count("\n")  # RFC 4180 §2
        if not by_value and "_:" not in wanted:  # nothing but the order of columns may differ
            assert sorted(found.replace("\r", "")) == sorted(wanted)


def test_tsv_and_json_are_those_of_the_suites(answered: dict[str, tuple[Case, Got]]) -> None:
    rest = {name: told for name, told in answered.items() if not name.startswith("csv")}

    assert len(rest) == 7
    for name, (case, got) in rest.items():
        form = {".tsv": QueryResultsFormat.TSV, ".srj": QueryResultsFormat.JSON}[case.result.suffix]
        bodies = got.body, case.result.read_bytes()
        found, wanted = (rows_of(body, form, name in BY_VALUE) for body in bodies)
        assert found == wanted, name
        if case.result.suffix == ".srj":
            assert shape(json.loads(bodies[0])) == shape(json.loads(bodies[1]))


def shape(value: Any) -> Any:
    """JSON with the names of blank nodes left out, and the names of variables sorted."""
    if isinstance(value, dict):
        blank = value.get("type") == "bnode"
        return {key: "" if blank and key == "value" else sorted(one) if key == "vars" else
                shape(one) for key, one in value.items()}  # fmt: skip
    return [shape(item) for item in value] if isinstance(value, list) else value
