"""Tables: valid for the field's own validators, true to the graph, whole in the worst of cells."""

from __future__ import annotations

import argparse
import csv
import doctest
import io
import json
import random
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import csvw
import hypothesis.strategies as st
import jsonschema
import pytest
from csvw import __main__ as command
from hypothesis import given
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, parse

from twingraph.derive.published import published
from twingraph.export.dumps import DUMPS, Frozen
from twingraph.export.tables.columns import MORE
from twingraph.export.tables.files import FILES, write_rows
from twingraph.export.tables.schema import TABLES
from twingraph.rdf.frozen import default_triples
from twingraph.rdf.vocabulary import HOME, RDF, RDFS, TG, XSD, prefixes_for
from twingraph.settings import Settings, load_settings
from twingraph.source.read import read_project
from twingraph.source.rebase import rebase_quad
from twingraph.source.starter import make_project

PREFIXES: Final = prefixes_for(HOME)

ROOT = Path(__file__).parent.parent
PREAMBLE = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
ELSEWHERE = "http://127.0.0.1:8765/ties/"

Rows = list[dict[str, str]]

# a partnership of three, one of them no place; sources that disagree; two languages and no comment
NETWORK = """
place:aa a tg:AdministrativeUnit ; rdfs:label "Aa"@en , "Aa"@de ; skos:altLabel "Aha"@fr ;
  schema:latitude 10.0 ; schema:longitude 170.0 ; owl:sameAs wd:Q1 , gn:12\\/ , <https://e.org/ü> .
place:bb a tg:AdministrativeUnit ; rdfs:label "Bb"@en ; tg:level level:city , level:country .
orgid:league a org:Organization ; rdfs:label "League"@en .
partnership:league a tg:Partnership ; rdfs:label "League"@en , "Liga"@de ;
  tg:partner place:aa , place:bb , orgid:league ; tg:distanceKm 12 , 13 ;
  tg:partnershipType type:twinning , type:friendship ; tg:hasConflict tg:partnershipType ;
  tg:start "[1993~,2003]"^^edtf:EDTF ; tg:earliestStart "1992-01-01"^^xsd:date ;
  tg:latestStart "2003-12-31"^^xsd:date .
claim:one a tg:Claim ; tg:subject partnership:league ; tg:property tg:partnershipType ;
  tg:value type:twinning ; tg:cites cite:one .
claim:two a tg:Claim ; tg:subject partnership:league ; tg:property tg:partnershipType ;
  tg:value type:friendship ; tg:asOf "2020~"^^edtf:EDTF ; tg:hedge "wohl"@de .
claim:name a tg:Claim ; tg:subject place:aa ; tg:property skos:altLabel ; tg:value "Aha"@fr .
cite:one a tg:Citation ; tg:inSource source:list ; tg:line 3 ; tg:quote "twinned" .
source:list a tg:SourceDocument ; rdfs:label "A list"@en ; foaf:page <https://example.org/liste/ü> .
type:twinning a skos:Concept ; skos:prefLabel "town twinning"@en .
type:friendship a skos:Concept ; skos:prefLabel "friendship"@en .
"""


def frozen(turtle: str, base: str = HOME) -> Frozen:
    quads = list(parse((PREAMBLE + turtle).encode(), format=RdfFormat.TURTLE))
    settings = Settings(Path(), base_iri=base, title={"en": "A small world"}, release="2026-11-21")
    moved = [rebase_quad(quad, HOME, base) for quad in quads]
    return Frozen(moved, base, prefixes_for(base), settings)


def write(graph: Frozen, folder: Path) -> Path:
    """Write the tables of a graph; return the folder they lie in."""
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(DUMPS[name](graph)))
    return folder / "tables"


