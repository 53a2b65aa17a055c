"""What visitors come for, as a walk over the pages: a city officer, a journalist, a researcher."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from twingraph.site.browse import browse_paths
from twingraph.site.choices import canonical, read_path
from twingraph.site.listings import facet_counts
from twingraph.site.pages import page
from twingraph.site.reader import BuildReader

if TYPE_CHECKING:
    from conftest import Reader

BROWSER = {"accept": "text/html", "accept-language": "en"}


def visit(client: TestClient, path: str) -> str:
    """Follow redirects as a browser does, and return the page."""
    answer = client.get(path, headers=BROWSER, follow_redirects=True)
    assert answer.status_code == 200, path
    return answer.text


def link(page: str, at: str, text: str) -> str:
    """Return where the link with this text leads, seen from the page at path `at`."""
    match = re.search(rf'<a [^>]*href="([^"#]*)[^"]*"[^>]*>{re.escape(text)}</a>', page)
    assert match is not None, text
    return urljoin(at, html.unescape(match[1]))


def test_an_officer_finds_the_anniversaries_of_bonn_and_minsk_in_two_clicks(
    client: TestClient, read: type[Reader]
) -> None:
    home = visit(client, "/en/")
    cities = visit(client, link(home, "/en/", "Cities"))
    bonn = read(visit(client, link(cities, "/en/place/index.html", "Bonn"))).text

    assert "Bonn is a municipality in Germany. Our sources name 8 partnerships" in bonn
    assert "2028 : Bonn – Minsk : 25 years since the agreement · 35 years since about 1993" in bonn
    assert "9 February 2028 : Bonn – Kherson : 5 years since the council's decision" in bonn


def test_a_journalist_gets_more_than_a_bare_no(client: TestClient, read: type[Reader]) -> None:
    text = read(
        visit(client, "/en/query/answer/?question=is-twinned-with&one=bonn&other=minsk")
    ).text

    assert "Not as town twinning." in text
    assert "They are partners: project partnership , since about 1993 or 2003" in text
    assert "grades of registries, with their definers" in text
    assert (
        "yes" in read(visit(client, "/en/query/is-twinned-with.html?one=berlin&other=paris")).text
    )


def test_one_page_with_two_beginnings_is_not_two_sources(
    client: TestClient, read: type[Reader]
) -> None:
    text = read(visit(client, "/en/partnership/bonn-minsk.html")).text

    assert "Two passages of one source differ: 2003 (agreement) – about 1993" in text
    assert "Sources differ" not in text


def test_a_start_that_is_not_stated_is_shown_with_the_decision(
    client: TestClient, read: type[Reader]
) -> None:
    text = read(visit(client, "/en/partnership/bonn-kherson.html")).text

    assert "start not stated (decided on 9 February 2023)" in text
    assert "not stated start" not in text.lower()
    assert "decided on 9 February 2023" in read(visit(client, "/en/place/bonn.html")).text


def test_what_is_not_stated_leads_to_feedback_where_the_settings_name_it(site: BuildReader) -> None:
    asked = replace(site, feedback="mailto:desk@example.org", memory={})

    for path in ("place/bonn.html", "partnership/bonn-kherson.html"):
        without, told = ((page(each, "en", path) or b"").decode() for each in (site, asked))
        beside = re.findall(r'"absent">([^<]*)</span>[^<]*(?:<span class="note">[^<]*</span>)?'
                            r' <a class="tell" href="mailto:desk@example.org[?]', told)  # fmt: skip

        assert 'class="tell"' not in without
        assert len(beside) == told.count('class="tell"'), path
        assert (
            0
            < beside.count("not stated in our sources")
            == told.count('class="absent">not stated in our sources')
        ), path


@pytest.mark.parametrize("suffix", ["csv", "json", "html"])
def test_an_unknown_city_is_404_with_near_names(client: TestClient, suffix: str) -> None:
    folder = "/en/query/" if suffix == "html" else "/query/"
    answer = client.get(f"{folder}partners-of.{suffix}?place=bnn")

    assert answer.status_code == 404
    assert "place:bonn" in answer.text


def test_routes_know_identifiers_and_near_names(client: TestClient) -> None:
    answer = client.get("/id/place/Q586", headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/id/place/bonn")
    assert client.get("/en/place/Q586.html").headers["location"] == "/en/place/bonn.html"
    missing = client.get("/en/place/bon.html", headers=BROWSER)
    assert missing.status_code == 404
    assert ">Bonn</a>" in missing.text


@pytest.mark.parametrize(
    "place", ["bonn", "place:bonn", "Q586", "https://www.wikidata.org/wiki/Q586", "2946447", "BONN"]
)
def test_a_city_is_named_in_any_way(client: TestClient, place: str) -> None:
    answer = client.get("/query/partners-of.json", params={"place": place})

    assert answer.status_code == 200
    assert len(answer.json()["results"]["bindings"]) == 9


@pytest.mark.parametrize("typed", ["bonn minsk", "Minsk–Bonn", "minsk - bonn", "Мінск Bonn"])
def test_two_names_in_any_order_lead_to_their_partnership_first(
    client: TestClient, typed: str
) -> None:
    page = client.get("/en/search", params={"q": typed}).text
    assert page.index("Bonn – Minsk</a>") < page.index("</main>")
    found = client.get("/search.json", params={"q": typed}).json()["results"]
    assert found[0]["iri"].endswith("/partnership/bonn-minsk")


@pytest.mark.parametrize("typed", ["Q586", "2946447", "https://www.wikidata.org/wiki/Q586"])
def test_an_identifier_leads_to_the_entity(client: TestClient, typed: str) -> None:
    answer = client.get("/en/search", params={"q": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, "/id/place/bonn")


def test_a_source_has_an_address_or_a_note_that_it_is_unknown(
    client: TestClient, read: type[Reader]
) -> None:
    text = read(visit(client, "/en/source/bonn-minsk.html")).text
    assert "Its address is not recorded. Do you know it? Tell us" in text
    assert "The day on which it was retrieved is not recorded." in text


def test_the_quality_page_says_how_well_each_country_is_covered(
    client: TestClient, site: BuildReader, read: type[Reader]
) -> None:
    text = read(visit(client, "/en/quality.html")).text
    found = site.select(
        "PREFIX tg: <https://w3id.org/twingraph/ns#> "
        "SELECT (COUNT(DISTINCT ?p) AS ?n) (COUNT(DISTINCT ?dated) AS ?starts) "
        "{ ?p a tg:Partnership ; tg:partner/tg:country <https://w3id.org/twingraph/id/place/china> "
        "OPTIONAL { ?p tg:start ?s BIND(?p AS ?dated) } }"
    )
    [row] = found
    assert row["n"] is not None and row["starts"] is not None
    assert f"China {row['n'].value} {row['starts'].value} " in text
    assert 'href="partnership/list/country-china.html"' in visit(client, "/en/quality.html")


def test_a_page_tells_search_engines_what_it_is(client: TestClient) -> None:
    page = visit(client, "/en/place/bonn.html")

    described = re.search(r'<meta name="description" content="([^"]*)"', page)
    assert described is not None
    assert described[1].startswith("Bonn is a municipality in Germany.")
    assert '<link rel="canonical" href="https://w3id.org/twingraph/en/place/bonn.html">' in page
    assert 'hreflang="x-default" href="https://w3id.org/twingraph/id/place/bonn"' in page
    assert '<meta property="og:title" content="Bonn – twingraph">' in page
    found = re.search(r'<script type="application/ld\+json">\n(.*?)\n</script>', page, re.DOTALL)
    assert found is not None
    thing = json.loads(found[1])
    assert (thing["@type"], thing["name"]) == ("City", "Bonn")
    assert "http://www.wikidata.org/entity/Q586" in thing["sameAs"]


def test_every_page_is_cited_by_its_lasting_address(client: TestClient, read: type[Reader]) -> None:
    text = read(visit(client, "/en/partnership/bonn-minsk.html")).text

    assert "@misc{w3id-org-twingraph-id-partnership-bonn-minsk," in text
    assert "UR - https://w3id.org/twingraph/id/partnership/bonn-minsk" in re.sub(r"\s+", " ", text)
    assert "Something wrong or missing? Tell us" in text


def test_the_lists_have_facets_pages_and_csv_of_what_they_show(
    client: TestClient, site: BuildReader
) -> None:
    paths = browse_paths(site)
    assert "partnership/list/country-belarus.html" in paths
    page = visit(client, "/en/partnership/list/country-belarus.html")
    assert "Bonn – Minsk" in page
    assert "Berlin – Paris" not in page
    listed = client.get("/en/partnership/list/country-belarus.csv")
    assert listed.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(listed.text)))
    assert rows[0][:2] == ["IRI", "Name"]
    assert [row[1] for row in rows[1:]] == ["Bonn – Minsk"]
    assert client.get("/en/partnership/list/country-nowhere.html").status_code == 404
    assert client.get("/en/partnership/list/all.99.html").status_code == 404


def test_two_facets_combine_where_both_narrow(
    client: TestClient, site: BuildReader, read: type[Reader]
) -> None:
    """Every combination has one path, holds less than either part, and is reached by links."""
    paths = browse_paths(site)
    both = [path for path in paths if "_" in path]
    assert both and len(both) < 0.8 * len(paths)  # few beside the pages of one facet
    for path in both:
        choice = read_path(path)
        assert choice is not None
        counts = facet_counts(site, choice.kind, "en")
        assert 0 < counts[choice.key] < min(counts[part] for part in choice.key.split("_"))

    path = next(path for path in both if path.startswith("partnership/list/country-"))
    country, kind = path.partition("list/")[2].removesuffix(".html").split("_")
    page = visit(client, f"/en/partnership/list/{country}.html")
    assert f'href="{country}_{kind}.html"' in page
    listed = client.get(f"/en/{path.replace('.html', '.csv')}").text.splitlines()
    shown = visit(client, f"/en/{path}")
    assert f"{len(listed) - 1} in all" in read(shown).text
    assert f'href="{country}.html"' in shown and f'href="{kind}.html"' in shown  # the ways back
    assert shown.count('aria-current="page"') >= 2


def test_a_combination_that_does_not_narrow_has_no_page(
    client: TestClient, site: BuildReader
) -> None:
    counts = facet_counts(site, "partnership", "en")
    same = [key for key in counts if canonical(key, counts) != key]
    assert same
    for key in [*same[:3], "kind-twinning_country-france", "country-france_decade-1980",
                "country-france_country-germany", "country-france_kind-nothing"]:  # fmt: skip
        assert client.get(f"/en/partnership/list/{key}.html").status_code == 404
        assert client.get(f"/en/partnership/list/{key}.csv").status_code == 404


def test_the_numbers_of_the_statistics_are_those_of_the_graph(
    client: TestClient, site: BuildReader, read: type[Reader]
) -> None:
    text = read(visit(client, "/en/statistics.html")).text
    [row] = site.select(
        "PREFIX tg: <https://w3id.org/twingraph/ns#> SELECT (COUNT(DISTINCT ?p) AS ?n) "
        "{ ?p a tg:Partnership ; tg:partnershipType "
        "<https://w3id.org/twingraph/vocab/type/twinning> }"
    )
    assert row["n"] is not None
    assert f"Most: town twinning, {row['n'].value}." in text


def test_statistics_name_ties_and_put_names_in_the_order_of_the_reader(
    client: TestClient, read: type[Reader]
) -> None:
    text = read(visit(client, "/de/statistics.html")).text

    assert "Am häufigsten: 4 Länderpaare, je 2." in text
    assert "China – Deutschland 2 Deutschland – Indonesien 2 Deutschland – Ukraine 2" in text
    assert "Nachhaltigkeit 6 Kultur 3 Bildung 1 Biodiversität 1 Energie 1" in text
    assert "Quelle Partnerschaften Anfänge Berlin: Städtepartnerschaften 17 17" in text
    assert "Most: 4 pairs of countries, 2 each." in read(visit(client, "/en/statistics.html")).text


def test_evidence_is_last_and_folded(client: TestClient) -> None:
    page = visit(client, "/en/place/bonn.html")
    assert page.index('id="partners"') < page.index('id="facts"') < page.index('id="remarks"')
    assert "<details>" in page[page.index('id="remarks"') :]


def test_a_refusal_is_in_the_language_of_the_page(client: TestClient) -> None:
    page = client.get("/de/query/anniversaries-in.html?year=bald").text
    assert "year ist &#39;bald&#39;, keine ganze Zahl; 2027 schreiben" in page
    unknown = client.get("/de/query/partners-of.html?place=bnn").text
    assert "so heißt nichts; ist place:bonn oder" in unknown
    told = client.get("/query/partners-of.json?place=bnn", headers={"accept-language": "de"}).json()
    assert told["detail"].startswith("place ist 'bnn', so heißt nichts; ist place:bonn")
