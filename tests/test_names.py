"""Names found whatever their spelling: folding, the index in the graph, search.

`spellings.csv` was collected before the folding was written and is not tuned to it: a spelling that
is not found goes into the tables of reasons below, never out of the list.
"""

from __future__ import annotations

import csv
import re
import sys
import warnings
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store, Triple
from starlette.testclient import TestClient

from twingraph.derive.names import FOLDED_KINDS, fold, folded_names, forms, named_kind
from twingraph.problems import TwingraphError
from twingraph.rdf.frozen import quad_lines
from twingraph.rdf.vocabulary import HOME, RDFS, SKOS, TG
from twingraph.settings import Settings
from twingraph.site.finder import Finder, Name
from twingraph.site.names import finder_of
from twingraph.site.reader import BuildReader
from twingraph.source.rebase import rebase_quad
from twingraph.sparql.ask import ask
from twingraph.sparql.library import bind, load_library, pick, read_query
from twingraph.sparql.names import named
from twingraph.sparql.parameters import UnknownThingError
from twingraph.sparql.query import SelectResult, run
from twingraph.web.search import MAX_TYPED

TESTS: Final = Path(__file__).parent
PLACE: Final = HOME + "id/place/"
FIND: Final = pick(load_library(TESTS.parent / "queries" / "library"), "find-by-name")
PARTNERS: Final = pick(load_library(TESTS.parent / "queries" / "library"), "partners-of")

NOT_IN_SEARCH: Final = {
    "Khorramshahr": "a city in Iran, another one than Al Mohammara in Lebanon",
}
NOT_IN_INDEX: Final = {
    **NOT_IN_SEARCH,
    "Mohammerah": "an older name of Khorramshahr; search offers Al Mohammara as a similar name",
    "Tschengdu": "neither the German Chengdu nor the older Tschengtu; search finds it as near",
}


