"""The Reconciliation API as OpenRefine sends it: every answer is valid, every replay comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
from referencing import Registry, Resource
from starlette.testclient import TestClient

from twingraph.derive.names import fold
from twingraph.link import countries, exonyms
from twingraph.link.gazetteer import Gazetteer, Place
from twingraph.link.matcher import Query, find
from twingraph.link.reconcile import (
    Partnership,
    RefusedQueryError,
    Register,
    answer_batch,
    answer_match,
)
from twingraph.link.reconcile_extend import answer_extend, answer_extend_draft, suggest_entity
from twingraph.web.reconcile import read_tables

REFINE = {"Origin": "http://127.0.0.1:3333"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
Validate = Callable[[str, object], None]


@pytest.fixture(scope="module", params=["0.2", "1.0-draft"])
def schemas(request: pytest.FixtureRequest, artefacts: Callable[[str], Path]) -> Path:
    return artefacts(f"checks/reconciliation/{request.param}")


def validator(folder: Path, name: str) -> jsonschema.protocols.Validator:
    resources = []
    for path in (folder / "schemas").glob("*.json"):
        schema = json.loads(path.read_text())
        resource = Resource.opaque(schema)
        resources += [(path.name, resource), (str(schema.get("$id", "")).rpartition("/")[0]
                      + "/" + path.name, resource)]  # fmt: skip
    security = {"type": "object", "required": ["type"]}
    resources.append(("http://swagger.io/v2/schema.json", Resource.opaque(
        {"definitions": {"securityDefinitions": {"additionalProperties": security}}})))  # fmt: skip
    registry: Registry[Any] = Registry().with_resources(resources)
    schema = json.loads((folder / "schemas" / f"{name}.json").read_text())
    kind = jsonschema.Draft7Validator
    return kind(schema, registry=registry)


def valid(folder: Path, name: str, value: object) -> bool:
    return not list(validator(folder, name).iter_errors(value))


def examples(folder: Path) -> Iterator[tuple[str, bool, object]]:
    for path in sorted((folder / "examples").glob("*/*/*.json")):
        yield path.parts[-3], path.parts[-2] == "valid", json.loads(path.read_text())


def post(client: TestClient, path: str, **fields: object) -> Any:
    body = urlencode({name: json.dumps(value) for name, value in fields.items()})
    return client.post(path, content=body, headers={**FORM, **REFINE})


@pytest.fixture(scope="module")
def register() -> Register:
    places = [
        Place("bonn", ("Bonn",), country="DE", ids=frozenset({"bonn", "Q586"}), weight=2),
        Place("minsk", ("Minsk", "Мінск"), country="BY", ids=frozenset({"minsk"}), weight=1),
        Place("empty", ("Leerstadt",), country="DE", ids=frozenset({"empty"})),
    ]
    told = {"bonn": [Partnership("minsk", "1993", "active"), Partnership("koln", "1987-07-02")]}
    return Register(Gazetteer(places), lambda slug: told.get(slug, []), "https://example.org/")


# --- the official examples ------------------------------------------------------------------------


def test_packed_places_are_found_as_the_others(register: Register) -> None:
    plain = register.gazetteer
    packed = plain.packed()

    assert list(packed.places) == list(plain.places)
    assert list(packed.names) == list(plain.names)
    assert dict(packed.by_slug) == dict(plain.by_slug)
    assert {key: list(numbers) for key, numbers in packed.by_id.items()} == dict(plain.by_id)
    assert "nowhere" not in packed.by_slug and "nowhere" not in packed.by_id
    for place in plain.places:
        for name in (*place.names, place.label[:-1], place.label[1:] + "e", place.slug):
            assert find(packed, Query(name)) == find(plain, Query(name))
            start = fold(name)[:2]
            assert packed.beginning(start, 9) == plain.beginning(start, 9)
            assert packed.knows(fold(name)) == plain.knows(fold(name))


def test_the_official_examples_are_judged_as_they_should(schemas: Path) -> None:
    names = {path.stem for path in (schemas / "schemas").glob("*.json")}
    judged = [(kind, expected, valid(schemas, kind, value))
              for kind, expected, value in examples(schemas) if kind in names]  # fmt: skip
    assert len(judged) > 20
    # what the schemas themselves let through is theirs
    wrong = [item for item in judged if item[1] and not item[2]]
    assert wrong == []


def test_every_valid_example_of_a_question_is_answered_validly(
    schemas: Path, register: Register
) -> None:
    draft = schemas.name != "0.2"
    for kind, good, value in examples(schemas):
        if kind == "reconciliation-query-batch" and good:
            answer = (answer_match if draft else answer_batch)(register, value, "en")
            assert valid(schemas, "reconciliation-result-batch", answer)
        if kind == "data-extension-query" and good:
            extend = answer_extend_draft if draft else answer_extend
            assert valid(schemas, "data-extension-response", extend(register, value, "en"))


def test_every_answer_is_valid(client: TestClient, artefacts: Callable[[str], Path]) -> None:
    folder = artefacts("checks/reconciliation/0.2")
    asked = {"q0": {"query": "Bonn"}, "q1": {"query": "nowhere at all"}}
    extend = {"ids": ["bonn", "nowhere"], "properties": [{"id": "partners"}, {"id": "start"}]}
    told: Mapping[str, object] = {
        "manifest": client.get("/reconcile").json(),
        "reconciliation-result-batch": post(client, "/reconcile", queries=asked).json(),
        "data-extension-response": post(client, "/reconcile", extend=extend).json(),
        "suggest-entities-response": client.get("/reconcile/suggest/entity?prefix=bo").json(),
        "suggest-properties-response": client.get("/reconcile/suggest/property?prefix=s").json(),
        "suggest-types-response": client.get("/reconcile/suggest/type?prefix=").json(),
        "data-extension-property-proposal": client.get("/reconcile/properties").json(),
    }
    assert [name for name, value in told.items() if not valid(folder, name, value)] == []
    assert all(told.values())


def test_every_answer_of_the_draft_is_valid(
    client: TestClient, artefacts: Callable[[str], Path]
) -> None:
    folder, start = artefacts("checks/reconciliation/1.0-draft"), "/reconcile/1.0-draft"
    query = {"conditions": [
        {"matchType": "name", "propertyValue": "Bonn"},
        {"matchType": "property", "propertyId": "country", "propertyValue": "DE"},
    ]}  # fmt: skip
    extend = {"ids": ["bonn", "nowhere"], "properties": [{"id": "partners"}, {"id": "start"}]}
    told = {
        "manifest": client.get(start).json(),
        "reconciliation-result-batch": client.post(
            f"{start}/match", json={"queries": [query]}).json(),
        "data-extension-response": client.post(f"{start}/extend", json=extend).json(),
        "suggest-entities-response": client.get(f"{start}/suggest/entity?prefix=bo").json(),
        "suggest-properties-response": client.get(f"{start}/suggest/property?prefix=s").json(),
        "suggest-types-response": client.get(f"{start}/suggest/type?prefix=").json(),
        "data-extension-property-proposal": client.get(f"{start}/extend/propose").json(),
    }  # fmt: skip
    assert [name for name, value in told.items() if not valid(folder, name, value)] == []
    [candidate, *_] = told["reconciliation-result-batch"]["results"][0]["candidates"]
    assert (candidate["id"], candidate["match"]) == ("bonn", True)


# --- the nine replays -----------------------------------------------------------------------------


def test_1_options_is_answered(client: TestClient) -> None:
    answer = client.options("/reconcile", headers=REFINE)

    assert answer.status_code == 204
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/reconcile", "/reconcile/"])
def test_2_the_manifest_with_and_without_a_slash(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=REFINE)
    told = answer.json()

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert told["versions"] == ["0.2"]
    assert [set(item) for item in told["defaultTypes"]] == [{"id", "name"}]
    assert all(told[part]["url"].startswith("http") for part in ("view", "preview"))
    assert told["suggest"]["entity"]["service_url"].startswith("http")


def test_3_guessing_types(client: TestClient) -> None:
    names = ("Bonn", "Berlin", "Minsk", "Paris", "Leipzig", "Tokyo", "Prague", "Moscow", "x", "")
    queries = {f"q{number}": {"query": name, "limit": 3} for number, name in enumerate(names)}
    answer = post(client, "/reconcile", queries=queries).json()

    assert set(answer) == set(queries)
    assert all("result" in item for item in answer.values())
    assert answer["q0"]["result"][0]["type"][0] == {"id": "place", "name": "Place"}
    assert all(len(item["result"]) <= 3 for item in answer.values())


def test_4_types_and_properties_as_text_and_as_cells(client: TestClient) -> None:
    def ask(value: object) -> Any:
        query = {"query": "Minsk", "type": "place", "type_strict": "should",
                 "properties": [{"pid": "country", "v": value}]}  # fmt: skip
        return post(client, "/reconcile", queries={"q0": query}).json()["q0"]["result"]

    for value in ("Belarus", "BY", {"id": "belarus", "name": "Belarus"}, ["BY"]):
        [first, *rest] = ask(value)
        assert (first["id"], first["match"]) == ("minsk", True)
        assert not any(item["match"] for item in rest)
        assert all(item["score"] <= first["score"] for item in rest)
    assert ask("FR")[0]["match"] is False
    assert ask("FR")[0]["features"][1] == {
        "id": "country", "name": "country agrees", "value": False
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["entity", "property", "type"])
@pytest.mark.parametrize("prefix", ["Мінс", "Münch", "", "b", "x" * 10_000])
def test_5_suggest(client: TestClient, kind: str, prefix: str) -> None:
    answer = client.get(f"/reconcile/suggest/{kind}", params={"prefix": prefix}, headers=REFINE)

    assert answer.status_code == 200
    assert all({"id", "name"} <= set(item) for item in answer.json()["result"])


def test_6_the_preview_is_allowed_in_a_frame_without_scripts(client: TestClient) -> None:
    answer = client.get("/reconcile/preview?id=bonn", headers={"Accept-Language": "de"})

    assert answer.status_code == 200
    assert 'lang="de"' in answer.text and "Bonn" in answer.text
    assert "<script" not in answer.text
    assert "frame-ancestors" not in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    assert client.get("/reconcile/preview?id=<b>").status_code == 404


def test_7_properties_with_and_without_a_type(client: TestClient) -> None:
    for query in ("", "?type=", "?type=place"):
        told = client.get(f"/reconcile/properties{query}").json()["properties"]
        assert all(item["name"] for item in told)


def test_8_every_row_of_an_extension_has_every_property(register: Register) -> None:
    ids = ["bonn", "nowhere", "empty"]
    pids = [{"id": "start"}, {"id": "start-day"}, {"id": "partners"}]
    asked = {"ids": ids, "properties": pids}
    told = answer_extend(register, asked, "en")

    assert [item["id"] for item in told["meta"]] == ["start", "start-day", "partners"]  # type: ignore[attr-defined]  # JSON
    rows: Any = told["rows"]
    assert {name: set(row) for name, row in rows.items()} == {
        item: {"start", "start-day", "partners"} for item in ids
    }
    assert rows["bonn"]["start"] == [{"str": "1993"}, {"str": "1987-07-02"}]
    assert rows["bonn"]["start-day"] == [{"date": "1987-07-02T00:00:00Z"}]  # never a made-up day
    assert rows["nowhere"]["partners"] == rows["empty"]["partners"] == []


@pytest.mark.parametrize("answer", [answer_extend, answer_extend_draft])
def test_an_extension_is_bounded(register: Register, answer: Callable[..., Any]) -> None:
    asked: list[str] = []

    def look_up(slug: str) -> Any:
        asked.append(slug)
        return register.partnerships(slug)

    counting = replace(register, partnerships=look_up)
    pids = ["partners", "start", "status", "P297", "partners"]
    ids = ["bonn", "Q586", "https://example.org/id/place/bonn", "minsk"]
    answer(counting, {"ids": ids, "properties": pids}, "en")
    assert asked == ["bonn", "minsk"]  # once a place

    refused: tuple[tuple[list[str], list[str]], ...] = (
        (["/" * n + "bonn" for n in range(9)], pids),
        (["bonn"], [f"P{n}" for n in range(51)]),
        (["bonn"], ["p" * 101]),
        ([f"x{n}" for n in range(501)], pids),
    )
    for places, properties in refused:
        with pytest.raises(RefusedQueryError, match="at most"):
            answer(counting, {"ids": places, "properties": properties}, "en")
    assert len(asked) == 2


@pytest.mark.parametrize("path", ["match", "extend"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_what_is_posted_is_not_fetched(client: TestClient, path: str, method: str) -> None:
    found = client.request(method, f"/reconcile/1.0-draft/{path}")

    assert found.status_code == 405
    assert "POST" in found.headers["allow"]


def test_9_what_is_no_question_is_refused_in_json(client: TestClient) -> None:
    broken = client.post("/reconcile", content="queries={", headers=FORM)
    missing = client.post("/reconcile", content="other=1", headers=FORM)
    large = client.post("/reconcile", content=b"queries=" + b"x" * 11_000_000, headers=FORM)
    many = post(client, "/reconcile", queries={f"q{n}": {"query": "x"} for n in range(101)})

    codes = [item.status_code for item in (broken, missing, large, many)]
    assert codes == [400, 400, 413, 413]
    assert all("error" in item.json() for item in (broken, missing, large, many))
    wrong: tuple[object, ...] = (
        [],
        {"q0": 1},
        {"q0": {"query": "a", "properties": 1}},
        {"q0": {"query": {}}},
        {"\ud800": 5},  # half a character of UTF-16
    )
    for queries in wrong:
        assert post(client, "/reconcile", queries=queries).status_code == 400


@pytest.mark.parametrize("number", ["inf", "nan", "1e309", "500", -91, "", [], {}, "0x1", None])
def test_a_number_that_is_no_coordinate_does_not_count(client: TestClient, number: object) -> None:
    def ask(*properties: dict[str, object]) -> Any:
        queries = {"q0": {"query": "Bonn", "properties": list(properties)}}
        return post(client, "/reconcile", queries=queries)

    without = ask()
    assert without.json()["q0"]["result"]
    for pid, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if (pid, number) != ("longitude", -91):
            found = ask({"pid": pid, "v": number}, {"pid": other, "v": 7.1})
            assert (found.status_code, found.json()) == (200, without.json())
    infinite = b'{"q0": {"query": "Bonn", "properties": [{"pid": "latitude", "v": Infinity}, '
    infinite += b'{"pid": "longitude", "v": NaN}]}}'
    found = client.post("/reconcile", content=urlencode({"queries": infinite}), headers=FORM)
    assert (found.status_code, found.json()) == (200, without.json())


# --- what else users know -------------------------------------------------------------------------


def test_an_identifier_in_place_of_a_name_is_sure(client: TestClient) -> None:
    for name in ("Q586", "http://www.wikidata.org/entity/Q586",
                 "https://w3id.org/twingraph/id/place/bonn"):  # fmt: skip
        [first] = post(client, "/reconcile", queries={"a": {"query": name}}).json()["a"]["result"]
        assert (first["id"], first["score"], first["match"]) == ("bonn", 100.0, True)


def test_two_places_of_one_name_are_never_matched() -> None:
    places = [Place("a", ("Halle",), country="DE"), Place("b", ("Halle",), country="DE")]
    register = Register(Gazetteer(places), lambda _: [], "https://example.org/")
    query = {"query": "Halle", "properties": [{"pid": "country", "v": "DE"}]}
    told: Any = answer_batch(register, {"q": query}, "en")

    assert [item["match"] for item in told["q"]["result"]] == [False, False]


def test_suggestions_begin_with_what_was_typed(register: Register) -> None:
    found: Any = suggest_entity(register, "МІН", "en")["result"]

    assert [item["id"] for item in found] == ["minsk"]


def test_the_page_for_pasting_names(client: TestClient) -> None:
    assert client.get("/en/reconcile").status_code == 200
    names = urlencode({"names": "Bonn, Germany\nBonnn, DE\nNosuchplaceatall\n<b>"})
    answer = client.post("/de/reconcile", content=names, headers=FORM)

    assert answer.status_code == 200
    for heading in ("Sicher", "Wahrscheinlich", "Von Hand"):
        assert f">{heading}</h2>" in answer.text
    assert 'href="place/bonn.html"' in answer.text
    assert "<b>" not in answer.text


def test_matching_opens_no_file_once_its_tables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may open none, and is asked before what others prepare for it is there."""
    countries.table.cache_clear()
    exonyms.read.cache_clear()
    exonyms._by_form.cache_clear()
    countries._table.cache_clear()
    read_tables()

    def refuse(*_: object, **__: object) -> object:
        raise OSError("too many open files")

    monkeypatch.setattr("io.open", refuse)
    assert exonyms.cities_named("neapel")
    assert countries._table()
    assert fold("Мінск 北京").isascii()
