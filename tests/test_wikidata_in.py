"""Wikidata in: every trap of entities, dumps, results and the query service comes out right."""

from __future__ import annotations

import bz2
import gzip
import json
import threading
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner
from pyoxigraph import Quad

from twingraph.check.run import check_curated
from twingraph.cli import cli
from twingraph.derive.published import published
from twingraph.link.import_report import Imported
from twingraph.link.wikidata.client import QueryClient, cell
from twingraph.link.wikidata.statements import WikidataTime
from twingraph.link.wikidata_in.command import import_places, import_wikidata
from twingraph.link.wikidata_in.dump import Read, read_file
from twingraph.link.wikidata_in.entities import rows_of
from twingraph.link.wikidata_in.places import ItemPlace, fetch_places, place_of
from twingraph.link.wikidata_in.results import rows_of_results
from twingraph.link.wikidata_in.rows import StatementRow, write_rows
from twingraph.link.wikidata_in.service import MAX_SLICE, fetch
from twingraph.problems import TwingraphError
from twingraph.progress import ignore as quiet
from twingraph.rdf.vocabulary import TG
from twingraph.settings import Settings, load_settings
from twingraph.source.read import read_project

DAY = "2026-11-28"
GUID = "Q64$1e9bf6a7-4a2e-4f9c-8a8f-000000000001"


def time_of(text: str, precision: int, calendar: str = "Q1985727") -> dict[str, object]:
    value = {"time": text, "precision": precision, "before": 0, "after": 0, "timezone": 0,
             "calendarmodel": f"http://www.wikidata.org/entity/{calendar}"}  # fmt: skip
    return {"snaktype": "value", "property": "P580", "datavalue": {"value": value, "type": "time"}}


def statement(
    target: object = "Q90", guid: str = GUID, rank: str = "normal", **qualifiers: object
) -> dict[str, object]:
    value = target if isinstance(target, dict) else {"id": target}
    snak = {"snaktype": "value", "property": "P190", "datavalue": {"value": value}}
    return {"id": guid, "mainsnak": snak, "rank": rank, "qualifiers": qualifiers or [],
            "references": [{"hash": "x", "snaks": {"P854": []}}]}  # fmt: skip


def entity(*statements: object, item: str = "Q64", labels: object = None) -> dict[str, object]:
    named = {"en": {"language": "en", "value": "Berlin"}} if labels is None else labels
    return {"id": item, "type": "item", "labels": named, "descriptions": [], "lastrevid": 7,
            "modified": "2026-01-01T00:00:00Z", "claims": {"P190": list(statements)}}  # fmt: skip


def rows(*statements: object, **more: Any) -> list[StatementRow]:
    return list(rows_of(entity(*statements, **more), []))


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    (tmp_path / "twingraph.toml").write_text('title.en = "T"\nrelease = "2026-11-28"\n')
    return load_settings(tmp_path)


# --- entities -------------------------------------------------------------------------------------


def test_a_statement_keeps_its_id_rank_qualifiers_references_and_revision() -> None:
    [row] = rows(statement(P580=[time_of("+1987-07-02T00:00:00Z", 11)], P5102=[{"x": 1}]))

    assert (row.item, row.target, row.statement, row.rank) == ("Q64", "Q90", GUID, "normal")
    assert (row.start, row.end, row.revision) == ("1987-07-02", "", "7")
    assert set(json.loads(row.qualifiers)) == {"P580", "P5102"}
    assert json.loads(row.references)[0]["hash"] == "x"


@pytest.mark.parametrize(
    ("text", "precision", "edtf"),
    [
        ("+1953-00-00T00:00:00Z", 9, "1953"),
        ("+1953-01-01T00:00:00Z", 9, "1953"),  # the same, filled up
        ("+00000002014-05-01T00:00:00Z", 10, "2014-05"),  # a padded year
        ("+1950-00-00T00:00:00Z", 8, "195X"),
        ("+2000-00-00T00:00:00Z", 7, "[1901..2099]"),  # used both ways: wide, never a year
        ("+1000-00-00T00:00:00Z", 6, ""),
        ("-0044-03-15T00:00:00Z", 11, ""),
    ],
)
def test_a_date_is_never_finer_than_its_source(text: str, precision: int, edtf: str) -> None:
    [row] = rows(statement(P580=[time_of(text, precision)]))

    assert row.start == edtf
    assert text in row.qualifiers  # kept raw


