"""Differences in the words of the field, none of their statements lost; patches that replay."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from twingraph.build import build
from twingraph.cli import main
from twingraph.derive.published import published
from twingraph.problems import TwingraphError
from twingraph.progress import ignore
from twingraph.rdf.frozen import quad_lines
from twingraph.rdf.vocabulary import HOME
from twingraph.release.changes.change import Change, Comparison
from twingraph.release.changes.compare import compare_dumps
from twingraph.release.changes.delta import Delta, Dump, compare
from twingraph.release.changes.diff import diff
from twingraph.release.changes.patch import apply_patch, write_patch
from twingraph.release.changes.sides import comparable, find_dump
from twingraph.release.changes.wording import as_json, escaped, markdown, summary, text
from twingraph.release.changes.words import NOUNS, PHRASES, WHATS
from twingraph.release.compress import pack
from twingraph.settings import Settings, load_settings
from twingraph.source.read import read_project
from twingraph.translation import PAIRED

ROOT = Path(__file__).parent.parent
ATLAS = "data/sources/atlas.ttl"
TOWNS = "data/entities/places.ttl"

Edit = tuple[str, str, str]


def lines_of(project: Path) -> list[bytes]:
    quads = published(read_project(load_settings(project)))
    return quad_lines(quads).splitlines(keepends=True)


def dump_of(lines: Iterable[bytes], name: str) -> Dump:
    kept = sorted(lines)
    return Dump(name, lambda: iter(kept))


@pytest.fixture(scope="module")
def before() -> list[bytes]:
    """The dump of the small project of tests/atlas."""
    return lines_of(ROOT / "tests" / "atlas")


@pytest.fixture
def changed(before: list[bytes], tmp_path: Path) -> Callable[..., Comparison]:
    """Compare the small project with itself after edits: (file, old, new); '' adds at the end."""

    def compared(*edits: Edit, backwards: bool = False) -> Comparison:
        project = tmp_path / "edited"
        shutil.copytree(ROOT / "tests" / "atlas", project, dirs_exist_ok=True)
        for name, old, new in edits:
            path = project / name
            told = path.read_text(encoding="utf-8") if path.exists() else ""
            assert old in told, old
            told = told.replace(old, new, 1) if old else told + "\n" + new
            path.write_text(told, encoding="utf-8")
        sides = dump_of(before, "old"), dump_of(lines_of(project), "new")
        return compare_dumps(*(sides[::-1] if backwards else sides))

    return compared


def assert_nothing_lost(found: Comparison) -> None:
    for sign in ("added", "removed"):
        told = Counter(line for change in found.changes for line in getattr(change, sign))
        assert sorted(told.elements()) == list(getattr(found.delta, sign))


def only(found: Comparison) -> Change:
    [one] = found.made
    return one


# --- in the words of the field -------------------------------------------------------------------

PLACE = (
    "place:dedorf a tg:AdministrativeUnit , <https://schema.org/AdministrativeArea> ;\n"
    '  rdfs:label "Dedorf"@de , "Dedorf"@en ; tg:country place:poland ;\n'
    "  tg:level level:municipality ."
)
DEPRECATED = "<http://www.w3.org/2002/07/owl#deprecated> true"
REPLACED = "<http://purl.org/dc/terms/isReplacedBy>"


@pytest.mark.parametrize(
    ("edits", "en", "de"),
    [
        ([(TOWNS, "", PLACE)], "1 place added", "1 Ort hinzugefügt"),
        (
            [(TOWNS, "", f'place:cedorf {DEPRECATED} ; skos:editorialNote "Was none."@en .')],
            "1 place withdrawn",
            "1 Ort zurückgezogen",
        ),
        (
            [(TOWNS, "", f"place:cedorf {DEPRECATED} ; {REPLACED} place:bestadt .")],
            "1 place merged into another",
            "1 Ort mit anderem zusammengeführt",
        ),
        (
            [(TOWNS, '"Bestadt"@de , "Bestadt"@en', '"Bestatt"@de , "Bestatt"@en')],
            "2 labels changed",
            "2 Bezeichnungen geändert",
        ),
        ([(TOWNS, '"Aabourg"@fr', '"Aabourg"@fr , "Aborg"@da')], "1 further name added",
         "1 weiterer Name hinzugefügt"),
        ([(TOWNS, "schema:latitude 50.5", "schema:latitude 50.25")], "1 detail changed",
         "1 Einzelheit geändert"),
        (
            [(ATLAS, "tg:line 4 ;\n  tg:quote \"still", "tg:line 5 ;\n  tg:quote \"still")],
            "evidence of 1 thing changed",
            "Belege zu 1 Gegenstand geändert",
        ),
        (
            [("data/links/wikidata.ttl", "",
              "place:bestadt <http://www.w3.org/2002/07/owl#sameAs> "
              "<http://www.wikidata.org/entity/Q1> .")],
            "1 link added",
            "1 Verknüpfung hinzugefügt",
        ),
        (
            [("data/sources/second.ttl", "", "<https://w3id.org/twingraph/id/source/second> a "
              "<https://w3id.org/twingraph/ns#SourceDocument> .")],
            "1 source document added",
            "1 Quelldokument hinzugefügt",
        ),
        (
            [(ATLAS, "", "remark:a a tg:Remark ; tg:cites cite:a ; "
              "tg:about partnership:aaburg-bestadt . cite:a a tg:Citation ; "
              'tg:inSource source:atlas ; tg:line 3 ; tg:quote "Bestadt" .')],
            "1 remark added",
            "1 Anmerkung hinzugefügt",
        ),
        (
            [(ATLAS, "", "claim:a a tg:Claim ; tg:property tg:status ; tg:value status:active ; "
              "tg:subject partnership:aaburg-bestadt .")],
            "1 claim of a source added",
            "1 Angabe einer Quelle hinzugefügt",
        ),
    ],
)  # fmt: skip
def test_one_edit_is_one_change_named_and_counted_in_both_languages(
    changed: Callable[..., Comparison], edits: list[Edit], en: str, de: str
) -> None:
    found = changed(*edits)

    assert (summary(found, "en"), summary(found, "de")) == (en, de)
    assert_nothing_lost(found)


@pytest.mark.parametrize(
    ("code", "word"),
    [("suspended", "suspended"), ("ended", "ended"), ("dormant", "status-changed")],
)
def test_another_status_is_named_by_what_it_is_now(
    changed: Callable[..., Comparison], code: str, word: str
) -> None:
    found = changed((ATLAS, "tg:value status:active", f"tg:value status:{code}"))

    one = only(found)
    assert (one.what, one.iri) == (word, f"{HOME}id/partnership/aaburg-bestadt")
    assert [str(each) for each in one.after] == [f"<{HOME}vocab/status/{code}>"]


def test_what_was_suspended_is_resumed(changed: Callable[..., Comparison]) -> None:
    found = changed((ATLAS, "tg:value status:active", "tg:value status:suspended"), backwards=True)

    assert only(found).what == "resumed"


def test_a_corrected_date_tells_the_value_before_and_after_and_its_bounds_only_follow(
    changed: Callable[..., Comparison],
) -> None:
    found = changed((ATLAS, '"1985-05-04"^^edtf:EDTF', '"1986-05-04"^^edtf:EDTF'))

    one = only(found)
    assert one.what == "date-corrected"
    assert [each.value for each in (*one.before, *one.after)] == ["1985-05-04", "1986-05-04"]
    lines = text(found, "de").splitlines()
    assert "1 Datumsangabe berichtigt" in lines
    assert any(line.endswith("Datum: 1985-05-04 → 1986-05-04") for line in lines)
    assert len(one.added) == len(one.removed) == 2  # the claim, in its source and as published
    assert any(b"earliestDate" in line for each in found.following for line in each.added)


def test_a_claim_that_moves_nothing_published_is_a_claim_corrected(
    changed: Callable[..., Comparison],
) -> None:
    found = changed((ATLAS, "", 'claim:aaburg-bestadt-status rdfs:comment "Undated."@en .'))

    one = only(found)
    assert one.what == "claim-corrected"
    assert one.thing == f"{HOME}id/claim/aaburg-bestadt-status"
    assert one.iri == f"{HOME}id/partnership/aaburg-bestadt"


def test_a_new_entity_takes_its_claims_and_citations_along(
    changed: Callable[..., Comparison],
) -> None:
    found = changed((ATLAS, "", """