def spellings() -> list[tuple[str, str, str]]:
    with (TESTS / "spellings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["spelling", "language or script", "place"]
    return [(spelling, language, place) for spelling, language, place in rows[1:]]


SPELLINGS: Final = spellings()


@pytest.fixture(scope="module")
def store(quads: frozenset[Quad]) -> Store:
    filled = Store()
    filled.extend(quads)
    return filled


@pytest.fixture(scope="module")
def finder(site: BuildReader) -> Finder:
    return finder_of(site)


# --- the figure ----------------------------------------------------------------------------------


def whole_names(store: Store, name: str) -> list[str]:
    """What the library's question says of a name, as far as whole names go."""
    answer = run(store, FIND.text, bind(FIND, {"name": name}))
    assert isinstance(answer, SelectResult)
    thing, match = (answer.variables.index(name) for name in ("thing", "match"))
    whole = [row[thing] for row in answer.rows if row[match] == Literal("whole name")]
    return [item.value for item in whole if isinstance(item, NamedNode)]


def test_spellings_are_found(
    store: Store, finder: Finder, capsys: pytest.CaptureFixture[str]
) -> None:
    by_index = {
        spelling for spelling, _, place in SPELLINGS
        if whole_names(store, spelling) == [PLACE + place]
    }  # fmt: skip
    by_search = {
        spelling for spelling, _, place in SPELLINGS
        if [hit.thing for hit in finder.find(spelling)][:1] == [PLACE + place]
    }  # fmt: skip

    everything = {spelling for spelling, _, _ in SPELLINGS}
    with capsys.disabled():
        sys.stdout.write(
            f"\n    spellings found / all: index {len(by_index)}/{len(everything)}, "
            f"search {len(by_search)}/{len(everything)}\n"
        )
    assert len(everything) == len(SPELLINGS) >= 60
    assert everything - by_index == set(NOT_IN_INDEX)
    assert everything - by_search == set(NOT_IN_SEARCH)


def test_every_place_of_the_list_is_in_the_graph(store: Store) -> None:
    for place in {place for _, _, place in SPELLINGS}:
        assert any(store.quads_for_pattern(NamedNode(PLACE + place), None, None)), place


@pytest.mark.parametrize("name", ["Hamburg", "Köln", "Рим", "Gdańsk", "القاهرة", "上海", "Mexika"])
def test_a_city_that_is_not_in_the_graph_has_no_whole_name_in_it(store: Store, name: str) -> None:
    assert whole_names(store, name) == []


# --- folding -------------------------------------------------------------------------------------


@given(st.text())
def test_a_folded_form_is_plain_and_folds_to_itself(text: str) -> None:
    folded = fold(text)

    assert fold(folded) == folded
    assert all(item.isascii() and (item.isalnum() or item == " ") for item in folded)
    assert folded == folded.lower() == " ".join(folded.split())


@given(st.text())
def test_a_folded_form_is_among_the_forms_of_its_name(text: str) -> None:
    assert fold(text) in forms(text) | {""}
    assert all(fold(form) == form for form in forms(text))


@pytest.mark.parametrize(
    "spellings",
    [
        ("München", "Mu\u0308nchen", "MÜNCHEN", "munchen", "Ｍüｎｃｈｅｎ", "Mün\u00adchen"),
        ("Tel Aviv-Yafo", "tel aviv yafo", "Tel–Aviv  Yafo", "Tel\u00a0Aviv\u2011Yafo"),
        ("İstanbul", "ISTANBUL", "istanbul", "ıstanbul"),
        ("Łódź", "Lodz", "LÓDŹ"),
        ("Kyïv", "Kyi\u0308v", "kyiv", "Ky'iv", "Ky’iv"),
        ("Weißensee", "WEISSENSEE", "WEIẞENSEE"),
        ("Ærø", "aero"),
        ("Мінск", "Минск", "МІНСЬК", "Minsk"),
        ("Αθήνα", "ΑΘΗΝΑ", "Αθηνα"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد", "محـــمد"),
        ("トーキョー", "ﾄｰｷｮｰ"),
        ("東京", "东京"),
        ("São Paulo", "Sao Paulo", "sa\u0303o paulo"),
    ],
)
def test_spellings_of_one_name_have_the_same_folded_form(spellings: tuple[str, ...]) -> None:
    assert len({fold(spelling) for spelling in spellings}) == 1, [
        fold(spelling) for spelling in spellings
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Minsk", "Pinsk"), ("Bonn", "Born"), ("La Paz", "La Palma"), ("北京", "南京")],
)
def test_names_of_two_places_stay_apart(one: str, other: str) -> None:
    assert not forms(one) & forms(other)


def test_a_name_has_its_passport_form_and_its_joined_form() -> None:
    assert forms("Treptow-Köpenick") == {
        "treptow kopenick", "treptow koepenick", "treptowkopenick", "treptowkoepenick"
    }  # fmt: skip
    assert forms("Old Town Hall of the City of Bonn") == {"old town hall of the city of bonn"}
    assert forms("—") == frozenset()


# --- the index -----------------------------------------------------------------------------------


def folded(quads: frozenset[Quad], graph: NamedNode | DefaultGraph) -> set[Triple]:
    return {
        quad.triple for quad in quads
        if quad.predicate == TG.foldedName and quad.graph_name == graph
    }  # fmt: skip


def test_every_name_of_what_is_found_by_name_is_in_the_index(quads: frozenset[Quad]) -> None:
    index = folded(quads, DefaultGraph())

    for quad in quads:
        is_name = quad.predicate in (RDFS.label, SKOS.prefLabel, SKOS.altLabel)
        if not is_name or quad.graph_name != DefaultGraph():
            continue
        assert isinstance(quad.subject, NamedNode) and isinstance(quad.object, Literal)
        if named_kind(quad.subject.value, HOME):
            form = Literal(fold(quad.object.value))
            assert Triple(quad.subject, TG.foldedName, form) in index
    assert {named_kind(item.subject.value, HOME) for item in index
            if isinstance(item.subject, NamedNode)} == FOLDED_KINDS  # fmt: skip


def test_the_index_is_derived_and_nothing_else_holds_it(quads: frozenset[Quad]) -> None:
    derived = folded(quads, NamedNode(HOME + "graph/derived"))

    assert derived == folded(quads, DefaultGraph()) != set()
    assert {quad.graph_name for quad in quads if quad.predicate == TG.foldedName} == {
        DefaultGraph(), NamedNode(HOME + "graph/derived")
    }  # fmt: skip


def test_a_triple_is_derived_once_whatever_the_order() -> None:
    place = NamedNode(PLACE + "bonn")
    names = ['"Bonn"@de', '"Бонн"@ru']

    found = list(folded_names(str(place), names, HOME))
    assert found == [f'{place} {TG.foldedName} "bonn" .']
    assert list(folded_names(str(place), names[::-1], HOME)) == found
    assert list(folded_names(f"<{HOME}id/claim/x>", names, HOME)) == []


@pytest.mark.parametrize("name", ["Windhuk", "Peking", "Taschkent", "Ulan Baatar", "Мінск"])
def test_the_index_answers_in_plain_sparql_of_both_engines(
    store: Store, quads: frozenset[Quad], name: str
) -> None:
    text = f'SELECT ?thing {{ ?thing <{TG.foldedName.value}> "{fold(name)}" }}'
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Dataset.default_", DeprecationWarning)
        graph = rdflib.Dataset(default_union=False)
        index = [Quad(item.subject, item.predicate, item.object, DefaultGraph())
                 for item in folded(quads, DefaultGraph())]  # fmt: skip
        graph.parse(data=quad_lines(index), format="nquads")
        theirs = [str(row[0]) for row in graph.query(text)]  # type: ignore[index]  # rows of SELECT
    ours = run(store, text)

    assert isinstance(ours, SelectResult)
    assert [str(row[0]) for row in ours.rows] == [f"<{their}>" for their in theirs]
    assert len(theirs) == 1


# --- names as parameters -------------------------------------------------------------------------

HEADER: Final = """#+ title.en: A
#+ title.de: B
#+ question.en: C?
#+ question.de: D?
#+ for: citizen
#+ parameter: thing {} The thing | Die Sache
ASK {{ ?thing ?p ?o }}
"""


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("iri:place place:bonn", "Peking", PLACE + "beijing"),
        ("iri:place place:bonn", "peking", PLACE + "beijing"),
        ("iri:place place:bonn", " Ulan-Bator ", PLACE + "ulaanbaatar"),
        ("iri:place place:bonn", "Мінск", PLACE + "minsk"),
        ("iri:place place:bonn", "bonn", "bonn"),
        ("iri:place place:bonn", "place:bonn", "place:bonn"),
        ("iri:place place:bonn", "plac:bonn", "plac:bonn"),
        ("iri:place place:bonn", PLACE + "bonn", PLACE + "bonn"),
        ("iri:place place:bonn", "Q586", PLACE + "bonn"),
        ("iri:place place:bonn", "2946447", PLACE + "bonn"),
        ("iri:field field:climate", "Klima", HOME + "vocab/field/climate"),
        ("iri place:bonn", "Peking", "Peking"),
        ("string a", "Peking", "Peking"),
    ],
)
def test_a_name_is_replaced_by_the_entity_it_names(
    store: Store, kind: str, typed: str, value: str
) -> None:
    query = read_query(HEADER.format(kind), Path("a.rq"))

    assert named(query, {"thing": typed}, store) == {"thing": value}