def test_old_claims_name_an_item_by_its_number() -> None:
    old = {"entity-type": "item", "numeric-id": 90}

    assert [row.target for row in rows(statement(old))] == ["Q90"]


def test_an_empty_map_may_be_a_list() -> None:
    document = entity(statement(), labels=[])

    assert [row.item_label for row in rows_of(document, [])] == [""]
    assert list(rows_of({**document, "claims": []}, [])) == []


def test_a_label_may_be_of_all_languages_only() -> None:
    mul = {"mul": {"language": "mul", "value": "Berlin"}}

    assert rows(statement(), labels=mul)[0].item_label == "Berlin"


def test_somevalue_as_end_is_an_end_of_which_the_date_is_not_known() -> None:
    some, none = {"snaktype": "somevalue"}, {"snaktype": "novalue"}

    assert rows(statement(P582=[some]))[0].end == "somevalue"
    assert rows(statement(P582=[none]))[0].end == "novalue"
    assert rows(statement(P580=[some]))[0].start == ""  # not known is not stated


def test_several_starts_of_one_statement_are_all_kept() -> None:
    two = [time_of("+1953-00-00T00:00:00Z", 9), time_of("+1990-10-03T00:00:00Z", 11)]

    assert [row.start for row in rows(statement(P580=two))] == ["1953", "1990-10-03"]


def test_a_partner_that_is_no_item_is_noted() -> None:
    notes: list[str] = []
    missing = {"id": GUID, "mainsnak": {"snaktype": "somevalue"}, "rank": "normal"}

    [row] = rows_of(entity(missing), notes)
    assert row.target == ""
    assert notes == [f"Q64: a partner that is somevalue ({GUID})"]


def test_a_late_julian_date_is_noted() -> None:
    notes: list[str] = []
    julian = time_of("+1988-05-01T00:00:00Z", 9, "Q1985786")

    list(rows_of(entity(statement(P580=[julian])), notes))
    assert notes == ["Q64 P580: +1988-05-01T00:00:00Z is flagged Julian, most likely by mistake"]


# --- files ----------------------------------------------------------------------------------------


def read(path: Path) -> Read:
    found = Read()
    read_file(path, found, quiet)
    return found


def test_a_redirect_is_taken_as_what_it_leads_to(tmp_path: Path) -> None:
    path = tmp_path / "Q111.json"
    path.write_text(json.dumps({"entities": {"Q64": entity(statement())}}))

    found = read(path)
    assert [row.item for row in found.rows] == ["Q64"]
    assert found.notes == ["Q111 is redirected to Q64"]


@pytest.mark.parametrize("pack", ["json", "json.gz", "json.bz2"])
def test_a_dump_is_read_line_by_line_whatever_is_between(tmp_path: Path, pack: str) -> None:
    lines = ["["]
    for number in range(1, 2001):
        lines.append(json.dumps(entity(statement(), item=f"Q{number}")) + ",")
        if number % 100 == 0:
            lines += ['{"id": "Q1", "claims": {"P190": [', "", '{"P190": '] + ["{]"] * 2
        lines.append(json.dumps({"id": "P31", "type": "property", "P190": 1}) + ",")
        lines.append('{"id":"Q5","labels":{}},')  # says nothing of partners
    lines += [json.dumps(entity(statement("Q5"), item="Q9999")), "]"]
    raw = "\r\n".join(lines).encode()
    half = len(raw) // 2  # two streams one after another, as parallel packers write them
    packed = {
        "json": raw,
        "json.gz": gzip.compress(raw[:half]) + gzip.compress(raw[half:]),
        "json.bz2": bz2.compress(raw[:half]) + bz2.compress(raw[half:]),
    }[pack]
    path = tmp_path / f"dump.{pack}"
    path.write_bytes(packed)

    found = read(path)
    assert len(found.rows) == 2001
    assert found.broken == 40
    assert found.notes[0].startswith("dump.")