partnership:bestadt-cedorf a tg:Partnership ;
  tg:cites cite:new ; tg:partner place:bestadt , place:cedorf .
cite:new a tg:Citation ; tg:inSource source:atlas ; tg:line 6 ; tg:quote "Since 1992" .
claim:new a tg:Claim ; tg:cites cite:new ; tg:property tg:partnershipType ;
  tg:subject partnership:bestadt-cedorf ; tg:value type:project-partnership .
"""))  # fmt: skip

    one = only(found)
    assert (one.what, one.kind) == ("added", "partnership")
    assert one.parts == {"cite": 1, "claim": 1}
    assert summary(found, "en") == "1 partnership added"
    assert summary(Comparison(found.new, found.old, *_back(found)), "en") == "1 partnership removed"
    assert_nothing_lost(found)


def _back(found: Comparison) -> tuple[Delta, tuple[Change, ...], dict[str, dict[str, str]]]:
    back = compare_dumps(found.new, found.old)
    return back.delta, back.changes, {}


def test_what_rules_write_is_counted_apart_and_not_as_if_a_person_had_made_it(
    changed: Callable[..., Comparison],
) -> None:
    found = changed((TOWNS, '"Bestadt"@en', '"Bestatt"@en'))

    assert only(found).what == "label-changed"
    folded = [item for item in found.following if any(b"foldedName" in line for line in item.added)]
    assert folded
    partnerships = {item.iri for item in found.following if item.kind == "partnership"}
    assert f"{HOME}id/partnership/aaburg-bestadt" in partnerships  # its label is made by a rule
    assert "Follows by rules: " in text(found)


def test_a_day_that_passes_is_no_change_of_anybodys(changed: Callable[..., Comparison]) -> None:
    found = changed(("twingraph.toml", '"2026-11-21"', '"2027-11-21"'))

    assert found.made == ()
    assert summary(found, "en") == "The data says the same as in the release before"
    assert_nothing_lost(found)


def test_a_status_that_ends_with_time_is_listed_as_nobodys_change(
    before: list[bytes], tmp_path: Path
) -> None:
    project = tmp_path / "atlas"
    shutil.copytree(ROOT / "tests" / "atlas", project)
    path = project / ATLAS
    words = path.read_text(encoding="utf-8")
    until = 'tg:until "2026-12-31"^^edtf:EDTF ;\n  tg:value status:active'
    path.write_text(words.replace("tg:value status:active", until), encoding="utf-8")
    old = dump_of(lines_of(project), "old")
    toml = project / "twingraph.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"2026-11-21"', '"2027-11-21"'))

    found = compare_dumps(old, dump_of(lines_of(project), "new"))

    assert found.made == ()
    [one] = [each for each in found.following if each.what == "status-removed"]
    assert one.iri == f"{HOME}id/partnership/aaburg-bestadt"
    assert summary(found, "en") == "Nobody changed anything; what follows by rules did change"
    told = text(found).splitlines()
    assert any("status: active → –, by the passing of time" in line for line in told)
    assert_nothing_lost(found)


def test_equal_dumps_differ_in_nothing(before: list[bytes]) -> None:
    found = compare_dumps(dump_of(before, "one"), dump_of(before, "other"))

    assert (found.changes, bool(found.delta)) == ((), False)
    assert (summary(found, "en"), summary(found, "de")) == ("Nothing changed", "Nichts geändert")


def test_every_word_is_there_in_both_languages() -> None:
    assert all(len(set(pair)) == 2 for pair in PHRASES.values())
    for what in WHATS.values():
        assert what.en and what.de and (not what.noun or what.noun in NOUNS)
    for noun in NOUNS.values():
        for language in PAIRED:
            assert noun.counted(1, language).startswith("1 ")
            assert noun.counted(2000, language).startswith(
                "2,000 " if language == "en" else "2.000"
            )


def test_what_a_label_holds_is_neither_obeyed_nor_set_as_markup(
    changed: Callable[..., Comparison],
) -> None:
    nasty = r'"[x](javascript:1) <b>\u001B[31m\u202E\n# h"@en'
    found = changed((TOWNS, '"Bestadt"@en', nasty))

    shown, notes = text(found), markdown(found)
    assert not {"\x1b", "\u202e"} & set(shown + notes)
    assert len(markdown(found).splitlines()) == 1
    assert escaped("[x](javascript:1) <b>") in notes
    assert json.loads(as_json(found))["changes"][0]["after"][0]["value"].startswith("[x]")


# --- nothing is lost, and patches replay ---------------------------------------------------------


@given(seed=st.integers(0, 10_000), share=st.floats(0, 0.2))
@settings(max_examples=12)
def test_no_statement_is_lost_and_the_patch_replays_whatever_changed(
    before: list[bytes], seed: int, share: float
) -> None:
    chance = random.Random(seed)
    kept = [line for line in before if chance.random() > share]
    swapped = [line.replace(b"aaburg", b"zzburg") for line in chance.sample(before, 40)]
    old, new = dump_of(before, "old"), dump_of({*kept, *swapped}, "new")

    found = compare_dumps(old, new)

    assert_nothing_lost(found)
    digests = [hashlib.sha256(b"".join(item.lines())).digest() for item in (old, new)]
    patch = list(write_patch(found.delta, *digests))
    assert list(apply_patch(old.lines, patch)) == list(new.lines())
    for language in PAIRED:
        assert text(found, language)
    assert as_json(found)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")
def test_rdflib_reads_the_patch_and_comes_to_the_same_quads(
    changed: Callable[..., Comparison],
) -> None:
    found = changed((TOWNS, '"Bestadt"@en', r'"Be\"st\\adt\n <x> ."@en'), (TOWNS, "", PLACE))
    graph = rdflib.Dataset().parse(data=b"".join(found.old.lines()).decode(), format="nquads")

    patch = b"".join(write_patch(found.delta, b"0" * 32, b"1" * 32)).decode()
    graph.parse(data=patch, format="patch")

    wanted = rdflib.Dataset().parse(data=b"".join(found.new.lines()).decode(), format="nquads")
    assert set(graph.quads()) == set(wanted.quads())


def test_a_patch_is_deletions_first_sorted_and_named_by_both_dumps() -> None:
    a, b, c = (f'<http://e/{name}> <http://e/> "x" .\n'.encode() for name in "abc")

    lines = list(write_patch(Delta((a, b), (c,)), b"\0" * 32, b"\xff" * 32))

    assert lines[0] == b"H id <ni:///sha-256;__________________________________________8> .\n"
    assert lines[1] == b"H prev <ni:///sha-256;AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA> .\n"
    assert lines[2:] == [b"TX .\n", b"D " + a, b"D " + b, b"A " + c, b"TC .\n"]


LINE = b'<http://e/a> <http://e/> "x" .\n'


@pytest.mark.parametrize(
    ("patch", "words"),
    [
        ([b"H prev <ni:///sha-256;AAAA> .\n", b"TX .\n", b"TC .\n"], "made for another dump"),
        ([b"H id <ni:///sha-256;AAAA> .\n", b"TX .\n", b"TC .\n"], "the outcome isn't what it"),
        ([b"TX .\n", b"PA <e> <http://e/> .\n"], "p:2: not understood; write H, TX, D, A"),
        ([b"TX .\n", b"A <http://e/> <http://e/> <e> .\n"], "p:2: not understood"),
        ([b"TX .\n", b"A _:b <http://e/> <http://e/> .\n"], "p:2: not understood"),
        ([b"TX .\n", b"D " + LINE], "p:2: ends within a transaction"),
        ([b"\xff\xfe\n"], "p:1: not understood"),
    ],
)
def test_a_patch_that_does_not_fit_or_is_not_whole_is_refused(
    patch: list[bytes], words: str
) -> None:
    with pytest.raises(TwingraphError) as refusal:
        list(apply_patch(lambda: [LINE], patch, "p"))

    assert words in str(refusal.value)


def test_what_a_transaction_takes_back_is_not_done() -> None:
    patch = [b"TX .\n", b"D " + LINE, b"TA .\n", b"TX .\n", b"A " + LINE, b"TC .\n"]

    assert list(apply_patch(lambda: [LINE], patch)) == [LINE]


# --- what can be compared ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two builds, `one` and `two`; a town has another label in the second."""
    project = tmp_path_factory.mktemp("two") / "atlas"
    shutil.copytree(ROOT / "tests" / "atlas", project)
    build(load_settings(project), project / "one")
    path = project / TOWNS
    path.write_text(path.read_text(encoding="utf-8").replace('"Bestadt"@en', '"Bestatt"@en'))
    build(load_settings(project), project / "two")
    for suffix in ("gz", "zst"):
        pack(project / "one" / "twingraph.nq", project / f"one.nq.{suffix}")
    lines = (project / "one" / "twingraph.nq").read_bytes().splitlines(keepends=True)
    (project / "mixed.nq").write_bytes(b"".join(reversed(lines)))
    return project


