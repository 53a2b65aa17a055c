"""What holds at any size: the shape of queries, lists in pages, places of problems by look-up."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import parse_qs, urlsplit

import pytest
from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, RdfFormat, Store, parse
from rdflib import RDFS, Graph, URIRef
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from starlette.testclient import TestClient

from twingraph.check.documents import shapes_text
from twingraph.check.engine import Finding, TurboEngine
from twingraph.check.locate import locate
from twingraph.cli import main
from twingraph.endpoint.helper import Helper
from twingraph.endpoint.launch import config_of, pages_of
from twingraph.endpoint.pages import PageMaker
from twingraph.link.facts import LinkFacts
from twingraph.problems import TwingraphError
from twingraph.rdf.dataset import Dataset, chunks, triple_texts
from twingraph.rdf.frozen import NAME, load_store
from twingraph.rdf.iris import page_path
from twingraph.rdf.vocabulary import HOME, RDF, TG, XSD, prefixes_for
from twingraph.settings import Limits, Settings, bundled, load_settings
from twingraph.site.anniversaries import single_date
from twingraph.site.attachments import all_starts, attachment_paths
from twingraph.site.describe import describe
from twingraph.site.incoming import INCOMING, MOST, incoming_of, own_triples, pack_incoming
from twingraph.site.line_reader import line_reader
from twingraph.site.line_rows import FROM_LINES, OF_LINES
from twingraph.site.list_csv import browse_csv, pack_csv
from twingraph.site.list_rdf import describe_list
from twingraph.site.listings import listings
from twingraph.site.lists import (
    CLASSES,
    PAGE,
    list_page,
    list_path,
    members_of,
    things_with_pages,
)
from twingraph.site.names import finder_of
from twingraph.site.pages import page, page_paths
from twingraph.site.parts_of_place import partners_of_parts
from twingraph.site.prepared import ANSWERED, STARTS, prepare
from twingraph.site.reader import GRAPHS, BuildReader, load_site
from twingraph.site.results import BoundQuery, bind_fields, count_ahead, rows_of, write_result
from twingraph.site.source_citations import MUCH_CITED, cited_rows
from twingraph.source.curated import Curated
from twingraph.source.read import read_project
from twingraph.source.read_file import read_bytes
from twingraph.source.starter import make_project
from twingraph.web.reconcile import register_in
from twingraph.web.sitemap import parts_in
from twingraph.web.weblinks import list_links

ROOT: Final = Path(__file__).parent.parent
RDF_TYPE: Final = URIRef(RDF.type.value)
BONN: Final = NamedNode(f"{HOME}id/place/bonn")
QUERIES: Final = sorted(
    path for name in ("site", "library") for path in (bundled("queries") / name).glob("*.rq")
)


def parts(node: Any) -> Iterator[CompValue]:
    """Yield every operator of a query's algebra."""
    if isinstance(node, CompValue):
        yield node
        node = list(node.values())
    if isinstance(node, list | tuple | set):
        for one in node:
            yield from parts(one)


@cache
def algebra(path: Path) -> Any:
    text = path.read_text(encoding="utf-8").replace("UNDEF", f"<{HOME}id/place/bonn>")
    return translateQuery(parseQuery(text)).algebra


@pytest.mark.parametrize("path", QUERIES, ids=lambda one: f"{one.parent.name}/{one.stem}")
def test_a_query_has_no_part_that_is_evaluated_for_all_of_the_graph(path: Path) -> None:
    # a value made by EXISTS that holds another is worked out from every statement of the graph
    # that its pattern could begin with
    values = [one.expr for one in parts(algebra(path)) if one.name == "Extend"]
    tests = [one for each in values for one in parts(each) if "EXISTS" in one.name]
    assert [
        one.name for one in tests if sum("EXISTS" in each.name for each in parts(one)) > 1
    ] == []


def spine(node: CompValue) -> CompValue:
    """Return what a group is made of, below its filters and bindings."""
    while node.name in ("Filter", "Extend"):
        node = node.p
    return node


# questions about every partnership: both sides of the join are all there are
OF_ALL_PAIRS: Final = {"map-pairs", "partnership-map", "statistics-countries"}


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_query_goes_on_from_what_it_has_found(path: Path) -> None:
    # statements that follow a union, an OPTIONAL or a MINUS are not looked up for each of its rows:
    # an engine reads all of the graph that fits them, and joins afterwards
    joins = [node for node in parts(algebra(path)) if node.name == "Join"]
    late = [
        str(spine(node.p2).triples[0])
        for node in joins
        if spine(node.p1).name in ("Union", "LeftJoin", "Minus")
        and spine(node.p2).name == "BGP"
        and spine(node.p2).triples
    ]
    assert (path.stem in OF_ALL_PAIRS) == bool(late), late


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_who_has_partners_is_not_also_asked_for_its_class(path: Path) -> None:
    # an engine would begin with all that are of the class; only partnerships have partners
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?m)^.*\ba tg:Partnership ;\s+tg:partner .*$", text) == []


def innermost(node: CompValue) -> CompValue:
    """Return what a group begins with, below its filters, bindings, OPTIONALs and MINUSes."""
    while node.name in ("Filter", "Extend", "LeftJoin", "Minus"):
        node = node.p if node.name in ("Filter", "Extend") else node.p1
    return node