def test_a_file_that_is_cut_is_refused_in_words(tmp_path: Path) -> None:
    for name, raw in (("a.json.gz", gzip.compress(b"[" + b"x" * 9000)[:-20]),
                      ("a.json", b'{"entities": {'), ("b.json", b"{}")):  # fmt: skip
        path = tmp_path / name
        path.write_bytes(raw)
        with pytest.raises(TwingraphError, match=name):
            read(path)


def test_results_as_json_and_as_csv_are_the_same(tmp_path: Path) -> None:
    cells = {
        "item": "http://www.wikidata.org/entity/Q64", "itemLabel": "Berlin",
        "target": "http://www.wikidata.org/entity/Q90", "targetLabel": "Q90",
        "st": "http://www.wikidata.org/entity/statement/" + GUID.replace("$", "-", 1),
        "rank": "http://wikiba.se/ontology#PreferredRank",
        "start": "1987-01-01T00:00:00Z", "startPrec": "9",
        "end": "http://www.wikidata.org/.well-known/genid/abc",
    }  # fmt: skip
    bindings = [{name: {"type": "literal", "value": value} for name, value in cells.items()}] * 2
    (tmp_path / "r.json").write_text(json.dumps({"results": {"bindings": bindings}}))
    line = ",".join(cells.values())
    (tmp_path / "r.csv").write_text(",".join(cells) + f"\n{line}\n{line}\n")

    one, other = read(tmp_path / "r.json").rows, read(tmp_path / "r.csv").rows
    assert one == other
    [row] = one  # a row that came twice is one row
    assert (row.statement, row.rank, row.start, row.end) == (GUID, "preferred", "1987", "somevalue")
    assert row.target_label == ""  # the label service gives the identifier where there is none


def test_half_a_character_of_a_label_is_written_as_a_question_mark() -> None:
    half = {"en": {"language": "en", "value": "Ber\ud83clin"}}
    [row] = rows(statement(P1545=["\ud83c"]), labels=half)

    assert row.item_label == "Ber?lin"
    assert write_rows([row]).encode()
    assert cell({"item": {"value": "\ud83c"}}, "item") == "?"
    binding = {name: {"value": text} for name, text in {
        "item": "Q64", "target": "Q90", "itemLabel": "Ber\ud83clin",
    }.items()}  # fmt: skip
    assert write_rows(rows_of_results([binding], [])).encode()


def test_numbers_of_any_length_are_read() -> None:
    """Python makes no number of more than 4,300 digits; no item of Wikidata has as many."""
    digits = "9" * 5000
    late = time_of(f"+{digits}-00-00T00:00:00Z", 9)
    odd = rows(statement(f"Q{digits}"), statement(P580=[late]))
    binding = {name: {"value": text} for name, text in {
        "item": "Q64", "target": "Q90", "start": "1999", "startPrec": digits,
    }.items()}  # fmt: skip
    results = [*rows_of_results([binding, {**binding, "target": {"value": f"Q{digits}"}}], [])]

    assert f"Q{digits}" not in write_rows([*odd, *results])
    assert WikidataTime(f"+{digits}-01-01T00:00:00Z", 9).text


# --- into the graph -------------------------------------------------------------------------------


def imported(project: Settings, *statements: object) -> tuple[Imported, Collection[Quad]]:
    path = project.folder / "Q64.json"
    other = entity(item="Q90", labels={"fr": {"language": "fr", "value": "Paris"}})
    path.write_text(json.dumps({"entities": {"Q64": entity(*statements), "Q90": other}}))
    done = import_wikidata(project, [path], DAY, "wikidata", quiet)
    return done, next(file.quads for file in read_project(project).files
                      if file.path == "data/imports/wikidata/rows.csv")  # fmt: skip


def values(quads: Collection[Quad], verb: object) -> set[str]:
    return {str(quad.object) for quad in quads if quad.predicate == verb}


def test_ended_statements_have_ended_whatever_their_rank(project: Settings) -> None:
    some = {"snaktype": "somevalue"}
    done, quads = imported(project, statement(P582=[some]))

    assert done.results["written"] == 1
    assert any("status/ended" in item for item in values(quads, TG.value))
    assert not any(item.startswith('"') for item in values(quads, TG.value))  # no date is made up


