"""What readers of the data found wrong beside its sources, one test for each finding.

`test_facts.py` asks the graph what the sources say; here is what it must no longer say, and how.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QuerySolutions, Store
from starlette.testclient import TestClient

from twingraph.rdf.vocabulary import HOME, prefixes_for

PREFIXES: Final = prefixes_for(HOME)
HEADER: Final = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
ROOT: Final = Path(__file__).parent.parent
EXPECTED: Final = ROOT / "tests" / "expected"
GERMAN: Final = ROOT / "src/twingraph/site/locale/de/LC_MESSAGES/twingraph.po"

# the library keeps its columns; these are the files of the questions that were wrong
STATUS_OR_VOTE: Final = ("partners-of", "relation-between", "status-of-partnerships", "decisions")
WAR_EVENTS: Final = ("end-of-second-world-war", "victory-day", "liberation-day")

Asked = Callable[[str], list[tuple[str, ...]]]


@pytest.fixture(scope="module")
def asked(quads: frozenset[Quad]) -> Asked:
    """The rows of a pattern in the published graph, its variables in their order."""
    store = Store()
    store.extend(quads)

    def ask(pattern: str) -> list[tuple[str, ...]]:
        names = list(dict.fromkeys(re.findall(r"\?(\w+)", pattern)))
        chosen = " ".join(f"?{name}" for name in names)
        found = store.query(f"{HEADER}SELECT DISTINCT {chosen} WHERE {{ {pattern} }}")
        assert isinstance(found, QuerySolutions)
        return sorted(tuple(text(row[name]) for name in names) for row in found)

    return ask


def text(term: object) -> str:
    assert isinstance(term, NamedNode | Literal)
    return re.split(r"[/#]", term.value)[-1] if isinstance(term, NamedNode) else term.value


def first(rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [row[0] for row in rows]


def comments(asked: Asked, thing: str) -> dict[str, str]:
    rows = asked(f"{thing} rdfs:comment ?text BIND (lang(?text) AS ?language)")
    return {language: comment for comment, language in rows}


def table(name: str) -> list[dict[str, str]]:
    with (EXPECTED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def curated_text() -> str:
    paths = sorted((ROOT / "data").rglob("*.ttl"))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


# --- who says it, where, and how strongly


def test_a_dateline_is_no_place_of_the_news(asked: Asked) -> None:
    items = "?item tg:statementKind statement-kind:news-item ; dcterms:isPartOf? ?any"

    assert not asked(f"{items} ; tg:place ?place")
    assert len(asked("?item tg:dateline place:bonn")) == 12


def test_the_department_that_coordinates_is_found(asked: Asked) -> None:
    named = asked("?p tg:partner place:bonn ; tg:coordinatedBy ?unit")
    (row,) = table("contact-of--bonn")

    assert {unit for _, unit in named} == {"bonn-international-affairs-and-global-sustainability"}
    assert row["officeName"].startswith("Department of International Affairs")


def test_silence_is_no_concept() -> None:
    files = [path for path in EXPECTED.glob("*.csv") if path.stem.startswith(STATUS_OR_VOTE)]

    assert len(files) > 5
    assert not [path.name for path in files if "/unknown" in path.read_text(encoding="utf-8")]


def test_sources_that_disagree_are_about_starts_and_say_how_many() -> None:
    rows = table("sources-that-disagree")

    assert {row["value"] for row in rows} == {"1993~", "2003"}
    assert {row["between"] for row in rows} == {"two passages of one source"}


def test_places_of_work_are_not_counted(asked: Asked) -> None:
    assert not asked("?number a tg:Quantity ; tg:about person:ana-cortes")
    assert not asked("?number a tg:Quantity ; tg:number 2 ; tg:cites/tg:line 60")


def test_a_title_of_the_whole_site_is_none_of_the_page(asked: Asked) -> None:
    assert asked("source:bonn-minsk tg:notStated dcterms:title BIND (1 AS ?yes)")
    assert not asked("source:bonn-minsk dcterms:title ?title")
    assert not asked("?thing dcterms:title|dcterms:bibliographicCitation 'English website'@en")


def test_a_club_that_has_been_active_since_is_not_founded_then(asked: Asked) -> None:
    claim = "?claim tg:subject orgid:minsk-club-bonn ; tg:property tg:start"

    assert asked(f"{claim} ; tg:basis basis:activity ; tg:modality modality:inferred")
    assert asked("orgid:minsk-club-bonn tg:startModality ?how") == [("inferred",)]


def test_a_publisher_is_cited_and_inferred_from_the_foot_of_the_page(asked: Asked) -> None:
    claim = "?claim tg:subject source:bonn-minsk ; tg:property dcterms:publisher"

    assert asked(f"{claim} ; tg:modality ?how ; tg:cites/tg:line 33 BIND (1 AS ?yes)")
    assert asked("source:bonn-minsk tg:cites/tg:line 33 BIND (1 AS ?yes)")


def test_where_a_project_is_takes_no_part_in_it(asked: Asked) -> None:
    assert asked("project:lifeweb-la-paz tg:location ?place") == [("la-paz",)]
    assert asked("project:lifeweb-la-paz tg:participant ?who") == [("bonn",)]


@pytest.mark.parametrize(
    "thing",
    [
        "claim:harare-munich-field",
        "membership:matthias-platzeck-german-russian-forum",
        "claim:berlin-partners-publisher",
    ],
)
def test_what_is_worked_out_says_so(asked: Asked, thing: str) -> None:
    assert asked(f"{thing} tg:modality ?how") == [("inferred",)]


def test_a_quote_pins_what_it_is_cited_for(asked: Asked) -> None:
    quote = first(asked("cite:greetings-extracts tg:quote ?quote"))

    assert quote == ["Extraxts"]  # as the source spells it
    assert "or later" not in curated_text()
    assert not asked("?remark tg:about membership:matthias-platzeck-german-russian-forum")


def test_a_strong_consensus_stays_strong(asked: Asked) -> None:
    said = comments(asked, "statement:news-asian-conference-consensus")

    assert "strong consensus" in said["en"]
    assert not re.search("broadly|weithin", said["en"] + said["de"])


def test_four_fields_are_not_four_objects_of_research(asked: Asked) -> None:
    said = comments(asked, "statement:german-russian-letter-side-by-side")["en"]

    assert "in medical research, in humanitarian aid, in business and in politics" in said


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("bukhara", "Uzbekistan"),
        ("la-paz", "Bolivia"),
        ("cape-coast", "Ghana"),
        ("chengdu", "China"),
        ("minsk", "Republic of Belarus"),
        ("ulaanbaatar", "Mongolia"),
        ("tel-aviv-jaffa", "Israel"),
        ("ramallah", "Palestine"),
        ("kherson", "Ukrainian"),
        ("harare", "Zimbabwe"),
        ("padang", "Indonesia"),
        ("al-mohammara", "Lebanese"),
        ("kyiv", "Ukraine"),
    ],
)
def test_a_country_that_a_source_gives_is_cited(asked: Asked, place: str, words: str) -> None:
    cited = asked(f"place:{place} tg:cites ?cite . ?cite tg:supports tg:country ; tg:quote ?quote")

    assert any(words in quote for _, quote in cited)


def test_a_status_in_berlin_is_pinned_by_a_row_of_the_table(asked: Asked) -> None:
    rows = asked(
        "?claim tg:subject ?pair ; tg:property tg:status ; tg:cites ?cite ."
        " ?pair tg:partner place:berlin . ?cite tg:quote ?quote"
    )
    row = re.compile(r"[A-Z][\w -]+ \d\d \w+ \d{4}")
    pinned = {pair for _, pair, _, quote in rows if row.fullmatch(quote)}

    assert len({pair for _, pair, *_ in rows}) == 17
    assert pinned == {pair for _, pair, *_ in rows}


# --- whose view it is


def test_a_page_without_a_publisher_is_no_voice_of_the_city() -> None:
    assert not re.search(r"says of itself|the city says|sagt von sich|so die Stadt", curated_text())


def test_german_adds_neither_doubt_nor_duty(asked: Asked) -> None:
    projects = comments(asked, "remark:bonn-joint-projects")
    networks = comments(asked, "remark:bonn-networks-evolved")

    assert "sollen" not in projects["de"] + networks["de"]
    assert "very enriching for these" in networks["en"]
    assert "sehr bereichern" in networks["de"]


def test_young_professionals_are_no_people_in_work(asked: Asked) -> None:
    said = comments(asked, "remark:bonn-minsk-youth-exchange")

    assert "young professionals" in said["en"]
    assert "Berufstätige" not in said["de"]


def test_a_conference_is_about_its_topic(asked: Asked) -> None:
    assert not asked("event:german-asian-conference-2023 tg:about ?pair . ?pair a tg:Partnership")
    assert not asked("?conference tg:edition ?n ; tg:about ?pair . ?pair a tg:Partnership")


def test_not_only_two_initiatives_are_described(asked: Asked) -> None:
    said = comments(asked, "remark:war-end-commemoration-2020-number")

    assert "messages of representatives" in said["en"]
    assert "only" not in said["en"]


def test_a_view_of_the_curator_is_no_discrepancy_of_the_source() -> None:
    assert "remark:utility-partnerships-global-south" not in curated_text()


def test_one_item_is_no_plural_and_success_is_cited(asked: Asked) -> None:
    quotes = asked("remark:hildesheim-padang-success tg:cites ?c . ?c tg:quote ?quote")

    assert "The items telling of it" not in curated_text()
    assert "particularly successful" in {quote for _, quote in quotes}


def test_no_label_has_a_year_that_no_source_gives(asked: Asked) -> None:
    dated = "statement:german-russian-article statement:platzeck-video-message"
    labels = asked(f"VALUES ?thing {{ {dated} }} ?thing rdfs:label ?label")

    assert len(labels) == 4
    assert not [label for label in labels if re.search(r"\d{4}", label[1])]


# --- things as what they are


def test_a_former_name_is_marked_as_former(asked: Asked) -> None:
    former = {"Constantinople", "Leningrad", "Salisbury", "Batavia"}
    names = {name for _, name in asked("?place tg:formerName ?name")}
    others = {name for _, name in asked("?place skos:altLabel|rdfs:label ?name")}

    assert former <= names
    assert not former & others


def test_only_memberships_are_in_organisations(asked: Asked) -> None:
    assert not asked(
        "?member org:organization ?thing . ?thing a ?class"
        " FILTER (?class IN (tg:Partnership, tg:Project, tg:AdministrativeUnit))"
    )
    assert asked("orgid:national-governments a foaf:Group BIND (1 AS ?yes)")
    assert not asked("orgid:national-governments a org:Organization BIND (1 AS ?yes)")


def test_elections_and_days_of_remembrance_are_context(asked: Asked) -> None:
    context = set(first(asked("?event tg:isContext true")))
    lists = EXPECTED.glob("events-in-year*.csv")
    listed = {row["event"].rpartition("/")[2] for path in lists for row in table(path.stem)}

    assert {"belarus-presidential-election-2020", "german-reunification", *WAR_EVENTS} <= context
    assert listed
    assert not listed & context


def test_the_model_says_concluded() -> None:
    opening = (ROOT / "docs" / "model.md").read_text(encoding="utf-8").split("\n\n")[1]

    assert "concluded" in opening
    assert "signed" not in opening


def test_no_page_promises_words_of_a_source_for_what_curators_add() -> None:
    pages = [*(ROOT / "web").rglob("*.html"), ROOT / "README.md", GERMAN]
    pages += [*(ROOT / "src/twingraph/starter").rglob("*.md")]

    assert not [
        page.name for page in pages if "every fact with" in page.read_text(encoding="utf-8")
    ]


# --- fewer words, and plain ones


def test_remarks_are_few_and_none_repeats_a_property(asked: Asked) -> None:
    remarks = asked("?remark a tg:Remark ; rdfs:comment ?text FILTER (lang(?text) = 'en')")
    noise = r"\b(image|picture|caption|cookie|is not stated|are not stated)\b"

    assert 50 < len(remarks) <= 90
    assert not [name for name, said in remarks if re.search(noise, said, re.IGNORECASE)]


@pytest.mark.parametrize(
    "words", ["OECD-Rundtisch", "Lehren des Krieges zu erinnern", "Wunsch von Zuversicht", "danach"]
)
def test_german_is_german(words: str) -> None:
    said = "\n".join(re.findall(r'"[^"]*"@de', curated_text()))

    assert words not in re.sub("an die Lehren", "", said)


@pytest.mark.parametrize(
    "words", ["and not a little", "offices for culture", "like bridge builders"]
)
def test_english_is_plain(words: str) -> None:
    assert words not in curated_text()


@pytest.mark.parametrize(
    "words",
    [
        "Veröffentlicht ist alles davon", "Drei Wege hinein", "Alles, was es gibt",
        "Adresse dieses Gegenstands", "Nichts passt darauf", "Lagen", "Ernten",
        "Welche Daten sind erschlossen", "Stand 2026", "Welches Vielfache",
    ],
)  # fmt: skip
def test_pages_are_german(words: str) -> None:
    queries = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "queries").rglob("*.rq")
    )

    assert not re.search(rf"\b{words}\b", GERMAN.read_text(encoding="utf-8") + queries)


@pytest.mark.parametrize("words", ["Which partners has a city", "next multiple of five"])
def test_pages_are_english(words: str) -> None:
    folders = (ROOT / "queries", ROOT / "web", ROOT / "docs", ROOT / "src" / "twingraph")
    paths = [path for folder in folders for path in folder.rglob("*")]
    read = [path for path in paths if path.suffix in {".rq", ".html", ".md", ".py", ".po"}]

    assert not [item.name for item in read if words in item.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "Cooperation without a standing partnership"),
        ("de", "Zusammenarbeit ohne dauerhafte Partnerschaft"),
    ],
)
def test_passing_cooperation_has_its_own_heading(
    client: TestClient, language: str, heading: str
) -> None:
    page = client.get(f"/{language}/place/bonn.html").text
    lasting, _, passing = page.partition(f'<h2 id="occasional">{heading}')

    assert "partnership/bonn-ramallah" in passing.partition("</section>")[0]
    assert "partnership/bonn-minsk" in lasting
    assert heading not in client.get(f"/{language}/place/berlin.html").text