def read(table: Path) -> Rows:
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def rows_of(graph: Frozen, name: str) -> Rows:
    text = b"".join(DUMPS[f"tables/{name}.csv"](graph)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def run(tool: str, *words: str | Path) -> int:
    """Run a validator as anybody would from the shell."""
    return subprocess.run(
        [Path(sys.executable).with_name(tool), *words],
        capture_output=True,
        check=False,
        timeout=120,
    ).returncode


def csvwvalidate(path: Path) -> int:
    """Return what the command of that name leaves with, without the wait for another Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # it counts them, and they would end our test first
        words = argparse.Namespace(url=str(path), verbose=False, lax=False)
        return int(command.csvwvalidate(words, test=True))


def validate(folder: Path) -> dict[str, int]:
    """Return what the two validators leave with for the whole of a folder of tables."""
    return {
        "frictionless": run("frictionless", "validate", folder / "datapackage.json"),
        "csvwvalidate": csvwvalidate(folder / "csv-metadata.json"),
    }


VALID = {"frictionless": 0, "csvwvalidate": 0}


def rdf_of(metadata: Path) -> set[Triple]:
    """Convert tables to RDF as CSVW has it (csv2rdf §4, minimal mode), read by the csvw library."""
    made = set()
    for table in csvw.CSVW(str(metadata)).tables:
        schema = table.tableSchema
        for number, row in enumerate(table.iterdicts(), 1):
            about = NamedNode(table.expand(schema.inherit("aboutUrl"), row, number))
            for column in schema.columns:
                if column.suppressOutput or (not column.virtual and row[column.name] is None):
                    continue
                verb = NamedNode(
                    table.expand(column.inherit("propertyUrl"), row, number, column.name)
                )
                made.add(Triple(about, verb, _object(table, column, row, number)))
    return made


def _object(
    table: csvw.Table, column: csvw.Column, row: Mapping[str, object], number: int
) -> NamedNode | Literal:
    if column.valueUrl is not None:
        return NamedNode(table.expand(column.valueUrl, row, number, column.name))
    text = column.datatype.formatted(row[column.name])
    if column.lang != "und":
        return Literal(text, language=column.lang)
    own = column.datatype.at_props.get("id")
    return Literal(text, datatype=NamedNode(own or PREFIXES["xsd"] + column.datatype.base))


def subjects(triples: set[Triple], class_: NamedNode) -> set[str]:
    return {
        triple.subject.value for triple in triples
        if isinstance(triple.subject, NamedNode)
        and (triple.predicate, triple.object) == (RDF.type, class_)
    }  # fmt: skip


@pytest.fixture(scope="module")
def tables(built: Path) -> Path:
    return built / "tables"


@pytest.fixture(scope="module")
def dump(built: Path) -> set[Triple]:
    return {quad.triple for quad in parse(path=built / "twingraph.nt")}


# --- validators ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_both_validators_find_the_published_tables_valid(tables: Path) -> None:
    assert run("frictionless", "validate", tables / "datapackage.json") == 0
    assert run("csvwvalidate", tables / "csv-metadata.json") == 0
    assert run("csvwvalidate", tables / "places.csv") == 0


def test_each_table_is_found_valid_by_itself_with_the_description_beside_it(tables: Path) -> None:
    found = {path.name: csvwvalidate(path) for path in sorted(tables.glob("*.csv"))}

    assert found == {f"{table.name}.csv": 0 for table in TABLES}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "old", "new", "bitten"),
    [
        ("places", "Berlin,Berlin", "Berlim,Berlin", {"frictionless"}),
        ("members", "id/place/bonn,", "id/place/bonm,", {"frictionless", "csvwvalidate"}),
        ("citations", "id/source/", "id/sauce/", {"frictionless", "csvwvalidate"}),
        ("claims", ",https://w3id.org/twingraph/ns#start,", ",,",
         {"frictionless", "csvwvalidate"}),
    ],
)  # fmt: skip
def test_the_validators_bite(
    tables: Path, tmp_path: Path, table: str, old: str, new: str, bitten: set[str]
) -> None:
    for item in tables.iterdir():
        (tmp_path / item.name).write_bytes(item.read_bytes())
    path = tmp_path / f"{table}.csv"
    raw = path.read_bytes()
    path.write_bytes(raw.replace(old.encode(), new.encode(), 1))

    assert path.read_bytes() != raw
    assert {name for name, code in validate(tmp_path).items() if code} == bitten


@pytest.mark.slow
def test_csvwvalidate_bites_as_a_command(tables: Path, tmp_path: Path) -> None:
    for item in tables.iterdir():
        (tmp_path / item.name).write_bytes(item.read_bytes())
    path = tmp_path / "partners.csv"
    path.write_bytes(path.read_bytes().replace(b"id/place/bonn,", b"id/place/bonm,", 1))

    assert run("csvwvalidate", tmp_path / "csv-metadata.json") != 0


def test_the_descriptor_keeps_to_the_profile_of_data_package_2(
    tables: Path, artefacts: Callable[[str], Path]
) -> None:
    profile = json.loads(artefacts("checks/frictionless/2.0/datapackage.json").read_bytes())
    descriptor = json.loads((tables / "datapackage.json").read_bytes())

    jsonschema.Draft7Validator(profile).validate(descriptor)
    assert descriptor["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"


# --- RDF -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_rdf_of_the_tables_is_part_of_the_dump(tables: Path, dump: set[Triple]) -> None:
    made = rdf_of(tables / "csv-metadata.json")

    assert made - dump == set()
    for verb in (TG.partner, TG.partnershipType, TG.start, TG.hasConflict, TG.inSource, TG.quote):
        said = {
            triple for triple in dump if triple.predicate == verb and "/id/" in str(triple.subject)
        }
        if verb == TG.start:
            ties = subjects(dump, TG.Partnership)
            said = {item for item in said if str(item.subject).strip("<>") in ties}
        assert said, verb
        assert said <= made, verb


@pytest.mark.slow
def test_the_rdf_of_a_network_elsewhere_is_part_of_its_dump(tmp_path: Path) -> None:
    graph = frozen(NETWORK, ELSEWHERE)
    made = rdf_of(write(graph, tmp_path) / "csv-metadata.json")

    assert made - set(default_triples(graph.quads)) == set()
    assert sum(item.predicate.value == TG.partner.value for item in made) == 3
    # the vocabulary is the same for every publisher; nothing else of ours is in it
    assert f"{HOME}id/" not in "".join(map(str, made))
    assert validate(tmp_path / "tables") == VALID


@pytest.mark.parametrize(
    ("table", "class_"),
    [("claims", TG.Claim), ("citations", TG.Citation), ("partnerships", TG.Partnership),
     ("sources", TG.SourceDocument)],
)  # fmt: skip
def test_nothing_that_is_published_is_missing_from_its_table(
    tables: Path, dump: set[Triple], table: str, class_: NamedNode
) -> None:
    iris = [row["iri"] for row in read(tables / f"{table}.csv")]

    assert iris == sorted(subjects(dump, class_))


# --- honesty -------------------------------------------------------------------------------------


def test_a_disagreement_shows_in_the_row_and_each_claim_in_claims(tables: Path) -> None:
    [minsk] = [
        row for row in read(tables / "partnerships.csv") if row["iri"].endswith("/bonn-minsk")
    ]
    claims = {
        row["value_date"]
        for row in read(tables / "claims.csv")
        if (row["subject"], row["property"]) == (minsk["iri"], TG.start.value)
    }

    assert (minsk["start"], minsk["conflict"]) == ("[1993~,2003]", TG.start.value)
    assert (minsk["earliest_start"], minsk["latest_start"]) == ("1992-01-01", "2003-12-31")
    assert minsk["start_year"] == ""
    assert {"1993~", "2003"} == claims
    assert minsk["sources_differ_on"] == ""
    assert minsk["start_modality"].endswith("/inferred")


def test_a_partnership_of_three_has_three_rows_of_members_and_one_partner_is_no_place() -> None:
    graph = frozen(NETWORK)
    members = [row["partner"] for row in rows_of(graph, "members")]
    [tie] = rows_of(graph, "partnerships")
    kinds = {row["iri"]: (row["kind"], row["place"]) for row in rows_of(graph, "partners")}

    assert members == [f"{HOME}id/{name}" for name in ("org/league", "place/aa", "place/bb")]
    assert (tie["partners"].split(), tie["partner_count"]) == (members, "3")
    assert kinds[members[0]] == ("org", "")
    assert kinds[members[1]] == ("place", members[1])


def test_of_several_values_none_is_chosen_and_the_row_says_where() -> None:
    [tie] = rows_of(frozen(NETWORK), "partnerships")

    assert (tie["distance_km"], tie[MORE]) == ("", "distance_km")
    assert tie["type"].split() == [
        f"{HOME}vocab/type/{name}" for name in ("friendship", "twinning")
    ]
    assert tie["conflict"] == TG.partnershipType.value


def test_every_member_of_a_list_that_a_template_can_write_has_its_row() -> None:
    graph = frozen(NETWORK)
    lists = {(row["property"], row["value"]) for row in rows_of(graph, "lists")}
    [source] = rows_of(graph, "sources")
    place = rows_of(graph, "places")[0]

    assert (TG.level.value, f"{HOME}vocab/level/city") in lists
    assert (PREFIXES["owl"] + "sameAs", "https://sws.geonames.org/12/") in lists
    assert (place["wikidata"], place["geonames"]) == ("Q1", "12")
    # %C3%BC would be another IRI, so that it stands in the cell alone
    assert source["page"] == "https://example.org/liste/ü"
    assert not any(not value.isascii() for _, value in lists)


def test_a_claim_of_any_kind_tells_its_value() -> None:
    claims = {row["iri"].rpartition("/")[2]: row for row in rows_of(frozen(NETWORK), "claims")}

    assert claims["name"]["value"] == "Aha"
    assert claims["name"]["value_language"] == "fr"
    assert claims["one"]["value"] == claims["one"]["value_iri"] == f"{HOME}vocab/type/twinning"
    assert claims["one"]["value_label_en"] == "town twinning"
    assert (claims["two"]["as_of"], claims["two"]["hedge"]) == ("2020~", "wohl")
    assert {row[MORE] for row in claims.values()} == {""}


# --- other projects ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["all", "nothing"])
def test_a_starter_and_an_empty_project_have_valid_tables(tmp_path: Path, kept: str) -> None:
    make_project(tmp_path / "project", ELSEWHERE, "Ties", date(2026, 11, 21))
    settings = load_settings(tmp_path / "project")
    quads = published(read_project(settings)) if kept == "all" else frozenset()
    folder = write(Frozen(list(quads), ELSEWHERE, {}, settings), tmp_path)

    assert validate(folder) == VALID
    assert len(read(folder / "partnerships.csv")) == (1 if kept == "all" else 0)
    told = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    assert HOME not in re.sub(f"{HOME}(ns#|vocab/)", "", told)


def test_the_same_quads_give_the_same_bytes_in_any_order(settings: Settings) -> None:
    quads = list(parse((PREAMBLE + NETWORK).encode(), format=RdfFormat.TURTLE))
    shuffled = random.Random(7).sample(quads, len(quads))
    one, other = (Frozen(each, HOME, {}, settings) for each in (quads, shuffled))

    assert {name: b"".join(DUMPS[name](one)) for name in FILES} == {
        name: b"".join(DUMPS[name](other)) for name in FILES
    }


# --- hostile cells -------------------------------------------------------------------------------

HOSTILE = (
    '=HYPERLINK("http://evil.example","click")', "+1", "-2+3", "@SUM(A1)", "a,b", 'say "hi"',
    "two\r\nlines", "lone\rreturn", "\ttab ", " space ", "#comment", "‮לטרב", "\ufeffmark",
    "\u2028line", "nul", "NA", "\x1c\x85", "'", "|",
)  # fmt: skip


def labelled(texts: tuple[str, ...]) -> Frozen:
    quads = []
    for number, text in enumerate(texts):
        place = NamedNode(f"{HOME}id/place/p{number:03d}")
        quads.append(Quad(place, RDF.type, TG.AdministrativeUnit))
        quads += [Quad(place, RDFS.label, Literal(text, language=name)) for name in ("en", "de")]
    return Frozen(quads, HOME, {}, Settings(Path()))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
                        min_size=1), min_size=1, max_size=5))  # fmt: skip
def test_any_text_comes_back_from_its_cell_as_it_was(texts: list[str]) -> None:
    rows = rows_of(labelled(tuple(texts)), "places")

    assert [row["label_en"] for row in rows] == texts
    assert [row["label_de"] for row in rows] == texts


@pytest.mark.slow
def test_hostile_cells_pass_the_validators_and_make_the_rdf_they_came_from(tmp_path: Path) -> None:
    graph = labelled(HOSTILE)
    folder = write(graph, tmp_path)

    assert validate(folder) == VALID
    assert [row["label_en"] for row in read(folder / "places.csv")] == list(HOSTILE)
    made = rdf_of(folder / "csv-metadata.json")
    assert made == set(default_triples(graph.quads))


def test_a_table_is_utf_8_without_mark_with_crlf_and_a_header(tables: Path) -> None:
    raw = (tables / "members.csv").read_bytes()
    lines = raw.decode("utf-8").split("\r\n")

    assert lines[0] == "partnership,partner,partner_label_en,partner_label_de"
    assert lines[-1] == ""
    assert "\n" not in "".join(lines)


def test_every_column_is_titled_in_two_languages_and_explained() -> None:
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)
        for column in table.columns:
            assert column.en, column
            assert column.de, column
            assert column.says.endswith("."), column


def test_dates_and_numbers_are_what_the_graph_has(settings: Settings) -> None:
    tie = NamedNode(f"{HOME}id/partnership/x")
    quads = [
        Quad(tie, RDF.type, TG.Partnership),
        Quad(tie, TG.start, Literal("1987")),  # no EDTF: it can't come back as it was
        Quad(tie, TG.earliestStart, Literal("1987-01-01", datatype=XSD.date)),
        Quad(tie, TG.latestStart, Literal("1987-12-31", datatype=XSD.date)),
    ]
    [row] = rows_of(Frozen(quads, HOME, {}, replace(settings, base_iri=HOME)), "partnerships")

    assert (row["start"], row["start_year"], row[MORE]) == ("", "1987", "start")


def test_the_page_about_tables_shows_what_its_code_prints(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n((?:.*\n)*?)```$", text, re.MULTILINE)
    monkeypatch.chdir(built)
    session = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "tables.md", None, 0)

    assert doctest.DocTestRunner().run(session).failed == 0
    assert len(session.examples) > 8


def test_the_page_about_tables_tells_every_column() -> None:
    text = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")

    for table in TABLES:
        part = text.partition(f"### `{table.name}.csv`\n")[2].partition("\n### ")[0]
        assert [f"`{column.name}`" for column in table.columns] == re.findall(
            r"^\| (`\w+`) \|", part, re.MULTILINE
        )


@given(st.lists(st.lists(st.text("a ,;'\"\r\n\t=ö"), min_size=1, max_size=3), max_size=3))
def test_rows_are_written_as_csv_writes_them(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    assert b"".join(write_rows(rows)) == out.getvalue().encode()
