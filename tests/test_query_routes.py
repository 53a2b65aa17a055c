"""The library over HTTP: every question as page, as answer in each format, as API and in RDF."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import html5rdf
import pytest
from openapi_spec_validator import validate
from pyoxigraph import (
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Store,
    Triple,
    parse,
    parse_query_results,
)
from starlette.testclient import TestClient

from twingraph.build import build
from twingraph.rdf.vocabulary import HOME, PREFIXES
from twingraph.serve.app import create_app
from twingraph.settings import Settings
from twingraph.site.columns import is_named
from twingraph.site.questions import calls
from twingraph.site.reader import LANGUAGES, BuildReader
from twingraph.site.results import FORMATS, example_of, form_of, formats_of, text_of
from twingraph.sparql.library import LibraryQuery, bind, load_library
from twingraph.sparql.query import SelectResult, run

if TYPE_CHECKING:
    from conftest import Reader

ROOT = Path(__file__).parent.parent
EXPECTED = ROOT / "tests" / "expected"
LIBRARY = load_library(ROOT / "queries" / "library")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
ROUTES = [(name, suffix) for name, query in LIBRARY.items() for suffix in formats_of(query)]
ANSWERED: set[tuple[str, str]] = set()
NEIGHBOUR = "https://w3id.org/twingrapg/"  # sorts where ours does
RDF = {"ttl": RdfFormat.TURTLE, "jsonld": RdfFormat.JSON_LD, "nt": RdfFormat.N_TRIPLES,
       "rdf": RdfFormat.RDF_XML}  # fmt: skip
SH = PREFIXES["sh"]


def address(name: str, suffix: str) -> str:
    search = urlencode(LIBRARY[name].examples())
    return f"/query/{name}.{suffix}" + (f"?{search}" if search else "")


@pytest.fixture(scope="module")
def moved(
    project_under: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """A client of the same project under another base IRI."""
    out = tmp_path_factory.mktemp("moved") / "build"
    assert build(project_under(NEIGHBOUR), out).folder is not None
    with TestClient(create_app(out), follow_redirects=False) as client:
        yield client


# --- answers -------------------------------------------------------------------------------------


def test_there_are_questions_for_everybody() -> None:
    audiences = {item for query in LIBRARY.values() for item in query.audience}

    assert len(LIBRARY) >= 44
    assert len(ROUTES) >= 130
    assert audiences == {
        "citizen", "city-officer", "developer", "journalist", "portal", "researcher"
    }  # fmt: skip


def table_in(body: bytes, form: QueryResultsFormat) -> SelectResult:
    found = parse_query_results(body, form)
    assert isinstance(found, QuerySolutions)
    names = tuple(variable.value for variable in found.variables)
    rows: list[Any] = [tuple(row[name] for name in names) for row in found]
    return SelectResult(names, tuple(rows))


@pytest.mark.parametrize(("name", "suffix"), ROUTES, ids=lambda case: case)
def test_every_question_answers_in_every_fitting_format(
    client: TestClient, site: BuildReader, name: str, suffix: str
) -> None:
    query = LIBRARY[name]
    answer = client.get(address(name, suffix))
    expected = run(site.store, query.text, bind(query, query.examples()))

    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == formats_of(query)[suffix]
    match suffix:
        case "csv":
            known = (EXPECTED / f"{name}.csv").read_text(encoding="utf-8")
            assert answer.text.replace("\r\n", "\n") == known
        case "tsv":
            assert table_in(answer.content, QueryResultsFormat.TSV) == expected
        case "json" if form_of(query) == "ask":
            told = parse_query_results(answer.content, QueryResultsFormat.JSON)
            assert isinstance(told, QueryBoolean)
            assert bool(told) is expected
            assert str(expected).lower() in (EXPECTED / f"{name}.csv").read_text(encoding="utf-8")
        case "json":
            assert table_in(answer.content, QueryResultsFormat.JSON) == expected
        case _:
            triples = {quad.triple for quad in parse(answer.content, format=RDF[suffix])}
            known = (EXPECTED / f"{name}.ttl").read_text(encoding="utf-8")
            assert triples == {quad.triple for quad in parse(known, format=RdfFormat.TURTLE)}
            assert isinstance(expected, tuple)
            assert triples == set(expected)
    ANSWERED.add((name, suffix))


def test_the_figures_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        sys.stdout.write(
            f"\nlibrary over HTTP: {len(LIBRARY)} questions, {len(ROUTES)} routes with a format, "
            f"{len(ANSWERED)} answered right\n"
        )


@pytest.mark.parametrize(("name", "suffix"), ROUTES, ids=lambda case: case)
def test_another_base_iri_changes_nothing_else(
    client: TestClient, moved: TestClient, name: str, suffix: str
) -> None:
    here = client.get(address(name, suffix).replace(HOME, NEIGHBOUR))
    there = moved.get(address(name, suffix))

    assert there.text.replace(NEIGHBOUR, HOME) == here.text
    assert there.status_code == 200


def test_an_answer_is_a_resource_like_any_other(client: TestClient) -> None:
    for path in (address("partners-of", "csv"), address("partnership-as-graph", "ttl"),
                 "/openapi.json", "/.well-known/sparql-examples", "/doc/query/partners-of.ttl",
                 "/en/query/partners-of.html", "/de/query/partners-of", "/en/query/"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "license" in answer.headers["link"]
        again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(answer.content))
        assert head.headers["etag"] == answer.headers["etag"]
        assert client.options(path).headers["allow"] == "GET, HEAD, OPTIONS"
        assert client.post(path).status_code == 405


# --- parameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Peking", "place:beijing", "beijing", "北京",
                                  f"{HOME}id/place/beijing"])  # fmt: skip
def test_an_entity_is_found_by_every_form_of_its_name(client: TestClient, text: str) -> None:
    answer = client.get("/query/partners-of.csv", params={"place": text})

    assert [row["partnerName"] for row in csv.DictReader(io.StringIO(answer.text))] == ["Berlin"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/query/partners-of.csv", "partners-of needs place (as place=place:berlin)"),
        ("/query/partners-of.csv?place=", "place is ''"),
        ("/query/partners-of.csv?place=bonn&plase=x", "no parameter 'plase'; did you mean place?"),
        ("/query/partners-of.csv?place=bonn&place=kyiv", "place is given more than once"),
        ("/query/partners-of.csv?place=Bon%20n", "nothing is called; did you mean place:bonn?"),
        ("/query/partners-of.csv?place=type:twinning", "another kind of thing; write one such as"),
        ("/query/partners-on-day.csv?place=bonn&day=1990", "day is '1990', no day; write 1990-10"),
        ("/query/anniversaries-in.json?year=soon", "year is 'soon', no whole number; write 2027"),
        ("/query/decisions.json?place=bonn", "decisions has no parameter 'place'"),
    ],
)
def test_an_invalid_request_says_what_to_write(client: TestClient, path: str, words: str) -> None:
    is_json = ".json" in path
    answer = client.get(path)

    assert answer.status_code == (404 if "is called" in words else 400)
    kind = "application/problem+json" if is_json else "text/plain; charset=utf-8"
    assert answer.headers["content-type"] == kind
    told = answer.json()["detail"] if is_json else answer.text
    assert words in told
    as_json = client.get(path, headers={"accept": "application/problem+json"})
    assert words in as_json.json()["detail"]
    as_page = client.get(path, headers={"accept": BROWSER})
    assert as_page.headers["content-type"].startswith("text/html")
    assert words in unescape(as_page.text)


def test_an_unknown_question_is_404_with_the_nearest(client: TestClient) -> None:
    for path in ("/query/partner-of", "/query/partner-of.csv", "/en/query/partner-of.html",
                 "/doc/query/partner-of.ttl"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 404
        assert "no query is called 'partner-of'; did you mean partners-of" in answer.text
    problem = client.get("/query/partner-of.json").json()
    assert problem["status"] == 404


def test_a_format_that_does_not_fit_is_404_and_names_those_that_do(client: TestClient) -> None:
    for query in LIBRARY.values():
        suffixes = {format_ for formats in FORMATS.values() for format_ in formats} | {"xml", "exe"}
        for suffix in suffixes - set(formats_of(query)):
            answer = client.get(address(query.name, suffix))
            assert answer.status_code == 404
            assert f"ask for {query.name}." in answer.text


OWN_SCRIPT = '<script src="../../static/site.js" defer>'
HOSTILE = [
    "", " ", "x> } ; DROP ALL ; SELECT * { ?s ?p ?o", '"', "'", "\\", "<script>alert(1)</script>",
    "place:bonn> <http://e/", "../../etc/passwd", "file:///etc/passwd", "{{ 7 * 7 }}", "%00",
    "\x00", "a\r\nSet-Cookie: x=1", "\u202e", "٣", "1" * 400, "é" * 3000, "SERVICE <http://e/> {}",
    "🏙️", "null", "-0", "9999999999999999", "2023-02-29", "0000-00-00", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("query", [item for item in LIBRARY.values() if item.parameters],
                         ids=lambda case: case.name)  # fmt: skip
def test_no_value_breaks_a_question(client: TestClient, query: LibraryQuery) -> None:
    suffix = next(iter(formats_of(query)))
    for parameter in query.parameters:
        for value in HOSTILE:
            values = {**query.examples(), parameter.name: value}
            answer = client.get(f"/query/{query.name}.{suffix}", params=values)
            assert answer.status_code in (200, 400, 404), value
            assert "set-cookie" not in answer.headers
            if parameter.type in ("date", "integer") and not value.lstrip("-").isascii():
                assert answer.status_code == 400
            told = client.get(f"/de/query/{query.name}.html", params=values)
            assert told.status_code == answer.status_code, value
            assert set(re.findall("<script[^>]*>", told.text)) <= {OWN_SCRIPT}
            assert "javascript:" not in "".join(links_in(told.text))
    assert client.get(f"/query/{query.name}.{suffix}", params={"<x>": "<y>"}).status_code == 400


def links_in(text: str) -> list[str]:
    tree = html5rdf.parse(text, namespaceHTMLElements=False)
    return [value for node in tree.iter() for key, value in node.attrib.items()
            if key in ("href", "src", "action", "srcset", "data")]  # fmt: skip


# --- the IRI of a question -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accept", "language", "location"),
    [
        ("/query/partners-of", BROWSER, "de", "/de/query/partners-of.html"),
        ("/query/partners-of", "*/*", "", "/en/query/partners-of.html"),
        ("/query/partners-of?place=kyiv", BROWSER, "", "/en/query/partners-of.html?place=kyiv"),
        ("/query/partners-of?place=kyiv", "text/csv", "", "/query/partners-of.csv?place=kyiv"),
        ("/query/partners-of?place=kyiv", "text/tab-separated-values", "",
         "/query/partners-of.tsv?place=kyiv"),
        ("/query/partners-of?place=kyiv", "application/sparql-results+json", "",
         "/query/partners-of.json?place=kyiv"),
        ("/query/decisions", "application/json", "", "/query/decisions.json"),
        ("/query/decisions", "text/html;q=0.1, text/csv", "", "/query/decisions.csv"),
        ("/query/partners-of", "text/turtle", "de", "/doc/query/partners-of.ttl"),
        ("/query/partners-of?place=kyiv", "text/turtle", "", "/doc/query/partners-of.ttl"),
        ("/query/partners-of", "application/ld+json", "", "/doc/query/partners-of.jsonld"),
        ("/query/partnership-as-graph", "text/turtle", "", "/doc/query/partnership-as-graph.ttl"),
        ("/query/partnership-as-graph", "application/json", "",
         "/doc/query/partnership-as-graph.jsonld"),
        ("/query/partnership-as-graph?partnership=bonn-minsk", "text/turtle", "",
         "/query/partnership-as-graph.ttl?partnership=bonn-minsk"),
        ("/doc/query/partners-of", "application/n-triples", "", "/doc/query/partners-of.nt"),
        ("/query", BROWSER, "de", "/de/query/index.html"),
        ("/query/", "text/turtle", "", "/.well-known/sparql-examples.ttl"),
        ("/query", "application/json", "", "/openapi.json"),
    ],
)  # fmt: skip
def test_a_question_sends_on_to_what_suits_the_client(
    client: TestClient, path: str, accept: str, language: str, location: str
) -> None:
    answer = client.get(path, headers={"accept": accept, "accept-language": language})

    assert (answer.status_code, answer.headers["location"]) == (303, location)
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert client.get(location).status_code == 200


def test_every_question_is_found_by_its_iri(client: TestClient) -> None:
    for name in LIBRARY:
        for accept in (BROWSER, "text/turtle", "application/rdf+xml"):
            answer = client.get(f"/query/{name}", headers={"accept": accept})
            assert client.get(answer.headers["location"]).status_code == 200
        refused = client.get(f"/query/{name}", headers={"accept": "image/png"})
        assert refused.status_code == 406


# --- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*LIBRARY, "index"])
def test_a_page_is_whole(client: TestClient, read: type[Reader], name: str, language: str) -> None:
    answer = client.get(f"/{language}/query/{name}.html")
    told = read(answer.text)

    assert answer.status_code == 200
    html5rdf.HTMLParser(strict=True).parse(answer.text)
    assert f'<html lang="{language}">' in answer.text
    assert told.headings.count("h1") == 1
    assert not any("//" in load for load in told.loads), "a page is complete without another host"
    assert not [item for item in links_in(answer.text) if item.startswith(("//", "data:"))]
    # scripts are files of ours: the one of every page, and the editor of the query page
    scripts = set(re.findall(r"<script[^>]*>", answer.text))
    own = {f'<script src="{up}static/site.js" defer>' for up in ("", "../", "../../")}
    assert scripts <= {'<script src="static/editor.js" defer>'} | own
    if name in LIBRARY:
        query = LIBRARY[name]
        assert query.title[language] in told.text
        assert query.question[language] in told.text
        assert f"../../query/{name}.{next(iter(formats_of(query)))}" in " ".join(told.links)
        for parameter in query.parameters:
            assert f'name="{parameter.name}"' in answer.text
            assert parameter.description[language] in told.text
    else:
        assert {f"{item}.html" for item in LIBRARY} <= set(told.links)


def test_every_column_has_a_name_in_both_languages(site: BuildReader) -> None:
    unnamed = {
        variable
        for query in LIBRARY.values()
        if isinstance(
            answer := run(site.store, query.text, bind(query, query.examples())), SelectResult
        )
        for variable in answer.variables
        if not is_named(variable)
    }

    assert unnamed == set()


def test_a_form_asks_what_was_chosen(client: TestClient, read: type[Reader]) -> None:
    answer = client.get("/de/query/partners-on-day.html?place=Bonn&day=1994-01-01")
    told = read(answer.text)

    assert '<option value="bonn" selected>Bonn</option>' in answer.text
    assert 'type="date" value="1994-01-01"' in answer.text
    assert "1983 nicht angegeben sicher" in told.text
    assert "etwa 1993 oder 2003 nicht angegeben möglich" in told.text
    assert "../partnership/bonn-minsk.html" in told.links
    assert "../../en/query/partners-on-day.html?place=bonn&day=1994-01-01" in told.links
    assert 'place="bonn", day="1994-01-01"' in unescape(answer.text)


def test_a_country_is_picked_from_countries_and_a_city_from_cities(client: TestClient) -> None:
    countries = client.get("/en/query/partnerships-with-country.html").text
    cities = client.get("/en/query/partners-of.html").text

    assert '<option value="ukraine" selected>' in countries
    assert '<option value="bonn">' not in countries
    assert '<option value="bonn">' in cities
    assert '<option value="ukraine">' not in cities


def test_a_page_reports_an_invalid_parameter(client: TestClient, read: type[Reader]) -> None:
    answer = client.get("/en/query/partners-on-day.html?place=bonn&day=1994")

    assert answer.status_code == 400
    assert "day is '1994', no day; write 1990-10-03" in read(answer.text).text
    assert '<option value="bonn" selected>' in answer.text
    assert 'value="1994"' in answer.text


def test_the_text_on_a_page_is_the_query_that_was_run(
    client: TestClient, site: BuildReader
) -> None:
    for name, query in LIBRARY.items():
        asked = example_of(site, query)
        shown = unescape(client.get(f"/en/query/{name}.html").text)
        assert text_of(asked) in shown
        for call in calls(site, asked):
            assert call.code in shown


def test_pages_are_the_same_under_another_base(client: TestClient, moved: TestClient) -> None:
    for name in ("partners-of", "is-twinned-with", "everything-about", "partnership-as-graph"):
        here = client.get(f"/en/query/{name}.html").text
        there = moved.get(f"/en/query/{name}.html").text
        quoted = there.replace(NEIGHBOUR, HOME).replace("twingrapg", "twingraph")
        assert quoted == here


def test_ways_lead_there(client: TestClient, read: type[Reader]) -> None:
    first = read(client.get("/", headers={"accept": BROWSER}).text)

    assert {"en/query/index.html", "openapi.json", ".well-known/sparql-examples"} <= set(
        first.links
    )
    service = client.get("/sparql", headers={"accept": "text/turtle"}).text
    assert f"{HOME}openapi.json" in service
    assert f"{HOME}.well-known/sparql-examples" in service


# --- the API -------------------------------------------------------------------------------------


def test_the_api_description_is_valid_and_complete(client: TestClient) -> None:
    described = client.get("/openapi.json").json()

    validate(described)
    operations = [path["get"] for path in described["paths"].values()]
    assert described["openapi"] == "3.1.0"
    assert [operation["operationId"] for operation in operations] == list(LIBRARY)
    assert all("://" not in item["url"] for item in described["servers"])
    for path, item in described["paths"].items():
        named = {one["name"]: one for one in item["get"]["parameters"]}
        query = LIBRARY[item["get"]["operationId"]]
        assert list(named) == ["format", *(parameter.name for parameter in query.parameters)]
        values = {name: one["example"] for name, one in named.items() if name != "format"}
        for suffix in named["format"]["schema"]["enum"]:
            answer = client.get(path.replace("{format}", suffix), params=values)
            assert answer.status_code == 200
            kind = answer.headers["content-type"].partition(";")[0]
            assert kind in item["get"]["responses"]["200"]["content"]


def test_types_of_parameters_are_given(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    day = paths["/query/partners-on-day.{format}"]["get"]["parameters"][2]
    year = paths["/query/anniversaries-in.{format}"]["get"]["parameters"][1]
    assert (day["schema"], day["example"]) == ({"type": "string", "format": "date"}, "1990-10-03")
    assert (year["schema"], year["example"]) == (
        {"type": "integer", "minimum": -(10**15) + 1, "maximum": 10**15 - 1},
        2027,
    )


# --- examples for SPARQL editors -----------------------------------------------------------------


def told_in(client: TestClient, path: str, suffix: str) -> set[Triple]:
    answer = client.get(f"{path}.{suffix}")
    assert answer.status_code == 200
    return {quad.triple for quad in parse(answer.content, format=RDF[suffix])}


def test_every_question_is_an_example_that_runs(client: TestClient, site: BuildReader) -> None:
    triples = told_in(client, "/.well-known/sparql-examples", "ttl")
    store = Store()
    for triple in triples:
        store.update(f"INSERT DATA {{ {triple.subject} {triple.predicate} {triple.object} }}")
    found = store.query(f"""
        SELECT ?example ?text ?form WHERE {{
          VALUES (?form ?says) {{
            (<{SH}SPARQLSelectExecutable> <{SH}select>) (<{SH}SPARQLAskExecutable> <{SH}ask>)
            (<{SH}SPARQLConstructExecutable> <{SH}construct>)
          }}
          ?example a <{SH}SPARQLExecutable>, ?form ; ?says ?text ;
            <{SH}prefixes>/<{SH}declare> [ <{SH}prefix> "tg" ] ;
            <https://schema.org/target> <{HOME}sparql> ; <https://schema.org/keywords> "researcher".
        }}""")
    assert isinstance(found, QuerySolutions)
    researchers = {row["example"].value.rpartition("/")[2] for row in found}
    assert researchers == {item.name for item in LIBRARY.values() if "researcher" in item.audience}

    texts = {
        triple.subject.value.rpartition("/")[2]: triple.object.value
        for triple in triples
        if triple.predicate.value in (f"{SH}select", f"{SH}ask", f"{SH}construct")
        and isinstance(triple.subject, NamedNode)
        and isinstance(triple.object, Literal)
    }
    assert set(texts) == set(LIBRARY)
    for name, text in texts.items():
        suffix, kind = next(iter(formats_of(LIBRARY[name]).items()))
        answer = client.post("/sparql", data={"query": text}, headers={"accept": kind})
        assert answer.status_code == 200, answer.text
        if suffix == "csv":
            assert answer.text == client.get(address(name, "csv")).text


def test_examples_are_described_in_both_languages(client: TestClient) -> None:
    triples = told_in(client, "/.well-known/sparql-examples", "ttl")

    for name, query in LIBRARY.items():
        node = NamedNode(f"{HOME}query/{name}")
        said: dict[str, dict[str, str]] = {"label": {}, "comment": {}}
        for triple in triples:
            if (
                triple.subject == node
                and isinstance(triple.object, Literal)
                and triple.object.language
            ):
                said[triple.predicate.value.rpartition("#")[2]][triple.object.language] = (
                    triple.object.value
                )
        assert said["label"] == query.title
        assert said["comment"] == query.question


def test_examples_say_the_same_in_every_format(client: TestClient) -> None:
    for path in ("/.well-known/sparql-examples", "/doc/query/partners-of"):
        turtle, *others = (told_in(client, path, suffix) for suffix in RDF)
        assert all(other == turtle for other in others)
    for accept, kind in {"application/ld+json": "application/ld+json",
                         "*/*": "text/turtle; charset=utf-8",
                         BROWSER: "text/turtle; charset=utf-8"}.items():  # fmt: skip
        answer = client.get("/.well-known/sparql-examples", headers={"accept": accept})
        assert answer.headers["content-type"] == kind
        assert "Accept" in answer.headers["vary"]


def test_a_description_is_a_part_of_the_whole(client: TestClient) -> None:
    whole = told_in(client, "/.well-known/sparql-examples", "nt")

    for name in LIBRARY:
        assert told_in(client, f"/doc/query/{name}", "nt") <= whole


def test_prefixes_are_those_of_the_base(moved: TestClient) -> None:
    triples = told_in(moved, "/.well-known/sparql-examples", "nt")

    texts = [re.sub(f"{HOME}(ns|vocab|shapes)\\b", "", str(triple)) for triple in triples]
    assert not [text for text in texts if HOME in text]


# --- as a program calls it -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(
    project_under: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BuildReader]:
    """A real server whose base IRI is its own address, so that what pages show can be run."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    base = f"http://127.0.0.1:{port}/"
    out = tmp_path_factory.mktemp("served") / "build"
    assert build(project_under(base), out).folder is not None
    code = (
        "import sys; from pathlib import Path; from twingraph.settings import load_settings; "
        "from twingraph.serve.server import run; "
        "run(load_settings(Path(sys.argv[1])), Path(sys.argv[2]), '127.0.0.1', int(sys.argv[3]))"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(ROOT), str(out), str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(base + "ns.ttl", timeout=5):
                break
            time.sleep(0.05)
        site: BuildReader = create_app(out).state.site
        yield site
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_what_a_page_says_to_type_works(
    served: BuildReader, client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, query in LIBRARY.items():
        curl, python, _ = calls(served, example_of(served, query))
        suffix = next(iter(formats_of(query)))

        fetched = subprocess.run(["/bin/sh", "-c", f"{curl.code} -sS --fail"], check=True,
                                 capture_output=True, timeout=60).stdout.decode()  # fmt: skip
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(python.code, name, "exec"), {})

        home = client.get(address(name, suffix)).text.splitlines()
        assert sorted(fetched.replace(served.base, HOME).splitlines()) == sorted(home)
        rows = printed.getvalue().splitlines()
        match form_of(query):
            case "select":
                assert len(rows) == len(list(csv.reader(io.StringIO(fetched)))) - 1
            case "ask":
                assert rows == [f"{{'answer': {json.loads(fetched)['boolean']}}}"]
            case "construct":
                assert len(rows) == len(list(parse(fetched, format=RdfFormat.TURTLE)))
