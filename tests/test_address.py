"""Names are under the base IRI, links to open are under the address: also behind proxies.

The site is served under `/data/`: by nginx, which takes the path away or passes it on, and by
Apache; another Apache stands where w3id.org stands, and answers the names. All four take their
settings from docs/hosting.md, to the letter but for hosts and ports.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode, urljoin

import pytest
import rdflib
from servers import free_port, running
from starlette.testclient import TestClient

from twingraph.build import build
from twingraph.serve.app import create_app
from twingraph.settings import Settings, settings_from

ROOT = Path(__file__).parent.parent
HOSTING = (ROOT / "docs" / "hosting.md").read_text("utf-8")
NGINX, APACHE = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in
                 ("nginx", "apache2"))  # fmt: skip
VOID = rdflib.Namespace("http://rdfs.org/ns/void#")
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")

NGINX_CONF = """
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log stderr warn;
{user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{servers}
}}
"""
APACHE_CONF = """
ServerRoot "{folder}"
ServerName 127.0.0.1
PidFile "{folder}/apache.pid"
ErrorLog "{folder}/error.log"
Mutex file:{folder}
{user}
Listen 127.0.0.1:{w3id}
Listen 127.0.0.1:{proxy}
{modules}
<VirtualHost 127.0.0.1:{w3id}>
  DocumentRoot "{root}"
  AllowEncodedSlashes NoDecode
  <Directory "{root}">
    AllowOverride All
    Require all granted
  </Directory>