def test_under_another_base_a_name_means_the_entity_there(quads: frozenset[Quad]) -> None:
    base = "http://127.0.0.1:8000/"
    moved = Store()
    moved.extend(rebase_quad(quad, HOME, base) for quad in quads)

    found = named(PARTNERS, {"place": "Windhuk"}, moved, base)

    assert found == {"place": f"{base}id/place/windhoek"}
    assert bind(PARTNERS, found, base)["place"] == NamedNode(f"{base}id/place/windhoek")


def test_a_name_of_several_entities_or_of_none_is_an_error_that_lists_them(store: Store) -> None:
    several = Store()
    for place in ("bonn", "minsk"):
        several.add(Quad(NamedNode(PLACE + place), TG.foldedName, Literal("sister city")))

    with pytest.raises(TwingraphError, match="2 things are called; write place:bonn or place:mi"):
        named(PARTNERS, {"place": "Sister City"}, several)
    with pytest.raises(TwingraphError, match="nothing is called; did you mean place:windhoek"):
        named(PARTNERS, {"place": "Wintduk"}, store)
    for unknown in ("atlantis", "place:atlantis", f"{PLACE}atlantis"):
        with pytest.raises(UnknownThingError, match="which nothing is called"):
            named(PARTNERS, {"place": unknown}, store)
    with pytest.raises(TwingraphError, match="no IRI; write place:berlin, or a whole IRI"):
        bind(PARTNERS, named(PARTNERS, {"place": "New Atlantis!"}, store))


