"""Lists as sources: every row is written, for review, or refused, and each says why."""

from __future__ import annotations

import csv
import datetime
import io
import json
import time
import zipfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from openpyxl.styles import Font
from pyoxigraph import Literal, NamedNode, Quad

from twingraph.check.quotes import prove_quotes, read_texts
from twingraph.check.run import check_curated
from twingraph.cli import cli
from twingraph.derive.published import published
from twingraph.link import countries
from twingraph.link.gazetteer import Gazetteer, Place
from twingraph.link.guess import guess
from twingraph.link.import_report import Imported
from twingraph.link.import_table import import_table
from twingraph.link.matcher import LIKELY, REVIEW, Query, find
from twingraph.problems import TwingraphError
from twingraph.rdf.vocabulary import EDTF, TG
from twingraph.settings import Settings, load_settings
from twingraph.source.curated import Curated
from twingraph.source.read import read_project
from twingraph.source.tables.cells import COUNTRY_CODES, read_csv, without_notes
from twingraph.source.tables.dates import date_fault, read_date
from twingraph.source.tables.matches import (
    MANUAL,
    decide_not,
    decide_place,
    key_iri,
    write_matches,
)
from twingraph.source.tables.outcome import named_place
from twingraph.source.tables.places import read_places
from twingraph.source.tables.read import ReadImport, read_import
from twingraph.source.tables.spec import SpecError, read_spec
from twingraph.source.tables.spreadsheet import take as take_table
from twingraph.source.tables.statements import statements
from twingraph.sparql.library import read_query

