"""The server as clients meet it: a real app over a real build of this repository."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin

import pytest
from pyoxigraph import (
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    RdfFormat,
    parse,
    parse_query_results,
)
from starlette.testclient import TestClient

from twingraph.derive.published import published
from twingraph.graph.frozen import default_triples
from twingraph.iris import move_quad
from twingraph.problems import TwingraphError
from twingraph.publish.build import build
from twingraph.serve.app import create_app
from twingraph.serve.datewords import date_text
from twingraph.serve.lists import CLASSES
from twingraph.serve.pages import page
from twingraph.serve.properties import FOREIGN, INVERSE
from twingraph.serve.render import STATIC
from twingraph.serve.server import run
from twingraph.serve.site import Site
from twingraph.serve.words import KIND, KINDS, LANGUAGE_NAMES, WORDS
from twingraph.settings import Settings, load_settings
from twingraph.source.read import Curated
from twingraph.vocabulary import HOME, ID_KINDS

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="session")
def client(built: Path) -> Iterator[TestClient]:
    with TestClient(create_app(built), follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def site(client: TestClient) -> Site:
    site: Site = client.app.state.site  # type: ignore[attr-defined]  # Starlette's
    return site


# --- things --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accept", "language", "location"),
    [
        ("/id/place/bonn", BROWSER, "de", "/de/place/bonn.html"),
        ("/id/place/bonn", "*/*", "", "/en/place/bonn.html"),
        ("/id/place/bonn", "text/turtle", "de", "/doc/place/bonn.ttl"),
        ("/id/place/bonn", "application/ld+json", "", "/doc/place/bonn.jsonld"),
        ("/id/place/bonn", "application/json", "", "/doc/place/bonn.jsonld"),
        ("/id/place/bonn", "application/n-triples", "", "/doc/place/bonn.nt"),
        ("/id/place/bonn", "application/rdf+xml", "", "/doc/place/bonn.rdf"),
        ("/doc/place/bonn", "text/turtle", "", "/doc/place/bonn.ttl"),
        ("/vocab/type", BROWSER, "de", "/de/vocab/type.html"),
        ("/vocab/type/twinning", "text/turtle", "", "/doc/vocab/type/twinning.ttl"),
        ("/graph/links", "*/*", "", "/doc/graph/links.trig"),
        ("/graph/source/bonn-minsk", "text/turtle", "", "/doc/graph/source/bonn-minsk.ttl"),
        ("/graph/published", "*/*", "", "/dumps/twingraph.ttl"),
        ("/ns", BROWSER, "en", "/en/ns.html"),
        ("/ns", "text/turtle", "", "/ns.ttl"),
        ("/ns/1.0.0", "text/turtle", "", "/ns.ttl"),
        ("/shapes", "text/turtle", "", "/shapes.ttl"),
        ("/dumps/", BROWSER, "de", "/de/dumps.html"),
    ],
)
def test_a_thing_sends_on_to_what_suits_the_client(
    client: TestClient, path: str, accept: str, language: str, location: str
) -> None:
    answer = client.get(path, headers={"accept": accept, "accept-language": language})

    assert (answer.status_code, answer.headers["location"]) == (303, location)
    assert answer.headers["vary"] == "Accept, Accept-Language"
    assert client.get(location).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/id/place/atlantis", "/id/town/bonn", "/id/place/Bonn", "/id/place/bonn/", "/nothing",
        "/id/place/%2e%2e/place/bonn", "/doc/place/bonn.exe", "/doc/place/bonn.trig", "/doc/x.ttl",
        "/en/place/atlantis.html", "/en/nowhere/", "/fr/place/bonn.html", "/dumps/nothing.ttl",
        "/dumps/..%2Ftwingraph.nq", "/static/%2e%2e/app.py", "/static/words.py", "/graph/source/none",
        "/vocab/type/none", "/en/graph/links.html", "/en/place/bonn.html.html", "/ns.exe",
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", [BROWSER, "application/json", "text/turtle"])
def test_what_is_not_there_is_not_found_in_words(
    client: TestClient, path: str, accept: str
) -> None:
    answer = client.get(path, headers={"accept": accept})

    assert answer.status_code == 404
    kind = answer.headers["content-type"].partition(";")[0]
    expected = {BROWSER: "text/html", "application/json": "application/json"}
    assert kind == expected.get(accept, "text/plain")
    assert answer.text


def test_a_strangers_path_is_never_markup(client: TestClient) -> None:
    answer = client.get("/<script>alert(1)</script>", headers={"accept": "text/html"})

    assert answer.status_code == 404
    assert "<script" not in answer.text


def test_what_nobody_can_accept_is_answered_with_what_there_is(client: TestClient) -> None:
    answer = client.get("/id/place/bonn", headers={"accept": "image/png"})

    assert answer.status_code == 406
    for path in ("/doc/place/bonn.ttl", "/doc/place/bonn.jsonld", "/en/place/bonn.html"):
        assert path in answer.text


@pytest.mark.parametrize("path", ["/", "/id/place/bonn", "/en/place/bonn.html", "/ns.ttl"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(client: TestClient, path: str, method: str) -> None:
    answer = client.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.slow
def test_every_iri_of_the_graph_answers(client: TestClient, site: Site) -> None:
    names = {
        term.value.partition("#")[0]
        for quad in site.store
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name)
        if isinstance(term, NamedNode) and term.value.startswith(site.base)
    } - {site.base}
    silent = []
    for name in sorted(names):
        path = "/" + name.removeprefix(site.base)
        forms = ["text/turtle"] if "/graph/" in name else ["text/turtle", "text/html"]
        for form in forms:
            first = client.get(path, headers={"accept": form})
            second = client.get(first.headers.get("location", "/-"), headers={"accept": form})
            kind = second.headers["content-type"].partition(";")[0]
            if (first.status_code, second.status_code, kind) != (303, 200, form):
                silent.append((path, form))

    assert len(names) > 1000
    assert silent == []


# --- headers -------------------------------------------------------------------------------------

READABLE = [
    "/", "/en/place/bonn.html", "/doc/place/bonn.ttl", "/ns.ttl", "/dumps/twingraph.nt",
    "/context.jsonld", "/static/style.css", "/sparql", "/en/", "/de/dumps.html",
]  # fmt: skip


@pytest.mark.parametrize("path", READABLE)
def test_whoever_has_it_already_gets_304(client: TestClient, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": f'"other", {first.headers["etag"]}'})

    assert first.status_code == 200
    assert not first.headers["etag"].startswith("W/")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize("path", [*READABLE, "/id/place/bonn", "/nothing"])
def test_head_is_get_without_the_body(client: TestClient, path: str) -> None:
    head, get = client.head(path), client.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    ours = ("content-type", "content-length", "etag", "link", "location", "vary")
    assert {name: head.headers.get(name) for name in ours} == {
        name: get.headers.get(name) for name in ours
    }


@pytest.mark.parametrize("path", [*READABLE, "/nothing", "/id/place/bonn"])
def test_every_answer_is_open_to_all_and_safe_in_a_browser(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["access-control-allow-origin"] == "*"
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert headers["x-content-type-options"] == "nosniff"


def test_options_tells_what_is_allowed(client: TestClient) -> None:
    assert client.options("/sparql").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.options("/id/place/bonn").headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_page_tells_where_its_other_forms_are(client: TestClient, site: Site) -> None:
    link = client.get("/de/place/bonn").headers["link"]

    assert f'<{site.base}doc/place/bonn.ttl>; rel="alternate"; type="text/turtle"' in link
    assert f'<{site.base}de/place/bonn.html>; rel="canonical"' in link
    assert f'<{site.base}id/place/bonn>; rel="describes"' in link
    assert f'<{site.licence}>; rel="license"' in link


def test_a_dump_is_the_file_and_can_be_resumed(client: TestClient, built: Path) -> None:
    whole = client.get("/dumps/twingraph.nq")
    part = client.get("/dumps/twingraph.nq", headers={"range": "bytes=0-9"})

    assert whole.content == (built / "twingraph.nq").read_bytes()
    assert whole.headers["content-type"] == "application/n-quads"
    assert (part.status_code, part.content) == (206, whole.content[:10])


# --- descriptions --------------------------------------------------------------------------------


@pytest.mark.parametrize("thing", ["place/bonn", "partnership/bonn-minsk", "vocab/type/twinning"])
def test_every_format_says_the_same(client: TestClient, thing: str) -> None:
    formats = {"nt": RdfFormat.N_TRIPLES, "ttl": RdfFormat.TURTLE, "rdf": RdfFormat.RDF_XML}
    told = {
        suffix: {one.triple for one in parse(client.get(f"/doc/{thing}.{suffix}").content, form)}
        for suffix, form in formats.items()
    }
    jsonld = client.get(f"/doc/{thing}.jsonld").content
    told["jsonld"] = {one.triple for one in parse(jsonld, RdfFormat.JSON_LD)}

    assert told["nt"] == told["ttl"] == told["rdf"] == told["jsonld"]


def test_a_description_holds_what_was_published_and_its_evidence(
    client: TestClient, quads: frozenset[Quad], settings: Settings
) -> None:
    triples = set(default_triples(move_quad(one, HOME, settings.base_iri) for one in quads))
    body = client.get("/doc/partnership/bonn-minsk.nt").content
    told = {one.triple for one in parse(body, RdfFormat.N_TRIPLES)}
    base = settings.base_iri
    minsk = base + "id/partnership/bonn-minsk"
    subjects = {one.subject.value.removeprefix(base) for one in told}

    assert told <= triples
    assert {one for one in triples if one.subject.value == minsk} <= told
    assert {"id/claim/bonn-minsk-start-anniversary", "id/cite/bonn-minsk-anniversary",
            "id/place/minsk", "id/event/bonn-minsk-25th-anniversary"} <= subjects  # fmt: skip


def test_a_graph_is_told_whole(client: TestClient, site: Site) -> None:
    name = site.base + "graph/source/bonn-minsk"
    told = set(parse(client.get("/doc/graph/source/bonn-minsk.trig").content, RdfFormat.TRIG))

    assert told == set(site.store.quads_for_pattern(None, None, None, NamedNode(name)))


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld"])
@pytest.mark.parametrize("document", ["ns", "shapes"])
def test_ontology_and_shapes_come_whole(client: TestClient, document: str, suffix: str) -> None:
    answer = client.get(f"/{document}.{suffix}")
    form = RdfFormat.from_media_type(answer.headers["content-type"])

    assert form is not None
    assert len(list(parse(answer.content, form))) > 300


# --- pages ---------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Collects what a page links to, its anchors, its headings and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.headings: list[str] = []
        self.times: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("id"):
            assert named["id"] not in self.anchors, f"two of id {named['id']}"
            self.anchors.add(str(named["id"]))
        if tag == "a":
            self.links.append(str(named["href"]))
        loading = tag == "link" and named.get("rel") in ("stylesheet", "icon")
        if loading or tag in ("script", "img"):
            self.loads.append(str(named.get("href") or named.get("src")))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        if tag == "time":
            self.times.append(str(named["datetime"]))

    def handle_data(self, data: str) -> None:
        self.words = f"{self.words} {data}"

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.words)


KINDS_OF_PAGES = [
    "", "place/index.html", "partnership/index.html", "source/index.html", "event/index.html",
    "claim/index.html", "vocab/index.html", "vocab/type.html", "vocab/type/twinning.html",
    "place/bonn.html", "place/berlin.html", "place/belarus.html", "partnership/bonn-minsk.html",
    "partnership/bonn-bukhara.html", "claim/bonn-minsk-start-anniversary.html",
    "cite/bonn-minsk-anniversary.html", "remark/bonn-minsk-oldest.html",
    "source/bonn-minsk.html", "statement/cemr-democracy-in-belarus.html", "geometry/bonn.html",
    "event/bonn-minsk-25th-anniversary.html", "org/minsk-club-bonn.html", "ns.html",
    "shapes.html", "dumps.html",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("path", KINDS_OF_PAGES)
def test_a_page_is_whole(client: TestClient, path: str, language: str) -> None:
    answer = client.get(f"/{language}/{path}")
    read = Reader(answer.text)

    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert read.headings.count("h1") == 1
    assert read.headings[0] == "h1"
    assert all(int(one[1]) - int(before[1]) <= 1
               for before, one in zip(read.headings, read.headings[1:], strict=False))  # fmt: skip
    assert len(read.loads) == 2
    assert not any("//" in one for one in read.loads), "a page is complete without another host"
    assert all(re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", one) for one in read.times)
    assert "w3id.org" not in re.sub(r"https://w3id\.org/twingraph/\S*", "", read.text)


@pytest.mark.slow
def test_every_link_between_pages_leads_somewhere(client: TestClient) -> None:
    seen: dict[str, Reader | None] = {}
    todo = ["/", "/sparql", *(f"/{one}/{kind}/" for one in ("en", "de") for kind in CLASSES)]
    wanted: set[tuple[str, str]] = set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        answer = client.get(path, headers={"accept": BROWSER})
        assert answer.status_code == 200, path
        if not answer.headers["content-type"].startswith("text/html"):
            seen[path] = None
            continue
        seen[path] = read = Reader(answer.text)
        for link in read.links:
            whole, fragment = urldefrag(urljoin(f"http://here{path}", link))
            if whole.startswith("http://here/") and "query=" not in whole:
                target = whole.removeprefix("http://here")
                todo.append(target)
                if fragment:
                    wanted.add((target, fragment))

    assert len(seen) > 2000
    lost = {(path, anchor) for path, anchor in wanted
            if (there := seen[path]) is not None and anchor not in there.anchors}  # fmt: skip
    assert lost == set()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Sources differ: 2003 (agreement) – about 1993 (implied by an anniversary)"),
        ("de", "Die Quellen sagen Verschiedenes: 2003 (Vereinbarung) – um 1993 "
               "(aus einem Jubiläum erschlossen)"),
    ],
)  # fmt: skip
def test_bonn_minsk_shows_its_conflict_in_words(
    client: TestClient, language: str, words: str
) -> None:
    for path in (f"/{language}/partnership/bonn-minsk.html", f"/{language}/"):
        assert words in Reader(client.get(path).text).text


def test_bonn_minsk_tells_what_each_source_says(client: TestClient) -> None:
    text = Reader(client.get("/en/partnership/bonn-minsk.html").text).text

    assert "about 1993 or 2003 (no earlier than 1 January 1992, no later than 31 Dec" in text
    assert "the 1990s first contact stated Hedge: at the beginning of" in text
    assert "activity of a club" in text
    assert "In 2003, the first official agreement" in text
    assert "End not stated in our sources" in text
    assert "1,430 km" in text


def test_what_no_source_states_is_said_to_be_implied(client: TestClient) -> None:
    text = Reader(client.get("/en/partnership/bonn-bukhara.html").text).text

    assert "Partnership implied, not stated" in text
    assert "Status unknown" in text
    assert "Start not stated in our sources" in text


def test_a_place_lists_its_partners_by_kind(client: TestClient) -> None:
    text = Reader(client.get("/de/place/bonn.html").text).text

    assert "Projektpartnerschaft (6)" in text
    assert "Minsk Bonn – Minsk Belarus um 1993 oder 2003 aktiv 1.430 km" in text
    assert "Tel Aviv-Jaffa Bonn – Tel Aviv-Jaffa Israel 1983 aktiv" in text


def test_links_elsewhere_lead_to_pages_for_people(client: TestClient) -> None:
    links = Reader(client.get("/en/place/bonn.html").text).links

    assert "https://www.wikidata.org/wiki/Q586" in links
    assert "https://www.geonames.org/2946447/" in links


def test_the_first_page_is_in_the_readers_language(client: TestClient) -> None:
    answer = client.get("/", headers={"accept-language": "de-AT,de;q=0.9,en;q=0.1"})

    assert answer.headers["content-language"] == "de"
    assert "Drei Wege hinein" in answer.text


def test_a_page_stands_without_its_suffix_too(client: TestClient) -> None:
    assert client.get("/en/place/bonn").content == client.get("/en/place/bonn.html").content
    assert client.get("/en/place").headers["location"] == "/en/place/"
    assert client.get("/en").headers["location"] == "/en/"


def test_pages_are_the_same_bytes_every_time(site: Site) -> None:
    paths = [one for one in KINDS_OF_PAGES if one]

    assert [page(site, "de", one) for one in paths] == [page(site, "de", one) for one in paths]


def test_the_site_speaks_both_languages_completely() -> None:
    for table in (WORDS, KIND, KINDS, LANGUAGE_NAMES):
        assert list(table) == ["en", "de"]
        assert list(table["en"]) == list(table["de"])
        for key, english in table["en"].items():
            german = table["de"][key]
            assert english.strip(), key
            assert german.strip(), key
            assert english.count("{}") == german.count("{}"), key
    for pairs in (FOREIGN, INVERSE):
        assert all(english and german for english, german in pairs.values())
    assert set(CLASSES) == set(ID_KINDS) <= set(KIND["en"])


def test_every_static_file_is_there(client: TestClient) -> None:
    for name, kind in STATIC.items():
        assert client.get(f"/static/{name}").headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    ("edtf", "english", "german"),
    [
        ("2003", "2003", "2003"),
        ("2018-05", "May 2018", "Mai 2018"),
        ("2018-09-28", "28 September 2018", "28. September 2018"),
        ("1993~", "about 1993", "um 1993"),
        ("1993?", "perhaps 1993", "vielleicht 1993"),
        ("199X", "the 1990s", "1990er-Jahre"),
        ("19XX", "the years 1900 to 1999", "die Jahre 1900 bis 1999"),
        ("2018-21", "spring 2018", "Frühling 2018"),
        ("[1993~,2003]", "about 1993 or 2003", "um 1993 oder 2003"),
        ("{1990,1992,1994}", "1990, 1992 and 1994", "1990, 1992 und 1994"),
        ("[1990..1993]", "between 1990 and 1993", "zwischen 1990 und 1993"),
        ("[2020-08-09..]", "on or after 9 August 2020", "am 9. August 2020 oder später"),
        ("[..2023-09-14]", "on or before 14 September 2023", "am 14. September 2023 oder früher"),
        ("1990/1995", "from 1990 to 1995", "von 1990 bis 1995"),
        ("1990/..", "since 1990", "seit 1990"),
        ("1990/", "from 1990, end not known", "ab 1990, Ende nicht bekannt"),
        ("../1990", "until 1990", "bis 1990"),
        ("XXXX-05-09", "9 May of every year", "9. Mai jedes Jahres"),
        ("Y-17E7", "Y-17E7", "Y-17E7"),
    ],
)
def test_dates_are_told_as_precisely_as_they_are_known(
    edtf: str, english: str, german: str
) -> None:
    assert date_text(edtf, "en").text == english
    assert date_text(edtf, "de").text == german


# --- queries -------------------------------------------------------------------------------------

SELECT = "SELECT ?name WHERE { place:bonn rdfs:label ?name } ORDER BY LANG(?name)"
CONSTRUCT = "CONSTRUCT WHERE { place:bonn ?property ?value }"


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        (SELECT, "*/*", "application/sparql-results+json"),
        (SELECT, "application/sparql-results+json", "application/sparql-results+json"),
        (SELECT, "application/json", "application/json"),
        (SELECT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (SELECT, "text/csv", "text/csv"),
        (SELECT, "text/tab-separated-values", "text/tab-separated-values"),
        (SELECT, BROWSER, "text/html"),
        ("ASK {}", "*/*", "application/sparql-results+json"),
        ("ASK {}", BROWSER, "text/html"),
        (CONSTRUCT, "*/*", "text/turtle"),
        (CONSTRUCT, "application/n-triples", "application/n-triples"),
        (CONSTRUCT, "application/n-quads", "application/n-quads"),
        (CONSTRUCT, "application/trig", "application/trig"),
        (CONSTRUCT, "application/ld+json", "application/ld+json"),
        (CONSTRUCT, "application/rdf+xml", "application/rdf+xml"),
        ("DESCRIBE place:bonn", "text/turtle", "text/turtle"),
        (CONSTRUCT, BROWSER, "text/html"),
    ],
)
def test_a_query_is_answered_in_the_format_asked_for(
    client: TestClient, query: str, accept: str, media_type: str
) -> None:
    got = client.get("/sparql", params={"query": query}, headers={"accept": accept})
    sent = client.post("/sparql", data={"query": query}, headers={"accept": accept})
    plain = client.post("/sparql", content=query, headers={
        "accept": accept, "content-type": "application/sparql-query"})  # fmt: skip

    assert got.status_code == 200
    assert got.headers["content-type"].partition(";")[0] == media_type
    assert got.headers["vary"] == "Accept, Accept-Language"
    assert got.content == sent.content == plain.content


@pytest.mark.parametrize("format_", ["json", "xml", "csv", "tsv"])
def test_format_names_a_result_format(client: TestClient, format_: str) -> None:
    answer = client.get("/sparql", params={"query": SELECT, "format": format_})

    assert "Bonn" in answer.text
    if format_ in ("json", "xml"):
        kind = RESULTS[format_]
        assert [str(one["name"]) for one in parse_query_results(answer.content, kind)]  # type: ignore[union-attr]  # rows


RESULTS = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML}


@pytest.mark.parametrize(
    ("format_", "form"),
    [("turtle", RdfFormat.TURTLE), ("nt", RdfFormat.N_TRIPLES), ("nq", RdfFormat.N_QUADS),
     ("trig", RdfFormat.TRIG), ("jsonld", RdfFormat.JSON_LD), ("json", RdfFormat.JSON_LD),
     ("rdf", RdfFormat.RDF_XML), ("xml", RdfFormat.RDF_XML)],
)  # fmt: skip
def test_every_graph_format_says_the_same(
    client: TestClient, site: Site, format_: str, form: RdfFormat
) -> None:
    answer = client.get("/sparql", params={"query": CONSTRUCT, "format": format_})
    bonn = NamedNode(site.base + "id/place/bonn")
    published = site.store.quads_for_pattern(bonn, None, None, DefaultGraph())

    assert {one.triple for one in parse(answer.content, form)} == {one.triple for one in published}


def test_json_ld_of_a_query_names_kinds_as_kinds(client: TestClient) -> None:
    answer = client.get("/sparql", params={"query": CONSTRUCT, "format": "jsonld"})

    [node] = json.loads(answer.content)
    assert len(node["@type"]) == 2


SAYS_SERVICE = [
    "ASK { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "ASK { service silent <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "ASK { { SELECT * { SeRvIcE <http://127.0.0.1:{port}/> { ?s ?p ?o } } } }",
    "ASK { SERVIC\\u0045 <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "ASK { \\U00000053ERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "PREFIX : <http://127.0.0.1:{port}/> ASK { SERVICE:x { ?s ?p ?o } }",
    "ASK { ?s ?p ?o # '\n SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } }",
    "SELECT * { VALUES ?x { <http://127.0.0.1:{port}/> } SERVICE ?x { ?s ?p ?o } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { OPTIONAL { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } } }",
    "ASK { FILTER EXISTS { SERVICE <http://127.0.0.1:{port}/> { ?s ?p ?o } } }",
]


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[int, list[str]]]:
    """A port of this machine that notes who knocks."""
    knocks: list[str] = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def listen() -> None:
            while True:
                try:
                    connection, address = listening.accept()
                except OSError:
                    return
                knocks.append(str(address))
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield listening.getsockname()[1], knocks
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("query", SAYS_SERVICE)
def test_no_query_reaches_another_host(
    client: TestClient, listener: tuple[int, list[str]], query: str
) -> None:
    port, knocks = listener
    answer = client.get("/sparql", params={"query": query.replace("{port}", str(port))})

    assert answer.status_code == 403
    assert "SERVICE" in answer.text
    assert knocks == []


def test_the_word_service_is_free_where_it_calls_nobody(client: TestClient) -> None:
    query = "SELECT ?service { VALUES ?service { 'SERVICE <http://e/> {}' } } # service"

    assert client.get("/sparql", params={"query": query}).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["INSERT DATA { <http://e/> <http://e/> 1 }", "LOAD <file:///etc/passwd>", "CLEAR ALL",
     "PREFIX e: <http://e/> DELETE WHERE { ?s ?p ?o }", "DROP ALL", "# x\nload <http://e/>"],
)  # fmt: skip
def test_no_query_changes_anything(client: TestClient, site: Site, query: str) -> None:
    before = len(site.store)
    update = {"content-type": "application/sparql-update"}
    kinds = [
        client.get("/sparql", params={"query": query}),
        client.get("/sparql", params={"update": query}),
        client.post("/sparql", data={"update": query}),
        client.post("/sparql", content=query, headers=update),
    ]

    assert [one.status_code for one in kinds] == [403] * 4
    assert len(site.store) == before


@pytest.mark.parametrize(
    "clause",
    ["FROM <http://e/>", "FROM NAMED <http://e/>", "FROM <file:///etc/passwd>",
     "from <graph/source/none>"],
)  # fmt: skip
def test_a_graph_that_is_not_here_is_refused(client: TestClient, clause: str) -> None:
    query = f"SELECT * {clause} {{ ?s ?p ?o }}"

    assert client.get("/sparql", params={"query": query}).status_code == 403


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
def test_a_parameter_names_no_foreign_graph_either(client: TestClient, name: str) -> None:
    answer = client.get("/sparql", params={"query": "ASK {}", name: "http://e/"})

    assert answer.status_code == 403
    assert "<http://e/> is no graph of this service" in answer.text


def test_a_dataset_can_be_chosen_by_clause_and_by_parameter(client: TestClient, site: Site) -> None:
    links, entities = site.base + "graph/links", site.base + "graph/entities"
    everything = site.base + "graph/published"
    default = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    named = "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"

    def count(query: str, **fields: str | list[str]) -> int:
        answer = client.get("/sparql", params={"query": query, "format": "csv", **fields})
        return int(answer.text.split()[1])

    def size(graph: str) -> int:
        return sum(1 for _ in site.store.quads_for_pattern(None, None, None, NamedNode(graph)))

    whole = count(default)
    both = size(links) + size(entities)
    assert count(default, **{"default-graph-uri": links}) == size(links)
    assert count(default.replace("{", f"FROM <{links}> {{")) == size(links)
    assert count(default, **{"default-graph-uri": [links, entities]}) == both
    assert count(default, **{"default-graph-uri": everything}) == whole
    assert count(default.replace("{", f"FROM <{everything}> {{")) == whole
    assert count(default, **{"named-graph-uri": links}) == 0
    assert count(named) == len(site.graphs)
    assert count(named, **{"named-graph-uri": links}) == 1
    assert count(named, **{"default-graph-uri": links}) == 0
    assert count(named.replace("{", f"FROM NAMED <{links}> {{", 1)) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT ?x\nWHERE { ?x ?y }", "line 2, column 15"),
        ("nonsense", "line 1"),
        ("SELECT * { ?s e:unknown ?o }", "line 1"),
        ("SELECT (<http://e/f>(1) AS ?x) {}", "custom function"),
    ],
)
def test_a_mistake_is_told_with_its_place(client: TestClient, query: str, words: str) -> None:
    answer = client.get("/sparql", params={"query": query})
    shown = client.get("/sparql", params={"query": query}, headers={"accept": BROWSER})

    assert (answer.status_code, shown.status_code) == (400, 400)
    assert answer.headers["content-type"].startswith("text/plain")
    assert words in answer.text
    assert words in Reader(shown.text).text
    assert "<textarea" in shown.text


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET", "url": "/sparql?query=ASK{}&query=ASK{}"}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"ASK {}"}, 415),
        ({"method": "POST", "url": "/sparql", "data": {"question": "ASK {}"}}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"query=%ff",
          "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"\xff",
          "headers": {"content-type": "application/sparql-query"}}, 400),
        ({"method": "POST", "url": "/sparql", "content": b"ASK {}",
          "headers": {"content-type": "application/sparql-query; charset=utf-16"}}, 415),
        ({"method": "POST", "url": "/sparql", "content": b"#" * 300_000,
          "headers": {"content-type": "application/sparql-query"}}, 413),
        ({"method": "POST", "url": "/sparql", "content": b"#" * 70_000,
          "headers": {"content-type": "application/sparql-query"}}, 413),
        ({"method": "GET", "url": "/sparql?query=ASK{}", "headers": {"accept": "image/png"}}, 406),
        ({"method": "GET", "url": "/sparql?query=ASK{}&format=turtle"}, 406),
        ({"method": "GET", "url": "/sparql", "headers": {"accept": "image/png"}}, 406),
        ({"method": "PUT", "url": "/sparql", "content": b"ASK {}"}, 405),
    ],
)  # fmt: skip
def test_a_request_that_is_no_query_is_refused_with_its_status(
    client: TestClient, request_: dict[str, object], status: int
) -> None:
    answer = client.request(**request_)  # type: ignore[arg-type]  # a table of requests

    assert answer.status_code == status
    assert len(answer.text) > 20


def test_the_query_page_shows_names_and_leads_on(client: TestClient) -> None:
    query = "SELECT ?partner WHERE { place:berlin tg:twinnedWith ?partner } ORDER BY ?partner"
    asked = {"query": query, "lang": "de"}
    answer = client.get("/sparql", params=asked, headers={"accept": BROWSER})
    read = Reader(answer.text)

    assert "17 Zeilen" in read.text
    assert "Warschau" in read.text
    assert "de/place/warsaw.html" in read.links
    assert "SELECT ?partner WHERE" in read.text


def test_a_long_result_is_cut_for_people_with_a_notice(client: TestClient) -> None:
    query = "SELECT * WHERE { ?s ?p ?o }"
    shown = client.get("/sparql", params={"query": query}, headers={"accept": BROWSER})
    whole = client.get("/sparql", params={"query": query, "format": "csv"})

    assert shown.text.count("<tr>") == 1001
    assert "of which the first 1,000 are shown" in shown.text
    assert whole.text.count("\n") > 5000


def test_every_example_runs_and_finds_something(client: TestClient) -> None:
    links = [one for one in Reader(client.get("/en/").text).links if "query=" in one]

    assert len(links) == 4
    for link in links:
        answer = client.get(urljoin("/en/", link), headers={"accept": BROWSER})
        assert answer.status_code == 200
        assert "Nothing matches" not in answer.text


def test_the_service_and_the_dataset_describe_themselves(client: TestClient, site: Site) -> None:
    service = client.get("/sparql", headers={"accept": "text/turtle"})
    dataset = client.get("/", headers={"accept": "application/n-triples"})

    told = {one.object for one in parse(service.content, RdfFormat.TURTLE)}
    assert {NamedNode(one) for one in site.graphs} <= told
    assert f"<{site.base}dumps/twingraph.nq>" in dataset.text
    assert Literal(site.title["en"], language="en") in told


# --- under another name, and as a process --------------------------------------------------------


def test_a_build_under_another_name_answers_under_that_name(
    curated: Curated, tmp_path: Path
) -> None:
    base = "http://127.0.0.1:8000/twins/"
    root = tmp_path / "project"
    root.mkdir()
    for name in ("data", "ontology", "shapes", "queries"):
        (root / name).symlink_to(curated.settings.folder / name)
    text = (curated.settings.folder / "twingraph.toml").read_text(encoding="utf-8")
    (root / "twingraph.toml").write_text(text.replace(HOME, base), encoding="utf-8")
    done = build(load_settings(root), tmp_path / "build")
    if done.folder is None:
        pytest.skip(f"does not build under another base: {done.problems[:1]}")
    client = TestClient(create_app(tmp_path / "build"), follow_redirects=False)

    assert client.get("/id/place/bonn").headers["location"] == "/en/place/bonn.html"
    read = Reader(client.get("/en/partnership/bonn-minsk.html").text)
    assert "Sources differ: 2003 (agreement)" in read.text
    assert "../place/minsk.html" in read.links
    assert f"{base}id/partnership/bonn-minsk" in read.text
    assert f"@prefix place: <{base}id/place/>" in client.get("/doc/place/bonn.ttl").text


def start(built: Path, port: int) -> subprocess.Popen[bytes]:
    code = (
        "import sys; from pathlib import Path; from twingraph.settings import Settings; "
        "from twingraph.serve.server import run; "
        "run(Settings(Path('.'), title={'en': 'here'}), Path(sys.argv[1]), '127.0.0.1', "
        "int(sys.argv[2]))"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(built), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_server_answers_and_ends_cleanly(built: Path, ending: signal.Signals) -> None:
    port = free_port()
    process = start(built, port)
    try:
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        body = urllib.request.urlopen(f"http://127.0.0.1:{port}/en/place/bonn.html").read()
        query = quote("ASK { ?s ?p ?o }")
        answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/sparql?query={query}").read()
    finally:
        process.send_signal(ending)
        out, err = process.communicate(timeout=20)

    assert told == f"Serving here at http://127.0.0.1:{port}/ (Ctrl-C ends)\n"
    assert b"<h1>Bonn</h1>" in body
    assert json.loads(answer)["boolean"] is True
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.slow
def test_a_taken_port_is_told_in_words(built: Path, settings: Settings) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(TwingraphError, match=f"port {port} is taken; choose another"):
            run(settings, built, "127.0.0.1", port)
    with pytest.raises(TwingraphError, match="no address of this machine"):
        run(settings, built, "203.0.113.7", port)


@pytest.mark.slow
def test_a_slow_query_does_not_stop_the_pages(built: Path) -> None:
    port = free_port()
    process = start(built, port)
    try:
        assert process.stderr is not None
        process.stderr.readline()
        slow = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . FILTER (?c < ?f) }")

        def wait() -> None:
            with pytest.raises(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/sparql?query={slow}", timeout=3)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        urllib.request.urlopen(f"http://127.0.0.1:{port}/en/place/bonn.html", timeout=10).read()
        took = time.monotonic() - began
        thread.join()
    finally:
        process.kill()
        process.communicate()

    assert took < 2


def test_the_published_graph_is_what_a_query_reads(
    client: TestClient, curated: Curated, settings: Settings
) -> None:
    answer = client.get("/sparql", params={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
                                           "format": "csv"})  # fmt: skip
    moved = [move_quad(one, HOME, settings.base_iri) for one in published(curated)]

    assert int(answer.text.split()[1]) == len(set(default_triples(moved)))
