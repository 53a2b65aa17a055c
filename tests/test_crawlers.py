"""What machines look for first: robots.txt, sitemaps, and FAIR Signposting in Link headers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from twingraph.rdf.iris import page_path
from twingraph.rdf.vocabulary import HOME
from twingraph.serve.app import create_app
from twingraph.site import sitemap
from twingraph.site.datapage import DATA_PAGE
from twingraph.site.reader import LANGUAGES, BuildReader

NAMES: Final = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "x": "http://www.w3.org/1999/xhtml",
}


@pytest.fixture(scope="module")
def here(built: Path) -> Iterator[TestClient]:
    """A client of a server whose operator named its address."""
    app = create_app(built, address="https://data.example.org")
    with TestClient(app, follow_redirects=False) as client:
        yield client


def allowed(robots: str, path: str) -> bool:
    """Read robots.txt as RFC 9309 §2.2.2 has it: the longest rule that fits decides."""
    rules = re.findall(r"^(Allow|Disallow): (\S+)$", robots, re.MULTILINE)
    fits = [
        (len(rule), verb == "Allow")
        for verb, rule in rules
        if re.match(".*".join(map(re.escape, rule.split("*"))), path)
    ]
    return max(fits, default=(0, True))[1]


def listed(client: TestClient) -> list[ElementTree.Element]:
    index = ElementTree.fromstring(client.get("/sitemap.xml").content)
    parts = [urlsplit(str(item.text)).path for item in index.iterfind("s:sitemap/s:loc", NAMES)]
    assert parts
    return [
        url
        for part in parts
        for url in ElementTree.fromstring(client.get(part).content).iterfind("s:url", NAMES)
    ]


# --- robots.txt ----------------------------------------------------------------------------------


def test_robots_may_have_pages_and_data_but_no_endless_questions(here: TestClient) -> None:
    answer = here.get("/robots.txt")
    may = (
        "/", "/en/place/bonn.html", "/de/place/", "/id/place/bonn", "/doc/place/bonn.ttl", "/ns",
        "/dumps/twingraph.nq", "/release/2026-11-21/twingraph.nq.gz", "/void.ttl", "/sparql",
        "/en/query/partners-of.html", "/query/partners-of.csv", "/sitemap.xml",
        "/links/missing.csv", "/.well-known/void", "/static/style.css", "/en/search",
        "/catalog.ttl",
    )  # fmt: skip
    may_not = (
        "/sparql?query=ASK{}", "/search?q=bonn", "/en/search?q=a", "/de/search?q=a",
        "/search.json?q=a", "/lookup?id=Q586", "/?uri=Q586", "/query/partners-of.csv?place=bonn",
        "/de/query/partners-of.html?place=bonn",
    )  # fmt: skip

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert [item for item in may if not allowed(answer.text, item)] == []
    assert [item for item in may_not if allowed(answer.text, item)] == []
    assert "\nSitemap: https://data.example.org/sitemap.xml\n" in answer.text


# --- sitemaps ------------------------------------------------------------------------------------


def test_the_sitemaps_list_every_page_in_every_language(
    here: TestClient, site: BuildReader
) -> None:
    found = [str(url.findtext("s:loc", "", NAMES)) for url in listed(here)]
    things = {
        str(row["thing"].value).removeprefix(HOME)
        for row in site.select("SELECT ?thing { ?thing a ?class FILTER isIRI(?thing) }")
        if row["thing"] is not None
    }
    pages = {page_path(iri, language) for iri in things for language in LANGUAGES} - {None}
    wanted = {f"https://data.example.org/{page}" for page in pages}
    more = {urlsplit(item).path for item in set(found) - wanted}

    assert len(found) == len(set(found)) > 800
    assert wanted <= set(found)
    assert more >= {"/en/index.html", "/de/place/index.html", "/en/query/partners-of.html"}
    assert [item for item in sorted(more) if here.get(item).status_code != 200] == []


def test_every_page_of_a_sitemap_says_what_it_is_in_other_languages(
    here: TestClient, site: BuildReader
) -> None:
    for url in listed(here):
        others = {
            str(item.get("hreflang")): str(item.get("href"))
            for item in url.iterfind("x:link[@rel='alternate']", NAMES)
        }
        assert set(others) == set(LANGUAGES)
        assert url.findtext("s:loc", "", NAMES) in others.values()
        assert others["de"] == others["en"].replace("/en/", "/de/", 1)
        assert url.findtext("s:lastmod", None, NAMES) == (site.release[:10] or None)


def test_what_is_listed_is_there_and_what_is_gone_is_not_listed(withdrawn: TestClient) -> None:
    paths = [urlsplit(str(item.findtext("s:loc", "", NAMES))).path for item in listed(withdrawn)]
    answers = {path: withdrawn.get(path) for path in paths}

    assert len(paths) > 50
    assert {one: a.status_code for one, a in answers.items() if a.status_code != 200} == {}
    assert {a.headers["content-type"] for a in answers.values()} == {"text/html; charset=utf-8"}
    gone = {"/en/place/nirgends.html", "/en/place/aberg.html", "/en/place/aburg.html"}
    assert {item: withdrawn.get(item).status_code for item in gone} == {
        "/en/place/nirgends.html": 410, "/en/place/aberg.html": 301, "/en/place/aburg.html": 301,
    }  # fmt: skip
    assert gone.isdisjoint(paths)


def test_sitemaps_are_parted_before_they_are_too_large() -> None:
    pages = [f"place/p-{number:06}.html" for number in range(200_000)]
    found = sitemap.parts(pages)
    first = sitemap.write_sitemap("https://data.example.org/", found["sitemap-1.xml"], "2026-11-21")

    assert [page for part in found.values() for page in part] == pages
    assert max(len(part) * len(LANGUAGES) for part in found.values()) <= 50_000
    assert len(first) < 50_000_000
    assert len(ElementTree.fromstring(first).findall("s:url", NAMES)) == sitemap.LARGEST_PART
    assert list(found)[-1] == f"sitemap-{len(found)}.xml"


@pytest.mark.parametrize("path", ["/robots.txt", "/sitemap.xml", "/sitemap-1.xml"])
def test_a_host_that_somebody_made_up_reaches_no_cache(client: TestClient, path: str) -> None:
    asked = client.get(path, headers={"host": "mirror.example.net:8080"})
    forged = client.get(
        path, headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil"}
    )
    broken = client.get(path, headers={"host": '"><evil>&'})
    own = client.get(path, headers={"host": "w3id.org"})

    assert "http://mirror.example.net:8080/" in asked.text
    assert asked.headers["cache-control"] == "private, no-cache"
    assert asked.headers["vary"] == "Host"
    assert "evil" not in forged.text + broken.text
    for item in (broken, own):
        assert HOME in item.text
        assert item.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("number", ["0", "01", "2147483648", "-1", "x", "1.xml/../1", "١"])
def test_a_sitemap_that_is_none_is_404(client: TestClient, number: str) -> None:
    assert client.get(f"/sitemap-{number}.xml").status_code == 404


# --- FAIR Signposting ----------------------------------------------------------------------------


def links(header: str) -> list[tuple[str, str, str]]:
    """Read a Link header (RFC 8288 §3) as (relation, target, type), in order."""
    found = re.findall(r'<([^>]*)>((?:; [a-z]+="[^"]*")+)(?:, |$)', header)
    assert "".join(f"<{target}>{rest}" for target, rest in found) == header.replace(", <", "<")
    named = [(target, dict(re.findall(r'; ([a-z]+)="([^"]*)"', rest))) for target, rest in found]
    return [(one["rel"], target, one.get("type", "")) for target, one in named]


@pytest.mark.parametrize("page", ["/", "/en/", "/de/index.html", f"/en/{DATA_PAGE}"])
def test_a_landing_page_names_what_level_1_wants(
    client: TestClient, site: BuildReader, page: str
) -> None:
    answer = client.get(page)
    told = links(answer.headers["link"])
    relations = {one for one, _, _ in told}
    items = [(target, kind) for relation, target, kind in told if relation == "item"]

    assert relations >= {"cite-as", "describedby", "item", "license", "type", "linkset"}
    assert [target for relation, target, _ in told if relation == "cite-as"] == [site.base]
    assert {target for relation, target, _ in told if relation == "type"} == {
        "https://schema.org/AboutPage", "https://schema.org/Dataset",
    }  # fmt: skip
    assert len(items) >= 5
    for relation, target, kind in told:
        if relation in ("item", "describedby", "linkset"):
            there = client.head("/" + target.removeprefix(site.base))
            assert (there.status_code, there.headers["content-type"].partition(";")[0]) == (
                200, kind,
            )  # fmt: skip
    # nginx, as it comes, has 4 KiB for the headers of a proxied answer
    assert sum(len(name) + len(value) + 4 for name, value in answer.headers.items()) < 3500


@pytest.mark.parametrize("path", ["twingraph.nq", "twingraph.jsonld", "shapes.ttl", "SHA256SUMS"])
def test_a_file_names_its_collection_and_how_to_cite_it(
    client: TestClient, site: BuildReader, path: str
) -> None:
    told = links(client.head(f"/dumps/{path}").headers["link"])

    assert ("collection", site.base, "") in told
    assert ("cite-as", site.base, "") in told
    assert ("describedby", f"{site.base}void.ttl", "text/turtle") in told
    assert ("license", site.licence, "") in told
    assert ("canonical", f"{site.base}dumps/{path}", "") in told


def test_a_page_about_an_entity_links_it_and_the_dataset(
    client: TestClient, site: BuildReader
) -> None:
    told = links(client.head("/en/place/bonn.html").headers["link"])
    description = f"{site.base}doc/place/bonn.ttl"

    assert ("cite-as", f"{site.base}id/place/bonn", "") in told
    assert ("describedby", description, "text/turtle") in told
    assert ("collection", site.base, "") in told
    assert ("type", "https://schema.org/AboutPage", "") in told
    back = links(client.head("/doc/place/bonn.ttl").headers["link"])
    assert ("describes", f"{site.base}id/place/bonn", "") in back


def test_the_linkset_says_the_same_as_the_headers(client: TestClient, site: BuildReader) -> None:
    answer = client.get("/linkset.json")
    whole, *each = json.loads(answer.content)["linkset"]
    told = links(client.head("/").headers["link"])

    assert answer.headers["content-type"] == "application/linkset+json"
    assert whole["anchor"] == site.base
    for relation in ("cite-as", "describedby", "license", "type"):
        assert {item["href"] for item in whole[relation]} == {
            target for name, target, _ in told if name == relation
        }
    assert {item["href"] for item in whole["item"]} == {item["anchor"] for item in each}
    assert {item["href"] for item in whole["item"]} >= {
        target for name, target, _ in told if name == "item"
    }
    for item in each:
        head = client.head("/" + item["anchor"].removeprefix(site.base))
        assert head.status_code == 200
        assert {(name, target) for name, target, _ in links(head.headers["link"])} >= {
            (name, each_target["href"])
            for name in ("cite-as", "collection", "license")
            for each_target in item[name]
        }
