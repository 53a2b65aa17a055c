"""What is amiss between rows of tables is found as if the same facts stood in Turtle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from twingraph.check import conforming_form, table_selection
from twingraph.check.documents import shapes_text
from twingraph.check.engine import Finding
from twingraph.check.run import SOURCE_SHAPES, check_curated, check_written, validate
from twingraph.check.whole_graph import WholeEngine
from twingraph.problems import Problem
from twingraph.rdf.dataset import merged
from twingraph.rdf.turtle_stream import turtle_text
from twingraph.rdf.vocabulary import CODES, HOME, PREFIXES, RDF, RDFS, TG, XSD, prefixes_for
from twingraph.settings import Settings, load_settings
from twingraph.source.curated import Curated
from twingraph.source.read import read_project

EXAMPLES: Final = 10
PLACES: Final = """slug,wikidata,label_en,label_de,country,code,level,latitude,longitude
bonn,Q586,Bonn,Bonn,germany,,municipality,50.73438,7.09549
germany,Q183,Germany,Deutschland,,DE,country,51.5,10.5
halle,Q2814,Halle,Halle,germany,,municipality,51.48158,11.97947
minsk,Q2280,Minsk,Minsk,belarus,,municipality,53.9,27.56667
belarus,Q184,Belarus,Belarus,,BY,country,53.0,28.0
"""
HEAD: Final = (
    'title.en = "L"\ntitle.de = "L"\nlanguage = "en"\n[a]\nwikidata = "a"\n[b]\nwikidata = "b"\n'
)
RANK: Final = (
    '[kind]\ncolumn = "kind"\ncodes.twinning = "twinning"\ncodes.friendship = "friendship"\n'
)
MORE: Final = 'title.en = "M"\ntitle.de = "M"\nlanguage = "en"\nplaces = true\n'
TABLES: Final = {
    "data/entities/places.csv": PLACES,
    "data/imports/first/import.toml": HEAD + RANK,
    "data/imports/first/rows.csv": "a,b,kind\nQ586,Q2280,twinning\nQ2814,Q2280,twinning\n",
    "data/imports/more/import.toml": MORE,
    "data/imports/more/rows.csv": "slug,geonames\nbonn,2946447\n",
}
PLACE, SCHEMA, OWL = f"{HOME}id/place/", PREFIXES["schema"], PREFIXES["owl"]


def more(rows: str) -> Mapping[str, str]:
    return {"data/imports/more/rows.csv": rows}


def places(old: str, new: str) -> Mapping[str, str]:
    assert old in PLACES
    return {"data/entities/places.csv": PLACES.replace(old, new)}


def turtle(text: str) -> Mapping[str, str]:
    prefixes = prefixes_for(HOME)
    names = {"owl", "place", "schema", "tg", "claim", "partnership", "source", "cite"} & {
        word.partition(":")[0].strip() for word in text.replace("\n", " ").split(" ")
    }  # fmt: skip
    head = "".join(f"@prefix {name}: <{prefixes[name]}> .\n" for name in sorted(names))
    return {"data/sources/beside.ttl": f"{head}\n{text} .\n"}


# the file and the line to edit, and what stands in tables beside each other
AMISS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "two latitudes": ("G01", "data/entities/places.csv:2",
                      more("slug,latitude,longitude\nbonn,50.7,7.09549\n")),
    "a latitude alone": ("G01", "data/entities/places.csv:4", places("51.48158,11.97947", "51.5,")),
    "a latitude in Turtle too": ("G01", "data/sources/beside.ttl:4",
                                 turtle("place:bonn schema:latitude 50.7")),
    "the other way round": ("G03", "data/entities/places.csv:5",
                            places("53.9,27.56667", "27.56667,53.9")),
    "one item of two places": ("W02", "data/entities/places.csv:4", places("Q2814", "Q586")),
    "one number of two places": ("W02", "data/imports/more/rows.csv:3",
                                 more("slug,geonames\nbonn,2946447\nhalle,2946447\n")),
    "two items of a place": ("W02", "data/imports/more/rows.csv:2",
                             more("slug,wikidata\nbonn,Q64\n")),
    "two labels": ("L02", "data/entities/places.csv:2", more("slug,label_en\nbonn,Bonna\n")),
    "one name of two places": ("L04", "data/entities/places.csv:4",
                               places("Halle,Halle", "Bonn,Bonn")),
    "a country that is not there": ("X04", "data/entities/places.csv:5",
                                    places("Minsk,belarus", "Minsk,weissrussland")),
    "a country without its code": ("T02", "data/entities/places.csv:3", places("DE,", ",")),
    "a code of no country": ("T02", "data/entities/places.csv:3", places("DE,", "XX,")),
    "a level that is not there": ("X01", "data/entities/places.csv:2",
                                  places("germany,,municipality,50", "germany,,village,50")),
    "a row of no place": ("X04", "data/imports/more/rows.csv:3",
                          more("slug,geonames\nbonn,2946447\nnowhere,1\n")),
    "a row about what went": ("X03", "data/sources/beside.ttl:4",
                              turtle('partnership:bonn-minsk owl:deprecated true')),
    "a country of two latitudes, the other way round": (
        "G03", "data/entities/places.csv:5",
        {**places("53.9,27.56667", "27.56667,53.9"),
         **turtle("place:belarus schema:latitude 53.1")}),
    "a partner that went": ("X03", "data/sources/beside.ttl:4",
                            turtle('place:minsk owl:deprecated true')),
}  # fmt: skip


def project_of(folder: Path, files: Mapping[str, str]) -> Curated:
    head = {"twingraph.toml": f'base_iri = "{HOME}"\ntitle.en = "T"\nrelease = "2026-11-21"\n'}
    for name, text in {**head, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_project(load_settings(folder))


def by_shapes(problems: list[Problem]) -> list[tuple[str, str]]:
    return sorted((found.code, found.detail) for found in problems if found.code[0] not in "FIN")


def as_turtle(folder: Path, curated: Curated) -> Curated:
    """Return the same facts as another project, without a table."""
    files = {file.path: file.text for file in curated.files
             if file.is_data and not file.is_table}  # fmt: skip
    for number, file in enumerate(file for file in curated.files if file.is_table):
        for graph, lines in file.texts.items():
            name = f"{number}-{graph.rpartition('/')[2]}"
            files[f"data/sources/{name}.ttl"] = turtle_text(lines, prefixes_for(HOME)) or ""
    return project_of(folder, files)


@pytest.mark.parametrize("case", ["", *AMISS])
def test_tables_are_found_amiss_as_the_same_in_turtle_is(tmp_path: Path, case: str) -> None:
    code, place, files = AMISS.get(case, ("", "", {}))
    curated = project_of(tmp_path / "tables", {**TABLES, **files})
    found = check_written(curated)
    again = check_curated(as_turtle(tmp_path / "turtle", curated), quads=[])

    assert by_shapes(found) == by_shapes(again)
    assert code in {"", *(problem.code for problem in found)}
    where = [f"{problem.file}:{problem.line}" for problem in found]
    assert not case or place in where, where


def test_what_only_a_table_describes_can_be_named_in_turtle(tmp_path: Path) -> None:
    text = "place:bonn tg:within place:germany"

    assert check_written(project_of(tmp_path, {**TABLES, **turtle(text)})) == []


# --- any tables ----------------------------------------------------------------------------------

TYPE, UNIT = str(RDF.type), str(TG.AdministrativeUnit)
TOWNS: Final = [f"<{PLACE}{name}>" for name in ("bonn", "halle", "minsk", "germany", "belarus")]
POINTS: Final = [f'"{number}"^^{XSD.decimal}' for number in ("50.5", "7.0", "53.9", "27.5")]
LINE: Final = some.one_of(*(
    some.builds(lambda subject, value, verb=str(verb): f"{subject} {verb} {value} .",
                some.sampled_from(TOWNS), some.sampled_from(values))
    for verb, values in (
        (TYPE, [UNIT]), (RDFS.label, ['"Bonn"', '"Bonn"@en', '"Halle"@en']),
        (TG.country, [*TOWNS[3:], f"<{PLACE}nowhere>"]), (TG.countryCode, ['"DE"', '"XX"']),
        (TG.level, [f"<{CODES}level/{name}>" for name in ("country", "village")]),
        (f"<{SCHEMA}latitude>", POINTS), (f"<{SCHEMA}longitude>", POINTS),
        (f"<{OWL}sameAs>", [f"<http://www.wikidata.org/entity/Q{number}>" for number in (1, 2)]),
    )
))  # fmt: skip


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    tables=some.lists(some.sets(LINE, max_size=12), max_size=2), more=some.sets(LINE, max_size=3)
)
def test_any_tables_are_found_amiss_as_a_whole_is(tables: list[set[str]], more: set[str]) -> None:
    ours = Settings(Path())
    assert conforming_form.is_known(shapes_text(ours, SOURCE_SHAPES))
    written = sorted({*LEVELS, *more})
    told = [sorted(lines) for lines in tables]

    def found(lines: list[str]) -> list[Finding]:
        everything = validate(ours, WholeEngine(), lines, SOURCE_SHAPES)
        return [each for each in everything if not table_selection.is_exempt(each, written)]

    judged = table_selection.lines_to_validate(written, told, HOME)
    assert found(merged([written, judged])) == found(merged([written, *told]))


LEVELS: Final = [
    f"{term} {TYPE} <http://www.w3.org/2000/01/rdf-schema#Resource> ."
    for term in (f"<{CODES}level/country>", UNIT, str(TG.country), str(TG.countryCode),
                 str(TG.level))
]  # fmt: skip


def test_claims_beside_a_preferred_one_are_judged() -> None:
    def claim(name: str, *more: str) -> list[str]:
        thing, pair = f"<{HOME}id/claim/{name}>", f"<{HOME}id/partnership/a-b>"
        rests = (f"{TYPE} {TG.Claim}", f"{TG.subject} {pair}", f"{TG.property} {TG.start}")
        return [f"{thing} {rest} ." for rest in (*rests, *more)]

    preferred = f"{TG.rank} <{CODES}rank/preferred>"
    one, other, apart = claim("a", preferred), claim("b"), claim("c")
    apart = [line.replace("a-b", "c-d") for line in apart]
    tables = [sorted(one), sorted([*other, *apart])]

    assert table_selection.lines_to_validate([], tables, HOME) == sorted([*one, *other])
    assert table_selection.lines_to_validate(tables[0], tables[1:], HOME) == sorted(other)
    assert table_selection.lines_to_validate([], tables[1:], HOME) == []
