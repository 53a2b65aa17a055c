"""The pages as people meet them, in both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

import pytest
from pyoxigraph import Literal
from starlette.testclient import TestClient

from twingraph.rdf.vocabulary import EVIDENCE_KINDS, ID_KINDS, TG
from twingraph.site.datewords import date_text
from twingraph.site.facts import PageFacts
from twingraph.site.kind_names import kind_name, kinds_name
from twingraph.site.lists import CLASSES
from twingraph.site.pages import page
from twingraph.site.reader import BuildReader
from twingraph.site.render import STATIC, static_file
from twingraph.site.values import ValueFormatter

if TYPE_CHECKING:
    from conftest import Reader

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


KINDS_OF_PAGES = [
    "", "place/index.html", "partnership/index.html", "source/index.html", "event/index.html",
    "place/bonn.html", "place/berlin.html", "place/belarus.html", "partnership/bonn-minsk.html",
    "partnership/bonn-bukhara.html",
    "source/bonn-minsk.html", "statement/cemr-democracy-in-belarus.html",
    "event/bonn-minsk-25th-anniversary.html", "org/minsk-club-bonn.html", "ns.html",
    "shapes.html", "dumps.html",
]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("path", KINDS_OF_PAGES)
def test_a_page_is_whole(client: TestClient, read: type[Reader], path: str, language: str) -> None:
    answer = client.get(f"/{language}/{path}")
    told = read(answer.text)

    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert told.headings.count("h1") == 1
    assert told.headings[0] == "h1"
    assert all(int(one[1]) - int(before[1]) <= 1
               for before, one in zip(told.headings, told.headings[1:], strict=False))  # fmt: skip
    assert len(told.loads) == 3  # style, icon, script
    assert not any("//" in load for load in told.loads), "a page is complete without another host"
    assert all(re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", time) for time in told.times)
    assert "w3id.org" not in re.sub(r"https://w3id\.org/twingraph/\S*", "", told.text)


@pytest.mark.slow
def test_every_link_between_pages_leads_somewhere(client: TestClient, read: type[Reader]) -> None:
    seen: dict[str, Reader | None] = {}
    todo = ["/", "/sparql", *(f"/{name}/{kind}/" for name in ("en", "de") for kind in CLASSES)]
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
        seen[path] = told = read(answer.text)
        for link in told.links:
            whole, fragment = urldefrag(urljoin(f"http://here{path}", link))
            asked = "query=" in whole or "/query/answer/?" in whole  # a question of each thing
            if whole.startswith("http://here/") and not asked:
                target = whole.removeprefix("http://here")
                if not target.endswith((".jsonld", ".nt", ".ttl")):  # tried with every thing
                    todo.append(target)
                if fragment:
                    wanted.add((target, fragment))

    assert len(seen) > 1800
    lost = {(path, anchor) for path, anchor in wanted
            if (there := seen[path]) is not None and anchor not in there.anchors}  # fmt: skip
    assert lost == set()


def test_every_question_that_a_page_offers_is_answered(
    client: TestClient, read: type[Reader]
) -> None:
    offered = [
        urljoin("/en/place/bonn.html", link)
        for link in read(client.get("/en/place/bonn.html").text).links
        if "/query/answer/?" in link
    ]

    assert len(offered) > 10
    for link in offered:
        sent_on = client.get(link)
        assert sent_on.status_code == 303
        assert client.get(sent_on.headers["location"]).status_code == 200, link


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Two passages of one source differ: 2003 (agreement) – about 1993 "
               "(implied by an anniversary)"),
        ("de", "Zwei Stellen einer Quelle sagen Verschiedenes: 2003 (Vereinbarung) – etwa 1993 "
               "(aus einem Jubiläum erschlossen)"),
    ],
)  # fmt: skip
def test_bonn_minsk_shows_its_conflict_in_words(
    client: TestClient, read: type[Reader], language: str, words: str
) -> None:
    for path in (f"/{language}/partnership/bonn-minsk.html", f"/{language}/"):
        assert words in read(client.get(path).text).text


def test_bonn_minsk_tells_what_each_source_says(client: TestClient, read: type[Reader]) -> None:
    text = read(client.get("/en/partnership/bonn-minsk.html").text).text

    assert "about 1993 or 2003 (no earlier than 1 January 1992, no later than 31 Dec" in text
    assert "the 1990s stated Hedge: at the beginning of" in text
    assert "first official agreement" in text
    assert "end not stated in our sources" in text
    assert "1,430 km" in text


def test_numbers_and_decades_are_written_as_in_german(
    client: TestClient, read: type[Reader]
) -> None:
    text = read(client.get("/de/partnership/bonn-minsk.html").text).text

    assert "> 1.000" in text
    assert "Kontakte seit den 1990er-Jahren" in text
    bonn = read(client.get("/de/place/bonn.html").text).text
    assert "40 Jahre seit etwa 1993 (erschlossen)" in bonn


def test_what_no_source_states_is_marked_as_implied(client: TestClient, read: type[Reader]) -> None:
    text = read(client.get("/en/partnership/bonn-bukhara.html").text).text

    assert "Partnership implied, not stated" in text
    assert "status unknown" in text
    assert "start not stated in our sources" in text


def test_a_place_lists_its_partners_in_one_table(client: TestClient, read: type[Reader]) -> None:
    text = read(client.get("/de/place/bonn.html").text).text

    assert "Bonn ist eine Gemeinde (Deutschland). Unsere Quellen nennen 8 Partnerschaften" in text
    minsk = (
        "Minsk Bonn – Minsk Belarus Projektpartnerschaft etwa 1993 oder 2003 (erschlossen) aktiv"
    )
    assert f"{minsk} 1.430 km" in text
    assert "Tel Aviv-Jaffa Bonn – Tel Aviv-Jaffa Israel freundschaftliche Beziehungen 1983" in text
    assert "nicht angegeben (beschlossen am 9. Februar 2023)" in text


def test_links_elsewhere_lead_to_pages_for_people(client: TestClient, read: type[Reader]) -> None:
    links = read(client.get("/en/place/bonn.html").text).links

    assert "https://www.wikidata.org/wiki/Q586" in links
    assert "https://www.geonames.org/2946447/" in links


def test_the_first_page_is_in_the_readers_language(client: TestClient) -> None:
    answer = client.get("/", headers={"accept-language": "de-AT,de;q=0.9,en;q=0.1"})

    assert answer.headers["content-language"] == "de"
    assert "Drei Einstiege" in answer.text


def test_a_page_is_reached_without_its_suffix_too(client: TestClient) -> None:
    assert client.get("/en/place/bonn").content == client.get("/en/place/bonn.html").content
    assert client.get("/en/place").headers["location"] == "/en/place/"
    assert client.get("/en").headers["location"] == "/en/"


def test_pages_are_the_same_bytes_every_time(site: BuildReader) -> None:
    paths = [kinds_of_page for kinds_of_page in KINDS_OF_PAGES if kinds_of_page]

    assert [page(site, "de", path) for path in paths] == [page(site, "de", path) for path in paths]


def test_every_kind_of_entity_has_a_name_and_a_list() -> None:
    assert set(CLASSES) == set(ID_KINDS) - EVIDENCE_KINDS
    for kind in ID_KINDS:
        assert kind_name(kind, "en")
        assert kinds_name(kind, "de")


def test_every_static_file_is_there(client: TestClient) -> None:
    for name, kind in STATIC.items():
        if static_file(name) is None:
            assert name.startswith("editor.")  # made by `make editor`; pages do without
            continue
        assert client.get(f"/static/{name}").headers["content-type"].startswith(kind)


@pytest.mark.parametrize(
    ("edtf", "english", "german"),
    [
        ("2003", "2003", "2003"),
        ("2018-05", "May 2018", "Mai 2018"),
        ("2018-09-28", "28 September 2018", "28. September 2018"),
        ("1993~", "about 1993", "etwa 1993"),
        ("1993?", "perhaps 1993", "vielleicht 1993"),
        ("199X", "the 1990s", "1990er-Jahre"),
        ("19XX", "the years 1900 to 1999", "die Jahre 1900 bis 1999"),
        ("2018-21", "spring 2018", "Frühling 2018"),
        ("[1993~,2003]", "about 1993 or 2003", "etwa 1993 oder 2003"),
        ("{1990,1992,1994}", "1990, 1992 and 1994", "1990, 1992 und 1994"),
        ("[1990..1993]", "between 1990 and 1993", "zwischen 1990 und 1993"),
        ("[2020-08-09..]", "on or after 9 August 2020", "am 9. August 2020 oder später"),
        ("[..2023-09-14]", "on or before 14 September 2023", "am 14. September 2023 oder früher"),
        ("1990/1995", "from 1990 to 1995", "von 1990 bis 1995"),
        ("1990/..", "since 1990", "seit 1990"),
        ("199X/..", "since the 1990s", "seit den 1990er-Jahren"),
        ("1990/", "from 1990, end not known", "ab 1990, Ende nicht bekannt"),
        ("../1990", "until 1990", "bis 1990"),
        ("XXXX-05-09", "9 May of every year", "9. Mai jedes Jahres"),
        ("Y-17E7", "Y-17E7", "Y-17E7"),
    ],
)
def test_dates_are_written_as_precisely_as_they_are_known(
    edtf: str, english: str, german: str
) -> None:
    assert date_text(edtf, "en").text == english
    assert date_text(edtf, "de").text == german


def test_a_source_page_names_its_graph_and_keeps_sentences_apart(
    client: TestClient, read: type[Reader]
) -> None:
    html = client.get("/en/source/bonn-minsk.html").text

    assert "graph source/bonn-minsk" in read(html).text
    assert re.search(r'</a>\s+<span class="absent">The day on which it was retrieved', html)


@pytest.mark.parametrize("digits", ["9" * 5000, "²"])
def test_a_number_that_can_not_be_grouped_is_shown_as_it_is(
    site: BuildReader, monkeypatch: pytest.MonkeyPatch, digits: str
) -> None:
    facts = PageFacts(site, "en")
    monkeypatch.setattr(facts, "one", lambda _thing, verb: {
        TG.number: Literal(digits), TG.line: Literal(digits)}.get(verb))  # fmt: skip
    cites = {"thing": ["cite"]}
    monkeypatch.setattr(facts, "links", lambda thing, _verb: cites.get(thing, []))

    assert facts.quantity("quantity") == digits
    assert [item.number for item in ValueFormatter(facts, "id").citations(["thing"])] == [1]