def test_deprecated_is_wrong_and_not_ended(project: Settings) -> None:
    lower = GUID.replace("Q64", "q64").replace("0001", "0002")
    done, quads = imported(
        project,
        statement(rank="deprecated"),
        statement("Q84", guid=lower, rank="preferred"),
    )

    assert dict(done.results) == {"written": 1, "refused": 1}
    assert list(done.reasons) == ["the list itself calls it wrong (rank deprecated)"]
    assert not any("ended" in item for item in values(quads, TG.value))
    [address] = [item for item in values(quads, TG.statement) if "statement/" in item]
    assert address.endswith("/q64-1e9bf6a7-4a2e-4f9c-8a8f-000000000002>")  # as it is written


def test_places_are_found_by_their_item_and_minted_else(project: Settings) -> None:
    done, _ = imported(project, statement())
    again, _ = imported(project, statement())

    assert done.minted == 2
    table = (project.folder / "data/entities/places.csv").read_text()
    assert "berlin,Q64,Berlin" in table and "paris,Q90,Paris" in table
    assert (again.minted, again.changed) == (0, ())


def test_a_curated_place_is_taken_by_its_item_and_its_namesake_says_which_it_is(
    project: Settings,
) -> None:
    entities = project.folder / "data/entities"
    entities.mkdir(parents=True)
    (entities / "places.csv").write_text(
        "slug,wikidata,label_en,label_de\nbrussels,Q239,Brussels,Brüssel\n", encoding="utf-8"
    )
    region = entity(statement(), item="Q239", labels={"de": {"value": "Brüssel"}})
    town = entity(statement(guid="Q9005$2"), item="Q9005", labels={"de": {"value": "Brüssel"}})

    path = project.folder / "found.json"
    path.write_text(json.dumps([region, town]), encoding="utf-8")
    done = import_wikidata(project, [path], DAY, "wikidata", quiet)

    assert dict(done.results)["written"] == 2
    table = (entities / "places.csv").read_text(encoding="utf-8")
    assert [line.split(",")[0] for line in table.splitlines() if "Q239" in line] == ["brussels"]
    assert [line.split(",")[0] for line in table.splitlines() if "Q9005" in line] == [
        "brussel-q9005"
    ]


# --- what Wikidata says of places -----------------------------------------------------------------


def claim(value: object, rank: str = "normal", **qualifiers: object) -> dict[str, object]:
    snak = {"snaktype": "value", "datavalue": {"value": value}}
    return {"mainsnak": snak, "rank": rank, "qualifiers": qualifiers}


def point(latitude: float, longitude: float, globe: str = "Q2") -> dict[str, object]:
    return {"latitude": latitude, "longitude": longitude, "precision": 0.0001,
            "globe": f"http://www.wikidata.org/entity/{globe}"}  # fmt: skip


def place_entity(item: str, **claims: object) -> dict[str, object]:
    found = entity(item=item)
    found["claims"] = claims
    return found


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"P625": [claim(point(52.516666666667, 13.383333333333))]}, ("52.51667", "13.38333")),
        ({"P625": [claim(point(1, 2)), claim(point(3, 4), "preferred")]}, ("3", "4")),
        ({"P625": [claim(point(1, 2)), claim(point(3, 4))]}, ("", "")),  # two of one rank
        ({"P625": [claim(point(1, 2), "deprecated")]}, ("", "")),
        ({"P625": [claim(point(1, 2, "Q405"))]}, ("", "")),  # on the Moon
        ({"P625": [claim(point(91, 2))]}, ("", "")),
        ({"P625": [{"mainsnak": {"snaktype": "somevalue"}}, "odd", None]}, ("", "")),
        ({"P625": "odd"}, ("", "")),
    ],
)
def test_a_point_is_taken_if_there_is_one(
    claims: dict[str, object], expected: tuple[str, str]
) -> None:
    found = place_of(place_entity("Q64", **claims))

    assert (found.latitude, found.longitude) == expected