@pytest.mark.parametrize(
    "old", ["one", "one/twingraph.nq", "one/twingraph.trig", "one.nq.gz", "one.nq.zst", "mixed.nq",
            "one/twingraph.ttl", "one/twingraph.nt", "one/twingraph.jsonld"],
)  # fmt: skip
def test_folders_and_dumps_in_any_format_packed_or_not_are_compared(two: Path, old: str) -> None:
    [told], differs = diff(str(two / old), str(two / "two"), None, "text", "en", ignore)

    assert differs
    assert told.decode().splitlines()[0].endswith(": 1 label changed")


def test_the_same_graph_in_another_format_is_no_difference(two: Path) -> None:
    for name in ("twingraph.ttl", "twingraph.trig", "twingraph.jsonld"):
        [told], differs = diff(str(two / "one" / name), str(two / "one"), None, "added", "en",
                               ignore)  # fmt: skip
        assert (told, differs) == (b"", False)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.nq", None, "no release, folder or file of that name; write a day"),
        ("a.csv", b"dear", "names no RDF format; write .nq, .nt or .ttl"),
        ("bad.ttl", b"<http://e/> a ", "bad.ttl:1: "),
        ("bad.nq.gz", b"no gzip", "damaged or cut off"),
        ("cut.nq.gz", gzip.compress(LINE * 999, mtime=0)[:40], "damaged or cut off"),
        ("bad.nq.zst", b"no zstd", "damaged or cut off"),
        ("blank.nt", b'_:b <http://e/> "x" .\n', "has a blank node, which has no name"),
        ("12.ttl", b"<http://e/> <http://e/> <<( <http://e/> <http://e/> 1 )>> .", "12.ttl"),
        ("empty", b"folder", "neither a release nor a build"),
        ("2026-01-01", None, "holds no release"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(
    two: Path, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if content == b"folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    asked = name if name == "2026-01-01" else str(path)

    with pytest.raises(TwingraphError) as refusal:
        diff(asked, str(two / "one"), tmp_path / "releases", "text", "en", ignore)

    assert words in str(refusal.value)


def test_everything_is_new_where_there_was_nothing(
    two: Path, tmp_path: Path, project_under: Callable[..., Settings]
) -> None:
    (tmp_path / "empty.nq").write_bytes(b"")
    build(project_under("https://example.org/ties/", two), tmp_path / "moved")

    [told], _ = diff(str(tmp_path / "empty.nq"), str(tmp_path / "moved"), None, "json", "en",
                     ignore)  # fmt: skip

    document = json.loads(told)
    assert {item["change"] for item in document["changes"]} == {"added"}
    assert document["changes"][0]["iri"].startswith("https://example.org/ties/id/")
    assert document["statements"]["removed"] == 0


def test_two_base_iris_are_not_compared(
    two: Path, tmp_path: Path, project_under: Callable[..., Settings]
) -> None:
    build(project_under("https://example.org/ties/", two), tmp_path / "moved")

    for name in ("moved", "moved/twingraph.nt"):
        with pytest.raises(TwingraphError, match=r"under https://example\.org/ties/: nothing"):
            comparable(find_dump(str(two / "one"), None), find_dump(str(tmp_path / name), None))


def test_a_dump_that_is_not_in_order_is_reported_by_its_line(before: list[bytes]) -> None:
    mixed = [before[1], before[0]]

    with pytest.raises(TwingraphError, match="mixed:2: not sorted by bytes"):
        compare(Dump("mixed", lambda: iter(mixed)), Dump("new", lambda: iter(before)))


# --- the commands --------------------------------------------------------------------------------


def call(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[object, bytes, str]:
    with pytest.raises(SystemExit) as end:
        main(words)
    out, err = capfdbinary.readouterr()
    return end.value.code, out, err.decode()


def test_diff_ends_as_diff_does_and_its_patch_makes_the_new_dump(
    two: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    one, other = str(two / "one"), str(two / "two")

    same = call(capfdbinary, "diff", one, one)
    differs = call(capfdbinary, "diff", one, other, "--lang", "de")
    wrong = call(capfdbinary, "diff", one, str(tmp_path / "nothing"))
    code, patch, _ = call(capfdbinary, "diff", one, other, "--format", "patch")
    (tmp_path / "changes.rdfp").write_bytes(patch)
    done = call(capfdbinary, "patch", one, str(tmp_path / "changes.rdfp"))
    refused = call(capfdbinary, "patch", other, str(tmp_path / "changes.rdfp"))

    assert (same[0], same[2]) == (0, "")
    assert b"1 Bezeichnung ge\xc3\xa4ndert" in differs[1]
    assert (differs[0], code, wrong[0]) == (1, 1, 2)
    assert done == (0, (two / "two" / "twingraph.nq").read_bytes(), "")
    assert (refused[0], refused[1]) == (2, b"")
    assert "made for another dump than this one" in refused[2]


def test_diff_alone_compares_the_latest_release_with_the_project_as_it_is(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    project = tmp_path / "atlas"
    shutil.copytree(ROOT / "tests" / "atlas", project)
    none = call(capfdbinary, "--project", str(project), "diff")
    made = call(capfdbinary, "--project", str(project), "release")
    path = project / TOWNS
    path.write_text(path.read_text(encoding="utf-8").replace('"Bestadt"@en', '"Bestatt"@en'))

    told = call(capfdbinary, "--project", str(project), "diff", "--format", "markdown")
    by_day = call(capfdbinary, "--project", str(project), "diff", "2026-11-21", "latest")

    assert (none[0], "holds no release" in none[2]) == (2, True)
    assert made[0] == 0, made[2]
    assert told[0] == 1
    assert told[1].startswith(b"- 1 label changed: [Bestatt](")
    assert by_day[0] == 0