HOME = "https://w3id.org/twingraph/"
DAY = "2026-11-28"
COUNTRIES = """slug,label_en,label_de,code,level
belarus,Belarus,Belarus,BY,country
france,France,Frankreich,FR,country
germany,Germany,Deutschland,DE,country
namibia,Namibia,Namibia,NA,country
poland,Poland,Polen,PL,country
united-states,United States,Vereinigte Staaten,US,country
"""
PLACES = """slug,label,names,country,wikidata,latitude,longitude,level
bonn,Bonn,,germany,Q586,50.73438,7.09549,
koln,Köln,Cologne|Colonia,germany,Q365,50.93333,6.95,
minsk,Minsk,Мінск,belarus,Q2280,53.9,27.56667,
opole,Opole,Oppeln,poland,Q92212,50.67211,17.92533,
paris,Paris,,france,Q90,48.85341,2.3488,
windhoek,Windhoek,,namibia,Q3935,,,
halle,Halle,,germany,Q2814,51.48158,11.97947,
springfield-il,Springfield,,united-states,Q28515,39.8,-89.64,
springfield-ma,Springfield,,united-states,Q49158,42.1,-72.59,
"""


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    """A project that knows a few places and nothing else."""
    (tmp_path / "twingraph.toml").write_text('title.en = "T"\nrelease = "2026-11-28"\n')
    entities = tmp_path / "data" / "entities"
    entities.mkdir(parents=True)
    rows = [*csv.DictReader(io.StringIO(COUNTRIES)), *csv.DictReader(io.StringIO(PLACES))]
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (entities / "places.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return load_settings(tmp_path)


def take(project: Settings, text: str, name: str = "list.csv") -> Imported:
    path = project.folder / name
    path.write_text(text, encoding="utf-8")
    return import_table(project, path, DAY)


def read(project: Settings) -> Curated:
    return read_project(project)


def result_of(project: Settings, slug: str = "list") -> list[tuple[str, tuple[str, str], str]]:
    found = next(item for item in read(project).imports if item.slug == slug)
    return [(outcome.result, outcome.places, outcome.reason) for outcome in found.outcomes]


def review(project: Settings, slug: str = "list") -> list[dict[str, str]]:
    path = project.folder / "data" / "imports" / slug / "review.csv"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return list(csv.DictReader(io.StringIO(text)))


def run(project: Settings, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--project", str(project.folder), *words])


HEAD = "stadt,land,partnerstadt,partnerland,seit\n"


def test_a_table_copied_from_a_wiki_is_read_without_its_footnotes(project: Settings) -> None:
    """One partner is in no column, and cells end with marks of footnotes."""
    folder = project.folder / "data" / "imports" / "list"
    folder.mkdir(parents=True)
    (folder / "import.toml").write_text(
        'title.en = "T"\ntitle.de = "T"\n[a]\nname = { value = "Bonn" }\n'
        'country = { value = "DE" }\n[b]\nname = "City"\ncountry = "Country"\n'
        '[start]\ncolumn = "Year"\n'
    )
    done = take(
        project,
        "City\tCountry\tYear\nMinsk\tBelarus[1]\t1993[2][a]\n"
        "Opole [note 3]\tPoland\tsince 1954 [4]\n"
        "Paris\tFrance\t1960[citation needed]\n",
        "list.tsv",
    )

    assert done.changed
    results = [(result, places) for result, places, _ in result_of(project)]
    partners = ("minsk", "opole", "paris")
    assert results == [("written", ("bonn", partner)) for partner in partners]
    [item] = read(project).imports
    starts = [(outcome.facts.start, outcome.facts.hedges) for outcome in item.outcomes]
    assert starts == [("1993", ()), ("1954", ()), ("1960?", (("start", "citation needed", "en"),))]


def test_every_row_is_accounted_for_and_a_second_run_changes_nothing(project: Settings) -> None:
    rows = (
        "Bonn,DE,Minsk,Belarus,1993\n"
        "Köln,DE,Springfield,USA,1988\n"  # one of two
        "Bonn,DE,Bonn,DE,1990\n"  # itself
        "Bonn,DE,Opole (Oppeln),Polen,17.5.1954\n"
        "Bonn,DE,Neverheardof,Frankreich,\n"  # new
        "Bonn,DE,Paris,FR,sometime\n"
        "Bonn,DE,,FR,1999\n"
    )
    first = take(project, HEAD + rows)

    assert dict(first.results) == {"written": 3, "review": 1, "refused": 3}
    assert [line for line in first.lines if "rows in" in line] == [
        "7 rows in: 3 written, 1 for review, 3 refused"
    ]
    assert [item[0] for item in result_of(project)] == [
        "written", "review", "refused", "written", "written", "refused", "refused",
    ]  # fmt: skip
    again = take(project, HEAD + rows)
    assert (again.changed, again.decided, again.minted) == ((), 0, 0)
    assert again.results == first.results


def test_a_second_run_changes_nothing_where_new_places_are_like_what_waits(
    project: Settings,
) -> None:
    rows = "Bonn,DE,Neustadt an der Aisch,DE,\nBonn,DE,Neustadt,,\nBonn,DE,Neustadt am Main,DE,\n"
    take(project, HEAD + rows)

    assert take(project, HEAD + rows).changed == ()


def test_namibia_is_a_country_and_not_a_missing_value(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Windhoek,NA,1990\n")

    assert result_of(project) == [("written", ("bonn", "windhoek"), "")]


def test_homonyms_wait_unless_the_state_tells_them_apart(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Springfield,US,1990\n")

    assert [item[0] for item in result_of(project)] == ["review"]
    assert {review(project)[0][f"place_{n}"] for n in (1, 2)} == {
        "springfield-il",
        "springfield-ma",
    }


@pytest.mark.parametrize(
    "name", ["Bonn – Bad Godesberg", "Hardtberg (Bonn)", "Paris (20. Bezirk)", "Berlin Mitte"]
)
def test_a_borough_is_a_place_of_its_own_and_never_the_city(project: Settings, name: str) -> None:
    take(project, f"{HEAD}Köln,DE,{name},{'FR' if 'Paris' in name else 'DE'},\n")

    for result, places, _ in result_of(project):
        assert result in ("written", "review")
        assert places[1] not in ("bonn", "paris")


def test_an_exonym_in_brackets_is_another_name(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Opole (Oppeln),Polen,\nBonn,DE,Oppeln,Polen,\n")

    assert {places for _, places, _ in result_of(project)} == {("bonn", "opole")}


def quads_of(project: Settings) -> Collection[Quad]:
    """What the list says."""
    return next(file.quads for file in read(project).files
                if file.path == "data/imports/list/rows.csv")  # fmt: skip


def test_both_directions_are_one_partnership_cited_by_both_rows(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\nMinsk,BY,Bonn,DE,1993\n")
    quads = quads_of(project)

    assert {str(q.object) for q in quads if q.predicate == TG.cites} == {
        f"<{HOME}id/source/list#row=2;3>"
    }
    assert {str(q.subject) for q in quads if q.predicate == TG.partner} == {
        f"<{HOME}id/partnership/bonn-minsk>"
    }


def test_two_thousand_is_no_year_where_a_list_uses_it_for_unknown(project: Settings) -> None:
    rows = "".join(f"Bonn,DE,Minsk,BY,{year}\n" for year in ("2000",) * 6 + ("1993", "1994"))
    take(project, HEAD + rows)
    toml = (project.folder / "data/imports/list/import.toml").read_text()

    assert 'unknown = ["2000"]' in toml
    assert '"start.unknown"' in toml  # marked as guessed
    quads = quads_of(project)
    values = {str(q.object) for q in quads if q.predicate == TG.value}
    assert not any("2000" in value for value in values)


def test_coordinates_refuse_a_match_and_never_make_one(project: Settings) -> None:
    head = "stadt,land,latitude,longitude,partnerstadt,partnerland\n"
    take(project, f"{head}Halle,DE,52.06,8.36,Minsk,BY\nXyz,,51.48,11.97,Minsk,BY\n")

    assert [item[0] for item in result_of(project)] == ["written", "review"]
    assert result_of(project)[0][1][0] != "halle"  # 260 km away: another Halle, which is new


def test_a_name_without_a_country_is_sure_where_another_source_tells_the_same(
    project: Settings,
) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\nKöln,DE,Minsk,BY,1993\n", "first.csv")
    take(project, "city,country,sister\nBonn,DE,Minsk\nBonn,DE,Paris\n", "second.csv")

    assert [(item[0], item[1][1]) for item in result_of(project, "second")] == [
        ("written", "minsk"), ("review", ""),
    ]  # fmt: skip


def test_a_person_decides_in_the_review_file(project: Settings) -> None:
    rows = "Bonn,DE,Springfield,US,1990\nBonn,DE,Somewhere,,1990\n"
    take(project, HEAD + rows)
    path = project.folder / "data/imports/list/review.csv"
    text = path.read_text().replace("\n,Springfield", "\nspringfield-ma,Springfield")
    path.write_text(text.replace("\n,Somewhere", "\nno not a place,Somewhere"))

    done = take(project, HEAD + rows)

    assert dict(done.results) == {"written": 1, "refused": 1}
    assert result_of(project)[1][2] == "'Somewhere': not a place"
    sssom = (project.folder / "data/imports/list/matches.sssom.tsv").read_text()
    assert "semapv:ManualMappingCuration\tcurator" in sssom
    assert take(project, HEAD + rows).changed == ()


def test_a_refused_pair_is_kept_as_not_the_same(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Springfield,US,1990\n")
    path = project.folder / "data/imports/list/review.csv"
    path.write_text(path.read_text().replace("\n,Springfield", "\nnot springfield-ma,Springfield"))

    take(project, HEAD + "Bonn,DE,Springfield,US,1990\n")

    sssom = (project.folder / "data/imports/list/matches.sssom.tsv").read_text()
    assert "owl:sameAs\tNot\tplace:springfield-ma" in sssom
    assert result_of(project)[0][1] == ("bonn", "springfield-il")


def test_changes_of_a_later_snapshot_are_listed_and_end_nothing(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\nBonn,DE,Paris,FR,1960\n")
    later = take(project, HEAD + "Bonn,DE,Minsk,BY,1994\nKöln,DE,Paris,FR,1970\n")

    assert later.difference is not None
    lines = later.difference.lines()
    assert lines[0] == "1 new, 1 changed, 1 not seen in the later snapshot"
    assert lines[2] == "changed: Bonn – Minsk: start was 1993, is 1994"
    assert lines[3].startswith("not seen in snapshot ")
    assert "ended" not in " ".join(lines)
    assert len(list((project.folder / "data/imports/list").glob("rows-*.csv"))) == 1


def test_check_says_file_line_and_column_of_a_bad_cell(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\nBonn,DE,Paris,FR,4/5/1988\n")
    done = run(project, "check", "--format", "json")
    told = next(item for item in json.loads(done.stdout) if item["code"] == "I03")

    assert (told["file"], told["line"], told["column"]) == ("data/imports/list/rows.csv", 3, 5)
    assert "data/imports/list/rows.csv:3:5: I03" in run(project, "check").output


def test_a_column_called_a_start_is_one_whatever_its_cells_are(project: Settings) -> None:
    cells = ("1988", "ca. 91", "um die Wende", "03/04/1992", "31.2.1983", "einmal", "irgendwann")
    rows = "".join(f"Bonn,DE,Minsk,BY,{cell},x\n" for cell in cells)
    done = take(project, HEAD.replace("\n", ",Bemerkung\n") + rows)
    toml = (project.folder / "data/imports/list/import.toml").read_text()

    assert '[start]\ncolumn = "seit"' in toml
    assert [item[0] for item in result_of(project)] == ["written", *["refused"] * 6]
    assert done.unused == ("Bemerkung",)
    assert any(line.startswith("columns not used: Bemerkung;") for line in done.lines)


@pytest.mark.parametrize(
    ("cell", "edtf", "hedge"),
    [
        ("Mai 1990", "1990-05", None), ("May 1990", "1990-05", None),
        ("17. Mai 1990", "1990-05-17", None), ("May 17th, 1990", "1990-05-17", None),
        ("3. März 1990", "1990-03-03", None), ("Sept. 1990", "1990-09", None),
        ("ca. 1991", "1991~", '"ca."@mul'), ("Um 1991", "1991~", '"Um"@de'),
        ("about 1991", "1991~", '"about"@en'), ("approx. May 1991", "1991-05~", '"approx."@en'),
        ("~1991", "1991~", None), ("1990?", "1990?", None), ("1990 (?)", "1990?", None),
        ("vermutlich 1990", "1990?", '"vermutlich"@de'), ("ca. 1990?", "1990%", '"ca."@mul'),
        ("vor 1990", "[..1989]", None), ("before May 1990", "[..1990-04]", None),
        ("vor dem Krieg", "", None), ("nach 1.1.1990", "[1990-01-02..]", None),
        ("after January 1990", "[1990-02..]", None), ("seit 1990", "1990", None),
        ("since about 1990", "1990~", '"about"@en'), ("1990er", "199X", None),
        ("die 1990er Jahre", "199X", None), ("the 1980s", "198X", None),
        ("Anfang der 1990er", "", None), ("2000er", "", None), ("vor ca. 1990", "", None),
        ("31. Februar 1990", "", None), ("Mai/Juni 1990", "", None), ("1990/91", "", None),
        ("Marz 1990", "", None), ("vor 0001", "", None), ("seit vor 1990", "", None),
    ],
)  # fmt: skip
def test_a_date_in_words_keeps_its_precision_and_its_doubt(
    project: Settings, cell: str, edtf: str, hedge: str | None
) -> None:
    take(project, f'{HEAD}Bonn,DE,Minsk,BY,1993\nBonn,DE,Paris,FR,"{cell}"\n')
    found = next(item for item in read(project).imports if item.slug == "list")

    assert found.outcomes[1].result == ("written" if edtf else "refused")
    if edtf:
        quads = quads_of(project)
        [claim] = [q.subject for q in quads if q.object == Literal(edtf, datatype=EDTF)]
        hedges = [q.object for q in quads if (q.subject, q.predicate) == (claim, TG.hedge)]
        assert [str(words) for words in hedges] == ([hedge] if hedge else [])
    else:
        assert f"'{cell}' is no date" in found.outcomes[1].reason


def test_dates_in_words_pass_the_shapes_and_are_published_with_their_bounds(
    project: Settings,
) -> None:
    cells = ("um 1991", "vor 1990", "1990er", "1990?", "Mai 1990")
    towns = ("Minsk,BY", "Paris,FR", "Orange,FR", "Bonn,US", "Berlin,DE")
    rows = "".join(f"Bonn,DE,{t},{c}\n" for t, c in zip(towns, cells, strict=True))
    take(project, HEAD + rows)
    checked = run(project, "check")

    assert "0 violations" in checked.output, checked.output


@pytest.mark.parametrize("precision", ["", 'precision = "edtf"\n'])
def test_a_day_that_no_calendar_has_is_reported_at_its_cell(
    project: Settings, precision: str
) -> None:
    cell = "1983-02-31" if precision else "31.2.1983"
    take(project, f"{HEAD}Bonn,DE,Minsk,BY,1993\n")
    toml = project.folder / "data/imports/list/import.toml"
    toml.write_text(toml.read_text().replace('= "seit"\n', f'= "seit"\n{precision}'))
    list_file = project.folder / "list.csv"
    list_file.write_text(f"{HEAD}Bonn,DE,Minsk,BY,{cell}\n")
    imported = run(project, "import", "table", str(list_file))
    checked = run(project, "check")

    words = f"column 'seit': '{cell}' is no date: February 1983 has 28 days"
    for told in (imported.stderr, checked.output):
        assert "data/imports/list/rows.csv:2:5: I03" in told
        assert words in told
        assert "D01" not in told


def test_errors_of_a_mapping_are_reported_at_their_line(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\n")
    path = project.folder / "data/imports/list/import.toml"
    path.write_text(path.read_text().replace('"partnerstadt"', '"partnertown"'))
    line = path.read_text().splitlines().index('name = "partnertown"') + 1

    output = run(project, "check").output

    assert f"import.toml:{line}: I01" in output
    assert "no column 'partnertown'" in output


def test_excel_and_tsv_come_out_as_the_csv(project: Settings) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["stadt", "land", "partnerstadt", "partnerland", "seit"],
                ["Bonn", "DE", "Minsk", "BY", 1993], [None] * 5):  # fmt: skip
        sheet.append(row)
    path = project.folder / "list.xlsx"
    book.save(path)
    done = import_table(project, path, DAY)
    assert dict(done.results) == {"written": 1, "refused": 0}
    assert (project.folder / "data/imports/list/rows.csv").read_text() == (
        HEAD + "Bonn,DE,Minsk,BY,1993\n"
    )
    tabs = (HEAD + "Bonn,DE,Minsk,BY,1993\n").replace(",", "\t")
    assert take(project, tabs, "list.tsv").changed == ()


def test_what_no_table_is_is_refused_in_words(project: Settings) -> None:
    for name, raw in (("a.xlsx", b"PK\x03\x04broken"), ("a.xls", b"x"), ("a.csv", b"\0"),
                      ("a.csv", b""), ("a.pdf", b"x"), ("a.csv", b"one,two\n1,2\n")):  # fmt: skip
        path = project.folder / name
        path.write_bytes(raw)
        done = run(project, "import", "table", str(path))
        assert done.exit_code != 0
        assert done.exception is None or isinstance(done.exception, Exception)
        assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("name", "words"),
    [("list.ods", "save it as .csv, .tsv or .xlsx"), ("list.csv", "save it as .xlsx or as CSV")],
)
def test_a_packed_file_is_refused_with_what_to_do(name: str, words: str) -> None:
    with pytest.raises(TwingraphError) as refusal:
        take_table(b"PK\x03\x04packed", name)

    assert words in str(refusal.value)
    assert "name it" not in str(refusal.value)


def test_texts_prove_the_mapped_cells_of_each_row(project: Settings, tmp_path: Path) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\nBonn,DE,Paris,FR,1960\n")
    texts = tmp_path / "texts"
    texts.mkdir()
    rows = project.folder / "data/imports/list/rows.csv"
    (texts / "whatever.csv").write_bytes(rows.read_bytes())

    proof = prove_quotes(read(project), texts)
    assert (proof.proven, proof.all) == (2, 2)

    rows.write_text(rows.read_text().replace("1960", "1961"))
    proof = prove_quotes(read(project), texts)
    assert (proof.proven, proof.all) == (1, 2)
    assert [(problem.code, problem.line) for problem in proof.problems] == [("E05", 3)]


def test_lines_of_texts_are_counted_as_editors_count_them(tmp_path: Path) -> None:
    odd = "one\u2028still one\x0c\x0b\x1c\x85\u2029here\r\ntwo\rthree\nfour"
    (tmp_path / "text").write_bytes(odd.encode())

    [lines] = read_texts(tmp_path).values()

    assert [line[:3] for line in lines] == ["one", "two", "thr", "fou"]
    with pytest.raises(TwingraphError, match=r"q\.rq:2: unknown key"):
        read_query("#+ title.en: one\u2028still one\n#+ titel: two\n", Path("q.rq"))


def test_the_published_graph_has_no_problem(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\nBonn,DE,Neu,FR,\nKöln,DE,Paris,FR,1960\n")
    curated = read(project)
    quads = published(curated)

    bad = [
        str(problem) for problem in check_curated(curated, quads) if problem.severity == "violation"
    ]
    assert bad == []
    start = [q for q in quads if q.predicate == TG.start and "koln-paris" in str(q.subject)]
    assert {str(q.object) for q in start} == {'"1960"^^<http://id.loc.gov/datatypes/edtf/EDTF>'}
    label = {str(q.object) for q in quads if q.subject == NamedNode(
        HOME + "id/partnership/bonn-minsk") and q.predicate.value.endswith("#label")}  # fmt: skip
    assert label == {'"Bonn – Minsk"'}  # nobody told in which language


def test_match_prints_verdicts_with_reasons(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\n")
    names = project.folder / "names.csv"
    names.write_text("name,country\nCologne,Germany\nColonge,Germany\nQ586,\nNowhere,FR\n")
    done = run(project, "match", str(names))

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["verdict"], row["place_1"]) for row in rows] == [
        ("sure", "koln"), ("likely", "koln"), ("sure", "bonn"), ("none", ""),
    ]  # fmt: skip
    assert rows[0]["reasons_1"] == "same name, one of its others: Cologne; same country: DE"


@pytest.mark.parametrize("text", ["Bonn\n🇧🇾 Minsk[1]\n", "Stadt\nBonn\n🇧🇾 Minsk[1]\n"])
def test_names_alone_need_no_header_and_none_is_lost(project: Settings, text: str) -> None:
    names = project.folder / "names.txt"
    names.write_text(text, encoding="utf-8")

    done = run(project, "match", str(names))

    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["name"], row["country"]) for row in rows] == [("Bonn", ""), ("Minsk", "BY")]


@pytest.mark.parametrize("first", ["Cape Town", "Kansas City", "Suriname"])
def test_a_name_that_ends_as_a_header_does_is_none(project: Settings, first: str) -> None:
    names = project.folder / "names.txt"
    names.write_text(f"{first}\nBonn\n", encoding="utf-8")

    rows = csv.DictReader(io.StringIO(run(project, "match", str(names)).stdout))
    assert [row["name"] for row in rows] == [first, "Bonn"]


def test_new_places_are_named_and_those_that_no_row_has_any_more(project: Settings) -> None:
    first = take(project, HEAD + "Bonn,DE,Mniskow,Belarus,1993\n")
    assert first.new_places == ("mniskow: Mniskow (belarus)",)
    assert "  new place mniskow: Mniskow (belarus)" in first.lines

    second = take(project, HEAD + "Bonn,DE,Minsk,Belarus,1993\n")
    table = (project.folder / "data/entities/places.csv").read_text().splitlines()
    line = next(number for number, row in enumerate(table, 1) if row.startswith("mniskow,"))
    told = [note for note in second.lines if "no row speaks of" in note]
    assert len(told) == 1
    assert told[0].startswith(f"data/entities/places.csv:{line}: no row speaks of 'mniskow'")
    assert "data/imports/list/matches.sssom.tsv" in told[0]


def test_a_mistyped_slug_in_the_review_stays_and_is_reported(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Springfield,US,1990\n")
    path = project.folder / "data/imports/list/review.csv"
    path.write_text(path.read_text().replace("\n,Springfield", "\nspringfeild-ma,Springfield"))
    done = run(project, "import", "table", str(project.folder / "list.csv"))

    assert done.exit_code == 1
    assert "data/imports/list/review.csv:2: 'springfeild-ma' is no place" in done.stderr
    assert "did you mean springfield-ma" in done.stderr
    assert review(project)[0]["decision"] == "springfeild-ma"


def test_check_reads_a_large_list_that_is_named(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\nBonn,DE,Paris,FR,4/5/1988\n")
    toml = project.folder / "data/imports/list/import.toml"
    toml.write_text("large = true\n" + toml.read_text())

    for path in ("data/imports", "data/imports/list"):
        done = run(project, "check", str(project.folder / path))
        assert done.exit_code == 0, done.output
        assert "data/imports/list/rows.csv:3:5: I03" in done.output
    assert "I03" not in run(project, "check").output


def test_a_name_with_little_similarity_is_no_place(project: Settings) -> None:
    names = "name\nMinden\nMynsk\n"  # Minden shares half its letters with Minsk
    assert [(item.place.slug, REVIEW <= item.score < LIKELY) for item in find(
        Gazetteer([Place("minsk", ("Minsk",), country="BY")]), Query("Minden"))] == [
        ("minsk", True)]  # fmt: skip
    done = CliRunner().invoke(cli, ["--project", str(project.folder), "match", "-"], input=names)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["verdict"], row["place_1"]) for row in rows] == [("none", ""), ("likely", "minsk")]


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_invalid_names_are_reported(project: Settings, text: str) -> None:
    path = project.folder / "names.csv"
    path.write_text(text)
    for word, name in ((str(path), str(path)), ("-", "standard input")):
        done = CliRunner().invoke(
            cli, ["--project", str(project.folder), "match", word], input=text
        )
        assert f"{name} is empty; write a header such as name,country" in str(done.exception)


def test_a_quote_that_does_not_close_is_refused_at_its_line(project: Settings) -> None:
    with pytest.raises(TwingraphError, match=r"list\.csv:3: a quote that opens and does not close"):
        take(project, HEAD + 'Bonn,DE,Minsk,BY,1993\n"Köln,DE,Paris,FR,1988\nBonn,DE,Opole,PL,\n')
    with pytest.raises(TwingraphError, match=r"list\.csv:2: text after a quote that closes"):
        take(project, HEAD + '"Köln,DE,Paris,FR,1988\nBonn,DE,"Opole, PL",PL,\n')

    assert not (project.folder / "data/imports").exists()
    places = project.folder / "data/entities/places.csv"
    whole = places.read_text(encoding="utf-8")
    places.write_text(whole + '"open,Open\n', encoding="utf-8")
    with pytest.raises(TwingraphError, match=r"places\.csv:17:1: a quote that opens"):
        take(project, HEAD + "Bonn,DE,Neverheardof,FR,1993\n")
    assert places.read_text(encoding="utf-8") == whole + '"open,Open\n'


def test_a_country_option_fills_only_what_no_column_gives(project: Settings) -> None:
    path = project.folder / "list.csv"
    path.write_text(HEAD + "Paris,FR,Minsk,BY,1993\nBonn,,Paris,FR,1988\n", encoding="utf-8")
    import_table(project, path, DAY, "", ("de", ""))
    sides = [outcome.sides[0].country for outcome in read(project).imports[0].outcomes]
    path.write_text("stadt,partnerstadt,land\nBonn,Paris,FR\n", encoding="utf-8")
    import_table(project, path, DAY, "bare", ("DE", ""))

    assert sides == ["FR", "DE"]
    assert [row[:2] for row in result_of(project)] == [
        ("written", ("paris", "minsk")), ("written", ("bonn", "paris")),
    ]  # fmt: skip
    assert result_of(project, "bare") == [("written", ("bonn", "paris"), "")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--country-a", 'D"E'), "is no country code; write --country-a DE"),
        (("--country-b", "Deutschland"), "write --country-b DE"),
        (("--date", "garbage"), "is no day; write --date 2026-11-28"),
        (("--date", "2026-02-30"), "is no day"),
        (("--slug", "../out"), "is no slug"),
    ],
)
def test_a_refused_import_leaves_nothing_behind(
    project: Settings, options: tuple[str, str], words: str
) -> None:
    path = project.folder / "list.csv"
    path.write_text(HEAD + "Bonn,DE,Minsk,BY,1993\n", encoding="utf-8")
    done = run(project, "import", "table", str(path), *options)

    assert isinstance(done.exception, TwingraphError)
    assert words in str(done.exception)
    assert not (project.folder / "data/imports").exists()


def test_an_import_that_fails_late_leaves_the_files_as_they_were(project: Settings) -> None:
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\n")
    folder = project.folder / "data/imports/list"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TwingraphError, match="no column"):
        take(project, "town,partner\nBonn,Minsk\n")

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x0c", "\x1c"])
def test_only_line_ends_end_a_line(project: Settings, mark: str) -> None:
    done = take(project, HEAD + f"Bonn,DE,Min{mark}sk,BY,1993\rBonn,DE,Paris,FR,1960\r\n")

    assert sum(done.results.values()) == 2
    assert len(read(project).imports[0].outcomes) == 2
    assert not [problem for problem in done.problems if problem.code == "I02"]


def test_a_link_out_of_the_project_is_neither_read_nor_written(
    project: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    imports = project.folder / "data/imports"
    imports.mkdir()
    (imports / "list").symlink_to(outside)
    with pytest.raises(TwingraphError, match=r"imports/list: a link that leads out of the project"):
        take(project, HEAD + "Bonn,DE,Minsk,BY,1993\n")
    assert list(outside.iterdir()) == []

    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\n", "l.csv")
    (outside / "secret").write_text("secret")
    (imports / "l/rows.csv").unlink()
    (imports / "l/rows.csv").symlink_to(outside / "secret")
    with pytest.raises(TwingraphError, match=r"l/rows\.csv: a link that leads out"):
        take(project, HEAD + "Bonn,DE,Minsk,BY,1994\n", "l.csv")
    assert "secret" not in "".join(path.name for path in (imports / "l").iterdir())


def test_what_is_no_unicode_is_refused_in_words(project: Settings) -> None:
    path = project.folder / "list.csv"
    for raw in (b"\xff\xfea\x00b", b"\xff\xfe\x00\xd8a\x00"):
        path.write_bytes(raw)
        with pytest.raises(TwingraphError, match=r"list\.csv: no UTF-16 from byte"):
            import_table(project, path, DAY)
    take(project, HEAD + "Bonn,DE,Minsk,BY,1993\n")
    (project.folder / "data/imports/list/review.csv").write_bytes(b"decision\n\xff\n")
    with pytest.raises(TwingraphError, match=r"review\.csv:2.*F01"):
        take(project, HEAD + "Bonn,DE,Minsk,BY,1993\n")


@pytest.mark.parametrize("mark", ["\x7f", "\ufffe", "\u202e"])
def test_a_name_with_a_character_that_check_refuses_is_no_place(
    project: Settings, mark: str
) -> None:
    done = take(project, HEAD + f"Bonn,DE,Never{mark}heard,FR,1993\nBonn,DE,\u200b,FR,1993\n")

    assert dict(done.results) == {"refused": 2}
    assert f"column 'partnerstadt': the character U+{ord(mark):04X}" in result_of(project)[0][2]
    assert "nothing that is seen" in result_of(project)[1][2]
    assert not {problem.code for problem in done.problems} - {"I03"}
    assert "F19" not in run(project, "check").output


def test_what_is_left_out_of_a_workbook_is_reported(project: Settings) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["stadt", "partnerstadt", "seit"], ["Bonn", "Minsk", "=1990+3"]):
        sheet.append(row)
    path = project.folder / "book.xlsx"
    book.save(path)
    done = import_table(project, path, DAY)
    assert any("1 cells hold a formula without its value" in note for note in done.notes)
    assert any("the first is C2" in note for note in done.notes)

    sheet.cell(2, 300, "lost")
    book.save(path)
    with pytest.raises(TwingraphError, match="row 2 has more than 256 columns"):
        import_table(project, path, DAY)
    with pytest.raises(TwingraphError, match="x19 and 980 more; write"):
        take(
            project,
            ",".join(f"x{number}" for number in range(1000)) + "\n" + "1" + "," * 999 + "\n",
        )


# --- what a list may not say ----------------------------------------------------------------------

SPEC = """title.en = "T"
language = "{language}"
[a]
name = "a"
[b]
name = "b"
[start]
column = "start"
[end]
column = "end"
[cite]
revision = "revision"
"""


def list_of(row: str, language: str = "de") -> ReadImport:
    files = {"import.toml": SPEC.format(language=language),
             "rows.csv": f"a,b,start,end,revision\n{row}\n"}  # fmt: skip
    return read_import("list", files, {}, HOME)


@pytest.mark.parametrize("language", ["de, en", "de_DE", "x-own"])
def test_what_is_no_language_is_refused_at_its_line(language: str) -> None:
    [problem] = list_of("Bonn,Minsk,ca. 1990,,", language).problems

    assert (problem.code, problem.line) == ("I01", 2)
    assert 'write "de"' in problem.message["en"]


def test_a_title_in_what_is_no_language_is_refused() -> None:
    with pytest.raises(SpecError, match="'de_DE' is no language"):
        read_spec('title.de_DE = "T"\n[a]\nname = "a"\n[b]\nname = "b"', "list", HOME)


@pytest.mark.parametrize("text", ["ſeit 1990", "cırca 1990", "SİNCE 1990"])
def test_a_word_that_is_equal_only_without_case_is_no_date(text: str) -> None:
    assert read_date(text) is None
    assert date_fault(text) == ""


def test_words_of_both_languages_are_of_several() -> None:
    assert read_date("vermutlich about 1990") == ("1990%", "vermutlich about", "mul")
    assert read_date("vermutlich ca. 1990") == ("1990%", "vermutlich ca.", "de")


@pytest.mark.parametrize("text", ["ab 1990", "seit 1990", "since May 1990"])
def test_since_is_no_end(text: str) -> None:
    start, end = (list_of(f"Bonn,Minsk,{cells},").outcomes[0] for cells in (f"{text},", f",{text}"))

    assert start.faults == ()
    assert start.facts.start.startswith("1990")
    assert [fault.column for fault in end.faults] == ["end"]
    assert "says when something began" in end.faults[0].words
    assert end.result == "refused"


@pytest.mark.parametrize(("revision", "cited"), [("17", True), ("²", False), ("١٧", False)])
def test_a_revision_is_a_number_in_ascii(revision: str, cited: bool) -> None:
    [outcome] = list_of(f"Bonn,Minsk,,,{revision}").outcomes
    spec = read_spec(SPEC.format(language="de"), "list", HOME)
    written = replace(outcome, result="written", places=("bonn", "minsk"))
    texts = statements(spec, [written], "").texts

    assert any(f" {TG.revision} " in line for line in texts) == cited


@pytest.mark.parametrize(
    ("latitude", "longitude", "column"),
    [("90", "-180", 0), ("90.1", "0", 2), ("-95", "0", 2), ("0", "999", 3), ("0", "-180.5", 3)],
)
def test_a_point_off_the_globe_is_refused(latitude: str, longitude: str, column: int) -> None:
    table = read_places(f"slug,latitude,longitude\nbonn,{latitude},{longitude}\n", HOME)

    assert [(line, number) for line, number, _ in table.wrong] == [(2, column)] * bool(column)
    assert all("write a number from -" in words for *_, words in table.wrong)


def test_marks_of_footnotes_take_time_in_step_with_the_cell() -> None:
    marks = "[1]" * 10_000
    began = time.process_time()

    assert without_notes(f"x{marks}x]") == f"x{marks}x]"
    assert without_notes(f"x{marks}") == "x"
    assert without_notes("x" + " " * 30_000 + "[1]") == "x"
    assert date_fault("1234-" + "1" * 32_000 + "\n") == date_fault("1234-" * 6_000 + "\n") != ""
    assert time.process_time() - began < 1


def test_marks_of_footnotes_are_taken_from_codes_and_words_for_unknown() -> None:
    spec = SPEC.format(language="de") + (
        '[kind]\ncolumn = "kind"\n[kind.codes]\ntwin = "twinning"\n"pact[1]" = "friendship"\n'
    )
    spec = spec.replace('column = "start"', 'column = "start"\nunknown = ["?"]')
    rows = "Bonn,Minsk,?[2],,,twin[1]\nBonn,Opole,1954[a][3],,,pact[1]\n"
    files = {"import.toml": spec, "rows.csv": f"a,b,start,end,revision,kind\n{rows}"}

    first, second = read_import("list", files, {}, HOME).outcomes

    assert (first.faults, first.facts.kind, first.facts.start) == ((), "twinning", "")
    assert (second.faults, second.facts.kind, second.facts.start) == ((), "friendship", "1954")


def test_a_raised_mark_is_a_footnote_of_a_name_and_part_of_a_code() -> None:
    spec = SPEC.format(language="de") + '[kind]\ncolumn = "kind"\n[kind.codes]\nP = "twinning"\n'
    rows = "Bonn†,Minsk,1993*,,,P\nBonn,Minsk,1993,,,P*\nBonn,Minsk,1990†,,,P\n"
    files = {"import.toml": spec, "rows.csv": f"a,b,start,end,revision,kind\n{rows}"}

    first, second, third = read_import("list", files, {}, HOME).outcomes

    assert (first.faults, first.sides[0].name, first.facts.start) == ((), "Bonn", "1993")
    assert [fault.words for fault in second.faults] == ["'P*' is no code of [kind.codes]"]
    assert "it says more than a date" in third.faults[0].words


def test_codes_of_flags_are_those_of_countries() -> None:
    rows = csv.DictReader(io.StringIO(countries.table(), newline=""))
    assert {row["code"] for row in rows} == COUNTRY_CODES
    assert named_place(("🇪🇺 Opole", "", "")) == ("Opole", "", "")
    assert named_place(("Minsk, 🇧🇾", "", "")) == ("Minsk", "BY", "")


@pytest.mark.parametrize("text", ["1988/5.17", "1988.5/17"])
def test_a_date_with_two_signs_is_none(text: str) -> None:
    assert read_date(text) is None
    assert read_date(text.replace("/", ".")) == ("1988-05-17", "", "")


def test_a_decision_about_a_name_with_its_mark_of_a_footnote_is_kept() -> None:
    keys = {name: key_iri(HOME, "list", name)
            for name in ("Bonn", "Bonn[1]", "Minsk[2]", "Nowhere[3]")}  # fmt: skip
    decisions = [
        decide_place(keys["Bonn"], "bonn", "a", DAY, MANUAL, "", ""),
        decide_place(keys["Bonn[1]"], "other", "a", DAY, MANUAL, "", ""),
        decide_place(keys["Minsk[2]"], "minsk", "a", DAY, MANUAL, "", ""),
        decide_not(keys["Nowhere[3]"], "", "a", DAY, "no place"),
    ]
    rows = "Bonn[1],Minsk[2],1993,,\nBonn,Nowhere[3],1993,,\nBonn,Minsk[9],1993,,"
    files = {"import.toml": SPEC.format(language="de"),
             "rows.csv": f"a,b,start,end,revision\n{rows}\n",
             "matches.sssom.tsv": write_matches(decisions, "list", HOME)}  # fmt: skip

    first, second, third = read_import("list", files, {}, HOME).outcomes

    assert (first.result, first.places) == ("written", ("bonn", "minsk"))
    assert (second.result, second.reason) == ("refused", "'Nowhere': no place")
    assert (third.result, third.sides[1].key) == ("review", key_iri(HOME, "list", "Minsk"))


# --- lists as people keep them --------------------------------------------------------------------


def test_a_workbook_says_no_more_than_its_cells_show(project: Settings) -> None:
    """A year in a cell of dates is stored as a day; a merged cell speaks for all its rows."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Stadt", "Partnerstadt", "seit"])
    for number, (name, partner, shape) in enumerate((
        ("Bonn", "Minsk", "yyyy"), (None, "Opole", '[$-407]mmmm" "yy'), (None, "Paris", "DD.MM.YY"),
        ("Köln", "Opole", "yyyy-mm-dd hh:mm"),
    ), 2):  # fmt: skip
        sheet.append([name, partner, datetime.datetime(1993, 1, 1)])
        sheet.cell(number, 3).number_format = shape
    sheet.merge_cells("A2:A4")
    sheet["B3"].font = Font(strike=True)
    written = io.BytesIO()
    book.save(written)

    table = take_table(written.getvalue(), "list.xlsx")

    assert table.text.splitlines()[1:] == [
        "Bonn,Minsk,1993", "Bonn,Opole,1993-01", "Bonn,Paris,1993-01-01", "Köln,Opole,1993-01-01",
    ]  # fmt: skip
    assert [note.partition(",")[0] for note in table.notes] == [
        "2 cells are merged with the one above", "1 cells are struck through",
    ]  # fmt: skip
    assert "the first is B3" in table.notes[1]


@pytest.mark.parametrize("cells", [
    "A:A", "A0:A3", "", "A1", "A3:A2", "A0", "A1048576:A1048577", 'A:A"/><mergeCell ref="A2:A3',
])  # fmt: skip
def test_merged_cells_that_are_no_range_are_skipped(cells: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    is_kept = cells.endswith("A2:A3")  # a range beside one that is none
    for row in (["Stadt", "Partnerstadt"], ["Bonn", "Minsk"], ["" if is_kept else "Bonn", "Opole"]):
        sheet.append(row)
    sheet.merge_cells("D8:E9")
    plain, broken = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="D8:E9"', f'ref="{cells}"'.encode()))

    table = take_table(broken.getvalue(), "list.xlsx")

    assert table.text == "Stadt,Partnerstadt\nBonn,Minsk\nBonn,Opole\n"
    merged = cells.endswith(("A2:A3", "A1048577"))
    assert [note[:2] for note in table.notes] == ["1 "] * merged


@pytest.mark.parametrize("sign", [", ", " / ", " und ", " & ", " and ", "/"])
def test_two_unknown_partners_in_a_cell_are_no_new_place(project: Settings, sign: str) -> None:
    done = take(project, HEAD + f'Bonn,DE,"Foobar{sign}Bazqux",FR,1993\n')

    assert (dict(done.results), done.minted) == ({"review": 1, "refused": 0}, 0)
    assert "may name several places" in review(project)[0]["why"]


@pytest.mark.parametrize(
    "cell",
    ["Opole; Paris", "Opole\nParis", "• Opole • Paris", "Opole, Paris, Windhoek", "Opole, Paris"],
)
def test_of_several_partners_in_a_cell_none_is_lost(project: Settings, cell: str) -> None:
    done = take(project, HEAD + f'Bonn,DE,"{cell}",PL,1993\n')

    assert dict(done.results) == {"review": 1, "refused": 0}
    assert done.minted == 0
    why = review(project)[0]["why"]
    assert ("may name several places" in why) == (cell != "Opole, Paris")


def test_flags_are_no_part_of_a_name_and_name_a_country(project: Settings) -> None:
    done = take(project, HEAD + "🇩🇪 Bonn,,🇧🇾 Minsk,,\nBonn,DE,Opole,🇵🇱 Polen,\n")

    assert dict(done.results) == {"written": 2, "refused": 0}
    assert [places for _, places, _ in result_of(project)] == [("bonn", "minsk"), ("bonn", "opole")]


def test_a_list_of_the_partners_of_one_city_names_it_by_an_option(project: Settings) -> None:
    path = project.folder / "list.csv"
    path.write_text("Stadt;Land;seit\nMinsk;Belarus;1993\nOpole;Polen;k. A.\n", encoding="utf-8")
    plain = run(project, "import", "table", str(path))
    named = run(project, "import", "table", str(path), "--city-a", "Bonn", "--country-a", "DE")

    assert plain.exit_code != 0
    assert "name that place: --city-a Bonn --country-a DE" in str(plain.exception)
    assert "2 rows in: 2 written" in named.output
    assert 'name = { value = "Bonn" }' in (
        project.folder / "data/imports/list/import.toml"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "header",
    [
        "Commune,Commune partenaire,Pays partenaire,Année",
        "Miasto,Miasto partnerskie,Kraj,Rok",
        "Città,Città gemellata,Paese,Dal",
        "Ciudad,Ciudad hermana,País,Año",
        "Gemeente,Partnergemeente,Land,Sinds",
        "U.S. City,Sister City,Country,Date Established",
        "Municipality,Twin town,Country of twin,Year established",
    ],
)
def test_headers_of_other_languages_are_guessed(header: str) -> None:
    own, partner, country, start = header.split(",")
    found = guess(read_csv(f"{header}\nBonn,Minsk,BY,1993\n"))

    assert (found.a, found.b) == ({"name": own}, {"name": partner, "country": country})
    assert found.dates == {"start": start}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<table><tr><td>Bonn</table>", "is HTML and no table of cells"),
        ("{| class=wikitable\n|-\n| Bonn", "is wikitext and no table of cells"),
        ("Partner von Bonn,,\n,,\nStadt,Partnerstadt,Land\nBonn,Minsk,BY\n", "line 2 looks like"),
    ],
)
def test_what_stands_where_the_header_should_is_explained(
    project: Settings, text: str, words: str
) -> None:
    with pytest.raises(TwingraphError, match=words):
        take(project, text)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1987–2003", "it says a start and an end; give each a column of its own"),
        ("bis 2014", "says when something ended; write the start"),
        ("1992 (ruhend seit 2022)", "it says more than a date; put the rest into a column"),
        ("12.04.67", "the century is missing; write the year with four figures"),
        ("ruhend", "if it means that the date is not known, add it to unknown of [start]"),
    ],
)
def test_a_start_that_is_none_says_what_to_write(project: Settings, cell: str, words: str) -> None:
    take(project, HEAD + f"Bonn,DE,Minsk,BY,{cell}\n")

    assert words in result_of(project)[0][2]


@pytest.mark.parametrize(
    ("cell", "edtf", "hedge"),
    [
        ("15 mars 1951", "1951-03-15", ""),
        ("1er juin 1993", "1993-06-01", ""),
        ("vers 1966", "1966~", "vers"),
        ("dal 26 gennaio 2003", "2003-01-26", ""),
        ("4 de noviembre de 1988", "1988-11-04", ""),
        ("około 1993", "1993~", "około"),
        ("3 marca 1990", "1990-03-03", ""),
        ("sinds mei 1990", "1990-05", ""),
        ("avant 1990", "[..1989]", ""),
        ("bis 2014", "2014", ""),
        ("17/05/1990", "1990-05-17", ""),
        ("5/17/1990", "1990-05-17", ""),
        ("17-May-1990", "1990-05-17", ""),
        ("1990/05/17", "1990-05-17", ""),
        ("im Mai 1990", "1990-05", ""),
        ("im Jahr 1990*", "1990", ""),
        ("am 5. Mai 1990", "1990-05-05", ""),
    ],
)
def test_dates_in_words_of_other_languages(cell: str, edtf: str, hedge: str) -> None:
    date = read_date(cell)
    assert date is not None
    assert (date.edtf, date.hedge) == (edtf, hedge)


@pytest.mark.parametrize("cell", ["3 listopada 1990", "4/5/1990", "99/99/1990", "0/17/1990"])
def test_what_may_mean_two_months_or_none_is_no_date(cell: str) -> None:
    """`listopad` is November in Polish and October in Croatian."""
    assert read_date(cell) is None


def test_a_country_in_brackets_says_the_country_once_more(project: Settings) -> None:
    table = HEAD + "Bonn,DE,Minsk (Weißrussland),Belarus,1993\nBonn,DE,Minsk (Brest),BY,1994\n"

    done = take(project, table)

    assert dict(done.results) == {"written": 1, "review": 1, "refused": 0}


def test_the_country_of_a_city_is_not_its_partner(project: Settings) -> None:
    """A list of members with the items of their countries is no list of partnerships."""
    with pytest.raises(TwingraphError, match="which columns hold the two partners"):
        take(project, "name_on_website,wikidata_qid,country_qid\nBonn,Q586,Q183\n")


def test_an_option_that_comes_too_late_says_so(project: Settings) -> None:
    table = "Stadt,Partnerstadt,Land\nBonn,Minsk,BY\n"
    first = take(project, table)
    path = project.folder / "list.csv"

    late = import_table(project, path, DAY, countries=("DE", ""))

    assert first.results["review"] == late.results["review"] == 1
    assert "below [a] or [b]" in late.notes[0]
    assert [note for note in first.notes if "no column tells the country of partner a" in note]