def test_countries_that_have_ended_are_no_country_and_two_are_none() -> None:
    was = claim({"id": "Q43287"}, P582=[time_of("+1918-11-09T00:00:00Z", 11)])
    now, other = claim({"id": "Q183"}), claim({"id": "Q142"})

    assert place_of(place_entity("Q64", P17=[was, now])).country == "Q183"
    assert place_of(place_entity("Q64", P17=[now, other])).country == ""
    assert place_of(place_entity("Q64", P1566=[claim("2950159")])).geonames == "2950159"
    assert place_of(place_entity("Q64", P1566=[claim("x")])).geonames == ""


def test_places_get_what_the_project_does_not_say_with_a_source_of_its_own(
    project: Settings,
) -> None:
    entities = project.folder / "data/entities"
    entities.mkdir(parents=True)
    (entities / "places.csv").write_text(
        "slug,wikidata,label_en,label_de,code,level,country,latitude,longitude\n"
        "germany,,Germany,Deutschland,DE,country,,51,10\n"
        "berlin,Q64,Berlin,Berlin,,,,52.5,13.4\n", encoding="utf-8",
    )  # fmt: skip
    berlin = entity(statement())
    berlin["claims"] |= {  # type: ignore[operator]  # a dict of objects
        "P625": [claim(point(1, 2))], "P17": [claim({"id": "Q183"})], "P1566": [claim("2950159")],
    }  # fmt: skip
    paris = place_entity("Q90", P625=[claim(point(48.85, 2.35))], P17=[claim({"id": "Q142"})],
                         P1566=[claim("2988507")])  # fmt: skip
    germany = place_entity("Q183", P297=[claim("DE")])
    path = project.folder / "found.json"
    path.write_text(json.dumps([berlin, paris, germany]), encoding="utf-8")
    first = import_wikidata(project, [path], DAY, "wikidata", quiet)
    again = import_wikidata(project, [path], DAY, "wikidata", quiet)

    folder = project.folder / "data/imports/wikidata-places"
    table = (folder / "rows.csv").read_text(encoding="utf-8")
    slug = next(row.split(",")[0] for row in (entities / "places.csv").read_text().splitlines()
                if ",Q90," in row)  # fmt: skip
    assert table == (
        "slug,geonames,country,latitude,longitude\n"
        f"berlin,2950159,germany,,\n{slug},2988507,,48.85,2.35\n"
    )
    assert "data/imports/wikidata-places/rows.csv" in first.changed
    assert "country Q142 is no place of the project: not taken (1 ×)" in first.notes
    assert again.changed == ()

    curated = read_project(project)
    quads = published(curated)
    told = {(str(q.subject), str(q.object)) for q in quads if q.predicate == TG.country}
    home = project.base_iri + "id/place/"
    assert (f"<{home}berlin>", f"<{home}germany>") in told
    latitudes = [str(q.object) for q in quads if "latitude" in q.predicate.value
                 and str(q.subject) == f"<{home}berlin>"]  # fmt: skip
    assert set(latitudes) == {'"52.5"^^<http://www.w3.org/2001/XMLSchema#decimal>'}
    graph = f"<{project.base_iri}graph/import/wikidata-places>"
    assert any(str(q.graph_name) == graph and q.predicate == TG.country for q in quads)
    bad = [
        str(problem) for problem in check_curated(curated, quads) if problem.severity == "violation"
    ]
    assert bad == []


def test_a_gap_that_was_filled_leaves_no_row_of_a_place(project: Settings) -> None:
    entities = project.folder / "data/entities"
    entities.mkdir(parents=True)
    places = entities / "places.csv"
    places.write_text("slug,wikidata,label\nberlin,Q64,Berlin\n", encoding="utf-8")
    found = [place_of(place_entity("Q64", P625=[claim(point(52.5, 13.4))]))]
    nothing = import_places(project, "w-places", DAY, [])
    first = import_places(project, "w-places", DAY, found)
    places.write_text("slug,wikidata,label,latitude,longitude\nberlin,Q64,Berlin,52.52,13.4\n",
                      encoding="utf-8")  # fmt: skip
    second = import_places(project, "w-places", DAY, found)

    assert nothing.changed == ()
    assert "data/imports/w-places/rows.csv" in first.changed
    assert "data/imports/w-places/rows.csv" in second.changed
    assert (project.folder / "data/imports/w-places/rows.csv").read_text() == "slug\n"
    curated = read_project(project)
    assert [str(problem) for problem in check_curated(curated, published(curated))
            if problem.severity == "violation"] == []  # fmt: skip