# questions about every start, end or partnership: their rows are as many
OF_ALL_CLAIMS: Final = {
    "anniversaries-in", "events-in-year", "example-certain", "status-of-partnerships",
}  # fmt: skip
OF_ALL_PARTNERSHIPS: Final = {
    "statistics-kinds", "status-of-partnerships", "uncertain-starts",
}  # fmt: skip


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_claims_are_found_by_what_they_are_about(path: Path) -> None:
    # beside a named property an engine begins with every claim of that property, and beside the
    # class with every claim
    named = []
    for node in parts(algebra(path)):
        if node.name == "BGP":
            about = {triple[0] for triple in node.triples if triple[1] == URIRef(TG.subject.value)}
            named += [
                triple
                for triple in node.triples
                if triple[0] in about
                and isinstance(triple[2], URIRef)
                and triple[1] in (URIRef(TG.property.value), RDF_TYPE)
            ]

    assert (path.stem in OF_ALL_CLAIMS) == bool(named), named


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_absent_is_looked_for_before_the_rest_is(path: Path) -> None:
    # a FILTER is of its whole group: behind OPTIONALs it comes after them, once for each of all
    late = [
        node
        for node in parts(algebra(path))
        if node.name == "Filter"
        and spine(node.p).name == "LeftJoin"
        and any(part.name == "Builtin_NOTEXISTS" for part in parts(node.expr))
        and innermost(node.p).name == "BGP"
        and len(innermost(node.p).triples) == 1
    ]

    assert (path.stem in OF_ALL_PARTNERSHIPS) == bool(late)