</VirtualHost>
<VirtualHost 127.0.0.1:{proxy}>
{path}
</VirtualHost>
"""
MODULES = ("mpm_event", "authz_core", "rewrite", "proxy", "proxy_http")


def block(server: str, name: str) -> str:
    """Return a configuration of docs/hosting.md."""
    match = re.search(rf"<!-- {server}: {name} -->\n```\w+\n(.*?)```", HOSTING, re.DOTALL)
    assert match is not None, name
    return match[1]


class Sites(NamedTuple):
    """One build under four addresses: its names, and three proxies; the first is its address."""

    base: str
    stripped: str
    whole: str
    apache: str

    @property
    def proxies(self) -> tuple[str, str, str]:
        return self.stripped, self.whole, self.apache


@pytest.fixture(scope="module")
def sites(
    tmp_path_factory: pytest.TempPathFactory,
    project_under: Callable[..., Settings],
    serve: Callable[..., contextlib.AbstractContextManager[object]],
) -> Iterator[Sites]:
    if NGINX is None or APACHE is None:
        pytest.skip("nginx or apache2 is not installed")
    folder = tmp_path_factory.mktemp("address")
    ours, stripped, whole, w3id, proxy = [free_port() for _ in range(5)]
    base, address = f"http://127.0.0.1:{w3id}/twingraph/", f"http://127.0.0.1:{stripped}/data/"
    settings = replace(project_under(base, ROOT / "tests" / "atlas"), address=address)
    assert build(settings, folder / "build").folder is not None

    user = "user root;" if os.geteuid() == 0 else ""  # nobody may not read a folder of pytest's
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port}; {block('nginx', name)} }}\n".replace(
            "127.0.0.1:8000", f"127.0.0.1:{ours}"
        )
        for port, name in ((stripped, "path"), (whole, "whole path"))
    )
    (folder / "nginx.conf").write_text(
        NGINX_CONF.format(folder=folder, user=user, servers=servers), "utf-8"
    )
    # its workers drop to nobody, who may not read a folder of pytest's
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    rules = root / "twingraph" / ".htaccess"
    rules.parent.mkdir()
    rules.write_text(block("apache", "w3id").replace("https://data.example.org/data/", address))
    modules = "\n".join(f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so"
                        for module in MODULES)  # fmt: skip
    path = block("apache", "path").replace("127.0.0.1:8000", f"127.0.0.1:{ours}")
    (folder / "apache.conf").write_text(
        APACHE_CONF.format(
            folder=folder,
            root=root,
            w3id=w3id,
            proxy=proxy,
            modules=modules,
            path=path,
            user="User nobody\nGroup nogroup" if os.geteuid() == 0 else "",
        )
    )
    nginx = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    apache = [APACHE, "-f", str(folder / "apache.conf"), "-DFOREGROUND"]
    with (
        serve(folder / "build", settings.folder, rebuild=False, at=ours),
        running(nginx, stripped),
        running(apache, w3id),
    ):
        yield Sites(base, address, f"http://127.0.0.1:{whole}/data/",
                    f"http://127.0.0.1:{proxy}/data/")  # fmt: skip
    shutil.rmtree(root)


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


OPENER = urllib.request.build_opener(_Stay)


def ask(url: str, data: bytes | None = None, accept: str = "*/*") -> Answer:
    request = urllib.request.Request(url, data=data, headers={"accept": accept})
    try:
        with OPENER.open(request, timeout=20) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def follow(url: str, accept: str = "*/*") -> tuple[list[str], Answer]:
    """Ask and follow redirects; return every address on the way, and the last answer."""
    way = [url]
    while True:
        answer = ask(way[-1], accept=accept)
        if answer.status not in (301, 302, 303, 307, 308):
            return way, answer
        assert len(way) < 6, way
        way.append(urljoin(way[-1], answer.headers["location"]))


PATHS = (
    "", "en/", "de", "en/place", "id/place/aaburg", "doc/place/aaburg", "doc/place/aaburg.ttl",
    "vocab/type/twinning", "ns", "shapes", "graph/entities", "dumps/twingraph.nq",
    "query/partners-of?place=aaburg", "query/partners-of.csv?place=aaburg", "sparql", "search?q=aa",
    "static/style.css", "dataset/partnerships", "catalog", "void.ttl", "robots.txt", "sitemap.xml",
    ".well-known/void", "lookup?id=aaburg", "openapi.json", "linkset.json",
)  # fmt: skip


LINKED = (
    "en/index.html", "en/place/aaburg.html", "doc/place/aaburg.ttl", "catalog.ttl",
    "dumps/twingraph.nq", "en/query/partners-of.html", "en/place/index.html",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_way_stays_under_the_path_and_ends_well(sites: Sites, path: str) -> None:
    for site in sites.proxies:
        for kind in ("text/html, */*;q=0.1", "*/*"):
            way, answer = follow(site + path, accept=kind)

            assert answer.status == 200, way
            assert [url for url in way if not url.startswith(site)] == []
            place = answer.headers.get("content-location")
            assert place is None or urljoin(way[-1], place).startswith(site)


def test_a_path_without_its_slash_leads_to_the_site(sites: Sites) -> None:
    way, answer = follow(sites.whole.rstrip("/"), accept="text/html")

    assert (way[-1], answer.status) == (sites.whole, 200)


def test_a_name_leads_through_the_redirect_service_to_page_and_data(sites: Sites) -> None:
    name = sites.base + "id/place/aaburg"

    page, html = follow(name, accept="text/html")
    data, turtle = follow(name, accept="text/turtle")

    assert page == [name, sites.stripped + "id/place/aaburg",
                    sites.stripped + "en/place/aaburg.html"]  # fmt: skip
    assert data[-1] == sites.stripped + "doc/place/aaburg.ttl"
    assert (html.status, turtle.status) == (200, 200)
    graph = rdflib.Graph().parse(data=turtle.body, format="turtle")
    assert list(graph.predicate_objects(rdflib.URIRef(name)))


def test_what_is_written_in_a_name_arrives_as_it_was_written(sites: Sites) -> None:
    query = urlencode({"place": "aaburg"})
    odd = quote("a/b ü", safe="")

    asked, rows = follow(f"{sites.base}query/partners-of.csv?{query}")
    for site in (*sites.proxies, sites.base):
        way, _ = follow(f"{site}en/place/{odd}")
        assert way[-1].endswith(f"/data/en/place/{odd}")

    assert asked[-1] == f"{sites.stripped}query/partners-of.csv?{query}"
    assert rows.status == 200


def test_problem_documents_say_addresses_under_the_path(sites: Sites) -> None:
    for site in sites.proxies:
        answer = ask(site + "id/place/aaburg", accept="application/problem+json")
        assert answer.status == 406
        forms = [item["href"] for item in json.loads(answer.body)["alternates"]]
        assert "/data/doc/place/aaburg.ttl" in forms
        assert {ask(urljoin(site, form)).status for form in forms} == {200}
        refused = ask(site + "no/such/thing", accept="application/problem+json")
        assert (refused.status, json.loads(refused.body)["status"]) == (404, 404)
        page = ask(site + "no/such/thing", accept="text/html").body.decode()
        for link in re.findall(r'(?:href|src)="([^"#:]+)"', page):
            assert urljoin(site + "no/such/thing", link).startswith(site), link


def test_every_target_of_a_link_header_is_there(sites: Sites) -> None:
    for path in LINKED:
        answer = ask(sites.stripped + path)
        assert answer.status == 200, path
        for target, words in re.findall(r"<([^>]+)>([^,<]*)", answer.headers["link"]):
            relation = re.search(r'rel="([^"]+)"', words)
            assert relation is not None
            if relation[1] in ("type", "license", "author"):
                continue
            if relation[1] in ("cite-as", "collection", "describes"):
                assert target.startswith(sites.base), (path, target, relation[1])
            else:
                assert urljoin(sites.stripped + path, target).startswith(sites.stripped), target
            assert follow(urljoin(sites.stripped + path, target))[1].status == 200, target


def test_what_clients_open_is_under_the_address_and_what_names_under_the_base(
    sites: Sites,
) -> None:
    graph = rdflib.Graph()
    for path in ("catalog.ttl", "void.ttl"):
        graph.parse(data=ask(sites.stripped + path).body, format="turtle")
    service = ask(sites.stripped + "sparql", accept="text/turtle")
    graph.parse(data=service.body, format="turtle")
    opened = (DCAT.endpointURL, DCAT.downloadURL, DCAT.accessURL, DCAT.endpointDescription,
              DCAT.landingPage, VOID.dataDump, VOID.sparqlEndpoint, SD.endpoint,
              rdflib.FOAF.page)  # fmt: skip

    found = {verb: set(graph.objects(None, verb)) for verb in opened}

    assert all(found.values())
    for verb, targets in found.items():
        assert [target for target in targets if not str(target).startswith(sites.stripped)] == [], (
            verb
        )
    statuses = {item: follow(str(item))[1].status for each in found.values() for item in each}
    assert {one for one, status in statuses.items() if status != 200} == set()
    for kind in (DCAT.Catalog, DCAT.Dataset, DCAT.DataService, VOID.Dataset, SD.Service):
        for thing in graph.subjects(rdflib.RDF.type, kind):
            assert str(thing).startswith((sites.base, "http://www.wikidata", "https://sws.geo"))
    assert set(graph.objects(None, VOID.uriSpace)) >= {rdflib.Literal(sites.base)}


def test_a_query_is_posted_to_the_endpoint_that_the_catalogue_names(sites: Sites) -> None:
    catalogue = rdflib.Graph().parse(data=ask(sites.stripped + "catalog.ttl").body, format="turtle")
    [endpoint] = set(catalogue.objects(None, DCAT.endpointURL))
    data = urlencode({"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}).encode()

    answer = ask(str(endpoint), data, accept="text/csv")

    assert answer.status == 200
    assert int(answer.body.split()[1]) > 100


def test_examples_api_sitemaps_and_pages_say_the_address(sites: Sites) -> None:
    served = json.loads(ask(sites.stripped + "openapi.json").body)["servers"]
    page = ask(sites.stripped + "en/query/partners-of.html").body.decode()
    index = ask(sites.stripped + "sitemap.xml").body.decode()
    robots = ask(sites.stripped + "robots.txt").body.decode()
    examples = ask(sites.stripped + ".well-known/sparql-examples.ttl").body.decode()

    assert served == [{"url": sites.stripped.rstrip("/")}]
    assert f"curl -L &#39;{sites.stripped}query/" in page
    assert f"<loc>{sites.stripped}sitemap-1.xml</loc>" in index
    assert f"Sitemap: {sites.stripped}sitemap.xml" in robots
    assert f"schema:target <{sites.stripped}sparql>" in examples
    part = ask(sites.stripped + "sitemap-1.xml").body.decode()
    assert f"{sites.stripped}en/place/aaburg.html" in part
    assert set(re.findall(r'https?://[^/"<]+/', part)) <= {
        sites.stripped.removesuffix("data/"), "http://www.sitemaps.org/", "http://www.w3.org/",
    }  # fmt: skip


# --- without a proxy -----------------------------------------------------------------------------


def test_https_of_the_address_is_used_though_this_process_speaks_http(
    built: Path, tmp_path: Path
) -> None:
    app = create_app(built, address="https://data.example.org")
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        service = client.get("/sparql", headers={"accept": "text/turtle"}).text

        assert "sd:endpoint <https://data.example.org/sparql>" in service
        assert (
            "<loc>https://data.example.org/sitemap-1.xml</loc>" in client.get("/sitemap.xml").text
        )


def test_a_base_with_a_path_is_its_own_address_when_its_host_is_requested(built: Path) -> None:
    app = create_app(built)
    with TestClient(app, follow_redirects=False) as client:
        here = client.get("/id/place/bonn").headers["location"]
        there = client.get("/id/place/bonn", headers={"host": "w3id.org"}).headers["location"]
        whole = client.get("/twingraph/id/place/bonn").headers["location"]

    assert (here, there) == ("/en/place/bonn.html", "/twingraph/en/place/bonn.html")
    assert whole == there


def test_the_address_of_the_command_goes_before_that_of_the_project(
    tmp_path: Path, project_under: Callable[..., Settings]
) -> None:
    base = "https://e.org/ties/"
    settings = project_under(base, ROOT / "tests" / "atlas")
    words = ["--project", str(settings.folder), "build", "--out", str(tmp_path / "build")]
    done = subprocess.run(
        [Path(sys.executable).with_name("twingraph"), *words, "--address", "https://d.example.org/x"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    about = json.loads((tmp_path / "build" / "build.json").read_text("utf-8"))
    assert (about["base_iri"], about["address"]) == (base, "https://d.example.org/x/")
    assert "<https://d.example.org/x/dumps/twingraph.nt>" in (
        tmp_path / "build" / "void.ttl"
    ).read_text("utf-8")


@pytest.mark.parametrize(
    ("address", "words"),
    [("data.example.org", "absolute http"), ("ftp://e.org/", "absolute http"),
     ("https://e.org/en", "/en is a path of the site"), (7, "absolute http")],
)  # fmt: skip
def test_a_wrong_address_is_reported(address: object, words: str) -> None:
    with pytest.raises(Exception, match=words):
        settings_from(Path(), {"address": address})


def test_systemd_can_read_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "twingraph.service"
    unit.write_text(block("systemd", "unit").replace("/opt/twingraph/bin/twingraph", "/bin/true"))

    done = subprocess.run(
        [program, "verify", str(unit)], capture_output=True, text=True, check=False
    )

    assert "twingraph.service" not in done.stderr, done.stderr