# --- the query service ----------------------------------------------------------------------------

Answer = tuple[int, dict[str, str], bytes]


class StandIn:
    """A query service on this machine that plays a part; every request it gets is kept."""

    def __init__(self, play: Callable[[str, int], Answer]) -> None:
        self.queries: list[str] = []
        self.agents: list[str] = []
        self.together = self.most = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.together += 1
                outer.most = max(outer.most, outer.together)
                size = int(self.headers["content-length"])
                [query] = parse_qs(self.rfile.read(size).decode())["query"]
                outer.queries.append(query)
                outer.agents.append(self.headers["user-agent"])
                status, headers, body = play(query, len(outer.queries))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                outer.together -= 1

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/sparql"

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def stand_in() -> Iterator[Callable[[Callable[[str, int], Answer]], StandIn]]:
    made: list[StandIn] = []

    def make(play: Callable[[str, int], Answer]) -> StandIn:
        made.append(StandIn(play))
        return made[-1]

    yield make
    for item in made:
        item.stop()


def answer(*bindings: dict[str, str]) -> Answer:
    cells = [{name: {"value": value} for name, value in binding.items()} for binding in bindings]
    return 200, {}, json.dumps({"results": {"bindings": cells}}).encode()


def counts(**numbers: int) -> Answer:
    return answer(*({"country": f"http://www.wikidata.org/entity/{name}", "number": str(number)}
                    for name, number in numbers.items()))  # fmt: skip


def result(number: int) -> dict[str, str]:
    start = "http://www.wikidata.org/entity/"
    return {"item": f"{start}Q{number}", "target": f"{start}Q90", "itemLabel": f"Town {number}",
            "statement": f"{start}statement/Q{number}-abc", "rank": "x#NormalRank"}  # fmt: skip


def client(url: str, waited: list[float]) -> QueryClient:
    return QueryClient(url, "data@example.org", waited.append, lambda: 1_000_000.0)


def test_without_a_contact_no_request_is_sent(project: Settings) -> None:
    done = CliRunner().invoke(cli, ["--project", str(project.folder), "import", "wikidata"])

    assert done.exit_code != 0
    assert isinstance(done.exception, TwingraphError)
    assert "--contact" in str(done.exception)


def test_everything_is_requested_slice_by_slice_and_counted(
    stand_in: Callable[..., StandIn], tmp_path: Path
) -> None:
    def play(query: str, _: int) -> Answer:
        if "GROUP BY" in query:
            return counts(Q183=2, Q142=1)
        return answer(result(1), result(2)) if "wd:Q183" in query else answer(result(3))

    server = stand_in(play)
    fetched = fetch(client(server.url, []), tmp_path / "kept", quiet)

    assert sorted(row.item for row in fetched.rows) == ["Q1", "Q2", "Q3"]
    assert fetched.notes == []
    assert server.most == 1  # one query at a time
    assert set(server.agents) == {server.agents[0]}
    assert "data@example.org" in server.agents[0]


def test_places_are_requested_in_slices(stand_in: Callable[..., StandIn]) -> None:
    home = "http://www.wikidata.org/entity/"

    def play(query: str, _: int) -> Answer:
        assert "wdt:P625" in query and query.count(" wd:Q") <= 200
        if "wd:Q64 " not in query:
            return answer()
        return answer(
            {"item": f"{home}Q64", "point": "Point(13.383333333 52.516666666)"},
            {"item": f"{home}Q64", "country": f"{home}Q183", "code": "DE"},
            {"item": f"{home}Q64", "geonames": "2950159"},
            {"item": f"{home}Q65", "point": f"<{home}Q405> Point(1 2)"},
            {"item": f"{home}Q66", "country": f"{home}Q183"},
            {"item": f"{home}Q66", "country": f"{home}Q142"},
        )

    server = stand_in(play)
    found = list(fetch_places(client(server.url, []), [f"Q{n}" for n in range(60, 360)], quiet))

    assert ItemPlace("Q64", "52.51667", "13.38333", "Q183", "2950159") in found
    assert ItemPlace("Q183", code="DE") in found
    assert {place.item for place in found if place.latitude or place.country} == {"Q64"}
    assert len(server.queries) == 2


