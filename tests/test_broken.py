"""A broken file for every problem code, as a curator meets it: on the command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import tracemalloc
from pathlib import Path

import pytest
import rdflib
from rdflib import SDO

from twingraph.check.run import all_codes
from twingraph.cli import main
from twingraph.problems import CODES
from twingraph.rdf.vocabulary import PREFIXES
from twingraph.settings import Settings
from twingraph.source.terms import DATATYPES, is_ordinary, is_well_typed, not_ordinary
from twingraph.translation import LANGUAGES, words_of

HERE = Path(__file__).parent
CASES = HERE / "cases"
ATLAS = HERE / "atlas"
CASE = "data/sources/zz-case.ttl"

# case -> the line that is told (0: the file as a whole) and whether it is a violation
FILES = {
    "F01/bad-latin-1.ttl": 9,
    "F02/bad-empty.ttl": 0,
    "F02/bad-prefixes-only.ttl": 0,
    "F03/bad-merge.ttl": 9,
    "F03/bad-space-in-an-iri.ttl": 10,
    "F03/bad-truncated.ttl": 11,
    "F03/bad-unknown-prefix.ttl": 10,
    "F04/bad-byte-order-mark.ttl": 1,
    "F05/bad-windows-line-ends.ttl": 1,
    "F07/bad-comment.ttl": 8,
    "F08/bad-blank-node.ttl": 10,
    "F09/bad-not-ours.ttl": 8,
    "F11/bad-two-on-a-line.ttl": 10,
    "F13/bad-direction.ttl": 9,
    "F16/bad-other-base.ttl": 8,
    "F16/bad-other-base-object.ttl": 10,
    "F17/bad-day.ttl": 11,
    "F17/bad-number.ttl": 11,
    "F18/bad-blanks.ttl": 9,
    "F18/bad-empty.ttl": 9,
    "F19/bad-byte-order-mark-within.ttl": 9,
    "F19/bad-control-character.ttl": 9,
    "F20/bad-accents-apart.ttl": 9,
    "F21/bad-former-version.ttl": 9,
    "F21/bad-http-for-https.ttl": 9,
    "F22/bad-script.ttl": 10,
    "F24/bad-day-as-text.ttl": 13,
    "F24/bad-day-as-moment.ttl": 14,
    "F25/bad-long.ttl": 13,
}
# made here, because a file of 10 MB, a link and a pipe are nothing to keep in a repository
MADE = ("F06", "F10", "F12", "F14", "F15", "F23")
LISTS = ("I01", "I02", "I03", "I04", "I05")  # tests/test_lists.py


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """A copy of the small project, in which a test may break something."""
    return Path(shutil.copytree(ATLAS, tmp_path / "atlas"))


def run(capsys: pytest.CaptureFixture[str], project: Path, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["--project", str(project), *words])
    told = capsys.readouterr()
    code = stop.value.code
    return code if isinstance(code, int) else 0, told.out, told.err


def expect(capsys: pytest.CaptureFixture[str], project: Path, code: str, line: int) -> None:
    """The one problem, its place, the right exit status, no traceback; nothing is published."""
    place = f"{CASE}:{line}: " if line else f"{CASE}: "
    violation = CODES[code].severity == "violation"

    status, out, err = run(capsys, project, "check")
    strict, _, _ = run(capsys, project, "check", "--strict")
    built, _, _ = run(capsys, project, "build") if violation else (0, "", "")

    told = [line for line in out.splitlines() if line.startswith(CASE)]
    assert [item[: len(place) + 4] for item in told] == [f"{place}{code} "]
    assert "; " in told[0]
    assert (status, strict) == ((1, 1) if violation else (0, 1))
    assert "Traceback" not in out + err
    assert built == int(violation)
    assert not (project / "build").exists() or not violation


@pytest.mark.parametrize("case", FILES)
def test_a_broken_file_gives_its_own_problem(
    case: str, atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(CASES / case, atlas / CASE)

    expect(capsys, atlas, case[:3], FILES[case])


@pytest.mark.parametrize(
    "case", sorted(CASES.glob("F*/ok-*.ttl")), ids=lambda case: case.parent.name
)
def test_a_sound_file_gives_none(
    case: Path, atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(case, atlas / CASE)

    status, out, _ = run(capsys, atlas, "check", "--strict")

    assert (status, [line for line in out.splitlines() if line.startswith(CASE)]) == (0, [])


def test_a_line_of_ten_megabytes_is_reported_and_not_parsed(
    atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (CASES / "F06" / "ok-plain.ttl").read_text(encoding="utf-8")
    (atlas / CASE).write_text(
        text.replace("Aaburg is the eldest.", "x" * 10_000_000), encoding="utf-8"
    )

    expect(capsys, atlas, "F06", 9)


def test_a_file_over_the_limit_is_not_read(atlas: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (atlas / "twingraph.toml").open("a", encoding="utf-8") as toml:
        toml.write("max_file_bytes = 60_000\n")
    (atlas / CASE).write_bytes(b"\n" * 60_001)

    expect(capsys, atlas, "F10", 0)


def test_a_link_out_of_the_project_is_not_followed(
    atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = atlas.parent / "secret.ttl"
    outside.write_text("secret", encoding="utf-8")
    (atlas / CASE).symlink_to(outside)

    expect(capsys, atlas, "F12", 0)


@pytest.mark.parametrize("name", ["A Case.ttl", "sub/case.ttl", "Atlas.ttl", "a^b.ttl"])
def test_a_file_name_that_names_no_graph_is_reported(
    name: str, atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = atlas / "data" / "sources" / name
    path.parent.mkdir(exist_ok=True)
    shutil.copy(CASES / "F14" / "ok-plain.ttl", path)

    status, out, err = run(capsys, atlas, "check")

    assert out.startswith(f"data/sources/{name}: F14 ")
    assert (status, "Traceback" in err) == (1, False)


@pytest.mark.parametrize("name", ["one.ttl", "source/one.ttl", "sources/a.TTL", "sources/b.trig"])
def test_a_file_that_nobody_reads_is_reported(
    name: str, atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = atlas / "data" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("whatever", encoding="utf-8")

    status, out, _ = run(capsys, atlas, "check")
    strict, _, _ = run(capsys, atlas, "check", "--strict")

    assert out.startswith(f"data/{name}: F15 ")
    assert (status, strict) == (0, 1)


@pytest.mark.parametrize("name", ["twingraph.toml", "texts", "nothing.nq"])
def test_what_was_not_looked_at_is_not_passed(
    name: str, atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "nothing.nq":
        (atlas / name).touch()

    status, _, err = run(capsys, atlas, "check", str(atlas / name))

    assert status == 2
    assert name in err


def test_a_pipe_is_not_opened(atlas: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(atlas / CASE)

    expect(capsys, atlas, "F12", 0)


def test_all_problems_are_reported_at_once_as_json_too(
    atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, case in enumerate(FILES):
        shutil.copy(CASES / case, atlas / "data" / "sources" / f"zz-{number}.ttl")

    status, out, _ = run(capsys, atlas, "check", "--format", "json")

    rows = json.loads(out)
    assert status == 1
    assert {(row["file"], row["code"], row["line"]) for row in rows} >= {
        (f"data/sources/zz-{number}.ttl", case[:3], line)
        for number, (case, line) in enumerate(FILES.items())
    }
    assert all({"en", "de"} <= set(row["message"]) for row in rows)


def rows() -> dict[str, list[tuple[str, int]]]:
    """Case -> the (code, line) of each problem it gives, for the codes that are not of files."""
    found: dict[str, list[tuple[str, int]]] = {}
    for row in (CASES / "expected.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        case, code, line = row.split("\t")
        found.setdefault(case, []).append((code, int(line)))
    return found


@pytest.mark.parametrize("case", rows())
def test_a_broken_rule_is_reported_on_the_command_line(
    case: str, atlas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = next((name for name in ("entities", "links") if f".{name}." in case), "sources")
    is_dump = case.endswith(".nq")
    suffix = ".sssom.tsv" if case.endswith(".tsv") else ".ttl"
    name = "dump.nq" if is_dump else f"data/{folder}/zz-case{suffix}"
    shutil.copy(CASES / case, atlas / name)
    words = [str(atlas / name)] if is_dump else ["--texts", str(atlas / "texts")]

    status, out, err = run(capsys, atlas, "check", "--format", "json", *words)
    strict, _, _ = run(capsys, atlas, "check", "--strict", *words)

    problems = [item for item in json.loads(out) if item["file"].endswith(name)]
    severities = {problem["severity"] for problem in problems}
    assert sorted((problem["code"], problem["line"]) for problem in problems) == sorted(
        rows()[case]
    )
    assert status == int("violation" in severities)
    assert strict == int(bool(severities & {"violation", "warning"}))
    assert "Traceback" not in out + err


def test_no_code_is_without_its_file() -> None:
    with_a_file = {path.parent.name for path in CASES.glob("*/bad-*")} | {*MADE, *LISTS}

    assert all_codes(Settings(HERE.parent)) - with_a_file == set()
    assert with_a_file - all_codes(Settings(HERE.parent)) == set()


def test_every_message_says_what_to_write_in_every_language() -> None:
    for code, rule in CODES.items():
        for language in LANGUAGES:
            text = words_of(language).gettext(rule.text)
            assert "; " in text, code
            assert set(re.findall(r"\{\w+\}", text)) <= set(re.findall(r"\{\w+\}", rule.text)), code


# --- folders, links, names, settings -------------------------------------------------------------


@pytest.mark.parametrize("what", ["missing", "empty", "a file"])
def test_a_project_without_data_publishes_nothing(
    capsys: pytest.CaptureFixture[str], atlas: Path, what: str
) -> None:
    shutil.rmtree(atlas / "data")
    if what == "empty":
        (atlas / "data").mkdir()
    elif what == "a file":
        (atlas / "data").write_text("x", encoding="utf-8")

    status, out, _ = run(capsys, atlas, "check")
    built, told, err = run(capsys, atlas, "build")

    assert (status, built) == (1, 1)
    assert "data: F23 no data: " in out
    assert "Traceback" not in told + err
    assert not (atlas / "build").exists()


@pytest.mark.parametrize("command", ["check", "fmt", "build"])
def test_a_link_to_itself_is_reported(
    capsys: pytest.CaptureFixture[str], atlas: Path, command: str
) -> None:
    loop = atlas / "data" / "sources" / "loop.ttl"
    loop.symlink_to(loop.name)

    status, out, err = run(capsys, atlas, command)
    alone, _, words = run(capsys, atlas, "fmt", str(loop))

    assert (status, alone) == (1, 2)
    assert "data/sources/loop.ttl: F12 cannot be read" in out + err
    assert "Traceback" not in out + err + words


def test_names_of_files_say_nothing_to_a_terminal(
    capsys: pytest.CaptureFixture[str], atlas: Path
) -> None:
    odd = atlas / "data" / "sources" / "a\x1b[2J\nb.ttl"
    odd.write_text("x", encoding="utf-8")

    _, checked, err = run(capsys, atlas, "check")
    _, formatted, told = run(capsys, atlas, "fmt")
    _, _, refused = run(capsys, atlas, "check", str(odd) + "x")

    assert "\\x1b[2J\\x0ab.ttl: F14 " in checked
    assert "\x1b" not in checked + err + formatted + told + refused


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("bomb.rdf", b'<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY a "aaaa">]>\n<r>&a;</r>'),
        ("bomb.RDF", b"<!DOCTYPE r><r/>"),
    ],
)
def test_rdf_xml_with_a_doctype_is_refused_unread(
    capsys: pytest.CaptureFixture[str], atlas: Path, tmp_path: Path, name: str, raw: bytes
) -> None:
    (tmp_path / name).write_bytes(raw)

    status, _, err = run(capsys, atlas, "check", str(tmp_path / name))
    compared, _, words = run(capsys, atlas, "diff", str(tmp_path / name), str(tmp_path / name))

    assert (status, compared) == (2, 2)
    assert "a DOCTYPE, whose entities" in err
    assert "a DOCTYPE, whose entities" in words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('base_iri = "http://[::1/"', "no host that can be read"),
        ('base_iri = "https://example.org/städte/"', "has 'ä' in its path"),
        ('base_iri = "https://example.org/st%C3%A4dte/"', "has '%' in its path"),
        ('base_iri = "https://example.org//a/"', "an empty step"),
        ('base_iri = "https://a:b@example.org/"', "a user's name"),
        ('licence = "http://x.example/ł"', "other letters than those of ASCII as %XX"),
        ('about.homepage = "http://x.example/ł"', "write an address"),
        ('about.publisher_iri = "http://ł.example/"', "about.publisher_iri"),
    ],
)
def test_settings_that_would_fail_later_are_reported_at_once(
    capsys: pytest.CaptureFixture[str], atlas: Path, line: str, words: str
) -> None:
    toml = atlas / "twingraph.toml"
    key = line.partition(" ")[0]
    kept = [line for line in toml.read_text("utf-8").splitlines() if not line.startswith(f"{key} ")]
    toml.write_text("\n".join([line, *kept]) + "\n", encoding="utf-8")

    status, _, err = run(capsys, atlas, "check")

    assert status == 2
    assert words in err


def test_datatypes_are_those_of_the_ontology() -> None:
    graph = rdflib.Graph().parse(HERE.parent / "ontology" / "twingraph.ttl")
    for predicate, datatype in DATATYPES.items():
        ranges = set(graph.objects(rdflib.URIRef(predicate.value), SDO.rangeIncludes))
        assert ranges == {rdflib.URIRef(datatype.value)}, predicate


@pytest.mark.parametrize(
    ("text", "datatype", "right"),
    [("9" * 5000, "int", False), ("-129", "byte", False), ("-128", "byte", True),
     ("0" * 5000 + "1", "byte", True), ("-0", "unsignedByte", True), ("256", "unsignedByte", False),
     ("9" * 5000 + "-02-28", "date", True), ("1900-02-29", "date", False),
     ("0000-02-29", "date", True)],
    ids=lambda value: str(value)[-12:],
)  # fmt: skip
def test_numbers_of_any_length_are_read(text: str, datatype: str, right: bool) -> None:
    """Python makes no number of more than 4,300 digits."""
    assert is_well_typed(text, PREFIXES["xsd"] + datatype) == right


def test_lines_are_looked_through_without_a_copy_of_them_all() -> None:
    lines = [f'<http://e/> <http://e/{"p" * 100}> "Bonn" .'] * 100_000
    odd = ['<http://e/> <http://e/p> "ö" .', '<http://e/> <http://e/p> " " .']
    lines[5_000], lines[-1] = odd
    assert not any(map(is_ordinary, odd))

    tracemalloc.start()
    found = not_ordinary(lines)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == {*odd}
    assert peak < sum(map(len, lines)) / 8