@pytest.mark.parametrize(
    "path", [one for one in QUERIES if "UNDEF" in one.read_text(encoding="utf-8")],
    ids=lambda one: one.stem,
)  # fmt: skip
def test_what_is_asked_about_many_things_is_one_join_from_them(path: Path) -> None:
    text = re.sub(r"^\s*#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)

    # two sets of values have an engine scan one for each of the other; so has a union behind them
    assert len(re.findall(r"\bVALUES\b", text)) == 1
    assert "UNION" not in text
    assert re.search(r"\bWHERE\s*\{\s*VALUES\b", text)


def test_a_list_is_in_pages_that_lead_to_each_other(
    site: BuildReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twingraph.site.lists.PAGE", 7)
    monkeypatch.setattr("twingraph.site.pages.PAGE", 7)

    titles: list[str] = []
    number, names = 1, []
    while True:
        made = list_page(site, "statement", "en", f"en/{list_path('place', number)}", number)
        assert made is not None
        assert made.paging is not None
        assert len(made.rows) <= 7
        titles += [row[0][0].text for row in made.rows]
        names.append(list_path("statement", number))
        if not made.paging.next:
            break
        assert made.paging.next.endswith(f"/page-{number + 1}.html")
        number += 1
    assert made.paging.last == number
    assert f"{len(titles)} in all" == made.counted
    assert list_page(site, "statement", "en", "en/statement/x", number + 1) is None
    assert set(names) <= set(page_paths(site))
    assert page(site, "en", f"statement/page-{number + 1}.html") is None
    assert b'rel="prev"' in (page(site, "de", f"statement/page-{number}.html") or b"")


def test_a_short_list_has_one_page(site: BuildReader) -> None:
    made = list_page(site, "source", "en", "en/source/index.html")

    assert made is not None
    assert len(made.rows) < PAGE
    assert made.paging is None
    assert page(site, "en", "source/page-2.html") is None


def test_the_place_of_a_problem_is_looked_up(settings: Settings) -> None:
    text = (
        f"@prefix tg: <{TG._ns}> .\n"
        + "".join(
            f"<{HOME}id/claim/c{one}> tg:subject <{HOME}id/partnership/p{one}> ;\n"
            f"  tg:property tg:start ;\n  tg:value \"19{one:02d}\" .\n"
            for one in range(40)
        )
    )  # fmt: skip
    file = read_bytes(text.encode(), "data/sources/many.ttl", settings)
    curated = Curated(settings, (file,))
    seen: list[str] = []

    class Claims(dict[tuple[str, str], str]):
        """Tells what it is asked for, and refuses to be walked."""

        def get(self, key: Any, default: Any = None) -> Any:
            seen.append(str(key))
            return super().get(key, default)

        def __iter__(self) -> Iterator[tuple[str, str]]:
            raise AssertionError("all claims were walked")

    file.__dict__["claims"] = Claims(file.claims)
    finding = Finding(
        "D02", "violation", f"{HOME}id/partnership/p7", TG.latestStart.value, None, {}
    )

    assert locate(curated, finding) == ("data/sources/many.ttl", 25)
    assert len(seen) == 1


def test_what_is_prepared_outlives_any_number_of_pages(site: BuildReader) -> None:
    """The citations of each source were remembered beside it, and pushed it out."""
    fresh = replace(site, memory={"first": "prepared"})
    for number in range(200):
        cited_rows(fresh, f"{HOME}id/source/s{number}", "en", "en/source/s.html")
        fresh.rows("cited", this=NamedNode(f"{HOME}id/source/s{number}"))

    assert fresh.memory["first"] == "prepared"
    groups = [key for key in fresh.memory if isinstance(key, tuple) and key[0] == "recent"]
    assert {len(fresh.memory[key]) for key in groups} == {8}


def test_what_repeats_is_summed_up_for_people_and_whole_for_programs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_project(tmp_path / "project", HOME, "Ties", date(2026, 11, 21))
    cites = "\n".join(
        f"cite:first-{number} a tg:Citation ;\n  tg:inSource source:first ;\n  tg:line {number} .\n"
        for number in range(1, 31)
    )
    known = prefixes_for(HOME)
    prefixes = "".join(f"@prefix {one}: <{known[one]}> .\n" for one in ("cite", "source", "tg"))
    (tmp_path / "project/data/sources/second.ttl").write_text(f"{prefixes}\n{cites}")

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as done:
            main(["--project", str(tmp_path / "project"), "check", *words])
        return int(done.value.code or 0), capfd.readouterr().out

    status, text = run()
    assert status == 1
    assert text.count(" E04 ") == 10
    assert "… and 20 more of E04; --format json lists all" in text
    assert "… und 20 weitere von E04; --format json nennt alle" in run("--lang", "de")[1]
    rows = json.loads(run("--format", "json")[1])
    assert sum(one["code"] == "E04" for one in rows) == 30


def test_a_description_that_leaves_links_out_says_so_with_the_query_for_all(
    site: BuildReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Graph().parse(data=describe(site, "vocab/type/twinning", "nt"), format="nt")
    monkeypatch.setattr("twingraph.site.describe.LINKS", 3)
    cut = Graph().parse(data=describe(site, "vocab/type/twinning", "nt"), format="nt")
    thing = URIRef(f"{HOME}vocab/type/twinning")
    document = URIRef(f"{HOME}doc/vocab/type/twinning.ttl")

    assert not list(whole.predicate_objects(document))
    assert len(list(cut.subjects(None, thing))) == 3
    assert len(list(whole.subjects(None, thing))) > 3
    assert set(cut.predicate_objects(thing)) == set(whole.predicate_objects(thing))
    [link] = cut.objects(document, RDFS.seeAlso)
    query = parse_qs(urlsplit(str(link)).query)["query"][0]
    found = site.store.query(query)
    assert isinstance(found, QueryTriples)
    told = {(str(one.subject), str(one.predicate)) for one in found}
    assert told == {(f"<{one}>", f"<{verb}>") for one, verb in whole.subject_predicates(thing)}
    notes = list(cut.objects(document, RDFS.comment))
    assert sorted(getattr(one, "language", "") for one in notes) == ["de", "en"]


def test_what_tables_say_has_the_form_that_is_not_checked_again(tmp_path: Path) -> None:
    """Rows are checked as rows; here what they become is judged as if somebody had written it."""
    source = ROOT / "data" / "imports" / "wikidata-2016"
    place = tmp_path / "data" / "imports" / "sample"
    place.mkdir(parents=True)
    (tmp_path / "twingraph.toml").write_text('title.en = "T"\nrelease = "2026-11-28"\n')
    rows = (source / "rows.csv").read_text(encoding="utf-8").splitlines()[:201]
    text = "".join(f"{one}\n" for one in [f"{rows[0]},since,kind", *(
        f"{row},{1950 + number % 70},{('twinning', 'friendship')[number % 9 == 0]}"
        for number, row in enumerate(rows[1:])
    )])  # fmt: skip
    (place / "rows.csv").write_text(text, encoding="utf-8")
    items = {item for row in rows[1:] for item in row.split(",")}
    places = (source / "places.csv").read_text(encoding="utf-8").splitlines()
    kept = [one for one in places[1:] if one.split(",")[1] in items]
    (place / "places.csv").write_text("\n".join([places[0], *kept, ""]), encoding="utf-8")
    (place / "import.toml").write_text(
        f'title.en = "Sample"\nlanguage = "en"\nsha256 = "{sha256(text.encode()).hexdigest()}"\n'
        '[a]\nwikidata = "source_qid"\n[b]\nwikidata = "target_qid"\n[start]\ncolumn = "since"\n'
        '[kind]\ncolumn = "kind"\ncodes.twinning = "twinning"\ncodes.friendship = "friendship"\n'
    )
    settings = load_settings(tmp_path)
    curated = read_project(settings)
    assert [one for one in curated.problems if one.severity != "info"] == []
    made = [one for one in curated.files if one.is_table]
    assert sum(one.predicate == TG.value for file in made for one in file.quads) > 90
    data = b"".join(
        chunks(sorted(set().union(*(triple_texts(one.quads) for one in curated.files))))
    )

    found = TurboEngine().validate(data, shapes_text(settings, ("prefixes.ttl", "form.ttl")))

    # what the list does not know of its places: the language of a name, level, country
    missing = [one for one in found if one.code in ("L03", "T01", "T02")]
    assert all(one.focus.startswith(settings.base_iri + "id/place/") for one in missing)
    rest = [one for one in found if one not in missing and one.severity == "violation"]
    assert [str(one) for one in rest] == []


def test_what_the_build_prepared_is_what_the_graph_answers(built: Path) -> None:
    kept, asked = load_site(built), load_site(built)
    asked.prepared.clear()  # type: ignore[attr-defined]  # a dict, to be emptied here alone

    assert {name: kept.rows(name) for name in ANSWERED} == {n: asked.rows(n) for n in ANSWERED}
    paths = ("index.html", "statistics.html", "quality.html", "place/index.html",
             "partnership/list/letter-b.html", "partnership/list/all.csv")  # fmt: skip
    for path in paths:
        assert page(kept, "de", path) == page(asked, "de", path)
    assert finder_of(kept).names == finder_of(asked).names


def test_what_workers_share_is_made_in_another_process(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was prepared is kept as bytes; files that were read are let go."""
    graph = built.resolve() / NAME
    config = config_of(graph, HOME, Limits(), pages_of(None, "", Limits()))
    maker = PageMaker(load_store(graph), config)
    plain = page(load_site(built), "en", "place/index.html")
    monkeypatch.setattr("twingraph.site.source_citations._CITED", 3)
    many = {f"{HOME}id/place/bonn": {TG.country.value: [7, [f"{HOME}id/place/berlin"]]}}
    own = maker._service.site.prepared
    own.update({INCOMING: json.dumps(many).encode(), GRAPHS: b'{"g": {"number": 1}}'})  # type: ignore[attr-defined]  # a dict
    for preparation in maker.preparations():
        helper = Helper(preparation.make, None)
        while not helper.hear():
            pass
        preparation.keep(helper.made())
    site = maker._service.site

    assert {name.partition("-")[0] for name in site.prepared} == {"world"}
    assert ("listing", "place", "en") in site.memory and "finder" in site.memory
    assert site.graphs == load_site(built).graphs
    asked: list[str] = []
    object.__setattr__(site, "select", lambda text, **terms: asked.append(text))
    assert finder_of(site).find("bonn")
    assert register_in(maker._app.state, site).place("bonn") is not None
    assert list(parts_in(maker._app.state, site))
    assert f"{HOME}id/source/bonn-minsk" in site.memory[MUCH_CITED]
    assert incoming_of(site, f"{HOME}id/place/bonn").numbers == {TG.country.value: 7}
    assert site.prepared_graphs() == {"g": {"number": 1}}
    assert {len(single_date(start.value)) for start in all_starts(site, years=True)} >= {4, 10}
    assert {len(single_date(start.value)) for start in all_starts(site, years=False)} == {10}
    assert ("rows", "anniversaries") not in site.memory  # ten times as large as what is made of it
    assert asked == []
    object.__delattr__(site, "select")
    assert page(site, "en", "place/index.html") == plain
    for path in ("source/bonn-minsk.html", "event/index.html", "ns.html"):
        assert page(site, "de", path) == page(load_site(built), "de", path)


def test_a_page_asks_each_thing_once_and_nothing_of_its_partners_partners(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = load_site(built)
    select, statements_of = BuildReader.select, BuildReader.statements_of
    asked: Counter[object] = Counter()
    loaded: set[str] = set()

    def watch(self: BuildReader, text: str, **terms: Any) -> Any:
        asked[text, *terms.items()] += 1
        return select(self, text, **terms)

    def load(self: BuildReader, name: str, things: Iterable[str]) -> Any:
        loaded.update(things if name == "nodes" else ())
        return statements_of(self, name, things)

    monkeypatch.setattr(BuildReader, "select", watch)
    monkeypatch.setattr(BuildReader, "statements_of", load)
    assert page(site, "en", "place/bonn.html")
    partners = {row["partner"].value for row in site.rows("partners", this=BONN) if row["partner"]}

    assert len(partners) > 3 and not partners & loaded
    assert {number for _, number in asked.items()} == {1}


def test_a_csv_of_packed_records_is_the_one_that_is_written(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twingraph.site.list_csv._LONG", 5)
    site = load_site(built)
    paths = [f"{kind}/list/{key}.csv" for kind, key in (
        ("partnership", "all"), ("partnership", "country-germany"), ("place", "letter-b"),
        ("place", "letter-x"))]  # fmt: skip
    written = {(path, way): browse_csv(site, way, path) for path in paths for way in ("en", "de")}
    site.memory.update(packed := pack_csv(site))

    assert len(packed) == 4
    assert written == {key: browse_csv(site, key[1], key[0]) for key in written}
    assert written[paths[0], "en"] != written[paths[0], "de"] and written[paths[1], "en"]


def test_a_question_that_cannot_be_answered_leaves_the_others_ahead(built: Path) -> None:
    class Guarded:
        """Refuses one, as limits do."""

        def query(self, query: str, substitutions: Any = None) -> NoReturn:
            raise AssertionError("rows are written")

        def write(self, query: str, suffix: str, substitutions: Any = None) -> bytes:
            if query == bad:
                raise TwingraphError("too many rows")
            return b'{"head": {"vars": []}, "results": {"bindings": []}}'

    site = load_site(built)
    bad = site.library["starts-by-decade"].text
    counted = count_ahead(replace(site, guarded=Guarded()))

    assert ("answer", site.library["coverage-by-source"].text, "csv") in counted
    assert ("answer", bad, "csv") not in counted


def test_questions_that_count_the_whole_graph_are_answered_ahead(built: Path) -> None:
    site = load_site(built)
    counted = count_ahead(site)
    names = {name for name, each in site.library.items() if ("answer", each.text, "csv") in counted}

    assert {"coverage-by-country", "coverage-by-source", "partnerships-by-kind",
            "starts-by-decade", "implied-dates", "implied-partnerships",
            "partnerships-without-start"} <= names  # fmt: skip
    assert not any(site.library[name].parameters for name in names)
    plain = load_site(built)
    site.memory.update(counted)
    object.__setattr__(site, "guarded", None)
    object.__setattr__(site, "store", Store())  # so that an answer can be no other
    for name in names:
        bound = BoundQuery(site.library[name], {}, {})
        for suffix in ("csv", "tsv", "json"):
            assert write_result(site, bound, suffix) == write_result(plain, bound, suffix), name
        assert rows_of(site, bound) == rows_of(plain, bound)


@pytest.mark.parametrize("name", ["Windhuk", "on", "a", "МИНСК", "Zzz", "St. Petersburg"])
def test_a_question_about_a_name_looks_through_no_others(
    built: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twingraph.site.results._FEW", 200)
    plain, site = load_site(built), load_site(built)
    finder_of(site)
    bound = bind_fields(site, site.library["find-by-name"], [("name", name)])
    texts: list[str] = []

    class Recorder:
        """Notes what it is asked."""

        def query(self, query: str, substitutions: Any = None) -> Any:
            texts.append(query)
            return site.store.query(query, substitutions=substitutions)

        def write(self, query: str, suffix: str, substitutions: Any = None) -> bytes:
            raise AssertionError("rows are read")

    rows = rows_of(replace(site, guarded=Recorder()), bound)

    assert rows == rows_of(plain, bound)
    assert ["VALUES ?thing {" in text for text in texts] == [name != "a"]
    assert (rows.rows == []) == (name == "Zzz")


@pytest.mark.parametrize("how", ["failed", "killed"])
def test_a_helper_that_fails_says_why(how: str) -> None:
    def make() -> None:
        if how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise ValueError("no such file")

    helper = Helper(make, None)
    while not helper.hear():
        pass
    with pytest.raises(RuntimeError, match="was ended" if how == "killed" else "no such file"):
        helper.made()


@pytest.mark.parametrize("few", [0, 200])
def test_anniversaries_are_answered_from_lines_one_by_one_and_by_tables(
    built: Path, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twingraph.site.line_anniversaries._FEW", few)
    asked, dataset = load_site(built), Dataset.load(built / NAME)
    asked.prepared.clear()  # type: ignore[attr-defined]  # a dict, to be emptied here alone
    lines = line_reader(LinkFacts(dataset, asked.base), ANSWERED)

    assert lines.rows("anniversaries") == asked.rows("anniversaries") != []


def test_what_is_answered_from_lines_is_what_the_queries_answer(built: Path) -> None:
    asked, dataset = load_site(built), Dataset.load(built / NAME)
    asked.prepared.clear()  # type: ignore[attr-defined]  # a dict, to be emptied here alone
    lines = line_reader(LinkFacts(dataset, asked.base), ANSWERED)

    for name in {*ANSWERED, *FROM_LINES}:
        assert lines.rows(name) == asked.rows(name), name
    for iri in (TG.Claim, NamedNode(f"{HOME}id/place/bonn")):
        wanted_pairs = sorted(asked.pairs("incoming", this=iri))
        assert sorted(lines.pairs("incoming", this=iri)) == wanted_pairs != []
    for kind in CLASSES:
        assert members_of(lines, kind) == members_of(asked, kind)
        things = members_of(asked, kind)
        if f"list-{kind}" in OF_LINES:
            found, wanted = (
                sorted(map(str, each.rows_of(f"list-{kind}", things))) for each in (lines, asked)
            )
            assert found == wanted
        labels = [sorted(map(str, each.statements_of("labels", things))) for each in (lines, asked)]
        assert labels[0] == labels[1]


def test_places_with_two_positions_and_three_partners_are_answered_from_lines_too(
    built: Path,
) -> None:
    """Nothing of ours is so; the query says what is right."""
    triples = """
        <p:2> tg:partner <e:b>, <e:a>, <e:c> . <p:1> tg:partner <e:c>, <e:b> .
        <p:3> tg:partner <e:a>, <e:d> . <p:4> tg:partner <e:f>, <e:e> .
        <e:a> schema:latitude 9.5, 10.25, -3.5 ; schema:longitude 100.5 ; tg:country <e:x> .
        <e:b> schema:latitude 50.5 ; schema:longitude 7.125, 30.5 ; tg:country <e:y>, <e:x> .
        <e:c> schema:latitude 2.5 ; schema:longitude 7.5 ; tg:country <e:x> .
        <e:d> schema:latitude 1.5 . <e:e> schema:latitude 1.5 ; schema:longitude 2.5 .
    """
    heads = "".join(f"@prefix {name}: <{iri}> ." for name, iri in (
        ("tg", prefixes_for(HOME)["tg"]), ("schema", "https://schema.org/")))  # fmt: skip
    quads = list(parse((heads + triples).encode(), format=RdfFormat.TURTLE))
    store = Store()
    store.extend(quads)
    asked = replace(load_site(built), store=store, prepared={}, memory={})
    lines = line_reader(LinkFacts(quads), ANSWERED)

    for name in ("map-places", "map-pairs", "statistics-countries"):
        assert len(asked.rows(name)) > 3 or name == "statistics-countries"
        assert lines.rows(name) == asked.rows(name), name


GONE: Final = f"{HOME}id/partnership/bonn-minsk"


def with_one_withdrawn(built: Path) -> tuple[BuildReader, BuildReader, list[Quad]]:
    """Return the site as it is, one that is asked where a partnership is withdrawn, its quads."""
    site, dataset = load_site(built), Dataset.load(built / NAME)
    word = Quad(NamedNode(GONE), NamedNode("http://www.w3.org/2002/07/owl#deprecated"),
                Literal("true", datatype=XSD.boolean))  # fmt: skip
    quads = [*dataset, word]
    store = Store()
    store.extend(quads)
    return site, replace(site, store=store, prepared={}, memory={}), quads


def test_a_withdrawn_partnership_is_in_no_list(built: Path) -> None:
    site, asked, quads = with_one_withdrawn(built)
    lines = line_reader(LinkFacts(quads, asked.base), ANSWERED)

    assert lines.rows("list-partnership-facets") == asked.rows("list-partnership-facets")
    for name in ANSWERED:
        assert lines.rows(name) == asked.rows(name), name
    for name, counted in _COUNTED.items():
        before, after = (_total(reader, name, counted) for reader in (site, asked))
        assert after < before, name
    minsk = f"{HOME}id/place/minsk"
    for name in ("map-pairs", "map-places"):
        assert lines.rows(name) == asked.rows(name), name
    for name in ("map-pairs", "partnered", "anniversaries"):
        assert len(asked.rows(name)) < len(site.rows(name)), name
    for name in ("partners", "map-of-place"):
        of_bonn = [reader.rows(name, this=BONN) for reader in (site, asked)]
        assert len(of_bonn[1]) < len(of_bonn[0]), name
    for place in (BONN.value, minsk):
        assert lines.rows_of("list-place", [place]) == asked.rows_of("list-place", [place])
    for reader in (lines, asked):
        listing = listings(reader, "partnership")["en"]
        assert GONE not in listing.things
        number = reader.rows_of("list-place", [minsk])[0]["partnerships"]
        assert number == Literal("0", datatype=XSD.integer)
        assert rows_count(reader) == len(listing.things)


def test_pages_agree_that_a_partnership_is_withdrawn(built: Path) -> None:
    site, asked, _ = with_one_withdrawn(built)

    def text(path: str, reader: BuildReader = asked) -> str:
        return (page(reader, "en", path) or b"").decode()

    drawn = [int(re.findall(r"\b(\d+) partnerships between them", text("index.html", reader))[0])
             for reader in (site, asked)]  # fmt: skip
    assert drawn[1] == drawn[0] - 1
    for path in ("place/minsk.html", "place/bonn.html", "place/belarus.html"):
        assert "<h1" in text(path)
        assert "partnership/bonn-minsk.html" not in text(path), path
    assert "Our sources name" not in text("place/minsk.html")
    assert "withdrawn" in text("partnership/bonn-minsk.html")
    calendars = set(attachment_paths(asked))
    assert "embed/en/place/bonn.html" in calendars
    assert "embed/en/place/minsk.html" not in calendars
    assert "en/calendar/place/minsk.ics" not in calendars


@pytest.mark.parametrize("name", [
    "implied-dates", "partnership-map", "partnerships-by-kind", "status-of-partnerships",
    "uncertain-starts",
])  # fmt: skip
def test_the_library_leaves_out_what_is_withdrawn(built: Path, name: str) -> None:
    site = load_site(built)

    def lines_of(reader: BuildReader, name: str) -> list[str]:
        bound = BoundQuery(reader.library[name], {}, {})
        return write_result(reader, bound, "csv").decode().splitlines()

    before = lines_of(site, name)
    counts = name == "partnerships-by-kind"
    naming = lines_of(site, "partnership-map") if counts else before
    named = re.findall(r"\bid/partnership/[\w-]+", "\n".join(naming))
    gone = f"{HOME}{named[0]}"
    word = Quad(NamedNode(gone), NamedNode("http://www.w3.org/2002/07/owl#deprecated"),
                Literal("true", datatype=XSD.boolean))  # fmt: skip
    store = Store()
    store.extend([*Dataset.load(built / NAME), word])
    after = lines_of(replace(site, store=store, prepared={}, memory={}), name)
    assert after != before
    if not counts:
        assert after == [line for line in before if not re.search(rf"{gone}(?![\w-])", line)]
        return
    totals = [sum(int(line.split(",")[-2]) for line in lines[1:]) for lines in (before, after)]
    assert totals[1] == totals[0] - 1


# what each statistic counts of partnerships, one of which is Bonn's with Minsk
_COUNTED: Final = {
    "statistics-countries": ("partnerships",), "statistics-fields": ("partnerships",),
    "statistics-kinds": ("certain", "possible"), "statistics-sources": ("partnerships", "starts"),
    "statistics-starts": ("partnerships",), "numbers": ("partnerships",),
    "map-places": ("partnerships",),
}  # fmt: skip


def _total(reader: BuildReader, name: str, columns: Sequence[str]) -> int:
    values = [row[column] for row in reader.rows(name) for column in columns]
    return sum(int(value.value) for value in values if value is not None)


def test_what_has_pages_is_what_is_described_and_no_evidence(built: Path) -> None:
    site, dataset = load_site(built), Dataset.load(built / NAME)
    area = Quad(NamedNode(f"{HOME}id/place/only-an-area"), RDF.type,
                NamedNode("https://schema.org/AdministrativeArea"))  # fmt: skip
    store = Store()
    store.extend([*dataset, area])
    asked = replace(site, store=store, prepared={}, memory={})
    described = [str(getattr(row["thing"], "value", "")) for row in asked.rows("described")]

    def pages(things: Iterable[str]) -> set[str]:
        return {path for thing in things if (path := page_path(asked.path(thing) or "", "en"))}

    assert "en/place/only-an-area.html" in pages(described)
    assert pages(things_with_pages(asked)) == pages(described)


def test_claims_are_not_looked_for_where_the_build_kept_that_there_are_none(built: Path) -> None:
    site = load_site(built)
    things = [
        thing for kind in ("place", "source", "partnership") for thing in members_of(site, kind)
    ]
    plain = {thing: set(site.triples("own", this=NamedNode(thing))) for thing in things}
    pointing = {thing: Counter(verb for verb, _ in site.pairs("incoming", this=NamedNode(thing)))
                for thing in things}  # fmt: skip
    kept = {thing: {verb: [number, []] for verb, number in verbs.items()}
            for thing, verbs in pointing.items()}  # fmt: skip
    site.memory["prepared", INCOMING] = kept

    assert {thing: set(own_triples(site, thing)) for thing in things} == plain
    unclaimed = [thing for thing in things if TG.subject.value not in kept[thing]]
    assert 0 < len(unclaimed) < len(things)
    without = replace(site, queries={**site.queries, "own": "no query"})
    assert all(own_triples(without, thing) for thing in unclaimed)


def rows_count(reader: BuildReader) -> int:
    """Return how many partnerships the home page tells of."""
    found = reader.rows("numbers")[0]["partnerships"]
    assert isinstance(found, Literal)
    return int(found.value)


def test_a_reader_of_lines_refuses_what_it_was_not_made_for() -> None:
    lines = line_reader(LinkFacts(()), ["conflicts"])
    assert lines.rows("conflicts") == []
    for refused in (lambda: lines.rows("schemes"), lambda: lines.rows_of("list", ["http://e/a"]),
                    lambda: list(lines.statements_of("nodes", ["http://e/a"]))):  # fmt: skip
        with pytest.raises(KeyError):
            refused()


def test_a_page_of_the_whole_asks_nothing_of_the_whole_graph(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = load_site(built)
    whole = {*ANSWERED, "list-partnership-facets", "map-pairs", "map-places", "members", "names"}
    texts = {reader.queries[name].split("WHERE")[0]: name for name in whole}
    seen: list[str] = []
    select = BuildReader.select

    def watch(self: BuildReader, text: str, **terms: Any) -> Any:
        seen.append(text.split("WHERE")[0])
        return select(self, text, **terms)

    monkeypatch.setattr(BuildReader, "select", watch)
    for path in ("index.html", "statistics.html", "quality.html", "partnership/index.html"):
        assert page(reader, "en", path)
    assert finder_of(reader).find("bonn")

    assert seen
    assert [texts[head] for head in seen if head in texts] == []


def test_what_another_version_prepared_is_not_read(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twingraph.site.reader.__version__", "0.0")
    assert load_site(built).prepared == {}
    monkeypatch.undo()
    reader = load_site(built)
    monkeypatch.setitem(reader.queries, "numbers", reader.queries["numbers"] + "#")
    monkeypatch.setattr(BuildReader, "select", lambda self, text, **terms: [{"asked": None}])
    assert reader.rows("numbers") == [{"asked": None}]
    assert reader.rows("classes") != [{"asked": None}]


@pytest.mark.parametrize("prepared", [True, False])
@pytest.mark.parametrize("suffix", ["trig", "nq", "ttl", "jsonld", "rdf"])
def test_a_large_graph_is_described_by_its_first_statements(
    site: BuildReader, monkeypatch: pytest.MonkeyPatch, prepared: bool, suffix: str
) -> None:
    monkeypatch.setattr("twingraph.site.describe.STATEMENTS", 5)
    monkeypatch.setattr("twingraph.site.prepared.STATEMENTS", 5)
    name = f"{HOME}graph/links"
    everything = site.triples("graph", this=NamedNode(name))
    lines = sorted(f"{triple} ." for triple in everything)
    make = prepare(lambda: site, {name: lines})[STARTS]
    monkeypatch.setitem(site.prepared, "graphs.json", b"".join(make()) if prepared else b"{}")
    site.memory.pop(("prepared", "graphs.json"), None)

    raw = describe(site, "graph/links", suffix) or b""
    site.memory.pop(("prepared", "graphs.json"), None)

    format_ = RdfFormat.from_extension(suffix)
    assert format_ is not None
    document = NamedNode(f"{HOME}doc/graph/links.trig")
    quads = list(parse(raw, format=format_))
    assert len([quad for quad in quads if quad.subject != document]) == 5
    about = [str(quad.object) for quad in quads if quad.subject == document]
    assert any(f"5 of {len(everything)} statements" in text for text in about)
    [address] = [text for text in about if "sparql?query=" in text]
    query = parse_qs(urlsplit(address.strip("<>")).query)["query"][0]
    whole = site.store.query(query)
    assert isinstance(whole, QueryTriples)
    assert len(list(whole)) == len(everything)


def test_a_country_shows_the_first_of_its_partnerships_and_leads_to_all(
    site: BuildReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    iri = f"{HOME}id/place/germany"
    whole, none = partners_of_parts(site, iri, "en", "en/place/germany.html")
    monkeypatch.setattr("twingraph.site.parts_of_place.PARTS", 5)
    first, more = partners_of_parts(site, iri, "en", "en/place/germany.html")

    assert none is None
    assert more is not None
    assert more.href == "../partnership/list/country-germany.html"
    assert 5 <= len(first) < len(whole)
    assert {row.partnership.href for row in first} < {row.partnership.href for row in whole}
    assert b"country-germany.html" in (page(site, "de", "place/germany.html") or b"")


@pytest.mark.parametrize(("kind", "suffix"), [("place", "ttl"), ("statement", "rdf")])
def test_a_list_in_rdf_is_in_pages_that_lead_to_each_other(
    site: BuildReader, monkeypatch: pytest.MonkeyPatch, kind: str, suffix: str
) -> None:
    monkeypatch.setattr("twingraph.site.list_rdf.PAGE", 7)
    hydra = "http://www.w3.org/ns/hydra/core#"
    path, found, told = f"doc/list/{kind}.{suffix}", set[str](), set[str]()
    while path:
        raw = describe_list(site, path) or b""
        graph = Graph().parse(data=raw, format={"ttl": "turtle", "rdf": "xml"}[suffix])
        here = URIRef(f"{HOME}{path}")
        [whole] = graph.subjects(URIRef(f"{hydra}view"), here)
        members = {str(each) for each in graph.objects(whole, URIRef(f"{hydra}member"))}
        assert 0 < len(members) <= 7
        assert not members & found
        found |= members
        told |= {str(each) for each in graph.subjects(RDFS.label) if str(each) in members}
        onward = [str(each) for each in graph.objects(here, URIRef(f"{hydra}next"))]
        assert re.findall(r'<([^>]*)>; rel="next"', list_links(site, path)) == onward
        path = onward[0].removeprefix(HOME) if onward else ""
    assert found == told == set(members_of(site, kind))
    assert describe_list(site, f"doc/list/{kind}.999.{suffix}") is None
    assert describe_list(site, f"doc/list/{kind}.1.{suffix}") is None


def test_the_name_of_a_list_leads_to_its_forms_and_its_page_names_them(client: TestClient) -> None:
    asked = client.get("/doc/list/event", headers={"accept": "text/turtle"}, follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "/doc/list/event.ttl")
    shown = client.get("/doc/list/event", headers={"accept": "text/html"}, follow_redirects=False)
    assert shown.headers["location"] == "/en/event/index.html"
    assert client.get("/doc/list/event.ttl").headers["content-type"].startswith("text/turtle")
    assert [client.get(f"/doc/list/{each}").status_code for each in ("claim", "x.ttl")] == [404] * 2
    for kind in ("event", "place"):
        shown = client.get(f"/en/{kind}/index.html")
        assert f'href="../../doc/list/{kind}.ttl"' in shown.text
        assert f"doc/list/{kind}.ttl>" in shown.headers["link"]


def test_what_thousands_point_to_is_told_from_what_the_build_kept(site: BuildReader) -> None:
    """The page and the description are those made from all that points to the thing."""
    source = f"{HOME}id/source/bonn-minsk"
    store = Store()
    store.bulk_extend(site.store)
    cited = [NamedNode(f"{HOME}id/cite/many-{number}") for number in range(MOST + 5)]
    store.bulk_extend(Quad(each, TG.inSource, NamedNode(source)) for each in cited)
    asked = replace(site, store=store, prepared={}, memory={})
    packed = pack_incoming(asked)
    kept = replace(asked, prepared={INCOMING: json.dumps(packed).encode()}, memory={})

    few, every = incoming_of(kept, source), incoming_of(asked, source)
    numbers = few.numbers
    assert (few.numbers, len(every.pairs)) == (dict(every.numbers), sum(numbers.values()))
    assert numbers[TG.inSource.value] > MOST
    assert sorted(few.pairs)[:MOST] == sorted(every.pairs)[:MOST]
    assert len(few.pairs) < len(every.pairs)
    path = "source/bonn-minsk"
    for language in ("en", "de"):
        made = page(kept, language, f"{path}.html")
        assert made == page(asked, language, f"{path}.html")
    for suffix in ("ttl", "jsonld"):
        raw = describe(kept, f"id/{path}", suffix)
        assert raw == describe(asked, f"id/{path}", suffix)
        assert f"{MOST} of {len(every.pairs)} statements".encode() in (raw or b"")


# --- the benchmark -------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_hundred_partnerships_are_measured_in_every_step() -> None:
    words = ["--sizes", "100", "--lists", "1", "--starts", "1"]
    command = [sys.executable, str(ROOT / "benchmarks" / "scale.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    rows = [line.strip("|").split("|") for line in done.stdout.splitlines() if "| " in line]
    figures = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
    assert int(figures["quads"][0].replace(",", "")) > 20_000
    assert float(figures["build after one row is gone, CPU s"][0]) > 0
    assert "Builds after a change have the same bytes" in done.stdout
    statuses = {name: row[-1] for name, row in figures.items() if re.fullmatch(r"\d{3}", row[-1])}
    assert len(statuses) > 100
    assert {name for name, status in statuses.items() if status not in ("200", "303")} == set()