def test_it_waits_as_long_as_retry_after_says(
    stand_in: Callable[..., StandIn], tmp_path: Path
) -> None:
    later = format_datetime(datetime.fromtimestamp(1_000_042, UTC), usegmt=True)

    def play(query: str, number: int) -> Answer:
        if number == 1:
            return 429, {"Retry-After": "17"}, b""
        if number == 2:
            return 503, {"Retry-After": later}, b"<html>"
        return counts(Q183=1) if "GROUP BY" in query else answer(result(1))

    waited: list[float] = []
    fetch(client(stand_in(play).url, waited), tmp_path, quiet)

    assert waited[:2] == [17.0, 42.0]


def test_a_cut_late_or_short_answer_is_requested_again_in_halves(
    stand_in: Callable[..., StandIn], tmp_path: Path
) -> None:
    cut = answer(result(1))[2][:-30] + b"\njava.util.concurrent.TimeoutException\n\tat org.x"
    broken: dict[int, Answer] = {2: (200, {}, cut), 3: (500, {}, b"<html>"), 4: (200, {}, b"")}

    def play(query: str, number: int) -> Answer:
        if "GROUP BY" in query:
            return counts(Q183=4)
        if number in broken:
            return broken[number]
        return answer(*(result(n) for n in range(1, 5)
                        if f"* {_parts(query)}) = {n % _parts(query)})" in query))  # fmt: skip

    server = stand_in(play)
    fetched = fetch(client(server.url, []), tmp_path, quiet)

    assert sorted(row.item for row in fetched.rows) == ["Q1", "Q2", "Q3", "Q4"]


def _parts(query: str) -> int:
    return int(query.partition("entity/Q')) / ")[2].partition(")")[0] or 1)


def test_a_large_country_is_requested_in_parts(
    stand_in: Callable[..., StandIn], tmp_path: Path
) -> None:
    def play(query: str, _: int) -> Answer:
        return counts(Q183=3 * MAX_SLICE) if "GROUP BY" in query else answer(result(1))

    server = stand_in(play)
    fetched = fetch(client(server.url, []), tmp_path, quiet)

    assert len(server.queries) == 1 + 4
    assert "1 statements came" in fetched.notes[-1]  # and the counts are compared


def test_a_run_that_was_stopped_goes_on_where_it_was(
    stand_in: Callable[..., StandIn], tmp_path: Path
) -> None:
    def play(query: str, number: int) -> Answer:
        if "GROUP BY" in query:
            return counts(Q142=1, Q183=1)
        if number == 3:
            return 403, {}, b"<html><h1>Please set a user-agent and respect our robot policy"
        return answer(result(number))

    server = stand_in(play)
    with pytest.raises(TwingraphError, match="403: Please set a user-agent"):
        fetch(client(server.url, []), tmp_path, quiet)
    fetched = fetch(client(server.url, []), tmp_path, quiet)

    assert len(server.queries) == 4  # the count and the first country were kept
    assert len(fetched.rows) == 2


def test_a_redirect_is_not_followed(stand_in: Callable[..., StandIn], tmp_path: Path) -> None:
    server = stand_in(lambda *_: (302, {"Location": "http://127.0.0.1:9/"}, b"moved"))

    with pytest.raises(TwingraphError, match="answers 302"):
        fetch(client(server.url, []), tmp_path, quiet)


@pytest.mark.parametrize(
    ("slug", "day", "words"),
    [("../../out", DAY, "is no slug"), ("wikidata", "garbage", "is no day"),
     ("linked", DAY, "leads out of the project")],
)  # fmt: skip
def test_nothing_is_fetched_into_a_place_outside_the_project(
    project: Settings, tmp_path_factory: pytest.TempPathFactory, slug: str, day: str, words: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (project.folder / "data/imports").mkdir(parents=True)
    (project.folder / "data/imports/linked").symlink_to(outside)
    with pytest.raises(TwingraphError, match=words):
        import_wikidata(project, [project.folder / "absent.json"], day, slug, quiet)
    assert list(outside.iterdir()) == []