def test_the_command_asks_by_name(settings: Settings, built: Path) -> None:
    by_name = ask(settings, built, "partners-of", None, ["place=Bundesstadt Bonn"], "csv")

    assert by_name == ask(settings, built, "partners-of", None, ["place=bonn"], "csv")
    found = ask(settings, built, "find-by-name", None, ["name=WINDHUK"], "csv")
    assert found.decode().splitlines()[1] == f"windhuk,{PLACE}windhoek,Windhoek,whole name"


@pytest.mark.parametrize("name", ["", "   ", "—", "x" * 3000])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(TwingraphError, match="no name; write Windhuk"):
        bind(FIND, {"name": name})


# --- search --------------------------------------------------------------------------------------


def made(*texts: str) -> Finder:
    names = (Name(f"{PLACE}p{at}", text, "en", True) for at, text in enumerate(texts))
    return Finder.of(names, HOME)


def test_whole_names_come_before_beginnings_words_parts_and_slips() -> None:
    finder = made("Bad Minsk", "Adminsk", "Minsk", "Minskville", "Monsk")

    fits = [(hit.name.text, hit.fit) for hit in finder.find("minsk")]

    assert fits == [
        ("Minsk", "exact"), ("Minskville", "prefix"), ("Bad Minsk", "words"),
        ("Adminsk", "contains"),
    ]  # fmt: skip
    assert [(hit.name.text, hit.fit) for hit in finder.find("monks")] == [("Monsk", "near")]
    [within, *_] = finder.find("Stadt Minsk")
    assert (within.name.text, within.fit) == ("Minsk", "within")


def test_an_entity_is_found_once_under_its_best_matching_name(finder: Finder) -> None:
    hits = finder.find("Peking", "de")

    assert [hit.thing for hit in hits].count(PLACE + "beijing") == 1
    assert hits[0].name == Name(PLACE + "beijing", "Peking", "de", True)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("LA", "los-angeles"), ("Kyiw", "kyiv"), ("Wrschau", "warsaw"), ("Bonnn", "bonn"),
        ("Kongressalle", "kongresshalle-am-zoo"),
    ],
)  # fmt: skip
def test_short_names_and_slips_find_their_city(finder: Finder, typed: str, first: str) -> None:
    assert finder.find(typed)[0].thing == PLACE + first


@given(
    st.lists(st.sampled_from(["Bonn", "Bad Bonn", "La Paz", "Lapaz", "Sankt Petersburg", "Łódź",
                              "Petersberg", "Berlin-Mitte", "Mitte", "Ulm", "تونس"]), max_size=8),
    st.text("abdelnopt sruz", max_size=16) | st.sampled_from(["mitte berlin", "the city of bonn"]),
)  # fmt: skip
def test_the_index_leaves_out_no_name_that_fits(names: list[str], typed: str) -> None:
    found = Finder.of([Name(PLACE + fold(name), name, "de", True) for name in names], HOME)
    every = Finder(found.names)
    every._holding = every._similar = lambda typed_text: set(range(len(every.names)))  # type: ignore[method-assign]  # reads all

    assert found.find(typed) == every.find(typed)


@pytest.mark.parametrize("name", ["Windhuk", "Peking", "Taschkent", "Ulan Baatar", "Мінск"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_search_answers_in_json(client: TestClient, name: str, language: str) -> None:
    answer = client.get("/search.json", params={"q": name, "lang": language})

    told = answer.json()
    first = told["results"][0]
    assert answer.headers["content-type"] == "application/json"
    assert (told["query"], told["language"]) == (name, language)
    assert (first["kind"], first["match"], first["matched"]) == ("place", "exact", name)
    assert client.get(first["page"].removeprefix(HOME)).status_code == 200
    assert first["page"].startswith(f"{HOME}{language}/place/")


def test_json_holds_label_country_and_page_in_the_readers_language(client: TestClient) -> None:
    answer = client.get("/search.json?q=windhuk", headers={"accept-language": "de"})

    assert answer.json()["results"] == [{
        "iri": PLACE + "windhoek",
        "kind": "place",
        "label": "Windhoek",
        "labelLanguage": "de",
        "matched": "Windhuk",
        "matchedLanguage": "de",
        "match": "exact",
        "country": "Namibia",
        "page": HOME + "de/place/windhoek.html",
        "path": "de/place/windhoek.html",
    }]  # fmt: skip
    assert "Accept-Language" in answer.headers["vary"]


@pytest.mark.parametrize(("limit", "length"), [("1", 1), ("3", 3), ("0", 1), ("-1", 50), ("x", 50)])
def test_a_limit_is_kept_to(client: TestClient, limit: str, length: int) -> None:
    told = client.get("/search.json", params={"q": "b", "limit": limit}).json()

    assert len(told["results"]) == min(length, told["total"])


@pytest.mark.parametrize(
    ("path", "language", "location"),
    [
        ("/search?q=Peking", "de", "/de/search?q=Peking"),
        ("/search?q=La+Paz%26x", "en", "/en/search?q=La+Paz%26x"),
        ("/search?q=%D0%9C", "fr", "/en/search?q=%D0%9C"),
        ("/search", "", "/en/search"),
    ],
)
def test_search_sends_on_to_the_page_in_ones_language(
    client: TestClient, path: str, language: str, location: str
) -> None:
    answer = client.get(path, headers={"accept-language": language})

    assert (answer.status_code, answer.headers["location"]) == (303, location)


def test_the_page_groups_by_kind_and_says_under_which_name(client: TestClient) -> None:
    page = client.get("/de/search?q=Pechino").text
    both = client.get("/en/search?q=minsk").text

    assert '<a href="place/beijing.html">Peking</a>' in page
    assert "gefunden als" in page and ">China</a>" in page
    assert both.index(">Places</h2>") < both.index(">Organisations</h2>")
    assert 'href="../de/search?q=minsk"' in both or 'href="../de/search?q=minsk' in both
    assert "ähnliche Namen" in client.get("/de/search?q=Bonnn").text
    assert client.get("/de/search?q=stadtverwaltung").text.count("gefunden als") == 0
    assert "pekin<" not in page, "folded forms are never shown"


HOSTILE: Final = [
    "", " ", "\x00\x07\x1b[31m", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}", "' OR 1=1 --", "} ; DROP ALL ; SELECT * { ?s ?p ?o", "x" * 5000, "𝕏" * 500,
    "\u202egnp.exe", "\ufdfa" * 300, "%00%ff", "\r\nSet-Cookie: a=b", "../../etc/passwd", "💡", "𓀀",
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_that_is_typed_does_harm(client: TestClient, typed: str) -> None:
    asked = quote(typed, safe="")
    page = client.get(f"/en/search?q={asked}")
    told = client.get(f"/search.json?q={asked}")
    sent_on = client.get(f"/search?q={asked}")

    assert page.status_code == told.status_code == 200
    assert re.findall("<script[^>]*>", page.text) == ['<script src="../static/site.js" defer>']
    assert "<img" not in page.text
    assert len(told.json()["query"]) <= MAX_TYPED
    assert sent_on.status_code == 303
    assert "set-cookie" not in sent_on.headers
    assert client.get(sent_on.headers["location"]).text == page.text


def test_bytes_that_are_no_utf8_do_no_harm(client: TestClient) -> None:
    for asked in ("q=%ff%fe", "q=%f", "q=%", "q=a&q=b", "q", "=", "&&", "q=%c0%80", "q=%ed%a0%80"):
        assert client.get(f"/en/search?{asked}").status_code == 200, asked
        assert client.get(f"/search.json?{asked}").status_code == 200, asked
        assert client.get(f"/search?{asked}").status_code == 303, asked


def test_every_page_has_a_search_box_that_works_without_script(client: TestClient) -> None:
    for path, action in {
        "/en/index.html": "search",
        "/de/place/bonn.html": "../search",
        "/en/vocab/type/twinning.html": "../../search",
        "/sparql": "en/search",
        "/nothing": "en/search",
    }.items():
        page = client.get(path, headers={"accept": "text/html"}).text
        assert f'role="search" method="get" action="{action}"' in page, path
        scripts = set(re.findall(r"<script[^>]*>", page)) - {'<script type="application/ld+json">'}
        names = {re.sub(r"(\.\./)*", "", found.partition('"')[2]) for found in scripts}
        assert names <= {'static/editor.js" defer>', 'static/site.js" defer>'}, path
    home = client.get("/en/index.html").text
    assert home.count('role="search"') == 2
